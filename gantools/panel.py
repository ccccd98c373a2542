"""A panel: people say which of two pictures is better, and their answers are counted.

The page is a single HTML file for any browser, without a network.  It asks by
two-alternative forced choice: there is no answer "no difference", because each voter
would draw the line between "a little" and "none" elsewhere.  Who sees no difference
guesses; guesses fall evenly and are what the interval and the test reckon with.
Nothing is stored or sent: at its end the page shows a line of JSON, a ballot, to be
copied to whoever counts.  The folders' names stand in the page in base64, so that
neither a glance nor a search finds them before; who wants to cheat can.
"""

import base64
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gantools import metrics, report

LONGEST = 480  # pixels of the pictures on the page
QUESTION = "Which looks better?"

_STYLE = """
:root { color-scheme: light dark; --rim: #8888; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 64rem;
  padding: 0 1rem 1rem; }
h1 { font-size: 1.3rem; margin: .8rem 0 0; overflow-wrap: anywhere; }
p { margin: .5rem 0 .8rem; }
section:focus { outline: none; }  /* focused to be read aloud, not operated */
[hidden] { display: none; }
img { display: block; height: auto; }
.original { margin: 0 0 .8rem; }
.original img { margin: auto; max-height: min(var(--height) * 1px, var(--room));
  max-width: 100%; }
.pair { display: flex; gap: .8rem; margin: auto;
  max-width: calc(var(--aspect) * min(var(--height) * 1px, var(--room)) + 2.8rem); }
button { background: none; border: 2px solid var(--rim); border-radius: .4rem;
  cursor: pointer; font: inherit; padding: .3rem; touch-action: manipulation; }
.pair button { flex: var(--aspect) 1 0; min-width: 0; }
.pair img { margin-bottom: .3rem; width: 100%; }
figcaption { text-align: center; }
button:hover { border-color: currentColor; }
:focus-visible { outline: 3px solid currentColor; outline-offset: 2px; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--rim); padding: .3rem 1rem .3rem 0;
  overflow-wrap: anywhere; text-align: left; }
textarea { box-sizing: border-box; font: .8rem/1.4 monospace; width: 100%; }
"""

# The same numbers as metrics.wilson and metrics.sign_test; a test compares them.
_STATISTICS = """
function wilson(chosen, asked) {
  const share = chosen / asked, square = 1.959963984540054 ** 2 / asked;
  const middle = (share + square / 2) / (1 + square);
  const half = Math.sqrt(square * (share * (1 - share) + square / 4)) / (1 + square);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
function signTest(chosen, asked) {
  let log = -asked * Math.LN2, tail = 0;  // log of C(asked, i) / 2^asked
  for (let i = 0; i <= Math.min(chosen, asked - chosen); i++) {
    tail += Math.exp(log);
    log += Math.log((asked - i) / (i + 1));
  }
  return Math.min(1, 2 * tail);
}
function ballot(key, sides, voter) {
  const chosen = key.pairs.map((pair, i) => [pair.name, key.folders[
    sides[i] === pair.first ? 0 : 1]]);
  return {question: key.question, folders: key.folders, voter,
    answers: Object.fromEntries(chosen)};
}
"""

_SCRIPT = """
const PAUSE = 300;  // milliseconds; a faster answer is the end of a double click
const KEYS = {1: 0, ArrowLeft: 0, 2: 1, ArrowRight: 1};
const find = id => document.getElementById(id);
const key = JSON.parse(atob(find("key").textContent));
const steps = document.querySelectorAll("section");  // the pairs, then the end
const sides = [];  // 0 for the left picture, 1 for the right, in the order asked
let shown = performance.now();

function choose(side) {
  if (sides.length === key.pairs.length || performance.now() - shown < PAUSE) return;
  steps[sides.length].hidden = true;
  sides.push(side);
  const over = sides.length === key.pairs.length;
  find("how").hidden = over;
  find("progress").textContent =
    over ? "Done. Thank you!" : `${sides.length + 1} of ${key.pairs.length}`;
  if (over) finish();
  steps[sides.length].hidden = false;
  steps[sides.length].focus({preventScroll: true});
  scrollTo(0, 0);
  shown = performance.now();
}
function finish() {
  const voter = Math.random().toString(36).slice(2, 12);  // tells two ballots apart
  const made = ballot(key, sides, voter), asked = sides.length;
  const chosen = key.folders.map(
    name => Object.values(made.answers).filter(answer => answer === name).length);
  const percent = share => (100 * share).toFixed(0) + " %";
  key.folders.forEach((name, i) => {
    const row = find("results").insertRow();
    const interval = wilson(chosen[i], asked).map(percent).join(" to ");
    for (const text of [name, `${chosen[i]} of ${asked}`, percent(chosen[i] / asked),
      interval]) row.insertCell().textContent = text;
  });
  find("p").textContent = signTest(chosen[0], asked).toPrecision(2);
  find("ballot").value = JSON.stringify(made);
}
for (const button of document.querySelectorAll(".pair button"))
  button.addEventListener("click", () => choose(Number(button.value)));
document.addEventListener("keydown", event => {
  const ours = event.key in KEYS && sides.length < key.pairs.length;
  if (!ours || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  if (!event.repeat) choose(KEYS[event.key]);
});
find("copy").addEventListener("click", () => {
  find("ballot").select();  // navigator.clipboard does not work in files everywhere
  find("copied").textContent =
    document.execCommand("copy") ? "Copied." : "Marked: copy it now.";
});
"""


@dataclass(frozen=True)
class Pair:
    """Two pictures to choose from; small, so that hundreds fit into memory.

    Attributes:
        name: what both are called.
        first: the picture of the first folder, a JPEG file of at most LONGEST pixels.
        second: that of the second, of the same height.
        reference: what both were made from, likewise; None if it is not shown.
        widths: of the first and the second, in pixels.
        height: of both, in pixels.
    """

    name: str
    first: bytes
    second: bytes
    reference: bytes | None
    widths: tuple[int, int]
    height: int


def pair(
    name: str,
    first: np.ndarray,
    second: np.ndarray,
    reference: np.ndarray | None = None,
) -> Pair:
    """Reduce two pictures to the same height, so that size does not tell them apart.

    Args:
        name: what both are called.
        first: (H, W, C) in [0, 1] or levels, C = 1 or 3.
        second: likewise, of any size.
        reference: likewise; shown above both, or None.
    """
    height = min(_fitted(picture) for picture in (first, second))
    small = [_of_height(picture, height) for picture in (first, second)]
    above = reference
    if above is not None:
        above = report.jpeg(_of_height(above, _fitted(above)))
    widths = small[0].shape[1], small[1].shape[1]
    return Pair(name, *map(report.jpeg, small), above, widths, height)


def _fitted(pixels: np.ndarray) -> int:
    """Return the height of a picture reduced to LONGEST pixels, if it is larger."""
    return max(1, round(pixels.shape[0] * min(1, LONGEST / max(pixels.shape[:2]))))


def _of_height(pixels: np.ndarray, height: int) -> np.ndarray:
    width = max(1, round(pixels.shape[1] * height / pixels.shape[0]))
    return report.reduce(pixels, (width, height))


def page(
    pairs: Sequence[Pair],
    folders: tuple[str, str],
    question: str = QUESTION,
    seed: int = 0,
) -> str:
    """Write the page.

    The seed draws the order of the pairs, and on which half of them the first folder's
    picture is on the left: who always chooses one side chooses both folders equally
    often, but for one pair where their number is odd.

    Args:
        pairs: the pictures, each pair of another name.
        folders: what to call the first pictures and the second; shown at the end.
        question: what to ask of each pair.
        seed: another seed, other sides and another order.

    Returns:
        A whole HTML document, the same for the same arguments.

    Raises:
        ValueError: no pair, two of one name, or two folders of one name.
    """
    _check(pairs, folders)
    rng = np.random.default_rng(seed)
    drawn = [pairs[i] for i in rng.permutation(len(pairs))]
    sides = rng.permutation((np.arange(len(pairs)) + rng.integers(2)) % 2).tolist()
    asked = list(zip(drawn, sides, strict=True))
    key = {
        "question": question,
        "folders": folders,
        "pairs": [{"name": pair.name, "first": side} for pair, side in asked],
    }
    sections = [_section(pair, side) for pair, side in asked]
    sections[0] = sections[0].replace(" hidden", "", 1)
    return _document(key, sections)


def _check(pairs: Sequence[Pair], folders: tuple[str, str]) -> None:
    names = [pair.name for pair in pairs]
    if not names or len(set(names)) < len(names):
        received = ", ".join(names) or "none"
        raise ValueError(f"Expected pairs of different names. Received: {received}")
    if folders[0] == folders[1]:
        raise ValueError(f"Expected two names of folders. Received: {folders[0]} twice")


def _document(key: dict[str, Any], sections: Sequence[str]) -> str:
    asked = html.escape(key["question"])
    hidden = base64.b64encode(json.dumps(key).encode()).decode()
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
 img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{asked}</title>
<style>{_STYLE}</style>
<h1 id="question">{asked}</h1>
<p id="progress" role="status" aria-live="polite">1 of {len(sections)}</p>
{"".join(sections)}{_END}
<p id="how">Choose by a click, with the keys 1 and 2, or with the arrow keys. Where you
 see no difference, guess. Nothing is stored or sent.</p>
<noscript>This page needs JavaScript, which is switched off.</noscript>
<script type="text/plain" id="key">{hidden}</script>
<script id="statistics">{_STATISTICS}</script>
<script>{_SCRIPT}</script>
</html>
"""


_END = """<section hidden tabindex="-1" aria-label="Your answers">
<table><thead><tr><th>folder</th><th>chosen</th><th>share</th><th>95 % interval</th>
</tr></thead><tbody id="results"></tbody></table>
<p>Fair coins in the place of your answers would fall at least this unevenly with
 probability <span id="p"></span> (exact binomial test, two-sided; the interval is
 Wilson's).</p>
<p><label for="ballot">Your ballot, one line, to copy to whoever counts:</label></p>
<textarea id="ballot" rows="4" readonly autocomplete="off"></textarea>
<p><button id="copy">Copy</button> <span id="copied" role="status"></span></p>
</section>"""


def _section(pair: Pair, first: int) -> str:
    """Write a pair; the first folder's picture is on the left, 0, or the right, 1."""
    pictures = list(zip((pair.first, pair.second), pair.widths, strict=True))
    if first == 1:
        pictures.reverse()
    buttons = "".join(
        f'<button value="{side}" style="--aspect: {width / pair.height:.4f}">'
        f'<img alt="{place} picture" width="{width}" height="{pair.height}"'
        f' src="{report.inline("jpeg", data)}">{side + 1}</button>'
        for side, place, (data, width) in zip(
            (0, 1), ("left", "right"), pictures, strict=True
        )
    )
    above, room = "", 75  # of the window's height, in percent
    if pair.reference is not None:
        room = 38
        source = report.inline("jpeg", pair.reference)
        above = f"""<figure class="original"><img alt="the original" src="{source}">
<figcaption>the original</figcaption></figure>
"""
    aspect = sum(pair.widths) / pair.height
    sizes = f"--aspect: {aspect:.4f}; --height: {pair.height}; --room: {room}vh"
    return f"""<section hidden tabindex="-1" aria-labelledby="question"
 style="{sizes}">
{above}<div class="pair">{buttons}</div>
</section>
"""


@dataclass(frozen=True)
class Ballot:
    """What one voter answered.

    Attributes:
        question: what was asked.
        folders: the names of the two.
        voter: drawn anew for each run through the page.
        answers: {name of a pair: the folder chosen}.
    """

    question: str
    folders: tuple[str, str]
    voter: str
    answers: dict[str, str]


def read(text: str) -> list[Ballot]:
    r"""Read the ballots of a class, pasted one below the other.

    A ballot that is there twice counts once.  Pages of different seeds fit together.

    Args:
        text: lines from the end of the page, in any order; empty ones are passed over.

    Returns:
        The ballots, at least one, all about the same question and folders.

    Raises:
        ValueError: a line is no ballot, or one of another question or other folders;
            or there is none.

    Example:
        >>> line = '''{"question": "Which?", "folders": ["a", "b"], "voter": "x",
        ...     "answers": {"1.png": "b"}}'''.replace("\n", "")
        >>> read(line + "\n\n" + line)[0].answers
        {'1.png': 'b'}
    """
    ballots: dict[str, Ballot] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        ballot = _ballot(line, f"line {number}")
        about = ballot.question, ballot.folders
        first = next(iter(ballots.values()), ballot)
        if about != (first.question, first.folders):
            raise ValueError(
                f"line {number}: Expected a ballot on {first.question!r} for "
                f"{' and '.join(first.folders)}. Received: {ballot.question!r} for "
                f"{' and '.join(ballot.folders)}"
            )
        ballots.setdefault(ballot.voter, ballot)
    if not ballots:
        raise ValueError("Expected ballots, one a line. Received: none")
    return list(ballots.values())


def _ballot(line: str, place: str) -> Ballot:
    try:
        found = Ballot(**json.loads(line))
        first, second = found.folders
        words = [found.question, found.voter, first, second]
        chosen = set(found.answers.values())
    except (TypeError, ValueError, AttributeError):
        words, chosen = [None], set()
    if not all(isinstance(word, str) for word in words) or not (
        chosen and first != second and chosen <= {first, second}
    ):
        raise ValueError(
            f"{place}: Expected a ballot, the line that a panel shows at its end. "
            f"Received: {line.strip()[:60]!r}"
        )
    return replace(found, folders=(first, second))


@dataclass(frozen=True)
class Count:
    """How often each folder's picture was chosen.

    Attributes:
        pair: the pair's name; empty for all pairs together.
        first: how often the first folder's.
        second: how often the second folder's.
    """

    pair: str
    first: int
    second: int

    @property
    def share(self) -> metrics.Interval:
        """Return the share of the first, with its 95 % Wilson interval."""
        return metrics.wilson(self.first, self.first + self.second)

    @property
    def p(self) -> float:
        """Return the exact two-sided p-value of both being chosen equally often."""
        return metrics.sign_test(self.first, self.first + self.second)


def count(ballots: Sequence[Ballot]) -> list[Count]:
    """Count the answers of a class.

    Args:
        ballots: from `read`, at least one.

    Returns:
        One for each pair, by name, and last that of all pairs together.  Within a pair
        each answer is another person's; all together are not independent, so that the
        last interval and p-value are too sure of themselves: see `over_voters`.
    """
    answers = [answer for ballot in ballots for answer in ballot.answers.items()]
    chosen = ballots[0].folders[0]
    names = sorted({name for name, _ in answers})
    per_pair = {name: [a == chosen for n, a in answers if n == name] for name in names}
    per_pair[""] = [answer == chosen for _, answer in answers]
    return [
        Count(name, sum(hits), len(hits) - sum(hits)) for name, hits in per_pair.items()
    ]


def over_voters(
    ballots: Sequence[Ballot], rng: np.random.Generator
) -> metrics.Interval:
    """Estimate how often the first folder is chosen, each voter counting as one value.

    Args:
        ballots: from `read`, at least one.
        rng: the source of randomness of the bootstrap.

    Returns:
        The mean of the voters' shares, and its 95 % interval by the bootstrap.
    """
    shares = [
        np.mean([answer == ballot.folders[0] for answer in ballot.answers.values()])
        for ballot in ballots
    ]
    return metrics.bootstrap(shares, rng)
