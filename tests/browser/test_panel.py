"""The panel as a voter has it: a file, a keyboard or a thumb, light or dark."""

import numpy as np
import pytest

from gantools import panel

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FOLDERS = ("plain <i>", "gän & co")
COUNT = 4
WAIT = 350  # milliseconds; faster answers are taken for a double click

SHOWN = "() => [...document.images].filter(i => i.offsetParent).map(i => i.alt)"
# how bright the left picture is, from 0 to 255: which of the two it is
LEFT = """() => {
  const left = [...document.querySelectorAll(".pair img")].find(i => i.offsetParent);
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.drawImage(left, 0, 0);
  return canvas.getImageData(5, 5, 1, 1).data[0];
}"""
HEIGHTS = """() => [...document.querySelectorAll(".pair img")]
  .filter(i => i.offsetParent).map(i => i.getBoundingClientRect().height)"""


@pytest.fixture
def opened(browser, tmp_path):
    """Give a function that opens a panel of four pairs, dark pictures first."""
    dark, light = np.full((300, 400, 3), 0.2), np.full((600, 450, 3), 0.8)
    pairs = [panel.pair(f"{i}.png", dark, light, dark / 2 + 0.4) for i in range(COUNT)]
    path = tmp_path / "panel.html"
    path.write_text(panel.page(pairs, FOLDERS, "Which <b>?"), encoding="utf-8")
    contexts, faults = [], []

    def open_panel(**look):
        contexts.append(browser.new_context(**look))
        page = contexts[-1].new_page()
        page.on("request", lambda r: faults.append(r.url))
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_timeout(WAIT)
        return page

    yield open_panel
    for context in contexts:
        context.close()
    asked = [fault for fault in faults if not fault.startswith("data:image/jpeg")]
    assert asked == [path.as_uri()] * len(contexts)


def ballot(page):
    (made,) = panel.read(page.input_value("#ballot"))
    return made


def test_a_voter_with_a_keyboard_alone_gets_what_was_chosen(opened):
    page = opened(viewport=DESKTOP)
    sides = []
    for number, key in enumerate(("1", "2", "ArrowLeft", "ArrowRight")):
        assert page.inner_text("#progress") == f"{number + 1} of {COUNT}"
        assert page.evaluate(SHOWN) == ["the original", "left picture", "right picture"]
        assert "gän" not in page.inner_text("body")
        dark_is_right = page.evaluate(LEFT) > 128
        sides.append(FOLDERS[dark_is_right == (number % 2 == 0)])
        page.keyboard.press("Control+1")  # is the browser's
        page.keyboard.press(key)
        page.keyboard.press(key)  # too fast for another answer
        page.wait_for_timeout(WAIT)
    assert page.inner_text("#progress") == "Done. Thank you!"
    assert list(ballot(page).answers.values()) == sides
    rows = page.locator("#results tr").all_inner_texts()
    counts = [[name, f"{sides.count(name)} of {COUNT}"] for name in FOLDERS]
    assert [row.split("\t")[:2] for row in rows] == counts


def test_buttons_can_be_reached_by_tab_and_show_it(opened):
    page = opened(viewport=DESKTOP)
    for number in range(COUNT):
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        at = page.evaluate("() => document.activeElement.innerText.trim()")
        outline = "() => getComputedStyle(document.activeElement).outlineStyle"
        assert (number, at, page.evaluate(outline)) == (number, "2", "solid")
        page.keyboard.press("Enter")
        page.wait_for_timeout(WAIT)
    assert len(ballot(page).answers) == COUNT
    page.keyboard.press("Tab")  # the ballot
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.inner_text("#copied") in ("Copied.", "Marked: copy it now.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_fits_a_phone(opened, scheme):
    page = opened(viewport=PHONE, color_scheme=scheme, has_touch=True)
    too_wide = "() => document.documentElement.scrollWidth > innerWidth"
    for side in (0, 1, 1, 0):
        assert not page.evaluate(too_wide)
        left, right = page.evaluate(HEIGHTS)
        assert abs(left - right) < 1.5  # pixels
        page.locator(f"button[value='{side}']:visible").tap()
        page.wait_for_timeout(WAIT)
    assert not page.evaluate(too_wide)
    assert len(ballot(page).answers) == COUNT
