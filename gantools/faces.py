"""Find the face in a picture and describe whose it is, by a recogniser of others.

dlib's detector (histograms of oriented gradients), its five landmarks and its residual
network of 29 layers turn a face into a point of 128 numbers, an *embedding*.  Two
photographs of one person should be near each other, the author's rule is nearer than
SAME_PERSON; `metrics.accept_threshold` finds a threshold that one can defend.  The
network was trained on about three million faces of 7,485 people, half of them from
FaceScrub and VGG Face (King, dlib-models, CC0); it knows those people's kind best.

Not one weight of it is part of this package: `pip install "gantools[faces]"` brings
dlib and its models.  The model of 68 landmarks that comes along is never loaded: the
pictures that it was trained on may not be used commercially.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from gantools import photos

SAME_PERSON = 0.6  # the distance below which dlib's author takes two faces for one
CHIP, PADDING = 150, 0.25  # the aligned face that the network sees: side in pixels
PARTS = ("eyes", "mouth", "eyes and mouth", "face")
MODELS = {
    "landmarks": "shape_predictor_5_face_landmarks.dat",
    "network": "dlib_face_recognition_resnet_model_v1.dat",
}


class Face(NamedTuple):
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
    levels, networks = _levels(pixels), _networks()
    boxes, scores, _ = networks.detector.run(levels, upsample, 0.0)
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
        (128,) float64.  Distances are Euclidean, see SAME_PERSON.

    Raises:
        ImportError: the extra `faces` is not installed.
        ValueError: the picture has no such shape.
    """
    levels = _levels(pixels)
    return np.array(
        _networks().network.compute_face_descriptor(levels, _shape(face), 0)
    )


def align(pixels: np.ndarray, face: Face) -> np.ndarray:
    """Cut out what the network sees of a face.

    Args:
        pixels: (H, W, C) in [0, 1], C = 1 or 3.
        face: where it is.

    Returns:
        (150, 150, 3) in [0, 1], float32.

    Raises:
        ImportError: the extra `faces` is not installed.
        ValueError: the picture has no such shape.
    """
    import dlib

    chip = dlib.get_face_chip(_levels(pixels), _shape(face), CHIP, PADDING)
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
    down, size = (1.45, (1.3, 0.8)) if part == "mouth" else (0.75, (2.3, 2.9))
    around = eyes + down * (nose - eyes), np.multiply(size, apart), angle
    cv2.ellipse(mask, _box(*around), 1, -1)
    return mask > 0


def _box(centre, size, angle):
    return tuple(map(float, centre)), tuple(map(float, size)), float(angle)


class _Networks(NamedTuple):
    detector: object
    landmarks: object
    network: object


@functools.cache
def _networks() -> _Networks:
    try:
        import dlib
    except ImportError as error:
        raise ImportError(_expected(error)) from error
    return _Networks(
        dlib.get_frontal_face_detector(),
        dlib.shape_predictor(str(model_file("landmarks"))),
        dlib.face_recognition_model_v1(str(model_file("network"))),
    )


def _expected(what: object) -> str:
    return f'Expected the extra faces: pip install "gantools[faces]". Received: {what}'


def _face(levels, box, score) -> Face:
    points = _networks().landmarks(levels, box).parts()
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
