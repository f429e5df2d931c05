"""Calls in any order, see ``tests/backends/sequences.py``."""

from typing import Any

from tests.backends import sequences


def played(sim: Any, sequence: Any, expected: list[str], look: bool, setup: dict[str, Any]) -> Any:
    """The outcome of a sequence of calls, see ``sequences.play``."""
    return sequences.play(sim, sequence, look, expected, **setup)
