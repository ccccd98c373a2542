"""The generator in the page: its pictures are Keras's, and the keyboard walks it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gantools import arrays, dcgan

ROOT = Path(__file__).parents[2]
PAGE, NAME = "notebooks/11-dcgan.html", "latent-walk"
SEEN = "canvas => canvas.toDataURL()"


@pytest.fixture(scope="module")
def script():
    """Give the benchmark that writes and reads the page's generator."""
    path = ROOT / "benchmarks/page_generator.py"
    spec = importlib.util.spec_from_file_location("page_generator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def started(open_figure):
    """Open the chapter, start the generator by keyboard: (page, figure)."""
    page, figure = open_figure(PAGE, NAME)
    figure.get_by_role("button", name="Start").press("Enter")
    figure.get_by_role("slider", name="Way").wait_for()
    return page, figure


def test_the_page_makes_the_pictures_that_keras_makes(started, script):
    page, _ = started
    z = dcgan.noise(16, seed=11)
    asked = "z => z.map(one => [...interactive.fruit(one)])"
    page_made = np.reshape(page.evaluate(asked, z.tolist()), (16, 32, 32, 3))
    made_from, rounded = script.read_script()
    assert made_from == arrays.manifest()["fruit-32"]["sha256"]
    assert np.abs(page_made - dcgan.render(rounded, z)).max() < 0.01 / 255
    shipped = dcgan.render(dcgan.pretrained_generator("fruit-32"), z)
    away = 255 * np.abs(page_made - shipped)
    assert np.quantile(away, 0.99) < 1  # level of 255
    assert away.max() < 2
    assert away.mean() < 0.1


def test_keys_move_it_and_it_says_what_the_text_quotes(started):
    _, figure = started
    canvas, status = figure.locator("canvas"), figure.locator(".interactive-status")
    seen, said = [], []

    def look():
        seen.append(canvas.evaluate(SEEN))
        said.append(status.inner_text())

    look()
    figure.get_by_role("combobox").select_option("line")
    look()
    figure.get_by_role("combobox").select_option("arc")
    length = figure.get_by_role("slider", name="Length")
    for count in (5, 3):
        for _ in range(count):
            length.press("ArrowLeft")
        look()
    for name in ("Way", "First", "Last"):
        figure.get_by_role("slider", name=name).press("ArrowRight")
        look()
    assert len(set(seen)) == len(set(said)) == len(seen)
    parts = (
        "50 % of the way: z is {} long; the picture is {} levels from the first and {}"
    )
    quoted = [(10.1, 11, 18), (6.8, 22, 12), (5.1, 7, 12), (2.0, 3, 6)]
    for words, numbers in zip(said, quoted, strict=False):
        assert words == parts.format(*numbers) + " from the last."


def test_it_walks_by_itself_until_it_is_stopped(started):
    page, figure = started
    canvas, button = figure.locator("canvas"), figure.get_by_role("button", name="Walk")
    before = canvas.evaluate(SEEN)
    page.wait_for_timeout(300)
    assert canvas.evaluate(SEEN) == before
    button.press("Enter")
    page.wait_for_function(
        "!document.querySelector('output').textContent.match(/^50 /)"
    )
    figure.get_by_role("button", name="Stop").press("Enter")
    page.wait_for_timeout(100)
    after = canvas.evaluate(SEEN)
    page.wait_for_timeout(300)
    assert before != after == canvas.evaluate(SEEN)
