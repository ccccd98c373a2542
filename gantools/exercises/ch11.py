"""Exercises of chapter 11: a GAN, its layers, its losses, its faults, its judges."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------ transposed


def transposed(side, channels, filters, kernel, stride):
    """Return (side, parameters) of a transposed convolution, "same", without bias."""
    return side * stride, kernel * kernel * channels * filters


LAYERS = [(8, 256, 64, 5, 2), (16, 64, 3, 5, 1), (7, 10, 4, 3, 3)]


def _parameters(channels, filters, kernel):
    return kernel**2 * channels * filters


_TRANSPOSED = {
    "a transposed convolution enlarges: multiply by the stride": (
        lambda n, c, f, k, s: (-(-n // s), _parameters(c, f, k))
    ),
    'the stride enlarges, even with "same"': (
        lambda n, c, f, k, s: (n, _parameters(c, f, k))
    ),
    'this is the whole canvas; "same" cuts its rim off': (
        lambda n, c, f, k, s: ((n - 1) * s + k, _parameters(c, f, k))
    ),
    "there is no bias here": (lambda n, c, f, k, s: (n * s, _parameters(c, f, k) + f)),
    "a kernel has two sides: k times k": lambda n, c, f, k, s: (n * s, k * c * f),
    "every filter reads all channels of its input": (
        lambda n, c, f, k, s: (n * s, k * k * f)
    ),
    "a kernel for each filter, so multiply by the filters": (
        lambda n, c, f, k, s: (n * s, k * k * c)
    ),
    "the parameters do not depend on the side": (
        lambda n, c, f, k, s: (n * s, _parameters(c, f, k) * (n * s) ** 2)
    ),
}


def _judge_transposed(answer):
    mistakes = {why: [f(*sizes) for sizes in LAYERS] for why, f in _TRANSPOSED.items()}
    expected = [transposed(*sizes) for sizes in LAYERS]
    return compare([answer(*sizes) for sizes in LAYERS], expected, mistakes)


TRANSPOSED = Exercise("11-transposed", transposed, _judge_transposed, _TRANSPOSED)

# -------------------------------------------------------------- generator-loss


def generator_loss(logits):
    """Return the mean of -log(sigmoid(logits)), finite for every logit."""
    return np.mean(np.logaddexp(0, -logits))


def _sigmoid(x):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def _softplus(x):
    return np.logaddexp(0, x)


def _by_way_of_probabilities(logits):
    with np.errstate(divide="ignore"):
        return -np.mean(np.log(_sigmoid(logits)))


def _logarithm_of_logits(logits):
    with np.errstate(invalid="ignore"):
        return -np.mean(np.log(logits))


_LOSSES = {
    "this is the saturating form, log(1 - p): no slope where D is sure": (
        lambda s: -_softplus(s).mean()
    ),
    "this is D's half of the game: G wants the logits of its pictures to rise": (
        lambda s: _softplus(s).mean()
    ),
    "the sign is wrong: the loss has to fall as the logits rise": (
        lambda s: -_softplus(-s).mean()
    ),
    "the sigmoid is applied twice": lambda s: _softplus(-_sigmoid(s)).mean(),
    "the mean, not the sum": lambda s: _softplus(-s).sum(),
    "one number: the mean goes over all axes": lambda s: _softplus(-s).mean(axis=0),
    "this is a probability; its logarithm is missing": lambda s: _sigmoid(s).mean(),
    "first the logarithm, then the mean": lambda s: -np.log(_sigmoid(s).mean()),
}


def _judge_generator_loss(answer):
    logits = np.random.default_rng(11).normal(0, 2, (6, 4, 4, 1))  # (B, H, W, 1)
    mistakes = {why: loss(logits) for why, loss in _LOSSES.items()}
    if verdict := compare(answer(logits), generator_loss(logits), mistakes):
        return verdict
    sure = np.full((2, 1), -1000.0)  # (B, 1)
    if compare(answer(sure), generator_loss(sure)):
        return "a logit of -1000 costs 1000: work with logits, not by way of log(0)"
    return None


GENERATOR_LOSS = Exercise(
    "11-generator-loss",
    generator_loss,
    _judge_generator_loss,
    {
        **_LOSSES,
        "a logit of -1000 costs 1000": _by_way_of_probabilities,
        "values that are not finite": _logarithm_of_logits,
    },
)

# ---------------------------------------------------------------------- faults

FAULTS = {"A": "discriminator", "B": "statistics", "C": "contest", "D": "generator"}
_REASONS = {
    "A": "ask what `discriminator.trainable_variables` lists from then on",
    "B": "both players still get gradients; ask what else a step has to change",
    "C": "everything moves; ask whose loss each of the two now makes small",
    "D": "ask which way from the generator's loss back to its weights is left",
}


def _judge_faults(answer):
    return judge_choices(answer, FAULTS, sorted(FAULTS.values()), _REASONS)


FAULTY_STEPS = Exercise(
    "11-faults",
    FAULTS,
    _judge_faults,
    {
        "what `discriminator.trainable_variables` lists": FAULTS | {"A": "generator"},
        "both players still get gradients": FAULTS | {"B": "generator"},
        "whose loss each of the two": FAULTS | {"C": "discriminator"},
        "which way from the generator's loss": FAULTS | {"D": "statistics"},
        "expected one of": FAULTS | {"A": "nothing"},
        "expected a dictionary": list(FAULTS.values()),
    },
)

# ----------------------------------------------------------------------- slerp


def slerp(start, end, t):
    """Go the share t of the way from start to end, two vectors, along an arc."""
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(cosine)
    parts = np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    return parts / np.sin(angle)


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _angle(a, b):
    return np.arccos(_unit(a) @ _unit(b))


def _with_angle(a, b, t, angle):
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


_SLERP = {
    "this is a straight line": lambda a, b, t: (1 - t) * a + t * b,
    "t = 0 is the start and t = 1 the end, not the other way round": (
        lambda a, b, t: slerp(b, a, t)
    ),
    "the length is lost: only the angle is of unit vectors": (
        lambda a, b, t: slerp(_unit(a), _unit(b), t)
    ),
    "the cosine needs vectors of unit length": (
        lambda a, b, t: _with_angle(a, b, t, np.arccos(np.clip(a @ b, -0.999, 0.999)))
    ),
    "divide by the sine of the whole angle": (
        lambda a, b, t: np.sin(_angle(a, b)) * slerp(a, b, t)
    ),
    "sines take radians": (
        lambda a, b, t: _with_angle(a, b, t, np.degrees(_angle(a, b)))
    ),
    "equal steps of t must be equal angles": (
        lambda a, b, t: np.linalg.norm(slerp(a, b, t)) * _unit((1 - t) * a + t * b)
    ),
}


def _judge_slerp(answer):
    start, end = np.random.default_rng(11).normal(size=(2, 100))
    end += 0.4 * start  # an angle of about 70 degrees
    shares = (0.0, 0.2, 0.5, 0.9)
    mistakes = {why: [f(start, end, t) for t in shares] for why, f in _SLERP.items()}
    expected = [slerp(start, end, t) for t in shares]
    received = [answer(start.copy(), end.copy(), t) for t in shares]
    return compare(received, expected, mistakes)


SLERP = Exercise("11-slerp", slerp, _judge_slerp, _SLERP)

# --------------------------------------------------------------------- frechet


def frechet(x, y):
    """Return the Frechet distance of two rows of numbers, each taken as a Gaussian."""
    return (x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2


_FRECHET = {
    "the distance is squared, and so is each of its two terms": (
        lambda x, y: abs(x.mean() - y.mean()) + abs(x.std() - y.std())
    ),
    "no root at the end: FID is the squared distance": (
        lambda x, y: np.sqrt(frechet(x, y))
    ),
    "sigma is the standard deviation, not the variance": (
        lambda x, y: (x.mean() - y.mean()) ** 2 + (x.var() - y.var()) ** 2
    ),
    "the difference of the means is missing": (lambda x, y: (x.std() - y.std()) ** 2),
    "two Gaussians may have one mean and be far apart": (
        lambda x, y: (x.mean() - y.mean()) ** 2
    ),
    "the root is of the product of the variances": (
        lambda x, y: (
            (x.mean() - y.mean()) ** 2 + x.var() + y.var() - 2 * x.var() * y.var()
        )
    ),
    "the rows are compared as wholes, not number by number": (
        lambda x, y: np.mean((x - y[: len(x)]) ** 2)
    ),
}


def _judge_frechet(answer):
    rng = np.random.default_rng(11)
    pairs = [
        (rng.normal(0, 1, 50), rng.normal(2, 3, 60)),
        (rng.normal(1, 2, 40), rng.normal(1, 0.5, 40)),
    ]
    mistakes = {why: [f(*pair) for pair in pairs] for why, f in _FRECHET.items()}
    expected = [frechet(*pair) for pair in pairs]
    received = [answer(x.copy(), y.copy()) for x, y in pairs]
    # with n - 1 instead of n the variances are a little larger: as good an estimate
    return compare(received, expected, mistakes, tolerance=0.05)


FRECHET = Exercise("11-frechet", frechet, _judge_frechet, _FRECHET)

# ---------------------------------------------------------------------- judges

JUDGES = {
    "A": "recall",
    "B": "precision",
    "C": "number of pictures",
    "D": "resizing",
}
_WHY = {
    "A": "each picture is good; ask how many of the real ones have a like among them",
    "B": "nothing is missing; ask how many of the made ones have a like among the real",
    "C": "one generator, one network; ask what makes a Frechet distance grow as 1 / n",
    "D": "the pictures are real ones; ask what was done to them before the network",
}


def _judge_judges(answer):
    return judge_choices(answer, JUDGES, sorted(JUDGES.values()), _WHY)


JUDGED = Exercise(
    "11-judges",
    JUDGES,
    _judge_judges,
    {
        "how many of the real ones have a like": JUDGES | {"A": "precision"},
        "how many of the made ones have a like": JUDGES | {"B": "recall"},
        "what makes a Frechet distance grow": JUDGES | {"C": "resizing"},
        "what was done to them before": JUDGES | {"D": "number of pictures"},
        "expected one of": JUDGES | {"A": "sharpness"},
        "expected a dictionary": list(JUDGES.values()),
    },
)

# ------------------------------------------------------------------------ adam


def largest_step(learning_rate, beta_2):
    """Return how far Adam can move a weight in one step, where beta_1 is 0."""
    return learning_rate / np.sqrt(1 - beta_2)


_STEPS = {
    "the root is missing: Adam divides by the root of v": lambda r, b: r / (1 - b),
    "v keeps the share 1 - beta_2 of the new gradient's square": (
        lambda r, b: r / np.sqrt(b)
    ),
    "that is the step for gradients that are all alike": lambda r, b: r,
    "the learning rate is a factor of it": lambda r, b: 1 / np.sqrt(1 - b),
    "Adam divides by the root of v, so the step grows as v shrinks": (
        lambda r, b: r * np.sqrt(1 - b)
    ),
}


def _judge_largest_step(answer):
    cases = [(1e-3, 0.999), (1e-3, 0.9), (0.5, 0.99)]
    mistakes = {why: [f(*case) for case in cases] for why, f in _STEPS.items()}
    expected = [largest_step(*case) for case in cases]
    return compare([answer(*case) for case in cases], expected, mistakes)


LARGEST_STEP = Exercise("11-adam", largest_step, _judge_largest_step, _STEPS)

# ------------------------------------------------------------------ projection


def projection(h, weights, bias, embeddings, kinds):
    """Return logits (B,): how real, plus how much of its kind, each picture is."""
    return h @ weights + bias + np.sum(h * embeddings[kinds], axis=1)


_PROJECTIONS = {
    "the second term is missing: how much of its kind": (
        lambda h, w, b, e, k: h @ w + b
    ),
    "the first term is missing: how real": (
        lambda h, w, b, e, k: np.sum(h * e[k], axis=1)
    ),
    "the bias is missing": lambda h, w, b, e, k: h @ w + np.sum(h * e[k], axis=1),
    "one logit a picture, not one for each kind": (
        lambda h, w, b, e, k: (h @ w + b)[:, None] + h @ e.T
    ),
    "sum over the features: an inner product has no mean": (
        lambda h, w, b, e, k: h @ w + b + np.mean(h * e[k], axis=1)
    ),
    "each picture has a kind of its own": (
        lambda h, w, b, e, k: h @ w + b + h @ e[k[0]]
    ),
    "the picture's own features, not only those of its kind": (
        lambda h, w, b, e, k: h @ w + b + np.sum(e[k], axis=1)
    ),
}


def _judge_projection(answer):
    rng = np.random.default_rng(11)
    h, weights = rng.normal(size=(6, 5)), rng.normal(size=5)  # (B, F), (F,)
    embeddings = rng.normal(size=(3, 5))  # (kinds, F)
    case = h, weights, 0.7, embeddings, np.array([2, 0, 1, 1, 2, 0])
    mistakes = {why: f(*case) for why, f in _PROJECTIONS.items()}
    return compare(answer(*case), projection(*case), mistakes)


PROJECTION = Exercise("11-projection", projection, _judge_projection, _PROJECTIONS)

EXERCISES = (
    TRANSPOSED,
    GENERATOR_LOSS,
    FAULTY_STEPS,
    FRECHET,
    JUDGED,
    LARGEST_STEP,
    PROJECTION,
    SLERP,
)
