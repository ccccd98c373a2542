"""Figures for the book, alike on every page and readable on light and on dark ones.

The background is transparent and everything drawn on it is of a middle lightness; the
colours of curves are told apart by readers who do not see all colours, too.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#767676"  # contrast 4.5 on white and 4.1 on the book's dark page
CURVES = ("#3b82c4", "#d1702a", "#2f9676", "#b2609b", "#8a7f1d")
LINES = ("-", "--", "-.", ":", ".-")
_STYLE = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "font.size": 10,
    "figure.dpi": 100,
    "svg.hashsalt": "gantools",  # the same figure is the same file
}


def grid(
    pictures: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
) -> "Figure":
    """Show pictures in rows, none enlarged beyond its share of a page.

    Args:
        pictures: each (H, W), (H, W, 1) or (H, W, 3) in [0, 1], of any sizes.
        titles: one for each, or None.
        columns: pictures in a row; by default up to 4, as even as possible.

    Returns:
        The figure, 8 inches wide.

    Raises:
        ValueError: when there is nothing to show, a shape is another, or the titles
            are not as many as the pictures.
    """
    pictures = [_showable(picture) for picture in pictures]
    if not pictures:
        raise ValueError("Expected at least one picture. Received: none")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(
            f"Expected {len(pictures)} titles, one a picture. Received: {len(titles)}"
        )
    columns = columns or _columns(len(pictures))
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    tall = [max(picture.shape[0] / picture.shape[1] for picture in row) for row in rows]
    label = 0.25 if titles else 0.05  # inches
    heights = [8 / columns * row + label for row in tall]
    with style() as plt:
        figure, axes = plt.subplots(
            len(rows),
            columns,
            figsize=(8, sum(heights)),
            height_ratios=heights,
            squeeze=False,
            layout="constrained",
        )
        for index, place in enumerate(axes.flat):
            place.axis("off")
            if index < len(pictures):
                _show(place, pictures[index], titles[index] if titles else "")
    return figure


def check_same_size(before: np.ndarray, after: np.ndarray) -> None:
    """Check that two pictures have one height and one width.

    Raises:
        ValueError: when they differ.
    """
    if np.shape(before)[:2] != np.shape(after)[:2]:
        raise ValueError(
            f"Expected two pictures of one size. Received: {np.shape(before)[:2]} and "
            f"{np.shape(after)[:2]}"
        )


def compare(before: np.ndarray, after: np.ndarray) -> "Figure":
    """Show a photograph before and after, side by side, at the same scale.

    Args:
        before: (H, W), (H, W, 1) or (H, W, 3) in [0, 1].
        after: the same height and width.

    Returns:
        The figure.

    Raises:
        ValueError: when the sizes differ.
    """
    check_same_size(before, after)
    return grid([before, after], ["before", "after"], columns=2)


def curves(history: Mapping[str, Sequence[float]], keys: Sequence[str]) -> "Figure":
    """Draw columns of a training history over its steps.

    Args:
        history: columns by name; "step" counts the steps.
        keys: the columns to draw, at most 5.

    Returns:
        The figure.

    Raises:
        KeyError: when the history lacks a column.
        ValueError: when there are no keys, or more than can be told apart.
    """
    if not 1 <= len(keys) <= len(CURVES):
        raise ValueError(f"Expected 1 to {len(CURVES)} keys. Received: {len(keys)}")
    with style() as plt:
        figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
        for key, colour, line in zip(keys, CURVES, LINES, strict=False):
            axes.plot(history["step"], history[key], line, label=key, color=colour)
        axes.set_xlabel("step")
        axes.grid(True)
        axes.legend()
    return figure


@contextlib.contextmanager
def style() -> Iterator[ModuleType]:
    """Give Matplotlib in the book's style, and leave the reader's own as it was."""
    import matplotlib.pyplot as plt  # slow to import, and only those who plot need it

    plt.get_backend()  # a notebook's backend settles in here, not within the context
    with plt.rc_context(_STYLE):
        yield plt


def _show(axes: "Axes", picture: np.ndarray, title: str) -> None:
    """Draw one picture (H, W) or (H, W, 3) in [0, 1]; a small one in sharp squares."""
    smooth = "nearest" if max(picture.shape) <= 64 else "antialiased"
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation=smooth)
    axes.set_title(title)


def _showable(picture: np.ndarray) -> np.ndarray:
    """Return (H, W) for grey or (H, W, 3) for colour, clipped to [0, 1]."""
    picture = np.asarray(picture, np.float32)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]  # (H, W, 1) -> (H, W)
    if picture.ndim != 2 and (picture.ndim != 3 or picture.shape[2] != 3):
        raise ValueError(
            f"Expected (H, W), (H, W, 1) or (H, W, 3). Received: {picture.shape}"
        )
    return np.clip(picture, 0, 1)


def _columns(count: int) -> int:
    """Choose the columns, at most 4, that leave the fewest places empty.

    Example:
        >>> [_columns(count) for count in (1, 3, 4, 5, 6, 9)]
        [1, 3, 4, 3, 3, 3]
    """
    return count if count <= 4 else min((4, 3), key=lambda columns: -count % columns)
