"""Cells that are reset and held as PyNN's IF_curr_exp and IF_curr_delta: reference and JAX.

Witnesses: the host's own stock cells, whose equations are PyNN's, for potentials and spikes; for
gradients automatic differentiation of the equations written out here, with the pseudo-derivative in
the place of the spike's, spikes detached, and v set to v_reset where the cell spiked or is held.
"""

from dataclasses import replace

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from pynn_eprop import host
from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.activity import Activity, recordings_of_activity
from pynn_eprop.models.cells import CurrLIFCells, Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import all_pairs, feedback, network, readouts, record, synapses

INPUTS, CELLS, T, TRIALS = 6, 4, 60, 2
RNG = np.random.default_rng(8)
SPIKES = np.argwhere(RNG.random((T * TRIALS, INPUTS)) < 0.2)
GIVEN = Inputs({0: (SPIKES[:, 0], SPIKES[:, 1])})
TARGET = np.cumsum(RNG.normal(0, 0.1, (2, T)), axis=1)
DOUBLE = JaxOptions("float64")
TAU_SYN = (0.0, 4.0, np.array([0.0, 20.0, 5.0, 0.02]))


def cells(tau_syn=4.0, **parameters):
    values = {"tau_m": np.array([12.0, 20.0, 15.0, 9.0]), "v_thresh": np.full(CELLS, 0.4),
              "v_reset": np.array([0.0, -0.1, 0.1, 0.0]), "tau_syn": np.full(CELLS, tau_syn),
              "refractory_steps": np.array([0, 2, 3, 5]), "f_target": np.full(CELLS, 10.0),
              "c_reg": np.full(CELLS, 0.01), "v_initial": np.linspace(0.0, 0.2, CELLS),
              "isyn_initial": np.zeros(CELLS), "held_initial": np.zeros(CELLS),
              "pseudo_derivative": PiecewiseLinear(0.4, 0.9), **parameters}
    return CurrLIFCells("cells", CELLS, **values)


def built(kind, delay=2, **settings):
    rng = np.random.default_rng(5)
    pairs = all_pairs(CELLS, CELLS, self_connections=False)
    options = {"optimizer": SGD(lr=0.01)}
    scale = np.max(1.0 + 0.2 * kind.tau_syn)
    return network(
        [Sources("inputs", INPUTS), kind, readouts(2, loss=MSE(), target=TARGET, tau_m=12.0)],
        [synapses(0, 1, all_pairs(INPUTS, CELLS),
                  scale * rng.normal(0.25, 0.2, INPUTS * CELLS), **options),
         synapses(1, 1, pairs, scale * rng.normal(0, 0.2, len(pairs)), delay, **options),
         synapses(1, 2, all_pairs(CELLS, 2), rng.normal(0, 0.5, 2 * CELLS), **options)],
        [feedback(2, 1, rng.normal(0, 0.7, (CELLS, 2)))], interval_steps=T, **settings)


@pytest.mark.parametrize("stock", ["IF_curr_delta", "IF_curr_exp"])
def test_potentials_and_spikes_are_those_of_the_stock_cell(stock):
    """IF_curr_exp in nA: a weight w of ours is w C / tau_syn there."""
    times = [2.0, 3.0, 4.0, 9.0, 10.0, 11.0, 12.0, 30.0, 31.0]
    host.setup(timestep=1.0, precision="float64")
    source = host.Population(1, host.SpikeSourceArray(spike_times=times))
    capacity, tau_syn = 0.5, 4.0
    common = {"tau_m": 12.0, "cm": capacity, "v_rest": 0.0, "v_thresh": 0.4, "v_reset": -0.1,
              "tau_refrac": 3.0}
    made = host.IF_curr_delta(**common) if stock == "IF_curr_delta" else \
        host.IF_curr_exp(tau_syn_E=tau_syn, tau_syn_I=tau_syn, **common)
    theirs = host.Population(1, made, initial_values={"v": 0.0})
    weight = 0.3 if stock == "IF_curr_delta" else 0.3 * capacity / tau_syn
    host.Projection(source, theirs, host.AllToAllConnector(), host.StaticSynapse(weight=weight))
    theirs.record(["v", "spikes"])
    host.run(50.0)
    segment = theirs.get_data().segments[0]
    ours = CurrLIFCells("cells", 1, tau_m=np.array([12.0]), v_thresh=np.array([0.4]),
                        tau_syn=np.array([0.0 if stock == "IF_curr_delta" else tau_syn]),
                        v_reset=np.array([-0.1]), refractory_steps=np.array([3]),
                        f_target=np.zeros(1), c_reg=np.zeros(1), v_initial=np.zeros(1),
                        isyn_initial=np.zeros(1), held_initial=np.zeros(1),
                        pseudo_derivative=PiecewiseLinear())
    net = network([Sources("inputs", 1), ours], [synapses(0, 1, all_pairs(1, 1), [0.3])])
    steps = np.array(times, dtype=int)
    recorded = ReferenceMachine(net).run(50, Inputs({0: (steps, np.zeros(9, int))}),
                                         [record(1, "v", 0), record(1, "spikes", 0)])
    spiked = recorded.entries[1][0]
    assert 2 <= len(spiked) < 9
    assert segment.spiketrains[0].magnitude.tolist() == spiked.tolist()
    v = segment.filter(name="v")[0].magnitude[1:, 0].copy()
    mine = recorded.entries[0][:, 0].copy()
    assert np.all(mine[spiked - 1] >= 0.4)      # recorded before the reset, the stock cell's after
    v[spiked - 1] = mine[spiked - 1]
    np.testing.assert_allclose(mine, v, rtol=0, atol=1e-12)


def distances(weight, kind, j, arriving, spiked):
    """Distance of one cell from its threshold at each step; arriving: (steps, synapses)."""
    tau_m, tau_syn = kind.tau_m[j], kind.tau_syn[j]
    alpha, v, i, held = np.exp(-1.0 / tau_m), kind.v_initial[j], 0.0, 0
    found = []
    for row, z in zip(arriving, spiked, strict=True):
        total = anp.dot(weight, row)
        if tau_syn == 0.0:
            v = alpha * v + total
        else:
            kick = alpha / tau_m if tau_syn == tau_m else \
                tau_m / (tau_m - tau_syn) * (alpha - np.exp(-1.0 / tau_syn))
            v, i = alpha * v + kick * i, np.exp(-1.0 / tau_syn) * i + total
        if held:
            v, held = kind.v_reset[j], held - 1
        found.append(v - kind.v_thresh[j])
        if z:
            v, held = kind.v_reset[j], kind.refractory_steps[j]
    return found


@pytest.mark.parametrize("tau_syn", TAU_SYN)
def test_gradients_by_automatic_differentiation(tau_syn):
    kind = cells(tau_syn)
    net = built(kind)
    machine, every = ReferenceMachine(net), range(CELLS)
    first = SPIKES[SPIKES[:, 0] <= T]
    recorded = machine.run(T, Inputs({0: (first[:, 0], first[:, 1])}), [
        record(1, name, *every) for name in ("spikes", "h", "learning_signal")])
    (steps, spiking), h, signal = recorded.entries
    z, x = np.zeros((T + 1, CELLS)), np.zeros((T + 1, INPUTS))
    z[steps, spiking] = 1.0
    assert z.sum() > 6 and np.count_nonzero(h) > 20
    first = first[first[:, 0] < T]
    np.add.at(x, (first[:, 0], first[:, 1]), 1.0)
    kappa, rate = np.exp(-1.0 / 12.0), 0.01 * (1000.0 * z.sum(axis=0) / T - 10.0)
    # sum_t L^t (e filtered with kappa)^t = sum_t e^t G^t
    G = np.zeros((T, CELLS))
    total = np.zeros(CELLS)
    for t in range(T - 1, -1, -1):
        total = signal[t] + kappa * total
        G[t] = total + rate
    for index, (log, lag) in enumerate(((x, 1), (z, 2))):
        projection = net.projections[index]
        emitted = np.concatenate([np.zeros((lag, log.shape[1])), log])[1:T + 1]
        for j in range(CELLS):
            mine = np.flatnonzero(projection.post_index == j)

            def objective(weight, j=j, mine=mine, projection=projection, emitted=emitted,
                          index=index):
                other = net.projections[1 - index]
                of_other = np.flatnonzero(other.post_index == j)
                source, back = ((z, 2) if index == 0 else (x, 1))
                rest = np.concatenate([np.zeros((back, source.shape[1])), source])[1:T + 1]
                rows = np.concatenate([emitted[:, projection.pre_index[mine]],
                                       rest[:, other.pre_index[of_other]]], axis=1)
                weights = anp.concatenate([weight, other.weight[of_other]])
                found = distances(weights, kind, j, rows, z[1:, j])
                return sum(G[t, j] * h[t, j] * found[t] for t in range(T))

            expected = grad(objective)(projection.weight[mine])
            np.testing.assert_allclose(machine.gradient(index)[mine], expected, rtol=0,
                                       atol=1e-12 * np.abs(machine.gradient(index)).max())


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("tau_syn", TAU_SYN)
def test_jax_computes_what_the_reference_does(tau_syn, boundary):
    net = built(cells(tau_syn), trials_per_update=TRIALS, boundary=boundary)
    found = []
    for machine, parts in ((ReferenceMachine(net), (T * TRIALS,)),
                           (JaxMachine(net, DOUBLE), (T + 7, T - 7))):
        for steps in parts:
            low, high = machine.step, machine.step + steps
            part = SPIKES[(SPIKES[:, 0] >= low) & (SPIKES[:, 0] <= high)]
            machine.run(steps, Inputs({0: (part[:, 0], part[:, 1])}))
        assert machine.updates == 1
        found.append([machine.gradient(index) for index in range(3)])
    for ours, theirs in zip(*found, strict=True):
        assert np.any(ours)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10 * np.abs(ours).max())


def trial_of(net):
    """A trial with its state, from a run without learning; arrivals from weights and spikes."""
    machine = ReferenceMachine(net)
    first = SPIKES[SPIKES[:, 0] <= T]
    names = ("spikes", "h", "v", "isyn", "held")
    recorded = machine.run(T, Inputs({0: (first[:, 0], first[:, 1])}), [
        *(record(1, name, *range(CELLS)) for name in names), record(2, "error", 0, 1)],
        learning=False)
    spikes, h, v, isyn, held, error = recorded.entries
    first = first[first[:, 0] < T]
    return Activity({0: (first[:, 0], first[:, 1]), 1: spikes}, {1: h}, {2: error},
                    state={1: {"v": v, "isyn": isyn, "held": held}},
                    arriving={1: np.zeros((T, CELLS))})     # which its derivatives do not read


@pytest.mark.parametrize("machine", [ReferenceMachine, lambda net: JaxMachine(net, DOUBLE)],
                         ids=["reference", "jax"])
def test_a_trial_from_elsewhere_has_the_state(machine):
    """As a trial of its own, which the tests above hold against automatic differentiation."""
    net = built(cells())
    own, other, trial = ReferenceMachine(net), machine(net), trial_of(net)
    first = SPIKES[SPIKES[:, 0] <= T]
    own.run(T, Inputs({0: (first[:, 0], first[:, 1])}))
    other.learn(trial)
    for index in range(3):
        np.testing.assert_allclose(other.gradient(index), own.gradient(index), rtol=0,
                                   atol=1e-13 * np.abs(own.gradient(index)).max())
    assert other.updates == 1
    for change, message in ((
            {"state": {}}, "cells: an activity of this network has state 'v' of shape "
            rf"\({T}, {CELLS}\): the derivatives of EPropCurrLIF read it"), (
            {"state": {1: {**trial.state[1], "held": np.full((T, CELLS), np.nan)}}},
            r"cells: state 'held' must be finite, of shape"), (
            {"arriving": {}}, "cells: an activity of this network has arriving of shape")):
        with pytest.raises(SimulationError, match=message):
            other.learn(replace(trial, **change))
    with pytest.raises(UnsupportedError, match="cells: the derivatives of EPropCurrLIF read what "):
        recordings_of_activity(net)
