"""Truncated and simplified traces against sums written out, from what a run recorded.

Neither the traces nor the filters are used here: with delays of one step,
dE/dW_ji = sum_t G_j^t e_ji^t with G_j^t = sum_{u>=t} kappa^{u-t} L_j^u, and
e_ji^t = h_j^t z_i^{t-1} for cells that do not adapt and for truncated traces. For simplified
traces of cells that adapt, eps_a^t is the product of eq. 27 written out:
sum over u < t of h^u z_i^{u-1} prod_{u<w<t} (rho - beta h^w). Clopath's rule (eq. 57) and
truncated adaptation have zhat_i^{t-1} = sum_{u<=t} alpha^{t-u} z_i^{u-1} in its place, and the
first a factor of v and of its filtered value vhat^t = sum_{u<=t} (1 - d) d^{t-u} v^u.
"""

import math

import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.cells import LIFCells, Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import (
    ClopathRule,
    EProp,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)
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
from tests.own_cells import CurrentLIF

T, INPUTS, CELLS = 30, 6, 4
KAPPA, RHO, BETA, ALPHA = math.exp(-1 / 20), math.exp(-1 / 100), 0.3, math.exp(-1 / 20)
REFRACTORY = 3


def gradients(rule, cells, potentials=False):
    """The gradient of the input weights (pre, post), and z, h, L of the run (T, cells).

    potentials: v, (T, cells), and spikes, (steps, cells), in the place of h.
    """
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
        record(1, "h", *every), record(1, "learning_signal", *every), record(1, "spikes", *every),
        record(1, "v", *every)])
    h, signal, spikes, v = recorded.entries
    assert len(spikes[0]) > 10, "hardly any spikes"
    found = machine.gradient(0).reshape(INPUTS, CELLS)
    if not potentials:
        return found, z.astype(float), h, signal
    return found, z.astype(float), v, spikes, signal


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


def zhat(z):
    """zhat_i^{t-1} in row t, (T, inputs)."""
    return np.array([sum(ALPHA ** (t - u) * z[u] for u in range(t + 1)) for t in range(T)])


@pytest.mark.parametrize("cells", [lif(CELLS), alif(CELLS)])
def test_truncated_adaptation_keeps_the_filter_of_the_membrane(cells):
    found, z, h, signal = gradients(TruncatedAdaptation(), cells)
    expected = np.einsum("ti,tj,tj->ij", zhat(z), h, filtered(signal))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    complete = gradients(EProp(), cells)[0]
    assert np.allclose(found, complete, rtol=1e-12, atol=1e-14) == (type(cells) is LIFCells)


def silent(spikes):
    """Whether a cell spiked in one of the REFRACTORY steps before, (T, cells)."""
    found = np.zeros((T, CELLS), dtype=bool)
    for step, cell in zip(*spikes, strict=True):
        found[step:step + REFRACTORY, cell] = True       # row t is step t + 1
    return found


@pytest.mark.parametrize("rule", [
    ClopathRule(), ClopathRule(while_refractory=True),
    ClopathRule(v_plus=0.3, v_minus=-0.2, tau_v=4.0)])
@pytest.mark.parametrize("cells", [lif, alif])
def test_clopath_from_membrane_potentials(rule, cells):
    kind = cells(CELLS, refractory_steps=REFRACTORY)
    found, z, v, spikes, signal = gradients(rule, kind, potentials=True)
    d = math.exp(-1 / rule.tau_v)
    v_hat = np.array([sum((1 - d) * d ** (t - u) * v[u] for u in range(t + 1)) for t in range(T)])
    factor = np.maximum(v - rule.v_plus * 0.61, 0) * np.maximum(v_hat - rule.v_minus * 0.61, 0)
    blocked = silent(spikes)
    assert 5 < blocked.sum() < T * CELLS - 5 and np.any(factor[blocked] > 0)
    if not rule.while_refractory:
        factor[blocked] = 0.0
    expected = np.einsum("ti,tj,tj->ij", zhat(z), factor, filtered(signal))
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("given", "message"), [
    ({"tau_v": 0.0}, "ClopathRule: tau_v=0 ms is not allowed; it must be > 0"),
    ({"v_plus": float("nan")}, "ClopathRule: v_plus=nan v_th is not allowed"),
    ({"v_minus": "high"}, "ClopathRule: v_minus='high' is not a number"),
    ({"while_refractory": 1}, "while_refractory=1 must be True or False")])
def test_clopath_refuses_values(given, message):
    with pytest.raises(ParameterError, match=message):
        ClopathRule(**given)


def test_clopath_is_for_cells_with_the_papers_membrane():
    with pytest.raises(UnsupportedError, match=r"rule 'clopath' .* and CurrentLIF has others; it "
                       r"is for EPropLIF, EPropALIF"):
        ClopathRule().check_kind(CurrentLIF, "synapses")
