"""Choose how sure a mark has to be: `restoration.CAUTION` and `restoration.WORN`.

    GANTOOLS_DATA=folder python benchmarks/caution.py

On COUNT training pictures of three sets, reduced as in restoration.py, sound and aged
to three severities, with damage of no kind on top of every third, as training has it.
For each triple of numbers: the mean IoU of mask and damage over the aged ones, the PSNR
of the repair inside the mask (dB) and of the whole, and the share of the pixels of the
sound ones that conservative mode would change.  No test picture is looked at.  The
choice among them is a bargain; the table is printed and kept in
`gantools/records/caution.csv`.  The share of marks is counted in the whole picture, not
in views as `restoration.caution` does it.  A minute of two processes.
"""

import argparse
import functools
import itertools
from pathlib import Path

import numpy as np
import restoration as comparison
from tqdm import tqdm

from gantools import collections, damage, evaluation, metrics, pairs
from gantools import restoration as r

COUNT = {"portraits": 24, "scenes": 16, "wallpapers": 8}
SEVERITIES = (0.0, 0.3, 0.6, 0.9)
TRIPLES = list(
    itertools.product((3.0, 3.5, 4.0), (-0.5, 0.0, 0.5), (0.003, 0.005, 0.008))
)


def tasks() -> list[tuple[Path, int, float]]:
    """List pictures, their numbers and severities."""
    chosen = []
    for name, count in COUNT.items():
        paths = collections.files(name, split="train")
        chosen += paths[:: len(paths) // count][:count]
    return [(path, i, s) for i, path in enumerate(chosen) for s in SEVERITIES]


def case(path: Path, index: int, severity: float) -> damage.Aged:
    """Age a training picture."""
    pixels = comparison.picture(path)
    rng = np.random.default_rng([9, index, round(1000 * severity)])
    aged = damage.age(pixels, rng, severity)
    if severity and index % 3 == 0:
        damaged, mask = pairs.lay_something_over(aged.damaged, aged.mask, rng)
        aged = aged._replace(damaged=np.clip(damaged, 0, 1), mask=mask)
    return aged


def measure(task: tuple[Path, int, float], weights: Path | None) -> list[dict]:
    """Measure all triples on one picture, from one look of the repairer."""
    path, index, severity = task
    aged = case(path, index, severity)
    pixels, mask = aged.damaged, aged.mask
    height, width = mask.shape
    padding = ((0, -height % r.STRIDE), (0, -width % r.STRIDE), (0, 0))
    repairer = comparison.networks(weights).repairer
    answers = r._ask(np.pad(pixels, padding, "reflect"), repairer, 0.0)
    paint, correction, logits = (x[:height, :width] for x in answers)
    marked, rows = np.mean(logits > 1.0), []
    for sound, worn, share in TRIPLES:
        shifted = logits - worn - (sound - worn) * max(0.0, 1.0 - marked / share)
        row = {"picture": path.stem, "severity": severity}
        row |= {"sound": sound, "worn": worn, "share": share}
        found = r._sigmoid(shifted)
        if severity:
            gate = r._sigmoid(r.GATE * (shifted - 1.0))[..., None]
            repaired = np.clip(pixels + gate * paint + correction, 0, 1)
            row["iou"] = metrics.iou(found, mask)
            row["inside"] = metrics.psnr(repaired, aged.faded, mask > 0.5)
            row["psnr"] = min(metrics.psnr(repaired, aged.faded), 60.0)
        else:
            row["changed"] = float(np.mean(r._paste_weight(found, 0.5) > 0))
        rows.append(row)
    return rows


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=comparison.RECORDS)
    options = parser.parse_args()
    asked = tasks()
    with comparison.Spread(options.workers) as spread:
        job = functools.partial(measure, weights=options.weights)
        bar = tqdm(spread(job, asked), "measuring", len(asked), disable=None)
        rows = [row for some in bar for row in some]
    lines = []
    for triple in TRIPLES:
        key = dict(zip(("sound", "worn", "share"), triple, strict=True))
        some = [row for row in rows if key.items() <= row.items()]
        means = {
            name: float(np.nanmean([row[name] for row in some if name in row]))
            for name in ("iou", "inside", "psnr", "changed")
        }
        lines.append(key | means)
    evaluation.write_rows(lines, options.out / "caution.csv")
    for line in lines:
        print(*(f"{name} {value:.4f}" for name, value in line.items()))


if __name__ == "__main__":
    main()
