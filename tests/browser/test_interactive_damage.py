"""Damage by hand: the page's formulas are the package's, and the keyboard damages."""

from pathlib import Path

import numpy as np
import pytest

from gantools import damage

PAGE, NAME = "notebooks/04-data.html", "damage"
SEEN = "canvases => canvases.map(canvas => canvas.toDataURL())"
CHAPTER = Path(__file__).parents[2] / "notebooks/04-data.ipynb"


class Chosen(np.random.Generator):
    """A generator that draws what it was given, one after the other."""

    def __init__(self, *draws):
        super().__init__(np.random.PCG64())
        self.draws = list(draws)

    def uniform(self, *_, **__):
        """Give the next."""
        return self.draws.pop(0)

    choice = uniform


@pytest.fixture
def shown(open_figure):
    """Open the chapter: the page, and the figure with its photograph."""
    page, figure = open_figure(PAGE, NAME)
    figure.get_by_text("PSNR").wait_for()
    return page, figure


def test_fading_and_yellowing_are_those_of_the_package(shown):
    page, _ = shown
    picture = np.random.default_rng(0).random((16, 16, 3), np.float32)
    picture[0, 0], picture[0, 1] = 0, 1
    # order of the dyes, what each loses of (1, 0.7, 0.5), light through black
    rng = Chosen(1, np.array([0.6, 0.3, 0.1]), 0.05)
    keep = 1 - np.array([0.6, 0.7 * 0.3, 0.5 * 0.1])
    there = {"fade": damage.fading(picture, rng, 1.0)[0]}
    rng = Chosen(0.25, 0.07, 0.35)  # density, and the shares of red and green
    there["yellow"] = damage.yellowing(picture, rng, 1.0)[0]
    wishes = {"fade": [float(k) for k in keep], "yellow": 0.25}
    for name, expected in there.items():
        asked = f"([x, wish]) => interactive.damage.{name}(x, wish)"
        here = page.evaluate(asked, [picture.ravel().tolist(), wishes[name]])
        assert np.abs(np.reshape(here, picture.shape) - expected).max() < 0.1 / 255
        assert np.abs(expected - picture).max() > 0.1


def test_keys_damage_and_it_says_what_the_text_quotes(shown):
    _, figure = shown
    status, said = figure.locator(".interactive-status"), {}

    def look(what):
        said[what] = status.inner_text()
        return figure.locator("canvas").evaluate_all(SEEN)

    figure.get_by_role("button", name="Undo all").press("Enter")
    clean, black = look("clean")
    cyan = figure.get_by_role("slider", name="Cyan")
    for _ in range(14):
        cyan.press("ArrowLeft")
    faded, faded_mask = look("faded")
    figure.get_by_role("button", name="Undo all").press("Enter")
    assert look("again")[0] == clean
    figure.get_by_role("slider", name="Scratches").press("End")
    scratched, scratched_mask = look("scratched")
    assert faded_mask == black != scratched_mask
    assert clean != faded != scratched != clean
    assert (
        said["clean"]
        == said["again"]
        == ("The clean photograph; 0 % of the pixels marked as damage.")
    )
    assert said["faded"] == "PSNR 16.3 dB; 0 % of the pixels marked as damage."
    assert said["scratched"] == "PSNR 22.4 dB; 6 % of the pixels marked as damage."
    text = CHAPTER.read_text(encoding="utf-8")
    assert "16.3 dB" in text
    assert "leave 22.4 dB" in text


def test_each_slider_changes_the_picture(shown):
    _, figure = shown
    seen = []
    for slider in figure.get_by_role("slider").all():
        slider.press("ArrowRight")
        seen.append(figure.locator("canvas").evaluate_all(SEEN)[0])
    figure.get_by_role("button", name="Other marks").press("Enter")
    seen.append(figure.locator("canvas").evaluate_all(SEEN)[0])
    assert len(set(seen)) == 9
