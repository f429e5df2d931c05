"""The PyNN backend on Brian2: ``import pynn_eprop.brian2 as sim``.

It offers what ``pyNN.brian2`` offers, under the same names, and the cell and synapse types that
learn with e-prop, as explicit traces in Brian2's equations. Raises
:class:`~pynn_eprop.errors.MissingDependencyError` if Brian2 is not installed.
"""
# ruff: noqa: E402, F401, F403 (Brian2 must be found first; all that is imported here is offered)

import importlib
from typing import Any

from pynn_eprop.brian2.installation import require_brian2

require_brian2()

from pyNN.brian2 import *
from pyNN.parameters import Sequence
from pyNN.standardmodels import StandardCellType

# first of all: the names above have the parent's module `simulator` among them
importlib.import_module("pynn_eprop.brian2.simulator")

from pynn_eprop.brian2.control import *
from pynn_eprop.brian2.populations import Assembly, Population, PopulationView
from pynn_eprop.brian2.procedural_api import *
from pynn_eprop.brian2.projections import Projection
from pynn_eprop.brian2.standardmodels.cells import (
    AnalogSource,
    EPropALIF,
    EPropLIF,
    EPropReadout,
    SpikeSourceArray,
    SpikeSourcePoisson,
)
from pynn_eprop.brian2.standardmodels.electrodes import (
    ACSource,
    DCSource,
    NoisyCurrentSource,
    StepCurrentSource,
)
from pynn_eprop.brian2.standardmodels.synapses import EPropSynapse, LearningSignal, StaticSynapse
from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES, Capability
from pynn_eprop.common.standardmodels.own_cells import own_cell_type

CAPABILITIES = ALL_CAPABILITIES - {Capability.CHECKPOINTS}


def __getattr__(name: str) -> Any:
    """A cell type that was registered with ``register_cell()``."""
    return own_cell_type(name, __name__)


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    return sorted({name for name, kind in globals().items() if isinstance(kind, type)
                   and issubclass(kind, StandardCellType) and kind is not StandardCellType})
