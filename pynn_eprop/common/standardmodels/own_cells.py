"""PyNN cell types of kinds that were registered from outside."""

from typing import Any

from pynn_eprop.common.standardmodels.cells import SHAPE, AnalogSource, EPropCell, from_table
from pynn_eprop.models.cells import CELLS, Population, SpikingCells
from pynn_eprop.models.known_kinds import KnownKinds

_MADE: dict[type[Population], type[EPropCell]] = {}


class OwnCell(EPropCell):
    """Base of the cell types of registered kinds."""


def own_cell_names() -> list[str]:
    """Names of the kinds that cell types can be made of."""
    return [name for name, kind in CELLS.items() if issubclass(kind, SpikingCells)]


def own_cell_type(name: str, module: str) -> type[EPropCell]:
    """The PyNN cell type of a registered kind, as the attribute ``name`` of a backend's module.

    Raises :class:`AttributeError` if no kind has the name.
    """
    kind = CELLS.get(name)
    if kind is None or not issubclass(kind, SpikingCells):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if kind not in _MADE:
        # the module is where pickle looks for the class
        _MADE[kind] = from_table(kind, SHAPE)(type(name, (OwnCell,), {"__module__": module}))
    return _MADE[kind]


def is_own_cell(cellclass: Any) -> bool:
    """Whether a cell type, or an object of it, is that of a registered kind."""
    return issubclass(cellclass if isinstance(cellclass, type) else type(cellclass), OwnCell)


def check_own_cell(cellclass: Any, known: KnownKinds) -> None:
    """Raise :class:`UnsupportedError` for the cell type of a registered kind that is not known.

    Of the package's own, this is asked of analog sources only, which not every machine has.
    """
    analog = issubclass(cellclass if isinstance(cellclass, type) else type(cellclass), AnalogSource)
    if analog or is_own_cell(cellclass):
        known.check_kind(cellclass.kind, f"Population(..., {cellclass.kind.name})")
