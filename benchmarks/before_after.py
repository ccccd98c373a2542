"""Make the pictures before and after: at the head of the README, and in the book.

    python benchmarks/before_after.py

What is restored is a modern portrait and an old landscape that `damage.age` has aged,
and photographs of 1865 to 1929, all of them bundled; and a faded slide, cut out of the
record `styles-slide.jpg`.  Writes `book/figures/before-after.jpg`, a sheet for the
README, and `book/figures/NAME-before.jpg` and `NAME-after.jpg` for the book's sliders.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from gantools import collections, colour, damage, photos, restoration

OUT = Path(__file__).parents[1] / "book/figures"
SLIDE = Path(restoration.__file__).parent / "records/styles-slide.jpg"
HEIGHT = 300  # pixels, of the sheet
GAP = 8
LONGER = 480  # pixels, of a picture of the book


def bundled(name: str) -> np.ndarray:
    """Read a bundled photograph (H, W, C)."""
    return photos.load(collections.picture(name)).pixels


def aged_portrait() -> np.ndarray:
    """Age the bundled portrait by the first draw that there is, seed 0."""
    kinds = ("fading", "yellowing", "creases", "scratches", "dust")
    clean = bundled("astronaut")[:400, 30:430]
    return damage.age(clean, np.random.default_rng(0), 0.8, kinds).damaged


def aged_landscape() -> np.ndarray:
    """Crease, scratch and stain the bundled landscape of 1865 to 1870, seed 0."""
    kinds = ("creases", "scratches", "dust", "foxing")
    clean = bundled("french-alpine-landscape")
    return damage.age(clean, np.random.default_rng(0), 0.7, kinds).damaged


def slide() -> tuple[np.ndarray, np.ndarray]:
    """Cut a slide of the 1970s, and the same restored, out of the record."""
    sheet = photos.load(SLIDE).pixels
    side = sheet.shape[0]
    second = (sheet.shape[1] - side) // 2  # three squares, with gaps between them
    return sheet[2:-2, 2 : side - 2], sheet[2:-2, second + 2 : second + side - 2]


def pairs(networks) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Give the pictures of the book's sliders, before and after, by name."""
    made = {}
    for name, pixels, mode in (
        ("portrait", aged_portrait(), "full"),
        ("pastoral", bundled("march-pastoral"), "full"),
        ("plane", bundled("airplane-from-above"), "full"),
        ("boats", bundled("nagasaki-boats"), "full"),
        ("landscape", aged_landscape(), "conservative"),
    ):
        photo = photos.Photo(pixels)
        made[name] = pixels, restoration.restore(photo, mode, networks).photo.pixels
    mended = made["boats"][1]
    made["colours"] = mended, colour.colourise(photos.Photo(mended)).pixels
    made["slide"] = slide()
    return made


def cell(pixels: np.ndarray) -> np.ndarray:
    """Scale a photograph to the common height, in colour."""
    width = round(pixels.shape[1] * HEIGHT / pixels.shape[0])
    small = cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.broadcast_to(small.reshape(HEIGHT, width, -1), (HEIGHT, width, 3))


def write(pixels: np.ndarray, path: Path) -> None:
    """Write a picture of the book as a small JPEG."""
    scale = min(1, LONGER / max(pixels.shape[:2]))
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = small.reshape(*size[::-1], -1)
    photos.save(photos.Photo(small), path, quality=80, overwrite=True)


def main() -> None:
    """Restore and write the pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    made = pairs(restoration.load_restorer())
    gap = np.ones((HEIGHT, GAP, 3), np.float32)
    parts = []
    for name in ("portrait", "pastoral"):
        before, after = map(cell, made[name])
        parts += [before, gap, after, gap, gap]
    sheet = photos.Photo(np.concatenate(parts[:-2], axis=1).astype(np.float32))
    photos.save(sheet, OUT / "before-after.jpg", quality=88, overwrite=True)
    del made["pastoral"]
    for name, pair in made.items():
        for when, pixels in zip(("before", "after"), pair, strict=True):
            write(pixels, OUT / f"{name}-{when}.jpg")


if __name__ == "__main__":
    main()
