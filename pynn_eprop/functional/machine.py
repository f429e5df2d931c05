"""The machine in JAX: what happens at which step, and the state between runs."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import NetworkError, SimulationError
from pynn_eprop.functional import compiling, trials
from pynn_eprop.functional.checks import check_gradient as check_gradient_uses
from pynn_eprop.functional.checks import check_options, check_traceable
from pynn_eprop.functional.continuing import carry_start, continued
from pynn_eprop.functional.devices import computing, find_device
from pynn_eprop.functional.forward import Flow
from pynn_eprop.functional.gradients import rate_terms
from pynn_eprop.functional.inputs import Given, padded
from pynn_eprop.functional.kinds import jax_kinds
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.optimizers import is_known, optimizer_start, update
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.functional.own_steps import OwnSteps
from pynn_eprop.functional.samples import Samples
from pynn_eprop.functional.state import filled, flattened
from pynn_eprop.functional.structure import structure_of
from pynn_eprop.functional.tape import ActivityTape, InputTape, Tape
from pynn_eprop.models.activity import (
    Activity,
    check_activity,
    check_gradients,
    check_no_update_in_progress,
)
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.checks import (
    check_change,
    check_gradient,
    check_inputs,
    check_mirrored,
    check_network,
    is_mirrored,
)
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording
from pynn_eprop.models.targets import target_end

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
        self.step = self.updates = 0
        self._trials = 0            # learning intervals since the last update
        self._learning = True       # whether the interval in progress counts
        self._silent: dict[int, Inactivity] = {}
        self._flat: dict[int, Inactivity] = {}
        with self._computing():
            self._model = Model.of(network, options.precision)
            self._structure = (structure_of(self._model), options)
            check_traceable(self._model)
            self._constants = self._model.constants()
            self._parameters = self._model.parameters()
            self._now = self._model.start()
            self._optimizers = optimizer_start(self._model, self._parameters)
            self._own = OwnSteps(network)
            self._carry = carry_start(self._model, self._parameters) if self._carries else {}
        model = self._model
        self._recent = {index: np.zeros((model.depth(index), each.size), model.dtype)
                        for index, each in model.sources.items()}
        self._loss = dict.fromkeys(model.readouts, 0.0)
        self._spikes: dict[int, np.ndarray] = {}
        self._sloped: dict[int, np.ndarray] = {}
        self._sums: Tree = {}
        self._e_sums: list[Any] = []
        self._forget_update()
        self._gradient = self._no_gradient()
        self._bias_gradient = {index: np.zeros(each.size) for index, each in model.readouts.items()}
        self._tape: Tape | None = None
        self._tapes: list[InputTape] = []       # of the trials of an update, for BPTT

    # --- what kind of network this is ---

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
        for readouts in self._model.readouts.values():
            self._check_target(readouts, start + steps)
        samples = Samples(self._model, recordings)
        given = Given(self._model, inputs, self._recent, start)
        with self._undone_if_it_fails(), self._computing():
            for index in self._model.sources:
                first = start + 1 if start else 0
                samples.add_source_spikes(index, *given.sources_recorded(
                    index, first, start + steps if steps else start - 1))
            while self.step < start + steps:
                self._advance(start + steps - self.step, given, samples, learning, update)
            self._recent = {index: given.counts(index, self.step - len(recent) + 1, self.step)
                            for index, recent in self._recent.items()}
        return samples.recorded()

    @staticmethod
    def _check_target(readouts: Readouts, last: int) -> None:
        """Raise :class:`SimulationError` if a target of the whole run ends before step ``last``."""
        end = target_end(readouts)
        if readouts.loss is not None and end is not None and last > end:
            raise SimulationError(
                f"{readouts.label}: the target ends at step {end}, but the run goes on to step "
                f"{last}; give a longer target or one that repeats")

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        """A context for what may fail in the middle: then nothing has happened."""
        before = {name: value for name, value in vars(self).items()}
        own, tape = self._own.state(), None if self._tape is None else self._tape.copy()
        kept = {name: dict(getattr(self, name)) for name in ("_silent", "_flat", "_loss")}
        tapes = list(self._tapes)
        try:
            yield
        except BaseException:
            vars(self).update({**before, **kept, "_tape": tape, "_tapes": tapes})
            self._own.restore(own)
            raise

    def _advance(self, most: int, given: Given, samples: Samples, learning: bool, update: bool
                 ) -> None:
        """Some of the ``most`` steps that remain: whole trials, or a stretch within one."""
        length, local = self._model.interval_steps, 0
        if length is not None:
            local = self.step % length
            whole = most // length if self._model.trials_are_alike and local == 0 else 0
            count = self.network.settings.trials_per_update
            if learning and not self._trials and whole >= count:
                self._learn_trials(count, given, samples, update)
                return
            if not learning and whole:
                at_once = min(self.options.trials_at_once or count, count)
                self._free_trials(at_once if whole >= at_once else 1, given, samples)
                return
        self._stretch(min(most, (length or _LONG) - local), given, samples, learning, update)

    # --- whole trials ---

    def _slices(self, count: int) -> list[tuple[int, int]]:
        """First trial and number of those that are computed side by side."""
        most = self.options.trials_at_once or count
        return [(first, min(most, count - first)) for first in range(0, count, most)]

    def _take_trials(self, found: Tree, first: int, count: int, given: Given, samples: Samples
                     ) -> None:
        """Recordings, losses and the last state of trials after global step ``first``."""
        length = self._length
        rows = {index: {name: np.asarray(values).reshape(count * length, -1)
                        for name, values in variables.items()}
                for index, variables in found["seen"].items()}
        samples.add(first, rows, given.targets(first + 1, first + count * length),
                    count * length)
        losses = {index: _in_order(np.asarray(loss)) for index, loss in found["loss"].items()}
        samples.add_losses(losses)
        self._loss = {index: float(values[-1]) for index, values in losses.items()}
        self._now = found["end"]
        self.step = first + count * length

    def _free_trials(self, count: int, given: Given, samples: Samples) -> None:
        """Trials that do not count."""
        inputs = given.trials(self.step, count)
        self._learning = False
        self._take_trials(self._free(inputs, samples.wanted()), self.step, count, given, samples)

    def _free(self, inputs: Tree, wanted: Any) -> Tree:
        return self._call(f"{len(inputs['step'])} trials", trials.free_trials, self._parameters,
                          self._constants, self._model.start(), inputs, wanted=wanted)

    def _learn_trials(self, count: int, given: Given, samples: Samples, update: bool) -> None:
        """All trials of an update, and the update."""
        self._learning = True
        parts, first_step = self._slices(count), self.step
        inputs = [given.trials(first_step + first * self._length, number)
                  for first, number in parts]
        for (first, number), found in zip(parts, self._results(inputs, samples.wanted()),
                                          strict=True):
            self._take_trials(found, first_step + first * self._length, number, given, samples)
            self._count(found)
            self._add(found)
        self._end_update(self._with_rates(), update)

    def _results(self, inputs: list[Tree], wanted: Any) -> list[Tree]:
        """Activity and gradients of all trials of an update, in parts."""
        start = self._model.start()
        if not self._learns:
            return [self._free(part, wanted) for part in inputs]
        if self._bptt:
            starts = [_repeated(start, len(part["step"])) for part in inputs]
            return self._bptt_results(starts, inputs, wanted)
        if len(inputs) == 1:
            return [self._call(f"{len(inputs[0]['step'])} trials with gradients",
                               trials.eprop_trials, self._parameters, self._constants, start,
                               inputs[0], wanted=wanted)]
        return [self._call(f"{len(part['step'])} trials with gradients", trials.eprop_slice,
                           self._parameters, self._constants, start, part, wanted=wanted,
                           rate_term=self._rate_term) for part in inputs]

    @property
    def _length(self) -> int:
        length = self._model.interval_steps
        assert length is not None
        return length

    def _bptt_results(self, starts: list[Tree], inputs: list[Tree], wanted: Any) -> list[Tree]:
        """Gradients of trials in parts, with C_j of all of them."""
        rates = None
        if len(inputs) > 1 and self._rate_term:
            counts: dict[int, Any] = dict.fromkeys(self._model.spiking, 0.0)
            for start, part in zip(starts, inputs, strict=True):
                found = self._call("trials", trials.started_trials, self._parameters,
                                   self._constants, start, part)
                counts = {index: total + jnp.sum(found[index], axis=0)
                          for index, total in counts.items()}
            rates = self._rates(counts)
        elif len(inputs) > 1:
            rates = {index: jnp.zeros(cells.size, self._model.dtype)
                     for index, cells in self._model.spiking.items()}
        return [self._call(f"{len(part['step'])} trials with BPTT", trials.bptt_trials,
                           self._parameters, self._constants, start, part, rates,
                           flow=self._flow, wanted=wanted)
                for start, part in zip(starts, inputs, strict=True)]

    def _rates(self, counts: Tree) -> Tree:
        settings = self.network.settings
        return rate_terms(self._model, self._constants,
                          {index: jnp.asarray(total, self._model.dtype)
                           for index, total in counts.items()},
                          settings.trials_per_update * self._length)

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
        if self._tape is not None:
            self._tape.take_inputs(done, steps, inputs)
        self._now, seen, losses = self._call("a stretch of steps", trials.stretch,
                                             self._parameters, self._constants, self._now, inputs,
                                             wanted=wanted)
        rows = {index: {name: np.asarray(values)[:steps] for name, values in variables.items()}
                for index, variables in seen.items()}
        samples.add(first, rows, {index: values[:steps]
                                  for index, values in inputs["targets"].items()}, steps)
        self._loss = {index: float(_in_order(np.asarray(loss)[:steps], self._loss[index]))
                      for index, loss in losses.items()}
        if self._learning and length is not None:
            self._spikes = {index: total + rows[index]["spikes"].sum(axis=0)
                            for index, total in self._spikes.items()}
            self._sloped = {index: total | (rows[index]["h"] != 0).any(axis=0)
                            for index, total in self._sloped.items()}
        if self._tape is not None:
            self._tape.take_activity(done, steps, rows)
        self.step = last
        if length is not None and last % length == 0:
            samples.add_losses({index: np.array([loss]) for index, loss in self._loss.items()})
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
        self._learning = learning
        self._loss = dict.fromkeys(model.readouts, 0.0)
        if model.resets:
            fresh = model.start()
            self._now = {**self._now, "cells": fresh["cells"], "y": fresh["y"],
                         "past": fresh["past"] if model.trials_are_alike else self._now["past"]}
        self._tape = self._fresh_tape(learning)

    def _end_interval(self, update: bool) -> None:
        """Learn from the interval, and update after the last trial of an update."""
        tape, self._tape = self._tape, None
        if self._carries and isinstance(tape, ActivityTape):
            sums, e_sums, self._carry = self._call(
                "gradients of an interval", continued, self._parameters, self._constants,
                tape.activity(), self._carry)
            if self._learning:
                self._add({"gradients": sums, "e_gradients": {"weights": e_sums}})
        elif self._learning and isinstance(tape, ActivityTape):
            self._add(self._call("gradients of a trial", trials.eprop_sums, self._parameters,
                                 self._constants, tape.activity(), rate_term=self._rate_term))
        elif self._learning and isinstance(tape, InputTape):
            self._tapes.append(tape)
        if not self._learning:
            return
        self._trials += 1
        if self._trials < self.network.settings.trials_per_update:
            return
        if self._bptt and self._tapes:
            self._learn_tapes()
        self._end_update(self._with_rates(), update)

    def _learn_tapes(self) -> None:
        """Gradients of BPTT of all trials of an update, which are computed again."""
        starts, inputs = [], []
        for first, number in self._slices(len(self._tapes)):
            part = self._tapes[first:first + number]
            starts.append(_stacked([tape.start for tape in part]))
            inputs.append(_stacked([tape.inputs() for tape in part]))
        for found in self._bptt_results(starts, inputs, ()):
            self._add(found)
        self._tapes = []

    # --- updates ---

    def _no_gradient_tree(self) -> Tree:
        return {"weights": [None] * len(self._model.blocks), "biases": {}}

    def _no_gradient(self) -> list[Any]:
        return [np.zeros(weight.shape, weight.dtype) for weight in self._parameters["weights"]]

    def _count(self, found: Tree) -> None:
        """Note the spikes and slopes of trials side by side."""
        self._spikes = {index: total + np.asarray(found["spikes"][index]).sum(axis=0)
                        for index, total in self._spikes.items()}
        self._sloped = {index: total | np.asarray(found["sloped"][index]).any(axis=0)
                        for index, total in self._sloped.items()}

    def _add(self, found: Tree) -> None:
        """Add sums of trials to those of the update."""
        if "gradients" not in found:
            return
        def plus(total: Any, more: Any) -> Any:
            return more if total is None else total if more is None else total + more

        sums = found["gradients"]
        self._sums = {
            "weights": [plus(total, more) for total, more in zip(
                self._sums["weights"], sums["weights"], strict=True)],
            "biases": {index: plus(self._sums["biases"].get(index), more)
                       for index, more in sums["biases"].items()}}
        if "e_gradients" in found:
            self._e_sums = [plus(total, more) for total, more in zip(
                self._e_sums, found["e_gradients"]["weights"], strict=True)]

    def _with_rates(self) -> Tree:
        """The gradients of the update, with the firing-rate term (eq. 56)."""
        weights = list(self._sums["weights"])
        if any(each is not None for each in self._e_sums):
            rates = self._rates(self._spikes)
            for number, block in enumerate(self._model.blocks):
                if self._e_sums[number] is not None:
                    weights[number] = weights[number] + self._e_sums[number] * block.of_post(
                        rates[block.post])
        return {"weights": weights, "biases": self._sums["biases"]}

    def _end_update(self, gradients: Tree, step: bool) -> None:
        """Keep the gradients of an update, and let optimisers follow them if ``step``."""
        for number, gradient in enumerate(gradients["weights"]):
            if gradient is not None:
                self._gradient = [*self._gradient[:number], gradient,
                                  *self._gradient[number + 1:]]
        self._bias_gradient = {
            index: np.asarray(gradients["biases"][index], dtype=float)
            if self._model.readouts[index].bias_optimizer is not None
            and index in gradients["biases"] else before
            for index, before in self._bias_gradient.items()}
        self._note_inactivity()
        self._forget_update()
        if step:
            self._step_optimizers()

    def _forget_update(self) -> None:
        """Begin to gather for the next update."""
        self._trials = 0
        self._spikes = {index: np.zeros(cells.size) for index, cells in self._model.spiking.items()}
        self._sloped = {index: np.zeros(cells.size, dtype=bool)
                        for index, cells in self._model.spiking.items()}
        self._sums = self._no_gradient_tree()
        self._e_sums = [None] * len(self._model.blocks)

    def _note_inactivity(self) -> None:
        """Keep the first updates without spikes, and without pseudo-derivative."""
        for index, counts in self._spikes.items():
            spikes, slope = int(counts.sum()), bool(self._sloped[index].any())
            now = Inactivity(index, self.updates + 1, spikes, slope)
            if not spikes:
                self._silent.setdefault(index, now)
            if not slope and index in self.network.learning_posts:
                self._flat.setdefault(index, now)

    def _step_optimizers(self) -> None:
        """Let weights and biases follow their gradients."""
        gradients = {"weights": self._gradient, "biases": {
            index: self._model.array(values) for index, values in self._bias_gradient.items()}}
        known = any(is_known(each.optimizer) for each in self.network.projections) or any(
            is_known(each.bias_optimizer) for each in self._model.readouts.values())
        if known:
            self._parameters, self._optimizers = self._call(
                "an update", update, self._parameters, gradients, self._optimizers)
        for projection in self._own.projections():
            described = self.network.projections[projection]
            weight = self._own.step_projection(projection, described.optimizer,
                                               self.weights(projection), self.gradient(projection))
            self._write_weights(projection, np.clip(weight, described.w_min, described.w_max))
        for index in self._own.populations():
            new = self._own.step_population(index, self._model.readouts[index].bias_optimizer,
                                            self.bias(index), self._bias_gradient[index])
            self._parameters = {**self._parameters, "biases": {
                **self._parameters["biases"], index: self._model.array(new)}}
        self.updates += 1

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
            self._learning = True
            self._spikes = {index: total + tape.spikes_of(index).sum(axis=0)
                            for index, total in self._spikes.items()}
            self._sloped = {index: total | (tape.slope_of(index) != 0).any(axis=0)
                            for index, total in self._sloped.items()}
            self._tape = tape
            self._end_interval(update)

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the protocol."""
        check_gradients(self.network, gradients, bias_gradients)
        check_no_update_in_progress(self._update_in_progress())
        with self._undone_if_it_fails(), self._computing():
            for projection, values in (gradients or {}).items():
                self._gradient = [
                    self._model.array(block.pack(np.asarray(values, dtype=float)))
                    if block.projection == projection else before
                    for block, before in zip(self._model.blocks, self._gradient, strict=True)]
            self._bias_gradient = {**self._bias_gradient, **{
                index: np.array(values, dtype=float)
                for index, values in (bias_gradients or {}).items()}}
            self._step_optimizers()

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the protocol."""
        return tuple(dict.fromkeys((*self._silent.values(), *self._flat.values())))

    # --- reading and setting ---

    def _of_blocks(self, projection: int, arrays: Sequence[Any]) -> np.ndarray:
        out = np.zeros(len(self.network.projections[projection].weight))
        for block, array in zip(self._model.blocks, arrays, strict=True):
            if block.projection == projection:
                block.unpack(array, out)
        return out

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        return self._of_blocks(projection, self._parameters["weights"])

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,); zeros before the first.

        Raises :class:`NetworkError` for a projection that does not learn.
        """
        if self.network.projections[projection].optimizer is None:
            raise NetworkError(f"{self.network.projections[projection].label} has no gradient: it "
                               "has no optimizer")
        return self._of_blocks(projection, self._gradient)

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` unless there is one weight per synapse that can be held.

        :class:`SimulationError` within an update, if its gradient would mix old and new.
        """
        described = self.network.projections[projection]
        check_mirrored(described.label, is_mirrored(self.network, projection),
                       self._update_in_progress())
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
        if self._bptt and self._update_in_progress():
            raise SimulationError(f"{label}: with gradient='bptt' new {what} can be set between "
                                  "updates only, not within one")

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        with self._computing():
            self._write_weights(projection, weight)

    def _write_weights(self, projection: int, weight: np.ndarray) -> None:
        values = np.broadcast_to(np.asarray(weight, dtype=float),
                                 self.network.projections[projection].weight.shape)
        self._parameters = {**self._parameters, "weights": [
            self._model.array(block.pack(values)) if block.projection == projection else before
            for block, before in zip(self._model.blocks, self._parameters["weights"],
                                     strict=True)]}

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        self._check_has_bias(population)
        return np.array(self._parameters["biases"][population], dtype=float)

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        self._check_has_bias(population)
        return np.array(self._bias_gradient[population], dtype=float)

    def _check_has_bias(self, population: int) -> None:
        if population not in self._model.readouts:
            raise NetworkError(f"{self.network.populations[population].label} has no bias; only "
                               "readouts do")

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable now, shape (size,); at an interval's end, as it was before the reset."""
        if variable == "y" and population in self._now["y"]:
            return np.array(self._now["y"][population], dtype=float)
        for kind in ("cells", "current_based"):
            state = self._now[kind].get(population, {}).get("state", {})
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
        check_gradient(before, new, self._update_in_progress())
        self._check_bptt(before.label, "parameters")
        check_gradient_uses(network, self.options)

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
                check_traceable(model)
            self.network, self._model = model.network, model
            self._structure, self._constants = structure, constants
            if index in model.readouts:
                self._parameters = {**self._parameters, "biases": {
                    **self._parameters["biases"],
                    index: model.array(model.readouts[index].bias)}}
            if self.step == 0:
                fresh = model.start()
                self._now = {kind: {**self._now[kind], **{
                    each: value for each, value in fresh[kind].items() if each == index}}
                    for kind in self._now}

    def _with(self, index: int, network: Network) -> Network:
        """The present network with one population of another."""
        return replace(self.network, populations=(
            *self.network.populations[:index], network.populations[index],
            *self.network.populations[index + 1:]))

    def _update_in_progress(self) -> bool:
        """Whether steps were done that the next update will learn from."""
        length = self._model.interval_steps
        within = length is not None and self.step % length > 0
        return bool(self._trials or (within and self._learning))

    def range_report(self) -> None:
        """None: nothing is rounded to fixed-point formats here."""

    def saturations(self) -> tuple[str, ...]:
        """Empty: nothing saturates here."""
        return ()

    # --- the whole state ---

    def _tree(self) -> Tree:
        """The state as a tree of arrays; names of populations and projections by their index."""
        tree: dict[str, Any] = {"machine": {
            "step": self.step, "updates": self.updates, "trials": self._trials,
            "learning": self._learning}}
        now = self._now
        for index, _ in enumerate(self.network.populations):
            own: dict[str, Any] = {}
            for kind in ("cells", "current_based"):
                own |= now[kind].get(index, {})
            for name, values in (("y", now["y"]), ("recent", self._recent), ("loss", self._loss),
                                 ("spikes", self._spikes), ("sloped", self._sloped),
                                 ("bias_gradient", self._bias_gradient),
                                 ("bias", self._parameters["biases"]),
                                 ("bias_optimizer", self._optimizers["biases"])):
                if index in values:
                    own[name] = values[index]
            if index in now["past"] and index not in self._model.sources:
                own["past"] = now["past"][index]
            if index in self._model.readouts:
                size = self._model.readouts[index].size
                own["bias_sum"] = self._sums["biases"].get(index, np.zeros(size))
                if self._carries:
                    own["bias_trace"] = self._carry["bias"][index]
            tree[f"population{index}"] = own
        for number, block in enumerate(self._model.blocks):
            weight = self._parameters["weights"][number]
            own = {"weight": weight, "gradient": self._gradient[number],
                   "optimizer": self._optimizers["weights"][number]}
            for name, sums in (("sum", self._sums["weights"]), ("e_sum", self._e_sums)):
                own[name] = np.zeros(weight.shape, weight.dtype) if sums[number] is None \
                    else sums[number]
            if self._carries and number in self._carry["traces"]:
                own |= self._carry["traces"][number]
            place = tree.setdefault(f"projection{block.projection}", {})
            place[f"delay{block.lag}"] = own
        for owner, state in self._own.state().items():
            tree.setdefault(owner, {})["own"] = state
        return tree

    def _take(self, tree: Tree) -> None:
        """Take over a state of :meth:`_tree`."""
        machine = tree["machine"]
        self.step, self.updates = int(machine["step"]), int(machine["updates"])
        self._trials, self._learning = int(machine["trials"]), bool(machine["learning"])
        model = self._model
        own = {index: tree[f"population{index}"]
               for index, _ in enumerate(model.network.populations)}

        def of(name: str, indices: Any) -> dict[int, Any]:
            return {index: own[index][name] for index in indices}

        self._now = {
            "cells": {index: {name: own[index][name] for name in ("state", "z", "h", "silent")}
                      for index in model.spiking},
            "current_based": {index: {name: own[index][name] for name in ("state", "z", "silent")}
                              for index in model.current_based},
            "y": of("y", model.readouts),
            "past": {**self._now["past"], **of("past", (*model.spiking, *model.current_based))}}
        self._recent = {index: np.asarray(rows) for index, rows in of("recent",
                                                                      model.sources).items()}
        self._loss = {index: float(loss) for index, loss in of("loss", model.readouts).items()}
        self._spikes = {index: np.asarray(each) for index, each in of("spikes",
                                                                      model.spiking).items()}
        self._sloped = {index: np.asarray(each) for index, each in of("sloped",
                                                                      model.spiking).items()}
        self._bias_gradient = {index: np.asarray(each, dtype=float)
                               for index, each in of("bias_gradient", model.readouts).items()}
        blocks = [tree[f"projection{block.projection}"][f"delay{block.lag}"]
                  for block in model.blocks]
        self._parameters = {"weights": [each["weight"] for each in blocks],
                            "biases": of("bias", model.readouts)}
        self._optimizers = {"weights": [each["optimizer"] for each in blocks],
                            "biases": of("bias_optimizer", model.readouts)}
        self._gradient = [each["gradient"] for each in blocks]
        self._sums = {"weights": [each["sum"] for each in blocks],
                      "biases": of("bias_sum", model.readouts)}
        self._e_sums = [each["e_sum"] if block.post in model.spiking else None
                        for each, block in zip(blocks, model.blocks, strict=True)]
        if self._carries:
            self._carry = {"bias": of("bias_trace", model.readouts), "traces": {
                number: {name: each[name] for name in ("eps", "e_bar", "z_bar") if name in each}
                for number, each in enumerate(blocks) if number in self._carry["traces"]}}
        self._own.restore({owner: tree[owner]["own"] for owner in self._own.state()})

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue identically."""
        found = flattened(self._tree())
        if self._tape is not None:
            found |= flattened({"tape": self._tape.tree()})
        return found | flattened({f"tape of trial {number}": tape.tree()
                                  for number, tape in enumerate(self._tapes)})

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        with self._computing():
            rest = {name: array for name, array in state.items() if not name.startswith("tape")}
            tree = filled(self._tree(), rest)
            machine = tree["machine"]
            within = self._model.interval_steps is not None \
                and int(machine["step"]) % self._length > 0
            tape = self._fresh_tape(bool(machine["learning"])) if within else None
            tapes = [InputTape(self._model, self._now) for _ in range(
                int(machine["trials"]) if self._bptt and self._learns else 0)]
            names = {"tape": tape, **{f"tape of trial {number}": each
                                      for number, each in enumerate(tapes)}}
            for name, each in names.items():
                if each is not None:
                    each.take_tree({key.removeprefix(f"{name}/"): array
                                    for key, array in state.items()
                                    if key.startswith(f"{name}/")})
            self._take(tree)
            self._tape, self._tapes = tape, tapes

    def _fresh_tape(self, learning: bool) -> Tape | None:
        """The tape of an interval that begins."""
        if self._model.interval_steps is None or not self._learns:
            return None
        if self._bptt:
            return InputTape(self._model, self._now) if learning else None
        return ActivityTape(self._model, self._now) if learning or self._carries else None

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
