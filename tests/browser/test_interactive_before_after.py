"""Before and after, by keyboard, by mouse and by finger, and where scripts are off."""

from pathlib import Path

import cv2
import pytest

FIGURES = Path(__file__).parents[2] / "book/figures"
PAGES = {  # of each page its figures, of each figure its pictures
    "book/intro.html": ["portrait-before portrait-after"],
    "notebooks/00-quickstart.html": [
        "plane-before plane-after",
        "truth-before truth-careful truth-after truth-truth",
    ],
    "notebooks/01-background.html": [
        "tone-before tone-levels tone-grey-world tone-equalised",
        "gaps-before gaps-telea gaps-fluid gaps-harmonic gaps-truth",
        "rigging-before rigging-tuned-1 rigging-tuned-2 rigging-network",
    ],
    "notebooks/04-data.html": ["pair-before pair-after pair-truth"],
    "notebooks/08-evaluation.html": ["judged-before judged-after judged-truth"],
    "notebooks/12-restoration-gan.html": [
        "boats-before boats-after boats-careful",
        "hole-before hole-network hole-telea hole-truth",
    ],
    "notebooks/13-style-transfer.html": [
        "strength-photograph strength-100 style-klimt-primavesi style-turner-whalers "
        "style-watercolour style-colour-film-1940s",
        "slide-before slide-after slide-painted",
    ],
    "notebooks/14-cultural-heritage.html": ["landscape-before landscape-after"],
    "notebooks/15-artistic-creation.html": [
        "cup-before cup-after cup-truth",
        "boats-before boats-after boats-coloured",
    ],
    "notebooks/16-faces.html": [
        "hidden-before hidden-telea hidden-network hidden-truth"
    ],
}
STACKS = sorted({stack for stacks in PAGES.values() for stack in stacks})
NAME = "before-after"


def decode(frame):
    """Wait until both pictures are there."""
    frame.locator("img").evaluate_all("xs => Promise.all(xs.map((x) => x.decode()))")


def test_arrow_keys_move_the_line(open_figure):
    page, figure = open_figure("book/intro.html", NAME)
    frame, slider = figure.locator(".before-after-frame"), figure.get_by_role("slider")
    slider.focus()
    decode(frame)
    seen, said = [], []
    for key in ("Home", "ArrowRight", "PageUp", "End"):
        page.keyboard.press(key)
        seen.append(frame.screenshot())
        said.append(figure.get_by_role("status").inner_text())
    assert len(set(seen)) == len(set(said)) == 4
    assert said[::3] == ["All of it after.", "All of it before."]
    assert said[1] == "Left 1 % before, right 99 % after."


def test_of_more_than_two_pictures_the_keyboard_chooses_both_sides(open_figure):
    page, figure = open_figure("notebooks/08-evaluation.html", NAME)
    frame, slider = figure.locator(".before-after-frame"), figure.get_by_role("slider")
    left = figure.get_by_label("On the left")
    right = figure.get_by_label("On the right")
    right.wait_for()
    names = right.locator("option").all_inner_texts()
    decode(frame)
    seen = []
    for side, (key, at) in ((right, ("Home", 2)), (left, ("End", 1))):
        slider.focus()
        page.keyboard.press(key)  # all of it is this side's
        seen.append(frame.screenshot())
        side.focus()
        page.keyboard.press("ArrowDown")
        assert side.input_value() == str(at)
        decode(frame)
        seen.append(frame.screenshot())
        assert figure.get_by_role("status").inner_text() == f"All of it {names[at]}."
    assert seen[0] != seen[1] and seen[2] != seen[3]
    after, before = frame.locator("img").all()
    for picture, which in ((before, "after"), (after, "truth")):
        still = figure.locator(f'> img[src$="judged-{which}.jpg"]')
        assert picture.get_attribute("alt") == still.get_attribute("alt")
        assert picture.get_attribute("src").endswith(f"judged-{which}.jpg")
    assert names[1] in slider.get_attribute("aria-label")


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
def test_without_scripts_the_pictures_stand_two_in_a_row(open_figure, name):
    page, _ = open_figure(name, NAME, java_script_enabled=False)
    figures = page.locator(f"figure.interactive-{NAME}").all()
    for figure, stack in zip(figures, PAGES[name], strict=True):
        pictures = figure.locator("> img").all()
        for picture, wanted in zip(pictures, stack.split(), strict=True):
            assert picture.get_attribute("src").endswith(f"/{wanted}.jpg")
            assert len(picture.get_attribute("alt")) > 20
        before, after = (picture.bounding_box() for picture in pictures[:2])
        assert before["x"] + before["width"] <= after["x"]
        assert abs(before["y"] - after["y"]) < 1


@pytest.mark.parametrize("name", PAGES)
def test_every_figure_comes_to_life_and_fits_a_phone(open_figure, name):
    page, _ = open_figure(name, NAME, viewport={"width": 360, "height": 740})
    figures = page.locator(f"figure.interactive-{NAME}").all()
    for figure, stack in zip(figures, PAGES[name], strict=True):
        figure.scroll_into_view_if_needed()
        figure.get_by_role("slider").wait_for(state="attached")
        count = len(stack.split())
        options = [count, count] if count > 2 else []
        choices = figure.get_by_role("combobox").all()
        assert [len(c.locator("option").all()) for c in choices] == options
        stage = "x => x.scrollWidth <= x.clientWidth + 1"
        assert figure.evaluate(stage)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("stack", STACKS)
def test_the_pictures_of_a_figure_cover_each_other(stack):
    paths = [FIGURES / f"{name}.jpg" for name in stack.split()]
    assert all(path.stat().st_size < 60_000 for path in paths)
    first, *rest = (cv2.imread(str(path)) for path in paths)
    for other in rest:
        assert other.shape == first.shape
        assert abs(first.astype(float) - other).max() > 20  # levels
