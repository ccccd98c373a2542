"""Measure restorers on pictures whose undamaged state is known.

A method is any function from damaged pixels to restored pixels, both (H, W, C) in
[0, 1].  Each is given the same aged pictures; every picture gives one row of numbers,
and `summarise` makes means with bootstrap intervals of them.
"""

import csv
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from gantools import metrics, photos
from gantools.damage import Aged, age

Method = Callable[[np.ndarray], np.ndarray]
CAP = 60.0  # dB: a picture that came back untouched has infinite PSNR, and no mean


def _psnr(x: np.ndarray, y: np.ndarray) -> float:
    return min(metrics.psnr(x, y), CAP)


METRICS = {"psnr": _psnr, "ssim": metrics.ssim, "lpips": metrics.lpips}
BETTER = {"psnr": max, "ssim": max, "lpips": min}


@dataclasses.dataclass(frozen=True)
class Case:
    """One picture of a test set: its name, its clean state, and what became of it."""

    name: str
    severity: float
    clean: np.ndarray  # (H, W, C) in [0, 1]
    aged: Aged


def aged_cases(paths: Sequence[Path], severity: float, seed: int) -> list[Case]:
    """Age each picture of a test set; the same seed makes the same cases.

    Args:
        paths: the clean pictures.
        severity: in [0, 1], as for `damage.age`.
        seed: of the set; each picture has its own stream of random numbers.
    """
    cases = []
    for index, path in enumerate(paths):
        clean = photos.load(path).pixels
        rng = np.random.default_rng([seed, index, round(severity * 1000)])
        cases.append(Case(path.stem, severity, clean, age(clean, rng, severity)))
    return cases


def evaluate(methods: dict[str, Method], cases: Iterable[Case]) -> list[dict]:
    """Measure every method on every case.

    Returns:
        Rows of picture, severity, method, and one number for each of METRICS.  PSNR is
        cut at CAP decibels.
    """
    rows = []
    for case in cases:
        for name, method in methods.items():
            result = method(case.aged.damaged)
            row = {"picture": case.name, "severity": case.severity, "method": name}
            row |= {m: measure(result, case.clean) for m, measure in METRICS.items()}
            rows.append(row)
    return rows


def summarise(rows: Sequence[dict], seed: int = 0) -> list[dict]:
    """Average over pictures: a row for each severity and method, with 95 % intervals.

    Returns:
        Rows of severity, method, pictures, and for each metric its mean and the lower
        and upper end of its bootstrap interval: psnr, psnr_low, psnr_high, ...  pooled
        is the PSNR of all pixels of all pictures together, -10 log10(mean MSE), which a
        few pictures that were hardly damaged cannot inflate.
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault((row["severity"], row["method"]), []).append(row)
    table = []
    for (severity, method), members in groups.items():
        line = {"severity": severity, "method": method, "pictures": len(members)}
        for metric in METRICS:
            values = [float(row[metric]) for row in members]
            mean, low, high = metrics.bootstrap(values, np.random.default_rng(seed))
            line |= {metric: mean, f"{metric}_low": low, f"{metric}_high": high}
        errors = np.array([10 ** (-float(row["psnr"]) / 10) for row in members])
        mean, low, high = metrics.bootstrap(errors, np.random.default_rng(seed))
        bounds = {"pooled": mean, "pooled_low": high, "pooled_high": low}
        table.append(line | {k: float(-10 * np.log10(v)) for k, v in bounds.items()})
    return table


def gain(rows: Sequence[dict], method: str, over: str, metric: str) -> metrics.Interval:
    """Estimate by how much a method beats another, from paired differences.

    Returns:
        Mean and 95 % interval of metric(method) - metric(over), picture by picture.
    """
    values = {
        (r["picture"], r["severity"], r["method"]): float(r[metric]) for r in rows
    }
    differences = [
        value - values[picture, severity, over]
        for (picture, severity, name), value in values.items()
        if name == method
    ]
    return metrics.bootstrap(differences, np.random.default_rng(0))


def compare_sets(real: np.ndarray, made: np.ndarray) -> dict[str, float]:
    """Measure how far made pictures are from real ones, each told by `features.embed`.

    Args:
        real: (N, 112).
        made: (M, 112).

    Returns:
        The Frechet distance, the kernel distance and its error, precision and recall.
    """
    kernel = metrics.kernel_distance(real, made)
    share = metrics.precision_recall(real, made)
    return {
        "Frechet distance": metrics.frechet_distance(real, made),
        "kernel distance": kernel.value,
        "its error": kernel.error,
        "precision": share.precision,
        "recall": share.recall,
    }


def write_rows(rows: Sequence[dict], path: Path) -> None:
    """Write rows as CSV, four decimals."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()}
            )


def read_rows(path: Path) -> list[dict]:
    """Read rows back; what looks like a number becomes one."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


# --- The classical chain -------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Chain:
    """Settings of the classical chain; a step whose setting is 0 is left out.

    Attributes:
        width: side of the top-hat filter that finds thin bright and dark things, px.
        contrast: how far they must stand out to be taken for damage, in [0, 1].
        strength: of the non-local means filter, in grey levels of 255.
        clip: share of the pixels cut at each end by auto levels, per channel.
    """

    width: int = 7
    contrast: float = 0.15
    strength: float = 5.0
    clip: float = 0.0

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Restore a picture (H, W, C) in [0, 1]."""
        levels = np.round(pixels * 255).astype(np.uint8)
        if self.contrast:
            mask = find_thin_damage(levels, self.width, self.contrast)
            levels = cv2.inpaint(levels, mask, 3, cv2.INPAINT_TELEA)
        if self.strength and pixels.shape[-1] == 3:
            levels = cv2.fastNlMeansDenoisingColored(
                levels, None, self.strength, self.strength, 5, 15
            )
        elif self.strength:
            levels = cv2.fastNlMeansDenoising(levels, None, self.strength, 5, 15)
        result = levels.reshape(pixels.shape).astype(np.float32) / 255
        return auto_levels(result, self.clip) if self.clip else result


def find_thin_damage(levels: np.ndarray, width: int, contrast: float) -> np.ndarray:
    """Find thin things that stand out, by white and black top-hat transforms.

    Args:
        levels: (H, W, C) uint8.
        width: whatever is thinner than this is found, px.
        contrast: how far it must stand out, in [0, 1].

    Returns:
        The mask, (H, W) uint8, 0 or 255, grown by one pixel.
    """
    grey = levels if levels.shape[-1] == 1 else cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY)
    grey = grey.reshape(levels.shape[:2])
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    bright = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, disc)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, disc)
    found = np.maximum(bright, dark) > contrast * 255
    return cv2.dilate(found.astype(np.uint8) * 255, np.ones((3, 3), np.uint8))


def auto_levels(pixels: np.ndarray, clip: float) -> np.ndarray:
    """Stretch each channel so that a share `clip` of it is cut at either end."""
    low, high = np.quantile(pixels, [clip, 1 - clip], axis=(0, 1))
    stretched = (pixels - low) / np.maximum(high - low, 1e-3)
    return np.clip(stretched, 0, 1).astype(np.float32)


CHAINS = tuple(
    Chain(width, contrast, strength, clip)
    for (width, contrast), strength, clip in itertools.product(
        [(5, 0.0), (5, 0.1), (5, 0.2), (9, 0.1), (9, 0.2), (13, 0.2)],
        [0.0, 3.0, 6.0, 10.0],
        [0.0, 0.002, 0.01],
    )
)


def tune(cases: Sequence[Case], chains: Sequence[Chain] = CHAINS) -> dict[str, Chain]:
    """Find for each metric the chain that is best on some cases, not the test's.

    Returns:
        The best chain by the name of the metric.
    """
    best: dict[str, tuple[float, Chain]] = {}
    for chain in chains:
        results = [chain(case.aged.damaged) for case in cases]
        for metric, measure in METRICS.items():
            pairs = zip(results, cases, strict=True)
            score = float(np.mean([measure(r, case.clean) for r, case in pairs]))
            held = best.get(metric, (score, chain))
            best[metric] = BETTER[metric](
                held, (score, chain), key=lambda pair: pair[0]
            )
    return {metric: chain for metric, (_, chain) in best.items()}
