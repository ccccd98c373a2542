"""Every button that opens a chapter on another machine leads to what is in the tree."""

import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "_build" / "html"
PAGES = sorted(
    path.relative_to(BOOK).as_posix()
    for folder in ("book", "notebooks")
    for path in (BOOK / folder).glob("*.html")
)
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SLUG = CONFIG["repository"]["url"].removeprefix("https://github.com/")
BRANCH = CONFIG["repository"]["branch"]


def colab(parts) -> str:
    """Resolve github/OWNER/NAME/blob/BRANCH/PATH."""
    start = f"/github/{SLUG}/blob/{BRANCH}/"
    assert parts.path.startswith(start) and not parts.query
    return parts.path.removeprefix(start)


def binder(parts) -> str:
    """Resolve v2/gh/OWNER/NAME/BRANCH?urlpath=lab/tree/PATH."""
    assert parts.path == f"/v2/gh/{SLUG}/{BRANCH}"
    (place,) = parse_qs(parts.query, strict_parsing=True)["urlpath"]
    assert place.startswith("lab/tree/")
    return place.removeprefix("lab/tree/")


RESOLVE = {"colab.research.google.com": colab, "mybinder.org": binder}


def launches(page: Path) -> list:
    """List the addresses of the launch buttons of a page."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    links = soup.select(".dropdown-launch-buttons a[href]")
    return [urlsplit(link["href"]) for link in links]


@pytest.mark.parametrize("name", PAGES)
def test_the_launch_buttons_open_this_page(book, name):
    source = name.replace(".html", ".ipynb")
    wanted = dict.fromkeys(RESOLVE, source) if name.startswith("notebooks/") else {}
    found = {
        parts.netloc: RESOLVE[parts.netloc](parts) for parts in launches(book / name)
    }
    assert found == wanted
    assert all((ROOT / path).is_file() for path in found.values())


def test_what_the_buttons_open_is_in_the_repository(book):
    git = ["git", "ls-files", "notebooks", ".binder", "constraints.txt"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    files = set(listed.stdout.splitlines())
    pages = [name for name in PAGES if name.startswith("notebooks/")]
    assert pages and {name.replace(".html", ".ipynb") for name in pages} <= files
    assert {".binder/requirements.txt", ".binder/postBuild", "constraints.txt"} <= files
