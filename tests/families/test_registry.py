"""Families by name: what is incomplete is refused with what it lacks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop import Family, register_family
from pynn_eprop.errors import SimulationError, TaskError, UnsupportedError
from pynn_eprop.families import FAMILIES, find_family
from pynn_eprop.tasks import quantity


def complete(name="of-a-test", **more):
    def draw(self, count, rng):
        return {"goal": np.zeros((count, self.steps, 1))}

    return {"name": name, "title": "a title", "n_outputs": 1, "n_goals": 1, "draw": draw,
            "loss": lambda self, y, task, xp: 0.0, "error": lambda self, y, task, xp: 0.0,
            "__annotations__": {each: ClassVar[str] for each in ("name", "title")}, **more}


def made(contents):
    return dataclass(frozen=True)(type("OfATest", (Family,), contents))


@pytest.fixture(autouse=True)
def known_families():
    before = dict(FAMILIES)
    yield
    FAMILIES.clear()
    FAMILIES.update(before)


def test_a_complete_one_is_known_by_its_name():
    family = register_family(made(complete()))
    assert find_family("of-a-test") is family
    assert family.of().n_neurons == 400     # without sizes, the parameters' defaults
    with pytest.raises(TaskError, match=r"has no size 'small'; choose one of \['full'\]"):
        family.of("small")


@pytest.mark.parametrize(("found", "message"), [
    (np.zeros((2, 500, 1)), "must give a dict of arrays, each with a first axis of 2 tasks"),
    ({}, "must give a dict of arrays"),
    ({"goal": np.zeros((3, 500, 1))}, "each with a first axis of 2 tasks"),
    ({"goal": np.zeros((2, 500, 1)), "more": 3.0}, "each with a first axis of 2 tasks"),
    ({"goal": np.zeros((2, 500))}, r"goal\(\) of a task has the shape \(500,\), not \(500, 1\)"),
    ({"goal": np.full((2, 500, 1), np.nan)}, "gave 'goal' with values that are not finite"),
    ({"goal": np.full((2, 500, 1), "up")}, "gave 'goal' with values that are not real numbers"),
    ({"goal": np.full((2, 500, 1), 1j)}, "gave 'goal' with values that are not real numbers"),
])
def test_what_is_drawn_is_checked(found, message):
    family = made(complete(draw=lambda self, count, rng: found)).of()
    with pytest.raises(TaskError, match=message):
        family.tasks(2, np.random.default_rng(1))


def test_lists_are_drawn_as_arrays():
    family = made(complete(draw=lambda self, count, rng: {"goal": [[[0.5]] * 500] * count})).of()
    found = family.tasks(2, np.random.default_rng(1))["goal"]
    assert isinstance(found, np.ndarray) and found.shape == (2, 500, 1)


def test_what_methods_raise_is_raised_with_their_name():
    def draw(self, count, rng):
        return rng.no_such_method()

    with pytest.raises(SimulationError, match=r"family 'of-a-test': draw\(\) failed: AttributeErr"):
        made(complete(draw=draw)).of().tasks(2, np.random.default_rng(1))
    with pytest.raises(SimulationError, match=r"family 'of-a-test': goal\(\) failed: KeyError"):
        made(complete(goal=lambda self, task: task["aim"])).of().tasks(2, np.random.default_rng(1))


def test_what_a_family_does_not_know_of_itself():
    family = made(complete()).of()
    task = {"goal": np.zeros((500, 1))}
    assert family.output_target(task) is None
    for method in (family.output_error, family.goal_error):
        with pytest.raises(UnsupportedError, match="family 'of-a-test' has no errors"):
            method(np.zeros((500, 1)), task, np)


@pytest.mark.parametrize(("kind", "message"), [
    (dict, "is not a family of tasks; derive a class from Family"),
    (made(complete(name="")), "has no name"),
    (made(complete(name="arm-movement")), "the name 'arm-movement' is taken by"),
    (made(complete(name="speech")), "the name 'speech' is taken by a task"),
    (type("Plain", (Family,), complete()), "is not a frozen dataclass"),
    (made(complete(title="", n_goals=0)), "is not complete; give the class title, n_goals"),
    (made({name: each for name, each in complete().items() if name != "draw"}),
     "is not complete; give the class draw"),
    (made(complete(sizes={"small": {"cells": 3}})), r"size 'small' has the parameters \['cells'\]"),
    (made(complete(sizes=5)), "sizes=5 must be tables of parameters"),
    (made(complete(n_outputs="2")), "n_outputs='2' must be a whole number >= 1"),
    (made(complete(n_goals=-1)), "n_goals=-1 must be a whole number >= 1"),
    (made(complete(output_names=("a", "b"))), "output_names=.* must be one name for each of the 1"),
])
def test_what_is_incomplete_is_refused(kind, message):
    with pytest.raises(TaskError, match=message):
        register_family(kind)


def test_parameters_need_a_default():
    contents = complete()
    contents["__annotations__"] = {**contents["__annotations__"], "count": int}
    kind = dataclass(frozen=True, kw_only=True)(type("OfATest", (Family,), contents))
    with pytest.raises(TaskError, match="parameter 'count' has no default"):
        register_family(kind)
    contents["count"] = quantity(3, "", "a parameter")
    assert register_family(made(contents)).of(None, {"count": 4}).count == 4


def test_an_unknown_name_is_refused():
    with pytest.raises(TaskError, match=r"family 'ballet' is unknown; choose one of \['arm-mov"):
        find_family("ballet")
