"""A training run that is killed and resumed ends in the bits of one that never was."""

import subprocess
import sys
import time

import numpy as np


def start(folder):
    command = ["-m", "gantools.cli", "train", "restoration", "--preset", "smoke"]
    command += ["--folder", str(folder), "--resume"]
    return subprocess.Popen([sys.executable, *command], stderr=subprocess.DEVNULL)


def latest(folder):
    """Tell when the last checkpoint of any phase was written."""
    return max(
        (p.stat().st_mtime_ns for p in folder.glob("*/checkpoint.npz")), default=0
    )


def test_command_killed_ten_times_ends_in_the_same_bytes(tmp_path):
    """Five kills strike after a new checkpoint, five at any moment since the start."""
    whole, folder, when = tmp_path / "whole", tmp_path / "cut", np.random.default_rng(0)
    began = time.monotonic()
    with start(whole) as process:
        assert process.wait() == 0
    seconds = time.monotonic() - began
    killed = 0
    for i in range(10):
        before = latest(folder)
        with start(folder) as process:
            while i % 2 and latest(folder) == before and process.poll() is None:
                time.sleep(0.01)
            time.sleep(seconds * when.uniform(0, 0.05 if i % 2 else 0.5))
            process.kill()
        killed += process.returncode != 0
    assert killed >= 8
    with start(folder) as process:
        assert process.wait() == 0
    names = sorted(p.relative_to(whole) for p in whole.rglob("*.*"))
    assert len(names) == 10  # checkpoint and history of four phases, weights, manifest
    for name in names:
        assert (whole / name).read_bytes() == (folder / name).read_bytes(), name
