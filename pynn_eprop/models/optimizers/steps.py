"""The steps of an optimiser on one array of weights."""

import numpy as np

from pynn_eprop.errors import CheckpointError, ParameterError
from pynn_eprop.models.answers import ask
from pynn_eprop.models.optimizers.optimizer import Optimizer, State

_COUNT = "u"


class OptimizerSteps:
    """The state of an optimiser, and the number of its updates; None has no state.

    Raises :class:`ParameterError` for a state that cannot be kept.
    """

    def __init__(self, optimizer: Optimizer | None, weight: np.ndarray) -> None:
        self.count = 0
        self._arrays: State = {}
        if optimizer is not None:
            given = ask("", "optimizer", optimizer, "init", np.array(weight))
            if not isinstance(given, dict):
                raise ParameterError(f"{_named(optimizer)}: init() gives {type(given).__name__}; "
                                     "it must give the state, a dict of arrays")
            self._arrays = {name: np.array(value) for name, value in given.items()}
            for name, array in self._arrays.items():
                if not (isinstance(name, str) and name.isidentifier()) or name == _COUNT \
                        or array.dtype.kind not in "biuf":
                    raise ParameterError(
                        f"{_named(optimizer)}: init() gives {name!r}, of {array.dtype}; a state is "
                        f"arrays of numbers, each with a Python name other than {_COUNT!r}")

    def step(self, optimizer: Optimizer, weight: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The new weights. Raises :class:`ParameterError` for a step that is not valid."""
        given = {name: array.copy() for name, array in self._arrays.items()}
        made = ask("", "optimizer", optimizer, "update", np.array(gradient), given,
                   np.array(weight), self.count + 1)
        if not (isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], dict)):
            raise ParameterError(f"{_named(optimizer)}: update() gives {type(made).__name__}; it "
                                 "must give the new weights and the new state, a pair")
        new = np.asarray(made[0])
        kept = {name: np.asarray(value) for name, value in made[1].items()}
        found, needed = ({name: arrays[name].shape for name in sorted(arrays, key=str)}
                         for arrays in (kept, self._arrays))
        if new.shape != np.shape(weight) or found != needed:
            raise ParameterError(
                f"{_named(optimizer)}: update() gives weights {new.shape} and the state {found}; "
                f"it must give weights {np.shape(weight)} and the state of init(), {needed}")
        for name, array, like in (("the weights", new, np.zeros(0)), *(
                (f"the state {name!r}", kept[name], old) for name, old in self._arrays.items())):
            if array.dtype.kind not in "biuf" or not np.can_cast(array.dtype, like.dtype,
                                                                 "same_kind"):
                raise ParameterError(f"{_named(optimizer)}: update() gives {name} as "
                                     f"{array.dtype}, which {like.dtype} cannot hold")
        self.count += 1
        self._arrays = {name: kept[name].astype(array.dtype)
                        for name, array in self._arrays.items()}
        return np.asarray(new, dtype=float)

    def state(self) -> State:
        """The state by name, with the number of updates as "u"."""
        return {_COUNT: np.array(self.count),
                **{name: array.copy() for name, array in self._arrays.items()}}

    def restore(self, state: State, owner: str) -> None:
        """Restore a state that :meth:`state` returned.

        Raises :class:`CheckpointError` if a shape differs; ``owner`` is for the message.
        """
        for name, array in self.state().items():
            if np.shape(state[name]) != array.shape:
                raise CheckpointError(
                    f"{owner}/{name} has shape {np.shape(state[name])}, but this network needs "
                    f"{array.shape}; build the network that the checkpoint was written with")
        self.count = int(state[_COUNT])
        self._arrays = {name: np.array(state[name], dtype=array.dtype)
                        for name, array in self._arrays.items()}


def _named(optimizer: Optimizer) -> str:
    return f"optimizer {optimizer.name or type(optimizer).__name__!r}"
