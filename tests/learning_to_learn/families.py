"""Small families and learned weights for tests."""

import numpy as np

from pynn_eprop.families import ArmMovement
from pynn_eprop.learning_to_learn import Learned
from pynn_eprop.learning_to_learn.error_modules import find_error_module
from pynn_eprop.learning_to_learn.learner import learner_wiring

TINY = {"n_neurons": 12, "n_module": 9, "interval": 100.0, "clock_period": 5.0, "batch": 4}


def tiny(**changes):
    """An arm's family with a trial of 100 ms and few cells."""
    return ArmMovement.of("small", {**TINY, **changes})


def untrained(module="spiking", rule="e-prop", seed=3, family=None):
    """First weights, as if they had been learned."""
    family, kind = family or tiny(), find_error_module(module)
    rng = np.random.default_rng(seed)
    return Learned(family, kind, rule, seed, 0, learner_wiring(family).start(rng),
                   kind.start(family, rng))
