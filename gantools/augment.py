"""Differentiable augmentation: a discriminator that cannot learn the data by heart.

Differentiable Augmentation for Data-Efficient GAN Training (Zhao et al. 2020, arXiv
2006.10738).  Both the real and the generated pictures pass through the same random
changes T before the discriminator sees them, and the generator's gradient flows back
through T.  So the discriminator meets new pictures for ever, and T does not leak into
what is generated.  Changing the real pictures alone would teach G the changes.
"""

from typing import Any

import keras
from keras import ops

Tensor = Any


def augment(pictures: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Change the colour and the place of each picture, and cut a square out of it.

    The paper's policy: `colour`, then `translation`, then `cutout`, each with its
    own random numbers for each picture.

    Args:
        pictures: (B, H, W, C) in [-1, 1].
        seed: the source of randomness; each call draws anew.

    Returns:
        Pictures of the same shape, some values outside [-1, 1]; differentiable in
        `pictures` as often as wanted.
    """
    return cutout(translation(colour(pictures, seed), seed), seed)


def colour(pictures: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """Change brightness, saturation and contrast.

    x + b with b in [-0.5, 0.5]; then the distance of each pixel from its own grey
    times s in [0, 2]; then that from the picture's mean times c in [0.5, 1.5].

    Args:
        pictures: (B, H, W, C) in [-1, 1].
        seed: the source of randomness.
    """
    x = pictures + _uniform(pictures, seed, -0.5, 0.5)
    grey = ops.mean(x, axis=-1, keepdims=True)  # (B, H, W, 1)
    x = grey + (x - grey) * _uniform(pictures, seed, 0.0, 2.0)
    mean = ops.mean(x, axis=(1, 2, 3), keepdims=True)  # (B, 1, 1, 1)
    return mean + (x - mean) * _uniform(pictures, seed, 0.5, 1.5)


def translation(
    pictures: Tensor, seed: keras.random.SeedGenerator, ratio: float = 0.125
) -> Tensor:
    """Shift each picture by whole pixels; what comes in from outside is 0.

    A shift is a matrix of zeros and ones, which every backend can differentiate twice.

    Args:
        pictures: (B, H, W, C).
        seed: the source of randomness.
        ratio: the largest shift, in parts of the height and of the width.
    """
    height, width = pictures.shape[1:3]
    rows = _shift_matrix(pictures, seed, height, ratio)  # (B, H, H)
    columns = _shift_matrix(pictures, seed, width, ratio)  # (B, W, W)
    moved = ops.einsum("bij,bjwc->biwc", rows, pictures)
    return ops.einsum("bvw,bhwc->bhvc", columns, moved)


def cutout(
    pictures: Tensor, seed: keras.random.SeedGenerator, ratio: float = 0.5
) -> Tensor:
    """Set a rectangle of each picture to 0, its centre anywhere in the picture.

    Args:
        pictures: (B, H, W, C).
        seed: the source of randomness.
        ratio: the rectangle's sides, in parts of the height and of the width.
    """
    height, width = pictures.shape[1:3]
    rows = _inside(pictures, seed, height, ratio)  # (B, H)
    columns = _inside(pictures, seed, width, ratio)  # (B, W)
    hole = rows[:, :, None, None] * columns[:, None, :, None]  # (B, H, W, 1)
    return pictures * (1 - hole)


def _uniform(pictures, seed, low, high):
    """Draw one number for each picture: (B, 1, 1, 1)."""
    shape = (ops.shape(pictures)[0], 1, 1, 1)
    drawn = keras.random.uniform(shape, low, high, dtype="float32", seed=seed)
    return ops.cast(drawn, pictures.dtype)


def _integers(pictures, seed, low, high):
    """Draw one whole number low .. high for each picture: (B, 1)."""
    drawn = keras.random.uniform((ops.shape(pictures)[0], 1), low, high + 1, seed=seed)
    return ops.cast(ops.floor(drawn), "int32")


def _shift_matrix(pictures, seed, length, ratio):
    """Make a matrix (B, length, length) that moves a column vector by some places."""
    most = int(length * ratio + 0.5)
    places = ops.arange(length, dtype="int32") - _integers(pictures, seed, -most, most)
    # an index outside the picture makes a row of zeros
    return ops.one_hot(places, length, dtype=pictures.dtype)


def _inside(pictures, seed, length, ratio):
    """Mark an interval of length * ratio around a random place: (B, length)."""
    size = int(length * ratio + 0.5)
    first = _integers(pictures, seed, 0, length - size % 2) - size // 2
    places = ops.arange(length, dtype="int32")
    return ops.cast((places >= first) & (places < first + size), pictures.dtype)
