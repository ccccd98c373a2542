"""Restore old photographs with a conditional GAN.

Damage and tone are two problems.  A scratch covers what was there: it has to be found
and painted over, and a network may be wrong about it only where it found something.
A faded dye changes the whole photograph at once: a dozen numbers undo it, and they
cannot invent a face.  So there are three networks:

    repairer:       damaged photo -> paint, correction, damage mask  (the generator G)
    discriminator:  damaged photo, candidate -> one logit a patch    (D, training only)
    toner:          96-pixel thumbnail -> powers and a colour matrix for the whole photo

Repairer and toner look through one frozen encoder, which was taught to name what
photographs show (`features.encoder`); what they learn is how to read it.  The
repairer's target is the undamaged picture *with its fading still on it*; the toner
then undoes the fading.  Inside the networks pictures are float32 in [-1, 1].
"""

import dataclasses
import math
from collections.abc import Callable
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
    runtimes,
    tiling,
    training,
)
from gantools.layers import SpectralConv2D
from gantools.photos import (
    Photo,
    from_levels,
    from_network,
    share_changed,
    to_levels,
    to_network,
)

STRIDE = 16  # four halvings: a picture's sides must be multiples of this
HALO = 192  # of the windows, pixels; it reaches further, but faintly (tests measure it)
TILE = 1152
VIEW = 640  # side of the views in which the share of damage is counted, pixels
THUMBNAIL = pairs.THUMBNAIL
WIDTHS = (32, 64, 128, 192)  # channels of the decoder's levels, at strides 2 to 16
BLOCKS = (2, 2, 2, 2)  # of each level
GATE = 3.0  # steepness of the gate that lets paint through
FEATURES = ("conv1_2", "conv2_2", "conv3_2")  # of VGG19, for the perceptual term
LOOK = 64  # side of what VGG19 sees of a crop in phase 3, pixels
DOUBT = (0.02, 0.03)  # of the firm rule, see `read_tone`
MODES = ("conservative", "full", "colourise")
CAUTION = (3.5, 0.0)  # what a mark loses of its log odds: sound, worn photograph
WORN = 0.008  # share of marked pixels from which a photograph is taken for worn
RIM = 4  # how far beyond the damage a repair reaches, pixels


# --- The generator: repair ---------------------------------------------------------


def _residual(x, width: int, name: str, dtype):
    """Add to x what two 3x3 convolutions make of it.

    There is no normalisation, so a pixel's answer depends on its neighbourhood and on
    nothing else: windows of a picture are answered like the whole.  Normalising the
    channels of each pixel was no better at equal steps, and twice as slow.
    """
    y = x
    for part in "ab":
        y = layers.Activation("relu", dtype=dtype, name=f"{name}_relu_{part}")(y)
        y = _convolve(y, width, f"{name}_{part}", dtype)
    return layers.Add(dtype=dtype, name=name)([x, y])


def _convolve(x, width, name, dtype, size=3, strides=1):
    return layers.Conv2D(
        width,
        size,
        strides,
        padding="same",
        kernel_initializer="he_normal",
        dtype=dtype,
        name=name,
    )(x)


def build_decoder(widths=WIDTHS, blocks=BLOCKS, dtype=None) -> keras.Model:
    """Build what of the repairer learns: the way up, from what the encoder saw.

    Each level, from stride 16 to stride 2, joins three things: what the encoder saw at
    this stride, what the level below made of it, enlarged, and the requests: the marks
    and the fidelity.  The encoder was taught to forget where exactly an edge runs, so
    the last level also gets the picture itself.

    Args:
        widths: channels of the levels, from the shallowest to the deepest.
        blocks: residual blocks of each level.
        dtype: the layers' precision, such as "mixed_bfloat16".

    Returns:
        A model of [the encoder's four activations, the damaged photo, marked,
        fidelity] -> [paint, correction, mask logits], as of `build_repairer`.
    """
    channels = [end.shape[-1] for end in features.encoder().outputs]
    seen = [
        keras.Input((None, None, n), name=f"seen{i}") for i, n in enumerate(channels)
    ]
    damaged = keras.Input((None, None, 3), name="damaged")
    marked = keras.Input((None, None, 1), name="marked")
    fidelity = keras.Input((1,), name="fidelity")
    wish = layers.Reshape((1, 1, 1), name="wish")(fidelity) + 0.0 * marked
    asked = layers.Concatenate(name="asked")([marked, wish])  # (B, H, W, 2)
    picture = layers.Concatenate(name="picture")([damaged, asked])
    x = None
    for level in reversed(range(len(widths))):
        width = widths[level]
        here = layers.AveragePooling2D(2 ** (level + 1), name=f"ask{level}")(asked)
        look = layers.Concatenate(dtype=dtype, name=f"look{level}")([seen[level], here])
        parts = [_convolve(look, width, f"enter{level}", dtype, 1)]
        if x is not None:
            up = layers.Conv2DTranspose(
                width, 2, strides=2, dtype=dtype, name=f"up{level}"
            )
            parts.append(up(x))
        if level == 0:
            parts.append(_convolve(picture, width, "fine", dtype, 4, 2))
        x = parts[0]
        for k, part in enumerate(parts[1:]):
            x = layers.Add(dtype=dtype, name=f"join{level}_{k}")([x, part])
        for k in range(blocks[level]):
            x = _residual(x, width, f"block{level}_{k}", dtype)
    answer = _head(x, dtype)  # x is (B, H/2, W/2, 32)
    return keras.Model([*seen, damaged, marked, fidelity], answer, name="decoder")


def _head(x, dtype):
    """Answer with paint, correction and mask logits, at twice the size of x."""
    x = layers.Activation("relu", dtype=dtype, name="last")(x)
    # (B, H, W, 3 + 3 + 1); all zero at first, so that G starts as the identity
    head = layers.Conv2DTranspose(
        7, 2, strides=2, kernel_initializer="zeros", dtype="float32", name="head"
    )(x)
    paint, correction, mask = ops.split(head, [3, 6], axis=-1)
    return [paint, correction, mask - 2.0]  # damage is rare: start at sigmoid(-2)


def build_repairer(widths=WIDTHS, blocks=BLOCKS, dtype=None) -> keras.Model:
    """Build the generator: a U-Net whose way down is fixed and whose way up learns.

    The head answers with a paint p, a correction c and the logits of a damage mask m:

        repaired = damaged + gate p + c

    What is painted has to be found first (`open_gate`); c, against grain and blur, is
    small and everywhere.  Put together they are in `compose`.

    Args:
        widths: channels of the decoder's levels, from the shallowest to the deepest;
            four of them make the total stride STRIDE.
        blocks: residual blocks of each level.
        dtype: the layers' precision, such as "mixed_bfloat16".

    Returns:
        A model of [damaged (B, H, W, 3) in [-1, 1], marked (B, H, W, 1), 1 where the
        owner says that there is damage, fidelity (B, 1) in [0, 1]] -> [paint (B, H, W,
        3), correction (B, H, W, 3), mask logits (B, H, W, 1)], float32; H and W
        multiples of STRIDE.  Only the layer "decoder" has weights that train.
    """
    damaged = keras.Input((None, None, 3), name="damaged")
    marked = keras.Input((None, None, 1), name="marked")
    fidelity = keras.Input((1,), name="fidelity")
    decoder = build_decoder(widths, blocks, dtype)
    seen = features.encoder(dtype or "float32")(damaged)
    answer = decoder([*seen, damaged, marked, fidelity])
    return keras.Model([damaged, marked, fidelity], answer, name="repairer")


def compose(damaged, paint, correction, gate):
    """Put a repair together: damaged + gate * paint + correction, not clipped.

    Args:
        damaged: (B, H, W, 3) in [-1, 1]; so are paint and correction.
        paint: what to lay where there is damage.
        correction: what to change everywhere.
        gate: (B, H, W, 1) in [0, 1].
    """
    return damaged + gate * paint + correction


def open_gate(logits):
    """Give how much paint a mask's logits m let through: sigmoid(GATE m - GATE).

    The gate is steeper than the mask and opens at m = 1, where damage has become about
    as likely as not (`mask_loss` overrates it).  Under a gate that was the mask itself,
    a button with sigmoid(m) = 1/3 lost a third of its light.
    """
    return ops.sigmoid(GATE * logits - GATE)


# --- The discriminator -------------------------------------------------------------


def build_discriminator(widths=(48, 96, 192), dtype=None) -> keras.Model:
    """Build the patch discriminator: which patches of a candidate are real?

    It sees the damaged photo beside the candidate, so it can ask whether this is an
    answer to *this* photo (Isola et al. 2017, arXiv:1611.07004).  Every convolution is
    held to spectral norm 1 (Miyato et al. 2018, arXiv:1802.05957).

    Args:
        widths: channels of the levels, each of which halves the picture.
        dtype: the layers' precision.

    Returns:
        A model [damaged (B, H, W, 3), candidate (B, H, W, 3)] -> logits (B, h, w, 1).
    """

    def convolve(x, width, strides, name):
        kernel = 4 if strides == 2 else 3
        return SpectralConv2D(
            width, kernel, strides=strides, padding="same", dtype=dtype, name=name
        )(x)

    damaged = keras.Input((None, None, 3), name="damaged")
    candidate = keras.Input((None, None, 3), name="candidate")
    x = layers.Concatenate(name="pair")([damaged, candidate])  # (B, H, W, 6)
    for level, width in enumerate(widths):
        x = convolve(x, width, 2, f"patch{level}")
        x = layers.LeakyReLU(0.2, dtype=dtype, name=f"leaky{level}")(x)
    x = convolve(x, widths[-1], 1, "patch")
    x = layers.LeakyReLU(0.2, dtype=dtype, name="leaky")(x)
    x = convolve(x, 1, 1, "logits")  # (B, H/8, W/8, 1)
    x = layers.Activation("linear", dtype="float32", name="as_float32")(x)
    return keras.Model([damaged, candidate], x, name="discriminator")


# --- The toner: colour and contrast ------------------------------------------------


def build_reader(width: int = 32, dropout: float = 0.0) -> keras.Model:
    """Build what of the toner learns: fifteen numbers from a thumbnail and its sight.

    Args:
        width: channels of the first level.
        dropout: share of the inputs of each of the last two dense layers that are left
            out in training.

    Returns:
        A model of [thumbnail (B, 96, 96, 3) in [-1, 1], the encoder's last activation
        (B, 6, 6, 112)] -> (B, 3, 5), as of `build_toner`.
    """
    thumbnail = keras.Input((THUMBNAIL, THUMBNAIL, 3), name="thumbnail")
    channels = features.encoder().outputs[-1].shape[-1]
    seen = keras.Input(
        (THUMBNAIL // STRIDE, THUMBNAIL // STRIDE, channels), name="seen"
    )
    x = thumbnail
    for level in range(5):  # (B, 48, 48, w) .. (B, 3, 3, 4 w)
        if level == 4:
            x = layers.Concatenate(name="both")([x, seen])
        x = layers.Conv2D(
            width * 2 ** min(level, 2),
            3,
            strides=2,
            padding="same",
            activation="gelu",
            name=f"tone{level}",
        )(x)
    mean = layers.GlobalAveragePooling2D(name="mean")(seen)
    x = layers.Concatenate(name="all")([layers.Flatten(name="flat")(x), mean])
    forget = layers.Dropout(dropout) if dropout else lambda x: x
    x = layers.Dense(128, activation="gelu", name="hidden")(forget(x))
    x = forget(x)
    x = layers.Dense(15, kernel_initializer="zeros", name="numbers")(x)
    tone = layers.Reshape((3, 5), name="tone")(x)
    tone = tone + np.eye(3, 5, dtype="float32")
    return keras.Model([thumbnail, seen], tone, name="reader")


def build_toner(width: int = 32, dropout: float = 0.0) -> keras.Model:
    """Build the network that reads a thumbnail and answers with fifteen numbers.

    Args:
        width: as for `build_reader`.
        dropout: as for `build_reader`.

    Returns:
        A model (B, 96, 96, 3) in [-1, 1] -> (B, 3, 5), a row for each channel: a
        matrix, an offset and the logarithm to base 2 of a power, as `apply_tone` takes
        them.  Before training: the identity.  Only the layer "reader" has weights that
        train.
    """
    thumbnail = keras.Input((THUMBNAIL, THUMBNAIL, 3), name="thumbnail")
    seen = features.encoder()(thumbnail)[-1]
    answer = build_reader(width, dropout)([thumbnail, seen])
    return keras.Model(thumbnail, answer, name="toner")


def learned(repairer: keras.Model, toner: keras.Model) -> list[keras.Model]:
    """Give what of the two networks was learned here, and is stored."""
    return [repairer.get_layer("decoder"), toner.get_layer("reader")]


def apply_tone(pictures, tone):
    """Raise each channel to a power, then mix the channels.

    A dye that faded to a share k of its density turned light x into about x^k, and a
    film exposed too little turned it into about x^k with k > 1.  A power undoes both.
    With x in [0, 1], powers 2^g, matrix M and offset b:

        y = M x^(2^g) + b

    Args:
        pictures: (B, H, W, 3) in [-1, 1].
        tone: (B, 3, 5); in row d, the weights of M, the offset b_d and g_d.  M and b
            act on values in [-1, 1].

    Returns:
        (B, H, W, 3), not clipped.
    """
    light = ops.clip((pictures + 1.0) / 2.0, 1e-4, 1.0)
    powers = ops.exp2(ops.clip(tone[:, :, 4], -2.0, 2.0))[:, None, None, :]
    curved = 2.0 * ops.power(light, powers) - 1.0  # (B, H, W, 3)
    mixed = ops.einsum("bhwc,bdc->bhwd", curved, tone[:, :, :3])
    return mixed + tone[:, None, None, :, 3]


# --- Training ----------------------------------------------------------------------


def mask_loss(truth, logits, positive_weight: float = 3.0):
    """Binary cross-entropy of the damage mask; damage is rare, so it weighs more.

    Args:
        truth: (B, H, W, 1) in [0, 1].
        logits: (B, H, W, 1).
        positive_weight: the weight of a damaged pixel.
    """
    found = positive_weight * truth * ops.softplus(-logits)
    return ops.mean(found + (1.0 - truth) * ops.softplus(logits))


def repair_loss(target, mask, repaired, logits, damage_weight: float = 3.0):
    """Charbonnier distance, weighted in the damage, + mask cross-entropy.

    Args:
        target: (B, H, W, 3) in [-1, 1].
        mask: (B, H, W, 1) in [0, 1].
        repaired: (B, H, W, 3).
        logits: of the mask, (B, H, W, 1).
        damage_weight: how many times as much a damaged pixel counts as a sound one.
    """
    weight = 1.0 + (damage_weight - 1.0) * mask
    distance = losses.charbonnier(repaired, target, weight=weight, eps=0.01)
    return distance + mask_loss(mask, logits)


def scale_gradient(x, weight):
    """Give x as it is, but its gradient times a weight that broadcasts against it."""
    fixed = ops.stop_gradient(x)
    return fixed + weight * (x - fixed)


def picture_rms(x, y):
    """Give the mean over pictures of each one's root mean square error.

    Args:
        x: pictures (B, H, W, C) in [-1, 1]; the error is that of pictures in [0, 1].
        y: pictures of the same shape.
    """
    squared = ops.mean(ops.square((x - y) / 2), axis=(1, 2, 3))  # (B,)
    return ops.mean(ops.sqrt(squared + 1e-5))


class RepairTrainer:
    """Phase 1: the repairer alone, supervised.

    The paint is laid behind the *true* mask, so that it is learned from the first step
    on; behind the network's own it would get no gradient until the mask is sure, and
    the mask none to be sure of until there is paint.  A repairer that is not `masked`
    paints everywhere: the control without a mask.
    """

    def __init__(
        self,
        repairer: keras.Model,
        steps: int,
        peak: float = 1e-3,
        masked: bool = True,
    ):
        self.repairer, self.masked = repairer, masked
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(repairer.trainable_variables)
        decoder = repairer.get_layer("decoder")
        self.average = training.ExponentialMovingAverage(decoder, 0.999)
        self.state = [repairer, self.optimizer, self.average]

    def step(self, damaged, target, mask, marked, fidelity):
        """Do one step on a batch of `pairs.repair_batches`."""

        def loss_fn():
            inputs = [damaged, marked, fidelity]
            paint, correction, logits = self.repairer(inputs, training=True)
            gate = _hidden(mask, marked) if self.masked else 1.0
            repaired = compose(damaged, paint, correction, gate)
            loss = repair_loss(target, mask, repaired, logits)
            return loss, {
                "error": ops.mean(ops.abs(repaired - target)),
                "mask": mask_loss(mask, logits),
            }

        variables = self.repairer.trainable_variables
        (loss, logs), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {"loss": loss, **logs, "untouched": ops.mean(ops.abs(damaged - target))}


def _hidden(mask, marked):
    """Tell where something is hidden or said to be, 0 or 1; all (B, H, W, 1)."""
    return ops.maximum(ops.cast(mask > 0.1, "float32"), marked)


class AdversarialTrainer:
    """Phase 2: repairer against discriminator, after the repairer can repair.

    With phi the fidelity of a crop, L_rep its repair loss, L_per the distance of its
    VGG19 features and L_game the discriminator's opinion of it:

        L_G = L_rep + (1 - phi) (perceptual * L_per + adversarial * L_game)

    phi is drawn for each crop and told to the network, so one network learns the whole
    scale from phi = 1, the most likely value of every pixel, to phi = 0, a picture that
    looks real.  The discriminator starts `alone` steps earlier than its opinion counts:
    one that still guesses only adds noise to the repairer's gradient.  The paint now
    passes the gate that it will pass in use.  Damage weighs 1: with the 3 of phase 1,
    in which damage has to be found first, it pays to paint wherever one such pixel in
    four is damaged, and what is small, bright and real suffers.
    """

    def __init__(
        self,
        repairer: keras.Model,
        discriminator: keras.Model,
        steps: int,
        *,
        game: str = "hinge",
        adversarial: float = 0.02,
        perceptual: float = 0.5,
        masked: bool = True,
        alone: int = 300,
        peak: float = 3e-4,
        network: keras.Model,
    ):
        self.repairer, self.discriminator = repairer, discriminator
        self.game, self.network = losses.GAMES[game], network
        self.adversarial, self.perceptual = adversarial, perceptual
        self.masked, self.alone = masked, alone
        self.g_optimizer = training.adam(peak, steps)
        self.d_optimizer = training.adam(peak, steps, beta_1=0.5)
        self.g_optimizer.build(repairer.trainable_variables)
        self.d_optimizer.build(discriminator.trainable_variables)
        decoder = repairer.get_layer("decoder")
        self.average = training.ExponentialMovingAverage(decoder, 0.999)
        self.state = [
            repairer,
            discriminator,
            self.g_optimizer,
            self.d_optimizer,
            self.average,
        ]

    def step(self, damaged, target, mask, marked, fidelity):
        """Do one step of both players on a batch of `pairs.repair_batches`."""
        judge = self.discriminator
        begun = ops.cast(self.g_optimizer.iterations >= self.alone, "float32")
        freedom = (1.0 - fidelity)[:, None, None, :]  # (B, 1, 1, 1)

        def losses_fn():
            inputs = [damaged, marked, fidelity]
            paint, correction, logits = self.repairer(inputs, training=True)
            gate = ops.maximum(open_gate(logits), marked) if self.masked else 1.0
            repaired = compose(damaged, paint, correction, gate)
            supervised = repair_loss(target, mask, repaired, logits, 1.0)
            free = scale_gradient(repaired, freedom)
            seen = ops.mean(features.perceptual_distance(self.network, free, target))
            real = judge([damaged, target], training=True)
            fake = judge([damaged, free], training=True)
            opinion = self.game.generator(real, fake)
            d_loss = self.game.discriminator(real, fake)
            g_loss = supervised + self.perceptual * seen
            g_loss = g_loss + begun * self.adversarial * opinion
            logs = {
                "supervised": supervised,
                "perceptual": seen,
                "d_real": ops.mean(real),
                "d_fake": ops.mean(fake),
            }
            return (g_loss, d_loss), logs

        players = [self.repairer.trainable_variables, judge.trainable_variables]
        (both, logs), gradients = engine.value_and_grads(losses_fn, players)
        self.g_optimizer.apply(gradients[0], players[0])
        self.d_optimizer.apply(gradients[1], players[1])
        self.average.update()
        return {"g_loss": both[0], "d_loss": both[1], **logs}


class RatioTrainer:
    """Phase 3: the repairer alone again, every picture's error counting by its ratio.

    PSNR is a logarithm: 1 dB is the same share of the error in a picture that is nearly
    right and in one that is far off.  A mean of distances is ruled by those that are
    far off; what a network gets wrong in sound places it hardly hears of.  So, with
    e the mean square error of a crop, e_in that of its hidden pixels, d the distance of
    its VGG19 features and L_mask the mask's cross-entropy,

        L = mean over crops of (1/2 log(e + 1e-5) + 2/5 log(e_in + 3e-4)
            + 3/10 (1 - phi) log(d + 0.005)) + 8 L_mask .

    The errors are those of pictures in [0, 1]; the constants keep a perfect crop from
    ruling the rest.  e_in counts in crops with more than 20 hidden pixels.  In half of
    the crops the paint passes behind the true mask as well, so that what can be painted
    is learned apart from what is found; there d is taken, of LOOK x LOOK pixels, since
    the features cost most.
    """

    def __init__(
        self, repairer: keras.Model, steps: int, network: keras.Model, peak=4e-4
    ):
        self.repairer, self.network = repairer, network
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(repairer.trainable_variables)
        decoder = repairer.get_layer("decoder")
        self.average = training.ExponentialMovingAverage(decoder, 0.998)
        self.state = [repairer, self.optimizer, self.average]

    def step(self, damaged, target, mask, marked, fidelity):
        """Do one step on a batch of `pairs.repair_batches`."""
        half = damaged.shape[0] // 2
        told = ops.concatenate([_hidden(mask, marked)[:half], marked[half:]])

        def loss_fn():
            inputs = [damaged, marked, fidelity]
            paint, correction, logits = self.repairer(inputs, training=True)
            gate = ops.maximum(open_gate(logits - 0.5), told)
            repaired = compose(damaged, paint, correction, gate)
            whole, inside, counts = picture_errors(repaired, target, mask)
            seen = self._look(repaired[:half], target[:half])
            free = 1.0 - fidelity[:half, 0]
            found = mask_loss(mask, logits)
            loss = 0.5 * ops.mean(ops.log(whole + 1e-5)) + 8.0 * found
            loss = loss + 0.4 * ops.mean(counts * ops.log(inside + 3e-4))
            loss = loss + 0.3 * ops.mean(free * ops.log(seen + 0.005))
            psnr = -10 / math.log(10) * ops.mean(ops.log(whole + 1e-5))
            return loss, {"psnr": psnr, "mask": found, "seen": ops.mean(seen)}

        variables = self.repairer.trainable_variables
        (loss, logs), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        before, *_ = picture_errors(damaged, target, mask)
        untouched = -10 / math.log(10) * ops.mean(ops.log(before + 1e-5))
        return {"loss": loss, **logs, "untouched": untouched}

    def _look(self, repaired, target):
        both = (x[:, :LOOK, :LOOK] for x in (repaired, target))
        return features.perceptual_distance(self.network, *both)


def picture_errors(pictures, target, mask):
    """Give each picture's mean square error, whole and where it was hidden.

    Args:
        pictures: (B, H, W, 3) in [-1, 1]; they are clipped first, as a result is.
        target: of the same shape.  The errors are those of pictures in [0, 1].
        mask: (B, H, W, 1) in [0, 1]; hidden is what lies above one half.

    Returns:
        The error of the whole, that inside the mask, and 1 where more than 20 pixels
        are hidden, else 0; (B,) each.
    """
    square = ops.square((ops.clip(pictures, -1.0, 1.0) - target) / 2)
    error = ops.mean(square, axis=-1, keepdims=True)  # (B, H, W, 1)
    hidden = ops.cast(mask > 0.5, "float32")
    area = ops.sum(hidden, axis=(1, 2, 3))
    inside = ops.sum(hidden * error, axis=(1, 2, 3)) / (area + 1.0)
    return ops.mean(error, axis=(1, 2, 3)), inside, ops.cast(area > 20, "float32")


class ToneTrainer:
    """The toner, supervised: thumbnails of faded photographs and the same unfaded.

    L = mean over pictures of the root of a picture's mean squared error, in [0, 1].
    The mean absolute error would be least at the median answer.  Fading errs both ways,
    so that is the identity, and a toner trained on it did nothing.  The squared error
    is ruled by the few worst pictures, and the sound ones suffer.
    """

    def __init__(self, toner: keras.Model, steps: int, peak: float = 1e-3):
        self.toner = toner
        self.optimizer = training.adam(peak, steps)
        self.optimizer.build(toner.trainable_variables)
        reader = toner.get_layer("reader")
        self.average = training.ExponentialMovingAverage(reader, 0.999)
        self.state = [toner, self.optimizer, self.average]

    def step(self, faded, clean):
        """Do one step on thumbnails, both (B, 96, 96, 3) in [-1, 1]."""

        def loss_fn():
            toned = apply_tone(faded, self.toner(faded, training=True))
            return picture_rms(ops.clip(toned, -1.0, 1.0), clean), {}

        variables = self.toner.trainable_variables
        (loss, _), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {"loss": loss, "untouched": picture_rms(faded, clean)}


@dataclasses.dataclass(frozen=True)
class Preset:
    """How long and how large to train: the phases one after the other."""

    repair_steps: int
    adversarial_steps: int
    tone_steps: int
    batch: int
    crop: int  # pixels
    view: int  # pixels
    ratio_steps: int = 0  # 0 leaves phase 3 out
    widths: tuple[int, ...] = WIDTHS
    blocks: tuple[int, ...] = BLOCKS
    dtype: str = "mixed_bfloat16"
    adversarial: float = 0.02  # weight of the game in phase 2; 0 is a control
    perceptual: float = 0.5  # weight of the perceptual term in phase 2
    masked: bool = True  # False lets paint through everywhere
    old: bool = True  # train on really old photographs as well
    bundled: bool = False  # train on the shipped pictures alone


PRESETS = {
    "smoke": Preset(
        12, 8, 12, 4, 32, 48, 8, (4, 8, 8, 8), (1,) * 4, "float32", bundled=True
    ),
    "small": Preset(
        6_000, 2_000, 2_000, 16, 96, 192, 0, (16, 32, 64, 96), (1, 1, 1, 2)
    ),
    "base": Preset(12_000, 3_000, 6_000, 48, 160, 320, 6_000),
    "large": Preset(
        40_000, 8_000, 10_000, 48, 192, 384, 12_000, (48, 96, 192, 320), (2, 2, 3, 4)
    ),
}

# The sets that are trained on, with their shares; the rest are bundled pictures.
SETS = {"portraits": 0.35, "met-paintings": 0.1, "wallpapers": 0.15, "scenes": 0.1}
# Really old photographs.  Whatever is on them counts as sound, so that buttons, stakes
# and glints are learned for what they are; some real dust as well.
OLD_SETS = {"documerica": 0.11, "fsa-owi": 0.14}
# Varnish darkened the paintings: from them the toner would learn that dark is right.
# The dyes of `fsa-colour` keep in the dark, where they were kept; their mounts are cut.
TONE_SETS = {
    "portraits": 0.25,
    "scenes": 0.25,
    "fsa-colour": 0.2,
    "desktops": 0.2,
    "wallpapers": 0.1,
}
TONE_TRIM = 0.04
TONE_BATCH = 64
TONE_DROPOUT = 0.3


def training_pictures(
    preset: Preset, sets: dict[str, float], longest: int = 1200, trim: float = 0.0
) -> pairs.CleanPictures:
    """Read the clean pictures that a preset trains on, without any test picture.

    Args:
        preset: a bundled one reads the bundled pictures alone.
        sets: names of sets and their shares of the views.
        longest: larger pictures are reduced to this side, pixels.
        trim: as for `pairs.CleanPictures`.
    """
    shipped = [(0.05, collections.bundled("modern"))]
    if preset.bundled:
        return pairs.CleanPictures(shipped, min(longest, 320), trim)
    groups = [(w, collections.files(name, split="train")) for name, w in sets.items()]
    return pairs.CleanPictures(groups + shipped, longest, trim)


def train(
    preset: str | Preset,
    folder: str | Path,
    *,
    resume: bool = False,
    progress: bool = True,
    seed: int = 0,
    processes: int = 0,
) -> dict:
    """Train the three networks; keep checkpoints, histories and weights in `folder`.

    Args:
        preset: one of PRESETS, or its name.
        folder: one sub-folder a phase (repair, adversarial, tone), and the weights.
        resume: go on where a run in that folder was cut off.
        progress: show bars on a terminal.
        seed: of the initial weights and of the data.
        processes: that prepare the batches; 0 leaves them to two threads, which is
            enough for a CPU.  The batches are the same.

    Returns:
        The manifest's record of the weights written to `folder`.

    Raises:
        ValueError: the preset is unknown.
        FileExistsError: the folder holds a run and `resume` is False.
    """
    (plan, name), folder = training.chosen(preset, PRESETS), Path(folder)
    how = {"resume": resume, "progress": progress, "processes": processes}
    keras.utils.set_random_seed(seed)
    repairer = _train_repairer(plan, folder, seed, how)
    toner = _train_toner(plan, folder, seed, how)
    return pretrained.save(
        "restoration",
        learned(repairer, toner),
        folder,
        what=f"restoration, preset {name}, seed {seed}",
    )


def _train_toner(plan, folder, seed, how):
    """Train it; give a toner without dropout, with the average of its weights."""
    trainer = ToneTrainer(build_toner(dropout=TONE_DROPOUT), plan.tone_steps)
    pictures = training_pictures(plan, TONE_SETS, longest=480, trim=TONE_TRIM)
    thumbnails = pairs.tone_batches(pictures, TONE_BATCH, seed + 2)
    training.fit(trainer, thumbnails, plan.tone_steps, folder / "tone", **how)
    toner = build_toner()
    toner.get_layer("reader").set_weights(trainer.average.model.get_weights())
    return toner


def _train_repairer(plan, folder, seed, how):
    """Train in two phases; give the repairer with the average of its weights."""
    repairer = build_repairer(plan.widths, plan.blocks, plan.dtype)
    sets = SETS | OLD_SETS if plan.old else SETS
    pictures = training_pictures(plan, sets)
    shape = plan.batch, plan.crop

    data = pairs.repair_batches(pictures, *shape, seed, plan.view, hard=1.0)
    first = RepairTrainer(repairer, plan.repair_steps, masked=plan.masked)
    training.fit(first, data, plan.repair_steps, folder / "repair", **how)
    _take_average(repairer, first)

    data = pairs.repair_batches(pictures, *shape, seed + 1, plan.view, hard=0.5)
    second = AdversarialTrainer(
        repairer,
        build_discriminator(dtype=plan.dtype),
        plan.adversarial_steps,
        adversarial=plan.adversarial,
        perceptual=plan.perceptual,
        masked=plan.masked,
        alone=plan.adversarial_steps // 8,
        network=features.vgg19(FEATURES, dtype=plan.dtype),
    )
    where = folder / "adversarial"
    training.fit(second, data, plan.adversarial_steps, where, **how)
    _take_average(repairer, second)
    if not plan.masked:
        _paint_everywhere(repairer)
    elif plan.ratio_steps:
        third = RatioTrainer(repairer, plan.ratio_steps, second.network)
        data = ratio_batches(pictures, plan, seed + 3)
        training.fit(third, data, plan.ratio_steps, folder / "ratio", **how)
        _take_average(repairer, third)
    return repairer


def ratio_batches(pictures: pairs.CleanPictures, plan: Preset, seed: int):
    """Make batches of crops for phase 3, of views in three sizes by turns.

    Seven views in ten are hard, and one in three has damage of no kind on top.

    Args:
        pictures: where the views come from.
        plan: its views are the middle size.
        seed: of the whole run.

    Returns:
        A function of the step, as of `pairs.repair_batches`.
    """
    kinds = [
        pairs.repair_batches(
            pictures, plan.batch, plan.crop, seed, view, 0.7, crops, strange=0.35
        )
        for view, crops in (
            (round(0.7 * plan.view), 2),
            (plan.view, 2),
            (round(1.6 * plan.view), 4),
        )
    ]
    return lambda step: kinds[step % 3](step)


def _take_average(repairer, trainer):
    averages = trainer.average.model.get_weights()
    repairer.get_layer("decoder").set_weights(averages)


def _paint_everywhere(repairer):
    """Make the paint a part of the correction, which passes no gate."""
    head = repairer.get_layer("decoder").get_layer("head")
    kernel, bias = head.get_weights()  # (2, 2, 7, C), (7,)
    kernel[:, :, 3:6] += kernel[:, :, :3]
    bias[3:6] += bias[:3]
    kernel[:, :, :3], bias[:3] = 0.0, 0.0
    head.set_weights([kernel, bias])


# --- Use ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Restorer:
    """The two trained networks that a restoration needs, and where they come from."""

    repairer: keras.Model
    toner: keras.Model
    record: dict  # of the weights, from their manifest


@dataclasses.dataclass(frozen=True)
class Restored:
    """A restored photograph and what was done to it.

    Attributes:
        photo: the result, with the original's profile, EXIF, alpha and bit depth, and
            with pixels of the same type.  A grey one that was coloured has three
            channels and no profile.
        mask: probability of structural damage, (H, W) float32 in [0, 1]; uint8 from 0
            to 255 where the photograph holds levels.  What was given, if it was.
        damaged: the mean of the mask, in [0, 1].
        changed: share of the pixels that differ from the original, in [0, 1].
        tone: what was applied, (3, 5), see `apply_tone`; None where it was left alone.
        mode: one of MODES.
        weights: the manifest's record of the weights used.
        runtime: what ran the repairer, of `runtimes.RUNTIMES`.
        precision: in which it computed, "float32" or "bfloat16".
        colours: the manifest's record of the network that coloured it; None where none
            did.
    """

    photo: Photo
    mask: np.ndarray
    damaged: float
    changed: float
    tone: np.ndarray | None
    mode: str
    weights: dict
    runtime: str
    precision: str
    colours: dict | None = None


def load_restorer(folder: Path = arrays.WEIGHTS) -> Restorer:
    """Load trained networks of any size, by default those that the package ships.

    Args:
        folder: where `train` left them.

    Raises:
        ValueError: the folder holds no such weights, or they are damaged or of another
            architecture.
    """
    sizes = {k: a.shape for k, a in arrays.read_arrays("restoration", folder).items()}
    levels = range(len(WIDTHS))
    try:
        widths = [sizes[f"decoder/enter{n}/kernel"][-1] for n in levels]
        toner = build_toner(sizes["reader/tone0/kernel"][-1])
    except KeyError as error:
        raise ValueError(
            f"Expected weights of this version's networks. Received: {folder} without "
            f"{error}, weights of another architecture"
        ) from error
    blocks = [
        sum(f"decoder/block{n}_{k}_a/kernel" in sizes for k in range(99))
        for n in levels
    ]
    repairer = build_repairer(widths, blocks)
    record = pretrained.load("restoration", learned(repairer, toner), folder)
    return Restorer(repairer, toner, record)


def repair(
    pixels: np.ndarray,
    repairer: keras.Model | Callable,
    progress: Callable[[float], None] | None = None,
    *,
    fidelity: float = 0.0,
    given: np.ndarray | None = None,
    out: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Repair a picture of any size, window by window.

    Where the mask is in doubt, nothing is changed; how much doubt is too much depends
    on the photograph (`caution`).  A mask that is given is not in doubt: the network is
    told of it, paints there, and paints nowhere else.

    Args:
        pixels: (H, W, C) in [0, 1] or levels, C = 1 or 3.
        repairer: the generator, or what `runtimes.compiled` made of it.
        progress: called with the finished share.
        fidelity: from 0, a picture that looks real, to 1, the most likely value of
            each pixel.
        given: where the damage is, (H, W) bool, instead of asking the network.
        out: arrays to write the answers into, as `tiling.apply` takes them; levels are
            written into uint8 and uint16.

    Returns:
        The repaired pixels, (H, W, C) in [0, 1], and the damage mask, (H, W).
    """

    def finding(cut):  # (h, w, C) -> (h, w, C), (h, w)
        paint, correction, logits = _ask(cut, repairer, fidelity)
        logits = logits - shift
        gate = _sigmoid(GATE * (logits - 1.0))
        repaired = from_levels(cut) + gate[..., None] * paint + correction
        return kept(repaired, _sigmoid(logits))

    def told(cut, marks):  # (h, w, C), (h, w, 1) -> (h, w, C), (h, w)
        marks = marks.astype(np.float32)
        paint, correction, _ = _ask(cut, repairer, fidelity, marks)
        near = _spread(marks[..., 0])[..., None]  # a mask is seldom drawn generously
        return kept(from_levels(cut) + near * paint + correction, marks[..., 0])

    def kept(repaired, mask):
        answers = np.clip(repaired, 0, 1, dtype=np.float32), mask
        kinds = [a.dtype for a in out or answers]
        return tuple(map(to_levels, answers, kinds))

    size = {"tile": TILE, "halo": HALO, "multiple": STRIDE}
    if given is not None:
        inputs = pixels, given[..., None]
        return tiling.apply(told, *inputs, **size, progress=progress, out=out)
    if max(pixels.shape[:2]) <= VIEW:  # the one view will be the one window
        repairer = _remembering(repairer)
    shift = caution(pixels, repairer, fidelity)
    return tiling.apply(finding, pixels, **size, progress=progress, out=out)


def caution(pixels: np.ndarray, repairer: keras.Model, fidelity: float = 0.0) -> float:
    """Say by how much a mark in this photograph must be surer than in training.

    In the training views one pixel in twenty is damaged, in a well-kept photograph one
    in a thousand, and most of the few marks in it are mistakes.  By Bayes' rule, log
    odds shift by the logarithm of the ratio of the two shares.  The share is counted
    in up to nine views, spread evenly over the photograph.  From a share of WORN on,
    the photograph is taken for one as damaged as those of the training.  The numbers
    are chosen by `benchmarks/caution.py`.

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        repairer: the generator.
        fidelity: as for `repair`.

    Returns:
        What to take from the mask's logits: from the second of CAUTION, where much is
        marked, to the first, where nothing is.
    """

    def logits(cut):  # (h, w, C) -> (h, w)
        return (_ask(cut, repairer, fidelity)[2],)

    marked, seen = 0, 0
    for top in _starts(pixels.shape[0]):
        for left in _starts(pixels.shape[1]):
            view = pixels[top : top + VIEW, left : left + VIEW]
            size = {"tile": TILE, "halo": HALO, "multiple": STRIDE}
            (found,) = tiling.apply(logits, view, **size)
            marked, seen = marked + np.sum(found > 1.0), seen + found.size
    sound, worn = CAUTION
    return float(worn + (sound - worn) * max(0.0, 1.0 - marked / seen / WORN))


def _starts(length: int) -> np.ndarray:
    return np.linspace(0, max(0, length - VIEW), min(3, -(-length // VIEW)), dtype=int)


def _ask(cut, repairer, fidelity, marks=None):
    """Ask the repairer about pixels (h, w, C): in units of [0, 1], as `compose` means.

    Returns:
        paint (h, w, C), correction (h, w, C) and mask logits (h, w).
    """
    colour = np.broadcast_to(to_network(cut), (*cut.shape[:2], 3))
    marks = np.zeros((*cut.shape[:2], 1), np.float32) if marks is None else marks
    inputs = [colour[None], marks[None], np.full((1, 1), fidelity, np.float32)]
    *changes, logits = (x[0] for x in engine.predict(repairer, inputs))
    if cut.shape[-1] == 1:
        changes = [x.mean(axis=-1, keepdims=True) for x in changes]
    return *(x / 2 for x in changes), logits[..., 0]


def _remembering(repairer):
    """Ask a repairer once where it is asked the same twice in succession."""
    known = []  # the inputs and the outputs

    def ask(inputs):
        if not known or not all(map(np.array_equal, known[0], inputs)):
            known[:] = inputs, engine.predict(repairer, inputs)
        return known[1]

    return ask


def _spread(marks, reach=2):
    """Let marks (h, w) reach a little further, and fade there."""
    side = 2 * reach + 1
    return cv2.GaussianBlur(cv2.dilate(marks, np.ones((side, side))), (side, side), 0)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * logits) + 1.0)


def read_tone(pixels: np.ndarray, toner: keras.Model) -> np.ndarray:
    """Ask the toner what a photograph needs: (3, 5), as `apply_tone` takes it.

    A photograph in one ink has no colours that a matrix could set right, and a guess
    tints it: a brown print came out blue.  So its three rows become their mean, and
    the result a neutral grey.

    A photograph and its mirror image have faded alike.  So the toner is asked twice,
    and the two answers are averaged; with delta the root mean square of the change that
    their mean makes to the thumbnail, in [0, 1], and apart that of the difference of
    the two answers, only the share 1 - (apart / delta)^2 of the change is believed.
    (By chance alone a mean of two is off by apart / 2; this is stricter on purpose.)

    What the toner sees in a sound photograph is mostly noise of its own.  So what is
    believed is shrunk by the firm rule (Gao and Bruce 1997, "WaveShrink with firm
    shrinkage"): with d the size of what is believed, delta times that share, and DOUBT
    = (a, b), d becomes 0 below a, stays d above b, and is b (d - a) / (b - a) between.
    """
    small = from_levels(pairs.thumbnail(pixels))  # (96, 96, 3)
    tones = engine.predict(toner, to_network(np.stack([small, small[:, ::-1]])))
    rest = np.eye(3, 5, dtype=np.float32)
    if is_one_ink(small):
        tones, rest = (t.mean(axis=-2, keepdims=True) for t in (tones, rest))
        tones, rest = tones.repeat(3, axis=-2), rest.repeat(3, axis=-2)
    tone = tones.mean(axis=0)
    delta = _rms(retone(small, tone) - retone(small, rest))
    apart = _rms(np.subtract(*(retone(small, one) for one in tones)))
    believed = max(0.0, 1.0 - (apart / delta) ** 2)
    return rest + believed * _firm(believed * delta) * (tone - rest)


def _rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)) + 1e-12))


def _firm(delta: float) -> float:
    """Give the share of a change of size delta that is made."""
    low, high = DOUBT
    wanted = np.clip(high * (delta - low) / (high - low), 0.0, min(delta, high))
    return float(wanted / delta) if 0.0 < delta < high else float(delta > 0.0)


def is_one_ink(pixels: np.ndarray, tolerance: float = 0.03) -> bool:
    """Tell whether a photograph is black and white, on whatever coloured paper.

    Then each channel is a function of the brightness.  A cubic is fitted to each; what
    it leaves must be less than `tolerance` times the spread of the brightness.  True
    of 9 of the 10 photographs of 1850-1940 in the `getty` set, and of 1 of 34 slides of
    `documerica`, 1 of 539 of `fsa-colour` and none of 276 portraits in colour.

    Args:
        pixels: (H, W, 3) in [0, 1]; a thumbnail will do.
        tolerance: of what the fit leaves, as a share of the brightness's deviation.
    """
    colours = pixels.reshape(-1, 3).astype(np.float64)  # (N, 3)
    brightness = colours.mean(axis=1)
    powers = brightness[:, None] ** np.arange(4)  # (N, 4)
    fitted = powers @ np.linalg.lstsq(powers, colours)[0]
    left = np.sqrt(np.mean((colours - fitted) ** 2))
    return bool(left < tolerance * brightness.std())


def retone(pixels: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Apply what `read_tone` gives to a photograph outside networks.

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        tone: (3, 5).  A grey pixel v is taken for (v, v, v), and the mean of the answer
            for the new grey.

    Returns:
        (H, W, C) in [0, 1], float32.
    """
    colour = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
    toned = apply_tone(to_network(colour)[None], tone[None])[0]
    toned = from_network(ops.convert_to_numpy(toned))
    return toned if pixels.shape[-1] == 3 else toned.mean(axis=-1, keepdims=True)


def restore(
    photo: Photo,
    mode: str = "full",
    restorer: Restorer | None = None,
    *,
    fidelity: float = 0.0,
    mask: np.ndarray | None = None,
    area: tuple[slice, slice] | None = None,
    threshold: float = 0.5,
    progress: Callable[[float], None] | None = None,
    runtime: str = "keras",
) -> Restored:
    """Restore one photograph.

    A photograph of levels (`photos.load` with `levels`) takes, while it is restored,
    13 bytes a pixel in colour, beside the networks and one window.

    Args:
        photo: the damaged photograph, any size.
        mode: "full" repairs everywhere and restores the tone; "conservative" repairs
            inside the damage that was found and leaves every other pixel as it was,
            bit for bit; "colourise" is "full", and colours a photograph that has none.
        restorer: the networks; by default those that the package ships.
        fidelity: in [0, 1]; 0 gives a picture that looks real, 1 the most likely value
            of each pixel, which is smoother.
        mask: where the damage is, (H, W) bool, if you know it: then this is repaired,
            whatever the network would have found.
        area: rows and columns of the picture, as `scans.find_picture` gives them; what
            lies outside is neither looked at nor changed.  By default all.
        threshold: probability from which a pixel counts as damaged, conservative mode.
        progress: called with the finished share in [0, 1].
        runtime: what runs the repairer, one of `runtimes.RUNTIMES`.  The toner and the
            colouriser, which see a reduced photograph, are always run by Keras.

    Returns:
        The restored photograph, the damage mask, and what was changed.

    Raises:
        ValueError: the mode or the runtime is unknown, the fidelity is not in [0, 1],
            the mask is not one of this photograph, or a photograph with colours is to
            be coloured.
        ImportError: the runtime's package is not installed.
    """
    size, kind = photo.pixels.shape[:2], photo.pixels.dtype
    _check_wishes(mode, fidelity, mask, size)
    precision = runtimes.check(runtime)
    restorer = restorer or load_restorer()
    area = area or np.s_[:, :]
    if mode == "colourise":
        _check_one_ink(photo.pixels[area])
    pixels = photo.pixels.copy()  # of which all within the area is then replaced
    # Tones are spread after the repair: 8 bits between the two would show.
    work = np.empty(pixels.shape, np.uint16) if kind == np.uint8 else pixels
    found = np.zeros(size, np.float32 if kind == np.float32 else np.uint8)
    before, repaired, marks = photo.pixels[area], work[area], found[area]
    given = None if mask is None else mask[area]
    how = {"fidelity": fidelity, "given": given, "out": (repaired, marks)}
    repairer = runtimes.compiled(restorer.repairer, runtime)
    repair(before, repairer, progress, **how)
    tone = None if mode == "conservative" else read_tone(repaired, restorer.toner)
    changed, step = 0, 1.0 / (2**photo.bit_depth - 1)
    for rows in _bands(marks.shape[0]):  # in place, to save memory
        was, now = from_levels(before[rows]), from_levels(repaired[rows])
        if tone is None:
            now = was + _weights(marks, rows, threshold) * (now - was)
        else:
            now = retone(now, tone)
        pixels[area][rows] = to_levels(now, kind)
        changed += (np.abs(now - was).max(axis=-1) >= 0.5 * step).sum()
    restored = Restored(
        photo=dataclasses.replace(photo, pixels=pixels),
        mask=found,
        damaged=float(found.mean() / (1 if kind == np.float32 else 255)),
        changed=float(changed / found.size),
        tone=tone,
        mode=mode,
        weights=restorer.record,
        runtime=runtime,
        precision=precision,
    )
    return _coloured(photo, restored, area) if mode == "colourise" else restored


def _coloured(photo, restored, area):
    """Colour what was restored, within the area; no more is known than its light."""
    from gantools import colour

    colouriser = colour.load_colouriser()
    whole = restored.photo
    inside = dataclasses.replace(whole, pixels=whole.pixels[area], alpha=None)
    pixels = np.repeat(whole.pixels, 3, axis=2) if photo.grey else whole.pixels
    coloured = colour.colourise(inside, colouriser, out=pixels[area])
    result = dataclasses.replace(whole, pixels=pixels, icc=coloured.icc)
    return dataclasses.replace(
        restored,
        photo=result,
        changed=share_changed(photo, result),
        colours=colouriser.record,
    )


def _check_one_ink(pixels):
    if pixels.shape[-1] == 3 and not is_one_ink(from_levels(pairs.thumbnail(pixels))):
        raise ValueError(
            "Expected a photograph in black and white, or in one ink, to be coloured. "
            "Received: one with colours of its own"
        )


def _check_wishes(mode, fidelity, mask, size):
    if mode not in MODES:
        raise ValueError(f"Expected one of {MODES}. Received: {mode!r}")
    if not 0 <= fidelity <= 1:
        raise ValueError(f"Expected a fidelity in [0, 1]. Received: {fidelity}")
    if mask is not None and (mask.shape != size or mask.dtype != bool):
        raise ValueError(
            f"Expected a mask of bool of shape {size}. "
            f"Received: {mask.dtype} of shape {mask.shape}"
        )


def _bands(height: int, size: int = 64) -> list[slice]:
    return [np.s_[top : top + size] for top in range(0, height, size)]


def _weights(mask, rows, threshold):
    """Give `_paste_weight` for some rows of the mask, as if for all of it."""
    top = max(0, rows.start - RIM)
    near = from_levels(mask[top : rows.stop + RIM])
    weight = _paste_weight(near, threshold)
    return weight[rows.start - top :][: len(mask[rows])]


def _paste_weight(mask, threshold):
    """Weigh the repair: 1 inside the damage, with a rim that fades to exactly 0."""
    found = (mask > threshold).astype(np.uint8)
    grown = cv2.dilate(found, np.ones((5, 5), np.uint8)).astype(np.float32)
    return cv2.GaussianBlur(grown, (5, 5), 0)[..., None]  # (H, W, 1)
