"""Recorded eligibility traces of own kinds, across checkpoints, and beside changes of a network."""

import numpy as np
import pytest

import pynn_eprop.host as sim
import pynn_eprop.jax
from pynn_eprop.errors import RecordingError, SimulationError, UnsupportedError
from pynn_eprop.models.cells import CELLS
from pynn_eprop.models.rules import RULES
from tests.host.networks import STEPS, learning_network
from tests.own_cells import OwnALIF, of_example, registered
from tests.own_jax_cells import JaxALIF

T = float(STEPS)
TRACE = "eligibility_trace"


def samples(projection):
    """Samples of the segment in progress, (samples, synapses)."""
    (signal,) = projection.get_data().segments[-1].analogsignals
    return np.asarray(signal.magnitude)


@pytest.mark.parametrize("precision", ["float64", "fixed", "reference"])
@pytest.mark.parametrize("at", [3 * T, 3 * T + 13.0])
def test_a_checkpoint_anywhere_has_what_was_recorded_and_goes_on(tmp_path, precision, at):
    def network():
        net = learning_network(precision, trials=2)
        for projection in net.projections[:2]:
            projection.record(TRACE, synapses=9, sampling_interval=2.0)
        return net

    net = network()
    sim.run(at)
    sim.save_checkpoint(tmp_path / "checkpoint.npz")
    sim.run(5 * T - at)
    expected = [samples(projection) for projection in net.projections[:2]]
    assert np.abs(expected[1]).max() > 0.01

    for build in (network, lambda: learning_network(precision, trials=2)):  # recorded, or not yet
        net = build()
        sim.load_checkpoint(tmp_path / "checkpoint.npz")
        sim.run(5 * T - at)
        for projection, values in zip(net.projections[:2], expected, strict=True):
            assert np.array_equal(samples(projection), values)


def test_a_recording_that_a_checkpoint_does_not_have_begins_with_an_interval(tmp_path):
    learning_network()
    sim.run(2 * T)
    sim.save_checkpoint(tmp_path / "between.npz")
    sim.run(13.0)
    sim.save_checkpoint(tmp_path / "within.npz")
    net = learning_network()
    net.projections[0].record(TRACE)
    with pytest.raises(RecordingError, match="within an interval"):
        sim.load_checkpoint(tmp_path / "within.npz")
    sim.load_checkpoint(tmp_path / "between.npz")
    sim.run(T)
    values = samples(net.projections[0])
    assert len(values) == STEPS + 1 and np.isnan(values[0]).all() and np.any(values[1:])


def test_the_random_choice_follows_the_seed_of_setup_or_a_generator():
    def chosen(seed, rng=None):
        net = learning_network(seed=seed)
        net.projections[1].record(TRACE, synapses=10, rng=rng)
        sim.run(T)
        (signal,) = net.projections[1].get_data().segments[-1].analogsignals
        return signal.array_annotations["channel_index"].tolist()

    assert chosen(3) == chosen(3) != chosen(4)
    assert chosen(3, sim.NumpyRNG(seed=8)) == chosen(4, sim.NumpyRNG(seed=8))
    assert sorted(chosen(3)) == chosen(3) and len(set(chosen(3))) == 10


def test_further_synapses_join_at_the_start_of_an_interval():
    net = learning_network()
    net.projections[1].record(TRACE, synapses=[(0, 1)])
    sim.run(T)
    net.projections[1].record(TRACE, synapses=[(0, 1), (1, 0)])
    sim.run(T)
    joined = samples(net.projections[1])
    net = learning_network()
    net.projections[1].record(TRACE, synapses=[(0, 1), (1, 0)])
    sim.run(2 * T)
    whole = samples(net.projections[1])
    assert np.array_equal(joined[:, 0], whole[:, 0])
    assert np.isnan(joined[:STEPS + 1, 1]).all()
    assert np.array_equal(joined[STEPS + 1:, 1], whole[STEPS + 1:, 1])


def test_populations_that_are_added_change_nothing():
    def run(more):
        net = learning_network()
        net.projections[0].record(TRACE)
        sim.run(2 * T)
        if more:
            sim.Population(3, sim.EPropLIF(), label="more")
        sim.run(T)
        return samples(net.projections[0])

    assert np.array_equal(run(True), run(False))


def test_data_of_a_network_that_setup_has_ended_are_refused():
    net = learning_network()
    net.projections[0].record(TRACE)
    sim.setup()
    with pytest.raises(SimulationError, match="a later setup"):
        net.projections[0].get_data()


def one_trace(backend, celltype, rule="e-prop", **setup):
    """Samples of the synapses of five sources onto four cells."""
    backend.setup(timestep=1.0, update_interval=30.0, seed=2, **setup)
    rng = np.random.default_rng(4)
    times = [np.flatnonzero(rng.random(90) < 0.3).astype(float) for _ in range(5)]
    source = backend.Population(5, backend.SpikeSourceArray(
        spike_times=[backend.Sequence(row) for row in times]))
    cells = backend.Population(4, celltype(backend))
    into = backend.Projection(source, cells, backend.AllToAllConnector(), backend.EPropSynapse(
        weight=rng.normal(0.3, 0.3, (5, 4)), rule=rule), label="into")
    readout = backend.Population(1, backend.EPropReadout(target=np.zeros((1, 30))))
    backend.Projection(readout, cells, backend.AllToAllConnector(),
                       backend.LearningSignal(weight=1.0), receptor_type="learning_signal")
    into.record(TRACE)
    cells.record(["h", "spikes"])
    backend.run(90.0)
    return samples(into), cells, times


def test_a_users_own_rule_on_the_reference():
    # its definition: gain times the filtered spikes of the cell, times those of the source
    module = of_example("own_rule")
    rule = module.SpikeGated(gain=0.5)
    del RULES["spike-gated"]
    values, cells, times = one_trace(sim, lambda backend: backend.EPropLIF(tau_refrac=2.0), rule,
                                     machine="reference")
    alpha, T = np.exp(-1.0 / 20.0), 30
    trains = [np.asarray(train.magnitude) for train in
              cells.get_data("spikes").segments[-1].spiketrains]
    assert sum(map(len, trains)) > 5
    before, after = np.zeros(5), np.zeros(4)
    for step in range(1, 91):
        if (step - 1) % T == 0:
            before, after = np.zeros(5), np.zeros(4)
        before = alpha * before + [float(step - 1 in row) for row in times]
        after = alpha * after + [float(np.any(np.isclose(row, step))) for row in trains]
        expected = 0.5 * np.outer(before, after).ravel()
        np.testing.assert_allclose(values[step], expected, rtol=0, atol=1e-12)


def test_a_users_own_cells_on_the_reference_and_in_jax():
    parameters = {"tau_refrac": 2.0, "beta": 0.2, "tau_a": 60.0}
    with registered(OwnALIF):
        expected, *_ = one_trace(sim, lambda backend: backend.EPropALIF(**parameters),
                                 machine="reference")
        for backend, setup in ((sim, {"machine": "reference"}),
                               (pynn_eprop.jax, {"precision": "float64"})):
            found, *_ = one_trace(backend, lambda sim: sim.OwnALIF(**parameters), **setup)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.abs(expected).max() > 0.01


def test_cells_that_look_back_are_for_the_reference():
    with registered(JaxALIF):
        found, *_ = one_trace(sim, lambda backend: backend.JaxALIF(tau_refrac=2.0, tau_a=60.0,
                                                                   beta=0.2), machine="reference")
        assert np.abs(found).max() > 0.01
        with pytest.raises(UnsupportedError, match=r"^into: .* onto JaxALIF .* which JAX does "
                                                   r"not record; .*machine='reference'"):
            one_trace(pynn_eprop.jax, lambda backend: backend.JaxALIF(tau_refrac=2.0))
    assert "JaxALIF" not in CELLS


@pytest.mark.parametrize("precision", ["float64", "fixed", "reference"])
def test_after_the_end_of_a_short_trial_there_is_nothing(precision):
    net = learning_network(precision)
    net.projections[0].record(TRACE)
    sim.set_trial_durations([9.0, T, 4.0])
    sim.run(3 * T)
    values = samples(net.projections[0])[1:].reshape(3, STEPS, -1)
    happens = np.arange(STEPS) < np.array([[9], [STEPS], [4]])
    assert np.all(np.isnan(values) == ~happens[:, :, np.newaxis])
    assert np.any(values[0, :9] != 0) and np.any(values[1] != 0)


def test_traces_onto_cells_that_run_backwards_are_refused_by_name():
    sim.setup(timestep=1.0, update_interval=T)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    cells = sim.Population(3, sim.EPropLIF(backwards=True), label="backwards cells")
    projection = sim.Projection(source, cells, sim.AllToAllConnector(),
                                sim.EPropSynapse(weight=0.3), label="in")
    with pytest.raises(UnsupportedError, match="in: backwards cells runs trials backwards, and the "
                       "eligibility traces of synapses onto such cells are not recorded"):
        projection.record(TRACE)
