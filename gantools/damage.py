"""Age a photograph: what light, air, water and hands do to a picture in eighty years.

Every kind of damage is one function ``(picture, rng, strength) -> (picture, mask)``.
``age`` composes them in the order in which they happen to a real photograph:

1. tone: the dyes fade, the paper yellows (the whole picture, no structure lost);
2. grain: what the emulsion or the printing screen put in the place of the picture;
3. structure: what lies on the print and hides it, from stains to torn corners;
4. scan: blur, resampling and JPEG, which soften the scratches too.

Tone comes first so that the picture with the tone alone is a by-product, and repair
has an exact target: everything that happened after it.

Sizes are given for a picture of 256 x 256 px. They grow with the picture's size to the
power 0.75, since a larger scan shows both larger and finer damage, and each draw varies
them by a factor of two, since a training crop may come from a photograph of any size.

A mask is 1 where nothing of the picture is left. Elsewhere it is the change that the
damage made, in units of ``VISIBLE`` and at most 1: a white scratch on a white sky is no
damage. Where it is 0, the pixel is bit-identical.

Speed on one core at random severity: about 250 colour pictures of 128 px a second, 70
of 256 px, 18 of 512 px (``benchmarks/damage_speed.py``).
"""

import copy
import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

VISIBLE = 0.2  # a change of 50 grey levels counts as fully visible
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Kind = Callable[..., tuple[np.ndarray, np.ndarray]]


class Aged(NamedTuple):
    """An aged photograph and what a restorer has to learn from it."""

    damaged: np.ndarray  # (H, W, C): everything that happened
    faded: np.ndarray  # (H, W, C): the clean picture with the same tone, no more
    mask: np.ndarray  # (H, W): where structure was lost
    kinds: tuple[str, ...]  # what was drawn, in order


# --------------------------------------------------------------------- checks


def _check(picture: np.ndarray, rng: np.random.Generator, strength: float) -> None:
    """Raise unless the three arguments of a kind are what they should be."""
    if not isinstance(picture, np.ndarray) or picture.dtype != np.float32:
        got = getattr(picture, "dtype", type(picture).__name__)
        raise TypeError(f"Expected a float32 array. Received: {got}")
    shape = picture.shape
    if len(shape) != 3 or shape[2] not in (1, 3) or min(shape[:2]) < 16:
        raise ValueError(
            "Expected a picture (H, W, C) of at least 16 x 16 px with C = 1 or 3. "
            f"Received: shape {shape}"
        )
    low, high = float(picture.min()), float(picture.max())
    if not (low >= 0.0 and high <= 1.0):  # also true for NaN
        raise ValueError(f"Expected values in [0, 1]. Received: {low:g} to {high:g}")
    if not isinstance(rng, np.random.Generator):
        got = type(rng).__name__
        raise TypeError(f"Expected a numpy.random.Generator. Received: {got}")
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"Expected a strength in [0, 1]. Received: {strength}")


def _hides_nothing(change: Callable[..., np.ndarray]) -> Kind:
    """Make a kind of a change that hides nothing: its mask is zero."""

    @functools.wraps(change)
    def kind(picture, rng, strength):
        _check(picture, rng, strength)
        empty = np.zeros(picture.shape[:2], np.float32)
        if strength == 0:
            return picture.copy(), empty
        changed = change(np.ascontiguousarray(picture), rng, strength)
        return np.clip(changed, 0, 1, dtype=np.float32), empty

    return kind


def _hiding(change: Callable[..., tuple[np.ndarray, np.ndarray | None]]) -> Kind:
    """Make a kind of a change that returns the picture and what it cut out of it."""

    @functools.wraps(change)
    def kind(picture, rng, strength):
        _check(picture, rng, strength)
        if strength == 0:
            return picture.copy(), np.zeros(picture.shape[:2], np.float32)
        picture = np.ascontiguousarray(picture)
        changed, lost = change(picture, rng, strength)
        changed = np.clip(changed, 0, 1, dtype=np.float32)
        mask = _visible_change(picture, changed)
        return changed, mask if lost is None else np.maximum(mask, lost)

    return kind


def _visible_change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Measure the largest change of a channel, in units of ``VISIBLE``, at most 1."""
    change = np.abs(after - before)  # (H, W, C)
    largest = functools.reduce(np.maximum, np.moveaxis(change, -1, 0))  # (H, W)
    return np.minimum(largest / np.float32(VISIBLE), 1)


# -------------------------------------------------------------- building blocks


def _unit(picture: np.ndarray, rng: np.random.Generator) -> float:
    """Draw how many pixels one pixel of the 256 px reference takes here."""
    side = (picture.shape[0] * picture.shape[1]) ** 0.5
    return (side / 256) ** 0.75 * 2 ** rng.uniform(-0.7, 1.0)


def _count(picture: np.ndarray, rng: np.random.Generator, mean: float) -> int:
    """Draw how many there are of something, at least one; large pictures have more."""
    side = (picture.shape[0] * picture.shape[1]) ** 0.5
    return 1 + int(rng.poisson(mean * (side / 256) ** 0.5))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number from low to high, each octave as likely as the next."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _cloud(
    picture: np.ndarray, rng: np.random.Generator, cell: float, octaves: int = 1
) -> np.ndarray:
    """Draw smooth noise (H, W), mean 0, deviation near 1, with lumps of ``cell`` px.

    Each further octave adds lumps of half the size and 0.55 times the height, down to
    the pixel.
    """
    height, width = picture.shape[:2]
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        size = cell / 2**octave
        if octave and size < 1.5:
            break
        size = max(size, 1.0)
        grid = (int(height / size) + 3, int(width / size) + 3)
        coarse = rng.standard_normal(grid, np.float32)
        field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        total += field * np.float32(1.25 * 0.55**octave)
    return total


def _step(field: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rise smoothly from 0 where ``field`` <= low to 1 where it is >= high."""
    t = np.clip((field - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


def _bell(field: np.ndarray, width: float) -> np.ndarray:
    """Return exp(-(field / width)^2), float32."""
    scaled = field * np.float32(1 / width)
    return cv2.exp(-scaled * scaled)


def _soften(field: np.ndarray, sigma: float) -> np.ndarray:
    """Blur (H, W) or (H, W, C) by a Gaussian; below 0.2 px leave it alone."""
    if sigma < 0.2:
        return field
    return cv2.GaussianBlur(field, (0, 0), sigma).reshape(field.shape)


def _tint(colour: Sequence[float], picture: np.ndarray) -> np.ndarray:
    """Give a colour (R, G, B) as many channels as the picture has."""
    colour = np.clip(np.asarray(colour, np.float32), 0, 1)
    return colour if picture.shape[2] == 3 else colour @ LUMA[:, None]


def _paper(rng: np.random.Generator) -> np.ndarray:
    """Draw the colour of bare paper, from white to tan."""
    return rng.uniform(0.72, 1.0) * (1 - rng.uniform(0, 0.3) * np.array([0, 0.25, 0.7]))


def _brown(rng: np.random.Generator) -> np.ndarray:
    """Draw the colour of a stain, from straw to rust."""
    straw, rust = np.array([0.9, 0.78, 0.45]), np.array([0.45, 0.26, 0.12])
    return straw + rng.random() * (rust - straw) + rng.uniform(-0.05, 0.05, 3)


def _cover(picture: np.ndarray, colour: Sequence[float], alpha: np.ndarray):
    """Lay an opaque colour over the picture with opacity alpha (H, W)."""
    alpha = cv2.threshold(alpha, 1 / 255, 0, cv2.THRESH_TOZERO)[1][..., None]
    return picture + alpha * (_tint(colour, picture) - picture)


def _stain(picture: np.ndarray, colour: Sequence[float], alpha: np.ndarray):
    """Let the picture shine through a coloured stain of opacity alpha (H, W)."""
    alpha = cv2.threshold(alpha, 1 / 255, 0, cv2.THRESH_TOZERO)[1][..., None]
    return picture * (1 - alpha * (1 - _tint(colour, picture)))


def _in_colour(change: Callable[[np.ndarray], np.ndarray], picture: np.ndarray):
    """Change the colours; of a grey picture, scan the changed colours in grey."""
    if picture.shape[2] == 3:
        return change(picture)
    return change(np.repeat(picture, 3, axis=2)) @ LUMA[:, None]


def _place(picture: np.ndarray, rng: np.random.Generator, size=None) -> np.ndarray:
    """Draw points (x, y) inside the picture."""
    shape = (2,) if size is None else (size, 2)
    return rng.random(shape) * (picture.shape[1], picture.shape[0])


def _path(
    rng: np.random.Generator, start, heading: float, length: float, bend: float
) -> np.ndarray:
    """Walk (16, 2) points from start, turning by ``bend`` radians in all."""
    steps = 16
    curve = rng.normal(0, bend / steps) + rng.normal(0, bend / steps, steps)
    angle = heading + np.cumsum(curve)
    walk = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (length / steps)
    return np.asarray(start) + np.cumsum(walk, axis=0)


def _draw(canvas: np.ndarray, points: np.ndarray, width: float, opacity: float):
    """Draw a smooth line on a uint8 canvas (H, W); below 1 px it gets fainter."""
    value = int(255 * opacity * min(width, 1.0))
    corners = np.round(points * 16).astype(np.int32)
    thick = max(1, round(width))
    cv2.polylines(canvas, [corners], False, value, thick, cv2.LINE_AA, shift=4)


def _draw_tapered(canvas, rng: np.random.Generator, points, width, opacity) -> None:
    """Draw a stroke that starts and ends thin and whose pressure varies."""
    if width < 1.5:
        return _draw(canvas, points, width, opacity)
    pressure = np.sin(np.linspace(0.15, np.pi - 0.15, len(points) - 1)) ** 0.5
    for i, force in enumerate(pressure * rng.uniform(0.6, 1.1, len(pressure))):
        _draw(canvas, points[i : i + 2], width * force, opacity * min(1, 0.4 + force))


def _speck(rng: np.random.Generator, centre, radius: float) -> np.ndarray:
    """Draw the outline (9, 2) of an irregular grain."""
    angle = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    reach = radius * rng.uniform(0.5, 1.2, 9)
    squash = rng.uniform(0.4, 1.0)
    ring = np.stack([np.cos(angle) * reach, np.sin(angle) * reach * squash], axis=1)
    turn = rng.uniform(0, np.pi)
    c, s = np.cos(turn), np.sin(turn)
    return np.asarray(centre) + ring @ np.array([[c, s], [-s, c]])


def _fill(canvas: np.ndarray, outline: np.ndarray, opacity: float) -> None:
    """Fill a polygon (n, 2) on a uint8 canvas, anti-aliased."""
    corners = np.round(outline * 16).astype(np.int32)
    cv2.fillPoly(canvas, [corners], int(255 * opacity), cv2.LINE_AA, shift=4)


def _canvas(picture: np.ndarray) -> np.ndarray:
    return np.zeros(picture.shape[:2], np.uint8)


def _alpha(canvas: np.ndarray, sigma: float) -> np.ndarray:
    """Turn a uint8 canvas into opacities in [0, 1] with soft edges."""
    return _soften(canvas.astype(np.float32) / np.float32(255), sigma)


def _coordinates(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x (1, W) and y (H, 1) in pixels."""
    height, width = picture.shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    return x, y


def _from_line(picture: np.ndarray, point, angle: float) -> tuple[np.ndarray, ...]:
    """Return distance from (signed) and way along a line through a point, (H, W)."""
    x, y = _coordinates(picture)
    x, y = x - np.float32(point[0]), y - np.float32(point[1])
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * -s + y * c, x * c + y * s


def _from_point(picture: np.ndarray, point, squash: float = 1.0) -> np.ndarray:
    """Return the distance from a point in px, (H, W); squash > 1 stretches x."""
    x, y = _coordinates(picture)
    x = (x - np.float32(point[0])) * np.float32(squash)
    return cv2.sqrt(x**2 + (y - np.float32(point[1])) ** 2)


def _from_edge(picture: np.ndarray) -> np.ndarray:
    """Return the distance to the nearest edge of the picture in px, (H, W)."""
    x, y = _coordinates(picture)
    return np.minimum(
        np.minimum(x, picture.shape[1] - 1 - x), np.minimum(y, picture.shape[0] - 1 - y)
    )


# ------------------------------------------------------------------------ tone


@_hides_nothing
def fading(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Let the three dyes fade, each by its own share; in the dark cyan goes first.

    A dye's density -log10(x + f (1 - x)) shrinks to a share k of itself, where f is the
    light that comes through the deepest black: blacks turn grey, contrast is lost and,
    as the dyes part, a cast appears. Cyan dye holds back red, magenta green, yellow
    blue.
    """
    order = ([0, 2, 1], [0, 1, 2], [1, 0, 2], [2, 0, 1])[
        rng.choice(4, p=[0.35, 0.2, 0.15, 0.3])
    ]
    loss = np.sort(rng.uniform(0, 0.75, 3) * [1, 0.7, 0.5])[::-1]
    keep = np.ones(3, np.float32)
    keep[order] -= np.float32(strength) * loss.astype(np.float32)
    floor = np.float32(rng.uniform(0.03, 0.08))

    def fade(x):
        light = floor + (1 - floor) * x
        faded = np.stack([cv2.pow(light[..., i], float(keep[i])) for i in range(3)], -1)
        return (faded - floor) / (1 - floor)

    return _in_colour(fade, picture)


@_hides_nothing
def yellowing(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Stain the whole sheet: paper and gelatine hold back blue, and some green."""
    blue = strength * rng.uniform(0.05, 0.3)
    density = blue * np.array([rng.uniform(0, 0.15), rng.uniform(0.2, 0.5), 1.0])
    return _in_colour(lambda x: x * (10**-density).astype(np.float32), picture)


@_hides_nothing
def sepia(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Turn the colours brown: dark brown shadows, cream lights, mixed in."""
    gamma = 1 + rng.uniform(0.4, 1.0) * np.array([-0.35, 0.05, 0.5])
    light = 1 - rng.uniform(0, 0.2) * np.array([0.1, 0.3, 1.0])
    mix = np.float32(min(1.0, 1.3 * strength))

    def tone(x):
        luma = np.maximum(x @ LUMA, 0)
        brown = [
            cv2.pow(luma, g) * np.float32(w) for g, w in zip(gamma, light, strict=True)
        ]
        return x + mix * (np.stack(brown, -1) - x)

    return _in_colour(tone, picture)


@_hides_nothing
def contrast(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Lose contrast: whites sink, blacks rise, each channel's by its own share.

    What lifts the blacks is fog in the film, flare or a dirty glass, and has a colour.
    """
    fog = rng.uniform(0.5, 1.5, picture.shape[2])
    low = (strength * rng.uniform(0, 0.25) * fog).astype(np.float32)
    high = np.float32(1 - strength * rng.uniform(0, 0.3))
    return picture * (high - low) + low


@_hides_nothing
def exposure(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Expose too little (more often) or too much: x to a power per channel.

    Too little light, and the scan of the dense slide often ends dim as well: its whites
    sink by up to a half.
    """
    dark = rng.random() < 0.7
    stops = strength * (rng.uniform(0.2, 1.5) if dark else rng.uniform(-0.7, -0.1))
    dim = strength * max(0.0, rng.uniform(-0.3, 0.55)) * dark
    cast = rng.normal(0, 0.25 * strength, picture.shape[2])
    powers = 2.0 ** (stops + cast)
    channels = [cv2.pow(picture[..., i], float(p)) for i, p in enumerate(powers)]
    return np.stack(channels, -1) * np.float32(1 - dim)


@_hides_nothing
def vignette(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Darken towards the corners (the lens), or bleach the edges (the air)."""
    height, width = picture.shape[:2]
    x, y = _coordinates(picture)
    centre = rng.uniform(0.4, 0.6, 2)
    across, down = 2 * (x / width - centre[0]), 2 * (y / height - centre[1])
    radius = (across**2 + down**2).astype(np.float32) / 2  # (H, W), 1 in a corner
    amount = strength * rng.uniform(0.2, 0.75)
    shade = np.float32(amount) * cv2.pow(radius, rng.uniform(0.6, 1.6))[..., None]
    if rng.random() < 0.7:
        return picture * (1 - np.minimum(shade, 1))
    return picture + np.minimum(shade, 1) * (_tint(_paper(rng), picture) - picture)


# ------------------------------------------------------------------- structure


@_hiding
def scratches(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Scratch the surface: straight along the film, or curved at random; some deep."""
    unit = _unit(picture, rng)
    light, dark = _canvas(picture), _canvas(picture)
    for _ in range(_count(picture, rng, 5 * strength)):
        canvas = light if rng.random() < 0.72 else dark
        family = _scratch_family if rng.random() < 0.75 else _nicks
        family(canvas, picture, rng, strength, unit)
    worn = _step(_cloud(picture, rng, 24 * unit, 4), -1.8, rng.uniform(-1.6, 0.2))
    sigma = rng.uniform(0.2, 0.6) * unit**0.5
    colour = _paper(rng) if rng.random() < 0.8 else rng.uniform(0.3, 1.0, 3)
    picture = _cover(picture, rng.uniform(0, 0.2, 3), _alpha(dark, sigma) * worn)
    return _cover(picture, colour, _alpha(light, sigma) * worn), None


def _scratch_family(canvas, picture, rng, strength, unit) -> None:
    """Draw one bundle of scratches that share direction and character."""
    side = max(picture.shape[:2])
    film = rng.random() < 0.4  # straight, along the way the film runs
    heading = rng.choice([0, np.pi / 2]) if film else rng.uniform(0, np.pi)
    spread = 0.01 if film else rng.uniform(0.03, 0.5)
    bend = 0.02 if film else rng.uniform(0.05, 1.2)
    middle, reach = _place(picture, rng), rng.uniform(0.03, 0.4) * side
    broad = 4.0 if rng.random() < 0.25 else 1.8
    for _ in range(1 + int(rng.exponential(1.2 + 1.5 * strength))):
        length = side * _log_uniform(rng, *((0.3, 1.6) if film else (0.04, 0.9)))
        angle = heading + rng.normal(0, spread)
        start = middle + rng.normal(0, reach, 2)
        start = start - length / 2 * np.array([np.cos(angle), np.sin(angle)])
        width = _log_uniform(rng, 0.7, broad) * unit
        opacity = rng.uniform(0.3 + 0.3 * strength, 0.7 + 0.3 * strength)
        _draw_tapered(
            canvas, rng, _path(rng, start, angle, length, bend), width, opacity
        )


def _nicks(canvas, picture, rng, strength, unit) -> None:
    """Draw many short marks, in any direction, as handling leaves them."""
    count = _count(picture, rng, (3 + 17 * strength) * rng.random())
    for start in _place(picture, rng, count):
        length, heading = _log_uniform(rng, 2, 25) * unit, rng.uniform(0, 2 * np.pi)
        path = _path(rng, start, heading, length, rng.uniform(0, 1.5))[::5]
        _draw(canvas, path, rng.uniform(0.5, 1.2) * unit, rng.uniform(0.4, 1.0))


@_hiding
def dust(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Strew specks: mostly pin-points, some crumbs; light, dark or of both kinds."""
    unit = _unit(picture, rng)
    lightness = rng.choice([0.05, 0.5, 0.95])  # share of light specks
    light, dark = _canvas(picture), _canvas(picture)
    count = _count(picture, rng, (6 + 60 * strength**2) * rng.random())
    for centre in _place(picture, rng, count):
        radius = min(0.6 * (1 + rng.pareto(1.8)), 5.0) * unit
        canvas = light if rng.random() < lightness else dark
        _fill(canvas, _speck(rng, centre, radius), rng.uniform(0.5, 1.0))
    sigma = rng.uniform(0.2, 0.6) * unit**0.5
    picture = _cover(picture, rng.uniform(0, 0.25, 3), _alpha(dark, sigma))
    return _cover(picture, _paper(rng), _alpha(light, sigma)), None


@_hiding
def hairs(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Lay hairs and fibres on the glass: thin, curled, a little out of focus."""
    unit = _unit(picture, rng)
    canvas = _canvas(picture)
    for _ in range(_count(picture, rng, 4 * strength)):
        length = _log_uniform(rng, 10, 120) * unit
        heading, bend = rng.uniform(0, 2 * np.pi), rng.uniform(0.5, 6)
        path = _path(rng, _place(picture, rng), heading, length, bend)
        _draw(canvas, path, rng.uniform(0.7, 1.5) * unit, rng.uniform(0.6, 1.0))
    grey = rng.uniform(0, 0.25) if rng.random() < 0.6 else rng.uniform(0.75, 1)
    alpha = _alpha(canvas, rng.uniform(0.3, 0.9) * unit**0.5)
    return _cover(picture, [grey] * 3, alpha), None


@_hiding
def foxing(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Let rust-brown spots grow in the paper, in clusters, with darker hearts."""
    unit = _unit(picture, rng)
    halo, heart = _canvas(picture), _canvas(picture)
    clusters = _place(picture, rng, int(rng.integers(1, 5)))
    spread = rng.uniform(0.05, 0.5) * max(picture.shape[:2])
    for _ in range(_count(picture, rng, 4 + 40 * strength * rng.random())):
        centre = clusters[rng.integers(len(clusters))] + rng.normal(0, spread, 2)
        radius = min(1.2 * (1 + rng.pareto(1.6)), 9.0) * unit
        _fill(halo, _speck(rng, centre, radius), rng.uniform(0.2, 0.9))
        if rng.random() < 0.5:
            _fill(heart, _speck(rng, centre, radius * 0.4), rng.uniform(0.3, 1))
    colour, amount = _brown(rng), np.float32(0.3 + 0.7 * strength)
    picture = _stain(picture, colour, _alpha(halo, 1.5 * unit) * amount)
    return _stain(picture, colour * 0.6, _alpha(heart, 0.6 * unit) * amount), None


@_hiding
def blotches(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Blotch the print: ragged patches are bleached, darkened or discoloured."""
    unit = _unit(picture, rng)
    field = _cloud(picture, rng, _log_uniform(rng, 12, 90) * unit, 6)
    level = float(field.max()) * rng.uniform(0.75 - 0.6 * strength, 0.85)
    alpha = _step(field, level, level + _log_uniform(rng, 0.05, 1.0))
    alpha *= _step(_cloud(picture, rng, 6 * unit, 2), -rng.uniform(1.5, 6), 1.0)
    alpha *= np.float32(rng.uniform(0.15, 0.35 + 0.5 * strength))
    choice = rng.random()
    if choice < 0.4:
        return _cover(picture, _paper(rng), alpha), None
    if choice < 0.6:
        return _cover(picture, rng.uniform(0.05, 0.5, 3), alpha), None
    return _stain(picture, _brown(rng), alpha), None


@_hiding
def creases(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Fold the print: a ridge lit from one side, and a broken white core."""
    unit = _unit(picture, rng)
    lost = np.zeros(picture.shape[:2], np.float32)
    for _ in range(_count(picture, rng, 1.5 * strength)):
        picture, core = _crease(picture, rng, strength, unit)
        lost = np.maximum(lost, core)
    return picture, lost


def _crease(picture, rng, strength, unit) -> tuple[np.ndarray, np.ndarray]:
    """Make one fold; return the picture and the opacity of its core (H, W)."""
    side = max(picture.shape[:2])
    across = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.08)
    angle = across if rng.random() < 0.5 else rng.uniform(0, np.pi)
    distance, along = _from_line(picture, _place(picture, rng), angle)
    distance = distance + _cloud(picture, rng, 40 * unit, 2) * np.float32(0.8 * unit)
    ends = np.sort(rng.uniform(-1.2, 1.2, 2)) * side
    extent = _step(along, ends[0] - 0.2 * side, ends[0]) * _step(
        -along, -ends[1] - 0.2 * side, -ends[1]
    )
    width = _log_uniform(rng, 1.0, 6) * unit
    slope = distance * np.float32(1 / width) * _bell(distance, width)  # one side lit
    shade = slope * extent * np.float32(rng.uniform(0.05, 0.15 + 0.45 * strength))
    shade = np.where(np.abs(shade) < 1 / 255, 0, shade)[..., None]
    picture = np.clip(picture * (1 + shade) + np.maximum(shade, 0) * 0.15, 0, 1)
    core = _broken_core(picture, rng, distance, unit) * extent
    core *= np.float32(rng.uniform(0.6, 0.8 + 0.2 * strength))
    core = np.where(core < 1 / 255, 0, core)
    return _cover(picture, _paper(rng), core), core


def _broken_core(picture, rng, distance, unit) -> np.ndarray:
    """Return where the emulsion broke along a fold: a dashed line and flakes."""
    fine = _cloud(picture, rng, 6 * unit, 3)
    line = _bell(distance, max(_log_uniform(rng, 0.3, 1.2) * unit, 0.5))
    line *= _step(fine, rng.uniform(-2.0, 0.5), 1.0)
    reach = np.float32(1 / (_log_uniform(rng, 0.7, 4) * unit))
    flakes = fine - np.abs(distance) * reach - np.float32(rng.uniform(0, 1.2))
    return np.maximum(line, _step(flakes, 0, 0.35))


@_hiding
def tears(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Tear off corners and edges; the torn paper shows its fibres, a shadow falls."""
    unit = _unit(picture, rng)
    shapes = [
        _tear_shape(picture, rng, strength, unit)
        for _ in range(_count(picture, rng, strength))
    ]
    inside = functools.reduce(np.maximum, shapes)  # (H, W), px, > 0 is gone
    rim = (
        _log_uniform(rng, 0.3, 4)
        * unit
        * _step(_cloud(picture, rng, 20 * unit, 3), -2, 2)
    )
    torn = _step(inside + rim, -0.6, 0.6)
    gone = _step(inside, -0.6, 0.6)
    shadow = gone * (1 - _step(inside, 0, rng.uniform(1, 6) * unit))
    fibres = _paper(rng) * (0.94 + 0.05 * _cloud(picture, rng, 2.0))[..., None]
    picture = picture + torn[..., None] * (_tint(fibres, picture) - picture)
    picture = _cover(picture, _backing(rng), gone)
    return _stain(picture, [0, 0, 0], shadow * np.float32(rng.uniform(0, 0.5))), torn


@_hiding
def flaking(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Let pieces of the emulsion come off in islands; the support shows through."""
    unit = _unit(picture, rng)
    field = _cloud(picture, rng, _log_uniform(rng, 8, 40) * unit, 6)
    distance, along = _from_line(picture, _place(picture, rng), rng.uniform(0, np.pi))
    reach = np.float32(max(picture.shape[:2]) * rng.uniform(0.1, 0.5))
    field -= (distance**2 + 0.2 * along**2) / reach**2  # crowded in one place
    level = float(field.max()) * rng.uniform(0.85 - 0.45 * strength, 0.9)
    lost = _step(field, level, level + _log_uniform(rng, 0.03, 0.25))
    lost *= np.float32(rng.uniform(0.6, 1))
    edge = _step(field, level - 0.25, level) * (1 - lost)  # it lifts before it goes
    lost = np.where(lost < 1 / 255, 0, lost)
    picture = _stain(picture, [0.2] * 3, edge * np.float32(rng.uniform(0, 0.35)))
    support = _paper(rng) if rng.random() < 0.8 else rng.uniform(0, 0.25, 3)
    return _cover(picture, support, lost), lost


@_hiding
def cracks(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Crack the dried emulsion into a net of small cells."""
    unit = _unit(picture, rng)
    cells = _cells(picture, rng, _log_uniform(rng, 8, 40) * unit)
    net = cv2.morphologyEx(cells, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0
    net = _soften(net.astype(np.float32), rng.uniform(0.3, 0.7) * unit**0.5)
    field = _cloud(picture, rng, 60 * unit, 4)
    level = float(field.max()) * (0.8 - 0.9 * strength * rng.random())
    net *= _step(field, level, level + 0.8) * np.float32(rng.uniform(0.4, 1))
    light = rng.random() < 0.6
    return _cover(picture, _paper(rng) if light else rng.uniform(0, 0.25, 3), net), None


def _cells(picture, rng, size: float) -> np.ndarray:
    """Number each pixel (H, W) by its nearest seed, about ``size`` px apart."""
    height, width = picture.shape[:2]
    seeds = np.ones((height, width), np.uint8)
    x, y = _place(picture, rng, 4 + int(height * width / size**2)).astype(int).T
    seeds[y, x] = 0
    numbers = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1].astype(np.float32)
    x, y = _coordinates(picture)
    bend = np.float32(0.09 * size)
    x = x + _cloud(picture, rng, size / 2, 2) * bend  # (H, W)
    y = y + _cloud(picture, rng, size / 2, 2) * bend
    return cv2.remap(numbers, x, y, cv2.INTER_NEAREST, None, cv2.BORDER_REPLICATE)


@_hiding
def abrasion(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Rub the surface: a patch of countless fine marks that run one way."""
    unit = _unit(picture, rng)
    height, width = picture.shape[:2]
    side = int(np.hypot(height, width)) + 2
    grain_size, length = max(1.0, 0.8 * unit), _log_uniform(rng, 15, 90) * unit
    grid = int(side / grain_size) + 2, int(side / length) + 3
    marks = cv2.resize(rng.standard_normal(grid, np.float32), (side, side))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(0, 180), 1)
    turn[:, 2] += (np.array([width, height]) - side) / 2
    marks = cv2.warpAffine(marks, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
    level = rng.uniform(1.3 - 0.9 * strength, 1.4)
    field = _cloud(picture, rng, 50 * unit, 3)
    top = float(field.max())
    patch = _step(field, top * rng.uniform(-0.6, 0.4), top * rng.uniform(0.5, 1))
    alpha = _step(marks, level, level + 0.8) * patch
    alpha *= np.float32(rng.uniform(0.3, 0.5 + 0.5 * strength))
    light = rng.random() < 0.75
    return _cover(
        picture, _paper(rng) if light else rng.uniform(0, 0.25, 3), alpha
    ), None


@_hiding
def fingerprints(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Touch the picture: the ridges of a finger, in grease, lighter or darker."""
    unit = _unit(picture, rng)
    alpha = np.zeros(picture.shape[:2], np.float32)
    for _ in range(_count(picture, rng, 0.5 * strength)):
        distance, along = _from_line(
            picture, _place(picture, rng), rng.uniform(0, np.pi)
        )
        width = np.float32(rng.uniform(14, 32) * unit)
        pad = _bell(cv2.sqrt((distance / width) ** 2 + (along / width / 1.4) ** 2), 1)
        arch = cv2.sqrt(distance**2 * 2 + (along - width / 2) ** 2)
        phase = arch * np.float32(2 * np.pi / (rng.uniform(2.6, 4.5) * unit))
        ridges = _step(
            np.sin(phase + 1.5 * _cloud(picture, rng, 12 * unit, 2)), -0.6, 0.8
        )
        smear = _step(_cloud(picture, rng, 10 * unit, 3), -1.5, 1)
        alpha = np.maximum(alpha, pad * ridges * smear)
    alpha *= np.float32(rng.uniform(0.1, 0.2 + 0.4 * strength))
    return _cover(picture, [rng.choice([0.1, 0.75, 0.9])] * 3, alpha), None


def _backing(rng: np.random.Generator) -> np.ndarray:
    """Draw what shows through a hole: the scanner's lid, black, mount or album page."""
    choice = rng.random()
    if choice < 0.4:
        return _paper(rng)
    if choice < 0.65:
        return np.full(3, rng.uniform(0, 0.12))
    return rng.uniform(0.3, 0.7) * (1 + rng.uniform(-0.15, 0.15, 3))


def _tear_shape(picture, rng, strength, unit) -> np.ndarray:
    """Return a ragged signed distance (H, W) in px, positive where a piece is gone."""
    height, width = picture.shape[:2]
    side = (height * width) ** 0.5
    ragged = _cloud(picture, rng, 36 * unit, 6) * np.float32(rng.uniform(1, 5) * unit)
    size = side * (0.04 + rng.uniform(0.02, 0.3) * strength)
    x, y = _coordinates(picture)
    choice = rng.random()
    if choice < 0.65:  # a corner
        x = x if rng.random() < 0.5 else width - 1 - x
        y = y if rng.random() < 0.5 else height - 1 - y
        angle = rng.uniform(0.25, np.pi / 2 - 0.25)
        cut = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        return np.float32(size) - cut + ragged
    centre = _place(picture, rng)
    centre[rng.integers(2)] *= choice > 0.9  # a bite from an edge, rarely a hole
    size *= 0.6
    reach = _from_point(picture, centre, _log_uniform(rng, 0.5, 2))
    return np.float32(size) - reach + ragged


@_hiding
def tide_lines(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Dry out spilt water: a faint stain inside a dark, one-sided edge."""
    unit = _unit(picture, rng)
    field = _flood(picture, rng, strength, unit)
    colour, amount = _brown(rng), 0.3 + 0.7 * strength
    for _ in range(1 + int(rng.integers(3))):  # it dried more than once
        inside = _step(field, -0.7, 0.7)
        slope = np.float32(-1 / (rng.uniform(1, 5) * unit))
        line = inside * cv2.exp(np.minimum(field * slope, 0))
        line *= np.float32(amount * rng.uniform(0.3, 0.9))
        fill = inside * np.float32(amount * rng.uniform(0, 0.25))
        picture = _stain(picture, colour, np.maximum(line, fill))
        field = field - np.float32(rng.uniform(4, 30) * unit)
    return picture, None


def _flood(picture, rng, strength, unit) -> np.ndarray:
    """Return how far inside the water a pixel was, in px, (H, W); < 0 stayed dry."""
    wave = _cloud(picture, rng, rng.uniform(40, 120) * unit, 6)
    wave *= np.float32(rng.uniform(3, 12) * unit)
    if rng.random() < 0.5:  # risen from an edge
        angle = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.15)
        return wave + _from_line(picture, _place(picture, rng), angle)[0]
    radius = max(picture.shape[:2]) * rng.uniform(0.08, 0.2 + 0.3 * strength)
    return wave + np.float32(radius) - _from_point(picture, _place(picture, rng))


@_hiding
def mirroring(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Let silver rise: a bluish sheen over the shadows near the edges."""
    unit = _unit(picture, rng)
    near = 1 - _step(
        _from_edge(picture), 0, min(picture.shape[:2]) * rng.uniform(0.1, 0.45)
    )
    patchy = _step(_cloud(picture, rng, 40 * unit, 3), -1.2, 1.5)
    luma = picture @ LUMA if picture.shape[2] == 3 else picture[..., 0]
    veil = near * patchy * (1 - luma) ** 2
    sheen = rng.uniform(0.45, 0.75) * np.array([0.92, 1.0, rng.uniform(1.05, 1.3)])
    return _cover(
        picture, sheen, veil * np.float32(strength * rng.uniform(0.4, 0.95))
    ), None


# --------------------------------------------------------------------- texture


@_hides_nothing
def grain(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Add film grain: correlated over a few pixels and strongest in the mid-tones."""
    height, width, channels = picture.shape
    unit = min(_unit(picture, rng), 2.0)
    size = rng.uniform(0.3, 0.9) * max(unit, 0.8)
    noise = rng.standard_normal((height, width, 1), np.float32)
    if channels == 3 and rng.random() < 0.5:  # dye clouds: each layer has its own
        own = rng.standard_normal((height, width, 3), np.float32)
        mix = np.float32(rng.uniform(0.2, 0.8))
        noise = noise * np.sqrt(1 - mix**2) + own * mix
    noise = _soften(noise, size)
    noise *= np.float32(max(1.0, 2 * np.sqrt(np.pi) * size))  # deviation back to 1
    amount = np.float32(strength * _log_uniform(rng, 0.012, 0.11))
    flat = np.float32(rng.uniform(0.1, 0.6))
    return picture + amount * noise * (flat + (1 - flat) * 4 * picture * (1 - picture))


@_hides_nothing
def halftone(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Print the picture in dots: one screen per ink, each at its own angle."""
    period = max(rng.uniform(2.2, 5) * min(_unit(picture, rng), 3.0), 2.2)
    sharp = np.float32(rng.uniform(0.15, 0.45))
    mix = np.float32(strength * rng.uniform(0.3, 0.9))
    first = rng.uniform(0, np.pi)
    between = rng.choice([0, np.pi / 6])  # black ink alone, or inks at 30 degrees
    dots = []
    for i in range(picture.shape[2]):
        u, v = _from_line(picture, (0, 0), first + i * between)
        turn = np.float32(2 * np.pi / period)
        screen = (np.cos(u * turn) + np.cos(v * turn)) / 4 + np.float32(0.5)
        dots.append(_step(picture[..., i] - screen, -sharp, sharp))
    return picture + mix * (np.stack(dots, -1) - picture)


@_hides_nothing
def blur(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Blur by an oriented Gaussian of up to 3 px: poor focus, a shaken camera."""
    long = strength * rng.uniform(0.3, 2.0) * min(_unit(picture, rng), 1.5)
    short = long * (1.0 if rng.random() < 0.5 else rng.uniform(0.1, 1.0))
    angle = rng.uniform(0, np.pi)
    half = int(np.ceil(2.5 * long)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    kernel = np.exp(-0.5 * ((u / max(long, 0.2)) ** 2 + (v / max(short, 0.2)) ** 2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return cv2.filter2D(picture, -1, kernel).reshape(picture.shape)


@_hides_nothing
def resampling(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Lose pixels: shrink the picture and blow it up again, each by some filter."""
    height, width = picture.shape[:2]
    factor = 1 + strength * rng.uniform(0.2, 2.0)
    small = max(4, round(width / factor)), max(4, round(height / factor))
    down, up = (
        (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)[rng.integers(3)],
        (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[rng.integers(3)],
    )
    shrunk = cv2.resize(picture, small, interpolation=down)
    return cv2.resize(shrunk, (width, height), interpolation=up).reshape(picture.shape)


@_hides_nothing
def jpeg(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Save as JPEG and load: 8 x 8 blocks at quality 97 down to 25."""
    return _save_as_jpeg(picture, int(97 - strength * rng.uniform(10, 72)))


def _save_as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Save (H, W, C) as JPEG, its colours at half the resolution, and load it."""
    pixels = np.round(picture * 255).astype(np.uint8)[..., ::-1]  # BGR
    coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    loaded = cv2.imdecode(coded, cv2.IMREAD_UNCHANGED).reshape(picture.shape)
    return loaded[..., ::-1].astype(np.float32) / np.float32(255)


# ------------------------------------------------------------------ composition

KINDS: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        *(fading, yellowing, sepia, exposure, contrast, vignette),
        *(grain, halftone),
        *(mirroring, tide_lines, blotches, foxing),
        *(cracks, flaking, creases, abrasion, scratches, tears),
        *(fingerprints, hairs, dust),
        *(blur, resampling, jpeg),
    )
}  # in the order in which they happen
TONE = ("fading", "yellowing", "sepia", "exposure", "contrast", "vignette")
TEXTURE = ("grain", "halftone", "blur", "resampling", "jpeg")
STRUCTURE = tuple(name for name in KINDS if name not in TONE + TEXTURE)

# How often a kind befalls a print, a film and a printed page at full severity.
_CHANCES: dict[str, tuple[float, float, float]] = {
    "fading": (0.45, 0.6, 0),
    "yellowing": (0.45, 0, 0.8),
    "sepia": (0.25, 0, 0),
    "exposure": (0.25, 0.75, 0),
    "contrast": (0.5, 0.4, 0.6),
    "vignette": (0.3, 0.25, 0),
    "grain": (0.55, 0.8, 0),
    "halftone": (0, 0, 1),
    "mirroring": (0.2, 0, 0),
    "tide_lines": (0.2, 0, 0.3),
    "blotches": (0.25, 0.15, 0),
    "foxing": (0.2, 0, 0.4),
    "cracks": (0.12, 0, 0),
    "flaking": (0.2, 0.1, 0),
    "creases": (0.5, 0, 0.6),
    "abrasion": (0.2, 0.2, 0),
    "scratches": (0.55, 0.85, 0),
    "tears": (0.25, 0, 0.3),
    "fingerprints": (0.06, 0.12, 0),
    "hairs": (0.2, 0.4, 0.2),
    "dust": (0.5, 0.8, 0.3),
    "blur": (0.5, 0.5, 0.5),
    "resampling": (0.3, 0.3, 0.3),
    "jpeg": (0.55, 0.55, 0.55),
}
_SHARES = (0.55, 0.38, 0.07)  # of prints, films and pages
_SPARED = 0.24  # no structural damage at severity 0, falling to none at 1: mean 0.12


def _draw_kinds(rng: np.random.Generator, severity: float) -> list[str]:
    """Draw a material and what befell it; the worse, the more."""
    material = rng.choice(3, p=_SHARES)
    chances = {name: chance[material] for name, chance in _CHANCES.items()}
    spared = rng.random() < _SPARED * (1 - severity)
    drawn = {k for k in KINDS if rng.random() < chances[k] * severity**0.5}
    if spared:
        drawn -= set(STRUCTURE)
    elif not drawn & set(STRUCTURE):
        weights = np.array([chances[k] for k in STRUCTURE])
        drawn.add(str(rng.choice(STRUCTURE, p=weights / weights.sum())))
    return [k for k in KINDS if k in drawn]


def age(
    photo: np.ndarray,
    rng: np.random.Generator,
    severity: float,
    kinds: Sequence[str] | None = None,
    profile: str | None = None,
) -> Aged:
    """Age a photograph by some eighty years.

    Args:
        photo: the clean picture, float32 (H, W, C) in [0, 1], C = 1 or 3, from 16 px.
        rng: source of all randomness; the same state gives the same bytes.
        severity: from 0 (returns the picture unchanged) to 1 (hardly anything spared);
            both the number of kinds and the strength of each grow with it.
        kinds: names from ``KINDS``: exactly these befall the picture, in the order of
            ``KINDS``. None draws a plausible set (and no structural damage in
            0.24 (1 - severity) of the draws).
        profile: a name from ``PROFILES``: look as photographs of one archive do today.
            Severity 0.5 is what was measured on them (of "print" the tone alone; its
            marks and grain are a guess), 1 twice as much. None draws any
            damage that a print, a film or a printed page may suffer, which is more
            varied and heavier than what archives keep.

    Returns:
        Aged(damaged, faded, mask, kinds). A photo in RGB whose channels are equal comes
        back with equal channels in half of the draws, as if scanned in grey; by a
        profile with grey film, any photo comes back with equal channels.

    Raises:
        TypeError: the picture is no float32 array, rng no Generator, kinds a string.
        ValueError: shape, values, severity, a kind's or a profile's name is not as said
            above, or both kinds and a profile are given.

    Example:
        >>> photo = np.full((64, 64, 3), 0.5, np.float32)
        >>> aged = age(photo, np.random.default_rng(0), 0.8)
        >>> aged.damaged.shape, aged.mask.shape
        ((64, 64, 3), (64, 64))
    """
    _check(photo, rng, severity)
    _check_names(kinds)
    if profile is not None:
        return _age_like(photo, rng, severity, _profile(profile, kinds))
    if severity == 0:
        drawn = []
    elif kinds is None:
        drawn = _draw_kinds(rng, severity)
    else:
        drawn = [k for k in KINDS if k in kinds]
    if photo.shape[2] == 1 or not _colourless(photo) or rng.random() < 0.5:
        return _befall(photo, rng, severity, drawn)
    aged = _befall(photo[..., :1], rng, severity, drawn)
    damaged, faded = (np.repeat(x, 3, axis=2) for x in aged[:2])
    return aged._replace(damaged=damaged, faded=faded)


def _check_names(kinds: Sequence[str] | None) -> None:
    """Raise unless these are names of kinds."""
    if isinstance(kinds, str):
        raise TypeError(f"Expected a sequence of names. Received: {kinds!r}")
    unknown = sorted(set(kinds or ()) - set(KINDS))
    if unknown:
        names = ", ".join(KINDS)
        raise ValueError(f"Expected kinds among {names}. Received: {unknown}")


def _colourless(picture: np.ndarray) -> bool:
    """Tell whether the three channels are equal; a coloured picture fails at once."""
    return all(
        np.array_equal(part[..., 0], part[..., channel])
        for part in (picture[::9, ::9], picture)
        for channel in (1, 2)
    )


def _befall(photo, rng, severity: float, drawn: Sequence[str]) -> Aged:
    """Let the drawn kinds befall the photo one after the other."""
    damaged = faded = photo.copy()
    mask = np.zeros(photo.shape[:2], np.float32)
    for name in drawn:
        strength = severity * rng.uniform(0.4, 1.0)
        before = copy.deepcopy(rng)
        damaged, hidden = KINDS[name](damaged, rng, strength)
        if name in ("blur", "resampling"):  # the scan spreads a scratch: so its mask
            hidden = KINDS[name](mask[..., None], before, strength)[0][..., 0]
        if name in TONE:
            faded = damaged
        mask = np.maximum(mask, hidden)
    return Aged(damaged, faded.copy(), mask, tuple(drawn))


# --------------------------------------------------------------------- profiles


class Profile(NamedTuple):
    """How the photographs of an archive look today, as numbers at severity 0.5.

    Powers and shares are of a picture in [0, 1]. A spread is the standard deviation
    from photograph to photograph.
    """

    film: tuple[float, float, float] | None  # grey film: how it sees red, green, blue
    stops: tuple[float, float]  # log2 of the power that darkens it, and its spread
    cast: tuple[float, float, float]  # what each channel adds to that
    parting: float  # the spread of the casts
    white: tuple[float, float, float]  # what white has sunk to, by channel
    dimming: float  # its spread
    black: tuple[float, float, float]  # what black has risen to, by channel
    colour: float  # the share of the saturation that is left
    grain: tuple[float, float]  # its deviation in mid-tones, and the spread of its log
    size: float  # of a grain: the deviation of the Gaussian that blurs the noise, px
    dyes: float  # share of the grain that each channel has for itself
    marks: dict[str, tuple[float, float]]  # kinds of structure: chance, strength
    quality: int  # of the archive's JPEG files


# "slide": colour slides of the 1970s; "negative": grey negatives of 1935-44; "print":
# museum prints of 1865-1940. The quality is read off the files' quantisation tables.
# Slide and negative were found on training pictures by `benchmarks/realism.py --fit`,
# which brings the network's kernel distance down; what it does with marks may in part
# stand for things that the clean pictures do not show. Black and white of the slide
# were then moved to where the 1st and 99th percentile of the training slides are, which
# left that distance as it was. Grey film lies between the weights of the eye and (0.1,
# 0.2, 0.7), which sees blue best, where the distance was least. White and black of the
# print are those of five prints; its marks and its grain are set by hand.
PROFILES: dict[str, Profile] = {
    "slide": Profile(
        film=None,
        stops=(1.05, 0.431),
        cast=(-0.017, -0.006, -0.015),
        parting=0.226,
        white=(0.93, 0.9, 0.9),
        dimming=0.066,
        black=(0.05, 0.055, 0.092),
        colour=0.47,
        grain=(0.0098, 0.68),
        size=0.534,
        dyes=0.695,
        marks={
            "blotches": (0.17, 0.51),
            "abrasion": (0.47, 0.23),
            "scratches": (0.65, 0.5),
            "dust": (0.38, 0.21),
        },
        quality=70,
    ),
    "negative": Profile(
        film=(0.22, 0.42, 0.36),
        stops=(0.287, 0.437),
        cast=(0.0, 0.0, 0.0),
        parting=0.0,
        white=(1.0, 1.0, 1.0),
        dimming=0.05,
        black=(0.031, 0.031, 0.031),
        colour=1.0,
        grain=(0.008, 0.447),
        size=0.534,
        dyes=0.0,
        marks={
            "blotches": (0.07, 0.02),
            "abrasion": (0.2, 0.17),
            "scratches": (0.14, 0.09),
            "dust": (0.7, 0.18),
        },
        quality=75,
    ),
    "print": Profile(
        film=(0.22, 0.42, 0.36),
        stops=(0.0, 0.3),
        cast=(0.0, 0.0, 0.0),
        parting=0.02,
        white=(0.97, 0.93, 0.83),
        dimming=0.05,
        black=(0.075, 0.045, 0.035),
        colour=1.0,
        grain=(0.006, 0.5),
        size=0.6,
        dyes=0.0,
        marks={
            "foxing": (0.1, 0.2),
            "abrasion": (0.2, 0.17),
            "scratches": (0.3, 0.15),
            "dust": (0.4, 0.15),
        },
        quality=95,
    ),
}


def _profile(name: str, kinds: Sequence[str] | None) -> Profile:
    """Look up a profile, and raise if there is none or kinds are asked for as well."""
    if name not in PROFILES:
        raise ValueError(f"Expected a profile of {list(PROFILES)}. Received: {name!r}")
    if kinds is not None:
        raise ValueError(f"Expected kinds or a profile. Received: {kinds}, {name!r}")
    return PROFILES[name]


def _age_like(photo, rng, severity: float, profile: Profile) -> Aged:
    """Age a photo as a profile says; what it calls typical is severity 0.5."""
    if severity == 0:
        return _befall(photo, rng, 0.0, ())
    amount, channels = 2 * severity, photo.shape[2]
    if profile.film is not None and channels == 3:
        seen = photo @ np.array(profile.film, np.float32)  # (H, W)
        photo = np.repeat(seen[..., None], 3, axis=2)
    faded = _fade_like(photo, rng, amount, profile)
    if channels == 3 and _colourless(faded):  # scanned in grey, and what lies on it too
        faded = faded[..., :1]
    damaged = _grain_like(faded, rng, amount, profile)
    drawn = [k for k, (chance, _) in profile.marks.items() if rng.random() < chance]
    mask = np.zeros(photo.shape[:2], np.float32)
    for name in drawn:
        strength = min(1.0, amount * profile.marks[name][1] * rng.uniform(0.4, 1.0))
        damaged, hidden = KINDS[name](damaged, rng, strength)
        mask = np.maximum(mask, hidden)
    damaged = _save_as_jpeg(damaged, round(100 - amount * (100 - profile.quality)))
    wide = [np.repeat(x, channels // x.shape[2], axis=2) for x in (damaged, faded)]
    return Aged(*wide, mask, ("exposure", "contrast", "grain", *drawn, "jpeg"))


def _fade_like(photo, rng, amount: float, profile: Profile) -> np.ndarray:
    """Give a photo the tone of a profile: powers, saturation, white and black."""
    stops = rng.normal(*profile.stops)
    powers = 2.0 ** (amount * (stops + rng.normal(profile.cast, profile.parting)))
    dim = np.clip(1 - np.array(profile.white) + rng.normal(0, profile.dimming), 0, 0.6)
    white = 1 - amount * dim
    black = amount * np.array(profile.black) * rng.uniform(0.3, 1.7)
    colour = np.float32(1 - amount * (1 - profile.colour))

    def tone(x):
        x = np.stack(
            [cv2.pow(x[..., i], float(p)) for i, p in enumerate(powers)], axis=-1
        )
        grey = (x @ LUMA)[..., None]
        x = grey + colour * (x - grey)
        return (black + (white - black) * x).astype(np.float32)

    return np.clip(_in_colour(tone, photo), 0, 1)


def _grain_like(photo, rng, amount: float, profile: Profile) -> np.ndarray:
    """Give a photo the grain of a profile."""
    height, width, channels = photo.shape
    shared = rng.standard_normal((height, width, 1), np.float32)
    own = rng.standard_normal(photo.shape, np.float32)
    mix = np.float32(profile.dyes if channels == 3 else 0)
    noise = _soften(shared * np.sqrt(1 - mix**2) + own * mix, profile.size)
    deviation, spread = profile.grain
    scale = amount * deviation * np.exp(rng.normal(0, spread)) / noise.std()
    noise *= np.float32(scale)
    return np.clip(photo + noise * (0.3 + 0.7 * 4 * photo * (1 - photo)), 0, 1)
