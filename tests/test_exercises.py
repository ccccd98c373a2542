import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import nbformat
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


# --- as the chapters ask them

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
KINDS = {"Predict, then run", "Complete the code", "Explain"}
LEVELS = {"easy", "medium", "hard"}
HEAD = re.compile(r"^### Exercise (\d+): .+\n\n\*(.+) · (.+)\*$", re.MULTILINE)
HINT = re.compile(
    r'<details class="hint">\n<summary>Hint[ 12]*</summary>\n\n(.+)\n\n</details>'
)
each_chapter = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def asked(path):
    """Give for each exercise of a chapter its name and the text that asks it."""
    cells = nbformat.read(path, as_version=4).cells
    for text, cell in pairwise(cells):
        for name in re.findall(r'^check\("(.+?)"', cell.source, re.MULTILINE):
            assert (text.cell_type, cell.cell_type) == ("markdown", "code")
            yield name, text.source


@each_chapter
def test_a_chapter_asks_all_of_its_exercises_in_order(path):
    found = list(asked(path))
    chapter = path.stem[:2]
    assert Counter(name for name, _ in found) == Counter(
        name for name in NAMES if name.startswith(chapter)
    )
    numbers = [HEAD.search(text)[1] for _, text in found]
    assert numbers == [str(n) for n in range(1, len(found) + 1)]


@each_chapter
def test_a_chapter_has_five_exercises_of_three_kinds_graded(path):
    heads = [HEAD.search(text) for _, text in asked(path)]
    assert len(heads) >= 5
    assert {head[2] for head in heads} == KINDS
    assert {head[3] for head in heads} <= LEVELS
    assert len({head[3] for head in heads}) >= 2


@each_chapter
def test_each_exercise_has_a_hint_that_is_not_its_solution(path):
    for name, text in asked(path):
        hints = HINT.findall(text)
        assert 1 <= len(hints) <= 2, name
        lines = str(solution(name)).splitlines()
        code = [line.strip() for line in lines if len(line.strip()) > 25]
        assert not any(line in hint for hint in hints for line in code), name


# --- the quizzes

QUIZZES = sorted((ROOT / "book/quizzes").glob("*.md"))
OPTION = re.compile(r"   - \[([ x])\] (.+)\n\n     (.+)\n")
QUESTION = re.compile(rf"(\d+)\. (.+\?)\n\n((?:{OPTION.pattern})+)\n?")


def questions(path):
    """Read a quiz: (question, [(mark, option, explanation), ...]) for each."""
    text = path.read_text(encoding="utf-8")
    assert re.fullmatch(rf"(?:{QUESTION.pattern})+", text), path
    found = QUESTION.findall(text)
    assert [q[0] for q in found] == [str(n) for n in range(1, len(found) + 1)]
    return [(question, OPTION.findall(options)) for _, question, options, *_ in found]


@pytest.mark.parametrize("path", QUIZZES, ids=lambda p: p.stem)
def test_a_quiz_explains_every_option(path):
    quiz = questions(path)
    assert 4 <= len(quiz) <= 6
    for question, options in quiz:
        marks, texts, reasons = zip(*options, strict=True)
        assert 3 <= len(options) <= 4, question
        assert set(marks) == {"x", " "}, question
        assert len(set(texts)) == len(set(reasons)) == len(options), question
        assert all(reason.endswith(".") for reason in reasons), question


def test_the_right_answer_may_stand_anywhere():
    places = Counter()
    for path in QUIZZES:
        marks = [
            "".join(mark for mark, *_ in options) for _, options in questions(path)
        ]
        assert len(set(marks)) >= 3, path
        places.update(mark.index("x") for mark in marks)
    assert all(places[place] > 0.25 * places.total() for place in range(3))


@each_chapter
def test_a_chapter_ends_with_its_quiz_and_a_summary(path):
    chapter = path.stem[:2]
    cells = nbformat.read(path, as_version=4).cells
    quiz, summary = cells[-2:]
    assert (quiz.id, quiz.cell_type) == (f"quiz-{chapter}", "markdown")
    assert f":::{{quiz}} {chapter}\n" in quiz.source
    assert f"/notebooks/{path.stem}.html#quiz)" in quiz.source
    assert summary.source.startswith("## Summary")
    assert ROOT / f"book/quizzes/{chapter}.md" in QUIZZES
