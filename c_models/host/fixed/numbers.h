/*! \file
 *  \brief Single numbers to and from fixed point, and factors between two formats.
 */
#ifndef EPROP_FIXED_NUMBERS_H
#define EPROP_FIXED_NUMBERS_H

#include <math.h>

#include "eprop/number_fixed.h"

/* value 2^bits rounded, within -2^31 + 1 .. 2^31 - 1. */
static inline int32_t to_fixed(double value, int bits) {
    const double scaled = nearbyint(ldexp(value, bits));
    return scaled >= 2147483647.0    ? INT32_MAX
           : scaled <= -2147483647.0 ? -INT32_MAX
                                     : (int32_t)scaled;
}

static inline double from_fixed(int64_t value, int bits) { return ldexp((double)value, -bits); }

/* A decay within 0 .. 1; those of 0.5 and more come out as d - 1. */
static inline int32_t to_decay(double decay) {
    const double scaled = nearbyint(ldexp(decay, 32));
    return (int32_t)(scaled >= 4294967295.0 ? UINT32_MAX : (uint32_t)scaled);
}

/* Brings weights with so many bits after the point to the format of the arrivals. */
static inline int32_t weight_factor(int weight_bits) {
    return INT32_C(1) << (EP_STATE_BITS - weight_bits);
}

/* One unit of a forward weight in the format of the feedback that follows it. */
static inline int32_t feedback_unit(int feedback_bits, int weight_bits) {
    return INT32_C(1) << (feedback_bits - weight_bits);
}

/* By how many bits errors are shifted for the readouts' own filter. */
static inline int32_t error_shift(int signal_bits) { return signal_bits - EP_STATE_BITS; }

/* By how many bits errors are shifted so that B err 2^-32 is a learning signal. */
static inline int32_t feedback_shift(int signal_bits, int feedback_bits) {
    return signal_bits + 32 - feedback_bits - EP_STATE_BITS;
}

#endif
