"""PyNN's view of the simulation, which its classes look up as ``_simulator.state``; and its runs.

A run goes in stretches, with tables written before each and records taken after it.
"""

import logging
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.records.logs import Log, SampledLog, SpikeLog
from pynn_eprop.common.run import state as common
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.engine.fixed_constants import from_fixed, to_states
from pynn_eprop.errors import MachineError, PacketLossWarning
from pynn_eprop.fixed.numbers import ADAPTATION_BITS, STATE_BITS
from pynn_eprop.models.first_samples import first_samples
from pynn_eprop.spinnaker.binaries import binary_path
from pynn_eprop.spinnaker.description import describe
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.running.loaded_network import LoadedNetwork
from pynn_eprop.spinnaker.simulation import Simulation

name = "pynn_eprop.spinnaker"

_LOGGER = logging.getLogger(__name__)
_SHOWN_FROM = 3     # stretches of a run whose progress is worth a bar


class State(common.State):
    """The simulation since ``setup()``, on a SpiNNaker machine; runs stop between stretches."""

    simulation: Simulation

    def __init__(self) -> None:
        super().__init__()
        self.clear(SharedOptions(), SpinnakerOptions())

    def clear(self, options: SharedOptions, machine: SpinnakerOptions) -> None:
        """Forget the network and begin a new one."""
        self.begin(Simulation(options, machine), machine.checkpoint)

    def _advance(self, last: int, interrupts: Interrupts, after_part: Callable[[], None]) -> None:
        """Run to global step ``last``. Raises :class:`MachineError` if the machine fails.

        The checkpoint then has the last stop, if that was the end of an update.
        """
        try:
            advance(self.simulation, last, interrupts, after_part)
        except MachineError:
            self.keeper.flush(self)
            raise


def advance(simulation: Simulation, last: int, interrupts: Interrupts,
            after_stretch: Callable[[], None]) -> None:
    """Run to global step ``last``; ``after_stretch`` is called after each stretch.

    Raises :class:`SimulationError` if a target ends too early, and then has done nothing.
    """
    simulation.check_open("run()")
    network = simulation.prepare()
    session = simulation.begin()
    if not session.virtual:
        for core in network.plan.cores:
            binary_path(core.binary)
        if not session.loaded:
            _LOGGER.info("cores are loaded with\n%s", describe())
    simulation.check_targets_reach(network.network, last)
    network.check_time(last)
    simulation.warn_of_rounding()
    _take_start_samples(simulation, network)
    stretches = network.stretches(simulation.step, last)
    bar = tqdm(total=len(stretches), unit="stretch", file=sys.stderr,
               disable=len(stretches) < _SHOWN_FROM or not sys.stderr.isatty())
    with bar:
        for stop in stretches:
            first = simulation.step
            network.run(first, stop, simulation.learning)
            simulation.step = stop
            _take(simulation, first, stop)
            warn_of_events(simulation)
            network.keep()
            bar.update()
            if interrupts.received is None or network.between_updates(stop) or stop == last:
                after_stretch()


def warn_of_events(simulation: Simulation) -> None:
    """Warn of what saturated or went wrong, once for each sort, and of cells that are dead."""
    network = simulation.network
    if network is not None:
        simulation.warn_once(network.reports.losses(), category=PacketLossWarning)
    simulation.warn_once((*simulation.saturations(), *simulation.events()))
    if network is not None:
        simulation.warn_if_inactive(network.reports.inactivities())


def _logs(simulation: Simulation) -> list[tuple[Any, Log]]:
    return [(population, log) for population in simulation.populations
            if hasattr(population, "recorder")
            for log in population.recorder.logs.values()]


def _take_start_samples(simulation: Simulation, network: LoadedNetwork) -> None:
    """Take the sample at the time at which a recording begins.

    At time 0 it is the initial value, as a core holds it; later NaN, as cores are not read then.
    """
    step = simulation.step
    for population, log in _logs(simulation):
        if isinstance(log, SampledLog) and log.begins(step):
            log.append(_first_sample(population, log, step)[np.newaxis]
                       if not population.is_analog
                       else network.values_in_script(population, step, step)[:, log.cells])


def _first_sample(population: Any, log: SampledLog, step: int) -> np.ndarray:
    if log.variable in population.initial and step == 0:
        bits = ADAPTATION_BITS if log.variable == "a" else STATE_BITS
        return from_fixed(to_states(population.initial[log.variable][log.cells], bits), bits)
    return first_samples(log.variable, step, len(log.cells))


def _take(simulation: Simulation, first: int, last: int) -> None:
    """Append the recordings of the stretch from ``first`` to ``last`` to the logs."""
    network = simulation.network
    assert network is not None
    for population, log in _logs(simulation):
        if isinstance(log, SpikeLog) and population.is_source:
            log.append_given(population.spikes_between(first, last), first)
        elif isinstance(log, SampledLog) and population.is_analog:
            log.append_given(network.values_in_script(population, first, last), first)
        elif isinstance(log, SampledLog) and log.variable == "target":
            log.append(network.targets(population.index, first, last, log.every)[:, log.cells])
        elif not simulation.begin().virtual:
            log.append(network.take(population.index, log, last))


state = State()
