"""Exercises of chapter 13: strength, tiles, colours, symptoms, equal content."""

import numpy as np

from gantools.damage import LUMA
from gantools.exercises import Exercise, compare, judge_choices

# -------------------------------------------------------------------- strength


def strength(own, wanted, s):
    """Return the scale and the shift of AdaIN at strength `s` in [0, 1]."""
    mean = (1 - s) * own[0] + s * wanted[0]
    deviation = (1 - s) * own[1] + s * wanted[1]
    scale = deviation / own[1]
    return scale, mean - scale * own[0]


def _without_mean(own, wanted, s):
    scale, _ = strength(own, wanted, s)
    return scale, (1 - s) * own[0] + s * wanted[0]


def _variances(own, wanted, s):
    deviation = np.sqrt((1 - s) * own[1] ** 2 + s * wanted[1] ** 2)
    scale = deviation / own[1]
    return scale, (1 - s) * own[0] + s * wanted[0] - scale * own[0]


_STRENGTHS = {
    "0 leaves the activations as they are": lambda o, w, s: strength(o, w, 1 - s),
    "the strength is not used": lambda o, w, s: strength(o, w, 1.0),
    "take scale times the own mean off": _without_mean,
    "divide by the own deviation, not by the wanted one": lambda o, w, s: (
        1 / strength(o, w, s)[0],
        strength(o, w, s)[1],
    ),
    "mix the deviations, not their squares": _variances,
}


def _judge_strength(answer):
    rng = np.random.default_rng(13)
    own, wanted = (tuple(1 + 3 * rng.random((2, 5))) for _ in range(2))

    def at_three(f):
        return [f(own, wanted, s) for s in (0.0, 0.3, 1.0)]

    mistakes = {why: at_three(wrong) for why, wrong in _STRENGTHS.items()}
    return compare(at_three(answer), at_three(strength), mistakes)


STRENGTH = Exercise("13-strength", strength, _judge_strength, _STRENGTHS)

# ----------------------------------------------------------------------- tiles


def whole(counts, means, deviations):
    """Return mean and deviation of all values: of flat parts 0 and 1, 1/2 and 1/2."""
    shares = counts / counts.sum()
    mean = np.sum(shares * means)
    square = np.sum(shares * (deviations**2 + means**2))
    return mean, np.sqrt(square - mean**2)


def _within(counts, means, deviations):
    shares = counts / counts.sum()
    return np.sum(shares * means), np.sqrt(np.sum(shares * deviations**2))


def _averaged(counts, means, deviations):
    shares = counts / counts.sum()
    return np.sum(shares * means), np.sum(shares * deviations)


_WHOLES = {
    "parts whose means differ": _within,
    "average squares, not deviations": _averaged,
    "a part with more places counts for more": lambda c, m, d: whole(
        np.ones_like(c), m, d
    ),
    "this is the variance: take its root": lambda c, m, d: (
        whole(c, m, d)[0],
        whole(c, m, d)[1] ** 2,
    ),
}


def _judge_whole(answer):
    rng = np.random.default_rng(13)
    counts = np.array([40.0, 10.0, 150.0])
    means, deviations = rng.normal(size=3), 0.2 + rng.random(3)
    asked = counts, means, deviations
    mistakes = {why: wrong(*asked) for why, wrong in _WHOLES.items()}
    return compare(answer(*(a.copy() for a in asked)), whole(*asked), mistakes)


WHOLE = Exercise("13-tiles", whole, _judge_whole, _WHOLES)

# ---------------------------------------------------------------------- colour


def keep_colour(photograph, painted):
    """Return `photograph` (H, W, 3) in [0, 1] with the brightness of `painted`."""
    change = (painted - photograph) @ LUMA  # (H, W)
    return np.clip(photograph + change[..., None], 0, 1)


_COLOURS = {
    "this is the painted brightness alone, in grey": lambda x, y: np.repeat(
        (y @ LUMA)[..., None], 3, axis=2
    ),
    "the colours are to come from the photograph": lambda x, y: keep_colour(y, x),
    "not the plain mean: green looks brightest": lambda x, y: np.clip(
        x + (y - x).mean(axis=-1, keepdims=True), 0, 1
    ),
    "leaves [0, 1]": lambda x, y: x + ((y - x) @ LUMA)[..., None],
}


def _judge_colour(answer):
    rng = np.random.default_rng(13)
    x, y = rng.random((2, 6, 7, 3))
    mistakes = {why: wrong(x, y) for why, wrong in _COLOURS.items()}
    return compare(answer(x.copy(), y.copy()), keep_colour(x, y), mistakes)


COLOUR = Exercise("13-colour", keep_colour, _judge_colour, _COLOURS)

# -------------------------------------------------------------------- symptoms

SYMPTOMS = {"A": "contrast", "B": "game", "C": "identity", "D": "upsampling"}
_WHY = {
    "A": "which term asks that a patch be recognised in its own place?",
    "B": "which term is the only one that wants any change at all?",
    "C": "which term looks at G(y), at pictures that have the style already?",
    "D": "think of how often each output pixel is written",
}


def _judge_symptoms(answer):
    return judge_choices(
        answer, SYMPTOMS, ["contrast", "game", "identity", "upsampling"], _WHY
    )


SYMPTOM = Exercise(
    "13-symptoms",
    SYMPTOMS,
    _judge_symptoms,
    {
        "be recognised in its own place": SYMPTOMS | {"A": "game"},
        "wants any change at all": SYMPTOMS | {"B": "contrast"},
        "have the style already": SYMPTOMS | {"C": "contrast"},
        "how often each output pixel": SYMPTOMS | {"D": "game"},
        "expected one of": SYMPTOMS | {"A": "magic"},
        "expected a dictionary": list(SYMPTOMS.values()),
    },
)

# --------------------------------------------------------------- equal content


def at_content(content, style, wanted):
    """Return the style distance at the content distance `wanted`, or nan outside."""
    order = np.argsort(content)
    x, y = np.asarray(content)[order], np.asarray(style)[order]
    if not x[0] <= wanted <= x[-1]:
        return np.nan
    return np.interp(wanted, x, y)


def _nearest(content, style, wanted):
    return style[np.argmin(np.abs(np.asarray(content) - wanted))]


def _judge_content(answer):
    content = np.array([0.6, 0.1, 0.4, 0.2])
    style = np.array([0.05, 0.5, 0.1, 0.3])
    inside = 0.25, 0.5

    def each(f, at):
        return [f(content.copy(), style.copy(), x) for x in at]

    mistakes = {
        "between two points draw a line": each(_nearest, inside),
        "sort by content first": each(lambda c, s, x: np.interp(x, c, s), inside),
        "the two distances are swapped": each(
            lambda c, s, x: at_content(s, c, x), inside
        ),
    }
    if verdict := compare(each(answer, inside), each(at_content, inside), mistakes):
        return verdict
    if not np.allclose(each(answer, (0.1, 0.6)), (0.5, 0.05)):
        return "the ends of the curve were measured, too"
    if not np.isnan(np.asarray(each(answer, (0.05, 0.7)), float)).all():
        return "right within the range; beyond it nothing was measured: return nan"
    return None


CONTENT = Exercise(
    "13-content",
    at_content,
    _judge_content,
    {
        "between two points draw a line": _nearest,
        "sort by content first": lambda c, s, x: np.interp(x, c, s),
        "are swapped": lambda c, s, x: at_content(s, c, x),
        "the ends of the curve": lambda c, s, x: (
            at_content(c, s, x) if min(c) < x < max(c) else np.nan
        ),
        "beyond it nothing was measured": lambda c, s, x: np.interp(
            x, np.sort(c), np.asarray(s)[np.argsort(c)]
        ),
    },
)

EXERCISES = (STRENGTH, WHOLE, COLOUR, SYMPTOM, CONTENT)
