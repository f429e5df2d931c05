"""Constants of fixed point.

Expected values are exact rationals, the numbers of docs/fixed_point.md, or closed forms in float64;
:mod:`evidence.shared.arm_constants` derives those of the kernels from the docs.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.shared import arm_constants
from pynn_eprop.engine import fixed_constants
from pynn_eprop.engine._eprop import lib
from pynn_eprop.fixed import numbers
from pynn_eprop.fixed.formats import Formats, height_shift, slope_bits
from pynn_eprop.models.optimizers import SGD, Adam, StepDecay
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from tests.descriptions import alif, lif, network

LARGEST = 2 ** 31 - 1
values = st.one_of(st.floats(-4.0, 4.0), st.floats(-1e9, 1e9), st.sampled_from([0.0, -0.0, 0.5]),
                   st.integers(-2 ** 20, 2 ** 20).map(lambda half: (half + 0.5) / 2 ** 15))


def rounded(value: float, bits: int, limit: int = LARGEST) -> int:
    """value 2^bits as an exact rational, rounded to even, within -limit .. limit."""
    return max(-limit, min(limit, round(Fraction(value) * 2 ** bits)))


def signed(value: int) -> int:
    """The int32 with the bits of a number below 2^32."""
    return value - 2 ** 32 if value >= 2 ** 31 else value


@pytest.mark.parametrize("to_fixed", [fixed_constants.to_fixed, numbers.to_fixed],
                         ids=["engine", "without the engine"])
@given(given_values=st.lists(values, max_size=20), bits=st.integers(0, 31))
def test_values_are_rounded_to_even(to_fixed, given_values, bits):
    assert to_fixed(given_values, bits).tolist() == [rounded(each, bits) for each in given_values]


@given(st.lists(values, max_size=20), st.integers(0, 31))
def test_states_stay_within_their_limits(given_values, bits):
    expected = [max(-2 ** 29, min(2 ** 29 - 1, rounded(each, bits))) for each in given_values]
    assert fixed_constants.to_states(given_values, bits).tolist() == expected


@given(st.lists(st.floats(0.0, 1.0), max_size=20))
def test_decays_are_q32_and_d_minus_1_from_a_half_on(decays):
    expected = [signed(rounded(each, 32, 2 ** 32 - 1)) for each in decays]
    assert fixed_constants.to_decay(decays).tolist() == expected


@pytest.mark.parametrize("wire_weights", [fixed_constants.wire_weights, numbers.wire_weights],
                         ids=["engine", "without the engine"])
@given(masters=st.lists(st.one_of(
    st.integers(-LARGEST, LARGEST), st.integers(LARGEST - 2 ** 17, LARGEST),
    st.integers(-2 ** 15, 2 ** 15 - 1).map(lambda weight: (weight << 16) + 2 ** 15)), max_size=20))
def test_wire_weights_are_rounded_halves_up(wire_weights, masters):
    expected = [min(math.floor(Fraction(each, 2 ** 16) + Fraction(1, 2)), 2 ** 15 - 1)
                for each in masters]
    assert wire_weights(np.array(masters, np.int32)).tolist() == expected


def test_numbers_of_the_documentation():
    """Worked out by hand from docs/fixed_point.md; shapes are kept."""
    assert fixed_constants.to_fixed([[1.0, -1.0], [2.0 ** -16, 3 * 2.0 ** -16]], 15).tolist() \
        == [[32768, -32768], [0, 2]]
    assert fixed_constants.to_fixed([np.nan, 1e9], 15).tolist() == [-2 ** 31, 2 ** 31 - 1]
    assert fixed_constants.from_fixed(np.array([-2 ** 31, 2 ** 14]), 15).tolist()[1] == 0.5
    assert np.isnan(fixed_constants.from_fixed(np.array([-2 ** 31]), 15)[0])
    assert fixed_constants.to_decay(0.75) == -(2 ** 30)
    assert fixed_constants.to_decay(np.array([0.25, 1.0])).tolist() == [2 ** 30, -1]


def test_formats_that_both_languages_name():
    """Python has its own names, as backends without the engine need them."""
    assert (lib.eprop_fixed.state_bits, lib.eprop_fixed.adaptation_bits, lib.eprop_fixed.beta_bits,
            lib.eprop_fixed.bias_bits, lib.eprop_fixed.master_shift) == (
        numbers.STATE_BITS, numbers.ADAPTATION_BITS, numbers.BETA_BITS, numbers.BIAS_BITS,
        numbers.MASTER_SHIFT)
    # docs/fixed_point.md: v within +-16384 of Q15
    assert lib.eprop_fixed.limit == 16384 * 2 ** 15


def test_factors_between_formats():
    """By hand: weights of Q13 reach Q15 with 4; errors of Q15 take 22 + 32 - 20 - 15 bits."""
    formats = Formats(weight_bits=(13, 15), signal_bits=(0, 22, 19), feedback_bits=(20,))
    assert fixed_constants.weight_factor(formats, 0) == 4
    assert fixed_constants.weight_factor(formats, 1) == 1
    assert fixed_constants.feedback_unit(formats, 0, 1) == 32
    assert fixed_constants.error_shift(formats, 2) == 4
    assert fixed_constants.feedback_shift(formats, 0, 1) == 19


shapes = st.builds(PiecewiseLinear, st.floats(0.05, 4.0), st.floats(0.2, 4.0))


@given(shapes, st.lists(st.floats(0.5, 50.0), min_size=3, max_size=3), st.floats(0.05, 2.0),
       st.floats(-3.0, 3.0), st.floats(0.5, 1000.0), st.integers(0, 20), st.integers(0, 2))
def test_constants_of_cells(shape, tau_m, v_thresh, beta, tau_a, refractory, first):
    """Each is its closed form within 32 bits, off by half a unit (and float64's rounding)."""
    cells = alif(3, tau_m=np.array(tau_m), v_thresh=v_thresh, beta=beta, tau_a=tau_a,
                 refractory_steps=refractory, pseudo_derivative=shape)
    step, backward = fixed_constants.cell_constants(cells, 1.0, 19, first, 3 - first)
    k, p = height_shift(shape.height), slope_bits(cells)
    assert step["refractory"].tolist() == [refractory] * (3 - first)
    assert backward["h_shift"].tolist() == [32 - k - p] * (3 - first)
    assert step["alpha"].tolist() == backward["alpha"].tolist() \
        == [arm_constants.decay(1.0, tau) for tau in tau_m[first:]]
    assert step["rho"][0] == backward["rho"][0] == arm_constants.decay(1.0, tau_a)
    width = shape.width * v_thresh
    for found, exact, bits in (
            (step["v_thresh"], v_thresh, 15), (step["width"], width, 15),
            (step["slope"], shape.height / width, p + 17), (step["beta"], beta, 28),
            (backward["beta"], beta * 2 ** k, 32 - backward["beta_shift"][0])):
        held = np.clip(math.ldexp(exact, int(bits)), 1 - 2 ** 31, 2 ** 31 - 1)
        assert np.all(np.abs(found - held) <= 0.5 + 1e-6)
    # the largest format in which |beta| 2^k < 2^(beta_shift - 1)
    shift = int(backward["beta_shift"][0])
    assert abs(beta) * 2 ** k < 2.0 ** (shift - 1)
    assert shift == 0 or abs(beta) * 2 ** k >= 2.0 ** (shift - 2)


@pytest.mark.parametrize("cells", [
    lif(2), alif(2), alif(2, beta=-2.0, tau_a=50.0, v_thresh=1.5, refractory_steps=7),
    lif(2, tau_m=1.0, pseudo_derivative=PiecewiseLinear(height=1.0, width=0.5))])
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_constants_of_cells_from_the_documentation(cells, timestep):
    step, backward, _ = arm_constants.cell_constants(cells, timestep)
    found = fixed_constants.cell_constants(cells, timestep, 19, 0, 2)
    for ours, theirs in zip(found, (step, backward), strict=True):
        assert [list(cell) for cell in ours.tolist()] == [theirs.tolist()] * 2


@given(st.floats(0.0, 100.0), st.floats(0.0, 500.0), st.integers(1, 2000), st.integers(1, 20),
       st.integers(8, 24))
def test_rate_terms_are_linear_in_the_spikes(c_reg, f_target, steps, trials, bits):
    """c_reg (spikes / seconds - f_target), in units of 2^-(bits + 8); gains end with int32."""
    net = network([lif(2, c_reg=c_reg, f_target=f_target)], interval_steps=steps,
                  trials_per_update=trials, timestep=0.5)
    gain, offset = fixed_constants.rate_constants(net.populations[0], net, bits)
    exact = math.ldexp(c_reg / (0.0005 * steps * trials), bits + 8)
    assert gain[0] == gain[1] == pytest.approx(min(exact, LARGEST), abs=0.51, rel=1e-12)
    assert offset[0] == pytest.approx(-math.ldexp(c_reg * f_target, bits + 8), abs=0.51, rel=1e-12)


bounds = st.one_of(st.just((-np.inf, np.inf)), st.tuples(st.floats(-8, 0), st.floats(0, 8)))


@given(st.floats(1e-9, 10.0), st.floats(0.1, 1.0), st.integers(1, 200), st.integers(0, 2000),
       bounds, st.integers(18, 31), st.integers(8, 24))
def test_constants_of_gradient_descent(lr, factor, every, updates, limits, master_bits,
                                       gradient_bits):
    """The step is lr factor^(updates // every), from units of a gradient to those of a weight."""
    step = fixed_constants.optimizer_step(SGD(lr, StepDecay(factor, every)), *limits, updates,
                                          master_bits, gradient_bits)
    exact = lr * factor ** (updates // every) * 2.0 ** (master_bits - gradient_bits)
    shift = int(step["rate_shift"])
    unit = 2.0 ** (shift - 32)
    assert abs(step["rate"] * unit - exact) <= unit * (0.5 + 1e-6)
    # the finest unit with which the rate is an int32
    assert shift == 0 or exact / (unit / 2) > 2147483000
    assert (step["w_min"], step["w_max"]) == tuple(
        np.sign(bound) * LARGEST if np.isinf(bound) else rounded(bound, master_bits)
        for bound in limits)
    assert step["kind"] == 1
    assert {step[name].item() for name in ("one_minus_beta1", "one_minus_beta2", "eps", "idle",
                                           "floor", "ratio_bits")} == {0}


adams = st.builds(
    Adam, lr=st.floats(0.0, 10.0), beta1=st.one_of(st.just(0.0), st.floats(0.0, 0.99)),
    beta2=st.floats(0.51, 0.99999), eps=st.floats(1e-12, 0.1), eps_hat=st.booleans(),
    schedule=st.builds(StepDecay, st.floats(0.1, 1.0), st.integers(1, 200)))


@settings(max_examples=300)
@given(adams, st.integers(0, 2000), st.integers(18, 31), st.integers(8, 24))
def test_constants_of_adam_from_the_documentation(adam, updates, master_bits, gradient_bits):
    assume(adam.beta1 ** 2 < 0.999 * adam.beta2)     # others are refused before
    found = fixed_constants.optimizer_step(adam, -np.inf, np.inf, updates, master_bits,
                                           gradient_bits)
    expected = arm_constants.adam_constants(adam, updates, master_bits, gradient_bits)
    assert list(found.item()) == expected.tolist()
