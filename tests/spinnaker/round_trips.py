"""Round trips to a machine: how many requests a host sends, and how many one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from spinnman.connections.udp_packet_connections import SCAMPConnection

from pynn_eprop import Adam

INTERVAL = 20.0
_SEQUENCE = slice(12, 14)    # of a request: two bytes of padding, eight of SDP, the command


class RoundTrips:
    """Requests of this host to boards.

    in_sequence: round trips on the longest chain of requests, each of which was sent when the
    answer to the one before was there. If each took the same time, and nothing else did, the
    host would have waited for as many.
    """

    def __init__(self) -> None:
        self.requests = self.in_sequence = 0
        self._sent: dict[int, int] = {}

    def clear(self) -> None:
        """Begin to count again."""
        self.__init__()

    def sent(self, data: bytes) -> None:
        self.requests += 1
        self._sent[int.from_bytes(data[_SEQUENCE], "little")] = self.in_sequence

    def received(self, sequence: int) -> None:
        self.in_sequence = max(self.in_sequence, self._sent.get(sequence, -1) + 1)


@contextmanager
def counted() -> Iterator[RoundTrips]:
    """Count what all connections of this process send and receive."""
    connection: Any = SCAMPConnection
    found = RoundTrips()
    inherited, receive = connection.send, connection.receive_scp_response

    def send(self: Any, data: bytes) -> None:
        found.sent(data)
        inherited(self, data)

    def receive_scp_response(self: Any, timeout: float | None = 1.0) -> Any:
        answer = receive(self, timeout)
        found.received(answer[1])
        return answer

    connection.send, connection.receive_scp_response = send, receive_scp_response
    try:
        yield found
    finally:
        del connection.send
        connection.receive_scp_response = receive


def build(sim: Any, cores: int, **setup: Any) -> Any:
    """A network on so many cores of ours, two cells each; returns its input projection."""
    on_cores = {} if "precision" in setup else {"quiet": True, "neurons_per_core": 2}
    sim.setup(timestep=1.0, update_interval=INTERVAL, seed=1, **on_cores, **setup)
    source = sim.Population(5, sim.SpikeSourceArray(spike_times=[
        [1.0 + k, 21.0 + k, 41.0 + k, 61.0 + k] for k in range(5)]), label="source")
    cells = sim.Population(2 * (cores - 1), sim.EPropLIF(v_thresh=0.4), label="cells")
    readout = sim.Population(2, sim.EPropReadout(target=np.ones((2, int(INTERVAL)))),
                             label="readout")
    everyone, adam = sim.AllToAllConnector(), Adam(lr=0.01)
    learned = sim.Projection(source, cells, everyone,
                             sim.EPropSynapse(weight=0.25, optimizer=adam), label="in")
    sim.Projection(cells, readout, everyone, sim.EPropSynapse(weight=0.03125, optimizer=adam))
    sim.Projection(readout, cells, everyone, sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    cells.record("spikes")
    readout.record("loss")
    return learned
