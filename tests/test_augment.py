"""Differentiable augmentation: what it changes, what it keeps, and its gradient."""

import keras
import numpy as np
import pytest
from keras import ops

from gantools import augment, engine

PICTURES = np.random.default_rng(0).uniform(-1, 1, (64, 16, 12, 3)).astype("float32")
CHANGES = {
    "colour": augment.colour,
    "translation": augment.translation,
    "cutout": augment.cutout,
    "augment": augment.augment,
}


def numbers(x):
    return np.asarray(ops.convert_to_numpy(x))


def changed(name, pictures=PICTURES, seed=0):
    return numbers(CHANGES[name](pictures, keras.random.SeedGenerator(seed)))


@pytest.mark.parametrize("name", CHANGES)
def test_same_seed_makes_the_same_change_and_each_picture_its_own(name):
    same = np.broadcast_to(PICTURES[:1], PICTURES.shape)
    made = changed(name, same)
    np.testing.assert_array_equal(made, changed(name, same))
    assert made.shape == same.shape and made.dtype == same.dtype
    assert len({picture.tobytes() for picture in made}) > 15  # 25 shifts
    assert not np.array_equal(made, changed(name, same, seed=1))


def test_each_call_draws_anew():
    seed = keras.random.SeedGenerator(0)
    first, second = (numbers(augment.augment(PICTURES, seed)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_colour_moves_all_pixels_of_a_picture_by_one_rule():
    """A grey picture has no saturation: mean + b + c (x - mean), c in [0.5, 1.5]."""
    grey = np.repeat(PICTURES[..., :1], 3, axis=-1)
    made = changed("colour", grey)
    for x, y in zip(grey, made, strict=True):
        slope, offset = np.polyfit(x.ravel(), y.ravel(), 1)
        np.testing.assert_allclose(y, slope * x + offset, atol=1e-5)
        assert 0.5 <= slope <= 1.5
        assert abs(y.mean() - x.mean()) <= 0.5 + 1e-6
    spread = (made - grey).mean(axis=(1, 2, 3))
    assert spread.min() < -0.3 and spread.max() > 0.3


def test_saturation_reaches_from_none_to_double():
    chroma = np.ptp(changed("colour"), axis=-1).mean(axis=(1, 2))
    ratio = chroma / np.ptp(PICTURES, axis=-1).mean(axis=(1, 2))
    assert ratio.min() < 0.2 and ratio.max() > 1.8 and ratio.max() <= 3


def test_translation_moves_whole_pixels_and_fills_with_zero():
    found = set()
    padded = np.pad(PICTURES, [(0, 0), (2, 2), (2, 2), (0, 0)])
    for i, made in enumerate(changed("translation")):
        shifts = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if np.array_equal(
                made, padded[i, 2 - dy : 18 - dy, 2 - dx : 14 - dx], equal_nan=True
            )
        ]
        assert len(shifts) == 1
        found.update(shifts)
    assert {dy for dy, _ in found} == {dx for _, dx in found} == {-2, -1, 0, 1, 2}


def test_cutout_clears_one_rectangle_of_half_the_sides():
    made = changed("cutout", np.ones_like(PICTURES))
    sizes = set()
    for picture in made:
        hole = picture[..., 0] == 0
        rows, columns = hole.any(axis=1).sum(), hole.any(axis=0).sum()
        assert hole.sum() == rows * columns  # one rectangle, whole
        assert 4 <= rows <= 8 and 3 <= columns <= 6  # a part may lie outside
        sizes.add((rows, columns))
    assert (8, 6) in sizes
    assert (changed("cutout")[made == 1] == PICTURES[made == 1]).all()


@pytest.mark.parametrize("name", CHANGES)
def test_gradient_flows_back_to_the_picture(name):
    """d sum(T(x)) / dx, against a finite difference along a random direction."""
    direction = np.random.default_rng(1).normal(size=PICTURES.shape).astype("float32")

    def f(x):
        return ops.square(CHANGES[name](x, keras.random.SeedGenerator(3)))

    slope = numbers(engine.input_gradient(f, PICTURES))
    ends = [
        numbers(f(PICTURES + h * direction)).astype("float64").sum()
        for h in (1e-2, -1e-2)
    ]
    assert (slope * direction).sum() == pytest.approx(
        (ends[0] - ends[1]) / 2e-2, rel=2e-3
    )


def test_a_step_with_it_compiles():
    seed = keras.random.SeedGenerator(0)

    def step(pictures):
        return {"mean": ops.mean(augment.augment(pictures, seed))}

    fast = engine.compile_step(step, [seed])
    first, second = (float(fast(PICTURES)["mean"]) for _ in range(2))
    assert first != second
