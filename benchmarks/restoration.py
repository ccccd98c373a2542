"""Measure the shipped restorer against the input and the best classical chains.

    GANTOOLS_DATA=folder python benchmarks/restoration.py

For each of three severities, the held-out portraits are aged.  The classical chain is
tuned on training portraits aged to the same severity, once for each metric, so that
each column of the table holds the best chain for that column.  Writes
`gantools/records/restoration.csv` (a row a picture) and `restoration-table.csv`
(means with 95 % intervals).
"""

import argparse
from pathlib import Path

from tqdm import tqdm

from gantools import collections, evaluation, restoration
from gantools.photos import Photo

SEVERITIES = (0.3, 0.6, 0.9)
RECORDS = Path(restoration.__file__).parent / "records"


def restorer(folder: Path | None) -> evaluation.Method:
    """Wrap the trained networks as a method."""
    networks = restoration.load_restorer(*([folder] if folder else []))
    return lambda pixels: (
        restoration.restore(Photo(pixels), restorer=networks).photo.pixels
    )


def main() -> None:
    """Run the comparison and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--tuning", type=int, default=8, help="pictures to tune on")
    parser.add_argument("--test", type=int, help="use so many test pictures only")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    ours = restorer(options.weights)
    train = collections.files("portraits", split="train")
    test = collections.files("portraits", split="test")[: options.test]
    tuning = train[:: max(1, len(train) // options.tuning)][: options.tuning]
    rows = []
    for severity in SEVERITIES:
        chains = evaluation.tune(evaluation.aged_cases(tuning, severity, seed=1))
        methods = {"input": lambda pixels: pixels, "gantools": ours}
        for metric, chain in chains.items():
            print(f"severity {severity}: best classical chain by {metric}: {chain}")
            methods[f"classical-{metric}"] = chain
        cases = tqdm(evaluation.aged_cases(test, severity, seed=2), disable=None)
        rows += evaluation.evaluate(methods, cases)
    options.out.mkdir(parents=True, exist_ok=True)
    evaluation.write_rows(rows, options.out / "restoration.csv")
    table = evaluation.summarise(rows)
    evaluation.write_rows(table, options.out / "restoration-table.csv")
    for line in table:
        numbers = (
            f"{m} {line[m]:.3f} [{line[m + '_low']:.3f}, {line[m + '_high']:.3f}]"
            for m in evaluation.METRICS
        )
        print(f"{line['severity']} {line['method']:17}", *numbers)


if __name__ == "__main__":
    main()
