"""Epochs: when validations are due, whose weights are kept, and when training ends early."""

from types import SimpleNamespace

import numpy as np
import pytest

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.epochs import (
    Epochs,
    SetAnswers,
    answers_to_tests,
    check_epochs,
    stopped_early,
)
from pynn_eprop.experiments.history import Epoch, History
from pynn_eprop.tasks import Responses
from pynn_eprop.tasks.epoch_task import EpochTask, accuracies, wrong_fraction

#: answers to two classes, by batch: 3 of 5, 2 of 2
COUNTS = {"validation": [[[2, 1], [1, 1]], [[1, 0], [0, 1]]], "test": [[[0, 3], [0, 1]]],
          "held_out": [[[1, 0], [0, 0]]]}


class Scripted:
    """The part of a task in epochs that epochs ask."""

    name = "scripted"
    epoch_updates, patience = 4, 2
    classes, test_sets = ("one", "other"), ("test", "held_out")

    def n_batches(self, name):
        return len(COUNTS[name])

    def draw_batch(self, name, batch):
        return SimpleNamespace(name=name, batch=batch)

    def count_answers(self, y, trials):
        return np.array(COUNTS[trials.name][trials.batch])


def play(trials):
    return Responses(np.array([1.0 + trials.batch]))


def history(updates, *wrong):
    """After so many updates, with (update, wrong of 10) of each epoch."""
    return History(error=[0.0] * updates,
                   epochs=[Epoch(update, bad, 10, 0.0) for update, bad in wrong])


@pytest.mark.parametrize(("changes", "message"), [
    ({"epoch_updates": 0}, "task 'scripted': epoch_updates=0 must be a whole number >= 1"),
    ({"patience": 0}, "task 'scripted': patience=0 must be a whole number >= 1"),
    ({"n_batches": lambda name: 0}, "its set 'validation' is empty, .*; give it trials$"),
    ({"n_batches": lambda name: int(name != "held_out")},
     "its set 'held_out' is empty, .*; give it trials, or leave it out of test_sets"),
])
def test_epochs_that_cannot_be_are_refused(changes, message):
    task = Scripted()
    check_epochs(task)
    vars(task).update(changes)
    with pytest.raises(TaskError, match=message):
        check_epochs(task)


def test_a_set_is_answered_batch_by_batch():
    answers = SetAnswers(Scripted(), "validation")
    answers.advance(play)
    assert not answers.complete
    answers.advance(play)
    assert answers.complete
    assert answers.answers.tolist() == [[3, 1], [1, 2]]
    # 2 of 7 wrong; the mean of the losses 1 and 2
    assert answers.as_epoch(8) == Epoch(8, 2, 7, 1.5)


def test_test_sets_are_answered_in_turn():
    seen = [sorted(so_far) for so_far in answers_to_tests(Scripted(), play)]
    assert seen == [["test"], ["held_out", "test"]]
    last = list(answers_to_tests(Scripted(), play))[-1]
    assert last["test"].tolist() == [[0, 3], [0, 1]]


@pytest.mark.parametrize(("updates", "entered", "due"), [
    (0, [], False), (3, [], False), (4, [], True), (4, [(4, 1)], False), (5, [(4, 1)], False),
    (8, [(4, 1)], True), (10, [(4, 1), (8, 1)], True), (11, [(4, 1), (8, 1)], True),
    (10, [(4, 1), (8, 1), (10, 1)], False)])
def test_a_validation_is_due_after_each_epoch_and_at_the_end(updates, entered, due):
    assert Epochs(Scripted(), history(updates, *entered), n_updates=10).due is due


def test_an_epoch_is_entered_with_the_last_batch_of_its_validation():
    found = history(4)
    epochs = Epochs(Scripted(), found, 10)
    epochs.validate(play)
    assert found.epochs == [] and epochs.due
    epochs.validate(play)
    assert found.epochs == [Epoch(4, 2, 7, 1.5)] and not epochs.due


def test_the_first_of_the_best_is_the_result():
    assert history(12, (4, 3), (8, 2), (12, 2)).best_epoch.update == 8
    assert History().best_epoch is None


def test_weights_are_kept_that_a_longer_training_may_need():
    # the shorter last epoch is the best one; it is forgotten when the training goes on
    found = history(10, (4, 3), (8, 4), (10, 2))
    epochs = Epochs(Scripted(), found, 10)
    assert epochs.kept == {4, 10}
    epochs.go_on()
    assert [each.update for each in found.epochs] == [4, 8]
    assert epochs.kept == {4}


@pytest.mark.parametrize(("entered", "ends"), [
    ([], False), ([(4, 3), (8, 4)], False), ([(4, 3), (8, 4), (12, 3)], True),
    ([(4, 3), (8, 2), (12, 3)], False),
    ([(4, 3), (8, 4), (10, 5)], False)])        # the last is not a whole epoch
def test_training_ends_after_epochs_without_improvement(entered, ends):
    assert stopped_early(Scripted(), history(12, *entered)) is ends


def test_a_history_with_epochs_is_kept_in_json_and_csv():
    found = history(5, (4, 3))
    found.loss = [1.0] * 5
    assert History.from_dict(found.as_dict()) == found
    fields = {name: value for name, value in History().as_dict().items() if name != "epochs"}
    assert History.from_dict(fields).epochs == []       # of a folder from before there were any
    rows = found.to_csv().splitlines()
    assert rows[0] == "update,error,loss,validation_error,validation_loss"
    assert rows[3:] == ["3,0.0,1.0,,", "4,0.0,1.0,0.3,0.0", "5,0.0,1.0,,"]


def test_wrong_fractions_are_off_the_diagonal():
    assert wrong_fraction(np.array([[3, 1], [1, 2]])) == 2 / 7
    assert wrong_fraction(np.zeros((2, 2))) == 0.0
    assert EpochTask.training_errors(
        Scripted(), Responses(np.zeros(1)), SimpleNamespace(name="validation", batch=0), 1) == [0.4]


def test_accuracies_as_a_phrase():
    results = {"accuracy_validation": 0.5, "accuracy_held_out": 0.25, "accuracy_by_class": {}}
    assert accuracies(results) == "0.500 (validation), 0.250 (held out)"
