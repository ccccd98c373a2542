"""A deep convolutional GAN: pictures out of noise (DCGAN, arXiv 1511.06434).

    generator:      z (100) -> picture (32, 32, 3) in [-1, 1]
    discriminator:  picture (32, 32, 3) -> one logit: how real it looks

The two networks, the training step, the presets and `generate` stand in this file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers, ops

from gantools import collections, engine, losses, photos, training

LATENT = 100
SIDE = 32


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


# --- Training ----------------------------------------------------------------------


class DCGAN:
    """Both players and their training step.

    Args:
        game: a name in `losses.GAMES`.
        gamma: weight of R1 + R2; the relativistic game needs it.
        learning_rate: of Adam, for both players.
        beta_1: of Adam; the usual 0.9 averages over gradients of an opponent that has
            since moved on.
        dtype: the precision to compute in, such as "mixed_bfloat16".
        seed: of the initial weights and of the noise.
    """

    def __init__(
        self,
        game: str = "non-saturating",
        *,
        gamma: float = 0.0,
        learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        dtype: str = "float32",
        seed: int = 0,
    ):
        self.game, self.gamma = losses.GAMES[game], gamma
        self.generator = _player(build_generator(), [seed, 0], dtype)
        self.discriminator = _player(build_discriminator(), [seed, 1], dtype)
        self.g_optimizer = keras.optimizers.Adam(learning_rate, beta_1)
        self.d_optimizer = keras.optimizers.Adam(learning_rate, beta_1)
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

    def step(self, real, z=None):
        """Train both players on pictures (B, 32, 32, 3) in [-1, 1].

        Args:
            real: the pictures.
            z: noise (B, 100), drawn here by default.
        """
        if z is None:
            z = keras.random.normal((ops.shape(real)[0], LATENT), seed=self.seeds)
        players = [
            self.generator.trainable_variables,
            self.discriminator.trainable_variables,
        ]
        (both, logs), grads = engine.value_and_grads(
            lambda: self.losses(real, z), players
        )
        self.g_optimizer.apply(grads[0], players[0])
        self.d_optimizer.apply(grads[1], players[1])
        self.average.update()
        return {"g_loss": both[0], "d_loss": both[1], **logs}

    def losses(self, real, z):
        """Give ((generator's loss, discriminator's loss), logs) on one batch."""
        fake = self.generator(z, training=True)  # (B, 32, 32, 3)
        real_logits = self.discriminator(real, training=True)  # (B, 1)
        fake_logits = self.discriminator(fake, training=True)  # (B, 1)
        g_loss = self.game.generator(real_logits, fake_logits)
        d_loss = self.game.discriminator(real_logits, fake_logits)
        if self.gamma:
            penalty = losses.r1_penalty(self.discriminator, real)
            penalty = penalty + losses.r2_penalty(self.discriminator, fake)
            d_loss = d_loss + self.gamma / 2 * penalty
        right = ops.cast(real_logits > 0, "float32") + ops.cast(
            fake_logits < 0, "float32"
        )
        return (g_loss, d_loss), {"accuracy": ops.mean(right) / 2}


def _player(model, seed, dtype):
    """Draw the kernels from N(0, 0.02), as the paper does, the same on any backend."""
    rng = np.random.default_rng(seed)
    for v in model.trainable_variables:
        if v.name == "kernel":
            v.assign(rng.normal(0, 0.02, v.shape).astype("float32"))
    return model if dtype == "float32" else training.with_precision(model, dtype)


# --- Presets -----------------------------------------------------------------------


@dataclass(frozen=True)
class Preset:
    """How much to train, and on what.

    Attributes:
        pictures: "bundled", the photographs in the package, or a named collection.
        steps: training steps.
        batch: pictures in a step.
        crop: the smallest crop, in parts of a picture's shorter side.
        centred: first cut out the largest thing in each picture.
        dtype: the precision to compute in.
        workers: threads that prepare batches.
    """

    pictures: str
    steps: int
    batch: int
    crop: float
    centred: bool = False
    dtype: str = "float32"
    workers: int = 2


PRESETS = {
    "smoke": Preset("bundled", 30, batch=16, crop=0.25),
    "cpu": Preset("pomological", 6_000, batch=64, crop=0.9, centred=True),
    "gpu": Preset("pomological", 60_000, 128, crop=0.9, centred=True, workers=8),
}


def train(
    preset: str,
    folder: str | Path,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
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
    """
    if preset not in PRESETS:
        raise ValueError(f"Expected one of {list(PRESETS)}. Received: {preset!r}")
    chosen, folder = PRESETS[preset], Path(folder)
    trainer = DCGAN(seed=seed, dtype=chosen.dtype)

    def on_save(step):
        model = trainer.average.model
        training.save_checkpoint(folder / "generator.npz", [model], step)
        _save_sheet(generate(model, 64, seed), folder / "samples.png")

    return training.fit(
        trainer,
        crops(_pictures(chosen), chosen.batch, chosen.crop, seed),
        chosen.steps,
        folder,
        resume=resume,
        progress=progress,
        workers=chosen.workers,
        on_save=on_save,
    )


def crops(
    pictures: list[np.ndarray], batch: int, smallest: float, seed: int
) -> Callable[[int], tuple[np.ndarray]]:
    """Make `batches(step)`: random square crops, scaled to 32 pixels, half mirrored.

    Args:
        pictures: (H, W, 3) in [0, 1], of any sizes.
        batch: pictures in a batch.
        smallest: the smallest crop's side, in parts of the picture's shorter side.
        seed: of the choice.

    Returns:
        A pure function of the step: one array (batch, 32, 32, 3) in [-1, 1].
    """

    def batches(step):
        rng = np.random.default_rng([seed, step])
        chosen = rng.integers(len(pictures), size=batch)
        made = [_crop(pictures[i], smallest, rng) for i in chosen]
        return (photos.to_network(np.stack(made)),)

    return batches


def _crop(picture, smallest, rng):
    height, width = picture.shape[:2]
    side = round(min(height, width) * rng.uniform(smallest, 1))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    square = picture[top : top + side, left : left + side]
    if rng.random() < 0.5:
        square = square[:, ::-1]
    return cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _pictures(preset):
    """Load a preset's pictures, shrunk to what its smallest crop needs."""
    if preset.pictures == "bundled":
        paths = collections.bundled()
    else:
        paths = collections.files(preset.pictures, split="train")
    pictures = (_colour(photos.load(path).pixels) for path in paths)
    if preset.centred:
        pictures = map(subject, pictures)
    return [_shrink(picture, SIDE / preset.crop) for picture in pictures]


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


def generate(generator: keras.Model, n: int, seed: int) -> np.ndarray:
    """Make n pictures (n, 32, 32, 3) in [0, 1]; the same seed makes the same ones."""
    z = np.random.default_rng(seed).normal(size=(n, LATENT)).astype("float32")
    made = [generator(z[i : i + 256], training=False) for i in range(0, n, 256)]
    return photos.from_network(
        np.concatenate([ops.convert_to_numpy(pictures) for pictures in made])
    )


def load_generator(path: str | Path) -> keras.Sequential:
    """Read the `generator.npz` that `train` wrote."""
    generator = build_generator()
    training.load_checkpoint(path, [generator])
    return generator


def _save_sheet(pictures, path):
    """Save 64 pictures as one of 8 by 8."""
    sheet = pictures.reshape(8, 8, SIDE, SIDE, 3).swapaxes(1, 2)
    pixels = sheet.reshape(8 * SIDE, 8 * SIDE, 3)
    photos.save(photos.Photo(pixels), path, overwrite=True)
