/*! \file
 *  \brief Optimisers, biases, rate terms and symmetric feedback in floating point.
 */
#ifndef EPROP_FLOAT_OPTIMIZE_H
#define EPROP_FLOAT_OPTIMIZE_H

#include "../core/update.h"
#include "filter.h"
#include "optimizer_step.h"

static ep_optimizer_step block_step(const engine *e, const block *b, int64_t updates) {
    (void)e;
    return optimizer_step(&b->optimizer, updates, 1.0);
}

static void filter_one(const engine *e, tile_task task, size_t slot, ep_signal *room) {
    const activity *const x = slot_activity(e, slot, task.population);
    const population *const q = &e->populations[task.population];
    ep_history *const history = tile_history(e, q, x, task.rule, task.tile);
    if (q->kind == SPIKING) {
        filter_end end;
        filter_cells(e, slot, task, ERRORS, 0, history, &end, NULL, room);
    } else {
        ep_signal end[WIDEST_TILE];
        filter_readouts(e, slot, task.population, task.tile, history, end, NULL);
    }
}

static void close_segment(const block *b, const population *post, size_t row, size_t tile,
                          segment part, const ep_optimizer_step *step, ep_gradient *gradient) {
    (void)part;
    (void)step;
    if (!b->sparse)
        clear_holes(b, post, row, tile, gradient);
}

static void optimize_segment(const block *b, const population *post, size_t row, size_t tile,
                             segment part, const ep_optimizer_step *step,
                             const ep_gradient *gradient) {
    ep_optimize(part.count, step, gradient, b->weight + part.first,
                b->m != NULL ? b->m + part.first : NULL, b->v != NULL ? b->v + part.first : NULL);
    if (b->bounded) {
        ep_clip(part.count, step, b->weight + part.first);
        if (!b->sparse)
            clear_holes(b, post, row, tile, b->weight + part.first);
    }
}

/* The gradient of the biases from bias_sum, which becomes 0. */
static void close_bias(population *p) {
    for (size_t k = 0; k < p->n; k++) {
        p->bias_gradient[k] = ep_from_double(p->bias_sum[k]);
        p->bias_sum[k] = 0.0;
    }
}

static void optimize_bias(population *p) {
    const ep_optimizer_step step = optimizer_step(&p->bias_optimizer, p->bias_updates++, 1.0);
    ep_optimize(p->n, &step, p->bias_gradient, p->bias, p->bias_m, p->bias_v);
}

/* C_j = c_reg (f_j - f_target) of a cell from its spikes in so many seconds. */
static ep_signal rate_term(const population *q, size_t j, int64_t spikes, double seconds) {
    return (ep_signal)(q->c_reg[j] * ((double)spikes / seconds - q->f_target[j]));
}

/* C_j of all cells from the spikes of all trials. */
static void set_rate_terms(engine *e, size_t slots) {
    int64_t steps, trials;
    count_steps(e, slots, &steps, &trials);
    const double seconds = 1e-3 * e->settings.timestep * (double)steps * (double)trials;
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        for (size_t j = 0; q->kind == SPIKING && j < q->n; j++)
            q->rate_term[j] = rate_term(q, j, spikes_of_trials(e, slots, p, j), seconds);
    }
}

static void clear_feedback(learning_signal *g) {
    memset(g->weight, 0, g->readouts * g->padded * sizeof *g->weight);
}

static EP_INLINE void add_mirrored(learning_signal *g, const block *b, size_t q, size_t cell,
                                   size_t readout) {
    g->weight[readout * g->padded + cell] += b->weight[q];
}

#endif
