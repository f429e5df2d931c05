"""The constants of fixed point for arrays, from the engine's C (c_models/host/fixed_constants.h).

The formats are chosen in :mod:`pynn_eprop.fixed`, which does without C; the same C computes the
parameters in them for the host's core and for the memory of SpiNNaker cores.
"""

from typing import Any

import numpy as np

from pynn_eprop.engine import parameters
from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.models.cells import LIFCells
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.optimizers.kernels import kernel_fields
from pynn_eprop.models.rules import ClopathRule

NO_TARGET = int(lib.eprop_fixed.no_target)
"""The integer for a missing target."""
ENTROPY_LOSS_BITS = int(lib.eprop_fixed.entropy_loss_bits)
"""Bits after the point of cross-entropies."""

_NUMPY = {"int32_t": "<i4", "uint32_t": "<u4"}


def _type_of(name: str) -> np.dtype:
    """The NumPy type of a C structure, field by field."""
    fields = ffi.typeof(name).fields
    return np.dtype({"names": [field for field, _ in fields],
                     "formats": [_NUMPY[kind.type.cname] for _, kind in fields],
                     "offsets": [kind.offset for _, kind in fields],
                     "itemsize": ffi.sizeof(name)})


CELLS, FILTER = _type_of("ep_cells"), _type_of("ep_filter")
CLOPATH = _type_of("ep_clopath")
OPTIMIZER_STEP = _type_of("ep_optimizer_step")


def to_fixed(values: object, bits: int) -> np.ndarray:
    """values 2^bits, rounded to even, within -2^31 + 1 .. 2^31 - 1; int32. NaN is NO_TARGET."""
    given = _doubles(values)
    out = np.zeros(given.shape, np.int32)
    lib.eprop_to_fixed(given.size, _at(given, "double"), bits, _at(out, "int32_t"))
    return out


def to_states(values: object, bits: int) -> np.ndarray:
    """As :func:`to_fixed`, within the limits of states."""
    given = _doubles(values)
    out = np.zeros(given.shape, np.int32)
    lib.eprop_to_states(given.size, _at(given, "double"), bits, _at(out, "int32_t"))
    return out


def from_fixed(held: np.ndarray, bits: int) -> np.ndarray:
    """The numbers that int32 stand for; NaN for NO_TARGET."""
    return np.where(held == NO_TARGET, np.nan, np.ldexp(held.astype(float), -bits))


def to_decay(decays: object) -> np.ndarray:
    """Decays within 0 .. 1 as Q32; those of 0.5 and more come out as d - 1."""
    given = _doubles(decays)
    out = np.zeros(given.shape, np.int32)
    lib.eprop_to_decays(given.size, _at(given, "double"), _at(out, "int32_t"))
    return out


def wire_weights(masters: np.ndarray) -> np.ndarray:
    """The 16 bits of master weights that are added at arrival."""
    given = np.asarray(masters, dtype=np.int32, order="C")
    out = np.zeros(given.shape, np.int16)
    lib.eprop_to_wire(given.size, _at(given, "int32_t"), _at(out, "int16_t"))
    return out


def cell_constants(cells: LIFCells, timestep: float, signal_bits: int, first: int,
                   size: int) -> tuple[np.ndarray, np.ndarray]:
    """Constants of ``size`` cells from ``first`` on: of their steps, and of their filters."""
    arrays = parameters.Arrays()
    described = parameters.KINDS[type(cells)].structure(
        cells, parameters.Given(timestep, True, arrays, signal_bits))
    step, backward = np.zeros(size, CELLS), np.zeros(size, FILTER)
    lib.eprop_cell_constants(described, first, size, _at(step, "ep_cells"),
                             _at(backward, "ep_filter"))
    return step, backward


def clopath_constants(rule: ClopathRule, timestep: float, v_thresh: np.ndarray, factor_bits: int,
                      shift: int) -> np.ndarray:
    """Constants of Clopath's rule for cells with the thresholds ``v_thresh``, Q15.

    shift: by how many bits F is shorter than G.
    """
    fields = parameters.RULES[ClopathRule](rule, timestep, factor_bits)
    described = ffi.new("eprop_factor *", fields["factor"])
    constants = np.zeros(len(v_thresh), CLOPATH)
    for row, threshold in enumerate(v_thresh):
        lib.eprop_clopath_constants(described, int(threshold), shift,
                                    _at(constants[row:row + 1], "ep_clopath"))
    return constants


def rate_constants(cells: LIFCells, network: Network, signal_bits: int
                   ) -> tuple[np.ndarray, np.ndarray]:
    """Gain (int32) and offset (int64) of each cell's rate term: gain x spikes + offset."""
    settings = network.settings
    assert settings.interval_steps is not None
    c_reg, f_target = (_doubles(np.broadcast_to(np.asarray(values, dtype=float), (cells.size,)))
                       for values in (cells.c_reg, cells.f_target))
    gain, offset = np.zeros(cells.size, np.int32), np.zeros(cells.size, np.int64)
    lib.eprop_rate_constants(
        cells.size, _at(c_reg, "double"), _at(f_target, "double"), settings.timestep,
        settings.interval_steps, settings.trials_per_update, signal_bits, _at(gain, "int32_t"),
        _at(offset, "int64_t"))
    return gain, offset


def optimizer_step(optimizer: Optimizer, w_min: float, w_max: float, updates: int,
                   master_bits: int, gradient_bits: int) -> np.ndarray:
    """Constants of the update that follows ``updates`` others, ()."""
    described = ffi.new("eprop_optimizer *", kernel_fields(optimizer, w_min, w_max))
    step = np.zeros((), OPTIMIZER_STEP)
    lib.eprop_optimizer_constants(described, updates, master_bits, gradient_bits,
                                  _at(step, "ep_optimizer_step"))
    return step


def weight_factor(formats: Formats, projection: int) -> int:
    """The factor that brings weights of a projection to the format of the arrivals."""
    return int(lib.eprop_weight_factor(formats.weight_bits[projection]))


def feedback_unit(formats: Formats, signal: int, projection: int) -> int:
    """One unit of a forward weight in the format of a learning signal's feedback."""
    return int(lib.eprop_feedback_unit(formats.feedback_bits[signal],
                                       formats.weight_bits[projection]))


def error_shift(formats: Formats, readouts: int) -> int:
    """Bits by which errors are shifted for the readouts' own filter."""
    return int(lib.eprop_error_shift(formats.signal_bits[readouts]))


def feedback_shift(formats: Formats, signal: int, cells: int) -> int:
    """Bits by which a learning signal's errors are shifted for its feedback."""
    return int(lib.eprop_feedback_shift(formats.signal_bits[cells],
                                        formats.feedback_bits[signal]))


def _doubles(values: object) -> np.ndarray:
    return np.asarray(values, dtype=np.float64, order="C")


def _at(array: np.ndarray, kind: str) -> Any:
    """Pointer to the elements of a contiguous array."""
    return ffi.from_buffer(f"{kind}[]", array)
