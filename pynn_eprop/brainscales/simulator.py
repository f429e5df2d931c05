"""PyNN's view of the simulation; its classes know it as ``_simulator.state``."""

from collections.abc import Callable
from pathlib import Path

from pynn_eprop.brainscales.simulation import Simulation
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.errors import SimulationError
from pynn_eprop.in_process.state import InProcessState
from pynn_eprop.in_the_loop.machine import LoopOptions
from pynn_eprop.in_the_loop.substrate import Substrate

name = "pynn_eprop.brainscales"


class State(InProcessState):
    """The simulation since ``setup()``, with a chip in the loop."""

    simulation: Simulation

    def __init__(self) -> None:
        super().__init__()
        self.begin(Simulation(SharedOptions(), None, LoopOptions()), None)

    def clear(self, options: SharedOptions, substrate: Substrate, loop: LoopOptions,
              checkpoint: Path | None = None) -> None:
        """Forget the network and begin a new one, even if the substrate of the old one fails."""
        try:
            self.simulation.close()
        finally:
            self.begin(Simulation(options, substrate, loop), checkpoint)

    def _advance(self, last: int, interrupts: Interrupts, after_part: Callable[[], None]) -> None:
        simulation = self.simulation
        length = simulation.timeline.interval_steps
        if length is not None and (simulation.step % length or last % length):
            raise SimulationError(
                f"run(): a chip runs whole trials of {length} steps; this run would go from step "
                f"{simulation.step} to {last}")

        def after() -> None:
            simulation.warn_of_measurements()
            after_part()

        super()._advance(last, interrupts, after)


state = State()
