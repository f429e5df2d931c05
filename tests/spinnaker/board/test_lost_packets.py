"""Packets that a board loses: the error, or the warning, and what is left."""

import csv
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import Adam, errors
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.spinnaker.board.routers import Dropped, Routers

T = 20.0
TIMES = np.arange(0.0, 10 * T, 3.0)
RELAY = {"tau_refrac": 0.1, "v_thresh": -64.9, "tau_m": 1.0, "tau_syn_E": 0.3, "tau_syn_I": 1.0}
"""A cell of sPyNNaker that fires a step after each input spike."""


def build(module: Any, relayed: bool = False, **setup: Any) -> dict[str, Any]:
    """12 cells, on two cores, that learn from two inputs and two readouts; other inputs relay."""
    module.setup(timestep=1.0, update_interval=T, seed=1, **setup)
    source = module.Population(2, module.SpikeSourceArray(spike_times=[TIMES] * 2), label="source")
    given = source
    if relayed:
        given = module.Population(2, module.IF_curr_exp(**RELAY), label="relay")
        module.Projection(source, given, module.OneToOneConnector(),
                          module.StaticSynapse(weight=20.0))
    network = module.Population(12, module.EPropLIF(v_thresh=0.4), label="network")
    readout = module.Population(2, module.EPropReadout(
        target=np.sin(np.arange(T))[np.newaxis] * np.ones((2, 1))), label="readout")
    adam, everyone = Adam(lr=0.01), module.AllToAllConnector()
    learned = module.Projection(given, network, everyone,
                                module.EPropSynapse(weight=0.25, optimizer=adam), label="in")
    module.Projection(network, readout, everyone,
                      module.EPropSynapse(weight=0.03, optimizer=adam), label="out")
    module.Projection(readout, network, everyone, module.LearningSignal(weight=0.5),
                      receptor_type="learning_signal", label="signal")
    network.record("v")
    return {"network": network, "in": learned}


def membrane(made: dict[str, Any]) -> np.ndarray:
    return np.asarray(made["network"].get_data().segments[-1].analogsignals[0].magnitude)


def weights(made: dict[str, Any]) -> np.ndarray:
    return np.asarray(made["in"].get("weight", format="array"))


def after(updates: int) -> dict[str, Any]:
    """The same network on the host."""
    made = build(host, precision="fixed")
    host.run(updates * T)
    return {"v": membrane(made), "weights": weights(made)}


def test_an_error_names_the_update_and_what_was_before_stays(board, tmp_path):
    made = build(sim, neurons_per_core=8, quiet=True, failure_folder=tmp_path / "report")
    sim.run(T)
    # each interval brings 40 errors to each of two cores
    board.set_conditions(Conditions(lose_packet=100, packet_kind="payload"))
    with pytest.raises(errors.PacketLossError) as caught:
        sim.run(3 * T)
    loss, = caught.value.losses
    assert (loss.what, loss.sent, loss.heard, loss.intervals, loss.updates) == (
        "errors", 40, 39, (2, 2), (3, 3))
    assert loss.sender == "readout[0:2]" and loss.receiver in ("network[0:8]", "network[8:12]")
    assert str(caught.value).splitlines() == [
        "the run from 20 to 80 ms failed:", loss.sentence(),
        f"All that cores printed and counted is in {tmp_path / 'report'}.",
        "What was recorded up to 20 ms can still be read, and so can the weights after update 1."]
    with open(tmp_path / "report" / "losses.csv", newline="") as file:
        row, = csv.DictReader(file)
    assert row == {"receiver": loss.receiver, "sender": "readout[0:2]", "what": "errors",
                   "sent": "40", "heard": "39", "first_interval": "2", "last_interval": "2",
                   "first_update": "3", "last_update": "3"}
    with open(tmp_path / "report" / "counters.csv", newline="") as file:
        heard = {row["cells"]: int(row["signals_heard"]) for row in csv.DictReader(file)}
    assert heard == {"readout[0:2]": 0, "network[0:8]": 160, "network[8:12]": 160,
                     loss.receiver: 159}
    assert (sim.get_current_time(), sim.num_updates()) == (T, 1)
    expected = after(1)
    np.testing.assert_array_equal(membrane(made), expected["v"])
    np.testing.assert_array_equal(weights(made), expected["weights"])
    with pytest.raises(errors.MachineError, match="failed in an earlier run"):
        sim.run(T)
    sim.end()


def test_a_warning_lets_the_run_go_on_and_a_reset_begins_again(board):
    made = build(sim, neurons_per_core=8, quiet=True, on_loss="warn")
    board.set_conditions(Conditions(lose_every=10, packet_kind="plain"))
    with pytest.warns(errors.PacketLossWarning, match=r"^\w+\[\d+:\d+\]: heard \d+ of \d+ "
                      r"spikes of \w+\[\d+:\d+\] in interval.*; update.* cannot be trusted$"):
        sim.run(2 * T)
    lost = board.packets().lost
    losses = sim.simulator.state.simulation.network.reports.lost
    assert sum(loss.sent - loss.heard for loss in losses) == lost > 10
    events = made["network"].get_data().segments[0].annotations["events"]
    assert all(loss.sentence() in events for loss in losses)
    assert np.any(weights(made) != after(2)["weights"])
    board.set_conditions(Conditions())
    sim.reset()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run(2 * T)
    assert "events" not in made["network"].get_data().segments[-1].annotations
    np.testing.assert_array_equal(weights(made), after(2)["weights"])
    np.testing.assert_array_equal(membrane(made), after(2)["v"])
    # what routers drop is of no consequence if everything that counts was heard
    with pytest.MonkeyPatch.context() as patch, pytest.warns(
            errors.PacketLossWarning, match="^the router of chip 0,1 dropped 3 packets, of which 1 "
            "were sent again, none of which is missing$"):
        patch.setattr(Routers, "dropped", lambda _: [Dropped((0, 0), 2, 2), Dropped((0, 1), 3, 1)])
        sim.run(T)
    sim.end()


def test_cells_of_spynnaker_do_not_count_but_cores_that_hear_them_do(board, monkeypatch):
    build(sim, relayed=True, neurons_per_core=8, quiet=True, on_loss="warn")
    sim.run(2 * T)
    network = next(core for core in board.status().cores if core.application == "eprop_neuron")
    board.set_conditions(Conditions(lose_packet=5, packet_kind="plain", packet_core=(
        network.x, network.y, network.core)))
    # two cells relay the inputs at 42, 45, ... 57 ms; those of the one at 39 fall into the pause
    with pytest.warns(errors.PacketLossWarning, match=r"^network\[\d+:\d+\]: heard 11 of 12 spikes "
                      r"of relay\[0:2\] in interval 2; update 3 cannot be trusted$"):
        sim.run(T)
    board.set_conditions(Conditions())
    monkeypatch.setattr(Routers, "dropped", lambda _: [Dropped((0, 0), 2, 0)])
    with pytest.warns(errors.PacketLossWarning, match="^the router of chip 0,0 dropped 2 packets; "
                      "cells that learn miss none, but others may$"):
        sim.run(T)
    sim.end()
