"""Targets of readouts: from a script's forms to an array (readouts, steps)."""

from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.errors import TargetError
from pynn_eprop.models.answers import ask
from pynn_eprop.models.losses import Loss
from pynn_eprop.models.parameters import as_numbers


def as_sequences(target: Any, owner: str) -> Sequence | list[Sequence]:
    """A target in the form that PyNN's parameters have: a Sequence, or one per readout.

    ``target``: array (readouts, steps) or (steps,) for all readouts alike, a Sequence, or a list
    of Sequences. Raises :class:`TargetError`.
    """
    if isinstance(target, Sequence):
        return target
    if isinstance(target, np.ndarray):
        target = target.tolist() if target.dtype == object else np.atleast_1d(target)
    if isinstance(target, (list, tuple, np.ndarray)) and len(target) \
            and all(isinstance(row, Sequence) for row in target):
        return list(target)
    values = as_numbers(target)
    if values is None or target is None:
        raise TargetError(f"{owner}: the target is neither an array (readouts, steps) of numbers "
                          "nor a list of Sequences, one per readout")
    if values.ndim == 1:
        return Sequence(values)
    if values.ndim == 2:
        return [Sequence(row) for row in values]
    raise TargetError(f"{owner}: the target has shape {values.shape}; it must be "
                      "(readouts, steps)")


def check_rows(sequences: Any, size: int, owner: str) -> None:
    """Raise :class:`TargetError` unless there is one row, or one per readout."""
    if isinstance(sequences, list) and len(sequences) != size:
        raise TargetError(f"{owner}: the target has {len(sequences)} rows, but there are {size} "
                          "readouts")


def to_matrix(sequences: np.ndarray, owner: str) -> np.ndarray | None:
    """One Sequence per readout as an array (readouts, steps); None if all are empty.

    Raises :class:`TargetError` if the lengths differ.
    """
    rows = [np.asarray(sequence.value, dtype=float) for sequence in sequences]
    lengths = sorted({len(row) for row in rows})
    if lengths == [0]:
        return None
    if len(lengths) > 1:
        raise TargetError(f"{owner}: the readouts' targets differ in length "
                          f"({lengths[0]} to {lengths[-1]} steps); all must have the same")
    if len({id(sequence) for sequence in sequences}) == 1:
        return np.broadcast_to(rows[0], (len(rows), lengths[0]))
    return np.stack(rows)


def check_target(target: np.ndarray, loss: Loss | None, interval_steps: int | None,
                 owner: str) -> bool:
    """Whether a target (readouts, steps) repeats in every interval.

    Raises :class:`TargetError` for a length that is neither one interval nor several, and for
    values that the loss cannot use.
    """
    steps = target.shape[1]
    if interval_steps is not None and steps % interval_steps:
        raise TargetError(
            f"{owner}: the target has {steps} steps, but an interval has {interval_steps}; give "
            f"one interval ({interval_steps} steps) or a whole number of them, NaN where there is "
            "no target")
    if loss is not None:
        ask(owner, "loss", loss, "check_target", target, owner)
    return repeats(target, interval_steps)


def repeats(target: np.ndarray, interval_steps: int | None) -> bool:
    """Whether a target (readouts, steps) repeats in every interval."""
    return target.shape[1] == interval_steps
