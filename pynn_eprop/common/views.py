"""Views and assemblies: which cells they have, and samples of them; for backends to mix in."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pynn_eprop.common.seeds import Purpose
from pynn_eprop.errors import NetworkError


class CheckedView:
    """Some cells of a population or view.

    Raises :class:`NetworkError` for a view without cells, with cells that are not there, or chosen
    by what chooses none. A cell that is named twice is in the view once, and PyNN says so.
    """

    def __init__(self, parent: Any, selector: Any, label: str | None = None) -> None:
        super().__init__(  # type: ignore[call-arg]
            parent, _checked(parent, selector, f"{label or 'a view'} of {parent.label}"), label)


def _checked(parent: Any, selector: Any, owner: str) -> slice | np.ndarray:
    """A slice as it is, anything else as indices >= 0, an array of its own."""
    chosen = np.arange(parent.size)[selector] if isinstance(selector, slice) \
        else _indices(np.asarray(selector), parent.size, owner)
    if not chosen.size:
        raise NetworkError(f"{owner} would have no cells; "
                           f"select at least one of its {parent.size}")
    return selector if isinstance(selector, slice) else chosen


def _indices(selector: np.ndarray, size: int, owner: str) -> np.ndarray:
    if not selector.size:
        return np.empty(0, dtype=int)
    if selector.dtype == bool:
        if selector.shape != (size,):
            raise NetworkError(f"{owner}: a mask of shape {selector.shape} does not fit; "
                               f"give one value for each of its {size} cells")
        return np.flatnonzero(selector)
    if not np.issubdtype(selector.dtype, np.integer) or selector.ndim != 1:
        raise NetworkError(f"{owner}: {selector.tolist()!r} selects no cells; give a slice, a mask "
                           "or a list of whole numbers")
    outside = selector[(selector < -size) | (selector >= size)]
    if outside.size:
        raise NetworkError(f"{owner}: there is no cell {outside[0]}; its {size} cells are "
                           f"0..{size - 1}")
    return np.where(selector < 0, selector + size, selector)


class CheckedAssembly:
    """Several populations and views, whose samples follow the seed of ``setup()``."""

    _simulator: Any
    label: str
    positions: np.ndarray

    @property
    def position_generator(self) -> Callable[[Any], np.ndarray]:
        """Positions by cell number, one row per cell, as populations give them."""
        return lambda cells: self.positions.T[cells]

    def __getitem__(self, index: Any) -> Any:
        """A cell, or an assembly of some cells. Raises :class:`NetworkError` as views do."""
        if isinstance(index, (slice, list, tuple, np.ndarray)):
            index = _checked(self, list(index) if isinstance(index, tuple) else index,
                             f"a part of {self.label}")
        return super().__getitem__(index)  # type: ignore[misc]

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        draws = self._simulator.state.draws
        if not rng and draws is not None:
            rng = draws.rng(Purpose.ASSEMBLY)
        return super().sample(n, rng)  # type: ignore[misc]
