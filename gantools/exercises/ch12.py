"""Exercises of chapter 12: the losses, the reach and the promise of the restorer."""

import numpy as np

from gantools.exercises import Exercise, compare, judge_choices

# ----------------------------------------------------------------------- field


def field(layers):
    """Return how many pixels, along one axis, one output of a stack looks at."""
    seen, step = 1, 1  # pixels seen; pixels between two neighbours of this layer
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step *= stride
    return seen


STACKS = (
    [(3, 1), (3, 1)],
    [(4, 2), (4, 2), (3, 1)],
    [(2, 2), (3, 1), (3, 1), (2, 2), (3, 1)],
    [(7, 3)],
    [],
)


def _own_stride(layers):
    seen, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        seen += (kernel - 1) * step
    return seen


def _backwards(layers):
    return field(list(reversed(layers)))


def _without_strides(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _product(layers):
    return int(np.prod([kernel for kernel, _ in layers]))


def _summed(layers):
    step, seen = 1, 0
    for kernel, stride in layers:
        seen += kernel * step
        step *= stride
    return seen


FIELD_MISTAKES = {
    "strides count: after one of 2 a step of the next layer is 2 pixels": (
        _without_strides
    ),
    "a layer's own stride does not widen what it sees itself, only what follows": (
        _own_stride
    ),
    "the strides that count are those of the layers before, not after": _backwards,
    "kernels that overlap share pixels: each adds kernel - 1 steps": _summed,
    "the pixels add up, they do not multiply": _product,
    "one is missing: an output of no layer at all sees 1 pixel": lambda layers: (
        field(layers) - 1
    ),
}


def _judge_field(answer):
    received = [answer(list(stack)) for stack in STACKS]
    expected = [field(stack) for stack in STACKS]
    mistakes = {
        diagnosis: [wrong(stack) for stack in STACKS]
        for diagnosis, wrong in FIELD_MISTAKES.items()
    }
    verdict = compare(received, expected, mistakes, tolerance=1e-9)
    if verdict is None or verdict in mistakes:
        return verdict
    for stack, value, wanted in zip(STACKS, received, expected, strict=True):
        if wrong := compare(value, wanted, tolerance=1e-9):
            return f"for {stack}: {wrong}"
    return verdict


FIELD = Exercise(
    "12-field",
    field,
    _judge_field,
    {
        "strides count": _without_strides,
        "own stride": _own_stride,
        "of the layers before": _backwards,
        "share pixels": _summed,
        "do not multiply": _product,
        "one is missing": lambda layers: field(layers) - 1,
    },
)

# ------------------------------------------------------------------------ mask


def mask_loss(truth, logits, weight):
    """Return the mean cross-entropy in which a damaged pixel weighs `weight`."""
    found = truth * np.logaddexp(0, -logits)  # -log sigmoid(logits)
    clear = (1 - truth) * np.logaddexp(0, logits)  # -log(1 - sigmoid(logits))
    return np.mean(weight * found + clear)


def _crossed(truth, logits, weight):
    """Use the textbook form, which overflows; clipped so that only the form counts."""
    p = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    with np.errstate(divide="ignore", invalid="ignore"):
        both = weight * truth * np.log(p) + (1 - truth) * np.log(1 - p)
    return -np.mean(both)


def _judge_mask(answer):
    rng = np.random.default_rng(12)
    truth = (rng.random((2, 6, 8, 1)) < 0.3).astype(float)  # (B, H, W, 1)
    logits, weight = 2 * rng.standard_normal(truth.shape), 4.0
    expected = mask_loss(truth, logits, weight)
    plain = mask_loss(truth, logits, 1)
    mistakes = {
        "damaged pixels have to weigh more, here nothing does": plain,
        "the weight belongs to the damaged pixels, not to the clear ones": (
            mask_loss(1 - truth, -logits, weight)
        ),
        "the weight is for damaged pixels alone, not for all": weight * plain,
        "a loss is to be made small: the sign is wrong": -expected,
        "take the mean over all pixels, not the sum": expected * truth.size,
        "divide by the number of pixels, not by the sum of the weights": (
            expected * truth.size / (1 + (weight - 1) * truth).sum()
        ),
        "a positive logit means damage: the sign of the logits is wrong": (
            mask_loss(truth, -logits, weight)
        ),
        "clear pixels count as well: nothing punishes false alarms": (
            weight * np.mean(truth * np.logaddexp(0, -logits))
        ),
    }
    if verdict := compare(answer(truth, logits, weight), expected, mistakes):
        return verdict
    sure = np.array([[1.0, 0.0]]), np.array([[-1000.0, 1000.0]])  # wrong, and certain
    verdict = compare(answer(*sure, weight), mask_loss(*sure, weight))
    return verdict and (
        "right for small logits, but log(sigmoid(-1000)) is not finite: "
        "-log(sigmoid(t)) is log(exp(0) + exp(-t)), and np.logaddexp computes that"
    )


MASK = Exercise(
    "12-mask",
    mask_loss,
    _judge_mask,
    {
        "nothing does": lambda truth, logits, weight: mask_loss(truth, logits, 1),
        "not to the clear ones": lambda truth, logits, weight: mask_loss(
            1 - truth, -logits, weight
        ),
        "not for all": lambda truth, logits, weight: (
            weight * mask_loss(truth, logits, 1)
        ),
        "the sign is wrong": lambda truth, logits, weight: (
            -mask_loss(truth, logits, weight)
        ),
        "not the sum": lambda truth, logits, weight: (
            truth.size * mask_loss(truth, logits, weight)
        ),
        "the sum of the weights": lambda truth, logits, weight: np.average(
            np.logaddexp(0, (1 - 2 * truth) * logits),
            weights=1 + (weight - 1) * truth,
        ),
        "the sign of the logits": lambda truth, logits, weight: mask_loss(
            truth, -logits, weight
        ),
        "false alarms": lambda truth, logits, weight: np.mean(
            weight * truth * np.logaddexp(0, -logits)
        ),
        "is not finite": _crossed,
    },
)

# ----------------------------------------------------------------- charbonnier


def charbonnier(x, y, eps):
    """Return the mean of sqrt((x - y)^2 + eps^2)."""
    return np.mean(np.sqrt((x - y) ** 2 + eps**2))


def _judge_charbonnier(answer):
    rng = np.random.default_rng(12)
    x, y = rng.uniform(-1, 1, (2, 2, 6, 8, 3))  # (B, H, W, 3) each
    eps = 0.25
    squares = (x - y) ** 2
    mistakes = {
        "eps must be squared under the root": np.mean(np.sqrt(squares + eps)),
        "take the root of each pixel first, then the mean": np.sqrt(
            np.mean(squares) + eps**2
        ),
        "the root is missing": np.mean(squares + eps**2),
        "this is |x - y|; at zero it has a corner that eps rounds off": np.mean(
            np.sqrt(squares)
        ),
        "eps belongs under the root, not beside it": np.mean(np.sqrt(squares)) + eps,
        "take the mean over all pixels, not the sum": np.sum(np.sqrt(squares + eps**2)),
        "the difference must be squared": np.mean(np.sqrt(np.abs(x - y) + eps**2)),
        "one number for the whole batch, not one a pixel": np.sqrt(squares + eps**2),
    }
    return compare(answer(x, y, eps), charbonnier(x, y, eps), mistakes)


CHARBONNIER = Exercise(
    "12-charbonnier",
    charbonnier,
    _judge_charbonnier,
    {
        "eps must be squared": lambda x, y, eps: np.mean(np.sqrt((x - y) ** 2 + eps)),
        "the root of each pixel first": lambda x, y, eps: np.sqrt(
            np.mean((x - y) ** 2 + eps**2)
        ),
        "the root is missing": lambda x, y, eps: np.mean((x - y) ** 2 + eps**2),
        "a corner": lambda x, y, eps: np.mean(np.abs(x - y)),
        "not beside it": lambda x, y, eps: np.mean(np.abs(x - y) + eps),
        "not the sum": lambda x, y, eps: np.sum(np.hypot(x - y, eps)),
        "the difference must be squared": lambda x, y, eps: np.mean(
            np.sqrt(np.abs(x - y) + eps**2)
        ),
        "not one a pixel": lambda x, y, eps: np.hypot(x - y, eps),
    },
)

# ----------------------------------------------------------------------- hinge


def hinge(real, fake):
    """Return what the discriminator minimises, given its logits."""
    return np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))


def _judge_hinge(answer):
    rng = np.random.default_rng(12)
    real = 2 * rng.standard_normal((4, 6, 6, 1)) + 1.5  # (B, h, w, 1)
    fake = 2 * rng.standard_normal((4, 6, 6, 1)) + 0.3
    mistakes = {
        "real and fake are swapped": hinge(fake, real),
        "what lies beyond the margin must cost nothing: cut at 0": (
            np.mean(1 - real) + np.mean(1 + fake)
        ),
        "the margin is 1, not 0": (
            np.mean(np.maximum(0, -real)) + np.mean(np.maximum(0, fake))
        ),
        "this is the generator's loss": -np.mean(fake),
        "the two means are added, not averaged": hinge(real, fake) / 2,
        "half of it is missing: the fakes are judged, too": (
            np.mean(np.maximum(0, 1 - real))
        ),
        "cut at 0 for each patch, then take the mean": (
            max(0, 1 - np.mean(real)) + max(0, 1 + np.mean(fake))
        ),
        "each patch costs once, not squared": (
            np.mean(np.maximum(0, 1 - real) ** 2)
            + np.mean(np.maximum(0, 1 + fake) ** 2)
        ),
        "the discriminator minimises: the sign is wrong": -hinge(real, fake),
    }
    return compare(answer(real, fake), hinge(real, fake), mistakes)


HINGE = Exercise(
    "12-hinge",
    hinge,
    _judge_hinge,
    {
        "are swapped": lambda real, fake: hinge(fake, real),
        "must cost nothing": lambda real, fake: np.mean(1 - real) + np.mean(1 + fake),
        "the margin is 1": lambda real, fake: (
            np.mean(np.maximum(0, -real)) + np.mean(np.maximum(0, fake))
        ),
        "the generator's loss": lambda real, fake: -np.mean(fake),
        "not averaged": lambda real, fake: hinge(real, fake) / 2,
        "half of it is missing": lambda real, fake: np.mean(np.maximum(0, 1 - real)),
        "for each patch": lambda real, fake: (
            max(0, 1 - np.mean(real)) + max(0, 1 + np.mean(fake))
        ),
        "not squared": lambda real, fake: np.mean(
            np.maximum(0, 1 - real) ** 2 + np.maximum(0, 1 + fake) ** 2
        ),
        "the sign is wrong": lambda real, fake: -hinge(real, fake),
    },
)

# ----------------------------------------------------------------------- paste


def paste(before, after, weight):
    """Blend the repair in: where `weight` (H, W) is 0, keep `before` bit for bit."""
    return before + weight[..., None] * (after - before)


def _paste_case():
    """Make a photograph, its repair, and weights: 0 outside, 1 inside, a soft rim."""
    rng = np.random.default_rng(12)
    before, after = rng.random((2, 10, 12, 3), np.float32)  # (H, W, C) each
    weight = np.zeros((10, 12), np.float32)
    weight[3:7, 4:9], weight[4:6, 5:8] = 0.25, 1.0
    return before, after, weight


def _judge_paste(answer):
    before, after, weight = _paste_case()
    kept = before.copy()
    result = answer(before, after, weight)
    if not np.array_equal(before, kept):
        return "you changed `before` itself: work on a copy"
    hard = np.where(weight[..., None] > 0.5, after, before)
    mistakes = {
        "before and after are swapped": paste(after, before, weight),
        "this is the whole repair: use the weight": after,
        "nothing was repaired: this is `before`": before,
        "a weight between 0 and 1 is a soft rim: blend there": hard,
        "where the weight is above 0 but below 1, blend": np.where(
            weight[..., None] > 0, after, before
        ),
    }
    if verdict := compare(result, paste(before, after, weight), mistakes, 1e-2):
        return verdict
    outside = weight == 0
    if not np.array_equal(np.asarray(result)[outside], before[outside]):
        return (
            "close, but not bit for bit: outside, not even the last digit may change, "
            "so go neither through whole levels nor through [-1, 1]"
        )
    return compare(result, paste(before, after, weight))


def _in_place(before, after, weight):
    before += weight[..., None] * (after - before)
    return before


def _through_levels(before, after, weight):
    return np.round(paste(before, after, weight) * 255) / 255


PASTE = Exercise(
    "12-paste",
    paste,
    _judge_paste,
    {
        "are swapped": lambda before, after, weight: paste(after, before, weight),
        "the whole repair": lambda before, after, weight: after,
        "nothing was repaired": lambda before, after, weight: before,
        "a soft rim": lambda before, after, weight: np.where(
            weight[..., None] > 0.5, after, before
        ),
        "above 0 but below 1": lambda before, after, weight: np.where(
            weight[..., None] > 0, after, before
        ),
        "work on a copy": _in_place,
        "not bit for bit": _through_levels,
    },
)

# ---------------------------------------------------------------------- causes

ORIGINS = {"A": "pixels", "B": "caution", "C": "halo", "D": "median"}
_ORIGINS_REASONS = {
    "A": "what is cheap in pixels and looks soft?",
    "B": "how rare is damage in such a photograph, beside the training views?",
    "C": "what differs along a straight line across the scan?",
    "D": "what is the best single answer, if half of the photographs need none?",
}


def _judge_origins(answer):
    return judge_choices(
        answer, ORIGINS, ("pixels", "caution", "halo", "median"), _ORIGINS_REASONS
    )


CAUSES = Exercise(
    "12-causes",
    ORIGINS,
    _judge_origins,
    {
        "cheap in pixels": ORIGINS | {"A": "halo"},
        "how rare is damage": ORIGINS | {"B": "pixels"},
        "along a straight line": ORIGINS | {"C": "median"},
        "best single answer": ORIGINS | {"D": "caution"},
        "expected one of": ORIGINS | {"A": "nothing of that"},
        "expected a dictionary": list(ORIGINS.values()),
    },
)

EXERCISES = (FIELD, MASK, CHARBONNIER, HINGE, PASTE, CAUSES)
