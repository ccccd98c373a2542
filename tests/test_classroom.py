"""Chapters go out without solutions; whatever comes back becomes a row of the table.

A submission is judged in a process of its own, which takes a second to start: so
several answers share a notebook here, and all notebooks are collected once.
"""

import csv
import importlib.util
import inspect
import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import nbformat
import pytest

from gantools import classroom, exercises, grader
from gantools.cli import main

BOOK = Path(__file__).parents[1] / "notebooks"
NAMES = [exercise.name for exercise in exercises.exercises()]
RIGHT = {  # as a student writes it, with names of other cells
    "04-psnr": "def my_psnr(x, y):\n    return decibels(np.mean((x - y) ** 2))",
    "04-normalise": "def my_normalise(levels):\n    return levels / HALF - 1",
}
IMPORTS = "%matplotlib inline\nimport numpy as np\nimport no_such_module"
BROKEN = 'raise RuntimeError("what an answer does not need is not run")'
HELPERS = "HALF = 100\nHALF += 27.5\ndecibels = lambda error: -10 * np.log10(error)"


def cell(source, **metadata):
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": []}


def notebook(*sources):
    cells = [s if isinstance(s, dict) else cell(textwrap.dedent(s)) for s in sources]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells})


def checked(name, body):
    """Answer an exercise by a function of any arguments."""
    body = textwrap.indent(textwrap.dedent(body), "    ")
    return f"def f(*_):\n{body}\n\n\ncheck('{name}', f)"


# --- handing out


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    out = tmp_path_factory.mktemp("copies")
    classroom.export(BOOK, out)
    return {path.stem: json.loads(path.read_text("utf-8")) for path in out.iterdir()}


def code(copy):
    return [c for c in copy["cells"] if c["cell_type"] == "code"]


def marks(copy):
    found = [c["metadata"].get("gantools") for c in code(copy)]
    return [mark for mark in found if mark]


def test_every_chapter_is_copied_and_every_exercise_marked_once(copies):
    assert sorted(copies) == sorted(path.stem for path in BOOK.glob("*.ipynb"))
    asked = [m["exercise"] for name in sorted(copies) for m in marks(copies[name])]
    assert sorted(asked) == sorted(NAMES)


def test_a_copy_holds_neither_solutions_nor_outputs(copies):
    for copy in copies.values():
        text = json.dumps(copy)
        assert "solution(" not in text and "import check, solution" not in text
        assert 'class=\\"solution' not in text
        assert not any(c["outputs"] or c["execution_count"] for c in code(copy))


def test_a_copy_has_all_other_cells_of_its_chapter(copies):
    for name, copy in copies.items():
        book = json.loads((BOOK / f"{name}.ipynb").read_text("utf-8"))
        shows = {c["id"] for c in book["cells"] if "solution(" in "".join(c["source"])}
        kept = [c["id"] for c in book["cells"] if c["id"] not in shows]
        assert [c["id"] for c in copy["cells"]] == kept and len(shows) > 2
        nbformat.validate(nbformat.from_dict(copy))


@pytest.mark.parametrize("there", [True, False])
def test_a_copy_installs_the_package_where_it_is_missing(copies, monkeypatch, there):
    monkeypatch.setenv("GANTOOLS_SOLUTIONS", "")
    spec = "a spec" if there else None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    for copy in copies.values():
        asked = []
        first = "".join(code(copy)[0]["source"])
        python = re.sub(r"%pip install --quiet (.*)", r"install(r'''\1''')", first)
        exec(python, {"install": asked.append})
        names = [line.partition(" @ git+https://")[0] for line in asked]
        assert names == ([] if there else ['"gantools'])
        assert os.environ["GANTOOLS_SOLUTIONS"] == "withheld"


def test_a_copy_does_not_show_solutions_though_the_package_has_them(monkeypatch):
    monkeypatch.delenv("GANTOOLS_SOLUTIONS", raising=False)
    assert "def psnr" in exercises.solution("04-psnr")
    monkeypatch.setenv("GANTOOLS_SOLUTIONS", "withheld")
    assert "def psnr" not in exercises.solution("04-psnr")


def test_what_is_answered_already_is_not_handed_out():
    book = json.loads((BOOK / "04-data.ipynb").read_text("utf-8"))
    for c in book["cells"]:
        c["source"] = "".join(c["source"]).replace("return ...", "return 1")
    with pytest.raises(ValueError, match="Expected no answer to 04-split yet"):
        classroom.student_copy(book)


def test_the_book_itself_is_never_overwritten(tmp_path):
    chapter = tmp_path / "04-data.ipynb"
    chapter.write_bytes((BOOK / chapter.name).read_bytes())
    with pytest.raises(FileExistsError, match="Expected a new name"):
        classroom.export(tmp_path, tmp_path, overwrite=True)
    assert chapter.read_bytes() == (BOOK / chapter.name).read_bytes()
    assert classroom.export(tmp_path, tmp_path / "new") == {
        tmp_path / "new" / chapter.name: sum(name[:2] == "04" for name in NAMES)
    }


def test_a_solution_that_would_stay_is_refused():
    mixed = [cell("%pip install git+x"), cell("x = 1\nsolution('04-psnr')")]
    with pytest.raises(ValueError, match=r"Expected solution\(\) alone in its cell"):
        classroom.student_copy({"cells": mixed, "metadata": {}})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "Expected the folder of the book's notebooks"),
        ([str(BOOK), "99"], "Expected a chapter from 00-quickstart .* Received: 99"),
        ([str(BOOK), "4"], "Expected a new name"),
    ],
)
def test_an_export_that_makes_no_sense_is_refused(tmp_path, capsys, words, message):
    (tmp_path / "04-data.ipynb").write_text("mine")
    book, *chapters = words
    command = ["classroom", "export", "--book", book, str(tmp_path), *chapters]
    assert main(command) == 2
    assert re.search(message, capsys.readouterr().err)
    assert (tmp_path / "04-data.ipynb").read_text() == "mine"


def test_chapters_are_exported_by_number_or_name(tmp_path, capsys):
    words = ["classroom", "export", str(tmp_path), "4", "12-restoration-gan"]
    assert main([*words, "--book", str(BOOK)]) == 0
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["04-data.ipynb", "12-restoration-gan.ipynb"]
    asked = sum(name[:2] in ("04", "12") for name in NAMES)
    assert capsys.readouterr().out.startswith(f"2 chapters, {asked} exercises, in ")


# --- collecting


@pytest.fixture(scope="module")
def server():
    """Listen on this machine, and note who called."""
    called = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def accept():
            try:
                listening.accept()
                called.append(port)
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        yield port, called


@pytest.fixture(scope="module")
def collected(tmp_path_factory, copies, server):
    """Hand in what students hand in, and collect it by one command."""
    base = tmp_path_factory.mktemp("class")
    folder, victim = base / "handed-in", base / "victim.txt"
    victim.write_text("mine")
    album = base / "album"
    album.mkdir()
    (album / "page.txt").write_text("mine")
    hostile = {
        "04-split": "while True:\n    pass",
        "04-crop": "import time\ntime.sleep(1000)",
        "04-normalise": "import numpy as np\nnp.empty(5 * 2**27)\nreturn 0.0",
        "04-denormalise": "import os\nos.system('echo')",
        "04-psnr": f"""\
            import os, pathlib, shutil
            try:
                shutil.rmtree(pathlib.Path({str(album)!r}))
            except OSError:
                os.remove({str(victim)!r})""",
        "04-fading": f"""\
            import socket
            socket.create_connection(("127.0.0.1", {server[0]}), 5)""",
    }
    rude = {
        "07-gram": "import subprocess, sys\nsubprocess.run([sys.executable])",
        "07-adain": f"open({str(victim)!r}, 'w').write('theirs')",
        "07-sees": "raise SystemExit(0)",
        "07-colour": "import os\nos._exit(0)",
        "07-infonce": "print('x' * 10**7)\nreturn 0.0",
        "07-claims": "import os\nos.kill(os.getppid(), 9)",
    }
    own = cell("def my_psnr(x, y):\n    return 0", gantools=marks_of(copies, "04-psnr"))
    files = {
        "Ünal/work.ipynb": notebook(
            IMPORTS,
            BROKEN,
            HELPERS,
            *(f"{text}\n\n\ncheck('{n}', {words(text)})" for n, text in RIGHT.items()),
            "def my_fade(: oops\ncheck('04-fading', my_fade)",
            checked("04-split", "return ..."),
        ),
        "=marked.ipynb": notebook("import numpy as np", own),
        "twice.ipynb": notebook(
            "check('06-leak', {'A': 'clean'})",
            f"check('06-leak', {exercises.find('06-leak').solution})",
        ),
        "hostile.ipynb": notebook(*(checked(*pair) for pair in hostile.items())),
        "rude.ipynb": notebook(*(checked(*pair) for pair in rude.items())),
        "imports.ipynb": notebook(
            "import no_such_module", "check('99-none', no_such_module.f)"
        ),
        "no-exercise.ipynb": notebook("print(1)"),
        "picture.ipynb": "\x89PNG",
        "empty.ipynb": "",
        "essay.txt": "Dear teacher",
        ".DS_Store": "hidden",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with (folder / "huge.ipynb").open("wb") as file:
        file.truncate(classroom.LARGEST + 1)
    table = base / "scores.csv"
    command = ["classroom", "collect", str(folder), "-o", str(table), "--seconds", "1"]
    code = main(command)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(r["student"], r["exercise"]): tuple(r.values())[2:] for r in rows}
    assert len(found) == len(rows)
    return found, code, victim, folder


def marks_of(copies, name):
    return next(m for c in copies.values() for m in marks(c) if m["exercise"] == name)


def words(text):
    return re.search(r"def (\w+)", text)[1]


def test_an_answer_may_use_earlier_cells_and_broken_ones_do_not_matter(collected):
    found = collected[0]
    for name in RIGHT:
        assert found["Ünal/work.ipynb", name] == ("correct", "")


def test_every_exercise_of_the_chapter_has_a_row(collected):
    found = {name: row for (who, name), row in collected[0].items() if "Ünal" in who}
    assert sorted(found) == [name for name in sorted(NAMES) if name[:2] == "04"]
    assert found["04-crop"] == ("not attempted", "its cell is missing")
    assert found["04-split"] == ("not attempted", "")
    verdict, why = found["04-fading"]
    assert verdict == "failed" and "SyntaxError" in why


def test_a_marked_cell_counts_without_its_check(collected):
    verdict, why = collected[0]["'=marked.ipynb", "04-psnr"]
    assert verdict == "not yet" and why


def test_of_two_answers_the_better_one_counts(collected):
    assert collected[0]["twice.ipynb", "06-leak"] == ("correct", "")


@pytest.mark.parametrize(
    ("name", "verdict", "why"),
    [
        ("04-split", "failed", r"took more than 1 s of computing|longer than 3 s"),
        ("04-crop", "failed", "took longer than 3 s by the clock"),
        ("04-denormalise", "not yet", "PermissionError: os.system is not allowed"),
        ("04-psnr", "not yet", "PermissionError: os.remove"),
        ("04-fading", "not yet", "PermissionError: socket.getaddrinfo is not allowed"),
    ],
)
def test_a_hostile_answer_is_a_row_with_the_reason(collected, name, verdict, why):
    found = collected[0]["hostile.ipynb", name]
    assert found[0] == verdict and re.search(why, found[1]), found


@pytest.mark.skipif("sys.platform != 'linux'", reason="memory is limited on Linux")
def test_too_much_memory_is_refused(collected):
    verdict, why = collected[0]["hostile.ipynb", "04-normalise"]
    assert verdict == "not yet" and "MemoryError" in why


@pytest.mark.parametrize(
    ("name", "verdict", "why"),
    [
        ("07-gram", "not yet", "subprocess.Popen is not allowed"),
        ("07-adain", "not yet", "PermissionError: open"),
        ("07-sees", "not yet", "expected a dictionary"),
        ("07-colour", "failed", "its process ended early, with code 0"),
        ("07-infonce", "not yet", ""),
        ("07-claims", "not yet", "expected a dictionary"),
    ],
)
def test_a_rude_answer_is_a_row_with_the_reason(collected, name, verdict, why):
    found = collected[0]["rude.ipynb", name]
    assert found[0] == verdict and why.lower() in found[1].lower(), found


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no-exercise.ipynb", "holds no answer cell of this book"),
        ("picture.ipynb", "is no notebook"),
        ("empty.ipynb", "is empty"),
        ("huge.ipynb", "is too large"),
        ("essay.txt", "is no notebook"),
    ],
)
def test_what_cannot_be_read_is_one_row_with_the_reason(collected, name, why):
    rows = {k: row for (who, k), row in collected[0].items() if who == name}
    assert list(rows) == [""] and rows[""][0] == "failed" and why in rows[""][1]


def test_what_cannot_be_read_is_no_answer(tmp_path, capsys):
    folder, table = tmp_path / "in", tmp_path / "a.csv"
    folder.mkdir()
    (folder / "essay.txt").write_text("no notebook")
    assert main(["classroom", "collect", str(folder), "-o", str(table)]) == 1
    said = capsys.readouterr().out
    assert "(not read)" in said and "1 notebook, 0 of 0 answers correct" in said


@pytest.mark.parametrize(
    "text",
    ["[1, 2]", "[" * 100_000, '{"cells": 1}', '{"cells": [1]}', "\xff", "null"],
)
def test_what_only_looks_like_json_is_no_notebook(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError, match="is no notebook"):
        grader.read(path)


def test_a_cell_that_raises_at_import_fails(collected):
    verdict, why = collected[0]["imports.ipynb", "99-none"]
    assert verdict == "failed" and "no such exercise" in why


def test_nothing_outside_was_touched_and_nobody_was_called(collected, server):
    _, code, victim, folder = collected
    assert victim.read_text() == "mine" and code == 1
    assert (victim.parent / "album/page.txt").read_text() == "mine"
    assert server[1] == []
    assert not {who for who, _ in collected[0] if ".DS_Store" in who}
    assert len(list(folder.rglob("*"))) == 13


def test_reference_solutions_are_correct_wherever_they_are_collected(copies, tmp_path):
    for name in ("04-data", "06-training"):
        copy = copies[name]
        for c in code(copy):
            if mark := c["metadata"].get("gantools"):
                c["source"] = solved(mark)
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(copy))
        scores = classroom.collect(tmp_path / f"{name}.ipynb", "a", seconds=20)
        assert {s.verdict for s in scores} == {"correct"}, scores
        assert len(scores) == len(marks(copy))


def solved(mark):
    """Answer an exercise by the code of its solution, which needs NumPy at most."""
    exercise = exercises.find(mark["exercise"])
    if not inspect.isfunction(exercise.solution):
        return f"{mark['answer']} = {exercise.solution!r}"
    module = inspect.getmodule(exercise.solution).__name__
    source = inspect.getsource(exercise.solution)
    return (
        f"from {module} import *\n{source}\n{mark['answer']} = "
        f"{exercise.solution.__name__}"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "-o", "s.csv"], "Expected a folder"),
        ([".", "-o", "s.xlsx"], "Expected a name that ends in .csv"),
        ([".", "-o", "s.csv", "--seconds", "0"], "Expected 1 to 3600"),
        ([".", "-o", "there.csv"], "Expected a new name"),
    ],
)
def test_a_collection_that_makes_no_sense_is_refused(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("mine")
    assert main(["classroom", "collect", *words]) == 2
    assert message in capsys.readouterr().err
    assert Path("there.csv").read_text() == "mine"


def test_no_text_in_the_table_is_a_formula():
    score = classroom.Score("=1+1", "@x", "+y", '-2, "z"\x00\ud800')
    text = classroom.to_csv([score])
    (row,) = list(csv.reader(text.splitlines()))[1:]
    assert all(field.startswith("'") for field in row)
    text.encode("utf-8")


LIMITED = """\
import socket, sys
from pathlib import Path
from gantools import grader
cut = grader.cut_network()
grader.limit_resources()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
except OSError:
    cut = "cut off"
try:
    Path("large").write_bytes(bytes(grader.FILE + 1))
except OSError:
    print(cut, "too large")
"""


@pytest.mark.skipif("sys.platform != 'linux'", reason="the kernel's own limits")
def test_the_kernel_limits_files_and_where_it_may_the_network(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        command = [sys.executable, "-c", LIMITED, port]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    # False: the kernel lets this user make no network, and says so.
    assert run.stdout.strip() in ("cut off too large", "False too large"), run.stderr


# --- what an answer needs


@pytest.mark.parametrize(
    ("before", "answer", "kept"),
    [
        ("import a, b\nx = 1", "b.f(x)", [1, 2]),
        ("x = 1\ny = x\nx = 3", "y", [0, 1]),
        ("x = 1\nx = 2", "x", [1]),
        ("x = 1\nx += 2", "x", [0, 1]),
        ("x = []\nx.append(1)\ny = 2", "x", [0, 1]),
        ("x = []\nfor i in 1, 2:\n    x.append(i)\nx.sort()", "x", [0, 1, 2]),
        ("import a\na.f(b)\nx = a.g()", "a", [0]),
        ("x = {}\nx['a'] = 1\nx.y.z = 3", "x", [0, 1, 2]),
        ("x = 1\nif x:\n    z = 2", "z", [0, 1]),
        ("z = 1\nif a:\n    z = 2", "z", [0, 1]),
        (
            "def f(x):\n    return g(x)\ndef g(x):\n    return k\nk = 1\nx = 2",
            "f",
            [0, 1, 2],
        ),
        ("k = 1\ndef f():\n    return k\ny = f()\nk = 2", "y", [0, 1, 2, 3]),
        ("n = 3\nclass A:\n    m = n\nx = 1", "A", [0, 1]),
        ("from math import *\nx = 1", "sqrt(4)", [0]),
        ("import xml.dom\nimport xml.sax\nimport a", "xml.dom", [0, 1]),
        ("k = 2\nx = [i * k for i in range(3)]\ni = 1", "x", [0, 1]),
    ],
)
def test_only_what_an_answer_uses_is_run(before, answer, kept):
    statements = grader._statements(grader.Cell(before, {}), 0)
    own = grader._statements(grader.Cell(answer, {}), 1)
    found = grader.needed([*statements, *own], len(own))
    assert [statements.index(s) for s in found[:-1]] == kept


def test_a_check_is_never_run_and_magic_is_passed_over():
    source = "%%time\nx = 1\ncheck('04-psnr', x)\nsolution('04-psnr')\n!rm -r /\n?x"
    found = grader._statements(grader.Cell(source, {}), 0)
    space = {}
    for statement in found:
        exec(statement.code, space)
    assert space["x"] == 1


# --- the guide

GUIDE = (BOOK.parent / "book/teaching.md").read_text(encoding="utf-8")


def test_the_guide_names_exercises_that_there_are():
    assert set(re.findall(r"`(\d\d-[\w-]+)`", GUIDE)) <= set(NAMES)


def test_the_guide_knows_a_misconception_of_every_chapter():
    rows = re.findall(r"^\| [^`]+? \| `(\d\d)-[\w-]+` \|$", GUIDE, re.MULTILINE)
    assert {int(chapter) for chapter in rows} == set(range(19))


def test_every_explanation_has_rubrics():
    rubrics = re.findall(r"^\| `([\w-]+)` \|", GUIDE, re.MULTILINE)
    asked = []
    for path in sorted(BOOK.glob("*.ipynb")):
        kind = ""
        for c in json.loads(path.read_text("utf-8"))["cells"]:
            source = "".join(c["source"])
            kind = next(iter(re.findall(r"\n\*([\w, ]+) · \w+\*\n", source)), kind)
            call = re.search(r'^check\("([\w-]+)"', source, re.MULTILINE)
            if c["cell_type"] == "code" and call and kind == "Explain":
                asked.append(call[1])
    assert sorted(rubrics) == sorted(asked) and len(asked) > 19


def test_the_guide_says_how_long_chapters_take():
    rows = re.findall(
        r"\((\S+)\.ipynb\) \| (\d+) \| ([\d.]+) \| (\d+) \|$", GUIDE, re.MULTILINE
    )
    measured = (BOOK.parent / "book/run-times.csv").read_text().splitlines()[1:]
    assert len(rows) == len(measured) == 19
    for (name, read, run, asked), row in zip(rows, measured, strict=True):
        name = name.rpartition("/")[2]
        notebook = json.loads((BOOK / f"{name}.ipynb").read_text("utf-8"))
        texts = [c["source"] for c in notebook["cells"] if c["cell_type"] == "markdown"]
        text = re.sub(r"<details.*?</details>", "", "\n".join(map("".join, texts)))
        assert abs(len(text.split()) / 150 - int(read)) < 10, name
        assert (
            row.startswith(f"{name},")
            and abs(float(row.split(",")[1]) - float(run)) < 0.5
        )
        assert int(asked) == sum(exercise[:2] == name[:2] for exercise in NAMES)
