"""The book on paper: nothing missing, nothing cut, every page number true.

Three pages of the book are printed always; the whole is read where `make pdf` made it.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
WHOLE = ROOT / "_build/book.pdf"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"]] + [c["file"] for part in TOC["parts"] for c in part["chapters"]]
SHORT = ["book/how-to-use", "notebooks/03-restoration-problem", "book/bibliography"]
TITLE = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
FOLDED = {
    "hints": "details.hint",
    "solutions": "details.solution, details.quiz-answers",
}
A4 = (595, 842)  # points


def plain(text: str) -> str:
    """Write a text without its breaks, hyphens and ligatures."""
    text = text.replace("\N{SOFT HYPHEN}", "").replace("ﬁ", "fi").replace("ﬂ", "fl")
    return re.sub(r"\s+", "", text)


@dataclass
class Print:
    """A PDF and what was read in it, once for all tests."""

    path: Path
    names: list[str]
    texts: list[str] = field(default_factory=list)
    pictures: int = 0

    def __post_init__(self):
        self.reader = PdfReader(self.path)
        places = self.reader.named_destinations.items()
        number = self.reader.get_destination_page_number
        self.places = {name.lstrip("/"): number(place) for name, place in places}
        for page in self.reader.pages:
            self.texts.append(plain(page.extract_text()))
            self.pictures += count_pictures(page["/Resources"])


def count_pictures(resources) -> int:
    """Count the pictures that a page shows, also those inside of drawings."""
    total = 0
    for thing in (resources.get("/XObject") or {}).values():
        thing = thing.get_object()
        if thing["/Subtype"] == "/Image":
            total += 1
        elif "/Resources" in thing:
            total += count_pictures(thing["/Resources"])
    return total


def articles(pdf: Print, book: Path) -> dict[str, BeautifulSoup]:
    """Read the pages as they are in the browser."""
    pages = {name: (book / f"{name}.html").read_text("utf-8") for name in pdf.names}
    return {
        name: BeautifulSoup(text, "html.parser").select_one("article.bd-article")
        for name, text in pages.items()
    }


def titles(pdf: Print, book: Path) -> dict[str, str]:
    """Read the title of each page, by its place in the PDF."""
    found = {}
    for name, article in articles(pdf, book).items():
        article.h1.a.decompose()
        found[name.replace("/", "-")] = article.h1.get_text().strip()
    return found


def every_page_has_its_title_in_the_outline_and_above_its_text(pdf, book):
    wanted = titles(pdf, book)
    outline = [item.title for item in pdf.reader.outline if not isinstance(item, list)]
    assert outline == ["Contents", *wanted.values(), "Hints", "Solutions"]
    for place, title in wanted.items():
        # Once as the running head, once as the heading.
        assert pdf.texts[pdf.places[place]].count(plain(title)) >= 2


def the_numbers_in_the_contents_are_those_of_the_pages(pdf, book):
    wanted = titles(pdf, book) | {kind: kind.capitalize() for kind in FOLDED}
    first = min(pdf.places[place] for place in wanted)
    contents = "".join(pdf.texts[:first])
    for place, title in wanted.items():
        assert f"{plain(title)}{pdf.places[place] + 1}" in contents


def no_character_is_missing(pdf, book):
    # What a font lacks is drawn as its glyph 0, which is read as character 0.
    lost = re.compile("[\0\N{REPLACEMENT CHARACTER}]")
    assert [n for n, text in enumerate(pdf.texts, 1) if lost.search(text)] == []


def every_font_is_embedded_and_says_what_its_glyphs_mean(pdf, book):
    fonts = {}
    for page in pdf.reader.pages:
        fonts |= {f.idnum: f.get_object() for f in page["/Resources"]["/Font"].values()}
    for font in fonts.values():
        assert "/ToUnicode" in font, font
        if font["/Subtype"] == "/Type0":
            (font,) = font["/DescendantFonts"]
        described = font.get_object().get("/FontDescriptor", {}).get_object()
        held = {"/FontFile", "/FontFile2", "/FontFile3"} & set(described)
        assert held or "/CharProcs" in font, font


def every_figure_is_printed(pdf, book):
    wanted = 0
    for article in articles(pdf, book).values():
        sources = {image["src"] for image in article.select("img")}
        wanted += len([source for source in sources if not source.endswith(".svg")])
    assert pdf.pictures >= wanted > 0


def hints_and_solutions_are_in_their_appendices(pdf, book):
    body = "".join(pdf.texts[: pdf.places["hints"]])
    for kind, selector in FOLDED.items():
        pages = articles(pdf, book).values()
        folds = sum(len(article.select(selector)) for article in pages)
        there = [n + 1 for name, n in pdf.places.items() if f"--{kind}-" in name]
        assert len(there) == folds > 0 and min(there) > pdf.places[kind]
        assert [number for number in there if f":page{number}" not in body] == []


def every_page_is_a4_and_has_something_on_it(pdf, book):
    heads = ["", *map(plain, titles(pdf, book).values()), "Hints", "Solutions"]
    for number, page in enumerate(pdf.reader.pages, 1):
        size = (float(page.mediabox.width), float(page.mediabox.height))
        assert size == pytest.approx(A4, abs=1.5)
        bare = {f"{plain(TITLE)}{head}{number}" for head in heads}
        assert pdf.texts[number - 1] not in bare or count_pictures(page["/Resources"])


def links_inside_lead_somewhere(pdf, book):
    links = [
        link.get_object().get("/Dest")
        for page in pdf.reader.pages
        for link in page.get("/Annots", [])
    ]
    inner = {str(place).lstrip("/") for place in links if place is not None}
    assert len(inner) > len(pdf.names) and inner <= set(pdf.places)


def the_whole_is_small_enough_to_send(pdf, book):
    assert pdf.path.stat().st_size < 40e6
    assert pdf.reader.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged, for readers"


CHECKS = [
    every_page_has_its_title_in_the_outline_and_above_its_text,
    the_numbers_in_the_contents_are_those_of_the_pages,
    no_character_is_missing,
    every_font_is_embedded_and_says_what_its_glyphs_mean,
    every_figure_is_printed,
    hints_and_solutions_are_in_their_appendices,
    every_page_is_a4_and_has_something_on_it,
    links_inside_lead_somewhere,
    the_whole_is_small_enough_to_send,
]


def test_three_pages_are_printed_whole(book, browser, tmp_path):
    path = tmp_path / "short.pdf"
    command = [sys.executable, ROOT / ".ci/pdf.py", "-o", path, *SHORT]
    subprocess.run(command, check=True, cwd=ROOT)
    pdf = Print(path, SHORT)
    for check in CHECKS:
        check(pdf, book)


@pytest.mark.skipif(not WHOLE.exists(), reason="`make pdf` has not been run")
def test_the_book_is_printed_whole(book):
    pdf = Print(WHOLE, PAGES)
    for check in CHECKS:
        check(pdf, book)
