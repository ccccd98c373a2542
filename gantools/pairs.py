"""Training pairs: clean pictures, and what `damage.age` makes of random views of them.

Old photographs come without the pictures they once were.  So the pairs are made:
take a clean picture, age it, and ask the network for the way back.  Pairs for the
transfer of style are a photograph and a painting, which have nothing in common.  Every
function that `training.fit` calls here is a pure function of the step number.
"""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from gantools import photos
from gantools.damage import LUMA, TONE, VISIBLE, age
from gantools.photos import to_network

GREY_SHARE = 0.35  # of the views; most old photographs are grey
SOUND_SHARE = 0.2  # of the views have no damage: what is sound must stay as it is
THIN_SHARE = 0.35  # of the views get small things that are no damage
FRAME_SHARE = 0.15  # of the views get the dark frame of a slide or a negative
STRANGE_SHARE = 0.2  # of the views get damage of no kind on top
TOLD_SHARE = 0.25  # of the crops come with marks of where the damage is
TRIES = 6  # crops of a hard view, of which the most damaged are kept
THUMBNAIL = 96
TONES = ("sound", "sound", "aged", "aged", "strong", "strong", "any", "any")
DARK_SHARE = 0.3  # of the faded thumbnails may be dark from the first; see `_light`


class CleanPictures:
    """Clean pictures in memory, from which random square views are drawn.

    Args:
        groups: (weight, paths) for each kind of picture; a view's group is drawn by
            weight, its picture uniformly.  Folders of very different sizes need this.
        longest: pictures with a longer side than this are reduced when read, pixels.
        trim: share of the longer side that is cut off all round, where slides have
            their mounts.
        grey: share of the views whose colour is taken out.
        colourful: leave out the pictures that have no colour, or hardly any.

    Raises:
        ValueError: if there is no picture at all.
    """

    def __init__(
        self,
        groups: Sequence[tuple[float, Sequence[Path]]],
        longest: int = 1200,
        trim: float = 0.0,
        grey: float = GREY_SHARE,
        colourful: bool = False,
    ):
        self.grey = grey
        read = []
        for weight, paths in groups:
            some = [_read(path, longest, trim) for path in paths]
            some = list(filter(_is_colourful, some)) if colourful else some
            read += [(weight, some)] if some else []
        if not read:
            raise ValueError("Expected at least one picture. Received: none")
        self.weights = np.array([weight for weight, _ in read], dtype=float)
        self.weights /= self.weights.sum()
        self.groups = [some for _, some in read]

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
        """Draw a picture as a thumbnail, as the toner sees a photograph.

        Often it is a part of a picture, down to a quarter of its sides: there are few
        pictures, and a part is a picture of its own.

        Returns:
            float32 in [0, 1], (96, 96, 3) or, for a grey one, (96, 96, 1).
        """
        picture = self._draw(rng)  # (H, W, 3)
        sides = np.array(picture.shape[:2])
        shares = rng.uniform(0.3, 1.0) * rng.uniform(0.8, 1.0, 2)
        height, width = np.ceil(sides * shares).astype(int)
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
        if rng.random() < self.grey:
            view = view @ LUMA[:, None]
        return np.ascontiguousarray(view)


def _read(path: Path, longest: int, trim: float) -> np.ndarray:
    pixels = photos.load(path).pixels  # (H, W, C) in [0, 1]
    edge = round(trim * max(pixels.shape[:2]))
    pixels = pixels[edge : len(pixels) - edge, edge : pixels.shape[1] - edge]
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale < 1:
        size = (round(width * scale), round(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    pixels = np.round(np.atleast_3d(pixels) * 255).astype(np.uint8)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _is_colourful(picture: np.ndarray) -> bool:
    """Tell whether channels (H, W, 3) of levels are apart by 1 in 25 on average."""
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    return bool(np.ptp(small, axis=-1).mean() > 10)


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


def lay_something_over(
    picture: np.ndarray, mask: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Lay strokes, lumps and polygons over a picture: damage of no kind.

    A network learns the handwriting of the generator that draws its damage, and misses
    what another hand draws.  These shapes have no handwriting but that they were not
    there before.

    Args:
        picture: float32 in [0, 1], (H, W, C); not changed.
        mask: of the damage so far, (H, W) in [0, 1].
        rng: the source of randomness.

    Returns:
        A picture of the same shape, and the mask of all damage, as `damage.age` means
        it: 1 where a pixel changed by `damage.VISIBLE` or more.
    """
    before, changed = picture, picture.copy()
    for _ in range(rng.integers(1, 5)):
        shape = np.zeros(picture.shape[:2], np.uint8)
        _SHAPES[rng.integers(len(_SHAPES))](shape, rng)
        opacity = shape.astype(np.float32)[..., None] / 255 * rng.uniform(0.3, 1.0)
        if rng.random() < 0.7:
            opacity = cv2.GaussianBlur(opacity, (0, 0), rng.uniform(0.3, 1.5))
        colour = rng.random(picture.shape[2])
        if rng.random() < 0.5:  # a grey, often near black or near white
            colour[:] = rng.beta(0.5, 0.5)
        opacity = opacity.reshape(*shape.shape, 1).astype(np.float32)
        changed += opacity * (colour.astype(np.float32) - changed)
    seen = np.abs(changed - before).max(axis=-1) / np.float32(VISIBLE)
    return changed, np.maximum(mask, np.minimum(seen, 1))


def _stroke(shape, rng):
    """A curve of uneven width through a few random points."""
    corners = rng.uniform(-0.1, 1.1, (rng.integers(2, 6), 2)) * shape.shape[::-1]
    if rng.random() < 0.6:  # short
        corners = corners[0] + rng.uniform(0.05, 0.4) * (corners - corners[0])
    t = np.linspace(0, len(corners) - 1, 40)
    x, y = (np.interp(t, np.arange(len(corners)), c) for c in corners.T)
    curve = cv2.GaussianBlur(np.stack([x, y], -1), (1, 9), 0)  # (40, 2), rounded
    width = np.exp(rng.uniform(0, np.log(7)))
    for a, b in itertools.pairwise(curve):
        thick = max(1, round(width * rng.uniform(0.6, 1.2)))
        ends = (np.round(16 * end).astype(int).tolist() for end in (a, b))
        cv2.line(shape, *ends, 255, thick, cv2.LINE_AA, shift=4)


def _lump(shape, rng):
    """Blots: where smooth noise is high, in one part of the picture."""
    height, width = shape.shape
    cells = rng.standard_normal(rng.integers(3, 30, 2)).astype(np.float32)
    noise = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:height, :width] / np.float32(max(height, width))
    middle, reach = rng.random(2), rng.uniform(0.03, 0.3)
    noise -= ((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / np.float32(reach) ** 2
    level = noise.max() - rng.uniform(0.2, 1.2)
    shape[noise > level] = 255


def _polygon(shape, rng):
    """A patch with straight edges, or a handful of chips."""
    for _ in range(1 if rng.random() < 0.5 else rng.integers(2, 20)):
        middle = rng.uniform(0, 1, 2) * shape.shape[::-1]
        size = np.exp(rng.uniform(np.log(1.5), np.log(0.15 * max(shape.shape))))
        corners = middle + rng.normal(0, size, (rng.integers(3, 9), 2))
        corners = np.round(16 * corners).astype(np.int32)
        cv2.fillPoly(shape, [corners], 255, cv2.LINE_AA, shift=4)


_SHAPES = (_stroke, _stroke, _lump, _polygon)


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
    hard: float = 1.0,
    crops_a_view: int = 2,
    strange: float = STRANGE_SHARE,
) -> Callable[[int], tuple[np.ndarray, ...]]:
    """Make batches for the repairer: damaged crops, their faded targets, masks.

    In views as they come the median crop has 0.3 % of damaged pixels, and a network
    learns to find none.  So a share of the views is `hard`: severity from 0.4 on, and
    of TRIES crops the most damaged are kept.

    Args:
        pictures: where views come from.
        batch: crops in a batch, a multiple of `crops_a_view`.
        crop: side of a crop in pixels, a multiple of 16.
        seed: of the whole run.
        view: side of the views in pixels; they are aged whole and cropped afterwards.
        hard: share of the views that are hard, in [0, 1].
        crops_a_view: crops cut from one aged view; ageing costs more than cutting.
        strange: share of the damaged views with damage of no kind on top.

    Returns:
        A function step -> (damaged, faded, mask, marked, fidelity): (B, crop, crop, 3)
        twice, in [-1, 1]; (B, crop, crop, 1) twice, in [0, 1], marked being what the
        owner of a photograph would mark, in most crops nothing; and (B, 1) in [0, 1].
        All float32.

    Raises:
        ValueError: `crops_a_view` does not divide `batch`.
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
            is_hard = rng.random() < hard
            damaged, faded, mask = _repair_view(pictures, rng, side, is_hard, strange)
            tries = rng.integers(side - crop + 1, size=(TRIES, 2))
            cuts = [np.s_[y : y + crop, x : x + crop] for y, x in tries]
            if is_hard:
                cuts.sort(key=lambda cut: -mask[cut].sum())
            for cut in cuts[:crops_a_view]:
                parts = damaged[cut], faded[cut], mask[cut][..., None]
                rows.append((*map(_as_colour, parts[:2]), parts[2]))
        damaged, faded, mask = (np.stack(column) for column in zip(*rows, strict=True))
        marked = np.stack([_mark(m[..., 0], rng) for m in mask])[..., None]
        fidelity = np.clip(rng.uniform(-0.5, 1.5, (batch, 1)), 0, 1)  # half at an end
        rest = mask, marked, fidelity
        return to_network(damaged), to_network(faded), *(x.astype("f4") for x in rest)

    return batches


def _repair_view(pictures, rng, side, is_hard, strange):
    """Age a view: (H, W, C) damaged and faded in [0, 1], and its mask (H, W)."""
    clean = prepare(pictures.view(rng, side), rng)
    severity = rng.uniform(0.4, 1.0) if is_hard else draw_severity(rng)
    damaged, faded, mask, _ = age(clean, rng, severity)
    if severity and rng.random() < strange:
        damaged, mask = lay_something_over(damaged, mask, rng)
    return damaged, faded, mask


def _mark(mask, rng):
    """Mark the damage (H, W) as its owner would: generously, or not at all."""
    if rng.random() >= TOLD_SHARE:
        return np.zeros_like(mask)
    brush = np.ones((rng.integers(1, 10),) * 2, np.uint8)
    marked = cv2.dilate((mask > 0.2).astype(np.uint8), brush)
    if rng.random() < 0.3:  # and something sound with it
        _stroke(marked, rng)
    return np.minimum(marked, 1).astype(np.float32)


def tone_batches(
    pictures: CleanPictures, batch: int, seed: int
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make batches for the toner: thumbnails of faded pictures, of the clean ones.

    A quarter are sound, and must be left alone.  A quarter have faded as `age` draws
    it.  To a quarter each kind of fading happened with even odds, and strongly: there
    are archives in which every slide is dark and blue, and `age` seldom makes such a
    one.  A quarter have a tone of no kind (`change_tone`).  Some have a dark frame,
    which did not fade: a toner must not take it for the picture's black.

    Returns:
        A function step -> (faded, clean), both (B, 96, 96, 3) in [-1, 1], float32.
    """

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        rows = [_tone_pair(pictures, rng, TONES[i % 8]) for i in range(batch)]
        faded, clean = (np.stack(column) for column in zip(*rows, strict=True))
        return to_network(faded), to_network(clean)

    return batches


def colour_batches(
    pictures: CleanPictures, batch: int, side: int, seed: int
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make batches for the colouriser: the light of a picture, and the picture.

    Of what becomes of a restored photograph, the light has its share: it may be
    brighter, softer or grainier than that of the picture whose colours are asked for.

    Args:
        pictures: where views come from, all in colour.
        batch: views in a batch.
        side: of a view in pixels, a multiple of 16.
        seed: of the whole run.

    Returns:
        A function step -> (light, picture): (B, side, side, 1) and (B, side, side, 3),
        both in [-1, 1], float32.
    """

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        views = [pictures.view(rng, side) for _ in range(batch)]
        light = np.stack([_as_old_light(view @ LUMA, rng) for view in views])
        return to_network(light[..., None]), to_network(np.stack(views))

    return batches


def _as_old_light(light, rng):
    """Change the light (H, W) in [0, 1] as film and print would."""
    if rng.random() < 0.5:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 1.2))
    light = np.clip(light, 0, 1) ** (2.0 ** rng.normal(0, 0.3))
    light = light + rng.normal(0, rng.uniform(0, 0.03), light.shape)
    return np.clip(light, 0, 1).astype(np.float32)


def change_tone(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a picture a tone of no kind: a random curve a channel, then a mixture.

    Args:
        picture: float32 in [0, 1], (H, W, C); not changed.
        rng: the source of randomness.

    Returns:
        A picture of the same shape in [0, 1], float32.
    """
    channels = picture.shape[2]
    powers = 2.0 ** (rng.normal(0, 0.5) + rng.normal(0, 0.2, channels))
    low = rng.uniform(0, 0.25) * rng.uniform(0.5, 1.5, channels)
    high = 1 - rng.uniform(0, 0.35) * rng.uniform(0.3, 1.5, channels)
    mix = np.eye(channels) + rng.normal(0, 0.06, (channels, channels))
    mix /= mix.sum(axis=1, keepdims=True)  # a grey stays a grey
    changed = (low + (high - low) * picture**powers) @ mix.T
    return np.clip(changed, 0, 1).astype(np.float32)


def _light(pictures, rng):
    """Draw a thumbnail with a light in it: what has none may be right, or too dark."""
    for _ in range(9):
        small = pictures.small(rng)
        if np.quantile(small, 0.99) > 0.7:
            break
    return small


def _tone_pair(pictures, rng, how):
    """Draw a thumbnail, and fade it in one of the ways of TONES."""
    dark = how == "sound" or rng.random() < DARK_SHARE
    clean = np.clip(pictures.small(rng) if dark else _light(pictures, rng), 0.0, 1.0)
    if how == "sound":
        pair = clean, clean
    elif how == "any":
        pair = change_tone(clean, rng), clean
    else:
        severity, kinds = draw_severity(rng), None
        if how == "strong":
            severity = rng.uniform(0.5, 1.0)
            kinds = [kind for kind in TONE if rng.random() < 0.5]
        pair = age(clean, rng, severity, kinds).faded, clean
    if rng.random() < 2 * FRAME_SHARE:
        seed = rng.integers(2**32)  # the same frame round both
        pair = (draw_frame(x, np.random.default_rng(seed)) for x in pair)
    return tuple(_as_colour(x) for x in pair)


def style_batches(
    contents: CleanPictures, styles: CleanPictures, batch: int, crop: int, seed: int
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make batches for a style network: views of photographs, views of paintings.

    Which photograph meets which painting is chance; there is no truth to learn from.

    Args:
        contents: where the photographs come from.
        styles: where the paintings come from.
        batch: pairs in a batch.
        crop: side of the views in pixels, a multiple of 8.
        seed: of the whole run.

    Returns:
        A function step -> (content, style), both (B, crop, crop, 3) in [-1, 1],
        float32.
    """

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        views = (
            np.stack([_as_colour(p.view(rng, crop)) for _ in range(batch)])
            for p in (contents, styles)
        )
        return tuple(to_network(np.clip(v, 0.0, 1.0)) for v in views)

    return batches


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Reduce a picture (H, W, C) to (96, 96, 3), each pixel the mean of its area."""
    size = (THUMBNAIL, THUMBNAIL)
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(_as_colour(small.reshape(*size, -1)))
