/*! \file
 *  \brief implementation of arrivals.h
 *
 *  Rows come by DMA into two buffers: while one is added, the next is on its way.
 */
#include "arrivals.h"

#include "eprop/fixed/rows.h"
#include "rows.h"
#include "transfers.h"

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

void arrivals_initialise(void) {
    input = take(core.setup.lanes * sizeof *input);
    wide = take(core.setup.lanes * sizeof *wide);
    for (uint32_t k = 0; k < 2; k++)
        buffers[k] = take(core.setup.forward_bytes);
}

int32_t *arrivals_input(void) { return input; }

void arrivals_reset(void) {
    clear_words(input, core.setup.lanes);
    clear_words(wide, 2 * core.setup.lanes);
    used = 0;
    spilled = false;
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

static void begin(const block *b, uint32_t row) {
    coming_row *const next = &coming[turn];
    next->from = b;
    const uint8_t *const weights = core.rows + b->weight;
    uint32_t first = row * core.setup.lanes / 2;
    uint32_t bytes = core.setup.lanes * 2;
    next->count = core.setup.lanes;
    if (b->sparse) {
        next->count = row_synapses(b, row, &first);
        bytes = next->count * 4;
        if (bytes == 0)
            return;
    }
    next->number = transfer_read(weights + first * 4, buffers[turn], bytes);
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

void arrivals_add(const uint32_t *sources, uint32_t count, uint32_t delay) {
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

void arrivals_close(void) {
    if (spilled)
        count_saturated(PROVENANCE_SATURATED_ARRIVALS,
                        ep_collect(core.setup.lanes, EP_INPUT_LIMIT, wide, input));
    used = 0;
    spilled = false;
}
