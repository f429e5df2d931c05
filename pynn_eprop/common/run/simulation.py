"""A network since ``setup()``, as far as it is the same on every backend."""
# ruff: noqa: B027 (a backend may leave checks and hooks that do nothing as they are)

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.description import Description, describe_bundle
from pynn_eprop.common.expansion.feedback import feedback_matrix
from pynn_eprop.common.files.checkpoints import EPROP_GRADIENT
from pynn_eprop.common.processes.alone import Processes
from pynn_eprop.common.run.inactivity import InactivityWatch
from pynn_eprop.common.run.rounding_warnings import RoundingWarnings
from pynn_eprop.common.run.timeline import Timeline
from pynn_eprop.common.run.trial_lengths import TrialLengths
from pynn_eprop.errors import InactivityWarning, NetworkError, SimulationError
from pynn_eprop.fixed.formats import Formats, feedback_bits, weight_bits
from pynn_eprop.fixed.numbers import acting_weights, as_held
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network
from pynn_eprop.models.range_report import RangeReport
from pynn_eprop.models.targets import target_end


class Simulation(ABC):
    """Everything since ``setup()``.

    populations, projections, current_sources: in the order in which they were made; the ``index``
    of each is its place. learning: whether intervals that start from now on count. diverged:
    whether there was a warning that training has; inactivity: warnings of inactive populations;
    trial_lengths: steps of shorter trials; warned: the kinds of other warnings that there were.
    carried: whether weights at time 0 come from a run before a reset(), or from a checkpoint.
    runs: whether a run is in progress. processes: those that run the script together; one, unless
    the backend can share its work.

    Each method that populations and projections call when they change raises before it changes
    something. A backend calls ``warn_if_diverged`` and ``warn_if_inactive`` as it runs, and
    ``training_restarts`` at a reset. It has ``gradient(projection)``, unless ``check_gradient``
    refuses.
    """

    def __init__(self, options: SharedOptions) -> None:
        self.options = options
        self.timeline = Timeline.of(options)
        self.trial_lengths = TrialLengths(options, self.timeline)
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.current_sources: list[Any] = []
        self.learning = True
        self.diverged = False
        self.inactivity = InactivityWatch()
        self.warned: set[str] = set()
        self.carried = False
        self.runs = False
        self.processes = Processes()

    @property
    @abstractmethod
    def kinds(self) -> KnownKinds:
        """The cells, rules, losses, optimisers and pseudo-derivatives that the machine knows."""

    @property
    @abstractmethod
    def step(self) -> int:
        """Global steps done since the start or the last reset."""

    @property
    @abstractmethod
    def updates(self) -> int:
        """Weight updates done."""

    @property
    def holds_more(self) -> bool:
        """Whether there are weights that the PyNN objects do not have.

        If not, the next run begins from these alone, as if nothing had run: fixed point chooses
        its formats for them.
        """
        return self.step > 0 or self.carried

    @property
    def can_be_kept(self) -> bool:
        """Whether a checkpoint can be written now."""
        return True

    @property
    def time(self) -> float:
        """Script time in ms."""
        return self.timeline.time(self.step)

    @abstractmethod
    def structure_changes(self, what: str) -> None:
        """Note a change, ``what`` in words: something is added, or has new feedback weights."""

    @abstractmethod
    def population_changes(self, index: int) -> None:
        """Note that a population has new parameters."""

    @abstractmethod
    def initial_values_change(self, index: int) -> None:
        """Note that a population has new initial values."""

    @abstractmethod
    def delays_change(self, label: str) -> None:
        """Note that a projection gets new delays."""

    def spikes_change(self, population: Any) -> None:
        """Check new spikes of a source, which are inputs of the next run."""

    def check_takes_weights(self, what: str) -> None:
        """Raise the errors of a backend that cannot take any weights now.

        For callers that read weights first, as reading may end a run.
        """

    def check_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Raise the errors of weights, (synapses,), that :meth:`set_weights` would refuse now."""

    def check_gradient(self, projection: Any) -> None:
        """Raise the errors of a backend that has no gradients to read."""

    def check_records_traces(self, projection: Any) -> None:
        """Raise the errors of eligibility traces that this backend does not record."""

    def check_delays(self, label: str) -> None:
        """Raise the errors with which :meth:`delays_change` would refuse new delays now."""

    def range_report(self) -> RangeReport | None:
        """The formats of fixed point; None in floating point or before a run."""
        return None

    def acting_weights(self, projection: Any) -> np.ndarray:
        """Weights as they act at arrival, (synapses,): in floating point the weights themselves."""
        return np.asarray(self.weights(projection))

    @abstractmethod
    def weights(self, projection: Any) -> np.ndarray:
        """Current weights of a projection, (synapses,)."""

    @abstractmethod
    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Replace the weights, (synapses,); at time 0, reset() goes back to them, too."""

    @abstractmethod
    def bias(self, population: Any) -> np.ndarray:
        """Current biases of a readout population."""

    def saturations(self) -> tuple[str, ...]:
        """A sentence for each population or projection that saturated in fixed point so far."""
        return ()

    def check_reset(self, keep_weights: bool) -> None:
        """Raise the errors of an impossible reset, before anything changes."""

    def end(self) -> None:
        """Release the resources of a run."""

    def check_between_intervals(self, what: str) -> None:
        """Raise :class:`NetworkError` within an interval."""
        if not self.timeline.starts_interval(self.step):
            end = self.timeline.time(self.timeline.interval_end(self.step))
            raise NetworkError(f"{what} at {self.time:.9g} ms, within an interval; run() to its "
                               f"end at {end:.9g} ms first")

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
        """As :meth:`check_target_reaches`, for all readouts of a network that have errors."""
        for described in network.of_kind(Readouts).values():
            self.check_described_target(described, last)

    def check_described_target(self, readouts: Readouts, last: int) -> None:
        """As :meth:`check_target_reaches`, for described readouts."""
        end = target_end(readouts)
        if readouts.loss is not None and end is not None:
            self.check_target_reaches(readouts.label, end, last)

    def warn_once(self, sentences: Iterable[str], hint: str = "",
                  category: type[Warning] = UserWarning) -> None:
        """Warn of sentences "label: text", once for each label and kind: numbers may differ.

        Training in thousands of runs would repeat them thousands of times.
        """
        for sentence in sentences:
            label, _, text = sentence.partition(": ")
            kind = re.sub(r"\[\d+:\d+\]$", "", label) + re.sub(r"\d+", "", text)
            if kind not in self.warned:
                self.warned.add(kind)
                self._warn(sentence + hint, category, 5)

    def warn_if_diverged(self, states: Iterable[tuple[str, str, np.ndarray]]) -> None:
        """Warn, once after setup() or reset(), of states that are no longer finite.

        ``states``: label, variable and values of membranes and readouts, which weights that are
        not finite reach with the next spike.
        """
        if self.diverged or not self.updates:
            return
        for label, variable, values in states:
            if not np.all(np.isfinite(values)):
                self.diverged = True
                self._warn(f"training has diverged: {variable} of {label} is not finite at "
                           f"{self.time:.9g} ms, after {self.updates} updates; the results are "
                           "worthless. Choose a lower learning rate", UserWarning, 4)
                return

    def warn_if_inactive(self, found: Iterable[Inactivity]) -> None:
        """Warn of populations at synapses that learn without spikes, or without pseudo-derivative.

        ``found``: of any populations of e-prop cells.
        :class:`~pynn_eprop.common.run.inactivity.InactivityWatch` decides which of it is new.
        """
        for sentence in self.inactivity.new(found, self.populations, self.projections,
                                            self.options):
            self._warn(sentence, InactivityWarning, 4)

    def _warn(self, text: str, category: type[Warning], level: int) -> None:
        """Warn, in one of the processes that run the script."""
        if self.processes.rank == 0:
            warnings.warn(text, category, stacklevel=level)

    def training_restarts(self, keep_weights: bool) -> None:
        """After reset(): give warnings that are given once again, unless the training goes on.

        With ``keep_weights`` it does, and only the warning of divergence can come again.
        """
        self.diverged = False
        if not keep_weights:
            self.inactivity.forget()


class DescribedSimulation(Simulation):
    """A simulation whose network description goes to a holder of its weights, such as a machine.

    description: of the holder's network. wanted_formats: None in floating point.
    gradient_setting: the keywords of ``setup()`` that say which gradient is followed; a checkpoint
    continues only with the same.
    """

    description: Description | None = None
    gradient_setting: str = EPROP_GRADIENT

    def __init__(self, options: SharedOptions, wanted_formats: FixedPoint | None = None) -> None:
        super().__init__(options)
        self.wanted_formats = wanted_formats
        self.rounding_warnings = RoundingWarnings()
        self._set: dict[tuple[int, int], np.ndarray] = {}

    @abstractmethod
    def _holder(self) -> Any:
        """Holder of weights, gradients and biases by their places in the description, or None.

        None, too, as long as they are those of the PyNN objects.
        """

    @abstractmethod
    def reset(self, keep_weights: bool) -> None:
        """Go back to step 0; ``keep_weights`` keeps learned weights."""

    @abstractmethod
    def start_changes(self) -> None:
        """Note a change of the PyNN objects from which the next run begins."""

    @property
    @abstractmethod
    def formats(self) -> Formats | None:
        """The fixed-point formats in use; None in floating point, and before there are any."""

    def _holder_of(self, projection: Any) -> Any:
        """The holder, if it has the projection."""
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

    def _bundles(self, projection: Any) -> Any:
        """(bundle, place in the described network) of a projection."""
        assert self.description is not None
        return zip(projection.bundles, self.description.projections[projection.index], strict=True)

    def _gather(self, projection: Any, read: Any) -> np.ndarray:
        values = np.empty(len(projection.synapses))
        for bundle, place in self._bundles(projection):
            bundle.put(values, read(place))
        return values

    def check_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Raise the errors of weights, (synapses,), that the holder cannot take now."""
        holder = self._holder_of(projection)
        if holder is not None:
            for bundle, place in self._bundles(projection):
                holder.check_weights(place, bundle.take(weight))

    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Replace the weights; at time 0, reset() goes back to them, too."""
        holder = self._holder_of(projection)
        if holder is None:
            projection.synapses.weight = np.array(weight)
            self.start_changes()
            return
        if self.step == 0:
            projection.synapses.weight = np.array(weight)
        for number, (bundle, place) in enumerate(self._bundles(projection)):
            holder.set_weights(place, bundle.take(weight))
            self._set[projection.index, number] = np.array(bundle.take(weight))

    def forget_weights(self) -> None:
        """Note that weights are again those of the PyNN objects."""
        self._set = {}

    def acting_weights(self, projection: Any) -> np.ndarray:
        """Weights as they act at arrival; before a run, in the formats that it would start with."""
        weight = self.weights(projection)
        if self.wanted_formats is None:
            return weight
        acting = np.empty(len(weight))
        formats = None if self._holder_of(projection) is None else self.formats
        if projection.is_feedback:
            for bundle in projection.bundles:
                part = bundle.take(weight)
                bundle.put(acting, as_held(part, feedback_bits(feedback_matrix(bundle, part))))
            return acting
        for number, bundle in enumerate(projection.bundles):
            if formats is not None and self.description is not None:
                bits = formats.weight_bits[self.description.projections[projection.index][number]]
            else:
                bits = weight_bits(describe_bundle(projection, bundle), self.wanted_formats)
            bundle.put(acting, acting_weights(bundle.take(weight), bits))
        return acting

    def warn_of_rounding(self) -> None:
        """Warn, before a run, of given numbers that fixed point changes much, once of each set."""
        formats = self.formats
        if formats is None or self.description is None:
            return
        places = self.description.projections
        self.rounding_warnings.warn(self.description.network, formats, {
            places[index][number]: weight for (index, number), weight in self._set.items()})
