"""Numbers that fixed point changes: what acts, when a script is warned, and whether remedies help.

Expected values are closed forms: a weight w with s bits after the point acts as round(w 2^s) / 2^s,
and what a state of v = 0 takes in one step is what acts.
"""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pynn_eprop.host as sim
from pynn_eprop import SGD, Adam, FixedPoint
from pynn_eprop.errors import FixedPointWarning, NetworkError, UnsupportedError
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.fixed.numbers import acting_weights
from pynn_eprop.fixed.rounding import measure, sum_errors
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.tasks.feedback import FEEDBACKS
from pynn_eprop.tasks.pattern_generation import PatternGeneration
from pynn_eprop.tasks.store_recall import StoreRecall
from tests.fixed.rounded_scripts import (
    INTERVAL,
    acts,
    first_input,
    one_to_one,
    warned,
    weak_beside_strong,
)

UNIT = 2.0 ** -15
FIXED = {"precision": "fixed"}


@given(st.lists(st.floats(-7.9, 7.9), min_size=1, max_size=50), st.integers(2, 12))
def test_measures_are_sums_over_the_numbers(weights, bits):
    weight = np.array(weights)
    acting = acting_weights(weight, bits)
    assert np.all(np.abs(acting - weight) <= (0.5 + 2.0 ** -16) * 2.0 ** -bits)
    found, given_ = measure(weight, acting), weight[weight != 0]
    assert found.given == len(given_)
    assert found.to_zero == sum(value == 0 for value in acting[weight != 0])
    assert found.off == sum(abs(a - w) > 0.1 * abs(w) for a, w in zip(acting, weight, strict=True)
                            if w)
    if len(given_):
        share = sum_errors(np.zeros(len(weight), int), weight, acting)
        assert share == pytest.approx(np.abs(acting - weight).sum() / np.abs(weight).sum())


def test_acting_weights_are_what_arrives_before_and_after_learning():
    weight = np.array([0.3, -0.2, 1.6e-5, 1e-5, -UNIT / 2, 0.0, 0.7])
    network = one_to_one(sim, weight, **FIXED)
    before, after, *arrived = acts(network)
    np.testing.assert_array_equal(before, arrived[0])
    np.testing.assert_array_equal(after, arrived[1])
    bits = sim.range_report().projections[0].bits
    np.testing.assert_array_equal(before, np.floor(weight * 2.0 ** bits + 0.5) * 2.0 ** -bits)
    learned, now = (np.array(network["in"].get(name, "list", with_address=False))
                    for name in ("weight", "acting_weight"))
    assert np.any(after != before) and np.any(learned != now)
    np.testing.assert_allclose(learned, now, rtol=0, atol=(0.5 + 2.0 ** -16) * 2.0 ** -bits)
    assert network["in"][0].acting_weight == now[0]


def test_acting_weights_of_learning_signals():
    network = one_to_one(sim, np.array([0.3, 0.2]), **FIXED)
    assert network["feedback"].get("acting_weight", "array") == pytest.approx(0.3, abs=2.0 ** -29)
    cells, readout = network["cells"], network["feedback"].pre
    out = sim.Projection(cells, readout, sim.AllToAllConnector(),
                         sim.EPropSynapse(weight=0.1), label="out")
    mirror = sim.Projection(readout, cells, sim.AllToAllConnector(),
                            sim.LearningSignal(symmetric=True), receptor_type="learning_signal")
    window = sim.Projection(readout, cells, sim.AllToAllConnector(),
                            sim.LearningSignal(window=2.0, weight=0.1),
                            receptor_type="learning_signal", label="window")
    np.testing.assert_array_equal(mirror.get("acting_weight", "array"),
                                  out.get("acting_weight", "array").T)
    with pytest.raises(UnsupportedError, match=r"window: .* drawn for each window"):
        window.get("acting_weight", "array")


def test_a_strong_weight_beside_weak_ones():
    network = weak_beside_strong(sim, 2e-4, 8.0, **FIXED)
    said, = warned(lambda: sim.run(INTERVAL))
    # 8 needs s = 11: 2e-4 is 0.41 units; 59 of them are 0.15% of what a cell gets
    assert "input: in fixed point 177 of 180 weights act as zero and 177 are off by more" in said
    assert "0.0002 acts as 0, the largest relative error: 100%" in said
    assert "the summed input of 0 of 3 cells of cells is off by more than 1% (the most: 0.147%)" \
        in said
    assert first_input(network) == 8.0
    report = sim.range_report().projections[0]
    assert (report.weights, report.rounded_to_zero, report.off) == (180, 177, 177)
    assert report.input_error == pytest.approx(59 * 2e-4 / (8 + 59 * 2e-4), rel=1e-4)
    assert "177" in str(sim.range_report()) and "input" in str(sim.range_report())


def test_weights_of_half_a_unit():
    network = weak_beside_strong(sim, 1.6e-5, None, **FIXED)
    said, = warned(lambda: sim.run(INTERVAL))
    assert "0 of 180 weights act as zero and 180 are off by more than 10% (1.6e-05 acts as " \
        "3.05176e-05, the largest relative error: 90.7%)" in said
    assert "3 of 3 cells of cells is off by more than 1% (the most: 90.7%)" in said
    assert first_input(network) == 60 * UNIT
    report = sim.range_report().projections[0]
    assert (report.rounded_to_zero, report.off) == (0, 180)
    assert report.input_error == pytest.approx(UNIT / 1.6e-5 - 1, rel=1e-4)


@pytest.mark.parametrize(("weak", "strong", "wanted", "split"), [
    (2e-4, 8.0, None, True),            # both: 2e-4 is 6.55 units of the finest format
    (7e-4, 8.0, None, True),            # a projection of their own is enough
    (1.6e-5, None, None, False),        # scaling is enough
    (3e-3, 0.5, {"input": 9}, False),   # a finer format is enough
])
def test_the_remedy_that_is_named_helps(weak, strong, wanted, split):
    """After doing what the sentence advises there is no warning, and the input is right to 1%."""
    options = {} if wanted is None else {"fixed_point": FixedPoint(weight_bits=wanted)}
    weak_beside_strong(sim, weak, strong, **FIXED, **options)
    said, = warned(lambda: sim.run(INTERVAL))
    factor = re.search(r"cale all weights to cells, .* up by (\d+): its spikes", said)
    bits = re.search(r"FixedPoint\(weight_bits=\{'input': (\d+)\}\)", said)
    assert ("projection of their own" in said) == split
    assert bool(bits) == (wanted is not None)
    scale = float(factor[1]) if factor else 1.0
    better = {"fixed_point": FixedPoint(weight_bits={"input": int(bits[1])})} if bits else {}
    network = weak_beside_strong(sim, weak, strong, split=split, factor=scale, **FIXED, **better)
    assert warned(lambda: sim.run(INTERVAL)) == []
    weak_sources = 60 if strong is None or split else 59
    expected = (weak_sources * weak + (strong or 0.0)) * scale
    assert first_input(network) == pytest.approx(expected, rel=0.01)
    assert first_input(network) - (strong or 0.0) * scale \
        == pytest.approx(weak_sources * weak * scale, rel=0.01)


def test_a_network_scaled_up_spikes_alike_and_learns_alike():
    """Adam's step is the same share of the weights; so are the spikes (docs/fixed_point.md)."""
    def run(factor, precision):
        sim.setup(timestep=1.0, update_interval=100.0, precision=precision)
        sources = sim.Population(10, sim.SpikeSourceArray(
            spike_times=[list(range(k, 300, 11)) for k in range(10)]))
        cells = sim.Population(4, sim.EPropLIF(v_thresh=0.002 * factor, tau_refrac=3.0))
        readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, 100))))
        weight = np.random.default_rng(1).normal(6e-4, 3e-4, (10, 4)) * factor
        projection = sim.Projection(sources, cells, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=weight, optimizer=Adam(lr=1e-5 * factor)), label="in")
        sim.Projection(cells, readout, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=0.1, optimizer=None))
        sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.5),
                       receptor_type="learning_signal")
        cells.record("spikes")
        sim.run(300.0)
        trains = cells.get_data().segments[0].spiketrains
        return [train.magnitude.tolist() for train in trains], \
            projection.get("weight", "array") / factor

    spikes, weights = run(1.0, "float64")
    scaled_spikes, scaled_weights = run(512.0, "fixed")
    assert sum(map(len, spikes)) > 50
    assert scaled_spikes == spikes
    np.testing.assert_allclose(scaled_weights, weights, rtol=0, atol=2e-6)


def build(weight=0.3, optimizer=None, cells=None, initial=None, target=1.0, readout=None,
          feedback=1.0, current=None, model="EPropALIF"):
    """Four sources, three cells and a readout."""
    sim.setup(timestep=1.0, update_interval=50.0, **FIXED)
    sources = sim.Population(4, sim.SpikeSourceArray(spike_times=[5.0]), label="sources")
    population = sim.Population(3, getattr(sim, model)(**(cells or {})), label="cells")
    population.initialize(**(initial or {}))
    out = sim.Population(1, sim.EPropReadout(
        target=np.full((1, 50), target), **(readout or {})), label="readout")
    synapse = sim.EPropSynapse(weight=weight, optimizer=optimizer or Adam())
    projection = sim.Projection(sources, population, sim.AllToAllConnector(), synapse, label="in")
    sim.Projection(population, out, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.3),
                   label="out")
    sim.Projection(out, population, sim.AllToAllConnector(), sim.LearningSignal(weight=feedback),
                   receptor_type="learning_signal", label="feedback")
    if current is not None:
        sim.DCSource(amplitude=current).inject_into(population)
    population.record("v")
    return population, projection, out


@pytest.mark.parametrize(("changes", "words"), [
    ({"cells": {"v_thresh": 5e-4, "pseudo_derivative": PiecewiseLinear(0.3, 20.0)}},
     "cells: v_thresh=0.0005 acts as 0.000488281"),
    ({"cells": {"pseudo_derivative": PiecewiseLinear(1e-5, 1.0)}},
     "cells: height of the pseudo-derivative=1e-05 acts as 1.52588e-05"),
    ({"cells": {"tau_m": 2000.0}}, "cells: tau_m=2000 ms .* v rounds to nothing below 0.0305"),
    ({"cells": {"tau_a": 1e6}}, "cells: tau_a=1e.06 ms is long .* of v_thresh / beta"),
    ({"cells": {"beta": 1e-9}}, "cells: 3 of 3 values of beta act as zero"),
    ({"cells": {"c_reg": 1e-9}}, "cells: c_reg is small"),
    ({"initial": {"v": 1e-5}}, "cells: 3 of 3 initial values of v act as zero"),
    ({"initial": {"a": 1e-7}}, "cells: 3 of 3 initial values of a act as zero"),
    ({"target": 1e-3, "readout": {"bias": 1e-5}}, "readout: 1 of 1 biases act as zero"),
    ({"readout": {"tau_m": 3000.0}}, "readout: tau_m=3000 ms is long .* of the largest target"),
    ({"target": 4e-5}, "readout: 0 of 50 values of the target act as zero in fixed point, 50 are"),
    ({"optimizer": Adam(lr=1e-10)}, "in: lr=1e-10 is small .* rounds to no change at all"),
    ({"optimizer": SGD(lr=1e-16)}, "in: lr=1e-16 is small .* rounds to no change at all"),
    ({"feedback": 1e-7}, "feedback .to cells.: the learning signals of 3 of 3 cells are off"),
    ({"current": 1e-5}, "cells: the injected currents of 3 cells .* 1e-05 acts as 0"),
])
def test_every_number_that_changes_much_is_named_before_the_run(changes, words):
    build(**changes)
    said = warned(lambda: sim.run(50.0))
    assert any(re.match(words, sentence) for sentence in said), said
    assert warned(lambda: sim.run(50.0)) == []


def test_what_the_sentences_say_is_what_the_engine_does():
    """A state below 2^-16 / (1 - alpha) does not decay; small steps and signals change nothing."""
    leak = 1.0 - np.exp(-1.0 / 2000.0)
    stuck = np.floor(0.5 / leak) * UNIT
    cells, _, _ = build(weight=0.0, cells={"tau_m": 2000.0}, initial={"v": stuck})
    warned(lambda: sim.run(50.0))
    v = cells.get_data("v").segments[0].analogsignals[0].magnitude[:50]
    assert np.all(v == stuck)
    for changes in ({"optimizer": Adam(lr=1e-10)}, {"optimizer": SGD(lr=1e-16)},
                    {"feedback": 1e-7}):
        _, projection, _ = build(**changes)
        before = projection.get("weight", "array")
        warned(lambda: sim.run(200.0))
        np.testing.assert_allclose(projection.get("weight", "array"), before, rtol=0, atol=1e-9)
    _, projection, _ = build()
    warned(lambda: sim.run(200.0))
    assert np.all(projection.get("weight", "array") != 0.3)


def test_weights_set_later_are_looked_at_once_for_each_set(tmp_path):
    slow = SGD(lr=1e-9)
    build(optimizer=slow)
    sim.save_weights(tmp_path / "good")
    _, projection, out = build(optimizer=slow)
    weak = np.full((4, 3), 1e-4)
    weak[0] = 0.3
    assert warned(lambda: sim.run(50.0)) == []
    projection.set(weight=weak)
    said = warned(lambda: sim.run(50.0))
    assert len(said) == 1 and "9 are off by more than 10%" in said[0]
    projection.set(weight=weak)
    assert warned(lambda: sim.run(50.0)) == []
    projection.set(weight=weak * 0.5)
    assert len(warned(lambda: sim.run(50.0))) == 1
    sim.save_weights(tmp_path / "bad")
    sim.load_weights(tmp_path / "good")
    assert warned(lambda: sim.run(50.0)) == []
    sim.reset()
    assert warned(lambda: sim.run(50.0)) == []
    sim.reset()
    projection.set(weight=weak * 2.0 ** -4)
    assert len(warned(lambda: sim.run(50.0))) == 1
    out.set(bias=1e-6)
    assert len(warned(lambda: sim.run(50.0))) == 1
    build(optimizer=slow)
    sim.load_weights(tmp_path / "bad")
    assert len(warned(lambda: sim.run(50.0))) == 1


def test_a_few_small_weights_among_many_are_no_reason_to_warn():
    weight = np.random.default_rng(3).normal(0.0, 0.3, (4, 3))
    weight[2, 1] = 1e-9
    build(weight=weight)
    assert len(warned(lambda: sim.run(50.0))) == 1      # one of 12 is more than a twentieth
    sim.setup(timestep=1.0, update_interval=20.0, **FIXED)
    cells = sim.Population(40, sim.EPropLIF(), label="cells")
    many = np.random.default_rng(3).normal(0.0, 0.3, (40, 40))
    many[5, :3] = 1e-9
    sim.Projection(cells, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=many, optimizer=None))
    assert warned(lambda: sim.run(20.0)) == []
    assert sim.range_report().projections[0].rounded_to_zero == 3


@pytest.mark.parametrize("feedback", ["random", "symmetric", "window-20ms"])
@pytest.mark.parametrize("task", [PatternGeneration(), StoreRecall()], ids=lambda task: task.name)
def test_the_tasks_of_the_paper_have_numbers_that_fixed_point_resolves(task, feedback):
    network = TaskNetwork(sim, task.network(1, FEEDBACKS[feedback]), 1, FIXED)
    network.present(task.training_trials(1, 0, 1))
    assert warned(lambda: sim.run(10.0)) == []
    report = sim.range_report()
    assert max(part.off / part.weights for part in report.projections) < 0.02
    assert max(part.input_error for part in report.projections) < 1e-3


def test_equal_labels_are_numbered_and_none_is_cut():
    sim.setup(timestep=1.0, update_interval=20.0, **FIXED)
    long = "from the first population of sources to the second one of cells"
    cells = sim.Population(2, sim.EPropLIF(), label="cells")
    for weight in (8.0, 1e-5 + 2.0 ** -16):
        sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=weight),
                       label=long)
    said, = warned(lambda: sim.run(20.0))
    assert said.startswith(f"{long} (no. 2 of 2): in fixed point 0 of 4")
    assert f"{long} (no. 2 of 2)" in str(sim.range_report())


def test_kinds_of_warnings_differ_by_label_also_if_that_ends_in_a_number():
    sim.setup()
    simulation = sim.simulator.state.simulation
    sentences = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda sentence, *_, **__: sentences.append(sentence))
        for sentence in ("population3: 5 times states", "population4: 5 times states",
                         "population4: 7 times states", "cells[0:40]: 3 spikes",
                         "cells[40:80]: 4 spikes"):
            simulation.warn_once([sentence])
    assert sentences == ["population3: 5 times states", "population4: 5 times states",
                         "cells[0:40]: 3 spikes"]


def test_floating_point_has_nothing_to_warn_of():
    network = weak_beside_strong(sim, 2e-4, 8.0, precision="float64")
    assert warned(lambda: sim.run(INTERVAL)) == []
    projection = network["projections"][0]
    np.testing.assert_array_equal(projection.get("acting_weight", "array"),
                                  projection.get("weight", "array"))


def test_formats_of_a_projection_are_those_of_its_label():
    described = weak_beside_strong(sim, 2e-3, 0.5, fixed_point=FixedPoint({"input": 9}), **FIXED)
    np.testing.assert_array_equal(
        described["projections"][0].get("acting_weight", "array")[1:], 2.0 ** -9)


def test_values_that_are_off_are_named():
    """1e-5 of a cell beside 1.0 of another is 0.16 units of 2^-14, and acts as 0."""
    sim.setup(timestep=1.0, precision="fixed")
    source = sim.Population(2, sim.AnalogSource(values=[[1.0, 0.5], [1e-5, 1e-5]]),
                             label="analog")
    cells = sim.Population(1, sim.EPropLIF(), label="cells")
    sim.Projection(source, cells, sim.AllToAllConnector(),
                    sim.EPropSynapse(weight=0.5, optimizer=None))
    with pytest.warns(FixedPointWarning, match=r"analog: the values of 1 cells are off by more "
                                               r"than 1% .*\(the most: 100% of their sum\): 1e-05 "
                                               "acts as 0"):
        sim.run(5.0)
    with pytest.raises(NetworkError, match=r"analog: the value 3 does not fit 16 bits with 14"):
        source.set(values=[[3.0], [0.0]])
    assert source.get("values", simplify=False)[0].value[0] == 1.0
    sim.reset()
    source.set(values=[[3.0], [1.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.run(5.0)


def test_formats_of_values_can_be_chosen():
    sim.setup(timestep=1.0, precision="fixed", fixed_point=FixedPoint(value_bits={"analog": 3}))
    source = sim.Population(1, sim.AnalogSource(values=[0.5, 1.0]), label="analog")
    cells = sim.Population(1, sim.EPropLIF(), label="cells")
    sim.Projection(source, cells, sim.AllToAllConnector(),
                    sim.EPropSynapse(weight=0.5, optimizer=None))
    sim.run(1.0)
    assert sim.simulator.state.simulation.formats.signal_bits[0] == 3
    sim.setup(timestep=1.0, precision="fixed", fixed_point=FixedPoint(value_bits={"cells": 3}))
    sim.Population(1, sim.EPropLIF(), label="cells")
    with pytest.raises(NetworkError, match=r"FixedPoint\(value_bits=...\): there is no 'cells'"):
        sim.run(1.0)
