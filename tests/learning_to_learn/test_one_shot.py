"""The inner loop as a script: backends agree with each other, and with the outer loop."""

import importlib

import jax
import numpy as np
import pytest

from pynn_eprop import host
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.families.trial import INPUT, LEARNER, OUTPUT
from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from pynn_eprop.learning_to_learn.outer_loss import OuterLoss
from tests.learning_to_learn.families import untrained

FLOAT64 = {"host": {"precision": "float64"}, "reference": {"machine": "reference"},
           "jax": {"precision": "float64"}, "brian2": {}}


def one_shot(learned, tasks, name, setup, watch=False):
    sim = importlib.import_module(f"pynn_eprop.{name}")
    network = OneShotNetwork(sim, learned, tasks["goal"], 1, setup, watch)
    found = []
    for _ in range(len(tasks["goal"])):
        trials = network.learn_next()
        found.append((*trials, network.changed_weights()))
    network.end()
    return found


@pytest.mark.parametrize(("name", "module", "rule"), [
    *((name, "spiking", "e-prop") for name in FLOAT64),
    *((name, "linear", "e-prop") for name in ("host", "brian2")),
    *((name, "spiking", "truncated-traces") for name in ("host", "jax"))])
def test_backends_do_what_the_outer_loop_does(name, module, rule):
    learned = untrained(module, rule)
    family = learned.family
    tasks = family.draw(3, np.random.default_rng(5))
    found = one_shot(learned, tasks, "host" if name == "reference" else name, FLOAT64[name])
    with jax.enable_x64(True):
        loss = OuterLoss(family, learned.module, rule_named(rule), "float64")
        parameters = {"learner": learned.learner_weights, "module": learned.module_weights}
        activity = loss.training_trial(parameters)
        tests = loss.test_trials(parameters, tasks)["of_tasks"]
        for number, (training, test, weights) in enumerate(found):
            task = {key: rows[number] for key, rows in tasks.items()}
            changed = loss.changed(parameters, activity, task)[0]["weights"]
            for weight, expected in zip(weights.values(), changed, strict=False):
                there = ~np.isnan(weight)
                np.testing.assert_allclose(weight[there], np.asarray(expected)[there], rtol=0,
                                           atol=1e-9)
            np.testing.assert_allclose(training.y[OUTPUT],
                                       activity["y"][loss.wiring.index(OUTPUT)], atol=1e-9)
            assert family.error(test.y[OUTPUT], task, np) == pytest.approx(
                float(tests["error"][number]), abs=1e-9)
            assert family.error(training.y[OUTPUT], task, np) == pytest.approx(
                float(tests["error_before"][number]), abs=1e-9)
    assert np.abs(found[0][2]["input"] - learned.learner_weights["input"]).max() > 1e-6


def test_a_goal_may_be_of_true_and_false():
    learned = untrained()
    goals = np.random.default_rng(5).random((1, learned.family.steps, 2)) > 0.5
    found = []
    for each in (goals, goals.astype(float)):
        network = OneShotNetwork(host, learned, each, 1, {})
        network.learn_next()
        found.append(network.changed_weights()["input"])
        network.end()
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("setup", [{"precision": "float32"}, {"precision": "fixed"}])
def test_other_precisions_are_near(setup):
    learned = untrained()
    tasks = learned.family.draw(2, np.random.default_rng(5))
    exact, near = (one_shot(learned, tasks, "host", each)
                   for each in ({"precision": "float64"}, setup))
    for (*_, weights), (*_, others) in zip(exact, near, strict=True):
        for name in weights:
            change = np.nanmax(np.abs(weights[name] - learned.learner_weights[name]))
            assert np.nanmax(np.abs(weights[name] - others[name])) < 0.02 * change


def test_all_that_figures_show_is_recorded():
    learned = untrained()
    family = learned.family
    tasks = family.draw(1, np.random.default_rng(5))
    (training, test, _), = one_shot(learned, tasks, "host", {}, watch=True)
    for trial in (training, test):
        assert set(trial.spikes) == {INPUT, LEARNER, "module"}
        assert trial.y[OUTPUT].shape == (family.steps, 2)
        assert trial.y["signals"].shape == (family.steps, family.n_neurons)
        times, cells = trial.spikes[INPUT]
        expected = sorted((time, cell) for cell, each in enumerate(family.clock())
                          for time in each)
        assert sorted(zip(times, cells, strict=True)) == expected
        assert len(trial.spikes["module"][0]) and np.abs(trial.y["signals"]).max() > 0
    assert set(one_shot(learned, tasks, "host", {})[0][0].y) == {OUTPUT}


@pytest.mark.parametrize("module", ["none", "output-error"])
def test_modules_that_are_no_networks_are_refused(module):
    learned = untrained(module)
    with pytest.raises(UnsupportedError, match=f"error module '{module}' is no network"):
        one_shot(learned, learned.family.draw(1, np.random.default_rng(1)), "host", {})
