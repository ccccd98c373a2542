"""Judge the answers in one submitted notebook, in a process of its own with limits.

    python -P -m gantools.grader SUBMISSION.ipynb SECONDS [DONE ...]

`classroom.collect` starts it, in an empty folder, and ends it when it takes too long.
It writes JSON, a line for each exercise when it begins with it and one when it is
judged, and passes over the exercises that are done already:

    ["begin", "04-psnr"]
    ["score", "04-psnr", "not yet", "The factor is 10, not 20."]
    ["end"]

Of the notebook runs only what an answer needs: its own cell and, by names, those
statements of earlier cells which it uses. So neither a broken cell elsewhere nor an
hour of training matters, and nothing is run that was not handed in.

The limits keep mistakes in: endless loops, too much memory, deleting, a network that
is not to be asked. They are no security boundary. Whoever means harm gets around what
is forbidden inside Python; run the work of strangers on a machine that may break.
"""

import ast
import contextlib
import ctypes
import dis
import json
import os
import re
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERDICTS = ("correct", "not yet", "failed", "not attempted")  # the best first
LONGEST = 300  # characters of a diagnosis
_UNKNOWN = "failed", "this version of gantools has no such exercise"

START = 60  # seconds of computing, to begin with
MEMORY = 4 * 2**30  # bytes of addresses; TensorFlow takes 2.1 of the 4
FILE = 50 * 2**20  # bytes of a file
PROCESSES = 4096  # of the user, all together: a fork bomb ends before the machine does

_FORBIDDEN = (
    "os.exec",
    "os.fork",
    "os.kill",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "socket.bind",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostby",
    "socket.getnameinfo",
    "socket.send",
    "subprocess.Popen",
)
_WRITING = (  # events whose first words are paths
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "shutil.move",
    "shutil.rmtree",
)
_PATHS = int | str | bytes | os.PathLike
_NO_NOTEBOOK = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


# Reading a notebook


@dataclass(frozen=True)
class Answer:
    """Where a submission answers an exercise.

    Attributes:
        exercise: its name.
        cell: the index of its cell among the code cells.
        expression: what to judge, such as "my_psnr".
    """

    exercise: str
    cell: int
    expression: str


@dataclass(frozen=True)
class Cell:
    """One code cell: its source, and which exercise it was marked as answering."""

    source: str
    mark: dict[str, str]

    def parse(self) -> list[ast.stmt]:
        """Give its statements, without lines that are IPython's own.

        Raises:
            SyntaxError: it is no Python.
        """
        try:
            return ast.parse(self.source).body
        except SyntaxError:
            plain = re.sub(r"(?m)^(\s*)[%!?].*$", r"\1pass", self.source)
            return ast.parse(plain).body


def read(path: Path) -> list[Cell]:
    """Read the code cells of a notebook, format 4.

    Raises:
        ValueError: it is no notebook.
    """
    try:
        cells = json.loads(path.read_text("utf-8-sig"))["cells"]
        return [
            Cell("".join(cell["source"]), _mark(cell))
            for cell in cells
            if cell["cell_type"] == "code"
        ]
    except _NO_NOTEBOOK as problem:
        raise ValueError("is no notebook") from problem


def _mark(cell: dict) -> dict[str, str]:
    mark = cell.get("metadata", {}).get("gantools", {})
    whole = all(isinstance(mark.get(key), str) for key in ("exercise", "answer"))
    return mark if whole else {}


def find_answers(cells: Sequence[Cell]) -> list[Answer]:
    """Find the cells that answer exercises, by their marks or else by their checks.

    Not every program for notebooks keeps the mark, and not every student the check.
    """
    found = []
    for number, cell in enumerate(cells):
        checks = _checks(cell)
        name, expression = cell.mark.get("exercise"), cell.mark.get("answer", "")
        if name and name not in checks:
            checks[name] = expression
        found += [Answer(name, number, what) for name, what in checks.items()]
    return found


def _checks(cell: Cell) -> dict[str, str]:
    """Give the name of each exercise that a cell checks, and the answer's expression.

    A cell that is no Python has names alone.
    """
    try:
        calls = [s.value for s in cell.parse() if _calls(s, "check")]
    except (SyntaxError, ValueError, RecursionError):
        return dict.fromkeys(re.findall(r"\bcheck\(\s*[\"']([\w-]+)", cell.source), "")
    return {
        call.args[0].value: ast.unparse(call.args[1])
        for call in calls
        if len(call.args) == 2 and isinstance(_text(call.args[0]), str)
    }


def _text(tree: ast.expr) -> Any:
    return getattr(tree, "value", None)


def _calls(statement: ast.stmt, name: str) -> bool:
    """Tell whether a statement is nothing but a call of this name."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    return getattr(statement.value.func, "id", None) == name


# What an answer needs


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell, and the names that it deals with.

    Attributes:
        code: it, compiled.
        stored: names that it defines or assigns parts of.
        called: names whose methods it calls, which may change what they stand for.
        now: names that must be there when it runs.
        later: names that its functions look up when they are called.
        whole: whether what it defines does not depend on what was there before.
        imports: whether it is an import; calling a module's functions changes nothing.
    """

    code: types.CodeType
    stored: frozenset[str]
    called: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    whole: bool
    imports: bool
    star: bool


def _statement(tree: ast.stmt, where: str) -> Statement:
    code = compile(ast.Module([tree], []), where, "exec")
    stored = {i.argval for i in dis.get_instructions(code) if _is(i, "STORE")}
    now, later = _loaded(code), set()
    for inner in filter(_is_code, code.co_consts):
        (later if _is_function(inner) else now).update(_all_loaded(inner))
    branches = ast.If | ast.For | ast.While | ast.Try | ast.With | ast.Match
    assigned, called = _changed(tree)
    return Statement(
        code,
        frozenset(stored | assigned),
        frozenset(called),
        frozenset(now),
        frozenset(later),
        whole=not isinstance(tree, branches) and not _dotted(tree),
        imports=isinstance(tree, ast.Import | ast.ImportFrom),
        star=isinstance(tree, ast.ImportFrom) and tree.names[0].name == "*",
    )


def _dotted(tree: ast.stmt) -> bool:
    """Tell `import xml.dom`, which leaves what `import xml.sax` made of `xml`."""
    return isinstance(tree, ast.Import) and "." in tree.names[0].name


def _changed(tree: ast.stmt) -> tuple[set[str], set[str]]:
    """Find the names whose values change, by x[0] = 1 or x.y = 1, or by x.append(1)."""
    if isinstance(tree, ast.FunctionDef | ast.ClassDef):
        return set(), set()
    nodes = list(ast.walk(tree))
    parts = [node for node in nodes if isinstance(node, ast.Subscript | ast.Attribute)]
    assigned = {_root(part) for part in parts if isinstance(part.ctx, ast.Store)}
    called = {_root(node.func) for node in nodes if isinstance(node, ast.Call)}
    return assigned - {""}, called - {""}


def _root(node: ast.expr) -> str:
    """Give the name that x[0].y begins with; "" for what begins with no name."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        below = node.value
        return below.id if isinstance(below, ast.Name) else _root(below)
    return ""


def _is_function(code: types.CodeType) -> bool:
    """Tell what runs when it is called from what runs at once: comprehensions, classes.

    The second flag of a code object says that it has variables of its own.
    """
    at_once = "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"
    return bool(code.co_flags & 2) and code.co_name not in at_once


def _is(instruction: dis.Instruction, kind: str) -> bool:
    return instruction.opname in (f"{kind}_NAME", f"{kind}_GLOBAL")


def _is_code(constant: Any) -> bool:
    return isinstance(constant, types.CodeType)


def _loaded(code: types.CodeType) -> set[str]:
    return {i.argval for i in dis.get_instructions(code) if _is(i, "LOAD")}


def _all_loaded(code: types.CodeType) -> set[str]:
    inner = filter(_is_code, code.co_consts)
    return _loaded(code).union(*map(_all_loaded, inner))


def needed(statements: Sequence[Statement], answer: int) -> list[Statement]:
    """Keep those statements that the last `answer` of them, the answer's own, need.

    A name stands for its last definition before it is used. What a function looks up
    may be defined before it is called or before the end; both are kept. A definition
    that may leave what was there needs the one before it, too.
    """
    end = len(statements)
    modules = {name for each in statements if each.imports for name in each.stored}
    makes = [each.stored | (each.called - modules) for each in statements]
    stars = {at for at, each in enumerate(statements) if each.star}
    kept, seen = {*range(end - answer, end), *stars}, set()
    waiting = [(name, at) for at in kept for name in statements[at].now]
    waiting += [(name, end) for at in kept for name in statements[at].later]
    while waiting:
        name, before = waiting.pop()
        makers = [at for at in range(before) if name in makes[at]]
        if not makers or (name, before) in seen:
            continue
        seen.add((name, before))
        at = makers[-1]
        maker = statements[at]
        kept.add(at)
        waiting += [(other, at) for other in maker.now]
        waiting += [(other, place) for other in maker.later for place in (before, end)]
        waiting += [] if maker.whole else [(name, at)]
    return [statements[at] for at in sorted(kept)]


def _statements(cell: Cell, number: int) -> list[Statement]:
    """Compile a cell's statements, each name of an import by itself."""
    found = []
    for tree in cell.parse():
        parts = [tree]
        if isinstance(tree, ast.Import | ast.ImportFrom):
            parts = [_with_names(tree, [name]) for name in tree.names]
        for part in parts:
            if not _calls(part, "check") and not _calls(part, "solution"):
                found.append(_statement(part, f"<code cell {number + 1}>"))
    return found


def _with_names(tree: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    fields = {**dict(ast.iter_fields(tree)), "names": names}
    return ast.copy_location(type(tree)(**fields), tree)


# Judging


def judge(cells: Sequence[Cell], answer: Answer) -> tuple[str, str]:
    """Run what an answer needs, and judge it.

    Returns:
        One of VERDICTS, and one line on why.
    """
    from gantools import exercises  # after the limits are set

    try:
        own = _statements(cells[answer.cell], answer.cell)
        own += [_statement(t, "<check>") for t in ast.parse(answer.expression).body]
        space: dict[str, Any] = {"__name__": "__main__", "display": print}
        for statement in needed(_before(cells, answer.cell) + own, len(own)):
            exec(statement.code, space)
        value = eval(answer.expression, space)
        verdict = exercises.verdict(answer.exercise, value)
    except BaseException as problem:  # SystemExit and KeyboardInterrupt, too
        return "failed", f"the code raises {_line(problem)}"
    kind, _, diagnosis = verdict.partition(". ")
    return kind.removesuffix(" yet") if "attempted" in kind else kind, diagnosis


def _before(cells: Sequence[Cell], end: int) -> list[Statement]:
    """Compile the cells before an answer, but for those that are no Python."""
    found: list[Statement] = []
    for number, cell in enumerate(cells[:end]):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            found += _statements(cell, number)
    return found


def _line(problem: BaseException) -> str:
    return " ".join(f"{type(problem).__name__}: {problem}".split())


def judge_all(path: Path, done: Sequence[str]) -> Iterator[list[str]]:
    """Judge a notebook, but for the exercises that are done.

    Yields:
        What the process writes, see above. Where several cells answer an exercise,
        the best one counts.
    """
    from gantools import exercises

    cells = read(path)
    answers = find_answers(cells)
    if not answers:
        raise ValueError("holds no answer cell of this book")
    known = [exercise.name for exercise in exercises.exercises()]
    chapters = {answer.exercise.partition("-")[0] for answer in answers}
    asked = [name for name in known if name.partition("-")[0] in chapters]
    for name in dict.fromkeys([answer.exercise for answer in answers] + asked):
        if name not in done:
            yield ["begin", name]
            mine = [answer for answer in answers if answer.exercise == name]
            score = _score(cells, mine) if name in known else _UNKNOWN
            yield ["score", name, *(text[:LONGEST] for text in score)]
    yield ["end"]


def _score(cells: Sequence[Cell], answers: Sequence[Answer]) -> tuple[str, str]:
    if not answers:
        return "not attempted", "its cell is missing"
    scores = [judge(cells, answer) for answer in answers]
    return min(scores, key=lambda score: VERDICTS.index(score[0]))


# Limits


def cut_network() -> bool:
    """Leave the machine's network for an empty one; on Linux, where the kernel lets."""
    if sys.platform != "linux":
        return False
    user, network = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
    return ctypes.CDLL(None).unshare(user | network) == 0


def limit_resources() -> None:
    """Limit memory, files and processes, as far as the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"AS": MEMORY, "FSIZE": FILE, "NPROC": PROCESSES, "CORE": 0}
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS keeps none of memory
            resource.setrlimit(kind, (most, most))


def limit_seconds(seconds: float) -> None:
    """Let the process compute that many seconds more."""
    with contextlib.suppress(ImportError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 1, hard))


def forbid(folder: Path) -> None:
    """Forbid sockets, processes and signals, and to change files outside a folder."""
    inside = os.path.realpath(folder)

    def may_write(path: Any) -> bool:
        if isinstance(path, int):
            return True  # a file that is open already
        real = os.path.realpath(os.fsdecode(path))
        return real == os.devnull or os.path.commonpath([real, inside]) == inside

    def hook(event: str, words: tuple) -> None:
        if event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} is not allowed while an answer is judged")
        if event == "open":
            paths = words[:1] if (words[2] or 0) & _WRITE_FLAGS else ()
        elif event.startswith(_WRITING):
            paths = words[:2]  # the second is a path, or None, or a number
        else:
            return
        if not all(may_write(p) for p in paths if isinstance(p, _PATHS)):
            raise PermissionError(f"{event}: Expected a file of one's own")

    sys.addaudithook(hook)


def main(words: Sequence[str]) -> int:
    """Judge one notebook in this process, which must not be used afterwards.

    Args:
        words: the notebook, the seconds for each exercise, and what is done already.

    Returns:
        The exit code: 0, or 1 if the notebook cannot be judged.
    """
    path, seconds, *done = words
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # what the answers print goes nowhere
        os.dup2(null, stream)
    cut_network()
    limit_resources()
    limit_seconds(START)
    forbid(Path.cwd())
    try:
        for event in judge_all(Path(path), done):
            print(json.dumps(event), file=channel, flush=True)
            limit_seconds(float(seconds))
    except (ValueError, OSError) as problem:
        print(json.dumps(["refused", str(problem)]), file=channel, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
