/*! \file
 *  \brief Updates are not shared in fixed point; engine.h says what each function would do.
 */
#ifndef EPROP_FIXED_SHARE_H
#define EPROP_FIXED_SHARE_H

#include "../core/types.h"

static int core_share_counts(const engine *e, int64_t *out) {
    (void)e;
    (void)out;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_begin(engine *e, int64_t steps, int64_t trials, const int64_t *counts) {
    (void)e;
    (void)steps;
    (void)trials;
    (void)counts;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_rows(const engine *e, int32_t index, int64_t first, int64_t rows, void **data,
                           int64_t *bytes) {
    (void)e;
    (void)index;
    (void)first;
    (void)rows;
    (void)data;
    (void)bytes;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_add(engine *e, int32_t index, int64_t first, int64_t rows) {
    (void)e;
    (void)index;
    (void)first;
    (void)rows;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_biases(engine *e, int32_t index, void **data, int64_t *bytes) {
    (void)e;
    (void)index;
    (void)data;
    (void)bytes;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_add_biases(engine *e, int32_t index) {
    (void)e;
    (void)index;
    return EPROP_BAD_ARGUMENT;
}

static int core_share_end(engine *e) {
    (void)e;
    return EPROP_BAD_ARGUMENT;
}

#endif
