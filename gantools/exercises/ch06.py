"""Exercises of chapter 6: what a training step does, and what may go wrong with it."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------- half-life


def half_life(decay):
    """Return after how many steps a weight counts half in the moving average."""
    return np.log(0.5) / np.log(decay)


DECAYS = (0.9, 0.99, 0.999)
_HALF_LIVES = {
    "this is the window, 1 / (1 - d): there a weight counts 1 / e": (
        lambda d: 1 / (1 - d)
    ),
    "this is the mean age of what is averaged": lambda d: d / (1 - d),
    "half of the window is only near it; solve d^n = 1/2 for n": (
        lambda d: 0.5 / (1 - d)
    ),
    "the sign: a number of steps is positive": lambda d: np.log(2) / np.log(d),
    "this is the decay after two steps; the unknown is the exponent": lambda d: d**2,
    "divide by the logarithm of the decay, not by the decay": (
        lambda d: np.log(0.5) / d
    ),
}


def _judge_half_life(answer):
    mistakes = {why: [f(d) for d in DECAYS] for why, f in _HALF_LIVES.items()}
    expected = [half_life(d) for d in DECAYS]
    return compare([answer(d) for d in DECAYS], expected, mistakes)


HALF_LIFE = Exercise("06-half-life", half_life, _judge_half_life, _HALF_LIVES)

# ---------------------------------------------------------------------- shrink


def shrink(decay, angle):
    """Return by what a moving average shortens a turn of `angle` radians a step."""
    return (1 - decay) / np.abs(1 - decay * np.exp(1j * angle))


TURNS = ((0.9, 0.2), (0.99, 0.05), (0.98, 1.3))
_SHRINKS = {
    "this is the square: the length of a complex number has a root": (
        lambda d, t: shrink(d, t) ** 2
    ),
    "upside down: the average is shorter than what it averages": (
        lambda d, t: 1 / shrink(d, t)
    ),
    "the weights are (1 - d) d^k: the factor in front is missing": (
        lambda d, t: 1 / np.abs(1 - d * np.exp(1j * t))
    ),
    "the sum of a geometric series has a minus in its denominator": (
        lambda d, t: (1 - d) / np.abs(1 + d * np.exp(1j * t))
    ),
    "the angle is in radians": lambda d, t: shrink(d, np.radians(t)),
    "without the angle the factor would be 1 for any decay": lambda d, t: 1.0,
    "this is the real part; the length is wanted": (
        lambda d, t: ((1 - d) / (1 - d * np.exp(1j * t))).real
    ),
}


def _judge_shrink(answer):
    mistakes = {why: [f(*turn) for turn in TURNS] for why, f in _SHRINKS.items()}
    expected = [shrink(*turn) for turn in TURNS]
    return compare([answer(*turn) for turn in TURNS], expected, mistakes)


SHRINK = Exercise("06-shrink", shrink, _judge_shrink, _SHRINKS)

# ---------------------------------------------------------------------- resume

NEEDED = {"A": "weights", "B": "weights", "C": "weights", "D": "apart", "E": "apart"}
_RESUME_REASONS = {
    "A": "the next step of Adam is computed from its averages, too",
    "B": "ask which noise the next step would draw",
    "C": "ask which batch `batches(step)` would give next",
    "D": "nobody plays against the average; ask what the game itself reads",
    "E": "ask whether any step reads the history",
}


def _judge_resume(answer):
    return judge_choices(answer, NEEDED, ["weights", "apart"], _RESUME_REASONS)


RESUME = Exercise(
    "06-resume",
    NEEDED,
    _judge_resume,
    {
        "computed from its averages, too": NEEDED | {"A": "apart"},
        "which noise the next step": NEEDED | {"B": "apart"},
        "which batch": NEEDED | {"C": "apart"},
        "nobody plays against the average": NEEDED | {"D": "weights"},
        "whether any step reads the history": NEEDED | {"E": "weights"},
        "expected one of": NEEDED | {"A": "nothing"},
        "expected a dictionary": list(NEEDED.values()),
    },
)

# ------------------------------------------------------------------------ bins


def bins(side, stride):
    """Return the indices 0 < k < side at which a pattern of that period shows."""
    return [k * side // stride for k in range(1, stride)]


GRIDS = ((16, 2), (32, 4), (60, 3))
_BINS = {
    "index 0 is the mean brightness, not a pattern": (
        lambda n, s: [k * n // s for k in range(s)]
    ),
    "a pattern that is no pure wave has overtones, too": lambda n, s: (
        [n // s] * (s - 1)
    ),
    "index k is a wave with k periods in the picture, not k pixels long": (
        lambda n, s: [k * s for k in range(1, s)]
    ),
    "the period of the pattern is the stride, not two strides": (
        lambda n, s: [k * n // (2 * s) for k in range(1, s)]
    ),
    "indices, not shares of the sampling rate": (
        lambda n, s: [k / s for k in range(1, s)]
    ),
}


def _judge_bins(answer):
    def listed(f):  # in any order
        return [k for grid in GRIDS for k in sorted(f(*grid))]

    mistakes = {why: listed(f) for why, f in _BINS.items()}
    return compare(listed(answer), listed(bins), mistakes)


BINS = Exercise("06-bins", bins, _judge_bins, _BINS)

# ------------------------------------------------------------------------ leak

LEAKS = {"A": "clean", "B": "leaks", "C": "lost", "D": "unequal"}
_LEAK_REASONS = {
    "A": "both kinds are changed alike, and G is judged on what D sees",
    "B": "ask what the pictures look like that D is told are real",
    "C": "ask by what D could always tell the two kinds apart",
    "D": "ask whether D has ever seen what G is judged by",
}


def _judge_leak(answer):
    return judge_choices(answer, LEAKS, sorted(LEAKS.values()), _LEAK_REASONS)


LEAK = Exercise(
    "06-leak",
    LEAKS,
    _judge_leak,
    {
        "both kinds are changed alike": LEAKS | {"A": "leaks"},
        "D is told are real": LEAKS | {"B": "clean"},
        "always tell the two kinds apart": LEAKS | {"C": "leaks"},
        "whether D has ever seen": LEAKS | {"D": "clean"},
        "expected one of": LEAKS | {"A": "nothing"},
        "expected a dictionary": list(LEAKS.values()),
    },
)

# ---------------------------------------------------------------------- report


def report(values):
    """Return the mean, the sample deviation and the standard error of the mean."""
    deviation = np.std(values, ddof=1)
    return np.mean(values), deviation, deviation / np.sqrt(len(values))


SCORES = (np.array([4, 3, 6, 7, 3, 5, 6, 8]), np.array([8.0, 8, 7, 8, 8]))
_REPORTS = {
    "the mean of all runs, not the best one": lambda v: (np.max(v), *report(v)[1:]),
    "the mean, not the median": lambda v: (np.median(v), *report(v)[1:]),
    "with few runs divide by n - 1, not by n": (
        lambda v: (np.mean(v), np.std(v), np.std(v) / np.sqrt(len(v)))
    ),
    "this is the variance; the deviation is its root": (
        lambda v: (np.mean(v), np.var(v, ddof=1), report(v)[2])
    ),
    "the error of a mean falls with the root of n, not with n": (
        lambda v: (*report(v)[:2], np.std(v, ddof=1) / len(v))
    ),
    "the error of the mean is smaller than the deviation of one run": (
        lambda v: (*report(v)[:2], report(v)[1])
    ),
}


def _judge_report(answer):
    mistakes = {why: [f(v) for v in SCORES] for why, f in _REPORTS.items()}
    expected = [report(v) for v in SCORES]
    return compare([answer(v.copy()) for v in SCORES], expected, mistakes)


REPORT = Exercise("06-report", report, _judge_report, _REPORTS)

# ------------------------------------------------------------------- diagnosis

FAULTS = (
    "collapse",
    "saturation",
    "over-fitting",
    "checkerboard",
    "statistics",
    "leak",
    "penalty",
    "luck",
)
DIAGNOSES = {"A": "over-fitting", "B": "collapse", "C": "statistics", "D": "luck"}
_DIAGNOSIS_REASONS = {
    "A": "compare the logits of the real pictures that D knows with the others",
    "B": "the losses are calm; look at how many kinds there are",
    "C": "one network, two ways to call it: ask what differs between them",
    "D": "compare the difference with that between two runs of one code",
}


def _judge_diagnosis(answer):
    return judge_choices(answer, DIAGNOSES, FAULTS, _DIAGNOSIS_REASONS)


DIAGNOSIS = Exercise(
    "06-diagnosis",
    DIAGNOSES,
    _judge_diagnosis,
    {
        "that D knows with the others": DIAGNOSES | {"A": "saturation"},
        "how many kinds there are": DIAGNOSES | {"B": "luck"},
        "two ways to call it": DIAGNOSES | {"C": "leak"},
        "two runs of one code": DIAGNOSES | {"D": "collapse"},
        "expected one of": DIAGNOSES | {"A": "bad luck"},
        "expected a dictionary": list(DIAGNOSES.values()),
    },
)

EXERCISES = (HALF_LIFE, SHRINK, RESUME, BINS, LEAK, REPORT, DIAGNOSIS)
