/*! \file
 *  \brief Leaky readouts and their errors in fixed point (paper, eq. 41).
 *
 *      y_k^t = kappa y_k^{t-1} + arrivals + b_k
 *      squared error:  err = y - y*
 *      cross-entropy:  err = softmax(y) - pi*
 */
#ifndef EPROP_FIXED_READOUT_H
#define EPROP_FIXED_READOUT_H

#include "../number_fixed.h"
#include "tables.h"

#define EP_NO_TARGET INT32_MIN  /*!< a target that is missing */
#define EP_CLASSES 256          /*!< most readouts of a softmax */
#define EP_ENTROPY_LOSS_BITS 30 /*!< of ep_cross_entropy_loss() */

/*! \brief One step of n readouts.
 *  \param[in] n number of readouts
 *  \param[in] kappa decay
 *  \param[in] bias b_k, Q15, within +-EP_INPUT_LIMIT
 *  \param[in,out] input arrivals within +-EP_INPUT_LIMIT; becomes 0
 *  \param[in,out] y readouts, Q15
 *  \return how many values saturated
 */
static inline uint32_t ep_readout_step(size_t n, int32_t kappa, const int32_t *restrict bias,
                                       int32_t *restrict input, int32_t *restrict y) {
    uint32_t outside = 0;
    for (size_t k = 0; k < n; k++) {
        const int32_t y_before = y[k];
        const int32_t y_now = ep_mac(input[k] + bias[k] + ep_whole(y_before, kappa), y_before, kappa);
        input[k] = 0;
        y[k] = y_now;
        outside |= (uint32_t)y_now + EP_LIMIT;
    }
    return ep_outside(outside) ? ep_saturate(n, EP_LIMIT, y) : 0;
}

/*! \brief err_k = y_k - y*_k, or 0 if the target is EP_NO_TARGET; targets lie within EP_LIMIT. */
static EP_INLINE void ep_squared_error(size_t n, const int32_t *restrict y,
                                       const int32_t *restrict target, int32_t *restrict error) {
    for (size_t k = 0; k < n; k++)
        error[k] = target[k] == EP_NO_TARGET ? 0 : y[k] - target[k];
}

/*! \brief exp(-x / 2^15) as Q31, x >= 0; relative error 4e-6. */
static EP_INLINE uint32_t ep_exp_negative(uint32_t x) {
    if (x >= UINT32_C(22) << EP_STATE_BITS)
        return 0;
    /* x log2(e) = n + i / 128 + r with r centred: 2^-n table[i] (1 - ln(2) r) */
    const uint32_t exponent = (uint32_t)(((uint64_t)x * UINT32_C(3098164009)) >> 20); /* Q26 */
    const uint32_t entry = ep_exp_table[exponent >> 19 & 127];
    const int32_t r = (int32_t)(exponent & 0x7ffff) - 0x40000;
    const int32_t change = (int32_t)(((int64_t)r * INT32_C(744261118)) >> 24); /* ln(2) r, Q32 */
    const uint32_t power = entry - (uint32_t)(int32_t)(((int64_t)change * (int32_t)entry) >> 32);
    return power >> (exponent >> 26);
}

/*! \brief Errors of the cross-entropy loss: softmax(y) - target.
 *  \param[in] n number of readouts, 1 .. EP_CLASSES
 *  \param[in] y readouts, Q15
 *  \param[in] target pi*, Q15; EP_NO_TARGET in the first for a step without a target
 *  \param[out] error err_k, Q15, off by less than one unit
 */
static inline void ep_cross_entropy_error(size_t n, const int32_t *restrict y,
                                          const int32_t *restrict target,
                                          int32_t *restrict error) {
    if (target[0] == EP_NO_TARGET) {
        for (size_t k = 0; k < n; k++)
            error[k] = 0;
        return;
    }
    int32_t largest = y[0];
    for (size_t k = 1; k < n; k++)
        largest = y[k] > largest ? y[k] : largest;
    uint32_t sum = 0; /* Q23: 256 classes of at most 1 */
    for (size_t k = 0; k < n; k++) {
        const uint32_t power = ep_exp_negative((uint32_t)largest - (uint32_t)y[k]);
        error[k] = (int32_t)power;
        sum += (power + 0x80) >> 8;
    }
    /* 1 / sum: sum = u 2^(9 - zeros), u in [0.5, 1), Newton's steps for 1 / u in Q30 */
    const int zeros = ep_leading_zeros(sum);
    const uint32_t u = sum << zeros;
    uint32_t inverse = UINT32_C(3031741621) - (uint32_t)(((uint64_t)u * UINT32_C(2021161081)) >> 32);
    for (int step = 0; step < 3; step++) {
        const uint32_t product = (uint32_t)(((uint64_t)u * inverse) >> 32);
        inverse = (uint32_t)(((uint64_t)inverse * (UINT32_C(0x80000000) - product)) >> 30);
    }
    const int shift = 23 - zeros; /* power Q31, inverse Q30 2^(zeros - 9): >> 32 leaves Q29 + ... */
    const uint32_t half = UINT32_C(1) << (shift - 1);
    for (size_t k = 0; k < n; k++) {
        const uint32_t share = (uint32_t)(((uint64_t)(uint32_t)error[k] * inverse) >> 32);
        error[k] = (int32_t)((share + half) >> shift) - target[k];
    }
}

/*! \brief log2(x) as Q24, for x > 0 as Q23; off by less than 1.3e-7. */
static inline int32_t ep_log2(uint32_t x) {
    const int zeros = ep_leading_zeros(x);
    uint64_t u = (uint64_t)x << zeros; /* [1, 2) as Q31 */
    int32_t result = (8 - zeros) * (INT32_C(1) << 24);
    for (int32_t bit = INT32_C(1) << 23; bit != 0; bit >>= 1) { /* squares: a bit of the log each */
        u = (u * u) >> 31;
        if (u >> 32) {
            u >>= 1;
            result += bit;
        }
    }
    return result;
}

/*! \brief Cross-entropy of a step: -sum pi*_k log pi_k, Q30; 0 for a step without a target.
 *
 *  Like the error it is made of integers, so that core and host have the same loss. Parameters as in
 *  ep_cross_entropy_error(); off by less than 1e-5 for targets that sum to 1.
 */
static inline int64_t ep_cross_entropy_loss(size_t n, const int32_t *restrict y,
                                            const int32_t *restrict target) {
    if (target[0] == EP_NO_TARGET)
        return 0;
    int32_t largest = y[0];
    for (size_t k = 1; k < n; k++)
        largest = y[k] > largest ? y[k] : largest;
    uint32_t sum = 0; /* Q23 */
    for (size_t k = 0; k < n; k++)
        sum += (ep_exp_negative((uint32_t)largest - (uint32_t)y[k]) + 0x80) >> 8;
    /* the natural logarithm, Q24: ln(2) = 0xb17217f8 / 2^32 */
    const int64_t log_sum = (ep_log2(sum) * INT64_C(0xb17217f8)) >> 32;
    int64_t loss = 0; /* Q39 */
    for (size_t k = 0; k < n; k++)
        loss += target[k] * (log_sum + (((int64_t)largest - y[k]) << 9));
    return loss >> 9;
}

#endif
