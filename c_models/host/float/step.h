/*! \file
 *  \brief One step of a population in floating point.
 */
#ifndef EPROP_FLOAT_STEP_H
#define EPROP_FLOAT_STEP_H

#include "../core/forward.h"

/* Dense rows waiting to be added to one array. If the array holds the membrane potentials of the
   step before, they decay when the first arrivals are added, or at the end. */
typedef struct {
    const ep_weight *row[ROW_BATCH];
    size_t count;
    const population *decays; /* the population that has still to decay, or NULL */
    const ep_lane *fired;     /* its spikes of the step before */
} waiting_rows;

/* Decays the array, if that is to be done, before something else is added to it. */
static EP_INLINE void rows_decay(waiting_rows *in, ep_state *out) {
    if (in->decays != NULL)
        ep_cell_decay(in->decays->padded, &in->decays->cells, in->fired, out);
    in->decays = NULL;
}

/* Adds the rows that wait to the elements first .. first + n - 1. */
static EP_INLINE void rows_add(const waiting_rows *in, size_t first, size_t n, ep_state *out) {
    if (in->decays != NULL)
        ep_cell_integrate(first, n, &in->decays->cells, in->fired, in->row, in->count, out);
    else if (in->count > 0)
        ep_add_rows(first, n, out, in->row, in->count);
}

static EP_INLINE void rows_flush(waiting_rows *in, size_t n, ep_state *out) {
    rows_add(in, 0, n, out);
    in->decays = NULL;
    in->count = 0;
}

/* What arrives through a block from one frame of values, of which row `row` is one. */
static void sum_frame(const engine *e, size_t slot, const block *b, size_t row, ep_state *sum) {
    const population *const pre = &e->populations[b->pre], *const post = &e->populations[b->post];
    const ep_analog *const x = slot_activity(e, slot, b->pre)->value + row * pre->n;
    memset(sum, 0, post->padded * sizeof *sum);
    for (size_t i = 0; i < pre->n; i++) {
        if (!b->sparse) {
            ep_add_scaled_row(post->padded, x[i], b->weight + i * post->padded, sum);
            continue;
        }
        for (int64_t q = b->row_start[i]; q < b->row_start[i + 1]; q++)
            sum[b->target[q]] += x[i] * b->weight[q];
    }
}

/* Adds to `out` the values that reach population p at step s through one of its blocks. */
static void deliver_values(const engine *e, size_t slot, size_t block_index, int64_t s,
                           ep_state *out) {
    const block *const b = &e->blocks[block_index];
    const population *const post = &e->populations[b->post];
    const size_t row = arriving_values(e, slot, b, s);
    if (row == SIZE_MAX)
        return;
    frame_arrivals *const now = slot_frame(e, slot, block_index);
    const size_t began = (size_t)slot_activity(e, slot, b->pre)->frame[row];
    if (now->row != began) {
        sum_frame(e, slot, b, row, now->sum);
        now->row = began;
    }
    for (size_t j = 0; j < post->padded; j++)
        out[j] += now->sum[j];
}

/* A row of a sparse block, with one of the arrays that have a value for each synapse. */
static EP_INLINE ep_sparse_row sparse_row(const block *b, size_t cell, EPROP_REAL *values) {
    const int64_t first = b->row_start[cell];
    return (ep_sparse_row){(size_t)(b->row_start[cell + 1] - first), b->target + first,
                           values + first};
}

/* Adds to `out` what reaches population p at step s through its blocks of one port, but for the
   dense rows that `in` is left with. */
static EP_INLINE void deliver_but_rows(const engine *e, size_t slot, size_t p, int64_t s,
                                       bool inhibitory, waiting_rows *in, ep_state *out) {
    const population *const post = &e->populations[p];
    for (size_t k = 0; k < post->incoming_count; k++) {
        const block *const b = &e->blocks[post->incoming[k]];
        if (b->inhibitory != inhibitory && post->kind == STOCK)
            continue;
        if (b->analog) {
            rows_flush(in, post->padded, out);
            deliver_values(e, slot, post->incoming[k], s, out);
            continue;
        }
        size_t count;
        const int32_t *const cells = arriving_spikes(e, slot, b, s, &count);
        if (b->sparse && count > 0)
            rows_decay(in, out);
        for (size_t q = 0; q < count; q++) {
            const size_t cell = (size_t)cells[q];
            if (b->sparse) {
                const ep_sparse_row row = sparse_row(b, cell, b->weight);
                const ep_sparse_row next =
                    sparse_row(b, (size_t)cells[q + 1 < count ? q + 1 : q], b->weight);
                ep_scatter_row(&row, &next, out);
            } else {
                in->row[in->count++] = b->weight + cell * post->padded;
                if (in->count == ROW_BATCH)
                    rows_flush(in, post->padded, out);
            }
        }
    }
}

/* Adds to `out` all that reaches population p at step s through its blocks of one port. */
static void deliver(const engine *e, size_t slot, size_t p, int64_t s, bool inhibitory,
                    ep_state *out) {
    waiting_rows in;
    in.count = 0;
    in.decays = NULL;
    deliver_but_rows(e, slot, p, s, inhibitory, &in, out);
    rows_flush(&in, e->populations[p].padded, out);
}

/* Appends those of n cells whose flag is set to the spike list. */
static void collect_spikes(engine *e, activity *x, size_t n) {
    for (size_t j = 0; j < n; j++)
        if (x->fired[j]) {
            x->count[j]++;
            spikes_push(e, &x->spikes, (int32_t)j);
        }
}

/* The cells of a tile fire: their spikes end the list. */
static void fire(engine *e, const population *q, activity *x, size_t first, size_t width,
                 ep_history *h) {
    spike_list *const list = &x->spikes;
    if (!reserve((void **)&list->cell, &list->capacity, list->used + width, sizeof *list->cell)) {
        e->no_memory = true;
        return;
    }
    list->used += ep_cell_fire(first, width, &q->cells, x->v + first,
                               x->a != NULL ? x->a + first : NULL, x->refractory + first,
                               x->fired + first, h, list->cell + list->used);
}

/* The factors of step s of one tile's rules that are not of h. v, refractory, v_hat: of the
   population, before its cells fire. */
static void keep_factors(const engine *e, const population *q, activity *x, size_t tile, size_t s,
                         const ep_state *v, const ep_lane *refractory, ep_state *const *v_hat) {
    const size_t first = tile * q->tile, width = tile_width(q, tile);
    for (size_t r = 0; r < q->rule_count; r++) {
        const eprop_factor *const given = &q->rules[r].factor;
        if (given->kind != EP_CLOPATH)
            continue;
        const ep_clopath rule = {ep_from_double(given->v_decay), ep_from_double(1.0 - given->v_decay),
                                 ep_from_double(given->v_plus), ep_from_double(given->v_minus),
                                 given->while_refractory != 0};
        ep_clopath_factor(first, width, &q->cells, &rule, v + first, refractory + first,
                          v_hat[r] + first, tile_history(e, q, x, r, tile) + s * width);
    }
}

/* Decay, arrivals and spikes, tile by tile in one pass as far as dense rows go. */
static void step_spiking(engine *e, size_t slot, size_t p, size_t s, const double *current,
                         ep_history *scratch) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    waiting_rows in;
    in.count = 0;
    in.decays = q;
    in.fired = x->fired;
    deliver_but_rows(e, slot, p, (int64_t)s, false, &in, x->v);
    if (current != NULL) {
        rows_flush(&in, q->padded, x->v);
        for (size_t j = 0; j < q->n; j++)
            x->v[j] += ep_from_double(current[j]);
    }
    const bool keep = x->history != NULL && (e->learning || e->settings.continuous);
    const size_t before = x->spikes.used;
    for (size_t tile = 0; tile < q->tiles; tile++) {
        const size_t first = tile * q->tile, width = tile_width(q, tile);
        ep_history *h = NULL;
        if (keep && q->sloped_rule < q->rule_count)
            h = tile_history(e, q, x, q->sloped_rule, tile) + s * width;
        else if (scratch != NULL)
            h = scratch + first;
        rows_add(&in, first, width, x->v);
        if (keep && q->has_factors)
            keep_factors(e, q, x, tile, s, x->v, x->refractory, x->v_hat);
        fire(e, q, x, first, width, h);
        for (size_t r = q->sloped_rule + 1; keep && r < q->rule_count; r++)
            if (is_sloped_rule(&q->rules[r]) && x->history[r] != x->history[q->sloped_rule])
                memcpy(tile_history(e, q, x, r, tile) + s * width, h, width * sizeof *h);
        if (scratch != NULL && h != scratch + first)
            memcpy(scratch + first, h, width * sizeof *h);
    }
    for (size_t k = before; k < x->spikes.used; k++)
        x->count[x->spikes.cell[k]]++;
    spikes_close(e, &x->spikes, s);
}

static void step_stock(engine *e, size_t slot, size_t p, size_t s, const double *current) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    for (size_t j = 0; j < q->n; j++) {
        const ep_state injected = current != NULL ? ep_from_double(current[j]) : (ep_state)0;
        x->v[j] = q->v_rest[j] + q->decay[j] * (x->v[j] - q->v_rest[j]) +
                  q->from_current[j] * (q->i_offset[j] + injected);
        if (q->exponential) {
            x->v[j] += q->from_exc[j] * x->exc[j] + q->from_inh[j] * x->inh[j];
            x->exc[j] *= q->exc_decay[j];
            x->inh[j] *= q->inh_decay[j];
        } else {
            x->exc[j] = (ep_state)0; /* holds the arrivals of this step */
        }
    }
    deliver(e, slot, p, (int64_t)s, false, x->exc);
    deliver(e, slot, p, (int64_t)s, true, q->exponential ? x->inh : x->exc);
    for (size_t j = 0; j < q->n; j++) {
        x->fired[j] = 0;
        if (x->refractory[j] > 0) {
            x->refractory[j]--;
            x->v[j] = q->v_reset[j];
            continue;
        }
        if (!q->exponential)
            x->v[j] += x->exc[j];
        if (x->v[j] >= q->threshold[j]) {
            x->fired[j] = 1;
            x->refractory[j] = q->period[j];
            x->v[j] = q->v_reset[j];
        }
    }
    collect_spikes(e, x, q->n);
    spikes_close(e, &x->spikes, s);
}

/* Whether all errors of a step are 0 for want of targets, as far as the first shows. */
static EP_INLINE bool has_no_errors(const population *q, const ep_state *target) {
    return q->loss > EPROP_MSE && target != NULL && target[0] != target[0];
}

/* What readouts y send at step s, and their loss. target: see target_of(). */
static EP_INLINE void send_errors(const population *q, activity *x, const ep_state *y, size_t s,
                                  const ep_state *target) {
    ep_signal *const signal = x->signal + s * q->padded;
    if (q->loss == EPROP_NO_LOSS)
        memcpy(signal, y, q->n * sizeof *signal);
    else if (target == NULL)
        memset(signal, 0, q->n * sizeof *signal);
    else if (q->loss == EPROP_MSE)
        x->loss += ep_squared_error(q->n, y, target, signal);
    else
        x->loss += ep_cross_entropy_error(q->n, y, target, signal);
}

static void step_readouts(engine *e, size_t slot, size_t p, size_t s, int64_t global,
                          const double *current) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    ep_readout_decay(q->padded, q->kappa, q->bias, x->v);
    deliver(e, slot, p, (int64_t)s, false, x->v);
    if (current != NULL)
        for (size_t k = 0; k < q->n; k++)
            x->v[k] += ep_from_double(current[k]);
    send_errors(q, x, x->v, s, target_of(q, s, global));
}

/* Learning signal of one cell at step s. */
static ep_signal learning_signal_of(const engine *e, size_t slot, const population *p, size_t j,
                                    size_t s) {
    ep_signal sum = (ep_signal)0;
    for (size_t r = 0; r < p->signal_count; r++) {
        const learning_signal *const g = &e->signals[p->signals[r]];
        const size_t window = g->windows > 1 ? (s - 1) / g->window_steps : 0;
        const ep_signal *const signal = slot_activity(e, slot, g->source)->signal +
                                        s * e->populations[g->source].padded;
        const ep_weight *const feedback = g->weight + window * g->readouts * g->padded;
        for (size_t k = 0; k < g->readouts; k++)
            sum += feedback[k * g->padded + j] * signal[k];
    }
    return sum;
}

static double sample_one(const engine *e, size_t slot, size_t p, int32_t variable, size_t j,
                         size_t s, int64_t global, const ep_history *h) {
    const population *const q = &e->populations[p];
    const activity *const x = slot_activity(e, slot, p);
    switch (variable) {
    case EPROP_V:
    case EPROP_Y:
        return ep_to_double(x->v[j]);
    case EPROP_A:
        return ep_to_double(x->a[j]);
    case EPROP_H:
        return ep_to_double(h[j]);
    case EPROP_LEARNING_SIGNAL:
        return ep_to_double(learning_signal_of(e, slot, q, j, s));
    case EPROP_ERROR:
        return q->loss == EPROP_NO_LOSS ? 0.0 : ep_to_double(x->signal[s * q->padded + j]);
    case EPROP_TARGET: {
        const ep_state *const target = target_of(q, s, global);
        return target != NULL ? ep_to_double(target[j]) : (double)NAN;
    }
    case EPROP_ISYN_EXC:
        return ep_to_double(x->exc[j]);
    case EPROP_ISYN_INH:
    default:
        return ep_to_double(x->inh[j]);
    }
}

#endif
