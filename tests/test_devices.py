"""Several devices and several machines: the losses of one device, the step unchanged.

What the devices of this computer cannot be, they imitate: TensorFlow and JAX each cut
one processor into two virtual ones, and two processes talk over the loopback.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]

# A GAN with all that devices could disagree about: batch statistics, gradients that
# are clipped by the length of all, an average, noise.  The generator's optimizer is
# plain, for Adam's steps hardly change when gradients are twice as long.
COMMON = """
import sys
import keras
import numpy as np
from keras import layers
from gantools import dcgan, engine, training

folder = sys.argv[1]
dcgan.build_generator = lambda: keras.Sequential([
    keras.Input((100,)), layers.Dense(8, use_bias=False), layers.BatchNormalization(),
    layers.LeakyReLU(), layers.Dense(6, activation="tanh"),
])
dcgan.build_discriminator = lambda: keras.Sequential([
    keras.Input((6,)), layers.Dense(8), layers.LeakyReLU(), layers.Dense(1),
])

def batches(step):
    rng = np.random.default_rng([0, step])
    real, z = rng.uniform(-1, 1, (8, 6)), rng.normal(size=(8, 100))
    return real.astype("float32"), z.astype("float32")

class Fed:
    def __init__(self):
        self.gan = dcgan.DCGAN(seed=0, learning_rate=(0.01, 0.01))
        sgd = keras.optimizers.SGD(1.0, global_clipnorm=0.01)
        sgd.build(self.gan.generator.trainable_variables)
        self.gan.g_optimizer = self.gan.state[2] = sgd
        self.state = self.gan.state

    def step(self, real, z):
        return self.gan.step(real, z=z)

def train(name, steps, **options):
    return training.fit(Fed(), batches, steps, f"{folder}/{name}", log_every=1,
                        workers=1, **options)
"""

TWO_DEVICES = """
if engine.BACKEND == "tensorflow":
    import tensorflow as tf
    (cpu,) = tf.config.list_physical_devices("CPU")
    half = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [half, half])
train(engine.BACKEND + "-one", 3)
names = ["CPU:0", "CPU:1"] if engine.BACKEND == "tensorflow" else None
name = engine.BACKEND + "-two"
with engine.data_parallel(names):
    train(name, 2)
    train(name, 3, resume=True)
    train(engine.BACKEND + "-one", 4, resume=True)  # begun by one device
    model = Fed().gan.average.model
    assert model(dcgan.noise(3, seed=0), training=False).shape == (3, 6)
    assert engine.predict(model, dcgan.noise(3, seed=0)).shape == (3, 6)
    if engine.BACKEND == "tensorflow":
        assert engine.replicas() == 2
        seeds = keras.random.SeedGenerator(0)
        def draw(x):
            noise = keras.random.normal((1,), seed=seeds)
            return {"mean": noise, "square": noise**2}
        logs = engine.compile_step(draw, [seeds])(np.zeros((2, 1), "float32"))
        assert float(logs["square"][0] - logs["mean"][0] ** 2) > 1e-3, logs
    try:
        engine.compile_step(lambda x: {}, [])(np.zeros((3, 1), "float32"))
    except ValueError as error:
        assert "Expected a batch that 2 devices can share evenly" in str(error)
    else:
        raise AssertionError("a batch of 3 was cut in two")
assert engine.replicas() == 1
train(name, 4, resume=True)  # begun by two
with engine.data_parallel(names and names[:1]):  # nor is one an error
    train(engine.BACKEND + "-alone", 1)
"""

TWO_PROCESSES = """
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    assert engine.replicas() == 2
    train("process-" + sys.argv[2], 2)
    train("process-" + sys.argv[2], 3, resume=True)
"""


def start(code, *arguments, **environment):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", COMMON + code, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*processes):
    said = [process.communicate()[0] for process in processes]
    assert not any(p.returncode for p in processes), "\n".join(s[-4000:] for s in said)


def losses(folder):
    rows = np.genfromtxt(folder / "history.csv", delimiter=",", names=True)
    rows = np.atleast_1d(rows)
    return np.array([[row["g_loss"], row["d_loss"]] for row in rows])  # (steps, 2)


def variables(folder):
    with np.load(folder / "checkpoint.npz") as file:
        return {k: file[k] for k in file.files if k.startswith("variable/")}


HAS_JAX = importlib.util.find_spec("jax") is not None
VIRTUAL = "--xla_force_host_platform_device_count=2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Train on one device and on two, on both frameworks at the same time."""
    folder = tmp_path_factory.mktemp("devices")
    processes = [start(TWO_DEVICES, folder, KERAS_BACKEND="tensorflow")]
    if HAS_JAX:
        options = {"KERAS_BACKEND": "jax", "XLA_FLAGS": VIRTUAL}
        processes.append(start(TWO_DEVICES, folder, **options))
    finish(*processes)
    return folder


# Sums in another order differed by 2e-7. Without synchronized statistics, with
# gradients that are not averaged, or added up after clipping, losses differed by 1e-4.
TOLERANCE = 1e-5


def test_two_devices_give_the_losses_of_one(folder):
    one, two = losses(folder / "tensorflow-one"), losses(folder / "tensorflow-two")
    np.testing.assert_allclose(two, one, rtol=TOLERANCE)
    alone = losses(folder / "tensorflow-alone")
    np.testing.assert_allclose(alone, one[:1], rtol=TOLERANCE)


@pytest.mark.skipif(not HAS_JAX, reason="jax is not installed")
def test_two_devices_of_jax_give_the_losses_of_one(folder):
    one, two = losses(folder / "jax-one"), losses(folder / "jax-two")
    np.testing.assert_allclose(two, one, rtol=TOLERANCE)
    np.testing.assert_allclose(two, losses(folder / "tensorflow-one"), rtol=TOLERANCE)


def test_two_processes_give_the_losses_of_one_and_the_same_weights(folder):
    with socket.socket() as first, socket.socket() as second:
        for s in (first, second):
            s.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{s.getsockname()[1]}" for s in (first, second)]
    processes = []
    for i in range(2):
        task = {"type": "worker", "index": i}
        config = json.dumps({"cluster": {"worker": workers}, "task": task})
        options = {"KERAS_BACKEND": "tensorflow", "TF_CONFIG": config}
        processes.append(start(TWO_PROCESSES, folder, i, **options))
    finish(*processes)
    one, two = losses(folder / "tensorflow-one"), losses(folder / "process-0")
    np.testing.assert_allclose(two, one[: len(two)], rtol=TOLERANCE)
    first, second = variables(folder / "process-0"), variables(folder / "process-1")
    assert first.keys() == second.keys()
    *weights, seeds = first
    for name in weights:
        np.testing.assert_array_equal(first[name], second[name])
    assert (first[seeds][0], second[seeds][0]) == (0, 2**24)  # each its own noise
