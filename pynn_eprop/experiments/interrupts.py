"""SIGINT and SIGTERM that wait for the end of an update."""

from typing import Any

from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.errors import RunInterrupted


class ExperimentInterrupted(RunInterrupted):
    """A run was ended by a signal, ``signal_number``; all work is saved."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.signal_number = signal_number


class DeferredInterrupts(Interrupts):
    """Context in which the first signal is only noted; a second one acts as it did before.

    It replaces every handler, as an experiment decides for all that it calls.
    """

    def _takes(self, handler: Any) -> bool:
        return True
