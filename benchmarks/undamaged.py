"""Count what conservative mode changes in photographs that nothing is wrong with.

    GANTOOLS_DATA=folder python benchmarks/undamaged.py

Thin and small real things look like damage: wires, poles, spectacles, railings, print.
So the photographs were chosen by eye for being full of them, before any was restored,
and each stands in SUBJECTS under the reason.  Portraits are of the test split; scenes
and wallpapers have none (see restoration.py on who was trained on them).  Photographs
with a side longer than LONGEST are cut to their middle, not reduced, so that thin
things stay thin.

Writes `gantools/records/undamaged.csv`, a row a photograph:

    changed  share of the pixels that differ after conservative mode
    marked   share of the pixels marked as damage, mask > 0.5
    outside  pixels that differ further than REACH from any marked pixel: must be 0

The aim is that less than half a percent is changed, on average.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from gantools import collections, evaluation, metrics, photos, restoration

RECORDS = Path(restoration.__file__).parent / "records"
LONGEST = 1024  # pixels
REACH = 4  # pixels: as far as a repair may fade out around what was marked
AIM = 0.005

# set: {what is thin or small in them: names}
SUBJECTS = {
    "portraits": {
        "spectacles": "T000466 T000469 W000215 W000437 W000738 W000791 W000800 "
        "W000813 W000817 Y000033 Y000066",
        "pearls, stripes, brims": "V000131 W000808 W000812 W000821",
    },
    "scenes": {
        "sails, ribs, stays, masts": "categorization/001 categorization/003 "
        "categorization/005 categorization/008 categorization/010 categorization/012 "
        "categorization/014 categorization/015 categorization/017 categorization/019 "
        "categorization/020 categorization/023 categorization/025 categorization/026 "
        "categorization/028",
        "railings, posts": "categorization/009 categorization/126 categorization/138",
        "grids of bright lines": "categorization/007 categorization/013 "
        "categorization/018 categorization/024 categorization/027 categorization/107",
        "print, scales": "categorization/032 categorization/035 categorization/036 "
        "categorization/046 categorization/048 categorization/057 categorization/059 "
        "categorization/064 categorization/066 categorization/068 categorization/124 "
        "categorization/131 categorization/136",
        "thin things, glints, stitches": "categorization/045 categorization/063 "
        "categorization/129 categorization/133 categorization/137",
        "twigs, threads": "explore_farm_animals/004 explore_farm_animals/008 "
        "explore_monuments/047",
        "lattices, spires, windows": "categorization/100 categorization/105 "
        "categorization/116 explore_monuments/005 explore_monuments/006 "
        "explore_monuments/014 explore_monuments/023 explore_monuments/042 "
        "explore_monuments/043 explore_monuments/048",
    },
    "wallpapers": {
        "lights, windows, beams": "beacon-street-sunset casa-mila high-trestle-trail "
        "piazza-gae-aulenti roman-colosseum singaporean-cityscape",
        "twigs": "perched-osprey",
    },
}


def chosen() -> list[tuple[str, str, Path]]:
    """List the photographs as (set, what is thin in it, path).

    Raises:
        KeyError: a set holds no photograph of such a name.
    """
    found = []
    for name, subjects in SUBJECTS.items():
        split = "test" if name == "portraits" else "all"
        folder = collections.home() / name
        paths = {
            path.relative_to(folder).with_suffix("").as_posix(): path
            for path in collections.files(name, split=split)
        }
        for subject, names in subjects.items():
            found += [(name, subject, paths[known]) for known in names.split()]
    return found


def middle(pixels: np.ndarray, longest: int = LONGEST) -> np.ndarray:
    """Cut a picture (H, W, C) to its middle, each side at most `longest` pixels."""
    height, width = (min(longest, side) for side in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def inspect(pixels: np.ndarray, networks: restoration.Restorer) -> dict[str, float]:
    """Restore a sound picture (H, W, C) conservatively and count what was changed."""
    done = restoration.restore(photos.Photo(pixels), "conservative", networks)
    marked = done.mask > 0.5
    square = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    near = cv2.dilate(marked.astype(np.uint8), square) > 0
    differs = (done.photo.pixels != pixels).any(axis=-1)
    return {
        "changed": done.changed,
        "marked": float(marked.mean()),
        "outside": int((differs & ~near).sum()),
    }


def main() -> None:
    """Restore all, write the rows, and print what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    networks = restoration.load_restorer(
        *([options.weights] if options.weights else [])
    )
    rows = []
    for name, subject, path in tqdm(chosen(), disable=None):
        pixels = middle(photos.load(path).pixels)
        about = {"set": name, "photograph": path.stem, "shows": subject}
        if name == "scenes":
            about["photograph"] = f"{path.parent.name}/{path.stem}"
        rows.append(about | inspect(pixels, networks))
    options.out.mkdir(parents=True, exist_ok=True)
    evaluation.write_rows(rows, options.out / "undamaged.csv")
    report(rows)


def report(rows: list[dict]) -> None:
    """Print the mean share changed, by subject and of all, and the worst five."""
    for subject in dict.fromkeys(row["shows"] for row in rows):
        some = [row["changed"] for row in rows if row["shows"] == subject]
        print(f"{np.mean(some):8.3%}  {subject} ({len(some)})")
    shares = [row["changed"] for row in rows]
    mean, low, high = metrics.bootstrap(shares, np.random.default_rng(0))
    print(f"{mean:8.3%} [{low:.3%}, {high:.3%}] of {len(rows)} photographs")
    print(f"above {AIM:.1%}: {sum(share > AIM for share in shares)} photographs")
    print(f"changed where nothing was marked: {sum(r['outside'] for r in rows)} pixels")
    for row in sorted(rows, key=lambda row: -row["changed"])[:5]:
        print(f"{row['changed']:8.3%}  {row['set']}/{row['photograph']}")


if __name__ == "__main__":
    main()
