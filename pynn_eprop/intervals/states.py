"""States of machines for learning in intervals: what they belong to, and whether they fit."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from pynn_eprop.errors import CheckpointError
from pynn_eprop.intervals.learning import IntervalLearning
from pynn_eprop.intervals.network import Arrays, UnitNetwork

FORMAT = "machine of intervals, 1"
COUNTS, SQUARES, DESCRIPTION = "counts", "squares", "description"
"""Entries of states beside arrays of numbers: updates of the network and of the error module, and
whether an interval ended in this sequence; sums of squares of what the module was wrong by, and of
its targets; what the state belongs to."""

Shapes = Mapping[str, tuple[tuple[int, ...], np.dtype]]


def description(network: UnitNetwork, learning: IntervalLearning, precision: str) -> list[str]:
    """What a state belongs to, a line for each thing that must be the same."""
    return [
        f"format: {FORMAT}", f"precision: {precision}",
        *(f"network.{field.name}: {getattr(network, field.name)!r}"
          for field in dataclasses.fields(network)),
        *(f"rule.{name}: {getattr(learning.rule, name)!r}"
          for name in ("traces", "signal", "synthetic", "whole")),
        *(f"learning.{name}: {getattr(learning, name)!r}"
          for name in ("batch", "interval", "optimizer", "clip")),
        f"module: {learning.module!r}"]


def check_state(state: Arrays, own: list[str], shapes: Shapes) -> None:
    """Raise :class:`CheckpointError` for a state of something else, or with unusable values.

    own: the description of the machine. shapes: of its arrays of numbers, with their types.
    """
    for found, expected in zip(np.asarray(state.get(DESCRIPTION, [])).ravel().tolist(), own,
                               strict=False):
        if found != expected:
            raise CheckpointError(f"state: it has {found!r}, this machine {expected!r}")
    for name in ({*shapes, COUNTS, SQUARES, DESCRIPTION} ^ state.keys()):
        raise CheckpointError(f"state: {name!r} is {'unknown' if name in state else 'missing'}")
    needed: dict[str, tuple[tuple[int, ...], np.dtype | None]] = {
        **shapes, COUNTS: ((3,), np.dtype(np.int64)), SQUARES: ((2,), np.dtype(float)),
        DESCRIPTION: ((len(own),), None)}
    for name, (shape, kind) in needed.items():
        values = np.asarray(state[name])
        if values.shape != shape or (kind is not None and values.dtype != kind):
            raise CheckpointError(f"state: {name} is {values.dtype} of shape {values.shape}, not "
                                  f"{kind or 'text'} of shape {shape}")
        if kind is not None and not np.all(np.isfinite(values)):
            raise CheckpointError(f"state: {name} has values that are not finite")
        if name.endswith((".v", COUNTS, SQUARES)) and np.any(values < 0):
            raise CheckpointError(f"state: {name} has negative values")
