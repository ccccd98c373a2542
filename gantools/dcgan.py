"""A deep convolutional GAN: pictures out of noise (DCGAN, arXiv 1511.06434).

    generator:      z (100) -> picture (32, 32, 3) in [-1, 1]
    discriminator:  picture (32, 32, 3) -> one logit: how real it looks

The two networks, the training step, the presets and `generate` stand in this file; and
`LADDER`, which turns the two networks rung by rung into a small modern GAN, for
pictures of 32 or 64 pixels, of any kind or of the kind asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers, ops

from gantools import augment, collections, engine, losses, photos, pretrained, training
from gantools.layers import spectral, synchronized

LATENT = 100
SIDE = 32
WIDTH = 768  # channels times side, in every residual block


# --- The two networks --------------------------------------------------------------


def build_generator() -> keras.Sequential:
    """Build G: noise (B, 100) -> pictures (B, 32, 32, 3) in [-1, 1]."""
    return keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(8 * 8 * 256, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((8, 8, 256)),
            layers.Conv2DTranspose(128, 5, strides=1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),  # (B, 8, 8, 128)
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),  # (B, 16, 16, 64)
            layers.Conv2DTranspose(
                3, 5, strides=2, padding="same", use_bias=False, activation="tanh"
            ),  # (B, 32, 32, 3)
        ],
        name="generator",
    )


def build_discriminator() -> keras.Sequential:
    """Build D: pictures (B, 32, 32, 3) in [-1, 1] -> logits (B, 1)."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(),  # (B, 16, 16, 64)
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(),  # (B, 8, 8, 128)
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="discriminator",
    )


# --- The residual networks ---------------------------------------------------------


def build_residual_generator(
    side: int = SIDE, classes: int = 0, width: int = WIDTH
) -> keras.Model:
    """Build G of residual blocks (B, side, side, 3), which grow by resize-convolution.

    A residual block is x + F(x) (arXiv:1512.03385).  The picture doubles by bilinear
    interpolation and is convolved afterwards, so every output pixel is made by equally
    many weights: no checkerboard (doi:10.23915/distill.00003).  Each doubling halves
    the channels, down to 16, and so costs the same as the one before; that to 64
    pixels 1.8 times as much.

    Args:
        side: of the pictures, 32 or 64.
        classes: how many kinds of pictures there are.  0 makes a model of z (B, 100);
            otherwise of [z (B, 100), kind (B,), integers from 0].
        width: channels times side in each block; a quarter of it, a ninth of the
            weights, trains four times as fast on one core.
    """
    _check_side(side)
    z = keras.Input((LATENT,), name="z")
    x, inputs = z, z
    if classes:
        kind = keras.Input((), dtype="int32", name="kind")
        named = _embedding(classes, 32, 1.0)(kind)  # (B, 32)
        x, inputs = layers.Concatenate()([z, named]), [z, kind]
    first = _spread(1)
    channels = _width(width, 4)
    x = layers.Dense(4 * 4 * channels, kernel_initializer=first, name="dense")(x)
    x = layers.Reshape((4, 4, channels))(x)
    size = 4
    while True:
        x = _residual(x, size, normalised=True)  # (B, size, size, width)
        if size == side:
            break
        size *= 2
        x = _convolution(_width(width, size), 1, 1, f"narrow{size}", use_bias=False)(x)
        x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization(name="norm")(x))
    x = _convolution(3, 3, 1, "colour", activation="tanh")(x)
    return keras.Model(inputs, x, name="generator")


def build_residual_discriminator(
    side: int = SIDE, classes: int = 0, width: int = WIDTH
) -> keras.Model:
    """Build D of residual blocks: pictures (B, side, side, 3) -> logits (B, 1).

    Without batch normalisation, so each picture is judged by itself.

    Args:
        side: of the pictures, 32 or 64.
        classes: as for `build_residual_generator`; if not 0, a model of [pictures,
            kind (B,)].  Then the logit of a picture with the features h is
            l(h) + <e(kind), h>, how real it is and how much of its kind
            (arXiv:1802.05637).
        width: as for `build_residual_generator`.
    """
    _check_side(side)
    pictures = keras.Input((side, side, 3), name="pictures")
    size = side // 2
    x = _convolution(_width(width, size), 4, 1, "stem", strides=2)(pictures)
    while True:
        x = _residual(x, size, normalised=False)  # (B, size, size, width)
        if size == 4:
            break
        size //= 2
        x = layers.AveragePooling2D(2)(x)
        x = _convolution(_width(width, size), 1, 1, f"widen{size}", use_bias=False)(x)
    x = layers.LeakyReLU(0.2)(x)  # (B, 4, 4, 192)
    last = layers.Dense(1, kernel_initializer=_spread(1), name="dense")
    logit = last(layers.Flatten()(x))  # (B, 1)
    if not classes:
        return keras.Model(pictures, logit, name="discriminator")
    kind = keras.Input((), dtype="int32", name="kind")
    named = _embedding(classes, _width(width, 4), 0.05)(kind)  # (B, 192)
    likeness = layers.Dot(1)([layers.GlobalAveragePooling2D()(x), named])  # (B, 1)
    logit = layers.Add()([logit, likeness])
    return keras.Model([pictures, kind], logit, name="discriminator")


def _residual(x, size, normalised):
    """Give x + F(x), F two 3x3 convolutions."""
    y = x
    for i, gain in enumerate((2, 2 if normalised else 0.02)):  # D's is small at first
        if normalised:
            y = layers.BatchNormalization(name=f"norm{size}_{i}")(y)
        y = layers.LeakyReLU(0.2)(y)
        options = {"use_bias": not normalised}  # the normalisation takes it away
        y = _convolution(x.shape[-1], 3, gain, f"conv{size}_{i}", **options)(y)
    return layers.Add()([x, y])


def _convolution(width, size, gain, name, **options):
    initial = {"kernel_initializer": _spread(gain), "name": name}
    return layers.Conv2D(width, size, padding="same", **initial, **options)


def _embedding(classes, width, deviation):
    initial = keras.initializers.RandomNormal(deviation)
    return layers.Embedding(
        classes, width, embeddings_initializer=initial, name="kinds"
    )


def _spread(gain):
    """Draw with the variance gain / inputs: 2 makes up for ReLU (arXiv:1502.01852)."""
    return keras.initializers.VarianceScaling(gain, "fan_in", "untruncated_normal")


def _width(width, size):
    """Give the channels at a size: as many operations at each, 16 channels at least."""
    return max(16, width // size)


def _check_side(side):
    if side not in (32, 64):
        raise ValueError(f"Expected pictures of 32 or 64 pixels. Received: {side}")


# --- Training ----------------------------------------------------------------------

# A rung changes one thing in the one it stands on, and has learning rates (G's and
# D's) and betas chosen for it.  With 7,000 pictures and six minutes augmentation did
# not help (records/ladder.csv), so the last rung stands on "residual", too.
_RESIDUAL = {
    "networks": "residual",
    "game": "hinge",
    "spectral_norm": True,
    "learning_rate": (5e-4, 1e-3),
    "betas": (0.0, 0.999),
}
LADDER: dict[str, dict] = {
    "section": {},
    "hinge": {"game": "hinge", "spectral_norm": True, "learning_rate": (1e-3, 1e-3)},
    "residual": _RESIDUAL,
    "augmented": {**_RESIDUAL, "augmented": True},
    "relativistic": {
        "networks": "residual",
        "game": "relativistic",
        "gamma": 0.2,
        "learning_rate": (1e-3, 1e-3),
        "betas": (0.0, 0.9),
    },
}


class DCGAN:
    """Both players and their training step; `DCGAN(**LADDER["residual"])` is a rung.

    Args:
        game: a name in `losses.GAMES`.
        networks: "section" or "residual".
        spectral_norm: divide D's weights by their largest singular value.
        augmented: show D all pictures through `augment.augment`.
        gamma: weight of R1 + R2 for 32 pixels; the relativistic game needs it.  For 64
            it is four times as large, since one and the same judgement, spread over
            four times as many pixels, has a quarter of the squared slope.  R1 and R2
            are taken on a quarter of each batch: unbiased, a quarter of the work.
        learning_rate: of Adam, G's and D's.
        betas: of Adam; the usual 0.9 averages over gradients of an opponent that has
            since moved on.  The second bounds a step, where the first is 0, by
            1 / sqrt(1 - beta_2) learning rates, however large a gradient suddenly is.
        side: of the pictures; the section's networks make 32 pixels.
        classes: how many kinds of pictures there are; 0 asks for no kind.
        width: of the residual networks, see `build_residual_generator`.
        dtype: the precision to compute in, such as "mixed_bfloat16".
        seed: of the initial weights, the noise and the augmentation.

    Raises:
        ValueError: networks of another name, or a side or kinds that they cannot make.
    """

    def __init__(
        self,
        game: str = "non-saturating",
        *,
        networks: str = "section",
        spectral_norm: bool = False,
        augmented: bool = False,
        gamma: float = 0.0,
        learning_rate: tuple[float, float] = (2e-4, 2e-4),
        betas: tuple[float, float] = (0.5, 0.999),
        side: int = SIDE,
        classes: int = 0,
        width: int = WIDTH,
        dtype: str = "float32",
        seed: int = 0,
    ):
        self.game, self.gamma = losses.GAMES[game], gamma * (side / SIDE) ** 2
        self.augmented, self.classes = augmented, classes
        generator, discriminator = _networks(networks, side, classes, width)
        if spectral_norm:
            discriminator = spectral(discriminator)
        self.generator = player(generator, [seed, 0], dtype)
        self.discriminator = player(discriminator, [seed, 1], dtype)
        self.g_optimizer = keras.optimizers.Adam(learning_rate[0], *betas)
        self.d_optimizer = keras.optimizers.Adam(learning_rate[1], *betas)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.average = training.ExponentialMovingAverage(self.generator)
        self.seeds = keras.random.SeedGenerator(seed)
        self.state = [
            self.generator,
            self.discriminator,
            self.g_optimizer,
            self.d_optimizer,
            self.average,
            self.seeds,
        ]

    def step(self, real, kind=None, z=None):
        """Train both players on pictures (B, H, W, 3) in [-1, 1].

        Args:
            real: the pictures.
            kind: what they show, integers (B,); only where there are classes.
            z: noise (B, 100), drawn here by default.
        """
        if z is None:
            z = keras.random.normal((ops.shape(real)[0], LATENT), seed=self.seeds)
        players = [
            self.generator.trainable_variables,
            self.discriminator.trainable_variables,
        ]
        (both, logs), grads = engine.value_and_grads(
            lambda: self.losses(real, z, kind), players
        )
        self.g_optimizer.apply(grads[0], players[0])
        self.d_optimizer.apply(grads[1], players[1])
        self.average.update()
        return {"g_loss": both[0], "d_loss": both[1], **logs}

    def losses(self, real, z, kind=None):
        """Give ((generator's loss, discriminator's loss), logs) on one batch."""
        fake = self.generator(_with(z, kind), training=True)  # (B, H, W, 3)
        if self.augmented:
            real = augment.augment(real, self.seeds)
            fake = augment.augment(fake, self.seeds)
        real_logits = self.discriminator(_with(real, kind), training=True)  # (B, 1)
        fake_logits = self.discriminator(_with(fake, kind), training=True)  # (B, 1)
        g_loss = self.game.generator(real_logits, fake_logits)
        d_loss = self.game.discriminator(real_logits, fake_logits)
        if self.gamma:
            d_loss = d_loss + self.gamma / 2 * self.penalty(real, fake, kind)
        right = ops.cast(real_logits > 0, "float32") + ops.cast(
            fake_logits < 0, "float32"
        )
        return (g_loss, d_loss), {"accuracy": ops.mean(right) / 2}

    def penalty(self, real, fake, kind=None):
        """Give R1 + R2 on the first quarter of a batch."""
        some = -(-ops.shape(real)[0] // 4)
        kind = None if kind is None else kind[:some]

        def judge(pictures):
            return self.discriminator(_with(pictures, kind))

        on_real = losses.r1_penalty(judge, real[:some])
        return on_real + losses.r2_penalty(judge, fake[:some])


def _networks(name, side, classes, width):
    if name == "residual":
        generator = build_residual_generator(side, classes, width)
        return generator, build_residual_discriminator(side, classes, width)
    if name != "section":
        raise ValueError(f"Expected 'section' or 'residual'. Received: {name!r}")
    if side != SIDE or classes:
        raise ValueError(
            "Expected 32 pixels and no classes of the section's networks. "
            f"Received: {side} pixels and {classes} classes"
        )
    return build_generator(), build_discriminator()


def _with(x, kind):
    return x if kind is None else [x, kind]


def player(model: keras.Model, seed, dtype: str = "float32") -> keras.Model:
    """Draw a network's kernels anew, the same numbers on any backend.

    Args:
        model: whose kernels to draw; all else stays.  A layer that names a Gaussian
            initializer is drawn by it, others from N(0, 0.02), as the paper does.
        seed: of `np.random.default_rng`.
        dtype: the precision to compute in.
    """
    if engine.replicas() > 1:
        model = synchronized(model)
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        for name in ("kernel", "embeddings"):
            if (v := getattr(layer, name, None)) is not None:
                drawn = rng.normal(0, _deviation(layer, v.shape), v.shape)
                v.assign(drawn.astype("float32"))
    return model if dtype == "float32" else training.with_precision(model, dtype)


def _deviation(layer, shape):
    if isinstance(layer, layers.Embedding):
        return layer.embeddings_initializer.stddev
    initializer = layer.kernel_initializer
    if type(initializer) is keras.initializers.VarianceScaling:
        return np.sqrt(initializer.scale / np.prod(shape[:-1]))
    return 0.02


# --- Presets -----------------------------------------------------------------------


@dataclass(frozen=True)
class Preset:
    """How much to train, on what, and which rung of the ladder.

    Attributes:
        pictures: "bundled", the photographs in the package, or a named collection.
        steps: training steps.
        batch: pictures in a step.
        crop: the smallest crop, in parts of a picture's shorter side.
        rung: a name in `LADDER`.
        side: of the pictures made.
        kinds: make the kind of fruit asked for, of `FRUITS`.
        centred: first cut out the largest thing in each picture.
        dtype: the precision to compute in.
        workers: threads that prepare batches.
    """

    pictures: str
    steps: int
    batch: int
    crop: float
    rung: str = "section"
    side: int = SIDE
    kinds: bool = False
    centred: bool = False
    dtype: str = "float32"
    workers: int = 2


_SECTION = Preset("pomological", 6_000, batch=64, crop=0.9, centred=True)
_MODERN = replace(_SECTION, rung="relativistic", steps=20_000)

PRESETS = {
    "smoke": Preset("bundled", 30, batch=16, crop=0.25),
    "cpu": _SECTION,
    "gpu": replace(_SECTION, steps=60_000, batch=128, workers=8),
    "fruit-32": _MODERN,
    "fruit-64": replace(_MODERN, side=64),
    "kinds-32": replace(_MODERN, kinds=True),
    "kinds-64": replace(_MODERN, side=64, kinds=True),
}
SHIPPED = ("fruit-32", "fruit-64", "kinds-32", "kinds-64")

# The watercolours are numbered in the order of their botanical names: these intervals.
# The grapes (7306 to 7575) are among those held out, so none of them is learned from.
FRUITS = {
    "apple": (1117, 4917),  # Malus domestica
    "avocado": (5074, 5182),  # Persea
    "cherry": (5192, 5354),  # Prunus avium
    "grapefruit": (237, 387),  # Citrus paradisi
    "lemon": (126, 220),  # Citrus limon
    "orange": (397, 636),  # Citrus sinensis
    "peach": (5745, 6722),  # Prunus persica
    "pear": (6746, 7190),  # Pyrus communis
    "persimmon": (683, 787),  # Diospyros
    "plum": (5366, 5719),  # Prunus domestica
    "strawberry": (821, 1087),  # Fragaria
}


def train(
    preset: str,
    folder: str | Path,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    trainer: DCGAN | None = None,
) -> training.History:
    """Train a DCGAN and leave it in a folder.

    The folder holds `generator.npz`, the averaged generator, which `load_generator`
    reads; `samples.png`, what it makes of the same noise at every checkpoint; and the
    checkpoint and history of `training.fit`.

    Args:
        preset: a name in `PRESETS`.
        folder: where all goes; empty, or that of the run to resume.
        resume: go on where the run in the folder stopped.
        progress: show a progress bar, on a terminal only.
        seed: of the weights, the noise and the data.
        trainer: what to train; by default `trainer_of` the preset, which knows nothing.
    """
    (chosen, _), folder = training.chosen(preset, PRESETS), Path(folder)
    trainer = trainer or trainer_of(chosen, seed)

    def on_save(step):
        model = trainer.average.model
        training.save_checkpoint(folder / "generator.npz", [model], step)
        kind = np.arange(64) // 5 % trainer.classes if trainer.classes else None
        pictures = sheet(generate(model, 64, seed, kind))
        photos.save(photos.Photo(pictures), folder / "samples.png", overwrite=True)

    return training.fit(
        trainer,
        batches_of(chosen, seed),
        chosen.steps,
        folder,
        resume=resume,
        progress=progress,
        workers=chosen.workers,
        on_save=on_save,
    )


def trainer_of(preset: Preset, seed: int = 0) -> DCGAN:
    """Build the trainer of a preset."""
    return DCGAN(
        **LADDER[preset.rung],
        side=preset.side,
        classes=_classes(preset),
        dtype=preset.dtype,
        seed=seed,
    )


def _classes(preset):
    return len(FRUITS) if preset.kinds else 0


def inherit(trainer: DCGAN, other: DCGAN) -> None:
    """Give a trainer what another one has learned, layer by layer where they agree.

    Layers are named by the size that they work at, so a GAN for 64 pixels takes over
    all that one for 32 knows of 4 to 32 pixels, and one for kinds of pictures begins
    with the pictures of one that knew none.

    Args:
        trainer: with residual networks; its optimizers are left as they are.
        other: with residual networks, too.
    """
    pairs = [
        (trainer.generator, other.generator),
        (trainer.discriminator, other.discriminator),
        (trainer.average.model, other.average.model),
    ]
    for mine, theirs in pairs:
        known = {v.path: v.numpy() for v in theirs.variables}
        for v in mine.variables:
            if v.path in known:
                v.assign(_inherited(v.numpy(), known[v.path]))


def _inherited(mine, theirs):
    """Take over an array; of one for noise and kinds, the rows for the noise."""
    if mine.shape == theirs.shape:
        return theirs
    if mine.ndim == 2 and mine.shape[1] == theirs.shape[1] and len(mine) > len(theirs):
        return np.concatenate([theirs, mine[len(theirs) :]])
    return mine


def batches_of(
    preset: Preset, seed: int = 0
) -> Callable[[int], tuple[np.ndarray, ...]]:
    """Make `batches(step)` of a preset's pictures, and of their kinds if it has any."""
    pictures, kinds = load_pictures(preset)
    return crops(
        pictures, preset.batch, preset.crop, seed, side=preset.side, kinds=kinds
    )


def load_pictures(preset: Preset) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Load what a preset trains on.

    Returns:
        Pictures (H, W, 3) in [0, 1], shrunk to what the smallest crop needs; and what
        each shows, integers (N,), or None where the preset does not ask for kinds.
    """
    if preset.pictures == "bundled":
        paths = collections.bundled()
    else:
        paths = collections.files(preset.pictures, split="train")
    if preset.kinds:
        paths = [path for path in paths if fruit(path) is not None]
    loaded = (_colour(photos.load(path).pixels) for path in paths)
    if preset.centred:
        loaded = (subject(pixels) for pixels in loaded)
    pictures = [_shrink(pixels, preset.side / preset.crop) for pixels in loaded]
    kinds = np.array([fruit(path) for path in paths], "int32") if preset.kinds else None
    return pictures, kinds


def fruit(path: Path) -> int | None:
    """Tell what a watercolour of the set "pomological" shows: its place in `FRUITS`.

    Example:
        >>> list(FRUITS)[fruit(Path("image-126.jpg"))]
        'lemon'
    """
    number = path.stem.removeprefix("image-")
    if number.isdecimal():
        for i, (first, end) in enumerate(FRUITS.values()):
            if first <= int(number) < end:
                return i
    return None


def crops(
    pictures: list[np.ndarray],
    batch: int,
    smallest: float,
    seed: int,
    *,
    side: int = SIDE,
    kinds: np.ndarray | None = None,
) -> Callable[[int], tuple[np.ndarray, ...]]:
    """Make `batches(step)`: random square crops, scaled, half of them mirrored.

    Args:
        pictures: (H, W, 3) in [0, 1], of any sizes.
        batch: pictures in a batch.
        smallest: the smallest crop's side, in parts of the picture's shorter side.
        seed: of the choice.
        side: of the crops when scaled.
        kinds: what each picture shows, integers.

    Returns:
        A pure function of the step: one array (batch, side, side, 3) in [-1, 1], and
        one of kinds (batch,) where they are given.
    """

    def batches(step):
        rng = np.random.default_rng([seed, step])
        chosen = rng.integers(len(pictures), size=batch)
        made = [_crop(pictures[i], smallest, rng, side) for i in chosen]
        made = photos.to_network(np.stack(made))
        return (made,) if kinds is None else (made, kinds[chosen])

    return batches


def _crop(picture, smallest, rng, wanted):
    height, width = picture.shape[:2]
    side = round(min(height, width) * rng.uniform(smallest, 1))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = picture[top : top + side, left : left + side]
    if rng.random() < 0.5:
        square = square[:, ::-1]
    return _scaled(square, wanted)


def _scaled(square, side):
    """Scale a square: by averages where it shrinks, cubic curves where it grows."""
    how = cv2.INTER_AREA if square.shape[0] >= side else cv2.INTER_CUBIC
    return np.clip(cv2.resize(square, (side, side), interpolation=how), 0, 1)


def _colour(pixels):
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def subject(pixels: np.ndarray) -> np.ndarray:
    """Cut out the square around the largest thing on the paper.

    Args:
        pixels: (H, W, 3) in [0, 1]: something painted on paper of nearly one colour.

    Returns:
        A view of `pixels`, the thing in its middle where the edges leave room.
    """
    height, width = pixels.shape[:2]
    y, x = height // 20, width // 20
    inner = pixels[y : height - y, x : width - x]  # without the edges of the scan
    smooth = cv2.GaussianBlur(inner, (0, 0), width / 60)
    paper = np.median(smooth, axis=(0, 1))
    distance = np.abs(smooth - paper).max(axis=-1)
    _, mask = cv2.threshold((255 * distance).astype(np.uint8), 0, 1, cv2.THRESH_OTSU)
    _, _, boxes, centres = cv2.connectedComponentsWithStats(mask)
    if len(boxes) == 1:  # nothing but paper
        return inner
    largest = 1 + np.argmax(boxes[1:, cv2.CC_STAT_AREA])
    side = round(1.3 * max(boxes[largest, cv2.CC_STAT_WIDTH : cv2.CC_STAT_AREA]))
    return _square(inner, centres[largest][::-1], max(side, SIDE))


def _square(picture, centre, side):
    """Cut a square of at most that side, moved as far as needed to lie inside."""
    side = min(side, *picture.shape[:2])
    limit = np.subtract(picture.shape[:2], side)
    top, left = np.clip(np.round(np.subtract(centre, side / 2)), 0, limit).astype(int)
    return picture[top : top + side, left : left + side]


def _shrink(pixels, shorter):
    height, width = pixels.shape[:2]
    scale = min(1, shorter / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


# --- Use ---------------------------------------------------------------------------


def noise(n: int, seed: int, truncation: float | None = None) -> np.ndarray:
    """Draw what a generator starts from, z (n, 100).

    Args:
        n: how many.
        seed: the same seed draws the same.
        truncation: draw again what lies further than this from 0, in standard
            deviations.  The less is left, the more alike the pictures, and with some
            generators the better: the truncation trick (arXiv:1809.11096).
    """
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, LATENT))
    while truncation and (far := np.abs(z) > truncation).any():
        z[far] = rng.normal(size=far.sum())
    return z.astype("float32")


def generate(
    generator: keras.Model,
    n: int,
    seed: int,
    kind: int | np.ndarray | None = None,
    truncation: float | None = None,
) -> np.ndarray:
    """Make n pictures; the same seed makes the same ones.

    Args:
        generator: from `build_generator`, `build_residual_generator` or
            `load_generator`.
        n: how many.
        seed: of the noise.
        kind: for a generator with kinds, one for all or one for each, (n,).
        truncation: as for `noise`.

    Returns:
        Pictures (n, side, side, 3) in [0, 1].
    """
    z = noise(n, seed, truncation)
    if (kind is None) != (len(generator.inputs) == 1):
        wanted = "no kind" if len(generator.inputs) == 1 else "a kind"
        raise ValueError(f"Expected {wanted}, for this generator. Received: {kind}")
    kinds = None if kind is None else np.broadcast_to(kind, (n,)).astype("int32")
    return render(generator, z, kinds)


def render(
    generator: keras.Model, z: np.ndarray, kinds: np.ndarray | None = None
) -> np.ndarray:
    """Make the pictures (n, side, side, 3) in [0, 1] of noise z (n, 100)."""
    made = []
    for i in range(0, len(z), 256):
        part = None if kinds is None else kinds[i : i + 256]
        pictures = generator(_with(z[i : i + 256], part), training=False)
        made.append(ops.convert_to_numpy(pictures))
    return photos.from_network(np.concatenate(made))


def load_generator(path: str | Path, preset: str = "cpu") -> keras.Model:
    """Read the `generator.npz` that `train` wrote with this preset."""
    generator = trainer_of(PRESETS[preset]).generator
    training.load_checkpoint(path, [generator])
    return generator


def sheet(pictures: np.ndarray) -> np.ndarray:
    """Lay pictures (8 n, side, side, 3) out in n rows: (n side, 8 side, 3)."""
    side = pictures.shape[1]
    rows = pictures.reshape(-1, 8, side, side, 3).swapaxes(1, 2)
    return rows.reshape(-1, 8 * side, 3)


def pretrained_generator(preset: str = "fruit-64") -> keras.Model:
    """Build a generator of fruit with the weights that the package ships.

    Args:
        preset: "fruit-32" or "fruit-64"; or "kinds-32" or "kinds-64", which make the
            kind asked for, a place in `FRUITS`.

    Raises:
        ValueError: another name.

    Example:
        >>> generator = pretrained_generator("kinds-32")
        >>> generate(generator, 3, seed=0, kind=list(FRUITS).index("lemon")).shape
        (3, 32, 32, 3)
    """
    if preset not in SHIPPED:
        raise ValueError(f"Expected one of {list(SHIPPED)}. Received: {preset!r}")
    chosen = PRESETS[preset]
    generator = build_residual_generator(chosen.side, _classes(chosen))
    pretrained.load(preset, [generator])
    return generator
