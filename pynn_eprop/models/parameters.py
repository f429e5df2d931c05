"""One row of the parameter table: name, default, unit, range and meaning."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.time_grid import off_grid, whole_steps


@dataclass(frozen=True)
class Parameter:
    """A scalar model parameter that may differ from cell to cell.

    Parameters
    ----------
    name: as scripts write it
    default: value if a script gives none
    unit: a unit that ``quantities`` knows ("ms", "Hz", "dimensionless")
    meaning: one line for the documentation
    minimum, maximum: the range, both ends included
    exclusive: the minimum itself is excluded
    exclusive_maximum: the maximum itself is excluded
    on_grid: the value must be a whole number of time steps
    uniform: the value must be the same for the whole population
    """

    name: str
    default: float
    unit: str
    meaning: str
    minimum: float = -math.inf
    maximum: float = math.inf
    exclusive: bool = False
    exclusive_maximum: bool = False
    on_grid: bool = False
    uniform: bool = False

    @property
    def range(self) -> str:
        """The range in words, as used in error messages and the documentation."""
        if self.minimum == -math.inf and self.maximum == math.inf:
            return "any finite number"
        if self.maximum == math.inf:
            return f"{'>' if self.exclusive else '>='} {self.minimum:g}"
        opening = "]" if self.exclusive else "["
        closing = "[" if self.exclusive_maximum else "]"
        return f"in {opening}{self.minimum:g}, {self.maximum:g}{closing}"

    def check(self, values: object, owner: str) -> None:
        """Raise :class:`ParameterError` unless every value is finite and in range.

        ``owner`` names the model in the message.
        """
        array = as_numbers(values)
        if array is None:
            raise ParameterError(
                f"{owner}: {self.name}={values!r} is not a number; it must be {self.range}")
        low = array <= self.minimum if self.exclusive else array < self.minimum
        high = array >= self.maximum if self.exclusive_maximum else array > self.maximum
        wrong = ~np.isfinite(array) | low | high
        if np.any(wrong):
            value = float(array[wrong].flat[0])
            raise ParameterError(
                f"{owner}: {self.name}={value:g} {self.unit} is not allowed; "
                f"it must be {self._required(value)}"
            )
        if self.uniform and array.size and np.ptp(array) > 0.0:
            raise ParameterError(
                f"{owner}: {self.name} must be the same for the whole population, "
                f"but lies between {array.min():g} and {array.max():g} {self.unit}"
            )

    def check_one(self, value: object, owner: str) -> None:
        """As :meth:`check`, for a single number."""
        numbers = as_numbers(value)
        if numbers is not None and numbers.ndim:
            raise ParameterError(f"{owner}: {self.name}={value!r} is not one number; it must be "
                                 f"finite and {self.range}")
        self.check(value, owner)

    def _required(self, value: float) -> str:
        """The range, with "finite" if ``value`` is not."""
        if math.isfinite(value) or "finite" in self.range:
            return self.range
        return f"finite and {self.range}"

    def check_grid(self, values: ArrayLike, timestep: float, owner: str) -> None:
        """Raise :class:`ParameterError` unless every value is a whole number of steps."""
        if not self.on_grid:
            return
        _, off = whole_steps(values, timestep)
        if np.any(off):
            value = float(np.asarray(values, dtype=float)[off].flat[0])
            raise ParameterError(
                f"{owner}: {self.name}={value:.15g} ms is {off_grid(value, timestep)}")


def as_numbers(values: object) -> np.ndarray | None:
    """Numbers as a float64 array; None for all else: text, truth values, ragged lists."""
    try:
        array = np.asarray(values)
        if array.dtype.kind in "iufO":
            return np.asarray(array, dtype=float)
    except (TypeError, ValueError, OverflowError):
        pass
    return None


def table(parameters: tuple[Parameter, ...]) -> dict[str, Parameter]:
    """The rows by name, in order."""
    return {parameter.name: parameter for parameter in parameters}
