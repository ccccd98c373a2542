"""Write the photograph that chapter 4's page damages, as a script.

    python benchmarks/page_photograph.py

The portrait of the chapter, as a JPEG inside `book/_static/interactive/portrait.js`: a
page that is opened as a file may not read the pixels of another file.
"""

import argparse
import base64
import json
import tempfile
from pathlib import Path

import numpy as np

from gantools import collections, photos

SCRIPT = Path(__file__).parents[1] / "book/_static/interactive/portrait.js"


def portrait() -> photos.Photo:
    """Cut chapter 4's portrait, 200 pixels square, out of the bundled photograph."""
    astronaut = photos.load(collections.picture("astronaut")).pixels
    return photos.Photo(np.ascontiguousarray(astronaut[20:220, 110:310]))


def main() -> None:
    """Write the script."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = photos.save(portrait(), Path(folder) / "portrait.jpg", quality=88)
        data = base64.b64encode(path.read_bytes()).decode("ascii")
    address = json.dumps(f"data:image/jpeg;base64,{data}")
    text = f'interactive.store("portrait", {address});\n'
    SCRIPT.write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
