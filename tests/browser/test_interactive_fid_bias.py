"""Chapter 8's figure: the distances that it computes, against the package's."""

import numpy as np
import pytest
import scipy.linalg

from gantools import metrics

PICTURES = """() => Array.from(
  document.querySelectorAll(".interactive-fid-bias canvas"),
  canvas => canvas.toDataURL())"""
MEASURED = """() => document.querySelector('.interactive-fid-bias [role=status]')
  .textContent.startsWith('A with')"""


@pytest.fixture(scope="module")
def page(keep_figure):
    """Give chapter 8, scrolled to the figure, when it has measured."""
    page, _ = keep_figure("notebooks/08-evaluation.html", "fid-bias")
    page.locator("figure.interactive-live.interactive-fid-bias").wait_for()
    page.wait_for_function(MEASURED)
    return page


def sets(d, n=60):
    """Draw two sets (n, d) with correlated features."""
    rng = np.random.default_rng(d)
    x, y = rng.normal(size=(2, n, d))
    return x @ rng.normal(size=(d, d)), y @ rng.normal(size=(d, d)) + 0.3


@pytest.mark.parametrize("d", [1, 2, 5, 16])
def test_distances_equal_those_of_the_package(page, d):
    x, y = sets(d)
    script = "([x, y]) => [interactive.fidBias.frechet(x, y), %s]"
    script %= "interactive.fidBias.kernel(x, y)"
    frechet, kernel = page.evaluate(script, [x.tolist(), y.tolist()])
    assert np.isclose(frechet, metrics.frechet_distance(x, y), rtol=1e-9)
    assert np.isclose(kernel, metrics.kernel_distance(x, y).value, rtol=1e-9)


@pytest.mark.parametrize("d", [1, 3, 16])
def test_the_root_of_a_matrix_equals_scipys(page, d):
    covariance = np.atleast_2d(np.cov(sets(d)[0], rowvar=False))
    script = "(a) => interactive.fidBias.root(a).map(row => [...row])"
    root = page.evaluate(script, covariance.tolist())
    assert np.allclose(root, scipy.linalg.sqrtm(covariance), rtol=1e-9, atol=1e-9)


def test_the_true_kernel_distance_is_the_mean_of_its_estimates(page):
    d, f, rng = 3, 0.9, np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1500, d))
    found = metrics.kernel_distance(x, y + np.sqrt(f / d))
    true = page.evaluate(f"() => interactive.fidBias.truth.KID({d}, {f})")
    assert abs(found.value - true) < 3 * found.error < true / 3


def test_a_keyboard_puts_the_two_in_the_right_order(page):
    figure = page.locator("figure.interactive-fid-bias")
    status = figure.locator("[role=status]")
    before, told = page.evaluate(PICTURES), status.inner_text()
    assert "A with n = 50, B with n = 400" in told
    assert "B seems better. KID" in told
    figure.get_by_label("Pictures for A", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    told = status.inner_text()
    assert "A with n = 400, B with n = 400" in told
    assert "A seems better. KID" in told
    assert all(a != b for a, b in zip(before, page.evaluate(PICTURES), strict=True))


def test_another_true_distance_is_measured_anew(page):
    figure = page.locator("figure.interactive-fid-bias")
    slider = figure.get_by_label("True FID of B", exact=True)
    slider.focus()
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext") == "3.0"
    page.wait_for_function(MEASURED)
    told = figure.locator("[role=status]").inner_text()
    assert "True: FID 0 and 3.00" in told
