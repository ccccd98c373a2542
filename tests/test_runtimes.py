"""gantools.runtimes: another runtime, the same answers, its precision told."""

import importlib.util
import json
import sys
import types

import keras
import numpy as np
import pytest
from PIL import Image

from gantools import cli, collections, damage, engine, photos, restoration, runtimes

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="openvino is not installed"
)
LEVEL = 1 / 255


@pytest.fixture(scope="module")
def restorer():
    return restoration.load_restorer()


@pytest.fixture(scope="module")
def photo():
    paths = {path.name: path for path in collections.bundled()}
    name = next(name for name in paths if "nagasaki" in name)
    loaded = photos.load(paths[name])
    return photos.Photo(np.ascontiguousarray(loaded.pixels[:240, :336]))


def _small():
    """A network of two inputs and two outputs, each weight of which counts."""
    keras.utils.set_random_seed(0)
    x, y = keras.Input((None, None, 3)), keras.Input((1,))
    z = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    z = keras.layers.Conv2DTranspose(2, 2, strides=2)(z)
    return keras.Model([x, y], [z + y[:, :, None, None], keras.ops.sigmoid(z)])


def _inputs(height, width, batch=1):
    rng = np.random.default_rng(0)
    pictures = rng.uniform(-1, 1, (batch, height, width, 3)).astype("float32")
    return [pictures, rng.random((batch, 1), "float32")]


@needs_openvino
@pytest.mark.parametrize("shape", [(16, 32), (48, 24, 2)])
def test_a_network_gives_the_same_at_any_size_in_float32(shape):
    model, inputs = _small(), _inputs(*shape)
    wanted = engine.predict(model, inputs)
    found = engine.predict(runtimes.compiled(model, "openvino"), inputs)
    for a, b in zip(wanted, found, strict=True):
        assert a.shape == b.shape and b.dtype == np.float32
        np.testing.assert_allclose(a, b, atol=1e-5)


@needs_openvino
def test_a_network_is_compiled_once_until_its_weights_change():
    model, inputs = _small(), _inputs(16, 16)
    first = runtimes.compiled(model, "openvino")
    assert runtimes.compiled(model, "openvino") is first
    model.set_weights([2 * w for w in model.get_weights()])
    second = runtimes.compiled(model, "openvino")
    wanted = engine.predict(model, inputs)[0]
    np.testing.assert_allclose(second(inputs)[0], wanted, atol=1e-5)
    assert np.abs(first(inputs)[0] - wanted).max() > 0.01


@needs_openvino
@pytest.mark.parametrize("tile", [restoration.TILE, 2 * restoration.HALO + 16])
def test_a_photograph_is_restored_the_same_within_a_level_in_float32(
    restorer, photo, tile, monkeypatch
):
    monkeypatch.setattr(restoration, "TILE", tile)
    photo = photos.Photo(np.tile(photo.pixels, (1, 2, 1))[:, :500])
    wanted, found = (
        restoration.restore(photo, "full", restorer, runtime=runtime)
        for runtime in ("keras", "openvino")
    )
    assert (found.runtime, found.precision) == ("openvino", "float32")
    assert np.abs(wanted.photo.pixels - found.photo.pixels).max() < LEVEL
    assert np.abs(wanted.mask - found.mask).max() < LEVEL
    assert not np.array_equal(wanted.photo.pixels, photo.pixels)


@needs_openvino
def test_outside_of_the_damage_nothing_changes_in_any_runtime(restorer, photo):
    rng, kinds = np.random.default_rng(2), ("scratches", "creases", "dust")
    pixels = damage.age(photo.pixels, rng, 1.0, kinds).damaged
    for runtime in ("openvino", "openvino-bfloat16"):
        try:
            done = restoration.restore(
                photos.Photo(pixels), "conservative", restorer, runtime=runtime
            )
        except ValueError as problem:  # this processor has no bfloat16
            assert "Expected a processor that computes in bfloat16" in str(problem)
            continue
        same = (done.photo.pixels == pixels).all(axis=-1)
        assert 0 < (done.mask > 0.5).mean() < 0.5
        far = restoration._paste_weight(done.mask, 0.5)[..., 0] == 0
        assert same[far].all() and not same.all()


@needs_openvino
def test_the_record_and_the_command_say_runtime_and_precision(
    tmp_path, photo, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.uint8(255 * photo.pixels[:64, :64])).save("a.png")
    words = "restore a.png -o b.png --provenance --report page.html --runtime openvino"
    assert cli.main(words.split()) == 0
    assert "changed, by openvino in float32, " in capsys.readouterr().out
    record = json.loads((tmp_path / "b.png.json").read_text())
    assert (record["backend"], record["precision"]) == ("openvino", "float32")
    assert '"precision": "float32"' in (tmp_path / "page.html").read_text()


def test_a_small_photograph_is_looked_at_once_and_comes_out_the_same(
    restorer, photo, monkeypatch
):
    asked = []

    def counted(model, inputs, predict=engine.predict):
        asked.append(inputs[0].shape)
        return predict(model, inputs)

    once = restoration.repair(photo.pixels, restorer.repairer)
    monkeypatch.setattr(restoration, "_remembering", lambda repairer: repairer)
    monkeypatch.setattr(engine, "predict", counted)
    twice = restoration.repair(photo.pixels, restorer.repairer)
    assert len(asked) == 2
    for a, b in zip(once, twice, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_unknown_runtime_is_refused(photo):
    with pytest.raises(ValueError, match=r"Expected one of .*'keras'.*'turbo'"):
        restoration.restore(photo, runtime="turbo")


def test_a_missing_package_is_named_before_any_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    told = "Expected the package of the extra `openvino`"
    with pytest.raises(ImportError, match=f"{told}.*Received: .*'openvino'"):
        runtimes.check("openvino")
    Image.new("RGB", (20, 20)).save("a.png")
    for words in ("restore a.png -o b.png", "archive restore . ../out"):
        assert cli.main([*words.split(), "--runtime", "openvino"]) == 1
        assert capsys.readouterr().err.startswith(f"gantools: {told}")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_precision_that_the_processor_lacks_is_not_passed_over(monkeypatch):
    """A stand-in for OpenVINO that computes in float32 whatever it is asked for."""
    chosen = types.SimpleNamespace(to_string=lambda: "f32")
    network = types.SimpleNamespace(get_property=lambda name: chosen)
    core = types.SimpleNamespace(compile_model=lambda *how: network)
    stand_in = types.SimpleNamespace(Core=lambda: core, convert_model=lambda f: f)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "openvino", stand_in)
    model = _small()
    assert callable(runtimes.compiled(model, "openvino"))
    with pytest.raises(ValueError, match=r"computes in bfloat16.*chooses f32"):
        runtimes.compiled(model, "openvino-bfloat16")
