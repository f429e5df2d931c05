"""Checks that arguments of PyNN's classes and methods are of the right kind, on every backend."""

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from pyNN.common import Assembly, BasePopulation
from pyNN.common.populations import IDMixin
from pyNN.connectors import Connector
from pyNN.models import BaseCellType, BaseSynapseType
from pyNN.space import BaseStructure, Space

from pynn_eprop.errors import (
    ArgumentError,
    NetworkError,
    ParameterError,
    ProjectionError,
    SelectionError,
)

GROUPS: tuple[type, ...] = (BasePopulation, Assembly)
_MOST_DIMENSIONS = 3
_LONGEST = 40       # letters of a value that a message shows


def _kind(given: Any) -> str:
    """An argument as a message names it."""
    if isinstance(given, type):
        return f"the class {given.__name__}"
    if isinstance(given, IDMixin):
        return "a single cell"
    shown = repr(given)
    return f"{shown} ({type(given).__name__})" if len(shown) <= _LONGEST \
        else f"an object of type {type(given).__name__}"


def check_projection(pre: Any, post: Any, connector: Any, synapse_type: Any, space: Any,
                     label: str | None, groups: tuple[Any, ...] = GROUPS,
                     connectors: tuple[type, ...] = (Connector,),
                     synapses: tuple[type, ...] = (BaseSynapseType,)) -> None:
    """Check the arguments of a projection.

    groups, connectors, synapses: classes that a backend accepts. Raises :class:`ArgumentError` for
    anything else, :class:`NetworkError` for an end without cells.
    """
    _check_label(label, "Projection")
    owner = label or "projection"
    for which, group in (("presynaptic", pre), ("postsynaptic", post)):
        if not isinstance(group, groups):
            raise ArgumentError(f"{owner}: {which}_neurons must be a Population, PopulationView or "
                                f"Assembly, not {_kind(group)}; for some of its cells make a "
                                "view, population[i:j]")
        if not group.size:
            raise NetworkError(f"{owner}: {group.label} has no cells to connect")
    if not isinstance(connector, connectors):
        raise ArgumentError(f"{owner}: connector must be an object such as AllToAllConnector(), "
                            f"not {_kind(connector)}")
    if synapse_type is not None and not isinstance(synapse_type, synapses):
        raise ArgumentError(f"{owner}: synapse_type must be an object such as StaticSynapse(...) "
                            f"or EPropSynapse(...), not {_kind(synapse_type)}")
    if space is not None and not isinstance(space, Space):
        raise ArgumentError(f"{owner}: space must be a Space(...), not {_kind(space)}")


def check_population(size: Any, cellclass: Any, cellparams: Any, structure: Any,
                     initial_values: Any, label: str | None) -> None:
    """Check the arguments of a population.

    Raises :class:`ArgumentError`, and :class:`NetworkError` for an impossible size.
    """
    _check_label(label, "Population")
    owner = label or "population"
    check_size(size, owner)
    if isinstance(size, tuple) and structure is not None:
        raise ArgumentError(f"{owner}: size={size!r} has a structure of its own; leave "
                            "structure out, or give the number of cells")
    kind = cellclass if isinstance(cellclass, type) else type(cellclass)
    if not issubclass(kind, BaseCellType):
        raise ArgumentError(f"{owner}: cellclass must be a cell type such as EPropLIF(...), not "
                            f"{_kind(cellclass)}")
    if cellparams and not isinstance(cellclass, type):
        raise ArgumentError(f"{owner}: cellparams={cellparams!r} beside {kind.__name__}(...); give "
                            "the parameters to the cell type")
    for name, given, needed, example in (
            ("cellparams", cellparams, Mapping, "a dictionary"),
            ("initial_values", initial_values, Mapping, "a dictionary"),
            ("structure", structure, BaseStructure, "an object such as Grid2D()")):
        if given is not None and not isinstance(given, needed):
            raise ArgumentError(f"{owner}: {name} must be {example}, not {_kind(given)}")


def _check_label(label: Any, owner: str) -> None:
    if label is not None and not isinstance(label, str):
        raise ArgumentError(f"{owner}: label={label!r} must be a string")


def check_structure(structure: Any, owner: str) -> None:
    """Raise :class:`ArgumentError` unless this is a structure that places cells."""
    if not isinstance(structure, BaseStructure):
        raise ArgumentError(f"{owner}: structure must be an object such as Grid2D(), not "
                            f"{_kind(structure)}")


def check_receptor(receptor_type: Any, post: Any, label: str | None) -> None:
    """Raise :class:`ProjectionError` for a receptor that the cells do not have."""
    if receptor_type is not None and (not isinstance(receptor_type, str) or receptor_type not in
                                      ("default", *post.receptor_types)):
        valid = sorted(post.receptor_types)
        raise ProjectionError(f"{label or 'projection'}: receptor_type={receptor_type!r} is "
                              f"unknown to {post.label}; it must be one of "
                              f"{', '.join(repr(each) for each in valid)}")


def check_size(size: Any, owner: str) -> None:
    """Check a number of cells, or up to three that are multiplied."""
    parts = size if isinstance(size, tuple) else (size,)
    if not 1 <= len(parts) <= _MOST_DIMENSIONS or not all(map(_is_whole, parts)):
        raise ArgumentError(f"{owner}: size must be a whole number, or a tuple of one to three, "
                            f"not {_kind(size)}")
    if min(parts) < 1:
        raise NetworkError(f"{owner}: size={size} must be at least 1")


def _is_whole(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, (bool, np.bool_))


def check_number(name: str, value: Any, owner: str) -> None:
    """Raise :class:`ArgumentError` unless a value is a number."""
    if not isinstance(value, Real) or isinstance(value, (bool, np.bool_)):
        raise ArgumentError(f"{owner}: {name} must be a number, not {_kind(value)}")


def names(given: str | Iterable[str], what: str, owner: str) -> list[str]:
    """One name or several, as a list. Raises :class:`ArgumentError`."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or isinstance(listed, (bytes, Mapping)):
        raise ArgumentError(f"{owner}: {what} must be a name or a list of names, not "
                            f"{_kind(given)}")
    listed = list(listed)
    for each in listed:
        if not isinstance(each, str):
            raise ArgumentError(f"{owner}: {what} must be names, not {_kind(each)}")
    return listed


def check_sample(n: Any, label: str) -> None:
    """Raise :class:`ArgumentError` or :class:`NetworkError` unless ``n`` cells can be chosen."""
    if not _is_whole(n):
        raise ArgumentError(f"{label}: sample() takes a whole number, not {_kind(n)}")
    if n < 1:
        raise NetworkError(f"a sample of {n} of {label} would have no cells; take at least one")


def check_source(current_source: Any, label: str) -> None:
    """Raise :class:`ArgumentError` unless this is a current source."""
    if isinstance(current_source, type) or not hasattr(current_source, "inject_into"):
        raise ArgumentError(f"{label}: inject() takes a current source such as DCSource(...), not "
                            f"{_kind(current_source)}")


def check_initial_values(cells: Any, initial_values: Mapping[str, Any]) -> None:
    """Raise :class:`ParameterError` for a variable or a shape that the cells do not have."""
    known = cells.celltype.default_initial_values
    for variable, value in initial_values.items():
        if variable not in known:
            raise ParameterError(f"{cells.label}: {type(cells.celltype).__name__} has no state "
                                 f"variable {variable!r}; choose one of {sorted(known)}")
        shape = np.shape(value) if isinstance(value, (list, tuple, np.ndarray)) else ()
        if value is None or (shape and shape != (cells.size,)):
            raise ParameterError(f"{cells.label}: initial value {variable}={value!r} is neither "
                                 f"one value nor one for each of {cells.size} cells")


class CheckedGroup:
    """Methods shared by populations, views and assemblies, with their arguments checked.

    For backends to mix in before PyNN's class.
    """

    label: str
    size: int

    def __getitem__(self, index: Any) -> Any:
        """A cell, or some cells. Raises :class:`SelectionError` for a cell that is not there."""
        if _is_whole(index) and not -self.size <= index < self.size:
            cells = f"its {self.size} cells are 0..{self.size - 1}" if self.size else "it has none"
            raise SelectionError(f"{self.label}: there is no cell {index}; {cells}")
        if not _is_whole(index) and not isinstance(index, (slice, list, tuple, np.ndarray)):
            raise ArgumentError(f"{self.label}: {_kind(index)} selects no cells; give a whole "
                                "number, a slice, a mask or a list of whole numbers")
        return super().__getitem__(index)  # type: ignore[misc]

    def __add__(self, other: Any) -> Any:
        """An assembly of both."""
        if not isinstance(other, GROUPS):
            raise ArgumentError(f"{self.label}: only a Population, PopulationView or Assembly can "
                                f"be added, not {_kind(other)}")
        return super().__add__(other)  # type: ignore[misc]

    def record(self, variables: str | Iterable[str] | None, to_file: Any = None,
               sampling_interval: float | None = None, *more: Any, **options: Any) -> None:
        """Record variables of these cells from now on; None: record nothing more."""
        if variables is not None and not isinstance(variables, str):
            variables = names(variables, "record(): variables", self.label)
        if sampling_interval is not None:
            check_number("sampling_interval", sampling_interval, self.label)
        super().record(variables, to_file, sampling_interval,  # type: ignore[misc]
                       *more, **options)

    def get_data(self, variables: str | Iterable[str] = "all", *more: Any, **options: Any) -> Any:
        """The recorded data as a Neo block."""
        if not isinstance(variables, str):
            variables = names(variables, "get_data(): variables", self.label)
        return super().get_data(variables, *more, **options)  # type: ignore[misc]

    def get(self, parameter_names: str | Iterable[str], *more: Any, **options: Any) -> Any:
        """Values of parameters."""
        if not isinstance(parameter_names, str):
            parameter_names = names(parameter_names, "get(): parameter names", self.label)
        return super().get(parameter_names, *more, **options)  # type: ignore[misc]

    def inject(self, current_source: Any) -> None:
        """Inject a current into these cells."""
        check_source(current_source, self.label)
        super().inject(current_source)  # type: ignore[misc]

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random."""
        check_sample(n, self.label)
        return super().sample(int(n), rng)  # type: ignore[misc]


class CheckedPopulation(CheckedGroup):
    """Checked methods of populations and views, whose cells are of one type."""

    celltype: Any

    def inject(self, current_source: Any) -> None:
        """Inject a current into these cells. Raises :class:`NetworkError` if they take none."""
        check_source(current_source, self.label)
        kind = self.celltype
        if not kind.injectable:
            raise NetworkError(f"{type(current_source).__name__}: no current can be injected into "
                               f"{type(kind).__name__} ({self.label})")
        super().inject(current_source)

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables."""
        check_initial_values(self, initial_values)
        super().initialize(**initial_values)  # type: ignore[misc]
