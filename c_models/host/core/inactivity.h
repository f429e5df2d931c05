/*! \file
 *  \brief Updates from which spiking cells cannot learn, or others from them: no spikes, or no
 *  pseudo-derivative, of which every eligibility trace is a multiple.
 *
 *  Both are known at little cost when the update begins: spikes are counted for the rate term, and
 *  the history still has the pseudo-derivatives, of which one that is not 0 is enough.
 */
#ifndef EPROP_CORE_INACTIVITY_H
#define EPROP_CORE_INACTIVITY_H

#include "types.h"

/* Whether one of n pseudo-derivatives in a row of history is more than the rounding of 0; of the
   number system (float/, fixed/). */
static bool row_is_sloped(const population *q, const ep_history *row, size_t n);

/* Whether some cell had a pseudo-derivative in a slot's interval, or no rule reads it. The filter
   overwrites them. */
static bool is_sloped(const engine *e, size_t slot, size_t p) {
    const population *const q = &e->populations[p];
    if (q->sloped_rule == q->rule_count)
        return true;
    for (size_t tile = 0; tile < q->tiles; tile++) {
        const size_t width = tile_width(q, tile), left = q->n - tile * q->tile;
        const ep_history *const h =
            tile_history(e, q, slot_activity(e, slot, p), q->sloped_rule, tile);
        for (size_t s = 1; s <= e->length[slot]; s++)
            if (row_is_sloped(q, h + s * width, left < width ? left : width))
                return true;
    }
    return false;
}

/* Keeps the update that is being done if it is the first of a kind. */
static void note_update(const engine *e, population *q, int64_t spikes, bool sloped) {
    const eprop_inactivity now = {e->updates + 1, spikes, sloped};
    if (spikes == 0 && q->silent.update == 0)
        q->silent = now;
    if (q->plastic && !sloped && q->flat.update == 0)
        q->flat = now;
}

/* Spikes of cell j in the trials that have a slot each. */
static int64_t spikes_of_trials(const engine *e, size_t slots, size_t p, size_t j) {
    int64_t spikes = 0;
    for (size_t slot = 0; slot < slots; slot++)
        spikes += slot_activity(e, slot, p)->count[j];
    return spikes;
}

/* Whether some cell of a population that learns had a pseudo-derivative in one of these trials. */
static bool any_sloped(const engine *e, size_t slots, size_t p) {
    bool sloped = false;
    for (size_t slot = 0; e->populations[p].plastic && !sloped && slot < slots; slot++)
        sloped = is_sloped(e, slot, p);
    return sloped;
}

/* The update after trials that have a slot each. */
static void note_trials(engine *e, size_t slots) {
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        if (q->kind != SPIKING || (q->silent.update != 0 && q->flat.update != 0))
            continue;
        int64_t spikes = 0;
        for (size_t j = 0; j < q->n; j++)
            spikes += spikes_of_trials(e, slots, p, j);
        if (spikes != 0 && q->flat.update != 0)
            continue; /* nothing new, and all of the history may have to be looked at */
        note_update(e, q, spikes, any_sloped(e, slots, p));
    }
}

static int core_get_inactivity(const engine *e, int32_t index, eprop_inactivity *silent,
                               eprop_inactivity *flat) {
    const population *const q = &e->populations[index];
    if (q->kind != SPIKING)
        return EPROP_BAD_ARGUMENT;
    *silent = q->silent;
    *flat = q->flat;
    return EPROP_OK;
}

#endif
