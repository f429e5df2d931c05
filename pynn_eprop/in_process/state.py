"""PyNN's state object of a simulation in this process."""

from collections.abc import Callable

from pynn_eprop.common.run import state as common
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.in_process.running import advance
from pynn_eprop.in_process.simulation import InProcessSimulation


class InProcessState(common.State):
    """The simulation since ``setup()``, on a machine of this process."""

    simulation: InProcessSimulation

    def _advance(self, last: int, interrupts: Interrupts, after_part: Callable[[], None]) -> None:
        advance(self.simulation, last, after_part)
