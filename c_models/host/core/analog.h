/*! \file
 *  \brief Values of analog sources: taken step by step, and kept as frames in which none changes.
 *
 *  Row s + head of a slot's values is step s, as with spike lists. `frame` names for each row the
 *  row at which its frame began: what arrives from a frame is computed once, and so is what its
 *  steps of a filter add up to. Frames follow from the values alone, however a run was cut.
 */
#ifndef EPROP_CORE_ANALOG_H
#define EPROP_CORE_ANALOG_H

#include "directions.h"
#include "memory.h"

/* In the number system (float/, fixed/): the values of a step. */
static void put_values(const population *p, const double *in, ep_analog *out);

/* Finds the frame of a row, whose values are there. */
static void find_frame(const population *p, activity *x, size_t row) {
    const ep_analog *const now = x->value + row * p->n;
    const bool same = row > 0 && memcmp(now, now - p->n, p->n * sizeof *now) == 0;
    x->frame[row] = same ? x->frame[row - 1] : (int32_t)row;
}

/* Sets the values of step s; NULL for 0. */
static void set_values(const engine *e, const population *p, activity *x, size_t s,
                       const double *in) {
    const size_t row = s + e->head;
    ep_analog *const out = x->value + row * p->n;
    if (in != NULL)
        put_values(p, in, out);
    else
        memset(out, 0, p->n * sizeof *out);
    find_frame(p, x, row);
}

/* Begins an interval: the last steps of `before` (or 0) become the steps before step 0. */
static void values_begin(const engine *e, const population *p, activity *x,
                         const activity *before) {
    const size_t bytes = e->head * p->n * sizeof *x->value;
    if (before != NULL)
        memmove(x->value, before->value + e->T * p->n, bytes);
    else
        memset(x->value, 0, bytes);
    for (size_t row = 0; row < e->head; row++)
        find_frame(p, x, row);
}

/* Takes the values of the steps from .. to of the interval that began at global step `begin`. in:
   those of the stretch, whose first row is its first step; NULL for 0. */
static void values_take(const engine *e, const population *p, activity *x, const double *in,
                        int64_t begin, size_t from, size_t to) {
    for (size_t s = from; s <= to; s++) {
        const int64_t row = begin + (int64_t)s - e->stretch_begin;
        set_values(e, p, x, s, in != NULL ? in + row * (int64_t)p->n : NULL);
    }
}

/* The row of the values that arrive through a block at step s; SIZE_MAX for none. */
static EP_INLINE size_t arriving_values(const engine *e, size_t slot, const block *b, int64_t s) {
    int64_t emitted;
    const bool any = emission_of(e, slot, b, s, &emitted);
    return any ? (size_t)(emitted + (int64_t)e->head) : SIZE_MAX;
}

/* The row of the step after, or before in a block that is turned. */
static EP_INLINE size_t next_row(const block *b, size_t row) { return b->turned ? row - 1 : row + 1; }

/* Room for what arrives from the frame in effect, for each block from a source of values. */
static EP_INLINE frame_arrivals *slot_frame(const engine *e, size_t slot, size_t block_index) {
    return &e->frames[slot * e->block_count + block_index];
}

/* Forgets what arrives from frames: weights or frames may be others than in the stretch before. */
static void forget_frames(const engine *e, size_t slot) {
    for (size_t k = 0; k < e->block_count; k++)
        slot_frame(e, slot, k)->row = SIZE_MAX;
}

#endif
