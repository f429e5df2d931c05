"""The adapter of BrainScaleS-2 on a fake of the module that it drives."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.errors import (
    CapacityError,
    MissingDependencyError,
    SetupError,
    SimulationError,
)
from pynn_eprop.in_the_loop.fitting import as_run
from pynn_eprop.in_the_loop.machine import LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.measured import Samples
from pynn_eprop.in_the_loop.substrate import Dynamics
from pynn_eprop.in_the_loop.substrates import BrainScaleSSubstrate
from pynn_eprop.in_the_loop.substrates.brainscales import on_the_clock
from pynn_eprop.in_the_loop.voltages import interpolated
from pynn_eprop.models.network import Inputs
from tests.descriptions import all_pairs, lif, synapses
from tests.in_the_loop import fake_brainscales as fake
from tests.in_the_loop.on_fake_chip import (
    ADAM,
    CELLS,
    INPUTS,
    LOSS,
    SPIKES,
    T,
    V,
    cells,
    cosines,
    drawn,
    inputs,
    net,
    on_chip,
    reference,
    wide,
)

# --- trials ---

@pytest.mark.parametrize(("reset", "parameters"), [
    (None, {}), (70, {}), (None, {"tau_m": np.linspace(10.0, 30.0, CELLS)}),
    (None, {"refractory_steps": np.arange(CELLS)})])
def test_spikes_are_those_of_the_reference_and_gradients_point_the_same_way(reset, parameters):
    """The fake computes on the network's grid of time, with its own code and in digits."""
    machine = on_chip(net(cells(**parameters)), reset=reset)
    expected = reference(machine)
    found, known = (each.run(T, inputs(), [SPIKES, V, LOSS]) for each in (machine, expected))
    assert len(found.entries[0][0]) > 50
    for mine, theirs in zip(found.entries[0], known.entries[0], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_allclose(found.entries[2], known.entries[2], rtol=1e-12)
    # between spikes a sample is off by half a digit, of which 45 are 0.61, and by the bend of v
    assert np.median(np.abs(found.entries[1] - known.entries[1])) < 0.61 / 45
    assert min(cosines(machine, expected)) > 0.97
    np.testing.assert_allclose(machine.gradient(2), expected.gradient(2), rtol=1e-9)


def test_a_machine_learns_on_it(chip):
    machine = on_chip()
    losses = np.concatenate([machine.run(T, inputs(trial), [LOSS]).entries[0]
                             for trial in range(15)])
    assert machine.updates == 15
    assert losses[-1] < 0.6 * losses[0]
    assert chip.runs == 15
    assert chip.calibrations == 1       # new weights and spikes need no other
    assert list(machine.shortfalls()) == []


def test_trials_leave_nothing_behind():
    """A block of the module grows by a segment with each run whose data were not cleared."""
    machine = on_chip()
    for trial in range(3):
        machine.run(T, inputs(trial))
    assert [list(each.recorder.cache) for each in fake.simulator.state.populations] == [[], []]


def test_spikes_are_sent_a_step_later_in_us(chip):
    """A delay of one step there is none of; 3 us must not become 2.992 us."""
    on_chip().run(T, inputs())
    for cell, times in enumerate(chip.sent["inputs"]):
        np.testing.assert_array_equal(times, drawn[drawn[:, 1] == cell, 0] + 1.0)


@given(st.integers(0, 10 ** 8))
def test_times_are_cut_to_the_cycle_that_is_meant(cycle):
    """The module's arithmetic: int(ms * 1000 * 125), for events and for the runtime."""
    milliseconds = float(on_the_clock(cycle / 125.0))
    assert int(milliseconds * 1000.0 * 125.0) == cycle == int(milliseconds * 125 * 1000)


def test_the_chip_runs_a_thousandth_of_the_time(monkeypatch):
    runtimes = []
    run = fake.run
    monkeypatch.setattr(fake, "run", lambda time, *command: (runtimes.append(time),
                                                             run(time, *command)))
    on_chip().run(T, inputs())
    assert runtimes == [None, pytest.approx((T + 1) / 1000.0, abs=8e-6)]


def test_spikes_of_cells_come_back_in_ms_of_the_network(monkeypatch):
    """A chip with a grid of 0.8 us, 100 of its cycles: times are multiples of that."""
    machine = on_chip()
    monkeypatch.setattr(fake.chip, "grid", 0.8)
    machine.weights_on_chip(0)
    measured = machine.substrate.trial({0: (drawn[:, 0], drawn[:, 1])}, T, 0, False)
    assert measured.samples == {}
    times, who = measured.spikes[1]
    assert len(times) > 20 and np.all(np.diff(times) >= 0) and set(who) <= set(range(CELLS))
    np.testing.assert_allclose(times / 0.8, np.rint(times / 0.8), rtol=0, atol=1e-9)
    assert T / 2 < times.max() <= T


def test_samples_are_potentials_in_units_of_the_network():
    """Digits above 127 come as negative ones: a threshold of 200 is reached all the same."""
    machine = on_chip(threshold=200)
    machine.weights_on_chip(0)
    measured = machine.substrate.trial({0: (drawn[:, 0], drawn[:, 1])}, T, 0, True)
    samples = measured.samples[1]
    # the fourth is the first behind the start, which is 5 us behind the first
    assert samples.times[0] == pytest.approx(3 * 1.7 - 5.0, abs=0.01)
    assert len(samples.times) == int((T + 5.0) / 1.7) - 2
    np.testing.assert_allclose(np.diff(samples.times), 1.7, atol=0.01)
    digits = samples.v / 0.61 * 120 + 80
    np.testing.assert_allclose(digits, np.rint(digits), rtol=0, atol=1e-9)
    assert 0.8 * 0.61 < samples.v.max()


def test_samples_whose_stamps_are_late_are_aligned_by_an_offset(chip):
    chip.cadc_late = 6.0
    errors, directions = [], []
    for offset in (0.0, -6.0):
        machine = on_chip(cadc_offset=offset)
        expected = reference(machine)
        found, known = (each.run(T, inputs(), [V]).entries[0] for each in (machine, expected))
        errors.append(np.mean(np.abs(found - known)))
        directions.append(min(cosines(machine, expected)))
    assert errors[1] < 0.5 * errors[0]
    assert directions[0] < directions[1] and directions[1] > 0.97


def test_the_offset_is_found_as_the_page_says(chip):
    """docs/brainscales_calls.md: with it, samples behind a spike are those of a cell that is held.

    One strong source, and cells that are refractory for 5 us: about 3 samples a spike."""
    chip.cadc_late, chip.cadc_noise = 6.0, 2.0
    described = wide(1, 4, all_pairs(1, 4), weight=2.0)
    described = replace(described, populations=(described.populations[0],
                                                lif(4, refractory_steps=5)))
    substrate = BrainScaleSSubstrate(fake)
    machine = LoopMachine(described, substrate)
    chip.gain = substrate.describe()["digits_per_level"]["cells"]
    machine.weights_on_chip(0)
    steps = np.array([1, 10, 22, 27, 41, 50])     # not at equal distances, which would repeat
    measured = substrate.trial({0: (steps, np.zeros(len(steps), int))}, T, 0, True)
    spikes = measured.spikes[1][0][measured.spikes[1][1] == 0]
    times, v = measured.samples[1].times, measured.samples[1].v[:, 0]

    def held(offset):
        behind = (times + offset)[:, None] - spikes
        return np.mean(np.abs(v[np.any((behind > 0.5) & (behind < 4.5), axis=1)]))

    offsets = np.arange(-10.0, 10.0, 0.1)
    best = offsets[np.argmin([held(offset) for offset in offsets])]
    assert len(spikes) > 3
    assert best == pytest.approx(-6.0, abs=1.0)


def test_hemispheres_sample_at_times_of_their_own(chip):
    chip.cadc_apart = 0.6
    machine = on_chip(setup={"neuronPermutation": iter([*range(6), *range(256, 262)])})
    expected = reference(machine)
    machine.weights_on_chip(0)
    samples = machine.substrate.trial({0: (drawn[:, 0], drawn[:, 1])}, T, 0, True).samples[1]
    here = np.isfinite(samples.v)
    assert np.all(here[:, :6] == here[:, :1]) and np.all(here[:, 6:] == ~here[:, :1])
    for each in (machine, expected):
        each.run(T, inputs())
    assert min(cosines(machine, expected)) > 0.98
    assert list(machine.shortfalls()) == []


# --- weights and targets ---

def test_a_projection_is_a_pair_by_sign_of_whole_levels():
    levels = np.linspace(-63, 63, INPUTS * CELLS).astype(int)
    machine = on_chip()
    substrate = machine.substrate
    scale = machine._rounding.scales[1]
    substrate.set_weights({0: levels * scale})
    excitatory, inhibitory, *_ = fake.simulator.state.projections
    assert (excitatory.receptor_type, inhibitory.receptor_type) == ("excitatory", "inhibitory")
    matrix = levels.reshape(INPUTS, CELLS)
    np.testing.assert_array_equal(excitatory.get("weight", "array"), np.maximum(matrix, 0))
    np.testing.assert_array_equal(inhibitory.get("weight", "array"), np.minimum(matrix, 0))


def test_weights_change_their_sign_and_stay_within_63():
    machine = on_chip(options=LoopOptions(headroom=1.0))
    machine.set_weights(0, -3.0 * machine.weights(0))
    held = machine.weights_on_chip(0) / machine._rounding.scales[1]
    assert np.abs(held).max() == pytest.approx(63)
    excitatory, inhibitory, *_ = fake.simulator.state.projections
    found = excitatory.get("weight", "array") + inhibitory.get("weight", "array")
    np.testing.assert_allclose(found.ravel(), held, rtol=0, atol=1e-9)
    assert "beyond the largest" in next(iter(machine.shortfalls()))[1]


def test_a_sparse_projection_has_its_own_synapses_only():
    pairs = [(0, 1), (0, 2), (4, 2)]
    machine = on_chip(net(first=synapses(0, 1, pairs, [0.5, -1.0, 1.5], optimizer=ADAM)))
    machine.weights_on_chip(0)
    found = fake.simulator.state.projections[0].get("weight", "list") \
        + fake.simulator.state.projections[1].get("weight", "list")
    # the largest weight, 1.5, is half of 63 levels, 31.5, which rounds to an even number
    assert found == [(0, 1, 10), (0, 2, 0), (4, 2, 32), (0, 1, 0), (0, 2, -21), (4, 2, 0)]


def test_calibration_targets():
    on_chip(net(cells(tau_m=np.linspace(10.0, 30.0, CELLS), refractory_steps=0)), leak=90,
            threshold=140, tau_syn=4.0, cell={"synapse_dac_bias": 700, "cm": 60})
    made = fake.simulator.state.populations[1]
    expected = {"v_rest": 90, "v_reset": 90, "v_thresh": 140, "tau_syn_E": 4.0, "tau_syn_I": 4.0,
                "tau_refrac": 0.04,     # us: the shortest, less than a step
                "synapse_dac_bias": 700, "cm": 60, "i_synin_gm_E": 500}
    assert dict(zip(expected, made.get(list(expected)), strict=True)) == expected
    np.testing.assert_allclose(made.get("tau_m"), np.linspace(10.0, 30.0, CELLS))


def test_new_parameters_are_a_new_calibration(chip):
    """Also of the potential at the start, which is what 4 us have left of the reset."""
    machine = on_chip(reset=70)
    machine.run(T, inputs())
    changed = net(cells(tau_m=15.0))
    machine.set_population(1, changed)
    found = machine.run(T, Inputs({0: (np.zeros(0, int), np.zeros(0, int))}), [V]).entries[0]
    assert chip.calibrations == 2
    assert fake.simulator.state.populations[1].get("tau_m") == 15.0
    # no spikes: the first step ends 5 us behind the release; a digit is 0.61 / 45
    np.testing.assert_allclose(found[0], -10 / 45 * 0.61 * np.exp(-5 / 15), atol=0.61 / 45)


def test_it_describes_itself_and_gives_the_chip_back():
    machine = on_chip(leak=81, cell={"cm": 50})
    described = machine.substrate.describe()
    assert described["leak"] == described["reset"] == 81 and described["cm"] == 50
    assert described["module"] == fake.__name__
    # a level is 1 / 63 of the range that is twice the largest weight
    largest = max(np.abs(machine.network.projections[index].weight).max() for index in (0, 1))
    assert described["digits_per_level"]["cells"] == pytest.approx(
        2.0 * largest / 63 * (125 - 81) / 0.61)
    measured = on_chip(digits_per_level=1.5).substrate.describe()
    assert measured["digits_per_level"]["cells"] == pytest.approx(1.5)
    with pytest.raises(SetupError, match="digits_per_level"):
        on_chip(digits_per_level=0.0)
    machine.substrate.close()
    machine.substrate.close()
    assert fake.simulator.state is None
    with pytest.raises(SimulationError, match="no network was configured"):
        machine.substrate.trial({}, T, 0, False)


# --- samples that are missing, runs that fail ---

def test_fewer_samples_than_asked_are_reported(chip):
    """The last is 33 * 1.7 - 5 = 51.1 us behind the start, and says what v is for two periods
    more: until step 54 of 60."""
    chip.cadc_samples = 34
    machine = on_chip()
    machine.run(T, inputs())
    assert machine.updates == 1
    (_, sentence), = machine.shortfalls()
    assert sentence == (
        "cells: brainscales gave back too few samples of v; a model that replays the spikes stands "
        f"in for {CELLS * 6} of the potentials of a trial")


def test_no_samples_fail_and_spikes_alone_do(chip):
    chip.cadc_samples = 0
    machine = on_chip()
    before = machine.weights(0)
    with pytest.raises(SimulationError, match=r"no samples of v in trial 0.*voltage='model'"):
        machine.run(T, inputs())
    assert (machine.step, machine.updates) == (0, 0)
    np.testing.assert_array_equal(machine.weights(0), before)
    machine = on_chip(options=LoopOptions(voltage="model"))
    machine.run(T, inputs())
    assert machine.updates == 1
    assert fake.simulator.state.populations[1].recorder.recorded["v"] == set()


@pytest.mark.parametrize(("call", "said"), [
    ("PREPARE", "could not be placed, calibrated or routed: RuntimeError: connection lost"),
    ("EXECUTE", r"run\(\) of trial 1 failed: RuntimeError: connection lost")])
def test_after_a_run_that_failed_the_next_is_as_if_it_had_not_been(chip, call, said):
    undisturbed = on_chip()
    expected = [undisturbed.run(T, inputs(trial), [SPIKES, V]) for trial in range(2)]
    undisturbed.substrate.close()
    machine = on_chip()
    found = [machine.run(T, inputs(), [SPIKES, V])] if call == "EXECUTE" else []
    chip.fails = call
    with pytest.raises(SimulationError, match=said) as caught:
        machine.run(T, inputs(len(found)))
    assert caught.value.__cause__ is chip.error
    assert machine.step == len(found) * T
    while len(found) < 2:
        found.append(machine.run(T, inputs(len(found)), [SPIKES, V]))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine.entries[0][0], theirs.entries[0][0])
        np.testing.assert_array_equal(mine.entries[1], theirs.entries[1])
    for index in range(3):
        np.testing.assert_array_equal(machine.weights(index), undisturbed.weights(index))


def test_a_router_that_fails_is_a_lack_of_capacity(chip):
    machine = on_chip()
    chip.fails, chip.error = "PREPARE", RuntimeError("Synapse driver allocations not successful.")
    with pytest.raises(CapacityError, match="driver allocations not successful"):
        machine.run(T, inputs())


def test_an_older_module_without_the_converter_is_named(chip):
    chip.has_cadc = False
    with pytest.raises(SimulationError, match=r'record.*since 2026-02.*"cadc" is not supported'):
        on_chip().run(T, inputs())
    machine = on_chip(options=LoopOptions(voltage="model"))
    machine.run(T, inputs())
    assert machine.updates == 1


def test_spike_trains_that_are_missing_fail_and_lost_spikes_do_not(chip):
    chip.no_trains = (3, 5)
    machine = on_chip()
    with pytest.raises(SimulationError, match=r"no spike trains of cells \[3, 5\]"):
        machine.run(T, inputs())
    chip.no_trains, chip.lost = (), 0.3
    machine.run(T, inputs())
    assert machine.updates == 1


def test_setup_that_fails_says_so():
    with pytest.raises(SetupError, match=r"setup\(speed\) failed: KeyError.*unhandled"):
        on_chip(setup={"speed": 1})


def test_without_the_module_it_says_where_that_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynn_brainscales", None)
    with pytest.raises(MissingDependencyError, match=r"EBRAINS.*container"):
        BrainScaleSSubstrate()


# --- what is known of v between samples ---

def test_v_after_a_spike_is_the_reset_potential_of_the_cells():
    run = as_run(net(), BrainScaleSSubstrate(fake, reset=70))
    kind = run.populations[1]
    assert kind.v_reset == pytest.approx(np.full(CELLS, -10 / 45 * 0.61))
    samples = Samples(np.array([30.0]), np.zeros((1, CELLS)))
    v, _ = interpolated(samples, (np.array([10.0]), np.array([0])), 1.0, kind,
                        np.full((T, CELLS), 0.61), Dynamics(tau_syn=5.0))
    assert v[9, 0] == pytest.approx(0.61)
    # held for 3 steps, then a straight line to the sample
    np.testing.assert_allclose(v[10:13, 0], -10 / 45 * 0.61)
    assert v[20, 0] == pytest.approx(-10 / 45 * 0.61 * 9 / 17)


def test_a_trial_begins_with_what_is_left_of_the_reset():
    """All cells are reset before a run, and released 4 us before it begins."""
    substrate = BrainScaleSSubstrate(fake, reset=70)
    of_lif = as_run(net(), substrate).populations[1]
    for kind in (of_lif, as_run(net(replace(of_lif, v_initial=np.zeros(CELLS))),
                                substrate).populations[1]):
        assert kind.v_initial == pytest.approx(np.full(CELLS, -10 / 45 * 0.61 * np.exp(-4 / 20)))
    # a straight line to the first sample
    v, _ = interpolated(Samples(np.array([10.0]), np.zeros((1, CELLS))),
                        (np.zeros(0), np.zeros(0, int)), 1.0, kind, np.full((T, CELLS), 0.61),
                        Dynamics(tau_syn=5.0))
    assert v[4, 0] == pytest.approx(kind.v_initial[0] / 2)
    assert np.all(as_run(net(), BrainScaleSSubstrate(fake)).populations[1].v_initial == 0.0)


def test_the_end_of_what_is_known_is_that_of_each_cells_samples():
    """Cells sampled in turn, every 2 ms each, the last times at 20 and 20.1 ms."""
    kind = as_run(net(), BrainScaleSSubstrate(fake)).populations[1]
    times = np.sort(np.concatenate([np.arange(2.0, 21.0, 2.0), np.arange(2.1, 21.0, 2.0)]))
    v = np.full((len(times), CELLS), np.nan)
    v[0::2, 0], v[1::2, 1] = 0.1, 0.2
    _, known = interpolated(Samples(times, v), (np.zeros(0), np.zeros(0, int)), 1.0, kind,
                            np.full((T, CELLS), 0.61), Dynamics(tau_syn=5.0))
    np.testing.assert_array_equal(known.sum(axis=0)[:3], [24, 24, 0])
