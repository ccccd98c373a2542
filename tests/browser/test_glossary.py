"""Definitions where the words stand: by keyboard, mouse and touch."""

import json

import pytest

CHAPTER = "notebooks/02-adversarial-game.html"
WORD, TIP = "a.glossary-term", "#glossary-tip"


@pytest.fixture
def opened(browser, address):
    """Give a function that opens the chapter: (page, its definitions)."""
    contexts = []

    def open_chapter(**look) -> tuple:
        contexts.append(browser.new_context(**look))
        page = contexts[-1].new_page()
        page.goto(address + CHAPTER)
        page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
        return page, json.loads(page.inner_text("script#glossary"))

    yield open_chapter
    for context in contexts:
        context.close()


def test_keyboard_shows_closes_and_follows(opened):
    page, texts = opened()
    words = page.locator(WORD)
    names = words.evaluate_all("words => words.map(word => word.hash.slice(1))")
    assert len(names) == len(set(names)) == len(texts) > 5
    assert not page.is_visible(TIP)
    first = words.first
    first.focus()
    assert page.inner_text(TIP)[:20] == texts[names[0]][:20]
    assert first.get_attribute("aria-describedby") == TIP[1:]
    page.keyboard.press("Escape")
    assert not page.is_visible(TIP)
    page.keyboard.press("Tab")
    assert not first.evaluate("word => word === document.activeElement")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/book/glossary.html#{names[0]}")
    assert page.is_visible(f'[id="{names[0]}"]')


def test_the_pointer_may_rest_on_the_definition(opened):
    page, _ = opened()
    page.locator(WORD).first.hover()
    page.wait_for_selector(TIP)
    page.hover(TIP)
    page.wait_for_timeout(300)
    assert page.is_visible(TIP)
    page.mouse.move(0, 0)
    page.wait_for_selector(TIP, state="hidden")


def test_a_formula_in_a_definition_is_set(opened):
    page, texts = opened()
    name = next(name for name, text in texts.items() if r"\(" in text)
    page.locator(f'{WORD}[href$="#{name}"]').focus()
    page.wait_for_selector(f"{TIP} mjx-container")


def test_the_first_tap_shows_and_the_second_follows(opened):
    page, texts = opened(viewport={"width": 360, "height": 800}, has_touch=True)
    for number in range(min(5, len(texts))):
        word = page.locator(WORD).nth(number)
        word.scroll_into_view_if_needed()
        word.tap()
        box = page.locator(TIP).bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
    word.tap()
    page.wait_for_url("**/book/glossary.html#*")
