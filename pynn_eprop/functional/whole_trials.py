"""Whole trials of a run, computed side by side."""

import jax
import numpy as np

from pynn_eprop.functional import compiling, trials
from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.inputs import Given
from pynn_eprop.functional.losses import summed
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Tree
from pynn_eprop.functional.samples import Samples
from pynn_eprop.functional.update_parts import bptt_part, parts_of, rates_of_parts


class WholeTrials:
    """Whole trials from the present step on; they move ``state`` on, and fill ``samples``."""

    def __init__(self, compiled: CompiledNetwork, state: MachineState, given: Given,
                 samples: Samples) -> None:
        self._compiled, self._state = compiled, state
        self._given, self._samples = given, samples

    def run(self, count: int) -> None:
        """Trials that do not count. Raises :class:`NetworkError` as :meth:`learn`."""
        inputs = self._inputs(self._state.step, count)
        self._state.learning = False
        self._take(self._free(inputs, self._samples.wanted()), self._state.step, count)

    def learn(self, count: int) -> None:
        """All trials of an update, up to the sums of their gradients.

        Raises :class:`NetworkError` if they need more memory than there is.
        """
        compiled, state = self._compiled, self._state
        state.learning = True
        first_step, wanted = state.step, self._samples.wanted()
        parts = parts_of(compiled, count)
        state.lengths = self._given.lengths(first_step, count)
        rates = self._rates(parts) if compiled.bptt and compiled.learns else None
        for first, number in parts:
            at = first_step + first * compiled.length
            found = self._result(self._inputs(at, number), wanted, len(parts) == 1, rates)
            self._take(found, at, number)
            state.sums.count_trials(found)
            if compiled.learns:
                state.sums.add(found["gradients"], found.get("e_gradients"))

    def _inputs(self, first: int, count: int) -> Tree:
        """Inputs of trials after global step ``first``."""
        compiling.check_memory(self._given.bytes_of_trials(count), f"the input of {count} trials",
                               self._compiled.device, self._compiled.hint())
        return self._given.trials(first, count)

    def _take(self, found: Tree, first: int, count: int) -> None:
        """Recordings, losses and the last state of trials after global step ``first``."""
        given, samples, state = self._given, self._samples, self._state
        length, lengths = self._compiled.length, given.lengths(first, count)
        rows = {index: {name: np.asarray(values).reshape(count * length, -1)
                        for name, values in variables.items()}
                for index, variables in found["seen"].items()}
        targets = given.targets(first + 1, first + count * length)
        if np.all(lengths == length):
            samples.add(first, rows, targets, count * length)
        else:
            for number, steps in enumerate(map(int, lengths)):
                at = number * length
                samples.add(first + at, *_part(rows, targets, at, at + steps), steps)
                samples.skip(first + at + steps, length - steps)
        losses = {index: summed(np.asarray(loss)) for index, loss in found["loss"].items()}
        samples.add_losses(losses)
        state.loss = {index: float(values[-1]) for index, values in losses.items()}
        state.now = found["end"]
        state.step = first + count * length

    def _free(self, inputs: Tree, wanted: trials.Wanted) -> Tree:
        compiled = self._compiled
        return compiled.call(
            f"{len(inputs['step'])} trials", trials.free_trials, self._state.learned.parameters,
            compiled.constants, compiled.model.start(), inputs, wanted=wanted)

    def _result(self, inputs: Tree, wanted: trials.Wanted, alone: bool, rates: Tree | None) -> Tree:
        """Activity and gradients of trials side by side; ``alone``: they are a whole update."""
        compiled, parameters = self._compiled, self._state.learned.parameters
        start, count = compiled.model.start(), len(inputs["step"])
        if not compiled.learns:
            return self._free(inputs, wanted)
        if compiled.bptt:
            return bptt_part(compiled, self._state, _repeated(start, count), inputs, wanted, rates)
        if alone:
            return compiled.call(f"{count} trials with gradients", trials.eprop_trials,
                                 parameters, compiled.constants, start, inputs, wanted=wanted)
        return compiled.call(f"{count} trials with gradients", trials.eprop_slice, parameters,
                             compiled.constants, start, inputs, wanted=wanted,
                             rate_term=compiled.rate_term)

    def _rates(self, parts: list[tuple[int, int]]) -> Tree | None:
        """C_j of all trials of an update; None if they are computed side by side."""
        compiled, state = self._compiled, self._state
        return rates_of_parts(compiled, state, len(parts), ((
            _repeated(compiled.model.start(), number),
            self._inputs(state.step + first * compiled.length, number))
            for first, number in parts))


def _part(rows: Tree, targets: Tree, low: int, high: int) -> tuple[Tree, Tree]:
    """Rows and targets of some of the steps."""
    return {index: {name: values[low:high] for name, values in variables.items()}
            for index, variables in rows.items()}, {
        index: values[low:high] for index, values in targets.items()}


def _repeated(tree: Tree, count: int) -> Tree:
    """A tree of arrays with a first axis for so many trials, which begin alike."""
    return jax.tree.map(lambda rows: np.broadcast_to(rows, (count, *rows.shape)), tree)
