"""Any PyNN backend as a substrate, by standard PyNN alone."""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from pynn_eprop.errors import SetupError, SimulationError, UnsupportedError
from pynn_eprop.in_the_loop.fitting import check_single_synapses
from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Dynamics, Limits, Substrate
from pynn_eprop.in_the_loop.substrates.model import check_dynamics, is_number
from pynn_eprop.in_the_loop.substrates.spike_times import give_spikes
from pynn_eprop.models.activity import Spikes
from pynn_eprop.models.cells import CurrLIFCells, Sources, SpikingCells
from pynn_eprop.models.network import Network, Projection

_CAPACITY = 1.0     # nF, of cells with a synaptic current
_LEAD = 5           # time steps before a trial begins
_SILENT = 1e9       # mV, a threshold that no cell reaches
_APART = 1.0 + 1e-11    # ratio of two time constants that would be equal
_DECAYED = 40.0     # time constants after which nothing is left of a current, in float64


class PyNNSubstrate(Substrate):
    """Cells of PyNN's ``IF_curr_delta``, or ``IF_curr_exp`` if synapses have a time constant.

    Parameters
    ----------
    sim: the PyNN module; its ``setup()`` and ``end()`` are called here
    tau_syn: ms, of the synapses onto LIF cells, which have none of their own; 0: ``IF_curr_delta``
    unit: mV that stand for a potential of 1
    sample_period: ms between samples of v; None: the time step
    timestep: ms, of the simulator; None: the network's
    setup: further keywords of ``sim.setup()``

    The resting potential is at 0 mV. Each projection is a pair, excitatory and inhibitory, so that
    weights may change their sign. A trial begins five time steps of the network after the reset,
    as pyNN.nest takes no spikes before. pyNN.brian2 needs timestep=0.1, Brian2's own: spike sources
    keep that whatever ``setup()`` says. pyNN.nest needs ``t_flush`` to be reset, steps on the grid
    with spike_precision="on_grid", and tau_syn > 0: it records no v of ``IF_curr_delta``. Its reset
    lets the network run on for ``t_flush`` ms, and then sets v only. So with that keyword cells are
    kept from spiking for that time, which is at least what delays, refractory cells and synaptic
    currents need.

    Raises :class:`SetupError` for values that are out of range.
    """

    def __init__(self, sim: Any, tau_syn: float = 0.0, unit: float = 10.0,
                 sample_period: float | None = None, timestep: float | None = None,
                 setup: Mapping[str, Any] | None = None) -> None:
        check_dynamics(True, tau_syn)
        for name, value in (("unit", unit), ("sample_period", sample_period),
                            ("timestep", timestep)):
            if not (value is None and name != "unit") \
                    and not (is_number(value) and 0.0 < value < np.inf):
                raise SetupError(f"PyNNSubstrate: {name}={value!r} must be a number > 0")
        if not isinstance(setup, Mapping | None):
            raise SetupError(f"PyNNSubstrate: setup={setup!r} must be keywords in a dict")
        self.sim, self.unit, self.sample_period, self.timestep = sim, unit, sample_period, timestep
        self.limits = Limits(sample_period=sample_period or 0.0)
        self.dynamics = Dynamics(holds=True, tau_syn=tau_syn, overshoots=timestep is None)
        self._setup = dict(setup or {})
        self._network: Network | None = None
        self._populations: dict[int, Any] = {}
        self._pairs: dict[int, tuple[Any, Any]] = {}

    @property
    def name(self) -> str:  # type: ignore[override]
        """The name of the PyNN module."""
        return str(getattr(self.sim, "__name__", "PyNN"))

    def configure(self, chip: ChipNetwork) -> None:
        """Build the network in PyNN.

        Raises :class:`UnsupportedError` for two synapses between the same two cells, and for cells
        of which only some have synaptic currents.
        """
        sim, network = self.sim, chip.network
        check_single_synapses(network, self.name)
        self.close()
        sim.setup(timestep=self.timestep or network.settings.timestep,
                  **self._setup | self._flushing(network))
        self._network = network
        for index, population in enumerate(network.populations):
            if isinstance(population, Sources):
                made = sim.Population(population.size, sim.SpikeSourceArray(spike_times=[]))
            else:
                assert isinstance(population, CurrLIFCells)
                made = sim.Population(population.size, self._cells(population),
                                      initial_values={"v": 0.0})
                made.record("spikes")
            self._populations[index] = made
        self._pairs = {index: self._pair(projection, network)
                       for index, projection in enumerate(network.projections)
                       if len(projection.pre_index)}
        self._records_v = False

    def _flushing(self, network: Network) -> dict[str, float]:
        """``t_flush``, in ms, if that was given: long enough that nothing of a trial is left."""
        if "t_flush" not in self._setup:
            return {}
        cells = network.of_kind(CurrLIFCells).values()
        steps = max((int(np.max(values, initial=0)) for values in (
            *(each.delay for each in network.projections),
            *(each.refractory_steps for each in cells))), default=0)
        tau_syn = max((float(np.max(each.tau_syn)) for each in cells), default=0.0)
        return {"t_flush": max(self._setup["t_flush"],
                               steps * network.settings.timestep + _DECAYED * tau_syn)}

    def _cells(self, cells: CurrLIFCells) -> Any:
        """The cell type in PyNN."""
        dt = self._timestep
        parameters = {
            "tau_m": cells.tau_m, "v_rest": 0.0, "i_offset": 0.0, "cm": _CAPACITY,
            "v_reset": self.unit * np.asarray(cells.v_reset),
            "v_thresh": self._threshold(cells),
            "tau_refrac": np.asarray(cells.refractory_steps) * dt}
        if not _has_currents(cells):
            return self.sim.IF_curr_delta(**parameters)
        # with two equal time constants pyNN.brian2 computes NaN
        tau_syn = np.where(cells.tau_syn == cells.tau_m, cells.tau_syn * _APART, cells.tau_syn)
        return self.sim.IF_curr_exp(tau_syn_E=tau_syn, tau_syn_I=tau_syn, **parameters)

    def _threshold(self, cells: CurrLIFCells) -> np.ndarray:
        """v_thresh in mV, (size,)."""
        return self.unit * np.broadcast_to(np.asarray(cells.v_thresh, dtype=float), (cells.size,))

    @property
    def _timestep(self) -> float:
        assert self._network is not None
        return self._network.settings.timestep

    def _pair(self, projection: Projection, network: Network) -> tuple[Any, Any]:
        """Excitatory and inhibitory synapses, of weight 0."""
        dt = self._timestep
        rows = [(int(pre), int(post), 0.0, float(delay * dt)) for pre, post, delay in zip(
            projection.pre_index, projection.post_index, projection.delay, strict=True)]
        sim = self.sim
        return tuple(sim.Projection(
            self._populations[projection.pre], self._populations[projection.post],
            sim.FromListConnector(rows, column_names=["weight", "delay"]), sim.StaticSynapse(),
            receptor_type=receptor) for receptor in ("excitatory", "inhibitory"))

    def set_weights(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take the weights of projections, in mV or nA there."""
        network = self._network
        assert network is not None
        for index, weight in weights.items():
            if index not in self._pairs:
                continue
            projection = network.projections[index]
            sizes = (network.populations[projection.pre].size,
                     network.populations[projection.post].size)
            matrix = np.full(sizes, np.nan)
            scaled = self.unit * np.asarray(weight, dtype=float)
            post = network.populations[projection.post]
            assert isinstance(post, CurrLIFCells)
            if _has_currents(post):
                scaled = scaled * _CAPACITY / np.asarray(post.tau_syn)[projection.post_index]
            matrix[projection.pre_index, projection.post_index] = scaled
            excitatory, inhibitory = self._pairs[index]
            excitatory.set(weight=np.where(matrix > 0, matrix, matrix * 0.0))
            inhibitory.set(weight=np.where(matrix < 0, matrix, matrix * 0.0))

    def trial(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
              ) -> Measured:
        """Run one trial: spikes in, ``run()``, data out, ``reset()``, which failures get, too."""
        try:
            measured = self._run(spikes, steps, number, sampled)
        except BaseException:
            with contextlib.suppress(Exception):
                self._reset()
            raise
        self._reset()
        return measured

    def _reset(self) -> None:
        """Reset the simulator; where that takes time, no cell spikes meanwhile."""
        assert self._network is not None
        cells = self._network.of_kind(CurrLIFCells) if "t_flush" in self._setup else {}
        for index in cells:
            self._populations[index].set(v_thresh=_SILENT)
        try:
            self.sim.reset()
        finally:
            for index, each in cells.items():
                self._populations[index].set(v_thresh=self._threshold(each))

    def _run(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
             ) -> Measured:
        network, dt = self._network, self._timestep
        assert network is not None
        cells = network.of_kind(SpikingCells)
        if sampled and not self._records_v:
            for index in cells:
                self._populations[index].record("v", sampling_interval=self.sample_period)
            self._records_v = True
        for index, (when, who) in spikes.items():
            give_spikes(self._populations[index], (np.asarray(when) + _LEAD) * dt, np.asarray(who))
        self.sim.run((steps + _LEAD) * dt)
        measured = Measured()
        # of sources, too: each run leaves a segment with every population
        data = {index: population.get_data(clear=True)
                for index, population in self._populations.items()}
        for index, each in cells.items():
            segments = data[index].segments
            if not segments:
                raise SimulationError(f"{each.label}: {self.name} gave back no data of trial "
                                      f"{number}")
            measured.spikes[index] = self._spikes(segments[-1])
            if sampled:
                found = self._samples(segments[-1])
                if found is not None:
                    measured.samples[index] = found
        return measured

    def _spikes(self, segment: Any) -> tuple[np.ndarray, np.ndarray]:
        """Times in ms and cells, sorted by time."""
        times, cells = [np.zeros(0)], [np.zeros(0, int)]
        for place, train in enumerate(segment.spiketrains):
            cell = int(train.annotations.get("source_index", place))
            own = np.asarray(train.rescale("ms").magnitude, dtype=float)
            times.append(own)
            cells.append(np.full(len(own), cell))
        when, who = np.concatenate(times), np.concatenate(cells)
        order = np.argsort(when, kind="stable")
        return when[order] - _LEAD * self._timestep, who[order]

    def _samples(self, segment: Any) -> Samples | None:
        """Samples of v behind the start; None if there are none."""
        signals = segment.filter(name="v")
        if not signals:
            return None
        signal = signals[0]
        times = np.asarray(signal.times.rescale("ms").magnitude, dtype=float) \
            - _LEAD * self._timestep
        v = np.asarray(signal.magnitude, dtype=float) / self.unit
        behind = times > 1e-9
        return Samples(times[behind], v[behind])

    def describe(self) -> dict[str, object]:
        """The module, and the time constant of synapses."""
        return {"substrate": self.name, "tau_syn": self.dynamics.tau_syn,
                "sample_period": self.sample_period}

    def close(self) -> None:
        """End the simulation."""
        if self._network is not None:
            self._network, self._populations, self._pairs = None, {}, {}
            self.sim.end()


def _has_currents(cells: CurrLIFCells) -> bool:
    """Whether synapses have a time constant. Raises :class:`UnsupportedError` if only some have."""
    found = np.asarray(cells.tau_syn) > 0.0
    if np.any(found) != np.all(found):
        raise UnsupportedError(f"{cells.label}: tau_syn is 0 for some cells only; PyNN has "
                               "IF_curr_delta for those, and IF_curr_exp for others")
    return bool(np.any(found))
