"""Errors and losses of readouts (eq. 42, 51); NaN in a target: none."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.models.losses import MSE, CrossEntropy, Loss


def error(loss: Loss, y: Any, target: Any) -> Any:
    """err_k^t, the shape of y; a user's own loss has to be in jax.numpy."""
    without = jnp.isnan(target)
    wanted = jnp.where(without, 0.0, target)
    if type(loss) is MSE:
        return jnp.where(without, 0.0, y - wanted)
    if type(loss) is CrossEntropy:
        return jnp.where(without, 0.0, jax.nn.softmax(y) - wanted)
    return loss.error(y, target)


def value(loss: Loss, y: Any, target: Any) -> Any:
    """The part of E that each step adds, the shape of y without its last axis."""
    without = jnp.isnan(target)
    wanted = jnp.where(without, 0.0, target)
    if type(loss) is MSE:
        return 0.5 * jnp.sum(jnp.where(without, 0.0, y - wanted) ** 2, axis=-1)
    if type(loss) is CrossEntropy:
        return -jnp.sum(jnp.where(without, 0.0, wanted * jax.nn.log_softmax(y)), axis=-1)
    return jnp.asarray(loss.value(y, target))


def summed(values: np.ndarray, before: float = 0.0) -> np.ndarray:
    """Sums over steps, the last axis, from the first to the last: alike however a run is cut."""
    first = np.full((*values.shape[:-1], 1), before)
    return np.cumsum(np.concatenate([first, values], axis=-1), axis=-1, dtype=float)[..., -1]
