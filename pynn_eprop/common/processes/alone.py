"""What is asked of the processes that run a script, and the answers of one that runs it alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Value = TypeVar("Value")


class Processes:
    """The processes that run the same script; here only this one.

    rank: number of this process, from 0. size: how many there are. All of them hold the same
    network and the same results, and call these methods in the same order; the process of rank 0
    writes files.
    """

    rank: int = 0
    size: int = 1

    def meet(self, what: str, about: int = 0, signal: int | None = None) -> int | None:
        """Wait for all processes, before something that they do together.

        what: in words. about: a checksum of what they do it with. Returns ``signal``, or that which
        another process has received. Raises :class:`SimulationError` if one does something else,
        or has ended.
        """
        return signal

    def agree(self, value: Value) -> Value:
        """The value that the process of rank 0 gives."""
        return value

    def first(self, call: Callable[[], Value]) -> Value:
        """What ``call`` returns, or raises, in the process of rank 0, which alone calls it."""
        return call()

    @contextmanager
    def or_end(self) -> Iterator[None]:
        """A context in which others wait for this process: an error in it ends all processes."""
        yield

    def leave(self, text: str) -> bool:
        """Say that this process ends, and why; returns whether no other has said the same.

        Those that still wait for it raise :class:`SimulationError`.
        """
        return True
