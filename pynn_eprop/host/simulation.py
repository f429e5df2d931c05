"""A network and the machine of the host that runs it."""

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.processes.started import processes
from pynn_eprop.engine import SharedEngine
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.host.machines import (
    MachineKind,
    Precision,
    build_machine,
    machine_kinds,
)
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_process.simulation import InProcessSimulation
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network


class Simulation(InProcessSimulation):
    """A network that the engine or the reference runs."""

    def __init__(self, options: SharedOptions, machine: MachineKind = MachineKind.ENGINE,
                 precision: Precision = Precision.FLOAT32,
                 threads: int = 1, fixed_point: FixedPoint | None = None) -> None:
        super().__init__(options, None if precision is not Precision.FIXED
                         else fixed_point or FixedPoint(), threads)
        self.machine_kind = machine
        self.precision = precision
        self.fixed_point = fixed_point
        self.processes = processes()

    @property
    def carries_traces(self) -> bool:  # type: ignore[override]
        """Whether the machine carries eligibility traces forward in time: the reference."""
        return self.machine_kind is MachineKind.REFERENCE

    @property
    def kinds(self) -> KnownKinds:
        """The cells, rules, losses, optimisers and pseudo-derivatives of the machine."""
        return machine_kinds(self.machine_kind, self.precision)

    @property
    def arithmetic(self) -> str:
        """Name of the arithmetic; a checkpoint continues only with the same."""
        return self.precision.value if self.machine_kind is MachineKind.ENGINE \
            else self.machine_kind.value

    @property
    def update_began(self) -> int:
        """A step with which an update began: of several processes the last, which they share."""
        return self.machine.update_began if isinstance(self.machine, SharedEngine) else 0

    def _build_machine(self, network: Network, held: Formats | None) -> Machine:
        return build_machine(network, self.machine_kind, self.precision, self.fixed_point, held,
                             self.processes)
