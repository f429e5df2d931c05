"""The examples run as a reader would run them, on small networks, and are short."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pynn_eprop.host as host
from pynn_eprop.learning_to_learn import save_learned
from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from pynn_eprop.models.cells import CELLS
from pynn_eprop.models.optimizers import OPTIMIZERS
from pynn_eprop.models.rules import RULES
from tests.learning_to_learn.families import tiny, untrained

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("pattern_generation", "store_recall", "nest_regression", "nest_classification")


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_under_150_lines(name):
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 150


def test_pattern_generation_learns(tmp_path):
    figure = tmp_path / "figure.png"
    error, outputs, targets = load("pattern_generation").main(
        n_updates=100, n_neurons=50, figure=figure)
    assert error.shape == (100,) and outputs.shape == targets.shape == (1000, 3)
    assert figure.exists()
    # nMSE 1 is what silent readouts have; the trial after training is as good as the last ones
    assert error[-10:].mean() < 0.5 * error[0]
    after = np.mean((outputs - targets) ** 2) / np.mean(np.var(targets, axis=0))
    assert after == pytest.approx(error[-10:].mean(), rel=0.5)


def test_pattern_generation_gives_the_same_result_again():
    main = load("pattern_generation").main
    first, second = (main(n_updates=5, n_neurons=20)[0] for _ in range(2))
    assert np.array_equal(first, second)


def test_store_recall_runs(tmp_path):
    figure = tmp_path / "figure.png"
    error = load("store_recall").main(n_updates=2, n_trials=8, figure=figure)
    assert error.shape == (2,) and np.all((error >= 0.0) & (error <= 1.0))
    assert figure.exists()


def test_an_analog_signal_is_given_back(tmp_path):
    example = load("analog_input")
    assert len((EXAMPLES / "analog_input.py").read_text().splitlines()) < 80
    error = example.main(n_trials=150, n_cells=50)
    assert error.shape == (150,)
    # each trial has a signal of its own: this is not what was learned by heart
    assert error[-20:].mean() < 0.3 * error[:5].mean()
    assert np.array_equal(example.main(n_trials=3, n_cells=50), error[:3])


def test_lstm_units_keep_a_value(tmp_path):
    """The answer 0 has an error of 0.58; in 200 updates the units come to about 0.08."""
    assert len((EXAMPLES / "lstm_units.py").read_text().splitlines()) < 120
    figure = tmp_path / "figure.png"
    error = load("lstm_units").main(n_updates=200, seed=3, figure=figure)
    assert error.shape == (200,) and figure.exists()
    assert error[-20:].mean() < 0.2


def test_a_cue_is_recalled_intervals_later_with_traces_and_not_without(tmp_path):
    """Chance is 0.5; with traces, all of the trials of batches 30 to 60 are right but some."""
    example, figure = load("lsnn_intervals"), tmp_path / "figure.png"
    assert len((EXAMPLES / "lsnn_intervals.py").read_text().splitlines()) < 165
    correct = example.main(n_batches=60, rules=("truncated-bptt", "eprop3"), figure=figure)
    assert figure.exists()
    assert correct["eprop3"][40:].mean() > 0.9
    assert correct["truncated-bptt"][20:].mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("rule", ["e-prop", "clopath:tau_v=20"])
def test_the_arm_is_moved_as_by_the_command(rule, tmp_path):
    """Weights that nobody trained: the same errors as of the package's own script, on the host."""
    learned = untrained(rule=rule, family=tiny(interval=100.0))
    save_learned(tmp_path / "learned.npz", learned)
    example = load("one_shot_arm")
    assert len((EXAMPLES / "one_shot_arm.py").read_text().splitlines()) < 150
    errors = example.main(tmp_path, n_movements=3, figure=tmp_path / "figure.png")
    assert (tmp_path / "figure.png").exists()
    tasks = learned.family.draw(3, np.random.default_rng(1))
    network = OneShotNetwork(host, learned, tasks["goal"], 1, {})
    for number, found in enumerate(errors):
        task = {name: rows[number] for name, rows in tasks.items()}
        expected = [learned.family.error(trial.y["output"], task, np)
                    for trial in network.learn_next()]
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    network.end()


JAX_CELLS = ("TwoCompartments", "Izhikevich", "ResonateAndFire")


@pytest.mark.parametrize("name, registry, registered, share, lines", [
    ("own_cell", CELLS, ("CurrentLIF",), 0.1, 100),             # in 40 updates of 200 ms
    ("own_rule", RULES, ("spike-gated",), 0.1, 100),            # in 40
    ("own_optimizer", OPTIMIZERS, ("momentum",), 0.05, 100),    # in 60
    ("own_jax_cells", CELLS, JAX_CELLS, 0.25, 170),             # in 40
])
def test_what_is_of_ones_own_learns_and_so_does_the_built_in(name, registry, registered, share,
                                                             lines, monkeypatch):
    """The error falls below a ``share`` of the first one."""
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < lines
    monkeypatch.syspath_prepend(EXAMPLES)       # as for a script
    try:
        errors = load(name).main()
        assert len(errors) == max(2, len(registered))
        for error in errors.values():
            assert error[-5:].mean() < share * error[0]
    finally:
        for each in registered:
            del registry[each]


@pytest.mark.parametrize("cell", JAX_CELLS)
def test_cells_in_jax_are_trained_on_a_task_as_a_plugin(cell, tmp_path):
    """Task 1.1 with 60 cells in JAX: the error falls by a tenth and more in 40 updates."""
    done = subprocess.run(
        [sys.executable, "-m", "pynn_eprop.cli", "run", "pattern-generation", "--backend", "jax",
         "--neurons", "60", "--updates", "40", "--set", "interval=200.0", "--plugin",
         str(EXAMPLES / "own_jax_cells.py"), "--set", f"cell={cell}", "--quiet", "--out", cell],
        cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / cell / "results.json").read_text())
    assert found["parameters"]["cell"] == cell and found["backend"] == "jax"
    curve = found["error_curve"]
    assert sum(curve[-5:]) < 0.9 * sum(curve[:5])


def test_own_backend_learns(tmp_path):
    """The host in float64: the error falls to less than half in 100 updates."""
    assert len((EXAMPLES / "own_backend.py").read_text().splitlines()) < 50
    done = subprocess.run([sys.executable, str(EXAMPLES / "own_backend.py"), "--quiet", "--out",
                           "out"], cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pattern-generation seed 1 own-backend float64: 100 updates")
    curve = json.loads((tmp_path / "out" / "results.json").read_text())["error_curve"]
    assert sum(curve[-5:]) / 5 < 0.5 * curve[0]


def test_own_task_is_solved(tmp_path):
    """Below 5% of wrong answers on 500 fresh trials, in 48 to 63 updates of seeds 1 and 2."""
    assert len((EXAMPLES / "own_task.py").read_text().splitlines()) < 100
    done = subprocess.run([sys.executable, str(EXAMPLES / "own_task.py"), "--quiet"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert "solved after" in done.stdout and "not solved" not in done.stdout


def test_a_chip_in_the_loop_learns(tmp_path):
    """nMSE 1 is what silent readouts have."""
    figure = tmp_path / "figure.png"
    error = load("chip_in_the_loop").main(n_updates=60, n_cells=40, figure=figure)
    assert figure.exists()
    assert error[-10:].mean() < 0.5 * error[:3].mean()
