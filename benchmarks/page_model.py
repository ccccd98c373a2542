"""Write the networks and the sample for the page that restores photographs.

    python benchmarks/page_model.py            # weights.js and sample.js
    python benchmarks/page_model.py --measure  # what the rounding of weights costs

The measure: bundled photographs, damaged by `damage.age`, restored by the shipped
networks and by those of the page; how far apart the results are, and the PSNR of each
against the undamaged photograph.
"""

import argparse
import base64
import zlib
from pathlib import Path

import cv2
import numpy as np

from gantools import arrays, browser, collections, damage, features, metrics, photos
from gantools import restoration as r

PAGE = Path(__file__).parents[1] / "book" / "_static" / "restore"
KINDS = ("contrast", "scratches", "dust", "hairs", "creases")
FIELDS = "photograph,mean difference,99.9 %,largest,damaged,shipped,page"


def networks(restorer: r.Restorer) -> list:
    """Give the three models that the page runs: what sees, what paints, what tones."""
    return [features.encoder(), *r.learned(restorer.repairer, restorer.toner)]


def for_page(script: str) -> r.Restorer:
    """Build the restorer with the page's weights."""
    restorer = r.load_restorer()
    _, weights = browser.unpack(script)
    ours = r.learned(restorer.repairer, restorer.toner)
    eyes = [x.get_layer("encoder") for x in (restorer.repairer, restorer.toner)]
    browser.assign([*eyes, *ours], weights)
    return restorer


def write() -> None:
    """Write what the page loads."""
    manifest = arrays.manifest()
    names = "restoration", "efficientnet-lite0"
    source = {name: manifest[name]["sha256"] for name in names}
    weights = browser.pack(networks(r.load_restorer()), source)
    text = base64.b64encode(sample()).decode()
    scripts = {
        "weights.js": weights,
        "sample.js": f'(window.restorePhoto ||= {{}}).sample = "{text}";\n',
    }
    for name, script in scripts.items():
        (PAGE / name).write_text(script, encoding="ascii")
        packed = len(zlib.compress(script.encode(), 9))
        print(f"{name}: {len(script):,} bytes, {packed:,} compressed")


def sample() -> bytes:
    """Age a bundled photograph that no network was trained on; give a JPEG."""
    pixels = photos.load(collections.picture("nagasaki-boats")).pixels[:512, 64:576]
    grey = pixels.mean(axis=2, keepdims=True).astype(np.float32)
    aged = damage.age(grey, np.random.default_rng(1), 0.6, KINDS).damaged
    levels = np.rint(aged * 255).astype(np.uint8)
    return cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def measure() -> None:
    """Print how the page's networks compare with the shipped ones."""
    script = (PAGE / "weights.js").read_text(encoding="ascii")
    both = r.load_restorer(), for_page(script)
    rows = []
    print(FIELDS)
    for path in collections.bundled():
        clean = photos.load(path).pixels
        aged = damage.age(clean, np.random.default_rng(0), 0.5).damaged
        photo = photos.Photo(np.rint(aged * 255).astype(np.uint8))
        ours, theirs = (r.restore(photo, "full", x).photo.pixels for x in both)
        gap = np.abs(ours.astype(int) - theirs)
        scores = [
            metrics.psnr(clean, photos.from_levels(x))
            for x in (photo.pixels, ours, theirs)
        ]
        rows.append([gap.mean(), np.quantile(gap, 0.999), gap.max(), *scores])
        print(path.stem, *np.round(rows[-1], 2), sep=",", flush=True)
    print("mean", *np.round(np.mean(rows, axis=0), 2), sep=",")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true")
    measure() if parser.parse_args().measure else write()
