"""The PyNN backend of NEST: ``import pynn_eprop.nest as sim``.

It offers all of ``pyNN.nest``, and the cell and synapse types that learn with e-prop. These are
NEST's own models, with parameters translated so that a script means what it does on every backend;
docs/nest.md says how, and what is refused. Importing it raises :class:`MissingDependencyError` if
NEST is not installed.
"""
# ruff: noqa: E402, F401, F403 (NEST must be found first; all that is imported here is offered)

import importlib
from typing import Any

from pynn_eprop.nest.installation import require_nest

_parent = require_nest()

from pyNN.nest import *
from pyNN.parameters import Sequence
from pyNN.standardmodels import StandardCellType

# first of all: the names above have the parent's module `simulator` among them
importlib.import_module("pynn_eprop.nest.simulator")

from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.common.standardmodels.own_cells import own_cell_type
from pynn_eprop.nest.control import *
from pynn_eprop.nest.populations import Assembly, Population, PopulationView
from pynn_eprop.nest.procedural_api import *
from pynn_eprop.nest.projections import Projection
from pynn_eprop.nest.standardmodels.cells import (
    AnalogSource,
    EPropALIF,
    EPropLIF,
    EPropReadout,
    IF_curr_delta,
    SpikeSourceArray,
    SpikeSourcePoisson,
)
from pynn_eprop.nest.standardmodels.electrodes import (
    ACSource,
    DCSource,
    NoisyCurrentSource,
    StepCurrentSource,
)
from pynn_eprop.nest.standardmodels.synapses import EPropSynapse, LearningSignal

CAPABILITIES: frozenset[Capability] = frozenset()


def __getattr__(name: str) -> Any:
    """A cell type that was registered with ``register_cell()``."""
    return own_cell_type(name, __name__)


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    return sorted({name for name, value in globals().items() if isinstance(value, type)
                   and issubclass(value, StandardCellType) and value is not StandardCellType})
