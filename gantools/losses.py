"""Adversarial games, gradient penalties and reconstruction losses.

A game is what the two players of a GAN each minimise. Logits may have any shape, a
number per picture (B, 1) or per patch (B, H, W, 1). All is computed in float32,
whatever the precision of the networks.
"""

from collections.abc import Callable
from typing import Any, Protocol

from keras import ops

from gantools import engine

Tensor = Any


class Game(Protocol):
    """What each of the two players minimises: scalars, given both players' logits."""

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give the loss of the discriminator."""

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give the loss of the generator."""


class NonSaturating:
    """Cross-entropy for D; G maximises log D(G(z)) (arXiv 1406.2661, section 3).

    L_D = E[softplus(-D(x))] + E[softplus(D(G(z)))],  L_G = E[softplus(-D(G(z)))],
    where softplus(-t) = -log sigmoid(t). At equilibrium L_D = 2 log 2 = 1.386.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[softplus(-D(x))] + E[softplus(D(G(z)))]."""
        real, fake = _float32(real_logits), _float32(fake_logits)
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[softplus(-D(G(z)))]; the real logits are not used."""
        return ops.mean(ops.softplus(-_float32(fake_logits)))


class LeastSquares:
    """Real pictures score 1, fakes 0, by squared error (LSGAN, arXiv 1611.04076).

    L_D = (E[(D(x) - 1)^2] + E[D(G(z))^2]) / 2,  L_G = E[(D(G(z)) - 1)^2] / 2.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give (E[(D(x) - 1)^2] + E[D(G(z))^2]) / 2."""
        real, fake = _float32(real_logits), _float32(fake_logits)
        return 0.5 * (ops.mean(ops.square(real - 1)) + ops.mean(ops.square(fake)))

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[(D(G(z)) - 1)^2] / 2; the real logits are not used."""
        return 0.5 * ops.mean(ops.square(_float32(fake_logits) - 1))


class Hinge:
    """D is content with a margin of 1; G pushes without bound (arXiv 1705.02894).

    L_D = E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))],  L_G = -E[D(G(z))].
    A discriminator that says 0 everywhere has L_D = 2.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]."""
        real, fake = _float32(real_logits), _float32(fake_logits)
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give -E[D(G(z))]; the real logits are not used."""
        return -ops.mean(_float32(fake_logits))


class Relativistic:
    """Each fake is judged against the real it is paired with (arXiv 2501.05441).

    L_D = E[softplus(D(G(z)) - D(x))],  L_G = E[softplus(D(x) - D(G(z)))], pairs by
    position in the batch. Used with `r1_penalty` and `r2_penalty`, without which it
    need not converge.
    """

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[softplus(D(G(z)) - D(x))]."""
        real, fake = _pair(real_logits, fake_logits)
        return ops.mean(ops.softplus(fake - real))

    def generator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Give E[softplus(D(x) - D(G(z)))]."""
        real, fake = _pair(real_logits, fake_logits)
        return ops.mean(ops.softplus(real - fake))


GAMES: dict[str, Game] = {
    "non-saturating": NonSaturating(),
    "least-squares": LeastSquares(),
    "hinge": Hinge(),
    "relativistic": Relativistic(),
}


def r1_penalty(discriminator: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Give E[|grad_x D(x)|^2] on real pictures (arXiv 1801.04406), without gamma / 2.

    Args:
        discriminator: a function from pictures to logits. With batch normalisation
            a sample's gradient would also hold that of its neighbours.
        real: pictures (B, H, W, C).

    Returns:
        A scalar: the squared norm of each sample's gradient, averaged over samples.
    """
    slope = _float32(engine.input_gradient(discriminator, real))  # (B, H, W, C)
    axes = tuple(range(1, len(slope.shape)))
    return ops.mean(ops.sum(ops.square(slope), axis=axes))


def r2_penalty(discriminator: Callable[[Tensor], Tensor], fake: Tensor) -> Tensor:
    """Give E[|grad D(G(z))|^2]: as `r1_penalty`, on generated pictures."""
    return r1_penalty(discriminator, ops.stop_gradient(ops.convert_to_tensor(fake)))


def charbonnier(
    x: Tensor, y: Tensor, weight: Tensor | None = None, eps: float = 1e-3
) -> Tensor:
    """Give E[w sqrt((x - y)^2 + eps^2)]: |x - y| made smooth at zero.

    It follows Charbonnier et al., "Two deterministic half-quadratic regularization
    algorithms for computed imaging", ICIP 1994.

    Args:
        x: pictures (B, H, W, C).
        y: pictures of the same shape.
        weight: broadcast against them, for example (B, H, W, 1); not normalised.
        eps: where the curve turns from square to linear; above 0, since the root has
            no derivative at 0.

    Raises:
        ValueError: `x` and `y` differ in shape, which would broadcast unnoticed.
    """
    _check_same_shape(x, y)
    distance = ops.sqrt(ops.square(_float32(x) - _float32(y)) + eps**2)
    if weight is not None:
        distance = distance * _float32(weight)
    return ops.mean(distance)


def _float32(x: Tensor) -> Tensor:
    return ops.cast(x, "float32")


def _pair(real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    _check_same_shape(real_logits, fake_logits)
    return _float32(real_logits), _float32(fake_logits)


def _check_same_shape(x: Tensor, y: Tensor) -> None:
    if tuple(x.shape) != tuple(y.shape):
        raise ValueError(
            "Expected two tensors of one shape. "
            f"Received: {tuple(x.shape)} and {tuple(y.shape)}"
        )
