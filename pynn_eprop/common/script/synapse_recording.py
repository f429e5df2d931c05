"""Recording of synapses: a projection's record() and get_data(), for any backend."""

from collections.abc import Iterable, Mapping
from numbers import Integral
from types import SimpleNamespace
from typing import Any

import neo
import numpy as np
from pyNN.random import AbstractRNG

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import check_number
from pynn_eprop.common.arguments.calls import names as listed
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.expansion.seeds import Purpose
from pynn_eprop.common.records.synapse_recorder import SynapseRecorder
from pynn_eprop.common.standardmodels.cells import LearningCell
from pynn_eprop.errors import (
    ArgumentError,
    NetworkError,
    NothingRecordedError,
    ParameterError,
    SelectionError,
    SimulationError,
    UnknownVariableError,
    UnsupportedError,
)
from pynn_eprop.models.network import ELIGIBILITY_TRACE


def static_error(label: str, synapse_type: Any) -> UnsupportedError:
    """The error of recording synapses that do not learn."""
    return UnsupportedError(
        f"{label}: {type(synapse_type).__name__} without an optimizer has no learning rule, and so "
        "no eligibility trace to record; use EPropSynapse(optimizer=...) onto cells that learn, "
        "with set_learning(False) for runs that teach nothing")


class RecordedSynapses:
    """Methods of a projection that is held as arrays.

    recorder: None until something is recorded.
    """

    _simulator: Any
    _simulation: Any
    label: str
    post: Any
    shape: tuple[int, int]
    synapses: Any
    synapse_type: Any
    draws: Any
    recorder: SynapseRecorder | None = None

    def record(self, variables: str | Iterable[str] | None,
               synapses: int | Iterable[tuple[int, int]] | None = None,
               sampling_interval: float | None = None, rng: Any = None) -> None:
        """Record variables of synapses from now on; None: record nothing more of the projection.

        There is one, "eligibility_trace": e_ji^t of the rule of the synapses (eq. 23, 28), which
        have to learn and to lead to cells. It is recorded whether learning is on or off.

        Parameters
        ----------
        variables : "eligibility_trace", a list of such names, "all", or None
        synapses : whole number, list of (pre, post), or None, default None
            Which ones: so many, chosen at random; those from cell to cell, by the indices in the
            projection's groups, as ``get(format="list")`` has them; or all.
        sampling_interval : ms, default the time step
        rng : a generator of PyNN's, default from the seed of ``setup()``
            For synapses that are chosen at random.

        Recording begins at the start of an interval, or with boundary="continuous" before the
        first run. Raises :class:`UnsupportedError` for synapses that have no such trace, or of a
        backend that does not give it, :class:`UnknownVariableError`, :class:`SelectionError` for
        cells that are not connected, :class:`RecordingError` for a sampling interval or time at
        which recording is not possible; then nothing was changed.
        """
        self._check_current()
        if variables is None:
            if self.recorder is not None:
                self.recorder.reset()
            return
        if sampling_interval is not None:
            check_number("sampling_interval", sampling_interval, self.label)
        if getattr(self.synapse_type, "optimizer", None) is None:
            raise static_error(self.label, self.synapse_type)
        names = self._names(variables, "record(): variables")
        self._simulation.check_records_traces(self)
        with all_or_nothing(self.draws, given=[SimpleNamespace(rng=rng)]):
            chosen = self._chosen(synapses, rng)
        self._check_lead_to_cells(chosen)
        recorder = self.recorder or SynapseRecorder(self, self._simulator.state)
        with all_or_nothing(recorder, *recorder.logs.values()):
            recorder.record(names, chosen, sampling_interval)
        self.recorder = recorder

    def get_data(self, variables: str | Iterable[str] = "all", gather: bool = True,
                 clear: bool = False, annotations: Mapping[str, Any] | None = None) -> neo.Block:
        """The recorded data as a Neo block, with a segment for each run between resets.

        A segment has an AnalogSignal for each variable, with a channel for each synapse; its
        array annotations "presynaptic_index" and "postsynaptic_index" name the cells. ``clear``:
        forget the data; the next begin with the present samples. ``gather`` has no effect: every
        process has all of them.

        Raises :class:`NothingRecordedError` if nothing was recorded, :class:`UnknownVariableError`
        for other variables.
        """
        self._check_current()
        if self.recorder is None:
            raise NothingRecordedError(f"{self.label}: nothing is recorded of its synapses; call "
                                       f"record({ELIGIBILITY_TRACE!r}) before the run")
        names = self._names(variables, "get_data(): variables")
        if annotations is not None and not isinstance(annotations, Mapping):
            raise ParameterError(f"{self.label}: annotations={annotations!r} must be a dict")
        return self.recorder.get(names, clear, annotations)

    def continue_recording(self, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
                           ) -> None:
        """Go on with the recording of a checkpoint, see :meth:`SynapseRecorder.saved`."""
        recorder = self.recorder or SynapseRecorder(self, self._simulator.state)
        recorder.take_back(arrays, about)
        self.recorder = recorder

    def _check_current(self) -> None:
        if self._simulation is not self._simulator.state.simulation:
            raise SimulationError(f"{self.label} belongs to a network that a later setup() has "
                                  "ended; get its data, or change it, before that")

    def _names(self, variables: str | Iterable[str], what: str) -> list[str]:
        names = listed(variables, what, self.label)
        recordable = self.synapse_type.recordable
        if names == ["all"]:
            return list(recordable)
        for name in names:
            if name not in recordable:
                raise UnknownVariableError(self.label, name, self.synapse_type)
        return names

    def _chosen(self, synapses: Any, rng: Any) -> np.ndarray:
        """Places of the wanted synapses, sorted."""
        if rng is not None and not isinstance(rng, AbstractRNG):
            raise ArgumentError(f"{self.label}: rng={rng!r} must be a generator of PyNN's, such as "
                                "NumpyRNG(seed)")
        count = len(self.synapses)
        if not count:
            raise NetworkError(f"{self.label} has no synapses to record")
        if synapses is None:
            return np.arange(count)
        if isinstance(synapses, Integral) and not isinstance(synapses, (bool, np.bool_)):
            wanted = int(synapses)
            if not 1 <= wanted <= count:
                raise SelectionError(f"{self.label}: synapses={wanted} of its {count} cannot be "
                                     f"recorded; choose 1 to {count}")
            rng = rng or self.draws.rng(Purpose.RECORDED)
            return np.sort(np.asarray(rng.permutation(np.arange(count)), dtype=int)[:wanted])
        return self._places(synapses)

    def _places(self, pairs: Any) -> np.ndarray:
        """Places of the synapses between pairs of cells, sorted; of each, if there are several."""
        try:
            wanted = np.asarray(list(pairs))
        except (TypeError, ValueError):
            wanted = np.zeros(0)
        if wanted.ndim != 2 or wanted.shape[1] != 2 or wanted.dtype.kind not in "iu":
            raise ArgumentError(
                f"{self.label}: synapses={pairs!r} must be a whole number, a list of pairs "
                "(pre, post) of whole numbers, or None for all")
        keys = self.synapses.pre.astype(np.int64) * self.shape[1] + self.synapses.post
        inside = np.all((wanted >= 0) & (wanted < np.array(self.shape)), axis=1)
        asked = wanted[:, 0].astype(np.int64) * self.shape[1] + wanted[:, 1]
        missing = wanted[~inside | ~np.isin(asked, keys)]
        if len(missing):
            raise SelectionError(f"{self.label}: there is no synapse from cell {missing[0][0]} to "
                                 f"cell {missing[0][1]}; get('weight', format='list') lists all "
                                 f"{len(keys)}")
        return np.flatnonzero(np.isin(keys, asked))

    def _check_lead_to_cells(self, chosen: np.ndarray) -> None:
        """Raise :class:`UnsupportedError` for synapses onto readouts."""
        posts = self.synapses.post[chosen]
        for member in members(self.post):
            population = member.population
            within = (posts >= member.offset) & (posts < member.offset + len(member.indices))
            if within.any() and not isinstance(population.celltype, LearningCell):
                raise UnsupportedError(
                    f"{self.label}: synapses onto {type(population.celltype).__name__} "
                    f"({population.label}) have no eligibility trace of a rule: theirs is the "
                    "filtered presynaptic spike train (eq. 48); record synapses onto cells")
