"""Trials of durations of their own, and populations that run trials backwards, in scripts."""

from types import SimpleNamespace

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import SGD
from pynn_eprop.errors import (
    CheckpointError,
    NetworkError,
    ParameterError,
    SimulationError,
    TimeError,
    UnsupportedError,
)
from tests.arithmetic import arithmetic
from tests.host.networks import learning_network, recorded, spikes

T = 20
PRECISIONS = ["float32", "float64", "fixed", "reference"]


def network(precision="float64", trials=2, trials_run=6, backwards=True, **setup):
    """Values to cells of both directions, which a softmax reads out; 20 steps a trial.

    backwards: whether the second population does run backwards.
    """
    sim.setup(timestep=1.0, update_interval=float(T), trials_per_update=trials, seed=3,
              **arithmetic(precision), **setup)
    rng = np.random.default_rng(5)
    target = np.zeros((3, T * trials_run))
    target[rng.integers(3, size=T * trials_run), np.arange(T * trials_run)] = 1.0
    net = SimpleNamespace(values=rng.uniform(0.0, 1.0, (4, T * trials_run // 5)))
    net.source = sim.Population(4, sim.AnalogSource(net.values, frame_duration=5.0), label="source")
    shared = {"v_thresh": 0.5, "tau_refrac": 2.0, "c_reg": 0.001}
    net.forth = sim.Population(6, sim.EPropLIF(**shared), label="forth")
    net.back = sim.Population(6, sim.EPropALIF(backwards=backwards, beta=0.1, **shared),
                              label="back")
    net.out = sim.Population(3, sim.EPropReadout(loss="cross_entropy", target=target, tau_m=3.0),
                             label="out")
    net.projections = []
    for cells in (net.forth, net.back):
        for pre, post, strength in ((net.source, cells, 0.5), (cells, cells, 0.3),
                                    (cells, net.out, 0.5)):
            weight = strength * rng.normal(size=(pre.size, post.size))
            net.projections.append(sim.Projection(
                pre, post, sim.AllToAllConnector(), sim.EPropSynapse(
                    weight=weight, optimizer=SGD(lr=0.01))))
        sim.Projection(net.out, cells, sim.AllToAllConnector(), sim.LearningSignal(
            weight=rng.normal(size=(3, 6))), receptor_type="learning_signal")
        cells.record(["spikes", "v", "learning_signal"])
    net.out.record(["y", "error", "loss"])
    return net


def everything(net):
    """All that is recorded, and all weights."""
    found = [recorded(cells, variable) for cells in (net.forth, net.back)
             for variable in ("v", "learning_signal")]
    found += [recorded(net.out, variable) for variable in ("y", "error", "loss")]
    found += [np.array(projection.get("weight", "array")) for projection in net.projections]
    found += [np.concatenate([[len(train), *train] for train in spikes(cells)])
              for cells in (net.forth, net.back)]
    return found


def same(one, other):
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_nothing_happens_after_the_duration_of_a_trial(precision):
    net = network(precision)
    sim.set_trial_durations([13.0, 20.0])
    sim.set_trial_durations([1.0], start=60.0)
    sim.run(120.0)
    happens = np.ones(6 * T, dtype=bool)
    happens[13:20] = happens[61:80] = False
    for population, variable in ((net.forth, "v"), (net.back, "v"), (net.back, "learning_signal"),
                                 (net.out, "y"), (net.out, "error")):
        rows = recorded(population, variable)[1:]       # row 0 is time 0
        np.testing.assert_array_equal(np.isnan(rows), np.repeat(~happens, rows.shape[1]).reshape(
            rows.shape))
    for cells in (net.forth, net.back):
        times = np.concatenate(spikes(cells)).astype(int)
        assert len(times) > 20 and np.all(happens[times - 1])
    assert np.all(np.isfinite(recorded(net.out, "loss"))) and sim.num_updates() == 3
    assert sim.get_current_time() == 120.0


@pytest.mark.parametrize("precision", PRECISIONS)
def test_backwards_is_forwards_on_values_turned_round(precision):
    """The first trial, before anything is learned: v of step t is that of step 21 - t."""
    net = network(precision, trials=6)
    sim.run(20.0)
    found = recorded(net.back, "v")[1:]
    net = network(precision, trials=6, backwards=False)
    net.source.set(values=net.values[:, 3::-1])
    sim.run(20.0)
    np.testing.assert_array_equal(found[::-1], recorded(net.back, "v")[1:])
    assert np.ptp(found) > 0.1


@pytest.mark.parametrize("precision", ["float32", "fixed"])
def test_runs_of_whole_trials_cut_anywhere_are_one_run(precision, tmp_path):
    net = network(precision)
    sim.set_trial_durations([7, 20, 11, 3, 20, 16])
    sim.run(120.0)
    expected = everything(net)
    net = network(precision)
    sim.set_trial_durations([7, 20, 11])
    sim.run(60.0)
    path = tmp_path / "half.npz"
    sim.save_checkpoint(path)
    net = network(precision)
    sim.load_checkpoint(path)
    sim.set_trial_durations([3, 20, 16])
    sim.run(20.0)
    sim.run(40.0)
    same(everything(net), expected)


def test_threads_make_no_difference():
    results = []
    for threads in (1, 2):
        net = network("float32", threads=threads)
        sim.set_trial_durations([7, 20, 11, 3, 20, 16])
        sim.run(120.0)
        results.append(everything(net))
    same(*results)


def test_the_engine_and_the_reference_agree():
    results = []
    for precision in ("float64", "reference"):
        net = network(precision)
        sim.set_trial_durations([7, 20, 11, 3, 20, 16])
        sim.run(120.0)
        results.append(everything(net))
    for left, right in zip(*results, strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-10)


def test_a_checkpoint_within_a_short_trial_continues_it(tmp_path):
    def short(precision="float64"):
        net = learning_network(precision, trials=2)
        net.cells.record("v")
        return net

    net = short()
    sim.set_trial_durations([30.0, 25.0])
    sim.run(80.0)
    expected = [recorded(net.cells, "v"), *(np.array(each.get("weight", "array"))
                                            for each in net.projections)]
    for at in (50.0, 70.0):
        net = short()
        sim.set_trial_durations([30.0, 25.0])
        sim.run(at)
        sim.save_checkpoint(tmp_path / "within.npz")
        net = short()
        sim.load_checkpoint(tmp_path / "within.npz")
        sim.run(80.0 - at)
        same([recorded(net.cells, "v"), *(np.array(each.get("weight", "array"))
                                          for each in net.projections)], expected)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_is_added_within_an_update_leaves_its_short_trials_as_they_are(precision):
    """The gradient of an update of which a trial was done when a population came."""
    found = []
    for added in (False, True):
        net = network(precision)
        sim.set_trial_durations([7.0, 13.0])
        sim.run(20.0)
        if added:
            sim.Population(1, sim.EPropLIF(), label="added")
        sim.run(20.0)
        found.append(everything(net))
    same(*found)


def test_a_checkpoint_of_one_direction_is_not_that_of_the_other(tmp_path):
    network()
    sim.run(20.0)
    sim.save_checkpoint(tmp_path / "one.npz")
    network(backwards=False)
    with pytest.raises(CheckpointError, match="population 2 \\(back\\) differs"):
        sim.load_checkpoint(tmp_path / "one.npz")


def test_durations_stay_until_others_are_given_also_after_a_reset():
    net = network(trials=1)
    sim.set_trial_durations([5.0, 6.0])
    sim.set_trial_durations([20.0])         # instead of the first
    sim.run(40.0)
    assert np.flatnonzero(np.isnan(recorded(net.out, "y")[:, 0])).tolist() == list(range(27, 41))
    sim.reset()
    sim.run(40.0)
    assert np.flatnonzero(np.isnan(recorded(net.out, "y")[:, 0])).tolist() == list(range(27, 41))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: sim.set_trial_durations([21.0]), ParameterError,
     r"a duration=21 ms must be at least one time step, and at most the update interval of 20 ms"),
    (lambda: sim.set_trial_durations([20.0, 0.0]), ParameterError, "a duration=0 ms must be"),
    (lambda: sim.set_trial_durations([2.5]), ParameterError,
     r"a duration=2.5 ms is not a whole number of time steps of 1 ms"),
    (lambda: sim.set_trial_durations(["7"]), ParameterError, r"durations=\['7'\] must be numbers"),
    (lambda: sim.set_trial_durations([[7.0]]), ParameterError, r"durations=\[\[7.0\]\] must be"),
    (lambda: sim.set_trial_durations([np.nan]), ParameterError, "a duration=nan must be finite"),
    (lambda: sim.set_trial_durations([7.0], start=30.0), TimeError,
     r"start=30 ms is not the beginning of a trial to come; the next begins at 40 ms, and one "
     r"every 20 ms"),
    (lambda: sim.set_trial_durations([7.0], start=20.0), TimeError, "start=20 ms is not the begi"),
    (lambda: sim.set_trial_durations([7.0], start="next"), TimeError, "start='next' must be a"),
])
def test_durations_that_cannot_be_are_refused_and_change_nothing(call, error, message):
    net = network()
    sim.run(40.0)
    with pytest.raises(error, match=message):
        call()
    sim.run(20.0)
    assert not np.any(np.isnan(recorded(net.out, "y")[1:]))


@pytest.mark.parametrize(("setup", "message"), [
    ({"update_interval": 20.0, "boundary": "continuous"}, "use boundary='reset'"),
    ({}, r"there are no trials; give setup\(update_interval=...\)"),
])
def test_networks_without_separate_trials_have_no_durations(setup, message):
    sim.setup(timestep=1.0, **setup)
    with pytest.raises(UnsupportedError, match=message):
        sim.set_trial_durations([7.0])


def test_cells_that_carry_on_have_no_short_trials():
    network()
    sim.setup(timestep=1.0, update_interval=20.0)
    sim.Population(1, sim.IF_curr_exp(), label="stock")
    sim.set_trial_durations([7.0], start=40.0)
    with pytest.raises(SimulationError, match="stock carries on over their ends"):
        sim.run(60.0)
    assert sim.get_current_time() == 0.0


def test_parts_of_trials_are_not_run_backwards():
    network()
    with pytest.raises(SimulationError, match="back runs trials backwards, so that runs consist of "
                                              "whole trials of 20 steps"):
        sim.run(30.0)
    assert sim.get_current_time() == 0.0
    sim.run(40.0)


def test_cells_of_both_directions_are_not_connected():
    net = network()
    for pre, post in ((net.forth, net.back), (net.back, net.forth)):
        with pytest.raises(NetworkError, match=f"synapses cannot lead from {pre.label} to "
                                               f"{post.label}, as one of them runs trials back"):
            sim.Projection(pre, post, sim.AllToAllConnector(), sim.StaticSynapse())


def test_a_direction_is_true_or_false():
    with pytest.raises(ParameterError, match="EPropLIF: backwards='yes' must be True or False"):
        sim.EPropLIF(backwards="yes")


def test_recording_begun_later_has_no_sample_of_its_first_time():
    """Cells that run backwards are at their own last step then, the trial's first."""
    net = network()
    sim.run(20.0)
    net.back.record("h")
    sim.run(20.0)
    h = recorded(net.back, "h")
    assert len(h) == 21 and np.all(np.isnan(h[0])) and not np.any(np.isnan(h[1:]))
