/*! \file
 *  \brief An update whose trials several processes have run, each its own.
 *
 *  A gradient is one chain of additions: trial by trial, within a trial spike by spike. The process
 *  that has the next trials goes on with the chain where that of the trials before has ended, so
 *  that the additions, and their order, are those of one process that has all trials.
 */
#ifndef EPROP_FLOAT_SHARE_H
#define EPROP_FLOAT_SHARE_H

#include "by_spike.h"

typedef struct {
    const engine *e;
    const block *b;
    size_t first; /* row of body index 0 */
} share_job;

static int core_share_counts(const engine *e, int64_t *out) {
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        if (q->kind != SPIKING)
            continue;
        for (size_t j = 0; j < q->n; j++)
            *out++ = spikes_of_trials(e, e->pending, p, j);
        *out++ = (q->flat.update == 0 || q->silent.update == 0) && any_sloped(e, e->pending, p);
    }
    return EPROP_OK;
}

static int share_failed(engine *e) {
    thread_pool_stop(e->pool);
    e->pool = NULL;
    return EPROP_NO_MEMORY;
}

static int core_share_begin(engine *e, int64_t steps, int64_t trials, const int64_t *counts) {
    if (e->settings.continuous || e->s != 0 || e->pending == 0 || e->pool != NULL)
        return EPROP_BAD_ARGUMENT;
    update_job job = {e, e->pending, NULL, 0, NULL, true};
    job.tasks = list_tiles(e, &job.task_count);
    e->pool = thread_pool_start((size_t)e->settings.threads);
    if (e->pool == NULL || e->no_memory)
        return share_failed(e);
    const double seconds = 1e-3 * e->settings.timestep * (double)steps * (double)trials;
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        if (q->kind != SPIKING)
            continue;
        int64_t spikes = 0;
        for (size_t j = 0; j < q->n; j++) {
            q->rate_term[j] = rate_term(q, j, counts[j], seconds);
            spikes += counts[j];
        }
        note_update(e, q, spikes, counts[q->n] != 0);
        counts += q->n + 1;
    }
    /* the small path lists spikes in its own way */
    for (size_t slot = 0; e->small != NULL && slot < e->pending; slot++)
        list_spikes_by_cell(e, slot);
    if (e->no_memory)
        return share_failed(e);
    thread_pool_run(e->pool, job.task_count * job.slots, filter_body, &job);
    return EPROP_OK;
}

/* Where the gradients of some rows of a block begin. */
static size_t first_of_row(const block *b, const population *post, size_t row) {
    return b->sparse ? (size_t)b->row_start[row] : row * post->padded;
}

static int core_share_rows(const engine *e, int32_t index, int64_t first, int64_t rows, void **data,
                           int64_t *bytes) {
    const block *const b = &e->blocks[index];
    const population *const post = &e->populations[b->post];
    if (b->optimizer.kind == EP_NONE || first < 0 || rows < 0 || (size_t)(first + rows) > b->rows)
        return EPROP_BAD_ARGUMENT;
    const size_t from = first_of_row(b, post, (size_t)first);
    const size_t to = first_of_row(b, post, (size_t)(first + rows));
    *data = b->gradient + from;
    *bytes = (int64_t)((to - from) * sizeof *b->gradient);
    return EPROP_OK;
}

/* Goes on with the chains of a row's synapses with one tile, through the trials of this process. */
static void add_segment(const engine *e, const block *b, size_t row, size_t tile, segment part) {
    const population *const post = &e->populations[b->post];
    const size_t width = tile_width(post, tile);
    ep_gradient *const out = b->gradient + part.first;
    for (size_t slot = 0; slot < e->pending; slot++) {
        const ep_chosen_rows met =
            rows_met(e, slot, b, row,
                     tile_history(e, post, slot_activity(e, slot, b->post), b->rule, tile));
        if (b->sparse)
            add_lanes(b, part, width, tile * post->tile, &met, out);
        else
            ep_add_chosen_rows(width, &met, false, out);
    }
}

/* Body: index = row. */
static void add_row_body(void *context, size_t index, size_t thread) {
    const share_job *const job = context;
    const population *const post = &job->e->populations[job->b->post];
    (void)thread;
    for (size_t tile = 0; tile < post->tiles; tile++) {
        const segment part = row_segment(job->b, post, job->first + index, tile);
        if (part.count > 0)
            add_segment(job->e, job->b, job->first + index, tile, part);
    }
}

/* Body: index = tile of a block from a source of values. */
static void add_products_body(void *context, size_t index, size_t thread) {
    const share_job *const job = context;
    (void)thread;
    for (size_t slot = 0; slot < job->e->pending; slot++)
        add_products(job->e, job->b, index, slot,
                     tile_history(job->e, &job->e->populations[job->b->post],
                                  slot_activity(job->e, slot, job->b->post), job->b->rule, index));
}

static int core_share_add(engine *e, int32_t index, int64_t first, int64_t rows) {
    const block *const b = &e->blocks[index];
    if (b->optimizer.kind == EP_NONE || e->pool == NULL ||
        (b->analog && (first != 0 || (size_t)rows != b->rows)))
        return EPROP_BAD_ARGUMENT;
    share_job job = {e, b, (size_t)first};
    if (b->analog)
        thread_pool_run(e->pool, e->populations[b->post].tiles, add_products_body, &job);
    else if (sums_by_spike(e, b))
        add_by_spike(&(spike_job){e, b, (size_t)first, (size_t)(first + rows), e->pending, false});
    else
        thread_pool_run(e->pool, (size_t)rows, add_row_body, &job);
    return EPROP_OK;
}

static int core_share_biases(engine *e, int32_t index, void **data, int64_t *bytes) {
    population *const q = &e->populations[index];
    const bool learns = learns_biases(q);
    *data = learns ? q->bias_sum : NULL;
    *bytes = learns ? (int64_t)(q->padded * sizeof *q->bias_sum) : 0;
    return EPROP_OK;
}

static int core_share_add_biases(engine *e, int32_t index) {
    if (!learns_biases(&e->populations[index]))
        return EPROP_BAD_ARGUMENT;
    sum_bias(e, (size_t)index, e->pending);
    return EPROP_OK;
}

static int core_share_end(engine *e) {
    for (size_t k = 0; k < e->block_count; k++) {
        const block *const b = &e->blocks[k];
        const population *const post = &e->populations[b->post];
        if (b->optimizer.kind == EP_NONE || b->sparse)
            continue;
        for (size_t row = 0; row < b->rows; row++)
            for (size_t tile = 0; tile < post->tiles; tile++) {
                const segment part = row_segment(b, post, row, tile);
                clear_holes(b, post, row, tile, b->gradient + part.first);
            }
    }
    close_biases(e);
    e->pending = 0;
    thread_pool_stop(e->pool);
    e->pool = NULL;
    return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
}

#endif
