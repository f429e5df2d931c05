/*! \file
 *  \brief The backward filters of one interval in floating point, and the gradients they give.
 */
#ifndef EPROP_FLOAT_FILTER_H
#define EPROP_FLOAT_FILTER_H

#include <float.h>

#include "../core/update.h"

#define FEEDBACK_BATCH 64 /* readouts whose feedback is added in one go */
#define STEP_BATCH 16     /* steps whose history stays close while vectors of cells do them in turn */

/* Where the filters of one tile stand after a backward pass. */
typedef struct {
    ep_signal G[WIDEST_TILE]; /* sum of the filtered learning signals */
    ep_signal lambda[WIDEST_TILE];
    ep_signal F[WIDEST_TILE];
} filter_end;

/* Where the learning signal of a backward pass comes from. */
enum source {
    ERRORS,    /* the readouts' errors, as usual */
    UNIT_RATE, /* none, and a rate term of 1: the sum of eligibilities */
    LAST_STEP, /* 1 at step T, through the kappa of one signal: the filtered trace ebar at T */
    LAST_SLOW  /* none, lambda^{T+1} = 1: the slow trace epsilon_a at T + 1 */
};

/* A step of the tile's G of one signal: its decay, and the feedback of step s. */
static EP_INLINE void filter_feedback(const engine *e, size_t slot, const learning_signal *g,
                                      size_t first, size_t width, size_t s, ep_signal *G) {
    const size_t window = g->windows > 1 ? (s - 1) / g->window_steps : 0;
    const ep_signal *const signal =
        slot_activity(e, slot, g->source)->signal + s * e->populations[g->source].padded;
    const ep_weight *const feedback = g->weight + window * g->readouts * g->padded + first;
    const ep_weight *rows[FEEDBACK_BATCH];
    ep_signal values[FEEDBACK_BATCH];
    ep_decay decay = g->kappa;
    size_t count = 0;
    for (size_t k = 0; k < g->readouts; k++) {
        if (signal[k] == (ep_signal)0)
            continue;
        rows[count] = feedback + k * g->padded;
        values[count++] = signal[k];
        if (count < FEEDBACK_BATCH)
            continue;
        ep_filter_signals(width, decay, rows, values, count, G);
        decay = (ep_decay)1;
        count = 0;
    }
    ep_filter_signals(width, decay, rows, values, count, G);
}

static const ep_decay no_decay[WIDEST_TILE]; /* of a rule without the membrane's trace */

/* The decay of the presynaptic trace, for the cells of a tile. */
static EP_INLINE const ep_decay *trace_decay(const population *p, size_t rule, size_t tile) {
    return p->rules[rule].membrane ? p->cells.alpha + tile * p->tile : no_decay;
}

/* At rest, v = 0, a piecewise linear one of width 1 is height (1 - v_th / v_th). */
static bool row_is_sloped(const population *q, const ep_history *row, size_t n) {
    const double epsilon = sizeof(ep_history) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
    const ep_history least = (ep_history)(4.0 * epsilon * ep_to_double(q->cells.height));
    bool any = false;
    for (size_t j = 0; j < n; j++)
        any |= !(row[j] <= least);
    return any;
}

/* A step, backward in the network's time, of the filters G of a tile's learning signals; returns
   their sum, which may be in `total`. Otherwise as filter_cells(). */
static EP_INLINE const ep_signal *filter_signals(const engine *e, size_t slot, const population *q,
                                                 size_t tile, enum source source, size_t only,
                                                 size_t s, ep_signal (*G)[WIDEST_TILE], ep_signal *total) {
    const size_t first = tile * q->tile, width = tile_width(q, tile);
    const size_t signals = source == ERRORS ? q->signal_count : source == LAST_STEP ? 1 : 0;
    for (size_t r = 0; r < signals; r++) {
        const size_t which = source == ERRORS ? r : only;
        const learning_signal *const g = &e->signals[q->signals[which]];
        if (source == ERRORS)
            filter_feedback(e, slot, g, first, width, s, G[r]);
        else
            for (size_t j = 0; j < width; j++)
                G[r][j] = s == e->T ? (ep_signal)1 : g->kappa * G[r][j];
    }
    if (signals <= 1)
        return G[0];
    memcpy(total, G[0], width * sizeof *total);
    for (size_t r = 1; r < signals; r++)
        for (size_t j = 0; j < width; j++)
            total[j] += G[r][j];
    return total;
}

/* The usual case in one pass: one learning signal, of errors, for cells that run forwards. run: the
   tile's, but for steps and what depends on them. */
static void filter_in_batches(const engine *e, size_t slot, const learning_signal *g,
                              const ep_history *history, ep_history *out, bool adaptive,
                              ep_filter_run *run) {
    const ep_signal *const errors = slot_activity(e, slot, g->source)->signal;
    const ep_weight *const feedback = run->feedback;
    for (size_t end = e->length[slot]; end >= 1; end -= run->steps) {
        const size_t window = g->windows > 1 ? (end - 1) / g->window_steps : 0;
        const size_t before = window * g->window_steps; /* steps before the window */
        run->steps = end - before < STEP_BATCH ? end - before : STEP_BATCH;
        const size_t first = end - run->steps + 1;
        run->feedback = feedback + window * g->readouts * g->padded;
        run->error = errors + first * run->error_row;
        run->h = history + first * run->n;
        run->out = out + first * run->n;
        ep_filter_steps(run, adaptive);
    }
}

/* Runs the filter of a rule over the interval's history of one tile of cells, from step T to step 1.

   out (a tile of history) receives F^{t-1} in row t; it may be the history itself. `only` is the
   signal of LAST_STEP. With ERRORS, kappa_G (one row of WIDEST_TILE per signal, or NULL) receives each
   signal's kappa G^1. Cells that run backwards need room for the signals of all steps. */
static void filter_cells(const engine *e, size_t slot, tile_task task, enum source source,
                         size_t only, ep_history *out, filter_end *end, ep_signal (*kappa_G)[WIDEST_TILE],
                         ep_signal *room) {
    const population *const q = &e->populations[task.population];
    const size_t first = task.tile * q->tile, width = tile_width(q, task.tile);
    const ep_history *const history =
        tile_history(e, q, slot_activity(e, slot, task.population), task.rule, task.tile);
    const bool adaptive = q->rules[task.rule].adaptation;
    const ep_decay *const alpha = trace_decay(q, task.rule, task.tile);
    const ep_decay *const rho = adaptive ? q->cells.rho + first : NULL;
    const ep_state *const beta = adaptive ? q->cells.beta + first : NULL;
    const size_t signals = source == ERRORS ? q->signal_count : source == LAST_STEP ? 1 : 0;
    ep_signal G[signals ? signals : 1][WIDEST_TILE];
    ep_signal constant[WIDEST_TILE];
    for (size_t r = 0; r < signals || r == 0; r++)
        memset(G[r], 0, width * sizeof **G);
    memset(constant, 0, width * sizeof *constant);
    memset(end->G, 0, width * sizeof *end->G);
    memset(end->lambda, 0, width * sizeof *end->lambda);
    memset(end->F, 0, width * sizeof *end->F);
    /* continuous mode adds the rate term at the update, when the rate is known */
    if (source == ERRORS && !e->settings.continuous)
        memcpy(constant, q->rate_term + first, width * sizeof *constant);
    for (size_t j = 0; j < width; j++) {
        if (source == UNIT_RATE)
            constant[j] = (ep_signal)1;
        if (source == LAST_SLOW)
            end->lambda[j] = (ep_signal)1;
    }
    const bool usual = source == ERRORS && signals == 1 && !q->backwards;
    if (usual) {
        const learning_signal *const g = &e->signals[q->signals[0]];
        ep_filter_run run = {.n = width, .kappa = g->kappa, .feedback = g->weight + first,
                             .feedback_row = g->padded, .readouts = g->readouts,
                             .error_row = e->populations[g->source].padded, .alpha = alpha,
                             .rho = rho, .beta = beta, .C = constant, .G = G[0],
                             .lambda = end->lambda, .F = end->F};
        filter_in_batches(e, slot, g, history, out, adaptive, &run);
    }
    /* in the network's time: what comes last in it is what cells that run backwards need first */
    for (size_t t = e->length[slot]; q->backwards && t >= 1; t--)
        memcpy(room + t * width,
               filter_signals(e, slot, q, task.tile, source, only, t, G, end->G),
               width * sizeof *room);
    for (size_t s = e->length[slot]; s >= 1 && !usual; s--) {
        const ep_signal *const sum =
            q->backwards ? room + turned_step(e, slot, s) * width
                         : filter_signals(e, slot, q, task.tile, source, only, s, G, end->G);
        const ep_history *const h = history + s * width;
        if (adaptive)
            ep_filter_alif(width, alpha, rho, beta, sum, constant, h, end->lambda, end->F,
                           out + s * width);
        else
            ep_filter_lif(width, alpha, sum, constant, h, end->F, out + s * width);
    }
    for (size_t r = 0; kappa_G != NULL && r < signals; r++) {
        const size_t which = source == ERRORS ? r : only;
        for (size_t j = 0; j < width; j++)
            kappa_G[r][j] = e->signals[q->signals[which]].kappa * G[r][j];
    }
}

/* g_k^t = err_k^t + kappa g_k^{t+1} into row t of `out`; returns in `end` g_k^1, and in `sum` (may
   be NULL) adds sum_t g_k^t, the gradient of the bias. */
static void filter_readouts(const engine *e, size_t slot, size_t p, size_t tile, ep_history *out,
                            ep_signal *end, double *sum) {
    const population *const q = &e->populations[p];
    const size_t first = tile * q->tile, width = tile_width(q, tile);
    const ep_signal *const signal = slot_activity(e, slot, p)->signal + first;
    memset(end, 0, width * sizeof *end);
    const bool learns = q->loss != EPROP_NO_LOSS;
    for (size_t s = e->length[slot]; s >= 1; s--)
        for (size_t k = 0; k < width; k++) {
            end[k] = q->kappa * end[k] + (learns ? signal[s * q->padded + k] : (ep_signal)0);
            out[s * width + k] = end[k];
            if (sum != NULL && first + k < q->n)
                sum[k] += ep_to_double(end[k]);
        }
}

/* total += sum_t F_j^t x_i^t of a slot, for the synapses of one tile of a block from a source of
   values. rows: row 0 of the tile's filter. total: of the block's first synapse. */
static void sum_products(const engine *e, const block *b, size_t tile, size_t slot,
                         const ep_history *rows, ep_gradient *total) {
    const population *const pre = &e->populations[b->pre], *const post = &e->populations[b->post];
    const activity *const x = slot_activity(e, slot, b->pre);
    const size_t width = tile_width(post, tile);
    for (size_t s = 1; s <= e->length[slot];) {
        const size_t row = arriving_values(e, slot, b, (int64_t)s);
        if (row == SIZE_MAX) {
            s++;
            continue;
        }
        ep_gradient sum[WIDEST_TILE];
        memset(sum, 0, width * sizeof *sum);
        const int32_t frame = x->frame[row];
        for (size_t k = row; s <= e->length[slot] && x->frame[k] == frame;
             k = next_row(b, k), s++)
            for (size_t j = 0; j < width; j++)
                sum[j] += rows[s * width + j];
        for (size_t i = 0; i < pre->n; i++) {
            const segment part = row_segment(b, post, i, tile);
            const ep_analog value = x->value[row * pre->n + i];
            ep_gradient *const out = total + part.first;
            if (!b->sparse)
                ep_add_scaled_row(width, value, sum, out);
            for (size_t q = 0; b->sparse && q < part.count; q++)
                out[q] += value * sum[(size_t)b->target[part.first + q] - tile * post->tile];
        }
    }
}

static void begin_products(const block *b, segment part) {
    memset(b->gradient + part.first, 0, part.count * sizeof *b->gradient);
}

static void add_products(const engine *e, const block *b, size_t tile, size_t slot,
                         const ep_history *rows) {
    sum_products(e, b, tile, slot, rows, b->gradient);
}

static void end_products(const engine *e, const block *b, segment part) {
    (void)e;
    (void)b;
    (void)part;
}

/* The rows of a tile's filter that the spikes of presynaptic cell `row` meet in a slot. */
static EP_INLINE ep_chosen_rows rows_met(const engine *e, size_t slot, const block *b, size_t row,
                                         const ep_history *filter) {
    const activity *const x = slot_activity(e, slot, b->pre);
    ep_chosen_rows met = {filter, x->cell_step + x->cell_start[row],
                          x->cell_start[row + 1] - x->cell_start[row],
                          turned_emission(e, slot, b, 0) + b->lag, b->turned ? -1 : 1};
    /* steps ascend: those that meet a row are in one piece */
    while (met.count > 0 && filter_row(e, slot, b, met.step[met.count - 1]) == 0)
        met.count--;
    while (met.count > 0 && filter_row(e, slot, b, met.step[0]) == 0) {
        met.step++;
        met.count--;
    }
    return met;
}

/* Adds, for each synapse of a sparse segment, its target's lane of the chosen rows. */
static void add_lanes(const block *b, segment part, size_t width, size_t first,
                      const ep_chosen_rows *rows, ep_gradient *out) {
    for (size_t q = 0; q < part.count; q++) {
        const size_t lane = (size_t)b->target[part.first + q] - first;
        ep_gradient sum = out[q];
        for (size_t k = 0; k < rows->count; k++) {
            const int64_t at = rows->first + rows->sign * (int64_t)rows->step[k];
            sum += rows->matrix[(size_t)at * width + lane];
        }
        out[q] = sum;
    }
}

/* out[q] = sum of the filter rows that the spikes of presynaptic cell `row` arrive at, over the
   slots. tiles[slot] is row 0 of the tile's filter there. */
static void gather(const engine *e, const block *b, size_t row, size_t tile, segment part,
                   size_t slots, const ep_history *const *tiles, ep_gradient *out) {
    const population *const post = &e->populations[b->post];
    const size_t first = tile * post->tile, width = tile_width(post, tile);
    const bool whole = takes_rows(b, part, width);
    ep_gradient sum[WIDEST_TILE];
    if (!whole)
        memset(out, 0, part.count * sizeof *out);
    for (size_t slot = 0; slot < slots; slot++) {
        const ep_chosen_rows met = rows_met(e, slot, b, row, tiles[slot]);
        if (whole)
            ep_add_chosen_rows(width, &met, slot == 0, b->sparse ? sum : out);
        else
            add_lanes(b, part, width, first, &met, out);
    }
    if (whole && b->sparse)
        for (size_t q = 0; q < part.count; q++)
            out[q] = sum[(size_t)b->target[part.first + q] - first];
}

#endif
