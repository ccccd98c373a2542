"""Train the generators of fruit that the package ships, and judge and publish them.

    GANTOOLS_DATA=folder python benchmarks/fruit.py train runs/fruit
    GANTOOLS_DATA=folder python benchmarks/fruit.py publish runs/fruit --note "..."

`train` goes through the presets in the order of `STARTS`, each from what the one before
it there has learned, and goes on where it was stopped; `--only` trains one, `--steps`
ends it earlier or later than its preset says.  `publish` leaves the averaged generators
in gantools/weights, and in gantools/records

    fruit.csv      for each preset its steps, distances, precision and recall
    <preset>.csv   its losses
    <preset>.jpg   64 pictures, unselected
"""

import argparse
import dataclasses
import json
from pathlib import Path

import keras
import numpy as np

import gantools
from gantools import (
    arrays,
    dcgan,
    evaluation,
    features,
    photos,
    pretrained,
    training,
)

RECORDS = Path(gantools.__file__).parent / "records"
STARTS = {
    "fruit-32": None,
    "kinds-32": "fruit-32",
    "fruit-64": "fruit-32",
    "kinds-64": "fruit-64",
}
COUNT = 2500  # pictures in each of the two sets compared
ROWS = 200  # of a history


def train(folder: Path, preset: str, steps: int | None) -> None:
    """Train one preset, from the run that it starts from, or on from its own."""
    chosen = dcgan.PRESETS[preset]
    if steps:
        dcgan.PRESETS[preset] = dataclasses.replace(chosen, steps=steps)
    trainer = dcgan.trainer_of(chosen)
    if start := STARTS[preset]:
        dcgan.inherit(trainer, trained(folder, start))
    dcgan.train(preset, folder / preset, resume=True, trainer=trainer)


def trained(folder: Path, preset: str) -> dcgan.DCGAN:
    """Load a trainer as it was at the last checkpoint."""
    trainer = dcgan.trainer_of(dcgan.PRESETS[preset])
    training.load_checkpoint(folder / preset / training.CHECKPOINT, trainer.state)
    return trainer


def publish(folder: Path, note: str) -> None:
    """Judge every preset trained, and put weights and records into the package."""
    rows = []
    for preset in STARTS:
        if not (folder / preset / "generator.npz").exists():
            continue
        generator = dcgan.load_generator(folder / preset / "generator.npz", preset)
        with np.load(folder / preset / "generator.npz", allow_pickle=False) as file:
            steps = json.loads(str(file["header"]))["step"]
        what = f"generator of fruit, preset {preset}, seed 0, {steps} steps; {note}"
        pretrained.save(preset, [generator], arrays.WEIGHTS, what=what)
        pretrained.load(preset, [generator])  # judged as shipped, in float16
        rows.append({"preset": preset, "steps": steps, **judge(preset, generator)})
        history = training.History.read_csv(folder / preset / training.HISTORY)
        evaluation.write_rows(history.rows(ROWS), RECORDS / f"{preset}.csv")
        sheet = dcgan.sheet(_pictures(preset, generator, 64, seed=0))
        path = RECORDS / f"{preset}.jpg"
        photos.save(photos.Photo(sheet), path, overwrite=True, quality=92)
    evaluation.write_rows(rows, RECORDS / "fruit.csv")


def judge(preset: str, generator: keras.Model) -> dict[str, float]:
    """Measure how far what a generator makes is from its training pictures."""
    chosen = dataclasses.replace(dcgan.PRESETS[preset], batch=COUNT)
    real = features.embed(photos.from_network(dcgan.batches_of(chosen, 12345)(0)[0]))
    made = features.embed(_pictures(preset, generator, COUNT, seed=1000))
    return evaluation.compare_sets(real, made)


def _pictures(preset, generator, count, seed):
    """Make pictures, of each kind as many as the training set shows."""
    kinds = None
    if dcgan.PRESETS[preset].kinds:
        sizes = [end - first for first, end in dcgan.FRUITS.values()]
        rng = np.random.default_rng(seed)
        kinds = rng.choice(len(sizes), count, p=np.array(sizes) / sum(sizes))
    return dcgan.generate(generator, count, seed, kinds)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("train", "publish"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=list(STARTS))
    parser.add_argument("--steps", type=int, help="instead of the preset's")
    parser.add_argument("--note", help="hardware and time it took")
    options = parser.parse_args()
    if options.verb == "publish":
        if not options.note:
            parser.error("publish needs --note")
        publish(options.folder, options.note)
        return
    for preset in [options.only] if options.only else STARTS:
        train(options.folder, preset, options.steps)


if __name__ == "__main__":
    main()
