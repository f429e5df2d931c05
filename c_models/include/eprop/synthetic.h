/*! \file
 *  \brief Elementwise parts of the error module: rectified hidden units, errors of its predictions.
 *
 *  hidden = max(0, W_1^T (h, state) + b_1), SG = W_2^T hidden + b_2 (eq. 64), trained with
 *  1/2 |SG - target|^2 (eq. 66). A floating-point number system header must be included first.
 */
#ifndef EPROP_SYNTHETIC_H
#define EPROP_SYNTHETIC_H

#include <stddef.h>

#include "vector.h"

/*! \brief Adds biases to n values. */
static EP_INLINE void ep_add_bias(size_t n, const ep_real *restrict bias, ep_real *restrict x) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++)
        x[k] += bias[k];
}

/*! \brief Adds biases to n values, and rectifies; not a number stays so. */
static EP_INLINE void ep_rectify(size_t n, const ep_real *restrict bias, ep_real *restrict x) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++) {
        const ep_real a = x[k] + bias[k];
        x[k] = a < (ep_real)0 ? (ep_real)0 : a;
    }
}

/*! \brief The errors of hidden units, 0 if they were rectified. */
static EP_INLINE void ep_rectify_back(size_t n, const ep_real *restrict hidden,
                                      ep_real *restrict error) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++)
        error[k] = hidden[k] > (ep_real)0 ? error[k] : (ep_real)0;
}

/*! \brief error = prediction - target of n outputs. */
static EP_INLINE void ep_prediction_error(size_t n, const ep_real *restrict prediction,
                                          const ep_real *restrict target,
                                          ep_real *restrict error) {
    EP_INDEPENDENT
    for (size_t k = 0; k < n; k++)
        error[k] = prediction[k] - target[k];
}

#endif
