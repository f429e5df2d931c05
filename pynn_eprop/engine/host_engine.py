"""The Python face of the compiled engine."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pynn_eprop.engine import parameters
from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.engine.blocks import Block, split
from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError
from pynn_eprop.models.checks import changes_gradient, check_change, check_inputs, check_network
from pynn_eprop.models.network import (
    Boundary,
    FixedFeedback,
    Inputs,
    LearningSignal,
    Network,
    Population,
    Projection,
    Readouts,
    Recorded,
    Recording,
    Sources,
    SpikingCells,
    StockCells,
    SymmetricFeedback,
)

PRECISIONS = {"float32": lib.EPROP_FLOAT32, "float64": lib.EPROP_FLOAT64}
_VARIABLES = {
    "v": lib.EPROP_V, "a": lib.EPROP_A, "h": lib.EPROP_H, "y": lib.EPROP_Y,
    "learning_signal": lib.EPROP_LEARNING_SIGNAL, "error": lib.EPROP_ERROR,
    "target": lib.EPROP_TARGET, "isyn_exc": lib.EPROP_ISYN_EXC, "isyn_inh": lib.EPROP_ISYN_INH,
}
_POSITION = np.dtype([(name, np.int64) for name in (
    "step", "updates", "s", "pending", "current", "last", "learning", "started")])
_STEPS_WITHOUT_INTERVAL = 256  # the engine's own stretches where nothing learns


def instruction_set() -> str:
    """The instruction set that the engine picked for this processor ("avx2" or "generic")."""
    return str(ffi.string(lib.eprop_instruction_set()).decode())


class HostEngine:
    """Runs a network in compiled C; see :class:`pynn_eprop.engine.machine.Machine`.

    Parameters
    ----------
    network: what to run
    precision: "float32" or "float64"

    Raises :class:`NetworkError` (or a class below it) for an unknown precision or a network whose
    parts do not fit together, :class:`MemoryError` if the network does not fit into memory.
    """

    def __init__(self, network: Network, precision: str = "float32") -> None:
        if precision not in PRECISIONS:
            raise NetworkError(f"precision={precision!r} is unknown; choose one of "
                               f"{sorted(PRECISIONS)}")
        check_network(network)
        self.network = network
        self.precision = precision
        self._blocks: list[list[Block]] = []
        self._first_block: list[int] = []
        for projection in network.projections:
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
            "max_delay": max(delays, default=1),
            "timestep": settings.timestep,
        })), lib.eprop_delete)
        if self._engine == ffi.NULL:
            raise NetworkError(f"settings {settings} cannot be run: the interval, the trials per "
                               "update and the threads must be at least 1")
        for population in network.populations:
            self._add_population(population)
        for projection, blocks in zip(network.projections, self._blocks, strict=True):
            for block in blocks:
                self._add_block(projection, block)
        for signal in network.learning_signals:
            self._add_signal(signal)
        _check(lib.eprop_build(self._engine))

    # --- building ---

    def _add_population(self, population: Population) -> None:
        arrays, dt = parameters.Arrays(), self.network.settings.timestep
        if isinstance(population, Sources):
            status = lib.eprop_add_sources(self._engine, population.size)
        elif isinstance(population, SpikingCells):
            status = lib.eprop_add_spiking_cells(
                self._engine, parameters.spiking_cells(population, dt, arrays))
        elif isinstance(population, Readouts):
            status = lib.eprop_add_readouts(self._engine, parameters.readouts(
                population, dt, self.network.settings.interval_steps, arrays))
        else:
            status = lib.eprop_add_stock_cells(
                self._engine, parameters.stock_cells(population, dt, arrays))
        _check(status)

    def _add_block(self, projection: Projection, block: Block) -> None:
        arrays = parameters.Arrays()
        rows = arrays.integers(block.row_start, 64)
        columns = arrays.integers(block.column)
        fields = {
            "pre": projection.pre, "post": projection.post, "delay": block.delay,
            "inhibitory": projection.inhibitory,
            "weight": arrays.doubles(block.pack(np.asarray(projection.weight, dtype=float))),
            "optimizer": parameters.optimizer(projection.optimizer, projection.w_min,
                                              projection.w_max),
        }
        fields |= ({"hole_row": rows, "hole": columns} if block.dense
                   else {"row_start": rows, "target": columns})
        _check(lib.eprop_add_block(self._engine, ffi.new("eprop_block *", fields)))

    def _add_signal(self, signal: LearningSignal) -> None:
        arrays, feedback = parameters.Arrays(), signal.feedback
        source = self.network.populations[signal.source]
        assert isinstance(source, Readouts)
        fields: dict[str, Any] = {"source": signal.source, "target": signal.target,
                                  "windows": 1, "window_steps": 1}
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
        _check(lib.eprop_add_signal(self._engine, ffi.new("eprop_signal *", fields)))

    # --- running ---

    @property
    def step(self) -> int:
        """Global steps done so far."""
        return int(lib.eprop_step(self._engine))

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        return int(lib.eprop_updates(self._engine))

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True) -> Recorded:
        """Advance by ``steps``; see the Machine interface."""
        start, arrays = self.step, parameters.Arrays()
        check_inputs(inputs, self.network, start, steps)
        spikes = [{"population": index, "spikes": len(times), "step": arrays.integers(times, 64),
                   "cell": arrays.integers(cells)}
                  for index, (times, cells) in inputs.spikes.items()]
        currents = [{"population": index, "current": arrays.doubles(given)}
                    for index, given in inputs.currents.items()]
        of_cells = sorted({r.population for r in recordings if r.variable == "spikes"
                           and not isinstance(self.network.populations[r.population], Sources)})
        samples: dict[int, np.ndarray] = {}
        samplings = []
        for number, recording in enumerate(recordings):
            if recording.variable in ("spikes", "loss"):
                continue
            rows = (start + steps) // recording.every - start // recording.every
            samples[number] = np.empty((rows, len(recording.cells)))
            samplings.append({
                "population": recording.population, "variable": self._variable(recording),
                "cells": len(recording.cells), "every": recording.every,
                "cell": arrays.integers(recording.cells),
                "out": arrays.keep(ffi.from_buffer("double[]", samples[number],
                                                   require_writable=True)),
            })
        stretch = ffi.new("eprop_stretch *", {
            "steps": steps, "learning": learning,
            "samplings": len(samplings),
            "sampling": arrays.keep(ffi.new("eprop_sampling[]", samplings)),
            "spike_inputs": len(spikes),
            "spike_input": arrays.keep(ffi.new("eprop_spike_input[]", spikes)),
            "current_inputs": len(currents),
            "current_input": arrays.keep(ffi.new("eprop_current_input[]", currents)),
            "spike_recordings": len(of_cells),
            "spike_recording": arrays.integers(of_cells),
        })
        _check(lib.eprop_run(self._engine, stretch))
        return Recorded(tuple(
            samples[number] if number in samples
            else self._losses(recording.population) if recording.variable == "loss"
            else self._spikes(recording, of_cells, inputs, start, start + steps)
            for number, recording in enumerate(recordings)))

    def _variable(self, recording: Recording) -> int:
        population = self.network.populations[recording.population]
        if recording.variable not in _recordable(population):
            raise NetworkError(f"{population.label} has no variable {recording.variable!r} to "
                               f"record; choose one of {_recordable(population)}")
        return int(_VARIABLES[recording.variable])

    def _losses(self, population: int) -> np.ndarray:
        out = ffi.new("double **")
        count = lib.eprop_losses(self._engine, population, out)
        if count == 0 or self.network.settings.interval_steps is None:
            return np.zeros(0)
        return np.frombuffer(ffi.buffer(out[0], count * 8)).copy()

    def _spikes(self, recording: Recording, of_cells: list[int], inputs: Inputs, start: int,
                end: int) -> tuple[np.ndarray, np.ndarray]:
        """Each spike once over a sequence of stretches, as in the reference."""
        index, size = recording.population, self.network.populations[recording.population].size
        if index in of_cells:
            step_out, cell_out = ffi.new("int64_t **"), ffi.new("int32_t **")
            count = lib.eprop_spikes(self._engine, of_cells.index(index), step_out, cell_out)
            step, cell = np.zeros(0, np.int64), np.zeros(0, np.int32)
            if count:
                step = np.frombuffer(ffi.buffer(step_out[0], count * 8), np.int64).copy()
                cell = np.frombuffer(ffi.buffer(cell_out[0], count * 4), np.int32).copy()
        else:
            step, cell = inputs.spikes.get(index, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
            taken = (step > start) | (step == 0)
            step, cell = step[taken & (step <= end)], cell[taken & (step <= end)]
        if len(recording.cells) < size:
            wanted = np.zeros(size, dtype=bool)
            wanted[recording.cells] = True
            step, cell = step[wanted[cell]], cell[wanted[cell]]
        return step, cell

    # --- reading and setting ---

    def _of_blocks(self, projection: int, read: Any) -> np.ndarray:
        out = np.zeros(len(self.network.projections[projection].weight))
        for number, block in enumerate(self._blocks[projection], self._first_block[projection]):
            values = np.zeros(block.size)
            _check(read(self._engine, number, ffi.from_buffer("double[]", values)))
            block.unpack(values, out)
        return out

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        return self._of_blocks(projection, lib.eprop_get_weights)

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays.

        Raises :class:`SimulationError` within an update, if learning signals mirror the weights.
        """
        mirrored = any(isinstance(signal.feedback, SymmetricFeedback)
                       and signal.feedback.projection == projection
                       for signal in self.network.learning_signals)
        if mirrored and self._update_in_progress():
            raise SimulationError(f"{self.network.projections[projection].label}: symmetric "
                                  "feedback follows these weights; replace them between updates")
        values = np.broadcast_to(np.asarray(weight, dtype=float),
                                 self.network.projections[projection].weight.shape)
        for number, block in enumerate(self._blocks[projection], self._first_block[projection]):
            packed = block.pack(values)
            _check(lib.eprop_set_weights(self._engine, number,
                                         ffi.from_buffer("double[]", packed)))

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
        if not isinstance(described, Readouts):
            raise NetworkError(f"{described.label} has no bias; only readouts do")
        out = np.zeros(described.size)
        _check(read(self._engine, population, ffi.from_buffer("double[]", out)))
        return out

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        return self._of_readouts(population, lib.eprop_get_bias)

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        return self._of_readouts(population, lib.eprop_get_bias_gradient)

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable now, shape (size,); at an interval's end, as it was before the reset."""
        described = self.network.populations[population]
        out = np.zeros(described.size)
        status = lib.EPROP_BAD_ARGUMENT
        if variable in ("v", "a", "y", "isyn_exc", "isyn_inh"):
            status = lib.eprop_sample(self._engine, population, _VARIABLES[variable],
                                      ffi.from_buffer("double[]", out))
        if status == lib.EPROP_BAD_ARGUMENT:
            raise NetworkError(f"{described.label} has no state variable {variable!r}")
        _check(status)
        return out

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays.

        Raises :class:`NetworkError` for another kind or number of cells, and
        :class:`SimulationError` within an update, where the gradient would mix old and new.
        """
        population, arrays = network.populations[index], parameters.Arrays()
        before = self.network.populations[index]
        check_change(before, population)
        check_network(network)
        if changes_gradient(before, population) and self._update_in_progress():
            raise SimulationError(f"{before.label}: parameters that the gradient depends on can "
                                  "change between updates only, not within one")
        dt, interval = self.network.settings.timestep, self.network.settings.interval_steps
        if isinstance(population, SpikingCells):
            _check(lib.eprop_set_spiking_cells(
                self._engine, index, parameters.spiking_cells(population, dt, arrays)))
        elif isinstance(population, Readouts):
            _check(lib.eprop_set_readouts(
                self._engine, index, parameters.readouts(population, dt, interval, arrays)))
        elif isinstance(population, StockCells):
            _check(lib.eprop_set_stock_cells(
                self._engine, index, parameters.stock_cells(population, dt, arrays)))
        self.network = network

    def _update_in_progress(self) -> bool:
        """Whether steps were done that the next update will learn from."""
        position = np.zeros(_POSITION.itemsize, dtype=np.uint8)
        next(self._state_entries())
        _check(lib.eprop_state_read(self._engine, 0, ffi.from_buffer(position)))
        now = position.view(_POSITION)[0]
        return bool(now["pending"] or (now["s"] and now["learning"]))

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to go on identically."""
        entries: dict[str, np.ndarray] = {}
        for number, (name, size) in enumerate(self._state_entries()):
            entries[name] = np.zeros(size, dtype=np.uint8)
            _check(lib.eprop_state_read(self._engine, number, ffi.from_buffer(entries[name])))
        return entries

    def _state_entries(self) -> Iterator[tuple[str, int]]:
        """Name and size in bytes of each entry of the state."""
        name, size = ffi.new("char[64]"), ffi.new("int64_t *")
        number = 0
        while lib.eprop_state_entry(self._engine, number, name, size):
            yield ffi.string(name).decode(), size[0]
            number += 1

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what :meth:`state` gave.

        Raises :class:`CheckpointError` if it came from another network or precision.
        """
        for name, data in state.items():
            data = np.ascontiguousarray(data, dtype=np.uint8)
            status = lib.eprop_state_write(self._engine, name.encode(), data.size,
                                           ffi.from_buffer(data))
            if status == lib.EPROP_BAD_ARGUMENT:
                raise CheckpointError(f"the entry {name!r} of the checkpoint does not fit this "
                                      f"network in {self.precision}")
            _check(status)
        missing = [name for name, _ in self._state_entries() if name not in state]
        if missing:
            raise CheckpointError(f"the checkpoint has no entry {missing[0]!r}, which this "
                                  "network needs")


def _recordable(population: Population) -> tuple[str, ...]:
    if isinstance(population, SpikingCells):
        return ("spikes", "v", "h", "learning_signal", *(("a",) if population.adaptive else ()))
    if isinstance(population, Readouts):
        return ("y", "error", "target", "loss")
    if isinstance(population, StockCells):
        return ("spikes", "v", *(("isyn_exc", "isyn_inh") if population.exponential else ()))
    return ("spikes",)


def _check(status: int) -> None:
    """Turn a status of the engine into an exception."""
    if status == lib.EPROP_NO_MEMORY:
        raise MemoryError("the network does not fit into memory")
    if status == lib.EPROP_TARGET_ENDED:
        raise SimulationError("a target of the whole run ends before this run does; "
                              "give one that is long enough")
    if status != lib.EPROP_OK:
        raise SimulationError(f"the engine refused an argument (status {status})")
