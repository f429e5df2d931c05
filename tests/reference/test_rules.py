"""Truncated and simplified traces against sums written out, from what a run recorded.

Neither the traces nor the filters are used here: with delays of one step,
dE/dW_ji = sum_t G_j^t e_ji^t with G_j^t = sum_{u>=t} kappa^{u-t} L_j^u, and
e_ji^t = h_j^t z_i^{t-1} for cells that do not adapt and for truncated traces. For simplified
traces of cells that adapt, eps_a^t is the product of eq. 27 written out:
sum over u < t of h^u z_i^{u-1} prod_{u<w<t} (rho - beta h^w).
"""

import math

import numpy as np
import pytest

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import EProp, SimplifiedTraces, TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    feedback,
    lif,
    network,
    readouts,
    record,
    synapses,
)

T, INPUTS, CELLS = 30, 6, 4
KAPPA, RHO, BETA = math.exp(-1 / 20), math.exp(-1 / 100), 0.3


def gradients(rule, cells):
    """The gradient of the input weights (pre, post), and z, h, L of the run (T, cells)."""
    rng = np.random.default_rng(5)
    z = rng.random((T, INPUTS)) < 0.3      # of steps 0 ... T - 1
    steps, inputs = np.nonzero(z)
    machine = ReferenceMachine(network(
        [Sources("inputs", INPUTS), cells,
         readouts(2, loss=MSE(), target=rng.normal(size=(2, T)))],
        [synapses(0, 1, all_pairs(INPUTS, CELLS), rng.normal(0.2, 0.3, INPUTS * CELLS),
                  optimizer=SGD(lr=0.0), rule=rule),
         synapses(1, 2, all_pairs(CELLS, 2), 0.5)],
        [feedback(2, 1, rng.normal(size=(CELLS, 2)))], interval_steps=T))
    every = range(CELLS)
    recorded = machine.run(T, Inputs(spikes={0: (steps, inputs)}), [
        record(1, "h", *every), record(1, "learning_signal", *every), record(1, "spikes", *every)])
    h, signal, spikes = recorded.entries
    assert len(spikes[0]) > 10, "hardly any spikes"
    return machine.gradient(0).reshape(INPUTS, CELLS), z.astype(float), h, signal


def filtered(signal):
    """G_j^t, (T, cells)."""
    return np.array([sum(KAPPA ** (u - t) * signal[u] for u in range(t, T)) for t in range(T)])


@pytest.mark.parametrize("rule, cells", [
    (TruncatedTraces(), lif(CELLS)), (SimplifiedTraces(), lif(CELLS)),
    (TruncatedTraces(), alif(CELLS))])
def test_the_present_input_alone(rule, cells):
    found, z, h, signal = gradients(rule, cells)
    expected = np.einsum("ti,tj,tj->ij", z, h, filtered(signal))    # z of row t is z_i^{t-1}
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_simplified_traces_keep_the_trace_of_adaptation():
    found, z, h, signal = gradients(SimplifiedTraces(), alif(CELLS))
    G, expected = filtered(signal), np.zeros((INPUTS, CELLS))
    for i in range(INPUTS):
        for j in range(CELLS):
            for t in range(T):
                slow = sum(h[u, j] * z[u, i] * np.prod(RHO - BETA * h[u + 1:t, j])
                           for u in range(t))
                expected[i, j] += G[t, j] * h[t, j] * (z[t, i] - BETA * slow)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    assert np.max(np.abs(found - gradients(TruncatedTraces(), alif(CELLS))[0])) > 1e-3


def test_complete_traces_differ_from_both():
    complete = gradients(EProp(), alif(CELLS))[0]
    for rule in (TruncatedTraces(), SimplifiedTraces()):
        assert np.max(np.abs(complete - gradients(rule, alif(CELLS))[0])) > 1e-3
