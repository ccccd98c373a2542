"""Measure how fast each runtime restores, and how far its results are from Keras's.

    python benchmarks/runtimes.py
    python benchmarks/runtimes.py --threads 1 --rounds 5 3 1

It ages a bundled photograph, enlarged to 0.3, 2 and 12 megapixels, and restores it in
full mode, the runtimes taking turns, so that all of them meet the same disturbances; in
each round another begins.  All compute on as many threads.  What is compiled on first
use is compiled before.  It writes gantools/records/runtimes.csv, a row for each size
and runtime: megapixels per second by the clock (median, lowest and highest), the median
over the rounds of their ratio to Keras's in the same round, processor seconds for each
megapixel (median), which another program on the same machine disturbs far less, their
ratio, the largest difference from Keras's result in levels of 255, and the share of the
values that are off by more than one.
"""

import argparse
import importlib.metadata
import os
import platform
import re
import time
from pathlib import Path

import cv2
import numpy as np

RECORD = Path(__file__).parents[1] / "gantools/records/runtimes.csv"
SIZES = ((480, 640), (1224, 1632), (3000, 4000))  # height, width
SEED = 3


def photograph(height: int, width: int) -> np.ndarray:
    """Give an aged photograph of a size, uint8 (H, W, 3)."""
    from gantools import collections, damage, photos

    clean = photos.load(collections.picture("airplane-from-above")).pixels
    large = cv2.resize(clean, (width, height), interpolation=cv2.INTER_CUBIC)
    aged = damage.age(np.clip(large, 0, 1), np.random.default_rng(SEED), 0.5).damaged
    return photos.to_levels(aged, np.uint8)


def measure(size: tuple[int, int], rounds: int) -> list[dict]:
    """Restore one photograph by all runtimes in turn; return their rows."""
    from gantools import photos, restoration, runtimes

    networks = restoration.load_restorer()
    photo, names = photos.Photo(photograph(*size)), list(runtimes.RUNTIMES)
    small = photos.Photo(photo.pixels[:64, :64])
    for name in names:
        restoration.restore(small, "full", networks, runtime=name)
    seconds = {name: [] for name in names}
    results = {}
    for turn in range(rounds):
        for k in range(len(names)):
            name = names[(turn + k) % len(names)]
            clock, processor = time.perf_counter(), time.process_time()
            done = restoration.restore(photo, "full", networks, runtime=name)
            spent = time.perf_counter() - clock, time.process_time() - processor
            seconds[name].append(spent)
            results[name] = done.photo.pixels.astype(np.int16)
            print(f"{size} {name}: {spent[0]:.1f} s, {spent[1]:.1f} s", flush=True)
    megapixels = size[0] * size[1] / 1e6
    return [row(name, megapixels, seconds, results) for name in names]


def row(name: str, megapixels: float, seconds: dict, results: dict) -> dict:
    """Sum up what was measured of one runtime."""
    from gantools import runtimes

    clock, processor = np.transpose(seconds[name])
    keras = np.transpose(seconds["keras"])
    off = np.abs(results[name] - results["keras"])
    return {
        "megapixels": f"{megapixels:.2f}",
        "runtime": name,
        "precision": runtimes.RUNTIMES[name],
        "megapixels a second": f"{np.median(megapixels / clock):.2f}",
        "lowest": f"{np.min(megapixels / clock):.2f}",
        "highest": f"{np.max(megapixels / clock):.2f}",
        "ratio": f"{np.median(keras[0] / clock):.2f}",
        "processor seconds a megapixel": f"{np.median(processor) / megapixels:.2f}",
        "ratio of processor seconds": f"{np.median(keras[1] / processor):.2f}",
        "largest difference": f"{off.max()}",
        "share off by more than 1": f"{np.mean(off > 1):.6f}",
        "rounds": str(len(clock)),
    }


def machine(threads: int) -> dict:
    """Say on what was measured."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    name = re.search(r"model name\s*: (.+)", text)
    bits = "avx512_bf16" in text or "amx_bf16" in text
    versions = [
        f"{package} {importlib.metadata.version(package)}"
        for package in ("keras", "tensorflow", "openvino")
    ]
    return {
        "processor": (name[1] if name else platform.processor())
        + (" with bfloat16" if bits else " without bfloat16"),
        "threads": str(threads),
        "versions": "; ".join(versions),
    }


def main() -> None:
    """Measure all sizes, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2, help="of each (default 2)")
    parser.add_argument(
        "--rounds",
        type=int,
        nargs=len(SIZES),
        default=[9, 5, 3],
        metavar="N",
        help="for each size (default 9 5 3)",
    )
    options = parser.parse_args()
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)  # tests turn it off: slower
    for key in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[key] = str(options.threads)
    from gantools import evaluation

    cv2.setNumThreads(options.threads)
    rows = []
    for size, rounds in zip(SIZES, options.rounds, strict=True):
        rows += [r | machine(options.threads) for r in measure(size, rounds)]
        evaluation.write_rows(rows, RECORD)  # what was measured so far stays


if __name__ == "__main__":
    main()
