"""Give what is folded on a page its title in print.

Hints are HTML in the Markdown of a notebook, `<details>` with a `<summary>`, because
that folds in Jupyter, on Colab and in the book alike.  Paper has no HTML and does not
fold, so there the summary becomes a title in bold.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

SUMMARY = re.compile(r"<summary>(.+?)</summary>")


class Entitle(SphinxPostTransform):
    """Write the summary of each folded part where there is no HTML."""

    default_priority = 400

    def run(self, **options: object) -> None:
        """Replace the raw HTML that opens a folded part."""
        if self.app.builder.format == "html":
            return
        for raw in list(self.document.findall(nodes.raw)):
            summary = SUMMARY.search(raw.astext())
            if summary:
                title = nodes.strong("", f"{summary[1]}.")
                raw.replace_self(nodes.paragraph("", "", title))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(Entitle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
