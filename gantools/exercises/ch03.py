"""Exercises of chapter 03: what damage hides, and what an answer to it can be."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# --------------------------------------------------------------------- inverse


def inverse_error(h, sigma):
    """Return the mean squared error of undoing the factors h under noise sigma."""
    return sigma**2 * np.mean(1 / h**2)


_INVERSES = {
    "the error of a frequency is squared: sigma^2, and 1 / h^2": (
        lambda h, s: s * np.mean(1 / np.abs(h))
    ),
    "divide first, then take the mean: the smallest factors decide": (
        lambda h, s: s**2 / np.mean(h**2)
    ),
    "undoing divides by the factors": lambda h, s: s**2 * np.mean(h**2),
    "the mean over all frequencies, not the sum": (
        lambda h, s: s**2 * np.sum(1 / h**2)
    ),
    "sigma is the deviation; its square is the power": (
        lambda h, s: s * np.mean(1 / h**2)
    ),
    "a factor may be negative: its square counts": lambda h, s: s**2 * np.mean(1 / h),
}


def _judge_inverse(answer):
    rng = np.random.default_rng(3)
    factors = rng.uniform(0.1, 1, (4, 6)) * rng.choice([-1, 1], (4, 6))
    mistakes = {why: wrong(factors, 0.3) for why, wrong in _INVERSES.items()}
    received = answer(factors.copy(), 0.3)
    return compare(received, inverse_error(factors, 0.3), mistakes)


INVERSE = Exercise("03-inverse", inverse_error, _judge_inverse, _INVERSES)

# ------------------------------------------------------------------------ mean


def conditional_mean(originals, damaged, known):
    """Return the mean (N,) of those originals (K, N) that agree where it is known."""
    agree = (originals[:, known] == damaged[known]).all(axis=1)
    return originals[agree].mean(axis=0)


def _nearest(originals, damaged, known):
    return originals[np.abs(originals - damaged)[:, known].sum(axis=1).argmin()]


_MEANS = {
    "originals that contradict what is known are out": (lambda o, y, k: o.mean(axis=0)),
    "nothing is known in the hole: compare where `known` is true": (
        lambda o, y, k: conditional_mean(o, y, np.ones_like(k))
    ),
    "this compares inside the hole: `known` says where the picture is intact": (
        lambda o, y, k: conditional_mean(o, y, ~k)
    ),
    "that is one possible original; the mean of all is wanted": _nearest,
    "the median is the answer to another loss": (
        lambda o, y, k: np.median(o[(o[:, k] == y[k]).all(axis=1)], axis=0)
    ),
    "all known numbers must agree, not any": (
        lambda o, y, k: o[(o[:, k] == y[k]).any(axis=1)].mean(axis=0)
    ),
}


def _judge_mean(answer):
    rng = np.random.default_rng(3)
    originals = np.repeat(rng.integers(0, 2, (8, 8)), 8, axis=0).astype(float)
    known = np.array([True, True, False, True, False, False, True, True])
    hidden = (~known).sum()
    originals[:, ~known] = rng.integers(0, 3, (len(originals), hidden))
    case = originals, originals[20].copy(), known
    mistakes = {why: wrong(*case) for why, wrong in _MEANS.items()}
    received = answer(*(array.copy() for array in case))
    return compare(received, conditional_mean(*case), mistakes)


MEAN = Exercise("03-mean", conditional_mean, _judge_mean, _MEANS)

# -------------------------------------------------------------------- tradeoff


def tradeoff(a, c):
    """Return (distortion, perception) of the answer c a y."""
    return 1 - a + a * (1 - c) ** 2, (1 - c * np.sqrt(a)) ** 2


_TRADES = {
    "c = 1 has the least distortion, 1 - a": (
        lambda a, c: (1 - a + a * (1 + c) ** 2, tradeoff(a, c)[1])
    ),
    "the variance of the answer is c^2 a; W compares deviations": (
        lambda a, c: (tradeoff(a, c)[0], (1 - c**2 * a) ** 2)
    ),
    "W is squared": lambda a, c: (tradeoff(a, c)[0], abs(1 - c * np.sqrt(a))),
    "what cannot be known, 1 - a, is missing in the distortion": (
        lambda a, c: (a * (1 - c) ** 2, tradeoff(a, c)[1])
    ),
    "the answer's variance is a, not 1: the extra distortion is a (1 - c)^2": (
        lambda a, c: (1 - a + (1 - c) ** 2, tradeoff(a, c)[1])
    ),
    "distortion first, then perception": lambda a, c: tradeoff(a, c)[::-1],
}


def _judge_tradeoff(answer):
    cases = [(0.5, 1.0), (0.5, 1.2), (0.8, 0.7), (0.3, 1.7)]
    mistakes = {why: [f(*case) for case in cases] for why, f in _TRADES.items()}
    expected = [tradeoff(*case) for case in cases]
    return compare([answer(*case) for case in cases], expected, mistakes)


TRADEOFF = Exercise("03-tradeoff", tradeoff, _judge_tradeoff, _TRADES)

# --------------------------------------------------------------------- answers

ANSWERS = {"A": "mean", "B": "median", "C": "sample", "D": "anything real"}
_WHY = {
    "A": "which single answer has the least mean of squares to all originals?",
    "B": "which single number has as many originals above it as below?",
    "C": "the judge sees the pair; which distribution fools it for every damaged y?",
    "D": "the judge never sees y; ask what the answer then has to do with it",
}


def _judge_answers(answer):
    return judge_choices(answer, ANSWERS, sorted(ANSWERS.values()), _WHY)


WANTED = Exercise(
    "03-answers",
    ANSWERS,
    _judge_answers,
    {
        "the least mean of squares": ANSWERS | {"A": "median"},
        "as many originals above it": ANSWERS | {"B": "mean"},
        "which distribution fools it": ANSWERS | {"C": "anything real"},
        "what the answer then has to do with it": ANSWERS | {"D": "sample"},
        "expected one of": ANSWERS | {"A": "mode"},
        "expected a dictionary": list(ANSWERS.values()),
    },
)

EXERCISES = (INVERSE, MEAN, TRADEOFF, WANTED)
