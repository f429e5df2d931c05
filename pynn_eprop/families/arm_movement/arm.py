"""An arm of two links: joints from their velocities, its tip from its joints (task 2.1)."""

from typing import Any

import numpy as np

LINK = 0.5
"""Length of each link; the paper gives none."""
START = (0.0, np.pi / 2.0)
"""Angles of the joints before a trial: of the first against the horizontal, of the second against
the first link."""


def angles(velocity: Any, timestep: float, xp: Any = np) -> Any:
    """Angles of the joints after each step, (..., steps, 2), from velocities in rad/s likewise."""
    return xp.asarray(START, dtype=velocity.dtype) \
        + xp.cumsum(velocity, axis=-2) * (timestep / 1000.0)


def joints(angle: Any, xp: Any = np) -> tuple[Any, Any]:
    """Where the elbow and the tip are, (..., 2) each, for angles (..., 2)."""
    first, second = angle[..., 0], angle[..., 0] + angle[..., 1]
    elbow = LINK * xp.stack([xp.cos(first), xp.sin(first)], axis=-1)
    return elbow, elbow + LINK * xp.stack([xp.cos(second), xp.sin(second)], axis=-1)


def tip(velocity: Any, timestep: float, xp: Any = np) -> Any:
    """Position of the tip after each step, (..., steps, 2)."""
    return joints(angles(velocity, timestep, xp), xp)[1]
