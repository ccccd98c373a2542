"""Run notebooks and store their outputs, the same bytes on every machine.

    python .ci/notebooks.py notebooks/04-data.ipynb ...

No times, no version of this machine's Python, and no log lines of TensorFlow's C++
side: the kernel leaves those to the terminal when it believes itself under pytest,
which is also how `pytest --nbval` runs it.
"""

import argparse
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
QUIET = {
    "PYTEST_CURRENT_TEST": "notebooks",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def run(path: Path) -> None:
    """Run one notebook from its own folder, and store it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        skip_cells_with_tag="nbval-skip",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata = METADATA
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)


def main() -> None:
    """Run the notebooks named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebook", nargs="*", type=Path)
    os.environ |= QUIET
    for path in parser.parse_args().notebook or sorted(
        Path("notebooks").glob("*.ipynb")
    ):
        print(path, flush=True)
        run(path)


if __name__ == "__main__":
    main()
