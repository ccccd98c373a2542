"""Weights as plain arrays: .npz files that a manifest vouches for.

A folder of weights holds `manifest.json`: for each name the file, its size and SHA-256,
its licence, where it comes from and what it is. Nothing is unpickled, ever.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np

WEIGHTS = Path(__file__).parent / "weights"  # what the package ships


def manifest(folder: Path = WEIGHTS) -> dict[str, dict]:
    """Read what a folder of weights holds.

    Args:
        folder: The folder with `manifest.json`; by default the package's own.

    Returns:
        For each name a record of file, sha256, bytes, licence, source and what.
    """
    path = Path(folder) / "manifest.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def read_arrays(name: str, folder: Path = WEIGHTS) -> dict[str, np.ndarray]:
    """Read a set of weights, having checked its SHA-256 against the manifest.

    Args:
        name: A name in the manifest.
        folder: The folder with `manifest.json`; by default the package's own.

    Returns:
        The arrays by name.

    Raises:
        ValueError: The manifest has no such name, or the file is not the one meant.

    Example:
        >>> read_arrays("lpips-alex")["conv1/kernel"].shape
        (11, 11, 3, 64)
    """
    known = manifest(folder)
    if name not in known:
        raise ValueError(f"Expected one of {sorted(known)}. Received: {name!r}")
    record = known[name]
    data = (Path(folder) / record["file"]).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != record["sha256"]:
        raise ValueError(
            f"Expected {record['file']} of {record['bytes']} bytes with SHA-256 "
            f"{record['sha256']}. Received: {len(data)} bytes with {found}. "
            "Fetch or install it again."
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def write_arrays(
    name: str,
    arrays: dict[str, np.ndarray],
    folder: Path = WEIGHTS,
    *,
    licence: str,
    source: str,
    what: str,
) -> dict:
    """Write a set of weights and enter it in the manifest, each file atomically.

    The same arrays give the same bytes, so the same SHA-256.

    Args:
        name: What to call it; the file is `<name>.npz`.
        arrays: The arrays by name.
        folder: Where to write; by default the package's own weights.
        licence: The terms, as an SPDX expression where there is one.
        source: Where the weights come from.
        what: One line on what they are.

    Returns:
        The record entered in the manifest.
    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    data = buffer.getvalue()
    record = {
        "file": f"{name}.npz",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "licence": licence,
        "source": source,
        "what": what,
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / record["file"], data)
    entries = dict(sorted({**manifest(folder), name: record}.items()))
    text = json.dumps(entries, indent=2, ensure_ascii=False) + "\n"
    _replace(folder / "manifest.json", text.encode("utf-8"))
    return record


def _replace(path: Path, data: bytes) -> None:
    """Put data in the place of a file in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
