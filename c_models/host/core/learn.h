/*! \file
 *  \brief Learning without running: from a trial that ran elsewhere, and with given gradients.
 */
#ifndef EPROP_CORE_LEARN_H
#define EPROP_CORE_LEARN_H

#include "run.h"

/* In the number system (float/, fixed/): h of all steps into the histories of a population that
   learns, errors into a readout's signals. values: (steps, size). */
static void put_slopes(const engine *e, const population *p, activity *x, const double *values);
static void put_signals(const engine *e, const population *p, activity *x, const double *values);

/* A step of a population's rules that read v, as if the cells had done it: v, the steps left of
   refractoriness, the filtered potentials of each rule. */
static void put_factors(const engine *e, const population *q, activity *x, size_t s,
                        const double *values, ep_state *v, const ep_lane *refractory,
                        ep_state *const *v_hat);

/* For how many steps cell j cannot spike after a spike. */
static ep_lane refractory_steps(const population *q, size_t j);

/* Spikes of a trial, in the place of an interval's. */
static void put_spikes(engine *e, size_t slot, size_t p, const eprop_trial *trial) {
    const population *const q = &e->populations[p];
    activity *const x = slot_activity(e, slot, p);
    const eprop_spike_input *given = NULL;
    for (int32_t k = 0; k < trial->spike_lists; k++)
        if ((size_t)trial->spike_list[k].population == p)
            given = &trial->spike_list[k];
    spikes_begin(e, &x->spikes, q->kind, NULL);
    if (q->kind == SOURCES) {
        spikes_take(e, &x->spikes, given, 0, 0, e->T - 1);
        spikes_close(e, &x->spikes, e->T);
        return;
    }
    spikes_take(e, &x->spikes, given, 0, 1, e->T);
    if (x->count == NULL)
        return;
    memset(x->count, 0, q->padded * sizeof *x->count);
    for (size_t k = 0; k < x->spikes.used; k++)
        x->count[x->spikes.cell[k]]++;
}

/* The factors of all steps, from membrane potentials (steps, size) and the trial's spikes. */
static void put_potentials(engine *e, const population *q, activity *x, const double *values) {
    ep_state *const v = calloc(q->padded, sizeof *v);
    ep_lane *const refractory = calloc(q->padded, sizeof *refractory);
    ep_state *const memory = calloc(q->padded * (q->rule_count + 1), sizeof *memory);
    ep_state **const v_hat = calloc(q->rule_count + 1, sizeof *v_hat);
    e->no_memory |= v == NULL || refractory == NULL || memory == NULL || v_hat == NULL;
    for (size_t r = 0; !e->no_memory && r < q->rule_count; r++)
        v_hat[r] = memory + r * q->padded;
    for (size_t s = 1; !e->no_memory && s <= e->T; s++) {
        put_factors(e, q, x, s, values + (s - 1) * q->n, v, refractory, v_hat);
        for (size_t j = 0; j < q->n; j++)
            refractory[j] -= refractory[j] > 0;
        const size_t end = x->spikes.start[s + e->head + 1];
        for (size_t k = x->spikes.start[s + e->head]; k < end; k++) {
            const size_t j = (size_t)x->spikes.cell[k];
            refractory[j] = refractory_steps(q, j);
        }
    }
    free(v);
    free(refractory);
    free(memory);
    free(v_hat);
}

static int core_learn(engine *e, const eprop_trial *trial) {
    if (!e->settings.learns || e->carries || e->s != 0)
        return EPROP_BAD_ARGUMENT;
    const size_t slot = e->pending;
    relist(e);
    e->length[slot] = e->T;
    for (size_t p = 0; p < e->population_count; p++) {
        if (e->populations[p].kind != ANALOG)
            put_spikes(e, slot, p, trial);
        else
            for (size_t s = 0; s <= e->T; s++)
                set_values(e, &e->populations[p], slot_activity(e, slot, p), s, NULL);
    }
    for (int32_t k = 0; k < trial->value_lists; k++) {
        const size_t p = (size_t)trial->value_list[k].population;
        const population *const q = &e->populations[p];
        activity *const x = slot_activity(e, slot, p);
        if (q->kind == READOUTS)
            put_signals(e, q, x, trial->value_list[k].values);
        else if (q->kind == ANALOG) {
            for (size_t s = 0; s < e->T; s++)
                set_values(e, q, x, s, trial->value_list[k].values + s * q->n);
            set_values(e, q, x, e->T, NULL); /* its frame depends on the row before */
        } else if (q->kind == SPIKING && x->history != NULL)
            put_slopes(e, q, x, trial->value_list[k].values);
        else
            return EPROP_BAD_ARGUMENT;
    }
    for (int32_t k = 0; k < trial->potential_lists; k++) {
        const size_t p = (size_t)trial->potential_list[k].population;
        if (!e->populations[p].has_factors)
            return EPROP_BAD_ARGUMENT;
        put_potentials(e, &e->populations[p], slot_activity(e, slot, p),
                       trial->potential_list[k].values);
    }
    e->pool = e->no_memory ? NULL : thread_pool_start((size_t)e->settings.threads);
    if (e->pool == NULL)
        return EPROP_NO_MEMORY;
    e->hold = trial->hold != 0;
    e->learning = true;
    follow_weights(e);
    list_by_cell(e, slot);
    finish_intervals(e, 1, true);
    thread_pool_stop(e->pool);
    e->pool = NULL;
    return run_status(e);
}

static int core_apply(engine *e) {
    if (!e->settings.learns)
        return EPROP_BAD_ARGUMENT;
    e->pool = thread_pool_start((size_t)e->settings.threads);
    if (e->pool == NULL)
        return EPROP_NO_MEMORY;
    e->hold = false;
    apply_gradients(e);
    follow_weights(e);
    thread_pool_stop(e->pool);
    e->pool = NULL;
    return run_status(e);
}

#endif
