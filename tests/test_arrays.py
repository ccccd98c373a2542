"""Arrays on disk: what the manifest says is what is read, and nothing else."""

import hashlib
import json

import numpy as np
import pytest

from gantools import arrays


def test_every_shipped_file_is_the_one_in_the_manifest():
    known = arrays.manifest()
    assert known
    for record in known.values():
        data = (arrays.WEIGHTS / record["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == record["sha256"]
        assert len(data) == record["bytes"]
        assert record["licence"] and record["source"] and record["what"]


def test_no_shipped_file_is_outside_the_manifest():
    files = {record["file"] for record in arrays.manifest().values()}
    assert {path.name for path in arrays.WEIGHTS.glob("*.npz")} == files


def write(folder, **extra):
    values = {"a/b": np.arange(6, dtype="float16").reshape(2, 3), **extra}
    terms = {"licence": "CC0-1.0", "source": "a test", "what": "six numbers"}
    return values, arrays.write_arrays("six", values, folder, **terms)


def test_arrays_come_back_as_written(tmp_path):
    written, _ = write(tmp_path, scalar=np.float32(3))
    read = arrays.read_arrays("six", tmp_path)
    assert read.keys() == written.keys()
    for name, array in written.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "six.npz"]


def test_same_arrays_give_same_bytes(tmp_path):
    _, first = write(tmp_path / "first")
    _, second = write(tmp_path / "second")
    assert first == second


def test_writing_keeps_the_other_entries(tmp_path):
    write(tmp_path)
    terms = {"licence": "CC0-1.0", "source": "a test", "what": "one number"}
    arrays.write_arrays("one", {"x": np.zeros(1)}, tmp_path, **terms)
    assert list(arrays.manifest(tmp_path)) == ["one", "six"]


@pytest.mark.parametrize("damage", [lambda d: d[:-1], lambda d: d[:-1] + b"\1"])
def test_a_changed_file_is_refused(tmp_path, damage):
    _, record = write(tmp_path)
    path = tmp_path / "six.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"Expected .*{record['sha256']}. Received: "):
        arrays.read_arrays("six", tmp_path)


def test_an_unknown_name_is_refused(tmp_path):
    write(tmp_path)
    with pytest.raises(
        ValueError, match=r"Expected one of \['six'\]. Received: 'seven'"
    ):
        arrays.read_arrays("seven", tmp_path)


def test_pickles_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle=False"):
        write(tmp_path, thing=np.array([{}], dtype=object))
    path = tmp_path / "bad.npz"
    np.savez(path, thing=np.array([{}], dtype=object))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = {"file": "bad.npz", "sha256": digest, "bytes": 0}
    (tmp_path / "manifest.json").write_text(json.dumps({"bad": record}))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        arrays.read_arrays("bad", tmp_path)
