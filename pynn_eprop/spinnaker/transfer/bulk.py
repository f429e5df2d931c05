"""Reading and writing many places of the machine's memory at once.

One after the other, each place costs the time of a round trip: a fraction of a millisecond beside
the machine, tens of them through a proxy. Here requests follow each other without waiting, as many
as sPyNNaker has under way with a board at a time (8), and all boards are asked side by side. So the
time is that of the board with most places, whatever the size of the machine.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple

from spinn_front_end_common.data import FecDataView
from spinnman.constants import UDP_MESSAGE_MAX_SIZE
from spinnman.exceptions import SpinnmanException
from spinnman.messages.scp.impl import ReadMemory, WriteMemory
from spinnman.processes import AbstractMultiConnectionProcess
from spinnman.spalloc.spalloc_transceiver import SpallocTransceiver

LARGE_BYTES = 4096
"""Through a spalloc proxy, a larger place is one HTTP request instead of many packets."""
HTTP_REQUESTS = 8
"""At once."""
NO_ANSWER = (SpinnmanException, OSError, ValueError)
"""Errors of a machine that does not answer, and of a spalloc server that refuses."""
Part = tuple[int, int]
"""Number of a place, and offset of a packet's bytes in it."""


class Place(NamedTuple):
    """Bytes of a chip's memory."""

    x: int
    y: int
    address: int
    size: int


class Content(NamedTuple):
    """Bytes for a chip's memory."""

    x: int
    y: int
    address: int
    data: bytes

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)


def read_many(places: Sequence[Place]) -> list[bytes]:
    """The bytes of each place. Raises one of :data:`NO_ANSWER` if some cannot be read."""
    return [data or b"" for data in _read(places, None).found]


def read_in_time(places: Sequence[Place], seconds: float) -> tuple[list[bytes | None], float]:
    """The bytes of as many places as take about this time, None for others.

    The second result is the share of all bytes that was read. Raises as :func:`read_many`.
    """
    reading = _read(places, time.monotonic() + seconds)
    return reading.found, reading.bytes_read / max(sum(place.size for place in places), 1)


def read_what_answers(places: Sequence[Place]) -> list[bytes | None]:
    """As :func:`read_many`, with None for a place that cannot be read."""
    with suppress(*NO_ANSWER):
        return list(read_many(places))
    found: list[bytes | None] = []
    for place in places:
        found.append(None)
        with suppress(*NO_ANSWER):
            found[-1] = read_many([place])[0]
    return found


def write_many(contents: Sequence[Content]) -> None:
    """Write all of them, in any order. Raises as :func:`read_many`."""
    small, large = _divided(contents)
    if small:
        _Writer(_connections()).transfer(contents, _in_turn(contents, small))
    with ThreadPoolExecutor(HTTP_REQUESTS) as threads:
        list(threads.map(lambda number: FecDataView.write_memory(*contents[number]), large))


class _Reading:
    """What was read so far of some places; ``found`` has those that are complete."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.found: list[bytes | None] = [None if place.size else b"" for place in places]
        self.bytes_read = 0
        self._data: dict[int, bytearray] = {}
        self._left: dict[int, int] = {}
        self._places = places

    def add(self, number: int, offset: int, data: bytes) -> None:
        """Bytes of a place."""
        size = self._places[number].size
        self._data.setdefault(number, bytearray(size))[offset:offset + len(data)] = data
        self.bytes_read += len(data)
        self._left[number] = self._left.get(number, size) - len(data)
        if not self._left[number]:
            self.found[number] = bytes(self._data.pop(number))


def _read(places: Sequence[Place], until: float | None) -> _Reading:
    reading = _Reading(places)
    small, large = _divided(places)

    def alone(number: int) -> None:
        if until is None or time.monotonic() < until:
            reading.add(number, 0, bytes(FecDataView.read_memory(*places[number])))

    if small:
        parts = _in_time(_in_turn(places, small), until)
        _Reader(_connections()).transfer(places, parts, reading)
    with ThreadPoolExecutor(HTTP_REQUESTS) as threads:
        list(threads.map(alone, large))
    return reading


def _connections() -> Any:
    transceiver: Any = FecDataView.get_transceiver()
    return transceiver.scamp_connection_selector


def _divided(places: Sequence[Any]) -> tuple[list[int], list[int]]:
    """Numbers of the places that go in packets, and of those that a proxy moves in one piece."""
    if not places:      # then there may be no machine
        return [], []
    proxied = isinstance(FecDataView.get_transceiver(), SpallocTransceiver)
    large = [number for number, place in enumerate(places) if proxied and place.size > LARGE_BYTES]
    return sorted(set(range(len(places))).difference(large)), large


def _in_turn(places: Sequence[Any], chosen: Iterable[int]) -> Iterator[Part]:
    """The packets of the chosen places, one of each board in turn."""
    by_board: dict[Any, list[Part]] = {}
    for number in chosen:
        x, y, _, _ = places[number]
        by_board.setdefault(FecDataView.get_nearest_ethernet(x, y), []).extend(
            (number, offset) for offset in range(0, places[number].size, UDP_MESSAGE_MAX_SIZE))
    for together in zip_longest(*by_board.values()):
        yield from (part for part in together if part is not None)


def _in_time(parts: Iterable[Part], until: float | None) -> Iterator[Part]:
    for part in parts:
        if until is not None and time.monotonic() > until:
            return
        yield part


class _Reader(AbstractMultiConnectionProcess):
    """Asks for parts of places without waiting for the answer to one before the next."""

    def transfer(self, places: Sequence[Place], parts: Iterable[Part], reading: _Reading) -> None:
        with self._collect_responses():
            for number, offset in parts:
                x, y, address, size = places[number]
                self._send_request(
                    ReadMemory((x, y, 0), address + offset,
                               min(size - offset, UDP_MESSAGE_MAX_SIZE)),
                    partial(self._take, reading, number, offset))

    @staticmethod
    def _take(reading: _Reading, number: int, offset: int, response: Any) -> None:
        reading.add(number, offset,
                    response.data[response.offset:response.offset + response.length])


class _Writer(AbstractMultiConnectionProcess):
    """Sends parts of places without waiting for the answer to one before the next."""

    def transfer(self, contents: Sequence[Content], parts: Iterable[Part]) -> None:
        with self._collect_responses():
            for number, offset in parts:
                x, y, address, data = contents[number]
                self._send_request(WriteMemory((x, y, 0), address + offset,
                                               data[offset:offset + UDP_MESSAGE_MAX_SIZE]))
