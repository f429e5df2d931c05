"""The machines behind the backend."""

from collections.abc import Collection
from enum import Enum

from pynn_eprop.common.expansion.memory import check_activity_fits
from pynn_eprop.engine import HostEngine
from pynn_eprop.engine.machine import Machine
from pynn_eprop.engine.parameters import KINDS, RULES
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.models.cells import Population
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import Network
from pynn_eprop.models.rules import Rule
from pynn_eprop.reference import ReferenceMachine


class MachineKind(str, Enum):
    """What runs networks.

    ENGINE is compiled. REFERENCE is the NumPy yardstick: float64, slow, for small networks; it runs
    kinds of cell, rules and losses that were registered from outside, too.
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


def machine_rules(machine: MachineKind) -> Collection[type[Rule]] | None:
    """The learning rules of a machine; None for the reference, which runs any."""
    return None if machine is MachineKind.REFERENCE else RULES


def machine_cells(machine: MachineKind) -> Collection[type[Population]] | None:
    """The kinds of cell of a machine; None for the reference, which runs any."""
    return None if machine is MachineKind.REFERENCE else KINDS


def build_machine(network: Network, machine: MachineKind, precision: Precision,
                  fixed_point: FixedPoint | None = None, held: Formats | None = None) -> Machine:
    """A machine at global step 0. fixed_point: formats to be taken rather than chosen, if FIXED.

    ``held``: formats of what it takes over, see :func:`choose_formats`.

    Raises :class:`NetworkError` where a network does not fit into memory.
    """
    check_activity_fits(network)
    if machine is MachineKind.REFERENCE:
        return ReferenceMachine(network)
    return HostEngine(network, precision.value, fixed_point, held)
