"""Figures under controls, for a notebook that runs.

The book's interactive figures compute in the page; these, their twins, ask the same
questions of the chapter's own code, in the kernel.  The controls are those of
ipywidgets, which is optional: without it, or where a front end shows no widgets, the
first figure stands still, and a line says how to move it.
"""

import base64
import html
import inspect
import io
import traceback
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gantools import plots

if TYPE_CHECKING:
    from ipywidgets import Widget
    from matplotlib.figure import Figure

HOW = "To move this, run the cell with ipywidgets installed: %pip install ipywidgets"


def explore(draw: Callable[..., "Figure"], **controls: tuple | list) -> None:
    """Show what a function draws, with a control for each of its arguments.

    A control starts at the argument's default and bears the argument's name. The figure
    is drawn again when a slider is let go, not on the way; what is wrong then stands in
    its place. The first line of the function's docstring is its alternative text.

    Args:
        draw: gives a new figure of Matplotlib, which is closed once it is shown.
        controls: by argument, a slider as a tuple (lowest, highest, step), or what one
            can choose from as a list.

    Raises:
        ValueError: when an argument has no default, or one that the control excludes.

    Example:
        Damage of the severity that a reader likes, as in chapter 4::

            def aged(severity=0.5, seed=0):
                "Draw a portrait that was aged."
                rng = np.random.default_rng(seed)
                return plots.grid([damage.age(portrait, rng, severity).damaged])

            live.explore(aged, severity=(0.0, 1.0, 0.1), seed=(0, 9, 1))
    """
    from IPython.display import display  # only a notebook has it for sure

    start = _start(draw, controls)
    first = _image(draw, start)
    bundle = {"text/plain": HOW, "text/html": f"{first}<p>{HOW}</p>"}
    try:
        moved = {name: _control(name, controls[name], start[name]) for name in start}
    except ImportError:  # without ipywidgets
        pass
    else:  # a front end shows the richest form that it knows
        identity = _watch(draw, moved, first).model_id
        view = {"version_major": 2, "version_minor": 0, "model_id": identity}
        bundle["application/vnd.jupyter.widget-view+json"] = view
    display(bundle, raw=True)


def before_after(before: np.ndarray, after: np.ndarray) -> None:
    """Show two pictures as one: the first left of a line that moves, the second right.

    Args:
        before: (H, W, 1) or (H, W, 3) in [0, 1].
        after: of the same height and width.

    Raises:
        ValueError: when the sizes differ.
    """
    plots.check_same_size(before, after)
    before, after = np.broadcast_arrays(before, after)  # grey beside colour

    def split(line: int = 50) -> "Figure":
        """Show a picture, left of a line as it was before, right of it after."""
        x = round(before.shape[1] * line / 100)
        both = np.concatenate([before[:, :x], after[:, x:]], axis=1)
        figure = plots.grid([both], [f"before: left of {line} %; after: right"])
        figure.axes[0].axvline(x - 0.5, color="w", linewidth=1)
        return figure

    explore(split, line=(0, 100, 1))


def _start(draw: Callable[..., "Figure"], controls: Mapping[str, Any]) -> dict:
    """Give the defaults of the arguments that have controls."""
    arguments = inspect.signature(draw).parameters
    values = {name: arguments[name].default for name in controls if name in arguments}
    for name, control in controls.items():
        value = values.get(name, inspect.Parameter.empty)
        known = value is not inspect.Parameter.empty
        if isinstance(control, tuple):
            fits = known and control[0] <= value <= control[1]
        else:
            fits = known and value in control
        if not fits:
            received = value if known else "none"
            raise ValueError(
                f"Expected an argument {name} with a default within {control}. "
                f"Received: {received}"
            )
    return values


def _watch(
    draw: Callable[..., "Figure"], moved: Mapping[str, "Widget"], first: str
) -> "Widget":
    """Put controls above a figure, and draw it again when one has moved."""
    import ipywidgets

    shown = ipywidgets.HTML(first)

    def redraw(_: dict) -> None:
        try:
            shown.value = _image(draw, {name: w.value for name, w in moved.items()})
        except Exception:  # nobody sees what is raised here: show it
            shown.value = f"<pre>{html.escape(traceback.format_exc())}</pre>"

    for widget in moved.values():
        widget.observe(redraw, "value")
    return ipywidgets.VBox([*moved.values(), shown])


def _control(name: str, control: tuple | list, value: Any) -> "Widget":
    """Build the slider or the list of choices of one argument."""
    import ipywidgets

    looks = {
        "description": name.replace("_", " "),
        "style": {"description_width": "8em"},
        "layout": {"width": "32em", "max_width": "100%"},
    }
    if isinstance(control, list):
        return ipywidgets.Dropdown(options=control, value=value, **looks)
    low, high, step = control
    whole = all(isinstance(number, int) for number in control)
    slider = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    looks |= {"min": low, "max": high, "step": step, "continuous_update": False}
    return slider(value, **looks)


def _image(draw: Callable[..., "Figure"], values: Mapping[str, Any]) -> str:
    """Draw, and give the figure as an HTML image that says what it shows."""
    import matplotlib.pyplot as plt

    figure, file = draw(**values), io.BytesIO()
    figure.savefig(file, format="png", dpi=figure.dpi)
    plt.close(figure)  # or the notebook shows it once more
    told = [(inspect.getdoc(draw) or draw.__name__).splitlines()[0]]
    told += [f"{name.replace('_', ' ')}: {value}" for name, value in values.items()]
    alt = html.escape("; ".join(told))
    data = base64.b64encode(file.getvalue()).decode()
    source = f"data:image/png;base64,{data}"
    return f'<img alt="{alt}" style="max-width: 100%" src="{source}">'
