/*! \file
 *  \brief The backward filter of e-prop: one step, for a block of postsynaptic cells.
 *
 *      G_j^t      = L_j^t + kappa G_j^{t+1}
 *      c_j^t      = h_j^t (G_j^t + C_j + lambda_j^{t+1})
 *      lambda_j^t = rho lambda_j^{t+1} - beta c_j^t        (adaptive cells)
 *      F_j^{t-1}  = c_j^t + alpha F_j^t
 *
 *  It holds only what is local to cell j; nothing passes between cells. Derivation and proof of
 *  equality with the eligibility traces of eq. 22-28: docs/equations.md.
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_FILTER_H
#define EPROP_FILTER_H

#include <stddef.h>

/*! \brief G <- kappa G. */
static EP_INLINE void ep_filter_decay(size_t n, ep_decay kappa, ep_signal *restrict G) {
    for (size_t j = 0; j < n; j++)
        G[j] = kappa * G[j];
}

/*! \brief G <- G + B_k signal, the share of readout k in the learning signal.
 *  \param[in] n number of cells
 *  \param[in] feedback B_k of each cell
 *  \param[in] signal error (or output) of readout k
 *  \param[in,out] G filtered learning signal
 */
static EP_INLINE void ep_filter_signal(size_t n, const ep_weight *restrict feedback,
                                       ep_signal signal, ep_signal *restrict G) {
    for (size_t j = 0; j < n; j++)
        G[j] += feedback[j] * signal;
}

/*! \brief One step of LIF cells.
 *  \param[in] n number of cells
 *  \param[in] alpha decay of the membrane
 *  \param[in] G filtered learning signal
 *  \param[in] C rate term
 *  \param[in] h pseudo-derivatives of step t
 *  \param[in,out] F F^t, becomes F^{t-1}
 *  \param[out] out F^{t-1}; may be h itself
 */
static EP_INLINE void ep_filter_lif(size_t n, const ep_decay *restrict alpha,
                                    const ep_signal *restrict G, const ep_signal *restrict C,
                                    const ep_history *h, ep_signal *restrict F, ep_history *out) {
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_signal f = h[j] * (G[j] + C[j]) + alpha[j] * F[j];
        F[j] = f;
        out[j] = f;
    }
}

/*! \brief One step of adaptive cells; see ep_filter_lif().
 *  \param[in] rho decay of the adaptation
 *  \param[in] beta threshold increase
 *  \param[in,out] lambda lambda^{t+1}, becomes lambda^t
 */
static EP_INLINE void ep_filter_alif(size_t n, const ep_decay *restrict alpha,
                                     const ep_decay *restrict rho, const ep_state *restrict beta,
                                     const ep_signal *restrict G, const ep_signal *restrict C,
                                     const ep_history *h, ep_signal *restrict lambda,
                                     ep_signal *restrict F, ep_history *out) {
    EP_INDEPENDENT
    for (size_t j = 0; j < n; j++) {
        const ep_signal c = h[j] * (G[j] + C[j] + lambda[j]);
        const ep_signal f = c + alpha[j] * F[j];
        lambda[j] = rho[j] * lambda[j] - beta[j] * c;
        F[j] = f;
        out[j] = f;
    }
}

#endif
