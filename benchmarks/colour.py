"""Measure guessed colours against true ones, and show what the guess does to old film.

    GANTOOLS_DATA=folder python benchmarks/colour.py measure --control runs/colour-alone
    GANTOOLS_DATA=folder python benchmarks/colour.py sheet

`measure` takes the colours out of held-out pictures, lets each method guess them, and
writes `gantools/records/colour.csv`, a row a set, method and quantity, each a mean over
pictures with its 95 % interval:

    lpips     from the picture in its true colours
    error     root mean square of the two colour differences, in [0, 1]
    strength  mean length of the guessed differences over that of the true ones

The pictures are the test portraits, scenes and wallpapers, and the last hundred of
`fsa-colour`, without those that hardly have a colour.  "grey" guesses nothing; "game"
are the shipped weights, or those of --weights; "no game" those of --control, trained
with the same steps and no adversary:

    python benchmarks/colour.py control runs/colour runs/colour-alone

takes the first phase of a run and trains the second without its game; "by the game" is
the difference of the two, picture by picture.  `sheet` colours
what no network has seen and what has no colour, unselected: the first test pictures of
`fsa-owi`, and below them pictures of `fsa-colour`, without, with guessed and with true
colours.
"""

import argparse
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from gantools import collections, colour, evaluation, metrics, pairs, photos

RECORDS = Path(colour.__file__).parent / "records"
LONGEST, LEAST = 384, 10 / 255  # pixels; mean spread of the channels
OLD, KNOWN, CELL = 12, 8, 240  # photographs on the sheet, and pixels of each
Row = dict[str, object]


def held_out() -> dict[str, list[Path]]:
    """List the pictures of each set that no network was shown."""
    tested = {
        name: collections.files(name, "test")
        for name in ("portraits", "scenes", "wallpapers")
    }
    film = collections.files("fsa-colour")[-colour.KEPT["fsa-colour"] :]
    return {**tested, "fsa-colour": film}


def read(path: Path) -> np.ndarray | None:
    """Read a picture, (H, W, 3) in [0, 1], without its mount; None if it is grey."""
    (picture,) = pairs.CleanPictures([(1.0, [path])], LONGEST, colour.TRIM).groups[0]
    pixels = picture.astype(np.float32) / 255
    return pixels if np.ptp(pixels, axis=-1).mean() > LEAST else None


def measures(made: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compare guessed colours with true ones, both (H, W, 3) in [0, 1]."""
    guess, true = (np.asarray(colour.differences(x)) for x in (made, truth))
    strengths = [np.linalg.norm(x, axis=-1).mean() for x in (guess, true)]
    return {
        "lpips": metrics.lpips(made, truth),
        "error": float(np.sqrt(np.mean((guess - true) ** 2))),
        "strength": float(strengths[0] / strengths[1]),
    }


def guesses(networks: dict[str, colour.Colouriser]) -> Iterator[Row]:
    """Measure each method on each held-out picture."""
    for name, paths in held_out().items():
        for path in tqdm(paths, name, disable=None):
            truth = read(path)
            if truth is None:
                continue
            light = colour.grey(truth)
            made = {"grey": np.repeat(light, 3, axis=-1)}
            for method, network in networks.items():
                made[method] = colour.colourise(photos.Photo(light), network).pixels
            for method, pixels in made.items():
                yield {"set": name, "method": method, **measures(pixels, truth)}


def summary(rows: list[Row]) -> Iterator[Row]:
    """Give the mean and its interval over the pictures of each set, and of all."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    for name in [*dict.fromkeys(row["set"] for row in rows), "all"]:
        for method in methods:
            some = [
                r for r in rows if r["method"] == method and name in (r["set"], "all")
            ]
            for quantity in ("lpips", "error", "strength"):
                values = np.array([row[quantity] for row in some])
                mean, low, high = metrics.bootstrap(values, np.random.default_rng(0))
                yield {
                    "set": name,
                    "pictures": len(some),
                    "method": method,
                    "quantity": quantity,
                    "mean": mean,
                    "low": low,
                    "high": high,
                }


def differences(rows: list[Row]) -> Iterator[Row]:
    """Give what the game changed, picture by picture, as if by one more method."""
    pairs_of = zip(
        *([r for r in rows if r["method"] == m] for m in ("game", "no game")),
        strict=True,
    )
    for game, control in pairs_of:
        changed = {q: game[q] - control[q] for q in ("lpips", "error", "strength")}
        yield {"set": game["set"], "method": "by the game", **changed}


def measure(options: argparse.Namespace) -> None:
    """Write the table."""
    networks = {"game": colour.load_colouriser(*filter(None, [options.weights]))}
    if options.control:
        networks["no game"] = colour.load_colouriser(options.control)
    rows = list(guesses(networks))
    rows += differences(rows) if options.control else []
    evaluation.write_rows(list(summary(rows)), options.out / "colour.csv")


def control(options: argparse.Namespace) -> None:
    """Train the second phase of a run without its game."""
    shutil.copytree(options.run / "colour", options.into / "colour", dirs_exist_ok=True)
    plan = dataclasses.replace(colour.PRESETS[options.preset], adversarial=0.0)
    colour.train(plan, options.into, resume=True)


def cell(pixels: np.ndarray) -> np.ndarray:
    """Fit a picture into a white square of the sheet."""
    scale = CELL / max(pixels.shape[:2])
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(pixels, size, interpolation=how).reshape(*size[::-1], -1)
    square = np.ones((CELL + 4, CELL + 4, 3), np.float32)
    top, left = ((CELL - n) // 2 for n in small.shape[:2])
    square[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.clip(square, 0, 1)


def sheet(options: argparse.Namespace) -> None:
    """Write the two sheets."""
    network = colour.load_colouriser(*filter(None, [options.weights]))

    def coloured(light):
        return colour.colourise(photos.Photo(light), network).pixels

    old = []
    for path in collections.files("fsa-owi", "test")[:OLD]:
        light = colour.grey(photos.load(path).pixels)
        old += [light, coloured(light)]
    known = [x for x in map(read, held_out()["fsa-colour"]) if x is not None]
    shown = []
    for truth in known[:: len(known) // KNOWN][:KNOWN]:
        light = colour.grey(truth)
        shown += [light, coloured(light), truth]
    for name, pictures in (("colour-old", old), ("colour-known", shown)):
        cells = [cell(x) for x in pictures]
        lines = [np.concatenate(cells[k : k + 6], 1) for k in range(0, len(cells), 6)]
        whole = photos.Photo(np.concatenate(lines[: len(cells) // 6]))
        photos.save(whole, options.out / f"{name}.jpg", quality=85, overwrite=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(required=True)
    trained = verbs.add_parser("control")
    trained.add_argument("run", type=Path)
    trained.add_argument("into", type=Path)
    trained.add_argument("--preset", default="small")
    trained.set_defaults(act=control)
    for act in (measure, sheet):
        verb = verbs.add_parser(act.__name__)
        verb.add_argument("--weights", type=Path, help="folder of a run; else shipped")
        verb.add_argument("--control", type=Path, help="folder of a run without a game")
        verb.add_argument("--out", type=Path, default=RECORDS)
        verb.set_defaults(act=act)
    options = parser.parse_args()
    options.act(options)


if __name__ == "__main__":
    main()
