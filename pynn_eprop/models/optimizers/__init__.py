"""Optimisers and learning-rate schedules, as immutable values. One file an optimiser."""

from pynn_eprop.models.optimizers.adam import Adam
from pynn_eprop.models.optimizers.optimizer import Optimizer
from pynn_eprop.models.optimizers.registry import (
    OPTIMIZERS,
    register_optimizer,
    resolve_optimizer,
)
from pynn_eprop.models.optimizers.schedules import CONSTANT, ScheduledOptimizer, StepDecay
from pynn_eprop.models.optimizers.sgd import SGD
from pynn_eprop.models.optimizers.steps import OptimizerSteps

for _optimizer in (SGD, Adam):
    register_optimizer(_optimizer)

__all__ = ["CONSTANT", "OPTIMIZERS", "SGD", "Adam", "Optimizer", "OptimizerSteps",
           "ScheduledOptimizer", "StepDecay", "register_optimizer", "resolve_optimizer"]
