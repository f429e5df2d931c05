"""Synapses of a projection in parts that share a delay: matrices, or lists if they are sparse."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.models.cells import AnalogCells
from pynn_eprop.models.network import Network, Projection

DENSE_SHARE = 1 / 16
"""A block with at least this share of all pairs connected, none of them twice, is a matrix."""
SMALL = 4096
"""A block of at most so many pairs is a matrix if it can be one."""


@dataclass(frozen=True, eq=False)
class Block:
    """Synapses of a projection with one delay.

    projection, pre, post: indices. lag: steps from a spike to its arrival, as
    :attr:`Population.arrives_earlier` counts them. dense: weights are a matrix (pre, post), with
    ``mask``, (pre, post), 0 for pairs without a synapse, or None if there are none such; otherwise
    they are a list, with the cells ``pre_index`` and ``post_index`` of each.
    order: which synapses of the projection these are; position: the place of each in the array of
    weights, row by row. masked: only spikes of the interval in progress arrive.
    port: which of the postsynaptic cells' ports this is; receptor: its name, if they have several.
    """

    projection: int
    pre: int
    post: int
    lag: int
    dense: bool
    shape: tuple[int, int]
    order: np.ndarray
    position: np.ndarray
    pre_index: np.ndarray
    post_index: np.ndarray
    mask: np.ndarray | None
    masked: bool
    from_source: bool
    port: int
    receptor: str

    def pack(self, values: np.ndarray) -> np.ndarray:
        """Values of the projection's synapses as the block's array."""
        if not self.dense:
            return np.asarray(values)[self.order]
        out = np.zeros(self.shape[0] * self.shape[1])
        out[self.position] = np.asarray(values)[self.order]
        return out.reshape(self.shape)

    def unpack(self, array: Any, out: np.ndarray) -> None:
        """Write the block's array to the projection's synapses in ``out``."""
        out[self.order] = np.asarray(array, dtype=float).reshape(-1)[self.position]

    def arriving(self, z: Any, weight: Any) -> Any:
        """Sum of the weights of arriving spikes per cell; z: (..., pre) -> (..., post)."""
        if self.dense:
            return z @ weight
        summed = jnp.moveaxis(jnp.take(z, self.pre_index, axis=-1) * weight, -1, 0)
        return jnp.moveaxis(jax.ops.segment_sum(summed, self.post_index, self.shape[1]), 0, -1)

    def returned(self, values: Any, weight: Any) -> Any:
        """Transpose of :meth:`arriving`: values: (..., post) -> (..., pre)."""
        if self.dense:
            return values @ weight.T
        summed = jnp.moveaxis(jnp.take(values, self.post_index, axis=-1) * weight, -1, 0)
        return jnp.moveaxis(jax.ops.segment_sum(summed, self.pre_index, self.shape[0]), 0, -1)

    def products(self, z: Any, values: Any) -> Any:
        """sum_t z_i^t F_j^t of each synapse; z: (steps, pre), values: (steps, post)."""
        if self.dense:
            summed = z.T @ values
            return summed if self.mask is None else summed * self.mask
        if not len(self.order):
            return jnp.zeros(0, values.dtype)

        def step(total: Any, now: tuple[Any, Any]) -> tuple[Any, None]:
            return total + now[0][self.pre_index] * now[1][self.post_index], None

        return jax.lax.scan(step, jnp.zeros(len(self.order), values.dtype), (z, values))[0]

    def of_post(self, values: Any) -> Any:
        """Values of postsynaptic cells, (post,), for each weight."""
        return values[jnp.newaxis, :] if self.dense else values[self.post_index]

    def of_pre(self, values: Any) -> Any:
        """Values of presynaptic cells, (pre,), for each weight."""
        return values[:, jnp.newaxis] if self.dense else values[self.pre_index]

    def matrix(self, weight: Any) -> Any:
        """The weights as a matrix (pre, post), those of one pair added up."""
        if self.dense:
            return weight
        return jnp.zeros(self.shape, weight.dtype).at[self.pre_index, self.post_index].add(weight)


def blocks_of(network: Network) -> tuple[Block, ...]:
    """The blocks of all projections, projection by projection, by ascending delay."""
    found: list[Block] = []
    for index, projection in enumerate(network.projections):
        for delay in np.unique(np.asarray(projection.delay)):
            found.append(_block(network, index, projection, int(delay)))
    return tuple(found)


def _block(network: Network, index: int, projection: Projection, delay: int) -> Block:
    pre, post = network.populations[projection.pre], network.populations[projection.post]
    order = np.flatnonzero(np.asarray(projection.delay) == delay)
    pre_index = np.asarray(projection.pre_index)[order]
    post_index = np.asarray(projection.post_index)[order]
    pairs = pre.size * post.size
    position = pre_index.astype(np.int64) * post.size + post_index
    dense, mask = False, None
    if len(order) >= DENSE_SHARE * pairs or pairs <= SMALL:
        connected = np.zeros(pairs, dtype=bool)
        connected[position] = True
        dense = int(np.count_nonzero(connected)) == len(order)
        if dense and not connected.all():
            mask = connected.reshape(pre.size, post.size)
    port = post.ports().index(projection.receptor) if isinstance(post, AnalogCells) \
        else int(projection.inhibitory)
    settings = network.settings
    resets = settings.boundary == "reset" and settings.interval_steps is not None
    return Block(index, projection.pre, projection.post, delay - post.arrives_earlier, dense,
                 (pre.size, post.size), order,
                 position if dense else np.arange(len(order)), pre_index, post_index, mask,
                 resets and post.resets, pre.from_outside, port,
                 projection.receptor)
