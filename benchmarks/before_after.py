"""Make the picture at the head of the README: photographs before and after.

    python benchmarks/before_after.py

A modern photograph that `damage.age` has aged, and an old one of 1888, are restored in
full mode by the shipped networks.  Writes `book/figures/before-after.jpg`.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from gantools import collections, damage, photos, restoration

OUT = Path(__file__).parents[1] / "book/figures/before-after.jpg"
HEIGHT = 300  # pixels
GAP = 8


def aged_portrait() -> np.ndarray:
    """Age the bundled portrait by the first draw that there is, seed 0."""
    clean = photos.load(collections.picture("astronaut")).pixels[:400, 30:430]
    kinds = ("fading", "yellowing", "creases", "scratches", "dust")
    return damage.age(clean, np.random.default_rng(0), 0.8, kinds).damaged


def cell(pixels: np.ndarray) -> np.ndarray:
    """Scale a photograph to the common height, in colour."""
    width = round(pixels.shape[1] * HEIGHT / pixels.shape[0])
    small = cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.broadcast_to(small.reshape(HEIGHT, width, -1), (HEIGHT, width, 3))


def main() -> None:
    """Restore and write the picture."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    networks = restoration.load_restorer()
    old = photos.load(collections.picture("march-pastoral")).pixels
    pairs = []
    for pixels in (aged_portrait(), old):
        done = restoration.restore(photos.Photo(pixels), "full", networks)
        gap = np.ones((HEIGHT, GAP, 3), np.float32)
        pairs += [cell(pixels), gap, cell(done.photo.pixels), gap, gap]
    OUT.parent.mkdir(exist_ok=True)
    sheet = photos.Photo(np.concatenate(pairs[:-2], axis=1).astype(np.float32))
    photos.save(sheet, OUT, quality=88, overwrite=True)


if __name__ == "__main__":
    main()
