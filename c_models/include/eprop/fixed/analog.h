/*! \file
 *  \brief Analog inputs in fixed point: 16-bit values times rows of 16-bit weights, and gradients.
 *
 *  What arrives from a frame of values is summed exactly, in 64 bits, and rounded once to the
 *  format of arrivals. Its gradient is an exact sum, too: of a value times the filter rows of the
 *  frame's steps; it is rounded once, at the end of an update.
 */
#ifndef EPROP_FIXED_ANALOG_H
#define EPROP_FIXED_ANALOG_H

#include "../number_fixed.h"

#define EP_FRAME_STEPS 65536                  /*!< most steps of a frame summed in one go */
#define EP_PRODUCT_LIMIT (INT64_C(1) << 61)   /*!< of sums of products, between two additions */

/*! \brief sum[j] += x row[j]. */
static EP_INLINE void ep_add_value_row(size_t n, int16_t x, const int16_t *restrict row,
                                       int64_t *restrict sum) {
    for (size_t j = 0; j < n; j++)
        sum[j] += (int32_t)x * row[j];
}

/*! \brief sum / 2^bits, rounded, halves up, within -limit .. limit. bits may be negative. */
static EP_INLINE int32_t ep_round_product(int64_t sum, int32_t bits, int32_t limit) {
    const int64_t high = (int64_t)limit << (bits > 0 ? bits : 0);
    const int64_t bounded = sum > high ? high : sum < -high ? -high : sum;
    if (bits <= 0) {
        const int64_t scaled = bounded * (INT64_C(1) << -bits);
        return (int32_t)(scaled > limit ? limit : scaled < -limit ? -limit : scaled);
    }
    return (int32_t)((bounded + (INT64_C(1) << (bits - 1))) >> bits);
}

/*! \brief Takes the sums of a frame (which become 0) into the format of arrivals.
 *  \param[in] bits after the point of weights and values together
 */
static inline void ep_close_frame(size_t n, int32_t bits, int64_t *restrict sum,
                                  int32_t *restrict arrivals) {
    for (size_t j = 0; j < n; j++) {
        arrivals[j] = ep_round_product(sum[j], bits - EP_STATE_BITS, EP_LIMIT - 1);
        sum[j] = 0;
    }
}

/*! \brief product[j] += x sum[j]. */
static EP_INLINE void ep_add_products(size_t n, int16_t x, const int64_t *restrict sum,
                                      int64_t *restrict product) {
    for (size_t j = 0; j < n; j++)
        product[j] += x * sum[j];
}

/*! \brief product[j] += x sum[j], for sums of so few rows that 32 bits hold them. */
static EP_INLINE void ep_add_small_products(size_t n, int16_t x, const int32_t *restrict sum,
                                            int64_t *restrict product) {
    for (size_t j = 0; j < n; j++)
        product[j] += (int64_t)x * sum[j];
}

/*! \brief Brings sums of products back within their limit. */
static EP_INLINE void ep_limit_products(size_t n, int64_t *product) {
    for (size_t j = 0; j < n; j++)
        product[j] = product[j] > EP_PRODUCT_LIMIT    ? EP_PRODUCT_LIMIT
                     : product[j] < -EP_PRODUCT_LIMIT ? -EP_PRODUCT_LIMIT
                                                      : product[j];
}

#endif
