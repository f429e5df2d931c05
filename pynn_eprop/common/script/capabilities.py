"""Capabilities in which backends differ, for code that runs on any of them.

A backend module lists its own in ``CAPABILITIES``.
"""

from enum import Enum


class Capability(str, Enum):
    """Something that a script may want of a run that learns."""

    CHECKPOINTS = "checkpoints"                         # save_checkpoint(), load_checkpoint()
    PAUSED_LEARNING = "set_learning(False)"
    ELIGIBILITY_TRACES = "eligibility traces"           # Projection.record()
    WEIGHTS_WHILE_RUNNING = "weights while it runs"     # reading them does not end the run


ALL_CAPABILITIES = frozenset(Capability)
