"""PyNN's state object: one for backends of our own, and an extension of a parent backend's."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyNN.common.control import BaseState

from pynn_eprop.common.expansion.seeds import Draws
from pynn_eprop.common.files.checkpoints import CheckpointKeeper
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.common.run.simulation import DescribedSimulation
from pynn_eprop.errors import RunInterrupted, SimulationError


@contextmanager
def one_run_at_a_time(simulation: Any) -> Iterator[None]:
    """A context for a run. Raises :class:`SimulationError` within another of the same network."""
    if simulation.runs:
        raise SimulationError("run(): this network runs already; what a run calls, such as the "
                              "step of an optimizer, cannot run it")
    simulation.runs = True
    try:
        yield
    finally:
        simulation.runs = False


class State(BaseState, ABC):
    """The simulation since ``setup()``; PyNN's classes know it as ``_simulator.state``."""

    # PyNN's: its code distributes no cells and gathers nothing; only rank 0 writes files
    mpi_rank = 0
    num_processes = 1
    simulation: DescribedSimulation

    def begin(self, simulation: DescribedSimulation, checkpoint: Path | None) -> None:
        """Forget the network and begin a new one. checkpoint: that of ``setup()``."""
        self.keeper = CheckpointKeeper(checkpoint)
        self.simulation = simulation
        self.mpi_rank = simulation.processes.rank
        self.draws = Draws(simulation.options.seed)
        self.recorders: set[Any] = set()
        self.write_on_end: list[tuple[Any, Any, Any]] = []
        self.id_counter = 1
        self.segment_counter = 0
        self.running = False

    def changeable(self) -> tuple[Any, ...]:
        """Objects that the making of a part changes, for ``all_or_nothing``."""
        return self, self.simulation

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
        """As given to ``setup()``, else the shortest delay in the network, in ms."""
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

    def run(self, simtime: float) -> None:
        """Advance by ``simtime`` ms."""
        self.run_until(self.t + simtime)

    def run_until(self, tstop: float) -> None:
        """Advance to ``tstop`` ms.

        SIGINT and SIGTERM end the run after the update in progress: then the checkpoint is
        written, if ``setup()`` named one, and :class:`RunInterrupted` is raised.
        """
        last = self.simulation.timeline.step_at(tstop)
        with one_run_at_a_time(self.simulation), self._runs():
            if last > self.simulation.step:
                with Interrupts() as interrupts:
                    self._advance(last, interrupts, lambda: self._after_part(last, interrupts))

    @contextmanager
    def _runs(self) -> Iterator[None]:
        """A context for a run: a segment is in progress, unless the run is refused at its start."""
        before, step = self.running, self.simulation.step
        self.running = True
        try:
            yield
        except BaseException:
            if self.simulation.step == step:
                self.running = before
            raise

    @abstractmethod
    def _advance(self, last: int, interrupts: Interrupts, after_part: Callable[[], None]) -> None:
        """Run to step ``last``, calling ``after_part`` whenever the run may stop."""

    def _after_part(self, last: int, interrupts: Interrupts) -> None:
        """Write a checkpoint if it is time, and stop if there was a signal."""
        step = self.simulation.step
        finished = step == last
        received = self.simulation.processes.meet(f"part of a run, to step {step}",
                                                  signal=interrupts.received)
        stop = received is not None \
            and (finished or self.simulation.timeline.starts_interval(step))
        self.keeper.after_chunk(self, finished, stop)
        if stop:
            raise RunInterrupted(f"interrupted by signal {received} at {self.t:.9g} ms; "
                                 f"{self.keeper.what_is_kept}")

    def reset(self, keep_weights: bool = False) -> None:
        """Go back to time 0, in a new segment."""
        self.simulation.reset(keep_weights)
        self.running = False
        self.segment_counter += 1


class StateOfParent:
    """Mixed into the one state object of a parent backend, to which all its parts refer.

    simulation: since our ``setup()``, or None; then the object behaves as the parent's. draws:
    seeds of the network that our ``setup()`` began, or None.
    """

    simulation: Any = None
    running: bool
    draws: Draws | None = None

    @property
    def begun(self) -> bool:
        """Whether ``run()`` was called since the start or the last ``reset()``."""
        return bool(self.running)

    @property
    def t(self) -> float:
        """Script time in ms."""
        if self.simulation is None:
            return float(super().t)  # type: ignore[misc]
        return float(self.simulation.time)

    def changeable(self) -> tuple[Any, ...]:
        """Objects that the making of a part changes, for ``all_or_nothing``."""
        return self, self.simulation

    def clear(self) -> None:
        """Forget the network."""
        self.simulation = None
        self.draws = None
        super().clear()  # type: ignore[misc]

    def run(self, simtime: float) -> None:
        """Advance by ``simtime`` ms."""
        if self.simulation is None:
            super().run(simtime)  # type: ignore[misc]
        else:
            self.run_until(self.t + simtime)

    def run_until(self, tstop: float) -> None:
        """Advance to ``tstop`` ms."""
        if self.simulation is None:
            super().run_until(tstop)  # type: ignore[misc]
        else:
            before, step = self.running, self.simulation.step
            try:
                with one_run_at_a_time(self.simulation):
                    self._advance_to(tstop)
            except BaseException:
                if self.simulation.step == step:
                    self.running = before
                raise

    def _advance_to(self, tstop: float) -> None:
        """Advance our simulation to ``tstop`` ms."""
        raise NotImplementedError       # not abstract: an existing object cannot become an ABC's
