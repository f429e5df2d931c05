"""The machine with a chip in the loop: trials run on a substrate, learning runs here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError, UnsupportedError
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_the_loop.fitting import as_run, check_fits, part_on_chip
from pynn_eprop.in_the_loop.learners import build_learner, fastest
from pynn_eprop.in_the_loop.measured import Measured, Samples, samples_of, spikes_of
from pynn_eprop.in_the_loop.replay import CellReplay, Replay, counts_of
from pynn_eprop.in_the_loop.substrate import Substrate, calling
from pynn_eprop.in_the_loop.voltages import distance_of, interpolated, slope_of, step_of
from pynn_eprop.in_the_loop.weights import NEAREST, STOCHASTIC, Rounding, measured_scales, scales_of
from pynn_eprop.models.activity import Activity, Spikes, cells_with_state
from pynn_eprop.models.cells import Readouts, Sources, SpikingCells
from pynn_eprop.models.checks import check_inputs, check_network, check_target_reaches
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import (
    FixedFeedback,
    Inputs,
    LearningSignal,
    Network,
    Recorded,
    Recording,
    WindowedFeedback,
)

SAMPLED, MODEL = "sampled", "model"
VOLTAGES = (SAMPLED, MODEL)
"""Where potentials come from: samples of the chip's, or a model that replays its spikes."""


@dataclass(frozen=True)
class LoopOptions:
    """How a chip in the loop learns. See ``setup()`` of :mod:`pynn_eprop.brainscales`."""

    learner: str | None = None
    precision: str = "float64"
    voltage: str = SAMPLED
    rounding: str = NEAREST
    headroom: float = 2.0
    seed: int = 1


@dataclass(frozen=True)
class _Trial:
    """One trial: spikes by step, and rows of variables, (T, size), by population and name."""

    spikes: dict[int, Spikes]
    rows: dict[int, dict[str, np.ndarray]]
    arriving: dict[int, np.ndarray]
    losses: dict[int, float]


class LoopMachine:
    """Runs a network on a substrate and learns here; see the protocol of machines.

    The learner is another machine of the same network, with the cells that stand on the substrate:
    it has the weights, in floating point, and the optimisers, and takes each trial as an activity
    from elsewhere. Readouts, losses and learning signals are computed here from measured spikes.
    chip: the part of the network that the substrate runs.

    Raises :class:`CapacityError` for a network that the substrate cannot hold,
    :class:`UnsupportedError` for parts that it cannot run, and as the learner does.
    """

    formats = None

    def __init__(self, network: Network, substrate: Substrate,
                 options: LoopOptions = LoopOptions()) -> None:
        check_network(network)
        self.network, self.substrate, self.options = network, substrate, options
        run = as_run(network, substrate)
        levels = substrate.limits.weight_levels
        self._rounding = Rounding(levels, scales_of(
            run, levels, options.headroom, substrate),
                                  options.rounding, options.seed)
        self.chip = part_on_chip(run, self._rounding.scales)
        check_fits(self.chip, substrate.limits, substrate.name)
        self._learner_name = options.learner or fastest(run)
        self._learner = build_learner(run, self._learner_name, options.precision)
        self._replay = Replay(run)
        self.step = 0
        self._trials = 0
        self._now = {index: self._at_start(index) for index in
                     (*run.of_kind(SpikingCells), *run.of_kind(Readouts))}
        self._on_chip: dict[int, np.ndarray] | None = None
        self._rounded_at: int | None = None     # the first trial of these weights
        self._short: dict[str, int] = {}
        self._configure()

    @property
    def learner(self) -> Machine:
        """The machine that learns."""
        return self._learner

    @property
    def updates(self) -> int:
        """Weight updates done."""
        return self._learner.updates

    @property
    def _run_network(self) -> Network:
        return self._learner.network

    @property
    def _length(self) -> int:
        length = self.network.settings.interval_steps
        assert length is not None
        return length

    # --- running ---

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by whole trials; see the protocol.

        Raises :class:`SimulationError` for parts of trials, and if the substrate fails; then
        the trials before are done, and nothing of the one that failed is.
        """
        start = self.step
        check_inputs(inputs, self.network, start, steps)
        self.check_inputs_for_chip(inputs, steps)
        for readouts in self.network.of_kind(Readouts).values():
            check_target_reaches(readouts, start + steps)
        taken = [_Taken(each) for each in recordings]
        for _ in range(steps // self._length):
            trial = self._trial(inputs)
            if learning:
                self._learn(trial, update)
            for each in taken:
                each.take(trial.spikes, trial.rows, trial.losses, self.step, self._length)
            self.step += self._length
            self._trials += 1
            self._now = {index: {name: values[-1].copy() for name, values in rows.items()}
                         for index, rows in trial.rows.items()}
        return Recorded(tuple(each.entry() for each in taken))

    def check_inputs_for_chip(self, inputs: Inputs, steps: int) -> None:
        """Raise the errors of a stretch that a chip cannot run."""
        if self.step % self._length or steps % self._length:
            raise SimulationError(
                f"run(): {self.substrate.name} runs whole trials of {self._length} steps; "
                f"a run of {steps} steps from step {self.step} on is not")
        if inputs.lengths is not None and np.any(inputs.lengths != self._length):
            raise UnsupportedError(f"{self.substrate.name}: trials of durations of their own; "
                                   "leave steps without a target (NaN) at their ends instead")
        for index, rows in inputs.currents.items():
            if np.any(rows):
                raise UnsupportedError(f"{self.network.populations[index].label}: "
                                       f"{self.substrate.name} injects no currents")

    def _trial(self, inputs: Inputs) -> _Trial:
        """One trial on the substrate, and what follows from it here."""
        length, network = self._length, self._run_network
        sources = {}
        for index in network.of_kind(Sources):
            steps, cells = inputs.spikes.get(index, (np.zeros(0, int), np.zeros(0, int)))
            low, high = np.searchsorted(steps, [self.step, self.step + length])
            sources[index] = (np.asarray(steps[low:high]) - self.step, np.asarray(cells[low:high]))
        held = self._send_weights()
        place = {index: number for number, index in enumerate(self.chip.populations)}
        sampled = self.options.voltage == SAMPLED
        with calling(self.substrate, f"trial {self._trials}"):
            measured = self.substrate.trial(
                {place[index]: each for index, each in sources.items() if index in place},
                length, self._trials, sampled)
        inside = self._inside(measured, place)
        spikes = {**sources, **{index: self._by_step(each) for index, each in inside.items()}}
        counts = counts_of(network, spikes, length)
        weights = {index: self._learner.weights(index) for index in range(len(network.projections))
                   if index not in held} | held
        rows: dict[int, dict[str, np.ndarray]] = {}
        arriving, losses = {}, {}
        for index, kind in network.of_kind(SpikingCells).items():
            replayed = self._replay.of_cells(index, counts, weights)
            arriving[index] = replayed.arriving
            states = self._sampled_states(
                kind, replayed, samples_of(measured, place[index], kind, self.substrate.name),
                inside[index]) if sampled else replayed.states
            rows[index] = {**states, "h": self._slope(kind, states, replayed, counts[index][1:])}
        for index in network.of_kind(Readouts):
            found = self._replay.of_readouts(index, counts, weights, self._learner.bias(index),
                                             self.step)
            rows[index] = {"y": found.y, "error": found.error, "target": found.target}
            losses[index] = found.loss
        for index in network.of_kind(SpikingCells):
            rows[index]["learning_signal"] = self._signals(index, rows, weights)
        return _Trial(spikes, rows, arriving, losses)

    def _configure(self) -> None:
        """Prepare the substrate for the network of this machine."""
        self._on_chip = self.substrate.configured = None
        with calling(self.substrate, "configure()"):
            self.substrate.configure(self.chip)
        self.substrate.configured = self.chip

    def _weights_changed(self) -> None:
        """Note that weights have to be rounded and sent before the next trial."""
        self._on_chip = self._rounded_at = None

    def _send_weights(self) -> dict[int, np.ndarray]:
        """Give the substrate new weights; those that it holds, by projection."""
        if self.substrate.configured is not self.chip:      # another machine has had it since
            self._configure()
        if self._on_chip is None:
            if self._rounded_at is None:
                self._rounded_at = self._trials
            held = {index: self._rounding.on_chip(
                index, self._run_network.projections[index].post, self._learner.weights(index),
                self._rounded_at) for index in self.chip.projections}
            with calling(self.substrate, "set_weights()"):
                self.substrate.set_weights({number: held[index] for number, index
                                            in enumerate(self.chip.projections)})
            self._on_chip = held
        return dict(self._on_chip)

    def _inside(self, measured: Measured, place: Mapping[int, int]
                ) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Spikes of cells within the trial, (times in ms, cells), sorted by time."""
        found, last = {}, self._length * self.network.settings.timestep
        for index, cells in self._run_network.of_kind(SpikingCells).items():
            times, spiking = spikes_of(measured, place[index], cells, self.substrate.name)
            order = np.argsort(times, kind="stable")
            order = order[(times[order] > 0.0) & (times[order] <= last * (1.0 + 1e-9))]
            found[index] = (times[order], spiking[order])
        return found

    def _by_step(self, spikes: tuple[np.ndarray, np.ndarray]) -> Spikes:
        """Spikes by the step that they fall in; two of a cell in a step are one."""
        times, spiking = spikes
        steps = step_of(times / self.network.settings.timestep).astype(int)
        pairs = np.unique(np.stack([steps, spiking], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]

    def _sampled_states(self, cells: SpikingCells, replayed: CellReplay, samples: Samples | None,
                        spikes: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
        """State variables with sampled potentials; those of the model where there are none."""
        if samples is None or not np.any(np.isfinite(samples.v)):
            raise SimulationError(
                f"{cells.label}: {self.substrate.name} gave back no samples of v in trial "
                f"{self._trials}; setup(voltage='model') learns from spikes alone")
        dt = self.network.settings.timestep
        distance = distance_of(cells, replayed.states, dt)
        threshold = replayed.states["v"] - distance
        if self.substrate.dynamics.overshoots:
            threshold += np.maximum(distance, 0.0)
        v, known = interpolated(samples, spikes, dt, cells, threshold, self.substrate.dynamics)
        missing = int(np.count_nonzero(~known))
        if missing:
            self._short[cells.label] = max(self._short.get(cells.label, 0), missing)
        return {**replayed.states, "v": np.where(known, v, replayed.states["v"])}

    def _slope(self, cells: SpikingCells, states: Mapping[str, np.ndarray], replayed: CellReplay,
               z: np.ndarray) -> np.ndarray:
        """h, (T, size). Cells that spiked were not below their threshold, others not above it."""
        dt = self.network.settings.timestep
        distance = distance_of(cells, states, dt)
        distance = np.where(z > 0, np.maximum(distance, 0.0), np.minimum(distance, 0.0))
        return slope_of(cells, distance, replayed.refractory, dt)

    def _signals(self, index: int, rows: Mapping[int, Mapping[str, np.ndarray]],
                 weights: Mapping[int, np.ndarray]) -> np.ndarray:
        """L of cells, (T, size): the sum over learning signals of B err, or B y without a loss."""
        network, size = self._run_network, self._run_network.populations[index].size
        total = np.zeros((self._length, size))
        for signal in network.learning_signals:
            if signal.target == index:
                readouts = network.populations[signal.source]
                assert isinstance(readouts, Readouts)
                sent = rows[signal.source][readouts.signal]
                total += _fed_back(signal, sent, size, network, weights)
        return total

    def _learn(self, trial: _Trial, update: bool) -> None:
        """Let the learner take a trial."""
        network = self._run_network
        cells = network.learning_cells
        stateful = cells_with_state(network)
        readouts = network.of_kind(Readouts)
        self._learner.learn(Activity(
            trial.spikes, {index: trial.rows[index]["h"] for index in cells},
            {index: trial.rows[index][each.signal] for index, each in readouts.items()},
            potential={index: trial.rows[index]["v"] for index in network.posts_that_need("v")},
            state={index: {name: trial.rows[index][name] for name in each.state_variables()}
                   for index, each in stateful.items()},
            arriving={index: trial.arriving[index] for index in stateful}), update)
        self._weights_changed()

    def _at_start(self, index: int) -> dict[str, np.ndarray]:
        """Variables of a population before the first step."""
        population = self._run_network.populations[index]
        return {name: np.asarray(value, dtype=float) for name, value in (
            population.initial_state() if isinstance(population, SpikingCells)
            else {"y": population.y_initial}).items()}    # type: ignore[attr-defined]

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable at the end of the last trial, shape (size,)."""
        try:
            return np.array(self._now[population][variable], dtype=float)
        except KeyError:
            raise NetworkError(f"{self.network.populations[population].label} has no state "
                               f"variable {variable!r}") from None

    # --- learning ---

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere; see the protocol."""
        self._learner.learn(trial, update)
        self._weights_changed()

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,)."""
        return self._learner.gradient(projection)

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        return self._learner.bias_gradient(population)

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the protocol."""
        self._learner.apply_gradients(gradients, bias_gradients)
        self._weights_changed()

    def weights(self, projection: int) -> np.ndarray:
        """Current weights in floating point, shape (synapses,); see :meth:`weights_on_chip`."""
        return self._learner.weights(projection)

    def weights_on_chip(self, projection: int) -> np.ndarray:
        """The weights that the next trial runs with, shape (synapses,).

        Raises :class:`NetworkError` for projections that stay here, those of readouts.
        """
        if projection not in self.chip.projections:
            raise NetworkError(f"{self.network.projections[projection].label} is not on the chip")
        return np.array(self._send_weights()[projection])

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise the errors of weights, (synapses,), that cannot be set now."""
        self._learner.check_weights(projection, weight)

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self._learner.set_weights(projection, weight)
        self._weights_changed()

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        return self._learner.bias(population)

    # --- parameters ---

    def check_population(self, index: int, network: Network) -> None:
        """Raise the errors of parameters of one population that cannot be taken now."""
        self._learner.check_population(index, as_run(network, self.substrate))

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population; raises as :meth:`check_population`."""
        run = as_run(network, self.substrate)
        self._learner.set_population(index, run)
        self.network = replace(self.network, populations=(
            *self.network.populations[:index], network.populations[index],
            *self.network.populations[index + 1:]))
        self._replay.network = run
        self._replay.configure(index, run.populations[index])
        if self.step == 0 and index in self._now:
            self._now[index] = self._at_start(index)
        if index in self.chip.populations:
            self._take_scales(run, {})

    # --- reports ---

    def range_report(self) -> None:
        """None: nothing here is in fixed point."""

    def saturations(self) -> tuple[str, ...]:
        """Empty: nothing here is in fixed point; see :meth:`shortfalls`."""
        return ()

    def shortfalls(self) -> Iterator[tuple[str, str]]:
        """What the chip could not do so far: a key, and a sentence with numbers."""
        for index, count in self._rounding.clipped.items():
            if count:
                label = self.network.projections[index].label
                yield f"{label} is clipped", (
                    f"{label}: {count} weights are beyond the largest that {self.substrate.name} "
                    f"holds, {self._largest(index):.3g}; give setup() a larger headroom")
        for label, count in self._short.items():
            yield f"{label} has too few samples", (
                f"{label}: {self.substrate.name} gave back too few samples of v; a model that "
                f"replays the spikes stands in for {count} of the potentials of a trial")

    def _largest(self, projection: int) -> float:
        levels = self._rounding.levels
        assert levels is not None
        return levels * self._rounding.scales[self._run_network.projections[projection].post]

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the protocol."""
        return self._learner.inactivities()

    # --- the whole state ---

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue."""
        found = {f"learner/{name}": array for name, array in self._learner.state().items()}
        found["loop/setting"] = np.array(json.dumps(self._setting()))
        found["loop/step"] = np.array(self.step)
        found["loop/trials"] = np.array(self._trials)
        found["loop/rounded"] = np.array(-1 if self._rounded_at is None else self._rounded_at)
        for post, scale in self._rounding.scales.items():
            found[f"loop/scale/{post}"] = np.array(scale)
        for index, values in self._now.items():
            for name, array in values.items():
                found[f"loop/now/{index}/{name}"] = np.array(array)
        return found

    def _setting(self) -> dict[str, object]:
        """Parameters of substrate and loop that a checkpoint continues with."""
        options = self.options
        loop = {"learner": self._learner_name, "voltage": options.voltage,
                "rounding": options.rounding, "headroom": options.headroom}
        if options.rounding == STOCHASTIC:
            loop["seed"] = options.seed
        with calling(self.substrate, "describe()"):
            described = self.substrate.describe()
        return {name: value for name, value in {**described, **loop}.items()
                if value is None or isinstance(value, (bool, int, float, str))}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        with as_error(CheckpointError, "the checkpoint is damaged"):
            self._check_setting(json.loads(str(state["loop/setting"])))
            step, trials, rounded = (int(state[f"loop/{name}"]) for name in (
                "step", "trials", "rounded"))
            if step < 0 or step % self._length or trials < 0:
                raise CheckpointError(f"the checkpoint is damaged: step {step}, trial {trials}")
            scales = {post: float(state[f"loop/scale/{post}"]) for post in self._rounding.scales}
            for scale in scales.values():
                if not 0.0 < scale < np.inf:
                    raise CheckpointError(f"the checkpoint is damaged: a level of {scale:g}")
            now = {index: self._now_in(state, index) for index in self._now}
        self._learner.restore({name.removeprefix("learner/"): array
                               for name, array in state.items() if name.startswith("learner/")})
        self.step, self._trials, self._now = step, trials, now
        self._rounded_at = None if rounded < 0 else rounded
        self._take_scales(self._run_network, scales)

    def _check_setting(self, written: Mapping[str, object]) -> None:
        """Raise :class:`CheckpointError` for a state of another substrate, or loop."""
        present = json.loads(json.dumps(self._setting()))
        for name in ("substrate", *present, *written):      # the substrate first, if it differs
            if written.get(name) != present.get(name):
                raise CheckpointError(
                    f"the checkpoint was written with {name}={written.get(name)!r}, but this run "
                    f"has {present.get(name)!r}; use the same in setup()")

    def _now_in(self, state: Mapping[str, np.ndarray], index: int) -> dict[str, np.ndarray]:
        """Variables of a population in a saved state."""
        size, begin = self._run_network.populations[index].size, f"loop/now/{index}/"
        found = {path.removeprefix(begin): np.array(array, dtype=float)
                 for path, array in state.items() if path.startswith(begin)}
        if not set(self._now[index]) <= set(found) \
                or any(array.shape != (size,) for array in found.values()):
            raise CheckpointError(f"the checkpoint is damaged: {begin[:-1]} does not fit")
        return found

    def _take_scales(self, network: Network, scales: Mapping[int, float]) -> None:
        """Go on with other scales, but for those that were measured, and configure again."""
        self._rounding.scales = {**self._rounding.scales, **scales, **measured_scales(
            network, self._rounding.levels, self.substrate)}
        self.chip = part_on_chip(network, self._rounding.scales)
        self._configure()

    def take_over(self, old: "LoopMachine", synapses: bool = True) -> None:
        """Continue from the present state of ``old``; see the protocol."""
        self._learner.take_over(old._learner, synapses)
        self.step = old.step
        self._now |= old._now
        self._take_chip(old)

    def take_over_learning(self, old: "LoopMachine", synapses: bool = True) -> None:
        """Begin at step 0 of the same network with the learned state of ``old``."""
        self._learner.take_over_learning(old._learner, synapses)
        self._take_chip(old)

    def _take_chip(self, old: "LoopMachine") -> None:
        """Go on with the scales of ``old``, if there were weights to choose them by."""
        self._trials, self._rounded_at = old._trials, old._rounded_at
        known = {projection.post for projection in old._run_network.projections
                 if len(projection.weight)}
        self._take_scales(self._run_network, {
            post: scale for post, scale in old._rounding.scales.items() if post in known})


def _fed_back(signal: LearningSignal, sent: np.ndarray, size: int, network: Network,
              weights: Mapping[int, np.ndarray]) -> np.ndarray:
    """B of each step times what is sent, (T, size)."""
    feedback = signal.feedback
    if isinstance(feedback, FixedFeedback):
        return np.asarray(sent @ np.asarray(feedback.weight, float).T)
    if isinstance(feedback, WindowedFeedback):
        windows = np.arange(len(sent)) // feedback.window_steps
        return np.asarray(np.einsum("tk,tjk->tj", sent, np.asarray(feedback.weight)[windows]))
    forward = network.projections[feedback.projection]
    matrix = np.zeros((sent.shape[1], size))
    np.add.at(matrix, (forward.post_index, forward.pre_index), weights[feedback.projection])
    return np.asarray(sent @ matrix)


class _Taken:
    """What one recording has taken so far."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.cells = np.asarray(recording.cells, dtype=int)
        self.parts: list[np.ndarray] = []
        self.steps: list[np.ndarray] = []

    def take(self, spikes: Mapping[int, Spikes], rows: Mapping[int, Mapping[str, np.ndarray]],
             losses: Mapping[int, float], start: int, length: int) -> None:
        """Take a trial that began at global step ``start``."""
        index, variable = self.recording.population, self.recording.variable
        if variable == "loss":
            self.parts.append(np.array([losses[index]]))
        elif variable == "spikes":
            steps, cells = spikes[index]
            wanted = np.isin(cells, self.cells)
            self.steps.append(np.asarray(steps[wanted]) + start)
            self.parts.append(np.asarray(cells[wanted]))
        else:
            taken = (start + np.arange(1, length + 1)) % self.recording.every == 0
            self.parts.append(rows[index][variable][taken][:, self.cells])

    def entry(self) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """What was recorded."""
        if self.recording.variable == "spikes":
            if not self.parts:
                return np.zeros(0, int), np.zeros(0, int)
            return np.concatenate(self.steps), np.concatenate(self.parts)
        if not self.parts:
            return np.zeros(0) if self.recording.variable == "loss" \
                else np.zeros((0, len(self.cells)))
        return np.concatenate(self.parts)
