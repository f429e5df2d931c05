/*! \file
 *  \brief Cells, readouts, weights and feedback in fixed point.
 */
#ifndef EPROP_FIXED_BUILD_H
#define EPROP_FIXED_BUILD_H

#include "../core/build.h"

static void fill_fixed(int32_t *out, size_t n, size_t padded, const double *in, int bits) {
    for (size_t j = 0; j < n; j++)
        out[j] = in[j] != in[j] ? EP_NO_TARGET : to_fixed(in[j], bits);
    for (size_t j = n; j < padded; j++)
        out[j] = 0;
}

/* States are built within their limits. */
static void limit_states(int32_t *states, size_t n, int64_t *saturated) {
    count_saturated(saturated, EPROP_STATE, ep_saturate(n, EP_LIMIT, states));
}

/* --- spiking cells --- */

/* Bits by which F has fewer than G: 0 for heights below 0.5. */
static int32_t height_shift(double height) {
    int32_t shift = 0;
    while (height >= ldexp(1.0, shift - 1))
        shift++;
    return shift;
}

/* Bits after the point of h: heights and slopes fit their 16 and 32 bits. */
static int32_t bits_of_slope(const eprop_spiking_cells *in) {
    double steepest = 0.0;
    for (int32_t j = 0; j < in->size; j++)
        steepest = fmax(steepest, in->height * in->inverse_width[j]);
    int32_t bits = 16 - height_shift(in->height);
    while (bits > 0 && ldexp(steepest, bits + 17) > 2147483000.0)
        bits--;
    return bits;
}

static cell_group group_of(const eprop_spiking_cells *in, int32_t adaptive, int32_t shift,
                           int32_t slope_bits, size_t j) {
    cell_group group;
    memset(&group, 0, sizeof group); /* groups are compared byte by byte */
    group.cells.alpha = group.filter.alpha = to_decay(in->alpha[j]);
    group.cells.v_thresh = to_fixed(in->v_thresh[j], EP_STATE_BITS);
    group.cells.width = to_fixed(1.0 / in->inverse_width[j], EP_STATE_BITS);
    group.cells.slope = to_fixed(in->height * in->inverse_width[j], slope_bits + 17);
    group.cells.refractory = in->refractory[j];
    group.filter.h_shift = 32 - shift - slope_bits;
    if (adaptive) {
        group.cells.rho = group.filter.rho = to_decay(in->rho[j]);
        group.cells.beta = to_fixed(in->beta[j], EP_BETA_BITS);
        const double beta = ldexp(in->beta[j], shift);
        while (fabs(beta) >= ldexp(1.0, group.filter.beta_shift - 1))
            group.filter.beta_shift++;
        group.filter.beta = to_fixed(beta, 32 - group.filter.beta_shift);
    }
    return group;
}

static int core_set_spiking_cells(engine *e, int32_t index, const eprop_spiking_cells *in) {
    population *const p = &e->populations[index];
    if (p->kind != SPIKING || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
    const int32_t shift = height_shift(in->height);
    p->signal_bits = in->signal_bits;
    p->filter_bits = in->signal_bits - shift;
    p->slope_bits = bits_of_slope(in);
    p->group_count = 0;
    for (size_t j = 0; j < p->n; j++) {
        cell_group group = group_of(in, p->adaptive, shift, p->slope_bits, j);
        cell_group *const last = p->group_count > 0 ? &p->groups[p->group_count - 1] : NULL;
        if (last != NULL && j % TILE != 0 &&
            memcmp(&last->cells, &group.cells, sizeof group.cells) == 0) {
            last->count++;
            continue;
        }
        group.first = j;
        group.count = 1;
        p->groups[p->group_count++] = group;
    }
    fill_fixed(p->v_initial, p->n, p->padded, in->v_initial, EP_STATE_BITS);
    limit_states(p->v_initial, p->n, p->saturated);
    memcpy(p->f_target, in->f_target, p->n * sizeof *p->f_target);
    memcpy(p->c_reg, in->c_reg, p->n * sizeof *p->c_reg);
    if (p->adaptive) {
        fill_fixed(p->a_initial, p->n, p->padded, in->a_initial, EP_ADAPTATION_BITS);
        limit_states(p->a_initial, p->n, p->saturated);
    }
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
    fill_fixed(p->bias_master, p->n, p->padded, in->bias, EP_BIAS_BITS);
    derive_biases(p);
    fill_fixed(p->v_initial, p->n, p->padded, in->y_initial, EP_STATE_BITS);
    limit_states(p->v_initial, p->n, p->saturated);
    if (in->target != NULL) {
        const size_t values = (size_t)in->target_steps * p->n;
        if (values > p->target_room || p->target == NULL) {
            p->target_room = values;
            p->target = OWN(e, ep_state, values);
            if (p->target == NULL)
                return EPROP_NO_MEMORY;
        }
        fill_fixed(p->target, values, values, in->target, EP_STATE_BITS);
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
