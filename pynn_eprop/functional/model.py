"""A network as pure functions need it: its wiring, and its numbers as trees of arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.functional.blocks import Block, blocks_of
from pynn_eprop.functional.current_based import constants as constants_of_current_based
from pynn_eprop.functional.options import PRECISIONS
from pynn_eprop.models.cells import (
    AnalogCells,
    CurrentBasedCells,
    LearningCells,
    Population,
    Readouts,
    SpikingCells,
    fixed_values,
)
from pynn_eprop.models.network import (
    Boundary,
    LearningSignal,
    Network,
    SymmetricFeedback,
)
from pynn_eprop.models.time_grid import decay

Tree = Any


@dataclass(frozen=True, eq=False)
class Model:
    """The parts of a network that functions are compiled for; numbers come in trees beside it.

    network: the description; of its numbers, only what :meth:`parameters`, :meth:`constants` and
    :meth:`start` read. blocks: the synapses. dtype: of all numbers.
    """

    network: Network
    blocks: tuple[Block, ...]
    dtype: Any

    @classmethod
    def of(cls, network: Network, precision: str = "float32") -> "Model":
        """The model of a network in "float32" or "float64".

        Raises :class:`SetupError` for another precision.
        """
        if precision not in PRECISIONS:
            raise SetupError(f"precision={precision!r} is unknown; choose one of "
                             f"{list(PRECISIONS)}")
        return cls(network, blocks_of(network), np.dtype(precision))

    @property
    def spiking(self) -> Mapping[int, SpikingCells]:
        """The populations of e-prop cells that spike, by index."""
        return self.network.of_kind(SpikingCells)

    @property
    def analog(self) -> Mapping[int, AnalogCells]:
        """The populations of e-prop cells that pass on values, by index."""
        return self.network.of_kind(AnalogCells)

    @property
    def learning(self) -> Mapping[int, LearningCells]:
        """The populations of e-prop cells, by index."""
        return self.network.of_kind(LearningCells)

    @property
    def current_based(self) -> Mapping[int, CurrentBasedCells]:
        """The populations of PyNN's own cells, by index."""
        return self.network.of_kind(CurrentBasedCells)

    @property
    def readouts(self) -> Mapping[int, Readouts]:
        """The populations of readouts, by index."""
        return self.network.of_kind(Readouts)

    @property
    def sources(self) -> Mapping[int, Population]:
        """The populations whose spikes, or values, are given from outside, by index."""
        return {index: each for index, each in enumerate(self.network.populations)
                if each.from_outside}

    @property
    def interval_steps(self) -> int | None:
        """Steps of an update interval; None if nothing learns."""
        return self.network.settings.interval_steps

    @property
    def resets(self) -> bool:
        """Whether e-prop cells and readouts begin each interval from their initial values."""
        return self.network.settings.boundary is Boundary.RESET

    @property
    def trials_are_alike(self) -> bool:
        """Whether nothing passes from one interval to the next."""
        return self.resets and all(each.resets for each in self.network.populations)

    def depth(self, population: int) -> int:
        """How many past steps of a population's spikes can still arrive, at least 1."""
        lags = [block.lag for block in self.blocks if block.pre == population]
        return max([1, *lags])

    def onto(self, population: int) -> list[tuple[int, Block]]:
        """The blocks that lead to a population, with their numbers."""
        return [(number, block) for number, block in enumerate(self.blocks)
                if block.post == population]

    def ports(self, population: int) -> int:
        """How many sums of what arrives the cells of a population have."""
        return len(self.analog[population].ports()) if population in self.analog else 2

    def plastic(self) -> list[tuple[int, Block]]:
        """The blocks whose weights learn, with their numbers."""
        return [(number, block) for number, block in enumerate(self.blocks)
                if self.network.projections[block.projection].optimizer is not None]

    def signals_to(self, population: int) -> list[tuple[int, LearningSignal]]:
        """The learning signals that a population gets, with their numbers."""
        return [(number, signal) for number, signal in enumerate(self.network.learning_signals)
                if signal.target == population]

    def array(self, values: Any) -> Any:
        """An array of the model's numbers, NumPy's: JAX would compile a function to make one."""
        return np.asarray(values, dtype=self.dtype)

    def parameters(self) -> Tree:
        """What learns, and weights that do not.

        weights: a list with an array for each block; biases: (size,) by population of readouts.
        """
        return {
            "weights": [self.array(block.pack(np.asarray(
                self.network.projections[block.projection].weight, dtype=float)))
                for block in self.blocks],
            "biases": {index: self.array(readouts.bias)
                       for index, readouts in self.readouts.items()}}

    def constants(self) -> Tree:
        """Parameters of cells and readouts, and feedback weights.

        cells: arrays by name, by population of e-prop cells; current_based likewise; kappas: of
        readouts; feedback: B, (cells, readouts), or one for each window, or None if it follows
        forward weights, by number of the learning signal.
        """
        timestep = self.network.settings.timestep
        return {
            "cells": {index: self.constants_of(cells) for index, cells in self.learning.items()},
            "current_based": {index: {
                **{name: self.array(value)
                   for name, value in constants_of_current_based(cells, timestep).items()},
                "refractory_steps": np.asarray(
                    np.broadcast_to(cells.refractory_steps, (cells.size,)), np.int32),
            } for index, cells in self.current_based.items()},
            "kappas": {index: self.array(decay(timestep, readouts.tau_m))
                       for index, readouts in self.readouts.items()},
            "feedback": [None if isinstance(signal.feedback, SymmetricFeedback)
                         else self.array(signal.feedback.weight)
                         for signal in self.network.learning_signals]}

    def constants_of(self, cells: LearningCells) -> dict[str, Any]:
        """Parameters and constants of e-prop cells, by name."""
        found = {name: self.array(value) for name, value in fixed_values(
            cells, self.network.settings.timestep).items()}
        if not isinstance(cells, SpikingCells):
            return found
        return {**found,
                "height": self.array(cells.pseudo_derivative.height),
                "refractory_steps": np.asarray(
                    np.broadcast_to(cells.refractory_steps, (cells.size,)), np.int32)}

    def start(self) -> Tree:
        """The state before the first step of an interval that nothing precedes.

        cells: by population of e-prop cells, the state variables, and of those that spike z, h and
        ``silent``;
        current_based likewise; y: by population of readouts; past: the last :meth:`depth` steps of
        spikes, or values, the latest last, by population that has them.
        """
        def zeros(size: int) -> Any:
            return np.zeros(size, self.dtype)

        cells: Tree = {index: {
            "state": {name: np.broadcast_to(self.array(value), (each.size,))
                      for name, value in each.initial_state().items()}
        } for index, each in self.learning.items()}
        for index, each in self.spiking.items():
            cells[index] |= {"z": zeros(each.size), "h": zeros(each.size),
                             "silent": np.zeros(each.size, np.int32)}
        current_based = {index: {
            "state": {name: np.broadcast_to(self.array(value), (each.size,))
                      for name, value in self._initial(each).items()},
            "z": zeros(each.size), "silent": np.zeros(each.size, np.int32),
        } for index, each in self.current_based.items()}
        return {
            "cells": cells, "current_based": current_based,
            "y": {index: np.broadcast_to(self.array(each.y_initial), (each.size,))
                  for index, each in self.readouts.items()},
            "past": {index: np.zeros((self.depth(index), each.size), self.dtype)
                     for index, each in enumerate(self.network.populations)
                     if each.emits_spikes or each.emits_values}}

    @staticmethod
    def _initial(cells: CurrentBasedCells) -> dict[str, np.ndarray]:
        return {name.removesuffix("_initial"): getattr(cells, name)
                for name in ("v_initial", "isyn_exc_initial", "isyn_inh_initial")
                if hasattr(cells, name)}
