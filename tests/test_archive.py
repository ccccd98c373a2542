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
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gantools
from gantools import archive, folders

RNG = np.random.default_rng(5)
ROOT = str(Path(gantools.__file__).parents[1])

STAND_IN = """
import os, sys, time, types
from dataclasses import replace
import numpy as np
import gantools
from gantools import cli

def restore(photo, mode, networks, *, fidelity, area):
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
    )

fake = types.SimpleNamespace(restore=restore, load_restorer=lambda folder: "nets")
sys.modules["gantools.restoration"] = gantools.restoration = fake
if __name__ == "__main__":
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
    return subprocess.Popen(command, env=environment, **pipes)


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
        assert process.returncode == -signal.SIGKILL
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


