"""Carry trained networks into a web page: graphs as JSON, weights as small integers.

A page has no Keras.  It has a runtime that can convolve, add and join, so it needs the
layers in order, each with the names of what it reads (`graph`), and the weights, which
here take about six bits each instead of sixteen (`quantised`).  All goes into one
script (`pack`), because a page that was opened from a folder may load scripts and
nothing else.  `unpack` reads it back, so that Python can ask the very same network.
"""

import base64
import itertools
import json
import zlib
from collections.abc import Sequence

import keras
import numpy as np

STEP = 0.07  # between two values of a weight, see `quantised`
SIZE = 100_000  # weights of a kernel for which that is the step
BEFORE, AFTER = "(window.restorePhoto ||= {}).weights = ", ";\n"
OPERATIONS = {  # what the page's runtime can do: the class, and which settings count
    "Activation": ("activation",),
    "Add": (),
    "AveragePooling2D": ("pool_size",),
    "Concatenate": (),
    "Conv2D": ("strides", "activation"),
    "Conv2DTranspose": ("strides",),
    "Dense": ("activation",),
    "DepthwiseConv2D": ("strides",),
    "Flatten": (),
    "GlobalAveragePooling2D": (),
    "Multiply": (),
    "ReLU": ("max_value",),
    "Rescaling": ("scale", "offset"),
    "Reshape": ("target_shape",),
    "Split": ("indices_or_sections",),
    "Subtract": (),
}
FIXED = {  # settings that the runtime takes for granted
    "AveragePooling2D": {"padding": "valid"},
    "Concatenate": {"axis": -1},
    "Conv2D": {
        "padding": "same",
        "dilation_rate": [1, 1],
        "groups": 1,
        "use_bias": True,
    },
    "Conv2DTranspose": {
        "padding": "valid",
        "dilation_rate": [1, 1],
        "activation": "linear",
        "use_bias": True,
    },
    "Dense": {"use_bias": True},
    "DepthwiseConv2D": {
        "padding": "same",
        "dilation_rate": [1, 1],
        "activation": "linear",
        "use_bias": True,
    },
    "ReLU": {"negative_slope": 0, "threshold": 0},
    "Split": {"axis": -1},
}


def graph(model: keras.Model) -> dict:
    """List what a functional model computes, step by step.

    Returns:
        "inputs" and "outputs", lists of names, and "steps" in an order in which each
        reads only what is there: the operation `op`, its `name`, what it reads, `in`,
        as names or as numbers, and its settings.  The second output of `x` is `x:1`.

    Raises:
        ValueError: the model has a layer, or a setting, that the page cannot compute.
    """
    config = model.get_config()
    layers = [x for x in config["layers"] if x["class_name"] != "InputLayer"]
    return {
        "inputs": _ends(config["input_layers"]),
        "outputs": _ends(config["output_layers"]),
        "steps": [_step(layer) for layer in layers],
    }


def _ends(ends):
    """Name a model's inputs or outputs, of which a single one is not in a list."""
    return [_name(e) for e in (ends if isinstance(ends[0], list) else [ends])]


def _name(history):
    layer, _, index = history
    return f"{layer}:{index}" if index else layer


def _step(layer):
    kind, config = layer["class_name"], layer["config"]
    if kind not in OPERATIONS:
        raise ValueError(f"Expected one of {sorted(OPERATIONS)}. Received: {kind}")
    fixed = dict(FIXED.get(kind, {}))
    if kind == "Conv2DTranspose":  # then no two of its windows overlap
        fixed["kernel_size"] = config["strides"]
    if kind == "AveragePooling2D":
        fixed["strides"] = config["pool_size"]
    for key, value in fixed.items():
        wanted, found = (json.loads(json.dumps(x)) for x in (value, config[key]))
        if wanted != found:  # with tuples as lists
            raise ValueError(
                f"Expected {key} {wanted} of {kind} {layer['name']}. Received: {found}"
            )
    settings = {key: config[key] for key in OPERATIONS[kind]}
    (call,) = layer["inbound_nodes"]  # the layer is used once
    arguments = itertools.chain.from_iterable(
        x if isinstance(x, list) else [x] for x in call["args"]
    )
    read = [_read(x) for x in arguments]
    return {"op": kind, "name": layer["name"], "in": read, **settings}


def _read(argument):
    """Give the name of a tensor, or a constant as numbers."""
    if not isinstance(argument, dict):
        return argument
    config = argument["config"]
    history = config.get("keras_history")
    return _name(history) if history else config["value"]


def quantised(weights: np.ndarray, step: float = STEP) -> tuple[np.ndarray, np.ndarray]:
    """Round a kernel to whole multiples of a scale, one for each channel.

    Let channel c have standard deviation s_c and largest magnitude m_c, and the kernel
    n weights.  The scale is the larger of step sqrt(n / SIZE) s_c and m_c / 127.

    Why the root?  Rounding to a step d_k, in deviations, makes noise of power ~ d_k^2
    in the output of kernel k, and its n_k codes take n_k log(1 / d_k) bits and a
    constant.  The least sum of d_k^2 at a given number of bits has 2 d_k = lambda n_k /
    d_k, by Lagrange, so d_k^2 ~ n_k.  Small kernels are cheap, and get small steps.

    Args:
        weights: a kernel, two or more axes.  Channels are the last axis, or, of a
            depthwise kernel (h, w, C, 1), the one before.
        step: of a kernel of SIZE weights, relative to the deviation.

    Returns:
        Codes, int8 of the same shape, and scales, float16 (C,): in flat order,
        weight i is codes[i] * scales[i mod C].
    """
    channels = weights.shape[-1] if weights.shape[-1] > 1 else weights.shape[-2]
    columns = weights.astype(np.float32).reshape(-1, channels)
    wide = np.abs(columns).max(axis=0) / 127
    step = step * np.sqrt(weights.size / SIZE)
    scales = np.maximum(step * columns.std(axis=0), wide).astype(np.float16)
    safe = np.where(scales > 0, scales, 1).astype(np.float32)
    codes = np.clip(np.rint(columns / safe), -127, 127).astype(np.int8)
    return codes.reshape(weights.shape), scales


def pack(models: Sequence[keras.Model], source: dict, step: float = STEP) -> str:
    """Write models as a script for a page.

    Args:
        models: functional models of different names.
        source: what the page should know of where the weights come from.
        step: as for `quantised`; biases stay float16.

    Returns:
        JavaScript that sets `restorePhoto.weights`: graphs by name, names and shapes
        of the weights, and their bytes, deflated, in base64: first all float16, scales
        and biases, then all int8.

    Raises:
        ValueError: as for `graph`.
    """
    graphs = {model.name: graph(model) for model in models}
    tensors, halves, codes = [], [], []
    for path, weights in _weights(models).items():
        tensors.append([path, weights.shape])
        if weights.ndim > 1:
            code, weights = quantised(weights, step)
            codes.append(code.tobytes())
        halves.append(weights.astype("<f2").tobytes())
    data = base64.b64encode(zlib.compress(b"".join(halves + codes), 9)).decode()
    content = {"source": source, "graphs": graphs, "tensors": tensors, "data": data}
    return BEFORE + json.dumps(content, separators=(",", ":")) + AFTER


def _weights(models):
    return {f"{m.name}/{v.path}": v.numpy() for m in models for v in m.variables}


def unpack(script: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Read back what `pack` wrote.

    Returns:
        What the script holds but its data, and the weights by path, float32, as the
        page computes with them.

    Raises:
        ValueError: it is no such script.
    """
    if not (script.startswith(BEFORE) and script.endswith(AFTER)):
        raise ValueError(f"Expected a script of `pack`. Received: {script[:40]!r}")
    content = json.loads(script[len(BEFORE) : -len(AFTER)])
    data = zlib.decompress(base64.b64decode(content.pop("data")))
    kernels = [np.prod(shape) for _, shape in content["tensors"] if len(shape) > 1]
    halves = np.frombuffer(data, "<f2", (len(data) - sum(kernels)) // 2)
    codes = np.frombuffer(data, np.int8, offset=halves.nbytes)
    arrays = {}
    for path, shape in content["tensors"]:
        channels = shape[-1] if len(shape) == 1 or shape[-1] > 1 else shape[-2]
        values, halves = halves[:channels].astype(np.float32), halves[channels:]
        if len(shape) > 1:
            size = int(np.prod(shape))
            kernel, codes = codes[:size], codes[size:]
            values = (kernel.reshape(-1, channels) * values).reshape(shape)
        arrays[path] = values
    return content, arrays


def assign(models: Sequence[keras.Model], arrays: dict[str, np.ndarray]) -> None:
    """Give models the weights that `unpack` read."""
    for model in models:
        for variable in model.variables:
            variable.assign(arrays[f"{model.name}/{variable.path}"])
