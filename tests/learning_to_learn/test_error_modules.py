"""Error modules by name, and one of a user's own."""

from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop import Rule
from pynn_eprop.errors import TaskError, UnsupportedError
from pynn_eprop.learning_to_learn import ERROR_MODULES, ErrorModule, Sent, register_error_module
from pynn_eprop.learning_to_learn.error_modules import find_error_module
from pynn_eprop.learning_to_learn.outer_loop import OuterLoop, check_traceable
from tests.families.test_registry import complete, made
from tests.learning_to_learn.families import tiny


class OwnRule(Rule):
    name: ClassVar[str] = "own-rule"

    def eligibility(self, traces, arriving, cells, post):
        return 0.0 * arriving


class OfGoals(ErrorModule):
    """A function of x, z and y*: here of y* alone."""

    name: ClassVar[str] = "of-goals"
    meaning: ClassVar[str] = "of a test"

    def start(self, family, rng):
        return {"weight": rng.normal(size=(family.n_goals, family.n_neurons))}

    def send(self, family, parameters, seen):
        assert seen.x.shape == (family.steps, family.n_inputs)
        assert seen.z.shape == (family.steps, family.n_neurons)
        return Sent(seen.goal @ parameters["weight"])


@pytest.fixture(autouse=True)
def known_modules():
    before = dict(ERROR_MODULES)
    yield
    ERROR_MODULES.clear()
    ERROR_MODULES.update(before)


def test_a_function_of_ones_own_is_learned():
    register_error_module(OfGoals)
    loop = OuterLoop(tiny(), find_error_module("of-goals"), 3, 1)
    before = np.array(loop.parameters["module"]["weight"])
    for _ in range(3):
        loop.advance()
    assert np.all(np.isfinite(loop.curve.loss))
    moved = np.abs(np.asarray(loop.parameters["module"]["weight"]) - before)
    assert np.all(moved > 0)        # Adam moves all that has a gradient


@pytest.mark.parametrize(("kind", "message"), [
    (dict, "is not an error module; derive a class from ErrorModule or NetworkModule"),
    (type("Nameless", (OfGoals,), {"name": ""}), "has no name"),
    (type("Taken", (OfGoals,), {"name": "spiking"}), "the name 'spiking' is taken by"),
    (type("Unfinished", (ErrorModule,), {"name": "own"}), "is not complete; give the class send, "),
])
def test_what_is_no_error_module_is_refused(kind, message):
    with pytest.raises(TaskError, match=message):
        register_error_module(kind)


def test_an_unknown_name_is_refused():
    with pytest.raises(TaskError, match=r"error module 'oracle' is unknown; choose one of \['spik"):
        find_error_module("oracle")


def test_baselines_need_errors_that_the_family_knows():
    family = made(complete()).of(None, {"n_neurons": 4, "batch": 2})
    with pytest.raises(UnsupportedError, match="family 'of-a-test' has no errors of its readouts"):
        check_traceable(family, find_error_module("output-error"))


def test_what_jax_cannot_compute_is_refused():
    def error(self, y, task, xp):
        return float(xp.mean(y))

    def each_step(self, y, task, xp):
        return (y - task["goal"])[:, 0]

    family = made(complete(loss=each_step)).of(None, {"n_neurons": 4, "batch": 2})
    with pytest.raises(TaskError, match=r"loss\(\) has the shape \(500,\); it must be one number"):
        check_traceable(family, find_error_module("spiking"))
    family = made(complete(error=error)).of(None, {"n_neurons": 4, "batch": 2})
    with pytest.raises(UnsupportedError, match="'of-a-test' with error module 'spiking': JAX cann"):
        check_traceable(family, find_error_module("spiking"))
    with pytest.raises(UnsupportedError, match="rule 'own-rule' is not known to JAX"):
        check_traceable(tiny(), find_error_module("spiking"), OwnRule())
