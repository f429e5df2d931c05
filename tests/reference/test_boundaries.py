"""Times of arrival, and the effects of the end of an interval (docs/semantics.md)."""

import math

import numpy as np
import pytest

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, current_based, lif, network, readouts, record, spikes, synapses

T = 6
KAPPA = math.exp(-1 / 20)
RUN = 3 * T


def arrivals(post, inputs, boundary, delay, pre=None):
    """Global steps at which something arrives, read off the jumps of v or y."""
    variable = "y" if post.label == "readouts" else "v"
    net = network([pre or Sources("s", 1), post], [synapses(0, 1, [(0, 0)], 0.01, delay)],
                  interval_steps=T, boundary=boundary)
    recorded = ReferenceMachine(net).run(RUN, inputs, [record(1, variable)]).entries[0][:, 0]
    previous = np.concatenate([[0.0], recorded[:-1]])
    if boundary == Boundary.RESET:
        previous[::T] = 0.0                                  # an interval starts from 0
    jumps = recorded - KAPPA * previous
    return (np.nonzero(jumps > 0.005)[0] + 1).tolist()


@pytest.mark.parametrize("delay", [1, 2, 4, 7])
@pytest.mark.parametrize("emitted", range(2 * T))
def test_source_spikes(emitted, delay):
    """A cell receives at s + d, a readout at s + d - 1; with resets only within the interval."""
    inputs = spikes(0, (emitted, 0))
    interval = emitted // T                                  # steps 0..T-1 of it
    for post, due in ((lif(), emitted + delay), (readouts(), emitted + delay - 1)):
        within = interval * T < due <= (interval + 1) * T
        assert arrivals(post, inputs, Boundary.RESET, delay) == ([due] if within else [])
        assert arrivals(post, inputs, Boundary.CONTINUOUS, delay) == ([due] if due > 0 else [])


@pytest.mark.parametrize("cells", [lif(v_thresh=0.5), current_based(tau_m=0.05)])
@pytest.mark.parametrize("delay", [1, 2, 4, 7])
@pytest.mark.parametrize("emitted", range(1, 2 * T))
def test_cell_spikes(emitted, delay, cells):
    """As for sources, but a cell's spikes belong to steps 1..T of an interval."""
    currents = np.zeros((RUN, 1))
    # enough for one spike: v_th is 0.5, and a stock cell needs R I = 0.05 ms / 1 nF I > 15 mV
    currents[emitted - 1] = 0.55 if cells.label == "cells" else 400.0
    inputs = Inputs(currents={0: currents})
    interval = (emitted - 1) // T
    for post, due in ((lif(), emitted + delay), (readouts(), emitted + delay - 1)):
        within = interval * T < due <= (interval + 1) * T
        assert arrivals(post, inputs, Boundary.RESET, delay, cells) == ([due] if within else [])
        assert arrivals(post, inputs, Boundary.CONTINUOUS, delay, cells) == [due]


def state_after_an_interval(boundary):
    """v, a and y after step T, and the rest of a run from there."""
    net = network(
        [alif(v_thresh=0.5, beta=0.0, v_initial=0.1, a_initial=0.3, refractory_steps=4),
         readouts(y_initial=0.2, bias=0.1)],
        interval_steps=T, boundary=boundary)
    machine = ReferenceMachine(net)
    currents = np.zeros((T, 1))
    currents[T - 1] = 1.0                                    # a spike at the last step
    machine.run(T, Inputs(currents={0: currents}))
    now = {name: machine.sample(index, name)[0] for index, name in ((0, "v"), (0, "a"), (1, "y"))}
    # a sample at the end of an interval is that of its last step, before a reset
    v_end = 0.1 * KAPPA ** T + 1.0
    y_end = 0.2 * KAPPA ** T + 0.1 * (1 - KAPPA ** T) / (1 - KAPPA)
    assert now == pytest.approx({"v": v_end, "a": 0.3 * math.exp(-T / 100), "y": y_end}, rel=1e-13)
    drive = Inputs(currents={0: np.full((2, 1), 0.6)})
    recorded = machine.run(2, drive, [record(0, "spikes"), record(0, "v"), record(0, "a"),
                                      record(1, "y")]).entries
    return v_end, y_end, recorded


def test_reset_forgets_everything():
    _, _, (times, v, a, y) = state_after_an_interval(Boundary.RESET)
    # neither the reset of the spike at step T nor its refractory period reaches step 1
    assert v[0, 0] == pytest.approx(KAPPA * 0.1 + 0.6, rel=1e-14)
    assert a[0, 0] == pytest.approx(math.exp(-1 / 100) * 0.3, rel=1e-14)
    assert y[0, 0] == pytest.approx(KAPPA * 0.2 + 0.1, rel=1e-14)
    assert times[0].tolist() == [T + 1]


def test_continuous_goes_on():
    v_end, y_end, (times, v, a, y) = state_after_an_interval(Boundary.CONTINUOUS)
    assert v[0, 0] == pytest.approx(KAPPA * v_end + 0.6 - 0.5, rel=1e-14)
    assert a[0, 0] == pytest.approx(0.3 * math.exp(-(T + 1) / 100) + 1, rel=1e-14)
    assert y[0, 0] == pytest.approx(KAPPA * y_end + 0.1, rel=1e-14)
    assert times[0].tolist() == [], "the refractory period goes on"


@pytest.mark.parametrize(("boundary", "v", "y"), [
    (Boundary.RESET, 0.3, 0.4), (Boundary.CONTINUOUS, 0.1 * math.exp(-T / 20), None)])
def test_new_initial_values_count_from_the_next_reset(boundary, v, y):
    def described(v_initial, y_initial):
        return network([lif(v_initial=v_initial), readouts(y_initial=y_initial)],
                       interval_steps=T, boundary=boundary)

    machine = ReferenceMachine(described(0.0, 0.0))
    for index in (0, 1):
        machine.set_population(index, described(0.1, 0.2))
    assert machine.sample(0, "v").tolist() == [0.1], "nothing has begun yet"
    machine.run(T, Inputs())
    for index in (0, 1):
        machine.set_population(index, described(0.3, 0.4))
    assert machine.sample(0, "v")[0] == pytest.approx(0.1 * KAPPA ** T, rel=1e-13)
    machine.run(1, Inputs())
    assert machine.sample(0, "v")[0] == pytest.approx(v * KAPPA, rel=1e-13)
    assert machine.sample(1, "y")[0] == pytest.approx((y or 0.2 * KAPPA ** T) * KAPPA, rel=1e-13)


def test_without_intervals_nothing_is_ever_reset():
    machine = ReferenceMachine(network([lif(v_initial=0.5)]))
    machine.run(1000, Inputs())
    assert machine.updates == 0
    assert machine.sample(0, "v")[0] == pytest.approx(0.5 * math.exp(-1000 / 20), rel=1e-12)


def test_an_interval_starts_with_the_same_state_as_the_first():
    net = network([Sources("s", 1), lif(v_thresh=0.5, refractory_steps=2), readouts(bias=0.1)],
                  [synapses(0, 1, [(0, 0)], 0.4, 2), synapses(1, 2, [(0, 0)], 1.0, 3)],
                  interval_steps=T)
    machine = ReferenceMachine(net)
    inputs = [[(0, 0), (1, 0), (2, 0), (4, 0)], [(6, 0), (7, 0), (8, 0), (10, 0)]]
    first, second = (machine.run(T, spikes(0, *pairs), [record(1, "v"), record(2, "y")]).entries
                     for pairs in inputs)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
