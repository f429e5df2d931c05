"""Rules as the command line writes them: a name, and parameters behind a colon."""

import dataclasses

from pynn_eprop.errors import ParameterError, TaskError
from pynn_eprop.experiments.literals import parse_literal
from pynn_eprop.models.rules import RULES, Rule, resolve_rule
from pynn_eprop.tasks.network_plan import READOUT_ONLY


def rule_named(text: str) -> Rule:
    """The rule meant by ``NAME`` or ``NAME:PARAMETER=VALUE,...``.

    Raises :class:`ParameterError` for an unknown name or a bad value, :class:`TaskError` for
    anything else that is not of that form, or a parameter that the rule does not have.
    """
    name, colon, given = text.partition(":")
    if name not in RULES:
        raise ParameterError(f"rule={name!r} is unknown; choose one of {[*RULES, READOUT_ONLY]}, "
                             "or a plugin's")
    rule = resolve_rule(name)
    known = [field.name for field in dataclasses.fields(rule)]
    values = {}
    for part in given.split(",") if colon else ():
        parameter, equals, value = (each.strip() for each in part.partition("="))
        if not (parameter and equals):
            raise TaskError(f"rule {text!r}: {part!r} is not of the form PARAMETER=VALUE")
        if parameter not in known:
            raise TaskError(f"rule {name!r} has no parameter {parameter!r}; choose one of {known}")
        try:
            values[parameter] = parse_literal(value)
        except ValueError:
            raise TaskError(f"rule {text!r}: {value!r} is not a value") from None
    return dataclasses.replace(rule, **values) if values else rule
