"""Put the weights and histories of a training run where the package ships them.

    gantools train restoration --preset base --folder runs/base
    python benchmarks/publish.py runs/base --note "one H200, 25 minutes"

Writes, for each name that the run's manifest holds, `gantools/weights/<name>.npz`, its
entry in the manifest, and `gantools/records/<name>-<phase>.csv`, or `<name>.csv` of a
run without phases.
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
    for name, record in arrays.manifest(options.run).items():
        arrays.write_arrays(
            name,
            arrays.read_arrays(name, options.run),
            licence=record["licence"],
            source=record["source"],
            what=f"{record['what']}; {options.note}",
        )
        for path in sorted(options.run.glob("**/history.csv")):
            phase = path.parent.relative_to(options.run).name
            place = RECORDS / f"{'-'.join(filter(None, (name, phase)))}.csv"
            evaluation.write_rows(History.read_csv(path).rows(ROWS), place)


if __name__ == "__main__":
    main()
