"""Scripts in machine time: intervals with pauses behind them, that stock cells go on in.

Cells that learn must give the bits of the same script without pauses, whose spikes, samples and
weights are those of the host engine (test_learning.py): only their times differ, by the pauses
before.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import spynnaker.pyNN as stock

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import SGD, Adam
from pynn_eprop.emulator import Board
from tests.spinnaker.networks import Script, play
from tests.spinnaker.test_learning import check_equal

ADDRESS = "127.0.63.1"
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
}


@pytest.fixture
def board() -> Iterator[Board]:
    with Board(chips=4, address=ADDRESS, real_time=False) as made:
        yield made


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
    """Stock cells that a teacher makes fire, with synapses that STDP changes."""
    source = module.Population(2, module.SpikeSourceArray(spike_times=GIVEN), label="source")
    teacher = module.Population(3, module.SpikeSourceArray(
        spike_times=[[5.0 + k, 43.0, 60.0 + 2 * k, 95.0, 128.0] for k in range(3)]),
        label="teacher")
    cells = module.Population(3, module.IF_curr_exp(tau_syn_E=2.0), label="stock")
    module.Projection(teacher, cells, module.OneToOneConnector(),
                      module.StaticSynapse(weight=30.0, delay=1.0))
    learned = module.Projection(
        source, cells, module.AllToAllConnector(),
        module.STDPMechanism(
            timing_dependence=module.SpikePairRule(A_plus=0.05, A_minus=0.04),
            weight_dependence=module.AdditiveWeightDependence(w_max=2.0), weight=0.5, delay=1.0))
    cells.record(["spikes", "v"])
    return cells, learned


def stock_results(module: Any, cells: Any, learned: Any) -> list[Any]:
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
    stock.setup(timestep=1.0)
    alone = stock_results(stock, *stdp_part(stock))
    stock.end()
    assert len({str(weights) for weights in alone[:len(RUNS)]}) > 2     # it learned
    script = Script(updates=2, pause=P)
    expected = play(host, replace(script, pause=0), precision="fixed")
    play(sim, script, until=0.0)
    beside = stock_results(sim, *stdp_part(sim))
    assert beside == alone
    state = sim.simulator.state.simulation
    for place, name in enumerate(("in weight", "recurrent weight", "to readout weight")):
        np.testing.assert_array_equal(state.weights(state.projections[place]), expected[name])
    sim.end()
