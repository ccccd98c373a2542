"""Say what was done to one photograph, so that a later reader can tell and repeat it.

The record names both files by their SHA-256, the version of gantools, the weights and
their SHA-256, the settings and what was measured. It stands beside the result as JSON.
"""

import datetime
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gantools


def identify(path: str | os.PathLike) -> dict[str, Any]:
    """Identify a file by its content; the folder it lies in is nobody's business.

    Returns:
        Its name, bytes and sha256.

    Raises:
        FileNotFoundError: when it is not there.
    """
    path = Path(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}


def describe(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    action: str,
    settings: Mapping[str, Any] | None = None,
    numbers: Mapping[str, Any] | None = None,
    weights: Mapping[str, Any] | None = None,
    backend: str | None = None,
    precision: str | None = None,
) -> dict:
    """Describe how one photograph became another.

    Args:
        before: the file that was read, from `identify`.
        after: the file that was written, from `identify`.
        action: what was done, such as "restore".
        settings: what was asked for, such as mode, severity or seed.
        numbers: what was measured; scalars and small arrays.
        weights: the manifest's record of the weights used: their file and sha256.
        backend: the framework that computed, such as "tensorflow"; or the runtime.
        precision: in which the networks computed, such as "float32".

    Returns:
        A record of plain Python values, ready for JSON.

    Raises:
        TypeError: when a value has no form in JSON.
        ValueError: when a number is not finite.
    """
    record = {
        "gantools": gantools.__version__,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "action": action,
        "settings": dict(settings or {}),
        "before": dict(before),
        "after": dict(after),
        "numbers": dict(numbers or {}),
        "weights": {key: weights[key] for key in ("file", "sha256")}
        if weights
        else None,
        "backend": backend,
        "precision": precision,
    }
    return json.loads(_to_json(record))


def write(
    record: Mapping[str, Any], path: str | os.PathLike, *, overwrite: bool = False
) -> Path:
    """Write a record as JSON: whole, or not at all.

    Args:
        record: what `describe` returned.
        path: where to.
        overwrite: whether a file of that name may be replaced.

    Returns:
        The path written.

    Raises:
        FileExistsError: when the file exists and `overwrite` is false.
    """
    return write_text(_to_json(record) + "\n", path, overwrite=overwrite)


def write_text(text: str, path: str | os.PathLike, *, overwrite: bool = False) -> Path:
    """Write a text: whole, or not at all.

    Args:
        text: what to write, in UTF-8.
        path: where to.
        overwrite: whether a file of that name may be replaced.

    Returns:
        The path written.

    Raises:
        FileExistsError: when the file exists and `overwrite` is false.
    """
    path = Path(path)
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError(f"Expected a new name. Received: {path}, which exists")
    part = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _to_json(record: Mapping[str, Any]) -> str:
    return json.dumps(
        record, indent=2, ensure_ascii=False, allow_nan=False, default=_plain
    )


def _plain(value: Any) -> Any:
    """Turn NumPy's scalars and arrays, and paths, into what JSON knows."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"Expected a value for JSON. Received: {type(value).__name__}")
