"""Every page of the built book, as a reader sees it: wide, on a phone, in the dark."""

import functools
import gzip
from pathlib import Path
from urllib.parse import urlparse

import pytest

BOOK = Path(__file__).parents[2] / "_build" / "html"
PAGES = sorted(
    path.relative_to(BOOK).as_posix()
    for path in BOOK.rglob("*.html")
    if "_static" not in path.parts and path != BOOK / "index.html"
)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 800}

# What the browser fetches by itself: pictures from two screens below on may wait.
SETTLE = """async () => {
  if (window.MathJax?.startup?.promise) await window.MathJax.startup.promise;
  await document.fonts.ready;
  window.fetched = [location.href]
    .concat(performance.getEntriesByType("resource").map(entry => entry.name))
    .concat([...document.images]
      .filter(i => i.getBoundingClientRect().top < innerHeight + 2500)
      .map(i => i.src));
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
}"""
BROKEN = "() => [...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
NO_ALT = """() => [...document.images]
  .filter(i => !i.getAttribute("alt")?.trim())
  .map(i => i.src)"""
TONED = """() => [...document.querySelectorAll("main img")]
  .filter(i => getComputedStyle(i).filter != "none").map(i => i.src)"""
TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("main *")]
    .filter(e => e.getBoundingClientRect().right > room + 1)
    .filter(e => !e.closest("pre, table, .bd-sidebar-secondary"))  // they scroll
    .map(e => e.tagName + "." + e.className).slice(0, 5).concat("the page");
}"""


# What axe looks at: everything once; in the dark, colours; on a phone, what scrolls.
RULES = {
    ("light", DESKTOP["width"]): [],
    ("dark", DESKTOP["width"]): ["color-contrast", "link-in-text-block"],
    ("light", PHONE["width"]): ["scrollable-region-focusable"],
    ("dark", PHONE["width"]): ["scrollable-region-focusable"],
}


# Most elements are words of code and glyphs of formulas, and axe takes its time over
# each. One word of each kind is enough, and glyphs have the colour of the text. What is
# folded counts, too, once it no longer fades in.
THIN = """() => {
  const still = document.createElement("style");
  still.textContent = "* { animation: none !important; transition: none !important }";
  document.head.append(still);
  document.querySelectorAll("details").forEach(fold => { fold.open = true; });
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span, .sig *")) {
    const kind = word.tagName + word.className;
    if (seen.has(kind)) word.replaceWith(...word.childNodes);
    seen.add(kind);
  }
  document.querySelectorAll("mjx-container").forEach(e => e.replaceChildren("x"));
}"""


def barriers(axe, page, rules: list[str]) -> list[str]:
    """List what axe holds to shut readers out of a page."""
    options = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    return [
        f"{found['id']}: {node['target']} {node['html'][:200]}"
        for found in axe.run(page, options=options).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


@functools.cache
def weigh(path: Path) -> tuple[int, int]:
    """Give a file's bytes as they are, and as a server that compresses sends them."""
    data = path.read_bytes()
    return len(data), min(len(data), len(gzip.compress(data)))


def open_page(browser, url: str, **look) -> tuple:
    """Open a page and collect what went wrong while it loaded."""
    origin = url.partition("://")[0] + "://" + url.partition("://")[2].split("/")[0]
    context = browser.new_context(**look)
    context.set_default_timeout(120_000)  # milliseconds: a busy machine is no fault
    page, faults = context.new_page(), []

    def asked(request):
        if not request.url.startswith((origin, "data:", "blob:")):
            faults.append(f"asks another host: {request.url}")

    def console(message):
        # Jupyter Book's forwarding page names no icon, and stays for a moment only:
        # whether the browser asks for the usual one is a matter of luck.
        icon = message.location["url"].endswith("/favicon.ico")
        if message.type == "error" and not icon:
            faults.append(f"console error: {message.text}")

    def answered(response):
        if response.status >= 400:
            faults.append(f"{response.status}: {response.url}")

    page.on("request", asked)
    page.on("response", answered)
    page.on("requestfailed", lambda r: faults.append(f"failed: {r.url} ({r.failure})"))
    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.goto(url, wait_until="load")
    page.evaluate(SETTLE)
    return page, faults


def test_the_address_alone_leads_to_the_first_page(browser, address):
    page, faults = open_page(browser, address + "book/intro.html")
    with page.context:
        title = page.title()
        page.goto(address)
        page.wait_for_url("**/book/intro.html")
        assert (page.title(), faults) == (title, [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole_and_fits(browser, address, book, axe, name, viewport, scheme):
    look = {"viewport": viewport, "color_scheme": scheme}
    page, faults = open_page(browser, address + name, **look)
    with page.context:
        assert faults == []
        assert page.evaluate(BROKEN) == []
        assert page.evaluate(NO_ALT) == []
        assert page.evaluate(TONED) == [], "the theme changes a picture's tones"
        assert page.evaluate(TOO_WIDE) == []
        page.wait_for_function(f"document.documentElement.dataset.theme == '{scheme}'")
        paths = {urlparse(url).path for url in page.evaluate("fetched")}
        weights = [weigh(book / path.lstrip("/")) for path in paths - {""}]
        raw, compressed = map(sum, zip(*weights, strict=True))
        assert raw < 3e6  # bytes
        assert compressed < 1e6
        if viewport is DESKTOP:
            page.evaluate(THIN)
        assert barriers(axe, page, RULES[scheme, viewport["width"]]) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_opens_as_a_file(browser, book, name):
    page, faults = open_page(browser, (book / name).as_uri())
    with page.context:
        assert faults == []
