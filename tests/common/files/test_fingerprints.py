"""Changes that make a network another one, and changes that a checkpoint allows."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.common.files.fingerprints import check_fingerprints, fingerprints
from pynn_eprop.errors import CheckpointError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import FixedFeedback, LearningSignal, Network, Projection, Settings
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from tests.descriptions import lif, readouts

ONES = np.ones(2)
NETWORK = Network(
    Settings(interval_steps=10),
    (Sources("clock", 3),
     lif(2, tau_m=20.0, v_thresh=1.0, refractory_steps=1),
     readouts(2, label="readout", loss=MSE(), target=np.zeros((2, 10)))),
    (Projection("in", 0, 1, np.array([0, 1]), np.array([0, 1]), ONES, np.array([1, 1]), Adam()),),
    (LearningSignal("back", 2, 1, FixedFeedback(np.eye(2))),),
)


def with_part(kind, index, **changes):
    parts = list(getattr(NETWORK, kind))
    parts[index] = replace(parts[index], **changes)
    return replace(NETWORK, **{kind: tuple(parts)})


@pytest.mark.parametrize("network", [
    NETWORK,
    replace(NETWORK, settings=replace(NETWORK.settings, threads=4)),
    with_part("populations", 2, target=np.ones((2, 20)), target_repeats=False, target_start=5),
    with_part("populations", 2, bias=ONES),
    with_part("projections", 0, weight=3 * ONES),
])
def test_what_a_script_may_change_does_not_count(network):
    check_fingerprints(fingerprints(NETWORK), network, "file")


@pytest.mark.parametrize(("network", "part"), [
    (replace(NETWORK, settings=replace(NETWORK.settings, trials_per_update=2)), "settings"),
    (with_part("populations", 0, size=4), r"population 0 \(clock\)"),
    (with_part("populations", 1, tau_m=np.array([20.0, 21.0])), r"population 1 \(cells\)"),
    (with_part("populations", 1, pseudo_derivative=PiecewiseLinear(0.2)), "population 1"),
    (with_part("populations", 2, loss=None), r"population 2 \(readout\)"),
    (with_part("projections", 0, post_index=np.array([1, 0])), r"projection 0 \(in\)"),
    (with_part("projections", 0, delay=np.array([1, 2])), "projection 0"),
    (with_part("projections", 0, optimizer=SGD()), "projection 0"),
    (with_part("learning_signals", 0, feedback=FixedFeedback(np.ones((2, 2)))),
     r"learning signal 0 \(back\)"),
])
def test_another_network_is_refused_by_the_part_that_differs(network, part):
    with pytest.raises(CheckpointError, match=f"file belongs to another network: {part}.* differs"):
        check_fingerprints(fingerprints(NETWORK), network, "file")


def test_missing_and_further_parts_are_named():
    smaller = replace(NETWORK, learning_signals=())
    with pytest.raises(CheckpointError, match=r"has a learning signal 0 \(back\), which is miss"):
        check_fingerprints(fingerprints(NETWORK), smaller, "file")
    with pytest.raises(CheckpointError, match=r"there is no learning signal 0 \(back\) in it"):
        check_fingerprints(fingerprints(smaller), NETWORK, "file")
