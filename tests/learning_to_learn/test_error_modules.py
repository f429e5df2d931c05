"""Error modules by name, and one of a user's own."""

from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop import Rule
from pynn_eprop.errors import ParameterError, SimulationError, TaskError, UnsupportedError
from pynn_eprop.learning_to_learn import (
    ERROR_MODULES,
    ErrorModule,
    Learned,
    NetworkModule,
    Sent,
    register_error_module,
)
from pynn_eprop.learning_to_learn.error_modules import find_error_module
from pynn_eprop.learning_to_learn.outer_loop import OuterLoop, check_traceable
from pynn_eprop.learning_to_learn.wiring import CellsPart, ReadoutsPart, Synapses, Wiring
from tests.families.test_registry import complete, made
from tests.learning_to_learn.families import tiny, untrained


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


def _fails(*_arguments):
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(("method", "function", "error", "message"), [
    ("start", _fails, SimulationError, r"'of-goals': start\(\) failed: ZeroDivisionError"),
    ("start", lambda *_: [1, 2], TaskError, r"start\(\) gave list; it must give a dict of arrays"),
    ("start", lambda *_: {"weight": "up"}, TaskError, "'weight' with values that are not finite n"),
    ("start", lambda *_: {"weight": np.full((2, 12), np.nan)}, TaskError, "are not finite numbers"),
    ("send", _fails, UnsupportedError, r"JAX cannot compute it; .*ZeroDivisionError: division by"),
    ("send", lambda *_: Sent(None), TaskError, r"send\(\) gave Sent\(None\); it must give Sent\(s"),
    ("send", lambda *_: np.zeros((100, 12)), TaskError, r"send\(\) gave ndarray; it must give Sen"),
    ("send", lambda *_: Sent(np.zeros((100, 1))), ParameterError, r"it must be \(100, 12\)"),
])
def test_mistakes_of_a_function_of_ones_own_are_named(method, function, error, message):
    kind = type("Wrong", (OfGoals,), {method: function})
    with pytest.raises(error, match=message):
        check_traceable(tiny(), kind())


def _wired(**changes):
    """An error module that is a network, with some parts of its wiring replaced."""
    class OwnNetwork(NetworkModule):
        name, meaning = "own-network", "a test"

        def wiring(self, family):
            return Wiring(**{
                **self.sources(family), "cells": (),
                "readouts": (ReadoutsPart("signals", family.n_neurons, 20.0),),
                "synapses": (Synapses("to_signals", "input", "signals"),), **changes})

    return OwnNetwork()


def test_a_network_of_ones_own_is_learned():
    check_traceable(tiny(), _wired())


@pytest.mark.parametrize(("changes", "message"), [
    ({"synapses": (Synapses("input", "input", "signals"),)},
     "the name of weights 'input' is taken by the learner"),
    ({"synapses": (Synapses("a", "input", "signals"), Synapses("a", "learner", "signals"))},
     "the name of weights 'a' is there twice"),
    ({"synapses": (Synapses("a", "clock", "signals"),)}, "have pre='clock'; choose one of"),
    ({"synapses": (Synapses("a", "input", "learner"),)}, "have post='learner'; choose one of"),
    ({"synapses": (Synapses("a", "input", "signals", delay=0),)}, "=0 must be a whole number >= 1"),
    ({"synapses": (Synapses("a", "input", "signals", plastic=True),)}, "'a' are plastic"),
    ({"readouts": (ReadoutsPart("output", 12, 20.0),)}, "the label 'output' is taken by the lea"),
    ({"readouts": (ReadoutsPart("signals", 3, 20.0),)}, "'signals' are 3; needed is one for each"),
    ({"readouts": ()}, "has no readouts"),
    ({"cells": (CellsPart("learner", 4, 20.0, 5.0, 0.4),)}, "the label 'learner' is taken by"),
    ({"steps": 3}, "has steps=3; needed is 100"),
])
def test_a_wiring_that_scripts_could_not_build_is_refused(changes, message):
    """With weights named as the learner's, scripts would give these to the learner."""
    module = _wired(**changes)
    with pytest.raises(TaskError, match=message):
        check_traceable(tiny(), module)
    with pytest.raises(TaskError, match=message):
        Learned(tiny(), module, "e-prop", 1, 0, untrained().learner_weights, {})
