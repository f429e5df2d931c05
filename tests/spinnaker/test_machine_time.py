"""Scripts in machine time: intervals with pauses behind them, that native cells go on in.

Cells that learn must give the bits of the same script without pauses, whose spikes, samples and
weights are those of the host engine (test_learning.py): only their times differ, by the pauses
before.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import spynnaker.pyNN as spynnaker

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.core_scripts import Script, play
from pynn_eprop import SGD, Adam, errors
from tests.spinnaker.test_learning import check_equal

T, P = 40, 30
C = T + P
SCRIPTS = {
    "two trials": Script(trials=2, stops=(17.0, T + 2.0, T + 3.0, C - 1.0, C + 5.0, C + T, 2.0 * C,
                                          3.0 * C + T - 1, 5.0 * C + T + 9)),
    "adaptive, delays, symmetric": Script(
        model="EPropALIF", parameters={"beta": 0.3, "tau_a": 100.0, "c_reg": 0.0},
        density=0.4, delays=(1.0, 2.0, 5.0), feedback={"symmetric": True}, whole_run=True,
        readout={"bias": 0.1, "bias_optimizer": Adam(lr=0.01)}, stops=(C + T + 1.0,)),
    "softmax, windows": Script(
        loss="cross_entropy", readouts=4, trials=2, updates=2, optimizer=SGD(lr=0.01),
        feedback={"window": 5.0}, missing=0.3),
    "analog inputs, delays": Script(
        analog=3, trials=2, updates=2, delays=(1.0, 3.0), stops=(17.0, T + 2.0, C + 5.0)),
}


def moved(found: dict[str, Any], intervals: int) -> dict[str, Any]:
    """Results of a script without pauses as they are with pauses behind intervals."""
    steps = np.arange(1, intervals * T + 1)
    at = np.concatenate([[0], steps + (steps - 1) // T * P])
    results = dict(found)
    for name, values in found.items():
        if name == "spikes":
            results[name] = [[t + (t - 1) // T * P for t in row] for row in values]
        elif len(values) == len(at):
            results[name] = np.full((intervals * C + 1, *values.shape[1:]), np.nan)
            results[name][at] = values
    return results


@pytest.mark.parametrize("name", SCRIPTS)
def test_machine_time_moves_what_cells_do_and_changes_nothing(board, name):
    script = SCRIPTS[name]
    intervals = script.trials * script.updates
    expected = play(host, replace(script, stops=()), precision="fixed")
    assert sum(map(len, expected["spikes"])) > 20
    assert np.any(expected["in gradient"] != 0)
    without = play(sim, replace(script, stops=()))
    found = play(sim, replace(script, pause=P, in_pauses=True))
    assert sim.get_current_time() == intervals * C
    readout = sim.simulator.state.simulation.populations[2]
    loss, = readout.get_data("loss").segments[0].analogsignals
    sim.end()
    check_equal(without, expected)
    check_equal(found, moved(expected, intervals))
    np.testing.assert_array_equal(loss.times.rescale("ms").magnitude,
                                  np.arange(intervals) * C + T)


# --- beside cells that learn otherwise ---

RUNS = (T + 7.0, C - 3.0, C, 2.0 * C)       # machine time at which runs stop, exactly there
GIVEN = [[3.0, 20.0, 44.0, 52.0, 90.0, 131.0], [8.0, 41.0, 69.0, 70.0, 110.0, 125.0]]


def stdp_part(module: Any) -> tuple[Any, Any]:
    """Native cells that a teacher makes fire, with synapses that STDP changes."""
    source = module.Population(2, module.SpikeSourceArray(spike_times=GIVEN), label="source")
    teacher = module.Population(3, module.SpikeSourceArray(
        spike_times=[[5.0 + k, 43.0, 60.0 + 2 * k, 95.0, 128.0] for k in range(3)]),
        label="teacher")
    cells = module.Population(3, module.IF_curr_exp(tau_syn_E=2.0), label="native")
    module.Projection(teacher, cells, module.OneToOneConnector(),
                      module.StaticSynapse(weight=30.0, delay=1.0))
    learned = module.Projection(
        source, cells, module.AllToAllConnector(),
        module.STDPMechanism(
            timing_dependence=module.SpikePairRule(A_plus=0.05, A_minus=0.04),
            weight_dependence=module.AdditiveWeightDependence(w_max=2.0), weight=0.5, delay=1.0))
    cells.record(["spikes", "v"])
    return cells, learned


def native_results(module: Any, cells: Any, learned: Any) -> list[Any]:
    """Weights after each run, then spikes and membranes."""
    found = []
    for stop in RUNS:
        module.run(stop - module.get_current_time())
        found.append(np.asarray(learned.get("weight", format="array")).tolist())
    segment = cells.get_data().segments[0]
    found.append([np.asarray(train.magnitude).tolist() for train in segment.spiketrains])
    found.append(np.asarray(segment.analogsignals[0].magnitude).tolist())
    return found


def test_stdp_beside_cells_that_learn_with_e_prop_is_that_of_spynnaker_alone(board):
    spynnaker.setup(timestep=1.0)
    alone = native_results(spynnaker, *stdp_part(spynnaker))
    spynnaker.end()
    assert len({str(weights) for weights in alone[:len(RUNS)]}) > 2     # it learned
    script = Script(updates=2, pause=P)
    expected = play(host, replace(script, pause=0), precision="fixed")
    play(sim, script, until=0.0)
    beside = native_results(sim, *stdp_part(sim))
    assert beside == alone
    state = sim.simulator.state.simulation
    for place, name in enumerate(("in weight", "recurrent weight", "to readout weight")):
        np.testing.assert_array_equal(state.weights(state.projections[place]), expected[name])
    sim.end()


# --- what a script does in pauses ---

def weights(module: Any) -> list[np.ndarray]:
    simulation = module.simulator.state.simulation
    return [simulation.weights(projection) for projection in simulation.projections]


def check_weights(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_update_is_done_when_its_interval_ends_and_weights_are_set_in_the_pause(board):
    script = Script(updates=3, pause=P)
    found: dict[Any, list] = {host: [], sim: []}
    for module, stops in ((host, (T, 2 * T, 3 * T)), (sim, (T, C + T + 1, 2 * C + T + 11))):
        play(module, script if module is sim else replace(script, pause=0), until=0.0,
             **({"precision": "fixed"} if module is host else {}))
        before = weights(module)
        module.run_until(float(T - 1))
        assert module.num_updates() == 0
        for number, stop in enumerate(stops, 1):
            module.run_until(float(stop))
            assert module.num_updates() == number
            found[module].append(weights(module))
            assert np.any(found[module][-1][0] != before[0])
            projection = module.simulator.state.simulation.projections[0]
            projection.set(weight=np.linspace(-0.5, 0.5, 60).reshape(5, 12))
    for ours, theirs in zip(found[sim], found[host], strict=True):
        check_weights(ours, theirs)
    sim.end()


def test_targets_are_recorded_where_there_are_any_and_end_with_their_intervals(board):
    script = Script(updates=3, whole_run=True, pause=P)
    play(sim, script, until=0.0)
    readout = sim.simulator.state.simulation.populations[2]
    given = np.array([row.value for row in readout.get("target", gather=True, simplify=False)])
    readout.record("target")
    sim.run_until(C + 20.0)
    sim.run_until(2.0 * C + T + 9.0)
    signal, = readout.get_data("target").segments[0].analogsignals
    expected = np.full((2 * C + T + 10, 2), np.nan)
    for interval in range(3):
        expected[interval * C + 1:interval * C + T + 1] = given[:, interval * T:][:, :T].T
    np.testing.assert_allclose(signal.magnitude, expected, atol=2.0 ** -15)     # as cores have it
    sim.run_until(3.0 * C)
    with pytest.raises(errors.SimulationError, match=f"the target ends at {2 * C + T} ms, before "
                                                     f"this run does, at {3 * C + 1} ms"):
        sim.run(1.0)
    sim.end()


def test_reset_and_checkpoints_and_new_recordings(board, tmp_path):
    script = Script(updates=3, pause=P)
    whole = play(sim, script)
    names = ("in weight", "recurrent weight", "to readout weight")
    sim.reset()
    sim.run(script.end)
    check_weights(weights(sim)[:3], [whole[name] for name in names])
    train = sim.simulator.state.simulation.populations[1].get_data("spikes").segments[1].spiketrains
    assert [each.magnitude.tolist() for each in train] == whole["spikes"]

    play(sim, script, until=0.0)
    sim.run_until(C + T + 12.0)
    sim.save_checkpoint(tmp_path / "kept.npz")
    play(sim, script, until=0.0)
    sim.load_checkpoint(tmp_path / "kept.npz")
    assert (sim.get_current_time(), sim.num_updates()) == (2.0 * C, 2)     # the pause is over
    network = sim.simulator.state.simulation.populations[1]
    sim.run_until(script.end)
    check_weights(weights(sim)[:3], [whole[name] for name in names])
    segment = network.get_data().segments[0]
    assert [each.magnitude.tolist() for each in segment.spiketrains] == whole["spikes"]
    for signal in segment.analogsignals:
        np.testing.assert_array_equal(signal.magnitude, whole[signal.name])
    with pytest.raises(errors.UnsupportedError, match="within an update or a pause; run"):
        sim.run(T + 7.0)
        network.record(None)
        network[3:].record("v", sampling_interval=4.0)
    sim.end()


def test_every_third_sample_and_recordings_that_begin_at_an_interval(board):
    script = Script(updates=3, pause=P)
    whole = play(sim, script)
    play(sim, script, until=0.0)
    network = sim.simulator.state.simulation.populations[1]
    network.record(None)
    network.record("v", sampling_interval=3.0)
    sim.run_until(C + 9.0)
    sim.run_until(script.end)
    signal, = network.get_data("v").segments[0].analogsignals
    np.testing.assert_array_equal(signal.magnitude, whole["v"][::3])
    play(sim, script, until=0.0)
    network = sim.simulator.state.simulation.populations[1]
    sim.run_until(float(C))
    network.record(None)
    network.record("v", sampling_interval=3.0)
    sim.run_until(script.end)
    signal, = network.get_data("v").segments[0].analogsignals
    first = -(-C // 3) * 3
    assert signal.t_start == first
    np.testing.assert_array_equal(signal.magnitude, whole["v"][first::3])
    sim.end()
