"""Tables of a sweep: medians over the seeds that are finished."""

import csv
import io
import math

import pytest

from pynn_eprop.errors import TaskError
from pynn_eprop.sweeps.figure import draw_sweep
from pynn_eprop.sweeps.grid import Axis, grid_points
from pynn_eprop.sweeps.summary import choose_measure, rows_of, runs_table, table_text

POINTS = list(grid_points([Axis("lr", (0.1, 0.2))], (1, 2, 3)))


def results(error, **more):
    return {"task": "t", "seed": 1, "error_last50": error, "error_name": "nMSE",
            "error_curve": [1.0, error], "solved": True, **more}


FOUND = [results(0.5), results(0.3), results(0.1), results(0.2), None, results(math.nan)]


def test_rows_have_medians_of_what_is_finished():
    rows = rows_of(POINTS, FOUND, "error_last50")
    assert [(row.series, row.seeds, row.finite, row.n_runs) for row in rows] == [
        ("lr=0.1", (1, 2, 3), [0.5, 0.3, 0.1], 3), ("lr=0.2", (1, 3), [0.2], 3)]
    lines = table_text(rows, "error_last50").splitlines()
    assert lines[1].split() == ["lr=0.1", "3", "of", "3", "0.3", "0.1", "0.5"]
    assert lines[2].split() == ["lr=0.2", "2", "of", "3", "0.2", "0.2", "0.2", "1"]
    empty = rows_of(POINTS[:1], [None], "error_last50")
    assert table_text(empty, "error_last50").splitlines()[1].split() == [
        "lr=0.1", "0", "of", "1", "-", "-", "-"]


def test_the_measure_is_the_tasks_unless_one_is_asked_for():
    assert choose_measure([results(0.5)], None) == "error_last50"
    assert choose_measure([results(0.5, accuracy_test=0.9)], None) == "accuracy_test"
    assert choose_measure([{"seed": 1, "hits": 3}], None) == "hits"
    assert choose_measure([results(0.5, hits=3)], "hits") == "hits"
    with pytest.raises(TaskError, match=r"'solved' is not a number.*error_last50"):
        choose_measure([results(0.5)], "solved")


def test_a_measure_is_refused_before_work_if_tasks_say_what_results_have():
    said = [("error_last50", "hits"), ("misses",)]
    assert choose_measure([], "misses", said) == "misses"
    assert choose_measure([], "others", [("hits",), None]) == "others"      # nobody knows
    for found in ([], [results(0.5)]):
        with pytest.raises(TaskError, match=r"'other'.*\['error_last50', 'hits', 'misses'\]"):
            choose_measure(found, "other", said)
    with pytest.raises(TaskError, match=r"'other'.*\['error_last50'\]"):
        choose_measure([results(0.5)], "other", [None])
    # null, as of a run that is not solved: another may be
    assert choose_measure([results(0.5, solved_after=None)], "solved_after", [None]) == \
        "solved_after"


def test_each_run_has_a_line():
    rows = list(csv.DictReader(io.StringIO(runs_table(POINTS, FOUND))))
    assert [(row["lr"], row["seed"], row["finished"], row["error_last50"]) for row in rows] == [
        ("0.1", "1", "True", "0.5"), ("0.1", "2", "True", "0.3"), ("0.1", "3", "True", "0.1"),
        ("0.2", "1", "True", "0.2"), ("0.2", "2", "False", ""), ("0.2", "3", "True", "nan")]


def test_figures_have_medians_seeds_and_curves():
    rows = rows_of(POINTS, FOUND, "error_last50")
    by_row = [[each for each in FOUND[:3]], [FOUND[3], FOUND[5]]]
    left, right = draw_sweep(rows, by_row, "error_last50").axes
    assert left.get_xlabel() == "lr"
    assert list(left.lines[-1].get_xdata()) == [0.1, 0.2]
    assert list(left.lines[-1].get_ydata()) == [0.3, 0.2]
    assert [line.get_label() for line in right.lines] == ["lr=0.1", "lr=0.2"]
    assert list(right.lines[0].get_ydata()) == [1.0, 0.3]
    named = list(grid_points([Axis("rule", ("a", "b"))], (1,)))
    only, = draw_sweep(rows_of(named, [{"hits": 1}, {"hits": 2}], "hits"), [[{}], [{}]],
                       "hits").axes
    assert [label.get_text() for label in only.get_xticklabels()] == ["rule=a", "rule=b"]
