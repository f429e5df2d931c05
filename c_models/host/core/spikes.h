/*! \file
 *  \brief Spike lists: filled step by step, carried over a boundary, turned round by cell.
 */
#ifndef EPROP_CORE_SPIKES_H
#define EPROP_CORE_SPIKES_H

#include "memory.h"

/* Appends a spike; without memory the engine's flag is set and the spike is lost with the run. */
static EP_INLINE void spikes_push(engine *e, spike_list *list, int32_t cell) {
    if (list->used == list->capacity &&
        !reserve((void **)&list->cell, &list->capacity, list->used + 1, sizeof *list->cell)) {
        e->no_memory = true;
        return;
    }
    list->cell[list->used++] = cell;
}

/* Ends step s: what follows belongs to step s + 1. */
static EP_INLINE void spikes_close(const engine *e, spike_list *list, size_t s) {
    list->start[s + e->head + 1] = list->used;
}

/* Begins an interval: the last steps of `before` (or none) become the steps before step 0 or 1.
   Sources own step 0; cells have their step T of the interval before as step 0. */
static void spikes_begin(engine *e, spike_list *list, enum kind kind, const spike_list *before) {
    const size_t head = e->head, T = e->T;
    const size_t first_own = kind == SOURCES ? head : head + 1;
    size_t kept = 0;
    if (before != NULL) {
        const size_t from = before->start[T];
        const size_t to = before->start[T + first_own];
        kept = to - from;
        if (!reserve((void **)&list->cell, &list->capacity, kept, sizeof *list->cell)) {
            e->no_memory = true;
            kept = 0;
        }
        if (kept > 0)
            memmove(list->cell, before->cell + from, kept * sizeof *list->cell);
        /* before->start is read at k + T, list->start written at k < k + T: safe when the same */
        for (size_t k = 0; k <= first_own; k++) {
            const size_t at = before->start[k + T] - from;
            list->start[k] = at < kept ? at : kept;
        }
    } else {
        memset(list->start, 0, (first_own + 1) * sizeof *list->start);
    }
    list->used = kept;
}

/* The first spike of an input at or after a global step. */
static int64_t first_spike(const eprop_spike_input *input, int64_t step) {
    return find_first(input->step, 0, input->spikes, step);
}

/* Takes the source spikes of the steps from .. to of the interval that began at global step
   `begin`; the list holds the steps before `from`. */
static void spikes_take(engine *e, spike_list *list, const eprop_spike_input *input, int64_t begin,
                        size_t from, size_t to) {
    list->used = list->start[from + e->head];
    const int64_t first = input != NULL ? first_spike(input, begin + (int64_t)from) : 0;
    const int64_t last = input != NULL ? first_spike(input, begin + (int64_t)to + 1) : 0;
    size_t taken = last > first ? (size_t)(last - first) : 0;
    if (!reserve((void **)&list->cell, &list->capacity, list->used + taken, sizeof *list->cell)) {
        e->no_memory = true;
        taken = 0;
    }
    /* each spike marks the end of its step, of which the last mark stays: a loop over the spikes of
       each step would be hard to predict */
    size_t *const start = list->start + e->head + 1;
    if (to >= from)
        memset(start + from, 0, (to - from + 1) * sizeof *start);
    for (size_t q = 0; q < taken; q++)
        start[input->step[first + (int64_t)q] - begin] = list->used + q + 1;
    for (size_t s = from, end = list->used; s <= to; s++)
        start[s] = end = start[s] > end ? start[s] : end;
    if (taken > 0)
        memcpy(list->cell + list->used, input->cell + first, taken * sizeof *list->cell);
    list->used += taken;
}

/* Lists the spikes from step `first` to step `last`, the end, by cell, steps ascending. */
static void spikes_by_cell(engine *e, activity *x, size_t cells, int64_t first, int64_t last) {
    const spike_list *const list = &x->spikes;
    const size_t from = list->start[(size_t)(first + (int64_t)e->head)];
    const size_t total = list->used - from;
    if (!reserve((void **)&x->cell_step, &x->cell_capacity, total, sizeof *x->cell_step)) {
        e->no_memory = true;
        memset(x->cell_start, 0, (cells + 1) * sizeof *x->cell_start);
        return;
    }
    size_t *const start = x->cell_start;
    memset(start, 0, (cells + 1) * sizeof *start);
    for (size_t q = from; q < list->used; q++)
        start[list->cell[q] + 1]++;
    for (size_t i = 0; i < cells; i++)
        start[i + 1] += start[i];
    size_t q = from;
    for (int64_t s = first; s <= last; s++)
        for (; q < list->start[(size_t)(s + (int64_t)e->head) + 1]; q++)
            x->cell_step[start[list->cell[q]]++] = (int32_t)s;
    /* each start[i] has moved to the start of i + 1 */
    memmove(start + 1, start, cells * sizeof *start);
    start[0] = 0;
}

#endif
