"""Region CELLS: parameters and initial values of a core's cells or readouts."""

import math

import numpy as np

from pynn_eprop.fixed.formats import Formats, height_shift, inverse_width, slope_bits
from pynn_eprop.fixed.numbers import (
    ADAPTATION_BITS,
    BETA_BITS,
    BIAS_BITS,
    STATE_BITS,
    to_fixed,
)
from pynn_eprop.models import losses
from pynn_eprop.models.network import Network, Readouts, SpikingCells
from pynn_eprop.models.optimizers import ScheduledOptimizer
from pynn_eprop.models.time_grid import decay
from pynn_eprop.spinnaker.image_numbers import Learner, to_decay, to_states
from pynn_eprop.spinnaker.image_rows import round_up
from pynn_eprop.spinnaker.layout import CELL_GROUP, READOUT_CELLS, STATE_ROW, Loss
from pynn_eprop.spinnaker.partition import Part

_ADAM = 2


def _groups(cells: SpikingCells, timestep: float, part: Part) -> np.ndarray:
    """Constants of each cell, one entry a cell; first and count as if each were a group."""
    chosen = slice(part.first, part.first + part.size)
    inverse, n = inverse_width(cells)[chosen], part.size
    height = cells.pseudo_derivative.height
    shift, bits = height_shift(height), slope_bits(cells)

    def of(values: object) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype=float), (cells.size,))[chosen]

    table = np.zeros(n, CELL_GROUP.dtype)
    table["first"], table["count"] = np.arange(n), 1
    constants, filters = table["cells"], table["filter"]
    constants[:, 0] = filters[:, 0] = to_decay(decay(timestep, of(cells.tau_m)))
    constants[:, 1] = to_fixed(of(cells.v_thresh), STATE_BITS)
    constants[:, 2] = to_fixed(1.0 / inverse, STATE_BITS)
    constants[:, 3] = to_fixed(height * inverse, bits + 17)
    constants[:, 4] = of(cells.refractory_steps)
    filters[:, 4] = 32 - shift - bits
    if cells.adaptive:
        rho, beta = decay(timestep, of(cells.tau_a)), of(cells.beta)
        constants[:, 5] = filters[:, 1] = to_decay(rho)
        constants[:, 6] = to_fixed(beta, BETA_BITS)
        for row, value in zip(filters, beta * 2.0 ** shift, strict=True):
            while abs(value) >= 2.0 ** (row[3] - 1):
                row[3] += 1
            row[2] = to_fixed(value, int(32 - row[3]))
    return table


def spiking_region(network: Network, formats: Formats, part: Part, lanes: int) -> tuple[bytes, int]:
    """The region of spiking cells, and the number of groups in it."""
    cells = network.populations[part.population]
    assert isinstance(cells, SpikingCells)
    settings = network.settings
    table = _groups(cells, settings.timestep, part)
    same = np.array([a["cells"].tobytes() == b["cells"].tobytes()
                     for a, b in zip(table[1:], table[:-1], strict=True)], dtype=bool)
    starts = np.concatenate([[0], 1 + np.flatnonzero(~same)])
    groups = table[starts]
    groups["count"] = np.diff(np.append(starts, part.size))
    chosen = slice(part.first, part.first + part.size)
    a_initial = np.zeros(cells.size) if cells.a_initial is None else cells.a_initial
    gain, offset = np.zeros(part.size), np.zeros(part.size)
    bits = formats.signal_bits[part.population] + 8
    if settings.interval_steps is not None:
        seconds = 1e-3 * settings.timestep * float(settings.interval_steps) \
            * float(settings.trials_per_update)
        c_reg = np.broadcast_to(np.asarray(cells.c_reg, dtype=float), (cells.size,))[chosen]
        f_target = np.broadcast_to(np.asarray(cells.f_target, dtype=float), (cells.size,))[chosen]
        gain = to_fixed(c_reg / seconds, bits)
        offset = np.rint(np.clip(np.ldexp(-c_reg * f_target, bits), -4e18, 4e18))
    data = groups.tobytes()
    for values, ctype in (
            (to_states(np.broadcast_to(cells.v_initial, (cells.size,))[chosen], STATE_BITS), "<i4"),
            (to_states(np.broadcast_to(a_initial, (cells.size,))[chosen], ADAPTATION_BITS), "<i4"),
            (gain, "<i4")):
        data += padded(values, lanes, ctype)
    data += bytes(-len(data) % 8)
    return data + padded(offset, lanes, "<i8"), len(groups)


def padded(values: np.ndarray, lanes: int, ctype: str) -> bytes:
    """An array with an entry for each lane."""
    array = np.zeros(lanes, ctype)
    array[:len(values)] = values
    return array.tobytes()


LOSSES: dict[type[losses.Loss], Loss] = {
    losses.MSE: Loss.SQUARED, losses.CrossEntropy: Loss.CROSS_ENTROPY}


def loss_of(readouts: Readouts) -> Loss:
    """The loss as cores name it; none without a target."""
    if readouts.loss is None or readouts.target is None:
        return Loss.NONE
    return LOSSES[type(readouts.loss)]


def bias_learner(readouts: Readouts, signal_bits: int) -> Learner | None:
    """The optimiser of the biases."""
    if readouts.bias_optimizer is None:
        return None
    assert isinstance(readouts.bias_optimizer, ScheduledOptimizer)
    return Learner(readouts.bias_optimizer, -math.inf, math.inf, BIAS_BITS, signal_bits)


def readout_region(network: Network, formats: Formats, part: Part, lanes: int) -> bytes:
    """The region of readouts."""
    readouts = network.populations[part.population]
    assert isinstance(readouts, Readouts)
    bits = formats.signal_bits[part.population]
    head = np.zeros(1, READOUT_CELLS.dtype)
    head["kappa"] = to_decay(float(decay(network.settings.timestep, readouts.tau_m)))
    head["loss"] = loss_of(readouts)
    head["signal_shift"] = bits - STATE_BITS
    head["target_repeats"] = readouts.target_repeats and network.settings.interval_steps is not None
    learner = bias_learner(readouts, bits)
    head["bias_kind"] = 0 if learner is None else learner.kind
    bias = to_fixed(np.broadcast_to(readouts.bias, (readouts.size,)), BIAS_BITS)
    y = to_states(np.broadcast_to(readouts.y_initial, (readouts.size,)), STATE_BITS)
    data = head.tobytes() + padded(y, lanes, "<i4") + padded(bias, lanes, "<i4")
    data += bytes(-len(data) % 8)
    for name, ctype in STATE_ROW[_ADAM]:
        data += padded(bias if name == "master" else np.zeros(0), lanes, ctype)
    return data


def _bias_offsets(lanes: int) -> dict[str, int]:
    offset = round_up(READOUT_CELLS.dtype.itemsize + 8 * lanes, 8)
    offsets = {"first": READOUT_CELLS.dtype.itemsize + 4 * lanes}
    for name, ctype in STATE_ROW[_ADAM]:
        offsets[name] = offset
        offset += lanes * np.dtype(ctype).itemsize
    return offsets


def read_bias(data: bytes, n: int, lanes: int) -> np.ndarray:
    """The biases in a readouts' region."""
    masters = np.frombuffer(data, "<i4", n, _bias_offsets(lanes)["master"])
    return np.ldexp(masters.astype(float), -BIAS_BITS)


def put_bias(data: bytes, bias: np.ndarray, lanes: int) -> bytes:
    """The region with other biases."""
    changed, offsets = bytearray(data), _bias_offsets(lanes)
    values = to_fixed(bias, BIAS_BITS).astype("<i4").tobytes()
    for name in ("first", "master"):
        changed[offsets[name]:offsets[name] + len(values)] = values
    return bytes(changed)


def with_state_of(fresh: bytes, old: bytes, lanes: int) -> bytes:
    """A region with new parameters and the biases, and their learning state, of another."""
    first, start = _bias_offsets(lanes)["first"], _bias_offsets(lanes)["gradient"]
    return fresh[:first] + old[first:first + 4 * lanes] + fresh[first + 4 * lanes:start] \
        + old[start:]
