"""Live input and output beside cells that learn, in machine time, as sPyNNaker's users have them.

The host sends spikes while the emulated board runs, so that each run is another one. What cells
that learn make of them is compared with the host engine, given the spikes that reached them.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import Adam
from pynn_eprop.emulator import Board
from pynn_eprop.spinnaker.memory.layout import Provenance

T, P, INTERVALS = 40, 30, 8
C = T + P
# a cell that fires one step after each input spike
RELAY = {"tau_refrac": 0.1, "v_thresh": -64.9, "tau_m": 1.0, "tau_syn_E": 0.3, "tau_syn_I": 1.0}


@pytest.fixture
def board() -> Iterator[Board]:
    with Board(chips=4) as made:       # no faster than a real one
        yield made


class Live:
    """A connection that sends spikes every 3 ms and keeps what it receives."""

    def __init__(self, labels: list[str], board: Board) -> None:
        self._board = board
        self.received: dict[str, list[tuple[int, int]]] = {label: [] for label in labels}
        self._stop, self._sender = threading.Event(), threading.Thread()
        self.connection = sim.external_devices.SpynnakerLiveSpikesConnection(
            receive_labels=labels, local_port=None, send_labels=["injector"])
        self.connection.add_start_resume_callback("injector", self._start)
        self.connection.add_pause_stop_callback("injector", self._pause)
        for label in labels:
            self.connection.add_receive_callback(label, self._receive)
        self.port = self.connection.local_port

    def _start(self, label: str, connection: Any) -> None:
        self._stop.clear()
        self._sender = threading.Thread(target=self._send, args=(label, connection))
        self._sender.start()

    def _pause(self, _label: str, _connection: Any) -> None:
        self._stop.set()
        self._sender.join()

    def _send(self, label: str, connection: Any) -> None:
        rng = np.random.default_rng()       # what it sends, the board records
        # sPyNNaker's source records a spike before its first step as one at 2^32 - 1
        begin = self._board.status().milliseconds
        while self._board.status().milliseconds < begin + 2.0 and not self._stop.wait(0.001):
            pass
        while not self._stop.wait(0.003):
            connection.send_spike(label, int(rng.integers(3)))

    def _receive(self, label: str, at: int, cells: list[int]) -> None:
        self.received[label] += [(at, cell) for cell in cells]

    def trains(self, label: str, count: int, size: int) -> list[list[float]]:
        """Spikes from a population, at most 5 s after ``count`` of them should have come."""
        for _ in range(500):
            if len(self.received[label]) >= count:
                break
            time.sleep(0.01)
        return [sorted(float(at) for at, of in self.received[label] if of == cell)
                for cell in range(size)]


def trains(population: Any) -> list[list[float]]:
    found = population.get_data("spikes").segments[0].spiketrains
    return [np.asarray(train.magnitude).tolist() for train in found]


def learning_part(module: Any, source: Any) -> tuple[Any, Any]:
    """Cells that learn from ``source``, and their plastic input."""
    cells = module.Population(4, module.EPropLIF(v_thresh=0.4), label="network")
    readout = module.Population(1, module.EPropReadout(
        target=np.sin(np.arange(T) / 5.0)[np.newaxis]), label="readout")
    adam, everyone = Adam(lr=0.01), module.AllToAllConnector()
    learned = module.Projection(source, cells, everyone,
                                module.EPropSynapse(weight=0.5, optimizer=adam))
    module.Projection(cells, readout, everyone, module.EPropSynapse(weight=0.3, optimizer=adam))
    module.Projection(readout, cells, everyone, module.LearningSignal(weight=0.5),
                      receptor_type="learning_signal")
    cells.record("spikes")
    return cells, learned


def weights(module: Any, projection: Any) -> np.ndarray:
    return np.asarray(projection.get("weight", format="array"))


def test_live_spikes_teach_and_are_seen_as_in_any_script_of_spynnaker(board):
    live = Live(["network", "relay"], board)
    sim.setup(timestep=1.0, update_interval=T, machine_time=True, pause=P, seed=1)
    injector = sim.Population(3, sim.external_devices.SpikeInjector(
        database_notify_port_num=live.port), label="injector")
    relay = sim.Population(3, sim.IF_curr_exp(**RELAY), label="relay")
    sim.Projection(injector, relay, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    cells, learned = learning_part(sim, relay)
    # fires once for whatever comes in a step, and forgets it: a busy host sends several at once
    direct = sim.Population(3, sim.EPropLIF(v_thresh=0.5, tau_refrac=0.0, tau_m=0.1),
                            label="direct")
    sim.Projection(injector, direct, sim.OneToOneConnector(), sim.StaticSynapse(weight=2.0))
    for population in (cells, relay):
        sim.external_devices.activate_live_output_for(population,
                                                      database_notify_port_num=live.port)
    for population in (injector, relay, direct):
        population.record("spikes")
    sim.run(2.0 * C + T + 12.0)     # in a pause: what is under way then is nothing to e-prop cells
    sim.run(INTERVALS * C - sim.get_current_time())
    sent, heard, seen, answers = (trains(each) for each in (injector, relay, cells, direct))
    taught = weights(sim, learned)
    received = [live.trains(each.label, sum(map(len, found)), each.size)
                for each, found in ((cells, seen), (relay, heard))]
    vertex, = direct.vertex.machine_vertices
    ignored = int(vertex.read_provenance()[Provenance.IGNORED_INPUT])
    sim.end()
    live.connection.close()

    assert received == [seen, heard]
    in_pauses = sum(t % C >= T for row in heard for t in row)
    assert in_pauses > 20 and sum(map(len, heard)) - in_pauses > 20
    check_learned(heard, seen, taught)
    # Without a step in its key, a live spike is of the step at which it comes: sPyNNaker's source
    # records the step before. It is a step later if it comes while cores' timers tick.
    for cell in range(3):
        fired = np.array(answers[cell])
        came = np.array(sent[cell]) + 2.0
        local = came % C
        assert np.all((fired % C >= 1) & (fired % C <= T))
        for at in fired:
            assert np.min(np.abs(came + 0.5 - at)) <= 0.5
        for at in came[(local > 1) & (local < T)]:
            assert np.min(np.abs(at + 0.5 - fired)) <= 0.5
    # some more come while the machine stands between the runs
    assert ignored >= in_pauses - 2 * INTERVALS


def check_learned(heard: list[list[float]], seen: list[list[float]], taught: np.ndarray) -> None:
    """The cells respond to the relay's spikes as the host engine does."""
    host.setup(timestep=1.0, update_interval=T, seed=1, precision="fixed")
    source = host.Population(3, host.SpikeSourceArray(spike_times=[
        [t // C * T + t % C for t in row if t % C < T] for row in heard]), label="relay")
    cells, learned = learning_part(host, source)
    host.run(INTERVALS * T)
    assert seen == [[t + (t - 1) // T * P for t in row] for row in trains(cells)]
    assert sum(map(len, seen)) > 20
    np.testing.assert_array_equal(taught, weights(host, learned))
