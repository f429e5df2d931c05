"""The PyNN backend with a chip in the loop: ``import pynn_eprop.brainscales as sim``.

A BrainScaleS chip, a stand-in for one, or another PyNN backend runs the network trial by trial;
readouts, learning signals, gradients and optimisers are computed here (docs/brainscales.md).
"""
# ruff: noqa: F403 (modules list in __all__ what a script sees)

from typing import Any

from pynn_eprop.brainscales import control, procedural_api
from pynn_eprop.brainscales.control import *
from pynn_eprop.brainscales.populations import Assembly, Population, PopulationView
from pynn_eprop.brainscales.procedural_api import *
from pynn_eprop.brainscales.projections import Projection
from pynn_eprop.brainscales.standardmodels.cells import (
    CELL_TYPES,
    AnalogSource,
    EPropALIF,
    EPropCurrLIF,
    EPropLIF,
    EPropReadout,
    SpikeSourceArray,
    SpikeSourcePoisson,
)
from pynn_eprop.brainscales.standardmodels.synapses import (
    EPropSynapse,
    LearningSignal,
    StaticSynapse,
)
from pynn_eprop.common.script import pynn_names
from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES, Capability
from pynn_eprop.common.script.pynn_names import *
from pynn_eprop.common.standardmodels.own_cells import own_cell_names, own_cell_type
from pynn_eprop.models.cells import reserve_names

CAPABILITIES = ALL_CAPABILITIES - {Capability.ELIGIBILITY_TRACES}


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
    "AnalogSource",
    "Assembly",
    "EPropALIF",
    "EPropCurrLIF",
    "EPropLIF",
    "EPropReadout",
    "EPropSynapse",
    "LearningSignal",
    "Population",
    "PopulationView",
    "Projection",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "StaticSynapse",
    "list_standard_models",
]

reserve_names(globals(), __name__)
