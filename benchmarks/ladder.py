"""Climb `gantools.dcgan.LADDER`: every rung at equal training time, three seeds.

    GANTOOLS_DATA=folder python benchmarks/ladder.py speed
    GANTOOLS_DATA=folder python benchmarks/ladder.py train runs/ladder
    GANTOOLS_DATA=folder python benchmarks/ladder.py write runs/ladder

`speed` measures the steps per second of each rung, in alternation on one idle machine,
and writes gantools/records/ladder-speed.csv.  `train` gives each rung the steps that
it then takes in six minutes of that machine, so that other work beside it changes the
waiting but not the result; it skips the runs that the folder already holds.  `write`
leaves in gantools/records

    ladder.csv       for each rung and seed the distances, precision and recall
    ladder.jpg       for each rung a row of pictures by seed 0, unselected
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np

import gantools
from gantools import dcgan, engine, evaluation, features, photos, training

RECORDS = Path(gantools.__file__).parent / "records"
PRESET = dcgan.PRESETS["cpu"]
MINUTES, SEEDS = 6, (0, 1, 2)
COUNT = 2500  # pictures in each of the two sets compared
SPEEDS = RECORDS / "ladder-speed.csv"


def speed(rounds: int = 5, steps: int = 20) -> None:
    """Measure each rung in turn, `rounds` times, and write the medians."""
    rng = np.random.default_rng(0)
    batch = rng.uniform(-1, 1, (PRESET.batch, 32, 32, 3)).astype("float32")
    trainers = {rung: dcgan.DCGAN(**kind) for rung, kind in dcgan.LADDER.items()}
    fast = {rung: engine.compile_step(t.step, t.state) for rung, t in trainers.items()}
    rates = {rung: [] for rung in fast}
    for n in range(rounds + 1):
        for rung, step in fast.items():
            start = time.perf_counter()
            for _ in range(steps):
                logs = step(batch)
            float(logs["g_loss"])
            if n:  # the first round compiles
                rates[rung].append(steps / (time.perf_counter() - start))
    rows = [
        {"rung": rung, "steps per second": round(float(np.median(found)), 2)}
        for rung, found in rates.items()
    ]
    evaluation.write_rows(rows, SPEEDS)


def steps_of(rung: str) -> int:
    """Give the steps that a rung takes in `MINUTES` on the machine measured."""
    rates = {r["rung"]: r["steps per second"] for r in evaluation.read_rows(SPEEDS)}
    return 10 * round(rates[rung] * 6 * MINUTES)


def train(folder: Path, rungs: list[str], seeds: list[int]) -> None:
    """Train and judge every rung with every seed, those done before excepted."""
    pictures, _ = dcgan.load_pictures(PRESET)
    real = reference(pictures)
    for seed in seeds:
        for rung in rungs:
            done = folder / f"{rung}-{seed}" / "result.json"
            if done.exists():
                continue
            result = run(rung, seed, pictures, real, done.parent)
            done.write_text(json.dumps(result, indent=2) + "\n")
            print(json.dumps(result), flush=True)


def reference(pictures: list[np.ndarray]) -> np.ndarray:
    """Describe real pictures as the discriminator sees them, (COUNT, 112)."""
    batches = dcgan.crops(pictures, COUNT, PRESET.crop, seed=12345)
    return features.embed(photos.from_network(batches(0)[0]))


def run(
    rung: str, seed: int, pictures: list[np.ndarray], real: np.ndarray, folder: Path
) -> dict:
    """Train one rung with one seed and judge what it makes."""
    trainer = dcgan.DCGAN(**dcgan.LADDER[rung], seed=seed)
    steps = steps_of(rung)
    training.fit(
        trainer,
        dcgan.crops(pictures, PRESET.batch, PRESET.crop, seed),
        steps,
        folder,
        resume=True,
    )
    average, last = trainer.average.model, trainer.generator
    averaged = rung != "section"  # the second rung's change
    judged, other = (average, last) if averaged else (last, average)
    training.save_checkpoint(folder / "generator.npz", [judged], steps)
    (folder / training.CHECKPOINT).unlink()  # ten times the size
    result = {"rung": rung, "seed": seed, "steps": steps, **judge(judged, real)}
    name = f"Frechet distance {'without' if averaged else 'with'} averaging"
    return {**result, name: judge(other, real)["Frechet distance"]}


def judge(generator: keras.Model, real: np.ndarray) -> dict[str, float]:
    """Measure how far what a generator makes is from the real pictures."""
    made = features.embed(dcgan.generate(generator, COUNT, seed=1000))
    return evaluation.compare_sets(real, made)


def write(folder: Path) -> None:
    """Write the table of all runs and the pictures of the first seed."""
    results = [json.loads(p.read_text()) for p in sorted(folder.glob("*/result.json"))]
    order = list(dcgan.LADDER)
    results.sort(key=lambda r: (order.index(r["rung"]), r["seed"]))
    keys = list(dict.fromkeys(key for result in results for key in result))
    table = [{key: r.get(key, "") for key in keys} for r in results]
    evaluation.write_rows(table, RECORDS / "ladder.csv")
    rows = []
    for rung in order:
        generator = dcgan.DCGAN(**dcgan.LADDER[rung]).generator
        path = folder / f"{rung}-{SEEDS[0]}" / "generator.npz"
        training.load_checkpoint(path, [generator])
        rows.append(np.concatenate(list(dcgan.generate(generator, 12, seed=7)), axis=1))
    sheet = photos.Photo(np.concatenate(rows))
    photos.save(sheet, RECORDS / "ladder.jpg", overwrite=True, quality=92)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("speed", "train", "write"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--rungs", nargs="+", default=list(dcgan.LADDER))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    options = parser.parse_args()
    if options.verb == "speed":
        speed()
    elif options.verb == "train":
        train(options.folder, options.rungs, options.seeds)
    else:
        write(options.folder)


if __name__ == "__main__":
    main()
