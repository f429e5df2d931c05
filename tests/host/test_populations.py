"""Populations, views and assemblies: parameters, initial values, and what PyNN promises of them."""

import numpy as np
import pytest
from pyNN.errors import InvalidParameterValueError, NonExistentParameterError
from pyNN.parameters import Sequence

import pynn_eprop.host as sim
from pynn_eprop import errors
from pynn_eprop.models.cells import CELLS
from tests.host.networks import recorded


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(timestep=1.0, update_interval=10.0, precision="float64")


@pytest.mark.parametrize("name", ["EPropLIF", "EPropALIF", "EPropReadout"])
def test_defaults_units_and_recordables_are_those_of_the_table(name):
    kind, celltype = CELLS[name], getattr(sim, name)
    population = sim.Population(3, celltype())
    for parameter in kind.parameters().values():
        assert population.get(parameter.name) == parameter.default
        assert celltype.units[parameter.name] == parameter.unit
        assert f"{parameter.name} : {parameter.unit}, {parameter.range}" in celltype.__doc__
    assert tuple(celltype.recordable) == kind.recordable()
    assert celltype.default_initial_values == kind.initial_values()
    assert population.receptor_types == kind.receptor_types


def test_parameters_in_all_forms():
    cells = sim.Population(4, sim.EPropLIF(tau_m=[10.0, 11.0, 12.0, 13.0], v_thresh=0.5))
    assert cells.get("tau_m").tolist() == [10.0, 11.0, 12.0, 13.0]
    assert cells.get(["v_thresh", "c_reg"]) == [0.5, 0.0]
    cells.set(tau_m=lambda i: 20.0 + i)
    assert cells.get("tau_m").tolist() == [20.0, 21.0, 22.0, 23.0]
    cells.set(tau_m=sim.RandomDistribution("uniform", low=5.0, high=6.0, rng=sim.NumpyRNG(3)))
    np.testing.assert_array_equal(cells.get("tau_m"), sim.NumpyRNG(3).next(
        4, "uniform", {"low": 5.0, "high": 6.0}))
    with pytest.warns(DeprecationWarning):
        cells.tset("tau_m", np.arange(4.0) + 1)
    assert cells.get("tau_m").tolist() == [1.0, 2.0, 3.0, 4.0]
    cells[2].tau_m = 9.0
    assert cells[2].tau_m == 9.0
    assert cells.get("tau_m").tolist() == [1.0, 2.0, 9.0, 4.0]


def test_views_and_views_of_views_work_on_the_population():
    cells = sim.Population(6, sim.EPropLIF())
    view = cells[1:5]
    inner = view[[0, 3]]
    inner.set(tau_m=[7.0, 8.0])
    view[np.array([False, True, False, False])].set(v_thresh=0.9)
    assert cells.get("tau_m").tolist() == [20.0, 7.0, 20.0, 20.0, 8.0, 20.0]
    assert view.get("v_thresh").tolist() == [0.61, 0.9, 0.61, 0.61]
    inner.initialize(v=0.3)
    assert cells.initial["v"].tolist() == [0.0, 0.3, 0.0, 0.0, 0.3, 0.0]
    assert inner.grandparent is cells


def test_assemblies_gather():
    one, two = sim.Population(2, sim.EPropLIF()), sim.Population(3, sim.EPropALIF(tau_m=30.0))
    both = one + two
    assert both.size == 5
    assert both.get("tau_m").tolist() == [20.0, 20.0, 30.0, 30.0, 30.0]
    both.set(v_thresh=0.7)
    assert two.get("v_thresh") == 0.7
    both.initialize(v=0.1)
    assert two.initial["v"].tolist() == [0.1] * 3


@pytest.mark.parametrize(("make", "fragments"), [
    (lambda: sim.EPropLIF(tau_m=-5.0), ["EPropLIF: tau_m=-5 ms", "> 0"]),
    (lambda: sim.EPropLIF(tau_m=0.0), ["tau_m=0 ms"]),
    (lambda: sim.EPropLIF(v_thresh=float("nan")), ["v_thresh=nan"]),
    (lambda: sim.EPropLIF(v_thresh=[0.5, float("inf")]), ["v_thresh=inf"]),
    (lambda: sim.EPropLIF(tau_m=None), ["tau_m=None is not a number"]),
    (lambda: sim.EPropLIF(pseudo_derivative="step"), ["pseudo_derivative='step'", "arctan"]),
    (lambda: sim.EPropReadout(loss="hinge"), ["loss='hinge'", "cross_entropy"]),
    (lambda: sim.EPropReadout(bias_optimizer="newton"), ["optimizer='newton'", "adam"]),
    (lambda: sim.EPropReadout(loss=None, bias_optimizer="adam"), ["loss=None", "leave the optim"]),
    (lambda: sim.IF_curr_exp(tau_m=-1.0), ["IF_curr_exp: tau_m=-1 ms"]),
    (lambda: sim.IF_curr_delta(cm=0.0), ["cm=0 nF"]),
    (lambda: sim.SpikeSourcePoisson(rate=-1.0), ["rate=-1 Hz"]),
])
def test_bad_parameters_are_refused_when_the_cell_type_is_made(make, fragments):
    with pytest.raises(errors.ParameterError) as error:
        make()
    for fragment in fragments:
        assert fragment in str(error.value)
    assert isinstance(error.value, InvalidParameterValueError)


@pytest.mark.parametrize(("celltype", "fragments"), [
    (lambda: sim.EPropLIF(tau_m=lambda i: -i), ["tau_m=0 ms"]),
    (lambda: sim.EPropLIF(tau_refrac=2.5), ["tau_refrac=2.5 ms", "time steps of 1 ms"]),
    (lambda: sim.EPropLIF(tau_m=[1.0, 2.0]), ["tau_m has shape (2,), but there are 3 cells"]),
    (lambda: sim.EPropReadout(tau_m=[20.0, 20.0, 21.0], target=np.zeros((3, 10))),
     ["tau_m must be the same", "between 20 and 21 ms"]),
    (lambda: sim.SpikeSourceArray(spike_times=[[1.0], [3.0, 2.0], []]), ["increasing order"]),
    (lambda: sim.SpikeSourceArray(spike_times=[-3.0]), ["spike time -3 ms"]),
])
def test_bad_parameters_are_refused_when_the_population_is_made(celltype, fragments):
    with pytest.raises(errors.ParameterError) as error:
        sim.Population(3, celltype())
    for fragment in fragments:
        assert fragment in str(error.value)


@pytest.mark.parametrize(("target", "message"), [
    (np.zeros((2, 10)), "2 rows, but there are 3 readouts"),
    (np.zeros((3, 9)), "9 steps, but an interval has 10"),
    (np.full((3, 10), np.inf), "infinite"),
])
def test_bad_targets_are_refused_when_the_population_is_made_or_set(target, message):
    with pytest.raises(errors.TargetError, match=message):
        sim.Population(3, sim.EPropReadout(target=target))
    readout = sim.Population(3, sim.EPropReadout(target=np.ones((3, 10))))
    with pytest.raises(errors.TargetError, match=message):
        readout.set(target=target)
    assert [row.value.tolist() for row in readout.get("target")] == [[1.0] * 10] * 3


def test_a_refused_set_changes_nothing():
    cells = sim.Population(3, sim.EPropLIF())
    with pytest.raises(errors.ParameterError, match="tau_m=-1 ms"):
        cells.set(v_thresh=0.9, tau_m=-1.0)
    with pytest.raises(errors.ParameterError, match=r"tau_refrac=0.5 ms"):
        cells[0:1].set(tau_refrac=0.5)
    assert cells.get(["tau_m", "v_thresh", "tau_refrac"]) == [20.0, 0.61, 5.0]


def test_unknown_names_list_the_valid_ones():
    cells = sim.Population(3, sim.EPropLIF())
    for attempt in (lambda: sim.EPropLIF(tau=3.0), lambda: cells.set(tau=3.0),
                    lambda: cells.get("tau")):
        with pytest.raises(NonExistentParameterError) as error:
            attempt()
        assert "tau_m" in str(error.value)
    with pytest.raises(errors.ParameterError, match=r"no state variable 'a'; choose one of \['v'"):
        cells.initialize(a=1.0)
    with pytest.raises(errors.ParameterError, match="initial value v=nan must be finite"):
        cells.initialize(v=float("nan"))


def test_cell_types_of_other_backends_are_refused():
    import pyNN.mock
    with pytest.raises(errors.UnsupportedError) as error:
        sim.Population(3, pyNN.mock.IF_cond_exp())
    assert "pyNN.mock.standardmodels.IF_cond_exp" in str(error.value)
    assert "EPropLIF" in str(error.value)
    with pytest.raises(errors.NetworkError, match="size=0"):
        sim.Population(0, sim.EPropLIF())


def test_initial_values_are_the_first_sample_and_come_back_with_each_interval():
    cells = sim.Population(2, sim.EPropALIF(tau_m=10.0, v_thresh=5.0, tau_a=50.0),
                           initial_values={"v": [1.0, 2.0]})
    cells.initialize(a=0.5)
    cells.record(["v", "a"])
    sim.run(21.0)
    v, a = recorded(cells, "v"), recorded(cells, "a")
    decay = np.exp(-1 / 10.0)
    np.testing.assert_array_equal(v[0], [1.0, 2.0])
    np.testing.assert_allclose(v[10], np.array([1.0, 2.0]) * decay ** 10, rtol=1e-14)
    np.testing.assert_allclose(v[11], np.array([1.0, 2.0]) * decay, rtol=1e-14)    # after the reset
    np.testing.assert_allclose(a[21], 0.5 * np.exp(-1 / 50.0), rtol=1e-14)


def test_initial_values_set_later_count_from_the_next_interval():
    cells = sim.Population(1, sim.EPropLIF(tau_m=10.0, v_thresh=5.0))
    cells.record("v")
    sim.run(5.0)
    cells.initialize(v=1.0)
    sim.run(10.0)
    v = recorded(cells, "v")[:, 0]
    assert not np.any(v[:11])
    np.testing.assert_allclose(v[11], np.exp(-1 / 10.0), rtol=1e-14)


def test_initial_values_of_the_scripts_own_generator_are_its_first_numbers():
    drawn = sim.RandomDistribution("uniform", low=1.0, high=2.0, rng=sim.NumpyRNG(seed=4))
    cells = sim.Population(5, sim.EPropLIF(), initial_values={"v": drawn})
    cells.record("v")
    sim.run(1.0)
    numbers = sim.NumpyRNG(seed=4)
    np.testing.assert_array_equal(recorded(cells, "v")[0],
                                  numbers.next(5, "uniform", {"low": 1.0, "high": 2.0}))
    np.testing.assert_array_equal(drawn.next(3), numbers.next(3, "uniform",
                                                              {"low": 1.0, "high": 2.0}))


def test_what_is_drawn_without_a_seed_follows_the_seed_of_setup():
    def draw(seed):
        sim.setup(seed=seed)
        free = sim.RandomDistribution("uniform", low=1.0, high=2.0)
        cells = [sim.Population(4, sim.EPropLIF(tau_m=free, v_thresh=free)) for _ in range(2)]
        cells[0].initialize(v=free)
        values = [cells[0].get("tau_m"), cells[0].get("v_thresh"), cells[1].get("tau_m"),
                  cells[0].initial["v"], cells[0].sample(2).all_cells - 1]
        return [np.array(value, dtype=float).tolist() for value in values]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert len({tuple(value) for value in draw(1)}) == 5     # nothing shares a stream


def test_ten_thousand_cells_are_made_in_no_time():
    cells = sim.Population(10_000, sim.EPropLIF(tau_m=np.linspace(10.0, 20.0, 10_000)))
    assert cells[9_999].tau_m == 20.0
    assert cells.id_to_index(cells[1234]) == 1234


def test_spike_times_of_single_cells():
    sources = sim.Population(3, sim.SpikeSourceArray())
    sources[1].spike_times = [1.0, 2.0]
    sources[2:3].set(spike_times=Sequence([4.0]))
    assert [row.value.tolist() for row in sources.get("spike_times")] == [[], [1.0, 2.0], [4.0]]


def test_models_are_listed_and_described():
    assert sim.list_standard_models() == [
        "EPropLIF", "EPropALIF", "EPropReadout", "IF_curr_exp", "IF_curr_delta",
        "SpikeSourceArray", "SpikeSourcePoisson", "AnalogSource", "EPropArtificial", "EPropLSTM",
        "EPropCurrLIF"]
    cells = sim.Population(3, sim.EPropLIF(), label="network")
    assert "network" in cells.describe()
    assert "network" in cells[0:2].describe()


def test_values_do_not_follow_arrays_that_a_script_changes_later():
    times, target = np.array([1.0, 2.0]), np.zeros((2, 10))
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=times))
    readout = sim.Population(2, sim.EPropReadout(target=target))
    source[1].spike_times = times
    readout.set(target=target)
    times += 5.0
    target += 1.0
    assert [row.value.tolist() for row in source.get("spike_times")] == [[1.0, 2.0]] * 2
    assert [row.value.tolist() for row in readout.get("target")] == [[0.0] * 10] * 2


def test_spike_times_as_a_matrix_have_a_row_for_each_cell():
    sim.setup(timestep=1.0)
    times = np.array([[1.0, 4.0], [2.0, 3.0]])
    cells = sim.Population(2, sim.SpikeSourceArray(spike_times=times))
    cells.record("spikes")
    sim.run(5.0)
    trains = cells.get_data().segments[0].spiketrains
    assert [train.magnitude.tolist() for train in trains] == times.tolist()
    cells.set(spike_times=times + 5.0)
    sim.run(5.0)
    trains = cells.get_data().segments[0].spiketrains
    assert [train.magnitude.tolist()[2:] for train in trains] == (times + 5.0).tolist()


def test_an_assembly_has_positions():
    # PyNN's line: cell i of each population is at x = i
    sim.setup(timestep=1.0)
    a, b = (sim.Population(n, sim.EPropLIF()) for n in (2, 3))
    projection = sim.Projection(
        a + b, b, sim.DistanceDependentProbabilityConnector("d < 0.5"),
        sim.EPropSynapse(weight=1.0, optimizer=None))
    pairs = projection.get("weight", format="list", with_address=True)
    assert sorted((int(pre), int(post)) for pre, post, _ in pairs) == \
        [(0, 0), (1, 1), (2, 0), (3, 1), (4, 2)]
