"""The machines behind the backend."""

from enum import Enum

from pynn_eprop.common.expansion.memory import check_activity_fits
from pynn_eprop.common.processes.alone import Processes
from pynn_eprop.common.processes.mpi import MPIProcesses
from pynn_eprop.engine import HostEngine, SharedEngine
from pynn_eprop.engine.parameters import FIXED_KINDS, FLOAT_KINDS
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network
from pynn_eprop.reference import ReferenceMachine


class MachineKind(str, Enum):
    """The machines that run networks.

    ENGINE is compiled. REFERENCE is NumPy in float64, slow and for small networks; it also runs
    kinds of cell, rules and losses that were registered from outside.
    """

    ENGINE = "engine"
    REFERENCE = "reference"


class Precision(str, Enum):
    """Number system. FIXED is the arithmetic of a SpiNNaker core."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    FIXED = "fixed"


PRECISIONS = {MachineKind.ENGINE: tuple(Precision), MachineKind.REFERENCE: (Precision.FLOAT64,)}
"""The number systems of each machine, the default first."""


def machine_kinds(machine: MachineKind, precision: Precision) -> KnownKinds:
    """The cells, rules, losses, optimisers and pseudo-derivatives of a machine."""
    if machine is MachineKind.REFERENCE:
        return KnownKinds("the reference", backwards=True, short_trials=True)
    return FIXED_KINDS if precision is Precision.FIXED else FLOAT_KINDS


def build_machine(network: Network, machine: MachineKind, precision: Precision,
                  fixed_point: FixedPoint | None = None, held: Formats | None = None,
                  processes: Processes | None = None) -> Machine:
    """A machine at global step 0. fixed_point: formats to be used rather than chosen, if FIXED.

    processes: those that share the trials of updates; several if :func:`check_shared` allows it.

    ``held``: formats of the weights that it takes over, see :func:`choose_formats`.

    Raises :class:`NetworkError` if a network does not fit into memory.
    """
    check_activity_fits(network)
    if machine is MachineKind.REFERENCE:
        return ReferenceMachine(network)
    if isinstance(processes, MPIProcesses):
        return SharedEngine(network, precision.value, processes)
    return HostEngine(network, precision.value, fixed_point, held)
