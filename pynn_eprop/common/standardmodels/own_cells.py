"""PyNN cell types of kinds that a backend has none for: those registered from outside."""

from typing import Any

from pynn_eprop.common.standardmodels.cells import (
    BACKWARDS,
    SHAPE,
    AnalogCell,
    AnalogSource,
    EPropCell,
    LearningCell,
    from_table,
)
from pynn_eprop.models.cells import CELLS, AnalogCells, LearningCells, Population
from pynn_eprop.models.known_kinds import KnownKinds

_MADE: dict[type[Population], type[LearningCell]] = {}


class OwnCell(LearningCell):
    """Base of the cell types of registered kinds."""


class _OwnSpiking(OwnCell, EPropCell):
    """One that spikes."""


class _OwnAnalog(OwnCell, AnalogCell):
    """One that passes on values."""


def own_cell_names() -> list[str]:
    """Names of the kinds that cell types can be made of."""
    return [name for name, kind in CELLS.items() if issubclass(kind, LearningCells)]


def own_cell_type(name: str, module: str) -> type[LearningCell]:
    """The PyNN cell type of a registered kind, as the attribute ``name`` of a backend's module.

    Raises :class:`AttributeError` if no kind has the name.
    """
    kind = CELLS.get(name)
    if kind is None or not issubclass(kind, LearningCells):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if kind not in _MADE:
        # the module is where pickle looks for the class
        base, components = (_OwnAnalog, BACKWARDS) if issubclass(kind, AnalogCells) \
            else (_OwnSpiking, SHAPE)
        _MADE[kind] = from_table(kind, components)(type(name, (base,), {"__module__": module}))
    return _MADE[kind]


def check_kind_of_cell(cellclass: Any, known: KnownKinds) -> None:
    """Raise :class:`UnsupportedError` for cells that learn, or sources of values, of another kind.

    known: those of the machine. Not every machine has all kinds of the package's.
    """
    if issubclass(_class_of(cellclass), (AnalogSource, LearningCell)):
        known.check_kind(cellclass.kind, f"Population(..., {cellclass.kind.name})")


def _class_of(cellclass: Any) -> type:
    return cellclass if isinstance(cellclass, type) else type(cellclass)
