"""Learning on emulated cores under unmodified sPyNNaker, beside the host engine in fixed point.

The two share the kernels and nothing else: what is recorded and what is learned must be equal bit
for bit, and so it also is in docs/evidence/spinnaker for large networks.
"""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
from evidence.shared.core_scripts import Script, play
from pynn_eprop import SGD, Adam, ClopathRule
from pynn_eprop.emulator import Board

SCRIPTS = {
    "LIF": Script(),
    "stopped within trials": Script(stops=(17.0, 60.0, 61.0)),
    "adaptive, two trials, stopped": Script(
        model="EPropALIF", parameters={"beta": 0.3, "tau_a": 100.0}, trials=2,
        stops=(17.0, 40.0, 95.0)),
    "softmax, four trials, SGD": Script(
        loss="cross_entropy", readouts=4, trials=4, updates=2, optimizer=SGD(lr=0.01),
        parameters={"c_reg": 0.0}, missing=0.4),
    "sparse, delays, two cores": Script(
        cells=20, density=0.15, delays=(1.0, 2.0, 5.0, 18.0), missing=0.3,
        setup={"neurons_per_core": 12}),
    "symmetric, biases, bounds": Script(
        feedback={"symmetric": True}, synapse={"w_min": -0.5, "w_max": 0.4},
        readout={"bias": 0.1, "bias_optimizer": Adam(lr=0.01)}),
    "Clopath's rule, two cores": Script(
        synapse={"rule": ClopathRule(v_plus=0.1)}, parameters={"tau_refrac": 3.0, "c_reg": 0.01},
        cells=20, setup={"neurons_per_core": 12}, stops=(17.0,)),
    "truncated adaptation": Script(
        model="EPropALIF", parameters={"beta": 0.3, "tau_a": 100.0}, updates=2,
        synapse={"rule": "truncated-adaptation"}),
    "simplified traces": Script(
        model="EPropALIF", parameters={"beta": 0.3, "tau_a": 100.0}, updates=2,
        synapse={"rule": "simplified-traces"}),
    "windowed, two readouts, long target": Script(
        feedback={"window": 5.0}, second_readout=True, whole_run=True,
        parameters={"tau_refrac": 0.0}),
    "analog inputs, two trials, delays, stopped": Script(
        analog=3, trials=2, delays=(1.0, 4.0), stops=(17.0, 61.0, 95.0)),
    "analog inputs of one step a frame, sparse, SGD": Script(
        analog=1, density=0.4, optimizer=SGD(lr=0.01), setup={"neurons_per_core": 7}),
}


def check_equal(ours: dict, theirs: dict) -> None:
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        if name == "spikes":
            assert ours[name] == expected
        else:
            np.testing.assert_array_equal(ours[name], expected, err_msg=name)


@pytest.mark.parametrize("name", SCRIPTS)
def test_cores_and_their_twin_are_equal_bit_for_bit(name):
    script = SCRIPTS[name]
    expected = play(host, script, precision="fixed")
    assert sum(map(len, expected["spikes"])) > 20
    assert np.any(expected["in gradient"] != 0)
    if script.analog:
        assert np.any(expected["values to network gradient"] != 0)
        assert np.any(expected["values to readout gradient"] != 0)
    with Board(chips=4, real_time=False) as board:
        import pynn_eprop.spinnaker as sim
        found = play(sim, script, **script.setup)
        sim.end()
        unexpected = [fault for fault in board.faults() if fault.kind.name != "TICK_OVERRUN"]
    check_equal(found, expected)
    assert unexpected == []


def test_reset_starts_again_and_keeps_weights_only_when_asked():
    script = replace(Script(), updates=2)
    expected = play(host, script, precision="fixed")
    host.reset(keep_weights=True)
    host.run(script.duration)
    kept = [np.asarray(projection.get("weight", format="list", with_address=False), float)
            for projection in host.simulator.state.simulation.projections[:3]]
    with Board(chips=4, real_time=False):
        import pynn_eprop.spinnaker as sim
        first = play(sim, script)
        projections = sim.simulator.state.simulation.projections[:3]
        sim.reset()
        sim.run(script.duration)
        again = [np.asarray(projection.get("weight", format="list", with_address=False), float)
                 for projection in projections]
        recorded = sim.simulator.state.simulation.populations[1].get_data().segments[1]
        sim.reset()
        sim.reset(keep_weights=True)
        sim.run(script.duration)
        sim.reset(keep_weights=True)
        sim.run(script.duration)
        ours = [np.asarray(projection.get("weight", format="list", with_address=False), float)
                for projection in projections]
        sim.end()
    check_equal(first, expected)
    assert [train.magnitude.tolist() for train in recorded.spiketrains] == expected["spikes"]
    for signal in recorded.analogsignals:
        np.testing.assert_array_equal(signal.magnitude, expected[signal.name])
    for place, name in enumerate(("in", "recurrent", "to readout")):
        np.testing.assert_array_equal(again[place], expected[f"{name} weight"])
        np.testing.assert_array_equal(ours[place], kept[place])
