"""Exercises of chapter 09: densities, matrices, batches, signals and counts of G."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# --------------------------------------------------------------------- density


def density(y):
    """Return the density at y > 0 of z^2, z normal with mean 0 and variance 1."""
    return np.exp(-y / 2) / np.sqrt(2 * np.pi * y)  # twice p(z) / |2 z|


def _normal(z):
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


_DENSITIES = {
    "two values of z give the same y, and both count": (
        lambda y: _normal(np.sqrt(y)) / (2 * np.sqrt(y))
    ),
    "where G is steep the density gets thin: divide by the slope": (
        lambda y: 4 * np.sqrt(y) * _normal(np.sqrt(y))
    ),
    "the slope of G is missing": lambda y: 2 * _normal(np.sqrt(y)),
    "the density of z is to be taken at the z that leads to y": (
        lambda y: _normal(y) / np.sqrt(y)
    ),
    "the slope is to be taken at z, not at y": lambda y: _normal(np.sqrt(y)) / y,
    "it does not integrate to 1: the normal density has a factor of its own": (
        lambda y: np.exp(-y / 2) / np.sqrt(y)
    ),
}


def _judge_density(answer):
    y = np.array([0.05, 0.3, 1.7, 2.5, 4.0])
    mistakes = {why: wrong(y) for why, wrong in _DENSITIES.items()}
    return compare(answer(y.copy()), density(y), mistakes)


DENSITY = Exercise("09-density", density, _judge_density, _DENSITIES)

# ---------------------------------------------------------------------- matrix


def painted(kernel, stride, n):
    """Return the matrix (stride n, n) of a transposed convolution, "same"."""
    left = (len(kernel) - stride) // 2  # pixels of the canvas cut off on the left
    matrix = np.zeros((stride * n, n))
    for i in range(n):
        for j, weight in enumerate(kernel):
            row = stride * i + j - left
            if 0 <= row < stride * n:
                matrix[row, i] = weight
    return matrix


KERNELS = [  # kernel, stride, n
    (np.array([1.0, 2.0, 4.0, 7.0, 11.0]), 2, 4),
    (np.array([3.0, -1.0, 2.0, 5.0]), 2, 3),
    (np.array([1.0, 5.0, 2.0]), 1, 5),
    (np.array([1.0, 0.0, -2.0, 6.0, 3.0, 4.0, 9.0]), 3, 3),
]


def _cut(kernel, stride, n, left):
    """Crop the whole canvas after `left` pixels."""
    canvas = np.zeros(((n - 1) * stride + len(kernel) + stride, n))
    for i in range(n):
        canvas[stride * i : stride * i + len(kernel), i] = kernel
    return canvas[left : left + stride * n]


def _canvas(kernel, stride, n):
    canvas = np.zeros(((n - 1) * stride + len(kernel), n))
    for i in range(n):
        canvas[stride * i : stride * i + len(kernel), i] = kernel
    return canvas


_MATRICES = {
    "this one shrinks: it is the matrix of the strided convolution": (
        lambda kernel, stride, n: painted(kernel, stride, n).T
    ),
    "the kernel is turned round: its first weight goes to the first pixel": (
        lambda kernel, stride, n: painted(kernel[::-1], stride, n)
    ),
    'this is the whole canvas: "same" leaves stride times n pixels': _canvas,
    "not all of the rim is cut off on the right": (
        lambda kernel, stride, n: _cut(kernel, stride, n, 0)
    ),
    "not all of the rim is cut off on the left": (
        lambda kernel, stride, n: _cut(kernel, stride, n, len(kernel) - stride)
    ),
    "when the rim is odd, its odd pixel goes from the right": (
        lambda kernel, stride, n: _cut(
            kernel, stride, n, (len(kernel) - stride + 1) // 2
        )
    ),
}


def _judge_matrix(answer):
    for kernel, stride, n in KERNELS:
        mistakes = {why: wrong(kernel, stride, n) for why, wrong in _MATRICES.items()}
        expected = painted(kernel, stride, n)
        if verdict := compare(answer(kernel.copy(), stride, n), expected, mistakes):
            return verdict
    return None


MATRIX = Exercise("09-matrix", painted, _judge_matrix, _MATRICES)

# ---------------------------------------------------------------------- counts


def counts(kernel, stride):
    """Return, for t = 0 ... stride - 1, how many of t, t + stride, ... < kernel."""
    return [len(range(t, kernel, stride)) for t in range(stride)]


SIZES = [(5, 2), (4, 2), (7, 3), (2, 3), (3, 1)]

_COUNTS = {
    "the kernel need not be a multiple of the stride: count each place by itself": (
        lambda kernel, stride: [kernel // stride] * stride
    ),
    "not every place gets the largest number": (
        lambda kernel, stride: [-(-kernel // stride)] * stride
    ),
    "a pixel is reached by every stride-th weight, not by all": (
        lambda kernel, stride: [kernel] * stride
    ),
    "the places with one more come first: j = 0 is among them": (
        lambda kernel, stride: counts(kernel, stride)[::-1]
    ),
    "this is the average; the point is that places differ": (
        lambda kernel, stride: [kernel / stride] * stride
    ),
}


def _judge_counts(answer):
    received = [list(answer(*sizes)) for sizes in SIZES]
    for sizes, row in zip(SIZES, received, strict=True):
        if len(row) != sizes[1]:
            return (
                f"for kernel {sizes[0]} and stride {sizes[1]}: expected {sizes[1]} "
                f"counts, received {len(row)}"
            )
    mistakes = {
        why: np.concatenate([wrong(*sizes) for sizes in SIZES])
        for why, wrong in _COUNTS.items()
    }
    expected = np.concatenate([counts(*sizes) for sizes in SIZES])
    return compare(np.concatenate(received), expected, mistakes)


COUNTS = Exercise("09-counts", counts, _judge_counts, _COUNTS)

# ----------------------------------------------------------------------- batch

BATCH = {
    "A": "same",
    "B": "changes",
    "C": "same",
    "D": "changes",
    "E": "same",
    "F": "changes",
}
_REASONS = {
    "A": "mean and standard deviation of the channel double as well",
    "B": "look for what normalises after this layer",
    "C": "where does the mean of a channel go?",
    "D": "ask what the mean and the variance are taken over in training mode",
    "E": "ask where the mean and the variance come from in inference mode",
    "F": "the kept mean and variance do not know of the new kernel yet",
}


def _judge_batch(answer):
    return judge_choices(answer, BATCH, ["same", "changes"], _REASONS)


BATCHES = Exercise(
    "09-batch",
    BATCH,
    _judge_batch,
    {
        "standard deviation of the channel double": BATCH | {"A": "changes"},
        "what normalises after this layer": BATCH | {"B": "same"},
        "where does the mean of a channel go": BATCH | {"C": "changes"},
        "taken over in training mode": BATCH | {"D": "same"},
        "come from in inference mode": BATCH | {"E": "changes"},
        "do not know of the new kernel": BATCH | {"F": "same"},
        "expected one of": BATCH | {"F": "nothing"},
        "expected a dictionary": list(BATCH.values()),
    },
)

# -------------------------------------------------------------------- gradient


def gradient(x, g, eps):
    """Return dL/dx (N,) of hat = (x - mean) / sqrt(variance + eps); g is dL/dhat."""
    s = np.sqrt(x.var() + eps)
    hat = (x - x.mean()) / s
    return (g - g.mean() - hat * np.mean(g * hat)) / s


def _pieces(x, eps):
    s = np.sqrt(x.var() + eps)
    return s, (x - x.mean()) / s


def _fixed_mean(x, g, eps):
    s, hat = _pieces(x, eps)
    return (g - hat * np.mean(g * hat)) / s


def _fixed_scale(x, g, eps):
    return (g - g.mean()) / _pieces(x, eps)[0]


def _fixed_both(x, g, eps):
    return g / _pieces(x, eps)[0]


def _undivided(x, g, eps):
    return gradient(x, g, eps) * _pieces(x, eps)[0]


def _sums(x, g, eps):
    s, hat = _pieces(x, eps)
    return (g - g.sum() - hat * np.sum(g * hat)) / s


def _unnormalised(x, g, eps):
    s, _ = _pieces(x, eps)
    d = x - x.mean()
    return (g - g.mean() - d * np.mean(g * d)) / s


_GRADIENTS = {
    "the mean moves with x, too: a term is missing": _fixed_mean,
    "the standard deviation moves with x, too: a term is missing": _fixed_scale,
    "in training mode both statistics move with x: two terms are missing": _fixed_both,
    "divide by s at the end: hat is (x - mean) over s": _undivided,
    "means over the batch, not sums": _sums,
    "the last term holds the normalised values, not x - mean": _unnormalised,
    "eps stands under the root, beside the variance": lambda x, g, eps: gradient(
        x, g, 0
    ),
}


def _judge_gradient(answer):
    rng = np.random.default_rng(9)
    x, g, eps = rng.normal(2, 0.7, 12), rng.normal(1, 1, 12), 0.2
    mistakes = {why: wrong(x, g, eps) for why, wrong in _GRADIENTS.items()}
    return compare(answer(x.copy(), g.copy(), eps), gradient(x, g, eps), mistakes)


GRADIENT = Exercise("09-gradient", gradient, _judge_gradient, _GRADIENTS)

# ---------------------------------------------------------------------- spread


def spread(kernel, stride, channels, slope):
    """Return the weights' standard deviation that keeps the mean square at 1."""
    terms = (kernel / stride) ** 2 * channels  # in the sum of one output, on average
    return np.sqrt(2 / ((1 + slope**2) * terms))


SPREADS = [(5, 2, 64, 0.3), (3, 1, 128, 0.2), (4, 2, 32, 0.1)]

_SPREADS = {
    "this is the variance: take its root": lambda k, s, c, a: spread(k, s, c, a) ** 2,
    "with a stride a pixel gets only a part of the kernel's weights": (
        lambda k, s, c, a: spread(k, 1, c, a)
    ),
    "the stride acts along both axes": lambda k, s, c, a: spread(k, s**0.5, c, a),
    "the kernel has two axes": lambda k, s, c, a: spread(k**0.5, s**0.5, c, a),
    "every channel of the input adds its terms": lambda k, s, c, a: spread(k, s, 1, a),
    "LeakyReLU halves the mean square, nearly": (
        lambda k, s, c, a: spread(k, s, c, a) * np.sqrt((1 + a**2) / 2)
    ),
    "negative values are scaled by the slope, not set to zero": (
        lambda k, s, c, a: spread(k, s, c, 0)
    ),
    "the mean square of the negative half has the slope squared": (
        lambda k, s, c, a: spread(k, s, c, a**0.5)
    ),
}


def _judge_spread(answer):
    mistakes = {why: [f(*sizes) for sizes in SPREADS] for why, f in _SPREADS.items()}
    expected = [spread(*sizes) for sizes in SPREADS]
    received = [answer(*sizes) for sizes in SPREADS]
    return compare(received, expected, mistakes, tolerance=1e-5)


SPREAD = Exercise("09-spread", spread, _judge_spread, _SPREADS)

# ------------------------------------------------------------------ operations

OPERATIONS = 16**2 * 25 * 3 * 64 + 8**2 * 25 * 64 * 128 + 8 * 8 * 128

_OPERATIONS = {
    "these are its parameters; a kernel is used at many places": 217_985,
    "its trained weights without biases; each kernel is used at many places": 217_792,
    "a strided convolution computes only the outputs that it keeps": (
        32**2 * 25 * 3 * 64 + 16**2 * 25 * 64 * 128 + 8 * 8 * 128
    ),
    "the dense layer multiplies, too": OPERATIONS - 8 * 8 * 128,
    "a kernel has 5 times 5 weights for each pair of channels": (
        16**2 * 5 * 3 * 64 + 8**2 * 5 * 64 * 128 + 8 * 8 * 128
    ),
    "a multiplication and the addition after it count as one here": 2 * OPERATIONS,
    "each filter reads all channels of its input": (
        16**2 * 25 * 64 + 8**2 * 25 * 128 + 8 * 8 * 128
    ),
}


def _judge_operations(answer):
    return compare(answer, OPERATIONS, _OPERATIONS, tolerance=1e-9)


COUNT = Exercise(
    "09-operations",
    OPERATIONS,
    _judge_operations,
    _OPERATIONS,
)

# ---------------------------------------------------------------------- causes

ORIGINS = {"A": "dimension", "B": "stride", "C": "batch", "D": "size"}
_ORIGINS_REASONS = {
    "A": "how many directions do pictures of 100 numbers have?",
    "B": "what repeats with the period of the pattern?",
    "C": "from what are mean and variance taken in training mode?",
    "D": "how large are the values before the last layer?",
}


def _judge_origins(answer):
    return judge_choices(
        answer, ORIGINS, ("dimension", "stride", "batch", "size"), _ORIGINS_REASONS
    )


CAUSES = Exercise(
    "09-causes",
    ORIGINS,
    _judge_origins,
    {
        "how many directions": ORIGINS | {"A": "size"},
        "period of the pattern": ORIGINS | {"B": "batch"},
        "in training mode": ORIGINS | {"C": "stride"},
        "before the last layer": ORIGINS | {"D": "dimension"},
        "expected one of": ORIGINS | {"A": "nothing of that"},
        "expected a dictionary": list(ORIGINS.values()),
    },
)

EXERCISES = (DENSITY, MATRIX, COUNTS, BATCHES, GRADIENT, SPREAD, COUNT, CAUSES)
