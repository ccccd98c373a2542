"""Chapter 5's figure: what an output sees, against gradients counted in NumPy."""

import numpy as np
import pytest

PICTURES = """() => Array.from(
  document.querySelectorAll(".interactive-receptive-field canvas"),
  canvas => canvas.toDataURL())"""
STACKS = (
    [[4, 2, 1], [4, 2, 1], [4, 2, 1], [3, 1, 1], [3, 1, 1]],
    [[3, 1, 2], [3, 1, 2], [3, 1, 2]],
    [[5, 2, 1], [3, 1, 4], [2, 2, 1]],
)


@pytest.fixture(scope="module")
def page(keep_figure):
    """Give chapter 5, scrolled to the figure."""
    page, _ = keep_figure("notebooks/05-networks.html", "receptive-field")
    page.locator("figure.interactive-live.interactive-receptive-field").wait_for()
    return page


def gradient(layers, i, side=128):
    """Give the gradient (side,) of output i of a stack whose weights are all 1."""
    total = np.eye(side)
    for k, stride, dilation in layers:
        wide = (k - 1) * dilation + 1
        left, rows = max(wide - stride, 0) // 2, len(total) // stride
        padded = np.pad(total, ((left, wide), (0, 0)))
        starts = stride * np.arange(rows)
        total = sum(padded[starts + j * dilation] for j in range(k))
    return total[i]


@pytest.mark.parametrize("layers", STACKS)
def test_field_and_ways_are_those_of_the_gradient(page, layers):
    i = 64 // np.prod([stride for _, stride, _ in layers])
    script = "([layers, i]) => ['field', 'ways', 'size'].map((name) => %s)"
    script %= "interactive.receptiveField[name](layers, i)"
    (first, last), ways, size = page.evaluate(script, [layers, int(i)])
    slope = gradient(layers, i)
    seen = np.flatnonzero(slope)
    assert (first, last) == (seen[0], seen[-1])
    assert np.array_equal(ways, slope[first : last + 1])
    assert size["seen"] == last - first + 1


def test_a_keyboard_changes_stack_output_and_layers(page):
    figure = page.locator("figure.interactive-receptive-field")
    status, before = figure.locator("[role=status]"), page.evaluate(PICTURES)
    assert status.inner_text().startswith("Output 8 sees pixels 41 to 94: 54.")
    figure.get_by_label("Output, on the diagonal", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert status.inner_text().startswith("Output 9 sees pixels 49 to 102: 54.")
    figure.get_by_label("Its stride", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    assert ": 29." in status.inner_text()
    assert all(a != b for a, b in zip(before, page.evaluate(PICTURES), strict=True))
    stack = figure.get_by_label("Stack", exact=True)
    stack.focus()
    page.keyboard.press("End")
    assert stack.input_value() == "gridded"
    assert "13. 6 of them are holes." in status.inner_text()
