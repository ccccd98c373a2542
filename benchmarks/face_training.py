"""Train a restorer with an identity term, and the same without, and measure both.

    GANTOOLS_DATA=folder python benchmarks/face_training.py train
    GANTOOLS_DATA=folder python benchmarks/face_training.py measure

Wants the extra `faces`.  `face_identity.py` shows what the term asks of pixels; here a
network is trained with it.  Both runs begin at the shipped repairer and go on for STEPS
steps on the faces of the 800 training portraits, turned and scaled as the recogniser E
wants them, then aged.  (The record is of the weights before phase 3, see
longer_repair.py.)  With x the repaired face and y the same without structural
damage,

    L = L_rep(x, y) + weight * |E(x) - E(y)|^2,

L_rep as in phase 2 of the training (`restoration.repair_loss`), without its game and
its perceptual term.  The reference is the owner's own face, as it can be in training
alone.  "control" has weight 0.

`measure` ages the 79 test portraits as faces.py does and repairs them ("conservative",
fidelity 0) by the shipped network and by both runs, then hides their eyes and lets each
paint.  It writes `gantools/records/faces-training.csv`, a row a person, a case (a
severity, or "eyes") and a network:

    given, given_rank, given_nearest   as in faces.csv: distance to the owner, the
                           owner's rank among 879, distance to the nearest other
    psnr                   of the aligned face against the faded one, dB; of the eyes,
                           against the clean one

The two runs took 20 minutes of one core, measuring five.
"""

import argparse
from pathlib import Path

import faces as table
import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from gantools import (
    collections,
    engine,
    evaluation,
    faces,
    metrics,
    pairs,
    restoration,
    training,
)

STEPS, BATCH, SEED = 400, 8, 21
RUNS = {"control": 0.0, "identity": 1.0}  # the weight of the term
SEVERITIES = (0.6, 0.9)
SIDE = 192  # pixels of a training view; the recogniser sees the 150 in its middle
EDGE = (SIDE - faces.CHIP) // 2
ROOM = faces.PADDING + (SIDE / faces.CHIP - 1) * (0.5 + faces.PADDING)  # same scale


class Views:
    """The training portraits' faces, as `pairs.repair_batches` wants its pictures."""

    def __init__(self, file: Path):
        if not file.exists():
            paths = collections.files("portraits", split="train")
            views = [view(path) for path in tqdm(paths, "faces", disable=None)]
            np.save(file, np.rint(255 * np.array(views)).astype(np.uint8))
        self.views = np.load(file, mmap_mode="r")  # (800, SIDE, SIDE, 3)

    def view(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Draw a face, (SIDE, SIDE, 3) in [0, 1], half of them left for right."""
        drawn = self.views[rng.integers(len(self.views))]
        drawn = drawn[:, ::-1] if rng.random() < 0.5 else drawn
        return drawn.astype(np.float32) / 255


def view(path: Path) -> np.ndarray:
    """Cut a face and what is around it, at the recogniser's scale."""
    pixels = table.coloured(table.read(path))
    return faces.align(pixels, table.face_of(pixels), SIDE, ROOM)


class Trainer:
    """Repair with an identity term; see above."""

    def __init__(self, repairer: keras.Model, weight: float):
        self.repairer, self.weight = repairer, weight
        self.network = faces.network()
        self.optimizer = training.adam(1e-4, STEPS)
        self.optimizer.build(repairer.trainable_variables)
        decoder = repairer.get_layer("decoder")
        self.average = training.ExponentialMovingAverage(decoder, 0.99)
        self.state = [repairer, self.optimizer, self.average]

    def embed(self, pictures):
        """Embed the middles of (B, SIDE, SIDE, 3) in [-1, 1]."""
        middles = pictures[:, EDGE : EDGE + faces.CHIP, EDGE : EDGE + faces.CHIP]
        return self.network(127.5 * (middles + 1.0), training=False)

    def step(self, damaged, target, mask, marked, fidelity):
        """Do one step on a batch of `pairs.repair_batches`."""

        def loss_fn():
            inputs = [damaged, marked, fidelity]
            paint, correction, logits = self.repairer(inputs, training=True)
            gate = ops.maximum(restoration.open_gate(logits), marked)
            repaired = restoration.compose(damaged, paint, correction, gate)
            loss = restoration.repair_loss(target, mask, repaired, logits, 1.0)
            apart = self.embed(repaired) - ops.stop_gradient(self.embed(target))
            identity = ops.mean(ops.sum(ops.square(apart), axis=-1))
            return loss + self.weight * identity, {"repair": loss, "identity": identity}

        variables = self.repairer.trainable_variables
        (loss, logs), gradients = engine.value_and_grad(loss_fn, variables)
        self.optimizer.apply(gradients, variables)
        self.average.update()
        return {"loss": loss, **logs}


def train(folder: Path, name: str) -> None:
    """Train one of RUNS, unless it is done."""
    file = folder / f"{name}.npz"
    if file.exists():
        return
    keras.utils.set_random_seed(SEED)
    repairer = restoration.load_restorer().repairer
    trainer = Trainer(repairer, RUNS[name])
    pictures = Views(folder / "views.npy")
    data = pairs.repair_batches(pictures, BATCH, SIDE, SEED, SIDE, 0.75, crops_a_view=1)
    training.fit(trainer, data, STEPS, folder / name, resume=True, log_every=20)
    np.savez(file, *trainer.average.model.get_weights())


def networks(folder: Path) -> dict[str, restoration.Restorer]:
    """Load the shipped network and the runs."""
    found = {"shipped": restoration.load_restorer()}
    for name in RUNS:
        restorer = restoration.load_restorer()
        with np.load(folder / f"{name}.npz") as arrays:
            weights = [arrays[key] for key in arrays.files]
        restorer.repairer.get_layer("decoder").set_weights(weights)
        found[name] = restorer
    return found


def cases(task: table.table.Task, clean: np.ndarray, face: faces.Face) -> dict:
    """Give what to repair, its mask if that is told, and the truth."""
    found = {}
    for severity in SEVERITIES:
        aged = table.table.case(task._replace(severity=severity)).aged
        found[str(severity)] = aged.damaged, None, aged.faded
    mask = faces.hide(face, clean.shape, "eyes")
    covered = np.where(mask[..., None], np.float32(table.GREY), clean)
    return found | {"eyes": (covered, mask, clean)}


def measure(folder: Path, cache: Path, count: int | None) -> list[dict]:
    """Measure the shipped network and the runs on the test portraits."""
    known = table.gallery(collections.files("portraits", split="all"), cache)
    first = len(known.points) - collections.describe("portraits").test
    rows, found = [], networks(folder)
    asked = [
        task
        for task in table.table.tasks(count)
        if (task.set, task.damage, task.severity) == ("portraits", "first", 0.3)
    ]
    for task in tqdm(asked, disable=None):
        clean = table.coloured(table.read(task.path))
        face = table.face_of(clean)
        for case, (damaged, mask, truth) in cases(task, clean, face).items():
            results = {"damaged": damaged}
            for name, restorer in found.items():
                results[name], _ = restoration.repair(
                    damaged, restorer.repairer, given=mask
                )
            for name, result in results.items():
                row = {"person": task.index, "case": case, "network": name}
                row |= described(known, result, face, first + task.index)
                chips = [faces.align(p, face) for p in (result, truth)]
                rows.append(row | {"psnr": metrics.psnr(*chips)})
    return rows


def described(known, pixels, face, person) -> dict:
    """Describe a face cut out where it was in the clean photo."""
    values = known.describe(faces.embed(pixels, face), person)
    return dict(zip(("given", "given_rank", "given_nearest"), values, strict=True))


def main() -> None:
    """Train, or measure and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("train", "measure"))
    parser.add_argument("--folder", type=Path, default=Path("runs/face-training"))
    parser.add_argument("--cache", type=Path, default=Path("runs/faces"))
    parser.add_argument("--count", type=int, help="so many people only")
    options = parser.parse_args()
    for folder in (options.folder, options.cache):
        folder.mkdir(parents=True, exist_ok=True)
    if options.what == "train":
        for name in RUNS:
            train(options.folder, name)
        return
    rows = measure(options.folder, options.cache, options.count)
    evaluation.write_rows(rows, table.RECORDS / "faces-training.csv")


if __name__ == "__main__":
    main()
