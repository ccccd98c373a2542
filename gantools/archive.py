"""Restore a whole archive: any number of scans, on processes that may be killed.

An archive's results lie in a folder OUT of their own, each under the name of its scan,
beside `manifest.jsonl`.  That file is the single truth of what was done.  A run begins
it, or goes on with it, with a line of its own:

    {"run": when, "gantools": version, "originals": folder, "settings", "weights"}

Then comes a line for each scan, a record of `provenance.describe` with three more keys:

    {"name": below the folder, "state": "restored" | "failed" | "skipped", "problem"}

The newest line on a scan counts.  One process writes, and only at the end, in one call
for each line; a run that is killed leaves at most one line cut off, which the next one
drops.  A result is written to OUT/.part, renamed, and then entered.  So a kill leaves
nothing, or a part that the next run clears away, or a whole result that is not entered;
its scan is restored again, over it.

Where a result is entered, OUT holds it, and the original is the same, nothing is done.
If the original or the result has changed, nothing is done either, but that is recorded
as a failure: in an archive originals do not change, and whether this is a better scan
or a dying disk is not for a program to guess.  Who takes the result away has it made
again.  Other settings or weights want another OUT, so that all results in one can be
compared.  What failed is tried again by each run.
"""

import contextlib
import dataclasses
import datetime
import errno
import functools
import heapq
import itertools
import json
import logging
import multiprocessing
import os
import pickle
import platform
import secrets
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import cv2

import gantools
from gantools import arrays, folders, photos, provenance, report, runtimes, scans

MODES = ("conservative", "full")  # an archive is no place for guesses of colours
MANIFEST, PAGE, PARTS = "manifest.jsonl", "report.html", ".part"
RESTORED, FAILED, SKIPPED = "restored", "failed", "skipped"
SHOWN = 24  # scans on the page, before and after
LISTED = 1000  # failures on the page
FULL = (errno.ENOSPC, errno.EDQUOT)
WINDOW = 100  # scans for each actor that Ray is given at once
TRIES = 2  # of a scan that ends its actor
MEMORY = 1536 * 2**20  # bytes of memory that Ray reserves for each actor

Record = dict[str, Any]  # a line of the manifest


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Say how every scan of an archive is restored.

    Attributes:
        mode: one of MODES, as for `restoration.restore`.
        fidelity: in [0, 1], likewise.
        keep_borders: leave what is outside of `scans.find_picture` as it is.
        weights: the folder of the networks' weights; None for those shipped.
        runtime: what runs the networks, of `runtimes.RUNTIMES`.
    """

    mode: str = "full"
    fidelity: float = 0.0
    keep_borders: bool = False
    weights: Path | None = None
    runtime: str = "keras"

    @property
    def settings(self) -> dict[str, Any]:
        """Return what a record says of it."""
        borders = {"borders": "kept"} if self.keep_borders else {}
        runtime = {} if self.runtime == "keras" else {"runtime": self.runtime}
        return {"mode": self.mode, "fidelity": self.fidelity, **borders, **runtime}


@dataclasses.dataclass(frozen=True)
class Task:
    """One scan to be restored: plain values, which any process can take.

    Attributes:
        name: of the scan and its result below the two folders, with / between parts.
        originals: the folder of scans.
        out: the folder of results.
        entered: the newest line on this scan, if it tells of a result that is there.
        verify: read files to see whether they changed, whatever their size and date.
    """

    name: str
    originals: Path
    out: Path
    entered: Record | None = None
    verify: bool = False

    @property
    def source(self) -> Path:
        """Return the path of the scan."""
        return self.originals / self.name

    @property
    def target(self) -> Path:
        """Return the path of its result."""
        return self.out / self.name


# --- One scan ----------------------------------------------------------------------


def restore_scan(task: Task, recipe: Recipe) -> Record:
    """Restore one scan into its place, or say why not; the unit of work.

    It depends on its arguments and on the files that they name, and may be called in
    any process, and again after one that was killed.

    Returns:
        The line for the manifest.

    Raises:
        OSError: the disk is full, which is no fault of this scan.
        ValueError: there are no such weights, or the processor does not compute in the
            runtime's precision.
    """
    begun, before = time.monotonic(), {}
    networks = None if task.entered else _networks(recipe)
    try:
        if task.entered:
            return _look_again(task)
        before = _identify(task.source)
        photo = photos.load(task.source, levels=True)
        photos.check(photo, task.target, overwrite=True)
        result, numbers = _restore(photo, networks, recipe)
        record = _record(task.name, recipe, before, {}, numbers)
        packet = provenance.stamp(result.xmp, record)
        record["after"] = _save(dataclasses.replace(result, xmp=packet), task)
        record["numbers"]["seconds"] = round(time.monotonic() - begun, 2)
        return record
    except Exception as problem:
        _raise_if_full(problem, task.out)
        told = report.one_line(problem).removeprefix(f"{task.source}: ")
        failed = {"state": FAILED, "problem": told}
        return (task.entered or _record(task.name, recipe, before)) | failed


@functools.cache
def _networks(recipe: Recipe) -> Any:
    """Load the networks, once in each process, and see that the runtime takes them."""
    from gantools import restoration

    networks = restoration.load_restorer(folder=recipe.weights or arrays.WEIGHTS)
    if recipe.runtime != "keras":
        runtimes.compiled(networks.repairer, recipe.runtime)
    return networks


def _restore(
    photo: photos.Photo, networks: Any, recipe: Recipe
) -> tuple[photos.Photo, dict[str, Any]]:
    """Restore a photograph; return it, and what to record of that."""
    from gantools import restoration

    area = scans.find_picture(photo.pixels) if recipe.keep_borders else None
    how = {"fidelity": recipe.fidelity, "area": area, "runtime": recipe.runtime}
    result = restoration.restore(photo, recipe.mode, networks, **how)
    cv2.threshold(result.mask, 127, 255, cv2.THRESH_BINARY, dst=result.mask)  # in place
    height, width, _ = photo.pixels.shape
    numbers = {
        "megapixels": height * width / 1e6,
        "changed": result.changed,
        "damaged": result.damaged,
        "invented": cv2.countNonZero(result.mask) / result.mask.size,
        "tone": result.tone,
        "backend": runtimes.backend(recipe.runtime),
        "precision": runtimes.RUNTIMES[recipe.runtime],
    }
    if area is not None:
        numbers["picture"] = [(part.start, part.stop) for part in area]
    return result.photo, numbers


def _save(photo: photos.Photo, task: Task) -> Record:
    """Put the result into its place in one step, and identify it."""
    part = task.out / PARTS / f"{secrets.token_hex(8)}{task.target.suffix}"
    photos.save(photo, part)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(task.target)
    return _identify(task.target)


def _record(
    name: str,
    recipe: Recipe,
    before: Record | None = None,
    after: Record | None = None,
    numbers: Record | None = None,
) -> Record:
    """Write a line for the manifest, as of a scan that was restored."""
    numbers = dict(numbers or {})
    return {"name": name, "state": RESTORED, "problem": None} | provenance.describe(
        before or {},
        after or {},
        action="restore",
        settings=recipe.settings,
        numbers=numbers,
        weights=_weights(recipe.weights),
        backend=numbers.pop("backend", None),
        precision=numbers.pop("precision", None),
    )


@functools.cache
def _weights(folder: Path | None) -> Record:
    """Identify the weights, having checked them against their manifest."""
    folder = folder or arrays.WEIGHTS
    arrays.read_arrays("restoration", folder)
    return arrays.manifest(folder)["restoration"]


def _identify(path: Path) -> Record:
    """Identify a file by its content, and by what tells without reading it."""
    return provenance.identify(path) | {"mtime_ns": path.stat().st_mtime_ns}


def _is_settled(task: Task) -> bool:
    """Tell, without reading the files, whether nothing is to be done for a scan."""
    line = task.entered
    if task.verify or not line or line["state"] != RESTORED:
        return False
    pairs = (task.source, line["before"]), (task.target, line["after"])
    with contextlib.suppress(OSError):  # who looks again will tell
        found = [(path.stat(), then) for path, then in pairs]
        return all(
            (now.st_size, now.st_mtime_ns) == (then["bytes"], then["mtime_ns"])
            for now, then in found
        )
    return False


def _look_again(task: Task) -> Record:
    """Say of an entered scan whether it and its result are what they were.

    Returns:
        The line that is known, with another state where that has changed.
    """
    record = task.entered | {"state": RESTORED, "problem": None}
    for path, key, what in (
        (task.source, "before", "original"),
        (task.target, "after", "result"),
    ):
        now = _identify(path)
        if now["sha256"] != record[key]["sha256"]:
            problem = (
                f"Expected the {what} of its restoration. Received: another file. Take "
                "the result away to have it made again"
            )
            return record | {"state": FAILED, "problem": problem}
        record[key] = now
    return record


def _raise_if_full(problem: BaseException | None, out: Path) -> None:
    """Raise the reason for a problem if it is that the disk is full."""
    while problem is not None:
        if isinstance(problem, OSError) and problem.errno in FULL:
            raise OSError(problem.errno, problem.strerror, str(out)) from None
        problem = problem.__cause__


# --- Many scans at once ------------------------------------------------------------

#: What spreads the work.  It takes tasks as it has room for them, as many at a time as
#: there are workers, has `restore_scan` do each somewhere, and yields the records as
#: they come.  It raises what `restore_scan` raises, and may do a lost task again.
Engine = Callable[[Iterator[Task], Recipe, int], Iterator[Record]]


class _Worker:
    """A process of our own that restores one scan at a time."""

    def __init__(self, recipe: Recipe):
        spawn = multiprocessing.get_context("spawn")  # TensorFlow does not survive fork
        self.pool = ProcessPoolExecutor(1, spawn, initializer=_begin)
        self.recipe = recipe
        self.pid = self.pool.submit(os.getpid)
        self.ready = self.pool.submit(_warm_up, recipe)

    def take(self, task: Task) -> Future:
        return self.pool.submit(restore_scan, task, self.recipe)

    def bury(self) -> None:
        """Raise if it was not a scan that ended the process."""
        self.pool.shutdown()
        try:
            self.ready.result()
        except BrokenProcessPool as problem:
            raise ChildProcessError(
                "Expected a process that loads the networks. Received: one that the "
                "system ended; memory may be short"
            ) from problem

    def stop(self) -> None:
        with contextlib.suppress(BrokenProcessPool, OSError):
            os.kill(self.pid.result(), signal.SIGTERM)
        self.pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Make a new process one that computes on one thread, silently, for its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what it means
    _take_one_thread()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)  # C libraries chat about broken files beside raising an error
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _take_one_thread() -> None:
    """Have the framework compute on one thread; before it is imported."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    """End this process with its parent, were that killed without a chance to tell."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _warm_up(recipe: Recipe) -> None:
    _networks(recipe)


def in_processes(
    tasks: Iterator[Task], recipe: Recipe, workers: int
) -> Iterator[Record]:
    """Restore scans in processes of this machine; an `Engine`.

    A scan whose process ends without an answer, as the system does when memory is
    short, is tried once more when all others are done, alone; then it has failed.

    Raises:
        ChildProcessError: a process ended before it had loaded the networks.
    """
    suspects: list[Task] = []
    yield from _share(tasks, recipe, workers, suspects.append)
    give_up = functools.partial(_give_up, recipe)
    yield from _share(iter(suspects), recipe, 1, give_up)


def _give_up(recipe: Recipe, task: Task) -> Record:
    """Say that a scan ended each process that worked on it."""
    problem = (
        "Expected a process that restores it. Received: one that the system ended, "
        "twice; memory may be short"
    )
    return _record(task.name, recipe) | {"state": FAILED, "problem": problem}


def _share(
    tasks: Iterator[Task],
    recipe: Recipe,
    workers: int,
    died: Callable[[Task], Record | None],
) -> Iterator[Record]:
    """Let some processes work on tasks; ask `died` about those that ended one."""
    idle: list[_Worker] = []
    busy: dict[Future, tuple[Task, _Worker]] = {}
    try:
        while True:
            while len(busy) < workers and (task := next(tasks, None)):
                worker = idle.pop() if idle else _Worker(recipe)
                busy[worker.take(task)] = task, worker
            if not busy:
                return
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                task, worker = busy.pop(future)
                try:
                    record = future.result()
                    idle.append(worker)
                except BrokenProcessPool:
                    worker.bury()
                    record = died(task)
                if record:
                    yield record
    finally:
        for worker in (*idle, *(worker for _, worker in busy.values())):
            worker.stop()


# --- On many machines --------------------------------------------------------------


def in_ray(tasks: Iterator[Task], recipe: Recipe, workers: int) -> Iterator[Record]:
    """Restore scans by actors of Ray Data, on this machine or on many; an `Engine`.

    Where the environment variable RAY_ADDRESS names a cluster, the actors run there;
    else Ray is started here, for this run alone, and tells nobody of it.  The program
    that calls this holds the manifest and writes it; actors write results.

    - Folders.  Originals and results lie in folders that all machines share, under
      the same paths, and all have the same version of gantools.  Both are checked.
    - Threads.  An actor is a process that loads the networks once and restores one
      scan at a time on one thread.  Ray places it where a processor and MEMORY bytes
      are free.  So a machine never computes on more threads than it has processors.
    - Faults.  Ray starts lost actors again and gives their scans to others, as
      `restore_scan` allows.  Each try leaves a byte in OUT/.part; who finds TRIES of
      them enters the scan as failed, so none ends actors for ever.
    - Memory.  Only names and records travel, never pixels, and Ray holds WINDOW scans
      for each worker at a time.  Between two windows actors load the networks anew.
    - Back pressure.  An actor has one scan; Ray keeps the others until one is free.

    Machines of one kind make the same bytes as `in_processes`; on another kind of
    processor a pixel may differ by one level.

    Args:
        tasks: what to restore.
        recipe: how.
        workers: how many actors, at most.

    Raises:
        ImportError: Ray is not installed.
        ValueError: a machine lacks the folders or the version.
        ChildProcessError: Ray does not start, or its cluster does not answer.
    """
    ray = _import_ray()
    ours = not ray.is_initialized()
    if ours:
        _start_ray(ray, workers)
    run, numbers = secrets.token_hex(8), itertools.count()
    try:
        while window := list(itertools.islice(tasks, WINDOW * workers)):
            rows = [
                pickle.dumps(
                    (gantools.__version__, f"{run}-{next(numbers)}", task, recipe)
                )
                for task in window
            ]
            for outcome in _map(ray, rows, workers):
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome
    finally:
        if ours:
            ray.shutdown()


def _map(ray: Any, rows: list[bytes], workers: int) -> Iterator[Record | Exception]:
    """Yield what actors make of rows, each as soon as it is there."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    size = min(workers, len(rows))
    pool = ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=1)
    tasks = ray.data.from_items(rows, override_num_blocks=len(rows))
    done = tasks.map(_Actor, compute=pool, num_cpus=1, memory=MEMORY)
    for batch in done.iter_batches(batch_size=1, prefetch_batches=0):
        yield pickle.loads(batch["outcome"][0])


class _Actor:
    """What a process of Ray does with a row; problems are rows, too."""

    def __init__(self):
        _take_one_thread()

    def __call__(self, row: dict[str, bytes]) -> dict[str, bytes]:
        try:
            outcome = _try(*pickle.loads(row["item"]))
        except Exception as problem:
            outcome = problem
        return {"outcome": pickle.dumps(outcome)}


def _try(version: str, mark: str, task: Task, recipe: Recipe) -> Record:
    """Restore a scan, unless it ended TRIES processes of this run already."""
    if version != gantools.__version__:
        raise ValueError(
            f"Expected gantools {version} on every machine. "
            f"Received: {gantools.__version__} on {platform.node()}"
        )
    for folder in (task.originals, task.out / PARTS):
        if not folder.is_dir():
            raise ValueError(
                f"{folder}: Expected a folder that all machines share. "
                f"Received: none on {platform.node()}"
            )
    with (task.out / PARTS / mark).open("ab") as tries:
        if tries.tell() >= TRIES:
            return _give_up(recipe, task)
        tries.write(b".")
    record = restore_scan(task, recipe)
    (task.out / PARTS / mark).unlink()
    return record


def _import_ray() -> Any:
    """Import Ray Data.

    Raises:
        ImportError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what fails is told here
    try:
        import ray.data
    except ImportError as problem:
        raise ImportError(
            'Expected Ray, from pip install "gantools[ray]". '
            f"Received: {report.one_line(problem)}"
        ) from problem
    return ray


def _start_ray(ray: Any, workers: int) -> None:
    """Join the cluster that RAY_ADDRESS names, or start Ray on this machine."""
    here: dict[str, Any] = {"address": os.environ.get("RAY_ADDRESS", "local")}
    if here["address"] == "local":
        here |= {"num_cpus": workers, "include_dashboard": False}
        here |= {"object_store_memory": 128 * 2**20}
    try:
        ray.init(**here, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as problem:  # Ray raises many kinds here, the plain one, too
        raise ChildProcessError(
            f"Expected Ray at the address {here['address']}. "
            f"Received: {report.one_line(problem)}"
        ) from problem


#: All engines, by the names that the command knows.
ENGINES: dict[str, Engine] = {"processes": in_processes, "ray": in_ray}


def find_engine(name: str) -> Engine:
    """Find an engine by its name, and see that it can be used.

    Args:
        name: "processes" or "ray".

    Raises:
        ValueError: there is no such engine.
        ImportError: Ray is not installed.
    """
    if name not in ENGINES:
        raise ValueError(f"Expected one of {', '.join(ENGINES)}. Received: {name}")
    if name == "ray":
        _import_ray()
    return ENGINES[name]


# --- The manifest ------------------------------------------------------------------


class _Manifest:
    """The manifest, open for one run to append to.

    Raises:
        ValueError: another run works on it, or it is no manifest.
    """

    def __init__(self, path: Path):
        self.file = path.open("ab", buffering=0)
        try:
            _lock(self.file)
            self.dropped = _drop_torn(path)
            self.run, self.places = read(path)
        except BaseException:
            self.file.close()
            raise
        self.reader = path.open("rb")

    def __enter__(self) -> "_Manifest":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.reader.close()

    def append(self, record: Record) -> None:
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        if self.file.write(line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.file.name)
        os.fsync(self.file.fileno())

    def pop(self, name: str) -> Record | None:
        """Return the newest line on a scan, and forget where it stands."""
        place = self.places.pop(name, None)
        return None if place is None else _line(self.reader, place)


def _lock(file: Any) -> None:
    """Keep other runs away from a file until this process ends, however it does."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(2**40)  # beyond all lines, for nobody could read a locked one
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as problem:
        raise ValueError(
            f"{file.name}: Expected an archive that no other run works on. "
            "Received: one that is locked"
        ) from problem


def _drop_torn(path: Path) -> int:
    """Drop the last line if it was cut off; return how many bytes it had."""
    with path.open("r+b") as file:
        end = size = file.seek(0, os.SEEK_END)
        while end and not _ends_line(file, end):
            end -= 1
        file.truncate(end)
    return size - end


def _ends_line(file: Any, end: int) -> bool:
    file.seek(end - 1)
    return file.read(1) == b"\n"


def read(path: Path) -> tuple[Record | None, dict[str, int]]:
    """Read a manifest, and remember places instead of lines, to save memory.

    Args:
        path: of the manifest; a run may be writing it.

    Returns:
        The line of the newest run, and for each scan where its newest line begins.

    Raises:
        ValueError: a line is none of a manifest.
    """
    run, places, place = None, {}, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break  # it is being written, or was cut off
            try:
                record = json.loads(line)
                if "run" in record:
                    run = record
                else:
                    places[record["name"]] = place
            except (ValueError, KeyError, TypeError) as problem:
                raise ValueError(
                    f"{path}: Expected a line of a manifest. Received: another one, "
                    f"line {number}"
                ) from problem
            place += len(line)
    return run, places


def _line(file: Any, place: int) -> Record:
    file.seek(place)
    return json.loads(file.readline())


# --- An archive --------------------------------------------------------------------


def restore(
    originals: Path,
    out: Path,
    recipe: Recipe = Recipe(),
    *,
    workers: int | None = None,
    verify: bool = False,
    engine: Engine = in_processes,
    tell: Callable[[Record], None] | None = None,
) -> Counter[str]:
    """Restore every photograph below a folder that has not been restored yet.

    The originals are only read.  What is a photograph is the rule of `folders`: files
    of other kinds, results, and links to scans of the same archive are recorded as
    skipped.  Memory is that of the workers, each about 1.1 GB and 14 bytes for each
    pixel of its scan, and some 400 bytes for each scan of the archive.

    Args:
        originals: the folder of scans.
        out: the folder of results: new, empty, or from an earlier run.
        recipe: how to restore; for a folder from an earlier run, the same.
        workers: how many processes, by default one for each processor.
        verify: read all files to see whether they changed; without it, those of which
            size and date are as they were are taken for the same.
        engine: what spreads the work: `in_processes`, `in_ray`, or one of your own.
        tell: called with each line of the manifest that this run has something to say
            on, that of the run first.

    Returns:
        How many scans are "restored" (of them "before" this run), "failed" and
        "skipped", and how many are "gone", which an earlier run found.

    Raises:
        ValueError: a folder, the recipe or the weights are not as they should be, or
            another run is at work there.
        OSError: a folder cannot be used, or the disk is full.
        ImportError: a package that the runtime or the engine wants is not installed.
    """
    if recipe.mode not in MODES:
        raise ValueError(f"Expected one of {MODES}. Received: {recipe.mode!r}")
    originals, out = Path(originals).absolute(), Path(out).absolute()
    _check(originals, out)
    runtimes.check(recipe.runtime)
    begun = _begin_run(originals, recipe)
    out.mkdir(parents=True, exist_ok=True)
    with _Manifest(out / MANIFEST) as manifest:
        _check_same(begun, manifest.run, out)
        folders.mark(out)
        begun["dropped"] = manifest.dropped
        manifest.append(begun)
        tell = tell or (lambda record: None)
        tell(begun)
        desk = _Desk(manifest, recipe, tell)
        tasks = _tasks(originals, out, desk, verify)
        records = engine(tasks, recipe, workers or os.cpu_count() or 1)
        with _passing(out / PARTS), contextlib.closing(records):
            for record in records:
                desk.enter(record)
        desk.counts["gone"] = len(manifest.places)
    return desk.counts


@contextlib.contextmanager
def _passing(folder: Path) -> Iterator[None]:
    """Make a folder, and remove it in the end with all that it holds by then."""
    folder.mkdir(exist_ok=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(originals: Path, out: Path) -> None:
    """Refuse folders that cannot be meant, before anything is written."""
    if not originals.is_dir():
        raise ValueError(f"{originals}: Expected a folder of scans. Received: none")
    if out.resolve() in (originals.resolve(), *originals.resolve().parents):
        raise ValueError(
            f"{out}: Expected a folder for results that does not hold the originals. "
            f"Received: it holds {originals}"
        )
    if os.path.lexists(out) and not out.is_dir():
        raise ValueError(f"{out}: Expected a folder. Received: a file")
    if (out / MANIFEST).is_file():
        return
    if out.is_dir() and any(out.iterdir()):
        raise ValueError(
            f"{out}: Expected a new folder, or one with a {MANIFEST} of an earlier "
            "run. Received: a folder with other files in it"
        )
    found = folders.sort_out(_walk(originals), originals, [out])
    if not any(kind == folders.PHOTOGRAPH for *_, kind in found):
        raise ValueError(f"{originals}: Expected photographs. Received: none")


def _begin_run(originals: Path, recipe: Recipe) -> Record:
    """Write the line that begins a run."""
    weights = _weights(recipe.weights)
    return {
        "run": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "gantools": gantools.__version__,
        "originals": str(originals),
        "settings": recipe.settings,
        "weights": {key: weights[key] for key in ("file", "sha256")},
    }


def _check_same(begun: Record, earlier: Record | None, out: Path) -> None:
    """Refuse to mix results of different settings or weights in one folder."""
    for key in ("settings", "weights") if earlier else ():
        if begun[key] != earlier[key]:
            raise ValueError(
                f"{out}: Expected the {key} of its earlier run, {earlier[key]}. "
                f"Received: {begun[key]}; choose another folder for them"
            )


class _Desk:
    """Count records, and enter those that say something new."""

    def __init__(
        self, manifest: _Manifest, recipe: Recipe, tell: Callable[[Record], None]
    ):
        self.manifest, self.recipe, self.tell = manifest, recipe, tell
        self.counts: Counter[str] = Counter()
        # of scans in work: the newest line, and whether its result is there
        self.asked: dict[str, tuple[Record | None, bool]] = {}

    def ask(self, name: str, out: Path) -> Record | None:
        """Return the newest line on a scan if it tells of a result that is there."""
        known = self.manifest.pop(name)
        there = bool(known and known["after"]) and os.path.lexists(out / name)
        self.asked[name] = known, there
        return known if there else None

    def refuse(self, name: str, state: str, problem: str) -> None:
        """Enter a scan that is not for the engine."""
        known = self.manifest.pop(name)
        self.asked[name] = known, False
        record = known or _record(name, self.recipe)
        self.enter(record | {"state": state, "problem": problem})

    def enter(self, record: Record) -> None:
        """Count a record, and enter it unless the manifest says the same already."""
        known, there = self.asked.pop(record["name"])
        self.counts[record["state"]] += 1
        self.counts["before"] += there and record["state"] == RESTORED
        if known is None or _said(record) != _said(known):
            self.manifest.append(record)
        self.tell(record)


def _said(record: Record) -> tuple:
    """Return what makes a record news: not the time, nor who found it out."""
    return tuple(record[key] for key in ("state", "problem", "before", "after"))


def _tasks(originals: Path, out: Path, desk: _Desk, verify: bool) -> Iterator[Task]:
    """Find the scans that an engine has to look at; settle all others."""
    taken: set[str] = set()

    def unreadable(problem: OSError) -> None:
        folder = Path(problem.filename).relative_to(originals).as_posix()
        desk.refuse(folder, FAILED, f"Expected a folder. Received: {problem.strerror}")

    paths = _walk(originals, unreadable)
    for path, below, kind in folders.sort_out(paths, originals, [out]):
        name = below.as_posix()
        if kind == folders.RESULT:
            continue
        if problem := _no_scan(path, kind, originals):
            desk.refuse(name, SKIPPED, problem)
            continue
        if name.casefold() in taken:
            problem = "Expected a name that differs from others not in case alone"
            desk.refuse(name, FAILED, f"{problem}. Received: {name}")
            continue
        taken.add(name.casefold())
        task = Task(name, originals, out, desk.ask(name, out), verify)
        if _is_settled(task):
            desk.enter(task.entered)
        else:
            yield task


def _walk(
    folder: Path, unreadable: Callable[[OSError], None] | None = None
) -> Iterator[Path]:
    """Yield all files below a folder, in order, holding one folder in memory."""
    for place, below, names in os.walk(folder, onerror=unreadable):
        below.sort()
        yield from (Path(place) / name for name in sorted(names))


def _no_scan(path: Path, kind: str, originals: Path) -> str | None:
    """Say why a file is none of the scans to be restored, if it is none."""
    if kind == folders.OTHER:
        kinds = ", ".join(photos.SUFFIXES)
        return (
            f"Expected a name that ends in {kinds}. Received: {path.suffix or 'none'}"
        )
    if not path.is_symlink():
        return None
    base, end = folders.real(originals), folders.real(path)
    if base not in end.parents or not end.is_file():
        return None
    for _, below, behind in folders.sort_out([end], base):
        if behind == folders.PHOTOGRAPH:
            return f"Expected a scan. Received: a link to {below}, which is one"
    return None


# --- A page about it ---------------------------------------------------------------


def write_page(out: Path) -> Path:
    """Write OUT/report.html from the manifest: failures first, then some scans.

    The page is of one size however large the archive is: at most LISTED failures, and
    SHOWN scans before and after, half of them those in which most was marked as damage,
    where a network errs most, the others spread evenly over the rest.

    Args:
        out: the folder of results.

    Returns:
        The path of the page.

    Raises:
        ValueError: the folder holds no manifest.
        OSError: the page cannot be written.
    """
    out = Path(out)
    if not (out / MANIFEST).is_file():
        raise ValueError(f"{out}: Expected a folder with a {MANIFEST}. Received: none")
    run, places = read(out / MANIFEST)
    counts: Counter[str] = Counter()
    failures: list[str] = []
    done: list[tuple[float, int]] = []  # share marked as damage, place in the manifest
    with (out / MANIFEST).open("rb") as file:
        for name, place in sorted(places.items()):
            record = _line(file, place)
            counts[record["state"]] += 1
            if record["state"] == FAILED and len(failures) < LISTED:
                failures.append(f"{name}: {record['problem']}")
            elif record["state"] == RESTORED:
                done.append((record["numbers"]["damaged"], place))
        shown = [_line(file, place) for _, place in _choose(done)]
    entries = list(_entries(shown, Path(run["originals"]), out, failures))
    text = report.page(entries, failures, summary=_summary(counts, run, len(entries)))
    return provenance.write_text(text, out / PAGE, overwrite=True)


def _choose(done: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Choose SHOWN of them: the highest, and then some that are spread evenly."""
    first = heapq.nlargest(SHOWN // 2, done)
    rest = sorted(set(done) - set(first), key=lambda one: one[1])
    count = min(len(rest), SHOWN - len(first))
    return first + [rest[i * len(rest) // count] for i in range(count)]


def _entries(
    shown: Iterable[Record], originals: Path, out: Path, failures: list[str]
) -> Iterator[report.Entry]:
    """Yield entries for the page; say of which scans there are no pictures any more."""
    for record in shown:
        name = record["name"]
        try:
            pair = [
                photos.load(folder / name, levels=True).pixels
                for folder in (originals, out)
            ]
        except photos.PhotoError as problem:
            failures.append(f"cannot be shown: {problem}")
            continue
        yield report.entry(
            *pair, None, record | {"after": record["after"] | {"name": name}}
        )


def _summary(counts: Counter[str], run: Record, shown: int) -> str:
    """Say how an archive stands."""
    states = ", ".join(f"{counts[s]} {s}" for s in (RESTORED, FAILED, SKIPPED))
    listed = f" The first {LISTED} failures are listed." * (counts[FAILED] > LISTED)
    settings = ", ".join(f"{key} {value}" for key, value in run["settings"].items())
    precision = runtimes.RUNTIMES[run["settings"].get("runtime", "keras")]
    return (
        f"{states}; the originals are in {run['originals']}.{listed} "
        f"Settings: {settings}; computed in {precision}; "
        f"weights {run['weights']['sha256'][:12]}. "
        f"Of the restored, {shown} are shown: first those with most marked as damage, "
        f"then some spread evenly over the rest. {MANIFEST} tells of all."
    )
