"""The Python face of the compiled engine."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.engine import parameters, records
from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.engine.blocks import Block, split
from pynn_eprop.engine.own_steps import OwnSteps
from pynn_eprop.engine.range_report import engine_report, saturations
from pynn_eprop.engine.succession import POSITION, Successor
from pynn_eprop.engine.variables import VARIABLES, check
from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError
from pynn_eprop.fixed.formats import (
    Formats,
    check_replaced,
    check_values,
    check_weights,
    choose_formats,
)
from pynn_eprop.models.activity import (
    Activity,
    check_activity,
    check_gradients,
    check_no_update_in_progress,
)
from pynn_eprop.models.cells import Population, Readouts, SpikingCells
from pynn_eprop.models.checks import (
    check_change,
    check_gradient,
    check_inputs,
    check_mirrored,
    check_network,
    check_recordings,
    check_traces,
    is_mirrored,
)
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import (
    Boundary,
    FixedFeedback,
    Inputs,
    LearningSignal,
    Network,
    Projection,
    Recorded,
    Recording,
    SymmetricFeedback,
)
from pynn_eprop.models.optimizers import Adam, Optimizer
from pynn_eprop.models.optimizers.kernels import kernel_fields
from pynn_eprop.models.range_report import RangeReport

PRECISIONS = {"float32": lib.EPROP_FLOAT32, "float64": lib.EPROP_FLOAT64,
              "fixed": lib.EPROP_FIXED}
_STEPS_WITHOUT_INTERVAL = 256  # length of the engine's own stretches if nothing learns


def instruction_set() -> str:
    """The instruction set that new engines use: "avx512", "avx2" or "generic"."""
    return str(ffi.string(lib.eprop_instruction_set()).decode())


class HostEngine(Successor):
    """Runs a network in compiled C; see :class:`pynn_eprop.in_process.machine.Machine`.

    Parameters
    ----------
    network: the network to run
    precision: "float32", "float64" or "fixed" (the numbers that a SpiNNaker core computes)
    fixed_point: formats to be used rather than chosen from the network; "fixed" only
    held: formats of weights taken over from another machine, see :func:`choose_formats`
    tile_width: cells whose traces are filtered together, at least (0: chosen by fan-out and size);
        results do not depend on it

    Raises :class:`NetworkError` for an unknown precision, parts that do not fit together or
    weights that no format holds, :class:`UnsupportedError` for parts that fixed point does not
    offer.
    """

    def __init__(self, network: Network, precision: str = "float32",
                 fixed_point: FixedPoint | None = None, held: Formats | None = None,
                 tile_width: int = 0) -> None:
        if precision not in PRECISIONS:
            raise NetworkError(f"precision={precision!r} is unknown; choose one of "
                               f"{sorted(PRECISIONS)}")
        kinds = parameters.FIXED_KINDS if precision == "fixed" else parameters.FLOAT_KINDS
        kinds.check_network(network)
        check_network(network)
        self.network = network
        self.precision = precision
        self._own_steps = OwnSteps(network)
        self.formats: Formats | None = None
        if precision == "fixed":
            self.formats = choose_formats(network, fixed_point, held)
        elif fixed_point is not None:
            raise NetworkError(f"precision={precision!r} has no formats to choose; "
                               "fixed_point is for precision='fixed'")
        self._indices = parameters.Arrays()     # which the engine reads as long as it lives
        self._blocks: list[list[Block]] = []
        self._first_block: list[int] = []
        for readouts in network.of_kind(Readouts).values():
            self._check_optimizer(readouts.label, readouts.bias_optimizer)
        for projection in network.projections:
            self._check_optimizer(projection.label, projection.optimizer)
            self._check_range(projection, projection.weight)
            blocks = split(projection, network.populations[projection.pre].size,
                           network.populations[projection.post].size)
            self._first_block.append(sum(len(earlier) for earlier in self._blocks))
            self._blocks.append(blocks)
        settings, interval = network.settings, network.settings.interval_steps
        delays = [block.delay for blocks in self._blocks for block in blocks]
        self._engine = ffi.gc(lib.eprop_new(PRECISIONS[precision], ffi.new("eprop_settings *", {
            "interval_steps": interval or _STEPS_WITHOUT_INTERVAL,
            "trials_per_update": settings.trials_per_update,
            "continuous": interval is None or settings.boundary == Boundary.CONTINUOUS,
            "learns": interval is not None,
            "threads": settings.threads,
            "tile_width": tile_width,
            "max_delay": max(delays, default=1),
            "timestep": settings.timestep,
            "outside_step": lib.eprop_step_in_python if self._own_steps else ffi.NULL,
            "outside_context": self._own_steps.handle,
        })), lib.eprop_delete)
        if self._engine == ffi.NULL:
            if min(interval or 1, settings.trials_per_update, settings.threads) >= 1:
                check(lib.EPROP_NO_MEMORY)
            raise NetworkError(f"{settings}: steps, trials and threads must be at least 1, "
                               "as interval_steps, trials_per_update and threads")
        for index, population in enumerate(network.populations):
            self._add_population(index, population)
        for index, (projection, blocks) in enumerate(
                zip(network.projections, self._blocks, strict=True)):
            for block in blocks:
                self._add_block(index, projection, block)
        for index, signal in enumerate(network.learning_signals):
            self._add_signal(index, signal)
        check(lib.eprop_build(self._engine))

    # --- building ---

    def _bits(self, what: str, index: int) -> int:
        return getattr(self.formats, f"{what}_bits")[index] if self.formats else 0

    def _add_population(self, index: int, population: Population) -> None:
        kind, given = parameters.KINDS[type(population)], self._given(index)
        check(kind.add(self._engine, kind.structure(population, given)))

    def _given(self, index: int) -> parameters.Given:
        settings = self.network.settings
        return parameters.Given(settings.timestep, settings.interval_steps is not None,
                                parameters.Arrays(), self._bits("signal", index))

    def _add_block(self, index: int, projection: Projection, block: Block) -> None:
        arrays = parameters.Arrays()
        rows = self._indices.integers(block.row_start, 64)
        columns = self._indices.integers(block.column)
        fields = {
            "pre": projection.pre, "post": projection.post, "delay": block.delay,
            "inhibitory": projection.inhibitory,
            "weight": arrays.doubles(block.pack(np.asarray(projection.weight, dtype=float))),
            "optimizer": kernel_fields(projection.optimizer, projection.w_min, projection.w_max),
            "weight_bits": self._bits("weight", index),
            **parameters.traces(projection, self.network, self._bits("factor", projection.post)),
        }
        fields |= ({"hole_row": rows, "hole": columns} if block.dense
                   else {"row_start": rows, "target": columns})
        check(lib.eprop_add_block(self._engine, ffi.new("eprop_block *", fields)))

    def _add_signal(self, index: int, signal: LearningSignal) -> None:
        arrays, feedback = parameters.Arrays(), signal.feedback
        source = self.network.populations[signal.source]
        fields: dict[str, Any] = {"source": signal.source, "target": signal.target,
                                  "windows": 1, "window_steps": 1,
                                  "weight_bits": self._bits("feedback", index)}
        if isinstance(feedback, SymmetricFeedback):
            first, count = (self._first_block[feedback.projection],
                            len(self._blocks[feedback.projection]))
            size = source.size * self.network.populations[signal.target].size
            fields |= {"symmetric_blocks": count, "weight": arrays.doubles(0.0, size),
                       "symmetric_block": arrays.integers(np.arange(first, first + count))}
        else:
            weight = np.asarray(feedback.weight, dtype=float)
            if isinstance(feedback, FixedFeedback):
                weight = weight[np.newaxis]
            else:
                fields["window_steps"] = feedback.window_steps
            fields |= {"windows": len(weight),
                       "weight": arrays.doubles(weight.transpose(0, 2, 1))}
        check(lib.eprop_add_signal(self._engine, ffi.new("eprop_signal *", fields)))

    # --- running ---

    @property
    def path(self) -> str:
        """"small" for networks whose cells fit a few registers, else "general"; equal results."""
        return str(ffi.string(lib.eprop_path(self._engine)).decode())

    @property
    def step(self) -> int:
        """Global steps done so far."""
        return int(lib.eprop_step(self._engine))

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        return int(lib.eprop_updates(self._engine))

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by ``steps``; see the Machine interface."""
        start, arrays = self.step, parameters.Arrays()
        check_inputs(inputs, self.network, start, steps)
        check_recordings(recordings, self.network)
        if self.formats:
            for index, given in inputs.values.items():
                check_values(self.network.populations[index].label,
                             float(np.max(np.abs(given), initial=0.0)),
                             self.formats.signal_bits[index])
        spikes = [{"population": index, "spikes": len(times), "step": arrays.integers(times, 64),
                   "cell": arrays.integers(cells)}
                  for index, (times, cells) in inputs.spikes.items()]
        currents = [{"population": index, "current": arrays.doubles(given)}
                    for index, given in inputs.currents.items()]
        values = [{"population": index, "value": arrays.doubles(given)}
                  for index, given in inputs.values.items()]
        of_cells = sorted({r.population for r in recordings if r.variable == "spikes"
                           and not self.network.populations[r.population].from_outside})
        samples: dict[int, np.ndarray] = {}
        samplings = []
        for number, recording in enumerate(recordings):
            if recording.variable in ("spikes", "loss"):
                continue
            rows = (start + steps) // recording.every - start // recording.every
            if recording.variable == "value":
                samples[number] = inputs.recorded_values(recording, start, steps)
                continue
            samples[number] = np.empty((rows, len(recording.cells)))
            samplings.append({
                "population": recording.population, "variable": self._variable(recording),
                "cells": len(recording.cells), "every": recording.every,
                "cell": arrays.integers(recording.cells),
                "out": arrays.keep(ffi.from_buffer("double[]", samples[number],
                                                   require_writable=True)),
            })
        stretch = ffi.new("eprop_stretch *", {
            "steps": steps, "learning": learning, "hold": not update,
            "samplings": len(samplings),
            "sampling": arrays.keep(ffi.new("eprop_sampling[]", samplings)),
            "spike_inputs": len(spikes),
            "spike_input": arrays.keep(ffi.new("eprop_spike_input[]", spikes)),
            "current_inputs": len(currents),
            "current_input": arrays.keep(ffi.new("eprop_current_input[]", currents)),
            "value_inputs": len(values),
            "value_input": arrays.keep(ffi.new("eprop_value_input[]", values)),
            "spike_recordings": len(of_cells),
            "spike_recording": arrays.integers(of_cells),
            "lengths": ffi.NULL if inputs.lengths is None else arrays.integers(inputs.lengths),
        })
        self._run(lib.eprop_run, stretch)
        return Recorded(tuple(
            samples[number] if number in samples
            else records.losses(self._engine, recording.population, self.network)
            if recording.variable == "loss"
            else records.spikes(self._engine, recording, self.network, of_cells, inputs, start,
                                start + steps)
            for number, recording in enumerate(recordings)))

    def _run(self, run: Any, *arguments: Any) -> None:
        """Call a function that may end an update.

        Raises the errors of optimisers' own steps; then nothing has happened.
        """
        before = self.state() if self._own_steps else {}
        self._own_steps.may_step(self)
        try:
            status = run(self._engine, *arguments)
        finally:
            self._own_steps.may_step(None)
        if self._own_steps.failure is not None:
            self.restore(before)
            raise self._own_steps.failure
        check(status)

    def _variable(self, recording: Recording) -> int:
        population = self.network.populations[recording.population]
        if recording.variable not in population.recordable():
            raise NetworkError(f"{population.label} has no variable {recording.variable!r} to "
                               f"record; choose one of {population.recordable()}")
        return int(VARIABLES[recording.variable])

    # --- learning on its own ---

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere; see the Machine interface."""
        check_activity(trial, self.network)
        arrays, settings = parameters.Arrays(), self.network.settings
        if settings.boundary == Boundary.CONTINUOUS or self.step % (settings.interval_steps or 1) \
                or not all(each.resets for each in self.network.populations):
            raise SimulationError("learn(): only between intervals, with boundary 'reset', and in "
                                  "a network without cells that carry on over their ends")
        spikes = [{"population": index, "spikes": len(steps), "step": arrays.integers(steps, 64),
                   "cell": arrays.integers(cells)}
                  for index, (steps, cells) in trial.spikes.items()]
        values = [{"population": index, "values": arrays.doubles(rows)}
                  for index, rows in (*trial.slope.items(), *trial.error.items(),
                                      *trial.values.items())]
        potentials = [{"population": index, "values": arrays.doubles(rows)}
                      for index, rows in trial.potential.items()]
        self._run(lib.eprop_learn, ffi.new("eprop_trial *", {
            "hold": not update, "spike_lists": len(spikes), "value_lists": len(values),
            "potential_lists": len(potentials),
            "potential_list": arrays.keep(ffi.new("eprop_trial_values[]", potentials)),
            "spike_list": arrays.keep(ffi.new("eprop_spike_input[]", spikes)),
            "value_list": arrays.keep(ffi.new("eprop_trial_values[]", values))}))

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers; see the Machine interface."""
        check_gradients(self.network, gradients, bias_gradients)
        check_no_update_in_progress(self._update_in_progress())
        for projection, values in (gradients or {}).items():
            for number, block in enumerate(self._blocks[projection], self._first_block[projection]):
                packed = np.ascontiguousarray(block.pack(np.asarray(values, dtype=float)))
                check(lib.eprop_set_gradient(self._engine, number,
                                             ffi.from_buffer("double[]", packed)))
        for population, values in (bias_gradients or {}).items():
            array = np.array(values, dtype=float)
            check(lib.eprop_set_bias_gradient(self._engine, population,
                                              ffi.from_buffer("double[]", array)))
        self._run(lib.eprop_apply)

    # --- reading and setting ---

    def _of_blocks(self, projection: int, read: Any) -> np.ndarray:
        out = np.zeros(len(self.network.projections[projection].weight))
        for number, block in enumerate(self._blocks[projection], self._first_block[projection]):
            values = np.zeros(block.size)
            check(read(self._engine, number, ffi.from_buffer("double[]", values)))
            block.unpack(values, out)
        return out

    def _check_range(self, projection: Projection, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` for weights that float32 cannot hold."""
        largest = float(np.max(np.abs(weight), initial=0.0))
        if self.precision == "float32" and largest > float(np.finfo(np.float32).max):
            raise NetworkError(f"{projection.label}: the weight {largest:g} is beyond what "
                               "precision='float32' holds; scale it down, or use 'float64'")

    def _check_optimizer(self, label: str, optimizer: Optimizer | None) -> None:
        """Raise :class:`NetworkError` for an eps that is 0 in float32, which divides 0 by 0."""
        if self.precision == "float32" and isinstance(optimizer, Adam) \
                and np.float32(optimizer.eps) == 0.0:
            raise NetworkError(f"{label}: Adam's eps={optimizer.eps:g} is 0 in "
                               "precision='float32'; take a larger one, or 'float64'")

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        return self._of_blocks(projection, lib.eprop_get_weights)

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        self.write_weights(projection, weight)

    def write_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace weights that are known to fit, also within an update."""
        values = np.broadcast_to(np.asarray(weight, dtype=float),
                                 self.network.projections[projection].weight.shape)
        for number, block in enumerate(self._blocks[projection], self._first_block[projection]):
            packed = np.ascontiguousarray(block.pack(values))
            check(lib.eprop_set_weights(self._engine, number,
                                         ffi.from_buffer("double[]", packed)))

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Check weights before they are set.

        Raises :class:`SimulationError` within an update, if learning signals mirror the weights,
        and :class:`NetworkError` for weights that the number system cannot hold.
        """
        check_mirrored(self.network.projections[projection].label,
                       is_mirrored(self.network, projection), self._update_in_progress())
        values = np.broadcast_to(np.asarray(weight, dtype=float),
                                 self.network.projections[projection].weight.shape)
        self._check_range(self.network.projections[projection], values)
        if self.formats:
            check_weights(self.network.projections[projection], values,
                          self.formats.weight_bits[projection])

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,).

        Raises :class:`NetworkError` for a projection that does not learn.
        """
        described = self.network.projections[projection]
        if described.optimizer is None:
            raise NetworkError(f"{described.label} has no gradient: it has no optimizer")
        return self._of_blocks(projection, lib.eprop_get_gradient)

    def _of_readouts(self, population: int, read: Any) -> np.ndarray:
        described = self.network.populations[population]
        if population not in self.network.of_kind(Readouts):
            raise NetworkError(f"{described.label} has no bias; only readouts do")
        out = np.zeros(described.size)
        check(read(self._engine, population, ffi.from_buffer("double[]", out)))
        return out

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        return self._of_readouts(population, lib.eprop_get_bias)

    def write_bias(self, population: int, bias: np.ndarray) -> None:
        """Replace biases that are known to fit, also within an update."""
        check(lib.eprop_set_bias(self._engine, population, ffi.from_buffer("double[]", bias)))

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        return self._of_readouts(population, lib.eprop_get_bias_gradient)

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first updates without spikes, and without pseudo-derivative; see the interface."""
        found: dict[Inactivity, None] = {}
        entries = ffi.new("eprop_inactivity[2]")
        for index in self.network.of_kind(SpikingCells):
            check(lib.eprop_get_inactivity(self._engine, index, entries, entries + 1))
            known = index not in self.network.slopeless_posts
            found |= {Inactivity(index, entry.update, entry.spikes,
                                 bool(entry.sloped) if known else None): None
                      for entry in entries if entry.update}
        return tuple(found)

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable now, shape (size,); at an interval's end, as it was before the reset."""
        described = self.network.populations[population]
        out = np.zeros(described.size)
        status = lib.EPROP_BAD_ARGUMENT
        if variable in ("v", "a", "y", "isyn_exc", "isyn_inh"):
            status = lib.eprop_sample(self._engine, population, VARIABLES[variable],
                                      ffi.from_buffer("double[]", out))
        if status == lib.EPROP_BAD_ARGUMENT:
            raise NetworkError(f"{described.label} has no state variable {variable!r}")
        check(status)
        return out

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays.

        Raises as :meth:`check_population`.
        """
        self.check_population(index, network)
        population, given = network.populations[index], self._given(index)
        kind = parameters.KINDS[type(population)]
        check(kind.replace(self._engine, index, kind.structure(population, given)))
        self.network = network

    def check_population(self, index: int, network: Network) -> None:
        """Check new parameters of a population before they are taken.

        Raises :class:`NetworkError` for another kind or number of cells, for values that the
        number system cannot hold, and :class:`SimulationError` within an update, if the
        gradient would mix old and new.
        """
        before, population = self.network.populations[index], network.populations[index]
        check_change(before, population)
        check_network(network)
        if self.formats:
            check_replaced(before, network, index, self.formats)
        check_gradient(before, population, self._update_in_progress())
        check_traces(before, population, network, self.step)

    def _update_in_progress(self) -> bool:
        """Whether steps were done that the next update will learn from."""
        position = np.zeros(POSITION.itemsize, dtype=np.uint8)
        next(self._state_entries())
        check(lib.eprop_state_read(self._engine, 0, ffi.from_buffer(position)))
        now = position.view(POSITION)[0]
        return bool(now["pending"] or (now["s"] and now["learning"]))

    def saturated(self, what: int, index: int) -> int:
        """How many values of a population, or of a projection, saturated."""
        if what < lib.EPROP_GRADIENT:
            return int(lib.eprop_saturated(self._engine, what, index))
        return sum(int(lib.eprop_saturated(self._engine, what, self._first_block[index] + block))
                   for block in range(len(self._blocks[index])))

    def range_report(self) -> RangeReport | None:
        """Resolution, limits and losses of the formats so far; None in floating point."""
        return engine_report(self) if self.formats else None

    def saturations(self) -> tuple[str, ...]:
        """A sentence for each part that saturated so far; empty in floating point."""
        return saturations(self) if self.formats else ()

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue identically."""
        entries: dict[str, np.ndarray] = {}
        for number, (name, size) in enumerate(self._state_entries()):
            entries[name] = np.zeros(size, dtype=np.uint8)
            check(lib.eprop_state_read(self._engine, number, ffi.from_buffer(entries[name])))
        return entries | self._own_steps.state()

    def _state_entries(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of each entry of the state."""
        name, size = ffi.new("char[64]"), ffi.new("int64_t *")
        number = 0
        while (found := lib.eprop_state_entry(self._engine, number, name, size)) > 0:
            yield ffi.string(name).decode(), size[0]
            number += 1
        check(lib.EPROP_NO_MEMORY if found < 0 else lib.EPROP_OK)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state that :meth:`state` returned.

        Raises :class:`CheckpointError` if it came from another network or precision.
        """
        for name, data in self._own_steps.restore(state).items():
            data = np.ascontiguousarray(data, dtype=np.uint8)
            status = lib.eprop_state_write(self._engine, name.encode(), data.size,
                                           ffi.from_buffer(data))
            if status == lib.EPROP_BAD_ARGUMENT:
                raise CheckpointError(f"the entry {name!r} of the checkpoint does not fit this "
                                      f"network in {self.precision}")
            check(status)
        self._own_steps.check_complete(state)
        missing = [name for name, _ in self._state_entries() if name not in state]
        if missing:
            raise CheckpointError(f"the checkpoint has no entry {missing[0]!r}, which this "
                                  "network needs")
