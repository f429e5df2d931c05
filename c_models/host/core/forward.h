/*! \file
 *  \brief One step of the whole network.
 */
#ifndef EPROP_CORE_FORWARD_H
#define EPROP_CORE_FORWARD_H

#include "analog.h"
#include "spikes.h"

/* One step of a population, and a sample of one cell, in the number system (float/, fixed/). */
static void step_spiking(engine *e, size_t slot, size_t p, size_t s, const double *current,
                         ep_history *scratch);
static void step_stock(engine *e, size_t slot, size_t p, size_t s, const double *current);
static void step_readouts(engine *e, size_t slot, size_t p, size_t s, int64_t global,
                          const double *current);
static double sample_one(const engine *e, size_t slot, size_t p, int32_t variable, size_t j,
                         size_t s, int64_t global, const ep_history *h);

static const double *current_of(const engine *e, size_t p, int64_t row) {
    const eprop_stretch *const stretch = e->stretch;
    for (int32_t k = 0; k < stretch->current_inputs; k++)
        if ((size_t)stretch->current_input[k].population == p)
            return stretch->current_input[k].current + row * (int64_t)e->populations[p].n;
    return NULL;
}

static const double *values_of(const engine *e, size_t p) {
    const eprop_stretch *const stretch = e->stretch;
    for (int32_t k = 0; k < stretch->value_inputs; k++)
        if ((size_t)stretch->value_input[k].population == p)
            return stretch->value_input[k].value;
    return NULL;
}

/* The target of a step, (size,), or NULL. `global` is the step's global number. */
static const ep_state *target_of(const population *p, size_t s, int64_t global) {
    if (p->target == NULL)
        return NULL;
    const int64_t row = p->target_repeats ? (int64_t)s - 1 : global - p->target_start - 1;
    return row >= 0 && row < (int64_t)p->target_steps ? p->target + row * (int64_t)p->n : NULL;
}

/* The presynaptic cells of a block whose spikes arrive at step s, `count` of them. */
static EP_INLINE const int32_t *arriving_spikes(const engine *e, size_t slot, const block *b,
                                                int64_t s, size_t *count) {
    const spike_list *const list = &slot_activity(e, slot, b->pre)->spikes;
    int64_t emitted;
    *count = 0;
    if (!emission_of(e, slot, b, s, &emitted))
        return NULL;
    const size_t at = (size_t)(emitted + (int64_t)e->head);
    *count = list->start[at + 1] - list->start[at];
    return *count > 0 ? list->cell + list->start[at] : NULL;
}

/* Takes the samples due at a step, of the populations that run in one direction. */
static void take_samples(const engine *e, size_t slot, size_t s, int64_t global, bool backwards,
                         ep_history *const *slopes) {
    for (int32_t k = 0; k < e->stretch->samplings; k++) {
        const eprop_sampling *const sampling = &e->stretch->sampling[k];
        if (global % sampling->every != 0 || sampled_backwards(e, sampling) != backwards)
            continue;
        const int64_t row =
            global / sampling->every - e->stretch_begin / sampling->every - 1;
        double *const out = sampling->out + row * sampling->cells;
        const size_t p = (size_t)sampling->population;
        for (int32_t c = 0; c < sampling->cells; c++)
            out[c] = sample_one(e, slot, p, sampling->variable, (size_t)sampling->cell[c], s,
                                global, slopes[p]);
    }
}

/* The spikes that a stretch gives a population of sources, or NULL. */
static const eprop_spike_input *input_of(const engine *e, size_t p) {
    for (int32_t k = 0; k < e->stretch->spike_inputs; k++)
        if ((size_t)e->stretch->spike_input[k].population == p)
            return &e->stretch->spike_input[k];
    return NULL;
}

/* Takes what sources emit at the steps from .. to of a slot's interval. */
static void take_inputs(engine *e, size_t slot, int64_t begin, size_t from, size_t to) {
    /* with boundary "reset", what is at the last step belongs to no interval, or the next */
    const bool whole = to == e->length[slot] && !e->settings.continuous;
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        if (q->kind == ANALOG) {
            activity *const x = slot_activity(e, slot, p);
            values_take(e, q, x, values_of(e, p), begin, from, whole ? to - 1 : to);
            if (whole)
                set_values(e, q, x, to, NULL);
            continue;
        }
        if (q->kind != SOURCES)
            continue;
        spike_list *const list = &slot_activity(e, slot, p)->spikes;
        spikes_take(e, list, input_of(e, p), begin, from, whole ? to - 1 : to);
        if (whole)
            spikes_close(e, list, to);
    }
}

/* Step s, in their own time, of the populations that run in one direction. */
static void step_populations(engine *e, size_t slot, int64_t begin, size_t s, bool backwards,
                             ep_history *const *slopes) {
    const int64_t global = begin + (int64_t)(backwards ? turned_step(e, slot, s) : s);
    const int64_t row = global - e->stretch_begin - 1;
    for (size_t k = 0; k < e->ordered; k++) {
        const size_t p = e->order[k];
        if (e->populations[p].backwards != backwards)
            continue;
        const double *const current = current_of(e, p, row);
        switch (e->populations[p].kind) {
        case SPIKING:
            step_spiking(e, slot, p, s, current, slopes[p]);
            break;
        case STOCK:
            step_stock(e, slot, p, s, current);
            break;
        case READOUTS:
            step_readouts(e, slot, p, s, global, current);
            break;
        case SOURCES:
        case ANALOG:
            break;
        }
    }
    if (e->stretch->samplings > 0)
        take_samples(e, slot, s, global, backwards, slopes);
}

/* Advances one slot's interval, which began at global step `begin`, over the steps from + 1 .. to,
   of which those after its end do not happen. slopes[p]: room for the pseudo-derivatives of a
   population that records them, or NULL. */
static void advance(engine *e, size_t slot, int64_t begin, size_t from, size_t to,
                    ep_history *const *slopes) {
    const size_t end = to < e->length[slot] ? to : e->length[slot];
    forget_frames(e, slot);
    if (from < end)
        take_inputs(e, slot, begin, from, end);
    /* stretches are whole intervals if some population runs backwards */
    for (size_t s = 1; e->any_backwards && s <= end; s++)
        step_populations(e, slot, begin, s, true, slopes);
    for (size_t s = from + 1; s <= end; s++)
        step_populations(e, slot, begin, s, false, slopes);
    if (end < to)
        skip_samples(e, begin, from < end ? end : from, to);
}

#endif
