"""Exercises of chapter 01: what time does, and what classical tools assume."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------------ lost

LOSSES = {"A": "moved", "B": "veiled", "C": "lost", "D": "moved"}
_WHY = {
    "A": "one curve for the cyan dye of all pixels; can it be undone?",
    "B": "does the stain differ from place to place, and do the bricks still show?",
    "C": "what is there of the picture where the layer itself is missing?",
    "D": "is the change the same at every place of the page?",
}


def _judge_lost(answer):
    return judge_choices(answer, LOSSES, ("moved", "veiled", "lost"), _WHY)


LOST = Exercise(
    "01-lost",
    LOSSES,
    _judge_lost,
    {
        "one curve for the cyan dye": LOSSES | {"A": "lost"},
        "do the bricks still show": LOSSES | {"B": "lost"},
        "where the layer itself is missing": LOSSES | {"C": "veiled"},
        "the same at every place": LOSSES | {"D": "veiled"},
        "expected one of": LOSSES | {"A": "gone"},
        "expected a dictionary": list(LOSSES.values()),
    },
)

# ------------------------------------------------------------------ grey-world


def grey_world(picture):
    """Give the three channels of a picture (H, W, 3) the same mean."""
    means = picture.mean(axis=(0, 1))
    return picture * (means.mean() / means)


def _means(picture):
    return picture.mean(axis=(0, 1))


_WORLDS = {
    "a cast multiplies, so it is undone by a factor, not by a shift": (
        lambda x: x + _means(x).mean() - _means(x)
    ),
    "the factor is upside down: what is too strong has to shrink": (
        lambda x: x * _means(x) / _means(x).mean()
    ),
    "the mean over all pixels of a channel, not over the channels of a pixel": (
        lambda x: x / x.mean(axis=2, keepdims=True) * x.mean()
    ),
    "the brightness is lost: the common mean is missing as a factor": (
        lambda x: x / _means(x)
    ),
    "this brings the brightest pixels together, not the means": (
        lambda x: x * x.max() / x.max(axis=(0, 1))
    ),
    "this gives one grey picture; each channel keeps its own details": (
        lambda x: np.repeat(x.mean(axis=2, keepdims=True), 3, axis=2)
    ),
}


def _judge_grey_world(answer):
    picture = np.random.default_rng(1).uniform(0.1, 0.9, (6, 5, 3)) * [0.9, 0.6, 0.3]
    mistakes = {why: wrong(picture) for why, wrong in _WORLDS.items()}
    return compare(answer(picture.copy()), grey_world(picture), mistakes)


GREY_WORLD = Exercise("01-grey-world", grey_world, _judge_grey_world, _WORLDS)

# ---------------------------------------------------------------------- median

MEDIANS = {"A": "goes", "B": "stays", "C": "goes", "D": "stays"}
_COUNTS = {
    "A": "the speck covers 9 of the 25 pixels of the window",
    "B": "a window in the middle of it covers all of its 16 pixels, of 25",
    "C": "the line covers 2 columns of the window's 5, 10 pixels of 25",
    "D": "the line covers 3 columns of the window's 5, 15 pixels of 25",
}


def _judge_median(answer):
    return judge_choices(answer, MEDIANS, ("stays", "goes"), _COUNTS)


MEDIAN = Exercise(
    "01-median",
    MEDIANS,
    _judge_median,
    {
        "9 of the 25": MEDIANS | {"A": "stays"},
        "all of its 16": MEDIANS | {"B": "goes"},
        "10 pixels of 25": MEDIANS | {"C": "stays"},
        "15 pixels of 25": MEDIANS | {"D": "goes"},
        "expected one of": MEDIANS | {"A": "blurs"},
        "expected a dictionary": list(MEDIANS.values()),
    },
)

# ------------------------------------------------------------------------ fill


def fill(left, right, n):
    """Return the n pixels between two known ones, each the mean of its neighbours."""
    return left + (right - left) * np.arange(1, n + 1) / (n + 1)


_FILLS = {
    "the known pixels are not in the gap: n pixels make n + 1 equal steps": (
        lambda a, b, n: np.linspace(a, b, n)
    ),
    "the first hidden pixel differs from the left one already": (
        lambda a, b, n: a + (b - a) * np.arange(n) / (n + 1)
    ),
    "the last hidden pixel is not yet the right one": (
        lambda a, b, n: a + (b - a) * np.arange(1, n + 1) / n
    ),
    "constant: each pixel is the mean of its two neighbours, not of the two ends": (
        lambda a, b, n: np.full(n, (a + b) / 2)
    ),
    "from left to right, not the other way round": (lambda a, b, n: fill(b, a, n)),
    "a gap may fall, too, from a bright end to a dark one": (
        lambda a, b, n: a + abs(b - a) * np.arange(1, n + 1) / (n + 1)
    ),
    "the two known pixels do not belong to the answer": (
        lambda a, b, n: np.linspace(a, b, n + 2)
    ),
    "this copies the nearer end; the middle is then no mean": (
        lambda a, b, n: np.where(np.arange(n) < n / 2, a, b)
    ),
}


def _judge_fill(answer):
    def both(f):  # a rising gap and a falling one
        return np.concatenate([f(0.2, 0.9, 6), f(0.9, 0.2, 3)])

    mistakes = {why: both(wrong) for why, wrong in _FILLS.items()}
    return compare(both(answer), both(fill), mistakes)


FILL = Exercise("01-fill", fill, _judge_fill, _FILLS)

# --------------------------------------------------------------------- unsharp


def sharpened(h, a):
    """Return the factor of a wave that was blurred, then sharpened by the share a."""
    return h * (1 + a * (1 - h))  # most at h = (1 + a) / 2a; above 1 from a > 1 on


_SHARP = {
    "this is the sharpening alone; the wave was blurred before": (
        lambda h, a: 1 + a * (1 - h)
    ),
    "the two factors are multiplied, not added": lambda h, a: h + 1 + a * (1 - h),
    "the detail is what the blur takes away, 1 - h": lambda h, a: h * (1 + a * h),
    "the picture itself is kept: 1 + a (1 - h), not a (1 - h)": (
        lambda h, a: h * a * (1 - h)
    ),
    "detail is added, so the finest waves become stronger": (
        lambda h, a: h * (1 - a * (1 - h))
    ),
}


def _judge_unsharp(answer):
    h, amounts = np.linspace(0.05, 1, 12), (0.5, 1.7)
    mistakes = {why: [f(h, a) for a in amounts] for why, f in _SHARP.items()}
    expected = [sharpened(h, a) for a in amounts]
    return compare([answer(h.copy(), a) for a in amounts], expected, mistakes)


UNSHARP = Exercise("01-unsharp", sharpened, _judge_unsharp, _SHARP)

# -------------------------------------------------------------------- settings


def settings(h, t, a, b):
    """Return strength and threshold for pictures that levels have stretched."""
    return h / (b - a), t / (b - a)


_SETTINGS = {
    "levels divide every difference by b - a, and so it makes them larger": (
        lambda h, t, a, b: (h * (b - a), t * (b - a))
    ),
    "both settings are in grey levels, so both change": (
        lambda h, t, a, b: (h / (b - a), t)
    ),
    "a threshold on how far a thing stands out is a difference: a cancels": (
        lambda h, t, a, b: (h / (b - a), (t - a) / (b - a))
    ),
    "the contrast is b - a, not b": lambda h, t, a, b: (h / b, t / b),
    "strength first, then the threshold": (
        lambda h, t, a, b: settings(h, t, a, b)[::-1]
    ),
    "noise is a deviation here, not a variance": (
        lambda h, t, a, b: (h / (b - a) ** 2, t / (b - a))
    ),
}


def _judge_settings(answer):
    cases = [(6.0, 0.2, 0.2, 0.7), (10.0, 0.1, 0.1, 0.9)]
    mistakes = {why: [f(*case) for case in cases] for why, f in _SETTINGS.items()}
    expected = [settings(*case) for case in cases]
    return compare([answer(*case) for case in cases], expected, mistakes)


SETTINGS = Exercise("01-settings", settings, _judge_settings, _SETTINGS)

EXERCISES = (LOST, GREY_WORLD, MEDIAN, FILL, UNSHARP, SETTINGS)
