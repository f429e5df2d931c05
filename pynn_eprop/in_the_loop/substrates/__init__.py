"""Substrates: what can run trials of a network, by name."""

from pynn_eprop.in_the_loop.substrates.brainscales import BrainScaleSSubstrate
from pynn_eprop.in_the_loop.substrates.model import Model
from pynn_eprop.in_the_loop.substrates.pynn import PyNNSubstrate
from pynn_eprop.in_the_loop.substrates.stand_in import StandIn

__all__ = ["BrainScaleSSubstrate", "Model", "PyNNSubstrate", "StandIn"]
