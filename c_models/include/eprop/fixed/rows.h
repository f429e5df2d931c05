/*! \file
 *  \brief Arrivals in fixed point: rows of 16-bit weights added exactly into 32-bit accumulators.
 *
 *  The accumulator has the state's format. A projection whose weights are Qs enters with the
 *  factor 2^(15 - s), so that projections of different scales share it. ARM assembly of the
 *  dense and the sparse row: c_models/arm/rows.S.
 *
 *  The caller adds up the factors of the rows of a step. Before the sum passes EP_ROW_BUDGET it
 *  calls ep_spill(), and in the end ep_collect(): the sum stays exact, and is saturated
 *  once, whatever the order of the spikes.
 */
#ifndef EPROP_FIXED_ROWS_H
#define EPROP_FIXED_ROWS_H

#include "../number_fixed.h"

/*! \brief input[j] += factor row[j].
 *  \param[in] n number of cells
 *  \param[in] row weights on the wire
 *  \param[in] factor 2^(15 - s), at most 2^14
 *  \param[in,out] input arrivals, Q15
 */
static EP_INLINE void ep_add_row(size_t n, const int16_t *restrict row, int16_t factor,
                                 int32_t *restrict input) {
    for (size_t j = 0; j < n; j++)
        input[j] += factor * row[j];
}

/*! \brief ep_add_row() for a sparse row; a synapse is target << 16 | weight. */
static EP_INLINE void ep_add_sparse_row(size_t n, const uint32_t *restrict synapse, int16_t factor,
                                        int32_t *restrict input) {
    for (size_t q = 0; q < n; q++) {
        const uint32_t word = synapse[q];
        input[word >> 16] += factor * (int16_t)word;
    }
}

/*! \brief ep_add_row() for a sparse row with targets and weights in arrays of their own. */
static EP_INLINE void ep_scatter_row(size_t n, const int32_t *restrict target,
                                     const int16_t *restrict weight, int16_t factor,
                                     int32_t *restrict input) {
    for (size_t q = 0; q < n; q++)
        input[target[q]] += factor * weight[q];
}

/*! \brief Moves 32-bit sums into 64-bit ones. */
static inline void ep_spill(size_t n, int32_t *restrict sum, int64_t *restrict wide) {
    for (size_t j = 0; j < n; j++) {
        wide[j] += sum[j];
        sum[j] = 0;
    }
}

/*! \brief Takes 64-bit sums (which become 0) and what was added since; how many saturate.
 *  \param[in] limit results lie in -limit .. limit
 */
static inline uint32_t ep_collect(size_t n, int32_t limit, int64_t *restrict wide,
                                  int32_t *restrict sum) {
    uint32_t saturated = 0;
    for (size_t j = 0; j < n; j++) {
        const int64_t total = wide[j] + sum[j];
        wide[j] = 0;
        saturated += total > limit || total < -limit;
        sum[j] = total > limit ? limit : total < -limit ? -limit : (int32_t)total;
    }
    return saturated;
}

#endif
