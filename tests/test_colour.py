"""gantools.colour: what is guessed, and the light that no guess may touch."""

import dataclasses

import cv2
import keras
import numpy as np
import pytest

from gantools import colour, engine, pairs, photos, restoration
from gantools.photos import Photo, to_levels

TINY = (4, 6, 6, 8)


@pytest.fixture(scope="module")
def colouriser():
    """An untrained network whose last layer is no longer zero: it colours all."""
    keras.utils.set_random_seed(0)
    network = colour.build_colouriser(TINY)
    last = network.get_layer("reader").get_layer("differences")
    rng = np.random.default_rng(0)
    kernel, _ = last.get_weights()
    kernel = rng.normal(0, 0.2, kernel.shape).astype("float32")
    last.set_weights([kernel, np.array([0.3, -0.2], "float32")])
    return colour.Colouriser(network, {"file": "test", "sha256": "test"})


def _picture(height=70, width=90, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((height, width, channels), np.float32)


def test_light_and_differences_are_the_picture():
    picture = _picture()
    differences = np.asarray(colour.differences(picture))
    light = colour.grey(picture)
    np.testing.assert_allclose(light[..., 0], picture @ colour.LUMA, atol=1e-6)
    again = np.asarray(colour.compose(light, differences))
    np.testing.assert_allclose(again, picture, atol=1e-6)
    grey = np.repeat(light, 3, axis=-1)
    np.testing.assert_allclose(colour.differences(grey), 0, atol=1e-6)


def test_colours_are_shrunk_only_where_there_is_no_room_and_only_as_far():
    light = np.full((1, 3, 1), 0.9, np.float32)
    colours = np.array([[[-0.5, 0.05], [0.0, 0.4], [0.0, 0.0]]], np.float32)
    made = colour.within_gamut(light, colours)
    np.testing.assert_allclose(colour.grey(made), light, atol=1e-6)
    kept = np.asarray(colour.differences(made))
    np.testing.assert_allclose(kept[0, 0], colours[0, 0], atol=1e-6)  # has room
    assert made[0, 1].max() == pytest.approx(1.0)  # red to the brim, and no further
    np.testing.assert_allclose(kept[0, 2], 0, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_every_pixel_keeps_its_light(colouriser, channels, bit_depth):
    kind = np.uint8 if bit_depth == 8 else np.uint16
    levels = to_levels(_picture(300, 90, channels), kind)
    photo = Photo(levels, bit_depth=bit_depth)
    made = colour.colourise(photo, colouriser)
    assert made.pixels.shape == (300, 90, 3) and made.pixels.dtype == kind
    off = np.abs(colour.grey(made.pixels) - colour.grey(levels))
    assert off.max() <= 0.5001 / np.iinfo(kind).max  # each channel is rounded once
    assert np.ptp(made.pixels.astype(int), axis=-1).mean() > 0.05 * np.iinfo(kind).max


def test_blocks_are_the_whole_and_may_be_written_over_the_photograph(
    colouriser, monkeypatch
):
    photo = Photo(_picture(100, 60, 3))
    whole = colour.colourise(photo, colouriser).pixels
    monkeypatch.setattr(colour, "BLOCK", 33)
    made = colour.colourise(photo, colouriser, out=photo.pixels).pixels
    assert made is photo.pixels
    np.testing.assert_array_equal(made, whole)


def test_a_panorama_wider_than_opencv_can_remap_is_coloured(colouriser):
    photo = Photo(np.full((4, 40_000, 1), 128, np.uint8))
    made = colour.colourise(photo, colouriser).pixels
    assert made.shape == (4, 40_000, 3) and np.ptp(made[:, -1], axis=-1).min() > 0


def test_what_else_a_photograph_holds_survives_but_a_grey_profile(colouriser):
    alpha = _picture(40, 50, 1)[..., 0]
    kept = {"alpha": alpha, "exif": b"II*\0", "dpi": (300.0, 300.0), "icc": b"profile"}
    grey = colour.colourise(Photo(_picture(40, 50, 1), **kept), colouriser)
    brown = colour.colourise(Photo(_picture(40, 50, 3), **kept), colouriser)
    assert (grey.icc, brown.icc) == (None, b"profile")
    for made in (grey, brown):
        assert made.alpha is alpha
        assert (made.exif, made.dpi) == (kept["exif"], kept["dpi"])


def test_a_colour_follows_the_edges_of_the_light(monkeypatch):
    """What the network says coarsely changes where the light does, and no sooner."""
    light = np.full((448, 448, 1), 0.3, np.float32)
    light[:, 221:] = 0.7  # an edge that falls on no pixel of the small picture
    said = {}

    def answer(network, light):  # (1, h, w, 1) -> (1, h/2, w/2, 2), in [-1, 1]
        blue = np.where(light > 0, 0.4, 0.0)[0, ::2, ::2].astype(np.float32)
        said["blue"] = cv2.blur(blue, (7, 7))  # from 208 to 236 of the photograph
        return np.stack([said["blue"], 0 * said["blue"]], axis=-1)[None]

    monkeypatch.setattr(engine, "predict", answer)
    made = colour.colourise(Photo(light), colour.Colouriser(None, {})).pixels
    blueness = np.asarray(colour.differences(made))[..., 0]
    plain = cv2.resize(said["blue"], (448, 448)) / 2
    steps = [float(np.mean(x[:, 223] - x[:, 218])) for x in (blueness, plain)]
    assert steps[1] < 0.06  # of .2 in all
    assert steps[0] > 2 * steps[1]


# --- Training ----------------------------------------------------------------------


def _batch(side=32, count=2):
    picture = 2 * np.stack([_picture(side, side, seed=n) for n in range(count)]) - 1
    light = picture @ colour.LUMA[:, None]
    return tuple(keras.ops.convert_to_tensor(x) for x in (light, picture))


def test_supervised_steps_learn_the_colours_of_a_batch():
    keras.utils.set_random_seed(0)
    red = np.float32([0.4, -0.3, -0.3])
    light, picture = (
        np.zeros((2, 32, 32, 1), "f4"),
        np.zeros((2, 32, 32, 3), "f4") + red,
    )
    light += colour.grey((red[None, None] + 1) / 2)[0, 0] * 2 - 1
    trainer = colour.ColourTrainer(colour.build_colouriser(TINY), 60, peak=1e-2)
    step = engine.compile_step(trainer.step, trainer.state)
    logs = [step(light, picture) for _ in range(60)]
    assert float(logs[0]["loss"]) == pytest.approx(
        float(logs[0]["untouched"]), rel=1e-3
    )
    assert float(logs[-1]["loss"]) < 0.2 * float(logs[0]["loss"])


def test_the_judge_learns_alone_first_and_moves_no_colour():
    keras.utils.set_random_seed(0)
    network, judge = colour.build_colouriser(TINY), colour.build_judge(4)
    how = {"adversarial": 1.0, "alone": 1}
    trainer = colour.AdversarialTrainer(network, judge, 9, **how)
    control = colour.ColourTrainer(colour.build_colouriser(TINY), 9, peak=3e-4)
    control.colouriser.set_weights(network.get_weights())
    batch = _batch()
    for step in range(2):
        before = judge.get_weights()
        trainer.step(*batch)
        control.step(*batch)
        assert not all(map(np.array_equal, judge.get_weights(), before))
        together = zip(
            network.get_weights(), control.colouriser.get_weights(), strict=True
        )
        same = all(np.allclose(a, b, atol=1e-7) for a, b in together)
        assert same == (step < 1)


def test_a_run_of_the_smallest_preset_leaves_weights_that_load(tmp_path):
    plan = dataclasses.replace(colour.PRESETS["smoke"], steps=2, adversarial_steps=2)
    record = colour.train(plan, tmp_path, progress=False)
    loaded = colour.load_colouriser(tmp_path)
    assert loaded.record == record
    made = colour.colourise(Photo(_picture(40, 50, 1)), loaded)
    assert made.pixels.shape == (40, 50, 3)
    with pytest.raises(ValueError, match=r"Expected one of \[\]"):
        colour.load_colouriser(tmp_path / "elsewhere")


def test_batches_are_pure_and_hold_the_light_of_the_picture():
    pictures = colour.training_pictures(colour.PRESETS["smoke"])
    batches = pairs.colour_batches(pictures, 3, 48, seed=1)
    light, picture = batches(5)
    assert light.shape == (3, 48, 48, 1) and picture.shape == (3, 48, 48, 3)
    np.testing.assert_array_equal(batches(5)[0], light)
    for one, whole in zip(light, picture, strict=True):
        truth = (whole @ colour.LUMA).ravel()
        assert np.corrcoef(one.ravel(), truth)[0, 1] > 0.9
    assert np.ptp(picture, axis=-1).mean(axis=(1, 2)).min() > 10 / 128


# --- In the restoration ------------------------------------------------------------


@pytest.fixture
def restorer(colouriser, monkeypatch):
    monkeypatch.setattr(colour, "load_colouriser", lambda: colouriser)
    keras.utils.set_random_seed(0)
    repairer = restoration.build_repairer(TINY, (1, 1, 1, 1))
    return restoration.Restorer(repairer, restoration.build_toner(4), {})


@pytest.mark.parametrize("channels", [1, 3])
def test_a_restored_photograph_is_coloured_within_its_area(restorer, channels):
    ink = _picture(80, 64, 1)
    photo = Photo(np.repeat(ink, channels, axis=2))
    area = np.s_[8:72, 10:60]
    full = restoration.restore(photo, "full", restorer, area=area)
    done = restoration.restore(photo, "colourise", restorer, area=area)
    assert (full.colours, done.colours["file"]) == (None, "test")
    light = [colour.grey(one.photo.pixels) for one in (full, done)]
    np.testing.assert_allclose(*light, atol=1e-5)
    coloured = np.ptp(done.photo.pixels, axis=-1) > 1 / 255
    assert coloured[area].mean() > 0.9
    coloured[area] = False
    assert not coloured.any()
    assert done.changed == photos.share_changed(photo, done.photo) > full.changed


def test_a_photograph_with_colours_is_not_coloured(restorer):
    photo = Photo(_picture())
    with pytest.raises(ValueError, match=r"in black and white.*colours of its own"):
        restoration.restore(photo, "colourise", restorer)
