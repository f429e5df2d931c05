"""Values of the command line: what Python prints of a value is that value; all else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.experiments.literals import parse_literal, parse_value, value_text

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
                                                                           allow_infinity=False)
                      | st.text(), lambda inner: st.lists(inner) | st.tuples(inner, inner))


@given(VALUES)
def test_what_python_prints_is_read_back(value):
    assert parse_literal(repr(value)) == value


@pytest.mark.parametrize("text", ["", "1 +", "f(1)", "-" * 10_000 + "1", "(" * 10_000, "{[]: 1}",
                                  "1\0"])
def test_anything_else_is_a_value_error(text):
    with pytest.raises(ValueError, match="not a value"):
        parse_literal(text)


@given(VALUES | st.sampled_from(["True", "3", "truncated-traces", "clopath:tau_v=20.0", "a b"]))
def test_values_of_options_are_read_back(value):
    assert parse_value(value_text(value)) == value
    assert type(parse_value(value_text(value))) is type(value)


def test_names_need_no_quotes():
    for name in ("EPropALIF", "truncated-traces"):
        assert value_text(name) == parse_value(name) == name
