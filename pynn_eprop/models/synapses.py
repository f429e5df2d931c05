"""The synapse types: parameters with default, unit, range and meaning."""

import math
from dataclasses import dataclass

from pynn_eprop.models.parameters import Parameter, table


@dataclass(frozen=True)
class SynapseModel:
    """The parameters of one synapse type, for all backends.

    A ``delay`` of None (PyNN's way to say "the shortest possible") stands for one time step.
    """

    name: str
    meaning: str
    parameters: dict[str, Parameter]


EPROP_SYNAPSE = SynapseModel(
    name="EPropSynapse",
    meaning="plastic synapse whose weight follows the e-prop gradient (eq. 1)",
    parameters=table((
        Parameter("weight", 0.0, "dimensionless", "W_ji, added to the membrane or readout"),
        Parameter("delay", math.nan, "ms", "transmission delay", minimum=0.0, exclusive=True,
                  on_grid=True),
    )),
)

LEARNING_SIGNAL = SynapseModel(
    name="LearningSignal",
    meaning="feedback weight B_jk from a readout's error to a cell's learning signal (eq. 4)",
    parameters=table((
        Parameter("weight", 0.0, "dimensionless", "B_jk; with window=, the standard deviation"),
    )),
)

SYNAPSE_MODELS = {model.name: model for model in (EPROP_SYNAPSE, LEARNING_SIGNAL)}
