"""The network description as pure functions in JAX: for GPUs, BPTT, and learning to learn.

Needs JAX: ``pip install 'pynn_eprop[jax]'``. The machine behind ``pynn_eprop.jax`` is made of these
functions; :mod:`pynn_eprop.functional.face` shows how they go together.
"""

import importlib.util

from pynn_eprop.errors import MissingDependencyError

if importlib.util.find_spec("jax") is None:
    raise MissingDependencyError("pynn_eprop.functional needs the package 'jax'; install it with "
                                 "pip install 'pynn_eprop[jax]'")

from pynn_eprop.functional.face import (
    bptt_gradients,
    gradients,
    gradients_by_differentiation,
    trial,
)
from pynn_eprop.functional.forward import Flow
from pynn_eprop.functional.inputs import trial_inputs
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.model import Model
from pynn_eprop.functional.optimizers import optimizer_start, update
from pynn_eprop.functional.options import JaxOptions

__all__ = ["Flow", "JaxMachine", "JaxOptions", "Model", "bptt_gradients", "gradients",
           "gradients_by_differentiation", "optimizer_start", "trial", "trial_inputs", "update"]
