/*! \file
 *  \brief One step of a population in fixed point.
 */
#ifndef EPROP_FIXED_STEP_H
#define EPROP_FIXED_STEP_H

#include "../core/forward.h"

static int16_t block_factor(const block *b) { return (int16_t)weight_factor(b->weight_bits); }

/* Sums the arrivals at a population exactly. `used` rows times factor are in x->input. */
typedef struct {
    activity *x;
    size_t n;
    int32_t used;
    bool spilled;
} arrivals;

static void add_arrivals(arrivals *sum, const block *b, size_t row) {
    const int16_t factor = block_factor(b);
    const int32_t share = factor * b->multiplicity;
    if (sum->used + share > EP_ROW_BUDGET) {
        ep_spill(sum->n, sum->x->input, sum->x->wide);
        sum->used = 0;
        sum->spilled = true;
    }
    if (!b->sparse) {
        ep_add_row(sum->n, b->weight + row * pad_lanes(sum->n), factor, sum->x->input);
    } else if (share <= EP_ROW_BUDGET) {
        const int64_t first = b->row_start[row];
        ep_scatter_row((size_t)(b->row_start[row + 1] - first), b->target + first,
                       b->weight + first, factor, sum->x->input);
    } else {
        for (int64_t q = b->row_start[row]; q < b->row_start[row + 1]; q++)
            sum->x->wide[b->target[q]] += factor * b->weight[q];
        return;
    }
    sum->used += share;
}

/* What arrives through a block from one frame of values, of which row `row` is one. wide: zeros. */
static void sum_frame(const engine *e, size_t slot, const block *b, size_t row, int64_t *wide,
                      int32_t *sum) {
    const population *const pre = &e->populations[b->pre], *const post = &e->populations[b->post];
    const ep_analog *const x = slot_activity(e, slot, b->pre)->value + row * pre->n;
    for (size_t i = 0; i < pre->n; i++) {
        if (!b->sparse) {
            ep_add_value_row(post->n, x[i], b->weight + i * post->padded, wide);
            continue;
        }
        for (int64_t q = b->row_start[i]; q < b->row_start[i + 1]; q++)
            wide[b->target[q]] += (int32_t)x[i] * b->weight[q];
    }
    ep_close_frame(post->n, b->weight_bits + pre->value_bits, wide, sum);
}

/* The values that reach a population at step s through one of its blocks, (cells,), or NULL. */
static const int32_t *values_arriving(const engine *e, size_t slot, size_t block_index, int64_t s,
                                      int64_t *wide) {
    const block *const b = &e->blocks[block_index];
    const size_t row = arriving_values(e, slot, b, s);
    if (row == SIZE_MAX)
        return NULL;
    frame_arrivals *const now = slot_frame(e, slot, block_index);
    const size_t began = (size_t)slot_activity(e, slot, b->pre)->frame[row];
    if (now->row != began) {
        sum_frame(e, slot, b, row, wide, now->sum);
        now->row = began;
    }
    return now->sum;
}

/* Arrivals and currents of step s in x->input, within their limit. */
static void collect_arrivals(const engine *e, size_t slot, size_t p, int64_t s,
                             const double *current) {
    const population *const post = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    arrivals sum = {x, post->n, 0, current != NULL};
    const int32_t *from_values[post->incoming_count + 1];
    for (size_t k = 0; k < post->incoming_count; k++) {
        const size_t index = post->incoming[k];
        from_values[k] =
            e->blocks[index].analog ? values_arriving(e, slot, index, s, x->wide) : NULL;
        sum.spilled |= from_values[k] != NULL;
    }
    for (size_t k = 0; k < post->incoming_count; k++) {
        const block *const b = &e->blocks[post->incoming[k]];
        for (size_t j = 0; from_values[k] != NULL && j < post->n; j++)
            x->wide[j] += from_values[k][j];
        if (b->analog)
            continue;
        size_t count;
        const int32_t *const cells = arriving_spikes(e, slot, b, s, &count);
        for (size_t q = 0; q < count; q++)
            add_arrivals(&sum, b, (size_t)cells[q]);
    }
    for (size_t j = 0; current != NULL && j < post->n; j++)
        x->wide[j] += to_fixed(current[j], EP_STATE_BITS);
    if (sum.spilled)
        count_saturated(post->saturated, EPROP_INPUT,
                        ep_collect(post->n, EP_INPUT_LIMIT, x->wide, x->input));
}

/* Runs the cells of one group; h and spikes are those of the group. */
static uint32_t step_group(const population *p, const cell_group *group, activity *x, uint16_t *h,
                           uint32_t *spikes) {
    const size_t first = group->first, n = group->count;
    union {
        ep_lif_state lif[TILE];
        ep_alif_state alif[TILE];
    } state;
    uint32_t saturated;
    if (p->adaptive) {
        for (size_t j = 0; j < n; j++)
            state.alif[j] =
                (ep_alif_state){x->v[first + j], x->refractory[first + j], x->a[first + j]};
        saturated = ep_alif_step(n, &group->cells, state.alif, x->input + first, h, spikes);
        for (size_t j = 0; j < n; j++) {
            x->v[first + j] = state.alif[j].v;
            x->refractory[first + j] = state.alif[j].status;
            x->a[first + j] = state.alif[j].a;
        }
    } else {
        for (size_t j = 0; j < n; j++)
            state.lif[j] = (ep_lif_state){x->v[first + j], x->refractory[first + j]};
        saturated = ep_lif_step(n, &group->cells, state.lif, x->input + first, h, spikes);
        for (size_t j = 0; j < n; j++) {
            x->v[first + j] = state.lif[j].v;
            x->refractory[first + j] = state.lif[j].status;
        }
    }
    return saturated;
}

static ep_clopath clopath_of(const population *p, const cell_group *group, size_t rule) {
    ep_clopath constants;
    eprop_clopath_constants(&p->rules[rule].factor, group->cells.v_thresh,
                            p->signal_bits - p->filter_bits, &constants);
    return constants;
}

/* Where a rule keeps the factors of a group's cells in step s. */
static uint16_t *factors_of(const engine *e, const population *q, activity *x, size_t rule,
                            const cell_group *group, size_t s) {
    const size_t tile = group->first / TILE;
    return (uint16_t *)(tile_history(e, q, x, rule, tile) + s * tile_width(q, tile)) +
           group->first % TILE;
}

/* The factors of a rule in step s, in cells that were marked; v, v_hat: of the population. */
static void close_factors(const engine *e, const population *q, activity *x, size_t rule,
                          const cell_group *group, size_t s, const int32_t *v, int32_t *v_hat) {
    const ep_clopath constants = clopath_of(q, group, rule);
    count_saturated(q->saturated, EPROP_STATE,
                    ep_clopath_factor(group->count, 1, &constants, v + group->first,
                                      v_hat + group->first,
                                      factors_of(e, q, x, rule, group, s)));
}

static void push_spikes(engine *e, activity *x, const cell_group *group, const uint32_t *spikes) {
    for (size_t j = 0; j < group->count; j += 32)
        for (uint32_t word = spikes[j / 32]; word != 0; word &= word - 1) {
            const size_t cell =
                group->first + j + 31 - (size_t)ep_leading_zeros(word & (0 - word));
            x->count[cell]++;
            spikes_push(e, &x->spikes, (int32_t)cell);
        }
}

static void step_spiking(engine *e, size_t slot, size_t p, size_t s, const double *current,
                         ep_history *scratch) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    const bool keep = x->history != NULL && e->learning;
    collect_arrivals(e, slot, p, (int64_t)s, current);
    for (size_t k = 0; k < q->group_count; k++) {
        const cell_group *const group = &q->groups[k];
        const size_t first = group->first, n = group->count;
        uint16_t h[TILE];
        uint32_t spikes[(TILE + 31) / 32];
        for (size_t r = 0; keep && q->has_factors && r < q->rule_count; r++)
            if (!is_sloped_rule(&q->rules[r]))
                ep_clopath_open(n, 1, x->refractory + first, factors_of(e, q, x, r, group, s));
        count_saturated(q->saturated, EPROP_STATE, step_group(q, group, x, h, spikes));
        for (size_t r = 0; keep && r < q->rule_count; r++) {
            if (is_sloped_rule(&q->rules[r]))
                memcpy(factors_of(e, q, x, r, group, s), h, n * sizeof *h);
            else
                close_factors(e, q, x, r, group, s, x->v, x->v_hat[r]);
        }
        if (scratch != NULL)
            memcpy((uint16_t *)scratch + group->first, h, group->count * sizeof *h);
        push_spikes(e, x, group, spikes);
    }
    spikes_close(e, &x->spikes, s);
}

static void step_stock(engine *e, size_t slot, size_t p, size_t s, const double *current) {
    (void)e;
    (void)slot;
    (void)p;
    (void)s;
    (void)current;
}

/* This step's share of the loss, from the integers that the chip has. */
static double loss_of(const population *q, const int32_t *y, const int32_t *target,
                      const int32_t *error) {
    if (q->loss == EPROP_CROSS_ENTROPY)
        return from_fixed(ep_cross_entropy_loss(q->n, y, target), EP_ENTROPY_LOSS_BITS);
    double loss = 0.0;
    for (size_t k = 0; k < q->n; k++)
        loss += 0.5 * from_fixed(error[k], EP_STATE_BITS) * from_fixed(error[k], EP_STATE_BITS);
    return loss;
}

static void step_readouts(engine *e, size_t slot, size_t p, size_t s, int64_t global,
                          const double *current) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    collect_arrivals(e, slot, p, (int64_t)s, current);
    count_saturated(q->saturated, EPROP_STATE,
                    ep_readout_step(q->n, q->kappa, q->bias, x->input, x->v));
    ep_signal *const signal = x->signal + s * q->padded;
    const ep_state *const target = target_of(q, s, global);
    if (q->loss == EPROP_NO_LOSS) {
        memcpy(signal, x->v, q->n * sizeof *signal);
    } else if (target == NULL) {
        memset(signal, 0, q->n * sizeof *signal);
    } else {
        if (q->loss == EPROP_MSE)
            ep_squared_error(q->n, x->v, target, signal);
        else
            ep_cross_entropy_error(q->n, x->v, target, signal);
        x->loss += loss_of(q, x->v, target, signal);
    }
}

/* Errors (or outputs) of step s as the feedback of a signal takes them. */
static uint32_t scale_errors(const engine *e, size_t slot, const learning_signal *g, size_t s,
                             int32_t *out) {
    const population *const source = &e->populations[g->source];
    const ep_signal *const signal = slot_activity(e, slot, g->source)->signal + s * source->padded;
    const int32_t shift = feedback_shift(e->populations[g->target].signal_bits, g->feedback_bits);
    uint32_t saturated = 0;
    for (size_t k = 0; k < g->readouts; k++)
        out[k] = ep_rescale(signal[k], shift, INT32_MAX, &saturated);
    return saturated;
}

/* B of step s, cell by cell. */
static const int32_t *feedback_of(const learning_signal *g, size_t s) {
    const size_t window = g->windows > 1 ? (s - 1) / g->window_steps : 0;
    return g->feedback + window * g->padded * g->readouts;
}

static double learning_signal_of(const engine *e, size_t slot, const population *p, size_t j,
                                 size_t s) {
    int64_t sum = 0;
    for (size_t r = 0; r < p->signal_count; r++) {
        const learning_signal *const g = &e->signals[p->signals[r]];
        int32_t error[g->readouts], L = 0;
        (void)scale_errors(e, slot, g, s, error);
        (void)ep_filter_signal(1, g->readouts, 0, feedback_of(g, s) + j * g->readouts, error, &L);
        sum += L;
    }
    return from_fixed(sum, p->signal_bits);
}

static double sample_one(const engine *e, size_t slot, size_t p, int32_t variable, size_t j,
                         size_t s, int64_t global, const ep_history *h) {
    const population *const q = &e->populations[p];
    const activity *const x = slot_activity(e, slot, p);
    switch (variable) {
    case EPROP_A:
        return from_fixed(x->a[j], EP_ADAPTATION_BITS);
    case EPROP_H:
        return from_fixed(((const uint16_t *)h)[j], q->slope_bits);
    case EPROP_LEARNING_SIGNAL:
        return learning_signal_of(e, slot, q, j, s);
    case EPROP_ERROR:
        return q->loss == EPROP_NO_LOSS
                   ? 0.0
                   : from_fixed(x->signal[s * q->padded + j], EP_STATE_BITS);
    case EPROP_TARGET: {
        const ep_state *const target = target_of(q, s, global);
        return target == NULL || target[j] == EP_NO_TARGET ? (double)NAN
                                                           : from_fixed(target[j], EP_STATE_BITS);
    }
    case EPROP_V:
    case EPROP_Y:
    default:
        return from_fixed(x->v[j], EP_STATE_BITS);
    }
}

#endif
