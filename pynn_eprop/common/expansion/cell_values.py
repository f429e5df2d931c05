"""Values of cells from the forms that PyNN offers.

Forms: a number; one value per cell; a RandomDistribution; a function of the cell's index; for
parameters that are sequences a Sequence, or one per cell.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, Sequence

from pynn_eprop.common.arguments.typed_errors import as_error, in_words
from pynn_eprop.common.expansion.seeds import seeded
from pynn_eprop.common.standardmodels.cells import rows_as_sequences
from pynn_eprop.common.standardmodels.tables import check_names
from pynn_eprop.errors import DimensionError, ParameterError
from pynn_eprop.models.parameters import as_numbers

Seed = Callable[[str], int]


def parameter_space(parameters: Mapping[str, Any], celltype: Any, size: int,
                    label: str) -> ParameterSpace:
    """Parameters of ``size`` cells. Raises :class:`ParameterError`."""
    owner = f"{label}: {type(celltype).__name__}"
    check_names(celltype.default_parameters, parameters, owner)
    space = ParameterSpace({}, celltype.get_schema(), (size,), type(celltype))
    for name, value in rows_as_sequences(parameters).items():
        _check_form(value, f"{label}: {name}", size)
        if not issubclass(space.schema[name], ArrayParameter):
            _check_size(value, f"{label}: {name}", size)
        with as_error(ParameterError, f"{label}: {name}={{}} does not fit {size} cells", value):
            space.update(**{name: value})
    return space


def _check_form(value: Any, owner: str, size: int) -> None:
    """Raise :class:`ParameterError` for something that cannot be a value of cells."""
    if value is None or isinstance(value, (bool, str, bytes, dict, set, frozenset)):
        raise ParameterError(f"{owner}={in_words(value)} is not a number; give one, or one for "
                             f"each of the {size} cells, a RandomDistribution or a function of "
                             "the cell's index")


def _check_size(value: Any, owner: str, size: int) -> None:
    """Raise :class:`DimensionError` for an array that does not have one value for each cell."""
    numbers = as_numbers(value) if isinstance(value, (list, tuple, np.ndarray)) else None
    if numbers is not None and numbers.ndim and numbers.shape != (size,):
        raise DimensionError(f"{owner} has shape {numbers.shape}, but there are {size} cells")


def evaluated(space: ParameterSpace, size: int, label: str, seed: Seed) -> dict[str, np.ndarray]:
    """One value per cell, by name: numbers as float64, sequences as an array of Sequences.

    ``seed``: by name, for values drawn without a seed. Raises :class:`ParameterError`.
    """
    values = {}
    for name, lazy in space.items():
        lazy = seeded(lazy, partial(seed, name))
        if not issubclass(space.schema[name], ArrayParameter):
            _check_size(lazy.base_value, f"{label}: {name}", size)
        with as_error(ParameterError, f"{label}: {name}={{}} cannot be one value for each of "
                                      f"{size} cells", lazy.base_value):
            lazy.shape = (size,)
            sequences = issubclass(space.schema[name], ArrayParameter)
            values[name] = _rows(lazy, size) if sequences else _numbers(lazy, size)
    return values


def _rows(lazy: LazyArray, size: int) -> np.ndarray:
    if isinstance(lazy.base_value, ArrayParameter):
        return _sequences([lazy.base_value] * size)
    array = np.asarray(lazy.evaluate(simplify=False))
    if not all(isinstance(row, ArrayParameter) for row in array.flat):
        raise ValueError("give a list of times, or a Sequence for each cell")
    return _sequences(np.broadcast_to(array, (size,)))


def _numbers(lazy: LazyArray, size: int) -> np.ndarray:
    numbers = None
    if not isinstance(lazy.base_value, ArrayParameter):
        numbers = as_numbers(lazy.evaluate(simplify=False))
    if numbers is None:
        raise ValueError("it is not a number")
    return np.array(np.broadcast_to(numbers, (size,)), dtype=float)


def _sequences(rows: Iterable[ArrayParameter]) -> np.ndarray:
    """An array of Sequences that own their arrays; rows that are one object stay one object."""
    own: dict[int, Sequence] = {}
    rows = list(rows)
    for row in rows:
        if id(row) not in own:
            numbers = as_numbers(row.value)
            if numbers is None or numbers.ndim != 1:
                raise ValueError("a Sequence has numbers in a row")
            own[id(row)] = Sequence(np.array(numbers))
    array = np.empty(len(rows), dtype=object)
    array[:] = [own[id(row)] for row in rows]
    return array


def initial_values(value: Any, variable: str, size: int, label: str,
                   seed: Callable[[], int]) -> np.ndarray:
    """Initial values of ``size`` cells. Raises :class:`ParameterError` unless all are finite."""
    owner = f"{label}: initial value {variable}"
    _check_form(value, owner, size)
    _check_size(value, owner, size)
    with as_error(ParameterError, f"{owner}={{}} cannot be one value for each of {size} cells",
                  value):
        array = _numbers(seeded(LazyArray(value, shape=(size,), dtype=float), seed), size)
    if not np.all(np.isfinite(array)):
        raise ParameterError(f"{owner}={array[~np.isfinite(array)][0]:g} must be finite")
    return array
