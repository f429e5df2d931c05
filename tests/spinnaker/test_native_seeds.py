"""Draws for sPyNNaker's own cells: the host's network from the same seed, no machine."""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pyNN.random import NumpyRNG

import pynn_eprop.host as host
import pynn_eprop.spinnaker as spinnaker
from pynn_eprop.spinnaker.native import NativeProjection
from tests.spinnaker.virtual import virtual_board


@pytest.fixture(autouse=True)
def board(tmp_path):
    with virtual_board(tmp_path):
        yield


@pytest.fixture
def lists(monkeypatch):
    """The connections of each of sPyNNaker's projections: rows (pre, post, weight, delay)."""
    made, init = [], NativeProjection.__init__

    def note(self, *arguments, **keywords):
        init(self, *arguments, **keywords)
        made.append(self._synapse_information.connector)

    monkeypatch.setattr(NativeProjection, "__init__", note)
    return made


def draw(module, seed, rng=None):
    """A native population onto which drawn connections lead, and these, if they can be read."""
    module.setup(timestep=1.0, min_delay=1.0, seed=seed)
    uniform = module.RandomDistribution("uniform", low=0.1, high=0.9)
    n = module.RandomDistribution("uniform_int", low=1, high=4)
    source = module.Population(6, module.SpikeSourceArray(spike_times=[3.0]))
    native = module.Population(6, module.IF_curr_exp, {"tau_m": uniform})
    made = [module.Projection(source, native, connector, module.StaticSynapse(
        weight=weight, delay=2.0), receptor_type="excitatory") for connector, weight in (
        (module.FixedProbabilityConnector(0.5), uniform),
        (module.FixedProbabilityConnector(0.5), 0.25),
        (module.FixedNumberPreConnector(n), uniform), (module.AllToAllConnector(), uniform),
        (module.FixedProbabilityConnector(0.5, rng=rng), uniform),
        (module.FromListConnector([(3, 0), (1, 1)]), [0.75, 0.5]))]
    return native, made


def test_the_network_is_the_one_that_the_host_draws(lists):
    native, _ = draw(spinnaker, 3, NumpyRNG(8))
    cells, made = draw(host, 3, NumpyRNG(8))
    np.testing.assert_array_equal(native.get("tau_m"), cells.get("tau_m"))
    assert len(lists) == len(made)
    for connector, projection in zip(lists, made, strict=True):
        table = np.asarray(connector.conn_list, dtype=float)
        rows = np.array(projection.get(["weight", "delay"], "list"), dtype=float)
        np.testing.assert_array_equal(table, rows[:, :table.shape[1]])


def test_another_seed_draws_something_else_and_no_two_draws_are_the_same(lists):
    first, _ = draw(spinnaker, 3)
    tables = [np.asarray(connector.conn_list).tolist() for connector in lists]
    assert [row[:2] for row in tables[0]] != tables[1]
    other, _ = draw(spinnaker, 4)
    changed = [np.asarray(connector.conn_list).tolist() for connector in lists[len(tables):]]
    assert [one == two for one, two in zip(tables, changed, strict=True)] == [False] * 5 + [True]
    assert first.get("tau_m") != other.get("tau_m")


def test_samples_and_generators_of_cores_follow_the_seed():
    found = []
    for seed in (3, 3, 4):
        native, _ = draw(spinnaker, seed)
        samples = [native.sample(3), native.sample(3)]
        found.append(([sample._indexes.tolist() if hasattr(sample._indexes, "tolist")
                       else list(sample._indexes) for sample in samples],
                      list(native._vertex.pop_seed)))
    assert found[0] == found[1]
    assert found[0][0][0] != found[0][0][1] and found[0][1] != found[2][1]
