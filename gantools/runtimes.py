"""Run a trained network elsewhere than in the framework that trained it.

A runtime computes the same function from the same weights: it was made for answers
alone, knows no gradients, and may compute in another precision.  Which precision is
part of its name, and never left to its own judgement: on processors with bfloat16
OpenVINO would choose that by itself, without a word.
"""

import hashlib
import importlib
import importlib.util
import os
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

#: The precision of each runtime.  "keras" is the framework itself.
RUNTIMES = {
    "keras": "float32",
    "openvino": "float32",
    "openvino-bfloat16": "bfloat16",
}
_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_compiled: Any = weakref.WeakKeyDictionary()  # model: {precision: (sha256, function)}


def check(runtime: str) -> str:
    """Refuse a runtime that cannot be used here.

    Args:
        runtime: one of RUNTIMES.

    Returns:
        Its precision, "float32" or "bfloat16".

    Raises:
        ValueError: the runtime is unknown.
        ImportError: its package is not installed.
    """
    if runtime not in RUNTIMES:
        raise ValueError(f"Expected one of {tuple(RUNTIMES)}. Received: {runtime!r}")
    if runtime != "keras" and importlib.util.find_spec("openvino") is None:
        raise ImportError(
            "Expected the package of the extra `openvino`, as of pip install openvino. "
            f"Received: the runtime {runtime!r} without it"
        )
    return RUNTIMES[runtime]


def backend(runtime: str) -> str:
    """Name what computes: the package of a runtime, or Keras's backend."""
    if runtime != "keras":
        return "openvino"
    from gantools import engine

    return engine.BACKEND


def compiled(model: Any, runtime: str) -> Any:
    """Make a network one that `engine.predict` runs by a runtime.

    What is compiled is kept as long as the network, and made anew when its weights have
    changed.  It is one for all batches, heights and widths, and computes on as many
    threads as OMP_NUM_THREADS says, by default on all processors.

    Args:
        model: a functional Keras model.
        runtime: one of RUNTIMES.

    Returns:
        The model itself for "keras"; else a function of a list of arrays, one for each
        of the model's inputs, that gives the list of its outputs, NumPy arrays.

    Raises:
        ValueError: the runtime is unknown, Keras does not run on TensorFlow, or the
            processor does not compute in the runtime's precision.
        ImportError: the runtime's package is not installed.
    """
    precision = check(runtime)
    if runtime == "keras":
        return model
    known, weights = _compiled.setdefault(model, {}), _digest(model)
    if known.get(precision, ("",))[0] != weights:
        known[precision] = weights, _compile(model, precision)
    return known[precision][1]


def _digest(model) -> str:
    """Identify a network's weights."""
    digest = hashlib.sha256()
    for values in model.get_weights():
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _compile(model, precision: str) -> Callable:
    from gantools import engine

    openvino = importlib.import_module("openvino")
    core = openvino.Core()
    options = {
        "PERFORMANCE_HINT": "LATENCY",  # all threads on one window
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS") or 0),
        "ENABLE_CPU_PINNING": False,  # else all processes share the first processor
    }
    graph = openvino.convert_model(engine.traced(model))
    network = core.compile_model(graph, "CPU", options)
    used = network.get_property("INFERENCE_PRECISION_HINT").to_string()
    if used != _HINTS[precision]:
        raise ValueError(
            f"Expected a processor that computes in {precision}. "
            f"Received: one on which OpenVINO chooses {used}"
        )

    def run(inputs):
        arrays = [np.ascontiguousarray(x, np.float32) for x in inputs]
        return list(network(arrays, share_inputs=True, share_outputs=False).to_tuple())

    return run
