/*! \file
 *  \brief Optimisers, biases, rate terms and symmetric feedback in fixed point.
 */
#ifndef EPROP_FIXED_OPTIMIZE_H
#define EPROP_FIXED_OPTIMIZE_H

#include "../core/update.h"
#include "filter.h"

static ep_optimizer_step optimizer_step(const eprop_optimizer *optimizer, int64_t updates,
                                        int master_bits, int gradient_bits) {
    ep_optimizer_step step;
    eprop_optimizer_constants(optimizer, updates, master_bits, gradient_bits, &step);
    return step;
}

static ep_optimizer_step block_step(const engine *e, const block *b, int64_t updates) {
    return optimizer_step(&b->optimizer, updates, b->weight_bits + EP_MASTER_SHIFT,
                          e->populations[b->post].filter_bits);
}

static uint32_t optimize(size_t n, const ep_optimizer_step *step, const int32_t *gradient,
                         int32_t *m, uint64_t *v, int32_t *master, int16_t *weight) {
    return step->kind == EP_ADAM ? ep_adam(n, step, gradient, m, v, master, weight)
                                 : ep_sgd(n, step, gradient, master, weight);
}

/* Weights of pairs without a synapse stay 0. */
static void clear_weights(const block *b, const population *post, size_t row, size_t tile,
                          segment part) {
    clear_holes(b, post, row, tile, b->master + part.first);
    for (size_t q = part.first; q < part.first + part.count; q++)
        b->weight[q] = ep_wire_weight(b->master[q]);
}

static void close_segment(const block *b, const population *post, size_t row, size_t tile,
                          segment part, const ep_optimizer_step *step, ep_gradient *gradient) {
    if (!b->sparse)
        clear_holes(b, post, row, tile, gradient);
    if (step->kind == EP_SGD)
        count_saturated(b->saturated, EPROP_GRADIENT,
                        ep_limit_gradients(part.count, ep_sgd_limit(step), gradient));
}

static void optimize_segment(const block *b, const population *post, size_t row, size_t tile,
                             segment part, const ep_optimizer_step *step,
                             const ep_gradient *gradient) {
    count_saturated(b->saturated, EPROP_WEIGHT,
                    optimize(part.count, step, gradient, b->m != NULL ? b->m + part.first : NULL,
                             b->v != NULL ? b->v + part.first : NULL, b->master + part.first,
                             b->weight + part.first));
    if (b->bounded) {
        ep_clip(part.count, step, b->master + part.first, b->weight + part.first);
        if (!b->sparse)
            clear_weights(b, post, row, tile, part);
    }
}

static void limit_bias_gradients(population *p) {
    const ep_optimizer_step step =
        optimizer_step(&p->bias_optimizer, p->bias_updates, EP_BIAS_BITS, p->filter_bits);
    const int32_t limit = step.kind == EP_SGD ? ep_sgd_limit(&step) : EP_GRADIENT_LIMIT;
    count_saturated(p->saturated, EPROP_FILTER, ep_limit_gradients(p->n, limit, p->bias_gradient));
}

/* The gradient of the biases from bias_sum, which becomes 0. */
static void close_bias(population *p) {
    for (size_t k = 0; k < p->n; k++) {
        p->bias_gradient[k] = (int32_t)fmax(fmin(p->bias_sum[k], INT32_MAX), -INT32_MAX);
        p->bias_sum[k] = 0.0;
    }
    limit_bias_gradients(p);
}

static void optimize_bias(population *p) {
    const ep_optimizer_step step =
        optimizer_step(&p->bias_optimizer, p->bias_updates++, EP_BIAS_BITS, p->filter_bits);
    for (size_t k = 0; k < p->n; k++) {
        int16_t unused;
        count_saturated(p->saturated, EPROP_STATE,
                        optimize(1, &step, &p->bias_gradient[k], &p->bias_m[k], &p->bias_v[k],
                                 &p->bias_master[k], &unused));
    }
    derive_biases(p);
}

/* C_j = c_reg (f_j - f_target) from the spikes of all trials. */
static void set_rate_terms(engine *e, size_t slots) {
    int64_t steps, trials;
    count_steps(e, slots, &steps, &trials);
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        uint32_t saturated = 0;
        for (size_t j = 0; q->kind == SPIKING && j < q->n; j++) {
            int32_t spikes = 0;
            for (size_t slot = 0; slot < slots; slot++)
                spikes += slot_activity(e, slot, p)->count[j];
            int32_t gain;
            int64_t offset;
            eprop_rate_constants(1, &q->c_reg[j], &q->f_target[j], e->settings.timestep,
                                 steps, trials, q->signal_bits, &gain, &offset);
            q->rate_term[j] = ep_rate_term(spikes, gain, offset, &saturated);
        }
        if (q->kind == SPIKING)
            count_saturated(q->saturated, EPROP_RATE, saturated);
    }
}

static void clear_feedback(learning_signal *g) {
    memset(g->feedback, 0, g->readouts * g->padded * sizeof *g->feedback);
}

static EP_INLINE void add_mirrored(learning_signal *g, const block *b, size_t q, size_t cell,
                                   size_t readout) {
    g->feedback[cell * g->readouts + readout] +=
        feedback_unit(g->feedback_bits, b->weight_bits) * b->weight[q];
}

/* Learning across boundaries is refused before a network comes here. */
static void finish_continuous(engine *e) { (void)e; }
static void update_continuous(engine *e) { (void)e; }

#endif
