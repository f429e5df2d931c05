/*! \file
 *  \brief Leaky readouts and their errors (paper, eq. 41; docs/equations.md).
 *
 *      y_k^t = kappa y_k^{t-1} + arrivals + b_k
 *      squared error:  E += 1/2 (y - y*)^2           err = y - y*
 *      cross-entropy:  E -= pi* log softmax(y)       err = softmax(y) - pi*
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_READOUT_H
#define EPROP_READOUT_H

#include <stddef.h>

/*! \brief Decay and bias, before the arrivals are added.
 *  \param[in] n number of readouts
 *  \param[in] kappa decay
 *  \param[in] bias b_k
 *  \param[in,out] y readouts
 */
static EP_INLINE void ep_readout_decay(size_t n, ep_decay kappa, const ep_state *restrict bias,
                                       ep_state *restrict y) {
    for (size_t k = 0; k < n; k++)
        y[k] = kappa * y[k] + bias[k];
}

/*! \brief Errors of the squared loss.
 *  \param[in] n number of readouts
 *  \param[in] y readouts
 *  \param[in] target y*, NaN for none
 *  \param[out] error err_k, 0 without a target
 *  \return this step's share of E
 */
static inline double ep_squared_error(size_t n, const ep_state *y, const ep_state *target,
                                      ep_signal *error) {
    double loss = 0.0;
    for (size_t k = 0; k < n; k++) {
        const ep_signal difference = y[k] - target[k];
        error[k] = target[k] == target[k] ? difference : (ep_signal)0;
        loss += 0.5 * (double)error[k] * (double)error[k];
    }
    return loss;
}

/*! \brief Errors of the cross-entropy loss; a step has targets for all readouts or for none.
 *  \param[in] n number of readouts
 *  \param[in] y readouts
 *  \param[in] target pi*, NaN for none
 *  \param[out] error err_k, 0 without a target
 *  \return this step's share of E
 */
static inline double ep_cross_entropy_error(size_t n, const ep_state *y, const ep_state *target,
                                            ep_signal *error) {
    if (target[0] != target[0]) {
        for (size_t k = 0; k < n; k++)
            error[k] = (ep_signal)0;
        return 0.0;
    }
    ep_state largest = y[0];
    for (size_t k = 1; k < n; k++)
        largest = y[k] > largest ? y[k] : largest;
    ep_state sum = (ep_state)0;
    for (size_t k = 0; k < n; k++) {
        error[k] = ep_exp(y[k] - largest);
        sum += error[k];
    }
    const ep_state log_sum = ep_log(sum);
    double loss = 0.0;
    for (size_t k = 0; k < n; k++) {
        loss -= (double)target[k] * (double)(y[k] - largest - log_sum);
        error[k] = error[k] / sum - target[k];
    }
    return loss;
}

#endif
