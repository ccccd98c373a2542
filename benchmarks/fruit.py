"""Train the generators of fruit that the package ships, and judge and publish them.

    GANTOOLS_DATA=folder python benchmarks/fruit.py train runs/fruit
    GANTOOLS_DATA=folder python benchmarks/fruit.py publish runs/fruit --note "..."

`train` goes through the presets in the order of `STARTS`, each from what the one before
it there has learned, and goes on where it was stopped; `--only` trains one, `--steps`
ends it earlier or later than its preset says.  `publish` leaves the averaged generators
in gantools/weights, and in gantools/records

    fruit.csv              for each preset and truncation the distances to the
                           training set, precision and recall
    <preset>.csv           its losses
    fruit-real.jpg         64 training pictures, unselected
    fruit-neighbours.csv   how near made pictures are to the training set
    fruit-neighbours.jpg   made pictures over their nearest training pictures
    fruit-kinds.csv        how often a judge names a picture by the kind asked for
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
import scipy.spatial

import gantools
from gantools import (
    arrays,
    collections,
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
MADE = 1000  # pictures whose nearest neighbours are looked for
EACH = 200  # pictures of each kind, to be named
QUANTILES = (0.05, 0.25, 0.5, 0.75)
ROWS = 200  # of a history
TRUNCATIONS = (None, 1.5, 1.0, 0.5)


def train(folder: Path, preset: str, steps: int | None, dtype: str) -> None:
    """Train one preset, from the run that it starts from, or on from its own."""
    chosen = dcgan.PRESETS[preset]
    if steps:
        dcgan.PRESETS[preset] = dataclasses.replace(chosen, steps=steps)
    trainer = dcgan.trainer_of(dataclasses.replace(chosen, dtype=dtype))
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
    rows, near, named = [], [], []
    for preset in STARTS:
        generator = dcgan.load_generator(folder / preset / "generator.npz", preset)
        with np.load(folder / preset / "generator.npz", allow_pickle=False) as file:
            steps = json.loads(str(file["header"]))["step"]
        what = f"generator of fruit, preset {preset}, seed 0, {steps} steps; {note}"
        pretrained.save(preset, [generator], arrays.WEIGHTS, what=what)
        pretrained.load(preset, [generator])  # judged as shipped, in float16
        bounds = TRUNCATIONS if preset == "fruit-64" else [None]
        rows += judge(preset, generator, steps, bounds)
        if dcgan.PRESETS[preset].kinds:
            named += name_kinds(preset, generator)
        else:
            near += neighbours(preset, generator)
        history = training.History.read_csv(folder / preset / training.HISTORY)
        evaluation.write_rows(history.rows(ROWS), RECORDS / f"{preset}.csv")
    evaluation.write_rows(rows, RECORDS / "fruit.csv")
    (real,) = dcgan.batches_of(dcgan.PRESETS["fruit-64"], 12345)(0)
    save(photos.from_network(real), "fruit-real.jpg")
    evaluation.write_rows(near, RECORDS / "fruit-neighbours.csv")
    evaluation.write_rows(named, RECORDS / "fruit-kinds.csv")


def judge(
    preset: str, generator: keras.Model, steps: int, truncations: Sequence
) -> list[dict]:
    """Measure how far what a generator makes is from its training pictures."""
    chosen = dataclasses.replace(dcgan.PRESETS[preset], batch=COUNT)
    (real, *_) = dcgan.batches_of(chosen, 12345)(0)
    real = features.embed(photos.from_network(real))
    rows = []
    for truncation in truncations:
        made = features.embed(make(preset, generator, COUNT, 1000, truncation))
        row = {"preset": preset, "steps": steps, "truncation": truncation or "none"}
        rows.append({**row, **evaluation.compare_sets(real, made)})
        print(rows[-1], flush=True)
    return rows


def make(preset, generator, count, seed, truncation=None):
    """Make pictures, of each kind as many as the training set shows."""
    kinds = None
    if dcgan.PRESETS[preset].kinds:
        paths = collections.files("pomological", split="train")
        known = [kind for path in paths if (kind := dcgan.fruit(path)) is not None]
        kinds = np.random.default_rng(seed).choice(known, count)
    return dcgan.generate(generator, count, seed, kinds, truncation)


def neighbours(preset: str, generator: keras.Model) -> list[dict]:
    """Measure how near made pictures are to the training set, and that to itself.

    A generator that has learned its pictures by heart makes pictures nearer to them
    than they are to one another.  Distances are of `features.embed`, from a picture or
    its mirror image to the nearest training picture; from one of these, to another.
    """
    chosen = dcgan.PRESETS[preset]
    known = views(dcgan.load_pictures(chosen)[0], chosen.side)
    cloud = features.embed(known)
    tree = scipy.spatial.KDTree(cloud)
    some = np.linspace(0, len(known) - 1, MADE).astype(int)
    among, _ = nearest(known[some], tree, but=some)
    made = make(preset, generator, MADE, 2000)
    distance, which = nearest(made, tree)
    rows = []
    for name, values in {"training": among, "made": distance}.items():
        quantiles = {f"{q:.0%}": np.quantile(values, q) for q in QUANTILES}
        rows.append({"preset": preset, "pictures": name, **quantiles})
        print(rows[-1], flush=True)
    if preset == "fruit-64":
        closest = np.argsort(distance)[:8]  # of those made: the most suspicious
        pairs = [p for i in (np.arange(8), closest) for p in (made[i], known[which[i]])]
        save(np.concatenate(pairs), "fruit-neighbours.jpg")
    return rows


def nearest(
    pictures: np.ndarray, tree: scipy.spatial.KDTree, but: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Give the distance of each picture to its nearest, and which that is.

    Args:
        pictures: (n, side, side, 3); each is looked for as it is and mirrored.
        tree: of the features of the pictures to be found.
        but: which of those each picture is itself, (n,).
    """
    best = np.full(len(pictures), np.inf)
    which = np.zeros(len(pictures), int)
    for view in (pictures, pictures[:, :, ::-1]):
        distance, found = tree.query(features.embed(view), 2)  # (n, 2)
        itself = np.zeros(len(pictures), bool) if but is None else found[:, 0] == but
        pick = np.arange(len(pictures)), itself.astype(int)
        nearer = distance[pick] < best
        best[nearer], which[nearer] = distance[pick][nearer], found[pick][nearer]
    return best, which


def name_kinds(preset: str, generator: keras.Model) -> list[dict]:
    """Measure how often a judge names made pictures by the kind they were asked for.

    The judge is linear in `features.embed`, fitted by least squares to the training
    pictures, every kind of equal weight.  Every fifth picture is kept from it.
    """
    chosen = dcgan.PRESETS[preset]
    pictures, kinds = dcgan.load_pictures(chosen)
    cloud = features.embed(views(pictures, chosen.side))  # (N, 112)
    kept = np.arange(len(kinds)) % 5 == 0
    named = linear_judge(cloud[~kept], kinds[~kept])
    right = named(cloud[kept]) == kinds[kept]
    asked = np.repeat(np.arange(len(dcgan.FRUITS)), EACH)
    made = features.embed(dcgan.generate(generator, len(asked), 3000, asked))
    agreed = named(made) == asked
    print(preset, "named", right.mean(), agreed.mean(), flush=True)
    return [
        {
            "preset": preset,
            "kind": kind,
            "pictures": (kinds == i).sum(),
            "real named": right[kinds[kept] == i].mean(),
            "made named": agreed[asked == i].mean(),
        }
        for i, kind in enumerate(dcgan.FRUITS)
    ]


def linear_judge(cloud: np.ndarray, kinds: np.ndarray):
    """Give a function that names the kinds (N,) of features (N, 112)."""
    mean, spread = cloud.mean(axis=0), cloud.std(axis=0)

    def inputs(cloud):
        return np.pad((cloud - mean) / spread, ((0, 0), (0, 1)), constant_values=1)

    weight = np.sqrt(1 / np.bincount(kinds)[kinds])[:, None]  # of an equation
    wanted = np.eye(kinds.max() + 1)[kinds]
    solution, *_ = np.linalg.lstsq(weight * inputs(cloud), weight * wanted, rcond=None)
    return lambda cloud: (inputs(cloud) @ solution).argmax(axis=1)


def views(pictures: list[np.ndarray], side: int) -> np.ndarray:
    """Give of each picture its central square, scaled: (N, side, side, 3)."""
    scaled = []
    for picture in pictures:
        height, width = picture.shape[:2]
        short = min(height, width)
        top, left = (height - short) // 2, (width - short) // 2
        square = picture[top : top + short, left : left + short]
        size = (side, side)
        scaled.append(cv2.resize(square, size, interpolation=cv2.INTER_AREA))
    return np.stack(scaled)


def save(pictures: np.ndarray, name: str) -> None:
    """Save pictures (8 n, side, side, 3) as a sheet of n rows."""
    sheet = photos.Photo(dcgan.sheet(pictures))
    photos.save(sheet, RECORDS / name, overwrite=True, quality=92)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("train", "publish"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=list(STARTS))
    parser.add_argument("--steps", type=int, help="instead of the preset's")
    parser.add_argument("--dtype", default="float32", help='or "mixed_bfloat16"')
    parser.add_argument("--note", help="hardware and time it took")
    options = parser.parse_args()
    if options.verb == "publish":
        if not options.note:
            parser.error("publish needs --note")
        publish(options.folder, options.note)
        return
    for preset in [options.only] if options.only else STARTS:
        train(options.folder, preset, options.steps, options.dtype)


if __name__ == "__main__":
    main()
