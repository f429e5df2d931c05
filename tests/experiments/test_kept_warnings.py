"""Warnings of a training: kept in its results folder, through interruptions, and in the report."""

import warnings

import pytest

from pynn_eprop.cli import main
from pynn_eprop.errors import InactivityWarning
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.experiments.kept_warnings import keep_warnings
from tests.experiments.command import results


def test_those_for_users_are_kept_once_and_shown_as_before():
    kept = ["of before"]
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with keep_warnings(kept):
            for text, category in (("first", UserWarning), ("of before", UserWarning),
                                   ("second", InactivityWarning), ("other", DeprecationWarning),
                                   ("first", UserWarning)):
                warnings.warn(text, category, stacklevel=1)
        warnings.warn("afterwards", UserWarning, stacklevel=1)
    assert kept == ["of before", "first", "second"]
    assert [str(each.message) for each in shown] == ["first", "of before", "second", "other",
                                                     "first", "afterwards"]


# v would have to reach 50; recurrent weights are of order 0.1, and inputs below 10
DEAD = ("run", "pattern-generation", "--neurons", "6", "--seed", "3", "--set", "interval=200.0",
        "--set", "v_thresh=50.0", "--quiet")


def test_a_dead_network_is_in_the_results_and_in_the_report(tmp_path):
    with pytest.warns(InactivityWarning, match="update 1 .0 Hz over 200 ms"):
        assert main([*DEAD, "--updates", "3", "--out", str(tmp_path)]) == 0
    text, = results(tmp_path)["warnings"]
    assert text.startswith("cells: no cell spiked in the whole of update 1 (0 Hz over 200 ms)")
    assert f"<li>{text}</li>" in (tmp_path / "report.html").read_text()

    with pytest.warns(InactivityWarning, match="update 4"):     # another process, as it were
        assert main([*DEAD, "--updates", "5", "--out", str(tmp_path), "--resume"]) == 0
    assert results(tmp_path)["warnings"] == [text, text.replace("update 1", "update 4")]


@pytest.mark.parametrize(("task", "options"), [
    ("pattern-generation", {"updates": 3}),
    ("store-recall", {"updates": 1, "keep_training": True, "parameters": (
        ("trials_per_update", 8), ("validation_trials", 8), ("confirmation_answers", 8))}),
])
def test_the_papers_networks_give_no_reason_for_a_warning(task, options, tmp_path, monkeypatch):
    monkeypatch.setattr(Experiment, "_write", lambda self, history, answers: {
        "warnings": history.warnings})
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = Experiment(Configuration(task, seed=2, **options), tmp_path).run()
    assert found["warnings"] == []
