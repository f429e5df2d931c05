"""What NEST cannot do is refused by name, before any work is done."""

import subprocess
import sys

import numpy as np
import pytest

from pynn_eprop import Adam
from tests.nest import cases
from tests.nest.tiny import STEPS, Tiny

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
    ("reset", "UnsupportedError", "call setup() and build the network anew"),
    ("checkpoint", "UnsupportedError", "does not give away the state"),
    ("gradient", "UnsupportedError", "NEST does not show gradients"),
    ("parameters_after_the_start", "UnsupportedError", "tau_m cannot change after the first run()"),
    ("weights_after_the_start", "UnsupportedError", "in: new weights at 20 ms"),
    ("population_after_the_start", "UnsupportedError", "late is added at 20 ms"),
    ("projection_after_the_start", "UnsupportedError", "late is added at 20 ms"),
    ("learning_signal_of_cells_without_history", "UnsupportedError",
     "cell: record('learning_signal') of cells without plastic or recurrent synapses"),
    ("recording_after_the_start", "UnsupportedError", "cell: record('v') after the first run()"),
    ("weights_within_an_interval", "NetworkError", "run() to its end at 40 ms first"),
    ("run_after_weights", "SimulationError", "run() after weights were read"),
    ("spikes_that_nest_has", "SimulationError", "input: NEST has already run to 23 ms"),
    ("target_that_nest_has", "SimulationError", "has already got the target of step 1 after 20 ms"),
])
def test_scripts(on_nest, name, kind, reason):
    found, message = on_nest(cases.script_refused, name)
    assert found == kind and reason in message


def test_a_refused_change_changes_nothing(on_nest):
    assert on_nest(cases.values_after_refused_changes) == {
        "tau_m": 20.0, "spikes": [5.0, 25.0, 45.0], "target": 0.1}


def test_adam_with_eps_hat_gives_no_warning(on_nest):
    _, warnings = on_nest(cases.tiny_on_nest, Tiny(
        synapse={"optimizer": Adam(lr=0.01, eps_hat=True)}))
    assert warnings == []


def test_missing_nest_says_what_to_install():
    script = ("import sys; sys.modules['nest'] = None\n"
              "from pynn_eprop.errors import MissingDependencyError\n"
              "try:\n    import pynn_eprop.nest\n"
              "except MissingDependencyError as error:\n    print(error)")
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                           check=True).stdout
    assert "pip install 'pynn_eprop[nest]'" in found and "NEST" in found
