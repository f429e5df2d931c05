"""The machine for learning in intervals that computes in JAX."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.functional.compiling import call, memory_of
from pynn_eprop.functional.devices import computing, find_device
from pynn_eprop.intervals.available import available_bytes
from pynn_eprop.intervals.in_jax.gradients import first_state, inputs_of, steps_of
from pynn_eprop.intervals.in_jax.training import (
    BOUNDARY_KNOWN,
    UPDATES,
    evaluate_intervals,
    run_steps,
    train_intervals,
)
from pynn_eprop.intervals.in_jax.units import trace_shape
from pynn_eprop.intervals.learning import IntervalLearning, IntervalOptimizer
from pynn_eprop.intervals.network import Arrays, UnitNetwork, check_parameters
from pynn_eprop.intervals.rules import Traces
from pynn_eprop.intervals.states import (
    COUNTS,
    DESCRIPTION,
    SQUARES,
    check_state,
    description,
)
from pynn_eprop.intervals.steps import as_arrays, check_steps, check_training
from pynn_eprop.models.optimizers import Adam

Tree = Any
_PIECE = 16
"""Steps that are run without learning at a time, and, of whole sequences, what lengths are filled
to: functions are compiled for shapes, and a curriculum would bring ever new ones."""

_FEWEST = 4
"""Intervals that sequences are filled to at least, for the same reason."""

_HINT = "take a smaller batch, fewer units, or precision='float32'"


class JaxMachine:
    """An :class:`~pynn_eprop.intervals.machine.IntervalMachine` on the device that JAX prefers.

    Functions are compiled once for each length of an interval and number of intervals, the latter
    in powers of 2. Raises :class:`SetupError` for a network that does not fit into memory.
    """

    threads = 1

    def __init__(self, network: UnitNetwork, learning: IntervalLearning, parameters: Arrays,
                 seed: int, precision: str = "float32") -> None:
        check_parameters(network, parameters, precision)
        self.network, self.learning = network, learning
        self._precision, self._device = precision, find_device(None)
        self._squares = np.zeros(2)
        check_memory(network, learning, precision)
        module = learning.module
        kept: Tree = {"weights": self._arrays(parameters), **self._beginning(),
                      "counts": np.zeros(3, np.int32)}
        kept["optimizer"] = _moments(learning.optimizer, kept["weights"])
        if module is not None:
            kept["module"] = self._arrays(module.first_parameters(network, seed))
            kept["module_optimizer"] = _moments(learning.module_optimizer, kept["module"])
            kept |= {f"boundary_{name}": np.zeros_like(kept[name])
                     for name in ("state", "output")}
        self._kept = kept

    @property
    def updates(self) -> int:
        """Updates of the network's weights so far."""
        return int(self._kept["counts"][UPDATES])

    def start(self) -> None:
        """Begin new sequences."""
        counts = np.array(self._kept["counts"])
        counts[BOUNDARY_KNOWN] = 0
        self._kept = {**self._kept, **self._beginning(), "counts": counts}

    def train(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray,
              last: bool = True, rate: float = 1.0) -> float:
        """Run and learn from the next steps; see the protocol.

        Raises :class:`SimulationError` for arrays that do not fit, a rate that is not a finite
        number >= 0, or steps that are not whole intervals with last=False.
        """
        inputs, targets, active = as_arrays(inputs=inputs, targets=targets, active=active)
        check_training(self.learning, len(inputs), last, rate)
        check_steps(self.network, self.learning.batch, inputs, targets, active)
        steps, length, rule = len(inputs), self.learning.interval, self.learning.rule
        if rule.whole:
            length = _up_to(steps, _PIECE)
        pieces, count = self._pieces(inputs, targets, active, length, rule.whole)
        kept, error, squares = self._call(
            "learning in intervals", train_intervals, (self.network, self.learning), self._kept,
            pieces, np.int32(count), np.bool_(last), np.asarray(rate, self._precision))
        self._kept = kept
        self._squares = self._squares + np.asarray(squares, float)
        return float(error)

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray) -> float:
        """The error of the next steps, without learning; see the protocol.

        Eligibility traces stay as they are.
        """
        inputs, targets, active = as_arrays(inputs=inputs, targets=targets, active=active)
        check_steps(self.network, self.learning.batch, inputs, targets, active)
        pieces, count = self._pieces(inputs, targets, active, _PIECE)
        end, error = self._call("a run", evaluate_intervals, (self.network,),
                                self._kept["weights"], self._units(), pieces, np.int32(count))
        self._kept = {**self._kept, **end}
        return float(error)

    def outputs(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y and h of the next steps; see the protocol."""
        (inputs,) = as_arrays(inputs=inputs)
        check_steps(self.network, self.learning.batch, inputs, None, None)
        count = len(inputs)
        length = _up_to(count, _PIECE)
        rows = inputs_of(self.network, inputs, length, self._precision)
        present = np.arange(length) < count
        end, y, h = self._call("a run", run_steps, (self.network,), self._kept["weights"],
                               self._units(), rows, present)
        self._kept = {**self._kept, **end}
        return np.array(y, float)[:count], np.array(h, float)[:count]

    def parameters(self) -> Arrays:
        """The network's weights, float64 copies by name."""
        return {name: np.array(values, float) for name, values in self._kept["weights"].items()}

    def set_parameters(self, parameters: Arrays) -> None:
        """Set the network's weights. Raises :class:`ParameterError`."""
        check_parameters(self.network, parameters, self._precision)
        self._kept = {**self._kept, "weights": self._arrays(parameters)}

    def state(self) -> Arrays:
        """All that goes on, by name, as of the compiled machine; docs/intervals.md has the list."""
        return {**{name: np.array(values) for name, values in self._named().items()},
                COUNTS: np.array(self._kept["counts"], np.int64), SQUARES: self._squares.copy(),
                DESCRIPTION: np.array(self._description())}

    def load(self, state: Arrays) -> None:
        """Go on from a state, also of the compiled machine.

        Raises :class:`CheckpointError` for one of something else, and changes nothing then.
        """
        named = self._named()
        check_state(state, self._description(), {
            name: (np.shape(values), np.dtype(self._precision)) for name, values in named.items()})

        def found(names: Tree) -> Tree:
            return {key: found(value) if isinstance(value, dict) else np.array(state[value])
                    for key, value in names.items()}

        self._kept = {**found(self._names()), "counts": np.array(state[COUNTS], np.int32)}
        self._squares = np.array(state[SQUARES])

    def explained(self) -> float:
        """Part of the squares of its targets that the error module explained since last asked."""
        wrong, wanted = map(float, self._squares)
        self._squares = np.zeros(2)
        return 1.0 - wrong / wanted if wanted > 0 else float("nan")

    def _description(self) -> list[str]:
        return description(self.network, self.learning, self._precision)

    def _names(self) -> Tree:
        """What goes on but for the counts, with the names that a state has for it."""
        def of_weights(weights: Tree, prefix: str = "") -> Tree:
            return {name: prefix + name for name in weights}

        def of_moments(moments: Tree, prefix: str = "") -> Tree:
            return {name: {part: f"{prefix}{name}.{part}" for part in parts}
                    for name, parts in moments.items()}

        kept = self._kept
        names = {"weights": of_weights(kept["weights"]), "optimizer": of_moments(kept["optimizer"]),
                 "state": "unit.state", "output": "unit.output"}
        if "traces" in kept:
            names["traces"] = "traces"
        if "module" in kept:
            names |= {"module": of_weights(kept["module"], "module."),
                      "module_optimizer": of_moments(kept["module_optimizer"], "module."),
                      "boundary_state": "boundary.state", "boundary_output": "boundary.output"}
        return names

    def _named(self) -> Arrays:
        """What goes on but for the counts, by the names of a state."""
        def flat(names: Tree, values: Tree) -> Arrays:
            found: Arrays = {}
            for key, name in names.items():
                found |= flat(name, values[key]) if isinstance(name, dict) else {name: values[key]}
            return found

        return flat(self._names(), self._kept)

    def _arrays(self, parameters: Arrays) -> Arrays:
        return {name: np.array(values, self._precision) for name, values in parameters.items()}

    def _beginning(self) -> Tree:
        return first_state(self.network, self.learning.rule, self.learning.batch, self._precision)

    def _units(self) -> Tree:
        return {name: self._kept[name] for name in ("state", "output")}

    def _pieces(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray, length: int,
                whole: bool = False) -> tuple[Tree, int]:
        """Steps in pieces, (pieces, length, ...), and how many of them count.

        Their number is a power of 2, or 1 if that has the whole of the steps.
        """
        count = -(-len(inputs) // length)
        pieces = 1 if whole else max(_FEWEST, 1 << (count - 1).bit_length())
        steps = steps_of(self.network, inputs, targets, active, pieces * length, self._precision)
        return {name: rows.reshape(pieces, length, *rows.shape[1:])
                for name, rows in steps.items()}, count

    def _call(self, what: str, function: Callable[..., Any], fixed: tuple[Any, ...],
              *arguments: Any) -> Any:
        def bound(*arguments: Any) -> Any:
            return function(*fixed, *arguments)

        with computing(self._device, self._precision):
            return call((*fixed, self._precision), what, bound, self._device, _HINT, *arguments)


def check_memory(network: UnitNetwork, learning: IntervalLearning, precision: str,
                 steps: int | None = None) -> None:
    """Raise :class:`SetupError` if a machine needs more memory than there is.

    steps: learned at once at most; None: an interval. Counted are weights, gradients and moments,
    also of the error module, traces before and after, and what a stretch keeps of its steps.
    """
    size, device = np.dtype(precision).itemsize, find_device(None)
    module = {} if learning.module is None else learning.module.shapes(network)
    weights = sum(math.prod(shape) for shape in (*network.shapes().values(), *module.values()))
    traces = 0
    if learning.rule.traces is Traces.CARRIED:
        traces = 2 * math.prod(trace_shape(network, learning.batch))
    kept = learning.batch * (steps or learning.interval) * (
        network.gates * network.units + network.inputs + 2 * network.outputs)
    needed, present = size * (5 * weights + traces + kept), float(memory_of(device))
    if device.platform == "cpu":
        present = min(present, available_bytes())
    if needed > present:
        raise SetupError(
            f"{network.units} units with {network.inputs} inputs, a batch of {learning.batch} and "
            f"{steps or learning.interval} steps at once need {needed / 1e9:.3g} GB of memory, "
            f"{size * traces / 1e9:.3g} GB of it for eligibility traces, but {device} has "
            f"{present / 1e9:.3g} GB; {_HINT}")


def _moments(optimizer: IntervalOptimizer, weights: Arrays) -> Tree:
    """Moments of Adam by name of the weights, 0; none of gradient descent."""
    if not isinstance(optimizer, Adam):
        return {}
    return {name: {"m": np.zeros_like(values), "v": np.zeros_like(values)}
            for name, values in weights.items()}


def _up_to(steps: int, multiple: int) -> int:
    """The next multiple."""
    return -(-steps // multiple) * multiple
