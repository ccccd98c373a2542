"""Age photographs by a second model of time, which no network is trained on.

A restorer that is trained and measured on one generator of damage may have learned that
generator.  So this one shares no code with `gantools.damage` and makes its damage by
other means: random walks, spectral noise, Voronoi edges, diffusion-limited aggregation,
midpoint displacement, interference.  Tones change in density and in CIELAB, grain is
counted silver, and the scan ends as WebP.  Nothing here may ever be trained on.

`age` is called as `damage.age` is and returns the same `damage.Aged`, with the same
meaning of the mask: 1 where nothing of the picture is left, elsewhere the visible
change in units of `damage.VISIBLE`.
"""

from collections.abc import Callable

import cv2
import numpy as np
import scipy.spatial

from gantools.damage import VISIBLE, Aged

# (picture (H, W, 3), rng, strength) -> (colour (H, W, 3) or (3,), opacity (H, W))
Layer = Callable[
    [np.ndarray, np.random.Generator, float], tuple[np.ndarray, np.ndarray]
]


# --- Noise ---------------------------------------------------------------------------


def spectral_noise(
    shape: tuple[int, int],
    rng: np.random.Generator,
    slope: float,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> np.ndarray:
    """Draw Gaussian noise with the power spectrum 1 / f^slope, ranked to [0, 1].

    Args:
        shape: (H, W).
        rng: the source of randomness.
        slope: 0 is white; 2 and more is clouds.
        stretch: of the noise along y and along x.

    Returns:
        (H, W): the share of the pixels that lie below each, so that a threshold t cuts
        off exactly a share of 1 - t.
    """
    y, x = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    frequency = np.hypot(y * stretch[0], x * stretch[1])
    frequency[0, 0] = np.inf  # no mean
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) * frequency ** (-slope / 2)
    field = np.fft.irfft2(spectrum, shape)
    ranks = np.empty(field.size)
    ranks[np.argsort(field, axis=None)] = np.linspace(0, 1, field.size)
    return ranks.reshape(shape)


def random_walk(
    rng: np.random.Generator, start, steps: int, turning: float
) -> np.ndarray:
    """Walk steps of one pixel whose direction is itself a random walk, (steps, 2)."""
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, turning, steps))
    path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
    return np.asarray(start) + path


def jagged_line(rng: np.random.Generator, roughness: float, levels: int = 8):
    """Draw a fractal line from 0 to 0 by midpoint displacement, (2 ** levels + 1,)."""
    line = np.zeros(2)
    for level in range(levels):
        middle = (line[:-1] + line[1:]) / 2
        middle += rng.normal(0, roughness**level, middle.size)
        line = np.insert(line, np.arange(1, line.size), middle)
    return line


def _stamp(shape: tuple[int, int], points: np.ndarray, sigma: float) -> np.ndarray:
    """Press round dots of a deviation onto a sheet, (H, W) in [0, 1]."""
    sheet = np.zeros(shape, np.float32)
    x, y = np.round(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    sheet[y[inside], x[inside]] = 1
    peak = 1 / (np.sqrt(2 * np.pi) * sigma)  # of a line of dots, blurred
    return np.minimum(cv2.GaussianBlur(sheet, (0, 0), sigma) / peak, 1)


def _edge(field: np.ndarray, threshold: float, width: float) -> np.ndarray:
    """Rise from 0 to 1 around a threshold, as the logistic curve."""
    return 1 / (1 + np.exp(-np.clip((field - threshold) / width, -30, 30)))


def _size(picture: np.ndarray) -> float:
    """Return the side of the square with the picture's area, pixels."""
    return float(np.sqrt(picture.shape[0] * picture.shape[1]))


def _point(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.random(2) * picture.shape[1::-1]


def _grid(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of every pixel, (H, W) each."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(float)
    return x, y


# --- Tone ----------------------------------------------------------------------------


def layer_curves(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Age each layer's Hurter-Driffield curve: fog rises, the deepest density sinks.

    Density D = -log10(light), light being linear.  A layer answers with
    fog + (deepest - fog) / (1 + exp(-4 g (D - speed))), stretched so that a fresh layer
    (fog 0, g 1) keeps black and white.
    """
    black = 2.0  # density of the deepest print
    density = np.clip(-np.log10(np.maximum(_linear(picture), 1e-4)), 0, black) / black
    fog = strength * rng.uniform(0, 0.16, 3)
    deepest = 1 - strength * rng.uniform(0.05, 0.5, 3)
    slope = 1 + strength * rng.uniform(-0.35, 0.5, 3)
    speed = 0.5 + strength * rng.uniform(-0.15, 0.15)

    def curve(d):
        return 1 / (1 + np.exp(-4 * slope * (d - speed)))

    low, high = curve(np.zeros(3)), curve(np.ones(3))
    answer = (curve(density) - low) / (high - low)
    aged = fog + (deepest - fog) * (answer + (1 - strength) * (density - answer))
    return _display(10 ** (-black * aged))


def tinted_base(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Shift the colour in CIELAB: the lights one way, the shadows another, less chroma.

    Lights go to yellow; shadows to brown, green or violet, as toners leave them.
    """
    lab = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2LAB)
    light = lab[..., :1] / 100
    lights = np.array([rng.uniform(-2, 8), rng.uniform(4, 30)])
    shadows = rng.normal(0, 8, 2)
    lab[..., 1:] *= 1 - strength * rng.uniform(0, 0.8)
    lab[..., 1:] += strength * (light * lights + (1 - light) * shadows)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1)


def uneven_light(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Light the copy unevenly, by a paraboloid anywhere, and let the lens flare."""
    x, y = (c / _size(picture) for c in _grid(picture))
    centre = rng.uniform(-0.2, 1.2, 2)
    fall = ((x - centre[0]) ** 2 + (y - centre[1]) ** 2)[..., None]
    light = _linear(picture) * np.exp(-strength * rng.uniform(0.1, 0.9) * fall)
    flare = strength * rng.uniform(0, 0.06)
    return _display(light * (1 - flare) + flare * rng.uniform(0.7, 1.0, 3))


def _linear(picture: np.ndarray) -> np.ndarray:
    """Undo the curve of sRGB."""
    low = picture / 12.92
    return np.where(picture <= 0.04045, low, ((picture + 0.055) / 1.055) ** 2.4)


def _display(light: np.ndarray) -> np.ndarray:
    """Apply the curve of sRGB."""
    light = np.clip(light, 0, 1)
    high = 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, high)


# --- What lies on the picture --------------------------------------------------------


def rain(picture, rng, strength):
    """Scratch a film that ran: each line keeps its place but for a slow random walk."""
    height, width = picture.shape[:2]
    alpha = np.zeros((height, width))
    for _ in range(1 + rng.poisson(7 * strength)):
        x = rng.random() * width + np.cumsum(rng.normal(0, 0.12, height))
        seen = np.convolve(rng.normal(0, 1, height), np.ones(31) / 5.6, "same")
        rows = np.flatnonzero(seen > rng.uniform(-1.5, 1))
        line = np.stack([x[rows], rows], axis=1)
        alpha = np.maximum(
            alpha, rng.uniform(0.4, 1) * _stamp((height, width), line, 0.6)
        )
    return np.full(3, rng.choice([0.05, 0.95])), alpha


def walks(picture, rng, strength):
    """Scratch along random walks: keys, grit under a cloth, threads."""
    shape, side = picture.shape[:2], _size(picture)
    alpha = np.zeros(shape)
    for _ in range(1 + rng.poisson(8 * strength)):
        steps = int(side * rng.uniform(0.1, 0.9))
        path = random_walk(rng, _point(picture, rng), steps, rng.uniform(0.005, 0.12))
        line = _stamp(shape, path, rng.uniform(0.5, 0.9 + 0.002 * side))
        alpha = np.maximum(alpha, line * rng.uniform(0.4, 1))
    return np.full(3, rng.uniform(0, 0.2) if rng.random() < 0.3 else 0.9), alpha


def craquelure(picture, rng, strength):
    """Crack the surface where two Voronoi cells meet, in long cells or round ones."""
    x, y = _grid(picture)
    shape = picture.shape[:2]
    cell = _size(picture) * rng.uniform(0.04, 0.12)
    bend = spectral_noise(shape, rng, 3) * cell
    stretch = rng.uniform(1, 3)
    places = np.stack([(x + bend).ravel() / stretch, (y - bend).ravel()], axis=1)
    count = 4 + int(x.size / cell**2)
    seeds = rng.random((count, 2)) * (places.max(axis=0) - places.min(axis=0))
    tree = scipy.spatial.KDTree(seeds + places.min(axis=0))
    near, next_near = tree.query(places, k=2)[0].T.reshape(2, *shape)
    cracks = _edge(-(next_near - near), -rng.uniform(0.6, 1.4), 0.25)
    where = _edge(spectral_noise(shape, rng, 3), 1 - 0.7 * strength, 0.04)
    return np.full(3, rng.choice([0.1, 0.85])), cracks * where


def blots(picture, rng, strength):
    """Spill ink: the top of fractal noise, dark at the rim, where it dried last."""
    field = spectral_noise(picture.shape[:2], rng, rng.uniform(2.6, 3.6))
    edge = 1 - strength * rng.uniform(0.01, 0.1)
    body = _edge(field, edge, 0.003)
    rim = body * np.exp(-np.maximum(field - edge, 0) / 0.02)
    colour = np.array([0.12, 0.1, 0.25]) if rng.random() < 0.5 else np.full(3, 0.9)
    return colour, np.clip(body * rng.uniform(0.3, 0.9) + 0.3 * rim, 0, 1)


def fungus(picture, rng, strength):
    """Let fungus grow in branches, by diffusion-limited aggregation."""
    side = _size(picture)
    alpha = np.zeros(picture.shape[:2], np.float32)
    for _ in range(1 + rng.poisson(2 * strength)):
        colony = _aggregate(rng, 48).astype(np.float32)
        reach = max(16, int(side * rng.uniform(0.15, 0.45)))
        colony = cv2.resize(colony, (reach, reach), interpolation=cv2.INTER_LINEAR)
        x, y = (_point(picture, rng) - reach / 2).astype(int)
        move = np.array([[1, 0, x], [0, 1, y]], np.float32)
        laid = cv2.warpAffine(colony, move, alpha.shape[::-1])
        alpha = np.maximum(alpha, laid * np.float32(rng.uniform(0.4, 0.9)))
    return np.array([0.85, 0.86, 0.8]) * rng.choice([0.25, 1.0]), alpha


def _aggregate(rng: np.random.Generator, side: int) -> np.ndarray:
    """Let walkers stick to a seed where they touch it, until they reach a border.

    Returns:
        (side, side) of booleans.
    """
    grown = np.zeros((side, side), bool)
    grown[side // 2, side // 2] = True
    walkers = rng.integers(0, side, (side * 10, 2))
    moves = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])
    while len(walkers) and not (grown[[0, -1]].any() or grown[:, [0, -1]].any()):
        walkers = (walkers + moves[rng.integers(4, size=len(walkers))]) % side
        touching = cv2.dilate(grown.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        stuck = touching[tuple(walkers.T)]
        grown[tuple(walkers[stuck].T)] = True
        walkers = walkers[~stuck]
    return grown


def rubbing(picture, rng, strength):
    """Rub off the emulsion where the sheet was held: along its edges, in streaks."""
    x, y = _grid(picture)
    height, width = picture.shape[:2]
    edge = np.minimum(
        np.minimum(x, width - 1 - x) / width, np.minimum(y, height - 1 - y) / height
    )
    streaks = spectral_noise((height, width), rng, 2, (1, rng.uniform(4, 12)))
    depth = strength * rng.uniform(0.05, 0.25)
    gone = _edge(streaks - edge / depth, rng.uniform(0.2, 0.6), 0.03)
    return np.full(3, rng.uniform(0.75, 0.95)) * [1, 0.98, 0.92], gone


def lost_corner(picture, rng, strength):
    """Break off a corner along a line of midpoint displacement."""
    x, y = _grid(picture)
    height, width = picture.shape[:2]
    x = x if rng.random() < 0.5 else width - 1 - x
    y = y if rng.random() < 0.5 else height - 1 - y
    cut = _size(picture) * (0.05 + strength * rng.uniform(0.05, 0.35))
    angle = rng.uniform(0.3, 1.2)
    across = x * np.cos(angle) + y * np.sin(angle)
    along = y * np.cos(angle) - x * np.sin(angle)
    ragged = jagged_line(rng, rng.uniform(0.5, 0.7)) * cut * 0.06
    places = np.linspace(along.min(), along.max(), ragged.size)
    line = cut + np.interp(along, places, ragged)
    return np.full(3, rng.uniform(0.0, 1.0)), _edge(-(across - line), 0, 0.4)


def grazing(picture, rng, strength):
    """Let silverfish graze: chains of round bites along a random walk."""
    shape, side = picture.shape[:2], _size(picture)
    bitten = np.zeros(shape, np.uint8)
    for _ in range(1 + rng.poisson(4 * strength)):
        path = random_walk(rng, _point(picture, rng), int(side * 0.3), 0.15)
        for centre in path[:: max(1, int(side * 0.012))]:
            radius = max(1, int(side * rng.uniform(0.003, 0.012)))
            cv2.circle(
                bitten, centre.astype(int).tolist(), radius, 255, -1, cv2.LINE_AA
            )
    return np.array([0.93, 0.9, 0.82]), bitten / 255


def tape(picture, rng, strength):
    """Stick a strip across: yellowed, with serrated ends, dark along its sides."""
    x, y = _grid(picture)
    side, centre = _size(picture), _point(picture, rng)
    angle = rng.uniform(0, np.pi)
    along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
    half, length = side * rng.uniform(0.03, 0.07), side * rng.uniform(0.15, 0.5)
    teeth = np.abs((across / half * 6) % 2 - 1) * half * 0.15
    inside = _edge(length + teeth - np.abs(along), 0, 0.4)
    inside = inside * _edge(half - np.abs(across), 0, 0.4)
    border = np.exp(-np.maximum(half - np.abs(across), 0) / (0.1 * half))
    alpha = inside * (0.15 + 0.4 * strength + 0.25 * border)
    return np.array([0.8, 0.66, 0.36]), alpha


def staple(picture, rng, strength):
    """Let a staple rust: two legs, and a halo that fades by its distance from them."""
    x, y = _grid(picture)
    side, centre = _size(picture), _point(picture, rng)
    angle, length = rng.uniform(0, np.pi), side * rng.uniform(0.03, 0.07)
    along = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
    across = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
    distance = np.hypot(np.maximum(np.abs(along) - length, 0), across)
    blotchy = 0.4 + spectral_noise(picture.shape[:2], rng, 2)
    halo = np.exp(-distance / (side * rng.uniform(0.01, 0.04))) * blotchy * strength
    wire = _edge(-distance, -0.006 * side, 0.4)
    colour = np.array([0.45, 0.22, 0.08]) * (1 - 0.6 * wire[..., None])
    return colour, np.clip(np.maximum(halo, wire), 0, 1)


def light_leak(picture, rng, strength):
    """Let light into the camera: an orange glow from one side, as the film was bent."""
    x, y = _grid(picture)
    angle = rng.uniform(0, 2 * np.pi)
    way = x * np.cos(angle) + y * np.sin(angle)
    way = (way - way.min()) / (way.max() - way.min())
    wave = 0.3 * spectral_noise(picture.shape[:2], rng, 4)
    glow = np.exp(-(way + wave) / rng.uniform(0.05, 0.2)) * strength
    colour = np.stack([np.ones_like(glow), 0.35 + 0.6 * glow, 0.1 + 0.5 * glow], -1)
    return np.clip(colour, 0, 1), np.clip(1.3 * glow, 0, 1)


def newton_rings(picture, rng, strength):
    """Press film against glass: rings of interference, one period for each colour.

    The light of wave length l behind a gap d comes back as cos^2(2 pi d / l) of itself;
    the gap grows with the square of the distance from where the two touch.
    """
    x, y = _grid(picture)
    side, centre = _size(picture), _point(picture, rng)
    squash = rng.uniform(0.6, 1.6)
    reach = np.hypot(x - centre[0], squash * (y - centre[1])) / side
    gap = rng.uniform(5, 14) * reach**2
    waves = np.array([0.65, 0.55, 0.45])  # micrometres
    light = np.cos(2 * np.pi * gap[..., None] / waves / 4) ** 2
    near = np.exp(-((reach / rng.uniform(0.15, 0.35)) ** 2))
    return light, near * rng.uniform(0.1, 0.1 + 0.3 * strength)


LAYERS: dict[str, Layer] = {
    layer.__name__: layer
    for layer in (
        *(light_leak, newton_rings, fungus, blots, rubbing, craquelure),
        *(walks, rain, grazing, staple, tape, lost_corner),
    )
}


# --- Grain and scan ------------------------------------------------------------------


def silver(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Count the grains of each pixel: a Poisson number for a mean of its light."""
    grains = 60 / max(strength, 0.05) ** 2 * rng.uniform(0.7, 4)
    return np.clip(rng.poisson(picture * grains) / grains, 0, 1)


def line_jitter(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Shift each line that the scanner read by a random walk that is drawn to 0."""
    shift, shifts = 0.0, []
    for step in rng.normal(0, 0.25 * strength, picture.shape[0]):
        shift = 0.8 * shift + step
        shifts.append(shift)
    x, y = (c.astype(np.float32) for c in _grid(picture))
    x += np.array(shifts, np.float32)[:, None]
    border = cv2.BORDER_REPLICATE
    return cv2.remap(picture, x, y, cv2.INTER_LINEAR, None, border)


def defocus(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Average over the disc of confusion."""
    radius = 0.3 + strength * rng.uniform(0, 1.3)
    half = int(np.ceil(radius))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)


def webp(picture: np.ndarray, rng: np.random.Generator, strength: float):
    """Save as WebP, whose blocks are predicted, at quality 95 down to 25."""
    quality = int(95 - 70 * strength * rng.random())
    levels = np.round(picture * 255).astype(np.uint8)
    data = cv2.imencode(".webp", levels, [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR) / 255


TONES = {f.__name__: f for f in (layer_curves, tinted_base, uneven_light)}
SCANS = {f.__name__: f for f in (line_jitter, defocus, webp)}
KINDS = (*TONES, silver.__name__, *LAYERS, *SCANS)  # in the order in which they happen


# --- All together --------------------------------------------------------------------


def age(
    photo: np.ndarray,
    rng: np.random.Generator,
    severity: float,
    kinds: tuple[str, ...] | None = None,
) -> Aged:
    """Age a photograph.

    Args:
        photo: the clean picture, float32 (H, W, C) in [0, 1], C = 1 or 3.
        rng: source of all randomness; the same state gives the same bytes.
        severity: from 0 (returns the picture unchanged) to 1; the number of kinds and
            the strength of each grow with it.
        kinds: names from KINDS, exactly these; None draws some.

    Returns:
        Aged(damaged, faded, mask, kinds), see `gantools.damage.age`.

    Raises:
        ValueError: severity or a kind's name is not as said above.
    """
    if not 0 <= severity <= 1:
        raise ValueError(f"Expected a severity in [0, 1]. Received: {severity}")
    unknown = sorted(set(kinds or ()) - set(KINDS))
    if unknown:
        raise ValueError(f"Expected kinds among {KINDS}. Received: {unknown}")
    drawn = _draw(rng, severity) if kinds is None else [k for k in KINDS if k in kinds]
    if severity == 0:
        drawn = []
    picture = np.repeat(photo, 3, axis=2) if photo.shape[2] == 1 else photo
    picture = picture.astype(np.float64)
    for name in (k for k in drawn if k in TONES):
        picture = TONES[name](picture, rng, severity * rng.uniform(0.5, 1))
    faded, mask = picture, np.zeros(photo.shape[:2])
    if silver.__name__ in drawn:
        picture = silver(picture, rng, severity * rng.uniform(0.3, 1))
    for name in (k for k in drawn if k in LAYERS):
        layer = LAYERS[name](picture, rng, severity * rng.uniform(0.5, 1))
        picture, mask = _lay(picture, mask, *layer)
    for name in (k for k in drawn if k in SCANS):
        picture, mask = _scan(name, picture, mask, rng, severity * rng.uniform(0.3, 1))
    damaged, faded = (_channels(p, photo.shape[2]) for p in (picture, faded))
    return Aged(damaged, faded, mask.astype(np.float32), tuple(drawn))


def _draw(rng: np.random.Generator, severity: float) -> list[str]:
    """Draw each tone, and each kind of scan, at times; of the layers a few."""
    count = min(len(LAYERS), int(rng.poisson(0.4 + 2.2 * severity)))
    layers = rng.choice(list(LAYERS), size=count, replace=False)
    others = [
        k for k in KINDS if k not in LAYERS and rng.random() < 0.7 * severity**0.5
    ]
    return [k for k in KINDS if k in layers or k in others]


def _lay(picture, mask, colour, alpha):
    """Lay a layer over the picture; what it hides, or visibly changes, is damage."""
    alpha = np.where(alpha < 1 / 255, 0, alpha)[..., None]
    changed = picture + alpha * (colour - picture)
    visible = np.abs(changed - picture).max(axis=-1) / VISIBLE
    hidden = np.where(alpha[..., 0] > 0.9, alpha[..., 0], 0)
    return changed, np.maximum(mask, np.maximum(np.minimum(visible, 1), hidden))


def _scan(name, picture, mask, rng, strength):
    """Scan the picture; what moves or spreads the damage does so to its mask."""
    if name == webp.__name__:
        return webp(picture, rng, strength), mask
    both = SCANS[name](np.dstack([picture, mask]), rng, strength)
    return both[..., :3], both[..., 3]


def _channels(picture: np.ndarray, channels: int) -> np.ndarray:
    """Return float32 (H, W, channels) in [0, 1]; grey is the luma of Rec. 709."""
    if channels == 1:
        picture = picture @ np.array([[0.2126], [0.7152], [0.0722]])
    return np.clip(picture, 0, 1).astype(np.float32)
