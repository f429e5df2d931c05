"""Kernels on the emulated core, on the host and in Python integers: the same numbers."""

import ctypes
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.shared.arm_constants import (
    adam_constants,
    cell_constants,
    clopath_constants,
    decay,
    q,
)
from evidence.shared.arm_core import Core, both, host
from pynn_eprop.fixed.formats import factor_bits
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import ClopathRule
from tests.descriptions import alif, lif
from tests.fixed import model

I32, EDGE = 2 ** 31 - 1, 2 ** 29 - 1
EXAMPLES = settings(max_examples=60)
seeds = st.integers(0, 2 ** 32 - 1)
decays = st.one_of(st.sampled_from([0, 1, 2 ** 31 - 1, -2 ** 31, -1]), st.integers(-2 ** 31, I32))


@pytest.fixture(scope="module")
def core(arm):
    return Core()


def numbers(rng: np.random.Generator, size: int, limit: int, dtype=np.int32) -> np.ndarray:
    """Integers of all magnitudes up to ``limit``, and the extremes themselves."""
    values = (rng.normal(0, 1, size) * 2.0 ** rng.uniform(0, math.log2(limit), size))
    values = np.clip(values, -limit, limit).astype(np.int64)
    extremes = np.array([0, 1, -1, limit, -limit])
    chosen = rng.random(size) < 0.2
    values[chosen] = rng.choice(extremes, chosen.sum())
    return values.astype(dtype)


def listed(array: np.ndarray) -> list[int]:
    return [int(value) for value in array.reshape(-1)]


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 70), tau=st.floats(0.3, 500), thresh=st.floats(0.01, 50),
       beta=st.floats(-7.9, 7.9), height=st.floats(0.01, 3.0), width=st.floats(0.5, 2.0),
       adaptive=st.booleans(), refractory=st.integers(0, 40))
def test_a_step_of_cells(core, seed, n, tau, thresh, beta, height, width, adaptive, refractory):
    rng = np.random.default_rng(seed)
    options = {"tau_m": tau, "v_thresh": thresh, "refractory_steps": refractory,
               "pseudo_derivative": PiecewiseLinear(height, width)}
    cells = (alif(1, beta=beta, tau_a=10 * tau, **options) if adaptive else lif(1, **options))
    constants, _, _ = cell_constants(cells)
    scale = min(int(4 * thresh * 2 ** 15), EDGE) if rng.random() < 0.7 else EDGE
    status = np.where(rng.random(n) < 0.3, rng.integers(0, refractory + 1, n), 0)
    status = (status - np.where(rng.random(n) < 0.3, 2 ** 31, 0)).astype(np.int32)
    state = [numbers(rng, n, scale), status]
    if adaptive:
        state.append(numbers(rng, n, EDGE))
    before, arrivals = np.stack(state, axis=1).copy(), numbers(rng, n, min(scale, 2 ** 28))
    after, given_, h = before.copy(), arrivals.copy(), np.zeros(n, np.uint16)
    spikes = np.zeros((n + 31) // 32, np.uint32)
    name = "kernel_alif_step" if adaptive else "kernel_lif_step"
    saturated = both(core, name, [n, constants, after, arrivals, h, spikes])
    assert np.all(arrivals == 0)
    outside = 0
    for j in range(n):
        v, left, a, slope, spike = model.cell_step(
            constants, int(before[j, 0]), int(before[j, 1]),
            int(before[j, 2]) if adaptive else 0, int(given_[j]), adaptive)
        assert listed(after[j]) == ([v, left, a] if adaptive else [v, left])
        assert (int(h[j]), bool(spikes[j // 32] >> (j % 32) & 1)) == (slope, spike)
        outside += sum(value in (-2 ** 29, EDGE) for value in ([v, a] if adaptive else [v]))
    assert saturated <= outside
    assert core.unaligned == []


@EXAMPLES
@given(seed=seeds, eights=st.integers(1, 24), shift=st.integers(0, 13))
def test_rows_add_up_exactly(core, seed, eights, shift):
    rng = np.random.default_rng(seed)
    n = 8 * eights
    row = numbers(rng, n, 2 ** 15 - 1, np.int16)
    row[rng.random(n) < 0.1] = -2 ** 15
    arrivals = numbers(rng, n, 2 ** 27)
    expected = arrivals.astype(np.int64) + row.astype(np.int64) * 2 ** shift
    for on_core in ("kernel_row", "assembly_row"):
        found = arrivals.copy()
        both(core, "kernel_row", [n, row, 2 ** shift, found], on_core, answers=False)
        np.testing.assert_array_equal(found, expected)
    target = rng.integers(0, n, n).astype(np.uint32)
    synapse = target << 16 | row.view(np.uint16)
    expected = arrivals.astype(np.int64)
    np.add.at(expected, target, row.astype(np.int64) * 2 ** shift)
    if np.abs(expected).max() < 2 ** 31:
        for on_core in ("kernel_sparse_row", "assembly_sparse_row"):
            found = arrivals.copy()
            both(core, "kernel_sparse_row", [n, synapse, 2 ** shift, found], on_core, answers=False)
            np.testing.assert_array_equal(found, expected)
    assert core.unaligned == []


@EXAMPLES
@given(seed=seeds, eights=st.integers(1, 15), count=st.integers(1, 40))
def test_gradients_add_up_exactly_and_saturate_once(core, seed, eights, count):
    rng = np.random.default_rng(seed)
    n = 8 * eights
    rows = np.stack([numbers(rng, n, EDGE) for _ in range(count)])
    exact = rows.astype(np.int64).sum(axis=0)
    limited = np.clip(exact, -model.GRADIENT_LIMIT, model.GRADIENT_LIMIT)
    over = np.count_nonzero(np.abs(exact) > model.GRADIENT_LIMIT)
    budget = 2      # of rows up to EDGE that 32 bits are sure to hold

    total, wide = np.zeros(n, np.int32), np.zeros(n, np.int64)
    for number, row in enumerate(rows):
        if number % budget == 0:
            both(core, "kernel_spill", [n, total, wide], answers=False)
        both(core, "kernel_filter_row", [n, row, total], answers=False)
    assert both(core, "kernel_collect", [n, model.GRADIENT_LIMIT, wide, total]) == over
    np.testing.assert_array_equal(total, limited)

    places = (rng.permutation(count) * n).astype(np.uint16)
    for on_core in ("kernel_gather_rows", "assembly_gather_rows"):
        before = rng.integers(-2 ** 50, 2 ** 50, n)
        wide = before.copy()
        for first in range(0, count, budget):
            some = places[first:first + budget].copy()
            both(core, "kernel_gather_rows", [n, len(some), some, rows.ravel(), wide], on_core,
                 answers=False)
        np.testing.assert_array_equal(wide, before + exact)
    assert core.unaligned == []


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 50), count=st.integers(1, 39), bits=st.integers(0, 40))
def test_values_times_rows_add_up_exactly_and_round_once(core, seed, n, count, bits):
    rng = np.random.default_rng(seed)
    values = rng.integers(-2 ** 15, 2 ** 15, count).tolist()
    rows = np.stack([numbers(rng, n, 2 ** 15 - 1, np.int16) for _ in values])
    filters = np.stack([numbers(rng, n, EDGE) for _ in values])
    sums, products = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for value, row, total in zip(values, rows, filters, strict=True):
        both(core, "kernel_value_row", [n, value, row, sums], answers=False)
        both(core, "kernel_products", [n, value, total, products], answers=False)
    exact = [sum(x * w for x, w in zip(values, listed(column), strict=True)) for column in rows.T]
    assert listed(sums) == exact
    assert listed(products) == [sum(x * f for x, f in zip(values, listed(column), strict=True))
                                for column in filters.T]
    arrivals = np.zeros(n, np.int32)
    both(core, "kernel_close_frame", [n, bits, sums, arrivals], answers=False)
    limit = 2 ** 29 - 1
    assert listed(arrivals) == [
        max(-limit, min(limit, math.floor(Fraction(2) ** (15 - bits) * each + Fraction(1, 2))))
        for each in exact]
    assert not sums.any()
    assert core.unaligned == []


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 50), classes=st.integers(1, 61), kappa=decays)
def test_the_filtered_learning_signal(core, seed, n, classes, kappa):
    rng = np.random.default_rng(seed)
    feedback = numbers(rng, n * classes, 2 ** 29 // classes)
    error, G = numbers(rng, classes, I32), numbers(rng, n, EDGE)
    expected = [model.filter_signal(int(G[j]), kappa,
                                    listed(feedback[j * classes:(j + 1) * classes]), listed(error))
                for j in range(n)]
    both(core, "kernel_filter_signal", [n, classes, kappa, feedback, error, G])
    assert listed(G) == expected


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 61), kappa=decays)
def test_the_filtered_errors_of_readouts(core, seed, n, kappa):
    rng = np.random.default_rng(seed)
    error, g = numbers(rng, n, 2 ** 28), numbers(rng, n, EDGE)
    expected = [model.filter_error(before, kappa, now)
                for before, now in zip(listed(g), listed(error), strict=True)]
    over = sum(value in (-2 ** 29, EDGE) for value in expected)
    assert both(core, "kernel_filter_error", [n, kappa, error, g]) <= over
    assert listed(g) == expected


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 50), alpha=decays, rho=decays, beta_shift=st.integers(0, 5),
       beta=st.integers(-2 ** 31 + 1, I32), h_shift=st.integers(12, 18))
def test_the_backward_filter(core, seed, n, alpha, rho, beta_shift, beta, h_shift):
    rng = np.random.default_rng(seed)
    constants = np.array([alpha, rho, beta, beta_shift, h_shift], np.int32)
    h = numbers(rng, n, min(2 ** 16, 2 ** (31 - h_shift)) - 1, np.int64)
    h = np.abs(h).astype(np.uint16)
    G = numbers(rng, n, EDGE)
    state = np.stack([numbers(rng, n, 2 ** 28), numbers(rng, n, EDGE),
                      numbers(rng, n, (2 ** 29 >> beta_shift) - 1)], axis=1).copy()
    for name, adaptive in (("kernel_filter_lif", False), ("kernel_filter_alif", True)):
        after = state.copy()
        both(core, name, [n, constants, h, G, after])
        for j in range(n):
            C, F, mu = listed(state[j])
            if adaptive:
                F, mu = model.filter_alif(constants, int(h[j]), int(G[j]), C, F, mu)
            else:
                F = model.filter_lif(constants, int(h[j]), int(G[j]), C, F)
            assert listed(after[j]) == [C, F, mu]


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 61), kappa=decays, entropy=st.booleans())
def test_readouts_and_their_errors(core, seed, n, kappa, entropy):
    rng = np.random.default_rng(seed)
    y, bias = numbers(rng, n, EDGE), numbers(rng, n, 2 ** 22)
    arrivals = numbers(rng, n, 2 ** 28)
    expected = [model.stored(model.rounded(model.decayed(int(a), kappa)) + int(b) + int(c))
                for a, b, c in zip(y, bias, arrivals, strict=True)]
    both(core, "kernel_readout_step", [n, kappa, bias, arrivals, y])
    assert listed(y) == expected
    error = np.zeros(n, np.int32)
    if not entropy:
        target = numbers(rng, n, EDGE)
        target[rng.random(n) < 0.3] = -2 ** 31
        both(core, "kernel_squared_error", [n, y, target, error], answers=False)
        np.testing.assert_array_equal(error, np.where(target == -2 ** 31, 0,
                                                      y.astype(np.int64) - target))
    else:
        if rng.random() < 0.5:
            y = (rng.normal(0, 3, n) * 2 ** 15).astype(np.int32)
        share = np.exp((y.astype(float) - y.max()) / 2 ** 15)
        target = np.round(rng.dirichlet(np.ones(n)) * 2 ** 15).astype(np.int32)
        both(core, "kernel_cross_entropy_error", [n, y, target, error], answers=False)
        # share of less than a unit each: rounding, and 4e-6 in the exponential
        np.testing.assert_allclose(error + target, share / share.sum() * 2 ** 15, rtol=0, atol=0.7)
        loss = np.zeros(1, np.int64)
        both(core, "kernel_cross_entropy_loss", [n, y, target, loss], answers=False)
        below = (y.astype(float) - y.max()) / 2 ** 15
        exact = target / 2 ** 15 @ (np.log(np.sum(np.exp(below))) - below)
        np.testing.assert_allclose(loss / 2 ** 30, exact, rtol=0, atol=1.1e-5)
        target[0] = -2 ** 31
        both(core, "kernel_cross_entropy_loss", [n, y, target, loss], answers=False)
        assert loss == 0
        both(core, "kernel_cross_entropy_error", [n, y, target, error], answers=False)
        assert np.all(error == 0)


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 30), lr=st.one_of(st.sampled_from([0.0, 1.0]),
                                                     st.floats(1e-6, 1.0)),
       beta1=st.sampled_from([0.0, 0.5, 0.8, 0.9, 0.99]), eps=st.sampled_from([1e-8, 1e-4, 0.1]),
       limits=st.booleans())
def test_the_optimisers(core, seed, n, lr, beta1, eps, limits):
    rng = np.random.default_rng(seed)
    adam = Adam(lr=lr, beta1=beta1, eps=eps)
    size = 2.0 ** rng.uniform(0, 30)
    m, v = np.zeros(n, np.int32), np.zeros(n, np.uint64)
    master, weight = numbers(rng, n, I32), np.zeros(n, np.int16)
    for update in range(6):
        step = adam_constants(adam, update, 31, 19)
        gradient = np.clip(rng.normal(0, size, n) * (rng.random(n) < 0.8),
                           -model.GRADIENT_LIMIT, model.GRADIENT_LIMIT).astype(np.int32)
        expected = [model.moments(step, int(g), int(a), int(b))
                    for g, a, b in zip(gradient, m, v, strict=True)]
        old = master.copy()
        both(core, "kernel_adam", [n, step, gradient, m, v, master, weight])
        assert list(zip(listed(m), listed(v), strict=True)) == expected
        assert listed(weight) == [model.wire(w) for w in listed(master)]
        if lr == 0.0:
            np.testing.assert_array_equal(master, old)
        rate = min(lr * 2.0 ** 31, 2.0 ** 30)
        step[3], step[4] = (round(rate), 0) if lr < 0.4 else (2 ** 30, 3)
        small = gradient // 16
        expected_master = [model.sgd(step, int(g), w)
                           for g, w in zip(small, listed(master), strict=True)]
        both(core, "kernel_sgd", [n, step, small, master, weight])
        assert listed(master) == expected_master
        if limits:
            step[9], step[10] = -2 ** 30, 2 ** 29
            both(core, "kernel_clip", [n, step, master, weight], answers=False)
            assert master.min() >= -2 ** 30 and master.max() <= 2 ** 29


@EXAMPLES
@given(value=st.integers(-2 ** 31 + 1, I32), shift=st.integers(-14, 17),
       limit=st.sampled_from([2 ** 28, I32]), spikes=st.integers(0, 60_000),
       gain=st.integers(-2 ** 31 + 1, I32), offset=st.integers(-2 ** 60, 2 ** 60))
def test_scaled_errors_and_rate_terms(core, value, shift, limit, spikes, gain, offset):
    counted = np.zeros(1, np.uint32)
    found = both(core, "kernel_rescale", [value, shift, limit, counted])
    exact = math.floor(value * 2 ** shift + 0.5) if shift >= 0 else (
        value + (1 << (-shift - 1))) >> -shift
    assert np.uint32(found).astype(np.int32) == model.limited(exact, -limit, limit)
    assert counted[0] == (abs(exact) > limit)
    found = both(core, "kernel_rate_term", [spikes, gain, offset & 0xFFFF_FFFF, offset >> 32,
                                            counted])
    assert np.uint32(found).astype(np.int32) == model.limited(
        (spikes * gain + offset + 128) >> 8, -2 ** 28, 2 ** 28)


def adam_on_host(*arrays: np.ndarray) -> None:
    """``kernel_adam`` on the host alone: step, gradient, m, v, master and wire weights."""
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
    host()["kernel_adam"](ctypes.c_uint32(len(arrays[1])), *pointers)


@pytest.mark.usefixtures("arm")
@pytest.mark.parametrize(("size", "bound"), [(1e3, 1.5e-2), (1e4, 1e-3), (1e6, 3e-5), (3e8, 3e-5)])
def test_adam_follows_double_precision(size, bound):
    """The error of a step, as a share of lr, if m is above a tenth of the gradients' size.

    With gradients of `size` units, m is rounded to one unit in each of some ten updates that it
    remembers, and v to one unit in a thousand; 1 / sqrt(v) is off by 1.2e-5.
    """
    adam, rng, n, unit = Adam(lr=0.003), np.random.default_rng(1), 400, 2.0 ** 19
    m, v, w = np.zeros(n, np.int32), np.zeros(n, np.uint64), np.zeros(n, np.int32)
    dm, dv = np.zeros(n), np.zeros(n)
    for update in range(100):
        gradient = np.clip(rng.normal(0, size, n), -1e9, 1e9).astype(np.int32)
        before = w.copy()
        adam_on_host(adam_constants(adam, update, 31, 19), gradient, m, v, w,
                     np.zeros(n, np.int16))
        dm += 0.1 * (gradient / unit - dm)
        dv += 0.001 * ((gradient / unit) ** 2 - dv)
        change = (adam.lr * dm / (1 - 0.9 ** (update + 1))
                  / (np.sqrt(dv / (1 - 0.999 ** (update + 1))) + adam.eps))
        error = np.abs((before.astype(np.int64) - w) / 2.0 ** 31 - change)
        assert np.max(error[np.abs(dm * unit) > 0.1 * size], initial=0) < bound * adam.lr


@pytest.mark.usefixtures("arm")
def test_a_weight_without_gradients_stays():
    """m stalls at a few units while v decays: without the idle rule the weight would drift."""
    adam, rng, n = Adam(lr=0.003), np.random.default_rng(2), 64
    m, v, w = np.zeros(n, np.int32), np.zeros(n, np.uint64), np.zeros(n, np.int32)
    weight, settled = np.zeros(n, np.int16), np.zeros(n, np.int32)
    for update in range(11_000):
        gradient = (rng.normal(0, 1e4, n) if update < 100 else np.zeros(n)).astype(np.int32)
        adam_on_host(adam_constants(adam, update, 31, 19), gradient, m, v, w, weight)
        if update == 1000:      # m needs a few hundred updates at most
            settled = w.copy()
    np.testing.assert_array_equal(w, settled)
    assert np.abs(m).max() <= 5
    assert np.any(m != 0)       # it did stall


def test_decays_keep_32_bits():
    """0.5 and more are stored as d - 1, so that a signed multiplication sees all 32 bits."""
    for tau in (0.5, 1.4, 1.5, 20.0, 2000.0, 1e6):
        stored = decay(1.0, tau)
        exact = math.exp(-1.0 / tau)
        assert abs((stored if stored >= 0 else stored + 2 ** 32) / 2 ** 32 - exact) <= 2.0 ** -33
        assert (stored < 0) == (exact >= 0.5)
    assert q(0.5, 15) == 2 ** 14


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 70), v_decay=decays, bits=st.integers(2, 24),
       v_plus=st.integers(-2 ** 27, 2 ** 27), v_minus=st.integers(-2 ** 27, 2 ** 27),
       small=st.booleans(), while_refractory=st.booleans(), stride=st.sampled_from([1, 2, 3]))
def test_the_factor_of_clopath(core, seed, n, v_decay, bits, v_plus, v_minus, small,
                               while_refractory, stride):
    rng = np.random.default_rng(seed)
    limit = 2 ** 17 if small else EDGE
    down = 12 if small else 0
    rule = np.array([v_decay, v_plus >> down, v_minus >> down, (bits + 2) // 2, (bits + 3) // 2,
                     bits, while_refractory], np.int32)
    status = np.where(rng.random(n) < 0.4, rng.integers(0, 5, n), 0)
    status = (status - np.where(rng.random(n) < 0.3, 2 ** 31, 0)).astype(np.int32)
    v, v_hat = numbers(rng, n, limit), numbers(rng, n, limit)
    cells = np.zeros((n, stride), np.int32)
    before, factor = v_hat.copy(), np.full(n, 7, np.uint16)
    cells[:, 0] = status
    both(core, "kernel_clopath_open", [n, stride, cells, factor], answers=False)
    able = (status & 2 ** 31 - 1) == 0
    assert listed(factor) == listed(able.astype(int))
    cells[:, 0] = v
    saturated = both(core, "kernel_clopath_factor", [n, stride, rule, cells, v_hat, factor])
    expected = [model.clopath_factor(rule, int(v[j]), int(before[j]), bool(able[j]))
                for j in range(n)]
    assert [(*found,) for found in zip(listed(v_hat), listed(factor), strict=True)] \
        == [(filtered, P) for filtered, P, _ in expected]
    assert saturated == sum(beyond for _, _, beyond in expected)
    assert core.unaligned == []


@EXAMPLES
@given(seed=seeds, n=st.integers(1, 40), alpha=decays, shift=st.integers(2, 29))
def test_the_backward_filter_of_clopath(core, seed, n, alpha, shift):
    rng = np.random.default_rng(seed)
    filters = np.array([alpha, 0, 0, 0, 16], np.int32)
    rule = np.array([0, 0, 0, 0, 0, shift, 0], np.int32)
    factor = rng.integers(0, 2 ** 16, n).astype(np.uint16)
    G = numbers(rng, n, EDGE)
    state = np.stack([numbers(rng, n, 2 ** 28), numbers(rng, n, EDGE), numbers(rng, n, EDGE)],
                     axis=1).copy()
    before = state.copy()
    both(core, "kernel_filter_clopath", [n, filters, rule, factor, G, state])
    for j in range(n):
        C, F = int(before[j, 0]), int(before[j, 1])
        assert listed(state[j]) == [C, model.filter_clopath(
            alpha, shift, int(factor[j]), int(G[j]), C, F), int(before[j, 2])]


@pytest.mark.parametrize(("v_thresh", "bits"), [(0.61, 13), (0.01, 24), (1.0, 12), (30.0, 2)])
def test_the_factor_of_clopath_is_near_the_real_one(v_thresh, bits):
    """Within half a unit of P, and 2^-15 in v and in vhat; 16 bits hold 16 v_th^2."""
    rule = ClopathRule()
    assert factor_bits(lif(1, v_thresh=v_thresh)) == bits
    constants = clopath_constants(rule, v_thresh, bits, 0)
    d, v_hat, held = math.exp(-1 / rule.tau_v), 0.0, 0
    for v in np.random.default_rng(1).normal(0.7 * v_thresh, 0.8 * v_thresh, 300):
        v_hat = d * v_hat + (1 - d) * v
        held, P, beyond = model.clopath_factor(constants, q(v, 15), held, True)
        exact = max(v, 0.0) * max(v_hat - 0.25 * v_thresh, 0.0)
        assert not beyond
        assert abs(P / 2 ** bits - exact) < 0.5 / 2 ** bits + 2.0 ** -13 * (abs(v) + abs(v_hat))
