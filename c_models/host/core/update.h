/*! \file
 *  \brief The end of an update: gradients of all trials, then the optimisers.
 */
#ifndef EPROP_CORE_UPDATE_H
#define EPROP_CORE_UPDATE_H

#include "backward.h"

/* The constants of the next update of an optimiser that has done `updates` so far. */
static ep_optimizer_step optimizer_step(const eprop_optimizer *optimizer, int64_t updates) {
    ep_optimizer_step step = {0};
    const double lr =
        optimizer->lr * pow(optimizer->decay_factor, (double)(updates / optimizer->decay_every));
    const double u = (double)(updates + 1);
    const double correction1 = 1.0 - pow(optimizer->beta1, u);
    const double correction2 = 1.0 - pow(optimizer->beta2, u);
    step.kind = (enum ep_optimizer_kind)optimizer->kind;
    step.beta1 = (ep_moment)optimizer->beta1;
    step.one_minus_beta1 = (ep_moment)(1.0 - optimizer->beta1);
    step.beta2 = (ep_moment)optimizer->beta2;
    step.one_minus_beta2 = (ep_moment)(1.0 - optimizer->beta2);
    step.rate = (ep_moment)lr;
    step.variance_scale = (ep_moment)1;
    if (step.kind == EP_ADAM && optimizer->eps_hat) {
        step.rate = (ep_moment)(lr * sqrt(correction2) / correction1);
    } else if (step.kind == EP_ADAM) {
        step.rate = (ep_moment)(lr / correction1);
        step.variance_scale = (ep_moment)(1.0 / correction2);
    }
    step.eps = (ep_moment)optimizer->eps;
    step.w_min = (ep_weight)optimizer->w_min;
    step.w_max = (ep_weight)optimizer->w_max;
    return step;
}

/* One tile of postsynaptic cells: what the loops over tiles hand out. */
typedef struct tile_task {
    size_t population, tile;
} tile_task;

typedef struct {
    engine *e;
    size_t slots;             /* trials of the update */
    const tile_task *tasks;
    size_t task_count;
    const ep_optimizer_step *steps; /* one per block */
    bool filtered;            /* the filters have run already */
} update_job;

/* All tiles of the populations that learn; the list is the engine's. */
static const tile_task *list_tiles(engine *e, size_t *count) {
    if (e->tasks == NULL) {
        for (size_t p = 0; p < e->population_count; p++)
            e->task_count += e->populations[p].plastic ? e->populations[p].tiles : 0;
        tile_task *const tasks = OWN(e, tile_task, e->task_count);
        size_t next = 0;
        for (size_t p = 0; tasks != NULL && p < e->population_count; p++)
            for (size_t tile = 0; e->populations[p].plastic && tile < e->populations[p].tiles; tile++)
                tasks[next++] = (tile_task){p, tile};
        e->tasks = tasks;
    }
    *count = e->tasks != NULL ? e->task_count : 0;
    return e->tasks;
}

static void filter_one(const engine *e, tile_task task, size_t slot) {
    const activity *const x = slot_activity(e, slot, task.population);
    ep_history *const history = tile_history(e, x, task.tile);
    if (e->populations[task.population].kind == SPIKING) {
        filter_end end;
        filter_cells(e, slot, task.population, task.tile, ERRORS, 0, history, &end, NULL);
    } else {
        ep_signal end[TILE];
        filter_readouts(e, slot, task.population, task.tile, history, end, NULL);
    }
}

/* Body: index = (task, slot). */
static void filter_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    (void)thread;
    filter_one(job->e, job->tasks[index / job->slots], index % job->slots);
}

static void optimize_segment(const block *b, const population *post, size_t row, size_t tile,
                             segment part, const ep_optimizer_step *step, ep_gradient *gradient) {
    if (!b->sparse)
        clear_holes(b, post, row, tile, gradient);
    ep_optimize(part.count, step, gradient, b->weight + part.first,
                b->m != NULL ? b->m + part.first : NULL, b->v != NULL ? b->v + part.first : NULL);
    if (b->bounded) {
        ep_clip(part.count, step, b->weight + part.first);
        if (!b->sparse)
            clear_holes(b, post, row, tile, b->weight + part.first);
    }
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
    (void)thread;
    if (tiles == NULL) {
        e->no_memory = true;
        return;
    }
    for (size_t slot = 0; slot < job->slots; slot++) {
        tiles[slot] = tile_history(e, slot_activity(e, slot, task.population), task.tile);
        if (!job->filtered)
            filter_one(e, task, slot);
    }
    for (size_t k = 0; k < post->incoming_count; k++) {
        const size_t index_of = post->incoming[k];
        const block *const b = &e->blocks[index_of];
        if (b->optimizer.kind == EP_NONE)
            continue;
        for (size_t row = 0; row < b->rows; row++) {
            const segment part = row_segment(b, post, row, task.tile);
            if (part.count == 0)
                continue;
            ep_gradient passing[TILE];
            ep_gradient *const gradient =
                b->sparse || e->last_update ? b->gradient + part.first : passing;
            gather(e, b, row, task.tile, part, job->slots, tiles, gradient);
            if (!b->sparse)
                optimize_segment(b, post, row, task.tile, part, &job->steps[index_of], gradient);
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
            optimize_segment(b, NULL, 0, 0, part, &job->steps[k], b->gradient + part.first);
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

/* One step of the biases with the gradient in bias_sum, which becomes 0. */
static void optimize_bias(population *p) {
    if (p->kind != READOUTS || p->bias_optimizer.kind == EP_NONE)
        return;
    const ep_optimizer_step step = optimizer_step(&p->bias_optimizer, p->bias_updates++);
    for (size_t k = 0; k < p->n; k++) {
        p->bias_gradient[k] = ep_from_double(p->bias_sum[k]);
        p->bias_sum[k] = 0.0;
    }
    ep_optimize(p->n, &step, p->bias_gradient, p->bias, p->bias_m, p->bias_v);
}

/* The constants of this update for every block; NULL without memory. */
static ep_optimizer_step *next_steps(engine *e) {
    ep_optimizer_step *const steps = calloc(e->block_count + 1, sizeof *steps);
    if (steps == NULL)
        e->no_memory = true;
    for (size_t k = 0; steps != NULL && k < e->block_count; k++)
        if (e->blocks[k].optimizer.kind != EP_NONE)
            steps[k] = optimizer_step(&e->blocks[k].optimizer, e->blocks[k].updates++);
    return steps;
}

/* C_j = c_reg (f_j - f_target) from the spikes of all trials. */
static void set_rate_terms(engine *e, size_t slots) {
    const double seconds = 1e-3 * e->settings.timestep * (double)e->T * (double)slots;
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        for (size_t j = 0; q->kind == SPIKING && j < q->n; j++) {
            int64_t spikes = 0;
            for (size_t slot = 0; slot < slots; slot++)
                spikes += slot_activity(e, slot, p)->count[j];
            q->rate_term[j] = (ep_signal)(q->c_reg[j] * ((double)spikes / seconds - q->f_target[j]));
        }
    }
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
    if (job.filtered)
        eprop_pool_run(e->pool, job.task_count * slots, filter_body, &job);
    eprop_pool_run(e->pool, job.task_count, tile_body, &job);
    eprop_pool_run(e->pool, count_chunks(e), chunk_body, &job);
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        if (q->kind != READOUTS || q->bias_optimizer.kind == EP_NONE)
            continue;
        for (size_t slot = 0; slot < slots; slot++)
            for (size_t tile = 0; tile < q->tiles; tile++) {
                const size_t first = tile * TILE, width = tile_width(q, tile);
                const ep_history *const g = tile_history(e, slot_activity(e, slot, p), tile);
                for (size_t s = e->T; s >= 1; s--)
                    for (size_t k = 0; k < width; k++)
                        q->bias_sum[first + k] += ep_to_double(g[s * width + k]);
            }
        optimize_bias(q);
    }
    free((void *)job.steps);
    e->updates++;
}

/* Copies the weights of the forward projection into the feedback of symmetric signals. */
static void mirror_feedback(engine *e) {
    for (size_t k = 0; k < e->signal_count; k++) {
        learning_signal *const g = &e->signals[k];
        if (g->symmetric_count == 0)
            continue;
        memset(g->weight, 0, g->readouts * g->padded * sizeof *g->weight);
        for (size_t i = 0; i < g->symmetric_count; i++) {
            const block *const b = &e->blocks[g->symmetric[i]];
            const population *const post = &e->populations[b->post];
            for (size_t row = 0; row < b->rows; row++) {
                if (b->sparse)
                    for (int64_t q = b->row_start[row]; q < b->row_start[row + 1]; q++)
                        g->weight[(size_t)b->target[q] * g->padded + row] += b->weight[q];
                else
                    for (size_t r = 0; r < g->readouts; r++)
                        g->weight[r * g->padded + row] += b->weight[row * post->padded + r];
            }
        }
    }
}

#endif
