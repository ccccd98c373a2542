"""Measure how many batches a second reach a training loop, fed in five ways.

    python benchmarks/feeding.py

Two kinds of batches: `crops`, which `dcgan.crops` cuts out of photographs, and
`damaged`, which `pairs.repair_batches` ages as well.  Five ways: the loop prepares each
batch itself; one thread or two prepare ahead, or two processes, as `training.fit` has
it; and `tf.data` with two calls at a time.  The loop itself does nothing.  The ways
take turns for some rounds.  On a busy machine the rates say little; the processor
seconds that a batch took, in all threads and processes, hold there, too.  Writes
`gantools/records/feeding.csv`.
"""

import argparse
import contextlib
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import tensorflow as tf

import gantools
from gantools import dcgan, evaluation, pairs, restoration, training

RECORDS = Path(gantools.__file__).parent / "records"
Batches = Callable[[int], training.Batch]


@contextlib.contextmanager
def by_fit(batches: Batches, count: int, threads: int, processes: int = 0):
    """Feed as `training.fit` does."""
    workers = processes or threads
    with training._forked(batches, processes) as prepared:
        stream = training._prefetch(prepared, 0, count, workers)
        with contextlib.closing(stream):
            yield stream


@contextlib.contextmanager
def by_tf_data(batches: Batches, count: int, calls: int) -> Iterator[Iterable]:
    """Feed by `tf.data`, the same batches in the same order."""
    types = [tf.float32] * len(batches(0))

    def prepare(step):
        return tf.numpy_function(lambda s: batches(int(s)), [step], types)

    data = tf.data.Dataset.range(count).map(prepare, num_parallel_calls=calls)
    yield data.prefetch(2 * calls).as_numpy_iterator()


WAYS = {
    "the loop itself": lambda b, n: contextlib.nullcontext(map(b, range(n))),
    "1 thread": lambda b, n: by_fit(b, n, 1),
    "2 threads": lambda b, n: by_fit(b, n, 2),
    "2 processes": lambda b, n: by_fit(b, n, 0, 2),
    "tf.data, 2 calls": lambda b, n: by_tf_data(b, n, 2),
}


def kinds() -> dict[str, Batches]:
    """Make both kinds of batches of the bundled photographs."""
    smoke = dcgan.PRESETS["smoke"]
    clean = restoration.training_pictures(restoration.PRESETS["smoke"], {})
    return {
        "crops": dcgan.crops(dcgan.load_pictures(smoke)[0], 64, smoke.crop, seed=0),
        "damaged": pairs.repair_batches(clean, 8, 64, seed=0),
    }


def feed(batches: Batches, count: int, way: str) -> tuple[float, float]:
    """Feed `count` batches; give batches per second, and processor seconds of each.

    The rate is that from the second batch on, when all that starts has started.
    """
    worked = sum(os.times()[:4])  # of this process and of those that it waited for
    with WAYS[way](batches, count) as stream:
        stream = iter(stream)
        next(stream)
        start = time.perf_counter()
        for _ in stream:
            pass
        rate = (count - 1) / (time.perf_counter() - start)
    return rate, (sum(os.times()[:4]) - worked) / count


def measure(rounds: int, count: int) -> list[dict[str, str]]:
    """Let the ways take turns; give the rows of the record."""
    rows = []
    for kind, batches in kinds().items():
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, results in found.items():
                results.append(feed(batches, count, way))
        for way, results in found.items():
            rates, seconds = zip(*results, strict=True)
            row = {"batches": kind, "way": way}
            row["per second"] = f"{statistics.median(rates):.2f}"
            row |= {"lowest": f"{min(rates):.2f}", "highest": f"{max(rates):.2f}"}
            row["processor seconds"] = f"{statistics.median(seconds):.4f}"
            rows.append(row | {"load": f"{os.getloadavg()[1]:.1f}"})
            print(*rows[-1].values(), sep=" | ", flush=True)
    return rows


def main() -> None:
    """Measure and write the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=25, help="batches in a round")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    rows = measure(options.rounds, options.count)
    evaluation.write_rows(rows, options.out / "feeding.csv")


if __name__ == "__main__":
    main()
