"""gantools.tiling: the parts together are the whole."""

import cv2
import numpy as np
import pytest

from gantools import tiling


def _blur(pixels):  # looks 6 pixels far, zeros outside: like a padded convolution
    kernel = np.full((13, 13), 1 / 169, np.float32)
    return cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_CONSTANT)


def _blurred(window):
    return (_blur(window),)


@pytest.mark.parametrize("size", [(64, 64), (96, 160), (130, 64), (257, 200)])
def test_tiling_equals_whole_image(size):
    pixels = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
    sides = [-(-n // 16) * 16 for n in size]
    padding = [(0, a - b) for a, b in zip(sides, size, strict=True)] + [(0, 0)]
    whole = _blur(np.pad(pixels, padding, mode="symmetric"))[: size[0], : size[1]]
    (tiled,) = tiling.apply(_blurred, pixels, tile=64, halo=16)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)


@pytest.mark.parametrize("size", [(64, 64), (130, 61), (257, 200), (5, 300), (3, 2)])
def test_beyond_the_border_lies_the_picture_s_reflection(size):
    pixels = np.random.default_rng(0).random((*size, 3), dtype=np.float32)
    wide = np.pad(pixels, ((16, 32), (16, 32), (0, 0)), mode="symmetric")
    whole = _blur(wide)[16 : 16 + size[0], 16 : 16 + size[1]]
    shares = []
    how = {"tile": 64, "halo": 16, "beyond": True, "progress": shares.append}
    (tiled,) = tiling.apply(_blurred, pixels, **how)
    np.testing.assert_allclose(tiled, whole, atol=1e-6)
    assert shares == sorted(shares) and shares[-1] == 1
    flat = np.ones_like(pixels)
    (tiled,) = tiling.apply(_blurred, flat, **how)
    np.testing.assert_allclose(tiled, flat, atol=1e-6)  # no frame


def test_a_halo_too_small_shows_seams():
    # The oracle above can fail: without a halo the windows do not see each other.
    pixels = np.random.default_rng(0).random((128, 128, 3), dtype=np.float32)
    (tiled,) = tiling.apply(_blurred, pixels, tile=64, halo=0)
    assert np.abs(tiled - _blur(pixels)).max() > 0.1


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (100, 33)])
def test_every_window_fits_the_network(size):
    seen = []

    def fn(window):
        seen.append(window.shape[:2])
        return window[..., 0], window

    first, all_three = tiling.apply(fn, np.ones((*size, 3)), tile=64, halo=16)
    assert first.shape == size
    assert all_three.shape == (*size, 3)
    assert all(n % 16 == 0 and n <= 64 for shape in seen for n in shape)


def test_pictures_are_cut_into_the_same_windows_and_answers_go_where_they_are_wanted():
    rng = np.random.default_rng(0)
    first, second = rng.random((100, 140, 3)), rng.random((100, 140, 1)) > 0.5
    out = np.zeros((120, 160, 3), np.float32)
    tiling.apply(
        lambda x, y: (np.where(y, x, 0),),
        first,
        second,
        tile=64,
        halo=16,
        out=(out[10:110, 10:150],),
    )
    np.testing.assert_allclose(out[10:110, 10:150], np.where(second, first, 0))
    assert out.sum() == pytest.approx(out[10:110, 10:150].sum())


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match=r"Expected pictures of one size, \(64, 64\)"):
        tiling.apply(lambda x, y: (x,), np.zeros((64, 64, 3)), np.zeros((64, 65, 1)))


def test_progress_rises_to_one():
    shares = []
    pixels = np.zeros((200, 150, 3), np.float32)
    tiling.apply(lambda x: (x,), pixels, tile=64, halo=16, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("options", [{"tile": 60}, {"halo": 10}, {"tile": 32}])
def test_sizes_that_do_not_fit_are_refused(options):
    with pytest.raises(ValueError, match=r"Expected tile and halo.*Received"):
        tiling.apply(lambda x: (x,), np.zeros((64, 64, 3)), **{"halo": 16, **options})


def test_a_picture_without_channels_is_refused():
    with pytest.raises(ValueError, match=r"Expected pixels of shape .* \(64, 64\)"):
        tiling.apply(lambda x: (x,), np.zeros((64, 64)))
