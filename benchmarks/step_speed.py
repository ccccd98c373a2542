"""Measure training steps per second, side by side with other ways to write the loop.

    python benchmarks/step_speed.py --python torch=other/venv/bin/python

Every loop trains the two networks of `gantools.dcgan` on the same batches with the
same noise, from the same weights, by Adam. Each runs in a process of its own. First
all of them must give the losses of the classic loop for three steps; then they take
turns for some rounds, so that what else the machine does falls on all of them alike.
Writes `gantools/records/step-speed.csv` and, with every round and the versions,
`step-speed.json`.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "gantools" / "records"
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
BATCH, BATCHES, CHECKED = 64, 8, 3
RATE, BETA = 2e-4, 0.5
TOLERANCE = 1e-3  # relative, of the losses

Weights = dict[str, list[np.ndarray]]
Step = Callable[[np.ndarray, np.ndarray], Sequence[Any]]  # -> generator's, D's loss


# --- The loops ---------------------------------------------------------------------


def classic(weights: Weights) -> Step:
    """Write the step as the well-known DCGAN tutorial does: two tapes, one pass."""
    import keras
    import tensorflow as tf

    from gantools import dcgan

    generator, discriminator = dcgan.build_generator(), dcgan.build_discriminator()
    generator.set_weights(weights["generator"])
    discriminator.set_weights(weights["discriminator"])
    g_optimizer = keras.optimizers.Adam(RATE, beta_1=BETA)
    d_optimizer = keras.optimizers.Adam(RATE, beta_1=BETA)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def train_step(real, z):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(z, training=True)
            real_logits = discriminator(real, training=True)
            fake_logits = discriminator(fake, training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        g_variables = generator.trainable_variables
        d_variables = discriminator.trainable_variables
        g_slopes = g_tape.gradient(g_loss, g_variables)
        d_slopes = d_tape.gradient(d_loss, d_variables)
        g_optimizer.apply_gradients(zip(g_slopes, g_variables, strict=True))
        d_optimizer.apply_gradients(zip(d_slopes, d_variables, strict=True))
        return g_loss, d_loss

    # A Python number or array would be traced anew; a tensor is not.
    return lambda *batch: train_step(*map(tf.convert_to_tensor, batch))


class NoAverage:
    """Stand in for the moving average of the weights, and do nothing."""

    variables = ()

    def update(self) -> None:
        """Leave everything as it is."""


def engine(weights: Weights, average: bool = False) -> Step:
    """Take the package's own step, with or without the moving average of G."""
    from gantools import dcgan
    from gantools import engine as tools

    trainer = dcgan.DCGAN(learning_rate=(RATE, RATE), betas=(BETA, 0.999))
    trainer.generator.set_weights(weights["generator"])
    trainer.discriminator.set_weights(weights["discriminator"])
    if not average:
        trainer.state.remove(trainer.average)
        trainer.average = NoAverage()
    fast = tools.compile_step(lambda real, z: trainer.step(real, z=z), trainer.state)

    def step(real, z):
        logs = fast(real, z)
        return logs["g_loss"], logs["d_loss"]

    return step


def plain_torch(weights: Weights) -> Step:
    """Write networks and step in PyTorch alone, pictures as channels_last."""
    import torch
    from torch.nn import functional as F

    generator, discriminator = torch_networks(weights)
    options = {"lr": RATE, "betas": (BETA, 0.999), "fused": True}
    g_optimizer = torch.optim.Adam(generator.parameters(), **options)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), **options)

    taken = 0

    def step(real, z):
        nonlocal taken
        taken += 1
        real = torch.from_numpy(real).permute(0, 3, 1, 2)  # channels_last already
        fake = generator(torch.from_numpy(z))
        fake_logits = discriminator(fake)
        g_loss = F.softplus(-fake_logits).mean()
        d_loss = F.softplus(-discriminator(real)).mean()
        d_loss = d_loss + F.softplus(fake_logits).mean()
        players = [list(p.parameters()) for p in (generator, discriminator)]
        g_slopes = torch.autograd.grad(g_loss, players[0], retain_graph=True)
        d_slopes = torch.autograd.grad(d_loss, players[1])
        slopes = [g_slopes, d_slopes]
        for parameters, gradients in zip(players, slopes, strict=True):
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.grad = gradient
        for optimizer in (g_optimizer, d_optimizer):
            # Keras adds its eps of 1e-7 before it corrects the bias, PyTorch after.
            optimizer.param_groups[0]["eps"] = 1e-7 / (1 - 0.999**taken) ** 0.5
            optimizer.step()
        return g_loss.detach(), d_loss.detach()

    return step


def torch_networks(weights: Weights) -> tuple[Any, Any]:
    """Build both networks of the book as `torch.nn.Module`s, from Keras's weights."""
    import torch
    from torch import nn

    class Shape(nn.Module):
        """Reshape or cut by a function."""

        def __init__(self, change):
            super().__init__()
            self.forward = change

    def up(inside, outside, stride):
        # "same" in Keras cuts one row and column before, the rest behind.
        transposed = nn.ConvTranspose2d(
            inside, outside, 5, stride, padding=1 if stride == 2 else 2, bias=False
        )
        cut = Shape(lambda x: x[:, :, :-1, :-1])
        return [transposed, cut] if stride == 2 else [transposed]

    def norm(kind, channels):
        return [kind(channels, eps=1e-3, momentum=0.01), nn.LeakyReLU(0.3)]

    def down(inside, outside):
        pad = nn.ZeroPad2d((1, 2, 1, 2))
        return [pad, nn.Conv2d(inside, outside, 5, 2), nn.LeakyReLU(0.3)]

    generator = nn.Sequential(
        nn.Linear(100, 8 * 8 * 256, bias=False),
        *norm(nn.BatchNorm1d, 8 * 8 * 256),
        Shape(lambda x: x.view(-1, 8, 8, 256).permute(0, 3, 1, 2)),
        *up(256, 128, 1),
        *norm(nn.BatchNorm2d, 128),
        *up(128, 64, 2),
        *norm(nn.BatchNorm2d, 64),
        *up(64, 3, 2),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        *down(3, 64),
        *down(64, 128),
        Shape(lambda x: x.permute(0, 2, 3, 1).flatten(1)),
        nn.Linear(8 * 8 * 128, 1),
    )
    networks = generator, discriminator
    for network, name in zip(networks, weights, strict=True):
        targets = [v for v in network.state_dict().values() if v.dim()]
        for target, array in zip(targets, weights[name], strict=True):
            # Kernels of Keras: (..., in, out), transposed ones (..., out, in).
            order = {2: (1, 0), 4: (3, 2, 0, 1)}.get(array.ndim, (0,))
            target.copy_(torch.from_numpy(array.transpose(order).copy()))
        network.to(memory_format=torch.channels_last)
    return networks


LOOPS: dict[str, Callable[[Weights], Step]] = {
    "classic loop": classic,
    "gantools": engine,
    "gantools, with average": lambda weights: engine(weights, average=True),
    "plain PyTorch": plain_torch,
}


# --- One loop's process ------------------------------------------------------------


def serve(loop: str, data: Path) -> None:
    """Train when told to: a number of steps on a line gives the seconds they took."""
    weights, batches = read(data)
    step = LOOPS[loop](weights)
    losses = [[float(x) for x in step(*batch)] for batch in batches[:CHECKED]]
    names = [os.environ["KERAS_BACKEND"], "keras", "numpy"]
    versions = {name: version(name) for name in names if name in sys.modules}
    print(json.dumps({"losses": losses, "versions": versions}), flush=True)
    for line in sys.stdin:
        print(json.dumps(timed(step, batches, int(line))), flush=True)


def timed(step: Step, batches: Sequence[Any], steps: int) -> float:
    """Run steps and wait for the last one's losses; give the seconds."""
    start = time.perf_counter()
    for n in range(steps):
        losses = step(*batches[n % len(batches)])
    _ = [float(loss) for loss in losses]
    return time.perf_counter() - start


def write_data(path: Path, batch: int = BATCH, count: int = BATCHES) -> Path:
    """Write the initial weights, and batches of real pictures and noise, as .npz."""
    from gantools import dcgan

    smoke = dcgan.PRESETS["smoke"]
    crops = dcgan.crops(dcgan.load_pictures(smoke)[0], batch, smoke.crop, seed=0)
    rng = np.random.default_rng(0)
    trainer = dcgan.DCGAN(seed=0)
    arrays = {
        "real": np.stack([crops(n)[0] for n in range(count)]),  # (count, B, 32, 32, 3)
        "z": rng.normal(size=(count, batch, dcgan.LATENT)).astype("float32"),
    }
    for name in ("generator", "discriminator"):
        for n, array in enumerate(getattr(trainer, name).get_weights()):
            arrays[f"{name}/{n:02d}"] = array
    np.savez(path, **arrays)
    return path


def read(path: Path) -> tuple[Weights, list[tuple[np.ndarray, np.ndarray]]]:
    """Read what `write_data` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    weights = {
        name: [arrays[key] for key in sorted(arrays) if key.startswith(f"{name}/")]
        for name in ("generator", "discriminator")
    }
    return weights, list(zip(arrays["real"], arrays["z"], strict=True))


# --- The comparison ----------------------------------------------------------------


class Contender:
    """A loop in a process of its own, which `script` serves."""

    def __init__(
        self,
        loop: str,
        backend: str,
        python: str,
        data: Path,
        script: str = __file__,
        **settings: str,
    ):
        self.loop, self.backend = loop, backend
        self.seconds: list[float] = []
        environment = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]]),
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        environment.pop("TF_ENABLE_ONEDNN_OPTS", None)  # tests turn it off: slower
        environment |= settings
        self.log = data.with_name(f"{self}.log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [python, script, "--serve", loop, "--data", str(data)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.first = self.answer()
        self.losses = np.array(self.first["losses"])  # (CHECKED, 2)
        self.versions = self.first["versions"]

    def __str__(self) -> str:
        return f"{self.loop} on {BACKENDS[self.backend]}"

    def answer(self) -> Any:
        """Wait for a line of the process."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"Expected an answer from {self}. Received: {self.log.read_text()}"
            )
        return json.loads(line)

    def run(self, steps: int) -> float:
        """Let it take steps; give the seconds."""
        print(steps, file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def check(
    contenders: Sequence[Contender], tolerance: float = TOLERANCE
) -> dict[str, float]:
    """Assert that all do the same mathematics; give each one's largest deviation."""
    reference = contenders[0].losses
    deviations = {}
    for contender in contenders:
        deviation = np.max(np.abs(contender.losses / reference - 1))
        print(f"{contender!s:40s} losses deviate by {deviation:.1e}", flush=True)
        assert deviation <= tolerance, (str(contender), contender.losses, reference)
        deviations[str(contender)] = float(f"{deviation:.1e}")
    return deviations


def race(contenders: Sequence[Contender], rounds: int, steps: int) -> None:
    """Let the contenders take turns; another one begins in every round."""
    for contender in contenders:
        contender.run(max(2, steps // 4))  # warm up
    for n in range(rounds):
        first = n % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            contender.seconds.append(contender.run(steps))
            speed = steps / contender.seconds[-1]
            print(f"round {n + 1}: {contender!s:40s} {speed:6.2f} steps/s", flush=True)


def summarise(speeds: dict[str, list[float]]) -> list[dict[str, str]]:
    """Make the table's rows; the first contender is what the others are divided by.

    Args:
        speeds: for each "loop on framework" the steps per second in every round.

    Returns:
        Rows with the median of the steps per second, and the median, least and
        greatest of the ratios to the first contender in the same round.
    """
    reference = next(iter(speeds.values()))
    rows = []
    for name, mine in speeds.items():
        ratios = [a / b for a, b in zip(mine, reference, strict=True)]
        loop, framework = name.rsplit(" on ", 1)
        rows.append(
            {
                "loop": loop,
                "framework": framework,
                "steps per second": f"{statistics.median(mine):.2f}",
                "ratio": f"{statistics.median(ratios):.3f}",
                "lowest": f"{min(ratios):.3f}",
                "highest": f"{max(ratios):.3f}",
            }
        )
    return rows


def machine() -> dict[str, Any]:
    """Describe the machine: what kind it is, and nothing that tells it from others."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        names = [line.split(":")[1] for line in lines if line.startswith("model name")]
        cpu = " ".join(names[0].split()) if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def interpreters(given: Sequence[str]) -> dict[str, str]:
    """Name a Python for each backend: as given, else this one where it has it."""
    found = {
        name: sys.executable for name in BACKENDS if importlib.util.find_spec(name)
    }
    for item in given:
        name, _, python = item.partition("=")
        if name not in BACKENDS or not python:
            raise SystemExit(f"Expected one of {[*BACKENDS]}=PYTHON. Received: {item}")
        found[name] = python
    if "tensorflow" not in found:
        raise SystemExit("Expected TensorFlow, for the classic loop. Received: none")
    return {name: found[name] for name in BACKENDS if name in found}


def line_up(pythons: dict[str, str], data: Path) -> list[Contender]:
    """Start every contender, one after another, the classic loop first."""
    pairs = [("classic loop", "tensorflow")]
    for backend in pythons:
        pairs += [("gantools", backend), ("gantools, with average", backend)]
    if "torch" in pythons:
        pairs.append(("plain PyTorch", "torch"))
    return [Contender(loop, name, pythons[name], data) for loop, name in pairs]


def measure(pythons: dict[str, str], rounds: int, steps: int) -> dict[str, Any]:
    """Check and race all contenders; give the record."""
    with tempfile.TemporaryDirectory() as folder:
        contenders = line_up(pythons, write_data(Path(folder) / "data.npz"))
        try:
            deviations = check(contenders)
            race(contenders, rounds, steps)
        finally:
            for contender in contenders:
                contender.close()
    speeds = {str(c): [round(steps / s, 4) for s in c.seconds] for c in contenders}
    versions = {k: v for c in contenders for k, v in c.versions.items()}
    return {
        "machine": machine(),
        "versions": dict(sorted(versions.items())),
        "batch": BATCH,
        "steps in a round": steps,
        "largest relative deviation of a loss": deviations,
        "steps per second": speeds,
    }


def main() -> None:
    """Run the comparison and write the records; or serve as one contender of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", nargs="+", default=[], metavar="BACKEND=PYTHON", help="interpreters"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30, help="in a round")
    parser.add_argument("--out", type=Path, default=RECORDS)
    parser.add_argument("--serve", choices=LOOPS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve, options.data)
    from gantools import evaluation

    record = measure(interpreters(options.python), options.rounds, options.steps)
    rows = summarise(record["steps per second"])
    evaluation.write_rows(rows, options.out / "step-speed.csv")
    text = json.dumps(record, indent=2)
    (options.out / "step-speed.json").write_text(text + "\n")
    for row in rows:
        print(*row.values(), sep=" | ")
    return None


if __name__ == "__main__":
    main()
