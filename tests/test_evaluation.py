"""gantools.evaluation: tables that say what was measured."""

import numpy as np
import pytest

from gantools import collections, damage, evaluation, metrics
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
    parts = (np.ascontiguousarray(part[:160, :160]) for part in aged[:3])
    return damage.Aged(*parts, aged.kinds)


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


@pytest.mark.parametrize("target", evaluation.TARGETS)
def test_the_target_says_what_is_right(cases, target):
    known = {c.aged.damaged.tobytes(): c for c in cases}
    methods = {
        t: lambda x, t=t: known[x.tobytes()].truth(t) for t in ("clean", "faded")
    }
    for row in evaluation.evaluate(methods, cases, target):
        assert row["target"] == target
        assert (row["psnr"] == evaluation.CAP) == (row["method"] == target)


def test_an_unknown_target_is_refused(cases):
    message = r"Expected one of \('clean', 'faded'\). Received: 'sepia'"
    with pytest.raises(ValueError, match=message):
        evaluation.evaluate({"input": lambda x: x}, cases, "sepia")


def test_inside_and_outside_of_the_damage_are_measured_apart():
    clean = np.full((40, 40, 3), 0.5, np.float32)
    mask = np.zeros((40, 40), np.float32)
    mask[10:20, 5:35] = 1
    damaged = clean + 0.1 * mask[..., None] + 0.01 * (1 - mask[..., None])
    aged = damage.Aged(damaged, clean, mask, ("dust", "hairs"))
    methods = {"blind": lambda x: x, "seeing": lambda x: (x, 0.9 * mask)}
    blind, seeing = evaluation.evaluate(
        methods, [evaluation.Case("a", 0.5, clean, aged)]
    )
    assert seeing["psnr_inside"] == pytest.approx(20, abs=1e-3)
    assert seeing["psnr_outside"] == pytest.approx(40, abs=1e-3)
    assert seeing["iou"] == seeing["average_precision"] == 1
    assert np.isnan([blind["iou"], blind["average_precision"]]).all()
    assert blind["psnr"] == seeing["psnr"]


def test_without_damage_there_is_no_inside_to_measure():
    clean = np.full((40, 40, 1), 0.5, np.float32)
    aged = damage.Aged(clean, clean, np.zeros((40, 40), np.float32), ())
    (row,) = evaluation.evaluate(
        {"m": lambda x: (x, x[..., 0])}, [evaluation.Case("a", 0.5, clean, aged)]
    )
    assert np.isnan(row["psnr_inside"]) and row["psnr_outside"] == evaluation.CAP
    (line,) = evaluation.summarise([row])
    assert np.isnan([line["psnr_inside"], line["psnr_inside_high"]]).all()


def test_a_kind_is_averaged_over_the_pictures_that_have_it():
    kinds = ["dust", "dust hairs", "", "hairs"]
    rows = [
        dict.fromkeys(evaluation.METRICS, float(i))
        | {"picture": i, "severity": 0.5, "method": "m", "kinds": k}
        for i, k in enumerate(kinds)
    ]
    table = evaluation.summarise(evaluation.by_kind(rows), by=("kind", "method"))
    assert [(t["kind"], t["pictures"], t["ssim"]) for t in table] == [
        ("dust", 2, 0.5),
        ("hairs", 2, 2.0),
    ]


def test_what_cannot_be_measured_is_left_out_of_the_mean():
    rows = [
        dict.fromkeys(evaluation.METRICS, 1.0)
        | {"severity": 0.5, "method": "m", "iou": value}
        for value in (0.25, float("nan"), 0.75)
    ]
    (line,) = evaluation.summarise(rows)
    assert (line["pictures"], line["iou"]) == (3, 0.5)


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


def test_gain_keeps_apart_what_is_about_different_things():
    rows = [
        {"set": s, "picture": "a", "severity": 0.5, "method": m, "psnr": value}
        for s, m, value in [(1, "a", 1.0), (1, "b", 2.0), (2, "a", 9.0), (2, "b", 10.0)]
    ]
    assert evaluation.gain(rows, "b", over="a", metric="psnr") == (1.0, 1.0, 1.0)


def test_rows_survive_the_file(tmp_path):
    rows = [{"picture": "a", "psnr": 20.25}, {"picture": "b", "psnr": 3.5}]
    evaluation.write_rows(rows, tmp_path / "rows.csv")
    assert evaluation.read_rows(tmp_path / "rows.csv") == rows


def test_nothing_measured_is_an_empty_cell(tmp_path):
    evaluation.write_rows([{"picture": "a", "iou": float("nan")}], tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b"picture,iou\na,\n"
    (row,) = evaluation.read_rows(tmp_path / "a.csv")
    assert np.isnan(row["iou"])


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
