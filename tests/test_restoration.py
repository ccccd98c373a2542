"""gantools.restoration: the networks, their training, and what restore promises."""

import dataclasses

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from gantools import engine, features, pairs, pretrained, restoration
from gantools.photos import Photo, to_levels

TINY = {"widths": (4, 6, 6, 8), "blocks": (1, 1, 1, 1)}


@pytest.fixture(scope="module")
def restorer():
    """Untrained networks whose heads are no longer zero: they change everything."""
    keras.utils.set_random_seed(0)
    repairer, toner = restoration.build_repairer(**TINY), restoration.build_toner(4)
    rng = np.random.default_rng(0)
    for layer in (repairer.get_layer("head"), toner.get_layer("numbers")):
        layer.set_weights(
            [
                rng.normal(0, 0.05, w.shape).astype("float32")
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
    mask = (rng.random((count, size, size, 1)) < 0.1).astype("float32")
    return tuple(ops.convert_to_tensor(array) for array in (damaged, target, mask))


def test_the_untrained_repairer_changes_nothing():
    damaged = _batch()[0]
    repaired, logits = restoration.build_repairer(**TINY)(damaged)
    np.testing.assert_allclose(repaired, damaged, atol=1e-6)
    assert logits.shape == (2, 32, 32, 1)


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
    damaged, target, mask = _batch()
    judge = restoration.build_discriminator((4, 6, 8))

    def losses_fn():
        repaired, logits = restorer.repairer(damaged, training=True)
        fooled = -ops.mean(judge([damaged, repaired]))
        g_loss = restoration.repair_loss(target, mask, repaired, logits) + fooled
        return (g_loss, ops.mean(judge([damaged, target]))), {}

    players = [restorer.repairer.trainable_variables, judge.trainable_variables]
    _, gradients = engine.value_and_grads(losses_fn, players)
    for group, variables in zip(gradients, players, strict=True):
        for gradient, variable in zip(group, variables, strict=True):
            assert float(ops.max(ops.abs(gradient))) > 0, variable.path


def test_the_discriminator_looks_at_the_damaged_photo():
    damaged, target, _ = _batch()
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
    damaged = np.zeros((1, 32, 32, 3), "float32")
    changes = []
    for logit in (-1.0, 1.0, 3.0):  # of the mask; paint is 1 and the correction 0
        repairer = restoration.build_repairer(**TINY)
        head = repairer.get_layer("head")
        kernel, bias = head.get_weights()
        bias[:3], bias[6] = 1.0, logit + 2.0
        head.set_weights([kernel * 0, bias])
        changes.append(float(ops.mean(repairer(damaged)[0])))
    assert changes[0] < 0.01
    assert changes[1] == pytest.approx(0.5, abs=1e-3)
    assert changes[2] > 0.99


def test_supervised_steps_lower_the_loss():
    keras.utils.set_random_seed(0)
    damaged, target, mask = _batch()
    trainer = restoration.RepairTrainer(restoration.build_repairer(**TINY), 60, 3e-3)
    step = engine.compile_step(trainer.step, trainer.state)
    losses = [float(step(damaged, target, mask)["loss"]) for _ in range(60)]
    assert losses[-1] < 0.9 * losses[0]


def test_the_discriminator_learns_before_its_opinion_counts():
    keras.utils.set_random_seed(0)
    damaged, target, mask = _batch()
    weights = {}
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
            step(damaged, target, mask)
            weights[game_weight].append(repairer.get_layer("head").get_weights()[0])
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


@pytest.mark.parametrize("mode", restoration.MODES)
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


@pytest.mark.parametrize("mode", restoration.MODES)
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
    assert off.max() < 0.5 + 0.02 * top / 255  # of a level: work is done in 16 bits
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


@pytest.mark.parametrize("mode", restoration.MODES)
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


@pytest.mark.parametrize("mode", restoration.MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_damage_that_is_given_is_filled_there_and_nowhere_else(mode, channels):
    untrained = restoration.Restorer(
        restoration.build_repairer(**TINY), restoration.build_toner(4), {}
    )
    clean, mask = _slope(channels=channels), np.zeros((80, 90), bool)
    mask[30:36, 60:90] = True
    scratched = clean.copy()
    scratched[mask] = 1.0
    photo = _levels(Photo(scratched, bit_depth=16))
    assert restoration.restore(photo, "conservative", untrained).changed == 0
    done = restoration.restore(photo, mode, untrained, mask=mask)
    after = done.photo.pixels / 65535
    assert np.abs(after - clean)[mask].max() < 0.05 < 0.2 < (1 - clean[mask]).min()
    if mode == "conservative":
        far = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9))) == 0
        np.testing.assert_array_equal(done.photo.pixels[far], photo.pixels[far])
    np.testing.assert_array_equal(done.mask, np.uint8(255) * mask)
    assert done.damaged == pytest.approx(mask.mean())


def test_what_the_network_finds_beside_a_given_mask_is_not_painted_over():
    repairer = restoration.build_repairer(**TINY)  # paints all white
    kernel, bias = repairer.get_layer("head").get_weights()
    bias[:3], bias[6] = 2.0, 9.0
    repairer.get_layer("head").set_weights([kernel * 0, bias])
    pixels, mask = _slope(), np.zeros((80, 90), bool)
    mask[10:20, 10:20] = True
    assert restoration.repair(pixels, repairer)[0].min() > 0.99
    repaired, _ = restoration.repair(pixels, repairer, given=mask)
    np.testing.assert_allclose(repaired, pixels, atol=0.05)  # filled from around
    repaired[5:25, 5:25] = pixels[5:25, 5:25]
    np.testing.assert_allclose(repaired, pixels, atol=1e-4)


def test_a_mask_without_a_rim_to_fill_from_is_no_harm(restorer):
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


class _Marker:
    """Answers with white paint, and a mask logit that stands in the picture's red."""

    def predict_on_batch(self, batch):
        logits = 4.0 * batch[..., :1]  # from -4 to 4
        return np.ones_like(batch), logits


def _marked(share, logit, size=100):
    """A black picture, of which a share of pixels gets this logit from _Marker."""
    pixels = np.zeros((size, size, 3), np.float32)
    pixels.reshape(-1, 3)[: round(share * size * size), 0] = (logit / 4 + 1) / 2
    return pixels


@pytest.mark.parametrize(
    ("share", "wanted"), [(0.0, 2.0), (0.005, 1.0), (0.01, 0.0), (0.5, 0.0)]
)
def test_the_fewer_marks_the_more_caution(share, wanted):
    # 112 x 112, since the sides are continued to multiples of 16, is cut back to 100.
    assert restoration.caution(_marked(share, 3.0), _Marker()) == pytest.approx(wanted)


def test_caution_looks_at_the_far_corners_of_a_large_photograph():
    pixels = np.zeros((1500, 700, 3), np.float32)
    plain = restoration.caution(pixels, _Marker())
    pixels[-200:, -200:, 0] = 1.0
    assert restoration.caution(pixels, _Marker()) < plain


def test_a_doubtful_mark_is_repaired_only_where_damage_is_common():
    for share, changes in ((0.002, False), (0.5, True)):
        pixels = _marked(share, 2.0)
        repaired, mask = restoration.repair(pixels, _Marker())
        marked = pixels[..., 0] > 0
        change = np.abs(repaired - pixels).max(axis=-1)[marked]
        assert (change > 0.5).all() == changes
        assert (mask[marked] > 0.5).all()
    sure = _marked(0.002, 3.9)
    repaired, _ = restoration.repair(sure, _Marker())
    assert repaired[sure[..., 0] > 0].min() > 0.9


def test_what_the_photo_carries_is_kept(restorer):
    photo = dataclasses.replace(_photo(), icc=b"profile", exif=b"exif", dpi=(300, 300))
    kept = restoration.restore(photo, "full", restorer).photo
    assert (kept.icc, kept.exif, kept.dpi) == (b"profile", b"exif", (300, 300))


def test_retoning_a_picture_equals_its_tone_on_network_range(restorer):
    pixels = np.random.default_rng(0).uniform(0.4, 0.6, (48, 48, 3)).astype("float32")
    tone = restoration.read_tone(pixels, restorer.toner)
    toned = restoration.retone(pixels, tone)
    wanted = restoration.apply_tone((2 * pixels - 1)[None], tone[None])[0]
    np.testing.assert_allclose(toned, (np.asarray(wanted) + 1) / 2, atol=1e-5)


def test_retoning_a_grey_picture_equals_the_mean_of_its_colours(restorer):
    grey = np.random.default_rng(0).uniform(0.4, 0.6, (48, 48, 1)).astype("float32")
    tone = restoration.read_tone(grey, restorer.toner)
    toned = restoration.retone(grey, tone)
    colour = restoration.retone(np.repeat(grey, 3, axis=-1), tone)
    np.testing.assert_allclose(toned[..., 0], colour.mean(axis=-1), atol=1e-5)


def _tinted(rng):
    """A black-and-white picture (48, 48, 3) on yellow paper, a little noisy."""
    grey = cv2.resize(rng.random((6, 6)), (48, 48))[..., None]
    brown = np.array([0.95, 0.85, 0.6]) * grey ** np.array([0.8, 1.0, 1.3])
    return np.clip(brown + rng.normal(0, 0.002, brown.shape), 0, 1).astype("float32")


def test_a_print_in_one_ink_is_told_from_a_colour_photograph():
    rng = np.random.default_rng(0)
    assert restoration.is_one_ink(_tinted(rng))
    assert not restoration.is_one_ink(np.full((48, 48, 3), (0.8, 0.2, 0.1), "float32"))
    assert not restoration.is_one_ink(rng.random((48, 48, 3), "float32"))


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
    clean = np.random.default_rng(0).uniform(-0.8, 0.8, (8, 48, 48, 3))
    clean = clean.astype("float32")
    faded = clean * np.float32(0.7) + np.array([0.1, 0.0, -0.2], "float32")
    step = engine.compile_step(trainer.step, trainer.state)
    logs = [step(faded, clean) for _ in range(60)]
    assert float(logs[0]["loss"]) == pytest.approx(float(logs[0]["untouched"]))
    assert float(logs[-1]["loss"]) < 0.5 * float(logs[-1]["untouched"])


def test_the_halo_covers_the_receptive_field():
    # One pixel is changed; what changes in the answer is what sees that pixel.
    keras.utils.set_random_seed(0)
    repairer = restoration.build_repairer((2, 2, 2, 2))
    shape = repairer.get_layer("head").get_weights()[0].shape
    random = np.random.default_rng(0)
    repairer.get_layer("head").set_weights(
        [random.normal(size=shape), np.zeros(shape[2])]
    )
    picture = random.uniform(-1, 1, (1, 640, 640, 3)).astype("float32")
    touched = picture.copy()
    touched[0, 320, 320] += 50.0
    change = (
        repairer.predict_on_batch(touched)[0] - repairer.predict_on_batch(picture)[0]
    )
    rows = np.nonzero(np.abs(change).max(axis=(0, 2, 3)))[0]
    reach = max(320 - rows.min(), rows.max() - 320)
    assert 100 < reach <= restoration.HALO


def test_restoring_in_windows_equals_restoring_the_whole(restorer, monkeypatch):
    photo = _photo(640, 500)
    whole = restoration.restore(photo, "full", restorer).photo.pixels
    monkeypatch.setattr(restoration, "TILE", 2 * restoration.HALO + 64)
    windows = restoration.restore(photo, "full", restorer).photo.pixels
    assert np.abs(whole - windows).max() < 1 / 255


def test_the_preset_more_goes_on_from_the_shipped_weights(monkeypatch, tmp_path):
    tiny = {"repair_steps": 1, "adversarial_steps": 1, "tone_steps": 1, "batch": 2}
    tiny |= {"crop": 32, "view": 48, "dtype": "float32", "bundled": True}
    plan = dataclasses.replace(restoration.PRESETS["more"], **tiny)
    monkeypatch.setitem(restoration.PRESETS, "more", plan)
    restoration.train("more", tmp_path, progress=False)
    shipped, trained = (
        restoration.load_restorer(*folder).repairer.get_weights()
        for folder in ((), (tmp_path,))
    )
    moved = [np.abs(a - b).max() for a, b in zip(shipped, trained, strict=True)]
    assert 0 < max(moved) < 0.02


def test_unknown_mode_and_preset_are_refused(restorer, tmp_path):
    with pytest.raises(ValueError, match=r"Expected one of .*Received: 'bold'"):
        restoration.restore(_photo(), "bold", restorer)
    with pytest.raises(ValueError, match=r"Expected one of .*Received: 'huge'"):
        restoration.train("huge", tmp_path)


def test_networks_of_any_size_are_read_back(restorer, tmp_path):
    pretrained.save(
        "restoration", [restorer.repairer, restorer.toner], tmp_path, what="a test"
    )
    back = restoration.load_restorer(tmp_path)
    pixels = _photo().pixels
    wanted, found = (
        restoration.repair(pixels, r.repairer)[0] for r in (restorer, back)
    )
    np.testing.assert_allclose(found, wanted, atol=2e-3)  # stored in half precision


def test_thumbnails_agree_between_training_and_use():
    assert restoration.THUMBNAIL == pairs.THUMBNAIL
