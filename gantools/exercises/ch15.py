"""Exercises of chapter 15: pixels, strokes, even steps, colours, votes, rights."""

import math

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ---------------------------------------------------------------------- pixels


def pixels(width_mm, distance_m):
    """Return how many pixels across a print the eye can tell apart, rounded up."""
    smallest = 1000 * distance_m * math.tan(math.radians(1 / 60))  # mm
    return math.ceil(width_mm / smallest)


_PIXELS = {
    "an angle of 1/60 of a degree: turn it into radians": lambda w, d: math.ceil(
        w / (1000 * d * math.tan(1 / 60))
    ),
    "the distance is in metres, the width in millimetres": lambda w, d: math.ceil(
        w / (d * math.tan(math.radians(1 / 60)))
    ),
    "a minute is 1/60 of a degree": lambda w, d: math.ceil(
        w / (1000 * d * math.tan(math.radians(1)))
    ),
    "round up": lambda w, d: pixels(w, d) - 1,
}


def _judge_pixels(answer):
    cases = [(300, 1.0), (100, 0.3), (841, 2.5)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _PIXELS.items()}
    return compare([answer(*c) for c in cases], [pixels(*c) for c in cases], mistakes)


PIXELS = Exercise("15-pixels", pixels, _judge_pixels, _PIXELS)

# --------------------------------------------------------------------- strokes


def working_width(paper_mm, stroke_mm, stroke_px):
    """Return the width in pixels at which to paint, so that strokes come out right."""
    return round(paper_mm * stroke_px / stroke_mm)


_WIDTHS = {
    "broader strokes on paper want fewer pixels": lambda p, m, x: round(p * m / x),
    "a stroke has a width in pixels, too": lambda p, m, x: round(p / m),
    "round to the nearest, not down": lambda p, m, x: p * x // m,
    "a whole number of pixels": lambda p, m, x: p * x / m,
}


def _judge_width(answer):
    cases = [(300, 4.0, 10), (403, 2.5, 7), (90, 6.0, 12), (210, 3.2, 9)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _WIDTHS.items()}
    expected = [working_width(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


WIDTH = Exercise("15-strokes", working_width, _judge_width, _WIDTHS)

# ----------------------------------------------------------------------- steps


def even(shares, path, n):
    """Return `n` shares between which the picture changes by equal distances."""
    return np.interp(np.linspace(path[0], path[-1], n), path, shares)


_STEPS = {
    "these are equal steps of the share, not of the picture": lambda s, p, n: (
        np.linspace(s[0], s[-1], n)
    ),
    "interpolate the shares over the path, not the path over the shares": (
        lambda s, p, n: np.interp(np.linspace(s[0], s[-1], n), s, p)
    ),
    "both ends belong to the series": lambda s, p, n: even(s, p, n + 2)[1:-1],
}


def _judge_steps(answer):
    shares = np.array([0.1, 0.2, 0.5, 0.6, 0.9])
    path = np.array([0.0, 0.02, 0.1, 0.4, 0.5])
    mistakes = {why: f(shares, path, 4) for why, f in _STEPS.items()}
    return compare(
        answer(shares.copy(), path.copy(), 4), even(shares, path, 4), mistakes
    )


STEPS = Exercise("15-steps", even, _judge_steps, _STEPS)

# ---------------------------------------------------------------------- colour


def room(light, away):
    """Return the largest share s <= 1 that leaves light + s away in [0, 1]."""
    share = 1.0
    for d in away:
        if d > 0:
            share = min(share, (1 - light) / d)
        elif d < 0:
            share = min(share, light / -d)
    return share


_ROOM = {
    "a channel may fall below 0, too": lambda light, away: min(
        [1.0, *((1 - light) / d for d in away if d > 0)]
    ),
    "a channel may rise above 1, too": lambda light, away: min(
        [1.0, *(light / -d for d in away if d < 0)]
    ),
    "make no colour stronger than it was asked to be": lambda light, away: min(
        (1 - light) / d if d > 0 else light / -d for d in away
    ),
    "one share for all channels, or the light changes": lambda light, away: np.clip(
        [(1 - light) / d if d > 0 else light / -d for d in away], 0, 1
    ),
}


def _judge_room(answer):
    cases = [
        (0.9, (0.4, -0.2, 0.1)),
        (0.2, (0.3, 0.1, -0.6)),
        (0.5, (0.1, -0.1, 0.2)),
        (0.9, (0.05, -0.95, 0.02)),
    ]
    mistakes = {why: [f(*c) for c in cases] for why, f in _ROOM.items()}
    expected = [room(*c) for c in cases]
    found = compare([answer(*c) for c in cases], expected, mistakes)
    all_of_it = {"a grey has room for all of it: 1": 0.0}
    return found or compare(answer(0.5, (0.0, 0.0, 0.0)), 1.0, all_of_it)


ROOM = Exercise("15-room", room, _judge_room, _ROOM)

# ----------------------------------------------------------------------- votes


def p_value(k, n):
    """Return how often a fair coin is at least as far from n / 2 as `k` is."""
    most = max(k, n - k)
    tail = sum(math.comb(n, i) for i in range(most, n + 1)) / 2**n
    return min(1.0, 2 * tail)


def _one_sided(k, n):
    return sum(math.comb(n, i) for i in range(k, n + 1)) / 2**n


def _beyond(k, n):
    most = max(k, n - k)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(most + 1, n + 1)) / 2**n)


_VOTES = {
    "count both ends: nobody said beforehand which would win": _one_sided,
    "at least as far: the result itself counts": _beyond,
    "this is the chance of exactly this result": lambda k, n: math.comb(n, k) / 2**n,
    "a probability is at most 1": lambda k, n: (
        2 * sum(math.comb(n, i) for i in range(max(k, n - k), n + 1)) / 2**n
    ),
}


def _judge_votes(answer):
    cases = [(15, 20), (3, 11), (5, 10)]
    mistakes = {why: [f(*c) for c in cases] for why, f in _VOTES.items()}
    expected = [p_value(*c) for c in cases]
    return compare([answer(*c) for c in cases], expected, mistakes)


VOTES = Exercise("15-votes", p_value, _judge_votes, _VOTES)

# ---------------------------------------------------------------------- rights

RIGHTS = {"A": "nobody", "B": "photographer", "C": "label", "D": "record"}
_WHY = {
    "A": "whose work is used here, and how long ago did its maker die?",
    "B": "whoever took a photograph has rights in it, whatever is laid over it",
    "C": "what will those believe who see it?",
    "D": "what will somebody need who studies it in fifty years?",
}


def _judge_rights(answer):
    choices = ["nobody", "photographer", "label", "record"]
    return judge_choices(answer, RIGHTS, choices, _WHY)


OWNER = Exercise(
    "15-rights",
    RIGHTS,
    _judge_rights,
    {
        "did its maker die": RIGHTS | {"A": "photographer"},
        "whatever is laid over it": RIGHTS | {"B": "nobody"},
        "those believe who see it": RIGHTS | {"C": "record"},
        "in fifty years": RIGHTS | {"D": "label"},
        "expected one of": RIGHTS | {"A": "me"},
        "expected a dictionary": list(RIGHTS.values()),
    },
)

EXERCISES = (PIXELS, WIDTH, STEPS, ROOM, VOTES, OWNER)
