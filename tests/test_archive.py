"""Archives: complete after any kill, originals untouched, nothing twice, nothing half.

Restoration itself is tested beside its module; here one that inverts pictures stands in
its place, also in the processes of workers, which run `STAND_IN` anew.
"""

import base64
import errno
import hashlib
import io
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantools
from gantools import (
    archive,
    arrays,
    collections,
    damage,
    folders,
    photos,
    provenance,
    runtimes,
)
from gantools.cli import main

RNG = np.random.default_rng(5)
ROOT = str(Path(gantools.__file__).parents[1])

STAND_IN = """
import os, signal, sys, time, types
from dataclasses import replace
import numpy as np
import gantools
from gantools import cli

def restore(photo, mode, networks, *, fidelity, area, runtime):
    height, width = photo.pixels.shape[:2]
    time.sleep(float(os.environ.get("SLOW", 0)))
    if height == 13:
        os._exit(9)  # as the system ends a process when memory is short
    if height == 14 and not os.path.exists("seen"):
        open("seen", "w").close()
        os._exit(9)
    return types.SimpleNamespace(
        photo=replace(photo, pixels=255 - photo.pixels),
        changed=1.0, damaged=width / 1000, tone=None,
        mask=np.full((height, width), 200, np.uint8),
    )

def load(folder):
    if "BAD" in os.environ:
        raise ValueError("Expected weights of these networks. Received: others")
    if "DEAD" in os.environ:
        os._exit(9)

fake = types.SimpleNamespace(restore=restore, load_restorer=load)
sys.modules["gantools.restoration"] = gantools.restoration = fake
engine = types.SimpleNamespace(BACKEND="a stand-in")
sys.modules["gantools.engine"] = gantools.engine = engine
if __name__ == "__main__":
    # Whoever starts the tests in the background has them ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(cli.main(["archive", *sys.argv[1:]]))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that the tests may use short names."""
    monkeypatch.chdir(tmp_path)
    Path("stand_in.py").write_text(STAND_IN)
    return tmp_path


def start(*words, slow=0.0):
    """Start the command, with the stand-in, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": ROOT, "SLOW": str(slow)}
    command = [sys.executable, "stand_in.py", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, start_new_session=True, **pipes)


def run(*words):
    """Run the command to its end; return exit code, output, and complaints."""
    process = start(*words)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return process.returncode, out.splitlines(), err.splitlines()


def picture(name, height=12, width=10):
    """Write a small scan; return its pixels."""
    pixels = RNG.integers(0, 256, (height, width, 3), np.uint8)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(name)
    return pixels


def broken(folder):
    """Write three files that are no photographs whatever they are called."""
    buffer = io.BytesIO()
    Image.fromarray(RNG.integers(0, 256, (64, 64, 3), np.uint8)).save(buffer, "JPEG")
    contents = {
        "cut.jpg": buffer.getvalue()[:-900],
        "text.png": b"Dear diary",
        "empty.tif": b"",
    }
    for name, content in contents.items():
        Path(folder, name).write_bytes(content)
    return set(contents)


def digests(folder):
    """Return {name: digest of its content} of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def lines(out="out"):
    """Read the lines on scans of a manifest, runs left out."""
    text = Path(out, archive.MANIFEST).read_text("utf-8")
    assert text.endswith("\n")
    return [line for line in map(json.loads, text.splitlines()) if "run" not in line]


def states(out="out"):
    """Return {name: state} of an archive; no scan may have two lines."""
    found = {line["name"]: line["state"] for line in lines(out)}
    assert len(found) == len(lines(out))
    return found


def inverted(name, pixels, out="out"):
    return np.array_equal(np.asarray(Image.open(Path(out, name))), 255 - pixels)


# Being killed


def test_archive_killed_five_times_ends_complete_and_nothing_is_done_twice():
    """Three kills strike when new results have been entered, two at any moment."""
    pixels = {f"{i % 3}/{i:02}.png": None for i in range(30)}
    pixels = {name: picture(f"in/{name}") for name in pixels}
    bad = broken("in/1")
    before, when = digests("in"), np.random.default_rng(0)
    words = ["restore", "in", "out", "--workers", "2"]
    entered = [0]
    for i in range(5):
        with start(*words, slow=0.1) as process:
            if i in (1, 2, 4):
                wait_for(process, lambda: count() > entered[-1] + 2)
            time.sleep(when.uniform(0, 0.2))
            process.kill()
            process.communicate(timeout=60)  # ends when the workers have, too
        assert process.returncode != 0
        entered.append(count())
    assert 6 < entered[-1] < 30  # the kills did strike in the middle of the work

    code, said, complaints = run(*words)

    assert code == 1 and len(complaints) == len(bad)
    assert said[-1].startswith("30 of 33 restored, 3 failed, ")
    assert said[-1].endswith("restored by earlier runs")
    assert digests("in") == before
    assert all(inverted(name, values) for name, values in pixels.items())
    wanted = {f"1/{name}": "failed" for name in bad} | dict.fromkeys(pixels, "restored")
    assert states() == wanted
    after = digests("out")
    own = {archive.MANIFEST, archive.PAGE, folders.MARK}
    assert after.keys() == pixels.keys() | own  # no part, no duplicate
    for line in lines():
        if line["state"] == "restored":
            assert line["before"]["sha256"] == before[line["name"]]
            assert line["after"]["sha256"] == after[line["name"]]

    code, said, _ = run(*words)  # and once more: nothing is left to do
    assert said[-1] == "30 of 33 restored, 3 failed, 30 restored by earlier runs"
    assert states() == wanted
    assert {n: d for n, d in digests("out").items() if n in pixels} == {
        name: after[name] for name in pixels
    }


def count():
    """Count whole lines of the manifest on scans."""
    path = Path("out", archive.MANIFEST)
    return path.read_bytes().count(b'\n{"name"') if path.exists() else 0


def wait_for(process, happened):
    while not happened():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signal")
def test_interrupt_ends_all_processes_at_once_and_leaves_nothing_half_done():
    pixels = {f"{i}.png": picture(f"in/{i}.png") for i in range(9)}
    words = ["restore", "in", "out", "--workers", "2"]
    with start(*words, slow=0.3) as process:
        wait_for(process, lambda: count() > 1)
        os.killpg(process.pid, signal.SIGINT)  # to all processes, as a terminal does
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "gantools: interrupted; nothing is left half done\n"
    made = {path.name for path in Path("out").glob("*.png")}
    assert set(states().values()) == {"restored"} and states().keys() <= made
    assert len(made - states().keys()) <= 2  # whole, but not entered any more
    assert len(made) < 9 and all(inverted(name, pixels[name]) for name in made)
    assert not Path("out", archive.PARTS).exists()


def test_scan_that_ends_its_process_is_tried_again_alone_and_stops_no_other():
    pixels = {f"in/{i}.png": picture(f"in/{i}.png") for i in range(4)}
    picture("in/always.png", height=13)
    once = picture("in/once.png", height=14)
    code, said, complaints = run("restore", "in", "out", "--workers", "2")
    assert code == 1 and said[-1] == "5 of 6 restored, 1 failed"
    assert states().pop("always.png") == "failed"
    assert complaints[0].startswith("gantools: always.png: Expected a process that")
    assert len(complaints) == 1 and inverted("once.png", once)
    assert all(inverted(Path(name).name, values) for name, values in pixels.items())


@pytest.mark.parametrize(
    ("how", "said"),
    [("BAD", "Expected weights of these"), ("DEAD", "Expected a process that loads")],
)
def test_networks_that_cannot_be_loaded_end_the_run_in_one_line(monkeypatch, how, said):
    monkeypatch.setenv(how, "1")
    picture("in/a.png"), picture("in/b.png")
    code, _, complaints = run("restore", "in", "out", "--workers", "1")
    assert code == 1 and len(complaints) == 1
    assert complaints[0].startswith(f"gantools: {said}") and not lines()


def test_a_runtime_that_cannot_be_used_ends_the_run_in_one_line(
    inverter, capfd, monkeypatch
):
    def compiled(model, runtime):
        raise ValueError("Expected a processor that computes so. Received: another")

    networks = types.SimpleNamespace(repairer=None)
    monkeypatch.setattr(gantools.restoration, "load_restorer", lambda folder: networks)
    monkeypatch.setattr(runtimes, "check", lambda runtime: "bfloat16")
    monkeypatch.setattr(runtimes, "compiled", compiled)
    picture("in/a.png"), picture("in/b.png")
    code, _, complaints = go(capfd, "--runtime", "openvino-bfloat16")
    assert code == 1 and len(complaints) == 1 and not lines()
    assert complaints[0].startswith("gantools: Expected a processor that")


def test_real_networks_restore_in_a_process_of_their_own():
    clean = photos.load(collections.picture("nagasaki-boats")).pixels[100:164, 100:180]
    aged = damage.age(clean, np.random.default_rng(0), 0.9)
    Path("in").mkdir()
    photos.save(photos.Photo(aged.damaged), "in/a.png")
    recipe = archive.Recipe("full", fidelity=1.0)
    counts = archive.restore(Path("in"), Path("out"), recipe, workers=1)
    assert counts["restored"] == 1
    scan, made = (np.asarray(Image.open(f"{at}/a.png")) for at in ("in", "out"))
    changed = (made != scan).reshape(*scan.shape[:2], -1).any(axis=-1).mean()
    assert changed > 0.05
    (line,) = lines()
    assert line["numbers"]["changed"] == pytest.approx(changed, abs=0.01)
    assert line["settings"] == {"mode": "full", "fidelity": 1.0}
    shipped = arrays.manifest()["restoration"]["sha256"]
    assert line["backend"] in ("tensorflow", "jax", "torch")
    assert line["weights"]["sha256"] == shipped and line["numbers"]["seconds"] > 0


# Through Ray


def test_ray_that_is_not_installed_is_said_before_anything_is_written(
    monkeypatch, capfd
):
    monkeypatch.setitem(sys.modules, "ray", None)
    picture("in/a.png")
    assert main(["archive", "restore", "in", "out", "--engine", "ray"]) == 1
    said = capfd.readouterr().err
    assert said.startswith('gantools: Expected Ray, from pip install "gantools[ray]".')
    assert said.count("\n") == 1 and not Path("out").exists()
    with pytest.raises(ImportError, match="Expected Ray"):
        archive.find_engine("ray")
    with pytest.raises(ValueError, match=r"of processes, ray\. Received: x"):
        archive.find_engine("x")


def test_actor_gives_up_a_scan_that_ended_two_before_it(inverter, monkeypatch):
    pixels = picture("in/a.png")
    Path("out", archive.PARTS).mkdir(parents=True)
    task = archive.Task("a.png", Path("in"), Path("out"))
    mark = Path("out", archive.PARTS, "run-0")

    def work(version=gantools.__version__):
        row = pickle.dumps((version, "run-0", task, archive.Recipe()))
        return pickle.loads(archive._Actor()({"item": row})["outcome"])

    monkeypatch.setattr(archive, "_take_one_thread", lambda: None)
    mark.write_bytes(b"..")
    assert work()["state"] == "failed" and "twice" in work()["problem"]
    mark.write_bytes(b".")
    assert work()["state"] == "restored" and inverted("a.png", pixels)
    assert not mark.exists()
    assert str(work("0")).startswith("Expected gantools 0 on every machine. Received")
    shutil.rmtree("in")
    assert "Expected a folder that all machines share" in str(work())


def test_ray_makes_the_bytes_and_the_lines_of_processes(monkeypatch):
    """Two scans, three broken files, and a scan that ends whatever works on it."""
    pytest.importorskip("ray.data", reason="Ray is not installed")
    clean = photos.load(collections.picture("nagasaki-boats")).pixels[100:164, 100:180]
    picture("in/fatal.png")
    for i in range(2):
        aged = damage.age(clean, np.random.default_rng(i), 0.9)
        photos.save(photos.Photo(aged.damaged), f"in/{i}.png")
    bad = broken("in") | {"fatal.png"}
    Path("sitecustomize.py").write_text(
        "import os, sys\n"
        "def work(task, recipe):\n"
        "    return os._exit(9) if 'fatal' in task.name else real(task, recipe)\n"
        "if 'worker' in str(sys.orig_argv) or 'spawn_main' in str(sys.orig_argv):\n"
        "    import gantools.archive as a; real = a.restore_scan\n"
        "    a.restore_scan = work\n"
    )
    monkeypatch.setenv("PYTHONPATH", f".:{ROOT}:{os.environ.get('PYTHONPATH', '')}")

    for name, engine in archive.ENGINES.items():
        counts = archive.restore("in", name, workers=1, engine=engine)
        assert counts["restored"] == 2 and counts["failed"] == len(bad)

    made = {name: digests(name) for name in archive.ENGINES}
    own = {archive.MANIFEST, folders.MARK}  # and no part is left
    assert made["ray"].keys() == {"0.png", "1.png"} | own
    assert all(made["ray"][n] == made["processes"][n] for n in ("0.png", "1.png"))
    problems = [
        {line["name"]: line["problem"] for line in lines(name)}
        for name in archive.ENGINES
    ]
    assert problems[0] == problems[1] and "twice" in problems[1]["fatal.png"]


# Going on; from here all in this process, by the simplest engine there is


def one_by_one(tasks, recipe, workers):
    return (archive.restore_scan(task, recipe) for task in tasks)


@pytest.fixture
def inverter(monkeypatch):
    """Put the stand-in in the place of networks and processes; list its calls."""
    done = []
    for name in ("restoration", "engine"):
        monkeypatch.setitem(sys.modules, f"gantools.{name}", None)
        monkeypatch.setattr(gantools, name, None, raising=False)
    exec(STAND_IN, {"__name__": "stand_in"})  # replaces them until the test ends
    real = archive._restore

    def restore(*wishes):
        done.append(wishes)
        return real(*wishes)

    monkeypatch.setattr(archive, "_restore", restore)
    monkeypatch.setitem(archive.ENGINES, "processes", one_by_one)
    archive._networks.cache_clear()
    yield done
    archive._networks.cache_clear()


def go(capfd, *words, out="out"):
    """Restore the archive `in` here; return exit code, last line, complaints."""
    code = main(["archive", "restore", "in", out, *words])
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    return code, said.out.splitlines()[-1:], said.err.splitlines()


def test_result_that_was_not_entered_is_made_again_and_entered_once(inverter, capfd):
    picture("in/a.png"), picture("in/b.png")
    go(capfd)
    path = Path("out", archive.MANIFEST)
    *whole, last = path.read_bytes().splitlines(keepends=True)
    assert json.loads(last)["name"] == "b.png"
    path.write_bytes(
        b"".join(whole)
    )  # as a kill between the rename and the line has it
    Path("out", archive.PARTS).mkdir()
    Path("out", archive.PARTS, "1234.png").write_bytes(b"half a file")
    before = digests("out")
    assert go(capfd)[:2] == (0, ["2 of 2 restored, 1 restored by earlier runs"])
    assert states() == {"a.png": "restored", "b.png": "restored"}
    after = digests("out")
    assert len(inverter) == 3 and not Path("out", archive.PARTS).exists()
    assert before["b.png"] == after["b.png"] == lines()[-1]["after"]["sha256"]


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_line_that_was_cut_off_is_dropped_with_a_word(inverter, capfd, cut):
    picture("in/a.png"), picture("in/b.png")
    go(capfd)
    path = Path("out", archive.MANIFEST)
    path.write_bytes(path.read_bytes()[:-cut])
    code, _, complaints = go(capfd)
    assert code == 0 and len(complaints) == 1 and "was cut off" in complaints[0]
    assert states() == {"a.png": "restored", "b.png": "restored"}
    assert len(inverter) == 3
    assert main(["archive", "report", "out"]) == 0


def test_manifest_that_is_none_is_refused_and_left_alone(inverter, capfd):
    picture("in/a.png")
    go(capfd)
    path = Path("out", archive.MANIFEST)
    path.write_text(path.read_text() + "no line\n")
    before = digests(".")
    code, _, complaints = go(capfd)
    assert code == 1 and digests(".") == before
    assert complaints[0].endswith("Received: another one, line 3")
    assert main(["archive", "report", "out"]) == 1


@pytest.mark.parametrize("what", ["original", "result"])
def test_changed_file_is_told_and_nothing_is_overwritten(inverter, capfd, what):
    picture("in/a.png")
    go(capfd)
    pixels = picture("in/a.png" if what == "original" else "out/a.png")
    before = digests("out")
    for _ in range(2):  # the second run says it again, but enters nothing new
        code, said, complaints = go(capfd)
        assert (code, said) == (1, ["0 of 1 restored, 1 failed"])
        assert f"a.png: Expected the {what} of its restoration" in complaints[0]
    assert [line["state"] for line in lines()] == ["restored", "failed"]
    assert digests("out")["a.png"] == before["a.png"]
    Path("out/a.png").unlink()
    assert go(capfd)[:2] == (0, ["1 of 1 restored"])
    assert what == "result" or inverted("a.png", pixels)
    assert lines()[-1]["after"]["sha256"] == digests("out")["a.png"]


def test_result_tells_what_the_manifest_says_but_no_names(inverter, capfd):
    picture("in/grandmother/1.png")
    assert go(capfd)[0] == 0
    path, (line,) = Path("out/grandmother/1.png"), lines()
    assert line["after"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    (step,) = provenance.inspect(path).steps
    keys = ("action", "settings", "weights", "backend", "digital_source_type")
    for key in (*keys, "precision"):
        assert step[key] == line[key], key
    assert step["before"]["sha256"] == line["before"]["sha256"]
    assert line["numbers"].pop("seconds") >= 0
    assert step["numbers"] == line["numbers"]
    assert b"grandmother" not in photos.read_xmp(path)


def test_same_scan_gives_the_same_bytes_whenever_it_was_copied(inverter, capfd):
    picture("in/a.png")
    assert go(capfd)[0] == 0
    before = digests("out")["a.png"]
    os.utime("in/a.png", (1, 1))
    Path("out/a.png").unlink()
    assert go(capfd)[0] == 0
    assert lines()[0]["before"]["mtime_ns"] != lines()[1]["before"]["mtime_ns"]
    assert digests("out")["a.png"] == before


def test_file_that_was_only_touched_is_read_and_left_alone(inverter, capfd):
    picture("in/a.png")
    go(capfd)
    os.utime("in/a.png"), os.utime("out/a.png")
    before = digests("out")["a.png"]
    assert go(capfd)[:2] == (0, ["1 of 1 restored, 1 restored by earlier runs"])
    assert len(inverter) == 1 and digests("out")["a.png"] == before


def test_only_verify_finds_what_size_and_date_hide(inverter, capfd):
    picture("in/a.bmp.png"), picture("in/b.png")
    go(capfd)
    path = Path("out/b.png")
    rotten, when = bytearray(path.read_bytes()), path.stat()
    rotten[-20] ^= 1
    path.write_bytes(rotten)
    os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
    assert go(capfd)[0] == 0
    code, _, complaints = go(capfd, "--verify")
    assert (code, len(complaints), len(inverter)) == (1, 1, 2)
    assert "b.png: Expected the result of its restoration" in complaints[0]


def test_other_settings_and_weights_want_another_folder(inverter, capfd, monkeypatch):
    picture("in/a.png")
    go(capfd)
    before = digests(".")
    code, _, complaints = go(capfd, "--fidelity", "0.5")
    assert code == 1 and "Expected the settings of its earlier run" in complaints[0]
    other = {"file": "restoration.npz", "sha256": "1" * 64}
    monkeypatch.setattr(archive, "_weights", lambda folder: other)
    code, _, complaints = go(capfd)
    assert code == 1 and "Expected the weights of its earlier run" in complaints[0]
    assert digests(".") == before and len(inverter) == 1


def test_an_archive_is_no_place_for_guesses_of_colours(inverter):
    picture("in/a.png")
    recipe = archive.Recipe("colourise")
    with pytest.raises(ValueError, match=r"conservative.*Received: 'colourise'"):
        archive.restore(Path("in"), Path("out"), recipe, engine=one_by_one)
    assert not inverter and not Path("out").exists()


def test_failure_is_tried_again_and_said_again_but_entered_once(inverter, capfd):
    picture("in/a.png")
    bad = broken("in")
    for _ in range(2):
        code, said, complaints = go(capfd)
        assert code == 1 and len(complaints) == len(bad) == 3
        assert said[0].startswith("1 of 4 restored, 3 failed")
    assert {n for n, s in states().items() if s == "failed"} == bad
    pixels = picture("in/text.png")
    go(capfd)
    assert inverted("text.png", pixels) and lines()[-1]["state"] == "restored"


# Trouble


@pytest.mark.parametrize("number", archive.FULL)
def test_full_disk_ends_the_run_and_the_next_one_goes_on(
    inverter, capfd, monkeypatch, number
):
    for name in "abc":
        picture(f"in/{name}.png")
    real = photos._publish

    def full(temporary, path, overwrite):
        if len(inverter) == 2:
            raise OSError(number, os.strerror(number))
        real(temporary, path, overwrite)

    with monkeypatch.context() as patch:
        patch.setattr(photos, "_publish", full)
        code, said, complaints = go(capfd)
    out = Path("out").absolute()
    assert (code, said) == (1, [])
    assert complaints == [f"gantools: {out}: {os.strerror(number)}"]
    assert states() == {"a.png": "restored"} and len(inverter) == 2
    assert not Path("out", archive.PARTS).exists()
    assert go(capfd)[:2] == (0, ["3 of 3 restored, 1 restored by earlier runs"])


def test_line_for_which_the_disk_is_too_full_is_dropped(inverter, capfd, monkeypatch):
    picture("in/a.png"), picture("in/b.png")
    real = archive._Manifest.append

    class Half:
        def __init__(self, file):
            self.file, self.name = file, file.name

        def write(self, line):
            return self.file.write(line[:50])

        def close(self):
            self.file.close()

    def append(manifest, record):
        if record.get("name") == "b.png":
            manifest.file = Half(manifest.file)
        real(manifest, record)

    with monkeypatch.context() as patch:
        patch.setattr(archive._Manifest, "append", append)
        code, _, complaints = go(capfd)
    assert code == 1 and complaints[0].endswith(os.strerror(errno.ENOSPC))
    assert go(capfd)[:2] == (0, ["2 of 2 restored, 1 restored by earlier runs"])
    assert states() == {"a.png": "restored", "b.png": "restored"}


def test_second_run_at_the_same_time_is_refused(inverter, capfd):
    picture("in/a.png")
    go(capfd)
    with archive._Manifest(Path("out", archive.MANIFEST)):
        code, _, complaints = go(capfd)
    assert code == 1 and "Expected an archive that no other run" in complaints[0]
    assert go(capfd)[0] == 0


def test_folder_that_cannot_be_read_is_a_failure(inverter, capfd, monkeypatch):
    picture("in/a.png"), picture("in/shut/b.png"), picture("in/z/c.png")
    real = os.scandir

    def scandir(path):
        if str(path).endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert go(capfd)[:2] == (1, ["2 of 3 restored, 1 failed"])
    assert states()["shut"] == "failed"


def test_original_that_goes_is_counted_and_its_result_stays(inverter, capfd):
    picture("in/a.png"), picture("in/b.png")
    go(capfd)
    Path("in/b.png").unlink()
    code, (said,), _ = go(capfd)
    assert code == 0 and said.endswith("1 of earlier runs gone")
    assert Path("out/b.png").exists()


# What is a scan


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_rule_for_what_is_a_photograph_is_that_of_restore(inverter, capfd):
    for name in ("a.png", "deep/a.png", ".hidden.png", ".git/b.png"):
        picture(f"in/{name}")
    Path("in/note.txt").write_text("a note")
    picture("in/old/result.png")
    folders.mark(Path("in/old"))
    Path("in/link.png").symlink_to("a.png")
    Path("in/round").symlink_to(".", target_is_directory=True)
    Path("in/behind.png").symlink_to(".git/b.png")
    Path("in/lost.png").symlink_to("nowhere.png")
    Path("in/loop.png").symlink_to("loop.png")
    before = digests("in")
    code, said, complaints = go(capfd, out="in/out")  # results inside the archive
    assert said == ["3 of 5 restored, 2 failed, 2 skipped"] and code == 1
    wanted = {"a.png": "restored", "deep/a.png": "restored", "behind.png": "restored"}
    wanted |= {"lost.png": "failed", "loop.png": "failed"}
    wanted |= {"note.txt": "skipped", "link.png": "skipped"}
    assert states("in/out") == wanted and "lost.png" in complaints[1]
    assert {n: d for n, d in digests("in").items() if n in before} == before
    said = go(capfd, out="in/out")[1]  # nor does it take its own results for scans
    assert said[0].startswith("3 of 5 restored, 2 failed, 3 restored by earlier runs")


def test_names_that_differ_in_case_alone_are_not_both_restored(inverter, capfd):
    picture("in/A.png"), picture("in/a.png")
    if len(list(Path("in").iterdir())) < 2:
        pytest.skip("this disk holds one of the two names alone")
    assert go(capfd)[:2] == (1, ["1 of 2 restored, 1 failed"])
    assert states() == {"A.png": "restored", "a.png": "failed"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know no such names")
def test_names_that_are_no_text_are_restored_and_shown(inverter, capfd):
    name = os.fsdecode(b"in/\xff\n.png")
    picture(name), picture("in/\N{SNOWMAN}.png")
    assert go(capfd)[0] == 0 and Path("out", Path(name).name).exists()
    assert go(capfd)[1] == ["2 of 2 restored, 2 restored by earlier runs"]
    assert "\\udcff" in Path("out", archive.PAGE).read_text("utf-8")


@pytest.mark.parametrize(
    ("originals", "out"),
    [
        ("in", "other"),
        ("in", "in"),
        ("in/deep", "in"),
        ("missing", "out"),
        ("in/a.png", "out"),
        ("in", "in/a.png"),
        ("empty", "out"),
    ],
)
def test_folders_that_cannot_be_meant_are_refused(inverter, capfd, originals, out):
    picture("in/a.png"), picture("in/deep/b.png"), picture("other/c.png")
    Path("empty").mkdir()
    before = digests(".")
    assert main(["archive", "restore", originals, out]) == 1
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and "Expected" in said and "Received" in said
    assert digests(".") == before and not inverter


def test_results_never_go_over_originals_even_with_a_manifest(inverter, capfd):
    picture("in/a.png")
    go(capfd)
    assert main(["archive", "restore", "out", "out"]) == 1
    assert "does not hold the originals" in capfd.readouterr().err


def test_report_needs_a_manifest(capfd):
    assert main(["archive", "report", "in"]) == 1
    said = capfd.readouterr().err
    assert said.startswith("gantools: in: Expected a folder with a manifest.jsonl.")


# The page


def test_page_has_failures_first_and_a_choice_of_scans(inverter, capfd, monkeypatch):
    monkeypatch.setattr(archive, "SHOWN", 4)
    monkeypatch.setattr(archive, "LISTED", 2)
    for i in range(12):
        picture(f"in/{i:02}.png", width=20 + i)  # the wider, the more is "damaged"
    Image.new("RGB", (99, 40), (200, 100, 50)).save("in/11.png")
    broken("in")
    go(capfd)
    page = Path("out", archive.PAGE).read_text("utf-8")
    assert "12 restored, 3 failed, 0 skipped" in page
    assert "The first 2 failures are listed." in page
    assert page.count('class="failed"') == 2
    names = re.findall(r"<h2>(.*?)</h2>", page)
    assert names == ["11.png", "10.png", "00.png", "05.png"]
    assert page.index("cut.jpg: Expected") < page.index("<h2>")
    before, after = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', page)[:2]
    for text, wanted in ((before, (200, 100, 50)), (after, (55, 155, 205))):
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
        assert shown.shape == (40, 99, 3)
        assert np.abs(shown - np.array(wanted)).max() < 5


def test_page_can_be_made_again_from_the_manifest(inverter, capfd):
    picture("in/a.png"), picture("in/b.png")
    go(capfd)
    path = Path("out", archive.PAGE)
    page = path.read_bytes()
    path.unlink()
    assert main(["archive", "report", "out"]) == 0
    assert path.read_bytes() == page
    Path("in/a.png").unlink()
    assert main(["archive", "report", "out"]) == 0
    page = path.read_text("utf-8")
    assert page.count("<figure") == 1 and "cannot be shown" in page
