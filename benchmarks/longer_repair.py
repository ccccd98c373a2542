"""Train a repairer on by phase 3, twice, take the mean of the two, and measure.

    GANTOOLS_DATA=folder python benchmarks/longer_repair.py train runs/longer
    GANTOOLS_DATA=folder python benchmarks/longer_repair.py measure runs/longer
    python benchmarks/publish.py runs/longer/mean --note "..."

`train` begins at the weights in runs/longer/start, repairer and toner; the toner is
kept.  Two runs by `restoration.RatioTrainer` from there, alike but for their seeds, on
batches of BATCH crops, and the mean of their weights (Wortsman et al. 2022, "Model
soups", arXiv:2203.05482).  An hour of one core each; --seed does one of them alone, in
a process of its own.

`measure` writes `gantools/records/longer-repair.csv`: for the damaged pictures left
alone ("input") and all four weights, both damages of restoration.py and each of
QUANTITIES of the repair, the mean over every third test picture of each set (STEP) at
three severities, and the paired change from "start", both with 95 % intervals.
"""

import argparse
import dataclasses
import functools
import itertools
from pathlib import Path

import ablations
import keras
import numpy as np
from tqdm import tqdm

from gantools import arrays, evaluation, features, pretrained, restoration, training

STEPS, BATCH, SEEDS = 4_800, 12, (41, 42)
SETS = restoration.SETS | restoration.OLD_SETS
STEP = 3  # of the test pictures that are measured
QUANTITIES = {
    "PSNR": "psnr",
    "PSNR inside the mask": "psnr_inside",
    "PSNR outside the mask": "psnr_outside",
    "mask IoU": "iou",
    "average precision of the mask": "average_precision",
    "LPIPS": "lpips",
}


def train(folder: Path, seed: int) -> list[np.ndarray]:
    """Train from the weights in `start` on; give the averaged ones of the decoder."""
    keras.utils.set_random_seed(seed)
    start = restoration.load_restorer(folder / "start").repairer
    plan = dataclasses.replace(restoration.PRESETS["base"], batch=BATCH)
    repairer = restoration.build_repairer(dtype=plan.dtype)
    repairer.get_layer("decoder").set_weights(start.get_layer("decoder").get_weights())
    network = features.vgg19(restoration.FEATURES, dtype=plan.dtype)
    trainer = restoration.RatioTrainer(repairer, STEPS, network)
    pictures = restoration.training_pictures(plan, SETS)
    batches = restoration.ratio_batches(pictures, plan, seed)
    training.fit(trainer, batches, STEPS, folder / f"ratio-{seed}", resume=True)
    return trainer.average.model.get_weights()


def write(folder: Path, runs: dict[str, list[np.ndarray]]) -> None:
    """Write weights of the decoder, by name, each as the package ships them."""
    restorer = restoration.load_restorer(folder / "start")
    what = arrays.manifest(folder / "start")["restoration"]["what"]
    for name, weights in runs.items():
        restorer.repairer.get_layer("decoder").set_weights(weights)
        learned = restoration.learned(restorer.repairer, restorer.toner)
        (folder / name).mkdir(parents=True, exist_ok=True)
        pretrained.save("restoration", learned, folder / name, what=what)


def left_alone(task) -> list[dict]:
    """Measure a damaged picture as it is; see `restoration.Task`."""
    import restoration as comparison  # only here, for training needs none of it

    methods = {"input": lambda pixels: pixels}
    rows = evaluation.evaluate(methods, [comparison.case(task)], "faded")
    return [{"set": task.set} | row for row in rows]


def measure(folder: Path, workers: int) -> list[dict]:
    """Measure all weights; see the head of this file."""
    import restoration as comparison

    names = ["input", "start", *map(str, SEEDS), "mean"]
    tasks = [task for task in comparison.tasks() if task.index % STEP == 0]
    rows = {}
    with comparison.Spread(workers) as spread:
        for name in names:
            job = functools.partial(ablations.repair, folder=folder / name)
            job = left_alone if name == "input" else job
            found = tqdm(spread(job, tasks), name, len(tasks), disable=None)
            rows[name] = [
                row | {"damage": task.damage}
                for task, some in zip(tasks, found, strict=True)
                for row in some
            ]
    wanted = itertools.product(names, comparison.AGERS, QUANTITIES.items())
    lines = []
    for name, made, (quantity, metric) in wanted:
        mine, first = (
            comparison.by_picture(
                [row for row in rows[n] if row["damage"] == made], metric
            )
            for n in (name, "start")
        )
        if not mine:  # what is left alone has no mask
            continue
        changes = [mine[key] - first[key] for key in mine]
        ends = (ablations.bootstrap(v) for v in (list(mine.values()), changes))
        line = ablations.summary(name, quantity, len(mine), *ends)
        lines.append({"damage": made} | line)
    return lines


def main() -> None:
    """Train and write, or measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("train", "measure"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, choices=SEEDS, help="train only this run")
    parser.add_argument("--workers", type=int, default=2, help="processes that measure")
    parser.add_argument("--out", type=Path, default=ablations.RECORDS)
    options = parser.parse_args()
    if options.verb == "measure":
        lines = measure(options.folder, options.workers)
        evaluation.write_rows(lines, options.out / "longer-repair.csv")
    elif options.seed:
        train(options.folder, options.seed)
    else:
        runs = {str(seed): train(options.folder, seed) for seed in SEEDS}
        mean = [np.mean(some, axis=0) for some in zip(*runs.values(), strict=True)]
        write(options.folder, runs | {"mean": mean})


if __name__ == "__main__":
    main()
