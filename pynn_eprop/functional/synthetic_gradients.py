"""Synthetic gradients: predictions of what errors to come give as derivatives (eq. 64, 66)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Tree = Any


def first_weights(inputs: int, hidden: int, outputs: int, seed: int) -> dict[str, np.ndarray]:
    """Weights before learning: of the hidden layer normal with a variance of 1 / inputs; others 0.

    hidden: (inputs, hidden); hidden_bias; output: (hidden, outputs); output_bias.
    """
    normal = np.random.default_rng([seed, 1]).normal(0.0, 1.0 / np.sqrt(inputs), (inputs, hidden))
    return {"hidden": normal, "hidden_bias": np.zeros(hidden),
            "output": np.zeros((hidden, outputs)), "output_bias": np.zeros(outputs)}


def predict(weights: Tree, seen: Any) -> Any:
    """Predictions (..., outputs) from what is seen (..., inputs): one hidden layer of ReLU."""
    hidden = jax.nn.relu(seen @ weights["hidden"] + weights["hidden_bias"])
    return hidden @ weights["output"] + weights["output_bias"]


def loss(weights: Tree, seen: Any, targets: Any) -> Any:
    """E_SG of each sequence, half the squared error summed over outputs (eq. 66)."""
    return 0.5 * jnp.sum((predict(weights, seen) - targets) ** 2, axis=-1)
