"""A minimal fake of ``pynn_brainscales.brainscales2``, written from its public sources.

It has the names, signatures, units, defaults and refusals that docs/brainscales_calls.md lists, on
PyNN's common classes as the module itself, and computes what a chip would do: LIF cells that are
reset and held, with exponential synaptic currents, on a grid of time.

``chip`` is what it runs on; tests give it another :class:`Chip`. Nothing is measured on hardware
here: in particular the digits that a level of a weight moves v by (``gain``) are made up.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from types import SimpleNamespace
from typing import Any, ClassVar

import neo
import numpy as np
import quantities as pq
from pyNN import common, connectors, errors, recording
from pyNN.parameters import ParameterSpace, simplify
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType, build_translations
from pyNN.standardmodels import cells as standard_cells
from pyNN.standardmodels import synapses as standard_synapses

CYCLES = 125.0      # of 8 ns in a us
FIRST_SAMPLE = -5.0     # us: the converter's clock begins 15 us before a run, sampling 10 us later
RELEASED = 4.0      # us before a run at which all cells are released from a reset
HEMISPHERE, OUTPUT, BUSSES, DRIVERS, LABELS = 256, 32, 4, 32, 64


@dataclass
class Chip:
    """What trials run on, and how it fails.

    grid: us. gain: digits that one level moves v by, altogether. cadc_period: us. cadc_samples: of
    the memory. cadc_late: us by which time stamps are late (samples from before the start are cut,
    as the first is stamped 5 us before). cadc_apart: us by which the samples of the second
    hemisphere are taken later. cadc_noise: digits. has_cadc: as modules since 2026-02.
    lost: share of spikes that do not come back. fails: a call, "PREPARE" or "EXECUTE", that fails
    once, with ``error``. no_trains: cells without a spike train. calibrations, runs: counts.
    """

    grid: float = 1.0
    gain: float = 1.0
    cadc_period: float = 1.7
    cadc_samples: int = 100
    cadc_late: float = 0.0
    cadc_apart: float = 0.0
    cadc_noise: float = 0.0
    has_cadc: bool = True
    lost: float = 0.0
    fails: str = ""
    error: Exception = field(default_factory=lambda: RuntimeError("connection lost"))
    no_trains: tuple[int, ...] = ()
    seed: int = 1
    calibrations: int = 0
    runs: int = 0
    sent: dict[str, list[np.ndarray]] = field(default_factory=dict)


chip = Chip()


class RunCommand(Enum):
    """What run() does."""

    PREPARE = auto()
    APPEND = auto()
    EXECUTE = auto()


class ID(int, common.IDMixin):
    """A cell."""

    def __init__(self, n: int) -> None:
        common.IDMixin.__init__(self)


class State(common.control.BaseState):
    """The state of the simulator; one for each setup()."""

    dt = 3.4e-05

    def __init__(self) -> None:
        super().__init__()
        self.mpi_rank, self.num_processes = 0, 1
        self.running = False
        self.t, self.t_start = 0.0, 0.0
        self.min_delay, self.max_delay = 0, 0
        self.runtimes: list[float] = []
        self.recorders: set[Any] = set()
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.id_counter, self.segment_counter = 0, 0
        self.circuits: list[int] = list(range(2 * HEMISPHERE))
        self.mapped: list[dict[str, list[Any]]] | None = None
        self.changed_topology = True

    def reset(self) -> None:
        self.running, self.t, self.runtimes = False, 0.0, []
        self.segment_counter += 1
        for recorder in self.recorders:
            recorder.data = {}


simulator = SimpleNamespace(state=None, name="HX")

_KEYWORDS = {"max_delay", "neuronPermutation", "backgroundPermutation", "injected_config",
             "injected_readout", "connection", "initial_config", "enable_neuron_bypass",
             "calibration_cache", "injected_calib_target", "injected_calib_options"}


def setup(timestep: float = State.dt, min_delay: Any = "auto", **extra_params: Any) -> None:
    """Begin an experiment."""
    state = simulator.state = State()
    common.setup(timestep, min_delay, **extra_params)
    if min_delay != "auto":
        state.min_delay = min_delay
    if "neuronPermutation" in extra_params:
        state.circuits = list(extra_params["neuronPermutation"])
        if any(each < 0 for each in state.circuits):
            raise TypeError("incompatible constructor arguments")
        if any(each >= 2 * HEMISPHERE for each in state.circuits):
            raise OverflowError("range exceeded")
        if len(set(state.circuits)) < len(state.circuits):
            raise ValueError("Neuron permutation is required to contain unique elements.")
    unhandled = {name: value for name, value in extra_params.items() if name not in _KEYWORDS}
    if unhandled:
        raise KeyError(f"unhandled extra_params in call to pynn.setup(...):{unhandled}")


def end() -> None:
    """Give the chip back."""
    assert simulator.state is not None
    simulator.state = None


def run(runtime: float | None, command: Any = RunCommand.EXECUTE) -> None:
    """Prepare, or run for ms on the chip."""
    state = simulator.state
    if command == RunCommand.PREPARE:
        _fail("PREPARE")
        _map(state)
        _take_inputs(state, 0.0)
    elif command == RunCommand.EXECUTE:
        if runtime is None:
            raise ValueError("No experiment scheduled for execution yet.")
        state.t += runtime      # before anything can fail, as in the module
        state.runtimes.append(runtime)
        _map(state)
        _take_inputs(state, state.t)
        if state.running:
            raise RuntimeError("Call `pynn.reset()` before calling `pynn.run()` again. ")
        state.running = True
        _fail("EXECUTE")
        _emulate(state, int(runtime * CYCLES * 1000))
        for recorder in state.recorders:
            recorder.clear_flag = False
    elif command == RunCommand.APPEND:
        raise NotImplementedError("the fake runs one snippet")
    else:
        raise ValueError("Passed command is invalid.")


def _fail(call: str) -> None:
    if chip.fails == call:
        chip.fails = ""
        raise chip.error


reset = common.build_reset(simulator)


# --- connectors, synapses, cells ---

class _Located:
    """Connectors of the module take two selectors more; those of PyNN alone fail there."""

    location_selector = None
    source_location_selector = None


class AllToAllConnector(_Located, connectors.AllToAllConnector):
    """All synapses."""


class ArrayConnector(_Located, connectors.ArrayConnector):
    """The synapses of a matrix."""


class FromListConnector(_Located, connectors.FromListConnector):
    """Synapses of a list."""


class StaticSynapse(standard_synapses.StaticSynapse):
    """A weight in levels."""

    translations = build_translations(("weight", "weight"), ("delay", "delay"))

    def _get_minimum_delay(self) -> float:
        return float(simulator.state.min_delay)


class SpikeSourceArray(standard_cells.SpikeSourceArray):
    """Spikes at times in ms on the chip."""

    translations = build_translations(("spike_times", "spike_times"))


class CalibHXNeuronCuba(StandardCellType):
    """Calibrated cells: potentials in digits, times in us."""

    default_parameters: ClassVar[dict[str, float]] = {
        "v_rest": 80.0, "v_reset": 70.0, "v_thresh": 125.0, "tau_m": 10.0, "tau_syn_E": 10.0,
        "tau_syn_I": 10.0, "cm": 63, "tau_refrac": 2.0, "i_synin_gm_E": 500, "i_synin_gm_I": 500,
        "synapse_dac_bias": 600}
    translations = build_translations(*((name, name) for name in default_parameters))
    units: ClassVar[dict[str, str]] = {"v": "dimensionless", "spikes": "dimensionless"}
    recordable: ClassVar[list[str]] = ["spikes", "v", "exc_synin", "inh_synin", "adaptation"]
    receptor_types: ClassVar[tuple[str, ...]] = ("excitatory", "inhibitory")
    conductance_based: ClassVar[bool] = False
    injectable: ClassVar[bool] = True


cells = SimpleNamespace(SpikeSourceArray=SpikeSourceArray, CalibHXNeuronCuba=CalibHXNeuronCuba)
synapses = SimpleNamespace(StaticSynapse=StaticSynapse)


# --- recording ---

class Recorder(recording.Recorder):
    """What is recorded of a population, and the data of the last run."""

    _simulator = simulator

    def __init__(self, population: Any, file: Any = None) -> None:
        super().__init__(population, file)
        self.recorded: defaultdict[str, set[int]] = defaultdict(set)
        self.madc: set[int] = set()
        self.data: dict[str, dict[int, Any]] = {}

    def record(self, variables: Any, ids: Any, sampling_interval: Any = None,
               locations: Any = None, *, device: str = "madc") -> None:
        if sampling_interval:
            raise NotImplementedError("Sampling interval not implemented.")
        wanted = [variables] if isinstance(variables, str) else list(variables)
        for variable in wanted:
            if variable not in self.population.celltype.recordable:
                raise RuntimeError(f"Unknown variable '{variable}'.")
        analog = [variable for variable in wanted if variable != "spikes"]
        own = {int(each) for each in ids}
        if device not in ("madc", "cadc") or (device == "cadc" and not chip.has_cadc):
            raise ValueError(f'Device "{device}" is not supported')
        if len(analog) > 1:
            raise ValueError("Can only set 1 analog record type per neuron.")
        if any(other not in ("spikes", *analog) and self.recorded[other] & own
               for other in self.recorded if analog):
            raise ValueError("Only one source can be recorded per neuron.")
        if analog and device == "madc":
            self.madc |= own
        for variable in wanted:
            self.recorded[variable] |= own
        self.population.changed_input_data = simulator.state.changed_topology = True

    def get(self, variables: Any, gather: bool = False, filter_ids: Any = None,
            clear: bool = False, annotations: Any = None, locations: Any = None) -> Any:
        assert variables == "all", "the fake gives all that was recorded"
        block = neo.Block(name=self.population.label)
        segments = list(self.cache)
        if simulator.state.running:
            segments.append(self._get_current_segment())
        block.segments = segments
        block.rec_datetime = segments[0].rec_datetime      # IndexError if there is none
        if clear:
            self.clear()
        return block

    def _get_current_segment(self, filter_ids: Any = None, variables: Any = "all",
                             clear: bool = False) -> Any:
        state = simulator.state
        segment = neo.Segment(name=f"segment{state.segment_counter:03d}",
                              rec_datetime=datetime.now())
        first = int(self.population.first_id)
        stop = state.t * pq.ms
        for cell, times in sorted(self.data.get("spikes", {}).items()):
            segment.spiketrains.append(neo.SpikeTrain(
                times, t_start=0.0 * pq.ms, t_stop=stop, units="ms",
                source_population=self.population.label, source_id=first + cell,
                source_index=cell))
        for cell, (times, digits) in sorted(self.data.get("v", {}).items()):
            segment.irregularlysampledsignals.append(neo.IrregularlySampledSignal(
                np.asarray(times, np.float32), np.asarray(digits, np.float32),
                units="dimensionless", time_units=pq.ms, name="v", device="cadc",
                source_ids=[first + cell], source_population=self.population.label,
                array_annotations={"channel_index": [cell]}))
        return segment

    def _clear_simulator(self) -> None:
        self.data = {}

    def _reset(self) -> None:
        raise NotImplementedError


class Population(common.Population):
    """Cells of one type."""

    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = common.Assembly

    def _create_cells(self) -> None:
        state = simulator.state
        self.all_cells = np.array([ID(state.id_counter + cell) for cell in range(self.size)],
                                  dtype=ID)
        self._mask_local = np.ones(self.size, dtype=bool)
        for each in self.all_cells:
            each.parent = self
        space = self.celltype.native_parameters
        space.shape = (self.size,)
        space.evaluate(simplify=False)
        self._parameters = space.as_dict()
        state.id_counter += self.size
        state.populations.append(self)
        self.changed_input_data = state.changed_topology = True

    def _get_parameters(self, *names: str) -> Any:
        return ParameterSpace({name: simplify(self._parameters[name]) for name in names},
                              shape=(self.size,))

    def _set_parameters(self, parameter_space: Any) -> None:
        parameter_space.evaluate(simplify=False)
        self._parameters |= dict(parameter_space.items())
        self.changed_input_data = True

    def _set_initial_value_array(self, variable: str, value: Any) -> None:
        """Initial values have no effect."""

    def record(self, variables: Any, to_file: Any = None, sampling_interval: Any = None,
               locations: Any = None, *, device: str = "madc") -> None:
        self.recorder.record(variables, self.all_cells, sampling_interval, device=device)


class Connection(common.Connection):
    """One synapse."""

    def __init__(self, projection: Any, pre: int, post: int, weight: float, delay: float) -> None:
        self.projection, self.presynaptic_index, self.postsynaptic_index = projection, pre, post
        self._check(weight)     # as given, not as rounded
        self.weight = weight
        self.delay = delay

    def _check(self, weight: float) -> None:
        sign = 1 if self.projection.receptor_type == "excitatory" else -1
        if sign * weight < 0:
            raise errors.ConnectionError(
                "Weights must be positive for conductance-based and/or excitatory synapses and "
                "negative for inhibitory synapses")

    @property
    def weight(self) -> int:
        return self._weight

    @weight.setter
    def weight(self, value: float) -> None:
        rounded = round(value)
        self._check(rounded)
        rows = self.rows if hasattr(self, "_weight") else 0
        self._weight = rounded
        self.projection.changed_input_data = True
        if self.rows != rows:
            simulator.state.changed_topology = True

    @property
    def delay(self) -> float:
        return 0.0

    @delay.setter
    def delay(self, value: float) -> None:
        if value != 0:
            raise ValueError("Setting the delay unequal 0 is not supported.")

    @property
    def rows(self) -> int:
        return max(1, -(-abs(self._weight) // 63))

    def as_tuple(self, *names: str) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in names)


class Projection(common.Projection):
    """Synapses of one receptor."""

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any = None, source: Any = None, receptor_type: Any = None,
                 space: Any = Space(), label: Any = None) -> None:  # noqa: B008 (as PyNN)
        super().__init__(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                         source, receptor_type, space, label)
        self.connections: list[Connection] = []
        self.changed_input_data = True
        connector.connect(self)
        self.connections.sort(key=lambda each: (each.presynaptic_index, each.postsynaptic_index))
        assert connector.source_location_selector is None
        simulator.state.projections.append(self)
        simulator.state.changed_topology = True

    def __len__(self) -> int:
        return len(self.connections)

    def _convergent_connect(self, presynaptic_indices: Any, postsynaptic_index: int,
                            location_selector: Any = None, **parameters: Any) -> None:
        for pre in presynaptic_indices:
            # the module looks up values by the place of the cell, not by that in the list
            own = {name: value if isinstance(value, float) else value[pre]
                   for name, value in parameters.items()}
            self.connections.append(Connection(self, int(pre), int(postsynaptic_index), **own))

    def _set_attributes(self, parameter_space: Any) -> None:
        parameter_space.evaluate(mask=(slice(None), self.post._mask_local))
        for name, values in parameter_space.items():
            for each in self.connections:
                setattr(each, name, float(
                    values[each.presynaptic_index][each.postsynaptic_index]))


# --- placing, calibrating, routing ---

def _neurons(state: State) -> list[Any]:
    return [each for each in state.populations if isinstance(each.celltype, CalibHXNeuronCuba)]


def _map(state: State) -> None:
    """Place, calibrate, route; once for a topology."""
    targets = [{name: list(values) for name, values in each._parameters.items()}
               for each in _neurons(state)]
    if not state.changed_topology:
        if targets != state.mapped:
            raise ValueError("Given input_data not valid for reference topology.")
        return
    if sum(each.size for each in _neurons(state)) > len(state.circuits):
        raise RuntimeError("Placement unsuccessful.")
    if sum(len(each.recorder.madc) for each in _neurons(state)) > 2:
        raise RuntimeError("Assignment of execution instances unsuccessful.")
    for names in (("synapse_dac_bias",), ("i_synin_gm_E",), ("i_synin_gm_I",)):
        if len({value for each in targets for name in names for value in each[name]}) > 1:
            raise RuntimeError(f"{names[0].removesuffix('_E').removesuffix('_I')} is required to "
                               "be equal for all neurons on one chip.")
    for each in targets:
        if any(not 0.1 <= value <= 2000 for value in each["tau_m"]):
            raise ValueError("Target membrane time constant is out of allowed range in the "
                             "respective fit function.")
    _route(state)
    chip.calibrations += 1
    state.mapped, state.changed_topology = targets, False


def _take_inputs(state: State, end: float) -> None:
    """Take spikes before ``end``, ms, and weights, of what has changed since they were taken last.

    So spikes that were set before a PREPARE, which ends at 0, are lost.
    """
    for each in state.populations:
        if each.changed_input_data and isinstance(each.celltype, SpikeSourceArray):
            each.taken = [own[(own >= 0.0) & (own < end)] for own in (
                np.asarray(times.value, float) for times in each._parameters["spike_times"])]
        each.changed_input_data = False
    for each in state.projections:
        if each.changed_input_data:
            each.taken = [(one.presynaptic_index, one.postsynaptic_index, one.weight)
                          for one in each.connections]
        each.changed_input_data = False


def _route(state: State) -> None:
    """Drivers of synapses on busses, as the router of the module deals them out."""
    first, count = {}, 0
    for each in _neurons(state):
        first[each] = count
        count += each.size
    circuits = np.array(state.circuits[:count], dtype=int)
    columns = circuits % HEMISPHERE
    degree: dict[tuple[Any, int], np.ndarray] = {}      # of a source: (receptor, cells)
    for projection in state.projections:
        receptor = int(projection.receptor_type == "inhibitory")
        for each in projection.connections:
            own = degree.setdefault((projection.pre, each.presynaptic_index),
                                    np.zeros((2, count), dtype=int))
            own[receptor, first[projection.post] + each.postsynaptic_index] += each.rows

    def drivers(sources: list[np.ndarray], hemisphere: int) -> int:
        here = circuits // HEMISPHERE == hemisphere
        if not sources or not here.any():
            return 0
        return int(-(-np.sum(sources, axis=0)[:, here].max(axis=1).sum() // 2))

    for hemisphere in range(2):
        free = [DRIVERS] * BUSSES
        for output in range(HEMISPHERE // OUTPUT):
            own = [each for (pre, cell), each in degree.items()
                   if pre in first and columns[first[pre] + cell] // OUTPUT == output]
            free[output % BUSSES] -= drivers(own, hemisphere)
        outside = [each for (pre, _), each in degree.items() if pre not in first]
        if min(free) >= 0:
            for bus in range(BUSSES):
                group: list[np.ndarray] = []
                while outside and drivers([*group, outside[0]], hemisphere) <= free[bus]:
                    group.append(outside.pop(0))
                    if len(group) == LABELS:
                        free[bus] -= drivers(group, hemisphere)
                        group = []
        if outside or min(free) < 0:
            raise RuntimeError("Source distribution not successful. ")


# --- what the chip does ---

def _emulate(state: State, cycles: int) -> None:
    """Run for some cycles; leave data with the recorders."""
    draws = np.random.default_rng([chip.seed, chip.runs])
    chip.runs += 1
    neurons, grid = _neurons(state), chip.grid
    first = dict(zip(neurons, np.cumsum([0, *(each.size for each in neurons)]), strict=False))
    count = sum(each.size for each in neurons)
    steps = int(np.ceil(cycles / CYCLES / grid))

    def values(name: str) -> np.ndarray:
        return np.concatenate([np.asarray(each._parameters[name], float) for each in neurons])

    rest, reset_to, threshold = (np.trunc(values(name))
                                 for name in ("v_rest", "v_reset", "v_thresh"))
    hold = np.rint(values("tau_refrac") / grid).astype(int)
    tau_m, alpha = values("tau_m"), np.exp(-grid / values("tau_m"))
    receptors = []      # decay of the current, and what it does to v in a step
    for name in ("tau_syn_E", "tau_syn_I"):
        tau = values(name)
        tau = np.where(tau == tau_m, tau * (1.0 + 1e-6), tau)
        gamma = np.exp(-grid / tau)
        receptors.append((gamma, tau_m / (tau_m - tau) * (alpha - gamma)))
    recurrent = np.zeros((2, count, count))
    arriving = np.zeros((2, steps + 1, count))
    chip.sent = {}
    for projection in state.projections:
        receptor = int(projection.receptor_type == "inhibitory")
        matrix = np.zeros((projection.pre.size, projection.post.size))
        for pre, post, weight in projection.taken:
            matrix[pre, post] += chip.gain * weight
        columns = slice(first[projection.post], first[projection.post] + projection.post.size)
        if projection.pre in first:
            start = first[projection.pre]
            recurrent[receptor, start:start + projection.pre.size, columns] += matrix
            continue
        times = [np.trunc(each * 1000 * CYCLES) for each in projection.pre.taken]
        chip.sent[projection.pre.label] = [own / CYCLES for own in times]
        for cell, own in enumerate(times):
            own = own[(own >= 0) & (own < cycles)]
            at = np.ceil(own / CYCLES / grid - 1e-9).astype(int)
            np.add.at(arriving[receptor], (at, columns), matrix[cell])
    released = rest + (reset_to - rest) * np.exp(-RELEASED / tau_m)
    before = np.tile(released, (steps + 1, 1))  # v as it crosses the threshold, and as it is left
    after = before.copy()
    current, held = np.zeros((2, count)), np.zeros(count, dtype=int)
    spikes = np.zeros((steps + 1, count), dtype=bool)
    for step in range(1, steps + 1):
        free = held == 0
        driven = rest + alpha * (after[step - 1] - rest) + sum(
            kick * own for (_, kick), own in zip(receptors, current, strict=True))
        v = np.where(free, driven, reset_to)
        held = np.maximum(held - 1, 0)
        z = spikes[step - 1].astype(float)
        for receptor, (gamma, _) in enumerate(receptors):
            current[receptor] = gamma * current[receptor] + arriving[receptor, step] \
                + z @ recurrent[receptor]
        spikes[step] = free & (v >= threshold)
        before[step], after[step] = v, np.where(spikes[step], reset_to, v)
        held = np.where(spikes[step], hold, held)
    for population in neurons:
        mine = slice(first[population], first[population] + population.size)
        _keep(population.recorder, np.array(state.circuits)[mine], spikes[:, mine],
              before[:, mine], after[:, mine], cycles, draws)


def _keep(recorder: Recorder, circuits: np.ndarray, spikes: np.ndarray, before: np.ndarray,
          after: np.ndarray, cycles: int, draws: np.random.Generator) -> None:
    """Spikes and samples in ms, as the module gives them."""
    size = spikes.shape[1]
    recorder.data = {}
    if recorder.recorded["spikes"]:
        trains = {}
        for cell in set(range(size)) - set(chip.no_trains):
            own = np.rint(np.flatnonzero(spikes[:, cell]) * chip.grid * CYCLES)
            own = own[(own < cycles) & (draws.random(len(own)) >= chip.lost)]
            trains[cell] = own / CYCLES / 1000.0
        recorder.data["spikes"] = trains
    if recorder.recorded["v"] and chip.cadc_samples:
        # as many as are expected: one in 212 cycles, 1.7 us, until 2 us behind the end
        count = min(chip.cadc_samples, int((cycles + (2.0 - FIRST_SAMPLE) * CYCLES) / 212) + 1)
        noise = draws.standard_normal((count, size))
        recorder.data["v"] = {}
        for cell in range(size):
            stamps = FIRST_SAMPLE + chip.cadc_period * np.arange(count) \
                + chip.cadc_apart * (circuits[cell] // HEMISPHERE)
            stamps = np.rint(stamps * CYCLES) / CYCLES
            times = stamps - chip.cadc_late
            inside = (times >= 0) & (stamps >= 0) & (stamps * CYCLES < cycles)
            step = np.minimum((times[inside] / chip.grid + 1e-9).astype(int), len(after) - 2)
            part = times[inside] / chip.grid - step
            v = after[step, cell] + part * (before[step + 1, cell] - after[step, cell])
            digits = np.clip(np.rint(v + chip.cadc_noise * noise[inside, cell]), 0, 255)
            recorder.data["v"][cell] = (stamps[inside] / 1000.0,
                                        digits.astype(np.uint8).astype(np.int8))
