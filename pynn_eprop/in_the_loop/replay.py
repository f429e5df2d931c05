"""A model of the network that replays measured spikes: states of cells, and the readouts."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from pynn_eprop.models.answers import ask
from pynn_eprop.models.cells import Population, Readouts, SpikingCells, fixed_values
from pynn_eprop.models.network import Network, Projection
from pynn_eprop.models.targets import targets_at
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
        self.cells = dict(network.of_kind(SpikingCells))
        self._fixed = {index: fixed_values(cells, network.settings.timestep)
                       for index, cells in self.cells.items()}
        self.readouts = {index: ReadoutState(each, network.settings.timestep)
                         for index, each in network.of_kind(Readouts).items()}

    def of_cells(self, index: int, counts: dict[int, np.ndarray], weights: dict[int, np.ndarray]
                 ) -> CellReplay:
        """A population of cells whose own spikes, and those of all others, are given."""
        cells, dt = self.cells[index], self.network.settings.timestep
        arriving = self._arriving(index, counts, weights)
        z, size = counts[index], cells.size
        now = SimpleNamespace(**self._fixed[index], timestep=dt, z=np.zeros(size),
                              z_reset=np.zeros(size), h=np.zeros(size), **cells.initial_state())
        states = {name: np.zeros(arriving.shape) for name in cells.state_variables()}
        with cells.double_precision():
            for step in range(self.steps):
                made = ask(cells.label, "cell", cells, "step", now, arriving[step])
                for name, rows in states.items():
                    rows[step] = made[name]
                    setattr(now, name, rows[step])
                now.z = now.z_reset = z[step + 1]
        return CellReplay(arriving, states, _refractory(z[1:], np.asarray(cells.refractory_steps)))

    def of_readouts(self, index: int, counts: dict[int, np.ndarray],
                    weights: dict[int, np.ndarray], bias: np.ndarray, start: int) -> ReadoutReplay:
        """A readout population. start: global step of the trial's start."""
        readout = self.readouts[index]
        arriving = self._arriving(index, counts, weights) + np.asarray(bias, dtype=float)
        rows = {name: np.zeros(arriving.shape) for name in ("y", "error")}
        target = targets_at(readout.population, start + np.arange(1, self.steps + 1))
        y, total = np.array(readout.population.y_initial, dtype=float), 0.0
        for step in range(self.steps):
            y = rows["y"][step] = readout.kappa * y + arriving[step]                # eq. 41
            readout.y, readout.target = y, target[step]
            rows["error"][step], loss = readout.error_now()
            total += loss
        return ReadoutReplay(**rows, target=target, loss=total)

    def configure(self, index: int, population: Population) -> None:
        """Take new parameters of a population."""
        if isinstance(population, SpikingCells):
            self.cells[index] = population
            self._fixed[index] = fixed_values(population, self.network.settings.timestep)
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


def _refractory(z: np.ndarray, refractory_steps: np.ndarray) -> np.ndarray:
    """Whether cells could not spike at each step, (T, size), from their spikes at these steps."""
    count, size = z.shape
    steps = np.arange(count)[:, np.newaxis]
    last = np.maximum.accumulate(np.where(z > 0, steps, -1), axis=0)
    last = np.vstack([np.full((1, size), -1), last[:-1]])       # before this step
    return (last >= 0) & (steps - last <= refractory_steps)


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
