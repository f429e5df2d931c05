"""Recordings of a population, and their data as Neo blocks."""

from collections.abc import Iterable
from copy import copy
from typing import Any

from pynn_eprop.common.records.recorder import LogRecorder
from pynn_eprop.errors import EPropError
from pynn_eprop.spinnaker import simulator


class Recorder(LogRecorder):
    """Recordings of one population."""

    _simulator = simulator

    def record(self, variables: str | Iterable[str], ids: Iterable[Any],
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of some cells from now on; see ``LogRecorder.record``.

        Raises :class:`UnsupportedError` between runs: what is recorded is laid out when the
        machine is loaded.
        """
        wanted = self._wanted()
        before = {name: copy(log) for name, log in self.logs.items()}, self._every
        super().record(variables, ids, sampling_interval, locations)
        if self._wanted() == wanted:
            return
        try:
            self._simulator.state.simulation.recording_changes(self.population)
        except EPropError:
            self.logs, self._every = before
            raise

    def _wanted(self) -> dict[str, tuple[int, ...]]:
        return {name: (getattr(log, "every", 1), *log.cells.tolist())
                for name, log in self.logs.items()}

    def _saturations(self) -> dict[str, Any]:
        """Annotations on what saturated, was late or was lost, if something was."""
        found = super()._saturations()
        events = self._simulator.state.simulation.events()
        return {**found, **({"events": "; ".join(events)} if events else {})}
