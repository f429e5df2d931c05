/*! \file
 *  \brief Cells, readouts, weights and feedback in fixed point.
 */
#ifndef EPROP_FIXED_BUILD_H
#define EPROP_FIXED_BUILD_H

#include "../core/build.h"
#include "../fixed_constants.h"

/* States are built within their limits; the lanes behind them are 0. */
static void fill_states(int32_t *out, size_t n, const double *in, int bits, int64_t *saturated) {
    count_saturated(saturated, EPROP_STATE, (uint64_t)eprop_to_states(n, in, bits, out));
}

/* --- spiking cells --- */

static int core_set_spiking_cells(engine *e, int32_t index, const eprop_spiking_cells *in) {
    population *const p = &e->populations[index];
    if (p->kind != SPIKING || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
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
    memcpy(p->f_target, in->f_target, p->n * sizeof *p->f_target);
    memcpy(p->c_reg, in->c_reg, p->n * sizeof *p->c_reg);
    if (p->adaptive)
        fill_states(p->a_initial, p->n, in->a_initial, EP_ADAPTATION_BITS, p->saturated);
    return EPROP_OK;
}

static int core_add_spiking_cells(engine *e, const eprop_spiking_cells *in) {
    population *const p = add_population(e, SPIKING, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    p->adaptive = in->adaptive != 0;
    p->groups = OWN(e, cell_group, p->n);
    p->saturated = OWN(e, int64_t, EPROP_SATURATIONS);
    p->v_initial = OWN(e, ep_state, p->padded);
    p->f_target = OWN(e, double, p->n);
    p->c_reg = OWN(e, double, p->n);
    p->rate_term = OWN(e, ep_signal, p->padded);
    p->update_spikes = OWN(e, int64_t, p->n);
    if (p->adaptive)
        p->a_initial = OWN(e, ep_state, p->padded);
    return e->no_memory ? EPROP_NO_MEMORY
                        : core_set_spiking_cells(e, (int32_t)e->population_count - 1, in);
}

/* --- readouts --- */

/* Biases as readouts take them, from their masters. */
static void derive_biases(population *p) {
    for (size_t k = 0; k < p->n; k++)
        p->bias[k] = (p->bias_master[k] + (1 << (EP_BIAS_BITS - EP_STATE_BITS - 1))) >>
                     (EP_BIAS_BITS - EP_STATE_BITS);
}

static ep_decay signal_kappa(const population *readouts) {
    return readouts->loss != EPROP_NO_LOSS ? readouts->kappa : 0;
}

static int core_set_readouts(engine *e, int32_t index, const eprop_readouts *in) {
    population *const p = &e->populations[index];
    if (p->kind != READOUTS || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
    p->signal_bits = p->filter_bits = in->signal_bits;
    p->kappa_exact = in->kappa;
    p->kappa = to_decay(in->kappa);
    p->loss = (enum eprop_loss)in->loss;
    eprop_to_fixed(p->n, in->bias, EP_BIAS_BITS, p->bias_master);
    derive_biases(p);
    fill_states(p->v_initial, p->n, in->y_initial, EP_STATE_BITS, p->saturated);
    if (in->target != NULL) {
        const size_t values = (size_t)in->target_steps * p->n;
        if (values > p->target_room || p->target == NULL) {
            p->target_room = values;
            p->target = OWN(e, ep_state, values);
            if (p->target == NULL)
                return EPROP_NO_MEMORY;
        }
        eprop_to_fixed(values, in->target, EP_STATE_BITS, p->target);
        p->target_steps = (size_t)in->target_steps;
    } else {
        p->loss = EPROP_NO_LOSS;
    }
    p->target_start = in->target_start;
    p->target_repeats = in->target_repeats != 0;
    p->bias_optimizer = in->bias_optimizer;
    for (size_t k = 0; k < e->signal_count; k++)
        if (e->signals[k].source == (size_t)index)
            e->signals[k].kappa = signal_kappa(p);
    return EPROP_OK;
}

static int core_add_readouts(engine *e, const eprop_readouts *in) {
    population *const p = add_population(e, READOUTS, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    p->saturated = OWN(e, int64_t, EPROP_SATURATIONS);
    p->bias = OWN(e, ep_state, p->padded);
    p->bias_master = OWN(e, int32_t, p->padded);
    p->v_initial = OWN(e, ep_state, p->padded);
    p->bias_m = OWN(e, ep_moment, p->padded);
    p->bias_v = OWN(e, ep_variance, p->padded);
    p->bias_gradient = OWN(e, ep_gradient, p->padded);
    p->bias_sum = OWN(e, double, p->padded);
    p->bias_trace = OWN(e, double, p->padded);
    return e->no_memory ? EPROP_NO_MEMORY
                        : core_set_readouts(e, (int32_t)e->population_count - 1, in);
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

static int core_add_signal(engine *e, const eprop_signal *in) {
    learning_signal *const s = append(e, (void **)&e->signals, &e->signal_count, sizeof *s);
    if (s == NULL)
        return EPROP_NO_MEMORY;
    const population *const target = &e->populations[in->target];
    s->source = (size_t)in->source;
    s->target = (size_t)in->target;
    s->readouts = e->populations[in->source].n;
    s->padded = target->padded;
    s->windows = (size_t)in->windows;
    s->window_steps = (size_t)in->window_steps;
    s->kappa = signal_kappa(&e->populations[in->source]);
    s->feedback_bits = in->weight_bits;
    s->feedback = OWN(e, int32_t, s->windows * s->readouts * s->padded);
    s->symmetric_count = (size_t)in->symmetric_blocks;
    s->symmetric = OWN(e, size_t, s->symmetric_count);
    if (e->no_memory)
        return EPROP_NO_MEMORY;
    for (size_t k = 0; k < s->symmetric_count; k++)
        s->symmetric[k] = (size_t)in->symmetric_block[k];
    for (size_t row = 0; s->symmetric_count == 0 && row < s->windows * s->readouts; row++) {
        int32_t *const out =
            s->feedback + (row / s->readouts) * s->padded * s->readouts + row % s->readouts;
        for (size_t j = 0; j < target->n; j++)
            out[j * s->readouts] = to_fixed(in->weight[row * target->n + j], s->feedback_bits);
    }
    return EPROP_OK;
}

#endif
