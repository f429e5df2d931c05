"""BrainScaleS-2 as a substrate, through ``pynn_brainscales``.

Every name of that module which is used here stands in docs/brainscales_calls.md.
"""

import contextlib
import importlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import (
    CapacityError,
    MissingDependencyError,
    SetupError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.in_the_loop.fitting import check_single_synapses
from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Dynamics, Limits, Substrate, calling
from pynn_eprop.in_the_loop.substrates.spike_times import give_spikes
from pynn_eprop.models.activity import Spikes
from pynn_eprop.models.cells import CurrLIFCells, LIFCells, Sources, SpikingCells
from pynn_eprop.models.network import Network, Projection

SPEED_UP = 1000.0       # of the chip: 1 ms of the network is 1 us there, which PyNN writes in ms
LEVELS = 63             # largest weight of a synapse, of 6 bits
CIRCUITS = 512          # neuron circuits, in two rows of 256: one row a hemisphere
ROWS = 256              # of synapses of a hemisphere, each excitatory or inhibitory
SAMPLES = 100           # that the converter's memory holds, of each cell in one run
SAMPLE_PERIOD = 1.7     # us, the shortest
_RELEASED = 4.0         # us before a run at which cells are released from a reset
_CYCLES = 125.0         # of the FPGA's clock in a us; the module cuts times to whole ones
_COLUMNS, _BUSSES = 256, 4      # of a hemisphere
_DRIVERS = ROWS // 2 // _BUSSES     # of a bus, two rows each
_COLUMNS_TOGETHER = 32  # columns whose spikes leave by the same output

TARGETS = {"leak": (50, 160), "reset": (50, 160), "threshold": (50, 220)}
"""Calibration targets of potentials, in digits of the converter: smallest and largest."""

TIMES = {"tau_m": (0.5, 60.0), "tau_syn": (0.3, 30.0), "tau_refrac": (0.04, 32.0)}
"""Calibration targets of times, in us on the chip: shortest and longest."""

CHIP_WIDE = {"i_synin_gm_E": (30, 800), "i_synin_gm_I": (30, 800), "synapse_dac_bias": (30, 1022)}
"""Calibration targets that all cells of a chip share: how strong synapses are."""

_DOES_NOT_FIT = ("not successful", "unsuccessful")      # words of the module's errors


class BrainScaleSSubstrate(Substrate):
    """A BrainScaleS-2 chip: calibrated current-based cells, 6-bit weights, sampled potentials.

    Parameters
    ----------
    sim: the module; None: ``pynn_brainscales.brainscales2``. Its ``setup()`` and ``end()`` are
        called here
    leak, reset, threshold: targets of calibration, whole digits of the converter (CADC); a
        potential of 0 is at ``leak``, one of ``v_thresh`` at ``threshold``. reset None: ``leak``
    tau_syn: ms of the network, of the synapses onto LIF cells, which have none of their own
    sample_period: us, of the converter, for reports; it samples as fast as it can
    cadc_offset: us that are added to the converter's time stamps, whose clock is not that of spikes
        (docs/brainscales_calls.md says how it is measured)
    digits_per_level: by how many digits one level of weight moves v altogether, but for the leak,
        as measured (docs/brainscales_calls.md); None: it is taken to be what suits the network
    cell: calibration targets that all cells share, any of :data:`CHIP_WIDE`, and ``cm``
    setup: further keywords of the module's ``setup()``, such as ``neuronPermutation``

    1 ms of the network is 1 us on the chip. The chip has no delays, so spikes of sources, whose
    synapses have a delay of one time step, are sent one step later; those of cells arrive at once.
    Cells are reset before each trial and released 4 us before it, so that with another target of
    reset than ``leak`` a trial begins with what is left of that. Each projection is a pair,
    excitatory and inhibitory, so that weights may change their sign.

    Without digits_per_level the weight of one level is chosen for the network
    (:class:`ChipNetwork`), and must be what a level moves v by on the chip: :meth:`describe` says
    how many digits that are.

    Raises :class:`SetupError` for values that are out of range, and
    :class:`MissingDependencyError` without the module.
    """

    name: ClassVar[str] = "brainscales"

    def __init__(self, sim: Any = None, leak: int = 80, reset: int | None = None,
                 threshold: int = 125, tau_syn: float = 5.0, sample_period: float = SAMPLE_PERIOD,
                 cadc_offset: float = 0.0, digits_per_level: float | None = None,
                 cell: Mapping[str, int] | None = None,
                 setup: Mapping[str, Any] | None = None) -> None:
        self.leak, self.threshold = leak, threshold
        self.reset = leak if reset is None else reset
        self.cadc_offset, self._cell, self._setup = cadc_offset, dict(cell or {}), dict(setup or {})
        for target, limits in TARGETS.items():
            _check_number(target, getattr(self, target), limits, whole=True)
        if threshold <= max(leak, self.reset):
            raise SetupError(f"threshold={threshold} must be above leak={leak} and "
                             f"reset={self.reset}")
        _check_number("tau_syn", tau_syn, TIMES["tau_syn"])
        _check_number("sample_period", sample_period, (SAMPLE_PERIOD, np.inf))
        _check_number("cadc_offset", cadc_offset, (-np.inf, np.inf))
        if digits_per_level is not None:
            _check_number("digits_per_level", digits_per_level, (1e-3, 255.0))
        self.digits_per_level = digits_per_level
        for target, value in self._cell.items():
            if target != "cm" and target not in CHIP_WIDE:
                raise SetupError(f"cell: {target!r} is unknown; choose of {['cm', *CHIP_WIDE]}")
            _check_number(target, value, CHIP_WIDE.get(target, (0, 63)), whole=True)
        self._circuits = self._checked_circuits()
        self.limits = Limits(cells=CIRCUITS, fan_in=ROWS, rows_per_synapse=2, weight_levels=LEVELS,
                             delays=False, sample_period=sample_period, samples=SAMPLES)
        self.dynamics = Dynamics(holds=True, tau_syn=tau_syn)
        self.sim = _module() if sim is None else sim
        self._network: Network | None = None
        self._scales: dict[int, float] = {}
        self._populations: dict[int, Any] = {}
        self._pairs: dict[int, tuple[Any, Any]] = {}
        self._sampled: set[int] = set()
        self._prepared = False

    def _checked_circuits(self) -> np.ndarray:
        """The circuits of cells, in the order in which these are made."""
        given = list(self._setup.get("neuronPermutation", range(CIRCUITS)))
        if len(set(given)) < len(given) or any(
                not isinstance(each, (int, np.integer)) or not 0 <= each < CIRCUITS
                for each in given):
            raise SetupError(f"neuronPermutation={given} must be different whole numbers of 0 to "
                             f"{CIRCUITS - 1}")
        if "neuronPermutation" in self._setup:
            self._setup["neuronPermutation"] = given    # an iterator can be read once only
        return np.asarray(given, dtype=int)

    def level_weight(self, cells: SpikingCells) -> float | None:
        """The weight of one level, if it was measured."""
        if self.digits_per_level is None:
            return None
        assert isinstance(cells, CurrLIFCells)
        return self.digits_per_level / (self.threshold - self.leak) \
            * float(np.ravel(cells.v_thresh)[0])

    # --- what is refused ---

    def cells_on_chip(self, cells: SpikingCells) -> SpikingCells:
        """LIF cells as those that are reset to the target and held there.

        Their initial potential is what is left of the reset before a trial. Raises
        :class:`UnsupportedError` for other kinds, among them those that adapt.
        """
        found = super().cells_on_chip(cells)
        assert isinstance(found, CurrLIFCells)
        if type(cells) is LIFCells:
            found = replace(found, v_reset=self._potential(
                np.full(cells.size, float(self.reset)), np.asarray(found.v_thresh)))
        left = np.exp(-_RELEASED / np.asarray(found.tau_m, dtype=float))
        return replace(found, v_initial=np.broadcast_to(found.v_reset * left, (cells.size,)))

    def _potential(self, digits: np.ndarray, v_thresh: np.ndarray) -> np.ndarray:
        """Potentials in units of the network."""
        return np.asarray((digits - self.leak) / (self.threshold - self.leak) * v_thresh)

    def _check(self, chip: ChipNetwork) -> None:
        """Raise the errors of networks that the chip cannot hold."""
        for cells in chip.network.of_kind(SpikingCells).values():
            self._check_cells(cells, chip.network.settings.timestep)
        check_single_synapses(chip.network, self.name)
        self._check_rows(chip.network)

    def _check_cells(self, cells: SpikingCells, timestep: float) -> None:
        """Raise :class:`UnsupportedError` for parameters that cannot be calibrated."""
        assert isinstance(cells, CurrLIFCells)
        for name, why in (("v_thresh", "all of a population are sampled on one scale"),
                          ("tau_syn", "it also scales what a level of a weight does")):
            values = np.unique(np.asarray(getattr(cells, name)))
            if len(values) > 1:
                raise UnsupportedError(f"{cells.label}: {name} from {values[0]:g} to "
                                       f"{values[-1]:g}; {self.name} needs one value: {why}")
        for name, values in self._times(cells, timestep).items():
            shortest, longest = TIMES[name]
            beyond = values[(values < shortest) | (values > longest)]
            if len(beyond):
                raise UnsupportedError(
                    f"{cells.label}: {name}={beyond[0]:g} ms is {beyond[0]:g} us on the chip; "
                    f"calibration supports {shortest:g} to {longest:g} us (CalibHXNeuronCuba)")
        wanted = self._potential(np.asarray(float(self.reset)), np.asarray(cells.v_thresh))
        digit = np.asarray(cells.v_thresh) / (self.threshold - self.leak)
        v_reset = np.broadcast_to(cells.v_reset, wanted.shape)
        wrong = v_reset[np.abs(v_reset - wanted) > 0.5 * digit]
        if len(wrong):
            raise UnsupportedError(
                f"{cells.label}: v_reset={wrong[0]:g}, but reset={self.reset} is "
                f"{np.ravel(wanted)[0]:g} with leak={self.leak} and threshold={self.threshold}; "
                "give the substrate another target of reset, or the cells this v_reset")

    def _times(self, cells: CurrLIFCells, timestep: float) -> dict[str, np.ndarray]:
        """Targets of times, us on the chip; a cell is always refractory, if only for 40 ns."""
        refractory = np.asarray(cells.refractory_steps) * timestep
        return {"tau_m": np.asarray(cells.tau_m, dtype=float),
                "tau_syn": np.asarray(cells.tau_syn, dtype=float),
                "tau_refrac": np.maximum(refractory, TIMES["tau_refrac"][0])}

    def _check_rows(self, network: Network) -> None:
        """Raise :class:`CapacityError` if synapses need more rows than there are.

        A synapse of either sign takes a driver, of two rows, and a driver serves all cells of a
        hemisphere. So what counts is the largest number of synapses that one of these cells has
        from sources, and from cells of each group of columns, whose spikes reach one bus only.
        What passes here can still be too much for the module's router.
        """
        cells = network.of_kind(SpikingCells)
        count = sum(each.size for each in cells.values())
        if count > len(self._circuits):
            raise CapacityError(f"neuronPermutation has {len(self._circuits)} circuits, the "
                                f"network {count} cells")
        first = dict(zip(cells, np.cumsum([0, *(each.size for each in cells.values())]),
                         strict=False))
        output = self._circuits[:count] % _COLUMNS // _COLUMNS_TOGETHER
        # synapses of each cell, by the output of the cell from which they come, or from sources
        outside = _COLUMNS // _COLUMNS_TOGETHER
        synapses = np.zeros((outside + 1, count), dtype=int)
        for projection in network.projections:
            post = first[projection.post] + np.asarray(projection.post_index)
            origin = output[first[projection.pre] + np.asarray(projection.pre_index)] \
                if projection.pre in first else np.full(len(post), outside)
            np.add.at(synapses, (origin, post), 1)
        for hemisphere in range(CIRCUITS // _COLUMNS):
            here = self._circuits[:count] // _COLUMNS == hemisphere
            drivers = synapses[:, here].max(axis=1, initial=0)
            of_bus = drivers[:outside].reshape(-1, _BUSSES).sum(axis=0)
            if of_bus.max() > _DRIVERS:
                raise CapacityError(
                    f"synapses of cells need {of_bus.max()} drivers of bus {of_bus.argmax()} in "
                    f"hemisphere {hemisphere}; {self.name} has {_DRIVERS}. Cells send to the bus "
                    f"of their column, {_COLUMNS_TOGETHER} columns each in turn: setup's "
                    "neuronPermutation can spread them over the busses")
            if drivers.sum() > _BUSSES * _DRIVERS:
                raise CapacityError(
                    f"synapses need {drivers.sum()} drivers in hemisphere {hemisphere}, "
                    f"{drivers[outside]} of them those of sources; {self.name} has "
                    f"{_BUSSES * _DRIVERS}, one for each synapse of a cell")

    # --- building ---

    def configure(self, chip: ChipNetwork) -> None:
        """Build the network in PyNN; it is placed and calibrated at the first trial.

        Raises :class:`UnsupportedError` and :class:`CapacityError` for what the chip cannot hold,
        before the module is called, and :class:`SetupError` if its ``setup()`` fails.
        """
        self._check(chip)
        self.close()
        try:
            self.sim.setup(**self._setup)
        except Exception as error:
            raise SetupError(f"{self.name}: setup({', '.join(self._setup)}) failed: "
                             f"{_said(error)}") from error
        self._network, self._scales = chip.network, dict(chip.scales)
        self._sampled, self._prepared = set(), False
        try:
            with self._calling("Population()"):
                self._populations = {index: self._population(population) for index, population
                                     in enumerate(chip.network.populations)}
            with self._calling("Projection()"):
                self._pairs = {index: self._pair(projection) for index, projection
                               in enumerate(chip.network.projections)
                               if len(projection.pre_index)}
        except BaseException:
            with contextlib.suppress(Exception):
                self.close()
            raise

    def _population(self, population: Any) -> Any:
        """Sources, or cells whose spikes are recorded."""
        sim = self.sim
        if isinstance(population, Sources):
            return sim.Population(population.size, sim.cells.SpikeSourceArray(spike_times=[]),
                                  label=population.label)
        times = {name: values.tolist() if len(np.unique(values)) > 1 else float(values.flat[0])
                 for name, values in self._times(population, self._timestep).items()}
        made = sim.Population(population.size, sim.cells.CalibHXNeuronCuba(
            v_rest=self.leak, v_reset=self.reset, v_thresh=self.threshold, tau_m=times["tau_m"],
            tau_syn_E=times["tau_syn"], tau_syn_I=times["tau_syn"],
            tau_refrac=times["tau_refrac"], **self._cell), label=population.label)
        made.record("spikes")
        return made

    def _pair(self, projection: Projection) -> tuple[Any, Any]:
        """Excitatory and inhibitory synapses, of weight 0."""
        sim = self.sim
        pre, post = self._populations[projection.pre], self._populations[projection.post]
        connected = np.zeros((pre.size, post.size), dtype=bool)
        connected[projection.pre_index, projection.post_index] = True
        # lists of connections are taken wrongly there, unless each cell has all synapses
        return tuple(sim.Projection(
            pre, post, sim.AllToAllConnector() if np.all(connected)
            else sim.ArrayConnector(connected), sim.synapses.StaticSynapse(weight=0),
            receptor_type=receptor) for receptor in ("excitatory", "inhibitory"))

    def set_weights(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take the weights of projections: whole levels, positive and negative ones apart."""
        for index, weight in weights.items():
            if index not in self._pairs:
                continue
            projection = self._built.projections[index]
            excitatory, inhibitory = self._pairs[index]
            levels = np.zeros((excitatory.pre.size, excitatory.post.size))
            levels[projection.pre_index, projection.post_index] = np.rint(
                np.asarray(weight, dtype=float) / self._scales[projection.post])
            with self._calling("Projection.set()"):
                excitatory.set(weight=np.maximum(levels, 0.0))
                inhibitory.set(weight=np.minimum(levels, 0.0))

    # --- trials ---

    def trial(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
              ) -> Measured:
        """Run one trial: spikes in, ``run()``, data out, ``reset()``, which failures get, too.

        Raises :class:`SimulationError` if a call fails, with the module's error as cause, or if
        spikes of a cell are missing; :class:`CapacityError` if the network cannot be routed.
        """
        network = self._built
        try:
            self._prepare(sampled)
            with self._calling("set(spike_times=...)"):
                for index, (when, who) in spikes.items():
                    # a step later, in place of a delay
                    give_spikes(self._populations[index], on_the_clock(
                        (np.asarray(when) + 1) * self._timestep), np.asarray(who))
            # a step more, as spikes at the very end of a run are not returned
            with self._calling(f"run() of trial {number}"):
                self.sim.run(on_the_clock((steps + 1) * self._timestep))
            measured = Measured()
            segments_of = {}
            for index, population in self._populations.items():
                # sources, too: each run that is not cleared leaves a segment with every population
                with self._calling(f"get_data() of trial {number}"):
                    segments_of[index] = population.get_data(clear=True).segments
            for index, each in network.of_kind(SpikingCells).items():
                segments = segments_of[index]
                if not segments:
                    raise SimulationError(f"{each.label}: {self.name} gave back no data of trial "
                                          f"{number}")
                assert isinstance(each, CurrLIFCells)
                measured.spikes[index] = self._spikes(segments[-1], each, steps)
                if sampled:
                    found = self._samples(segments[-1], each, steps)
                    if found is not None:
                        measured.samples[index] = found
        except BaseException:
            # a run that failed has still moved the module's clock; without a reset none can follow
            with contextlib.suppress(Exception):
                self.sim.reset()
            raise
        with self._calling(f"reset() after trial {number}"):
            self.sim.reset()
        return measured

    def _prepare(self, sampled: bool) -> None:
        """Record potentials if they are wanted; place, calibrate and route if that is due."""
        if sampled:
            for index in self._built.of_kind(SpikingCells):
                if index not in self._sampled:
                    with self._calling('record("v", device="cadc"), which is there since 2026-02,'):
                        self._populations[index].record("v", device="cadc")
                    self._sampled.add(index)
                    self._prepared = False
        if self._prepared:
            return
        try:
            self.sim.run(None, self.sim.RunCommand.PREPARE)
        except Exception as error:
            kind = CapacityError if any(words in str(error).lower() for words in _DOES_NOT_FIT) \
                else SimulationError
            raise kind(f"{self.name}: the network could not be placed, calibrated or routed: "
                       f"{_said(error)}") from error
        self._prepared = True

    def _spikes(self, segment: Any, cells: CurrLIFCells, steps: int
                ) -> tuple[np.ndarray, np.ndarray]:
        """Times in ms of the network and cells, sorted by time."""
        trains = {int(train.annotations["source_index"]): train for train in segment.spiketrains}
        missing = sorted(set(range(cells.size)) - set(trains))
        if missing:
            raise SimulationError(f"{cells.label}: {self.name} gave back no spike trains of cells "
                                  f"{missing}")
        own = [np.asarray(train.rescale("ms").magnitude, dtype=float) for train in trains.values()]
        times = np.concatenate(own) * SPEED_UP
        who = np.repeat(np.array(list(trains), dtype=int), [len(each) for each in own])
        order = np.argsort(times, kind="stable")
        order = order[times[order] <= steps * self._timestep + 1e-6]
        return times[order], who[order]

    def _samples(self, segment: Any, cells: CurrLIFCells, steps: int) -> Samples | None:
        """Samples of v within the trial; None if there are none.

        The converters of the two hemispheres have clocks of their own, and cells different numbers
        of samples.
        """
        found: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for signal in segment.irregularlysampledsignals:
            if signal.name != "v":
                continue
            times = np.asarray(signal.times.rescale("ms").magnitude, dtype=float) * SPEED_UP \
                + self.cadc_offset
            # the byte of a sample comes as a signed one
            digits = np.asarray(signal.magnitude)[:, 0].astype(int) & 0xFF
            inside = (times > 0.0) & (times <= steps * self._timestep)
            found[int(signal.array_annotations["channel_index"][0])] = \
                (times[inside], digits[inside])
        if not any(len(times) for times, _ in found.values()):
            return None
        times = np.unique(np.concatenate([own for own, _ in found.values()]))
        digits = np.full((len(times), cells.size), np.nan)
        for cell, (own, values) in found.items():
            digits[np.searchsorted(times, own), cell] = values
        return Samples(times, self._potential(digits, np.asarray(cells.v_thresh)))

    # --- the rest ---

    @property
    def _built(self) -> Network:
        if self._network is None:
            raise SimulationError(f"{self.name}: no network was configured")
        return self._network

    @property
    def _timestep(self) -> float:
        return self._built.settings.timestep

    def _calling(self, what: str) -> AbstractContextManager[None]:
        """Say which of the module's functions failed, as :class:`SimulationError`."""
        return calling(self, what)

    def describe(self) -> dict[str, object]:
        """Module, targets of calibration, and the digits that a weight of one level is taken for.

        digits_per_level: by label of cells; how much a spike of weight 1 must move the digits
        altogether, but for the leak.
        """
        digits: dict[str, float] = {}
        if self._network is not None:
            for index, cells in self._network.of_kind(SpikingCells).items():
                assert isinstance(cells, CurrLIFCells)
                digits[cells.label] = self._scales[index] * (self.threshold - self.leak) \
                    / float(np.ravel(cells.v_thresh)[0])
        return {"substrate": self.name, "module": str(getattr(self.sim, "__name__", self.sim)),
                "versions": {name: _version(name) for name in ("pynn-brainscales", "PyNN", "neo")},
                "leak": self.leak, "reset": self.reset, "threshold": self.threshold,
                "tau_syn": self.dynamics.tau_syn, "sample_period": self.limits.sample_period,
                "cadc_offset": self.cadc_offset, **self._cell, "setup": sorted(self._setup),
                "digits_per_level": digits}

    def close(self) -> None:
        """End the module's experiment and give the chip back."""
        if self._network is not None:
            self._network, self._populations, self._pairs = None, {}, {}
            with self._calling("end()"):
                self.sim.end()


def _module() -> Any:
    try:
        return importlib.import_module("pynn_brainscales.brainscales2")
    except ImportError as error:
        raise MissingDependencyError(
            "BrainScaleS-2 needs pynn_brainscales, which pip cannot install: use a notebook of "
            "EBRAINS, or the container and the build of github.com/electronicvisions/"
            f"pynn-brainscales (its README); without a board choose a stand-in ({error})"
        ) from error


def on_the_clock(times: Any) -> Any:
    """Times of the network in ms on the chip, half a cycle of its clock later.

    The module cuts times to whole cycles; 3 us, in floating point, would become 2.992 us.
    """
    return (np.rint(np.asarray(times) * _CYCLES) + 0.5) / _CYCLES / SPEED_UP


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _check_number(name: str, value: object, limits: tuple[float, float], whole: bool = False
                  ) -> None:
    """Raise :class:`SetupError` for what is not a number within limits."""
    smallest, largest = limits
    kinds = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    if isinstance(value, bool) or not isinstance(value, kinds) or not np.isfinite(value) \
            or not smallest <= value <= largest:
        raise SetupError(f"{name}={value!r} must be a {'whole ' if whole else ''}number of "
                         f"{smallest:g} to {largest:g}")
