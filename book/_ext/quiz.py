r"""Let a page ask the reader questions, and explain every answer, without a server.

    :::{quiz} 04

    What a notebook that runs elsewhere shows in its place.

    :::

The questions stand in `book/quizzes/04.md`, as Markdown: a numbered list of questions,
each of one paragraph, with two to six options below it.  `[x]` marks what is right; the
second paragraph of an option says why it is, or which misconception it is:

    1. What is $1 + 1$?

       - [x] $2$.

         Adding one is counting on by one.
       - [ ] $11$.

         That is writing one numeral after the other.

Without scripts a reader sees the questions, and the answers folded; `quiz.js` makes
of each question a form.  All text is in the page's own doctree, so that mathematics is
set and a translation finds it.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

QUIZZES = Path(__file__).parents[1] / "quizzes"
OPTION = re.compile(r"(?P<head> *- )\[(?P<mark>[ x])\] ")
VERDICTS = {"x": "**Right.** ", " ": "**No.** "}


class Answers(nodes.General, nodes.Element):
    """The explanations of one question, folded."""


def prepare(text: str) -> tuple[list[str], list[bool]]:
    """Turn marks into verdicts before the explanations.

    Returns:
        The lines of plain Markdown, and for each option in order whether it is right.
    """
    lines, rights, verdict = [], [], ""
    for line in text.splitlines():
        option = OPTION.match(line)
        if option:
            verdict = VERDICTS[option["mark"]]
            rights.append(option["mark"] == "x")
            line = option["head"] + line[option.end() :]
        elif verdict and line.strip() and not lines[-1].strip():
            indent = line[: len(line) - len(line.lstrip())]
            line, verdict = indent + verdict + line.lstrip(), ""
        lines.append(line)
    return lines, rights


def lettered(rows: list[nodes.list_item], name: str) -> nodes.enumerated_list:
    """Make a list A, B, C of items."""
    made = nodes.enumerated_list("", *rows, classes=[name])
    made["enumtype"], made["prefix"], made["suffix"] = "upperalpha", "", "."
    return made


class Quiz(SphinxDirective):
    """The questions of one chapter."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Read the questions and part options from explanations."""
        path = QUIZZES / f"{self.arguments[0]}.md"
        if not path.exists():
            raise self.error(f"Expected questions in {QUIZZES}. Received: {path.name}")
        self.env.note_dependency(str(path))
        lines, rights = prepare(path.read_text(encoding="utf-8"))
        quiz = nodes.container(classes=["quiz"])
        self.state.nested_parse(StringList(lines, source=str(path)), 0, quiz)
        marks = iter(rights)
        for question in quiz.findall(nodes.list_item):
            if isinstance(question.parent.parent, nodes.container):
                self.part(question, marks)
        return [quiz]

    def part(self, question: nodes.list_item, marks) -> None:
        """Put the options of a question below it, and then its answers."""
        kinds = [type(child) for child in question]
        if kinds != [nodes.paragraph, nodes.bullet_list]:
            text = question.astext()[:60]
            raise self.error(f"Expected a paragraph and a list. Received: {text!r}")
        options, answers = [], []
        for item in question[1]:
            if [type(child) for child in item] != [nodes.paragraph] * 2:
                text = item.astext()[:60]
                raise self.error(f"Expected option, explanation. Received: {text!r}")
            kind = "quiz-right" if next(marks) else "quiz-wrong"
            options.append(nodes.list_item("", item[0]))
            answers.append(nodes.list_item("", item[1], classes=[kind]))
        question[1:] = [
            lettered(options, "quiz-options"),
            Answers("", lettered(answers, "quiz-explanations")),
        ]


def fold(translator, node: Answers) -> None:
    """Open a folded part of the page."""
    translator.body.append('<details class="quiz-answers"><summary>Answers</summary>')


def unfold(translator, node: Answers) -> None:
    """Close it."""
    translator.body.append("</details>\n")


def entitle(translator, node: Answers) -> None:
    """Say in print what follows."""
    translator.body.append("\n\n\\emph{Answers:}\n\n")


def add_script(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Load the script and its looks on pages with a quiz only."""
    if doctree is not None and next(doctree.findall(Answers), None):
        app.add_js_file("quiz.js", loading_method="defer")
        app.add_css_file("quiz.css")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_node(Answers, html=(fold, unfold), latex=(entitle, lambda *_: None))
    app.add_directive("quiz", Quiz)
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
