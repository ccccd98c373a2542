"""Before and after, by keyboard, by mouse and by finger, and where scripts are off."""

from pathlib import Path

import cv2
import pytest

FIGURES = Path(__file__).parents[2] / "book/figures"
PAGES = {
    "book/intro.html": "portrait",
    "notebooks/00-quickstart.html": "plane",
    "notebooks/12-restoration-gan.html": "boats",
    "notebooks/13-style-transfer.html": "slide",
    "notebooks/14-cultural-heritage.html": "landscape",
    "notebooks/15-artistic-creation.html": "colours",
}
NAME = "before-after"


def test_arrow_keys_move_the_line(open_figure):
    page, figure = open_figure("book/intro.html", NAME)
    frame, slider = figure.locator(".before-after-frame"), figure.get_by_role("slider")
    slider.focus()
    page.wait_for_timeout(200)  # until both pictures are there
    seen, said = [], []
    for key in ("Home", "ArrowRight", "PageUp", "End"):
        page.keyboard.press(key)
        seen.append(frame.screenshot())
        said.append(figure.get_by_role("status").inner_text())
    assert len(set(seen)) == len(set(said)) == 4
    assert said[::3] == ["All of it after.", "All of it before."]
    assert said[1] == "Left 1 % before, right 99 % after."


def test_a_mouse_and_a_finger_put_the_line_where_they_are(open_figure):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    page, figure = open_figure("book/intro.html", NAME, **phone)
    frame, slider = figure.locator(".before-after-frame"), figure.get_by_role("slider")
    slider.wait_for()
    box = frame.bounding_box()
    assert box["width"] <= 360
    frame.tap(position={"x": box["width"] / 4, "y": 30})
    assert abs(int(slider.input_value()) - 25) <= 1
    box = frame.bounding_box()
    across = [box["x"] + share * box["width"] for share in (0.25, 0.5, 0.75)]
    page.mouse.move(across[0], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(across[1], box["y"] + 60)
    page.mouse.move(across[2], box["y"] + 60)
    page.mouse.up()
    page.mouse.move(across[1], box["y"] + 60)
    assert abs(int(slider.input_value()) - 75) <= 1


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts_both_pictures_stand_side_by_side(open_figure, name):
    _, figure = open_figure(name, NAME, java_script_enabled=False)
    before, after = figure.locator("> img").all()
    boxes = [picture.bounding_box() for picture in (before, after)]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 1
    for picture, when in ((before, "before"), (after, "after")):
        assert picture.get_attribute("src").endswith(f"{PAGES[name]}-{when}.jpg")
        assert len(picture.get_attribute("alt")) > 20


@pytest.mark.parametrize("name", PAGES.values())
def test_before_and_after_cover_each_other(name):
    paths = [FIGURES / f"{name}-{when}.jpg" for when in ("before", "after")]
    before, after = (cv2.imread(str(path)) for path in paths)
    assert before.shape == after.shape
    assert all(path.stat().st_size < 60_000 for path in paths)
    assert abs(before.astype(float) - after).max() > 20  # levels
