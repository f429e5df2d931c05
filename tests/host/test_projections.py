"""Projections: expansion, weights and delays in all forms, single connections."""

import numpy as np
import pytest
from pyNN.common import Connection
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import NonExistentParameterError

import pynn_eprop.host as sim
from pynn_eprop import errors
from tests.arithmetic import arithmetic
from tests.host.networks import recorded


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(timestep=0.1, update_interval=10.0, precision="float64")


def cells(n, celltype=None, **kwargs):
    return sim.Population(n, celltype or sim.EPropLIF(), **kwargs)


def static(**parameters):
    return sim.EPropSynapse(optimizer=None, **parameters)


def test_list_and_array_and_several_attributes():
    projection = sim.Projection(cells(2), cells(3), sim.AllToAllConnector(),
                                static(weight=np.arange(6.0).reshape(2, 3), delay=0.3))
    assert projection.get("weight", "list") == [
        (0, 0, 0.0), (0, 1, 1.0), (0, 2, 2.0), (1, 0, 3.0), (1, 1, 4.0), (1, 2, 5.0)]
    assert projection.get("weight", "list", with_address=False) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert projection.get(["weight", "delay"], "list", with_address=False)[:2] == [
        (0.0, 0.3), (1.0, 0.3)]
    weight, delay = projection.get(["weight", "delay"], "array")
    np.testing.assert_array_equal(weight, np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(delay, np.full((2, 3), 0.3))
    assert len(projection) == projection.size() == 6


def test_missing_connections_are_nan_and_repeated_ones_are_combined():
    table = [(0, 0, 1.0, 0.1), (1, 0, 2.0, 0.2), (1, 0, 5.0, 0.3), (0, 1, 4.0, 0.1)]
    projection = sim.Projection(cells(2), cells(2), sim.FromListConnector(table), static())
    expected = {"sum": 7.0, "min": 2.0, "max": 5.0, "first": 2.0, "last": 5.0}
    for how, value in expected.items():
        np.testing.assert_array_equal(
            projection.get("weight", "array", multiple_synapses=how),
            [[1.0, 4.0], [value, np.nan]])


def test_set_takes_all_forms():
    projection = sim.Projection(cells(2), cells(2), sim.AllToAllConnector(), static(weight=1.0))

    def now():
        return projection.get("weight", "list", with_address=False)

    projection.set(weight=0.5)
    assert now() == [0.5] * 4
    projection.set(weight=[[1.0, 2.0], [3.0, 4.0]])
    assert now() == [1.0, 2.0, 3.0, 4.0]
    projection.set(weight=[4.0, 3.0, 2.0, 1.0])      # in the order of the list
    assert now() == [4.0, 3.0, 2.0, 1.0]
    projection.set(weight="1 + d", delay=lambda d: 0.1 + 0.2 * d)
    assert now() == [1.0, 2.0, 2.0, 1.0]
    np.testing.assert_array_equal(projection.get("delay", "array"), [[0.1, 0.3], [0.3, 0.1]])
    projection.set(weight=sim.RandomDistribution("uniform", low=0.0, high=1.0,
                                                 rng=sim.NumpyRNG(2)))
    assert now() == sim.NumpyRNG(2).next(4).tolist()


def test_connections_one_by_one():
    projection = sim.Projection(cells(2), cells(2), sim.AllToAllConnector(),
                                static(weight=1.0, delay=0.5))
    assert len(list(projection.connections)) == 4
    third = projection[2]
    assert isinstance(third, Connection)
    assert (third.presynaptic_index, third.postsynaptic_index) == (1, 0)
    third.weight, third.delay = 0.25, 1.0
    assert third.as_tuple("weight", "delay") == (0.25, 1.0)
    assert projection.get(["weight", "delay"], "list", with_address=False) == [
        (1.0, 0.5), (1.0, 0.5), (0.25, 1.0), (1.0, 0.5)]
    assert [c.weight for c in projection.connections[1:3]] == [1.0, 0.25]
    assert [c.weight for c in projection] == [1.0, 1.0, 0.25, 1.0]


def test_histogram_save_and_describe(tmp_path):
    projection = sim.Projection(cells(1), cells(4), sim.AllToAllConnector(),
                                static(weight=[[0.0, 0.1, 0.9, 1.0]]), label="p")
    counts, edges = projection.weightHistogram(min=0.0, max=1.0, nbins=2)
    assert counts.tolist() == [2, 2]
    assert edges.tolist() == [0.0, 0.5, 1.0]
    projection.save(["weight", "delay"], str(tmp_path / "p.txt"))
    assert np.loadtxt(tmp_path / "p.txt")[3].tolist() == [0.0, 3.0, 1.0, 0.1]
    assert "p" in projection.describe()


def test_a_delay_left_out_is_one_step_or_min_delay():
    projection = sim.Projection(cells(1), cells(1), sim.AllToAllConnector(), static())
    assert projection.get("delay", "list", with_address=False) == [0.1]
    assert sim.get_min_delay() == 0.1
    sim.setup(timestep=0.1, min_delay=0.4)
    projection = sim.Projection(cells(1), cells(1), sim.AllToAllConnector(), static())
    assert projection.get("delay", "list", with_address=False) == [0.4]


def test_learning_signals_do_not_mind_a_longer_min_delay():
    sim.setup(timestep=1.0, min_delay=2.0, update_interval=10.0)
    readout = sim.Population(1, sim.EPropReadout(target=np.zeros((1, 10))))
    signal = sim.Projection(readout, sim.Population(2, sim.EPropLIF()), sim.AllToAllConnector(),
                            sim.LearningSignal(weight=1.0), receptor_type="learning_signal")
    assert len(signal) == 2


def test_min_delay_is_that_of_the_projections_where_it_is_automatic():
    sim.Projection(cells(1), cells(1), sim.AllToAllConnector(), static(delay=0.7))
    assert sim.get_min_delay() == 0.7


@pytest.mark.parametrize(("delay", "message"), [
    (0.05, "delay=0.05 ms is too short; the shortest is 0.1 ms"),
    (0.25, "delay=0.25 ms is not a whole number of time steps of 0.1 ms; near it are 0.2 and 0.3"),
    (1e-9, "delay=1e-09 ms is too short"),
])
def test_bad_delays_are_refused(delay, message):
    pre, post = cells(2), cells(2)
    for value in (delay, [[0.1, 0.1], [delay, 0.1]]):
        with pytest.raises(errors.DelayError, match=f"p: {message}") as error:
            sim.Projection(pre, post, sim.AllToAllConnector(), static(delay=np.array(value)[()]),
                           label="p")
        assert isinstance(error.value, PyNNConnectionError)
    projection = sim.Projection(pre, post, sim.AllToAllConnector(), static(), label="p")
    with pytest.raises(errors.DelayError, match=message):
        projection.set(delay=delay)


def test_views_as_ends():
    whole = cells(5)
    projection = sim.Projection(whole[1:3], whole[[0, 1]],
                                sim.AllToAllConnector(allow_self_connections=False),
                                static(weight=1.0))
    assert [c[:2] for c in projection.get("weight", "list")] == [(0, 0), (1, 0), (1, 1)]
    bundle = projection.bundles[0]
    assert list(zip(bundle.pre_index.tolist(), bundle.post_index.tolist(), strict=True)) == [
        (1, 0), (2, 0), (2, 1)]


@pytest.mark.parametrize("precision", ["float64", "reference"])
def test_assemblies_and_views_as_ends_learn_as_their_parts_do(precision):
    def network(joined):
        sim.setup(timestep=1.0, update_interval=20.0, **arithmetic(precision))
        sources = [sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0, 4.0 + k, 8.0]))
                   for k in range(2)]
        parts = [cells(3, sim.EPropLIF(tau_refrac=1.0)), cells(4, sim.EPropALIF(tau_refrac=1.0))]
        readout = cells(2, sim.EPropReadout(target=np.ones((2, 20))))
        w = np.random.default_rng(1).normal(size=(4, 7)) + 0.3
        plastic = {"optimizer": "adam"}
        ends = [(sources[0] + sources[1], parts[0] + parts[1])] if joined \
            else [(pre, post) for pre in sources for post in parts]
        rows, columns = [slice(0, 2), slice(2, 4)], [slice(0, 3), slice(3, 7)]
        pieces = [w] if joined else [w[row, column] for row in rows for column in columns]
        found = [sim.Projection(pre, post, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=piece, **plastic)) for (pre, post), piece in zip(ends, pieces, strict=True)]
        back = np.array([[1.0] * 7, [-0.5] * 7])
        if joined:
            sim.Projection(parts[0] + parts[1], readout, sim.AllToAllConnector(),
                           sim.EPropSynapse(weight=0.1, **plastic))
            sim.Projection(readout, parts[0] + parts[1], sim.AllToAllConnector(),
                           sim.LearningSignal(weight=back), receptor_type="learning_signal")
        else:
            for part, column in zip(parts, columns, strict=True):
                sim.Projection(part, readout, sim.AllToAllConnector(),
                               sim.EPropSynapse(weight=0.1, **plastic))
                sim.Projection(readout, part, sim.AllToAllConnector(),
                               sim.LearningSignal(weight=back[:, column]),
                               receptor_type="learning_signal")
        sim.run(60.0)
        arrays = [projection.get("weight", "array") for projection in found]
        return arrays[0] if joined else np.block([arrays[:2], arrays[2:]]), w

    joined, start = network(True)
    apart, _ = network(False)
    np.testing.assert_allclose(joined, apart, rtol=1e-12)
    assert np.mean(joined != start) > 0.5


def test_projections_are_expanded_from_the_seed_and_their_index():
    def draw(seed, unrelated=0):
        sim.setup(seed=seed)
        pre, post = cells(20), cells(20)
        for _ in range(unrelated):
            sim.Population(3, sim.EPropLIF())
        free = sim.RandomDistribution("normal", mu=0.0, sigma=1.0)
        return [sim.Projection(pre, post, sim.FixedProbabilityConnector(0.5),
                               static(weight=free)).get("weight", "list") for _ in range(2)]

    assert draw(1) == draw(1, unrelated=2)
    assert draw(1)[0] != draw(2)[0]
    assert draw(1)[0] != draw(1)[1]


def test_weights_drawn_by_connectors_of_pynn_follow_the_seed():
    def draw(seed):
        sim.setup(seed=seed)
        free = sim.RandomDistribution("normal", mu=0.0, sigma=1.0)
        return sim.Projection(cells(8), cells(8), sim.DistanceDependentProbabilityConnector("d<3"),
                              static(weight=free)).get("weight", "list")

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_clone_connector_repeats_the_connections():
    pre, post = cells(6), cells(5)
    first = sim.Projection(pre, post, sim.FixedProbabilityConnector(0.4), static(weight=1.0))
    clone = sim.Projection(pre, post, sim.CloneConnector(first), static(weight=2.0))
    assert [c[:2] for c in clone.get("weight", "list")] \
        == [c[:2] for c in first.get("weight", "list")]
    with pytest.raises(errors.NetworkError, match="CloneConnector needs the cells of"):
        sim.Projection(post, pre, sim.CloneConnector(first), static(weight=2.0))


def test_signs_of_stock_synapses_are_checked_as_in_pynn_and_ours_may_mix():
    pre, stock = cells(2, sim.SpikeSourceArray()), cells(2, sim.IF_curr_exp())
    mixed = np.array([[1.0, -1.0], [1.0, -1.0]])
    with pytest.raises(PyNNConnectionError, match="all positive or all negative"):
        sim.Projection(pre, stock, sim.AllToAllConnector(), sim.StaticSynapse(weight=mixed))
    with pytest.raises(PyNNConnectionError, match="must be negative"):
        sim.Projection(pre, stock, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0),
                       receptor_type="inhibitory")
    sim.Projection(pre, cells(2), sim.AllToAllConnector(), static(weight=mixed))


def test_the_receptor_is_guessed_from_the_sign_and_never_the_learning_signal():
    pre, stock = cells(2, sim.SpikeSourceArray()), cells(2, sim.IF_curr_exp())
    for weight, receptor in ((1.0, "excitatory"), (-1.0, "inhibitory"),
                             (np.full((2, 2), -0.5), "inhibitory"), ("-1 - d", "inhibitory"),
                             (sim.RandomDistribution("uniform", low=-2.0, high=-1.0),
                              "inhibitory")):
        projection = sim.Projection(pre, stock, sim.AllToAllConnector(),
                                    sim.StaticSynapse(weight=weight))
        assert projection.receptor_type == receptor
    signed = sim.Projection(pre, cells(2), sim.AllToAllConnector(), static(weight=-1.0))
    assert signed.receptor_type == "excitatory"
    assembly = sim.Population(2, sim.IF_curr_exp()) + sim.Population(2, sim.IF_curr_delta())
    assert sim.Projection(pre, assembly, sim.AllToAllConnector(),
                          sim.StaticSynapse(weight=-1.0)).receptor_type == "inhibitory"


def test_unknown_attributes_list_the_valid_ones():
    projection = sim.Projection(cells(2), cells(2), sim.AllToAllConnector(), static())
    with pytest.raises(NonExistentParameterError, match="delay, gradient, weight"):
        projection.get("U", "list")
    with pytest.raises(NonExistentParameterError, match="delay, weight"):
        projection.set(U=1.0)
    with pytest.raises(errors.NetworkError, match=r"format='table'.*'list', 'array'"):
        projection.get("weight", "table")
    with pytest.raises(errors.NetworkError, match="multiple_synapses='mean'"):
        projection.get("weight", "array", multiple_synapses="mean")
    with pytest.raises(errors.UnsupportedError, match="no gradient is computed"):
        projection.get("gradient", "list")


def test_delays_of_a_network_that_learned_stay():
    from tests.host.networks import STEPS, learning_network
    net = learning_network()
    net.projections[0].set(delay=2.0)         # before the first run
    sim.run(float(STEPS))
    with pytest.raises(errors.UnsupportedError, match=r"before the first run.. or after reset"):
        net.projections[0].set(delay=3.0)
    sim.reset()
    net.projections[0].set(delay=3.0)
    assert net.projections[0].get("delay", "array")[0, 0] == 3.0
    sim.run(float(STEPS))


def test_delays_can_change_between_runs_where_nothing_learns():
    sim.setup(timestep=1.0, precision="float64")
    source = cells(1, sim.SpikeSourceArray(spike_times=[1.0, 21.0]))
    target = cells(1, sim.IF_curr_delta(v_thresh=100.0))
    projection = sim.Projection(source, target, sim.AllToAllConnector(),
                                sim.StaticSynapse(weight=1.0, delay=2.0))
    target.record("v")
    sim.run(20.0)
    projection.set(weight=2.0)
    projection.set(delay=5.0)
    sim.run(20.0)
    v = recorded(target, "v")[:, 0]
    jumps = np.diff(v)
    assert np.flatnonzero(jumps > 0).tolist() == [2, 25]      # steps 3 = 1 + 2 and 26 = 21 + 5
    np.testing.assert_allclose(v[26] - (-65 + (v[25] + 65) * np.exp(-1 / 20)), 2.0, rtol=1e-12)


def test_procedural_interface():
    with pytest.warns(DeprecationWarning):
        source = sim.create(sim.SpikeSourceArray(spike_times=[1.0]), n=2)
        target = sim.create(sim.IF_curr_exp(), n=3)
        projection = sim.connect(source, target, weight=0.5, delay=0.2)
        sim.connect(source[0], target[1], weight=0.5)
        sim.initialize(target, v=-60.0)
        sim.set(target, tau_m=15.0)
    assert projection.get(["weight", "delay"], "list")[0] == (0, 0, 0.5, 0.2)
    assert len(projection) == 6
    assert target.get("tau_m") == 15.0
