"""gantools.scans: borders are found, and a picture without one is whole."""

import cv2
import numpy as np
import pytest

from gantools import collections, photos, scans


def textured(height=360, width=480, seed=0):
    """A grey picture (H, W, 1) float32 without a straight line in it."""
    noise = np.random.default_rng(seed).random((12, 16), np.float32)
    smooth = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(0.35 + 0.4 * smooth, 0.3, 0.9)[..., None]


def framed(picture, widths, tone):
    """Put a border around a picture: pixels above, below, left and right."""
    top, bottom, left, right = widths
    size = ((top, bottom), (left, right), (0, 0))
    return np.pad(picture, size, constant_values=np.float32(tone))


def found(scan):
    """Pixels above, below, left and right of the picture that is found."""
    rows, columns = scans.find_picture(scan)
    height, width = scan.shape[:2]
    return [rows.start, height - rows.stop, columns.start, width - columns.stop]


def assert_just_inside(scan, widths, slack=3):
    for measured, wide in zip(found(scan), widths, strict=True):
        assert (wide <= measured <= wide + slack) if wide else measured == 0


@pytest.mark.parametrize("tone", [0.02, 0.97])
@pytest.mark.parametrize(
    "widths", [(20, 30, 15, 40), (0, 25, 0, 30), (9, 0, 0, 0), (12, 12, 12, 12)]
)
def test_border_is_found_on_each_side_that_has_one(tone, widths):
    scan = framed(textured(), widths, tone)
    assert_just_inside(scan, widths)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_levels_and_colours_have_borders_as_floats_and_greys_do(kind):
    scan = framed(textured(), (20, 30, 15, 40), 0.02)
    levels = photos.to_levels(np.repeat(scan, 3, axis=-1), kind)
    assert found(levels) == found(scan)


def test_border_of_a_large_scan_is_found_whole():
    widths = (80, 120, 60, 160)
    scan = framed(textured(1440, 1920), widths, 0.03)
    assert_just_inside(scan, widths, slack=9)  # three pixels of the reduced scan


def test_black_film_in_a_white_mount_is_peeled_off_in_layers():
    film = framed(textured(), (15, 18, 20, 12), 0.04)
    widths = np.add((15, 18, 20, 12), (25, 22, 30, 28))
    assert_just_inside(framed(film, (25, 22, 30, 28), 0.98), widths, slack=6)


def test_noise_writing_and_notches_are_border():
    scan = framed(textured(), (40, 40, 40, 40), 0.04)
    text = np.zeros(scan.shape[:2], np.uint8)
    cv2.putText(text, "D-247", (150, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2)
    scan[text > 0] = 1.0
    for left in range(0, scan.shape[1], 50):
        scan[-20:-8, left : left + 18] = 0.8
    scan += np.random.default_rng(0).normal(0, 0.01, scan.shape).astype("float32")
    assert_just_inside(np.clip(scan, 0, 1), (40, 40, 40, 40))


@pytest.mark.parametrize("degrees", [-1.0, 0.4, 1.5])
def test_no_border_of_a_turned_frame_is_left_inside(degrees):
    picture = framed(textured(), (40, 40, 40, 40), 0.02)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    scan = cv2.warpAffine(picture, turn, (width, height), borderValue=0.02)[..., None]
    inside = scan[scans.find_picture(scan)]
    assert (inside > 0.2).all()
    assert inside.size > 0.85 * 360 * 480


def test_skies_walls_and_nights_are_no_borders():
    sky = textured()
    sky[:90] = np.linspace(0.95, 0.8, 90, dtype="float32")[:, None, None]
    assert found(sky) == [0, 0, 0, 0]  # a horizon as straight as can be
    night = textured(seed=1)
    night[:, :200] *= 0.1 * np.linspace(0, 1, 200, dtype="float32")[:, None]
    assert found(night) == [0, 0, 0, 0]
    for tone in (0.0, 0.5, 1.0):
        assert found(np.full((200, 300, 3), tone, "float32")) == [0, 0, 0, 0]
    assert found(np.zeros((3, 5, 1), "float32")) == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["astronaut", "coffee", "cat", "black-canyon"])
def test_bundled_photographs_without_a_border_are_whole(name):
    assert found(photos.load(collections.picture(name)).pixels) == [0, 0, 0, 0]


def test_frames_of_film_are_found_and_other_pictures_left_whole(data_root):
    def sides(name):
        files = collections.files(name)
        scanned = [found(photos.load(path, levels=True).pixels) for path in files]
        return np.array([np.count_nonzero(widths) for widths in scanned])

    assert (sides("fsa-owi") == 4).mean() > 0.85
    assert (sides("wallpapers") == 0).all()
    assert (sides("portraits") == 0).all()
