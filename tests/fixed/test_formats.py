"""Choice of formats, errors before a run, and the range report."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.engine import FixedPoint, HostEngine
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.fixed.formats import choose_formats, weight_limit
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, LearningSignal, SymmetricFeedback
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.models.pseudo_derivatives import Arctan, PiecewiseLinear
from tests.descriptions import all_pairs, current_based, lif, network, readouts, synapses
from tests.fixed.test_fixed_engine import drive, simple


@given(size=st.floats(1e-3, 4000), plastic=st.booleans())
def test_the_chosen_format_holds_the_weights_and_no_coarser_one_is_needed(size, plastic):
    network = simple(3, 5, size, SGD(lr=0.01))
    if not plastic:
        network = replace(network, projections=(
            replace(network.projections[0], optimizer=None), network.projections[1]))
    bits = choose_formats(network).weight_bits[0]
    assert weight_limit(bits) >= size
    if not plastic and bits < 15:
        assert weight_limit(bits + 1) < size
    if plastic and bits > 2:        # room to grow: twice the weight and 1 / sqrt(fan-in)
        assert weight_limit(bits) >= 2 * size


def test_bounds_decide_where_there_are_some():
    network = simple(3, 5, 0.1)
    bounded = replace(network.projections[0], w_min=-0.5, w_max=3.0)
    network = replace(network, projections=(bounded, network.projections[1]))
    assert choose_formats(network).weight_bits[0] == 13


def test_wanted_formats_are_used_and_reported():
    network = simple(3, 5, 0.1)
    label, cells = network.projections[0].label, network.populations[1].label
    engine = HostEngine(network, "fixed", FixedPoint({label: 9}, {cells: 17}))
    engine.run(40, drive(3, 40))
    report = engine.range_report()
    assert report.projections[0].bits == 9
    assert report.projections[0].limit == pytest.approx(64, rel=1e-4)
    assert report.projections[0].resolution == 2.0 ** -9
    assert report.populations[0].bits == 17
    assert report.populations[0].signal_limit == 2.0 ** 12
    assert label in str(report)


def test_the_report_counts_weights_that_round_to_zero_or_stand_at_the_edge():
    network = simple(3, 1, np.array([0.5, 1e-5, 2.0 ** -14]))
    static = replace(network.projections[0], optimizer=None)
    engine = HostEngine(replace(network, projections=(static, network.projections[1])), "fixed")
    found = engine.range_report().projections[0]
    assert (found.bits, found.weights, found.rounded_to_zero, found.clipped) == (15, 3, 1, 0)
    assert found.largest == 0.5
    assert found.headroom == pytest.approx(1.0, abs=1e-3)
    engine.set_weights(0, np.array([weight_limit(15), 0.1, 0.1]))
    assert engine.range_report().projections[0].clipped == 1


def test_floating_point_has_no_formats():
    assert HostEngine(simple(3, 5, 0.1)).range_report() is None
    with pytest.raises(NetworkError, match="fixed"):
        HostEngine(simple(3, 5, 0.1), "float32", FixedPoint())


def changed_cells(**changes):
    network = simple(3, 5, 0.1)
    cells = replace(network.populations[1], **changes)
    return replace(network, populations=(network.populations[0], cells, network.populations[2]))


def labelled(bits):
    return FixedPoint({simple(3, 5, 0.1).projections[0].label: bits})


@pytest.mark.parametrize(("make", "wanted", "error", "words"), [
    (lambda: simple(3, 5, 9000.0), None, NetworkError, "8191"),
    (lambda: simple(3, 5, 1e-6), None, NetworkError, "round to zero"),
    (lambda: simple(3, 5, 9.3), labelled(13), NetworkError, "weight_bits=11 holds it"),
    (lambda: simple(3, 5, 1e-4), labelled(11), NetworkError, "weight_bits=15 holds them"),
    (lambda: simple(3, 5, 0.1), labelled(16), NetworkError, "from 2 to 15"),
    (lambda: simple(3, 5, 0.1), FixedPoint({"nobody": 12}), NetworkError, "nobody"),
    (lambda: simple(3, 5, 0.1, Adam(beta2=0.4)), None, UnsupportedError, "beta2"),
    (lambda: simple(3, 5, 0.1, Adam(beta1=0.9997, beta2=0.9999)), None, UnsupportedError,
     "beta1\\^2 < 0.999 beta2"),      # 0.9994 is below beta2, and above 0.999 of it
    (lambda: changed_cells(pseudo_derivative=Arctan()), None, UnsupportedError, "arctan"),
    (lambda: changed_cells(v_thresh=np.full(5, 5000.0)), None, NetworkError, "v_thresh 5000"),
    (lambda: changed_cells(v_thresh=np.full(5, 1e-3)), None, NetworkError, "too steep"),
    (lambda: replace(simple(3, 5, 0.1), settings=replace(
        simple(3, 5, 0.1).settings, boundary=Boundary.CONTINUOUS)), None, UnsupportedError,
     "boundary='reset'"),
    (lambda: replace(simple(3, 5, 0.1), populations=(
        *simple(3, 5, 0.1).populations, current_based(2, True))), None, UnsupportedError,
     "IF_curr"),
])
def test_refused_before_the_run(make, wanted, error, words):
    with pytest.raises(error, match=words):
        HostEngine(make(), "fixed", wanted)


def test_new_weights_must_fit_too():
    engine = HostEngine(simple(3, 5, 0.1), "fixed")
    with pytest.raises(NetworkError, match="does not fit"):
        engine.set_weights(0, np.full(15, 100.0))


def test_symmetric_feedback_from_too_many_readouts_is_refused():
    """The format of B would be coarser than that of the weights; B was 0 without a word."""
    most = 2 ** 14

    def mirrored(count):
        return network(
            [Sources("sources", 1), lif(1),
             readouts(count, loss=MSE(), target=np.ones((count, 5)))],
            [synapses(0, 1, [(0, 0)], 0.5, optimizer=SGD(lr=0.01)),
             synapses(1, 2, all_pairs(1, count), 0.1)],
            [LearningSignal("feedback", 2, 1, SymmetricFeedback(1))], interval_steps=5)

    assert choose_formats(mirrored(most)).feedback_bits[0] >= 0
    with pytest.raises(UnsupportedError, match=f"at most {most} readouts.*here {most + 1}"):
        HostEngine(mirrored(most + 1), "fixed")


def test_a_height_that_gives_gradients_another_format_is_refused():
    """Adam's moments have that of the network as it was built."""
    before = simple(3, 5, 0.3, Adam(lr=0.01))
    engine = HostEngine(before, "fixed")
    cells = replace(before.populations[1], pseudo_derivative=PiecewiseLinear(height=0.9))
    with pytest.raises(NetworkError, match=r"with height 0\.9 of the pseudo-derivative gradients"):
        engine.set_population(1, replace(before, populations=(
            before.populations[0], cells, *before.populations[2:])))
