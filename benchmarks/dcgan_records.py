"""Train the DCGAN's `cpu` preset and write what chapter 11 shows of it.

    GANTOOLS_DATA=folder python benchmarks/dcgan_records.py train runs/dcgan
    GANTOOLS_DATA=folder python benchmarks/dcgan_records.py write runs/dcgan

`train` takes hours on two cores, and goes on where it was stopped. `write` takes the
last checkpoint, also while `train` is running, and leaves in gantools/records:

    dcgan-history.csv   losses and accuracy, every row the mean over 50 steps
    dcgan-samples.jpg   64 pictures by the averaged generator, unselected
    dcgan-real.jpg      64 real ones, a training batch, unselected
    dcgan-walk.jpg      6 walks of 8 pictures, each from one noise to another
    dcgan-run.json      what was trained, on what, for how long
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

import gantools
from gantools import collections, dcgan, photos, provenance, training
from gantools.exercises.ch11 import slerp

RECORDS = Path(gantools.__file__).parent / "records"
NAME, SEED = "cpu", 0
PRESET = dcgan.PRESETS[NAME]


def train(folder: Path) -> None:
    """Train until the preset's last step, from the folder's checkpoint on."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = folder / "generator.npz"
    done = _steps(generator) if generator.exists() else 0
    start = {"step": done, "time": time.time()}
    (folder / "start.json").write_text(json.dumps(start))
    dcgan.train(NAME, folder, resume=True, seed=SEED)


def write(folder: Path, hardware: str) -> None:
    """Write the records of the folder's last checkpoint."""
    RECORDS.mkdir(exist_ok=True)
    weights = folder / "generator.npz"
    generator = dcgan.load_generator(weights)
    history = training.History.read_csv(folder / training.HISTORY)
    history.to_csv(RECORDS / "dcgan-history.csv")
    _save(dcgan.generate(generator, 64, SEED), "samples")
    _save(np.concatenate([walk(generator, row) for row in range(6)]), "walk")
    batches = dcgan.crops(dcgan.load_pictures(PRESET)[0], 64, PRESET.crop, SEED)
    _save(photos.from_network(batches(0)[0]), "real")
    record = describe(folder, _steps(weights), hardware)
    record["generator"] = provenance.identify(weights)["sha256"]
    text = json.dumps(record, indent=2)
    (RECORDS / "dcgan-run.json").write_text(text + "\n")
    print(text)


def walk(generator: keras.Model, seed: int) -> np.ndarray:
    """Make 8 pictures (8, 32, 32, 3) in [0, 1] on the way from one noise to another."""
    ends = np.random.default_rng([SEED, seed]).normal(size=(2, dcgan.LATENT))
    z = [slerp(*ends, t) for t in np.linspace(0, 1, 8)]
    made = generator(np.array(z, "float32"), training=False)
    return photos.from_network(ops.convert_to_numpy(made))


def describe(folder: Path, steps: int, hardware: str) -> dict:
    """Say what was trained; the time a step takes is of the last uninterrupted run."""
    start = json.loads((folder / "start.json").read_text())
    seconds = (folder / "generator.npz").stat().st_mtime - start["time"]
    pictures = collections.describe(PRESET.pictures)
    return {
        "preset": NAME,
        "steps": steps,
        "steps planned": PRESET.steps,
        "batch": PRESET.batch,
        "seed": SEED,
        "pictures": PRESET.pictures,
        "number of pictures": pictures.count - pictures.test,
        "sha256 of the set": pictures.sha256,
        "credit": pictures.credit,
        "hardware": hardware,
        "seconds per step": round(seconds / max(1, steps - start["step"]), 3),
        "gantools": gantools.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def _save(pictures, name):
    """Save pictures (8 n, 32, 32, 3) as a sheet of n rows."""
    path = RECORDS / f"dcgan-{name}.jpg"
    sheet = photos.Photo(dcgan.sheet(pictures))
    photos.save(sheet, path, overwrite=True, quality=92)


def _steps(path):
    with np.load(path, allow_pickle=False) as file:
        return json.loads(str(file["header"]))["step"]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("train", "write"))
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--hardware", default=f"{os.cpu_count()} CPU cores ({platform.machine()})"
    )
    options = parser.parse_args()
    if options.verb == "train":
        train(options.folder)
    else:
        write(options.folder, options.hardware)


if __name__ == "__main__":
    main()
