"""Find the picture in a scan: what is border, and what the photographer saw.

A scan of a negative shows the film's black rebate around the picture, with numbers and
the notches of the perforation; one of a print shows the white of the mount, or of the
scanner's lid.  Such a border has one tone, black or white, and ends at a straight line
all along its side.  A sky has one tone, too, but no such end.
"""

import cv2
import numpy as np

from gantools.photos import from_levels

LONGEST = 1000  # pixels of the reduced scan in which the lines are looked for
SMALLEST = 32  # pixels of a side, below which no border is looked for
DEEPEST = 0.25  # of the scan's side: no border is wider
GREYS = (0.2, 0.8)  # brightness, in [0, 1], between which no tone is a border's
SAME = 0.07  # by which the brightness of a border may vary
JUMP = 0.06  # the least step in brightness at its end
FILLED = 0.7  # share of a border that has its tone; the rest is writing and notches
STEEPEST = 0.035  # slope of a line that still counts as the frame's: 2 degrees
SURE = 0.5  # share of a side at which a border ends in one line
LIKELY = 0.2  # the same, where two other sides are sure
ALONE = 0.04  # of the scan's side: no border on one side alone is wider
LAYERS = 3  # such as a white mount, black film and a white frame line


def find_picture(pixels: np.ndarray) -> tuple[slice, slice]:
    """Find the rows and columns of the picture inside the border of a scan.

    Where the frame is a little turned, they are the largest upright rectangle inside
    it.  Borders are peeled off layer by layer.

    Args:
        pixels: (H, W, C) in [0, 1] or levels.

    Returns:
        The rows and the columns of the picture; all of them where there is no border.
        `pixels[find_picture(pixels)]` is the picture.
    """
    height, width = pixels.shape[:2]
    scale = max(1.0, max(height, width) / LONGEST)
    size = [max(1, round(n / scale)) for n in (width, height)]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    grey = from_levels(np.atleast_3d(small)).mean(axis=-1)  # (h, w)
    inside = [0, grey.shape[0], 0, grey.shape[1]]  # top, bottom, left, right
    for _ in range(LAYERS):
        top, bottom, left, right = inside
        depths = _peel(grey[top:bottom, left:right])
        if not any(depths):
            break
        signs = (1, -1, 1, -1)
        inside = [n + s * d for n, s, d in zip(inside, signs, depths, strict=True)]
    return _enlarge(inside[:2], height, scale), _enlarge(inside[2:], width, scale)


def _enlarge(span: list[int], length: int, scale: float) -> slice:
    """Take a span of the reduced scan to the scan; rather a pixel less of it."""
    ends = [int(np.ceil(span[0] * scale)), int(np.floor(span[1] * scale))]
    reduced = round(length / scale)
    return slice(ends[0] if span[0] else 0, ends[1] if span[1] < reduced else length)


def _peel(grey: np.ndarray) -> list[int]:
    """Measure the outermost border (h, w): pixels above, below, left and right.

    Where two sides have a border for sure, less of a line is enough for the others:
    writing, notches and dark parts of the picture hide some of it.  On one side alone
    it is only believed if it is narrow: a wall or a meadow may end in a line, too.
    """
    if min(grey.shape) < SMALLEST:
        return [0, 0, 0, 0]
    sides = [grey, grey[::-1], grey.T, grey.T[::-1]]  # each side in turn on top
    found = [_border(side) for side in sides]
    sure = [tone for _, share, tone in found if share > SURE]
    if not sure:
        return [0, 0, 0, 0]
    if len(sure) == 1:
        return [
            depth if share > SURE and depth <= ALONE * len(side) else 0
            for (depth, share, _), side in zip(found, sides, strict=True)
        ]
    alike = [abs(tone - np.median(sure)) < 2 * SAME for _, _, tone in found]
    least = [LIKELY if same else SURE for same in alike]
    return [
        depth if share > enough else 0
        for (depth, share, _), enough in zip(found, least, strict=True)
    ]


def _border(grey: np.ndarray) -> tuple[int, float, float]:
    """Measure the border on top of (h, w).

    Returns:
        Its depth in rows, the share of the width at which it ends there, and its tone.
    """
    tone = float(np.median(grey[:2]))
    if GREYS[0] < tone < GREYS[1]:
        return 0, 0.0, tone
    part = grey[: int(DEEPEST * grey.shape[0])]  # (d, w)
    same = np.abs(part - tone) < SAME
    jumps = np.abs(part[4:] - part[:-4]) > JUMP  # at rows 2, 3 ..
    ends = same[1:-3] & ~same[2:-2] & jumps  # the row is the first beyond the border
    rows, columns = np.nonzero(ends)
    first, depth, share = _line(rows + 2, columns, grey.shape[1])
    filled = same[: max(1, first)].mean() > FILLED
    return depth, share if filled else 0.0, tone


def _line(rows: np.ndarray, columns: np.ndarray, width: int) -> tuple[int, int, float]:
    """Find the straight line on which most points lie, turned by a little at most.

    Returns:
        Its first row, the first row beyond all of it, and its share of the width.
    """
    best, first, beyond = 0, 0, 0
    slopes = sorted(np.linspace(-STEEPEST, STEEPEST, 29), key=abs)  # rather upright
    for slope in slopes if rows.size else ():
        at = np.rint(rows - slope * (columns - width / 2)).astype(int)
        counts = np.convolve(np.bincount(np.maximum(at, 0)), np.ones(3, int), "same")
        if counts.max() > best:
            best, middle = int(counts.max()), int(counts.argmax())
            rise = int(np.ceil(abs(slope) * width / 2))
            first, beyond = middle - 1 - rise, middle + 2 + rise
    return first, beyond, best / width
