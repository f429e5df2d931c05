"""Populations that run a trial backwards: all of its steps in their own time, before the others.

In a trial of n steps their own step s = 1..n is the network's step n + 1 - s. They are a network
that runs forwards on the trial's input turned round: what a source emits at the network's step e is
emitted at their own step n - 1 - e.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pynn_eprop.reference.analog_cells import AnalogState
from pynn_eprop.reference.cells import EPropCells
from pynn_eprop.reference.plasticity import Plasticity
from pynn_eprop.reference.synapses import Synapses
from pynn_eprop.reference.traces import CellTraces


class BackwardsPass:
    """What populations that run backwards did in a trial, by the network's steps.

    It is made of the whole trial at once. cells: those populations, by index. synapses, plastic:
    of all projections. given: (n, size), what each source emits at the steps 0..n-1. currents:
    (n, size), of the network's steps 1..n.
    """

    def __init__(self, cells: Mapping[int, EPropCells | AnalogState], synapses: list[Synapses],
                 plastic: Mapping[int, Plasticity], given: Mapping[int, np.ndarray],
                 currents: Mapping[int, np.ndarray], steps: int) -> None:
        self._cells = cells
        self._steps = steps
        self._states: list[dict[int, dict[str, np.ndarray]]] = []
        self._eligibilities: list[dict[int, np.ndarray]] = []
        emitted = {index: rows[::-1] for index, rows in given.items()}
        emitted |= {index: np.zeros((steps + 1, each.population.size))
                    for index, each in cells.items()}
        into = {index: [each for each in synapses if each.projection.post == index]
                for index in cells}
        for s in range(1, steps + 1):
            for index, each in cells.items():
                each.receive([(one.projection.receptor,
                               one.receive_of(emitted[one.projection.pre], s))
                              for one in into[index]],
                             currents[index][steps - s] if index in currents else None)
                emitted[index][s] = each.z
            self._states.append({index: _state(each) for index, each in cells.items()})
            self._eligibilities.append(dict(_eligibilities(plastic, cells)))

    def show(self, step: int) -> None:
        """Let the cells be as they were at a step of the network."""
        self._show(self._steps - step)

    def end(self) -> None:
        """Let the cells be as they were at their own last step."""
        self._show(self._steps - 1)

    def _show(self, row: int) -> None:
        for index, each in self._cells.items():
            each.take_back(self._states[row][index])

    def eligibility(self, projection: int, step: int) -> np.ndarray:
        """The eligibility traces of a projection's synapses at a step of the network."""
        return self._eligibilities[self._steps - step][projection]


def _state(cells: EPropCells | AnalogState) -> dict[str, np.ndarray]:
    """The state of cells, which steps replace."""
    return {name: getattr(cells, name) for name in cells.shown}


def _eligibilities(plastic: Mapping[int, Plasticity], cells: Mapping[int, Any]
                   ) -> Iterator[tuple[int, np.ndarray]]:
    for index, part in plastic.items():
        if part.synapses.projection.post in cells:
            assert isinstance(part.traces, CellTraces)
            yield index, part.traces.eligibility_now(part.synapses.arriving)
