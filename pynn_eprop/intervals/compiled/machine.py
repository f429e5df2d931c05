"""The compiled machine for learning in intervals."""

from typing import Any

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.intervals.compiled._intervals import ffi, lib
from pynn_eprop.intervals.compiled.memory import bytes_needed, check_memory
from pynn_eprop.intervals.compiled.settings import PRECISIONS, settings, useful_threads
from pynn_eprop.intervals.learning import IntervalLearning, IntervalOptimizer
from pynn_eprop.intervals.network import LSTM, SOFTMAX, Arrays, UnitNetwork, check_parameters
from pynn_eprop.intervals.rules import Signal, Traces
from pynn_eprop.intervals.states import (
    COUNTS,
    DESCRIPTION,
    SQUARES,
    check_state,
    description,
)
from pynn_eprop.intervals.steps import as_arrays, check_steps, check_training
from pynn_eprop.models.optimizers import Adam

_NETWORK = {"weights": lib.IV_WEIGHTS, "readout": lib.IV_READOUT,
            "readout_bias": lib.IV_READOUT_BIAS, "embedding": lib.IV_EMBEDDING}
_MODULE = {"hidden": lib.IV_HIDDEN, "hidden_bias": lib.IV_HIDDEN_BIAS, "output": lib.IV_OUTPUT,
           "output_bias": lib.IV_OUTPUT_BIAS}
_MOMENTS = {"m": lib.IV_FIRST_MOMENT, "v": lib.IV_SECOND_MOMENT}


def instruction_set() -> str:
    """The build that is picked on this processor: "avx512", "avx2" or "generic"."""
    return str(ffi.string(lib.iv_instruction_set()).decode())


class CompiledMachine:
    """C kernels on the processor; see :class:`~pynn_eprop.intervals.machine.IntervalMachine`.

    Results do not depend on threads. They are the same bits on all processors with AVX2 and FMA;
    on others the last ones differ. A machine is used by one thread of Python at a time; others run
    while it learns. Raises :class:`ParameterError` for weights that do not fit,
    :class:`SetupError` if memory does not suffice.
    """

    def __init__(self, network: UnitNetwork, learning: IntervalLearning, parameters: Arrays,
                 seed: int, precision: str = "float32", threads: int = 1) -> None:
        if precision not in PRECISIONS:
            raise SetupError(f"precision={precision!r} is unknown; choose one of "
                             f"{list(PRECISIONS)}")
        check_parameters(network, parameters, precision)
        self.network, self.learning, self.precision = network, learning, precision
        self.threads = useful_threads(network, learning, threads)
        self._type = np.dtype(precision)
        self._steps = learning.interval
        check_memory(network, learning, self._steps, precision, threads)
        given = settings(network, learning, threads)
        self._machine = ffi.gc(lib.iv_new(PRECISIONS[precision], given), lib.iv_delete)
        if self._machine == ffi.NULL:
            raise self._no_memory()
        self._layout = _layout(network, learning)
        self.set_parameters(parameters)
        if learning.module is not None:
            for name, values in learning.module.first_parameters(network, seed).items():
                self._write(_MODULE[name], values)
        if learning.rule.signal is Signal.RANDOM:
            self._write(lib.IV_FEEDBACK, network.random_feedback())

    @property
    def updates(self) -> int:
        """Updates of the network's weights so far."""
        return int(self._counts().updates)

    def start(self) -> None:
        """Begin new sequences."""
        lib.iv_start(self._machine)

    def train(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray,
              last: bool = True, rate: float = 1.0) -> float:
        """Run and learn; see the protocol.

        Raises :class:`SimulationError` for arrays that do not fit, a rate that is not a finite
        number >= 0, or steps that are not whole intervals with last=False; :class:`SetupError` if
        memory does not suffice for a longer sequence.
        """
        inputs, targets, active = as_arrays(inputs=inputs, targets=targets, active=active)
        check_training(self.learning, len(inputs), last, rate)
        steps, _kept = self._given(inputs, targets, active)
        steps.last, steps.rate = last, rate
        if self.learning.rule.whole:
            self._make_room(len(inputs))
        error = ffi.new("double *")
        if lib.iv_train(self._machine, steps, error) != lib.IV_OK:
            raise self._no_memory()
        return float(error[0])

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray) -> float:
        """The error, without learning; see the protocol. Raises :class:`SimulationError`."""
        inputs, targets, active = as_arrays(inputs=inputs, targets=targets, active=active)
        steps, _kept = self._given(inputs, targets, active)
        return self._run(steps, ffi.NULL, ffi.NULL)

    def outputs(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y and h; see the protocol. Raises :class:`SimulationError`."""
        (inputs,) = as_arrays(inputs=inputs)
        steps, _kept = self._given(inputs, None, None)
        y = np.empty((len(inputs), self.learning.batch, self.network.outputs), self._type)
        h = np.empty((len(inputs), self.learning.batch, self.network.units), self._type)
        self._run(steps, ffi.from_buffer(y), ffi.from_buffer(h))
        return y, h

    def parameters(self) -> Arrays:
        """The network's weights, float64 copies by name."""
        return {name: self._read(number, self._layout[name][1]).astype(float)
                for name, number in _NETWORK.items() if name in self._layout}

    def set_parameters(self, parameters: Arrays) -> None:
        """Set the network's weights. Raises :class:`ParameterError`."""
        check_parameters(self.network, parameters, self.precision)
        for name, values in parameters.items():
            self._write(_NETWORK[name], values)

    def state(self) -> Arrays:
        """All that goes on, by name; docs/intervals.md has the list."""
        counts = self._counts()
        return {name: self._read(*entry) for name, entry in self._layout.items()} | {
            COUNTS: np.array([counts.updates, counts.module_updates, counts.has_boundary]),
            SQUARES: np.array([counts.squared_errors, counts.squared_targets]),
            DESCRIPTION: np.array(self._description())}

    def load(self, state: Arrays) -> None:
        """Go on from a state. Raises :class:`CheckpointError`, and changes nothing then."""
        check_state(state, self._description(), {
            name: (shape, self._type) for name, (_, shape) in self._layout.items()})
        for name, (number, _) in self._layout.items():
            self._write(number, state[name])
        updates, module_updates, has_boundary = (int(value) for value in state[COUNTS])
        errors, targets = (float(value) for value in state[SQUARES])
        lib.iv_set_counts(self._machine, ffi.new("iv_counts *", [
            updates, module_updates, has_boundary, errors, targets]))

    def explained(self) -> float:
        """1 - sum of squared errors / sum of squared targets, over boundaries since last asked.

        Both sums are over units and sequences, of dE/dstate and dE/dh together, and targets are
        not reduced by their mean: 0 is what a module that predicts 0 explains. NaN without targets.
        """
        counts = self._counts()
        if counts.squared_targets == 0.0:
            return float("nan")
        explained = 1.0 - counts.squared_errors / counts.squared_targets
        counts.squared_errors = counts.squared_targets = 0.0
        lib.iv_set_counts(self._machine, counts)
        return float(explained)

    # --- inside ---

    def _description(self) -> list[str]:
        return description(self.network, self.learning, self.precision)

    def _counts(self) -> Any:
        counts = ffi.new("iv_counts *")
        lib.iv_get_counts(self._machine, counts)
        return counts

    def _given(self, inputs: np.ndarray, targets: np.ndarray | None, active: np.ndarray | None
               ) -> tuple[Any, list[Any]]:
        """The C structure of steps, and the arrays that it points to."""
        check_steps(self.network, self.learning.batch, inputs, targets, active)
        steps, kept = ffi.new("iv_steps *"), list[Any]()

        def pointer(array: np.ndarray, kind: Any, c_type: str) -> Any:
            kept.append(ffi.from_buffer(c_type, np.ascontiguousarray(array, dtype=kind)))
            return kept[-1]

        steps.steps = len(inputs)
        if self.network.words is not None:
            steps.words = pointer(inputs, np.int32, "int32_t[]")
        else:
            steps.inputs = pointer(inputs, self._type, "char[]")
        if targets is not None and self.network.loss == SOFTMAX:
            steps.classes = pointer(targets, np.int32, "int32_t[]")
        elif targets is not None:
            steps.targets = pointer(targets, self._type, "char[]")
        if active is not None:
            steps.active = pointer(active, np.bool_, "uint8_t[]")
        return steps, kept

    def _run(self, steps: Any, y: Any, h: Any) -> float:
        error = ffi.new("double *")
        if lib.iv_run(self._machine, steps, y, h, error) != lib.IV_OK:
            raise self._no_memory()
        return float(error[0])

    def _make_room(self, steps: int) -> None:
        """Room for an interval of so many steps, if there is memory."""
        if steps <= self._steps:
            return
        held = bytes_needed(self.network, self.learning, self._steps, self.precision,
                            self.threads)
        check_memory(self.network, self.learning, steps, self.precision, self.threads, held)
        if lib.iv_reserve(self._machine, steps) != lib.IV_OK:
            raise self._no_memory()
        self._steps = steps

    def _no_memory(self) -> SetupError:
        return SetupError(f"{self.network.units} units, batch {self.learning.batch}: no memory, "
                          "although as much seemed to be available; make them smaller")

    def _read(self, number: int, shape: tuple[int, ...]) -> np.ndarray:
        values = np.empty(shape, self._type)
        if lib.iv_read(self._machine, number, ffi.from_buffer(values)) != lib.IV_OK:
            raise AssertionError(f"the machine has no array {number}")
        return values

    def _write(self, number: int, values: np.ndarray) -> None:
        kept = np.ascontiguousarray(values, dtype=self._type)
        if lib.iv_write(self._machine, number, ffi.from_buffer(kept)) != lib.IV_OK:
            raise AssertionError(f"the machine has no array {number}")


def _layout(network: UnitNetwork, learning: IntervalLearning
            ) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Numbers and shapes of the arrays of a state, by name."""
    found: dict[str, tuple[int, tuple[int, ...]]] = {}

    def add(name: str, number: int, shape: tuple[int, ...], optimizer: IntervalOptimizer) -> None:
        found[name] = number, shape
        if isinstance(optimizer, Adam):
            found.update({f"{name}.{moment}": (first + number, shape)
                          for moment, first in _MOMENTS.items()})

    for name, shape in network.shapes().items():
        add(name, _NETWORK[name], shape, learning.optimizer)
    cells = learning.batch, network.units
    found |= {"unit.state": (lib.IV_UNIT_STATE, cells), "unit.output": (lib.IV_UNIT_OUTPUT, cells)}
    if learning.module is not None:
        for name, shape in learning.module.shapes(network).items():
            add(f"module.{name}", _MODULE[name], shape, learning.module_optimizer)
        found |= {"boundary.state": (lib.IV_BOUNDARY_STATE, cells),
                  "boundary.output": (lib.IV_BOUNDARY_OUTPUT, cells)}
    if learning.rule.traces is Traces.CARRIED:
        rows = network.units + network.inputs + 1
        found["traces"] = lib.IV_ELIGIBILITY, (
            (learning.batch, 3, network.units, rows) if network.kind == LSTM
            else (learning.batch, rows))
    return found
