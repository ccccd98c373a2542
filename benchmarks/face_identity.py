"""Measure what an identity term in the loss of a repair does.

    GANTOOLS_DATA=folder python benchmarks/face_identity.py

`faces.network` is dlib's network in Keras; it is first shown to give dlib's embeddings
to 1e-4.  Then the eyes of test portraits are hidden as in faces.py, filled from the
average face, x0, and the pixels x of the mask changed by Adam to make small

    L(x) = |x - x0|^2 + weight * |E(x) - E(reference)|^2,

the first term a mean over the mask: what a repair loss without knowledge of the person
asks for.  The reference is the owner's own clean photo ("owner"), or that of somebody
else drawn at random ("other").  No restorer is trained: this shows what the term asks
of whatever is trained with it.  All distances are dlib's, of 8-bit pixels.

Writes `gantools/records/faces-identity.csv`: a row a person, reference and weight.

    to_owner, to_other  distances to the two clean photos
    jpeg_owner, ..      the same after JPEG of quality 50: is it the face, or noise?
    moved               root mean square of x - x0 in the mask, levels of 255
"""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import faces as table
import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gantools import collections, engine, evaluation, faces

PEOPLE, STEPS, RATE = 10, 50, 0.02
WEIGHTS = (0.0, 0.1, 1.0)


@functools.cache
def dlib_network():
    """Load dlib's own network."""
    import dlib

    return dlib.face_recognition_model_v1(str(faces.model_file("network")))


def judge(chip: np.ndarray) -> np.ndarray:
    """Embed an aligned face, (150, 150, 3) in [0, 1], by dlib itself."""
    levels = np.rint(np.clip(chip, 0, 1) * 255).astype(np.uint8)
    return np.array(dlib_network().compute_face_descriptor(levels))


def check(network: keras.Model, chips: list[np.ndarray]) -> float:
    """Give the largest difference to dlib's own embeddings."""
    levels = np.rint(np.array(chips) * 255).astype(np.float32)
    ours = network.predict(levels, verbose=0)
    return float(np.abs(ours - [judge(chip) for chip in chips]).max())


# --- The experiment ------------------------------------------------------------------


class Painter:
    """Change the pixels of a mask by Adam, one compiled step for all experiments."""

    def __init__(self, network: keras.Model):
        shape = (1, faces.CHIP, faces.CHIP, 3)
        self.x, self.start, self.mask = (keras.Variable(np.zeros(shape)) for _ in "abc")
        self.wanted = keras.Variable(np.zeros((1, 128)))
        self.weight = keras.Variable(0.0)
        self.network, self.optimizer = network, keras.optimizers.Adam(RATE)
        self.optimizer.build([self.x])
        mine = [self.x, self.optimizer, self.start, self.mask, self.wanted, self.weight]
        self.step = engine.compile_step(self._step, mine)

    def _loss(self):
        picture = self.start + self.mask * (self.x - self.start)
        covered = ops.sum(self.mask)
        near = ops.sum(self.mask * ops.square(self.x - self.start)) / covered
        apart = self.network(255 * picture) - self.wanted
        identity = ops.sum(ops.square(apart))
        return near + self.weight * identity, {"near": near, "identity": identity}

    def _step(self):
        (_, logs), grads = engine.value_and_grad(self._loss, [self.x])
        self.optimizer.apply(grads, [self.x])
        self.x.assign(ops.clip(self.x, 0.0, 1.0))
        return logs

    def paint(self, start, mask, wanted, weight) -> np.ndarray:
        """Paint a chip (150, 150, 3) inside a mask (150, 150, 1)."""
        for variable in self.optimizer.variables[2:]:  # the moments
            variable.assign(ops.zeros_like(variable))
        self.optimizer.iterations.assign(0)
        self.x.assign(start[None])
        self.start.assign(start[None])
        self.mask.assign(np.broadcast_to(mask, (1, *start.shape)))
        self.wanted.assign(wanted[None])
        self.weight.assign(weight)
        for _ in range(STEPS):
            self.step()
        picture = ops.convert_to_numpy(self.x)[0]
        return np.where(mask > 0, picture, start)


def cases(count: int, cache: Path) -> list[tuple]:
    """Give filled chip, mask, clean chip and another person's, of some people."""
    train = collections.files("portraits", split="train")
    mean, found = table.average(train, cache), []
    for index, path in enumerate(collections.files("portraits", split="test")[:count]):
        clean = table.coloured(table.read(path))
        face = table.face_of(clean)
        mask = faces.hide(face, clean.shape, "eyes")
        filled = table.clone(clean, face, mask, mean, table.face_of(mean))
        chips = [faces.align(p, face) for p in (filled, clean)]
        chosen = faces.align(mask[..., None].astype(np.float32), face)[..., :1] > 0.5
        drawn = int(np.random.default_rng([4, index]).integers(len(train)))
        other = table.read(train[drawn])
        other = faces.align(other, table.face_of(other))
        found.append((chips[0], chosen.astype(np.float32), chips[1], other))
    return found


def jpeg(chip: np.ndarray) -> np.ndarray:
    """Save and read as JPEG of quality 50."""
    levels = np.rint(chip * 255).astype(np.uint8)
    data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR).astype(np.float32) / 255


def measure(chip: np.ndarray, start, mask, points: dict) -> dict:
    """Measure a painted chip against the clean photos of the two people."""
    row = {}
    for name, seen in {"to": judge(chip), "jpeg": judge(jpeg(chip))}.items():
        for who, point in points.items():
            row[f"{name}_{who}"] = float(np.linalg.norm(seen - point))
    square = np.square(255 * (chip - start)).mean(axis=-1, keepdims=True)
    return row | {"moved": float(np.sqrt((square * mask).sum() / mask.sum()))}


def rows_of(paint: Callable, case: tuple, person: int) -> list[dict]:
    """Paint one person towards either reference, by every weight."""
    start, mask, clean, other = case
    points = {"owner": judge(clean), "other": judge(other)}
    rows = []
    for weight in WEIGHTS:
        for who in points if weight else ["none"]:
            wanted = points.get(who, points["owner"])
            chip = paint(start, mask, wanted, weight) if weight else start
            row = {"person": person, "reference": who, "weight": weight}
            rows.append(row | measure(chip, start, mask, points))
    return rows


def main() -> None:
    """Check the network, paint, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("runs/faces"))
    parser.add_argument("--people", type=int, default=PEOPLE)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    network = faces.network()
    found = cases(options.people, options.cache)
    difference = check(network, [chip for case in found for chip in case[2:]])
    print(f"largest difference to dlib's embeddings: {difference:.1e}")
    if difference > 1e-4:
        raise ValueError(f"Expected dlib's embeddings to 1e-4. Received: {difference}")
    paint, rows = Painter(network).paint, []
    for person, case in enumerate(tqdm(found, "painting", disable=None)):
        rows += rows_of(paint, case, person)
    evaluation.write_rows(rows, table.RECORDS / "faces-identity.csv")


if __name__ == "__main__":
    main()
