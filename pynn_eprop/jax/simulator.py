"""PyNN's view of the simulation; its classes know it as ``_simulator.state``."""

from pathlib import Path

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.in_process.state import InProcessState
from pynn_eprop.jax.simulation import Simulation

name = "pynn_eprop.jax"


class State(InProcessState):
    """The simulation since ``setup()``, in JAX."""

    def __init__(self) -> None:
        super().__init__()
        self.clear(SharedOptions(), JaxOptions())

    def clear(self, options: SharedOptions, computed: JaxOptions,
              checkpoint: Path | None = None) -> None:
        """Forget the network and begin a new one."""
        self.begin(Simulation(options, computed), checkpoint)


state = State()
