"""The synapse types: plastic synapses, and the learning signals that teach them.

Optimiser, bounds, ``symmetric`` and ``window`` belong to the synapse type object, outside PyNN's
parameter space. Weights may have mixed signs: PyNN's check of signs is switched off.
"""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import StandardSynapseType
from pyNN.standardmodels import synapses as stock

from pynn_eprop.common.standardmodels.tables import (
    by_name,
    check_forms,
    check_names,
    document,
    same_names,
)
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.network import ELIGIBILITY_TRACE
from pynn_eprop.models.optimizers import Adam, Optimizer, resolve_optimizer
from pynn_eprop.models.parameters import Parameter, as_numbers
from pynn_eprop.models.rules import RULES, EProp, Rule, resolve_rule
from pynn_eprop.models.synapses import EPROP_SYNAPSE, LEARNING_SIGNAL

_BOUNDS = {name: Parameter(name, 0.0, "dimensionless", "bound of a weight")
           for name in ("w_min", "w_max")}
_WINDOW = Parameter("window", math.inf, "ms", "time between two draws of B", minimum=0.0,
                    exclusive=True)


def _check_numbers(table: Mapping[str, Parameter], parameters: Mapping[str, Any],
                   owner: str) -> None:
    """Check values that are one number; arrays may hold NaN for pairs without a synapse.

    Raises :class:`ParameterError`; strings are functions of the distance, and checked later.
    """
    check_names(table, parameters, owner)
    for name, value in parameters.items():
        row, numbers = table[name], as_numbers(value)
        if isinstance(value, (bool, complex, bytes, dict, set)) \
                or (numbers is not None and numbers.ndim == 0 and value is not None):
            row.check(value, owner)


class CheckedSynapseType(StandardSynapseType):
    """A synapse type that checks its parameters."""

    def __init__(self, **parameters: Any) -> None:
        check_forms(self, {name: value for name, value in parameters.items()
                           if value is not None})
        super().__init__(**parameters)


class ShortestDelay:
    """A delay of None means ``min_delay`` of ``setup()``. ``_simulator``: a backend's."""

    _simulator: Any

    def _get_minimum_delay(self) -> float:
        state = self._simulator.state
        if state.simulation is None:
            return float(state.dt)
        return float(state.simulation.options.shortest_delay)


class EPropSynapse(ShortestDelay, CheckedSynapseType):
    __doc__: str | None = document(EPROP_SYNAPSE.meaning, EPROP_SYNAPSE.parameters, {
        "optimizer : 'adam', 'sgd', an object or None, default 'adam'": "None: the weights stay",
        "w_min, w_max : dimensionless, default none": "the weights are clipped after each update",
        f"rule : {', '.join(map(repr, RULES))}, an object or None, default {EProp.name!r}":
            "the eligibility traces of synapses onto cells; None: the weights stay",
    })

    default_parameters: ClassVar[dict[str, Any]] = {
        name: None if math.isnan(row.default) else row.default
        for name, row in EPROP_SYNAPSE.parameters.items()
    }
    translations = same_names(default_parameters)
    parameter_checks: ClassVar[dict[str, Any]] = {}
    recordable: ClassVar[tuple[str, ...]] = (ELIGIBILITY_TRACE,)

    def __init__(self, optimizer: str | Optimizer | None = Adam.name, w_min: float | None = None,
                 w_max: float | None = None, *values: Any,
                 rule: str | Rule | None = EProp.name, **parameters: Any) -> None:
        parameters = by_name(type(self).__name__, (), values, parameters)
        self.optimizer = resolve_optimizer(optimizer)
        self.rule = EProp() if rule is None else resolve_rule(rule)
        if rule is None:
            self.optimizer = None
        self.w_min = -math.inf if w_min is None else self._bound("w_min", w_min)
        self.w_max = math.inf if w_max is None else self._bound("w_max", w_max)
        if self.w_min > self.w_max:
            raise ParameterError(f"EPropSynapse: w_min={w_min:g} must not exceed w_max={w_max:g}")
        _check_numbers(EPROP_SYNAPSE.parameters, parameters, type(self).__name__)
        super().__init__(**parameters)

    @staticmethod
    def _bound(name: str, value: Any) -> float:
        _BOUNDS[name].check_one(value, "EPropSynapse")
        return float(value)


class StaticSynapse(ShortestDelay, CheckedSynapseType, stock.StaticSynapse):
    __doc__ = stock.StaticSynapse.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(stock.StaticSynapse.default_parameters)

    def __init__(self, *values: Any, **parameters: Any) -> None:
        owner = type(self).__name__
        parameters = by_name(owner, ("weight", "delay"), values, parameters)
        _check_numbers(EPROP_SYNAPSE.parameters, parameters, owner)
        super().__init__(**parameters)



class LearningSignal(CheckedSynapseType):
    __doc__: str | None = document(LEARNING_SIGNAL.meaning, LEARNING_SIGNAL.parameters, {
        "symmetric : bool, default False":
            "B_jk equals W_kj of the one projection from these cells to these readouts, always; "
            "takes no weight",
        "window : ms, default none":
            "a new B is drawn for every window, the same sequence in every interval; `weight` is "
            "then the standard deviation",
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
            _WINDOW.check_one(window, owner)
            if isinstance(weight, bool) or not isinstance(weight, Real) \
                    or not float(weight) >= 0:
                raise ParameterError(f"{owner}: with window=, weight={weight!r} must be one number "
                                     ">= 0, the standard deviation of B")
        self.symmetric = bool(symmetric)
        self.window = None if window is None else float(window)
        given = {name: value for name, value in parameters.items() if value is not None}
        _check_numbers(LEARNING_SIGNAL.parameters, given, owner)
        super().__init__(**given)

    def get_schema(self) -> dict[str, type]:
        """Parameter types; unlike other synapses a learning signal has no delay."""
        return {name: type(value) for name, value in self.default_parameters.items()}
