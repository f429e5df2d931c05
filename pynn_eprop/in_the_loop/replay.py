"""A model of the network that replays measured spikes: states of cells, and the readouts."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.models.cells import Population, Readouts, SpikingCells
from pynn_eprop.models.network import Network, Projection
from pynn_eprop.reference.cells import EPropCells
from pynn_eprop.reference.readout import ReadoutState


@dataclass(frozen=True)
class CellReplay:
    """One population at each step of a trial.

    arriving: the weights that arrived, (T, size). states: state variables, (T, size) each.
    refractory: whether cells could not spike.
    """

    arriving: np.ndarray
    states: dict[str, np.ndarray]
    refractory: np.ndarray


@dataclass(frozen=True)
class ReadoutReplay:
    """One readout population at each step of a trial: (T, size), and the trial's loss."""

    y: np.ndarray
    error: np.ndarray
    target: np.ndarray
    loss: float


def counts_of(network: Network, spikes: dict[int, tuple[np.ndarray, np.ndarray]], steps: int
              ) -> dict[int, np.ndarray]:
    """Spikes of each step 0 ... T by population that spikes, (T + 1, size)."""
    counts = {}
    for index, population in enumerate(network.populations):
        if population.emits_spikes:
            counts[index] = np.zeros((steps + 1, population.size))
            if index in spikes:
                np.add.at(counts[index], (np.asarray(spikes[index][0], dtype=int),
                                          np.asarray(spikes[index][1], dtype=int)), 1.0)
    return counts


class Replay:
    """Replays trials of one network; its weights are given with each."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.steps = network.settings.interval_steps or 0
        self.cells = {index: EPropCells(cells, network.settings.timestep)
                      for index, cells in network.of_kind(SpikingCells).items()}
        self.readouts = {index: ReadoutState(each, network.settings.timestep)
                         for index, each in network.of_kind(Readouts).items()}

    def of_cells(self, index: int, counts: dict[int, np.ndarray], weights: dict[int, np.ndarray]
                 ) -> CellReplay:
        """A population of cells whose own spikes, and those of all others, are given."""
        cells = self.cells[index]
        arriving = self._arriving(index, counts, weights)
        names = cells.population.state_variables()
        states = {name: np.zeros(arriving.shape) for name in names}
        refractory = np.zeros(arriving.shape, dtype=bool)
        cells.reset()
        for step in range(1, self.steps + 1):
            silent, z = cells.silent, counts[index][step]
            cells.advance(arriving[step - 1])
            for name in names:
                states[name][step - 1] = getattr(cells, name)
            refractory[step - 1] = silent > 0
            cells.z = z
            cells.silent = np.where(z > 0, cells.refractory_steps.astype(int),
                                    np.maximum(silent - 1, 0))
        return CellReplay(arriving, states, refractory)

    def of_readouts(self, index: int, counts: dict[int, np.ndarray],
                    weights: dict[int, np.ndarray], bias: np.ndarray, start: int) -> ReadoutReplay:
        """A readout population. start: global step of the trial's start."""
        readout = self.readouts[index]
        arriving = self._arriving(index, counts, weights)
        readout.bias = np.asarray(bias, dtype=float)
        readout.loss = np.zeros(())
        readout.reset()
        rows = {name: np.zeros(arriving.shape) for name in ("y", "error", "target")}
        for step in range(1, self.steps + 1):
            readout.advance(start + step, arriving[step - 1], learning=False)
            for name, values in rows.items():
                values[step - 1] = getattr(readout, name)
        return ReadoutReplay(**rows, loss=float(readout.loss))

    def configure(self, index: int, population: Population) -> None:
        """Take new parameters of a population."""
        if isinstance(population, SpikingCells):
            self.cells[index].configure(population)
        elif isinstance(population, Readouts):
            self.readouts[index].configure(population)

    def _arriving(self, post: int, counts: dict[int, np.ndarray], weights: dict[int, np.ndarray]
                  ) -> np.ndarray:
        """The sum of the weights that arrive at each step 1 ... T, (T, size)."""
        population = self.network.populations[post]
        total = np.zeros((self.steps, population.size))
        for index, projection in enumerate(self.network.projections):
            if projection.post == post:
                for lag, matrix in _by_lag(projection, weights[index], population,
                                           counts[projection.pre].shape[1]):
                    # what is emitted at step s arrives at step s + lag, which is row s + lag - 1
                    first = max(1 - lag, 0)
                    rows = counts[projection.pre][first:self.steps + 1 - lag]
                    total[first + lag - 1:first + lag - 1 + len(rows)] += rows @ matrix
        return total


def _by_lag(projection: Projection, weight: np.ndarray, post: Population, pre_size: int
            ) -> list[tuple[int, np.ndarray]]:
    """Weights as matrices (pre, post), by the steps from a spike to its arrival."""
    lags = np.asarray(projection.delay, dtype=int) - post.arrives_earlier
    found = []
    for lag in np.unique(lags):
        matrix, here = np.zeros((pre_size, post.size)), lags == lag
        np.add.at(matrix, (np.asarray(projection.pre_index)[here],
                           np.asarray(projection.post_index)[here]), np.asarray(weight)[here])
        found.append((int(lag), matrix))
    return found
