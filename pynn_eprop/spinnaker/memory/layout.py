"""The layout that host and core share: regions of a core's memory and the structures in them.

This is the one description. Python packs with the NumPy types that it gives; the C header
``c_models/spinnaker/layout.h`` is written from it by ``python -m c_models.make_layout``, with an
assertion for the size of each structure and the place of each field; of structures that the kernels
declare, with the assertions only. All are made of words, or of double words at multiples of eight
bytes.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

VERSION = 6
"""Version of this layout; a core refuses data of another one."""

COLOUR_BITS = 4
"""Low bits of the keys of our own cells, readouts and weights: the step, modulo 16."""

MINIMUM_PAUSE = 5
"""Machine steps from the end of an interval to the start of the next, if no update takes longer.

Readouts do step s at machine step s + 1, and their errors are with the cells at s + 2; cells begin
with the gradient at T + 3.
"""


class Region(IntEnum):
    """Regions of a core's memory, for both binaries."""

    SYSTEM = 0
    RECORDING = 1
    PROVENANCE = 2
    SETUP = 3
    """core_setup: constants for the life of the network."""
    KEYS = 4
    """key_entry for each key block that reaches the core, by ascending key."""
    BLOCKS = 5
    """block for each projection and delay, ordered by delay."""
    CELLS = 6
    """Cells: cell_group[n_groups], initial v and a, rate gains and offsets. Readouts:
    readout_cells."""
    ROWS = 7
    """Weights and learning state; blocks give byte offsets into it."""
    SIGNALS = 8
    """Cells: signal[n_signals] and their feedback weights. Readouts: mirror_row for symmetric
    ones."""
    RUN = 9
    """run_header; for each update what the core reports of it, and the optimiser's constants. The
    header is read again at each resume."""
    TARGET = 10
    """Readouts: int32 targets, step by step."""
    SAMPLES = 11
    """sampling for each recording channel, and cell numbers."""
    LOG = 12
    """Written by cores during an interval; not initialised."""
    STATUS = 13
    """core_status: why a core gave up."""
    VALUES = 14
    """value_source[n_value_sources], and the values of each, step by step; see VALUE_ROW."""
    TALLIES = 15
    """Written by cores: what they sent and heard until the ends of intervals; see TALLY_ROW."""


class Channel(IntEnum):
    """Recording channels, for both binaries."""

    SPIKES = 0
    V = 1
    A = 2
    H = 3
    LEARNING_SIGNAL = 4
    Y = 5
    ERROR = 6
    LOSS = 7


class Kind(IntEnum):
    """The cells of a core."""

    LIF = 0
    ALIF = 1
    READOUT = 2
    CLOPATH = 3
    """LIF with the rule of Clopath et al., which is a binary of its own."""


class KeyKind(IntEnum):
    """The content of the packets of a key block."""

    SPIKE = 0
    """A spike; the payload, if there is one, is the number of spikes."""
    OTHER_SPIKE = 1
    """Likewise, of a sender whose spikes nobody counts: sPyNNaker's cells, live input."""
    SIGNAL = 2
    """A readout's error (or y), payload int32 Q15."""
    FEEDBACK = 3
    """A weight of the forward projection of a symmetric signal, payload int16 sign-extended."""


class Loss(IntEnum):
    """As enum eprop_loss of the host engine."""

    NONE = 0
    SQUARED = 1
    CROSS_ENTROPY = 2


class Status(IntEnum):
    """Why a core gave up; ``used`` and ``given`` say how much was needed and how much there was."""

    RUNNING = 0
    PAUSE_TOO_SHORT = 1      # microseconds
    LOG_FULL = 2             # spikes of one interval
    NO_DTCM = 3              # bytes
    WRONG_LAYOUT = 4         # versions
    NO_CONSTANTS = 5         # updates
    TARGET_ENDED = 6         # intervals
    PACKETS_LOST = 7         # packets, places in the receive buffer
    VALUES_ENDED = 8         # steps


class Provenance(IntEnum):
    """Words of a core's provenance, behind those that every SpiNNaker core has."""

    SATURATED_STATES = 0
    SATURATED_ARRIVALS = 1
    SATURATED_ERRORS = 2
    SATURATED_SIGNALS = 3
    SATURATED_FILTERS = 4
    SATURATED_RATES = 5
    SATURATED_GRADIENTS = 6
    SATURATED_WEIGHTS = 7
    LATE_SPIKES = 8
    """Arrived after their step had been done; counted at the next."""
    IGNORED_INPUT = 9
    """Arrived in a pause, or at a step that the interval does not have."""
    LOST_PACKETS = 10
    """Found the receive buffer full."""
    INCOMPLETE_SIGNALS = 11
    """Steps at which some readouts of a signal were heard, but not each once."""
    UNKNOWN_KEYS = 12
    LONGEST_TICK = 13
    """Microseconds of the longest step, updates excepted."""
    OVERRUNS = 14
    """Steps that took longer than a machine step."""
    LONGEST_UPDATE = 15
    """Microseconds from the begin of an update to its end."""
    GIVEN_UPDATE = 16
    """Microseconds that the pause gives."""
    MOST_LOGGED = 17
    """Most spikes logged in one interval."""
    MOST_QUEUED = 18
    """Most packets waiting in the receive buffer."""
    UPDATES = 19
    UPDATE_BYTES = 20
    """Bytes that DMA moved between SDRAM and the core in the longest update."""
    CUT_SPIKES = 21
    """Left out, because one packet stood for more than 4096 spikes of a cell."""
    SENT = 22
    """Spikes of cells until the step before the last, or errors of readouts, since the start; these
    and what follows are pairs of a number and a sum, see TALLY."""
    SENT_SUM = 23
    WEIGHTS_SENT = 24
    """Mirrored weights."""
    WEIGHTS_SENT_SUM = 25
    SPIKES_HEARD = 26
    """Spikes that acted, of senders that count what they send, or whose spikes the host gave; this
    and what follows in the order of KeyKind."""
    SPIKES_HEARD_SUM = 27
    OTHERS_HEARD = 28
    """Spikes of other senders that acted."""
    OTHERS_HEARD_SUM = 29
    SIGNALS_HEARD = 30
    """Errors that came before the end of their interval."""
    SIGNALS_HEARD_SUM = 31
    WEIGHTS_HEARD = 32
    """Mirrored weights that did."""
    WEIGHTS_HEARD_SUM = 33


@dataclass(frozen=True)
class Field:
    """A field: its name, type (of C, or another structure), and meaning."""

    name: str
    type: "str | Structure"
    meaning: str

    @property
    def ctype(self) -> str:
        """The type's name in C."""
        return self.type if isinstance(self.type, str) else self.type.name

    @property
    def dtype(self) -> "str | np.dtype":
        """The type in NumPy."""
        return _NUMPY[self.type] if isinstance(self.type, str) else self.type.dtype


@dataclass(frozen=True)
class Structure:
    """A structure in memory."""

    name: str
    meaning: str
    fields: tuple[Field, ...]

    @property
    def dtype(self) -> np.dtype:
        """The NumPy type, little-endian, without gaps."""
        return np.dtype([(field.name, field.dtype) for field in self.fields])


_NUMPY = {"uint32_t": "<u4", "int32_t": "<i4", "uint64_t": "<u8", "int64_t": "<i8"}


def _structure(name: str, meaning: str, *fields: tuple) -> Structure:
    return Structure(name, meaning, tuple(Field(*field) for field in fields))


def lanes_type(arrays: tuple[tuple[str, str], ...], lanes: int) -> np.dtype:
    """The type of arrays with an entry for each lane, one behind the other."""
    return np.dtype([(name, ctype, (lanes,)) for name, ctype in arrays])


_U, _I, _L = "uint32_t", "int32_t", "int64_t"

CELLS = _structure(
    "ep_cells", "Constants of a cell's step.",
    ("alpha", _I, "decay of the membrane"),
    ("v_thresh", _I, "baseline threshold and reset amplitude"),
    ("width", _I, "of the pseudo-derivative, times v_thresh"),
    ("slope", _I, "height / width"),
    ("refractory", _I, "steps"),
    ("rho", _I, "decay of the adaptation"),
    ("beta", _I, "threshold increase"),
)

FILTER = _structure(
    "ep_filter", "Constants of a cell's backward filter.",
    ("alpha", _I, "decay of the membrane"),
    ("rho", _I, "decay of the adaptation"),
    ("beta", _I, "threshold increase, in a format of its own"),
    ("beta_shift", _I, "that format"),
    ("h_shift", _I, "of products with h"),
)

OPTIMIZER_STEP = _structure(
    "ep_optimizer_step", "Constants of one update of one optimiser.",
    ("kind", _I, "enum ep_optimizer_kind"),
    ("one_minus_beta1", _I, ""),
    ("one_minus_beta2", _I, ""),
    ("rate", _I, ""),
    ("rate_shift", _I, ""),
    ("eps", _U, ""),
    ("idle", _I, ""),
    ("floor", _I, ""),
    ("ratio_bits", _I, ""),
    ("w_min", _I, "bounds of the master weight"),
    ("w_max", _I, ""),
)

CLOPATH = _structure(
    "ep_clopath", "Constants of the rule of Clopath et al.",
    ("decay", _I, "of the filtered membrane potential"),
    ("v_plus", _I, "threshold of v"),
    ("v_minus", _I, "threshold of the filtered v"),
    ("shift", _I, "of v above its threshold"),
    ("slow_shift", _I, "of the filtered v above its own"),
    ("product_shift", _I, "of products with the learning signal"),
    ("while_refractory", _I, "0: the factor is 0 then"),
)

KERNEL_STRUCTURES = (CELLS, FILTER, CLOPATH, OPTIMIZER_STEP)
"""Structures of ``c_models/include/eprop/fixed/constants.h``, which has formats and meanings."""

TALLY = _structure(
    "tally", "Packets that were sent, or heard: how many, and which.",
    ("count", _U, "of packets; of spikes, if one stands for several"),
    ("sum", _U, "of their marks, modulo 2^32"),
)
"""The mark of a packet is x^2 with x = base key + number + step * MARK, modulo 2^32. number: of the
cell, readout or weight within the key block; step: the machine step in its key, all bits of it; of
a mirrored weight, the weight. One that is lost and another that comes twice leave the number as it
is, but not the sum."""

MARK = 0x9E3779B1
"""An odd number whose multiples are far from each other (2^32 over the golden ratio)."""

CORE_SETUP = _structure(
    "core_setup", "Constants for the life of the network.",
    ("version", _U, "VERSION"),
    ("kind", _U, "Kind"),
    ("n", _U, "cells or readouts here"),
    ("lanes", _U, "n rounded up to 8; one more than n at least if a block is sparse"),
    ("n_groups", _U, "groups of cells"),
    ("n_keys", _U, "entries of KEYS"),
    ("n_blocks", _U, "entries of BLOCKS"),
    ("n_signals", _U, "learning signals that arrive (cells)"),
    ("n_sources", _U, "source numbers in use: 0 .. n_sources - 1"),
    ("n_plastic", _U, "optimiser entries for each update: plastic blocks, then biases "
     "if they learn"),
    ("max_delay", _U, "largest delay of any block, steps"),
    ("interval_steps", _U, "T; 0 if nothing learns, and time has no intervals"),
    ("trials_per_update", _U, "intervals whose gradient is summed"),
    ("pause_trial", _U, "machine steps after an interval without update"),
    ("pause_update", _U, "machine steps after an interval with update"),
    ("log_slots", _U, "intervals kept in the log: all of an update if rates are "
     "regularised, or 1"),
    ("log_capacity", _U, "spikes that each slot (T = 0: the ring) holds"),
    ("has_spike_key", _U, "1: spikes are sent"),
    ("spike_key", _U, "base key of spikes: | cell << COLOUR_BITS | step & 15"),
    ("has_signal_key", _U, "1: errors are sent"),
    ("signal_key", _U, "base key of errors: | readout << COLOUR_BITS | step & 15"),
    ("has_feedback_key", _U, "1: forward weights are sent to symmetric signals"),
    ("feedback_key", _U, "base key of mirrored weights: | (entry of SIGNALS) << COLOUR_BITS"),
    ("n_mirrored", _U, "mirrored weights (readouts)"),
    ("ring_words", _U, "places of the receive buffer for packets, a power of two"),
    ("held_bytes", _U, "bytes of DTCM for spikes that come early; in the pause, for sorting"),
    ("filter_words", _U, "words of DTCM for rows of F"),
    ("forward_bytes", _U, "longest row of weights"),
    ("state_bytes", _U, "longest row of learning state"),
    ("timestep_us", _U, "machine step in microseconds"),
    ("round_cycles", _U, "of a round in which each core sends one spike, from the tick on; 0: "
     "cores do not wait"),
    ("turn_cycles", _U, "from the beginning of a round to this core's turn"),
    ("n_value_sources", _U, "analog sources, entries of VALUES"),
    ("value_row_bytes", _U, "longest row of values"),
    ("tally_rows", _U, "rows of TALLIES"),
    ("tally_shift", _U, "2^this intervals to a row"),
)

KEY_ENTRY = _structure(
    "key_entry", "One block of keys that reaches this core.",
    ("key", _U, "base key"),
    ("mask", _U, "bits of the base key"),
    ("kind", _U, "KeyKind"),
    ("colour_bits", _U, "low bits that hold the step; 0 if the sender gives none"),
    ("first", _U, "SPIKE: source number of the first cell. Others: index of the signal"),
    ("count", _U, "SPIKE: cells. SIGNAL: readouts. FEEDBACK: weights"),
    ("first_step", _U, "first step of an interval whose spikes count: 0 for sources, 1 for our "
     "cells. SIGNAL: number of the sender's first readout"),
    ("last_step", _U, "and the last: T - 1 for sources, T for our cells"),
)


class Tally(IntEnum):
    """Tallies of TALLY_ROW, tally[HEARD + n_keys]."""

    SENT = 0
    """Spikes until the step before the last, or errors."""
    WEIGHTS_SENT = 1
    SENT_NOW = 2
    """As SENT, with the last step."""
    HEARD = 3
    """Of the first key block, and so on."""


"""All count since the start. Row r is as of the end of the last interval i with
(i - first_interval) >> tally_shift == r, or as of the stop, if that is earlier."""

BLOCK = _structure(
    "block", "Synapses of one projection with one delay, rows by source.",
    ("first_source", _U, "source number of row 0"),
    ("rows", _U, "rows"),
    ("delay", _U, "steps, from 1"),
    ("sparse", _U, "0: each row has `lanes` weights"),
    ("kind", _U, "enum ep_optimizer_kind; 0: the weights never change"),
    ("bounded", _U, "weights are clipped"),
    ("optimizer", _U, "index of its constants within an update"),
    ("factor", _I, "2^(15 - s), that brings weights to the arrivals' format"),
    ("share", _I, "factor times the most synapses between two cells: what a row uses of the "
     "budget"),
    ("row_start", _U, "sparse: offset of uint32[rows + 1], the first synapse of each row "
     "(a multiple of 4)"),
    ("weight", _U, "offset of the weights: int16[rows][lanes], or (target << 16 | weight) words"),
    ("state", _U, "offset of the learning state, see STATE_ROW"),
    ("holes", _U, "dense: offset of uint32[rows][lanes / 32 rounded up], bits of pairs without "
     "synapse, or 0"),
    ("analog", _U, "0: rows are of cells that spike. Otherwise of the analog source of this "
     "number, from 1"),
    ("arrival_bits", _I, "analog: bits after the point of weights and values together"),
    ("value_bits", _U, "analog: bits after the point of values"),
)
"""Sparse rows are filled up to a multiple of 4 with weight 0 for target lanes - 1, which is no
cell."""

VALUE_SOURCE = _structure(
    "value_source", "An analog source that reaches this core.",
    ("n", _U, "its cells"),
    ("row_bytes", _U, "of a row, a multiple of 8"),
    ("values", _U, "offset in VALUES of its first row"),
    ("log", _U, "offset of its rows within those that a slot of the log has"),
)
"""VALUE_ROW: uint32, the step with which the frame of values began, in script time without pauses;
int16[n] values.
Row p belongs to step run_header.first_value + p, counted through the intervals without pauses;
the log has rows of steps 0 .. T - 1 of an interval."""

ANALOG_SOURCE = 0x80000000
"""first_source of blocks from analog sources: no packet has such a source number."""

SGD, ADAM = 1, 2
"""As enum ep_optimizer_kind of the kernels."""

STATE_ROW = {
    SGD: (("gradient", "<i8"), ("master", "<i4")),
    ADAM: (("gradient", "<i8"), ("v", "<u8"), ("m", "<i4"), ("master", "<i4")),
}
"""Arrays of a row's learning state, one behind the other, each with an entry per synapse of the
row (dense: lanes); by enum ep_optimizer_kind. A sparse row of synapses
row_start[i] .. row_start[i + 1] lies at state + row_start[i] x the bytes of one synapse. The
gradient is the sum so far of the update in progress; after an update it holds the last gradient
(limited, as it went into the optimiser) until the first gradient of the next one is added, which
replaces it."""

CELL_GROUP = _structure(
    "cell_group_data",
    "Neighbouring cells with equal parameters; ep_cells and ep_filter of the kernels.",
    ("first", _U, "first cell"),
    ("count", _U, "cells"),
    ("cells", CELLS, "of their steps"),
    ("filter", FILTER, "of their backward filter"),
)

CELL_ARRAYS = (("v_initial", "<i4"), ("a_initial", "<i4"), ("rate_gain", "<i4"),
               ("rate_offset", "<i8"))
"""CELLS of spiking cells: cell_group_data[n_groups], and these arrays of `lanes` (a multiple of
8); behind them, for Clopath's rule, ep_clopath[n_groups]."""

READOUT_CELLS = _structure(
    "readout_cells",
    "Readouts; behind it arrays of `lanes`: their initial values, and the state of their biases.",
    ("kappa", _I, "decay, Q32"),
    ("loss", _U, "Loss"),
    ("signal_shift", _I, "shift of errors from Q15 to the filter's format"),
    ("target_repeats", _U, "1: TARGET holds the steps of one interval"),
    ("bias_kind", _U, "enum ep_optimizer_kind of the biases; 0: fixed"),
    ("padding", _U, ""),
)

READOUT_ARRAYS = (("y_initial", "<i4"), ("bias_initial", "<i4"), *STATE_ROW[ADAM])
"""CELLS of readouts: readout_cells, and these arrays of `lanes`. The state of the biases is one
dense STATE_ROW of Adam, whatever the kind; its master is the one in use, bias_initial its first
value."""

SIGNAL = _structure(
    "learning_signal", "A learning signal as cells take it.",
    ("readouts", _U, "K: how many are heard; others do not reach the cells of this core"),
    ("first", _U, "number of the first one"),
    ("kappa", _I, "decay of the filter G; 0 from an error module"),
    ("shift", _I, "of errors from Q15 to Q(g + 32 - b)"),
    ("windows", _U, "feedback matrices; 1 if B stays"),
    ("window_steps", _U, "steps of each"),
    ("feedback", _U, "offset in SIGNALS of B: int32[windows][lanes][K]"),
    ("unit", _I, "symmetric: what one unit of a forward weight is in B's format"),
    ("mirrored", _U, "symmetric: offset in SIGNALS of int32[count] places in B, -1 for other "
     "cores' cells"),
)
"""A symmetric signal's key block sends weight number i of the readouts' mirror list; place[i] =
j K + k says where it goes. Weights for one place are summed: the first of a place (in the list's
order) sets, others add; the list has equal places next to each other, and (place, set) is kept as
place << 1 | set."""

MIRROR_ROW = _structure(
    "mirror_entry", "Readouts: a forward weight that is sent, n_mirrored of them.",
    ("weight", _U, "offset in ROWS of the int16 (in a sparse row: of its word)"),
)

RUN_HEADER = _structure(
    "run_header", "Read at each start and resume.",
    ("learning", _U, "for intervals that begin from now on"),
    ("restart", _U, "1: forget state and time; start with interval 0, as after loading"),
    ("reload", _U, "1: read CELLS again; states stay"),
    ("first_update", _U, "number of the update that the first constants belong to"),
    ("n_updates", _U, "updates that follow, at most"),
    ("first_interval", _U, "that it runs in; not repeated: its first step is the first row of "
     "TARGET"),
    ("n_targets", _U, "intervals in TARGET (repeated: 1)"),
    ("mirror", _U, "1: send the mirrored weights in the next interval (a restart, or new "
     "weights)"),
    ("first_value", _U, "step of the first rows in VALUES"),
    ("n_values", _U, "rows of each source there"),
)
"""Behind it, for each of the n_updates: update_activity, ep_optimizer_step[n_plastic]."""

UPDATE_ACTIVITY = _structure(
    "update_activity",
    "A core's report on an update that it has done; readouts report 0.",
    ("spikes", _U, "of its cells; NOT_DONE before the update is done"),
    ("slope", _U, "a pseudo-derivative that was not 0, or 0; known of cells that learn"),
)

NOT_DONE = 0xffffffff

SAMPLING = _structure(
    "sampling",
    "One recording channel, in the order of Channel; behind all of them the cell numbers.",
    ("enabled", _U, "1: recorded"),
    ("every", _U, "global steps that are multiples of this"),
    ("count", _U, "cells"),
    ("first", _U, "index of the first cell number (uint32) in the list behind"),
)
"""Records. SPIKES: uint32 global step, uint32[(n + 31) / 32] bits of all cells; only if a bit
is set. Others: uint32 global step, int32[count] values (h unsigned). LOSS: loss_record."""

LOSS_RECORD = _structure(
    "loss_record", "The loss of an interval.",
    ("interval", _U, "its number"),
    ("padding", _U, ""),
    ("loss", _L, "squared errors: sum of err^2, Q30; cross-entropy: see ep_cross_entropy_loss"),
)

CORE_STATUS = _structure(
    "core_status", "The reason for which a core gave up.",
    ("code", _U, "Status"),
    ("used", _U, ""),
    ("given", _U, ""),
    ("interval", _U, "interval in progress"),
)

STRUCTURES = (TALLY, CORE_SETUP, KEY_ENTRY, BLOCK, VALUE_SOURCE, CELL_GROUP, READOUT_CELLS, SIGNAL,
              MIRROR_ROW, RUN_HEADER, UPDATE_ACTIVITY, SAMPLING, LOSS_RECORD, CORE_STATUS)
ENUMERATIONS = (Region, Channel, Kind, KeyKind, Tally, Loss, Status, Provenance)
