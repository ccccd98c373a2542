"""Trained weights: models in and out of arrays that a manifest vouches for.

The architecture is code; only arrays are stored, as float16, under each variable's
path.  So nothing is ever unpickled, and a file of another architecture is refused.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from gantools import arrays


def _variables(models: Sequence[keras.Model]) -> dict[str, keras.Variable]:
    return {f"{m.name}/{v.path}": v for m in models for v in m.variables}


def save(
    name: str,
    models: Sequence[keras.Model],
    folder: Path,
    *,
    what: str,
    source: str = "gantools train",
    licence: str = "Apache-2.0",
) -> dict:
    """Write the weights of some models as one file, and enter it in the manifest.

    Args:
        name: what to call the file.
        models: built models of different names, whose layers all are named by hand.
        folder: where the file and `manifest.json` go.
        what: one line on what they are.
        source: what made them.
        licence: their terms.

    Returns:
        The record entered in the manifest.
    """
    values = {
        path: np.asarray(v.numpy(), dtype=np.float16)
        for path, v in _variables(models).items()
    }
    return arrays.write_arrays(
        name, values, folder, licence=licence, source=source, what=what
    )


def load(
    name: str, models: Sequence[keras.Model], folder: Path = arrays.WEIGHTS
) -> dict:
    """Give some models the weights of that name.

    Returns:
        The manifest's record of the file: sha256, bytes, licence, source and what.

    Raises:
        ValueError: the folder's manifest has no such name, or the file is damaged or
            of another architecture; then no weight has been changed.
    """
    values = arrays.read_arrays(name, folder)
    variables = _variables(models)
    wanted = {path: tuple(v.shape) for path, v in variables.items()}
    stored = {path: value.shape for path, value in values.items()}
    if wanted != stored:
        path = min(wanted.items() ^ stored.items())[0]
        raise ValueError(
            f"Expected {path} of shape {wanted.get(path)}. "
            f"Received: {stored.get(path)} in {name}, weights of another architecture"
        )
    for path, variable in variables.items():
        variable.assign(values[path].astype(np.float32))
    return arrays.manifest(folder)[name]
