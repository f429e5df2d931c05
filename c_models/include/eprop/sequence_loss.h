/*! \file
 *  \brief Losses of readouts over columns: each column is a step of a sequence.
 *
 *  Readouts are rows, so that sums over them go in their order whatever the vectors' width.
 *  A floating-point number system header must be included first.
 */
#ifndef EPROP_SEQUENCE_LOSS_H
#define EPROP_SEQUENCE_LOSS_H

#include <stddef.h>

#include "functions.h"

/*! \brief Cross-entropy of one readout of 0 or 1, in bits: E = -log2 of sigmoid(y) or 1 - sigmoid(y).
 *
 *  E = (max(y, 0) + log(1 + exp(-|y|)) - target y) / ln 2, dE/dy = (sigmoid(y) - target) / ln 2.
 *  \param[in] n columns
 *  \param[in] bias of the readout
 *  \param[in] target (n)
 *  \param[in,out] y without bias; then dE/dy
 *  \param[in,out] error of columns, to which this readout's is added
 */
static EP_INLINE void ep_binary_loss(size_t n, ep_real bias, const ep_real *restrict target,
                                     ep_real *restrict y, ep_real *restrict error) {
    const ep_real per_bit = EP_REAL(1.44269504088896340736);
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++) {
        const ep_real x = y[k] + bias, e = ep_exp_negative(-ep_abs(x));
        const ep_real positive = x < EP_REAL(0) ? EP_REAL(0) : x;
        const ep_real p = (x < EP_REAL(0) ? e : EP_REAL(1)) / (EP_REAL(1) + e);
        error[k] += (positive + ep_log1p_fraction(e) - target[k] * x) * per_bit;
        y[k] = (p - target[k]) * per_bit;
    }
}

/*! \brief Adds the bias of one class, and keeps the largest y so far.
 *  \param[in,out] y (n) of columns \param[in,out] largest (n)
 */
static EP_INLINE void ep_softmax_largest(size_t n, ep_real bias, ep_real *restrict y,
                                         ep_real *restrict largest) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++) {
        const ep_real x = y[k] + bias;
        y[k] = x;
        largest[k] = x > largest[k] ? x : largest[k];
    }
}

/*! \brief y <- exp(y - largest), added to the sum of its column; what was y is needed no more. */
static EP_INLINE void ep_softmax_sum(size_t n, const ep_real *restrict largest,
                                     ep_real *restrict y, ep_real *restrict sum) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++) {
        const ep_real e = ep_exp_negative(y[k] - largest[k]);
        y[k] = e;
        sum[k] += e;
    }
}

/*! \brief y <- y times a factor of its column: dE/dy of a class that is not the target. */
static EP_INLINE void ep_softmax_scale(size_t n, const ep_real *restrict factor,
                                       ep_real *restrict y) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++)
        y[k] *= factor[k];
}

#endif
