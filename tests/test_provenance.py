"""The record of what was done to a photograph."""

import datetime
import hashlib
import json

import numpy as np
import pytest

import gantools
from gantools import provenance
from gantools.provenance import identify


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


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "none.jpg")
