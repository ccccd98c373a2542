"""Train a toner on, on more kinds of pictures, and take the mean of before and after.

    GANTOOLS_DATA=folder python benchmarks/wide_toner.py runs/narrow runs/wide
    python benchmarks/publish.py runs/wide/mean --note "..."

The first folder holds weights to begin with, repairer and toner; the repairer is kept.
3,500 steps by the recipe of `restoration.train` lead to weights that know more kinds
of pictures and the first kinds less well.  The mean of the weights, of both networks
number by number, keeps most of both (Wortsman et al. 2022, "Robust fine-tuning of
zero-shot models", arXiv:2109.01903).  tone.py measures.

Writes three folders into the second, each with weights as the package ships them:
"narrow", what it began with, "wide", and "mean" with the history.  26 minutes of one
core.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from gantools import arrays, pairs, pretrained, restoration, training

STEPS, SEED = 3_500, 11


def train(toner: keras.Model, folder: Path) -> list[np.ndarray]:
    """Train from a toner's weights on; give the averaged weights of the reader."""
    start = restoration.build_toner(dropout=restoration.TONE_DROPOUT)
    start.get_layer("reader").set_weights(toner.get_layer("reader").get_weights())
    trainer = restoration.ToneTrainer(start, STEPS)
    pictures = restoration.training_pictures(
        restoration.PRESETS["base"],
        restoration.TONE_SETS,
        longest=480,
        trim=restoration.TONE_TRIM,
    )
    batches = pairs.tone_batches(pictures, restoration.TONE_BATCH, SEED)
    training.fit(trainer, batches, STEPS, folder, resume=True)
    return trainer.average.model.get_weights()


def main() -> None:
    """Train, average, and write the three folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", type=Path, help="folder of weights to begin with")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    keras.utils.set_random_seed(SEED)
    restorer = restoration.load_restorer(options.start)
    reader = restorer.toner.get_layer("reader")
    narrow = reader.get_weights()
    wide = train(restorer.toner, options.out / "mean" / "tone")
    mean = [(a + b) / 2 for a, b in zip(narrow, wide, strict=True)]
    what = arrays.manifest(options.start)["restoration"]["what"]
    for name, weights in {"narrow": narrow, "wide": wide, "mean": mean}.items():
        reader.set_weights(weights)
        learned = restoration.learned(restorer.repairer, restorer.toner)
        (options.out / name).mkdir(parents=True, exist_ok=True)
        pretrained.save("restoration", learned, options.out / name, what=what)


if __name__ == "__main__":
    main()
