"""The synapse types: plastic synapses, and the learning signals that teach them.

Optimiser, bounds, ``symmetric`` and ``window`` belong to the synapse type object, outside PyNN's
parameter space. Weights may have mixed signs: PyNN's check of signs is switched off.
"""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

import math
from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import StandardSynapseType
from pyNN.standardmodels import synapses as stock

from pynn_eprop.common.standardmodels.tables import by_name, document, same_names
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.optimizers import Adam, Optimizer, resolve_optimizer
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.synapses import EPROP_SYNAPSE, LEARNING_SIGNAL, SynapseModel

_BOUND = Parameter("bound", 0.0, "dimensionless", "bound of a weight")
_WINDOW = Parameter("window", math.inf, "ms", "time between two draws of B", minimum=0.0,
                    exclusive=True)


def _check_numbers(model: SynapseModel, parameters: dict[str, Any]) -> None:
    """Check what is one number; arrays may hold NaN where there is no synapse."""
    for name, value in parameters.items():
        if name in model.parameters and isinstance(value, (int, float)):
            model.parameters[name].check(value, model.name)


class ShortestDelay:
    """What a delay of None means: ``min_delay`` of ``setup()``. ``_simulator``: a backend's."""

    _simulator: Any

    def _get_minimum_delay(self) -> float:
        state = self._simulator.state
        if state.simulation is None:
            return float(state.dt)
        return float(state.simulation.options.shortest_delay)


class EPropSynapse(ShortestDelay, StandardSynapseType):
    __doc__: str | None = document(EPROP_SYNAPSE.meaning, EPROP_SYNAPSE.parameters, {
        "optimizer : 'adam', 'sgd', an object or None, default 'adam'": "None: the weights stay",
        "w_min, w_max : dimensionless, default none": "the weights are clipped after each update",
    })

    default_parameters: ClassVar[dict[str, Any]] = {
        name: None if math.isnan(row.default) else row.default
        for name, row in EPROP_SYNAPSE.parameters.items()
    }
    translations = same_names(default_parameters)
    parameter_checks: ClassVar[dict[str, Any]] = {}

    def __init__(self, optimizer: str | Optimizer | None = Adam.name, w_min: float | None = None,
                 w_max: float | None = None, *values: Any, **parameters: Any) -> None:
        parameters = by_name(type(self).__name__, (), values, parameters)
        self.optimizer = resolve_optimizer(optimizer)
        self.w_min = -math.inf if w_min is None else self._bound("w_min", w_min)
        self.w_max = math.inf if w_max is None else self._bound("w_max", w_max)
        if self.w_min > self.w_max:
            raise ParameterError(f"EPropSynapse: w_min={w_min:g} must not exceed w_max={w_max:g}")
        _check_numbers(EPROP_SYNAPSE, parameters)
        super().__init__(**parameters)

    @staticmethod
    def _bound(name: str, value: Any) -> float:
        _BOUND.check(value, f"EPropSynapse ({name})")
        return float(value)


class StaticSynapse(ShortestDelay, stock.StaticSynapse):
    __doc__ = stock.StaticSynapse.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(stock.StaticSynapse.default_parameters)

    def __init__(self, *values: Any, **parameters: Any) -> None:
        super().__init__(**by_name(type(self).__name__, ("weight", "delay"), values, parameters))


class LearningSignal(StandardSynapseType):
    __doc__: str | None = document(LEARNING_SIGNAL.meaning, LEARNING_SIGNAL.parameters, {
        "symmetric : bool, default False":
            "B_jk equals W_kj of the one projection from these cells to these readouts, always; "
            "takes no weight",
        "window : ms, default none":
            "B is drawn anew every window, the same sequence in every interval; `weight` is then "
            "the standard deviation",
    })

    default_parameters: ClassVar[dict[str, Any]] = {
        name: row.default for name, row in LEARNING_SIGNAL.parameters.items()
    }
    translations = same_names(default_parameters)
    parameter_checks: ClassVar[dict[str, Any]] = {}

    def __init__(self, symmetric: bool = False, window: float | None = None, *values: Any,
                 **parameters: Any) -> None:
        owner = type(self).__name__
        parameters = by_name(owner, (), values, parameters)
        if not isinstance(symmetric, (bool, np.bool_)):
            raise ParameterError(f"{owner}: symmetric={symmetric!r} must be True or False; a "
                                 "feedback weight is given by name, weight=")
        weight = parameters.get("weight")
        if symmetric and (window is not None or weight is not None):
            extra = f"window={window}" if window is not None else "a weight"
            raise ParameterError(f"{owner}: symmetric=True takes the weights of the projection to "
                                 f"the readouts; leave {extra} out")
        if not symmetric and weight is None:
            raise ParameterError(f"{owner}: no feedback weight; give weight=, or symmetric=True")
        if window is not None:
            _WINDOW.check(window, owner)
            if not isinstance(weight, (int, float)) or weight < 0:
                raise ParameterError(f"{owner}: with window=, weight={weight!r} must be one number "
                                     ">= 0, the standard deviation of B")
        self.symmetric = bool(symmetric)
        self.window = None if window is None else float(window)
        given = {name: value for name, value in parameters.items() if value is not None}
        _check_numbers(LEARNING_SIGNAL, given)
        super().__init__(**given)

    def get_schema(self) -> dict[str, type]:
        """Parameter types; unlike other synapses a learning signal has no delay."""
        return {name: type(value) for name, value in self.default_parameters.items()}
