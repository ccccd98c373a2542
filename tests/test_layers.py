"""gantools.layers against closed forms."""

import keras
import numpy as np
from keras import ops

from gantools import engine
from gantools.layers import (
    EdgePadding2D,
    SpectralConv2D,
    SpectralDense,
    spectral,
    synchronized,
)


def _layer(steps):
    layer = SpectralConv2D(6, 3, use_bias=False, kernel_initializer="he_normal")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 4)).astype("float32")
    for _ in range(steps):
        layer(x, training=True)
    return layer, x


def test_power_iteration_finds_the_largest_singular_value():
    layer, x = _layer(100)
    kernel = ops.convert_to_numpy(layer.kernel)
    sigma = np.linalg.svd(kernel.reshape(-1, 6), compute_uv=False)[0]
    expected = ops.convert_to_numpy(keras.ops.conv(x, kernel / sigma))
    found = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_dense_layer_never_stretches_more_than_by_one():
    layer = SpectralDense(5, use_bias=False)
    x = np.random.default_rng(1).normal(size=(64, 7)).astype("float32")
    for _ in range(100):
        layer(x, training=True)
    found = ops.convert_to_numpy(layer(x))
    kernel = ops.convert_to_numpy(layer.kernel)
    sigma = np.linalg.svd(kernel, compute_uv=False)[0]
    np.testing.assert_allclose(found, x @ kernel / sigma, atol=1e-4)
    stretch = np.linalg.norm(found, axis=1) / np.linalg.norm(x, axis=1)
    assert 0.5 < stretch.max() <= 1 + 1e-4


def test_spectral_replaces_each_layer_and_nothing_else():
    plain = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3, strides=2, name="a"),
            keras.layers.LeakyReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(1, name="b"),
        ]
    )
    model = spectral(plain)
    assert [type(layer).__name__ for layer in model.layers] == [
        "SpectralConv2D",
        "LeakyReLU",
        "Flatten",
        "SpectralDense",
    ]
    assert model.get_layer("a").strides == (2, 2)
    shapes = [v.shape for v in model.trainable_variables]
    assert shapes == [v.shape for v in plain.trainable_variables]


def test_the_stored_kernel_is_left_alone():
    layer, x = _layer(1)
    before = ops.convert_to_numpy(layer.kernel).copy()
    layer(x, training=True)
    np.testing.assert_array_equal(before, ops.convert_to_numpy(layer.kernel))


def test_inference_does_not_advance_the_power_iteration():
    layer, x = _layer(1)
    before = ops.convert_to_numpy(layer.u).copy()
    layer(x, training=False)
    np.testing.assert_array_equal(before, ops.convert_to_numpy(layer.u))


def test_gradient_is_orthogonal_to_the_kernel():
    # W / sigma(W) does not change when W is scaled: no slope along W itself.
    layer, x = _layer(100)

    def loss_fn():
        return ops.mean(ops.square(layer(x)) * x[..., :1][:, 1:-1, 1:-1]), {}

    _, (gradient,) = engine.value_and_grad(loss_fn, [layer.kernel])
    gradient, kernel = (
        ops.convert_to_numpy(t).ravel() for t in (gradient, layer.kernel)
    )
    cosine = gradient @ kernel / np.linalg.norm(gradient) / np.linalg.norm(kernel)
    assert np.linalg.norm(gradient) > 1e-3
    assert abs(cosine) < 1e-3


def test_edges_go_on_beyond_the_picture():
    x = np.random.default_rng(0).normal(size=(2, 3, 1, 4)).astype("float32")
    wanted = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    np.testing.assert_array_equal(EdgePadding2D()(x), wanted)
    symbolic = EdgePadding2D()(keras.Input((None, None, 4)))
    assert symbolic.shape == (None, None, None, 4)


def test_synchronized_changes_batch_normalisation_and_nothing_else():
    plain = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(momentum=0.5),
        ]
    )
    model = synchronized(plain)
    dense, norm = model.layers
    assert dense.get_config() == plain.layers[0].get_config()
    wanted = plain.layers[1].get_config() | {"synchronized": True}
    assert norm.get_config() == wanted
