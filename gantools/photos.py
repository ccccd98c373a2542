"""Open and save one photograph, and cross the border to and from the networks.

Everything that must survive a restoration travels in a `Photo`: the pixels, how many
bits they had, grey or colour, transparency, the ICC profile, the EXIF block, the XMP
packet and the resolution. Not carried over are IPTC's old block (IIM) and the part of a
JPEG's XMP that goes beyond one segment of 64 kilobytes.

Pillow decodes whatever has 8 bits a channel and OpenCV decodes 16-bit colour, which
Pillow would cut to 8. No library at hand writes 16-bit grey with alpha, or 16-bit
colour together with ICC and EXIF, so PNG and TIFF are written here, band by band.
"""

import contextlib
import os
import re
import secrets
import shutil
import struct
import sys
import threading
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin, UnidentifiedImageError

MAX_PIXELS = 150_000_000  # below the 179 million at which Pillow itself refuses
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")  # what a camera calls MPO opens as JPEG
_HOLDABLE = "a photograph that this format can hold"
_BAND = 64  # rows handled at a time, so that no second whole picture is needed
_PIECES = re.compile(rb"^(Exif\x00\x00)+")
_ORIENTATION = ExifTags.Base.Orientation
_XMP_MOST = 12_000_000  # bytes; usual are three thousand
_XMP_IN_JPEG = 65_502  # bytes: what one segment holds, by Adobe's XMP, part 3
_XMP_ROOM = (
    16_384  # bytes left free for `provenance.stamp` when a photograph is checked
)
_TURNED = re.compile(rb"""(:Orientation(?:\s*=\s*["']|>)\s*)[2-8]""")
_EFFORT = 4  # of deflate: three times as fast as the usual 6 for files 3 to 9 % larger
_FILTER_UP = 2  # PNG: each byte minus the one above it
# The descriptive tags of a TIFF's first directory; the others describe its layout.
_EXIF_TAGS = (269, 270, 271, 272, 285, 305, 306, 315, 316, 318, 319, 18246, 18249)
_EXIF_TAGS += (33432, 40091, 40092, 40093, 40094, 40095)
_EXIF_FOLDERS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_one_at_a_time = threading.Lock()  # filters of warnings are shared between threads


class PhotoError(ValueError):
    """Say in one line which photograph could not be read or written, and why."""


@dataclass(frozen=True, eq=False)
class Photo:
    """Hold one photograph and what must survive its restoration.

    Attributes:
        pixels: (H, W, C) float32 in [0, 1]; C is 1 (grey) or 3 (red, green, blue). Or
            the file's own levels, whole numbers that take a quarter or half of the
            memory: uint8 or uint16, as `bit_depth` says.
        alpha: (H, W) of the same type, 0 where transparent, or None.
        bit_depth: 8 or 16, the bits of each channel in the file.
        icc: ICC colour profile, or None (then sRGB is meant).
        exif: EXIF block (a TIFF structure without the "Exif" prefix), or None. Its
            orientation is 1, for the pixels are upright, and its preview is unlinked,
            for that shows the photograph as it was.
        xmp: XMP packet (RDF/XML), or None; its bytes as they stand in the file, but for
            the orientation, which is 1.
        dpi: horizontal and vertical dots per inch, or None.

    Raises:
        PhotoError: when shapes, types or bit depth are not these.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    bit_depth: int = 8
    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None

    def __post_init__(self) -> None:
        shape, kind = np.shape(self.pixels), getattr(self.pixels, "dtype", None)
        if len(shape) != 3 or shape[2] not in (1, 3) or 0 in shape:
            raise PhotoError(
                f"Expected pixels of shape (H, W, 1 or 3). Received: {shape}"
            )
        if self.bit_depth not in (8, 16):
            raise PhotoError(
                f"Expected a bit depth of 8 or 16. Received: {self.bit_depth}"
            )
        if kind not in (np.float32, f"uint{self.bit_depth}"):
            raise PhotoError(
                f"Expected pixels of type float32 or uint{self.bit_depth}. "
                f"Received: {kind}"
            )
        if self.alpha is not None and np.shape(self.alpha) != shape[:2]:
            raise PhotoError(
                f"Expected alpha of shape {shape[:2]}. Received: {np.shape(self.alpha)}"
            )
        if self.alpha is not None and self.alpha.dtype != kind:
            raise PhotoError(
                f"Expected alpha of type {kind}. Received: {self.alpha.dtype}"
            )

    @property
    def grey(self) -> bool:
        """Tell whether the photograph has one channel only."""
        return self.pixels.shape[2] == 1


def from_levels(values: np.ndarray) -> np.ndarray:
    """Take levels, whole numbers from 0 to 255 or to 65535, to [0, 1].

    Args:
        values: uint8 or uint16, any shape; float32 is in [0, 1] already, and returned.

    Returns:
        float32 of the same shape in [0, 1].

    Example:
        >>> from_levels(np.array([0, 51, 255], np.uint8)).tolist()
        [0.0, 0.20000000298023224, 1.0]
    """
    if values.dtype.kind == "f":
        return values
    top = np.float32(np.iinfo(values.dtype).max)
    return np.divide(values, top, dtype=np.float32, order="C")


def to_levels(values: np.ndarray, kind: np.dtype | type) -> np.ndarray:
    """Round values in [0, 1] to the levels of a type, clipping what lies outside.

    Args:
        values: float32, any shape; or levels of that type already, returned as they
            are.
        kind: uint8 or uint16; or float32, and nothing is done.

    Returns:
        The same shape, of the type asked for.

    Example:
        >>> to_levels(np.array([0.0, 0.5, 2.0], np.float32), np.uint8).tolist()
        [0, 128, 255]
    """
    kind = np.dtype(kind)
    if values.dtype == kind:
        return values
    top = np.float32(np.iinfo(kind).max)
    return np.rint(np.clip(values, 0, 1) * top).astype(kind, order="C")


def share_changed(before: "Photo", after: "Photo") -> float:
    """Give the share of pixels that differ by half a level of `before` or more.

    Args:
        before: a photograph.
        after: of the same height and width; grey and colour may be compared.

    Returns:
        In [0, 1].

    Raises:
        ValueError: the sizes differ.

    Example:
        >>> was, now = (Photo(np.full((2, 2, 1), v, np.float32)) for v in (0.2, 0.3))
        >>> share_changed(was, now)
        1.0
    """
    sizes = [p.pixels.shape[:2] for p in (before, after)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"Expected two photographs of one size. Received: {sizes}")
    changed, step = 0, 1.0 / (2**before.bit_depth - 1)
    for top in range(0, sizes[0][0], 64):  # in bands, to save memory
        was, now = (from_levels(p.pixels[top : top + 64]) for p in (before, after))
        changed += (np.abs(now - was).max(axis=-1) >= 0.5 * step).sum()
    return float(changed / before.pixels[..., 0].size)


def to_network(pixels: np.ndarray) -> np.ndarray:
    """Take pixels, as photographs have them, to [-1, 1], as networks do.

    Args:
        pixels: (H, W, C) or (B, H, W, C), float32 in [0, 1] or levels.

    Returns:
        float32 of the same shape in [-1, 1].

    Example:
        >>> to_network(np.array([[[0.0], [0.5], [1.0]]])).ravel().tolist()
        [-1.0, 0.0, 1.0]
    """
    return _to_range(from_levels(np.asarray(pixels)), scale=2.0, shift=-1.0)


def from_network(outputs: np.ndarray) -> np.ndarray:
    """Take outputs of a network from [-1, 1] to [0, 1], clipping what lies outside.

    Args:
        outputs: (H, W, C) or (B, H, W, C), nominally in [-1, 1].

    Returns:
        float32 of the same shape in [0, 1].

    Example:
        >>> from_network(np.array([[[-1.0], [0.0], [3.0]]])).ravel().tolist()
        [0.0, 0.5, 1.0]
    """
    return np.clip(_to_range(outputs, scale=0.5, shift=0.5), 0.0, 1.0)


def _to_range(values: np.ndarray, scale: float, shift: float) -> np.ndarray:
    values = np.asarray(values, np.float32)
    if values.ndim not in (3, 4):
        raise ValueError(
            f"Expected shape (H, W, C) or (B, H, W, C). Received: {values.shape}"
        )
    return values * np.float32(scale) + np.float32(shift)


def load(path: str | os.PathLike, *, levels: bool = False) -> Photo:
    """Open one photograph: JPEG, PNG, TIFF or WebP, told by its content.

    Palettes, 1-bit and CMYK pictures come as grey or RGB: palettes and WebP, which has
    no grey of its own, as grey when red, green and blue agree everywhere. CMYK is
    converted to sRGB by its ICC profile, which sRGB then replaces; without a profile
    by (1 - C)(1 - K). The EXIF orientation is applied.

    A file of several pages or frames is refused, so that none is lost unseen. Smaller
    copies of the first page (TIFF) and the further pictures that a camera puts behind
    the photograph (MPO) are not pages.

    Args:
        path: the file; at most `MAX_PIXELS` pixels.
        levels: keep the file's whole numbers, for scans that are large in memory.

    Returns:
        The photograph, upright.

    Raises:
        PhotoError: when it cannot be read in full; the message is one line.
    """
    path = Path(path)
    with _telling(path, "a photograph that is whole"):
        _check_file(path)
        with path.open("rb") as file, _opened(file) as image:
            _check_image(image, path.stat().st_size)
            if image.format == "PNG":
                image.load()  # its EXIF may stand behind the pixels
            turn = _orientation(image)  # before a TIFF is loaded, which applies it
            exif, dpi, xmp = _exif(image), _dpi(image), _xmp(image)
            values, icc = _decode(image, path, turn)  # (H, W, 1..4) uint8 or uint16
            values = values if image.format == "TIFF" else _upright(values, turn)
            premultiplied = values.dtype == np.uint16 and _is_premultiplied(image)
        dpi = dpi[::-1] if dpi and turn >= 5 else dpi
        kept = {"icc": icc, "exif": exif, "dpi": dpi, "xmp": xmp}
        return _photo(values, premultiplied, levels, **kept)


def read_xmp(path: str | os.PathLike) -> bytes | None:
    """Return a photograph's XMP packet, or None, without decoding its pixels.

    Args:
        path: the file, of any kind that `load` opens.

    Raises:
        PhotoError: when it is no photograph; the message is one line.
    """
    path = Path(path)
    with _telling(path, "a photograph"):
        _check_file(path)
        with path.open("rb") as file, _opened(file) as image:
            if image.format == "PNG" and "xmp" not in image.info:
                image.load()  # it may stand behind the pixels
            return _xmp(image)


def load_mask(path: str | os.PathLike, size: tuple[int, int]) -> np.ndarray:
    """Open a mask that somebody drew: white where a photograph is damaged, else black.

    Args:
        path: the file, of any kind that `load` opens; colours and alpha must say
            nothing beyond black and white.
        size: height and width of its photograph, pixels.

    Returns:
        (H, W) bool, true where white.

    Raises:
        PhotoError: when it cannot be read, has another size, or is not black and
            white.
    """
    path = Path(path)
    mask = load(path, levels=True)
    with _telling(path, "a mask"):
        (height, width), (h, w) = size, mask.pixels.shape[:2]
        if (height, width) != (h, w):
            raise PhotoError(
                f"Expected a mask of {width} x {height} pixels, as the photograph has. "
                f"Received: {w} x {h}"
            )
        if not _is_black_and_white(mask):
            raise PhotoError(
                "Expected a mask of black and white alone. "
                "Received: one with greys, colours or transparency"
            )
    return mask.pixels[..., 0] > 0


def _is_black_and_white(mask: Photo) -> bool:
    first, top = mask.pixels[..., 0], np.iinfo(mask.pixels.dtype).max
    grey = all(
        np.array_equal(mask.pixels[..., channel], first)
        for channel in range(1, mask.pixels.shape[2])
    )
    opaque = mask.alpha is None or bool((mask.alpha == top).all())
    return grey and opaque and bool(((first == 0) | (first == top)).all())


def save(
    photo: Photo, path: str | os.PathLike, *, overwrite: bool = False, quality: int = 95
) -> Path:
    """Save a photograph in the format that the suffix names: whole, or not at all.

    PNG and TIFF keep every level exactly. JPEG and WebP have 8 bits, and JPEG no
    transparency: a photograph with more is refused, never converted unasked.

    Args:
        photo: the photograph.
        path: where to; its suffix is one of `SUFFIXES`.
        overwrite: whether a file of that name may be replaced.
        quality: 1 to 100 for JPEG and WebP; at 100 WebP loses nothing.

    Returns:
        The path written.

    Raises:
        PhotoError: when that format cannot hold the photograph, when the file exists
            and `overwrite` is false, or when writing fails. What was at `path` is then
            as it was, and nothing else is left.
    """
    path = Path(path)
    with _telling(path, _HOLDABLE):
        write = _writer(photo, path, quality)
        _check_name(path, overwrite)
        if not path.parent.is_dir():
            raise PhotoError("Expected a folder that exists. Received: none")
        # A name of its own in the same folder: on the same disk, and never too long.
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:
                write(file, photo, quality)
                file.flush()
                os.fsync(file.fileno())
            _publish(temporary, path, overwrite)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def check(
    photo: Photo, path: str | os.PathLike, *, overwrite: bool = False, quality: int = 95
) -> None:
    """Refuse at once what `save` would refuse after long work on the pixels.

    Args:
        photo: a photograph of the kind to be saved; its pixels are not looked at.
        path: as for `save`; its folder need not exist yet.
        overwrite: as for `save`.
        quality: as for `save`.

    Raises:
        PhotoError: when the format cannot hold the photograph, or the name is taken
            or can never be written.
    """
    path = Path(path)
    with _telling(path, _HOLDABLE):
        _writer(photo, path, quality, _XMP_ROOM)
        _check_name(path, overwrite)
        if not next(up for up in path.absolute().parents if up.exists()).is_dir():
            raise PhotoError("Expected a place in a folder. Received: one below a file")


# Errors


@contextlib.contextmanager
def _telling(path: Path, expected: str) -> Iterator[None]:
    """Turn whatever goes wrong with one file into one line that begins with its name.

    Decoders raise nearly every exception there is on hostile files, hence the breadth.
    """
    try:
        yield
    except Exception as problem:
        name = str(path).encode("unicode_escape").decode() if _odd(path) else path
        raise PhotoError(f"{name}: {_reason(problem, expected)}") from problem


def _odd(path: Path) -> bool:
    return not str(path).isprintable()


def _reason(problem: Exception, expected: str) -> str:
    """Say in one line what an exception means for the person who owns the file."""
    if isinstance(problem, UnidentifiedImageError):
        return "Expected a JPEG, PNG, TIFF or WebP photograph. Received: something else"
    if isinstance(problem, Image.DecompressionBombError):
        return f"Expected at most {MAX_PIXELS:,} pixels. Received: more"
    if isinstance(problem, PermissionError):
        return "Expected permission to use this file. Received: access denied"
    if isinstance(problem, MemoryError):
        return "Expected enough memory for this photograph. Received: too little"
    if isinstance(problem, OSError) and problem.strerror:
        return f"Expected {expected}. Received: {problem.strerror}"
    text = " ".join(str(problem).split()) or type(problem).__name__
    if isinstance(problem, PhotoError):
        return text
    return f"Expected {expected}. Received: {text}"


# Reading


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PhotoError("Expected a photograph. Received: a folder")
    if not path.exists():
        raise PhotoError("Expected a photograph. Received: no file of that name")
    if not path.is_file():
        raise PhotoError("Expected a photograph. Received: not a regular file")
    if path.stat().st_size == 0:
        raise PhotoError("Expected a photograph. Received: an empty file")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Silence Pillow, which warns of odd metadata and from half its limit on."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _opened(file: BinaryIO) -> Image.Image:
    with _quietly():
        return Image.open(file, formats=_FORMATS)


def _check_image(image: Image.Image, size: int) -> None:
    """Refuse what is too large, has several pages, or cannot be kept as it is."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"Expected at most {MAX_PIXELS:,} pixels. Received: {width} x {height}"
        )
    pages = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if image.format == "TIFF":
        pages = _full_pages(image, pages)
    if pages != 1:
        raise PhotoError(f"Expected one picture in the file. Received: {pages} of them")
    if image.format == "TIFF":
        _check_tiff(image, size)
    if image.mode in ("F", "I", "LAB", "HSV"):
        raise PhotoError(
            "Expected 8 or 16 bits, grey, RGB or CMYK. "
            f"Received: pixels of kind {image.mode}"
        )


def _full_pages(image: Image.Image, pages: int) -> int:
    """Count the pages of a TIFF that are not smaller copies of another."""
    full = []
    for page in range(pages):
        image.seek(page)
        if not image.tag_v2.get(254, 0) & 1:
            full.append(page)
    image.seek(0)
    return len(full) if full[:1] == [0] else 0


def _check_tiff(image: Image.Image, size: int) -> None:
    """Refuse the kinds of TIFF that would lose something without a word."""
    tags = image.tag_v2
    bits, kinds = set(tags.get(258, (1,))), set(tags.get(339, (1,)))
    if kinds != {1}:
        raise PhotoError(
            "Expected unsigned whole numbers as pixels. "
            f"Received: a TIFF of {'floating-point' if 3 in kinds else 'other'} numbers"
        )
    if len(bits) != 1 or not bits <= {1, 2, 4, 8, 16}:
        raise PhotoError(
            f"Expected 1, 2, 4, 8 or 16 bits a channel. Received: {sorted(bits)}"
        )
    extra = tags.get(338, ())
    if 0 in extra or len(extra) > 1:
        raise PhotoError(
            "Expected no channel but colour and alpha. "
            "Received: a TIFF with a further channel of unknown meaning"
        )
    colour = bits == {16} and image.mode in ("RGB", "RGBA", "CMYK")
    if colour and (tags.get(262) != 2 or tags.get(284, 1) != 1):
        raise PhotoError(
            "Expected 16-bit colour as interleaved RGB. "
            "Received: a TIFF of separate planes or other colours"
        )
    _check_strips(tags, size)


def _check_strips(tags: TiffImagePlugin.ImageFileDirectory_v2, size: int) -> None:
    """Refuse a TIFF that ends before its pixels do; decoders differ in noticing."""
    for starts, lengths in ((273, 279), (324, 325)):
        for start, length in zip(
            tags.get(starts, ()), tags.get(lengths, ()), strict=False
        ):
            if start + length > size:
                raise PhotoError("Expected a whole TIFF. Received: a truncated one")


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) to 8."""
    with _quietly():
        turn = image.getexif().get(_ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1


def _upright(levels: np.ndarray, turn: int) -> np.ndarray:
    """Undo an EXIF orientation: 2..4 mirror or turn, 5..8 also swap the axes."""
    if turn >= 5:
        levels = levels.transpose(1, 0, 2)  # (H, W, C) -> (W, H, C)
    rows = slice(None, None, -1 if turn in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if turn in (2, 3, 6, 7) else 1)
    return levels[rows, columns]


def _decode(
    image: Image.Image, path: Path, turn: int
) -> tuple[np.ndarray, bytes | None]:
    """Decode to whole numbers (H, W, 1..4); return the profile they are in, too."""
    image.load()
    icc = image.info.get("icc_profile") or None
    if image.mode == "CMYK":
        image, icc = _from_cmyk(image, icc)
    if image.mode.startswith("I;16") or _bits(image, path) == 16:
        return _decode_16_bit(image, path, turn), icc
    return _decode_8_bit(image), icc


def _bits(image: Image.Image, path: Path) -> int:
    """Return the bits a channel that the file declares."""
    if image.format == "PNG":
        with path.open("rb") as file:
            return file.read(25)[24]  # the byte after width and height
    return image.tag_v2.get(258, (1,))[0] if image.format == "TIFF" else 8


def _from_cmyk(
    image: Image.Image, icc: bytes | None
) -> tuple[Image.Image, bytes | None]:
    """Convert inks to sRGB through their profile; without one, as ideal inks."""
    if icc is None:
        return image.convert("RGB"), None
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(icc)),
            srgb,
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (OSError, ImageCms.PyCMSError) as problem:
        raise PhotoError(
            "Expected an ICC profile for CMYK. Received: one that cannot be used"
        ) from problem
    return converted, srgb.tobytes()


def _decode_8_bit(image: Image.Image) -> np.ndarray:
    """Decode to (H, W, 1..4) uint8: grey, grey + alpha, RGB or RGBA."""
    palette, webp = image.mode in ("P", "PA"), image.format == "WEBP"
    clear = image.has_transparency_data
    grey = not palette and image.mode in ("1", "L", "LA", "La")
    mode = ("L" if grey else "RGB") + ("A" if clear else "")
    levels = np.asarray(image if image.mode == mode else image.convert(mode))
    levels = levels.reshape(*levels.shape[:2], -1)  # (H, W) -> (H, W, 1)
    # Lossy WebP moves green by one level when it turns grey to colour.
    if (palette or webp) and _is_grey(levels, image.info, slack=int(webp)):
        levels = levels[..., [0, 3] if clear else [0]]  # (H, W, 3..4) -> (H, W, 1..2)
    return levels


def _is_grey(levels: np.ndarray, info: dict, slack: int) -> bool:
    """Tell whether colour channels (H, W, 3..4) agree and no profile says RGB."""
    if (info.get("icc_profile") or b"")[16:20] == b"RGB ":
        return False
    red, green, blue = (levels[..., channel] for channel in range(3))
    differences = cv2.absdiff(red, green), cv2.absdiff(green, blue)
    return max(difference.max() for difference in differences) <= slack


def _decode_16_bit(image: Image.Image, path: Path, turn: int) -> np.ndarray:
    """Decode to (H, W, 1..4) uint16; Pillow has found the file to be whole."""
    if image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.uint16)[..., None]  # (H, W) -> (H, W, 1)
        if image.format == "TIFF" and image.tag_v2.get(262) == 0:  # 0 means white
            levels = 65535 - levels
    elif image.format == "TIFF" and turn == 1 and _is_bare(image.tag_v2):
        image.close()
        levels = _read_strips(path, image.tag_v2)
    else:
        image.close()  # the file is whole; Pillow's 8 bits of it are not wanted
        with path.open("rb") as file:  # anew: Pillow has moved about in the old one
            data = _bare_png(file) if image.format == "PNG" else file.read()
        levels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if levels is None or levels.dtype != np.uint16 or levels.ndim != 3:
            raise PhotoError("Expected 16-bit colour. Received: an unknown coding")
        for start in range(0, len(levels), _BAND):  # BGR -> RGB, in place
            band = levels[start : start + _BAND]
            band[..., [0, 2]] = band[..., [2, 0]]
        if image.format == "PNG" and data[25] == 4:  # grey + alpha, decoded as RGBA
            levels = levels[..., [0, 3]]  # (H, W, 4) -> (H, W, 2)
    key = image.info.get("transparency")
    if key is not None:  # one colour of the picture stands for transparent
        clear = (levels == np.array(key, np.uint16)).all(-1, keepdims=True)
        alpha = np.where(clear, 0, 65535).astype(np.uint16)  # (H, W, 1)
        levels = np.concatenate([levels, alpha], axis=-1)
    return levels


def _is_bare(tags: TiffImagePlugin.ImageFileDirectory_v2) -> bool:
    """Tell whether a TIFF's strips are its pixels as they are.

    So a scanner writes them, often in one strip, which OpenCV would hold three times.
    """
    usual = {259: 1, 266: 1, 317: 1}  # no coding, order of bits, predictor
    size = tags[256] * tags[257] * tags.get(277, 1) * 2
    plain = all(tags.get(tag, value) == value for tag, value in usual.items())
    return plain and sum(tags.get(279, ())) == size


def _read_strips(path: Path, tags: TiffImagePlugin.ImageFileDirectory_v2) -> np.ndarray:
    """Read the strips of 16 bits a channel one behind the other: (H, W, C) uint16."""
    levels = np.empty((tags[257], tags[256], tags.get(277, 1)), np.uint16)
    rest = memoryview(levels).cast("B")
    with path.open("rb") as file:
        turned = (file.read(2) == b"MM") == (sys.byteorder == "little")
        for start, length in zip(tags[273], tags[279], strict=True):
            file.seek(start)
            if file.readinto(rest[:length]) != length:
                raise PhotoError("Expected a whole TIFF. Received: a truncated one")
            rest = rest[length:]
    return levels.byteswap(inplace=True) if turned else levels


def _bare_png(file: BinaryIO) -> bytes:
    """Return a PNG's header and pixels alone: nothing there to warn about or apply."""
    parts = [file.read(8)]
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        body = file.read(length + 4)
        if kind in (b"IHDR", b"IDAT", b"IEND"):
            parts += [head, body]
    return b"".join(parts)


def _exif(image: Image.Image) -> bytes | None:
    """Return the EXIF block, upright and without its preview, or None."""
    if image.format == "TIFF":
        with _quietly():
            block = _descriptive(image.getexif())
        return block.tobytes()[6:] if len(block) else None
    block = _PIECES.sub(b"", image.info.get("exif", b""))
    try:
        return _reset(block) if block else None
    except (KeyError, struct.error):  # no TIFF structure: nothing a reader could use
        return None


def _reset(exif: bytes) -> bytes:
    """Set the orientation in a block to 1 and unlink its preview, nothing else."""
    order = {b"II": "<", b"MM": ">"}[exif[:2]]
    (start,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, start)
    end = start + 2 + 12 * count
    block = bytearray(exif)
    for entry in range(start + 2, end, 12):
        if struct.unpack_from(order + "H", exif, entry) == (_ORIENTATION,):
            struct.pack_into(order + "HIHH", block, entry + 2, 3, 1, 1, 0)
    if len(block) >= end + 4:
        struct.pack_into(order + "I", block, end, 0)  # no second directory
    return bytes(block)


def _descriptive(exif: Image.Exif) -> Image.Exif:
    """Copy the tags that tell about the photograph, not about its file's layout."""
    kept = Image.Exif()
    for tag in _EXIF_TAGS:
        if tag in exif:
            kept[tag] = exif[tag]
    for folder in _EXIF_FOLDERS:
        tags = dict(exif.get_ifd(folder))
        tags.pop(ExifTags.IFD.Interop, None)  # an offset into the old file
        if tags:
            kept[folder] = tags
    return kept


def _xmp(image: Image.Image) -> bytes | None:
    """Return the XMP packet, upright, or None."""
    packet = image.info.get("xmp")
    packet = packet.encode() if isinstance(packet, str) else packet
    if not isinstance(packet, bytes):  # a TIFF's tag of some odd type
        return None
    if len(packet) > _XMP_MOST:
        raise PhotoError(
            f"Expected at most {_XMP_MOST:,} bytes of XMP. Received: {len(packet):,}"
        )
    return _TURNED.sub(rb"\g<1>1", packet) or None


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """Return dots per inch where the file gives them in a known unit."""
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 0 < x < 1e6 and 0 < y < 1e6 else None


def _is_premultiplied(image: Image.Image) -> bool:
    return image.format == "TIFF" and image.tag_v2.get(338) == (1,)


def _photo(values: np.ndarray, premultiplied: bool, levels: bool, **kept: object):
    """Make a Photo from whole numbers (H, W, 1..4) and what else must survive."""
    kind, bits = values.dtype, values.dtype.itemsize * 8
    colours = 1 if values.shape[2] < 3 else 3
    convert = np.ascontiguousarray if levels and not premultiplied else from_levels
    pixels, alpha = convert(values[..., :colours]), None  # (H, W, 1 or 3)
    if values.shape[2] > colours:
        alpha = convert(values[..., colours])  # (H, W)
    if premultiplied:
        shown = alpha[..., None] > 0
        np.divide(pixels, alpha[..., None], out=pixels, where=shown)
        np.clip(pixels, 0, 1, out=pixels)
        if levels:
            pixels, alpha = to_levels(pixels, kind), to_levels(alpha, kind)
    return Photo(pixels, alpha, bits, **kept)


# Writing


def _writer(photo: Photo, path: Path, quality: int, room: int = 0):
    """Return the function that writes this photograph in the format of the suffix."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise PhotoError(
            f"Expected a name ending in {', '.join(SUFFIXES)}. "
            f"Received: {suffix or 'no suffix'}"
        )
    if not 1 <= quality <= 100:
        raise PhotoError(f"Expected a quality from 1 to 100. Received: {quality}")
    if photo.bit_depth == 16 and suffix in (".jpg", ".jpeg", ".webp"):
        raise PhotoError(
            f"Expected .png or .tif for 16 bits a channel. Received: {suffix}"
        )
    if photo.alpha is not None and suffix in (".jpg", ".jpeg"):
        raise PhotoError(
            f"Expected .png, .tif or .webp for transparency. Received: {suffix}"
        )
    most = _XMP_IN_JPEG - room
    if suffix in (".jpg", ".jpeg") and len(photo.xmp or b"") > most:
        raise PhotoError(
            f"Expected .png, .tif or .webp for more than {most:,} bytes of XMP. "
            f"Received: {suffix} and {len(photo.xmp):,} bytes"
        )
    if suffix in (".tif", ".tiff"):
        if photo.bit_depth == 16 and photo.grey and photo.alpha is not None:
            raise PhotoError(
                f"Expected .png for 16-bit grey with transparency. Received: {suffix}"
            )
        return _write_tiff
    if suffix == ".png":
        return _write_png
    return _write_webp if suffix == ".webp" else _write_jpeg


def _check_name(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise PhotoError("Expected the name of a file. Received: a folder")
    if os.path.lexists(path) and not overwrite:
        raise PhotoError("Expected a new name. Received: a file that exists")


def _publish(temporary: Path, path: Path, overwrite: bool) -> None:
    """Give a finished file its name in one step."""
    if overwrite:
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
        return
    try:
        os.link(temporary, path)  # fails where the name is taken; a rename would not
    except FileExistsError:
        raise PhotoError("Expected a new name. Received: a file that exists") from None
    except OSError:  # a disk without hard links
        _check_name(path, overwrite=False)
        temporary.replace(path)


def _bands(photo: Photo) -> Iterator[np.ndarray]:
    """Yield whole numbers (rows, W, 1..4), alpha last, from top to bottom."""
    for start in range(0, len(photo.pixels), _BAND):
        band = photo.pixels[start : start + _BAND]  # (rows, W, 1 or 3)
        if photo.alpha is not None:
            alpha = photo.alpha[start : start + _BAND, :, None]  # (rows, W, 1)
            band = np.concatenate([band, alpha], axis=-1)
        if band.dtype == np.float32:
            low, high = float(band.min()), float(band.max())
            if not (low >= -1e-3 and high <= 1 + 1e-3):  # false for NaN, too
                raise PhotoError(
                    f"Expected pixels in [0, 1]. Received: {low:.3g} to {high:.3g}"
                )
        yield to_levels(band, f"uint{photo.bit_depth}")


def _write_jpeg(file: BinaryIO, photo: Photo, quality: int) -> None:
    options = _pillow_options(photo)
    _to_pillow(photo).save(file, "JPEG", quality=quality, subsampling=0, **options)


def _write_webp(file: BinaryIO, photo: Photo, quality: int) -> None:
    options = _pillow_options(photo)
    image = _to_pillow(photo).convert("RGB" if photo.alpha is None else "RGBA")
    lossless = quality == 100  # `exact`: keep the colours under transparent pixels
    image.save(file, "WEBP", quality=quality, lossless=lossless, exact=True, **options)


def _to_pillow(photo: Photo) -> Image.Image:
    bands = _bands(photo)  # (rows, W, 1..4) each
    whole = photo.pixels.dtype == np.uint8 and photo.alpha is None
    levels = photo.pixels if whole else np.concatenate(list(bands))  # (H, W, 1..4)
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def _pillow_options(photo: Photo) -> dict:
    exif = None if photo.exif is None else b"Exif\0\0" + photo.exif
    kept = {"icc_profile": photo.icc, "exif": exif, "dpi": photo.dpi, "xmp": photo.xmp}
    return {name: value for name, value in kept.items() if value is not None}


def _write_png(file: BinaryIO, photo: Photo, quality: int) -> None:
    """Write a PNG of 8 or 16 bits (ISO/IEC 15948), band by band."""
    height, width, _ = photo.pixels.shape
    kind = (0 if photo.grey else 2) + (0 if photo.alpha is None else 4)
    header = struct.pack(">IIBBBBB", width, height, photo.bit_depth, kind, 0, 0, 0)
    file.write(b"\x89PNG\r\n\x1a\n")
    _write_chunk(file, b"IHDR", header)
    if photo.icc is not None:
        _write_chunk(file, b"iCCP", b"ICC\0\0" + zlib.compress(photo.icc))
    if photo.dpi is not None:
        dots = [round(value / 0.0254) for value in photo.dpi]  # per metre
        _write_chunk(file, b"pHYs", struct.pack(">IIB", *dots, 1))
    if photo.exif is not None:
        _write_chunk(file, b"eXIf", photo.exif)
    if photo.xmp is not None:  # international text, not compressed, of no language
        _write_chunk(file, b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + photo.xmp)
    squeeze = zlib.compressobj(_EFFORT)
    for rows in _png_rows(photo):
        _write_chunk(file, b"IDAT", squeeze.compress(rows.tobytes()))
    _write_chunk(file, b"IDAT", squeeze.flush())
    _write_chunk(file, b"IEND", b"")


def _png_rows(photo: Photo) -> Iterator[np.ndarray]:
    """Yield bands of PNG rows (rows, 1 + bytes): a filter byte, then differences."""
    above = np.uint8(0)
    for band in _bands(photo):
        data = band.astype(band.dtype.newbyteorder(">")).view(np.uint8)
        data = data.reshape(len(band), -1)  # (rows, W, C) -> (rows, bytes)
        rows = np.empty((len(data), 1 + data.shape[1]), np.uint8)
        rows[:, 0] = _FILTER_UP
        rows[0, 1:] = data[0] - above
        rows[1:, 1:] = data[1:] - data[:-1]
        above = data[-1]
        yield rows


def _write_chunk(file: BinaryIO, kind: bytes, data: bytes) -> None:
    check = zlib.crc32(data, zlib.crc32(kind))
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check))


def _write_tiff(file: BinaryIO, photo: Photo, quality: int) -> None:
    """Write a TIFF 6.0 of 8 or 16 bits, deflated strips with a predictor."""
    tags = _tiff_tags(photo)
    lengths = [0] * -(-len(photo.pixels) // _BAND)  # not known yet: 4 bytes each
    _write_directory(file, tags, lengths)
    for index, band in enumerate(_bands(photo)):
        band = np.array(band, order="C")  # a copy: it may be the photograph itself
        band[:, 1:] -= band[:, :-1].copy()  # modulo 2 ** bits, as the predictor undoes
        strip = zlib.compress(band.astype(band.dtype.newbyteorder("<")), _EFFORT)
        lengths[index] = len(strip)
        file.write(strip)
    file.seek(0)
    _write_directory(file, tags, lengths)


def _write_directory(
    file: BinaryIO, tags: TiffImagePlugin.ImageFileDirectory_v2, lengths: list[int]
) -> None:
    """Write a TIFF's header and directory; the strips are to follow at once."""
    tags[273] = tuple(int(start) for start in np.cumsum([0, *lengths[:-1]]))
    tags[279] = tuple(lengths)
    tags.save(file)  # moves the starts of the strips to behind itself


def _tiff_tags(photo: Photo) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Describe the layout, and carry EXIF, profile and resolution."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    if photo.exif is not None:
        exif = Image.Exif()
        exif.load(photo.exif)
        kept = _descriptive(exif)
        for tag in kept:
            tags[tag] = kept[tag]
    channels = (1 if photo.grey else 3) + (photo.alpha is not None)
    tags[257], tags[256] = photo.pixels.shape[:2]
    tags[258] = (photo.bit_depth,) * channels
    tags[259] = 8  # deflate
    tags[262] = 1 if photo.grey else 2
    tags[277] = channels
    tags[278] = _BAND  # rows a strip
    tags[317] = 2  # each sample minus the one before it
    if photo.alpha is not None:
        tags[338] = 2  # transparency that has not been multiplied in
    if photo.icc is not None:
        tags[34675] = photo.icc
    if photo.xmp is not None:
        tags[700] = photo.xmp
    if photo.dpi is not None:
        tags[282], tags[283], tags[296] = *photo.dpi, 2
    return tags
