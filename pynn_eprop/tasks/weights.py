"""Initial weights (Bellec et al. 2018b): normal, with a width set by the number of inputs."""

import numpy as np


def scaled_normal(n_pre: int, n_post: int, factor: float, rng: np.random.Generator,
                  fan_in: int | None = None, self_connections: bool = True) -> np.ndarray:
    """``factor`` N(0, 1) / sqrt(fan_in), shape (n_pre, n_post).

    ``fan_in`` is ``n_pre`` if it is not given. Without self-connections the diagonal is 0.
    """
    weight = rng.normal(0.0, 1.0, (n_pre, n_post)) * factor / np.sqrt(fan_in or n_pre)
    if not self_connections:
        np.fill_diagonal(weight, 0.0)
    return weight
