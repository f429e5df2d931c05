"""Task 2.1: a movement of an arm with two joints, learned from one trial."""

from pynn_eprop.families.arm_movement.family import ArmMovement

__all__ = ["ArmMovement"]
