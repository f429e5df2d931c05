"""SIGINT and SIGTERM during a run take effect when the update in progress is done."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """A context in which the first signal is only noted; a second one acts as it did before.

    Signals can be handled in the main thread only; elsewhere this does nothing. A handler that
    another part of the program installed stays: then that part decides.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if self._takes(signal.getsignal(number)):
                    self._previous[number] = signal.signal(number, self._note)
        return self

    def _takes(self, handler: Any) -> bool:
        """Whether to replace a handler."""
        return handler in (signal.default_int_handler, signal.SIG_DFL)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self._restore()
