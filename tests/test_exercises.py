import re

import numpy as np
import pytest

from gantools import exercises
from gantools.exercises import Exercise, check, compare, solution

ALL = exercises.exercises()
NAMES = [exercise.name for exercise in ALL]
WRONG = [(exercise, part) for exercise in ALL for part in exercise.wrong]
JUNK = {
    "None": None,
    "a text": "42",
    "a number": -12345.678,
    "nan": float("nan"),
    "an array": np.zeros((2, 5)),
    "an object": object(),
    "a function that raises": lambda *_: 1 / 0,
    "a function that returns nothing": lambda *_: None,
    "a function without arguments": lambda: 0.0,
    "a function of text": lambda *_: "text",
    "a function of a generator": lambda *_: (n for n in range(3)),
}


def said(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_the_solution_is_correct(capsys, exercise):
    assert (
        said(capsys, exercise.name, exercise.solution) == f"{exercise.name}: correct\n"
    )


@pytest.mark.parametrize(
    ("exercise", "part"), WRONG, ids=[f"{e.name}: {p}" for e, p in WRONG]
)
def test_a_typical_wrong_answer_gets_its_own_diagnosis(capsys, exercise, part):
    line = said(capsys, exercise.name, exercise.wrong[part])
    assert line.startswith(f"{exercise.name}: not yet. ")
    assert line.count("\n") == 1
    found = [other for other in exercise.wrong if other.lower() in line.lower()]
    assert found == [part], line


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_junk_is_wrong_and_never_raises(capsys, exercise, junk):
    line = said(capsys, exercise.name, junk)
    assert line.startswith(f"{exercise.name}: not yet. ")
    assert line.count("\n") == 1


EMPTY = {
    "an ellipsis": ...,
    "a tuple with one": (1, ...),
    "a dictionary with one": {"a": ...},
    "a function that returns one": lambda *_: ...,
    "a function that returns a pair with one": lambda *_: (1, ...),
}


@pytest.mark.parametrize("empty", EMPTY.values(), ids=EMPTY)
def test_an_empty_answer_is_not_attempted_yet(capsys, monkeypatch, empty):
    asked = Exercise("99-sum", lambda a: a + 1, lambda f: f(1) and None, {})
    monkeypatch.setattr(exercises, "exercises", lambda: [asked])
    assert said(capsys, "99-sum", empty) == "99-sum: not attempted yet\n"


@pytest.mark.parametrize("exercise", ALL, ids=NAMES)
def test_every_exercise_knows_typical_mistakes(exercise):
    assert len(exercise.wrong) >= 2


def test_names_are_unique_and_begin_with_their_chapter():
    assert len(set(NAMES)) == len(NAMES)
    for exercise in ALL:
        chapter = exercise.judge.__module__.rsplit(".ch")[-1]
        assert exercise.name.startswith(f"{chapter}-")


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_is_shown_folded_and_as_code_that_compiles(name):
    shown = solution(name)
    compile(shown, name, "exec")
    assert shown._repr_html_().startswith("<details")


def test_an_unknown_exercise_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"Expected one of .*'04-psnr'.*'99-none'"):
        check("99-none", ...)


def test_checking_does_not_draw_from_the_global_generator():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    for exercise in ALL:
        exercise.judge(exercise.solution)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("received", "diagnosis"),
    [
        (np.ones((2, 3)), None),
        (np.ones((2, 3)) + 1e-6, None),
        (np.zeros((2, 3)), "all black"),
        (np.ones((3, 2)), r"expected shape \(2, 3\), received \(3, 2\)"),
        (np.full((2, 3), np.nan), "not finite"),
        (np.full((2, 3), 0.5), "from 1.00 to 1.00, received values from 0.50 to 0.50"),
        ("text", r"expected an array of shape \(2, 3\), received a value of type str"),
        (None, "received a value of type NoneType"),
        ([[1], [1, 2]], "received a value of type list"),
    ],
)
def test_compare_says_how_a_result_differs(received, diagnosis):
    verdict = compare(received, np.ones((2, 3)), {"all black": np.zeros((2, 3))})
    if diagnosis is None:
        assert verdict is None
    else:
        assert re.search(diagnosis, verdict)
