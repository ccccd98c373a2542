"""Exercises of chapter 16: thresholds, crowds, drift, an identity term, evidence."""

import math

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------- threshold


def threshold(impostor, rate):
    """Return the largest threshold below which at most a share `rate` lies."""
    ordered = np.sort(impostor)
    return ordered[math.floor(rate * len(ordered))]


_THRESHOLDS = {
    "a small distance is what gets accepted: count from the smallest": (
        lambda d, r: np.sort(d)[::-1][math.floor(r * len(d))]
    ),
    "sort the distances first": lambda d, r: d[math.floor(r * len(d))],
    "the distance at this place is not below itself; one more place is allowed": (
        lambda d, r: np.sort(d)[max(0, math.floor(r * len(d)) - 1)]
    ),
    "rounding up would accept more than the rate": (
        lambda d, r: np.sort(d)[math.ceil(r * len(d))]
    ),
    "one place too far: this one accepts more than the rate": (
        lambda d, r: np.sort(d)[math.floor(r * len(d)) + 1]
    ),
}


def _judge_threshold(answer):
    rng = np.random.default_rng(0)
    cases = [(rng.uniform(0, 1, 20), 0.1), (rng.uniform(0, 1, 31), 0.25)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _THRESHOLDS.items()}
    expected = [threshold(*c) for c in cases]
    return compare([answer(d.copy(), r) for d, r in cases], expected, mistakes)


THRESHOLD = Exercise("16-threshold", threshold, _judge_threshold, _THRESHOLDS)

# ----------------------------------------------------------------------- pairs


def pairs(rate):
    """Return how many impostor pairs, none accepted, show a rate below `rate`."""
    return math.ceil(math.log(0.05) / math.log(1 - rate))


_PAIRS = {
    "this is half of them: 5 % is the chance of none, not 50 %": lambda r: math.ceil(
        math.log(0.5) / math.log(1 - r)
    ),
    "one over the rate is where one error is expected; none then happens often": (
        lambda r: math.ceil(1 / r)
    ),
    "the exact number; the rule of three comes after it": lambda r: math.ceil(3 / r),
    "round up": lambda r: pairs(r) - 1,
    "none accepted has the chance (1 - rate)^n; that shall be at most 0.05": (
        lambda r: math.ceil(math.log(0.95) / math.log(1 - r))
    ),
}


def _judge_pairs(answer):
    cases = [0.1, 0.01, 0.001]
    mistakes = {why: [f(c) for c in cases] for why, f in _PAIRS.items()}
    return compare([answer(c) for c in cases], [pairs(c) for c in cases], mistakes)


PAIRS = Exercise("16-pairs", pairs, _judge_pairs, _PAIRS)

# ----------------------------------------------------------------------- crowd


def crowd(rate, people):
    """Return how likely a stranger is taken for at least one of so many people."""
    return 1 - (1 - rate) ** people


_CROWD = {
    "a probability is at most 1: sums of chances count double hits twice": (
        lambda r, n: r * n
    ),
    "this is the chance of no match at all": lambda r, n: (1 - r) ** n,
    "this is the chance of a match with all of them": lambda r, n: r**n,
    "this is the chance of exactly one match": (
        lambda r, n: n * r * (1 - r) ** (n - 1)
    ),
}


def _judge_crowd(answer):
    cases = [(0.001, 879), (0.01, 879), (1e-6, 10**6)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _CROWD.items()}
    return compare([answer(*c) for c in cases], [crowd(*c) for c in cases], mistakes)


CROWD = Exercise("16-crowd", crowd, _judge_crowd, _CROWD)

# ----------------------------------------------------------------------- drift


def drift(damaged, restored):
    """Return for which share of people restoring made the distance larger."""
    known = ~(np.isnan(damaged) | np.isnan(restored))
    return (restored > damaged)[known].mean()


_DRIFT = {
    "larger after restoring, not before": lambda d, r: (d > r)[
        ~(np.isnan(d) | np.isnan(r))
    ].mean(),
    "who was not found in one of the two says nothing: leave them out": (
        lambda d, r: (r > d).mean()
    ),
    "a distance that stayed the same is not larger": lambda d, r: (r >= d)[
        ~(np.isnan(d) | np.isnan(r))
    ].mean(),
    "compare each person with themselves; two means are no pairs": lambda d, r: float(
        np.nanmean(r) > np.nanmean(d)
    ),
}


def _judge_drift(answer):
    nan = float("nan")
    damaged = np.array([0.2, 0.5, nan, 0.3, 0.9, 0.4, nan, 0.1, 0.6, 0.2])
    restored = np.array([0.3, 0.4, 0.4, nan, 0.5, 0.3, nan, 0.3, 0.6, 0.2])
    mistakes = {why: f(damaged, restored) for why, f in _DRIFT.items()}
    received = answer(damaged.copy(), restored.copy())
    return compare(received, drift(damaged, restored), mistakes)


DRIFT = Exercise("16-drift", drift, _judge_drift, _DRIFT)

# -------------------------------------------------------------------- identity


def fill(start, a, reference, weight):
    """Return the x that makes |x - start|^2 + weight |a x - reference|^2 smallest."""
    left = np.eye(len(start)) + weight * a.T @ a
    return np.linalg.solve(left, start + weight * a.T @ reference)


_FILLS = {
    "at weight 0 the answer is the start": lambda s, a, r, w: (
        np.linalg.pinv(a.T @ a) @ (a.T @ r)
    ),
    "the start belongs to the right side too": lambda s, a, r, w: np.linalg.solve(
        np.eye(len(s)) + w * a.T @ a, w * a.T @ r
    ),
    "the weight stands on both sides": lambda s, a, r, w: np.linalg.solve(
        np.eye(len(s)) + w * a.T @ a, s + a.T @ r
    ),
    "this is one step of descent, not the minimum": lambda s, a, r, w: (
        s - w * a.T @ (a @ s - r)
    ),
}


def _judge_fill(answer):
    rng = np.random.default_rng(1)
    start, a, reference = (
        rng.normal(size=5),
        rng.normal(size=(3, 5)),
        rng.normal(size=3),
    )
    cases = [(start, a, reference, w) for w in (0.0, 0.5, 3.0)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _FILLS.items()}
    expected = [fill(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


FILL = Exercise("16-identity", fill, _judge_fill, _FILLS)

# -------------------------------------------------------------------- evidence

EVIDENCE = {"A": "original", "B": "restored", "C": "nothing", "D": "restored"}
_WHY = {
    "A": "which of the two pictures holds nothing that somebody else put there?",
    "B": "who could be harmed if the picture on the wall is not quite the person?",
    "C": "where do the eyes come from, and how many people share what is left?",
    "D": "is anybody to be told apart by it, and will the reader be told?",
}


def _judge_evidence(answer):
    choices = ["original", "restored", "nothing"]
    return judge_choices(answer, EVIDENCE, choices, _WHY)


CASES = Exercise(
    "16-evidence",
    EVIDENCE,
    _judge_evidence,
    {
        "somebody else put there": EVIDENCE | {"A": "restored"},
        "on the wall": EVIDENCE | {"B": "nothing"},
        "share what is left": EVIDENCE | {"C": "restored"},
        "will the reader be told": EVIDENCE | {"D": "original"},
        "expected one of": EVIDENCE | {"A": "me"},
        "expected a dictionary": list(EVIDENCE.values()),
    },
)

EXERCISES = (THRESHOLD, PAIRS, CROWD, DRIFT, FILL, CASES)
