"""Plans of networks: what must fit together, and the same plan without learning."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop import SGD, Adam, TruncatedTraces
from pynn_eprop.errors import TaskError
from pynn_eprop.tasks import (
    CellsPlan,
    FeedbackPlan,
    InputPlan,
    NetworkPlan,
    ReadoutPlan,
    SynapsesPlan,
    find_feedback,
)

RANDOM = find_feedback("random")
TARGET = np.zeros((2, 10))
SYNAPSES = SynapsesPlan("in", "inputs", "cells", np.ones((3, 4)))
OUT = SynapsesPlan("out", "cells", "readout", np.ones((4, 2)))
FEEDBACK = FeedbackPlan("feedback", "readout", "cells", RANDOM, np.ones((2, 4)), 0.5)


def plan(**changes):
    """Three inputs, four cells, two readouts, trials of ten steps."""
    parts = {"timestep": 1.0, "interval": 10.0, "trials_per_update": 1,
             "inputs": (InputPlan("inputs", 3),), "cells": (CellsPlan("cells", "EPropLIF", 4, {}),),
             "readouts": (ReadoutPlan("readout", 2, {}, "mse", TARGET),),
             "synapses": (SYNAPSES, OUT), "feedback": (FEEDBACK,), "optimizer": Adam(lr=0.1)}
    return NetworkPlan(**(parts | changes))


@pytest.mark.parametrize(("changes", "message"), [
    ({"inputs": (InputPlan("cells", 3),)}, "two populations have the label 'cells'"),
    ({"synapses": (SYNAPSES, SYNAPSES)}, "two projections have the label 'in'"),
    ({"synapses": (replace(SYNAPSES, pre="nobody"),)},
     r"synapses 'in': pre='nobody' is none of \['inputs', 'cells', 'readout'\]"),
    ({"synapses": (replace(SYNAPSES, post="inputs"),)},
     r"synapses 'in': post='inputs' is none of \['cells', 'readout'\]"),
    ({"synapses": (replace(SYNAPSES, weight=np.ones((4, 3))),)},
     r"weight of synapses 'in' has the shape \(4, 3\), not \(3, 4\)"),
    ({"feedback": (replace(FEEDBACK, source="cells"),)},
     r"feedback 'feedback': source='cells' is none of \['readout'\]"),
    ({"feedback": (replace(FEEDBACK, weight=np.ones((4, 2))),)},
     r"weight of feedback 'feedback' has the shape \(4, 2\), not \(2, 4\)"),
    ({"readouts": (ReadoutPlan("readout", 2, {}, "mse", TARGET[:, :9]),)},
     r"target of readouts 'readout' has the shape \(2, 9\), not \(2, 10\)"),
    ({"readouts": (), "synapses": (SYNAPSES,), "feedback": ()}, "it has no readouts"),
])
def test_parts_that_do_not_fit_are_refused(changes, message):
    plan()
    with pytest.raises(TaskError, match=message):
        plan(**changes)


def test_optimiser_and_rule_are_the_networks_unless_synapses_have_their_own():
    own = replace(OUT, label="own", optimizer=SGD(lr=0.5), rule=TruncatedTraces())
    still = replace(OUT, label="still", plastic=False)
    network = plan(synapses=(SYNAPSES, own, still))
    assert [network.optimizer_of(each) for each in network.synapses] == [
        Adam(lr=0.1), SGD(lr=0.5), None]
    assert [network.rule_of(each).name for each in network.synapses] == [
        "e-prop", "truncated-traces", "e-prop"]
    changed = network.with_optimizers(lambda optimizer: replace(optimizer, lr=2.0))
    assert [changed.optimizer_of(each) for each in changed.synapses] == [
        Adam(lr=2.0), SGD(lr=2.0), None]
    stays = network.without_learning()
    assert {stays.optimizer_of(each) for each in stays.synapses} == {None}
    assert all(after.weight is before.weight for after, before in
               zip(stays.synapses, network.synapses, strict=True))


def test_the_weights_of_a_comparison_are_counted_by_pairs():
    assert plan().most_synapses == 3 * 4 + 4 * 2
    assert plan(synapses=(replace(SYNAPSES, weight=0.5), OUT)).most_synapses == 20
