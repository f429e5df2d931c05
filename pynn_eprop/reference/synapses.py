"""Spikes and values in flight: emitted by cells, and arriving at synapses."""

import numpy as np

from pynn_eprop.models.cells import Population
from pynn_eprop.models.network import Projection
from pynn_eprop.reference.clock import Clock
from pynn_eprop.reference.component import Component


class SpikeLog(Component):
    """How often each cell of one population spiked at each of the last ``depth`` steps.

    Of a source of values, its values instead.
    """

    variables = ("counts",)

    def __init__(self, size: int, depth: int) -> None:
        self.counts = np.zeros((depth, size))

    def write(self, step: int, counts: np.ndarray) -> None:
        """Note the spikes, or values, of ``step``, shape (size,)."""
        self.counts[step % len(self.counts)] = counts

    def read(self, steps: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Spikes at the given steps of the given cells, same shape as both."""
        return self.counts[steps % len(self.counts), cells]


class Synapses(Component):
    """The synapses of one projection: their weights, and the spikes that arrive at them."""

    variables = ("weight",)

    def __init__(self, projection: Projection, pre: Population, post: Population, log: SpikeLog,
                 clock: Clock) -> None:
        self.projection = projection
        self.weight = np.array(projection.weight, dtype=float)
        self.pre_index = np.asarray(projection.pre_index, dtype=int)
        self.post_index = np.asarray(projection.post_index, dtype=int)
        # A spiking cell receives z^{t-d} (eq. 20), a readout z^{t-d+1} (eq. 41).
        self.lag = np.asarray(projection.delay, dtype=int) - post.arrives_earlier
        self.from_source = pre.from_outside
        self.crosses = not post.resets or not clock.resets
        self.post_size = post.size
        self.log = log
        self.clock = clock
        self.arriving = np.zeros(len(self.weight))

    def receive(self, step: int, length: int | None = None) -> np.ndarray:
        """Let the spikes due at ``step`` arrive; the sum of weights per cell, shape (post,).

        ``arriving`` then holds the number of spikes, or the value, per synapse. length: steps of
        the interval, if it is not a whole one.
        """
        emitted = step - self.lag
        self.arriving = self.log.read(emitted, self.pre_index)
        if not self.crosses:
            inside = self.clock.same_interval(emitted, step, self.from_source, length)
            self.arriving = np.where(inside, self.arriving, 0.0)
        return np.bincount(self.post_index, self.weight * self.arriving, self.post_size)

    def receive_of(self, emitted: np.ndarray, step: int) -> np.ndarray:
        """As :meth:`receive`, of what was emitted at the steps 0, 1, ..., (steps, pre)."""
        steps = step - self.lag
        inside = (steps >= 0) & (steps < len(emitted))
        self.arriving = np.where(inside, emitted[np.where(inside, steps, 0), self.pre_index], 0.0)
        return np.bincount(self.post_index, self.weight * self.arriving, self.post_size)
