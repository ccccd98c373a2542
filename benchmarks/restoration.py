"""Measure the shipped restorer against the input, classical chains and oracles.

    GANTOOLS_DATA=folder python benchmarks/restoration.py

Pictures: the 79 held-out portraits as they are; every eighth of `scenes`, its longest
side reduced to 400 pixels; of every third of `wallpapers`, from the second on, the
middle square, reduced to 400.  Only the portraits have a split that nobody trains on:
no repairer was trained on `scenes`, but the toner saw them as thumbnails, and both saw
`wallpapers`.  Whoever trains anew should leave out what `pictures` returns.

They are aged three times, to severities 0.3, 0.6 and 0.9, by `damage.age` ("first" in
the tables); and, to see how much of the gain is knowledge of that generator, by
`other_damage.age` ("other").  Two targets
(see `gantools.evaluation`): against "clean" the restorer runs in full; against "faded"
only its repairer does.  The rivals:

- the OpenCV chain of `evaluation.Chain`, tuned once for each metric, so that each
  column of the table holds the best chain for that column;
- a scikit-image chain of the same make, tuned by PSNR;
- inpainting by OpenCV and scikit-image *with the true mask*, which nobody has outside
  of a test: how much of what is left lies in finding the damage;
- with --peers, FFDNet (tuned by PSNR) and Real-ESRGAN, see peers.py; for they are
  slow, on the first ten portraits alone, so compare them picture by picture.

Tuning is on training portraits, aged to the same severity, and for each target.
Writes into `gantools/records`

    restoration.csv        a row a picture
    restoration-table.csv  means with 95 % intervals, by set and severity
    restoration-kinds.csv  the same by kind of damage, over sets and severities
"""

import argparse
import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import other_damage
from skimage.morphology import black_tophat, dilation, disk, white_tophat
from skimage.restoration import denoise_tv_chambolle, inpaint_biharmonic
from tqdm import tqdm

from gantools import collections, damage, evaluation, photos, restoration
from gantools.evaluation import Case, Method
from gantools.photos import Photo

SEVERITIES = (0.3, 0.6, 0.9)
AGERS = {"first": damage.age, "other": other_damage.age}
LONGEST = 400  # pixels
PEERS_ON = 10  # portraits
RECORDS = Path(restoration.__file__).parent / "records"
TABLE = ("set", "damage", "target", "severity", "method")
KINDS = ("damage", "kind", "target", "method")


# --- Pictures ------------------------------------------------------------------------


def pictures(count: int | None = None) -> dict[str, dict[str, np.ndarray]]:
    """Read the pictures measured on: for each set {name: (H, W, C) in [0, 1]}.

    Args:
        count: so many of each set only.
    """
    chosen = {
        "portraits": collections.files("portraits", split="test"),
        "scenes": collections.files("scenes")[::8],
        "wallpapers": collections.files("wallpapers")[1::3],
    }
    return {
        name: {_name(name, path): _prepare(name, path) for path in paths[:count]}
        for name, paths in chosen.items()
    }


def _name(name: str, path: Path) -> str:
    folder = collections.home() / name
    return path.relative_to(folder).with_suffix("").as_posix()


def _prepare(name: str, path: Path) -> np.ndarray:
    pixels = photos.load(path).pixels
    if name == "wallpapers":
        side = min(pixels.shape[:2])
        top, left = ((n - side) // 2 for n in pixels.shape[:2])
        pixels = pixels[top : top + side, left : left + side]
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small.reshape(*size[::-1], -1)


# --- Methods -------------------------------------------------------------------------


def restorers(folder: Path | None) -> dict[str, Method]:
    """Wrap the trained networks as a method for each target."""
    networks = restoration.load_restorer(*([folder] if folder else []))

    def full(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        done = restoration.restore(Photo(pixels), restorer=networks)
        return done.photo.pixels, done.mask

    return {
        "clean": full,
        "faded": lambda pixels: restoration.repair(pixels, networks.repairer),
    }


@dataclasses.dataclass(frozen=True)
class SkimageChain:
    """A chain like `evaluation.Chain`, made of scikit-image.

    Attributes:
        contrast: how far thin things must stand out to be taken for damage and filled
            by a biharmonic function; 0 leaves the step out.
        weight: of total-variation denoising; 0 leaves the step out.
    """

    contrast: float
    weight: float

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Restore a picture (H, W, C) in [0, 1]."""
        if self.contrast:
            grey, disc = pixels.mean(axis=-1), disk(3)
            thin = np.maximum(white_tophat(grey, disc), black_tophat(grey, disc))
            pixels = biharmonic(pixels, dilation(thin > self.contrast))
        if self.weight:
            pixels = denoise_tv_chambolle(pixels, self.weight, channel_axis=-1)
        return pixels.astype(np.float32)


SKIMAGE_CHAINS = tuple(
    itertools.starmap(SkimageChain, itertools.product((0, 0.2, 0.3), (0, 0.02, 0.05)))
)


def biharmonic(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill a mask (H, W) of booleans by biharmonic functions."""
    if not mask.any():
        return pixels
    filled = inpaint_biharmonic(pixels, mask, channel_axis=-1)
    return np.clip(filled, 0, 1).astype(np.float32)


def inpainting(flag: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Fill a mask (H, W) of booleans by OpenCV."""

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        levels = np.round(pixels * 255).astype(np.uint8)
        filled = cv2.inpaint(levels, mask.astype(np.uint8), 3, flag)
        filled = filled.reshape(pixels.shape).astype(np.float32) / 255
        return np.where(mask[..., None], filled, pixels)

    return fill


ORACLES = {
    "Telea, true mask": inpainting(cv2.INPAINT_TELEA),
    "Navier Stokes, true mask": inpainting(cv2.INPAINT_NS),
    "biharmonic, true mask": biharmonic,
}


def oracles(case: Case) -> dict[str, Method]:
    """Tell the inpainting methods where the damage is."""
    mask = case.aged.mask > 0.5
    return {
        name: lambda pixels, fill=fill: fill(pixels, mask)
        for name, fill in ORACLES.items()
    }


def _tuning_cases(severity: float, count: int) -> list[Case]:
    train = collections.files("portraits", split="train")
    train = train[:: max(1, len(train) // count)][:count]
    return evaluation.aged_cases(train, severity, seed=1)


def tuned(severity: float, target: str, count: int) -> dict[str, Method]:
    """Tune the chains on training portraits."""
    cases = _tuning_cases(severity, count)
    chains = evaluation.CHAINS
    if target == "faded":  # levels are tone; by PSNR alone, to save time and rows
        chains = [chain for chain in chains if not chain.clip]
    best = evaluation.tune(cases, chains, target)
    kept = best if target == "clean" else {"psnr": best["psnr"]}
    methods = {f"classical-{metric}": chain for metric, chain in kept.items()}
    methods["skimage"] = evaluation.tune(cases, SKIMAGE_CHAINS, target)["psnr"]
    for name, method in methods.items():
        print(f"severity {severity}, against {target}: {name} is {method}")
    return methods


def load_peers(folder: Path, severity: float, count: int) -> dict[str, Method]:
    """Load FFDNet, tuned as the chains are, and Real-ESRGAN."""
    import peers  # only now, for few have what it needs

    cases = _tuning_cases(severity, count)
    best = evaluation.tune(cases, peers.ffdnet(folder))["psnr"]
    print(f"severity {severity}: {best}")
    return {"FFDNet": best, "Real ESRGAN": peers.real_esrgan(folder)}


# --- The comparison ------------------------------------------------------------------


def compare(options: argparse.Namespace) -> list[dict]:
    """Measure everything; a row a picture, method and target."""
    ours, shown = restorers(options.weights), pictures(options.test)
    rows = []
    for severity, target in itertools.product(SEVERITIES, evaluation.TARGETS):
        plain = {"input": lambda pixels: pixels, "gantools": ours[target]}
        rivals = tuned(severity, target, options.tuning)
        others = {}
        if options.peers and target == "clean":
            others = load_peers(options.peers, severity, options.tuning)
        for (name, clean), made in itertools.product(shown.items(), AGERS):
            cases = _cases(clean, severity, AGERS[made])
            bar = tqdm(cases, f"{severity} {target} {name}", disable=None)
            for index, case in enumerate(bar):
                methods = plain
                if made == "first":
                    methods = plain | rivals
                    methods |= oracles(case) if target == "faded" else {}
                    asked = name == "portraits" and index < PEERS_ON
                    methods |= others if asked else {}
                about = {"set": name, "damage": made}
                found = evaluation.evaluate(methods, [case], target)
                rows += [row | about for row in found]
    return rows


def _cases(clean: dict[str, np.ndarray], severity: float, ager) -> list[Case]:
    level = round(severity * 1000)
    return [
        evaluation.aged_case(name, pixels, severity, [2, index, level], ager)
        for index, (name, pixels) in enumerate(clean.items())
    ]


def show_gains(rows: list[dict]) -> None:
    """Print by how much the restorer beats the input, under each generator."""
    for target, metric in itertools.product(evaluation.TARGETS, evaluation.METRICS):
        gains = []
        for made in AGERS:
            some = [r for r in rows if (r["damage"], r["target"]) == (made, target)]
            gains.append(evaluation.gain(some, "gantools", "input", metric))
        texts = [f"{g.mean:+.3f} [{g.low:+.3f}, {g.high:+.3f}]" for g in gains]
        share = gains[1].mean / gains[0].mean
        print(f"gain in {metric:5} against {target}: {texts[0]}", end="")
        print(f"; under the other damage {texts[1]}, {share:.0%} of it")


def main() -> None:
    """Run the comparison and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weights", type=Path, help="folder of a run; else shipped")
    parser.add_argument("--tuning", type=int, default=8, help="pictures to tune on")
    parser.add_argument("--test", type=int, help="use so many pictures of each set")
    parser.add_argument("--peers", type=Path, help="folder of wheels, see peers.py")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    rows = compare(options)
    tables = {
        "restoration": rows,
        "restoration-table": evaluation.summarise(rows, TABLE),
        "restoration-kinds": evaluation.summarise(evaluation.by_kind(rows), KINDS),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        evaluation.write_rows(table, options.out / f"{name}.csv")
    for line in tables["restoration-table"]:
        numbers = (
            f"{m} {line[m]:.3f} [{line[m + '_low']:.3f}, {line[m + '_high']:.3f}]"
            for m in evaluation.METRICS
        )
        print(*(line[key] for key in TABLE), *numbers)
    show_gains(rows)


if __name__ == "__main__":
    main()
