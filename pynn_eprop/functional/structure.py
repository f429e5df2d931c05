"""The parts of a network that compiled functions depend on, as a key."""

import hashlib
from collections.abc import Hashable
from dataclasses import fields
from typing import Any

import numpy as np

from pynn_eprop.functional.model import Model
from pynn_eprop.models.cells import AnalogCells, Population, Readouts, SpikingCells
from pynn_eprop.models.network import SymmetricFeedback, WindowedFeedback


def structure_of(model: Model) -> Hashable:
    """Equal for two models whose functions compute the same from the same trees."""
    network, wiring = model.network, hashlib.sha256()
    for block in model.blocks:
        for array in (block.order, block.position, block.pre_index, block.post_index, block.mask):
            wiring.update(b"none" if array is None else np.ascontiguousarray(array).tobytes())
            wiring.update(b"/")
    return (
        str(model.dtype), network.settings.timestep, network.settings.interval_steps,
        network.settings.boundary,
        tuple(_population(each) for each in network.populations),
        tuple((p.pre, p.post, _same(p.optimizer), p.w_min, p.w_max, p.inhibitory, p.receptor,
               _same(p.rule))
              for p in network.projections),
        tuple((block.projection, block.lag, block.dense, len(block.order), block.mask is None)
              for block in model.blocks), wiring.hexdigest(),
        tuple((signal.source, signal.target, type(signal.feedback),
               signal.feedback.window_steps if isinstance(signal.feedback, WindowedFeedback)
               else signal.feedback.projection
               if isinstance(signal.feedback, SymmetricFeedback) else None)
              for signal in network.learning_signals))


def _population(population: Population) -> Hashable:
    kind = type(population)
    common = (kind, population.size)
    if isinstance(population, SpikingCells):
        shape = population.pseudo_derivative
        return (*common, population.backwards, type(shape),
                None if type(shape).__module__.startswith("pynn_eprop.") else _same(shape),
                _numbers_of_own(population))
    if isinstance(population, AnalogCells):
        return (*common, tuple(_same(getattr(population, name)) for name in kind.components()),
                _numbers_of_own(population))
    if isinstance(population, Readouts):
        return (*common, _same(population.loss), _same(population.bias_optimizer))
    return common


def _numbers_of_own(population: Population) -> Hashable:
    """The parameters of a kind of one's own, whose step may read those of the population itself."""
    own = not type(population).__module__.startswith("pynn_eprop.")
    return tuple((entry.name, np.asarray(getattr(population, entry.name)).tobytes())
                 for entry in fields(population) if own and "parameter" in entry.metadata)


class _Itself:
    """A key that equals that of the very same value only, which it keeps alive."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _same(value: Any) -> Hashable:
    """A value, or if it cannot be a key what tells it from all others."""
    try:
        hash(value)
    except TypeError:
        return _Itself(value)
    return value
