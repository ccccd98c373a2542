"""gantools.unpaired: two ways to hold a generator to its picture, and their use."""

import dataclasses

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from gantools import collections, engine, photos, pretrained, training, unpaired
from gantools.photos import Photo, to_levels

TINY = {"widths": (4, 6, 8), "blocks": 1}
JUDGE = (4, 6, 8, 8)
SMOKE = unpaired.PRESETS["smoke"]


def _generator(**sizes):
    keras.utils.set_random_seed(0)
    return unpaired.build_generator(**{**TINY, **sizes})


@pytest.fixture(scope="module")
def stylist():
    return unpaired.Stylist(_generator(), {"sha256": "test"})


def _trainer(method, side=32, **options):
    keras.utils.set_random_seed(0)
    players = unpaired.build_generator(**TINY), unpaired.build_discriminator(JUDGE)
    if method == "contrast":
        return unpaired.ContrastTrainer(*players, 100, **options)
    return unpaired.CycleTrainer(*players, (side, side, 3), 100, **options)


def _pictures(count=2, side=32, seed=0):
    shape = count, side, side, 3
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def _photo(height=70, width=90, channels=3, bit_depth=8):
    levels = 2**bit_depth - 1
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, levels + 1, (height, width, channels)) / levels
    return Photo(pixels.astype(np.float32), bit_depth=bit_depth)


def _unit(rng, *shape):
    vectors = rng.normal(size=shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


# --- The two players


def test_the_largest_generator_stored_in_half_precision_is_under_4_megabytes():
    base = unpaired.PRESETS["base"]
    generator = unpaired.build_generator(base.widths, base.blocks)
    assert 1e6 < generator.count_params() < 2e6


def test_the_generator_looks_as_far_as_the_halo_and_not_much_further_than_needed():
    generator = _generator(blocks=5)
    side, at = 240, np.s_[:, 120:124, 120:124]  # one place of stride 4
    pictures = ops.convert_to_tensor(_pictures(1, side))
    slope = engine.input_gradient(lambda x: generator(x)[at], pictures)
    seen = np.abs(ops.convert_to_numpy(slope))[0].max(axis=-1) > 0
    rows = np.flatnonzero(seen.any(axis=1))
    reach = max(120 - rows[0], rows[-1] - 123)
    assert unpaired.HALO - 12 < reach <= unpaired.HALO


@pytest.mark.parametrize("blocks", [1, 5])
def test_windows_equal_the_whole(monkeypatch, blocks):
    stylist = unpaired.Stylist(_generator(blocks=blocks), {})
    photo = _photo(250, 330)
    whole = unpaired.apply(photo, stylist)
    monkeypatch.setattr(unpaired, "TILE", 192)
    windows = unpaired.apply(photo, stylist)
    assert np.abs(whole.pixels - photo.pixels).mean() > 0.01
    np.testing.assert_allclose(windows.pixels, whole.pixels, atol=2e-6)


def _unevenness(model, side):
    """Tell how much the answer to one flat colour varies, away from the borders."""
    flat = np.full((1, side, side, model.input_shape[-1]), 0.3, "float32")
    inner = ops.convert_to_numpy(model(flat))[0]
    cut = inner.shape[0] // 3
    return np.ptp(inner[cut:-cut, cut:-cut], axis=(0, 1)).max()


def test_no_checkerboard_on_a_flat_colour():
    assert _unevenness(_generator(), 192) < 1e-6
    transposed = keras.layers.Conv2DTranspose(3, 3, strides=2, padding="same")
    control = keras.Sequential([keras.Input((None, None, 3)), transposed])
    assert _unevenness(control, 96) > 0.01  # what this test would see


def test_a_logit_sees_70_by_70_pixels():
    judge = unpaired.build_discriminator(JUDGE)
    at = np.s_[:, 10:11, 10:11]
    pictures = ops.convert_to_tensor(_pictures(1, 160))
    slope = engine.input_gradient(lambda x: judge(x)[at], pictures)
    seen = np.abs(ops.convert_to_numpy(slope))[0].max(axis=-1) > 0
    assert seen.any(axis=0).sum() == seen.any(axis=1).sum() == 70


def test_every_layer_of_the_discriminator_but_the_last_has_spectral_norm_1():
    judge = unpaired.build_discriminator(JUDGE)
    for _ in range(100):  # of power iteration
        judge(_pictures(), training=True)
    for level in range(4):
        layer = judge.get_layer(f"patch{level}")
        kernel = ops.convert_to_numpy(layer.normalised_kernel(training=False))
        norm = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2)
        assert norm == pytest.approx(1, abs=0.02)


# --- What holds a generator to its picture


def test_patch_nce_equals_its_formula():
    rng = np.random.default_rng(0)
    query, key = _unit(rng, 2, 5, 7), _unit(rng, 2, 5, 7)
    wanted = np.zeros(2)
    for b in range(2):
        for s in range(5):
            odds = [np.exp(query[b, s] @ key[b, r] / 0.2) for r in range(5)]
            wanted[b] -= np.log(odds[s] / sum(odds)) / 5
    found = unpaired.patch_nce(query, key, temperature=0.2)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_patch_nce_of_places_that_look_alike_is_log_of_their_number():
    same = np.broadcast_to(_unit(np.random.default_rng(0), 1, 1, 7), (3, 11, 7))
    found = unpaired.patch_nce(same, same)
    np.testing.assert_allclose(found, np.full(3, np.log(11)), rtol=1e-5)


def test_patch_nce_is_least_in_the_own_place():
    key = np.eye(6)[None]
    own = float(unpaired.patch_nce(key, key)[0])
    other = float(unpaired.patch_nce(np.roll(key, 1, axis=1), key)[0])
    assert own == pytest.approx(np.log(1 + 5 * np.exp(-1 / 0.07)), abs=1e-6)
    assert other == pytest.approx(own + 1 / 0.07, rel=1e-5)


def test_keys_of_patch_nce_get_no_gradient():
    rng = np.random.default_rng(0)
    query, key = (keras.Variable(_unit(rng, 1, 4, 3), dtype="float32") for _ in "qk")
    _, (of_query, of_key) = engine.value_and_grad(
        lambda: (ops.mean(unpaired.patch_nce(query.value, key.value)), {}), [query, key]
    )
    assert float(ops.max(ops.abs(of_query))) > 0.1
    assert float(ops.max(ops.abs(of_key))) == 0


def test_cycle_loss_is_the_mean_absolute_difference():
    x, y = _pictures(seed=0), _pictures(seed=1)
    assert float(unpaired.cycle_loss(x, y)) == pytest.approx(np.abs(x - y).mean())
    assert float(unpaired.cycle_loss(x, x)) == 0


@pytest.mark.parametrize("loss", [unpaired.cycle_loss, unpaired.patch_nce])
def test_losses_refuse_two_shapes(loss):
    with pytest.raises(
        ValueError, match=r"Expected .* one shape\. Received: \(2, 3, 4"
    ):
        loss(np.zeros((2, 3, 4), "float32"), np.zeros((2, 1, 4), "float32"))


def test_heads_give_unit_vectors():
    rng = np.random.default_rng(0)
    features = [rng.normal(size=(2, 9, n)).astype("float32") for n in (3, 8)]
    for vectors in unpaired.build_heads([3, 8], 16)(features):
        assert vectors.shape == (2, 9, 16)
        norms = np.linalg.norm(ops.convert_to_numpy(vectors), axis=-1)
        np.testing.assert_allclose(norms, 1, rtol=1e-5)


# --- The pool


def _numbered(first, count):
    """Make pictures (count, 1, 1, 1) that hold their own numbers."""
    return np.arange(first, first + count, dtype="float32").reshape(-1, 1, 1, 1)


def _swaps(pool, seeds, batches, batch=3):
    return [
        ops.convert_to_numpy(pool.swap(_numbered(1 + k * batch, batch), seeds)).ravel()
        for k in range(batches)
    ]


def test_the_pool_shows_what_it_is_given_until_it_is_full():
    pool, seeds = unpaired.Pool((1, 1, 1), 9), keras.random.SeedGenerator(0)
    shown = np.concatenate(_swaps(pool, seeds, 3))
    np.testing.assert_array_equal(shown, np.arange(1, 10))
    held = ops.convert_to_numpy(pool.pictures.value).ravel()
    np.testing.assert_array_equal(np.sort(held), np.arange(1, 10))


def test_a_full_pool_shows_older_fakes_half_of_the_time_and_loses_none():
    pool, seeds = unpaired.Pool((1, 1, 1), 9), keras.random.SeedGenerator(0)
    shown = np.concatenate(_swaps(pool, seeds, 200))
    new = np.arange(1, 601)
    assert (shown <= new).all()
    assert 0.4 < (shown < new)[9:].mean() < 0.6
    held = ops.convert_to_numpy(pool.pictures.value).ravel()
    # Once full, each fake is shown at once, or kept and shown later or still held.
    assert len(set(held)) == 9
    assert set(new[9:]) <= set(shown) | set(held)


def test_what_the_pool_shows_is_a_function_of_the_state(tmp_path):
    pool, seeds = unpaired.Pool((1, 1, 1), 9), keras.random.SeedGenerator(0)
    _swaps(pool, seeds, 7)
    training.save_checkpoint(tmp_path / "state.npz", [pool, seeds], 7)
    wanted = _swaps(pool, seeds, 20)
    pool, seeds = unpaired.Pool((1, 1, 1), 9), keras.random.SeedGenerator(5)
    training.load_checkpoint(tmp_path / "state.npz", [pool, seeds])
    np.testing.assert_array_equal(_swaps(pool, seeds, 20), wanted)


# --- Training


@pytest.mark.parametrize("method", unpaired.METHODS)
def test_every_weight_of_both_sides_gets_a_gradient(method):
    trainer = _trainer(method)
    x, y = (ops.convert_to_tensor(_pictures(seed=n)) for n in (0, 1))
    _, gradients = engine.value_and_grads(lambda: trainer.losses(x, y), trainer.players)
    for group, variables in zip(gradients, trainer.players, strict=True):
        for gradient, variable in zip(group, variables, strict=True):
            assert float(ops.max(ops.abs(gradient))) > 0, variable.path


def _smooth(seed, brightness):
    cells = np.random.default_rng(seed).uniform(-0.3, 0.3, (4, 8, 8, 3))
    grown = [cv2.resize(c, (32, 32), interpolation=cv2.INTER_CUBIC) for c in cells]
    return np.stack(grown).astype("float32") + np.float32(brightness)


@pytest.mark.parametrize("method", unpaired.METHODS)
def test_the_style_is_learned_and_the_picture_kept(method):
    # The style is to be bright.  What is bright and what is dark share no picture.
    trainer = _trainer(method, rate=2e-3)
    step = engine.compile_step(trainer.step, trainer.state)
    held = {"contrast": ["contrast"], "cycle": ["cycle", "identity"]}[method]
    logs = [step(_smooth(2 * k, -0.5), _smooth(2 * k + 1, 0.5)) for k in range(200)]
    for name in held:
        curve = [float(row[name]) for row in logs]
        assert np.mean(curve[-20:]) < 0.8 * np.mean(curve[:5])
    dark = _smooth(1000, -0.5)
    made = ops.convert_to_numpy(trainer.average.model(dark))
    assert made.mean() - dark.mean() == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("method", unpaired.METHODS)
def test_a_run_goes_on_from_a_checkpoint_to_the_same_bits(tmp_path, method):
    first, second = (_trainer(method, seed=n) for n in (0, 1))
    batches = [(_pictures(seed=2 * k), _pictures(seed=2 * k + 1)) for k in range(3)]
    step = engine.compile_step(first.step, first.state)
    for k, batch in enumerate(batches):
        if k == 2:
            training.save_checkpoint(tmp_path / "cut.npz", first.state, k)
        step(*batch)
    training.load_checkpoint(tmp_path / "cut.npz", second.state)
    engine.compile_step(second.step, second.state)(*batches[2])
    states = (engine.variables_of(trainer.state) for trainer in (first, second))
    for a, b in zip(*states, strict=True):
        np.testing.assert_array_equal(a.value, b.value)


def test_half_precision_steps_agree_with_single():
    losses = []
    for dtype in ("float32", "mixed_bfloat16"):
        plan = dataclasses.replace(SMOKE, dtype=dtype)
        trainer = unpaired.trainer_of("painting", plan, "contrast")
        logs = trainer.step(*(_pictures(seed=n) for n in (0, 1)))
        losses.append([float(logs[k]) for k in ("g_loss", "d_loss")])
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)


# --- Tasks and presets


def test_batches_are_a_pure_function_of_the_step():
    first, second = (unpaired.batches_of("painting", SMOKE, seed=3) for _ in range(2))
    second(0)
    for a, b in zip(first(5), second(5), strict=True):
        assert a.shape == (SMOKE.batch, SMOKE.crop, SMOKE.crop, 3)
        assert a.dtype == np.float32 and -1 <= a.min() < a.max() <= 1
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first(5)[0], first(6)[0])


def test_every_task_and_preset_fit_the_networks():
    for task in unpaired.TASKS.values():
        for preset in unpaired.PRESETS.values():
            assert min(task.crop, preset.crop) % unpaired.STRIDE == 0
    assert all(p.blocks <= 5 for p in unpaired.PRESETS.values())


@pytest.mark.parametrize("task", unpaired.TASKS)
def test_no_test_picture_is_trained_on(monkeypatch, data_root, task):
    read = []
    monkeypatch.setattr(
        unpaired.pairs, "CleanPictures", lambda groups, *_, **__: read.extend(groups)
    )
    unpaired.batches_of(task, unpaired.PRESETS["base"])
    for name in [*unpaired.PHOTOGRAPHS, *unpaired.TASKS[task].style]:
        known = collections.describe(name)
        held = set(collections.files(name, "test")) if known.test else set()
        paths = {path for _, group in read for path in group}
        assert not held & paths and set(collections.files(name, "train")) <= paths


@pytest.mark.parametrize("method", unpaired.METHODS)
def test_a_trained_style_is_stored_and_loaded(tmp_path, method):
    record = unpaired.train("watercolour", "smoke", method, tmp_path, progress=False)
    assert record["what"] == f"style watercolour, method {method}, preset smoke, seed 0"
    stylist = unpaired.load_stylist("watercolour", tmp_path)
    assert stylist.record == record
    trainer = unpaired.trainer_of("watercolour", SMOKE, method)
    training.load_checkpoint(tmp_path / "checkpoint.npz", trainer.state)
    x = _pictures()
    wanted = ops.convert_to_numpy(trainer.average.model(x))
    assert np.abs(wanted - x).max() > 1e-3
    np.testing.assert_allclose(stylist.generator(x), wanted, atol=5e-3)  # halves


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fresco", "smoke", "cycle"), r"Expected a task of \['painting'"),
        (("painting", "huge", "cycle"), r"Expected one of \['smoke'"),
        (
            ("painting", "smoke", "hope"),
            r"Expected a method of \['cycle', 'contrast'\]",
        ),
    ],
)
def test_unknown_wishes_are_refused(tmp_path, words, message):
    with pytest.raises(ValueError, match=message):
        unpaired.train(*words, tmp_path)


def test_weights_of_another_architecture_are_refused(tmp_path):
    pretrained.save("painting", [unpaired.build_heads([3])], tmp_path, what="a test")
    with pytest.raises(ValueError, match="weights of another architecture"):
        unpaired.load_stylist("painting", tmp_path)


def test_a_style_without_weights_is_told_clearly(tmp_path):
    with pytest.raises(ValueError, match=r"Expected trained weights of painting.*--ta"):
        unpaired.load_stylist("painting", tmp_path)


# --- Use


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bit_depth", [8, 16])
def test_strength_blends_between_the_photograph_and_the_style(
    stylist, channels, bit_depth
):
    photo = _photo(51, 33, channels, bit_depth)
    kind = np.uint8 if bit_depth == 8 else np.uint16
    levels = dataclasses.replace(photo, pixels=to_levels(photo.pixels, kind))
    for original in (photo, levels):
        none, half, full = (unpaired.apply(original, stylist, s) for s in (0, 0.5, 1))
        np.testing.assert_array_equal(none.pixels, original.pixels)
        assert half.pixels.dtype == original.pixels.dtype
        mean = (original.pixels.astype("float64") + full.pixels) / 2
        step = 1e-6 if original is photo else 1.01
        assert np.abs(half.pixels - mean).max() <= step
        assert np.abs(full.pixels.astype("float64") - original.pixels).max() > 0.01


def test_the_border_is_answered_as_the_inside(stylist):
    flat = Photo(np.full((50, 70, 3), 0.3, np.float32))
    assert np.ptp(unpaired.apply(flat, stylist).pixels, axis=(0, 1)).max() < 1e-6
    alone = stylist.generator.predict_on_batch(np.full((1, 52, 72, 3), -0.4, "float32"))
    assert np.ptp(alone[0], axis=(0, 1)).max() > 0.05  # what this test would see


def test_all_but_the_pixels_is_kept(stylist):
    photo = _photo(40, 30)
    alpha = np.ones((40, 30), np.float32)
    photo = dataclasses.replace(
        photo, alpha=alpha, icc=b"profile", exif=b"exif", dpi=(300.0, 300.0)
    )
    styled = unpaired.apply(photo, stylist)
    assert styled.pixels.shape == photo.pixels.shape
    for field in dataclasses.fields(Photo):
        if field.name != "pixels":
            assert getattr(styled, field.name) is getattr(photo, field.name)


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_beyond_its_range_is_refused(stylist, strength):
    with pytest.raises(ValueError, match=r"Expected a strength in \[0, 1\]\. Received"):
        unpaired.apply(_photo(), stylist, strength)


def test_a_photograph_survives_its_file(stylist, tmp_path):
    photo = photos.load(collections.picture("nagasaki-boats"), levels=True)
    styled = unpaired.apply(photo, stylist, 0.7)
    photos.save(styled, tmp_path / "styled.png")
    back = photos.load(tmp_path / "styled.png", levels=True)
    np.testing.assert_array_equal(back.pixels, styled.pixels)
