"""Number formats of a network in fixed point: chosen from the network, or given by the user.

Formats are powers of two, named by the bits after the binary point. The kernels' formats and
limits are in c_models/include/eprop/number_fixed.h; docs/fixed_point.md gives the reasons.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.fixed.numbers import MASTER_SHIFT, STATE_BITS, acting_weights
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogSources,
    LIFCells,
    Population,
    Readouts,
    Sources,
    SpikingCells,
)
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss
from pynn_eprop.models.network import (
    Boundary,
    FixedFeedback,
    LearningSignal,
    Network,
    Projection,
    SymmetricFeedback,
)
from pynn_eprop.models.optimizers import Adam, Optimizer
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear, PseudoDerivative
from pynn_eprop.models.rules import ClopathRule

WEIGHT_BITS = range(2, 16)
"""Bits after the point of a 16-bit weight. No more than a state has: finer weights would be
rounded when they arrive. No fewer, so that one weight fits the arrivals of a step."""
SIGNAL_BITS = range(8, 25)
VALUE_BITS = range(0, 16)
"""Bits after the point of the 16-bit values of an analog source."""
_STEPS_OF_ADAM = 100    # a weight without bounds has room for this many full steps
STATE_LIMIT = 2.0 ** 29 / 2 ** STATE_BITS
THRESHOLD_LIMIT = 2.0 ** 27 / 2 ** STATE_BITS
_BETA_LIMIT, _BIAS_LIMIT = 8.0, 128.0

SHAPES: tuple[type[PseudoDerivative], ...] = (PiecewiseLinear,)


@dataclass(frozen=True)
class LossFormat:
    """Demands of a loss on fixed point.

    signal_bits: bits after the point of its errors, unless larger ones may come. bounded: errors
    are at most 1. most_readouts: the largest number that it can sum over.
    """

    signal_bits: int
    bounded: bool = False
    most_readouts: float = math.inf


LOSSES: dict[type[Loss], LossFormat] = {
    MSE: LossFormat(19), CrossEntropy: LossFormat(22, bounded=True, most_readouts=256)}
_NO_LOSS = LossFormat(19)       # of error modules, whose y is sent
_FINEST_BITS = 22
_FINEST_FACTOR, _COARSEST_FACTOR = 24, 2


@dataclass(frozen=True)
class Formats:
    """Bits after the point, by index in the network.

    signal_bits: of populations; of analog sources that of their values, 0 for those of spikes.
    factor_bits: of the factor of Clopath's rule, 0 for populations without it.
    """

    weight_bits: tuple[int, ...]
    signal_bits: tuple[int, ...]
    feedback_bits: tuple[int, ...]
    factor_bits: tuple[int, ...] = ()


def weight_limit(bits: int) -> float:
    """The largest weight that 16 bits hold with ``bits`` after the point."""
    return float((2 ** 15 - 1) / 2.0 ** bits)


def choose_formats(network: Network, wanted: FixedPoint | None = None,
                   held: Formats | None = None) -> Formats:
    """The formats of a network, after checking that fixed point can run it.

    ``held``: formats of the weights and signals of its first parts, which do not change: learned
    weights are integers in them.

    Raises :class:`UnsupportedError` for parts that fixed point does not offer, and
    :class:`NetworkError` for weights or parameters that no format (or not the wanted one) holds.
    """
    wanted = wanted or FixedPoint()
    _check_names("weight_bits", wanted.weight_bits, [p.label for p in network.projections],
                 WEIGHT_BITS)
    _check_names("signal_bits", wanted.signal_bits,
                 [p.label for p in network.populations if p.learns],
                 SIGNAL_BITS)
    _check_names("value_bits", wanted.value_bits,
                 [p.label for p in network.populations if p.emits_values], VALUE_BITS)
    _check_boundary(network)
    for population in network.populations:
        check_fits(population)
    factors = [0] * len(network.populations)
    factors[:len(held.factor_bits if held else ())] = held.factor_bits if held else ()
    for projection in network.projections:
        if _check_rule(projection, network):
            post = projection.post
            factors[post] = factors[post] or factor_bits(network.populations[post])
    given = dict(enumerate(held.weight_bits if held else ()))
    weights = tuple(weight_bits(projection, wanted, given.get(index))
                    for index, projection in enumerate(network.projections))
    given = dict(enumerate(held.signal_bits if held else ()))
    asked = {**wanted.signal_bits, **wanted.value_bits}
    signals = tuple(given.get(index, asked.get(population.label, _signal_bits(network, index)))
                    for index, population in enumerate(network.populations))
    for index, sources in network.of_kind(AnalogSources).items():
        check_values(sources.label, sources.largest, signals[index])
    feedback = tuple(_feedback_bits(network, signal, weights)
                     for signal in network.learning_signals)
    return Formats(weights, signals, feedback, tuple(factors))


def bits_for(largest: float) -> int:
    """The most bits after the point with which 16 bits hold ``largest``."""
    if largest <= 0:
        return WEIGHT_BITS[-1]
    bits = math.floor(math.log2((2 ** 15 - 1) / largest))
    return min(bits, WEIGHT_BITS[-1])


def weight_bits(projection: Projection, wanted: FixedPoint, held: int | None = None) -> int:
    """The format of a projection's weights: the present one, the wanted one, or one chosen here.

    Weights that learn need room to grow: twice their size, the optimiser's steps, and
    1 / sqrt(fan-in). Raises :class:`NetworkError` for weights that the format does not hold.
    """
    _check_optimizer(projection.label, projection.optimizer)
    weight = np.asarray(projection.weight, dtype=float)
    largest = float(np.max(np.abs(weight), initial=0.0))
    for bound in (projection.w_min, projection.w_max):
        if projection.optimizer is not None and math.isfinite(bound):
            largest = max(largest, abs(bound))
    room = largest
    bounded = math.isfinite(projection.w_min) and math.isfinite(projection.w_max)
    if projection.optimizer is not None and not bounded and len(weight):
        fan_in = int(np.max(np.bincount(projection.post_index)))
        room = 2 * largest + 1 / math.sqrt(fan_in)
        if isinstance(projection.optimizer, Adam):
            room += _STEPS_OF_ADAM * projection.optimizer.lr
    bits = max(bits_for(room), min(WEIGHT_BITS[0], bits_for(largest)), WEIGHT_BITS[0])
    bits = wanted.weight_bits.get(projection.label, bits) if held is None else held
    check_weights(projection, np.append(weight, largest) if len(weight) else weight, bits)
    return bits


def check_weights(projection: Projection, weight: np.ndarray, bits: int) -> None:
    """Raise :class:`NetworkError` if ``weight`` does not fit; it names a format that would."""
    if len(weight) == 0:
        return
    if not np.all(np.isfinite(weight)):
        raise NetworkError(f"{projection.label}: a weight is not finite")
    largest = float(np.max(np.abs(weight)))
    if largest > weight_limit(bits):
        better = bits_for(largest)
        remedy = (f"weight_bits={better} holds it (up to {weight_limit(better):g})"
                  if better >= WEIGHT_BITS[0] else
                  f"no format reaches beyond {weight_limit(WEIGHT_BITS[0]):g}: scale the weights "
                  "and the thresholds down")
        raise NetworkError(f"{projection.label}: the weight {largest:g} does not fit 16 bits with "
                           f"{bits} after the point (up to {weight_limit(bits):g}); {remedy}")
    if largest > 0 and not np.any(acting_weights(weight, bits)):
        remedy = (f"weight_bits={min(bits_for(largest), WEIGHT_BITS[-1])} holds them"
                  if largest * 2.0 ** WEIGHT_BITS[-1] > 0.5 else
                  "no format is finer than 2^-15: scale weights and thresholds up")
        raise NetworkError(f"{projection.label}: all weights (the largest is {largest:g}) round to "
                           f"zero with {bits} bits after the point; {remedy}")


def check_values(label: str, largest: float, bits: int) -> None:
    """Raise :class:`NetworkError` if a value of a source does not fit; it says what would.

    Nothing else can be done about a format once a network has learned in it.
    """
    if largest > weight_limit(bits):
        better = bits_for(largest)
        remedy = f"FixedPoint(value_bits={{{label!r}: {better}}}) holds it" \
            if better >= VALUE_BITS[0] else \
            f"no format reaches beyond {weight_limit(VALUE_BITS[0]):g}: scale the values down"
        raise NetworkError(f"{label}: the value {largest:g} does not fit 16 bits with {bits} after "
                           f"the point (up to {weight_limit(bits):g}), which were chosen for the "
                           f"values of the first run; {remedy}")


def inverse_width(cells: LIFCells) -> np.ndarray:
    """1 / (width v_th) of each cell's pseudo-derivative."""
    v_thresh = np.broadcast_to(np.asarray(cells.v_thresh, dtype=float), (cells.size,))
    return 1.0 / (cells.pseudo_derivative.width * v_thresh)


def slope_bits(cells: LIFCells) -> int:
    """Bits after the point of h: heights and slopes of the population fit 16 and 32 bits."""
    height = cells.pseudo_derivative.height
    steepest = float(np.max(height * inverse_width(cells)))
    bits = 16 - height_shift(height)
    while bits > 0 and math.ldexp(steepest, bits + 17) > 2147483000.0:
        bits -= 1
    return bits


def height_shift(height: float) -> int:
    """By how many bits F is shorter than G: 0 for heights below 0.5."""
    shift = 0
    while height >= 2.0 ** (shift - 1):
        shift += 1
    return shift


def factor_bits(cells: Any) -> int:
    """Bits after the point of the factor of Clopath's rule: 16 bits hold 16 v_th^2."""
    largest = 16.0 * float(np.max(np.square(cells.v_thresh)))
    return min(16 - math.ceil(math.log2(largest)), _FINEST_FACTOR)


def filter_bits(network: Network, formats: Formats, population: int) -> int:
    """Bits after the point of filters and gradients of a population's synapses."""
    shape = getattr(network.populations[population], "pseudo_derivative", None)
    return formats.signal_bits[population] - (0 if shape is None else height_shift(shape.height))


def feedback_bits(weight: np.ndarray) -> int:
    """Bits after the point of given feedback weights B, (..., cells, readouts).

    sum_k abs(B_jk) fits 2^29 units, so that a sum over the readouts fits 64 bits.
    """
    return min(30, math.floor(29 - math.log2(max(_largest_sum(weight), 1e-9))))


def _check_names(what: str, given: Mapping[str, int], labels: list[str], allowed: range) -> None:
    for label, bits in given.items():
        if label not in labels:
            raise NetworkError(f"FixedPoint({what}=...): there is no {label!r}; choose from "
                               f"{sorted(labels)}")
        if bits not in allowed:
            raise NetworkError(f"FixedPoint({what}=...): {bits!r} for {label!r} is not a whole "
                               f"number from {allowed[0]} to {allowed[-1]}")


def _check_boundary(network: Network) -> None:
    settings = network.settings
    if settings.interval_steps is not None and settings.boundary == Boundary.CONTINUOUS:
        raise UnsupportedError(
            "fixed point learns with boundary='reset' only: what continuous mode carries over a "
            "boundary is one number per synapse and trace, which the chip has no room for; "
            "use precision='float32'")


def check_fits(population: Population) -> None:
    """Raise :class:`NetworkError` or :class:`UnsupportedError` if fixed point cannot hold it."""
    if type(population) not in _CHECKS:
        raise UnsupportedError(f"{population.label}: fixed point has no {population.name} cells "
                               "(on the chip the binaries of sPyNNaker run IF_curr cells, in their "
                               "own format); use precision='float32'")
    _CHECKS[type(population)](population)


def check_replaced(before: Population, network: Network, index: int, formats: Formats) -> None:
    """Check new parameters of a population whose formats are chosen.

    Raises as :func:`check_fits`, and :class:`NetworkError` for thresholds with which the factor of
    Clopath's rule would leave the format that it has, and for a pseudo-derivative whose height
    gives another format to gradients, of which optimisers hold some.
    """
    cells: Any = network.populations[index]
    check_fits(cells)
    old = getattr(before, "pseudo_derivative", None)
    if old is not None and height_shift(old.height) != height_shift(cells.pseudo_derivative.height):
        raise NetworkError(f"{cells.label}: with height {cells.pseudo_derivative.height:g} of the "
                           "pseudo-derivative gradients have another format than with "
                           f"{old.height:g}; set it before the first run")
    for projection in network.projections:
        if projection.post == index and _check_rule(projection, network) \
                and factor_bits(cells) < formats.factor_bits[index]:
            raise NetworkError(
                f"{cells.label}: with v_thresh={np.max(cells.v_thresh):g} the factor of rule "
                f"{projection.rule.name!r} does not fit the format that was chosen for the "
                "thresholds before the first run; set them before it")


def _check_readouts(readouts: Readouts) -> None:
    label = readouts.label
    _check_limit(label, "bias", readouts.bias, _BIAS_LIMIT)
    _check_limit(label, "y's initial value", readouts.y_initial, STATE_LIMIT)
    _check_optimizer(label, readouts.bias_optimizer)
    if readouts.target is not None:
        _check_limit(label, "target", readouts.target, STATE_LIMIT)
    most = loss_format(readouts).most_readouts
    if readouts.loss is not None and readouts.size > most:
        raise UnsupportedError(f"{label}: {readouts.loss.name} over {readouts.size} "
                               f"readouts; fixed point sums over at most {most}")


def _check_lif(cells: LIFCells) -> None:
    label, shape = cells.label, cells.pseudo_derivative
    if type(shape) not in SHAPES:
        raise UnsupportedError(f"{label}: fixed point has the piecewise linear pseudo-derivative "
                               f"only, as {shape.name} needs a division or an exponential per cell "
                               "and step; use precision='float32', or machine='reference' for "
                               "one of your own")
    _check_limit(label, "v_thresh", cells.v_thresh, THRESHOLD_LIMIT)
    _check_limit(label, "width of the pseudo-derivative", shape.width * cells.v_thresh,
                 THRESHOLD_LIMIT)
    _check_limit(label, "v's initial value", cells.v_initial, STATE_LIMIT)
    smallest = float(np.min(shape.width * np.asarray(cells.v_thresh)))
    if smallest < 2.0 ** -8 or shape.height >= 16 or shape.height / smallest >= 2 ** 13:
        raise NetworkError(f"{label}: a pseudo-derivative of height {shape.height:g} and width "
                           f"{smallest:g} (times v_thresh) is too steep for states of 2^-15; "
                           "scale weights and thresholds up")


def _check_rule(projection: Projection, network: Network) -> bool:
    """Whether the synapses learn with Clopath's rule, if fixed point holds its values."""
    rule, cells = projection.rule, network.populations[projection.post]
    if projection.optimizer is None or not isinstance(rule, ClopathRule) \
            or not isinstance(cells, LIFCells):
        return False
    for name in ("v_plus", "v_minus"):
        _check_limit(projection.label, f"{name} of rule {rule.name!r}, {getattr(rule, name):g} "
                     "v_thresh,", getattr(rule, name) * cells.v_thresh, THRESHOLD_LIMIT)
    if factor_bits(cells) < _COARSEST_FACTOR:
        raise NetworkError(f"{projection.label}: rule {rule.name!r} with v_thresh="
                           f"{np.max(cells.v_thresh):g}; the square of a membrane potential fits "
                           "fixed point up to a v_thresh of 32: scale weights and thresholds down")
    return True


def _check_alif(cells: ALIFCells) -> None:
    _check_lif(cells)
    _check_limit(cells.label, "beta", cells.beta, _BETA_LIMIT)
    _check_limit(cells.label, "a's initial value", cells.a_initial, 2.0 ** 10)


_CHECKS: dict[type[Population], Callable[[Any], None]] = {
    Sources: lambda sources: None, AnalogSources: lambda sources: None, LIFCells: _check_lif,
    ALIFCells: _check_alif, Readouts: _check_readouts}
"""Kinds of cell that fixed point has, with the checks of their values."""


def _check_limit(label: str, what: str, values: np.ndarray, limit: float) -> None:
    present = np.abs(np.asarray(values, dtype=float))
    largest = float(np.max(present, initial=0.0, where=~np.isnan(present)))
    if largest >= limit:
        raise NetworkError(f"{label}: {what} {largest:g} does not fit fixed point, "
                           f"which holds less than {limit:g}; scale the network down")


def _check_optimizer(label: str, optimizer: Optimizer | None) -> None:
    if not isinstance(optimizer, Adam):
        return
    if optimizer.beta2 <= 0.5 or optimizer.beta1 ** 2 >= 0.999 * optimizer.beta2:
        raise UnsupportedError(
            f"{label}: Adam with beta1={optimizer.beta1:g}, beta2={optimizer.beta2:g}; fixed point "
            "needs beta2 > 0.5 and beta1^2 < 0.999 beta2, or m / sqrt(v) has no bound")


def _signal_bits(network: Network, index: int) -> int:
    """19 bits for squared errors, 22 for cross-entropy, fewer if larger signals may come."""
    readouts = network.of_kind(Readouts)
    if index in network.of_kind(AnalogSources):
        return max(bits_for(network.of_kind(AnalogSources)[index].largest), VALUE_BITS[0])
    if index in readouts:
        bits = loss_format(readouts[index]).signal_bits
        return _fewer(bits, 8 * largest_error(readouts[index]) / _leak(network, readouts[index]))
    if index not in network.of_kind(SpikingCells):
        return 0
    incoming = [signal for signal in network.learning_signals if signal.target == index]
    bits, largest = _FINEST_BITS, _rate_term(network, network.of_kind(SpikingCells)[index])
    for signal in incoming:
        source = readouts[signal.source]
        bits = min(bits, loss_format(source).signal_bits)
        leak = _leak(network, source) if source.loss is not None else 1.0
        largest += 8 * largest_error(source) * _feedback_sum(network, signal) / leak
    return _fewer(bits, largest)


def _fewer(bits: int, largest: float) -> int:
    """At most ``bits``, so that ``largest`` stays within 2^28 units."""
    return max(min(bits, math.floor(28 - math.log2(max(largest, 1e-9)))), SIGNAL_BITS[0])


def largest_error(readouts: Readouts) -> float:
    """The largest error to expect: 1, or the largest target if that is more."""
    if loss_format(readouts).bounded:
        return 1.0
    target = np.zeros(1) if readouts.target is None else np.abs(readouts.target)
    return max(1.0, float(np.max(target, initial=0.0, where=~np.isnan(target))))


def loss_format(readouts: Readouts) -> LossFormat:
    """Demands of the loss of readouts."""
    return _NO_LOSS if readouts.loss is None else LOSSES[type(readouts.loss)]


def _leak(network: Network, readouts: Readouts) -> float:
    return max(1.0 - math.exp(-network.settings.timestep / readouts.tau_m), 1e-9)


def _rate_term(network: Network, cells: SpikingCells) -> float:
    """The rate term of a cell that is silent, or fires every step."""
    most = np.maximum(1000.0 / network.settings.timestep - cells.f_target, cells.f_target)
    return float(np.max(np.abs(cells.c_reg * most), initial=0.0))


def _feedback_sum(network: Network, signal: LearningSignal) -> float:
    """max over cells of sum_k |B_jk|."""
    feedback = signal.feedback
    if isinstance(feedback, SymmetricFeedback):
        forward = network.projections[feedback.projection]
        sums = np.bincount(forward.pre_index, np.abs(forward.weight))
        return 2.0 * float(np.max(sums, initial=0.0))
    return _largest_sum(feedback.weight)


def _largest_sum(feedback: np.ndarray) -> float:
    return float(np.max(np.sum(np.abs(feedback), axis=-1), initial=0.0))


def _feedback_bits(network: Network, signal: LearningSignal, weights: tuple[int, ...]) -> int:
    feedback = signal.feedback
    source = network.populations[signal.source]
    if isinstance(feedback, SymmetricFeedback):
        forward = network.projections[feedback.projection]
        pairs = np.stack([forward.pre_index, forward.post_index])
        copies = int(np.max(np.unique(pairs, axis=1, return_counts=True)[1], initial=1))
        headroom = 2 + math.ceil(math.log2(source.size * copies))
        if headroom > MASTER_SHIFT:
            raise UnsupportedError(
                f"{signal.label}: in fixed point symmetric feedback comes from at most "
                f"{2 ** (MASTER_SHIFT - 2)} readouts, times the synapses from a cell to each; "
                f"here {source.size * copies}. Give weight= instead, or compute in floating point")
        return weights[feedback.projection] + MASTER_SHIFT - headroom
    assert isinstance(feedback, FixedFeedback) or feedback.weight.ndim == 3
    return feedback_bits(feedback.weight)
