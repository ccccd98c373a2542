"""The perceptual networks: what a picture looks like, as numbers to compare.

Two networks that were taught to name what photographs show. Pictures that look alike
have like activations in them, far more so than like pixels. `vgg19` gives activations
to train on, `lpips` a distance tuned to people's judgements, to measure with. Both take
RGB pictures in [-1, 1] and prepare them as the networks were trained; neither trains.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import cv2
import keras
import numpy as np
from keras import layers, ops

from gantools import engine
from gantools.arrays import read_arrays

VGG19_LAYERS = (
    "conv1_1",
    "conv1_2",
    "conv2_1",
    "conv2_2",
    "conv3_1",
    "conv3_2",
    "conv3_3",
    "conv3_4",
    "conv4_1",
)
VGG19_MEAN = (123.68, 116.779, 103.939)  # red, green, blue, in 0 .. 255
LITE0_STAGES = (  # channels, kernel, stride of the first, blocks
    (16, 3, 1, 1),
    (24, 3, 2, 2),
    (40, 5, 2, 2),
    (80, 3, 2, 3),
    (112, 5, 1, 3),
)
EMBED_SIDE = 128  # pixels; see `embed`
LPIPS_SHIFT = (-0.030, -0.088, -0.188)  # red, green, blue, in [-1, 1]
LPIPS_SCALE = (0.458, 0.448, 0.450)


def vgg19(
    names: Sequence[str] = ("conv1_1", "conv2_1", "conv3_1", "conv4_1"),
    *,
    pooling: str = "max",
    dtype: str = "float32",
) -> keras.Model:
    """Build VGG19 up to the last activation asked for (arXiv:1409.1556).

    Args:
        names: Activations to return, after the ReLU, of `VGG19_LAYERS`.
        pooling: "max" as it was trained, or "average", which style transfer prefers.
        dtype: The precision to compute in, such as "mixed_bfloat16".

    Returns:
        A model that maps RGB pictures in [-1, 1], (B, H, W, 3), to the list of
        activations, convN_M being (B, H / 2^(N-1), W / 2^(N-1), channels); one name
        gives its activation alone. No weight trains, but gradients flow to the
        pictures.

    Raises:
        ValueError: An unknown name or pooling, or corrupt weights.
    """
    unknown = [name for name in names if name not in VGG19_LAYERS]
    if unknown or not names:
        raise ValueError(f"Expected some of {VGG19_LAYERS}. Received: {tuple(names)}")
    pools = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    if pooling not in pools:
        raise ValueError(f"Expected one of {sorted(pools)}. Received: {pooling!r}")
    pictures = keras.Input((None, None, 3), name="pictures")
    offset = [127.5 - mean for mean in VGG19_MEAN]
    x = layers.Rescaling(127.5, offset, dtype=dtype, name="prepare")(pictures)
    activations = {}
    for name in VGG19_LAYERS[: max(map(VGG19_LAYERS.index, names)) + 1]:
        if name.endswith("_1") and activations:
            x = pools[pooling](2, dtype=dtype, name=name.replace("conv", "pool"))(x)
        channels = min(64 * 2 ** (int(name[4]) - 1), 512)
        x = _convolution(channels, 3, name=name, dtype=dtype)(x)
        activations[name] = x
    model = keras.Model(pictures, [activations[name] for name in names], name="vgg19")
    arrays = read_arrays("vgg19-conv4_1")
    for name in activations:
        kernel = arrays[f"{name}/table"][arrays[f"{name}/indices"]]
        model.get_layer(name).set_weights([kernel, arrays[f"{name}/bias"]])
    return model


def alexnet() -> keras.Model:
    """Build the five convolutions of AlexNet as LPIPS uses them (arXiv:1404.5997).

    Returns:
        A model that maps RGB pictures in [-1, 1], (B, H, W, 3), at least 31 pixels a
        side, to the list of five activations after the ReLU. No weight trains.
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    shifts = zip(LPIPS_SHIFT, LPIPS_SCALE, strict=True)
    scale = [1 / scale for scale in LPIPS_SCALE]
    offset = [-shift / scale for shift, scale in shifts]
    x = layers.Rescaling(scale, offset, dtype="float32", name="prepare")(pictures)
    x = layers.ZeroPadding2D(2, dtype="float32")(x)
    x = _convolution(64, 11, 4, "valid", name="conv1", dtype="float32")(x)
    activations = [x]
    for i, (channels, size) in enumerate([(192, 5), (384, 3), (256, 3), (256, 3)]):
        if i < 2:
            x = layers.MaxPooling2D(3, 2, dtype="float32")(x)
        x = _convolution(channels, size, name=f"conv{i + 2}", dtype="float32")(x)
        activations.append(x)
    model = keras.Model(pictures, activations, name="alexnet")
    arrays = read_arrays("lpips-alex")
    for name in ("conv1", "conv2", "conv3", "conv4", "conv5"):
        weights = [arrays[f"{name}/kernel"], arrays[f"{name}/bias"]]
        model.get_layer(name).set_weights(weights)
    return model


def lpips() -> keras.Model:
    """Build the learned perceptual distance LPIPS v0.1 (arXiv:1801.03924).

    d(x, y) = sum_l mean_hw w_l . (u_l(x) - u_l(y))^2, where u_l are AlexNet's
    activations after its l-th ReLU, scaled to unit length at each pixel, and the
    weights w_l >= 0 were fitted to people's judgements of which of two is closer.

    Returns:
        A model that maps [x, y], RGB pictures in [-1, 1], (B, H, W, 3), to their
        distances, (B,). No weight trains.
    """
    x, y = (keras.Input((None, None, 3), name=name) for name in "xy")
    network, arrays = alexnet(), read_arrays("lpips-alex")
    pairs = zip(network(x), network(y), strict=True)
    terms = []
    for i, (a, b) in enumerate(pairs, start=1):
        squares = ops.square(unit_channels(a) - unit_channels(b))  # (B, h, w, c)
        head = arrays[f"head{i}/kernel"][0, 0, :, 0].astype("float32")  # (c,)
        terms.append(ops.sum(ops.mean(squares, axis=(1, 2)) * head, axis=-1))  # (B,)
    return keras.Model([x, y], ops.sum(ops.stack(terms), axis=0), name="lpips")


def efficientnet_lite0() -> keras.Model:
    """Build EfficientNet-Lite0 up to its eleventh block of sixteen, averaged.

    The network is EfficientNet (arXiv:1905.11946) as its authors simplified it for
    small devices.  Of its 112 channels there a set of pictures has 6,328 covariances
    to estimate; of the 1,280 at its end it would have 819,840.

    Returns:
        A model that maps RGB pictures in [-1, 1], (B, H, W, 3), to the mean of each
        channel over the picture, (B, 112). No weight trains.
    """
    pictures, ends = _lite0()
    x = layers.GlobalAveragePooling2D(dtype="float32")(ends[-1])  # (B, 112)
    model = keras.Model(pictures, x, name="efficientnet_lite0")
    return _with_lite0_weights(model)


def encoder(dtype: str = "float32") -> keras.Model:
    """Build EfficientNet-Lite0 as the way down of a U-Net: what it sees at four scales.

    Args:
        dtype: The precision to compute in, such as "mixed_bfloat16".

    Returns:
        A model that maps RGB pictures in [-1, 1], (B, H, W, 3), H and W multiples of
        16, to the list of the last activations at strides 2, 4, 8 and 16: (B, H/2,
        W/2, 16), (B, H/4, W/4, 24), (B, H/8, W/8, 40) and (B, H/16, W/16, 112), in
        that precision. No weight trains.
    """
    pictures, ends = _lite0(dtype)
    return _with_lite0_weights(keras.Model(pictures, ends, name="encoder"))


def _lite0(dtype="float32"):
    """Give the input of EfficientNet-Lite0, and the last activation of each scale."""
    pictures = keras.Input((None, None, 3), name="pictures")
    scale, offset = 127.5 / 128, 0.5 / 128  # (255 p - 127) / 128, p in [0, 1]
    x = layers.Rescaling(scale, offset, dtype=dtype, name="prepare")(pictures)
    stem = _convolution(32, 3, 2, name="stem", activation=None, dtype=dtype)
    x = _relu6(stem(x), dtype)
    width, block, ends = 32, 0, []
    for channels, size, strides, repeats in LITE0_STAGES:
        if strides == 2:
            ends.append(x)
        for i in range(repeats):
            first = strides if i == 0 else 1
            name = f"block{block}"
            y = _inverted_residual(x, width, channels, size, first, name, dtype)
            x = y if i == 0 else layers.Add(dtype=dtype)([x, y])
            width, block = channels, block + 1
    return pictures, [*ends, x]


def _with_lite0_weights(model):
    arrays = read_arrays("efficientnet-lite0")
    for layer in model.layers:
        if layer.weights:
            name = layer.name.replace("_", "/")
            layer.set_weights([arrays[f"{name}/kernel"], arrays[f"{name}/bias"]])
    return model


def _inverted_residual(x, width, channels, size, strides, name, dtype):
    """Widen six times, convolve each channel by itself, narrow (arXiv:1801.04381)."""
    fixed = {"activation": None, "dtype": dtype}
    if name != "block0":  # the first does not widen
        wide = _convolution(6 * width, 1, name=f"{name}_expand", **fixed)
        x = _relu6(wide(x), dtype)
    depthwise = layers.DepthwiseConv2D(
        size, strides, "same", trainable=False, name=f"{name}_depthwise", dtype=dtype
    )
    x = _relu6(depthwise(x), dtype)
    return _convolution(channels, 1, name=f"{name}_project", **fixed)(x)


def _relu6(x, dtype):
    return layers.ReLU(6.0, dtype=dtype)(x)


def embed(pictures: np.ndarray, batch: int = 64) -> np.ndarray:
    """Describe each picture by 112 numbers, to compare sets of pictures with.

    Each is resized to 128 pixels a side first, by averaging where it shrinks and by
    cubic interpolation where it grows, then shown to `efficientnet_lite0`.  The
    resizing is a part of every metric on these numbers: with another one they are not
    comparable (arXiv:2104.11222).

    Args:
        pictures: Pictures in [0, 1], (N, H, W, 3).
        batch: How many to show at once.

    Returns:
        Their descriptions, float32 (N, 112).

    Raises:
        ValueError: Pictures of another shape or type.

    Example:
        >>> embed(np.zeros((2, 32, 32, 3), "float32")).shape
        (2, 112)
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype.kind != "f":
        raise ValueError(
            "Expected pictures (N, H, W, 3) of floats in [0, 1]. "
            f"Received: {pictures.shape} of {pictures.dtype}"
        )
    network = _efficientnet_lite0()
    found = []
    for i in range(0, len(pictures), batch):
        resized = np.stack([_resize(p) for p in pictures[i : i + batch]])
        found.append(ops.convert_to_numpy(network(2 * resized - 1)))
    return np.concatenate(found)


@functools.cache
def _efficientnet_lite0():
    """Build the network of `embed` once, compiled."""
    network = efficientnet_lite0()
    return engine.compile_step(network, [network])


def _resize(picture):
    """Resize a picture (H, W, 3) to that of `embed`, in [0, 1]."""
    how = cv2.INTER_AREA if min(picture.shape[:2]) > EMBED_SIDE else cv2.INTER_CUBIC
    size = (EMBED_SIDE, EMBED_SIDE)
    resized = cv2.resize(picture.astype("float32"), size, interpolation=how)
    return np.clip(resized, 0, 1)  # cubic interpolation overshoots


def perceptual_distance(network: keras.Model, x, y):
    """Measure how different two batches of pictures look to a network.

    d(x, y) = mean_l mean_hw |u_l(x) - u_l(y)|^2, where u_l are the network's
    activations, scaled to unit length at each pixel: LPIPS with equal weights. Without
    the scaling a few strong channels would be all that counts. It lies in [0, 2] for
    activations that are not negative, and is differentiable in x and y.

    Args:
        network: A model from pictures to a list of activations, such as `vgg19()`.
        x: Pictures in [-1, 1], (B, H, W, 3).
        y: Pictures in [-1, 1], (B, H, W, 3).

    Returns:
        The distance of each pair, a tensor (B,).
    """
    terms = []
    both = (keras.tree.flatten(network(pictures)) for pictures in (x, y))
    for a, b in zip(*both, strict=True):
        a, b = (unit_channels(ops.cast(t, "float32")) for t in (a, b))
        distances = ops.sum(ops.square(a - b), axis=-1)  # (B, h, w)
        terms.append(ops.mean(distances, axis=(1, 2)))  # (B,)
    return ops.mean(ops.stack(terms), axis=0)


def unit_channels(x):
    """Scale each pixel's channels to unit length, and leave a pixel of zeros zero.

    Args:
        x: Activations, (B, H, W, C).

    Returns:
        x / |x|, the length taken over the channels, (B, H, W, C). The gradient is
        finite everywhere, also at zero.
    """
    length = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-12)
    return x / length


def _convolution(
    channels,
    size,
    strides=1,
    padding="same",
    *,
    name,
    dtype="float32",
    activation="relu",
):
    """Make a fixed convolution."""
    return layers.Conv2D(
        channels,
        size,
        strides,
        padding,
        activation=activation,
        trainable=False,
        name=name,
        dtype=dtype,
    )
