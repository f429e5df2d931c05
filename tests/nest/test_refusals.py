"""Refusals by name, before any work is done, of what NEST cannot do."""

import numpy as np
import pytest

import pynn_eprop.host as host
from pynn_eprop import Adam, PiecewiseLinear
from tests.nest import cases
from tests.nest.tiny import STEPS, Tiny, run_tiny

LATE = np.linspace(0.0, 1.0, STEPS)[None].repeat(2, axis=0).reshape(1, -1)


def with_nan(*steps, intervals=1):
    values = np.ones((1, STEPS * intervals))
    values[:, list(steps)] = np.nan
    return values


@pytest.mark.parametrize(("plan", "reason"), [
    (Tiny(setup={"boundary": "continuous"}), "boundary='continuous'"),
    (Tiny(setup={"update_interval": 10.0}, readout={"target": np.ones((1, 10))}),
     "update_interval=10 ms is 10 time steps; on NEST it needs at least 16"),
    (Tiny(setup={"spike_precision": "off_grid"}), "spike_precision='off_grid'"),
    (Tiny(synapse={"delay": 2.0}), "in: a delay of 2 time steps"),
    (Tiny(readout={"bias": 0.1}), "readout: NEST's readouts have no bias"),
    (Tiny(readout={"bias_optimizer": "sgd"}), "readout: NEST's readouts have no bias"),
    (Tiny(signal={"symmetric": True}), r"back: LearningSignal(symmetric=True)"),
    (Tiny(signal={"window": 5.0, "weight": 1.0}), r"back: LearningSignal(window=5)"),
    (Tiny(cells={"c_reg": 0.1}, setup={"trials_per_update": 2}),
     "cell: c_reg=0.1 with trials_per_update=2"),
    (Tiny(readout={"target": with_nan(7)}), "no target at step 8 of interval 0"),
    (Tiny(readout={"target": with_nan(*range(STEPS))}), "interval 0 has no target at all"),
    (Tiny(readout={"target": with_nan(0, intervals=2)}),
     "the last 19 steps (readout) and in the last 20 steps (readout)"),
    (Tiny(synapse={"w_max": 0.4}), "in: weights from 0.5 to 0.5 are to start outside"),
])
def test_networks(on_nest, plan, reason):
    kind, message = on_nest(cases.tiny_refused, plan)
    assert kind == "UnsupportedError" and reason in message


@pytest.mark.parametrize(("plan", "kind", "reason"), [
    (Tiny(setup={"update_intervall": 20.0}), "SetupError",
     "unknown keyword update_intervall=20.0; did you mean 'update_interval'?"),
    (Tiny(setup={"quirks": "ignore"}), "SetupError", "quirks='ignore' is unknown"),
    (Tiny(setup={"threads": 0}), "SetupError", "threads=0"),
    (Tiny(setup={"seed": -1}), "SetupError", "seed=-1"),
    (Tiny(cells={"tau_m": -1.0}), "ParameterError", "tau_m=-1"),
    (Tiny(readout={"target": LATE}, intervals=3), "SimulationError",
     "readout: the target ends at 40 ms, before this run does, at 60 ms"),
    (Tiny(readout={"target": None}), "TargetError", "needs a target"),
])
def test_bad_input(on_nest, plan, kind, reason):
    found, message = on_nest(cases.tiny_refused, plan)
    assert found == kind and reason in message


@pytest.mark.parametrize(("name", "kind", "reason"), [
    ("cells_without_intervals", "UnsupportedError", "give setup(update_interval=...)"),
    ("synapses_without_intervals", "NetworkError", "give setup(update_interval=...)"),
    ("two_time_constants", "UnsupportedError", "readouts with tau_m=20 and 10 ms teach cell"),
    ("error_module", "UnsupportedError", "readout has loss=None"),
    ("stock_cells_before_plastic_synapses", "UnsupportedError",
     "plastic synapses from IF_curr_exp (stock)"),
    ("plastic_synapses_to_stock_cells", "NetworkError", "IF_curr_exp (stock) does not learn"),
    ("stdp_to_cells_that_learn", "UnsupportedError", "STDPMechanism to cells that learn"),
    ("no_learning_signal", "NetworkError", "no learning signal reaches cell"),
    ("initial_value", "UnsupportedError", "cell: initial value v=0.1"),
    ("negative_beta", "UnsupportedError", "adaptive: beta=-0.1"),
    ("current_into_cells_that_learn", "UnsupportedError", "no current can be injected"),
    ("current_source_into_cells_that_learn", "UnsupportedError", "no current can be injected"),
    ("learning_off", "UnsupportedError", "EPropSynapse(optimizer=None) and load_weights()"),
    ("reset", "UnsupportedError", "call setup() and build the network again"),
    ("checkpoint", "UnsupportedError", "does not give away the state"),
    ("gradient", "UnsupportedError", "NEST does not show gradients"),
    ("parameters_after_the_start", "UnsupportedError", "tau_m cannot change after the first run()"),
    ("weights_after_the_start", "UnsupportedError", "in: new weights at 20 ms"),
    ("population_after_the_start", "UnsupportedError", "late is added at 20 ms"),
    ("projection_after_the_start", "UnsupportedError", "late is added at 20 ms"),
    ("learning_signal_of_cells_without_history", "UnsupportedError",
     "cell: record('learning_signal') of cells without plastic or recurrent synapses"),
    ("recording_after_the_start", "UnsupportedError", "cell: record('v') after the first run()"),
    ("recording_of_stock_cells_after_the_start", "UnsupportedError",
     "stock: record('v') after the first run"),
    ("weights_within_an_interval", "NetworkError", "run() to its end at 40 ms first"),
    ("run_after_weights", "SimulationError", "run() after weights were read"),
    ("spikes_that_nest_has", "SimulationError", "input: NEST has already run to 23 ms"),
    ("target_that_nest_has", "SimulationError", "has already got the target of step 1 after 20 ms"),
])
def test_scripts(on_nest, name, kind, reason):
    found, message = on_nest(cases.script_refused, name)
    assert found == kind and reason in message


@pytest.mark.parametrize(("plan", "kind", "reason"), [
    (Tiny(setup={"timestep": 1 / 3, "update_interval": 20 / 3}), "UnsupportedError",
     "timestep=0.3333333333333333 ms is not a whole number of the tics of 0.001 ms"),
    (Tiny(setup={"timestep": 0.0004, "update_interval": 0.008}), "UnsupportedError",
     "choose 0.001 ms, or another backend"),
    (Tiny(setup={"timestep": 1e12, "update_interval": 2e13}), "UnsupportedError",
     "the longest is 1e+06 ms"),
    (Tiny(setup={"rng_seed": 0}), "SetupError",
     "rng_seed=0 must be a whole number in 1..4294967295"),
    (Tiny(setup={"rng_seeds": "ab"}), "SetupError", "rng_seeds='ab' must be a list"),
    (Tiny(setup={"verbosity": "loud"}), "SetupError", "choose one of ['all', 'debug',"),
    (Tiny(setup={"rng_type": "dice"}), "SetupError", "choose one of ['Philox_32',"),
    (Tiny(cells={"pseudo_derivative": PiecewiseLinear(height=0.0)}), "UnsupportedError",
     "NEST takes no height of 0"),
    (Tiny(readout={"tau_m": 1e18}), "UnsupportedError", "kappa = exp(-dt / tau_m) is 1"),
])
def test_what_nest_cannot_have(on_nest, plan, kind, reason):
    found, message = on_nest(cases.tiny_refused, plan)
    assert found == kind and reason in message


def test_delays_that_memory_cannot_hold_are_an_error(on_nest):
    found, message = on_nest(cases.tiny_refused_on_small_computer, Tiny(setup={"max_delay": 1e7}),
                             100_000_000)
    assert found == "SetupError" and "NEST needs 0.32 GB of memory for each cell" in message \
        and "this computer has 0.1 GB" in message     # rings of 32 bytes a step


@pytest.mark.parametrize(("name", "kind", "reason"), [
    ("capacitance_of_stock_cells", "ParameterError",
     "stock: NEST says: Capacitance must be strictly positive"),
    ("capacitance_set_later", "ParameterError",
     "stock: NEST says: Capacitance must be strictly positive"),
    ("noise", "ParameterError",
     "NoisyCurrentSource: NEST says: The standard deviation cannot be negative"),
    ("steps_before_time_0", "ParameterError", "times must be >= 0"),
    ("delay_of_stock_synapses", "NetworkError", "far: NEST says: "),
    ("model_that_nest_lacks", "UnsupportedError", "inh_gamma_generator is not a known model"),
    ("too_many_projections", "UnsupportedError", "the network: NEST says: Synapse model count"),
])
def test_errors_of_nest_are_ours(on_nest, name, kind, reason):
    found, message = on_nest(cases.script_refused, name)
    assert found == kind and reason in message


def test_no_value_ends_in_an_error_of_nest(on_nest):
    assert on_nest(cases.raw_errors) == []


def test_a_refractory_period_beyond_all_counting_never_ends(on_nest):
    plan = Tiny(times=(5.0, 9.0, 25.0), cells={"tau_refrac": 1e12},
                synapse={"weight": 2.0, "optimizer": None})
    (found, _), expected = on_nest(cases.tiny_on_nest, plan), run_tiny(host, plan)
    np.testing.assert_allclose(found["v"], expected["v"], rtol=1e-12)
    assert found["v"][7] < 0.61 * 3 < found["v"][26]       # reset at 6 ms, but not at 26


def test_a_refused_change_changes_nothing(on_nest):
    assert on_nest(cases.values_after_refused_changes) == {
        "tau_m": 20.0, "spikes": [5.0, 25.0, 45.0], "target": 0.1}


def test_adam_with_eps_hat_gives_no_warning(on_nest):
    _, warnings = on_nest(cases.tiny_on_nest, Tiny(
        synapse={"optimizer": Adam(lr=0.01, eps_hat=True)}))
    assert warnings == []
