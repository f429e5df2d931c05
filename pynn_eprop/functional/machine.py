"""The machine in JAX: what happens at which step, and the state between runs."""

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import NetworkError, SimulationError
from pynn_eprop.functional import compiling, trials
from pynn_eprop.functional.checks import check_gradient as check_gradient_uses
from pynn_eprop.functional.checks import check_options, check_traceable
from pynn_eprop.functional.continuing import continued
from pynn_eprop.functional.devices import computing, find_device
from pynn_eprop.functional.forward import Flow
from pynn_eprop.functional.gradients import rate_terms, zero_rates
from pynn_eprop.functional.inputs import Given, padded
from pynn_eprop.functional.kinds import jax_kinds
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.functional.samples import Samples
from pynn_eprop.functional.state import filled, flattened
from pynn_eprop.functional.structure import structure_of
from pynn_eprop.functional.sums import UpdateSums
from pynn_eprop.functional.tape import ActivityTape, InputTape, Tape
from pynn_eprop.models.activity import (
    Activity,
    check_activity,
    check_gradients,
    check_no_update_in_progress,
)
from pynn_eprop.models.cells import VALUE, Population, Readouts
from pynn_eprop.models.checks import (
    check_change,
    check_gradient,
    check_inputs,
    check_mirrored,
    check_network,
    check_recordings,
    check_target_reaches,
    check_traces,
    is_mirrored,
)
from pynn_eprop.models.inactivity import FirstInactive, Inactivity
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording

DEFAULTS = JaxOptions()
LEARNED = re.compile(r"projection\d+/delay\d+/(weight|gradient|optimizer/.*)|projection\d+/own/.*"
                     r"|population\d+/(bias|bias_gradient|bias_optimizer/.*|own/.*)"
                     r"|machine/updates")
_SHORT, _LONG = 32, 1024    # steps of stretches that are compiled, if no interval is shorter


class JaxMachine:
    """Runs a network in JAX; see the protocol of machines.

    Trials of an update run side by side if nothing passes from one to the next; stretches that
    are not whole updates, one after the other.

    Raises :class:`NetworkError` if the parts of the network do not fit together or need more memory
    than there is, :class:`UnsupportedError` for parts that JAX cannot compute, and
    :class:`SetupError` if there is no such device.
    """

    formats = None      # of fixed point

    def __init__(self, network: Network, options: JaxOptions = DEFAULTS) -> None:
        check_options(options)
        jax_kinds().check_network(network)
        check_network(network)
        check_gradient_uses(network, options)
        self.options = options
        self.device = find_device(options.device)
        self.network = network
        self._inactive = FirstInactive()
        with self._computing():
            self._model = Model.of(network, options.precision)
            self._structure = (structure_of(self._model), options)
            check_traceable(self._model, self._bptt)
            self._constants = self._model.constants()
            self._state = MachineState(self._model, self._carries)
        self._tape: Tape | None = None
        self._tapes: list[InputTape] = []       # of the trials of an update, for BPTT

    # --- what kind of network this is ---

    @property
    def step(self) -> int:
        """Global steps done so far."""
        return self._state.step

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        return self._state.learned.updates

    @property
    def _parameters(self) -> Tree:
        return self._state.learned.parameters

    @property
    def _bptt(self) -> bool:
        return self.options.gradient == "bptt"

    @property
    def _learns(self) -> bool:
        return bool(self._model.plastic()) or any(
            each.bias_optimizer is not None for each in self._model.readouts.values())

    @property
    def _carries(self) -> bool:
        """Whether eligibility traces cross the ends of intervals."""
        return not self._model.resets and not self._bptt \
            and self._model.interval_steps is not None and self._learns

    @property
    def _rate_term(self) -> bool:
        return any(np.any(np.asarray(cells.c_reg) != 0)
                   for cells in self.network.learning_cells.values())

    @property
    def _flow(self) -> Flow:
        return Flow(False, self.options.truncation_steps, self.options.rematerialize_steps)

    @contextmanager
    def _computing(self) -> Iterator[None]:
        with computing(self.device, self.options.precision):
            yield

    def _call(self, what: str, function: Callable[..., Any], *arguments: Any,
              **fixed: Any) -> Any:
        """The result of a function that takes the model first; ``fixed`` is compiled in."""
        model = self._model

        def bound(*given: Any) -> Any:
            return function(model, *given, **fixed)

        key = (self._structure, function.__name__, tuple(sorted(fixed.items())))
        return compiling.call(key, what, bound, self.device, self._hint(), *arguments)

    def _hint(self) -> str:
        ways = ["set trials_at_once to fewer trials"]
        if self._bptt:
            ways.append("give rematerialize")
        return " or ".join(ways) + ", or make intervals or populations smaller"

    # --- running ---

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by ``steps``; see the protocol.

        Raises :class:`SimulationError` for inputs that do not fit the stretch, or a target of
        the whole run that ends within it.
        """
        start = self.step
        check_inputs(inputs, self.network, start, steps)
        check_recordings(recordings, self.network)
        for readouts in self._model.readouts.values():
            check_target_reaches(readouts, start + steps)
        samples = Samples(self._model, recordings)
        given = Given(self._model, inputs, self._state.recent, start)
        with self._undone_if_it_fails(), self._computing():
            samples.add_values(inputs, start, steps)
            for index, each in self._model.sources.items():
                if each.emits_values:
                    continue
                first = start + 1 if start else 0
                samples.add_source_spikes(index, *given.sources_recorded(
                    index, first, start + steps if steps else start - 1))
            while self.step < start + steps:
                self._advance(start + steps - self.step, given, samples, learning, update)
            self._state.recent = {index: given.counts(index, self.step - len(recent) + 1, self.step)
                            for index, recent in self._state.recent.items()}
        return samples.recorded()

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        """A context for what may fail in the middle: then nothing has happened."""
        before = dict(vars(self))
        before |= {"_inactive": self._inactive.copy(), "_tapes": copy.copy(self._tapes)}
        before["_state"] = self._state.copy()
        before["_tape"] = None if self._tape is None else self._tape.copy()
        own = self._state.learned.own.state()
        try:
            yield
        except BaseException:
            vars(self).update(before)
            self._state.learned.own.restore(own)
            raise

    def _advance(self, most: int, given: Given, samples: Samples, learning: bool, update: bool
                 ) -> None:
        """Some of the ``most`` steps that remain: whole trials, or a stretch within one."""
        length, local = self._model.interval_steps, 0
        if length is not None:
            local = self.step % length
            whole = most // length if self._model.trials_are_alike and local == 0 else 0
            count = self.network.settings.trials_per_update
            if learning and not self._state.sums.trials and whole >= count:
                self._learn_trials(count, given, samples, update)
                return
            if not learning and whole:
                at_once = min(self.options.trials_at_once or count, count)
                self._free_trials(at_once if whole >= at_once else 1, given, samples)
                return
        if length is not None and local == 0:
            self._state.note_length(int(given.lengths(self.step)[0]))
        end = _LONG if length is None else int(self._state.lengths[self._state.sums.trials])
        if length is not None and local >= end:
            self._skip(min(most, length - local), samples, update)
        else:
            self._stretch(min(most, end - local), given, samples, learning, update)

    # --- whole trials ---

    def _slices(self, count: int) -> list[tuple[int, int]]:
        """First trial and number of those that are computed side by side."""
        most = self.options.trials_at_once or count
        return [(first, min(most, count - first)) for first in range(0, count, most)]

    def _inputs(self, given: Given, first: int, count: int) -> Tree:
        """Inputs of trials after global step ``first``.

        Raises :class:`NetworkError` if they need more memory than there is.
        """
        compiling.check_memory(given.bytes_of_trials(count), f"the input of {count} trials",
                               self.device, self._hint())
        return given.trials(first, count)

    def _take_trials(self, found: Tree, first: int, count: int, given: Given, samples: Samples
                     ) -> None:
        """Recordings, losses and the last state of trials after global step ``first``."""
        length, lengths = self._length, given.lengths(first, count)
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
        losses = {index: _in_order(np.asarray(loss)) for index, loss in found["loss"].items()}
        samples.add_losses(losses)
        self._state.loss = {index: float(values[-1]) for index, values in losses.items()}
        self._state.now = found["end"]
        self._state.step = first + count * length

    def _free_trials(self, count: int, given: Given, samples: Samples) -> None:
        """Trials that do not count."""
        inputs = self._inputs(given, self.step, count)
        self._state.learning = False
        self._take_trials(self._free(inputs, samples.wanted()), self.step, count, given, samples)

    def _free(self, inputs: Tree, wanted: Any) -> Tree:
        return self._call(f"{len(inputs['step'])} trials", trials.free_trials, self._parameters,
                          self._constants, self._model.start(), inputs, wanted=wanted)

    def _learn_trials(self, count: int, given: Given, samples: Samples, update: bool) -> None:
        """All trials of an update, and the update."""
        self._state.learning = True
        first_step, wanted, parts = self.step, samples.wanted(), self._slices(count)
        self._state.lengths = given.lengths(first_step, count)
        rates = self._rates_of_trials(given, parts) if self._bptt and self._learns else None
        for first, number in parts:
            at = first_step + first * self._length
            found = self._result(self._inputs(given, at, number), wanted, len(parts) == 1, rates)
            self._take_trials(found, at, number, given, samples)
            self._state.sums.count_trials(found)
            if self._learns:
                self._state.sums.add(found["gradients"], found.get("e_gradients"))
        self._end_update(update)

    def _result(self, inputs: Tree, wanted: Any, alone: bool, rates: Tree | None) -> Tree:
        """Activity and gradients of trials side by side; ``alone``: they are a whole update."""
        start, count = self._model.start(), len(inputs["step"])
        if not self._learns:
            return self._free(inputs, wanted)
        if self._bptt:
            return self._bptt_result(_repeated(start, count), inputs, wanted, rates)
        if alone:
            return self._call(f"{count} trials with gradients", trials.eprop_trials,
                              self._parameters, self._constants, start, inputs, wanted=wanted)
        return self._call(f"{count} trials with gradients", trials.eprop_slice, self._parameters,
                          self._constants, start, inputs, wanted=wanted, rate_term=self._rate_term)

    def _bptt_result(self, starts: Tree, inputs: Tree, wanted: Any, rates: Tree | None) -> Tree:
        return self._call(f"{len(inputs['step'])} trials with BPTT", trials.bptt_trials,
                          self._parameters, self._constants, starts, inputs, rates,
                          flow=self._flow, wanted=wanted)

    def _rates_of_trials(self, given: Given, parts: list[tuple[int, int]]) -> Tree | None:
        """C_j of all trials of an update; None if they are computed side by side."""
        return self._rates_of(len(parts), ((
            _repeated(self._model.start(), number),
            self._inputs(given, self.step + first * self._length, number))
            for first, number in parts))

    def _rates_of(self, count: int, parts: Iterable[tuple[Tree, Tree]]) -> Tree | None:
        """C_j of trials in so many parts, each with starts and inputs; None if there is one."""
        if count == 1:
            return None
        if not self._rate_term:
            return zero_rates(self._model)
        total: Tree = dict.fromkeys(self._model.spiking, 0.0)
        for starts, inputs in parts:
            found = self._call("trials", trials.started_trials, self._parameters,
                               self._constants, starts, inputs)
            total = {index: before + jnp.sum(found[index], axis=0)
                     for index, before in total.items()}
        return self._rates(total)

    @property
    def _length(self) -> int:
        length = self._model.interval_steps
        assert length is not None
        return length

    def _rates(self, counts: Tree) -> Tree:
        return rate_terms(self._model, self._constants,
                          {index: jnp.asarray(total, self._model.dtype)
                           for index, total in counts.items()},
                          int(np.sum(self._state.lengths)))

    # --- a stretch of one interval ---

    def _stretch(self, steps: int, given: Given, samples: Samples, learning: bool, update: bool
                 ) -> None:
        model, length = self._model, self._model.interval_steps
        done = self.step if length is None else self.step % length
        if done == 0:
            self._begin_interval(learning)
        wanted = self._everything()
        first, last = self.step, self.step + steps
        compiled = _SHORT if steps <= _SHORT < (length or _LONG) else length or _LONG
        inputs: Tree = {
            "step": np.arange(done + 1, done + compiled + 1, dtype=np.int32),
            "active": np.arange(compiled) < steps,
            "sources": {index: padded(given.counts(index, first + 1 - model.depth(index), last),
                                      compiled + model.depth(index)) for index in model.sources},
            "currents": {index: padded(rows, compiled)
                         for index, rows in given.currents(first + 1, last).items()},
            "targets": {index: padded(rows, compiled, np.nan)
                        for index, rows in given.targets(first + 1, last).items()}}
        if length is not None:
            self._drop_late(inputs["sources"], done)
        if self._tape is not None:
            self._tape.take_inputs(done, steps, inputs)
        state = self._state
        state.now, seen, losses = self._call("a stretch of steps", trials.stretch,
                                             self._parameters, self._constants, state.now, inputs,
                                             wanted=wanted)
        rows = {index: {name: np.asarray(values)[:steps] for name, values in variables.items()}
                for index, variables in seen.items()}
        samples.add(first, rows, {index: values[:steps]
                                  for index, values in inputs["targets"].items()}, steps)
        state.loss = {index: float(_in_order(np.asarray(loss)[:steps], state.loss[index]))
                      for index, loss in losses.items()}
        if self._state.learning and length is not None:
            self._state.sums.count_rows(rows)
        if self._tape is not None:
            self._tape.take_activity(done, steps, rows)
        self._state.step = last
        if length is not None and last % length == 0:
            self._finish_interval(samples, update)

    def _drop_late(self, sources: Tree, done: int) -> None:
        """Drop what sources emit after the end of an interval that is shorter."""
        end = int(self._state.lengths[self._state.sums.trials])
        for index, rows in sources.items():
            if end < self._length:
                # row r is the step done + 1 - depth + r
                rows[max(end - done - 1 + self._model.depth(index), 0):] = 0

    def _skip(self, steps: int, samples: Samples, update: bool) -> None:
        """Steps of an interval that do not happen."""
        samples.skip(self.step, steps)
        self._state.step += steps
        if self.step % self._length == 0:
            self._finish_interval(samples, update)

    def _finish_interval(self, samples: Samples, update: bool) -> None:
        samples.add_losses({index: np.array([loss]) for index, loss in self._state.loss.items()})
        self._end_interval(update)

    def _everything(self) -> tuple[tuple[int, str], ...]:
        """All variables of steps, so that one compiled stretch serves every recording."""
        found = [(index, variable) for index, each in enumerate(self.network.populations)
                 if not each.from_outside for variable in each.recordable()
                 if variable not in ("loss", "target")]
        found += [(index, "arriving") for index, cells in self._model.spiking.items()
                  if not cells.learns_from_h]
        return tuple(found)

    def _begin_interval(self, learning: bool) -> None:
        """Forget the interval before, if intervals are separate."""
        model = self._model
        self._state.learning = learning
        self._state.loss = dict.fromkeys(model.readouts, 0.0)
        if model.resets:
            fresh, now = model.start(), self._state.now
            self._state.now = {**now, "cells": fresh["cells"], "y": fresh["y"],
                               "past": fresh["past"] if model.trials_are_alike else now["past"]}
        self._tape = self._fresh_tape(learning)

    def _end_interval(self, update: bool) -> None:
        """Learn from the interval, and update after the last trial of an update."""
        tape, self._tape = self._tape, None
        if isinstance(tape, ActivityTape) and self._carries:
            sums, e_sums, self._state.carry = self._call(
                "gradients of an interval", continued, self._parameters, self._constants,
                tape.activity(), self._state.carry)
            if self._state.learning:
                self._state.sums.add(sums, {"weights": e_sums})
        elif isinstance(tape, ActivityTape) and self._state.learning:
            found = self._call("gradients of a trial", trials.eprop_sums, self._parameters,
                               self._constants,
                               {**tape.activity(), **self._active(self._state.sums.trials)},
                               rate_term=self._rate_term)
            self._state.sums.add(found["gradients"], found.get("e_gradients"))
        elif isinstance(tape, InputTape) and self._state.learning:
            self._tapes = [*self._tapes, tape]
        if not self._state.learning:
            return
        self._state.sums.trials += 1
        if self._state.sums.trials == self.network.settings.trials_per_update:
            if self._tapes:
                self._learn_tapes()
            self._end_update(update)

    def _learn_tapes(self) -> None:
        """Gradients of BPTT of all trials of an update, which are computed again."""
        parts = [self._tapes[first:first + number]
                 for first, number in self._slices(len(self._tapes))]

        def given(part: list[InputTape]) -> tuple[Tree, Tree]:
            return _stacked([tape.start for tape in part]), _stacked([
                {**tape.inputs(), **self._active(self._tapes.index(tape))} for tape in part])

        rates = self._rates_of(len(parts), map(given, parts))
        for part in parts:
            self._state.sums.add(self._bptt_result(*given(part), (), rates)["gradients"])
        self._tapes = []

    def _active(self, trial: int) -> Tree:
        """Which steps of a trial of the update happen, if one of the update is shorter."""
        if np.all(self._state.lengths == self._length):
            return {}
        return {"active": np.arange(self._length) < self._state.lengths[trial]}

    # --- updates ---

    def _end_update(self, step: bool) -> None:
        """Keep the gradients of an update, and let optimisers follow them if ``step``."""
        self._state.learned.keep(self._model, self._state.sums.gradients(self._model, self._rates))
        self._note_inactivity()
        self._state.sums = UpdateSums(self._model)
        self._state.lengths = np.full_like(self._state.lengths, self._length)
        if step:
            self._state.learned.step(self._model, self._call)

    def _note_inactivity(self) -> None:
        """Keep the first updates without spikes, and without pseudo-derivative."""
        sums = self._state.sums
        for index, counts in sums.spikes.items():
            self._inactive.note(self.network, index, self.updates + 1, int(counts.sum()),
                                bool(sums.sloped[index].any()))

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere; see the protocol."""
        check_activity(trial, self.network)
        if self._bptt:
            raise SimulationError("learn(): gradient='bptt' needs the forward pass itself; learn "
                                  "from an activity with gradient='eprop'")
        if not self._model.trials_are_alike or self.step % self._length:
            raise SimulationError("learn(): only between intervals, with boundary 'reset', and in "
                                  "a network without PyNN's own cells")
        with self._undone_if_it_fails(), self._computing():
            tape = ActivityTape(self._model, self._model.start())
            tape.take_trial(trial)
            self._state.learning = True
            self._state.note_length(self._length)
            self._state.sums.count_rows({index: {"spikes": tape.spikes_of(index),
                                           "h": tape.slope_of(index)}
                                   for index in self._model.spiking})
            self._tape = tape
            self._end_interval(update)

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the protocol."""
        check_gradients(self.network, gradients, bias_gradients)
        check_no_update_in_progress(self.update_in_progress())
        with self._undone_if_it_fails(), self._computing():
            self._state.learned.set_gradients(self._model, gradients or {}, bias_gradients or {})
            self._state.learned.step(self._model, self._call)

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the protocol."""
        return self._inactive.found()

    # --- reading and setting ---

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        return self._state.learned.weights(self._model, projection)

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,); zeros before the first.

        Raises :class:`NetworkError` for a projection that does not learn.
        """
        if self.network.projections[projection].optimizer is None:
            raise NetworkError(f"{self.network.projections[projection].label} has no gradient: it "
                               "has no optimizer")
        learned = self._state.learned
        return learned.of_projection(self._model, projection, learned.gradients)

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` unless there is one weight per synapse that can be held.

        :class:`SimulationError` within an update, if its gradient would mix old and new.
        """
        described = self.network.projections[projection]
        check_mirrored(described.label, is_mirrored(self.network, projection),
                       self.update_in_progress())
        self._check_bptt(described.label, "weights")
        count = len(described.weight)
        if np.shape(weight) not in ((), (count,)):
            raise NetworkError(f"{described.label}: weights have shape {np.shape(weight)}, but "
                               f"there are {count} synapses")
        largest = float(np.max(np.abs(weight), initial=0.0))
        if largest > float(np.finfo(self._model.dtype).max):
            raise NetworkError(f"{described.label}: the weight {largest:g} is beyond what "
                               f"precision={self.options.precision!r} holds; scale it down, or use "
                               "'float64'")

    def _check_bptt(self, label: str, what: str) -> None:
        """Raise :class:`SimulationError` within an update of BPTT, whose trials run again."""
        if self._bptt and self.update_in_progress():
            raise SimulationError(f"{label}: with gradient='bptt' new {what} can be set between "
                                  "updates only, not within one")

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        with self._computing():
            self._state.learned.set_weights(self._model, projection, weight)

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        self._check_has_bias(population)
        return np.array(self._parameters["biases"][population], dtype=float)

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        self._check_has_bias(population)
        return np.array(self._state.learned.bias_gradients[population], dtype=float)

    def _check_has_bias(self, population: int) -> None:
        if population not in self._model.readouts:
            raise NetworkError(f"{self.network.populations[population].label} has no bias; only "
                               "readouts do")

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable now, shape (size,); at an interval's end, as it was before the reset."""
        if variable == "y" and population in self._state.now["y"]:
            return np.array(self._state.now["y"][population], dtype=float)
        if variable == VALUE and population in self._model.analog:
            return np.array(self._state.now["past"][population][-1], dtype=float)
        for kind in ("cells", "current_based"):
            state = self._state.now[kind].get(population, {}).get("state", {})
            if variable in state:
                return np.array(state[variable], dtype=float)
        raise NetworkError(f"{self.network.populations[population].label} has no state variable "
                           f"{variable!r}")

    def check_population(self, index: int, network: Network) -> None:
        """Raise :class:`NetworkError` for a population of another kind or size than before.

        :class:`SimulationError` within an update, for parameters that its gradient depends on.
        """
        before, new = self.network.populations[index], network.populations[index]
        check_change(before, new)
        check_network(self._with(index, network))
        check_gradient(before, new, self.update_in_progress())
        check_traces(before, new, network, self.step)
        if not self._forward_stays(index, new):
            self._check_bptt(before.label, "parameters")
        check_gradient_uses(network, self.options)

    def _forward_stays(self, index: int, new: Population) -> bool:
        """Whether only targets and initial values differ, which are kept with trials."""
        before = self.network.populations[index]
        if isinstance(before, Readouts):
            before = replace(before, bias=self.bias(index))
        return all(_alike(getattr(before, entry.name), getattr(new, entry.name))
                   for entry in fields(before) if not entry.name.endswith("_initial")
                   and entry.name not in ("target", "target_repeats", "target_start"))

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays.

        New initial values count from the next reset, or at once before the first step. Raises as
        :meth:`check_population`.
        """
        self.check_population(index, network)
        with self._computing():
            model = replace(self._model, network=self._with(index, network))
            structure = (structure_of(model), self.options)
            constants = model.constants()
            if structure != self._structure:
                check_traceable(model, self._bptt)
            self.network, self._model = model.network, model
            self._structure, self._constants = structure, constants
            if index in model.readouts:
                self._state.learned.set_bias(model, index, model.readouts[index].bias)
            if self.step == 0:
                fresh = model.start()
                self._state.now = {kind: {**self._state.now[kind], **{
                    each: value for each, value in fresh[kind].items() if each == index}}
                    for kind in self._state.now}

    def _with(self, index: int, network: Network) -> Network:
        """The present network with one population of another."""
        return replace(self.network, populations=(
            *self.network.populations[:index], network.populations[index],
            *self.network.populations[index + 1:]))

    def update_in_progress(self) -> bool:
        """Whether steps were done that the next update will learn from."""
        length = self._model.interval_steps
        within = length is not None and self.step % length > 0
        return bool(self._state.sums.trials or (within and self._state.learning))

    def range_report(self) -> None:
        """None: nothing is rounded to fixed-point formats here."""

    def saturations(self) -> tuple[str, ...]:
        """Empty: nothing saturates here."""
        return ()

    # --- the whole state ---

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue identically."""
        found = flattened(self._state.tree(self._model))
        if self._tape is not None:
            found |= flattened({"tape": self._tape.tree()})
        return found | flattened({f"tape of trial {number}": tape.tree()
                                  for number, tape in enumerate(self._tapes)})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        with self._computing():
            # older files, from when all intervals were whole, have no lengths
            whole = np.full_like(self._state.lengths, self._model.interval_steps or 0)
            rest = {"machine/lengths": whole,
                    **{name: array for name, array in state.items()
                       if not name.startswith("tape")}}
            tree = filled(self._state.tree(self._model), rest)
            machine = tree["machine"]
            within = self._model.interval_steps is not None \
                and int(machine["step"]) % self._length > 0
            tape = self._fresh_tape(bool(machine["learning"])) if within else None
            tapes = [InputTape(self._model, self._state.now) for _ in range(
                int(machine["trials"]) if self._bptt and self._learns else 0)]
            names = {"tape": tape, **{f"tape of trial {number}": each
                                      for number, each in enumerate(tapes)}}
            for name, each in names.items():
                if each is not None:
                    each.take_tree({key.removeprefix(f"{name}/"): array
                                    for key, array in state.items()
                                    if key.startswith(f"{name}/")})
            self._state = self._state.taken(self._model, tree)
            self._tape, self._tapes = tape, tapes

    def _fresh_tape(self, learning: bool) -> Tape | None:
        """The tape of an interval that begins."""
        if self._model.interval_steps is None or not self._learns:
            return None
        if self._bptt:
            return InputTape(self._model, self._state.now) if learning else None
        return ActivityTape(self._model, self._state.now) if learning or self._carries else None

    def take_over(self, old: "JaxMachine", synapses: bool = True) -> None:
        """Continue from ``old``; see the protocol."""
        fresh = self.state()
        for name, array in old.state().items():
            if name.startswith("projection") and not synapses:
                continue
            if name.startswith("tape") or (name in fresh and fresh[name].shape == array.shape):
                fresh[name] = array
        self.restore(fresh)

    def take_over_learning(self, old: "JaxMachine", synapses: bool = True) -> None:
        """Begin with the learned state of ``old``; see the protocol."""
        learned = {name: array for name, array in old.state().items()
                   if LEARNED.fullmatch(name)
                   and (synapses or not name.startswith("projection"))}
        self.restore({**self.state(), **learned})


def _alike(before: Any, new: Any) -> bool:
    return bool(np.all(before == new))


def _part(rows: Tree, targets: Tree, low: int, high: int) -> tuple[Tree, Tree]:
    """Rows and targets of some of the steps."""
    return {index: {name: values[low:high] for name, values in variables.items()}
            for index, variables in rows.items()}, {
        index: values[low:high] for index, values in targets.items()}


def _in_order(loss: np.ndarray, before: float = 0.0) -> np.ndarray:
    """Sums over steps, the last axis, from the first to the last: alike however a run is cut."""
    first = np.full((*loss.shape[:-1], 1), before)
    return np.cumsum(np.concatenate([first, loss], axis=-1), axis=-1, dtype=float)[..., -1]


def _repeated(tree: Tree, count: int) -> Tree:
    """A tree of arrays with a first axis for so many trials, which begin alike."""
    return jax.tree.map(lambda rows: np.broadcast_to(rows, (count, *rows.shape)), tree)


def _stacked(trees: Sequence[Tree]) -> Tree:
    """Trees of arrays as one, with a first axis for them."""
    return jax.tree.map(lambda *arrays: np.stack([np.asarray(each) for each in arrays]), *trees)
