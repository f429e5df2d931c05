"""Trees of arrays as flat dicts, for checkpoints, and back."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import CheckpointError
from pynn_eprop.functional.model import Tree


def flattened(tree: Tree) -> dict[str, np.ndarray]:
    """The arrays of nested dicts by the path to each, its names joined by "/"."""
    found: dict[str, np.ndarray] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found |= {f"{name}/{inner}": array for inner, array in flattened(value).items()}
        else:
            found[str(name)] = np.array(value)
    return found


def filled(tree: Tree, state: dict[str, np.ndarray], path: str = "") -> Tree:
    """Nested dicts as ``tree``, with the arrays of a flat dict.

    Raises :class:`CheckpointError` unless these are of the same names and shapes.
    """
    needed = flattened(tree)
    differing = sorted(set(needed) ^ set(state))
    if differing:
        raise CheckpointError(f"the checkpoint belongs to another network: "
                              f"{path + differing[0]!r} is only in one of them")
    for name, array in needed.items():
        if array.shape != np.shape(state[name]):
            raise CheckpointError(
                f"{path}{name} has shape {np.shape(state[name])}, but this network needs "
                f"{array.shape}; build the network that the checkpoint was written with")
    return _filled(tree, state, "")


def _filled(tree: Tree, state: dict[str, np.ndarray], path: str) -> Tree:
    def like(old: Any, new: np.ndarray) -> Any:
        if isinstance(old, jax.Array):
            return jnp.asarray(new, dtype=old.dtype)
        return np.array(new, dtype=np.asarray(old).dtype)

    return {name: _filled(value, state, f"{path}{name}/") if isinstance(value, dict)
            else like(value, state[f"{path}{name}"]) for name, value in tree.items()}
