"""Run a network over a picture larger than memory allows it to see at once.

A convolutional network answers each pixel from a finite neighbourhood, its receptive
field.  So a picture can be cut into windows that overlap by a `halo`, each window
answered alone, and only the inner part of each answer kept.  Where the halo reaches
as far as the network looks, the result is the one the whole picture would have given.
"""

from collections.abc import Callable, Iterator

import numpy as np

Span = tuple[int, int]
Place = tuple[slice, slice]  # rows and columns


def _windows(
    length: int, tile: int, halo: int, rim: int, multiple: int
) -> Iterator[tuple[Span, Span]]:
    """Yield ((start, stop) of a window, (start, stop) of what it answers for).

    There are as few as the tile allows, and they are no longer than so many need be.
    """
    first, last = -rim, length + rim
    count = max(1, -(-(last - first - 2 * halo) // (tile - 2 * halo)))
    side = -(-(last - first + 2 * halo * (count - 1)) // (count * multiple)) * multiple
    done = 0
    while done < length:
        start = max(first, min(done - halo, last - side))
        stop = min(start + side, last)
        answered = length if stop == last else stop - halo
        yield (start, stop), (done, answered)
        done = answered


def parts(
    *pictures: np.ndarray, tile: int, halo: int, multiple: int, beyond: bool = False
) -> Iterator[tuple[list[np.ndarray], Place, Place, float]]:
    """Cut pictures into windows that together answer for each place once.

    Args:
        pictures: one or more, (H, W, C), any one height and width.
        tile: longest side of a window, as for `apply`.
        halo: of a window's rim, as for `apply`.
        multiple: of the windows' sides, as for `apply`.
        beyond: look beyond the border, as for `apply`.

    Yields:
        The window of each picture, (h, w, C); what of the window is kept; where in the
        picture that belongs; and the share that will then be finished, in [0, 1].  Both
        places are rows and columns that start and stop at multiples of `multiple`, of
        the picture continued to such a size.

    Raises:
        ValueError: if a picture has no three axes, or the sizes do not fit.
    """
    height, width = _size(pictures)
    if tile % multiple or halo % multiple or tile <= 2 * halo:
        raise ValueError(
            f"Expected tile and halo to be multiples of {multiple}, and tile > 2 halo. "
            f"Received: tile={tile}, halo={halo}"
        )
    padded = [-(-n // multiple) * multiple for n in (height, width)]
    sizes = tile, halo, halo if beyond else 0, multiple
    for (top, bottom), (y0, y1) in _windows(padded[0], *sizes):
        for (left, right), (x0, x1) in _windows(padded[1], *sizes):
            cuts = [_cut(p, top, bottom, left, right) for p in pictures]
            kept = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
            done = (y0 * padded[1] + (y1 - y0) * x1) / (padded[0] * padded[1])
            yield cuts, kept, np.s_[y0:y1, x0:x1], done


def apply(
    fn: Callable[..., tuple[np.ndarray, ...]],
    *pictures: np.ndarray,
    tile: int = 768,
    halo: int = 128,
    multiple: int = 16,
    beyond: bool = False,
    progress: Callable[[float], None] | None = None,
    out: tuple[np.ndarray, ...] | None = None,
) -> tuple[np.ndarray, ...]:
    """Apply `fn` to a picture window by window, in bounded memory.

    Args:
        fn: takes a window of each picture, (h, w, C), h and w multiples of `multiple`,
            at most `tile`; gives arrays (h, w, ...) of the same height and width.
        pictures: one or more, (H, W, C), any one height and width.
        tile: longest side of a window in pixels, a multiple of `multiple`.
        halo: how many pixels of a window's rim are looked at but not kept, a multiple
            of `multiple`; the network's receptive-field radius for an exact result.
        multiple: the network's total stride.  A picture of another size is continued
            by reflection on the right and below, and the answer is cut back.
        beyond: look at a halo of the picture's reflection beyond its border, too: a
            network that meets zeros there may paint a frame.
        progress: called with the finished share in [0, 1] after each window.
        out: arrays (H, W, ...) to write the answers into, rather than new ones.

    Returns:
        The answers, arrays (H, W, ...) of the types that `fn` gives.

    Raises:
        ValueError: if a picture has no three axes, or the sizes do not fit.
    """
    height, width = _size(pictures)
    results = out
    size = {"tile": tile, "halo": halo, "multiple": multiple, "beyond": beyond}
    for cuts, kept, place, done in parts(*pictures, **size):
        answers = fn(*cuts)
        if results is None:
            results = tuple(
                np.empty((height, width, *a.shape[2:]), a.dtype) for a in answers
            )
        for result, answer in zip(results, answers, strict=True):
            there = result[place]  # without what lies beyond the picture
            there[...] = answer[kept][: there.shape[0], : there.shape[1]]
        if progress:
            progress(done)
    return results


def _size(pictures: tuple[np.ndarray, ...]) -> tuple[int, int]:
    height, width = pictures[0].shape[:2]
    for picture in pictures:
        if picture.ndim != 3:
            raise ValueError(
                f"Expected pixels of shape (H, W, C). Received: {picture.shape}"
            )
        if picture.shape[:2] != (height, width):
            raise ValueError(
                f"Expected pictures of one size, {(height, width)}. "
                f"Received: {picture.shape[:2]}"
            )
    return height, width


def _cut(pixels: np.ndarray, top: int, bottom: int, left: int, right: int):
    """Cut a window out; what lies beyond the picture is its reflection."""
    window = pixels[max(top, 0) : bottom, max(left, 0) : right]
    missing = [
        (max(-start, 0), max(stop - size, 0))
        for start, stop, size in zip(
            (top, left), (bottom, right), pixels.shape[:2], strict=True
        )
    ]
    if any(map(any, missing)):
        window = np.pad(window, (*missing, (0, 0)), mode="symmetric")
    return window
