/*! \file
 *  \brief Intervals that are shorter than T, and populations that run an interval backwards.
 *
 *  The interval of a slot has n steps, 1 <= n <= T: e->length[slot]. What is kept of a population is
 *  kept at the steps of its own time: spike lists, histories, filters. A population that runs
 *  backwards has done its own steps 1 .. n before the others begin; its own step s is the network's
 *  step n + 1 - s. Only sources, which are in the network's time, lead to such populations from
 *  outside, and only readouts, which are so too, are led to by them.
 */
#ifndef EPROP_CORE_DIRECTIONS_H
#define EPROP_CORE_DIRECTIONS_H

#include "types.h"

/* A step of cells, or of their spikes, in the time of the other direction. */
static EP_INLINE size_t turned_step(const engine *e, size_t slot, size_t s) {
    return e->length[slot] + 1 - s;
}

/* A step at which the presynaptic population of a block emits, in its own time, as a step in the
   time of the postsynaptic one, or the other way round. Sources emit at the steps 0 .. n - 1. */
static EP_INLINE int64_t turned_emission(const engine *e, size_t slot, const block *b, int64_t s) {
    if (!b->turned)
        return s;
    return (int64_t)e->length[slot] + (e->populations[b->pre].kind == SPIKING ? 1 : -1) - s;
}

/* The step of the presynaptic population at which was emitted what arrives through a block at step s
   of the postsynaptic one; false if there is none. */
static EP_INLINE bool emission_of(const engine *e, size_t slot, const block *b, int64_t s,
                                  int64_t *emitted) {
    const int64_t at = s - b->lag;
    *emitted = turned_emission(e, slot, b, at);
    return at >= b->first_arrival;
}

/* Steps and trials whose product are the steps of the trials of an update. */
static void count_steps(const engine *e, size_t slots, int64_t *steps, int64_t *trials) {
    int64_t total = 0;
    for (size_t slot = 0; slot < slots; slot++)
        total += (int64_t)e->length[slot];
    const bool whole = total == (int64_t)(slots * e->T);
    *steps = whole ? (int64_t)e->T : total;
    *trials = whole ? (int64_t)slots : 1;
}

/* Whether a population is sampled as it runs backwards. Its learning signal is known later. */
static bool sampled_backwards(const engine *e, const eprop_sampling *sampling) {
    return e->populations[sampling->population].backwards &&
           sampling->variable != EPROP_LEARNING_SIGNAL;
}

/* Fills the samples of the steps from + 1 .. to that do not happen. */
static void skip_samples(const engine *e, int64_t begin, size_t from, size_t to) {
    for (int32_t k = 0; k < e->stretch->samplings; k++) {
        const eprop_sampling *const sampling = &e->stretch->sampling[k];
        const int64_t before = e->stretch_begin / sampling->every;
        const int64_t low = (begin + (int64_t)from) / sampling->every;
        const int64_t high = (begin + (int64_t)to) / sampling->every;
        double *const out = sampling->out + (low - before) * sampling->cells;
        for (int64_t q = 0; q < (high - low) * sampling->cells; q++)
            out[q] = (double)NAN;
    }
}

#endif
