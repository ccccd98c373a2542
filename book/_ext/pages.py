"""Make the theme's pages light to load, and readable without eyes or a mouse.

Every page passes through `finish` on its way to the disk:

- Icons are drawn in the page.  The theme loads 1.5 MB of script to draw a dozen.
- The search index is loaded by the search page only.
- Pictures have their size, so that the text does not jump, and all but the first of
  a page wait until the reader comes near.  Large ones, photographs within figures,
  are written as WebP; the notebooks keep the PNG that the code drew.  Sheets of many
  photographs can be opened at full size.
- The index stands in the table of contents.
- A list of references tells its items as such.  docutils names them by a role that
  browsers no longer know, in a list that may hold only items.
"""

from __future__ import annotations

import functools
import io
import re
from pathlib import Path

import imagesize
import pydata_sphinx_theme
from docutils import nodes
from PIL import Image
from sphinx import addnodes
from sphinx.application import Sphinx

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
HEAVY = 100_000  # bytes
SHEET = 1_000_000  # pixels
SCRIPTS = re.compile(
    r'\s*<script[^>]*src="[^"]*'
    r"(?:fontawesome|searchtools|language_data|searchindex)\.js[^>]*></script>"
)
ICON = re.compile(r'<i class="([^"]*?\bfa(?:s|b|-solid|-brands)\s+fa-([a-z-]+)[^"]*)"')
PICTURE = re.compile(
    r'<img (?![^>]*loading=)([^>]*?src="([^"]*_images/)([^"]+)"[^>]*)>'
)


@functools.cache
def drawing(name: str) -> str:
    """Give the inside of one of the theme's icons.

    Raises:
        LookupError: The theme has no icon of this name.
    """
    script = (THEME / "scripts" / "fontawesome.js").read_text(encoding="utf-8")
    found = re.search(
        rf'[{{,]"?{re.escape(name)}"?:\[(\d+),(\d+),\[[^\]]*\],"\w*","([^"]+)"\]',
        script,
    )
    if found is None:
        raise LookupError(f"Expected an icon of the theme. Received: {name!r}")
    width, height, path = found.groups()
    return (
        f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"/></svg>'
    )


def draw_icons(html: str) -> str:
    """Put each icon's drawing where the page names the icon."""
    pattern = re.compile(ICON.pattern + r"([^>]*)></i>")

    def draw(found: re.Match) -> str:
        classes, name, rest = found.groups()
        return f'<svg class="svg-inline--fa {classes}"{rest} {drawing(name)}'

    return pattern.sub(draw, html)


def lighten(source: Path, path: Path) -> str:
    """Write a picture as WebP where that halves its many bytes; give the name to use.

    Quality 95 of 100, transparency exact.
    """
    size, light = source.stat().st_size, path.with_suffix(".webp")
    if source.suffix != ".png":
        return path.name
    light.unlink(missing_ok=True)  # of an earlier build
    if size < HEAVY:
        return path.name
    made = io.BytesIO()
    with Image.open(source) as image:
        image.save(made, "webp", quality=95)
    if len(made.getvalue()) > size / 2:
        return path.name
    light.parent.mkdir(exist_ok=True)
    light.write_bytes(made.getvalue())
    return light.name


def size_pictures(html: str, sources: dict[str, Path], folder: Path) -> str:
    """Make pictures light, give them their size, and let all but the first wait."""
    seen: list[str] = []

    def mark(found: re.Match) -> str:
        attributes, place, name = found.groups()
        seen.append(name)
        width, height = imagesize.get(sources[name])
        light = lighten(sources[name], folder / name)
        attributes = attributes.replace(name, light)
        if width > 0 and "width:" not in attributes and "height:" not in attributes:
            attributes = f'width="{width}" height="{height}" ' + attributes
        wait = ' loading="lazy" decoding="async"' if len(seen) > 1 else ""
        picture = f"<img {attributes.rstrip(' /')}{wait}/>"
        if width * height < SHEET:
            return picture
        note = "<span>Open at full size</span>"
        return f'<a class="full-size" href="{place}{light}">{picture}{note}</a>'

    return PICTURE.sub(mark, html)


def finish(html: str, name: str, sources: dict[str, Path], folder: Path) -> str:
    """Make one page as it goes to the disk out of what the theme wrote."""
    if name != "search":
        html = SCRIPTS.sub("", html)
    html = draw_icons(html)
    html = html.replace('role="doc-biblioentry"', 'role="listitem"')
    return size_pictures(html, sources, folder)


def hook_in(app: Sphinx) -> None:
    """Let every page that the builder renders pass through `finish`."""
    if app.builder.format != "html":
        return
    render = app.builder.templates.render
    folder = Path(app.outdir, "_images")

    def render_and_finish(template: str, context: dict) -> str:
        sources = {
            name: Path(app.srcdir, source)
            for source, name in app.builder.images.items()
        }
        page = context.get("pagename", "")
        return finish(render(template, context), page, sources, folder)

    app.builder.templates.render = render_and_finish


def drop_heavy(app: Sphinx, error: Exception | None) -> None:
    """Leave out of the book the pictures in whose place lighter ones stand."""
    for light in Path(app.outdir, "_images").glob("*.webp"):
        light.with_suffix(".png").unlink(missing_ok=True)


def add_index(app: Sphinx, doctree: nodes.document) -> None:
    """Put the index, which is no file, at the end of the table of contents."""
    if app.env.docname == app.config.root_doc:
        *_, last = doctree.findall(addnodes.toctree)
        last["entries"].append((None, "genindex"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook in, and load what makes scrolled parts reachable by keyboard."""
    app.connect("builder-inited", hook_in)
    app.connect("doctree-read", add_index, priority=110)  # after the table is made
    app.connect("build-finished", drop_heavy)
    app.add_js_file("reading.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
