"""Paint photographs in the hand of a painter, learned beforehand from a painting.

`style.stylize` takes the style of any picture, in one layer of VGG19: colours and
forms come over, the single stroke hardly.  Here a small network learns a few paintings
by heart.  AdaIN stands behind each of its convolutions, and the means and deviations
that it sets are not measured but learned, one set for each painting: conditional
instance normalisation (Dumoulin et al. 2017, "A learned representation for artistic
style", arXiv:1610.07629).  All else is shared.  Its loss is that of `style.optimise`,
so what takes 300 steps there is asked of one pass here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers, ops

from gantools import (
    arrays,
    collections,
    engine,
    features,
    pairs,
    photos,
    pretrained,
    style,
    training,
)
from gantools.damage import LUMA
from gantools.layers import EdgePadding2D
from gantools.photos import Photo

EPS = 1e-3  # added to a variance; activations are of the order of 1
LIGHT = 8  # pixels: sides of the squares whose luma is compared
GAIN = 4.0  # of the learned numbers, so that they move faster than the kernels
WIDTHS = (32, 64, 96)  # channels at strides 1, 2 and 4
BLOCKS = 5
STRIDE = 4
HALO = 56  # of the windows, pixels: the network looks 55 pixels far
TILE = 768
WHOLE = 1024  # pixels: the longest side at which a whole photograph is measured

# The paintings that were learned: the number by which the Metropolitan Museum of Art
# keeps each, and what it is.  All are in the training split of `met-paintings`.
HANDS = {
    "cezanne": (
        435882,
        "Paul Cézanne, Still Life with Apples and a Pot of Primroses",
    ),
    "el-greco": (436575, "El Greco, View of Toledo, about 1599-1600"),
    "klimt": (436819, "Gustav Klimt, Mäda Primavesi, 1912-13"),
    "renoir": (437430, "Auguste Renoir, By the Seashore, 1883"),
    "seurat": (
        437658,
        'Georges Seurat, Study for "A Sunday on La Grande Jatte", 1884',
    ),
    "turner": (437854, "J. M. W. Turner, Whalers, about 1845"),
    "van-gogh-1887": (
        436532,
        "Vincent van Gogh, Self-Portrait with a Straw Hat, 1887",
    ),
    "van-gogh-1889": (
        436535,
        "Vincent van Gogh, Wheat Field with Cypresses, 1889",
    ),
}


# --- The network ---------------------------------------------------------------------


class ConditionalNorm(layers.Layer):
    """Say how activations are to be changed so that they have learned statistics.

    With m, d the learned numbers of each hand, s the shares of the hands, which sum to
    1, and mu_x, sigma_x the mean and deviation of each channel over the picture,

        mu = GAIN sum_h s_h m_h,  sigma = 1 + GAIN sum_h s_h d_h,
        scale = sigma / sigma_x,  shift = mu - scale mu_x.

    Equation 5 of Dumoulin et al. 2017 (arXiv:1610.07629); a mixture of hands is one
    of numbers, their section 3.3.

    Args:
        hands: how many there are.
    """

    def __init__(self, hands: int, **options):
        super().__init__(**options)
        self.hands = hands

    def build(self, shapes):
        """Create the numbers, two for each hand and channel."""
        shape = (self.hands, shapes[0][-1])
        for name in ("mean", "deviation"):
            weight = self.add_weight(name=name, shape=shape, initializer="zeros")
            setattr(self, name, weight)

    def call(self, inputs):
        """Take [x (B, H, W, C), s (B, hands)]; give scale and shift, (B, 1, 1, C)."""
        x, shares = inputs
        mixed = (ops.matmul(shares, t) for t in (self.mean, self.deviation))
        mu, sigma = (GAIN * m[:, None, None] for m in mixed)
        return style.affine(style.statistics(x, EPS), (mu, 1.0 + sigma))


class _Layers:
    """The convolutions, each made once, so that two models share them."""

    def __init__(self, dtype):
        self.dtype, self.made = dtype, {}

    def __call__(self, kind, name, x, *arguments, **options):
        if name not in self.made:
            how = {"dtype": self.dtype, **options}
            self.made[name] = kind(*arguments, name=name, **how)
        return self.made[name](x)

    def convolve(self, x, width, name, size=3, strides=1, **options):
        """Convolve, with the edge continued."""
        for k in range(size // 2):
            kept = {k: v for k, v in options.items() if k == "dtype"}
            x = self(EdgePadding2D, f"{name}_pad{k}", x, **kept)
        options = {"use_bias": False, "kernel_initializer": "he_normal", **options}
        return self(layers.Conv2D, name, x, width, size, strides, **options)


def _network(make, pictures, widths, blocks, set_to):
    """Run pictures through; `set_to(x, name)` normalises."""
    full, half, quarter = widths

    def unit(x, width, name, **how):
        return set_to(make.convolve(x, width, name, **how), name)

    x = ops.relu(unit(pictures, full, "enter", size=7))
    x = ops.relu(unit(x, half, "down1", strides=2))
    x = ops.relu(unit(x, quarter, "down2", strides=2))
    for n in range(blocks):
        y = ops.relu(unit(x, quarter, f"block{n}a"))
        x = x + unit(y, quarter, f"block{n}b")
    for name, width in (("up1", half), ("up2", full)):
        x = make(layers.UpSampling2D, f"{name}_larger", x, 2)
        x = ops.relu(unit(x, width, name))
    last = {"use_bias": True, "kernel_initializer": "glorot_uniform"}
    return make.convolve(x, 3, "paint", size=7, dtype="float32", **last)


def build(
    hands: int = len(HANDS),
    widths: Sequence[int] = WIDTHS,
    blocks: int = BLOCKS,
    dtype: str | None = None,
) -> tuple[keras.Model, keras.Model]:
    """Build the network twice over the same weights: for wholes, and for windows.

    At its full size it has 1.01 million weights and does 101,568 multiply-adds a pixel,
    less than a third of what VGG19 up to conv4_1 and the decoder of `style` do.

    Args:
        hands: how many paintings it learns.
        widths: channels at strides 1, 2 and 4.
        blocks: residual blocks at stride 4.
        dtype: the layers' precision, such as "mixed_bfloat16".

    Returns:
        `whole`, a model [pictures (B, H, W, 3) in [-1, 1], shares (B, hands)] ->
        [pictures of the same shape, nominally in [-1, 1], scale (B, 1, 1, N), shift of
        that shape], N being the channels of all layers; and `window`, a model
        [pictures, scale, shift] -> pictures.  H and W are multiples of STRIDE.
    """
    make = _Layers(dtype)
    pictures = keras.Input((None, None, 3), name="pictures")
    shares = keras.Input((hands,), name="shares")
    changes = []

    def learned(x, name):
        both = [x, shares]
        change = make(ConditionalNorm, f"{name}_norm", both, hands, dtype="float32")
        changes.append(change)
        scale, shift = (ops.cast(c, x.dtype) for c in change)
        return x * scale + shift

    painted = _network(make, pictures, widths, blocks, learned)
    scale, shift = (ops.concatenate(c, axis=-1) for c in zip(*changes, strict=True))
    whole = keras.Model([pictures, shares], [painted, scale, shift], name="hands")

    ends = np.cumsum([change[0].shape[-1] for change in changes])
    given = [
        keras.Input((1, 1, int(ends[-1])), name=name) for name in ("scale", "shift")
    ]
    places = map(slice, [0, *ends[:-1]], ends)

    def told(x, name):
        place = next(places)
        scale, shift = (ops.cast(g[..., place], x.dtype) for g in given)
        return x * scale + shift

    painted = _network(make, pictures, widths, blocks, told)
    return whole, keras.Model([pictures, *given], painted, name="window")


# --- Its training --------------------------------------------------------------------


def errors(x, wanted):
    """Give each sample's `style.relative_error`: (B,).

    Args:
        x: (B, ...).
        wanted: the same shape, no sample zero everywhere.
    """
    x, wanted = (ops.cast(t, "float32") for t in (x, wanted))
    axes = tuple(range(1, len(x.shape)))
    size = ops.mean(ops.square(wanted), axis=axes) + 1e-12
    return ops.mean(ops.square(x - wanted), axis=axes) / size


def light(pictures):
    """Give where pictures are light and dark, without how light and dark they are.

    The luma of squares of LIGHT x LIGHT pixels, with mean 0 and deviation 1 in each
    picture.

    Args:
        pictures: (B, H, W, 3) in [-1, 1], H and W at least LIGHT.

    Returns:
        (B, H / LIGHT, W / LIGHT, 1) float32, rounded down.
    """
    luma = ops.matmul(ops.cast(pictures, "float32"), LUMA[:, None])
    x = ops.average_pool(luma, LIGHT, LIGHT)
    x = x - ops.mean(x, axis=(1, 2, 3), keepdims=True)
    variance = ops.mean(ops.square(x), axis=(1, 2, 3), keepdims=True)
    return x / ops.sqrt(variance + 1e-4)


class HandTrainer:
    """All hands at once, by the loss of `style.optimise`.

    With p the photograph, x what the network makes of it in the hand of a painting a,
    F the activations in the last of the TAPS that `network` gives, G_l the Gram
    matrices in each, e the relative error, TV the total variation:

        L = e(F(x), F(p)) + style_weight mean_l e(G_l(x), G_l(a)) + smoothness TV(x)
            + light_weight E (light(x) - light(p))^2 + 10 E max(|x| - 1, 0)^2

    Johnson et al. 2016 (arXiv:1603.08155), section 3.2, with relative errors and two
    terms more.  The Gram matrices want the painting's colours somewhere, and a network
    puts them where nothing else is, as a blot on a plain wall; the `light` forbids it
    to be bright where the photograph is dark.  The last term keeps colours in range.

    Args:
        whole: the first model of `build`.
        steps: of the whole run.
        network: `features.vgg19` of some of `style.TAPS`, with average pooling.
        grams: of the paintings, as `gram_matrices` gives them.
        style_weight: of the style beside the content.
        light_weight: of the light.
        smoothness: weight of the total variation.
        peak: the highest rate of Adam.
    """

    def __init__(
        self,
        whole: keras.Model,
        steps: int,
        *,
        network: keras.Model,
        grams: Sequence[np.ndarray],
        style_weight: float,
        light_weight: float,
        smoothness: float,
        peak: float,
    ):
        self.whole, self.network = whole, network
        self.grams = [ops.convert_to_tensor(g) for g in grams]  # (hands, C, C) each
        self.style_weight, self.light_weight = style_weight, light_weight
        self.smoothness = smoothness
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(whole.trainable_variables)
        self.average = training.ExponentialMovingAverage(whole, 0.995)
        self.state = [whole, self.optimizer, self.average]

    def step(self, pictures, shares):
        """Do one step on a batch of `batches_of`."""
        content = ops.stop_gradient(_taps(self.network, pictures)[-1])
        wanted = [ops.einsum("bn,ncd->bcd", shares, g) for g in self.grams]

        def loss_fn():
            painted, *_ = self.whole([pictures, shares], training=True)
            seen = _taps(self.network, painted)
            apart = [
                ops.mean(errors(style.gram(x), g))
                for x, g in zip(seen, wanted, strict=True)
            ]
            logs = {
                "content": ops.mean(errors(seen[-1], content)),
                "style": sum(apart) / len(apart),
                "light": ops.mean(ops.square(light(painted) - light(pictures))),
                "variation": style.total_variation(painted),
            }
            beyond = ops.mean(ops.square(ops.relu(ops.abs(painted) - 1.0)))
            loss = logs["content"] + self.style_weight * logs["style"] + 10.0 * beyond
            loss = loss + self.light_weight * logs["light"]
            return loss + self.smoothness * logs["variation"], logs

        variables = self.whole.trainable_variables
        (loss, logs), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {"loss": loss, **logs}


def _taps(network, pictures):
    return keras.tree.flatten(network(pictures))


def gram_matrices(
    paintings: Sequence[np.ndarray], network: keras.Model
) -> list[np.ndarray]:
    """Give the Gram matrices of whole paintings, one array (N, C, C) a tap.

    Args:
        paintings: N pictures (H, W, 3) in [-1, 1] of any sizes.
        network: as for `HandTrainer`.
    """
    rows = []
    for painting in paintings:
        seen = keras.tree.flatten(engine.predict(network, painting[None]))
        rows.append([ops.convert_to_numpy(style.gram(x))[0] for x in seen])
    return [np.stack(column) for column in zip(*rows, strict=True)]


@dataclasses.dataclass(frozen=True)
class Preset:
    """How long and how large to train."""

    steps: int  # with the first three of the TAPS, which cost half as much
    deep_steps: int  # then with all four
    batch: int
    crop: int  # pixels
    widths: tuple[int, ...] = WIDTHS
    blocks: int = BLOCKS
    dtype: str = "float32"
    style_weight: float = 5.0
    deep_style_weight: float = 20.0
    deep_light_weight: float = 3.0
    smoothness: float = 0.3
    peak: float = 2e-3
    bundled: bool = False  # learn from the shipped pictures alone


PRESETS = {
    "smoke": Preset(6, 3, 2, 48, (4, 6, 8), 1, bundled=True),
    "small": Preset(1_000, 350, 4, 192),
    "base": Preset(20_000, 20_000, 16, 256, dtype="mixed_bfloat16", peak=1e-3),
}

# The photographs that are painted, with the bundled modern ones for the rest.
SETS = {"portraits": 0.25, "scenes": 0.35, "wallpapers": 0.2, "desktops": 0.15}
FRAME = 0.02  # of the longer side of a painting, cut off all round


def paintings(preset: Preset) -> list[np.ndarray]:
    """Read what a preset learns: one picture (H, W, 3) in [-1, 1] for each of HANDS.

    A bundled one has the old photographs of the package stand in for the paintings.
    """
    if preset.bundled:
        old = collections.bundled("old")
        paths = [old[n % len(old)] for n in range(len(HANDS))]
    else:
        known = {p.stem: p for p in collections.files("met-paintings", "train")}
        paths = [known[str(museum)] for museum, _ in HANDS.values()]
    read = []
    for path in paths:
        pixels = photos.load(path).pixels
        edge = round(FRAME * max(pixels.shape[:2]))
        # three crops wide at most: the scale at which the strokes are seen
        inside = _reduce(pixels[edge:-edge, edge:-edge], 3 * preset.crop)
        read.append(style.in_network(inside))
    return read


def _reduce(pixels, longest):
    """Reduce a picture (H, W, C) to this side at most, both multiples of STRIDE."""
    scale = min(1.0, longest / max(pixels.shape[:2]))
    sides = [max(STRIDE, round(scale * n / STRIDE) * STRIDE) for n in pixels.shape[:2]]
    small = cv2.resize(pixels, sides[::-1], interpolation=cv2.INTER_AREA)
    return small.reshape(*sides, -1)


def batches_of(
    preset: Preset, seed: int = 0
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make `batches(step)`: views of photographs, and the hand that is to paint each.

    Every hand comes as often as any other: they take turns, in an order drawn anew for
    each round.

    Args:
        preset: how many, and how large.
        seed: of the whole run.

    Returns:
        A pure function of the step: pictures (B, crop, crop, 3) in [-1, 1] and shares
        (B, hands), one 1 a row; float32.
    """
    groups = [(0.05, collections.bundled("modern"))]
    if not preset.bundled:
        groups += [(w, collections.files(name, "train")) for name, w in SETS.items()]
    pictures = pairs.CleanPictures(groups, 1200, grey=0.15)
    size, side, count = preset.batch, preset.crop, len(HANDS)

    def batches(step: int):
        rng = np.random.default_rng([seed, step])
        views = np.stack([_in_colour(pictures.view(rng, side)) for _ in range(size)])
        turns = range(step * size, (step + 1) * size)
        shares = np.stack([_turn(seed, *divmod(turn, count)) for turn in turns])
        return photos.to_network(np.clip(views, 0.0, 1.0)), shares

    def _turn(seed, round_, place):
        order = np.random.default_rng([seed, 1, round_]).permutation(count)
        return np.eye(count, dtype=np.float32)[order[place]]

    return batches


def _in_colour(view):
    return np.broadcast_to(view, (*view.shape[:2], 3))


def train(
    preset: str | Preset,
    folder: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    processes: int = 0,
) -> dict:
    """Train the network of all hands; keep checkpoints, histories and weights.

    First colours and what is shown, by three of the TAPS, which cost half as much as
    four; then the strokes, by all four and with the style weighing more.

    Args:
        preset: one of PRESETS, or its name.
        folder: of the sub-folders "shallow" and "deep", one a phase, and the weights.
        resume: go on where a run in that folder was cut off.
        progress: show a bar on a terminal.
        seed: of the initial weights and of the data.
        processes: that prepare the batches; 0 leaves them to two threads.

    Returns:
        The manifest's record of the weights written to `folder`.

    Raises:
        ValueError: the preset is unknown.
        FileExistsError: the folder holds a run and `resume` is False.
    """
    (plan, name), folder = training.chosen(preset, PRESETS), Path(folder)
    keras.utils.set_random_seed(seed)
    whole, _ = build(len(HANDS), plan.widths, plan.blocks, plan.dtype)
    known, how = paintings(plan), {"resume": resume, "progress": progress}
    phases = (
        ("shallow", 3, plan.steps, plan.style_weight, 0.0),
        ("deep", 4, plan.deep_steps, plan.deep_style_weight, plan.deep_light_weight),
    )
    for number, (phase, count, steps, *weights) in enumerate(phases):
        taps = style.TAPS[:count]
        trainer = HandTrainer(
            whole,
            steps,
            network=features.vgg19(taps, pooling="average", dtype=plan.dtype),
            grams=gram_matrices(known, features.vgg19(taps, pooling="average")),
            style_weight=weights[0],
            light_weight=weights[1],
            smoothness=plan.smoothness,
            peak=plan.peak,
        )
        data = batches_of(plan, seed + number)
        training.fit(trainer, data, steps, folder / phase, processes=processes, **how)
        whole.set_weights(trainer.average.model.get_weights())
    what = f"hands, preset {name}, seed {seed}"
    return pretrained.save("hands", [whole], folder, what=what)


# --- Use -----------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, eq=False)
class Painters:
    """The trained network, for wholes and for windows, and where it comes from."""

    whole: keras.Model
    window: keras.Model
    record: dict  # of the weights, from their manifest


def load_hands(folder: str | Path = arrays.WEIGHTS) -> Painters:
    """Load a trained network of any size.

    Args:
        folder: where `train` left it; by default that of the package's own weights,
            which holds none of hands yet.

    Raises:
        ValueError: the folder holds no such weights, or they are damaged or of another
            architecture.
    """
    folder = Path(folder)
    if "hands" not in arrays.manifest(folder):
        raise ValueError(
            f"Expected trained weights of the hands. Received: {folder} without any; "
            "make some with gantools train hands"
        )
    sizes = {k: a.shape for k, a in arrays.read_arrays("hands", folder).items()}
    kernels = [f"hands/{name}/kernel" for name in ("enter", "down1", "down2")]
    if missing := [name for name in kernels if name not in sizes]:
        raise ValueError(
            f"Expected {missing[0]}. Received: {folder} without it, weights of another "
            "architecture"
        )
    blocks = sum(f"hands/block{n}a/kernel" in sizes for n in range(99))
    both = build(len(HANDS), [sizes[name][-1] for name in kernels], blocks)
    return Painters(*both, pretrained.load("hands", both[:1], folder))


def paint(
    photo: Photo,
    hands: str | Sequence[str],
    *,
    strength: float = 1.0,
    weights: Sequence[float] | None = None,
    keep_colour: bool = False,
    mask: np.ndarray | None = None,
    painters: Painters | None = None,
    progress: Callable[[float], None] | None = None,
) -> style.Stylised:
    """Paint a photograph in the hand of a painter, or in a mixture of hands.

    The statistics that the network sets aside are those of the whole photograph, seen
    at WHOLE pixels at most (Chen et al. 2022, arXiv:2103.11784); then it is painted
    window by window.  Strokes have the width in pixels that they have in the painting
    as training saw it, three crops wide at most: reduce a large scan first if it is to
    look painted from afar.

    Args:
        photo: the photograph, any size.
        hands: one name of HANDS, or several, which are mixed.
        strength: s in [0, 1] of photo + s (painted - photo), pixel by pixel.
        weights: of the hands, not negative, scaled to a sum of 1; equal by default.
        keep_colour: change the brightness alone, so that a grey photograph stays grey;
            otherwise the result is in colour.
        mask: where, and how much of it, (H, W) in [0, 1]; by default everywhere.  What
            it leaves out is not changed, bit for bit.
        painters: the network; by default what `load_hands` gives.
        progress: called with the finished share in [0, 1].

    Returns:
        The painted photograph, and what was changed.

    Raises:
        ValueError: there is no hand of that name, or none at all; the strength is not
            in [0, 1]; the weights are not one for each hand; or the mask is not one of
            this photograph.
    """
    names = style.as_list(hands)
    shares = style.check_wishes(photo, names, HANDS, strength, weights, mask)
    painters = painters or load_hands()
    if strength < 1:
        everywhere = np.ones(photo.pixels.shape[:2], np.float32)
        mask = np.float32(strength) * (everywhere if mask is None else mask)
    return style.paint_windows(
        painters.window,
        _change(photo, names, shares, keep_colour, painters.whole),
        photo,
        record=painters.record,
        keep_colour=keep_colour,
        mask=mask,
        progress=progress or (lambda share: None),
        tile=TILE,
        halo=HALO,
        multiple=STRIDE,
    )


def _change(photo, names, shares, keep_colour, whole):
    """Find scale and shift of every layer from the whole photograph, reduced."""
    mixture = np.zeros((1, len(HANDS)), np.float32)
    for name, share in zip(names, shares, strict=True):
        mixture[0, list(HANDS).index(name)] += share
    small = style.in_network(_reduce(photo.pixels, WHOLE), keep_colour)
    return engine.predict(whole, [small[None], mixture])[1:]
