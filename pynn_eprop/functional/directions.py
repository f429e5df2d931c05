"""Steps that happen, and populations that run a trial backwards.

What an activity has of a population that runs backwards is in its own time: row s - 1 is its own
step s, the network's step n + 1 - s in a trial of n steps. The first n rows of an activity happen;
``active`` says which, if not all.
"""

from typing import Any

import jax.numpy as jnp

from pynn_eprop.functional.blocks import Block
from pynn_eprop.functional.model import Model, Tree


def count_of(activity: Tree, steps: int) -> Any:
    """How many of the steps of an activity, or of inputs, happen."""
    return jnp.sum(activity["active"]) if "active" in activity else steps


def turned(rows: Any, count: Any) -> Any:
    """The first ``count`` of rows, (steps, ...), in the opposite order, and so are the others."""
    steps = rows.shape[0]
    if isinstance(count, int) and count == steps:
        return rows[::-1]
    return jnp.take(rows, (count - 1 - jnp.arange(steps)) % steps, axis=0)


def own_time(model: Model, population: int, rows: Any, count: Any) -> Any:
    """Rows of the network's steps as those of a population's own, or the other way round."""
    return turned(rows, count) if population in model.network.backwards else rows


def emitted(model: Model, block: Block, spikes: Any, steps: int, count: Any) -> Any:
    """Spikes, or values, of a block's presynaptic cells in the time of its postsynaptic cells.

    spikes: (depth + steps, size), as those of an activity. A trial of n steps has the steps
    0 ... n - 1 of sources, and 1 ... n of cells; before it there is nothing.
    """
    backwards = model.network.backwards
    if (block.pre in backwards) == (block.post in backwards):
        return spikes
    before = spikes.shape[0] - steps - int(block.from_source)
    rows = turned(spikes[before:before + steps], count)
    return jnp.concatenate([jnp.zeros_like(spikes[:before]), rows,
                            jnp.zeros_like(spikes[before + steps:])])
