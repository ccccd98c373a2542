"""One program, several backends: the same numbers from TensorFlow, JAX and PyTorch."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent

# The section's DCGAN for five steps on fed pictures and noise, float32, no Dropout.
SCRIPT = """
import sys
import numpy as np
from keras import ops
from gantools import dcgan, engine, training

folder, wanted = sys.argv[1:]
assert engine.BACKEND == wanted
rng = np.random.default_rng(0)
trainer = dcgan.DCGAN("relativistic", gamma=1.0, seed=0)
fast = engine.compile_step(lambda real, z: trainer.step(real, z=z), trainer.state)
curve = []
for _ in range(5):
    real = rng.uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
    logs = fast(real, rng.normal(size=(8, 100)).astype("float32"))
    curve.append([float(logs["g_loss"]), float(logs["d_loss"])])
training.save_checkpoint(f"{folder}/{wanted}.npz", trainer.state, 5)
training.load_checkpoint(f"{folder}/tensorflow.npz", trainer.state)
pictures = dcgan.generate(trainer.average.model, 4, seed=0)
np.savez(f"{folder}/{wanted}-out.npz", curve=curve, pictures=pictures)
"""

# Both ways of training without pairs: the same, from weights that are fed too.
UNPAIRED = """
import sys
import numpy as np
from gantools import engine, unpaired

folder, wanted = sys.argv[1:]
assert engine.BACKEND == wanted
curves = {}
for method in unpaired.METHODS:
    rng = np.random.default_rng(0)
    players = (
        unpaired.build_generator((4, 6, 8), 1),
        unpaired.build_discriminator((4, 6, 8, 8)),
    )
    if method == "cycle":
        trainer = unpaired.CycleTrainer(*players, (32, 32, 3), 5, augmented=False)
    else:
        trainer = unpaired.ContrastTrainer(*players, 5, augmented=False, patches=1024)
    for v in engine.variables_of(trainer.state[0]):  # all that both sides hold
        v.assign(rng.normal(0, 0.2, v.shape).astype("float32"))
    fast = engine.compile_step(trainer.step, trainer.state)
    curves[method] = []
    for _ in range(5):
        x, y = rng.uniform(-1, 1, (2, 2, 32, 32, 3)).astype("float32")
        logs = fast(x, y)
        curves[method].append([float(logs[name]) for name in sorted(logs)])
np.savez(f"{folder}/{wanted}-unpaired.npz", **curves)
"""


def needs(backend):
    """Skip where a backend is not installed."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: its agreement is not tested here")


def run(backend, *command):
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(HERE.parent),
    }
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        env=environment,
        cwd=HERE.parent,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give a function that trains on a backend: its losses, and pictures."""
    folder = tmp_path_factory.mktemp("parity")

    def train(backend):
        if not (folder / f"{backend}-out.npz").exists():
            run(backend, "-c", SCRIPT, folder, backend)
        with np.load(folder / f"{backend}-out.npz") as file:
            return file["curve"], file["pictures"]

    train("tensorflow")
    return train


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training_step_agrees_with_tensorflow(trained, backend):
    needs(backend)
    (curve, _), (wanted, _) = trained(backend), trained("tensorflow")
    error = np.abs(curve / wanted - 1).max(axis=1)
    assert error[0] < 1e-5 and error[4] < 5e-4, error


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_checkpoint_of_tensorflow_gives_the_same_pictures(trained, backend):
    needs(backend)
    (_, pictures), (_, wanted) = trained(backend), trained("tensorflow")
    assert wanted.std() > 0.001
    np.testing.assert_allclose(pictures, wanted, atol=2e-6)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_engine_and_losses_hold_on_every_backend(backend):
    needs(backend)
    tests = [HERE / "test_engine.py", HERE / "test_losses.py"]
    run(backend, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_exact_resumption_holds_on_every_backend(backend):
    needs(backend)
    selected = "early or inside_a_step or precision or average"
    test = HERE / "test_training.py"
    run(backend, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", selected, test)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_styles_are_learned_and_painted_on_every_backend(backend):
    needs(backend)
    selected = "adain or gram or optimising_lowers or gradient or strength or edges"
    tests = [HERE / "test_style.py", HERE / "test_layers.py"]
    run(backend, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", selected, *tests)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_training_without_pairs_agrees_with_tensorflow(tmp_path, backend):
    needs(backend)
    curves = {}
    for name in ("tensorflow", backend):
        run(name, "-c", UNPAIRED, tmp_path, name)
        with np.load(tmp_path / f"{name}-unpaired.npz") as file:
            curves[name] = dict(file)
    assert set(curves[backend]) == {"cycle", "contrast"}
    for method, wanted in curves["tensorflow"].items():
        error = np.abs(curves[backend][method] - wanted) / (1 + np.abs(wanted))
        error = error.max(axis=1)
        assert error[0] < 1e-5 and error[4] < 1e-3, (method, error)
