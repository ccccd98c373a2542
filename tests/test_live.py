"""Live figures: controls move them, and without controls they stand still."""

import base64
import io
import re
import sys

import IPython.display
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from gantools import live, plots

VIEW = "application/vnd.jupyter.widget-view+json"
CONTROLS = {"share": (0.0, 1.0, 0.25), "how_many": (1, 3, 1), "kind": ["bar", "dot"]}


def draw(share=0.5, how_many=2, kind="dot"):
    """Draw one grey <field> beside others.

    Of this line nothing is said.
    """
    if kind == "bar" and how_many == 3:
        raise ValueError("no <three> bars")
    return plots.grid([np.full((8, 8), share)] * how_many)


@pytest.fixture
def shown(monkeypatch):
    """List what is displayed."""
    bundles = []
    monkeypatch.setattr(
        IPython.display, "display", lambda bundle, raw: bundles.append(bundle)
    )
    return bundles


def grey(source):
    """Find the level in the middle of the left field of an HTML image."""
    data = re.search(r'src="data:image/png;base64,([^"]+)"', source)[1]
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L"))
    return pixels[pixels.shape[0] // 2, pixels.shape[1] // 4] / 255


def test_without_widgets_the_first_figure_stands_still(monkeypatch, shown):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    live.explore(draw, **CONTROLS)
    (bundle,) = shown
    assert set(bundle) == {"text/plain", "text/html"}
    assert "pip install ipywidgets" in bundle["text/plain"]
    assert bundle["text/plain"] in bundle["text/html"]
    assert grey(bundle["text/html"]) == pytest.approx(0.5, abs=0.01)
    alt = "Draw one grey &lt;field&gt; beside others.; share: 0.5; how many: 2; "
    assert f'alt="{alt}kind: dot"' in bundle["text/html"]
    assert not plt.get_fignums()  # closed, or it would be shown twice


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"share": (0.6, 1.0, 0.1)}, r"share with a default within .*Received: 0\.5"),
        ({"kind": ["bar", "line"]}, r"kind with a default within .*Received: dot"),
        ({"level": (0, 1, 1)}, r"level with a default within .*Received: none"),
    ],
)
def test_a_control_starts_at_the_default(controls, message):
    with pytest.raises(ValueError, match=message):
        live.explore(draw, **controls)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="Expected two pictures of one size"):
        live.before_after(np.zeros((4, 4, 1)), np.zeros((4, 5, 1)))


class Board:
    """What a reader sees and moves."""

    def __init__(self, bundle):
        self.widgets = pytest.importorskip("ipywidgets")
        identity = bundle[VIEW]["model_id"]
        known = self.widgets.widgets.widget._instances
        *controls, self.picture = known[identity].children
        self.controls = {control.description: control for control in controls}

    def __getitem__(self, name):
        return self.controls[name]


@pytest.fixture
def board(shown):
    pytest.importorskip("ipywidgets")
    live.explore(draw, **CONTROLS)
    return Board(shown[0])


def test_controls_bear_names_and_start_where_the_function_does(board):
    values = {name: control.value for name, control in board.controls.items()}
    assert values == {"share": 0.5, "how many": 2, "kind": "dot"}
    limits = [(c.min, c.max, c.step) for c in (board["share"], board["how many"])]
    assert limits == [CONTROLS["share"], CONTROLS["how_many"]]
    assert board["kind"].options == ("bar", "dot")
    assert not board["share"].continuous_update


def test_moving_a_control_draws_again(board):
    assert grey(board.picture.value) == pytest.approx(0.5, abs=0.01)
    board["share"].value = 0.75
    assert grey(board.picture.value) == pytest.approx(0.75, abs=0.01)
    assert "share: 0.75; how many: 2" in board.picture.value
    assert not plt.get_fignums()


def test_what_goes_wrong_stands_in_the_place_of_the_figure(board):
    board["kind"].value = "bar"
    board["how many"].value = 3
    assert "ValueError: no &lt;three&gt; bars" in board.picture.value
    board["how many"].value = 1
    assert "<img" in board.picture.value


def test_a_line_parts_before_from_after(shown):
    pytest.importorskip("ipywidgets")
    live.before_after(np.zeros((20, 20, 1)), np.ones((20, 20, 3)))
    board = Board(shown[0])
    board["line"].value = 80
    assert grey(board.picture.value) == 0
    board["line"].value = 10
    assert grey(board.picture.value) == 1
