"""Paint one photograph at five strengths, for the figure of chapter 13.

    python benchmarks/style_strength.py

Writes `book/figures/strength-photograph.jpg` and `strength-0.jpg` to
`strength-100.jpg`, in percent, and `gantools/records/style-strength.csv`, a row a
strength:

    content  LPIPS between the photograph and the result
    missing  style distance between the result and that of strength 1, as a share of
             what it is at strength 0
"""

import argparse
from pathlib import Path

import numpy as np

from gantools import collections, evaluation, metrics, photos, style

FIGURES = Path(__file__).parents[1] / "book/figures"
RECORD = Path(style.__file__).parent / "records/style-strength.csv"
NAME = "van-gogh-cypresses"
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)


def portrait() -> np.ndarray:
    """Cut chapter 13's portrait out of the bundled photograph."""
    astronaut = photos.load(collections.picture("astronaut")).pixels
    return np.ascontiguousarray(astronaut[:224, 113:337])


def measure(photograph: np.ndarray, made: list[np.ndarray]) -> list[dict[str, float]]:
    """Measure what was painted at each strength, the last of them 1."""
    missing = [metrics.style_distance(one, made[-1]) for one in made]
    return [
        {
            "strength": strength,
            "content": float(metrics.lpips(photograph, one)),
            "missing": float(away / missing[0]),
        }
        for strength, one, away in zip(STRENGTHS, made, missing, strict=True)
    ]


def main() -> None:
    """Paint, measure and write."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    photograph, stylist = portrait(), style.load_style()
    made = [
        style.stylize(
            photos.Photo(photograph), NAME, strength=strength, stylist=stylist
        ).photo.pixels
        for strength in STRENGTHS
    ]
    evaluation.write_rows(measure(photograph, made), RECORD)
    names = ["photograph", *(f"{100 * strength:.0f}" for strength in STRENGTHS)]
    for name, pixels in zip(names, [photograph, *made], strict=True):
        path = FIGURES / f"strength-{name}.jpg"
        photos.save(photos.Photo(pixels), path, quality=85, overwrite=True)


if __name__ == "__main__":
    main()
