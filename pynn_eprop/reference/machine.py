"""The network as a whole: the order of events in a step, at an interval's end and in an update."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError
from pynn_eprop.models.activity import (
    Activity,
    check_activity,
    check_gradients,
    check_no_update_in_progress,
)
from pynn_eprop.models.cells import (
    VALUE,
    AnalogCells,
    AnalogSources,
    CurrentBasedCells,
    Readouts,
    Sources,
    SpikingCells,
)
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
from pynn_eprop.models.network import (
    Inputs,
    LearningSignal,
    Network,
    Recorded,
    Recording,
    SymmetricFeedback,
)
from pynn_eprop.reference.analog_cells import AnalogState
from pynn_eprop.reference.backwards import BackwardsPass
from pynn_eprop.reference.cells import EPropCells
from pynn_eprop.reference.clock import Clock
from pynn_eprop.reference.component import Component
from pynn_eprop.reference.current_based import CurrentBasedState
from pynn_eprop.reference.feedback import SignalPath
from pynn_eprop.reference.plasticity import Plasticity
from pynn_eprop.reference.readout import ReadoutState
from pynn_eprop.reference.recorder import Recorder
from pynn_eprop.reference.succession import Successor
from pynn_eprop.reference.synapses import SpikeLog, Synapses
from pynn_eprop.reference.traces import CellTraces, ReadoutTraces


class Progress(Component):
    """The progress of a run, all of shape ().

    step: global steps done. updates: weight updates done. trials: learning intervals since the
    last update. learning: whether the interval in progress counts. length: its steps.
    trial_steps: steps of the trials since the last update.
    """

    variables = ("step", "updates", "trials", "learning", "length", "trial_steps")

    def __init__(self, length: int) -> None:
        self.length = np.array(length)
        self.trial_steps = np.zeros((), dtype=int)
        self.step = np.zeros((), dtype=int)
        self.updates = np.zeros((), dtype=int)
        self.trials = np.zeros((), dtype=int)
        self.learning = np.ones((), dtype=bool)


class ReferenceMachine(Successor):
    """Runs a network as the paper writes it; see :class:`pynn_eprop.in_process.machine.Machine`.

    Float64, one step at a time, state for every synapse: for small networks only.

    Raises :class:`NetworkError` if the parts of the network do not fit together.
    """

    formats = None      # of fixed point

    def __init__(self, network: Network) -> None:
        check_network(network)
        self.network = network
        self.clock = Clock(network.settings)
        self.progress = Progress(network.settings.interval_steps or 0)
        self._backwards_pass: BackwardsPass | None = None
        self.logs: dict[int, SpikeLog] = {}
        self.cells: dict[int, EPropCells | AnalogState] = {}
        self.current_based: dict[int, CurrentBasedState] = {}
        self.readouts: dict[int, ReadoutState] = {}
        self._inactive = FirstInactive()
        delays = [int(np.max(p.delay, initial=1)) for p in network.projections]
        dt = network.settings.timestep
        for index, population in enumerate(network.populations):
            if population.emits_spikes or population.emits_values:
                self.logs[index] = SpikeLog(population.size, max(delays, default=1) + 1)
        for index, population in enumerate(network.populations):
            if isinstance(population, SpikingCells):
                self.cells[index] = EPropCells(population, dt)
            elif isinstance(population, AnalogCells):
                self.cells[index] = AnalogState(population, dt)
        for index, never_learning in network.of_kind(CurrentBasedCells).items():
            self.current_based[index] = CurrentBasedState(never_learning, dt)
        for index, readouts in network.of_kind(Readouts).items():
            self.readouts[index] = ReadoutState(readouts, dt)
        self.synapses = [
            Synapses(projection, network.populations[projection.pre],
                     network.populations[projection.post], self.logs[projection.pre], self.clock)
            for projection in network.projections
        ]
        self.signals = [self._signal_path(signal) for signal in network.learning_signals]
        self.plastic = {
            index: Plasticity(self.synapses[index], self._traces(index))
            for index, projection in enumerate(network.projections)
            if projection.optimizer is not None
        }

    def _states(self) -> tuple[dict[int, Any], ...]:
        """The states of the populations that have one, kind by kind."""
        return self.cells, self.current_based, self.readouts

    def _signal_path(self, signal: LearningSignal) -> SignalPath:
        forward = None
        if isinstance(signal.feedback, SymmetricFeedback):
            forward = self.synapses[signal.feedback.projection]
        return SignalPath(signal, self.readouts[signal.source],
                          self.network.populations[signal.target].size, forward)

    def _traces(self, index: int) -> CellTraces | ReadoutTraces:
        projection, post_index = self.network.projections[index], self.synapses[index].post_index
        post = projection.post
        if post in self.readouts:
            return ReadoutTraces(post_index)
        return CellTraces(post_index, sum(path.signal.target == post for path in self.signals),
                          projection.rule, self.cells[post], projection.receptor, projection.label)

    @property
    def step(self) -> int:
        """Global steps done so far."""
        return int(self.progress.step)

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        return int(self.progress.updates)

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by ``steps``; see the Machine interface.

        The spikes of a source recorded by a stretch from g0 to g1 are those at g0 < step <= g1,
        and those at step 0 if g0 = 0: each once over a sequence of stretches.

        Raises :class:`SimulationError` for inputs that do not fit the stretch, or a target of
        the whole run that ends within it.
        """
        start = self.step
        check_inputs(inputs, self.network, start, steps)
        check_recordings(recordings, self.network)
        for readout in self.readouts.values():
            check_target_reaches(readout.population, start + steps)
        recorder = Recorder(recordings, self._read_step, self._read_trace)
        with self._undone_if_it_fails():
            self._emit(start, inputs, start)
            if start == 0 and steps > 0:
                recorder.before_first_step()
            for offset in range(steps):
                self._advance(start + 1 + offset, inputs, learning, start)
                recorder.after_step(self.step)
                if self.clock.ends(self.step):
                    recorder.after_interval()
                    self._end_interval(update)
        return recorder.recorded()

    @contextmanager
    def _undone_if_it_fails(self) -> Iterator[None]:
        """A context for what calls steps of others: if one fails, nothing has happened."""
        before = [(component, component.state()) for _, component in self._components()]
        inactive = self._inactive.copy()
        try:
            yield
        except BaseException:
            self._inactive = inactive
            self._backwards_pass = None
            for component, state in before:
                component.take_back(state)
            raise

    def _emit(self, step: int, inputs: Inputs, start: int) -> None:
        """Let the sources spike, and take the values of the others."""
        for index, sources in self.network.of_kind(Sources).items():
            times, cells = inputs.spikes.get(index, (np.zeros(0, int), np.zeros(0, int)))
            now = np.asarray(cells, dtype=int)[np.asarray(times) == step]
            self.logs[index].write(step, np.bincount(now, minlength=sources.size))
        for index, analog in self.network.of_kind(AnalogSources).items():
            rows = inputs.values.get(index)
            self.logs[index].write(step, np.zeros(analog.size) if rows is None
                                   else np.asarray(rows[step - start], dtype=float))

    def _advance(self, step: int, inputs: Inputs, learning: bool, start: int) -> None:
        """Arrivals and v, spikes and h, y and err, L, traces: in this order."""
        self.progress.step = np.array(step)
        if self.clock.starts(step):
            self._begin_interval(learning, self._length(step, inputs, start))
            self._run_backwards(step, inputs, start)
        counts = bool(self.progress.learning)
        self._emit(step, inputs, start)
        if not self._happens():
            for index, cells in self.cells.items():
                self.logs[index].write(step, np.zeros(cells.population.size))
            return
        currents = {index: rows[step - 1 - start] for index, rows in inputs.currents.items()}
        for index, cells in self.cells.items():
            if index in self.network.backwards:
                self._shown().show(self.clock.local(step))
            else:
                cells.receive(self._arrivals(index, step), currents.get(index))
            self.logs[index].write(step, cells.z)
            if counts:
                cells.count()
        for index, state in self.current_based.items():
            current = currents.get(index, np.zeros(state.population.size))
            state.advance(self._receive(index, step, False), self._receive(index, step, True),
                          current)
            self.logs[index].write(step, state.z)
        for index, readout in self.readouts.items():
            readout.advance(step, self._receive(index, step), counts)
        sent = [path.value(self.clock.local(step)) for path in self.signals]
        for index, cells in self.cells.items():
            cells.learning_signal = np.zeros(cells.population.size)
            for path, value in zip(self.signals, sent, strict=True):
                if path.signal.target == index:
                    cells.learning_signal = cells.learning_signal + value
        for index, part in self.plastic.items():
            self._advance_traces(index, part, sent, counts)

    def _happens(self) -> bool:
        """Whether the present step is one of its interval, which may be a shorter one."""
        return self.network.settings.interval_steps is None \
            or self.clock.local(self.step) <= int(self.progress.length)

    def _length(self, step: int, inputs: Inputs, start: int) -> int:
        """The length of the interval that begins with a step of a stretch."""
        whole = self.network.settings.interval_steps or 0
        if inputs.lengths is None:
            return whole
        return int(inputs.lengths_of(step - 1, 1, start, whole)[0])

    def _run_backwards(self, step: int, inputs: Inputs, start: int) -> None:
        """Run what runs backwards through the trial that begins with a step."""
        if not self.network.backwards:
            return
        steps, begin = int(self.progress.length), step - 1
        given = {}
        for index, sources in self.network.of_kind(Sources).items():
            given[index] = np.zeros((steps, sources.size))
            times, cells = (np.asarray(each, dtype=int)
                            for each in inputs.spikes.get(index, ((), ())))
            now = (times >= begin) & (times < begin + steps)
            np.add.at(given[index], (times[now] - begin, cells[now]), 1.0)
        for index, analog in self.network.of_kind(AnalogSources).items():
            rows = inputs.values.get(index, np.zeros((step - start + steps, analog.size)))
            given[index] = np.asarray(rows, dtype=float)[begin - start:begin - start + steps]
        currents = {index: rows[begin - start:begin - start + steps]
                    for index, rows in inputs.currents.items()}
        self._backwards_pass = BackwardsPass(
            {index: self.cells[index] for index in sorted(self.network.backwards)},
            self.synapses, self.plastic, given, currents, steps)

    def _shown(self) -> BackwardsPass:
        assert self._backwards_pass is not None     # runs consist of whole trials
        return self._backwards_pass

    def _receive(self, post: int, step: int, inhibitory: bool | None = None) -> np.ndarray:
        """Sum of the weights that arrive at a population, of one port or of both."""
        total = np.zeros(self.network.populations[post].size)
        for synapses in self.synapses:
            projection = synapses.projection
            if projection.post == post and inhibitory in (None, projection.inhibitory):
                total = total + synapses.receive(step, self._shorter())
        return total

    def _arrivals(self, post: int, step: int) -> Iterator[tuple[str, np.ndarray]]:
        """Receptor and sum of the weights that arrive at cells, projection by projection."""
        for synapses in self.synapses:
            if synapses.projection.post == post:
                yield synapses.projection.receptor, synapses.receive(step, self._shorter())

    def _shorter(self) -> int | None:
        """Steps of the interval in progress, if there are intervals."""
        return int(self.progress.length) if self.network.settings.interval_steps else None

    def _advance_traces(self, index: int, part: Plasticity, sent: list[np.ndarray], learning: bool
                        ) -> None:
        post, arriving = part.synapses.projection.post, part.synapses.arriving
        if isinstance(part.traces, ReadoutTraces):
            part.traces.advance(arriving, self.readouts[post], learning)
            return
        signals = [(path.kappa, value) for path, value in zip(self.signals, sent, strict=True)
                   if path.signal.target == post]
        if post in self.network.backwards:
            e = self._shown().eligibility(index, self.clock.local(self.step))
            part.traces.learn_from(e, signals, learning)
            return
        part.traces.advance(arriving, signals, learning)

    def _begin_interval(self, learning: bool, length: int) -> None:
        """Forget the interval before, if intervals are separate."""
        self.progress.learning = np.array(learning)
        self.progress.length = np.array(length)
        for readout in self.readouts.values():
            readout.loss = np.zeros(())
        if self.clock.resets:
            for cells in self.cells.values():
                cells.reset()
            for readout in self.readouts.values():
                readout.reset()
            for part in self.plastic.values():
                part.traces.reset()

    def _end_interval(self, update: bool) -> None:
        """Update, or end with the gradients, after the last trial of an update."""
        if self._backwards_pass is not None:
            self._backwards_pass.end()
            self._backwards_pass = None
        if self.progress.learning:
            self.progress.trials = self.progress.trials + 1
            self.progress.trial_steps = self.progress.trial_steps + self.progress.length
            if self.progress.trials == self.network.settings.trials_per_update:
                self._gather()
                if update:
                    self._step_optimizers()

    def _gather(self) -> None:
        """The gradients of all projections and biases together."""
        steps = int(self.progress.trial_steps)
        for part in self.plastic.values():
            if isinstance(part.traces, ReadoutTraces):
                part.gradient = part.traces.end_update()
            else:
                cells = self.cells[part.synapses.projection.post]
                part.gradient = part.traces.end_update(cells.rate_term(steps))
        for readout in self.readouts.values():
            readout.end_update()
        self._note_inactivity()
        for cells in self.cells.values():
            cells.forget_update()
        self.progress.trials = np.array(0)
        self.progress.trial_steps = np.array(0)

    def _step_optimizers(self) -> None:
        """Let weights and biases follow their gradients."""
        for part in self.plastic.values():
            part.step_optimizer()
        for readout in self.readouts.values():
            readout.step_optimizer()
        self.progress.updates = self.progress.updates + 1

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere; see the Machine interface."""
        check_activity(trial, self.network)
        length = self.network.settings.interval_steps
        assert length is not None
        if not self.clock.resets or self.step % length or self.current_based:
            raise SimulationError("learn(): only between intervals, with boundary 'reset', and in "
                                  "a network without PyNN's own cells")
        with self._undone_if_it_fails():
            self._learn(trial, length, update)

    def _learn(self, trial: Activity, length: int, update: bool) -> None:
        # the state of the forward pass, which continues afterwards as if nothing happened
        standing = [(part, {name: value for name, value in part.state().items()
                            if name not in ("spikes", "sloped", "bias_sum")})
                    for part in (*self.logs.values(), *self.cells.values(),
                                 *self.readouts.values())]
        spikes = {index: np.zeros((length + 1, log.counts.shape[1]))
                  for index, log in self.logs.items()}
        for index, (steps, cells) in trial.spikes.items():
            np.add.at(spikes[index], (np.asarray(steps), np.asarray(cells)), 1.0)
        for index, values in trial.values.items():
            spikes[index][:length] = values
        self._begin_interval(True, length)
        for index, log in self.logs.items():
            log.counts = np.zeros_like(log.counts)
            log.write(0, spikes[index][0])
        for step in range(1, length + 1):
            self._learn_step(step, trial, spikes)
        for part, state in standing:
            for name, value in state.items():
                setattr(part, name, value)
        self._end_interval(update)

    def _learn_step(self, step: int, trial: Activity, spikes: dict[int, np.ndarray]) -> None:
        """One step of all traces, with activity that is given."""
        for index, log in self.logs.items():
            log.write(step, spikes[index][step])
        for index, cells in self.cells.items():
            slope, potential, arriving = (
                None if index not in rows else np.asarray(rows[index][step - 1], dtype=float)
                for rows in (trial.slope, trial.potential, trial.arriving))
            state = {name: np.asarray(rows[step - 1], dtype=float)
                     for name, rows in trial.state.get(index, {}).items()}
            if potential is not None:
                state["v"] = potential
            assert isinstance(cells, EPropCells)    # an activity has spikes
            cells.take(spikes[index][step], slope, state, arriving)
            cells.count()
        for index, readout in self.readouts.items():
            readout.take(np.asarray(trial.error[index][step - 1], dtype=float))
        sent = [path.value(self.clock.local(step)) for path in self.signals]
        for index, part in self.plastic.items():
            part.synapses.receive(step)
            self._advance_traces(index, part, sent, True)

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the Machine interface."""
        check_gradients(self.network, gradients, bias_gradients)
        check_no_update_in_progress(self._update_in_progress())
        with self._undone_if_it_fails():
            for index, gradient in (gradients or {}).items():
                self.plastic[index].gradient = np.array(gradient, dtype=float)
            for index, gradient in (bias_gradients or {}).items():
                self.readouts[index].bias_gradient = np.array(gradient, dtype=float)
            self._step_optimizers()

    def _note_inactivity(self) -> None:
        """Keep the first updates without spikes, and without pseudo-derivative."""
        for index, cells in self.cells.items():
            if isinstance(cells, EPropCells):
                self._inactive.note(self.network, index, self.updates + 1,
                                    int(cells.spikes.sum()), bool(cells.sloped.any()))

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the interface."""
        return self._inactive.found()

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        return self.synapses[projection].weight.copy()

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` unless there is one weight per synapse.

        :class:`SimulationError` within an update, if learning signals mirror the weights.
        """
        check_mirrored(self.network.projections[projection].label,
                       is_mirrored(self.network, projection), self._update_in_progress())
        old = self.synapses[projection].weight
        if np.shape(weight) != old.shape:
            raise NetworkError(f"{self.network.projections[projection].label}: weights have shape "
                               f"{np.shape(weight)}, but there are {len(old)} synapses")

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        self.synapses[projection].weight = np.array(weight, dtype=float)

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,); zeros before the first.

        Raises :class:`NetworkError` for a projection that does not learn.
        """
        if projection not in self.plastic:
            raise NetworkError(f"{self.network.projections[projection].label} has no gradient: it "
                               "has no optimizer")
        return self.plastic[projection].gradient.copy()

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        return self.readouts[population].bias.copy()

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        return self.readouts[population].bias_gradient.copy()

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable ("v", "a", "y", "isyn_exc", "isyn_inh", ...) now, shape (size,).

        At the end of an interval it is still that of its last step: the next one begins with the
        reset.
        """
        return np.array(self._read(population, variable))

    def _read_step(self, population: int, variable: str) -> np.ndarray:
        """As :meth:`_read`, for recordings: NaN at a step that does not happen."""
        described, found = self.network.populations[population], self._read(population, variable)
        if self._happens() or described.from_outside or variable in ("spikes", "loss"):
            return found
        return np.full(described.size, np.nan)

    def _read(self, population: int, variable: str) -> np.ndarray:
        """A variable of a population after the last step; "spikes" are counts."""
        cells = self.cells.get(population)
        if variable == VALUE and isinstance(cells, AnalogState):
            return cells.z
        if variable in ("spikes", VALUE) and variable in self.network.populations[
                population].recordable():
            every = np.arange(self.network.populations[population].size)
            return self.logs[population].read(np.full(len(every), self.step), every)
        for states in self._states():
            if population in states:
                state: Component = states[population]
                if variable in state.variables:
                    return np.asarray(getattr(state, variable))
        label = self.network.populations[population].label
        raise NetworkError(f"{label} has no variable {variable!r} to record")

    def _read_trace(self, projection: int) -> np.ndarray:
        """e of the synapses of a projection after the last step."""
        traces = self.plastic[projection].traces if projection in self.plastic else None
        if not isinstance(traces, CellTraces):
            raise NetworkError(f"{self.network.projections[projection].label} has no eligibility "
                               "traces to record: only synapses onto cells that learn have")
        return traces.e_now if self._happens() else np.full(len(traces.e_now), np.nan)

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays.

        New initial values count from the next reset, or at once before the first step. Raises as
        :meth:`check_population`.
        """
        self.check_population(index, network)
        new = network.populations[index]
        self.network = self._with(index, network)
        for states in self._states():
            if index in states:
                states[index].configure(new)
                if self.step == 0:
                    states[index].reset()

    def check_population(self, index: int, network: Network) -> None:
        """Raise :class:`NetworkError` for a population of another kind or size than before.

        :class:`SimulationError` within an update, for parameters that its gradient depends on.
        """
        before, new = self.network.populations[index], network.populations[index]
        check_change(before, new)
        check_network(self._with(index, network))
        check_gradient(before, new, self._update_in_progress())
        check_traces(before, new, network, self.step)

    def _with(self, index: int, network: Network) -> Network:
        """The present network with one population of another."""
        return replace(self.network, populations=(
            *self.network.populations[:index], network.populations[index],
            *self.network.populations[index + 1:]))

    def _update_in_progress(self) -> bool:
        """Whether steps were done that the next update will learn from."""
        interval = self.network.settings.interval_steps
        within = interval is not None and self.step % interval > 0
        return bool(self.progress.trials or (within and self.progress.learning))

    def range_report(self) -> None:
        """None: nothing is rounded to fixed-point formats here."""

    def saturations(self) -> tuple[str, ...]:
        """Empty: nothing saturates here."""
        return ()

    def _components(self) -> Iterator[tuple[str, Component]]:
        yield "machine", self.progress
        for states in (self.logs, *self._states()):
            for index, state in states.items():
                name = "log" if isinstance(state, SpikeLog) else "population"
                yield f"{name}{index}", state
                if isinstance(state, ReadoutState):
                    yield f"{name}{index}/bias_optimizer", state.optimizer
        for index, synapses in enumerate(self.synapses):
            yield f"projection{index}", synapses
        for index, part in self.plastic.items():
            yield f"projection{index}/plasticity", part
            yield f"projection{index}/traces", part.traces
            yield f"projection{index}/optimizer", part.optimizer

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue identically."""
        return {f"{owner}/{name}": array for owner, component in self._components()
                for name, array in component.state().items()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        needed = self.state()
        interval = self.network.settings.interval_steps or 0
        state = {"machine/length": np.array(interval),
                 "machine/trial_steps": interval * state.get("machine/trials", np.array(0)),
                 **state}       # older files, from when all intervals were whole, lack these
        # older files, from when all optimisers had the same state, have m and v of every one
        state = {name: array for name, array in state.items()
                 if name in needed or not name.endswith(("optimizer/m", "optimizer/v"))}
        missing = sorted(set(needed) ^ set(state))
        if missing:
            raise CheckpointError(f"the checkpoint belongs to another network: {missing[0]!r} is "
                                  "only in one of them")
        for owner, component in self._components():
            component.restore({name: state[f"{owner}/{name}"] for name in component.variables},
                              owner)
