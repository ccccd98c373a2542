"""Exercises of chapter 02: the game of two players, its losses and its faults."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ----------------------------------------------------------------------- value


def value(real_logits, made_logits):
    """Return V, the mean of log p over real plus that of log(1 - p) over made."""
    real = np.mean(-np.logaddexp(0, -real_logits))
    return real + np.mean(-np.logaddexp(0, made_logits))


def _log_sigmoid(s):
    return -np.logaddexp(0, -s)


def _sigmoid(s):
    return np.exp(_log_sigmoid(s))


def _value_by_way_of_probabilities(real, made):
    with np.errstate(over="ignore", divide="ignore"):
        first, second = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-made))
        return np.mean(np.log(first)) + np.mean(np.log(1 - second))


_VALUES = {
    "this is what the discriminator minimises, -V": lambda r, m: -value(r, m),
    "the players are exchanged": lambda r, m: value(m, r),
    "a made sample is to be called made: 1 - p, not p": (
        lambda r, m: _log_sigmoid(r).mean() + _log_sigmoid(m).mean()
    ),
    "each of the two has a mean of its own": (
        lambda r, m: np.concatenate([_log_sigmoid(r), _log_sigmoid(-m)]).mean()
    ),
    "means, not sums": lambda r, m: _log_sigmoid(r).sum() + _log_sigmoid(-m).sum(),
    "these are probabilities; their logarithms are missing": (
        lambda r, m: _sigmoid(r).mean() + _sigmoid(-m).mean()
    ),
    "first the logarithm, then the mean": (
        lambda r, m: np.log(_sigmoid(r).mean()) + np.log(_sigmoid(-m).mean())
    ),
}


def _value_by_way_of_exponentials(real, made):
    with np.errstate(over="ignore"):
        right = real - np.log1p(np.exp(real))  # log p, as long as exp(s) is finite
        wrong = -(made + np.log1p(np.exp(-made)))  # log(1 - p), likewise
        return np.mean(right) + np.mean(wrong)


def _judge_value(answer):
    rng = np.random.default_rng(2)
    real, made = rng.normal(1, 2, (7, 1)), rng.normal(-0.5, 2, (5, 1))  # (B, 1) each
    mistakes = {why: wrong(real, made) for why, wrong in _VALUES.items()}
    if verdict := compare(answer(real, made), value(real, made), mistakes):
        return verdict
    sure = np.full((3, 1), 1000.0)
    if compare(answer(-sure, sure), value(-sure, sure)):
        return "for logits of 1000 V is -2000: work with logits, not by way of log(0)"
    both = np.array([[1000.0], [-1000.0]])
    if compare(answer(both, both), value(both, both)):
        return "for logits of both signs V is -1000: exp(1000) is infinite"
    return None


VALUE = Exercise(
    "02-value",
    value,
    _judge_value,
    {
        **_VALUES,
        "for logits of 1000 V is -2000": _value_by_way_of_probabilities,
        "for logits of both signs V is -1000": _value_by_way_of_exponentials,
    },
)

# ------------------------------------------------------------------------ pull


def pull(x, w):
    """Return -dL/dx of L = softplus(-s), for s = w[0] + w[1] x + w[2] x^2."""
    s = w[0] + w[1] * x + w[2] * x**2
    return (w[1] + 2 * w[2] * x) / (1 + np.exp(s))


def _logit(x, w):
    return w[0] + w[1] * x + w[2] * x**2


def _slope(x, w):
    return w[1] + 2 * w[2] * x


_PULLS = {
    "this is the gradient; the pull goes the other way, downhill": (
        lambda x, w: -pull(x, w)
    ),
    "this is the pull of the saturating loss, log(1 - p)": (
        lambda x, w: _sigmoid(_logit(x, w)) * _slope(x, w)
    ),
    "the chain rule goes on: the slope of s in x is missing": (
        lambda x, w: _sigmoid(-_logit(x, w))
    ),
    "this is the slope of the logit; the loss has a slope too": _slope,
    "the derivative of x^2 is 2 x": (
        lambda x, w: _sigmoid(-_logit(x, w)) * (w[1] + w[2] * x)
    ),
    "this is the slope of the probability, not of its logarithm": (
        lambda x, w: _sigmoid(_logit(x, w)) * pull(x, w)
    ),
    "one pull a sample: do not take the mean": lambda x, w: pull(x, w).mean(),
}


def _judge_pull(answer):
    x, w = np.linspace(-2, 3, 9), np.array([-0.4, 1.1, -0.6])
    mistakes = {why: wrong(x, w) for why, wrong in _PULLS.items()}
    return compare(answer(x.copy(), w.copy()), pull(x, w), mistakes)


PULL = Exercise("02-pull", pull, _judge_pull, _PULLS)

# -------------------------------------------------------------------- doubling


def doubling(rate):
    """Return after how many simultaneous steps the distance has at least doubled."""
    return int(np.ceil(2 * np.log(2) / np.log(1 + rate**2)))


RATES = (0.05, 0.1, 0.3)
_DOUBLINGS = {
    "this is when the square of the distance has doubled": (
        lambda r: np.ceil(np.log(2) / np.log(1 + r**2))
    ),
    "the step is at right angles to the way from the middle: 1 + rate^2": (
        lambda r: np.ceil(np.log(2) / np.log(1 + r))
    ),
    "a whole number of steps, rounded up": (lambda r: 2 * np.log(2) / np.log(1 + r**2)),
    "one step less does not double it yet, nor does this number": (
        lambda r: np.floor(2 * np.log(2) / np.log(1 + r**2))
    ),
    "the distance grows by a factor a step, not by a sum": (
        lambda r: np.ceil(1 / (np.sqrt(1 + r**2) - 1))
    ),
}


def _judge_doubling(answer):
    mistakes = {why: [wrong(r) for r in RATES] for why, wrong in _DOUBLINGS.items()}
    return compare([answer(r) for r in RATES], [doubling(r) for r in RATES], mistakes)


DOUBLING = Exercise("02-doubling", doubling, _judge_doubling, _DOUBLINGS)

# ---------------------------------------------------------------------- inside


def inside(k):
    """Return the share of a round Gaussian in the plane within k deviations."""
    return 1 - np.exp(-(k**2) / 2)


_ERF_1_2_3 = np.array([0.6827, 0.9545, 0.9973])  # of a Gaussian on a line
_INSIDES = {
    "this is the share outside": lambda k: np.exp(-(k**2) / 2),
    "that is the rule for a line; in the plane there is more room outside": (
        lambda k: _ERF_1_2_3
    ),
    "this is the chance that each coordinate is within k: a square, not a disc": (
        lambda k: _ERF_1_2_3**2
    ),
    "the exponent is r^2 / 2": lambda k: 1 - np.exp(-(k**2)),
    "the exponent has the square of r": lambda k: 1 - np.exp(-k / 2),
}


def _judge_inside(answer):
    k = np.array([1.0, 2.0, 3.0])
    mistakes = {why: wrong(k) for why, wrong in _INSIDES.items()}
    received = [answer(each) for each in k]
    return compare(received, inside(k), mistakes, tolerance=2e-4)


INSIDE = Exercise(
    "02-inside",
    inside,
    _judge_inside,
    {
        "this is the share outside": _INSIDES["this is the share outside"],
        "that is the rule for a line": lambda k: _ERF_1_2_3[int(k) - 1],
        "a square, not a disc": lambda k: _ERF_1_2_3[int(k) - 1] ** 2,
        "the exponent is r^2 / 2": _INSIDES["the exponent is r^2 / 2"],
        "the exponent has the square of r": _INSIDES[
            "the exponent has the square of r"
        ],
    },
)

# ---------------------------------------------------------------------- losses

READINGS = {"A": "even", "B": "ahead", "C": "behind", "D": "nothing"}
_READING_REASONS = {
    "A": "compare both numbers with those of a discriminator that always says 1/2",
    "B": "what would the first number be if each answer were 1/2?",
    "C": "the first number is above 2 log 2: what is better, its answers or none?",
    "D": "the generator's loss moves when either of the two players moves",
}


def _judge_readings(answer):
    words = ["even", "ahead", "behind", "nothing"]
    return judge_choices(answer, READINGS, words, _READING_REASONS)


READING = Exercise(
    "02-losses",
    READINGS,
    _judge_readings,
    {
        "compare both numbers with those": READINGS | {"A": "nothing"},
        "what would the first number be": READINGS | {"B": "behind"},
        "what is better, its answers or none": READINGS | {"C": "ahead"},
        "moves when either of the two players moves": READINGS | {"D": "behind"},
        "expected one of": READINGS | {"A": "good"},
        "expected a dictionary": list(READINGS.values()),
    },
)

# ----------------------------------------------------------------------- start


def advantage(p):
    """Return how many times as hard the non-saturating loss pulls at probability p."""
    return (1 - p) / p


_ADVANTAGES = {
    "the other way round: at small p the saturating loss is the weak one": (
        lambda p: p / (1 - p)
    ),
    "this is the pull of one loss alone; divide by that of the other": lambda p: 1 - p,
    "the 1 - p is missing: the non-saturating pull is 1 - p, not 1": (lambda p: 1 / p),
    "this is the logarithm of the ratio": lambda p: np.log((1 - p) / p),
    "the ratio of the slopes, not of the losses": (lambda p: np.log(p) / np.log(1 - p)),
}


def _judge_advantage(answer):
    p = np.array([0.5, 0.1, 0.01, 0.001])
    mistakes = {why: wrong(p) for why, wrong in _ADVANTAGES.items()}
    return compare([answer(each) for each in p], advantage(p), mistakes)


ADVANTAGE = Exercise("02-advantage", advantage, _judge_advantage, _ADVANTAGES)

# ----------------------------------------------------------------------- cures

CURES = {"A": "rates", "B": "average", "C": "loss", "D": "capacity"}
_CURE_REASONS = {
    "A": "the made points follow the discriminator's last opinion; who is too slow?",
    "B": "the weights go round something good; which weights lie in the middle?",
    "C": "the discriminator is sure, and the generator gets no pull from it",
    "D": "both are content; ask which differences this discriminator can express",
}


def _judge_cures(answer):
    return judge_choices(answer, CURES, sorted(CURES.values()), _CURE_REASONS)


CURE = Exercise(
    "02-cures",
    CURES,
    _judge_cures,
    {
        "who is too slow": CURES | {"A": "average"},
        "which weights lie in the middle": CURES | {"B": "capacity"},
        "gets no pull from it": CURES | {"C": "rates"},
        "which differences this discriminator can express": CURES | {"D": "loss"},
        "expected one of": CURES | {"A": "luck"},
        "expected a dictionary": list(CURES.values()),
    },
)

EXERCISES = (VALUE, PULL, DOUBLING, INSIDE, READING, ADVANTAGE, CURE)
