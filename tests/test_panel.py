"""The panel: blind until its end, fair to both sides, and counted as Python counts."""

import base64
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from gantools import metrics, panel
from gantools.cli import main

FOLDERS = ("plain </script>", "gän & co")
DARK, LIGHT = np.full((30, 40, 3), 0.2), np.full((30, 40, 3), 0.8)


def pairs(count=6, reference=None):
    return [panel.pair(f"secret-{i}.png", DARK, LIGHT, reference) for i in range(count)]


def key_of(page):
    (text,) = re.findall(r'id="key">([^<]*)</script>', page)
    return json.loads(base64.b64decode(text))


def pictures(page):
    """Decode the pictures of a page in their order: each (H, W), in [0, 1]."""
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)
    data = (np.frombuffer(base64.b64decode(text), np.uint8) for text in found)
    return [cv2.imdecode(one, cv2.IMREAD_GRAYSCALE) / 255 for one in data]


# The page


def test_page_needs_nothing_from_anywhere():
    page = panel.page(pairs(reference=DARK), FOLDERS)
    assert not re.search(r'(?:src|href|action)="(?!data:image/jpeg;base64,)', page)
    written = re.sub(r"base64,[^\"]+", "", page)
    assert not re.search(r"https?:|://|\burl\(|import|fetch|sendBeacon|Socket", written)
    assert "default-src 'none'" in page


def test_the_same_seed_gives_the_same_page_and_another_one_another():
    first, again, other = (panel.page(pairs(), FOLDERS, seed=s) for s in (3, 3, 4))
    assert first == again != other


def test_pictures_stand_on_the_sides_that_the_key_tells():
    page = panel.page(pairs(reference=(DARK + LIGHT) / 2), FOLDERS)
    seen = [picture.mean() for picture in pictures(page)]
    for at, pair in enumerate(key_of(page)["pairs"]):
        original, *two = seen[3 * at : 3 * at + 3]
        assert original == pytest.approx(0.5, abs=0.01)
        assert two[pair["first"]] == pytest.approx(0.2, abs=0.01)
        assert two[1 - pair["first"]] == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("count", [6, 7])
def test_sides_are_balanced_on_each_page_and_over_seeds(count):
    keys = [key_of(panel.page(pairs(count), FOLDERS, seed=s)) for s in range(400)]
    sides = np.array([[pair["first"] for pair in key["pairs"]] for key in keys])
    assert (abs(sides.sum(axis=1) - count / 2) <= 0.5).all()
    # the standard deviation of a mean of 400 coins is 0.025
    assert (abs(sides.mean(axis=0) - 0.5) < 4 * 0.025).all()


def test_the_order_of_pairs_is_drawn_independently_of_sides():
    keys = [key_of(panel.page(pairs(4), FOLDERS, seed=s)) for s in range(400)]
    firsts = [(key["pairs"][0]["name"], key["pairs"][0]["first"]) for key in keys]
    counts = [firsts.count(one) for one in sorted(set(firsts))]
    assert len(counts) == 8 and stats.chisquare(counts).pvalue > 0.001


def test_names_do_not_show_before_the_end():
    page = panel.page(pairs(), ("veiled-one", "veiled-two"), "What?")
    assert not re.search("veiled|secret", page)
    assert key_of(page)["folders"] == ["veiled-one", "veiled-two"]


def test_what_is_read_aloud_does_not_give_the_answer_away():
    page = panel.page(pairs(2, reference=DARK), FOLDERS)
    alts = re.findall(r'alt="([^"]*)"', page)
    assert alts == 2 * ["the original", "left picture", "right picture"]
    assert '<p id="progress" role="status" aria-live="polite">1 of 2</p>' in page


def test_names_and_questions_cannot_break_out_of_the_page():
    question = '</title><script>alert("1")</script>'
    page = panel.page(pairs(), FOLDERS, question)
    assert page.count("<script") == page.count("</script>") == 3
    assert page.count("&lt;/title&gt;") == 2
    assert key_of(page)["question"] == question
    assert key_of(page)["folders"] == list(FOLDERS)


def test_one_pair_is_shown_at_a_time():
    page = panel.page(pairs(), FOLDERS)
    opened = re.findall(r"<section( hidden)?", page)
    assert opened == ["", *6 * [" hidden"]]  # five more pairs and the end


@pytest.mark.parametrize(
    ("first", "second", "sizes"),
    [
        ((100, 1200, 3), (100, 1200, 3), [(40, 480)] * 2),
        ((1200, 900, 1), (300, 300, 3), [(300, 225), (300, 300)]),
        ((20, 10, 1), (20, 10, 1), [(20, 10)] * 2),  # nothing is enlarged
        ((4000, 1, 1), (4000, 2, 1), [(480, 1)] * 2),
    ],
)
def test_the_two_of_a_pair_are_reduced_to_one_height(first, second, sizes):
    made = panel.pair("a", np.zeros(first, np.uint8), np.zeros(second, np.uint16))
    shapes = [picture.shape for picture in pictures(panel.page([made], FOLDERS))]
    assert sorted(shapes) == sorted(sizes)
    assert [(made.height, width) for width in made.widths] == sizes


@pytest.mark.parametrize(
    ("names", "folders", "message"),
    [
        ([], FOLDERS, "Expected pairs of different names. Received: none"),
        (["a", "a"], FOLDERS, "Expected pairs of different names. Received: a, a"),
        (["a"], ("x", "x"), "Expected two names of folders. Received: x twice"),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(names, folders, message):
    with pytest.raises(ValueError, match=message):
        panel.page([panel.pair(name, DARK, LIGHT) for name in names], folders)


# Counting


def line(voter, answers, question="Which?", folders=("a", "b")):
    ballot = {"question": question, "folders": folders, "voter": voter}
    return json.dumps(ballot | {"answers": answers})


def test_a_class_is_summed_up_by_pair_and_in_all():
    lines = [
        line("x", {"1.png": "a", "2.png": "b"}),
        "",
        line("y", {"2.png": "a", "1.png": "a"}),
        line("x", {"1.png": "a", "2.png": "b"}),  # pasted twice
        line("z", {"1.png": "a"}) + "\r",
    ]
    ballots = panel.read("\n".join(lines))
    counts = panel.count(ballots)
    wanted = [("1.png", 3, 0), ("2.png", 1, 1), ("", 4, 1)]
    assert [(c.pair, c.first, c.second) for c in counts] == wanted
    assert counts[-1].share == metrics.wilson(4, 5)
    assert counts[-1].p == metrics.sign_test(4, 5)
    over = panel.over_voters(ballots, np.random.default_rng(0))
    assert over.mean == pytest.approx((0.5 + 1 + 1) / 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected ballots, one a line. Received: none"),
        ("hello", "line 1: Expected a ballot.* Received: 'hello'"),
        ("[]", "line 1: Expected a ballot"),
        ("{}", "line 1: Expected a ballot"),
        (line("x", {}), "line 1: Expected a ballot"),
        (line("x", {"1": "c"}), "line 1: Expected a ballot"),
        (line("x", {"1": ["a"]}), "line 1: Expected a ballot"),
        (line("x", {"1": "a"}, folders=["a", "a"]), "line 1: Expected a ballot"),
        (line("x", {"1": "a"}, folders=["a"]), "line 1: Expected a ballot"),
        (line("x", {"1": 1}, folders=[1, 2]), "line 1: Expected a ballot"),
        (line(["x"], {"1": "a"}), "line 1: Expected a ballot"),
        (line("x", {"1": "a"})[:-9], "line 1: Expected a ballot"),
        (
            line("x", {"1": "a"}) + "\n\n" + line("y", {"1": "a"}, "What?"),
            "line 3: Expected a ballot on 'Which\\?' for a and b. Received: 'What\\?'",
        ),
    ],
)
def test_a_line_that_is_no_ballot_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        panel.read(text)


# The page's own arithmetic

COUNTS = [(0, 1), (1, 1), (5, 10), (14, 20), (0, 30), (400, 1000), (1100, 2500)]


@pytest.fixture(scope="module")
def javascript():
    """Give a function that runs a line after the page's pure functions."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run the page's arithmetic with")
    page = panel.page(pairs(), FOLDERS)
    (code,) = re.findall(r'<script id="statistics">(.*?)</script>', page, re.DOTALL)

    def run(expression):
        script = f"{code}\nconsole.log(JSON.stringify({expression}))"
        done = subprocess.run(
            [node, "-"], input=script.encode(), capture_output=True, check=True
        )
        return json.loads(done.stdout)

    return run


def test_the_page_reckons_as_the_package_does(javascript):
    counts = json.dumps(COUNTS)
    intervals = javascript(f"{counts}.map(c => wilson(...c))")
    np.testing.assert_allclose(
        intervals, [metrics.wilson(*c)[1:] for c in COUNTS], rtol=1e-9, atol=1e-12
    )
    values = javascript(f"{counts}.map(c => signTest(...c))")
    wanted = [metrics.sign_test(*c) for c in COUNTS]
    np.testing.assert_allclose(values, wanted, rtol=1e-9)


def test_the_line_of_the_page_is_a_ballot_that_counts(javascript):
    key = key_of(panel.page(pairs(), FOLDERS))
    lefts = [0] * 6
    made = javascript(f"ballot({json.dumps(key)}, {lefts}, 'me')")
    (ballot,) = panel.read(json.dumps(made, ensure_ascii=False))
    assert (ballot.folders, ballot.voter) == (FOLDERS, "me")
    assert ballot.answers == {
        pair["name"]: FOLDERS[pair["first"]] for pair in key["pairs"]
    }
    assert panel.count([ballot])[-1].share.mean == 0.5  # always left: nobody gains


# The command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "a/1.png",
        "a/in/2.png",
        "b/1.jpg",
        "b/in/2.png",
        "b/3.png",
        "o/1.png",
    ):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), "red").save(path)
    Path("bad").mkdir(), Path("empty").mkdir(), Path("two").mkdir()
    Path("bad/1.png").write_bytes(b"no picture")
    Path("ballots.txt").write_text("no ballot")
    Path("there.html").write_text("kept")
    for suffix in ("jpg", "webp"):
        Image.new("RGB", (40, 30)).save(f"two/1.{suffix}")
    return tmp_path


def test_the_command_pairs_pictures_by_name(folder, capfd):
    words = ["a", "b/", "-o", "page.html", "--seed", "5", "--question", "Which?"]
    assert main(["panel", *words]) == 0
    said = capfd.readouterr().out
    assert said == "2 pairs in page.html, pictures without a partner left out: 1\n"
    key = key_of(Path("page.html").read_text(encoding="utf-8"))
    assert (key["question"], key["folders"]) == ("Which?", ["a", "b"])
    assert {pair["name"] for pair in key["pairs"]} == {"1.png", "in/2.png"}


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        ("a -o new.html", 2, "Expected two folders and -o"),
        ("a b", 2, "Expected two folders and -o"),
        ("a b -o new.txt", 2, "ends in .html"),
        ("a b -o there.html", 2, "there.html: Expected a new name"),
        ("a b -o none/new.html", 2, "Expected a folder that exists"),
        ("a nowhere -o new.html", 2, "nowhere: Expected a folder"),
        ("a b -o new.html --reference nowhere", 2, "nowhere: Expected a folder"),
        ("a b -o new.html --reference o", 2, "Expected one picture o/in/2.png"),
        ("a a/../a -o new.html", 2, "Expected two folders"),
        ("a empty -o new.html", 2, "Expected pictures of the same names"),
        ("a two -o new.html", 2, "Expected one partner of a/1.png"),
        ("two a -o new.html", 2, "Expected one partner of a/1.png"),
        ("a bad -o new.html", 1, "bad/1.png: Expected"),
        ("a b --count ballots.txt", 2, "Expected --count alone"),
        ("--count ballots.txt --seed 1", 2, "Expected --count alone"),
        ("--count nowhere.txt", 1, "nowhere.txt: No such file"),
        ("--count ballots.txt", 1, "ballots.txt: line 1: Expected a ballot"),
    ],
)
def test_the_command_refuses_in_one_line_and_writes_nothing(
    folder, capfd, words, code, reason
):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert main(["panel", *words.split()]) == code
    said = capfd.readouterr()
    assert said.err.count("\n") == 1 and reason in said.err.replace("\\", "/")
    assert not said.out
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert after == before


def test_a_page_is_replaced_when_told(folder):
    assert main(["panel", "a", "b", "-o", "there.html", "--overwrite"]) == 0
    assert Path("there.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_folders_of_one_name_are_called_by_their_paths(folder):
    shutil.copytree("b", "other/a")
    assert main(["panel", "a", "other/a", "-o", "new.html"]) == 0
    key = key_of(Path("new.html").read_text(encoding="utf-8"))
    wanted = [path.resolve().as_posix() for path in (Path("a"), Path("other/a"))]
    assert key["folders"] == wanted


def test_the_command_counts_a_class(folder, capfd):
    answers = {"1.png": "a", "2.png": "b", "3.png": "a"}
    text = "\n".join(line(str(voter), answers) for voter in range(10))
    Path("class.txt").write_text("\ufeff" + text, encoding="utf-8")
    assert main(["panel", "--count", "class.txt"]) == 0
    question, heads, *rows, p, voters = capfd.readouterr().out.splitlines()
    assert question == "Which?" and re.fullmatch(r"pair +a +b +share of a", heads)
    assert rows[1].split() == ["2.png", "0", "10", "0%", "[0%,", "28%]"]
    assert rows[-1].split() == ["all", "20", "10", "67%", "[49%,", "81%]"]
    exact = sum(math.comb(30, i) for i in range(11)) / 2**29
    assert p.startswith(f"all: p = {exact:.2g} ")
    assert voters == "each of 10 voters as one value: 67% [67%, 67%]"
