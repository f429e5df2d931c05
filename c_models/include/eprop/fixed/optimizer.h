/*! \file
 *  \brief Optimiser steps in fixed point (Kingma and Ba, 2014, algorithm 1; SGD).
 *
 *      m <- m + (1 - beta1) (g - m)        v <- v + (1 - beta2) (g^2 - v)
 *      w <- w - rate m / (sqrt(v) + eps)
 *
 *  with rate = lr sqrt(1 - beta2^u) / (1 - beta1^u) of update u and eps scaled to match. g and m
 *  are Qf, v is Q2f, w is the master weight. 1 / sqrt(v) comes from a table of chords, relative
 *  error 1.2e-5; there is no division.
 *
 *  Rounding holds m at a few units when no gradient follows, while v decays: without a remedy the
 *  weight would drift for ever. So no step is made for |m| <= idle, the largest m that can stay,
 *  and sqrt(v) counts as at least 2^floor units.
 */
#ifndef EPROP_FIXED_OPTIMIZER_H
#define EPROP_FIXED_OPTIMIZER_H

#include "../number_fixed.h"
#include "../optimizer_kind.h"
#include "constants.h"
#include "tables.h"

/*! \brief 1 / sqrt(x) as Q31, for x in [1, 4) as Q30. */
static EP_INLINE int32_t ep_inverse_root(uint32_t x) {
    const uint32_t entry = ep_root_table[(x >> 24) - 64];
    const uint32_t fall = (x >> 8 & 0xffff) * (entry & 0xffff) >> 8;
    return (int32_t)((((entry >> 16) | 0x10000) << 14) - fall);
}

/*! \brief value 2^shift within 32 bits. */
static EP_INLINE int32_t ep_shift_saturated(int32_t value, int shift) {
    const int32_t limit = INT32_MAX >> shift;
    return value > limit ? INT32_MAX : value < -limit ? -INT32_MAX : ep_shift_left(value, shift);
}

/*! \brief 1 / (1 + r) as Q31, for r >= 0 as Q16. */
static EP_INLINE int32_t ep_inverse_of_more(uint32_t r) {
    const uint32_t x = r + 0x10000 < r ? UINT32_MAX : r + 0x10000; /* Q16, >= 1 */
    const int zeros = ep_leading_zeros(x);
    const uint32_t u = x << zeros; /* [0.5, 1) as Q32 */
    uint32_t inverse = UINT32_C(3031741621) - (uint32_t)(((uint64_t)u * UINT32_C(2021161081)) >> 32);
    for (int step = 0; step < 3; step++) {
        const uint32_t product = (uint32_t)(((uint64_t)u * inverse) >> 32);
        inverse = (uint32_t)(((uint64_t)inverse * (UINT32_C(0x80000000) - product)) >> 30);
    }
    /* 1 / x = inverse 2^(zeros - 16 - 30); x >= 1 has at most 15 zeros */
    const uint32_t result = inverse >> (15 - zeros);
    return (int32_t)(result > INT32_MAX ? INT32_MAX : result);
}

/*! \brief The change of one weight; m and v take their next values.
 *
 *  m / sqrt(v) is a Q(29 - ratio_bits); times `rate`, a Q32 of it that yields units of the master
 *  weight, and shifted by rate_shift. `plain`: eps and rate_shift are 0, and beta1 is above 0.5.
 */
static EP_INLINE int32_t ep_adam_change(const ep_optimizer_step *step, int plain, int32_t gradient,
                                        int32_t *restrict m, uint64_t *restrict v) {
    const int32_t m_before = *m, m_change = gradient - m_before;
    const int32_t m_whole = plain ? 0 : ep_whole(m_change, step->one_minus_beta1);
    const int32_t m_now = ep_mac(m_before + m_whole, m_change, step->one_minus_beta1);
    *m = m_now;
    const int64_t v_change = (int64_t)gradient * gradient - (int64_t)*v;
    const uint64_t low = (uint64_t)(uint32_t)v_change * (uint32_t)step->one_minus_beta2;
    const uint64_t high = (uint64_t)((int64_t)(int32_t)(v_change >> 32) * step->one_minus_beta2);
    const uint64_t v_now = *v + high + (uint32_t)((low + UINT32_C(0x80000000)) >> 32);
    *v = v_now;
    if ((uint32_t)(m_now + step->idle) <= 2 * (uint32_t)step->idle)
        return 0;
    /* sqrt(v) = 2^exponent sqrt(x), x in [1, 4) as Q30 */
    const uint32_t v_high = (uint32_t)(v_now >> 32), v_low = (uint32_t)v_now;
    uint32_t x;
    int exponent;
    if (v_high != 0) {
        const int zeros = ep_leading_zeros(v_high) & ~1;
        exponent = 31 - (zeros >> 1);
        x = v_high << zeros | (v_low >> 1) >> (31 - zeros);
    } else {
        const int zeros = ep_leading_zeros(v_low | 1) & ~1;
        exponent = 15 - (zeros >> 1);
        x = v_low << zeros;
        if (exponent < step->floor) {
            exponent = step->floor;
            x = UINT32_C(1) << 30;
        }
    }
    int32_t root = ep_inverse_root(x);
    if (!plain && step->eps != 0) {
        /* 1 / (sqrt(v) + eps) = root / (1 + eps root) */
        const uint64_t relative = ((uint64_t)step->eps * (uint32_t)root) >> 23; /* Q16 2^exponent */
        const uint64_t share = relative >> exponent;
        root = ep_mul(root, ep_inverse_of_more(share > UINT32_MAX ? UINT32_MAX : (uint32_t)share));
        root = ep_shift_left(root, 1);
    }
    const int shift = 30 - step->ratio_bits - exponent;
    const int32_t scaled = shift >= 0 ? ep_shift_left(m_now, shift) : m_now >> -shift;
    const int32_t change = ep_mul(ep_mul(scaled, root), step->rate);
    return plain ? change : ep_shift_saturated(change, step->rate_shift);
}

/*! \brief The weight that travels: a master weight rounded to 16 bits, saturated. */
static EP_INLINE int16_t ep_wire_weight(int32_t master) {
    return (int16_t)(ep_add_saturated(master, INT32_C(1) << (EP_MASTER_SHIFT - 1)) >>
                     EP_MASTER_SHIFT);
}

/*! \brief Whether a master weight stands at the edge of its format. */
static EP_INLINE int ep_at_edge(int32_t master) {
    return (master ^ (master >> 31)) == INT32_MAX;
}

/*! \brief A master weight less a change, and the weight that travels; counts those at the edge. */
static EP_INLINE void ep_step_weight(int32_t change, int32_t *restrict master,
                                     int16_t *restrict weight, uint32_t *saturated) {
    const int32_t w = ep_subtract_saturated(*master, change);
    if (ep_at_edge(w))
        ++*saturated;
    *master = w;
    *weight = ep_wire_weight(w);
}

static EP_INLINE uint32_t ep_adam_as(size_t n, const ep_optimizer_step *step, int plain,
                                     const int32_t *restrict gradient, int32_t *restrict m,
                                     uint64_t *restrict v, int32_t *restrict master,
                                     int16_t *restrict weight) {
    uint32_t saturated = 0;
    for (size_t q = 0; q < n; q++) {
        const int32_t change = ep_adam_change(step, plain, gradient[q], &m[q], &v[q]);
        ep_step_weight(change, &master[q], &weight[q], &saturated);
    }
    return saturated;
}

/*! \brief One Adam step of n weights.
 *  \param[in] n number of weights
 *  \param[in] step constants of this update
 *  \param[in] gradient dE/dw, within +-EP_GRADIENT_LIMIT
 *  \param[in,out] m,v moments
 *  \param[in,out] master master weights
 *  \param[out] weight the same for the wire
 *  \return how many weights stand at the edge of the format
 */
static inline uint32_t ep_adam(size_t n, const ep_optimizer_step *step,
                               const int32_t *restrict gradient, int32_t *restrict m,
                               uint64_t *restrict v, int32_t *restrict master,
                               int16_t *restrict weight) {
    if (step->eps == 0 && step->rate_shift == 0 && step->one_minus_beta1 > 0)
        return ep_adam_as(n, step, 1, gradient, m, v, master, weight);
    return ep_adam_as(n, step, 0, gradient, m, v, master, weight);
}

/*! \brief One step of gradient descent: rate is the learning rate 2^-rate_shift as Q32.
 *
 *  The caller limits the gradient so that a step is within 32 bits (ep_sgd_limit()).
 */
static inline uint32_t ep_sgd(size_t n, const ep_optimizer_step *step,
                              const int32_t *restrict gradient, int32_t *restrict master,
                              int16_t *restrict weight) {
    const int32_t rate = step->rate, shift = step->rate_shift;
    uint32_t saturated = 0;
    for (size_t q = 0; q < n; q++) {
        const int32_t change = ep_shift_left(ep_mul(gradient[q], rate), shift);
        ep_step_weight(change, &master[q], &weight[q], &saturated);
    }
    return saturated;
}

/*! \brief The largest gradient whose step of gradient descent stays within 32 bits. */
static inline int32_t ep_sgd_limit(const ep_optimizer_step *step) {
    const int32_t largest = INT32_MAX >> step->rate_shift;
    int32_t limit = EP_GRADIENT_LIMIT;
    while (ep_mul(limit, step->rate) > largest)
        limit >>= 1;
    return limit;
}

/*! \brief Clip n weights to the bounds of the projection. */
static inline void ep_clip(size_t n, const ep_optimizer_step *step, int32_t *restrict master,
                           int16_t *restrict weight) {
    const int32_t low = step->w_min, high = step->w_max;
    for (size_t q = 0; q < n; q++) {
        const int32_t w = master[q];
        master[q] = w < low ? low : w > high ? high : w;
        weight[q] = ep_wire_weight(master[q]);
    }
}

#endif
