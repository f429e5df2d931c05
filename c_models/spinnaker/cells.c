/*! \file
 *  \brief Spiking cells: LIF and adaptive LIF, their log, their backward filter.
 */
#include "eprop/fixed/filter.h"
#include "eprop/fixed/neuron.h"
#include "population.h"
#include "record.h"
#include "spike_log.h"
#include "transfers.h"

enum { HEARD_STEPS = 16, WAIT_FOR_ERRORS = 8, BLOCK_STEPS = 8, FEEDBACK_WORDS = 2048 };

const uint32_t population_lag = 0;

/* A learning signal here. */
typedef struct {
    signal from;
    uint32_t stride;       /* words of a step's errors in the log: K, or one more */
    uint32_t log_offset;   /* of its errors in the log */
    int32_t *errors;       /* (HEARD_STEPS, K): those that come now */
    uint16_t *heard;       /* how many of each step */
    int32_t *block;        /* errors of a few steps, from the log */
    int32_t *scaled;
    int32_t *G;
    int32_t *feedback;     /* B of a tile of cells */
    uint32_t loaded;       /* which: window * lanes + first cell; UINT32_MAX: none */
} local_signal;

static cell_group_data *groups;
static ep_lif_state *lif;
static ep_alif_state *alif;
static int32_t *v_initial, *a_initial, *rate_gain;
static int64_t *rate_offset;
static uint32_t *spikes, *group_spikes;
static int32_t *spike_count, *update_count; /* of the interval, of the update */
static uint16_t *h[2], *h_block;
static uint32_t h_written[2], h_turn;
static int32_t *h_words;
static local_signal *signals;
static uint32_t tile_cells;
static ep_filter_state *filter_state;
static int32_t *G_sum;

static bool is_adaptive(void) { return core.setup.kind == KIND_ALIF; }

static uint32_t round8(uint32_t bytes) { return (bytes + 7) & ~UINT32_C(7); }

/* --- parameters --- */

static SELDOM void read_parameters(void) {
    const uint32_t lanes = core.setup.lanes;
    const uint32_t *from = (const uint32_t *)(const void *)core.cells;
    const uint32_t group_words = core.setup.n_groups * sizeof *groups / 4;
    copy_words(groups, from, group_words);
    from += group_words;
    copy_words(v_initial, from, lanes);
    copy_words(a_initial, from + lanes, lanes);
    copy_words(rate_gain, from + 2 * lanes, lanes);
    const uint32_t offsets = round8((group_words + 3 * lanes) * 4) / 4;
    copy_words(rate_offset, (const uint32_t *)(const void *)core.cells + offsets, 2 * lanes);
}

static SELDOM void initialise_signal(local_signal *s, const signal *from, uint32_t *log_offset) {
    const uint32_t lanes = core.setup.lanes;
    copy_words(&s->from, from, sizeof s->from / 4);
    const uint32_t K = s->from.readouts;
    s->stride = (K + 1) & ~UINT32_C(1);
    s->log_offset = *log_offset;
    *log_offset += (core.setup.interval_steps + 1) * s->stride * 4;
    s->errors = take(HEARD_STEPS * K * 4);
    s->heard = take(HEARD_STEPS * sizeof *s->heard);
    if (core.setup.n_plastic == 0)
        return;
    s->block = take(BLOCK_STEPS * s->stride * 4);
    s->scaled = take(K * 4);
    s->G = take(lanes * 4);
    s->feedback = take(tile_cells * K * 4);
}

static uint32_t h_log_bytes(void) {
    return round8((core.setup.interval_steps + 1) * core.setup.lanes * sizeof **h);
}

SELDOM bool population_initialise(void) {
    const uint32_t lanes = core.setup.lanes;
    if (core.setup.kind != KIND_LIF && core.setup.kind != KIND_ALIF)
        return false;
    groups = take(core.setup.n_groups * sizeof *groups);
    if (is_adaptive())
        alif = take(lanes * sizeof *alif);
    else
        lif = take(lanes * sizeof *lif);
    v_initial = take(lanes * 4);
    a_initial = take(lanes * 4);
    rate_gain = take(lanes * 4);
    rate_offset = take(lanes * 8);
    spikes = take((lanes + 31) / 32 * 4 + 4);
    group_spikes = take((lanes + 31) / 32 * 4 + 4);
    spike_count = take(lanes * 4);
    update_count = take(lanes * 4);
    for (uint32_t k = 0; k < 2; k++)
        h[k] = take(lanes * sizeof **h);
    h_words = take(lanes * 4);
    const signal *const from = (const signal *)(const void *)core.signals;
    uint32_t readouts = 0, log_offset = h_log_bytes();
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        readouts += from[r].readouts;
    tile_cells = lanes;
    while (tile_cells > 8 && tile_cells * readouts > FEEDBACK_WORDS)
        tile_cells -= 8;
    if (core.setup.n_plastic != 0) {
        h_block = take(BLOCK_STEPS * lanes * sizeof *h_block);
        filter_state = take(lanes * sizeof *filter_state);
        G_sum = take(lanes * 4);
    }
    signals = take(core.setup.n_signals * sizeof *signals);
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        initialise_signal(&signals[r], &from[r], &log_offset);
    read_parameters();
    return true;
}

SELDOM void population_reload(void) { read_parameters(); }

SELDOM uint32_t population_log_bytes(void) {
    if (core.setup.interval_steps == 0)
        return 0;
    uint32_t bytes = h_log_bytes();
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        bytes += (core.setup.interval_steps + 1) * signals[r].stride * 4;
    return bytes;
}

/* --- steps --- */

SELDOM void population_begin(void) {
    clear_words(spike_count, core.setup.lanes);
    for (uint32_t j = 0; j < core.setup.lanes; j++)
        if (is_adaptive())
            alif[j] = (ep_alif_state){v_initial[j], 0, a_initial[j]};
        else
            lif[j] = (ep_lif_state){v_initial[j], 0};
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        for (uint32_t k = 0; k < HEARD_STEPS; k++)
            signals[r].heard[k] = 0;
}

/* The kernels' loops for any decay, here and below: ITCM is small. */
static __attribute__((noinline)) uint32_t run_group(const cell_group_data *g, int32_t *input, uint16_t *slopes,
                          uint32_t *bits) {
    const ep_cells *const parameters = (const ep_cells *)(const void *)g->cells;
    const uint32_t n = g->count;
    uint32_t saturated = 0;
    if (is_adaptive()) {
        ep_alif_state *const state = alif + g->first;
        const uint32_t outside =
            ep_alif_step_as(n, 1, parameters, state, input + g->first, slopes + g->first, bits);
        for (uint32_t j = 0; ep_outside(outside) && j < n; j++)
            saturated += ep_saturate(1, EP_LIMIT, &state[j].v) + ep_saturate(1, EP_LIMIT, &state[j].a);
    } else {
        ep_lif_state *const state = lif + g->first;
        const uint32_t outside =
            ep_lif_step_as(n, 1, parameters, state, input + g->first, slopes + g->first, bits);
        for (uint32_t j = 0; ep_outside(outside) && j < n; j++)
            saturated += ep_saturate(1, EP_LIMIT, &state[j].v);
    }
    return saturated;
}

static void merge(const cell_group_data *g) {
    for (uint32_t j = 0; j < g->count; j++)
        if (group_spikes[j / 32] >> j % 32 & 1) {
            const uint32_t cell = g->first + j;
            spikes[cell / 32] |= UINT32_C(1) << cell % 32;
        }
}

static void send(uint32_t cell) {
    spike_count[cell]++;
    if (!core.setup.has_spike_key)
        return;
    const uint32_t key = core.setup.spike_key | cell << COLOUR_BITS | (now.time & 15);
    while (!spin1_send_mc_packet(key, 0, NO_PAYLOAD))
        continue;
}

static bool send_all(void) {
    uint32_t any = 0;
    for (uint32_t w = 0; w < (core.setup.n + 31) / 32; w++) {
        any |= spikes[w];
        for (uint32_t bits = spikes[w]; bits != 0; bits &= bits - 1)
            send(32 * w + 31 - (uint32_t)ep_leading_zeros(bits & (0 - bits)));
    }
    return any != 0;
}

static SELDOM void record_states(uint32_t step, const uint16_t *slopes, bool any) {
    const bool adaptive = is_adaptive();
    const uint32_t stride = adaptive ? sizeof *alif / 4 : sizeof *lif / 4;
    if (any && record_wanted(CHANNEL_SPIKES, step))
        record_words(CHANNEL_SPIKES, step, spikes, (core.setup.n + 31) / 32);
    if (record_wanted(CHANNEL_V, step))
        record_values(CHANNEL_V, step, adaptive ? &alif->v : &lif->v, stride);
    if (adaptive && record_wanted(CHANNEL_A, step))
        record_values(CHANNEL_A, step, &alif->a, stride);
    if (record_wanted(CHANNEL_H, step)) {
        for (uint32_t j = 0; j < core.setup.n; j++)
            h_words[j] = slopes[j];
        record_values(CHANNEL_H, step, h_words, 1);
    }
}

void population_step(uint32_t s, int32_t *input) {
    uint16_t *const slopes = h[h_turn];
    transfer_wait(h_written[h_turn]);
    clear_words(spikes, (core.setup.n + 31) / 32);
    if (core.setup.n_groups == 1) {
        count_saturated(PROVENANCE_SATURATED_STATES, run_group(groups, input, slopes, spikes));
    } else {
        for (uint32_t k = 0; k < core.setup.n_groups; k++) {
            count_saturated(PROVENANCE_SATURATED_STATES,
                            run_group(&groups[k], input, slopes, group_spikes));
            merge(&groups[k]);
        }
    }
    const bool any = send_all();
    if (now.learning && core.setup.n_plastic != 0) {
        uint8_t *const to = log_population(log_slot()) + s * core.setup.lanes * sizeof *slopes;
        h_written[h_turn] = transfer_write(to, slopes, core.setup.lanes * sizeof *slopes);
        h_turn ^= 1;
    }
    record_states(global_step(s), slopes, any);
}

/* --- learning signals --- */

SELDOM void population_error(uint32_t r, uint32_t readout, uint32_t step, int32_t error) {
    const uint32_t s = step - now.base;
    local_signal *const to = &signals[r];
    if (s == 0 || s > core.setup.interval_steps) {
        counts[PROVENANCE_IGNORED_INPUT]++;
        return;
    }
    to->errors[(s & (HEARD_STEPS - 1)) * to->from.readouts + readout] = error;
    to->heard[s & (HEARD_STEPS - 1)]++;
}

static int32_t *logged_errors(uint32_t slot, const local_signal *s, uint32_t step) {
    uint8_t *const errors = log_population(slot) + s->log_offset;
    return (int32_t *)(void *)errors + step * s->stride;
}

/* All errors of a step have come: into the log. */
static SELDOM void log_errors(uint32_t step) {
    for (uint32_t r = 0; r < core.setup.n_signals; r++) {
        local_signal *const s = &signals[r];
        const uint32_t place = step & (HEARD_STEPS - 1), K = s->from.readouts;
        const uint32_t heard = s->heard[place];
        int32_t *const to = logged_errors(log_slot(), s, step);
        if (heard != 0 && heard < K)
            counts[PROVENANCE_INCOMPLETE_SIGNALS]++;
        if (heard == 0)
            clear_words(to, K);
        else
            copy_words(to, s->errors + place * K, K);
        clear_words(s->errors + place * K, K);
        s->heard[place] = 0;
    }
}

SELDOM void population_tick(void) {
    const uint32_t T = core.setup.interval_steps;
    if (now.local > WAIT_FOR_ERRORS && now.local <= T + END_OF_INTERVAL)
        log_errors(now.local - WAIT_FOR_ERRORS);
}

SELDOM void population_feedback(uint32_t r, uint32_t number, int32_t weight) {
    const signal *const s = &signals[r].from;
    const int32_t place = ((const int32_t *)(const void *)(core.signals + s->mirrored))[number];
    if (place < 0)
        return;
    int32_t *const B = (int32_t *)(void *)(core.signals + s->feedback) + (place >> 1);
    *B = weight * s->unit + (place & 1 ? 0 : *B);
}

static const int32_t *feedback_of(const local_signal *s, uint32_t step, uint32_t cell) {
    const uint32_t window = s->from.windows > 1 ? (step - 1) / s->from.window_steps : 0;
    return (const int32_t *)(const void *)(core.signals + s->from.feedback) +
           (window * core.setup.lanes + cell) * s->from.readouts;
}

static void scale(const local_signal *s, const int32_t *errors, uint32_t *saturated) {
    for (uint32_t k = 0; k < s->from.readouts; k++)
        s->scaled[k] = ep_rescale(errors[k], s->from.shift, INT32_MAX, saturated);
}

static __attribute__((noinline)) uint32_t filter_signal(uint32_t cells, const local_signal *s,
                                                        int32_t kappa, int32_t *G) {
    const uint32_t outside =
        ep_filter_signal_as(cells, s->from.readouts, 1, kappa, s->feedback, s->scaled, G);
    return ep_outside(outside) ? ep_saturate(cells, EP_LIMIT, G) : 0;
}

static __attribute__((noinline)) void record_learning_signals(void) {
    uint32_t unused = 0;
    for (uint32_t step = 1; step <= core.setup.interval_steps; step++) {
        if (!record_wanted(CHANNEL_LEARNING_SIGNAL, global_step(step)))
            continue;
        const uint32_t cells = record_count(CHANNEL_LEARNING_SIGNAL);
        clear_words(h_words, core.setup.lanes);
        for (uint32_t r = 0; r < core.setup.n_signals; r++) {
            local_signal *const s = &signals[r];
            const uint32_t K = s->from.readouts;
            copy_words(s->block, logged_errors(log_slot(), s, step), K);
            scale(s, s->block, &unused);
            for (uint32_t q = 0; q < cells; q++) {
                const uint32_t cell = record_cell(CHANNEL_LEARNING_SIGNAL, q);
                int32_t L = 0;
                copy_words(s->feedback, feedback_of(s, step, cell), K);
                s->loaded = UINT32_MAX;
                (void)filter_signal(1, s, 0, &L);
                h_words[cell] = ep_add_saturated(h_words[cell], L);
            }
        }
        record_values(CHANNEL_LEARNING_SIGNAL, global_step(step), h_words, 1);
    }
}

SELDOM void population_end(void) {
    const uint32_t T = core.setup.interval_steps;
    const uint32_t logged = now.local > WAIT_FOR_ERRORS ? now.local - WAIT_FOR_ERRORS : 0;
    for (uint32_t step = logged + 1; step <= T; step++)
        log_errors(step);
    transfers_finish();
    if (core.setup.n_plastic != 0 && record_count(CHANNEL_LEARNING_SIGNAL) != 0)
        record_learning_signals();
    for (uint32_t j = 0; now.learning && j < core.setup.n; j++)
        update_count[j] += spike_count[j];
}

/* --- the backward filter --- */

SELDOM void population_filter_begin(uint32_t slot) {
    const uint32_t lanes = core.setup.lanes;
    uint32_t saturated = 0;
    for (uint32_t j = 0; j < lanes; j++) {
        const int32_t C = j < core.setup.n ? ep_rate_term(update_count[j], rate_gain[j],
                                                          rate_offset[j], &saturated)
                                           : 0;
        filter_state[j] = (ep_filter_state){C, 0, 0};
    }
    if (slot == 0)
        count_saturated(PROVENANCE_SATURATED_RATES, saturated);
    for (uint32_t r = 0; r < core.setup.n_signals; r++) {
        clear_words(signals[r].G, lanes);
        signals[r].loaded = UINT32_MAX;
    }
    clear_words(G_sum, lanes);
}

static void load_feedback(local_signal *s, uint32_t step, uint32_t first) {
    const uint32_t window = s->from.windows > 1 ? (step - 1) / s->from.window_steps : 0;
    const uint32_t wanted = window * core.setup.lanes + first;
    if (s->loaded != wanted) {
        const uint32_t left = core.setup.lanes - first;
        const uint32_t cells = left < tile_cells ? left : tile_cells;
        transfer_wait(transfer_read(feedback_of(s, step, first), s->feedback,
                                    cells * s->from.readouts * 4));
        s->loaded = wanted;
    }
}

/* The sum of several filtered signals, within the limit of one. */
static void sum_signals(uint32_t first, uint32_t cells) {
    for (uint32_t j = first; j < first + cells; j++) {
        int64_t total = 0;
        for (uint32_t r = 0; r < core.setup.n_signals; r++)
            total += signals[r].G[j];
        const int64_t high = EP_LIMIT - 1, low = -EP_LIMIT;
        count_saturated(PROVENANCE_SATURATED_SIGNALS, total > high || total < low);
        G_sum[j] = (int32_t)(total > high ? high : total < low ? low : total);
    }
}

static const int32_t *filter_signals(uint32_t step, uint32_t at, uint32_t first, uint32_t cells) {
    for (uint32_t r = 0; r < core.setup.n_signals; r++) {
        local_signal *const s = &signals[r];
        uint32_t saturated = 0;
        scale(s, s->block + at * s->stride, &saturated);
        if (first == 0)
            count_saturated(PROVENANCE_SATURATED_ERRORS, saturated);
        load_feedback(s, step, first);
        count_saturated(PROVENANCE_SATURATED_SIGNALS,
                        filter_signal(cells, s, s->from.kappa, s->G + first));
    }
    if (core.setup.n_signals == 1)
        return signals[0].G;
    sum_signals(first, cells);
    return G_sum;
}

static uint32_t filter_cells(uint32_t n, const ep_filter *constants, const uint16_t *slopes,
                             const int32_t *G, ep_filter_state *state) {
    const int32_t mu_limit = ep_mu_limit(constants);
    uint32_t saturated = 0, mu_outside = 0;
    const uint32_t outside =
        is_adaptive() ? ep_filter_alif_as(n, 1, constants, slopes, G, state, &mu_outside)
                      : ep_filter_lif_as(n, 1, constants, slopes, G, state);
    if (ep_outside(outside) || (is_adaptive() && mu_outside >= 2 * (uint32_t)mu_limit))
        for (uint32_t j = 0; j < n; j++) {
            saturated += ep_saturate(1, EP_LIMIT, &state[j].F);
            if (is_adaptive())
                saturated += ep_saturate(1, mu_limit, &state[j].mu);
        }
    return saturated;
}

static void filter_groups(uint32_t first, uint32_t end, const uint16_t *slopes, const int32_t *G) {
    for (uint32_t k = 0; k < core.setup.n_groups; k++) {
        const cell_group_data *const g = &groups[k];
        const uint32_t from = g->first > first ? g->first : first;
        const uint32_t to = g->first + g->count < end ? g->first + g->count : end;
        if (from >= to)
            continue;
        const ep_filter *const constants = (const ep_filter *)(const void *)g->filter;
        count_saturated(PROVENANCE_SATURATED_FILTERS,
                        filter_cells(to - from, constants, slopes + from, G + from,
                                     filter_state + from));
    }
}

/* h and errors of steps first .. last from the log. */
static void read_block(uint32_t slot, uint32_t first, uint32_t last) {
    const uint32_t steps = last - first + 1, row = core.setup.lanes * sizeof *h_block;
    uint32_t number = transfer_read(log_population(slot) + first * row, h_block, steps * row);
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        number = transfer_read(logged_errors(slot, &signals[r], first), signals[r].block,
                               steps * signals[r].stride * 4);
    transfer_wait(number);
}

static uint32_t filter_tile(uint32_t slot, uint32_t last, uint32_t first, uint32_t cell,
                            uint32_t end, int32_t *rows) {
    const uint32_t lanes = core.setup.lanes;
    uint32_t magnitude = 0;
    for (uint32_t high = last; high >= first;) {
        const uint32_t low = high - first >= BLOCK_STEPS ? high - BLOCK_STEPS + 1 : first;
        read_block(slot, low, high);
        for (uint32_t t = high; t >= low; t--) {
            const int32_t *const G = filter_signals(t, t - low, cell, end - cell);
            filter_groups(cell, end, h_block + (t - low) * lanes, G);
            int32_t *const row = rows + (t - first) * lanes;
            for (uint32_t j = cell; j < end; j++) {
                const int32_t F = filter_state[j].F;
                row[j] = F;
                magnitude |= (uint32_t)(F ^ (F >> 31));
            }
        }
        high = low - 1;
    }
    return magnitude;
}

uint32_t population_filter(uint32_t slot, uint32_t last, uint32_t first, int32_t *rows) {
    uint32_t magnitude = 0;
    for (uint32_t cell = 0; cell < core.setup.n; cell += tile_cells) {
        const uint32_t end = cell + tile_cells < core.setup.n ? cell + tile_cells : core.setup.n;
        magnitude |= filter_tile(slot, last, first, cell, end, rows);
    }
    return magnitude;
}

void population_update(const uint32_t *constants) { use(constants); }

void population_forget(void) { clear_words(update_count, core.setup.lanes); }
