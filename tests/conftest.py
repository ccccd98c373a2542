"""What every test needs to be set before TensorFlow and Matplotlib are imported."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # the same sums on every CPU
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # a test means the same everywhere
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture
def data_root() -> Path:
    """Give the folder of the development pictures, or skip where there is none."""
    root = os.environ.get("GANTOOLS_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("GANTOOLS_DATA names no folder of development pictures")
    return Path(root)
