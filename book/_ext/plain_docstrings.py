"""Let docstrings hold formulas as plain text.

A docstring is read in an editor far more often than in the book, so it says
`|grad D(x)|^2` and `*.npz` as they are. Sphinx would take the bars and stars for
markup; here they are escaped before it looks, outside literals and examples.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx


def escape(line: str) -> str:
    r"""Escape bars, stars and trailing underscores outside `literals`.

    >>> print(escape("L = |x - y| * w_  with `a|b`"))
    L = \|x - y\| \* w\_  with `a|b`
    """
    parts = re.split(r"(`+[^`]*`+)", line)
    parts[::2] = [
        re.sub(r"([|*]|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2]
    ]
    return "".join(parts)


def escape_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Escape every line that is not part of an example."""
    example = False
    for number, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            lines[number] = escape(line)


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook in before napoleon, which works at priority 500."""
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
