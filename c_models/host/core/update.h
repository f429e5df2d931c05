/*! \file
 *  \brief The end of an update: gradients of all trials, then the optimisers.
 */
#ifndef EPROP_CORE_UPDATE_H
#define EPROP_CORE_UPDATE_H

#include "eprop/fetch.h"
#include "inactivity.h"
#include "segments.h"

/* One tile of postsynaptic cells, for the blocks of one rule: what the loops over tiles hand out. */
typedef struct tile_task {
    size_t population, rule, tile;
} tile_task;

typedef struct {
    engine *e;
    size_t slots;             /* trials of the update */
    const tile_task *tasks;
    size_t task_count;
    const ep_optimizer_step *steps; /* one per block */
    bool filtered;            /* the filters have run already */
} update_job;

/* Provided by the number system (float/, fixed/): the constants of a block's next update, after
   `updates` so far; the backward filter of a tile, in place of its history (room: of a thread, see
   signal_room()); the gradients of a segment from the filters of all slots (tiles[slot] is row 0 of the tile there); these within
   their limits and without the holes; the optimiser. The same for biases. */
static ep_optimizer_step block_step(const engine *e, const block *b, int64_t updates);
static void filter_one(const engine *e, tile_task task, size_t slot, ep_signal *room);
static void gather(const engine *e, const block *b, size_t row, size_t tile, segment part, size_t slots,
                   const ep_history *const *tiles, ep_gradient *out);
/* The same for blocks from sources of values, which take a whole tile: sums that begin at 0, those
   of a slot added, and the end. */
static void begin_products(const block *b, segment part);
static void add_products(const engine *e, const block *b, size_t tile, size_t slot,
                         const ep_history *rows);
static void end_products(const engine *e, const block *b, segment part);
/* The gradients of the blocks whose sums go spike by spike, once the filters of all tiles have run. */
static void sum_by_spike(const engine *e, size_t slots);
static void close_segment(const block *b, const population *post, size_t row, size_t tile,
                          segment part, const ep_optimizer_step *step, ep_gradient *gradient);
static void optimize_segment(const block *b, const population *post, size_t row, size_t tile,
                             segment part, const ep_optimizer_step *step,
                             const ep_gradient *gradient);
static void close_bias(population *p);
static void optimize_bias(population *p);
static void set_rate_terms(engine *e, size_t slots);

/* The row of a tile's filter that a presynaptic spike of step s meets; 0, which is none, outside the
   interval. Through delay d this is row s + d of a cell (F^{s+d-1}), row s + d - 1 of a readout
   (g^{s+d-1}). */
static EP_INLINE size_t filter_row(const engine *e, size_t slot, const block *b, int32_t s) {
    const int64_t row = turned_emission(e, slot, b, s) + b->lag;
    return row < 1 || row > (int64_t)e->length[slot] ? 0 : (size_t)row;
}

/* A thread's room for the learning signals of a tile; NULL if no population runs backwards. */
static ep_signal *signal_room(const engine *e, size_t thread) {
    return e->any_backwards ? e->turned[thread] : NULL;
}

/* The spikes of a slot by cell, of the populations whose synapses learn. */
static void list_spikes_by_cell(engine *e, size_t slot) {
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        if (!q->by_cell)
            continue;
        const int64_t own = q->kind == SOURCES ? 0 : 1;
        spikes_by_cell(e, slot_activity(e, slot, p), q->n,
                       e->settings.continuous ? -(int64_t)e->head : own,
                       (int64_t)e->length[slot]);
    }
}

/* Whether a segment gathers whole filter rows: if it is dense, or has many synapses. */
static EP_INLINE bool takes_rows(const block *b, segment part, size_t width) {
    return !b->sparse || part.count >= width / 8;
}

/* All tiles of the populations that learn; the list is the engine's. */
static const tile_task *list_tiles(engine *e, size_t *count) {
    if (e->tasks == NULL) {
        for (size_t p = 0; p < e->population_count; p++)
            e->task_count += e->populations[p].rule_count * e->populations[p].tiles;
        tile_task *const tasks = OWN(e, tile_task, e->task_count);
        size_t next = 0;
        for (size_t p = 0; tasks != NULL && p < e->population_count; p++)
            for (size_t r = 0; r < e->populations[p].rule_count; r++)
                for (size_t tile = 0; tile < e->populations[p].tiles; tile++)
                    tasks[next++] = (tile_task){p, r, tile};
        e->tasks = tasks;
    }
    *count = e->tasks != NULL ? e->task_count : 0;
    return e->tasks;
}

/* Body: index = (task, slot). */
static void filter_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    filter_one(job->e, job->tasks[index / job->slots], index % job->slots,
               signal_room(job->e, thread));
}

/* The end of a segment's update, once its gradients are summed. */
static void finish_segment(const engine *e, const block *b, const population *post, size_t row,
                           size_t tile, segment part, const ep_optimizer_step *step,
                           ep_gradient *gradient) {
    close_segment(b, post, row, tile, part, step, gradient);
    if (!e->hold && b->optimizer.kind != EP_OUTSIDE)
        optimize_segment(b, post, row, tile, part, step, gradient);
}

/* Gradients of a tile's synapses from a source of values: sum_t F_j^t x_i^t, frame by frame. */
static void gather_products(const engine *e, const block *b, size_t tile, size_t slots,
                            const ep_history *const *tiles) {
    const population *const post = &e->populations[b->post];
    for (size_t row = 0; row < b->rows; row++)
        begin_products(b, row_segment(b, post, row, tile));
    for (size_t slot = 0; slot < slots; slot++)
        add_products(e, b, tile, slot, tiles[slot]);
    for (size_t row = 0; row < b->rows; row++)
        end_products(e, b, row_segment(b, post, row, tile));
}

/* Asks for memory that will soon be read and written. */
static EP_INLINE void fetch_ahead(const void *begin, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64)
        EP_FETCH_TO_WRITE((const char *)begin + at);
}

/* Asks for what the optimiser will need of the next row of a dense block, which lies apart. */
static EP_INLINE void fetch_next_row(const block *b, const population *post, size_t row,
                                     segment part) {
    if (b->sparse || row + 1 == b->rows)
        return;
    const size_t first = part.first + post->padded;
    fetch_ahead(b->weight + first, part.count * sizeof *b->weight);
    if (b->m == NULL)
        return;
    fetch_ahead(b->m + first, part.count * sizeof *b->m);
    fetch_ahead(b->v + first, part.count * sizeof *b->v);
}

/* Body: gradients (and for dense blocks the optimiser) of one tile. */
static void tile_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    engine *const e = job->e;
    const tile_task task = job->tasks[index];
    const population *const post = &e->populations[task.population];
    const ep_history *few[64]; /* a batch may be larger than a stack */
    const ep_history **const tiles =
        job->slots <= sizeof few / sizeof *few ? few : malloc(job->slots * sizeof *tiles);
    if (tiles == NULL) {
        e->no_memory = true;
        return;
    }
    for (size_t slot = 0; slot < job->slots; slot++) {
        tiles[slot] =
            tile_history(e, post, slot_activity(e, slot, task.population), task.rule, task.tile);
        if (!job->filtered)
            filter_one(e, task, slot, signal_room(e, thread));
    }
    for (size_t k = 0; k < post->incoming_count; k++) {
        const size_t index_of = post->incoming[k];
        const block *const b = &e->blocks[index_of];
        if (b->optimizer.kind == EP_NONE || b->rule != task.rule || sums_by_spike(e, b))
            continue;
        if (b->analog)
            gather_products(e, b, task.tile, job->slots, tiles);
        for (size_t row = 0; row < b->rows; row++) {
            const segment part = row_segment(b, post, row, task.tile);
            if (part.count == 0)
                continue;
            fetch_next_row(b, post, row, part);
            ep_gradient passing[WIDEST_TILE];
            const bool kept = b->sparse || e->last_update || e->hold || b->analog ||
                              b->optimizer.kind == EP_OUTSIDE;
            ep_gradient *const gradient = kept ? b->gradient + part.first : passing;
            if (!b->analog)
                gather(e, b, row, task.tile, part, job->slots, tiles, gradient);
            if (!b->sparse)
                finish_segment(e, b, post, row, task.tile, part, &job->steps[index_of], gradient);
        }
    }
    if (tiles != few)
        free((void *)tiles);
}

#define CHUNK 16384 /* synapses of a sparse block that are updated in one go */

/* Body: the optimiser over one chunk of every sparse block. */
static void chunk_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    (void)thread;
    for (size_t k = 0; k < job->e->block_count; k++) {
        const block *const b = &job->e->blocks[k];
        if (!b->sparse || b->optimizer.kind == EP_NONE)
            continue;
        const size_t chunks = (b->synapses + CHUNK - 1) / CHUNK;
        if (index < chunks) {
            segment part = {index * CHUNK, CHUNK};
            if (part.first + part.count > b->synapses)
                part.count = b->synapses - part.first;
            finish_segment(job->e, b, NULL, 0, 0, part, &job->steps[k], b->gradient + part.first);
            return;
        }
        index -= chunks;
    }
}

static size_t count_chunks(const engine *e) {
    size_t chunks = 0;
    for (size_t k = 0; k < e->block_count; k++)
        if (e->blocks[k].sparse && e->blocks[k].optimizer.kind != EP_NONE)
            chunks += (e->blocks[k].synapses + CHUNK - 1) / CHUNK;
    return chunks;
}

/* The constants of this update for every block; NULL without memory. */
static ep_optimizer_step *next_steps(engine *e) {
    ep_optimizer_step *const steps = calloc(e->block_count + 1, sizeof *steps);
    if (steps == NULL)
        e->no_memory = true;
    for (size_t k = 0; steps != NULL && k < e->block_count; k++)
        if (e->blocks[k].optimizer.kind != EP_NONE)
            steps[k] = block_step(e, &e->blocks[k], e->blocks[k].updates);
    for (size_t k = 0; steps != NULL && !e->hold && k < e->block_count; k++)
        e->blocks[k].updates += e->blocks[k].optimizer.kind != EP_NONE;
    return steps;
}

static bool learns_biases(const population *p) {
    return p->kind == READOUTS && p->bias_optimizer.kind != EP_NONE;
}

static void close_biases(engine *e) {
    for (size_t p = 0; p < e->population_count; p++)
        if (learns_biases(&e->populations[p]))
            close_bias(&e->populations[p]);
}

/* The end of an update, once blocks have been dealt with and the gradients of biases are there. */
static void finish_update(engine *e) {
    if (e->hold)
        return;
    for (size_t p = 0; p < e->population_count; p++)
        if (learns_biases(&e->populations[p]) &&
            e->populations[p].bias_optimizer.kind != EP_OUTSIDE)
            optimize_bias(&e->populations[p]);
    if (e->settings.outside_step != NULL)
        e->outside_failed = e->settings.outside_step(e->settings.outside_context) != 0;
    e->updates++;
}

/* Adds to the gradients of biases: sum_t g_k^t over the trials, one after the other. */
static void sum_bias(const engine *e, size_t p, size_t slots) {
    const population *const q = &e->populations[p];
    for (size_t slot = 0; slot < slots; slot++)
        for (size_t tile = 0; tile < q->tiles; tile++) {
            const size_t first = tile * q->tile, width = tile_width(q, tile);
            const ep_history *const g = tile_history(e, q, slot_activity(e, slot, p), 0, tile);
            for (size_t s = e->length[slot]; s >= 1; s--)
                for (size_t k = 0; k < width; k++)
                    q->bias_sum[first + k] += ep_to_double(g[s * width + k]);
        }
}

static void sum_biases(const engine *e, size_t slots) {
    for (size_t p = 0; p < e->population_count; p++)
        if (learns_biases(&e->populations[p]))
            sum_bias(e, p, slots);
}

/* Body: the optimiser over one tile of every dense block, with the gradients that there are. */
static void apply_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    const tile_task task = job->tasks[index];
    const population *const post = &job->e->populations[task.population];
    (void)thread;
    for (size_t k = 0; k < post->incoming_count; k++) {
        const block *const b = &job->e->blocks[post->incoming[k]];
        if (b->optimizer.kind == EP_NONE || b->rule != task.rule || b->sparse)
            continue;
        for (size_t row = 0; row < b->rows; row++) {
            const segment part = row_segment(b, post, row, task.tile);
            finish_segment(job->e, b, post, row, task.tile, part, &job->steps[post->incoming[k]],
                           b->gradient + part.first);
        }
    }
}

/* An update with the gradients that there are. */
static void apply_gradients(engine *e) {
    update_job job = {e, 0, NULL, 0, NULL, true};
    job.tasks = list_tiles(e, &job.task_count);
    job.steps = next_steps(e);
    if (job.steps == NULL)
        return;
    thread_pool_run(e->pool, job.task_count, apply_body, &job);
    thread_pool_run(e->pool, count_chunks(e), chunk_body, &job);
    finish_update(e);
    free((void *)job.steps);
}

/* The gradients of all trials, and the update of dense blocks. */
static void learn_from_trials(engine *e, update_job *job) {
    if (e->small != NULL) {
        e->small->sum_gradients(e, job->slots);
        thread_pool_run(e->pool, job->task_count, apply_body, job);
        return;
    }
    if (job->filtered)
        thread_pool_run(e->pool, job->task_count * job->slots, filter_body, job);
    thread_pool_run(e->pool, job->task_count, tile_body, job);
    sum_by_spike(e, job->slots);
    thread_pool_run(e->pool, count_chunks(e), chunk_body, job);
    sum_biases(e, job->slots);
}

/* The update at the end of its last trial, boundary "reset". */
static void update_after_trials(engine *e) {
    const size_t slots = e->pending;
    update_job job = {e, slots, NULL, 0, NULL, slots > 1};
    job.tasks = list_tiles(e, &job.task_count);
    job.steps = next_steps(e);
    if (job.steps == NULL)
        return;
    set_rate_terms(e, slots);
    note_trials(e, slots);
    learn_from_trials(e, &job);
    close_biases(e);
    finish_update(e);
    free((void *)job.steps);
}

#endif
