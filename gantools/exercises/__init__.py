"""Check the reader's answers to the exercises of the book.

In a notebook an exercise is a text, a cell to fill in, and a folded solution:

    def my_psnr(x, y):
        return ...  # your code

    check("04-psnr", my_psnr)  # 04-psnr: not attempted yet

    solution("04-psnr")  # in a cell of its own, tagged "remove-input"

How to add an exercise to chapter NN:

1. In `chNN.py` write the solution as a function (or a value) of a few lines, without
   a leading underscore in its name: it is what the reader unfolds.
2. Write a judge: it takes the reader's answer, and returns None when that is right, or
   else one sentence that says what is wrong. It may call the answer without fear:
   whatever an answer raises becomes a diagnosis. `compare` holds an array against the
   expected one and against what typical mistakes would have given.
3. Write the typical wrong answers, each under the diagnosis that it must get.
4. Add `Exercise("NN-name", solution, judge, wrong)` to the tuple `EXERCISES` there.
5. In the notebook, ask it in the Markdown cell before the check: a heading, its kind
   and difficulty ("*Predict, then run · easy*"; the others are "Complete the code" and
   "Explain", "medium" and "hard"), the text, and one or two folded hints.

That is all: the name finds the chapter, and `tests/test_exercises.py` proves for every
exercise that the solution passes and that every wrong answer gets its own diagnosis.
Name what is expected in the diagnosis, not the code that gives it. A judge computes on
small generated pictures, in milliseconds; it neither prints nor reads files.
"""

import functools
import html
import importlib
import inspect
import os
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Exercise:
    """Hold one exercise.

    Attributes:
        name: the chapter's two digits, a hyphen and a word: "04-psnr".
        solution: the reference answer.
        judge: takes an answer; returns None when it is right, else a diagnosis.
        wrong: typical wrong answers, each under a part of the diagnosis it must get.
    """

    name: str
    solution: Any
    judge: Callable[[Any], str | None]
    wrong: Mapping[str, Any]


class _NotAttempted(Exception):
    """Tell that an answer returned the ellipsis of its empty cell."""


def check(name: str, answer: Any) -> None:
    """Print whether an answer is right, and if it is not, what may be wrong.

    Args:
        name: the exercise, such as "04-psnr".
        answer: the reader's value or function; `...`, a collection that holds it, or
            a function that returns it has not been attempted.

    Raises:
        ValueError: there is no such exercise. A wrong answer never raises.

    Example:
        >>> check("04-psnr", ...)
        04-psnr: not attempted yet
    """
    print(f"{name}: {verdict(name, answer)}")


def verdict(name: str, answer: Any) -> str:
    """Judge an answer.

    Args:
        name: the exercise, such as "04-psnr".
        answer: as for `check`.

    Returns:
        "correct", "not attempted yet", or "not yet. " and a sentence on what is wrong.

    Raises:
        ValueError: there is no such exercise.
    """
    exercise = find(name)
    if _is_empty(answer):
        return "not attempted yet"
    try:
        diagnosis = exercise.judge(_watched(answer))
    except _NotAttempted:
        return "not attempted yet"
    except Exception as problem:  # anything at all may come out of an answer
        text = " ".join(str(problem).split())
        diagnosis = f"your answer raises {type(problem).__name__}: {text}"
    return "correct" if diagnosis is None else f"not yet. {_sentence(diagnosis)}"


def _is_empty(answer: Any) -> bool:
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    return answer is ... or (
        isinstance(answer, list | tuple) and any(part is ... for part in answer)
    )


def _watched(answer: Any) -> Any:
    """Let a function tell when it returns the ellipsis."""
    if isinstance(answer, tuple):
        return tuple(_watched(part) for part in answer)
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def watched(*args, **kwargs):
        result = answer(*args, **kwargs)
        if _is_empty(result):
            raise _NotAttempted
        return result

    return watched


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def compare(
    received: Any,
    expected: Any,
    mistakes: Mapping[str, Any] | None = None,
    tolerance: float = 1e-4,
) -> str | None:
    """Say how a result differs from the expected one: a mistake known, or in general.

    Args:
        received: what the answer gave.
        expected: a number or an array.
        mistakes: what typical mistakes give, each under its diagnosis.
        tolerance: absolute, and relative to the expected values.

    Returns:
        A diagnosis, or None when the two agree.

    Example:
        >>> compare(20.0, 10.0, {"the factor is 10, not 20": 20.0})
        'the factor is 10, not 20'
        >>> compare(np.zeros((2, 3)), np.zeros((3, 2)))
        'expected shape (3, 2), received (2, 3)'
    """
    values = _numbers(received)
    if values is None:
        kind = type(received).__name__
        return f"expected {_kind(expected)}, received a value of type {kind}"
    if _agree(values, expected, tolerance):
        return None
    for diagnosis, wrong in (mistakes or {}).items():
        if _agree(values, wrong, tolerance):
            return diagnosis
    expected = np.asarray(expected, float)
    if values.shape != expected.shape:
        return f"expected shape {expected.shape}, received {values.shape}"
    if not np.isfinite(values).all():
        return "the result holds values that are not finite (nan or inf)"
    if expected.ndim == 0:
        return f"expected {expected:.4g}, received {values:.4g}"
    return (
        f"the shape is right, the values are not: expected {_range(expected)}, "
        f"received {_range(values)}"
    )


def _numbers(value: Any) -> np.ndarray | None:
    """Return a value as an array of floats; None where it is no such thing."""
    if value is None or isinstance(value, str | bytes):
        return None
    try:
        return np.asarray(value, float)
    except (TypeError, ValueError):
        return None


def _agree(values: np.ndarray, expected: Any, tolerance: float) -> bool:
    expected = np.asarray(expected, float)
    return values.shape == expected.shape and np.allclose(
        values, expected, rtol=tolerance, atol=tolerance, equal_nan=False
    )


def _kind(expected: Any) -> str:
    shape = np.shape(expected)
    return f"an array of shape {shape}" if shape else "a number"


def _range(values: np.ndarray) -> str:
    return f"values from {values.min():.2f} to {values.max():.2f}"


class Source(str):
    """Hold source code that a notebook shows folded and a terminal shows plain."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return (
            '<details class="solution"><summary>Solution</summary>'
            f"<pre>{html.escape(self)}</pre></details>"
        )


def judge_choices(
    answer: Any, right: Mapping[str, str], choices: Sequence[str], reasons: Mapping
) -> str | None:
    """Judge an answer that chooses one of a few words for each of some keys.

    Args:
        answer: the reader's; right when it is a dictionary equal to `right`.
        right: the word for each key.
        choices: the words to choose from.
        reasons: what to tell the reader of each key whose word is another.

    Returns:
        None for the right answer, else a diagnosis.
    """
    if not isinstance(answer, dict) or set(answer) != set(right):
        return f"expected a dictionary with the keys {list(right)}"
    for key, word in answer.items():
        if word not in choices:
            return f"{key}: expected one of {list(choices)}, received {word!r}"
        if word != right[key]:
            return f"{key}: {reasons[key]}"
    return None


def solution(name: str) -> Source:
    """Show the solution of an exercise, folded in a notebook.

    A student copy sets the environment variable GANTOOLS_SOLUTIONS to "withheld"; then
    a line says so in its place. It withholds nothing from whoever reads this module.

    Raises:
        ValueError: there is no such exercise.
    """
    answer = find(name).solution
    if os.environ.get("GANTOOLS_SOLUTIONS") == "withheld":
        return Source("Your teacher will show the solution.")
    is_code = inspect.isfunction(answer) or inspect.isclass(answer)
    return Source(inspect.getsource(answer).rstrip() if is_code else repr(answer))


def find(name: str) -> Exercise:
    """Find an exercise by its name.

    Raises:
        ValueError: there is no such exercise.
    """
    known = {exercise.name: exercise for exercise in exercises()}
    if name not in known:
        raise ValueError(f"Expected one of {list(known)}. Received: {name!r}")
    return known[name]


def exercises() -> list[Exercise]:
    """List the exercises of all chapters in the order of the book."""
    chapters = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{chapter}") for chapter in chapters]
    return [exercise for module in modules for exercise in module.EXERCISES]
