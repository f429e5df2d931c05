"""Cells of one's own in scripts: a PyNN cell type of the host's reference."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import errors, register_cell
from tests.host.networks import STEPS, recorded
from tests.own_cells import CurrentLIF, registered

T = float(STEPS)


@pytest.fixture(autouse=True)
def _registered():
    with registered(CurrentLIF):
        yield


def network(machine="reference", seed=3, **parameters):
    """Clock, cells, readout; all synapses learn."""
    sim.setup(timestep=1.0, update_interval=T, seed=seed, machine=machine)
    rng = np.random.default_rng(4)
    times = [np.flatnonzero(rng.random(STEPS * 20) < 0.3).astype(float) for _ in range(5)]
    clock = sim.Population(5, sim.SpikeSourceArray(spike_times=times), label="clock")
    cells = sim.Population(6, sim.CurrentLIF(**{"tau_refrac": 2.0, **parameters}), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.sin(np.arange(STEPS) / 7)[np.newaxis]),
                             label="readout")
    learning = [sim.Projection(pre, post, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=rng.normal(0.0, 0.8, (pre.size, post.size)), optimizer="adam"),
        label=f"to {post.label}") for pre, post in ((clock, cells), (cells, readout))]
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(
        weight=rng.normal(0, 1, (1, 6))), receptor_type="learning_signal", label="feedback")
    return cells, readout, learning


def weights(learning):
    return np.concatenate([each.get("weight", "list", with_address=False) for each in learning])


def test_the_cell_type_is_made_from_the_kind():
    sim.setup(machine="reference")
    celltype = sim.CurrentLIF
    assert celltype is sim.CurrentLIF and celltype.__name__ == "CurrentLIF"
    assert celltype.default_parameters["tau_syn"] == 5.0 and celltype.units["tau_syn"] == "ms"
    assert celltype.recordable == ["spikes", "i", "v", "h", "learning_signal"]
    assert celltype.default_initial_values == {"i": 0.0, "v": 0.0}
    assert "tau_syn : ms, > 0, default 5" in celltype.__doc__
    with pytest.raises(errors.ParameterError, match="CurrentLIF: tau_syn=-1 ms is not allowed"):
        celltype(tau_syn=-1.0)
    with pytest.raises(errors.UnknownParameterError):
        celltype(beta=1.0)
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchCell'"):
        sim.NoSuchCell  # noqa: B018 (asking for it is the test)


def test_recorded_state_follows_the_equations():
    """One source spike at 3 ms with weight 2: i = 2 gamma^n from step 4 on."""
    sim.setup(timestep=1.0, machine="reference")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]))
    cells = sim.Population(2, sim.CurrentLIF(tau_m=20.0, tau_syn=[4.0, 8.0], v_thresh=10.0),
                           initial_values={"i": 0.0, "v": 0.5})
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=2.0))
    cells.record(["i", "v"])
    sim.run(10.0)
    found = {signal.name: signal.magnitude
             for signal in cells.get_data().segments[0].analogsignals}
    gamma = np.exp(-1.0 / np.array([4.0, 8.0]))
    i, v = np.zeros(2), np.full(2, 0.5)
    for step in range(1, 11):
        i = gamma * i + (2.0 if step == 4 else 0.0)
        v = np.exp(-1.0 / 20.0) * v + (1.0 - gamma) * i
        np.testing.assert_allclose(found["i"][step], i, rtol=1e-12)
        np.testing.assert_allclose(found["v"][step], v, rtol=1e-12)


@pytest.mark.parametrize("start", [0.0, 5.0])
def test_a_recording_begins_with_the_state_that_there_is(start):
    """Whenever it begins: the initial value, or the sample that one from the start has then."""
    found = []
    for begins in (0.0, start):
        cells, _, _ = network()
        cells.initialize(i=0.3, v=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
        sim.run(begins)
        cells.record(["i", "v"])
        sim.run_until(start + 1.0)
        found.append([recorded(cells, name)[-2] for name in ("i", "v")])
    np.testing.assert_array_equal(*found)
    assert not np.any(np.isnan(found))
    if not start:
        np.testing.assert_array_equal(found[0][0], np.full(6, 0.3))


def test_it_is_found_like_other_cell_types():
    assert "CurrentLIF" in dir(sim) and "EPropLIF" in dir(sim)
    celltype = pickle.loads(pickle.dumps(sim.CurrentLIF(tau_syn=8.0)))
    assert type(celltype) is sim.CurrentLIF
    assert celltype.parameter_space["tau_syn"].base_value == 8.0


def test_names_of_a_backend_are_not_names_of_cells():
    """A script would get the backend's."""
    for name in set(vars(sim)) - {"CurrentLIF"}:
        kind = dataclass(frozen=True, kw_only=True)(type("Taken", (CurrentLIF,), {"name": name}))
        with pytest.raises(errors.ParameterError, match=f"name='{name}' (must|is)|is taken by"):
            register_cell(kind)


def test_a_step_that_fails_leaves_the_network(monkeypatch):
    """The run goes on where it stood, with all that was recorded."""
    _, readout, learning = network()
    readout.record("loss")
    sim.run(3 * T)
    expected, loss = weights(learning), recorded(readout, "loss")
    _, readout, learning = network()
    readout.record("loss")
    sim.run(T)
    with monkeypatch.context() as patch:
        patch.setattr(CurrentLIF, "distance", lambda self, cells: cells.unknown)
        with pytest.raises(errors.SimulationError,
                           match=r"cells: distance\(\) of cell 'CurrentLIF' failed: AttributeErr"):
            sim.run(2 * T)
    assert (sim.get_current_time(), sim.num_updates()) == (T, 1)
    sim.run(2 * T)
    np.testing.assert_array_equal(weights(learning), expected)
    np.testing.assert_array_equal(recorded(readout, "loss"), loss)


def test_it_learns_in_one_run_as_in_many_and_from_a_checkpoint(tmp_path):
    _, readout, learning = network()
    readout.record("loss")
    first = weights(learning)
    sim.run(6 * T)
    expected = weights(learning)
    loss = recorded(readout, "loss")
    assert np.count_nonzero(expected != first) > 20 and sim.num_updates() == 6
    _, readout, learning = network()
    readout.record("loss")
    for stop in (1.0, 57.0, 2 * T):
        sim.run_until(stop)
    sim.save_checkpoint(tmp_path / "c")
    sim.run_until(6 * T)
    np.testing.assert_array_equal(weights(learning), expected)
    np.testing.assert_array_equal(recorded(readout, "loss"), loss)
    _, _, learning = network()
    sim.load_checkpoint(tmp_path / "c")
    sim.run_until(6 * T)
    np.testing.assert_array_equal(weights(learning), expected)


def test_parameters_change_between_updates_only():
    cells, _, learning = network()
    sim.run(T)
    cells.set(tau_syn=9.0)
    sim.run(T)
    changed = weights(learning)
    sim.run(3.0)
    with pytest.raises(errors.SimulationError, match="the gradient depends on"):
        cells.set(tau_syn=4.0)
    _, _, learning = network()
    sim.run(2 * T)
    assert np.any(weights(learning) != changed)


@pytest.mark.parametrize("precision", ["float32", "float64", "fixed"])
def test_the_engine_refuses_it_by_name(precision):
    sim.setup(update_interval=T, precision=precision)
    with pytest.raises(errors.UnsupportedError,
                       match=r"Population\(..., CurrentLIF\): cell 'CurrentLIF' is not known to "
                             r"the host engine.*setup\(machine='reference'\)"):
        sim.Population(2, sim.CurrentLIF())
    with pytest.raises(errors.UnsupportedError, match="'CurrentLIF' is not known"):
        sim.Population(2, sim.CurrentLIF, {"tau_m": 10.0})
    assert sim.Population(2, sim.EPropLIF()).size == 2
