/*! \file
 *  \brief Boundary "continuous": eligibility traces that cross the end of an interval.
 *
 *  Per synapse, three traces are carried: zhat (arrivals filtered with alpha), the slow trace
 *  epsilon_a of adaptive cells, and ebar, the eligibility filtered with the kappa of each learning
 *  signal. With t0 the step before the interval and x any of the sums below,
 *
 *      x = sum over arrivals of F + K_e ebar^{t0} + K_a epsilon_a^{t0+1} + K_z zhat^{t0}
 *
 *  where F, K_a = lambda^1 and K_z = alpha F^0 come from one backward filter each:
 *
 *      gradient without rate term: the errors,           K_e = kappa G^1 of each signal
 *      sum of eligibilities:       no signal, C = 1      (the update multiplies it by C_j)
 *      new ebar of one signal:     L = 1 at step T only, K_e = kappa^T for its own ebar
 *      new epsilon_a:              lambda^{T+1} = 1
 *      new zhat:                   F^{t} = alpha^{T-t-1}, K_z = alpha^T
 *
 *  New values replace old ones in this order, in which each sum needs only traces below it.
 *  Readouts: g in the place of F, kappa in the place of alpha, and only zhat.
 */
#ifndef EPROP_FLOAT_CONTINUOUS_H
#define EPROP_FLOAT_CONTINUOUS_H

#include "optimize.h"

/* One trace's share in a sum: factor[lane] times trace. */
typedef struct {
    const ep_signal *factor;
    const ep_gradient *trace; /* of the block's first synapse */
} share;

/* total[q] = (add ? total[q] : 0) + filter rows at the arrivals + shares, for one tile of a block.
   A share may be `total` itself. */
static void sum_tile(const engine *e, const block *b, size_t tile, const ep_history *rows,
                     const share *shares, size_t share_count, bool add, ep_gradient *total) {
    const population *const post = &e->populations[b->post];
    ep_gradient gathered[WIDEST_TILE];
    for (size_t row = 0; row < b->rows; row++) {
        segment part = row_segment(b, post, row, tile);
        /* duplicates of a pair can make a sparse segment longer than a tile is wide */
        while (part.count > 0) {
            segment piece = {part.first, part.count < post->tile ? part.count : post->tile};
            if (!b->analog)
                gather(e, b, row, tile, piece, 1, &rows, gathered);
            else
                memset(gathered, 0, piece.count * sizeof *gathered);
            for (size_t q = 0; q < piece.count; q++) {
                const size_t at = piece.first + q;
                const size_t lane = b->sparse ? (size_t)b->target[at] - tile * post->tile : q;
                ep_gradient sum = gathered[q];
                for (size_t k = 0; k < share_count; k++)
                    sum += shares[k].factor[lane] * shares[k].trace[at];
                total[at] = add ? total[at] + sum : sum;
            }
            part.first += piece.count;
            part.count -= piece.count;
        }
    }
    if (b->analog)
        sum_products(e, b, tile, e->current, rows, total);
}

typedef struct {
    engine *e;
    const tile_task *tasks;
    bool learning;
} trace_job;

/* alpha^T of a tile, and rows F^{t-1} = alpha^{T-t}. */
static void filter_arrivals(size_t T, size_t width, const ep_decay *decay, ep_history *out,
                            ep_signal *power) {
    for (size_t j = 0; j < width; j++)
        power[j] = (ep_signal)1;
    for (size_t s = T; s >= 1; s--)
        for (size_t j = 0; j < width; j++) {
            out[s * width + j] = power[j];
            power[j] *= decay[j];
        }
}

/* Whether the update may have a rate term: c_reg may be set between the intervals of one. */
static bool may_be_regularised(const engine *e, const population *q) {
    return q->rate_regularised || e->settings.trials_per_update > 1;
}

static void cell_traces(const trace_job *job, tile_task task, ep_history *scratch) {
    engine *const e = job->e;
    const population *const q = &e->populations[task.population];
    const size_t signals = q->signal_count, width = tile_width(q, task.tile);
    const bool adaptive = q->rules[task.rule].adaptation;
    const ep_decay *const decay = trace_decay(q, task.rule, task.tile);
    ep_signal kappa_G[signals + 1][WIDEST_TILE], K_z[WIDEST_TILE] = {0};
    filter_end end;
    share shares[signals + 2];
    for (size_t pass = 0; pass < signals + 4; pass++) {
        const enum source source = pass == 0             ? ERRORS
                                   : pass == 1           ? UNIT_RATE
                                   : pass < signals + 2  ? LAST_STEP
                                                         : LAST_SLOW;
        const size_t only = pass - 2;
        const bool slow = pass == signals + 2, arrivals = pass == signals + 3;
        if ((pass < 2 && !job->learning) || (pass == 1 && !may_be_regularised(e, q)) ||
            (slow && !adaptive))
            continue;
        if (arrivals)
            filter_arrivals(e->T, width, decay, scratch, K_z);
        else
            filter_cells(e, e->current, task, source, only, scratch, &end, kappa_G, NULL);
        for (size_t j = 0; j < width && !arrivals; j++)
            K_z[j] = decay[j] * end.F[j];
        for (size_t i = 0; i < q->incoming_count; i++) {
            block *const b = &e->blocks[q->incoming[i]];
            if (b->optimizer.kind == EP_NONE || b->rule != task.rule)
                continue;
            size_t count = 0;
            if (pass == 0)
                for (size_t r = 0; r < signals; r++)
                    shares[count++] = (share){kappa_G[r], b->ebar[r]};
            else if (source == LAST_STEP)
                shares[count++] = (share){kappa_G[0], b->ebar[only]};
            if (!arrivals && adaptive)
                shares[count++] = (share){end.lambda, b->epsilon};
            shares[count++] = (share){K_z, b->zhat};
            ep_gradient *const total = pass == 0             ? b->gradient_sum
                                       : pass == 1           ? b->eligibility_sum
                                       : source == LAST_STEP ? b->ebar[only]
                                       : slow                ? b->epsilon
                                                             : b->zhat;
            sum_tile(e, b, task.tile, scratch, shares, count, pass < 2, total);
        }
    }
}

static void readout_traces(const trace_job *job, tile_task task, ep_history *scratch) {
    engine *const e = job->e;
    population *const q = &e->populations[task.population];
    const size_t first = task.tile * q->tile, width = tile_width(q, task.tile);
    const size_t cells = q->n - first < width ? q->n - first : width;
    ep_signal K_z[WIDEST_TILE];
    ep_decay kappa[WIDEST_TILE];
    for (size_t k = 0; k < width; k++)
        kappa[k] = q->kappa;
    for (int arrivals = job->learning ? 0 : 1; arrivals < 2; arrivals++) {
        if (arrivals)
            filter_arrivals(e->T, width, kappa, scratch, K_z);
        else {
            filter_readouts(e, e->current, task.population, task.tile, scratch, K_z,
                            q->bias_sum + first);
            for (size_t k = 0; k < width; k++)
                K_z[k] *= q->kappa;
            for (size_t k = 0; k < cells; k++)
                q->bias_sum[first + k] += ep_to_double(K_z[k]) * q->bias_trace[first + k];
        }
        for (size_t i = 0; i < q->incoming_count; i++) {
            block *const b = &e->blocks[q->incoming[i]];
            if (b->optimizer.kind == EP_NONE)
                continue;
            const share shares[] = {{K_z, b->zhat}};
            sum_tile(e, b, task.tile, scratch, shares, 1, !arrivals,
                     arrivals ? b->zhat : b->gradient_sum);
        }
    }
    for (size_t k = 0; k < cells; k++)
        for (size_t s = 0; s < e->T; s++)
            q->bias_trace[first + k] = q->kappa_exact * q->bias_trace[first + k] + 1.0;
}

static void trace_body(void *context, size_t index, size_t thread) {
    const trace_job *const job = context;
    const tile_task task = job->tasks[index];
    if (job->e->populations[task.population].kind == SPIKING)
        cell_traces(job, task, job->e->scratch[thread]);
    else
        readout_traces(job, task, job->e->scratch[thread]);
}

/* Body: gradient = gradient_sum + C_j eligibility_sum, then the optimiser, for one tile. */
static void combine_body(void *context, size_t index, size_t thread) {
    const update_job *const job = context;
    engine *const e = job->e;
    const tile_task task = job->tasks[index];
    const population *const post = &e->populations[task.population];
    (void)thread;
    for (size_t i = 0; i < post->incoming_count; i++) {
        const block *const b = &e->blocks[post->incoming[i]];
        if (b->optimizer.kind == EP_NONE || b->rule != task.rule)
            continue;
        for (size_t row = 0; row < b->rows; row++) {
            const segment part = row_segment(b, post, row, task.tile);
            for (size_t q = part.first; q < part.first + part.count; q++) {
                ep_gradient gradient = b->gradient_sum[q];
                if (post->kind == SPIKING) {
                    const size_t j = b->sparse ? (size_t)b->target[q]
                                               : task.tile * post->tile + (q - part.first);
                    gradient += post->rate_term[j] * b->eligibility_sum[q];
                    b->eligibility_sum[q] = (ep_gradient)0;
                }
                b->gradient[q] = gradient;
                b->gradient_sum[q] = (ep_gradient)0;
            }
            if (!b->sparse)
                finish_segment(e, b, post, row, task.tile, part, &job->steps[post->incoming[i]],
                               b->gradient + part.first);
        }
    }
}

/* The end of an interval: gradients (if it learns) and traces. */
static void finish_continuous(engine *e) {
    size_t count;
    trace_job job = {e, NULL, e->learning};
    job.tasks = list_tiles(e, &count);
    thread_pool_run(e->pool, count, trace_body, &job);
    for (size_t p = 0; p < e->population_count && e->learning; p++) {
        population *const q = &e->populations[p];
        for (size_t j = 0; q->kind == SPIKING && j < q->n; j++)
            q->update_spikes[j] += slot_activity(e, e->current, p)->count[j];
        if (q->kind == SPIKING && q->plastic && !q->update_sloped)
            q->update_sloped = is_sloped(e, e->current, p);
    }
}

/* The update at the end of its last interval. */
static void update_continuous(engine *e) {
    const double seconds =
        1e-3 * e->settings.timestep * (double)e->T * (double)e->settings.trials_per_update;
    update_job job = {e, 1, NULL, 0, NULL, true};
    job.tasks = list_tiles(e, &job.task_count);
    job.steps = next_steps(e);
    if (job.steps == NULL)
        return;
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        int64_t spikes = 0;
        for (size_t j = 0; q->kind == SPIKING && j < q->n; j++) {
            q->rate_term[j] = rate_term(q, j, q->update_spikes[j], seconds);
            spikes += q->update_spikes[j];
            q->update_spikes[j] = 0;
        }
        if (q->kind == SPIKING)
            note_update(e, q, spikes, q->update_sloped != 0);
        q->update_sloped = 0;
    }
    thread_pool_run(e->pool, job.task_count, combine_body, &job);
    thread_pool_run(e->pool, count_chunks(e), chunk_body, &job);
    close_biases(e);
    finish_update(e);
    free((void *)job.steps);
}

#endif
