"""Sentences about given numbers that fixed point changes much.

docs/fixed_point.md says when there is a sentence, and why.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.errors import NetworkError
from pynn_eprop.fixed.formats import (
    SIGNAL_BITS,
    THRESHOLD_LIMIT,
    WEIGHT_BITS,
    Formats,
    bits_for,
    filter_bits,
    largest_error,
    loss_format,
    slope_bits,
    weight_bits,
    weight_limit,
)
from pynn_eprop.fixed.numbers import (
    ADAPTATION_BITS,
    BETA_BITS,
    BIAS_BITS,
    MASTER_SHIFT,
    STATE_BITS,
    acting_biases,
    acting_weights,
    as_held,
)
from pynn_eprop.models.cells import ALIFCells, LIFCells, Population, Readouts
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import LearningSignal, Network, Projection, SymmetricFeedback
from pynn_eprop.models.optimizers import SGD, Adam, Optimizer, ScheduledOptimizer
from pynn_eprop.models.time_grid import decay

OFF = 0.1
"""A number counts as off if its acting value differs by more than this share of it,"""
MANY = 0.05
"""and there is a sentence if more than this share of the nonzero numbers are off,"""
SUM_OFF = 0.01
"""or of the cells whose sum of absolute inputs is off by more than this."""
_LARGEST_FACTOR = 2 ** 12


@dataclass(frozen=True)
class Rounding:
    """The effect of rounding on some numbers.

    given: how many are not 0. to_zero: how many of these act as 0. off: how many by more than
    ``OFF``. worst: the number with the largest relative error, and its acting value; error: that
    error.
    """

    given: int
    to_zero: int
    off: int
    worst: tuple[float, float]
    error: float

    @property
    def matters(self) -> bool:
        """Whether many of the numbers are off."""
        return self.off > MANY * self.given


def measure(given: ArrayLike, acting: ArrayLike) -> Rounding:
    """Compare numbers with their acting values; NaN does not count."""
    wished, held = np.ravel(np.asarray(given, dtype=float)), np.ravel(np.asarray(acting))
    present = (wished != 0) & ~np.isnan(wished)
    wished, held = wished[present], held[present]
    if not len(wished):
        return Rounding(0, 0, 0, (0.0, 0.0), 0.0)
    error = np.abs(held - wished) / np.abs(wished)
    worst = int(np.argmax(error))
    return Rounding(len(wished), int(np.count_nonzero(held == 0)),
                    int(np.count_nonzero(error > OFF)),
                    (float(wished[worst]), float(held[worst])), float(error[worst]))


def sum_errors(place: np.ndarray, given: np.ndarray, acting: np.ndarray) -> np.ndarray:
    """sum abs(acting - given) / sum abs(given) of each place (a target cell) that has a sum."""
    given = np.asarray(given, dtype=float)
    total = np.bincount(place, np.abs(given))
    lost = np.bincount(place, np.abs(acting - given))
    return lost[total > 0] / total[total > 0]


def label_of(parts: Sequence[Population | Projection], index: int) -> str:
    """The label of a part; if several have it, with a number."""
    label = parts[index].label
    same = [place for place, part in enumerate(parts) if part.label == label]
    return label if len(same) == 1 else f"{label} (no. {same.index(index) + 1} of {len(same)})"


# --- weights ---

def _lossy(projection: Projection, bits: int | None, tolerance: float = OFF) -> bool:
    """Whether many weights are off by more than ``tolerance``, or inputs by ``SUM_OFF``."""
    if bits is None:
        return True
    weight = np.asarray(projection.weight, dtype=float)
    acting = acting_weights(weight, bits)
    off = np.count_nonzero(np.abs(acting - weight) > tolerance * np.abs(weight))
    return bool(off > MANY * np.count_nonzero(weight)) \
        or _many_sums(sum_errors(projection.post_index, weight, acting))


def _many_sums(errors: np.ndarray) -> bool:
    return bool(np.count_nonzero(errors > SUM_OFF) > MANY * len(errors))


def of_projection(network: Network, index: int, formats: Formats) -> Iterator[str]:
    """Sentences about the weights of a projection, and the steps of its optimiser."""
    projection, bits = network.projections[index], formats.weight_bits[index]
    label = label_of(network.projections, index)
    if len(projection.weight) and _lossy(projection, bits):
        yield f"{label}: {_weights_sentence(network, projection, bits)}"
    if projection.optimizer is not None and network.settings.interval_steps is not None:
        yield from _steps(label, projection.optimizer, bits + MASTER_SHIFT,
                          filter_bits(network, formats, projection.post), _finer_weights(bits))


def _weights_sentence(network: Network, projection: Projection, bits: int) -> str:
    weight = np.asarray(projection.weight, dtype=float)
    acting = acting_weights(weight, bits)
    found = measure(weight, acting)
    inputs = sum_errors(projection.post_index, weight, acting)
    cells = int(np.count_nonzero(inputs > SUM_OFF))
    why = f"as the largest is {float(np.max(np.abs(weight))):g}" if bits < WEIGHT_BITS[-1] \
        else "and none is finer"
    return (f"in fixed point {found.to_zero} of {found.given} weights act as "
            f"zero and {found.off} are off by more than {_percent(OFF)} ({found.worst[0]:g} acts "
            f"as {found.worst[1]:g}, the largest relative error: {_percent(found.error)}); the "
            f"summed input of {cells} of {len(inputs)} cells of "
            f"{network.populations[projection.post].label} is off by more than {_percent(SUM_OFF)} "
            f"(the most: {_percent(np.max(inputs))}). The unit of these weights is 2^-{bits} = "
            f"{2.0 ** -bits:.3g}, {why}. {_remedy(network, projection, bits)}. "
            "projection.get('acting_weight', ...) has what acts")


def _percent(share: float | np.floating) -> str:
    return f"{100 * share:.3g}%"


def _remedy(network: Network, projection: Projection, bits: int) -> str:
    """A remedy for these weights, tried on them before it is named."""
    for tolerance in (SUM_OFF, OFF):
        found = _tried(network, projection, bits, tolerance)
        if found is not None:
            return found
    return ("Neither a finer format, nor a projection of their own for the weak ones, nor scaling "
            "resolves these weights: use fewer and stronger synapses, or precision='float32' of "
            "the host backend")


def _tried(network: Network, projection: Projection, bits: int, tolerance: float) -> str | None:
    """A remedy that leaves few weights off by more than ``tolerance``."""
    largest = float(np.max(np.abs(projection.weight)))
    for finer in range(bits + 1, bits_for(largest) + 1):
        if not _lossy(projection, finer, tolerance):
            bounds = "" if projection.optimizer is None else \
                f", or w_min and w_max within {weight_limit(finer):g},"
            return (f"setup(fixed_point=FixedPoint(weight_bits={{{projection.label!r}: {finer}}}))"
                    f"{bounds} resolves them, for weights up to {weight_limit(finer):g}")
    factor = _sufficient_factor(network, projection, tolerance)
    if factor is not None:
        return _scaling(network, projection, factor)
    edge = 0.5 / tolerance * 2.0 ** -bits       # weaker weights may be off by more
    weak, strong = (_part(projection, chosen) for chosen in (
        np.abs(projection.weight) < edge, np.abs(projection.weight) >= edge))
    if not len(strong.weight) or _lossy(strong, _format(strong), tolerance):
        return None
    split = (f"Give the {np.count_nonzero(weak.weight)} weights below {edge:.3g} a projection "
             "of their own, with a finer format")
    if not _lossy(weak, _format(weak), tolerance):
        return split
    factor = _sufficient_factor(network, weak, tolerance)
    return None if factor is None else f"{split}, and {_scaling(network, projection, factor, 's')}"


def _part(projection: Projection, chosen: np.ndarray) -> Projection:
    """Some of the synapses of a projection, without its label, whose format may be fixed."""
    return replace(projection, label="", weight=np.asarray(projection.weight)[chosen],
                   pre_index=projection.pre_index[chosen], post_index=projection.post_index[chosen])


def _format(projection: Projection) -> int | None:
    """The format that is chosen for weights, None if none holds them."""
    try:
        return weight_bits(projection, FixedPoint())
    except NetworkError:
        return None


def _sufficient_factor(network: Network, projection: Projection, tolerance: float) -> int | None:
    """The least power of 2 by which a network may be scaled up so that weights are resolved."""
    room = math.inf
    readouts = network.of_kind(Readouts).get(projection.post)
    if readouts is not None and loss_format(readouts).bounded:
        return None     # a softmax of scaled outputs is another one
    target = network.of_kind(LIFCells).get(projection.post)
    if target is not None:
        room = THRESHOLD_LIMIT / float(np.max(target.v_thresh * max(
            1.0, target.pseudo_derivative.width)))
    factor = 2
    while factor <= min(room, _LARGEST_FACTOR):
        optimizer = projection.optimizer
        assert optimizer is None or isinstance(optimizer, ScheduledOptimizer)
        scaled = replace(
            projection, label="", weight=np.asarray(projection.weight, dtype=float) * factor,
            w_min=projection.w_min * factor, w_max=projection.w_max * factor,
            optimizer=None if optimizer is None else optimizer.with_rate(optimizer.lr * factor))
        if not _lossy(scaled, _format(scaled), tolerance):
            return factor
        factor *= 2
    return None


def _scaling(network: Network, projection: Projection, factor: float, begin: str = "S") -> str:
    target, scale = network.populations[projection.post], f"{begin}cale"
    if projection.post in network.of_kind(Readouts):
        return (f"{scale} all weights to {target.label}, their bounds and Adam's learning rates, "
                f"its bias and its target up by {factor:g}, and LearningSignal weights down by "
                "that")
    adaptation = ", beta" if "beta" in target.parameters() else ""
    return (f"{scale} all weights to {target.label}, their bounds and learning rates, its v_thresh"
            f"{adaptation}, initial v and currents up by {factor:g}: its spikes stay the same")


def _finer_weights(bits: int) -> str:
    return f"a finer format than weight_bits={bits} (smaller weights or bounds), or a higher lr"


_STEPS: dict[type[Optimizer], tuple[Callable[[int], int], str]] = {
    SGD: (lambda gradient: 30 - gradient, "the largest gradient there is"),
    Adam: (lambda gradient: 0, "a full step")}
"""The largest step of each, divided by lr, as a power of 2, from the bits of gradients."""


def _steps(label: str, optimizer: Optimizer, master: int, gradient: int,
           remedy: str) -> Iterator[str]:
    """Sentences about steps of at most a few units of the master weight."""
    assert isinstance(optimizer, ScheduledOptimizer)
    lr = optimizer.lr
    bits, what = _STEPS[type(optimizer)]
    step = lr * 2.0 ** (master + bits(gradient))
    if 0 < lr and step < 0.5 / OFF:
        yield (f"{label}: lr={lr:g} is small for fixed point: {what} changes a weight by "
               f"{step:.2g} units of 2^-{master}, "
               + ("which rounds to no change at all" if step < 0.5 else
                  f"which is rounded to whole ones: off by up to {_percent(0.5 / step)}")
               + f". What helps: {remedy}")


# --- learning signals ---

def of_signal(network: Network, index: int, formats: Formats) -> Iterator[str]:
    """Sentences about feedback weights, and about the resolution of a learning signal."""
    signal = network.learning_signals[index]
    if isinstance(signal.feedback, SymmetricFeedback):
        return
    weight = np.asarray(signal.feedback.weight, dtype=float)
    bits = formats.feedback_bits[index]
    cells = np.broadcast_to(np.arange(weight.shape[-2])[:, np.newaxis], weight.shape)
    errors = sum_errors(cells.ravel(), weight.ravel(), as_held(weight, bits).ravel())
    label = _signal_label(network, signal)
    if _many_sums(errors):
        yield (f"{label}: the feedback weights of {np.count_nonzero(errors > SUM_OFF)} of "
               f"{len(errors)} cells are off by more than {_percent(SUM_OFF)} in fixed point (the "
               f"most: {_percent(np.max(errors))} of their sum): those of other cells are so large "
               f"that a unit is {2.0 ** -bits:.3g}. Bring them closer together")
    yield from _resolution(network, signal, weight, label, formats)


def _signal_label(network: Network, signal: LearningSignal) -> str:
    return f"{signal.label} (to {network.populations[signal.target].label})"


def _resolution(network: Network, signal: LearningSignal, weight: np.ndarray, label: str,
                formats: Formats) -> Iterator[str]:
    """Sentences about learning signals of a few units, even for the largest error."""
    source, target = network.of_kind(Readouts)[signal.source], network.populations[signal.target]
    if source.loss is None:
        return
    bits, error = formats.signal_bits[signal.target], largest_error(source)
    sums = np.max(np.sum(np.abs(weight), axis=-1).reshape(-1, weight.shape[-2]), axis=0)
    sums = sums[sums > 0]
    small = sums * error < 0.5 / OFF * 2.0 ** -bits
    if np.count_nonzero(small) <= MANY * len(sums):
        return
    largest = float(np.max(sums[small])) * error
    weak = float(np.quantile(sums, MANY, method="lower")) * error
    needed = math.ceil(math.log2(0.5 / OFF / weak))
    finer = f"setup(fixed_point=FixedPoint(signal_bits={{{target.label!r}: {needed}}})), or " \
        if needed <= SIGNAL_BITS[-1] else ""
    yield (f"{label}: the learning signals of {np.count_nonzero(small)} of {len(sums)} cells are "
           f"off by more than {_percent(OFF)}, or zero, in fixed point: an error of {error:g} "
           f"gives at most {largest:.3g}, and a unit is 2^-{bits} = {2.0 ** -bits:.3g}. What "
           f"helps: {finer}larger LearningSignal weights (Adam learns the same with them; with "
           "SGD, lr is to be lower)")


# --- cells and readouts ---

def of_population(network: Network, index: int, formats: Formats) -> Iterator[str]:
    """Sentences about the parameters, initial values and targets of a population."""
    population, label = network.populations[index], label_of(network.populations, index)
    if type(population) in _SENTENCES:
        yield from _SENTENCES[type(population)](network, population, formats.signal_bits[index],
                                                label)


def _of_lif(network: Network, cells: LIFCells, bits: int, label: str) -> Iterator[str]:
    settings = network.settings
    v_thresh = np.asarray(cells.v_thresh, dtype=float)
    held = as_held(v_thresh, STATE_BITS)
    if np.any(np.abs(held - v_thresh) > SUM_OFF * v_thresh):
        yield _parameter(label, "v_thresh", measure(v_thresh, held),
                         "Scale it up, and the weights onto these cells")
    height = cells.pseudo_derivative.height
    found = measure(height, as_held(height, slope_bits(cells)))
    if found.error > SUM_OFF:
        yield _parameter(label, "height of the pseudo-derivative", found,
                         "A larger one, with a lower lr if the optimiser is SGD")
    yield from _stuck(label, "tau_m", "v", cells.tau_m, settings.timestep,
                      STATE_BITS, np.min(v_thresh), "v_thresh")
    yield from _many(label, "initial values of v", cells.v_initial,
                     as_held(cells.v_initial, STATE_BITS))
    if settings.interval_steps is not None:
        seconds = 1e-3 * settings.timestep * settings.interval_steps * settings.trials_per_update
        term = np.asarray(cells.c_reg * np.maximum(cells.f_target, 1.0 / seconds))
        found = measure(term, as_held(term, bits))
        if found.matters:
            yield (f"{label}: c_reg is small for fixed point: the rate term of a cell that should "
                   f"spike and does not, {found.worst[0]:g}, acts as {found.worst[1]:g}, as a unit "
                   f"is 2^-{bits}. What helps: "
                   f"setup(fixed_point=FixedPoint(signal_bits={{{cells.label!r}: ...}})) of up to "
                   f"{SIGNAL_BITS[-1]}, or a larger c_reg")


def _of_alif(network: Network, cells: ALIFCells, bits: int, label: str) -> Iterator[str]:
    yield from _of_lif(network, cells, bits, label)
    yield from _many(label, "values of beta", cells.beta, as_held(cells.beta, BETA_BITS))
    largest = float(np.max(np.abs(cells.beta), initial=0.0))
    if largest > 0:
        yield from _stuck(label, "tau_a", "a", cells.tau_a, network.settings.timestep,
                          ADAPTATION_BITS, np.min(np.asarray(cells.v_thresh)) / largest,
                          "v_thresh / beta")
    yield from _many(label, "initial values of a", cells.a_initial,
                     as_held(cells.a_initial, ADAPTATION_BITS))


def _of_readouts(network: Network, readouts: Readouts, bits: int, label: str) -> Iterator[str]:
    scale, what = 1.0, "1"
    if readouts.target is not None and readouts.loss is not None:
        target = np.nan_to_num(np.asarray(readouts.target, dtype=float))
        units = target * 2.0 ** STATE_BITS
        if not np.array_equal(units, np.rint(units)):   # as those of a classification are
            yield from _of_target(target, label)
        if not loss_format(readouts).bounded and np.any(target):
            scale, what = float(np.max(np.abs(target))), "the largest target"
    yield from _many(label, "biases", readouts.bias, acting_biases(readouts.bias))
    yield from _many(label, "initial values of y", readouts.y_initial,
                     as_held(readouts.y_initial, STATE_BITS))
    yield from _stuck(label, "tau_m", "y", np.asarray(readouts.tau_m), network.settings.timestep,
                      STATE_BITS, scale, what)
    if readouts.bias_optimizer is not None and network.settings.interval_steps is not None:
        yield from _steps(f"{label} (biases)", readouts.bias_optimizer, BIAS_BITS, bits,
                          "a higher lr")


_SENTENCES: dict[type[Population], Callable[[Network, Any, int, str], Iterator[str]]] = {
    LIFCells: _of_lif, ALIFCells: _of_alif, Readouts: _of_readouts}
"""The function for populations of each kind; sources have nothing to round."""


def _of_target(target: np.ndarray, label: str) -> Iterator[str]:
    rows = np.broadcast_to(np.arange(len(target))[:, np.newaxis], target.shape)
    held = as_held(target, STATE_BITS)
    errors = sum_errors(rows.ravel(), target.ravel(), held.ravel())
    if np.any(errors > SUM_OFF):
        found = measure(target, held)
        yield (f"{label}: {found.to_zero} of {found.given} values of the target act as zero in "
               f"fixed point, {found.off} are off by more than {_percent(OFF)}, and what a "
               f"readout is to give is off by up to {_percent(np.max(errors))}: a unit is "
               f"2^-{STATE_BITS}. Scale the target up, and the weights onto the readouts")


def _parameter(label: str, what: str, found: Rounding, remedy: str) -> str:
    return (f"{label}: {what}={found.worst[0]:g} acts as {found.worst[1]:g} in fixed point, which "
            f"is off by {_percent(found.error)}. {remedy}")


def _many(label: str, what: str, given: ArrayLike, acting: ArrayLike) -> Iterator[str]:
    found = measure(given, acting)
    if found.matters:
        yield (f"{label}: {found.to_zero} of {found.given} {what} act as zero in fixed point, and "
               f"{found.off} are off by more than {_percent(OFF)}: {found.worst[0]:g} acts as "
               f"{found.worst[1]:g}. If that matters, scale the network up: weights, thresholds, "
               "targets and these")


def _stuck(label: str, name: str, variable: str, tau: np.ndarray, timestep: float, bits: int,
           scale: float, what: str) -> Iterator[str]:
    """Sentences about a state below which the decay of a step rounds to nothing."""
    leak = np.maximum(1.0 - decay(timestep, tau), 2.0 ** -32)
    stuck = 2.0 ** -(bits + 1) / float(np.min(leak))
    if stuck > SUM_OFF * scale:
        yield (f"{label}: {name}={float(np.max(tau)):g} ms is long for fixed point: at a time step "
               f"of {timestep:g} ms the decay of {variable} rounds to nothing below {stuck:.3g}, "
               f"which is {_percent(stuck / scale)} of {what}, so that {variable} stays there. "
               "What helps: a longer time step, or "
               + ("a smaller beta" if variable == "a" else
                  "all weights, thresholds and targets scaled up"))


def of_values(label: str, frames: np.ndarray, bits: int) -> Iterator[str]:
    """Sentences about the values of an analog source, (frames, cells), in a format."""
    cells = np.broadcast_to(np.arange(frames.shape[1]), frames.shape)
    held = as_held(frames, bits)
    errors = sum_errors(cells.ravel(), frames.ravel(), held.ravel())
    if _many_sums(errors):
        found = measure(frames, held)
        yield (f"{label}: the values of {np.count_nonzero(errors > SUM_OFF)} cells are off by more "
               f"than {_percent(SUM_OFF)} in fixed point (the most: {_percent(np.max(errors))} of "
               f"their sum): {found.worst[0]:g} acts as {found.worst[1]:g}. Give cells with small "
               "values a source of their own, and those that are small throughout a larger scale")


def of_currents(label: str, current: np.ndarray) -> Iterator[str]:
    """Sentences about injected currents, (steps, cells)."""
    cells = np.broadcast_to(np.arange(current.shape[1]), current.shape)
    held = as_held(current, STATE_BITS)
    errors = sum_errors(cells.ravel(), current.ravel(), held.ravel())
    if _many_sums(errors):
        found = measure(current, held)
        yield (f"{label}: the injected currents of {np.count_nonzero(errors > SUM_OFF)} cells are "
               f"off by more than {_percent(SUM_OFF)} in fixed point (the most: "
               f"{_percent(np.max(errors))} of their sum): {found.worst[0]:g} acts as "
               f"{found.worst[1]:g}. Scale them up, and the weights and v_thresh of these cells")
