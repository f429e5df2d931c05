/*! \file
 *  \brief Layout of host and core; written by c_models/make_layout.py
 *  from pynn_eprop/spinnaker/memory/layout.py, which has the explanations.
 */
#ifndef EPROP_SPINNAKER_LAYOUT_H
#define EPROP_SPINNAKER_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "eprop/fixed/constants.h"

#define LAYOUT_ASSERT(condition) _Static_assert(condition, #condition)
#define LAYOUT_VERSION 6
#define COLOUR_BITS 4
#define TALLY_MARK UINT32_C(0x9e3779b1)

/*! \brief Regions of a core's memory, for both binaries. */
enum {
    REGION_SYSTEM = 0,
    REGION_RECORDING = 1,
    REGION_PROVENANCE = 2,
    REGION_SETUP = 3,
    REGION_KEYS = 4,
    REGION_BLOCKS = 5,
    REGION_CELLS = 6,
    REGION_ROWS = 7,
    REGION_SIGNALS = 8,
    REGION_RUN = 9,
    REGION_TARGET = 10,
    REGION_SAMPLES = 11,
    REGION_LOG = 12,
    REGION_STATUS = 13,
    REGION_VALUES = 14,
    REGION_TALLIES = 15,
    REGION_COUNT = 16
};

/*! \brief Recording channels, for both binaries. */
enum {
    CHANNEL_SPIKES = 0,
    CHANNEL_V = 1,
    CHANNEL_A = 2,
    CHANNEL_H = 3,
    CHANNEL_LEARNING_SIGNAL = 4,
    CHANNEL_Y = 5,
    CHANNEL_ERROR = 6,
    CHANNEL_LOSS = 7,
    CHANNEL_COUNT = 8
};

/*! \brief The cells of a core. */
enum {
    KIND_LIF = 0,
    KIND_ALIF = 1,
    KIND_READOUT = 2,
    KIND_CLOPATH = 3,
    KIND_COUNT = 4
};

/*! \brief The content of the packets of a key block. */
enum {
    KEYKIND_SPIKE = 0,
    KEYKIND_OTHER_SPIKE = 1,
    KEYKIND_SIGNAL = 2,
    KEYKIND_FEEDBACK = 3,
    KEYKIND_COUNT = 4
};

/*! \brief Tallies of TALLY_ROW, tally[HEARD + n_keys]. */
enum {
    TALLY_SENT = 0,
    TALLY_WEIGHTS_SENT = 1,
    TALLY_SENT_NOW = 2,
    TALLY_HEARD = 3,
    TALLY_COUNT = 4
};

/*! \brief As enum eprop_loss of the host engine. */
enum {
    LOSS_NONE = 0,
    LOSS_SQUARED = 1,
    LOSS_CROSS_ENTROPY = 2,
    LOSS_COUNT = 3
};

/*! \brief Why a core gave up; ``used`` and ``given`` say how much was needed and how much there was. */
enum {
    STATUS_RUNNING = 0,
    STATUS_PAUSE_TOO_SHORT = 1,
    STATUS_LOG_FULL = 2,
    STATUS_NO_DTCM = 3,
    STATUS_WRONG_LAYOUT = 4,
    STATUS_NO_CONSTANTS = 5,
    STATUS_TARGET_ENDED = 6,
    STATUS_PACKETS_LOST = 7,
    STATUS_VALUES_ENDED = 8,
    STATUS_COUNT = 9
};

/*! \brief Words of a core's provenance, behind those that every SpiNNaker core has. */
enum {
    PROVENANCE_SATURATED_STATES = 0,
    PROVENANCE_SATURATED_ARRIVALS = 1,
    PROVENANCE_SATURATED_ERRORS = 2,
    PROVENANCE_SATURATED_SIGNALS = 3,
    PROVENANCE_SATURATED_FILTERS = 4,
    PROVENANCE_SATURATED_RATES = 5,
    PROVENANCE_SATURATED_GRADIENTS = 6,
    PROVENANCE_SATURATED_WEIGHTS = 7,
    PROVENANCE_LATE_SPIKES = 8,
    PROVENANCE_IGNORED_INPUT = 9,
    PROVENANCE_LOST_PACKETS = 10,
    PROVENANCE_INCOMPLETE_SIGNALS = 11,
    PROVENANCE_UNKNOWN_KEYS = 12,
    PROVENANCE_LONGEST_TICK = 13,
    PROVENANCE_OVERRUNS = 14,
    PROVENANCE_LONGEST_UPDATE = 15,
    PROVENANCE_GIVEN_UPDATE = 16,
    PROVENANCE_MOST_LOGGED = 17,
    PROVENANCE_MOST_QUEUED = 18,
    PROVENANCE_UPDATES = 19,
    PROVENANCE_UPDATE_BYTES = 20,
    PROVENANCE_CUT_SPIKES = 21,
    PROVENANCE_SENT = 22,
    PROVENANCE_SENT_SUM = 23,
    PROVENANCE_WEIGHTS_SENT = 24,
    PROVENANCE_WEIGHTS_SENT_SUM = 25,
    PROVENANCE_SPIKES_HEARD = 26,
    PROVENANCE_SPIKES_HEARD_SUM = 27,
    PROVENANCE_OTHERS_HEARD = 28,
    PROVENANCE_OTHERS_HEARD_SUM = 29,
    PROVENANCE_SIGNALS_HEARD = 30,
    PROVENANCE_SIGNALS_HEARD_SUM = 31,
    PROVENANCE_WEIGHTS_HEARD = 32,
    PROVENANCE_WEIGHTS_HEARD_SUM = 33,
    PROVENANCE_COUNT = 34
};

LAYOUT_ASSERT(sizeof(ep_cells) == 28);
LAYOUT_ASSERT(offsetof(ep_cells, alpha) == 0);
LAYOUT_ASSERT(offsetof(ep_cells, v_thresh) == 4);
LAYOUT_ASSERT(offsetof(ep_cells, width) == 8);
LAYOUT_ASSERT(offsetof(ep_cells, slope) == 12);
LAYOUT_ASSERT(offsetof(ep_cells, refractory) == 16);
LAYOUT_ASSERT(offsetof(ep_cells, rho) == 20);
LAYOUT_ASSERT(offsetof(ep_cells, beta) == 24);

LAYOUT_ASSERT(sizeof(ep_filter) == 20);
LAYOUT_ASSERT(offsetof(ep_filter, alpha) == 0);
LAYOUT_ASSERT(offsetof(ep_filter, rho) == 4);
LAYOUT_ASSERT(offsetof(ep_filter, beta) == 8);
LAYOUT_ASSERT(offsetof(ep_filter, beta_shift) == 12);
LAYOUT_ASSERT(offsetof(ep_filter, h_shift) == 16);

LAYOUT_ASSERT(sizeof(ep_clopath) == 28);
LAYOUT_ASSERT(offsetof(ep_clopath, decay) == 0);
LAYOUT_ASSERT(offsetof(ep_clopath, v_plus) == 4);
LAYOUT_ASSERT(offsetof(ep_clopath, v_minus) == 8);
LAYOUT_ASSERT(offsetof(ep_clopath, shift) == 12);
LAYOUT_ASSERT(offsetof(ep_clopath, slow_shift) == 16);
LAYOUT_ASSERT(offsetof(ep_clopath, product_shift) == 20);
LAYOUT_ASSERT(offsetof(ep_clopath, while_refractory) == 24);

LAYOUT_ASSERT(sizeof(ep_optimizer_step) == 44);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, kind) == 0);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, one_minus_beta1) == 4);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, one_minus_beta2) == 8);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, rate) == 12);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, rate_shift) == 16);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, eps) == 20);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, idle) == 24);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, floor) == 28);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, ratio_bits) == 32);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, w_min) == 36);
LAYOUT_ASSERT(offsetof(ep_optimizer_step, w_max) == 40);

/*! \brief Packets that were sent, or heard: how many, and which. */
typedef struct {
    uint32_t count; /*!< of packets; of spikes, if one stands for several */
    uint32_t sum; /*!< of their marks, modulo 2^32 */
} tally;
LAYOUT_ASSERT(sizeof(tally) == 8);
LAYOUT_ASSERT(offsetof(tally, count) == 0);
LAYOUT_ASSERT(offsetof(tally, sum) == 4);

/*! \brief Constants for the life of the network. */
typedef struct {
    uint32_t version; /*!< VERSION */
    uint32_t kind; /*!< Kind */
    uint32_t n; /*!< cells or readouts here */
    uint32_t lanes; /*!< n rounded up to 8; one more than n at least if a block is sparse */
    uint32_t n_groups; /*!< groups of cells */
    uint32_t n_keys; /*!< entries of KEYS */
    uint32_t n_blocks; /*!< entries of BLOCKS */
    uint32_t n_signals; /*!< learning signals that arrive (cells) */
    uint32_t n_sources; /*!< source numbers in use: 0 .. n_sources - 1 */
    uint32_t n_plastic; /*!< optimiser entries for each update: plastic blocks, then biases if they learn */
    uint32_t max_delay; /*!< largest delay of any block, steps */
    uint32_t interval_steps; /*!< T; 0 if nothing learns, and time has no intervals */
    uint32_t trials_per_update; /*!< intervals whose gradient is summed */
    uint32_t pause_trial; /*!< machine steps after an interval without update */
    uint32_t pause_update; /*!< machine steps after an interval with update */
    uint32_t log_slots; /*!< intervals kept in the log: all of an update if rates are regularised, or 1 */
    uint32_t log_capacity; /*!< spikes that each slot (T = 0: the ring) holds */
    uint32_t has_spike_key; /*!< 1: spikes are sent */
    uint32_t spike_key; /*!< base key of spikes: | cell << COLOUR_BITS | step & 15 */
    uint32_t has_signal_key; /*!< 1: errors are sent */
    uint32_t signal_key; /*!< base key of errors: | readout << COLOUR_BITS | step & 15 */
    uint32_t has_feedback_key; /*!< 1: forward weights are sent to symmetric signals */
    uint32_t feedback_key; /*!< base key of mirrored weights: | (entry of SIGNALS) << COLOUR_BITS */
    uint32_t n_mirrored; /*!< mirrored weights (readouts) */
    uint32_t ring_words; /*!< places of the receive buffer for packets, a power of two */
    uint32_t held_bytes; /*!< bytes of DTCM for spikes that come early; in the pause, for sorting */
    uint32_t filter_words; /*!< words of DTCM for rows of F */
    uint32_t forward_bytes; /*!< longest row of weights */
    uint32_t state_bytes; /*!< longest row of learning state */
    uint32_t timestep_us; /*!< machine step in microseconds */
    uint32_t round_cycles; /*!< of a round in which each core sends one spike, from the tick on; 0: cores do not wait */
    uint32_t turn_cycles; /*!< from the beginning of a round to this core's turn */
    uint32_t n_value_sources; /*!< analog sources, entries of VALUES */
    uint32_t value_row_bytes; /*!< longest row of values */
    uint32_t tally_rows; /*!< rows of TALLIES */
    uint32_t tally_shift; /*!< 2^this intervals to a row */
} core_setup;
LAYOUT_ASSERT(sizeof(core_setup) == 144);
LAYOUT_ASSERT(offsetof(core_setup, version) == 0);
LAYOUT_ASSERT(offsetof(core_setup, kind) == 4);
LAYOUT_ASSERT(offsetof(core_setup, n) == 8);
LAYOUT_ASSERT(offsetof(core_setup, lanes) == 12);
LAYOUT_ASSERT(offsetof(core_setup, n_groups) == 16);
LAYOUT_ASSERT(offsetof(core_setup, n_keys) == 20);
LAYOUT_ASSERT(offsetof(core_setup, n_blocks) == 24);
LAYOUT_ASSERT(offsetof(core_setup, n_signals) == 28);
LAYOUT_ASSERT(offsetof(core_setup, n_sources) == 32);
LAYOUT_ASSERT(offsetof(core_setup, n_plastic) == 36);
LAYOUT_ASSERT(offsetof(core_setup, max_delay) == 40);
LAYOUT_ASSERT(offsetof(core_setup, interval_steps) == 44);
LAYOUT_ASSERT(offsetof(core_setup, trials_per_update) == 48);
LAYOUT_ASSERT(offsetof(core_setup, pause_trial) == 52);
LAYOUT_ASSERT(offsetof(core_setup, pause_update) == 56);
LAYOUT_ASSERT(offsetof(core_setup, log_slots) == 60);
LAYOUT_ASSERT(offsetof(core_setup, log_capacity) == 64);
LAYOUT_ASSERT(offsetof(core_setup, has_spike_key) == 68);
LAYOUT_ASSERT(offsetof(core_setup, spike_key) == 72);
LAYOUT_ASSERT(offsetof(core_setup, has_signal_key) == 76);
LAYOUT_ASSERT(offsetof(core_setup, signal_key) == 80);
LAYOUT_ASSERT(offsetof(core_setup, has_feedback_key) == 84);
LAYOUT_ASSERT(offsetof(core_setup, feedback_key) == 88);
LAYOUT_ASSERT(offsetof(core_setup, n_mirrored) == 92);
LAYOUT_ASSERT(offsetof(core_setup, ring_words) == 96);
LAYOUT_ASSERT(offsetof(core_setup, held_bytes) == 100);
LAYOUT_ASSERT(offsetof(core_setup, filter_words) == 104);
LAYOUT_ASSERT(offsetof(core_setup, forward_bytes) == 108);
LAYOUT_ASSERT(offsetof(core_setup, state_bytes) == 112);
LAYOUT_ASSERT(offsetof(core_setup, timestep_us) == 116);
LAYOUT_ASSERT(offsetof(core_setup, round_cycles) == 120);
LAYOUT_ASSERT(offsetof(core_setup, turn_cycles) == 124);
LAYOUT_ASSERT(offsetof(core_setup, n_value_sources) == 128);
LAYOUT_ASSERT(offsetof(core_setup, value_row_bytes) == 132);
LAYOUT_ASSERT(offsetof(core_setup, tally_rows) == 136);
LAYOUT_ASSERT(offsetof(core_setup, tally_shift) == 140);

/*! \brief One block of keys that reaches this core. */
typedef struct {
    uint32_t key; /*!< base key */
    uint32_t mask; /*!< bits of the base key */
    uint32_t kind; /*!< KeyKind */
    uint32_t colour_bits; /*!< low bits that hold the step; 0 if the sender gives none */
    uint32_t first; /*!< SPIKE: source number of the first cell. Others: index of the signal */
    uint32_t count; /*!< SPIKE: cells. SIGNAL: readouts. FEEDBACK: weights */
    uint32_t first_step; /*!< first step of an interval whose spikes count: 0 for sources, 1 for our cells. SIGNAL: number of the sender's first readout */
    uint32_t last_step; /*!< and the last: T - 1 for sources, T for our cells */
} key_entry;
LAYOUT_ASSERT(sizeof(key_entry) == 32);
LAYOUT_ASSERT(offsetof(key_entry, key) == 0);
LAYOUT_ASSERT(offsetof(key_entry, mask) == 4);
LAYOUT_ASSERT(offsetof(key_entry, kind) == 8);
LAYOUT_ASSERT(offsetof(key_entry, colour_bits) == 12);
LAYOUT_ASSERT(offsetof(key_entry, first) == 16);
LAYOUT_ASSERT(offsetof(key_entry, count) == 20);
LAYOUT_ASSERT(offsetof(key_entry, first_step) == 24);
LAYOUT_ASSERT(offsetof(key_entry, last_step) == 28);

/*! \brief Synapses of one projection with one delay, rows by source. */
typedef struct {
    uint32_t first_source; /*!< source number of row 0 */
    uint32_t rows; /*!< rows */
    uint32_t delay; /*!< steps, from 1 */
    uint32_t sparse; /*!< 0: each row has `lanes` weights */
    uint32_t kind; /*!< enum ep_optimizer_kind; 0: the weights never change */
    uint32_t bounded; /*!< weights are clipped */
    uint32_t optimizer; /*!< index of its constants within an update */
    int32_t factor; /*!< 2^(15 - s), that brings weights to the arrivals' format */
    int32_t share; /*!< factor times the most synapses between two cells: what a row uses of the budget */
    uint32_t row_start; /*!< sparse: offset of uint32[rows + 1], the first synapse of each row (a multiple of 4) */
    uint32_t weight; /*!< offset of the weights: int16[rows][lanes], or (target << 16 | weight) words */
    uint32_t state; /*!< offset of the learning state, see STATE_ROW */
    uint32_t holes; /*!< dense: offset of uint32[rows][lanes / 32 rounded up], bits of pairs without synapse, or 0 */
    uint32_t analog; /*!< 0: rows are of cells that spike. Otherwise of the analog source of this number, from 1 */
    int32_t arrival_bits; /*!< analog: bits after the point of weights and values together */
    uint32_t value_bits; /*!< analog: bits after the point of values */
} block;
LAYOUT_ASSERT(sizeof(block) == 64);
LAYOUT_ASSERT(offsetof(block, first_source) == 0);
LAYOUT_ASSERT(offsetof(block, rows) == 4);
LAYOUT_ASSERT(offsetof(block, delay) == 8);
LAYOUT_ASSERT(offsetof(block, sparse) == 12);
LAYOUT_ASSERT(offsetof(block, kind) == 16);
LAYOUT_ASSERT(offsetof(block, bounded) == 20);
LAYOUT_ASSERT(offsetof(block, optimizer) == 24);
LAYOUT_ASSERT(offsetof(block, factor) == 28);
LAYOUT_ASSERT(offsetof(block, share) == 32);
LAYOUT_ASSERT(offsetof(block, row_start) == 36);
LAYOUT_ASSERT(offsetof(block, weight) == 40);
LAYOUT_ASSERT(offsetof(block, state) == 44);
LAYOUT_ASSERT(offsetof(block, holes) == 48);
LAYOUT_ASSERT(offsetof(block, analog) == 52);
LAYOUT_ASSERT(offsetof(block, arrival_bits) == 56);
LAYOUT_ASSERT(offsetof(block, value_bits) == 60);

/*! \brief An analog source that reaches this core. */
typedef struct {
    uint32_t n; /*!< its cells */
    uint32_t row_bytes; /*!< of a row, a multiple of 8 */
    uint32_t values; /*!< offset in VALUES of its first row */
    uint32_t log; /*!< offset of its rows within those that a slot of the log has */
} value_source;
LAYOUT_ASSERT(sizeof(value_source) == 16);
LAYOUT_ASSERT(offsetof(value_source, n) == 0);
LAYOUT_ASSERT(offsetof(value_source, row_bytes) == 4);
LAYOUT_ASSERT(offsetof(value_source, values) == 8);
LAYOUT_ASSERT(offsetof(value_source, log) == 12);

/*! \brief Neighbouring cells with equal parameters; ep_cells and ep_filter of the kernels. */
typedef struct {
    uint32_t first; /*!< first cell */
    uint32_t count; /*!< cells */
    ep_cells cells; /*!< of their steps */
    ep_filter filter; /*!< of their backward filter */
} cell_group_data;
LAYOUT_ASSERT(sizeof(cell_group_data) == 56);
LAYOUT_ASSERT(offsetof(cell_group_data, first) == 0);
LAYOUT_ASSERT(offsetof(cell_group_data, count) == 4);
LAYOUT_ASSERT(offsetof(cell_group_data, cells) == 8);
LAYOUT_ASSERT(offsetof(cell_group_data, filter) == 36);

/*! \brief Readouts; behind it arrays of `lanes`: their initial values, and the state of their biases. */
typedef struct {
    int32_t kappa; /*!< decay, Q32 */
    uint32_t loss; /*!< Loss */
    int32_t signal_shift; /*!< shift of errors from Q15 to the filter's format */
    uint32_t target_repeats; /*!< 1: TARGET holds the steps of one interval */
    uint32_t bias_kind; /*!< enum ep_optimizer_kind of the biases; 0: fixed */
    uint32_t padding; /*!<  */
} readout_cells;
LAYOUT_ASSERT(sizeof(readout_cells) == 24);
LAYOUT_ASSERT(offsetof(readout_cells, kappa) == 0);
LAYOUT_ASSERT(offsetof(readout_cells, loss) == 4);
LAYOUT_ASSERT(offsetof(readout_cells, signal_shift) == 8);
LAYOUT_ASSERT(offsetof(readout_cells, target_repeats) == 12);
LAYOUT_ASSERT(offsetof(readout_cells, bias_kind) == 16);
LAYOUT_ASSERT(offsetof(readout_cells, padding) == 20);

/*! \brief A learning signal as cells take it. */
typedef struct {
    uint32_t readouts; /*!< K: how many are heard; others do not reach the cells of this core */
    uint32_t first; /*!< number of the first one */
    int32_t kappa; /*!< decay of the filter G; 0 from an error module */
    int32_t shift; /*!< of errors from Q15 to Q(g + 32 - b) */
    uint32_t windows; /*!< feedback matrices; 1 if B stays */
    uint32_t window_steps; /*!< steps of each */
    uint32_t feedback; /*!< offset in SIGNALS of B: int32[windows][lanes][K] */
    int32_t unit; /*!< symmetric: what one unit of a forward weight is in B's format */
    uint32_t mirrored; /*!< symmetric: offset in SIGNALS of int32[count] places in B, -1 for other cores' cells */
} learning_signal;
LAYOUT_ASSERT(sizeof(learning_signal) == 36);
LAYOUT_ASSERT(offsetof(learning_signal, readouts) == 0);
LAYOUT_ASSERT(offsetof(learning_signal, first) == 4);
LAYOUT_ASSERT(offsetof(learning_signal, kappa) == 8);
LAYOUT_ASSERT(offsetof(learning_signal, shift) == 12);
LAYOUT_ASSERT(offsetof(learning_signal, windows) == 16);
LAYOUT_ASSERT(offsetof(learning_signal, window_steps) == 20);
LAYOUT_ASSERT(offsetof(learning_signal, feedback) == 24);
LAYOUT_ASSERT(offsetof(learning_signal, unit) == 28);
LAYOUT_ASSERT(offsetof(learning_signal, mirrored) == 32);

/*! \brief Readouts: a forward weight that is sent, n_mirrored of them. */
typedef struct {
    uint32_t weight; /*!< offset in ROWS of the int16 (in a sparse row: of its word) */
} mirror_entry;
LAYOUT_ASSERT(sizeof(mirror_entry) == 4);
LAYOUT_ASSERT(offsetof(mirror_entry, weight) == 0);

/*! \brief Read at each start and resume. */
typedef struct {
    uint32_t learning; /*!< for intervals that begin from now on */
    uint32_t restart; /*!< 1: forget state and time; start with interval 0, as after loading */
    uint32_t reload; /*!< 1: read CELLS again; states stay */
    uint32_t first_update; /*!< number of the update that the first constants belong to */
    uint32_t n_updates; /*!< updates that follow, at most */
    uint32_t first_interval; /*!< that it runs in; not repeated: its first step is the first row of TARGET */
    uint32_t n_targets; /*!< intervals in TARGET (repeated: 1) */
    uint32_t mirror; /*!< 1: send the mirrored weights in the next interval (a restart, or new weights) */
    uint32_t first_value; /*!< step of the first rows in VALUES */
    uint32_t n_values; /*!< rows of each source there */
} run_header;
LAYOUT_ASSERT(sizeof(run_header) == 40);
LAYOUT_ASSERT(offsetof(run_header, learning) == 0);
LAYOUT_ASSERT(offsetof(run_header, restart) == 4);
LAYOUT_ASSERT(offsetof(run_header, reload) == 8);
LAYOUT_ASSERT(offsetof(run_header, first_update) == 12);
LAYOUT_ASSERT(offsetof(run_header, n_updates) == 16);
LAYOUT_ASSERT(offsetof(run_header, first_interval) == 20);
LAYOUT_ASSERT(offsetof(run_header, n_targets) == 24);
LAYOUT_ASSERT(offsetof(run_header, mirror) == 28);
LAYOUT_ASSERT(offsetof(run_header, first_value) == 32);
LAYOUT_ASSERT(offsetof(run_header, n_values) == 36);

/*! \brief A core's report on an update that it has done; readouts report 0. */
typedef struct {
    uint32_t spikes; /*!< of its cells; NOT_DONE before the update is done */
    uint32_t slope; /*!< a pseudo-derivative that was not 0, or 0; known of cells that learn */
} update_activity;
LAYOUT_ASSERT(sizeof(update_activity) == 8);
LAYOUT_ASSERT(offsetof(update_activity, spikes) == 0);
LAYOUT_ASSERT(offsetof(update_activity, slope) == 4);

/*! \brief One recording channel, in the order of Channel; behind all of them the cell numbers. */
typedef struct {
    uint32_t enabled; /*!< 1: recorded */
    uint32_t every; /*!< global steps that are multiples of this */
    uint32_t count; /*!< cells */
    uint32_t first; /*!< index of the first cell number (uint32) in the list behind */
} sampling;
LAYOUT_ASSERT(sizeof(sampling) == 16);
LAYOUT_ASSERT(offsetof(sampling, enabled) == 0);
LAYOUT_ASSERT(offsetof(sampling, every) == 4);
LAYOUT_ASSERT(offsetof(sampling, count) == 8);
LAYOUT_ASSERT(offsetof(sampling, first) == 12);

/*! \brief The loss of an interval. */
typedef struct {
    uint32_t interval; /*!< its number */
    uint32_t padding; /*!<  */
    int64_t loss; /*!< squared errors: sum of err^2, Q30; cross-entropy: see ep_cross_entropy_loss */
} loss_record;
LAYOUT_ASSERT(sizeof(loss_record) == 16);
LAYOUT_ASSERT(offsetof(loss_record, interval) == 0);
LAYOUT_ASSERT(offsetof(loss_record, padding) == 4);
LAYOUT_ASSERT(offsetof(loss_record, loss) == 8);

/*! \brief The reason for which a core gave up. */
typedef struct {
    uint32_t code; /*!< Status */
    uint32_t used; /*!<  */
    uint32_t given; /*!<  */
    uint32_t interval; /*!< interval in progress */
} core_status;
LAYOUT_ASSERT(sizeof(core_status) == 16);
LAYOUT_ASSERT(offsetof(core_status, code) == 0);
LAYOUT_ASSERT(offsetof(core_status, used) == 4);
LAYOUT_ASSERT(offsetof(core_status, given) == 8);
LAYOUT_ASSERT(offsetof(core_status, interval) == 12);

/*! \brief Learning state of a synapse: its bytes, and those before each array of a row. */
enum {
    STATE_SGD_GRADIENT = 0,
    STATE_SGD_MASTER = 8,
    STATE_SGD_BYTES = 12,
    STATE_ADAM_GRADIENT = 0,
    STATE_ADAM_V = 8,
    STATE_ADAM_M = 16,
    STATE_ADAM_MASTER = 20,
    STATE_ADAM_BYTES = 24
};

#endif
