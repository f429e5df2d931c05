"""SIGINT and SIGTERM that wait for the end of an update."""

import signal
from types import FrameType, TracebackType
from typing import Any, Self

from pynn_eprop.errors import RunInterrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class ExperimentInterrupted(RunInterrupted):
    """A run was ended by a signal; what is done is saved. ``signal_number`` says which."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number


class DeferredInterrupts:
    """Context in which the first signal is only noted; a second one acts as it did before."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._previous[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._restore()
