"""XMP packets: read what one says, and add to it without touching the rest.

A packet is RDF in XML, in UTF-8 (ISO 16684-1). It comes from strangers, so it is read
with bounds: no document type, hence no entities to expand, and no more than MAX_BYTES.
It is not written anew. What changes is cut out and put in by byte offsets, so whatever
other programs said stays as it is, byte for byte.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

MAX_BYTES = 2**24
MAX_DEPTH = 100  # of elements inside one another; four or five are usual

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
NOTE = "http://ns.adobe.com/xmp/note/"
MM = XMP + "mm/"
EVENT = XMP + "sType/ResourceEvent#"
REF = XMP + "sType/ResourceRef#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
OURS = "urn:x-gantools:provenance:1#"

_PREFIXES = {
    RDF: "rdf",
    MM: "xmpMM",
    EVENT: "stEvt",
    REF: "stRef",
    IPTC: "Iptc4xmpExt",
    OURS: "gantools",
}
_BREAK = "\x1f"  # between namespace and name; XML cannot hold it
_START = re.compile(rb"""<(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
_PADDING = re.compile(rb"\s+(?=<\?xpacket end=)")

EMPTY = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()

Name = tuple[str, str]  # namespace, local name
Value = str | Mapping[Name, str]  # text, or a structure of texts


class XMPError(ValueError):
    """Say in one line why a packet cannot be read."""


@dataclass(frozen=True)
class Said:
    """What a packet says, as far as it is asked for.

    Attributes:
        properties: the texts of simple properties; "" for lists and structures.
        history: the events of xmpMM:History, the oldest first, each with the texts of
            its fields.
    """

    properties: dict[Name, str]
    history: list[dict[Name, str]]


def read(packet: bytes) -> Said:
    """Read a packet.

    Raises:
        XMPError: it is too long, not UTF-8, not XML or no XMP, or has a document type.
    """
    try:
        root = ElementTree.fromstring(_checked(packet).decode("utf-8"))
    except (ElementTree.ParseError, UnicodeDecodeError) as problem:
        raise XMPError(f"Expected XMP. Received: {problem}") from problem
    rdf = next(root.iter(f"{{{RDF}}}RDF"), None)
    if rdf is None:
        raise XMPError("Expected XMP. Received: XML without rdf:RDF")
    properties: dict[Name, str] = {}
    for description in rdf.findall(f"{{{RDF}}}Description"):
        properties |= _fields(description)
    path = "/".join(
        f"{{{uri}}}{name}"
        for uri, name in ((RDF, "Description"), (MM, "History"), (RDF, "Seq"))
    )
    history = [_fields(item) for item in rdf.findall(f"{path}/{{{RDF}}}li")]
    return Said(properties, history)


def _checked(packet: bytes) -> bytes:
    packet = packet.rstrip(b"\0")  # a way to fill a segment up
    if len(packet) > MAX_BYTES:
        raise XMPError(
            f"Expected at most {MAX_BYTES:,} bytes of XMP. Received: {len(packet):,}"
        )
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise XMPError("Expected XMP. Received: XML with a document type of its own")
    return packet


def _fields(element: ElementTree.Element) -> dict[Name, str]:
    """Give the fields of a structure, in whichever way of RDF they are written."""
    inner = element.find(f"{{{RDF}}}Description")
    if inner is not None:
        element = inner
    pairs = [*element.items(), *((child.tag, child.text) for child in element)]
    named = [(tag[1:].partition("}"), text) for tag, text in pairs if tag[0] == "{"]
    fields = {(uri, name): (text or "").strip() for (uri, _, name), text in named}
    return {name: text for name, text in fields.items() if name[0] != RDF}


def merge(
    packet: bytes, properties: Mapping[Name, Value | None], event: Mapping[Name, str]
) -> bytes:
    """Set some properties of a packet and add an event to its history.

    Args:
        packet: the packet; EMPTY to begin one.
        properties: what to set; None takes a property away.
        event: the fields of the event.

    Returns:
        A packet that says this, and else what it said before, byte for byte.

    Raises:
        XMPError: the packet cannot be read, or its history is no list.
    """
    packet = _PADDING.sub(b"\n", _checked(packet))
    places = _Places(packet)
    if places.history is None and (MM, "History") in places.spans:
        raise XMPError("Expected a history that is one list. Received: another")
    item = _scoped('<rdf:li rdf:parseType="Resource">', _written(event), "</rdf:li>")
    new = _written({name: value for name, value in properties.items() if value})
    if places.history is None:
        new += f"<xmpMM:History><rdf:Seq>{item}</rdf:Seq></xmpMM:History>"
    head = f"<rdf:Description rdf:about={quoteattr(places.about)}>"
    block = _scoped(head, new, "</rdf:Description>")
    edits = [(*span, b"") for name in properties for span in places.spans.get(name, ())]
    edits.append((places.end, places.end, block.encode()))
    if places.history is not None:
        edits.append((places.history, places.history, item.encode()))
    for start, stop, text in sorted(edits, reverse=True):
        packet = packet[:start] + text + packet[stop:]
    return packet


def _scoped(head: str, inner: str, tail: str) -> str:
    """Write an element that declares the prefixes it uses."""
    names = {
        uri: name for uri, name in _PREFIXES.items() if f"<{name}:" in head + inner
    }
    scope = "".join(f' xmlns:{name}="{uri}"' for uri, name in names.items())
    tag, rest = head.split(" ", 1)
    return f"{tag}{scope} {rest}\n{inner}\n{tail}\n"


def _written(fields: Mapping[Name, Value]) -> str:
    """Write fields of a structure as elements."""
    parts = []
    for (uri, name), value in fields.items():
        tag = f"{_PREFIXES[uri]}:{name}"
        if isinstance(value, str):
            parts.append(f"<{tag}>{escape(value)}</{tag}>")
        else:
            inner = _written(value)
            parts.append(f'<{tag} rdf:parseType="Resource">{inner}</{tag}>')
    return "\n".join(parts)


class _Places:
    """Where in a packet what stands, as offsets of bytes.

    Attributes:
        about: what the packet is about, in words of its first rdf:Description.
        end: of what rdf:RDF holds.
        history: the end of what the list in xmpMM:History holds, or None.
        spans: from where to where each property of the picture stands; written as
            attributes they have a span, too.
    """

    def __init__(self, packet: bytes):
        self.about, self.end, self.history = "", None, None
        self.spans: dict[Name, list[tuple[int, int]]] = {}
        self._packet = packet
        self._open: list[tuple[Name, int]] = []
        self._described = False
        self._parser = expat.ParserCreate("UTF-8", _BREAK)
        self._parser.namespace_prefixes = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._stop
        try:
            self._parser.Parse(packet, True)
        except expat.ExpatError as problem:
            raise XMPError(f"Expected XMP. Received: {problem}") from problem
        if self.end is None:
            raise XMPError("Expected XMP. Received: XML without rdf:RDF, or empty")

    def _path(self) -> list[Name]:
        names = [name for name, _ in self._open]
        return names[names.index((RDF, "RDF")) :] if (RDF, "RDF") in names else []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise XMPError("Expected XMP. Received: XML nested too deeply")
        start = self._parser.CurrentByteIndex
        self._open.append((_name(tag), start))
        if self._path() != [(RDF, "RDF"), (RDF, "Description")]:
            return
        if not self._described:
            named = {_name(key): value for key, value in attributes.items()}
            self.about = named.get((RDF, "about"), "")
            self._described = True
        keys = {_raw(key): _name(key) for key in attributes}
        for found in _ATTRIBUTE.finditer(self._packet, start, self._tag_end(start)):
            name = keys.get(found[1].decode())
            self.spans.setdefault(name, []).append(found.span())

    def _tag_end(self, start: int) -> int:
        return _START.match(self._packet, start).end()

    def _stop(self, _: str) -> None:
        path, (name, start) = self._path(), self._open[-1]
        index = self._parser.CurrentByteIndex
        whole = self._tag_end(start)
        single = self._packet[whole - 2 : whole] == b"/>"
        if path[:2] == [(RDF, "RDF"), (RDF, "Description")] and len(path) == 3:
            end = whole if single else self._tag_end(index)
            self.spans.setdefault(name, []).append((start, end))
        if path[2:] == [(MM, "History"), (RDF, "Seq")] and not single:
            self.history = index
        if path == [(RDF, "RDF")] and not single:
            self.end = index
        self._open.pop()


def _name(tag: str) -> Name:
    uri, *rest = tag.split(_BREAK)
    return (uri, rest[0]) if rest else ("", uri)


def _raw(tag: str) -> str:
    """Give a name as it is written: prefix and local name."""
    parts = tag.split(_BREAK)
    return f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]
