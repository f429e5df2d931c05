"""Warnings, before a run, of numbers that fixed point changes much, once for each set of them."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pynn_eprop.errors import FixedPointWarning
from pynn_eprop.fixed import rounding
from pynn_eprop.fixed.formats import Formats, largest_error
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Network


class RoundingWarnings:
    """Looks at the parts of a network that are new since the last time.

    Descriptions are immutable, so that a part is new if it is another object.
    """

    def __init__(self) -> None:
        self._seen: dict[Any, tuple[Any, ...]] = {}
        self._warned: set[Any] = set()

    def warn(self, network: Network, formats: Formats, weights: Mapping[int, np.ndarray]) -> None:
        """Warn of a network. ``weights``: those set since it was described, by projection."""
        for sentence in self._sentences(network, formats, weights):
            self.warn_once(sentence)

    def has_warned(self, about: Any) -> bool:
        """Whether there was a warning: its sentence, or the object that it was about."""
        return about in self._warned

    def warn_once(self, sentence: str, about: Any = None) -> None:
        """Warn, unless there was this warning before."""
        if sentence not in self._warned:
            self._warned |= {sentence, about}
            warnings.warn(sentence, FixedPointWarning, stacklevel=4)

    def _sentences(self, network: Network, formats: Formats, weights: Mapping[int, np.ndarray]
                   ) -> Iterator[str]:
        for index, population in enumerate(network.populations):
            if self._is_new(("population", index), population, formats):
                yield from rounding.of_population(network, index, formats)
        for index, projection in enumerate(network.projections):
            given = weights.get(index, projection.weight)
            if self._is_new(("projection", index), projection, given, formats):
                part = replace(projection, weight=given)
                yield from rounding.of_projection(_with(network, index, part), index, formats)
        for index, signal in enumerate(network.learning_signals):
            source = network.of_kind(Readouts)[signal.source]
            if self._is_new(("signal", index), signal, formats, scale=largest_error(source)):
                yield from rounding.of_signal(network, index, formats)

    def _is_new(self, key: Any, *parts: Any, scale: float = 0.0) -> bool:
        *before, scale_before = self._seen.get(key, (scale,))
        if len(before) == len(parts) and scale == scale_before \
                and all(one is other for one, other in zip(parts, before, strict=True)):
            return False
        self._seen[key] = (*parts, scale)
        return True


def _with(network: Network, index: int, projection: Any) -> Network:
    projections = list(network.projections)
    projections[index] = projection
    return replace(network, projections=tuple(projections))
