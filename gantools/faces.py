"""Find the face in a picture and describe whose it is, by a recogniser of others.

dlib's detector (histograms of oriented gradients), its five landmarks and its residual
network of 29 layers turn a face into a point of 128 numbers, an embedding.  Two
photographs of one person should be near each other, the author's rule is nearer than
SAME_PERSON; `metrics.accept_threshold` finds a threshold that one can defend.  The
network was trained on about three million faces of 7,485 people, half of them from
FaceScrub and VGG Face (King, dlib-models, CC0); it knows those people's kind best.

dlib runs its network seventeen times as slowly as TensorFlow on a CPU, and gives no
gradient.  So it is rebuilt here in Keras from dlib's own file; a test holds the two
together to 1e-5.  Not one weight is part of this package: `pip install
"gantools[faces]"` brings dlib and its models.  The model of 68 landmarks that comes
along is never loaded: the pictures it was trained on may not be used commercially.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np
from keras import layers, ops

from gantools import engine, photos

SAME_PERSON = 0.6  # the distance below which dlib's author takes two faces for one
CHIP, PADDING = 150, 0.25  # the aligned face that the network sees: side in pixels
PARTS = ("eyes", "mouth", "eyes and mouth", "face")
MEAN = (122.782, 117.001, 104.298)  # of the network's training pictures, RGB
WIDTHS = (32, 64, 128, 256, 256)  # channels of its levels
BLOCKS = (3, 4, 3, 3, 1)
MODELS = {
    "landmarks": "shape_predictor_5_face_landmarks.dat",
    "network": "dlib_face_recognition_resnet_model_v1.dat",
}


@dataclasses.dataclass(frozen=True)
class Face:
    """Where a face is in a picture.

    Attributes:
        box: left, top, right and bottom, in pixels; it may reach beyond the picture.
        points: (5, 2), x and y in pixels: the outer and inner corner of the eye on the
            picture's right, those of the eye on its left, the base of the nose.
        score: how sure the detector is; it reports what is above 0.
    """

    box: tuple[int, int, int, int]
    points: np.ndarray
    score: float


def model_file(model: str) -> Path:
    """Find a file of dlib's models without importing the package that holds it.

    Args:
        model: a key of MODELS.

    Raises:
        ImportError: the extra `faces` is not installed.
    """
    found = importlib.util.find_spec("face_recognition_models")
    if found is None:
        raise ImportError(_expected("no package face_recognition_models"))
    return Path(found.submodule_search_locations[0]) / "models" / MODELS[model]


def detect(pixels: np.ndarray, upsample: int = 1) -> list[Face]:
    """Find the faces in a picture, the largest first.

    Histograms of oriented gradients under a sliding window (Dalal and Triggs 2005,
    doi:10.1109/CVPR.2005.177), then five landmarks by an ensemble of regression trees
    (Kazemi and Sullivan 2014, doi:10.1109/CVPR.2014.241).

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        upsample: how often to double the picture first; faces of 80 pixels are found
            without, of 40 pixels with 1.

    Raises:
        ImportError: the extra `faces` is not installed.
        ValueError: the picture has no such shape.
    """
    levels = _levels(pixels)
    boxes, scores, _ = _finder().detector.run(levels, upsample, 0.0)
    order = sorted(range(len(boxes)), key=lambda n: -boxes[n].area())
    return [_face(levels, boxes[n], scores[n]) for n in order]


def embed(pixels: np.ndarray, face: Face) -> np.ndarray:
    """Describe a face by a point: near to others of the same person, far from the rest.

    The face is turned, scaled and cut to 150 x 150 pixels by its five points; a
    residual network (He et al. 2016, arXiv:1512.03385) trained with a metric loss maps
    it to 128 numbers.

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        face: where it is, from `detect`; of another picture, if that is aligned.

    Returns:
        (128,) float32.  Distances are Euclidean, see SAME_PERSON.

    Raises:
        ImportError: the extra `faces` is not installed.
        ValueError: the picture has no such shape.
    """
    levels = np.rint(255 * align(pixels, face))
    return engine.predict(network(), levels[None])[0]


def align(
    pixels: np.ndarray, face: Face, size: int = CHIP, padding: float = PADDING
) -> np.ndarray:
    """Cut out a face upright, by default just what the network sees of it.

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        face: where it is.
        size: side of the cut, pixels.
        padding: what is around the face on each side, as a share of the face.

    Returns:
        (size, size, 3) in [0, 1], float32.

    Raises:
        ImportError: the extra `faces` is not installed.
        ValueError: the picture has no such shape.
    """
    import dlib

    chip = dlib.get_face_chip(_levels(pixels), _shape(face), size, padding)
    return chip.astype(np.float32) / 255


def hide(face: Face, shape: tuple[int, ...], part: str) -> np.ndarray:
    """Give a mask that covers a part of a face wholly.

    The eyes are a bar over both with the brows, the mouth an ellipse below the base of
    the nose, the face an ellipse that reaches from the brow to the chin.  All are
    measured in distances of the eyes and turn with the head.

    Args:
        face: where it is.
        shape: of the picture, (H, W, ...).
        part: one of PARTS.

    Returns:
        (H, W) bool.

    Raises:
        ValueError: the part is unknown.
    """
    if part not in PARTS:
        raise ValueError(f"Expected one of {PARTS}. Received: {part!r}")
    if part == "eyes and mouth":
        return hide(face, shape, "eyes") | hide(face, shape, "mouth")
    right, left, nose = (
        face.points[:2].mean(axis=0),
        face.points[2:4].mean(axis=0),
        face.points[4],
    )
    eyes, across = (right + left) / 2, right - left
    apart, angle = np.hypot(*across), np.degrees(np.arctan2(across[1], across[0]))
    mask = np.zeros(shape[:2], np.uint8)
    if part == "eyes":
        bar = (eyes - 0.08 * (nose - eyes)), (2.0 * apart, 0.75 * apart), angle
        cv2.fillPoly(mask, [cv2.boxPoints(_box(*bar)).round().astype(int)], 1)
        return mask > 0
    down, size = (1.45, (1.3, 0.64)) if part == "mouth" else (0.75, (2.3, 2.9))
    around = eyes + down * (nose - eyes), np.multiply(size, apart), angle
    cv2.ellipse(mask, _box(*around), 1, -1)
    return mask > 0


def _box(centre, size, angle):
    return tuple(map(float, centre)), tuple(map(float, size)), float(angle)


# --- The network, read from dlib's file ----------------------------------------------


@functools.cache
def network() -> keras.Model:
    """Build dlib's network with its weights, once.

    Returns:
        A model of aligned faces, (B, 150, 150, 3), levels from 0 to 255 -> (B, 128).
        It can be differentiated: an identity term is |E(x) - E(reference)|^2.

    Raises:
        ImportError: the extra `faces` is not installed.
    """
    reader = _Reader(model_file("network").read_bytes())
    x = inputs = keras.Input((CHIP, CHIP, 3), name="face")
    x = layers.Rescaling(1 / 256, [-mean / 256 for mean in MEAN])(x)
    x = layers.ReLU()(_convolve(x, 32, 7, 2, reader))
    x = layers.MaxPool2D(3, 2)(x)
    for level, (width, blocks) in enumerate(zip(WIDTHS, BLOCKS, strict=True)):
        for block in range(blocks):
            x = _residual(x, width, level > 0 and block == 0, reader)
    x = layers.GlobalAveragePooling2D()(x)  # (B, 256)
    dense = layers.Dense(128, use_bias=False, name="embedding")
    x = dense(x)
    dense.set_weights([reader.tensor(256, 128).reshape(256, 128)])
    return keras.Model(inputs, x, name="faces", trainable=False)


class _Reader:
    """Read the tensors of a network that dlib has written, in their order.

    dlib writes an integer as the count of its bytes and these, lowest first; a tensor
    as its version, 2, its four sizes, and 32-bit floats.  Layers are written from the
    picture upwards, so it is enough to look for the next tensor of the sizes that the
    architecture wants.
    """

    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def tensor(self, *sizes: int) -> np.ndarray:
        """Read the next tensor of these sizes, 1 where fewer than four are given.

        Raises:
            ValueError: there is no such tensor.
        """
        sizes = (*sizes, 1, 1, 1)[:4]
        head = b"".join(map(_integer, (2, *sizes)))
        start, count = self.data.find(head, self.at), int(np.prod(sizes))
        if start < 0:
            raise ValueError(f"Expected a tensor of sizes {sizes}. Received: none")
        floats = np.frombuffer(self.data, "<f4", count, start + len(head))
        self.at = start + len(head) + 4 * count
        return floats


def _integer(n: int) -> bytes:
    size = max(1, (n.bit_length() + 7) // 8)
    return bytes([size]) + n.to_bytes(size, "little")


def _residual(x, width, down, reader):
    """Add two convolutions to x itself; on the way down, to its means."""
    y = layers.ReLU()(_convolve(x, width, 3, 2 if down else 1, reader))
    y = _convolve(y, width, 3, 1, reader)
    if down:
        x = layers.AveragePooling2D(2)(x)
    size = [max(a, b) for a, b in zip(x.shape[1:], y.shape[1:], strict=True)]
    return layers.ReLU()(_padded(x, size) + _padded(y, size))


def _padded(x, size):
    """Fill up with zeros at the lower and right edge, and with empty channels."""
    more = [(0, want - has) for want, has in zip(size, x.shape[1:], strict=True)]
    return ops.pad(x, [(0, 0), *more]) if any(b for _, b in more) else x


def _convolve(x, width, size, stride, reader):
    """Convolve, then scale and shift each channel, in one layer."""
    inputs = x.shape[-1]
    parameters = reader.tensor(width * inputs * size * size + width)
    kernel, bias = parameters[:-width], parameters[-width:]
    kernel = kernel.reshape(width, inputs, size, size).transpose(2, 3, 1, 0)
    gamma, beta = reader.tensor(2 * width).reshape(2, width)
    layer = layers.Conv2D(width, size, stride, "same" if stride == 1 else "valid")
    x = layer(x)
    layer.set_weights([kernel * gamma, bias * gamma + beta])
    return x


# --- dlib ----------------------------------------------------------------------------


class _Finder(NamedTuple):
    detector: object
    landmarks: object


@functools.cache
def _finder() -> _Finder:
    try:
        import dlib
    except ImportError as error:
        raise ImportError(_expected(error)) from error
    landmarks = dlib.shape_predictor(str(model_file("landmarks")))
    return _Finder(dlib.get_frontal_face_detector(), landmarks)


def _expected(what: object) -> str:
    return f'Expected the extra faces: pip install "gantools[faces]". Received: {what}'


def _face(levels, box, score) -> Face:
    points = _finder().landmarks(levels, box).parts()
    corners = box.left(), box.top(), box.right(), box.bottom()
    return Face(corners, np.array([(p.x, p.y) for p in points], float), float(score))


def _shape(face: Face):
    """Give a face as dlib wants it."""
    import dlib

    points = [dlib.point(*map(round, point)) for point in face.points.tolist()]
    return dlib.full_object_detection(dlib.rectangle(*face.box), points)


def _levels(pixels: np.ndarray) -> np.ndarray:
    """Give a picture as levels, (H, W, 3) uint8."""
    if pixels.ndim != 3 or pixels.shape[-1] not in (1, 3):
        raise ValueError(
            f"Expected a picture (H, W, 1) or (H, W, 3). Received: {pixels.shape}"
        )
    levels = photos.to_levels(pixels, np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (*levels.shape[:2], 3)))
