"""Machines, which run network descriptions: the interface of all that run here.

A machine has three parts, which can be used on their own: :class:`Forward` runs the network,
:class:`Learner` turns activity into gradients, :class:`OptimizerStep` turns gradients into new
weights. A chip in the loop has a forward pass of its own and borrows the others.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

import numpy as np

from pynn_eprop.fixed.formats import Formats
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Inputs, Network, Recorded, Recording
from pynn_eprop.models.range_report import RangeReport


class Forward(Protocol):
    """A built network that can be advanced.

    Synapses are always in the order of ``Network.projections[i]``'s arrays.
    """

    network: Network
    @property
    def formats(self) -> Formats | None:
        """The fixed-point formats; a machine that takes over from another has the same ones."""
        ...

    @property
    def step(self) -> int:
        """Global steps done so far."""
        ...

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by ``steps``.

        ``learning`` counts from the next interval that starts. Updates due at an interval's end
        are done before this returns; without ``update`` they end with the gradients, and weights
        stay until :meth:`OptimizerStep.apply_gradients`. Raises :class:`SimulationError` if a
        target that does not repeat ends within the stretch, or for source spikes outside it.
        """
        ...

    def sample(self, population: int, variable: str) -> np.ndarray:
        """A state variable ("v", "a", "y", "isyn_exc", "isyn_inh") now, shape (size,)."""
        ...

    def check_population(self, index: int, network: Network) -> None:
        """Raise the errors of parameters of one population that cannot be taken now."""
        ...

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population from ``network``; its state stays.

        Raises as :meth:`check_population`.
        """
        ...


class Learner(Protocol):
    """Gradients from activity and learning signals (eq. 1), by the rules of the projections."""

    def learn(self, trial: Activity, update: bool = True) -> None:
        """Learn from a trial that ran elsewhere, as from the next interval of a run.

        No time passes here. With the last of the trials of an update comes the update, or without
        ``update`` its gradients. Raises :class:`SimulationError` within an interval, for an
        activity that does not fit, and if traces cross boundaries or cells carry on over its end.
        """
        ...

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, shape (synapses,); zeros before the first."""
        ...

    def bias_gradient(self, population: int) -> np.ndarray:
        """Gradient of the biases of the last update, shape (size,)."""
        ...


class OptimizerStep(Protocol):
    """Weights and biases, and the optimisers that change them."""

    @property
    def updates(self) -> int:
        """Weight updates done so far."""
        ...

    def apply_gradients(self, gradients: Mapping[int, np.ndarray] | None = None,
                        bias_gradients: Mapping[int, np.ndarray] | None = None) -> None:
        """One step of all optimisers, which counts as an update.

        gradients: of every projection that learns, (synapses,); bias_gradients: of every readout
        population whose biases learn, (size,). None: those of the last update. Raises
        :class:`SimulationError` for others, and if nothing learns.
        """
        ...

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, shape (synapses,)."""
        ...

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise the errors of weights, (synapses,), that cannot be set now."""
        ...

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; the optimiser's state stays. Raises as :meth:`check_weights`."""
        ...

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population, shape (size,)."""
        ...


class Machine(Forward, Learner, OptimizerStep, Protocol):
    """All three parts, with their state."""

    def range_report(self) -> RangeReport | None:
        """Resolution, limits and losses of fixed-point formats so far; None in floating point."""
        ...

    def saturations(self) -> tuple[str, ...]:
        """A sentence for each part that saturated so far; empty in floating point."""
        ...

    def inactivities(self) -> tuple[Inactivity, ...]:
        """The first update, since the machine was built, in which no cell of a population spiked.

        For each population of e-prop cells; for those that learn, also the first update in which
        their pseudo-derivative was 0 throughout.
        """
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a machine built from the same network needs to continue identically."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state of :meth:`state`. Raises :class:`CheckpointError` if it differs."""
        ...

    def take_over(self, old: Self, synapses: bool = True) -> None:
        """Continue from the present state of ``old``, a machine of the same kind.

        The parts that both have must come first in both networks, in the same order; further parts
        keep their initial state. Spikes in flight are lost if the longest delay changed.
        Without ``synapses``, those keep the state they were built with.
        """
        ...

    def take_over_learning(self, old: Self, synapses: bool = True) -> None:
        """Begin at step 0 of the same network with the learned state of ``old``.

        Weights, biases, the state of the optimisers and the number of updates; no activity.
        Without ``synapses``, those keep the state they were built with.
        """
        ...
