"""The strength of a style: the slider steps, and the numbers are the measured ones."""

import re
from pathlib import Path

import numpy as np

from gantools import evaluation

ROOT = Path(__file__).parents[2]
PAGE, NAME = "notebooks/13-style-transfer.html", "style-strength"


def test_keys_step_from_picture_to_picture(open_figure):
    page, figure = open_figure(PAGE, NAME)
    slider, status = (
        figure.get_by_role("slider"),
        figure.locator(".interactive-status"),
    )
    slider.press("Home")
    painted, seen, said = figure.locator(".interactive-view").nth(1), [], []
    for _ in range(5):
        visible = painted.locator("img:visible")
        assert visible.count() == 1
        seen.append(visible.get_attribute("src"))
        said.append(
            [float(n) for n in re.findall(r"[\d.]+\d|\d+", status.inner_text())]
        )
        slider.press("ArrowRight")
    names = [Path(address).name for address in seen]
    assert names == [f"strength-{percent}.jpg" for percent in (0, 25, 50, 75, 100)]
    record = evaluation.read_rows(ROOT / "gantools/records/style-strength.csv")
    measured = [[row["content"], 100 * row["missing"]] for row in record]
    assert (np.abs(np.subtract(said, measured)) < [0.0051, 0.51]).all()  # rounded
    first = painted.screenshot()
    slider.press("Home")
    page.wait_for_timeout(50)
    assert painted.screenshot() != first


def test_without_scripts_the_photograph_and_all_strengths_stand_there(open_figure):
    _, figure = open_figure(PAGE, NAME, java_script_enabled=False)
    pictures = figure.locator("> img")
    assert pictures.count() == 6
    for picture in pictures.all():
        assert picture.is_visible()
        assert len(picture.get_attribute("alt")) > 20
