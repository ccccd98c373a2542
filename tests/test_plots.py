"""Figures: everything is on them, and they can be read on light and dark pages."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gantools import plots

LIGHT, DARK = "#ffffff", "#121212"  # the book's two page colours


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def luminance(colour):
    """Return relative luminance as WCAG 2.1 defines it."""
    values = np.array(to_rgb(colour))
    low, high = values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    return float(np.where(values <= 0.04045, low, high) @ [0.2126, 0.7152, 0.0722])


def contrast(first, second):
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [LIGHT, DARK])
def test_everything_drawn_stands_out_on_both_pages(page):
    assert contrast(plots.INK, page) >= 4.1
    for colour in plots.CURVES:
        assert contrast(colour, page) >= 3  # WCAG 2.1, 1.4.11: parts of graphics


def test_figures_have_no_background_and_only_known_colours(rng):
    figure = plots.curves({"step": [1, 2], "loss": [3.0, 1.0]}, ["loss"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=figure.get_facecolor())
    shown = plt.imread(io.BytesIO(buffer.getvalue()))  # (H, W, 4)
    assert shown[0, 0, 3] == 0
    assert (shown[..., 3] > 0.9).any()
    words = figure.findobj(plt.Text)
    assert {word.get_color() for word in words if word.get_text()} == {plots.INK}
    assert plt.rcParams["text.color"] != plots.INK  # the reader's own style is kept


def test_grid_shows_every_picture_unchanged_and_in_order(rng):
    pictures = [rng.random((8, 6, 3)), rng.random((4, 9, 1)), rng.random((5, 5))] * 2
    titles = list("abcdef")
    figure = plots.grid(pictures, titles)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == titles
    for axes, picture in zip(shown, pictures, strict=True):
        drawn = axes.images[0].get_array()
        assert np.allclose(drawn, np.squeeze(picture), atol=1e-6)
        assert axes.images[0].get_clim() == (0, 1)  # grey is not stretched


@pytest.mark.parametrize(
    "count, columns, rows", [(1, None, 1), (4, None, 1), (9, None, 3), (5, 2, 3)]
)
def test_grid_has_as_many_rows_as_it_needs(rng, count, columns, rows):
    figure = plots.grid([rng.random((4, 4, 3))] * count, columns=columns)
    assert figure.axes[0].get_gridspec().nrows == rows


def test_values_beyond_the_range_are_clipped():
    figure = plots.grid([np.full((4, 4, 3), 1.5)])
    assert figure.axes[0].images[0].get_array().max() == 1


def test_compare_shows_before_then_after(rng):
    before, after = rng.random((6, 8, 3)), rng.random((6, 8, 1))
    figure = plots.compare(before, after)
    assert [axes.get_title() for axes in figure.axes] == ["before", "after"]
    drawn = figure.axes[0].images[0].get_array()
    assert np.allclose(drawn, before, atol=1e-6)


def test_curves_draw_each_column_with_its_name():
    history = {"step": [1, 2, 3], "g": [3.0, 2, 1], "d": [0.0, 1, 0], "other": [9] * 3}
    (axes,) = plots.curves(history, ["g", "d"]).axes
    assert [line.get_label() for line in axes.lines] == ["g", "d"]
    for line in axes.lines:
        assert list(line.get_xdata()) == [1, 2, 3]
        assert list(line.get_ydata()) == history[line.get_label()]
    first, second = axes.lines
    assert first.get_color() != second.get_color()
    assert first.get_linestyle() != second.get_linestyle()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: plots.grid([]), "at least one picture"),
        (lambda: plots.grid([np.zeros((4, 4, 2))]), r"\(H, W, 1\) or \(H, W, 3\)"),
        (lambda: plots.grid([np.zeros((4, 4))], ["a", "b"]), "Expected 1 titles"),
        (lambda: plots.compare(np.zeros((4, 4)), np.zeros((4, 5))), "of one size"),
        (lambda: plots.curves({"step": []}, []), "Expected 1 to 5 keys"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_importing_does_not_import_matplotlib():
    import subprocess
    import sys

    code = "import sys, gantools.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
