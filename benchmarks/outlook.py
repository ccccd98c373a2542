"""Measure what the last chapter asks: little data, seeds, memory, and fakes.

    GANTOOLS_DATA=folder python benchmarks/outlook.py train runs/outlook
    GANTOOLS_DATA=folder python benchmarks/outlook.py judge runs/outlook
    GANTOOLS_DATA=folder python benchmarks/outlook.py fakes runs/outlook

`train` trains small networks of the rung "relativistic" of `dcgan.LADDER` on 100, 750
and 5,600 watercolours, without and with augmentation, with up to three seeds, in the
order of `RUNS`; it goes on where it was stopped.  The smaller sets are part of the
larger ones, and `KEPT` pictures are kept out of all.  `judge` leaves in
gantools/records

    outlook-data.csv       for each run that is done, how far its pictures are from
                           those kept out, and the seconds of a core for a step
    outlook-members.csv    how well a picture that was trained on can be told from one
                           that was not: by D's logit, and by what G makes
    outlook-logits.csv     D's logits of some runs, one picture a row
    outlook.jpg            sixteen pictures of each run, one row each, unselected

and `fakes`

    outlook-fakes.csv      detectors of made pictures: on the generator that they know,
                           on others, and after JPEG
"""

import argparse
import dataclasses
import json
import time
from pathlib import Path

import cv2
import keras
import numpy as np
from fruit import views
from keras import ops

import gantools
from gantools import dcgan, evaluation, features, metrics, photos, training

RECORDS = Path(gantools.__file__).parent / "records"
PRESET = dataclasses.replace(dcgan.PRESETS["fruit-32"], batch=32, steps=1000)
WIDTH = 192  # a quarter of the channels that the package's own networks have
KEPT = 1400  # pictures that no run sees
COUNT = 700  # pictures in each of the sets compared
GROUP = 100  # pictures in a group, of which a set has at most seven
TESTED = 500  # of each kind, to test a detector with; twice as many to fit it


@dataclasses.dataclass(frozen=True)
class Run:
    """One training: on how many pictures, with augmentation or without, which seed."""

    pictures: int
    augmented: bool = False
    seed: int = 0

    @property
    def name(self) -> str:
        """Name the folder."""
        return f"{self.pictures}{'-augmented' if self.augmented else ''}-{self.seed}"


RUNS = (
    Run(100),
    Run(5600),
    Run(100, augmented=True),
    Run(750),
    Run(100, seed=1),
    Run(5600, seed=1),
    Run(5600, augmented=True),
    Run(100, seed=2),
    Run(5600, seed=2),
    Run(750, augmented=True),
)


def shuffled() -> list[np.ndarray]:
    """Load the training pictures in an order that is the same for all runs."""
    pictures, _ = dcgan.load_pictures(PRESET)
    order = np.random.default_rng(18).permutation(len(pictures))
    return [pictures[i] for i in order]


def trainer_of(run: Run) -> dcgan.DCGAN:
    """Build the networks of a run."""
    kind = {**dcgan.LADDER[PRESET.rung], "augmented": run.augmented}
    return dcgan.DCGAN(**kind, width=WIDTH, dtype="mixed_bfloat16", seed=run.seed)


def train(folder: Path) -> None:
    """Train every run that is not done, and note the seconds of a core for a step."""
    pictures = shuffled()
    for run in RUNS:
        place = folder / run.name
        if (place / "seconds.json").exists():
            continue
        done = steps_done(place)
        start = time.process_time()
        training.fit(
            trainer_of(run),
            dcgan.crops(pictures[: run.pictures], PRESET.batch, PRESET.crop, run.seed),
            PRESET.steps,
            place,
            resume=True,
            workers=1,
        )
        seconds = (time.process_time() - start) / max(1, PRESET.steps - done)
        (place / "seconds.json").write_text(json.dumps(seconds))
        print(run.name, seconds, flush=True)


def steps_done(place: Path) -> int:
    """Tell how many steps a folder's history holds."""
    path = place / training.HISTORY
    return int(training.History.read_csv(path)["step"][-1]) if path.exists() else 0


def judge(folder: Path) -> None:
    """Judge every run that is done, and write the records."""
    pictures = views(shuffled(), PRESET.side)  # (7000, 32, 32, 3)
    kept, seen = pictures[-KEPT:], pictures[:KEPT]
    clouds = features.embed(seen[:COUNT]), features.embed(kept[:COUNT])
    runs = [run for run in RUNS if (folder / run.name / "seconds.json").exists()]
    data, members, logits, rows = [], [], [], []
    for run in runs:
        generator, discriminator = load(folder, run)
        made = dcgan.generate(generator, COUNT, seed=1000)
        rows.append(np.concatenate(list(made[:16]), axis=1))
        cloud, key = features.embed(made), dataclasses.asdict(run)
        seconds = json.loads((folder / run.name / "seconds.json").read_text())
        row = {**key, "steps": PRESET.steps, "seconds a step": seconds}
        data.append({**row, **evaluation.compare_sets(clouds[1], cloud)})
        print(data[-1], flush=True)
        some = min(run.pictures, COUNT)
        sides = [scores(discriminator, x) for x in (seen[: run.pictures], kept)]
        near = {
            "pixels": [flat(x) for x in (made, seen[:some], kept[:COUNT])],
            "features": [cloud, clouds[0][:some], clouds[1]],
        }
        members += tell_members(key, sides, near)
        if run.seed == 0:
            logits += logit_rows(key, sides)
    write("data", data)
    write("members", members)
    write("logits", logits)
    sheet = photos.Photo(np.concatenate(rows))
    photos.save(sheet, RECORDS / "outlook.jpg", overwrite=True, quality=92)


def load(folder: Path, run: Run) -> tuple[keras.Model, keras.Model]:
    """Load the averaged generator and the discriminator of a run."""
    trainer = trainer_of(run)
    training.load_checkpoint(folder / run.name / training.CHECKPOINT, trainer.state)
    return trainer.average.model, trainer.discriminator


def write(name: str, rows: list[dict]) -> None:
    """Write one record."""
    evaluation.write_rows(rows, RECORDS / f"outlook-{name}.csv")


# --- Memory -------------------------------------------------------------------------


def scores(discriminator: keras.Model, pictures: np.ndarray) -> np.ndarray:
    """Give D's logits of pictures (N, 32, 32, 3), the mean of each and its mirror."""
    pictures = photos.to_network(pictures)
    sides = [
        ops.convert_to_numpy(discriminator(x, training=False))[:, 0]
        for x in (pictures, pictures[:, :, ::-1])
    ]
    return np.mean(sides, axis=0)


def logit_rows(key: dict, sides: list[np.ndarray]) -> list[dict]:
    """Make a row of each logit, of at most 400 pictures seen and 400 kept out."""
    return [
        {**key, "seen": side is sides[0], "logit": float(logit)}
        for side in sides
        for logit in side[:400]
    ]


def tell_members(key: dict, sides: list, near: dict[str, list]) -> list[dict]:
    """Measure in several ways how well pictures seen can be told from those kept out.

    "discriminator": how often D gives a picture seen the higher logit (AUC).  "pixels"
    and "features": which share of the made pictures is nearer to the first group of
    pictures seen than to the first group kept out, with a Wilson interval, which takes
    the made pictures for independent.  They are not, as all are compared with the same
    two groups.  So "pixels, groups" and "features, groups" compare every group seen
    with every group kept out, by the mean distance of the made pictures to the nearest
    of the group: in which share of the pairs is the group seen the nearer one?

    Args:
        key: of the run.
        sides: the logits of pictures seen and of those kept out.
        near: by name rows of numbers that describe what was made, seen and kept out.
    """
    found = {"discriminator": metrics.auc(*sides)}
    for name, (made, seen, others) in near.items():
        groups = [
            np.stack([nearest(made, x) for x in cut(side)]) for side in (seen, others)
        ]  # (groups, made) each
        closer = int((groups[0][0] < groups[1][0]).sum())
        found[name] = metrics.wilson(closer, len(made))
        means = [group.mean(axis=1) for group in groups]
        pairs = float((means[0][:, None] < means[1]).mean())
        found[f"{name}, groups"] = metrics.Interval(pairs, np.nan, np.nan)
    return [
        {**key, "test": name, "share": f.mean, "low": f.low, "high": f.high}
        for name, f in found.items()
    ]


def cut(rows: np.ndarray) -> list[np.ndarray]:
    """Cut rows into whole groups; what is left over at the end is left out."""
    return [rows[i - GROUP : i] for i in range(GROUP, len(rows) + 1, GROUP)]


def flat(pictures: np.ndarray) -> np.ndarray:
    """Give the pixels as rows."""
    return pictures.reshape(len(pictures), -1)


def nearest(cloud: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Give for each row the distance to the nearest of the others, (N,)."""
    squares = (cloud**2).sum(1)[:, None] + (others**2).sum(1) - 2 * cloud @ others.T
    return np.sqrt(squares.min(axis=1).clip(0))


# --- Telling made pictures from real ones -------------------------------------------


def spectrum(pictures: np.ndarray) -> np.ndarray:
    """Give the logarithm of the power in 16 rings of spatial frequency, (N, 16)."""
    side = pictures.shape[1]
    power = np.abs(np.fft.fft2(pictures.mean(axis=-1) - 0.5)) ** 2  # (N, side, side)
    steps = np.fft.fftfreq(side) * 32
    ring = np.hypot(steps[:, None], steps).round().astype(int)
    return np.stack(
        [np.log(power[:, ring == r].mean(axis=1) + 1e-6) for r in range(1, 17)], axis=1
    )


def detector(real: np.ndarray, made: np.ndarray):
    """Fit Fisher's linear discriminant; give what scores rows, higher for made ones."""
    mean, spread = real.mean(axis=0), real.std(axis=0)
    real, made = (real - mean) / spread, (made - mean) / spread
    within = np.cov(real, rowvar=False) + np.cov(made, rowvar=False)
    shrunk = within + 0.01 * np.trace(within) / len(within) * np.eye(len(within))
    direction = np.linalg.solve(shrunk, made.mean(axis=0) - real.mean(axis=0))
    return lambda rows: (rows - mean) / spread @ direction


def jpeg(pictures: np.ndarray, quality: int | None) -> np.ndarray:
    """Compress each picture as JPEG and read it back; None leaves them as 8 bits."""
    levels = np.round(255 * pictures).astype(np.uint8)
    if quality is None:
        return levels.astype("float32") / 255
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    files = [cv2.imencode(".jpg", x[..., ::-1], options)[1] for x in levels]
    read = np.stack([cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files])
    return read[..., ::-1].astype("float32") / 255


def fakes(folder: Path) -> None:
    """Fit detectors to `fruit-32`, with and without JPEG, and test them on others."""
    pictures = views(shuffled(), PRESET.side)
    known = dcgan.pretrained_generator("fruit-32")
    learned = [pictures[: 2 * TESTED], dcgan.generate(known, 2 * TESTED, seed=2000)]
    tested = {"real": pictures[-TESTED:]}
    tested["fruit-32"] = dcgan.generate(known, TESTED, seed=3000)
    tested |= others(folder)
    seen = {
        (what, quality): spectrum(jpeg(some, quality))
        for what, some in tested.items()
        for quality in (None, 50)
    }
    rows = []
    for qualities in ([None], [None, 85, 40]):
        sides = [
            np.concatenate([spectrum(jpeg(some, quality)) for quality in qualities])
            for some in learned
        ]
        row = {"learned with JPEG": len(qualities) > 1}
        rows += try_detector(row, detector(*sides), seen)
    write("fakes", rows)


def others(folder: Path) -> dict[str, np.ndarray]:
    """Make pictures by generators that no detector was fitted to."""
    large = dcgan.generate(dcgan.pretrained_generator("fruit-64"), TESTED, seed=3000)
    made = {"fruit-64, reduced": views(large, PRESET.side)}
    for run in (Run(5600), Run(100)):
        generator, _ = load(folder, run)
        made[f"{run.pictures} pictures"] = dcgan.generate(generator, TESTED, seed=3000)
    return made


def try_detector(row: dict, score, seen: dict) -> list[dict]:
    """Test one detector on every generator and every quality of JPEG.

    The threshold is set once, so that one in twenty real pictures that were not
    compressed is an alarm.
    """
    threshold = np.quantile(score(seen["real", None]), 0.95)
    rows = []
    for (what, quality), cloud in seen.items():
        if what == "real":
            continue
        right = score(seen["real", quality])
        found = metrics.auc(score(cloud), right)
        rows.append(
            {
                **row,
                "generator": what,
                "JPEG": quality or "none",
                "AUC": found.mean,
                "low": found.low,
                "high": found.high,
                "false alarms": float((right > threshold).mean()),
                "found": float((score(cloud) > threshold).mean()),
            }
        )
    return rows


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("train", "judge", "fakes"))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    {"train": train, "judge": judge, "fakes": fakes}[options.verb](options.folder)


if __name__ == "__main__":
    main()
