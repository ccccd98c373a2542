"""Tell which files in a folder are photographs, and mark folders of results.

A folder of photographs may hold folders of results, hidden files and files of other
kinds.  One rule tells them apart, for a run over a few and for an archive.
"""

import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from gantools import photos, provenance

MARK = ".gantools"
PHOTOGRAPH, RESULT, OTHER = "photograph", "result", "other"

_MARKED = """The pictures in this folder are results of gantools. A run over a folder
around it leaves them alone; delete this file to have them taken for photographs.
"""


def sort_out(
    paths: Iterable[Path], base: Path, own: Iterable[Path | None] = ()
) -> Iterator[tuple[Path, Path, str]]:
    """Tell photographs, results and other files apart; pass over what is hidden.

    A file is taken for a photograph by its suffix, one of `photos.SUFFIXES`.  It is a
    result if it lies in a folder that `mark` marked or in one of `own`, unless that
    folder is `base` itself, or around it.

    Args:
        paths: files and folders below `base`; folders are passed over.
        base: the folder of photographs.
        own: where this run writes results, and where it finds masks.

    Yields:
        The path, the same below `base`, and PHOTOGRAPH, RESULT or OTHER.
    """
    ours = {real(p) for p in own if p and real(base) in real(p).parents}
    marked = functools.cache(lambda folder: (folder / MARK).is_file())
    for path in paths:
        below = path.relative_to(base)
        hidden = any(part.startswith(".") for part in below.parts)
        if hidden or path.is_dir():
            continue
        inside = [base / part for part in below.parents][:-1]  # without the base
        named = path.suffix.lower() in photos.SUFFIXES
        mine = ours and ours & {real(p) for p in (path, *inside)}
        if mine or any(map(marked, inside)):
            if named:
                yield path, below, RESULT
        else:
            yield path, below, PHOTOGRAPH if named else OTHER


def real(path: Path) -> Path:
    """Follow all links of a path; where they lead round in a circle, as far as can be.

    `Path.resolve` raises there before Python 3.13.
    """
    return Path(os.path.realpath(path))


def mark(folder: Path) -> None:
    """Leave word that what lies in this folder are results, no photographs."""
    if folder.is_dir() and not (folder / MARK).exists():
        provenance.write_text(_MARKED, folder / MARK)
