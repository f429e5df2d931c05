/*! \file
 *  \brief Running: intervals in turn or side by side, updates when they are due, results.
 */
#ifndef EPROP_CORE_RUN_H
#define EPROP_CORE_RUN_H

#include "state.h"
#include "update.h"

/* Continuous mode, and the feedback of a symmetric signal: no weights, and one weight of a forward
   block more; in the number system (float/, fixed/). */
static void finish_continuous(engine *e);
static void update_continuous(engine *e);
static void clear_feedback(learning_signal *g);
static EP_INLINE void add_mirrored(learning_signal *g, const block *b, size_t q, size_t cell,
                                   size_t readout);

/* What follows from weights: the feedback of symmetric signals, which has those of the forward
   projection, and what a path of its own reads. */
static void follow_weights(engine *e) {
    if (e->small != NULL)
        e->small->refresh(e);
    for (size_t k = 0; k < e->signal_count; k++) {
        learning_signal *const g = &e->signals[k];
        if (g->symmetric_count == 0)
            continue;
        clear_feedback(g);
        for (size_t i = 0; i < g->symmetric_count; i++) {
            const block *const b = &e->blocks[g->symmetric[i]];
            const size_t padded = e->populations[b->post].padded;
            for (size_t row = 0; row < b->rows; row++) {
                if (b->sparse)
                    for (int64_t q = b->row_start[row]; q < b->row_start[row + 1]; q++)
                        add_mirrored(g, b, (size_t)q, row, (size_t)b->target[q]);
                else
                    for (size_t r = 0; r < g->readouts; r++)
                        add_mirrored(g, b, row * padded + r, row, r);
            }
        }
    }
}

/* The steps of the interval that begins at a global step of the stretch. */
static size_t length_of(const engine *e, int64_t begin) {
    const int64_t T = (int64_t)e->T, earlier = (e->stretch_begin + T - 1) / T;
    return e->stretch->lengths != NULL ? (size_t)e->stretch->lengths[begin / T - earlier] : e->T;
}

/* Puts a slot at the start of an interval, which begins at a global step. What crosses the boundary
   comes from slot `last`. */
static void begin_interval(engine *e, size_t slot, int64_t begin) {
    e->length[slot] = length_of(e, begin);
    const bool continuous = e->settings.continuous && e->started;
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        activity *const x = slot_activity(e, slot, p);
        const activity *const before = slot_activity(e, e->last, p);
        const bool carried = e->started && e->carries;
        if (q->kind == ANALOG) {
            values_begin(e, q, x, carried ? before : NULL);
            continue;
        }
        spikes_begin(e, &x->spikes, q->kind, carried ? &before->spikes : NULL);
        x->loss = 0.0;
        if (q->kind == SOURCES)
            continue;
        const size_t state = q->padded * sizeof(ep_state), lanes = q->padded * sizeof(ep_lane);
        if (x->count != NULL)
            memset(x->count, 0, q->padded * sizeof *x->count);
        if (continuous || (carried && q->kind == STOCK)) {
            if (x == before)
                continue;
            memcpy(x->v, before->v, state);
            memcpy(x->refractory, before->refractory, lanes);
            memcpy(x->fired, before->fired, lanes);
            if (q->kind == STOCK) {
                memcpy(x->exc, before->exc, state);
                memcpy(x->inh, before->inh, state);
            }
            continue;
        }
        memcpy(x->v, q->v_initial, state);
        if (q->adaptive)
            memcpy(x->a, q->a_initial, state);
        if (q->kind != READOUTS) {
            memset(x->refractory, 0, lanes);
            memset(x->fired, 0, lanes);
        }
        for (size_t r = 0; x->v_hat != NULL && r < q->rule_count; r++)
            if (x->v_hat[r] != NULL)
                memset(x->v_hat[r], 0, state);
        if (q->kind == STOCK && q->exponential) {
            memcpy(x->exc, q->exc_initial, state);
            memcpy(x->inh, q->inh_initial, state);
        }
    }
}

static void list_by_cell(engine *e, size_t slot) {
    if (e->small != NULL)
        e->small->list_spikes(e, slot);
    else
        list_spikes_by_cell(e, slot);
}

/* Room for the pseudo-derivatives of one thread, per population; NULL if nobody records them. */
typedef struct {
    engine *e;
    size_t first_slot, intervals;
    ep_history ***slopes; /* [thread][population] */
} interval_job;

static void interval_body(void *context, size_t index, size_t thread) {
    const interval_job *const job = context;
    engine *const e = job->e;
    const size_t slot = job->first_slot + index;
    const int64_t begin = e->step + (int64_t)(index * e->T);
    begin_interval(e, slot, begin);
    if (e->small != NULL && e->small->advance(e, slot, begin))
        return;
    advance(e, slot, begin, 0, e->T, job->slopes[thread]);
    if (e->learning)
        list_by_cell(e, slot);
}

/* Keeps the spikes of a population at the steps from + 1 .. to of a slot's interval, in the order of
   the network's steps. */
static void keep_spikes(engine *e, spike_record *record, size_t slot, size_t p, int64_t begin,
                        size_t from, size_t to) {
    const activity *const x = slot_activity(e, slot, p);
    const size_t *const start = x->spikes.start + e->head;
    if (to > e->length[slot])
        to = e->length[slot];
    if (from >= to)
        return;
    const size_t needed = record->used + (start[to + 1] - start[from + 1]);
    size_t capacity = record->capacity;
    if (!reserve((void **)&record->step, &capacity, needed, sizeof *record->step) ||
        !reserve((void **)&record->cell, &record->capacity, needed, sizeof *record->cell)) {
        e->no_memory = true;
        return;
    }
    for (size_t t = from + 1; t <= to; t++) {
        const size_t s = e->populations[p].backwards ? turned_step(e, slot, t) : t;
        for (size_t q = start[s]; q < start[s + 1]; q++) {
            record->step[record->used] = begin + (int64_t)t;
            record->cell[record->used++] = x->spikes.cell[q];
        }
    }
}

/* Files the results of the steps from + 1 .. to of a slot, and, at the end of the interval, its
   losses. */
static void file_results(engine *e, size_t slot, int64_t begin, size_t from, size_t to) {
    for (int32_t k = 0; k < e->stretch->spike_recordings; k++)
        keep_spikes(e, &e->records[k], slot, (size_t)e->stretch->spike_recording[k], begin, from,
                    to);
    for (size_t p = 0; p < e->population_count && to == e->T; p++) {
        population *const q = &e->populations[p];
        if (q->kind != READOUTS)
            continue;
        if (!reserve((void **)&q->losses, &q->losses_capacity, q->losses_used + 1,
                     sizeof *q->losses)) {
            e->no_memory = true;
            return;
        }
        q->losses[q->losses_used++] = slot_activity(e, slot, p)->loss;
    }
}

/* Moves the slot of the last of several intervals that do not count to the first free place, so
   that a checkpoint does not depend on the number of threads. */
static void keep_last(engine *e) {
    for (size_t p = 0; p < e->population_count; p++) {
        activity *const from = slot_activity(e, e->last, p), *const to = slot_activity(e, e->pending, p);
        const activity kept = *from;
        *from = *to;
        *to = kept;
    }
    e->last = e->pending;
}

/* After an interval (or several side by side) has ended. last_update: see the engine. Without memory
   the lists of its spikes may be incomplete, and nothing is learned from them. */
static void finish_intervals(engine *e, size_t intervals, bool last_update) {
    if (e->no_memory)
        return;
    if (e->settings.continuous && e->settings.learns)
        finish_continuous(e);
    if (!e->learning)
        return;
    e->pending += intervals;
    if (e->pending < (size_t)e->settings.trials_per_update)
        return;
    e->last_update = last_update;
    if (e->settings.continuous)
        update_continuous(e);
    else
        update_after_trials(e);
    e->pending = 0;
    follow_weights(e);
}

/* Whether no update follows in the stretch, of which `left` steps are to be done. */
static bool is_last_update(const engine *e, int64_t left) {
    return !e->stretch->learning ||
           left < (int64_t)(e->T * (size_t)e->settings.trials_per_update);
}

static bool targets_reach(const engine *e, int64_t steps) {
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        if (q->kind == READOUTS && q->loss != EPROP_NO_LOSS && !q->target_repeats &&
            e->step + steps > q->target_start + (int64_t)q->target_steps)
            return false;
    }
    return true;
}

static bool prepare_records(engine *e, size_t count) {
    if (count > e->record_count) {
        spike_record *const larger = realloc(e->records, count * sizeof *larger);
        if (larger == NULL)
            return false;
        memset(larger + e->record_count, 0, (count - e->record_count) * sizeof *larger);
        e->records = larger;
        e->record_count = count;
    }
    for (size_t k = 0; k < e->record_count; k++)
        e->records[k].used = 0;
    for (size_t p = 0; p < e->population_count; p++)
        e->populations[p].losses_used = 0;
    return true;
}

/* Where threads keep the pseudo-derivatives that are recorded; one allocation. */
static ep_history ***prepare_slopes(const engine *e, size_t threads) {
    size_t lanes = 0;
    for (size_t p = 0; p < e->population_count; p++)
        lanes += e->populations[p].padded;
    const size_t pointers = threads * (1 + e->population_count);
    char *const memory =
        calloc(1, pointers * sizeof(void *) + 64 + threads * lanes * sizeof(ep_history));
    if (memory == NULL)
        return NULL;
    ep_history ***const slopes = (ep_history ***)(void *)memory;
    ep_history **const rows = (ep_history **)(void *)(memory + threads * sizeof(void *));
    ep_history *next =
        (ep_history *)(void *)(memory + (pointers * sizeof(void *) + 63) / 64 * 64);
    for (size_t k = 0; k < threads; k++) {
        slopes[k] = rows + k * e->population_count;
        for (int32_t r = 0; r < e->stretch->samplings; r++) {
            const eprop_sampling *const sampling = &e->stretch->sampling[r];
            const size_t p = (size_t)sampling->population;
            if (sampling->variable != EPROP_H || slopes[k][p] != NULL)
                continue;
            slopes[k][p] = next;
            next += e->populations[p].padded;
        }
    }
    return slopes;
}

#define SIDE_BY_SIDE 8 /* intervals for each thread in one go, if nothing of them is kept: in a few
                          slots, which stay in the cache */

/* Whole intervals that may run side by side now; 0 if the next must be done on its own. */
static size_t side_by_side(const engine *e, int64_t steps) {
    if (e->s > 0 || e->carries)
        return 0;
    const size_t whole = (size_t)(steps / (int64_t)e->T);
    const size_t most = SIDE_BY_SIDE * (size_t)e->settings.threads;
    size_t room = e->slot_count - e->pending;
    if (e->learning)
        room = (size_t)e->settings.trials_per_update - e->pending;
    else if (room > most)
        room = most;
    return whole < room ? whole : room;
}

/* Lists the spikes of trials that wait for their update again, after a state was restored. */
static void relist(engine *e) {
    if (e->relist && !e->settings.continuous)
        for (size_t slot = 0; slot < e->pending; slot++)
            list_by_cell(e, slot);
    e->relist = false;
}

/* How a run, or an update, ended. */
static int run_status(engine *e) {
    const bool outside = e->outside_failed;
    e->outside_failed = false;
    return e->no_memory ? EPROP_NO_MEMORY : outside ? EPROP_OUTSIDE : EPROP_OK;
}

static int core_run(engine *e, const eprop_stretch *stretch) {
    if (!targets_reach(e, stretch->steps))
        return EPROP_TARGET_ENDED;
    const size_t threads = (size_t)e->settings.threads;
    e->stretch = stretch;
    e->stretch_begin = e->step;
    ep_history ***const slopes = prepare_slopes(e, threads);
    e->pool = slopes != NULL ? thread_pool_start(threads) : NULL;
    if (e->pool == NULL || !prepare_records(e, (size_t)stretch->spike_recordings)) {
        thread_pool_stop(e->pool);
        free(slopes);
        return EPROP_NO_MEMORY;
    }
    e->hold = stretch->hold != 0;
    relist(e);
    follow_weights(e);
    int64_t left = stretch->steps;
    while (left > 0 && !e->no_memory && !e->outside_failed) {
        if (e->s == 0)
            e->learning = stretch->learning && e->settings.learns;
        const size_t intervals = side_by_side(e, left);
        if (intervals > 0) {
            interval_job job = {e, e->pending, intervals, slopes};
            thread_pool_run(e->pool, intervals, interval_body, &job);
            for (size_t k = 0; k < intervals; k++)
                file_results(e, e->pending + k, e->step + (int64_t)(k * e->T), 0, e->T);
            e->last = e->pending + intervals - 1;
            if (!e->learning)
                keep_last(e);
            e->started = true;
            e->step += (int64_t)(intervals * e->T);
            left -= (int64_t)(intervals * e->T);
            finish_intervals(e, intervals, is_last_update(e, left));
            continue;
        }
        if (e->s == 0) {
            e->current = e->settings.continuous ? 0 : e->pending;
            begin_interval(e, e->current, e->step);
            e->started = true;
            e->last = e->current;
        }
        const size_t from = e->s;
        const size_t to = left < (int64_t)(e->T - from) ? from + (size_t)left : e->T;
        const int64_t begin = e->step - (int64_t)from;
        advance(e, e->current, begin, from, to, slopes[0]);
        file_results(e, e->current, begin, from, to);
        e->step += (int64_t)(to - from);
        left -= (int64_t)(to - from);
        e->s = to == e->T ? 0 : to;
        if (e->s == 0) {
            if (e->learning || e->settings.continuous)
                list_by_cell(e, e->current);
            finish_intervals(e, 1, is_last_update(e, left));
        }
    }
    thread_pool_stop(e->pool);
    e->pool = NULL;
    free(slopes);
    return run_status(e);
}

#endif
