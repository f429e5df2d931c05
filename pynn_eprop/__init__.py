"""Learning in recurrent spiking networks with e-prop, written as PyNN scripts.

The backends are modules of their own, for instance ``import pynn_eprop.host as sim``. What
scripts for any backend share is here: learning rules, optimisers, losses, pseudo-derivatives,
activation functions, formats of fixed point, errors, what cells of your own derive from, the kinds
of tasks (their parts are in ``pynn_eprop.tasks``), families of tasks to learn in one trial,
sequences to learn in intervals, and what the command line must know of a backend of your own.
"""

from pynn_eprop import errors
from pynn_eprop.backends import Backend, Compared, register_backend
from pynn_eprop.families import Family, register_family
from pynn_eprop.models.activations import (
    Activation,
    ReLU,
    Sigmoid,
    Tanh,
    register_activation,
)
from pynn_eprop.models.cells import (
    AnalogCells,
    AutodiffCells,
    SpikingCells,
    component,
    initial,
    parameter,
    register_cell,
)
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss, register_loss
from pynn_eprop.models.optimizers import SGD, Adam, Optimizer, StepDecay, register_optimizer
from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
    PseudoDerivative,
    register_pseudo_derivative,
)
from pynn_eprop.models.rules import (
    ClopathRule,
    EProp,
    PostsynapticFactor,
    Rule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
    register_rule,
)
from pynn_eprop.sequence_tasks import CurriculumTask, SequenceTask, register_sequence_task
from pynn_eprop.tasks import EpochTask, LossTask, ValidatedTask, register_task

__version__ = "0.1.0"

__all__ = [
    "MSE",
    "SGD",
    "Activation",
    "Adam",
    "AnalogCells",
    "Arctan",
    "AutodiffCells",
    "Backend",
    "ClopathRule",
    "Compared",
    "CrossEntropy",
    "CurriculumTask",
    "EProp",
    "EpochTask",
    "Exponential",
    "Family",
    "FastSigmoid",
    "FixedPoint",
    "Loss",
    "LossTask",
    "Optimizer",
    "PiecewiseLinear",
    "PostsynapticFactor",
    "PseudoDerivative",
    "ReLU",
    "Rule",
    "SequenceTask",
    "Sigmoid",
    "SimplifiedTraces",
    "SpikingCells",
    "StepDecay",
    "Tanh",
    "TruncatedAdaptation",
    "TruncatedTraces",
    "ValidatedTask",
    "__version__",
    "component",
    "errors",
    "initial",
    "parameter",
    "register_activation",
    "register_backend",
    "register_cell",
    "register_family",
    "register_loss",
    "register_optimizer",
    "register_pseudo_derivative",
    "register_rule",
    "register_sequence_task",
    "register_task",
]
