"""Measure restorers on pictures whose undamaged state is known.

A method is any function from damaged pixels, (H, W, C) in [0, 1], to restored pixels of
the same shape, or to those and the damage mask that it found, (H, W) in [0, 1].  Each
is given the same aged pictures; every picture gives one row of numbers, and `summarise`
makes means with bootstrap intervals of them.

Two targets tell the two problems apart: against "clean", all that happened has to be
undone; against "faded", the repair alone is measured, and fading left as it is counts
as right.
"""

import csv
import dataclasses
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from gantools import metrics, photos
from gantools.damage import Aged, age

Method = Callable[[np.ndarray], np.ndarray | tuple[np.ndarray, np.ndarray]]
TARGETS = ("clean", "faded")
CAP = 60.0  # dB: a picture that came back untouched has infinite PSNR, and no mean


def _psnr(x: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None) -> float:
    value = metrics.psnr(x, y, mask)
    return CAP if value > CAP else value  # nan, of an empty mask, stays nan


METRICS = {"psnr": _psnr, "ssim": metrics.ssim, "lpips": metrics.lpips}
BETTER = {"psnr": max, "ssim": max, "lpips": min}
PARTS = ("psnr_inside", "psnr_outside", "iou", "average_precision")
# what a row is about, apart from the method
_ABOUT = ("set", "damage", "target", "severity", "picture")


@dataclasses.dataclass(frozen=True)
class Case:
    """One picture of a test set: its name, its clean state, and what became of it."""

    name: str
    severity: float
    clean: np.ndarray  # (H, W, C) in [0, 1]
    aged: Aged

    def truth(self, target: str) -> np.ndarray:
        """Return what a method should give back, (H, W, C).

        Raises:
            ValueError: the target is none of TARGETS.
        """
        if target not in TARGETS:
            raise ValueError(f"Expected one of {TARGETS}. Received: {target!r}")
        return self.clean if target == "clean" else self.aged.faded


def aged_case(
    name: str,
    clean: np.ndarray,
    severity: float,
    seeds: Sequence[int],
    ager: Callable[..., Aged] = age,
) -> Case:
    """Age one picture.

    Args:
        name: what to call it.
        clean: the picture, (H, W, C) in [0, 1].
        severity: in [0, 1], as for `damage.age`.
        seeds: of this picture's own stream of random numbers.
        ager: what ages it, called as `damage.age` is.
    """
    aged = ager(clean, np.random.default_rng(seeds), severity)
    return Case(name, severity, clean, aged)


def aged_cases(paths: Sequence[Path], severity: float, seed: int) -> list[Case]:
    """Age each picture of a test set; the same seed makes the same cases.

    Args:
        paths: the clean pictures.
        severity: in [0, 1], as for `damage.age`.
        seed: of the set; each picture has its own stream of random numbers.
    """
    return [
        aged_case(
            path.stem,
            photos.load(path).pixels,
            severity,
            [seed, index, round(severity * 1000)],
        )
        for index, path in enumerate(paths)
    ]


def measure(result: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Measure one picture, (H, W, C), against the truth by each of METRICS."""
    return {name: metric(result, truth) for name, metric in METRICS.items()}


def measure_parts(
    result: np.ndarray, found: np.ndarray | None, truth: np.ndarray, mask: np.ndarray
) -> dict[str, float]:
    """Measure one picture where it was damaged, where it was not, and the mask found.

    Args:
        result: (H, W, C) in [0, 1].
        found: the mask found, (H, W) in [0, 1], or None of a method without one.
        truth: (H, W, C) in [0, 1].
        mask: the true mask, (H, W); damaged are the pixels above one half.

    Returns:
        One number for each of PARTS, nan where there is nothing to measure: PSNR inside
        and outside of the true mask; of the mask found, the intersection over union
        (forgiving 2 pixels, see `metrics.overlap`) and the average precision.
    """
    inside, outside = (_psnr(result, truth, m) for m in (mask, mask <= 0.5))
    iou = precision = float("nan")
    if found is not None:
        iou = metrics.iou(found, mask)
        precision = metrics.average_precision(found, mask)
    return dict(zip(PARTS, (inside, outside, iou, precision), strict=True))


def evaluate(
    methods: dict[str, Method], cases: Iterable[Case], target: str = "clean"
) -> list[dict]:
    """Measure every method on every case.

    Args:
        methods: each by its name.
        cases: the pictures.
        target: "clean" or "faded".

    Returns:
        Rows of picture, severity, method, one number for each of METRICS and of PARTS,
        target, and kinds, the names of what was drawn.  PSNR is cut at CAP decibels.

    Raises:
        ValueError: the target is none of TARGETS.
    """
    rows = []
    for case in cases:
        truth, mask = case.truth(target), case.aged.mask
        for name, method in methods.items():
            answer = method(case.aged.damaged)
            result, found = answer if isinstance(answer, tuple) else (answer, None)
            row = {"picture": case.name, "severity": case.severity, "method": name}
            row |= measure(result, truth) | measure_parts(result, found, truth, mask)
            rows.append(row | {"target": target, "kinds": " ".join(case.aged.kinds)})
    return rows


def by_kind(rows: Iterable[dict]) -> list[dict]:
    """Give each row once for every kind of damage drawn in its picture, as `kind`."""
    return [row | {"kind": kind} for row in rows for kind in row["kinds"].split()]


def summarise(
    rows: Sequence[dict], by: Sequence[str] = ("severity", "method"), seed: int = 0
) -> list[dict]:
    """Average over pictures, with 95 % intervals.

    Args:
        rows: from `evaluate`.
        by: the columns that rows must share to be averaged.
        seed: of the bootstrap.

    Returns:
        Rows of the columns `by`, pictures, and for each metric its mean and the lower
        and upper end of its bootstrap interval: psnr, psnr_low, psnr_high, ...  pooled
        is the PSNR of all pixels of all pictures together, -10 log10(mean MSE), which a
        few pictures that were hardly damaged cannot inflate.  Of a metric, pictures
        that it says nothing of (nan) do not count.
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    table = []
    for group, members in groups.items():
        line = dict(zip(by, group, strict=True)) | {"pictures": len(members)}
        for metric in METRICS:
            line |= _interval(members, metric, seed)
        errors = [{"pooled": 10 ** (-float(row["psnr"]) / 10)} for row in members]
        mean, high, low = _interval(errors, "pooled", seed).values()  # of the errors
        bounds = {"pooled": mean, "pooled_low": low, "pooled_high": high}
        line |= {k: float(-10 * np.log10(v)) for k, v in bounds.items()}
        for part in (part for part in PARTS if part in members[0]):
            line |= _interval(members, part, seed)
        table.append(line)
    return table


def _interval(rows: Sequence[dict], metric: str, seed: int) -> dict[str, float]:
    """Give a metric's mean and the ends of its interval, nan where nothing counts."""
    values = np.array([float(row[metric]) for row in rows])
    values = values[~np.isnan(values)]
    ends = metrics.Interval(*[float("nan")] * 3)
    if values.size:
        ends = metrics.bootstrap(values, np.random.default_rng(seed))
    return dict(zip((metric, f"{metric}_low", f"{metric}_high"), ends, strict=True))


def gain(rows: Sequence[dict], method: str, over: str, metric: str) -> metrics.Interval:
    """Estimate by how much a method beats another, from paired differences.

    Returns:
        Mean and 95 % interval of metric(method) - metric(over), picture by picture.
        Pictures that the metric says nothing of (nan) do not count.
    """
    values = {
        (*(row.get(key) for key in _ABOUT), row["method"]): float(row[metric])
        for row in rows
    }
    differences = [
        value - values[*about, over]
        for (*about, name), value in values.items()
        if name == method
    ]
    known = [difference for difference in differences if not np.isnan(difference)]
    return metrics.bootstrap(known, np.random.default_rng(0))


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


def to_csv(rows: Sequence[dict]) -> str:
    """Write rows as CSV, four decimals; nan, nothing to measure, is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return text.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, float):
        return value
    return "" if np.isnan(value) else f"{value:.4f}"


def write_rows(rows: Sequence[dict], path: Path) -> None:
    """Write rows as a CSV file, see `to_csv`."""
    path.write_text(to_csv(rows), encoding="utf-8", newline="")


def read_rows(path: Path) -> list[dict]:
    """Read rows back; what looks like a number becomes one, and an empty cell nan."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> float | str:
    try:
        return float(text or "nan")
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


def tune(
    cases: Sequence[Case], chains: Sequence[Method] = CHAINS, target: str = "clean"
) -> dict[str, Method]:
    """Find for each metric the chain that is best on some cases, not the test's.

    Args:
        cases: the pictures to tune on.
        chains: what to choose from.
        target: "clean" or "faded".

    Returns:
        The best chain by the name of the metric.
    """
    best: dict[str, tuple[float, Method]] = {}
    for chain in chains:
        results = [chain(case.aged.damaged) for case in cases]
        for metric, score_of in METRICS.items():
            pairs = zip(results, cases, strict=True)
            score = float(np.mean([score_of(r, c.truth(target)) for r, c in pairs]))
            held = best.get(metric, (score, chain))
            best[metric] = BETTER[metric](
                held, (score, chain), key=lambda pair: pair[0]
            )
    return {metric: chain for metric, (_, chain) in best.items()}
