"""The PyNN backend of the host engine: ``import pynn_eprop.host as sim``.

It offers what PyNN's own backends offer, under the same names, and the cell and synapse types
that learn with e-prop.
"""
# ruff: noqa: F403 (the modules list in __all__ what a script sees)

from typing import Any

from pynn_eprop.common.script import pynn_names
from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES
from pynn_eprop.common.script.pynn_names import *
from pynn_eprop.common.standardmodels.own_cells import own_cell_names, own_cell_type
from pynn_eprop.host import control, procedural_api
from pynn_eprop.host.control import *
from pynn_eprop.host.populations import Assembly, Population, PopulationView
from pynn_eprop.host.procedural_api import *
from pynn_eprop.host.projections import Projection
from pynn_eprop.host.standardmodels.cells import (
    CELL_TYPES,
    AnalogSource,
    EPropALIF,
    EPropArtificial,
    EPropCurrLIF,
    EPropLIF,
    EPropLSTM,
    EPropReadout,
    IF_curr_delta,
    IF_curr_exp,
    SpikeSourceArray,
    SpikeSourcePoisson,
)
from pynn_eprop.host.standardmodels.electrodes import (
    ACSource,
    DCSource,
    NoisyCurrentSource,
    StepCurrentSource,
)
from pynn_eprop.host.standardmodels.synapses import EPropSynapse, LearningSignal, StaticSynapse
from pynn_eprop.models.cells import reserve_names

CAPABILITIES = ALL_CAPABILITIES


def __getattr__(name: str) -> Any:
    """A cell type that was registered with ``register_cell()``."""
    return own_cell_type(name, __name__)


def __dir__() -> list[str]:
    """Also the cell types that were registered."""
    return sorted({*globals(), *own_cell_names()})


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    return [celltype.__name__ for celltype in CELL_TYPES]


__all__ = [
    *pynn_names.__all__,
    *control.__all__,
    *procedural_api.__all__,
    "CAPABILITIES",
    "ACSource",
    "AnalogSource",
    "Assembly",
    "DCSource",
    "EPropALIF",
    "EPropArtificial",
    "EPropCurrLIF",
    "EPropLIF",
    "EPropLSTM",
    "EPropReadout",
    "EPropSynapse",
    "IF_curr_delta",
    "IF_curr_exp",
    "LearningSignal",
    "NoisyCurrentSource",
    "Population",
    "PopulationView",
    "Projection",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "StaticSynapse",
    "StepCurrentSource",
    "list_standard_models",
]

reserve_names(globals(), __name__)
