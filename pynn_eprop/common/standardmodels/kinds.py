"""The kind of cell of a PyNN cell type."""

from typing import Any

from pyNN.standardmodels import cells as pynn

from pynn_eprop.models.cells import (
    AnalogCells,
    CurrDeltaCells,
    CurrExpCells,
    Population,
    Sources,
)

_PYNN_KINDS: dict[type, type[Population]] = {
    pynn.SpikeSourceArray: Sources, pynn.SpikeSourcePoisson: Sources,
    pynn.IF_curr_exp: CurrExpCells, pynn.IF_curr_delta: CurrDeltaCells}
"""Kinds of PyNN's own cell types, and of those that backends derive from them."""


def kind_of(celltype: Any) -> type[Population] | None:
    """The kind of cell of an object of a cell type; None for one without a kind."""
    if hasattr(celltype, "kind"):
        kind: type[Population] = celltype.kind
        return kind
    return next((kind for base, kind in _PYNN_KINDS.items() if isinstance(celltype, base)), None)


def is_source(celltype: Any) -> bool:
    """Whether the spikes, or values, of cells of this type are given from outside."""
    kind = kind_of(celltype)
    return kind is not None and kind.from_outside


def emits_values(celltype: Any) -> bool:
    """Whether synapses from cells of this type pass on values."""
    kind = kind_of(celltype)
    return kind is not None and kind.emits_values


def has_separate_ports(celltype: Any) -> bool:
    """Whether excitatory and inhibitory synapses of this type add to states of their own."""
    kind = kind_of(celltype)
    return kind is not None and kind.separate_ports


def ports_of(celltype: Any) -> tuple[str, ...]:
    """The receptors of cells of this type that pass on values; none for other cells."""
    kind = kind_of(celltype)
    return kind.ports() if kind is not None and issubclass(kind, AnalogCells) else ()


def learns(celltype: Any) -> bool:
    """Whether synapses onto cells of this type may learn."""
    kind = kind_of(celltype)
    return kind is not None and kind.learns
