"""Data come back in script time, whenever they are asked for."""

import numpy as np
import pytest

import pynn_eprop.host as host
from tests.nest import behaviour, cases


def test_views_sampling_intervals_and_reading_between_runs(on_nest):
    found = on_nest(cases.behaviour, "recorded_in_parts")
    expected = behaviour.recorded_in_parts(host)
    assert found["period"] == expected["period"] == 4.0
    np.testing.assert_allclose(found["y"], expected["y"], rtol=1e-12, atol=1e-15)
    assert len(found["y"]) == 46        # steps 0, 4, ..., 180
    for part, other in zip(found["parts"], expected["parts"], strict=True):
        assert part.keys() == other.keys() == {1, 2, 3, "v", "a"}
        for name in (1, 2, 3):
            assert part[name] == other[name]
        for name in ("v", "a"):
            assert part[name][0] == other[name][0]
            np.testing.assert_allclose(part[name][1], other[name][1], rtol=1e-12, atol=1e-15)


def test_spikes_of_sources_may_be_recorded_later(on_nest):
    found, expected = on_nest(cases.behaviour, "recorded_later"), behaviour.recorded_later(host)
    assert found["spikes"] == expected["spikes"] and any(expected["spikes"])
    assert min(map(min, filter(None, found["spikes"]))) >= 60.0
    assert found["counts"] == [len(train) for train in found["spikes"]]


def test_units(on_nest):
    found = on_nest(cases.behaviour, "units")
    assert found["cell"] == {"f_target": 12.0, "c_reg": 0.3, "tau_refrac": 3.0}
    assert found["units"] == dict.fromkeys(
        ("v", "h", "learning_signal", "y", "error", "target", "loss"), "dimensionless")
    assert found["time"] == 20.0 and found["names"] == ["input", "cell", "readout"]


def test_poisson_spikes_are_those_of_the_host(on_nest):
    """Static synapses take them at any step, several at a time too."""
    found, expected = on_nest(cases.behaviour, "poisson"), behaviour.poisson(host)
    assert found["source"] == expected["source"]
    times = np.concatenate(expected["source"])
    assert np.any(times % 50.0 == 0.0) and len(set(times.tolist())) < len(times)
    assert found["spikes"] == expected["spikes"] and any(expected["spikes"])
    np.testing.assert_allclose(found["v"], expected["v"], rtol=1e-12, atol=1e-15)


def test_cells_that_do_not_learn_stand_beside(on_nest):
    found = on_nest(cases.behaviour, "beside_stock_cells")
    expected = behaviour.beside_stock_cells(host)
    assert found["spikes"] == expected["spikes"]
    assert all(expected["spikes"][:2])
    np.testing.assert_allclose(found["cell"], expected["cell"], rtol=1e-12, atol=1e-15)
    assert found["stock"].shape == expected["stock"].shape
    np.testing.assert_allclose(found["stock"], expected["stock"], rtol=0, atol=1e-9)


def test_delta_cells_begin_where_the_script_says(on_nest):
    found = on_nest(cases.behaviour, "delta_cells")
    np.testing.assert_allclose(found, -65.0 + 5.0 * np.exp(-np.arange(11.0) / 20.0), rtol=1e-12)


@pytest.mark.parametrize("name", sorted(host.__all__))
def test_it_offers_what_the_host_offers(on_nest, name):
    assert on_nest(cases.offers, name)


def test_it_offers_what_its_parent_offers(on_nest):
    assert on_nest(cases.missing_from_parent) == []
