"""Gradients and compiled steps: the same tests hold on every backend (test_parity)."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from gantools import engine


def variable(values, **kind):
    return keras.Variable(np.asarray(values, "float32"), **kind)


def numbers(x):
    return np.asarray(ops.convert_to_numpy(x))


def test_gradient_equals_closed_form():
    w = variable([1.0, -2.0, 3.0])

    def loss_fn():
        return ops.sum(w.value**3), {"twice": 2 * ops.sum(w.value)}

    (loss, logs), (slope,) = engine.value_and_grad(loss_fn, [w])
    assert float(loss) == pytest.approx(20)
    assert float(logs["twice"]) == pytest.approx(4)
    np.testing.assert_allclose(numbers(slope), [3, 12, 27], rtol=1e-6)


def test_two_losses_in_one_pass_equal_two_passes():
    rng = np.random.default_rng(0)
    a, b = (variable(rng.normal(size=(4, 4))) for _ in range(2))
    x = rng.normal(size=(5, 4)).astype("float32")

    def losses_fn():
        hidden = ops.tanh(ops.matmul(x, a.value))
        out = ops.matmul(hidden, b.value)
        return (ops.mean(out**2), -ops.mean(ops.tanh(out))), {}

    (both, _), (of_a, of_b) = engine.value_and_grads(losses_fn, [[a], [b]])
    (first, _), alone_a = engine.value_and_grad(lambda: (losses_fn()[0][0], {}), [a])
    (second, _), alone_b = engine.value_and_grad(lambda: (losses_fn()[0][1], {}), [b])
    np.testing.assert_allclose(both, [float(first), float(second)], rtol=1e-6)
    np.testing.assert_allclose(numbers(of_a[0]), numbers(alone_a[0]), rtol=1e-5)
    np.testing.assert_allclose(numbers(of_b[0]), numbers(alone_b[0]), rtol=1e-5)


def test_two_losses_run_their_function_once():
    w, calls = variable([1.0]), []

    def losses_fn():
        calls.append(None)
        return (ops.sum(w.value), ops.sum(w.value**2)), {}

    engine.value_and_grads(losses_fn, [[w], [w]])
    assert len(calls) == 1


def test_one_variable_in_two_groups_has_both_gradients():
    w = variable([3.0])

    def losses_fn():
        return (ops.sum(5 * w.value), ops.sum(w.value**2)), {}

    _, ((first,), (second,)) = engine.value_and_grads(losses_fn, [[w], [w]])
    assert (float(first[0]), float(second[0])) == (5.0, 6.0)


def test_variable_without_influence_has_zero_gradient():
    w, idle = variable([1.0, 2.0]), variable([[7.0]])
    _, grads = engine.value_and_grad(lambda: (ops.sum(w.value), {}), [w, idle])
    np.testing.assert_array_equal(numbers(grads[1]), [[0.0]])


def test_what_is_computed_outside_is_a_constant():
    w = variable([2.0])

    def step():
        outside = w.value * 10
        _, (slope,) = engine.value_and_grad(
            lambda: (ops.sum(outside * w.value), {}), [w]
        )
        return {"slope": slope[0]}

    assert float(engine.compile_step(step, [w])()["slope"]) == 20.0


def test_number_of_losses_is_checked():
    w = variable([1.0])
    with pytest.raises(ValueError, match="Expected a loss for each of 2 groups"):
        engine.value_and_grads(lambda: ((ops.sum(w.value),), {}), [[w], [w]])


def test_input_gradient_equals_closed_form():
    x = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
    slope = engine.input_gradient(lambda x: ops.sum(x**3, axis=1), x)
    np.testing.assert_allclose(numbers(slope), 3 * x**2, rtol=1e-6)


def test_input_gradient_of_a_constant_is_zero():
    x = np.ones((2, 3), "float32")
    slope = engine.input_gradient(lambda x: ops.ones((2, 1)), x)
    np.testing.assert_array_equal(numbers(slope), np.zeros((2, 3)))


def test_input_gradient_is_differentiable_again():
    w = variable([1.0, -2.0])
    x = np.array([[3.0, 5.0]], "float32")

    def loss_fn():  # f = sum w x^2; its slope 2 w x; squared norm 4 w^2 x^2
        slope = engine.input_gradient(lambda x: ops.sum(w.value * x**2, axis=1), x)
        return ops.sum(slope**2), {}

    (loss, _), (grad,) = engine.value_and_grad(loss_fn, [w])
    assert float(loss) == pytest.approx(4 * (9 + 4 * 25))
    np.testing.assert_allclose(numbers(grad), [8 * 9, -8 * 2 * 25], rtol=1e-6)


def test_statistics_and_seeds_move_on_inside_every_tool():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(3, 2, (64, 2)).astype("float32")
    net = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    seeds = keras.random.SeedGenerator(0)

    def loss_fn():
        noise = keras.random.normal((64, 2), seed=seeds)
        return ops.mean(net(x, training=True) * noise), {}

    (first, _), _ = engine.value_and_grad(loss_fn, net.trainable_variables)
    moved = 0.01 * x.mean(axis=0)
    np.testing.assert_allclose(numbers(net.layers[0].moving_mean), moved, rtol=1e-4)
    (second, _), _ = engine.value_and_grad(loss_fn, net.trainable_variables)
    assert float(first) != float(second)
    before = numbers(net.layers[0].moving_mean)
    engine.input_gradient(lambda x: net(x, training=True), x)
    assert np.all(numbers(net.layers[0].moving_mean) > before)


def make_step(**options):
    """Make a step with all that changes: weights, statistics, momenta, seeds."""
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [keras.Input((3,)), layers.BatchNormalization(), layers.Dense(4)]
    )
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    optimizer.build(net.trainable_variables)
    seeds = keras.random.SeedGenerator(0)
    state = [net, optimizer, seeds]

    def step(x, scale):
        def loss_fn():
            return ops.mean(ops.square(net(x, training=True) - scale)), {}

        (loss, _), grads = engine.value_and_grad(loss_fn, net.trainable_variables)
        optimizer.apply(grads, net.trainable_variables)
        return {"loss": loss, "noise": keras.random.normal((), seed=seeds)}

    return step, state


def test_compiled_step_equals_plain_step():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    (plain, plain_state), (step, state) = make_step(), make_step()
    fast = engine.compile_step(step, state)
    for i in range(3):
        wanted, given = plain(ops.convert_to_tensor(x), 0.5 * i), fast(x, 0.5 * i)
        assert float(given["loss"]) == pytest.approx(float(wanted["loss"]), rel=1e-5)
    for v, w in zip(
        engine.variables_of(state), engine.variables_of(plain_state), strict=True
    ):
        np.testing.assert_allclose(numbers(v.value), numbers(w.value), atol=1e-4)


def test_compiled_step_draws_new_noise_each_time():
    fast = engine.compile_step(*make_step())
    x = np.ones((2, 3), "float32")
    assert len({float(fast(x, 1.0)["noise"]) for _ in range(4)}) == 4


@pytest.mark.skipif(engine.BACKEND == "torch", reason="torch runs, it does not trace")
def test_other_values_do_not_trace_again():
    traces = []

    def step(x, scale):
        traces.append(None)
        return {"loss": ops.mean(x) * scale}

    fast = engine.compile_step(step, [])
    for value in (1.0, 2.0, 3.0):
        logs = fast(np.full((2,), value, "float32"), np.float32(value))
    assert float(logs["loss"]) == 9.0
    assert len(traces) == 1


def test_two_variables_with_one_value_stay_apart():
    """On JAX the two could share memory that the step gives away twice."""
    w, copy = variable([1.0, 2.0]), variable([0.0, 0.0])
    copy.assign(w.value)

    def step(x):
        copy.assign(w.value)
        w.assign(w.value + x)
        return {"w": ops.sum(w.value)}

    fast = engine.compile_step(step, [w, copy])
    for _ in range(3):
        fast(np.float32(1))
    np.testing.assert_array_equal(numbers(w.value), [4.0, 5.0])
    np.testing.assert_array_equal(numbers(copy.value), [3.0, 4.0])


@pytest.mark.skipif(engine.BACKEND != "jax", reason="elsewhere no state can be missed")
def test_variable_missing_from_state_is_refused():
    w = variable([1.0], name="forgotten")

    def step(x):
        w.assign(w.value + x)
        return {}

    with pytest.raises(ValueError, match="step that changes forgotten"):
        engine.compile_step(step, [])(np.float32(1))


def test_unbuilt_optimizer_is_refused():
    with pytest.raises(ValueError, match=r"built before .* adam, not built"):
        engine.compile_step(lambda: {}, [keras.optimizers.Adam(name="adam")])


def test_variables_of_lists_each_once():
    net = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dropout(0.5)])
    seeds, extra = keras.random.SeedGenerator(0), variable([1.0])
    found = engine.variables_of([net, [net.layers[0]], {"seeds": seeds}, extra])
    wanted = [net.layers[0].kernel, net.layers[0].bias, seeds.state, extra]
    wanted += [net.layers[1].seed_generator.state]
    assert len(found) == len(wanted)
    assert {id(v) for v in found} == {id(v) for v in wanted}


def test_prediction_equals_keras_s_own_at_every_size():
    picture, number = keras.Input((None, None, 3)), keras.Input((1,))
    shifted = layers.BatchNormalization()(picture) + number[:, None, None]
    outputs = [layers.Conv2D(2, 3, padding="same")(shifted), shifted]
    model = keras.Model([picture, number], outputs)
    rng = np.random.default_rng(0)
    for size in ((8, 8), (5, 12), (8, 8), (1, 3)):
        inputs = [rng.normal(size=(2, *size, 3)), rng.normal(size=(2, 1))]
        inputs = [x.astype("float32") for x in inputs]
        found = engine.predict(model, inputs)
        assert all(isinstance(x, np.ndarray) for x in found)
        for x, y in zip(found, model.predict_on_batch(inputs), strict=True):
            np.testing.assert_allclose(x, y, atol=1e-6)


@pytest.mark.skipif(engine.BACKEND != "tensorflow", reason="others compile by size")
def test_prediction_is_compiled_once_for_all_sizes():
    traced = []

    class Counting(layers.Layer):
        def call(self, x):
            traced.append(x.shape)
            return 2 * x

    picture = keras.Input((None, None, 3))
    model = keras.Model(picture, Counting()(picture))
    before = len(traced)
    for size in (4, 5, 6, 7):
        x = np.ones((1, size, size, 3), "float32")
        np.testing.assert_array_equal(engine.predict(model, x), 2 * x)
    assert len(traced) == before + 1


@pytest.mark.skipif(engine.BACKEND != "torch", reason="only torch refuses")
def test_several_devices_are_refused_on_torch():
    with pytest.raises(NotImplementedError, match="to be tensorflow or jax"):
        engine.data_parallel()
