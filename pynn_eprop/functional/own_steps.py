"""Steps of optimisers that JAX does not have, made in NumPy with its gradients."""

from collections.abc import Mapping

import numpy as np

from pynn_eprop.functional.optimizers import is_known
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import Optimizer, OptimizerSteps


class OwnSteps:
    """The optimisers of a network that are not known in JAX, with their state."""

    def __init__(self, network: Network) -> None:
        self._projections = {
            index: OptimizerSteps(projection.optimizer, np.asarray(projection.weight, dtype=float))
            for index, projection in enumerate(network.projections)
            if projection.optimizer is not None and not is_known(projection.optimizer)}
        self._populations = {
            index: OptimizerSteps(readouts.bias_optimizer, np.asarray(readouts.bias, dtype=float))
            for index, readouts in network.of_kind(Readouts).items()
            if readouts.bias_optimizer is not None and not is_known(readouts.bias_optimizer)}

    def projections(self) -> list[int]:
        """Indices of the projections that have one."""
        return list(self._projections)

    def populations(self) -> list[int]:
        """Indices of the populations of readouts that have one."""
        return list(self._populations)

    def step_projection(self, index: int, optimizer: Optimizer | None, weight: np.ndarray,
                        gradient: np.ndarray) -> np.ndarray:
        """The new weights of a projection."""
        assert optimizer is not None
        return self._projections[index].step(optimizer, weight, gradient)

    def step_population(self, index: int, optimizer: Optimizer | None, bias: np.ndarray,
                        gradient: np.ndarray) -> np.ndarray:
        """The new biases of a population."""
        assert optimizer is not None
        return self._populations[index].step(optimizer, bias, gradient)

    def _named(self) -> dict[str, OptimizerSteps]:
        return {**{f"projection{index}": steps for index, steps in self._projections.items()},
                **{f"population{index}": steps for index, steps in self._populations.items()}}

    def state(self) -> dict[str, dict[str, np.ndarray]]:
        """States by owner and name."""
        return {owner: steps.state() for owner, steps in self._named().items()}

    def restore(self, state: Mapping[str, dict[str, np.ndarray]]) -> None:
        """Restore what :meth:`state` returned.

        Raises :class:`CheckpointError` if a shape differs.
        """
        for owner, steps in self._named().items():
            steps.restore({name: np.asarray(array) for name, array in state[owner].items()}, owner)
