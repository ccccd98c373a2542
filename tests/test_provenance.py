"""The record of what was done to a photograph."""

import base64
import datetime
import hashlib
import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import gantools
from gantools import photos, provenance, xmp
from gantools.provenance import ENHANCED, INVENTED, identify


@pytest.fixture
def files(tmp_path):
    before, after = tmp_path / "old.jpg", tmp_path / "new.jpg"
    before.write_bytes(b"before" * 1000)
    after.write_bytes(b"after")
    return before, after


def test_record_identifies_files_program_and_weights(files):
    weights = {"file": "w.npz", "sha256": "ab" * 32, "bytes": 9, "licence": "any"}
    record = provenance.describe(
        *map(identify, files),
        action="restore",
        settings={"mode": "full"},
        numbers={"changed": np.float32(0.25), "tone": np.eye(2)},
        weights=weights,
        backend="tensorflow",
    )
    for key, file in zip(("before", "after"), files, strict=True):
        data = file.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        expected = {"name": file.name, "bytes": len(data), "sha256": digest}
        assert record[key] == expected
    assert record["gantools"] == gantools.__version__
    assert record["weights"] == {"file": "w.npz", "sha256": "ab" * 32}
    assert record["settings"] == {"mode": "full"}
    assert record["numbers"] == {"changed": 0.25, "tone": [[1, 0], [0, 1]]}
    assert (record["action"], record["backend"]) == ("restore", "tensorflow")
    made = datetime.datetime.fromisoformat(record["made"])
    age = datetime.datetime.now(datetime.UTC) - made
    assert abs(age) < datetime.timedelta(minutes=1)


def test_record_says_nothing_about_where_the_files_lie(files, tmp_path):
    record = provenance.describe(*map(identify, files), action="restore")
    assert str(tmp_path) not in json.dumps(record)


def test_written_record_is_read_back_equal(files, tmp_path):
    record = provenance.describe(
        *map(identify, files), action="restore", settings={"who": "祖母"}
    )
    path = provenance.write(record, tmp_path / "new.jpg.json")
    assert json.loads(path.read_text("utf-8")) == record
    assert "祖母" in path.read_text("utf-8")


def test_writing_never_overwrites_unless_told(files, tmp_path):
    record = provenance.describe(*map(identify, files), action="restore")
    path = provenance.write(record, tmp_path / "a.json")
    with pytest.raises(FileExistsError, match="Expected a new name"):
        provenance.write({}, path)
    assert json.loads(path.read_text("utf-8")) == record
    provenance.write({}, path, overwrite=True)
    assert json.loads(path.read_text("utf-8")) == {}


def test_record_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = provenance.write({"a": 1}, tmp_path / "a.json")
    with pytest.raises(TypeError, match=r"for JSON\. Received: object"):
        provenance.write({"a": object()}, path, overwrite=True)
    assert json.loads(path.read_text("utf-8")) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_that_are_not_finite_are_refused(files):
    with pytest.raises(ValueError, match="not JSON compliant"):
        provenance.describe(
            *map(identify, files), action="restore", numbers={"psnr": float("nan")}
        )


@pytest.mark.parametrize(
    "numbers, wanted",
    [
        ({"changed": 1.0, "invented": 0.01}, INVENTED),
        ({"changed": 1.0, "invented": 0.0}, ENHANCED),
        ({"kinds": ["fading"]}, ENHANCED),
        ({"changed": 0.0, "invented": 0.2}, None),
        ({"changed": 0.5}, INVENTED),  # a network, and nobody counted
    ],
)
def test_source_type_says_whether_pixels_were_invented(files, numbers, wanted):
    weights = None if "kinds" in numbers else {"file": "w.npz", "sha256": "ab" * 32}
    record = provenance.describe(
        *map(identify, files), action="restore", numbers=numbers, weights=weights
    )
    assert record["digital_source_type"] == wanted


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "none.jpg")


# In the file itself

WEIGHTS = {"file": "restoration.npz", "sha256": "ab" * 32}
SOURCE = (xmp.IPTC, "DigitalSourceType")
SCAN = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{xmp.RDF}">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="{xmp.XMP}" xmlns:xmpMM="{xmp.MM}" xmlns:Iptc4xmpExt="{xmp.IPTC}"
 xmlns:museum="http://museum.example/" xmp:CreatorTool="Scanner 3"
 xmpMM:DocumentID="xmp.did:1" xmpMM:InstanceID="xmp.iid:2" museum:Shelf="B 12"
 Iptc4xmpExt:DigitalSourceType="{ENHANCED.replace("algorithmicallyEnhanced", "print")}">
<dc:creator><rdf:Seq><rdf:li>Anna Ötvös</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© A</rdf:li></rdf:Alt></dc:rights>
<xmp:Thumbnails><rdf:Alt/></xmp:Thumbnails></rdf:Description></rdf:RDF></x:xmpmeta>"""
SCAN = SCAN.encode()
STRANGE = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'ha'>]><x>&a;</x>"
KINDS = [("png", 8), ("png", 16), ("tif", 8), ("tif", 16), ("jpg", 8), ("webp", 8)]


def made(tmp_path, suffix="png", bits=8, packet=SCAN, invented=0.25, name="new"):
    """Write an original and a result of it; return both paths and the record."""
    values = np.random.default_rng(3).integers(0, 2**bits, (20, 30, 3))
    photo = photos.Photo(values.astype(f"uint{bits}"), bit_depth=bits, xmp=packet)
    old, new = tmp_path / f"old.{suffix}", tmp_path / f"{name}.{suffix}"
    photos.save(photo, old, overwrite=True)
    record = provenance.describe(
        identify(old),
        {},
        action="restore",
        settings={"mode": "full", "mask": identify(old)},
        numbers={"changed": 1.0, "invented": invented, "seconds": 3.25},
        weights=WEIGHTS,
        backend="tensorflow",
        mask=identify(old),
    )
    photo = photos.load(old, levels=True)
    stamped = replace(photo, xmp=provenance.stamp(photo.xmp, record))
    record["after"] = identify(photos.save(stamped, new, overwrite=True))
    return old, new, record


@pytest.mark.parametrize("suffix, bits", KINDS)
def test_file_tells_what_was_done_and_all_that_it_told_before(tmp_path, suffix, bits):
    old, new, record = made(tmp_path, suffix, bits)
    account = provenance.inspect(new)
    (step,) = account.steps
    assert account.source_type == INVENTED
    assert step["before"]["sha256"] == hashlib.sha256(old.read_bytes()).hexdigest()
    assert step["weights"] == WEIGHTS and step["backend"] == "tensorflow"
    assert step["mask"]["sha256"] == record["before"]["sha256"]
    with Image.open(new) as image:  # readers that are not ours
        image.load()
        packet = image.info["xmp"].decode()
    told: dict[str, list] = {}
    for element in ElementTree.fromstring(packet).iter():
        for tag, text in (*element.items(), (element.tag, element.text)):
            told.setdefault(tag.rpartition("}")[2], []).append(text)
    assert {"Anna Ötvös", "© A"} < set(told["li"])
    assert (told["CreatorTool"], told["Shelf"]) == (["Scanner 3"], ["B 12"])
    assert told["DigitalSourceType"] == [INVENTED]
    assert told["sha256"] == [step["before"]["sha256"]]
    assert told["documentID"] == told["OriginalDocumentID"] == ["xmp.did:1"]
    assert "xmp.iid:2" in told["instanceID"]
    assert told["AISystemUsed"] == ["gantools restoration"]
    assert told["AISystemVersionUsed"][0].endswith("ab" * 32)
    assert told["softwareAgent"] == [f"gantools {gantools.__version__}"]
    assert "Thumbnails" not in told
    assert np.array_equal(photos.load(old).pixels, photos.load(new).pixels) or (
        suffix in ("jpg", "webp")
    )


def test_file_says_nothing_about_names_and_times_so_its_bytes_are_the_same(tmp_path):
    _, first, record = made(tmp_path)
    _, second, _ = made(tmp_path, name="another")
    assert first.read_bytes() == second.read_bytes()
    packet = photos.read_xmp(first).decode()
    for word in ("old.", "new.", str(tmp_path), record["made"], "3.25", "seconds"):
        assert word not in packet
    assert record["settings"]["mask"]["name"] == "old.png"


def test_steps_follow_each_other(tmp_path):
    _, new, record = made(tmp_path)
    again = {**record, "action": "stylize", "before": identify(new)}
    packet = provenance.stamp(photos.read_xmp(new), again)
    assert [
        json.loads(event[xmp.OURS, "record"])["action"]
        for event in xmp.read(packet).history
    ] == ["restore", "stylize"]
    ids = [event[xmp.EVENT, "instanceID"] for event in xmp.read(packet).history]
    assert len(set(ids)) == 2 and xmp.read(packet).properties[
        xmp.MM, "OriginalDocumentID"
    ] == ("xmp.did:1")


@pytest.mark.parametrize(
    "before, invented, wanted",
    [
        ("print", 0.5, "compositeWithTrainedAlgorithmicMedia"),
        ("print", 0, "algorithmicallyEnhanced"),
        ("compositeWithTrainedAlgorithmicMedia", 0, None),
        ("trainedAlgorithmicMedia", 0.5, None),
        ("trainedAlgorithmicMedia", 0, None),
    ],
)
def test_source_type_never_says_less_than_before(tmp_path, before, invented, wanted):
    packet = SCAN.replace(b"/print", b"/" + before.encode())
    _, new, _ = made(tmp_path, packet=packet, invented=invented)
    account = provenance.inspect(new)
    assert account.source_type.rpartition("/")[2] == (wanted or before)
    used = xmp.read(photos.read_xmp(new)).properties.get((xmp.IPTC, "AISystemUsed"))
    assert bool(used) == (wanted == "compositeWithTrainedAlgorithmicMedia")


@pytest.mark.parametrize("packet", [STRANGE, b"\xff\xfe", b"<x/>"])
def test_packet_that_cannot_be_read_is_kept_whole_and_expands_nothing(tmp_path, packet):
    _, new, _ = made(tmp_path, "tif", packet=packet)
    (event,) = xmp.read(photos.read_xmp(new)).history
    assert base64.b64decode(event[xmp.OURS, "UnreadableXMP"]) == packet
    assert provenance.inspect(new).source_type == INVENTED


# Read again


def test_record_beside_a_file_shows_whether_it_has_changed(tmp_path):
    _, new, record = made(tmp_path)
    account = provenance.inspect(new)
    assert account.same is None and account.sound and not account.stray
    assert "has changed since" in provenance.explain(account)
    provenance.write(record, provenance.beside(new))
    account = provenance.inspect(new)
    assert account.same and account.sound and account.steps == [record]
    said = provenance.explain(account)
    assert "of this very file" in said and record["made"] in said
    assert "25.00% of its pixels invented by a network" in said
    assert "mask of what was painted over: old.png" in said
    photo = photos.load(new)
    photos.save(replace(photo, pixels=1 - photo.pixels), new, overwrite=True)
    account = provenance.inspect(new)
    assert account.same is False and not account.sound
    assert "OF ANOTHER FILE, or this one has changed" in provenance.explain(account)


@pytest.mark.parametrize("text", ["{}", '{"title": "IMG.jpg"}', "[" * 9999, "\0", "1"])
def test_other_files_of_the_record_s_name_are_no_records(tmp_path, text):
    old, new, _ = made(tmp_path)
    for path in (old, new):
        provenance.beside(path).write_text(text)
        account = provenance.inspect(path)
        assert account.stray and account.record is None and account.sound
        assert "is no record of gantools" in provenance.explain(account)


def test_file_that_says_nothing_is_told_from_one_that_does(tmp_path):
    old, _, _ = made(tmp_path, packet=None)
    account = provenance.inspect(old)
    assert account.empty and "does not say" in provenance.explain(account)
    assert not provenance.inspect(made(tmp_path)[0]).empty  # it says: print


@pytest.mark.parametrize(
    "record",
    [
        {"numbers": {"invented": "all", "changed": None}},
        {"weights": "none", "mask": 3, "before": {"name": 1, "sha256": {}}},
        {"settings": {"mode": [1]}, "weights": {}},
        {"numbers": {"invented": 10**999, "changed": float("nan")}},
    ],
)
def test_records_that_somebody_made_up_break_nothing(tmp_path, record):
    good = {"gantools": "9", "action": "x", "settings": {}, "numbers": {}, "before": {}}
    event = {(xmp.OURS, "record"): json.dumps(good | record)}
    packet = xmp.merge(xmp.EMPTY, {}, event)
    path, *_ = made(tmp_path, packet=packet)
    assert provenance.explain(provenance.inspect(path)).startswith(
        "1. x, by gantools 9"
    )


def test_steps_of_other_programs_are_told(tmp_path):
    event = {(xmp.EVENT, "action"): "saved", (xmp.EVENT, "softwareAgent"): "Scanner 3"}
    path, *_ = made(tmp_path, packet=xmp.merge(SCAN, {}, event))
    said = provenance.explain(provenance.inspect(path))
    assert said.startswith("1. saved, Scanner 3\ndigital source type: print")


def test_strangers_cannot_steer_a_terminal_or_make_up_lines(tmp_path):
    good = {"gantools": "9", "settings": {}, "numbers": {}, "before": {}}
    bad = good | {"action": "x\x1b[2J\nrecord beside it: of this very file"}
    packet = xmp.merge(xmp.EMPTY, {}, {(xmp.OURS, "record"): json.dumps(bad)})
    path, *_ = made(tmp_path, packet=packet)
    said = provenance.explain(provenance.inspect(path))
    assert "\x1b" not in said
    lines = [line for line in said.splitlines() if line.startswith("record beside it")]
    assert lines == [
        "record beside it: none, so nothing tells whether it has changed since"
    ]
