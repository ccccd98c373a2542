"""Put together the set "desktops", photographs that come with desktops and libraries.

    GANTOOLS_DATA=folder python benchmarks/desktops.py

Fetches the packages of PICTURES as the Debian releases of 2023 hold them, by `apt-get
download`, so it wants Debian 12 or its sources; copies the pictures named here into
`home()/desktops`, byte for byte, numbered in this order; and checks them.  Nothing is
installed.  Those of `opencv-doc`, the last 26, are the test split.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from gantools import collections

NAME = "desktops"
PICTURES = {  # package: folder, pictures below it
    "lomiri-wallpapers-16.04": (
        "usr/share/backgrounds",
        "Bridge_by_Sander_Klootwijk.jpg Dragonfly_by_Bolly.jpg "
        "Picture_0B_by_freespace.jpg Picture_1A_by_freespace.jpg "
        "Wine_by_Jakkub_Mede.jpg aitzgorri_by_Aitzol_Berasategi.jpg "
        "free_by_Peter_Nerlich.jpg friends_by_Aitzol_Berasategi.jpg "
        "greentock_by_Peter_Nerlich.jpg life_by_Aitzol_Berasategi.jpg "
        "picosdeeuropa_by_Aitzol_Berasategi.jpg seeding_by_Clements_Engelhardt.jpg "
        "sunset_by_Aitzol_Berasategi.jpg",
    ),
    "lomiri-wallpapers-20.04": (
        "usr/share/backgrounds",
        "Kleiber_by_Lukas_Baubkus.jpg",
    ),
    "mate-backgrounds": (
        "usr/share/backgrounds/mate/nature",
        "Aqua.jpg Blinds.jpg Dune.jpg FreshFlower.jpg Garden.jpg GreenMeadow.jpg "
        "LadyBird.jpg RainDrops.jpg Storm.jpg TwoWings.jpg Wood.jpg YellowFlower.jpg",
    ),
    "palapeli-data": (
        "usr/share/palapeli/collection",
        "castle-maintenon.jpg cincinnati-bridge.jpg citrus-fruits.jpg "
        "european-honey-bee.jpg panther-chameleon-female.jpg",
    ),
    "plasma-workspace-wallpapers": (
        "usr/share/wallpapers",
        "BytheWater/contents/images/1920x1080.jpg "
        "ColorfulCups/contents/images/2560x1600.jpg "
        "DarkestHour/contents/images/1920x1080.jpg "
        "EveningGlow/contents/images/1920x1080.jpg "
        "FallenLeaf/contents/images/1920x1080.jpg Kite/contents/images/1920x1080.jpg "
        "OneStandsOut/contents/images/1920x1080.jpg "
        "Path/contents/images/1920x1080.jpg Volna/contents/images/5120x2880.jpg "
        "summer_1am/contents/images/1920x1080.jpg",
    ),
    "opencv-doc": (
        "usr/share/doc/opencv-doc/examples",
        "alphamat/input_images/plant.jpg data/aloeL.jpg data/baboon.jpg data/board.jpg "
        "data/box_in_scene.png data/building.jpg data/chicky_512.png "
        "data/ela_modified.jpg data/fruits.jpg data/graf3.png data/leuvenB.jpg "
        "data/messi5.jpg data/smarties.png data/squirrel_cls.jpg "
        "dnn_superres/butterfly.png hfs/data/000.jpg reg/home.png text/scenetext01.jpg "
        "text/scenetext02.jpg text/scenetext03.jpg text/scenetext04.jpg "
        "text/scenetext05.jpg text/scenetext06.jpg "
        "text/scenetext_segmented_word01.jpg text/scenetext_segmented_word02.jpg "
        "text/scenetext_segmented_word03.jpg",
    ),
}


def unpack(package: str, scratch: Path) -> Path:
    """Download a package and unpack it, without installing it."""
    folder = scratch / package
    folder.mkdir()
    subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
    (archive,) = folder.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", archive, folder / "files"], check=True)
    return folder / "files"


def main() -> None:
    """Fetch, copy, check; what was there before is only checked."""
    target = collections.home() / NAME
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            found = Path(scratch) / NAME
            found.mkdir()
            for package, (inside, names) in PICTURES.items():
                files = unpack(package, Path(scratch)) / inside
                for name in names.split():
                    number, source = len(list(found.iterdir())), files / name
                    shutil.copyfile(source, found / f"{number:02}{source.suffix}")
            found.replace(target)
    collections.verify(NAME)


if __name__ == "__main__":
    main()
