"""What machines for learning in intervals have in common: the protocol, and their choice."""

from typing import Protocol

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.intervals.learning import IntervalLearning
from pynn_eprop.intervals.network import Arrays, UnitNetwork

COMPILED, JAX = "compiled", "jax"
MACHINES = {COMPILED: "C kernels, on the processor", JAX: "JAX, also on a GPU"}
PRECISIONS = ("float32", "float64")


class IntervalMachine(Protocol):
    """Runs a batch of sequences and learns from them, interval by interval.

    Made by :func:`build_machine`. Arrays have shapes (steps, batch, ...).
    """

    network: UnitNetwork
    learning: IntervalLearning
    threads: int
    """Threads that it uses; those of JAX count as one."""

    @property
    def updates(self) -> int:
        """Updates of the network's weights so far."""

    def start(self) -> None:
        """Begin new sequences: states, outputs and eligibility traces 0, no boundary before."""

    def train(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray,
              last: bool = True, rate: float = 1.0) -> float:
        """Run and learn from the next steps of the sequences; return their error.

        inputs: (steps, batch, inputs), or words (steps, batch) of whole numbers. targets: (steps,
        batch, outputs) of 0 and 1, or classes (steps, batch). active: (steps,), True for steps
        with a target. last: whether the sequences end with these steps; otherwise they are cut at
        whole intervals, and with rules that take the whole sequence the end of the steps is that
        of an interval. rate: factor on learning rates.
        Returns the error in bits ("binary") or nats ("softmax"), summed over active steps, mean of
        the batch. An error that is not finite is returned as such, with the weights of before the
        interval in which it appeared. Raises :class:`SimulationError` for arrays of other shapes,
        and for steps or a rate that cannot be learned with.
        """

    def evaluate(self, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray) -> float:
        """The error as of :meth:`train`, without learning; states go on from where they are."""

    def outputs(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y, (steps, batch, outputs), and h, (steps, batch, units), without learning.

        y are pre-activations: probabilities are their sigmoid ("binary") or softmax. States go on
        from where they are.
        """

    def parameters(self) -> Arrays:
        """The network's weights, float64 copies by name."""

    def set_parameters(self, parameters: Arrays) -> None:
        """Set the network's weights; see :func:`~pynn_eprop.intervals.network.check_parameters`."""

    def state(self) -> Arrays:
        """All that goes on: weights, optimisers, error module, states and traces, by name.

        A machine that loads it continues bit for bit.
        """

    def load(self, state: Arrays) -> None:
        """Go on from a state. Raises :class:`CheckpointError` for one of something else."""

    def explained(self) -> float:
        """Part of the mean square of its targets that the error module explained since last asked.

        NaN without an error module or targets.
        """


def check_memory(network: UnitNetwork, learning: IntervalLearning, machine: str = COMPILED,
                 precision: str = "float32", threads: int = 1, steps: int | None = None) -> None:
    """Raise :class:`SetupError` for a machine that memory does not suffice for.

    steps: learned at once at most, with rules that take whole sequences; None: an interval.
    :func:`build_machine` does so, too, but takes first weights, which may be too large themselves.
    """
    if machine == COMPILED:
        from pynn_eprop.intervals.compiled import memory
        memory.check_memory(network, learning, steps or learning.interval, precision, threads)
    else:
        from pynn_eprop.intervals.in_jax import machine as in_jax
        in_jax.check_memory(network, learning, precision, steps)


def build_machine(network: UnitNetwork, learning: IntervalLearning, parameters: Arrays, seed: int,
                  machine: str = COMPILED, precision: str = "float32", threads: int = 1
                  ) -> IntervalMachine:
    """A machine with these initial weights.

    parameters: as :meth:`UnitNetwork.first_parameters` gives them, or others of these shapes. seed:
    of the error module's initial weights. machine: one of :data:`MACHINES`. precision: one of
    :data:`PRECISIONS`. threads: of the compiled machine; results do not depend on it.

    Raises :class:`SetupError` for names and numbers that are not valid, or for too little memory,
    :class:`ParameterError` for other weights, and :class:`MissingDependencyError` without JAX.
    """
    if machine not in MACHINES:
        raise SetupError(f"machine={machine!r} is unknown; choose one of {list(MACHINES)}")
    if precision not in PRECISIONS:
        raise SetupError(f"precision={precision!r} is unknown; choose one of {list(PRECISIONS)}")
    if not isinstance(threads, (int, np.integer)) or isinstance(threads, bool) or threads < 1:
        raise SetupError(f"threads={threads!r} must be a whole number >= 1")
    if machine == COMPILED:
        from pynn_eprop.intervals.compiled.machine import CompiledMachine
        return CompiledMachine(network, learning, parameters, seed, precision, threads)
    from pynn_eprop.intervals.in_jax.machine import JaxMachine
    return JaxMachine(network, learning, parameters, seed, precision)
