/*! \file
 *  \brief Spiking cells: LIF and adaptive LIF, their log, their backward filter.
 *
 *  Compiled for three binaries: eprop_clopath defines EPROP_CLOPATH (factor_*.h), eprop_analog
 *  EPROP_VALUES (values.h).
 *
 *  Learning signals are in signals.c.
 */
#include "loops.h"
#include "packets.h"
#include "population.h"
#include "record.h"
#include "signals.h"
#include "spike_log.h"
#include "tallies.h"
#include "transfers.h"

const uint32_t population_lag = 0;

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
static ep_filter_state *filter_state;

#ifdef EPROP_CLOPATH
#include "factor_clopath.h"
#else
#include "factor_slope.h"
#endif

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
    from = (const uint32_t *)(const void *)core.cells + offsets;
    copy_words(rate_offset, from, 2 * lanes);
    factor_read(from + 2 * lanes);
}

static uint32_t h_log_bytes(void) {
    return round8((core.setup.interval_steps + 1) * core.setup.lanes * sizeof **h);
}

SELDOM bool population_initialise(void) {
    const uint32_t lanes = core.setup.lanes;
    if (!is_own())
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
    if (core.setup.n_plastic != 0) {
        h_block = take(SIGNAL_STEPS * lanes * sizeof *h_block);
        filter_state = take(lanes * sizeof *filter_state);
    }
    factor_initialise();
    signals_initialise(h_log_bytes());
    read_parameters();
    return true;
}

SELDOM void population_reload(void) {
    read_parameters();
    signals_reload();
}

SELDOM uint32_t population_log_bytes(void) {
    if (core.setup.interval_steps == 0)
        return 0;
    return h_log_bytes() + signals_log_bytes();
}

/* --- steps --- */

SELDOM void population_begin(void) {
    clear_words(spike_count, core.setup.lanes);
    for (uint32_t j = 0; j < core.setup.lanes; j++)
        if (is_adaptive())
            alif[j] = (ep_alif_state){v_initial[j], 0, a_initial[j]};
        else
            lif[j] = (ep_lif_state){v_initial[j], 0};
    factor_begin();
    signals_begin();
}

static uint32_t run_group(const cell_group_data *g, int32_t *input, uint16_t *slopes,
                          uint32_t *bits) {
    const ep_cells *const parameters = &g->cells;
    const uint32_t n = g->count;
    uint32_t saturated = 0;
    if (is_adaptive()) {
        ep_alif_state *const state = alif + g->first;
        const uint32_t outside =
            loop_alif(n, parameters, state, input + g->first, slopes + g->first, bits);
        for (uint32_t j = 0; ep_outside(outside) && j < n; j++)
            saturated += ep_saturate(1, EP_LIMIT, &state[j].v) + ep_saturate(1, EP_LIMIT, &state[j].a);
    } else {
        ep_lif_state *const state = lif + g->first;
        const uint32_t outside =
            loop_lif(n, parameters, state, input + g->first, slopes + g->first, bits);
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
    await_turn();
    while (!spin1_send_mc_packet(key, 0, NO_PAYLOAD))
        continue;
    tallies_add(TALLY_SENT_NOW, 1, core.setup.spike_key + cell, now.time);
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

/* The first that is not 0 is enough: without one in a whole update cells learn nothing. */
static SELDOM void note_slopes(const uint16_t *slopes) {
    for (uint32_t j = core.setup.n; now.activity.slope == 0 && j-- > 0;)
        now.activity.slope = slopes[j];
}

OFTEN void population_step(uint32_t s, int32_t *input) {
    uint16_t *const kept = h[h_turn], *const slopes = factor_slopes(kept);
    transfer_wait(h_written[h_turn]);
    factor_open(kept);
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
    factor_close(kept);
    const bool any = send_all();
    if (now.learning && core.setup.n_plastic != 0) {
        uint8_t *const to = log_population(log_slot()) + s * core.setup.lanes * sizeof *kept;
        h_written[h_turn] = transfer_write(to, kept, core.setup.lanes * sizeof *kept);
        h_turn ^= 1;
        note_slopes(slopes);
    }
    record_states(global_step(s), slopes, any);
}

SELDOM void population_end(void) {
    signals_end();
    if (!now.learning)
        return;
    for (uint32_t j = 0; j < core.setup.n; j++) {
        update_count[j] += spike_count[j];
        now.activity.spikes += (uint32_t)spike_count[j];
    }
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
    signals_filter_begin();
}

static uint32_t filter_groups(uint32_t first, uint32_t end, const uint16_t *slopes,
                              const int32_t *G, int32_t *row) {
    uint32_t magnitudes = 0;
    for (uint32_t k = 0; k < core.setup.n_groups; k++) {
        const cell_group_data *const g = &groups[k];
        const uint32_t from = g->first > first ? g->first : first;
        const uint32_t to = g->first + g->count < end ? g->first + g->count : end;
        if (from >= to)
            continue;
        magnitudes |= factor_filter(g, to - from, slopes + from, G + from, filter_state + from,
                                    row + from);
    }
    return magnitudes;
}

/* h and errors of steps first .. last from the log. */
static void read_block(uint32_t slot, uint32_t first, uint32_t last) {
    const uint32_t steps = last - first + 1, row = core.setup.lanes * sizeof *h_block;
    (void)transfer_read(log_population(slot) + first * row, h_block, steps * row);
    signals_read(slot, first, steps);
    transfers_finish();
}

static uint32_t filter_tile(uint32_t slot, uint32_t last, uint32_t first, uint32_t cell,
                            uint32_t end, int32_t *rows) {
    const uint32_t lanes = core.setup.lanes;
    uint32_t magnitudes = 0;
    for (uint32_t high = last; high >= first;) {
        const uint32_t low = high - first >= SIGNAL_STEPS ? high - SIGNAL_STEPS + 1 : first;
        packets_discard_spikes();
        read_block(slot, low, high);
        for (uint32_t t = high; t >= low; t--) {
            const int32_t *const G = signals_filter(t, t - low, cell, end - cell);
            magnitudes |= filter_groups(cell, end, h_block + (t - low) * lanes, G,
                                        rows + (t - first) * lanes);
        }
        high = low - 1;
    }
    return magnitudes;
}

OFTEN uint32_t population_filter(uint32_t slot, uint32_t last, uint32_t first, int32_t *rows) {
    uint32_t magnitudes = 0;
    for (uint32_t cell = 0; cell < core.setup.n; cell += signals_tile()) {
        const uint32_t left = core.setup.n - cell;
        const uint32_t end = cell + (left < signals_tile() ? left : signals_tile());
        magnitudes |= filter_tile(slot, last, first, cell, end, rows);
    }
    return magnitudes;
}

void population_update(const uint32_t *constants) { use(constants); }

void population_forget(void) { clear_words(update_count, core.setup.lanes); }
