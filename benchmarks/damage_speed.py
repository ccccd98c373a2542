"""Measure how many pictures a second one core ages, and what each kind costs.

Run ``python benchmarks/damage_speed.py``. Times are processor time of one thread, so
that other work on the machine does not count. Severity is uniform on [0, 1], as in
training.
"""

import argparse
import time

import cv2
import numpy as np

from gantools import damage


def test_card(side: int, channels: int) -> np.ndarray:
    """Make a smooth random picture (side, side, channels) over the full range."""
    noise = np.random.default_rng(0).random((side, side, 3), np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), side / 30)
    smooth -= smooth.min()
    return np.ascontiguousarray(smooth[..., :channels] / smooth.max())


def pictures_per_second(side: int, channels: int, seconds: float) -> float:
    """Age one picture over and over; return pictures per second."""
    clean, rng = test_card(side, channels), np.random.default_rng(1)
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds:
        damage.age(clean, rng, rng.random())
        count += 1
    return count / (time.process_time() - start)


def milliseconds(kind: str, side: int, repeats: int) -> float:
    """Return the mean time of one kind at strength 0.6 in milliseconds."""
    clean, rng = test_card(side, 3), np.random.default_rng(1)
    start = time.process_time()
    for _ in range(repeats):
        damage.KINDS[kind](clean, rng, 0.6)
    return 1000 * (time.process_time() - start) / repeats


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="per row (default 4)"
    )
    parser.add_argument("--repeats", type=int, default=40, help="per kind (default 40)")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # of this process alone: one core is what we measure
    print("| side, px | colour, pictures/s | grey, pictures/s |\n|---|---|---|")
    for side in (64, 128, 256, 512):
        colour, grey = (
            pictures_per_second(side, channels, options.seconds) for channels in (3, 1)
        )
        print(f"| {side} | {colour:.0f} | {grey:.0f} |")
    print("\n| kind | 128 px, ms | 256 px, ms |\n|---|---|---|")
    for kind in damage.KINDS:
        costs = [milliseconds(kind, side, options.repeats) for side in (128, 256)]
        print(f"| {kind} | {costs[0]:.2f} | {costs[1]:.2f} |")


if __name__ == "__main__":
    main()
