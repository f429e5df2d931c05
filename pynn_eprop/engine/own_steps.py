"""Steps of optimisers that the engine does not have, made in Python with the engine's gradients."""

from typing import Any, Protocol

import numpy as np

from pynn_eprop.engine import parameters
from pynn_eprop.engine._eprop import ffi
from pynn_eprop.errors import CheckpointError
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import OptimizerSteps


class _Learned(Protocol):
    """The part of the engine that steps need: gradients; weights and biases to replace."""

    network: Network

    def gradient(self, projection: int) -> np.ndarray: ...

    def weights(self, projection: int) -> np.ndarray: ...

    def write_weights(self, projection: int, weight: np.ndarray) -> None: ...

    def bias_gradient(self, population: int) -> np.ndarray: ...

    def bias(self, population: int) -> np.ndarray: ...

    def write_bias(self, population: int, bias: np.ndarray) -> None: ...


@ffi.def_extern()  # type: ignore[untyped-decorator]
def eprop_step_in_python(context: Any) -> int:
    """Called by the engine at the end of an update; see ``eprop_outside_step``."""
    return int(ffi.from_handle(context).make())


class OwnSteps:
    """The optimisers of a network that are not the engine's, and their state.

    handle: for the engine to call :meth:`make`, while this object lives. failure: the exception of
    a step, in the run that it ended.
    """

    def __init__(self, network: Network) -> None:
        self._projections = {
            index: OptimizerSteps(projection.optimizer, np.asarray(projection.weight, dtype=float))
            for index, projection in enumerate(network.projections)
            if parameters.is_own(projection.optimizer)}
        self._biases = {
            index: OptimizerSteps(readouts.bias_optimizer, np.asarray(readouts.bias, dtype=float))
            for index, readouts in network.of_kind(Readouts).items()
            if parameters.is_own(readouts.bias_optimizer)}
        self._learned: _Learned | None = None
        self.failure: BaseException | None = None
        self.handle = ffi.new_handle(self) if self else ffi.NULL

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._projections or self._biases)

    def may_step(self, learned: _Learned | None) -> None:
        """Set the engine whose weights the steps change, for the time of a run; then None."""
        self._learned = learned
        if learned is not None:
            self.failure = None

    def make(self) -> bool:
        """Make one step of each, within its projection's bounds; returns whether that failed."""
        learned = self._learned
        assert learned is not None
        try:
            for index, steps in self._projections.items():
                projection = learned.network.projections[index]
                assert projection.optimizer is not None
                weight = steps.step(projection.optimizer, learned.weights(index),
                                    learned.gradient(index))
                learned.write_weights(index, np.clip(weight, projection.w_min, projection.w_max))
            for index, steps in self._biases.items():
                optimizer = learned.network.of_kind(Readouts)[index].bias_optimizer
                assert optimizer is not None
                learned.write_bias(index, steps.step(optimizer, learned.bias(index),
                                                     learned.bias_gradient(index)))
        except BaseException as failure:    # it cannot pass through C
            self.failure = failure
        return self.failure is not None

    def _named(self) -> dict[str, OptimizerSteps]:
        return {**{f"projection.0.{index}": steps for index, steps in self._projections.items()},
                **{f"population.0.{index}": steps for index, steps in self._biases.items()}}

    def state(self) -> dict[str, np.ndarray]:
        """State of the optimisers, as further entries of the engine's state."""
        return {f"{owner}.own_{name}": array for owner, steps in self._named().items()
                for name, array in steps.state().items()}

    def restore(self, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Take the entries of these optimisers; returns the others.

        Raises :class:`CheckpointError` for entries that do not fit. Missing ones stay as they are.
        """
        others = dict(state)
        for owner, steps in self._named().items():
            entries = steps.state()
            for name in entries:
                entries[name] = others.pop(f"{owner}.own_{name}", entries[name])
            steps.restore(entries, owner)
        return others

    def check_complete(self, state: dict[str, np.ndarray]) -> None:
        """Raise :class:`CheckpointError` if an entry is missing."""
        for name in self.state():
            if name not in state:
                raise CheckpointError(f"the checkpoint has no entry {name!r}, which this network "
                                      "needs")
