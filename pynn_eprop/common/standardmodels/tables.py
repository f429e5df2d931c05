"""Attributes of PyNN's classes from the parameter tables: defaults, units, translations, docs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import build_translations

from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.errors import ParameterError, UnknownParameterError
from pynn_eprop.models.parameters import Parameter


def same_names(names: Iterable[str]) -> dict[str, Any]:
    """PyNN translations for parameters that keep their names and units."""
    return build_translations(*((name, name) for name in names))


def check_names(known: Iterable[str], given: Iterable[str], owner: str) -> None:
    """Raise :class:`UnknownParameterError` for a name that is not known."""
    known = list(known)
    for name in given:
        if name not in known:
            raise UnknownParameterError(name, owner, known)


def check_plain_values(table: Mapping[str, Parameter], values: Mapping[str, Any],
                       owner: str) -> None:
    """Check numbers and arrays of numbers; values that are drawn or computed are checked later.

    Raises :class:`ParameterError`.
    """
    for name, value in values.items():
        if name not in table:
            continue
        if value is None:
            raise ParameterError(f"{owner}: {name}=None is not a number; "
                                 f"it must be {table[name].range}")
        if isinstance(value, (int, float, complex, str, bytes, dict, set, frozenset, list, tuple,
                              np.ndarray, np.generic)):
            table[name].check(value, owner)


def check_forms(model: Any, parameters: Mapping[str, Any], shape: tuple[int, ...] | None = None
                ) -> None:
    """Check the forms of parameters with PyNN, one by one, so that a message names the bad one.

    model: an object of a PyNN model type. Raises :class:`ParameterError`.
    """
    owner, schema = type(model).__name__, model.get_schema()
    check_names(model.default_parameters, parameters, owner)
    for name, value in parameters.items():
        with as_error(ParameterError, f"{owner}: {name}={{}} cannot be used", value):
            ParameterSpace({name: value}, schema, shape, type(model))


def by_name(owner: str, in_order: Sequence[str], values: Sequence[Any],
            parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by name, with those that were given in order.

    ``in_order``: the names that may be left out. Raises :class:`ParameterError` for others.
    """
    if len(values) > len(in_order):
        extra = values[len(in_order)]
        known = f"only {', '.join(in_order)} can be given without a name" if in_order else \
            "parameters are given by name"
        raise ParameterError(f"{owner}: {extra!r} has no name; {known}")
    given = dict(zip(in_order, values, strict=False))
    for name in given:
        if name in parameters:
            raise ParameterError(f"{owner}: {name} is given twice, as {given[name]!r} and as "
                                 f"{parameters[name]!r}")
    return {**given, **parameters}


def document(meaning: str, table: Mapping[str, Parameter], components: Mapping[str, str],
             recordable: Iterable[str] = ()) -> str:
    """A class docstring from the table.

    ``components``: further arguments of the constructor, with their meanings.
    """
    lines = [f"{meaning[0].upper()}{meaning[1:]}.", "", "Parameters", "----------"]
    for parameter in table.values():
        default = "shortest possible" if np.isnan(parameter.default) else f"{parameter.default:g}"
        lines += [f"{parameter.name} : {parameter.unit}, {parameter.range}, default {default}",
                  f"    {parameter.meaning}"]
    for name, text in components.items():
        lines += [name, f"    {text}"]
    if recordable:
        lines += ["", f"Recordable: {', '.join(recordable)}."]
    return "\n".join(lines)
