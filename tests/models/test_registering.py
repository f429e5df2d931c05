"""Kinds by name: losses, optimisers, pseudo-derivatives and rules are registered alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.losses import LOSSES, MSE, Loss, register_loss, resolve_loss
from pynn_eprop.models.optimizers import (
    OPTIMIZERS,
    SGD,
    Optimizer,
    register_optimizer,
    resolve_optimizer,
)
from pynn_eprop.models.pseudo_derivatives import (
    PSEUDO_DERIVATIVES,
    PiecewiseLinear,
    PseudoDerivative,
    register_pseudo_derivative,
    resolve_pseudo_derivative,
)
from pynn_eprop.models.rules import RULES, EProp, Rule, register_rule, resolve_rule
from tests.own_kinds import Absolute, Box, Counting, Momentum


@dataclass(frozen=True)
class Kind:
    """One registry. ``names``: of what is built in, ``first``: the class of the first of them;
    ``own``: a class from outside; ``methods``: that ``base`` leaves open."""

    registry: dict[str, Any]
    register: Callable[[Any], Any]
    resolve: Callable[[Any], Any]
    base: type
    word: str
    names: list[str]
    first: type
    own: type
    methods: str
    choices: str


KINDS = {kind.word: kind for kind in (
    Kind(LOSSES, register_loss, resolve_loss, Loss, "loss", ["mse", "cross_entropy"], MSE,
         Absolute, "error, value", "['cross_entropy', 'mse'], a Loss object, or None"),
    Kind(OPTIMIZERS, register_optimizer, resolve_optimizer, Optimizer, "optimizer",
         ["sgd", "adam"], SGD, Momentum, "update", "['adam', 'sgd'], an Optimizer object, or None"),
    Kind(PSEUDO_DERIVATIVES, register_pseudo_derivative, resolve_pseudo_derivative,
         PseudoDerivative, "pseudo-derivative",
         ["piecewise_linear", "exponential", "fast_sigmoid", "arctan"], PiecewiseLinear, Box,
         "__call__", "['arctan', 'exponential', 'fast_sigmoid', 'piecewise_linear'], or a "
                     "PseudoDerivative object"),
    Kind(RULES, register_rule, resolve_rule, Rule, "rule",
         ["e-prop", "truncated-traces", "truncated-adaptation", "simplified-traces", "clopath"],
         EProp, Counting, "eligibility",
         "['e-prop', 'truncated-traces', 'truncated-adaptation', 'simplified-traces', "
         "'clopath'], or a Rule object"),
)}
NONE_ALLOWED = ("loss", "optimizer")


@pytest.fixture(params=KINDS)
def kind(request):
    """A kind, whose registry is put back afterwards."""
    found = KINDS[request.param]
    before = dict(found.registry)
    yield found
    found.registry.clear()
    found.registry.update(before)


def refused(kind, register, given):
    """The message; nothing was registered."""
    with pytest.raises(ParameterError) as caught:
        register(given)
    assert list(kind.registry) == kind.names
    return str(caught.value)


def test_names_stand_for_objects_with_the_defaults(kind):
    assert list(kind.registry) == kind.names
    assert kind.resolve(kind.names[0]) == kind.first()
    kind.register(kind.own)
    kind.register(kind.own)     # a module may be read twice
    assert list(kind.registry) == [*kind.names, kind.own.name]
    assert kind.resolve(kind.own.name) == kind.own()


def test_objects_stand_for_themselves(kind):
    given = kind.own()
    assert kind.resolve(given) is given
    assert kind.word not in NONE_ALLOWED or kind.resolve(None) is None


def test_what_is_none_of_the_kind_is_refused(kind):
    for given in ("unheard-of", 3, kind.first, *(() if kind.word in NONE_ALLOWED else (None,))):
        message = refused(kind, kind.resolve, given)
        assert message.startswith(f"{kind.word.replace('-', '_')}=")
        assert f"is unknown; choose one of {kind.choices}" in message


def test_registrations_that_cannot_be(kind):
    taken = type("Taken", (kind.own,), {"name": kind.names[0]})
    incomplete = type("Incomplete", (kind.base,), {"name": "incomplete"})
    nameless = type("Nameless", (kind.base,), {})
    for other in (int, kind.first()):
        assert f"is not {'an' if kind.word == 'optimizer' else 'a'} {kind.word}; derive a class " \
               f"from {kind.base.__name__}" in refused(kind, kind.register, other)
    assert f"{kind.word} Nameless has no name" in refused(kind, kind.register, nameless)
    assert f"the name {kind.names[0]!r} is taken by {kind.first.__module__}." \
           f"{kind.first.__name__}; choose another" in refused(kind, kind.register, taken)
    assert f"{kind.word} Incomplete has no {kind.methods}(); see the docstring of " \
           f"{kind.base.__name__}" in refused(kind, kind.register, incomplete)
