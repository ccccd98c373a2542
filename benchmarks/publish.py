"""Put the weights and histories of a training run where the package ships them.

    gantools train restoration --preset base --folder runs/base
    python benchmarks/publish.py runs/base --note "one H200, 25 minutes"

Writes `gantools/weights/restoration.npz`, its entry in the manifest, and
`gantools/records/restoration-<phase>.csv`.
"""

import argparse
from pathlib import Path

from gantools import arrays, evaluation
from gantools.training import History

RECORDS = Path(arrays.__file__).parent / "records"
ROWS = 200  # of a history that the book draws


def main() -> None:
    """Copy weights and thinned histories into the package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder that was trained into")
    parser.add_argument("--note", required=True, help="hardware and time it took")
    options = parser.parse_args()
    record = arrays.manifest(options.run)["restoration"]
    arrays.write_arrays(
        "restoration",
        arrays.read_arrays("restoration", options.run),
        licence=record["licence"],
        source=record["source"],
        what=f"{record['what']}; {options.note}",
    )
    for path in sorted(options.run.glob("*/history.csv")):
        history = History.read_csv(path)
        evaluation.write_rows(
            history.rows(ROWS), RECORDS / f"restoration-{path.parent.name}.csv"
        )


if __name__ == "__main__":
    main()
