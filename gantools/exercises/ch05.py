"""Exercises of chapter 05: sizes, depths, windows, padding, classes and checks."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ----------------------------------------------------------------------- sides


def sides(side, layers):
    """Return the sides after each layer (kind, kernel, stride), "same" everywhere.

    From 4 to 64 pixels it takes four layers of stride 2: 4, 8, 16, 32, 64.
    """
    found = []
    for kind, _, stride in layers:
        side = side * stride if kind == "transposed" else -(-side // stride)
        found.append(side)
    return found


STACKS = [
    (4, [("transposed", 5, 1), ("transposed", 5, 2), ("transposed", 4, 4)]),
    (65, [("conv", 4, 2), ("conv", 3, 1), ("conv", 4, 2), ("conv", 3, 3)]),
    (50, [("conv", 5, 4), ("transposed", 5, 4), ("conv", 3, 1)]),
]


def _sides(conv, transposed):
    """Make a wrong answer out of two rules for (side, kernel, stride)."""

    def wrong(side, layers):
        found = []
        for kind, kernel, stride in layers:
            side = (transposed if kind == "transposed" else conv)(side, kernel, stride)
            found.append(side)
        return found

    return wrong


def _up(side, _, stride):
    return side * stride


def _down(side, _, stride):
    return -(-side // stride)


_SIDES = {
    'a rest counts: "same" rounds up': _sides(lambda n, k, s: n // s, _up),
    "a transposed convolution enlarges": _sides(_down, _down),
    "an ordinary convolution makes smaller": _sides(_up, _up),
    '"same" pads, so the kernel takes nothing off': _sides(
        lambda n, k, s: (n - k) // s + 1, _up
    ),
    '"same" cuts off the rim that the kernel adds': _sides(
        _down, lambda n, k, s: (n - 1) * s + k
    ),
    "the sides after every layer, not only after the last": (
        lambda side, layers: sides(side, layers)[-1:]
    ),
    "the side that goes in is not asked for": (
        lambda side, layers: [side, *sides(side, layers)]
    ),
}


def _flat(rows):
    return [value for row in rows for value in np.ravel(row)]


def _judge_sides(answer):
    expected = _flat(sides(*stack) for stack in STACKS)
    mistakes = {why: _flat(f(*s) for s in STACKS) for why, f in _SIDES.items()}
    received = _flat(answer(side, list(layers)) for side, layers in STACKS)
    return compare(received, expected, mistakes, tolerance=1e-9)


SIDES = Exercise("05-sides", sides, _judge_sides, _SIDES)

# ----------------------------------------------------------------------- depth


def depth(spread, terms, slope, share):
    """Return after how many layers the root mean square is below `share`."""
    factor = np.sqrt(spread**2 * terms * (1 + slope**2) / 2)  # of one layer, below 1
    return int(np.ceil(np.log(share) / np.log(factor)))


STARTS = [(0.02, 256, 0.2, 0.001), (0.05, 288, 0.2, 1e-6), (0.02, 1600, 0.3, 0.01)]


def _layers(factor):
    return lambda *start: int(np.ceil(np.log(start[3]) / np.log(factor(*start[:3]))))


_DEPTHS = {
    "the root of the mean square is asked for, not the mean square": _layers(
        lambda s, n, a: s**2 * n * (1 + a**2) / 2
    ),
    "LeakyReLU takes its part of the mean square, too": _layers(
        lambda s, n, a: s * np.sqrt(n)
    ),
    "the negative half is not lost, its share is the square of the slope": _layers(
        lambda s, n, a: s * np.sqrt(n / 2)
    ),
    "the slope is squared, as the values are": _layers(
        lambda s, n, a: s * np.sqrt(n * (1 + a) / 2)
    ),
    "count whole layers, and round up": lambda *start: depth(*start) - 1,
}


def _judge_depth(answer):
    mistakes = {why: [f(*start) for start in STARTS] for why, f in _DEPTHS.items()}
    expected = [depth(*start) for start in STARTS]
    received = [answer(*start) for start in STARTS]
    return compare(received, expected, mistakes, tolerance=1e-9)


DEPTH = Exercise("05-depth", depth, _judge_depth, _DEPTHS)

# --------------------------------------------------------------------- padding


def padding(height, width, multiple):
    """Return how many rows and columns to add until both sides are multiples."""
    return -height % multiple, -width % multiple


SIZES = [(100, 75, 16), (64, 48, 16), (33, 50, 8), (7, 160, 32)]

_PADDINGS = {
    "this is what is too much; add what is missing": lambda h, w, m: (h % m, w % m),
    "a side that fits already needs nothing": lambda h, w, m: (m - h % m, m - w % m),
    "these are the new sides; asked for is what is added": (
        lambda h, w, m: (h + -h % m, w + -w % m)
    ),
    "rows first, then columns": lambda h, w, m: (-w % m, -h % m),
    "a square is not needed: each side for itself": (
        lambda h, w, m: (max(h, w) + -max(h, w) % m - h, max(h, w) + -max(h, w) % m - w)
    ),
}


def _judge_padding(answer):
    mistakes = {why: [f(*size) for size in SIZES] for why, f in _PADDINGS.items()}
    expected = [padding(*size) for size in SIZES]
    received = [answer(*size) for size in SIZES]
    return compare(received, expected, mistakes, tolerance=1e-9)


PADDING = Exercise("05-padding", padding, _judge_padding, _PADDINGS)

# ---------------------------------------------------------------------- window


def window(i, layers):
    """Return the first and the last pixel, along one axis, that logit i looks at.

    `layers` lists (kernel, stride, zeros on the left), from the picture on.  In the
    example with two layers of kernel 5, logit 5 sees the pixels 17 to 29.
    """
    first = last = i
    for kernel, stride, left in reversed(layers):
        first = first * stride - left
        last = last * stride - left + kernel - 1
    return first, last


JUDGES = [
    (8, [(4, 2, 1), (4, 2, 1), (4, 2, 1), (3, 1, 1), (3, 1, 1)]),
    (5, [(5, 2, 1), (5, 2, 1)]),
    (3, [(3, 1, 1), (4, 2, 1), (3, 3, 0)]),
]


def _windows(first, last, turn=reversed):
    """Make a wrong answer out of two rules for (place, kernel, stride, left)."""

    def wrong(i, layers):
        begin = end = i
        for layer in turn(list(layers)):
            begin, end = first(begin, *layer), last(end, *layer)
        return begin, end

    return wrong


def _first(at, _, stride, left):
    return at * stride - left


def _last(at, kernel, stride, left):
    return at * stride - left + kernel - 1


_WINDOWS = {
    "the zeros on the left move the window to the left": _windows(
        lambda at, k, s, p: at * s, lambda at, k, s, p: at * s + k - 1
    ),
    "the last pixel is one too far: a window of k ends k - 1 after its first": _windows(
        _first, lambda at, k, s, p: at * s - p + k
    ),
    "go back through the layers, the last one first": _windows(_first, _last, list),
    "the strides are missing: a neighbour in a small map is several pixels away": (
        _windows(lambda at, k, s, p: at - p, lambda at, k, s, p: at - p + k - 1)
    ),
    "the padding shifts to the left, so it is taken off": _windows(
        lambda at, k, s, p: at * s + p, lambda at, k, s, p: at * s + p + k - 1
    ),
    "this is how many pixels; asked for are the first and the last": (
        lambda i, layers: (window(i, layers)[1] - window(i, layers)[0] + 1,) * 2
    ),
}


def _judge_window(answer):
    mistakes = {why: [f(*judge) for judge in JUDGES] for why, f in _WINDOWS.items()}
    expected = [window(*judge) for judge in JUDGES]
    received = [answer(i, list(layers)) for i, layers in JUDGES]
    return compare(received, expected, mistakes, tolerance=1e-9)


WINDOW = Exercise("05-window", window, _judge_window, _WINDOWS)

# ------------------------------------------------------------------ projection


def projection(features, labels, w, b, table):
    """Return the logits (B,) of a projection discriminator.

    features (B, n), labels (B,) whole numbers, w (n,), b a number, table (classes, n).
    """
    return features @ w + b + np.sum(table[labels] * features, axis=1)


_PROJECTIONS = {
    "the part that asks whether it is real at all is missing": (
        lambda f, c, w, b, t: np.sum(t[c] * f, axis=1)
    ),
    "the label has no say here": lambda f, c, w, b, t: f @ w + b,
    "the offset b is missing": lambda f, c, w, b, t: f @ w + np.sum(t[c] * f, axis=1),
    "sum over the features, and keep one number for each picture": (
        lambda f, c, w, b, t: (f @ w + b)[:, None] + t[c] * f
    ),
    "each picture has one class: these are the logits of all classes": (
        lambda f, c, w, b, t: (f @ w + b)[:, None] + f @ t.T
    ),
    "each picture goes with its own label, not with all in the batch": (
        lambda f, c, w, b, t: (f @ w + b)[:, None] + f @ t[c].T
    ),
    "a sum over the features, not their mean": (
        lambda f, c, w, b, t: f @ w + b + np.mean(t[c] * f, axis=1)
    ),
}


def _judge_projection(answer):
    rng = np.random.default_rng(5)
    features, labels = rng.normal(size=(6, 4)), np.array([2, 0, 1, 2, 2, 0])
    given = features, labels, rng.normal(size=4), 0.7, rng.normal(size=(3, 4))
    mistakes = {why: wrong(*given) for why, wrong in _PROJECTIONS.items()}
    received = answer(*(np.copy(part) for part in given))
    return compare(received, projection(*given), mistakes)


PROJECTION = Exercise("05-projection", projection, _judge_projection, _PROJECTIONS)

# ---------------------------------------------------------------------- checks

FOUND_BY = {"A": "range", "B": "neighbours", "C": "gradient", "D": "batch"}
_REASONS = {
    "A": "ask which values the last layer can give at all",
    "B": "gradients flow and the range is right; ask what a statistic is taken over",
    "C": "ask which weights lie before the place where the gradient is cut off",
    "D": "all weights learn, each picture by itself; ask what fits through the middle",
}


def _judge_checks(answer):
    return judge_choices(answer, FOUND_BY, sorted(FOUND_BY.values()), _REASONS)


CHECKS = Exercise(
    "05-checks",
    FOUND_BY,
    _judge_checks,
    {
        "which values the last layer": FOUND_BY | {"A": "batch"},
        "what a statistic is taken over": FOUND_BY | {"B": "gradient"},
        "where the gradient is cut off": FOUND_BY | {"C": "batch"},
        "what fits through the middle": FOUND_BY | {"D": "gradient"},
        "expected one of": FOUND_BY | {"A": "luck"},
        "expected a dictionary": list(FOUND_BY.values()),
    },
)

EXERCISES = (SIDES, DEPTH, PADDING, WINDOW, PROJECTION, CHECKS)
