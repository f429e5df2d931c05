"""What learning needs of a trial, from what a substrate has measured of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pynn_eprop.errors import SimulationError
from pynn_eprop.in_the_loop.measured import Measured, Samples, samples_of, spikes_of
from pynn_eprop.in_the_loop.replay import CellReplay, Replay, counts_of
from pynn_eprop.in_the_loop.substrate import Substrate
from pynn_eprop.in_the_loop.voltages import distance_of, interpolated, slope_of, step_of
from pynn_eprop.models.activity import Activity, Spikes, cells_with_state
from pynn_eprop.models.cells import Readouts, SpikingCells
from pynn_eprop.models.network import FixedFeedback, LearningSignal, Network, WindowedFeedback


@dataclass(frozen=True)
class Trial:
    """One trial: spikes by step, and rows of variables, (T, size), by population and name.

    arriving: the weights that arrived at cells, (T, size); losses: of readouts.
    """

    spikes: dict[int, Spikes]
    rows: dict[int, dict[str, np.ndarray]]
    arriving: dict[int, np.ndarray]
    losses: dict[int, float]

    def activity(self, network: Network) -> Activity:
        """The trial as a learner of the network takes it."""
        stateful = cells_with_state(network)
        return Activity(
            self.spikes, {index: self.rows[index]["h"] for index in network.learning_cells},
            {index: self.rows[index][each.signal]
             for index, each in network.of_kind(Readouts).items()},
            potential={index: self.rows[index]["v"] for index in network.posts_that_need("v")},
            state={index: {name: self.rows[index][name] for name in each.state_variables()}
                   for index, each in stateful.items()},
            arriving={index: self.arriving[index] for index in stateful})

    def last(self) -> dict[int, dict[str, np.ndarray]]:
        """Variables after the last step, (size,), by population and name."""
        return {index: {name: values[-1].copy() for name, values in rows.items()}
                for index, rows in self.rows.items()}


class Reader:
    """Reads trials of a network, with the cells that stand on the substrate.

    sampled: whether potentials are those of samples, otherwise those of a model that replays the
    measured spikes. missing: by label of cells, how many potentials of a trial had no sample at
    most.
    """

    def __init__(self, network: Network, substrate: Substrate, sampled: bool) -> None:
        self.substrate, self.sampled = substrate, sampled
        self.missing: dict[str, int] = {}
        self._replay = Replay(network)
        self._steps, self._timestep = self._replay.steps, network.settings.timestep

    def configure(self, index: int, network: Network) -> None:
        """Take new parameters of a population."""
        self._replay.network = network
        self._replay.configure(index, network.populations[index])

    def trial(self, measured: Measured, place: Mapping[int, int], sources: Mapping[int, Spikes],
              weights: dict[int, np.ndarray], biases: Mapping[int, np.ndarray], start: int,
              number: int) -> Trial:
        """Trial ``number``, which began at global step ``start``.

        place: of populations on the substrate. sources: their spikes. weights: of all projections,
        as they acted; biases: of readouts. Raises :class:`SimulationError` for what cannot be read,
        and if there are no samples.
        """
        network = self._replay.network
        inside = self._inside(measured, place)
        spikes = {**sources, **{index: self._by_step(each) for index, each in inside.items()}}
        counts = counts_of(network, spikes, self._steps)
        rows: dict[int, dict[str, np.ndarray]] = {}
        arriving, losses = {}, {}
        for index, cells in network.of_kind(SpikingCells).items():
            replayed = self._replay.of_cells(index, counts, weights)
            arriving[index] = replayed.arriving
            states = replayed.states
            if self.sampled:
                samples = samples_of(measured, place[index], cells, self.substrate.name)
                if samples is None or not np.any(np.isfinite(samples.v)):
                    raise SimulationError(
                        f"{cells.label}: {self.substrate.name} gave back no samples of v in trial "
                        f"{number}; setup(voltage='model') learns from spikes alone")
                states = self._sampled_states(cells, replayed, samples, inside[index])
            rows[index] = {**states, "h": self._slope(cells, states, replayed, counts[index][1:])}
        for index in network.of_kind(Readouts):
            found = self._replay.of_readouts(index, counts, weights, biases[index], start)
            rows[index] = {"y": found.y, "error": found.error, "target": found.target}
            losses[index] = found.loss
        for index in network.of_kind(SpikingCells):
            rows[index]["learning_signal"] = self._signals(index, rows, weights)
        return Trial(spikes, rows, arriving, losses)

    def _inside(self, measured: Measured, place: Mapping[int, int]
                ) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Spikes of cells within the trial, (times in ms, cells), sorted by time."""
        found, last = {}, self._steps * self._timestep
        for index, cells in self._replay.network.of_kind(SpikingCells).items():
            times, spiking = spikes_of(measured, place[index], cells, self.substrate.name)
            order = np.argsort(times, kind="stable")
            order = order[(times[order] > 0.0) & (times[order] <= last * (1.0 + 1e-9))]
            found[index] = (times[order], spiking[order])
        return found

    def _by_step(self, spikes: tuple[np.ndarray, np.ndarray]) -> Spikes:
        """Spikes by the step that they fall in; two of a cell in a step are one."""
        times, spiking = spikes
        steps = step_of(times / self._timestep).astype(int)
        pairs = np.unique(np.stack([steps, spiking], axis=1), axis=0)
        return pairs[:, 0], pairs[:, 1]

    def _sampled_states(self, cells: SpikingCells, replayed: CellReplay, samples: Samples,
                        spikes: tuple[np.ndarray, np.ndarray]) -> dict[str, np.ndarray]:
        """State variables with sampled potentials; those of the model where there are none."""
        dt = self._timestep
        distance = distance_of(cells, replayed.states, dt)
        threshold = replayed.states["v"] - distance
        if self.substrate.dynamics.overshoots:
            threshold += np.maximum(distance, 0.0)
        v, known = interpolated(samples, spikes, dt, cells, threshold, self.substrate.dynamics)
        missing = int(np.count_nonzero(~known))
        if missing:
            self.missing[cells.label] = max(self.missing.get(cells.label, 0), missing)
        return {**replayed.states, "v": np.where(known, v, replayed.states["v"])}

    def _slope(self, cells: SpikingCells, states: Mapping[str, np.ndarray], replayed: CellReplay,
               z: np.ndarray) -> np.ndarray:
        """h, (T, size). Cells that spiked were not below their threshold, others not above it."""
        distance = distance_of(cells, states, self._timestep)
        distance = np.where(z > 0, np.maximum(distance, 0.0), np.minimum(distance, 0.0))
        return slope_of(cells, distance, replayed.refractory, self._timestep)

    def _signals(self, index: int, rows: Mapping[int, Mapping[str, np.ndarray]],
                 weights: Mapping[int, np.ndarray]) -> np.ndarray:
        """L of cells, (T, size): the sum over learning signals of B err, or B y without a loss."""
        network = self._replay.network
        size = network.populations[index].size
        total = np.zeros((self._steps, size))
        for signal in network.learning_signals:
            if signal.target == index:
                readouts = network.populations[signal.source]
                assert isinstance(readouts, Readouts)
                sent = rows[signal.source][readouts.signal]
                total += _fed_back(signal, sent, size, network, weights)
        return total


def _fed_back(signal: LearningSignal, sent: np.ndarray, size: int, network: Network,
              weights: Mapping[int, np.ndarray]) -> np.ndarray:
    """B of each step times what is sent, (T, size)."""
    feedback = signal.feedback
    if isinstance(feedback, FixedFeedback):
        return np.asarray(sent @ np.asarray(feedback.weight, float).T)
    if isinstance(feedback, WindowedFeedback):
        windows = np.arange(len(sent)) // feedback.window_steps
        return np.asarray(np.einsum("tk,tjk->tj", sent, np.asarray(feedback.weight)[windows]))
    forward = network.projections[feedback.projection]
    matrix = np.zeros((sent.shape[1], size))
    np.add.at(matrix, (forward.post_index, forward.pre_index), weights[feedback.projection])
    return np.asarray(sent @ matrix)
