"""gantools.restoration: the networks, their training, and what restore promises."""

import dataclasses

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from gantools import (
    collections,
    engine,
    features,
    pairs,
    photos,
    pretrained,
    restoration,
)
from gantools.photos import Photo, to_levels

MODES = ("conservative", "full")  # that keep what is grey grey; see test_colour
TINY = {"widths": (4, 6, 6, 8), "blocks": (1, 1, 1, 1)}


def _head(repairer):
    return repairer.get_layer("decoder").get_layer("head")


@pytest.fixture(scope="module")
def restorer():
    """Untrained networks whose heads are no longer zero: they change everything."""
    keras.utils.set_random_seed(0)
    repairer, toner = restoration.build_repairer(**TINY), restoration.build_toner(4)
    rng = np.random.default_rng(0)
    numbers = toner.get_layer("reader").get_layer("numbers")
    for layer, size in ((_head(repairer), 0.05), (numbers, 0.02)):
        layer.set_weights(
            [
                rng.normal(0, size, w.shape).astype("float32")
                for w in layer.get_weights()
            ]
        )
    return restoration.Restorer(repairer, toner, {"sha256": "test"})


def _photo(height=70, width=90, channels=3, bit_depth=8, seed=0):
    levels = 2**bit_depth - 1
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, levels + 1, (height, width, channels)) / levels
    return Photo(pixels.astype(np.float32), bit_depth=bit_depth)


def _batch(size=32, count=2):
    rng = np.random.default_rng(0)
    damaged, target = rng.uniform(-1, 1, (2, count, size, size, 3)).astype("float32")
    mask, marked = (rng.random((2, count, size, size, 1)) < 0.1).astype("float32")
    parts = damaged, target, mask, marked, rng.random((count, 1)).astype("float32")
    return tuple(ops.convert_to_tensor(array) for array in parts)


def _repaired(repairer, damaged, marked, fidelity):
    """Compose a repair as in use: (B, H, W, 3), and the mask's logits."""
    paint, correction, logits = repairer([damaged, marked, fidelity], training=True)
    gate = restoration.open_gate(logits)
    return restoration.compose(damaged, paint, correction, gate), logits


def test_the_untrained_repairer_changes_nothing():
    damaged, _, _, *asked = _batch()
    repaired, logits = _repaired(restoration.build_repairer(**TINY), damaged, *asked)
    np.testing.assert_allclose(repaired, damaged, atol=1e-6)
    assert logits.shape == (2, 32, 32, 1)


def test_only_the_decoder_and_the_reader_train():
    repairer, toner = restoration.build_repairer(**TINY), restoration.build_toner(4)
    for model, learned in zip(
        (repairer, toner), restoration.learned(repairer, toner), strict=True
    ):
        assert len(learned.trainable_variables) > 10
        assert {id(v) for v in model.trainable_variables} == {
            id(v) for v in learned.trainable_variables
        }


def test_marks_and_fidelity_are_heard(restorer):
    damaged, _, _, marked, fidelity = _batch()
    plain = _repaired(restorer.repairer, damaged, marked, fidelity)[0]
    for asked in ((1 - marked, fidelity), (marked, 1 - fidelity)):
        other = _repaired(restorer.repairer, damaged, *asked)[0]
        assert float(ops.max(ops.abs(plain - other))) > 1e-3


def test_the_untrained_toner_changes_nothing():
    pictures = _batch(restoration.THUMBNAIL)[0]
    tone = restoration.build_toner(4)(pictures)
    np.testing.assert_allclose(
        restoration.apply_tone(pictures, tone), pictures, atol=3e-4
    )


def test_tone_is_a_power_then_a_matrix_then_an_offset():
    rng = np.random.default_rng(0)
    light, tone = rng.uniform(0.1, 1, (1, 4, 5, 3)), rng.normal(0, 0.5, (1, 3, 5))
    matrix, offset, powers = tone[0, :, :3], tone[0, :, 3], 2 ** tone[0, :, 4]
    wanted = (2 * light**powers - 1) @ matrix.T + offset
    light, tone = (2 * light - 1).astype("float32"), tone.astype("float32")
    np.testing.assert_allclose(
        restoration.apply_tone(light, tone), wanted, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("stops", [-1.0, 0.7])
def test_a_power_undoes_what_a_power_did(stops):
    clean = np.random.default_rng(0).uniform(0.05, 1, (1, 8, 8, 3)).astype("float32")
    dark = clean**2**stops
    undo = np.eye(3, 5, dtype="float32")
    undo[:, 4] = -stops
    back = restoration.apply_tone(2 * dark - 1, undo[None])
    np.testing.assert_allclose(back, 2 * clean - 1, atol=1e-4)


def test_every_weight_of_both_players_gets_a_gradient(restorer):
    damaged, target, mask, *asked = _batch()
    judge = restoration.build_discriminator((4, 6, 8))

    def losses_fn():
        repaired, logits = _repaired(restorer.repairer, damaged, *asked)
        fooled = -ops.mean(judge([damaged, repaired]))
        g_loss = restoration.repair_loss(target, mask, repaired, logits) + fooled
        return (g_loss, ops.mean(judge([damaged, target]))), {}

    players = [restorer.repairer.trainable_variables, judge.trainable_variables]
    _, gradients = engine.value_and_grads(losses_fn, players)
    for group, variables in zip(gradients, players, strict=True):
        for gradient, variable in zip(group, variables, strict=True):
            assert float(ops.max(ops.abs(gradient))) > 0, variable.path


def test_scaling_a_gradient_leaves_the_value():
    x = keras.Variable(np.array([1.0, 2.0], "float32"))
    weight = np.array([0.0, 0.5], "float32")

    def loss_fn():
        y = restoration.scale_gradient(x * 1.0, weight)
        return ops.sum(y), {"y": y}

    (loss, _), (gradient,) = engine.value_and_grad(loss_fn, [x])
    assert float(loss) == 3.0
    np.testing.assert_allclose(gradient, weight)


def test_the_discriminator_looks_at_the_damaged_photo():
    damaged, target, *_ = _batch()
    judge = restoration.build_discriminator((4, 6, 8))
    same = judge([damaged, target])
    other = judge([damaged[::-1], target])
    assert float(ops.max(ops.abs(same - other))) > 1e-3


def test_mask_loss_is_least_at_the_truth():
    truth = np.array([[[[0.0]], [[1.0]]]], np.float32)
    at = [
        float(restoration.mask_loss(truth, np.float32(sign) * (2 * truth - 1) * 9))
        for sign in (1, 0, -1)
    ]
    assert at[0] < at[1] < at[2]
    weighted = np.log(2) * (1 + 3) / 2
    assert at[1] == pytest.approx(weighted, rel=1e-5)


def test_paint_passes_only_where_the_mask_is_sure():
    gate = ops.convert_to_numpy(restoration.open_gate(np.array([-1.0, 1.0, 3.0])))
    assert gate[0] < 0.01
    assert gate[1] == pytest.approx(0.5, abs=1e-3)
    assert gate[2] > 0.99


def test_supervised_steps_lower_the_loss():
    keras.utils.set_random_seed(0)
    batch = _batch()
    trainer = restoration.RepairTrainer(restoration.build_repairer(**TINY), 60, 3e-3)
    step = engine.compile_step(trainer.step, trainer.state)
    losses = [float(step(*batch)["loss"]) for _ in range(60)]
    assert losses[-1] < 0.9 * losses[0]


def test_errors_of_pictures_whole_and_hidden():
    target = np.zeros((2, 8, 8, 3), np.float32)
    pictures = target + np.float32(0.2)  # 0.1 in [0, 1]
    pictures[:, :5, :5] = 3.0  # clipped to 1, an error of 0.5
    mask = np.zeros((2, 8, 8, 1), np.float32)
    mask[0, :5, :5], mask[1, :4, :4] = 1.0, 1.0  # 25 and 16 pixels
    found = restoration.picture_errors(pictures, target, mask)
    whole, inside, counts = (ops.convert_to_numpy(part) for part in found)
    np.testing.assert_allclose(whole, (25 * 0.25 + 39 * 0.01) / 64, rtol=1e-5)
    np.testing.assert_allclose(inside, [25 * 0.25 / 26, 16 * 0.25 / 17], rtol=1e-5)
    np.testing.assert_array_equal(counts, [1, 0])  # more than 20 pixels are needed


def test_steps_by_ratio_lower_the_loss_and_beat_leaving_alone():
    keras.utils.set_random_seed(0)
    damaged, target, mask, marked, fidelity = _batch()
    trainer = restoration.RatioTrainer(
        restoration.build_repairer(**TINY), 60, features.vgg19(("conv1_1",)), peak=3e-3
    )
    step = engine.compile_step(trainer.step, trainer.state)
    logs = [step(damaged, target, mask, marked, fidelity) for _ in range(60)]
    assert float(logs[-1]["loss"]) < float(logs[0]["loss"])
    assert float(logs[-1]["psnr"]) > float(logs[-1]["untouched"])
    assert float(logs[0]["psnr"]) == pytest.approx(float(logs[0]["untouched"]))


def test_the_discriminator_learns_before_its_opinion_counts():
    batch, weights = _batch(), {}
    network = features.vgg19(("conv1_1",))
    for game_weight in (0.0, 50.0):
        keras.utils.set_random_seed(0)
        repairer = restoration.build_repairer(**TINY)
        judge = restoration.build_discriminator((4, 6, 8))
        before = judge.get_weights()[0].copy()
        trainer = restoration.AdversarialTrainer(
            repairer, judge, 10, adversarial=game_weight, alone=2, network=network
        )
        step = engine.compile_step(trainer.step, trainer.state)
        weights[game_weight] = []
        for _ in range(4):
            step(*batch)
            weights[game_weight].append(_head(repairer).get_weights()[0])
        assert not np.array_equal(before, judge.get_weights()[0])
    plain, game = weights.values()
    np.testing.assert_array_equal(plain[1], game[1])  # still alone
    assert not np.array_equal(plain[3], game[3])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_conservative_leaves_undamaged_pixels_bit_identical(
    restorer, channels, bit_depth
):
    photo = _photo(channels=channels, bit_depth=bit_depth)
    mask = restoration.repair(photo.pixels, restorer.repairer)[1]
    threshold = float(np.quantile(mask, 0.99))
    done = restoration.restore(photo, "conservative", restorer, threshold=threshold)
    near = np.ones((9, 9))
    grown = cv2.dilate((done.mask > threshold).astype(np.uint8), near) > 0
    same = (done.photo.pixels == photo.pixels).all(axis=-1)
    assert 0 < grown.mean() < 1
    assert same[~grown].all()
    assert not same[done.mask > threshold].all()
    assert done.changed <= grown.mean()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_range_and_greyness_are_kept(restorer, mode, channels):
    photo = _photo(50, 33, channels)
    done = restoration.restore(photo, mode, restorer)
    assert done.photo.pixels.shape == photo.pixels.shape
    assert done.photo.pixels.dtype == np.float32
    assert 0 <= done.photo.pixels.min() <= done.photo.pixels.max() <= 1
    assert done.mask.shape == (50, 33)
    assert (done.tone is None) == (mode == "conservative")


def _levels(photo):
    """Give the same photograph in whole numbers."""
    kind = np.uint8 if photo.bit_depth == 8 else np.uint16
    return dataclasses.replace(photo, pixels=to_levels(photo.pixels, kind))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_levels_are_restored_as_floats_are(restorer, mode, channels, bit_depth):
    photo = _photo(600, 90, channels, bit_depth)  # more than one band
    levels = _levels(photo)
    before = levels.pixels.copy()
    wanted = restoration.restore(photo, mode, restorer)
    done = restoration.restore(levels, mode, restorer)
    np.testing.assert_array_equal(levels.pixels, before)
    assert done.photo.pixels.dtype == before.dtype and done.mask.dtype == np.uint8
    top = np.iinfo(before.dtype).max
    off = np.abs(done.photo.pixels - top * wanted.photo.pixels.astype(np.float64))
    # Of a level: work is done in 16 bits, and a steep tone enlarges their rounding.
    assert off.max() < 0.5 + 0.05 * top / 255
    np.testing.assert_allclose(done.mask / 255, wanted.mask, atol=0.5 / 255 + 1e-6)
    assert done.changed == pytest.approx(wanted.changed, abs=0.01)
    assert done.damaged == pytest.approx(wanted.mask.mean(), abs=1 / 255)


def test_differences_finer_than_8_bits_survive_beside_the_damage(restorer):
    photo = _levels(_photo(bit_depth=16))
    mask = np.zeros(photo.pixels.shape[:2], bool)
    mask[40:44, 50:60] = True
    done = restoration.restore(photo, "conservative", restorer, mask=mask)
    fine = done.photo.pixels & 255
    assert len(np.unique(fine)) == 256
    far = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))) == 0
    np.testing.assert_array_equal(done.photo.pixels[far], photo.pixels[far])
    assert (done.photo.pixels[mask] != photo.pixels[mask]).mean() > 0.9


def test_the_rim_of_a_repair_is_the_same_in_bands():
    mask = (np.random.default_rng(0).random((200, 40)) > 0.97).astype(np.float32)
    whole = restoration._paste_weight(mask, 0.5)
    bands = [restoration._weights(mask, r, 0.5) for r in restoration._bands(200, 16)]
    np.testing.assert_array_equal(np.concatenate(bands), whole)
    reach = np.ones((2 * restoration.RIM + 1,) * 2)
    assert (whole[..., 0][cv2.dilate(mask, reach) == 0] == 0).all()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_what_lies_outside_the_area_is_neither_changed_nor_looked_at(
    restorer, mode, bit_depth
):
    photo = _levels(_photo(120, 100, bit_depth=bit_depth))
    area = np.s_[20:110, 30:95]
    alone = dataclasses.replace(photo, pixels=photo.pixels[area])
    wanted = restoration.restore(alone, mode, restorer)
    done = restoration.restore(photo, mode, restorer, area=area)
    np.testing.assert_array_equal(done.photo.pixels[area], wanted.photo.pixels)
    np.testing.assert_array_equal(done.mask[area], wanted.mask)
    if mode == "full":
        np.testing.assert_array_equal(done.tone, wanted.tone)
    outside = np.ones((120, 100), bool)
    outside[area] = False
    np.testing.assert_array_equal(done.photo.pixels[outside], photo.pixels[outside])
    assert not done.mask[outside].any() and done.changed < (~outside).mean() + 1e-9


def _slope(height=80, width=90, channels=3):
    """A smooth picture, (H, W, C), that can be guessed from around a hole."""
    ramp = np.add.outer(np.linspace(0.2, 0.5, height), np.linspace(0, 0.3, width))
    return np.repeat(ramp[..., None], channels, axis=-1).astype(np.float32)


def _painter(logit):
    """A repairer that paints white, and marks every pixel with this logit."""
    repairer = restoration.build_repairer(**TINY)
    kernel, bias = _head(repairer).get_weights()
    bias[:3], bias[6] = 2.0, logit + 2.0
    _head(repairer).set_weights([kernel * 0, bias])
    return repairer


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_damage_that_is_given_is_painted_there_and_nowhere_else(mode, channels):
    networks = restoration.Restorer(_painter(9.0), restoration.build_toner(4), {})
    pixels, mask = _slope(channels=channels), np.zeros((80, 90), bool)
    mask[30:36, 60:90] = True
    photo = _levels(Photo(pixels, bit_depth=16))
    done = restoration.restore(photo, mode, networks, mask=mask)
    assert (done.photo.pixels[mask] == 65535).all()
    far = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))) == 0
    np.testing.assert_allclose(
        done.photo.pixels[far], photo.pixels[far], atol=40 * (mode == "full")
    )
    np.testing.assert_array_equal(done.mask, np.uint8(255) * mask)
    assert done.damaged == pytest.approx(mask.mean())


def test_what_the_network_finds_beside_a_given_mask_is_not_painted_over():
    pixels, mask = _slope(), np.zeros((80, 90), bool)
    mask[10:20, 10:20] = True
    assert restoration.repair(pixels, _painter(9.0))[0].min() > 0.99
    repaired, _ = restoration.repair(pixels, _painter(9.0), given=mask)
    assert repaired[mask].min() > 0.99
    repaired[6:24, 6:24] = pixels[6:24, 6:24]
    np.testing.assert_allclose(repaired, pixels, atol=1e-4)


def test_a_mask_of_all_pixels_is_no_harm(restorer):
    mask = np.ones((70, 90), bool)
    done = restoration.restore(_photo(), "conservative", restorer, mask=mask)
    assert np.isfinite(done.photo.pixels).all()


def test_an_empty_mask_leaves_the_whole_photograph_as_it_is(restorer):
    photo = _photo()
    mask = np.zeros(photo.pixels.shape[:2], bool)
    done = restoration.restore(photo, "conservative", restorer, mask=mask)
    np.testing.assert_array_equal(done.photo.pixels, photo.pixels)
    assert done.changed == 0


@pytest.mark.parametrize("mask", [np.zeros((70, 91), bool), np.zeros((70, 90))])
def test_a_mask_of_another_kind_is_refused(restorer, mask):
    with pytest.raises(
        ValueError, match=r"Expected a mask of bool of shape \(70, 90\)"
    ):
        restoration.restore(_photo(), "conservative", restorer, mask=mask)


@pytest.fixture(scope="module")
def marker():
    """Answer with white paint, and a mask logit that stands in the picture's red."""
    damaged, marks = (keras.Input((None, None, n)) for n in (3, 1))
    logits = 5.0 * damaged[..., :1]  # from -5 to 5
    answers = 2.0 * ops.ones_like(damaged), ops.zeros_like(damaged), logits
    return keras.Model([damaged, marks, keras.Input((1,))], list(answers))


def _marked(share, logit, size=100):
    """A black picture, of which a share of pixels gets this logit from `marker`."""
    pixels = np.zeros((size, size, 3), np.float32)
    pixels.reshape(-1, 3)[: round(share * size * size), 0] = (logit / 5 + 1) / 2
    return pixels


@pytest.mark.parametrize(
    ("share", "wanted"), [(0.0, 3.5), (0.004, 1.75), (0.008, 0.0), (0.5, 0.0)]
)
def test_the_fewer_marks_the_more_caution(marker, share, wanted):
    # 112 x 112, since the sides are continued to multiples of 16, is cut back to 100.
    assert restoration.caution(_marked(share, 3.0), marker) == pytest.approx(wanted)


def test_caution_looks_at_the_far_corners_of_a_large_photograph(marker):
    pixels = np.zeros((1500, 700, 3), np.float32)
    plain = restoration.caution(pixels, marker)
    pixels[-200:, -200:, 0] = 1.0
    assert restoration.caution(pixels, marker) < plain


def test_a_doubtful_mark_is_repaired_only_where_damage_is_common(marker):
    for share, changes in ((0.002, False), (0.5, True)):
        pixels = _marked(share, 2.7)
        repaired, mask = restoration.repair(pixels, marker)
        marked = pixels[..., 0] > 0
        change = np.abs(repaired - pixels).max(axis=-1)[marked]
        assert (change > 0.5).all() == changes
        assert (mask[marked] > 0.5).all()
    sure = _marked(0.002, 4.9)
    repaired, _ = restoration.repair(sure, marker)
    assert repaired[sure[..., 0] > 0].min() > 0.9


def test_what_the_photo_carries_is_kept(restorer):
    photo = dataclasses.replace(_photo(), icc=b"profile", exif=b"exif", dpi=(300, 300))
    kept = restoration.restore(photo, "full", restorer).photo
    assert (kept.icc, kept.exif, kept.dpi) == (b"profile", b"exif", (300, 300))


def test_retoning_a_picture_equals_its_tone_on_network_range(restorer):
    pixels = np.random.default_rng(0).uniform(0.4, 0.6, (96, 96, 3)).astype("float32")
    tone = restoration.read_tone(pixels, restorer.toner)
    toned = restoration.retone(pixels, tone)
    wanted = restoration.apply_tone((2 * pixels - 1)[None], tone[None])[0]
    wanted = np.clip((np.asarray(wanted) + 1) / 2, 0, 1)
    np.testing.assert_allclose(toned, wanted, atol=1e-5)


def test_retoning_a_grey_picture_equals_the_mean_of_its_colours(restorer):
    grey = np.random.default_rng(0).uniform(0.4, 0.6, (96, 96, 1)).astype("float32")
    tone = restoration.read_tone(grey, restorer.toner)
    toned = restoration.retone(grey, tone)
    colour = restoration.retone(np.repeat(grey, 3, axis=-1), tone)
    np.testing.assert_allclose(toned[..., 0], colour.mean(axis=-1), atol=1e-5)


def _tinted(rng):
    """A black-and-white picture (96, 96, 3) on yellow paper, a little noisy."""
    grey = cv2.resize(rng.random((6, 6)), (96, 96))[..., None]
    brown = np.array([0.95, 0.85, 0.6]) * grey ** np.array([0.8, 1.0, 1.3])
    return np.clip(brown + rng.normal(0, 0.002, brown.shape), 0, 1).astype("float32")


def test_a_print_in_one_ink_is_told_from_a_colour_photograph():
    rng = np.random.default_rng(0)
    assert restoration.is_one_ink(_tinted(rng))
    assert not restoration.is_one_ink(np.full((96, 96, 3), (0.8, 0.2, 0.1), "float32"))
    assert not restoration.is_one_ink(rng.random((96, 96, 3), "float32"))


def test_a_print_in_one_ink_is_never_given_colours(restorer):
    pixels = _tinted(np.random.default_rng(0))
    toned = restoration.retone(pixels, restoration.read_tone(pixels, restorer.toner))
    np.testing.assert_allclose(toned[..., 0], toned[..., 2], atol=1e-6)
    assert toned.std() > 0.01


def test_picture_rms_is_a_mean_over_pictures_of_roots():
    zeros = np.zeros((2, 4, 4, 3), "float32")
    off = zeros + np.array([0.2, 0.6], "float32")[:, None, None, None]
    wanted = (0.1 + 0.3) / 2  # [-1, 1] is twice as wide as [0, 1]
    assert float(restoration.picture_rms(zeros, off)) == pytest.approx(wanted, rel=1e-3)


def test_the_toner_learns_a_cast_that_all_photographs_share():
    keras.utils.set_random_seed(0)
    trainer = restoration.ToneTrainer(restoration.build_toner(4), 60, peak=3e-3)
    clean = np.random.default_rng(0).uniform(-0.8, 0.8, (8, 96, 96, 3))
    clean = clean.astype("float32")
    faded = clean * np.float32(0.7) + np.array([0.1, 0.0, -0.2], "float32")
    step = engine.compile_step(trainer.step, trainer.state)
    logs = [step(faded, clean) for _ in range(60)]
    assert float(logs[0]["loss"]) == pytest.approx(float(logs[0]["untouched"]))
    assert float(logs[-1]["loss"]) < 0.5 * float(logs[-1]["untouched"])


def test_restoring_in_windows_is_nearly_restoring_the_whole(monkeypatch):
    # The networks that ship: an untrained one looks as far, but listens otherwise.
    networks = restoration.load_restorer()
    paths = collections.bundled()
    photo = photos.load(next(p for p in paths if "nagasaki" in p.name))
    whole = restoration.repair(photo.pixels, networks.repairer)[0]
    monkeypatch.setattr(restoration, "TILE", 2 * restoration.HALO + 64)
    windows = restoration.repair(photo.pixels, networks.repairer)[0]
    assert np.abs(whole - windows).max() > 0
    assert np.abs(whole - windows).mean() < 0.1 / 255
    assert np.quantile(np.abs(whole - windows), 0.999) < 1 / 255


def test_a_repairer_without_a_mask_paints_everywhere():
    repairer = _painter(-9.0)
    pixels = _slope()
    np.testing.assert_allclose(
        restoration.repair(pixels, repairer)[0], pixels, atol=1e-3
    )
    restoration._paint_everywhere(repairer)
    assert restoration.repair(pixels, repairer)[0].min() > 0.99


def test_a_fidelity_out_of_range_is_refused(restorer):
    with pytest.raises(ValueError, match=r"Expected a fidelity in \[0, 1\].*1\.5"):
        restoration.restore(_photo(), "full", restorer, fidelity=1.5)


def test_a_toner_forgets_in_training_alone_and_has_no_other_weights_for_it():
    forgetful, toner = restoration.build_toner(4, 0.5), restoration.build_toner(4)
    weights = [np.full(w.shape, 0.01, "float32") for w in toner.get_weights()]
    for each in (forgetful, toner):
        each.set_weights(weights)
    pictures = np.random.default_rng(0).uniform(-1, 1, (2, 96, 96, 3)).astype("float32")
    in_use = [np.asarray(t(pictures, training=False)) for t in (forgetful, toner)]
    np.testing.assert_array_equal(*in_use)
    assert np.abs(np.asarray(forgetful(pictures, training=True)) - in_use[1]).max() > 0


class _Wish:
    """A toner that wants to lift a photograph, and its mirror image, by so much."""

    def __init__(self, *lifts):
        self.tones = np.repeat(np.eye(3, 5, dtype="float32")[None], 2, axis=0)
        self.tones[:, :, 3] = np.array(lifts)[:, None]

    def __call__(self, batch):
        return self.tones


def test_a_small_change_of_tone_is_not_made():
    pixels = np.random.default_rng(0).random((96, 96, 3), "float32")

    def made(lift):  # of a lift in [-1, 1], which is twice that in [0, 1]
        return restoration.read_tone(pixels, _Wish(lift, lift))[0, 3] / lift

    assert made(0.03) == 0
    assert 0 < made(0.05) < 1
    assert made(0.4) == 1


def test_a_toner_that_contradicts_itself_is_believed_less():
    dark = np.random.default_rng(0).uniform(0, 0.4, (96, 96, 3)).astype("float32")

    def made(*lifts):
        return restoration.read_tone(dark, _Wish(*lifts))[0, 3]

    assert made(0.4, 0.4) == pytest.approx(0.4)
    # The answers are 0.2 apart, their mean is 0.4: a quarter of it is not believed.
    assert made(0.5, 0.3) == pytest.approx(0.75 * 0.4, rel=1e-3)
    assert made(0.6, 0.0) == 0


def test_a_mirror_image_is_given_the_same_tone(restorer):
    pixels = np.random.default_rng(1).random((80, 120, 3), "float32") ** 2
    one, two = (
        restoration.read_tone(p, restorer.toner) for p in (pixels, pixels[:, ::-1])
    )
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_unknown_mode_and_preset_are_refused(restorer, tmp_path):
    with pytest.raises(ValueError, match=r"Expected one of .*Received: 'bold'"):
        restoration.restore(_photo(), "bold", restorer)
    with pytest.raises(ValueError, match=r"Expected one of .*Received: 'huge'"):
        restoration.train("huge", tmp_path)


def test_networks_of_any_size_are_read_back(restorer, tmp_path):
    pretrained.save(
        "restoration",
        restoration.learned(restorer.repairer, restorer.toner),
        tmp_path,
        what="a test",
    )
    back = restoration.load_restorer(tmp_path)
    pixels = _photo().pixels
    wanted, found = (
        restoration.repair(pixels, r.repairer)[0] for r in (restorer, back)
    )
    np.testing.assert_allclose(found, wanted, atol=2e-3)  # stored in half precision


def test_weights_of_an_earlier_version_are_refused(restorer, tmp_path):
    pretrained.save("restoration", [restorer.toner], tmp_path, what="a test")
    with pytest.raises(ValueError, match="weights of another architecture"):
        restoration.load_restorer(tmp_path)


def test_thumbnails_agree_between_training_and_use():
    assert restoration.THUMBNAIL == pairs.THUMBNAIL
