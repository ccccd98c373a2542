"""The training loop: exact resumption, checkpoints, history, moving averages."""

import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from gantools import engine, losses, training
from gantools.training import ExponentialMovingAverage, History, fit

STEPS = 12


def numbers(x):
    return np.asarray(ops.convert_to_numpy(x))


def batches(step):
    rng = np.random.default_rng([7, step])
    return (rng.normal(1, 1, (8, 4)).astype("float32"),)


class Tiny:
    """A GAN on four numbers, with all that can go wrong: noise, statistics, momenta."""

    def __init__(self, width=5, dtype="float32"):
        keras.utils.set_random_seed(0)
        self.g = keras.Sequential(
            [
                keras.Input((3,)),
                layers.Dense(width, use_bias=False, dtype=dtype),
                layers.BatchNormalization(dtype=dtype),
                layers.Dense(4, dtype="float32"),
            ]
        )
        self.d = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        self.optimizers = [keras.optimizers.Adam(1e-2) for _ in range(2)]
        self.players = [self.g.trainable_variables, self.d.trainable_variables]
        for optimizer, variables in zip(self.optimizers, self.players, strict=True):
            optimizer.build(variables)
        self.average = ExponentialMovingAverage(self.g)
        self.seeds = keras.random.SeedGenerator(3)
        self.state = [self.g, self.d, *self.optimizers, self.average, self.seeds]

    def step(self, real):
        z = keras.random.normal((8, 3), seed=self.seeds)

        def losses_fn():
            logits = self.d(real), self.d(self.g(z, training=True))
            game = losses.GAMES["non-saturating"]
            return (game.generator(*logits), game.discriminator(*logits)), {}

        (both, _), grads = engine.value_and_grads(losses_fn, self.players)
        for optimizer, grad, variables in zip(
            self.optimizers, grads, self.players, strict=True
        ):
            optimizer.apply(grad, variables)
        self.average.update()
        return {"g": both[0], "d": both[1]}

    def values(self):
        return [numbers(v.value) for v in engine.variables_of(self.state)]


def train(folder=None, steps=STEPS, trainer=None, **options):
    trainer = trainer or Tiny()
    options = {"save_every": 3, "log_every": 4, **options}
    return trainer, fit(trainer, batches, steps, folder, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Give the values and the history of a run that nothing cut."""
    folder = tmp_path_factory.mktemp("whole")
    trainer, _ = train(folder)
    return trainer.values(), (folder / "history.csv").read_bytes()


def assert_same(trainer, folder, whole):
    for value, wanted in zip(trainer.values(), whole[0], strict=True):
        np.testing.assert_array_equal(value, wanted)
    assert (folder / "history.csv").read_bytes() == whole[1]


# --- Exact resumption --------------------------------------------------------------


def test_same_run_twice_is_the_same_bits(tmp_path, whole):
    trainer, _ = train(tmp_path)
    assert_same(trainer, tmp_path, whole)


@pytest.mark.parametrize("cut", [1, 3, 5, STEPS])
def test_run_that_ended_early_goes_on_to_the_same_bits(tmp_path, whole, cut):
    train(tmp_path, steps=cut)
    trainer, _ = train(tmp_path, resume=True)
    assert_same(trainer, tmp_path, whole)


class Killed(BaseException):
    """Stands for the power going off."""


@pytest.mark.parametrize("write", [1, 2, 5])
@pytest.mark.parametrize("moment", ["half written", "before replace", "after replace"])
def test_crash_while_saving_loses_nothing(tmp_path, whole, monkeypatch, moment, write):
    """A run writes checkpoint, history, checkpoint, ...; one of them is cut short."""
    replace, count = Path.replace, iter(range(1, 100))

    def crash(path, target):
        if next(count) == write:
            if moment == "half written":
                path.write_bytes(path.read_bytes()[:100])
            if moment == "after replace":
                replace(path, target)
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", crash)
        train(tmp_path)
    trainer, _ = train(tmp_path, resume=True)
    assert_same(trainer, tmp_path, whole)


def test_crash_inside_a_step_goes_on_to_the_same_bits(tmp_path, whole):
    def failing(step):
        if step == 8:
            raise Killed
        return batches(step)

    with pytest.raises(Killed):
        fit(Tiny(), failing, STEPS, tmp_path, save_every=3, log_every=4, workers=1)
    trainer, _ = train(tmp_path, resume=True)
    assert_same(trainer, tmp_path, whole)


SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
import test_training as t

def batches(step):
    if step == 9:
        time.sleep(60)  # by then the process has been killed
    return t.batches(step)

def on_save(step):
    print(step, flush=True)

t.fit(t.Tiny(), batches, t.STEPS, sys.argv[2], save_every=1, log_every=4,
      on_save=on_save)
"""


def test_killed_process_goes_on_to_the_same_bits(tmp_path, whole):
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", SCRIPT, here, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line == "5\n":
                process.kill()  # somewhere in one of the next steps or saves
    assert process.returncode != 0
    step, _ = training.load_checkpoint(tmp_path / "checkpoint.npz", Tiny().state)
    assert 5 <= step <= 9
    trainer, _ = train(tmp_path, resume=True)
    assert_same(trainer, tmp_path, whole)


def test_resume_without_a_checkpoint_starts_at_zero(tmp_path, whole):
    trainer, _ = train(tmp_path / "new", resume=True)
    assert_same(trainer, tmp_path / "new", whole)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_batches_come_in_order_whatever_the_threads_do(workers):
    def slow(step):
        time.sleep(np.random.default_rng(step).uniform(0, 0.01))
        return (np.array([step]),)

    stream = training._prefetch(slow, 3, 40, workers)
    assert [int(batch[0][0]) for batch in stream] == list(range(3, 40))


def test_failing_batch_is_named():
    def failing(step):
        if step == 5:
            raise OSError("the disk is full")
        return batches(step)

    with pytest.raises(OSError) as caught:
        fit(Tiny(), failing, STEPS, log_every=1)
    assert caught.value.__notes__ == ["while batches(5) was prepared"]


# --- Refusals ----------------------------------------------------------------------


def test_folder_of_another_run_is_refused(tmp_path):
    train(tmp_path, steps=1)
    before = (tmp_path / "checkpoint.npz").read_bytes()
    with pytest.raises(FileExistsError, match=r"resume=True.* holds checkpoint.npz"):
        train(tmp_path)
    assert (tmp_path / "checkpoint.npz").read_bytes() == before


def test_other_data_are_refused(tmp_path):
    train(tmp_path, steps=1)
    with pytest.raises(ValueError, match=r"the data and the seed .* first batch"):
        fit(Tiny(), lambda step: batches(step + 1), STEPS, tmp_path, resume=True)


def test_same_data_from_another_processor_are_accepted(tmp_path):
    train(tmp_path, steps=1)
    fit(Tiny(), lambda step: (batches(step)[0] + 1e-4,), 2, tmp_path, resume=True)


def test_other_architecture_is_refused_and_nothing_changed(tmp_path):
    train(tmp_path, steps=1)
    trainer = Tiny(width=6)
    before = trainer.values()
    with pytest.raises(ValueError, match=r"kernel', \(3, 6\)\).*kernel', \(3, 5\)"):
        train(tmp_path, trainer=trainer, resume=True)
    for value, wanted in zip(trainer.values(), before, strict=True):
        np.testing.assert_array_equal(value, wanted)


def test_other_number_of_variables_is_refused(tmp_path):
    train(tmp_path, steps=1)
    trainer = Tiny()
    trainer.state.append(keras.Variable(0.0))
    with pytest.raises(ValueError, match=r"Expected 37 variables.* Received: 36"):
        train(tmp_path, trainer=trainer, resume=True)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no archive", None])
def test_damaged_checkpoint_is_refused(tmp_path, damage):
    train(tmp_path, steps=1)
    path = tmp_path / "checkpoint.npz"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if damage is None else damage)
    with pytest.raises(ValueError, match=r"Expected a whole checkpoint. Received: "):
        train(tmp_path, resume=True)


def test_fewer_steps_than_taken_are_refused(tmp_path):
    train(tmp_path, steps=5)
    with pytest.raises(ValueError, match=r"Expected steps >= 5.* Received: 4"):
        train(tmp_path, steps=4, resume=True)


def test_resume_needs_a_folder():
    with pytest.raises(ValueError, match="Expected a folder to resume from"):
        train(None, resume=True)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_loss_that_is_not_finite_stops_with_the_last_good_checkpoint(tmp_path, bad):
    def poisoned(step):
        (real,) = batches(step)
        return (real * bad if step == 7 else real,)

    with pytest.raises(FloatingPointError, match=r"Received: d = .* at step 8; "):
        fit(Tiny(), poisoned, STEPS, tmp_path, save_every=3, log_every=50)
    trainer = Tiny()
    step, _ = training.load_checkpoint(tmp_path / "checkpoint.npz", trainer.state)
    assert step == 6
    assert all(np.isfinite(value).all() for value in trainer.values())


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    """The loss of a step is that of the weights before it."""

    class Breaking(Tiny):
        def step(self, real):
            logs = super().step(real)
            self.g.weights[0].assign(self.g.weights[0] * 1e30)
            return {name: ops.nan_to_num(loss) for name, loss in logs.items()}

    with pytest.raises(FloatingPointError, match=r"Received: .*kernel with NaN .* 2;"):
        train(tmp_path, trainer=Breaking(), save_every=1)
    step, _ = training.load_checkpoint(tmp_path / "checkpoint.npz", Tiny().state)
    assert step == 1


# --- Checkpoints -------------------------------------------------------------------


def test_checkpoint_does_not_depend_on_what_was_built_before(tmp_path):
    trainer, _ = train(tmp_path, steps=1)
    layers.Dense(1), layers.BatchNormalization(), keras.Sequential()  # count names up
    other = Tiny()
    assert other.g.layers[0].name != trainer.g.layers[0].name
    training.load_checkpoint(tmp_path / "checkpoint.npz", other.state)
    np.testing.assert_array_equal(numbers(other.g.weights[0]), trainer.values()[0])


def test_half_precision_variables_come_back_exactly(tmp_path):
    values = np.random.default_rng(0).normal(size=(50,)).astype("float32")
    half, other = (keras.Variable(x, dtype="bfloat16") for x in (values, 0 * values))
    training.save_checkpoint(tmp_path / "half.npz", [half], 1)
    training.load_checkpoint(tmp_path / "half.npz", [other])
    assert keras.backend.standardize_dtype(other.dtype) == "bfloat16"
    exact = (numbers(ops.cast(v.value, "float32")) for v in (half, other))
    np.testing.assert_array_equal(*exact)


def test_checkpoint_holds_no_pickle_and_leaves_no_temporary_file(tmp_path):
    train(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint.npz",
        "history.csv",
    ]
    with np.load(tmp_path / "checkpoint.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)


def test_saves_are_announced_when_the_checkpoint_is_there(tmp_path):
    seen = []

    def on_save(step):
        path = tmp_path / "checkpoint.npz"
        seen.append((step, training.load_checkpoint(path, Tiny().state)[0]))

    train(tmp_path, steps=7, on_save=on_save)
    assert seen == [(3, 3), (6, 6), (7, 7)]


def test_crash_before_a_save_is_announced_is_made_good(tmp_path):
    def crash(step):
        raise Killed

    with pytest.raises(Killed):
        train(tmp_path, steps=3, on_save=crash)
    seen = []
    train(tmp_path, steps=3, resume=True, on_save=seen.append)
    assert seen == [3]


# --- Precision ---------------------------------------------------------------------


def test_mixed_precision_resumes_to_the_same_bits_with_float32_weights(tmp_path):
    half = "mixed_bfloat16"
    whole, _ = train(tmp_path / "a", trainer=Tiny(dtype=half))
    train(tmp_path / "b", steps=5, trainer=Tiny(dtype=half))
    trainer, _ = train(tmp_path / "b", trainer=Tiny(dtype=half), resume=True)
    for value, wanted in zip(trainer.values(), whole.values(), strict=True):
        np.testing.assert_array_equal(value, wanted)
        assert value.dtype in (np.float32, np.int32, np.int64, np.uint32)


def test_model_in_another_precision_gives_nearly_the_same():
    keras.utils.set_random_seed(0)
    shape = [keras.Input((8,)), layers.Dense(16, activation="tanh"), layers.Dense(2)]
    exact = keras.Sequential(shape)
    half = training.with_precision(exact, "mixed_bfloat16")
    x = np.random.default_rng(0).normal(size=(4, 8)).astype("float32")
    assert [layer.compute_dtype for layer in half.layers] == ["bfloat16", "float32"]
    assert all(v.dtype == "float32" for v in half.variables)
    difference = np.abs(numbers(half(x)) - numbers(exact(x))).max()
    assert 0 < difference < 0.02


# --- History -----------------------------------------------------------------------


def test_history_averages_the_steps_of_a_row():
    class Counter:
        def __init__(self):
            self.count = keras.Variable(0.0)
            self.state = [self.count]

        def step(self, x):
            self.count.assign_add(1.0)
            return {"count": self.count.value}

    history = fit(Counter(), batches, 10, log_every=4)
    assert history.keys() == ["step", "count"]
    assert history["step"].tolist() == [4, 8, 10]
    assert history["count"].tolist() == [2.5, 6.5, 9.5]
    assert len(history) == 3


@pytest.mark.parametrize(
    ("most", "steps"), [(2, [1, 4]), (3, [1, 3, 5]), (9, [1, 2, 3, 4, 5])]
)
def test_history_gives_evenly_spaced_rows(most, steps):
    history = training.History()
    for step in range(1, 6):
        history.add(step, {"loss": step / 2})
    assert history.rows(most) == [{"step": s, "loss": s / 2} for s in steps]


def test_history_without_rows_gives_none():
    assert training.History().rows(10) == []


def test_history_is_read_back_exactly(tmp_path):
    history = History(every=1)
    for step in range(1, 4):
        history.add(step, {"loss": 1 / step, "tiny": 1e-30 / 3})
    history.to_csv(tmp_path / "h.csv")
    assert (tmp_path / "h.csv").read_text().startswith("step,loss,tiny\n1,1.0,3.33")
    assert History.read_csv(tmp_path / "h.csv").columns == history.columns


def test_history_names_its_columns_in_an_error():
    history = History()
    history.add(1, {"loss": 1.0})
    with pytest.raises(KeyError, match=r"Expected one of \['step', 'loss'\]"):
        history["accuracy"]


def test_progress_is_silent_where_there_is_no_terminal(capfd):
    train(progress=True)
    assert capfd.readouterr().err == ""


def test_progress_shows_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    train(progress=True)
    assert f"{STEPS}/{STEPS}" in capsys.readouterr().err


# --- Moving averages ---------------------------------------------------------------


def test_average_equals_its_formula():
    net = keras.Sequential([keras.Input((2,)), layers.Dense(1, use_bias=False)])
    average = ExponentialMovingAverage(net, decay=0.3)
    wanted = numbers(net.weights[0])
    for k in range(8):
        net.weights[0].assign([[k], [-k]])
        average.update()
        d = min(0.3, (1 + k) / (10 + k))
        wanted = d * wanted + (1 - d) * np.array([[k], [-k]])
    np.testing.assert_allclose(numbers(average.model.weights[0]), wanted, rtol=1e-5)


def test_average_of_a_short_run_forgets_the_initial_weights():
    net = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    net.weights[0].assign([[100.0]])
    average = ExponentialMovingAverage(net, decay=0.999)
    net.weights[0].assign([[0.0]])
    for _ in range(20):
        average.update()
    assert numbers(average.model.weights[0]) < 1  # 98 without the ramp


def test_average_copies_the_statistics_of_batch_normalisation():
    net = keras.Sequential([keras.Input((2,)), layers.BatchNormalization()])
    average = ExponentialMovingAverage(net)
    net(np.full((4, 2), 5.0, "float32"), training=True)
    average.update()
    for copy, own in zip(
        average.model.non_trainable_weights, net.non_trainable_weights, strict=True
    ):
        np.testing.assert_array_equal(numbers(copy), numbers(own))
        assert copy is not own


FORKED = """
import cv2, numpy as np
from keras import ops
from gantools import training

cv2.resize(np.zeros((2000, 2000, 3), np.float32), (700, 700))  # its threads are there

class Mean:
    state = []
    def step(self, x):
        return {"mean": ops.mean(x)}

def batches(step):
    noise = np.random.default_rng(step).random((90, 90, 3)).astype("float32")
    return (cv2.resize(noise, (40, 40)),)

runs = [training.fit(Mean(), batches, 9, processes=n, log_every=1) for n in (0, 2)]
assert runs[0].columns == runs[1].columns, runs
print(runs[0].columns["step"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks beside running threads")
def test_forked_processes_prepare_the_same_batches():
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=240
    )
    assert done.stdout.strip() == str(list(range(1, 10))), done.stderr[-2000:]


def test_the_rate_of_adam_rises_then_falls():
    rate = training.adam(1e-3, 200).get_config()["learning_rate"]["config"]
    schedule = keras.optimizers.schedules.CosineDecay(**rate)
    at = [float(schedule(step)) for step in (0, 25, 50, 150, 250)]
    # Half the way down a cosine that ends at a hundredth: (1 + 0.01) / 2.
    np.testing.assert_allclose(at, [1e-5, 5.05e-4, 1e-3, 5.05e-4, 1e-5], rtol=1e-4)
