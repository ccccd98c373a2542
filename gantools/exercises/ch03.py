"""Exercises of chapter 03: what damage hides, and what an answer to it can be."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ---------------------------------------------------------------------- wiener


def wiener_error(h, power, sigma):
    """Return the mean squared error that the Wiener filter leaves."""
    return np.mean(power * sigma**2 / (h**2 * power + sigma**2))


_ERRORS = {
    "sigma is the deviation; its square is the power of the noise": (
        lambda h, p, s: np.mean(p * s / (h**2 * p + s))
    ),
    "the mean over all frequencies, not the sum": (
        lambda h, p, s: np.sum(p * s**2 / (h**2 * p + s**2))
    ),
    "that is the error of dividing by h, which is best only without noise": (
        lambda h, p, s: s**2 * np.mean(1 / h**2)
    ),
    "that is the share of the power that comes back, not the error": (
        lambda h, p, s: np.mean(h**2 * p / (h**2 * p + s**2))
    ),
    "that is the share that is lost; times the power it is the error": (
        lambda h, p, s: np.mean(s**2 / (h**2 * p + s**2))
    ),
    "that is the error without the noise that comes through": (
        lambda h, p, s: np.mean((h**2 * p / (h**2 * p + s**2) - 1) ** 2 * p)
    ),
    "the square of h: once from the blur, once from undoing it": (
        lambda h, p, s: np.mean(p * s**2 / (np.abs(h) * p + s**2))
    ),
}


def _judge_wiener(answer):
    rng = np.random.default_rng(3)
    h = rng.uniform(0.1, 1, (4, 6)) * rng.choice([-1, 1], (4, 6))
    power = rng.uniform(0.2, 3, h.shape)
    mistakes = {why: wrong(h, power, 0.3) for why, wrong in _ERRORS.items()}
    received = answer(h.copy(), power.copy(), 0.3)
    if verdict := compare(received, wiener_error(h, power, 0.3), mistakes):
        return verdict
    h[0] = 0.0  # these waves are gone
    received = answer(h.copy(), power.copy(), 0.3)
    return compare(received, wiener_error(h, power, 0.3))


WIENER = Exercise("03-wiener", wiener_error, _judge_wiener, _ERRORS)

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
    "keep only the originals that agree, also for what is in the hole": (
        lambda o, y, k: np.where(k, y, o.mean(axis=0))
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


def least_distortion(a, w):
    """Return the least distortion at a squared distance w from the originals."""
    return 1 - a + max(0, 1 - np.sqrt(a) - np.sqrt(w)) ** 2


_TRADES = {
    "beyond the mean being further away buys nothing: the least is 1 - a": (
        lambda a, w: 1 - a + (1 - np.sqrt(a) - np.sqrt(w)) ** 2
    ),
    "w is squared already: its root is a distance": (
        lambda a, w: 1 - a + max(0, 1 - np.sqrt(a) - w) ** 2
    ),
    "the deviation of a y is the root of a": (
        lambda a, w: 1 - a + max(0, 1 - a - np.sqrt(w)) ** 2
    ),
    "what cannot be known, 1 - a, is missing": (
        lambda a, w: max(0, 1 - np.sqrt(a) - np.sqrt(w)) ** 2
    ),
    "the distance counts squared": (
        lambda a, w: 1 - a + max(0, 1 - np.sqrt(a) - np.sqrt(w))
    ),
    "that is the price of perfect looks, for every w": (
        lambda a, w: 2 - 2 * np.sqrt(a)
    ),
}


def _judge_tradeoff(answer):
    cases = [(0.5, 0.0), (0.5, 0.01), (0.3, 0.1), (0.64, 0.3)]
    mistakes = {why: [f(*case) for case in cases] for why, f in _TRADES.items()}
    expected = [least_distortion(*case) for case in cases]
    return compare([answer(*case) for case in cases], expected, mistakes)


TRADEOFF = Exercise("03-tradeoff", least_distortion, _judge_tradeoff, _TRADES)

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

# ---------------------------------------------------------------------- hidden

FATES = {"A": "hidden", "B": "kept", "C": "hidden", "D": "kept", "E": "hidden"}
_FATES_REASONS = {
    "A": "whatever lies inside the hole leaves no trace",
    "B": "no wave is lost altogether: what is lost comes by the noise",
    "C": "a pattern that sums to zero in every block of four vanishes",
    "D": "no factor is zero, so each can be divided away",
    "E": "colours of one brightness become the same grey",
}


def _judge_fates(answer):
    return judge_choices(answer, FATES, ("hidden", "kept"), _FATES_REASONS)


HIDDEN = Exercise(
    "03-hidden",
    FATES,
    _judge_fates,
    {
        "leaves no trace": FATES | {"A": "kept"},
        "no wave is lost": FATES | {"B": "hidden"},
        "in every block of four": FATES | {"C": "kept"},
        "no factor is zero": FATES | {"D": "hidden"},
        "the same grey": FATES | {"E": "kept"},
        "expected one of": FATES | {"A": "nothing of that"},
        "expected a dictionary": list(FATES.values()),
    },
)

EXERCISES = (WIENER, MEAN, TRADEOFF, WANTED, HIDDEN)
