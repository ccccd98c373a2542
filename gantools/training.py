"""The training loop: history, moving averages, and checkpoints that lose nothing.

A *trainer* is any object with two attributes:

    trainer.state                    models, optimizers, seeds: all that a step changes
    trainer.step(*batch) -> logs     one training step, a dict of scalars

Data come from `batches(step)`, a pure function of the step number. So the position in
the data *is* the step number, and a run killed at any moment and resumed ends in the
same bits as one never killed.
"""

import contextlib
import csv
import io
import json
import math
import multiprocessing
import os
import re
import sys
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import cv2
import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gantools import engine

Batch = tuple[np.ndarray, ...]

CHECKPOINT = "checkpoint.npz"
HISTORY = "history.csv"


class Trainer(Protocol):
    """What `fit` trains."""

    state: Any

    def step(self, *batch: Any) -> dict[str, Any]:
        """Train on one batch and give scalars to log."""


class History:
    """The losses of a run: one row for every `every` steps, each the mean over them.

    Args:
        every: how many steps one row averages.

    Example:
        >>> history = History(every=2)
        >>> for step, loss in enumerate([4.0, 2.0, 1.0], start=1):
        ...     history.add(step, {"loss": loss})
        >>> history["step"].tolist(), history["loss"].tolist()
        ([2], [3.0])
    """

    def __init__(self, every: int = 1):
        self.every = every
        self.columns: dict[str, list[float]] = {}
        self.recent: dict[str, list[float]] = {}  # steps that fill no row yet

    def __getitem__(self, name: str) -> np.ndarray:
        """Give one column."""
        if name not in self.columns:
            raise KeyError(f"Expected one of {list(self.columns)}. Received: {name!r}")
        return np.asarray(self.columns[name])

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns.get("step", ()))

    def keys(self) -> list[str]:
        """List the columns: `step` first, then what the trainer logs."""
        return list(self.columns)

    def rows(self, most: int) -> list[dict[str, float]]:
        """Give at most so many rows, evenly spaced, the first among them."""
        shown = range(0, len(self), -(-len(self) // most) or 1)
        return [{k: column[i] for k, column in self.columns.items()} for i in shown]

    def add(self, step: int, logs: Mapping[str, float]) -> None:
        """Take in the logs of one step."""
        row = {"step": step, **{name: float(value) for name, value in logs.items()}}
        for name, value in row.items():
            self.recent.setdefault(name, []).append(value)
        if step % self.every == 0:
            self.close()

    def close(self) -> None:
        """Make a row of the steps that fill none yet."""
        for name, values in self.recent.items():
            value = values[-1] if name == "step" else math.fsum(values) / len(values)
            self.columns.setdefault(name, []).append(value)
        self.recent = {}

    def to_csv(self, path: str | Path) -> Path:
        """Write the rows, atomically; every float is read back exactly."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return _write(Path(path), lambda file: file.write(text.getvalue().encode()))

    @classmethod
    def read_csv(cls, path: str | Path) -> "History":
        """Read what `to_csv` wrote."""
        with Path(path).open(newline="") as file:
            names, *rows = list(csv.reader(file)) or [[]]
        history = cls()
        for i, name in enumerate(names):
            number = int if name == "step" else float
            history.columns[name] = [number(row[i]) for row in rows]
        return history


class ExponentialMovingAverage:
    """The running average of a model's weights: it makes better pictures than the last.

    After update k, counted from 0, average <- average + (1 - d) (weights - average),
    d = min(decay, (1 + k) / (10 + k)). Without that ramp the average of a short run
    would hold mostly the initial weights. What is not trained, such as the statistics
    of batch normalisation, is copied.

    Args:
        model: a built functional or sequential model, its weights in float32.
        decay: 0.999 averages over about the last thousand steps.
    """

    def __init__(self, model: keras.Model, decay: float = 0.999):
        self.source = model
        self.decay = decay
        self.model = keras.models.clone_model(model)
        self.model.set_weights(model.get_weights())
        self.updates = keras.Variable(0, dtype="int32", trainable=False, name="updates")

    @property
    def variables(self) -> list[keras.Variable]:
        """The averages and the number of updates so far."""
        return [*self.model.variables, self.updates]

    def update(self) -> None:
        """Move the averages one step; call it at the end of a training step."""
        k = ops.cast(self.updates, "float32")
        rate = 1 - ops.minimum(self.decay, (1 + k) / (10 + k))
        for average, weight in _pairs(self, "trainable_weights"):
            average.assign_add(rate * (weight.value - average.value))
        for copy, weight in _pairs(self, "non_trainable_weights"):
            copy.assign(weight.value)
        self.updates.assign_add(1)


def with_precision(model: keras.Model, dtype: str) -> keras.Model:
    """Rebuild a model to compute in another precision, its last layer in float32.

    Args:
        model: a functional or sequential model; its weights' values are kept.
        dtype: such as "mixed_bfloat16", whose weights stay in float32.
    """
    last = model.layers[-1].name

    def rebuild(layer):
        precision = "float32" if layer.name == last else dtype
        return type(layer).from_config({**layer.get_config(), "dtype": precision})

    copy = keras.models.clone_model(model, clone_function=rebuild)
    copy.set_weights(model.get_weights())
    return copy


def chosen(preset: Any, presets: Mapping[str, Any]) -> tuple[Any, str]:
    """Look up a preset by its name, or take one of one's own.

    Args:
        preset: a name in `presets`, or a preset.
        presets: those that have names.

    Returns:
        The preset, and what to call it.

    Raises:
        ValueError: the name is unknown.
    """
    if not isinstance(preset, str):
        return preset, "of one's own"
    if preset not in presets:
        raise ValueError(f"Expected one of {list(presets)}. Received: {preset!r}")
    return presets[preset], preset


def adam(peak: float, steps: int, beta_1: float = 0.9) -> keras.optimizers.Adam:
    """Make Adam with a rate that rises for 50 steps, then falls along a cosine.

    It follows Kingma and Ba 2015 (arXiv:1412.6980); gradients longer than 1 are cut.

    Args:
        peak: the highest rate; the first is a hundredth of it, and the last nearly.
        steps: of the whole run.
        beta_1: how much of the last gradients' mean is kept; beta_2 is 0.99.
    """
    schedule = keras.optimizers.schedules.CosineDecay(
        peak / 100, steps, alpha=0.01, warmup_target=peak, warmup_steps=min(50, steps)
    )
    return keras.optimizers.Adam(schedule, beta_1, 0.99, global_clipnorm=1.0)


def fit(
    trainer: Trainer,
    batches: Callable[[int], Batch],
    steps: int,
    folder: str | Path | None = None,
    *,
    resume: bool = False,
    save_every: int | None = None,
    log_every: int = 50,
    workers: int = 2,
    processes: int = 0,
    progress: bool = True,
    on_save: Callable[[int], None] | None = None,
) -> History:
    """Train until `steps` steps have been taken in all.

    On a CPU the same run gives the same bits. On a GPU TensorFlow first needs
    `tf.config.experimental.enable_op_determinism()`. PyTorch's Dropout draws from its
    global generator, which no checkpoint holds.  For several devices build the
    trainer and call this inside `engine.data_parallel`.

    Args:
        trainer: what to train.
        batches: `batches(step)` for step 0, 1, ...; pure: its randomness comes from
            `np.random.default_rng([seed, step])` alone. It runs in threads.
        steps: the number of steps of the whole run, those before a resume included.
        folder: where `checkpoint.npz` and `history.csv` go; None keeps nothing.
        resume: go on from the folder's checkpoint, from the start if it has none.
        save_every: steps between two checkpoints, by default a tenth of the run.
        log_every: steps that one row of the history averages.
        workers: threads that prepare batches ahead.
        processes: if not 0, that many forked processes prepare them instead: for a
            GPU, which two threads of Python starve.  The batches are the same.
        progress: show a bar, on a terminal only, never in a notebook's stored output.
        on_save: called with the number of steps taken after every checkpoint, and
            on resuming from one, so that what it writes is never of another step.

    Returns:
        The history of the whole run.

    Raises:
        FileExistsError: the folder holds another run and `resume` is False.
        FloatingPointError: a loss or a weight is not finite; the checkpoint before
            that stands.
        ValueError: the checkpoint is of another architecture or other data.
    """
    run = _Run(trainer, batches, folder, History(log_every))
    run.open(steps, resume)
    if on_save and run.done:
        on_save(run.done)
    save_every = save_every or max(1, steps // 10)
    fast = engine.compile_step(trainer.step, trainer.state)
    with (
        _forked(batches, processes) as batches,
        contextlib.closing(
            _prefetch(batches, run.done, steps, processes or workers)
        ) as stream,
        _bar(steps, run.done, progress) as bar,
    ):
        for batch in stream:
            run.took_step(fast(*batch))
            saves = run.done % save_every == 0 or run.done == steps
            if saves or run.done % log_every == 0:
                bar.set_postfix(run.read_logs())
            if saves:
                run.save()
                if on_save:
                    on_save(run.done)
            bar.update()
    return run.close()


class _Run:
    """What `fit` knows of a run: the steps taken, the history, the folder."""

    def __init__(self, trainer, batches, folder, history):
        self.state = trainer.state
        self.batches = batches
        self.folder = None if folder is None else Path(folder)
        self.history = history
        self.done = 0
        self.unread = []  # logs still on the device: reading them would wait for it

    def open(self, steps, resume):
        """Go to where the run stands."""
        if self.folder is None:
            if resume:
                raise ValueError("Expected a folder to resume from. Received: None")
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path, self.sample = self.folder / CHECKPOINT, _sample(self.batches(0))
        if not resume:
            _refuse_other_run(self.folder)
        elif path.exists():
            self.done, extra = load_checkpoint(path, self.state)
            _check_same_data(self.sample, extra.pop("sample"), path)
            _restore_history(self.history, extra)
            self.history.to_csv(self.folder / HISTORY)
        if self.done > steps:
            raise ValueError(
                f"Expected steps >= {self.done}, where {path} stands. Received: {steps}"
            )

    def took_step(self, logs):
        self.done += 1
        self.unread.append(logs)

    def read_logs(self):
        """Move the last steps' logs into the history; stop if one is not finite."""
        first = self.done - len(self.unread) + 1
        for step, logs in enumerate(self.unread, start=first):
            values = {name: float(value) for name, value in logs.items()}
            for name, value in values.items():
                if not math.isfinite(value):
                    raise FloatingPointError(
                        f"Expected finite losses. Received: {name} = {value} at step "
                        f"{step}; the last checkpoint is from before it"
                    )
            self.history.add(step, values)
        self.unread = []
        return values

    def save(self):
        if self.folder is None:
            return
        extra = {"sample": self.sample, **_history_arrays(self.history)}
        save_checkpoint(self.folder / CHECKPOINT, self.state, self.done, extra)
        self.history.to_csv(self.folder / HISTORY)

    def close(self):
        """Give the history, its last and incomplete row included."""
        self.history.close()
        if self.folder is not None:
            self.history.to_csv(self.folder / HISTORY)
        return self.history


def save_checkpoint(
    path: str | Path,
    state: Any,
    step: int,
    extra: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write every variable of `state` into one .npz file, whole or not at all.

    Args:
        path: the file, replaced in one operation that a crash cannot cut in two.
        state: as for `engine.variables_of`.
        step: steps taken so far.
        extra: more arrays, given back by `load_checkpoint`.

    Raises:
        FloatingPointError: a variable is not finite; the old file stands.
    """
    arrays = {f"extra/{name}": value for name, value in (extra or {}).items()}
    variables = engine.variables_of(state)
    for i, v in enumerate(variables):
        arrays[f"variable/{i:05d}"] = array = _to_numpy(v)
        if not np.all(np.isfinite(array)):
            raise FloatingPointError(
                f"Expected finite weights. Received: {v.path} with NaN or infinity "
                f"after step {step}; {path} is not written"
            )
    header = {"step": step, "names": [_lasting_name(v) for v in variables]}
    arrays["header"] = np.array(json.dumps(header))
    return _write(Path(path), lambda file: np.savez(file, **arrays))


def load_checkpoint(path: str | Path, state: Any) -> tuple[int, dict[str, np.ndarray]]:
    """Give every variable of `state` its value in the checkpoint.

    Returns:
        The number of steps taken, and the extra arrays.

    Raises:
        ValueError: the file is damaged, or was made by another architecture; then no
            variable has been changed.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(str(arrays.pop("header")))
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
        raise ValueError(
            f"Expected a whole checkpoint. Received: {path} ({error})"
        ) from error
    values = [arrays[name] for name in sorted(arrays) if name.startswith("variable/")]
    variables = engine.variables_of(state)
    _check_same_architecture(variables, header["names"], values, path)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    prefix = "extra/"
    extra = {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
    return header["step"], extra


def _check_same_architecture(variables, names, values, path):
    wanted = [(_lasting_name(v), tuple(v.shape)) for v in variables]
    stored = [(name, value.shape) for name, value in zip(names, values, strict=True)]
    if wanted == stored:
        return
    if len(wanted) != len(stored):
        difference = (f"{len(wanted)} variables", f"{len(stored)}")
    else:
        i = next(
            i for i, (a, b) in enumerate(zip(wanted, stored, strict=True)) if a != b
        )
        difference = (f"variable {i} to be {wanted[i]}", f"{stored[i]}")
    raise ValueError(
        f"Expected {difference[0]}, as in this trainer. "
        f"Received: {difference[1]} in {path}, a checkpoint of another architecture"
    )


def _lasting_name(variable):
    """Give the path without the counters that depend on what was built before."""
    return re.sub(r"_\d+(?=[_/]|$)", "", variable.path)


def _to_numpy(variable):
    array = np.asarray(variable.numpy())  # of one device, if it is on several
    # bfloat16 is no type of NumPy's own, and float32 holds each of its values.
    return array if array.dtype.isbuiltin == 1 else array.astype("float32")


def _write(path, write):
    """Write a file so that any crash leaves the old one or the new one, whole."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def _refuse_other_run(folder):
    for name in (CHECKPOINT, HISTORY):
        if (folder / name).exists():
            raise FileExistsError(
                "Expected a folder without a run in it, or resume=True. "
                f"Received: {folder}, which holds {name}"
            )


def _sample(batch):
    """Take a few numbers of a batch, by which to know it again."""
    parts = [np.ravel(array)[:: max(1, np.size(array) // 256)] for array in batch]
    return np.concatenate(parts).astype("float32")


def _check_same_data(sample, stored, path):
    """Tell other data from the same data computed by another processor."""
    same_size = sample.shape == stored.shape
    if not same_size or np.mean(np.abs(sample - stored)) > 0.05 * np.std(stored):
        raise ValueError(
            f"Expected the data and the seed that {path} was trained on. Received: "
            "a different first batch"
        )


def _history_arrays(history):
    parts = {"row": history.columns, "recent": history.recent}
    return {
        f"{part}/{name}": np.asarray(values)
        for part, columns in parts.items()
        for name, values in columns.items()
    }


def _restore_history(history, arrays):
    parts = {"row": history.columns, "recent": history.recent}
    for key, values in arrays.items():
        part, name = key.split("/", 1)
        parts[part][name] = values.tolist()


def _prefetch(batches, first, last, workers) -> Iterator[Batch]:
    """Give `batches(first)`, ..., `batches(last - 1)` in order, prepared by threads."""

    def make(step):
        try:
            return batches(step)
        except Exception as error:
            error.add_note(f"while batches({step}) was prepared")
            raise

    steps = iter(range(first, last))
    pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
    try:
        waiting = deque(pool.submit(make, s) for s in islice(steps, 2 * workers))
        while waiting:
            batch = waiting.popleft().result()
            waiting.extend(pool.submit(make, s) for s in islice(steps, 1))
            yield batch
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _forked(batches, processes):
    """Give a function that prepares the same batches in other processes."""
    if not processes:
        yield batches
        return
    cv2.setNumThreads(0)  # a process forked beside its threads waits for them for ever
    context = multiprocessing.get_context("fork")  # it inherits the pictures
    with context.Pool(processes, _inherited.append, (batches,)) as pool:
        yield lambda step: pool.apply(_prepare, (step,))
    cv2.setNumThreads(-1)


def _prepare(step):
    return _inherited[-1](step)


_inherited = []  # in a forked process: what prepares its batches


def _bar(steps, done, progress):
    shown = progress and sys.stderr.isatty()
    return tqdm(total=steps, initial=done, unit="step", disable=not shown)


def _pairs(average, kind):
    return zip(getattr(average.model, kind), getattr(average.source, kind), strict=True)
