"""The machine in JAX: which steps go together, and what can be read and set between runs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import numpy as np

from pynn_eprop.errors import NetworkError, SimulationError
from pynn_eprop.functional import checkpoints, interval_ends
from pynn_eprop.functional.checks import check_gradient as check_gradient_uses
from pynn_eprop.functional.checks import check_options
from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.inputs import Given
from pynn_eprop.functional.kinds import jax_kinds
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Model
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.functional.samples import Samples
from pynn_eprop.functional.stretches import WITHOUT_INTERVAL, Stretches
from pynn_eprop.functional.whole_trials import WholeTrials
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
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording

DEFAULTS = JaxOptions()


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
        self.network = network
        self.options = options
        self._compiled = CompiledNetwork.of(network, options)
        with self._compiled.computing():
            self._state = MachineState(self._model, self._compiled.carries)

    @property
    def step(self) -> int:
        """Global steps done so far."""
        return self._state.step

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        return self._state.learned.updates

    @property
    def _model(self) -> Model:
        return self._compiled.model

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
        with self._undone_if_it_fails(), self._compiled.computing():
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
        before, own = self._state.copy(), self._state.learned.own.state()
        try:
            yield
        except BaseException:
            self._state = before
            self._state.learned.own.restore(own)
            raise

    def _advance(self, most: int, given: Given, samples: Samples, learning: bool, update: bool
                 ) -> None:
        """Some of the ``most`` steps that remain: whole trials, or a stretch within one."""
        compiled, state, length, local = self._compiled, self._state, self._model.interval_steps, 0
        if length is not None:
            local = self.step % length
            whole = most // length if self._model.trials_are_alike and local == 0 else 0
            count = self.network.settings.trials_per_update
            trials = WholeTrials(compiled, state, given, samples)
            if learning and not state.sums.trials and whole >= count:
                trials.learn(count)
                interval_ends.end_update(compiled, state, update)
                return
            if not learning and whole:
                at_once = min(self.options.trials_at_once or count, count)
                trials.run(at_once if whole >= at_once else 1)
                return
        if length is not None and local == 0:
            state.note_length(int(given.lengths(self.step)[0]))
        end = WITHOUT_INTERVAL if length is None else int(state.lengths[state.sums.trials])
        stretches = Stretches(compiled, state, given, samples)
        if length is not None and local >= end:
            stretches.skip(min(most, length - local))
        else:
            stretches.run(min(most, end - local), learning)
        if length is not None and self.step % length == 0:
            interval_ends.end_interval(compiled, state, update)

    # --- learning on its own ---

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere; see the protocol."""
        check_activity(trial, self.network)
        if self._compiled.bptt:
            raise SimulationError("learn(): gradient='bptt' needs the forward pass itself; learn "
                                  "from an activity with gradient='eprop'")
        if not self._model.trials_are_alike or self.step % self._compiled.length:
            raise SimulationError("learn(): only between intervals, with boundary 'reset', and in "
                                  "a network without PyNN's own cells")
        with self._undone_if_it_fails(), self._compiled.computing():
            interval_ends.learn_trial(self._compiled, self._state, trial, update)

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the protocol."""
        check_gradients(self.network, gradients, bias_gradients)
        check_no_update_in_progress(self.update_in_progress())
        with self._undone_if_it_fails(), self._compiled.computing():
            self._state.learned.set_gradients(self._model, gradients or {}, bias_gradients or {})
            self._state.learned.step(self._model, self._compiled.call)

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the protocol."""
        return self._state.inactive.found()

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
        if self._compiled.bptt and self.update_in_progress():
            raise SimulationError(f"{label}: with gradient='bptt' new {what} can be set between "
                                  "updates only, not within one")

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        with self._compiled.computing():
            self._state.learned.set_weights(self._model, projection, weight)

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        self._check_has_bias(population)
        return np.array(self._state.learned.parameters["biases"][population], dtype=float)

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
        self._compiled = self._compiled.with_network(self._with(index, network))
        self.network = self._compiled.network
        with self._compiled.computing():
            model = self._model
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
        return checkpoints.saved(self._compiled, self._state)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        with self._compiled.computing():
            self._state = checkpoints.restored(self._compiled, self._state, state)

    def take_over(self, old: "JaxMachine", synapses: bool = True) -> None:
        """Continue from ``old``; see the protocol."""
        self.restore(checkpoints.taken_over(self.state(), old.state(), synapses))

    def take_over_learning(self, old: "JaxMachine", synapses: bool = True) -> None:
        """Begin with the learned state of ``old``; see the protocol."""
        self.restore(checkpoints.with_learned(self.state(), old.state(), synapses))


def _alike(before: Any, new: Any) -> bool:
    return bool(np.all(before == new))
