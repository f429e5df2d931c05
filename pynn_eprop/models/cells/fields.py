"""Fields of a kind of cell: parameters, initial values, components."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.time_grid import LARGEST_STEPS, first_steps

DIMENSIONLESS = "dimensionless"


@dataclass(frozen=True)
class Given:
    """Parameters, initial values and objects that a script gave for a population.

    values: arrays of shape (size,) by parameter; initial: by state variable; components: objects
    by field. timestep: dt in ms.
    """

    values: Mapping[str, Any]
    initial: Mapping[str, Any]
    components: Mapping[str, Any]
    timestep: float


def parameter(default: float, unit: str, meaning: str, *, name: str = "", in_steps: bool = False,
              **options: Any) -> Any:
    """A field that holds a parameter, as an array of shape (size,) or, if uniform, one number.

    default, unit, meaning and options: those of :class:`Parameter`. name: as scripts write it, if
    it is not the field's. in_steps: the script's ms are held as whole steps.
    """
    return dataclasses.field(metadata={
        "parameter": Parameter(name, default, unit, meaning, **options), "in_steps": in_steps})


def initial(default: float, unit: str = DIMENSIONLESS) -> Any:
    """The field ``x_initial``: values of the state variable x at an interval's start, (size,)."""
    return dataclasses.field(metadata={"initial": (default, unit)})


def value_of(name: str, in_steps: bool = False) -> Any:
    """A field with the values, (size,), of a parameter that PyNN declares, as :func:`parameter`."""
    return dataclasses.field(metadata={"value": name, "in_steps": in_steps})


def initial_of(state: str) -> Any:
    """A field with initial values, (size,), of a state variable that PyNN declares."""
    return dataclasses.field(metadata={"initial_value": state})


def component(default: Any = dataclasses.MISSING) -> Any:
    """A field with an object that belongs to the cell type, such as a loss."""
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata={"component": True})
    return dataclasses.field(default=default, metadata={"component": True})


def parameter_of(entry: "dataclasses.Field[Any]") -> Parameter | None:
    """The parameter that a field holds, or None."""
    found = entry.metadata.get("parameter")
    return None if found is None else dataclasses.replace(found, name=found.name or entry.name)


def initial_state(entry: "dataclasses.Field[Any]") -> str | None:
    """The state variable whose initial values a field holds, or None."""
    if "initial" in entry.metadata:
        return entry.name.removesuffix("_initial")
    return entry.metadata.get("initial_value")


def content(entry: "dataclasses.Field[Any]", given: Given) -> Any:
    """The value of a field, from a script's values."""
    if "component" in entry.metadata:
        return given.components[entry.name]
    state = initial_state(entry)
    if state is not None:
        return given.initial[state]
    row = parameter_of(entry)
    values = given.values[entry.metadata["value"] if row is None else row.name]
    if entry.metadata["in_steps"]:
        # times of PyNN's own cells may lie off the grid, and then last until the next step;
        # times of more steps than fit into 32 bits never end
        steps = first_steps(values, given.timestep)
        return np.minimum(steps, LARGEST_STEPS).astype(np.int32)
    return float(values[0]) if row is not None and row.uniform else values
