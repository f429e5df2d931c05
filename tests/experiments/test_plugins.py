"""Users' own modules on the command line."""

from importlib import metadata

import pytest

from pynn_eprop.cli import main
from pynn_eprop.errors import PluginError
from pynn_eprop.experiments import plugins
from pynn_eprop.models.rules import RULES
from tests.examples.test_examples import EXAMPLES
from tests.experiments.command import forked, results

SMALL = ["pattern-generation", "--neurons", "8", "--updates", "2", "--set", "interval=100"]
RULE = """
from pynn_eprop import Rule, register_rule

@register_rule
class Own(Rule):
    name = "own-rule"
    meaning = "nothing is eligible"

    def eligibility(self, traces, arriving, cells, post):
        return 0.0 * arriving
"""


KINDS = """
from dataclasses import dataclass, replace

import numpy as np

from pynn_eprop import (Loss, Optimizer, PseudoDerivative, register_loss, register_optimizer,
                        register_pseudo_derivative, register_task)
from pynn_eprop.tasks.pattern_generation import PatternGeneration

@register_loss
class Absolute(Loss):
    name = "absolute"

    def error(self, y, target):
        return np.sign(y - target)

    def value(self, y, target):
        return np.abs(y - target).sum(axis=-1)

@register_optimizer
class Signs(Optimizer):
    name = "signs"

    def update(self, gradient, state, weight, count):
        return weight - 0.001 * np.sign(gradient), state

@register_task
@dataclass(frozen=True)
class Own(PatternGeneration):
    name = "own-kinds"

    def network(self, seed, feedback, recurrent):
        plan = super().network(seed, feedback, recurrent)
        return replace(plan, optimizer=Signs(), readouts=tuple(
            replace(each, loss="absolute") for each in plan.readouts))
"""


def command(folder, *words):
    """A process of its own in a folder of the user's."""
    return forked(words, cwd=folder)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(RULE)
    return tmp_path


@pytest.mark.parametrize("plugin", ["mine", "mine.py"])
def test_a_module_or_a_file_brings_a_rule(folder, plugin):
    listed = command(folder, "list", "--plugin", plugin)
    assert "own-rule             nothing is eligible" in listed.stdout
    done = command(folder, "run", *SMALL, "--plugin", plugin, "--rule", "own-rule", "--precision",
                   "reference", "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr
    found = results(folder / "out")
    assert found["rule"] == "own-rule"
    assert f"--plugin {plugin}" in found["command"]


def test_a_module_brings_a_loss_and_an_optimiser_for_its_task(folder):
    (folder / "kinds.py").write_text(KINDS)
    listed = command(folder, "list", "--plugin", "kinds")
    assert "optimizers: sgd, adam, signs\n" in listed.stdout
    assert "losses: mse, cross_entropy, absolute\n" in listed.stdout
    own = ["run", "own-kinds", *SMALL[1:], "--plugin", "kinds"]
    done = command(folder, *own, "--precision", "reference", "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(results(folder / "out")["loss_curve"]) == 2
    refused = command(folder, *own, "--out", "other")
    assert refused.returncode == 2 and "loss 'absolute' is not known to" in refused.stderr


def test_the_comparison_loads_it_in_its_processes(folder):
    """The host's float64, which others are held against, refuses the rule by name."""
    done = command(folder, "compare", "pattern-generation", "--backends", "reference", "--neurons",
                   "8", "--updates", "1", "--plugin", "mine.py", "--rule", "own-rule")
    assert done.returncode == 2
    assert "rule 'own-rule' is not known to the host engine" in done.stderr
    known = command(folder, "compare", "pattern-generation", "--backends", "reference", "--neurons",
                    "8", "--updates", "1", "--set", "interval=100", "--plugin", "mine.py",
                    "--rule", "simplified-traces", "--out", "comparison")
    assert known.returncode == 0, known.stderr


@pytest.mark.parametrize(("text", "message"), [
    (None, "plugin 'wrong.py' fails with FileNotFoundError: there is no file"),
    ("import nowhere_at_all", "plugin 'wrong.py' fails with ModuleNotFoundError: No module named"),
    ("import sys; sys.exit(0)", "plugin 'wrong.py' fails with SystemExit: 0"),
    ("x = 1/0", "plugin 'wrong.py' fails with ZeroDivisionError: division by zero"),
    (RULE.replace("own-rule", "e-prop"), "the name 'e-prop' is taken by"),
])
def test_plugins_that_fail_are_named(tmp_path, monkeypatch, capsys, text, message):
    monkeypatch.chdir(tmp_path)
    if text is not None:
        (tmp_path / "wrong.py").write_text(text)
    assert main(["run", *SMALL, "--plugin", "wrong.py", "--out", "out"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_module_that_is_not_there():
    with pytest.raises(PluginError, match="plugin 'no_such_module' is not found; give a module"):
        plugins.load_plugins(["no_such_module"])


def test_entry_points_of_installed_packages_need_no_option(folder, monkeypatch):
    point = metadata.EntryPoint("mine", "mine_installed", plugins.GROUP)
    (folder / "mine_installed.py").write_text(RULE.replace("own-rule", "installed-rule"))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(plugins.metadata, "entry_points",
                        lambda group: [point] if group == plugins.GROUP else [])
    try:
        plugins.load_plugins()
        assert RULES["installed-rule"].__module__ == "mine_installed"
        monkeypatch.setattr(plugins.metadata, "entry_points",
                            lambda group: [metadata.EntryPoint("x", "no_such_module", group)])
        with pytest.raises(PluginError, match="'no_such_module', an entry point of an installed"):
            plugins.load_plugins()
    finally:
        RULES.pop("installed-rule", None)


def test_the_example_is_a_plugin(tmp_path):
    done = command(tmp_path, "run", *SMALL, "--plugin", str(EXAMPLES / "own_rule.py"), "--rule",
                   "spike-gated", "--machine", "reference", "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "out")["rule"] == "spike-gated"
