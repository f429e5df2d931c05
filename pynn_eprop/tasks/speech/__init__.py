"""Task 1.3 of the paper: the phone of each frame of speech."""

from pynn_eprop.tasks.speech.task import Speech

__all__ = ["Speech"]
