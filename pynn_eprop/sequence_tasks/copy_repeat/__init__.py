"""Task 3.1: a pattern is read, with a number of repetitions, and written so many times."""

from pynn_eprop.sequence_tasks.copy_repeat.task import CopyRepeat

__all__ = ["CopyRepeat"]
