"""PyNN's view of the simulation; its classes know it as ``_simulator.state``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.run import state as common
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.host.machines import MachineKind, Precision
from pynn_eprop.host.running import advance
from pynn_eprop.host.simulation import Simulation
from pynn_eprop.models.fixed_point import FixedPoint

name = "pynn_eprop.host"


@dataclass(frozen=True)
class HostOptions:
    """Arguments of this backend's ``setup()`` beside the shared keywords."""

    machine: MachineKind = MachineKind.ENGINE
    precision: Precision = Precision.FLOAT32
    threads: int = 1
    checkpoint: Path | None = None
    fixed_point: FixedPoint | None = None


class State(common.State):
    """The simulation since ``setup()``, on a machine of this process."""

    simulation: Simulation

    def __init__(self) -> None:
        super().__init__()
        self.clear(SharedOptions(), HostOptions())

    def clear(self, options: SharedOptions, host: HostOptions) -> None:
        """Forget the network and begin a new one."""
        self.begin(Simulation(options, host.machine, host.precision, host.threads,
                              host.fixed_point),
                   host.checkpoint)

    def _advance(self, last: int, interrupts: Interrupts, after_part: Callable[[], None]) -> None:
        advance(self.simulation, last, after_part)


state = State()
