/*! \file
 *  \brief implementation of signals.h
 */
#include "loops.h"

#include "signals.h"

#include "packets.h"
#include "population.h"
#include "record.h"
#include "spike_log.h"
#include "transfers.h"

enum { HEARD_STEPS = 16, WAIT_FOR_ERRORS = 8, FEEDBACK_WORDS = 2048 };

/* A learning signal here. */
typedef struct {
    learning_signal from;
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

static local_signal *signals;
static uint32_t tile_cells;
static int32_t *sum; /* of several G, or of signals that are recorded */

/* Whether errors are read back from the log: to learn, or to record learning signals. */
static SELDOM bool reads_errors(void) {
    return core.setup.n_plastic != 0 || record_count(CHANNEL_LEARNING_SIGNAL) != 0;
}

static SELDOM void initialise_signal(local_signal *s, const learning_signal *from, uint32_t *log_offset) {
    const uint32_t lanes = core.setup.lanes;
    copy_words(&s->from, from, sizeof s->from / 4);
    const uint32_t K = s->from.readouts;
    s->stride = (K + 1) & ~UINT32_C(1);
    s->log_offset = *log_offset;
    *log_offset += (core.setup.interval_steps + 1) * s->stride * 4;
    s->errors = take(HEARD_STEPS * K * 4);
    s->heard = take(HEARD_STEPS * sizeof *s->heard);
    if (!reads_errors())
        return;
    s->block = take(SIGNAL_STEPS * s->stride * 4);
    s->scaled = take(K * 4);
    s->G = take(lanes * 4);
    s->feedback = take(tile_cells * K * 4);
}

SELDOM void signals_initialise(uint32_t offset) {
    const learning_signal *const from = (const learning_signal *)(const void *)core.signals;
    uint32_t readouts = 0;
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        readouts += from[r].readouts;
    tile_cells = core.setup.lanes;
    while (tile_cells > 8 && tile_cells * readouts > FEEDBACK_WORDS)
        tile_cells -= 8;
    sum = take(core.setup.lanes * 4);
    signals = take(core.setup.n_signals * sizeof *signals);
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        initialise_signal(&signals[r], &from[r], &offset);
}

SELDOM void signals_reload(void) {
    const learning_signal *const from = (const learning_signal *)(const void *)core.signals;
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        copy_words(&signals[r].from, &from[r], sizeof signals[r].from / 4);
}

SELDOM uint32_t signals_log_bytes(void) {
    uint32_t bytes = 0;
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        bytes += (core.setup.interval_steps + 1) * signals[r].stride * 4;
    return bytes;
}

SELDOM void signals_begin(void) {
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        for (uint32_t k = 0; k < HEARD_STEPS; k++)
            signals[r].heard[k] = 0;
}

uint32_t signals_tile(void) { return tile_cells; }

SELDOM void population_error(uint32_t r, uint32_t readout, uint32_t step, int32_t error) {
    const uint32_t s = step - now.base;
    local_signal *const to = &signals[r];
    const uint32_t place = readout - to->from.first;
    if (place >= to->from.readouts) /* it reaches cells of other cores alone */
        return;
    if (s == 0 || s > core.setup.interval_steps) {
        counts[PROVENANCE_IGNORED_INPUT]++;
        return;
    }
    to->errors[(s & (HEARD_STEPS - 1)) * to->from.readouts + place] = error;
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
        if (heard != 0 && heard != K)
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
    const learning_signal *const s = &signals[r].from;
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

static uint32_t filter_signal(uint32_t cells, const local_signal *s, int32_t kappa, int32_t *G) {
    const uint32_t outside =
        loop_filter_signal(cells, s->from.readouts, kappa, s->feedback, s->scaled, G);
    return ep_outside(outside) ? ep_saturate(cells, EP_LIMIT, G) : 0;
}

static __attribute__((noinline)) void record_learning_signals(void) {
    uint32_t unused = 0;
    for (uint32_t step = 1; step <= core.setup.interval_steps; step++) {
        if (!record_wanted(CHANNEL_LEARNING_SIGNAL, global_step(step)))
            continue;
        const uint32_t cells = record_count(CHANNEL_LEARNING_SIGNAL);
        clear_words(sum, core.setup.lanes);
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
                sum[cell] = ep_add_saturated(sum[cell], L);
            }
        }
        record_values(CHANNEL_LEARNING_SIGNAL, global_step(step), sum, 1);
        packets_discard_spikes();
    }
}

SELDOM void signals_end(void) {
    const uint32_t T = core.setup.interval_steps;
    const uint32_t logged = now.local > WAIT_FOR_ERRORS ? now.local - WAIT_FOR_ERRORS : 0;
    for (uint32_t step = logged + 1; step <= T; step++)
        log_errors(step);
    transfers_finish();
    if (record_count(CHANNEL_LEARNING_SIGNAL) != 0)
        record_learning_signals();
}

/* --- the filter --- */

SELDOM void signals_filter_begin(void) {
    for (uint32_t r = 0; r < core.setup.n_signals; r++) {
        clear_words(signals[r].G, core.setup.lanes);
        signals[r].loaded = UINT32_MAX;
    }
    clear_words(sum, core.setup.lanes);
}

void signals_read(uint32_t slot, uint32_t first, uint32_t steps) {
    for (uint32_t r = 0; r < core.setup.n_signals; r++)
        (void)transfer_read(logged_errors(slot, &signals[r], first), signals[r].block,
                            steps * signals[r].stride * 4);
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
        sum[j] = (int32_t)(total > high ? high : total < low ? low : total);
    }
}

const int32_t *signals_filter(uint32_t step, uint32_t at, uint32_t first, uint32_t cells) {
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
    return sum;
}
