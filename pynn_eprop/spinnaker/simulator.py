"""PyNN's view of the simulation: what its classes look up as ``_simulator.state``."""

import warnings
from typing import Any

from pyNN.common.control import BaseState

from pynn_eprop.common.checkpoints import CheckpointKeeper
from pynn_eprop.common.interrupts import Interrupts
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.errors import RunInterrupted
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.running import advance
from pynn_eprop.spinnaker.simulation import Simulation

name = "pynn_eprop.spinnaker"


class State(BaseState):
    """The simulation since ``setup()``, and PyNN's book-keeping around it."""

    mpi_rank = 0
    num_processes = 1

    def __init__(self) -> None:
        super().__init__()
        self.clear(SharedOptions(), SpinnakerOptions())

    def clear(self, options: SharedOptions, machine: SpinnakerOptions) -> None:
        """Forget the network and begin a new one."""
        self.keeper = CheckpointKeeper(machine.checkpoint)
        self.simulation = Simulation(options, machine)
        self.recorders: set[Any] = set()
        self.write_on_end: list[tuple[Any, Any, Any]] = []
        self.id_counter = 1
        self.segment_counter = 0
        self.running = False

    @property
    def t(self) -> float:
        """Script time in ms."""
        return self.simulation.time

    @property
    def dt(self) -> float:
        """Time step in ms."""
        return self.simulation.options.timestep

    @property
    def min_delay(self) -> float:
        """As given to ``setup()``, else the shortest delay there is, in ms."""
        options = self.simulation.options
        if options.min_delay != "auto":
            return float(options.min_delay)
        delays = [projection.shortest_delay for projection in self.simulation.projections
                  if len(projection)]
        return min(delays, default=options.timestep)

    @property
    def max_delay(self) -> float | str:
        """As given to ``setup()``."""
        return self.simulation.options.max_delay

    def next_ids(self, count: int) -> range:
        """Identifiers for new cells."""
        first = self.id_counter
        self.id_counter += count
        return range(first, first + count)

    def run(self, simtime: float) -> None:
        """Advance by ``simtime`` ms."""
        self.run_until(self.t + simtime)

    def run_until(self, tstop: float) -> None:
        """Advance to ``tstop`` ms.

        SIGINT and SIGTERM end the run after the stretch in progress, at an update: then the
        checkpoint is written, if ``setup()`` named one, and :class:`RunInterrupted` is raised.
        """
        last = self.simulation.timeline.target_step(self.simulation.step, tstop)
        self.running = True
        if last <= self.simulation.step:
            return
        with Interrupts() as interrupts:
            advance(self.simulation, last, interrupts,
                    lambda: self._after_stretch(last, interrupts))

    def _after_stretch(self, last: int, interrupts: Interrupts) -> None:
        """Look at signals and the clock."""
        step = self.simulation.step
        finished = step == last
        stop = interrupts.received is not None \
            and (finished or self.simulation.timeline.starts_interval(step))
        self.keeper.after_chunk(self, finished, stop)
        if stop:
            raise RunInterrupted(f"interrupted by signal {interrupts.received} at {self.t:g} ms; "
                                 f"{self.keeper.what_is_kept}")

    def reset(self, keep_weights: bool = False) -> None:
        """Back to time 0, in a new segment."""
        self.simulation.reset(keep_weights)
        self.running = False
        self.segment_counter += 1

    def warn_if_incomplete(self) -> None:
        """Warn that the run ended within an interval, which then taught nothing."""
        timeline, step = self.simulation.timeline, self.simulation.step
        if not timeline.starts_interval(step):
            warnings.warn(f"the run ended at {self.t:g} ms, within an interval; its steps taught "
                          "nothing", stacklevel=3)


state = State()
