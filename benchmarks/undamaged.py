"""Count what conservative mode changes in photographs that nothing is wrong with.

    GANTOOLS_DATA=folder python benchmarks/undamaged.py

Thin and small real things look like damage: wires, poles, spectacles, railings, print.
So the photographs were chosen by eye for being full of them, before any was restored,
and each stands in SUBJECTS under the reason.  All are test pictures, which no network
of the package has seen: every one of the scenes and wallpapers, and the portraits with
spectacles, jewellery, stripes or leaves.  Photographs with a side longer than LONGEST
are cut to their middle, not reduced, so that thin things stay thin.

Writes `gantools/records/undamaged.csv`, a row a photograph:

    changed  share of the pixels that differ after conservative mode
    marked   share of the pixels marked as damage, mask > 0.5
    outside  pixels that differ further than REACH from any marked pixel: must be 0
    toned    how far full mode would move the tone: mean change in levels of 255

and `undamaged-card.csv`, their means by subject and over all, with 95 % intervals.  The
aim is that less than half a percent is changed, on average.
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
        "jewellery, pins, brims": "T000465 T000468 V000081 W000187 W000789 W000794 "
        "W000797 W000808 W000812 W000820 W000822",
        "stripes, patterns": "T000463 T000473 V000126 V000131 W000119 W000154 W000267 "
        "W000314 W000801 W000803 W000806 W000815 W000821 Y000031 Y000062 Y000063",
        "leaves, rings": "T000474 U000031 W000819",
    },
    "scenes": {
        "railings, crowds, lamps": "explore_monuments/025 explore_monuments/034 "
        "explore_monuments/039 explore_monuments/044 explore_monuments/046 "
        "explore_monuments/048",
        "spires, masts, twigs": "explore_monuments/028 explore_monuments/029 "
        "explore_monuments/037 explore_monuments/042 explore_monuments/043 "
        "explore_monuments/047",
        "windows, columns, masonry": "explore_monuments/030 explore_monuments/031 "
        "explore_monuments/035 explore_monuments/036 explore_monuments/045",
        "trees, ridges, rooftops": "explore_monuments/026 explore_monuments/027 "
        "explore_monuments/032 explore_monuments/033 explore_monuments/038 "
        "explore_monuments/040 explore_monuments/041",
    },
    "wallpapers": {
        "lights, poles, spices": "singaporean-cityscape tea-gardens the-spices-of-life",
        "rings, bands": "saturnian-profile valley-midnight waves-midnight",
    },
}


def chosen() -> list[tuple[str, str, Path]]:
    """List the photographs as (set, what is thin in it, path).

    Raises:
        KeyError: a set holds no test picture of such a name.
    """
    found = []
    for name, subjects in SUBJECTS.items():
        folder = collections.home() / name
        paths = {
            path.relative_to(folder).with_suffix("").as_posix(): path
            for path in collections.files(name, split="test")
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
        "toned": toned(pixels, networks),
    }


def toned(pixels: np.ndarray, networks: restoration.Restorer) -> float:
    """Say how far the toner moves a picture (H, W, C), in levels of 255."""
    tone = restoration.read_tone(pixels, networks.toner)
    return 255 * float(np.abs(restoration.retone(pixels, tone) - pixels).mean())


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
    lines = card(rows)
    evaluation.write_rows(lines, options.out / "undamaged-card.csv")
    for line in lines:
        print(*(f"{x:.3%}" if isinstance(x, float) else x for x in line.values()))
    for row in sorted(rows, key=lambda row: -row["changed"])[:5]:
        print(f"{row['changed']:8.3%}  {row['set']}/{row['photograph']}")


def card(rows: list[dict]) -> list[dict]:
    """Sum up the rows by subject, and all of them.

    Returns:
        Rows of shows, pictures, the mean share `changed` with the `low` and `high` end
        of its 95 % interval, the number of pictures `above` AIM, pixels `outside`, and
        the number of pictures whose tone full mode would move by a level or more.
    """
    lines = []
    for subject in [*dict.fromkeys(row["shows"] for row in rows), "all"]:
        some = [row for row in rows if subject in ("all", row["shows"])]
        shares = [row["changed"] for row in some]
        mean, low, high = metrics.bootstrap(shares, np.random.default_rng(0))
        lines.append(
            {
                "shows": subject,
                "pictures": len(some),
                "changed": mean,
                "low": low,
                "high": high,
                "above": sum(share > AIM for share in shares),
                "outside": sum(row["outside"] for row in some),
                "toned": sum(row["toned"] >= 1 for row in some),
            }
        )
    return lines


if __name__ == "__main__":
    main()
