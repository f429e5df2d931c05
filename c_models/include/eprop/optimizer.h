/*! \file
 *  \brief Optimiser steps over a run of weights (Kingma and Ba, 2014, algorithm 1; SGD).
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_OPTIMIZER_H
#define EPROP_OPTIMIZER_H

#include <stddef.h>

#include "optimizer_kind.h"

/*! \brief Constants of one update.
 *
 *  Adam: w -= rate m / (sqrt(v variance_scale) + eps). With eps outside the bias-corrected root,
 *  rate = lr / (1 - beta1^u) and variance_scale = 1 / (1 - beta2^u); with eps_hat,
 *  rate = lr sqrt(1 - beta2^u) / (1 - beta1^u) and variance_scale = 1.
 */
typedef struct {
    enum ep_optimizer_kind kind;
    ep_moment beta1, one_minus_beta1, beta2, one_minus_beta2;
    ep_moment rate, variance_scale, eps;
    ep_weight w_min, w_max;
} ep_optimizer_step;

/*! \brief One step of n weights.
 *  \param[in] n number of weights
 *  \param[in] step constants of this update
 *  \param[in] gradient dE/dw
 *  \param[in,out] weight the weights
 *  \param[in,out] m first moments (Adam only)
 *  \param[in,out] v second moments (Adam only)
 */
static EP_INLINE void ep_optimize(size_t n, const ep_optimizer_step *step,
                                  const ep_gradient *restrict gradient,
                                  ep_weight *restrict weight, ep_moment *restrict m,
                                  ep_moment *restrict v) {
    if (step->kind == EP_ADAM) {
        const ep_optimizer_step s = *step;
        for (size_t q = 0; q < n; q++) {
            const ep_gradient g = gradient[q];
            const ep_moment first = s.beta1 * m[q] + s.one_minus_beta1 * g;
            const ep_moment second = s.beta2 * v[q] + s.one_minus_beta2 * (g * g);
            m[q] = first;
            v[q] = second;
            weight[q] -= s.rate * first / (ep_sqrt(second * s.variance_scale) + s.eps);
        }
    } else if (step->kind == EP_SGD) {
        const ep_moment rate = step->rate;
        for (size_t q = 0; q < n; q++)
            weight[q] -= rate * gradient[q];
    }
}

/*! \brief Clip n weights to the bounds of the projection. */
static EP_INLINE void ep_clip(size_t n, const ep_optimizer_step *step, ep_weight *restrict weight) {
    const ep_weight low = step->w_min, high = step->w_max;
    for (size_t q = 0; q < n; q++) {
        const ep_weight w = weight[q];
        weight[q] = w < low ? low : w > high ? high : w;
    }
}

#endif
