"""Calls of what scripts may bring, such as a cell's step: failures and answers that name it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pynn_eprop.errors import EPropError, ParameterError, SimulationError


def ask(owner: str, word: str, kind: Any, method: str, *arguments: Any) -> Any:
    """The answer of a method of a kind.

    owner: whose kind it is; word: "cell", "rule", ... Raises :class:`SimulationError`, with the
    original as its cause, for what the method raises and is not typed.
    """
    try:
        return getattr(kind, method)(*arguments)
    except EPropError:
        raise
    except Exception as failure:
        raise SimulationError(f"{called(owner, word, kind, method)} failed: "
                              f"{type(failure).__name__}: {failure}") from failure


def called(owner: str, word: str, kind: Any, method: str) -> str:
    """The call as messages name it."""
    name = getattr(kind, "name", "") or type(kind).__name__
    return f"{owner}: {method}() of {word} {name!r}" if owner else f"{word} {name!r}: {method}()"


def as_answer(value: Any, shape: tuple[int, ...], what: str, one: bool = True) -> np.ndarray:
    """An array of numbers of this shape; with ``one``, one number may stand for all.

    Raises :class:`ParameterError`.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or not (array.shape == shape or (one and not array.shape)):
        given = f"{array.dtype} of shape {array.shape}" if array.dtype.kind in "biufc" \
            else type(value).__name__
        raise ParameterError(f"{what} is {given}; it must be real numbers of shape {shape}"
                             + (", or one for all" if one else ""))
    return array


def as_answers(values: Any, shape: tuple[int, ...], what: str) -> Mapping[Any, np.ndarray]:
    """Numbers by name, each one for all or of this shape. Raises :class:`ParameterError`."""
    if not isinstance(values, Mapping):
        raise ParameterError(f"{what} gives {type(values).__name__}; it must give a dict of "
                             "numbers by name")
    return {name: as_answer(value, shape, f"{what}: {name!r}") for name, value in values.items()}
