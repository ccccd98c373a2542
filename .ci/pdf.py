"""Print the built book as one PDF: title, contents, pages, hints, solutions.

    python .ci/pdf.py [-o FILE] [PAGE ...]

Chromium prints the pages of `_build/html`, put together in the order of `_toc.yml`.
It prints twice: the first time tells on which page every heading lies, and the numbers
then go into the contents.  Fonts come with matplotlib and MathJax, so the result is
the same on machines that have others.
"""

from __future__ import annotations

import argparse
import html
import io
import os
import posixpath
import shutil
import sys
import tempfile
import zlib
from pathlib import Path

import matplotlib
import yaml
from bs4 import BeautifulSoup, Tag
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader

import gantools

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "_build/html"
LOOKS = Path(__file__).with_name("pdf.css")
FONTS = Path(matplotlib.get_data_path()) / "fonts/ttf"
FACES = {
    ("Text", "normal", "normal"): "STIXGeneral",
    ("Text", "normal", "italic"): "STIXGeneralItalic",
    ("Text", "bold", "normal"): "STIXGeneralBol",
    ("Text", "bold", "italic"): "STIXGeneralBolIta",
    ("Code", "normal", "normal"): "DejaVuSansMono",
    ("Code", "bold", "normal"): "DejaVuSansMono-Bold",
    ("Code", "normal", "italic"): "DejaVuSansMono-Oblique",
    ("Head", "normal", "normal"): "DejaVuSans",
    ("Head", "bold", "normal"): "DejaVuSans-Bold",
}
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "msedge",
)
# What is folded on the pages, and would spoil an exercise beside it: two appendices.
APPENDICES = {
    "hints": ("Hints", "details.hint"),
    "solutions": ("Solutions", "details.solution, details.quiz-answers"),
}
TEXT_WIDTH = 643  # the 170 mm between the margins of an A4 page, in CSS pixels

# What only works on a screen, the cell that installs the package, and its fold.
SCREEN_ONLY = "script, style, template, button, input, a.headerlink, .toctree-wrapper"
SCREEN_ONLY += ", .tag_nbval-skip, details > summary[aria-label]"
# Spans that look like what is around them; each would be an object of the PDF.
PLAIN = "span.pre, .highlight :is(.n, .p, .w), .sig span:not(.sig-name), .sig em"

READY = """async () => {
  await window.MathJax.startup.promise;
  for (const formula of window.MathJax.startup.document.math) {
    // Read aloud as TeX; the layout of its glyphs would fill the PDF.
    formula.typesetRoot.querySelector("mjx-assistive-mml")?.remove();
    formula.typesetRoot.setAttribute("role", "img");
    formula.typesetRoot.setAttribute("aria-label", formula.math);
  }
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode()));
}"""
# Shrink what is wider than the text, and name what still is.
FIT = """width => {
  const wide = "table, mjx-container[display='true'] > mjx-math, pre";
  for (const element of document.querySelectorAll(wide)) {
    const room = element.parentElement.getBoundingClientRect();
    const need = Math.max(element.scrollWidth, element.getBoundingClientRect().width);
    if (need > room.width + 1)
      element.style.zoom = Math.max(0.5, room.width / (need + 1));
  }
  return [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > width + 2)
    .map(e => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 60)}`);
}"""
NUMBER = """pages => {
  for (const span of document.querySelectorAll("[data-page]"))
    span.textContent = pages[span.dataset.page];
}"""


def parts() -> list[tuple[str, list[str]]]:
    """Read the table of contents: the name of each part, and its pages."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    first = ("", [toc["root"]])
    return [first] + [
        (part["caption"], [chapter["file"] for chapter in part["chapters"]])
        for part in toc["parts"]
    ]


def key(page: str, anchor: str = "") -> str:
    """Name a place in the PDF after its page and its anchor there."""
    return page.replace("/", "-") + ("--" + anchor if anchor else "")


def picture(path: Path, folder: Path) -> Path:
    """Store a picture as a PDF keeps it small: a photograph as JPEG, a drawing as is.

    Chromium keeps JPEG as it comes, and packs every other picture without loss.
    """
    if path.suffix not in (".png", ".webp"):
        return path
    image = Image.open(path).convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(ground, image).convert("RGB")
    jpeg, png = io.BytesIO(), folder / f"{path.stem}.png"
    flat.save(jpeg, "JPEG", quality=90, subsampling=0)
    if jpeg.tell() < len(zlib.compress(flat.tobytes(), 3)) / 2:
        made = png.with_suffix(".jpg")
        made.write_bytes(jpeg.getvalue())
        return made
    flat.save(png)
    return png


class Chapter:
    """A page of the book on its way to paper."""

    def __init__(self, name: str, pages: list[str]) -> None:
        source = (BOOK / f"{name}.html").read_text(encoding="utf-8")
        self.name, self.pages = name, pages
        self.soup = BeautifulSoup(source, "html.parser")
        self.body: Tag = self.soup.select_one("article.bd-article")
        self.body.name, self.body.attrs = "article", {"class": ["chapter"]}
        self.body["id"] = key(name)
        for element in self.body.select(SCREEN_ONLY):
            element.decompose()
        for element in self.body.select(PLAIN):
            element.unwrap()
        self.title = self.body.h1.get_text().strip()

    def name_places(self) -> None:
        """Give every anchor a name that no other page has, and turn links to them."""
        for element in self.body.select("[id]"):
            element["id"] = key(self.name, element["id"])
        for link in self.body.select("a[href]"):
            where = self.target(link["href"])
            if where:
                link["href"] = where
            else:
                link.unwrap()

    def target(self, address: str) -> str | None:
        """Say where a link leads in the PDF; None if the PDF does not hold it."""
        if "://" in address or address.startswith("mailto:"):
            return address
        path, _, anchor = address.partition("#")
        here = posixpath.dirname(self.name)
        page = posixpath.normpath(posixpath.join(here, path)) if path else self.name
        page = page.removesuffix(".html")
        return "#" + key(page, anchor) if page in self.pages else None

    def take_out(self, kind: str) -> list[Tag]:
        """Take folded parts of one kind out, and leave the page where they went."""
        found = []
        for number, fold in enumerate(self.body.select(APPENDICES[kind][1]), 1):
            place = key(self.name, f"{kind}-{number}")
            label = fold.summary.extract().get_text().strip()
            found.append(self.box(fold, place, label))
            fold.replace_with(refer(f"{label}: page", place))
        return found

    def box(self, fold: Tag, place: str, label: str) -> Tag:
        """Make the part of an appendix that belongs to one exercise or question."""
        heading = fold.find_previous(["h1", "h2", "h3", "h4"])
        section, item = heading.find_parent(id=True), fold.find_parent("li")
        more = f" ({label.lower()})" if label.startswith("Hint") else ""
        if item:
            more = f", question {len(item.find_previous_siblings('li')) + 1}"
        inside = heading.decode_contents() + more
        box = self.soup.new_tag("section", id=place, attrs={"class": "solution"})
        title = f'<p class="summary"><a href="#{section["id"]}">{inside}</a></p>'
        box.append(BeautifulSoup(title, "html.parser"))
        box.extend(list(fold.contents))
        return box

    def open_folds(self) -> None:
        """Show what is still folded."""
        for fold in self.body.select("details"):
            fold.name, summary = "div", fold.summary
            if summary:
                summary.name, summary["class"] = "p", ["summary"]

    def hold_together(self) -> None:
        """Keep short code on one page."""
        for code in self.body.select(".highlight"):
            if len(code.get_text().strip().splitlines()) <= 14:
                code["class"].append("short")

    def place_pictures(self, folder: Path) -> None:
        """Point to the pictures from the folder of the printed page."""
        here = BOOK / posixpath.dirname(self.name)
        for image in self.body.select("img"):
            path = picture((here / image["src"]).resolve(), folder)
            image["src"] = path.as_uri()
            image.attrs.pop("loading", None)


def refer(text: str, place: str) -> Tag:
    """Make a line that names the page of another place."""
    line = f'<p class="refer"><a href="#{place}">{text} {number(place)}</a></p>'
    return BeautifulSoup(line, "html.parser").p


def number(place: str) -> str:
    """Keep room for the number of a page, which the first printing tells."""
    return f'<span data-page="{place}">000</span>'


def entry(level: str, place: str, title: str) -> str:
    """Write one line of the contents."""
    text = f"<span>{html.escape(title)}</span>{number(place)}"
    return f'<a class="{level}" href="#{place}">{text}</a>'


def list_contents(chapters: dict[str, Chapter], more: list[str]) -> str:
    """Write the table of contents: parts, chapters and their sections."""
    lines = []
    for caption, names in parts():
        here = [chapters[name] for name in names if name in chapters]
        if here and caption:
            lines.append(f'<p class="part">{html.escape(caption)}</p>')
        for chapter in here:
            lines.append(entry("of-chapter", key(chapter.name), chapter.title))
            for heading in chapter.body.select("h2"):
                place = heading.find_parent(id=True)["id"]
                lines.append(entry("of-section", place, heading.get_text().strip()))
    if more:
        lines.append('<p class="part">Appendix</p>')
        lines += [entry("of-chapter", kind, APPENDICES[kind][0]) for kind in more]
    return '<nav><h1 id="contents">Contents</h1>' + "".join(lines) + "</nav>"


def appendix(kind: str, found: dict[str, list[Tag]], chapters: dict) -> str:
    """Write what was folded, chapter by chapter."""
    text = [f'<article class="chapter" id="{kind}"><h1>{APPENDICES[kind][0]}</h1>']
    for name in (name for name in found if found[name]):
        place = key(name, kind)
        text.append(f'<h2 id="{place}">{html.escape(chapters[name].title)}</h2>')
        text += map(str, found[name])
    return "".join(text) + "</article>"


def looks(chapters: dict[str, Chapter], title: str) -> str:
    """Write the style: fonts, the book's own, and what stands above each page."""
    rules = [
        f"@font-face {{font-family: {family}; font-weight: {weight}; font-style: "
        f"{style}; src: url({(FONTS / name).with_suffix('.ttf').as_uri()})}}"
        for (family, weight, style), name in FACES.items()
    ]
    heads = {key(chapter.name): chapter.title for chapter in chapters.values()}
    rules.append(f"@page {{@top-left {{content: {quote(title)}}}}}")
    heads |= {kind: title for kind, (title, _) in APPENDICES.items()}
    for place, head in heads.items():
        rules.append(f"@page p-{place} {{@top-right {{content: {quote(head)}}}}}")
        rules.append(f"#{place} {{page: p-{place}}}")
    pygments = (BOOK / "_static/pygments.css").read_text(encoding="utf-8")
    return "\n".join([pygments, LOOKS.read_text(encoding="utf-8"), *rules])


def quote(text: str) -> str:
    """Write a text as a string of CSS."""
    return '"' + text.replace("\\", "\\5c ").replace('"', "\\22 ") + '"'


def title_page(config: dict) -> str:
    """Write the first page."""
    logo = (BOOK / "_static/logo.svg").as_uri()
    address = config["repository"]["url"]
    licence = html.escape(config["copyright"])
    return (
        f'<header><img alt="" src="{logo}"><p class="title">{config["title"]}</p>'
        f"<p>{config['author']}</p><p>Version {gantools.__version__}</p>"
        f'<p><a href="{address}">{address}</a></p><p>© {licence}</p>'
        "<p>Printed from the book's pages. Hints and solutions are at the end; "
        "figures that move on the pages stand still here.</p></header>"
    )


def assemble(names: list[str], folder: Path) -> str:
    """Put the pages together as one."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    chapters = {name: Chapter(name, names) for name in names}
    folded: dict[str, dict[str, list[Tag]]] = {kind: {} for kind in APPENDICES}
    for name, chapter in chapters.items():
        chapter.name_places()
        for kind, found in folded.items():
            found[name] = chapter.take_out(kind)
        chapter.open_folds()
        chapter.hold_together()
        chapter.place_pictures(folder)
    more = [kind for kind, found in folded.items() if any(found.values())]
    script = (BOOK / "_static" / config["sphinx"]["config"]["mathjax_path"]).as_uri()
    style = looks(chapters, config["title"])
    settings = '{"options": {"enableMenu": false, "processHtmlClass": "math"}}'
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        f"<title>{config['title']}</title><style>{style}</style>"
        f"<script>window.MathJax = {settings}</script>"
        f'<script src="{script}"></script></head><body class="tex2jax_ignore">'
        + title_page(config)
        + list_contents(chapters, more)
        + "".join(str(chapter.body) for chapter in chapters.values())
        + "".join(appendix(kind, folded[kind], chapters) for kind in more)
        + "</body></html>"
    )


def page_numbers(pdf: bytes) -> dict[str, int]:
    """Find on which page of a PDF each named place lies, counted from 1."""
    reader = PdfReader(io.BytesIO(pdf))
    return {
        name.lstrip("/"): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def print_page(page: Page, source: Path) -> bytes:
    """Print a page that has been put together.

    Raises:
        ValueError: If something does not fit on the paper.
    """
    page.set_default_timeout(600_000)
    page.emulate_media(media="print")
    page.goto(source.as_uri())
    page.evaluate(READY)
    wide = page.evaluate(FIT, TEXT_WIDTH)
    if wide:
        lines = "\n  ".join(wide[:10])
        raise ValueError(f"Expected all within {TEXT_WIDTH} px. Received:\n  {lines}")
    options = {"prefer_css_page_size": True, "outline": True, "tagged": True}
    page.evaluate(NUMBER, page_numbers(page.pdf(**options)))
    return page.pdf(**options)


def chromium() -> str:
    """Find a browser that prints.

    Raises:
        FileNotFoundError: If there is none.
    """
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, BROWSERS)), None
    )
    if path is None:
        raise FileNotFoundError("Expected Chromium, or its path in CHROMIUM.")
    return path


def main() -> None:
    """Print the pages named on the command line, or all."""
    every = [name for _, names in parts() for name in names]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", nargs="*", help="as in _toc.yml; all if none is named")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "_build/book.pdf")
    args = parser.parse_args()
    names = [name for name in every if name in args.page or not args.page]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        source = Path(folder) / "book.html"
        source.write_text(assemble(names, Path(folder)), encoding="utf-8")
        browser = play.chromium.launch(executable_path=chromium())
        view = {"width": TEXT_WIDTH, "height": 900}
        args.output.write_bytes(print_page(browser.new_page(viewport=view), source))
        browser.close()
    print("Open", args.output.resolve())


if __name__ == "__main__":
    try:
        main()
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
