/*! \file
 *  \brief Gradients of sparse blocks, spike by spike.
 *
 *  A presynaptic spike adds the filter row that it arrives at, lane by lane, to the gradients of its
 *  cell's synapses. Step by step through the interval, that row stays close for all spikes of the
 *  step, and targets and gradients are read in the order in which they lie in memory: the cost of a
 *  spike at a synapse hardly depends on the size of the network. Each gradient is the same chain of
 *  additions as tile by tile.
 */
#ifndef EPROP_FLOAT_BY_SPIKE_H
#define EPROP_FLOAT_BY_SPIKE_H

#include "filter.h"
#include "step.h"

/* Some rows of a block, for all threads. */
typedef struct {
    const engine *e;
    const block *b;
    size_t first, end; /* rows */
    size_t slots;
    bool anew;         /* the sums begin at 0 */
} spike_job;

/* A small block with many synapses a row is faster in vectors, tile by tile. */
static bool sums_by_spike(const engine *e, const block *b) {
    const bool full = 8 * b->synapses >= b->rows * e->populations[b->post].padded;
    return b->sparse && !b->analog && !e->settings.continuous && (!full || is_large(b));
}

/* Row `row` of the filter of a block's targets, all cells in one piece: of several tiles a copy, in
   `room`. */
static const ep_history *joined_row(const engine *e, size_t slot, const block *b, size_t row,
                                    ep_history *room) {
    const population *const post = &e->populations[b->post];
    const activity *const x = slot_activity(e, slot, b->post);
    if (post->tiles == 1)
        return tile_history(e, post, x, b->rule, 0) + row * post->padded;
    for (size_t tile = 0; tile < post->tiles; tile++) {
        const size_t width = tile_width(post, tile);
        memcpy(room + tile * post->tile, tile_history(e, post, x, b->rule, tile) + row * width,
               width * sizeof *room);
    }
    return room;
}

/* Adds a slot's trial to the gradients of the rows first .. end - 1. */
static void add_spikes(const engine *e, const block *b, size_t slot, size_t first, size_t end,
                       ep_history *room) {
    const spike_list *const list = &slot_activity(e, slot, b->pre)->spikes;
    const int64_t length = (int64_t)e->length[slot];
    for (int64_t s = e->populations[b->pre].kind == SOURCES ? 0 : 1; s <= length; s++) {
        const size_t row = filter_row(e, slot, b, (int32_t)s);
        const size_t *const start = list->start + (size_t)(s + (int64_t)e->head);
        const ep_history *filter = NULL;
        for (size_t q = start[0]; row > 0 && q < start[1]; q++) {
            const size_t cell = (size_t)list->cell[q];
            if (cell < first || cell >= end)
                continue;
            if (filter == NULL)
                filter = joined_row(e, slot, b, row, room);
            const size_t after = (size_t)list->cell[q + 1 < list->used ? q + 1 : q];
            const ep_sparse_row own = sparse_row(b, cell, b->gradient);
            const ep_sparse_row next = sparse_row(b, after, b->gradient);
            ep_pick_row(&own, &next, filter);
        }
    }
}

/* First row, from `first` on, whose synapses begin at or after `synapse`. */
static size_t row_at(const block *b, size_t first, size_t end, int64_t synapse) {
    return (size_t)find_first(b->row_start, (int64_t)first, (int64_t)end, synapse);
}

/* Body: index = part of the rows, one for each thread, with as many synapses as the others. */
static void spikes_body(void *context, size_t index, size_t thread) {
    const spike_job *const job = context;
    const block *const b = job->b;
    const int64_t parts = job->e->settings.threads, begin = b->row_start[job->first];
    const int64_t part = (b->row_start[job->end] - begin + parts - 1) / parts;
    const size_t first = row_at(b, job->first, job->end, begin + (int64_t)index * part);
    const size_t end = row_at(b, first, job->end, begin + (int64_t)(index + 1) * part);
    const size_t synapses = (size_t)(b->row_start[end] - b->row_start[first]);
    if (job->anew)
        memset(b->gradient + b->row_start[first], 0, synapses * sizeof *b->gradient);
    for (size_t slot = 0; slot < job->slots && synapses > 0; slot++)
        add_spikes(job->e, b, slot, first, end, job->e->joined[thread]);
}

static void add_by_spike(const spike_job *job) {
    thread_pool_run(job->e->pool, (size_t)job->e->settings.threads, spikes_body, (void *)job);
}

static void sum_by_spike(const engine *e, size_t slots) {
    for (size_t k = 0; k < e->block_count; k++) {
        const block *const b = &e->blocks[k];
        const spike_job job = {e, b, 0, b->rows, slots, true};
        if (b->optimizer.kind != EP_NONE && sums_by_spike(e, b))
            add_by_spike(&job);
    }
}

#endif
