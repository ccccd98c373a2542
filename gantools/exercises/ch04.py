"""Exercises of chapter 4: photographs as data, and the damage done to them."""

from collections import Counter

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ------------------------------------------------------------------- normalise


def normalise(levels):
    """Take uint8 levels 0 .. 255 to float32 in [-1, 1]."""
    return levels.astype(np.float32) / 127.5 - 1


def _judge_normalise(answer):
    levels = np.arange(256, dtype=np.uint8).reshape(8, 32, 1)  # (H, W, 1)
    exact = levels.astype(float)
    mistakes = {
        "range is [0, 1], expected [-1, 1]": exact / 255,
        "255 must become exactly 1": exact / 128 - 1,
        "whole numbers of 8 bits wrap round: convert to float first": _wrapped(levels),
        "black must become -1 and white 1, not the other way round": 1 - exact / 127.5,
    }
    return compare(answer(levels), normalise(levels), mistakes)


def _wrapped(levels):
    return (levels * np.uint8(2) - np.uint8(255)) / 255


NORMALISE = Exercise(
    "04-normalise",
    normalise,
    _judge_normalise,
    {
        "range is [0, 1], expected [-1, 1]": lambda levels: levels / 255,
        "255 must become exactly 1": lambda levels: levels / 128 - 1,
        "whole numbers of 8 bits wrap round": _wrapped,
        "black must become -1": lambda levels: 1 - levels / 127.5,
    },
)

# ----------------------------------------------------------------- denormalise


def denormalise(outputs):
    """Take outputs of a network, nominally in [-1, 1], to uint8 levels 0 .. 255."""
    levels = np.round((outputs + 1) * 127.5)
    return np.clip(levels, 0, 255).astype(np.uint8)


def _judge_denormalise(answer):
    inside = np.linspace(-1, 1, 96, dtype=np.float32).reshape(8, 12, 1)  # (H, W, 1)
    beyond = np.float32([[[-1.5], [-1.01], [1.01], [1.5]]])  # (1, 4, 1)
    levels = np.asarray(answer(inside.copy()))
    mistakes = {
        "range is [0, 1], expected levels from 0 to 255": (inside + 1) / 2,
        "levels must be rounded; cutting decimals off darkens the picture": np.floor(
            (inside + 1) * 127.5
        ),
        "-1 must become 0": inside * 255,
    }
    return (
        compare(levels, denormalise(inside), mistakes, tolerance=1e-6)
        or _wrong_type(levels)
        or compare(
            answer(beyond.copy()),
            denormalise(beyond),
            {
                "outputs beyond -1 and 1 wrap round: black turns white": _overflow(
                    beyond
                )
            },
        )
    )


def _wrong_type(levels):
    if levels.dtype != np.uint8:
        return f"expected pixels of type uint8, received {levels.dtype}"
    return None


def _overflow(outputs):
    return np.round((outputs + 1) * 127.5).astype(np.int64).astype(np.uint8)


DENORMALISE = Exercise(
    "04-denormalise",
    denormalise,
    _judge_denormalise,
    {
        "range is [0, 1], expected levels": lambda outputs: (outputs + 1) / 2,
        "levels must be rounded": lambda outputs: np.clip(
            (outputs + 1) * 127.5, 0, 255
        ).astype(np.uint8),
        "-1 must become 0": lambda outputs: outputs * 255,
        "beyond -1 and 1 wrap round": _overflow,
        "expected pixels of type uint8": lambda outputs: np.clip(
            np.round((outputs + 1) * 127.5), 0, 255
        ),
    },
)

# ------------------------------------------------------------------------ psnr


def psnr(x, y):
    """Return the peak signal-to-noise ratio of pictures in [0, 1], in decibels."""
    return -10 * np.log10(np.mean((x - y) ** 2))


def _judge_psnr(answer):
    rng = np.random.default_rng(4)
    x = rng.random((12, 16, 3), np.float32)  # (H, W, C)
    y = np.clip(x + 0.1 * rng.standard_normal(x.shape, np.float32), 0, 1)
    error = float(np.mean((x - y) ** 2))
    mistakes = {
        "the sign is wrong: a better picture must have the larger PSNR": 10
        * np.log10(error),
        "the factor before the logarithm of the mean square is 10, not 20": -20
        * np.log10(error),
        "the logarithm has base 10": -10 * np.log(error),
        "the errors must be squared before their mean is taken": -10
        * np.log10(np.abs(x - y).mean()),
        "the peak is 1 here, not 255": 20 * np.log10(255) - 10 * np.log10(error),
        "this is the mean square error; its logarithm is missing": error,
        "the mean goes over all pixels and channels: one number": -10
        * np.log10(((x - y) ** 2).mean(axis=(0, 1))),
    }
    return compare(answer(x, y), psnr(x, y), mistakes)


PSNR = Exercise(
    "04-psnr",
    psnr,
    _judge_psnr,
    {
        "the sign is wrong": lambda x, y: 10 * np.log10(np.mean((x - y) ** 2)),
        "the factor before": lambda x, y: -20 * np.log10(np.mean((x - y) ** 2)),
        "the logarithm has base 10": lambda x, y: -10 * np.log(np.mean((x - y) ** 2)),
        "must be squared": lambda x, y: -10 * np.log10(np.mean(np.abs(x - y))),
        "the peak is 1": lambda x, y: 10 * np.log10(255**2 / np.mean((x - y) ** 2)),
        "its logarithm is missing": lambda x, y: np.mean((x - y) ** 2),
        "one number": lambda x, y: -10 * np.log10(((x - y) ** 2).mean(axis=(0, 1))),
    },
)

# ---------------------------------------------------------------------- fading


def fade(picture, keep):
    """Let the dyes of a picture (H, W, 3) shrink to shares `keep` of their density."""
    density = -np.log10(np.maximum(picture, 1e-4))  # (H, W, 3)
    return 10 ** (-density * np.asarray(keep))  # keep 1/2: 0.25 to 0.5, 0.81 to 0.9


def _judge_fading(answer):
    picture = np.random.default_rng(4).uniform(0.02, 1, (12, 16, 3))  # (H, W, 3)
    keep = np.array([0.4, 0.9, 0.7])
    density = -np.log10(picture)
    mistakes = {
        "you scale the light; the density is what shrinks": picture * keep,
        "keep is the share that stays, not the share that is lost": 10
        ** (-density * (1 - keep)),
        "the channels are in the order red, green, blue": 10 ** (-density * keep[::-1]),
        "every dye has its own share: keep[0] is for red only": 10
        ** (-density * keep[0]),
        "this is the density; turn it back into light": density * keep,
        "the logarithm has base 10, and so has the power back": np.exp(-density * keep),
        "the sign of the density is wrong: light would grow past 1": 10
        ** (density * keep),
    }
    black = np.zeros((2, 2, 3))
    if verdict := compare(answer(picture.copy(), keep), fade(picture, keep), mistakes):
        return verdict
    if not np.isfinite(answer(black, keep)).all():
        return "black has infinite density: keep the light above some small number"
    return None


FADING = Exercise(
    "04-fading",
    fade,
    _judge_fading,
    {
        "you scale the light": lambda picture, keep: picture * keep,
        "not the share that is lost": lambda picture, keep: fade(picture, 1 - keep),
        "the order red, green, blue": lambda picture, keep: fade(picture, keep[::-1]),
        "every dye has its own share": lambda picture, keep: fade(picture, keep[0]),
        "turn it back into light": lambda picture, keep: -np.log10(picture) * keep,
        "so has the power back": lambda picture, keep: np.exp(keep * np.log10(picture)),
        "the sign of the density": lambda picture, keep: (
            10 ** -(np.log10(picture) * keep)
        ),
        "black has infinite density": lambda picture, keep: np.where(
            picture > 0, picture**keep, np.nan
        ),
    },
)

# ------------------------------------------------------------------------ crop


def crop(picture, size, rng):
    """Cut a square of `size` pixels out of a picture (H, W, C), anywhere in it."""
    height, width = picture.shape[:2]
    top = rng.integers(height - size + 1)
    left = rng.integers(width - size + 1)
    return picture[top : top + size, left : left + size]


HEIGHT, WIDTH, SIZE, DRAWS = 5, 8, 3, 900


def _judge_crop(answer):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.stack([rows, columns, 0 * rows], axis=-1) / 10  # (H, W, 3)
    rng, again = (np.random.default_rng(4) for _ in range(2))
    crops = [np.asarray(answer(picture, SIZE, rng), float) for _ in range(DRAWS)]
    if wrong := next((c.shape for c in crops if c.shape != (SIZE, SIZE, 3)), None):
        return (
            f"a crop of shape {wrong} came out, expected {(SIZE, SIZE, 3)}: "
            "the picture's shape is (H, W, C), not (W, H, C)"
        )
    corners = [tuple(np.round(c[0, 0, :2] * 10).astype(int)) for c in crops]
    pieces = (picture[y : y + SIZE, x : x + SIZE] for y, x in corners)
    if not all(np.array_equal(c, p) for c, p in zip(crops, pieces, strict=True)):
        return "the crop is not a connected piece of the picture, unchanged"
    if any(not np.array_equal(c, answer(picture, SIZE, again)) for c in crops[:9]):
        return "the same rng must give the same crops: draw from the rng given only"
    return _bias(corners)


def _bias(corners):
    """Say which of the possible upper left corners come too seldom or too often."""
    bottom, right = HEIGHT - SIZE, WIDTH - SIZE
    counts = Counter(corners)
    if len(counts) == 1:
        return "every crop comes from the same place: draw it by rng"
    if max(y for y, _ in counts) < bottom or max(x for _, x in counts) < right:
        return "the last row or column is never seen: integers(n) ends at n - 1"
    if all(y == min(x, bottom) for y, x in counts):
        return "rows and columns must be drawn apart: these crops lie on a diagonal"
    expected = DRAWS / ((bottom + 1) * (right + 1))
    places = [counts[y, x] for y in range(bottom + 1) for x in range(right + 1)]
    if min(places) < 0.4 * expected or max(places) > 1.8 * expected:
        return "some places come more often than others: draw them uniformly"
    return None


def _swapped(picture, size, rng):
    width, height = picture.shape[:2]
    y, x = rng.integers(height - size + 1), rng.integers(width - size + 1)
    return picture[y : y + size, x : x + size]


def _short(picture, size, rng):
    y, x = (rng.integers(n - size) for n in picture.shape[:2])
    return picture[y : y + size, x : x + size]


def _central(picture, size, rng):
    y, x = ((n - size) // 2 for n in picture.shape[:2])
    return picture[y : y + size, x : x + size]


def _diagonal(picture, size, rng):
    x = rng.integers(picture.shape[1] - size + 1)
    y = min(x, picture.shape[0] - size)
    return picture[y : y + size, x : x + size]


def _of_its_own(picture, size, rng):
    return crop(picture, size, np.random.default_rng())


def _rounded(picture, size, rng):
    y, x = (round(rng.random() * (n - size)) for n in picture.shape[:2])
    return picture[y : y + size, x : x + size]


def _shuffled(picture, size, rng):
    return rng.permutation(crop(picture, size, rng))


CROP = Exercise(
    "04-crop",
    crop,
    _judge_crop,
    {
        "not (W, H, C)": _swapped,
        "not a connected piece": _shuffled,
        "draw from the rng given only": _of_its_own,
        "every crop comes from the same place": _central,
        "the last row or column is never seen": _short,
        "on a diagonal": _diagonal,
        "more often than others": _rounded,
    },
)

# ----------------------------------------------------------------------- split


def split(names, share):
    """Split photographs "person-number.jpg" so that nobody is on both sides."""
    people = sorted({name.split("-")[0] for name in names})
    tested = set(people[len(people) - round(share * len(people)) :])
    train = [name for name in names if name.split("-")[0] not in tested]
    test = [name for name in names if name.split("-")[0] in tested]
    return train, test


def _judge_split(answer):
    rng = np.random.default_rng(4)
    people = [f"person{n}" for n in range(10)]
    names = [f"{p}-{n}.jpg" for p in people for n in range(1, 2 + rng.integers(1, 6))]
    parts = answer(list(names), 0.2)
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        return "expected two lists, the photographs to train and to test on"
    train, test = (sorted(part) for part in parts)
    if set(train) & set(test):
        return "some photographs are on both sides"
    if sorted(train + test) != sorted(names):
        return "every photograph must be on one side, as often as it was given"
    both = _people(train) & _people(test)
    if both:
        return f"leak: {sorted(both)[0]} is on both sides; split people, not files"
    if len(_people(test)) != 2:
        return f"expected 2 of the 10 people in the test, received {len(_people(test))}"
    again = answer(list(rng.permutation(names)), 0.2)
    if _people(again[1]) != _people(test):
        return (
            "the split must depend on the names alone, not on their order or on chance"
        )
    eleven = [f"person{n:02}-1.jpg" for n in range(11)]
    for share, count in ((0.25, 3), (0.0, 0)):
        if (found := len(answer(list(eleven), share)[1])) != count:
            return (
                f"a share of {share} of 11 people, rounded to the nearest, is {count}; "
                f"received {found}"
            )
    return None


def _people(names):
    return {str(name).split("-")[0] for name in names}


def _by_file(names, share):
    count = round(share * len(names))
    return names[:-count], names[-count:]


def _by_file_number(names, share):
    test = [name for name in names if name.endswith("-1.jpg")]
    return [name for name in names if name not in test], test


def _as_they_come(names, share):
    people = list(dict.fromkeys(name.split("-")[0] for name in names))
    tested = people[-round(share * len(people)) :]
    test = [name for name in names if name.split("-")[0] in tested]
    return [name for name in names if name not in test], test


def _rounded_down(names, share):
    people = sorted(_people(names))
    tested = people[len(people) - int(share * len(people)) :]
    test = [name for name in names if name.split("-")[0] in tested]
    return [name for name in names if name not in test], test


SPLIT = Exercise(
    "04-split",
    split,
    _judge_split,
    {
        "split people, not files": _by_file_number,
        "on one side, as often as": lambda names, share: (
            _by_file(names, share)[0],
            [],
        ),
        "some photographs are on both sides": lambda names, share: (
            names,
            split(names, share)[1],
        ),
        "2 of the 10 people in the test": lambda names, share: split(names, 1 - share),
        "not on their order": _as_they_come,
        "rounded to the nearest": _rounded_down,
        "expected two lists": lambda names, share: split(names, share)[0],
    },
)

# ---------------------------------------------------------------------- faults

CAUSES = {"A": "leak", "B": "alias", "C": "wrap", "D": "thin"}
_CAUSES_REASONS = {
    "A": "what does the test share with the training?",
    "B": "where can edges come from that no photograph has?",
    "C": "what becomes of 256 in eight bits?",
    "D": "from which pictures could it learn that a line may belong?",
}


def _judge_causes(answer):
    return judge_choices(
        answer, CAUSES, ("leak", "alias", "wrap", "thin"), _CAUSES_REASONS
    )


FAULTS = Exercise(
    "04-faults",
    CAUSES,
    _judge_causes,
    {
        "does the test share": CAUSES | {"A": "alias"},
        "that no photograph has": CAUSES | {"B": "wrap"},
        "in eight bits": CAUSES | {"C": "thin"},
        "that a line may belong": CAUSES | {"D": "leak"},
        "expected one of": CAUSES | {"A": "nothing of that"},
        "expected a dictionary": list(CAUSES.values()),
    },
)

EXERCISES = (NORMALISE, DENORMALISE, PSNR, FADING, CROP, SPLIT, FAULTS)
