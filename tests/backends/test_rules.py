"""Which learning rules a backend takes; docs/semantics.md has the list."""

import pytest

from tests.backends.scripts import BACKENDS

TAKES = {"host": 5, "jax": 5, "brian2": 5, "nest": 1, "spinnaker": 5}
RULES = ["e-prop", "truncated-traces", "truncated-adaptation", "simplified-traces", "clopath"]


def test_the_list_has_every_backend():
    assert set(TAKES) == set(BACKENDS)


def test_rules_are_taken_or_refused_by_name_when_the_projection_is_made(on_backend, backend):
    for number, (kinds, message) in enumerate(on_backend("rules.refused_rules", RULES)):
        if number < TAKES[backend]:
            assert kinds == []
        else:
            assert kinds[0] == "UnsupportedError"
            assert message.startswith(f"plastic: rule {RULES[number]!r} is not known to ")
            assert "choose one of ['e-prop']" in message


@pytest.mark.parametrize("rule", ["hebb", 3])
def test_what_is_no_rule_is_a_parameter_error_everywhere(on_backend, rule):
    (kinds, message), = on_backend("rules.refused_rules", [rule])
    assert kinds[0] == "ParameterError"
    assert message.startswith(f"rule={rule!r} is unknown; choose one of {RULES}")
