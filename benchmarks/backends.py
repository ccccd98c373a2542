"""Measure one training step, the package's own, in eight ways of running it.

    python benchmarks/backends.py

The step is that of `gantools.dcgan.DCGAN` with the section's networks on batches of 64
photographs, from the same weights and noise; the losses of its first three steps must
agree.  Each way has a process of its own, all of them on one core, where they take
turns for some rounds.  Seconds are those that the processor worked for the process:
another program that shares the core makes it wait, which costs it none of them.
Writes `gantools/records/backends.csv`.  PyTorch is measured where Python finds it.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import step_speed

TOLERANCE = 0.05  # of bfloat16, relative; the others are held to that of step_speed


@dataclass(frozen=True)
class Way:
    """One way to run the step.

    Attributes:
        backend: of Keras.
        compiled: by `engine.compile_step`; otherwise operation by operation.
        xla: as `jit_compile` there.
        dtype: the precision to compute in.
        settings: environment variables and their values.
    """

    backend: str
    compiled: bool = True
    xla: bool | None = None
    dtype: str = "float32"
    settings: tuple[tuple[str, str], ...] = ()


WAYS = {
    "graph": Way("tensorflow"),
    "eager": Way("tensorflow", compiled=False),
    "graph and XLA": Way("tensorflow", xla=True),
    "graph without oneDNN": Way(
        "tensorflow", settings=(("TF_ENABLE_ONEDNN_OPTS", "0"),)
    ),
    "graph in two threads": Way(
        "tensorflow", settings=(("TF_NUM_INTRAOP_THREADS", "2"),)
    ),
    "graph in bfloat16": Way("tensorflow", dtype="mixed_bfloat16"),
    "jit": Way("jax"),
    "no tracing": Way("torch"),
}


def make(way: Way, weights: step_speed.Weights) -> step_speed.Step:
    """Build the trainer and its step."""
    from keras import ops

    from gantools import dcgan, engine

    trainer = dcgan.DCGAN(dtype=way.dtype)
    trainer.generator.set_weights(weights["generator"])
    trainer.discriminator.set_weights(weights["discriminator"])

    def step(real, z):
        return trainer.step(ops.convert_to_tensor(real), z=ops.convert_to_tensor(z))

    if way.compiled:
        step = engine.compile_step(step, trainer.state, way.xla)

    def losses(*batch):
        logs = step(*batch)
        return logs["g_loss"], logs["d_loss"]

    return losses


def serve(name: str, data: Path) -> None:
    """Train when told to: a number of steps on a line gives the processor's seconds."""
    weights, batches = step_speed.read(data)
    way = WAYS[name]
    step = make(way, weights)
    start = time.process_time()
    losses = [[float(x) for x in step(*batches[0])]]
    first = time.process_time() - start
    checked = batches[1 : step_speed.CHECKED]
    losses += [[float(x) for x in step(*batch)] for batch in checked]
    answer = {"losses": losses, "first": first}
    answer["versions"] = {way.backend: version(way.backend)}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        start = time.process_time()
        step_speed.timed(step, batches, int(line))
        print(json.dumps(time.process_time() - start), flush=True)


def line_up(data: Path) -> list[step_speed.Contender]:
    """Start a process for every way whose backend is installed."""
    contenders = []
    for name, way in WAYS.items():
        if importlib.util.find_spec(way.backend):
            where = name, way.backend, sys.executable, data, __file__
            contenders.append(step_speed.Contender(*where, **dict(way.settings)))
    return contenders


def measure(rounds: int, steps: int) -> list[dict[str, str]]:
    """Check and race all ways; give the rows of the record."""
    with tempfile.TemporaryDirectory() as folder:
        contenders = line_up(step_speed.write_data(Path(folder) / "data.npz"))
        try:
            deviations = step_speed.check(contenders, TOLERANCE)
            step_speed.race(contenders, rounds, steps)
        finally:
            for contender in contenders:
                contender.close()
    return [row(c, deviations[str(c)], steps) for c in contenders]


def row(contender: step_speed.Contender, deviation: float, steps: int) -> dict:
    """Sum up what one way did."""
    way, speeds = WAYS[contender.loop], [steps / s for s in contender.seconds]
    allowed = step_speed.TOLERANCE if way.dtype == "float32" else TOLERANCE
    assert deviation <= allowed, (str(contender), deviation)
    return {
        "way": contender.loop,
        "framework": step_speed.BACKENDS[way.backend],
        "version": contender.versions[way.backend],
        "steps per second": f"{statistics.median(speeds):.2f}",
        "lowest": f"{min(speeds):.2f}",
        "highest": f"{max(speeds):.2f}",
        "seconds of the first step": f"{contender.first['first']:.1f}",
        "deviation of losses": f"{deviation:.0e}",
        "rounds": str(len(speeds)),
        "steps in a round": str(steps),
        "load": f"{os.getloadavg()[2]:.1f}",
        "cpu": step_speed.machine()["cpu"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the record; or serve as one way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=6, help="in a round")
    parser.add_argument("--out", type=Path, default=step_speed.RECORDS)
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        return serve(options.serve, options.data)
    from gantools import evaluation

    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # one core, for all alike
    rows = measure(options.rounds, options.steps)
    evaluation.write_rows(rows, options.out / "backends.csv")
    return None


if __name__ == "__main__":
    main()
