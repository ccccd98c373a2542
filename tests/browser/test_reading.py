"""Looking things up: definitions where the words stand, index, search; and paper."""

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
        return page, json.loads(page.inner_text("script#glossary-definitions"))

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
    page, _ = opened(viewport={"width": 360, "height": 800}, has_touch=True)
    for number in range(5):
        word = page.locator(WORD).nth(number)
        word.scroll_into_view_if_needed()
        word.tap()
        box = page.locator(TIP).bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
        if number < 4:
            page.keyboard.press("Escape")
    word.tap()
    page.wait_for_url("**/book/glossary.html#*")


def test_search_finds_a_chapter(browser, address):
    page = browser.new_page()
    page.goto(address + "book/intro.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("checkerboard")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results a[href*='09-generator-maths']")
    page.close()


def test_the_contents_lead_to_the_index(browser, address):
    page = browser.new_page()
    page.goto(address + "book/intro.html")
    page.click("nav a:text-is('Index')")
    page.wait_for_url("**/genindex.html")
    for name, where in (
        ("mode collapse", "book/glossary.html#term-mode-collapse"),
        ("apply_tone()", "book/api.html#gantools.restoration.apply_tone"),
    ):
        entry = page.inner_text(f"table.indextable a[href='{where}']")
        assert entry.startswith(name)
    page.close()


@pytest.mark.parametrize("name", [CHAPTER, "notebooks/04-data.html", "book/api.html"])
def test_paper_gets_the_whole_text_and_no_navigation(browser, address, name):
    page = browser.new_page(viewport={"width": 718, "height": 1000})  # A4, in margins
    page.goto(address + name)
    page.evaluate("async () => { await window.MathJax?.startup?.promise; }")
    page.emulate_media(media="print")
    cut = """() => [...document.querySelectorAll(
        ".bd-article :is(pre, table, mjx-container, img)")]
      .filter(part => part.getBoundingClientRect().right > innerWidth + 1)
      .map(part => part.outerHTML.slice(0, 200))"""
    assert page.evaluate(cut) == []
    hidden = ".bd-docs-nav, .bd-header-article, .prev-next-footer, .copybtn"
    assert page.locator(hidden).count() >= 3
    assert not any(part.is_visible() for part in page.locator(hidden).all())
    assert page.is_visible("h1")
    page.close()


def test_a_sheet_opens_at_its_own_size_by_keyboard(browser, address):
    with browser.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        page.set_default_timeout(120_000)  # milliseconds, of a busy machine
        page.goto(address + "notebooks/13-style-transfer.html")
        sheets = page.locator("a.full-size")
        assert sheets.count() == 3
        picture = sheets.first.get_by_role("img")
        picture.scroll_into_view_if_needed()
        shown, own = picture.evaluate(
            "i => [i.clientWidth, Number(i.attributes.width.value)]"
        )
        sheets.first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/_images/*")
        assert page.evaluate("document.images[0].naturalWidth") == own > 2 * shown
