"""Leaky sums over time, forward and backward."""

from typing import Any

import jax


def leaky(decay: Any, values: Any, start: Any, reverse: bool = False) -> Any:
    """s^t = decay s^{t-1} + values^t with s^0 = start; (steps, ...).

    reverse: s^t = decay s^{t+1} + values^t with s^{T+1} = start.
    """
    def step(total: Any, now: Any) -> tuple[Any, Any]:
        total = decay * total + now
        return total, total

    return jax.lax.scan(step, start, values, reverse=reverse)[1]
