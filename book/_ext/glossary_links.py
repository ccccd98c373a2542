"""Link the first use of each glossary term on a page, and bring its definition along.

    The discriminator is trained by ...      becomes a link to the glossary

The reader who points at the link, or comes to it by keyboard, sees the definition
(`_static/glossary.js`); the rest follow it.  Running text only: no headings, code,
formulas or links.  In the glossary itself a term in *italics* becomes a link.
A term that has another meaning, too, is linked only where the text says
`` {term}`mode` ``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

GLOSSARY = "book/glossary"
AMBIGUOUS = {
    "atomic",
    "distortion",
    "graph",
    "manifest",
    "mode",
    "momentum",
    "negative",
    "saturation",
    "tone",
    "total variation",
}
CLOSED = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.raw,
    nodes.math,
    nodes.label,
    addnodes.pending_xref,
)


def spellings(term: str) -> list[str]:
    """Give the ways in which a text may say a term.

    >>> spellings("encoder and decoder")
    ['encoder', 'decoder']
    """
    return re.split(r", | and ", term)


def pattern(term: str) -> str:
    """Make a pattern for a term: plural, too; small letters may be a sentence's first.

    >>> bool(re.fullmatch(pattern("logit"), "Logits"))
    True
    >>> bool(re.fullmatch(pattern("KID"), "kid"))
    False
    """
    first, rest = term[0], re.escape(term[1:]).replace(r"\ ", r"\s+")
    if term[:2].islower():
        first = f"[{first.lower()}{first.upper()}]"
    ending = "(?:y|ies)" if term.endswith("y") else "(?:s|es)?"
    return first + (rest[:-1] if term.endswith("y") else rest) + ending


def terms(app: Sphinx) -> dict[str, str]:
    """Give the anchor of each spelling of each term, longest first."""
    found = {}
    for (kind, name), (page, anchor) in app.env.domaindata["std"]["objects"].items():
        if kind == "term" and page == GLOSSARY:
            found |= dict.fromkeys([name, *spellings(name)], anchor)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def plain(definition: nodes.Element) -> str:
    r"""Give a definition as text: formulas in `\(...\)`, without its citations."""
    if isinstance(definition, nodes.math):
        return rf"\({definition.astext()}\)"
    if isinstance(definition, nodes.Text):
        return str(definition)
    if "bibtex" in definition.get("classes", []) or isinstance(definition, CLOSED[-1]):
        return ""
    return "".join(plain(child) for child in definition.children)


def definitions(app: Sphinx) -> dict[str, str]:
    """Give the text of each definition by the anchor of its term."""
    found = {}
    for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        text = plain(item.next_node(nodes.definition)).strip()
        for term in item.findall(nodes.term):
            found |= dict.fromkeys(term["ids"], text)
    return found


def link(app: Sphinx, page: str, anchor: str, text: str) -> nodes.reference:
    """Make a link to a term of the glossary."""
    address = app.builder.get_relative_uri(page, GLOSSARY) + "#" + anchor
    made = nodes.reference("", "", internal=True, refuri=address)
    made["classes"].append("glossary-term")
    made += nodes.inline("", text)
    return made


def running_text(doctree: nodes.document) -> Iterator[nodes.Text]:
    """Find the texts of paragraphs outside tables that are no code, formula or link."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if isinstance(paragraph.parent, nodes.entry):  # of a table
            continue
        for text in list(paragraph.findall(nodes.Text)):
            parent = text.parent
            while parent is not paragraph and not isinstance(parent, CLOSED):
                parent = parent.parent
            if parent is paragraph:
                yield text


def split(
    app: Sphinx, page: str, text: str, anchors: dict[str, str], met: set[str]
) -> list[nodes.Node]:
    """Cut a text at the terms that the page has not met yet, and link those."""
    names = "|".join(f"({pattern(name)})" for name in anchors)
    parts: list[nodes.Node] = []
    done = 0
    for found in re.finditer(rf"(?<![\w-])(?:{names})(?![\w-])", text):
        anchor = list(anchors.values())[found.lastindex - 1]
        if anchor not in met:
            met.add(anchor)
            parts.append(nodes.Text(text[done : found.start()]))
            parts.append(link(app, page, anchor, found[0]))
            done = found.end()
    return [*parts, nodes.Text(text[done:])] if parts else []


def mark_roles(doctree: nodes.document) -> set[str]:
    """Let the text's own links show definitions, too, and give their anchors."""
    said = set()
    for word in doctree.findall(nodes.inline):
        if "std-term" in word["classes"] and isinstance(word.parent, nodes.reference):
            word.parent["classes"].append("glossary-term")
            said.add(word.parent["refuri"].partition("#")[2])
    return said


def link_page(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Link the terms of a chapter, or the italics of the glossary."""
    if app.builder.format != "html":
        return
    anchors = terms(app)
    if page == GLOSSARY:
        for word in list(doctree.findall(nodes.emphasis)):
            name = next(
                (n for n in anchors if re.fullmatch(pattern(n), word.astext())), None
            )
            if name is not None:
                word.replace_self(link(app, page, anchors[name], word.astext()))
    elif page.startswith("notebooks/"):
        met = mark_roles(doctree)
        linked = {n: anchor for n, anchor in anchors.items() if n not in AMBIGUOUS}
        for text in running_text(doctree):
            parts = split(app, page, str(text), linked, met)
            if parts:
                text.parent.replace(text, parts)


def add_definitions(app: Sphinx, page: str, template: str, context: dict, doctree):
    """Write into a page the definitions that it links, and load what shows them."""
    links = [] if doctree is None else doctree.findall(nodes.reference)
    used = {
        node["refuri"].partition("#")[2]
        for node in links
        if "glossary-term" in node["classes"]
    }
    if used:
        texts = definitions(app)
        data = json.dumps({anchor: texts[anchor] for anchor in sorted(used)})
        context["body"] += (
            '<script type="application/json" id="glossary-definitions">'
            + data.replace("<", "\\u003c")
            + "</script>"
        )
        app.add_js_file("glossary.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Hook in after references have been resolved."""
    app.connect("doctree-resolved", link_page, priority=800)
    app.connect("html-page-context", add_definitions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
