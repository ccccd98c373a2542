"""Measure how like really old photographs those are that `damage.age` makes.

    GANTOOLS_DATA=folder python benchmarks/realism.py
    GANTOOLS_DATA=folder python benchmarks/realism.py --fit slide --steps 150

The profiles of OLD were fitted to one set of old photographs each, and are measured on
others of that set: fitted on the training pictures, measured on the test pictures.
(There are too few prints to do so with the profile `print`.)  What is aged are the
monuments of `scenes` and the `wallpapers`, their training pictures for the fit, their
test pictures for the measurement, reduced to a longest side of LONGEST pixels as the
old ones are.  Each is aged AGINGS times.

Writes `gantools/records/realism.csv`: for each profile, quantity and set of pictures a
mean and the ends, low and high, of its 95 % interval, that of the jackknife, which
leaves out one photograph at a time.  The sets of pictures are

    old       the old photographs that nothing was fitted to
    clean     those that are aged, as they are; in grey for grey film
    any 0.3   aged by `damage.age` to severity 0.3 without a profile, and so on; for
              grey film the clean pictures in grey, or "in colour" as they are
    slide     aged by the profile to severity 0.5, which is what was measured

The quantity `distance` is the kernel distance to the old photographs by what
`features.embed` says of patches of 128 pixels, which is EfficientNet-Lite0: 0 for the
same kind of pictures.  That of `old` is between two halves of them.  The two sets show
different things, so that a rest remains: `other things` is the distance between the
monuments and the wallpapers, which are both modern.  `ratio` is the distance of
the profile divided by the smallest without one, whichever severity that takes.
`distance to fitted` and `ratio to fitted` are the same against the old photographs that
the profile was fitted to, with clean pictures that it was not.
The others say what differs:

    black, middle, white   the 1st, 50th and 99th percentile, with the channel
    saturation             largest minus smallest channel, on average
    grain 4 .. grain 16    in flat places: the deviation in levels of 255, between waves
                           of so many half-periods in GRAIN_SIDE pixels and twice that
    thin marks             share of the pixels that `find_thin_damage` takes for damage

`--fit` climbs: it changes a few numbers of the profile at random, keeps what brings the
distance down, and prints the profile that it ends with.  `--count 4` tries it all on a
few pictures.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from ablations import EDGE, jackknife, patches
from tqdm import tqdm

from gantools import collections, damage, evaluation, features, metrics, photos

RECORDS = Path(evaluation.__file__).parent / "records"
OLD = {"slide": "documerica", "negative": "fsa-owi"}
LONGEST = 640  # pixels
AGINGS = 1
SEVERITIES = (0.3, 0.45, 0.6)  # at which age is tried without a profile
TYPICAL = 0.5  # the severity of a profile that was fitted
FITTED_PATCHES = 6  # of a picture, at most: while fitting, to save time
GRAIN_SIDE = 32  # pixels of a flat place
FLATTEST = 0.1  # share of the places that count as flat
THIN = {"width": 7, "contrast": 0.15}

Pictures = list[np.ndarray]


# --- Pictures ------------------------------------------------------------------------


def picture(path: Path) -> np.ndarray:
    """Read a picture in colour, (H, W, 3), its longest side at most LONGEST."""
    pixels = photos.load(path).pixels
    scale = min(1, LONGEST / max(pixels.shape[:2]))
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    wide = np.broadcast_to(np.atleast_3d(small), (*size[::-1], 3))
    return np.clip(wide, 0, 1)


def clean_paths(split: str) -> list[list[Path]]:
    """List the modern photographs: the monuments, and the wallpapers."""
    scenes = collections.files("scenes", split)
    monuments = [path for path in scenes if path.parent.name == "explore_monuments"]
    return [monuments, collections.files("wallpapers", split)]


def in_grey(pixels: np.ndarray) -> np.ndarray:
    """Turn (H, W, 3) grey, and keep the three channels."""
    return np.repeat(np.clip(pixels @ damage.LUMA, 0, 1)[..., None], 3, axis=2)


def aged(pixels, index: int, severity: float, profile: str | None, seed: int):
    """Age the picture (H, W, 3) of an index; without a profile, grey ones in grey."""
    rng = np.random.default_rng([seed, index])
    if profile is None and np.ptp(pixels, axis=2).max() == 0:
        made = damage.age(pixels[..., :1], rng, severity).damaged
        return np.repeat(made, 3, axis=2)
    return damage.age(pixels, rng, severity, profile=profile).damaged


# --- Distances -----------------------------------------------------------------------


def describe(pixels: np.ndarray) -> np.ndarray:
    """Describe the patches of a picture, (N, 112)."""
    return features.embed(patches(pixels))


def leave_out(distance: Callable[..., float], x: list, y: list) -> list[np.ndarray]:
    """Give a distance of two sets, then without each of x, or each of y, in turn."""
    less_x = [distance(x[:i] + x[i + 1 :], y) for i in range(len(x))]
    less_y = [distance(x, y[:i] + y[i + 1 :]) for i in range(len(y))]
    whole = distance(x, y)
    return [np.array([whole, *less]) for less in (less_x, less_y)]


def interval(rows: list[np.ndarray]) -> metrics.Interval:
    """Join the jackknives of the sets, which are independent: variances add."""
    ends = [jackknife(row) for row in rows]
    mean = float(rows[0][0])
    reach = float(np.sqrt(sum((end.high - end.mean) ** 2 for end in ends)))
    return metrics.Interval(mean, mean - reach, mean + reach)


def kernel_distance(made: Pictures, old: Pictures) -> float:
    """Measure between descriptions, a list of (N, 112) for each photograph."""
    return metrics.kernel_distance(np.concatenate(made), np.concatenate(old)).value


def ratio(both: Pictures, old: Pictures) -> float:
    """Divide the distance of the one by that of the other, described side by side."""
    one, other = (list(some) for some in zip(*both, strict=True))
    return kernel_distance(one, old) / kernel_distance(other, old)


# --- What differs --------------------------------------------------------------------


def middle(pixels: np.ndarray) -> np.ndarray:
    """Cut the edge off, where film has its frame."""
    height, width = pixels.shape[:2]
    y, x = round(EDGE * height), round(EDGE * width)
    return np.ascontiguousarray(pixels[y : height - y, x : width - x])


def statistics(pixels: np.ndarray) -> dict[str, float]:
    """Measure a picture (H, W, 3); see the head of this file."""
    inside = middle(pixels)
    levels = np.quantile(inside, [0.01, 0.5, 0.99], axis=(0, 1))  # (3, 3)
    found = {
        f"{what} {channel}": float(levels[i, k])
        for i, what in enumerate(("black", "middle", "white"))
        for k, channel in enumerate(("red", "green", "blue"))
    }
    found["saturation"] = float(np.ptp(inside, axis=2).mean())
    found |= grain(inside @ damage.LUMA)
    marked = evaluation.find_thin_damage(photos.to_levels(inside, np.uint8), **THIN)
    return found | {"thin marks": float((marked > 0).mean())}


def grain(grey: np.ndarray) -> dict[str, float]:
    """Measure the deviation by octave of frequency in the flattest places of (H, W).

    From each place the best parabola is taken, so that no shading counts as grain.
    """
    n = GRAIN_SIDE
    rows, columns = (range(0, side - n + 1, n) for side in grey.shape)
    places = np.array([grey[y : y + n, x : x + n] for y in rows for x in columns])
    y, x = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
    terms = np.stack([x**0, x, y, x * x, x * y, y * y]).reshape(6, -1).T  # (n n, 6)
    flat = places.reshape(len(places), -1).T
    rest = flat - terms @ np.linalg.lstsq(terms, flat, rcond=None)[0]  # (n n, N)
    mid = (flat.mean(0) > 0.1) & (flat.mean(0) < 0.9)
    order = np.argsort(np.where(mid, rest.std(0), np.inf))
    chosen = rest.T[order[: max(1, round(FLATTEST * len(order)))]].reshape(-1, n, n)
    power = np.square(np.abs(np.fft.fft2(chosen, norm="ortho"))).mean(0) / n**2
    waves = n * np.hypot(*np.meshgrid(np.fft.fftfreq(n), np.fft.fftfreq(n)))
    bands = {low: (waves >= low / 2) & (waves < low) for low in (4, 8, 16)}
    return {f"grain {k}": 255 * float(power[b].sum() ** 0.5) for k, b in bands.items()}


# --- Fitting -------------------------------------------------------------------------


def neighbour(profile: damage.Profile, rng: np.random.Generator) -> damage.Profile:
    """Change two fields of a profile at random, and one kind of marks.

    How film sees colours and the quality of the archive's files stay as they are.
    Channels that are equal move together, so that grey stays grey.
    """
    names = ("stops", "white", "dimming", "black", "grain", "size")
    colours = () if profile.film else ("cast", "parting", "colour", "dyes")
    change = {}
    for name in rng.choice(names + colours, 2, replace=False):
        old = np.atleast_1d(getattr(profile, name))
        step = rng.normal(size=old.shape) if np.ptp(old) else rng.normal()
        new = old + step * (0.15 * np.abs(old) + 0.01)
        low, high = (-1, 2) if name in ("cast", "stops") else (0, 1)
        new = np.clip(new, low, high).round(4).tolist()
        change[str(name)] = tuple(new) if len(new) > 1 else new[0]
    kind = str(rng.choice(list(profile.marks)))
    pair = np.clip(profile.marks[kind] + rng.normal(0, 0.08, 2), 0.02, 1)
    marks = profile.marks | {kind: tuple(pair.round(2).tolist())}
    return profile._replace(marks=marks, **change)


def fit(name: str, steps: int, seed: int, count: int | None) -> damage.Profile:
    """Climb from the profile that there is, on training pictures; print what is found.

    Every 30 steps the damage is drawn anew, so that no draw is learned by heart.
    """
    rng, best = np.random.default_rng(seed), damage.PROFILES[name]
    old = [
        describe(picture(path))
        for path in collections.files(OLD[name], "train")[:count]
    ]
    clean = [picture(p) for some in clean_paths("train") for p in some[:count]]

    def distance(profile, draw):
        damage.PROFILES["fitted"] = profile
        some = np.random.default_rng(seed)
        made = []
        for i, pixels in enumerate(clean):
            cut = some.permutation(patches(aged(pixels, i, TYPICAL, "fitted", draw)))
            made.append(features.embed(cut[:FITTED_PATCHES]))
        return kernel_distance(made, old)

    for step in tqdm(range(steps), disable=None):
        draw = 100 + step // 30
        if step % 30 == 0:
            least = distance(best, draw)
        tried = neighbour(best, rng)
        found = distance(tried, draw)
        if found < least:
            least, best = found, tried
            print(f"step {step}: {least:.2f}", best, flush=True)
    return best


# --- Measuring -----------------------------------------------------------------------


def measure(name: str, count: int | None) -> list[dict]:
    """Measure a profile against the old photographs it was not fitted to."""
    groups = [[picture(p) for p in some[:count]] for some in clean_paths("test")]
    modern = [pixels for some in groups for pixels in some]
    plain = [in_grey(p) for p in modern] if damage.PROFILES[name].film else modern
    sets = {
        "old": [
            [picture(path)] for path in collections.files(OLD[name], "test")[:count]
        ]
    }
    sets["clean"] = [[pixels] for pixels in plain]
    for severity in SEVERITIES:
        sets[f"any {severity}"] = agings(plain, severity, None)
        if plain is not modern:
            sets[f"any {severity} in colour"] = agings(modern, severity, None)
    sets[name] = agings(modern, TYPICAL, name)
    said = {
        key: [np.concatenate([describe(p) for p in some]) for some in groups]
        for key, groups in tqdm(sets.items(), name, disable=None)
    }
    rows, best = distances(name, said, len(groups[0]))
    fitted = collections.files(OLD[name], "train")[:count]
    said["old"] = [describe(picture(path)) for path in fitted]
    for line in distances(name, said, len(groups[0]))[0]:
        if line["pictures"] != "other things":
            rows.append(line | {"quantity": line["quantity"] + " to fitted"})
    return rows + [
        row for key in ("old", "clean", best, name) for row in differ(key, sets[key])
    ]


def agings(pictures: Pictures, severity: float, profile: str | None) -> list[Pictures]:
    """Age each picture AGINGS times."""
    return [
        [aged(pixels, index, severity, profile, seed) for seed in range(AGINGS)]
        for index, pixels in enumerate(pictures)
    ]


def distances(name: str, said: dict[str, Pictures], monuments: int):
    """Measure the distances of sets of descriptions.

    Args:
        name: of the profile.
        said: by set, for each photograph (N, 112).
        monuments: how many of the clean pictures, the first ones, are monuments.

    Returns:
        The rows, and the name of the set nearest to the old one without a profile.
    """
    old, clean = said["old"], said["clean"]
    pairs = {key: (some, old) for key, some in said.items() if key != "old"}
    pairs["old"] = old[::2], old[1::2]
    pairs["other things"] = clean[:monuments], clean[monuments:]
    rows = []
    for key, pair in pairs.items():
        ends = interval(leave_out(kernel_distance, *pair))
        rows.append(row(key, "distance", len(pair[0]), ends))
    tried = [line for line in rows if line["pictures"].startswith("any")]
    best = min(tried, key=lambda line: line["mean"])["pictures"]
    both = list(zip(said[name], said[best], strict=True))
    rows.append(row(name, "ratio", len(both), interval(leave_out(ratio, both, old))))
    return rows, best


def differ(key: str, sets: list[Pictures]) -> list[dict]:
    """Measure the statistics of a set; several agings of a picture count as one."""
    found = [[statistics(pixels) for pixels in some] for some in sets]
    rows = []
    for quantity in found[0][0]:
        means = [np.mean([one[quantity] for one in some]) for some in found]
        ends = metrics.bootstrap(means, np.random.default_rng(0))
        rows.append(row(key, quantity, len(means), ends))
    return rows


def row(pictures: str, quantity: str, count: int, ends: metrics.Interval) -> dict:
    """Make a row of the record, but for the profile."""
    line = {"pictures": pictures, "quantity": quantity, "count": count}
    return line | {key: round(value, 4) for key, value in ends._asdict().items()}


def main() -> None:
    """Fit a profile, or measure them and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fit", choices=OLD, help="climb, and print")
    parser.add_argument("--steps", type=int, default=150, help="of the climb")
    parser.add_argument("--seed", type=int, default=0, help="of the climb")
    parser.add_argument("--count", type=int, help="take so many pictures of a set")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    if options.fit:
        fit(options.fit, options.steps, options.seed, options.count)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in OLD:
        rows += [{"profile": name} | line for line in measure(name, options.count)]
        evaluation.write_rows(rows, options.out / "realism.csv")
    for line in rows:
        if line["quantity"] in ("distance", "ratio"):
            print(*line.values())


if __name__ == "__main__":
    main()
