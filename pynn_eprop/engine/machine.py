"""What runs a network description: the interface of the host engine and of the reference."""

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np

from pynn_eprop.engine.fixed_point import Formats
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording


class Machine(Protocol):
    """A built network that can be advanced.

    Synapses are always in the order of ``Network.projections[i]``'s arrays.
    """

    network: Network
    @property
    def formats(self) -> Formats | None:
        """Those of fixed point; a machine that takes over from another has the same."""
        ...

    @property
    def step(self) -> int:
        """Global steps done so far."""
        ...

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        ...

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True) -> Recorded:
        """Advance by ``steps``.

        ``learning`` counts from the next interval that starts. Updates due at an interval's end
        are done before this returns. Raises :class:`SimulationError` if a target that does not
        repeat ends within the stretch, or for source spikes outside it.
        """
        ...

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        ...

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays."""
        ...

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,); zeros before the first."""
        ...

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        ...

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        ...

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable ("v", "a", "y", "isyn_exc", "isyn_inh") now, shape (size,)."""
        ...

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to go on identically."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what :meth:`state` gave. Raises :class:`CheckpointError` on a mismatch."""
        ...

    def take_over(self, old: Self, synapses: bool = True) -> None:
        """Go on where ``old`` stands, a machine of the same kind.

        The parts that both have must come first in both networks, in the same order; further parts
        keep their initial state. Spikes in flight are lost where the longest delay changed.
        Without ``synapses``, those keep the state they were built with.
        """
        ...

    def take_over_learning(self, old: Self, synapses: bool = True) -> None:
        """Begin, at step 0 of the same network, with what ``old`` learned.

        Weights, biases, the state of the optimisers and the number of updates; no activity.
        Without ``synapses``, those keep the state they were built with.
        """
        ...
