"""Exercises of the quick start: what a restoration changed, and what it is for."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices


def _restored() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make a photograph, a repair of it and the damage mask."""
    rng = np.random.default_rng(0)
    before = rng.uniform(0.2, 0.6, (10, 20, 3)).astype(np.float32)  # (H, W, C)
    after = before.copy()
    after[2:5, 4:14, :2] += np.float32(0.3)  # 30 pixels, two of three channels
    after[7, :6, 0] -= np.float32(0.2)  # 6 pixels, darker
    after[8] += np.float32(0.3 / 255)  # 20 pixels, each channel too little
    after[9, :4, 2] += np.float32(0.8 / 255)  # 4 pixels, one channel just enough
    after[0, :5] += np.float32(1e-4)  # 5 pixels, far less than a level
    mask = np.zeros((10, 20), np.float32)
    mask[2:5, 4:14] = 1
    mask[7, :3] = 0.3  # a soft rim: inside, too
    return before, after, mask


# --------------------------------------------------------------------- changed


def changed(before, after):
    """Return the share of the pixels that changed by half a level of 255 or more."""
    largest = np.abs(after - before).max(axis=-1)  # (H, W)
    return np.mean(largest >= 0.5 / 255)


def _judge_changed(answer):
    before, after, _ = _restored()
    step = np.abs(after - before) >= 0.5 / 255  # (H, W, C)
    mistakes = {
        "a share lies in [0, 1]; this is a percentage": 100 * changed(before, after),
        "a share is asked for, not a number of pixels": step.any(axis=-1).sum(),
        "count pixels: one that changed in any channel counts once": step.mean(),
        "a pixel need not change in all channels": step.all(axis=-1).mean(),
        "a pixel that became darker has changed too": (
            ((after - before) >= 0.5 / 255).any(axis=-1).mean()
        ),
        "less than half a level of 255 does not show in the file": (
            (after != before).any(axis=-1).mean()
        ),
        "the largest channel decides, not the mean of the three": (
            (np.abs(after - before).mean(axis=-1) >= 0.5 / 255).mean()
        ),
        "the largest channel decides, not their sum": (
            (np.abs(after - before).sum(axis=-1) >= 0.5 / 255).mean()
        ),
    }
    return compare(answer(before, after), changed(before, after), mistakes)


CHANGED = Exercise(
    "00-changed",
    changed,
    _judge_changed,
    {
        "this is a percentage": lambda before, after: 100 * changed(before, after),
        "not a number of pixels": lambda before, after: (
            np.abs(after - before).max(axis=-1) >= 0.5 / 255
        ).sum(),
        "in any channel counts once": lambda before, after: np.mean(
            np.abs(after - before) >= 0.5 / 255
        ),
        "in all channels": lambda before, after: np.mean(
            np.abs(after - before).min(axis=-1) >= 0.5 / 255
        ),
        "became darker": lambda before, after: np.mean(
            (after - before).max(axis=-1) >= 0.5 / 255
        ),
        "does not show in the file": lambda before, after: np.mean(
            (after != before).any(axis=-1)
        ),
        "not the mean of the three": lambda before, after: np.mean(
            np.abs(after - before).mean(axis=-1) >= 0.5 / 255
        ),
        "not their sum": lambda before, after: np.mean(
            np.abs(after - before).sum(axis=-1) >= 0.5 / 255
        ),
    },
)

# --------------------------------------------------------------------- outside


def outside(before, after, mask):
    """Count the pixels that differ at all where the mask is 0."""
    differs = (before != after).any(axis=-1)  # (H, W)
    return int(np.sum(differs & (mask == 0)))


def _judge_outside(answer):
    before, after, mask = _restored()
    differs = before != after  # (H, W, C)
    mistakes = {
        "these are the pixels inside the mask": (
            (differs.any(axis=-1) & (mask > 0)).sum()
        ),
        "count the changed pixels outside, not all of them": differs.any(axis=-1).sum(),
        "count each pixel once, however many channels differ": (
            (differs & (mask == 0)[..., None]).sum()
        ),
        "bit for bit: a difference too small to see is one, too": 7,
        "what is small but not 0 is inside": (
            (differs.any(axis=-1) & (mask < 0.5)).sum()
        ),
        "a number of pixels is asked for, not a share": (
            (differs.any(axis=-1) & (mask == 0)).mean()
        ),
    }
    return compare(answer(before, after, mask), outside(before, after, mask), mistakes)


OUTSIDE = Exercise(
    "00-outside",
    outside,
    _judge_outside,
    {
        "inside the mask": lambda before, after, mask: np.sum(
            (before != after).any(axis=-1) & (mask > 0)
        ),
        "not all of them": lambda before, after, mask: np.sum(
            (before != after).any(axis=-1)
        ),
        "count each pixel once": lambda before, after, mask: np.sum(
            (before != after)[mask == 0]
        ),
        "bit for bit": lambda before, after, mask: np.sum(
            (np.abs(before - after).max(axis=-1) > 0.5 / 255)[mask == 0]
        ),
        "small but not 0 is inside": lambda before, after, mask: np.sum(
            (before != after).any(axis=-1) & (mask < 0.5)
        ),
        "not a share": lambda before, after, mask: np.mean(
            (before != after).any(axis=-1) & (mask == 0)
        ),
    },
)

# ------------------------------------------------------------------------ mode

MODES = {"archive": "conservative", "album": "full", "identity": "none"}
_REASONS = {
    "archive": "an archive must be able to say which pixels are the original's",
    "album": "undoing the fading is what was asked for, and only one mode does that",
    "identity": "a repaired face is a guess, whatever the mode",
}


def _judge_mode(answer):
    return judge_choices(answer, MODES, ("conservative", "full", "none"), _REASONS)


MODE = Exercise(
    "00-mode",
    MODES,
    _judge_mode,
    {
        "which pixels are the original's": MODES | {"archive": "full"},
        "only one mode does that": MODES | {"album": "conservative"},
        "a repaired face is a guess": MODES | {"identity": "conservative"},
        "expected one of ['conservative', 'full', 'none']": MODES | {"album": "both"},
        "expected a dictionary": ["conservative", "full", "none"],
    },
)

# ------------------------------------------------------------------------ left


def left(before, after):
    """Return which share of the mean square error is left, from two PSNRs in dB."""
    return 10 ** ((before - after) / 10)  # 20 to 24 dB: two fifths are left


def _judge_left(answer):
    cases = [(20.0, 25.0), (30.0, 24.0)]
    mistakes = {
        "more decibels are less error: the share is below 1": [
            1 / left(*case) for case in cases
        ],
        "this is the share that is gone; what is left is asked for": [
            1 - left(*case) for case in cases
        ],
        "mean square error: 10 dB are a tenth of it, not 20 dB": [
            left(*case) ** 0.5 for case in cases
        ],
        "decibels are a logarithm; their ratio says nothing about errors": [
            before / after for before, after in cases
        ],
        "a restoration can make it worse: then more than all is left": [
            10 ** (-abs(before - after) / 10) for before, after in cases
        ],
    }
    expected = [left(*case) for case in cases]
    return compare([answer(*case) for case in cases], expected, mistakes)


LEFT = Exercise(
    "00-left",
    left,
    _judge_left,
    {
        "the share is below 1": lambda before, after: 1 / left(before, after),
        "the share that is gone": lambda before, after: 1 - left(before, after),
        "not 20 dB": lambda before, after: np.sqrt(left(before, after)),
        "are a logarithm": lambda before, after: before / after,
        "can make it worse": lambda before, after: 10 ** (-abs(before - after) / 10),
    },
)

# ------------------------------------------------------------------------ exit

EXITS = {"A": 0, "B": 1, "C": 0, "D": 1}
_EXIT_REASONS = {
    "A": "all went well, and 0 says so",
    "B": "one file failed, and a script has to notice that",
    "C": "a note calls itself no photograph, so leaving it alone is no failure",
    "D": "what has a photograph's name and cannot be read has failed",
}


def _judge_exits(answer):
    return judge_choices(answer, EXITS, (0, 1), _EXIT_REASONS)


EXIT = Exercise(
    "00-exit",
    EXITS,
    _judge_exits,
    {
        "all went well": EXITS | {"A": 1},
        "a script has to notice": EXITS | {"B": 0},
        "is no failure": EXITS | {"C": 1},
        "cannot be read has failed": EXITS | {"D": 0},
        "expected one of [0, 1]": EXITS | {"D": 2},
        "expected a dictionary": [0, 1, 0, 1],
    },
)

EXERCISES = (CHANGED, OUTSIDE, MODE, LEFT, EXIT)
