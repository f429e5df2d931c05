"""Rules by name."""

from typing import TypeVar

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.registering import Registry
from pynn_eprop.models.rules.postsynaptic_factor import PostsynapticFactor
from pynn_eprop.models.rules.rule import Rule

# attributes that traces have on a machine, and no trace of a rule can be called
KEPT_BY_MACHINES = ("e_now", "e_bar", "signal_sum", "e_sum", "post_index", "signals", "rule",
                    "cells", "kept", "label", "variables", "reset", "advance", "eligibility_now",
                    "learn_from", "end_update", "state", "restore", "take_back")

_Kind = TypeVar("_Kind", bound=type[Rule])


class _Rules(Registry[Rule]):
    def choices(self) -> list[str]:
        """Names as messages list them: in the order of their registration."""
        return list(self)

    def check_complete(self, kind: type, owner: str) -> None:
        """Raise :class:`ParameterError` also for names of traces that machines keep themselves."""
        assert issubclass(kind, Rule)
        taken = {"traces": KEPT_BY_MACHINES, "needs": ()}
        if issubclass(kind, PostsynapticFactor):
            taken["memory"] = ("zhat", *KEPT_BY_MACHINES)
            if kind.eligibility is PostsynapticFactor.eligibility \
                    and kind.factor is PostsynapticFactor.factor:
                raise ParameterError(f"{owner} has no factor(); see the docstring of "
                                     f"{PostsynapticFactor.__name__}")
        for attribute in taken:
            names = getattr(kind, attribute)
            if not isinstance(names, (tuple, list)) \
                    or not all(isinstance(name, str) for name in names):
                raise ParameterError(f"{owner}: {attribute}={names!r} must be a tuple of names")
            for name in names if attribute != "needs" else ():
                if not name.isidentifier() or name in taken[attribute]:
                    raise ParameterError(f"{owner}: a trace cannot be called {name!r}; choose a "
                                         "Python name, and none of " + ", ".join(taken[attribute]))
        super().check_complete(kind, owner)


RULES: Registry[Rule] = _Rules(Rule, "a rule", "rule", ("eligibility",))
"""All registered rules by name, in the order of their registration."""


def register_rule(kind: _Kind) -> _Kind:
    """Make a rule known by its name, in scripts and on the command line; a class decorator.

    Raises :class:`ParameterError` for a class that is not a rule, is incomplete, has no name or
    that of another, or has traces with names that the reference uses itself.
    """
    return RULES.register(kind)


def resolve_rule(rule: "str | Rule") -> Rule:
    """The rule meant by a name or an object.

    Raises :class:`ParameterError` for anything else.
    """
    found = RULES.resolve(rule)
    assert found is not None
    return found
