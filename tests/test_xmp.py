"""Packets of XMP: whatever others said is kept, byte for byte, and nothing expands."""

from xml.etree import ElementTree

import pytest

from gantools import xmp

DC = "http://purl.org/dc/elements/1.1/"
MUSEUM = "http://museum.example/terms/"
SOURCE, INSTANCE = (xmp.IPTC, "DigitalSourceType"), (xmp.MM, "InstanceID")
FOREIGN = """<dc:creator><rdf:Seq><rdf:li>Anna Ötvös</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© A</rdf:li></rdf:Alt></dc:rights>
<!-- a comment --><museum:Box rdf:parseType="Resource"><museum:Row>3</museum:Row>
</museum:Box><museum:Note><![CDATA[<xmpMM:InstanceID>no</xmpMM:InstanceID>]]>\t
</museum:Note>"""
EVENTS = {
    "attributes": '<rdf:li stEvt:action="saved" stEvt:when="2001"/>',
    "resource": """<rdf:li rdf:parseType="Resource"><stEvt:action>saved</stEvt:action>
      <stEvt:when>2001</stEvt:when></rdf:li>""",
    "description": """<rdf:li><rdf:Description stEvt:action="saved">
      <stEvt:when>2001</stEvt:when></rdf:Description></rdf:li>""",
}
EVENT = {(xmp.EVENT, "action"): "edited", (xmp.OURS, "record"): '{"a": "<&\'"}'}
SAVED = {(xmp.EVENT, "action"): "saved", (xmp.EVENT, "when"): "2001"}


def packet(attributes="", inside="", events=None, about='rdf:about="uuid:7"'):
    """Write a packet as Adobe's programs do, with what is said in the one or other."""
    history = f"<xmpMM:History><rdf:Seq>{events}</rdf:Seq></xmpMM:History>"
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{xmp.RDF}">
<rdf:Description {about} xmlns:dc="{DC}" xmlns:museum='{MUSEUM}'
 xmlns:mm="{xmp.MM}" xmlns:xmpMM="{xmp.MM}" xmlns:stEvt="{xmp.EVENT}"
 xmlns:Iptc4xmpExt="{xmp.IPTC}" museum:Shelf="B&#xA;12 > mm:InstanceID='no'"
 {attributes}>{inside}{FOREIGN}{history if events else ""}</rdf:Description>
</rdf:RDF></x:xmpmeta>
{" " * 2000}
<?xpacket end="w"?>""".encode()


def count(packet, name):
    """Count how often a property is set, by a parser of its own."""
    tag = "{{{}}}{}".format(*name)
    found = 0
    for element in ElementTree.fromstring(packet.decode()).iter(
        f"{{{xmp.RDF}}}Description"
    ):
        found += (tag in element.attrib) + len(element.findall(tag))
    return found


@pytest.mark.parametrize("events", [None, *EVENTS.values()], ids=["none", *EVENTS])
@pytest.mark.parametrize(
    "attributes, inside",
    [
        ("", ""),
        ("mm:InstanceID = 'old'\n Iptc4xmpExt:DigitalSourceType=\"print\"", ""),
        ("", "<mm:InstanceID>old</mm:InstanceID>"),
        ("", '<mm:InstanceID rdf:resource="old"/>'),
    ],
    ids=["unset", "attribute", "element", "empty element"],
)
def test_a_property_is_replaced_and_all_else_kept_byte_for_byte(
    attributes, inside, events
):
    before = packet(attributes, inside, events)
    after = xmp.merge(before, {INSTANCE: "new", SOURCE: "kind"}, EVENT)
    said = xmp.read(after)
    assert said.properties[INSTANCE] == "new" and said.properties[SOURCE] == "kind"
    assert said.history == ([SAVED] if events else []) + [EVENT]
    assert count(after, INSTANCE) == count(after, SOURCE) == 1
    assert count(after, (xmp.MM, "History")) == 1
    assert FOREIGN.encode() in after
    assert b"museum:Shelf=\"B&#xA;12 > mm:InstanceID='no'\"" in after
    assert after.count(b'rdf:about="uuid:7"') == 2  # one subject, as the standard wants
    for piece in (attributes, inside, events or ""):
        before = before.replace(piece.encode(), b"")
        after = after.replace(piece.encode(), b"")
    if not events:  # then all that is new stands at the end
        head = before[: before.index(b"</rdf:RDF>")]
        assert b"".join(after.split()).startswith(b"".join(head.split()))


def test_a_property_that_is_set_to_nothing_goes():
    before = packet("mm:InstanceID='old'", events=EVENTS["resource"])
    after = xmp.merge(before, {INSTANCE: None}, EVENT)
    assert count(before, INSTANCE) == 1 and count(after, INSTANCE) == 0


def test_many_events_follow_each_other():
    after = xmp.EMPTY
    events = [{(xmp.EVENT, "action"): str(number)} for number in range(5)]
    for event in events:
        after = xmp.merge(after, {INSTANCE: event[xmp.EVENT, "action"]}, event)
    said = xmp.read(after)
    assert said.history == events and said.properties[INSTANCE] == "4"
    assert len(after) < 3000


def test_structures_are_written_as_such():
    wanted = {(xmp.REF, "documentID"): "a&b", (xmp.OURS, "sha256"): "ff"}
    after = xmp.merge(packet(), {(xmp.MM, "DerivedFrom"): wanted}, EVENT)
    root = ElementTree.fromstring(after.decode())
    (found,) = root.iter(f"{{{xmp.MM}}}DerivedFrom")
    texts = {tuple(child.tag[1:].split("}")): child.text for child in found}
    assert texts == wanted


LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>"""
STRANGE = {
    "entities": (LAUGHS + packet(), "a document type of its own"),
    "cut off": (packet()[:900], "unclosed token"),
    "not XML": (b"creator: Anna", "syntax error"),
    "other XML": (b"<svg/>", "without rdf:RDF"),
    "nothing": (b"", "no element found"),
    "UTF-16": (packet().decode().encode("utf-16"), "Expected XMP"),
    "Latin-1": (packet().decode().replace("\ufeff", "").encode("latin-1"), "XMP"),
    "deep": (
        packet(inside="<museum:a>" * 200 + "</museum:a>" * 200),
        "nested too deeply",
    ),
    "empty RDF": (f'<rdf:RDF xmlns:rdf="{xmp.RDF}"/>'.encode(), "or empty"),
    "a bag": (
        packet(inside="<xmpMM:History><rdf:Bag/></xmpMM:History>"),
        "a history that is one list",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_packets_are_refused_in_one_line(name):
    strange, message = STRANGE[name]
    with pytest.raises(xmp.XMPError, match=message) as caught:
        xmp.merge(strange, {INSTANCE: "new"}, EVENT)
    assert "\n" not in str(caught.value)


def test_long_packets_are_refused(monkeypatch):
    monkeypatch.setattr(xmp, "MAX_BYTES", 999)
    with pytest.raises(xmp.XMPError, match=r"at most 999 bytes of XMP\. Received: "):
        xmp.read(packet())


def test_zeros_at_the_end_are_no_part_of_a_packet():
    assert xmp.read(packet() + b"\0" * 9) == xmp.read(packet())
