"""gantools.hands: paintings learned by heart, and what is painted in their manner."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from gantools import (
    arrays,
    engine,
    features,
    hands,
    photos,
    pretrained,
    style,
    training,
)
from gantools.damage import LUMA
from gantools.photos import Photo, to_levels

COUNT = len(hands.HANDS)
TINY = ((4, 6, 8), 1)


def _network():
    """A tiny network whose hands differ."""
    keras.utils.set_random_seed(0)
    whole, window = hands.build(COUNT, *TINY)
    rng = np.random.default_rng(0)
    for v in whole.weights:
        if v.path.endswith(("/mean", "/deviation")):
            v.assign(rng.normal(0, 0.1, v.shape))
    return whole, window


@pytest.fixture(scope="module")
def painters():
    return hands.Painters(*_network(), {"sha256": "test"})


def _photo(height=70, width=90, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.uniform(0, 1, (height, width, channels)).astype(np.float32)
    return Photo(pixels)


def _hand(name):
    return np.eye(COUNT, dtype=np.float32)[[list(hands.HANDS).index(name)]]


# --- The network


def test_the_network_at_full_size_is_as_large_as_its_docstring_says():
    whole, window = hands.build()
    assert round(whole.count_params() / 1e6, 2) == 1.01
    kernels = [v for v in whole.weights if v.path.endswith("/kernel")]
    strides = {"down1": 2, "down2": 4, "up1": 2}
    work = 0
    for v in kernels:
        name = v.path.split("/")[0]
        stride = 4 if name.startswith("block") else strides.get(name, 1)
        work += np.prod(v.shape) / stride**2
    assert work == 101_568
    owned = {id(v) for v in whole.weights}
    assert all(id(v) in owned for v in window.weights)


def test_normalised_activations_have_the_learned_statistics():
    keras.utils.set_random_seed(1)
    layer = hands.ConditionalNorm(2)
    x = np.random.default_rng(0).normal(3, 2, (2, 9, 7, 5)).astype("float32")
    shares = np.array([[1, 0], [0.25, 0.75]], np.float32)
    layer.build([x.shape, shares.shape])
    mean, deviation = np.random.default_rng(1).normal(0, 0.2, (2, 2, 5))
    layer.mean.assign(mean), layer.deviation.assign(deviation)
    scale, shift = map(ops.convert_to_numpy, layer([x, shares]))
    y = x * scale + shift
    wanted = hands.GAIN * shares @ mean, 1 + hands.GAIN * shares @ deviation
    np.testing.assert_allclose(y.mean(axis=(1, 2)), wanted[0], atol=1e-4)
    np.testing.assert_allclose(y.std(axis=(1, 2)), np.abs(wanted[1]), rtol=1e-3)


def test_window_does_what_the_whole_does_with_its_scale_and_shift(painters):
    pictures = photos.to_network(_photo(40, 48).pixels[None])
    painted, scale, shift = engine.predict(painters.whole, [pictures, _hand("turner")])
    again = engine.predict(painters.window, [pictures, scale, shift])
    np.testing.assert_allclose(again, painted, atol=1e-5)
    other = engine.predict(painters.whole, [pictures, _hand("klimt")])[0]
    assert np.abs(other - painted).max() > 0.1


def test_the_network_looks_no_further_than_its_halo():
    whole, window = hands.build(COUNT, (4, 6, 8), hands.BLOCKS)
    total = whole.outputs[1].shape[-1]
    side = 2 * hands.HALO + 64
    given = [ops.full((1, 1, 1, total), value) for value in (1.0, 0.0)]
    x = np.random.default_rng(0).uniform(-1, 1, (1, side, side, 3)).astype("float32")
    middle = side // 2

    def at_the_middle(x):
        return ops.sum(window([x, *given])[:, middle, middle])

    slope = ops.convert_to_numpy(engine.input_gradient(at_the_middle, x))
    places = np.argwhere(np.abs(slope[0]).sum(axis=-1) > 0)
    reach = np.abs(places - middle).max()
    assert hands.HALO - 8 < reach <= hands.HALO  # and no wider than need be


# --- Its training


def test_errors_are_those_of_each_sample():
    rng = np.random.default_rng(0)
    x, wanted = rng.normal(size=(2, 3, 4, 5)).astype("float32")
    found = ops.convert_to_numpy(hands.errors(x, wanted))
    each = [float(style.relative_error(a, b)) for a, b in zip(x, wanted, strict=True)]
    np.testing.assert_allclose(found, each, rtol=1e-5)


def test_light_is_of_where_not_of_how_much():
    x = _photo(24, 32).pixels[None] - 0.5  # in [-1, 1]
    found = ops.convert_to_numpy(hands.light(x))
    assert found.shape == (1, 3, 4, 1)
    squares = (x @ LUMA).reshape(1, 3, 8, 4, 8).mean(axis=(2, 4))
    wanted = (squares - squares.mean()) / np.sqrt(squares.var() + 1e-4)
    np.testing.assert_allclose(found[..., 0], wanted, atol=1e-4)
    flatter = ops.convert_to_numpy(hands.light(0.5 * x + 0.2))
    np.testing.assert_allclose(flatter, found, atol=0.3)  # as far as 1e-4 lets it
    assert np.corrcoef(flatter.ravel(), found.ravel())[0, 1] > 0.9999


def test_grams_of_paintings_are_those_of_style():
    network = features.vgg19(style.TAPS[:2], pooling="average")
    pictures = [
        photos.to_network(_photo(*size).pixels) for size in ((24, 32), (16, 16))
    ]
    grams = hands.gram_matrices(pictures, network)
    assert [g.shape for g in grams] == [(2, 64, 64), (2, 128, 128)]
    for n, picture in enumerate(pictures):
        for found, seen in zip(grams, network(picture[None]), strict=True):
            wanted = ops.convert_to_numpy(style.gram(seen))[0]
            np.testing.assert_allclose(found[n], wanted, rtol=1e-3, atol=1e-2)


def test_every_hand_comes_as_often_and_batches_are_pure():
    plan = dataclasses.replace(hands.PRESETS["smoke"], batch=3)
    batches = hands.batches_of(plan, seed=2)
    drawn = np.concatenate([batches(step)[1] for step in range(COUNT)])  # 3 rounds
    assert (drawn.sum(axis=1) == 1).all() and (drawn.sum(axis=0) == 3).all()
    orders = drawn.argmax(axis=1).reshape(3, COUNT)
    assert (orders[0] != orders[1]).any()
    for a, b in zip(batches(5), hands.batches_of(plan, seed=2)(5), strict=True):
        assert np.array_equal(a, b)
    assert batches(0)[0].shape == (3, plan.crop, plan.crop, 3)


def test_two_hands_learn_two_manners():
    """Of two flat paintings each hand learns its own colour, and not the other's."""
    paintings = [np.full((32, 32, 3), c, "float32") for c in ((0.8, -0.6, -0.6), -0.5)]
    network = features.vgg19(style.TAPS[:1], pooling="average")
    grams = hands.gram_matrices(paintings, network)
    keras.utils.set_random_seed(0)
    whole, _ = hands.build(2, (8, 8, 8), 1)
    options = {
        "style_weight": 50.0,
        "light_weight": 0.0,
        "smoothness": 0.3,
        "peak": 5e-3,
    }
    trainer = hands.HandTrainer(whole, 60, network=network, grams=grams, **options)
    pictures = photos.to_network(_photo(32, 32).pixels[None].repeat(2, axis=0))
    batch = pictures, np.eye(2, dtype="float32")
    history = training.fit(trainer, lambda step: batch, 60, log_every=5, progress=False)
    assert history["style"][-1] < 0.1 * history["style"][0]
    painted = ops.convert_to_numpy(whole(list(batch))[0]).mean(axis=(1, 2))
    red, dark = painted
    assert red[0] - red[1] > 0.5 and np.ptp(dark) < 0.3


def test_smoke_preset_trains_resumes_and_leaves_weights_that_load(
    tmp_path, monkeypatch
):
    plan = dataclasses.replace(hands.PRESETS["smoke"], steps=2, deep_steps=2)
    hands.train(plan, tmp_path / "whole", seed=4, progress=False)
    fit = training.fit

    def stops(trainer, batches, steps, folder, **options):
        if folder.name == "deep":
            raise KeyboardInterrupt
        return fit(trainer, batches, steps, folder, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "fit", stops)
        hands.train(plan, tmp_path / "cut", seed=4, progress=False)
    record = hands.train(plan, tmp_path / "cut", seed=4, resume=True, progress=False)
    assert record == arrays.manifest(tmp_path / "cut")["hands"]
    files = [tmp_path / name / "hands.npz" for name in ("whole", "cut")]
    assert files[0].read_bytes() == files[1].read_bytes()
    painters = hands.load_hands(tmp_path / "cut")
    done = hands.paint(_photo(), "seurat", painters=painters)
    assert done.weights == record and np.isfinite(done.photo.pixels).all()


def test_a_painting_that_style_knows_too_has_the_same_title():
    numbers = [museum for museum, _ in hands.HANDS.values()]
    assert len(set(numbers)) == COUNT
    known = {museum: title for museum, title in style.STYLES.values()}
    for museum, title in hands.HANDS.values():
        assert known.get(museum, title) == title


def test_missing_or_other_weights_are_told_clearly(tmp_path):
    with pytest.raises(ValueError, match=r"Expected trained weights.*gantools train"):
        hands.load_hands(tmp_path)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="d")])
    pretrained.save("hands", [other], tmp_path, what="a test")
    with pytest.raises(ValueError, match="weights of another architecture"):
        hands.load_hands(tmp_path)


# --- Use


@pytest.mark.parametrize("size", [(300, 341), (40, 500), (1, 1)])
def test_windows_paint_what_one_piece_would_show(painters, monkeypatch, size):
    photo = _photo(*size)
    whole = hands.paint(photo, "renoir", painters=painters).photo.pixels
    monkeypatch.setattr(hands, "TILE", 2 * hands.HALO + 32)
    windows = hands.paint(photo, "renoir", painters=painters).photo.pixels
    np.testing.assert_allclose(windows, whole, atol=1e-4)
    assert whole.shape == photo.pixels.shape


def test_a_halo_too_small_shows_seams(painters, monkeypatch):
    # The test above can fail: the network does look further than 8 pixels.
    photo = _photo(300, 341)
    whole = hands.paint(photo, "renoir", painters=painters).photo.pixels
    monkeypatch.setattr(hands, "HALO", 8)
    monkeypatch.setattr(hands, "TILE", 96)
    windows = hands.paint(photo, "renoir", painters=painters).photo.pixels
    assert np.abs(windows - whole).max() > 1e-3


def test_strength_is_a_share_of_the_change(painters):
    photo = _photo()
    full, half, none = (
        hands.paint(photo, "klimt", strength=s, painters=painters).photo.pixels
        for s in (1.0, 0.5, 0.0)
    )
    assert np.array_equal(none, photo.pixels)
    np.testing.assert_allclose(half, (photo.pixels + full) / 2, atol=1e-5)


def test_a_mixture_lies_between_its_hands_and_of_one_hand_is_that_hand(painters):
    photo = _photo()
    one = hands.paint(photo, "klimt", painters=painters).photo.pixels
    twice = hands.paint(photo, ["klimt", "klimt"], painters=painters).photo.pixels
    np.testing.assert_allclose(twice, one, atol=1e-5)
    other = hands.paint(photo, "turner", painters=painters).photo.pixels
    names, weights = ["klimt", "turner"], (3, 1)
    mixed = hands.paint(photo, names, weights=weights, painters=painters).photo.pixels
    near, far = (np.abs(mixed - x).mean() for x in (one, other))
    assert 0 < near < far


def test_what_the_mask_leaves_out_stays_bit_for_bit(painters):
    photo = dataclasses.replace(_photo(), bit_depth=16)
    photo = dataclasses.replace(photo, pixels=to_levels(photo.pixels, np.uint16))
    mask = np.zeros(photo.pixels.shape[:2], bool)
    mask[10:30, 20:50] = True
    whole = hands.paint(photo, "seurat", painters=painters).photo.pixels
    done = hands.paint(photo, "seurat", mask=mask, painters=painters)
    assert done.photo.pixels.dtype == np.uint16
    assert np.array_equal(done.photo.pixels[~mask], photo.pixels[~mask])
    apart = done.photo.pixels[mask].astype(int) - whole[mask]
    assert np.abs(apart).max() <= 1  # level of 65,535: the sum is rounded another way
    assert done.changed <= mask.mean()


def test_kept_colour_changes_brightness_alone_and_grey_stays_grey(painters):
    photo = Photo(0.4 + 0.2 * _photo().pixels)
    kept = hands.paint(photo, "klimt", keep_colour=True, painters=painters).photo
    apart = kept.pixels - photo.pixels
    assert (
        np.ptp(apart, axis=-1)[
            (kept.pixels > 0).all(-1) & (kept.pixels < 1).all(-1)
        ].max()
        < 1e-5
    )
    grey = _photo(channels=1)
    kept = hands.paint(grey, "klimt", keep_colour=True, painters=painters).photo
    assert kept.pixels.shape == grey.pixels.shape
    assert hands.paint(grey, "klimt", painters=painters).photo.pixels.shape[2] == 3


@pytest.mark.parametrize(
    ("names", "wishes", "said"),
    [
        ([], {}, "Expected at least one style"),
        ("van-gogh-cypresses", {}, "Expected one of"),
        ("klimt", {"strength": 1.1}, r"Expected a strength in \[0, 1\]"),
        ("klimt", {"weights": (1, 2)}, "Expected a weight for each of 1"),
        ("klimt", {"mask": np.ones((3, 3))}, "Expected a mask of shape"),
    ],
)
def test_bad_wishes_are_refused_before_any_work(names, wishes, said):
    with pytest.raises(ValueError, match=said):
        hands.paint(_photo(), names, painters=None, **wishes)
