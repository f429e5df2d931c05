/*! \file
 *  \brief Weights, gradients, states and counters in fixed point, for the caller.
 */
#ifndef EPROP_FIXED_VALUES_H
#define EPROP_FIXED_VALUES_H

#include "../core/checkpoint.h"
#include "../core/values.h"
#include "optimize.h"

static void list_own_entries(engine *e, size_t *capacity) {
    for (size_t k = 0; k < e->block_count; k++) {
        const block *const b = &e->blocks[k];
        add_entry(e, capacity, "block", 0, k, "master", b->master, b->synapses * sizeof *b->master,
                  NULL);
        add_entry(e, capacity, "block", 0, k, "saturated", b->saturated,
                  EPROP_SATURATIONS * sizeof *b->saturated, NULL);
    }
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        add_entry(e, capacity, "population", 0, p, "bias_master", q->bias_master,
                  q->padded * sizeof *q->bias_master, NULL);
        add_entry(e, capacity, "population", 0, p, "saturated", q->saturated,
                  EPROP_SATURATIONS * sizeof *q->saturated, NULL);
    }
}

static int core_build(engine *e) {
    const int status = allocate_state(e);
    for (size_t p = 0; status == EPROP_OK && p < e->population_count; p++) {
        population *const q = &e->populations[p];
        q->magnitudes = OWN(e, uint32_t, q->rule_count * q->tiles * e->slot_count);
        for (size_t slot = 0; q->kind != SOURCES && q->kind != ANALOG && slot < e->slot_count; slot++) {
            slot_activity(e, slot, p)->input = OWN(e, int32_t, q->padded);
            slot_activity(e, slot, p)->wide = OWN(e, int64_t, q->padded);
        }
    }
    return e->no_memory ? EPROP_NO_MEMORY : status;
}

static void export_values(const block *b, const population *post, const int32_t *values, int bits,
                          double *out) {
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            out[q] = from_fixed(values[q], bits);
        return;
    }
    for (size_t row = 0; row < b->rows; row++)
        for (size_t j = 0; j < post->n; j++)
            out[row * post->n + j] = from_fixed(values[row * post->padded + j], bits);
}

static int core_get_weights(const engine *e, int32_t index, double *out) {
    const block *const b = &e->blocks[index];
    export_values(b, &e->populations[b->post], b->master, b->weight_bits + EP_MASTER_SHIFT, out);
    return EPROP_OK;
}

static int core_set_weights(engine *e, int32_t index, const double *weight) {
    put_weights(e, &e->blocks[index], weight);
    return EPROP_OK;
}

static int core_get_gradient(const engine *e, int32_t index, double *out) {
    const block *const b = &e->blocks[index];
    if (b->gradient == NULL)
        return EPROP_BAD_ARGUMENT;
    const population *const post = &e->populations[b->post];
    export_values(b, post, b->gradient, post->filter_bits, out);
    return EPROP_OK;
}

/* A gradient as the optimiser takes it, within its limit. */
static int32_t to_gradient(const population *post, double value) {
    const int32_t gradient = to_fixed(value, post->filter_bits);
    return gradient > EP_GRADIENT_LIMIT    ? EP_GRADIENT_LIMIT
           : gradient < -EP_GRADIENT_LIMIT ? -EP_GRADIENT_LIMIT
                                           : gradient;
}

static int core_set_gradient(engine *e, int32_t index, const double *gradient) {
    const block *const b = &e->blocks[index];
    if (b->gradient == NULL)
        return EPROP_BAD_ARGUMENT;
    const population *const post = &e->populations[b->post];
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            b->gradient[q] = to_gradient(post, gradient[q]);
        return EPROP_OK;
    }
    for (size_t row = 0; row < b->rows; row++)
        for (size_t j = 0; j < post->n; j++)
            b->gradient[row * post->padded + j] = to_gradient(post, gradient[row * post->n + j]);
    return EPROP_OK;
}

static double bias_of(const population *p, size_t k) {
    return from_fixed(p->bias_master[k], EP_BIAS_BITS);
}

static double bias_gradient_of(const population *p, size_t k) {
    return from_fixed(p->bias_gradient[k], p->filter_bits);
}

static double to_bias_sum(const population *p, double gradient) {
    return to_fixed(gradient, p->filter_bits);
}

static void fill_bias(population *p, const double *bias) {
    eprop_to_fixed(p->n, bias, EP_BIAS_BITS, p->bias_master);
    derive_biases(p);
}

static void put_slopes(const engine *e, const population *p, activity *x, const double *values) {
    for (size_t r = 0; r < p->rule_count; r++)
        for (size_t tile = 0; tile < p->tiles; tile++) {
            const size_t first = tile * TILE, width = tile_width(p, tile);
            for (size_t s = 1; s <= e->T; s++) {
                uint16_t *const h = (uint16_t *)(tile_history(e, p, x, r, tile) + s * width);
                for (size_t j = 0; j < width && first + j < p->n; j++) {
                    const int32_t slope =
                        to_fixed(values[(s - 1) * p->n + first + j], p->slope_bits);
                    h[j] = (uint16_t)(slope < 0 ? 0 : slope > UINT16_MAX ? UINT16_MAX : slope);
                }
            }
        }
}

static ep_lane refractory_steps(const population *q, size_t j) {
    size_t k = 0;
    while (q->groups[k].first + q->groups[k].count <= j)
        k++;
    return q->groups[k].cells.refractory;
}

static void put_factors(const engine *e, const population *q, activity *x, size_t s,
                        const double *values, ep_state *v, const ep_lane *refractory,
                        ep_state *const *v_hat) {
    eprop_to_states(q->n, values, EP_STATE_BITS, v);
    for (size_t r = 0; r < q->rule_count; r++)
        for (size_t k = 0; !is_sloped_rule(&q->rules[r]) && k < q->group_count; k++) {
            const cell_group *const group = &q->groups[k];
            ep_clopath_open(group->count, 1, refractory + group->first,
                            factors_of(e, q, x, r, group, s));
            close_factors(e, q, x, r, group, s, v, v_hat[r]);
        }
}

static void put_signals(const engine *e, const population *p, activity *x, const double *values) {
    for (size_t s = 1; s <= e->T; s++)
        for (size_t k = 0; k < p->n; k++)
            x->signal[s * p->padded + k] = to_fixed(values[(s - 1) * p->n + k], EP_STATE_BITS);
}

static int core_sample(const engine *e, int32_t index, int32_t variable, double *out) {
    const population *const q = &e->populations[index];
    const activity *const x = slot_activity(e, e->s > 0 ? e->current : e->last, (size_t)index);
    const int32_t *values = NULL, *initial = NULL;
    int bits = EP_STATE_BITS;
    if (variable == (q->kind == READOUTS ? EPROP_Y : EPROP_V)) {
        values = x->v;
        initial = q->v_initial;
    } else if (variable == EPROP_A) {
        values = x->a;
        initial = q->a_initial;
        bits = EP_ADAPTATION_BITS;
    }
    if (values == NULL)
        return EPROP_BAD_ARGUMENT;
    for (size_t j = 0; j < q->n; j++)
        out[j] = from_fixed(e->started ? values[j] : initial[j], bits);
    return EPROP_OK;
}

static int64_t core_saturated(const engine *e, int32_t what, int32_t index) {
    const int64_t *const saturated =
        what < EPROP_GRADIENT ? e->populations[index].saturated : e->blocks[index].saturated;
    return saturated != NULL ? saturated[what] : 0;
}

#endif
