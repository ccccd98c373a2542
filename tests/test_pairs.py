"""gantools.pairs: the data a restorer learns from."""

import numpy as np
import pytest
from PIL import Image

from gantools import pairs


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean")
    rng = np.random.default_rng(0)
    for k, size in enumerate([(300, 220), (210, 400)]):
        coarse = Image.fromarray(rng.integers(0, 255, (9, 9, 3), dtype=np.uint8))
        coarse.resize(size, Image.Resampling.BICUBIC).save(folder / f"{k}.png")
    return pairs.CleanPictures([(1.0, sorted(folder.iterdir())), (9.0, [])])


def test_batches_are_a_pure_function_of_the_step(pictures):
    first = pairs.repair_batches(pictures, 4, 64, seed=3)
    second = pairs.repair_batches(pictures, 4, 64, seed=3)
    second(0)
    for a, b in zip(first(5), second(5), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first(5)[0], first(6)[0])


def test_augmentation_is_not_frozen(pictures):
    # A famous fault: random augmentation cached once, the same in every epoch.
    batches = pairs.repair_batches(pictures, 4, 64, seed=0)
    means = {round(float(batches(step)[0].mean()), 6) for step in range(6)}
    assert len(means) == 6


def test_shapes_and_ranges(pictures):
    batch = pairs.repair_batches(pictures, 8, 48, seed=0)(0)
    damaged, faded, mask, marked, fidelity = batch
    assert damaged.shape == faded.shape == (8, 48, 48, 3)
    assert mask.shape == marked.shape == (8, 48, 48, 1) and fidelity.shape == (8, 1)
    assert {a.dtype for a in batch} == {np.dtype("float32")}
    assert -1 <= damaged.min() < 0 < damaged.max() <= 1
    for share in (mask, marked, fidelity):
        assert 0 <= share.min() <= share.max() <= 1


def test_hard_views_hold_more_damage(pictures):
    shares = [
        np.mean(
            [
                pairs.repair_batches(pictures, 8, 32, 0, 128, hard)(k)[2].mean()
                for k in range(12)
            ]
        )
        for hard in (0.0, 1.0)
    ]
    assert shares[1] > 2 * shares[0] > 0


def test_marks_cover_the_damage_of_some_crops_and_of_others_nothing(pictures):
    batches = pairs.repair_batches(pictures, 8, 48, seed=0)
    told = []
    for step in range(20):
        _, _, mask, marked, _ = batches(step)
        for m, k in zip(mask, marked, strict=True):
            if (m > 0.2).any():
                told.append(bool(k.any()))
                assert not k.any() or (k[m > 0.2] == 1).all()
    assert 0.1 < np.mean(told) < 0.45


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_laid_over_is_in_the_mask(channels):
    picture = np.full((64, 64, channels), 0.5, np.float32)
    before, nothing, seen = picture.copy(), np.zeros((64, 64), np.float32), 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        laid, mask = pairs.lay_something_over(picture, nothing, rng)
        assert laid.shape == picture.shape and laid.dtype == np.float32
        assert 0 <= laid.min() <= laid.max() <= 1 and 0 <= mask.min() <= mask.max() <= 1
        change = np.abs(laid - picture).max(axis=-1)
        np.testing.assert_allclose(mask, np.minimum(change / 0.2, 1), atol=1e-5)
        seen += mask.max() > 0.5
    np.testing.assert_array_equal(before, picture)
    assert seen >= 15


def test_a_tone_of_no_kind_keeps_the_order_of_greys():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    picture = np.repeat(np.tile(ramp, (16, 1))[..., None], 3, axis=-1)
    for seed in range(10):
        toned = pairs.change_tone(picture, np.random.default_rng(seed))
        assert 0 <= toned.min() <= toned.max() <= 1
        assert (np.diff(toned.mean(axis=(0, 2))) >= -1e-6).all()


def test_views_differ_in_colour_and_size(pictures):
    rng = np.random.default_rng(0)
    views = [pictures.view(rng, 96) for _ in range(40)]
    assert {v.shape[:2] for v in views} == {(96, 96)}
    assert {v.shape[2] for v in views} == {1, 3}


def test_views_of_a_picture_smaller_than_the_view_are_enlarged(pictures):
    assert pictures.view(np.random.default_rng(0), 500).shape[:2] == (500, 500)


def test_tone_pairs_are_thumbnails_of_which_some_never_faded(pictures):
    faded, clean = pairs.tone_batches(pictures, 64, seed=0)(3)
    assert faded.shape == clean.shape == (64, 96, 96, 3)
    assert -1 <= faded.min() < 0 < faded.max() <= 1
    change = np.abs(faded - clean).mean(axis=(1, 2, 3))
    by_way = change.reshape(8, 8).T  # (ways, thumbnails), in the order of TONES
    assert np.all(by_way[:2] == 0)
    assert np.mean(by_way[2:] == 0) < 0.3
    assert by_way[4:6].mean() > by_way[2:4].mean()  # these faded more
    again = pairs.tone_batches(pictures, 64, seed=0)(3)
    np.testing.assert_array_equal(again[0], faded)


def test_some_views_are_sound_and_the_others_of_every_severity():
    rng = np.random.default_rng(0)
    drawn = np.array([pairs.draw_severity(rng) for _ in range(2000)])
    assert abs(np.mean(drawn == 0) - pairs.SOUND_SHARE) < 0.02
    assert drawn[drawn > 0].min() >= 0.1 and drawn.max() > 0.95


@pytest.mark.parametrize("draw", [pairs.draw_thin_things, pairs.draw_frame])
@pytest.mark.parametrize("channels", [1, 3])
def test_negatives_are_pictures_and_leave_their_input_alone(draw, channels):
    picture = np.full((64, 64, channels), 0.5, np.float32)
    before, changed = picture.copy(), 0
    for seed in range(10):
        result = draw(picture, np.random.default_rng(seed))
        assert result.shape == picture.shape
        assert result.dtype == np.float32
        changed += not np.array_equal(result, picture)
    np.testing.assert_array_equal(before, picture)
    assert changed >= 5


def test_thumbnail_keeps_the_mean():
    picture = np.random.default_rng(0).random((192, 288, 1)).astype("float32")
    small = pairs.thumbnail(picture)
    assert small.shape == (96, 96, 3)
    assert abs(small.mean() - picture.mean()) < 1e-4


def test_the_mounts_of_slides_are_cut_off(tmp_path):
    slide = np.zeros((60, 100, 3), np.uint8)
    slide[10:50, 10:90] = 200
    Image.fromarray(slide).save(tmp_path / "slide.png")
    groups = [(1.0, [tmp_path / "slide.png"])]
    (kept,) = pairs.CleanPictures(groups, trim=0.1).groups[0]
    assert kept.shape == (40, 80, 3) and (kept == 200).all()
    assert pairs.CleanPictures(groups).groups[0][0].shape == slide.shape


def test_groups_without_a_colourful_picture_are_left_out(tmp_path):
    for name, colour in (("grey", (90, 90, 90)), ("red", (200, 40, 40))):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    grey, red = ((1.0, [tmp_path / f"{name}.png"]) for name in ("grey", "red"))
    pictures = pairs.CleanPictures([grey, red], grey=0.0, colourful=True)
    assert pictures.weights == [1.0]
    views = [pictures.view(np.random.default_rng(n), 48) for n in range(9)]
    assert all(np.ptp(view, axis=-1).mean() > 0.5 for view in views)
    with pytest.raises(ValueError, match="Expected at least one picture"):
        pairs.CleanPictures([grey], colourful=True)


def test_no_picture_at_all_is_refused():
    with pytest.raises(ValueError, match="Expected at least one picture"):
        pairs.CleanPictures([(1.0, [])])


def test_a_batch_that_views_do_not_divide_is_refused(pictures):
    with pytest.raises(ValueError, match=r"Expected batch to be a multiple of 2"):
        pairs.repair_batches(pictures, 5, 64, seed=0)
