"""A quiz is answered by keyboard, and can be read without scripts."""

import re
from pathlib import Path

import pytest

QUIZZES = Path(__file__).parents[2] / "book" / "quizzes"
PAGE = "notebooks/02-adversarial-game.html"
SEVERAL = "notebooks/14-cultural-heritage.html"


def marks(chapter: str) -> list[list[bool]]:
    """Give for each question which of its options are right."""
    text = (QUIZZES / f"{chapter}.md").read_text(encoding="utf-8")
    found = re.split(r"^\d+\. ", text, flags=re.MULTILINE)[1:]
    return [[m == "x" for m in re.findall(r"- \[(.)\]", q)] for q in found]


@pytest.fixture
def open_quiz(browser, address):
    """Open a page, with scripts or without."""
    contexts = []

    def open_it(page: str, scripts: bool = True):
        contexts.append(browser.new_context(java_script_enabled=scripts))
        tab = contexts[-1].new_page()
        tab.goto(address + page)
        return tab

    yield open_it
    for context in contexts:
        context.close()


def test_by_keyboard_every_answer_is_explained(open_quiz):
    page = open_quiz(PAGE)
    forms = page.locator(".quiz form")
    assert forms.count() == len(marks("02"))
    first = forms.first
    said = first.locator("[role=status] p")
    button = first.get_by_role("button", name="Check")
    button.focus()
    page.keyboard.press("Enter")
    assert first.locator(".quiz-sum").inner_text() == "Choose an answer first."
    page.keyboard.press("Shift+Tab")  # back into the group of options
    page.keyboard.press("Space")
    for _ in marks("02")[0]:
        at = first.evaluate(
            "f => [...f.querySelectorAll('input')].indexOf(document.activeElement)"
        )
        page.keyboard.press("Enter")
        shown = [n for n in range(said.count()) if said.nth(n).is_visible()]
        assert shown == [at], "the explanation of the option chosen, and no other"
        verdict = "Right." if marks("02")[0][at] else "No."
        assert said.nth(at).inner_text().startswith(verdict)
        page.keyboard.press("ArrowDown")


def test_a_question_with_several_right_answers_wants_all(open_quiz):
    page = open_quiz(SEVERAL)
    number = next(n for n, q in enumerate(marks("14")) if sum(q) > 1)
    form = page.locator(".quiz form").nth(number)
    boxes = form.get_by_role("checkbox")
    right = [n for n, mark in enumerate(marks("14")[number]) if mark]
    total = form.locator(".quiz-sum")
    for n in right:
        boxes.nth(n).focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        last = n == right[-1]
        assert total.inner_text() == (
            "That is all." if last else "There is more to choose."
        )
    wrong = next(n for n in range(boxes.count()) if n not in right)
    boxes.nth(wrong).focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert total.inner_text() == ""
    said = form.locator(".quiz-option").nth(wrong).locator("[role=status]")
    assert said.inner_text().startswith("No.")


def test_questions_are_named_by_their_legends(open_quiz):
    page = open_quiz(PAGE)
    groups = page.locator(".quiz").get_by_role("group")
    assert groups.count() == len(marks("02"))
    legend = page.locator(".quiz legend").first.inner_text()
    assert legend.startswith("1. ") and legend.endswith("?")


def test_without_scripts_the_answers_unfold(open_quiz):
    page = open_quiz(PAGE, scripts=False)
    assert page.locator(".quiz form").count() == 0
    question = page.locator(".quiz > ol > li").first
    assert question.locator(".quiz-options li").count() == len(marks("02")[0])
    answers = question.locator(".quiz-explanations li")
    assert not answers.first.is_visible()
    question.locator("summary").focus()
    page.keyboard.press("Enter")
    assert answers.first.is_visible()
    rights = [text.startswith("Right.") for text in answers.all_inner_texts()]
    assert rights == marks("02")[0]
