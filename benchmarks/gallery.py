"""Restore twenty-four really old photographs, unselected, and lay them side by side.

    GANTOOLS_DATA=folder python benchmarks/gallery.py

Takes the eight old photographs that come with the package, and the first eight
held-out ones, in name order, of `documerica` and of `fsa-owi`: no network has been
trained on any of them.  Writes `gantools/records/gallery.jpg`, each row two photographs
before and after, and `gallery.csv`, a row a photograph:

    damaged_share     share of the pixels marked as damage, mask > 0.5
    change            mean absolute change, levels of 255
    red, green, blue  what the toner makes of a middle grey, 0.5
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from gantools import collections, evaluation, photos, restoration

RECORDS = Path(restoration.__file__).parent / "records"
EACH = 8  # photographs of a set
CELL = 300  # pixels, the longer side of each photograph on the sheet
GAP = 6


def cell(pixels: np.ndarray) -> np.ndarray:
    """Fit a photograph into a white square of the sheet."""
    scale = CELL / max(pixels.shape[:2])
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = np.broadcast_to(small.reshape(*size[::-1], -1), (*size[::-1], 3))
    square = np.ones((CELL + GAP, CELL + GAP, 3), np.float32)
    top, left = (CELL - small.shape[0]) // 2, (CELL - small.shape[1]) // 2
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return square


def chosen() -> list[tuple[str, Path]]:
    """List the photographs as (set, path)."""
    found = [("bundled", path) for path in collections.bundled("old")[:EACH]]
    for name in ("documerica", "fsa-owi"):
        some = collections.files(name, split="test")[:EACH]
        found += [(name, path) for path in some]
    return found


def main() -> None:
    """Restore, and write the sheet and the numbers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    networks = restoration.load_restorer(
        *([options.weights] if options.weights else [])
    )
    cells, rows = [], []
    for name, path in chosen():
        photo = photos.load(path)
        done = restoration.restore(photo, "full", networks)
        cells += [cell(photo.pixels), cell(done.photo.pixels)]
        grey = restoration.retone(np.full((1, 1, 3), 0.5, np.float32), done.tone)
        change = 255 * np.abs(done.photo.pixels - photo.pixels).mean()
        rows.append(
            {
                "set": name,
                "photograph": path.stem,
                "damaged_share": float((done.mask > 0.5).mean()),
                "change": float(change),
                **dict(zip(("red", "green", "blue"), grey[0, 0].tolist(), strict=True)),
            }
        )
    lines = [np.concatenate(cells[i : i + 4], axis=1) for i in range(0, len(cells), 4)]
    options.out.mkdir(parents=True, exist_ok=True)
    sheet = photos.Photo(np.concatenate(lines))
    photos.save(sheet, options.out / "gallery.jpg", quality=82, overwrite=True)
    evaluation.write_rows(rows, options.out / "gallery.csv")


if __name__ == "__main__":
    main()
