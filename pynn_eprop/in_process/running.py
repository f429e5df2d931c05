"""Advancing a simulation in chunks, with the inputs and recordings of each."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pynn_eprop.common.records.logs import SampledLog
from pynn_eprop.fixed.rounding import of_currents, of_values
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_process.simulation import InProcessSimulation
from pynn_eprop.in_process.synapse_records import SynapseRecords
from pynn_eprop.models.cells import VALUE, LearningCells, Readouts
from pynn_eprop.models.checks import check_short_trials, check_whole_trials
from pynn_eprop.models.first_samples import first_samples
from pynn_eprop.models.network import Inputs

_CHUNK_BYTES = 256 * 2 ** 20       # injected currents of one chunk, and records of synapses
_SAMPLED = ("v", "a", "y", "isyn_exc", "isyn_inh", VALUE)


def advance(simulation: InProcessSimulation, last: int, after_chunk: Callable[[], None]) -> None:
    """Run to global step ``last``; ``after_chunk`` is called about five times a second.

    Raises :class:`SimulationError` if a target ends too early, for parts of trials that are run
    backwards, and for short trials of cells that carry on; then nothing was done. Warns if
    training has diverged, or if cells that should learn cannot.
    """
    machine = simulation.prepare()
    simulation.check_targets_reach(machine.network, last)
    check_whole_trials(machine.network, simulation.step, last - simulation.step)
    if simulation.trial_lengths.between(simulation.step, last) is not None:
        check_short_trials(machine.network)
    simulation.warn_of_rounding()
    _warn_of_rounded_values(simulation)
    _warn_of_rounded_currents(simulation, last)
    _take_start_samples(simulation, machine)
    synapses = SynapseRecords(simulation, machine.network)
    synapses.take_start_samples(simulation.step)
    logs = [(population, log) for population in simulation.populations
            for log in population.recorder.logs.values()]
    asked = [(population, log) for population, log in logs if not _is_given(population)]
    given = [(population, log) for population, log in logs if _is_given(population)]
    recordings = [log.request(population.index) for population, log in asked]
    recordings += synapses.requests()
    bytes_per_step = synapses.bytes_per_step + 8 * sum(
        population.size for population in simulation.populations
        if population.injected or population.is_analog)
    most_steps = _CHUNK_BYTES // bytes_per_step if bytes_per_step else None
    length = simulation.timeline.interval_steps
    if most_steps is not None and length is not None:       # so that chunks begin with intervals
        if most_steps > length or machine.network.backwards:
            most_steps = max(most_steps // length, 1) * length
    while simulation.step < last:
        first = simulation.step
        begun = simulation.update_began
        steps = simulation.processes.agree(
            simulation.pace.next(first - begun, last - begun, most_steps))
        inputs = _inputs(simulation, first, first + steps)
        started = time.perf_counter()
        recorded = machine.run(steps, inputs, recordings, simulation.learning)
        for (_, log), entry in zip(asked, recorded.entries[:len(asked)], strict=True):
            log.append(entry)
        synapses.take(first, steps, inputs, recorded.entries[len(asked):])
        simulation.pace.took(steps, time.perf_counter() - started)
        for population, log in given:
            log.append_given(inputs.spikes[population.index] if population.is_source
                             else inputs.values[population.index], first)
        simulation.warn_if_diverged(_states(machine))
        simulation.warn_if_inactive(machine.inactivities())
        after_chunk()
    simulation.warn_once(simulation.saturations(),
                         " (range_report() has the formats, and counts on)")


def _warn_of_rounded_values(simulation: InProcessSimulation) -> None:
    """Warn of values of analog sources that fixed point changes much."""
    if simulation.formats is None:
        return
    for population in simulation.populations:
        if population.is_analog:
            bits = simulation.formats.signal_bits[population.index]
            for sentence in of_values(population.label, population.frames, bits):
                simulation.rounding_warnings.warn_once(sentence)


def _warn_of_rounded_currents(simulation: InProcessSimulation, last: int) -> None:
    """Warn of injected currents that fixed point changes much, in the first steps of a run."""
    if simulation.wanted_formats is None:
        return
    for population in simulation.populations:
        about = population.index, str([(source.get_parameters(), cells)
                                       for source, cells in population.injected])
        if population.injected and not simulation.rounding_warnings.has_warned(about):
            most = max(_CHUNK_BYTES // (8 * population.size), 1)
            steps = np.arange(simulation.step, min(last, simulation.step + min(most, 10_000)))
            total = np.zeros((len(steps), population.size))
            for source, cells in population.injected:
                total[:, cells] += source.waveform(steps)[:, np.newaxis]
            for sentence in of_currents(population.label, total):
                simulation.rounding_warnings.warn_once(sentence, about)


def _states(machine: Machine) -> Iterator[tuple[str, str, np.ndarray]]:
    """Label, variable and values of all membranes and readouts that may diverge."""
    for kind in (LearningCells, Readouts):
        for index, described in machine.network.of_kind(kind).items():
            for variable in described.initial_values():
                yield described.label, variable, machine.sample(index, variable)


def _is_given(population: Any) -> bool:
    """Whether the spikes or values of a population are known here, without the machine."""
    return bool(population.is_source or population.is_analog)


def _take_start_samples(simulation: InProcessSimulation, machine: Machine) -> None:
    """Take the sample at the time at which a recording begins."""
    step = simulation.step
    for population in simulation.populations:
        for log in population.recorder.logs.values():
            if isinstance(log, SampledLog) and log.begins(step):
                log.append(_sample(machine, population, log, step)[np.newaxis])


def _sample(machine: Machine, population: Any, log: SampledLog, step: int) -> np.ndarray:
    if population.is_analog:
        return np.asarray(population.values_between(step, step)[0][log.cells])
    if step and population.index in machine.network.backwards:
        return np.full(len(log.cells), np.nan)      # it is at its own last step, which is another
    if log.variable in (*_SAMPLED, *machine.network.populations[population.index].initial_values()):
        return machine.sample(population.index, log.variable)[log.cells]
    return first_samples(log.variable, step, len(log.cells))


def _inputs(simulation: InProcessSimulation, first: int, last: int) -> Inputs:
    """Spikes and values of sources with first <= step <= last, and currents of steps in between."""
    inputs = Inputs(lengths=simulation.trial_lengths.between(first, last))
    for population in simulation.populations:
        if population.is_source:
            inputs.spikes[population.index] = population.spikes_between(first, last)
        elif population.is_analog:
            inputs.values[population.index] = population.values_between(first, last)
        elif population.injected:
            inputs.currents[population.index] = _currents(population, first, last)
    return inputs


def _currents(population: Any, first: int, last: int) -> np.ndarray:
    """Current into each cell at each step, (steps, size).

    The current of a step is the one at its beginning: a source that starts at t changes what is
    recorded from t + dt on.
    """
    steps = np.arange(first, last)
    total = np.zeros((len(steps), population.size))
    for source, cells in population.injected:
        total[:, cells] += source.current(steps)[:, np.newaxis]
    return total
