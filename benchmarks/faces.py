"""Measure what damage and restoration do to the identity of a face.

    GANTOOLS_DATA=folder python benchmarks/faces.py

Wants the extra `faces` (dlib, see `gantools.faces`).  Every one of the 879 portraits is
a different person, and the last 79 by name, on which no network of the package was
trained, are aged exactly as in restoration.py ("first" damage).  There is one photo of
each person, so a genuine pair is the clean photo and the damaged or restored *same*
photo, which shares pose, light, age and expression: this measures the drift away from
the photo, and bounds from above how well people would be verified by a second photo.
Impostor pairs are all pairs of clean photos of two people.

Methods, beside "clean" and "mirrored" (the clean photo left for right, to have a scale
of what is no change of person): "damaged"; "classical", the chain of
`evaluation.Chain` that was best by PSNR on TUNING other portraits; the restorer's
"conservative" and "full" mode at fidelity 0, and "full, likely" at fidelity 1.

Then a part of the face is hidden by a flat grey mask placed by the landmarks, and
painted in by who is told of the mask: the restorer ("painted"), Telea's inpainting, and
two stand-ins for a painter who knows what faces look like: the part is cloned without a
seam from the average of the 800 training portraits ("average"), or from one of them,
drawn at random ("borrowed").

Writes into `gantools/records`; people are numbers, their order in the test set:

    faces.csv             a row a person, severity and method
    faces-hidden.csv      a row a person, part and method
    faces-impostors.csv   how many impostor pairs lie in each step of distance
    faces-thresholds.csv  the threshold at each false accept rate, with 95 % intervals
                          over people; which share of the people has a double, somebody
                          else below it, how many the most has, and which share of all
                          doubles the tenth of the people has that has most

    distance   of the embedding to the owner's clean one, the face found in the picture
               itself; empty where none was found
    rank       of the owner among the 879: 1 is the nearest
    nearest    distance to the nearest other person
    given, given_rank, given_nearest   the same with the face cut out where it was in
               the clean photo: recognition without the detector
    centre     distance to the mean of all 879, cut out likewise
    donor      distance to whom the part was borrowed from, cut out likewise

It took about eight minutes of one core.  What was measured is kept in --cache, and a
second run with the same weights goes on there.
"""

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import restoration as table
from tqdm import tqdm

from gantools import (
    arrays,
    collections,
    evaluation,
    faces,
    metrics,
    photos,
    restoration,
)

RECORDS = Path(restoration.__file__).parent / "records"
SEVERITIES = (0.3, 0.6, 0.9)
RATES = (0.01, 0.001)
TUNING = 4  # portraits
STEP = 0.002  # of the histogram of impostors
GREY = 0.5
DRAWS = 200  # of the bootstrap of thresholds
Method = Callable[[np.ndarray], np.ndarray]


# --- Methods -------------------------------------------------------------------------


def restorer(mode: str, fidelity: float) -> Callable:
    """Give the restorer as a function of pixels and, maybe, of a mask."""

    def method(pixels, mask=None):
        wishes = {"fidelity": fidelity, "mask": mask}
        photo = photos.Photo(np.ascontiguousarray(pixels))
        return restoration.restore(photo, mode, _networks(), **wishes).photo.pixels

    return method


@functools.cache
def _networks() -> restoration.Restorer:
    return restoration.load_restorer()


@functools.cache
def classical(severity: float) -> Method:
    """Find the classical chain that is best on training portraits."""
    train = collections.files("portraits", split="train")
    train = train[:: len(train) // TUNING][:TUNING]
    cases = evaluation.aged_cases(train, severity, seed=1)
    scores = {
        chain: np.mean([metrics.psnr(chain(c.aged.damaged), c.clean) for c in cases])
        for chain in evaluation.CHAINS
    }
    return max(scores, key=scores.get)


def telea(pixels, mask):
    """Fill a mask by OpenCV."""
    return table.inpainting(cv2.INPAINT_TELEA)(pixels, mask)


RESTORERS = {
    "conservative": restorer("conservative", 0.0),
    "full": restorer("full", 0.0),
    "full, likely": restorer("full", 1.0),
}
PAINTERS = {
    "hidden": lambda pixels, mask: pixels,
    "Telea": telea,
    "painted": restorer("conservative", 0.0),
}


def clone(pixels, face, mask, donor, donor_face):
    """Fill a mask from another face, laid on by the landmarks, without a seam.

    Poisson image editing (Perez et al. 2003, doi:10.1145/1201775.882269).

    Args:
        pixels: (H, W, 3) in [0, 1].
        face: where the face is.
        mask: (H, W) bool.
        donor: the other picture, (h, w, 3) in [0, 1].
        donor_face: where the face is in it.
    """
    size = pixels.shape[1::-1]
    lay = cv2.estimateAffinePartial2D(donor_face.points, face.points)[
        0
    ]  # turn, scale and shift
    laid = cv2.warpAffine(donor, lay, size, borderMode=cv2.BORDER_REPLICATE)
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    centre = left + width // 2, top + height // 2
    levels = [photos.to_levels(p, np.uint8) for p in (laid, pixels)]
    white = mask.astype(np.uint8) * 255
    filled = cv2.seamlessClone(*levels, white, centre, cv2.NORMAL_CLONE)
    return np.where(mask[..., None], filled.astype(np.float32) / 255, pixels)


def average(paths: list[Path], cache: Path) -> np.ndarray:
    """Average the aligned faces of some portraits, (150, 150, 3)."""
    file = cache / "average.npy"
    if not file.exists():
        chips = [faces.align(p, face_of(p)) for p in map(read, paths)]
        np.save(file, np.mean(chips, axis=0))
    return np.load(file)


# --- Measuring -----------------------------------------------------------------------


class Gallery:
    """The clean photos of all people, each as a point, and what is near to a face."""

    def __init__(self, points: np.ndarray):
        self.points = points  # (N, 128)

    def describe(self, point: np.ndarray, person: int) -> tuple[float, int, float]:
        """Give the distance to a person, their rank, and that to the nearest other."""
        away = np.linalg.norm(self.points - point, axis=1)
        others = np.delete(away, person)
        rank = 1 + int((others < away[person]).sum())
        return float(away[person]), rank, float(others.min())

    def row(self, pixels: np.ndarray, face: faces.Face, person: int) -> dict:
        """Measure one picture of a person, whose face was there in the clean photo."""
        nothing = float("nan"), float("nan"), float("nan")
        found = faces.detect(pixels)
        own = nothing
        if found:
            own = self.describe(faces.embed(pixels, found[0]), person)
        point = faces.embed(pixels, face)
        given = self.describe(point, person)
        centre = float(np.linalg.norm(point - self.points.mean(axis=0)))
        names = ("distance", "rank", "nearest")
        row = dict(zip(names, own, strict=True))
        row |= {f"given_{n}": v for n, v in zip(names, given, strict=True)}
        row["given"] = row.pop("given_distance")
        return row | {"centre": centre}


def read(path: Path) -> np.ndarray:
    """Read a portrait, (H, W, C) in [0, 1]."""
    return photos.load(path).pixels


def gallery(paths: list[Path], cache: Path) -> Gallery:
    """Embed the clean photos; each has one face, the largest that is found."""
    kept = cache / "gallery.npy"
    if not kept.exists():
        points = []
        for path in tqdm(paths, "gallery", disable=None):
            pixels = read(path)
            points.append(faces.embed(pixels, face_of(pixels)))
        np.save(kept, np.array(points))
    return Gallery(np.load(kept))


def face_of(pixels: np.ndarray) -> faces.Face:
    """Find the face in a clean portrait, looking closer where need be.

    Raises:
        ValueError: there is none.
    """
    found = faces.detect(pixels) or faces.detect(pixels, upsample=2)
    if not found:
        raise ValueError("Expected a face. Received: a portrait without one")
    return found[0]


def restored(known: Gallery, person: int, task: table.Task, _) -> list[dict]:
    """Measure one person in every severity and method."""
    clean = read(task.path)
    face = face_of(clean)
    rows = [
        {"severity": 0.0, "method": name} | known.row(pixels, where, person)
        for name, pixels, where in (
            ("clean", clean, face),
            ("mirrored", clean[:, ::-1], face_of(clean[:, ::-1])),
        )
    ]
    for severity in SEVERITIES:
        damaged = table.case(task._replace(severity=severity)).aged.damaged
        methods = {"damaged": lambda pixels: pixels, "classical": classical(severity)}
        for name, method in (methods | RESTORERS).items():
            row = known.row(method(damaged), face, person)
            rows.append({"severity": severity, "method": name} | row)
    return rows


def hidden(known: Gallery, person: int, task: table.Task, mean) -> list[dict]:
    """Measure one person with each part of the face hidden, and painted by each."""
    clean, rows = coloured(read(task.path)), []
    face = face_of(clean)
    train = collections.files("portraits", split="train")
    drawn = int(np.random.default_rng([3, task.index]).integers(len(train)))
    donors = {"average": mean, "borrowed": coloured(read(train[drawn]))}
    donors = {name: (donor, face_of(donor)) for name, donor in donors.items()}
    for part in faces.PARTS:
        mask = faces.hide(face, clean.shape, part)
        covered = np.where(mask[..., None], np.float32(GREY), clean)
        results = {name: paint(covered, mask) for name, paint in PAINTERS.items()}
        for name, donor in donors.items():
            results[name] = clone(covered, face, mask, *donor)
        for name, result in results.items():
            row = known.row(result, face, person) | {"donor": float("nan")}
            if name == "borrowed":
                row["donor"] = known.describe(faces.embed(result, face), drawn)[0]
            rows.append({"part": part, "method": name} | row)
    return rows


def coloured(pixels: np.ndarray) -> np.ndarray:
    """Give a picture three channels."""
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


# --- Impostors -----------------------------------------------------------------------


def histogram(distances: np.ndarray) -> list[dict]:
    """Count distances in steps; a step holds what is at least its beginning."""
    counts = np.bincount(np.floor(distances / STEP).astype(int))
    return [{"distance": n * STEP, "pairs": int(c)} for n, c in enumerate(counts) if c]


def thresholds(points: np.ndarray) -> list[dict]:
    """Find the threshold for each rate, and its interval when people are drawn anew.

    Pairs that share a person are not independent, so people are drawn with
    replacement, and a pair counts as often as both of it were drawn, multiplied.
    """
    away, (one, two) = _pairs(points)
    order = np.argsort(away)
    away, one, two = away[order], one[order], two[order]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(DRAWS):
        times = np.bincount(rng.integers(len(points), size=len(points)))
        times = np.pad(times, (0, len(points) - len(times)))
        share = np.cumsum(times[one] * times[two])
        drawn.append([away[np.searchsorted(share, r * share[-1])] for r in RATES])
    ends = np.quantile(drawn, [0.025, 0.975], axis=0).T
    rows = []
    for rate, (low, high) in zip(RATES, ends, strict=True):
        limit = metrics.accept_threshold(away, rate)
        row = {"rate": rate, "threshold": limit, "low": float(low), "high": float(high)}
        near = away < limit
        rows.append(row | doubles(np.concatenate([one[near], two[near]]), len(points)))
    return rows


def doubles(who: np.ndarray, people: int) -> dict:
    """Count how false accepts are spread over people, each named as often as hit."""
    counts = np.sort(np.bincount(who, minlength=people))[::-1]
    tenth = counts[: round(people / 10)].sum() / counts.sum()
    doubled = float((counts > 0).mean())
    return {"doubled": doubled, "most": int(counts[0]), "tenth": float(tenth)}


def _pairs(points: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Give the distance of every pair of people, and who they are."""
    one, two = np.triu_indices(len(points), 1)
    squares = np.square(points).sum(axis=1)
    away = squares[one] + squares[two] - 2 * (points @ points.T)[one, two]
    return np.sqrt(np.maximum(0, away)), (one, two)


# --- All of it -----------------------------------------------------------------------


def kept(file: Path, job: Callable[[], list[dict]]) -> list[dict]:
    """Do a job whose rows are not yet in a file, and read them from there."""
    if not file.exists():
        evaluation.write_rows(job(), file)
    return evaluation.read_rows(file)


def main() -> None:
    """Measure, and write the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=Path("runs/faces"))
    parser.add_argument("--count", type=int, help="so many people only")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    known = gallery(collections.files("portraits", split="all"), options.cache)
    mean = average(collections.files("portraits", split="train"), options.cache)
    first = len(known.points) - collections.describe("portraits").test
    asked = [
        task
        for task in table.tasks(options.count)
        if (task.set, task.damage, task.severity) == ("portraits", "first", 0.3)
    ]
    weights = arrays.manifest()["restoration"]["sha256"][:8]
    records = {"faces": [], "faces-hidden": []}
    for task in tqdm(asked, disable=None):
        for record, job in zip(records, (restored, hidden), strict=True):
            person = first + task.index
            file = options.cache / f"{record}-{weights}-{task.index}.csv"
            found = kept(file, functools.partial(job, known, person, task, mean))
            records[record] += [{"person": task.index} | row for row in found]
    for record, rows in records.items():
        for row in rows:
            for name in ("rank", "given_rank"):
                row[name] = "" if np.isnan(row[name]) else int(row[name])
        evaluation.write_rows(rows, RECORDS / f"{record}.csv")
    away, _ = _pairs(known.points)
    evaluation.write_rows(histogram(away), RECORDS / "faces-impostors.csv")
    evaluation.write_rows(thresholds(known.points), RECORDS / "faces-thresholds.csv")


if __name__ == "__main__":
    main()
