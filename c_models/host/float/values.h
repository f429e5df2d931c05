/*! \file
 *  \brief Weights, gradients and states in floating point, as doubles for the caller.
 */
#ifndef EPROP_FLOAT_VALUES_H
#define EPROP_FLOAT_VALUES_H

#include "../core/checkpoint.h"
#include "../core/values.h"
#include "optimize.h"

static void list_own_entries(engine *e, size_t *capacity) {
    (void)e;
    (void)capacity;
}

static int core_build(engine *e) {
    const int status = allocate_state(e);
    if (status != EPROP_OK)
        return status;
    prepare_small(e);
    e->built = !e->no_memory;
    return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
}

static void export_values(const block *b, const population *post, const EPROP_REAL *values,
                          double *out) {
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            out[q] = (double)values[q];
        return;
    }
    for (size_t row = 0; row < b->rows; row++)
        for (size_t j = 0; j < post->n; j++)
            out[row * post->n + j] = (double)values[row * post->padded + j];
}

static int core_get_weights(const engine *e, int32_t index, double *out) {
    const block *const b = &e->blocks[index];
    export_values(b, &e->populations[b->post], b->weight, out);
    return EPROP_OK;
}

static int core_set_weights(engine *e, int32_t index, const double *weight) {
    put_weights(e, &e->blocks[index], weight);
    return EPROP_OK;
}

static int core_get_gradient(const engine *e, int32_t index, double *out) {
    if (e->blocks[index].gradient == NULL)
        return EPROP_BAD_ARGUMENT;
    const block *const b = &e->blocks[index];
    export_values(b, &e->populations[b->post], b->gradient, out);
    return EPROP_OK;
}

static void import_values(const block *b, const population *post, const double *in,
                          EPROP_REAL *values) {
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            values[q] = (EPROP_REAL)in[q];
        return;
    }
    for (size_t row = 0; row < b->rows; row++)
        for (size_t j = 0; j < post->n; j++)
            values[row * post->padded + j] = (EPROP_REAL)in[row * post->n + j];
}

static int core_set_gradient(engine *e, int32_t index, const double *gradient) {
    const block *const b = &e->blocks[index];
    if (b->gradient == NULL)
        return EPROP_BAD_ARGUMENT;
    import_values(b, &e->populations[b->post], gradient, b->gradient);
    return EPROP_OK;
}

static double bias_of(const population *p, size_t k) { return ep_to_double(p->bias[k]); }

static double bias_gradient_of(const population *p, size_t k) {
    return ep_to_double(p->bias_gradient[k]);
}

static double to_bias_sum(const population *p, double gradient) {
    (void)p;
    return gradient;
}

static void fill_bias(population *p, const double *bias) {
    fill(p->bias, p->n, p->padded, bias, 0.0);
}

static void put_slopes(const engine *e, const population *p, activity *x, const double *values) {
    for (size_t r = 0; r < p->rule_count; r++)
        for (size_t tile = 0; tile < p->tiles; tile++) {
            const size_t first = tile * p->tile, width = tile_width(p, tile);
            ep_history *const h = tile_history(e, p, x, r, tile);
            for (size_t s = 1; s <= e->T; s++)
                for (size_t j = 0; j < width; j++)
                    h[s * width + j] =
                        first + j < p->n
                            ? (ep_history)values[(s - 1) * p->n + first + j]
                            : (ep_history)0;
        }
}

static ep_lane refractory_steps(const population *q, size_t j) { return q->cells.refractory[j]; }

static void put_factors(const engine *e, const population *q, activity *x, size_t s,
                        const double *values, ep_state *v, const ep_lane *refractory,
                        ep_state *const *v_hat) {
    for (size_t j = 0; j < q->padded; j++)
        v[j] = ep_from_double(j < q->n ? values[j] : 0.0);
    for (size_t tile = 0; tile < q->tiles; tile++)
        keep_factors(e, q, x, tile, s, v, refractory, v_hat);
}

static void put_signals(const engine *e, const population *p, activity *x, const double *values) {
    for (size_t s = 1; s <= e->T; s++)
        for (size_t k = 0; k < p->n; k++)
            x->signal[s * p->padded + k] = (ep_signal)values[(s - 1) * p->n + k];
}

static int core_sample(const engine *e, int32_t index, int32_t variable, double *out) {
    const population *const q = &e->populations[index];
    const activity *const x = slot_activity(e, e->s > 0 ? e->current : e->last, (size_t)index);
    const ep_state *values = NULL;
    const ep_state *initial = NULL;
    if ((variable == EPROP_V && q->kind != READOUTS) || (variable == EPROP_Y && q->kind == READOUTS)) {
        values = x->v;
        initial = q->v_initial;
    } else if (variable == EPROP_A) {
        values = x->a;
        initial = q->a_initial;
    } else if (variable == EPROP_ISYN_EXC && q->kind == STOCK) {
        values = x->exc;
        initial = q->exc_initial;
    } else if (variable == EPROP_ISYN_INH && q->kind == STOCK) {
        values = x->inh;
        initial = q->inh_initial;
    }
    if (values == NULL)
        return EPROP_BAD_ARGUMENT;
    for (size_t j = 0; j < q->n; j++)
        out[j] = ep_to_double(e->started ? values[j] : initial[j]);
    return EPROP_OK;
}

static int64_t core_saturated(const engine *e, int32_t what, int32_t index) {
    (void)e;
    (void)what;
    (void)index;
    return 0;
}

#endif
