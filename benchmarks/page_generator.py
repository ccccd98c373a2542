"""Write the generator that runs inside chapter 11's page, and its still picture.

    python benchmarks/page_generator.py

`fruit-32`, as a script of a good megabyte: kernels in 8 bits, the small ones in 16,
with one scale for each output channel, and each normalisation as one product and one
sum a channel.
Writes `book/_static/interactive/fruit-32.js`, which `latent-walk.js` beside it loads
and computes, and `book/figures/latent-walk.png`.
"""

import argparse
import base64
import json
from pathlib import Path

import keras
import numpy as np

from gantools import arrays, dcgan, photos

NAME = "fruit-32"
BOOK = Path(__file__).parents[1] / "book"
SCRIPT = BOOK / f"_static/interactive/{NAME}.js"
STILL = BOOK / "figures/latent-walk.png"
SMALL = 6000  # weights; a kernel of fewer gets 16 bits
SEED = 103  # a walk of chapter 11


def quantise(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give a kernel (..., C) as integers (..., C) and float32 scales (C,)."""
    kernel = kernel.astype(np.float32)
    kind = np.iinfo(np.int16 if kernel.size < SMALL else np.int8)
    largest = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0)
    scale = np.maximum(largest, 1e-12) / kind.max
    return np.round(kernel / scale).astype(kind.dtype), scale


def parts_of(generator: keras.Model) -> dict[str, np.ndarray]:
    """List what the page needs of a generator: float32 arrays, and integer kernels.

    A kernel (h, w, C_in, C_out) is laid out as (C_out, h, w, C_in), so that each output
    is one sum along memory.  Of a normalisation there are `scale` and `shift`:
    gamma (x - mu) / sqrt(v + epsilon) + beta = scale x + shift.
    """
    floats, kernels = {}, {}
    for layer in generator.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (np.array(v) for v in layer.variables)
            scale = gamma / np.sqrt(variance + layer.epsilon)
            floats[f"{layer.name}/scale"] = scale
            floats[f"{layer.name}/shift"] = beta - scale * mean
        elif layer.weights:
            whole, scale = quantise(np.array(layer.kernel))
            floats[f"{layer.name}/scale"] = scale
            kernels[f"{layer.name}/kernel"] = np.moveaxis(whole, -1, 0)
            if layer.use_bias:
                floats[f"{layer.name}/bias"] = np.array(layer.bias)
    wider = sorted(kernels, key=lambda name: -kernels[name].itemsize)
    return floats | {name: kernels[name] for name in wider}  # all begin where they may


def write_script(generator: keras.Model, path: Path = SCRIPT) -> int:
    """Write the script and return its size in bytes."""
    parts = parts_of(generator)
    data = b"".join(
        np.ascontiguousarray(part, part.dtype.newbyteorder("<")).tobytes()
        for part in parts.values()
    )
    known = {
        "made from": arrays.manifest()[NAME]["sha256"],
        "parts": [[name, str(p.dtype), list(p.shape)] for name, p in parts.items()],
        "data": base64.b64encode(data).decode("ascii"),
    }
    text = f"interactive.store({json.dumps(NAME)}, {json.dumps(known)});\n"
    path.write_text(text, encoding="ascii")
    return len(text)


def read_script(path: Path = SCRIPT) -> tuple[str, keras.Model]:
    """Read what a script was made from, a SHA-256, and the generator that it holds."""
    text = path.read_text(encoding="ascii")
    known = json.loads(text[text.index(", ") + 2 : text.rindex(")")])
    data, found = base64.b64decode(known["data"]), {}
    for name, kind, shape in known["parts"]:
        count = int(np.prod(shape))
        found[name] = np.frombuffer(data, kind, count).reshape(shape)
        data = data[found[name].nbytes :]
    generator = dcgan.build_residual_generator(dcgan.SIDE)
    for layer in generator.layers:
        _fill(layer, found)
    return known["made from"], generator


def _fill(layer: keras.layers.Layer, found: dict[str, np.ndarray]) -> None:
    """Give a layer what a script holds of it."""
    scale = found.get(f"{layer.name}/scale")
    if isinstance(layer, keras.layers.BatchNormalization):
        shift, none = found[f"{layer.name}/shift"], np.zeros_like(scale)
        layer.set_weights([scale, shift, none, none + 1 - layer.epsilon])
    elif layer.weights:
        kernel = np.moveaxis(found[f"{layer.name}/kernel"], 0, -1) * scale
        bias = [found[f"{layer.name}/bias"]] if layer.use_bias else []
        layer.set_weights([kernel, *bias])


def still(generator: keras.Model) -> np.ndarray:
    """Draw nine pictures along the arc between two vectors of noise, twice as large."""
    start, end = dcgan.noise(2, SEED)
    theta = np.arccos(start @ end / np.linalg.norm(start) / np.linalg.norm(end))
    t = np.linspace(0, 1, 9)[:, None]
    way = (np.sin((1 - t) * theta) * start + np.sin(t * theta) * end) / np.sin(theta)
    strip = np.concatenate(dcgan.render(generator, way.astype("float32")), axis=1)
    return strip.repeat(2, axis=0).repeat(2, axis=1)


def main() -> None:
    """Write the script and the still picture."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    generator = dcgan.pretrained_generator(NAME)
    size = write_script(generator)
    photos.save(photos.Photo(still(generator)), STILL, overwrite=True)
    print(f"{SCRIPT.name}: {size} bytes")


if __name__ == "__main__":
    main()
