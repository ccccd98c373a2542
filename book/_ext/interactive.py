"""Let a page hold a figure that a reader works with, without a kernel.

    :::{interactive} gan-2d ../book/figures/gan-2d.png
    :alt: What the still picture shows.

    What to try, and what to see.
    :::

The directive is `figure` with a script before the picture's address:
`_static/interactive/gan-2d.js`, loaded by this page only, after `base.js`, which puts
a stage in the place of the picture.  Where scripts are off, in print, and in a
notebook that runs elsewhere, the picture stays.  `:data: {"k": 8}` reaches the script
as an object.  Pictures that stand in a paragraph of their own after the caption join
the first one, in the page and for the script.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.patches import Figure

SCRIPTS = Path(__file__).parents[1] / "_static" / "interactive"


class Interactive(Figure):
    """A figure whose picture a script replaces."""

    required_arguments = 2
    option_spec: ClassVar = {**Figure.option_spec, "data": json.loads}

    def run(self) -> list[nodes.Node]:
        """Make the figure, and mark it for its script."""
        name = self.arguments.pop(0)
        if not (SCRIPTS / f"{name}.js").exists():
            raise self.error(f"Expected a script in {SCRIPTS}. Received: {name!r}")
        data = json.dumps(self.options.pop("data", {})).replace("<", "\\u003c")
        found = super().run()
        figure = found[0]
        figure["classes"] += ["interactive", f"interactive-{name}"]
        figure["interactive"] = name
        _join_pictures(figure)
        script = f'<script type="application/json">{data}</script>'
        figure.insert(0, nodes.raw("", script, format="html"))
        return found


def _join_pictures(figure: nodes.figure) -> None:
    """Move the pictures of the text that stand by themselves beside the first one."""
    place = figure.first_child_matching_class(nodes.image) + 1
    for paragraph in list(figure.findall(nodes.paragraph)):
        pictures = [part for part in paragraph if isinstance(part, nodes.image)]
        rest = [part for part in paragraph if part not in pictures]
        if not pictures or "".join(part.astext() for part in rest).strip():
            continue
        paragraph.parent.remove(paragraph)
        figure[place:place] = pictures
        place += len(pictures)
    for legend in list(figure.findall(nodes.legend)):
        if not legend.children:
            figure.remove(legend)


def add_scripts(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Load on a page the scripts of its own figures and no others."""
    figures = [] if doctree is None else doctree.findall(nodes.figure)
    names = dict.fromkeys(f["interactive"] for f in figures if "interactive" in f)
    for name in ["base", *names] if names else []:
        app.add_js_file(f"interactive/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and what all interactive figures share."""
    app.add_directive("interactive", Interactive)
    app.connect("html-page-context", add_scripts)
    app.add_css_file("interactive/interactive.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
