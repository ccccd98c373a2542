"""The command: what it does, what it refuses, and that it never harms a file.

Restoration itself is tested beside its module; most tests here put in its place one
that inverts pictures, which is quick and tells a processed photograph from a copy.
"""

import hashlib
import io
import json
import os
import shlex
import struct
import subprocess
import sys
import types
import zlib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

import gantools
from gantools import (
    archive,
    cli,
    collections,
    damage,
    evaluation,
    folders,
    metrics,
    photos,
    pretrained,
    unpaired,
    xmp,
)
from gantools.cli import main

RNG = np.random.default_rng(11)
PIXELS = RNG.integers(0, 256, (32, 40, 3), np.uint8)
DEEP = RNG.integers(0, 65536, (32, 40, 3), np.uint16)
COLOURS = {"file": "colour.npz", "sha256": "2" * 64}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that the tests may use short names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def inverter(monkeypatch):
    """Put in the place of the restoration networks one that inverts pictures."""
    calls = []

    def restore(
        photo,
        mode,
        networks,
        *,
        fidelity=0.0,
        mask=None,
        area=None,
        progress=None,
        runtime="keras",
    ):
        calls.append((mode, networks))
        if progress:
            progress(0.5)
        pixels = photo.pixels.copy()
        levels = pixels.dtype != np.float32
        most = np.iinfo(pixels.dtype).max if levels else 1
        pixels[area or ...] = most - pixels[area or ...]
        found = np.zeros(pixels.shape[:2], np.uint8)
        found[3:5, 7] = 200
        return types.SimpleNamespace(
            photo=replace(photo, pixels=pixels),
            mask=found if mask is None else np.uint8(255) * mask,
            damaged=0.01,
            changed=1.0,
            tone=None,
            weights={"file": "w.npz", "sha256": "0" * 64},
            colours=COLOURS if mode == "colourise" else None,
        )

    module = types.SimpleNamespace(restore=restore, load_restorer=lambda **_: "nets")
    engine = types.SimpleNamespace(BACKEND="tensorflow")
    for name, fake in (("restoration", module), ("engine", engine)):
        monkeypatch.setitem(sys.modules, f"gantools.{name}", fake)
        monkeypatch.setattr(gantools, name, fake, raising=False)
    return calls


def picture(name, pixels=PIXELS, **options):
    """Write a small photograph; return its path."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def inverted(path):
    """Tell whether a result is the inverse of the photographs that `picture` writes."""
    return np.array_equal(np.asarray(Image.open(path)), 255 - PIXELS)


def files():
    """Return {path: digest of its content} of everything in the folder."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path().rglob("*")
        if path.is_file()
    }


# Bad input


def png(size, body, extra=b""):
    """Return a PNG of 8-bit RGB with this header and these bytes as pixels."""

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(body))
    return b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b"")


def half(write):
    """Return what `write` writes to a file, cut in the middle."""
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()[: len(buffer.getvalue()) // 2]


def frames(path):
    first, *rest = (Image.new("L", (16, 16), shade) for shade in (0, 99, 200))
    first.save(path, save_all=True, append_images=rest)


def corrupt_tiff():
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, PIXELS, photometric="rgb", compression="zlib")
    data = bytearray(buffer.getvalue())
    data[-len(data) // 2] ^= 255
    return bytes(data)


def jpeg(file):
    Image.fromarray(PIXELS).save(file, "JPEG")


def tiff(file, **options):
    tifffile.imwrite(file, DEEP, photometric="rgb", **options)


def bad_cmyk(path):
    Image.new("CMYK", (16, 16)).save(path, icc_profile=b"no profile" * 30)


def with_alpha(path):
    Image.new("RGBA", (16, 16)).save(path)


WORDS = "{photo} -o out"
BAD = {  # kind: (what to put at photo.*, the words behind `gantools restore`)
    "missing": ("photo.jpg", None, WORDS),
    "empty": ("photo.jpg", b"", WORDS),
    "text": ("photo.jpg", b"Dear diary, " * 20, WORDS),
    "html": ("photo.png", b"<html>404 not found</html>", WORDS),
    "truncated jpeg": ("photo.jpg", half(jpeg), WORDS),
    "truncated png": ("photo.png", png((40, 32), PIXELS.tobytes())[:200], WORDS),
    "truncated tiff": ("photo.tif", half(tiff), WORDS),
    "corrupt tiff": ("photo.tif", corrupt_tiff(), WORDS),
    "header alone": ("photo.jpg", half(jpeg)[:20], WORDS),
    "bomb": ("photo.png", png((50000, 50000), b"0" * 999), WORDS),
    "large": ("photo.png", png((13000, 13000), b"0" * 999), WORDS),
    "gif": ("photo.gif", lambda path: Image.new("L", (9, 9)).save(path), WORDS),
    "renamed": ("photo.jpg", lambda p: Image.new("L", (9, 9)).save(p, "BMP"), WORDS),
    "pages": ("photo.tif", frames, WORDS),
    "animation": ("photo.webp", frames, WORDS),
    "moving png": ("photo.png", frames, WORDS),
    "float": ("photo.tif", lambda p: tifffile.imwrite(p, PIXELS / 255.0), WORDS),
    "planes": (
        "photo.tif",
        lambda p: tifffile.imwrite(
            p, np.moveaxis(DEEP, 2, 0), photometric="rgb", planarconfig="separate"
        ),
        WORDS,
    ),
    "broken profile": ("photo.tif", bad_cmyk, WORDS),
    "16 bit to jpeg": ("photo.tif", tiff, "{photo} -o out.jpg"),
    "alpha to jpeg": ("photo.png", with_alpha, "{photo} -o out.jpg"),
    "no suffix": ("photo", jpeg, WORDS),
    "result is there": ("photo.jpg", jpeg, "{photo} -o good.jpg"),
    "onto itself": ("photo.jpg", jpeg, "{photo} -o {photo}"),
    "into its own folder": ("photo.jpg", jpeg, "{photo} -o ."),
    "record is there": ("photo.jpg", jpeg, "{photo} -o sub --provenance"),
    "report is there": ("photo.jpg", jpeg, "{photo} -o out --report page.html"),
    "report is no page": ("photo.jpg", jpeg, "{photo} -o out --report r.json"),
    "report below a file": ("photo.jpg", jpeg, "{photo} -o o --report note.txt/r.html"),
    "mask is there": ("photo.jpg", jpeg, "{photo} -o out.png --mask-out mask.png"),
    "mask is a jpeg": ("photo.jpg", jpeg, "{photo} -o out.png --mask-out m.jpg"),
    "mask onto the result": ("photo.jpg", jpeg, "{photo} -o o.png --mask-out o.png"),
    "masks into one": ("photo.jpg", jpeg, "{photo} -o out --mask-out m.png"),
    "output of a kind unknown": ("photo.jpg", jpeg, "{photo} -o out.gif"),
    "output is no folder": ("photo.jpg", jpeg, "{photo} -o note.txt"),
    "output below a file": ("photo.jpg", jpeg, "{photo} -o note.txt/out.jpg"),
    "no own mask": ("photo.jpg", jpeg, "{photo} -o out --mask-in none.png"),
    "own mask of another size": (
        "photo.jpg",
        lambda path: Image.new("L", (16, 16)).save(path),
        "{photo} -o out --mask-in mask.png",
    ),
    "own mask in colours": ("photo.jpg", jpeg, "{photo} -o out --mask-in good.jpg"),
    "no own mask in the folder": ("photo.jpg", jpeg, "{photo} -o out --mask-in sub"),
    "one own mask for several": (
        "photo.jpg",
        jpeg,
        "{photo} good.jpg -o out --mask-in mask.png",
    ),
    "own mask to be replaced": (
        "photo.jpg",
        jpeg,
        "{photo} -o o.png --mask-in mask.png --mask-out mask.png --overwrite",
    ),
    "own mask as the output": (
        "photo.jpg",
        jpeg,
        "{photo} -o mask.png --mask-in mask.png --overwrite",
    ),
    "several into one": ("photo.jpg", jpeg, "{photo} good.jpg -o out.jpg"),
    "folder into one": ("photo.jpg", jpeg, "sub -o out.jpg"),
    "clash": ("photo.jpg", jpeg, "good.jpg sub/good.jpg -o out"),
    "clash but for case": ("GOOD.jpg", jpeg, "{photo} sub/good.jpg -o out"),
    "pattern without match": ("photo.jpg", jpeg, "*.webp -o out"),
    "folder without photos": ("none/note.txt", b"nothing", "none -o out"),
    "line break in the name": ("a\nb.jpg", None, WORDS),
    "unknown mode": ("photo.jpg", jpeg, "{photo} -o out --mode magic"),
    "no output": ("photo.jpg", jpeg, "{photo}"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_gives_one_line_and_changes_nothing(inverter, capfd, kind):
    name, content, words = BAD[kind]
    picture("good.jpg"), picture("sub/good.jpg")
    Path("note.txt").write_text("a note")
    Path("sub/photo.jpg.json").write_text("a record")
    Path("page.html").write_text("a page")
    picture("mask.png")
    if content is not None:
        Path(name).parent.mkdir(exist_ok=True)
        content(Path(name)) if callable(content) else Path(name).write_bytes(content)
    before = files()
    argv = [word.replace("{photo}", name) for word in words.split(" ")]

    code = main(["restore", *argv])

    said = capfd.readouterr().err
    assert code in (1, 2)
    assert said.count("\n") == 1 and said.endswith("\n"), said
    assert said.startswith("gantools") and len(said) < 400
    assert "Traceback" not in said and "Error" not in said, said
    named = [part.replace("\n", "\\n") for part in (name, *argv)]
    assert any(part in said for part in named) or kind == "no output", said
    assert files() == before
    assert not inverter  # nothing was worked on in vain


def test_there_are_at_least_twenty_kinds_of_bad_input():
    assert len(BAD) >= 20


@pytest.mark.parametrize(
    "words",
    [
        "",
        "mend photo.jpg",
        "damage photo.jpg -o out --severity 2",
        "damage photo.jpg -o out --severity strong",
        "damage photo.jpg -o out --seed -1",
        "train dcgan --folder runs",
        "train cyclegan --preset smoke --folder runs",
        "train dcgan --preset huge --folder runs",
        "train unpaired --preset smoke --folder runs --task fresco",
        "archive",
        "archive restore in",
        "archive restore in out --workers 0",
        "archive restore in out --mode magic",
        "data",
        "data fetch nothing",
        "info --loud",
        "evaluate",
        "evaluate photo.jpg --severity 0.5,2",
        "evaluate photo.jpg --seed -1",
        "evaluate photo.jpg -o results.txt",
        "stylize photo.jpg -o out",
        "stylize photo.jpg --style cat -o out --strength 2",
        "stylize photo.jpg --style cat -o out --mix 1,-1",
        "stylize photo.jpg --style cat -o out --mix 0",
        "stylize photo.jpg --style cat -o out --mix half",
    ],
)
def test_command_without_sense_gives_one_line_and_code_2(capfd, words):
    picture("photo.jpg")
    before = files()
    assert main(words.split()) == 2
    said = capfd.readouterr()
    assert said.err.count("\n") == 1 and "--help" in said.err and not said.out
    assert files() == before


def test_photo_too_small_to_damage_is_told_in_one_line(capfd):
    picture("tiny.png", PIXELS[:8, :8])
    assert main(["damage", "tiny.png", "-o", "out"]) == 1
    said = capfd.readouterr().err
    assert said.startswith("gantools: tiny.png: Expected") and said.count("\n") == 1
    assert list(files()) == ["tiny.png"]


def test_missing_weights_end_the_whole_command_in_one_line(
    capfd, monkeypatch, inverter
):
    def fail(**where):
        raise ValueError("Expected one of []. Received: 'restoration'")

    picture("a.png"), picture("b.png")
    monkeypatch.setattr(gantools.restoration, "load_restorer", fail)
    assert main(["restore", "a.png", "b.png", "-o", "out"]) == 1
    said = capfd.readouterr().err
    assert said == "gantools: Expected one of []. Received: 'restoration'\n"
    assert sorted(files()) == ["a.png", "b.png"]


# Good input


def test_one_photo_into_one_file(inverter, capfd):
    picture("old.png")
    assert main(["restore", "old.png", "-o", "new.png"]) == 0
    said = capfd.readouterr()
    assert inverted("new.png")
    assert said.err == ""  # no bar where there is no terminal
    assert said.out.splitlines()[-1] == "1 of 1 restored"
    assert sorted(files()) == ["new.png", "old.png"]


def test_folder_keeps_its_shape_and_formats(inverter, capfd):
    names = ["a.png", "deep/er/a.png", "deep/b.tif", "deep/c.TIFF"]
    for name in names:
        picture(f"in/{name}")
    Path("in/note.txt").write_text("a note")
    picture("in/.hidden.png")
    before = files()
    assert main(["restore", "in", "-o", "out"]) == 0
    after = files()
    assert {Path(path) for path in after.keys() - before.keys()} == {
        Path("out") / name for name in names
    }
    assert all(inverted(Path("out") / name) for name in names)
    assert {path: after[path] for path in before} == before
    last = capfd.readouterr().out.splitlines()[-1]
    assert last == "4 of 4 restored, files of other kinds left alone: 1"


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("in/*.png", ["a.png"]),
        ("in/**/*.png", ["a.png", "deep/a.png"]),
        ("in/[ab].*", ["a.png", "b.tif"]),
        ("*/a.png", ["in/a.png"]),
    ],
)
def test_patterns_are_expanded_where_the_shell_did_not(inverter, pattern, names):
    for name in ("a.png", "b.tif", "deep/a.png"):
        picture(f"in/{name}")
    assert main(["restore", pattern, "-o", "out"]) == 0
    made = {path for path in Path("out").rglob("*.*") if path.is_file()}
    assert made - {Path("out", folders.MARK)} == {Path("out") / name for name in names}


def test_name_with_brackets_is_a_name_when_there_is_such_a_file(inverter):
    picture("scan [1].png")
    assert main(["restore", "scan [1].png", "-o", "out"]) == 0
    assert inverted("out/scan [1].png")


def test_second_run_does_not_take_results_for_photographs(inverter, capfd):
    picture("in/a.png")
    assert main(["restore", "in", "-o", "in/out"]) == 0
    picture("in/b.png")
    before = files()
    assert main(["restore", "in", "-o", "in/out"]) == 1  # a.png is there already
    assert files().keys() - before.keys() == {str(Path("in/out/b.png"))}
    assert "a file that exists" in capfd.readouterr().err


def test_later_run_does_not_take_results_or_masks_for_photographs(inverter, capfd):
    picture("in/a.png"), picture("in/deep/b.png")
    words = ["restore", "in", "-o", "in/one", "--mask-out", "in/masks"]
    assert main(words) == 0
    assert main(["restore", "in", "-o", "in/two"]) == 0
    last = capfd.readouterr().out.splitlines()[-1]
    assert last == "2 of 2 restored, results and masks left alone: 4"
    assert main(["restore", "in/**/*.png", "-o", "three"]) == 0
    assert len(list(Path("three").rglob("*.png"))) == 2
    assert main(["restore", "in/one", "-o", "four"]) == 0  # if one asks for them
    assert len(list(Path("four").rglob("*.png"))) == 2


def test_own_masks_are_not_taken_for_photographs(inverter):
    picture("in/a.png"), own_mask("in/masks/a.png")
    assert main(["restore", "in", "-o", "out", "--mask-in", "in/masks"]) == 0
    assert len(inverter) == 1


def test_folder_with_photographs_in_it_is_never_marked_as_results(inverter):
    picture("in/a.png"), picture("in/sub/mine.png")
    assert main(["restore", "in/a.png", "-o", "in/sub"]) == 0
    assert not list(Path().rglob(folders.MARK))


def test_results_may_go_above_the_photographs(inverter):
    picture("in/deep/a.png")
    assert main(["restore", "in", "-o", "."]) == 0
    assert inverted("deep/a.png")


def test_photo_named_twice_is_done_once(inverter, capfd):
    picture("in/a.png")
    assert main(["restore", "in/a.png", "in", "in/*.png", "-o", "out"]) == 0
    assert len(inverter) == 1
    assert capfd.readouterr().out.splitlines()[-1] == "1 of 1 restored"


def test_bad_photo_does_not_stop_the_others(inverter, capfd):
    for name in ("a.png", "c.png"):
        picture(f"in/{name}")
    Path("in/b.png").write_bytes(b"no photograph")
    assert main(["restore", "in", "missing.png", "-o", "out"]) == 1
    said = capfd.readouterr()
    assert inverted("out/a.png") and inverted("out/c.png")
    assert len(said.err.splitlines()) == 2
    assert said.out.splitlines()[-1] == "2 of 4 restored, 2 failed"


def test_unexpected_failure_is_told_and_the_others_are_done(
    inverter, capfd, monkeypatch
):
    works = gantools.restoration.restore

    def fail_once(*args, **options):
        monkeypatch.setattr(gantools.restoration, "restore", works)
        raise KeyError("a bug")

    monkeypatch.setattr(gantools.restoration, "restore", fail_once)
    picture("a.png"), picture("b.png")
    assert main(["restore", "a.png", "b.png", "-o", "out"]) == 1
    assert capfd.readouterr().err == "gantools: a.png: KeyError: 'a bug'\n"
    assert inverted("out/b.png") and not Path("out/a.png").exists()


def test_overwrite_replaces_results_and_even_the_photograph(inverter):
    picture("a.png")
    assert main(["restore", "a.png", "-o", "a.png", "--overwrite", "--provenance"]) == 0
    assert inverted("a.png")
    record = json.loads(Path("a.png.json").read_text())
    assert record["before"]["sha256"] != record["after"]["sha256"]
    assert main(["restore", "a.png", "-o", "a.png", "--overwrite", "--provenance"]) == 0
    assert np.array_equal(np.asarray(Image.open("a.png")), PIXELS)
    again = json.loads(Path("a.png.json").read_text())
    assert again["before"]["sha256"] == record["after"]["sha256"]


def test_mode_and_own_weights_reach_the_network(inverter, monkeypatch):
    monkeypatch.setattr(gantools.restoration, "load_restorer", lambda **where: where)
    picture("a.png")
    words = ["restore", "a.png", "-o", "out", "--mode", "conservative"]
    assert main([*words, "--weights", "runs"]) == 0
    assert inverter == [("conservative", {"folder": Path("runs")})]


def test_provenance_says_what_was_done(inverter):
    path = picture("a.png")
    assert main(["restore", "a.png", "-o", "out", "--provenance"]) == 0
    record = json.loads(Path("out/a.png.json").read_text("utf-8"))
    assert record["action"] == "restore" and record["settings"] == {
        "mode": "full",
        "fidelity": 0.0,
    }
    assert record["before"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256(Path("out/a.png").read_bytes()).hexdigest()
    assert record["after"]["sha256"] == digest
    assert record["weights"] == {"file": "w.npz", "sha256": "0" * 64}
    assert record["backend"] == "tensorflow"
    assert record["numbers"]["changed"] == 1


def test_masks_go_where_they_are_wanted(inverter):
    picture("in/a.png"), picture("in/deep/b.jpg")
    assert main(["restore", "in/a.png", "-o", "o.png", "--mask-out", "m.png"]) == 0
    assert main(["restore", "in", "-o", "out", "--mask-out", "masks"]) == 0
    for path in ("m.png", "masks/a.png.png", "masks/deep/b.jpg.png"):
        mask = np.asarray(Image.open(path))
        assert mask.shape == PIXELS.shape[:2] and mask.sum() == 2 * 255
        assert (mask[3:5, 7] == 255).all()


def own_mask(name, **options):
    """Draw a mask for the photographs that `picture` writes; return it, bool."""
    mask = np.zeros(PIXELS.shape[:2], np.uint8)
    mask[10:12, 20:30] = 255
    picture(name, mask, **options)
    return mask > 0


@pytest.mark.parametrize(
    "given, own",
    [("m.png", "m.png"), ("masks", "masks/a.png.png"), ("masks", "masks/a.png")],
)
def test_own_mask_reaches_the_network(inverter, given, own):
    picture("a.png")
    wanted = own_mask(own)
    words = ["restore", "a.png", "-o", "o.png", "--provenance", "--mask-out", "w.png"]
    assert main([*words, "--mask-in", given]) == 0
    assert np.array_equal(np.asarray(Image.open("w.png")) > 0, wanted)
    record = json.loads(Path("o.png.json").read_text("utf-8"))
    digest = hashlib.sha256(Path(own).read_bytes()).hexdigest()
    assert record["settings"]["mode"] == "full"
    assert record["settings"]["mask"]["sha256"] == digest


def test_masks_that_were_written_can_be_given_again(inverter):
    picture("in/deep/a.jpg")
    assert main(["restore", "in", "-o", "one", "--mask-out", "masks"]) == 0
    words = ["restore", "in", "-o", "two", "--mask-in", "masks"]
    assert main([*words, "--mask-out", "again"]) == 0
    name = Path("deep/a.jpg.png")
    assert ("masks" / name).read_bytes() == ("again" / name).read_bytes()


def test_photograph_without_its_own_mask_fails_and_the_others_are_done(inverter, capfd):
    for name in ("a.png", "b.png", "c.png"):
        picture(f"in/{name}")
    own_mask("masks/a.png"), picture("masks/c.png")
    assert main(["restore", "in", "-o", "out", "--mask-in", "masks"]) == 1
    said = capfd.readouterr().err.splitlines()
    assert [path.name for path in Path("out").glob("*.png")] == ["a.png"]
    assert said[0].startswith("gantools: in/b.png: Expected a mask masks/b.png.png or")
    assert said[1].startswith("gantools: masks/c.png: Expected a mask of black and")


def test_borders_are_kept_where_asked_for(inverter, capfd):
    framed = RNG.integers(60, 250, (200, 300), np.uint8)
    picture("plain.png", framed)
    framed[:12] = framed[-9:] = framed[:, :20] = framed[:, -30:] = 5
    picture("framed.png", framed)
    words = ["restore", "plain.png", "framed.png", "-o", "out", "--provenance"]
    assert main([*words, "--keep-borders"]) == 0
    said = capfd.readouterr().out.splitlines()
    assert "no border found" in said[0] and "border of 1" in said[1]
    rows, columns = (
        slice(*span)
        for span in json.loads(Path("out/framed.png.json").read_text())["numbers"][
            "picture"
        ]
    )
    assert 12 <= rows.start < 16 and 20 <= columns.start < 24
    wanted = framed.copy()
    wanted[rows, columns] = 255 - wanted[rows, columns]
    assert np.array_equal(np.asarray(Image.open("out/framed.png")), wanted)
    assert (np.asarray(Image.open("out/plain.png"))[0] < 200).any()


def test_report_shows_each_photograph_and_each_failure(inverter):
    picture("in/a<b>.png")
    Path("in/broken.png").write_bytes(b"no photograph")
    assert main(["restore", "in", "-o", "out", "--report", "out/all.html"]) == 1
    page = Path("out/all.html").read_text("utf-8")
    assert page.count("<figure") == 1 and page.count('class="failed"') == 1
    assert "a&lt;b&gt;.png" in page and "<b>" not in page
    assert not list(Path("out").glob("*.json"))


def test_report_that_cannot_be_written_is_told_in_one_line(inverter, capfd):
    picture("a.png")
    name = "a" * 300 + ".html"
    assert main(["restore", "a.png", "-o", "out", "--report", name]) == 1
    said = capfd.readouterr().err
    assert said.startswith("gantools: aaa") and "Traceback" not in said
    assert inverted("out/a.png")


def test_report_of_an_interrupted_run_holds_what_was_done(inverter, monkeypatch):
    works, done = gantools.restoration.restore, []

    def stop_at_the_second(*args, **options):
        if done:
            raise KeyboardInterrupt
        done.append(1)
        return works(*args, **options)

    monkeypatch.setattr(gantools.restoration, "restore", stop_at_the_second)
    picture("a.png"), picture("b.png")
    words = ["restore", "a.png", "b.png", "-o", "out", "--report", "page.html"]
    assert main(words) == 130
    assert Path("page.html").read_text("utf-8").count("<figure") == 1


def test_interrupt_leaves_no_half_file_and_keeps_what_is_done(
    inverter, capfd, monkeypatch
):
    real, begun = photos.save, []

    def interrupt(file, photo, quality):
        file.write(b"half a file")
        raise KeyboardInterrupt

    def save(*args, **options):
        begun.append(args)
        if len(begun) == 2:
            monkeypatch.setattr(photos, "_write_png", interrupt)
        return real(*args, **options)

    monkeypatch.setattr(photos, "save", save)
    for name in ("a.png", "b.png", "c.png"):
        picture(name)
    assert main(["restore", "a.png", "b.png", "c.png", "-o", "out"]) == 130
    assert capfd.readouterr().err.count("\n") == 1
    assert {path.name for path in Path("out").iterdir()} == {"a.png", folders.MARK}
    assert inverted("out/a.png")


def test_damage_is_that_of_the_package_and_the_same_every_time():
    picture("a.png")
    words = ["damage", "a.png", "--severity", "0.9", "--seed", "3", "--provenance"]
    for out in ("one", "two"):
        assert main([*words, "-o", out]) == 0
    assert Path("one/a.png").read_bytes() == Path("two/a.png").read_bytes()
    rng = np.random.default_rng([3, zlib.crc32(b"a.png")])
    aged = damage.age(photos.load("a.png").pixels, rng, 0.9)
    read = photos.load("one/a.png").pixels
    assert np.abs(read - aged.damaged).max() <= 0.5 / 255 + 1e-6
    record = json.loads(Path("one/a.png.json").read_text())
    assert record["settings"] == {"severity": 0.9, "seed": 3}
    assert record["numbers"]["kinds"] == list(aged.kinds)


def test_photographs_of_one_run_are_damaged_differently():
    picture("a.png"), picture("b.png")
    assert main(["damage", "a.png", "b.png", "-o", "out", "--severity", "1"]) == 0
    assert Path("out/a.png").read_bytes() != Path("out/b.png").read_bytes()


def test_severity_0_changes_nothing():
    picture("a.png")
    assert main(["damage", "a.png", "-o", "out", "--severity", "0"]) == 0
    assert np.array_equal(np.asarray(Image.open("out/a.png")), PIXELS)


# What was done

KIND = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def told(path, capfd):
    """Return what `inspect --json` says of a file."""
    capfd.readouterr()
    assert main(["inspect", path, "--json"]) == 0
    return json.loads(capfd.readouterr().out)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_every_result_tells_what_was_done_to_it(inverter, painter, capfd, suffix):
    aged, restored, painted = (f"{n}.{suffix}" for n in ("aged", "new", "painted"))
    picture(f"a.{suffix}")
    assert main(["damage", f"a.{suffix}", "-o", aged]) == 0
    assert main(["restore", aged, "-o", restored, "--mask-out", "m.png"]) == 0
    assert main(["stylize", restored, "--style", "cat", "-o", painted]) == 0
    invented = KIND + "compositeWithTrainedAlgorithmicMedia"
    kinds = KIND + "algorithmicallyEnhanced", invented, invented
    for number, (path, kind) in enumerate(
        zip((aged, restored, painted), kinds, strict=True), 1
    ):
        account = told(path, capfd)
        assert account["source_type"] == kind and len(account["steps"]) == number
    steps = account["steps"]
    assert [step["action"] for step in steps] == ["damage", "restore", "stylize"]
    for step, path in zip(steps, (f"a.{suffix}", aged, restored), strict=True):
        assert step["before"]["sha256"] == files()[path]
    assert steps[1]["mask"]["sha256"] == files()["m.png"]
    assert steps[1]["numbers"]["invented"] == 2 / (32 * 40)
    assert steps[2]["weights"] == {"file": "s.npz", "sha256": "1" * 64}
    assert main(["inspect", painted]) == 0
    said = capfd.readouterr().out
    assert "3. stylize, by gantools" in said and "0.16% of its pixels invented" in said


def test_record_beside_a_result_names_the_mask_and_vouches_for_the_file(
    inverter, capfd
):
    picture("a.png")
    words = "restore a.png -o out --provenance --mask-out masks"
    assert main(words.split()) == 0
    account = told("out/a.png", capfd)
    record = json.loads(Path("out/a.png.json").read_text("utf-8"))
    assert account["same"] and account["steps"] == [record]
    assert record["after"]["sha256"] == files()[str(Path("out/a.png"))]
    digest = files()[str(Path("masks/a.png.png"))]
    assert (record["mask"]["name"], record["mask"]["sha256"]) == ("a.png.png", digest)
    data = Path("out/a.png").read_bytes()
    Path("out/a.png").write_bytes(data + b"\0")
    assert main(["inspect", "out/a.png"]) == 1
    assert "or this one has changed since" in capfd.readouterr().out


def test_a_coloured_picture_names_both_networks_and_is_invented_all_over(
    inverter, capfd
):
    picture("a.png")
    words = "restore a.png -o b.png --mode colourise --mask-out m.png"
    assert main(words.split()) == 0
    account = told("b.png", capfd)
    assert account["source_type"] == KIND + "compositeWithTrainedAlgorithmicMedia"
    (step,) = account["steps"]
    assert step["settings"]["colours"] == COLOURS
    assert step["numbers"]["invented"] == step["numbers"]["changed"] == 1
    said = xmp.read(photos.read_xmp("b.png")).properties
    assert said[xmp.IPTC, "AISystemUsed"] == "gantools w and colour"
    assert said[xmp.IPTC, "AISystemVersionUsed"].endswith(f"{'0' * 64}, {'2' * 64}")
    assert main(["inspect", "b.png"]) == 0
    text = capfd.readouterr().out
    assert f"colours colour.npz (SHA-256 {'2' * 64})" in text
    assert "mask of what was painted over" in text


def test_inspect_fails_where_nothing_is_told(capfd):
    picture("a.png"), Path("note.txt").write_text("found in the attic")
    before = files()
    assert main(["inspect", "a.png"]) == 1
    said = capfd.readouterr()
    assert said.out == "a.png\nIt does not say what was done to it.\n"
    for name in ("note.txt", "none.png"):
        assert main(["inspect", name]) == 1
        said = capfd.readouterr()
        assert said.out == "" and said.err.startswith(f"gantools: {name}: Expected a")
        assert said.err.count("\n") == 1
    assert files() == before


def test_sign_refuses_what_is_no_result_in_one_line(capfd):
    picture("a.png")
    words = "sign a.png --original a.png --certificate c.pem --key k.pem -o s.png"
    assert main(words.split()) == 1
    wanted = "a.png: Expected a result of gantools. Received: another photograph"
    assert capfd.readouterr().err == f"gantools: {wanted}\n"
    assert list(files()) == ["a.png"]


# Measuring


@pytest.fixture
def lpips(monkeypatch):
    """Put a quick stand-in in the place of LPIPS, which is tested in its own module."""
    monkeypatch.setitem(
        evaluation.METRICS, "lpips", lambda x, y: float(np.abs(x - y).mean())
    )


def psnr(path, other):
    return metrics.psnr(photos.load(path).pixels, photos.load(other).pixels)


def test_evaluate_compares_pairs_by_name_but_for_the_suffix(lpips, capfd):
    others = [np.clip(PIXELS.astype(int) + n, 0, 255).astype(np.uint8) for n in (9, 30)]
    picture("clean/a.png"), picture("clean/deep/b.png")
    picture("done/a.png", others[0]), picture("done/deep/b.tif", others[1])
    before = files()
    words = ["evaluate", "clean", "--restored", "done"]
    assert main([*words, "-o", "results.csv"]) == 0
    said = capfd.readouterr().out.splitlines()
    rows = evaluation.read_rows(Path("results.csv"))
    assert [row["picture"] for row in rows] == ["a.png", "deep/b.png"]
    wanted = [
        psnr("clean/a.png", "done/a.png"),
        psnr("clean/deep/b.png", "done/deep/b.tif"),
    ]
    assert [row["psnr"] for row in rows] == pytest.approx(wanted, abs=1e-4)
    assert said[0].split() == ["method", "photos", "PSNR,", "dB", "SSIM", "LPIPS"]
    assert said[1].split()[:3] == ["restored", "2", f"{np.mean(wanted):.2f}"]
    assert said[2] == "2 of 2 measured"
    after = files()
    del after["results.csv"]
    assert after == before


def test_evaluate_ages_as_damage_does_and_restores(inverter, lpips, capfd):
    picture("clean/a.png")
    words = ["evaluate", "clean", "--severity", "0.4,0.8", "--seed", "3"]
    assert main([*words, "-o", "results.json"]) == 0
    assert len(inverter) == 2 and inverter[0] == ("full", "nets")
    record = json.loads(Path("results.json").read_text("utf-8"))
    assert record["settings"]["seed"] == 3
    rows = record["photographs"]
    assert [(row["severity"], row["method"]) for row in rows] == [
        (0.4, "input"),
        (0.4, "gantools"),
        (0.8, "input"),
        (0.8, "gantools"),
    ]
    for row in rows[::2]:  # the input is what the command damage makes
        severity = str(row["severity"])
        out = f"aged-{severity}.png"
        made = [
            "damage",
            "clean/a.png",
            "-o",
            out,
            "--severity",
            severity,
            "--seed",
            "3",
        ]
        assert main(made) == 0
        assert row["psnr"] == pytest.approx(psnr("clean/a.png", out), abs=0.02)
    heads, *lines = capfd.readouterr().out.splitlines()[:5]
    assert heads.startswith("severity  method    photos  PSNR, dB")
    assert [line.split()[:3] for line in lines] == [
        [str(row["severity"]), row["method"], "1"] for row in record["table"]
    ]


def test_evaluate_says_what_failed_and_measures_the_others(lpips, capfd):
    for name in ("a", "b", "c", "d"):
        picture(f"clean/{name}.png")
    picture("done/a.png"), picture("done/b.png", PIXELS[:31])
    picture("done/d.tif"), picture("done/d.webp")
    assert main(["evaluate", "clean", "missing.png", "--restored", "done"]) == 1
    said = capfd.readouterr()
    wrong_size, none, two, missing = sorted(
        said.err.splitlines(), key=lambda x: "missing" in x
    )
    assert wrong_size.startswith("gantools: clean/b.png: Expected two pictures of one")
    assert none.endswith("Received: none") and "clean/c.png: Expected its" in none
    assert "done/d.tif, " in two and "done/d.webp" in two
    assert missing.startswith("gantools: missing.png: ")
    assert said.out.splitlines()[-1] == "1 of 5 measured, 4 failed"
    assert said.out.splitlines()[1].split()[:3] == ["restored", "1", "60.00"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("clean --restored nowhere", 2),
        ("clean --restored done --severity 0.5 --seed 2", 2),
        ("clean --restored done --weights runs", 2),
        ("clean --restored done -o here.csv", 2),
        ("clean --restored done -o none/results.csv", 2),
        ("clean/a.png other/a.png --restored done", 2),
        ("empty --restored done", 1),
    ],
)
def test_evaluate_refuses_in_one_line_and_changes_nothing(lpips, capfd, words, code):
    for name in ("clean/a.png", "other/a.png", "done/a.png"):
        picture(name)
    Path("empty").mkdir()
    Path("here.csv").write_text("kept")
    before = files()
    assert main(["evaluate", *words.split()]) == code
    said = capfd.readouterr()
    assert said.err.count("\n") == 1 and "Expected" in said.err
    assert "Received: " in said.err
    assert files() == before


def test_evaluate_overwrites_when_told(lpips):
    picture("clean/a.png"), picture("done/a.png")
    Path("here.csv").write_text("old")
    words = ["evaluate", "clean", "--restored", "done", "-o", "here.csv", "--overwrite"]
    assert main(words) == 0
    assert len(evaluation.read_rows(Path("here.csv"))) == 1


# Training, data, information


@pytest.fixture
def trainers(monkeypatch):
    """Put recorders in the place of all training functions."""
    calls = []
    for name in ("dcgan", "restoration", "style", "unpaired"):

        def train(*wishes, resume=False, progress=False, name=name):
            calls.append((name, *wishes, resume, progress))

        module = types.SimpleNamespace(train=train)
        monkeypatch.setitem(sys.modules, f"gantools.{name}", module)
        monkeypatch.setattr(gantools, name, module, raising=False)
    return calls


def test_every_preset_task_and_method_can_be_asked_for():
    from gantools import colour, dcgan, hands, restoration, style, unpaired

    modules = (colour, dcgan, hands, restoration, style, unpaired)
    assert set(cli.PRESETS) == {name for module in modules for name in module.PRESETS}
    assert tuple(unpaired.TASKS) == cli.TASKS and cli.METHODS == unpaired.METHODS
    assert tuple(style.STYLES) == cli.STYLES and tuple(hands.HANDS) == cli.HANDS
    assert tuple(cli.MODES) == restoration.MODES
    assert set(archive.MODES) < set(cli.MODES)


@pytest.mark.parametrize("network", ["restoration", "style", "dcgan"])
@pytest.mark.parametrize("resume", [False, True])
def test_train_calls_the_network_s_own_training(trainers, network, resume):
    words = ["train", network, "--preset", "smoke", "--folder", "runs/a"]
    assert main(words + ["--resume"] * resume) == 0
    assert trainers == [(network, "smoke", Path("runs/a"), resume, True)]


@pytest.mark.parametrize("method", ["cycle", "contrast"])
def test_train_tells_unpaired_the_task_and_the_method(trainers, method):
    words = ["train", "unpaired", "--preset", "smoke", "--folder", "runs/a"]
    words += ["--task", "painting"] + ["--method", "cycle"] * (method == "cycle")
    assert main(words) == 0
    wanted = ("unpaired", "painting", "smoke", method, Path("runs/a"), False, True)
    assert trainers == [wanted]


@pytest.mark.parametrize("words", ["dcgan --task painting", "unpaired"])
def test_a_task_goes_with_unpaired_alone(trainers, capfd, words):
    words = ["train", *words.split(), "--preset", "smoke", "--folder", "runs/a"]
    assert main(words) == 2
    said = capfd.readouterr().err
    assert said.startswith("gantools: Expected --task with unpaired, and with unpaired")
    assert said.count("\n") == 1 and not trainers


@pytest.mark.parametrize("words", ["dcgan", "unpaired --task painting --method cycle"])
@pytest.mark.parametrize(
    "problem, code",
    [
        (FileExistsError("Expected no run. Received: runs/a"), 1),
        (ValueError("Expected a checkpoint. Received: another"), 1),
        (FloatingPointError("Expected finite losses. Received: nan"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_training_that_stops_says_why_and_how_to_go_on(
    trainers, monkeypatch, capfd, words, problem, code
):
    def fail(*_, **__):
        raise problem

    words = ["train", *words.split(), "--preset", "smoke", "--folder", "runs/a"]
    monkeypatch.setattr(getattr(gantools, words[1]), "train", fail)
    assert main(words) == code
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and str(problem) in said
    if isinstance(problem, FileExistsError | KeyboardInterrupt):
        go_on = said.strip().split("gantools train ")[1]
        assert main(["train", *go_on.split()]) == code  # a command that parses
        assert all(word in go_on.split() for word in words[1:])


def test_data_list_names_every_set_and_whether_it_is_here(capfd, monkeypatch, folder):
    monkeypatch.setenv("GANTOOLS_DATA", str(folder))
    (folder / "portraits").mkdir()
    assert main(["data", "list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"in {folder}"
    states = {line.split()[0]: line.split()[1] for line in lines[1:]}
    assert list(states) == collections.names()
    assert states.pop("portraits") == "here"
    assert "here" not in states.values()


def test_data_fetch_tells_where_or_why_not(capfd, monkeypatch):
    monkeypatch.setattr(collections, "fetch", lambda name: Path("cache") / name)
    assert main(["data", "fetch", "portraits"]) == 0
    assert capfd.readouterr().out.strip() == str(Path("cache/portraits"))

    def fail(name):
        raise OSError("Expected an archive.\nReceived: no network")

    monkeypatch.setattr(collections, "fetch", fail)
    assert main(["data", "fetch", "portraits"]) == 1
    assert (
        capfd.readouterr().err
        == "gantools: Expected an archive. Received: no network\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["restore"],
        ["archive"],
        ["archive", "restore"],
        ["stylize"],
        ["damage"],
        ["evaluate"],
        ["panel"],
        ["train"],
        ["data"],
        ["info"],
    ],
)
def test_help_has_examples_that_parse(capfd, words):
    assert main([*words, "--help"]) == 0
    said = capfd.readouterr().out
    examples = [
        shlex.split(line)[1:]
        for line in said.partition("examples:")[2].splitlines()
        if line.startswith("  gantools ")
    ]
    assert examples or words == ["info"]
    for example in examples:
        assert callable(cli._parser().parse_args(example).run)


def run(*words):
    """Run the command in a process of its own, as a user does."""
    command = [sys.executable, "-m", "gantools.cli", *words]
    root = str(Path(gantools.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=120
    )


def test_help_and_version_need_no_framework():
    code = (
        "import sys; from gantools.cli import main; main(['--version']);"
        "slow = {'keras', 'tensorflow', 'jax', 'torch', 'matplotlib', 'scipy'};"
        "sys.exit(bool(slow & set(sys.modules)))"
    )
    root = str(Path(gantools.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout == f"gantools {gantools.__version__}\n"


def test_info_tells_versions_devices_and_hashes_without_a_word_of_the_framework():
    done = run("info")
    assert done.returncode == 0 and done.stderr == ""
    facts = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    known = {key: value for key, value in facts if key != "weights"}
    assert known["gantools"] == gantools.__version__
    assert known["numpy"] == np.__version__
    assert "cpu:0" in known["devices"] or "gpu:0" in known["devices"]
    for path in (Path(gantools.__file__).parent / "weights").glob("*.npz"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in done.stdout


def test_fidelity_is_passed_on_and_recorded(folder, inverter):
    picture("old.png")
    assert main(["restore", "old.png", "-o", "out/new.png", "--provenance"]) == 0
    words = ["restore", "old.png", "-o", "out/other.png", "--provenance"]
    assert main([*words, "--fidelity", "0.7"]) == 0
    records = [
        json.loads(Path(f"out/{n}.png.json").read_text()) for n in ("new", "other")
    ]
    assert [r["settings"]["fidelity"] for r in records] == [0.0, 0.7]
    assert main([*words, "--overwrite", "--fidelity", "2"]) == 2


def test_untrained_network_changes_nothing_in_conservative_mode(folder):
    from gantools import pretrained, restoration

    networks = restoration.build_repairer(), restoration.build_toner()
    learned = restoration.learned(*networks)
    pretrained.save("restoration", learned, folder / "runs", what="untrained")
    tifffile.imwrite("deep.tif", DEEP, photometric="rgb")
    for name in ("deep.png", "grey.png"):  # photos.save is tested beside its module
        some = DEEP if name == "deep.png" else DEEP[..., :1]
        photos.save(photos.Photo(some, bit_depth=16), name)
    tifffile.imwrite("grey.tif", DEEP[..., 0], photometric="minisblack")
    names = ["deep.tif", "deep.png", "grey.tif", "grey.png"]
    words = ["restore", *names, "-o", "out", "--weights", "runs", "--provenance"]
    assert main([*words, "--mode", "conservative"]) == 0
    assert np.array_equal(tifffile.imread("out/deep.tif"), DEEP)
    assert np.array_equal(tifffile.imread("out/grey.tif"), DEEP[..., 0])
    assert np.array_equal(np.asarray(Image.open("out/grey.png")), DEEP[..., 0])
    read = cv2.imread("out/deep.png", cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read[..., ::-1], DEEP)
    record = json.loads(Path("out/deep.tif.json").read_text())
    digest = hashlib.sha256((folder / "runs" / "restoration.npz").read_bytes())
    assert record["weights"]["sha256"] == digest.hexdigest()


# Styles


@pytest.fixture
def painter(monkeypatch, inverter):
    """Put in the place of the style network one that inverts pictures, too.

    Its restoration halves the levels, so that one can see that it came first.
    """
    calls = []

    def stylize(photo, styles, *, progress=None, **wishes):
        seen = [s if isinstance(s, str) else s.pixels for s in styles]
        calls.append({"styles": seen, **wishes})
        if progress:
            progress(0.5)
        mask = wishes["mask"]
        where = ... if mask is None else mask
        pixels = photo.pixels.copy()
        pixels[where] = np.iinfo(pixels.dtype).max - pixels[where]
        return types.SimpleNamespace(
            photo=replace(photo, pixels=pixels),
            changed=1.0,
            weights={"file": "s.npz", "sha256": "1" * 64},
        )

    def restore_then_stylize(photo, styles, *, restorer, **wishes):
        calls.append(restorer)
        restored = types.SimpleNamespace(
            photo=replace(photo, pixels=photo.pixels // 2),
            damaged=0.25,
            mode="full",
            weights={"file": "w.npz", "sha256": "0" * 64},
        )
        return restored, stylize(restored.photo, styles, **wishes)

    module = types.SimpleNamespace(
        stylize=stylize,
        restore_then_stylize=restore_then_stylize,
        load_style=lambda **where: where,
    )
    monkeypatch.setitem(sys.modules, "gantools.style", module)
    monkeypatch.setattr(gantools, "style", module, raising=False)
    return calls


def test_wishes_and_styles_reach_the_style_network(painter, capfd):
    picture("a.png"), picture("painting.png", PIXELS[:20])
    words = "stylize a.png --style painting.png --style cat -o b.png --strength 0.5"
    assert main([*words.split(), "--mix", "3,1", "--keep-colour"]) == 0
    (call,) = painter
    first, second = call.pop("styles")
    assert np.array_equal(first, PIXELS[:20])
    known = collections.picture("cat")
    assert np.array_equal(second, photos.load(known, levels=True).pixels)
    wanted = {"strength": 0.5, "weights": [3.0, 1.0], "keep_colour": True}
    assert call == {**wanted, "mask": None, "stylist": {}}
    assert inverted("b.png")
    said = capfd.readouterr()
    assert said.err == "" and said.out.splitlines()[-1] == "1 of 1 stylised"


def test_styles_that_the_package_knows_are_meant_by_their_names(painter):
    picture("a.png")
    words = "stylize a.png --style klimt-primavesi -o out --provenance"
    assert main(words.split()) == 0
    assert painter[0]["styles"] == ["klimt-primavesi"]
    settings = json.loads(Path("out/a.png.json").read_text())["settings"]
    assert settings["styles"] == [{"name": "klimt-primavesi"}]


def test_a_style_that_a_gan_has_learned_is_laid_over_by_the_gan(folder, capfd):
    pixels = PIXELS[:24, :32]
    picture("a.png", pixels)
    generator = unpaired.build_generator((4, 6, 8), 1)
    pretrained.save("painting", [generator], Path("own"), what="a test")
    words = "stylize a.png --style painting --weights own --strength 0.5 --provenance"
    assert main([*words.split(), "-o", "out"]) == 0
    stylist = unpaired.load_stylist("painting", Path("own"))
    wanted = unpaired.apply(photos.load("a.png", levels=True), stylist, 0.5)
    made = photos.load("out/a.png", levels=True)
    assert np.array_equal(made.pixels, wanted.pixels)
    assert not np.array_equal(made.pixels, pixels)
    record = json.loads(Path("out/a.png.json").read_text())
    assert record["settings"] == {"styles": [{"name": "painting"}], "strength": 0.5}
    assert record["weights"]["sha256"] == stylist.record["sha256"]
    before = files()
    for more in ("--mix 1", "--keep-colour", "--style cat", "--mask-in a.png"):
        assert main([*words.split(), *more.split(), "-o", "other"]) == 2
        assert "by itself" in capfd.readouterr().err
    assert files() == before


def test_a_hand_that_a_network_has_learned_is_asked_for_by_its_name(folder, capfd):
    from gantools import hands

    picture("a.png")
    where = own_mask("m.png")
    whole, _ = hands.build(len(hands.HANDS), (4, 6, 8), 1)
    pretrained.save("hands", [whole], Path("own"), what="a test")
    words = "stylize a.png --style klimt --style seurat --mix 3,1 --strength 0.5"
    words = f"{words} --weights own --provenance".split()
    assert main([*words, "-o", "out", "--mask-in", "m.png"]) == 0
    painters = hands.load_hands("own")
    wishes = {"weights": (3, 1), "strength": 0.5, "painters": painters}
    photo, names = photos.load("a.png", levels=True), ["klimt", "seurat"]
    wanted = hands.paint(photo, names, mask=where, **wishes).photo.pixels
    made = photos.load("out/a.png", levels=True).pixels
    assert np.array_equal(made, wanted) and np.array_equal(made[~where], PIXELS[~where])
    assert not np.array_equal(made, PIXELS)
    record = json.loads(Path("out/a.png.json").read_text())
    settings, weights = record["settings"], record["weights"]
    assert settings["styles"] == [{"name": "klimt"}, {"name": "seurat"}]
    assert (settings["mix"], settings["strength"]) == ([3.0, 1.0], 0.5)
    assert weights["sha256"] == painters.record["sha256"]
    assert main([*words, "-o", "whole", "--restore"]) == 0
    record = json.loads(Path("whole/a.png.json").read_text())
    assert record["settings"]["restored"]["mode"] == "full"
    before = files()
    assert main([*words, "--style", "cat", "-o", "other"]) == 2
    assert "Expected hands alone" in capfd.readouterr().err and files() == before


def test_stylize_keeps_shapes_of_folders_and_overwrites_nothing(painter, capfd):
    for name in ("a.png", "deep/b.tif"):
        picture(f"in/{name}")
    words = ["stylize", "in", "--style", "cat", "-o", "in/out"]
    assert main(words) == 0
    assert inverted("in/out/a.png") and inverted("in/out/deep/b.tif")
    picture("in/c.png")
    before = files()
    assert main(words) == 1  # two results are there already; the third is made
    assert files().keys() - before.keys() == {str(Path("in/out/c.png"))}
    assert {path: files()[path] for path in before} == before
    assert main([*words, "--overwrite"]) == 0
    assert len(painter) == 2 + 1 + 3


def test_a_style_among_the_photographs_is_not_painted_itself(painter, capfd):
    picture("in/a.png"), picture("in/style.png")
    assert main(["stylize", "in", "--style", "in/style.png", "-o", "out"]) == 0
    assert {path.name for path in Path("out").glob("*.png")} == {"a.png"}


def test_stylize_records_what_was_done(painter):
    picture("a.png"), picture("painting.png", PIXELS[:20])
    words = "stylize a.png --style painting.png -o out --provenance --report r.html"
    assert main(words.split()) == 0
    record = json.loads(Path("out/a.png.json").read_text("utf-8"))
    digest = hashlib.sha256(Path("painting.png").read_bytes()).hexdigest()
    (style,) = record["settings"].pop("styles")
    assert (style["name"], style["sha256"]) == ("painting.png", digest)
    wanted = {"mix": None, "strength": 1.0, "keep_colour": False}
    assert record["action"] == "stylize" and record["settings"] == wanted
    assert record["weights"] == {"file": "s.npz", "sha256": "1" * 64}
    assert record["numbers"]["changed"] == 1
    page = Path("r.html").read_text("utf-8")
    assert "<h1>Photographs in another style</h1>" in page
    assert page.count("<figure") == 1


def test_restoration_comes_first_where_it_is_wanted(painter):
    picture("a.png")
    words = "stylize a.png --style cat -o out --restore --provenance"
    assert main(words.split()) == 0
    assert np.array_equal(np.asarray(Image.open("out/a.png")), 255 - PIXELS // 2)
    assert painter[0] == "nets"
    record = json.loads(Path("out/a.png.json").read_text("utf-8"))
    weights = {"file": "w.npz", "sha256": "0" * 64}
    assert record["settings"]["restored"] == {"mode": "full", "weights": weights}
    assert record["numbers"]["damaged"] == 0.25
    own_mask("m.png")
    words = "stylize a.png --style cat -o b.png --restore --provenance --mask-in m.png"
    assert main(words.split()) == 0  # what was only restored counts, too
    record = json.loads(Path("b.png.json").read_text("utf-8"))
    changed = (np.asarray(Image.open("b.png")) != PIXELS).any(axis=-1).mean()
    assert record["numbers"]["changed"] == record["numbers"]["invented"] == changed
    assert changed > 0.9


def test_own_mask_says_where_to_paint(painter):
    picture("a.png")
    where = own_mask("masks/a.png")
    words = "stylize a.png --style cat -o out --mask-in masks --provenance"
    assert main(words.split()) == 0
    painted = np.asarray(Image.open("out/a.png"))
    assert np.array_equal(painted[where], 255 - PIXELS[where])
    assert np.array_equal(painted[~where], PIXELS[~where])
    record = json.loads(Path("out/a.png.json").read_text("utf-8"))
    digest = hashlib.sha256(Path("masks/a.png").read_bytes()).hexdigest()
    assert record["settings"]["mask"]["sha256"] == digest


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("a.png --style nobody -o out", "acanthus-mollis"),
        ("a.png --style note.txt -o out", "note.txt"),
        ("a.png --style sub -o out", "sub"),
        ("a.png --style cat --mix 1,2 -o out", "--mix"),
        ("a.png --style s.png -o s.png --overwrite", "s.png"),
        ("a.png --style cat -o s.png", "s.png"),
        ("a.png --style cat -o out --mask-in none.png", "none.png"),
        ("b.png --style cat -o out", "b.png"),
        ("a.png --style cat -o out.gif", "out.gif"),
    ],
)
def test_stylize_refuses_in_one_line_and_changes_nothing(painter, capfd, words, named):
    picture("a.png"), picture("s.png"), picture("sub/c.png")
    Path("note.txt").write_text("a note")
    before = files()
    assert main(["stylize", *words.split()]) in (1, 2)
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and said.startswith("gantools: ")
    assert "Expected" in said and "Received" in said and named in said
    assert "Traceback" not in said and files() == before and not painter


def test_missing_style_weights_end_the_whole_command_in_one_line(capfd, folder):
    picture("a.png"), picture("b.png")
    words = ["stylize", "a.png", "b.png", "--style", "cat", "-o", "out"]
    assert main([*words, "--weights", "empty"]) == 1
    said = capfd.readouterr().err
    assert said.startswith("gantools: Expected trained weights of the style network")
    assert said.count("\n") == 1 and sorted(files()) == ["a.png", "b.png"]


def test_stylize_paints_with_a_network_of_ones_own(folder):
    from gantools import pretrained, style

    decoder = style.build_decoder((8, 6, 6, 4))
    pretrained.save("style", [decoder], folder / "runs", what="untrained")
    tifffile.imwrite("deep.tif", DEEP, photometric="rgb")
    tifffile.imwrite("grey.tif", DEEP[..., 0], photometric="minisblack")
    words = ["stylize", "deep.tif", "grey.tif", "--style", "cat", "-o"]
    assert main([*words, "out", "--weights", "runs", "--keep-colour"]) == 0
    own_mask("deep.png"), own_mask("grey.png")
    assert main([*words, "some", "--weights", "runs", "--mask-in", "."]) == 0
    where = own_mask("mask.png")
    painted, some = (tifffile.imread(f"{out}/deep.tif") for out in ("out", "some"))
    assert painted.dtype == some.dtype == np.uint16
    assert (painted != DEEP).mean() > 0.9
    assert np.array_equal(some[~where], DEEP[~where])
    assert (some[where] != DEEP[where]).mean() > 0.9
    assert tifffile.imread("out/grey.tif").shape == DEEP.shape[:2]
    assert tifffile.imread("some/grey.tif").shape == DEEP.shape  # it got colours


MEASURE = """
import resource, sys
import numpy as np
from gantools import cli, engine, restoration

def stand_in(network, inputs, predict=engine.predict):
    if network is networks.toner:
        return predict(network, inputs)
    batch = inputs[0]  # the repairer's own cost is that of one window
    logits = np.zeros((*batch.shape[:3], 1), np.float32)
    return 0.1 * batch, 0 * batch, logits

engine.predict = stand_in
networks = restoration.Restorer(None, restoration.build_toner(4), WEIGHTS)
restoration.load_restorer = lambda: networks
peaks = []
for name in sys.argv[1:]:
    words = ["restore", name, "-o", "out", "--mask-out", "masks"]
    assert cli.main([*words, "--report", name + ".html", "--keep-borders"]) == 0
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(peaks[1] - peaks[0])
""".replace("WEIGHTS", str({"file": "w.npz", "sha256": "0" * 64}))


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory in Linux's unit")
@pytest.mark.parametrize("name", ["8.png", "16.png", "16.tif"])
def test_whole_scan_takes_14_bytes_a_pixel(name):
    """Beside TensorFlow and one window, below 1.1 GB: 100 megapixels in 2.5 GB."""
    kind = np.uint8 if name.startswith("8") else np.uint16
    large = np.zeros((4500, 4500, 3), kind)
    large += np.arange(4500, dtype=kind)[:, None, None]
    for values, path in ((large[:1400, :1400], f"small{name}"), (large, f"big{name}")):
        photo = photos.Photo(values, bit_depth=8 * values.itemsize)
        photos.save(photo, path)
    root = str(Path(gantools.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, f"small{name}", f"big{name}"],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    grown = int(done.stdout.splitlines()[-1]) / large[..., 0].size
    assert grown < 14, grown
