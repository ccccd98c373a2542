"""Train the smallest restorer again with one thing changed, and measure what it was.

    GANTOOLS_DATA=folder python benchmarks/ablations.py train runs/ablations
    GANTOOLS_DATA=folder python benchmarks/ablations.py measure runs/ablations

`train` trains the runs of RUNS one after the other, or those that are named; it goes on
where it was cut off, and skips what is done.  The first phase of a run that changes
only the second is taken from "full" (SAME).  A run is named by words with dashes, such
as no-game.  `measure` measures the runs that it finds, on what `restoration.py`
measures on, aged by `damage.age` to the three severities, and writes
`gantools/records/ablations.csv`, for each run and quantity

    mean, low, high          over pictures, with its 95 % interval
    change, change_low, ...  against the run "full", picture by picture

All quantities are of the repair alone, so no toner is trained.  "KID on old
photographs" repairs the really old photographs of `old_photographs`, which no run has
seen.  It is the kernel distance of their patches to those of clean pictures by what
`features.embed` says of them, which is EfficientNet-Lite0; its interval is that of the
jackknife, which leaves out one photograph at a time.  The two sets show different
things, so it cannot become 0: compare the runs.
"""

import argparse
import dataclasses
import functools
import shutil
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gantools import collections, evaluation, features, metrics, photos, restoration

RECORDS = Path(restoration.__file__).parent / "records"
RUNS = {  # what is changed of the preset, and the seed
    "full": ({}, 0),
    "seed-1": ({}, 1),
    "seed-2": ({}, 2),
    "no-game": ({"adversarial": 0.0}, 0),
    "more-game": ({"adversarial": 0.3}, 0),
    "no-perceptual": ({"perceptual": 0.0}, 0),
    "no-mask": ({"masked": False}, 0),
    "no-old": ({"old": False}, 0),
}
SAME = dict.fromkeys(("no-game", "more-game", "no-perceptual"), "repair")
QUANTITIES = {
    "repair PSNR": "psnr",
    "PSNR inside the mask": "psnr_inside",
    "mask IoU": "iou",
    "average precision of the mask": "average_precision",
    "LPIPS": "lpips",
}
KID = "KID on old photographs"
PATCH = 128  # pixels: what `features.embed` resizes to, so that nothing is resized
EDGE = 0.08  # of a side: film has a frame there, of which this is no measure


# --- Training ------------------------------------------------------------------------


def plan(name: str) -> restoration.Preset:
    """Give the preset of a run."""
    without = RUNS[name][0] | {"tone_steps": 1}  # the toner is no part of this
    return dataclasses.replace(restoration.PRESETS["small"], **without)


def train(folder: Path, names: list[str], processes: int) -> None:
    """Train the named runs, those done before excepted."""
    for name in names:
        if not (folder / name / "restoration.npz").exists():
            print(name, flush=True)
            if phase := SAME.get(name):
                take(folder / "full" / phase, folder / name / phase)
            how = {"seed": RUNS[name][1], "resume": True, "processes": processes}
            restoration.train(plan(name), folder / name, **how)


def take(phase: Path, place: Path) -> None:
    """Copy a trained phase to its place in another run, unless one is there."""
    if phase.exists() and not place.exists():
        shutil.copytree(phase, place)


# --- Measuring -----------------------------------------------------------------------


@functools.cache
def load(folder: Path) -> restoration.Restorer:
    """Load the networks of a run, once in each process."""
    return restoration.load_restorer(folder)


def repair(task, folder: Path) -> list[dict]:
    """Measure the repair of one picture; see `restoration.Task`."""
    import restoration as comparison  # only here, for training needs none of it

    method = functools.partial(restoration.repair, repairer=load(folder).repairer)
    rows = evaluation.evaluate({"run": method}, [comparison.case(task)], "faded")
    return [{"set": task.set} | row for row in rows]


def old_photographs(count: int | None = None) -> list[Path]:
    """List the bundled old photographs and the test pictures of two old sets."""
    sets = [collections.files(name, split="test") for name in ("documerica", "fsa-owi")]
    return [
        path for some in (collections.bundled("old"), *sets) for path in some[:count]
    ]


def describe_old(path: Path, folder: Path) -> np.ndarray:
    """Repair an old photograph, and describe its patches, (N, 112)."""
    repaired, _ = restoration.repair(photos.load(path).pixels, load(folder).repairer)
    return features.embed(patches(repaired))


def describe_clean(path: Path) -> np.ndarray:
    """Describe the patches of a clean picture, (N, 112)."""
    import restoration as comparison

    return features.embed(patches(comparison.picture(path)))


def patches(pixels: np.ndarray) -> np.ndarray:
    """Cut a picture (H, W, C) into patches (N, 128, 128, 3), away from its edge."""
    starts = []
    for side in pixels.shape[:2]:
        first, room = round(EDGE * side), round((1 - 2 * EDGE) * side)
        starts.append(range(first, first + room - PATCH + 1, PATCH))
    colour = np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.float32)
    cut = [colour[y : y + PATCH, x : x + PATCH] for y in starts[0] for x in starts[1]]
    return np.stack(cut)


def kernel_distances(old: list[np.ndarray], clean: np.ndarray) -> np.ndarray:
    """Give the kernel distance of all old photographs, then without each in turn.

    Args:
        old: of each photograph what its patches are, (N, 112).
        clean: what the clean patches are, (M, 112).

    Returns:
        1 + len(old) numbers.
    """
    sets = [old, *(old[:i] + old[i + 1 :] for i in range(len(old)))]
    found = [metrics.kernel_distance(np.concatenate(s), clean).value for s in sets]
    return np.array(found)


def jackknife(values: np.ndarray) -> metrics.Interval:
    """Make an interval of a number and of what it is without each of n parts."""
    mean, without = values[0], values[1:]
    error = np.sqrt((len(without) - 1) * np.mean((without - without.mean()) ** 2))
    return metrics.Interval(*(float(mean + z * error) for z in (0, -1.96, 1.96)))


def table(rows: dict[str, list[dict]], distances: dict[str, np.ndarray]) -> list[dict]:
    """Summarise.

    Args:
        rows: by run, those of `repair`.
        distances: by run, those of `kernel_distances`.

    Returns:
        A row for each run and quantity, as the head of this file tells.
    """
    import restoration as comparison

    lines = []
    for name in rows:
        for quantity, metric in QUANTITIES.items():
            mine, full = (
                comparison.by_picture(rows[n], metric) for n in (name, "full")
            )
            changes = [mine[key] - full[key] for key in mine]
            ends = bootstrap(list(mine.values())), bootstrap(changes)
            lines.append(summary(name, quantity, len(mine), *ends))
        mine, full = distances[name], distances["full"]
        ends = jackknife(mine), jackknife(mine - full)
        lines.append(summary(name, KID, len(mine) - 1, *ends))
    return lines


def bootstrap(values: list[float]) -> metrics.Interval:
    """Estimate a mean from values, with its 95 % interval."""
    return metrics.bootstrap(values, np.random.default_rng(0))


def summary(run: str, quantity: str, pictures: int, interval, change) -> dict:
    """Put a mean and a change, both with intervals, into one row."""
    line = {"run": run, "quantity": quantity, "pictures": pictures}
    change = dict(zip(("change", "change_low", "change_high"), change, strict=True))
    return line | interval._asdict() | change


def measure(folder: Path, count: int | None, workers: int) -> list[dict]:
    """Measure every run in a folder; see `table`.

    Raises:
        FileNotFoundError: the run that all are compared with is not there.
    """
    names = [name for name in RUNS if (folder / name / "restoration.npz").exists()]
    if "full" not in names:
        raise FileNotFoundError(f"Expected the run full in {folder}. Received: {names}")
    import restoration as comparison

    tasks = [task for task in comparison.tasks(count) if task.damage == "first"]
    rows, distances = {}, {}
    with comparison.Spread(workers) as spread:
        paths = list(dict.fromkeys(task.path for task in tasks))
        clean = np.concatenate(list(spread(describe_clean, paths)))
        for name in names:
            job = functools.partial(repair, folder=folder / name)
            bar = tqdm(spread(job, tasks), name, len(tasks), disable=None)
            rows[name] = [row for found in bar for row in found]
            job = functools.partial(describe_old, folder=folder / name)
            old = list(spread(job, old_photographs(count)))
            distances[name] = kernel_distances(old, clean)
    return table(rows, distances)


def main() -> None:
    """Train, or measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=("train", "measure"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="of runs; all of them by default")
    parser.add_argument("--processes", type=int, default=0, help="see training.fit")
    parser.add_argument("--count", type=int, help="measure so many pictures of a set")
    parser.add_argument("--workers", type=int, default=2, help="processes that measure")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    if unknown := set(options.names) - set(RUNS):
        parser.error(f"Expected runs among {list(RUNS)}. Received: {sorted(unknown)}")
    if options.verb == "train":
        train(options.folder, options.names or list(RUNS), options.processes)
        return
    lines = measure(options.folder, options.count, options.workers)
    options.out.mkdir(parents=True, exist_ok=True)
    evaluation.write_rows(lines, options.out / "ablations.csv")
    for line in lines:
        numbers = (f"{v:.3f}" for v in line.values() if isinstance(v, float))
        print(line["run"], line["quantity"], line["pictures"], *numbers)


if __name__ == "__main__":
    main()
