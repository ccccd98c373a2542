"""One page about a restoration: each photograph before and after, and what was changed.

The page is a single HTML file for any browser, without a network: pictures, style and
the records of `provenance.describe` are inside, the records as JSON for programs.
"""

import base64
import html
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

LONGEST = 900  # pixels of the pictures on the page

_STYLE = """
:root { color-scheme: light dark; --rim: #8888; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem;
  padding: 1rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid var(--rim); padding: .3rem .8rem .3rem 0;
  text-align: left; }
td + td { text-align: right; }
.pair { display: grid; position: relative; width: fit-content; }
.pair img { grid-area: 1 / 1; height: auto; max-width: 100%; }
.pair img + img { clip-path: inset(0 0 0 var(--at, 50%)); }
.pair img.mask { clip-path: none; display: none; z-index: 1; }
.pair.marked img.mask { display: block; }
label { align-items: center; display: flex; gap: .6rem; margin: .4rem 0; }
input[type=range] { flex: 1; max-width: 30rem; min-width: 5rem; }
pre { overflow-x: auto; }
.failed { color: light-dark(#b3261e, #ff8a80); }
@media (max-width: 30rem) { th, td { padding-right: .4rem; font-size: .85rem; } }
"""

_SCRIPT = """
for (const figure of document.querySelectorAll("figure")) {
  const pair = figure.querySelector(".pair");
  const [slider, marks] = figure.querySelectorAll("input");
  slider.addEventListener("input",
    () => pair.style.setProperty("--at", slider.value + "%"));
  if (marks) marks.addEventListener("change",
    () => pair.classList.toggle("marked", marks.checked));
}
"""


_WORDS = {  # what was done: a title, and what is to be kept in mind
    "restore": (
        "Restored photographs",
        "A restored photograph shows what is likely, not what was",
    ),
    "stylize": (
        "Photographs in another style",
        "A painted photograph shows what never was",
    ),
}


@dataclass(frozen=True)
class Entry:
    """One photograph on the page; small, so that thousands fit into memory.

    Attributes:
        before: the photograph as it was, a JPEG file of at most LONGEST pixels.
        after: the same of the result.
        mask: the damage found, opaque red, a PNG file; None if none was looked for.
        record: from `provenance.describe`.
    """

    before: bytes
    after: bytes
    mask: bytes | None
    record: Mapping[str, Any]


def entry(
    before: np.ndarray,
    after: np.ndarray,
    mask: np.ndarray | None,
    record: Mapping[str, Any],
) -> Entry:
    """Make an entry of a photograph.

    Args:
        before: (H, W, C) in [0, 1] or levels, C = 1 or 3.
        after: of the same height and width, C = 1 or 3.
        mask: (H, W) in [0, 1] or levels, or None.
        record: from `provenance.describe`.
    """
    red = None
    if mask is not None:
        alpha = _small(mask)
        zero, one = np.zeros_like(alpha), np.ones_like(alpha)
        red = _encode(".png", np.dstack([zero, zero, one, alpha]))  # OpenCV: BGR
    return Entry(jpeg(_small(before)), jpeg(_small(after)), red, record)


def _small(pixels: np.ndarray) -> np.ndarray:
    scale = min(1.0, LONGEST / max(pixels.shape[:2]))
    return reduce(pixels, [max(1, round(n * scale)) for n in pixels.shape[1::-1]])


def reduce(pixels: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Reduce a picture, each new pixel the mean of those that it covers.

    Args:
        pixels: (H, W) or (H, W, C), in [0, 1] or levels.
        size: the new width and height, at most those of the picture.

    Returns:
        The same with another H and W, float32 in [0, 1].
    """
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if pixels.ndim == 3 and small.ndim == 2:
        small = small[..., None]  # OpenCV drops a single channel
    top = np.iinfo(small.dtype).max if small.dtype.kind == "u" else 1
    return small.astype(np.float32) / np.float32(top)


def jpeg(pixels: np.ndarray) -> bytes:
    """Write pixels, (H, W, C) in [0, 1], C = 1 or 3, as the content of a JPEG file."""
    return _encode(".jpg", pixels[..., ::-1])  # OpenCV: BGR


def _encode(suffix: str, pixels: np.ndarray) -> bytes:
    levels = np.round(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    _, data = cv2.imencode(suffix, levels)
    return data.tobytes()


def one_line(problem: Exception) -> str:
    """Say in one line, of 300 characters at most, what an exception says."""
    text = textwrap.shorten(str(problem), 300, placeholder=" ...")
    if isinstance(problem, OSError) and problem.strerror and problem.filename:
        text = f"{problem.filename}: {problem.strerror}"
    known = isinstance(problem, OSError | ValueError)
    return text if text and known else f"{type(problem).__name__}: {text}"


def page(
    entries: Sequence[Entry],
    failures: Sequence[str] = (),
    action: str = "restore",
    summary: str = "",
) -> str:
    """Write the page.

    Args:
        entries: the photographs, in the order of the page.
        failures: a line for each photograph that failed.
        action: what was done to them, "restore" or "stylize".
        summary: what to say of all; by default how many were done and how many failed.

    Returns:
        A whole HTML document.
    """
    names = [_text(e.record["after"]["name"]) for e in entries]
    figures = [_figure(e, f"photo{i}") for i, e in enumerate(entries)]
    rows = "".join(
        f'<tr><td><a href="#photo{i}">{name}</a></td>{_cells(e.record["numbers"])}</tr>'
        for i, (name, e) in enumerate(zip(names, entries, strict=True))
    )
    title, caution = _WORDS[action]
    summary = summary or f"{len(entries)} done, {len(failures)} failed."
    names_of_columns = ("photograph", "changed", "marked as damage", "seconds")
    heads = "".join(f"<th>{name}</th>" for name in names_of_columns)
    failed = "".join(f'<li class="failed">{_text(line)}</li>' for line in failures)
    records = json.dumps([dict(e.record) for e in entries]).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_STYLE}</style>
<h1>{title}</h1>
<p>{_text(summary)} {caution}: keep the originals.</p>
{f"<ul>{failed}</ul>" if failed else ""}
<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>
{"".join(figures)}
<script type="application/json" id="records">{records}</script>
<script>{_SCRIPT}</script>
</html>
"""


def _figure(entry: Entry, anchor: str) -> str:
    name = _text(entry.record["after"]["name"])
    marks = mask = ""
    if entry.mask is not None:
        marks = '<label><input type="checkbox"> show in red what was marked</label>'
        mask = f'<img class="mask" alt="" src="{inline("png", entry.mask)}">'
    record = _text(json.dumps(dict(entry.record), indent=2))
    return f"""<section id="{anchor}">
<h2>{name}</h2>
<figure style="margin: 0">
<div class="pair"><img alt="{name}, before" src="{inline("jpeg", entry.before)}">
<img alt="{name}, after" src="{inline("jpeg", entry.after)}">{mask}</div>
<label>before <input type="range" min="0" max="100" value="50"
 aria-label="how far the picture before reaches"> after</label>
{marks}
</figure>
<details><summary>What was done</summary><pre>{record}</pre></details>
</section>
"""


def _cells(numbers: Mapping[str, Any]) -> str:
    shares = [numbers.get(key) for key in ("changed", "damaged")]
    texts = ["" if share is None else f"{share:.1%}" for share in shares]
    texts.append(f"{numbers['seconds']:.1f}" if "seconds" in numbers else "")
    return "".join(f"<td>{text}</td>" for text in texts)


def inline(kind: str, data: bytes) -> str:
    """Write a picture's file, "jpeg" or "png", as an address that is its content."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _text(value: object) -> str:
    # names of files may hold what UTF-8 does not
    return html.escape(str(value).encode("utf-8", "backslashreplace").decode())
