"""Tasks of one's own: what is asked of them when they are registered."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop import LossTask, ValidatedTask, register_task
from pynn_eprop.errors import TaskError
from pynn_eprop.tasks import TASKS, PatternGeneration, Responses, find_task, quantity
from tests.examples.test_examples import load


@pytest.fixture(autouse=True)
def registered():
    """Only the package's tasks afterwards."""
    known = dict(TASKS)
    yield
    TASKS.clear()
    TASKS.update(known)


def complete(base=PatternGeneration, **attributes):
    """A class with all parts of a task but for what is given."""
    names = {"name": "own", "__module__": __name__} | attributes
    return dataclass(frozen=True)(type("Own", (base,), names))


def test_a_complete_task_is_found_by_its_name():
    task = register_task(complete())
    assert TASKS["own"] is find_task("own") is task
    again = register_task(complete())       # as by a module that is read again
    assert find_task("own") is again


@dataclass(frozen=True)
class Partial(ValidatedTask):
    """A beginning."""

    name: ClassVar[str] = "partial"
    title: ClassVar[str] = "Partial"
    solved_below: ClassVar[float] = 0.1
    n_neurons: int = quantity(3, "", "cells")
    timestep: float = quantity(1.0, "ms", "time step")

    def draw_example(self, seed):
        """Nothing."""


@pytest.mark.parametrize(("kind", "message"), [
    (3, "3 is not a task; derive a class from LossTask, ValidatedTask or EpochTask"),
    (dict, "is not a task"),
    (complete(name=""), "task Own has no name"),
    (complete(name="store-recall"), "the name 'store-recall' is taken by pynn_eprop.tasks.store_r"),
    (type("Own", (PatternGeneration,), {"name": "own"}), "task Own is not a frozen dataclass"),
    (complete(title="", error_name=""), "task Own is not complete; give the class title, error_n"),
    (Partial, "task Partial is not complete; give the class paper_updates, chance_level, "
              "confirmation_answers, count_wrong, draw_validation, interval, network, "
              "training_trials, trials_per_update$"),
    (dataclass(frozen=True)(type("Own", (LossTask,), {"name": "own"})), "error_of_loss"),
])
def test_what_is_no_task_or_not_complete_is_refused(kind, message):
    known = dict(TASKS)
    with pytest.raises(TaskError, match=message):
        register_task(kind)
    assert known == TASKS


def test_a_parameter_needs_a_default():
    @dataclass(frozen=True, kw_only=True)
    class Own(PatternGeneration):
        name: ClassVar[str] = "own"
        gain: float

    with pytest.raises(TaskError, match="parameter 'gain' has no default; give it one with quan"):
        register_task(Own)


def test_measures_are_names():
    """A word in brackets without a comma is no tuple, and its letters are no names."""
    @dataclass(frozen=True)
    class Own(PatternGeneration):
        name: ClassVar[str] = "own"
        measures: ClassVar[str] = ("hits")

    with pytest.raises(TaskError, match="task Own: measures='hits' must be a tuple of names"):
        register_task(Own)


def test_the_size_of_a_network_is_a_parameter_or_cannot_be_chosen():
    assert PatternGeneration.with_neurons(7).n_neurons == 7
    names = {name: None for name in Partial.__abstractmethods__}

    @dataclass(frozen=True)
    class Sized(type("Parts", (ValidatedTask,), names)):
        name: ClassVar[str] = "sized"
        n_neurons: ClassVar[int] = 5
        timestep: ClassVar[float] = 1.0
        draw_example: ClassVar[None] = None

    with pytest.raises(TaskError, match="task 'sized': n_neurons=7: its number of cells cannot"):
        Sized.with_neurons(7)


def test_free_steps_are_the_clocks_or_nobodys():
    # pattern generation's clock starts later; other tasks do not change unless they say so
    late = PatternGeneration(timestep=0.5).with_free_steps(5)
    assert late.clock_start == 2.5 and late.clock()[0][0] == 2.5
    task = load("own_task").DelayedMatch()
    assert task.with_free_steps(5) is task


def test_errors_of_updates():
    """A loss task: the mean over an update's trials. A validated one: the share that is wrong."""
    task = PatternGeneration(interval=4.0, n_groups=1, n_inputs=1, n_neurons=1, n_readouts=1,
                             trials_per_update=2)
    loss = np.array([1.0, 2.0, 3.0, 5.0])
    each = task.error_of_loss(loss, 1)
    assert task.training_errors(Responses(loss), None, 1) == pytest.approx(
        [(each[0] + each[1]) / 2, (each[2] + each[3]) / 2])
    task = load("own_task").DelayedMatch()
    trials = task.draw(8, np.random.default_rng(1))
    y = trials.targets["readout"].T.copy()
    y[-task.part:] = y[-task.part:, ::-1]       # the last of the eight is answered wrongly
    assert task.training_errors(Responses(loss, {"readout": y}), trials, 1) == [1 / 8]
