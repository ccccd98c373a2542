"""Named sets against folders and a web server made for the test; bundled pictures."""

import hashlib
import io
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from gantools import collections, photos

CONTENTS = {f"picture-{i}.jpg": bytes([i]) * (100 + i) for i in range(12)}


def archive(contents, inside="some/folder"):
    """Zip contents as a forge does: a top folder, and much that nobody asked for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("repository-abc/README.md", "read me")
        opened.writestr("repository-abc/other/picture-0.jpg", "not this one")
        opened.writestr(f"repository-abc/{inside}/notes.txt", "nor this")
        for name, data in contents.items():
            opened.writestr(f"repository-abc/{inside}/{name}", data)
    return buffer.getvalue()


@pytest.fixture
def serve(monkeypatch):
    """Serve bytes on this machine; a claimed length makes the download break off."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers = []

    def start(body, length=None, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(length or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/archive.zip"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def dozen(monkeypatch, tmp_path):
    """Make a set of twelve pictures known, three for the test, and give its home."""
    known = collections.Collection(
        what="Twelve pictures",
        count=12,
        test=3,
        bytes=sum(map(len, CONTENTS.values())),
        sha256=collections.digest(sorted(CONTENTS.items())),
        source="a test",
        licence="CC0-1.0",
        credit="nobody",
        inside="some/folder",
    )
    monkeypatch.setitem(collections.COLLECTIONS, "dozen", known)
    monkeypatch.setenv("GANTOOLS_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def at(address, monkeypatch):
    known = replace(collections.COLLECTIONS["dozen"], address=address)
    monkeypatch.setitem(collections.COLLECTIONS, "dozen", known)


def fill(folder, contents=CONTENTS):
    folder.mkdir(parents=True)
    for name, data in contents.items():
        (folder / name).write_bytes(data)


def test_fetched_set_is_the_one_in_the_archive(dozen, serve, monkeypatch):
    at(serve(archive(CONTENTS)), monkeypatch)
    folder = collections.fetch("dozen")
    assert folder == dozen / "dozen"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert list(dozen.iterdir()) == [folder]


def test_what_was_fetched_is_not_fetched_again(dozen, serve, monkeypatch):
    at(serve(archive(CONTENTS)), monkeypatch)
    collections.fetch("dozen")
    at("http://127.0.0.1:1/nobody-listens.zip", monkeypatch)
    assert collections.fetch("dozen") == dozen / "dozen"


def broken_bodies():
    good = archive(CONTENTS)
    other = {**CONTENTS, "picture-3.jpg": b"x" * len(CONTENTS["picture-3.jpg"])}
    more = {**CONTENTS, "picture-12.jpg": b"x"}
    return {
        "cut off": ((good[:500], len(good)), OSError, "Expected an archive at http.*"),
        "missing": ((b"gone", None, 404), OSError, "Expected .* Received: 404"),
        "not a zip": (
            (good[:500],),
            ValueError,
            "Expected a zip archive .* Received: ",
        ),
        "altered": ((archive(other),), ValueError, "Expected 'dozen' with the digest "),
        "longer": ((archive(more),), ValueError, "Expected 12 .* Received: 13 of "),
        "elsewhere": (
            (archive(CONTENTS, "else"),),
            ValueError,
            "Received: 0 of 0 bytes",
        ),
    }


@pytest.mark.parametrize("fault", broken_bodies())
def test_a_bad_download_leaves_nothing_and_can_be_tried_again(
    dozen, serve, monkeypatch, fault
):
    answer, error, message = broken_bodies()[fault]
    at(serve(*answer), monkeypatch)
    with pytest.raises(error, match=message):
        collections.fetch("dozen")
    assert list(dozen.iterdir()) == []
    at(serve(archive(CONTENTS)), monkeypatch)
    collections.fetch("dozen")
    assert len(collections.files("dozen", "all")) == 12


def test_nobody_listening_is_one_clear_error(dozen, monkeypatch):
    at("http://127.0.0.1:1/archive.zip", monkeypatch)
    with pytest.raises(OSError, match=r"Expected an archive at http.* Received: "):
        collections.fetch("dozen")
    assert list(dozen.iterdir()) == []


def test_an_archive_cannot_write_outside_its_folder(dozen, serve, monkeypatch):
    evil = {f"../../../{name}": data for name, data in CONTENTS.items()}
    at(serve(archive(evil)), monkeypatch)
    with pytest.raises(ValueError, match=r"Received: 0 of 0 bytes"):
        collections.fetch("dozen")
    assert list(dozen.parent.rglob("*.jpg")) == []


def test_a_folder_with_other_contents_is_refused_and_kept(dozen):
    fill(dozen / "dozen", {**CONTENTS, "picture-0.jpg": b"mine"})
    with pytest.raises(
        ValueError, match=r"Expected 'dozen' with the digest .* Received"
    ):
        collections.fetch("dozen")
    assert (dozen / "dozen" / "picture-0.jpg").read_bytes() == b"mine"


def test_set_without_an_address_says_what_to_do(dozen):
    with pytest.raises(ValueError, match=r"(?s)public archive, \[.*'dozen'.*by hand"):
        collections.fetch("dozen")


def test_test_pictures_are_the_last_in_name_order(dozen):
    fill(dozen / "dozen")
    names = [path.name for path in collections.files("dozen", "test")]
    assert names == ["picture-7.jpg", "picture-8.jpg", "picture-9.jpg"]


def test_splits_share_nothing_and_lose_nothing(dozen):
    fill(dozen / "dozen")
    (dozen / "dozen" / "table.csv").write_text("not a picture")
    train, test, both = (
        collections.files("dozen", split) for split in ("train", "test", "all")
    )
    assert train + test == both
    assert {path.name for path in both} == set(CONTENTS)


def test_files_known_to_be_cut_short_are_left_out(dozen, monkeypatch):
    fill(dozen / "dozen")
    short = replace(collections.describe("dozen"), unreadable=("picture-3.jpg",))
    monkeypatch.setitem(collections.COLLECTIONS, "dozen", short)
    names = {path.name for path in collections.files("dozen", "all")}
    assert names == set(CONTENTS) - {"picture-3.jpg"}


def test_an_incomplete_set_has_no_splits(dozen):
    fill(dozen / "dozen", dict(list(CONTENTS.items())[:11]))
    with pytest.raises(ValueError, match=r"Expected the 12 pictures .* Received: 11"):
        collections.files("dozen")


def test_a_missing_set_names_the_folder_and_the_remedy(dozen):
    with pytest.raises(FileNotFoundError, match=r"Expected .*dozen.* Received: no"):
        collections.files("dozen")


def test_unknown_names_and_splits_are_refused(dozen):
    with pytest.raises(ValueError, match=r"Expected one of \[.*\]. Received: 'nobody'"):
        collections.describe("nobody")
    with pytest.raises(ValueError, match=r"Expected 'train', .* Received: 'half'"):
        collections.files("dozen", "half")
    with pytest.raises(ValueError, match=r"with a test split, .* 'fsa-colour'"):
        collections.files("fsa-colour", "test")
    with pytest.raises(ValueError, match=r"Expected one of \[.*\]. Received: 'nobody'"):
        collections.picture("nobody")
    with pytest.raises(ValueError, match=r"Expected 'old', .* Received: 'new'"):
        collections.bundled("new")


def test_home_is_the_cache_when_nothing_is_set(monkeypatch):
    monkeypatch.delenv("GANTOOLS_DATA", raising=False)
    assert collections.home().name == "gantools"


def test_every_set_tells_its_source_terms_and_digest():
    for name in collections.names():
        known = collections.describe(name)
        assert known.what and known.source and known.licence and known.credit
        assert len(known.sha256) == 64 and 0 <= known.test < known.count
        assert (known.address is None) == (known.inside == "")


@pytest.mark.parametrize("name", sorted(collections.COLLECTIONS))
def test_development_pictures_are_the_ones_described(data_root, name):
    if not (data_root / name).is_dir():
        pytest.skip(f"GANTOOLS_DATA holds no {name}")
    known = collections.describe(name)
    paths = collections.files(name, "all")
    paths += [data_root / name / file for file in known.unreadable]
    assert sum(path.stat().st_size for path in paths) == known.bytes
    collections.verify(name)


def test_test_pictures_of_scenes_are_monuments_as_its_record_says(data_root):
    if not (data_root / "scenes").is_dir():
        pytest.skip("GANTOOLS_DATA holds no scenes")
    train, test = (collections.files("scenes", split) for split in ("train", "test"))
    assert "all that is test are monuments" in collections.describe("scenes").what
    assert {path.parent.name for path in test} == {"explore_monuments"}
    assert len(test) == 24 and len(train) == 201 - 24 - 1  # one cannot be read
    assert len({path.parent.name for path in train}) == 3


def test_bundled_pictures_are_the_ones_in_their_list():
    for name, record in collections.pictures().items():
        data = collections.picture(name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == record["sha256"]
        assert len(data) == record["bytes"]
        assert record["licence"] in ("CC0-1.0", "Public domain")
        assert record["source"] and record["credit"] and record["title"]
    listed = {record["file"] for record in collections.pictures().values()}
    assert {path.name for path in collections.PICTURES.glob("*.jpg")} == listed


def test_bundled_pictures_are_small_together_and_open():
    paths = collections.bundled()
    assert paths == sorted(paths) and len(paths) == 12
    assert sum(path.stat().st_size for path in paths) < 1_200_000
    for path in paths:
        height, width, channels = photos.load(path).pixels.shape
        assert 400 < max(height, width) <= 640 and channels == 3


def test_modern_pictures_are_colourful_and_old_ones_are_not():
    def colour(path):
        pixels = photos.load(path).pixels
        return np.ptp(pixels - pixels.mean((0, 1)), axis=-1).mean()

    old = [colour(path) for path in collections.bundled("old")]
    modern = [colour(path) for path in collections.bundled("modern")]
    assert max(old) < min(modern)
    assert len(old) + len(modern) == len(collections.bundled())


def test_data_cards_agree_with_the_code():
    card = Path(__file__).parent.parent / "book" / "data-cards.md"
    rows = {}
    for line in card.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
            rows[cells[0]] = cells[1:]
    for name, record in collections.pictures().items():
        facts = [record["title"], record["maker"], record["year"] or "not given"]
        assert rows.pop(name) == [*facts, record["licence"], record["sha256"][:16]]
    for name in collections.names():
        known = collections.describe(name)
        licence = "By file" if known.licence.startswith("By file") else known.licence
        public = "yes" if known.address else "no"
        facts = [f"{known.count}", f"{known.test}", f"{known.bytes / 1e6:.1f}"]
        assert rows.pop(name) == [*facts, licence, public, known.sha256[:16]]
        assert f"### {name}\n" in card.read_text("utf-8")
    assert not rows
