"""Kill a run over an archive five times, and see whether it ends complete.

    python benchmarks/archive.py
    python benchmarks/archive.py --engine ray
    python benchmarks/archive.py --speed 1 2

The archive is made of the sets fsa-owi and documerica (see `gantools data list`), 200
scans, with 10 broken files among them.  `gantools archive restore` works on it, is
killed with kill -9 five times, spread over the work, and then left to end.  Whatever is
not as it should be ends this with an error; otherwise it prints what it found.  With
--side the scans are made smaller first, which is quicker, and with --every some are
left out.

With --engine ray all that goes through Ray.  Then processes restore the same scans, not
killed, and the two are compared file by file.  What was found is written to
gantools/records/archive-ray.csv.

With --speed nothing is killed: one scan is restored, which is mostly starting, and then
every fifth scan, by each number of workers named.  The seconds are written to
gantools/records/archive-speed.csv: those of the clock, which mean something only at
rest, and those of the processors, which other work on the machine disturbs less.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from gantools import archive, collections, evaluation, folders

SETS = ("fsa-owi", "documerica")
KILLS = 5
RECORDS = Path(archive.__file__).parent / "records"
RECORD = b'\n{"name": '  # how a line on a scan begins, after the line before it


def scans(every: int = 1) -> list[Path]:
    """List every so many of the scans of all sets."""
    return [path for name in SETS for path in collections.files(name, "all")][::every]


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
    cut = {0: whole[0], 2: whole[len(whole) // 2]}
    contents = {f"cut-{i}.jpg": cut[i].read_bytes()[: -300 - i] for i in cut}
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


def start(
    originals: Path, out: Path, workers: int, engine: str = "processes"
) -> subprocess.Popen:
    """Start the command."""
    words = ["archive", "restore", str(originals), str(out), "--workers", str(workers)]
    words += ["--engine", engine]
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


def torture(options: argparse.Namespace) -> dict[str, object]:
    """Kill, resume, check, print; return what was found."""
    with tempfile.TemporaryDirectory() as place:
        folder, when = Path(place), random.Random(0)
        make(folder / "in", scans(options.every), options.side)
        bad = spoil(folder / "in")
        before, begun = digests(folder / "in"), time.monotonic()
        how = options.workers, options.engine
        for i in range(KILLS):
            after = len(before) * (i + 1) // (KILLS + 1)
            process = start(folder / "in", folder / "out", *how)
            there = kill(process, folder / "out", after, when.uniform(0, 2))
            print(f"killed with {there} of {len(before)} scans entered", flush=True)
        process = start(folder / "in", folder / "out", *how)
        said = process.communicate()[0].decode().splitlines()
        assert process.returncode == 1, process.returncode
        counts = check(folder, bad, before)
        seconds = time.monotonic() - begun
        print(said[-1])
        print(f"{dict(counts)}, originals as they were, nothing twice, nothing half")
        print(f"{seconds:.0f} s on {os.cpu_count()} processors", flush=True)
        found = {"engine": options.engine, "scans": len(before), "kills": KILLS}
        found |= {"workers": options.workers, "side": options.side or "whole"}
        found |= {state: counts[state] for state in (archive.RESTORED, archive.FAILED)}
        found |= {"seconds": round(seconds), "load": round(os.getloadavg()[0], 1)}
        return found | ({"equal": equal(folder)} if options.engine == "ray" else {})


def equal(folder: Path) -> int:
    """Restore again, by processes, and count the results that are the same bytes."""
    start(folder / "in", folder / "plain", 1).communicate()
    made, plain = digests(folder / "out"), digests(folder / "plain")
    own = {archive.MANIFEST, archive.PAGE, folders.MARK}
    assert made.keys() == plain.keys(), "one engine made files that the other did not"
    same = sum(made[name] == plain[name] for name in made.keys() - own)
    print(f"{same} of {len(made.keys() - own)} results are the bytes of processes")
    return same


def measure(
    options: argparse.Namespace, workers: int, paths: list[Path]
) -> dict[str, object]:
    """Restore some scans, and return how long that took."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make(folder / "in", paths, options.side)
        begun, used = time.monotonic(), _processor_seconds()
        process = start(folder / "in", folder / "out", workers, options.engine)
        process.communicate()
        seconds, used = time.monotonic() - begun, _processor_seconds() - used
        assert process.returncode == 0, process.returncode
        lines = (folder / "out" / archive.MANIFEST).read_text("utf-8").splitlines()
        numbers = [json.loads(line)["numbers"] for line in lines[1:]]
        pixels, busy = (sum(n[k] for n in numbers) for k in ("megapixels", "seconds"))
        row = {
            "workers": workers,
            "scans": len(numbers),
            "megapixels": round(pixels, 2),
            "seconds": round(seconds, 1),
            "of the workers": round(busy, 1),
            "of the processors": round(used, 1),
            "processors": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
        }
        print(row, flush=True)
        return row


def _processor_seconds() -> float:
    """Return the processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, help="longest side of the scans, pixels")
    parser.add_argument("--every", type=int, default=1, help="take every so many scans")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--engine", choices=archive.ENGINES, default="processes")
    parser.add_argument(
        "--speed", type=int, nargs="+", metavar="N", help="measure N workers instead"
    )
    options = parser.parse_args()
    if options.speed:
        paths = scans(5 * options.every)
        rows = [measure(options, 1, paths[:1])]
        rows += [measure(options, workers, paths) for workers in options.speed]
        evaluation.write_rows(rows, RECORDS / "archive-speed.csv")
        return
    found = torture(options)
    if options.engine == "ray":
        evaluation.write_rows([found], RECORDS / "archive-ray.csv")


if __name__ == "__main__":
    main()
