/*! \file
 *  \brief Cells, readouts, weights and feedback in floating point.
 */
#ifndef EPROP_FLOAT_BUILD_H
#define EPROP_FLOAT_BUILD_H

#include "../core/analog.h"
#include "../core/build.h"

/* Copies n doubles into the number system and fills up to `padded` with `filler`. */
static void fill(ep_state *out, size_t n, size_t padded, const double *in, double filler) {
    for (size_t j = 0; j < n; j++)
        out[j] = ep_from_double(in[j]);
    for (size_t j = n; j < padded; j++)
        out[j] = ep_from_double(filler);
}

static void fill_lanes(ep_lane *out, size_t n, size_t padded, const int32_t *in) {
    for (size_t j = 0; j < n; j++)
        out[j] = in[j];
    for (size_t j = n; j < padded; j++)
        out[j] = 0;
}

/* --- spiking cells --- */

static void prepare_spiking_cells(engine *e, population *p) {
    p->cells.alpha = OWN(e, ep_decay, p->padded);
    p->cells.v_thresh = OWN(e, ep_state, p->padded);
    p->cells.inverse_width = OWN(e, ep_state, p->padded);
    p->cells.refractory = OWN(e, ep_lane, p->padded);
    if (p->adaptive) {
        p->cells.rho = OWN(e, ep_decay, p->padded);
        p->cells.beta = OWN(e, ep_state, p->padded);
    }
}

static void put_spiking_cells(population *p, const eprop_spiking_cells *in) {
    p->cells.height = ep_from_double(in->height);
    p->cells.shape = (enum ep_shape)in->shape;
    fill((ep_state *)p->cells.alpha, p->n, p->padded, in->alpha, 0.0);
    fill((ep_state *)p->cells.v_thresh, p->n, p->padded, in->v_thresh, 1.0);
    fill((ep_state *)p->cells.inverse_width, p->n, p->padded, in->inverse_width, 1.0);
    fill_lanes((ep_lane *)p->cells.refractory, p->n, p->padded, in->refractory);
    fill(p->v_initial, p->n, p->padded, in->v_initial, 0.0);
    p->rate_regularised = false;
    for (size_t j = 0; j < p->n; j++)
        p->rate_regularised |= in->c_reg[j] != 0.0;
    if (p->adaptive) {
        fill((ep_state *)p->cells.rho, p->n, p->padded, in->rho, 0.0);
        fill((ep_state *)p->cells.beta, p->n, p->padded, in->beta, 0.0);
        fill(p->a_initial, p->n, p->padded, in->a_initial, 0.0);
    }
}

/* --- sources of values --- */

static void put_analog_sources(population *p, const eprop_analog_sources *in) {
    (void)p;
    (void)in;
}

static void put_values(const population *p, const double *in, ep_analog *out) {
    for (size_t i = 0; i < p->n; i++)
        out[i] = ep_from_double(in[i]);
}

/* --- readouts --- */

static void prepare_readouts(engine *e, population *p) {
    (void)e;
    (void)p;
}

static void put_readouts(population *p, const eprop_readouts *in) {
    p->kappa = ep_from_double(in->kappa);
    fill(p->bias, p->n, p->padded, in->bias, 0.0);
    fill(p->v_initial, p->n, p->padded, in->y_initial, 0.0);
}

static void put_target(population *p, size_t values, const double *target) {
    fill(p->target, values, values, target, 0.0);
}

/* --- stock cells --- */

static int core_set_stock_cells(engine *e, int32_t index, const eprop_stock_cells *in) {
    population *const p = &e->populations[index];
    if (p->kind != STOCK || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
    const size_t n = p->n, padded = p->padded;
    fill(p->decay, n, padded, in->decay, 0.0);
    fill(p->v_rest, n, padded, in->v_rest, 0.0);
    fill(p->threshold, n, padded, in->v_thresh, 1.0);
    fill(p->v_reset, n, padded, in->v_reset, 0.0);
    fill(p->i_offset, n, padded, in->i_offset, 0.0);
    fill(p->from_current, n, padded, in->from_current, 0.0);
    fill(p->v_initial, n, padded, in->v_initial, 0.0);
    fill_lanes(p->period, n, padded, in->refractory);
    if (p->exponential) {
        fill(p->exc_decay, n, padded, in->exc_decay, 0.0);
        fill(p->inh_decay, n, padded, in->inh_decay, 0.0);
        fill(p->from_exc, n, padded, in->from_exc, 0.0);
        fill(p->from_inh, n, padded, in->from_inh, 0.0);
        fill(p->exc_initial, n, padded, in->exc_initial, 0.0);
        fill(p->inh_initial, n, padded, in->inh_initial, 0.0);
    }
    return EPROP_OK;
}

static int core_add_stock_cells(engine *e, const eprop_stock_cells *in) {
    population *const p = add_population(e, STOCK, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    p->exponential = in->exponential != 0;
    ep_state **const arrays[] = {&p->decay,        &p->v_rest,    &p->threshold,
                                 &p->v_reset,      &p->i_offset,  &p->from_current,
                                 &p->v_initial,    &p->exc_decay, &p->inh_decay,
                                 &p->from_exc,     &p->from_inh,  &p->exc_initial,
                                 &p->inh_initial};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        *arrays[k] = OWN(e, ep_state, p->padded);
    p->period = OWN(e, ep_lane, p->padded);
    return e->no_memory ? EPROP_NO_MEMORY
                        : core_set_stock_cells(e, (int32_t)e->population_count - 1, in);
}

/* --- synapses --- */

static void prepare_block(engine *e, block *b, const eprop_block *in) {
    (void)e;
    (void)b;
    (void)in;
}

static void put_weights(engine *e, block *b, const double *weight) {
    const population *const post = &e->populations[b->post];
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            b->weight[q] = ep_from_double(weight[q]);
        return;
    }
    for (size_t row = 0; row < b->rows; row++) {
        ep_weight *const out = b->weight + row * post->padded;
        for (size_t j = 0; j < post->n; j++)
            out[j] = ep_from_double(weight[row * post->n + j]);
        for (int64_t k = b->hole_row[row]; k < b->hole_row[row + 1]; k++)
            out[b->hole[k]] = ep_from_double(0.0);
    }
}

static void prepare_signal(engine *e, learning_signal *s, const eprop_signal *in) {
    (void)in;
    s->weight = OWN(e, ep_weight, s->windows * s->readouts * s->padded);
}

static void put_feedback(learning_signal *s, const population *target, const double *weight) {
    for (size_t row = 0; row < s->windows * s->readouts; row++)
        fill(s->weight + row * s->padded, target->n, target->padded, weight + row * target->n,
             0.0);
}

#endif
