"""Learning in recurrent spiking networks with e-prop, written as PyNN scripts.

The backends are modules of their own, for instance ``import pynn_eprop.host as sim``. Here is what
scripts for any backend share: learning rules, optimisers, losses, pseudo-derivatives, formats of
fixed point, errors, the base classes of cells of your own, and the two kinds of tasks (their parts
are in ``pynn_eprop.tasks``).
"""

from pynn_eprop import errors
from pynn_eprop.models.cells import SpikingCells, initial, parameter, register_cell
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
    EProp,
    Rule,
    SimplifiedTraces,
    TruncatedTraces,
    register_rule,
)
from pynn_eprop.tasks import LossTask, ValidatedTask, register_task

__version__ = "0.1.0"

__all__ = [
    "MSE",
    "SGD",
    "Adam",
    "Arctan",
    "CrossEntropy",
    "EProp",
    "Exponential",
    "FastSigmoid",
    "FixedPoint",
    "Loss",
    "LossTask",
    "Optimizer",
    "PiecewiseLinear",
    "PseudoDerivative",
    "Rule",
    "SimplifiedTraces",
    "SpikingCells",
    "StepDecay",
    "TruncatedTraces",
    "ValidatedTask",
    "__version__",
    "errors",
    "initial",
    "parameter",
    "register_cell",
    "register_loss",
    "register_optimizer",
    "register_pseudo_derivative",
    "register_rule",
    "register_task",
]
