"""Several processes that MPI has started."""

import atexit
import math
import os
import pickle
import sys
import time
import traceback
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from pynn_eprop.common.processes.alone import Processes, Value
from pynn_eprop.errors import SimulationError

_SPINS = 500            # looks at a message before the processor is given to others,
_PAUSE_SECONDS = 5e-5   # which may be the process that is waited for
_ENDS = "ends"


class MPIProcesses(Processes):
    """The processes of an MPI communicator (of mpi4py)."""

    def __init__(self, communicator: Any) -> None:
        self._communicator = communicator
        self.rank = communicator.rank
        self.size = communicator.size
        self._apart = ""            # why they no longer do the same; empty as long as they do
        self._in_first = False
        atexit.register(self._at_exit)

    # --- together ---

    def meet(self, what: str, about: int = 0, signal: int | None = None) -> int | None:
        """Wait for all processes; see :class:`Processes`."""
        if self._in_first:
            return signal
        return int(self._meet(what, about, signal or 0).max()) or None

    def _meet(self, what: str, about: int, number: float) -> np.ndarray:
        """As :meth:`meet`; returns the numbers that all give, (size,)."""
        if self._apart:
            raise SimulationError(self._apart)
        mine = np.array([zlib.crc32(what.encode()), about, number], dtype=float)
        everyone = np.empty((self.size, len(mine)))
        self._wait(self._communicator.Iallgather(mine, everyone))
        if np.any(everyone[:, :2] != mine[:2]):
            self._apart = self._difference(self._all(what), everyone[:, 1])
            if not what.startswith(_ENDS):
                raise SimulationError(self._apart)
        return everyone[:, 2]

    def _difference(self, doing: list[str], about: np.ndarray) -> str:
        for rank, what in enumerate(doing):
            if what.startswith(_ENDS):
                return f"process {rank} {what}, while this one, {self.rank}, goes on"
        if len(set(doing)) > 1:
            return ("the processes do different things: " + "; ".join(
                f"{rank}: {what}" for rank, what in enumerate(doing))
                + ". All must make the same calls, in the same order")
        marks = ", ".join(f"{int(value):08x}" for value in about)
        return (f"{doing[0]}: the processes have different networks or inputs (checksums {marks}). "
                "All must run the same script: seed what it draws itself, and let nothing depend "
                "on rank() but what is printed and written")

    def agree(self, value: Value) -> Value:
        """The value of rank 0; see :class:`Processes`."""
        if self._in_first:
            return value
        if isinstance(value, int | float):
            return type(value)(self._meet("agreement on a number", 0, value)[0])
        self.meet("agreement")
        return self.spread(value, 0)

    def first(self, call: Callable[[], Value]) -> Value:
        """Call in the process of rank 0; see :class:`Processes`."""
        if self._in_first:
            return call()
        outcome: tuple[Any, BaseException | None] = (None, None)
        if self.rank == 0:
            self._in_first = True
            try:
                outcome = (call(), None)
            except Exception as error:
                outcome = (None, error)
            finally:
                self._in_first = False
        value, failure = self.agree(outcome)
        if failure is not None:
            raise failure
        return value

    def _all(self, value: Any) -> list[Any]:
        data = np.frombuffer(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), np.uint8)
        sizes = np.empty(self.size, dtype=np.int64)
        self._wait(self._communicator.Iallgather(np.array([len(data)], np.int64), sizes))
        everyone = np.empty(int(sizes.sum()), np.uint8)
        self._wait(self._communicator.Iallgatherv(data, (everyone, sizes)))
        ends = np.cumsum(sizes)
        return [self._unpacked(everyone[end - size:end])
                for size, end in zip(sizes, ends, strict=True)]

    def total(self, counts: np.ndarray) -> np.ndarray:
        """The sum over all processes; see :class:`Processes`."""
        mine = np.ascontiguousarray(counts, dtype=np.int64)
        everyone = np.empty_like(mine)
        self._wait(self._communicator.Iallreduce(mine, everyone))
        return everyone

    def broadcast(self, buffer: np.ndarray, root: int) -> None:
        """Fill the buffers of all; see :class:`Processes`."""
        self._wait(self._communicator.Ibcast(buffer, root=root))

    def spread(self, value: Value, root: int) -> Value:
        """The value that the process of rank ``root`` gives."""
        data = np.frombuffer(pickle.dumps(value) if self.rank == root else b"", np.uint8)
        size = np.array([len(data)], dtype=np.int64)
        self.broadcast(size, root)
        buffer = data.copy() if self.rank == root else np.empty(int(size[0]), np.uint8)
        self.broadcast(buffer, root)
        return self._unpacked(buffer)

    def join(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array with the parts of all processes, by rank, along the first axis."""
        lengths = np.empty((self.size, len(arrays)), dtype=np.int64)
        self._wait(self._communicator.Iallgather(np.array([len(each) for each in arrays], np.int64),
                                                 lengths))
        joined = [np.empty((total, *each.shape[1:]), each.dtype)
                  for each, total in zip(arrays, lengths.sum(axis=0), strict=True)]
        for number, (each, out) in enumerate(zip(arrays, joined, strict=True)):
            row = each.dtype.itemsize * math.prod(each.shape[1:])
            mine = np.ascontiguousarray(each).reshape(-1).view(np.uint8)
            self._wait(self._communicator.Iallgatherv(
                mine, (out.reshape(-1).view(np.uint8), lengths[:, number] * row)))
        return joined

    @staticmethod
    def _unpacked(data: np.ndarray) -> Any:
        return pickle.loads(data.tobytes())

    # --- one after the other ---

    def receive(self, buffer: np.ndarray) -> None:
        """Fill a buffer with what the process before this one sends."""
        self._wait(self._communicator.Irecv(buffer, source=self.rank - 1))

    def send(self, buffer: np.ndarray) -> Any:
        """Begin to send a buffer to the process after this one.

        Returns what :meth:`sent` waits for; until then the buffer stays as it is.
        """
        return self._communicator.Isend(buffer, dest=self.rank + 1)

    def sent(self, requests: list[Any]) -> None:
        """Wait until buffers have been sent."""
        for request in requests:
            self._wait(request)

    @staticmethod
    def _wait(request: Any) -> None:
        """Wait for a message, so that others, and handlers of signals, can run."""
        for _ in range(_SPINS):
            if request.Test():
                return
        while not request.Test():
            time.sleep(_PAUSE_SECONDS)

    # --- ends ---

    @contextmanager
    def or_end(self) -> Iterator[None]:
        """A context that others wait for; see :class:`Processes`."""
        try:
            yield
        except BaseException:
            traceback.print_exc()
            print(f"process {self.rank} of {self.size} has failed: all end", file=sys.stderr,
                  flush=True)
            self._communicator.Abort(1)
            os._exit(1)

    def leave(self, text: str) -> bool:
        """Say that this process ends; see :class:`Processes`."""
        if self._apart:
            return True
        self.meet(_ENDS)
        if self._apart:
            return True
        said = self._all(text)
        self._apart = "the processes have ended"
        return text not in said[:self.rank]

    def _at_exit(self) -> None:
        if not self._apart:
            error = getattr(sys, "last_value", None)
            self.meet(_ENDS if error is None else f"{_ENDS} ({type(error).__name__}: {error})")
            self._apart = "the processes have ended"
