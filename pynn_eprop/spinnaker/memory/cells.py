"""Region CELLS: parameters and initial values of a core's cells or readouts."""

import math

import numpy as np

from pynn_eprop.engine import fixed_constants
from pynn_eprop.engine.fixed_constants import to_decay, to_fixed, to_states
from pynn_eprop.fixed.formats import Formats, filter_bits
from pynn_eprop.fixed.numbers import ADAPTATION_BITS, BIAS_BITS, STATE_BITS
from pynn_eprop.models import losses
from pynn_eprop.models.cells import ALIFCells, LIFCells, Population, Readouts
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import ScheduledOptimizer
from pynn_eprop.models.rules import ClopathRule, EligibilityVectors, Rule
from pynn_eprop.models.time_grid import decay
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import (
    CELL_ARRAYS,
    CELL_GROUP,
    READOUT_ARRAYS,
    READOUT_CELLS,
    Kind,
    Loss,
    lanes_type,
)
from pynn_eprop.spinnaker.memory.numbers import Learner
from pynn_eprop.spinnaker.memory.rules import rule_onto

KINDS: dict[type[Population], Kind] = {
    LIFCells: Kind.LIF, ALIFCells: Kind.ALIF, Readouts: Kind.READOUT}
"""The kinds of cell that cores have programs for."""


def kind_on_core(network: Network, population: int) -> Kind:
    """The kind of a core's cells, which decides on its binary."""
    kind = KINDS[type(network.populations[population])]
    if kind is Kind.LIF and isinstance(rule_onto(network, population), ClopathRule):
        return Kind.CLOPATH
    return kind


def _groups(cells: LIFCells, timestep: float, signal_bits: int, rule: Rule, part: Part
            ) -> np.ndarray:
    """Neighbouring cells with equal constants, as cell_group_data."""
    table = np.zeros(part.size, CELL_GROUP.dtype)
    table["cells"], table["filter"] = fixed_constants.cell_constants(
        cells, timestep, signal_bits, part.first, part.size)
    if isinstance(rule, EligibilityVectors):
        if not rule.membrane_trace:
            table["filter"]["alpha"] = 0
        if not rule.adaptation_trace:       # mu then stays small, and has no effect
            for name in ("rho", "beta", "beta_shift"):
                table["filter"][name] = 0
    changes = np.flatnonzero(table["cells"][1:] != table["cells"][:-1])
    first = np.append(0, 1 + changes)
    groups = table[first]
    groups["first"], groups["count"] = first, np.diff(np.append(first, part.size))
    return groups


def _chosen(part: Part) -> slice:
    return slice(part.first, part.first + part.size)


def spiking_region(network: Network, formats: Formats, part: Part, lanes: int) -> tuple[bytes, int]:
    """The region of spiking cells, and the number of groups in it."""
    cells = network.of_kind(LIFCells)[part.population]
    signal_bits, chosen = formats.signal_bits[part.population], _chosen(part)
    timestep, rule = network.settings.timestep, rule_onto(network, part.population)
    groups = _groups(cells, timestep, signal_bits, rule, part)
    arrays = np.zeros((), lanes_type(CELL_ARRAYS, lanes))
    initial = cells.initial_state()
    for name, values, bits in (("v_initial", initial["v"], STATE_BITS),
                               ("a_initial", initial.get("a", 0.0), ADAPTATION_BITS)):
        arrays[name][:part.size] = to_states(np.broadcast_to(values, (cells.size,))[chosen], bits)
    if network.settings.interval_steps is not None:
        gain, offset = fixed_constants.rate_constants(cells, network, signal_bits)
        arrays["rate_gain"][:part.size] = gain[chosen]
        arrays["rate_offset"][:part.size] = offset[chosen]
    data = groups.tobytes() + arrays.tobytes()
    if isinstance(rule, ClopathRule):
        data += fixed_constants.clopath_constants(
            rule, timestep, groups["cells"]["v_thresh"],
            formats.factor_bits[part.population],
            signal_bits - filter_bits(network, formats, part.population)).tobytes()
    return data, len(groups)


LOSSES: dict[type[losses.Loss], Loss] = {
    losses.MSE: Loss.SQUARED, losses.CrossEntropy: Loss.CROSS_ENTROPY}


def loss_of(readouts: Readouts) -> Loss:
    """The loss as cores name it; NONE without a target."""
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
    readouts = network.of_kind(Readouts)[part.population]
    head = np.zeros((), READOUT_CELLS.dtype)
    head["kappa"] = to_decay(decay(network.settings.timestep, readouts.tau_m))
    head["loss"] = loss_of(readouts)
    head["signal_shift"] = fixed_constants.error_shift(formats, part.population)
    head["target_repeats"] = readouts.target_repeats and network.settings.interval_steps is not None
    learner = bias_learner(readouts, formats.signal_bits[part.population])
    head["bias_kind"] = 0 if learner is None else learner.kind
    arrays = np.zeros((), lanes_type(READOUT_ARRAYS, lanes))
    arrays["y_initial"][:part.size] = to_states(
        np.broadcast_to(readouts.y_initial, (readouts.size,))[_chosen(part)], STATE_BITS)
    _fill_bias(arrays, np.broadcast_to(readouts.bias, (readouts.size,))[_chosen(part)])
    return head.tobytes() + arrays.tobytes()


def _fill_bias(arrays: np.ndarray, bias: np.ndarray) -> None:
    for name in ("bias_initial", "master"):
        arrays[name][:len(bias)] = to_fixed(bias, BIAS_BITS)


def _arrays_of(data: bytes, lanes: int) -> np.ndarray:
    """The arrays in a readouts' region, as a copy."""
    kind, head = lanes_type(READOUT_ARRAYS, lanes), READOUT_CELLS.dtype.itemsize
    return np.frombuffer(data, kind, 1, head).reshape(()).copy()


def _with_arrays(data: bytes, arrays: np.ndarray) -> bytes:
    return data[:READOUT_CELLS.dtype.itemsize] + arrays.tobytes()


def read_bias(data: bytes, n: int, lanes: int) -> np.ndarray:
    """The biases in a readouts' region."""
    return np.ldexp(_arrays_of(data, lanes)["master"][:n].astype(float), -BIAS_BITS)


def put_bias(data: bytes, bias: np.ndarray, lanes: int) -> bytes:
    """The region with other biases."""
    arrays = _arrays_of(data, lanes)
    _fill_bias(arrays, bias)
    return _with_arrays(data, arrays)


def with_state_of(fresh: bytes, old: bytes, lanes: int) -> bytes:
    """A region with new parameters and the biases, and their learning state, of another."""
    arrays = _arrays_of(old, lanes)
    arrays["y_initial"] = _arrays_of(fresh, lanes)["y_initial"]
    return _with_arrays(fresh, arrays)
