"""Selections among cells."""

import logging
from typing import Any

import numpy as np

from tests.backends.scripts.parts import refusal


def _group(sim: Any, kind: str) -> Any:
    """Five cells, of the package's own or the parent's, a view or an assembly of them."""
    sim.setup(timestep=1.0, update_interval=20.0)
    own = kind != "stock cells"
    celltype = sim.EPropLIF() if own else sim.IF_curr_exp()
    cells = sim.Population(5 if kind != "view" else 7, celltype, label="cells")
    if kind == "view":
        return cells[1:6]
    return sim.Assembly(cells[:2], cells[2:], label="cells") if kind == "assembly" else cells


def refused_selection(sim: Any, kind: str, selector: Any) -> tuple[list[str], str]:
    """The error of a selection among five cells."""
    group = _group(sim, kind)
    return refusal(lambda: group[selector])


def selected(sim: Any, kind: str, selector: Any) -> tuple[list[int], list[str]]:
    """Which of five cells a selection has, by their places, and what PyNN logs."""
    group = _group(sim, kind)
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("PyNN").addHandler(handler)
    try:
        given = np.array(selector) if isinstance(selector, list) else selector
        before = np.copy(given)
        view = group[given]
        assert np.array_equal(given, before)
    finally:
        logging.getLogger("PyNN").removeHandler(handler)
    all_cells = [int(cell) for cell in group.all_cells]
    return [all_cells.index(int(cell)) for cell in view.all_cells], messages
