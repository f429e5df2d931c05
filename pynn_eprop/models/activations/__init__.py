"""Activation functions sigma of artificial cells, z = sigma(s) (eq. 30), as immutable values."""

from pynn_eprop.models.activations.activation import Activation
from pynn_eprop.models.activations.registry import (
    ACTIVATIONS,
    register_activation,
    resolve_activation,
)
from pynn_eprop.models.activations.relu import ReLU
from pynn_eprop.models.activations.sigmoid import Sigmoid
from pynn_eprop.models.activations.tanh import Tanh

for _function in (Tanh, Sigmoid, ReLU):
    register_activation(_function)

__all__ = ["ACTIVATIONS", "Activation", "ReLU", "Sigmoid", "Tanh", "register_activation",
           "resolve_activation"]
