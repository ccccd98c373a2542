"""Write what the last strict run of the notebooks found, for the book's status page.

    python .ci/status.py [_build/nbval.xml]

`make nbval` runs every cell, compares what it prints with what is stored, and leaves
that report.  Chapters that it does not name keep the row they have.
"""

import csv
import os
import platform
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

REPORT, STATUS = Path("_build/nbval.xml"), Path("book/status.csv")
HEAD = ["chapter", "cells", "result", "minutes", "date", "machine"]


def machine() -> str:
    """Name this computer by what its speed depends on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
        model = found[1].strip() if found else model
    versions = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {versions}"


def chapter(case: ET.Element) -> str:
    """Name the notebook of a cell."""
    return (case.get("classname") or case.get("name")).split(".")[1]


def judge(cells: list[ET.Element]) -> str:
    """Say in how many cells of a notebook something else came out."""
    bad = [cell for cell in cells if cell.find("failure") is not None]
    broken = [cell for cell in cells if cell.find("error") is not None]
    if not bad and not broken:
        return "as stored"
    return f"{len(bad) + len(broken)} of {len(cells)} cells differ"


def rows(report: Path) -> dict[str, list[str]]:
    """Read a report of pytest: one row for each notebook that was run."""
    suite = ET.parse(report).getroot().find("testsuite")
    cells: dict[str, list[ET.Element]] = {}
    for case in suite.iter("testcase"):
        cells.setdefault(chapter(case), []).append(case)
    found = {}
    for name, cases in cells.items():
        minutes = sum(float(case.get("time")) for case in cases) / 60
        ran = [case for case in cases if case.find("skipped") is None]
        what = [name, len(ran), judge(ran), f"{max(minutes, 0.1):.1f}"]
        found[name] = [*map(str, what), suite.get("timestamp")[:10], machine()]
    return found


def write(report: Path, status: Path = STATUS) -> None:
    """Put the rows of a report into the table."""
    with status.open(newline="", encoding="utf-8") as file:
        _, *before = csv.reader(file)
    table = {row[0]: row for row in before} | rows(report)
    with status.open("w", newline="", encoding="utf-8") as file:
        made = csv.writer(file, lineterminator="\n")
        made.writerows([HEAD, *(table[name] for name in sorted(table))])


if __name__ == "__main__":
    write(Path(sys.argv[1]) if sys.argv[1:] else REPORT)
