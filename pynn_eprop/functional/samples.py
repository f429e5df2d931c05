"""Recordings of a run, gathered from rows of steps."""

from collections.abc import Mapping, Sequence

import numpy as np

from pynn_eprop.errors import NetworkError
from pynn_eprop.functional.model import Model
from pynn_eprop.models.network import Inputs, Recorded, Recording

Rows = Mapping[int, Mapping[str, np.ndarray]]
"""Variables of steps in a row, (steps, size), by population and name."""


class Samples:
    """The samples of some recordings. Raises :class:`NetworkError` for an unknown variable."""

    def __init__(self, model: Model, recordings: Sequence[Recording]) -> None:
        self.recordings = recordings
        self._targets = model.readouts
        for recording in recordings:
            population = model.network.populations[recording.population]
            if recording.variable not in population.recordable():
                raise NetworkError(f"{population.label} has no variable {recording.variable!r} to "
                                   f"record; choose one of {population.recordable()}")
        self._sources = set(model.sources)
        self._readouts = {index: each.size for index, each in model.readouts.items()}
        self._values: list[list[np.ndarray]] = [[] for _ in recordings]
        self._steps: list[list[np.ndarray]] = [[] for _ in recordings]

    def wanted(self) -> tuple[tuple[int, str], ...]:
        """The variables that rows must have."""
        return tuple(sorted({(each.population, each.variable) for each in self.recordings
                             if each.variable not in ("loss", "target")
                             and each.population not in self._sources}))

    def add(self, start: int, rows: Rows, targets: Mapping[int, np.ndarray], steps: int) -> None:
        """Take the steps ``start + 1`` ... ``start + steps``."""
        numbers = np.arange(start + 1, start + steps + 1)
        for place, recording in enumerate(self.recordings):
            index, cells = recording.population, np.asarray(recording.cells, dtype=int)
            if recording.variable == "loss" or index in self._sources:
                continue
            if recording.variable == "spikes":
                chosen = np.unique(cells)
                step, cell = np.nonzero(rows[index]["spikes"][:steps][:, chosen])
                self._steps[place].append(numbers[step])
                self._values[place].append(chosen[cell])
                continue
            if recording.variable == "target":
                values = targets.get(index, np.full((steps, self._readouts.get(index, 0)), np.nan))
            else:
                values = rows[index][recording.variable]
            kept = numbers % recording.every == 0
            self._values[place].append(np.asarray(values[:steps][kept][:, cells], dtype=float))

    def skip(self, start: int, steps: int) -> None:
        """Take NaN for the steps ``start + 1`` ... ``start + steps``, which do not happen."""
        kept = {recording.every: (start + steps) // recording.every - start // recording.every
                for recording in self.recordings}
        for place, recording in enumerate(self.recordings):
            if recording.variable not in ("loss", "spikes") \
                    and recording.population not in self._sources:
                self._values[place].append(
                    np.full((kept[recording.every], len(recording.cells)), np.nan))

    def add_source_spikes(self, population: int, steps: np.ndarray, cells: np.ndarray) -> None:
        """Take spikes of sources, sorted by step."""
        for place, recording in enumerate(self.recordings):
            if recording.population == population and recording.variable == "spikes":
                chosen = np.isin(cells, np.asarray(recording.cells, dtype=int))
                order = np.lexsort((cells[chosen], steps[chosen]))
                self._steps[place].append(steps[chosen][order])
                self._values[place].append(cells[chosen][order])

    def add_values(self, inputs: Inputs, start: int, steps: int) -> None:
        """Take the values of sources in a stretch after step ``start``."""
        for place, recording in enumerate(self.recordings):
            if recording.variable == "value" and recording.population in self._sources:
                self._values[place].append(inputs.recorded_values(recording, start, steps))

    def add_losses(self, losses: Mapping[int, np.ndarray]) -> None:
        """Take the losses of intervals that ended, (intervals,), by population."""
        for place, recording in enumerate(self.recordings):
            if recording.variable == "loss":
                self._values[place].append(np.asarray(losses[recording.population], dtype=float))

    def recorded(self) -> Recorded:
        """Everything, in the order of the recordings."""
        entries: list[tuple[np.ndarray, np.ndarray] | np.ndarray] = []
        for recording, values, steps in zip(self.recordings, self._values, self._steps,
                                            strict=True):
            none = np.zeros(0, dtype=int)
            if recording.variable == "spikes":
                entries.append((np.concatenate([none, *steps]).astype(int),
                                np.concatenate([none, *values]).astype(int)))
            elif recording.variable == "loss":
                entries.append(np.concatenate([np.zeros(0), *values]))
            else:
                entries.append(np.concatenate([np.zeros((0, len(recording.cells))), *values]))
        return Recorded(tuple(entries))
