"""Task 1.1 of the paper: generate patterns, guided by a clock."""

from pynn_eprop.tasks.pattern_generation.task import PatternGeneration

__all__ = ["PatternGeneration"]
