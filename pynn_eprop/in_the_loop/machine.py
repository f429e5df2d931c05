"""The machine with a chip in the loop: trials run on a substrate, learning runs here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError, UnsupportedError
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_the_loop.fitting import as_run, check_fits, part_on_chip
from pynn_eprop.in_the_loop.named_machines import build_machine, fastest
from pynn_eprop.in_the_loop.reading import Reader, Trial
from pynn_eprop.in_the_loop.records import TrialRecord
from pynn_eprop.in_the_loop.substrate import Substrate, calling
from pynn_eprop.in_the_loop.weights import NEAREST, STOCHASTIC, Rounding, measured_scales, scales_of
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import Readouts, Sources, SpikingCells
from pynn_eprop.models.checks import (
    check_inputs,
    check_network,
    check_recordings,
    check_target_reaches,
)
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording

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
        scales = scales_of(run, levels, options.headroom, substrate)
        self._rounding = Rounding(levels, scales, options.rounding, options.seed)
        self.chip = part_on_chip(run, self._rounding.scales)
        check_fits(self.chip, substrate.limits, substrate.name)
        self._learner_name = options.learner or fastest(run)
        self._learner = build_machine(run, self._learner_name, options.precision)
        self._reader = Reader(run, substrate, options.voltage == SAMPLED)
        self.step = 0
        self._trials = 0
        self._now = {index: self._at_start(index) for index in
                     (*run.of_kind(SpikingCells), *run.of_kind(Readouts))}
        self._on_chip: dict[int, np.ndarray] | None = None
        self._rounded_at: int | None = None     # the first trial of these weights
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
        check_recordings(recordings, self.network)
        self.check_inputs_for_chip(inputs, steps)
        for readouts in self.network.of_kind(Readouts).values():
            check_target_reaches(readouts, start + steps)
        taken = [TrialRecord(each) for each in recordings]
        for _ in range(steps // self._length):
            trial = self._trial(inputs)
            if learning:
                self.learn(trial.activity(self._run_network), update)
            for each in taken:
                each.take(trial, self.step, self._length)
            self.step += self._length
            self._trials += 1
            self._now = trial.last()
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

    def _trial(self, inputs: Inputs) -> Trial:
        """One trial on the substrate, and what follows from it here."""
        length, network = self._length, self._run_network
        sources = {}
        for index in network.of_kind(Sources):
            steps, cells = inputs.spikes.get(index, (np.zeros(0, int), np.zeros(0, int)))
            low, high = np.searchsorted(steps, [self.step, self.step + length])
            sources[index] = (np.asarray(steps[low:high]) - self.step, np.asarray(cells[low:high]))
        weights = {index: self._learner.weights(index) for index in range(len(network.projections))}
        weights |= self._send_weights()
        place = {index: number for number, index in enumerate(self.chip.populations)}
        with calling(self.substrate, f"trial {self._trials}"):
            measured = self.substrate.trial(
                {place[index]: each for index, each in sources.items() if index in place},
                length, self._trials, self._reader.sampled)
        biases = {index: self._learner.bias(index) for index in network.of_kind(Readouts)}
        return self._reader.trial(measured, place, sources, weights, biases, self.step,
                                  self._trials)

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
        self._reader.configure(index, run)
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
        for label, count in self._reader.missing.items():
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
