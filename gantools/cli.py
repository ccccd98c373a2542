"""The `gantools` command: every verb calls one function of the package.

Exit codes: 0 when all went well, 1 when something failed (the other photographs are
still done), 2 when the command makes no sense, 130 when interrupted.
"""

import argparse
import contextlib
import functools
import glob
import importlib.metadata
import itertools
import json
import mimetypes
import os
import platform
import sys
import textwrap
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
from tqdm import tqdm

import gantools
from gantools import (
    archive,
    arrays,
    classroom,
    collections,
    damage,
    evaluation,
    folders,
    metrics,
    panel,
    photos,
    provenance,
    report,
    runtimes,
    scans,
)

FAILED, USAGE, INTERRUPTED = 1, 2, 130
# of all networks, written down here because to read them there takes seconds
PRESETS = (
    "smoke",
    "small",
    "base",
    "large",
    "cpu",
    "gpu",
    "fruit-32",
    "fruit-64",
    "kinds-32",
    "kinds-64",
)
NETWORKS = ("restoration", "colour", "style", "hands", "unpaired", "dcgan")
MODES = {
    "conservative": "repair inside the damage found and leave every other pixel as it "
    "is",
    "full": "repair everywhere and restore the tone (default)",
    "colourise": "full, and guess the colours of a photograph in black and white",
}
TASKS = ("painting", "watercolour", "colour-film-1940s")
STYLES = (
    "cezanne-apples",
    "el-greco-toledo",
    "gauguin-maria",
    "homer-northeaster",
    "klimt-primavesi",
    "renoir-seashore",
    "rousseau-lion",
    "seurat-circus",
    "turner-whalers",
    "van-gogh-cypresses",
    "van-gogh-straw-hat",
    "vermeer-pitcher",
)
HANDS = (
    "cezanne",
    "el-greco",
    "klimt",
    "renoir",
    "seurat",
    "turner",
    "van-gogh-1887",
    "van-gogh-1889",
)
METHODS = ("cycle", "contrast")

EXAMPLES = """examples:
  gantools restore grandmother.jpg -o restored.jpg
  gantools restore scans/ -o restored/ --mode conservative --report restored.html
  gantools restore "scans/**/*.tif" -o restored/
  gantools archive restore scans/ restored/
  gantools damage portrait.png -o aged.png --severity 0.8 --seed 3
  gantools evaluate originals/ --restored restored/
  gantools panel plain/ gan/ -o panel.html --question "Which looks painted?"
  gantools train restoration --preset smoke --folder runs/first
  gantools classroom export class/ 04 11
  gantools inspect restored.jpg
  gantools data list
  gantools info
"""
RESTORE = """examples:
  gantools restore grandmother.jpg -o restored.jpg
      one photograph into one file
  gantools restore scans/ -o restored/
      every photograph below a folder, into a folder of the same shape
  gantools restore "scans/*.tif" letter.png -o restored/ --mode conservative
      repair only inside the damage that was found
  gantools restore scans/ -o restored/ --report restored.html --mask-out masks/
      show on one page, for any browser, each photograph before and after; and keep
      what was marked as damage, white on black
  gantools restore scans/ -o restored/ --mode conservative --mask-in masks/
      repair exactly where your own masks, such as masks/letter.png, are white; those
      that --mask-out writes are a good start for a paint program
  gantools restore wedding.jpg -o coloured.jpg --mode colourise
      restore a photograph in black and white, and guess what colours it had
  gantools restore negatives/ -o restored/ --keep-borders
      leave film rebates, frames and mounts around the pictures bit for bit as they are
  gantools restore scans/ -o restored/ --provenance
      write beside each result, as JSON, from which file, by which weights and
      settings it was made, and when

The result has the format of the output's name, or in a folder that of the input.
Bit depth, colour profile, EXIF, XMP, transparency and greyness are kept; a grey
photograph that is coloured loses its profile. What was done is added to the XMP,
without names and times; gantools inspect reads it. Nothing is overwritten without
--overwrite. Results and masks inside the folder of photographs are not taken for
photographs, then or later: a file .gantools says which folders are such. 100 megapixels
take 2.5 GB of memory. Exit code 1 says that some photograph failed.
"""
STYLIZE = """examples:
  gantools stylize portrait.jpg --style painting.jpg -o painted.jpg
      one photograph in the style of one picture
  gantools stylize cat.png --style van-gogh-1889 --weights runs/hands -o painted.png
      in the hand of a painter, whose paintings a network of your own has learned
  gantools stylize scans/ --style klimt-primavesi -o painted/ --strength 0.6
      every photograph below a folder, a little of a style that the package knows; a
      file of such a name is meant by ./klimt-primavesi
  gantools stylize cat.png --style a.jpg --style b.jpg --mix 3,1 -o painted.png
      three parts of one style and one part of another
  gantools stylize portrait.jpg --style a.jpg -o painted.jpg --keep-colour
      brightness alone is painted; a grey photograph stays grey
  gantools stylize portrait.jpg --style a.jpg -o painted.jpg --mask-in sky.png
      only where your own mask is white
  gantools stylize old.jpg --style a.jpg -o painted.jpg --restore
      repair the photograph first: else its scratches are painted, too

Paintings whose colours and forms the package knows:
{paintings}
Hands that gantools train hands learns, to be mixed among themselves; no weights of
them come with the package:
{hands}
Styles that a GAN has learned from many pictures, each to be used by itself:
{tasks}
Pictures that come with the package:
{pictures}
The result has the format of the output's name, or in a folder that of the input.
Bit depth, EXIF, XMP and transparency are kept, and so is the colour profile unless a
grey photograph gets colours. What was done is added to the XMP, without names and
times; gantools inspect reads it. Nothing is overwritten without --overwrite. Exit code
1 says that some photograph failed.
"""
ARCHIVE = """examples:
  gantools archive restore scans/ restored/
      every photograph below a folder; give the same command again to go on after
      whatever ended it, kill -9 and power failure included
  gantools archive restore scans/ restored/ --mode conservative --workers 4
      processes, each with 1.1 GB of memory and 14 bytes for each pixel of its scan
  gantools archive restore scans/ restored/ --engine ray --workers 64
      actors of Ray, on this machine or on the cluster that RAY_ADDRESS names, whose
      machines all share both folders; needs pip install "gantools[ray]"
  gantools archive restore scans/ restored/ --verify
      read all originals and results again, and say which of them changed
  gantools archive report restored/
      write restored/report.html anew

The folder of results is new or from an earlier run. Its manifest.jsonl has a line for
each scan: what was done, with which weights and settings, in how many seconds, and the
SHA-256 of scan and result; the newest line on a scan counts. Its report.html lists what
failed and shows some scans before and after.

A scan that cannot be restored is recorded and does not stop the rest; the next run
tries it again. Originals are only read. If an original or a result has changed since,
it is left alone and counts as failed: take the result away to have it made again.
Other settings or weights want another folder. Exit code 1 says that some scan failed.
"""
DAMAGE = """examples:
  gantools damage portrait.png -o aged.png --severity 0.8
  gantools damage portraits/ -o aged/ --seed 3 --provenance
  gantools damage portrait.png -o slide.png --profile slide

The same photograph under the same name, with the same seed, is damaged the same way.
"""
INSPECT = """examples:
  gantools inspect restored.jpg
      what was done to it, by which networks, how much of it they invented, and whether
      it is still the file that the record beside it, restored.jpg.json, tells of
  gantools inspect restored.jpg --json
      the same for programs

It reads XMP, the record that --provenance writes and, with the extra "c2pa", content
credentials. Anybody can write XMP: only a signature shows who made a statement.

Exit code 0 says that the file tells what was done to it, and that nothing speaks
against it; 1 that it does not tell, that it has changed since, that its signature is
not valid, or that it cannot be read.
"""
SIGN = """examples:
  gantools sign restored.jpg --original old.jpg --certificate chain.pem --key key.pem
      -o signed.jpg
      state, as content credentials (C2PA), that restored.jpg was made from old.jpg by
      what gantools inspect tells, and sign that

The certificate and those that vouch for it stand in one PEM file, the signer's first.
It is for signing documents or e-mail; programs show its name as known only where it is
on their list of trust. The key is a PEM file without a password. Pixels stay as they
are. Needs pip install "gantools[c2pa]"; no network is used, so the signature has no
time that an authority vouches for.
"""
EVALUATE = """examples:
  gantools evaluate originals/ --restored restored/ -o results.csv
      compare restorations, by whatever program, with the undamaged originals; a
      pair has the same name below the two folders, but for the suffix
  gantools evaluate clean/
      age undamaged photographs as gantools damage does, to severities 0.3, 0.6 and
      0.9, restore them, and compare what was aged and what was restored with them
  gantools evaluate clean/ --severity 0.5 --seed 3 --weights runs/ -o results.json

PSNR (in dB) and SSIM are better when higher, LPIPS when lower. Each is the mean over
the photographs; in brackets its 95 % interval by the bootstrap: other photographs of
the same kind would likely give a mean within it. The file has a row a photograph;
as .json also the table and the settings.
"""
PANEL = """examples:
  gantools panel plain/ gan/ -o panel.html --question "Which looks painted?"
      one page that shows each two pictures of the same name, but for the suffix, side
      by side, and asks which; send it to each voter
  gantools panel a/ b/ -o panel.html --reference originals/
      the original above them
  gantools panel a/ b/ -o panel-2.html --seed 1
      another order and other sides: answers to both pages can be counted together
  gantools panel --count answers.jsonl
      the ballots of a class, each the line that the page shows at its end, pasted
      into one file, one below the other

The page needs no network and stores and sends nothing. It does not tell which folder
is which before the end. "No difference" is no answer: who sees none guesses, and
guesses fall evenly. All pictures are reduced to 480 pixels a side, and the two of a
pair to the same height. On half of the pairs, drawn by the seed, the first folder's
picture is on the left. The intervals of --count are of 95 %: Wilson's for answers, the
bootstrap's over voters; p is from the exact binomial test, of two sides. Answers of
one voter are not independent, so with ten voters or more trust the last line.
"""
TRAIN = """examples:
  gantools train dcgan --preset smoke --folder runs/dcgan
  gantools train restoration --preset base --folder runs/restoration
  gantools train style --preset base --folder runs/style
  gantools train hands --preset small --folder runs/hands
  gantools train colour --preset small --folder runs/colour
  gantools train restoration --preset base --folder runs/restoration --resume
      goes on where a run was cut off, to the same weights
  gantools train unpaired --task painting --preset base --folder runs/painting
      a style from pictures that show other things

smoke takes less than a minute, only to see that all works. small is for a patient CPU
(restoration, style, unpaired: 6,000 steps, one to two hours on a core; the networks of
style that come with the package are of it, colour-film-1940s after half the steps;
hands: 1,350 steps, 65 minutes on two cores; colour: 4,700 steps, an hour). base and
large want a GPU (restoration, colour, style, hands, unpaired; large is of restoration
alone); but for base of restoration, in parts, none of them has been run yet. dcgan has
cpu, a quarter of an hour on two cores, and gpu, which has not been run, and the last
rung of its LADDER on watercolours of fruit: fruit-32 and fruit-64 of that many pixels,
kinds-32 and kinds-64 of the kind asked for, 20,000 steps each. The package comes with
shorter runs of them. smoke trains on the pictures that come with the package, the
others on named sets (see gantools data list).
"""
CLASSROOM = """examples:
  gantools classroom export class/
      student copies of all chapters, without solutions and outputs; give it in a copy
      of the book's repository, or name its folder of notebooks by --book
  gantools classroom export class/ 04 11
      of two chapters
  gantools classroom collect handed-in/ -o scores.csv
      judge all notebooks below a folder, whatever they and their folders are called

What was handed in is run, but each notebook in a process of its own: in an empty
folder, without your environment, with limits on time, memory and files, and forbidden
to use the network, to start programs, and to write or delete anything elsewhere. That
keeps mistakes in, not malice. Where a notebook cannot be judged, a row says why.

scores.csv has the columns student (the file), exercise, verdict and diagnosis. Exit
code 1 says that some verdict is "failed": that the answer could not be judged.
"""
DATA = """examples:
  gantools data list
  gantools data fetch portraits

Sets are kept in the folder that GANTOOLS_DATA names, or else in the user's cache.
"""


class _Parser(argparse.ArgumentParser):
    """Say what is wrong with a command in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


class _Refused(Exception):
    """The whole command cannot be done, for a reason worth one line."""

    def __init__(self, line: str, code: int = USAGE):
        super().__init__(line)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the words after `gantools`; by default those of this process.

    Returns:
        The exit code.
    """
    # Names of files may hold what the terminal cannot show.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = _parser()
    try:
        options = parser.parse_args(argv)
        return options.run(options)
    except SystemExit as leave:  # of argparse, after --help or an error
        return int(leave.code or 0)
    except _Refused as problem:
        _complain(str(problem))
        return problem.code
    except KeyboardInterrupt:
        _complain("interrupted; nothing is left half done")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = _command(
        _Parser(prog="gantools"), "Restore old photographs with GANs.", EXAMPLES
    )
    version = f"gantools {gantools.__version__}"
    parser.add_argument("--version", action="version", version=version)
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    _add_restore(verbs)
    _add_archive(verbs)
    _add_stylize(verbs)
    _add_damage(verbs)
    _add_inspect(verbs)
    _add_sign(verbs)
    _add_evaluate(verbs)
    _add_panel(verbs)
    _add_train(verbs)
    _add_classroom(verbs)
    _add_data(verbs)
    info = verbs.add_parser("info", help="tell versions, devices and weights")
    info.set_defaults(run=_info)
    return parser


def _command(
    parser: argparse.ArgumentParser, description: str, examples: str
) -> argparse.ArgumentParser:
    parser.description, parser.epilog = description, examples
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    return parser


def _add_restore(verbs: Any) -> None:
    restore = verbs.add_parser("restore", help="restore photographs")
    _command(restore, "Restore old photographs.", RESTORE)
    _add_photos(restore)
    _add_wishes(restore, tuple(MODES))
    restore.add_argument(
        "--mask-out",
        metavar="MASK",
        type=Path,
        help="keep what was marked as damage, white on black: a PNG file for one "
        "photograph, or a folder, as for the output",
    )
    _add_own_mask(restore, "say yourself where the damage is")
    _add_results(restore)
    restore.set_defaults(run=_restore, style=[])


def _add_wishes(parser: argparse.ArgumentParser, modes: Sequence[str]) -> None:
    parser.add_argument(
        "--mode",
        choices=modes,
        default="full",
        help="; ".join(f"{mode}: {MODES[mode]}" for mode in modes),
    )
    parser.add_argument(
        "--fidelity",
        type=_severity,
        default=0.0,
        help="from 0, what looks real (default), to 1, the most likely value of each "
        "pixel, which is smoother",
    )
    parser.add_argument(
        "--keep-borders",
        action="store_true",
        help="find the frame around the picture, such as film rebate, and change "
        "nothing there",
    )
    parser.add_argument(
        "--runtime",
        choices=tuple(runtimes.RUNTIMES),
        default="keras",
        help="what runs the networks: keras (default) or, with the extra `openvino`, "
        "openvino, also in float32, or openvino-bfloat16, faster and less exact",
    )


def _add_archive(verbs: Any) -> None:
    parser = verbs.add_parser("archive", help="restore whole archives, resumable")
    _command(parser, "Restore a whole archive.", ARCHIVE)
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    restore = actions.add_parser("restore", help="restore what is not restored yet")
    _command(restore, "Restore a whole archive, or go on with it.", ARCHIVE)
    restore.add_argument("originals", metavar="IN", type=Path, help="folder of scans")
    restore.add_argument("output", metavar="OUT", type=Path, help="folder of results")
    _add_wishes(restore, archive.MODES)
    _add_weights(restore)
    restore.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help="processes (default: one for each processor; on a GPU take 1)",
    )
    restore.add_argument(
        "--engine",
        choices=archive.ENGINES,
        default="processes",
        help="what spreads the work (default: processes of this machine)",
    )
    restore.add_argument(
        "--verify",
        action="store_true",
        help="read files to see whether they changed, and do not go by size and date",
    )
    restore.set_defaults(run=_archive_restore)
    page = actions.add_parser("report", help="write the page about an archive anew")
    page.add_argument("output", metavar="OUT", type=Path, help="folder of results")
    page.set_defaults(run=_archive_report)


def _add_stylize(verbs: Any) -> None:
    stylize = verbs.add_parser("stylize", help="give photographs another style")
    shipped = [task for task in TASKS if task in arrays.manifest()]
    known = {"hands": HANDS, "paintings": STYLES, "tasks": shipped}
    known["pictures"] = collections.pictures()
    whole = functools.partial(textwrap.fill, width=80, break_on_hyphens=False)
    known = {kind: whole(", ".join(names)) for kind, names in known.items()}
    _command(stylize, "Carry styles over to photographs.", STYLIZE.format(**known))
    _add_photos(stylize)
    stylize.add_argument(
        "--style",
        metavar="STYLE",
        action="append",
        type=_style,
        required=True,
        help="a picture's file, or the name of a style below; several are mixed",
    )
    stylize.add_argument(
        "--mix",
        metavar="W[,W...]",
        type=_shares,
        help="how much of each style, in their order (default: equal parts)",
    )
    stylize.add_argument(
        "--strength",
        type=_severity,
        default=1.0,
        help="from 0, no style at all, to 1, all of it (default)",
    )
    stylize.add_argument(
        "--keep-colour",
        action="store_true",
        help="paint the brightness alone; grey photographs stay grey",
    )
    stylize.add_argument(
        "--restore", action="store_true", help="restore the photographs first"
    )
    _add_own_mask(stylize, "paint only there")
    _add_results(stylize)
    stylize.set_defaults(run=_stylize, mask_out=None)


def _add_own_mask(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--mask-in",
        metavar="MASK",
        type=Path,
        help=f"{what}, white on black: a file of the photograph's size, or a folder "
        "with photo.jpg.png or photo.png for photo.jpg",
    )


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        type=_page,
        help="one page that shows each photograph before and after",
    )
    _add_weights(parser)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        metavar="FOLDER",
        type=Path,
        help="weights of your own, from gantools train; default: those shipped",
    )


def _add_damage(verbs: Any) -> None:
    parser = verbs.add_parser("damage", help="age photographs, to try a restoration")
    _command(parser, "Do to photographs what time does to them.", DAMAGE)
    _add_photos(parser)
    parser.add_argument(
        "--severity",
        type=_severity,
        default=0.5,
        help="from 0, nothing, to 1, hardly anything spared (default 0.5)",
    )
    parser.add_argument(
        "--profile",
        choices=damage.PROFILES,
        help="look as the photographs of one archive do today, at severity 0.5 as was "
        "measured there, but for the marks of print, a guess (default: any damage)",
    )
    parser.add_argument(
        "--seed", type=_seed, default=0, help="another seed, another damage (default 0)"
    )
    parser.set_defaults(run=_damage, report=None, mask_out=None, mask_in=None, style=[])


def _add_inspect(verbs: Any) -> None:
    parser = verbs.add_parser("inspect", help="tell what was done to a photograph")
    _command(parser, "Tell what was done to a photograph.", INSPECT)
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="the photograph")
    parser.add_argument("--json", action="store_true", help="write it as JSON")
    parser.set_defaults(run=_inspect)


def _add_sign(verbs: Any) -> None:
    parser = verbs.add_parser("sign", help="sign what was done to a photograph")
    _command(parser, "Sign what was done to a photograph.", SIGN)
    parser.add_argument(
        "photo", metavar="PHOTO", type=Path, help="a result of gantools"
    )
    for name, what in {
        "original": "the photograph that it was made from",
        "certificate": "your certificate and those that vouch for it, PEM",
        "key": "its private key, PEM without a password",
        "output": "the signed photograph, of the same kind",
    }.items():
        flags = ["-o", "--output"] if name == "output" else [f"--{name}"]
        parser.add_argument(*flags, metavar="FILE", type=Path, required=True, help=what)
    parser.add_argument(
        "--overwrite", action="store_true", help="replace what is there, even PHOTO"
    )
    parser.set_defaults(run=_sign)


def _add_evaluate(verbs: Any) -> None:
    parser = verbs.add_parser("evaluate", help="measure restorations against the truth")
    _command(parser, "Measure restorations against undamaged photographs.", EVALUATE)
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="CLEAN",
        help="an undamaged photograph, a folder of them, or a pattern",
    )
    parser.add_argument(
        "--restored",
        metavar="FOLDER",
        type=Path,
        help="restorations to compare with them; without it, they are aged and "
        "restored here",
    )
    parser.add_argument(
        "--severity",
        metavar="S[,S...]",
        type=_severities,
        help="how much to age them, each from 0 to 1 (default 0.3,0.6,0.9)",
    )
    parser.add_argument(
        "--seed", type=_seed, help="another seed, another damage (default 0)"
    )
    parser.add_argument(
        "--weights",
        metavar="FOLDER",
        type=Path,
        help="weights of your own to restore with; default: those shipped",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=_results,
        help="write the results, as .csv or .json",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there"
    )
    parser.set_defaults(run=_evaluate)


def _add_panel(verbs: Any) -> None:
    parser = verbs.add_parser("panel", help="let people choose between pictures")
    _command(
        parser,
        "Let people choose between two pictures, and count their answers.",
        PANEL,
    )
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        type=Path,
        help="the two folders whose pictures are compared",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE.html", type=_page, help="the page to write"
    )
    parser.add_argument(
        "--reference",
        metavar="FOLDER",
        type=Path,
        help="pictures of the same names to show above each pair",
    )
    parser.add_argument(
        "--question", metavar="TEXT", help=f"what to ask (default: {panel.QUESTION})"
    )
    parser.add_argument(
        "--seed", type=_seed, help="another seed, other sides (default 0)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a page that is there"
    )
    parser.add_argument(
        "--count", metavar="FILE", type=Path, help="count the ballots in a file"
    )
    parser.set_defaults(run=_panel)


def _add_photos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="a photograph, a folder of them, or a pattern such as 'scans/*.tif'",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        type=Path,
        help="a file for one photograph, or a folder, made when it is not there",
    )
    parser.add_argument(
        "--provenance",
        action="store_true",
        help="write beside each result, as JSON, what was done",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there"
    )


def _add_train(verbs: Any) -> None:
    train = verbs.add_parser("train", help="train a network")
    _command(train, "Train the networks of a chapter.", TRAIN)
    train.add_argument("network", choices=NETWORKS)
    train.add_argument("--preset", choices=PRESETS, required=True)
    train.add_argument("--task", choices=TASKS, help="the style, for unpaired alone")
    train.add_argument(
        "--method",
        choices=METHODS,
        default="contrast",
        help="what holds unpaired's pictures to their photographs; default: contrast",
    )
    train.add_argument(
        "--folder", type=Path, required=True, help="for checkpoints and weights"
    )
    train.add_argument(
        "--resume", action="store_true", help="go on with the run in the folder"
    )
    train.set_defaults(run=_train)


def _add_classroom(verbs: Any) -> None:
    parser = verbs.add_parser("classroom", help="hand out chapters, collect answers")
    _command(parser, "Hand chapters out to a class, and collect answers.", CLASSROOM)
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    out = actions.add_parser("export", help="make copies without solutions")
    _command(out, "Make student copies of chapters, without solutions.", CLASSROOM)
    out.add_argument("output", metavar="OUT", type=Path, help="folder of the copies")
    out.add_argument(
        "chapters",
        nargs="*",
        metavar="CHAPTER",
        help="a chapter's number or name (default: all)",
    )
    out.add_argument(
        "--book",
        metavar="FOLDER",
        type=Path,
        default=Path("notebooks"),
        help="the book's notebooks (default: notebooks/)",
    )
    out.add_argument(
        "--overwrite", action="store_true", help="replace copies that are there"
    )
    out.set_defaults(run=_classroom_export)
    collect = actions.add_parser("collect", help="judge what was handed in")
    _command(collect, "Judge what was handed in, into one table.", CLASSROOM)
    collect.add_argument("folder", metavar="FOLDER", type=Path, help="the submissions")
    collect.add_argument(
        "-o",
        "--output",
        metavar="FILE.csv",
        type=_table,
        required=True,
        help="the table to write",
    )
    collect.add_argument(
        "--seconds",
        type=_seconds,
        default=classroom.SECONDS,
        help="of computing for each exercise; three times that by the clock (default "
        f"{classroom.SECONDS:g})",
    )
    collect.add_argument(
        "--overwrite", action="store_true", help="replace a table that is there"
    )
    collect.set_defaults(run=_classroom_collect)


def _add_data(verbs: Any) -> None:
    data = verbs.add_parser("data", help="list and fetch sets of pictures")
    _command(data, "List and fetch named sets of pictures.", DATA)
    actions = data.add_subparsers(required=True, metavar="ACTION", dest="action")
    actions.add_parser("list", help="list the sets").set_defaults(run=_data_list)
    fetch = actions.add_parser("fetch", help="download a set and check it")
    fetch.add_argument("name", metavar="NAME", choices=collections.names())
    fetch.set_defaults(run=_data_fetch)


def _severity(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"Expected 0 to 1. Received: {text}")
    return value


def _style(text: str) -> Path | str:
    if text in (*STYLES, *HANDS, *TASKS):
        return text
    known = text in collections.pictures()
    return collections.picture(text) if known else Path(text)


def _shares(text: str) -> list[float]:
    values = [float(part) for part in text.split(",")]
    if not (min(values) >= 0 and 0 < sum(values) < float("inf")):
        raise argparse.ArgumentTypeError(
            f"Expected numbers from 0 on, not all 0. Received: {text}"
        )
    return values


def _severities(text: str) -> list[float]:
    return list(dict.fromkeys(_severity(part) for part in text.split(",")))


def _results(text: str) -> Path:
    if Path(text).suffix.lower() not in (".csv", ".json"):
        raise argparse.ArgumentTypeError(
            f"Expected a name that ends in .csv or .json. Received: {text}"
        )
    return Path(text)


def _table(text: str) -> Path:
    if Path(text).suffix.lower() != ".csv":
        raise argparse.ArgumentTypeError(
            f"Expected a name that ends in .csv. Received: {text}"
        )
    return Path(text)


def _seconds(text: str) -> float:
    if not 1 <= float(text) <= 3600:
        raise argparse.ArgumentTypeError(f"Expected 1 to 3600. Received: {text}")
    return float(text)


def _page(text: str) -> Path:
    if Path(text).suffix.lower() not in (".html", ".htm"):
        raise argparse.ArgumentTypeError(
            f"Expected a name that ends in .html. Received: {text}"
        )
    return Path(text)


def _workers(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"Expected 1 or more. Received: {text}")
    return int(text)


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"Expected 0 or more. Received: {text}")
    return value


# Photographs, one after the other


@dataclass(frozen=True)
class Job:
    """One photograph to read and where its result, and its mask, go.

    Its user's own mask is the first of `given` that there is; if any, there must be.
    """

    source: Path
    target: Path
    mask: Path | None = None
    given: tuple[Path, ...] = ()

    @property
    def provenance(self) -> Path:
        """Return the name of the record, beside the result."""
        return provenance.beside(self.target)


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what is not.

    Attributes:
        jobs: in the order of the command.
        failed: words that name no photograph.
        others: files of other kinds.
        results: photographs that are results or masks.
        fresh: new folders for results that lie among photographs.
    """

    jobs: list[Job]
    failed: int
    others: int
    results: int
    fresh: list[Path]


@dataclass(frozen=True)
class Done:
    """What became of one photograph, and what a report says about it."""

    photo: photos.Photo
    line: str
    numbers: dict
    about: dict  # settings, weights, backend: as `provenance.describe` wants them
    mask: np.ndarray | None = None  # (H, W) uint8, 255 where damage was marked


_BLANK = photos.Photo(np.zeros((1, 1, 1), np.float32))  # a mask, to `photos.check`
Work = Callable[[photos.Photo, Job, Callable[[float], None]], Done]


def _restore(options: argparse.Namespace) -> int:
    _check_runtime(options)
    networks = functools.cache(lambda: _networks("restoration", options.weights))

    def work(photo: photos.Photo, job: Job, progress: Callable[[float], None]) -> Done:
        own, mask = _own_mask(job, photo)
        area = scans.find_picture(photo.pixels) if options.keep_borders else None
        restorer = networks()
        from gantools import restoration

        result = restoration.restore(
            photo,
            options.mode,
            restorer,
            fidelity=options.fidelity,
            mask=mask,
            area=area,
            progress=progress,
            runtime=options.runtime,
        )
        # In place, for each copy of a whole scan counts; and as `restore` has it.
        cv2.threshold(result.mask, 127, 255, cv2.THRESH_BINARY, dst=result.mask)
        how = runtimes.backend(options.runtime), runtimes.RUNTIMES[options.runtime]
        line = "{:.1%} of it changed, by {} in {}".format(result.changed, *how)
        settings = {"mode": options.mode, "fidelity": options.fidelity, **own}
        numbers = {
            "changed": result.changed,
            "damaged": result.damaged,
            "invented": cv2.countNonZero(result.mask) / result.mask.size,
        }
        if result.colours:
            settings["colours"] = _named(result.colours)
            numbers["invented"] = result.changed
        if area is not None:
            settings["borders"] = "kept"
            numbers["picture"] = [(part.start, part.stop) for part in area]
            line += f", {_border(area, photo.pixels.shape)}"
        return Done(
            result.photo,
            line,
            {**numbers, "tone": result.tone},
            {
                "settings": settings,
                "weights": result.weights,
                "backend": how[0],
                "precision": how[1],
            },
            result.mask,
        )

    return _each(options, "restored", work)


def _stylize(options: argparse.Namespace) -> int:
    for names, make in ((TASKS, _translating), (HANDS, _by_hand)):
        if set(options.style) & set(names):
            return _each(options, "stylised", make(options))
    return _each(options, "stylised", _painting(options))


def _painting(options: argparse.Namespace) -> Work:
    """Give the work of the network that paints in the style of any picture."""
    styles = _styles(options)
    networks = functools.cache(lambda: _networks("style", options.weights))
    restorer = functools.cache(lambda: _networks("restoration"))
    wished, settings = _wishes(options)

    def work(photo: photos.Photo, job: Job, progress: Callable[[float], None]) -> Done:
        own, mask = _own_mask(job, photo)
        wishes = {**wished, "mask": mask, "stylist": networks(), "progress": progress}
        from gantools import style

        restored = None
        if options.restore:
            restored, result = style.restore_then_stylize(
                photo, styles, restorer=restorer(), **wishes
            )
        else:
            result = style.stylize(photo, styles, **wishes)
        return _stylised(
            photo, result.photo, result.weights, restored, {**settings, **own}
        )

    return work


def _by_hand(options: argparse.Namespace) -> Work:
    """Give the work of the network that has learned the hands of painters."""
    if others := [str(style) for style in options.style if style not in HANDS]:
        raise _Refused(
            f"Expected hands alone, some of {', '.join(HANDS)}. "
            f"Received: {others[0]} with them"
        )
    names = _styles(options)
    networks = functools.cache(lambda: _networks("hands", options.weights))
    restorer = functools.cache(lambda: _networks("restoration"))
    wished, settings = _wishes(options)

    def work(photo: photos.Photo, job: Job, progress: Callable[[float], None]) -> Done:
        own, mask = _own_mask(job, photo)
        wishes = {**wished, "mask": mask, "painters": networks(), "progress": progress}
        from gantools import hands, restoration

        restored = None
        if options.restore:
            restored = restoration.restore(photo, "full", restorer())
        result = hands.paint(restored.photo if restored else photo, names, **wishes)
        return _stylised(
            photo, result.photo, result.weights, restored, {**settings, **own}
        )

    return work


def _wishes(options: argparse.Namespace) -> tuple[dict, dict]:
    """Give what a network that mixes styles is asked for, and the record of that."""
    wished = {"strength": options.strength, "keep_colour": options.keep_colour}
    identified = [_identify_style(style) for style in options.style]
    return {**wished, "weights": options.mix}, {
        "styles": identified,
        "mix": options.mix,
        **wished,
    }


def _translating(options: argparse.Namespace) -> Work:
    """Give the work of a GAN that has learned one style from a set of pictures."""
    name = next(style for style in options.style if style in TASKS)
    if len(options.style) > 1 or options.mix or options.keep_colour or options.mask_in:
        raise _Refused(
            f"Expected a style of {', '.join(TASKS)} by itself, without --mix, "
            f"--keep-colour and --mask-in. Received: {name} with more"
        )
    networks = functools.cache(lambda: _networks("unpaired", options.weights, name))
    restorer = functools.cache(lambda: _networks("restoration"))
    settings = {"styles": [_identify_style(name)], "strength": options.strength}

    def work(photo: photos.Photo, job: Job, progress: Callable[[float], None]) -> Done:
        stylist = networks()
        from gantools import restoration, unpaired

        restored = None
        if options.restore:
            restored = restoration.restore(photo, "full", restorer())
        plain = restored.photo if restored else photo
        made = unpaired.apply(plain, stylist, options.strength, progress)
        return _stylised(photo, made, stylist.record, restored, settings)

    return work


def _stylised(photo, made, weights: dict, restored, settings: dict) -> Done:
    """Say what was done to a photograph that has another style now, restoration too."""
    from gantools import engine

    changed = photos.share_changed(photo, made)
    numbers = {"changed": changed, "invented": changed}
    if restored:
        used = {"mode": restored.mode, "weights": _named(restored.weights)}
        settings = {**settings, "restored": used}
        numbers["damaged"] = restored.damaged
    record = {
        "settings": settings,
        "weights": weights,
        "backend": engine.BACKEND,
        "precision": runtimes.RUNTIMES["keras"],
    }
    return Done(made, f"{changed:.1%} of it changed", numbers, record)


def _named(weights: dict) -> dict[str, str]:
    return {key: weights[key] for key in ("file", "sha256")}


def _identify_style(style: Path | str) -> dict[str, Any]:
    return {"name": style} if isinstance(style, str) else provenance.identify(style)


def _style_files(options: argparse.Namespace) -> list[Path]:
    return [style for style in options.style if isinstance(style, Path)]


def _styles(options: argparse.Namespace) -> list[photos.Photo | str]:
    """Load the pictures whose styles are wanted, or refuse the command."""
    count = len(options.style)
    if options.mix and len(options.mix) != count:
        raise _Refused(
            f"Expected a number in --mix for each of {count} styles. "
            f"Received: {len(options.mix)}"
        )
    for path in _style_files(options):
        if not path.exists():
            names = ", ".join([*HANDS, *STYLES, *TASKS, *collections.pictures()])
            raise _Refused(
                f"{path}: Expected a picture's file or one of {names}. "
                "Received: no file of that name"
            )
    try:
        with _hushed():
            return [
                style if isinstance(style, str) else photos.load(style, levels=True)
                for style in options.style
            ]
    except photos.PhotoError as problem:
        raise _Refused(report.one_line(problem)) from problem


_LOADERS = {
    "restoration": "load_restorer",
    "style": "load_style",
    "hands": "load_hands",
    "unpaired": "load_stylist",
}


def _networks(module: str, folder: Path | None = None, *names: str) -> Any:
    """Load a module's networks; refuse the command where they cannot be."""
    with _hushed():
        load = getattr(importlib.import_module(f"gantools.{module}"), _LOADERS[module])
    try:
        return load(*names, **({"folder": folder} if folder else {}))
    except (OSError, ValueError) as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem


def _seeds(seed: int, source: Path) -> list[int]:
    """Give each photograph a stream of random numbers of its own, by its name."""
    return [seed, zlib.crc32(source.name.encode("utf-8", "replace"))]


def _check_runtime(options: argparse.Namespace) -> None:
    """Refuse a command whose runtime cannot be used here."""
    try:
        runtimes.check(options.runtime)
    except ImportError as problem:
        raise _Refused(str(problem), FAILED) from problem


def _own_mask(job: Job, photo: photos.Photo) -> tuple[dict, np.ndarray | None]:
    """Load the mask that the user gave for one photograph, if any was.

    Returns:
        What to record of it, and the mask, (H, W) bool.
    """
    if not job.given:
        return {}, None
    there = [path for path in job.given if path.exists()]
    if not there:
        names = " or ".join(map(str, job.given))
        raise photos.PhotoError(
            f"{job.source}: Expected a mask {names}. Received: no file of that name"
        )
    with _hushed():
        mask = photos.load_mask(there[0], photo.pixels.shape[:2])
    return {"mask": provenance.identify(there[0])}, mask


def _border(area: tuple[slice, slice], shape: tuple[int, ...]) -> str:
    """Say how wide the border is on each side."""
    rows, columns = area
    sides = {
        "above": rows.start,
        "below": shape[0] - rows.stop,
        "left": columns.start,
        "right": shape[1] - columns.stop,
    }
    widths = ", ".join(f"{width} {side}" for side, width in sides.items() if width)
    return f"border of {widths} pixels kept" if widths else "no border found"


def _damage(options: argparse.Namespace) -> int:
    def work(photo: photos.Photo, job: Job, _: Any) -> Done:
        rng = np.random.default_rng(_seeds(options.seed, job.source))
        alpha = None if photo.alpha is None else photos.from_levels(photo.alpha)
        pixels = photos.from_levels(photo.pixels)
        aged = damage.age(pixels, rng, options.severity, profile=options.profile)
        settings = {name: getattr(options, name) for name in ("severity", "seed")}
        if options.profile:
            settings["profile"] = options.profile
        return Done(
            replace(photo, pixels=aged.damaged, alpha=alpha),
            ", ".join(aged.kinds) or "nothing",
            {"kinds": aged.kinds, "damaged": float(aged.mask.mean())},
            {"settings": settings},
        )

    return _each(options, "damaged", work)


def _each(options: argparse.Namespace, done: str, work: Work) -> int:
    """Do the work on every photograph; say what failed and go on; sum up."""
    plan = _plan(options)
    jobs = plan.jobs
    entries: list[report.Entry] = []
    failures: list[str] = []
    with (
        _reported(options, entries, failures),
        tqdm(
            total=len(jobs), unit="photo", disable=None, file=sys.stderr, leave=False
        ) as bar,
    ):
        for index, job in enumerate(jobs):
            try:
                line, entry = _one(options, job, work, _follow(bar, index))
                entries += [entry] if entry else []
                tqdm.write(f"{job.source} -> {job.target} ({line})", file=sys.stdout)
            except (_Refused, KeyboardInterrupt):
                raise
            except Exception as problem:
                failures.append(f"gantools: {_failure(job.source, problem)}")
                tqdm.write(failures[-1], file=sys.stderr)
            finally:
                for folder in plan.fresh:
                    folders.mark(folder)
            _follow(bar, index)(1.0)
    failed = plan.failed + len(failures)
    _sum_up(done, plan, failed)
    return FAILED if failed else 0


@contextlib.contextmanager
def _reported(
    options: argparse.Namespace, entries: list[report.Entry], failures: list[str]
) -> Iterator[None]:
    """Write the page at the end, also of a run that is interrupted."""
    path = options.report
    if path is None:
        yield
        return
    if os.path.lexists(path) and not options.overwrite:
        raise _Refused(f"{path}: Expected a new name. Received: a file that exists")
    if not next(up for up in path.absolute().parents if up.exists()).is_dir():
        raise _Refused(f"{path}: Expected a place in a folder. Received: one in a file")
    try:
        yield
    finally:
        if entries or failures:
            page = report.page(entries, failures, options.verb)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                provenance.write_text(page, path, overwrite=options.overwrite)
            except OSError as problem:
                raise _Refused(
                    f"{path}: {report.one_line(problem)}", FAILED
                ) from problem


def _one(
    options: argparse.Namespace,
    job: Job,
    work: Work,
    progress: Callable[[float], None],
) -> tuple[str, report.Entry | None]:
    """Read, check that all can be saved, work, save.

    Returns:
        What to say, and what to show on the page if one is wanted.
    """
    begun = time.monotonic()
    with _hushed():  # C libraries chat about broken files beside raising an error
        photo = photos.load(job.source, levels=True)
    photos.check(photo, job.target, overwrite=options.overwrite)
    if job.mask:
        photos.check(_BLANK, job.mask, overwrite=options.overwrite)
    if options.provenance and os.path.lexists(job.provenance) and not options.overwrite:
        raise FileExistsError(
            f"{job.provenance}: Expected a new name. Received: a file that exists"
        )
    before = provenance.identify(job.source)  # now, for the result may replace it
    result = work(photo, job, progress)
    record = _save(options, job, before, result)
    seconds = time.monotonic() - begun
    line = f"{result.line}, {seconds:.1f} s"
    record["numbers"]["seconds"] = round(seconds, 2)
    if options.provenance:
        provenance.write(record, job.provenance, overwrite=options.overwrite)
    if options.report is None:
        return line, None
    return line, report.entry(photo.pixels, result.photo.pixels, result.mask, record)


def _save(
    options: argparse.Namespace, job: Job, before: dict, result: Done
) -> dict[str, Any]:
    """Save the mask and then the photograph, which says what was done to it.

    Returns:
        The record of that.
    """
    mask = None
    if job.mask:
        job.mask.parent.mkdir(parents=True, exist_ok=True)
        drawn = photos.Photo(result.mask[..., None])
        photos.save(drawn, job.mask, overwrite=options.overwrite)
        mask = provenance.identify(job.mask)
    record = provenance.describe(
        before,
        {},
        action=options.verb,
        numbers=result.numbers,
        mask=mask,
        **result.about,
    )
    job.target.parent.mkdir(parents=True, exist_ok=True)
    stamped = replace(result.photo, xmp=provenance.stamp(result.photo.xmp, record))
    photos.save(stamped, job.target, overwrite=options.overwrite)
    record["after"] = provenance.identify(job.target)
    return record


def _follow(bar: tqdm, index: int) -> Callable[[float], None]:
    """Return a function that takes the finished share of one photograph."""

    def show(share: float) -> None:
        bar.n = round(index + share, 2)
        bar.refresh()

    return show


def _sum_up(done: str, plan: Plan, failed: int) -> None:
    line = _tally(len(plan.jobs) + plan.failed, failed, done)
    line += f", results and masks left alone: {plan.results}" if plan.results else ""
    line += f", files of other kinds left alone: {plan.others}" if plan.others else ""
    print(line)


def _tally(total: int, failed: int, done: str) -> str:
    line = f"{total - failed} of {total} {done}"
    return line + (f", {failed} failed" if failed else "")


# What goes where


def _plan(options: argparse.Namespace) -> Plan:
    """Turn words into jobs; count what is none."""
    own = [options.output, options.mask_out, options.mask_in, *_style_files(options)]
    found: dict[Path, Path] = {}  # photograph -> its name below the output folder
    failed = others = results = 0
    bases = []
    for word in options.photos:
        base, paths, ignored, ours = _photographs(word, own)
        bases.append(base)
        others, results = others + ignored, results + ours
        failed += _gather(paths, found, word)
    jobs = _jobs(_without_repeats(found), options)
    return Plan(jobs, failed, others, results, _fresh(options, bases))


def _jobs(found: dict[Path, Path], options: argparse.Namespace) -> list[Job]:
    """Give each photograph its place in the output."""
    out = options.output
    if _is_file_name(out):
        if len(found) > 1 or any(Path(word).is_dir() for word in options.photos):
            raise _Refused(
                f"Expected a folder as output for several photographs. Received: {out}"
            )
        return _with_masks([Job(path, out) for path in found], options)
    kind = mimetypes.guess_type(out)[0] or ""
    if not out.is_dir() and (out.exists() or kind.startswith("image/")):
        raise _Refused(
            f"Expected a folder or a name ending in {', '.join(photos.SUFFIXES)}. "
            f"Received: {out}"
        )
    jobs = [Job(path, out / name) for path, name in found.items()]
    _refuse_clashes(jobs)
    return _with_masks(jobs, options)


def _with_masks(jobs: list[Job], options: argparse.Namespace) -> list[Job]:
    """Give each job the place of its mask, and its user's own, as wanted."""
    jobs = _with_own_masks(_with_masks_out(jobs, options), options)
    for job in jobs:
        written = {p.resolve() for p in (job.target, job.mask, job.provenance) if p}
        for path in (*job.given, *_style_files(options)):
            if path.resolve() in written:
                raise _Refused(
                    "Expected another place than that of your own mask or style. "
                    f"Received: {path}"
                )
    return jobs


def _with_own_masks(jobs: list[Job], options: argparse.Namespace) -> list[Job]:
    place = options.mask_in
    if place is None:
        return jobs
    if not place.is_dir():
        if len(jobs) > 1:
            raise _Refused(f"Expected a folder of several masks. Received: {place}")
        return [replace(job, given=(place,)) for job in jobs]

    def given(job: Job) -> tuple[Path, ...]:
        single = _is_file_name(options.output)
        name = job.source.name if single else job.target.relative_to(options.output)
        path = place / name
        names = path.name + ".png", path.stem + ".png"
        return tuple(dict.fromkeys(path.with_name(n) for n in names))

    return [replace(job, given=given(job)) for job in jobs]


def _with_masks_out(jobs: list[Job], options: argparse.Namespace) -> list[Job]:
    place = options.mask_out
    if place is None:
        return jobs
    if _is_file_name(options.output):
        if place.suffix.lower() != ".png" or place.is_dir():
            raise _Refused(f"Expected a name that ends in .png. Received: {place}")
        if place.resolve() == options.output.resolve():
            raise _Refused(
                f"Expected another name than the output's. Received: {place}"
            )
        return [replace(job, mask=place) for job in jobs]
    if _is_file_name(place):
        raise _Refused(f"Expected a folder for several masks. Received: {place}")

    def below(target: Path) -> Path:  # a.jpg.png, for a.tif may lie beside a.jpg
        name = target.relative_to(options.output)
        return place / name.with_name(name.name + ".png")

    return [replace(job, mask=below(job.target)) for job in jobs]


def _is_file_name(out: Path) -> bool:
    return out.suffix.lower() in photos.SUFFIXES and not out.is_dir()


def _gather(paths: dict[Path, Path], found: dict[Path, Path], word: str) -> int:
    """Add what a word names to what is found; complain and give 1 if it names none."""
    for path, name in paths.items():
        found.setdefault(path, name)
    if paths:
        return 0
    kind = "a folder without any" if Path(word).is_dir() else "no match"
    _complain(f"{word}: Expected photographs. Received: {kind}")
    return 1


def _photographs(
    word: str, own: Iterable[Path | None]
) -> tuple[Path, dict[Path, Path], int, int]:
    """Find the photographs that a word names, and count what is passed over.

    Args:
        word: a name, a folder or a pattern.
        own: where this run writes results, and where it finds masks.

    Returns:
        The word's own folder; {path: name below the output folder}; the count of
        files of other kinds; and that of results and masks.  Below the output folder
        the folders are those below the word's own.
    """
    path = Path(word)
    if path.is_dir():
        return path, *_sort_out(path.rglob("*"), path, own)
    if path.exists() or not glob.has_magic(word):
        return path.parent, {path: Path(path.name)}, 0, 0
    # Patterns are expanded here, too: the shell of Windows does not.
    fixed = itertools.takewhile(lambda part: not glob.has_magic(part), path.parts)
    matches = glob.glob(word, recursive=True)  # noqa: PTH207 Path takes no absolute one
    base = Path(*fixed)
    return base, *_sort_out(map(Path, matches), base, own)


def _sort_out(
    paths: Iterable[Path], base: Path, own: Iterable[Path | None]
) -> tuple[dict[Path, Path], int, int]:
    """Keep the photographs, in order, and count other files and results."""
    found: dict[Path, Path] = {}
    counts: Counter[str] = Counter()
    for path, below, kind in folders.sort_out(sorted(paths), base, own):
        counts[kind] += 1
        if kind == folders.PHOTOGRAPH:
            found[path] = below
    return found, counts[folders.OTHER], counts[folders.RESULT]


def _fresh(options: argparse.Namespace, bases: list[Path]) -> list[Path]:
    """List the folders for results that are new or empty, and lie in one of `bases`."""
    places = [options.output, options.mask_out]
    roots = [p.parent if _is_file_name(p) else p for p in places if p is not None]
    return [
        root
        for root in roots
        if any(base.resolve() in root.resolve().parents for base in bases)
        and not (root.is_dir() and any(root.iterdir()))
    ]


def _without_repeats(found: dict[Path, Path]) -> dict[Path, Path]:
    """Keep one of the paths that lead to the same file."""
    first = {folders.real(path): path for path in reversed(found)}
    return {p: name for p, name in found.items() if first[folders.real(p)] == p}


def _refuse_clashes(jobs: list[Job]) -> None:
    """Refuse two photographs whose results would have one name, on any system."""
    taken: dict[str, Path] = {}
    for job in jobs:
        other = taken.setdefault(str(job.target).casefold(), job.source)
        if other != job.source:
            raise _Refused(
                "Expected photographs whose results have different names. Received: "
                f"{other} and {job.source}, both for {job.target}"
            )


# Archives


def _archive_restore(options: argparse.Namespace) -> int:
    _check_runtime(options)
    recipe = archive.Recipe(
        options.mode,
        options.fidelity,
        options.keep_borders,
        options.weights,
        options.runtime,
    )
    with tqdm(unit="scan", disable=None, file=sys.stderr, leave=False) as bar:

        def tell(record: dict) -> None:
            if record.get("dropped"):
                _complain("the last line of the manifest was cut off, and is dropped")
            bar.update("state" in record)
            if record.get("state") == archive.FAILED:
                line = f"gantools: {record['name']}: {record['problem']}"
                tqdm.write(line, file=sys.stderr)

        try:
            counts = archive.restore(
                options.originals,
                options.output,
                recipe,
                workers=options.workers,
                verify=options.verify,
                engine=archive.find_engine(options.engine),
                tell=tell,
            )
        except ImportError as problem:
            raise _Refused(str(problem), FAILED) from problem
        except (OSError, ValueError) as problem:
            raise _Refused(report.one_line(problem), FAILED) from problem
    _archive_report(options)
    print(_stand(counts) + _other_runtime(options.runtime))
    return FAILED if counts[archive.FAILED] else 0


def _other_runtime(runtime: str) -> str:
    """Say what computed, and in which precision, unless it is what always does."""
    if runtime == "keras":
        return ""
    return f", by {runtimes.backend(runtime)} in {runtimes.RUNTIMES[runtime]}"


def _stand(counts: Counter[str]) -> str:
    """Say in one line what became of an archive."""
    failed = counts[archive.FAILED]
    line = _tally(counts[archive.RESTORED] + failed, failed, "restored")
    told = {
        "before": "restored by earlier runs",
        "skipped": "skipped",
        "gone": "of earlier runs gone",
    }
    return line + "".join(f", {counts[k]} {v}" for k, v in told.items() if counts[k])


def _archive_report(options: argparse.Namespace) -> int:
    try:
        with _hushed():
            print(archive.write_page(options.output))
    except (OSError, ValueError) as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem
    return 0


# What was done


def _inspect(options: argparse.Namespace) -> int:
    try:
        with _hushed():
            account = provenance.inspect(options.photo)
    except (OSError, ValueError) as problem:
        raise _Refused(_failure(options.photo, problem), FAILED) from problem
    if options.json:
        print(json.dumps(account.to_dict(), indent=2))
    else:
        print(f"{options.photo}\n{provenance.explain(account)}")
    return FAILED if account.empty or not account.sound else 0


def _sign(options: argparse.Namespace) -> int:
    try:
        with _hushed():
            provenance.sign(
                options.photo,
                options.output,
                original=options.original,
                certificate=options.certificate,
                key=options.key,
                overwrite=options.overwrite,
            )
    except (OSError, ValueError, ImportError) as problem:
        raise _Refused(_failure(options.photo, problem), FAILED) from problem
    print(f"{options.photo} -> {options.output} (signed)")
    return 0


# Measuring

_DECIMALS = {"psnr": 2, "ssim": 3, "lpips": 3}
Measure = Callable[[Path, Path], list[dict]]  # a photograph and its name: rows


def _evaluate(options: argparse.Namespace) -> int:
    own = ("severity", "seed", "weights")
    given = [f"--{name}" for name in own if getattr(options, name) is not None]
    if options.restored and given:
        raise _Refused(
            "Expected --restored alone, for nothing is aged or restored then. "
            f"Received: {', '.join(given)} beside it"
        )
    _check_results(options)
    found, failed = _undamaged(options)
    measure = _pairs(options) if options.restored else _trials(options)
    with _hushed():
        import keras  # noqa: F401 LPIPS needs it, and TensorFlow greets
    rows: list[dict] = []
    for path, name in tqdm(found.items(), unit="photo", disable=None, leave=False):
        try:
            rows += [{"picture": name.as_posix()} | row for row in measure(path, name)]
        except (_Refused, KeyboardInterrupt):
            raise
        except Exception as problem:
            failed += 1
            line = f"gantools: {_failure(path, problem)}"
            tqdm.write(line, file=sys.stderr)
    if rows:
        by = [key for key in ("severity", "method") if key in rows[0]]
        table = evaluation.summarise(rows, by)
        print(_as_text(table, by))
        _write_results(options, rows, table)
    measured = len({row["picture"] for row in rows})
    print(_tally(measured + failed, failed, "measured"))
    return FAILED if failed else 0


def _undamaged(options: argparse.Namespace) -> tuple[dict[Path, Path], int]:
    """Find the photographs that are the truth; count words that name none.

    Returns:
        {path: name below its folder}, and the count.
    """
    found: dict[Path, Path] = {}
    failed = 0
    for word in options.photos:
        _, paths, *_ = _photographs(word, [options.restored])
        failed += _gather(paths, found, word)
    found = _without_repeats(found)
    names: dict[Path, Path] = {}
    for path, name in found.items():
        other = names.setdefault(name, path)
        if other != path:
            raise _Refused(
                f"Expected photographs of different names. Received: {other} and {path}"
            )
    return found, failed


def _pairs(options: argparse.Namespace) -> Measure:
    """Compare each photograph with the restoration of its name."""
    folder = options.restored
    if not folder.is_dir():
        raise _Refused(f"{folder}: Expected a folder. Received: no such folder")

    def measure(path: Path, name: Path) -> list[dict]:
        clean = photos.load(path).pixels
        restored = photos.load(_restoration_of(name, folder)).pixels
        return [{"method": "restored"} | evaluation.measure(restored, clean)]

    return measure


def _restoration_of(name: Path, folder: Path) -> Path:
    """Find the restoration of a name: the same, or with another suffix."""
    named = _of_name(name, folder)
    if len(named) != 1:
        kinds = ", ".join(str(p) for p in named) or "none"
        raise ValueError(
            f"Expected its restoration, {folder / name} or the same name with another "
            f"suffix. Received: {kinds}"
        )
    return named[0]


def _of_name(name: Path, folder: Path) -> list[Path]:
    """Find the picture of a name or, without it, those with another suffix."""
    if (folder / name).is_file():
        return [folder / name]
    others = sorted((folder / name).parent.glob("*"))
    others = [path for path in others if path.suffix.lower() in photos.SUFFIXES]
    return [path for path in others if path.stem == name.stem]


def _trials(options: argparse.Namespace) -> Measure:
    """Age each photograph, restore it, and compare both with it."""
    severities = options.severity or [0.3, 0.6, 0.9]
    networks = functools.cache(lambda: _networks("restoration", options.weights))

    def restore(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from gantools import restoration

        photo = photos.Photo(pixels)
        done = restoration.restore(photo, "full", networks(), progress=lambda _: None)
        return done.photo.pixels, done.mask

    methods = {"input": lambda pixels: pixels, "gantools": restore}

    def measure(path: Path, name: Path) -> list[dict]:
        clean = photos.load(path).pixels
        seeds = _seeds(options.seed or 0, path)
        cases = (
            evaluation.aged_case(name.as_posix(), clean, s, seeds) for s in severities
        )
        return evaluation.evaluate(methods, cases)

    return measure


def _as_text(table: Sequence[dict], by: Sequence[str]) -> str:
    """Lay the means and their intervals out in columns."""
    heads = [*by, "photos", "PSNR, dB", "SSIM", "LPIPS"]
    lines = [heads]
    for row in table:
        spans = [
            "{:.{n}f} [{:.{n}f}, {:.{n}f}]".format(
                *(row[f"{metric}{end}"] for end in ("", "_low", "_high")), n=decimals
            )
            for metric, decimals in _DECIMALS.items()
        ]
        lines.append([*(str(row[key]) for key in by), str(row["pictures"]), *spans])
    return _in_columns(lines)


def _in_columns(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _check_results(options: argparse.Namespace) -> None:
    """Refuse a file of results that could not be written, before any work."""
    path = options.output
    if path is None:
        return
    if os.path.lexists(path) and (path.is_dir() or not options.overwrite):
        raise _Refused(f"{path}: Expected a new name. Received: one that exists")
    if not path.absolute().parent.is_dir():
        raise _Refused(f"{path}: Expected a folder that exists. Received: no such one")


def _write_results(
    options: argparse.Namespace, rows: Sequence[dict], table: Sequence[dict]
) -> None:
    path = options.output
    if path is None:
        return
    settings = {"seed": options.seed or 0, "weights": options.weights}
    if options.restored:
        settings = {"restored": options.restored}
    record = {
        "gantools": gantools.__version__,
        "settings": settings,
        "table": _known(table),
        "photographs": _known(rows),
    }
    try:
        if path.suffix.lower() == ".json":
            provenance.write(record, path, overwrite=options.overwrite)
        else:
            text = evaluation.to_csv(rows)
            provenance.write_text(text, path, overwrite=options.overwrite)
    except OSError as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem


def _known(rows: Sequence[dict]) -> list[dict]:
    """Write None where nothing could be measured: JSON knows no nan."""
    return [{k: None if v != v else v for k, v in row.items()} for row in rows]


# Asking people


def _panel(options: argparse.Namespace) -> int:
    wishes = (options.output, options.reference, options.question, options.seed)
    if options.count is not None:
        if options.folders or any(wish is not None for wish in wishes):
            raise _Refused("Expected --count alone. Received: more beside it")
        return _count(options.count)
    if len(options.folders) != 2 or options.output is None:
        raise _Refused(
            "Expected two folders and -o FILE.html, or --count FILE. "
            f"Received: {len(options.folders)} folders, -o {options.output}"
        )
    _check_results(options)
    names = _folder_names(options)
    found, alone = _choices(options)
    question = panel.QUESTION if options.question is None else options.question
    page = panel.page(_small_pairs(found), names, question, options.seed or 0)
    try:
        provenance.write_text(page, options.output, overwrite=options.overwrite)
    except OSError as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem
    without = f", pictures without a partner left out: {alone}" if alone else ""
    print(f"{_some(len(found), 'pair')} in {options.output}{without}")
    return 0


def _some(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _folder_names(options: argparse.Namespace) -> tuple[str, str]:
    """Check the folders; name each by its last part, or in full where these agree."""
    for folder in filter(None, (*options.folders, options.reference)):
        if not folder.is_dir():
            raise _Refused(f"{folder}: Expected a folder. Received: no such folder")
    first, second = (folder.resolve() for folder in options.folders)
    if first == second:
        raise _Refused(f"Expected two folders. Received: {first} twice")
    if first.name == second.name:
        return first.as_posix(), second.as_posix()
    return first.name, second.name


def _choices(options: argparse.Namespace) -> tuple[dict[str, list[Path]], int]:
    """Find the pairs, and count the pictures that have no partner.

    Returns:
        {name: the first picture, the second, and the reference if one is wanted}.
    """
    first, second = options.folders
    found: dict[str, list[Path]] = {}
    mine, theirs = (_photographs(str(f), [])[1] for f in (first, second))
    for path, name in mine.items():
        partners = [p for p in _of_name(name, second) if p in theirs]
        if len(partners) > 1:
            kinds = ", ".join(map(str, partners))
            raise _Refused(f"Expected one partner of {path}. Received: {kinds}")
        if partners:
            found[name.as_posix()] = [path, *partners]
    if not found:
        raise _Refused(
            f"Expected pictures of the same names in {first} and {second}. "
            "Received: none"
        )
    taken = [str(paths[1]) for paths in found.values()]
    twice = sorted({path for path in taken if taken.count(path) > 1})
    if twice:
        raise _Refused(f"Expected one partner of {twice[0]}. Received: several")
    for name, paths in found.items():
        paths += _reference(Path(name), options.reference)
    return found, len(mine) + len(theirs) - 2 * len(found)


def _reference(name: Path, folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    named = _of_name(name, folder)
    if len(named) != 1:
        kinds = ", ".join(map(str, named)) or "none"
        raise _Refused(f"Expected one picture {folder / name}. Received: {kinds}")
    return named


def _small_pairs(found: dict[str, list[Path]]) -> list[panel.Pair]:
    pairs = []
    for name, paths in tqdm(found.items(), unit="pair", disable=None, leave=False):
        try:
            with _hushed():
                loaded = [photos.load(path, levels=True).pixels for path in paths]
        except photos.PhotoError as problem:
            raise _Refused(report.one_line(problem), FAILED) from problem
        pairs.append(panel.pair(name, *loaded))
    return pairs


def _count(path: Path) -> int:
    try:
        ballots = panel.read(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem
    except ValueError as problem:
        raise _Refused(f"{path}: {report.one_line(problem)}", FAILED) from problem
    first, second = ballots[0].folders
    lines = [["pair", first, second, f"share of {first}"]]
    counts = panel.count(ballots)
    for count in counts:
        numbers = str(count.first), str(count.second), _percent(count.share)
        lines.append([count.pair or "all", *numbers])
    print(ballots[0].question)
    print(_in_columns(lines))
    print(f"all: p = {counts[-1].p:.2g} if both were chosen equally often")
    if len(ballots) >= 10:  # of fewer, the bootstrap's interval is far too narrow
        share = panel.over_voters(ballots, np.random.default_rng(0))
        voters = _some(len(ballots), "voter")
        print(f"each of {voters} as one value: {_percent(share)}")
    return 0


def _percent(share: metrics.Interval) -> str:
    return "{:.0%} [{:.0%}, {:.0%}]".format(*share)


# Teaching


def _classroom_export(options: argparse.Namespace) -> int:
    wishes = options.book, options.output, options.chapters
    try:
        copies = classroom.export(*wishes, overwrite=options.overwrite)
    except (ValueError, FileNotFoundError, FileExistsError) as problem:
        raise _Refused(report.one_line(problem)) from problem
    except OSError as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem
    asked = _some(sum(copies.values()), "exercise")
    print(f"{_some(len(copies), 'chapter')}, {asked}, in {options.output}")
    return 0


def _classroom_collect(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise _Refused(f"{options.folder}: Expected a folder. Received: no such folder")
    _check_results(options)
    paths = classroom.submissions(options.folder, options.output)
    if not paths:
        raise _Refused(f"{options.folder}: Expected files in it. Received: none")
    scores = []
    for path in tqdm(paths, unit="notebook", disable=None, leave=False):
        name = path.relative_to(options.folder).as_posix()
        scores += classroom.collect(path, name, options.seconds)
    text = classroom.to_csv(scores)
    try:
        provenance.write_text(text, options.output, overwrite=options.overwrite)
    except OSError as problem:
        raise _Refused(report.one_line(problem), FAILED) from problem
    return _tell_scores(scores, len(paths))


def _tell_scores(scores: Sequence[classroom.Score], count: int) -> int:
    """Print how often each verdict was given; complain of what was not judged."""
    failed = [score for score in scores if score.verdict == "failed"]
    for score in failed:
        named = ": ".join(filter(None, (score.student, score.exercise)))
        _complain(f"{named}: {score.diagnosis}")
    lines = [["exercise", *classroom.VERDICTS]]
    for exercise, counts in classroom.count(scores).items():
        numbers = (str(counts[verdict]) for verdict in classroom.VERDICTS)
        lines.append([exercise or "(not read)", *numbers])
    print(_in_columns(lines))
    answers = [score.verdict for score in scores if score.exercise]
    right = answers.count("correct")
    print(f"{_some(count, 'notebook')}, {right} of {len(answers)} answers correct")
    return FAILED if failed else 0


# Training, data, information


def _train(options: argparse.Namespace) -> int:
    again = f"gantools train {options.network} --preset {options.preset}"
    again += f" --folder {options.folder} --resume"
    wishes = [options.preset, options.folder]
    if (options.network == "unpaired") != bool(options.task):
        raise _Refused(
            "Expected --task with unpaired, and with unpaired alone. "
            f"Received: {options.network}, task {options.task}"
        )
    if options.task:
        again += f" --task {options.task} --method {options.method}"
        wishes = [options.task, options.preset, options.method, options.folder]
    with _hushed():
        network = importlib.import_module(f"gantools.{options.network}")
    try:
        network.train(*wishes, resume=options.resume, progress=True)
    except KeyboardInterrupt:
        _complain(f"interrupted; go on with: {again}")
        return INTERRUPTED
    except FileExistsError as problem:
        _complain(f"{report.one_line(problem)}. Go on with: {again}")
        return FAILED
    except (OSError, ValueError, ArithmeticError) as problem:
        _complain(report.one_line(problem))
        return FAILED
    print(f"trained {options.network}, preset {options.preset}: {options.folder}")
    return 0


def _data_list(options: argparse.Namespace) -> int:
    print(f"in {collections.home()}")
    for name in collections.names():
        known = collections.describe(name)
        if (collections.home() / name).is_dir():
            state = "here"
        else:
            state = "fetch" if known.address else "by hand"
        size = f"{known.bytes / 1e6:.0f} MB"
        print(f"{name:<15}{state:<9}{known.count:>6} {size:>7}  {known.what}")
    return 0


def _data_fetch(options: argparse.Namespace) -> int:
    try:
        print(collections.fetch(options.name))
    except (OSError, ValueError) as problem:
        _complain(report.one_line(problem))
        return FAILED
    return 0


def _info(options: argparse.Namespace) -> int:
    with _hushed():
        import keras

        from gantools import arrays, engine

        devices = keras.distribution.list_devices()
    print(f"gantools    {gantools.__version__}")
    print(f"python      {platform.python_version()} on {platform.platform()}")
    for name in ("keras", engine.BACKEND, "numpy", "pillow", "opencv-python-headless"):
        print(f"{name.split('-')[0]:<12}{_version(name)}")
    print(f"backend     {engine.BACKEND}")
    print(f"devices     {', '.join(devices)}")
    print(f"data        {collections.home()}")
    for name, record in arrays.manifest().items():
        print(f"weights     {name} {record['sha256']} {record['bytes'] / 1e6:.1f} MB")
    return 0


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed under this name"


# Talking


def _complain(line: str) -> None:
    print(f"gantools: {line}", file=sys.stderr)


def _failure(source: Path, problem: Exception) -> str:
    """Say in one line what failed for one photograph."""
    line = report.one_line(problem)
    if isinstance(problem, photos.PhotoError | FileExistsError):
        return line  # begins with the name already
    return f"{source}: {line}"


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Close the process's standard error to libraries written in C.

    TensorFlow greets on import whatever TF_CPP_MIN_LOG_LEVEL says, and libtiff prints
    beside raising. Exceptions pass as ever.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # a process without standard error
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


if __name__ == "__main__":
    sys.exit(main())
