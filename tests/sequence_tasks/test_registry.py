"""Sequence tasks by name: what is incomplete, or gives what does not fit, is refused."""

import json
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop import CurriculumTask, SequenceTask, register_sequence_task
from pynn_eprop.errors import SimulationError, TaskError
from pynn_eprop.intervals.rules import INTERVAL_RULES
from pynn_eprop.sequence_tasks import SEQUENCE_TASKS, Sequences, find_sequence_task
from pynn_eprop.tasks import quantity
from tests.sequence_tasks.scripted_machine import ScriptedMachine

EPROP3 = INTERVAL_RULES["eprop3"]


def sequences(count, steps=3):
    return Sequences(np.zeros((steps, count, 1)), np.zeros((steps, count, 2)),
                     np.ones(steps, bool))


def drawn(count, **changes):
    return replace(sequences(count), **changes)


def complete(**more):
    return {"name": "of-a-test", "title": "a title", "n_inputs": 1, "n_outputs": 2,
            "draw": lambda self, level, count, rng: sequences(count),
            "__annotations__": {each: ClassVar[str] for each in ("name", "title")}, **more}


def made(base=CurriculumTask, **contents):
    return dataclass(frozen=True)(type("OfATest", (base,), complete(**contents)))


@pytest.fixture(autouse=True)
def known_tasks():
    before = dict(SEQUENCE_TASKS)
    yield
    SEQUENCE_TASKS.clear()
    SEQUENCE_TASKS.update(before)


def test_a_complete_one_is_known_by_its_name():
    task = register_sequence_task(made())
    assert find_sequence_task("of-a-test") is task
    assert task.of(None, EPROP3).n_units == 256     # without sizes, the parameters' defaults
    with pytest.raises(TaskError, match=r"has no size 'small'; choose one of \['full'\]"):
        task.of("small", EPROP3)
    with pytest.raises(TaskError, match=r"'ballet' is unknown; choose one of \['copy-repeat', 'w"):
        find_sequence_task("ballet")


@pytest.mark.parametrize(("kind", "message"), [
    (dict, "is not a sequence task; derive a class from CurriculumTask or SequenceTask"),
    (made(name=""), "has no name"),
    (made(name="copy-repeat"), "the name 'copy-repeat' is taken by pynn_eprop.sequence_tasks"),
    (made(name="speech"), "the name 'speech' is taken by a task"),
    (made(name="arm-movement"), "the name 'arm-movement' is taken by a family of tasks"),
    (type("Plain", (CurriculumTask,), complete()), "is not a frozen dataclass"),
    (made(title="", n_outputs=0), "is not complete; give the class title, n_outputs"),
    (made(SequenceTask, error_name="error", ends=("updates",)),
     "give the class course, draw_figure, network, result_text"),
    (made(ends=("tomorrow",)), r"ends=\('tomorrow',\) must be some of \['updates', 'minutes', 'ep"),
    (made(loss="mse"), "loss='mse' is unknown; choose one of"),
    (made(first_level={"length": 3}), r"first_level has the names \['length'\], which entries of "
                                      "length_curve have already; choose others"),
    (made(first_level={"level": 1.5}), r"first_level=\{'level': 1.5\} must be a dict of whole num"),
    (made(first_level=[1]), r"first_level=\[1\] must be a dict of whole numbers"),
    (made(measures=("longest", 2)), r"measures=\('longest', 2\) must be a tuple of names"),
    (made(sizes=5), "sizes=5 must be tables of parameters"),
    (made(sizes={"small": {"cells": 3}}), r"size 'small' has the parameters \['cells'\]"),
])
def test_what_is_incomplete_is_refused(kind, message):
    with pytest.raises(TaskError, match=message):
        register_sequence_task(kind)


def test_parameters_need_a_default():
    annotations = {**complete()["__annotations__"], "count": int}
    kind = dataclass(frozen=True, kw_only=True)(type("OfATest", (CurriculumTask,), complete(
        __annotations__=annotations)))
    with pytest.raises(TaskError, match="parameter 'count' has no default"):
        register_sequence_task(kind)
    task = register_sequence_task(made(__annotations__=annotations,
                                       count=quantity(3, "", "a parameter")))
    assert task.of(None, EPROP3, {"count": 4}).count == 4


def fails(self, level, count, rng):
    return rng.no_such_method()


@pytest.mark.parametrize(("contents", "error", "message"), [
    ({"draw": lambda self, level, count, rng: None}, TaskError,
     r"draw\(\) gave NoneType; it must give Sequences"),
    ({"draw": lambda self, level, count, rng: sequences(count + 1)}, TaskError,
     r"draw\(\) gave inputs of shape \(3, 257, 1\); 3 steps of 256 sequences need \(3, 256, 1\)"),
    ({"draw": lambda self, level, count, rng: sequences(count, 0)}, TaskError, "1 steps of 256"),
    ({"loss": "softmax"}, TaskError, r"gave targets of shape \(3, 256, 2\); .* need \(3, 256\)"),
    ({"draw": lambda self, level, count, rng: Sequences(
        sequences(count).inputs, sequences(count).targets, np.zeros(3, bool))}, TaskError,
     "without an active step"),
    ({"draw": lambda self, level, count, rng: drawn(count, active=5)}, TaskError,
     r"draw\(\): active must be an array of numbers with a row for each step, not int"),
    ({"draw": lambda self, level, count, rng: drawn(count, inputs=np.full((3, count, 1), "a"))},
     TaskError, "inputs must be an array of numbers .* not an array of <U1"),
    ({"draw": lambda self, level, count, rng: drawn(count, targets=np.full((3, count, 2), 7.0))},
     TaskError, r"gave targets outside 0 ... 1, which loss='binary' needs"),
    ({"draw": lambda self, level, count, rng: drawn(count, targets=np.full((3, count, 2), np.nan))},
     TaskError, r"gave targets outside 0 ... 1"),
    ({"draw": fails}, SimulationError, r"draw\(\) failed: AttributeError"),
])
def test_what_is_drawn_is_checked(contents, error, message):
    with pytest.raises(error, match=message):
        made(**contents).of(None, EPROP3).course(EPROP3, 1)


def test_lists_are_arrays_and_targets_matter_in_active_steps_alone():
    """The figure takes what was drawn apart, as arrays."""
    def draw(self, level, count, rng):
        targets = np.zeros((3, count, 2))
        targets[0] = np.nan
        return drawn(count, inputs=[[[0.5]] * count] * 3, targets=targets, active=[0, 1, 1])

    task = made(draw=draw).of(None, EPROP3)
    found = task.sequences({"level": 1}, 4, np.random.default_rng(1))
    assert found.inputs.shape == (3, 4, 1) and found.active.shape == (3,)


def solve(**contents):
    course = made(**contents).of(None, EPROP3).course(EPROP3, 1)
    course.advance(ScriptedMachine([0.0]))
    return course


def test_a_task_of_one_level_ends_when_it_is_solved():
    assert solve().over


@pytest.mark.parametrize(("following", "message"), [
    (3, r"next_level\(\) gave 3; it must give a dict with \['level'\], or None"),
    ({"length": 2}, r"next_level\(\) gave \{'length': 2\}"),
    ({"level": 1.5}, r"next_level\(\)=\{'level': 1.5\} must be a dict of whole numbers"),
    ({"level": "2"}, r"next_level\(\)=\{'level': '2'\} must be a dict of whole numbers"),
])
def test_the_next_level_is_checked(following, message):
    with pytest.raises(TaskError, match=message):
        solve(next_level=lambda self, level: following)


def test_whole_numbers_of_numpy_are_levels():
    """As JSON knows them, which the state and the result are written in."""
    course = solve(next_level=lambda self, level: {"level": level["level"] + np.int64(1)})
    assert course.level == {"level": 2} and type(course.level["level"]) is int
    assert json.loads(json.dumps(course.state()))["level"] == {"level": 2}


def test_all_sequences_of_a_level_have_one_length():
    lengths = iter((3, 4))
    course = made(draw=lambda self, level, count, rng: sequences(count, next(lengths))).of(
        None, EPROP3).course(EPROP3, 1)
    with pytest.raises(TaskError, match="gave sequences of 4 and of 3 steps at level"):
        course.advance(ScriptedMachine([0.0]))
