"""What ``pynn_eprop.spinnaker`` offers: PyNN's names, sPyNNaker's own and ours."""

from pyNN import errors, random, space
from pyNN.connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    OneToOneConnector,
    SmallWorldConnector,
)
from pyNN.network import Network
from pyNN.parameters import Sequence
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.space import Cuboid, Grid2D, Grid3D, Line, RandomStructure, Space, Sphere

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
        external_devices,
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

from pynn_eprop.common.capabilities import ALL_CAPABILITIES
from pynn_eprop.spinnaker.control import (
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    load_checkpoint,
    load_weights,
    num_processes,
    num_updates,
    range_report,
    rank,
    reset,
    run,
    run_for,
    run_until,
    save_checkpoint,
    save_weights,
    set_learning,
    setup,
)
from pynn_eprop.spinnaker.populations import Assembly, Population, PopulationView
from pynn_eprop.spinnaker.procedural_api import (
    connect,
    create,
    record,
    record_gsyn,
    record_v,
    set,
)
from pynn_eprop.spinnaker.projections import Projection
from pynn_eprop.spinnaker.standardmodels.cells import (
    CELL_TYPES,
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

CAPABILITIES = ALL_CAPABILITIES


def name() -> str:
    """The name of the simulator."""
    return "SpiNNaker"


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    stock = (IF_cond_exp, IF_curr_alpha, IF_curr_delta, IF_curr_exp, Izhikevich)
    return [celltype.__name__ for celltype in CELL_TYPES] + \
        [name for name, celltype in globals().items() if celltype in stock]


__all__ = [
    "CAPABILITIES",
    "GSLRNG",
    "ACSource",
    "AdditiveWeightDependence",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "Convolution",
    "ConvolutionConnector",
    "Cuboid",
    "DCSource",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentFormation",
    "DistanceDependentProbabilityConnector",
    "EPropALIF",
    "EPropLIF",
    "EPropReadout",
    "EPropSynapse",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "Grid2D",
    "Grid3D",
    "IF_cond_exp",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_curr_exp",
    "IndexBasedProbabilityConnector",
    "Izhikevich",
    "KernelConnector",
    "LastNeuronSelection",
    "LearningSignal",
    "Line",
    "MultiplicativeWeightDependence",
    "Network",
    "NoisyCurrentSource",
    "NumpyRNG",
    "OneToOneConnector",
    "PoolDense",
    "PoolDenseConnector",
    "Population",
    "PopulationView",
    "Projection",
    "RandomByWeightElimination",
    "RandomDistribution",
    "RandomSelection",
    "RandomStructure",
    "STDPMechanism",
    "Sequence",
    "SmallWorldConnector",
    "Space",
    "Sphere",
    "SpiNNakerProjection",
    "SpikePairRule",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "StaticSynapse",
    "StepCurrentSource",
    "StructuralMechanismSTDP",
    "StructuralMechanismStatic",
    "connect",
    "create",
    "distance",
    "end",
    "errors",
    "external_devices",
    "extra_models",
    "get_current_time",
    "get_machine",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "list_standard_models",
    "load_checkpoint",
    "load_weights",
    "name",
    "num_processes",
    "num_updates",
    "random",
    "range_report",
    "rank",
    "record",
    "record_gsyn",
    "record_v",
    "reset",
    "run",
    "run_for",
    "run_until",
    "save_checkpoint",
    "save_weights",
    "set",
    "set_allow_delay_extensions",
    "set_learning",
    "set_number_of_neurons_per_core",
    "set_number_of_synapse_cores",
    "setup",
    "space",
]
