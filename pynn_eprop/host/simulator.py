"""PyNN's view of the simulation; its classes know it as ``_simulator.state``."""

from dataclasses import dataclass
from pathlib import Path

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.host.machines import MachineKind, Precision
from pynn_eprop.host.simulation import Simulation
from pynn_eprop.in_process.state import InProcessState
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


class State(InProcessState):
    """The simulation since ``setup()``, on the engine or the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.clear(SharedOptions(), HostOptions())

    def clear(self, options: SharedOptions, host: HostOptions) -> None:
        """Forget the network and begin a new one."""
        self.begin(Simulation(options, host.machine, host.precision, host.threads,
                              host.fixed_point),
                   host.checkpoint)


state = State()
