"""What populations, projections and their functions are given: whether it is of the right kind."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pyNN import space as pynn_space
from pyNN.common import Assembly, BasePopulation
from pyNN.connectors import Connector
from pyNN.models import BaseCellType, BaseSynapseType

from pynn_eprop.common.memory import check_cells_fit
from pynn_eprop.common.typed_errors import as_error
from pynn_eprop.errors import EPropError, NetworkError, ParameterError, ProjectionError


def check_population(size: Any, cellclass: Any, cellparams: Any, structure: Any,
                     initial_values: Any, label: Any) -> None:
    """Raise :class:`NetworkError` unless a population can be made of this."""
    _check_label(label, "Population")
    owner = label or "population"
    sizes = size if isinstance(size, tuple) else (size,)
    if not 1 <= len(sizes) <= 3 or not all(
            isinstance(each, (int, np.integer)) and not isinstance(each, bool) for each in sizes):
        raise NetworkError(f"{owner}: size={size!r} must be a whole number, or up to three of them "
                           "for a grid")
    if min(sizes) < 1:
        raise NetworkError(f"{owner}: size={size} must be at least 1")
    cells = 1
    for each in sizes:
        cells *= int(each)
    check_cells_fit(cells, owner)
    if len(sizes) > 1 and structure is not None:
        raise NetworkError(f"{owner}: size={size} is a grid already; leave structure out, or give "
                           f"size={cells}")
    kind = cellclass if isinstance(cellclass, type) else type(cellclass)
    if not issubclass(kind, BaseCellType):
        raise NetworkError(f"{owner}: {cellclass!r} is not a cell type; give one, such as "
                           "EPropLIF()")
    if cellparams is not None and isinstance(cellclass, BaseCellType):
        raise NetworkError(f"{owner}: cellparams go with a class; {kind.__name__}(...) has its "
                           "parameters already")
    for name, given in (("cellparams", cellparams), ("initial_values", initial_values)):
        if given is not None and not isinstance(given, Mapping):
            raise NetworkError(f"{owner}: {name}={given!r} must be a dict by name")
    if structure is not None:
        check_structure(structure, owner)


def check_structure(structure: Any, owner: str) -> None:
    """Raise :class:`NetworkError` unless cells can be placed by this."""
    if not isinstance(structure, pynn_space.BaseStructure):
        raise NetworkError(f"{owner}: structure={structure!r} must be one of PyNN's, such as "
                           "Line() or Grid2D()")


def check_projection(pre: Any, post: Any, connector: Any, synapse_type: Any, space: Any,
                     label: Any) -> None:
    """Raise :class:`ProjectionError` unless a projection can be made of this."""
    _check_label(label, "Projection")
    owner = label or "projection"
    for side, group in (("pre", pre), ("post", post)):
        if not isinstance(group, (BasePopulation, Assembly)):
            raise ProjectionError(
                f"{owner}: {side}synaptic_neurons={group!r} must be a Population, PopulationView "
                "or Assembly; a single cell is population[i:i + 1]")
        if isinstance(group, Assembly) and not group.populations:
            raise ProjectionError(f"{owner}: the {side}synaptic assembly {group.label} is empty")
    if not isinstance(connector, Connector):
        raise ProjectionError(f"{owner}: connector={connector!r} must be an object such as "
                              "AllToAllConnector()")
    if synapse_type is not None and not isinstance(synapse_type, BaseSynapseType):
        raise ProjectionError(f"{owner}: synapse_type={synapse_type!r} must be an object such as "
                              "EPropSynapse(weight=0.1)")
    if not isinstance(space, pynn_space.Space):
        raise ProjectionError(f"{owner}: space={space!r} must be a Space")


def check_receptor(receptor_type: Any, post: Any, label: str | None) -> None:
    """Raise :class:`ProjectionError` for a receptor that the cells do not have."""
    if receptor_type is not None and (not isinstance(receptor_type, str) or receptor_type not in
                                      ("default", *post.receptor_types)):
        valid = sorted(post.receptor_types)
        raise ProjectionError(f"{label or 'projection'}: receptor_type={receptor_type!r} is "
                              f"unknown to {post.label}; it must be one of "
                              f"{', '.join(repr(each) for each in valid)}")


def _check_label(label: Any, owner: str) -> None:
    if label is not None and not isinstance(label, str):
        raise NetworkError(f"{owner}: label={label!r} must be a string")


def names_of(given: Any, what: str, error: type[EPropError] = ParameterError) -> list[str]:
    """A name, or several, as a list. Raises ``error`` for anything else."""
    if isinstance(given, str):
        return [given]
    with as_error(error, f"{what}: {{}} must be a name or a list of names", given):
        names = list(given) if isinstance(given, Iterable) else None
    if names is None or not all(isinstance(name, str) for name in names):
        raise error(f"{what}: {given!r} must be a name or a list of names")
    return names
