/*! \file
 *  \brief implementation of gradient.h
 *
 *  Steps are filtered in stretches whose rows of F fit DTCM, the last steps first. The spikes that
 *  arrive in a stretch are sorted by source, so that each row of gradients is read and written
 *  once. Sums are exact: 32 bits as long as they are sure to hold, 64 bits in SDRAM.
 */
#include "gradient.h"

#include "eprop/fixed/gradient.h"
#include "eprop/fixed/rows.h"
#include "packets.h"
#include "population.h"
#include "rows.h"
#include "spike_log.h"
#include "transfers.h"

/* A spike in a stretch: its source, and the row of F that it meets. */
#define ROW_BITS 10
#define ROW_MASK ((UINT32_C(1) << ROW_BITS) - 1)

enum { READ_AT_ONCE = 32 };

static int32_t *filter;          /* rows of F */
static uint32_t stretch_rows;    /* that fit */
static uint32_t *events, *sorted;
static uint32_t event_count;
static uint8_t *state[2];
static uint32_t *weights[2];
static int32_t *sum;
static uint32_t sum_lanes;
static uint32_t *present;        /* a bit for each row of each plastic block */
static uint32_t *present_first;  /* by block: its first bit */
static uint32_t present_words, turn;
static uint16_t *histogram;      /* of a digit */
static uint32_t digits;

uint8_t *gradient_buffer(uint32_t which) { return state[which]; }
uint32_t *weight_buffer(uint32_t which) { return weights[which]; }

static SELDOM uint32_t longest_row(void) {
    uint32_t longest = core.setup.lanes;
    for (uint32_t k = 0; k < core.setup.n_blocks; k++)
        if (core.blocks[k].sparse && core.setup.forward_bytes / 4 > longest)
            longest = core.setup.forward_bytes / 4;
    return longest;
}

SELDOM void gradient_initialise(void) {
    if (core.setup.n_plastic == 0)
        return;
    stretch_rows = core.setup.filter_words / core.setup.lanes;
    if (stretch_rows > ROW_MASK + 1)
        stretch_rows = ROW_MASK + 1;
    if (stretch_rows == 0)
        fail(STATUS_NO_DTCM, core.setup.lanes * 4, core.setup.filter_words * 4);
    filter = take(stretch_rows * core.setup.lanes * sizeof *filter);
    events = take(core.setup.event_capacity * sizeof *events);
    sorted = take(core.setup.event_capacity * sizeof *sorted);
    histogram = take(256 * sizeof *histogram);
    for (uint32_t sources = core.setup.n_sources - 1; sources != 0; sources >>= 8)
        digits++;
    for (uint32_t k = 0; k < 2; k++) {
        state[k] = take(core.setup.state_bytes);
        weights[k] = take(core.setup.forward_bytes);
    }
    sum_lanes = longest_row();
    sum = take(sum_lanes * sizeof *sum);
    present_first = take(core.setup.n_blocks * sizeof *present_first);
    uint32_t bits = 0;
    for (uint32_t k = 0; k < core.setup.n_blocks; k++) {
        present_first[k] = bits;
        bits += core.blocks[k].kind != 0 ? core.blocks[k].rows : 0;
    }
    present_words = (bits + 31) / 32;
    present = take(present_words * sizeof *present);
}

bool gradient_is_there(uint32_t k, uint32_t row) {
    const uint32_t bit = present_first[k] + row;
    return present[bit / 32] >> bit % 32 & 1;
}

static void mark(uint32_t k, uint32_t row) {
    const uint32_t bit = present_first[k] + row;
    present[bit / 32] |= UINT32_C(1) << bit % 32;
}

SELDOM void gradient_forget(void) {
    if (core.setup.n_plastic != 0)
        clear_words(present, present_words);
}

/* --- spikes by source --- */

static void sort_digit(uint32_t shift) {
    clear_words(histogram, 128);
    for (uint32_t q = 0; q < event_count; q++)
        histogram[events[q] >> shift & 255]++;
    uint32_t place = 0;
    for (uint32_t digit = 0; digit < 256; digit++) {
        const uint32_t size = histogram[digit];
        histogram[digit] = (uint16_t)place;
        place += size;
    }
    for (uint32_t q = 0; q < event_count; q++)
        sorted[histogram[events[q] >> shift & 255]++] = events[q];
    uint32_t *const before = events;
    events = sorted;
    sorted = before;
}

/* --- one row --- */

/* Sums of the F that the spikes of one source meet: 32 bits, spilled into the 64 bits of wide. */
typedef struct {
    uint32_t budget, used, count;
    const uint32_t *target; /* sparse: words with the targets; NULL: all lanes */
    int64_t *wide;
    bool fresh;             /* wide holds nothing of this update */
    uint32_t read;          /* the transfer that brings wide */
} row_sum;

static void spill(row_sum *total) {
    transfer_wait(total->read);
    if (total->fresh) {
        for (uint32_t q = 0; q < total->count; q++) {
            total->wide[q] = sum[q];
            sum[q] = 0;
        }
        total->fresh = false;
    } else {
        ep_spill(total->count, sum, total->wide);
    }
    total->used = 0;
}

static void add_row(row_sum *total, const int32_t *F) {
    if (total->used == total->budget)
        spill(total);
    total->used++;
    if (total->target == NULL) {
        assembly_filter_row(total->count, F, sum);
        return;
    }
    for (uint32_t q = 0; q < total->count; q++)
        sum[q] += F[total->target[q] >> 16];
}

/* Adds the spikes events[first .. last) of one source to its row of a block. */
static void visit(uint32_t k, uint32_t row, uint32_t first, uint32_t last, uint32_t budget) {
    const block *const b = &core.blocks[k];
    uint32_t synapse = row * core.setup.lanes, count = core.setup.lanes;
    if (b->sparse)
        count = row_synapses(b, row, &synapse);
    if (count == 0)
        return;
    uint8_t *const place = core.rows + b->state + synapse * state_bytes(b->kind);
    row_sum total = {budget, 0, count, NULL, (int64_t *)(void *)state[turn],
                     !gradient_is_there(k, row), 0};
    if (b->sparse) {
        total.target = weights[turn];
        total.read = transfer_read(core.rows + b->weight + synapse * 4, weights[turn], count * 4);
        transfer_wait(total.read);
    }
    if (!total.fresh)
        total.read = transfer_read(place, state[turn], count * 8);
    else if (!b->sparse)
        total.read = transfer_read(place, state[turn], 0); /* behind what is written from there */
    for (uint32_t q = first; q < last; q++)
        add_row(&total, filter + (events[q] & ROW_MASK) * core.setup.lanes);
    spill(&total);
    (void)transfer_write(place, state[turn], count * 8);
    mark(k, row);
    turn ^= 1;
}

/* Adds all spikes in the list to the blocks with a delay. */
static void add_events(uint32_t delay, uint32_t budget) {
    uint32_t last_block, first_block = blocks_of(delay, &last_block);
    for (uint32_t digit = 0; digit < digits; digit++)
        sort_digit(ROW_BITS + 8 * digit);
    for (uint32_t first = 0; first < event_count;) {
        const uint32_t source = events[first] >> ROW_BITS;
        uint32_t last = first + 1;
        while (last < event_count && events[last] >> ROW_BITS == source)
            last++;
        for (uint32_t k = first_block; k < last_block; k++) {
            const block *const b = &core.blocks[k];
            const uint32_t row = source - b->first_source;
            if (b->kind != 0 && row < b->rows)
                visit(k, row, first, last, budget);
        }
        packets_discard_spikes();
        first = last;
    }
    event_count = 0;
}

/* Adds the spikes sent at a local step, which meet a row of F. */
static void add_step(uint32_t slot, uint32_t step, uint32_t row, uint32_t delay, uint32_t budget) {
    uint32_t place, count = log_find(slot, step, step, &place), sources[READ_AT_ONCE];
    while (count > 0) {
        const uint32_t some = count < READ_AT_ONCE ? count : READ_AT_ONCE;
        log_read(slot, place, some, sources);
        for (uint32_t q = 0; q < some; q++) {
            if (event_count == core.setup.event_capacity)
                add_events(delay, budget);
            events[event_count++] = sources[q] << ROW_BITS | row;
        }
        place += some;
        count -= some;
    }
}

static bool learns(uint32_t first_block, uint32_t last_block) {
    for (uint32_t k = first_block; k < last_block; k++)
        if (core.blocks[k].kind != 0)
            return true;
    return false;
}

void gradient_add(uint32_t slot) {
    if (core.setup.n_plastic == 0)
        return;
    population_filter_begin(slot);
    for (uint32_t last = core.setup.interval_steps; last >= 1;) {
        const uint32_t first = last > stretch_rows ? last - stretch_rows + 1 : 1;
        const uint32_t budget =
            (uint32_t)ep_row_budget(population_filter(slot, last, first, filter));
        for (uint32_t k = 0; k < core.setup.n_blocks;) {
            const uint32_t delay = core.blocks[k].delay, shift = delay - population_lag;
            const uint32_t begin = k;
            while (k < core.setup.n_blocks && core.blocks[k].delay == delay)
                k++;
            if (!learns(begin, k))
                continue;
            for (uint32_t t = last; t >= first && t >= shift; t--)
                add_step(slot, t - shift, t - first, delay, budget);
            add_events(delay, budget);
        }
        transfers_finish();
        last = first - 1;
    }
}
