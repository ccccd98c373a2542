"""A server for the built book and a headless Chromium to read it with.

Playwright and the system's own Chromium: one wheel, no browser to download, and the
same few lines later click, type and scroll when a page becomes interactive.
"""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "_build" / "html"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "msedge",
)


def missing(what: str) -> None:
    """Skip where a person may lack something; fail where CI promised it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def book() -> Path:
    """Give the folder of the built book."""
    if not (BOOK / "index.html").exists():
        missing(f"no book in {BOOK}: run `make book` first")
    return BOOK


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line for each on stderr."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(book: Path) -> Iterator[str]:
    """Serve the book on a free port of this machine and give its address."""
    handler = functools.partial(QuietHandler, directory=str(book))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def axe():
    """Give axe, which looks for what shuts readers out."""
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.fixture(scope="session")
def launch():
    """Give a function that starts the system's Chromium without a window."""
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if path is None:
        missing("no Chromium: install it, or name it in the environment as CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        yield functools.partial(play.chromium.launch, executable_path=path)


@pytest.fixture(scope="session")
def browser(launch):
    """Start a Chromium for all tests."""
    browser = launch()
    yield browser
    browser.close()


def figures(browser, address):
    """Give a function that opens a page: (page, its first figure of that name)."""
    contexts, faults = [], []

    def opened(page_name: str, figure_name: str, **look) -> tuple:
        contexts.append(browser.new_context(**look))
        page = contexts[-1].new_page()
        page.set_default_timeout(120_000)  # milliseconds, of a busy machine
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(address + page_name)
        figure = page.locator(f"figure.interactive-{figure_name}").first
        figure.scroll_into_view_if_needed()
        return page, figure

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


open_figure = pytest.fixture(figures, name="open_figure")
keep_figure = pytest.fixture(figures, name="keep_figure", scope="module")
