"""Training pairs: clean pictures, and what `damage.age` makes of random views of them.

Old photographs come without the pictures they once were.  So the pairs are made:
take a clean picture, age it, and ask the network for the way back.  Every function
that `training.fit` calls here is a pure function of the step number.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from gantools import photos
from gantools.damage import TONE, age
from gantools.photos import to_network

GREY_SHARE = 0.35  # of the views; most old photographs are grey
SOUND_SHARE = 0.2  # of the views have no damage: what is sound must stay as it is
THIN_SHARE = 0.35  # of the views get small things that are no damage
FRAME_SHARE = 0.15  # of the views get the dark frame of a slide or a negative
THUMBNAIL = 48


class CleanPictures:
    """Clean pictures in memory, from which random square views are drawn.

    Args:
        groups: (weight, paths) for each kind of picture; a view's group is drawn by
            weight, its picture uniformly.  Folders of very different sizes need this.
        longest: pictures with a longer side than this are reduced when read, pixels.

    Raises:
        ValueError: if there is no picture at all.
    """

    def __init__(
        self, groups: Sequence[tuple[float, Sequence[Path]]], longest: int = 1200
    ):
        groups = [(weight, paths) for weight, paths in groups if len(paths)]
        if not groups:
            raise ValueError("Expected at least one picture. Received: none")
        self.weights = np.array([weight for weight, _ in groups], dtype=float)
        self.weights /= self.weights.sum()
        self.groups = [[_read(path, longest) for path in paths] for _, paths in groups]

    def view(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw a square view of random place, scale and mirroring.

        Returns:
            float32 in [0, 1], (size, size, 3) or, for a grey one, (size, size, 1).
        """
        picture = self._draw(rng)  # (H, W, 3)
        shorter = min(picture.shape[:2])
        side = round(size * (shorter / size) ** rng.random())
        side = min(max(side, min(size, shorter)), shorter)
        top, left = (rng.integers(n - side + 1) for n in picture.shape[:2])
        view = picture[top : top + side, left : left + side]
        shrink = side > size
        method = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        return self._finish(cv2.resize(view, (size, size), interpolation=method), rng)

    def small(self, rng: np.random.Generator) -> np.ndarray:
        """Draw most of a picture as a thumbnail, as the toner sees a photograph.

        Returns:
            float32 in [0, 1], (48, 48, 3) or, for a grey one, (48, 48, 1).
        """
        picture = self._draw(rng)  # (H, W, 3)
        sides = np.array(picture.shape[:2])
        height, width = np.ceil(sides * rng.uniform(0.55, 1.0, 2)).astype(int)
        top, left = rng.integers(sides - (height, width) + 1)
        cut = picture[top : top + height, left : left + width]
        return self._finish(thumbnail(cut), rng)

    def _draw(self, rng):
        pictures = self.groups[rng.choice(len(self.groups), p=self.weights)]
        return pictures[rng.integers(len(pictures))]

    def _finish(self, view, rng):
        """Mirror half of the views, and take the colour out of some."""
        view = view[:, ::-1] if rng.random() < 0.5 else view
        view = view.astype(np.float32) / 255.0
        if rng.random() < GREY_SHARE:
            view = view @ np.array([[0.299], [0.587], [0.114]], np.float32)
        return np.ascontiguousarray(view)


def _read(path: Path, longest: int) -> np.ndarray:
    pixels = photos.load(path).pixels  # (H, W, C) in [0, 1]
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    pixels = np.round(np.atleast_3d(pixels) * 255).astype(np.uint8)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def draw_thin_things(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw small things that are no damage: wires, poles, spectacles, buttons, glints.

    A restorer trained without them takes every thin line for a scratch and every dot
    for dust, and erases telegraph poles and buttons.  They are drawn before ageing, so
    they belong to the clean picture.  Their colours come from the picture itself.

    Args:
        picture: float32 in [0, 1], (H, W, C); not changed.
        rng: the source of randomness.

    Returns:
        A picture of the same shape.
    """
    height, width, channels = picture.shape
    canvas = picture.copy()
    for _ in range(rng.integers(1, 4)):
        colour = picture[rng.integers(height), rng.integers(width)]
        colour = np.clip(colour * rng.uniform(0.1, 1.6) + rng.uniform(0, 0.1), 0, 1)
        if rng.random() < 0.3:  # as bright as the picture knows
            colour = picture.reshape(-1, channels)[::7].max(axis=0)
        stroke = np.zeros((height, width), np.uint8)
        _STROKES[rng.integers(len(_STROKES))](stroke, rng)
        opacity = stroke[..., None] * np.float32(rng.uniform(0.5, 1.0) / 255)
        canvas += opacity * (colour.astype(np.float32) - canvas)
    return canvas.reshape(height, width, channels)


def _point(stroke, rng, margin=0.2):
    height, width = stroke.shape
    x, y = rng.uniform(-margin, 1 + margin, 2) * (width, height)
    return int(x), int(y)


def _wire(stroke, rng):
    """A sagging wire, or several side by side."""
    (x0, y0), (x1, y1) = _point(stroke, rng), _point(stroke, rng)
    t = np.linspace(0, 1, 24)
    sag = rng.uniform(-0.3, 0.5) * stroke.shape[0]
    curve = np.stack([x0 + t * (x1 - x0), y0 + t * (y1 - y0) + sag * t * (1 - t)], -1)
    for k in range(rng.integers(1, 5)):
        points = np.round(curve + np.array([0, k * rng.integers(3, 12)])).astype(
            np.int32
        )
        cv2.polylines(stroke, [points], False, 255, 1, cv2.LINE_AA)


def _pole(stroke, rng):
    (x0, y0), (x1, y1) = _point(stroke, rng), _point(stroke, rng)
    if rng.random() < 0.7:
        x1 = x0 + int(rng.integers(-3, 4))
    cv2.line(stroke, (x0, y0), (x1, y1), 255, int(rng.integers(1, 5)), cv2.LINE_AA)


def _railing(stroke, rng):
    (x, y), step = _point(stroke, rng, 0), int(rng.integers(4, 20))
    length, thick = int(rng.integers(10, 80)), int(rng.integers(1, 3))
    for k in range(rng.integers(3, 14)):
        top = (x + k * step, y)
        cv2.line(stroke, top, (top[0], y + length), 255, thick, cv2.LINE_AA)


def _frame(stroke, rng):
    """Spectacles: two rings and a bridge."""
    (x, y), radius = _point(stroke, rng, 0), int(rng.integers(4, 24))
    thick, flat = int(rng.integers(1, 3)), rng.uniform(0.6, 1.0)
    for side in (-1, 1):
        centre = (x + side * int(1.3 * radius), y)
        axes = (radius, int(flat * radius))
        cv2.ellipse(stroke, centre, axes, 0, 0, 360, 255, thick, cv2.LINE_AA)
    bridge = int(0.3 * radius)
    cv2.line(stroke, (x - bridge, y), (x + bridge, y), 255, thick, cv2.LINE_AA)


def _letters(stroke, rng):
    text = "".join(chr(rng.integers(48, 123)) for _ in range(rng.integers(2, 12)))
    font, scale = int(rng.integers(0, 8)), rng.uniform(0.3, 1.2)
    place, thick = _point(stroke, rng, 0), int(rng.integers(1, 3))
    cv2.putText(stroke, text, place, font, scale, 255, thick, cv2.LINE_AA)


def _buttons(stroke, rng):
    """Equal dots at equal steps: buttons, rivets, a row of windows or of lamps."""
    place, size = np.array(_point(stroke, rng, 0)), rng.uniform(0.5, 3.5)
    angle, step = rng.uniform(0, np.pi), size * rng.uniform(3, 9) + 2
    for k in range(rng.integers(2, 9)):
        centre = place + k * step * np.array([np.cos(angle), np.sin(angle)])
        _dot(stroke, centre, size, 255)


def _glints(stroke, rng):
    """A crowd of dots of all sizes: on water, among leaves, a herd, a far-off town."""
    place, count = np.array(_point(stroke, rng, 0)), rng.integers(5, 60)
    spread = rng.uniform(0.03, 0.2, 2) * stroke.shape * (1, rng.uniform(0.2, 1))
    for centre in place + rng.normal(size=(count, 2)) * spread[::-1]:
        _dot(stroke, centre, rng.uniform(0.3, 2.0), int(rng.integers(60, 256)))


def _dot(stroke, centre, radius, value):
    x, y = np.round(16 * centre).astype(int).tolist()
    cv2.circle(stroke, (x, y), round(16 * radius), value, -1, cv2.LINE_AA, shift=4)


_STROKES = (_wire, _pole, _railing, _frame, _letters, _buttons, _glints)


def draw_frame(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lay the dark frame of a slide or a negative round a picture: no damage either.

    Args:
        picture: float32 in [0, 1], (H, W, C); not changed.
        rng: the source of randomness.

    Returns:
        A picture of the same shape.
    """
    height, width = picture.shape[:2]
    scale, frame = min(height, width), np.ones((height, width), np.uint8)
    sides = rng.uniform(0, 0.1, 4) * (rng.random(4) < 0.7)
    top, bottom, left, right = np.round(sides * scale).astype(int)
    inside = (slice(top, height - bottom), slice(left, width - right))
    frame[inside] = 0
    soft = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), rng.uniform(0.4, 1.0))
    dark = np.float32(rng.uniform(0.0, 0.15))
    return picture + soft[..., None] * (dark - picture)


def prepare(clean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add, now and then, what old photographs hold and clean pictures lack."""
    if rng.random() < THIN_SHARE:
        clean = draw_thin_things(clean, rng)
    if rng.random() < FRAME_SHARE:
        clean = draw_frame(clean, rng)
    return np.clip(clean, 0.0, 1.0)


def draw_severity(rng: np.random.Generator) -> float:
    """Draw how badly a view has aged, 0 for not at all."""
    return 0.0 if rng.random() < SOUND_SHARE else rng.uniform(0.1, 1.0)


def _as_colour(picture: np.ndarray) -> np.ndarray:
    return np.broadcast_to(picture, (*picture.shape[:2], 3))


def repair_batches(
    pictures: CleanPictures,
    batch: int,
    crop: int,
    seed: int,
    view: int = 128,
    crops_a_view: int = 2,
) -> Callable[[int], tuple[np.ndarray, ...]]:
    """Make batches for the repairer: damaged crops, their faded targets, masks.

    Args:
        pictures: where views come from.
        batch: crops in a batch, a multiple of `crops_a_view`.
        crop: side of a crop in pixels, a multiple of 16.
        seed: of the whole run.
        view: side of the views in pixels; they are aged whole and cropped afterwards.
        crops_a_view: crops cut from one aged view; ageing costs more than cutting.

    Returns:
        A function step -> (damaged, faded, mask): (B, crop, crop, 3) twice, in
        [-1, 1], and (B, crop, crop, 1) in [0, 1], all float32.
    """
    if batch % crops_a_view:
        raise ValueError(
            f"Expected batch to be a multiple of {crops_a_view}. Received: {batch}"
        )
    side = max(view, crop)

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        rows = []
        for _ in range(batch // crops_a_view):
            clean = prepare(pictures.view(rng, side), rng)
            aged = age(clean, rng, draw_severity(rng))
            for _ in range(crops_a_view):
                y, x = rng.integers(side - crop + 1, size=2)
                cut = np.s_[y : y + crop, x : x + crop]
                rows.append(
                    (
                        _as_colour(aged.damaged[cut]),
                        _as_colour(aged.faded[cut]),
                        aged.mask[cut][..., None],
                    )
                )
        damaged, faded, mask = (np.stack(column) for column in zip(*rows, strict=True))
        return to_network(damaged), to_network(faded), mask.astype(np.float32)

    return batches


def tone_batches(
    pictures: CleanPictures, batch: int, seed: int
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make batches for the toner: thumbnails of faded pictures, of the clean ones.

    Half of them have faded as `age` draws it.  To the other half each kind of fading
    happened with even odds, and strongly: there are archives in which every slide is
    dark and blue, and `age` seldom makes such a one.  Some have a dark frame, which
    did not fade: a toner must not take it for the picture's black.

    Returns:
        A function step -> (faded, clean), both (B, 48, 48, 3) in [-1, 1], float32.
    """

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        rows = [_tone_pair(_light(pictures, rng), rng, i % 2) for i in range(batch)]
        faded, clean = (np.stack(column) for column in zip(*rows, strict=True))
        return to_network(faded), to_network(clean)

    return batches


def _light(pictures, rng):
    """Draw a thumbnail that is not dark: night views teach that dark is right."""
    for _ in range(9):
        small = pictures.small(rng)
        if small.mean() > 0.3:
            break
    return small


def _tone_pair(clean, rng, strongly):
    severity, kinds = draw_severity(rng), None
    if strongly:
        severity = rng.uniform(0.5, 1.0)
        kinds = [kind for kind in TONE if rng.random() < 0.5]
    pair = age(np.clip(clean, 0.0, 1.0), rng, severity, kinds).faded, clean
    if rng.random() < 2 * FRAME_SHARE:
        seed = rng.integers(2**32)  # the same frame round both
        pair = (draw_frame(x, np.random.default_rng(seed)) for x in pair)
    return tuple(_as_colour(x) for x in pair)


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Reduce a picture (H, W, C) to (48, 48, 3), each pixel the mean of its area."""
    size = (THUMBNAIL, THUMBNAIL)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(_as_colour(small.reshape(*size, -1)))
