"""Looking tasks and feedback up by name, and describing them."""

import subprocess
import sys
from dataclasses import fields

import pytest

from pynn_eprop.errors import TaskError
from pynn_eprop.tasks import FEEDBACKS, TASKS, PatternGeneration, find_feedback, find_task
from pynn_eprop.tasks.epoch_task import EpochTask
from pynn_eprop.tasks.quantities import parameter_table, require_changes
from pynn_eprop.tasks.task import LossTask, ValidatedTask


def test_the_tasks_of_the_paper_are_there():
    assert list(TASKS) == ["pattern-generation", "store-recall", "speech"]
    assert isinstance(find_task("pattern-generation")(), LossTask)
    assert isinstance(find_task("store-recall")(), ValidatedTask)
    assert isinstance(find_task("speech")(), EpochTask)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(TaskError, match=r"'juggling' is unknown.*'pattern-generation'"):
        find_task("juggling")
    with pytest.raises(TaskError, match=r"'backprop' is unknown.*'symmetric'"):
        find_feedback("backprop")
    with pytest.raises(TaskError, match=r"task \['speech'\] is unknown"):
        find_task(["speech"])


def test_parameters_are_changed_by_name_to_values_of_their_kind():
    task = PatternGeneration()
    require_changes({"n_neurons": 5, "frequencies": [1.0]}, task, "owner")
    with pytest.raises(TaskError, match=r"owner has no parameter 'cells'; choose one of \['ampl"):
        require_changes({"cells": 5}, task, "owner")
    with pytest.raises(TaskError, match="owner: cell=3 is not a value like 'EPropLIF'"):
        require_changes({"cell": 3}, task, "owner")


def test_feedback_windows_are_the_papers():
    windows = {name: feedback.window for name, feedback in FEEDBACKS.items() if feedback.window}
    assert windows == {"window-1ms": 1.0, "window-20ms": 20.0}


@pytest.mark.parametrize("task", TASKS.values())
def test_every_parameter_has_unit_and_meaning(task):
    rows = parameter_table(task())
    assert {row.name for row in rows} == {entry.name for entry in fields(task)}
    assert all(row.meaning for row in rows)
    assert {row.unit for row in rows} <= {"", "ms", "Hz", "updates"}


def test_a_row_shows_the_value_in_use():
    rows = {row.name: row for row in parameter_table(PatternGeneration.with_neurons(40))}
    assert rows["n_neurons"].value == 40
    assert (rows["tau_m"].value, rows["tau_m"].unit) == (20.0, "ms")


def test_tasks_need_no_simulator():
    script = ("import sys, pynn_eprop.tasks\n"
              "heavy = {'neo', 'nest', 'brian2', 'jax', 'matplotlib', 'pynn_eprop.host', "
              "'pynn_eprop.engine'}\n"
              "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)")
    subprocess.run([sys.executable, "-c", script], check=True)
