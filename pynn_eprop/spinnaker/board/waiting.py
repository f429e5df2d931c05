"""Limits to waiting for cores, by the machine's own clock, so that no wait is endless.

sPyNNaker waits by the host's clock, and in some places without an end. A board in software may be
slower than real time, so that the limit there must be long; a core that hangs would hold a script
up for as long. The machine's clock distinguishes the two.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spinnman.messages.spinnaker_boot import SystemVariableDefinition
from spinnman.model.enums import CPUState
from spinnman.transceiver.base_transceiver import BaseTransceiver

PATIENCE_MS = 5000.0
"""Machine time by which cores may take longer than twice the run."""
STILL_SECONDS = 5.0
"""If a machine's clock stands still for longer than this, no core is at work."""
STOPPED = frozenset({CPUState.RUN_TIME_EXCEPTION, CPUState.WATCHDOG})
"""States that a core does not leave."""
_POLL_SECONDS = 0.1


@contextmanager
def limited(milliseconds: float) -> Iterator[None]:
    """Let sPyNNaker wait for cores no longer than a run of this machine time can take."""
    base: Any = BaseTransceiver
    original = base.wait_for_cores_to_be_in_state

    def wait(self: Any, all_core_subsets: Any, app_id: int, cpu_states: Any, *,
             timeout: float | None = None, **more: Any) -> None:
        wanted = {cpu_states} if isinstance(cpu_states, CPUState) else set(cpu_states)
        patience = _Patience(self, 2.0 * milliseconds + PATIENCE_MS, timeout)
        while True:
            if _count(self, app_id, wanted) >= len(all_core_subsets):
                return
            if _count(self, app_id, STOPPED - wanted) or patience.is_over():
                break
            time.sleep(_POLL_SECONDS)
        # with a timeout of 0 it raises, and names the cores in other states
        original(self, all_core_subsets, app_id, cpu_states, timeout=0.0, **more)

    base.wait_for_cores_to_be_in_state = wait
    try:
        yield
    finally:
        base.wait_for_cores_to_be_in_state = original


def _count(transceiver: Any, app_id: int, states: Any) -> int:
    return sum(transceiver.get_core_state_count(app_id, state) for state in states)


class _Patience:
    """The limit of a wait for cores. ``seconds``: by the host's clock; None: no limit."""

    def __init__(self, transceiver: Any, milliseconds: float, seconds: float | None) -> None:
        self._transceiver = transceiver
        self._begun = self._moved = time.monotonic()
        self._seconds = seconds
        self._clock = self._machine_clock()
        self._last = self._clock + milliseconds

    def _machine_clock(self) -> float:
        """Milliseconds since the first chip was switched on."""
        return float(self._transceiver._get_sv_data(
            0, 0, SystemVariableDefinition.clock_milliseconds))

    def is_over(self) -> bool:
        """Whether the wait has been long enough."""
        now, clock = time.monotonic(), self._machine_clock()
        if clock != self._clock:
            self._clock, self._moved = clock, now
        return clock > self._last or now - self._moved > STILL_SECONDS \
            or (self._seconds is not None and now - self._begun > self._seconds)
