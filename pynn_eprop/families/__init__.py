"""Families of tasks that networks learn to learn (e-prop 2), by name; no simulator, no JAX."""

from pynn_eprop.families.arm_movement import ArmMovement
from pynn_eprop.families.family import Family
from pynn_eprop.families.registry import FAMILIES, find_family, register_family
from pynn_eprop.families.trial import OneShotTrial

register_family(ArmMovement)

__all__ = ["FAMILIES", "ArmMovement", "Family", "OneShotTrial", "find_family", "register_family"]
