"""Rules by name."""

from collections.abc import Collection
from typing import TypeVar

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.registering import is_read_again
from pynn_eprop.models.rules.rule import Rule

_KEPT_BY_MACHINES = ("e_bar", "signal_sum", "e_sum")

RULES: dict[str, type[Rule]] = {}
"""All rules that a name stands for, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Rule])


def register_rule(kind: _Kind) -> _Kind:
    """Let the rule's name stand for it, in scripts and on the command line; a class decorator.

    Raises :class:`ParameterError` for what is not a rule, has no name or the name of another, or
    has traces with names that the reference uses itself.
    """
    if not (isinstance(kind, type) and issubclass(kind, Rule)):
        raise ParameterError(f"{kind!r} is not a rule; derive a class from Rule")
    if not kind.name:
        raise ParameterError(f"rule {kind.__name__} has no name; give the class an attribute name")
    for trace in kind.traces:
        if not trace.isidentifier() or trace in _KEPT_BY_MACHINES:
            raise ParameterError(f"rule {kind.__name__}: a trace cannot be called {trace!r}; "
                                 "choose a Python name, and none of "
                                 + ", ".join(_KEPT_BY_MACHINES))
    known = RULES.get(kind.name)
    if known is not None and not is_read_again(kind, known):
        raise ParameterError(f"rule {kind.__name__}: the name {kind.name!r} is taken by "
                             f"{known.__module__}.{known.__qualname__}; choose another")
    RULES[kind.name] = kind
    return kind


def resolve_rule(rule: "str | Rule") -> Rule:
    """The rule meant by a name or an object.

    Raises :class:`ParameterError` for anything else.
    """
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, str) and rule in RULES:
        return RULES[rule]()
    raise ParameterError(f"rule={rule!r} is unknown; choose one of {list(RULES)}, or a Rule object")


def check_rule(rule: Rule, known: Collection[type[Rule]], owner: str, machine: str) -> None:
    """Raise :class:`UnsupportedError` unless ``machine`` knows the rule of the synapses ``owner``.

    known: classes that it has a making of its own for; one derived from them may do otherwise.
    """
    if type(rule) not in known:
        raise UnsupportedError(
            f"{owner}: rule {rule.name or type(rule).__name__!r} is not known to {machine}; choose "
            f"one of {[kind.name for kind in known]}, or setup(machine='reference') of the host "
            "backend, which runs every rule")
