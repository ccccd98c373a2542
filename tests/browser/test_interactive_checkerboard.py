"""Chapter 9's figure: two ways to enlarge, against scipy, and by keyboard."""

import numpy as np
import pytest
from scipy import signal

PICTURES = """() => Array.from(
  document.querySelectorAll(".interactive-checkerboard canvas"),
  canvas => canvas.toDataURL())"""
ENLARGED = """([x, kernel, stride]) => {
  const { square, transposed, resized } = interactive.checkerboard;
  const [input, weights] = [x, kernel].map(
    (rows) => square(rows.length, (r, c) => rows[r][c]));
  return [transposed, resized].map((way) => [...way(input, weights, stride).values]);
}"""


@pytest.fixture(scope="module")
def page(keep_figure):
    """Give chapter 9, scrolled to the figure."""
    page, _ = keep_figure("notebooks/09-generator-maths.html", "checkerboard")
    page.locator("figure.interactive-live.interactive-checkerboard").wait_for()
    return page


@pytest.mark.parametrize("kernel", [1, 2, 5, 8])
@pytest.mark.parametrize("stride", [2, 3])
def test_both_enlarge_as_scipy_convolves(page, kernel, stride):
    rng = np.random.default_rng(kernel)
    x, weights = rng.normal(size=(6, 6)), rng.normal(size=(kernel, kernel))
    side = 6 * stride
    found = page.evaluate(ENLARGED, [x.tolist(), weights.tolist(), stride])
    transposed, resized = (np.reshape(values, (side, side)) for values in found)

    apart = np.zeros((side + kernel, side + kernel))
    apart[:side:stride, :side:stride] = x
    left = max(kernel - stride, 0) // 2
    window = np.s_[left : left + side, left : left + side]
    assert np.allclose(transposed, signal.convolve2d(apart, weights)[window])

    large = np.kron(x, np.ones((stride, stride)))
    left = kernel - 1 - (kernel - 1) // 2  # of the full correlation
    window = np.s_[left : left + side, left : left + side]
    assert np.allclose(resized, signal.correlate2d(large, weights)[window])


def test_a_keyboard_finds_the_kernel_that_leaves_no_pattern(page):
    figure = page.locator("figure.interactive-checkerboard")
    status, before = figure.locator("[role=status]"), page.evaluate(PICTURES)
    assert "3, 2. Pattern of period 2: transposed 27 %, resized 0 %" in (
        status.inner_text()
    )
    figure.get_by_label("Kernel", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    assert "2, 2. Pattern of period 2: transposed 0 %, resized 0 %" in (
        status.inner_text()
    )
    figure.get_by_label("Weights", exact=True).focus()
    page.keyboard.press("End")
    assert "transposed 0 %" not in status.inner_text()
    assert "resized 0 %" in status.inner_text()
    after = page.evaluate(PICTURES)
    assert before[0] == after[0]  # the input
    assert before[1] != after[1]
