"""The training loop: when a task counts as solved, and what learns when."""

from types import SimpleNamespace

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.experiments.training import Training
from pynn_eprop.tasks import Responses, StoreRecall


class ScriptedTask(StoreRecall):
    """Store-recall whose answers are given: wrong ones of 100, by update and batch."""

    script: dict[tuple[int, int], int]

    def training_trials(self, seed, first_update, n_updates):
        return SimpleNamespace(kind="training", update=first_update + 1, batch=None,
                               n_trials=n_updates)

    def draw_validation(self, seed, update, batch=0):
        return SimpleNamespace(kind="validation", update=update, batch=batch)

    def count_wrong(self, y, trials):
        return (0 if trials.kind == "training" else self.script[trials.update, trials.batch]), 100


class RecordingNetwork:
    """Notes which trials are run with learning on."""

    def __init__(self):
        self.learning = True
        self.runs = []
        self.sim = SimpleNamespace(set_learning=lambda on: setattr(self, "learning", on))

    def record(self, *variables):
        self.recorded = variables

    def run(self, trials):
        self.runs.append((trials.kind, trials.update, trials.batch, self.learning))

    def take(self):
        return Responses(np.zeros(1), {"readout": np.zeros((1, 2))})


def train(script, updates, **options):
    task = ScriptedTask(trials_per_update=1, confirmation_answers=250)
    object.__setattr__(task, "script", script)
    network = RecordingNetwork()
    configuration = Configuration("store-recall", updates=updates, **options)
    training = Training(network, task, configuration, History())
    while not training.finished:
        training.advance(updates)
    return training.history, network.runs


def test_a_lucky_small_validation_is_not_enough():
    # update 1: 2% of 100, but 10% of the 300 fresh ones; update 2: 7%; update 3: 4% and 4.3%
    script = {(1, 0): 2, (1, 1): 10, (1, 2): 10, (1, 3): 10, (2, 0): 7,
              (3, 0): 4, (3, 1): 4, (3, 2): 5, (3, 3): 4}
    history, _ = train(script, updates=9)
    assert history.solved_after == 3
    assert history.confirmations == [(1, 30, 300), (3, 13, 300)]
    assert history.error == [0.02, 0.07, 0.04]


def test_five_per_cent_is_not_below_five_per_cent():
    history, _ = train({(1, 0): 5, (2, 0): 4, (2, 1): 5, (2, 2): 5, (2, 3): 5}, updates=2)
    assert history.solved_after is None
    assert history.confirmations == [(2, 15, 300)]


def test_validations_run_with_learning_off_and_training_with_it_on():
    script = {(1, 0): 0, (1, 1): 9, (1, 2): 9, (1, 3): 9, (2, 0): 50}
    _, runs = train(script, updates=2)
    assert runs == [("training", 1, None, True), ("validation", 1, 0, False),
                    ("validation", 1, 1, False), ("validation", 1, 2, False),
                    ("validation", 1, 3, False),
                    ("training", 2, None, True), ("validation", 2, 0, False)]


def test_training_goes_on_after_solving_where_asked_for():
    script = {(1, 0): 0, (1, 1): 0, (1, 2): 0, (1, 3): 0, (2, 0): 30, (3, 0): 1}
    history, _ = train(script, updates=3, keep_training=True)
    assert history.solved_after == 1
    assert history.error == [0.0, 0.3, 0.01]
    assert history.confirmations == [(1, 0, 300)]


def build(configuration):
    task = configuration.build_task()
    plan = task.network(configuration.seed, configuration.build_feedback(),
                        configuration.recurrent)
    network = TaskNetwork(sim, plan, configuration.seed, {"precision": configuration.precision})
    return Training(network, task, configuration, History()), network


def train_until_finished(configuration):
    training, network = build(configuration)
    while not training.finished:
        training.advance(configuration.n_updates)
    weights = {label: np.array(projection.get("weight", format="array"))
               for label, projection in network.projections.items()}
    sim.end()
    return training.history, weights


@pytest.mark.parametrize(("task", "options"), [
    ("pattern-generation", {"neurons": 8, "parameters": (("interval", 200.0),)}),
    ("pattern-generation", {"neurons": 8, "feedback": "symmetric", "recurrent": False,
                            "parameters": (("interval", 200.0),)}),
    ("store-recall", {"neurons": 4, "parameters": (
        ("trials_per_update", 2), ("validation_trials", 2), ("n_periods", 6), ("period", 50.0),
        ("p_command", 0.5))}),
])
def test_the_engine_trains_like_the_reference(task, options):
    # two independent implementations of the same rule, from the same script
    options = {"updates": 3, "seed": 5} | options
    expected, expected_weights = train_until_finished(
        Configuration(task, machine="reference", **options))
    found, weights = train_until_finished(Configuration(task, precision="float64", **options))
    assert found.error == pytest.approx(expected.error, rel=1e-9)
    assert found.loss == pytest.approx(expected.loss, rel=1e-9)
    for label, weight in weights.items():
        assert np.allclose(weight, expected_weights[label], rtol=1e-8, atol=1e-12, equal_nan=True)


def test_chunks_do_not_change_the_result():
    configuration = Configuration("pattern-generation", neurons=10, updates=12)
    whole, whole_weights = train_until_finished(configuration)
    training, network = build(configuration)
    for limit in range(1, 13):
        training.advance(limit)
    weight = network.projections["cells_to_cells"].get("weight", format="array")
    sim.end()
    assert training.history.error == whole.error
    assert np.array_equal(weight, whole_weights["cells_to_cells"], equal_nan=True)


def test_validation_leaves_the_weights_alone():
    parameters = (("trials_per_update", 2), ("n_periods", 6))
    small, few = (train_until_finished(Configuration(
        "store-recall", neurons=6, updates=3, keep_training=True,
        parameters=(*parameters, ("validation_trials", trials)))) for trials in (1, 7))
    for label, weight in small[1].items():
        assert np.array_equal(weight, few[1][label], equal_nan=True)
