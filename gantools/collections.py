"""Named sets of pictures: the few that come with the package, the many that do not.

`bundled` pictures are always there. A named set such as "portraits" lies in a folder of
its own name inside `home()`: the folder that the environment variable GANTOOLS_DATA
names, or else the user's cache. `fetch` puts it there where a public archive holds it.
Each set is known by count, size and a digest of its contents, and split into train and
test the same way everywhere, so that nobody trains on what others measure with.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PICTURES = Path(__file__).parent / "pictures"
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class Collection:
    """What is known of a named set of pictures.

    Attributes:
        what: One line on what it shows.
        count: How many pictures it has.
        test: How many of them, the last in name order, are never trained on.
        bytes: The size of all pictures together.
        sha256: The digest of its contents, see `digest`.
        source: Who keeps it.
        licence: Its terms, as an SPDX expression where there is one.
        credit: How to name its makers.
        address: A public zip archive that holds it, or None.
        inside: The folder inside the archive, below its top folder.
        unreadable: Files of the set that are cut short; `files` leaves them out.
    """

    what: str
    count: int
    test: int
    bytes: int
    sha256: str
    source: str
    licence: str
    credit: str
    address: str | None = None
    inside: str = ""
    unreadable: tuple[str, ...] = ()


COLLECTIONS = {
    "desktops": Collection(
        what="Photographs that come with desktops and libraries, of every kind",
        count=67,
        test=26,
        bytes=41_257_493,
        sha256="e174ea8a3ecb195ae82b09e22a30c204720c7a2c3de78dafd300eafec7ddbfe1",
        source="Debian 12 packages, named in benchmarks/desktops.py, which puts the "
        "set together; a file's name is its number there",
        licence="By file: CC0, CC-BY, CC-BY-SA, GPL, LGPL, Apache and BSD",
        credit="By file, in each package's file copyright",
    ),
    "documerica": Collection(
        what="Colour slides of the 1970s, really faded and colour-cast, 600 px",
        count=100,
        test=20,
        bytes=3_144_113,
        sha256="4da3fe7420e43b263a9ca30afad9cfd6a305220d3400ebfbec8f80d2021f1cc2",
        source="US National Archives, series DOCUMERICA; a file's name is its NARA id",
        licence="Public domain",
        credit="US Environmental Protection Agency, National Archives",
    ),
    "fsa-colour": Collection(
        what="Colour transparencies of 1939-44, small, 150 px",
        count=1615,
        test=0,
        bytes=8_404_429,
        sha256="c4ede03c39e36ae9f1d9f3b241cf924bbdac8bda368562b5e34d9ebb538cdfee",
        source="Library of Congress; a file's name is its item number",
        licence="Public domain",
        credit="Farm Security Administration / Office of War Information, "
        "Library of Congress",
        address="https://github.com/distant-viewing/hdpy/archive/"
        "00c970c5352b1eca6b514cfc1c96be03a5e80c68.zip",
        inside="data/fsac/thm",
    ),
    "fsa-owi": Collection(
        what="Grey photographs of 1935-44 with borders and frame marks, 640 px",
        count=100,
        test=20,
        bytes=5_432_823,
        sha256="a59b3545fcddf120789078bc46d717cbc6aee97c4a943fe9786cc830d1b3bc5f",
        source="Library of Congress; a file's name is its reproduction number",
        licence="No known restrictions",
        credit="Farm Security Administration / Office of War Information, "
        "Library of Congress",
    ),
    "met-paintings": Collection(
        what="Oil paintings, 600 px",
        count=188,
        test=28,
        bytes=20_687_660,
        sha256="6d92acb47596854cc75e23ed91b976dc0b53dd401a91fcc19a7c8bfed7b1ad0f",
        source="Metropolitan Museum of Art; a file's name is its object number",
        licence="CC0-1.0",
        credit="The Metropolitan Museum of Art, New York, Open Access",
    ),
    "pomological": Collection(
        what="Watercolours of fruit and nuts of 1886-1942, median 127 x 192 px",
        count=7580,
        test=580,
        bytes=36_251_102,
        sha256="863d02c9799ca7acf96d5e868ca4a1676ae6a5a0c80c4aa58ff5afae290f7c5b",
        source="USDA National Agricultural Library, by way of "
        "github.com/jwilber/USDA_Pomological_Watercolors (MIT)",
        licence="Public domain",
        credit="U.S. Department of Agriculture Pomological Watercolor Collection, "
        "National Agricultural Library",
        address="https://github.com/jwilber/USDA_Pomological_Watercolors/archive/"
        "d011d70bc5de45e5b1f023cfc7dcee6dfd1330bf.zip",
        inside="data/images",
    ),
    "portraits": Collection(
        what="Official portraits of members of the US Congress, 225 x 275 px",
        count=879,
        test=79,
        bytes=43_794_509,
        sha256="9d3395d69b061f359d1a7670aa6e32f898ea3aac2987c492255327daf5e7b42e",
        source="github.com/unitedstates/images, by way of "
        "github.com/Hainish/congress-images-225x275; a file's name is a BioGuide id",
        licence="Public domain",
        credit="US Government Publishing Office",
        address="https://github.com/Hainish/congress-images-225x275/archive/HEAD.zip",
        inside="images",
    ),
    "scenes": Collection(
        what="Monuments (1024 x 768 px), animals and things (320 x 240 px); all that "
        "is test are monuments",
        count=201,
        test=24,
        bytes=7_037_070,
        sha256="d25fe969134275c519038784e1be1173e05504520dbf7a6283173da560356e7b",
        source="Debian package gcompris-qt-data 3.1",
        licence="By file: public domain, CC0, CC-BY, CC-BY-SA, GPL and GFDL",
        credit="By file, in the package's file copyright; this copy is renumbered",
        unreadable=("categorization/142.jpg",),
    ),
    "wallpapers": Collection(
        what="Modern photographs and a few abstract pictures, scaled to 2400 px",
        count=19,
        test=6,
        bytes=12_928_182,
        sha256="53e439bc8cecc6ed4ef6d37bca0a55a6ee69b3f21483194041ddbbf1007fc83c",
        source="github.com/BuddiesOfBudgie/budgie-backgrounds, scaled down",
        licence="CC0-1.0",
        credit="The photographers of budgie-backgrounds",
    ),
}


def pictures() -> dict[str, dict]:
    """Tell of each bundled picture what it is, whence, and under which terms.

    Returns:
        For each name a record of file, sha256, bytes, kind, title, maker, year,
        licence, credit and source.
    """
    return json.loads((PICTURES / "pictures.json").read_text("utf-8"))


def picture(name: str) -> Path:
    """Find a bundled picture.

    Args:
        name: A name of `pictures()`.

    Returns:
        The path of a JPEG file, at most 640 px on its long side.

    Raises:
        ValueError: There is no such picture.

    Example:
        >>> picture("nagasaki-boats").name
        'nagasaki-boats.jpg'
    """
    known = pictures()
    if name not in known:
        raise ValueError(f"Expected one of {sorted(known)}. Received: {name!r}")
    return PICTURES / known[name]["file"]


def bundled(kind: str | None = None) -> list[Path]:
    """List the bundled pictures in name order.

    Args:
        kind: "old" for old photographs, "modern" for clean colour ones, None for all.

    Returns:
        Their paths.

    Raises:
        ValueError: There is no such kind.
    """
    if kind not in (None, "old", "modern"):
        raise ValueError(f"Expected 'old', 'modern' or None. Received: {kind!r}")
    known = sorted(pictures().items())
    return [PICTURES / p["file"] for _, p in known if kind in (None, p["kind"])]


def names() -> list[str]:
    """List the named sets.

    Example:
        >>> "portraits" in names()
        True
    """
    return sorted(COLLECTIONS)


def describe(name: str) -> Collection:
    """Tell what a named set is, whence it comes and under which terms.

    Raises:
        ValueError: There is no such set.
    """
    if name not in COLLECTIONS:
        raise ValueError(f"Expected one of {names()}. Received: {name!r}")
    return COLLECTIONS[name]


def home() -> Path:
    """Find the folder of the named sets: $GANTOOLS_DATA, or else the user's cache."""
    if folder := os.environ.get("GANTOOLS_DATA"):
        return Path(folder)
    import pooch

    return Path(pooch.os_cache("gantools"))


def files(name: str, split: str = "train") -> list[Path]:
    """List the pictures of a named set in name order.

    Args:
        name: A name of `names()`.
        split: "train", "test", which is the last `describe(name).test` pictures in name
            order, or "all".

    Returns:
        Their paths, without those of `describe(name).unreadable`.

    Raises:
        FileNotFoundError: The set is not there.
        ValueError: An unknown name or split, a set without a test split, or a set that
            is not complete, whose splits would not be those of others.
    """
    collection = describe(name)
    if split not in ("train", "test", "all"):
        raise ValueError(f"Expected 'train', 'test' or 'all'. Received: {split!r}")
    if split == "test" and not collection.test:
        tested = [known for known in names() if COLLECTIONS[known].test]
        raise ValueError(
            f"Expected a set with a test split, {tested}. Received: {name!r}"
        )
    paths = _present(name)
    if len(paths) != collection.count:
        raise ValueError(
            f"Expected the {collection.count} pictures of {name!r} in {home() / name}. "
            f"Received: {len(paths)}"
        )
    first_test = collection.count - collection.test
    paths = {"train": paths[:first_test], "test": paths[first_test:], "all": paths}
    unreadable = {home() / name / file for file in collection.unreadable}
    return [path for path in paths[split] if path not in unreadable]


def fetch(name: str) -> Path:
    """Download a named set, check its contents, and put it into `home()`.

    What was fetched before is checked and kept. No picture is written before every byte
    has been checked, so a download that breaks off leaves nothing. The next one starts
    afresh: the archives are made on demand, and a forge does not resume those.

    Args:
        name: A name of `names()`.

    Returns:
        The folder of the set.

    Raises:
        OSError: The address cannot be read.
        ValueError: An unknown name, a set without a public address, or other contents
            than expected, in the download or in a folder that is already there.
    """
    collection, folder = describe(name), home() / name
    if folder.exists():
        verify(name)
        return folder
    if collection.address is None:
        public = [known for known in names() if COLLECTIONS[known].address]
        raise ValueError(
            f"Expected a set with a public archive, {public}. Received: {name!r}. "
            f"Its {collection.count} pictures are chosen from: {collection.source}. "
            f"Put them into {folder} by hand, or train on a folder of your own."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as scratch:
        archive = _download(collection.address, Path(scratch))
        contents = _unpack(archive, collection)
        _check(name, sorted(contents.items()))
        unpacked = Path(scratch) / name
        unpacked.mkdir()
        for file, data in contents.items():
            (unpacked / file).write_bytes(data)
        unpacked.replace(folder)
    return folder


def verify(name: str) -> None:
    """Check that the pictures of a set are, byte for byte, the ones meant.

    Args:
        name: A name of `names()`.

    Raises:
        FileNotFoundError: The set is not there.
        ValueError: An unknown name, or other contents than expected.
    """
    folder = home() / name
    paths = _present(name)
    _check(name, ((p.relative_to(folder).as_posix(), p.read_bytes()) for p in paths))


def digest(contents: Iterable[tuple[str, bytes]]) -> str:
    """Digest named contents: the SHA-256 of lines "name sha256-of-the-data".

    Args:
        contents: Names, with / between folders, and data, in name order.

    Returns:
        The digest, 64 hexadecimal digits.
    """
    total = hashlib.sha256()
    for file, data in contents:
        total.update(f"{file} {hashlib.sha256(data).hexdigest()}\n".encode())
    return total.hexdigest()


def _present(name: str) -> list[Path]:
    """List the pictures in the folder of a set, by name."""
    describe(name)
    folder = home() / name
    if not folder.is_dir():
        raise FileNotFoundError(
            f"Expected the set {name!r} in {folder}. Received: no such folder. Fetch "
            "it (gantools data fetch), or let GANTOOLS_DATA name the folder it lies in."
        )
    found = [path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _check(name: str, contents: Iterable[tuple[str, bytes]]) -> None:
    """Raise unless the contents are those of the set."""
    expected, found = COLLECTIONS[name].sha256, digest(contents)
    if found != expected:
        raise ValueError(
            f"Expected {name!r} with the digest {expected}. Received: {found}. "
            f"Nothing was changed; move {home() / name} away if it exists."
        )


def _download(address: str, folder: Path) -> Path:
    """Download a file, with a progress bar on a terminal."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    try:
        path = pooch.retrieve(
            address, None, "archive", folder, progressbar=sys.stderr.isatty()
        )
    except OSError as error:
        raise OSError(f"Expected an archive at {address}. Received: {error}") from error
    return Path(path)


def _unpack(archive: Path, collection: Collection) -> dict[str, bytes]:
    """Read the pictures in a folder of a zip archive, if they are of the known size."""
    try:
        with zipfile.ZipFile(archive) as opened:
            members = {}
            for member in opened.infolist():
                path = PurePosixPath(*PurePosixPath(member.filename).parts[1:])
                inside = path.parent == PurePosixPath(collection.inside)
                if inside and path.suffix.lower() in SUFFIXES:
                    members[path.name] = member
            size = sum(member.file_size for member in members.values())
            if size != collection.bytes:
                raise ValueError(
                    f"Expected {collection.count} pictures of {collection.bytes} bytes "
                    f"in the archive. Received: {len(members)} of {size} bytes"
                )
            return {name: opened.read(member) for name, member in members.items()}
    except zipfile.BadZipFile as error:
        message = f"Expected a zip archive from {collection.address}. Received: {error}"
        raise ValueError(message) from error
