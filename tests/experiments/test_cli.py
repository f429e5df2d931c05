"""The command: what it writes, what it prints, how it refuses."""

import json

import neo
import numpy as np
import pytest

import pynn_eprop
from pynn_eprop.cli import main
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.sweeps.summary import measures_of
from pynn_eprop.tasks import PatternGeneration
from tests.experiments.command import results, run, weights

CONTRACT = {"task", "backend", "precision", "gradient", "seed", "updates", "error_curve",
            "error_last50", "solved_after", "seconds_training"}
PRODUCTS = {"results.json", "weights.npz", "learning_curve.csv", "recording.nix", "figure.png",
            "figure.svg", "report.html", "state"}


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    out = tmp_path_factory.mktemp("pattern") / "run"
    return out, run("pattern-generation", out, 30, "--seed", "4")


@pytest.fixture(scope="module")
def recall(tmp_path_factory):
    out = tmp_path_factory.mktemp("recall") / "run"
    return out, run("store-recall", out, 3, "--quiet")


def test_list_names_all_that_can_be_chosen(capsys):
    assert main(["list"]) == 0
    words = capsys.readouterr().out.replace(",", " ").split()
    assert {"pattern-generation", "store-recall", "symmetric", "window-20ms", "host", "e-prop",
            "truncated-traces", "simplified-traces", "adam", "sgd", "mse", "cross_entropy",
            "EPropLIF", "EPropReadout", "arctan", "emulator", "rules:", "cells:",
            "pseudo-derivatives:", "optimizers:", "losses:", "backends:"} <= set(words)


def test_a_rule_by_its_name(tmp_path):
    """For LIF cells the two rules are one; e-prop is another."""
    found = {}
    for rule in ("e-prop", "truncated-traces", "simplified-traces"):
        process = run("pattern-generation", tmp_path / rule, 3, "--rule", rule, "--quiet")
        assert process.returncode == 0, process.stderr
        found[rule] = results(tmp_path / rule)
        assert found[rule]["rule"] == found[rule]["configuration"]["rule"] == rule
        assert (rule == "e-prop") != (f"--rule {rule}" in found[rule]["command"])
    curves = {rule: each["error_curve"] for rule, each in found.items()}
    assert curves["truncated-traces"] == curves["simplified-traces"] != curves["e-prop"]


def test_rules_that_are_not_there_or_not_on_a_backend(tmp_path):
    unknown = run("pattern-generation", tmp_path / "out", 1, "--rule", "hebb")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "rule='hebb' is unknown; choose one of ['e-prop', " in unknown.stderr
    assert "'readout-only'], or a plugin's" in unknown.stderr
    assert not (tmp_path / "out").exists()
    other = run("pattern-generation", tmp_path / "out", 1, "--rule", "truncated-traces",
                "--backend", "nest")
    assert other.returncode == 2
    assert "rule 'truncated-traces' is not known to NEST" in other.stderr


def test_results_have_the_contracts_keys(pattern):
    out, process = pattern
    assert process.returncode == 0, process.stderr
    found = results(out)
    assert found.keys() >= CONTRACT
    assert (found["task"], found["backend"], found["precision"], found["seed"],
            found["updates"]) == ("pattern-generation", "host", "float32", 4, 30)
    assert len(found["error_curve"]) == 30
    assert found["error_last50"] == pytest.approx(np.mean(found["error_curve"]))
    assert found["solved_after"] is None and found["gradient"] == "eprop"
    said = set(Configuration("pattern-generation").measures)
    assert set(measures_of(found)) <= said <= found.keys()
    assert found["seconds_training"] > 0.0
    assert found["versions"]["pynn_eprop"] == pynn_eprop.__version__


def test_the_folder_is_complete(pattern):
    out, _ = pattern
    assert {path.name for path in out.iterdir()} == PRODUCTS
    assert (out / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_learning_curve_is_the_error_curve(pattern):
    out, _ = pattern
    header, *rows = (out / "learning_curve.csv").read_text().splitlines()
    assert header == "update,error,loss"
    columns = np.array([[float(cell) for cell in row.split(",")] for row in rows])
    assert columns[:, 0].tolist() == list(range(1, 31))
    assert columns[:, 1].tolist() == results(out)["error_curve"]
    # nMSE = 2 E / (steps x readouts) / variance of the target, with E in the third column
    target = PatternGeneration().target(seed=4)
    expected = 2 * columns[:, 2] / 3000 / np.mean(np.var(target, axis=1))
    assert np.allclose(columns[:, 1], expected)


def test_weights_are_one_matrix_per_projection_and_have_changed(pattern):
    out, _ = pattern
    trained = weights(out)
    shapes = {name: weight.shape for name, weight in trained.items() if "feedback" not in name}
    assert shapes == {"input_to_cells": (20, 12), "cells_to_cells": (12, 12),
                      "cells_to_readout": (12, 3)}
    initial = np.load(out / "state" / "weights-000000.npz")
    for name in shapes:
        assert not np.array_equal(trained[name], initial[name], equal_nan=True)


def test_recording_holds_the_trial_after_training(pattern):
    out, _ = pattern
    with neo.NixIO(str(out / "recording.nix"), mode="ro") as file:
        (segment,) = file.read_block().segments
    assert segment.name == "after 30 updates"
    trains = {train.annotations["population"]: train for train in segment.spiketrains}
    # the clock: 20 inputs with 20 spikes each
    assert len(trains["inputs"]) == 400
    assert np.bincount(trains["inputs"].array_annotations["cell"]).tolist() == [20] * 20
    assert trains["cells"].array_annotations["cell"].max() < 12
    target = segment.filter(name="target")[0]
    assert np.allclose(target.magnitude[-1000:], PatternGeneration().target(4).T, atol=1e-6)
    assert segment.filter(name="y")[0].shape == target.shape


def test_report_needs_no_other_file(pattern):
    out, _ = pattern
    page = (out / "report.html").read_text()
    assert "data:image/png;base64," in page and "src=\"figure" not in page
    assert "http" not in page
    assert "firing threshold" in page and "pynn-eprop run pattern-generation" in page
    assert f"{results(out)['error_last50']:.5f}" in page


def test_progress_goes_to_stderr_with_the_error(pattern):
    _, process = pattern
    assert "30/30" in process.stderr and "nMSE" in process.stderr
    assert process.stdout.startswith("pattern-generation seed 4 host float32: 30 updates, nMSE ")


def test_quiet_prints_the_result_line_only(recall):
    _, process = recall
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    assert len(process.stdout.splitlines()) == 1
    assert "misclassification rate" in process.stdout


def test_store_recall_validates_after_every_update(recall):
    out, _ = recall
    found = results(out)
    assert len(found["error_curve"]) == len(found["training_error_curve"]) == 3
    assert all(0.0 <= error <= 1.0 for error in found["error_curve"])
    assert found["neurons"] == 6
    assert "lif_to_alif" in weights(out)


def test_the_same_seed_gives_the_same_result(pattern, tmp_path):
    out, _ = pattern
    run("pattern-generation", tmp_path, 30, "--seed", "4", "--threads", "2")
    assert results(tmp_path)["error_curve"] == results(out)["error_curve"]
    for name, weight in weights(out).items():
        assert np.array_equal(weights(tmp_path)[name], weight, equal_nan=True)


def test_a_finished_run_is_kept_without_force(pattern):
    out, first = pattern
    written = (out / "results.json").read_bytes()
    refused = run("pattern-generation", out, 30, "--seed", "4")
    assert refused.returncode == 2
    assert "holds a finished run; use --resume" in refused.stderr
    again = run("pattern-generation", out, 30, "--seed", "4", "--resume", "--quiet")
    assert again.returncode == 0
    assert again.stdout == first.stdout.splitlines()[0] + "\n"
    assert (out / "results.json").read_bytes() == written


@pytest.mark.parametrize(("words", "message"), [
    (["juggling"], "task 'juggling' is unknown; choose one of ['pattern-generation'"),
    (["copy-repat", "--size", "small"], "'copy-repeat', 'word-prediction', 'arm-movement'"),
    (["pattern-generation", "--backend", "matlab"], "backend 'matlab' is unknown"),
    (["pattern-generation", "--backend", "spinnaker", "--precision", "float32"],
     "backend 'spinnaker' has no precision 'float32'"),
    (["pattern-generation", "--precision", "float8"], "precision 'float8' is unknown"),
    (["pattern-generation", "--feedback", "none"], "feedback 'none' is unknown"),
    (["pattern-generation", "--updates", "0"], "updates=0 must be a whole number >= 1"),
    (["pattern-generation", "--neurons", "-3"], "n_neurons=-3 must be a whole number >= 1"),
    (["pattern-generation", "--set", "tau_m=-1.0"], "tau_m=-1 ms is not allowed"),
    (["pattern-generation", "--set", "lr=-1.0"], "lr=-1 dimensionless is not allowed"),
    (["pattern-generation", "--set", "amplitudes=(1,)"], "amplitudes=(1,) must be the least and"),
    (["pattern-generation", "--set", "amplitudes=(2,1)"], "amplitudes=(2, 1) must be the least"),
    (["pattern-generation", "--set", "amplitudes=(0,0)"], "amplitudes=(0, 0) must be the least"),
    (["pattern-generation", "--set", "amplitudes=(-1e308,1e308)"], "must be the least and the la"),
    (["pattern-generation", "--set", "frequencies=()"], "frequencies=() is empty; give one or"),
    (["pattern-generation", "--set", "interval=1"], "interval=1 ms must have 2 to 10000000 steps"),
    (["pattern-generation", "--set", "interval=1e300"], "interval=1e+300 ms must have 2 to"),
    (["pattern-generation", "--neurons", "5", "--set", "n_neurons=7"],
     "give the number of cells once, as --neurons or as --set n_neurons="),
    (["pattern-generation", "--set", "lr=fast"], "lr='fast' is not a value like 0.003"),
    (["pattern-generation", "--set", "cell=Fast"], "cell='Fast' is unknown; choose one of ["),
    (["pattern-generation", "--set", "cell=EPropALIF", "--set", "tau_m=-1.0"],
     "tau_m=-1 ms is not allowed"),
])
def test_bad_input_is_one_line_and_status_2(words, message, tmp_path, capsys):
    assert main(["run", *words, "--out", str(tmp_path / "run"), "--quiet"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("pynn-eprop: error: ") and message in line


def test_a_run_is_not_resumed_to_fewer_updates_than_it_has(tmp_path, capsys):
    """Its command would not give its result."""
    words = ["run", "pattern-generation", "--neurons", "5", "--set", "interval=50", "--out",
             str(tmp_path), "--quiet"]
    assert main([*words, "--updates", "3"]) == 0
    (tmp_path / "report.html").unlink()
    assert main([*words, "--updates", "2", "--resume"]) == 2
    assert "has done 3 updates, more than the 2 asked for" in capsys.readouterr().err


def test_a_training_that_diverges_has_results(tmp_path, capsys):
    """Of weights that are not finite there is no trial to show."""
    with pytest.warns(UserWarning, match="training has diverged"):
        assert main(["run", "pattern-generation", "--updates", "3", "--neurons", "5", "--set",
                     "lr=1e300", "--set", "interval=50", "--out", str(tmp_path), "--quiet"]) == 2
    assert "If they are not, the training has diverged" in capsys.readouterr().err
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["updates"] == 3 and "must have finite numbers only" in found["failure"]
    assert len((tmp_path / "learning_curve.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("words", [[], ["run"], ["run", "x", "--set", "lr"],
                                   ["run", "x", "--resume", "--force"],
                                   ["run", "x", "--set", "lr=-fast"], ["run", "x", "--seed", "a"]])
def test_words_that_make_no_command_are_status_2(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "usage: pynn-eprop" in capsys.readouterr().err


def test_the_machine_as_a_precision_is_deprecated_and_goes_on_with_machine(tmp_path):
    """A folder of either can be continued with the other, and not on the engine."""
    small = ("--neurons", "8", "--quiet")
    old = run("pattern-generation", tmp_path / "out", 1, *small, "--precision", "reference")
    assert old.returncode == 0
    assert old.stderr.startswith("pynn-eprop: warning: precision 'reference' is deprecated; choose "
                                 "machine 'reference' (--machine reference)\n")
    found = results(tmp_path / "out")
    assert (found["machine"], found["precision"]) == ("reference", "float64")
    further = run("pattern-generation", tmp_path / "out", 2, *small, "--machine", "reference",
                  "--resume")
    assert further.returncode == 0 and "deprecated" not in further.stderr
    assert results(tmp_path / "out")["updates"] == 2
    other = run("pattern-generation", tmp_path / "out", 3, *small, "--resume")
    assert other.returncode == 2
    assert "machine or precision: 'reference' there, 'float32' asked for" in other.stderr
