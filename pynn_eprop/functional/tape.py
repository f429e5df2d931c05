"""An interval that runs in parts: its activity for e-prop, its inputs for BPTT, as it goes on."""

from typing import Any, Self

import numpy as np

from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.samples import Rows
from pynn_eprop.functional.state import filled
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import VALUE


def _copied(tree: Any) -> Any:
    """Nested dicts with copies of all arrays, as NumPy's."""
    if isinstance(tree, dict):
        return {name: _copied(value) for name, value in tree.items()}
    return np.array(tree)


class Tape:
    """A tape; ``data``: nested dicts of arrays, written as steps are done."""

    data: Tree

    def take_inputs(self, done: int, steps: int, inputs: Tree) -> None:
        """Note the inputs of so many steps, after ``done`` of the interval."""

    def take_activity(self, done: int, steps: int, rows: Rows) -> None:
        """Note what was seen in these steps."""

    def copy(self) -> Self:
        """A tape of its own with the same content."""
        other = object.__new__(type(self))
        vars(other).update({**vars(self), "data": _copied(self.data)})
        return other

    def tree(self) -> Tree:
        """The content, for checkpoints."""
        return self.data

    def take_tree(self, state: dict[str, np.ndarray]) -> None:
        """Take over the content of another, flat by path. Raises :class:`CheckpointError`."""
        self.data = filled(self.data, state, "tape/")


class ActivityTape(Tape):
    """Activity of an interval as :func:`~pynn_eprop.functional.forward.forward` gives it.

    start: the state before its first step.
    """

    def __init__(self, model: Model, start: Tree) -> None:
        length = model.interval_steps
        assert length is not None
        self._model, self._length, dtype = model, length, model.dtype

        def rows(size: int) -> np.ndarray:
            return np.zeros((length, size), dtype)

        spikes = {}
        for index, each in enumerate(model.network.populations):
            if each.emits_spikes or each.emits_values:
                depth = model.depth(index)
                spikes[index] = np.zeros((depth + length, each.size), dtype)
                if not each.from_outside:
                    spikes[index][:depth] = np.asarray(start["past"][index])
        general = {index: cells for index, cells in model.spiking.items()
                   if not cells.learns_from_h}
        self.data = {
            "spikes": spikes,
            "h": {index: rows(cells.size) for index, cells in model.spiking.items()},
            "gates": {index: {name: rows(cells.size) for name in cells.gates}
                      for index, cells in model.analog.items()},
            "state": {index: {name: rows(cells.size) for name in cells.state_variables()}
                      for index, cells in model.learning.items()
                      if index in general or index in model.analog
                      or any(index in model.network.posts_that_need(name)
                             for name in cells.state_variables())},
            "arriving": {index: rows(cells.size) for index, cells in general.items()},
            "before": {
                **{index: _copied({**start["cells"][index]["state"],
                                   "z": start["cells"][index]["z"],
                                   "h": start["cells"][index]["h"]}) for index in general},
                **{index: _copied(start["cells"][index]["state"]) for index in model.analog}},
            "y": {index: rows(each.size) for index, each in model.readouts.items()},
            "error": {index: rows(each.size) for index, each in model.readouts.items()}}

    def take_inputs(self, done: int, steps: int, inputs: Tree) -> None:
        """Note the spikes, or values, of sources."""
        for index, counts in inputs["sources"].items():
            known = steps + self._model.depth(index)
            self.data["spikes"][index][done:done + known] = counts[:known]

    def take_activity(self, done: int, steps: int, rows: Rows) -> None:
        """Note spikes, slopes, states and errors; rows are of the network's steps."""
        data = self.data
        rows = {**rows, **{index: {name: values[::-1] for name, values in rows[index].items()}
                           for index in self._model.network.backwards}}
        for index in (*self._model.spiking, *self._model.current_based):
            first = done + self._model.depth(index)
            data["spikes"][index][first:first + steps] = rows[index]["spikes"]
        for index in self._model.analog:
            first = done + self._model.depth(index)
            data["spikes"][index][first:first + steps] = rows[index][VALUE]
        for index in self._model.spiking:
            data["h"][index][done:done + steps] = rows[index]["h"]
        for index, arriving in data["arriving"].items():
            arriving[done:done + steps] = rows[index]["arriving"]
        for group in ("state", "gates"):
            for index, variables in data[group].items():
                for name, values in variables.items():
                    values[done:done + steps] = rows[index][name]
        for index in self._model.readouts:
            for name in ("y", "error"):
                data[name][index][done:done + steps] = rows[index][name]

    def take_trial(self, trial: Activity) -> None:
        """Note the whole activity of a trial from elsewhere."""
        for index, (steps, cells) in trial.spikes.items():
            # row r is the step r + 1 - depth
            first = self._model.depth(index) - 1
            np.add.at(self.data["spikes"][index], (np.asarray(steps, dtype=int) + first,
                                                   np.asarray(cells, dtype=int)), 1)
        for index, values in trial.values.items():
            first = self._model.depth(index) - 1
            self.data["spikes"][index][first:first + self._length] = values
        for index, slope in trial.slope.items():
            self.data["h"][index][:] = slope
        for index, potential in trial.potential.items():
            self.data["state"][index]["v"][:] = potential
        for index, variables in trial.state.items():
            for name, rows in variables.items():
                if index in self.data["state"]:
                    self.data["state"][index][name][:] = rows
        for index, arriving in trial.arriving.items():
            if index in self.data["arriving"]:
                self.data["arriving"][index][:] = arriving
        for index, error in trial.error.items():
            name = self._model.readouts[index].signal
            self.data[name][index][:] = error

    def spikes_of(self, population: int) -> np.ndarray:
        """Spikes of cells at each step, (steps, size)."""
        return np.asarray(self.data["spikes"][population])[self._model.depth(population):]

    def slope_of(self, population: int) -> np.ndarray:
        """h of cells at each step, (steps, size)."""
        return np.asarray(self.data["h"][population])

    def activity(self) -> Tree:
        """The activity, for gradients."""
        return {**self.data, "first": np.int32(1)}


class InputTape(Tape):
    """Inputs of an interval, which BPTT runs again, and the state before it."""

    def __init__(self, model: Model, start: Tree) -> None:
        length = model.interval_steps
        assert length is not None
        self._model, self._length, dtype = model, length, model.dtype
        self.data = {
            "start": _copied(start),
            "sources": {index: np.zeros((model.depth(index) + length, each.size), dtype)
                        for index, each in model.sources.items()},
            "currents": {index: np.zeros((length, each.size), dtype)
                         for index, each in enumerate(model.network.populations)
                         if each.takes_current},
            "targets": {index: np.full((length, each.size), np.nan, dtype)
                        for index, each in model.readouts.items() if each.loss is not None}}

    def take_inputs(self, done: int, steps: int, inputs: Tree) -> None:
        """Note spikes of sources, currents and targets."""
        for index, counts in inputs["sources"].items():
            known = steps + self._model.depth(index)
            self.data["sources"][index][done:done + known] = counts[:known]
        for name in ("currents", "targets"):
            for index, rows in inputs[name].items():
                self.data[name][index][done:done + steps] = rows[:steps]

    @property
    def start(self) -> Tree:
        """The state before the interval."""
        return self.data["start"]

    def inputs(self) -> Tree:
        """The inputs of the whole interval."""
        return {"step": np.arange(1, self._length + 1, dtype=np.int32),
                **{name: self.data[name] for name in ("sources", "currents", "targets")}}
