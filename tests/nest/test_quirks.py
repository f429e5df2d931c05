"""NEST's deviations from the equations: shown, refused by default, warned of if allowed."""

import numpy as np
import pytest

import pynn_eprop.host as host
from pynn_eprop import SGD, Adam, StepDecay
from tests.nest.cases import reset_of_newer_model, tiny_on_nest, tiny_refused
from tests.nest.tiny import STEPS, Tiny, run_tiny

ALLOW = {"quirks": "allow"}


def target(missing_last=False):
    values = np.linspace(0.1, 1.0, STEPS)[None]
    if missing_last:
        values[:, -1] = np.nan
    return values


def test_without_them_nest_gives_the_same(on_nest):
    found, warnings = on_nest(tiny_on_nest, Tiny(to_readout=True))
    expected = run_tiny(host, Tiny(to_readout=True))
    assert warnings == []
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-13, atol=1e-16, err_msg=name)
    assert found["in"] != 0.5 and found["direct"] != 0.2


def test_a_spike_at_the_first_instant_is_dropped(on_nest):
    plan = Tiny(times=(0.0, 5.0, 20.0, 25.0), setup=ALLOW)
    found, warnings = on_nest(tiny_on_nest, plan)
    expected = run_tiny(host, plan)
    assert expected["v"][1] == 0.5 and found["v"][1] == 0.0        # weight 0.5
    without = run_tiny(host, Tiny(times=(5.0, 25.0)))
    np.testing.assert_allclose(found["v"], without["v"], rtol=1e-13)
    np.testing.assert_allclose(found["in"], without["in"], rtol=1e-13)
    assert len(warnings) == 1 and "2 spikes, the first at 0 ms" in warnings[0]


def test_a_readout_counts_a_spike_at_the_first_instant_to_the_interval_before(on_nest):
    plan = Tiny(times=(5.0, 20.0, 25.0), to_readout=True, setup=ALLOW,
                synapse={"optimizer": None})
    found, _ = on_nest(tiny_on_nest, plan)
    expected = run_tiny(host, plan)
    # the last sample of the interval has the weight 0.2 too much
    assert found["y"][STEPS] - expected["y"][STEPS] == pytest.approx(0.2, abs=1e-12)
    np.testing.assert_allclose(found["y"][:STEPS], expected["y"][:STEPS], rtol=1e-13)


def test_a_spike_one_step_later_misses_the_last_learning_signal(on_nest):
    times = (5.0, 12.0, 21.0)
    found, warnings = on_nest(tiny_on_nest, Tiny(times=times, setup=ALLOW))
    assert len(warnings) == 1 and "one time step after the beginning" in warnings[0]
    full = run_tiny(host, Tiny(times=times, intervals=1))
    missing = run_tiny(host, Tiny(times=times, intervals=1,
                                  readout={"target": target(missing_last=True)}))
    assert abs(missing["in"] - full["in"]) > 1e-4
    # seen in the second interval: the spike at 21 ms adds the new weight to v
    assert found["v"][STEPS + 2] == pytest.approx(missing["in"], rel=1e-13)
    assert found["v"][STEPS + 2] != pytest.approx(full["in"], rel=1e-5)


def test_two_spikes_of_a_cell_in_one_step_count_once_in_the_traces(on_nest):
    plan = Tiny(times=(5.0, 5.0, 25.0, 25.0), intervals=1, setup=ALLOW,
                synapse={"weight": 0.2})
    found, warnings = on_nest(tiny_on_nest, plan)
    expected = run_tiny(host, plan)
    np.testing.assert_allclose(found["v"], expected["v"], rtol=1e-13)      # v sees both
    change = expected["in"] - 0.2
    assert abs(change) > 1e-3
    assert found["in"] - 0.2 == pytest.approx(change / 2, rel=1e-12)
    assert len(warnings) == 1 and "once" in warnings[0]


@pytest.mark.parametrize(("times", "reason"), [
    ((0.0, 5.0), "at 0 ms: NEST's plastic synapses drop a spike at the first instant"),
    ((5.0, 20.0), "the first at 20 ms: NEST's plastic synapses drop"),
    ((5.0, 21.0), "at 21 ms: a spike one time step after the beginning of an interval"),
    ((5.0, 5.0), "at 5 ms: NEST's eligibility traces count spikes of a cell in one time step once"),
])
def test_by_default_they_are_refused(on_nest, times, reason):
    kind, message = on_nest(tiny_refused, Tiny(times=times))
    assert kind == "UnsupportedError"
    assert reason in message and "setup(quirks='allow')" in message


def test_one_step_after_the_start_of_the_run_is_no_quirk(on_nest):
    """No interval came before, so no learning signal of one can be missed."""
    plan = Tiny(times=(1.0, 9.0), intervals=1)
    found, warnings = on_nest(tiny_on_nest, plan)
    assert warnings == []
    assert found["in"] == pytest.approx(run_tiny(host, plan)["in"], rel=1e-13)


def test_eps_outside_the_bias_correction_makes_nests_steps_shorter(on_nest):
    eps = 0.01
    plan = Tiny(intervals=1, synapse={"optimizer": Adam(lr=0.1, eps=eps)})
    found, warnings = on_nest(tiny_on_nest, plan)
    expected, hat = run_tiny(host, plan), run_tiny(host, Tiny(
        intervals=1, synapse={"optimizer": Adam(lr=0.1, eps=eps, eps_hat=True)}))
    assert len(warnings) == 1 and "Adam(eps_hat=True)" in warnings[0]
    assert found["in"] == pytest.approx(hat["in"], rel=1e-13)
    step, shorter = abs(expected["in"] - 0.5), abs(found["in"] - 0.5)
    # the first step is lr g / (|g| + eps), so g and the bound follow from it
    gradient = eps * step / (0.1 - step)
    root_of_v = np.sqrt(0.001) * gradient
    assert 0.0 < 1.0 - shorter / step < eps / root_of_v


SILENT = tuple(float(t) for t in (5, 9, 25, 29, 85, 105))       # silent in intervals 2 and 3


def test_with_adam_a_silent_cell_goes_on_with_the_old_learning_rate(on_nest):
    optimizer = Adam(lr=0.05, eps_hat=True, schedule=StepDecay(0.1, 2))
    plan = Tiny(times=SILENT, intervals=5, synapse={"optimizer": optimizer})
    found, warnings = on_nest(tiny_on_nest, plan)
    assert len(warnings) == 1 and "silent" in warnings[0]
    assert abs(found["in"] - run_tiny(host, plan)["in"]) > 1e-4
    active = Tiny(times=tuple(np.arange(5.0, 100.0, 10.0)), intervals=5,
                  synapse={"optimizer": optimizer})
    found, _ = on_nest(tiny_on_nest, active)
    assert found["in"] == pytest.approx(run_tiny(host, active)["in"], rel=1e-12)


def test_with_sgd_a_silent_cell_gets_the_right_learning_rates(on_nest):
    plan = Tiny(times=SILENT, intervals=5,
                synapse={"optimizer": SGD(lr=0.05, schedule=StepDecay(0.1, 2))})
    found, warnings = on_nest(tiny_on_nest, plan)
    assert warnings == []
    assert found["in"] == pytest.approx(run_tiny(host, plan)["in"], rel=1e-12)


def test_the_weight_of_a_silent_cell_is_clipped_alike(on_nest):
    """NEST clips once, after all late updates; these go one way, so it makes no difference."""
    plan = Tiny(times=SILENT, intervals=5, synapse={
        "optimizer": Adam(lr=0.05, eps_hat=True), "w_min": 0.3, "w_max": 0.61})
    found, _ = on_nest(tiny_on_nest, plan)
    assert found["in"] == run_tiny(host, plan)["in"] == 0.61


def test_the_rate_term_of_a_batch_takes_each_intervals_own_rate(on_nest):
    """Two spikes in the first interval, none in the second: the mean is f_target = 50 Hz."""
    plan = Tiny(times=(5.0, 6.0, 7.0, 12.0), synapse={"weight": 0.25}, signal={"weight": 0.0},
                cells={"c_reg": 0.01, "f_target": 50.0},
                setup={"trials_per_update": 2, "quirks": "allow"})
    found, warnings = on_nest(tiny_on_nest, plan)
    assert len(warnings) == 1 and "of each single interval" in warnings[0]
    # one update of the batch against two of one interval each, with half the rate
    expected = run_tiny(host, plan)
    single = run_tiny(host, Tiny(**{**vars(plan), "setup": {"trials_per_update": 1}}))
    assert found["in"] != pytest.approx(expected["in"], rel=1e-6)
    assert found["in"] == pytest.approx(single["in"], rel=1e-12)


def test_nests_newer_models_subtract_the_reset_before_the_leak(on_nest):
    """So they are another rule, and not used (docs/nest.md)."""
    alpha = np.exp(-0.1)
    spike, after = on_nest(reset_of_newer_model)
    assert spike == pytest.approx(1.5 - 1.0)                    # the paper: 1.5
    assert after == pytest.approx(alpha * (1.5 - 1.0))          # the paper: alpha 1.5 - 1
