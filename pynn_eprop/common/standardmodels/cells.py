"""The cell types that learn, spike sources, and the base class of all our backends' cell types.

Parameters come from the tables in ``pynn_eprop.models``. Loss, optimiser and pseudo-derivative
are not PyNN parameters (those are numbers or sequences of numbers, one per cell): they belong to
the cell type object, as components belong to PyNN's STDPMechanism.
"""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np
from pyNN.parameters import Sequence
from pyNN.standardmodels import StandardCellType
from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import analog_values
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.common.standardmodels.tables import (
    by_name,
    check_forms,
    check_names,
    check_plain_values,
    document,
    same_names,
)
from pynn_eprop.common.standardmodels.targets import as_sequences
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogCells,
    AnalogSources,
    ArtificialCells,
    CurrLIFCells,
    LIFCells,
    LSTMCells,
    Population,
    Readouts,
    Sources,
)
from pynn_eprop.models.losses import MSE, Loss, resolve_loss
from pynn_eprop.models.optimizers import Optimizer, resolve_optimizer
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.pseudo_derivatives import (
    PiecewiseLinear,
    PseudoDerivative,
    resolve_pseudo_derivative,
)

_SEQUENCES = ("spike_times", "target", "values")


def rows_as_sequences(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with each matrix that stands for sequences as a list of its rows, one a cell."""
    return {name: [Sequence(row) for row in value]
            if name in _SEQUENCES and isinstance(value, np.ndarray) and value.ndim == 2 else value
            for name, value in parameters.items()}


class CheckedCellType(StandardCellType):
    """A cell type whose numeric parameters have ranges.

    ``kind``: of a population of this type. ``table``: the ranges. ``in_order``: parameters that may
    be given without their names, as sPyNNaker's scripts do. Populations call :meth:`check` with the
    values of all cells.
    """

    kind: ClassVar[type[Population]]
    table: ClassVar[Mapping[str, Parameter]] = {}
    in_order: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *values: Any, **parameters: Any) -> None:
        owner = type(self).__name__
        parameters = by_name(owner, self.in_order, values, parameters)
        check_names(self.default_parameters, parameters, owner)
        check_plain_values(self.table, parameters, owner)
        given = rows_as_sequences(parameters)
        check_forms(self, given)
        super().__init__(**given)

    def check(self, values: Mapping[str, np.ndarray], timestep: float) -> None:
        """Raise :class:`ParameterError` unless the values of all cells, by name, can be used."""
        owner = type(self).__name__
        for name, array in values.items():
            if name in self.table:
                self.table[name].check(array, owner)
                self.table[name].check_grid(array, timestep, owner)


CellClass = TypeVar("CellClass", bound=type[CheckedCellType])


def from_table(kind: type[Population], components: Mapping[str, str],
                sequences: Mapping[str, str] | None = None
                ) -> Callable[[CellClass], CellClass]:
    """Give a class the attributes and docstring that PyNN wants, from a kind's table.

    ``sequences``: parameters that hold a sequence per cell, with their units.
    """
    sequences = sequences or {}

    def complete(cls: CellClass) -> CellClass:
        cls.kind = kind
        cls.table = kind.parameters()
        cls.default_parameters = {**{name: row.default for name, row in cls.table.items()},
                                  **{name: Sequence([]) for name in sequences}}
        cls.default_initial_values = kind.initial_values()
        cls.recordable = list(kind.recordable())
        cls.receptor_types = kind.receptor_types
        cls.injectable = kind.takes_current
        cls.units = {**{name: row.unit for name, row in cls.table.items()},
                     **sequences, **kind.units()}
        cls.translations = same_names(cls.default_parameters)
        cls.__doc__ = document(_meaning(kind), cls.table, components, kind.recordable())
        return cls

    return complete


def _meaning(kind: type[Population]) -> str:
    """The meaning of a kind, or what its docstring begins with."""
    return kind.meaning or (kind.__doc__ or kind.name).strip().splitlines()[0].rstrip(".;")


class LearningCell(CheckedCellType):
    """Base of the cell types that learn. backwards: they run trials from end to start."""

    conductance_based = False

    def __init__(self, *values: Any, backwards: bool = False, **parameters: Any) -> None:
        if not isinstance(backwards, (bool, np.bool_)):
            raise ParameterError(f"{type(self).__name__}: backwards={backwards!r} must be True or "
                                 "False")
        self.backwards = bool(backwards)
        super().__init__(*values, **parameters)


class EPropCell(LearningCell):
    """Base of the cell types that spike and learn."""

    def __init__(self, pseudo_derivative: str | PseudoDerivative = PiecewiseLinear.name,
                 *values: Any, backwards: bool = False, **parameters: Any) -> None:
        self.pseudo_derivative = resolve_pseudo_derivative(pseudo_derivative)
        super().__init__(*values, backwards=backwards, **parameters)


class AnalogCell(LearningCell):
    """Base of the cell types that pass on values and learn.

    Components of the kind are arguments of the constructor, and attributes.
    """

    kind: ClassVar[type[AnalogCells]]

    def __init__(self, *values: Any, backwards: bool = False, **parameters: Any) -> None:
        for name in self.kind.components():
            if name != "backwards":
                given = parameters.pop(name, self.kind.default_component(name))
                setattr(self, name, self.kind.given_component(name, given))
        super().__init__(*values, backwards=backwards, **parameters)


class SpikeSourceArray(CheckedCellType, stock.SpikeSourceArray):
    __doc__ = stock.SpikeSourceArray.__doc__
    kind = Sources
    in_order = ("spike_times",)
    translations: ClassVar[dict[str, Any]] = same_names(stock.SpikeSourceArray.default_parameters)


class SpikeSourcePoisson(CheckedCellType, stock.SpikeSourcePoisson):
    __doc__ = stock.SpikeSourcePoisson.__doc__
    kind = Sources
    table = TABLES["SpikeSourcePoisson"]
    in_order = ("rate", "start", "duration")
    translations: ClassVar[dict[str, Any]] = same_names(
        stock.SpikeSourcePoisson.default_parameters)


BACKWARDS = {"backwards : True or False, default False":
             "whether the population runs each trial from its end to its start"}
SHAPE = {"pseudo_derivative : name or object, default PiecewiseLinear()":
          "pseudo-derivative h of the spike (eq. 24) with its height and width; also "
          "Exponential, FastSigmoid, Arctan",
          **BACKWARDS}
_ARTIFICIAL = {"activation : name or object, default Tanh()":
               "activation function sigma; also Sigmoid, ReLU", **BACKWARDS}
_LSTM = {"tanh_output : True or False, default False":
         "whether units pass on h = o tanh(c) rather than h = o c", **BACKWARDS}
_READOUT = {
    "loss : 'mse', 'cross_entropy', an object or None, default 'mse'":
        "None: no error and no target, the readout's learning signal is y",
    "target : array (readouts, steps) or one Sequence per readout":
        "target[:, s - 1] belongs to step s; one interval long (it repeats) or several; NaN where "
        "there is none",
    "bias_optimizer : 'adam', 'sgd', an object or None, default None":
        "None: the biases stay",
}


_ANALOG = {
    "values : array (cells, frames) or one Sequence per cell":
        "in effect one after the other; 0 before the first and after the last",
    "repeats : True, False or None, default None":
        "whether the values begin again with each update interval; None: if they end with it",
}


@from_table(AnalogSources, _ANALOG, sequences={"values": AnalogSources.units()["value"]})
class AnalogSource(CheckedCellType):
    conductance_based = False

    def __init__(self, values: Any = None, repeats: bool | None = None, *further: Any,
                 **parameters: Any) -> None:
        owner = type(self).__name__
        if repeats is not None and not isinstance(repeats, (bool, np.bool_)):
            raise ParameterError(f"{owner}: repeats={repeats!r} must be True, False or None")
        self.repeats = repeats
        if values is not None:
            parameters["values"] = analog_values.as_sequences(values, owner)
        super().__init__(*further, **parameters)


@from_table(LIFCells, SHAPE)
class EPropLIF(EPropCell):
    pass


@from_table(ALIFCells, SHAPE)
class EPropALIF(EPropCell):
    pass


@from_table(CurrLIFCells, SHAPE)
class EPropCurrLIF(EPropCell):
    pass


@from_table(ArtificialCells, _ARTIFICIAL)
class EPropArtificial(AnalogCell):
    pass


@from_table(LSTMCells, _LSTM)
class EPropLSTM(AnalogCell):
    pass


@from_table(Readouts, _READOUT, sequences={"target": Readouts.units()["target"]})
class EPropReadout(CheckedCellType):
    conductance_based = False

    def __init__(self, loss: str | Loss | None = MSE.name, target: Any = None,
                 bias_optimizer: str | Optimizer | None = None, *values: Any,
                 **parameters: Any) -> None:
        self.loss = resolve_loss(loss)
        self.bias_optimizer = resolve_optimizer(bias_optimizer)
        if self.loss is None and self.bias_optimizer is not None:
            raise ParameterError(
                f"EPropReadout: bias_optimizer={bias_optimizer!r} has no error to follow with "
                "loss=None; give a loss, or leave the optimizer out")
        if target is not None:
            parameters["target"] = as_sequences(target, type(self).__name__)
        super().__init__(*values, **parameters)
