"""gantools.layers against closed forms."""

import keras
import numpy as np
from keras import ops

from gantools import engine
from gantools.layers import SpectralConv2D


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
