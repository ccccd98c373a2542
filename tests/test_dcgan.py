"""The networks of the section, their training step, and what comes out."""

import dataclasses
from itertools import chain
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from keras import layers, ops

from gantools import dcgan, engine, losses, training
from gantools.dcgan import DCGAN, build_discriminator, build_generator

rng = np.random.default_rng(0)
REAL = rng.uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
Z = rng.normal(size=(8, 100)).astype("float32")


def numbers(x):
    return np.asarray(ops.convert_to_numpy(x))


def compiled(trainer):
    """Give the step with fed noise."""
    return engine.compile_step(lambda real, z: trainer.step(real, z=z), trainer.state)


def kinds(model):
    return [(type(layer).__name__, *layer.output.shape[1:]) for layer in model.layers]


# --- The two networks --------------------------------------------------------------


def test_generator_has_the_layers_of_the_section():
    assert kinds(build_generator()) == [
        ("Dense", 16384),
        ("BatchNormalization", 16384),
        ("LeakyReLU", 16384),
        ("Reshape", 8, 8, 256),
        ("Conv2DTranspose", 8, 8, 128),
        ("BatchNormalization", 8, 8, 128),
        ("LeakyReLU", 8, 8, 128),
        ("Conv2DTranspose", 16, 16, 64),
        ("BatchNormalization", 16, 16, 64),
        ("LeakyReLU", 16, 16, 64),
        ("Conv2DTranspose", 32, 32, 3),
    ]


def test_discriminator_has_the_layers_of_the_section():
    assert kinds(build_discriminator()) == [
        ("Conv2D", 16, 16, 64),
        ("LeakyReLU", 16, 16, 64),
        ("Conv2D", 8, 8, 128),
        ("LeakyReLU", 8, 8, 128),
        ("Flatten", 8192),
        ("Dense", 1),
    ]


def test_networks_have_as_many_weights_as_counted_by_hand():
    """Five by five kernels, no bias in G, a bias everywhere in D."""
    first, second, last = 25 * 256 * 128, 25 * 128 * 64, 25 * 64 * 3
    normalise = 4 * (16384 + 128 + 64)  # gain, shift, mean, variance
    generator = 100 * 16384 + normalise + first + second + last
    assert build_generator().count_params() == generator
    discriminator = 25 * (3 * 64 + 64 * 128) + 64 + 128 + 8192 + 1
    assert build_discriminator().count_params() == discriminator


def test_generator_ends_in_tanh_and_discriminator_in_a_logit():
    assert build_generator().layers[-1].activation is keras.activations.tanh
    assert build_discriminator().layers[-1].activation is keras.activations.linear


def test_batch_normalisation_has_momentum_and_epsilon_in_their_places():
    for layer in build_generator().layers:
        if isinstance(layer, layers.BatchNormalization):
            assert layer.momentum > 0.5 and layer.epsilon < 0.01


# --- The training step -------------------------------------------------------------


@pytest.mark.parametrize("game", losses.GAMES)
def test_every_weight_gets_a_gradient(game):
    trainer = DCGAN(game, gamma=1.0 if game == "relativistic" else 0.0)
    players = [
        trainer.generator.trainable_variables,
        trainer.discriminator.trainable_variables,
    ]
    _, grads = engine.value_and_grads(lambda: trainer.losses(REAL, Z), players)
    for v, slope in zip(chain(*players), chain(*grads), strict=True):
        assert np.isfinite(numbers(slope)).all()
        if game in ("hinge", "relativistic") and v is players[1][-1]:
            continue  # D's last bias cancels in a pair, and in a hinge not yet reached
        assert np.abs(numbers(slope)).max() > 0, v.path


def test_every_weight_and_statistic_moves_in_a_step():
    """None is frozen, batch normalisation's statistics included."""
    trainer = DCGAN()
    models = [trainer.generator, trainer.discriminator]
    before = [numbers(v.value).copy() for m in models for v in m.weights]
    compiled(trainer)(REAL, Z)
    after = [v for m in models for v in m.weights]
    for old, v in zip(before, after, strict=True):
        assert not np.array_equal(old, numbers(v.value)), v.path
    assert len(trainer.generator.trainable_weights) == 10


def test_step_is_the_same_bits_each_time_on_all_cores():
    ends = []
    for _ in range(2):
        trainer = DCGAN(seed=3)
        fast = engine.compile_step(trainer.step, trainer.state)
        for _ in range(3):
            fast(REAL)
        ends.append([numbers(v.value) for v in engine.variables_of(trainer.state)])
    for first, second in zip(*ends, strict=True):
        np.testing.assert_array_equal(first, second)


def test_seed_decides_the_initial_weights_and_only_it():
    one, same, other = DCGAN(seed=1), DCGAN(seed=1), DCGAN(seed=2)
    kernel = [numbers(t.generator.weights[0]) for t in (one, same, other)]
    np.testing.assert_array_equal(kernel[0], kernel[1])
    assert not np.array_equal(kernel[0], kernel[2])
    assert kernel[0].std() == pytest.approx(0.02, rel=0.01)


def test_mixed_precision_step_keeps_float32_weights_and_nearly_the_losses():
    logs = []
    for dtype in ("float32", "mixed_bfloat16"):
        trainer = DCGAN(dtype=dtype)
        logs.append(compiled(trainer)(REAL, Z))
    for name in ("g_loss", "d_loss"):
        assert float(logs[1][name]) == pytest.approx(float(logs[0][name]), rel=0.01)
        assert float(logs[1][name]) != float(logs[0][name])
        assert keras.backend.standardize_dtype(logs[1][name].dtype) == "float32"
    weights = trainer.generator.weights + trainer.discriminator.weights
    assert {v.dtype for v in weights} == {"float32"}


def test_gamma_adds_half_the_penalties():
    trainer = DCGAN("relativistic", gamma=3.0)
    (_, d_loss), _ = trainer.losses(REAL, Z)
    fake = trainer.generator(Z, training=True)
    quarter = (REAL[:2], fake[:2])  # of eight
    penalty = sum(losses.r1_penalty(trainer.discriminator, x) for x in quarter)
    trainer.gamma = 0.0
    (_, plain), _ = trainer.losses(REAL, Z)
    assert float(penalty) > 0
    assert float(d_loss - plain) == pytest.approx(1.5 * float(penalty), rel=1e-4)


def test_gamma_means_the_same_at_64_pixels():
    """A judge of 64 pixels that looks at their means has a quarter of the R1."""
    small = DCGAN("relativistic", networks="residual", gamma=3.0)
    large = DCGAN("relativistic", networks="residual", gamma=3.0, side=64)

    def judge(pictures):  # (B, 64, 64, 3)
        return small.discriminator(ops.average_pool(pictures, 2))

    twice = np.kron(REAL, np.ones((1, 2, 2, 1), "float32"))
    of_small = small.gamma * losses.r1_penalty(small.discriminator, REAL)
    of_large = large.gamma * losses.r1_penalty(judge, twice)
    assert float(of_large) == pytest.approx(float(of_small), rel=1e-4)


def test_generator_learns_the_colour_of_the_pictures():
    """Of pictures all brick red, a few dozen steps already make reddish ones."""
    red = np.array([0.6, -0.4, -0.5], "float32")

    def batches(step):
        noise = np.random.default_rng([0, step]).normal(0, 0.05, (8, 32, 32, 3))
        return ((red + noise).astype("float32"),)

    trainer = DCGAN(learning_rate=(1e-3, 1e-3))
    training.fit(trainer, batches, 40)
    colour = dcgan.generate(trainer.average.model, 8, seed=0).mean(axis=(0, 1, 2))
    assert colour[0] - colour[1:].max() > 0.2  # it began at 0.5, 0.5, 0.5


# --- The ladder --------------------------------------------------------------------


def outputs_of(model):
    return {tuple(layer.output.shape[1:]) for layer in model.layers}


@pytest.mark.parametrize(("side", "levels"), [(32, 4), (64, 5)])
def test_residual_networks_double_the_picture_and_halve_the_channels(side, levels):
    generator = dcgan.build_residual_generator(side)
    sizes = [4 * 2**i for i in range(levels)]
    for size in sizes:
        assert (size, size, max(16, 768 // size)) in outputs_of(generator)
    assert generator.output_shape == (None, side, side, 3)
    discriminator = dcgan.build_residual_discriminator(side)
    for size in sizes[:-1]:
        assert (size, size, max(16, 768 // size)) in outputs_of(discriminator)
    assert discriminator.output_shape == (None, 1)


def test_residual_generator_has_no_transposed_convolution():
    kinds_used = {type(layer) for layer in dcgan.build_residual_generator().layers}
    assert layers.Conv2DTranspose not in kinds_used
    assert layers.UpSampling2D in kinds_used


def test_residual_discriminator_judges_each_picture_by_itself():
    model = dcgan.build_residual_discriminator()
    together = numbers(model(REAL, training=True))
    alone = [numbers(model(REAL[i : i + 1], training=True)) for i in range(8)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-4)


@pytest.mark.parametrize("rung", dcgan.LADDER)
def test_on_each_rung_every_weight_gets_a_gradient(rung):
    trainer = DCGAN(**dcgan.LADDER[rung])
    players = [
        trainer.generator.trainable_variables,
        trainer.discriminator.trainable_variables,
    ]
    (both, _), grads = engine.value_and_grads(lambda: trainer.losses(REAL, Z), players)
    assert np.isfinite([float(x) for x in both]).all()
    for v, slope in zip(chain(*players), chain(*grads), strict=True):
        assert np.isfinite(numbers(slope)).all()
        if v is players[1][-1] and rung != "section":
            continue  # D's last bias cancels in a pair, and in a hinge not yet reached
        assert np.abs(numbers(slope)).max() > 0, v.path


def test_each_rung_changes_what_it_says():
    """The second D stretches nothing, the third resizes, the fourth sees changes."""
    hinge, residual, augmented, relativistic = (
        DCGAN(**dcgan.LADDER[rung]) for rung in list(dcgan.LADDER)[1:]
    )
    kinds_of = [
        {type(layer).__name__ for layer in t.discriminator.layers}
        for t in (hinge, residual, relativistic)
    ]
    assert "SpectralDense" in kinds_of[0] and "Conv2D" not in kinds_of[0]
    assert "SpectralConv2D" in kinds_of[1] and "SpectralConv2D" not in kinds_of[2]
    first, second = (float(augmented.losses(REAL, Z)[0][1]) for _ in range(2))
    assert first != second
    first, second = (float(residual.losses(REAL, Z)[0][1]) for _ in range(2))
    assert first == pytest.approx(second, rel=0.05)
    assert relativistic.gamma > 0 == residual.gamma


def test_residual_blocks_of_the_discriminator_begin_as_nearly_nothing():
    """At first the logit is a linear picture of the stem's: no block has a say."""
    model = DCGAN(**dcgan.LADDER["relativistic"]).discriminator
    blocks = [layer for layer in model.layers if isinstance(layer, layers.Add)]
    for block in blocks:
        x, branch = block.input if isinstance(block.input, list) else [block.input] * 2
        values = keras.Model(model.input, [x, branch])(REAL)
        sizes = sorted(float(numbers(value).std()) for value in values)
        assert sizes[0] < 0.3 * sizes[1]


# --- Kinds -------------------------------------------------------------------------

KIND = np.arange(8, dtype="int32") % 3


def test_a_larger_gan_inherits_what_a_smaller_one_knows():
    small = DCGAN(**dcgan.LADDER["relativistic"], seed=1)
    large = DCGAN(**dcgan.LADDER["relativistic"], seed=2, side=64)
    dcgan.inherit(large, small)
    inner = [  # what each makes of the noise at 32 pixels, before its last layers
        keras.Model(t.generator.input, t.generator.get_layer("conv32_1").output)(Z)
        for t in (small, large)
    ]
    np.testing.assert_allclose(*map(numbers, inner), atol=1e-5)
    block = [t.discriminator.get_layer("conv4_1").kernel for t in (small, large)]
    np.testing.assert_array_equal(*map(numbers, block))
    assert dcgan.generate(large.generator, 1, 0).shape == (1, 64, 64, 3)


def test_a_gan_for_kinds_inherits_the_rows_for_the_noise():
    plain = DCGAN(**dcgan.LADDER["relativistic"], seed=1)
    kinds_of_three = DCGAN(**dcgan.LADDER["relativistic"], seed=2, classes=3)
    fresh = numbers(kinds_of_three.generator.get_layer("dense").kernel)[100:].copy()
    dcgan.inherit(kinds_of_three, plain)
    dense = numbers(kinds_of_three.generator.get_layer("dense").kernel)
    wanted = numbers(plain.generator.get_layer("dense").kernel)
    np.testing.assert_array_equal(dense[:100], wanted)
    np.testing.assert_array_equal(dense[100:], fresh)


@pytest.fixture(scope="module")
def named():
    return DCGAN(**dcgan.LADDER["relativistic"], classes=3, seed=1)


def test_the_kind_changes_the_picture_and_the_logit(named):
    one, other = (dcgan.generate(named.generator, 4, 0, kind=k) for k in (0, 2))
    assert np.abs(one - other).max() > 0.01
    logits = [
        numbers(named.discriminator([REAL, np.full(8, k, "int32")])) for k in (0, 2)
    ]
    assert not np.allclose(*logits, atol=1e-4)
    each = dcgan.generate(named.generator, 4, 0, kind=np.array([0, 2, 0, 2]))
    np.testing.assert_allclose(
        each, np.where([[[[1]]], [[[0]]]] * 2, one, other), atol=1e-4
    )


def test_projection_adds_how_much_a_picture_is_of_its_kind(named):
    """logit(x, a) - logit(x, b) = <e(a) - e(b), h(x)>, h the mean features."""
    model = named.discriminator
    found = {type(layer): layer for layer in model.layers}
    pooled = found[layers.GlobalAveragePooling2D]
    table = found[layers.Embedding].embeddings
    zero = np.zeros(8, "int32")
    h = numbers(keras.Model(model.inputs, pooled.output)([REAL, zero]))
    difference = numbers(model([REAL, zero + 2])) - numbers(model([REAL, zero]))
    expected = h @ (numbers(table)[2] - numbers(table)[0])
    np.testing.assert_allclose(difference[:, 0], expected, atol=1e-4)


def test_step_with_kinds_moves_every_weight(named):
    before = [numbers(v.value).copy() for v in named.generator.trainable_variables]
    engine.compile_step(named.step, named.state)(REAL, KIND)
    for old, v in zip(before, named.generator.trainable_variables, strict=True):
        assert not np.array_equal(old, numbers(v.value)), v.path


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: dcgan.generate(build_generator(), 2, 0, kind=1),
            "Expected no kind, for this generator. Received: 1",
        ),
        (
            lambda: dcgan.generate(dcgan.build_residual_generator(classes=2), 2, 0),
            "Expected a kind, for this generator. Received: None",
        ),
        (
            lambda: dcgan.build_residual_generator(48),
            "Expected pictures of 32 or 64 pixels. Received: 48",
        ),
        (
            lambda: DCGAN(side=64),
            "Expected 32 pixels and no classes .* Received: 64 pixels and 0 classes",
        ),
        (
            lambda: DCGAN(networks="large"),
            "Expected 'section' or 'residual'. Received: 'large'",
        ),
    ],
)
def test_what_a_network_cannot_make_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# --- The data ----------------------------------------------------------------------


def test_crops_are_pure_and_new_at_every_step():
    pictures = [rng.random((40, 60, 3), "float32"), rng.random((80, 50, 3), "float32")]
    batches = dcgan.crops(pictures, batch=6, smallest=0.5, seed=1)
    (first,), (again,), (later,) = batches(0), batches(0), batches(1)
    assert first.shape == (6, 32, 32, 3) and first.dtype == np.float32
    assert -1 <= first.min() < -0.5 and 0.5 < first.max() <= 1
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, later)
    (other,) = dcgan.crops(pictures, batch=6, smallest=0.5, seed=2)(0)
    assert not np.array_equal(first, other)


def test_crops_of_one_picture_differ_and_half_are_mirrored():
    ramp = np.linspace(0, 1, 64, dtype="float32")[None, :, None]
    picture = np.broadcast_to(ramp, (64, 64, 3)).copy()
    (made,) = dcgan.crops([picture], batch=200, smallest=0.5, seed=0)(0)
    mirrored = made[:, 0, 0, 0] > made[:, 0, -1, 0]
    assert 0.4 < mirrored.mean() < 0.6
    assert len(np.unique(made[:, 0, 0, 0])) > 150


def test_smallest_picture_is_used_whole():
    picture = rng.random((32, 32, 3), "float32")
    (made,) = dcgan.crops([picture], batch=1, smallest=1.0, seed=5)(0)
    wanted = 2 * picture - 1
    assert any(np.allclose(made[0], x, atol=1e-6) for x in (wanted, wanted[:, ::-1]))


@pytest.mark.parametrize("where", [(60, 60), (130, 40), (30, 90)])
def test_subject_stands_in_the_middle(where):
    paper = np.full((180, 120, 3), [0.95, 0.92, 0.85], "float32")
    cv2.circle(paper, where[::-1], 14, (0.8, 0.2, 0.1), -1)
    square = dcgan.subject(paper)
    assert square.shape[0] == square.shape[1]
    red = square[..., 0] - square[..., 1] > 0.3
    assert red.sum() == (paper[..., 0] - paper[..., 1] > 0.3).sum()  # all of it
    assert 0.25 < red.mean() < 0.7
    if where == (60, 60):
        y, x = np.argwhere(red).mean(axis=0) / square.shape[0]
        assert (y, x) == pytest.approx((0.5, 0.5), abs=0.05)


def test_empty_paper_has_no_subject_and_is_kept():
    assert dcgan.subject(np.full((90, 60, 3), 0.9, "float32")).shape == (82, 54, 3)


def test_crops_bring_the_kind_of_each_picture():
    pictures = [np.full((40, 40, 3), level, "float32") for level in (0.1, 0.5, 0.9)]
    made, kinds = dcgan.crops(
        pictures, 20, 0.8, seed=0, side=64, kinds=np.array([7, 8, 9], "int32")
    )(0)
    assert made.shape == (20, 64, 64, 3)
    levels = 10 * (made.mean(axis=(1, 2, 3)) + 1) / 2
    found = set(zip(levels.round().astype(int), kinds, strict=True))
    assert found == {(1, 7), (5, 8), (9, 9)}


def test_a_watercolour_is_known_by_its_number():
    names = list(dcgan.FRUITS)
    for number, name in [(1117, "apple"), (4916, "apple"), (821, "strawberry")]:
        assert names[dcgan.fruit(Path(f"image-{number}.jpg"))] == name
    for other in ("image-4917.jpg", "image-0.jpg", "portrait.jpg", "image-.jpg"):
        assert dcgan.fruit(Path(other)) is None


# --- Use ---------------------------------------------------------------------------


def test_generate_makes_pictures_that_depend_on_the_seed_alone():
    generator = DCGAN(seed=0).generator
    pictures = dcgan.generate(generator, 5, seed=1)
    assert pictures.shape == (5, 32, 32, 3) and pictures.dtype == np.float32
    assert 0 <= pictures.min() < pictures.max() <= 1
    np.testing.assert_array_equal(pictures, dcgan.generate(generator, 5, seed=1))
    assert not np.array_equal(pictures, dcgan.generate(generator, 5, seed=2))


@pytest.mark.parametrize("preset", dcgan.SHIPPED)
def test_shipped_generators_make_varied_pictures_on_pale_paper(preset):
    generator = dcgan.pretrained_generator(preset)
    side = dcgan.PRESETS[preset].side
    kind = 0 if dcgan.PRESETS[preset].kinds else None
    made = dcgan.generate(generator, 32, seed=5, kind=kind)
    assert made.shape == (32, side, side, 3)
    assert made.std(axis=0).mean() > 0.05  # not one picture again and again
    edges = np.concatenate([made[:, 0], made[:, -1]], axis=1)  # (32, 2 side, 3)
    middle = made[:, side // 3 : -side // 3, side // 3 : -side // 3]
    assert edges.mean() > middle.mean() + 0.1  # something stands on the paper


@pytest.mark.parametrize("preset", ["kinds-32", "kinds-64"])
def test_the_kind_asked_for_decides_the_colour(preset):
    generator = dcgan.pretrained_generator(preset)
    names = list(dcgan.FRUITS)
    blue = {}
    for name in ("lemon", "plum"):
        made = dcgan.generate(generator, 64, seed=6, kind=names.index(name))
        middle = made[:, made.shape[1] // 3 : -made.shape[1] // 3]
        blue[name] = np.mean(middle[..., 2] - middle[..., 1])
    assert blue["plum"] > blue["lemon"] + 0.1  # a lemon is yellow: more green than blue


def test_only_what_is_shipped_can_be_asked_for():
    with pytest.raises(ValueError, match=r"Expected one of .*'kinds-64'.*: 'cpu'"):
        dcgan.pretrained_generator("cpu")


def test_a_sheet_has_eight_pictures_in_a_row():
    pictures = np.random.default_rng(0).random((16, 5, 5, 3))
    sheet = dcgan.sheet(pictures)
    assert sheet.shape == (10, 40, 3)
    np.testing.assert_array_equal(sheet[5:, 10:15], pictures[10])


def test_the_first_pictures_do_not_depend_on_how_many_are_asked():
    generator = DCGAN(seed=0).generator
    few, many = (dcgan.generate(generator, n, seed=1) for n in (3, 300))
    np.testing.assert_allclose(few, many[:3], atol=1e-5)


def test_truncated_noise_stays_within_and_is_otherwise_the_same():
    z, near = dcgan.noise(50, 3), dcgan.noise(50, 3, truncation=0.7)
    assert z.shape == (50, 100) and z.dtype == np.float32
    assert np.abs(z).max() > 2 and np.abs(near).max() <= 0.7
    kept = np.abs(z) <= 0.7
    np.testing.assert_array_equal(z[kept], near[kept])
    # a Gaussian cut off at t has the variance 1 - 2 t phi(t) / (2 Phi(t) - 1)
    assert near.std() == pytest.approx(0.39, abs=0.02)


def test_smoke_preset_trains_resumes_and_leaves_a_generator(tmp_path, monkeypatch):
    smoke = dataclasses.replace(dcgan.PRESETS["smoke"], steps=3, batch=4)
    monkeypatch.setitem(dcgan.PRESETS, "smoke", smoke)
    dcgan.train("smoke", tmp_path / "whole", seed=4)
    one = dataclasses.replace(smoke, steps=1)
    monkeypatch.setitem(dcgan.PRESETS, "smoke", one)
    dcgan.train("smoke", tmp_path / "cut", seed=4)
    monkeypatch.setitem(dcgan.PRESETS, "smoke", smoke)
    history = dcgan.train("smoke", tmp_path / "cut", resume=True, seed=4)
    assert history["step"].tolist() == [3]
    for name in ("generator.npz", "samples.png", "history.csv"):
        one, other = ((tmp_path / run / name).read_bytes() for run in ("whole", "cut"))
        assert one == other, name
    generator = dcgan.load_generator(tmp_path / "cut" / "generator.npz")
    sheet = dcgan.photos.load(tmp_path / "cut" / "samples.png").pixels
    made = dcgan.generate(generator, 64, seed=4)
    np.testing.assert_allclose(sheet[:32, 32:64], made[1], atol=0.5 / 255 + 1e-4)


def test_unknown_preset_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Expected one of \['smoke', 'cpu', 'gpu', "):
        dcgan.train("huge", tmp_path)


def test_the_width_scales_the_channels_of_both_players_alike():
    full = dcgan.DCGAN(networks="residual")
    quarter = dcgan.DCGAN(networks="residual", width=dcgan.WIDTH // 4)
    for name, layer in (("generator", "conv4_0"), ("discriminator", "conv4_0")):
        kernels = [
            getattr(x, name).get_layer(layer).kernel.shape for x in (full, quarter)
        ]
        assert kernels[0] == (3, 3, 192, 192) and kernels[1] == (3, 3, 48, 48)
    narrowest = quarter.generator.get_layer("conv32_1").kernel.shape
    assert narrowest == (3, 3, 16, 16)  # never fewer than 16 channels
    assert dcgan.generate(quarter.generator, 2, seed=0).shape == (2, 32, 32, 3)
