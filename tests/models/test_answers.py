"""Calls of kinds from outside: what they raise, and answers that are no numbers of their shape."""

import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, SimulationError, TargetError
from pynn_eprop.models.answers import as_answer, as_answers, ask, called


class Kind:
    """With a method that fails as it is asked to."""

    name = "mine"

    def step(self, failure):
        if failure is not None:
            raise failure
        return "done"


def test_what_a_method_raises_is_the_cause_of_a_typed_error():
    cause = ZeroDivisionError("by zero")
    with pytest.raises(SimulationError, match=r"net: step\(\) of cell 'mine' failed: "
                                              r"ZeroDivisionError: by zero") as found:
        ask("net", "cell", Kind(), "step", cause)
    assert found.value.__cause__ is cause
    assert ask("net", "cell", Kind(), "step", None) == "done"


@pytest.mark.parametrize("failure", [TargetError("typed"), KeyboardInterrupt(), SystemExit(3)])
def test_typed_errors_and_interruptions_pass(failure):
    with pytest.raises(type(failure)) as found:
        ask("net", "cell", Kind(), "step", failure)
    assert found.value is failure


def test_a_kind_without_a_name_is_called_by_its_class():
    assert called("net", "cell", object(), "step") == "net: step() of cell 'object'"
    assert called("", "optimizer", Kind(), "init") == "optimizer 'mine': init()"


@pytest.mark.parametrize("value", [3, 0.5, [1, 2], np.ones(2, np.float32), np.zeros(2, np.uint8)])
def test_numbers_of_the_shape_or_one_for_all(value):
    assert np.array_equal(as_answer(value, (2,), "x"), value)


@pytest.mark.parametrize(("value", "message"), [
    (None, "x is NoneType; it must be real numbers of shape"),
    ("ab", "x is str"),
    (np.ones(2, bool), "x is bool"),
    (np.ones(2, complex), r"x is complex128 of shape \(2,\)"),
    (np.ones(3), r"x is float64 of shape \(3,\); it must be .* \(2,\), or one for all"),
    (np.ones((2, 1)), r"x is float64 of shape \(2, 1\)"),
])
def test_other_answers(value, message):
    with pytest.raises(ParameterError, match=message):
        as_answer(value, (2,), "x")
    with pytest.raises(ParameterError, match="y: 'v'"):
        as_answers({"v": value}, (2,), "y")


def test_answers_by_name():
    assert as_answers({"v": 1.0}, (2,), "y") == {"v": 1.0}
    with pytest.raises(ParameterError, match="y gives list; it must give a dict"):
        as_answers([1.0], (2,), "y")
    with pytest.raises(ParameterError, match=r"x is float64 of shape \(\); .* of shape \(2,\)$"):
        as_answer(1.0, (2,), "x", one=False)
