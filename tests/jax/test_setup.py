"""The keywords of setup() in JAX: what the machine gets, and what is refused."""

import jax
import pytest

import pynn_eprop.jax as sim
from pynn_eprop.errors import NetworkError, SetupError
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.jax import simulator
from tests.jax.networks import T, learning_network, weights


def options() -> JaxOptions:
    """The options that the machine of the next run gets."""
    return simulator.state.simulation.computed


def test_defaults():
    sim.setup()
    assert options() == JaxOptions(
        precision="float32", gradient="eprop", device=None, trials_at_once=None,
        truncation_steps=None, rematerialize_steps=None)


def test_times_are_counted_in_steps():
    sim.setup(timestep=0.5, precision="float64", gradient="bptt", device="cpu", trials_at_once=3,
              truncation=10.0, rematerialize=2.5)
    assert options() == JaxOptions(
        precision="float64", gradient="bptt", device="cpu", trials_at_once=3,
        truncation_steps=20, rematerialize_steps=5)


def test_none_stands_for_the_default():
    sim.setup(precision=None, gradient=None, device=None, trials_at_once=None, truncation=None,
              rematerialize=None, checkpoint=None)
    assert options() == JaxOptions()


@pytest.mark.parametrize(("keywords", "message"), [
    ({"precision": "fixed"}, r"precision='fixed' is unknown; choose one of \['float32', 'float64'"),
    ({"precision": 32}, "precision=32 is unknown"),
    ({"gradient": "backprop"}, r"gradient='backprop' is unknown; choose one of \['eprop', 'bptt'"),
    ({"device": "tpu"}, r"device='tpu' is unknown; choose one of \['cpu', 'gpu'\]"),
    ({"device": 0}, "device=0 is unknown"),
    ({"trials_at_once": 0}, "trials_at_once=0 must be a whole number >= 1"),
    ({"trials_at_once": 1.5}, "trials_at_once=1.5 must be a whole number >= 1"),
    ({"truncation": 10.0}, "truncation=10.0 goes with gradient='bptt', not 'eprop'"),
    ({"truncation": 10.0, "gradient": "eprop"}, "truncation=10.0 goes with gradient='bptt'"),
    ({"truncation": 0.5, "gradient": "bptt"}, "truncation=0.5 ms is not allowed; .* >= 1 ms"),
    ({"truncation": 1.5, "gradient": "bptt"}, "truncation=1.5 ms is not a whole number of time"),
    ({"truncation": "long", "gradient": "bptt"}, "truncation='long' must be a number of ms"),
    ({"rematerialize": 10.0}, "rematerialize=10.0 goes with gradient='bptt', not 'eprop'"),
    ({"rematerialize": 0.0, "gradient": "bptt"}, "rematerialize=0.0 ms is not allowed"),
    ({"rematerialize": 2.5, "gradient": "bptt"},
     "rematerialize=2.5 ms is not a whole number of time steps"),
    ({"rematerialize": float("inf"), "gradient": "bptt"}, "rematerialize=inf ms is not allowed"),
    ({"rematerialise": 5.0}, "unknown keyword rematerialise=5.0; did you mean 'rematerialize'"),
    ({"threads": 2}, "unknown keyword threads=2; .*valid keywords are .*trials_at_once"),
    ({"checkpoint": "nowhere/at/all"}, "in a folder that does not exist"),
])
def test_bad_values_change_nothing(keywords, message):
    sim.setup(timestep=0.5)
    population = sim.Population(2, sim.EPropLIF())
    with pytest.raises(SetupError, match=message):
        sim.setup(**{"timestep": 1.0} | keywords)
    assert sim.get_time_step() == 0.5
    assert simulator.state.simulation.populations == [population]


def test_a_device_that_is_not_there_is_refused_at_once():
    try:
        jax.devices("gpu")
    except RuntimeError:
        with pytest.raises(SetupError, match=r"device='gpu': JAX finds none, only .*'cpu'"):
            sim.setup(device="gpu")
    else:
        pytest.skip("needs a computer without a GPU")


@pytest.mark.parametrize("word", ["precision", "gradient", "device", "trials_at_once",
                                  "truncation", "rematerialize", "checkpoint"])
def test_each_keyword_is_documented(word):
    assert f"    {word} : " in sim.setup.__doc__


def test_backpropagation_through_time_needs_no_learning_signal():
    learning_network(signal=False)
    with pytest.raises(NetworkError, match="no learning signal reaches cells"):
        sim.run(T)
    learning_network(signal=False, gradient="bptt")
    sim.run(2 * T)
    assert sim.num_updates() == 2


def test_a_network_that_runs_says_what_computes_it():
    net = learning_network()
    net.cells.record("spikes")
    sim.run(T)
    assert net.cells.get_data().annotations["simulator"] == "pynn_eprop.jax"
    assert sim.range_report() is None


def test_a_network_grows_between_updates_of_bptt_only():
    """Trials of an update run again at its end, with the network that they were run with."""
    net = learning_network(signal=False, gradient="bptt", trials_per_update=2)
    sim.run(T)
    before = weights(net)
    with pytest.raises(NetworkError, match="later is added at 20 ms, within an update of several"):
        sim.Projection(net.cells, net.cells, sim.AllToAllConnector(), sim.StaticSynapse(),
                       label="later")
    sim.run(T)
    assert sim.num_updates() == 1 and (weights(net) != before).any()
    sim.Projection(net.cells, net.cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))
    sim.run(2 * T)
    assert sim.num_updates() == 2
