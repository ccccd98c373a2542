"""Change the public address of the repository wherever a tool needs it written out.

    python .ci/address.py https://github.com/you/name

The address in force stands in pyproject.toml, under [project.urls]. Everything else is
derived from it: the repository, its notebooks on Colab, the published book.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = [
    "*.md",
    "*.toml",
    "*.cff",
    "_config.yml",
    "book/**/*.md",
    "gantools/**/*.py",
    "notebooks/*.ipynb",
]


def current(root: Path = ROOT) -> str:
    """Read the address in force."""
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"]


def slug(address: str) -> str:
    """Take OWNER/NAME out of an address.

    Raises:
        ValueError: If it is no repository on GitHub, which Colab and Pages need.
    """
    match = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?", address)
    if not match:
        raise ValueError(f"Expected https://github.com/OWNER/NAME. Received: {address}")
    return match[1]


def forms(address: str) -> tuple[str, str]:
    """Give what stands in the files: OWNER/NAME, and where Pages serves the book."""
    owner, name = slug(address).split("/")
    return f"{owner}/{name}", f"{owner}.github.io/{name}"


def places(root: Path = ROOT) -> list[Path]:
    """List the files in which the address may stand."""
    return sorted({path for pattern in PLACES for path in root.glob(pattern)})


def change(address: str, root: Path = ROOT) -> list[Path]:
    """Write the new address over the old one and list the files that changed."""
    pairs = list(zip(forms(current(root)), forms(address), strict=True))
    changed = []
    for path in places(root):
        old = new = path.read_bytes()
        for before, after in pairs:
            new = new.replace(before.encode(), after.encode())
        if new != old:
            path.write_bytes(new)
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        for path in change(*sys.argv[1:]):
            print(path.relative_to(ROOT))
    except (TypeError, ValueError) as error:
        sys.exit(f"{error}\n\nmake address URL=https://github.com/you/name")
