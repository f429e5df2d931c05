"""Running: times, callbacks, several set-ups, chunks, and what end() says."""

import warnings

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import SGD, errors
from pynn_eprop.host import simulator
from pynn_eprop.in_process import state
from tests.host.networks import STEPS, learning_network, weights

T = float(STEPS)


def test_times_and_queries():
    assert sim.setup(timestep=0.1, min_delay=0.2, max_delay=5.0) == 0
    assert (sim.get_time_step(), sim.get_min_delay(), sim.get_max_delay()) == (0.1, 0.2, 5.0)
    assert (sim.num_processes(), sim.rank(), sim.get_current_time()) == (1, 0, 0.0)
    assert sim.run(12.7) == sim.get_current_time() == 12.7
    assert sim.run_until(20.0) == 20.0
    assert sim.run_for(0.5) == 20.5
    assert sim.run(0.0) == 20.5
    with pytest.raises(ValueError, match="in the past"):
        sim.run_until(10.0)


def test_callbacks_are_called_when_they_asked():
    sim.setup(timestep=1.0, update_interval=10.0)
    calls = {"a": [], "b": []}

    def every(name, interval):
        def callback(t):
            calls[name].append(t)
            return t + interval
        return callback

    sim.run(20.0, callbacks=[every("a", 7.0), every("b", 1.0)])
    assert calls["a"] == [0.0, 7.0, 14.0]
    assert calls["b"] == [float(t) for t in range(21)]


def test_callbacks_can_change_the_network():
    net = learning_network()

    def clamp(t):
        net.projections[0].set(weight=0.25)
        return t + T

    sim.run(3 * T, callbacks=[clamp])
    assert set(net.projections[0].get("weight", "list", with_address=False)) == {0.25}


def test_setup_forgets_the_network_and_refuses_its_parts():
    sim.setup(timestep=1.0)
    old = sim.Population(2, sim.EPropLIF(), label="old")
    sim.run(5.0)
    sim.setup(timestep=0.5)
    assert sim.get_current_time() == 0.0
    new = sim.Population(2, sim.EPropLIF())
    with pytest.raises(errors.NetworkError, match="old belongs to a network that a later setup"):
        sim.Projection(old, new, sim.AllToAllConnector(), sim.EPropSynapse(optimizer=None))


def test_machine_and_precision_are_chosen_apart():
    """precision="reference", from when they were one, is deprecated and means the machine."""
    for keywords, machine, precision in (
            ({}, "engine", "float32"), ({"machine": "engine"}, "engine", "float32"),
            ({"precision": "fixed"}, "engine", "fixed"),
            ({"machine": "reference"}, "reference", "float64"),
            ({"machine": "reference", "precision": "float64"}, "reference", "float64")):
        sim.setup(**keywords)
        found = simulator.state.simulation
        assert (found.machine_kind.value, found.precision.value) == (machine, precision)
    with pytest.warns(DeprecationWarning, match=r"use setup\(machine='reference'\)") as caught:
        sim.setup(precision="reference")
    assert caught[0].filename == __file__
    assert simulator.state.simulation.machine_kind.value == "reference"


@pytest.mark.parametrize(("keywords", "message"), [
    ({"precision": np.array(["reference", "fixed"])}, r"precision=array\(.*\) is unknown"),
    ({"precision": "float16"}, r"precision='float16' is unknown; choose one of \['float32', 'fl"),
    ({"machine": "abacus"}, r"machine='abacus' is unknown; choose one of \['engine', 'refer"),
    ({"machine": "reference", "precision": "fixed"},
     r"precision='fixed' is unknown with machine='reference'; choose one of \['float64'\]"),
    ({"machine": "engine", "precision": "reference"}, "precision='reference' is unknown"),
    ({"threads": 0}, "threads=0 must be a whole number >= 1"),
    ({"checkpoint": "/no/such/folder/x"}, "folder that does not exist"),
    ({"update_intervall": 5.0}, "unknown keyword update_intervall=5.0; did you mean"),
    ({"timestep": -0.1}, "timestep=-0.1 ms is not allowed"),
])
def test_bad_setup_is_refused_and_the_network_stays(keywords, message):
    sim.setup(timestep=0.5)
    population = sim.Population(2, sim.EPropLIF())
    with pytest.raises(errors.SetupError, match=message):
        sim.setup(**keywords)
    assert sim.get_time_step() == 0.5
    assert simulator.state.simulation.populations == [population]


def test_end_warns_of_an_incomplete_interval():
    learning_network()
    sim.run(2 * T + 3.0)
    with pytest.warns(UserWarning, match="ended at 83 ms, within an interval"):
        sim.end()
    sim.run(T - 3.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.end()


def test_long_runs_go_in_chunks_that_end_with_updates(monkeypatch):
    learning_network(trials=2, intervals=10)
    ended = []
    advance = state.advance

    def watch(simulation, last, after_chunk):
        def note():
            ended.append(simulation.step)
            after_chunk()
        simulation.pace.took(80, 0.2)       # as if 80 steps took a chunk's time
        monkeypatch.setattr(simulation.pace, "took", lambda steps, seconds: None)
        advance(simulation, last, note)

    monkeypatch.setattr(state, "advance", watch)
    sim.run(7 * T)
    assert ended == [80, 160, 240, 280]


@pytest.mark.parametrize("most", [7, 25, 100])
def test_chunks_do_not_change_results(monkeypatch, most):
    def run():
        net = learning_network()
        net.cells.inject(sim.ACSource(amplitude=0.1, frequency=20.0))
        sim.run(5 * T)
        return weights(net)

    expected = run()
    from pynn_eprop.in_process import running
    monkeypatch.setattr(running, "_CHUNK_BYTES", most * 8 * 12)
    np.testing.assert_array_equal(run(), expected)


def test_a_target_that_ends_too_early_ends_the_run():
    net = learning_network()
    net.readout.set(target=np.tile(net.target, 3))
    sim.run(3 * T)
    with pytest.raises(errors.SimulationError, match="target"):
        sim.run(T)


def test_a_target_that_will_end_too_early_is_seen_before_the_run():
    net = learning_network()
    net.readout.set(target=np.tile(net.target, 3))
    with pytest.raises(errors.SimulationError, match=f"ends at {3 * T:g} ms, .* at {1e4 * T:g} ms"):
        sim.run(1e4 * T)
    assert sim.get_current_time() == 0.0


def test_a_script_is_warned_once_that_training_has_diverged():
    learning_network(precision="float32", optimizer=SGD(lr=1e38))
    with pytest.warns(UserWarning, match=r"diverged: \w of \w+ is not finite .*learning rate"):
        sim.run(20 * T)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run(20 * T)


def test_a_script_may_run_without_any_population():
    sim.setup()
    sim.run(10.0)
    assert sim.get_current_time() == 10.0
