"""Round trips to a machine: how many requests a host sends, and how many one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spinnman.connections.udp_packet_connections import SCAMPConnection

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
        """Count a request."""
        self.requests += 1
        self._sent[int.from_bytes(data[_SEQUENCE], "little")] = self.in_sequence

    def received(self, sequence: int) -> None:
        """Count the answer to a request, by its sequence number."""
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
