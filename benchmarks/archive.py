"""Kill a run over an archive five times, and see whether it ends complete.

    python benchmarks/archive.py
    python benchmarks/archive.py --speed 1 2

The archive is made of the sets fsa-owi and documerica (see `gantools data list`), 200
scans, with 10 broken files among them.  `gantools archive restore` works on it, is
killed with kill -9 five times, spread over the work, and then left to end.  Whatever is
not as it should be ends this with an error; otherwise it prints what it found.  With
--side the scans are made smaller first, which is quicker.

With --speed nothing is killed: every fifth scan is restored, by each number of workers
named, and the seconds for each megapixel are printed.  Only at rest do they mean
anything.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from gantools import archive, collections, folders

SETS = ("fsa-owi", "documerica")
KILLS = 5
RECORD = b'\n{"name": '  # how a line on a scan begins, after the line before it


def scans() -> list[Path]:
    """List the scans of all sets."""
    return [path for name in SETS for path in collections.files(name, "all")]


def make(folder: Path, paths: list[Path], side: int | None) -> None:
    """Copy scans into a folder for each set, smaller if wanted."""
    for path in paths:
        place = folder / path.parent.name / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if side is None:
            place.write_bytes(path.read_bytes())
            continue
        with Image.open(path) as image:
            image.thumbnail((side, side))
            image.save(place, quality=95)


def spoil(folder: Path) -> set[str]:
    """Put ten files among the scans that are no photographs; return their names."""
    whole = sorted(folder.rglob("*.jpg"))
    contents = {f"cut-{i}.jpg": whole[40 * i].read_bytes()[: -300 - i] for i in (0, 2)}
    contents |= {f"head-{i}.jpg": whole[i].read_bytes()[:99] for i in range(2)}
    contents |= {"empty.jpg": b"", "empty.tif": b"", "text.png": b"Dear diary, "}
    contents |= {"page.jpg": b"<html>404</html>", "zeros.webp": bytes(4096)}
    contents |= {"noise.tiff": random.Random(0).randbytes(4096)}
    for name, content in contents.items():
        (folder / SETS[len(name) % 2] / name).write_bytes(content)
    return set(contents)


def digests(folder: Path) -> dict[str, str]:
    """Return {name: SHA-256} of all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def entered(out: Path) -> int:
    """Count the lines on scans of a manifest."""
    path = out / archive.MANIFEST
    return path.read_bytes().count(RECORD) if path.exists() else 0


def start(originals: Path, out: Path, workers: int) -> subprocess.Popen:
    """Start the command."""
    words = ["archive", "restore", str(originals), str(out), "--workers", str(workers)]
    return subprocess.Popen(
        [sys.executable, "-m", "gantools.cli", *words], stdout=subprocess.PIPE
    )


def kill(process: subprocess.Popen, out: Path, after: int, wait: float) -> int:
    """Kill a run some seconds after so many lines; return how many there are then."""
    while entered(out) < after:
        if process.poll() is not None:
            sys.exit("Expected a run that goes on until killed. Received: its end")
        time.sleep(0.02)
    time.sleep(wait)
    process.kill()
    process.communicate()  # until the workers have ended, too
    return entered(out)


def check(folder: Path, bad: set[str], before: dict[str, str]) -> Counter[str]:
    """Raise unless the archive is complete; return the states of its scans."""
    originals, out = folder / "in", folder / "out"
    assert digests(originals) == before, "an original has changed"
    text = (out / archive.MANIFEST).read_text("utf-8")
    lines = [line for line in map(json.loads, text.splitlines()) if "name" in line]
    records = {line["name"]: line for line in lines}
    assert records.keys() == before.keys(), "a scan has no line, or none that it should"
    assert len(lines) == len(records), "a scan has two lines"
    failed = {n for n, line in records.items() if line["state"] == archive.FAILED}
    assert {Path(name).name for name in failed} == bad, "other scans failed"
    made, own = digests(out), {archive.MANIFEST, archive.PAGE, folders.MARK}
    assert made.keys() == (records.keys() - failed) | own, "files too many or too few"
    for name in records.keys() - failed:
        line = records[name]
        assert line["before"]["sha256"] == before[name], name
        assert line["after"]["sha256"] == made[name], name
        with Image.open(out / name) as image:
            image.load()  # a file that is not whole does not decode
    return Counter(line["state"] for line in lines)


def torture(side: int | None, workers: int) -> None:
    """Kill, resume, check, print."""
    with tempfile.TemporaryDirectory() as place:
        folder, when = Path(place), random.Random(0)
        make(folder / "in", scans(), side)
        bad = spoil(folder / "in")
        before, begun = digests(folder / "in"), time.monotonic()
        for i in range(KILLS):
            after = len(before) * (i + 1) // (KILLS + 1)
            process = start(folder / "in", folder / "out", workers)
            there = kill(process, folder / "out", after, when.uniform(0, 2))
            print(f"killed with {there} of {len(before)} scans entered", flush=True)
        process = start(folder / "in", folder / "out", workers)
        said = process.communicate()[0].decode().splitlines()
        assert process.returncode == 1, process.returncode
        counts = check(folder, bad, before)
        print(said[-1])
        print(f"{dict(counts)}, originals as they were, nothing twice, nothing half")
        print(f"{time.monotonic() - begun:.0f} s on {os.cpu_count()} processors")


def measure(side: int | None, workers: int) -> None:
    """Restore every fifth scan, and print how long a megapixel took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder / "in", scans()[::5], side)
        begun = time.monotonic()
        process = start(folder / "in", folder / "out", workers)
        process.communicate()
        seconds = time.monotonic() - begun
        assert process.returncode == 0, process.returncode
        lines = (folder / "out" / archive.MANIFEST).read_text("utf-8").splitlines()
        numbers = [json.loads(line)["numbers"] for line in lines[1:]]
        pixels, busy = (sum(n[k] for n in numbers) for k in ("megapixels", "seconds"))
        print(
            f"| {workers} | {len(numbers)} | {pixels:.1f} | {seconds / pixels:.2f} | "
            f"{busy / pixels:.2f} |",
            flush=True,
        )


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, help="longest side of the scans, pixels")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument(
        "--speed", type=int, nargs="+", metavar="N", help="measure N workers instead"
    )
    options = parser.parse_args()
    if not options.speed:
        torture(options.side, options.workers)
        return
    print("| workers | scans | megapixels | s a megapixel | s of a worker |")
    print("|---|---|---|---|---|")
    for workers in options.speed:
        measure(options.side, workers)


if __name__ == "__main__":
    main()
