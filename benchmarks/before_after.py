"""Make the pictures before and after: at the head of the README, and in the book.

    python benchmarks/before_after.py

What is restored is a modern portrait and an old landscape that `damage.age` has aged,
and photographs of 1865 to 1929, all of them bundled; and a faded slide, cut out of the
record `styles-slide.jpg`.  What a chapter makes comes out of the chapter's own cells,
which are run here.  Writes `book/figures/before-after.jpg`, a sheet for the README, and
`book/figures/NAME-WHICH.jpg` for the book's sliders, where WHICH is before, after, or
what else is laid over it.
"""

import argparse
import json
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np

from gantools import collections, colour, damage, photos, restoration, unpaired

BOOK = Path(__file__).parents[1]
OUT = BOOK / "book/figures"
SLIDE = Path(restoration.__file__).parent / "records/styles-slide.jpg"
HEIGHT = 300  # pixels, of the sheet
GAP = 8
LONGER = 480, 440  # pixels, of a picture of a pair, and of one of several
QUALITY = 80, 75  # of their JPEGs

Pictures = dict[str, np.ndarray]  # each (H, W, C) or (H, W) in [0, 1], of one size


def bundled(name: str) -> np.ndarray:
    """Read a bundled photograph (H, W, C)."""
    return photos.load(collections.picture(name)).pixels


def aged_portrait() -> np.ndarray:
    """Age the bundled portrait by the first draw that there is, seed 0."""
    kinds = ("fading", "yellowing", "creases", "scratches", "dust")
    clean = bundled("astronaut")[:400, 30:430]
    return damage.age(clean, np.random.default_rng(0), 0.8, kinds).damaged


def aged_landscape() -> np.ndarray:
    """Crease, scratch and stain the bundled landscape of 1865 to 1870, seed 0."""
    kinds = ("creases", "scratches", "dust", "foxing")
    clean = bundled("french-alpine-landscape")
    return damage.age(clean, np.random.default_rng(0), 0.7, kinds).damaged


def slide() -> Pictures:
    """Cut a slide of the 1970s out of the record: as it is, restored, then painted."""
    sheet = photos.load(SLIDE).pixels
    side = sheet.shape[0]
    starts = np.linspace(0, sheet.shape[1] - side, 3).astype(int)  # gaps between them
    squares = [sheet[2:-2, start + 2 : start + side - 2] for start in starts]
    return dict(zip(("before", "after", "painted"), squares, strict=True))


def run_cells(chapter: str, *names: str) -> dict:
    """Run the cells of a chapter that have these names, in this order.

    Returns:
        What they define, by name.
    """
    notebook = json.loads((BOOK / f"notebooks/{chapter}.ipynb").read_text("utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    space: dict = {}
    for name in names:
        lines = cells[name].splitlines()
        source = "\n".join(line for line in lines if not line.startswith("%"))
        exec(compile(source, f"{chapter}, {name}", "exec"), space)
    return space


def lay(made: dict, **names: str) -> Pictures:
    """Take what cells have made and give it other names."""
    return {which: made[name] for which, name in names.items()}


def classical() -> dict[str, Pictures]:
    """Give what chapter 1's classical tools make."""
    cells = "imports real-details method-code table-code tone-code tone-real fill-code"
    cells += " width-run tuning-run tuning-table tuning-real"
    made = run_cells("01-background", *cells.split())
    hole, face, boats = made["gaps"](8), made["face"], made["boats"]
    fills = {name.lower(): fill(face, hole) for name, fill in made["FILLS"].items()}
    tones = {name: tone(made["pastoral"]) for name, tone in made["TONE"].items()}
    names = ("before", "levels", "grey-world", "equalised")
    tuned = {f"tuned-{i}": chain(boats) for i, chain in enumerate(made["tuned"], 1)}
    return {
        "tone": dict(zip(names, tones.values(), strict=True)),
        "gaps": {"before": np.where(hole, 1, face), **fills, "truth": face},
        "rigging": {"before": boats, **tuned},
    }


def quick() -> Pictures:
    """Give chapter 0's portrait: damaged, restored in both modes, and undamaged."""
    made = run_cells("00-quickstart", "imports", "load", "run", "age")
    names = ("before", "careful", "after")
    return dict(zip(names, made["results"].values(), strict=True)) | lay(
        made, truth="clean"
    )


def training_pair() -> Pictures:
    """Give chapter 4's pair: the input, the target and the clean picture."""
    made = run_cells("04-data", "imports", "kinds", "pair-figure")
    aged = made["aged"]
    return {"before": aged.damaged, "after": aged.faded, "truth": made["portrait"]}


def judged() -> Pictures:
    """Give chapter 8's two answers to a scratched portrait, and the truth."""
    cells = "evaluation-002", "evaluation-004", "evaluation-049"
    made = run_cells("08-evaluation", *cells)
    answers = dict(zip(("before", "after"), made["answers"].values(), strict=True))
    return answers | lay(made, truth="x")


def hole() -> Pictures:
    """Give chapter 12's torn corner, what was put there, and the truth."""
    made = run_cells("12-restoration-gan", "imports", "hole-make", "hole-fill")
    return lay(made, before="torn", network="repaired", telea="telea", truth="shuttle")


def styles() -> Pictures:
    """Give chapter 13's portrait in all that the chapter knows, but van Gogh's."""
    made = run_cells("13-style-transfer", "imports", "first")
    portrait, painted = made["portrait"], dict(made["painted"])
    del painted["van-gogh-cypresses"]  # `style_strength.py` paints it
    for task in ("watercolour", "colour-film-1940s"):
        painted[task] = unpaired.apply(portrait, unpaired.load_stylist(task)).pixels
    return painted


def hidden() -> Pictures:
    """Give chapter 16's portrait, its eyes hidden, and what was painted there."""
    made = run_cells("16-faces", "imports", "chain-run", "hidden-run")
    made["covered"] = made["covered"].pixels
    names = dict(before="covered", telea="telea", network="painted", truth="portrait")
    return lay(made, **names)


def cup() -> Pictures:
    """Take the colours of the bundled cup of coffee away, and let them be guessed."""
    clean = bundled("coffee")
    grey = np.repeat(colour.grey(clean), 3, axis=2)
    guess = colour.colourise(photos.Photo(grey)).pixels
    return {"before": grey, "after": guess, "truth": clean}


def restored(networks) -> dict[str, Pictures]:
    """Give photographs before and after they are restored."""
    made = {}
    for name, pixels, mode in (
        ("portrait", aged_portrait(), "full"),
        ("pastoral", bundled("march-pastoral"), "full"),
        ("plane", bundled("airplane-from-above"), "full"),
        ("boats", bundled("nagasaki-boats"), "full"),
        ("landscape", aged_landscape(), "conservative"),
    ):
        after = restoration.restore(photos.Photo(pixels), mode, networks).photo.pixels
        made[name] = {"before": pixels, "after": after}
    boats = made["boats"]
    careful = restoration.restore(
        photos.Photo(boats["before"]), "conservative", networks
    )
    boats["careful"] = careful.photo.pixels
    boats["coloured"] = colour.colourise(photos.Photo(boats["after"])).pixels
    return made


def everything() -> dict[str, Pictures]:
    """Make all pictures, by name."""
    networks = restoration.load_restorer()
    made = restored(networks) | classical()
    boats = made["boats"]["after"]
    made["rigging"]["network"] = boats[60:316, 250:506]  # the same crop
    made |= {"truth": quick(), "pair": training_pair(), "judged": judged()}
    made |= {"hole": hole(), "slide": slide(), "style": styles()}
    return made | {"hidden": hidden(), "cup": cup()}


def cell(pixels: np.ndarray) -> np.ndarray:
    """Scale a photograph to the common height, in colour."""
    width = round(pixels.shape[1] * HEIGHT / pixels.shape[0])
    small = cv2.resize(pixels, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.broadcast_to(small.reshape(HEIGHT, width, -1), (HEIGHT, width, 3))


def write(pixels: np.ndarray, path: Path, longer: int, quality: int) -> None:
    """Write a picture of the book as a small JPEG."""
    scale = min(1, longer / max(pixels.shape[:2]))
    size = [round(n * scale) for n in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    small = small.reshape(*size[::-1], -1).astype(np.float32)
    photos.save(photos.Photo(small), path, quality=quality, overwrite=True)


def write_all(made: dict[str, Pictures], folder: Path) -> None:
    """Write the pictures of the book's sliders, smaller where there are several."""
    for name, pictures in made.items():
        several = len(pictures) > 2
        for which, pixels in pictures.items():
            path = folder / f"{name}-{which}.jpg"
            write(pixels, path, LONGER[several], QUALITY[several])


def write_sheet(pairs: list[Pictures]) -> None:
    """Write the README's sheet: the pictures before and after in one row."""
    gap = np.ones((HEIGHT, GAP, 3), np.float32)
    parts = []
    for pair in pairs:
        parts += [cell(pair["before"]), gap, cell(pair["after"]), gap, gap]
    sheet = photos.Photo(np.concatenate(parts[:-2], axis=1).astype(np.float32))
    photos.save(sheet, OUT / "before-after.jpg", quality=88, overwrite=True)


def main() -> None:
    """Make and write the pictures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    mpl.use("agg")  # chapters draw
    made = everything()
    write_sheet([made["portrait"], made.pop("pastoral")])
    write_all(made, OUT)


if __name__ == "__main__":
    main()
