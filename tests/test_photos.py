"""Photographs in and out: nothing lost, nothing silent, nothing half written."""

import io
import itertools
import os
import struct
import sys
import warnings
import zlib
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, ImageCms, ImageOps
from PIL.TiffImagePlugin import IFDRational

from gantools import photos
from gantools.photos import Photo, PhotoError, from_network, load, save, to_network

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PACKET = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="1"
 tiff:Artist="\xc3\x96tv\xc3\xb6s"/></rdf:RDF></x:xmpmeta>"""
NAMES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def levels(rng, channels, bits=8, size=(37, 53)):
    """Return random whole numbers (H, W, channels) that use the whole range."""
    kind = np.uint8 if bits == 8 else np.uint16
    values = rng.integers(0, 2**bits, (*size, channels)).astype(kind)
    values[0, 0], values[0, 1] = 0, 2**bits - 1
    return values


def photo(rng, channels=3, bits=8, **kept):
    """Return a random Photo; channels 2 and 4 have alpha."""
    values = np.float32(levels(rng, channels, bits)) / np.float32(2**bits - 1)
    if channels in (1, 3):
        return Photo(values, bit_depth=bits, **kept)
    return Photo(values[..., :-1], values[..., -1], bits, **kept)


def as_levels(photo):
    """Return whole numbers (H, W, 1..4), alpha last, computed in float64."""
    parts = [photo.pixels]
    if photo.alpha is not None:
        parts.append(photo.alpha[..., None])
    values = np.concatenate(parts, axis=-1).astype(np.float64)
    return np.rint(values * (2**photo.bit_depth - 1)).astype(int)


def exif_block(orientation=None):
    """Return an EXIF block with a camera, an exposure, a place and a comment."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Ernemann"
    exif[ExifTags.Base.DateTime] = "1934:05:06 07:08:09"
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ExposureTime: IFDRational(1, 4)}
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    return exif.tobytes()[6:]


def facts(block):
    """Return what an EXIF block says, without orientation."""
    exif = Image.Exif()
    exif.load(block)
    return {
        "make": exif.get(ExifTags.Base.Make),
        "date": exif.get(ExifTags.Base.DateTime),
        "time": float(exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ExposureTime]),
        "place": exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef],
    }


def png_chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def png_bytes(values, kind, bits, extra=b"", size=None):
    """Return a PNG of one filter-less block, as the standard describes it."""
    height, width = size or values.shape[:2]
    rows = [b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in values]
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + extra
    chunks += png_chunk(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + chunks + png_chunk(b"IEND", b"")


# What comes in


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_8_bit_files_of_pillow_are_read_exactly(tmp_path, rng, suffix, channels):
    values = levels(rng, channels)
    path = tmp_path / f"in{suffix}"
    Image.fromarray(values.squeeze(), NAMES[channels]).save(path)
    read = load(path)
    assert read.bit_depth == 8 and read.grey == (channels < 3)
    assert np.array_equal(as_levels(read), values)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_is_read_exactly(tmp_path, rng, channels):
    values = levels(rng, channels, 16)
    path = tmp_path / "in.png"
    path.write_bytes(png_bytes(values, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 16))
    read = load(path)
    assert read.bit_depth == 16 and read.grey == (channels < 3)
    assert np.array_equal(as_levels(read), values)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib", "predictor": True},
        {"bigtiff": True},
        {"tile": (16, 16)},
        {"rowsperstrip": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_tiff_of_tifffile_is_read_exactly(tmp_path, rng, channels, options):
    values = levels(rng, channels, 16)
    path = tmp_path / "in.tif"
    extra = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    kind = "minisblack" if channels == 1 else "rgb"
    tifffile.imwrite(path, values.squeeze(), photometric=kind, **options, **extra)
    read = load(path)
    assert read.bit_depth == 16
    assert np.array_equal(as_levels(read), values)


def test_16_bit_lzw_tiff_is_read_exactly(tmp_path, rng):
    values = levels(rng, 3, 16)
    path = tmp_path / "in.tif"
    lzw = [cv2.IMWRITE_TIFF_COMPRESSION, 5]
    cv2.imwrite(str(path), np.ascontiguousarray(values[..., ::-1]), lzw)
    assert np.array_equal(as_levels(load(path)), values)


@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_where_zero_is_white_is_not_read_as_negative(tmp_path, rng, bits):
    values = levels(rng, 1, bits)
    path = tmp_path / "in.tif"
    tifffile.imwrite(path, values[..., 0], photometric="miniswhite")
    assert np.array_equal(as_levels(load(path)), 2**bits - 1 - values.astype(int))


@pytest.mark.parametrize("bits", [8, 16])
def test_premultiplied_alpha_is_divided_out(tmp_path, rng, bits):
    top = 2**bits - 1
    colours, alpha = rng.random((20, 30, 3)), rng.random((20, 30, 1)) * 0.8 + 0.2
    alpha[0] = 0
    values = np.rint(np.concatenate([colours * alpha, alpha], -1) * top)
    path = tmp_path / "in.tif"
    kind = np.uint8 if bits == 8 else np.uint16
    tifffile.imwrite(
        path, values.astype(kind), photometric="rgb", extrasamples=["assocalpha"]
    )
    read = load(path)
    assert np.allclose(read.pixels[1:], colours[1:], atol=6 / top)
    assert np.isfinite(read.pixels).all()


def test_1_bit_is_read_as_grey(tmp_path, rng):
    bits = rng.random((20, 30)) < 0.5
    for suffix in (".png", ".tif"):
        path = tmp_path / f"in{suffix}"
        Image.fromarray(bits).save(path)
        read = load(path)
        assert read.grey and read.bit_depth == 8
        assert np.array_equal(read.pixels[..., 0], bits.astype(np.float32))


@pytest.mark.parametrize("clear", [None, 3, bytes([0, 128, 255, 9])])
@pytest.mark.parametrize("grey", [False, True])
def test_palette_is_read_as_its_colours(tmp_path, rng, clear, grey):
    palette = levels(rng, 3, size=(1, 4))[0]  # (4, 3)
    palette = palette[:, :1].repeat(3, 1) if grey else palette
    index = rng.integers(0, 4, (20, 30)).astype(np.uint8)
    image = Image.fromarray(index, "P")
    image.putpalette(palette.tobytes())
    options = {} if clear is None else {"transparency": clear}
    image.save(tmp_path / "in.png", **options)
    read = load(tmp_path / "in.png")
    expected = palette[index][..., :1] if grey else palette[index]
    assert read.grey == grey
    assert np.array_equal(as_levels(read)[..., : expected.shape[2]], expected)
    if clear is None:
        assert read.alpha is None
    else:
        opacity = np.full(4, 255)
        opacity[3 if clear == 3 else slice(None)] = 0 if clear == 3 else list(clear)
        assert np.array_equal(np.rint(read.alpha * 255), opacity[index])


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_colour_of_a_png_becomes_alpha(tmp_path, rng, bits, channels):
    values = levels(rng, channels, bits)
    key = struct.pack(f">{channels}H", *values[4, 5].tolist())
    data = png_bytes(values, channels - 1, bits, png_chunk(b"tRNS", key))
    (tmp_path / "in.png").write_bytes(data)
    read = load(tmp_path / "in.png")
    clear = (values == values[4, 5]).all(-1)
    assert np.array_equal(as_levels(read)[..., :channels], values)
    assert np.array_equal(read.alpha, np.where(clear, 0, 1))


# CMYK


def ink_profile():
    """Return an ICC profile for four inks whose first is pure Lab red.

    A lookup table of two steps an ink: no ink is white, black ink is Lab (20, 0, 0),
    as dark as this press prints, the first ink alone is Lab (53, 80, 67), and the other
    two do nothing.
    """
    grid = []
    for first, _, _, black in itertools.product((0, 1), repeat=4):
        lab = (20, 0, 0) if black else (53, 80, 67) if first else (100, 0, 0)
        grid += [round(lab[0] * 2.55), lab[1] + 128, lab[2] + 128]
    ramp = bytes(range(256))
    unit = b"".join(struct.pack(">i", 65536 * (i % 4 == 0)) for i in range(9))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + unit
    table += ramp * 4 + bytes(grid) + ramp * 3
    size = 128 + 28 + len(table)
    head = struct.pack(
        ">I4sI4s4s4s", size, b"lcms", 0x02400000, b"scnr", b"CMYK", b"Lab "
    )
    head += bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D) + bytes(48)
    place = struct.pack(">II", 156, len(table))  # one table for two intents
    return head + struct.pack(">I", 2) + b"A2B0" + place + b"A2B1" + place + table


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk_is_converted_by_its_profile_which_srgb_replaces(tmp_path, suffix):
    inks = np.zeros((16, 48, 4), np.uint8)
    inks[:, 16:32, 0], inks[:, 32:, 3] = 255, 255
    path = tmp_path / f"in{suffix}"
    Image.fromarray(inks, "CMYK").save(path, icc_profile=ink_profile())
    read = load(path)
    white, red, black = (read.pixels[8, column] for column in (8, 24, 40))
    assert white == pytest.approx([1, 1, 1], abs=0.02)
    assert red == pytest.approx([1, 0, 0], abs=0.05)  # Lab (53, 80, 67) in sRGB
    assert black == pytest.approx([0, 0, 0], abs=0.02)  # the darkest stays black
    profile = ImageCms.ImageCmsProfile(io.BytesIO(read.icc)).profile
    assert profile.xcolor_space.strip() == "RGB"


def test_adobe_cmyk_jpeg_is_not_read_inverted(tmp_path):
    path = tmp_path / "in.jpg"
    Image.new("CMYK", (16, 16), (0, 0, 0, 0)).save(path)
    assert b"Adobe" in path.read_bytes()  # so its inks are stored inverted
    read = load(path)
    assert read.icc is None and read.pixels.min() > 0.98


def test_cmyk_with_a_broken_profile_is_refused(tmp_path):
    path = tmp_path / "in.tif"
    Image.new("CMYK", (16, 16)).save(path, icc_profile=b"no profile" * 20)
    with pytest.raises(PhotoError, match="Expected an ICC profile for CMYK"):
        load(path)


# What must survive


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_orientation_is_applied_once(tmp_path, rng, suffix, bits, turn):
    values = levels(rng, 3, bits)
    path, again = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turn
    if suffix == ".png":
        block = png_chunk(b"eXIf", exif.tobytes()[6:])
        path.write_bytes(png_bytes(values, 2, bits, block))
    else:
        tag = (274, 3, 1, turn, True)
        tifffile.imwrite(path, values, photometric="rgb", extratags=[tag])
    oracle = Image.fromarray((values >> (bits - 8)).astype(np.uint8))
    oracle.getexif()[ExifTags.Base.Orientation] = turn
    expected = np.asarray(ImageOps.exif_transpose(oracle))
    read = load(path)
    assert np.array_equal(as_levels(read) >> (bits - 8), expected)
    save(read, again)
    assert np.array_equal(load(again).pixels, read.pixels)


def test_orientation_in_the_kept_block_is_1_and_the_rest_is_untouched(tmp_path):
    path, block = tmp_path / "in.jpg", exif_block(orientation=6)
    Image.new("RGB", (20, 10)).save(path, exif=b"Exif\0\0" + block)
    read = load(path)
    assert read.pixels.shape == (20, 10, 3)
    exif = Image.Exif()
    exif.load(read.exif)
    assert exif[ExifTags.Base.Orientation] == 1
    assert facts(read.exif) == facts(block)
    assert sum(a != b for a, b in zip(read.exif, block, strict=True)) == 1


def test_resolution_turns_with_the_picture(tmp_path):
    path = tmp_path / "in.jpg"
    Image.new("L", (20, 10)).save(
        path, exif=b"Exif\0\0" + exif_block(orientation=8), dpi=(300, 150)
    )
    assert load(path).dpi == (150, 300)


def test_preview_of_the_old_picture_is_not_carried_over(tmp_path):
    block = bytearray(exif_block(orientation=1))
    entries = struct.unpack_from("<H" if block[:2] == b"II" else ">H", block, 8)[0]
    order = "<" if block[:2] == b"II" else ">"
    struct.pack_into(order + "I", block, 10 + 12 * entries, len(block))
    preview = struct.pack(order + "HHHIII", 1, 259, 3, 1, 6, 0)
    path = tmp_path / "in.jpg"
    Image.new("RGB", (20, 10)).save(path, exif=b"Exif\0\0" + bytes(block) + preview)
    exif = Image.Exif()
    exif.load(load(path).exif)
    assert exif.get_ifd(ExifTags.IFD.IFD1) == {}
    with Image.open(path) as source:  # the file did have one
        assert source.getexif().get_ifd(ExifTags.IFD.IFD1) != {}


LOSSLESS = [".png", ".tif", ".webp"]


@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_everything_survives_save_and_load(tmp_path, rng, suffix, bits, channels):
    kept = {"icc": SRGB, "exif": exif_block(), "dpi": (300.0, 150.0), "xmp": PACKET}
    first = photo(rng, channels, bits, **kept)
    path = tmp_path / f"out{suffix}"
    too_deep = bits == 16 and suffix in (".jpg", ".webp")
    no_alpha = channels in (2, 4) and suffix == ".jpg"
    if too_deep or no_alpha or (bits, channels, suffix) == (16, 2, ".tif"):
        with pytest.raises(PhotoError, match=r"Expected \.png"):
            save(first, path)
        assert not list(tmp_path.iterdir())
        return
    second = load(save(first, path, quality=100))
    assert (second.bit_depth, second.icc, second.xmp) == (bits, SRGB, PACKET)
    assert photos.read_xmp(path) == PACKET
    assert facts(second.exif) == facts(first.exif)
    if suffix != ".webp":  # has no field for it
        assert second.dpi == pytest.approx((300, 150), rel=1e-4)
        assert second.grey == first.grey
    if suffix in LOSSLESS:
        assert np.array_equal(*np.broadcast_arrays(second.pixels, first.pixels))
        assert (second.alpha is None) == (first.alpha is None)
        assert first.alpha is None or np.array_equal(second.alpha, first.alpha)


@pytest.mark.parametrize("suffix", [*LOSSLESS, ".jpg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_xmp_does_not_touch_the_pixels(tmp_path, rng, suffix, bits, channels):
    plain = photo(rng, channels, bits)
    try:
        paths = [
            save(replace(plain, xmp=xmp), tmp_path / f"{bool(xmp)}{suffix}")
            for xmp in (None, PACKET)
        ]
    except PhotoError:
        pytest.skip("a photograph that this format cannot hold")
    without, with_it = map(load, paths)
    assert np.array_equal(as_levels(without), as_levels(with_it))
    assert without.xmp is None and photos.read_xmp(paths[0]) is None
    assert paths[1].stat().st_size - paths[0].stat().st_size < len(PACKET) + 100


@pytest.mark.parametrize("compressed", [0, 1])
def test_xmp_behind_the_pixels_of_a_png_is_found(tmp_path, rng, compressed):
    body = zlib.compress(PACKET) if compressed else PACKET
    chunk = png_chunk(
        b"iTXt", b"XML:com.adobe.xmp\0" + bytes([compressed, 0]) + b"\0\0" + body
    )
    whole = png_bytes(levels(rng, 3), 2, 8)
    path = tmp_path / "a.png"
    path.write_bytes(whole[:-12] + chunk + whole[-12:])
    assert load(path).xmp == photos.read_xmp(path) == PACKET


@pytest.mark.parametrize("written", ['"6"', "'6'", ">6<", "\n= '6'"])
def test_orientation_in_xmp_is_1_as_the_pixels_are_upright(tmp_path, rng, written):
    quoted = written.startswith(("'", '"'))
    turned = PACKET.replace(b'="1"', (f"={written}" if quoted else written).encode())
    assert turned != PACKET
    path = tmp_path / "a.jpg"
    Image.fromarray(levels(rng, 3)).save(path, xmp=turned, exif=exif_block(6))
    assert load(path).xmp == turned.replace(b"6", b"1")


def test_xmp_that_a_jpeg_cannot_hold_is_refused_before_the_work(tmp_path, rng):
    path, room = tmp_path / "a.jpg", photos._XMP_ROOM
    for size in (65_502, 65_503 - room):
        large = photo(rng, xmp=PACKET.ljust(size))
        with pytest.raises(PhotoError, match=rf"bytes of XMP\. Received: .*{size:,} b"):
            photos.check(large, path)
        assert load(save(large, path, overwrite=True)).xmp == large.xmp
    with pytest.raises(PhotoError, match="more than 65,502 bytes of XMP"):
        save(photo(rng, xmp=PACKET.ljust(65_503)), path, overwrite=True)
    photos.check(large, tmp_path / "a.tif")


def test_xmp_beyond_all_measure_is_refused(tmp_path, rng, monkeypatch):
    path = save(photo(rng, xmp=PACKET), tmp_path / "a.tif")
    monkeypatch.setattr(photos, "_XMP_MOST", len(PACKET) - 1)
    for read in (load, photos.read_xmp):
        with pytest.raises(PhotoError, match=r"Expected at most \d+ bytes of XMP"):
            read(path)


def test_xmp_is_read_of_photographs_alone(tmp_path):
    (tmp_path / "a.png").write_text("Dear diary")
    for name in ("a.png", "none.png"):
        with pytest.raises(PhotoError, match=rf"{name}: Expected a"):
            photos.read_xmp(tmp_path / name)


@pytest.mark.parametrize("quality", [80, 100])
def test_webp_of_a_grey_photo_comes_back_grey(tmp_path, rng, quality):
    path = tmp_path / "out.webp"
    assert load(save(photo(rng, 1), path, quality=quality)).grey


@pytest.mark.parametrize("bits", [8, 16])
def test_every_level_survives(tmp_path, bits):
    values = np.arange(2**bits).reshape(2 ** (bits // 2), -1, 1)
    first = Photo(np.float32(values) / np.float32(2**bits - 1), bit_depth=bits)
    for suffix in (".png", ".tif"):
        second = load(save(first, tmp_path / f"out{suffix}"))
        assert np.array_equal(as_levels(second), values)


@pytest.mark.parametrize(
    "bits, channels",
    [(8, 1), (8, 2), (8, 3), (8, 4), (16, 1), (16, 3), (16, 4)],  # (16, 2): PNG only
)
@pytest.mark.parametrize("rows", [1, 64, 65, 600])
def test_other_programs_read_the_same(tmp_path, rng, bits, channels, rows):
    values = levels(rng, channels, bits, (rows, 5))
    parts = np.float32(values) / np.float32(2**bits - 1)
    alpha = parts[..., -1] if channels in (2, 4) else None
    pixels = parts[..., :1] if channels < 3 else parts[..., :3]
    first = Photo(pixels, alpha, bits, icc=SRGB, exif=exif_block(), dpi=(300, 300))
    tiff, png = (save(first, tmp_path / f"out{suffix}") for suffix in (".tif", ".png"))
    with tifffile.TiffFile(tiff) as file:
        page = file.pages[0]
        assert np.array_equal(page.asarray().reshape(values.shape), values)
        assert page.tags["InterColorProfile"].value == SRGB
        assert page.tags["Make"].value == "Ernemann"
        assert page.tags["ExifTag"].value["ExposureTime"] == (1, 4)
    with Image.open(png) as image:
        image.load()
        high = np.asarray(image).reshape(values.shape)
        shift = 0 if high.dtype != np.uint8 else bits - 8
        assert np.array_equal(high, values >> shift)
        assert image.info["icc_profile"] == SRGB
        assert image.getexif()[ExifTags.Base.Make] == "Ernemann"


def test_16_bit_grey_with_alpha_png_is_read_by_opencv(tmp_path, rng):
    first = photo(rng, 2, 16)
    path = save(first, tmp_path / "out.png")
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., [0, 3]]
    assert np.array_equal(read, as_levels(first))


def test_jpeg_keeps_grey_and_loses_little(tmp_path):
    ramp = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64, 1)
    read = load(save(Photo(ramp), tmp_path / "out.jpg"))
    assert read.grey and np.abs(read.pixels - ramp).max() < 0.02


def test_broken_exif_block_does_not_stop_a_photo(tmp_path):
    path = tmp_path / "in.jpg"
    Image.new("RGB", (20, 10)).save(path, exif=b"Exif\0\0no TIFF structure")
    assert load(path).exif is None


# What is refused


def bad_files(folder, rng):
    """Write one file of each bad kind; return {kind: (path, part of the message)}."""
    good = io.BytesIO()
    Image.fromarray(levels(rng, 3, size=(64, 64))).save(good, "JPEG")
    half = good.getvalue()[: len(good.getvalue()) // 2]
    frames = [Image.new("L", (8, 8), shade) for shade in (0, 90, 180)]
    small = levels(rng, 3, size=(8, 8))
    kinds = {}

    def write(kind, name, data, message):
        path = folder / name
        if callable(data):
            data(path)
        else:
            path.write_bytes(data)
        kinds[kind] = path, message

    def tiff(values, **options):
        return lambda path: tifffile.imwrite(path, values, **options)

    def pages(path):
        frames[0].save(path, save_all=True, append_images=frames[1:])

    write("empty", "empty.jpg", b"", "empty file")
    write("text", "text.jpg", b"no photograph " * 9, "something else")
    write("truncated", "cut.jpg", half, "that is whole")
    write("header only", "head.jpg", half[:30], "")
    write("gif", "a.gif", lambda p: frames[0].save(p), "something else")
    write("renamed", "b.jpg", lambda p: frames[0].save(p, "BMP"), "something else")
    write("pages", "pages.tif", pages, "Received: 3")
    write("animation", "moving.webp", pages, "Received: 3")
    write("moving png", "moving.png", pages, "Received: 3")
    bomb = png_bytes(small, 2, 8, size=(60000, 60000))
    write("bomb", "bomb.png", bomb, "Expected at most 150,000,000 pixels")
    large = png_bytes(small, 2, 8, size=(12500, 12500))
    write("large", "large.png", large, "12500 x 12500")
    deep = png_bytes(levels(rng, 3, 16, (64, 64)), 2, 16)
    write("cut deep png", "deep.png", deep[: len(deep) // 2], "that is whole")
    flip = bytearray(deep)
    flip[len(flip) // 2] ^= 255
    write("corrupt png", "flip.png", bytes(flip), "that is whole")
    whole = io.BytesIO()
    tifffile.imwrite(
        whole, levels(rng, 3, 16, (64, 64)), photometric="rgb", tile=(16, 16)
    )
    write("cut tiff", "cut.tif", whole.getvalue()[:-40], "Expected a whole TIFF")
    floats = rng.random((8, 8)).astype(np.float32)
    write("float tiff", "float.tif", tiff(floats), "floating-point")
    write("signed tiff", "signed.tif", tiff(small[..., 0].astype(np.int16)), "unsigned")
    write(
        "deeper", "u32.tif", tiff(small[..., 0].astype(np.uint32)), "1, 2, 4, 8 or 16"
    )
    extra = {"photometric": "rgb", "extrasamples": ["unspecified"]}
    infrared = levels(rng, 4, 16, (8, 8))
    write("infrared", "infrared.tif", tiff(infrared, **extra), "further channel")
    planes = {"photometric": "rgb", "planarconfig": "separate"}
    separate = levels(rng, 8, 16, (3, 8))
    write("planes", "planes.tif", tiff(separate, **planes), "separate planes")
    inks = levels(rng, 4, 16, (8, 8))
    write("deep inks", "inks.tif", tiff(inks, photometric="separated"), "other colours")
    grey = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
    write("deep grey alpha", "la.tif", tiff(infrared[..., :2], **grey), "")
    (folder / "folder.jpg").mkdir()
    kinds["folder"] = folder / "folder.jpg", "a folder"
    kinds["missing"] = folder / "missing.jpg", "no file of that name"
    kinds["null"] = folder / "a\0b.jpg", ""
    return kinds


def test_bad_files_give_one_clear_line(tmp_path, rng, capfd):
    kinds = bad_files(tmp_path, rng)
    assert len(kinds) >= 23
    for kind, (path, message) in kinds.items():
        with warnings.catch_warnings(), pytest.raises(PhotoError) as caught:
            warnings.simplefilter("error")
            load(path)
        line = str(caught.value)
        assert "\n" not in line and len(line) < 400, kind
        assert message in line and path.suffix in line, (kind, line)
        assert "Expected" in line and "Received" in line, (kind, line)
    assert capfd.readouterr().err == ""  # the C libraries are silent, too


@pytest.mark.skipif(sys.platform == "win32", reason="has no POSIX permissions")
@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads all"
)
def test_unreadable_file_is_refused(tmp_path, rng):
    path = save(photo(rng), tmp_path / "a.png")
    path.chmod(0)
    with pytest.raises(PhotoError, match="access denied"):
        load(path)


def test_denied_access_is_told_in_one_line(tmp_path, rng, monkeypatch):
    path = save(photo(rng), tmp_path / "a.png")

    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(photos.Path, "open", refuse)
    with pytest.raises(PhotoError, match=r"a\.png: Expected permission"):
        load(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="not a regular file"):
        load(tmp_path / "pipe.jpg")


def test_limit_lies_above_100_megapixels(tmp_path):
    path = tmp_path / "scan.png"
    Image.new("1", (10000, 10000), 1).save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow warns from 89 megapixels on
        read = load(path)
    assert read.pixels.shape == (10000, 10000, 1)
    assert read.pixels[::999].all()


def test_limit_is_the_module_s_constant(tmp_path, rng, monkeypatch):
    path = save(photo(rng), tmp_path / "a.png")  # 37 x 53 = 1961
    monkeypatch.setattr(photos, "MAX_PIXELS", 1961)
    load(path)
    monkeypatch.setattr(photos, "MAX_PIXELS", 1960)
    with pytest.raises(PhotoError, match=r"at most 1,960 pixels\. Received: 53 x 37"):
        load(path)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("options", [{}, {"rowsperstrip": 5}, {"compression": "zlib"}])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_tiff_is_read_in_whatever_strips(
    tmp_path, rng, byteorder, options, channels
):
    values, path = levels(rng, channels, 16), tmp_path / "in.tif"
    kind = {"photometric": "minisblack" if channels == 1 else "rgb"}
    kind |= {"extrasamples": ["unassalpha"]} if channels == 4 else {}
    tifffile.imwrite(path, values.squeeze(), byteorder=byteorder, **kind, **options)
    assert np.array_equal(as_levels(load(path)), values)


def test_smaller_copies_are_not_pages(tmp_path, rng):
    values, path = levels(rng, 3), tmp_path / "in.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(values, photometric="rgb")
        file.write(values[::2, ::2], photometric="rgb", subfiletype=1)
    assert np.array_equal(as_levels(load(path)), values)


def test_thumbnail_in_front_of_a_raw_file_is_refused(tmp_path, rng):
    path = tmp_path / "in.dng"
    tifffile.imwrite(path, levels(rng, 3), photometric="rgb", subfiletype=1)
    with pytest.raises(PhotoError, match="Expected one picture"):
        load(path)


def test_first_picture_of_a_camera_s_mpo_is_taken(tmp_path):
    path = tmp_path / "in.jpg"
    main, other = Image.new("RGB", (32, 16), "red"), Image.new("RGB", (16, 8), "blue")
    main.save(path, "MPO", save_all=True, append_images=[other])
    read = load(path)
    assert read.pixels.shape == (16, 32, 3) and read.pixels[..., 0].min() > 0.9


# Saving


@pytest.mark.parametrize("name", ["a", "a.gif", "a.jpg.txt", "a.jp2"])
def test_unknown_suffix_is_refused(tmp_path, rng, name):
    with pytest.raises(PhotoError, match=r"Expected a name ending in \.jpg"):
        save(photo(rng), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_suffix_may_be_upper_case(tmp_path, rng):
    assert load(save(photo(rng), tmp_path / "SCAN.TIF")).bit_depth == 8


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_outside_its_range_is_refused(tmp_path, rng, quality):
    with pytest.raises(PhotoError, match="Expected a quality from 1 to 100"):
        save(photo(rng), tmp_path / "a.jpg", quality=quality)


def test_saving_never_overwrites_unless_told(tmp_path, rng):
    first, second = photo(rng), photo(rng)
    path = save(first, tmp_path / "a.png")
    before = path.read_bytes()
    with pytest.raises(PhotoError, match="Received: a file that exists"):
        save(second, path)
    assert path.read_bytes() == before
    save(second, path, overwrite=True)
    assert np.array_equal(load(path).pixels, second.pixels)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_file_that_appears_while_saving_is_kept(tmp_path, rng, monkeypatch, links):
    path = tmp_path / "a.png"

    def slow(file, *_):
        path.write_bytes(b"another program's")
        file.write(b"ours")

    monkeypatch.setattr(photos, "_write_png", slow)
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(95)))
    with pytest.raises(PhotoError, match="a file that exists"):
        save(photo(rng), path)
    assert path.read_bytes() == b"another program's"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stop", [OSError(28, "No space left"), KeyboardInterrupt()])
@pytest.mark.parametrize("overwrite", [False, True])
def test_save_that_fails_leaves_everything_as_it_was(
    tmp_path, rng, monkeypatch, stop, overwrite
):
    path = tmp_path / "a.png"
    if overwrite:
        save(photo(rng), path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(file, *_):
        file.write(b"half a file")
        raise stop

    monkeypatch.setattr(photos, "_write_png", fail)
    with pytest.raises((PhotoError, KeyboardInterrupt)):
        save(photo(rng), path, overwrite=overwrite)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_file_is_on_the_disk_before_it_has_its_name(tmp_path, rng, monkeypatch):
    order, path = [], tmp_path / "a.png"
    real = os.fsync

    def note(descriptor):
        order.append((os.fstat(descriptor).st_size, path.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    save(photo(rng), path)
    assert order == [(path.stat().st_size, False)]


@pytest.mark.skipif(sys.platform == "win32", reason="has no POSIX permissions")
def test_permissions_are_the_usual_or_those_of_the_file_replaced(tmp_path, rng):
    usual = tmp_path / "usual"
    usual.touch()
    path = save(photo(rng), tmp_path / "a.png")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    save(photo(rng), path, overwrite=True)
    assert path.stat().st_mode & 0o777 == 0o640


def test_missing_folder_and_folder_as_target_are_refused(tmp_path, rng):
    with pytest.raises(PhotoError, match="Expected a folder that exists"):
        save(photo(rng), tmp_path / "none" / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(PhotoError, match="Received: a folder"):
        save(photo(rng), tmp_path / "b.png", overwrite=True)


def test_check_refuses_what_save_would_without_writing(tmp_path, rng):
    taken = save(photo(rng), tmp_path / "taken.png")
    deep, clear = photo(rng, bits=16), photo(rng, 4)
    for bad, name in ((deep, "a.jpg"), (clear, "a.jpg"), (deep, "taken.png")):
        with pytest.raises(PhotoError) as early:
            photos.check(bad, tmp_path / name)
        with pytest.raises(PhotoError) as late:
            save(bad, tmp_path / name)
        assert str(early.value) == str(late.value)
    with pytest.raises(PhotoError, match="Received: one below a file"):
        photos.check(deep, taken / "a.png")
    photos.check(deep, tmp_path / "new" / "folder" / "a.png")
    photos.check(deep, taken, overwrite=True)
    assert list(tmp_path.iterdir()) == [taken]


@pytest.mark.parametrize("worst", [np.nan, -0.1, 255.0])
def test_pixels_outside_their_range_are_refused(tmp_path, worst):
    pixels = np.zeros((600, 4, 3), np.float32)
    pixels[-1, -1, -1] = worst
    with pytest.raises(PhotoError, match=r"Expected pixels in \[0, 1\]"):
        save(Photo(pixels), tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((np.zeros((4, 4), np.float32),), "shape"),
        ((np.zeros((4, 4, 2), np.float32),), "shape"),
        ((np.zeros((0, 4, 3), np.float32),), "shape"),
        ((np.zeros((4, 4, 3)),), "float32"),
        ((np.zeros((4, 4, 3), np.float32), np.zeros((4, 5))), "alpha"),
        ((np.zeros((4, 4, 3), np.float32), None, 12), "bit depth"),
        ((np.zeros((4, 4, 3), np.uint16),), "float32 or uint8. Received: uint16"),
        ((np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4))), "alpha of type uint8"),
    ],
)
def test_photo_refuses_what_it_cannot_hold(arguments, message):
    with pytest.raises(PhotoError, match=message):
        Photo(*arguments)


@pytest.mark.parametrize("suffix", photos.SUFFIXES)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_levels_are_read_and_written_as_floats_are(
    tmp_path, rng, suffix, bits, channels
):
    usual = photo(rng, channels, bits)
    path = tmp_path / f"a{suffix}"
    try:
        save(usual, path)
    except PhotoError:
        pytest.skip("a photograph that this format cannot hold")
    read = load(path, levels=True)
    assert read.pixels.dtype == f"uint{bits}"
    wanted = load(path)
    assert np.array_equal(photos.from_levels(read.pixels), wanted.pixels)
    assert (read.alpha is None) == (wanted.alpha is None)
    if read.alpha is not None:
        assert read.alpha.dtype == read.pixels.dtype
        assert np.array_equal(photos.from_levels(read.alpha), wanted.alpha)
    before = read.pixels.copy()
    again, same = save(read, tmp_path / f"b{suffix}"), tmp_path / f"c{suffix}"
    save(wanted, same)
    assert again.read_bytes() == same.read_bytes()
    assert np.array_equal(read.pixels, before)


def test_turned_levels_come_upright(tmp_path, rng):
    path = tmp_path / "a.png"
    Image.fromarray(levels(rng, 3)).save(path, exif=exif_block(orientation=6))
    read = load(path, levels=True)
    assert np.array_equal(photos.from_levels(read.pixels), load(path).pixels)
    assert read.pixels.flags.c_contiguous


# Masks


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "P", "I;16"])
def test_mask_is_read_from_whatever_a_paint_program_writes(tmp_path, mode):
    wanted = np.zeros((20, 30), bool)
    wanted[3:9, 5:25] = True
    if mode == "I;16":
        image = Image.fromarray(np.uint16(65535) * wanted)
    else:
        image = Image.fromarray(np.uint8(255) * wanted).convert(mode)
    image.save(tmp_path / "m.png")
    mask = photos.load_mask(tmp_path / "m.png", (20, 30))
    assert mask.dtype == bool and np.array_equal(mask, wanted)


@pytest.mark.parametrize(
    "image, message",
    [
        (Image.new("L", (31, 20)), "30 x 20 pixels, .*Received: 31 x 20"),
        (Image.new("L", (30, 20), 254), "black and white alone.*Received: one with"),
        (Image.new("RGB", (30, 20), "red"), "black and white alone"),
        (Image.new("RGBA", (30, 20), (0, 0, 0, 9)), "black and white alone"),
    ],
)
def test_what_is_no_mask_is_refused_by_name(tmp_path, image, message):
    image.save(tmp_path / "m.png")
    with pytest.raises(PhotoError, match=rf"m\.png: Expected a mask of .*{message}"):
        photos.load_mask(tmp_path / "m.png", (20, 30))


def test_name_with_a_line_break_is_still_one_line(tmp_path):
    with pytest.raises(PhotoError) as caught:
        load(tmp_path / "a\nb.jpg")
    assert "\n" not in str(caught.value)


def test_names_outside_ascii_are_read_and_written(tmp_path, rng):
    first = photo(rng, 3, 16)
    read = load(save(first, tmp_path / "Großmutter 祖母.tif"))
    assert np.array_equal(read.pixels, first.pixels)


# The border to the networks


def test_border_is_crossed_and_crossed_back(rng):
    for shape in ((5, 7, 1), (2, 5, 7, 3)):
        pixels = rng.random(shape, np.float32)
        inside = to_network(pixels)
        assert inside.dtype == np.float32 and inside.shape == shape
        assert -1 <= inside.min() < -0.5 < 0.5 < inside.max() <= 1
        assert np.allclose(from_network(inside), pixels, atol=1e-7)


def test_16_bit_levels_cross_the_border_and_back_exactly():
    values = np.arange(65536).reshape(256, 256, 1)
    pixels = np.float32(values) / np.float32(65535)
    back = from_network(to_network(pixels))
    assert np.array_equal(np.rint(back * 65535), values)


def test_outputs_beyond_the_range_are_clipped():
    assert from_network(np.array([[[-1.5, 1.5]]])).tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_levels_go_to_floats_and_back_exactly(kind):
    every = np.arange(np.iinfo(kind).max + 1).astype(kind).reshape(16, -1, 1)
    pixels = photos.from_levels(every)
    assert pixels.dtype == np.float32 and (pixels.min(), pixels.max()) == (0, 1)
    assert np.array_equal(photos.to_levels(pixels, kind), every)
    assert np.array_equal(to_network(every), to_network(pixels))
    assert photos.from_levels(pixels) is pixels
    assert photos.to_levels(every, kind) is every
    assert photos.to_levels(np.float32([-0.1, 1.1]), kind).tolist() == [0, every.max()]


@pytest.mark.parametrize("cross", [to_network, from_network])
def test_border_refuses_other_shapes(cross):
    with pytest.raises(ValueError, match=r"Expected shape \(H, W, C\) or"):
        cross(np.zeros((4, 4)))


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_the_share_that_changed_counts_pixels_by_half_a_level(bit_depth):
    level = 1 / (2**bit_depth - 1)
    before = np.full((100, 10, 3), 0.5, np.float32)
    after = before.copy()
    after[:10, :, 1] += 0.6 * level
    after[50:, 5] += 0.4 * level  # too little
    was, now = (Photo(p, bit_depth=bit_depth) for p in (before, after))
    assert photos.share_changed(was, now) == pytest.approx(0.1)
    grey = Photo(before[..., :1], bit_depth=bit_depth)
    assert photos.share_changed(grey, now) == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"one size.*\(100, 10\), \(50, 10\)"):
        photos.share_changed(was, Photo(before[:50]))
