"""Views and assemblies with checked selections and seeded samples, for backends to mix in."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Self

import numpy as np
from pyNN.common import BasePopulation

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import CheckedGroup, CheckedPopulation, check_sample
from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.common.expansion.groups import root
from pynn_eprop.common.expansion.seeds import Purpose
from pynn_eprop.errors import ArgumentError, NetworkError


class CheckedView(CheckedPopulation):
    """Some cells of a population or view.

    Raises :class:`NetworkError` for a view without cells, with cells that do not exist, or with a
    selector that cannot select cells. A cell that is named twice is in the view once, and PyNN
    warns of it.
    """

    def __init__(self, parent: Any, selector: Any, label: str | None = None) -> None:
        if not isinstance(parent, BasePopulation):
            raise ArgumentError(f"{label or 'a view'}: the parent must be a Population or "
                                f"PopulationView, not {parent!r} ({type(parent).__name__})")
        super().__init__(  # type: ignore[call-arg]
            parent, _checked(parent, selector, f"{label or 'a view'} of {parent.label}"), label)

    def _get_view(self, selector: Any, label: str | None = None) -> Self:
        return type(self)(self, selector, label)


def _checked(parent: Any, selector: Any, owner: str) -> slice | np.ndarray:
    """A slice as it is, any other selector as a new array of indices >= 0."""
    chosen = np.arange(parent.size)[selector] if isinstance(selector, slice) \
        else _indices(_array(selector, owner), parent.size, owner)
    if not chosen.size:
        raise NetworkError(f"{owner} would have no cells; "
                           f"select at least one of its {parent.size}")
    return selector if isinstance(selector, slice) else chosen


def _array(selector: Any, owner: str) -> np.ndarray:
    with as_error(NetworkError, f"{owner}: {{}} selects no cells", selector):
        return np.asarray(selector)


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


class CheckedAssembly(CheckedGroup):
    """Several populations and views, whose samples follow the seed of ``setup()``.

    It may begin without any; then calls that need cells raise :class:`NetworkError`.
    """

    _simulator: Any
    label: str
    populations: list[Any]
    positions: np.ndarray

    def __init__(self, *populations: Any, **options: Any) -> None:
        label = options.get("label", "assembly")
        if set(options) - {"label"} or not isinstance(label, str):
            raise ArgumentError(f"Assembly({options}): the only keyword is label, a string")
        for each in populations:
            if not isinstance(each, BasePopulation):
                raise ArgumentError(f"{label}: an Assembly is made of Populations and "
                                    f"PopulationViews, not {each!r} ({type(each).__name__})")
        super().__init__(*populations, **options)

    def _check_has_cells(self, what: str) -> None:
        if not self.populations:
            raise NetworkError(f"{self.label}: {what} of an assembly without cells; add "
                               "populations to it before")

    def get_data(self, *arguments: Any, **options: Any) -> Any:
        """The recorded data as a Neo block."""
        self._check_has_cells("data")
        return super().get_data(*arguments, **options)

    def get_spike_counts(self, *arguments: Any, **options: Any) -> Any:
        """Number of spikes of each recorded cell, by cell identifier."""
        self._check_has_cells("spike counts")
        return super().get_spike_counts(*arguments, **options)  # type: ignore[misc]

    def get(self, *arguments: Any, **options: Any) -> Any:
        """Values of parameters."""
        self._check_has_cells("parameters")
        return super().get(*arguments, **options)

    @property
    def position_generator(self) -> Callable[[Any], np.ndarray]:
        """Positions by cell number, one row per cell, as populations give them."""
        return lambda cells: self.positions.T[cells]

    def __getitem__(self, index: Any) -> Any:
        """A cell, or an assembly of some cells. Raises :class:`NetworkError` as views do."""
        if isinstance(index, (slice, list, tuple, np.ndarray)):
            index = _checked(self, list(index) if isinstance(index, tuple) else index,
                             f"a part of {self.label}")
        return super().__getitem__(index)

    def set(self, **parameters: Any) -> None:
        """Set parameters of all cells, or of none if one of the populations refuses."""
        with self._as_one(parameters.values()):
            super().set(**parameters)  # type: ignore[misc]

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of all cells, or of none if one of the populations refuses."""
        with self._as_one(initial_values.values()):
            super().initialize(**initial_values)  # type: ignore[misc]

    def record(self, variables: Any, to_file: Any = None, sampling_interval: float | None = None,
               locations: Any = None) -> None:
        """Record from all cells, or from no more than before if one of the populations refuses."""
        with self._as_one():
            super().record(
                variables, to_file, sampling_interval, locations)

    def _as_one(self, given: Iterable[Any] = ()) -> AbstractContextManager[None]:
        """A context in which the populations change together or not at all."""
        populations = {id(root(part)): root(part) for part in self.populations}.values()
        recorders = [population.recorder for population in populations]
        logs = [log for recorder in recorders for log in getattr(recorder, "logs", {}).values()]
        draws = [getattr(population, "draws", None) for population in populations]
        return all_or_nothing(*self._simulator.state.changeable(), *populations, *draws,
                              *recorders, *logs, given=given)

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        check_sample(n, self.label)
        draws = self._simulator.state.draws
        if not rng and draws is not None:
            rng = draws.rng(Purpose.ASSEMBLY)
        return super().sample(n, rng)
