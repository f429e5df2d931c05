"""A network since ``setup()``: what is the same on every backend."""

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from pynn_eprop.common.description import Description
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.common.timeline import Timeline
from pynn_eprop.errors import NetworkError, SimulationError
from pynn_eprop.models.network import Network, Readouts
from pynn_eprop.models.range_report import RangeReport


class Simulation:
    """Everything since ``setup()``.

    populations, projections, current_sources: in the order of their making; the ``index`` of each
    is its place. learning: whether intervals that start from now on count. diverged: whether a
    script was told that its training has; told: the kinds of other things that it was told.

    A backend has ``step``, ``updates``, and what populations and projections call when they change:
    ``structure_changes(what)``, ``delays_change(label)``, ``population_changes(index)``,
    ``initial_values_change(index)``, ``weights(projection)``, ``set_weights(projection, weight)``,
    ``gradient(projection)`` and ``bias(population)``.
    """

    def __init__(self, options: SharedOptions) -> None:
        self.options = options
        self.timeline = Timeline.of(options)
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.current_sources: list[Any] = []
        self.learning = True
        self.diverged = False
        self.told: set[str] = set()

    @property
    def step(self) -> int:
        """Global steps done since the start or the last reset."""
        raise NotImplementedError

    @property
    def updates(self) -> int:
        """Weight updates done."""
        raise NotImplementedError

    @property
    def can_be_kept(self) -> bool:
        """Whether a checkpoint can be written now."""
        return True

    @property
    def time(self) -> float:
        """Script time in ms."""
        return self.timeline.time(self.step)

    def range_report(self) -> RangeReport | None:
        """The formats of fixed point; None in floating point or before a run."""
        return None

    def saturations(self) -> tuple[str, ...]:
        """What saturated in fixed point so far, one sentence each."""
        return ()

    def reset(self, keep_weights: bool) -> None:
        """Back to step 0; with ``keep_weights`` what was learned stays."""
        raise NotImplementedError

    def end(self) -> None:
        """Give back what a run needed."""

    def check_between_intervals(self, what: str) -> None:
        """Raise :class:`NetworkError` where an interval is half done."""
        if not self.timeline.starts_interval(self.step):
            end = self.timeline.time(self.timeline.interval_end(self.step))
            raise NetworkError(f"{what} at {self.time:g} ms, within an interval; run() to its end "
                               f"at {end:g} ms first")

    def check_target_reaches(self, label: str, end: int, last: int) -> None:
        """Raise :class:`SimulationError` for a run to step ``last`` of a target up to ``end``.

        ``end``: counted in steps of intervals.
        """
        if end < self.timeline.without_pauses(last):
            end, time = self.timeline.with_pauses(end), self.timeline.time
            raise SimulationError(
                f"{label}: the target ends at {time(end):g} ms, before this run does, at "
                f"{time(last):g} ms; give one that is long enough, NaN where there is none")

    def check_targets_reach(self, network: Network, last: int) -> None:
        """The same for all readouts of a network that have errors."""
        for described in network.populations:
            if isinstance(described, Readouts):
                self.check_described_target(described, last)

    def check_described_target(self, readouts: Readouts, last: int) -> None:
        """The same for readouts."""
        if readouts.loss is not None and readouts.target is not None \
                and not readouts.target_repeats:
            self.check_target_reaches(
                readouts.label, readouts.target_start + readouts.target.shape[1], last)

    def warn_if_diverged(self, states: Iterable[tuple[str, str, np.ndarray]]) -> None:
        """Warn, once after setup() or reset(), of states that are no numbers any more.

        ``states``: label, variable and values of membranes and readouts. Weights that are not
        finite show there as soon as a spike meets them.
        """
        if self.diverged or not self.updates:
            return
        for label, variable, values in states:
            if not np.all(np.isfinite(values)):
                self.diverged = True
                warnings.warn(f"training has diverged: {variable} of {label} is not finite at "
                              f"{self.time:g} ms, after {self.updates} updates; the results are "
                              "worthless. Choose a lower learning rate", stacklevel=3)
                return


class DescribedSimulation(Simulation):
    """A simulation whose network is described for something that holds its weights.

    description: of what the holder has.
    """

    description: Description | None = None

    def _holder(self) -> Any:
        """What has weights, gradients and biases by their places in the description, or None."""
        raise NotImplementedError

    def _holder_of(self, projection: Any) -> Any:
        """The same if it has the projection."""
        known = self.description is not None and projection.index in self.description.projections
        return self._holder() if known else None

    def weights(self, projection: Any) -> np.ndarray:
        """Current weights of a projection, (synapses,)."""
        holder = self._holder_of(projection)
        if holder is None:
            return np.array(projection.synapses.weight)
        return self._gather(projection, holder.weights)

    def gradient(self, projection: Any) -> np.ndarray:
        """Gradient of the last update, (synapses,); zeros before the first."""
        holder = self._holder_of(projection)
        if holder is None:
            return np.zeros(len(projection.synapses))
        return self._gather(projection, holder.gradient)

    def _blocks(self, projection: Any) -> Any:
        """(block, place in the described network) of a projection."""
        assert self.description is not None
        return zip(projection.blocks, self.description.projections[projection.index], strict=True)

    def _gather(self, projection: Any, read: Any) -> np.ndarray:
        values = np.empty(len(projection.synapses))
        for block, place in self._blocks(projection):
            block.put(values, read(place))
        return values

    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Replace the weights; at time 0 they are also what reset() goes back to."""
        holder = self._holder_of(projection)
        if holder is None or self.step == 0:
            projection.synapses.weight = np.array(weight)
        if holder is not None:
            for block, place in self._blocks(projection):
                holder.set_weights(place, block.take(weight))
