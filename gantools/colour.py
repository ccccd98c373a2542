"""Colour a black-and-white photograph with a conditional GAN.

A black-and-white film kept the light of a scene and lost its colours.  Many colours
have the same light, so the answer is a guess, and is asked for by name: no other mode
adds a colour.  What the guess cannot touch is the light itself.  A colour is told by
its light Y and two differences, blue and red less the light (`differences`), and the
network answers with the two alone:

    colouriser: light of a photo -> two differences, at half its size  (the generator G)
    judge:      a coloured photo -> logits, patch by patch, at three scales        (D)

Both look through one frozen encoder, which was taught to name what photographs show
(`features.encoder`): what is grass or skin tells what colour it may have.  That a
discriminator learns from few pictures on such features is the finding of Sauer et al.
2021 ("Projected GANs Converge Faster", arXiv:2111.01007); that a GAN should colour at
all, of Isola et al. 2017 (arXiv:1611.07004).
"""

import dataclasses
import functools
import itertools
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
    losses,
    pairs,
    pretrained,
    training,
)
from gantools.damage import LUMA
from gantools.layers import SpectralConv2D
from gantools.photos import Photo, from_levels, to_levels, to_network

STRIDE = 16  # the sides of what the network sees are multiples of this
SIDE = 224  # of the square that has the area the network sees a photograph in, pixels
WIDTHS = (32, 64, 96, 128)  # channels of the decoder's levels, at strides 2 to 16
REACH = 4  # of the window in which a colour follows the light, pixels of the small one
SHARP = 1e-3  # variance of the light, in [0, 1], from which a colour follows it
BLOCK = 512  # side of what is coloured at once, pixels


# --- Light and colour --------------------------------------------------------------


def differences(pixels):
    """Give blue and red less the light Y = .299 R + .587 G + .114 B (ITU-R BT.601).

    Args:
        pixels: (..., 3), an array of NumPy or Keras, in any linear unit.

    Returns:
        (..., 2), in the same unit; both are 0 in a grey.
    """
    light = _light(pixels)
    return ops.concatenate([pixels[..., 2:] - light, pixels[..., :1] - light], -1)


def _light(pixels):
    red, green, blue = (float(weight) for weight in LUMA)
    return (
        red * pixels[..., :1] + green * pixels[..., 1:2] + blue * pixels[..., 2:]
    )  # (..., 1)


def compose(light, colours):
    """Put a picture together of its light and its two differences, not clipped.

    Args:
        light: (..., 1).
        colours: (..., 2), as `differences` gives them.

    Returns:
        (..., 3); its light is `light`.
    """
    red, green, blue = (float(weight) for weight in LUMA)
    blueness, redness = colours[..., :1], colours[..., 1:]
    rest = -(blue * blueness + red * redness) / green
    return ops.concatenate([light + redness, light + rest, light + blueness], -1)


def within_gamut(light: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Compose a picture, with colours only as strong as [0, 1] has room for.

    To clip a channel would change the light.  So the two differences are shrunk
    together, by the largest factor s <= 1 that leaves every channel in [0, 1].

    Args:
        light: (H, W, 1) in [0, 1].
        colours: (H, W, 2).

    Returns:
        (H, W, 3) in [0, 1], float32.
    """
    away = ops.convert_to_numpy(compose(0.0 * light, colours))  # (H, W, 3)
    room = np.where(away > 0, 1.0 - light, light)
    share = room / np.maximum(np.abs(away), 1e-6)
    share = np.minimum(share.min(axis=-1, keepdims=True), 1.0)
    return np.clip(light + share * away, 0.0, 1.0).astype(np.float32)


# --- The two players ---------------------------------------------------------------


def _convolve(x, width, name, size=3, **options):
    start = {"kernel_initializer": "he_normal", "name": name}
    return layers.Conv2D(width, size, padding="same", **start, **options)(x)


def build_reader(widths=WIDTHS, dtype=None) -> keras.Model:
    """Build what of the colouriser learns: the way up, from what the encoder saw.

    At the deepest level each place is also told the mean of the whole picture: a
    meadow under a grey sky is not that under a blue one (Iizuka et al. 2016).

    Args:
        widths: channels of the levels, from the shallowest to the deepest.
        dtype: the layers' precision, such as "mixed_bfloat16".

    Returns:
        A model of [the encoder's four activations, the light (B, H, W, 1) in [-1, 1]]
        -> the two differences (B, H/2, W/2, 2), float32, in units of [-1, 1].
    """
    channels = [end.shape[-1] for end in features.encoder().outputs]
    seen = [
        keras.Input((None, None, n), name=f"seen{i}") for i, n in enumerate(channels)
    ]
    light = keras.Input((None, None, 1), name="light")
    whole = layers.GlobalAveragePooling2D(keepdims=True, dtype=dtype, name="whole")
    mean = _convolve(whole(seen[-1]), widths[-1], "mean", 1, dtype=dtype)
    x = None
    for level in reversed(range(len(widths))):
        width = widths[level]
        y = _convolve(seen[level], width, f"enter{level}", 1, dtype=dtype)
        if x is None:
            y = layers.Add(dtype=dtype, name="all")([y, mean])
        else:
            up = layers.Conv2DTranspose(
                width, 2, strides=2, dtype=dtype, name=f"up{level}"
            )
            y = layers.Add(dtype=dtype, name=f"join{level}")([y, up(x)])
        if level == 0:
            fine = _convolve(light, width, "fine", 4, strides=2, dtype=dtype)
            y = layers.Add(dtype=dtype, name="exact")([y, fine])
        x = _residual(y, width, f"block{level}", dtype)
    x = layers.Activation("relu", dtype=dtype, name="last")(x)
    x = layers.Conv2D(
        2, 1, kernel_initializer="zeros", dtype="float32", name="differences"
    )(x)  # at first all is grey
    return keras.Model([*seen, light], x, name="reader")


def _residual(x, width, name, dtype):
    y = layers.Activation("relu", dtype=dtype, name=f"{name}_relu_a")(x)
    y = _convolve(y, width, f"{name}_a", dtype=dtype)
    y = layers.Activation("relu", dtype=dtype, name=f"{name}_relu_b")(y)
    y = _convolve(y, width, f"{name}_b", dtype=dtype)
    return layers.Add(dtype=dtype, name=name)([x, y])


def build_colouriser(widths=WIDTHS, dtype=None) -> keras.Model:
    """Build the generator, which answers a photograph's light with its colours.

    Args:
        widths: channels of the decoder's levels.
        dtype: the layers' precision.

    Returns:
        A model (B, H, W, 1) in [-1, 1] -> (B, H/2, W/2, 2), float32; H and W multiples
        of STRIDE.  Only the layer "reader" has weights that train.
    """
    light = keras.Input((None, None, 1), name="light")
    grey = layers.Concatenate(name="grey")([light] * 3)
    seen = features.encoder(dtype or "float32")(grey)
    answer = build_reader(widths, dtype)([*seen, light])
    return keras.Model(light, answer, name="colouriser")


def build_judge(width: int = 64, dtype=None) -> keras.Model:
    """Build the discriminator: are these the colours of a photograph?

    Every convolution is held to spectral norm 1 (arXiv:1802.05957).

    Returns:
        A model of the encoder's activations at strides 4, 8 and 16 -> logits (B, N),
        float32, one for each place of each scale.
    """
    channels = [end.shape[-1] for end in features.encoder().outputs[1:]]
    seen = [
        keras.Input((None, None, n), name=f"seen{i}") for i, n in enumerate(channels)
    ]
    logits = []
    for i, x in enumerate(seen):
        for part, size in (("a", 1), ("b", 3)):
            name = f"patch{i}{part}"
            x = SpectralConv2D(width, size, padding="same", dtype=dtype, name=name)(x)
            x = layers.LeakyReLU(0.2, dtype=dtype, name=f"{name}_leaky")(x)
        x = SpectralConv2D(1, 1, dtype="float32", name=f"logit{i}")(x)
        logits.append(layers.Reshape((-1,), name=f"flat{i}")(x))
    return keras.Model(seen, layers.Concatenate(name="logits")(logits), name="judge")


# --- Training ----------------------------------------------------------------------


class ColourTrainer:
    """Phase 1: the colouriser alone, supervised.

    L = Charbonnier distance of the differences.  It is least near the median of the
    colours that a thing may have, and the median of blue, red and brown coats is a
    grey one: what this phase ends with is too pale.
    """

    def __init__(self, colouriser: keras.Model, steps: int, peak: float = 1e-3):
        self.colouriser = colouriser
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(colouriser.trainable_variables)
        reader = colouriser.get_layer("reader")
        self.average = training.ExponentialMovingAverage(reader, 0.999)
        self.state = [colouriser, self.optimizer, self.average]

    def step(self, light, picture):
        """Do one step on a batch of `pairs.colour_batches`."""
        target = _halved(differences(picture))

        def loss_fn():
            found = self.colouriser(light, training=True)
            return losses.charbonnier(found, target, eps=0.01), {}

        variables = self.colouriser.trainable_variables
        (loss, _), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {
            "loss": loss,
            "untouched": losses.charbonnier(0 * target, target, eps=0.01),
        }


class AdversarialTrainer:
    """Phase 2: colouriser against judge, after the colouriser knows the likely colour.

        L_G = L_rep + adversarial * L_game

    with L_rep the loss of phase 1 and L_game the hinge game (arXiv:1705.02894).  A
    picture is shown to the judge with the light that the colouriser saw, whether its
    colours are true or guessed, so that they are all that it can judge by.
    """

    def __init__(
        self,
        colouriser: keras.Model,
        judge: keras.Model,
        steps: int,
        *,
        adversarial: float = 0.03,
        alone: int = 200,
        peak: float = 3e-4,
        dtype: str = "float32",
    ):
        self.colouriser, self.judge = colouriser, judge
        self.eye, self.game = features.encoder(dtype), losses.GAMES["hinge"]
        self.adversarial, self.alone = adversarial, alone
        self.g_optimizer = training.adam(peak, steps)
        self.d_optimizer = training.adam(peak, steps, beta_1=0.5)
        self.g_optimizer.build(colouriser.trainable_variables)
        self.d_optimizer.build(judge.trainable_variables)
        reader = colouriser.get_layer("reader")
        self.average = training.ExponentialMovingAverage(reader, 0.999)
        self.state = [
            colouriser,
            judge,
            self.g_optimizer,
            self.d_optimizer,
            self.average,
        ]

    def step(self, light, picture):
        """Do one step of both players on a batch of `pairs.colour_batches`."""
        target = _halved(differences(picture))
        begun = ops.cast(self.g_optimizer.iterations >= self.alone, "float32")

        def judged(colours):  # (B, H/2, W/2, 2) -> (B, N)
            shown = compose(light, _doubled(colours))
            return self.judge(self.eye(shown)[1:], training=True)

        def losses_fn():
            found = self.colouriser(light, training=True)
            supervised = losses.charbonnier(found, target, eps=0.01)
            real, fake = judged(target), judged(found)
            opinion = self.game.generator(real, fake)
            d_loss = self.game.discriminator(real, fake)
            logs = {
                "supervised": supervised,
                "d_real": ops.mean(real),
                "d_fake": ops.mean(fake),
                "strength": ops.mean(ops.abs(found)) / ops.mean(ops.abs(target)),
            }
            return (supervised + begun * self.adversarial * opinion, d_loss), logs

        players = [self.colouriser.trainable_variables, self.judge.trainable_variables]
        (both, logs), gradients = engine.value_and_grads(losses_fn, players)
        self.g_optimizer.apply(gradients[0], players[0])
        self.d_optimizer.apply(gradients[1], players[1])
        self.average.update()
        return {"g_loss": both[0], "d_loss": both[1], **logs}


def _halved(x):
    return ops.average_pool(x, 2)


def _doubled(x):
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


@dataclasses.dataclass(frozen=True)
class Preset:
    """How long and how large to train: the two phases one after the other."""

    steps: int
    adversarial_steps: int
    batch: int
    side: int  # pixels
    widths: tuple[int, ...] = WIDTHS
    dtype: str = "mixed_bfloat16"
    adversarial: float = 0.03  # weight of the game in phase 2; 0 is a control
    bundled: bool = False  # train on the shipped pictures alone


PRESETS = {
    "smoke": Preset(8, 6, 4, 48, (4, 8, 8, 8), "float32", bundled=True),
    "small": Preset(4_000, 700, 16, 160),
    "base": Preset(20_000, 10_000, 48, 224, (64, 96, 128, 192)),
}
# The sets that are trained on, with their shares; the rest are bundled pictures.  Film
# of 1939 to 1944 shows what old photographs show, in the colours that film had for it.
SETS = {"portraits": 0.22, "fsa-colour": 0.38, "scenes": 0.2, "wallpapers": 0.15}
KEPT = {"fsa-colour": 100}  # the last so many of a set without a test split
TRIM = 0.07  # of the longer side: where slides have their mounts


def training_pictures(preset: Preset) -> pairs.CleanPictures:
    """Read the coloured pictures that a preset trains on, without any test picture."""
    groups = [(0.05, collections.bundled("modern"))]
    if not preset.bundled:
        for name, share in SETS.items():
            paths = collections.files(name, split="train")
            groups.append((share, paths[: len(paths) - KEPT.get(name, 0)]))
    return pairs.CleanPictures(groups, 2 * preset.side, TRIM, grey=0.0, colourful=True)


def train(
    preset: str | Preset,
    folder: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    processes: int = 0,
) -> dict:
    """Train the colouriser; keep checkpoints, histories and weights in `folder`.

    Args:
        preset: one of PRESETS, or its name.
        folder: one sub-folder a phase (colour, adversarial), and the weights.
        resume: go on where a run in that folder was cut off.
        progress: show bars on a terminal.
        seed: of the initial weights and of the data.
        processes: that prepare the batches; 0 leaves them to two threads.

    Returns:
        The manifest's record of the weights written to `folder`.

    Raises:
        ValueError: the preset is unknown.
        FileExistsError: the folder holds a run and `resume` is False.
    """
    (plan, name), folder = training.chosen(preset, PRESETS), Path(folder)
    how = {"resume": resume, "progress": progress, "processes": processes}
    keras.utils.set_random_seed(seed)
    colouriser = build_colouriser(plan.widths, plan.dtype)
    pictures, reader = training_pictures(plan), colouriser.get_layer("reader")

    data = pairs.colour_batches(pictures, plan.batch, plan.side, seed)
    first = ColourTrainer(colouriser, plan.steps)
    training.fit(first, data, plan.steps, folder / "colour", **how)
    reader.set_weights(first.average.model.get_weights())

    data = pairs.colour_batches(pictures, plan.batch, plan.side, seed + 1)
    second = _second(plan, colouriser)
    training.fit(second, data, plan.adversarial_steps, folder / "adversarial", **how)
    what = f"colourisation, preset {name}, seed {seed}"
    return pretrained.save("colour", [second.average.model], folder, what=what)


def _second(plan, colouriser):
    """Give the trainer of phase 2; a control without a game has no judge either."""
    if not plan.adversarial:
        return ColourTrainer(colouriser, plan.adversarial_steps, peak=3e-4)
    return AdversarialTrainer(
        colouriser,
        build_judge(dtype=plan.dtype),
        plan.adversarial_steps,
        adversarial=plan.adversarial,
        alone=plan.adversarial_steps // 10,
        dtype=plan.dtype,
    )


# --- Use ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Colouriser:
    """The trained network that colouring needs, and where it comes from."""

    network: keras.Model
    record: dict  # of the weights, from their manifest


@functools.cache
def load_colouriser(folder: Path = arrays.WEIGHTS) -> Colouriser:
    """Load a trained network of any size, by default the one that the package ships.

    Args:
        folder: where `train` left it.

    Raises:
        ValueError: the folder holds no such weights, or they are damaged or of another
            architecture.
    """
    sizes = {k: a.shape for k, a in arrays.read_arrays("colour", folder).items()}
    try:
        levels = range(len(WIDTHS))
        widths = [sizes[f"reader/enter{n}/kernel"][-1] for n in levels]
    except KeyError as error:
        raise ValueError(
            f"Expected weights of this version's networks. Received: {folder} without "
            f"{error}, weights of another architecture"
        ) from error
    network = build_colouriser(widths)
    record = pretrained.load("colour", [network.get_layer("reader")], folder)
    return Colouriser(network, record)


def colourise(
    photo: Photo,
    colouriser: Colouriser | None = None,
    *,
    out: np.ndarray | None = None,
) -> Photo:
    """Colour one photograph, of any size.

    The network sees the whole photograph, reduced to about SIDE x SIDE pixels, for a
    colour depends on what a thing is, not on its grain.  So its colours are coarse.
    They are brought to full size along the light: within a small window a difference is
    taken for a linear function a Y + b of the light Y, and a and b are enlarged (fast
    guided filter, He and Sun 2015, arXiv:1505.00996).

    Args:
        photo: the photograph; if it has colours, only its light is looked at.
        colouriser: the network; by default the one that the package ships.
        out: an array (H, W, 3) to write the pixels into, rather than a new one; it may
            be that of `photo`.

    Returns:
        The photograph in colour, with the light of `photo` in every pixel, and its
        EXIF, alpha, resolution and type of pixels.  A grey one loses its ICC profile,
        which would say of three channels what is true of one.
    """
    network = (colouriser or load_colouriser()).network
    height, width = photo.pixels.shape[:2]
    pixels = np.empty((height, width, 3), photo.pixels.dtype) if out is None else out
    lines = _lines(photo.pixels, network)  # (h, w, 4)
    for place in itertools.product(_spans(height), _spans(width)):
        light = grey(photo.pixels[place])
        enlarged = _enlarged(lines, place, (height, width))
        slope, offset = np.split(enlarged, 2, axis=-1)
        coloured = within_gamut(light, slope * light + offset)
        pixels[place] = to_levels(coloured, pixels.dtype)
    icc = None if photo.grey else photo.icc
    return dataclasses.replace(photo, pixels=pixels, icc=icc)


def _spans(length):
    return [slice(n, min(n + BLOCK, length)) for n in range(0, length, BLOCK)]


def grey(pixels: np.ndarray) -> np.ndarray:
    """Give the light of pixels (H, W, C) in [0, 1] or levels: (H, W, 1) float32."""
    values = from_levels(pixels)
    return values if values.shape[-1] == 1 else _light(values)


def _lines(pixels, network):
    """Ask the network; give slopes and offsets of its colours, (h, w, 2 + 2)."""
    height, width = pixels.shape[:2]
    scale = SIDE / np.sqrt(height * width)
    sides = (max(1, round(n * scale / STRIDE)) * STRIDE for n in (width, height))
    small = cv2.resize(pixels, tuple(sides), interpolation=cv2.INTER_AREA)
    light = grey(small.reshape(*small.shape[:2], -1))  # (h, w, 1)
    found = engine.predict(network, to_network(light)[None])[0] / 2
    colours = cv2.resize(found, light.shape[1::-1], interpolation=cv2.INTER_LINEAR)

    def mean(x):
        return cv2.blur(x, (2 * REACH + 1,) * 2).reshape(*light.shape[:2], -1)

    along = mean(light * colours) - mean(light) * mean(colours)
    slope = along / (mean(light**2) - mean(light) ** 2 + SHARP)
    offset = mean(colours) - slope * mean(light)
    return mean(np.concatenate([slope, offset], axis=-1))


def _enlarged(lines, place, size):
    """Give a part of lines (h, w, 4), enlarged to (H, W); OpenCV has 32,767 at most."""
    y, x = (
        (np.arange(part.start, part.stop, dtype="f4") + 0.5) * few / many - 0.5
        for part, few, many in zip(place, lines.shape[:2], size, strict=True)
    )
    x, y = np.meshgrid(x, y)
    return cv2.remap(lines, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
