/*! \file
 *  \brief Gradients in fixed point: rows of the backward filter, added exactly.
 *
 *  32-bit sums hold `budget` rows; the caller spills them into 64 bits before they could overflow
 *  (ep_spill() in rows.h) and saturates once, when a gradient is complete (ep_collect()). ARM
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

/*! \brief Adds rows (count > 0) to eight sums kept in registers.
 *  \param[in] F filter, eight cells a row
 *  \param[in] row which rows
 */
static EP_INLINE void ep_add_filter_rows_8(size_t count, const uint16_t *restrict row,
                                           const int32_t *restrict F, int32_t *restrict sum) {
    int32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
    int32_t s4 = sum[4], s5 = sum[5], s6 = sum[6], s7 = sum[7];
    do {
        const int32_t *const f = F + 8 * (size_t)*row++;
        s0 += f[0];
        s1 += f[1];
        s2 += f[2];
        s3 += f[3];
        s4 += f[4];
        s5 += f[5];
        s6 += f[6];
        s7 += f[7];
    } while (--count != 0);
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
    sum[4] = s4;
    sum[5] = s5;
    sum[6] = s6;
    sum[7] = s7;
}

/*! \brief Rows that a 32-bit sum surely holds, if no |F| is above the or of all |F| seen. */
static EP_INLINE size_t ep_row_budget(uint32_t magnitudes) {
    return (size_t)1 << (magnitudes == 0 ? 30 : ep_leading_zeros(magnitudes) - 1);
}

#endif
