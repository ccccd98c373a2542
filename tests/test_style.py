"""gantools.style: statistics, two ways to carry a style over, and what they keep."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from gantools import (
    arrays,
    collections,
    engine,
    features,
    pairs,
    photos,
    pretrained,
    restoration,
    style,
    tiling,
)
from gantools.photos import Photo, to_levels

TINY = (8, 6, 6, 4)


@pytest.fixture(scope="module")
def stylist():
    """An untrained network: it paints nonsense, but a nonsense of its own."""
    keras.utils.set_random_seed(0)
    painter = style.build_painter(style.build_decoder(TINY))
    return style.Stylist(painter, {"sha256": "test"})


def _photo(height=40, width=56, channels=3, bit_depth=8, seed=0):
    """A smooth picture with some noise, of levels that the bit depth knows."""
    rng, top = np.random.default_rng(seed), 2**bit_depth - 1
    coarse = rng.random((5, 6, channels), np.float32)
    smooth = cv2.resize(coarse, (width, height)).reshape(height, width, channels)
    pixels = np.clip(smooth + rng.normal(0, 0.05, smooth.shape), 0, 1)
    return Photo((np.round(pixels * top) / top).astype(np.float32), bit_depth=bit_depth)


def _levels(photo):
    kind = np.uint8 if photo.bit_depth == 8 else np.uint16
    return dataclasses.replace(photo, pixels=to_levels(photo.pixels, kind))


PAINTING = _photo(64, 48, seed=1)
OTHER = _photo(48, 48, seed=2)


def _activations(shape=(2, 5, 7, 4), seed=0):
    return np.random.default_rng(seed).normal(3, 20, shape).astype("float32")


# Statistics


def test_statistics_are_those_of_each_channel_over_the_picture():
    x = _activations()
    mean, deviation = style.statistics(x)
    np.testing.assert_allclose(mean, x.mean((1, 2), keepdims=True), rtol=1e-4)
    wanted = np.sqrt(x.var((1, 2), keepdims=True) + style.EPS)
    np.testing.assert_allclose(deviation, wanted, rtol=1e-5)


def test_after_adain_the_statistics_are_the_other_s():
    x, other = _activations(), _activations((2, 3, 4, 4), seed=1)
    wanted = style.statistics(other)
    painted = style.adain(x, style.statistics(x), wanted)
    for found, want in zip(style.statistics(painted), wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=3e-3, atol=1e-3)


def test_adain_with_its_own_statistics_changes_nothing():
    x = _activations()
    own = style.statistics(x)
    np.testing.assert_allclose(style.adain(x, own, own), x, rtol=1e-5, atol=1e-4)


def test_adain_is_the_formula_of_the_paper():
    x, other = _activations(), _activations(seed=1)
    (mean, deviation), (to_mean, to_deviation) = map(style.statistics, (x, other))
    wanted = to_deviation * (x - mean) / deviation + to_mean
    found = style.adain(x, (mean, deviation), (to_mean, to_deviation))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_a_gram_matrix_is_the_mean_product_of_channels():
    x = _activations()
    wanted = np.zeros((2, 4, 4))
    for b, row, column in np.ndindex(2, 5, 7):
        wanted[b] += np.outer(x[b, row, column], x[b, row, column]) / 35
    np.testing.assert_allclose(style.gram(x), wanted, rtol=1e-4, atol=1e-2)


def test_a_gram_matrix_knows_no_places():
    x = _activations()
    shuffled = np.random.default_rng(0).permutation(x.reshape(2, 35, 1, 4), axis=1)
    np.testing.assert_allclose(style.gram(x), style.gram(shuffled), rtol=1e-4)


def test_the_variation_of_a_ramp_is_its_slopes():
    ramp = np.add.outer(0.5 * np.arange(6), 0.25 * np.arange(8))[None, ..., None]
    found = float(style.total_variation(ramp.astype("float32")))
    assert found == pytest.approx(0.75)


def test_a_relative_error_has_no_unit():
    x, wanted = _activations(), _activations(seed=1)
    once, louder = (float(style.relative_error(k * x, k * wanted)) for k in (1, 300))
    assert once == pytest.approx(np.mean((x - wanted) ** 2) / np.mean(wanted**2))
    assert louder == pytest.approx(once, rel=1e-4)


# The slow way


def _optimised(steps=12, **how):
    return style.optimise(_photo(), PAINTING, steps=steps, progress=False, **how)


def test_optimising_lowers_the_loss_and_brings_the_style_nearer():
    painted, history = _optimised(30)
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    network = features.vgg19(("conv2_1",), pooling="average")
    wanted, before, after = (
        style.gram(network(photos.to_network(p.pixels)[None]))
        for p in (PAINTING, _photo(), painted)
    )
    far, near = (float(style.relative_error(x, wanted)) for x in (before, after))
    assert near < 0.5 * far


def test_optimising_twice_gives_the_same_bits():
    first, second = _optimised(6), _optimised(6)
    np.testing.assert_array_equal(first[0].pixels, second[0].pixels)
    assert first[1].columns == second[1].columns


def test_with_no_weight_on_style_the_photograph_stays():
    painted, _ = _optimised(style_weight=0.0, smoothness=0.0)
    np.testing.assert_allclose(painted.pixels, _photo().pixels, atol=1e-3)


def test_optimising_keeps_what_the_photo_carries():
    alpha = np.full((40, 56), 77, np.uint8)
    photo = dataclasses.replace(_levels(_photo(channels=1)), alpha=alpha, icc=b"grey")
    painted, _ = style.optimise(photo, PAINTING, steps=2, progress=False)
    assert painted.pixels.dtype == np.uint8 and painted.pixels.shape == (40, 56, 3)
    assert painted.alpha is alpha and painted.icc is None  # that of grey pixels


# The network


def _size(v):
    return int(np.prod(v.shape))


def test_the_decoder_is_small_and_quick():
    decoder = style.build_decoder()
    assert sum(map(_size, decoder.variables)) * 2 < 4e6  # bytes, as float16
    assert _macs(decoder, np.zeros((1, 8, 8, 512), "float32"), 64) == 93_024
    encoder = features.vgg19(style.TAPS[-1:])
    assert _macs(encoder, np.zeros((1, 64, 64, 3), "float32"), 64) == 241_344


def _macs(model, x, side):
    """Count multiply-adds a pixel, from the size of what each convolution answers."""
    total = 0
    for layer in model.layers[1:]:  # the first is the input
        x = layer(x)
        if isinstance(layer, keras.layers.Conv2D):
            total += x.shape[1] * x.shape[2] * _size(layer.kernel)
    return total / side**2


def test_only_the_decoder_trains(stylist):
    decoder = stylist.painter.get_layer("decoder")
    trained = {id(v) for v in stylist.painter.trainable_variables}
    assert trained == {id(v) for v in decoder.variables} and len(trained) == 14


def test_a_flat_picture_has_no_frame(stylist):
    one = 600 * np.random.default_rng(0).random((1, 1, 1, 512), np.float32)
    flat = np.tile(one, (1, 6, 6, 1))
    painted = ops.convert_to_numpy(stylist.painter.get_layer("decoder")(flat))
    assert np.abs(painted).max() > 0.01
    np.testing.assert_allclose(painted, painted[:, :1, :1] + 0 * painted, atol=1e-5)


def _batch(side=32):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (2, 2, side, side, 3)).astype("float32")


def test_every_weight_gets_a_gradient_and_the_loss_falls():
    keras.utils.set_random_seed(0)
    trainer = style.StyleTrainer(
        style.build_decoder(TINY), 40, network=features.vgg19(style.TAPS), peak=5e-3
    )
    before = [w.copy() for w in trainer.decoder.get_weights()]
    step = engine.compile_step(trainer.step, trainer.state)
    losses = [float(step(*_batch())["loss"]) for _ in range(40)]
    assert losses[-1] < 0.8 * losses[0]
    for v, was in zip(trainer.decoder.trainable_variables, before, strict=True):
        assert not np.array_equal(ops.convert_to_numpy(v.value), was), v.path


def test_the_losses_are_those_of_the_painted_picture():
    content, painting = _batch()
    painting[0] = content[0]  # the first quarter, rounded up, is its own style
    decoder, network = style.build_decoder(TINY), features.vgg19(style.TAPS)
    seen, wanted = (
        network(content)[-1],
        [style.statistics(x) for x in network(painting)],
    )
    target = style.adain(seen, style.statistics(seen), wanted[-1])
    painted = network(decoder(target))

    def error(x, y):
        x, y = np.array(x), np.array(y)
        return np.mean((x - y) ** 2) / np.mean(y**2)

    errors = [
        error(list(map(np.array, style.statistics(x))), list(map(np.array, s)))
        for x, s in zip(painted, wanted, strict=True)
    ]
    off = error(painted[-1], target)
    kept = np.abs(np.array(decoder(target))[0] - content[0]).mean()
    weights = {"style_weight": 3.0, "identity": 7.0}
    trainer = style.StyleTrainer(decoder, 9, network=network, **weights)
    logs = trainer.step(content, np.stack([painting[1], painting[1]]))
    assert float(logs["content"]) == pytest.approx(off, rel=1e-4)
    assert float(logs["style"]) == pytest.approx(np.mean(errors), rel=1e-4)
    assert float(logs["identity"]) == pytest.approx(kept, rel=1e-4)
    whole = off + 3 * np.mean(errors) + 7 * kept
    assert float(logs["loss"]) == pytest.approx(whole, rel=1e-4)


# Data and training


def test_batches_are_pure_and_in_range_and_only_photographs_turn_grey():
    groups = [(1.0, collections.bundled("modern")[:1])]
    contents = pairs.CleanPictures(groups, 128)
    styles = pairs.CleanPictures(groups, 128, grey=0.0)
    batches = pairs.style_batches(contents, styles, 16, 32, seed=5)
    first, again, next_one = batches(3), batches(3), batches(4)
    for a, b, c in zip(first, again, next_one, strict=True):
        assert a.shape == (16, 32, 32, 3) and a.dtype == np.float32
        assert -1 <= a.min() < a.max() <= 1
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    grey = [(np.ptp(x, axis=-1) < 1e-6).all(axis=(1, 2)).mean() for x in first]
    assert 0 < grey[0] < 1 and grey[1] == 0


def _interrupted(make, at):
    """Make batches as `make` does, until one step interrupts the run."""

    def made(*args):
        batches = make(*args)

        def interrupted(step):
            if step == at:
                raise KeyboardInterrupt
            return batches(step)

        return interrupted

    return made


def test_smoke_preset_trains_resumes_and_leaves_weights_that_load(
    tmp_path, monkeypatch
):
    plan = dataclasses.replace(style.PRESETS["smoke"], steps=4)
    style.train(plan, tmp_path / "whole", seed=4, progress=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pairs, "style_batches", _interrupted(pairs.style_batches, at=3))
        style.train(plan, tmp_path / "cut", seed=4, progress=False)
    with pytest.raises(FileExistsError, match="Expected a folder without a run"):
        style.train(plan, tmp_path / "cut", seed=4, progress=False)
    again = {"resume": True, "seed": 4, "progress": False}
    record = style.train(plan, tmp_path / "cut", **again)
    assert record == arrays.manifest(tmp_path / "cut")["style"]
    files = [tmp_path / name / "style.npz" for name in ("whole", "cut")]
    assert files[0].read_bytes() == files[1].read_bytes()
    stylist = style.load_style(tmp_path / "cut")
    assert stylist.record["what"] == "style, preset of one's own, seed 4"
    done = style.stylize(_photo(), PAINTING, stylist=stylist)
    assert done.weights == record


def test_networks_of_any_size_are_read_back(stylist, tmp_path):
    decoder = stylist.painter.get_layer("decoder")
    pretrained.save("style", [decoder], tmp_path, what="a test")
    back = style.load_style(tmp_path)
    wanted, found = (
        style.stylize(_photo(), PAINTING, stylist=s).photo.pixels
        for s in (stylist, back)
    )
    np.testing.assert_allclose(found, wanted, atol=5e-3)  # stored in half precision


def test_missing_or_other_weights_are_told_clearly(tmp_path):
    with pytest.raises(ValueError, match=r"Expected trained weights.*gantools train"):
        style.load_style(tmp_path)
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, name="d")])
    pretrained.save("style", [other], tmp_path, what="a test")
    with pytest.raises(ValueError, match="weights of another architecture"):
        style.load_style(tmp_path)


def test_an_unknown_preset_is_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"Expected one of \['smoke', 'small', 'base'\]"
    ):
        style.train("huge", tmp_path)


# Use


@pytest.mark.parametrize("size", [(160, 200), (149, 331), (8, 8), (1, 1)])
def test_windows_measure_the_statistics_of_the_whole(stylist, monkeypatch, size):
    photo = _photo(*size)
    whole = style.measure(photo.pixels, stylist.encoder)
    sides = [(0, -n % style.STRIDE) for n in size]
    padded = np.pad(photo.pixels, [*sides, (0, 0)], mode="symmetric")
    seen = stylist.encoder(photos.to_network(padded)[None])
    monkeypatch.setattr(style, "TILE", 96)
    windows = style.measure(photo.pixels, stylist.encoder)
    for a, b, c in zip(whole, windows, style.statistics(seen), strict=True):
        assert a.shape == (1, 1, 1, 512)
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-2)
        np.testing.assert_allclose(a, c, rtol=2e-4, atol=2e-2)


@pytest.mark.parametrize("size", [(260, 301), (40, 400)])
def test_windows_paint_what_the_whole_would_show(stylist, monkeypatch, size):
    photo = _photo(*size)
    whole = style.stylize(photo, PAINTING, stylist=stylist).photo.pixels
    monkeypatch.setattr(style, "TILE", 2 * style.HALO + 32)
    windows = style.stylize(photo, PAINTING, stylist=stylist).photo.pixels
    np.testing.assert_allclose(windows, whole, atol=1e-4)
    assert whole.std() > 0.01


def test_a_halo_too_small_shows_seams(stylist, monkeypatch):
    # The test above can fail: the network does look further than 32 pixels.
    photo = _photo(260, 301)
    whole = style.stylize(photo, PAINTING, stylist=stylist).photo.pixels
    monkeypatch.setattr(style, "HALO", 16)
    monkeypatch.setattr(style, "TILE", 96)
    windows = style.stylize(photo, PAINTING, stylist=stylist).photo.pixels
    assert np.abs(windows - whole).max() > 1e-3


def _seen(stylist, pixels):
    """What VGG19 sees in a picture and its reflection, (1, h, w, 512)."""
    rim = (style.HALO, style.HALO)
    wide = np.pad(pixels, (rim, rim, (0, 0)), mode="symmetric")
    return stylist.encoder(photos.to_network(wide)[None])


def _painted(stylist, seen):
    """What the decoder makes of activations, without the reflection."""
    painted = stylist.painter.get_layer("decoder")(seen)
    inner = slice(style.HALO, -style.HALO)
    return photos.from_network(ops.convert_to_numpy(painted)[0, inner, inner])


def test_no_strength_gives_the_reconstruction(stylist):
    photo = _photo()
    done = style.stylize(photo, PAINTING, strength=0.0, stylist=stylist)
    wanted = _painted(stylist, _seen(stylist, photo.pixels))
    np.testing.assert_allclose(done.photo.pixels, wanted, atol=1e-4)
    full = style.stylize(photo, PAINTING, stylist=stylist).photo.pixels
    assert np.abs(full - wanted).max() > 1e-3


def test_strength_and_mixtures_interpolate_activations(stylist):
    photo = _photo()
    own, *styles = (
        style.statistics(stylist.encoder(photos.to_network(p.pixels)[None]))
        for p in (photo, PAINTING, OTHER)
    )
    seen = _seen(stylist, photo.pixels)
    first, second = (style.adain(seen, own, wanted) for wanted in styles)
    mixed = 0.25 * first + 0.75 * second
    target = 0.6 * mixed + 0.4 * seen
    wanted = _painted(stylist, target)
    done = style.stylize(
        photo, [PAINTING, OTHER], weights=(1, 3), strength=0.6, stylist=stylist
    )
    np.testing.assert_allclose(done.photo.pixels, wanted, atol=1e-4)


def test_equal_styles_are_one_style(stylist):
    one, two = (
        style.stylize(_photo(), styles, stylist=stylist).photo.pixels
        for styles in (PAINTING, [PAINTING, PAINTING])
    )
    np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_style_known_by_name_is_that_of_its_numbers(stylist):
    assert {f"{n}/{k}" for n in style.STYLES for k in ("colour", "grey")} == set(
        arrays.read_arrays("styles")
    )
    numbers = arrays.read_arrays("styles")["klimt-primavesi/grey"].astype("float32")
    for grey, equal in ((True, True), (False, False)):
        found = style.measure_style("klimt-primavesi", stylist.encoder, grey)
        assert np.array_equal(np.reshape(found, (2, 512)), numbers) == equal
    one, two, other = (
        style.stylize(_photo(), name, stylist=stylist).photo.pixels
        for name in ("turner-whalers", ["turner-whalers"], "seurat-circus")
    )
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 1e-3


def test_a_large_style_is_reduced_before_it_is_measured(stylist, monkeypatch):
    monkeypatch.setattr(style, "STYLE_SIDE", 24)
    large = _photo(48, 72, seed=7)
    small = Photo(cv2.resize(large.pixels, (36, 24), interpolation=cv2.INTER_AREA))
    one, two = (
        style.stylize(_photo(), s, stylist=stylist).photo.pixels for s in (large, small)
    )
    np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.parametrize("kind", ["float", "levels"])
@pytest.mark.parametrize("channels", [1, 3])
def test_kept_colours_are_kept_and_grey_stays_grey(stylist, channels, kind):
    photo = _photo(channels=channels)
    photo = _levels(photo) if kind == "levels" else photo
    done = style.stylize(photo, PAINTING, keep_colour=True, stylist=stylist).photo
    assert done.pixels.shape == photo.pixels.shape
    was, now = (photos.from_levels(p.pixels) for p in (photo, done))
    change = now - was
    inside = ((now > 0.01) & (now < 0.99)).all(axis=-1)  # where nothing was clipped
    assert inside.mean() > 0.2 and np.abs(change).max() > 0.05
    assert np.ptp(change, axis=-1)[inside].max() < (1e-5 if kind == "float" else 5e-3)


def test_a_grey_photograph_gets_the_colours_of_the_style(stylist):
    grey = dataclasses.replace(_photo(channels=1), icc=b"grey")
    done = style.stylize(grey, PAINTING, stylist=stylist).photo
    assert done.pixels.shape == (40, 56, 3) and done.icc is None
    assert np.ptp(done.pixels, axis=-1).max() > 0.01


def test_what_the_mask_leaves_out_stays_bit_identical(stylist):
    photo = _levels(_photo(bit_depth=16))
    mask = np.zeros((40, 56), np.float32)
    mask[5:20, 10:40], mask[20:30, 10:40] = 1.0, 0.5
    whole = style.stylize(photo, PAINTING, stylist=stylist)
    done = style.stylize(photo, PAINTING, mask=mask, stylist=stylist)
    was, now, all_of_it = (
        p.pixels.astype(np.float64) for p in (photo, done.photo, whole.photo)
    )
    np.testing.assert_array_equal(now[mask == 0], was[mask == 0])
    np.testing.assert_array_equal(now[mask == 1], all_of_it[mask == 1])
    half = mask == 0.5
    np.testing.assert_allclose(now[half], (was + all_of_it)[half] / 2, atol=1.5)
    assert 0.5 * (mask > 0).mean() < done.changed <= (mask > 0).mean()
    bits = style.stylize(photo, PAINTING, mask=mask > 0, stylist=stylist)
    np.testing.assert_array_equal(bits.photo.pixels[half], whole.photo.pixels[half])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_levels_are_painted_as_floats_are(stylist, channels, bit_depth):
    photo = _photo(100, 56, channels, bit_depth)  # more than one band
    levels = _levels(photo)
    before = levels.pixels.copy()
    wanted, done = (
        style.stylize(p, PAINTING, stylist=stylist) for p in (photo, levels)
    )
    np.testing.assert_array_equal(levels.pixels, before)
    assert done.photo.pixels.dtype == before.dtype
    top = np.iinfo(before.dtype).max
    off = np.abs(done.photo.pixels - top * wanted.photo.pixels.astype(np.float64))
    assert off.max() < 0.5 + 2e-5 * top
    assert done.changed == pytest.approx(wanted.changed, abs=0.01)


def test_what_the_photo_carries_is_kept(stylist):
    photo = dataclasses.replace(
        _levels(_photo(bit_depth=16)),
        alpha=np.arange(40 * 56, dtype=np.uint16).reshape(40, 56),
        icc=b"profile",
        exif=b"exif",
        dpi=(300, 300),
    )
    kept = style.stylize(photo, PAINTING, stylist=stylist).photo
    assert (kept.icc, kept.exif, kept.dpi) == (b"profile", b"exif", (300, 300))
    assert kept.bit_depth == 16 and kept.pixels.dtype == np.uint16
    np.testing.assert_array_equal(kept.alpha, photo.alpha)


def test_progress_rises_to_one(stylist):
    shares = []
    style.stylize(_photo(), PAINTING, stylist=stylist, progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)


NAN = np.full((40, 56), np.nan, np.float32)


@pytest.mark.parametrize(
    ("styles", "wishes", "message"),
    [
        ([], {}, "Expected at least one style. Received: none"),
        ("cubist", {}, r"Expected one of \['cezanne-apples'.*'cubist'"),
        (PAINTING, {"strength": 1.5}, r"Expected a strength in \[0, 1\].*1\.5"),
        (PAINTING, {"weights": [1, 2]}, r"Expected a weight for each of 1 styles"),
        ([PAINTING, OTHER], {"weights": [2, -1]}, r"none negative.*\[2, -1\]"),
        ([PAINTING, OTHER], {"weights": [0, 0]}, r"not all zero.*\[0, 0\]"),
        (PAINTING, {"mask": np.ones((40, 55))}, r"shape \(40, 56\).*\(40, 55\)"),
        (PAINTING, {"mask": np.full((40, 56), 2)}, r"mask in \[0, 1\].*2 to 2"),
        (PAINTING, {"mask": NAN}, r"mask in \[0, 1\].*nan"),
    ],
)
def test_wishes_that_cannot_be_are_refused(stylist, styles, wishes, message):
    with pytest.raises(ValueError, match=message):
        style.stylize(_photo(), styles, stylist=stylist, **wishes)
    with pytest.raises(ValueError, match=message):
        style.restore_then_stylize(_photo(), styles, stylist=stylist, **wishes)


def test_restoring_then_painting_is_one_after_the_other(stylist):
    keras.utils.set_random_seed(0)
    repairer = restoration.build_repairer((4, 6, 6, 8), (1, 1, 1, 1))
    head = repairer.get_layer("decoder").get_layer("head")
    kernel, bias = head.get_weights()
    bias[3:6] = 0.2  # a correction everywhere
    head.set_weights([kernel, bias])
    restorer = restoration.Restorer(repairer, restoration.build_toner(4), {})
    photo, shares = _photo(), []
    restored = restoration.restore(photo, "full", restorer)
    wanted = style.stylize(restored.photo, PAINTING, strength=0.5, stylist=stylist)
    first, second = style.restore_then_stylize(
        photo,
        PAINTING,
        restorer=restorer,
        strength=0.5,
        stylist=stylist,
        progress=shares.append,
    )
    np.testing.assert_array_equal(first.photo.pixels, restored.photo.pixels)
    np.testing.assert_array_equal(second.photo.pixels, wanted.photo.pixels)
    assert not np.array_equal(first.photo.pixels, photo.pixels)
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1)


MEASURE = """
from pathlib import Path
import numpy as np
from gantools import photos, style

def peak():  # of this process alone: getrusage begins with its parent's
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) * 1024

class Encoder:  # the networks' own cost is that of one window
    def predict_on_batch(self, x):
        return np.zeros((1, x.shape[1] // 8, x.shape[2] // 8, 512), np.float32)

class Painter:
    def predict_on_batch(self, inputs):
        return -inputs[0]

class Stylist:
    encoder, painter, record = Encoder(), Painter(), {}

peaks = []
for side in (1000, 3464):
    pixels = np.arange(side**2 * 3, dtype=np.uint8).reshape(side, side, 3)
    photo, mask = photos.Photo(pixels), np.ones((side, side), bool)
    style.stylize(photo, photo, mask=mask, stylist=Stylist())
    peaks.append(peak())
print((peaks[1] - peaks[0]) / (3464**2 - 1000**2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for its memory")
def test_twelve_megapixels_take_12_bytes_a_pixel_beside_one_window():
    """The photograph, the result and the mask are 7 of them."""
    root = str(Path(style.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    grown = float(done.stdout.splitlines()[-1])
    assert 5 < grown < 12, grown


def test_each_place_is_counted_once():
    counted = np.zeros((104, 168), int)
    size = {"tile": 64, "halo": 16, "multiple": 8}
    for (cut,), kept, place, _ in tiling.parts(np.zeros((100, 163, 1)), **size):
        assert cut[kept].shape[:2] == counted[place].shape
        assert all(s.start % 8 == s.stop % 8 == 0 for s in (*kept, *place))
        counted[place] += 1
    assert (counted == 1).all()
