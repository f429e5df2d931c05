"""The reference: NumPy float64, with the paper's eligibility traces carried forward in time."""

from pynn_eprop.reference.machine import ReferenceMachine

__all__ = ["ReferenceMachine"]
