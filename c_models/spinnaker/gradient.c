/*! \file
 *  \brief implementation of gradient.h
 *
 *  Steps are filtered in stretches whose rows of F fit DTCM, the last steps first. The spikes that
 *  arrive in a stretch are sorted by source, so that each row of gradients is read and written
 *  once; the next row is on its way while one is added. Sums are exact: 32 bits as long as they
 *  are sure to hold, 64 bits in SDRAM.
 */
#include "loops.h"

#include "gradient.h"

#include "eprop/fixed/analog.h"
#include "eprop/fixed/gradient.h"
#include "eprop/fixed/rows.h"
#include "packets.h"
#include "population.h"
#include "rows.h"
#include "spike_log.h"
#include "transfers.h"
#include "values.h"

enum { READ_AT_ONCE = 128, VISITS_BETWEEN_PACKETS = 32 };

static int32_t *filter;          /* rows of F */
static uint32_t stretch_rows;    /* that fit */
static uint32_t *entries;        /* of the log, some at a time */
static uint8_t *state[2];
static uint32_t *weights[2];
static uint32_t written[2];      /* the transfer that last wrote from a state */
static int32_t *sum;             /* of a sparse row */
static uint32_t *present;        /* a bit for each row of each plastic block */
static uint32_t *present_first;  /* by block: its first bit */
static uint32_t present_words;

uint8_t *gradient_buffer(uint32_t which) { return state[which]; }
uint32_t *weight_buffer(uint32_t which) { return weights[which]; }

SELDOM void gradient_initialise(void) {
    if (core.setup.n_plastic == 0)
        return;
    stretch_rows = core.setup.filter_words / core.setup.lanes;
    if (stretch_rows == 0)
        fail(STATUS_NO_DTCM, core.setup.lanes * 4, core.setup.filter_words * 4);
    filter = take(stretch_rows * core.setup.lanes * sizeof *filter);
    entries = take(READ_AT_ONCE * sizeof *entries);
    for (uint32_t k = 0; k < 2; k++) {
        state[k] = take(core.setup.state_bytes);
        weights[k] = take(core.setup.forward_bytes);
    }
    sum = take(core.setup.forward_bytes);
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

/* Spikes of the log that are handled in one go. */
typedef struct {
    uint32_t slot, first, end; /* their places there */
    uint32_t step;             /* at which the first was sent */
    uint32_t offset;           /* of the row of F that it meets */
    uint32_t lowest, sources;  /* those that are looked at */
} batch;

static uint16_t *ends;   /* by source: where the rows that its spikes meet end */
static uint16_t *met;    /* offsets of rows of F, by source */
static uint32_t capacity, sources_at_once;

/* Both are in the memory for early spikes, which is free in the pause. */
static SELDOM void find_memory(void) {
    uint32_t bytes;
    ends = packets_memory(&bytes);
    sources_at_once = core.setup.n_sources < bytes / 4 ? core.setup.n_sources : bytes / 4;
    met = ends + sources_at_once;
    capacity = bytes / 2 - sources_at_once;
}

/* Entries of the log from a place on; `count` gets how many. */
static const uint32_t *read_entries(const batch *b, uint32_t place, uint32_t *count) {
    const uint32_t left = b->end - place;
    *count = left < READ_AT_ONCE ? left : READ_AT_ONCE;
    transfer_wait(transfer_read(log_entries(b->slot) + place, entries, *count * 4));
    return entries;
}

static void count_spikes(const batch *b) {
    for (uint32_t s = 0; s < b->sources; s++)
        ends[s] = 0;
    for (uint32_t place = b->first; place < b->end;) {
        uint32_t count;
        const uint32_t *const source = read_entries(b, place, &count);
        for (uint32_t q = 0; q < count; q++) {
            const uint32_t s = source[q] - b->lowest;
            if (s < b->sources)
                ends[s]++;
        }
        place += count;
    }
    uint32_t total = 0;
    for (uint32_t s = 0; s < b->sources; s++) { /* where its rows begin */
        const uint32_t count = ends[s];
        ends[s] = (uint16_t)total;
        total += count;
    }
}

static void sort_spikes(const batch *b) {
    uint32_t step = b->step, offset = b->offset, step_end = log_start(b->slot, step + 1);
    count_spikes(b);
    for (uint32_t place = b->first; place < b->end;) {
        uint32_t count;
        const uint32_t *const source = read_entries(b, place, &count);
        for (uint32_t q = 0; q < count; q++, place++) {
            while (place == step_end) {
                offset += core.setup.lanes;
                step_end = log_start(b->slot, ++step + 1);
            }
            const uint32_t s = source[q] - b->lowest;
            if (s < b->sources)
                met[ends[s]++] = (uint16_t)offset;
        }
    }
}

/* --- one row --- */

/* A row of gradients to which the spikes of a source are added. */
typedef struct {
    uint32_t which;          /* of the buffers */
    uint32_t synapses;       /* 0: nothing to do */
    uint8_t *place;          /* in SDRAM */
    const uint16_t *met;
    uint32_t count;          /* of spikes */
    uint32_t coming;         /* the transfer to wait for */
    bool fresh, sparse;
} visit;

static SELDOM void begin_visit(visit *v, uint32_t k, uint32_t row) {
    const block *const b = &core.blocks[k];
    uint32_t synapse = row * core.setup.lanes;
    v->synapses = core.setup.lanes;
    v->sparse = b->sparse != 0;
    if (v->sparse) {
        v->synapses = row_synapses(b, row, &synapse);
        v->coming = transfer_read(core.rows + b->weight + synapse * 4, weights[v->which],
                                  v->synapses * 4);
    }
    v->place = core.rows + b->state + synapse * state_bytes(b->kind);
    v->fresh = !gradient_is_there(k, row);
    if (!v->fresh)
        v->coming = transfer_read(v->place, state[v->which], v->synapses * 8);
    else if (!v->sparse)
        v->coming = written[v->which];
    mark(k, row);
}

static void add_sparse(const visit *v, uint32_t from, uint32_t to, int64_t *wide) {
    const uint32_t *const synapse = weights[v->which];
    clear_words(sum, v->synapses);
    for (; from < to; from++) {
        const int32_t *const F = filter + v->met[from];
        for (uint32_t q = 0; q < v->synapses; q++)
            sum[q] += F[synapse[q] >> 16];
    }
    ep_spill(v->synapses, sum, wide);
}

static void end_visit(visit *v, uint32_t budget) {
    if (v->synapses == 0)
        return;
    int64_t *const wide = (int64_t *)(void *)state[v->which];
    transfer_wait(v->coming);
    if (v->fresh)
        clear_words(wide, 2 * v->synapses);
    for (uint32_t q = 0; q < v->count;) {
        const uint32_t left = v->count - q, some = left < budget ? left : budget;
        if (v->sparse)
            add_sparse(v, q, q + some, wide);
        else
            assembly_gather_rows(v->synapses, some, v->met + q, filter, wide);
        q += some;
    }
    written[v->which] = transfer_write(v->place, wide, v->synapses * 8);
    v->synapses = 0;
}

/* Adds the spikes of a batch to the blocks first_block .. last_block - 1. */
static __attribute__((noinline)) void add_batch(const batch *of, uint32_t first_block,
                                                uint32_t last_block, uint32_t budget) {
    visit visits[2] = {{.which = 0}, {.which = 1}};
    uint32_t turn = 0, begin = 0;
    sort_spikes(of);
    for (uint32_t s = 0; s < of->sources; s++) {
        const uint32_t count = ends[s] - begin;
        for (uint32_t k = first_block; count != 0 && k < last_block; k++) {
            const block *const b = &core.blocks[k];
            const uint32_t row = of->lowest + s - b->first_source;
            if (b->kind == 0 || row >= b->rows)
                continue;
            visits[turn].met = met + begin;
            visits[turn].count = count;
            begin_visit(&visits[turn], k, row);
            turn ^= 1;
            end_visit(&visits[turn], budget);
        }
        begin = ends[s];
        if (s % VISITS_BETWEEN_PACKETS == 0)
            packets_discard_spikes();
    }
    end_visit(&visits[turn ^ 1], budget);
}

/* Adds the spikes sent at the steps first .. last, of which the first meets the row of F at
 * offset. */
static SELDOM void add_steps(batch *of, uint32_t first, uint32_t last, uint32_t offset,
                      uint32_t first_block, uint32_t last_block, uint32_t budget) {
    const uint32_t end = log_start(of->slot, last + 1);
    uint32_t step_end = log_start(of->slot, first + 1);
    of->step = first;
    of->offset = offset;
    for (of->first = log_start(of->slot, first); of->first < end; of->first = of->end) {
        for (; of->first >= step_end; step_end = log_start(of->slot, of->step + 1)) {
            of->step++;
            of->offset += core.setup.lanes;
        }
        of->end = end - of->first > capacity ? of->first + capacity : end;
        for (of->lowest = 0; of->lowest < core.setup.n_sources; of->lowest += sources_at_once) {
            const uint32_t left = core.setup.n_sources - of->lowest;
            of->sources = left < sources_at_once ? left : sources_at_once;
            add_batch(of, first_block, last_block, budget);
        }
    }
}

static bool learns(uint32_t first_block, uint32_t last_block) {
    for (uint32_t k = first_block; k < last_block; k++)
        if (core.blocks[k].kind != 0 && (VALUE_SOURCES == 0 || core.blocks[k].analog == 0))
            return true;
    return false;
}

/* --- values --- */

/* Steps first .. last of a slot whose F meets the values of a block from an analog source. */
typedef struct {
    uint32_t slot, source;
    uint32_t first, last;
    uint32_t shift;         /* steps from a value to the F that it meets */
    int32_t *rows;          /* F of step `first` */
    uint32_t budget;        /* most rows that a 32-bit sum holds */
    uint32_t frames;        /* in `met`: offsets of the sums of frames, once they are joined */
} meeting;

static const uint32_t *values_met(const meeting *of, uint32_t offset) {
    return values_logged(of->slot, of->source,
                         of->first - of->shift + offset / core.setup.lanes);
}

/* Lets the first row of F of each frame be the sum of all its rows, or again what it was. */
static SELDOM void join_frames(meeting *of, bool apart) {
    const uint32_t lanes = core.setup.lanes, end = (of->last - of->first + 1) * lanes;
    uint32_t frame = 0, joined = of->budget;
    int32_t *total = NULL;
    of->frames = 0;
    for (uint32_t offset = 0; offset < end; offset += lanes) {
        const uint32_t now_in = values_met(of, offset)[0];
        const int32_t *const row = of->rows + offset;
        if (total == NULL || now_in != frame || joined == of->budget) {
            total = of->rows + offset;
            met[of->frames++] = (uint16_t)offset;
            frame = now_in;
            joined = 1;
            continue;
        }
        joined++;
        for (uint32_t j = 0; j < lanes; j++)
            total[j] += apart ? -row[j] : row[j];
    }
}

static void end_value_visit(visit *v, const meeting *of, uint32_t row) {
    if (v->synapses == 0)
        return;
    int64_t *const wide = (int64_t *)(void *)state[v->which];
    const uint32_t *const synapse = weights[v->which];
    transfer_wait(v->coming);
    if (v->fresh)
        clear_words(wide, 2 * v->synapses);
    for (uint32_t k = 0; k < of->frames; k++) {
        const int16_t *const values =
            (const int16_t *)(const void *)(values_met(of, met[k]) + 1);
        const int32_t *const total = of->rows + met[k];
        const int16_t value = values[row];
        if (value == 0)
            continue;
        for (uint32_t q = 0; v->sparse && q < v->synapses; q++)
            wide[q] += (int64_t)value * total[synapse[q] >> 16];
        if (!v->sparse)
            loop_products(v->synapses, value, total, wide);
    }
    written[v->which] = transfer_write(v->place, wide, v->synapses * 8);
    v->synapses = 0;
}

static SELDOM void visit_values(uint32_t k, const meeting *of) {
    visit visits[2] = {{.which = 0}, {.which = 1}};
    const uint32_t rows = core.blocks[k].rows;
    for (uint32_t row = 0; row < rows; row++) {
        begin_visit(&visits[row & 1], k, row);
        end_value_visit(&visits[(row & 1) ^ 1], of, row - 1);
        if (row % VISITS_BETWEEN_PACKETS == 0)
            packets_discard_spikes();
    }
    end_value_visit(&visits[(rows & 1) ^ 1], of, rows - 1);
}

/* Adds the values that meet the rows of F of the steps first .. last. */
static SELDOM void add_values(uint32_t slot, uint32_t first, uint32_t last, uint32_t budget) {
    for (uint32_t k = 0; k < core.setup.n_blocks; k++) {
        const block *const b = &core.blocks[k];
        if (b->analog == 0 || b->kind == 0)
            continue;
        const uint32_t shift = b->delay - population_lag;
        const uint32_t end = core.setup.interval_steps - 1 + shift; /* met by the last value */
        meeting of = {.slot = slot, .source = b->analog - 1, .shift = shift, .budget = budget};
        of.first = first > shift ? first : shift;
        of.last = last < end ? last : end;
        if (of.first > of.last)
            continue;
        of.rows = filter + (of.first - first) * core.setup.lanes;
        join_frames(&of, false);
        visit_values(k, &of);
        join_frames(&of, true);
    }
}

/* The first step of a stretch that ends with step `last`: as early as its rows of F fit, and the
 * spikes that arrive with the shortest delay. (What does not fit is sorted in several goes.) */
static SELDOM uint32_t stretch_begin(uint32_t slot, uint32_t last) {
    uint32_t low = last > stretch_rows ? last - stretch_rows + 1 : 1, high = last;
    if (core.setup.n_blocks == 0)
        return low;
    const uint32_t shift = core.blocks[0].delay - population_lag;
    const uint32_t end = last >= shift ? log_start(slot, last - shift + 1) : 0;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (middle >= shift && end - log_start(slot, middle - shift) > capacity)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

SELDOM void gradient_add(uint32_t slot) {
    if (core.setup.n_plastic == 0)
        return;
    batch of = {.slot = slot};
    find_memory();
    population_filter_begin(slot);
    for (uint32_t last = core.setup.interval_steps; last >= 1;) {
        const uint32_t first = stretch_begin(slot, last);
        const uint32_t budget =
            (uint32_t)ep_row_budget(population_filter(slot, last, first, filter));
        for (uint32_t k = 0; k < core.setup.n_blocks;) {
            const uint32_t delay = core.blocks[k].delay, shift = delay - population_lag;
            const uint32_t begin = k;
            while (k < core.setup.n_blocks && core.blocks[k].delay == delay)
                k++;
            const uint32_t from = first > shift ? first : shift;
            if (from <= last && learns(begin, k))
                add_steps(&of, from - shift, last - shift, (from - first) * core.setup.lanes,
                          begin, k, budget);
        }
        if (VALUE_SOURCES != 0)
            add_values(slot, first, last, budget);
        transfers_finish();
        last = first - 1;
    }
}
