/*! \file
 *  \brief implementation of arrivals.h
 *
 *  Rows come by DMA into two buffers: while one is added, the next is on its way. What arrives from
 *  a frame of values is summed when the frame begins, and added at each of its steps.
 */
#include "arrivals.h"

#include "eprop/fixed/analog.h"
#include "eprop/fixed/rows.h"
#include "rows.h"
#include "transfers.h"
#include "values.h"

/* A row on its way. */
typedef struct {
    const block *from;
    uint32_t count;  /* synapses */
    uint32_t number; /* of the transfer */
} coming_row;

static int32_t *input;
static int64_t *wide;
static uint32_t *buffers[2];
static coming_row coming[2];
static uint32_t turn, used;
static bool spilled;

/* What arrives from the frame of values in effect through a block. */
typedef struct {
    uint32_t frame;   /* NO_FRAME: from none yet */
    bool now;         /* it arrives at the step in work */
    int32_t *sum;
} frame_arrivals;

enum { NO_FRAME = 0x7fffffff };

static frame_arrivals *frames; /* by block */
static uint32_t *value_row;

void arrivals_initialise(void) {
    input = take(core.setup.lanes * sizeof *input);
    wide = take(core.setup.lanes * sizeof *wide);
    for (uint32_t k = 0; k < 2; k++)
        buffers[k] = take(core.setup.forward_bytes);
    if (VALUE_SOURCES == 0)
        return;
    value_row = take(core.setup.value_row_bytes);
    frames = take(core.setup.n_blocks * sizeof *frames);
    for (uint32_t k = 0; k < core.setup.n_blocks; k++)
        if (core.blocks[k].analog != 0)
            frames[k].sum = take(core.setup.lanes * sizeof *frames[k].sum);
    arrivals_forget_frames();
}

int32_t *arrivals_input(void) { return input; }

void arrivals_reset(void) {
    clear_words(input, core.setup.lanes);
    clear_words(wide, 2 * core.setup.lanes);
    used = 0;
    spilled = false;
    if (VALUE_SOURCES != 0)
        arrivals_forget_frames();
}

static void add_wide(const coming_row *row, const uint32_t *synapse) {
    for (uint32_t q = 0; q < row->count; q++)
        wide[synapse[q] >> 16] += row->from->factor * (int16_t)synapse[q];
    spilled = true;
}

/* Adds the row in a buffer. */
static void add(const coming_row *row, uint32_t *buffer) {
    transfer_wait(row->number);
    const uint32_t share = (uint32_t)row->from->share;
    if (share > EP_ROW_BUDGET) {
        add_wide(row, buffer);
        return;
    }
    if (used + share > EP_ROW_BUDGET) {
        ep_spill(core.setup.lanes, input, wide);
        used = 0;
        spilled = true;
    }
    used += share;
    if (row->from->sparse)
        assembly_sparse_row(row->count, buffer, (int16_t)row->from->factor, input);
    else
        assembly_row(core.setup.lanes, (const int16_t *)(const void *)buffer,
                     (int16_t)row->from->factor, input);
}

/* Starts to read a row; false if it has no synapse. */
static bool fetch(const block *b, uint32_t row, uint32_t which) {
    coming_row *const next = &coming[which];
    next->from = b;
    const uint8_t *const weights = core.rows + b->weight;
    uint32_t first = row * core.setup.lanes / 2;
    uint32_t bytes = core.setup.lanes * 2;
    next->count = core.setup.lanes;
    if (b->sparse) {
        next->count = row_synapses(b, row, &first);
        bytes = next->count * 4;
        if (bytes == 0)
            return false;
    }
    next->number = transfer_read(weights + first * 4, buffers[which], bytes);
    return true;
}

static void begin(const block *b, uint32_t row) {
    if (!fetch(b, row, turn))
        return;
    coming_row *const before = &coming[turn ^ 1];
    if (before->count != 0)
        add(before, buffers[turn ^ 1]);
    before->count = 0;
    turn ^= 1;
}

SELDOM uint32_t blocks_of(uint32_t delay, uint32_t *last) {
    uint32_t first = 0;
    while (first < core.setup.n_blocks && core.blocks[first].delay < delay)
        first++;
    uint32_t k = first;
    while (k < core.setup.n_blocks && core.blocks[k].delay == delay)
        k++;
    *last = k;
    return first;
}

OFTEN void arrivals_add(const uint32_t *sources, uint32_t count, uint32_t delay) {
    coming[0].count = coming[1].count = 0;
    uint32_t last_block, first_block = blocks_of(delay, &last_block);
    for (uint32_t q = 0; q < count; q++)
        for (uint32_t k = first_block; k < last_block; k++) {
            const block *const b = &core.blocks[k];
            const uint32_t row = sources[q] - b->first_source;
            if (row < b->rows)
                begin(b, row);
        }
    const coming_row *const last = &coming[turn ^ 1];
    if (last->count != 0)
        add(last, buffers[turn ^ 1]);
}

OFTEN void arrivals_close(void) {
    if (spilled)
        count_saturated(PROVENANCE_SATURATED_ARRIVALS,
                        ep_collect(core.setup.lanes, EP_INPUT_LIMIT, wide, input));
    used = 0;
    spilled = false;
}

/* --- values --- */

SELDOM void arrivals_forget_frames(void) {
    for (uint32_t k = 0; frames != NULL && k < core.setup.n_blocks; k++)
        frames[k].frame = NO_FRAME;
}

/* Adds a row in a buffer times a value. */
static void add_product(const coming_row *row, const uint32_t *buffer, int16_t value) {
    transfer_wait(row->number);
    if (!row->from->sparse) {
        ep_add_value_row(core.setup.lanes, value, (const int16_t *)(const void *)buffer, wide);
        return;
    }
    for (uint32_t q = 0; q < row->count; q++)
        wide[buffer[q] >> 16] += (int32_t)value * (int16_t)buffer[q];
}

/* `wide` is 0 before and after. */
static __attribute__((noinline)) void sum_frame(const block *b, const int16_t *values, int32_t *sum) {
    uint32_t which = 0;
    int16_t before = 0; /* the value of the row in the other buffer */
    for (uint32_t row = 0; row < b->rows; row++) {
        if (values[row] == 0 || !fetch(b, row, which))
            continue;
        which ^= 1;
        if (before != 0)
            add_product(&coming[which], buffers[which], before);
        before = values[row];
    }
    if (before != 0)
        add_product(&coming[which ^ 1], buffers[which ^ 1], before);
    ep_close_frame(core.setup.lanes, b->arrival_bits, wide, sum);
}

/* Finds what arrives through a block at the step in work. */
static SELDOM void find_frame(const block *b, frame_arrivals *arriving) {
    const uint32_t T = core.setup.interval_steps, step = now.local - b->delay;
    arriving->now = now.local >= b->delay && (T == 0 || step < T);
    if (!arriving->now)
        return;
    const uint32_t *const row = values_row(b->analog - 1, step);
    if (row[0] == arriving->frame)
        return;
    transfer_wait(transfer_read(row, value_row, values_row_bytes(b->analog - 1)));
    arriving->frame = value_row[0];
    sum_frame(b, (const int16_t *)(const void *)(value_row + 1), arriving->sum);
}

OFTEN void arrivals_add_values(void) {
    for (uint32_t k = 0; k < core.setup.n_blocks; k++)
        if (core.blocks[k].analog != 0)
            find_frame(&core.blocks[k], &frames[k]);
    for (uint32_t k = 0; k < core.setup.n_blocks; k++) {
        if (core.blocks[k].analog == 0 || !frames[k].now)
            continue;
        for (uint32_t j = 0; j < core.setup.lanes; j++)
            wide[j] += frames[k].sum[j];
        spilled = true;
    }
}
