"""Adversarial games and penalties against their closed forms."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gantools import engine
from gantools.losses import GAMES, charbonnier, r1_penalty, r2_penalty

rng = np.random.default_rng(0)
REAL = rng.normal(0.5, 2, (16, 1)).astype("float32")
FAKE = rng.normal(-0.5, 2, (16, 1)).astype("float32")


def softplus(t):
    return np.logaddexp(0, np.float64(t))


FORMULAS = {
    "non-saturating": (
        lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        lambda r, f: softplus(-f).mean(),
    ),
    "least-squares": (
        lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2,
        lambda r, f: ((f - 1) ** 2).mean() / 2,
    ),
    "hinge": (
        lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        lambda r, f: -f.mean(),
    ),
    "relativistic": (
        lambda r, f: softplus(f - r).mean(),
        lambda r, f: softplus(r - f).mean(),
    ),
}


def test_every_game_has_its_formula_tested():
    assert FORMULAS.keys() == GAMES.keys()


@pytest.mark.parametrize("name", GAMES)
def test_game_equals_its_formula(name):
    d, g = FORMULAS[name]
    game = GAMES[name]
    assert float(game.discriminator(REAL, FAKE)) == pytest.approx(d(REAL, FAKE), 1e-5)
    assert float(game.generator(REAL, FAKE)) == pytest.approx(g(REAL, FAKE), 1e-5)


def test_non_saturating_equals_cross_entropy():
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    wanted = bce(np.ones_like(REAL), REAL) + bce(np.zeros_like(FAKE), FAKE)
    game = GAMES["non-saturating"]
    assert float(game.discriminator(REAL, FAKE)) == pytest.approx(float(wanted), 1e-5)


def test_optimal_discriminator_is_the_log_density_ratio():
    """On four points, p against q, the slope of L_D is zero at D = log p / q."""
    p, q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.3, 0.2, 0.1])
    logits = keras.Variable(np.log(p / q).astype("float32"))

    def loss_fn():  # the points drawn as often as p and q say, out of ten
        real, fake = (
            np.repeat(range(4), [1, 2, 3, 4]),
            np.repeat(range(4), [4, 3, 2, 1]),
        )
        d = logits.value
        game = GAMES["non-saturating"]
        return game.discriminator(ops.take(d, real), ops.take(d, fake)), {}

    _, (slope,) = engine.value_and_grad(loss_fn, [logits])
    np.testing.assert_allclose(ops.convert_to_numpy(slope), 0, atol=1e-7)


@pytest.mark.parametrize("name", GAMES)
def test_players_pull_the_logits_apart_and_the_fakes_up(name):
    real, fake = (keras.Variable(0.25 + 0.01 * x) for x in (REAL, FAKE))
    game = GAMES[name]

    def losses_fn():
        logits = real.value, fake.value
        return (game.discriminator(*logits), game.generator(*logits)), {}

    _, (of_d, of_g) = engine.value_and_grads(losses_fn, [[real, fake], [fake]])
    assert np.all(ops.convert_to_numpy(of_d[0]) < 0)  # descent raises the reals' logits
    assert np.all(ops.convert_to_numpy(of_d[1]) > 0)  # and lowers the fakes'
    assert np.all(ops.convert_to_numpy(of_g[0]) < 0)  # the generator raises them


@pytest.mark.parametrize("name", GAMES)
def test_huge_logits_stay_finite(name):
    huge = np.array([[1e4], [-1e4]], "float32")
    assert np.isfinite(float(GAMES[name].discriminator(huge, -huge)))
    assert np.isfinite(float(GAMES[name].generator(huge, -huge)))


@pytest.mark.parametrize("name", GAMES)
def test_half_precision_logits_are_computed_in_float32(name):
    real, fake = ops.cast(REAL, "bfloat16"), ops.cast(FAKE, "bfloat16")
    loss = GAMES[name].discriminator(real, fake)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    exact = GAMES[name].discriminator(ops.cast(real, "float32"), fake)
    assert float(loss) == float(exact)


def test_pairs_of_different_shape_are_refused():
    with pytest.raises(ValueError, match=r"one shape. Received: \(16, 1\) and \(16,\)"):
        GAMES["relativistic"].discriminator(REAL, FAKE[:, 0])


def test_penalty_of_a_linear_discriminator_is_its_squared_norm():
    weights = rng.normal(size=(4, 4, 3)).astype("float32")

    def linear(x):
        return ops.sum(ops.multiply(x, weights), axis=(1, 2, 3))

    pictures = rng.normal(size=(5, 4, 4, 3)).astype("float32")
    assert float(r1_penalty(linear, pictures)) == pytest.approx(
        (weights**2).sum(), 1e-5
    )


@pytest.mark.parametrize("penalty", [r1_penalty, r2_penalty])
def test_penalty_is_the_mean_over_samples_of_each_one_s_squared_norm(penalty):
    pictures = rng.normal(size=(6, 2, 2, 1)).astype("float32")
    wanted = (pictures**2).sum(axis=(1, 2, 3)).mean()  # the slope of x^2 / 2 is x
    given = penalty(lambda x: ops.sum(x**2, axis=(1, 2, 3)) / 2, pictures)
    assert float(given) == pytest.approx(wanted, 1e-5)


def test_penalty_equals_finite_differences():
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [
            keras.Input((3, 3, 1)),
            layers.Conv2D(4, 2, activation="tanh"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    pictures = rng.normal(size=(2, 3, 3, 1)).astype("float32")
    total, h = 0.0, 1e-2
    for i in np.ndindex(pictures.shape):
        bump = np.zeros_like(pictures)
        bump[i] = h
        rise = ops.sum(net(pictures + bump)) - ops.sum(net(pictures - bump))
        total += (float(rise) / (2 * h)) ** 2
    assert float(r1_penalty(net, pictures)) == pytest.approx(total / 2, rel=1e-3)


def test_penalty_has_finite_gradients_where_the_slope_is_zero():
    """A norm would have the slope of a square root at zero there: not a number."""
    w = keras.Variable(np.zeros((4, 1), "float32"))

    def loss_fn():
        return r1_penalty(
            lambda x: ops.matmul(x, w.value), np.ones((2, 4), "float32")
        ), {}

    (loss, _), (slope,) = engine.value_and_grad(loss_fn, [w])
    assert float(loss) == 0
    np.testing.assert_array_equal(ops.convert_to_numpy(slope), 0)


def test_charbonnier_equals_its_formula():
    x, y = rng.random((2, 2, 5, 5, 3), "float32")
    weight = 1 + 9 * rng.random((2, 5, 5, 1), "float32")
    wanted = (weight * np.sqrt((x - y) ** 2 + 0.01**2)).mean()
    assert float(charbonnier(x, y, weight, eps=0.01)) == pytest.approx(wanted, 1e-5)
    assert float(charbonnier(x, y)) == pytest.approx(np.abs(x - y).mean(), rel=1e-3)


def test_charbonnier_has_a_finite_slope_at_zero():
    x = keras.Variable(np.zeros((1, 2, 2, 1), "float32"))
    y = np.zeros((1, 2, 2, 1), "float32")
    _, (slope,) = engine.value_and_grad(lambda: (charbonnier(x.value, y), {}), [x])
    np.testing.assert_array_equal(ops.convert_to_numpy(slope), 0)


def test_charbonnier_refuses_to_broadcast():
    with pytest.raises(ValueError, match="Expected two tensors of one shape"):
        charbonnier(np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 4, 1)))
