/*! \file
 *  \brief Cells, readouts, weights and feedback in fixed point.
 */
#ifndef EPROP_FIXED_BUILD_H
#define EPROP_FIXED_BUILD_H

#include "../core/analog.h"
#include "../core/build.h"
#include "../fixed_constants.h"

/* States are built within their limits; the lanes behind them are 0. */
static void fill_states(int32_t *out, size_t n, const double *in, int bits, int64_t *saturated) {
    count_saturated(saturated, EPROP_STATE, (uint64_t)eprop_to_states(n, in, bits, out));
}

/* --- spiking cells --- */

static void prepare_spiking_cells(engine *e, population *p) {
    p->groups = OWN(e, cell_group, p->n);
    p->saturated = OWN(e, int64_t, EPROP_SATURATIONS);
}

static void put_spiking_cells(population *p, const eprop_spiking_cells *in) {
    p->signal_bits = in->signal_bits;
    p->filter_bits = in->filter_bits;
    p->slope_bits = in->slope_bits;
    p->group_count = 0;
    for (size_t j = 0; j < p->n; j++) {
        cell_group group = {.first = j, .count = 1};
        eprop_cell_constants(in, j, 1, &group.cells, &group.filter);
        cell_group *const last = p->group_count > 0 ? &p->groups[p->group_count - 1] : NULL;
        if (last != NULL && j % TILE != 0 &&
            memcmp(&last->cells, &group.cells, sizeof group.cells) == 0) {
            last->count++;
            continue;
        }
        p->groups[p->group_count++] = group;
    }
    fill_states(p->v_initial, p->n, in->v_initial, EP_STATE_BITS, p->saturated);
    if (p->adaptive)
        fill_states(p->a_initial, p->n, in->a_initial, EP_ADAPTATION_BITS, p->saturated);
}

/* --- sources of values --- */

static void put_analog_sources(population *p, const eprop_analog_sources *in) {
    p->value_bits = in->value_bits;
}

static void put_values(const population *p, const double *in, ep_analog *out) {
    for (size_t i = 0; i < p->n; i++) {
        const int32_t value = to_fixed(in[i], p->value_bits);
        out[i] = (int16_t)(value > INT16_MAX ? INT16_MAX : value < -INT16_MAX ? -INT16_MAX : value);
    }
}

/* --- readouts --- */

/* Biases as readouts take them, from their masters. */
static void derive_biases(population *p) {
    for (size_t k = 0; k < p->n; k++)
        p->bias[k] = (p->bias_master[k] + (1 << (EP_BIAS_BITS - EP_STATE_BITS - 1))) >>
                     (EP_BIAS_BITS - EP_STATE_BITS);
}

static void prepare_readouts(engine *e, population *p) {
    p->saturated = OWN(e, int64_t, EPROP_SATURATIONS);
    p->bias_master = OWN(e, int32_t, p->padded);
}

static void put_readouts(population *p, const eprop_readouts *in) {
    p->signal_bits = p->filter_bits = in->signal_bits;
    p->kappa = to_decay(in->kappa);
    eprop_to_fixed(p->n, in->bias, EP_BIAS_BITS, p->bias_master);
    derive_biases(p);
    fill_states(p->v_initial, p->n, in->y_initial, EP_STATE_BITS, p->saturated);
}

static void put_target(population *p, size_t values, const double *target) {
    eprop_to_fixed(values, target, EP_STATE_BITS, p->target);
}

/* --- stock cells: refused --- */

static int core_set_stock_cells(engine *e, int32_t index, const eprop_stock_cells *in) {
    (void)e;
    (void)index;
    (void)in;
    return EPROP_BAD_ARGUMENT;
}

static int core_add_stock_cells(engine *e, const eprop_stock_cells *in) {
    (void)e;
    (void)in;
    return EPROP_BAD_ARGUMENT;
}

/* --- synapses --- */

/* Most synapses from one cell to another; targets ascend within a row. */
static int32_t count_multiplicity(const eprop_block *in, size_t rows) {
    int32_t most = 1;
    for (size_t row = 0; in->target != NULL && row < rows; row++) {
        int32_t same = 1;
        for (int64_t q = in->row_start[row] + 1; q < in->row_start[row + 1]; q++) {
            same = in->target[q] == in->target[q - 1] ? same + 1 : 1;
            most = same > most ? same : most;
        }
    }
    return most;
}

static void prepare_block(engine *e, block *b, const eprop_block *in) {
    b->weight_bits = in->weight_bits;
    b->multiplicity = count_multiplicity(in, b->rows);
    b->master = OWN(e, int32_t, b->synapses);
    b->saturated = OWN(e, int64_t, EPROP_SATURATIONS);
    if (e->populations[in->pre].kind == ANALOG && in->optimizer.kind != EP_NONE)
        b->product = OWN(e, int64_t, b->synapses);
}

static void put_weights(engine *e, block *b, const double *weight) {
    const population *const post = &e->populations[b->post];
    const int bits = b->weight_bits + EP_MASTER_SHIFT;
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            b->master[q] = to_fixed(weight[q], bits);
    } else {
        for (size_t row = 0; row < b->rows; row++) {
            int32_t *const out = b->master + row * post->padded;
            for (size_t j = 0; j < post->n; j++)
                out[j] = to_fixed(weight[row * post->n + j], bits);
            for (int64_t k = b->hole_row[row]; k < b->hole_row[row + 1]; k++)
                out[b->hole[k]] = 0;
        }
    }
    for (size_t q = 0; q < b->synapses; q++)
        b->weight[q] = ep_wire_weight(b->master[q]);
}

static void prepare_signal(engine *e, learning_signal *s, const eprop_signal *in) {
    s->feedback_bits = in->weight_bits;
    s->feedback = OWN(e, int32_t, s->windows * s->readouts * s->padded);
}

/* Cell by cell, as the filter reads it. */
static void put_feedback(learning_signal *s, const population *target, const double *weight) {
    for (size_t row = 0; row < s->windows * s->readouts; row++) {
        int32_t *const out =
            s->feedback + (row / s->readouts) * s->padded * s->readouts + row % s->readouts;
        for (size_t j = 0; j < target->n; j++)
            out[j * s->readouts] = to_fixed(weight[row * target->n + j], s->feedback_bits);
    }
}

#endif
