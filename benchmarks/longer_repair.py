"""Train a repairer on by phase 3, twice, and take the mean of the two.

    GANTOOLS_DATA=folder python benchmarks/longer_repair.py runs/start runs/longer
    python benchmarks/publish.py runs/longer --note "..."

The first folder holds weights to begin with, repairer and toner; the toner is kept.
Two runs by `restoration.RatioTrainer` from there, alike but for their seeds, on batches
of BATCH crops; what is written into the second folder is the mean of their weights
(Wortsman et al. 2022, "Model soups", arXiv:2203.05482), with both histories.  The runs
take turns; give --seed to do one of them alone, in a process of its own.  An hour of
one core each.
"""

import argparse
import dataclasses
from pathlib import Path

import keras
import numpy as np

from gantools import arrays, features, pretrained, restoration, training

STEPS, BATCH, SEEDS = 4_800, 12, (41, 42)
SETS = restoration.SETS | restoration.OLD_SETS


def train(start: Path, folder: Path, seed: int) -> list[np.ndarray]:
    """Train from weights on; give the averaged weights of the decoder."""
    keras.utils.set_random_seed(seed)
    learned = restoration.load_restorer(start).repairer.get_layer("decoder")
    plan = dataclasses.replace(restoration.PRESETS["base"], batch=BATCH)
    repairer = restoration.build_repairer(dtype=plan.dtype)
    repairer.get_layer("decoder").set_weights(learned.get_weights())
    network = features.vgg19(restoration.FEATURES, dtype=plan.dtype)
    trainer = restoration.RatioTrainer(repairer, STEPS, network)
    pictures = restoration.training_pictures(plan, SETS)
    batches = restoration.ratio_batches(pictures, plan, seed)
    training.fit(trainer, batches, STEPS, folder, resume=True)
    return trainer.average.model.get_weights()


def main() -> None:
    """Train, average and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", type=Path, help="folder of weights to begin with")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, choices=SEEDS, help="only this run")
    options = parser.parse_args()
    seeds = [options.seed] if options.seed else SEEDS
    runs = [train(options.start, options.out / f"ratio-{seed}", seed) for seed in seeds]
    if options.seed:
        return
    restorer = restoration.load_restorer(options.start)
    mean = [np.mean(weights, axis=0) for weights in zip(*runs, strict=True)]
    restorer.repairer.get_layer("decoder").set_weights(mean)
    learned = restoration.learned(restorer.repairer, restorer.toner)
    what = arrays.manifest(options.start)["restoration"]["what"]
    pretrained.save("restoration", learned, options.out, what=what)


if __name__ == "__main__":
    main()
