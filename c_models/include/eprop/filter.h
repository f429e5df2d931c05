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

#include <stdbool.h>
#include <stddef.h>

#include "rows.h"
#include "vector.h"

static EP_INLINE void ep_filter_signals_block(size_t vectors, size_t offset, ep_decay kappa,
                                              const ep_weight *const *feedback,
                                              const ep_signal *signal, size_t count,
                                              ep_signal *G) {
    const ep_vector decay = ep_spread(kappa);
    ep_vector sum[8];
    for (size_t k = 0; k < vectors; k++)
        sum[k] = decay * ep_load(G + offset + k * EP_WIDTH);
    for (size_t r = 0; r < count; r++) {
        const ep_vector factor = ep_spread(signal[r]);
        for (size_t k = 0; k < vectors; k++)
            sum[k] += ep_load(feedback[r] + offset + k * EP_WIDTH) * factor;
    }
    for (size_t k = 0; k < vectors; k++)
        ep_store(G + offset + k * EP_WIDTH, sum[k]);
}

/*! \brief G <- kappa G + sum of B_k signal_k: a step of the filtered learning signals.
 *  \param[in] n number of cells, a multiple of EP_LANES
 *  \param[in] kappa decay
 *  \param[in] feedback row B_k of each readout
 *  \param[in] signal error (or output) of each
 *  \param[in] count number of readouts
 *  \param[in,out] G filtered learning signal
 */
static inline void ep_filter_signals(size_t n, ep_decay kappa, const ep_weight *const *feedback,
                                     const ep_signal *signal, size_t count, ep_signal *G) {
    EP_IN_BLOCKS(8, n, ep_filter_signals_block, kappa, feedback, signal, count, G);
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

/*! \brief Several steps of the filter of a tile that has one learning signal: what lies in memory. */
typedef struct {
    size_t n;                  /*!< cells, a multiple of EP_LANES, and elements of a row of h and out */
    size_t steps;              /*!< number of steps */
    ep_decay kappa;            /*!< decay of the learning signal */
    const ep_weight *feedback; /*!< B_k of the cells, row after row */
    size_t feedback_row;       /*!< elements of such a row */
    size_t readouts;           /*!< number of rows */
    const ep_signal *error;    /*!< errors of the readouts at the first step, row after row */
    size_t error_row;          /*!< elements of such a row */
    const ep_history *h;       /*!< pseudo-derivatives from the first step */
    ep_history *out;           /*!< F^{t-1} in the row of step t; may be h itself */
    const ep_decay *alpha, *rho; /*!< decays of cells; rho and beta of adaptive cells only */
    const ep_state *beta;
    const ep_signal *C;        /*!< rate term */
    ep_signal *G, *lambda, *F; /*!< of the step after the last; become those of the first */
} ep_filter_run;

static EP_INLINE void ep_filter_steps_block(size_t vectors, size_t offset, const ep_filter_run *run,
                                            bool adaptive) {
    const ep_filter_run own = *run; /* which no store here can change */
    const ep_vector kappa = ep_spread(own.kappa);
    ep_vector G[4], F[4], lambda[4], C[4], alpha[4];
    for (size_t k = 0; k < vectors; k++) {
        const size_t j = offset + k * EP_WIDTH;
        G[k] = ep_load(own.G + j);
        F[k] = ep_load(own.F + j);
        C[k] = ep_load(own.C + j);
        alpha[k] = ep_load(own.alpha + j);
        if (adaptive)
            lambda[k] = ep_load(own.lambda + j);
    }
    for (size_t s = own.steps; s-- > 0;) {
        const ep_signal *const error = own.error + s * own.error_row;
        for (size_t k = 0; k < vectors; k++)
            G[k] = kappa * G[k];
        for (size_t r = 0; r < own.readouts; r++) {
            if (error[r] == (ep_signal)0)
                continue;
            const ep_weight *const feedback = own.feedback + r * own.feedback_row + offset;
            const ep_vector factor = ep_spread(error[r]);
            for (size_t k = 0; k < vectors; k++)
                G[k] += ep_load(feedback + k * EP_WIDTH) * factor;
        }
        for (size_t k = 0; k < vectors; k++) {
            const size_t j = offset + k * EP_WIDTH;
            ep_vector sum = G[k] + C[k];
            if (adaptive)
                sum += lambda[k];
            const ep_vector c = ep_load(own.h + s * own.n + j) * sum;
            F[k] = c + alpha[k] * F[k];
            if (adaptive)
                lambda[k] = ep_load(own.rho + j) * lambda[k] - ep_load(own.beta + j) * c;
            ep_store(own.out + s * own.n + j, F[k]);
        }
    }
    for (size_t k = 0; k < vectors; k++) {
        const size_t j = offset + k * EP_WIDTH;
        ep_store(own.G + j, G[k]);
        ep_store(own.F + j, F[k]);
        if (adaptive)
            ep_store(own.lambda + j, lambda[k]);
    }
}

/*! \brief ep_filter_signals(), then ep_filter_lif() or ep_filter_alif(), from the last step to the
 *  first. A few vectors of cells do all steps while their state stays in registers.
 */
static inline void ep_filter_steps(const ep_filter_run *run, bool adaptive) {
    if (adaptive)
        EP_IN_BLOCKS(4, run->n, ep_filter_steps_block, run, true);
    else
        EP_IN_BLOCKS(4, run->n, ep_filter_steps_block, run, false);
}

#endif
