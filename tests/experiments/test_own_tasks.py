"""A task of the user's own on the command line, and networks that the paper's tasks do not have."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import neo
import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import SGD, Adam, LossTask, TruncatedTraces
from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.recording import record_trial, to_arrays
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.models.cells import LIFCells
from pynn_eprop.tasks import (
    TASKS,
    CellsPlan,
    ConnectorPlan,
    FeedbackPlan,
    InputPlan,
    NetworkPlan,
    ReadoutPlan,
    SynapsesPlan,
    Trials,
    find_feedback,
)
from tests.examples.test_examples import EXAMPLES
from tests.experiments.command import results
from tests.experiments.test_plugins import command

PLUGIN = ("--plugin", str(EXAMPLES / "own_task.py"))
SMALL = ("--neurons", "6", "--updates", "2", "--set", "part=5", "--set", "trials_per_update=4",
         "--set", "validation_trials=3", "--set", "confirmation_answers=6")


def test_a_plugins_task_is_listed_and_run(tmp_path):
    listed = command(tmp_path, "list", *PLUGIN)
    assert "  own-task             Delayed match to sample\n" in listed.stdout
    done = command(tmp_path, "run", "own-task", *PLUGIN, *SMALL, "--out", "out", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    found = results(tmp_path / "out")
    assert found["task"] == "own-task" and found["error_name"] == "misclassification rate"
    assert found["parameters"]["part"] == 5 and PLUGIN[1] in found["command"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Delayed match to sample" in page and "of a network that has learned nothing" in page
    assert "The paper" not in page and "Bellec" not in page
    assert (tmp_path / "out" / "figure.png").read_bytes().startswith(b"\x89PNG")
    with neo.NixIO(str(tmp_path / "out" / "recording.nix"), mode="ro") as file:
        (segment,) = file.read_block().segments
    # the state that the plan of the cells asks for, beside the readouts'
    assert sorted(signal.name for signal in segment.analogsignals) == ["a", "target", "y"]


def test_a_plugins_task_is_compared(tmp_path):
    done = command(tmp_path, "compare", "own-task", *PLUGIN, *SMALL, "--backends", "reference",
                   "--out", "out")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "out" / "comparison.json").read_text())["agrees"]


def test_an_incomplete_task_is_refused_before_anything_runs(tmp_path):
    text = (EXAMPLES / "own_task.py").read_text().replace("def count_wrong", "def count")
    (tmp_path / "wrong.py").write_text(text)
    done = command(tmp_path, "run", "own-task", "--plugin", "wrong.py", "--out", "out")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "task DelayedMatch is not complete; give the class count_wrong" in done.stderr
    assert not (tmp_path / "out").exists()


# --- two populations of inputs and of readouts, a sparse connector, synapses of three kinds -----

STEPS = 40


def network():
    """Cells of two kinds between two inputs and two readouts; weights from a seed."""
    rng = np.random.default_rng(3)
    random = find_feedback("random")

    def weights(*shape):
        return rng.normal(0.0, 1.0, shape)

    return NetworkPlan(
        timestep=1.0, interval=float(STEPS), trials_per_update=2,
        inputs=(InputPlan("left", 3), InputPlan("right", 5)),
        cells=(CellsPlan("cells", "EPropLIF", 6, {"v_thresh": 0.5}),
               CellsPlan("adaptive", "EPropALIF", 4, {"v_thresh": 0.5}, record=("v", "a"))),
        readouts=(ReadoutPlan("sine", 1, {}, "mse", np.sin(np.arange(STEPS) / 5.0)[None]),
                  ReadoutPlan("choice", 2, {}, "cross_entropy", np.full((2, STEPS), np.nan))),
        synapses=(
            SynapsesPlan("left_to_cells", "left", "cells", weights(3, 6)),
            SynapsesPlan("right_to_adaptive", "right", "adaptive", 0.2,
                         ConnectorPlan("FixedProbabilityConnector", {"p_connect": 0.6})),
            SynapsesPlan("cells_to_adaptive", "cells", "adaptive", weights(6, 4),
                         optimizer=SGD(lr=0.001), rule=TruncatedTraces()),
            SynapsesPlan("cells_to_sine", "cells", "sine", weights(6, 1), plastic=False),
            SynapsesPlan("adaptive_to_choice", "adaptive", "choice", weights(4, 2))),
        feedback=(FeedbackPlan("sine_to_cells", "sine", "cells", random, weights(1, 6), 1.0),
                  FeedbackPlan("choice_to_adaptive", "choice", "adaptive", random, weights(2, 4),
                               1.0),
                  FeedbackPlan("sine_to_adaptive", "sine", "adaptive", random, weights(1, 4),
                               1.0)),
        optimizer=Adam(lr=0.01))


def trials(number):
    """Inputs that fire in turn, and a choice in the second half of each trial."""
    target = np.full((2, number * STEPS), np.nan)
    for trial in range(number):
        target[:, trial * STEPS + STEPS // 2:(trial + 1) * STEPS] = [[trial % 2], [1 - trial % 2]]
    return Trials(number, {
        label: [np.arange(cell, number * STEPS, period, dtype=float) for cell in range(size)]
        for label, size, period in (("left", 3, 4), ("right", 5, 5))}, {"choice": target})


def trained(precision):
    """Results of three updates, and the projections' weights by label."""
    built = TaskNetwork(sim, network(), 1, {"precision": precision})
    built.record("loss", "y")
    built.run(trials(6))
    responses = built.take()
    learned = {label: np.array(projection.get("weight", format="array"))
               for label, projection in built.projections.items()}
    sim.end()
    return responses, learned


def test_many_parts_train_on_the_engine_as_on_the_reference():
    (expected, expected_weights), (found, weights) = trained("reference"), trained("float64")
    assert found.loss.shape == (6,) and found.loss == pytest.approx(expected.loss, rel=1e-9)
    assert {label: y.shape for label, y in found.y.items()} == {
        "sine": (6 * STEPS, 1), "choice": (6 * STEPS, 2)}
    for label, y in found.y.items():
        assert np.allclose(y, expected.y[label], rtol=1e-9, atol=1e-12)
    plan = {each.label: each for each in network().synapses}
    for label, weight in weights.items():
        there = ~np.isnan(weight)
        assert np.allclose(weight, expected_weights[label], rtol=1e-8, atol=1e-12, equal_nan=True)
        start = np.broadcast_to(plan[label].weight, weight.shape)
        assert np.array_equal(weight[there], start[there]) == (label == "cells_to_sine")
    sparse = np.count_nonzero(~np.isnan(weights["right_to_adaptive"]))
    assert 0 < sparse < 20


def test_the_loss_is_the_sum_over_the_readouts():
    """E = 1/2 sum (y - y*)^2 of one population and -sum log softmax of the other (eq. 5 and 6)."""
    responses, _ = trained("float64")
    target = trials(6).targets["choice"].T
    sine, choice = (responses.y[label].reshape(6, STEPS, -1) for label in ("sine", "choice"))
    log_softmax = choice - np.log(np.exp(choice).sum(axis=2, keepdims=True))
    expected = 0.5 * np.sum((sine[..., 0] - np.sin(np.arange(STEPS) / 5.0)) ** 2, axis=1) \
        - np.nansum(target.reshape(6, STEPS, 2) * log_softmax, axis=(1, 2))
    assert responses.loss == pytest.approx(expected, rel=1e-9)


def test_the_recorded_trial_has_what_the_plan_asks_for(tmp_path):
    built = TaskNetwork(sim, network(), 1, {"precision": "float64"})
    sim.save_weights(tmp_path / "weights.npz")
    sim.end()
    del built
    segment = record_trial(sim, network(), 1, {"precision": "float64"}, tmp_path / "weights.npz",
                           trials(1), "one")
    record = to_arrays(segment, network())
    assert set(record.spikes) == {"left", "right", "cells", "adaptive"}
    assert {key: values.shape for key, values in record.states.items()} == {
        ("adaptive", "v"): (STEPS, 4), ("adaptive", "a"): (STEPS, 4),
        ("sine", "y"): (STEPS, 1), ("sine", "target"): (STEPS, 1),
        ("choice", "y"): (STEPS, 2), ("choice", "target"): (STEPS, 2)}
    assert record.inputs == ("left", "right") and record.sizes["adaptive"] == 4
    assert record.rate("left") == pytest.approx(1000.0 * 30 / 3 / STEPS)


@pytest.mark.parametrize(("change", "message"), [
    ({"cells": (CellsPlan("cells", "IF_nothing", 6, {}), network().cells[1])},
     "pynn_eprop.host has no cell type 'IF_nothing'"),
    ({"synapses": (replace(network().synapses[0], connector=ConnectorPlan("Everyone")),)},
     "pynn_eprop.host has no connector 'Everyone'"),
])
def test_what_a_backend_does_not_have_is_refused_before_setup(change, message):
    sim.setup(timestep=0.5, update_interval=10.0)
    with pytest.raises(TaskError, match=message):
        TaskNetwork(sim, replace(network(), **change), 1, {})
    assert sim.get_time_step() == 0.5
    sim.end()


def test_a_backend_whose_module_hides_a_cell_type_is_refused(monkeypatch):
    """A module that is a backend and has a class of a kind by the name of its cell type."""
    monkeypatch.setattr(sim, "EPropLIF", LIFCells)
    with pytest.raises(TaskError, match=r"host\.EPropLIF is the class of a kind of cell and hides"):
        TaskNetwork(sim, network(), 1, {})


@pytest.mark.parametrize(("wrong", "message"), [
    (Trials(1, {"middle": []}), r"spike times for 'middle', which is none of \['left', 'right'\]"),
    (Trials(1, {"left": [np.empty(0)]}), "spike times of 1 cells for the 3 inputs 'left'"),
    (Trials(1, {}, {"cells": np.zeros((6, STEPS))}), "a target for 'cells', which is none of"),
    (Trials(1, {}, values={"left": np.zeros((8, 3))}), "values for the inputs 'left', which spike"),
    (Trials(1, {}, values={"middle": np.zeros((8, 3))}), "values for 'middle', which is none of"),
    (Trials(2, {}, durations=np.array([5.0])), r"durations of the shape \(1,\) for 2 trials"),
])
def test_trials_of_another_network_are_refused(wrong, message):
    built = TaskNetwork(sim, network(), 1, {"precision": "float64"})
    with pytest.raises(TaskError, match=message):
        built.run(wrong)
    assert sim.get_current_time() == 0.0
    sim.end()


# --- analog inputs, short trials, cells that run backwards -----


def analog_network():
    """Cells of both directions between analog inputs, with frames of 4 ms, and a readout."""
    plan = network()
    cells = (replace(plan.cells[0], parameters={"v_thresh": 0.3}),
             CellsPlan("back", "EPropLIF", 4, {"v_thresh": 0.3}, backwards=True))
    rng = np.random.default_rng(4)
    return replace(
        plan, inputs=(InputPlan("signal", 2, 4.0),), cells=cells, readouts=plan.readouts[:1],
        feedback=plan.feedback[:1], synapses=tuple(
            SynapsesPlan(f"{pre}_to_{post}", pre, post, rng.normal(0.0, 1.0, shape))
            for pre, post, shape in (("signal", "cells", (2, 6)), ("signal", "back", (2, 4)),
                                     ("cells", "sine", (6, 1)), ("back", "sine", (4, 1)))))


def analog_trials(*durations):
    values = np.random.default_rng(6).normal(0.0, 1.0, (len(durations) * STEPS // 4, 2))
    return Trials(len(durations), {}, values={"signal": values}, durations=np.array(durations))


def test_trials_bring_values_and_durations():
    """A trial is a function of the frames within its duration, wherever in a run it stands."""
    built = TaskNetwork(sim, analog_network().without_learning(), 1, {"precision": "float64"})
    built.record("y")
    both = analog_trials(40.0, 20.0)
    built.run(both)
    y = built.take().y["sine"].reshape(2, STEPS)
    assert np.abs(y[0]).max() > 0.0
    assert not np.isnan(y[0]).any() and np.isnan(y[1, 20:]).all()
    changed = {"signal": both.values["signal"].copy()}
    changed["signal"][15:] = 9.0        # frames 5 to 9 of the second trial, after its end
    built.run(replace(both, values=changed))
    assert np.array_equal(built.take().y["sine"].reshape(2, STEPS), y, equal_nan=True)
    changed["signal"][14] = 9.0         # its last frame, the first that cells at its end hear
    built.run(replace(both, values=changed))
    again = built.take().y["sine"].reshape(2, STEPS)
    sim.end()
    assert np.array_equal(again[0], y[0]) and np.any(again[1, :16] != y[1, :16])


def test_the_shape_of_values_is_checked():
    built = TaskNetwork(sim, analog_network(), 1, {"precision": "float64"})
    with pytest.raises(TaskError, match=r"'signal' have the shape \(10, 3\), not \(10, 2\)"):
        built.run(Trials(1, {}, values={"signal": np.zeros((10, 3))}))
    sim.end()


def test_joined_trials_have_their_values_and_durations():
    one, other = analog_trials(40.0, 20.0), replace(analog_trials(8.0), durations=None)
    joined = Trials.joined([one, other], float(STEPS))
    assert joined.durations.tolist() == [40.0, 20.0, 40.0]
    assert np.array_equal(joined.values["signal"],
                          np.concatenate([one.values["signal"], other.values["signal"]]))
    assert Trials.joined([other, other], float(STEPS)).durations is None


def test_the_recorded_trial_has_the_values(tmp_path):
    built = TaskNetwork(sim, analog_network(), 1, {"precision": "float64"})
    sim.save_weights(tmp_path / "weights.npz")
    sim.end()
    del built
    segment = record_trial(sim, analog_network(), 1, {"precision": "float64"},
                           tmp_path / "weights.npz", analog_trials(20.0), "one")
    record = to_arrays(segment, analog_network())
    assert record.states["signal", "value"].shape == (STEPS, 2)
    assert set(record.spikes) == {"cells", "back"}


@dataclass(frozen=True)
class ByLoss(LossTask):
    """A task of many parts, whose error is the loss, with the general figure."""

    name: ClassVar[str] = "by-loss"
    title: ClassVar[str] = "Of many parts"
    error_name: ClassVar[str] = "E"
    paper_updates: ClassVar[int] = 2
    n_neurons: ClassVar[int] = 10
    timestep: ClassVar[float] = 1.0
    interval: ClassVar[float] = float(STEPS)
    trials_per_update: ClassVar[int] = 2

    def network(self, seed, feedback, recurrent=True):
        return network()

    def training_trials(self, seed, first_update, n_updates):
        return trials(2 * n_updates)

    def draw_example(self, seed):
        return trials(1)

    def error_of_loss(self, loss, seed):
        return loss


def test_a_number_of_trials_that_makes_no_updates_is_refused():
    task = ByLoss()
    assert task.trials_of_updates(1, 0, 3).n_trials == 6
    object.__setattr__(task, "training_trials", lambda seed, first, number: trials(number))
    with pytest.raises(TaskError, match=r"gave 3 trials; 3 updates of 2 need 6"):
        task.trials_of_updates(1, 0, 3)


def test_a_task_of_many_parts_runs_from_end_to_end(tmp_path, monkeypatch, capsys):
    from pynn_eprop.cli import main
    monkeypatch.setitem(TASKS, "by-loss", ByLoss)
    assert main(["run", "by-loss", "--precision", "float64", "--out", str(tmp_path / "out"),
                 "--quiet"]) == 0
    assert "by-loss seed 1 host float64: 2 updates, E " in capsys.readouterr().out
    found = results(tmp_path / "out")
    expected, _ = trained("float64")
    assert found["error_curve"] == pytest.approx(
        expected.loss[:4].reshape(2, 2).mean(axis=1).tolist(), rel=1e-12)
    text = (tmp_path / "out" / "figure.svg").read_text()
    assert all(label in text for label in ("left", "right", "adaptive", "sine", "choice"))
