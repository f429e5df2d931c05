"""Learning through scripts: the same whatever machine, split into runs, or changed in between."""

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import SGD, Adam
from pynn_eprop.errors import NetworkError
from tests.host.networks import STEPS, learning_network, recorded, spikes, weights

T = float(STEPS)
MACHINES = ["float64", "reference"]


@pytest.mark.parametrize("variant", [
    {}, {"trials": 3}, {"boundary": "continuous"}, {"loss": "cross_entropy"}, {"delay": 3.0},
    {"bias_optimizer": "adam"}, {"optimizer": SGD(lr=0.001)},
])
def test_the_engine_learns_what_the_reference_learns(variant):
    # the reference is an independent implementation: eligibility traces carried forward in time
    found = {}
    for precision in MACHINES:
        net = learning_network(precision, **variant)
        net.readout.record(["loss", "y"])
        sim.run(6 * T)
        found[precision] = (weights(net), recorded(net.readout, "loss"),
                            recorded(net.readout, "y"), net.readout.get("bias", simplify=False))
    for one, other in zip(*found.values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert sim.num_updates() == 6 // variant.get("trials", 1)


@pytest.mark.parametrize("feedback", ["symmetric", "windowed"])
def test_feedback_of_other_kinds(feedback):
    found = []
    for precision in MACHINES:
        sim.setup()
        signal = sim.LearningSignal(symmetric=True) if feedback == "symmetric" \
            else sim.LearningSignal(window=7.0, weight=0.3)
        net = learning_network(precision, feedback=signal)
        sim.run(4 * T)
        found.append(weights(net))
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_windowed_feedback_is_drawn_as_documented():
    # B of window w, cell j, readout k: normal(counter (w, j, k), key (seed, projection index))
    from pynn_eprop.host.simulator import state
    from pynn_eprop.models.counter_random import Draw, normal
    learning_network(feedback=sim.LearningSignal(window=7.0, weight=0.3), seed=5)
    state.simulation.prepare()
    (signal,) = state.simulation.description.network.learning_signals
    assert signal.feedback.window_steps == 7
    assert signal.feedback.weight.shape == (6, 12, 2)      # 40 steps: five windows and a part
    assert signal.feedback.weight[4, 3, 1] \
        == 0.3 * normal((4, 3, 1), Draw.LEARNING_SIGNAL, (5, 3))


def test_the_loss_falls():
    net = learning_network(cells=30)
    net.readout.record("loss")
    sim.run(200 * T)
    loss = recorded(net.readout, "loss")[:, 0]
    assert loss[-20:].mean() < 0.5 * loss[:5].mean()


@pytest.mark.parametrize("precision", [*MACHINES, "float32"])
@pytest.mark.parametrize("boundary", ["reset", "continuous"])
def test_a_run_in_parts_is_the_run_in_one(precision, boundary):
    variables = ["spikes", "v", "a", "h", "learning_signal"]

    def run(parts):
        net = learning_network(precision, trials=2, boundary=boundary)
        net.cells.record(variables)
        net.readout.record(["y", "error", "target", "loss"])
        net.clock.record("spikes")
        for part in parts:
            sim.run(part)
        return [weights(net), spikes(net.cells), spikes(net.clock),
                *(recorded(net.cells, name) for name in variables[1:]),
                *(recorded(net.readout, name) for name in ("y", "error", "target", "loss"))]

    whole = run([5 * T])
    split = run([1.0, T - 1.0, 17.0, 3 * T, T - 17.0])
    for one, other in zip(whole, split, strict=True):
        if isinstance(one, list):
            assert one == other
        else:
            np.testing.assert_array_equal(one, other)


def test_without_learning_weights_and_their_optimiser_stand_still():
    net = learning_network()
    sim.run(3 * T)
    before, updates = weights(net), sim.num_updates()
    sim.set_learning(False)
    net.readout.record("loss")
    sim.run(2 * T)
    np.testing.assert_array_equal(weights(net), before)
    assert sim.num_updates() == updates == 3
    assert len(recorded(net.readout, "loss")) == 2      # a loss all the same
    sim.set_learning(True)
    sim.run(T)
    assert np.any(weights(net) != before)
    assert sim.num_updates() == 4


def test_switching_learning_off_counts_from_the_next_interval():
    learning_network()
    sim.run(10.0)
    sim.set_learning(False)
    sim.run(T - 10.0)
    assert sim.num_updates() == 1
    sim.run(T)
    assert sim.num_updates() == 1


@pytest.mark.parametrize("precision", MACHINES)
def test_reset_starts_again(precision):
    net = learning_network(precision, bias_optimizer="adam")
    first = weights(net)
    net.readout.record("loss")
    sim.run(4 * T)
    after = weights(net)
    sim.reset()
    np.testing.assert_array_equal(weights(net), first)
    assert net.readout.get("bias") == 0.0
    assert (sim.get_current_time(), sim.num_updates()) == (0.0, 0)
    sim.run(4 * T)
    np.testing.assert_array_equal(weights(net), after)      # moments started again as well
    one, two = net.readout.get_data("loss").segments
    np.testing.assert_array_equal(one.analogsignals[0].magnitude,
                                  two.analogsignals[0].magnitude)


@pytest.mark.parametrize("precision", MACHINES)
def test_reset_can_keep_what_was_learned(precision):
    net = learning_network(precision, bias_optimizer="adam")
    net.clock.set(spike_times=[[1.0, 5.0, 9.0]] * 5)
    sim.run(3 * T)
    learned, bias = weights(net), net.readout.get("bias", simplify=False)
    sim.reset(keep_weights=True)
    np.testing.assert_array_equal(weights(net), learned)
    np.testing.assert_array_equal(net.readout.get("bias", simplify=False), bias)
    assert (sim.get_current_time(), sim.num_updates()) == (0.0, 3)
    sim.run(T)
    kept = weights(net)

    # the same four intervals in one run: with Adam this needs moments and update count
    net = learning_network(precision, bias_optimizer="adam")
    net.clock.set(spike_times=[[1.0, 5.0, 9.0, *(3 * T + np.array([1.0, 5.0, 9.0]))]] * 5)
    sim.run(4 * T)
    np.testing.assert_allclose(kept, weights(net), rtol=1e-12)


def test_gradient_of_the_last_update():
    # SGD: w' = w - lr g
    net = learning_network(optimizer=SGD(lr=0.01))
    projection = net.projections[1]
    assert not np.any(np.array(projection.get("gradient", "list", with_address=False)))
    sim.run(2 * T)
    before = projection.get("weight", "array")
    sim.run(T)
    gradient = projection.get("gradient", "array")
    np.testing.assert_allclose(projection.get("weight", "array"), before - 0.01 * gradient,
                               rtol=1e-12)
    assert np.nanmax(np.abs(gradient)) > 0


def test_weight_bounds_hold():
    sim.setup(timestep=1.0, update_interval=T, precision="float64")
    net = _bounded_network()
    sim.run(20 * T)
    found = np.array(net.get("weight", "list", with_address=False))
    assert found.min() >= -0.1
    assert found.max() <= 0.2
    assert 0.2 in found or -0.1 in found


def _bounded_network():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(np.arange(0.0, 800.0, 4.0))))
    readout = sim.Population(2, sim.EPropReadout(target=np.full((2, STEPS), 5.0)
                                                 * np.array([[1.0], [-1.0]])))
    return sim.Projection(source, readout, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.0, optimizer=Adam(lr=0.05), w_min=-0.1, w_max=0.2))


@pytest.mark.parametrize("precision", MACHINES)
def test_parameters_and_targets_can_change_between_runs(precision):
    def run(change):
        net = learning_network(precision)
        net.readout.record("target")
        sim.run(2 * T)
        change(net)
        sim.run(2 * T)
        return net

    net = run(lambda net: net.readout.set(target=2.0 * net.target))
    np.testing.assert_array_equal(recorded(net.readout, "target")[1:],
                                  np.concatenate([net.target, net.target, 2 * net.target,
                                                  2 * net.target], axis=1).T)
    twice = np.arange(2.0 * 2 * STEPS).reshape(2, -1)
    net = run(lambda net: net.readout.set(target=twice))     # counts from the call
    np.testing.assert_array_equal(recorded(net.readout, "target")[1 + 2 * STEPS:], twice.T)
    same = weights(run(lambda net: None))
    assert np.any(weights(run(lambda net: net.cells.set(v_thresh=0.7))) != same)
    assert np.any(weights(run(lambda net: net.cells[:3].set(tau_m=10.0))) != same)
    np.testing.assert_array_equal(weights(run(lambda net: net.cells.set(tau_m=20.0))), same)


def test_setting_a_target_leaves_learned_biases():
    net = learning_network(bias_optimizer="adam")
    sim.run(2 * T)
    bias = net.readout.get("bias", simplify=False)
    assert np.all(bias != 0.0)
    net.readout.set(target=net.target)
    np.testing.assert_array_equal(net.readout.get("bias", simplify=False), bias)
    sim.run(1.0)
    np.testing.assert_array_equal(net.readout.get("bias", simplify=False), bias)
    net.readout.set(bias=0.25)
    sim.run(1.0)
    assert net.readout.get("bias") == 0.25


def test_weights_can_change_between_runs():
    net = learning_network()
    sim.run(T)
    net.projections[0].set(weight=0.5)
    assert set(net.projections[0].get("weight", "list", with_address=False)) == {0.5}
    sim.run(T)
    changed = np.array(net.projections[0].get("weight", "list", with_address=False)) - 0.5
    assert 0.0 < np.abs(changed).max() <= 0.02      # a step of Adam is about lr = 0.01


@pytest.mark.parametrize("precision", MACHINES)
@pytest.mark.parametrize("boundary", ["reset", "continuous"])
def test_parts_can_be_added_between_intervals_and_leave_the_rest_alone(precision, boundary):
    def run(added):
        net = learning_network(precision, boundary=boundary, trials=2)
        net.cells.record(["v", "spikes"])
        sim.run(3 * T)
        if added:
            more = sim.Population(3, sim.EPropLIF(), label="more")
            sim.Projection(net.cells, more, sim.AllToAllConnector(), sim.EPropSynapse(
                weight=0.2, optimizer=None))
            sim.Projection(net.readout, net.cells, sim.AllToAllConnector(), sim.LearningSignal(
                weight=0.0), receptor_type="learning_signal")
        sim.run(3 * T)
        return weights(net), recorded(net.cells, "v"), spikes(net.cells)

    for one, other in zip(run(False), run(True), strict=True):
        if isinstance(one, list):
            assert one == other
        else:
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_parts_cannot_be_added_within_an_interval():
    learning_network()
    sim.run(T + 5.0)
    with pytest.raises(NetworkError, match=r"'?more'? is added at 45 ms, within an interval; run"
                                           r"\(\) to its end at 80 ms first"):
        sim.Population(3, sim.EPropLIF(), label="more")


def test_feedback_weights_can_change_between_intervals():
    net = learning_network()
    sim.run(T)
    net.feedback.set(weight=0.0)
    assert not np.any(net.feedback.get("weight", "array"))
    net.cells.set(c_reg=0.0)
    before = net.projections[0].get("weight", "array")
    sim.run(T)
    gradient = net.projections[0].get("gradient", "array")
    assert not np.any(gradient)                 # no learning signal and no rate term
    assert np.any(net.projections[0].get("weight", "array") != before)     # moments act on


@pytest.mark.parametrize("threads", [2, 3])
def test_results_do_not_depend_on_threads(threads):
    one = learning_network(trials=4, threads=1)
    sim.run(8 * T)
    expected = weights(one)
    several = learning_network(trials=4, threads=threads)
    sim.run(8 * T)
    np.testing.assert_array_equal(weights(several), expected)


def test_a_symmetric_signal_shows_the_weights_it_follows():
    net = learning_network(feedback=sim.LearningSignal(symmetric=True))
    sim.run(2 * T)
    np.testing.assert_array_equal(net.feedback.get("weight", "array"),
                                  net.projections[2].get("weight", "array").T)


def test_a_readout_without_loss_sends_y():
    sim.setup(timestep=1.0, update_interval=T, precision="float64")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 10.0]))
    module = sim.Population(1, sim.EPropReadout(loss=None))
    net = sim.Population(2, sim.EPropLIF())
    sim.Projection(source, module, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=1.0, optimizer=None))
    sim.Projection(module, net, sim.AllToAllConnector(), sim.LearningSignal(weight=[[2.0, -1.0]]),
                   receptor_type="learning_signal")
    module.record("y")
    net.record("learning_signal")
    sim.run(T)
    np.testing.assert_allclose(recorded(net, "learning_signal"),
                               recorded(module, "y") * np.array([2.0, -1.0]), rtol=1e-14)
