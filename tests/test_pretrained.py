"""gantools.pretrained: arrays in, arrays out, nothing else accepted."""

import json

import keras
import numpy as np
import pytest

from gantools import arrays, pretrained


def _model(width=3, seed=0):
    start = keras.initializers.GlorotUniform(seed=seed)
    layer = keras.layers.Dense(width, kernel_initializer=start, name="only")
    return keras.Sequential([keras.Input((2,)), layer], name="model")


def test_saved_weights_come_back_in_half_precision(tmp_path):
    first, second = _model(seed=1), _model(seed=2)
    pretrained.save("dense", [first], tmp_path, what="a test")
    record = pretrained.load("dense", [second], tmp_path)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a.astype("float16"), b.astype("float16"))
    assert record["what"] == "a test"


def test_another_architecture_is_refused_and_nothing_changed(tmp_path):
    pretrained.save("dense", [_model(3)], tmp_path, what="a test")
    other = _model(4)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"Expected model/.*only/.*\(4.*Received: \(3"):
        pretrained.load("dense", [other], tmp_path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_changed_file_is_refused(tmp_path):
    pretrained.save("dense", [_model()], tmp_path, what="a test")
    path = tmp_path / "dense.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ValueError, match="SHA-256"):
        pretrained.load("dense", [_model()], tmp_path)


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected one of"):
        pretrained.load("nothing", [_model()], tmp_path)


def test_every_shipped_file_is_the_one_its_manifest_names():
    entries = arrays.manifest()
    for name in entries:
        arrays.read_arrays(name)
    files = {path.name for path in arrays.WEIGHTS.glob("*.npz")}
    assert files == {entry["file"] for entry in entries.values()}
    assert sum(entry["bytes"] for entry in entries.values()) < 40e6
    assert json.dumps(entries)
