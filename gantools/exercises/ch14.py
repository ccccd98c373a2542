"""Exercises of chapter 14: kill points, triage, samples, Amdahl, prices, a policy."""

import math

import numpy as np
import scipy.stats

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------------ kill

LEFT = {"A": "nothing", "B": "part", "C": "result", "D": "entered"}
_LEFT_WHY = {
    "A": "what had been written to the disk by then?",
    "B": "under which name does a file lie that is not renamed yet?",
    "C": "renamed comes before entered; which of the two had happened?",
    "D": "every scan is entered before the page is begun",
}


def _judge_left(answer):
    return judge_choices(
        answer, LEFT, ["nothing", "part", "result", "entered"], _LEFT_WHY
    )


KILL = Exercise(
    "14-kill",
    LEFT,
    _judge_left,
    {
        "been written to the disk": LEFT | {"A": "part"},
        "is not renamed yet": LEFT | {"B": "result"},
        "renamed comes before entered": LEFT | {"C": "entered"},
        "before the page is begun": LEFT | {"D": "result"},
        "expected one of": LEFT | {"A": "half"},
        "expected a dictionary": list(LEFT.values()),
    },
)

# ------------------------------------------------------------------------- auc


def auc(bad, good):
    """Return the share of pairs in which the bad one is higher, ties one half."""
    ranks = scipy.stats.rankdata(np.concatenate([bad, good])) - 0.5
    count = len(bad)  # who beat each other in count**2 / 2 pairs
    return (ranks[:count].sum() - count**2 / 2) / (count * len(good))


_AUCS = {
    "the bad one is to be the higher": lambda b, g: auc(g, b),
    "a tie counts one half, not nothing": lambda b, g: (
        np.asarray(b)[:, None] > np.asarray(g)[None]
    ).mean(),
    "a tie counts one half, not one": lambda b, g: (
        np.asarray(b)[:, None] >= np.asarray(g)[None]
    ).mean(),
    "every bad one with every good one, not one with one": lambda b, g: np.mean(
        np.asarray(b)[: len(g)] > np.asarray(g)[: len(b)]
    ),
    "take away what the bad ones win among themselves": lambda b, g: (
        auc(b, g) + len(b) / (2 * len(g))
    ),
}


def _judge_auc(answer):
    bad = np.array([0.9, 0.4, 0.2, 0.2, 0.7])
    good = np.array([0.1, 0.2, 0.8, 0.3])
    mistakes = {why: wrong(bad, good) for why, wrong in _AUCS.items()}
    return compare(answer(bad.copy(), good.copy()), auc(bad, good), mistakes)


AUC = Exercise("14-auc", auc, _judge_auc, _AUCS)

# ----------------------------------------------------------------------- looks


def looks(rate, alpha, sensitivity):
    """Return how many to look at so that seeing none bounds the rate."""
    return math.ceil(math.log(alpha) / math.log(1 - sensitivity * rate))


_LOOKS = {
    "the reviewer overlooks some": lambda r, a, s: looks(r, a, 1),
    "who overlooks more has to look more often": lambda r, a, s: math.ceil(
        s * math.log(a) / math.log(1 - r)
    ),
    "alpha is the chance of the error, not of its absence": lambda r, a, s: looks(
        r, 1 - a, s
    ),
    "round up": lambda r, a, s: looks(r, a, s) - 1,
    "the exact formula, not the rule of three": lambda r, a, s: math.ceil(3 / (s * r)),
}


def _judge_looks(answer):
    cases = [(0.01, 0.05, 0.8), (0.1, 0.05, 0.5), (0.002, 0.01, 0.9)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _LOOKS.items()}
    expected = [looks(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes, tolerance=1e-9)


LOOKS = Exercise("14-looks", looks, _judge_looks, _LOOKS)

# --------------------------------------------------------------------- speedup


def speedup(workers, seconds, line):
    """Return how many times as fast as one worker are several, with one writer."""
    return (seconds + line) / (seconds / workers + line)


_SPEEDUPS = {
    "the writer's time is not shared": lambda n, u, s: n,
    "one worker, too, waits for the writer": lambda n, u, s: u / (u / n + s),
    "this is the ceiling, for endlessly many workers": lambda n, u, s: (u + s) / s,
    "this is the time as a share; fast is its inverse": lambda n, u, s: (
        1 / speedup(n, u, s)
    ),
}


def _judge_speedup(answer):
    cases = [(1, 5.0, 0.01), (64, 5.0, 0.01), (1000, 0.3, 0.001)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _SPEEDUPS.items()}
    expected = [speedup(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


SPEEDUP = Exercise("14-speedup", speedup, _judge_speedup, _SPEEDUPS)

# ----------------------------------------------------------------------- price


def price(scans, megapixels, seconds, hour, rate, look, wage):
    """Return what computing costs, and looking at 3 / rate results."""
    computing = scans * megapixels * seconds / 3600 * hour
    return computing + 3 / rate * look / 3600 * wage


_PRICES = {
    "prices are for an hour, times in seconds": lambda n, m, b, k, p, t, w: (
        n * m * b * k + 3 / p * t * w
    ),
    "a sample is looked at, not every result": lambda n, m, b, k, p, t, w: (
        n * m * b / 3600 * k + n * t / 3600 * w
    ),
    "the seconds are for a megapixel, not for a scan": lambda n, m, b, k, p, t, w: (
        n * b / 3600 * k + 3 / p * t / 3600 * w
    ),
    "the size of the sample does not depend on that of the archive": (
        lambda n, m, b, k, p, t, w: n * m * b / 3600 * k + p * n * t / 3600 * w
    ),
    "people want to be paid, too": lambda n, m, b, k, p, t, w: n * m * b / 3600 * k,
}


def _judge_price(answer):
    cases = [(1e6, 24, 6.0, 0.05, 0.001, 20, 30.0), (5e4, 2, 4.0, 0.2, 0.01, 60, 18.0)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _PRICES.items()}
    expected = [price(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


PRICE = Exercise("14-price", price, _judge_price, _PRICES)

# ---------------------------------------------------------------------- policy

POLICY = {"A": "conservative", "B": "full", "C": "leave", "D": "rescan"}
_POLICY_WHY = {
    "A": "a document may lose its dust; what was sound has to stay bit for bit",
    "B": "for display, and the evidence is kept elsewhere: how far may you go?",
    "C": "is this damage, or something that somebody did and meant?",
    "D": "what can be had for real need not be invented",
}


def _judge_policy(answer):
    choices = ["conservative", "full", "leave", "rescan"]
    return judge_choices(answer, POLICY, choices, _POLICY_WHY)


CHOICE = Exercise(
    "14-policy",
    POLICY,
    _judge_policy,
    {
        "has to stay bit for bit": POLICY | {"A": "full"},
        "how far may you go": POLICY | {"B": "leave"},
        "somebody did and meant": POLICY | {"C": "conservative"},
        "need not be invented": POLICY | {"D": "full"},
        "expected one of": POLICY | {"A": "repair"},
        "expected a dictionary": list(POLICY.values()),
    },
)

EXERCISES = (KILL, AUC, LOOKS, SPEEDUP, PRICE, CHOICE)
