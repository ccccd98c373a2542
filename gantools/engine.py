"""Gradients and compiled training steps, written once for every Keras backend.

A training step is an ordinary function: it calls models, draws from a
`SeedGenerator`, applies optimizers and assigns variables. It needs four tools:

    (loss, logs), grads = value_and_grad(loss_fn, variables)
    (losses, logs), grads = value_and_grads(losses_fn, [variables, variables])
    slope = input_gradient(f, x)
    fast = compile_step(step, state)

and, where nothing is trained,

    outputs = predict(model, inputs)

One rule holds on every backend inside a compiled step: gradients flow only through
what is computed in the function handed to these tools. All else is a constant.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
from keras import ops, tree

BACKEND: str = keras.backend.backend()

Logs = dict[str, Any]


def variables_of(state: Any) -> list[keras.Variable]:
    """List every variable owned by the models, optimizers, seeds ... in `state`.

    Args:
        state: a (nested) list of Keras variables, `SeedGenerator`s, and objects that
            have `.variables`: models, layers, optimizers, metrics, moving averages.

    Returns:
        Each variable once, in the order in which it is first met.
    """
    found: dict[int, keras.Variable] = {}
    for owner in tree.flatten(state):
        if isinstance(owner, keras.Variable):
            owned = [owner]
        elif isinstance(owner, keras.random.SeedGenerator):
            owned = [owner.state]
        else:
            owned = owner.variables
        found.update((id(v), v) for v in owned)
    return list(found.values())


def _parts(x, n):
    """Cut an array into n along its first axis; a single number is for all."""
    if np.ndim(x) == 0:
        return [x] * n
    if len(x) % n:
        raise ValueError(
            f"Expected a batch that {n} devices can share evenly. Received: {len(x)}"
        )
    return np.split(x, n)


if BACKEND == "tensorflow":
    import tensorflow as tf

    def _data_parallel(devices):
        # The default way of adding up fails when two optimizers do it in one step.
        ops_between = tf.distribute.HierarchicalCopyAllReduce()
        return tf.distribute.MirroredStrategy(devices, ops_between).scope()

    def _replicas():
        return tf.distribute.get_strategy().num_replicas_in_sync

    def _value_and_grads(losses_fn, groups):
        with tf.GradientTape(
            persistent=len(groups) > 1, watch_accessed_variables=False
        ) as tape:
            tape.watch([v.value for group in groups for v in group])
            losses, logs = losses_fn()
        grads = [
            tape.gradient(loss, [v.value for v in group], unconnected_gradients="zero")
            for loss, group in zip(losses, groups, strict=True)
        ]
        replica = tf.distribute.get_replica_context()  # None outside of a step
        if replica and replica.num_replicas_in_sync > 1:
            grads = replica.all_reduce(tf.distribute.ReduceOp.MEAN, grads)
        return (losses, logs), grads

    def _input_gradient(total, x):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(x)
            y = total(x)
        return tape.gradient(y, x, unconnected_gradients="zero")

    def _compile(step, state, jit):
        place = tf.convert_to_tensor
        if tf.distribute.has_strategy():
            step, place = _replicated(step, state, tf.distribute.get_strategy())
        traced = tf.function(step, jit_compile=bool(jit), autograph=False)
        # NumPy scalars and Python numbers would retrace for every new value.
        return lambda *batch: traced(*tree.map_structure(place, batch))

    def _replicated(step, state, strategy):
        """Give a step on all replicas, and what deals each its part of a batch."""
        _take_means(state)
        _draw_apart(state, strategy)

        def on_all(*parts):
            logs = strategy.run(step, parts)
            return tree.map_structure(
                lambda x: strategy.reduce("MEAN", x, axis=None), logs
            )

        def place(x):
            parts = _parts(np.asarray(x), strategy.num_replicas_in_sync)
            return strategy.experimental_distribute_values_from_function(
                lambda replica: tf.convert_to_tensor(
                    parts[replica.replica_id_in_sync_group]
                )
            )

        return on_all, place

    def _take_means(state):
        """Let optimizers take gradients as they come: means over all replicas.

        Keras adds up those of the replicas after it has clipped each by itself.
        """
        for owner in tree.flatten(state):
            if isinstance(owner, keras.optimizers.Optimizer):
                if not hasattr(owner, "_all_reduce_sum_gradients"):
                    raise NotImplementedError(
                        "Expected optimizers with _all_reduce_sum_gradients. "
                        f"Received: Keras {keras.__version__}"
                    )
                owner._all_reduce_sum_gradients = list

    def _draw_apart(state, strategy):
        """Give each replica its own seeds; the same again when a run is resumed."""
        seeds = [v for v in variables_of(state) if v.name == "seed_generator_state"]

        @tf.function(autograph=False)
        def set_apart():
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            for v in seeds:
                seed, counter = tf.unstack(v.value)
                apart = seed % 2**24 + tf.cast(number, seed.dtype) * 2**24
                v.value.assign(tf.stack([apart, counter]))

        strategy.run(set_apart)

    def _traced(model):
        forward = model.__dict__.get("_any_size")
        if forward is None:

            def call(*x):
                return model(x[0] if len(x) == 1 else list(x), training=False)

            specs = [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
            traced = tf.function(call, input_signature=specs, autograph=False)
            forward = traced.get_concrete_function()
            object.__setattr__(model, "_any_size", forward)
        return forward

    def _predict(model, inputs):
        # Keras traces anew for every height and width, and complains that it does.
        pairs = zip(tree.flatten(inputs), model.inputs, strict=True)
        return _traced(model)(
            *(ops.convert_to_tensor(x, spec.dtype) for x, spec in pairs)
        )

elif BACKEND == "jax":
    import jax

    def _data_parallel(devices):
        return keras.distribution.DataParallel(devices=devices).scope()

    def _replicas():
        return 1  # one program sees the whole batch, wherever its parts lie

    def _predict(model, inputs):
        return model.predict_on_batch(inputs)

    _open_scopes: list["_Scope"] = []  # the innermost last

    class _Scope(keras.StatelessScope):
        """A scope in which variables hold given values and updates are collected."""

        def __init__(self, values):
            super().__init__()
            self.state_mapping.update(values)  # {id(variable): value}
            self.changed = {}  # {id(variable): variable}

        def add_update(self, update):
            self.changed[id(update[0])] = update[0]
            super().add_update(update)

        def __enter__(self):
            _open_scopes.append(self)
            return super().__enter__()

        def __exit__(self, *error):
            _open_scopes.pop()
            return super().__exit__(*error)

    def _differentiable(fn, changed):
        """Turn `fn(*inputs) -> (value, aux)` into a pure function of its variables."""
        inherited = dict(_open_scopes[-1].state_mapping) if _open_scopes else {}

        def pure(values, *inputs):
            with _Scope({**inherited, **values}) as scope:
                value, aux = fn(*inputs)
            changed.update(scope.changed)
            return value, (aux, {k: scope.state_mapping[k] for k in scope.changed})

        return pure

    def _keep(changed, updates):
        """Keep what `fn` assigned on its way: moving averages, random seeds."""
        for key, variable in changed.items():
            variable.assign(updates[key])  # in the enclosing scope, or for good

    def _value_and_grads(losses_fn, groups):
        values, changed = {id(v): v.value for g in groups for v in g}, {}
        pure = _differentiable(losses_fn, changed)
        losses, pull, (logs, updates) = jax.vjp(pure, values, has_aux=True)
        _keep(changed, updates)
        grads = []
        for i, group in enumerate(groups):
            one_hot = tuple(
                ops.ones_like(x) if i == j else ops.zeros_like(x)
                for j, x in enumerate(losses)
            )
            (slopes,) = pull(one_hot)
            grads.append([slopes[id(v)] for v in group])
        return (losses, logs), grads

    def _input_gradient(total, x):
        changed = {}
        pure = _differentiable(lambda x: (total(x), None), changed)
        slope, (_, updates) = jax.grad(pure, argnums=1, has_aux=True)({}, x)
        _keep(changed, updates)
        return slope

    def _compile(step, state, jit):
        variables = variables_of(state)
        known = {id(v) for v in variables}

        def pure(values, batch):
            with _Scope(dict(zip(map(id, variables), values, strict=True))) as scope:
                logs = step(*batch)
            for v in scope.changed.values():
                if id(v) not in known:
                    raise ValueError(
                        "Expected `state` to hold every variable that the step "
                        f"changes. Received: a step that changes {v.path}"
                    )
            return logs, [scope.state_mapping[id(v)] for v in variables]

        if jit in (None, True):  # donated: the memory of the old values is used again
            pure = jax.jit(pure, donate_argnums=0)
        parallel = keras.distribution.distribution()

        def place(x):
            _parts(x, parallel.num_model_replicas)
            layout = parallel.get_data_layout(np.shape(x))
            return keras.distribution.distribute_tensor(x, layout) if np.ndim(x) else x

        def fast(*batch):
            if parallel:
                batch = tree.map_structure(place, batch)
            logs, values = pure([v.value for v in variables], batch)
            for v, x in zip(variables, values, strict=True):
                v.assign(x)
            return logs

        return fast

elif BACKEND == "torch":
    import torch

    def _data_parallel(devices):
        raise NotImplementedError(
            "Expected KERAS_BACKEND to be tensorflow or jax, for several devices. "
            "Received: torch"
        )

    def _replicas():
        return 1

    def _predict(model, inputs):
        return model.predict_on_batch(inputs)

    def _slopes(y, inputs, **options):
        if not y.requires_grad:  # y depends on nothing
            return [torch.zeros_like(x) for x in inputs]
        return torch.autograd.grad(y, inputs, materialize_grads=True, **options)

    def _value_and_grads(losses_fn, groups):
        with torch.enable_grad():
            losses, logs = losses_fn()
        grads = [
            list(_slopes(loss, [v.value for v in group], retain_graph=True))
            for loss, group in zip(losses, groups, strict=True)
        ]
        return tree.map_structure(torch.Tensor.detach, (losses, logs)), grads

    def _input_gradient(total, x):
        nested = torch.is_grad_enabled()  # True inside `value_and_grads`
        with torch.enable_grad():
            x = x if x.requires_grad else x.detach().requires_grad_()
            (slope,) = _slopes(total(x), [x], create_graph=nested)
        return slope

    def _compile(step, state, jit):
        @torch.no_grad()
        def fast(*batch):
            return step(*tree.map_structure(ops.convert_to_tensor, batch))

        return torch.compile(fast) if jit else fast

else:
    raise ImportError(
        f"Expected KERAS_BACKEND to be tensorflow, jax or torch. Received: {BACKEND}"
    )


def data_parallel(devices: Sequence[str] | None = None) -> AbstractContextManager:
    """Build and train on several devices at once: each gets a part of every batch.

    Every device holds all weights and computes on its part; the gradients are
    averaged over all before an optimizer sees them.  A step needs no change:

        with engine.data_parallel():
            trainer = dcgan.DCGAN()
            training.fit(trainer, batches, steps)

    On TensorFlow each device runs the step by itself, so batch normalisation has to
    be `layers.synchronized`, and a loss that is no mean over samples becomes the mean
    of what it is on each part.  For several machines enter the scope of a
    `tf.distribute.MultiWorkerMirroredStrategy` instead: every process calls `fit` with
    the same `batches`, each with a folder of its own.  On JAX one program sees the
    whole batch, and nothing of this matters.

    Args:
        devices: their names, such as "GPU:0" on TensorFlow and "gpu:0" on JAX; by
            default all GPUs, or else all processors.

    Raises:
        NotImplementedError: the backend is torch.
    """
    return _data_parallel(devices)


def replicas() -> int:
    """Count the copies of a step that run side by side, each on a part of the batch."""
    return _replicas()


def value_and_grads(
    losses_fn: Callable[[], tuple[Sequence[Any], Logs]],
    groups: Sequence[Sequence[keras.Variable]],
) -> tuple[tuple[Sequence[Any], Logs], list[list[Any]]]:
    """Differentiate several losses, each in its own variables, in one forward pass.

    Two players share most of a GAN's forward pass: the fake pictures and the
    discriminator's opinion of them. Running it once instead of twice saves about a
    quarter of a training step.

    Args:
        losses_fn: `losses_fn() -> (losses, logs)`, as many scalar losses as groups.
        groups: for each loss, the variables in which to differentiate it.

    Returns:
        `(losses, logs), grads`, where `grads[i][j]` is the derivative of `losses[i]`
        in `groups[i][j]`, zero where the loss does not depend on the variable.
    """

    def checked():
        losses, logs = losses_fn()
        if len(losses) != len(groups):
            raise ValueError(
                f"Expected a loss for each of {len(groups)} groups of variables. "
                f"Received: {len(losses)}"
            )
        return tuple(losses), logs

    return _value_and_grads(checked, groups)


def value_and_grad(
    loss_fn: Callable[[], tuple[Any, Logs]], variables: Sequence[keras.Variable]
) -> tuple[tuple[Any, Logs], list[Any]]:
    """Run `loss_fn() -> (loss, logs)`; also give d loss / d variables."""

    def losses_fn():
        loss, logs = loss_fn()
        return (loss,), logs

    ((loss,), logs), (grads,) = value_and_grads(losses_fn, [variables])
    return (loss, logs), grads


def input_gradient(f: Callable[[Any], Any], x: Any) -> Any:
    """Differentiate `sum(f(x))` in `x`; the result can be differentiated again.

    Since a network without batch statistics judges each sample by itself, the slice
    `[i]` of the result is the gradient of `f(x)[i]` for sample `i`.

    Args:
        f: a function of a tensor, of any output shape; summed in float32.
        x: tensor or array of floats.

    Returns:
        A tensor of the shape and type of `x`.
    """
    return _input_gradient(
        lambda x: ops.sum(ops.cast(f(x), "float32")), ops.convert_to_tensor(x)
    )


def predict(model: keras.Model, inputs: Any) -> Any:
    """Run a model on one batch, compiled, without training.

    On TensorFlow it is compiled once for all heights and widths, where
    `model.predict_on_batch` compiles again for each.

    Args:
        model: a functional model; or a function of the same inputs, such as
            `runtimes.compiled` makes of one, which is called.
        inputs: an array (B, ...), or a list of such where the model has several.

    Returns:
        NumPy arrays in the structure of the model's outputs.
    """
    if not isinstance(model, keras.Model):
        return model(inputs)
    outputs = _predict(model, inputs)
    return tree.map_structure(ops.convert_to_numpy, outputs)


def traced(model: keras.Model) -> Any:
    """Give a model as TensorFlow's function of its inputs, one for all sizes.

    Args:
        model: a functional model.

    Returns:
        A concrete function of as many tensors as the model has inputs.

    Raises:
        ValueError: Keras runs on another backend.
    """
    if BACKEND != "tensorflow":
        raise ValueError(f"Expected the backend tensorflow. Received: {BACKEND}")
    return _traced(model)


def compile_step(
    step: Callable[..., Logs], state: Any, jit_compile: bool | None = None
) -> Callable[..., Logs]:
    """Make `step(*batch) -> logs` fast.

    Args:
        step: a training step, written as in this module's introduction.
        state: everything that the step may change, as for `variables_of`.
        jit_compile: use XLA (or `torch.compile`); by default only where it is
            faster: on JAX. On TensorFlow XLA measured slower on CPU, and
            `torch.compile` cannot differentiate twice.

    Raises:
        ValueError: an optimizer or model in `state` has not been built.
    """
    for owner in tree.flatten(state):
        if not getattr(owner, "built", True):
            raise ValueError(
                "Expected models and optimizers that are built before the step is "
                "compiled: optimizer.build(model.trainable_variables). "
                f"Received: {owner.name}, not built"
            )
    return _compile(step, state, jit_compile)
