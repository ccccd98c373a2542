"""Exercises of chapter 18: seeds, AUC, base rates, operations, noise, claims."""

import math

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ----------------------------------------------------------------------- seeds


def least(deviation, runs):
    """Return which difference of two means of `runs` seeds each is twice its error."""
    return 2 * deviation * math.sqrt(2 / runs)  # half of it: four times the runs


_LEAST = {
    "both means vary, not one": lambda s, n: 2 * s / math.sqrt(n),
    "variances add, deviations do not": lambda s, n: 2 * 2 * s / math.sqrt(n),
    "a mean of several runs varies less than one run": lambda s, n: (
        2 * s * math.sqrt(2)
    ),
    "twice the error, not once": lambda s, n: s * math.sqrt(2 / n),
}


def _judge_least(answer):
    cases = [(40.0, 3), (2.5, 10), (1.0, 2)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _LEAST.items()}
    return compare([answer(*c) for c in cases], [least(*c) for c in cases], mistakes)


LEAST = Exercise("18-seeds", least, _judge_least, _LEAST)

# ------------------------------------------------------------------------- AUC


def area(higher, lower):
    """Return how often one of `higher` is above one of `lower`, equal ones by half."""
    gap = np.asarray(higher)[:, None] - np.asarray(lower)
    return np.mean((gap > 0) + 0.5 * (gap == 0))


_AREA = {
    "equal scores count one half each": lambda a, b: np.mean(
        np.asarray(a)[:, None] > np.asarray(b)
    ),
    "equal scores are no hits": lambda a, b: np.mean(
        np.asarray(a)[:, None] >= np.asarray(b)
    ),
    "the first set should be the higher one": lambda a, b: area(b, a),
    "every score of one set meets every score of the other": lambda a, b: np.mean(
        np.asarray(a)[: min(len(a), len(b))] > np.asarray(b)[: min(len(a), len(b))]
    ),
    "compare pairs, not means": lambda a, b: float(np.mean(a) > np.mean(b)),
}


def _judge_area(answer):
    rng = np.random.default_rng(3)
    higher, lower = rng.integers(0, 7, 12) * 1.0, rng.integers(0, 5, 9) * 1.0
    mistakes = {why: f(higher, lower) for why, f in _AREA.items()}
    received = answer(higher.copy(), lower.copy())
    return compare(received, area(higher, lower), mistakes)


AREA = Exercise("18-auc", area, _judge_area, _AREA)

# ------------------------------------------------------------------- base rate


def share_of_fakes(base, hits, false_alarms):
    """Return which share of the alarms are fakes, by Bayes' rule."""
    return base * hits / (base * hits + (1 - base) * false_alarms)


_SHARE = {
    "this is the share of fakes that are found, not of alarms that are fakes": (
        lambda b, h, f: h
    ),
    "real pictures are far more than fakes: weigh each by how many there are": (
        lambda b, h, f: h / (h + f)
    ),
    "the real ones are 1 - base of all": lambda b, h, f: b * h / (b * h + f),
    "divide by all alarms, the true ones among them": lambda b, h, f: (
        b * h / ((1 - b) * f)
    ),
}


def _judge_share(answer):
    cases = [(0.001, 0.9, 0.05), (0.5, 0.8, 0.1), (0.02, 0.6, 0.3)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _SHARE.items()}
    expected = [share_of_fakes(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


SHARE = Exercise("18-base", share_of_fakes, _judge_share, _SHARE)

# ------------------------------------------------------------------ operations


def operations(height, width, kernel, channels_in, channels_out):
    """Return the operations of a convolution whose output is height x width.

    Four times the places and a quarter of the pairs of channels: the same count. If
    only one of the two numbers of channels is halved, it doubles.
    """
    return 2 * height * width * kernel**2 * channels_in * channels_out


_OPERATIONS = {
    "a multiplication and an addition are two operations": lambda h, w, k, i, o: (
        h * w * k**2 * i * o
    ),
    "the kernel has two sides": lambda h, w, k, i, o: 2 * h * w * k * i * o,
    "every output channel reads every input channel": lambda h, w, k, i, o: (
        2 * h * w * k**2 * (i + o)
    ),
    "these are the weights: each is used at every place": lambda h, w, k, i, o: (
        k**2 * i * o
    ),
}


def _judge_operations(answer):
    cases = [(32, 24, 3, 16, 48), (8, 8, 5, 256, 128), (16, 16, 1, 3, 7)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _OPERATIONS.items()}
    expected = [operations(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


OPERATIONS = Exercise("18-operations", operations, _judge_operations, _OPERATIONS)

# ----------------------------------------------------------------------- noise


def step(x, noise, now, then):
    """Take points from the angle `now` to the angle `then`, by the noise in them."""
    clean = (x - np.sin(now) * noise) / np.cos(now)
    return np.cos(then) * clean + np.sin(then) * noise


_STEP = {
    "divide by the share of the data that is left, the cosine": lambda x, e, a, b: (
        np.cos(b) * (x - np.sin(a) * e) + np.sin(b) * e
    ),
    "put back as much noise as belongs to the later angle": lambda x, e, a, b: (
        np.cos(b) * (x - np.sin(a) * e) / np.cos(a)
    ),
    "the clean point is shrunk again, by the cosine of the later angle": (
        lambda x, e, a, b: (x - np.sin(a) * e) / np.cos(a) + np.sin(b) * e
    ),
    "take out the noise of the earlier angle": lambda x, e, a, b: (
        np.cos(b) * (x - np.sin(b) * e) / np.cos(a) + np.sin(b) * e
    ),
    "this stops at the clean point": lambda x, e, a, b: (x - np.sin(a) * e) / np.cos(a),
}


def _judge_step(answer):
    x, noise = np.random.default_rng(4).normal(size=(2, 5, 2))
    mistakes = {why: f(x, noise, 1.2, 0.7) for why, f in _STEP.items()}
    received = answer(x.copy(), noise.copy(), 1.2, 0.7)
    return compare(received, step(x, noise, 1.2, 0.7), mistakes)


STEP = Exercise("18-noise", step, _judge_step, _STEP)

# ---------------------------------------------------------------------- claims

CLAIMS = {"A": "held-out", "B": "seeds", "C": "base rate", "D": "evaluations"}
_WHY = {
    "A": "near to what? A generator of typical pictures is near to everything typical",
    "B": "how far apart are two runs of the same code?",
    "C": "how many real pictures does it look at for each made one?",
    "D": "how often does each of the two call its network for one picture?",
}


def _judge_claims(answer):
    choices = ["held-out", "seeds", "base rate", "evaluations"]
    return judge_choices(answer, CLAIMS, choices, _WHY)


WHAT = Exercise(
    "18-claims",
    CLAIMS,
    _judge_claims,
    {
        "near to everything typical": CLAIMS | {"A": "seeds"},
        "two runs of the same code": CLAIMS | {"B": "held-out"},
        "for each made one": CLAIMS | {"C": "seeds"},
        "call its network": CLAIMS | {"D": "base rate"},
        "expected one of": CLAIMS | {"A": "luck"},
        "expected a dictionary": list(CLAIMS.values()),
    },
)

EXERCISES = (LEAST, AREA, SHARE, OPERATIONS, STEP, WHAT)
