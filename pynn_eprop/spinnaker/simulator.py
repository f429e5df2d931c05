"""PyNN's view of the simulation: what its classes look up as ``_simulator.state``."""

from collections.abc import Callable

from pynn_eprop.common import state as common
from pynn_eprop.common.interrupts import Interrupts
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.errors import MachineError
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.running.advance import advance
from pynn_eprop.spinnaker.simulation import Simulation

name = "pynn_eprop.spinnaker"


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
        """Raises :class:`MachineError` where the machine fails.

        The checkpoint then has the last stop, if that was the end of an update.
        """
        try:
            advance(self.simulation, last, interrupts, after_part)
        except MachineError:
            self.keeper.flush(self)
            raise


state = State()
