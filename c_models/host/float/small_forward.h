/*! \file
 *  \brief An interval of a small network: all cells in registers, then the readouts.
 *
 *  The equations are those of eprop/neuron.h and eprop/readout.h, vector by vector.
 */
#ifndef EPROP_FLOAT_SMALL_FORWARD_H
#define EPROP_FLOAT_SMALL_FORWARD_H

#include "small.h"
#include "step.h"

#if defined(__GNUC__)

/* Spikes of a population in one interval, and the rows of weights that they meet. */
typedef struct {
    const spike_list *list;
    size_t first;               /* the first step at which any arrive */
    const size_t *start;        /* those that arrive at step s begin at start[s - first] */
    const ep_weight *rows;
} small_spikes;

static small_spikes small_spikes_of(const engine *e, size_t slot, size_t pre, int64_t lag,
                                    int64_t first_arrival, const ep_weight *rows) {
    const spike_list *const list = &slot_activity(e, slot, pre)->spikes;
    return (small_spikes){list, (size_t)(lag + first_arrival), list->start + first_arrival, rows};
}

static EP_INLINE void small_add_arrivals(const small_spikes *arrivals, size_t s,
                                         const size_t vectors, ep_vector *sum) {
    if (s < arrivals->first)
        return;
    const size_t at = s - arrivals->first, last = arrivals->start[at + 1];
    const int32_t *const cell = arrivals->list->cell;
    for (size_t q = arrivals->start[at]; q < last; q++) {
        const ep_weight *const row = arrivals->rows + (size_t)cell[q] * (vectors * EP_WIDTH);
        for (size_t i = 0; i < vectors; i++)
            sum[i] += ep_load(row + i * EP_WIDTH);
    }
}

/* Where the pseudo-derivatives of a vector go: row s is s * stride after `row`. */
typedef struct {
    ep_history *row;
    size_t stride;
} small_history;

/* Room for `spikes` in the list of a slot's population, and for the step of each. */
static bool small_make_room(engine *e, activity *x, size_t spikes) {
    const bool fits = reserve((void **)&x->spikes.cell, &x->spikes.capacity, spikes,
                              sizeof *x->spikes.cell) &&
                      reserve((void **)&x->cell_step, &x->cell_capacity, spikes,
                              sizeof *x->cell_step);
    if (!fits)
        e->no_memory = true;
    return fits;
}

/* Room for the most spikes that the cells of a population can have in a slot's interval. */
static bool small_make_room_for_all(engine *e, size_t slot, size_t p) {
    const population *const q = &e->populations[p];
    size_t most = 0;
    for (size_t j = 0; j < q->n; j++)
        most += e->length[slot] / ((size_t)q->cells.refractory[j] + 1) + 1;
    return small_make_room(e, slot_activity(e, slot, p), most);
}

/* Cell j spikes at step s; there is room. Without a call, which would cost the registers. */
static EP_INLINE void small_push(activity *x, size_t j, size_t s) {
    const size_t used = x->spikes.used++;
    x->spikes.cell[used] = (int32_t)j;
    x->cell_step[used] = (int32_t)s;
    x->count[j]++;
}

/* The steps 1 .. end of all cells, whose beta is 0 if they do not adapt; takes what does not change
   as constants. slopes: whether pseudo-derivatives are kept. */
static EP_INLINE void small_cells_as(engine *e, size_t slot, size_t end, const size_t vectors,
                                     const bool slopes, const small_history *history) {
    const small_network *const n = small_of(e);
    const ep_vector zero = ep_zeros(), one = ep_spread((EPROP_REAL)1);
    const ep_lanes no_lane = ep_spread_lanes(0), each_lane = ep_spread_lanes(1);
    activity *const slots = slot_activity(e, slot, 0);
    const size_t kinds = n->arrival_count;
    small_spikes arrivals[kinds + 1];
    for (size_t k = 0; k < kinds; k++)
        arrivals[k] = small_spikes_of(e, slot, n->arrivals[k].pre, n->arrivals[k].lag,
                                      n->arrivals[k].first_arrival, n->arrivals[k].rows);
    /* in locals: the compiler must assume that stores of vectors change the structure */
    ep_vector alpha[SMALL_VECTORS], v_thresh[SMALL_VECTORS], inverse_width[SMALL_VECTORS];
    ep_vector rho[SMALL_VECTORS], beta[SMALL_VECTORS], height[SMALL_VECTORS];
    ep_vector v[SMALL_VECTORS], a[SMALL_VECTORS];
    ep_lanes period[SMALL_VECTORS], left[SMALL_VECTORS];
    ep_mask fired[SMALL_VECTORS];
    activity *of_vector[SMALL_VECTORS];
    ep_history *h[SMALL_VECTORS];
    for (size_t i = 0; i < vectors; i++) {
        activity *const x = of_vector[i] = &slots[n->population[i]];
        const size_t j = n->first[i];
        alpha[i] = n->alpha[i];
        v_thresh[i] = n->v_thresh[i];
        inverse_width[i] = n->inverse_width[i];
        rho[i] = n->rho[i];
        beta[i] = n->beta[i];
        height[i] = n->height[i];
        period[i] = n->refractory[i];
        v[i] = ep_load(x->v + j);
        a[i] = x->a != NULL ? ep_load(x->a + j) : zero;
        left[i] = ep_load_lanes(x->refractory + j);
        fired[i] = ep_above(zero, zero); /* an interval begins without spikes */
        h[i] = history[i].row;
    }
    for (size_t s = 1; s <= end; s++) {
        for (size_t i = 0; i < vectors; i++) {
            v[i] = alpha[i] * v[i] - ep_select(fired[i], v_thresh[i], zero);
            a[i] = rho[i] * a[i] + ep_select(fired[i], one, zero);
        }
        for (size_t k = 0; k < kinds; k++)
            small_add_arrivals(&arrivals[k], s, vectors, v);
        uint64_t spikes = 0;
        for (size_t i = 0; i < vectors; i++) {
            const ep_vector threshold = v_thresh[i] + beta[i] * a[i];
            const ep_mask waits = ep_positive(left[i]);
            fired[i] = ep_but_not(ep_at_least(v[i], threshold), waits);
            if (slopes) {
                const ep_vector u = (v[i] - threshold) * inverse_width[i];
                const ep_vector slope = ep_pseudo_derivative(EP_PIECEWISE_LINEAR, height[i], u);
                ep_store(h[i] += history[i].stride, ep_select(waits, zero, slope));
            }
            const ep_lanes less = ep_select_lanes(waits, left[i] - each_lane, left[i]);
            left[i] = ep_select_lanes(fired[i], period[i], less);
            spikes |= (uint64_t)ep_mask_bits(fired[i]) << (i * EP_WIDTH);
        }
        for (; spikes != 0; spikes &= spikes - 1) {
            const size_t lane = (size_t)__builtin_ctzll(spikes), i = lane / EP_WIDTH;
            small_push(of_vector[i], n->first[i] + lane % EP_WIDTH, s);
        }
        for (size_t i = 0; i < vectors; i++)
            spikes_close(e, &of_vector[i]->spikes, s);
    }
    for (size_t i = 0; i < vectors; i++) {
        const activity *const x = of_vector[i];
        const size_t j = n->first[i];
        ep_store(x->v + j, v[i]);
        if (x->a != NULL)
            ep_store(x->a + j, a[i]);
        ep_store_lanes(x->refractory + j, left[i]);
        ep_store_lanes(x->fired + j, ep_select_lanes(fired[i], each_lane, no_lane));
    }
}

static void small_cells(engine *e, size_t slot, size_t end, bool slopes,
                        const small_history *history) {
    switch (small_of(e)->vectors / SMALL_TILE) {
#define SMALL_CASE(tiles)                                                                       \
    case tiles:                                                                                 \
        if (slopes)                                                                             \
            small_cells_as(e, slot, end, tiles * SMALL_TILE, true, history);                    \
        else                                                                                    \
            small_cells_as(e, slot, end, tiles * SMALL_TILE, false, history);                   \
        break;
        SMALL_CASE(1)
        SMALL_CASE(2)
        SMALL_CASE(3)
        SMALL_CASE(4)
#undef SMALL_CASE
    }
}

#define SMALL_STEPS 32 /* steps of readouts whose y is kept for their errors and samples */

/* Samples of readouts that a stretch takes. */
typedef struct {
    const eprop_sampling *taken;
    int64_t due;   /* the global step of the next */
    double *out;   /* and where it goes */
} small_samples;

/* Begins the samplings of one population in the interval after global step `begin`; their number. */
static size_t small_begin_samples(const engine *e, size_t p, int64_t begin, small_samples *samples) {
    size_t count = 0;
    for (int32_t k = 0; k < e->stretch->samplings; k++) {
        const eprop_sampling *const taken = &e->stretch->sampling[k];
        if ((size_t)taken->population != p)
            continue;
        const int64_t before = begin / taken->every, row = before - e->stretch_begin / taken->every;
        samples[count++] = (small_samples){taken, (before + 1) * taken->every,
                                           taken->out + row * taken->cells};
    }
    return count;
}

/* The samples of the steps after step `done`, y of which is in `rows`, as far as `steps` steps go. */
static EP_INLINE void small_take_samples(const engine *e, size_t slot, size_t p, int64_t begin,
                                         size_t done, size_t steps, const ep_state *rows,
                                         small_samples *next) {
    const eprop_sampling *const taken = next->taken;
    const int64_t before = begin + (int64_t)done, last = before + (int64_t)steps;
    const bool is_y = taken->variable == EPROP_Y || taken->variable == EPROP_V;
    for (; next->due <= last; next->due += taken->every, next->out += taken->cells) {
        const ep_state *const y =
            rows + (size_t)(next->due - before - 1) * e->populations[p].padded;
        for (int32_t c = 0; c < taken->cells; c++)
            next->out[c] = is_y ? ep_to_double(y[taken->cell[c]])
                                : sample_one(e, slot, p, taken->variable, (size_t)taken->cell[c],
                                             (size_t)(next->due - begin), next->due, NULL);
    }
}

/* What readouts send at the steps after step `done`, and their loss. */
static EP_INLINE void small_send_errors(const population *q, activity *x, int64_t begin, size_t done,
                                        size_t steps, const ep_state *rows) {
    for (size_t k = 0; k < steps; k++) {
        const size_t s = done + k + 1;
        const ep_state *const target = target_of(q, s, begin + (int64_t)s);
        const bool none = has_no_errors(q, target);
        if (!none)
            send_errors(q, x, rows + k * q->padded, s, target);
        for (size_t i = 0; none && i < q->padded; i += EP_WIDTH)
            ep_store(x->signal + s * q->padded + i, ep_zeros());
    }
}

/* The steps 1 .. end of one population of readouts, once the cells' spikes are known. */
static EP_INLINE void small_readouts_as(engine *e, size_t slot, size_t p, int64_t begin, size_t end,
                                        const size_t vectors) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    const ep_vector kappa = ep_spread(q->kappa);
    const size_t kinds = q->incoming_count;
    small_spikes arrivals[kinds + 1];
    for (size_t k = 0; k < kinds; k++) {
        const block *const b = &e->blocks[q->incoming[k]];
        arrivals[k] = small_spikes_of(e, slot, b->pre, b->lag, b->first_arrival, b->weight);
    }
    small_samples samples[e->stretch->samplings + 1];
    const size_t sampled = small_begin_samples(e, p, begin, samples);
    ep_state rows[SMALL_STEPS * SMALL_VECTORS * EP_WIDTH];
    ep_vector y[SMALL_VECTORS], bias[SMALL_VECTORS];
    for (size_t i = 0; i < vectors; i++) {
        y[i] = ep_load(x->v + i * EP_WIDTH);
        bias[i] = ep_load(q->bias + i * EP_WIDTH);
    }
    for (size_t done = 0, steps; done < end; done += steps) {
        steps = end - done < SMALL_STEPS ? end - done : SMALL_STEPS;
        for (size_t k = 0; k < steps; k++) {
            for (size_t i = 0; i < vectors; i++)
                y[i] = kappa * y[i] + bias[i];
            for (size_t b = 0; b < kinds; b++)
                small_add_arrivals(&arrivals[b], done + k + 1, vectors, y);
            for (size_t i = 0; i < vectors; i++)
                ep_store(rows + (k * vectors + i) * EP_WIDTH, y[i]);
        }
        small_send_errors(q, x, begin, done, steps, rows);
        for (size_t k = 0; k < sampled; k++)
            small_take_samples(e, slot, p, begin, done, steps, rows, &samples[k]);
    }
    for (size_t i = 0; i < vectors; i++)
        ep_store(x->v + i * EP_WIDTH, y[i]);
}

static void small_readouts(engine *e, size_t slot, size_t p, int64_t begin, size_t end) {
    const size_t vectors = small_width(&e->populations[p]);
    if (vectors == SMALL_TILE)
        small_readouts_as(e, slot, p, begin, end, SMALL_TILE);
    else
        small_readouts_as(e, slot, p, begin, end, vectors);
}

/* Takes what sources emit, and the step of each spike if synapses learn from it. */
static void small_take_inputs(engine *e, size_t slot, int64_t begin, size_t end) {
    take_inputs(e, slot, begin, 0, end);
    for (size_t p = 0; e->learning && p < e->population_count; p++) {
        activity *const x = slot_activity(e, slot, p);
        if (e->populations[p].kind != SOURCES || !e->populations[p].by_cell || x->spikes.used == 0 ||
            !small_make_room(e, x, x->spikes.used))
            continue;
        const eprop_spike_input *const input = input_of(e, p);
        const int64_t *const step = input->step + first_spike(input, begin);
        for (size_t q = 0; q < x->spikes.used; q++)
            x->cell_step[q] = (int32_t)(step[q] - begin);
    }
}

/* Whether a stretch asks for nothing of the cells but spikes. */
static bool small_stretch(const engine *e) {
    bool plain = e->stretch->current_inputs == 0;
    for (int32_t k = 0; k < e->stretch->samplings; k++)
        plain &= e->populations[e->stretch->sampling[k].population].kind == READOUTS;
    return plain;
}

/* A whole interval of a slot, which has begun; false, and nothing done, if it takes the general
   path. */
static bool small_advance(engine *e, size_t slot, int64_t begin) {
    const small_network *const n = small_of(e);
    if (!n->fits_now || !small_stretch(e))
        return false;
    small_history history[SMALL_VECTORS] = {{NULL, 0}};
    ep_history unused[EP_WIDTH];
    bool slopes = false;
    for (size_t i = 0; i < n->vectors; i++) {
        const population *const q = &e->populations[n->population[i]];
        const activity *const x = slot_activity(e, slot, n->population[i]);
        const bool keep = x->history != NULL && e->learning;
        slopes |= keep;
        history[i] = (small_history){
            keep ? x->history[0] + n->first[i] : unused, keep ? q->padded : 0};
    }
    const size_t end = e->length[slot];
    small_take_inputs(e, slot, begin, end);
    for (size_t p = 0; p < e->population_count; p++)
        if (e->populations[p].kind == SPIKING && !small_make_room_for_all(e, slot, p))
            return true; /* which ends the run */
    small_cells(e, slot, end, slopes, history);
    for (size_t p = 0; slopes && p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        const activity *const x = slot_activity(e, slot, p);
        for (size_t r = 1; q->kind == SPIKING && r < q->rule_count; r++)
            memcpy(x->history[r], x->history[0], (end + 1) * q->padded * sizeof **x->history);
    }
    for (size_t p = 0; p < e->population_count; p++)
        if (e->populations[p].kind == READOUTS)
            small_readouts(e, slot, p, begin, end);
    if (end < e->T)
        skip_samples(e, begin, end, e->T);
    return true;
}
#endif

#endif
