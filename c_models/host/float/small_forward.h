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

/* Bit l is set if lane l of a mask (0 or -1) is. */
static EP_INLINE uint64_t small_bits(const small_lanes *mask) {
#if defined(__AVX2__) && EP_MANTISSA_BITS == 23
    typedef float floats __attribute__((vector_size(32)));
    return (uint64_t)(unsigned)__builtin_ia32_movmskps256((floats)*mask);
#elif defined(__AVX2__)
    typedef double doubles __attribute__((vector_size(32)));
    return (uint64_t)(unsigned)__builtin_ia32_movmskpd256((doubles)*mask);
#else
    uint64_t bits = 0;
    for (size_t l = 0; l < SMALL_LANES; l++)
        bits |= (uint64_t)((*mask)[l] != 0) << l;
    return bits;
#endif
}

/* x where a mask is -1, 0 where it is 0. A macro: how vectors are passed depends on the processor. */
#define SMALL_MASKED(x, mask) ((small_reals)((small_lanes)(x) & (mask)))

/* Spikes of a population in one interval, and the rows of weights that they meet. */
typedef struct {
    const spike_list *list;
    size_t first;               /* the first step at which any arrive */
    const size_t *start;        /* those that arrive at step s begin at start[s - first] */
    const small_reals *rows;
} small_spikes;

static small_spikes small_spikes_of(const engine *e, size_t slot, size_t pre, int64_t lag,
                                    int64_t first_arrival, const small_reals *rows) {
    const spike_list *const list = &slot_activity(e, slot, pre)->spikes;
    return (small_spikes){list, (size_t)(lag + first_arrival), list->start + first_arrival, rows};
}

static EP_INLINE void small_add_arrivals(const small_spikes *arrivals, size_t s,
                                         const size_t vectors, small_reals *sum) {
    if (s < arrivals->first)
        return;
    const size_t at = s - arrivals->first, last = arrivals->start[at + 1];
    for (size_t q = arrivals->start[at]; q < last; q++) {
        const small_reals *const row = arrivals->rows + (size_t)arrivals->list->cell[q] * vectors;
        for (size_t i = 0; i < vectors; i++)
            sum[i] += row[i];
    }
}

/* Where the pseudo-derivatives of a vector go: row s is s * stride after `row`. */
typedef struct {
    small_reals *row;
    size_t stride;
} small_history;

/* The steps 1 .. end of all cells, whose beta is 0 if they do not adapt; takes what does not change
   as constants. slopes: whether pseudo-derivatives are kept. */
static EP_INLINE void small_cells_as(engine *e, size_t slot, size_t end, const size_t vectors,
                                     const bool slopes, const small_history *history) {
    const small_network *const n = small_of(e);
    const small_reals one = (small_reals){0} + (EPROP_REAL)1, zero = {0};
    const small_lanes sign = (small_lanes)-zero;
    activity *const slots = slot_activity(e, slot, 0);
    small_spikes arrivals[n->arrival_count + 1];
    for (size_t k = 0; k < n->arrival_count; k++)
        arrivals[k] = small_spikes_of(e, slot, n->arrivals[k].pre, n->arrivals[k].lag,
                                      n->arrivals[k].first_arrival, n->arrivals[k].rows);
    small_reals v[SMALL_VECTORS], a[SMALL_VECTORS], fired[SMALL_VECTORS];
    small_lanes left[SMALL_VECTORS];
    for (size_t i = 0; i < vectors; i++) {
        const activity *const x = &slots[n->population[i]];
        memcpy(&v[i], x->v + n->first[i], sizeof *v);
        a[i] = zero;
        if (x->a != NULL)
            memcpy(&a[i], x->a + n->first[i], sizeof *a);
        memcpy(&left[i], x->refractory + n->first[i], sizeof *left);
        fired[i] = zero; /* an interval begins without spikes */
    }
    for (size_t s = 1; s <= end; s++) {
        for (size_t i = 0; i < vectors; i++) {
            v[i] = n->alpha[i] * v[i] - fired[i] * n->v_thresh[i];
            a[i] = n->rho[i] * a[i] + fired[i];
        }
        for (size_t k = 0; k < n->arrival_count; k++)
            small_add_arrivals(&arrivals[k], s, vectors, v);
        uint64_t spikes = 0;
        for (size_t i = 0; i < vectors; i++) {
            const small_reals threshold = n->v_thresh[i] + n->beta[i] * a[i];
            const small_lanes waits = left[i] > 0;
            const small_lanes spike = (v[i] >= threshold) & ~waits;
            if (slopes) {
                const small_reals u = (v[i] - threshold) * n->inverse_width[i];
                const small_reals d = one - (small_reals)((small_lanes)u & ~sign);
                const small_reals slope = n->height[i] * SMALL_MASKED(d, d > zero);
                history[i].row[s * history[i].stride] = SMALL_MASKED(slope, ~waits);
            }
            left[i] = (spike & n->refractory[i]) | (~spike & (left[i] + waits));
            fired[i] = SMALL_MASKED(one, spike);
            spikes |= small_bits(&spike) << (i * SMALL_LANES);
        }
        for (; spikes != 0; spikes &= spikes - 1) {
            const size_t lane = (size_t)__builtin_ctzll(spikes), i = lane / SMALL_LANES;
            const size_t j = n->first[i] + lane % SMALL_LANES;
            activity *const x = &slots[n->population[i]];
            x->count[j]++;
            spikes_push(e, &x->spikes, (int32_t)j);
        }
        for (size_t i = 0; i < vectors; i++)
            if (n->first[i] == 0)
                spikes_close(e, &slots[n->population[i]].spikes, s);
    }
    for (size_t i = 0; i < vectors; i++) {
        const activity *const x = &slots[n->population[i]];
        memcpy(x->v + n->first[i], &v[i], sizeof *v);
        if (x->a != NULL)
            memcpy(x->a + n->first[i], &a[i], sizeof *a);
        memcpy(x->refractory + n->first[i], &left[i], sizeof *left);
        for (size_t l = 0; l < SMALL_LANES; l++)
            x->fired[n->first[i] + l] = fired[i][l] != (EPROP_REAL)0;
    }
}

static void small_cells(engine *e, size_t slot, size_t end, bool slopes,
                        const small_history *history) {
    switch (small_of(e)->vectors) {
#define SMALL_CASE(n)                                                                           \
    case n:                                                                                     \
        if (slopes)                                                                             \
            small_cells_as(e, slot, end, n, true, history);                                     \
        else                                                                                    \
            small_cells_as(e, slot, end, n, false, history);                                    \
        break;
        SMALL_CASE(1)
        SMALL_CASE(2)
        SMALL_CASE(3)
        SMALL_CASE(4)
        SMALL_CASE(5)
        SMALL_CASE(6)
        SMALL_CASE(7)
        SMALL_CASE(8)
#undef SMALL_CASE
    }
}

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

static EP_INLINE void small_take_samples(const engine *e, size_t slot, size_t p, size_t s,
                                         int64_t global, small_samples *samples, size_t count) {
    for (size_t k = 0; k < count; k++) {
        const eprop_sampling *const taken = samples[k].taken;
        if (global != samples[k].due)
            continue;
        const ep_state *const y = slot_activity(e, slot, p)->v;
        for (int32_t c = 0; c < taken->cells; c++)
            samples[k].out[c] = taken->variable == EPROP_Y
                                    ? ep_to_double(y[taken->cell[c]])
                                    : sample_one(e, slot, p, taken->variable,
                                                 (size_t)taken->cell[c], s, global, NULL);
        samples[k].due += taken->every;
        samples[k].out += taken->cells;
    }
}

/* The steps 1 .. end of one population of readouts, once the cells' spikes are known. */
static EP_INLINE void small_readouts_as(engine *e, size_t slot, size_t p, int64_t begin, size_t end,
                                        const size_t vectors) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    const small_reals *const bias = (const small_reals *)q->bias;
    small_spikes arrivals[q->incoming_count + 1];
    for (size_t k = 0; k < q->incoming_count; k++) {
        const block *const b = &e->blocks[q->incoming[k]];
        arrivals[k] = small_spikes_of(e, slot, b->pre, b->lag, b->first_arrival,
                                      (const small_reals *)b->weight);
    }
    small_samples samples[e->stretch->samplings + 1];
    const size_t sampled = small_begin_samples(e, p, begin, samples);
    small_reals y[SMALL_VECTORS];
    for (size_t i = 0; i < vectors; i++)
        y[i] = ((const small_reals *)x->v)[i];
    for (size_t s = 1; s <= end; s++) {
        for (size_t i = 0; i < vectors; i++)
            y[i] = q->kappa * y[i] + bias[i];
        for (size_t k = 0; k < q->incoming_count; k++)
            small_add_arrivals(&arrivals[k], s, vectors, y);
        for (size_t i = 0; i < vectors; i++)
            ((small_reals *)x->v)[i] = y[i];
        send_errors(q, x, s, begin + (int64_t)s);
        if (sampled > 0)
            small_take_samples(e, slot, p, s, begin + (int64_t)s, samples, sampled);
        spikes_close(e, &x->spikes, s);
    }
}

static void small_readouts(engine *e, size_t slot, size_t p, int64_t begin, size_t end) {
    const size_t vectors = small_width(&e->populations[p]);
    if (vectors == 1)
        small_readouts_as(e, slot, p, begin, end, 1);
    else
        small_readouts_as(e, slot, p, begin, end, vectors);
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
    small_reals unused;
    bool slopes = false;
    for (size_t i = 0; i < n->vectors; i++) {
        const population *const q = &e->populations[n->population[i]];
        const activity *const x = slot_activity(e, slot, n->population[i]);
        const bool keep = x->history != NULL && e->learning;
        slopes |= keep;
        history[i] = (small_history){
            keep ? (small_reals *)(x->history[0] + n->first[i]) : &unused,
            keep ? small_width(q) : 0};
    }
    const size_t end = e->length[slot];
    take_inputs(e, slot, begin, 0, end);
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
