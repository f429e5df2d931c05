"""Inputs of a run as arrays of steps."""

import jax
import numpy as np

from pynn_eprop.errors import SimulationError
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.models.checks import check_inputs
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.targets import targets_at


class Given:
    """Everything from outside for a run from global step ``start`` on.

    recent: by population of sources, counts of the steps up to ``start``, the latest last. Of
    sources of values, these take the place of counts, here as everywhere.
    """

    def __init__(self, model: Model, inputs: Inputs, recent: dict[int, np.ndarray], start: int
                 ) -> None:
        self._model, self._inputs, self._start = model, inputs, start
        self._spikes = {index: tuple(map(np.asarray, inputs.spikes.get(
            index, (np.zeros(0, int), np.zeros(0, int))))) for index, each in model.sources.items()
            if each.emits_spikes}
        self._recent = recent

    def counts(self, population: int, first: int, last: int) -> np.ndarray:
        """Spikes, or values, of sources at the global steps ``first`` ... ``last``, (steps, size).

        0 for steps that are longer ago than the recent ones.
        """
        size = self._model.network.populations[population].size
        rows = np.zeros((last - first + 1, size), dtype=self._model.dtype)
        self._add_given(population, first, last, rows)
        recent = self._recent[population]
        oldest = self._start - len(recent) + 1
        low, high = max(first, oldest), min(last, self._start - 1)
        if low <= high:
            rows[low - first:high - first + 1] = recent[low - oldest:high - oldest + 1]
        return rows

    def _add_given(self, population: int, first: int, last: int, rows: np.ndarray) -> None:
        """Add what is given for the steps ``first`` ... ``last`` of the run to rows of these."""
        if population not in self._spikes:
            values = self._inputs.values.get(population)
            low = max(first, self._start)
            if values is not None and last >= low:
                rows[low - first:] += values[low - self._start:last - self._start + 1]
            return
        steps, cells = self._spikes[population]
        low, high = np.searchsorted(steps, [max(first, self._start), last + 1])
        np.add.at(rows, (steps[low:high] - first, cells[low:high]), 1)

    def lengths(self, first: int, count: int = 1) -> np.ndarray:
        """Steps of so many intervals that begin in the run, the first after a global step."""
        whole = self._model.interval_steps
        assert whole is not None
        return self._inputs.lengths_of(first, count, self._start, whole)

    def currents(self, first: int, last: int) -> dict[int, np.ndarray]:
        """Currents at the global steps ``first`` ... ``last``, (steps, size), by population."""
        return {index: np.asarray(rows, dtype=self._model.dtype)[
            first - self._start - 1:last - self._start]
            for index, rows in self._inputs.currents.items()}

    def targets(self, first: int, last: int) -> dict[int, np.ndarray]:
        """Targets at these steps, (steps, size), by population of readouts with a loss.

        Also at those that do not happen.
        """
        return {index: targets_at(readouts, np.arange(first, last + 1)).astype(self._model.dtype)
                for index, readouts in self._model.readouts.items() if readouts.loss is not None}

    def sources_recorded(self, population: int, first: int, last: int
                         ) -> tuple[np.ndarray, np.ndarray]:
        """(steps, cells) of given spikes at ``first`` ... ``last``."""
        steps, cells = self._spikes[population]
        low, high = np.searchsorted(steps, [first, last + 1])
        return steps[low:high], cells[low:high]

    def bytes_of_trials(self, count: int) -> int:
        """The size of what :meth:`trials` gives."""
        model, length = self._model, self._model.interval_steps
        assert length is not None
        numbers = sum((model.depth(index) + length) * each.size
                      for index, each in model.sources.items())
        numbers += length * sum(
            each.size for index, each in enumerate(model.network.populations)
            if index in self._inputs.currents or index in model.readouts)
        return int(count * numbers * model.dtype.itemsize)

    def trials(self, first: int, count: int) -> Tree:
        """Inputs of whole trials after global step ``first``, with a first axis for them.

        As :func:`~pynn_eprop.functional.forward.forward` takes them, of trials that nothing
        precedes.
        """
        model, length = self._model, self._model.interval_steps
        assert length is not None
        last = first + count * length

        def split(rows: np.ndarray) -> np.ndarray:
            return rows.reshape(count, length, *rows.shape[1:])

        sources = {index: self._counts_of_trials(index, first, count) for index in model.sources}
        found = {
            "step": np.broadcast_to(np.arange(1, length + 1, dtype=np.int32), (count, length)),
            "sources": sources,
            "currents": {index: split(rows)
                         for index, rows in self.currents(first + 1, last).items()},
            "targets": {index: split(rows)
                        for index, rows in self.targets(first + 1, last).items()}}
        lengths = self.lengths(first, count)
        return found if np.all(lengths == length) else self._shortened(found, lengths)

    def _shortened(self, found: Tree, lengths: np.ndarray) -> Tree:
        """Inputs of trials without what comes after their ends."""
        active = np.arange(len(found["step"][0])) < lengths[:, np.newaxis]
        for index, rows in found["sources"].items():
            # row r is the step r + 1 - depth, of which those from the length on belong to no trial
            late = np.arange(rows.shape[1]) + 1 - self._model.depth(index) >= lengths[:, np.newaxis]
            rows[late] = 0
        for rows in found["targets"].values():
            rows[~active] = np.nan
        return {**found, "active": active}

    def _counts_of_trials(self, population: int, first: int, count: int) -> np.ndarray:
        """Spikes, or values, of sources in trials, (count, depth + steps, size); 0 before."""
        length, depth = self._model.interval_steps, self._model.depth(population)
        assert length is not None
        size = self._model.network.populations[population].size
        rows = np.zeros((count, depth + length, size), dtype=self._model.dtype)
        if population not in self._spikes:
            given = np.zeros((count * length, size), dtype=self._model.dtype)
            self._add_given(population, first, first + count * length - 1, given)
            rows[:, depth - 1:-1] = given.reshape(count, length, size)
            return rows
        steps, cells = self._spikes[population]
        low, high = np.searchsorted(steps, [first, first + count * length])
        trial, local = np.divmod(steps[low:high].astype(np.int64) - first, length)
        # row r is the step r + 1 - depth
        place = (trial * (depth + length) + local + depth - 1) * size + cells[low:high]
        np.add.at(rows.reshape(-1), place, 1)
        return rows


def trial_inputs(model: Model, inputs: Inputs) -> Tree:
    """Inputs of one trial, the first of a run with ``inputs``.

    Raises :class:`SimulationError` for a network without intervals, or inputs that are not those
    of one.
    """
    length = model.interval_steps
    if length is None:
        raise SimulationError("a network without update intervals has no trials")
    check_inputs(inputs, model.network, 0, length)
    recent = {index: np.zeros((model.depth(index), each.size), model.dtype)
              for index, each in model.sources.items()}
    given = Given(model, inputs, recent, 0)
    found = jax.tree.map(lambda rows: rows[0], given.trials(0, 1))
    if model.resets:
        return found
    # where time goes on, what is sent at the last step is no later trial's
    return {**found, "sources": {index: given.counts(index, 1 - model.depth(index), length)
                                 for index in model.sources}}


def padded(rows: np.ndarray, steps: int, value: float = 0.0) -> np.ndarray:
    """Rows with further ones up to so many."""
    missing = steps - len(rows)
    if missing <= 0:
        return rows
    return np.concatenate([rows, np.full((missing, *rows.shape[1:]), value, rows.dtype)])
