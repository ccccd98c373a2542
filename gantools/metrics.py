"""Measures of a picture against the truth, of a set of pictures, and of certainty.

Pictures are floats in [0, 1], (H, W, C); masks are (H, W). `psnr` to
`average_precision` take one pair and return one number, so that a table can show each
picture and `bootstrap` can say how far the mean of them is to be trusted.
`accept_rate` to `equal_error_rate` judge a verifier by the distances that it measured.
`frechet_distance`, `kernel_distance` and `precision_recall` compare two sets of
pictures by what `features.embed` says of each: rows of numbers, (N, D).  Their values
depend on the network and on the resizing, so name both beside them.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

WINDOW = 11  # the side of the Gaussian window of SSIM, in pixels
SIGMA = 1.5  # its standard deviation, in pixels


class Interval(NamedTuple):
    """A mean and the bounds of its confidence interval."""

    mean: float
    low: float
    high: float


class KernelDistance(NamedTuple):
    """An unbiased estimate of a squared distance, and its standard error."""

    value: float
    error: float


class PrecisionRecall(NamedTuple):
    """How real the generated pictures are, and how much of the real they cover."""

    precision: float
    recall: float


class Overlap(NamedTuple):
    """How well a found damage mask covers the true one, each in [0, 1]."""

    iou: float
    precision: float
    recall: float


def psnr(x: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Measure the peak signal-to-noise ratio of two pictures in decibels.

    PSNR = -10 log10(mean((x - y)^2)), as the peak is 1. Equal pictures give infinity.

    Args:
        x: Picture in [0, 1], (H, W, C).
        y: Picture in [0, 1], (H, W, C).
        mask: Where to look, (H, W): the pixels above one half. None looks everywhere.

    Returns:
        The ratio in dB; nan where the mask is empty.

    Raises:
        ValueError: The pictures or the mask do not fit together.

    Example:
        >>> black = np.zeros((4, 4, 3))
        >>> round(psnr(black, black + 0.1), 6)
        20.0
    """
    x, y = _pair(x, y)
    squares = (x - y) ** 2  # (H, W, C)
    if mask is not None:
        squares = squares[_binary(mask, x.shape[:2])]  # (pixels, C)
    if squares.size == 0:
        return float("nan")
    with np.errstate(divide="ignore"):
        return float(-10 * np.log10(squares.mean()))


def ssim(x: np.ndarray, y: np.ndarray) -> float:
    """Measure the structural similarity of two pictures.

    SSIM = (2 mu_x mu_y + c1)(2 s_xy + c2) / ((mu_x^2 + mu_y^2 + c1)(s_x + s_y + c2)),
    mu, s_x and s_xy being means, variances and covariance under a Gaussian window of
    11 pixels (sigma 1.5), c1 = 0.01^2 and c2 = 0.03^2; averaged over the pixels whose
    window lies inside the picture, and over the channels (Wang et al. 2004,
    doi:10.1109/TIP.2003.819861).

    Args:
        x: Picture in [0, 1], (H, W, C), at least 11 pixels a side.
        y: Picture in [0, 1], (H, W, C).

    Returns:
        The similarity, at most 1, which equal pictures have.

    Raises:
        ValueError: The pictures differ in shape or are smaller than the window.

    Example:
        >>> picture = np.linspace(0, 1, 16 * 16 * 3).reshape(16, 16, 3)
        >>> round(ssim(picture, picture), 6)
        1.0
    """
    x, y = _pair(x, y)
    if min(x.shape[:2]) < WINDOW:
        raise ValueError(
            f"Expected pictures of at least {WINDOW} pixels a side. Received: {x.shape}"
        )
    mean_x, mean_y = _window_mean(x), _window_mean(y)  # (H, W, C)
    variances = _window_mean(x * x + y * y) - mean_x**2 - mean_y**2
    covariance = _window_mean(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    border = WINDOW // 2
    inside = np.s_[border:-border, border:-border]
    return float((luminance * structure)[inside].mean())


def lpips(x: np.ndarray, y: np.ndarray) -> float:
    """Measure the learned perceptual distance of two pictures (LPIPS, AlexNet).

    Zhang et al. 2018, arXiv:1801.03924, version 0.1 of the authors' weights; see
    `gantools.features.lpips`. The first call loads Keras and the network.

    Args:
        x: Picture in [0, 1], (H, W, C), C = 1 or 3, at least 31 pixels a side.
        y: Picture in [0, 1], (H, W, C).

    Returns:
        The distance: 0 for equal pictures, about 0.7 for unrelated ones.

    Raises:
        ValueError: The pictures differ in shape or are too small for the network.
    """
    x, y = _pair(x, y)
    if min(x.shape[:2]) < 31:
        raise ValueError(
            f"Expected pictures of at least 31 pixels a side. Received: {x.shape}"
        )
    colour = (1, *x.shape[:2], 3)
    pair = [np.broadcast_to(p * 2 - 1, colour).astype("float32") for p in (x, y)]
    return float(_lpips_network()(pair)[0])


def style_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Measure how differently two pictures are made, whatever they show.

    d(x, y) = mean_l |G_l(x) - G_l(y)|^2 / (|G_l(x)|^2 + |G_l(y)|^2), where G_l is the
    Gram matrix (Gatys et al. 2016, equation 3) of AlexNet's activations after its l-th
    ReLU, divided by the number of places.  AlexNet, and not the VGG19 by which styles
    are usually made: what was optimised should not also judge.

    Args:
        x: Picture in [0, 1], (H, W, C), C = 1 or 3, at least 31 pixels a side.
        y: Picture in [0, 1], of any such size.

    Returns:
        The distance in [0, 1]: 0 for equal Gram matrices.

    Raises:
        ValueError: A picture is no picture or too small for the network.
    """
    grams = [_grams(picture) for picture in (x, y)]
    terms = [
        np.square(a - b).sum() / (np.square(a).sum() + np.square(b).sum())
        for a, b in zip(*grams, strict=True)
    ]
    return float(np.mean(terms))


def _grams(picture: np.ndarray) -> list[np.ndarray]:
    """Give the Gram matrices of AlexNet's five layers, each (C, C)."""
    picture, _ = _pair(picture, picture)
    if min(picture.shape[:2]) < 31:
        raise ValueError(
            f"Expected a picture of at least 31 pixels a side. Received: "
            f"{picture.shape}"
        )
    colour = np.broadcast_to(picture * 2 - 1, (*picture.shape[:2], 3))
    seen = _alexnet()(colour[None].astype("float32"))
    lists = [np.asarray(x)[0].reshape(-1, x.shape[-1]) for x in seen]  # (places, C)
    return [x.T.astype("float64") @ x / len(x) for x in lists]


def overlap(mask: np.ndarray, truth: np.ndarray, tolerance: int = 2) -> Overlap:
    """Compare a found damage mask with the true one, forgiving a few pixels.

    precision = found pixels within `tolerance` of a true one / found pixels;
    recall = true pixels within `tolerance` of a found one / true pixels; and
    1 / iou = 1 / precision + 1 / recall - 1, which at tolerance 0 is the intersection
    over the union. Two empty masks agree: all three are 1.

    Args:
        mask: The mask found, (H, W): the pixels above one half.
        truth: The true mask, (H, W), likewise.
        tolerance: How far apart two pixels may lie and still agree, in pixels along
            either axis.

    Returns:
        The intersection over union, the precision and the recall.

    Raises:
        ValueError: The masks differ in shape.

    Example:
        >>> truth = np.eye(8)
        >>> overlap(np.eye(8, k=1), truth, tolerance=1)
        Overlap(iou=1.0, precision=1.0, recall=1.0)
    """
    truth = _binary(truth, np.shape(truth))
    mask = _binary(mask, truth.shape)
    if not mask.any() and not truth.any():
        return Overlap(1.0, 1.0, 1.0)
    precision = _share(mask, _grown(truth, tolerance))
    recall = _share(truth, _grown(mask, tolerance))
    if precision == 0 or recall == 0:
        return Overlap(0.0, precision, recall)
    return Overlap(1 / (1 / precision + 1 / recall - 1), precision, recall)


def iou(mask: np.ndarray, truth: np.ndarray, tolerance: int = 2) -> float:
    """Measure the intersection over union of two masks; see `overlap`."""
    return overlap(mask, truth, tolerance).iou


def average_precision(mask: np.ndarray, truth: np.ndarray) -> float:
    """Measure how well a mask of probabilities ranks damaged pixels above sound ones.

    AP = sum over thresholds of (R_n - R_(n-1)) P_n, P and R being the precision and the
    recall of the pixels at or above the n-th value that the mask takes, from the
    highest: the area below the steps of the curve of precision against recall.  It
    needs no threshold, and forgives no pixel.  A mask that says nothing has the share
    of damaged pixels (Manning et al. 2008, Introduction to Information Retrieval, 8.4).

    Args:
        mask: How likely each pixel is damaged, (H, W); only the order counts.
        truth: The true mask, (H, W): the pixels above one half.

    Returns:
        The average precision in [0, 1]; nan where the true mask is empty.

    Raises:
        ValueError: The masks differ in shape.

    Example:
        >>> truth = np.array([[1, 0], [1, 0]])
        >>> average_precision(np.array([[0.9, 0.2], [0.8, 0.1]]), truth)
        1.0
    """
    truth = _binary(truth, np.shape(truth))
    _binary(mask, truth.shape)
    if not truth.any():
        return float("nan")
    order = np.argsort(-np.asarray(mask, "float64"), axis=None, kind="stable")
    values, hits = np.ravel(mask)[order], truth.ravel()[order]
    last = np.append(np.flatnonzero(np.diff(values)), hits.size - 1)  # of equal values
    found = np.cumsum(hits)[last]
    steps = np.diff(found, prepend=0) / found[-1]
    return float(np.sum(steps * found / (last + 1)))


def frechet_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Measure the Frechet distance of two sets of pictures, as FID does.

    d = |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x S_y)^(1/2)), with the means m and the
    covariances S of the sets: the squared Wasserstein-2 distance of two Gaussians
    (Heusel et al. 2017, arXiv:1706.08500).  It is biased: the fewer the pictures, the
    larger, by about c / N (arXiv:1911.07023).  Compare only at equal numbers.

    Args:
        x: What `features.embed` says of one set, (N, D), N > D.
        y: The same of another, (M, D), M > D.

    Returns:
        The distance, at least 0. On Inception's features it would be the FID.

    Raises:
        ValueError: The sets do not fit together, or hold too few pictures to
            estimate D covariances.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(100, 3))
        >>> round(frechet_distance(x, x + 2.0), 6)  # three means, each moved by 2
        12.0
    """
    x, y = _sets(x, y)
    if min(len(x), len(y)) <= x.shape[1]:
        raise ValueError(
            f"Expected more than {x.shape[1]} pictures in each set. "
            f"Received: {len(x)} and {len(y)}"
        )
    s_x, s_y = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    s_x, s_y = np.atleast_2d(s_x), np.atleast_2d(s_y)
    # tr (S_x S_y)^(1/2) = tr (R S_y R)^(1/2), R = S_x^(1/2): symmetric, so stable
    values, vectors = np.linalg.eigh(s_x)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ s_y @ root).clip(0)).sum()
    means = np.square(x.mean(axis=0) - y.mean(axis=0)).sum()
    return float(max(0.0, means + np.trace(s_x) + np.trace(s_y) - 2 * cross))


def kernel_distance(x: np.ndarray, y: np.ndarray) -> KernelDistance:
    """Measure the kernel distance of two sets of pictures, as KID does.

    The squared maximum mean discrepancy under the kernel k(a, b) = (a.b / D + 1)^3,
    unbiased: E k(x, x') + E k(y, y') - 2 E k(x, y) over pairs of different pictures
    (Binkowski et al. 2018, arXiv:1801.01401).  Its expectation does not depend on the
    number of pictures, and is 0 for two sets drawn from one distribution; so an
    estimate may be negative.

    Args:
        x: What `features.embed` says of one set, (N, D), N >= 3.
        y: The same of another, (M, D), M >= 3.

    Returns:
        The estimate and its standard error, by the jackknife: from how the estimate
        changes as each picture is left out in turn.

    Raises:
        ValueError: The sets do not fit together or are too small.

    Example:
        >>> x, y = np.random.default_rng(0).normal(size=(2, 500, 4))
        >>> same, moved = kernel_distance(x, y), kernel_distance(x, y + 1)
        >>> abs(same.value) < 3 * same.error, moved.value > 10 * moved.error
        (True, True)
    """
    x, y = _sets(x, y)
    n, m = len(x), len(y)
    if min(n, m) < 3:
        raise ValueError(f"Expected at least 3 in each set. Received: {n} and {m}")
    xx, yy, xy = _cubic(x, x), _cubic(y, y), _cubic(x, y)
    np.fill_diagonal(xx, 0)
    np.fill_diagonal(yy, 0)
    sums = xx.sum(), yy.sum(), xy.sum()
    within_x, within_y = sums[0] / (n * (n - 1)), sums[1] / (m * (m - 1))
    value = within_x + within_y - 2 * sums[2] / (n * m)
    without_x = (  # the estimates with each of x left out
        (sums[0] - 2 * xx.sum(axis=1)) / ((n - 1) * (n - 2))
        + within_y
        - 2 * (sums[2] - xy.sum(axis=1)) / ((n - 1) * m)
    )
    without_y = (
        within_x
        + (sums[1] - 2 * yy.sum(axis=1)) / ((m - 1) * (m - 2))
        - 2 * (sums[2] - xy.sum(axis=0)) / (n * (m - 1))
    )
    variance = (n - 1) * without_x.var() + (m - 1) * without_y.var()
    return KernelDistance(float(value), float(np.sqrt(variance)))


def precision_recall(
    real: np.ndarray, fake: np.ndarray, neighbours: int = 3
) -> PrecisionRecall:
    """Measure precision and recall of a set of generated pictures.

    A set's surroundings are balls around each of its members that reach to its third
    nearest neighbour.  Precision is the share of fakes that lie in the surroundings of
    the real pictures, recall the share of real ones in those of the fakes
    (Kynkaanniemi et al. 2019, arXiv:1904.06991).

    Args:
        real: What `features.embed` says of the real pictures, (N, D).
        fake: The same of the generated ones, (M, D).
        neighbours: To which neighbour a ball reaches.

    Returns:
        Precision and recall, each in [0, 1].

    Raises:
        ValueError: The sets do not fit together, or have too few pictures.

    Example:
        >>> real, noise = np.random.default_rng(0).normal(size=(2, 300, 2))
        >>> found = precision_recall(real, 0.1 * noise)  # real enough, but all alike
        >>> found.precision > 0.95, found.recall < 0.1
        (True, True)
    """
    real, fake = _sets(real, fake)
    if min(len(real), len(fake)) <= neighbours:
        raise ValueError(
            f"Expected more than {neighbours} pictures in each set. "
            f"Received: {len(real)} and {len(fake)}"
        )
    across = _distances(real, fake)  # (N, M)
    reach_real, reach_fake = (
        np.partition(_distances(a, a), neighbours, axis=1)[:, neighbours]
        for a in (real, fake)  # place 0 is each one itself
    )
    precision = (across <= reach_real[:, None]).any(axis=0).mean()
    recall = (across <= reach_fake[None, :]).any(axis=1).mean()
    return PrecisionRecall(float(precision), float(recall))


def accept_rate(
    distances: Sequence[float] | np.ndarray, thresholds: float | np.ndarray
) -> float | np.ndarray:
    """Count which share of pairs a verifier accepts: those nearer than a threshold.

    Of genuine pairs, two pictures of one person, this is the true accept rate; of
    impostor pairs, two people, the false accept rate (ISO/IEC 19795-1).

    Args:
        distances: One for each pair, (N,); inf where no face was found, which is never
            accepted.
        thresholds: One, or many.

    Returns:
        The share in [0, 1], of the shape of `thresholds`.

    Raises:
        ValueError: No distance, or one that is no number.

    Example:
        >>> accept_rate([0.2, 0.4, 0.6, float("inf")], 0.6)
        0.5
    """
    ordered = np.sort(_check_distances(distances))
    rate = np.searchsorted(ordered, thresholds, side="left") / ordered.size
    return float(rate) if np.ndim(thresholds) == 0 else rate


def accept_threshold(
    impostor: Sequence[float] | np.ndarray, false_accept_rate: float
) -> float:
    """Find the largest threshold that accepts at most a given share of impostors.

    With the distances in order, d_0 <= d_1 <= ..., it is d_k, k = floor(rate * N): k
    of them are below it, or fewer where some are equal.

    Args:
        impostor: Distances between two people, (N,).
        false_accept_rate: The share allowed, in [0, 1).

    Returns:
        The threshold; accepted is what lies strictly below it.

    Raises:
        ValueError: No distance, one that is no number, or a rate outside [0, 1).

    Example:
        >>> accept_threshold([0.9, 0.5, 0.7, 0.8], 0.25)
        0.7
    """
    ordered = np.sort(_check_distances(impostor))
    if not 0 <= false_accept_rate < 1:
        raise ValueError(
            f"Expected a false accept rate in [0, 1). Received: {false_accept_rate}"
        )
    return float(ordered[math.floor(false_accept_rate * ordered.size + 1e-9)])


def true_accept_rate(
    genuine: Sequence[float] | np.ndarray,
    impostor: Sequence[float] | np.ndarray,
    false_accept_rate: float,
) -> float:
    """Count which share of genuine pairs is accepted at a given false accept rate.

    Args:
        genuine: Distances between two pictures of one person, (N,).
        impostor: Distances between two people, (M,); for a rate of 1/1000 to mean
            anything, some thousands.
        false_accept_rate: The share of impostors that may be accepted, in [0, 1).

    Returns:
        The share in [0, 1]; 1 minus it is the false reject rate.

    Raises:
        ValueError: As for `accept_threshold`.

    Example:
        >>> round(true_accept_rate([0.1, 0.3, 0.8], [0.5, 0.7, 0.9, 1.1], 0.25), 3)
        0.667
    """
    return accept_rate(genuine, accept_threshold(impostor, false_accept_rate))


def equal_error_rate(
    genuine: Sequence[float] | np.ndarray, impostor: Sequence[float] | np.ndarray
) -> float:
    """Measure a verifier by one number: the rate at which both its errors are equal.

    As the threshold grows, the false accept rate rises and the false reject rate falls.
    Where they pass each other, their mean is returned.  For two normal distributions
    of deviation 1 and d apart it is Phi(-d / 2).

    Args:
        genuine: Distances between two pictures of one person, (N,).
        impostor: Distances between two people, (M,).

    Returns:
        The rate: 0 where a threshold separates them, 0.5 where they are alike.

    Raises:
        ValueError: No distance, or one that is no number.

    Example:
        >>> round(equal_error_rate([0.1, 0.2, 0.6], [0.5, 0.7, 0.9]), 3)
        0.333
    """
    thresholds = np.unique(np.concatenate([genuine, impostor]))
    accepts = accept_rate(impostor, thresholds)
    rejects = 1 - accept_rate(genuine, thresholds)
    nearest = np.argmin(np.abs(accepts - rejects))
    return float((accepts[nearest] + rejects[nearest]) / 2)


def bootstrap(
    values: Sequence[float] | np.ndarray,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = 2000,
) -> Interval:
    """Estimate the mean of some values and its percentile bootstrap interval.

    Draws as many values as there are, with replacement, `draws` times; the interval
    holds the middle `level` of the means drawn (Efron 1979,
    doi:10.1214/aos/1176344552).

    Args:
        values: One number for each picture, (N,), all finite. To compare two methods,
            give the differences on the same pictures.
        rng: The source of randomness.
        level: The share of the drawn means inside the interval, in (0, 1).
        draws: How many means to draw.

    Returns:
        The mean of the values and the two bounds.

    Raises:
        ValueError: No value, one that is not finite, or a level outside (0, 1).

    Example:
        >>> bootstrap([3.0, 3.0], np.random.default_rng(0))
        Interval(mean=3.0, low=3.0, high=3.0)
    """
    values = np.asarray(values, dtype="float64")
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise ValueError(f"Expected a row of finite numbers. Received: {values}")
    _check_level(level)
    count = values.size
    means = [values[rng.integers(count, size=count)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Estimate a share, such as that of voters who chose one picture, by Wilson.

    The interval holds the shares p for which the share s observed is not surprising:
    (s - p)^2 <= z^2 p (1 - p) / n (Wilson 1927, doi:10.1080/01621459.1927.10502953),
    where n is the number of trials and z the quantile of the normal distribution at
    (1 + level) / 2.  Unlike s +- z sqrt(s (1 - s) / n) it is no point at s = 0 or 1.

    Args:
        successes: How many of the trials succeeded.
        trials: How many there were, independent of each other, at least 1.
        level: How often such an interval holds the true share, about, in (0, 1).

    Returns:
        The share observed, and the two bounds, all in [0, 1].

    Raises:
        ValueError: Counts that cannot be, or a level outside (0, 1).

    Example:
        >>> [round(number, 3) for number in wilson(14, 20)]
        [0.7, 0.481, 0.855]
    """
    _check_counts(successes, trials)
    _check_level(level)
    share = successes / trials
    square = statistics.NormalDist().inv_cdf((1 + level) / 2) ** 2 / trials
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half))


def auc(higher: np.ndarray, lower: np.ndarray, level: float = 0.95) -> Interval:
    """Estimate how often a score of one set lies above one of another set.

    AUC = P(a > b) + P(a = b) / 2 for a drawn from the first set and b from the second:
    the area under the curve of hits against false alarms as a threshold moves.  1/2 is
    what scores give that know nothing of the sets.  The interval is normal, with the
    variance var(V_a) / n + var(V_b) / m, V_a being the share of the second set below a,
    V_b that of the first above b (DeLong et al. 1988, doi:10.2307/2531595).

    Args:
        higher: Scores of the set that should have the higher ones, (N,), N >= 2.
        lower: Those of the other, (M,), M >= 2.
        level: How often such an interval holds the true share, about, in (0, 1).

    Returns:
        The share observed and the two bounds, all in [0, 1].

    Raises:
        ValueError: Scores that are not finite or too few, or a level outside (0, 1).

    Example:
        >>> auc([1.0, 3.0], [0.0, 2.0]).mean
        0.75
    """
    sets = [np.asarray(scores, "float64") for scores in (higher, lower)]
    for scores in sets:
        if scores.ndim != 1 or scores.size < 2 or not np.isfinite(scores).all():
            raise ValueError(f"Expected a row of finite scores. Received: {scores}")
    _check_level(level)
    above, below = _shares_below(*sets), 1 - _shares_below(*sets[::-1])
    variance = above.var(ddof=1) / above.size + below.var(ddof=1) / below.size
    half = statistics.NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance)
    mean = float(above.mean())
    return Interval(mean, max(0.0, mean - half), min(1.0, mean + half))


def sign_test(successes: int, trials: int) -> float:
    """Test whether the two answers to a question are equally likely.

    p = min(1, 2 P(X <= min(k, n - k))), X being binomial of n trials at 1/2: how likely
    n coins fall at least as unevenly as k successes among n answers.  Exact, of both
    sides (Dixon and Mood 1946, The statistical sign test).

    Args:
        successes: How many of the trials succeeded, k.
        trials: How many there were, independent of each other, n, at least 1.

    Returns:
        The p-value in (0, 1].

    Raises:
        ValueError: Counts that cannot be.

    Example:
        >>> sign_test(10, 10) == 2 / 2**10, sign_test(5, 10)
        (True, 1.0)
    """
    _check_counts(successes, trials)
    fewer = min(successes, trials - successes)
    tail = sum(math.comb(trials, i) for i in range(fewer + 1))
    return min(1.0, 2 * tail / 2 ** int(trials))


@functools.cache
def _alexnet():
    """Build the network of `style_distance` once."""
    from gantools import features

    return features.alexnet()


@functools.cache
def _lpips_network():
    """Build the network of LPIPS once."""
    from gantools import features

    return features.lpips()


def _shares_below(scores: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Give for each score the share of the others below it, equal ones by half."""
    others = np.sort(others)
    ends = (np.searchsorted(others, scores, side) for side in ("left", "right"))
    return sum(ends) / (2 * others.size)


def _check_distances(distances: Sequence[float] | np.ndarray) -> np.ndarray:
    distances = np.asarray(distances, "float64")
    if distances.ndim != 1 or not distances.size or np.isnan(distances).any():
        raise ValueError(f"Expected a row of distances. Received: {distances}")
    return distances


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"Expected a level between 0 and 1. Received: {level}")


def _check_counts(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(
            "Expected from 0 to all of at least one trial to succeed. "
            f"Received: {successes} of {trials}"
        )


def _sets(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check that two sets of descriptions fit together and return them as float64."""
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(
            f"Expected two sets (N, D) and (M, D). Received: {x.shape} and {y.shape}"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("Expected finite numbers. Received: nan or infinity")
    return x.astype("float64"), y.astype("float64")


def _cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give the kernel (a.b / D + 1)^3 of every pair, (N, M)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give the squared distance of every pair, (N, M)."""
    squares = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)
    return np.maximum(0, squares - 2 * x @ y.T)


def _pair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check that two pictures fit together and return them in double precision."""
    x, y = np.asarray(x), np.asarray(y)
    if x.shape != y.shape or x.ndim != 3 or x.shape[-1] not in (1, 3):
        raise ValueError(
            "Expected two pictures of one shape (H, W, 1) or (H, W, 3). "
            f"Received: {x.shape} and {y.shape}"
        )
    for picture in (x, y):
        if not np.issubdtype(picture.dtype, np.floating):
            raise ValueError(
                f"Expected floats in [0, 1]. Received: pixels of type {picture.dtype}"
            )
    return x.astype("float64"), y.astype("float64")


def _binary(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask of the shape given as booleans."""
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.shape != tuple(shape):
        raise ValueError(f"Expected a mask of shape {shape}. Received: {mask.shape}")
    return mask > 0.5


def _window_mean(picture: np.ndarray) -> np.ndarray:
    """Average each pixel's neighbourhood under the Gaussian window."""
    size, border = (WINDOW, WINDOW), cv2.BORDER_REFLECT
    blurred = cv2.GaussianBlur(picture, size, SIGMA, borderType=border)
    return blurred.reshape(picture.shape)


def _grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Grow a boolean mask by a number of pixels to every side."""
    square = np.ones((2 * pixels + 1, 2 * pixels + 1), "uint8")
    return cv2.dilate(mask.astype("uint8"), square) > 0


def _share(part: np.ndarray, whole: np.ndarray) -> float:
    """Return the share of one mask's pixels that another holds; 0 of an empty one."""
    return float((part & whole).sum() / part.sum()) if part.any() else 0.0
