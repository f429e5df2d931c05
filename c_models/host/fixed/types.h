/*! \file
 *  \brief Types of the engine's data in fixed point; formats: eprop/number_fixed.h.
 */
#ifndef EPROP_FIXED_TYPES_H
#define EPROP_FIXED_TYPES_H

#include "eprop/fixed/analog.h"
#include "eprop/fixed/clopath.h"
#include "eprop/fixed/filter.h"
#include "eprop/fixed/gradient.h"
#include "eprop/fixed/neuron.h"
#include "eprop/fixed/optimizer.h"
#include "eprop/fixed/readout.h"
#include "eprop/fixed/rows.h"

#include "numbers.h"

typedef int32_t ep_state;
typedef int32_t ep_decay;
typedef int16_t ep_weight;
typedef int16_t ep_analog;
/* the filter's F; before that, h, of 16 bits, takes the first half of a row */
#if defined(__GNUC__)
typedef int32_t __attribute__((may_alias)) ep_history;
#else
typedef int32_t ep_history;
#endif
typedef int32_t ep_signal;
typedef int32_t ep_gradient;
typedef int32_t ep_moment;
typedef uint64_t ep_variance;
typedef int32_t ep_lane; /* `refractory` holds the status of a cell, `fired` stays unused */

#define EP_LANES 8

/* Neighbouring cells of a tile with the same parameters: what a kernel handles in one call. */
typedef struct {
    size_t first, count;
    ep_cells cells;
    ep_filter filter;
} cell_group;

#define EP_POPULATION_FIELDS                                                                    \
    cell_group *groups;                                                                         \
    size_t group_count;                                                                         \
    int32_t signal_bits, filter_bits, slope_bits; /* g, f, p */                                 \
    int32_t value_bits;   /* of analog sources */                                               \
    int32_t *bias_master;                                                                       \
    uint32_t *magnitudes; /* or of all |F| of each (rule, tile, slot) */                        \
    int64_t *saturated;   /* by enum eprop_saturation */
#define EP_BLOCK_FIELDS                                                                         \
    int32_t *master;                                                                            \
    int32_t weight_bits;  /* s */                                                               \
    int32_t multiplicity; /* most synapses of one pair of cells */                              \
    int64_t *product;     /* sum of x F, from analog sources */                                 \
    int64_t *saturated;
#define EP_SIGNAL_FIELDS                                                                        \
    int32_t *feedback; /* B, (windows, cells, readouts) */                                      \
    int32_t feedback_bits;
#define EP_ACTIVITY_FIELDS                                                                      \
    int32_t *input; /* arrivals of the step in progress */                                      \
    int64_t *wide;  /* into which they spill */

#include "../core/types.h"

#define TILE NARROW_TILE /* the one width of tiles in fixed point */

/* Counts saturated values; tiles and trials may do so at the same time. */
static void count_saturated(int64_t *saturated, enum eprop_saturation what, uint64_t count) {
    if (count == 0)
        return;
#if defined(__GNUC__)
    __atomic_fetch_add(&saturated[what], (int64_t)count, __ATOMIC_RELAXED);
#else
    saturated[what] += (int64_t)count;
#endif
}

/* Used for exact sums of integers. */
static double ep_to_double(int32_t value) { return (double)value; }

#endif
