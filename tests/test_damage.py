"""What must hold of every kind of damage, and of age, which composes them."""

import re

import cv2
import numpy as np
import pytest

from gantools import damage

POINTWISE = ("fading", "yellowing", "sepia", "exposure", "contrast")


def photo(height=72, width=64, channels=3, seed=0):
    """Make a smooth picture with an edge, some texture and the full range."""
    rng = np.random.default_rng(seed)
    noise = rng.random((height, width, 3), np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 5)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    smooth[:, width // 2 :] *= 0.5
    smooth += 0.03 * noise
    return np.ascontiguousarray(np.clip(smooth, 0, 1)[..., :channels])


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(params=sorted(damage.KINDS))
def name(request):
    return request.param


@pytest.mark.parametrize("shape", [(72, 64, 3), (33, 50, 1), (16, 16, 3), (16, 90, 1)])
@pytest.mark.parametrize("strength", [0.05, 1.0])
def test_every_kind_keeps_shape_type_range_and_input(name, shape, strength):
    clean = photo(*shape)
    kept = clean.copy()
    for seed in range(6):
        changed, mask = damage.KINDS[name](clean, generator(seed), strength)
        for array, expected in ((changed, shape), (mask, shape[:2])):
            assert array.dtype == np.float32 and array.shape == expected
            assert array.min() >= 0 and array.max() <= 1
        assert not np.shares_memory(changed, clean)
    np.testing.assert_array_equal(clean, kept)


def test_every_kind_changes_a_picture_at_full_strength(name):
    for channels in (1, 3):
        clean = photo(96, 96, channels)
        changes = [
            np.abs(damage.KINDS[name](clean, generator(seed), 1.0)[0] - clean).max()
            for seed in range(8)
        ]
        assert np.median(changes) > 0.02


def test_every_kind_is_identity_at_strength_zero(name):
    clean = photo()
    changed, mask = damage.KINDS[name](clean, generator(), 0.0)
    np.testing.assert_array_equal(changed, clean)
    assert not mask.any()


def test_every_kind_is_a_function_of_its_seed(name):
    clean = photo(96, 80)
    first, again, other = (
        damage.KINDS[name](clean, generator(seed), 0.9) for seed in (3, 3, 4)
    )
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()
    assert first[0].tobytes() != other[0].tobytes()


def test_every_kind_accepts_a_view_that_is_not_contiguous(name):
    large = photo(80, 80)
    view = large[8:72:1, ::-1][:, :64]
    through_view = damage.KINDS[name](view, generator(), 0.7)[0]
    through_copy = damage.KINDS[name](view.copy(), generator(), 0.7)[0]
    np.testing.assert_array_equal(through_view, through_copy)


@pytest.mark.parametrize("structural", damage.STRUCTURE)
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_outside_the_mask_are_bit_identical(structural, channels):
    clean = photo(96, 88, channels)
    for seed in range(10):
        changed, mask = damage.KINDS[structural](clean, generator(seed), 0.8)
        outside = mask == 0
        np.testing.assert_array_equal(changed[outside], clean[outside])


@pytest.mark.parametrize("structural", damage.STRUCTURE)
def test_mask_is_at_least_the_visible_change(structural):
    clean = photo(96, 88)
    for seed in range(10):
        changed, mask = damage.KINDS[structural](clean, generator(seed), 0.8)
        change = np.abs(changed.astype(float) - clean).max(axis=-1) / damage.VISIBLE
        assert (mask >= np.minimum(change, 1) - 1e-4).all()


def test_damage_that_cannot_be_seen_is_not_in_the_mask():
    white = np.ones((64, 64, 1), np.float32)
    for seed in range(10):
        changed, mask = damage.dust(white, generator(seed), 1.0)
        np.testing.assert_allclose(
            mask, np.minimum((1 - changed[..., 0]) / damage.VISIBLE, 1), atol=1e-5
        )


@pytest.mark.parametrize("lossy", ["tears", "flaking"])
def test_a_lost_piece_is_in_the_mask_even_where_it_looks_like_the_picture(lossy):
    # Damage twice with the same seed: the second time nothing is left to see.
    clean, seen = photo(96, 96), 0
    for seed in range(10):
        once, _ = damage.KINDS[lossy](clean, generator(seed), 1.0)
        twice, mask = damage.KINDS[lossy](once, generator(seed), 1.0)
        unseen = np.abs(twice - once).max(axis=-1) < 0.4 * damage.VISIBLE
        seen += (mask[unseen] > 0.5).sum()
    assert seen > 100


@pytest.mark.parametrize("toneful", damage.TONE + damage.TEXTURE)
def test_tone_and_texture_hide_nothing(toneful):
    assert not damage.KINDS[toneful](photo(), generator(), 1.0)[1].any()


@pytest.mark.parametrize("toneful", POINTWISE)
@pytest.mark.parametrize("channels", [1, 3])
def test_tone_is_monotone_and_the_same_everywhere(toneful, channels):
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    picture = np.repeat(np.tile(ramp, (16, 1))[..., None], channels, axis=2)
    for seed in range(12):
        changed = damage.KINDS[toneful](picture, generator(seed), 0.9)[0]
        assert (np.diff(changed, axis=1) >= -1e-6).all()
        np.testing.assert_allclose(changed, changed[:1].repeat(16, axis=0), atol=1e-6)


def test_vignette_preserves_the_order_of_values_at_each_pixel():
    low, high = photo(seed=1) * 0.5, photo(seed=1) * 0.5 + 0.3
    for seed in range(12):
        low_out, high_out = (
            damage.vignette(x, generator(seed), 0.9)[0] for x in (low, high)
        )
        assert (high_out >= low_out - 1e-6).all()


def test_fading_equals_its_density_formula():
    # Against the formula in densities, with the parameters drawn by the same seed.
    clean, strength = photo(), 0.7
    for seed in range(6):
        changed = damage.fading(clean, generator(seed), strength)[0].astype(float)
        probe = np.zeros((16, 16, 3), np.float32)
        black = damage.fading(probe, generator(seed), strength)[0][0, 0].astype(float)
        grey = damage.fading(probe + 0.5, generator(seed), strength)[0][0, 0]
        for channel in range(3):
            floor, keep = _solve_fading(black[channel], float(grey[channel]))
            density = -np.log10(clean[..., channel] * (1 - floor) + floor)
            expected = (10 ** (-keep * density) - floor) / (1 - floor)
            np.testing.assert_allclose(changed[..., channel], expected, atol=2e-4)


def _solve_fading(black, grey):
    """Find (floor, keep) from what became of black and of 0.5, by bisection."""

    def mid(floor):
        keep = np.log(black * (1 - floor) + floor) / np.log(floor)
        return keep, ((0.5 * (1 - floor) + floor) ** keep - floor) / (1 - floor)

    floors = np.linspace(0.03, 0.08, 20001)
    best = np.argmin([abs(mid(floor)[1] - grey) for floor in floors])
    return floors[best], mid(floors[best])[0]


def test_the_dye_that_fades_most_is_most_often_cyan():
    grey = np.full((16, 16, 3), 0.4, np.float32)
    lightest = [
        int(damage.fading(grey, generator(seed), 1.0)[0][0, 0].argmax())
        for seed in range(200)
    ]
    share_red, share_green, share_blue = np.bincount(lightest, minlength=3) / 200
    assert share_red > 0.45 and min(share_green, share_blue) > 0.05


def test_yellowing_takes_more_blue_than_green_than_red():
    white = np.ones((16, 16, 3), np.float32)
    for seed in range(10):
        red, green, blue = damage.yellowing(white, generator(seed), 1.0)[0][0, 0]
        assert red > green > blue


def test_grain_is_unbiased_correlated_and_strongest_in_the_mid_tones():
    levels = np.repeat(np.float32([0.06, 0.5]), 48)
    picture = np.tile(levels, (96, 1))[..., None]  # (96, 96, 1): dark half, grey half
    ratios, neighbours = [], []
    for seed in range(12):
        noise = (damage.grain(picture, generator(seed), 0.4)[0] - picture)[..., 0]
        dark, grey = noise[:, :48], noise[:, 48:]
        ratios.append(grey.std() / dark.std())
        neighbours.append((grey[1:] * grey[:-1]).mean() / grey.var())
        assert abs(grey.mean()) < 0.2 * grey.std()
    assert min(ratios) > 1.05 and np.mean(neighbours) > 0.15


@pytest.mark.parametrize("softener", ["blur", "resampling", "jpeg"])
def test_scan_keeps_the_mean_brightness(softener):
    clean = photo(96, 96)
    for seed in range(6):
        changed = damage.KINDS[softener](clean, generator(seed), 0.8)[0]
        np.testing.assert_allclose(changed.mean((0, 1)), clean.mean((0, 1)), atol=0.03)


def test_blur_removes_detail_more_than_it_adds():
    clean = photo(96, 96)
    detail = cv2.Laplacian(clean, -1).var()
    for seed in range(6):
        changed = damage.blur(clean, generator(seed), 1.0)[0]
        assert cv2.Laplacian(changed, -1).var() < detail


def test_every_kind_does_more_harm_at_more_strength(name):
    clean = photo(96, 96)
    harm = [
        np.mean(
            [
                np.square(damage.KINDS[name](clean, generator(s), strength)[0] - clean)
                for s in range(40)
            ]
        )
        for strength in (0.15, 0.5, 1.0)
    ]
    assert harm[0] < harm[1] < harm[2]


def test_damage_covers_a_like_share_of_a_small_and_of_a_large_picture():
    shares = {
        side: np.mean(
            [
                (damage.scratches(photo(side, side), generator(s), 0.6)[1] > 0.5).mean()
                for s in range(40)
            ]
        )
        for side in (64, 256)
    }
    assert 0.2 < shares[64] / shares[256] < 5


# ------------------------------------------------------------------------- age


def test_age_at_severity_zero_returns_the_picture():
    clean = photo()
    aged = damage.age(clean, generator(), 0.0)
    np.testing.assert_array_equal(aged.damaged, clean)
    np.testing.assert_array_equal(aged.faded, clean)
    assert not aged.mask.any() and aged.kinds == ()
    assert not np.shares_memory(aged.damaged, clean)


def assert_one_picture(aged, again, clean):
    """Assert that two agings are the same bytes, and of the clean picture's size."""
    assert aged.kinds == again.kinds
    for one, other in zip(aged[:3], again[:3], strict=True):
        assert one.tobytes() == other.tobytes() and one.dtype == np.float32
        assert one.min() >= 0 and one.max() <= 1
    assert aged.damaged.shape == aged.faded.shape == clean.shape
    assert aged.mask.shape == clean.shape[:2]


@pytest.mark.parametrize("channels", [1, 3])
def test_age_is_a_function_of_its_seed_and_stays_a_picture(channels):
    clean = photo(channels=channels)
    kept = clean.copy()
    for seed in range(40):
        aged, again = (damage.age(clean, generator(seed), 0.8) for _ in range(2))
        assert_one_picture(aged, again, clean)
    np.testing.assert_array_equal(clean, kept)


def test_faded_is_the_clean_picture_unless_a_tone_was_drawn():
    clean = photo()
    seen = set()
    for seed in range(60):
        aged = damage.age(clean, generator(seed), 0.5)
        toned = bool(set(aged.kinds) & set(damage.TONE))
        assert np.array_equal(aged.faded, clean) != toned
        seen.add(toned)
    assert seen == {True, False}


def test_faded_is_what_the_tone_kinds_alone_do():
    clean = photo()
    kinds = ("fading", "contrast", "grain", "dust", "jpeg")
    aged = damage.age(clean, generator(5), 0.7, kinds=kinds)
    tone_only = damage.age(clean, generator(5), 0.7, kinds=("fading", "contrast"))
    np.testing.assert_array_equal(aged.faded, tone_only.damaged)


def test_age_with_structure_alone_changes_only_what_the_mask_marks():
    clean = photo(96, 96)
    for seed in range(10):
        aged = damage.age(clean, generator(seed), 0.8, kinds=damage.STRUCTURE)
        outside = aged.mask == 0
        np.testing.assert_array_equal(aged.damaged[outside], clean[outside])


def test_named_kinds_befall_the_picture_in_physical_order():
    kinds = ("jpeg", "dust", "fading", "grain")
    aged = damage.age(photo(), generator(), 0.5, kinds=kinds)
    assert aged.kinds == ("fading", "grain", "dust", "jpeg")
    assert damage.age(photo(), generator(), 0.5, kinds=()).kinds == ()


def test_scan_softens_the_mask_with_the_damage():
    clean = np.full((96, 96, 1), 0.5, np.float32)
    for seed in range(10):
        aged = damage.age(clean, generator(seed), 1.0, kinds=("scratches", "blur"))
        change = np.abs(aged.damaged - clean)[..., 0]
        assert (aged.mask[change > 0.02] > 0.02).all()


def test_mean_psnr_falls_with_severity():
    clean = photo(96, 96)
    means = []
    for severity in (0.1, 0.3, 0.5, 0.7, 0.9):
        errors = [
            np.square(damage.age(clean, generator(s), severity).damaged - clean).mean()
            for s in range(90)
        ]
        means.append(np.mean([-10 * np.log10(max(e, 1e-6)) for e in errors]))
    assert (np.diff(means) < -0.5).all()


def test_about_an_eighth_of_the_draws_have_no_structural_damage():
    rng = generator()
    clean = photo(16, 16)
    structural, grainy = 0, 0
    for _ in range(600):
        kinds = set(damage.age(clean, rng, rng.random()).kinds)
        structural += bool(kinds & set(damage.STRUCTURE))
        grainy += "grain" in kinds
    assert 0.09 < 1 - structural / 600 < 0.15
    assert 0.2 < grainy / 600 < 0.8


def test_every_kind_is_drawn():
    rng, seen, clean = generator(), set(), photo(16, 16)
    for _ in range(300):
        seen |= set(damage.age(clean, rng, 0.7).kinds)
    assert seen == set(damage.KINDS)


def test_grey_in_rgb_is_often_scanned_in_grey_and_colour_never():
    grey = photo(48, 48, 1).repeat(3, axis=2)
    kinds = ("yellowing", "foxing")
    equal = [
        np.ptp(damage.age(grey, generator(s), 0.8, kinds=kinds).damaged, axis=2).max()
        == 0
        for s in range(60)
    ]
    assert 0.3 < np.mean(equal) < 0.7
    coloured = damage.age(photo(48, 48), generator(), 0.8, kinds=kinds).damaged
    assert np.ptp(coloured, axis=2).max() > 0.1


def test_groups_partition_the_kinds():
    groups = damage.TONE + damage.STRUCTURE + damage.TEXTURE
    assert sorted(groups) == sorted(damage.KINDS)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"photo": [[0.5]]}, TypeError, "Expected a float32 array. Received: list"),
        (
            {"photo": np.zeros((32, 32, 3), np.uint8)},
            TypeError,
            "Expected a float32 array. Received: uint8",
        ),
        (
            {"photo": np.zeros((32, 32), np.float32)},
            ValueError,
            "C = 1 or 3. Received: shape (32, 32)",
        ),
        (
            {"photo": np.zeros((32, 32, 4), np.float32)},
            ValueError,
            "Received: shape (32, 32, 4)",
        ),
        (
            {"photo": np.zeros((15, 32, 3), np.float32)},
            ValueError,
            "at least 16 x 16 px",
        ),
        (
            {"photo": np.full((32, 32, 3), 1.5, np.float32)},
            ValueError,
            "Expected values in [0, 1]. Received: 1.5 to 1.5",
        ),
        (
            {"photo": np.full((32, 32, 3), np.nan, np.float32)},
            ValueError,
            "Received: nan to nan",
        ),
        ({"rng": 7}, TypeError, "Expected a numpy.random.Generator. Received: int"),
        ({"severity": 1.2}, ValueError, "[0, 1]. Received: 1.2"),
        ({"severity": float("nan")}, ValueError, "[0, 1]. Received: nan"),
        ({"kinds": ("rust",)}, ValueError, "Received: ['rust']"),
        (
            {"kinds": "dust"},
            TypeError,
            "Expected a sequence of names. Received: 'dust'",
        ),
        (
            {"profile": "daguerreotype"},
            ValueError,
            f"Expected a profile of {list(damage.PROFILES)}. Received: 'daguerreotype'",
        ),
        (
            {"profile": "slide", "kinds": ("dust",)},
            ValueError,
            "Expected kinds or a profile. Received: ('dust',), 'slide'",
        ),
    ],
)
def test_bad_input_is_refused_with_what_came(change, error, message):
    arguments = {"photo": photo(), "rng": generator(), "severity": 0.5} | change
    with pytest.raises(error, match=re.escape(message)):
        damage.age(**arguments)


def test_every_kind_refuses_bad_input(name):
    with pytest.raises(ValueError, match=r"strength in .* Received: -0\.1"):
        damage.KINDS[name](photo(), generator(), -0.1)
    with pytest.raises(ValueError, match=r"picture .* Received: shape"):
        damage.KINDS[name](photo(8, 8), generator(), 0.5)


# -------------------------------------------------------------------- profiles


@pytest.fixture(params=sorted(damage.PROFILES))
def profile(request):
    return request.param


@pytest.mark.parametrize(
    ("seed", "kinds", "picture", "mask"),
    [
        (1, "fading creases scratches", 0.4725, 0.0015),
        (3, "sepia vignette creases fingerprints dust blur", 0.4088, 0.0387),
    ],
)
def test_without_a_profile_age_does_what_the_restorer_was_trained_on(
    seed, kinds, picture, mask
):
    # Measured before there were profiles; to the digits in which processors agree.
    aged = damage.age(photo(), generator(seed), 0.6)
    assert " ".join(aged.kinds) == kinds
    assert aged.damaged.mean() == pytest.approx(picture, abs=2e-4)
    assert aged.mask.mean() == pytest.approx(mask, abs=2e-4)


@pytest.mark.parametrize("shape", [(72, 64, 3), (33, 50, 1), (16, 16, 3)])
@pytest.mark.parametrize("severity", [0.05, 0.5, 1.0])
def test_a_profile_gives_a_picture_and_the_same_one_for_the_same_seed(
    profile, shape, severity
):
    clean = photo(*shape)
    kept = clean.copy()
    for seed in range(5):
        aged, again = (
            damage.age(clean, generator(seed), severity, profile=profile)
            for _ in range(2)
        )
        assert_one_picture(aged, again, clean)
    np.testing.assert_array_equal(clean, kept)


def test_a_profile_at_severity_zero_returns_the_picture(profile):
    clean = photo()
    aged = damage.age(clean, generator(), 0.0, profile=profile)
    np.testing.assert_array_equal(aged.damaged, clean)
    assert aged.kinds == () and not aged.mask.any()


def test_a_profile_does_more_harm_at_more_severity(profile):
    clean = photo(96, 96)
    harm = [
        np.mean(
            [
                np.square(
                    damage.age(clean, generator(s), severity, profile=profile).damaged
                    - clean
                )
                for s in range(30)
            ]
        )
        for severity in (0.1, 0.5, 1.0)
    ]
    assert harm[0] < harm[1] < harm[2]


def test_a_negative_is_grey_whatever_was_photographed():
    for seed in range(30):
        aged = damage.age(photo(), generator(seed), 1.0, profile="negative")
        for picture in aged[:2]:
            assert np.ptp(picture, axis=2).max() == 0


def test_film_of_a_negative_sees_blue_lighter_than_the_eye_does():
    blue, red = np.zeros((2, 32, 32, 3), np.float32)
    blue[..., 2], red[..., 0] = 0.6, 0.6 * damage.LUMA[2] / damage.LUMA[0]
    lights = [
        damage.age(clean, generator(0), 0.5, profile="negative").faded.mean()
        for clean in (blue, red)  # alike to the eye
    ]
    assert lights[0] > 1.5 * lights[1]


def test_a_slide_is_darker_than_its_subject_and_its_shadows_are_blue():
    faded = [
        damage.age(photo(), generator(seed), 0.5, profile="slide").faded
        for seed in range(40)
    ]
    assert np.mean(faded) < 0.8 * photo().mean()
    black = np.full((32, 32, 3), 0.0, np.float32)
    red, green, blue = np.mean(
        [
            damage.age(black, generator(seed), 0.5, profile="slide").faded.mean((0, 1))
            for seed in range(40)
        ],
        axis=0,
    )
    assert blue > 1.2 * max(red, green)


def test_a_mask_of_a_profile_is_empty_unless_marks_were_drawn(profile):
    seen = set()
    for seed in range(40):
        aged = damage.age(photo(96, 96), generator(seed), 0.5, profile=profile)
        marks = bool(set(aged.kinds) & set(damage.STRUCTURE))
        assert marks or not aged.mask.any()
        seen.add(bool(aged.mask.any()))
    assert seen == {True, False}


def test_files_of_a_profile_have_the_quality_of_the_archive():
    clean = photo(96, 96)
    for p in damage.PROFILES.values():
        plain = p._replace(marks={}, grain=(0.0, 0.0))
        aged = damage._age_like(clean, generator(), 0.5, plain)
        grey = np.ptp(aged.faded, axis=2).max() == 0
        saved = aged.faded[..., :1] if grey else aged.faded
        expected = damage._save_as_jpeg(saved, p.quality)
        np.testing.assert_array_equal(aged.damaged[..., :1], expected[..., :1])
