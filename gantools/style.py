"""Carry the style of a painting over to a photograph, without a GAN.

A network that names what pictures show keeps two things apart.  *Where* its activations
are strong says what is in the picture, its content; *how strong and in which company*
each channel is, over the whole picture, says how it is painted, its style.  Two ways to
give the content of one picture the style of another follow from that:

    optimise:  change the pixels of one picture until both agree        (minutes)
    stylize:   change each channel's mean and deviation, then decode    (seconds)

The decoder is trained once, for all styles.  Both ways look through VGG19, which is
frozen.  Inside the networks pictures are float32 in [-1, 1].
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Collection, Sequence
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
    pretrained,
    tiling,
    training,
)
from gantools.damage import LUMA
from gantools.layers import EdgePadding2D
from gantools.photos import (
    Photo,
    from_levels,
    from_network,
    share_changed,
    to_levels,
    to_network,
)

if typing.TYPE_CHECKING:
    from gantools import restoration

TAPS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")  # of VGG19; the last is the content
CHANNELS = 512  # of conv4_1
SCALE = 600.0  # conv4_1's root mean square: 638 over the bundled pictures
EPS = 1.0  # added to a variance; activations are of the order of 100
STRIDE = 8  # three halvings up to conv4_1
SEEN = 32  # halo, pixels: conv4_1 looks 30 pixels beyond its own 8 x 8
HALO = 64  # halo, pixels: the decoder makes of that at most 61
TILE = 768
STYLE_SIDE = 512  # larger styles are reduced to this shorter side, pixels
WIDTHS = (256, 128, 64, 32)  # channels of the decoder's levels, at strides 8 to 1


# --- What style is: statistics of activations ---------------------------------------


def statistics(x, eps=EPS):
    """Give the mean and the standard deviation of each channel over the picture.

    mu_c = mean_hw x_hwc,  sigma_c = sqrt(mean_hw (x_hwc - mu_c)^2 + eps): equations 5
    and 6 of Huang and Belongie 2017 (arXiv:1703.06868).

    Args:
        x: activations (B, H, W, C).
        eps: added to a variance.

    Returns:
        mu and sigma, both (B, 1, 1, C) float32.
    """
    x = ops.cast(x, "float32")
    mean = ops.mean(x, axis=(1, 2), keepdims=True)
    variance = ops.mean(ops.square(x - mean), axis=(1, 2), keepdims=True)
    return mean, ops.sqrt(variance + eps)


def adain(x, own, wanted):
    """Give activations the mean and deviation of others: adaptive normalisation.

    AdaIN(x) = sigma_s (x - mu_c) / sigma_c + mu_s: equation 8 of Huang and Belongie
    2017 (arXiv:1703.06868).

    Args:
        x: activations of the content, (B, H, W, C).
        own: its `statistics` (mu_c, sigma_c), both (B, 1, 1, C).
        wanted: those of the style (mu_s, sigma_s).

    Returns:
        (B, H, W, C) float32.
    """
    scale, shift = affine(own, wanted)
    return ops.cast(x, "float32") * scale + shift


def affine(own, wanted):
    """Give AdaIN as one product and one sum: AdaIN(x) = scale x + shift.

    scale = sigma_s / sigma_c,  shift = mu_s - scale mu_c.

    Args:
        own: (mu_c, sigma_c), arrays of one shape.
        wanted: (mu_s, sigma_s), of the same shape.

    Example:
        >>> affine((3.0, 2.0), (10.0, 1.0))
        (0.5, 8.5)
    """
    scale = wanted[1] / own[1]
    return scale, wanted[0] - scale * own[0]


def gram(x):
    """Give the Gram matrix: how much each two channels are strong in the same places.

    G_cd = mean_hw x_hwc x_hwd.  Gatys et al. 2016 sum in equation 3; the mean lets
    pictures of different sizes be compared.

    Args:
        x: activations (B, H, W, C).

    Returns:
        (B, C, C) float32, symmetric.
    """
    x = ops.cast(x, "float32")
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(x, (-1, height * width, channels))
    return ops.einsum("bpc,bpd->bcd", x, x) / ops.cast(height * width, "float32")


def total_variation(pictures):
    """Give how much neighbouring pixels differ: mean |down| + mean |right|.

    Rudin, Osher and Fatemi 1992, here of the sum of the two directions.

    Args:
        pictures: (B, H, W, C).

    Returns:
        A scalar in units of the pictures.
    """
    down = pictures[:, 1:] - pictures[:, :-1]
    right = pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.mean(ops.abs(down)) + ops.mean(ops.abs(right))


def relative_error(x, wanted):
    """Give mean (x - wanted)^2 / mean wanted^2, a scalar without a unit.

    A deep layer of VGG19 is about 16 times as loud as its first.  So the squared errors
    of its layers differ by a factor of 250, and relative ones do not.

    Args:
        x: any shape.
        wanted: the same shape, not zero everywhere.
    """
    x, wanted = (ops.cast(t, "float32") for t in (x, wanted))
    return ops.mean(ops.square(x - wanted)) / (ops.mean(ops.square(wanted)) + 1e-12)


# --- The slow way: change the pixels -------------------------------------------------


class Canvas:
    """A picture that is changed step by step: what `training.fit` trains here.

    With F the activations at conv4_1, G_l the Gram matrices at the four TAPS, p, a and
    x the photograph, the painting and the picture, and e the `relative_error`:

        L = e(F(x), F(p)) + style_weight mean_l e(G_l(x), G_l(a)) + smoothness TV(x)

    Gatys et al. 2016, equation 7, with two changes: the errors are relative, and the
    content is taken at conv4_1, where VGG19 ends here, rather than at conv4_2.

    Args:
        content: (1, H, W, 3) in [-1, 1]; the picture starts as this.
        style: (1, H', W', 3) in [-1, 1].
        steps: of the whole run.
        style_weight: of the style beside the content.
        smoothness: weight of the total variation.
        peak: the highest rate of Adam, in units of the pictures.
    """

    def __init__(self, content, style, steps, style_weight, smoothness, peak):
        self.network = features.vgg19(TAPS, pooling="average")
        self.content = ops.stop_gradient(self.network(content)[-1])
        self.grams = [ops.stop_gradient(gram(x)) for x in self.network(style)]
        self.style_weight, self.smoothness = style_weight, smoothness
        self.picture = keras.Variable(content, name="picture")
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build([self.picture])
        self.state = [self.picture, self.optimizer]

    def step(self):
        """Move the pixels once."""

        def loss_fn():
            picture = self.picture.value
            seen = self.network(picture)
            errors = [
                relative_error(gram(x), wanted)
                for x, wanted in zip(seen, self.grams, strict=True)
            ]
            logs = {
                "content": relative_error(seen[-1], self.content),
                "style": sum(errors) / len(errors),
                "variation": total_variation(picture),
            }
            loss = logs["content"] + self.style_weight * logs["style"]
            return loss + self.smoothness * logs["variation"], logs

        (loss, logs), gradients = engine.value_and_grad(loss_fn, [self.picture])
        self.optimizer.apply(gradients, [self.picture])
        self.picture.assign(ops.clip(self.picture.value, -1.0, 1.0))
        return {"loss": loss, **logs}


def optimise(
    content: Photo,
    style: Photo,
    *,
    steps: int = 300,
    style_weight: float = 3.0,
    smoothness: float = 1.0,
    peak: float = 0.05,
    progress: bool = True,
) -> tuple[Photo, training.History]:
    """Paint a photograph in the style of a painting by changing its pixels.

    The reference for every faster way: nothing is learned, so nothing can be learned
    badly.  It starts from the photograph and draws no random number, so that the same
    pictures give the same result.  128 x 192 pixels took 0.34 s a step on one core.

    Args:
        content: the photograph; the result has its size, and colours.
        style: the painting, of any size; strokes keep their size in pixels.
        steps: how many.
        style_weight: of the style beside the content.
        smoothness: weight of the total variation.
        peak: the highest rate of Adam, in units of [-1, 1].
        progress: show a bar on a terminal.

    Returns:
        The painted photograph, and the losses: content, style, variation and their
        weighted sum, each row the mean over ten steps.
    """
    start, painting = (in_network(p.pixels)[None] for p in (content, style))
    canvas = Canvas(start, painting, steps, style_weight, smoothness, peak)
    none = lambda step: ()  # noqa: E731 no data: the pictures are part of the loss
    history = training.fit(canvas, none, steps, log_every=10, progress=progress)
    painted = from_network(ops.convert_to_numpy(canvas.picture.value)[0])
    return _with_pixels(content, to_levels(painted, content.pixels.dtype)), history


# --- The fast way: a decoder that learns ---------------------------------------------


def build_decoder(widths: Sequence[int] = WIDTHS, dtype=None) -> keras.Model:
    """Build what learns: the way from activations at conv4_1 back to a picture.

    Each level enlarges by repeating pixels, then convolves: transposed convolutions
    would leave a checkerboard (Odena et al. 2016).  There is no normalisation, which
    would take away the very statistics that AdaIN has put in.  At its full size it has
    1.75 million weights and does 93,024 multiply-adds a pixel; VGG19 up to conv4_1 does
    241,344.

    Args:
        widths: channels of the four levels, at strides 8, 4, 2 and 1.
        dtype: the layers' precision, such as "mixed_bfloat16".

    Returns:
        A model (B, h, w, 512), activations at conv4_1 -> (B, 8 h, 8 w, 3), nominally in
        [-1, 1], float32.
    """
    seen = keras.Input((None, None, CHANNELS), name="seen")
    x = layers.Rescaling(1 / SCALE, dtype=dtype, name="quiet")(seen)
    for level, width in enumerate(widths):
        if level:
            x = layers.UpSampling2D(2, dtype=dtype, name=f"up{level}")(x)
        x = _convolve(x, width, f"enter{level}", dtype)
        if 0 < level < len(widths) - 1:
            x = _convolve(x, width, f"more{level}", dtype)
    x = _convolve(x, 3, "paint", "float32", None)
    return keras.Model(seen, x, name="decoder")


def _convolve(x, width, name, dtype, activation="relu"):
    x = EdgePadding2D(dtype=dtype, name=f"{name}_pad")(x)
    return layers.Conv2D(
        width,
        3,
        activation=activation,
        kernel_initializer="he_normal" if activation else "glorot_uniform",
        dtype=dtype,
        name=name,
    )(x)


def build_painter(decoder: keras.Model) -> keras.Model:
    """Join the frozen encoder, AdaIN and the decoder.

    Args:
        decoder: from `build_decoder`.

    Returns:
        A model of [pictures (B, H, W, 3) in [-1, 1], scale (B, 1, 1, 512), shift (B, 1,
        1, 512)], as of `affine` -> pictures (B, H, W, 3), nominally in [-1, 1]; H and W
        multiples of STRIDE.  Only the layer "decoder" has weights that train.
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    scale = keras.Input((1, 1, CHANNELS), name="scale")
    shift = keras.Input((1, 1, CHANNELS), name="shift")
    (seen,) = keras.tree.flatten(features.vgg19(TAPS[-1:])(pictures))
    # seen is (B, H/8, W/8, 512)
    painted = decoder(seen * scale + shift)
    return keras.Model([pictures, scale, shift], painted, name="painter")


class StyleTrainer:
    """The decoder, taught by the encoder: no painting of any photograph is needed.

    With p the photograph, t = AdaIN(F(p)) the activations that are wanted, x the
    picture that the decoder makes of them, s the style, m the means and deviations at
    the four TAPS and e the `relative_error`:

        L = e(F(x), t) + style_weight mean_l e(m_l(x), m_l(s)) + identity E|x - p|

    The first two terms are equations 11 to 13 of Huang and Belongie 2017
    (arXiv:1703.06868), in which the errors are not relative.  The last is of the first
    quarter of a batch alone, where each photograph is its own style: there the right
    answer is the photograph itself (Park and Lee 2019, arXiv:1812.02342, equation 8).

    Args:
        decoder: from `build_decoder`.
        steps: of the whole run.
        network: `features.vgg19(TAPS)`.
        style_weight: of the style beside the content.
        identity: of the photographs that are their own style.
        peak: the highest rate of Adam.
    """

    def __init__(
        self,
        decoder: keras.Model,
        steps: int,
        *,
        network: keras.Model,
        style_weight: float = 10.0,
        identity: float = 2.0,
        peak: float = 1e-3,
    ):
        self.decoder, self.network = decoder, network
        self.style_weight, self.identity = style_weight, identity
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(decoder.trainable_variables)
        self.average = training.ExponentialMovingAverage(decoder, 0.999)
        self.state = [decoder, self.optimizer, self.average]

    def step(self, content, style):
        """Do one step on a batch of `pairs.style_batches`."""
        own = -(-content.shape[0] // 4)  # photographs that are their own style
        style = ops.concatenate([content[:own], style[own:]])
        seen = self.network(content)[-1]
        styles = [statistics(x) for x in self.network(style)]
        target = ops.stop_gradient(adain(seen, statistics(seen), styles[-1]))

        def loss_fn():
            picture = self.decoder(target, training=True)
            painted = self.network(picture)
            errors = [
                relative_error(ops.stack(statistics(x)), ops.stack(wanted))
                for x, wanted in zip(painted, styles, strict=True)
            ]
            logs = {
                "content": relative_error(painted[-1], target),
                "style": sum(errors) / len(errors),
                "identity": ops.mean(ops.abs(picture[:own] - content[:own])),
            }
            loss = logs["content"] + self.style_weight * logs["style"]
            return loss + self.identity * logs["identity"], logs

        variables = self.decoder.trainable_variables
        (loss, logs), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {"loss": loss, **logs}


@dataclasses.dataclass(frozen=True)
class Preset:
    """How long and how large to train."""

    steps: int
    batch: int
    crop: int  # pixels
    widths: tuple[int, ...] = WIDTHS
    dtype: str = "mixed_bfloat16"
    style_weight: float = 10.0
    peak: float = 1e-3
    bundled: bool = False  # train on the shipped pictures alone


PRESETS = {
    "smoke": Preset(12, 2, 64, (16, 8, 8, 4), "float32", bundled=True),
    "small": Preset(6_000, 4, 128),
    "base": Preset(40_000, 8, 256),
}

# The sets that are trained on, with their shares; the rest are bundled pictures.
CONTENT_SETS = {"portraits": 0.25, "scenes": 0.4, "wallpapers": 0.3}
STYLE_SETS = {"met-paintings": 0.95}


def training_pictures(
    preset: Preset,
) -> tuple[pairs.CleanPictures, pairs.CleanPictures]:
    """Read the photographs and the paintings that a preset trains on.

    Args:
        preset: a bundled one reads the bundled pictures alone.

    Returns:
        Photographs, some of them turned grey, and paintings, without any test picture.
    """

    def read(sets, kind, longest, **how):
        groups = [(0.05, collections.bundled(kind))]
        if not preset.bundled:
            groups += [(w, collections.files(name, "train")) for name, w in sets]
        return pairs.CleanPictures(groups, longest, **how)

    photographs = read(CONTENT_SETS.items(), "modern", 1200)
    return photographs, read(STYLE_SETS.items(), "old", 600, grey=0.0)


def train(
    preset: str | Preset,
    folder: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    processes: int = 0,
) -> dict:
    """Train the decoder; keep checkpoint, history and weights in `folder`.

    Args:
        preset: one of PRESETS, or its name.
        folder: of the sub-folder "decoder", and the weights.
        resume: go on where a run in that folder was cut off.
        progress: show a bar on a terminal.
        seed: of the initial weights and of the data.
        processes: that prepare the batches; 0 leaves them to two threads.  The batches
            are the same.

    Returns:
        The manifest's record of the weights written to `folder`.

    Raises:
        ValueError: the preset is unknown.
        FileExistsError: the folder holds a run and `resume` is False.
    """
    (plan, name), folder = training.chosen(preset, PRESETS), Path(folder)
    keras.utils.set_random_seed(seed)
    trainer = StyleTrainer(
        build_decoder(plan.widths, plan.dtype),
        plan.steps,
        network=features.vgg19(TAPS, dtype=plan.dtype),
        style_weight=plan.style_weight,
        peak=plan.peak,
    )
    data = pairs.style_batches(*training_pictures(plan), plan.batch, plan.crop, seed)
    how = {"resume": resume, "progress": progress, "processes": processes}
    training.fit(trainer, data, plan.steps, folder / "decoder", **how)
    what = f"style, preset {name}, seed {seed}"
    return pretrained.save("style", [trainer.average.model], folder, what=what)


# --- Use -----------------------------------------------------------------------------

# The styles that the package knows by name, and the paintings they were measured on:
# the number is the one by which the Metropolitan Museum of Art keeps it.  Shipped is
# not the picture but its means and deviations; see benchmarks/measure_styles.py.
STYLES = {
    "cezanne-apples": (
        435882,
        "Paul Cézanne, Still Life with Apples and a Pot of Primroses",
    ),
    "el-greco-toledo": (436575, "El Greco, View of Toledo, about 1599-1600"),
    "gauguin-maria": (438821, "Paul Gauguin, Ia Orana Maria, 1891"),
    "homer-northeaster": (11130, "Winslow Homer, Northeaster, 1895-1901"),
    "klimt-primavesi": (436819, "Gustav Klimt, Mäda Primavesi, 1912-13"),
    "renoir-seashore": (437430, "Auguste Renoir, By the Seashore, 1883"),
    "rousseau-lion": (438822, "Henri Rousseau, The Repast of the Lion, about 1907"),
    "seurat-circus": (437654, "Georges Seurat, Circus Sideshow, 1887-88"),
    "turner-whalers": (437854, "J. M. W. Turner, Whalers, about 1845"),
    "van-gogh-cypresses": (
        436535,
        "Vincent van Gogh, Wheat Field with Cypresses, 1889",
    ),
    "van-gogh-straw-hat": (
        436532,
        "Vincent van Gogh, Self-Portrait with a Straw Hat, 1887",
    ),
    "vermeer-pitcher": (437881, "Johannes Vermeer, Young Woman with a Water Pitcher"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Stylist:
    """The trained network that carries over any style, and where it comes from."""

    painter: keras.Model
    record: dict  # of the weights, from their manifest

    @property
    def encoder(self) -> keras.Model:
        """Give VGG19 up to conv4_1."""
        return self.painter.get_layer("vgg19")


@dataclasses.dataclass(frozen=True)
class Stylised:
    """A photograph in another style, and what was done to it.

    Attributes:
        photo: the result, with the original's profile, EXIF, alpha and bit depth, and
            with pixels of the same type.
        changed: share of the pixels that differ from the original, in [0, 1].
        weights: the manifest's record of the weights used.
    """

    photo: Photo
    changed: float
    weights: dict


def load_style(folder: Path = arrays.WEIGHTS) -> Stylist:
    """Load a trained network of any size, by default the one that the package ships.

    Args:
        folder: where `train` left it.

    Raises:
        ValueError: the folder holds no such weights, or they are damaged or of another
            architecture.
    """
    if "style" not in arrays.manifest(folder):
        raise ValueError(
            f"Expected trained weights of the style network. Received: {folder} "
            "without any; make some with gantools train style"
        )
    sizes = {k: a.shape for k, a in arrays.read_arrays("style", folder).items()}
    try:
        widths = [sizes[f"decoder/enter{n}/kernel"][-1] for n in range(len(WIDTHS))]
    except KeyError as error:
        raise ValueError(
            f"Expected weights of this version's networks. Received: {folder} without "
            f"{error}, weights of another architecture"
        ) from error
    decoder = build_decoder(widths)
    record = pretrained.load("style", [decoder], folder)
    return Stylist(build_painter(decoder), record)


def measure(
    pixels: np.ndarray,
    encoder: keras.Model,
    *,
    grey: bool = False,
    progress: Callable[[float], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Give the `statistics` of a whole picture of any size at conv4_1.

    The picture is seen window by window, and each place counts once.  So the numbers
    are those of the whole picture, and so is every window's style.

    Args:
        pixels: (H, W, C) in [0, 1] or levels, C = 1 or 3.
        encoder: VGG19 up to conv4_1.
        grey: take the colours out first.
        progress: called with the finished share.

    Returns:
        mu and sigma, both (1, 1, 1, 512) float32.
    """
    count, total, squares = 0, np.zeros(CHANNELS), np.zeros(CHANNELS)
    size = {"tile": TILE, "halo": SEEN, "multiple": STRIDE}
    for (cut,), kept, _, done in tiling.parts(pixels, **size):
        seen = engine.predict(encoder, in_network(cut, grey)[None])[0]
        cells = tuple(slice(s.start // STRIDE, s.stop // STRIDE) for s in kept)
        x = seen[cells].reshape(-1, CHANNELS).astype(np.float64)
        count, total, squares = (
            count + len(x),
            total + x.sum(axis=0),
            squares + np.square(x).sum(axis=0),
        )
        if progress:
            progress(done)
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0)
    return tuple(
        x.astype(np.float32).reshape(1, 1, 1, CHANNELS)
        for x in (mean, np.sqrt(variance + EPS))
    )


@functools.lru_cache(maxsize=16)
def measure_style(
    style: Photo | str, encoder: keras.Model, grey: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Give the `statistics` of a style: a name in STYLES, or a picture.

    A picture is measured once for many photographs, and told by its identity.

    Args:
        style: a name, or a picture of any size; a large one is reduced to a shorter
            side of STYLE_SIDE.
        encoder: VGG19 up to conv4_1.
        grey: take the colours out first.

    Returns:
        mu and sigma, both (1, 1, 1, 512) float32.
    """
    if isinstance(style, str):
        known, kind = arrays.read_arrays("styles"), "grey" if grey else "colour"
        both = known[f"{style}/{kind}"].astype(np.float32)  # (2, 512)
        return tuple(both.reshape(2, 1, 1, 1, CHANNELS))
    pixels = style.pixels
    scale = STYLE_SIDE / min(pixels.shape[:2])
    if scale < 1:
        sides = [round(scale * n) for n in pixels.shape[1::-1]]
        pixels = cv2.resize(pixels, sides, interpolation=cv2.INTER_AREA)
        pixels = pixels.reshape(sides[1], sides[0], -1)
    return measure(pixels, encoder, grey=grey)


def _mix(parts, shares):
    """Give the weighted sum of several (mu, sigma)."""
    weighted = ([w * x for x in part] for w, part in zip(shares, parts, strict=True))
    return tuple(sum(column) for column in zip(*weighted, strict=True))


def stylize(
    photo: Photo,
    styles: Photo | str | Sequence[Photo | str],
    *,
    strength: float = 1.0,
    weights: Sequence[float] | None = None,
    keep_colour: bool = False,
    mask: np.ndarray | None = None,
    stylist: Stylist | None = None,
    progress: Callable[[float], None] | None = None,
) -> Stylised:
    """Give a photograph the style of one or several paintings.

    AdaIN is linear in the style's mean and deviation.  So several styles, and the
    photograph's own, mix by mixing these numbers, at no cost (Huang and Belongie 2017,
    section 7.3).  The strokes are as large, in pixels, as in a style of STYLE_SIDE; a
    large photograph shows them small.  On two cores 512 x 512 pixels took 2.5 s, and 12
    megapixels 151 s and 1.4 GB of memory in all.

    Args:
        photo: the photograph, any size.
        styles: one or more paintings: pictures of any size, or names in STYLES.
        strength: in [0, 1]; 1 gives all of the style, 0 none: the network's own
            rendering of the photograph.
        weights: of the styles, not negative, scaled to a sum of 1; equal by default.
        keep_colour: change the brightness alone, so that a grey photograph stays grey
            (Gatys et al. 2016, arXiv:1606.05897); otherwise the result is in colour.
        mask: where, and how much of it, (H, W) in [0, 1]; by default everywhere.  What
            it leaves out is not changed, bit for bit.
        stylist: the network; by default the one that the package ships.
        progress: called with the finished share in [0, 1].

    Returns:
        The photograph in its new style, and what was changed.

    Raises:
        ValueError: there is no style, or none of that name; the strength is not in
            [0, 1]; the weights are not one for each style; or the mask is not one of
            this photograph.
    """
    styles = as_list(styles)
    shares = check_wishes(photo, styles, STYLES, strength, weights, mask)
    stylist = stylist or load_style()
    report = progress or (lambda share: None)
    own = measure(
        photo.pixels,
        stylist.encoder,
        grey=keep_colour,
        progress=lambda share: report(0.4 * share),
    )
    known = [measure_style(s, stylist.encoder, keep_colour) for s in styles]
    wanted = _mix([own, *known], [1.0 - strength, *(strength * shares)])
    return paint_windows(
        stylist.painter,
        affine(own, wanted),
        photo,
        record=stylist.record,
        keep_colour=keep_colour,
        mask=mask,
        progress=lambda share: report(0.4 + 0.6 * share),
        tile=TILE,
        halo=HALO,
        multiple=STRIDE,
    )


def paint_windows(
    painter: keras.Model,
    change: tuple[np.ndarray, np.ndarray],
    photo: Photo,
    *,
    record: dict,
    keep_colour: bool,
    mask: np.ndarray | None,
    progress: Callable[[float], None],
    **size: int,
) -> Stylised:
    """Paint a photograph window by window, all by the same scale and shift.

    Args:
        painter: a model [pictures (B, h, w, 3) in [-1, 1], scale, shift] -> pictures.
        change: scale and shift, found from the whole photograph.
        photo: of any size.
        record: of the painter's weights, from their manifest.
        keep_colour: let the painter see brightness, and change brightness alone.
        mask: how much of the change is made, (H, W) in [0, 1]; None is all of it.
        progress: called with the finished share.
        size: tile, halo and multiple, as for `tiling.apply`.
    """
    channels = photo.pixels.shape[2] if keep_colour else 3
    pixels = np.empty((*photo.pixels.shape[:2], channels), photo.pixels.dtype)
    inputs = [photo.pixels] if mask is None else [photo.pixels, mask[..., None]]
    tiling.apply(
        _window_painter(painter, change, photo, keep_colour),
        *inputs,
        beyond=True,  # else the picture's border is painted, too
        progress=progress,
        out=(pixels,),
        **size,
    )
    painted = _with_pixels(photo, pixels)
    return Stylised(painted, share_changed(photo, painted), record)


def as_list(styles):
    """Give one style, or several, as a list."""
    return [styles] if isinstance(styles, Photo | str) else list(styles)


def check_wishes(
    photo: Photo,
    styles: Sequence[Photo | str],
    known: Collection[str],
    strength: float,
    weights: Sequence[float] | None,
    mask: np.ndarray | None,
) -> np.ndarray:
    """Refuse what cannot be; give the styles' shares, which sum to 1.

    Args:
        photo: what is to be painted.
        styles: pictures, or names.
        known: the names there are.
        strength: as for `stylize`; so are weights and mask.
        weights: of the styles.
        mask: where to paint.

    Raises:
        ValueError: as `stylize` does.
    """
    if not styles:
        raise ValueError("Expected at least one style. Received: none")
    for name in styles:
        if isinstance(name, str) and name not in known:
            raise ValueError(f"Expected one of {list(known)}. Received: {name!r}")
    if not 0 <= strength <= 1:
        raise ValueError(f"Expected a strength in [0, 1]. Received: {strength}")
    shares = np.asarray([1.0] * len(styles) if weights is None else weights, float)
    usable = shares.shape == (len(styles),) and np.isfinite(shares).all()
    if not usable or shares.min() < 0 or shares.sum() <= 0:
        raise ValueError(
            f"Expected a weight for each of {len(styles)} styles, none negative and "
            f"not all zero. Received: {weights}"
        )
    size = photo.pixels.shape[:2]
    if mask is not None and mask.shape != size:
        raise ValueError(
            f"Expected a mask of shape {size}. Received: one of shape {mask.shape}"
        )
    if mask is not None and not (mask.min() >= 0 and mask.max() <= 1):
        raise ValueError(
            f"Expected a mask in [0, 1]. Received: {mask.min()} to {mask.max()}"
        )
    return shares / shares.sum()


def _window_painter(painter, change, photo, keep_colour):
    """Give what paints one window of a photograph, and its mask where there is one."""
    scale, shift = change

    def paint(cut, marks=None):  # (h, w, C), (h, w, 1) -> (h, w, C or 3)
        was = from_levels(cut)
        inputs = [in_network(was, keep_colour)[None], scale, shift]
        now = from_network(engine.predict(painter, inputs)[0])  # (h, w, 3)
        if keep_colour:
            now = was + (_luma(now) - _luma(was))
        if marks is not None:
            now = was + marks.astype(np.float32) * (now - was)
        return (to_levels(np.clip(now, 0.0, 1.0), photo.pixels.dtype),)

    return paint


def _luma(pixels):
    """Give the brightness of pixels (h, w, C) in [0, 1]: (h, w, 1)."""
    return pixels if pixels.shape[-1] == 1 else pixels @ LUMA[:, None]


def in_network(pixels: np.ndarray, grey: bool = False) -> np.ndarray:
    """Take pixels (h, w, C) to what networks see, (h, w, 3) in [-1, 1]."""
    pixels = from_levels(pixels)
    pixels = _luma(pixels) if grey else pixels
    return to_network(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _with_pixels(photo, pixels):
    """Put other pixels into a photograph; a grey profile says nothing of colours."""
    became_colour = photo.grey and pixels.shape[2] == 3
    icc = None if became_colour else photo.icc
    return dataclasses.replace(photo, pixels=pixels, icc=icc)


def restore_then_stylize(
    photo: Photo,
    styles: Photo | str | Sequence[Photo | str],
    *,
    restorer: restoration.Restorer | None = None,
    strength: float = 1.0,
    weights: Sequence[float] | None = None,
    keep_colour: bool = False,
    mask: np.ndarray | None = None,
    stylist: Stylist | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[restoration.Restored, Stylised]:
    """Restore a damaged photograph, then give what was restored another style.

    The order matters: a style network takes scratches for lines to be painted.

    Args:
        photo: the damaged photograph.
        styles: as for `stylize`; so are strength, weights, keep_colour, mask, stylist.
        restorer: as for `restoration.restore`, which works in full mode.
        strength: of the style, in [0, 1].
        weights: of the styles.
        keep_colour: change the brightness alone.
        mask: where to paint, (H, W) in [0, 1]; all is restored.
        stylist: the network that paints.
        progress: called with the finished share in [0, 1] of both.

    Returns:
        What was restored, and what was painted; `changed` of the latter counts from the
        restored photograph.

    Raises:
        ValueError: as of `restoration.restore` and `stylize`, before any work.
    """
    from gantools import restoration

    wishes = {"strength": strength, "weights": weights, "mask": mask}
    check_wishes(photo, as_list(styles), STYLES, **wishes)
    stylist = stylist or load_style()
    report = progress or (lambda share: None)
    halves = [lambda share, half=half: report((half + share) / 2) for half in (0, 1)]
    restored = restoration.restore(photo, "full", restorer, progress=halves[0])
    how = {"keep_colour": keep_colour, "stylist": stylist, "progress": halves[1]}
    return restored, stylize(restored.photo, styles, **wishes, **how)
