"""Exercises of chapter 7: Gram matrices, moments, colours, recognised patches."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------------ gram


def gram(a, mask):
    """Return the mean products of channels over the marked places, (C, C)."""
    f = a[mask]  # (N, C), a row for each marked place
    return f.T @ f / len(f)


def _everywhere(a, mask):
    return gram(a, np.ones_like(mask))


def _mixed(a, mask):
    f = a[mask].reshape(a.shape[-1], -1)
    return f @ f.T / f.shape[1]


_GRAMS = {
    "take the mean over the places, not the sum": lambda a, m: gram(a, m) * m.sum(),
    "divide by the number of places marked, not by that of all": lambda a, m: (
        gram(a, m) * m.mean()
    ),
    "the mask is not used": _everywhere,
    "these are the places that are not marked": lambda a, m: gram(a, ~m),
    "this is the covariance: nothing is taken off the activations": lambda a, m: np.cov(
        a[m].T, bias=True
    ),
    "compare channels with channels, not places with places": lambda a, m: (
        a[m] @ a[m].T / a.shape[-1]
    ),
    "reshape does not transpose: make (N, C) first, then take its .T": _mixed,
    "divide by the number of places alone, not by the channels": lambda a, m: (
        gram(a, m) / a.shape[-1]
    ),
}


def _judge_gram(answer):
    rng = np.random.default_rng(7)
    a, mask = rng.random((5, 4, 3)), rng.random((5, 4)) < 0.6
    mistakes = {why: wrong(a, mask) for why, wrong in _GRAMS.items()}
    return compare(answer(a.copy(), mask.copy()), gram(a, mask), mistakes)


GRAM = Exercise("07-gram", gram, _judge_gram, _GRAMS)

# ----------------------------------------------------------------------- adain


def adain(a, b, strength):
    """Return `a` (h, w, C), moved towards the channel moments of `b`."""
    mean, deviation = a.mean(axis=(0, 1)), a.std(axis=(0, 1))
    unit = (a - mean) / np.where(deviation > 0, deviation, 1)
    whole = b.std(axis=(0, 1)) * unit + b.mean(axis=(0, 1))
    return (1 - strength) * a + strength * whole


def _moved(a, b, strength, axis=(0, 1), power=1, centre=1.0):
    mean, deviation = a.mean(axis=axis), a.std(axis=axis) ** power
    scaled = b.std(axis=axis) ** power * (a - centre * mean) / deviation
    return (1 - strength) * a + strength * (scaled + b.mean(axis=axis))


_ADAINS = {
    "each channel has moments of its own": lambda a, b, t: _moved(a, b, t, axis=None),
    "scale by the deviations, not by the variances": (
        lambda a, b, t: _moved(a, b, t, power=2)
    ),
    "take the content's mean off first": lambda a, b, t: _moved(a, b, t, centre=0.0),
    "the strength is not used": lambda a, b, t: adain(a, b, 1.0),
    "0 is the content and 1 the style": lambda a, b, t: adain(a, b, 1 - t),
    "only the means move: scale as well": lambda a, b, t: (
        a + t * (b.mean(axis=(0, 1)) - a.mean(axis=(0, 1)))
    ),
    "this is the style itself: only its moments are wanted": (
        lambda a, b, t: (1 - t) * a + t * np.resize(b, a.shape)
    ),
}


def _judge_adain(answer):
    rng = np.random.default_rng(7)
    a, b = rng.random((5, 4, 3)), 2 + 3 * rng.random((6, 6, 3))

    def at_three(f, a):
        return [f(a.copy(), b.copy(), strength) for strength in (0.0, 0.25, 1.0)]

    mistakes = {why: at_three(wrong, a) for why, wrong in _ADAINS.items()}
    if verdict := compare(at_three(answer, a), at_three(adain, a), mistakes):
        return verdict
    a[..., 1] = 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        received = at_three(answer, a)
    return compare(received, at_three(adain, a)) and (
        "right, but for a constant channel: there the deviation is 0, and the answer "
        "has to be the style's mean"
    )


ADAIN = Exercise(
    "07-adain", adain, _judge_adain, _ADAINS | {"but for a constant channel": _moved}
)

# ------------------------------------------------------------------------ sees

SIGHT = {"A": "neither", "B": "Gram", "C": "both", "D": "moments"}
_WHY_SEEN = {
    "A": "a mean does not ask in which order its terms come",
    "B": "each channel keeps its own values; ask what is found together",
    "C": "compute the mean, the deviation and the mean square of twice a number",
    "D": "compute the mean and the mean square, before and after",
}


def _judge_sight(answer):
    choices = ["Gram", "moments", "both", "neither"]
    return judge_choices(answer, SIGHT, choices, _WHY_SEEN)


SEES = Exercise(
    "07-sees",
    SIGHT,
    _judge_sight,
    {
        "in which order its terms come": SIGHT | {"A": "both"},
        "what is found together": SIGHT | {"B": "neither"},
        "of twice a number": SIGHT | {"C": "Gram"},
        "before and after": SIGHT | {"D": "both"},
        "expected one of": SIGHT | {"A": "nobody"},
        "expected a dictionary": list(SIGHT.values()),
    },
)

# ---------------------------------------------------------------------- colour


def colour_map(c, s):
    """Return the symmetric A of least change for which A c A^T = s."""

    def root(m):
        values, vectors = np.linalg.eigh(m)
        return (vectors * np.sqrt(values)) @ vectors.T

    inverse = np.linalg.inv(root(c))
    return inverse @ root(root(c) @ s @ root(c)) @ inverse


def _root(m):
    values, vectors = np.linalg.eigh(m)
    return (vectors * np.sqrt(values)) @ vectors.T


def _entrywise(c, s):
    root = np.sqrt(np.abs(c))
    inverse = np.linalg.inv(root)
    return inverse @ np.sqrt(np.abs(root @ s @ root)) @ inverse


_COLOURS = {
    "the covariance is right, but not the change least: Q = 1 is the wrong rotation": (
        lambda c, s: _root(s) @ np.linalg.inv(_root(c))
    ),
    "triangular roots give the covariance, but not the least change": lambda c, s: (
        np.linalg.cholesky(s) @ np.linalg.inv(np.linalg.cholesky(c))
    ),
    "c and s are exchanged: this is the way back": lambda c, s: colour_map(s, c),
    "np.sqrt is the root of each entry, not of the matrix": _entrywise,
    "each channel by itself leaves the covariances between channels wrong": (
        lambda c, s: np.diag(np.sqrt(np.diag(s) / np.diag(c)))
    ),
    "the root in the middle is missing": lambda c, s: (
        np.linalg.inv(_root(c)) @ (_root(c) @ s @ _root(c)) @ np.linalg.inv(_root(c))
    ),
    "the whole of c stands inside, where its root belongs": lambda c, s: (
        np.linalg.inv(c) @ _root(c @ s @ c) @ np.linalg.inv(c)
    ),
}


def _covariances():
    rng = np.random.default_rng(7)
    draws = [rng.normal(size=(2, size, 3 * size)) for size in (3, 2, 4)]
    return [tuple(x @ x.T / x.shape[1] for x in pair) for pair in draws]


def _judge_colour(answer):
    pairs = _covariances()
    received = [answer(c.copy(), s.copy()) for c, s in pairs]
    for i, (c, s) in enumerate(pairs):
        mistakes = {why: wrong(c, s) for why, wrong in _COLOURS.items()}
        if verdict := compare(received[i], colour_map(c, s), mistakes):
            return verdict
    return None


COLOUR = Exercise("07-colour", colour_map, _judge_colour, _COLOURS)

# --------------------------------------------------------------------- infonce


def infonce(queries, keys, temperature):
    """Return the mean cross-entropy, in nats, of finding the right key."""
    q, k = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, keys))
    scores = q @ k.T / temperature  # (n, n)
    scores -= scores.max(axis=1, keepdims=True)  # the largest is now e^0
    return np.mean(np.log(np.exp(scores).sum(axis=1)) - np.diag(scores))


def _scores(queries, keys, unit=True):
    if unit:
        queries, keys = (
            x / np.linalg.norm(x, axis=1, keepdims=True) for x in (queries, keys)
        )
    return queries @ keys.T


def _entropies(scores, axis=1):
    return np.log(np.exp(scores).sum(axis=axis)) - np.diag(scores)


def _without_right(q, k, t):
    scores = _scores(q, k) / t
    wrong = np.exp(scores) * (1 - np.eye(len(scores)))
    return np.mean(np.log(wrong.sum(axis=1)) - np.diag(scores))


_INFONCES = {
    "the candidates are the keys: sum over them, not over the queries": (
        lambda q, k, t: np.mean(_entropies(_scores(q, k) / t, axis=0))
    ),
    "divide by the temperature, do not multiply": (
        lambda q, k, t: np.mean(_entropies(_scores(q, k) * t))
    ),
    "the temperature is not used": lambda q, k, t: np.mean(_entropies(_scores(q, k))),
    "scale the vectors to length 1": (
        lambda q, k, t: np.mean(_entropies(_scores(q, k, unit=False) / t))
    ),
    "take the mean over the queries, not the sum": (
        lambda q, k, t: np.sum(_entropies(_scores(q, k) / t))
    ),
    "a loss is to be made small: the sign is wrong": (
        lambda q, k, t: -infonce(q, k, t)
    ),
    "the right key stands below the fraction as well": _without_right,
    "in nats: the natural logarithm": lambda q, k, t: infonce(q, k, t) / np.log(2),
    "this is the information proved, log n minus the loss": (
        lambda q, k, t: np.log(len(q)) - infonce(q, k, t)
    ),
}


def _judge_infonce(answer):
    rng = np.random.default_rng(7)
    q, k = rng.normal(size=(2, 6, 4))
    mistakes = {why: wrong(q, k, 0.4) for why, wrong in _INFONCES.items()}
    if verdict := compare(
        answer(q.copy(), k.copy(), 0.4), infonce(q, k, 0.4), mistakes
    ):
        return verdict
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        cold = answer(q.copy(), k.copy(), 0.001)
    return compare(cold, infonce(q, k, 0.001)) and (
        "right, but exp overflows at a temperature of 0.001: take the largest score of "
        "each row off first, which changes nothing"
    )


INFONCE = Exercise(
    "07-infonce",
    infonce,
    _judge_infonce,
    _INFONCES
    | {"exp overflows": lambda q, k, t: np.mean(_entropies(_scores(q, k) / t))},
)

# ---------------------------------------------------------------------- claims

CLAIMS = {"A": "size", "B": "cycle", "C": "network", "D": "copy"}
_WHY_OBJECT = {
    "A": "ask what else makes FID fall",
    "B": "ask which wrong maps have that, too",
    "C": "ask what was optimised, and by what it was measured",
    "D": "ask what a method would have to do to come closer than the works do",
}


def _judge_claims(answer):
    return judge_choices(answer, CLAIMS, sorted(CLAIMS.values()), _WHY_OBJECT)


OBJECTIONS = Exercise(
    "07-claims",
    CLAIMS,
    _judge_claims,
    {
        "what else makes fid fall": CLAIMS | {"A": "network"},
        "which wrong maps": CLAIMS | {"B": "copy"},
        "what was optimised": CLAIMS | {"C": "size"},
        "closer than the works do": CLAIMS | {"D": "cycle"},
        "expected one of": CLAIMS | {"A": "seeds"},
        "expected a dictionary": list(CLAIMS.values()),
    },
)

EXERCISES = (GRAM, ADAIN, SEES, COLOUR, INFONCE, OBJECTIONS)
