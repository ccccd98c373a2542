"""Learn a style from pictures that show other things: a GAN without pairs.

Nobody has painted the photographs that we hold.  There are photographs x and paintings
y, and no x belongs to a y.  The discriminator asks only whether a picture could be one
of the y.  A generator G could answer with any painting at all; something else has to
hold it to its x.  Two ways are known, and each is a trainer here:

    cycle:     a second generator F has to find the way back, F(G(x)) = x
               (CycleGAN, Zhu et al. 2017, arXiv:1703.10593)
    contrast:  each patch of G(x) has to be more like the patch of x in its own place
               than like any other patch of x (CUT, Park et al. 2020, arXiv:2007.15651)

Inside the networks pictures are float32 in [-1, 1].  Once trained, both methods leave
the same thing: one generator, which `apply` lays over a photograph of any size.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from gantools import (
    arrays,
    augment,
    collections,
    engine,
    losses,
    pairs,
    pretrained,
    tiling,
    training,
)
from gantools.layers import SpectralConv2D
from gantools.photos import Photo, from_levels, from_network, to_levels, to_network

STRIDE = 4  # two halvings: the sides of what a generator sees are multiples of this
HALO = 64  # of the windows, pixels: no further does a generator of 5 blocks look
TILE = 1024
TEMPERATURE = 0.07  # of the contrast between patches
PATCHES = 256  # compared in one layer of one picture
POOL = 50  # past fakes that a discriminator is shown again

Tensor = Any


# --- The two players ---------------------------------------------------------------


def _convolve(x, width, name, size=3, **options):
    start = {"kernel_initializer": "he_normal", "name": name}
    return layers.Conv2D(width, size, padding="same", **start, **options)(x)


def _relu(x, name):
    return layers.Activation("relu", name=f"{name}_relu")(x)


def _residual(x, width, name):
    """Add to x what two convolutions make of it, its pixels' channels normalised."""
    y = x
    for part in "ab":
        y = layers.LayerNormalization(name=f"{name}_{part}_norm")(y)
        y = _convolve(_relu(y, f"{name}_{part}"), width, f"{name}_{part}")
    return layers.Add(name=name)([x, y])


def build_generator(
    widths: Sequence[int] = (32, 64, 128), blocks: int = 5
) -> keras.Model:
    """Build G: a picture in, the same picture in the other style out.

    Two halvings, residual blocks, two doublings, as in both papers, with three changes.

    The papers normalise each channel by its mean and deviation over the whole picture.
    A window of a large photograph has others, and so another style than the window
    beside it.  Here the channels of each pixel are normalised (arXiv:1607.06450, as in
    arXiv:2204.04676), in the residual blocks alone: what enters and leaves them still
    knows how bright it is.  So a pixel's answer depends on its neighbourhood and on
    nothing else, and windows with a halo of HALO give what the whole gives.

    The doublings repeat pixels and then convolve: every output pixel is made by equally
    many weights, and no checkerboard can come of it (doi:10.23915/distill.00003).

    What was seen at strides 1 and 2 is added on the way up, as in a U-Net, so that fine
    detail need not pass through stride 4.  The picture itself is not: a G that adds to
    its picture starts as the identity, where cycle and identity loss are 0 and have a
    kink.  It never left that place, not even to make dark pictures bright.

    Args:
        widths: channels at strides 1, 2 and 4.
        blocks: residual blocks at stride 4, at most 5: HALO is made for them.

    Returns:
        A model (B, H, W, 3) in [-1, 1] -> the same; H and W multiples of STRIDE.
    """
    picture = keras.Input((None, None, 3), name="picture")
    x = _convolve(picture, widths[0], "stem", 7)  # (B, H, W, 32)
    passed = []
    for level, width in enumerate(widths[1:]):
        passed.append(x)
        x = _relu(x, f"down{level}")
        x = _convolve(x, width, f"down{level}", strides=2)
    for k in range(blocks):
        x = _residual(x, widths[-1], f"block{k}")  # (B, H/4, W/4, 128)
    for level in reversed(range(len(passed))):
        x = layers.UpSampling2D(2, name=f"grow{level}")(_relu(x, f"up{level}"))
        x = _convolve(x, widths[level], f"up{level}")
        x = layers.Add(name=f"join{level}")([x, passed[level]])
    x = _convolve(_relu(x, "head"), 3, "head", 7, activation="tanh")
    return keras.Model(picture, x, name="generator")


def build_discriminator(
    widths: Sequence[int] = (64, 128, 256, 512),
) -> keras.Model:
    """Build D: which patches of a picture could be of the wanted style?

    Each logit sees 70x70 pixels (PatchGAN, arXiv:1611.07004), enough for strokes, too
    little for what the picture shows.  The papers' instance normalisation is replaced
    by spectral normalisation (arXiv:1802.05957) in all layers but the last, which has
    to reach the targets 0 and 1 of the least-squares game.

    Args:
        widths: channels of the four layers before the logits; three halve the picture.

    Returns:
        A model (B, H, W, 3) in [-1, 1] -> logits (B, H/8, W/8, 1).
    """
    picture = keras.Input((None, None, 3), name="picture")
    x = picture
    for level, width in enumerate(widths):
        strides = 2 if level < 3 else 1
        x = SpectralConv2D(width, 4, strides, padding="same", name=f"patch{level}")(x)
        x = layers.LeakyReLU(0.2, name=f"leaky{level}")(x)
    logits = layers.Conv2D(1, 4, padding="same", name="logits")(x)
    return keras.Model(picture, logits, name="discriminator")


# --- What holds a generator to its picture -----------------------------------------


def cycle_loss(picture: Tensor, back: Tensor) -> Tensor:
    """Give E|x - F(G(x))|, how much is lost on the way there and back (1703.10593).

    Args:
        picture: x, (B, H, W, C) in [-1, 1].
        back: F(G(x)), of the same shape.

    Returns:
        A scalar: the mean of the absolute differences.

    Raises:
        ValueError: the shapes differ, which would broadcast unnoticed.

    Example:
        >>> float(cycle_loss(np.zeros((1, 2, 2, 3)), np.full((1, 2, 2, 3), 0.5)))
        0.5
    """
    _check_same_shape(picture, back)
    return ops.mean(ops.abs(ops.cast(picture, "float32") - ops.cast(back, "float32")))


def patch_nce(query: Tensor, key: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """Ask each patch of G(x) to find its own place among the patches of x (2007.15651).

    With q_s a patch of G(x), k_s that of x in the same place, unit vectors both, and t
    the temperature:

        L = -mean over s of log( exp(q_s . k_s / t) / sum over r of exp(q_s . k_r / t) )

    It is a cross-entropy, the right answer being the own place.  No gradient flows into
    the keys: x has no need to become like G(x).

    Args:
        query: (B, S, C), unit vectors of S places in G(x).
        key: (B, S, C), those of the same places in x.
        temperature: the smaller, the more the nearest wrong place counts.

    Returns:
        The loss of each picture, (B,): log S where all places look alike.

    Raises:
        ValueError: the shapes differ.
    """
    _check_same_shape(query, key)
    query, key = ops.cast(query, "float32"), ops.cast(key, "float32")
    key = ops.stop_gradient(key)
    logits = ops.einsum("bsc,brc->bsr", query, key) / temperature  # (B, S, S)
    right = ops.einsum("bsc,bsc->bs", query, key) / temperature  # (B, S)
    return ops.mean(ops.logsumexp(logits, axis=-1) - right, axis=-1)


def _check_same_shape(x, y):
    if tuple(x.shape) != tuple(y.shape):
        raise ValueError(
            "Expected two tensors of one shape. "
            f"Received: {tuple(x.shape)} and {tuple(y.shape)}"
        )


def build_heads(channels: Sequence[int], width: int = 256) -> keras.Model:
    """Build the projections: for each layer two dense layers onto the unit sphere.

    Args:
        channels: of the features of each layer.
        width: of the vectors that are compared.

    Returns:
        A model of a list of features (B, S, C) -> list of unit vectors (B, S, width).
    """
    inputs, outputs = [], []
    for i, n in enumerate(channels):
        inputs.append(keras.Input((None, n), name=f"features{i}"))
        x = layers.Dense(width, activation="relu", name=f"first{i}")(inputs[-1])
        x = layers.Dense(width, name=f"second{i}")(x)
        outputs.append(layers.UnitNormalization(name=f"unit{i}")(x))
    return keras.Model(inputs, outputs, name="heads")


class Pool:
    """Fakes of the last steps, so that D does not forget what G did before.

    Until it is full, each fake is kept and shown.  Then, with even odds, either the
    fake is shown, or an older one in its stead, whose place it takes (section 4 of
    arXiv:1703.10593).  All that it knows are variables of the trainer's state, and it
    draws from the trainer's seeds: what is shown is a function of the state alone.

    Args:
        shape: of one picture, (H, W, C).
        size: how many it holds.
    """

    def __init__(self, shape: tuple[int, int, int], size: int = POOL):
        self.size = size
        self.pictures = keras.Variable(
            np.zeros((size, *shape), "float32"), trainable=False, name="pool"
        )
        self.count = keras.Variable(0, dtype="int32", trainable=False, name="count")

    @property
    def variables(self) -> list[keras.Variable]:
        """The pictures, and how many it has taken in, at most its size."""
        return [self.pictures, self.count]

    def swap(self, fakes: Tensor, seeds: keras.random.SeedGenerator) -> Tensor:
        """Take in fakes (B, H, W, C), B at most the size; give as many to be shown.

        No gradient flows through it.
        """
        fakes = ops.cast(ops.stop_gradient(fakes), "float32")
        batch = fakes.shape[0]
        full = self.count >= self.size
        drawn = keras.random.shuffle(ops.arange(self.size), seed=seeds)[:batch]
        next_ones = (self.count + ops.arange(batch)) % self.size
        places = ops.where(full, drawn, next_ones)  # (B,), all different
        older = ops.take(self.pictures.value, places, axis=0)
        coins = keras.random.uniform((batch, 1, 1, 1), seed=seeds) < 0.5
        coins = ops.logical_and(full, coins)  # an older one is shown
        taken = ops.logical_or(coins, ops.logical_not(full))
        kept = ops.where(taken, fakes, older)
        places = places[:, None]  # (B, 1)
        self.pictures.assign(ops.scatter_update(self.pictures.value, places, kept))
        self.count.assign(ops.minimum(self.count + batch, self.size))
        return ops.where(coins, older, fakes)


# --- Training ----------------------------------------------------------------------


class _Trainer:
    """What both methods share: the optimizers, the average, a step, the judging."""

    def __init__(self, sides, others, steps, game, rate, augmented, seed):
        self.players = [
            [v for model in models for v in model.trainable_variables]
            for models in sides
        ]
        self.optimizers = [_adam(rate, steps) for _ in sides]
        for optimizer, variables in zip(self.optimizers, self.players, strict=True):
            optimizer.build(variables)
        self.game, self.augmented = losses.GAMES[game], augmented
        self.average = training.ExponentialMovingAverage(sides[0][0], 0.999)
        self.seeds = keras.random.SeedGenerator(seed)
        self.state = [sides, self.optimizers, self.average, self.seeds, others]

    def step(self, x, y):
        """Train both sides on photographs x and pictures y of the wanted style.

        Args:
            x: (B, H, W, 3) in [-1, 1], H and W multiples of STRIDE.
            y: of the same shape.

        Returns:
            Scalars to log: the losses, the mean logits `d_real` and `d_fake`, and
            `changed`, E|G(x) - x|, among them.
        """
        (both, logs), gradients = engine.value_and_grads(
            lambda: self.losses(x, y), self.players
        )
        for optimizer, slopes, variables in zip(
            self.optimizers, gradients, self.players, strict=True
        ):
            optimizer.apply(slopes, variables)
        self.average.update()
        return {"g_loss": both[0], "d_loss": both[1], **logs}

    def judge(self, discriminator, *pictures):
        """Give D's logits of some batches, each of which it sees shifted and cut.

        These are two of the three changes of `augment.augment`.  The third is of
        colour, and colours belong to the style.
        """
        if self.augmented:
            pictures = [
                augment.cutout(augment.translation(x, self.seeds), self.seeds)
                for x in pictures
            ]
        return [discriminator(x, training=True) for x in pictures]


def _adam(rate, steps):
    """Make Adam with the betas of both papers; its rate falls to 0 along a cosine."""
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(schedule, 0.5, 0.999)


def _both(model, x, y):
    """Give model(x) and model(y), from one call."""
    return ops.split(model(ops.concatenate([x, y]), training=True), 2)


class CycleTrainer(_Trainer):
    """Two generators, G there and F back, each with a discriminator of its own.

    With L_game the two discriminators' opinions of G(x) and of F(y):

        L_G = adversarial L_game + cycle (E|F(G(x)) - x| + E|G(F(y)) - y|)
              + identity (E|G(y) - y| + E|F(x) - x|)

    The discriminators learn from a `Pool` of past fakes.  F and its discriminator are
    copies of the other two in all but their weights.

    Args:
        generator: G, from photographs to the style.
        discriminator: of the style.
        shape: of the pictures in a batch, (H, W, C), for the pools.
        steps: of the whole run, over which the learning rate falls.
        game: a name in `losses.GAMES`.
        adversarial: weight of the game; 2, because CycleGAN's generator minimises
            E[(D - 1)^2], twice what `losses.LeastSquares` gives.
        cycle: weight of the way back.
        identity: weight of leaving alone what has the style already.
        augmented: show D the pictures shifted and cut, see `judge`.
        rate: the learning rate that Adam begins with.
        seed: of the pools and of the augmentation.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        shape: tuple[int, int, int],
        steps: int,
        *,
        game: str = "least-squares",
        adversarial: float = 2.0,
        cycle: float = 10.0,
        identity: float = 5.0,
        augmented: bool = True,
        rate: float = 2e-4,
        seed: int = 0,
    ):
        self.there, self.of_style = generator, discriminator
        self.back, self.of_photographs = map(
            keras.models.clone_model, (generator, discriminator)
        )
        self.adversarial, self.cycle, self.identity = adversarial, cycle, identity
        self.pools = Pool(shape), Pool(shape)
        sides = [self.there, self.back], [self.of_style, self.of_photographs]
        super().__init__(sides, self.pools, steps, game, rate, augmented, seed)

    def losses(self, x, y):
        """Give ((generators' loss, discriminators' loss), logs) on one batch."""
        fake_y, same_y = _both(self.there, x, y)
        fake_x, same_x = _both(self.back, y, x)
        lost = cycle_loss(x, self.back(fake_y)) + cycle_loss(y, self.there(fake_x))
        moved = cycle_loss(y, same_y) + cycle_loss(x, same_x)
        opinion, d_loss, logs = self.play(self.of_style, self.pools[0], y, fake_y)
        other, other_loss, _ = self.play(self.of_photographs, self.pools[1], x, fake_x)
        g_loss = self.adversarial * (opinion + other)
        g_loss = g_loss + self.cycle * lost + self.identity * moved
        logs |= {"cycle": lost, "identity": moved, "changed": cycle_loss(x, fake_y)}
        return (g_loss, d_loss + other_loss), logs

    def play(self, discriminator, pool, real, fake):
        """Give a generator's loss, its discriminator's, and the latter's mean logits.

        The discriminator learns from what the pool shows, the generator from what it
        has just made.
        """
        shown = pool.swap(fake, self.seeds)
        real, fake, shown = self.judge(discriminator, real, fake, shown)
        logs = {"d_real": ops.mean(real), "d_fake": ops.mean(shown)}
        told = self.game.discriminator(real, shown)
        return self.game.generator(real, fake), told, logs


class ContrastTrainer(_Trainer):
    """One generator, one discriminator, and a contrast between patches.

    With L_NCE(x) the mean of `patch_nce` over some layers of G's own way down, between
    x and G(x) as two dense layers each project them, and L_game D's opinion of G(x):

        L_G = adversarial L_game + contrast L_NCE(x) + identity L_NCE(y)

    The last term is the contrast between y and G(y), which has the style already.

    Args:
        generator: G, from photographs to the style.
        discriminator: of the style.
        steps: of the whole run, over which the learning rate falls.
        game: a name in `losses.GAMES`.
        adversarial: weight of the game; 2, as for `CycleTrainer`.
        contrast: weight of L_NCE(x).
        identity: weight of L_NCE(y).
        patches: compared in one layer of one picture.
        augmented: show D the pictures shifted and cut, see `judge`.
        rate: the learning rate that Adam begins with.
        seed: of the places of the patches and of the augmentation.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        steps: int,
        *,
        game: str = "least-squares",
        adversarial: float = 2.0,
        contrast: float = 1.0,
        identity: float = 1.0,
        patches: int = PATCHES,
        augmented: bool = True,
        rate: float = 2e-4,
        seed: int = 0,
    ):
        self.generator, self.discriminator = generator, discriminator
        looks = _looks(generator)
        self.encoder = keras.Model(generator.input, looks)
        self.looking = keras.Model(generator.input, [*looks, generator.output])
        self.heads = build_heads([look.shape[-1] for look in looks])
        self.adversarial, self.contrast, self.identity = adversarial, contrast, identity
        self.patches = patches
        sides = [generator, self.heads], [discriminator]
        super().__init__(sides, [], steps, game, rate, augmented, seed)

    def losses(self, x, y):
        """Give ((generator's loss, discriminator's loss), logs) on one batch."""
        *seen, made = self.looking(ops.concatenate([x, y]), training=True)
        again = self.encoder(made, training=True)
        nce_x, nce_y = map(ops.mean, ops.split(self.compare(again, seen), 2))
        fake, _ = ops.split(made, 2)
        real_logits, fake_logits = self.judge(self.discriminator, y, fake)
        opinion = self.game.generator(real_logits, fake_logits)
        g_loss = self.adversarial * opinion
        g_loss = g_loss + self.contrast * nce_x + self.identity * nce_y
        logs = {
            "d_real": ops.mean(real_logits),
            "d_fake": ops.mean(fake_logits),
            "contrast": nce_x,
            "identity": nce_y,
            "changed": ops.mean(ops.abs(fake - x)),
        }
        return (g_loss, self.game.discriminator(real_logits, fake_logits)), logs

    def compare(self, queries, keys):
        """Give the mean of `patch_nce` over layers of features (B, h, w, C): (B,)."""
        places = [_places(f, self.patches, self.seeds) for f in keys]
        queries, keys = (
            self.heads([_take(f, p) for f, p in zip(features, places, strict=True)])
            for features in (queries, keys)
        )
        nce = [patch_nce(q, k) for q, k in zip(queries, keys, strict=True)]
        return ops.mean(ops.stack(nce), axis=0)


def _looks(generator):
    """Name what is compared: the picture, both halvings, the first and last block."""
    blocks = [n for layer in generator.layers if (n := layer.name).startswith("block")]
    blocks = [name for name in blocks if "_" not in name]
    names = dict.fromkeys(["down0", "down1", blocks[0], blocks[-1]])
    return [generator.input, *(generator.get_layer(n).output for n in names)]


def _places(features, most, seeds):
    """Draw different places of a layer (B, h, w, C), all where there are no more."""
    count = features.shape[1] * features.shape[2]
    places = ops.arange(count)
    if count > most:
        places = keras.random.shuffle(places, seed=seeds)[:most]
    return places  # (S,)


def _take(features, places):
    """Take the features (B, h, w, C) at some places, the same in each picture."""
    batch, height, width, channels = features.shape
    flat = ops.reshape(features, (batch, height * width, channels))
    return ops.cast(ops.take(flat, places, axis=1), "float32")  # (B, S, C)


# --- Tasks and presets -------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Task:
    """What a style is learned from.

    Attributes:
        style: names of sets in the style, and their shares of the crops.
        crop: the largest crop that its pictures fill without being enlarged, pixels.
            A generator that learned from enlarged pictures would learn to blur.
        trim: as for `pairs.CleanPictures`.
    """

    style: dict[str, float]
    crop: int
    trim: float = 0.0


TASKS = {
    "painting": Task({"met-paintings": 1.0}, crop=256),
    "watercolour": Task({"pomological": 1.0}, crop=128),
    "colour-film-1940s": Task({"fsa-colour": 1.0}, crop=80, trim=0.07),
}

# The photographs that styles are laid over, with the bundled ones for the rest.
PHOTOGRAPHS = {"portraits": 0.35, "wallpapers": 0.3, "scenes": 0.3}


@dataclasses.dataclass(frozen=True)
class Preset:
    """How long and how large to train."""

    steps: int
    batch: int  # photographs, and as many pictures of the style
    crop: int  # pixels, at most; see Task
    widths: tuple[int, ...] = (32, 64, 128)  # of the generator
    blocks: int = 5
    judge: tuple[int, ...] = (64, 128, 256, 512)  # widths of the discriminator
    rate: float = 2e-4
    dtype: str = "float32"
    bundled: bool = False  # train on the shipped pictures alone


PRESETS = {
    "smoke": Preset(6, 2, 32, (4, 6, 8), 1, (4, 6, 8, 8), bundled=True),
    "small": Preset(6_000, 4, 96, (16, 32, 64), 4, (24, 48, 96, 192), rate=4e-4),
    "base": Preset(60_000, 16, 192, dtype="mixed_bfloat16"),
}

METHODS = ("cycle", "contrast")


def batches_of(
    task: str, preset: Preset, seed: int = 0
) -> Callable[[int], tuple[np.ndarray, np.ndarray]]:
    """Make `batches(step)`: crops of photographs, and of pictures in the style.

    The bundled pictures know no tasks: there, old photographs are the style.

    Args:
        task: a name in TASKS.
        preset: how many crops, and how large.
        seed: of the whole run.

    Returns:
        A pure function of the step: x and y, both (B, crop, crop, 3) in [-1, 1],
        float32, of random place, scale and mirroring, drawn independently.
    """
    chosen = TASKS[task]
    side = min(preset.crop, chosen.crop)
    modern = (0.05, collections.bundled("modern"))
    if preset.bundled:
        photographs = pairs.CleanPictures([modern], 320, grey=0.0)
        style = pairs.CleanPictures([(1.0, collections.bundled("old"))], 320, grey=0.0)
    else:
        photographs = pairs.CleanPictures([*_groups(PHOTOGRAPHS), modern], grey=0.0)
        style = pairs.CleanPictures(_groups(chosen.style), trim=chosen.trim, grey=0.0)
    return pairs.style_batches(photographs, style, preset.batch, side, seed)


def _groups(sets):
    return [(share, collections.files(name, "train")) for name, share in sets.items()]


def trainer_of(
    task: str, preset: Preset, method: str, seed: int = 0
) -> CycleTrainer | ContrastTrainer:
    """Build the trainer of a task, a preset and a method, its weights drawn by seed."""
    keras.utils.set_random_seed(seed)
    players = (
        build_generator(preset.widths, preset.blocks),
        build_discriminator(preset.judge),
    )
    if preset.dtype != "float32":
        players = (training.with_precision(p, preset.dtype) for p in players)
    how = {"rate": preset.rate, "seed": seed}
    if method == "contrast":
        return ContrastTrainer(*players, preset.steps, **how)
    side = min(preset.crop, TASKS[task].crop)
    return CycleTrainer(*players, (side, side, 3), preset.steps, **how)


def train(
    task: str,
    preset: str | Preset,
    method: str,
    folder: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    processes: int = 0,
) -> dict:
    """Train a generator of a style; keep checkpoint, history and weights in `folder`.

    Args:
        task: a name in TASKS, and the name of the weights.
        preset: one of PRESETS, or its name.
        method: one of METHODS.
        folder: where all goes; empty, or that of the run to resume.
        resume: go on where a run in that folder was cut off.
        progress: show a bar on a terminal.
        seed: of the initial weights, the data and all that a step draws.
        processes: that prepare the batches; 0 leaves them to two threads.

    Returns:
        The manifest's record of the weights written to `folder`: the average of G.

    Raises:
        ValueError: the task, the preset or the method is unknown.
        FileExistsError: the folder holds a run and `resume` is False.
    """
    known = {"task": (task, TASKS), "method": (method, METHODS)}
    for kind, (word, words) in known.items():
        if word not in words:
            raise ValueError(f"Expected a {kind} of {list(words)}. Received: {word!r}")
    plan, name = training.chosen(preset, PRESETS)
    trainer = trainer_of(task, plan, method, seed)
    how = {"resume": resume, "progress": progress, "processes": processes}
    batches = batches_of(task, plan, seed)
    training.fit(trainer, batches, plan.steps, folder, **how)
    what = f"style {task}, method {method}, preset {name}, seed {seed}"
    return pretrained.save(task, [trainer.average.model], Path(folder), what=what)


# --- Use ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Stylist:
    """A trained generator, and where it comes from."""

    generator: keras.Model
    record: dict  # of the weights, from their manifest


def load_stylist(task: str, folder: str | Path = arrays.WEIGHTS) -> Stylist:
    """Load a trained generator of any size, by default one that the package ships.

    Args:
        task: a name in TASKS.
        folder: where `train` left it.

    Raises:
        ValueError: the folder holds no such weights, or they are damaged or of another
            architecture.
    """
    if task not in arrays.manifest(folder):
        raise ValueError(
            f"Expected trained weights of {task}. Received: {folder} without any; make "
            f"some with gantools train unpaired --task {task}"
        )
    sizes = {k: a.shape for k, a in arrays.read_arrays(task, Path(folder)).items()}
    kernels = [f"generator/{name}/kernel" for name in ("stem", "down0", "down1")]
    if missing := [name for name in kernels if name not in sizes]:
        raise ValueError(
            f"Expected {missing[0]}. Received: {folder} without it, weights of another "
            "architecture"
        )
    blocks = sum(f"generator/block{k}_a/kernel" in sizes for k in range(99))
    generator = build_generator([sizes[name][-1] for name in kernels], blocks)
    return Stylist(generator, pretrained.load(task, [generator], Path(folder)))


def apply(
    photo: Photo,
    stylist: Stylist,
    strength: float = 1.0,
    progress: Callable[[float], None] | None = None,
) -> Photo:
    """Lay a style over a photograph of any size, window by window.

    Strokes have the size, in pixels, that they had in training: reduce a large scan
    first if it is to look painted from afar.  A grey photograph stays grey.

    Args:
        photo: any size, of floats or levels.
        stylist: from `load_stylist`.
        strength: s in [0, 1] of photo + s (G(photo) - photo).
        progress: called with the finished share in [0, 1].

    Returns:
        The photograph with new pixels of the same shape and type, all else kept.

    Raises:
        ValueError: the strength is not in [0, 1].
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"Expected a strength in [0, 1]. Received: {strength}")

    def answer(cut):  # (h, w, C) -> (h, w, C)
        colour = np.broadcast_to(to_network(cut), (*cut.shape[:2], 3))
        made = from_network(engine.predict(stylist.generator, colour[None])[0])
        if cut.shape[-1] == 1:
            made = made.mean(axis=-1, keepdims=True)
        before = from_levels(cut)
        return (to_levels(before + strength * (made - before), cut.dtype),)

    # At its border a network sees zeros beyond, and makes a frame of them.
    size = {"tile": TILE, "halo": HALO, "multiple": STRIDE, "beyond": True}
    (pixels,) = tiling.apply(answer, photo.pixels, **size, progress=progress)
    return dataclasses.replace(photo, pixels=pixels)
