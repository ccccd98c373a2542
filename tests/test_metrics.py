"""Metrics against scikit-image, closed forms and counting by hand."""

import statistics
from statistics import NormalDist

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from gantools import metrics


def pictures(seed, shape=(40, 33, 3)):
    rng = np.random.default_rng(seed)
    x = rng.random(shape).astype("float32")
    return x, np.clip(x + rng.normal(0, 0.1, shape), 0, 1).astype("float32")


@pytest.mark.parametrize("shape", [(40, 33, 3), (40, 33, 1), (11, 11, 3)])
def test_psnr_and_ssim_equal_scikit_image(shape):
    x, y = pictures(0, shape)
    x, y = x.astype("float64"), y.astype("float64")
    expected = peak_signal_noise_ratio(x, y, data_range=1)
    assert metrics.psnr(x, y) == pytest.approx(expected, abs=1e-6)
    expected = structural_similarity(
        x,
        y,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        channel_axis=-1,
    )
    assert metrics.ssim(x, y) == pytest.approx(expected, abs=1e-6)


def test_psnr_in_mask_counts_only_masked_pixels():
    x = np.zeros((8, 8, 3), "float32")
    y, mask = x.copy(), np.zeros((8, 8))
    y[:2], mask[:2] = 0.1, 1
    y[5] = 0.9  # outside the mask: must not count
    assert metrics.psnr(x, y, mask) == pytest.approx(20, abs=1e-4)
    assert metrics.psnr(x, y, 1 - mask) < 10


def test_psnr_of_equal_pictures_is_infinite_and_of_nothing_undefined():
    x, _ = pictures(1)
    assert metrics.psnr(x, x) == np.inf
    assert np.isnan(metrics.psnr(x, x, np.zeros(x.shape[:2])))


def test_ssim_is_symmetric_and_one_only_for_equal_pictures():
    x, y = pictures(2)
    assert metrics.ssim(x, x) == pytest.approx(1, abs=1e-12)
    assert metrics.ssim(x, y) == pytest.approx(metrics.ssim(y, x), abs=1e-12)
    assert metrics.ssim(x, y) < 1


def test_a_style_distance_knows_no_places_and_no_sizes():
    rng = np.random.default_rng(4)
    fine, other = rng.random((2, 192, 192, 3)).astype("float32")
    broad = np.repeat(np.repeat(fine[:48, :48], 4, axis=0), 4, axis=1)
    assert metrics.style_distance(fine, fine) == 0
    same = metrics.style_distance(fine, other)
    assert same == pytest.approx(metrics.style_distance(other, fine))
    assert same < 0.05 < metrics.style_distance(fine, broad) <= 1
    assert metrics.style_distance(fine, other[:160]) < 0.05  # of another size
    assert metrics.style_distance(np.full_like(fine, 0.5), fine) > 0.3


def test_a_style_distance_is_that_of_the_gram_matrices():
    from gantools import features

    x, y = pictures(5, (48, 64, 3))
    terms = []
    for a, b in zip(
        *(features.alexnet()(2 * p[None] - 1) for p in (x, y)), strict=True
    ):
        a, b = (np.array(t, "float64")[0] for t in (a, b))
        g, h = (np.einsum("hwc,hwd->cd", t, t) / t[..., 0].size for t in (a, b))
        terms.append(((g - h) ** 2).sum() / ((g**2).sum() + (h**2).sum()))
    assert metrics.style_distance(x, y) == pytest.approx(np.mean(terms), rel=1e-4)
    grey, colour = y[..., :1], np.repeat(y[..., :1], 3, axis=2)
    assert metrics.style_distance(grey, colour) < 1e-12


def test_overlap_without_tolerance_is_intersection_over_union():
    rng = np.random.default_rng(3)
    mask, truth = rng.random((2, 30, 30)) > 0.7
    both, either = (mask & truth).sum(), (mask | truth).sum()
    found = metrics.overlap(mask, truth, tolerance=0)
    assert found.iou == pytest.approx(both / either)
    assert found.precision == pytest.approx(both / mask.sum())
    assert found.recall == pytest.approx(both / truth.sum())


@pytest.mark.parametrize(("shift", "expected"), [(0, 1), (2, 1), (3, 0)])
def test_iou_forgives_shifts_up_to_the_tolerance(shift, expected):
    truth = np.zeros((20, 20))
    truth[:, 8] = 1
    mask = np.roll(truth, shift, axis=1)
    assert metrics.iou(mask, truth, tolerance=2) == expected


def test_overlap_of_empty_masks():
    empty, full = np.zeros((9, 9)), np.ones((9, 9))
    assert metrics.overlap(empty, empty) == (1, 1, 1)
    assert metrics.overlap(empty, full) == (0, 0, 0)
    assert metrics.overlap(full, empty) == (0, 0, 0)


def test_average_precision_is_the_area_below_the_curve():
    """Against the definition, threshold by threshold."""
    rng = np.random.default_rng(6)
    truth = rng.random((12, 15)) > 0.8
    mask = np.round(rng.random((12, 15)) + 0.4 * truth, 1)  # with ties
    area, recall = 0.0, 0.0
    for threshold in np.unique(mask)[::-1]:
        found = mask >= threshold
        hits = (found & truth).sum()
        area += (hits / truth.sum() - recall) * hits / found.sum()
        recall = hits / truth.sum()
    assert metrics.average_precision(mask, truth) == pytest.approx(area)


def test_average_precision_at_its_ends():
    truth = np.zeros((10, 10))
    truth[2, :5] = 1
    assert metrics.average_precision(truth, truth) == 1
    assert metrics.average_precision(np.full((10, 10), 0.3), truth) == 0.05
    assert np.isnan(metrics.average_precision(truth, np.zeros((10, 10))))


def test_bootstrap_interval_holds_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        low, high = metrics.bootstrap(rng.normal(5, 1, 40), rng, 0.9, draws=200)[1:]
        held += low <= 5 <= high
    # binomial(200, 0.9) has a standard deviation of 4.2: three of them on either side
    assert 165 <= held <= 194


def test_bootstrap_agrees_with_the_standard_error():
    values = np.random.default_rng(5).normal(0, 1, 400)
    interval = metrics.bootstrap(values, np.random.default_rng(6))
    error = values.std() / np.sqrt(values.size)
    assert interval.mean == pytest.approx(values.mean())
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.1)


COUNTS = [(0, 1), (1, 1), (14, 20), (10, 10), (3, 50), (1234, 2500)]


@pytest.mark.parametrize("counts", COUNTS)
def test_wilson_and_sign_test_equal_scipy(counts):
    from scipy import stats

    test = stats.binomtest(*counts, 0.5)
    assert metrics.sign_test(*counts) == pytest.approx(test.pvalue, rel=1e-9)
    for level in (0.95, 0.5):
        ends = test.proportion_ci(level, method="wilson")
        found = metrics.wilson(*counts, level)
        assert found.mean == counts[0] / counts[1]
        assert found[1:] == pytest.approx((ends.low, ends.high), abs=1e-12)


def test_wilson_holds_the_true_share_as_often_as_it_says():
    """Averaged over shares, for at one share the few counts make it jump."""
    from scipy import stats

    ends = np.array([metrics.wilson(k, 20)[1:] for k in range(21)])
    shares = np.linspace(0.02, 0.98, 500)
    held = [
        stats.binom.pmf(np.arange(21), 20, p) @ ((ends[:, 0] <= p) & (p <= ends[:, 1]))
        for p in shares
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


def test_sign_test_does_not_overflow():
    assert metrics.sign_test(np.int64(0), np.int64(100)) == 2 / 2**100


def test_bootstrap_repeats_with_the_same_seed():
    values = [1.0, 2.0, 5.0, 7.0]
    first, second = (
        metrics.bootstrap(values, np.random.default_rng(7)) for _ in range(2)
    )
    assert first == second


# --- Sets of pictures --------------------------------------------------------------


def gaussians(seed, n, mean=0.0, scale=1.0, size=6):
    draw = np.random.default_rng(seed).normal(size=(n, size))
    return mean + scale * draw


def test_a_verifier_of_two_normal_distributions_has_its_closed_form():
    rng, normal = np.random.default_rng(0), NormalDist()
    genuine, impostor = rng.normal(0, 1, 40_000), rng.normal(3, 1, 40_000)
    for rate in (0.1, 0.01):
        threshold = 3 + normal.inv_cdf(rate)
        found = metrics.accept_threshold(impostor, rate)
        assert found == pytest.approx(threshold, abs=0.05)
        accepted = metrics.true_accept_rate(genuine, impostor, rate)
        assert accepted == pytest.approx(normal.cdf(threshold), abs=0.01)
    equal = metrics.equal_error_rate(genuine, impostor)
    assert equal == pytest.approx(normal.cdf(-1.5), abs=0.004)


def test_a_threshold_accepts_at_most_the_rate_and_the_next_one_more():
    impostor = np.random.default_rng(1).integers(0, 50, 1000) / 50  # with many ties
    for rate in (0.0, 0.001, 0.01, 0.123, 0.5, 0.999):
        threshold = metrics.accept_threshold(impostor, rate)
        assert metrics.accept_rate(impostor, threshold) <= rate
        assert metrics.accept_rate(impostor, np.nextafter(threshold, 1)) > rate
    exact = np.arange(1000) / 1000
    assert metrics.accept_threshold(exact, 0.29) == 0.29  # 0.29 * 1000 < 290


def test_a_face_that_was_not_found_is_never_accepted():
    genuine, impostor = [0.1, np.inf, 0.2, np.inf], [0.5, 0.9]
    assert metrics.true_accept_rate(genuine, impostor, 0.0) == 0.5
    assert metrics.accept_rate(genuine, np.array([0.15, 9.0])).tolist() == [0.25, 0.5]
    assert metrics.equal_error_rate([0.1, 0.2], [0.3, 0.4]) == 0.0
    assert metrics.equal_error_rate([0.1, 0.2], [0.1, 0.2]) == 0.5


def test_frechet_distance_equals_the_closed_form_of_two_gaussians():
    """Against scipy's matrix root, means and covariances taken by hand."""
    from scipy.linalg import sqrtm

    mix = np.random.default_rng(0).normal(size=(6, 6))
    x, y = gaussians(1, 500) @ mix, gaussians(2, 400, mean=1.0)
    s_x, s_y = np.cov(x.T), np.cov(y.T)
    expected = np.square(x.mean(0) - y.mean(0)).sum()
    expected += np.trace(s_x + s_y - 2 * sqrtm(s_x @ s_y).real)
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet_distance(y, x) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_is_biased_as_one_over_n():
    """Two sets of one distribution: half the pictures, twice the distance."""

    def mean_distance(n):
        pairs = [(gaussians(2 * i, n), gaussians(2 * i + 1, n)) for i in range(60)]
        return np.mean([metrics.frechet_distance(x, y) for x, y in pairs])

    assert mean_distance(100) == pytest.approx(2 * mean_distance(200), rel=0.15)


def test_kernel_distance_equals_the_sum_over_pairs():
    x, y = gaussians(3, 7, size=3), gaussians(4, 5, mean=0.5, size=3)

    def k(a, b):
        return (a @ b / 3 + 1) ** 3

    xx = np.mean([k(x[i], x[j]) for i in range(7) for j in range(7) if i != j])
    yy = np.mean([k(y[i], y[j]) for i in range(5) for j in range(5) if i != j])
    xy = np.mean([k(a, b) for a in x for b in y])
    assert metrics.kernel_distance(x, y).value == pytest.approx(xx + yy - 2 * xy)


def test_kernel_distance_has_no_bias_and_an_error_that_says_how_far_it_strays():
    found = [
        metrics.kernel_distance(gaussians(2 * i, 50), gaussians(2 * i + 1, 50, 0.3))
        for i in range(200)
    ]
    values, errors = np.transpose(found)
    # E k(x, y) for two Gaussians, from many samples
    x, y = gaussians(10**6, 4000), gaussians(10**6 + 1, 4000, 0.3)
    truth = metrics.kernel_distance(x, y)
    standard_error = values.std() / np.sqrt(len(values)) + truth.error
    assert abs(values.mean() - truth.value) < 3 * standard_error
    assert errors.mean() == pytest.approx(values.std(), rel=0.25)


def test_kernel_distance_of_one_distribution_is_sometimes_negative():
    values = [
        metrics.kernel_distance(gaussians(2 * i, 40), gaussians(2 * i + 1, 40)).value
        for i in range(40)
    ]
    assert min(values) < 0 < max(values)


def test_precision_and_recall_equal_counting_by_hand():
    rng = np.random.default_rng(5)
    real, fake = rng.normal(size=(30, 2)), rng.normal(0.5, 1, size=(25, 2))

    def inside(point, cloud):
        reach = [np.sort(np.linalg.norm(cloud - c, axis=1))[3] for c in cloud]
        return any(np.linalg.norm(cloud - point, axis=1) <= reach)

    found = metrics.precision_recall(real, fake)
    assert found.precision == np.mean([inside(f, real) for f in fake])
    assert found.recall == np.mean([inside(r, fake) for r in real])


def test_precision_and_recall_tell_a_lack_of_variety_from_a_lack_of_reality():
    real = gaussians(6, 400, size=3)
    narrow = metrics.precision_recall(real, gaussians(7, 400, scale=0.2, size=3))
    wild = metrics.precision_recall(real, gaussians(8, 400, scale=4, size=3))
    assert narrow.precision > 0.95 and narrow.recall < 0.2
    assert wild.precision < 0.3 and wild.recall > 0.8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: metrics.kernel_distance(np.zeros((9, 3)), np.zeros((9, 4))),
            r"Expected two sets \(N, D\) and \(M, D\). Received: \(9, 3\) and \(9, 4\)",
        ),
        (
            lambda: metrics.precision_recall(np.full((9, 3), np.nan), np.zeros((9, 3))),
            r"Expected finite numbers. Received: nan",
        ),
        (
            lambda: metrics.frechet_distance(np.zeros((9, 3)), np.zeros((3, 3))),
            r"Expected more than 3 pictures in each set. Received: 9 and 3",
        ),
        (
            lambda: metrics.kernel_distance(np.zeros((9, 3)), np.zeros((2, 3))),
            r"Expected at least 3 in each set. Received: 9 and 2",
        ),
        (
            lambda: metrics.precision_recall(np.zeros((3, 3)), np.zeros((9, 3))),
            r"Expected more than 3 pictures in each set. Received: 3 and 9",
        ),
        (
            lambda: metrics.psnr(np.zeros((4, 4, 3)), np.zeros((4, 5, 3))),
            r"Expected two pictures of one shape .* Received: \(4, 4, 3\) and \(4, 5",
        ),
        (
            lambda: metrics.psnr(*[np.zeros((4, 4, 3), "uint8")] * 2),
            r"Expected floats in \[0, 1\]. Received: pixels of type uint8",
        ),
        (
            lambda: metrics.ssim(*[np.zeros((10, 40, 3))] * 2),
            r"Expected pictures of at least 11 pixels .* Received: \(10, 40, 3\)",
        ),
        (
            lambda: metrics.psnr(*[np.zeros((4, 4, 3))] * 2, np.zeros((4, 4, 1))),
            r"Expected a mask of shape \(4, 4\). Received: \(4, 4, 1\)",
        ),
        (
            lambda: metrics.iou(np.zeros((4, 4)), np.zeros((4, 5))),
            r"Expected a mask of shape \(4, 5\). Received: \(4, 4\)",
        ),
        (
            lambda: metrics.average_precision(np.zeros((4, 4)), np.zeros((4, 5))),
            r"Expected a mask of shape \(4, 5\). Received: \(4, 4\)",
        ),
        (
            lambda: metrics.bootstrap([], np.random.default_rng(0)),
            r"Expected a row of finite numbers. Received: \[\]",
        ),
        (
            lambda: metrics.accept_rate([0.1, np.nan], 0.5),
            "Expected a row of distances",
        ),
        (
            lambda: metrics.accept_threshold([0.1], 1.0),
            r"Expected a false accept rate in \[0, 1\). Received: 1.0",
        ),
        (
            lambda: metrics.wilson(3, 2),
            "at least one trial to succeed. Received: 3 of 2",
        ),
        (
            lambda: metrics.sign_test(0, 0),
            "at least one trial to succeed. Received: 0 of 0",
        ),
        (
            lambda: metrics.wilson(1, 2, level=95),
            "Expected a level between 0 and 1. Received: 95",
        ),
        (
            lambda: metrics.bootstrap([1.0], np.random.default_rng(0), level=95),
            r"Expected a level between 0 and 1. Received: 95",
        ),
    ],
)
def test_unfit_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_auc_is_the_share_of_pairs_in_the_right_order():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, 40), rng.integers(0, 5, 30)  # with many ties
    pairs = np.sign(a[:, None] - b).mean() / 2 + 0.5
    found = metrics.auc(a, b)
    assert np.isclose(found.mean, pairs)
    assert found.low < found.mean < found.high
    assert np.isclose(metrics.auc(b, a).mean, 1 - pairs)


def test_the_interval_of_auc_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    truth = statistics.NormalDist().cdf(1 / np.sqrt(2))  # of N(1, 1) above N(0, 1)
    draws = (
        metrics.auc(1 + rng.normal(size=50), rng.normal(size=80)) for _ in range(400)
    )
    held = np.mean([found.low < truth < found.high for found in draws])
    assert 0.92 < held < 0.98


def test_auc_refuses_what_has_no_order():
    with pytest.raises(ValueError, match="Expected a row of finite scores"):
        metrics.auc([1.0, np.nan], [0.0, 1.0])
    with pytest.raises(ValueError, match="Expected a level"):
        metrics.auc([1.0, 2.0], [0.0, 1.0], level=1.0)
