"""Make photographs old in two ways, and see what restoration learns from each.

    GANTOOLS_DATA=folder python benchmarks/make_old.py runs/make-old

One way is `damage.age`, which was written down; of it the fading alone.  The other was
learned: the GAN `colour-film-1940s` of `gantools.unpaired` turns photographs of today
into slides of 1939 to 1944.  A toner is trained on pairs of each kind, and one on both,
half and half, from the same start, on the same photographs, with the same steps.  Then
each restores the tone of what the others were taught on, and of really old slides.
Writes `gantools/records/make-old.csv`, a row a test, teacher and quantity, with 95 %
intervals:

    gain      in dB, of the test photographs of `portraits`, `scenes` and `wallpapers`,
              made old by "age" and by "film" and restored; by "nothing", sound as
              they are, which counts as 40 dB: what restoration costs them
    distance  kernel distance to those test photographs, in colour, by `features.embed`,
              of the slides as they are: of "fsa-colour", which the GAN has seen, and of
              "documerica", of the 1970s, which nobody has; by the jackknife
    nearer    by how much restoration lessens it, by the jackknife over slides
    moved     mean distance between the slides before and after, in levels of 255

The sets show different things, so `distance` cannot become 0.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import keras
import numpy as np
from ablations import jackknife
from tqdm import tqdm

from gantools import (
    collections,
    damage,
    evaluation,
    features,
    metrics,
    pairs,
    photos,
    restoration,
    training,
    unpaired,
)

RECORDS = Path(restoration.__file__).parent / "records"
SETS = ("portraits", "scenes", "wallpapers")
SHARES = (0.4, 0.3, 0.3)
SLIDES = {"fsa-colour": 200, "documerica": 100}
TEACHERS = ("age", "film", "both")
STEPS, BATCH, LONGEST, SEED = 900, 32, 288, 0
TRIM = 0.07  # of the longer side: slides have their mounts
Pair = tuple[np.ndarray, np.ndarray]
Pictures = list[np.ndarray]  # each (H, W, 3) in [0, 1]


# --- Pictures ----------------------------------------------------------------------
def read(paths: list[Path], trim: float = 0.0) -> Pictures:
    """Read pictures, (H, W, 3) in [0, 1], those without any colour left out."""
    source = pairs.CleanPictures([(1.0, paths)], LONGEST, trim, colourful=True)
    return [picture.astype(np.float32) / 255 for picture in source.groups[0]]


def filmed(pictures: Pictures, film: unpaired.Stylist) -> Pictures:
    """Make photographs old by what the GAN has learned."""
    shown = tqdm(pictures, "film", disable=None)
    return [unpaired.apply(photos.Photo(x), film).pixels for x in shown]


def faded(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make a photograph old by `damage.age`: the fading that belongs to it."""
    return damage.age(picture, rng, rng.uniform(0.3, 0.9), damage.TONE).faded


def batches(sets: list[list[Pair]], teacher: str) -> Callable[[int], Pair]:
    """Make batches of thumbnails, old and as they were, for a toner."""

    def batch(step: int):
        rng = np.random.default_rng([SEED, step])
        rows = []
        for k in range(BATCH):
            some = sets[rng.choice(len(sets), p=SHARES)]
            clean, film = some[rng.integers(len(some))]
            by_film = teacher == "film" or (teacher == "both" and k % 2)
            old = film if by_film else faded(clean, rng)
            sides = np.array(clean.shape[:2])
            size = np.ceil(sides * rng.uniform(0.55, 1.0, 2)).astype(int)
            top, left = rng.integers(sides - size + 1)
            cut = np.s_[top : top + size[0], left : left + size[1]]
            turn = np.s_[:, :: rng.choice((-1, 1))]
            rows.append([pairs.thumbnail(x[cut])[turn] for x in (old, clean)])
        return tuple(photos.to_network(np.stack(x)) for x in zip(*rows, strict=True))

    return batch


# --- Training and restoring --------------------------------------------------------
def taught(folder: Path, sets: list[list[Pair]], teacher: str) -> keras.Model:
    """Train a toner on what one teacher makes old."""
    keras.utils.set_random_seed(SEED)
    trainer = restoration.ToneTrainer(restoration.build_toner(), STEPS)
    data = batches(sets, teacher)
    training.fit(trainer, data, STEPS, folder / teacher, resume=True)
    trainer.toner.get_layer("reader").set_weights(trainer.average.model.get_weights())
    return trainer.toner


def restored(picture: np.ndarray, toner: keras.Model | None) -> np.ndarray:
    """Restore the tone of a picture, as `restoration.restore` does."""
    if toner is None:
        return picture
    return restoration.retone(picture, restoration.read_tone(picture, toner))


# --- Measuring ---------------------------------------------------------------------
def gains(toner: keras.Model | None, old: Pictures, clean: Pictures) -> np.ndarray:
    """Give what restoration gains for each picture, in dB; identical ones have 40."""

    def decibels(x, y):
        return -10 * np.log10(max(np.mean((x - y) ** 2), 1e-4))

    made = (restored(x, toner) for x in old)
    both = zip(made, old, clean, strict=True)
    return np.array([decibels(m, y) - decibels(x, y) for m, x, y in both])


def mean_of(values: np.ndarray) -> metrics.Interval:
    """Give the mean over pictures, and its interval."""
    return metrics.bootstrap(values, np.random.default_rng(0))


def describe(pictures: Pictures) -> np.ndarray:
    """Describe pictures to compare sets of them, (N, 112)."""
    size = {"dsize": (128, 128), "interpolation": cv2.INTER_AREA}
    return features.embed(np.stack([cv2.resize(x, **size) for x in pictures]))


def distances(made: np.ndarray, modern: np.ndarray) -> np.ndarray:
    """Give the kernel distance of described pictures, then without each: (N + 1,)."""

    def distance(x):
        return metrics.kernel_distance(x, modern).value

    without = [distance(np.delete(made, k, axis=0)) for k in range(len(made))]
    return np.array([distance(made), *without])


def main() -> None:
    """Train three toners, and measure each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    film = unpaired.load_stylist("colour-film-1940s")
    clean = [read(collections.files(name, "train")) for name in SETS]
    sets = [list(zip(some, filmed(some, film), strict=True)) for some in clean]
    toners = {"none": None, **{t: taught(options.folder, sets, t) for t in TEACHERS}}
    modern = [x for name in SETS for x in read(collections.files(name, "test"))]
    rngs = (np.random.default_rng([SEED + 1, k]) for k in range(len(modern)))
    tests = {
        "age": [faded(x, rng) for x, rng in zip(modern, rngs, strict=True)],
        "film": filmed(modern, film),
        "nothing": modern,
    }
    rows = []
    for test, old in tests.items():
        for teacher, toner in toners.items():
            found = mean_of(gains(toner, old, modern))
            rows.append(row(test, teacher, "gain", len(old), found))
    said = describe(modern)
    for name, count in SLIDES.items():
        slides = read(collections.files(name, "all")[-count:], TRIM)
        as_they_are = distances(describe(slides), said)
        found = jackknife(as_they_are)
        rows.append(row(name, "none", "distance", len(slides), found))
        for teacher in TEACHERS:
            made = [restored(x, toners[teacher]) for x in slides]
            found = jackknife(as_they_are - distances(describe(made), said))
            rows.append(row(name, teacher, "nearer", len(made), found))
            moved = [
                255 * np.abs(m - x).mean() for m, x in zip(made, slides, strict=True)
            ]
            found = mean_of(np.array(moved))
            rows.append(row(name, teacher, "moved", len(made), found))
    evaluation.write_rows(rows, options.out / "make-old.csv")


def row(test: str, teacher: str, quantity: str, count: int, found) -> dict:
    """Give a row of the table."""
    names = {"test": test, "teacher": teacher, "quantity": quantity, "pictures": count}
    return {**names, "mean": found[0], "low": found[1], "high": found[2]}


if __name__ == "__main__":
    main()
