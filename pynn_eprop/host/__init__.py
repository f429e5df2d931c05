"""The PyNN backend of the host engine: ``import pynn_eprop.host as sim``.

It offers what PyNN's own backends offer, under the same names, and the cell and synapse types
that learn with e-prop.
"""

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
from pyNN.space import Space

from pynn_eprop.common.capabilities import ALL_CAPABILITIES
from pynn_eprop.host.control import (
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
from pynn_eprop.host.populations import Assembly, Population, PopulationView
from pynn_eprop.host.procedural_api import connect, create, record, record_gsyn, record_v, set
from pynn_eprop.host.projections import Projection
from pynn_eprop.host.standardmodels.cells import (
    CELL_TYPES,
    EPropALIF,
    EPropLIF,
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

CAPABILITIES = ALL_CAPABILITIES


def list_standard_models() -> list[str]:
    """Names of the cell types of this backend."""
    return [celltype.__name__ for celltype in CELL_TYPES]


__all__ = [
    "CAPABILITIES",
    "GSLRNG",
    "ACSource",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "DCSource",
    "DisplacementDependentProbabilityConnector",
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
    "IF_curr_delta",
    "IF_curr_exp",
    "IndexBasedProbabilityConnector",
    "LearningSignal",
    "Network",
    "NoisyCurrentSource",
    "NumpyRNG",
    "OneToOneConnector",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "Sequence",
    "SmallWorldConnector",
    "Space",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "StaticSynapse",
    "StepCurrentSource",
    "connect",
    "create",
    "end",
    "errors",
    "get_current_time",
    "get_max_delay",
    "get_min_delay",
    "get_time_step",
    "initialize",
    "list_standard_models",
    "load_checkpoint",
    "load_weights",
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
    "set_learning",
    "setup",
    "space",
]
