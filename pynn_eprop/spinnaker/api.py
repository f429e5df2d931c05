"""The names that ``pynn_eprop.spinnaker`` offers: PyNN's, sPyNNaker's own and ours."""
# ruff: noqa: F403 (modules that say in __all__ what a script sees)

from typing import Any

from pyNN.space import Cuboid, Grid2D, Grid3D, Line, RandomStructure, Sphere

try:
    from spynnaker.pyNN import (
        ACSource,
        AdditiveWeightDependence,
        Convolution,
        ConvolutionConnector,
        DCSource,
        DistanceDependentFormation,
        IF_cond_exp,
        IF_curr_alpha,
        IF_curr_delta,
        IF_curr_exp,
        Izhikevich,
        KernelConnector,
        LastNeuronSelection,
        MultiplicativeWeightDependence,
        NoisyCurrentSource,
        PoolDense,
        PoolDenseConnector,
        RandomByWeightElimination,
        RandomSelection,
        SpikePairRule,
        SpiNNakerProjection,
        STDPMechanism,
        StepCurrentSource,
        StructuralMechanismStatic,
        StructuralMechanismSTDP,
        distance,
        extra_models,
        get_machine,
        set_allow_delay_extensions,
        set_number_of_neurons_per_core,
        set_number_of_synapse_cores,
    )
except ImportError as error:
    from pynn_eprop.errors import MissingDependencyError

    raise MissingDependencyError(
        f"the SpiNNaker backend needs sPyNNaker 7.4.1 ({error}); install it with "
        "pip install 'pynn_eprop[spinnaker]'") from error

from pynn_eprop.common.script import pynn_names
from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES, Capability
from pynn_eprop.common.script.pynn_names import *
from pynn_eprop.common.standardmodels.own_cells import own_cell_type
from pynn_eprop.spinnaker import control, external_devices, procedural_api
from pynn_eprop.spinnaker.control import *
from pynn_eprop.spinnaker.description import Description, describe
from pynn_eprop.spinnaker.populations import Assembly, Population, PopulationView
from pynn_eprop.spinnaker.procedural_api import *
from pynn_eprop.spinnaker.projections import Projection
from pynn_eprop.spinnaker.standardmodels.cells import (
    CELL_TYPES,
    AnalogSource,
    EPropALIF,
    EPropLIF,
    EPropReadout,
    SpikeSourceArray,
    SpikeSourcePoisson,
)
from pynn_eprop.spinnaker.standardmodels.synapses import (
    EPropSynapse,
    LearningSignal,
    StaticSynapse,
)

CAPABILITIES = ALL_CAPABILITIES - {Capability.ELIGIBILITY_TRACES}


def name() -> str:
    """The name of the simulator."""
    return "SpiNNaker"


def __getattr__(name: str) -> Any:
    """A cell type that was registered with ``register_cell()``."""
    return own_cell_type(name, __name__)


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    native = (IF_cond_exp, IF_curr_alpha, IF_curr_delta, IF_curr_exp, Izhikevich)
    return [celltype.__name__ for celltype in CELL_TYPES] + \
        [name for name, celltype in globals().items() if celltype in native]


__all__ = [
    *pynn_names.__all__,
    *control.__all__,
    *procedural_api.__all__,
    "CAPABILITIES",
    "ACSource",
    "AdditiveWeightDependence",
    "AnalogSource",
    "Assembly",
    "Convolution",
    "ConvolutionConnector",
    "Cuboid",
    "DCSource",
    "Description",
    "DistanceDependentFormation",
    "EPropALIF",
    "EPropLIF",
    "EPropReadout",
    "EPropSynapse",
    "Grid2D",
    "Grid3D",
    "IF_cond_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_curr_exp",
    "Izhikevich",
    "KernelConnector",
    "LastNeuronSelection",
    "LearningSignal",
    "Line",
    "MultiplicativeWeightDependence",
    "NoisyCurrentSource",
    "PoolDense",
    "PoolDenseConnector",
    "Population",
    "PopulationView",
    "Projection",
    "RandomByWeightElimination",
    "RandomSelection",
    "RandomStructure",
    "STDPMechanism",
    "Sphere",
    "SpiNNakerProjection",
    "SpikePairRule",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "StaticSynapse",
    "StepCurrentSource",
    "StructuralMechanismSTDP",
    "StructuralMechanismStatic",
    "describe",
    "distance",
    "external_devices",
    "extra_models",
    "get_machine",
    "list_standard_models",
    "name",
    "set_allow_delay_extensions",
    "set_number_of_neurons_per_core",
    "set_number_of_synapse_cores",
]
