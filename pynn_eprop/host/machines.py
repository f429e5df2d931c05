"""The machines behind the backend."""

from collections.abc import Collection
from enum import Enum

from pynn_eprop.common.expansion.memory import check_activity_fits
from pynn_eprop.engine import HostEngine
from pynn_eprop.engine.machine import Machine
from pynn_eprop.engine.parameters import RULES
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import Network
from pynn_eprop.models.rules import Rule
from pynn_eprop.reference import ReferenceMachine


class Precision(str, Enum):
    """Number system.

    FIXED is the arithmetic of a SpiNNaker core. REFERENCE is the NumPy yardstick: float64, slow,
    for small networks.
    """

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    FIXED = "fixed"
    REFERENCE = "reference"


def machine_rules(precision: Precision) -> Collection[type[Rule]] | None:
    """The learning rules of a machine; None for the reference, which runs any."""
    return None if precision is Precision.REFERENCE else RULES


def build_machine(network: Network, precision: Precision, fixed_point: FixedPoint | None = None,
                  held: Formats | None = None) -> Machine:
    """A machine at global step 0. fixed_point: formats that shall not be chosen, if FIXED.

    ``held``: formats of what it takes over, see :func:`choose_formats`.

    Raises :class:`NetworkError` where a network does not fit into memory.
    """
    check_activity_fits(network)
    if precision is Precision.REFERENCE:
        return ReferenceMachine(network)
    return HostEngine(network, precision.value, fixed_point, held)
