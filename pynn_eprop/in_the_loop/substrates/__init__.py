"""Substrates of the package, and their names."""

from pynn_eprop.in_the_loop.substrates.brainscales import BrainScaleSSubstrate
from pynn_eprop.in_the_loop.substrates.model import Model
from pynn_eprop.in_the_loop.substrates.pynn import PyNNSubstrate
from pynn_eprop.in_the_loop.substrates.registry import (
    SUBSTRATES,
    make_substrate,
    register_substrate,
)
from pynn_eprop.in_the_loop.substrates.stand_in import StandIn

__all__ = ["SUBSTRATES", "BrainScaleSSubstrate", "Model", "PyNNSubstrate", "StandIn",
           "make_substrate", "register_substrate"]
