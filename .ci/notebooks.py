"""Run notebooks and store their outputs, the same bytes on every machine.

    python .ci/notebooks.py notebooks/04-data.ipynb ...

No times, no live figures, no version of this machine's Python, and no log lines of
TensorFlow's C++ side: the kernel leaves those to the terminal when it believes itself
under pytest, which is also how `pytest --nbval` runs it.
"""

import argparse
import csv
import os
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

TIMES = Path("book/run-times.csv")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
QUIET = {
    "PYTEST_CURRENT_TEST": "notebooks",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def run(path: Path) -> float:
    """Run one notebook from its own folder, store its outputs, and give the minutes."""
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,
        skip_cells_with_tag="nbval-skip",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    minutes = (time.monotonic() - start) / 60
    notebook.metadata = METADATA
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code" and "remove-cell" in cell.metadata.get("tags", []):
            cell.outputs = []  # a live figure is nothing without its kernel
    nbformat.write(notebook, path)
    return minutes


def note(path: Path, minutes: float) -> None:
    """Write how long a notebook ran into the table that the book shows."""
    with TIMES.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    times = dict(rows) | {path.stem: f"{max(minutes, 0.1):.1f}"}
    with TIMES.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *sorted(times.items())])


def main() -> None:
    """Run the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="*", type=Path)
    os.environ |= QUIET
    for path in parser.parse_args().notebook or sorted(
        Path("notebooks").glob("*.ipynb")
    ):
        print(path, flush=True)
        note(path, run(path))


if __name__ == "__main__":
    main()
