"""gantools.evaluation: tables that say what was measured."""

import numpy as np
import pytest

from gantools import collections, evaluation, metrics
from gantools.evaluation import Chain


@pytest.fixture(scope="module")
def cases():
    paths = collections.bundled()[:2]
    found = evaluation.aged_cases(paths, 1.0, seed=0)
    return [
        evaluation.Case(c.name, c.severity, c.clean[:160, :160], _cut(c.aged))
        for c in found
    ]


def _cut(aged):
    return aged._replace(damaged=np.ascontiguousarray(aged.damaged[:160, :160]))


def test_cases_are_the_same_for_the_same_seed():
    paths = collections.bundled()[:1]
    first, second, other = (
        evaluation.aged_cases(paths, 0.6, seed)[0].aged.damaged for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_perfect_method_is_perfect_and_the_input_is_not(cases):
    clean = {c.aged.damaged.tobytes(): c.clean for c in cases}
    methods = {"input": lambda x: x, "perfect": lambda x: clean[x.tobytes()]}
    rows = evaluation.evaluate(methods, cases)
    assert len(rows) == 4
    for row in rows:
        perfect = row["method"] == "perfect"
        assert (row["psnr"] == evaluation.CAP) == perfect
        assert (row["ssim"] > 0.9999) == perfect
        assert (row["lpips"] < 1e-6) == perfect


def test_summary_holds_mean_and_interval():
    rows = [
        dict.fromkeys(evaluation.METRICS, v)
        | {"picture": i, "severity": 0.5, "method": "m"}
        for i, v in enumerate([1.0, 2.0, 3.0, 6.0])
    ]
    (line,) = evaluation.summarise(rows)
    assert line["pictures"] == 4
    assert line["psnr"] == 3.0
    assert 1.0 <= line["psnr_low"] < 3.0 < line["psnr_high"] <= 6.0
    errors = [10 ** (-v / 10) for v in (1.0, 2.0, 3.0, 6.0)]
    assert line["pooled"] == pytest.approx(-10 * np.log10(np.mean(errors)))
    assert line["pooled_low"] < line["pooled"] < line["pooled_high"]


def test_gain_compares_picture_by_picture():
    rows = [
        {"picture": i, "severity": 0.5, "method": m, "psnr": 20.0 + 5 * i + (m == "b")}
        for i in range(5)
        for m in "ab"
    ]
    assert evaluation.gain(rows, "b", over="a", metric="psnr") == (1.0, 1.0, 1.0)


def test_rows_survive_the_file(tmp_path):
    rows = [{"picture": "a", "psnr": 20.25}, {"picture": "b", "psnr": 3.5}]
    evaluation.write_rows(rows, tmp_path / "rows.csv")
    assert evaluation.read_rows(tmp_path / "rows.csv") == rows


def test_sets_are_compared_by_every_measure():
    real, made = np.random.default_rng(0).normal(size=(2, 60, 4))
    made += 1
    found = evaluation.compare_sets(real, made)
    kernel = metrics.kernel_distance(real, made)
    assert list(found.values()) == [
        metrics.frechet_distance(real, made),
        *kernel,
        *metrics.precision_recall(real, made),
    ]
    assert list(found)[:2] == ["Frechet distance", "kernel distance"]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_chain_repairs_a_scratch_and_leaves_the_rest(channels):
    clean = np.full((64, 64, channels), 0.5, np.float32)
    damaged = clean.copy()
    damaged[10:50, 30:32] = 1.0
    result = Chain(7, 0.15, strength=0, clip=0)(damaged)
    assert result.shape == damaged.shape
    assert np.abs(result - clean).max() < 0.01


def test_a_chain_of_no_steps_changes_nothing():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)) / 255
    result = Chain(7, 0.0, 0.0, 0.0)(pixels.astype(np.float32))
    np.testing.assert_allclose(result, pixels, atol=1e-6)


def test_auto_levels_use_the_whole_range():
    pixels = np.random.default_rng(0).uniform(0.3, 0.6, (64, 64, 3)).astype("float32")
    levelled = evaluation.auto_levels(pixels, 0.01)
    assert levelled.min() == 0
    assert levelled.max() == 1
    assert abs(np.quantile(levelled, 0.5) - 0.5) < 0.05


def test_tuning_finds_the_best_of_the_chains(cases):
    chains = [Chain(7, 0.0, 0.0, 0.0), Chain(7, 0.01, 40.0, 0.2)]
    best = evaluation.tune(cases, chains)
    assert set(best) == set(evaluation.METRICS)
    assert best["psnr"] == chains[0]
