"""Exercises of chapter 10: the discriminator's mathematics."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# --------------------------------------------------------------------- optimal


def optimal(p, q, share):
    """Return the probability of "real" where real pictures are a share of all."""
    real, made = share * p, (1 - share) * q
    return real / (real + made)


_OPTIMAL = {
    "this is right for halves only: the share is missing": lambda p, q, s: p / (p + q),
    "`share` belongs to the real pictures": lambda p, q, s: optimal(p, q, 1 - s),
    "this is the probability that the picture was made": (
        lambda p, q, s: 1 - optimal(p, q, s)
    ),
    "these are the odds, which have no upper bound": (
        lambda p, q, s: s * p / ((1 - s) * q)
    ),
    "this is the logit": lambda p, q, s: np.log(s * p / ((1 - s) * q)),
    "the share weighs the numerator as well": (
        lambda p, q, s: p / (s * p + (1 - s) * q)
    ),
}


def _judge_optimal(answer):
    rng = np.random.default_rng(10)
    p, q = rng.uniform(0.1, 2, (2, 7))
    mistakes = {why: f(p, q, 0.2) for why, f in _OPTIMAL.items()}
    return compare(answer(p, q, 0.2), optimal(p, q, 0.2), mistakes)


OPTIMAL = Exercise("10-optimal", optimal, _judge_optimal, _OPTIMAL)

# ------------------------------------------------------------------- conjugate


def conjugate(u):
    """Return the largest value of u t - (t - 1)^2 / t over t > 0, for u < 1."""
    return 2 - 2 * np.sqrt(1 - u)


_CONJUGATE = {
    "this is the t at which the maximum lies; its value is asked for": (
        lambda u: 1 / np.sqrt(1 - u)
    ),
    "the sign is wrong: the maximum of u t - f(t), not the minimum of f(t) - u t": (
        lambda u: 2 * np.sqrt(1 - u) - 2
    ),
    "the equation has two roots, and t is positive": lambda u: 2 + 2 * np.sqrt(1 - u),
    "multiplied out, f(t) has a constant, which is missing here": (
        lambda u: -2 * np.sqrt(1 - u)
    ),
    "the two terms with t are alike at the maximum, and both count": (
        lambda u: 2 - np.sqrt(1 - u)
    ),
    "this is the derivative of f": lambda u: 1 - 1 / u**2,
    "this is f itself": lambda u: (u - 1) ** 2 / u,
}


def _judge_conjugate(answer):
    u = np.array([-3.0, -1.2, -0.4, 0.3, 0.75])
    mistakes = {why: f(u) for why, f in _CONJUGATE.items()}
    return compare(answer(u), conjugate(u), mistakes)


CONJUGATE = Exercise("10-conjugate", conjugate, _judge_conjugate, _CONJUGATE)

# ----------------------------------------------------------------------- shift


def distances(a):
    """Return (JS, TV, W1) between the uniform laws on [0, 1] and on [a, a + 1]."""
    apart = min(a, 1)  # the share of either that the other does not cover
    return apart * np.log(2), apart, a


_SHIFT = {
    "from a = 1 on two of the three stand still": lambda a: (a * np.log(2), a, a),
    "one of the three never stands still": lambda a: (
        min(a, 1) * np.log(2),
        min(a, 1),
        min(a, 1),
    ),
    "JS is the mean of two KL divergences, not their sum": lambda a: (
        2 * min(a, 1) * np.log(2),
        min(a, 1),
        a,
    ),
    "JS is in nats here: its largest value is log 2": lambda a: (
        min(a, 1),
        min(a, 1),
        a,
    ),
    "TV is half of the integral, so that 1 is its largest value": lambda a: (
        min(a, 1) * np.log(2),
        2 * min(a, 1),
        a,
    ),
    "what counts is the part that is not shared": lambda a: (
        max(1 - a, 0) * np.log(2),
        max(1 - a, 0),
        a,
    ),
}


def _judge_shift(answer):
    shifts = (0.0, 0.25, 0.8, 1.5, 3.0)
    mistakes = {why: [f(a) for a in shifts] for why, f in _SHIFT.items()}
    expected = [distances(a) for a in shifts]
    return compare([answer(a) for a in shifts], expected, mistakes)


SHIFT = Exercise("10-shift", distances, _judge_shift, _SHIFT)

# ----------------------------------------------------------------- interpolate


def interpolate(real, made, alpha):
    """Return a point between each pair of pictures, real where its alpha is 1."""
    alpha = alpha.reshape(-1, 1, 1, 1)  # (B, 1, 1, 1)
    return alpha * real + (1 - alpha) * made


_INTERPOLATE = {
    "an alpha of 1 gives the real picture, one of 0 the made one": (
        lambda real, made, alpha: interpolate(made, real, alpha)
    ),
    "each picture has an alpha of its own, not all the first": (
        lambda real, made, alpha: interpolate(real, made, 0 * alpha + alpha[0])
    ),
    "each picture has an alpha of its own, not each channel": (
        lambda real, made, alpha: alpha * real + (1 - alpha) * made
    ),
    "the mean of alpha is not what each picture gets": (
        lambda real, made, alpha: interpolate(real, made, 0 * alpha + alpha.mean())
    ),
    "this is the way from the made to the real picture; where does it begin?": (
        lambda real, made, alpha: alpha.reshape(-1, 1, 1, 1) * (real - made)
    ),
}


def _judge_interpolate(answer):
    rng = np.random.default_rng(10)
    real, made = rng.uniform(-1, 1, (2, 3, 5, 4, 3))  # (B, H, W, C), B = C
    alpha = np.array([0.1, 0.85, 0.4])
    mistakes = {why: f(real, made, alpha) for why, f in _INTERPOLATE.items()}
    received = answer(real.copy(), made.copy(), alpha.copy())
    return compare(received, interpolate(real, made, alpha), mistakes)


INTERPOLATE = Exercise("10-interpolate", interpolate, _judge_interpolate, _INTERPOLATE)

# ----------------------------------------------------------------------- dirac


def dirac_step(theta, psi, gamma, h):
    """Take one simultaneous step of the non-saturating Dirac-GAN with R1."""
    believed = 1 / (1 + np.exp(-psi * theta))  # D's probability for the made point
    new_theta = theta + h * (1 - believed) * psi
    new_psi = psi - h * (believed * theta + gamma * psi)
    return new_theta, new_psi


def _moved(saturating=False, climb=-1, pull=1.0, first=False, both=0.0):
    """Make a step like the right one but for the given faults."""

    def step(theta, psi, gamma, h):
        believed = 1 / (1 + np.exp(-psi * theta))
        slope = believed if saturating else 1 - believed
        new = theta + h * (slope * psi - both * gamma * theta)
        seen = new if first else theta
        s = 1 / (1 + np.exp(-psi * seen))
        return new, psi + h * (climb * s * seen - pull * gamma * psi)

    return step


_DIRAC = {
    "both players move at once: D's slope is taken at the old theta": _moved(
        first=True
    ),
    "the penalty is gamma / 2 times a square: mind the 2 of its derivative": (
        _moved(pull=0.5)
    ),
    "the penalty is gamma / 2 times a square, not gamma times it": _moved(pull=2.0),
    "there is no penalty in this step": _moved(pull=0.0),
    "the penalty has to shrink psi": _moved(pull=-1.0),
    "the penalty is D's alone; theta does not occur in it": _moved(both=1.0),
    "this generator is the saturating one": _moved(saturating=True),
    "D wants the logit of the made point to fall": _moved(climb=1),
}


def _judge_dirac(answer):
    places = [(1.0, 0.5, 0.3, 0.1), (-2.0, 1.5, 0.7, 0.2), (0.4, -1.0, 0.5, 0.5)]
    mistakes = {why: [f(*place) for place in places] for why, f in _DIRAC.items()}
    expected = [dirac_step(*place) for place in places]
    return compare([answer(*place) for place in places], expected, mistakes)


DIRAC = Exercise("10-dirac", dirac_step, _judge_dirac, _DIRAC)

# ---------------------------------------------------------------------- settle

SETTLE = {"A": "circles", "B": "spirals in", "C": "creeps in", "D": "spirals out"}
SETTLE |= {"E": "spirals out"}
_REASONS = {
    "A": "in continuous time the square of the radius does not change",
    "B": "the root of gamma^2 - 1 is imaginary, and the real part is -gamma / 2",
    "C": "both eigenvalues are real now: ask whether anything can turn",
    "D": "a step along a tangent of a circle ends outside of it",
    "E": "there is a largest step for each gamma: is h below it?",
}


def _judge_settle(answer):
    return judge_choices(answer, SETTLE, sorted(set(SETTLE.values())), _REASONS)


SETTLES = Exercise(
    "10-settle",
    SETTLE,
    _judge_settle,
    {
        "the square of the radius": SETTLE | {"A": "spirals in"},
        "the real part is -gamma / 2": SETTLE | {"B": "circles"},
        "ask whether anything can turn": SETTLE | {"C": "spirals in"},
        "a step along a tangent": SETTLE | {"D": "circles"},
        "a largest step for each gamma": SETTLE | {"E": "spirals in"},
        "expected one of": SETTLE | {"A": "explodes"},
        "expected a dictionary": list(SETTLE.values()),
    },
)

# ----------------------------------------------------------------- equilibrium

EQUILIBRIUM = {
    "non-saturating": 2 * np.log(2),
    "least-squares": 1 / 4,
    "hinge": 2,
    "relativistic": np.log(2),
}
_AT_REST = {
    "non-saturating": {
        "there are two terms, one for the real and one for the made": np.log(2),
        "this is the value V, which D makes large; its loss is -V": -2 * np.log(2),
        "the best logit is 0, but its softplus is not": 0,
    },
    "least-squares": {
        "the whole sum is halved": 1 / 2,
        "a score that is right for both at once does not exist": 0,
        "the best score is halfway, so its square counts for each term": 1 / 8,
    },
    "hinge": {
        "nothing can be beyond both margins at once": 0,
        "a score of 0 misses both margins, by 1 each": 1,
    },
    "relativistic": {
        "there is one term for a pair, not one for each picture": 2 * np.log(2),
        "the difference is 0, its softplus is not": 0,
    },
}


def _judge_equilibrium(answer):
    if not isinstance(answer, dict) or set(answer) != set(EQUILIBRIUM):
        return f"expected a dictionary with the keys {list(EQUILIBRIUM)}"
    for game, value in EQUILIBRIUM.items():
        verdict = compare(answer[game], value, _AT_REST[game], tolerance=0.006)
        if verdict:
            return f"{game}: {verdict}"
    return None


AT_EQUILIBRIUM = Exercise(
    "10-equilibrium",
    {game: round(float(value), 3) for game, value in EQUILIBRIUM.items()},
    _judge_equilibrium,
    {
        f"{game}: {why}": EQUILIBRIUM | {game: value}
        for game, mistakes in _AT_REST.items()
        for why, value in mistakes.items()
    }
    | {"expected a dictionary": list(EQUILIBRIUM.values())},
)

# ---------------------------------------------------------------------- remedy

REMEDIES = {"A": "loss", "B": "distance", "C": "penalty", "D": "normalisation"}
_REMEDIES_REASONS = {
    "A": "which factor of the gradient is small here, and what replaces it?",
    "B": "what says how far, where nothing overlaps?",
    "C": "what turns a circle into a spiral?",
    "D": "what bounds a slope everywhere, and not only at some points?",
}


def _judge_remedies(answer):
    return judge_choices(
        answer,
        REMEDIES,
        ("loss", "distance", "penalty", "normalisation"),
        _REMEDIES_REASONS,
    )


REMEDY = Exercise(
    "10-remedies",
    REMEDIES,
    _judge_remedies,
    {
        "of the gradient is small": REMEDIES | {"A": "penalty"},
        "where nothing overlaps": REMEDIES | {"B": "loss"},
        "into a spiral": REMEDIES | {"C": "distance"},
        "and not only at some points": REMEDIES | {"D": "penalty"},
        "expected one of": REMEDIES | {"A": "nothing of that"},
        "expected a dictionary": list(REMEDIES.values()),
    },
)

EXERCISES = (
    OPTIMAL,
    CONJUGATE,
    SHIFT,
    INTERPOLATE,
    DIRAC,
    SETTLES,
    AT_EQUILIBRIUM,
    REMEDY,
)
