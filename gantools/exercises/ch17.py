"""Exercises of chapter 17: traces, compiling, feeding, rounding, a ring, a bill."""

import math

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ---------------------------------------------------------------------- traces

TRACES = {"A": 2, "B": 3, "C": 2, "D": 1}
_COUNTS = {
    "A": "a placeholder has a shape and a type: `tf.constant(2)` is a whole number",
    "B": "a Python number is written into the graph: each new one needs a new graph, "
    "and one that was met before needs none",
    "C": "a graph is for one shape: how many shapes are there?",
    "D": "print is run by Python, and Python runs only while the graph is written",
}


def _judge_traces(answer):
    if not isinstance(answer, dict) or set(answer) != set(TRACES):
        return f"expected a dictionary with the keys {list(TRACES)}"
    for key, count in answer.items():
        if not isinstance(count, int | np.integer) or isinstance(count, bool):
            return f"{key}: expected a whole number, received {count!r}"
        if count != TRACES[key]:
            return f"{key}: {_COUNTS[key]}"
    return None


TRACE = Exercise(
    "17-traces",
    TRACES,
    _judge_traces,
    {
        "is a whole number": TRACES | {"A": 1},
        "a Python number is written": TRACES | {"B": 1},
        "a graph is for one shape": TRACES | {"C": 3},
        "print is run by Python": TRACES | {"D": 3},
        "expected a whole number": TRACES | {"A": "one"},
        "expected a dictionary": [2, 3, 2, 1],
    },
)

# ------------------------------------------------------------------- compiling


def break_even(compiling, slow, fast):
    """Return after how many steps compiling has paid; infinity if it never does.

    `compiling` is in seconds; `slow` and `fast` are steps per second without and with.
    """
    saved = 1 / slow - 1 / fast  # seconds a step
    return math.ceil(compiling / saved) if saved > 0 else math.inf


_EVENS = {
    "speeds are steps per second: turn them into seconds a step": lambda c, s, f: (
        math.ceil(c / (f - s)) if f > s else math.inf
    ),
    "what counts is the difference of the two": lambda c, s, f: (
        math.ceil(c * f) if f > s else math.inf
    ),
    "after exactly that many steps it has paid": lambda c, s, f: (
        int(c / (1 / s - 1 / f)) + 1 if f > s else math.inf
    ),
    "half a step does not exist: round up": lambda c, s, f: (
        c / (1 / s - 1 / f) if f > s else math.inf
    ),
}


def _judge_even(answer):
    cases = [(10.1, 2.0, 3.0), (31.0, 4.0, 7.0), (2.5, 0.3, 8.0), (3.0, 1.0, 4.0)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _EVENS.items()}
    expected = [break_even(*c) for c in cases]
    if verdict := compare([answer(*c) for c in cases], expected, mistakes):
        return verdict
    for fast in (2.0, 3.0):
        if answer(5.0, 3.0, fast) != math.inf:
            return "where a compiled step is no faster, compiling never pays: infinity"
    return None


EVEN = Exercise(
    "17-break-even",
    break_even,
    _judge_even,
    {
        **_EVENS,
        "compiling never pays": lambda c, s, f: math.ceil(c / (1 / s - 1 / f)),
    },
)

# --------------------------------------------------------------------- feeding


def step_time(prepare, compute, workers):
    """Return the seconds from step to step when `workers` prepare batches.

    0 workers: the loop prepares each batch itself, before it computes.
    """
    if workers == 0:
        return prepare + compute
    return max(prepare / workers, compute)


_FEEDS = {
    "with workers the two go on at the same time": lambda p, c, w: (
        p + c if w == 0 else p / w + c
    ),
    "the slower of the two sets the pace": lambda p, c, w: (
        p + c if w == 0 else min(p / w, c)
    ),
    "several workers share the batches": lambda p, c, w: p + c if w == 0 else max(p, c),
    "without workers nothing goes on at the same time": lambda p, c, w: (
        max(p, c) if w == 0 else max(p / w, c)
    ),
}


def _judge_feed(answer):
    cases = [(3.0, 1.0, 0), (3.0, 1.0, 1), (3.0, 1.0, 2), (3.0, 1.0, 4)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _FEEDS.items()}
    expected = [step_time(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


FEED = Exercise("17-feeding", step_time, _judge_feed, _FEEDS)

# -------------------------------------------------------------------- rounding


def to_bits(x, bits):
    """Round numbers to `bits` binary digits, counted from the first that is not 0."""
    mantissa, exponent = np.frexp(x)  # x = mantissa * 2**exponent, mantissa in [1/2, 1)
    return np.ldexp(np.round(mantissa * 2**bits), exponent - bits)


def _cut_off(x, bits):
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.trunc(mantissa * 2**bits), exponent - bits)


_ROUNDS = {
    "round to the nearest, do not cut off": _cut_off,
    "this is rounding to a fixed grid": lambda x, b: np.round(x * 2**b) / 2**b,
    "one digit too many": lambda x, b: to_bits(x, b + 1),
    "one digit too few": lambda x, b: to_bits(x, b - 1),
}


def _judge_round(answer):
    x = np.array([3.14159, -0.0123, 1000.7, 1 + 3 / 256, 0.3])
    mistakes = {why: f(x, 8) for why, f in _ROUNDS.items()}
    if verdict := compare(answer(x.copy(), 8), to_bits(x, 8), mistakes, tolerance=1e-6):
        return verdict
    always = {"the number of bits is an argument, not always 8": to_bits(x, 8)}
    return compare(answer(x.copy(), 5), to_bits(x, 5), always, tolerance=1e-6)


ROUND = Exercise(
    "17-rounding",
    to_bits,
    _judge_round,
    {
        **_ROUNDS,
        "the number of bits is an argument": lambda x, bits: to_bits(x, 8),
    },
)

# ------------------------------------------------------------------------ ring


def ring_seconds(bytes_of_gradient, devices, bytes_per_second):
    """Return how long an all-reduce in a ring takes, latency left out."""
    sent = 2 * (devices - 1) / devices * bytes_of_gradient  # by each device
    return sent / bytes_per_second


_RINGS = {
    "twice around: once to add up, once to hand out": lambda b, n, v: (
        (n - 1) / n * b / v
    ),
    "a piece is one n-th of the gradient": lambda b, n, v: 2 * (n - 1) * b / v,
    "a device sends n - 1 pieces in a round, not n": lambda b, n, v: 2 * b / v,
}


def _judge_ring(answer):
    cases = [(12.0, 1, 3.0), (12.0, 2, 3.0), (12.0, 4, 3.0), (100.0, 8, 5.0)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _RINGS.items()}
    expected = [ring_seconds(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


RING = Exercise("17-ring", ring_seconds, _judge_ring, _RINGS)

# ------------------------------------------------------------------------ bill


def bill(steps, steps_per_second, price_per_hour, watts):
    """Return the price of a training and its energy in kilowatt hours."""
    hours = steps / steps_per_second / 3600
    return hours * price_per_hour, hours * watts / 1000


_BILLS = {
    "steps divided by steps per second are seconds, not hours": lambda n, s, p, w: (
        n / s * p,
        n / s * w / 1000,
    ),
    "these are watt hours": lambda n, s, p, w: (
        n / s / 3600 * p,
        n / s / 3600 * w,
    ),
    "the faster, the fewer hours": lambda n, s, p, w: (
        n * s / 3600 * p,
        n * s / 3600 * w / 1000,
    ),
    "60 minutes of 60 seconds": lambda n, s, p, w: (n / s / 60 * p, n / s / 6e4 * w),
}


def _judge_bill(answer):
    cases = [(20_000, 7.0, 1.5, 65.0), (3_000, 40.0, 4.0, 700.0)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _BILLS.items()}
    expected = [bill(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


BILL = Exercise("17-bill", bill, _judge_bill, _BILLS)

# -------------------------------------------------------------------- symptoms

SYMPTOMS = {"A": "data", "B": "tracing", "C": "precision", "D": "order"}
_WHY = {
    "A": "who is waiting for whom, if the GPU rests and the processors do not?",
    "B": "what happens anew for every size, and costs the same each time?",
    "C": "which numbers does a type with 5 bits of exponent not hold?",
    "D": "what may differ between 1 and 2 threads, though no number is random?",
}


def _judge_symptoms(answer):
    choices = ["data", "tracing", "precision", "order"]
    return judge_choices(answer, SYMPTOMS, choices, _WHY)


SYMPTOM = Exercise(
    "17-symptoms",
    SYMPTOMS,
    _judge_symptoms,
    {
        "who is waiting for whom": SYMPTOMS | {"A": "tracing"},
        "happens anew for every size": SYMPTOMS | {"B": "data"},
        "5 bits of exponent": SYMPTOMS | {"C": "order"},
        "1 and 2 threads": SYMPTOMS | {"D": "precision"},
        "expected one of": SYMPTOMS | {"A": "luck"},
        "expected a dictionary": list(SYMPTOMS.values()),
    },
)

EXERCISES = (TRACE, EVEN, FEED, ROUND, RING, BILL, SYMPTOM)
