"""Measure the memory and the time that a whole scan takes.

    python benchmarks/scan.py --side 10000

A scan of noise and scratches is made and restored by the command `gantools restore`
in a process of its own, once with 8 and once with 16 bits, as PNG and as TIFF.  Prints
a table.  With --stand-in only the first window meets the network, and all others are
answered at once: the same memory in a fraction of the time.  Linux and macOS.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MAKE = """
import sys
import numpy as np
from gantools import photos
side, bits, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
pixels = np.empty((side, side, 3), f"uint{bits}")
rng, top = np.random.default_rng(0), 2**bits - 1
for row in range(0, side, 100):  # grain of one hundredth, as film has
    band = pixels[row : row + 100]
    grain = rng.standard_normal(band.shape, np.float32)
    band[:] = np.clip((0.2 + 0.6 * row / side + 0.01 * grain) * top, 0, top)
pixels[:, rng.integers(0, side, 9)] = top
photos.save(photos.Photo(pixels, bit_depth=bits), path)
"""
RESTORE = """
import resource, sys
import numpy as np
from gantools import cli, engine, restoration
predict, asked = engine.predict, 0
def stand_in(network, inputs):
    global asked
    if network.name == "toner":
        return predict(network, inputs)
    batch = inputs[0]
    asked += batch.shape[1] > restoration.VIEW
    if asked == 1:
        return predict(network, inputs)
    return 0 * batch, -0.01 * batch, np.zeros((*batch.shape[:3], 1), np.float32)
if sys.argv[1] == "stand-in":
    engine.predict = stand_in
code = cli.main(["restore", *sys.argv[2:]])
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_maxrss, used.ru_utime + used.ru_stime)
sys.exit(code)
"""


def measure(side: int, bits: int, suffix: str, kind: str) -> tuple[float, float, float]:
    """Restore one scan; return gigabytes, seconds and seconds of a processor."""
    with tempfile.TemporaryDirectory() as folder:
        scan, out = Path(folder) / f"scan{suffix}", Path(folder) / f"out{suffix}"
        words = [str(side), str(bits), str(scan)]
        subprocess.run([sys.executable, "-c", MAKE, *words], check=True)
        begun = time.monotonic()
        words = [kind, str(scan), "-o", str(out), "--report", str(out) + ".html"]
        command = [sys.executable, "-c", RESTORE, *words]
        quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, text=True, env=quiet
        )
        seconds = time.monotonic() - begun
    peak, busy = map(float, done.stdout.split()[-2:])
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, bytes
    return peak * unit / 1e9, seconds, busy


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=10_000, help="pixels")
    parser.add_argument("--stand-in", action="store_true", help="one window only")
    options = parser.parse_args()
    kind = "stand-in" if options.stand_in else "network"
    print("| bits | file | peak memory, GB | time, s | of a processor, s |")
    print("|---|---|---|---|---|")
    for bits in (8, 16):
        for suffix in (".png", ".tif"):
            row = measure(options.side, bits, suffix, kind)
            numbers = f"{row[0]:.2f} | {row[1]:.0f} | {row[2]:.0f}"
            print(f"| {bits} | {suffix} | {numbers} |", flush=True)


if __name__ == "__main__":
    main()
