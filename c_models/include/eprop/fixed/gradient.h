/*! \file
 *  \brief Gradients in fixed point: rows of the backward filter, added exactly.
 *
 *  32-bit sums hold `budget` rows; the caller spills them into 64 bits before they could overflow
 *  (ep_spill() in rows.h, ep_gather_filter_rows()) and saturates once, when a gradient is complete (ep_collect()). ARM
 *  assembly: c_models/arm/rows.S.
 */
#ifndef EPROP_FIXED_GRADIENT_H
#define EPROP_FIXED_GRADIENT_H

#include "../number_fixed.h"

/*! \brief sum[j] += F[j]. */
static EP_INLINE void ep_add_filter_row(size_t n, const int32_t *restrict F,
                                        int32_t *restrict sum) {
    for (size_t j = 0; j < n; j++)
        sum[j] += F[j];
}

/*! \brief wide[j] += sum over q < count of F[place[q] + j], the sum in 32 bits.
 *  \param[in] n number of cells
 *  \param[in] count of rows, at most what ep_row_budget() says
 *  \param[in] place where they begin
 *  \param[in,out] wide exact sums
 */
static EP_INLINE void ep_gather_filter_rows(size_t n, size_t count, const uint16_t *restrict place,
                                            const int32_t *restrict F, int64_t *restrict wide) {
    for (size_t j = 0; j < n; j++) {
        int32_t sum = 0;
        for (size_t q = 0; q < count; q++)
            sum += F[place[q] + j];
        wide[j] += sum;
    }
}

/*! \brief Brings complete gradients within -limit .. limit; how many were outside. */
static inline uint32_t ep_limit_gradients(size_t n, int32_t limit, int32_t *gradient) {
    uint32_t saturated = 0;
    for (size_t q = 0; q < n; q++) {
        const int32_t g = gradient[q];
        saturated += g > limit || g < -limit;
        gradient[q] = g > limit ? limit : g < -limit ? -limit : g;
    }
    return saturated;
}

/*! \brief Rows that a 32-bit sum surely holds, if no |F| is above the or of all |F| seen. */
static EP_INLINE size_t ep_row_budget(uint32_t magnitudes) {
    return (size_t)1 << (magnitudes == 0 ? 30 : ep_leading_zeros(magnitudes) - 1);
}

#endif
