"""Networks carried into a page: steps and weights that compute what Keras computes."""

import csv
import json
import math
import re
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from gantools import arrays, browser, collections, features, restoration

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "book" / "_static" / "restore" / "weights.js"
RECORD = ROOT / "gantools" / "records" / "page-model.csv"


# --- a second interpreter, in numpy: what the page's runtime does, slowly


def windows(x, size, strides, same):
    """Cut (B, H, W, C) into (B, h, w, C, *size), padded as TensorFlow pads."""
    if same:
        pads = []
        for length, k, s in zip(x.shape[1:3], size, strides, strict=True):
            need = max(0, (-(-length // s) - 1) * s + k - length)
            pads.append((need // 2, need - need // 2))
        x = np.pad(x, ((0, 0), *pads, (0, 0)))
    cut = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return cut[:, :: strides[0], :: strides[1]]


def activated(x, name):
    erf = np.vectorize(math.erf)
    return {
        "linear": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "gelu": lambda: x * (1 + erf(x / math.sqrt(2))) / 2,
    }[name]()


def transposed(x, kernel):
    """Lay out (k, k, O, C) at each pixel, side by side."""
    y = np.einsum("bhwc,kloc->bhkwlo", x, kernel)
    batch, h, k, w, m, out = y.shape
    return y.reshape(batch, h * k, w * m, out)


def compute(step, read, kernel, bias):
    x, op = read[0], step["op"]
    if op in ("Conv2D", "DepthwiseConv2D"):
        cut = windows(x, kernel.shape[:2], step["strides"], same=True)
        how = "bhwckl,klco->bhwo" if op == "Conv2D" else "bhwckl,klco->bhwc"
        y = np.einsum(how, cut, kernel) + bias
        return activated(y, step.get("activation", "linear"))
    if op == "AveragePooling2D":
        return windows(x, step["pool_size"], step["pool_size"], False).mean((-2, -1))
    if op == "Split":
        return np.split(x, step["indices_or_sections"], axis=-1)
    return {
        "Activation": lambda: activated(x, step["activation"]),
        "Add": lambda: x + read[1],
        "Concatenate": lambda: np.concatenate(read, axis=-1),
        "Conv2DTranspose": lambda: transposed(x, kernel) + bias,
        "Dense": lambda: activated(x @ kernel + bias, step["activation"]),
        "Flatten": lambda: x.reshape(len(x), -1),
        "GlobalAveragePooling2D": lambda: x.mean((1, 2)),
        "Multiply": lambda: x * read[1],
        "ReLU": lambda: np.clip(x, 0, step["max_value"]),
        "Rescaling": lambda: x * step["scale"] + step["offset"],
        "Reshape": lambda: x.reshape(-1, *step["target_shape"]),
        "Subtract": lambda: x - read[1],
    }[op]()


def interpret(name, graph, weights, inputs):
    known = dict(zip(graph["inputs"], inputs, strict=True))
    for step in graph["steps"]:
        read = [known[x] if isinstance(x, str) else np.array(x) for x in step["in"]]
        own = (weights.get(f"{name}/{step['name']}/{w}") for w in ("kernel", "bias"))
        answer = compute(step, read, *own)
        for i, x in enumerate(answer if isinstance(answer, list) else [answer]):
            known[f"{step['name']}:{i}" if i else step["name"]] = x
    return [known[x] for x in graph["outputs"]]


# --- the property


def models():
    """Build small networks of the three kinds, with random weights."""
    made = [
        features.encoder(),
        restoration.build_decoder((4, 8, 8, 8), (1, 1, 1, 1)),
        restoration.build_reader(4),
    ]
    rng = np.random.default_rng(0)
    for variable in (v for m in made[1:] for v in m.variables):
        variable.assign(rng.normal(0, 0.1, variable.shape))
    return made


@pytest.fixture(scope="module")
def packed():
    made = models()
    return made, browser.unpack(browser.pack(made, {"made": "here"}))


def draw(model):
    """Draw inputs for a picture of 32 x 48, or a thumbnail; seenN is reduced."""
    rng = np.random.default_rng(1)
    for tensor in model.inputs:
        stride = 2 ** (int(tensor.name[4]) + 1) if tensor.name[4:].isdigit() else 1
        sides = zip(tensor.shape[1:-1], (32, 48), strict=False)
        shape = (n or m // stride for n, m in sides)
        yield rng.uniform(-1, 1, (1, *shape, tensor.shape[-1])).astype("float32")


@pytest.mark.parametrize("which", range(3), ids=["encoder", "decoder", "reader"])
def test_a_page_can_compute_what_keras_computes(packed, which):
    made, (content, weights) = packed
    model = made[which]
    browser.assign([model], weights)
    inputs = list(draw(model))
    truth = keras.tree.flatten(model(inputs if len(inputs) > 1 else inputs[0]))
    found = interpret(model.name, content["graphs"][model.name], weights, inputs)
    assert len(found) == len(truth)
    for ours, theirs in zip(found, truth, strict=True):
        theirs = keras.ops.convert_to_numpy(theirs)
        assert np.abs(theirs).max() > 0.01
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_each_weight_is_off_by_half_a_step_of_its_channel_at_most():
    rng = np.random.default_rng(0)
    for shape in ((3, 3, 8, 16), (5, 5, 12, 1), (900, 400)):
        weights = rng.normal(0, rng.uniform(0.01, 2, shape[-1]), shape)
        codes, scales = browser.quantised(weights)
        channels = shape[-1] if shape[-1] > 1 else shape[-2]
        assert (codes.dtype, codes.shape, scales.shape) == (np.int8, shape, (channels,))
        columns = weights.reshape(-1, channels)
        back = codes.reshape(-1, channels) * scales.astype("float64")
        assert np.all(np.abs(back - columns) <= 0.51 * scales)
        largest = np.abs(columns).max(axis=0)
        step = 0.07 * math.sqrt(weights.size / 1e5)
        expected = np.maximum(step * columns.std(axis=0), largest / 127)
        np.testing.assert_allclose(scales, expected, rtol=1e-3)


def test_a_channel_of_zeros_stays_zero():
    codes, scales = browser.quantised(np.zeros((3, 3, 2, 4)))
    assert not codes.any() and not scales.any()


def test_what_a_page_cannot_compute_is_refused():
    pictures = keras.Input((None, None, 3))
    with pytest.raises(ValueError, match=r"Expected one of .* Received: MaxPooling2D"):
        browser.graph(keras.Model(pictures, layers.MaxPooling2D()(pictures)))
    dilated = layers.Conv2D(4, 3, padding="same", dilation_rate=2, name="far")
    with pytest.raises(ValueError, match=r"dilation_rate \[1, 1\] of Conv2D far"):
        browser.graph(keras.Model(pictures, dilated(pictures)))
    lit = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="lit")
    with pytest.raises(ValueError, match="activation linear of DepthwiseConv2D lit"):
        browser.graph(keras.Model(pictures, lit(pictures)))
    overlapping = layers.Conv2DTranspose(4, 3, strides=2, name="up")
    with pytest.raises(ValueError, match=r"kernel_size \[2, 2\] of Conv2DTranspose up"):
        browser.graph(keras.Model(pictures, overlapping(pictures)))
    with pytest.raises(
        ValueError, match=r"Expected a script of `pack`\. Received: 'no"
    ):
        browser.unpack("nothing of the kind")


def test_the_page_has_the_shipped_networks():
    script = PAGE.read_text(encoding="ascii")
    content, weights = browser.unpack(script)
    manifest = arrays.manifest()
    assert content["source"] == {
        name: manifest[name]["sha256"] for name in ("restoration", "efficientnet-lite0")
    }
    shipped = {
        **arrays.read_arrays("restoration"),
        **{
            f"encoder/{k.replace('/', '_', k.count('/') - 1)}": a
            for k, a in arrays.read_arrays("efficientnet-lite0").items()
        },
    }
    assert set(weights) == set(shipped)
    for path, ours in weights.items():
        theirs = shipped[path].astype("float32")
        if ours.ndim == 1:
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
        else:
            _, scales = browser.quantised(theirs)
            off = np.abs(ours - theirs).reshape(-1, len(scales))
            assert np.all(off <= 0.51 * scales.astype("float32") + 1e-5), path
    built = {m.name: browser.graph(m) for m in real()}
    ours, theirs = map(by_number, (content["graphs"], built))
    assert ours == theirs
    assert len(zlib.compress(script.encode(), 9)) < 2_780_000


def test_the_page_restores_by_the_numbers_of_the_package():
    script = (PAGE.parent / "engine.js").read_text(encoding="utf-8")
    found = dict(re.findall(r"([A-Z]+) = (\[[^\]]*\]|[\d.]+)[,;]", script))
    names = [
        "STRIDE",
        "HALO",
        "TILE",
        "VIEW",
        "THUMBNAIL",
        "GATE",
        "WORN",
        "CAUTION",
        "DOUBT",
    ]
    for name in names:
        value = np.array(json.loads(found[name]))
        np.testing.assert_array_equal(value, getattr(restoration, name), err_msg=name)


def test_the_table_of_the_page_is_of_all_bundled_photographs():
    rows = list(csv.reader(RECORD.open(encoding="utf-8")))[1:]
    expected = [path.stem for path in collections.bundled()]
    assert [row[0] for row in rows] == [*expected, "mean of all"]
    numbers = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(numbers[:-1].mean(axis=0), numbers[-1], atol=0.011)
    shipped, page = numbers[-1, -2:]
    assert abs(page - shipped) < 0.5  # dB


def by_number(graphs):
    """Name steps by their places: Keras numbers unnamed layers as they come."""
    text = json.dumps(graphs)
    for graph in graphs.values():
        for i, step in enumerate(graph["steps"]):
            place = rf'"{graph["inputs"][0]} {i}\1"'
            text = re.sub(f'"{step["name"]}(:\\d)?"', place, text)
    return json.loads(text)


def real():
    return [features.encoder(), restoration.build_decoder(), restoration.build_reader()]
