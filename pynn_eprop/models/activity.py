"""The activity that learning needs, from a forward pass on any machine or chip."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.models.cells import AnalogCells, Population, Readouts, SpikingCells
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording

Spikes = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Activity:
    """One trial (update interval) of T steps; keys are indices of populations.

    spikes: (steps, cells), sorted by step, as counted from the trial's start: 0 ... T - 1 for
    sources, 1 ... T for cells. values: of sources of values at the steps 0 ... T - 1, (T, size); 0
    for those left out. slope: the pseudo-derivative h of cells that learn, (T, size).
    error: err of readouts with a loss, y of those without one (error modules), (T, size).
    potential: the membrane potential v of cells at whose synapses a rule reads it, (T, size).
    state: of cells that learn and whose derivatives read more than h, each state variable, (T,
    size); arriving: the sum of the weights that arrive at those that look back, (T, size).
    """

    spikes: dict[int, Spikes] = field(default_factory=dict)
    slope: dict[int, np.ndarray] = field(default_factory=dict)
    error: dict[int, np.ndarray] = field(default_factory=dict)
    values: dict[int, np.ndarray] = field(default_factory=dict)
    potential: dict[int, np.ndarray] = field(default_factory=dict)
    state: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)
    arriving: dict[int, np.ndarray] = field(default_factory=dict)


def recordings_of_activity(network: Network) -> tuple[Recording, ...]:
    """The recordings of a run that :func:`activities` needs.

    Raises :class:`UnsupportedError` for cells that pass on values, or whose derivatives read what
    arrives.
    """
    _check_spikes(network)
    for cells in cells_with_state(network).values():
        if cells.looks_back:
            raise UnsupportedError(f"{cells.label}: the derivatives of {cells.name} read what "
                                   "arrives at each step, which cannot be recorded; such a "
                                   "network learns from its own runs only, or from activities "
                                   "that are made otherwise")
    wanted = []
    readouts = network.of_kind(Readouts)
    for index, population in enumerate(network.populations):
        if not population.from_outside:
            variable = readouts[index].signal if index in readouts else "spikes"
            wanted.append(Recording(index, variable, np.arange(population.size)))
    wanted += [Recording(index, "h", np.arange(cells.size))
               for index, cells in network.learning_cells.items()]
    wanted += [Recording(index, "v", np.arange(network.populations[index].size))
               for index in sorted(network.posts_that_need("v"))]
    wanted += [Recording(index, name, np.arange(cells.size))
               for index, cells in cells_with_state(network).items()
               for name in cells.state_variables()]
    return tuple(wanted)


def cells_with_state(network: Network) -> dict[int, SpikingCells]:
    """The cells of whose synapses an activity has the state: their derivatives read it."""
    return {index: cells for index, cells in network.learning_cells.items()
            if not cells.learns_from_h}


def activities(network: Network, inputs: Inputs, recorded: Recorded, start: int) -> list[Activity]:
    """The trials of a run over whole intervals, from its inputs and its recordings.

    recorded: of :func:`recordings_of_activity`. start: global step at which the run began, the
    first of an interval. Raises :class:`SimulationError` without intervals,
    :class:`UnsupportedError` for intervals of lengths of their own.
    """
    if inputs.lengths is not None:
        raise UnsupportedError("an activity is that of a whole interval; these have lengths of "
                               "their own")
    length = network.settings.interval_steps
    if length is None or start % length:
        raise SimulationError(f"the activity of a run from step {start} on is not one of whole "
                              f"intervals of {length} steps")
    spikes: dict[int, tuple[np.ndarray, np.ndarray, int]] = {
        index: (np.asarray(steps), np.asarray(cells), 0)
        for index, (steps, cells) in inputs.spikes.items()}
    slope: dict[int, np.ndarray] = {}
    error: dict[int, np.ndarray] = {}
    potential: dict[int, np.ndarray] = {}
    wanted = recordings_of_activity(network)
    own = sum(len(cells.state_variables()) for cells in cells_with_state(network).values())
    state: dict[int, dict[str, np.ndarray]] = {}
    for recording, rows in zip(wanted[len(wanted) - own:], recorded.entries[len(wanted) - own:],
                               strict=True):
        state.setdefault(recording.population, {})[recording.variable] = np.asarray(rows)
    rows_of = {"h": slope, "v": potential}
    steps_done = 0
    for recording, entry in zip(wanted[:len(wanted) - own], recorded.entries, strict=False):
        if isinstance(entry, tuple):
            spikes[recording.population] = (*entry, 1)
            continue
        rows_of.get(recording.variable, error)[recording.population] = entry
        steps_done = len(entry)
    return [Activity(
        {index: _within(*found, start + k * length, length) for index, found in spikes.items()},
        {index: rows[k * length:(k + 1) * length] for index, rows in slope.items()},
        {index: rows[k * length:(k + 1) * length] for index, rows in error.items()},
        {index: np.asarray(rows)[k * length:(k + 1) * length]
         for index, rows in inputs.values.items()},
        {index: rows[k * length:(k + 1) * length] for index, rows in potential.items()},
        {index: {name: rows[k * length:(k + 1) * length] for name, rows in variables.items()}
         for index, variables in state.items()})
        for k in range(steps_done // length)]


def _within(steps: np.ndarray, cells: np.ndarray, first: int, begin: int, length: int) -> Spikes:
    """Spikes of local steps first ... first + length - 1 of the trial that began at ``begin``."""
    low, high = np.searchsorted(steps, [begin + first, begin + first + length])
    return np.asarray(steps[low:high]) - begin, np.asarray(cells[low:high])


def check_activity(activity: Activity, network: Network) -> None:
    """Raise :class:`SimulationError` unless the activity is that of a trial of this network."""
    length = network.settings.interval_steps
    if length is None:
        raise SimulationError("a network without update intervals learns from no activity")
    for index in sorted(network.backwards):
        raise UnsupportedError(f"{network.populations[index].label} runs trials backwards; such a "
                               "network learns from its own runs only")
    _check_spikes(network)
    for index, (steps, cells) in activity.spikes.items():
        population = _population(network, index)
        if not population.emits_spikes:
            raise SimulationError(f"{population.label}: {population.name} cells do not spike")
        first = population.first_emission
        steps, cells = np.asarray(steps), np.asarray(cells)
        if steps.shape != cells.shape or steps.ndim != 1 or np.any(np.diff(steps) < 0) \
                or np.any((steps < first) | (steps >= first + length)) \
                or np.any((cells < 0) | (cells >= population.size)):
            raise SimulationError(f"{population.label}: spikes of a trial are (steps, cells), "
                                  f"sorted by steps of {first}..{first + length - 1}, with cells "
                                  f"of 0..{population.size - 1}")
    for index, values in activity.values.items():
        population = _population(network, index)
        if not population.emits_values:
            raise SimulationError(f"{population.label}: only sources of values have values")
        if np.shape(values) != (length, population.size) or not np.all(np.isfinite(values)):
            raise SimulationError(f"{population.label}: values must be finite, of shape "
                                  f"{(length, population.size)}, not {np.shape(values)}")
    for index, learning in cells_with_state(network).items():
        for name in learning.state_variables():
            _check_rows(learning.label, f"state {name!r}", activity.state.get(index, {}).get(name),
                        (length, learning.size), f"the derivatives of {learning.name} read it")
        if learning.looks_back:
            _check_rows(learning.label, "arriving", activity.arriving.get(index),
                        (length, learning.size), f"the derivatives of {learning.name} read it")
    for projection in network.projections:
        missing = set(projection.rule.needs) - {"h", "v", "spikes"}
        if missing and projection.optimizer is not None \
                and projection.post in network.learning_cells:
            raise SimulationError(f"{projection.label}: rule {projection.rule.name!r} needs "
                                  f"{sorted(missing)} of the cells, which an activity does not "
                                  "have")
    needed = {"slope": list(network.learning_cells), "error": list(network.of_kind(Readouts)),
              "potential": sorted(network.posts_that_need("v"))}
    for name, given in (("slope", activity.slope), ("error", activity.error),
                        ("potential", activity.potential)):
        for index in sorted(set(needed[name]) | set(given)):
            population = _population(network, index)
            if index not in given or index not in needed[name]:
                raise SimulationError(
                    f"{population.label}: an activity has {name} of each of the populations "
                    f"{[network.populations[each].label for each in needed[name]]}")
            if np.shape(given[index]) != (length, population.size) \
                    or not np.all(np.isfinite(given[index])):
                raise SimulationError(
                    f"{population.label}: {name} must be finite, of shape "
                    f"{(length, population.size)}, not {np.shape(given[index])}")


def _check_rows(label: str, name: str, rows: np.ndarray | None, shape: tuple[int, int], why: str
                ) -> None:
    if rows is None:
        raise SimulationError(f"{label}: an activity of this network has {name} of shape {shape}: "
                              f"{why}")
    if np.shape(rows) != shape or not np.all(np.isfinite(rows)):
        raise SimulationError(f"{label}: {name} must be finite, of shape {shape}, not "
                              f"{np.shape(rows)}")


def _check_spikes(network: Network) -> None:
    """Raise :class:`UnsupportedError` for cells that pass on values: an activity has spikes."""
    for cells in network.of_kind(AnalogCells).values():
        raise UnsupportedError(f"{cells.label}: {cells.name} cells pass on values, which an "
                               "activity does not have; such a network learns from its own runs "
                               "only")


def _population(network: Network, index: int) -> Population:
    if not 0 <= index < len(network.populations):
        raise SimulationError(f"there is no population {index} in this network")
    return network.populations[index]


def check_no_update_in_progress(in_progress: bool) -> None:
    """Raise :class:`SimulationError` for a step of the optimisers within an update."""
    if in_progress:
        raise SimulationError("apply_gradients(): an update is in progress; run to its end, or "
                              "switch learning off")


def check_gradients(network: Network, gradients: Mapping[int, np.ndarray] | None,
                    bias_gradients: Mapping[int, np.ndarray] | None) -> None:
    """Raise :class:`SimulationError` unless there are gradients for all that learns, or none."""
    if network.settings.interval_steps is None:
        raise SimulationError("nothing learns in a network without update intervals")
    plastic = {index: (projection.label, len(projection.weight))
               for index, projection in enumerate(network.projections)
               if projection.optimizer is not None}
    biases = {index: (readouts.label, readouts.size)
              for index, readouts in network.of_kind(Readouts).items()
              if readouts.bias_optimizer is not None}
    for what, given, parts in (("gradients", gradients, plastic),
                               ("bias_gradients", bias_gradients, biases)):
        if given is None:
            continue
        if set(given) != set(parts):
            raise SimulationError(f"{what} are needed for "
                                  f"{ {index: label for index, (label, _) in parts.items()} }, "
                                  f"and for nothing else; given are those of {sorted(given)}")
        for index, (label, size) in parts.items():
            if np.shape(given[index]) != (size,) or not np.all(np.isfinite(given[index])):
                raise SimulationError(f"{label}: a gradient must be finite, of shape {(size,)}, "
                                      f"not {np.shape(given[index])}")
