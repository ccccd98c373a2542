"""Measure the paintings whose styles the package knows by name.

    GANTOOLS_DATA=folder python benchmarks/measure_styles.py

For each of `style.STYLES` the mean and the deviation of VGG19's channels at conv4_1,
of the painting in its colours and in grey, go to `gantools/weights/styles.npz`.  No
picture does: 2,048 numbers a painting say how it is painted, and not what it shows.
"""

import dataclasses

import numpy as np
from tqdm import tqdm

from gantools import arrays, collections, features, photos, style

FRAME = 0.05  # of each side, which may be frame or the photographer's table


def measured(photo: photos.Photo, encoder) -> dict[str, np.ndarray]:
    """Give the numbers of one painting: (2, 512), mean and deviation, by kind."""
    y, x = (round(FRAME * side) for side in photo.pixels.shape[:2])
    inner = dataclasses.replace(photo, pixels=photo.pixels[y:-y, x:-x])
    found = {}
    for kind, grey in (("colour", False), ("grey", True)):
        both = style.measure_style(inner, encoder, grey)
        found[kind] = np.stack(both).reshape(2, -1).astype(np.float16)
    return found


def main() -> None:
    """Measure all, and write one file."""
    splits = (collections.files("met-paintings", part) for part in ("train", "test"))
    paths = {path.stem: path for some in splits for path in some}
    encoder = features.vgg19(style.TAPS[-1:])
    numbers = {}
    for name, (museum, _) in tqdm(style.STYLES.items(), disable=None):
        found = measured(photos.load(paths[str(museum)]), encoder)
        numbers |= {f"{name}/{kind}": array for kind, array in found.items()}
    arrays.write_arrays(
        "styles",
        numbers,
        licence="Apache-2.0",
        source="Metropolitan Museum of Art, Open Access (CC0), measured here",
        what="means and deviations at conv4_1 of VGG19 of twelve paintings",
    )


if __name__ == "__main__":
    main()
