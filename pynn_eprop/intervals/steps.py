"""Steps of a batch of sequences, as machines for learning in intervals take them."""

import numpy as np

from pynn_eprop.errors import SimulationError
from pynn_eprop.intervals.learning import IntervalLearning
from pynn_eprop.intervals.network import SOFTMAX, UnitNetwork


def as_arrays(**given: object) -> list[np.ndarray]:
    """Arrays of the steps, by name. Raises :class:`SimulationError` unless these are numbers."""
    found = []
    for name, values in given.items():
        try:
            array = np.asarray(values)
        except ValueError:      # rows of different lengths
            array = np.asarray(None)
        if not array.shape or array.dtype.kind not in "biuf":
            what = f"an array of {array.dtype}" if array.shape else type(values).__name__
            raise SimulationError(f"{name} must be an array of numbers with a row for each step, "
                                  f"not {what}")
        found.append(array)
    return found


def check_steps(network: UnitNetwork, batch: int, inputs: np.ndarray, targets: np.ndarray | None,
                active: np.ndarray | None) -> None:
    """Raise :class:`SimulationError` unless these are steps of a batch of the network."""
    steps = len(inputs)
    needed: list[tuple[str, np.ndarray, tuple[int, ...]]] = [
        ("inputs", inputs, (steps, batch) if network.words is not None
         else (steps, batch, network.inputs))]
    if targets is not None:
        needed.append(("targets", targets, (steps, batch) if network.loss == SOFTMAX
                       else (steps, batch, network.outputs)))
    if active is not None:
        needed.append(("active", active, (steps,)))
    for name, array, shape in needed:
        if array.shape != shape or not steps:
            raise SimulationError(f"{name} of shape {array.shape} do not fit; {max(steps, 1)} "
                                  f"steps of a batch of {batch} need {shape}")
    indices = [("words", inputs, network.words)] if network.words is not None else []
    if targets is not None and network.loss == SOFTMAX:
        indices.append(("targets", targets, network.outputs))
    for name, array, size in indices:
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= (size or 0):
            raise SimulationError(f"{name} must be whole numbers of 0 ... {(size or 0) - 1}")


def check_training(learning: IntervalLearning, steps: int, last: bool, rate: float) -> None:
    """Raise :class:`SimulationError` for a rate, or a number of steps, that cannot be learned with.

    The arguments are those of :meth:`IntervalMachine.train`.
    """
    if not (np.isfinite(rate) and rate >= 0.0):
        raise SimulationError(f"rate={rate!r} must be a finite number >= 0")
    if not last and not learning.rule.whole and steps % learning.interval:
        raise SimulationError(f"{steps} steps are not whole intervals of {learning.interval}, "
                              "although the sequences go on")
