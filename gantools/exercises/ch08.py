"""Exercises of chapter 08: pictures, sets, intervals, people, tables of results."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ---------------------------------------------------------------------- pooled


def pooled(psnrs):
    """Return the PSNR of all pixels together, from the PSNR of each picture."""
    errors = 10 ** (-np.asarray(psnrs) / 10)
    return -10 * np.log10(np.mean(errors))


_POOLED = {
    "this is the mean over pictures: average the squared errors": np.mean,
    "the median is no mean over pixels": np.median,
    "the squared error falls as the PSNR rises: mind the sign": (
        lambda p: 10 * np.log10(np.mean(10 ** (p / 10)))
    ),
    "a PSNR is ten times the logarithm of a square, not twenty": (
        lambda p: -20 * np.log10(np.mean(10 ** (-p / 20)))
    ),
    "decibels go with powers of ten": lambda p: -10 * np.log(np.mean(np.exp(-p / 10))),
    "the errors are averaged, not added": (
        lambda p: -10 * np.log10(np.sum(10 ** (-p / 10)))
    ),
    "this is the error; its logarithm is missing": (lambda p: np.mean(10 ** (-p / 10))),
}


def _judge_pooled(answer):
    sets = [np.array([20.0, 40.0, 31.0]), np.array([26.0, 22.5, 35.0, 24.0])]
    mistakes = {why: [wrong(some) for some in sets] for why, wrong in _POOLED.items()}
    received = [answer(some.copy()) for some in sets]
    return compare(received, [pooled(some) for some in sets], mistakes)


POOLED = Exercise("08-pooled", pooled, _judge_pooled, _POOLED)

# ------------------------------------------------------------------------ ssim


def window_ssim(x, y):
    """Return the SSIM of two windows whose pixels all weigh the same."""
    c1, c2 = 0.01**2, 0.03**2
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    bright = (2 * x.mean() * y.mean() + c1) / (x.mean() ** 2 + y.mean() ** 2 + c1)
    return bright * (2 * covariance + c2) / (x.var() + y.var() + c2)


def _parts(x, y):
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    return x.mean(), y.mean(), x.var(), y.var(), covariance


def _with(x, y, c1=0.01**2, c2=0.03**2, bright=True, structure=True):
    a, b, v, w, both = _parts(x, y)
    first = (2 * a * b + c1) / (a**2 + b**2 + c1) if bright else 1
    return first * ((2 * both + c2) / (v + w + c2) if structure else 1)


def _deviations(x, y):
    a, b, v, w, _ = _parts(x, y)
    contrast = (2 * np.sqrt(v * w) + 0.03**2) / (v + w + 0.03**2)
    return (2 * a * b + 0.01**2) / (a**2 + b**2 + 0.01**2) * contrast


def _unbiased(x, y, v, w):
    both = np.cov(x.ravel(), y.ravel())[0, 1]
    return _with(x, y, structure=False) * (2 * both + 0.03**2) / (v + w + 0.03**2)


_SSIM = {
    "the means are not compared": lambda x, y: _with(x, y, bright=False),
    "only the means are compared": lambda x, y: _with(x, y, structure=False),
    "the constants are squares: 0.01^2 and 0.03^2": (
        lambda x, y: _with(x, y, 0.01, 0.03)
    ),
    "these are the constants for levels up to 255": (
        lambda x, y: _with(x, y, 2.55**2, 7.65**2)
    ),
    "without constants a black window is 0 / 0": lambda x, y: _with(x, y, 0, 0),
    "two windows of the same contrast may go up and down apart": _deviations,
    "np.cov divides by n - 1, the variances here by n": (
        lambda x, y: _unbiased(x, y, x.var(), y.var())
    ),
    "all weights are 1 / n, not 1 / (n - 1)": (
        lambda x, y: _unbiased(x, y, x.var(ddof=1), y.var(ddof=1))
    ),
    "the factors are multiplied, not averaged": (
        lambda x, y: (_with(x, y, bright=False) + _with(x, y, structure=False)) / 2
    ),
}


def _windows():
    rng = np.random.default_rng(8)
    x = rng.uniform(0, 1, (7, 7))
    pairs = [(x, np.clip(0.5 * x + 0.3 * rng.uniform(0, 1, (7, 7)), 0, 1))]
    dark = 0.02 * rng.uniform(0, 1, (5, 6))
    return [*pairs, (dark, 0.5 * dark[::-1]), (0 * dark, 0 * dark)]


def _judge_ssim(answer):
    windows = _windows()
    with np.errstate(invalid="ignore", divide="ignore"):
        received = [answer(x.copy(), y.copy()) for x, y in windows]
        wrong = {why: [f(*pair) for pair in windows] for why, f in _SSIM.items()}
    for why, values in wrong.items():  # the third window tells nan from 1
        same = compare(received[:2], values[:2]) is None
        if same and compare(received[:2], [window_ssim(*p) for p in windows[:2]]):
            return why
    return compare(received, [window_ssim(*pair) for pair in windows])


SSIM = Exercise("08-ssim", window_ssim, _judge_ssim, _SSIM)

# ---------------------------------------------------------------------- fooled

FOOLED = {"A": "PSNR", "B": "SSIM", "C": "LPIPS", "D": "all"}
_FOOLED_WHY = {
    "A": "one divides by the brightness, one by the length; which does neither?",
    "B": "in pure black, ask whose constants decide",
    "C": "whose gradient is it, and how many decibels are two levels of 255?",
    "D": "ask what a mean over all places makes of two dozen pixels",
}


def _judge_fooled(answer):
    return judge_choices(answer, FOOLED, ["PSNR", "SSIM", "LPIPS", "all"], _FOOLED_WHY)


WHO = Exercise(
    "08-fooled",
    FOOLED,
    _judge_fooled,
    {
        "which does neither": FOOLED | {"A": "SSIM"},
        "whose constants decide": FOOLED | {"B": "PSNR"},
        "whose gradient is it": FOOLED | {"C": "PSNR"},
        "what a mean over all places makes": FOOLED | {"D": "PSNR"},
        "expected one of": FOOLED | {"A": "none"},
        "expected a dictionary": list(FOOLED.values()),
    },
)

# ---------------------------------------------------------------------- inside


def inside(whole, outside, share):
    """Return the PSNR inside the damage, from those of the whole and the outside."""
    error = 10 ** (-whole / 10) - (1 - share) * 10 ** (-outside / 10)
    return -10 * np.log10(error / share)


def _decibels(error):
    return -10 * np.log10(error)


def _errors(whole, outside):
    return 10 ** (-whole / 10), 10 ** (-outside / 10)


_INSIDE = {
    "decibels do not add up; squared errors do": (
        lambda w, o, q: (w - (1 - q) * o) / q
    ),
    "the inside has only the share of the pixels: divide by it": (
        lambda w, o, q: _decibels(_errors(w, o)[0] - (1 - q) * _errors(w, o)[1])
    ),
    "the outside counts with 1 - share": (
        lambda w, o, q: _decibels((_errors(w, o)[0] - q * _errors(w, o)[1]) / q)
    ),
    "share and 1 - share are exchanged": (
        lambda w, o, q: _decibels((_errors(w, o)[0] - q * _errors(w, o)[1]) / (1 - q))
    ),
    "the outside has its own part of the error: take it off": (
        lambda w, o, q: _decibels(_errors(w, o)[0] / q)
    ),
    "this is the error inside; its logarithm is missing": (
        lambda w, o, q: (_errors(w, o)[0] - (1 - q) * _errors(w, o)[1]) / q
    ),
}
_REPORTS = [(30.0, 38.0, 0.02), (25.0, 27.0, 0.1)]


def _judge_inside(answer):
    mistakes = {why: [f(*r) for r in _REPORTS] for why, f in _INSIDE.items()}
    expected = [inside(*report) for report in _REPORTS]
    return compare([answer(*report) for report in _REPORTS], expected, mistakes)


INSIDE = Exercise("08-inside", inside, _judge_inside, _INSIDE)

# ----------------------------------------------------------------------- limit


def limit(sizes, distances):
    """Return the height at 1/n = 0 of the line through the distances."""
    _, height = np.polyfit(1 / np.asarray(sizes), distances, 1)
    return height


_LIMITS = {
    "the line runs over 1 / n, not over n": lambda n, d: np.polyfit(n, d, 1)[1],
    "this is the slope, c": lambda n, d: np.polyfit(1 / n, d, 1)[0],
    "the largest set is still too small: go on to 1 / n = 0": (
        lambda n, d: d[np.argmax(n)]
    ),
    "more pictures are better than an average": lambda n, d: np.mean(d),
    "use all sizes, not only the first and the last": (
        lambda n, d: (n[-1] * d[-1] - n[0] * d[0]) / (n[-1] - n[0])
    ),
    "the bias falls as 1 / n, not as the root of it": (
        lambda n, d: np.polyfit(1 / np.sqrt(n), d, 1)[1]
    ),
}


def _judge_limit(answer):
    sizes = np.array([200.0, 300.0, 500.0, 1000.0])
    rng = np.random.default_rng(8)
    sets = [a + c / sizes + rng.normal(0, 0.2, 4) for a, c in ((3, 2000), (9, 500))]
    mistakes = {why: [f(sizes, d) for d in sets] for why, f in _LIMITS.items()}
    received = [answer(sizes.copy(), d.copy()) for d in sets]
    return compare(received, [limit(sizes, d) for d in sets], mistakes)


LIMIT = Exercise("08-limit", limit, _judge_limit, _LIMITS)

# ---------------------------------------------------------------------- kernel


def kernel(x, y):
    """Return the unbiased squared distance of two rows under (a b + 1)^3."""
    xx, yy, xy = ((np.outer(a, b) + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within_x = (xx.sum() - np.trace(xx)) / (n * (n - 1))
    within_y = (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within_x + within_y - 2 * xy.mean()


def _cubes(x, y, add=1, exponent=3):
    return [(np.outer(a, b) + add) ** exponent for a, b in ((x, x), (y, y), (x, y))]


def _biased(x, y):
    xx, yy, xy = _cubes(x, y)
    return xx.mean() + yy.mean() - 2 * xy.mean()


def _other_kernel(x, y, **options):
    xx, yy, xy = _cubes(x, y, **options)
    n, m = len(x), len(y)
    parts = (xx.sum() - np.trace(xx)) / (n * (n - 1))
    return parts + (yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * xy.mean()


def _same_divisor(x, y):
    xx, yy, xy = _cubes(x, y)
    within = (xx.sum() - np.trace(xx)) / xx.size + (yy.sum() - np.trace(yy)) / yy.size
    return within - 2 * xy.mean()


_KERNELS = {
    "each picture is compared with itself: leave those pairs out": _biased,
    "without the equal pairs there are n (n - 1), not n^2": _same_divisor,
    "likeness across counts twice": (
        lambda x, y: kernel(x, y) + _cubes(x, y)[2].mean()
    ),
    "likeness across is taken off, not added": (
        lambda x, y: kernel(x, y) + 4 * _cubes(x, y)[2].mean()
    ),
    "the kernel is a third power": lambda x, y: _other_kernel(x, y, exponent=2),
    "the kernel has a 1 in it": lambda x, y: _other_kernel(x, y, add=0),
    "the distance stays squared": lambda x, y: np.sqrt(np.abs(kernel(x, y))),
}


def _judge_kernel(answer):
    rng = np.random.default_rng(8)
    pairs = [(rng.normal(0, 1, 7), rng.normal(1, 1.5, 9)), rng.normal(0, 1, (2, 6))]
    mistakes = {why: [f(*pair) for pair in pairs] for why, f in _KERNELS.items()}
    received = [answer(x.copy(), y.copy()) for x, y in pairs]
    return compare(received, [kernel(*pair) for pair in pairs], mistakes)


KERNEL = Exercise("08-kernel", kernel, _judge_kernel, _KERNELS)

# -------------------------------------------------------------------- pictures


def pictures(differences, half_width):
    """Return how many pictures are needed: four times as many for half the width."""
    deviation = np.std(differences, ddof=1)
    return int(np.ceil((1.96 * deviation / half_width) ** 2))


def _needed(differences, half_width, factor=1.96, ddof=1):
    return np.ceil((factor * np.std(differences, ddof=ddof) / half_width) ** 2)


_PICTURES = {
    "the width falls with the root of n: square it": (
        lambda d, h: np.ceil(1.96 * np.std(d, ddof=1) / h)
    ),
    "95 % reach 1.96 deviations to either side": lambda d, h: _needed(d, h, 1.0),
    "half_width is half of the interval already": lambda d, h: _needed(d, h, 3.92),
    "2.8 is for finding a difference; this is about the interval": (
        lambda d, h: _needed(d, h, 2.8)
    ),
    "divide the squares by n - 1": lambda d, h: _needed(d, h, ddof=0),
    "the interval is about the spread, not about the mean": (
        lambda d, h: np.ceil((1.96 * np.mean(d) / h) ** 2)
    ),
    "a whole number, and rounded up": (
        lambda d, h: np.floor((1.96 * np.std(d, ddof=1) / h) ** 2)
    ),
    "a part of a picture cannot be tested": (
        lambda d, h: (1.96 * np.std(d, ddof=1) / h) ** 2
    ),
}


def _judge_pictures(answer):
    rng = np.random.default_rng(8)
    tests = [(rng.normal(0.4, 1.2, 8), 0.1), (rng.normal(0.1, 0.5, 12), 0.15)]
    mistakes = {why: [f(*test) for test in tests] for why, f in _PICTURES.items()}
    expected = [pictures(*test) for test in tests]
    return compare([answer(d.copy(), h) for d, h in tests], expected, mistakes, 1e-6)


PICTURES = Exercise("08-pictures", pictures, _judge_pictures, _PICTURES)

# ---------------------------------------------------------------------- wilson


def wilson(k, n):
    """Return both ends of the 95 % Wilson interval of k out of n."""
    z, share = 1.96, k / n
    middle = share + z**2 / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)


def _ends(middle, half, below=1.0):
    return (middle - half) / below, (middle + half) / below


def _root(k, n, inner):
    share = k / n
    return 1.96 * np.sqrt(share * (1 - share) / n + inner)


_Z2 = 1.96**2
_WILSONS = {
    "this is the plain interval, which is a point at k = n": (
        lambda k, n: _ends(k / n, _root(k, n, 0))
    ),
    "both ends are divided by 1 + z^2 / n": (
        lambda k, n: _ends(k / n + _Z2 / (2 * n), _root(k, n, _Z2 / (4 * n**2)))
    ),
    "the middle moves towards one half, by z^2 / 2n": (
        lambda k, n: _ends(k / n, _root(k, n, _Z2 / (4 * n**2)), 1 + _Z2 / n)
    ),
    "under the root there is another z^2 / 4n^2": (
        lambda k, n: _ends(k / n + _Z2 / (2 * n), _root(k, n, 0), 1 + _Z2 / n)
    ),
    "in the root n is squared: z^2 / 4n^2": (
        lambda k, n: _ends(
            k / n + _Z2 / (2 * n), _root(k, n, _Z2 / (4 * n)), 1 + _Z2 / n
        )
    ),
    "the lower end comes first": lambda k, n: wilson(k, n)[::-1],
    "shares, not counts: divide k by n": (
        lambda k, n: tuple(n * end for end in wilson(k, n))
    ),
}
_VOTES = [(14, 20), (10, 10), (3, 50)]


def _judge_wilson(answer):
    mistakes = {why: [f(*v) for v in _VOTES] for why, f in _WILSONS.items()}
    expected = [wilson(*votes) for votes in _VOTES]
    return compare([answer(*votes) for votes in _VOTES], expected, mistakes)


WILSON = Exercise("08-wilson", wilson, _judge_wilson, _WILSONS)

# ---------------------------------------------------------------------- faults

FAULTS = {"A": "choice", "B": "size", "C": "unit", "D": "pairs", "E": "seeds"}
_WHY = {
    "A": "ask what was looked at when this checkpoint was picked",
    "B": "ask what else makes this distance fall",
    "C": "ask how many things were drawn independently",
    "D": "the pictures are the same ones; ask what may be subtracted first",
    "E": "ask what would happen if loss A were trained again",
}


def _judge_faults(answer):
    return judge_choices(answer, FAULTS, sorted(FAULTS.values()), _WHY)


FAULTY_CLAIMS = Exercise(
    "08-faults",
    FAULTS,
    _judge_faults,
    {
        "when this checkpoint was picked": FAULTS | {"A": "pairs"},
        "what else makes this distance fall": FAULTS | {"B": "choice"},
        "drawn independently": FAULTS | {"C": "size"},
        "what may be subtracted first": FAULTS | {"D": "size"},
        "if loss A were trained again": FAULTS | {"E": "pairs"},
        "expected one of": FAULTS | {"A": "overfitting"},
        "expected a dictionary": list(FAULTS.values()),
    },
)

EXERCISES = (
    POOLED,
    SSIM,
    WHO,
    INSIDE,
    LIMIT,
    KERNEL,
    PICTURES,
    WILSON,
    FAULTY_CLAIMS,
)
