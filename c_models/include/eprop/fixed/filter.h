/*! \file
 *  \brief The backward filter of e-prop in fixed point: one step, for a block of cells.
 *
 *      G_j^t        = sum_k B_jk err_k^t + kappa G_j^{t+1}
 *      c_j^t        = h_j^t (G_j^t + C_j + beta mu_j^{t+1})
 *      mu_j^t       = rho mu_j^{t+1} - c_j^t                  (adaptive cells; lambda = beta mu)
 *      F_j^{t-1}    = c_j^t + alpha F_j^t
 *
 *  lambda / beta is kept instead of lambda, so that no product of beta leaves 32 bits. With heights
 *  of 0.5 and more, c and F have k bits fewer than G: c is h 2^-k G. Nothing passes between cells.
 */
#ifndef EPROP_FIXED_FILTER_H
#define EPROP_FIXED_FILTER_H

#include "../number_fixed.h"
#include "constants.h"

/*! \brief Limit of mu: EP_LIMIT / 2^beta_shift. */
static EP_INLINE int32_t ep_mu_limit(const ep_filter *filter) {
    return EP_LIMIT >> filter->beta_shift;
}

/*! \brief State of a cell's filter. */
typedef struct {
    int32_t C;  /*!< rate term, Qg */
    int32_t F;  /*!< F^t, Qf */
    int32_t mu; /*!< lambda / beta, Qf; adaptive cells only */
} ep_filter_state;

static EP_INLINE uint32_t ep_filter_signal_as(size_t n, size_t readouts, int slow, int32_t kappa,
                                              const int32_t *restrict feedback,
                                              const int32_t *restrict error,
                                              int32_t *restrict G) {
    uint32_t outside = 0;
    for (size_t j = 0; j < n; j++) {
        const int32_t before = G[j];
        const int32_t whole = slow ? ep_whole(before, kappa) : before;
        uint64_t sum = (uint64_t)(uint32_t)whole << 32 | UINT32_C(0x80000000);
        sum += (uint64_t)((int64_t)before * kappa);
        EP_UNROLL
        for (size_t k = 0; k < readouts; k++)
            sum += (uint64_t)((int64_t)feedback[k] * error[k]);
        feedback += readouts;
        const int32_t g = (int32_t)(uint32_t)(sum >> 32);
        G[j] = g;
        outside |= (uint32_t)g + EP_LIMIT;
    }
    return outside;
}

/*! \brief G <- L + kappa G for n cells, L = sum_k B_jk err_k, rounded once.
 *  \param[in] n number of cells
 *  \param[in] readouts number of readouts
 *  \param[in] kappa their decay
 *  \param[in] feedback B, cell by cell
 *  \param[in] error err_k scaled to Q(g + 32 - b)
 *  \param[in,out] G filtered learning signal, Qg
 *  \return how many values saturated
 */
static inline uint32_t ep_filter_signal(size_t n, size_t readouts, int32_t kappa,
                                        const int32_t *restrict feedback,
                                        const int32_t *restrict error, int32_t *restrict G) {
    uint32_t outside;
    if (kappa < 0 && readouts == 1)
        outside = ep_filter_signal_as(n, 1, 0, kappa, feedback, error, G);
    else if (kappa < 0 && readouts == 2)
        outside = ep_filter_signal_as(n, 2, 0, kappa, feedback, error, G);
    else if (kappa < 0 && readouts == 3)
        outside = ep_filter_signal_as(n, 3, 0, kappa, feedback, error, G);
    else
        outside = ep_filter_signal_as(n, readouts, 1, kappa, feedback, error, G);
    return ep_outside(outside) ? ep_saturate(n, EP_LIMIT, G) : 0;
}

/* `row`: gets F^{t-1}, too, unless it is NULL. Returns the magnitudes of all F, gathered. */
static EP_INLINE uint32_t ep_filter_lif_as(size_t n, int slow, const ep_filter *filter,
                                           const uint16_t *restrict h, const int32_t *restrict G,
                                           ep_filter_state *restrict state,
                                           int32_t *restrict row) {
    const int32_t alpha = filter->alpha, h_shift = filter->h_shift;
    uint32_t magnitudes = 0;
    for (size_t j = 0; j < n; j++) {
        const int32_t before = state[j].F;
        const int32_t c = ep_mac(slow ? ep_whole(before, alpha) : before,
                                 ep_shift_left(h[j], h_shift), G[j] + state[j].C);
        const int32_t f = ep_mac(c, before, alpha);
        state[j].F = f;
        if (row != NULL)
            row[j] = f;
        magnitudes |= ep_magnitude(f);
    }
    return magnitudes;
}

/*! \brief One step of LIF cells.
 *  \param[in] n number of cells
 *  \param[in] filter constants
 *  \param[in] h pseudo-derivatives of step t
 *  \param[in] G filtered learning signal of step t
 *  \param[in,out] state F^t, becomes F^{t-1}
 *  \return how many values saturated
 */
static inline uint32_t ep_filter_lif(size_t n, const ep_filter *filter, const uint16_t *restrict h,
                                     const int32_t *restrict G, ep_filter_state *restrict state) {
    const uint32_t magnitudes = filter->alpha < 0
                                    ? ep_filter_lif_as(n, 0, filter, h, G, state, NULL)
                                    : ep_filter_lif_as(n, 1, filter, h, G, state, NULL);
    uint32_t saturated = 0;
    for (size_t j = 0; magnitudes >= EP_LIMIT && j < n; j++)
        saturated += ep_saturate(1, EP_LIMIT, &state[j].F);
    return saturated;
}

static EP_INLINE uint32_t ep_filter_alif_as(size_t n, int slow, const ep_filter *filter,
                                            const uint16_t *restrict h, const int32_t *restrict G,
                                            ep_filter_state *restrict state,
                                            int32_t *restrict row,
                                            uint32_t *restrict mu_outside) {
    const int32_t alpha = filter->alpha, rho = filter->rho, beta = filter->beta;
    const int32_t beta_shift = filter->beta_shift, h_shift = filter->h_shift;
    const uint32_t mu_limit = (uint32_t)ep_mu_limit(filter);
    uint32_t magnitudes = 0, mu_gathered = 0;
    for (size_t j = 0; j < n; j++) {
        const int32_t f_before = state[j].F, mu_before = state[j].mu;
        const int32_t x = ep_mac(G[j] + state[j].C, ep_shift_left(mu_before, beta_shift), beta);
        const int32_t c = ep_mul(ep_shift_left(h[j], h_shift), x);
        const int32_t f =
            ep_mac(c + (slow ? ep_whole(f_before, alpha) : f_before), f_before, alpha);
        state[j].F = f;
        if (row != NULL)
            row[j] = f;
        magnitudes |= ep_magnitude(f);
        const int32_t mu =
            ep_mac((slow ? ep_whole(mu_before, rho) : mu_before) - c, mu_before, rho);
        state[j].mu = mu;
        mu_gathered |= (uint32_t)mu + mu_limit;
    }
    *mu_outside = mu_gathered;
    return magnitudes;
}

/*! \brief One step of adaptive cells; as ep_filter_lif(), with mu. */
static inline uint32_t ep_filter_alif(size_t n, const ep_filter *filter, const uint16_t *restrict h,
                                      const int32_t *restrict G, ep_filter_state *restrict state) {
    const int32_t mu_limit = ep_mu_limit(filter);
    uint32_t mu_outside;
    const uint32_t magnitudes =
        filter->alpha < 0 && filter->rho < 0
            ? ep_filter_alif_as(n, 0, filter, h, G, state, NULL, &mu_outside)
            : ep_filter_alif_as(n, 1, filter, h, G, state, NULL, &mu_outside);
    uint32_t saturated = 0;
    if (magnitudes >= EP_LIMIT || mu_outside >= 2 * (uint32_t)mu_limit)
        for (size_t j = 0; j < n; j++)
            saturated +=
                ep_saturate(1, EP_LIMIT, &state[j].F) + ep_saturate(1, mu_limit, &state[j].mu);
    return saturated;
}

/*! \brief g <- err + kappa g for n readouts.
 *  \param[in] error err_k, Qf, within +-EP_TERM_LIMIT
 *  \param[in,out] g filtered error, Qf
 *  \return how many values saturated
 */
static inline uint32_t ep_filter_error(size_t n, int32_t kappa, const int32_t *restrict error,
                                       int32_t *restrict g) {
    uint32_t outside = 0;
    for (size_t k = 0; k < n; k++) {
        const int32_t now = ep_mac(error[k] + ep_whole(g[k], kappa), g[k], kappa);
        g[k] = now;
        outside |= (uint32_t)now + EP_LIMIT;
    }
    return ep_outside(outside) ? ep_saturate(n, EP_LIMIT, g) : 0;
}

/*! \brief C = c_reg (f - f_target) of cells with common parameters, within +-EP_TERM_LIMIT.
 *  \param[in] spikes of the update
 *  \param[in] gain change with each spike, Q(g + 8)
 *  \param[in] offset value without spikes, Q(g + 8)
 *  \param[in,out] saturated counts values that were limited
 */
static EP_INLINE int32_t ep_rate_term(int32_t spikes, int32_t gain, int64_t offset,
                                      uint32_t *saturated) {
    const int64_t term = ((int64_t)spikes * gain + offset + 128) >> 8;
    *saturated += term > EP_TERM_LIMIT || term < -EP_TERM_LIMIT;
    return term > EP_TERM_LIMIT    ? EP_TERM_LIMIT
           : term < -EP_TERM_LIMIT ? -EP_TERM_LIMIT
                                   : (int32_t)term;
}

/*! \brief value 2^shift rounded, within +-limit (at most 2^31 - 1). */
static EP_INLINE int32_t ep_rescale(int32_t value, int shift, int32_t limit, uint32_t *saturated) {
    const int64_t wide = shift >= 0 ? (int64_t)value * (INT64_C(1) << shift)
                                    : ((int64_t)value + (INT64_C(1) << (-shift - 1))) >> -shift;
    *saturated += wide > limit || wide < -limit;
    return wide > limit ? limit : wide < -limit ? -limit : (int32_t)wide;
}

#endif
