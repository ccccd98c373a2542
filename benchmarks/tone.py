"""Measure what the toner makes of photographs, of the kinds that it knows and others.

    GANTOOLS_DATA=folder python benchmarks/tone.py
    GANTOOLS_DATA=folder python benchmarks/tone.py --toner narrow=folder --toner wide

The test pictures of SETS, reduced to a longest side of 384 pixels, are faded to four
severities by `damage.age` without structural damage, 0 being sound.  `read_tone` and
`retone` then do what `restore` does.  A toner is a name and a folder of weights, by
default that of the shipped ones.  "narrow" was trained on portraits, 177 scenes, 13
wallpapers and small slides; "wide" on these and 41 pictures of "desktops", with more
sound, dark and closely cut pictures among them.

Writes `gantools/records/tone.csv`: a row a set, severity and toner, with means over
pictures of the root mean square error against the sound picture, in levels of 255:

    before, after           faded, and toned
    change, low, high       after - before, with its 95 % interval over pictures
    worse                   share of pictures whose error grew by more than a level

Half a minute a toner.
"""

import argparse
from pathlib import Path

import numpy as np
import restoration as table
from tqdm import tqdm

from gantools import arrays, collections, damage, evaluation, metrics
from gantools import restoration as r

SETS = ("portraits", "scenes", "wallpapers", "desktops")
SEVERITIES = (0.0, 0.3, 0.6, 0.9)
LONGEST = 384  # pixels; the toner sees a thumbnail of 96
RECORD = Path(r.__file__).parent / "records" / "tone.csv"


def error(one: np.ndarray, two: np.ndarray) -> float:
    """Give the root mean square of a difference, levels of 255."""
    return float(255 * np.sqrt(np.mean(np.square(one - two))))


def errors(path: Path, index: int, severity: float, toners: dict) -> list[float]:
    """Fade a picture, and give its error before, then after each toner."""
    seeds = [2, index, round(1000 * severity)]
    clean = table.picture(path, LONGEST)
    case = evaluation.aged_case(path.stem, clean, severity, seeds, damage.age)
    faded = case.aged.faded
    found = [error(faded, case.clean)]
    for toner in toners.values():
        toned = r.retone(faded, r.read_tone(faded, toner))
        found.append(error(toned, case.clean))
    return found


def summarise(before: np.ndarray, after: np.ndarray) -> dict:
    """Summarise the errors of some pictures; see the head of this file."""
    change = metrics.bootstrap(after - before, np.random.default_rng(0))
    return {
        "before": float(before.mean()),
        "after": float(after.mean()),
        "change": change.mean,
        "low": change.low,
        "high": change.high,
        "worse": float((after - before > 1).mean()),
    }


def measure(toners: dict) -> list[dict]:
    """Measure some toners on every set and severity."""
    rows = []
    for name in tqdm(SETS, disable=None):
        paths = collections.files(name, split="test")
        for severity in SEVERITIES:
            found = [errors(p, n, severity, toners) for n, p in enumerate(paths)]
            before, *afters = np.array(found).T
            for toner, after in zip(toners, afters, strict=True):
                row = {"set": name, "severity": severity, "toner": toner}
                row["pictures"] = len(paths)
                rows.append(row | summarise(before, after))
    return rows


def main() -> None:
    """Measure, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--toner",
        action="append",
        metavar="NAME[=FOLDER]",
        help="what to measure, more than once for several; by default the shipped one",
    )
    parser.add_argument("--out", type=Path, default=RECORD)
    options = parser.parse_args()
    named = (text.partition("=") for text in options.toner or ["shipped"])
    folders = {name: Path(folder or arrays.WEIGHTS) for name, _, folder in named}
    toners = {name: r.load_restorer(folder).toner for name, folder in folders.items()}
    evaluation.write_rows(measure(toners), options.out)


if __name__ == "__main__":
    main()
