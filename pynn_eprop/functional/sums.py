"""What trials add up to until the update that they belong to."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.samples import Rows


class UpdateSums:
    """Sums over the trials of an update so far. Arrays are replaced, never written to.

    trials: learning intervals. spikes: of e-prop cells, (size,), by population; sloped: whether h
    was nonzero at any step. weights, biases: gradients without the firing-rate term, by block and
    by population, None before the first; e: sum_t e^t, by block, which that term multiplies.
    """

    def __init__(self, model: Model) -> None:
        self.trials = 0
        self.spikes = {index: np.zeros(cells.size) for index, cells in model.spiking.items()}
        self.sloped = {index: np.zeros(cells.size, dtype=bool)
                       for index, cells in model.spiking.items()}
        self.weights: list[Any] = [None] * len(model.blocks)
        self.biases: dict[int, Any] = {}
        self.e: list[Any] = [None] * len(model.blocks)

    def count_trials(self, found: Tree) -> None:
        """Add spikes and slopes of trials side by side, (trials, size)."""
        self._count({index: np.asarray(found["spikes"][index]).sum(axis=0)
                     for index in self.spikes},
                    {index: np.asarray(found["sloped"][index]).any(axis=0)
                     for index in self.spikes})

    def count_rows(self, rows: Rows) -> None:
        """Add spikes and slopes of steps in a row, (steps, size)."""
        self._count({index: rows[index]["spikes"].sum(axis=0) for index in self.spikes},
                    {index: (rows[index]["h"] != 0).any(axis=0) for index in self.spikes})

    def _count(self, spikes: Tree, sloped: Tree) -> None:
        self.spikes = {index: total + spikes[index] for index, total in self.spikes.items()}
        self.sloped = {index: total | sloped[index] for index, total in self.sloped.items()}

    def add(self, gradients: Tree, e_gradients: Tree | None = None) -> None:
        """Add gradients of trials, as of ``products``, and their sum_t e^t by block."""
        self.weights = _plus(self.weights, gradients["weights"])
        known = sorted({*self.biases, *gradients["biases"]})
        self.biases = dict(zip(known, _plus([self.biases.get(each) for each in known], [
            gradients["biases"].get(each) for each in known]), strict=True))
        if e_gradients is not None:
            self.e = _plus(self.e, e_gradients["weights"])

    def gradients(self, model: Model, rates: Callable[[Tree], Tree]) -> Tree:
        """The gradients of the update, with the firing-rate term (eq. 56).

        rates: gives C_j, by population, of the spikes of the update.
        """
        weights = list(self.weights)
        if any(each is not None for each in self.e):
            terms = rates(self.spikes)
            for number, block in enumerate(model.blocks):
                if self.e[number] is not None:
                    weights[number] = weights[number] + self.e[number] * block.of_post(
                        terms[block.post])
        return {"weights": weights, "biases": self.biases}


def _plus(totals: list[Any], more: list[Any]) -> list[Any]:
    """Sums of arrays; None is nothing."""
    return [new if total is None else total if new is None else total + new
            for total, new in zip(totals, more, strict=True)]
