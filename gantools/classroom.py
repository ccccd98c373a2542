"""Hand chapters out to a class without solutions, and collect the answers.

`export` makes student copies of the book's notebooks. `collect` judges what comes back,
offline: each notebook in a process of its own with limits, see `grader`, so that
whatever is in it becomes a row of the table and does not stop the rest.
"""

import ast
import contextlib
import csv
import io
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import IO

import gantools
from gantools import provenance

VERDICTS = ("correct", "not yet", "not attempted", "failed")
LARGEST = 50 * 2**20  # bytes of a notebook; a chapter with its outputs has up to 3
SECONDS = 60.0  # of computing for an exercise
_PATIENCE = 3  # times as long by the clock, for the machine may have other work
_LINE = 10_000  # bytes of a line that the grader writes
_EVENTS = {"begin": 2, "score": 4, "end": 1, "refused": 2}  # words of each

_WITHHOLD = """

import os

os.environ["GANTOOLS_SOLUTIONS"] = "withheld"  # your teacher has them"""


# Handing out


def chapters(book: Path) -> dict[str, Path]:
    """Find the notebooks of the book: {"04-data": path}.

    Raises:
        FileNotFoundError: the folder holds none.
    """
    found = {path.stem: path for path in sorted(book.glob("[0-9][0-9]-*.ipynb"))}
    if not found:
        raise FileNotFoundError(
            "Expected the folder of the book's notebooks, which the package does not "
            "bring: notebooks/ in a copy of its repository (git clone). "
            f"Received: {book}, which holds none"
        )
    return found


def choose(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Choose chapters by their names or numbers; all if none is named.

    Raises:
        ValueError: there is no such chapter.

    Example:
        >>> choose(["03-restoration-problem", "04-data"], ["4"])
        ['04-data']
    """
    by_number = {name.partition("-")[0]: name for name in known}
    chosen = []
    for word in wanted or known:
        name = by_number.get(word.zfill(2), word)
        if name not in known:
            span = f"from {known[0]} to {known[-1]}"
            raise ValueError(f"Expected a chapter {span}. Received: {word}")
        chosen.append(name)
    return chosen


def export(
    book: Path, out: Path, wanted: Sequence[str] = (), *, overwrite: bool = False
) -> dict[Path, int]:
    """Write student copies of chapters.

    Args:
        book: the folder of the book's notebooks.
        out: a folder, made when it is not there.
        wanted: names or numbers of chapters; all if empty.
        overwrite: whether copies that are there may be replaced.

    Returns:
        The copies written, and how many exercises each asks.

    Raises:
        FileNotFoundError: `book` holds no notebooks.
        ValueError: no such chapter, or one that is answered already.
        FileExistsError: a copy is there already and may not be replaced.
    """
    known = chapters(book)
    copies = {}
    for name in dict.fromkeys(choose(list(known), wanted)):
        try:
            copy = student_copy(json.loads(known[name].read_text("utf-8")))
        except ValueError as problem:
            raise ValueError(f"{known[name]}: {problem}") from problem
        copies[out / f"{name}.ipynb"] = copy
    there = [path for path in copies if os.path.lexists(path)]
    if there and (not overwrite or book.resolve() == out.resolve()):
        raise FileExistsError(
            f"Expected a new name. Received: {there[0]}, which exists"
        )
    out.mkdir(parents=True, exist_ok=True)
    for path, copy in copies.items():
        text = json.dumps(copy, ensure_ascii=False, indent=1) + "\n"
        provenance.write_text(text, path, overwrite=overwrite)
    return {
        path: sum("gantools" in cell["metadata"] for cell in copy["cells"])
        for path, copy in copies.items()
    }


def student_copy(notebook: dict) -> dict:
    """Make a student copy of a chapter.

    Its cells that show solutions are gone, and so are all outputs: a prediction is
    worth nothing when the figure is there already. A mark in the metadata says which
    cell answers which exercise. The first cell, which installs the package where it is
    missing, also sets that `exercises.solution` shows nothing.

    Args:
        notebook: as read from its JSON, format 4.

    Raises:
        ValueError: an answer cell holds an answer, or a solution would stay.
    """
    cells = [cell for cell in notebook["cells"] if not _solves(cell)]
    first = next(
        (cell for cell in cells if cell["cell_type"] == "code"), {"source": ""}
    )
    install = re.search(r"%pip install .*git\+([^\"@]+)", _source(first))
    if not install:
        raise ValueError("Expected a first cell that installs. Received: another one")
    address = f"{install[1]}/blob/main"
    own = _source(first) + _WITHHOLD
    about = {"copy": "student", "version": gantools.__version__}
    return {
        **notebook,
        "cells": [
            _with_source(cell, own) if cell is first else _student_cell(cell, address)
            for cell in cells
        ],
        "metadata": {**notebook["metadata"], "gantools": about},
    }


def _source(cell: dict) -> str:
    return "".join(cell["source"])


def _solves(cell: dict) -> bool:
    """Tell whether a cell shows a solution and does nothing else."""
    shows = r"\s*solution\([\"'][\w-]+[\"']\)\s*"
    return cell["cell_type"] == "code" and bool(re.fullmatch(shows, _source(cell)))


def _student_cell(cell: dict, address: str) -> dict:
    source = _source(cell)
    if cell["cell_type"] != "code":  # pages beside the chapters are not copied
        raw = address.replace("/blob/", "/raw/")  # of a picture its bytes, not its page
        source = re.sub(r"(!\[[^\]]*\]\()\.\./", rf"\1{raw}/", source)
        return {**cell, "source": _lines(source.replace("](../", f"]({address}/"))}
    if re.search(r"\bsolution\(", source):
        raise ValueError(f"Expected solution() alone in its cell. Received: {source}")
    copy = _with_source(cell, source.replace("import check, solution", "import check"))
    if asked := _asks(source):
        copy["metadata"] = {**cell["metadata"], "gantools": asked}
    return copy


def _with_source(cell: dict, source: str) -> dict:
    """Give a code cell another source, and nothing that it printed."""
    return {**cell, "source": _lines(source), "outputs": [], "execution_count": None}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _asks(source: str) -> dict[str, str]:
    """Say which exercise a cell answers, and by which value; {} for other cells."""
    call = re.search(r"^check\([\"']([\w-]+)[\"'], (\w+)\)", source, re.MULTILINE)
    if not call:
        return {}
    nodes = ast.walk(ast.parse(source))
    if not any(isinstance(n, ast.Constant) and n.value is ... for n in nodes):
        raise ValueError(f"Expected no answer to {call[1]} yet. Received: one")
    return {"exercise": call[1], "answer": call[2]}


# Collecting


@dataclass(frozen=True)
class Score:
    """One row of the table.

    Attributes:
        student: the submission's path below the folder.
        exercise: its name; "" where the whole submission could not be judged.
        verdict: one of VERDICTS.
        diagnosis: why.
    """

    student: str
    exercise: str
    verdict: str
    diagnosis: str


def submissions(folder: Path, own: Path | None = None) -> list[Path]:
    """List all files below a folder but hidden ones, and the table itself."""
    return sorted(
        path
        for path in folder.rglob("*")
        if not path.is_dir()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and (own is None or path.absolute() != own.absolute())
    )


def collect(path: Path, student: str, seconds: float = SECONDS) -> list[Score]:
    """Judge one submission; nothing of it is run in this process.

    Args:
        path: a notebook of whatever content, or any other file.
        student: the name to put into the table.
        seconds: of computing, for each exercise; three times that by the clock.
    """

    def score(*words: str) -> Score:
        return Score(student, *(" ".join(word.split()) for word in words))

    if refusal := _refusal(path):
        return [score("", "failed", refusal)]
    scores: dict[str, Score] = {}
    while True:
        at = ""
        with contextlib.closing(_grade(path, seconds, list(scores))) as events:
            for kind, *words in events:
                if kind == "begin":
                    at = words[0]
                elif kind == "score":
                    scores[at], at = score(*words), ""
                elif kind == "end":
                    return list(scores.values())
                else:  # it was refused, or its process was ended
                    scores[at] = score(at, "failed", *words)
        if not at:  # not the fault of one exercise
            return list(scores.values())


def _refusal(path: Path) -> str:
    """Say why a file is not even opened; "" if it is."""
    if path.suffix.lower() != ".ipynb":
        return "is no notebook (.ipynb)"
    try:
        size = path.stat().st_size
    except OSError as problem:  # a link that leads nowhere
        return f"cannot be read: {problem.strerror}"
    if size > LARGEST:
        return f"is too large: {size / 2**20:.0f} MB, of {LARGEST / 2**20:.0f} allowed"
    return "" if size else "is empty"


def _grade(path: Path, seconds: float, done: Sequence[str]) -> Iterator[list[str]]:
    """Start a grader, pass on what it says, and end it, with all that it started."""
    words = [str(path.absolute()), str(seconds), *done]
    command = [sys.executable, "-P", "-m", "gantools.grader", *words]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, to be ended as one
        )
        try:
            yield from _listen(process, seconds)
        finally:
            _end(process)


def _environment(folder: str) -> dict[str, str]:
    """Give the grader's environment: what Python needs, and no secret of the user's."""
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "LANG", "KERAS_BACKEND")
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), folder)
    threads = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **homes,
        **dict.fromkeys(threads, "1"),
        "CUDA_VISIBLE_DEVICES": "-1",
        "GANTOOLS_SOLUTIONS": "withheld",
        "MPLBACKEND": "Agg",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _listen(process: subprocess.Popen, seconds: float) -> Iterator[list[str]]:
    """Pass on the lines of a grader, as long as each comes in time."""
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    kind, patience = "", _PATIENCE * max(seconds, SECONDS)  # to start takes its time
    while kind not in ("end", "refused", "ended"):
        try:
            event = _event(lines.get(timeout=patience))
        except queue.Empty:
            event = ["ended", f"took longer than {patience:g} s by the clock"]
        except (ValueError, TypeError, LookupError):  # the end, or no grader's line
            event = ["ended", _reason(process, seconds)]
        yield event
        kind, patience = event[0], _PATIENCE * seconds


def _event(line: bytes) -> list[str]:
    event = json.loads(line)
    if [type(word) for word in event] != [str] * _EVENTS.get(event[0], 0):
        raise ValueError(f"Expected an event. Received: {event}")
    return event


def _read(stream: IO[bytes], lines: queue.Queue) -> None:
    with stream:
        for line in iter(lambda: stream.readline(_LINE), b""):
            lines.put(line)
    lines.put(b"")


def _reason(process: subprocess.Popen, seconds: float) -> str:
    """Say why a grader ended by itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    code = process.returncode
    if code is None or code >= 0:
        return f"its process ended early, with code {code}"
    name = signal.Signals(-code).name
    if name == "SIGXCPU":
        return f"took more than {seconds:g} s of computing"
    hint = ", as when memory is short" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"


def _end(process: subprocess.Popen) -> None:
    """End a process and its group, and wait for it."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


# The table


def to_csv(scores: Sequence[Score]) -> str:
    """Write scores as CSV that spreadsheets open without running anything.

    A text that begins like a formula gets an apostrophe in front. The first character
    is a byte order mark, by which they know the names to be UTF-8.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Score))
    writer.writerows(map(_plain, astuple(score)) for score in scores)
    return "\ufeff" + text.getvalue()


def _plain(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(tuple("=+-@\t\r\n＝＋－＠")) else text


def count(scores: Sequence[Score]) -> dict[str, Counter]:
    """Count the verdicts of each exercise, in the order of their names."""
    counts: dict[str, Counter] = {}
    for score in sorted(scores, key=lambda score: score.exercise):
        counts.setdefault(score.exercise, Counter())[score.verdict] += 1
    return counts
