"""Stretches of one interval, step after step: of a run that is cut, or of cells that carry on."""

import numpy as np

from pynn_eprop.functional import trials
from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.inputs import Given, padded
from pynn_eprop.functional.interval_ends import fresh_tape
from pynn_eprop.functional.losses import summed
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Tree
from pynn_eprop.functional.samples import Samples

WITHOUT_INTERVAL = 1024
"""Steps of the longest stretch that is compiled in a network without intervals."""
_SHORT = 32     # steps of the other stretch that is compiled


class Stretches:
    """Stretches from the present step on; they move ``state`` on, and fill ``samples``.

    None crosses the end of an interval. What happens there is the caller's, the interval's loss
    apart.
    """

    def __init__(self, compiled: CompiledNetwork, state: MachineState, given: Given,
                 samples: Samples) -> None:
        self._compiled, self._state = compiled, state
        self._given, self._samples = given, samples

    def run(self, steps: int, learning: bool) -> None:
        """So many steps; ``learning``: whether an interval that begins counts."""
        compiled, given, state = self._compiled, self._given, self._state
        model, length = compiled.model, compiled.model.interval_steps
        done = state.step if length is None else state.step % length
        if done == 0:
            self._begin_interval(learning)
        wanted = self._everything()
        first, last = state.step, state.step + steps
        whole = length or WITHOUT_INTERVAL
        room = _SHORT if steps <= _SHORT < whole else whole
        inputs: Tree = {
            "step": np.arange(done + 1, done + room + 1, dtype=np.int32),
            "active": np.arange(room) < steps,
            "sources": {index: padded(given.counts(index, first + 1 - model.depth(index), last),
                                      room + model.depth(index)) for index in model.sources},
            "currents": {index: padded(rows, room)
                         for index, rows in given.currents(first + 1, last).items()},
            "targets": {index: padded(rows, room, np.nan)
                        for index, rows in given.targets(first + 1, last).items()}}
        if length is not None:
            self._drop_late(inputs["sources"], done)
        if state.tape is not None:
            state.tape.take_inputs(done, steps, inputs)
        state.now, seen, losses = compiled.call(
            "a stretch of steps", trials.stretch, state.learned.parameters, compiled.constants,
            state.now, inputs, wanted=wanted)
        rows = {index: {name: np.asarray(values)[:steps] for name, values in variables.items()}
                for index, variables in seen.items()}
        self._samples.add(first, rows, {index: values[:steps]
                                        for index, values in inputs["targets"].items()}, steps)
        state.loss = {index: float(summed(np.asarray(loss)[:steps], state.loss[index]))
                      for index, loss in losses.items()}
        if state.learning and length is not None:
            state.sums.count_rows(rows)
        if state.tape is not None:
            state.tape.take_activity(done, steps, rows)
        state.step = last
        if length is not None:
            self._keep_loss()

    def skip(self, steps: int) -> None:
        """So many steps of an interval, which do not happen."""
        self._samples.skip(self._state.step, steps)
        self._state.step += steps
        self._keep_loss()

    def _keep_loss(self) -> None:
        """Take the loss of an interval that has ended."""
        if self._state.step % self._compiled.length == 0:
            self._samples.add_losses({index: np.array([loss])
                                      for index, loss in self._state.loss.items()})

    def _begin_interval(self, learning: bool) -> None:
        """Forget the interval before, if intervals are separate."""
        model, state = self._compiled.model, self._state
        state.learning = learning
        state.loss = dict.fromkeys(model.readouts, 0.0)
        if model.resets:
            fresh, now = model.start(), state.now
            state.now = {**now, "cells": fresh["cells"], "y": fresh["y"],
                         "past": fresh["past"] if model.trials_are_alike else now["past"]}
        state.tape = fresh_tape(self._compiled, state, learning)

    def _drop_late(self, sources: Tree, done: int) -> None:
        """Drop what sources emit after the end of an interval that is shorter."""
        end = int(self._state.lengths[self._state.sums.trials])
        for index, rows in sources.items():
            if end < self._compiled.length:
                # row r is the step done + 1 - depth + r
                rows[max(end - done - 1 + self._compiled.model.depth(index), 0):] = 0

    def _everything(self) -> tuple[tuple[int, str], ...]:
        """All variables of steps, so that one compiled stretch serves every recording."""
        found = [(index, variable)
                 for index, each in enumerate(self._compiled.network.populations)
                 if not each.from_outside for variable in each.recordable()
                 if variable not in ("loss", "target")]
        found += [(index, "arriving") for index, cells in self._compiled.model.spiking.items()
                  if not cells.learns_from_h]
        return tuple(found)
