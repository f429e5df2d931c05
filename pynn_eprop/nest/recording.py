"""What a population records, and its data as Neo blocks."""

from collections.abc import Iterable
from typing import Any

import neo
from pyNN.nest.recording import Recorder as ParentRecorder

from pynn_eprop.common.parent_backend import RecorderOfParent
from pynn_eprop.common.recorder import LogRecorder
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.nest import simulator


class ArrayRecorder(LogRecorder):
    """Recordings of cells that learn, readouts and sources, in script time."""

    _simulator = simulator

    def record(self, variables: str | Iterable[str], ids: Iterable[Any],
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of some cells.

        Raises :class:`UnsupportedError` after the first run, but for spikes of sources: when NEST
        connects something new it sorts its synapses, and those that learn lose what they were
        about to learn.
        """
        if simulator.state.simulation.started and not self.population.is_source:
            raise UnsupportedError(f"{self.population.label}: record({variables!r}) after the "
                                   "first run(); NEST must know before what is recorded")
        super().record(variables, ids, sampling_interval, locations)

    def get(self, variables: str | Iterable[str], *args: Any, **options: Any) -> neo.Block:
        """The recorded data as a block with one segment."""
        self._wanted_names(variables)       # before NEST runs ahead for it
        simulator.state.simulation.collect()
        return super().get(variables, *args, **options)

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier."""
        self._spike_log(variable)
        simulator.state.simulation.collect()
        return super().count(variable, gather, filter_ids)


class Recorder(RecorderOfParent, ParentRecorder):
    """Recordings of all other cells, which PyNN's NEST backend keeps."""

    _simulator = simulator

    @staticmethod
    def _catch_up() -> None:
        """Let NEST deliver the data of the last steps."""
        if simulator.state.simulation is not None:
            simulator.state.simulation.collect(stock=True)

    def get(self, *args: Any, **options: Any) -> neo.Block:
        """The recorded data as a block."""
        self._catch_up()
        return super().get(*args, **options)

    def count(self, *args: Any, **options: Any) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier."""
        self._catch_up()
        return super().count(*args, **options)

    def clear(self) -> None:
        """Forget all data. What comes next begins with the present samples."""
        super().clear()
        # PyNN takes the first sample to come for the present one, unless that is still to be put
        # before it: right if NEST is ahead, as then it gave away the present sample and more
        self._multimeter._clean = not self._multimeter._overrun_data
