/*! \file
 *  \brief Eligibility vectors of LSTM units, touched once in an interval.
 *
 *  With F the product of the forget gates of the whole interval, and lambda its lambda at the start,
 *  an interval of T steps needs of the vectors eps (eq. 37) of before it, and does to them,
 *
 *      dE/dtheta_ji += lambda_j eps_ji
 *      eps_ji       <- F_j eps_ji + sum_t local_j^t u_i^t,   t = 1 ... T
 *
 *  with local_j^t the local derivative of step t times the forget gates after it. Both are done in
 *  one pass, by tiles of EP_TILE units: a tile is (batch, rows, EP_TILE), contiguous.
 *  A floating-point number system header must be included first.
 */
#ifndef EPROP_INTERVAL_TRACES_H
#define EPROP_INTERVAL_TRACES_H

#include <stddef.h>

#include "vector.h"

/*! \brief One sequence's part of a tile; `steps` is known to the compiler, or 0.
 *  \param[in] count length of the interval, if steps is 0
 *  \param[in] lambda, decay (EP_WIDTH) of the units
 *  \param[in] local local^t of the units; that of step t is local_stride later
 *  \param[in] u u^t; that of step t is u_stride later
 *  \param[in] rows length of u^t
 *  \param[in,out] eps (rows, EP_TILE), of which the first EP_WIDTH columns are taken
 *  \param[in,out] gradient the same shape
 */
static EP_INLINE void ep_traces_row(size_t steps, size_t count, ep_vector lambda, ep_vector decay,
                                    const ep_real *local, size_t local_stride,
                                    const ep_real *restrict u, size_t u_stride, size_t rows,
                                    ep_real *restrict eps, ep_real *restrict gradient) {
    if (steps) {
        ep_vector l[8];
        for (size_t t = 0; t < steps; t++)
            l[t] = ep_load(local + t * local_stride);
        for (size_t i = 0; i < rows; i++) {
            const ep_vector old = ep_load(eps + i * EP_TILE);
            ep_store(gradient + i * EP_TILE,
                     ep_vector_fma(lambda, old, ep_load(gradient + i * EP_TILE)));
            ep_vector now = decay * old;
            for (size_t t = 0; t < steps; t++)
                now = ep_vector_fma(l[t], ep_spread(u[t * u_stride + i]), now);
            ep_store(eps + i * EP_TILE, now);
        }
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        const ep_vector old = ep_load(eps + i * EP_TILE);
        ep_store(gradient + i * EP_TILE,
                 ep_vector_fma(lambda, old, ep_load(gradient + i * EP_TILE)));
        ep_vector now = decay * old;
        for (size_t t = 0; t < count; t++)
            now = ep_vector_fma(ep_load(local + t * local_stride), ep_spread(u[t * u_stride + i]),
                                now);
        ep_store(eps + i * EP_TILE, now);
    }
}

/*! \brief One sequence's part of a tile, for any length of the interval. Parameters as above. */
static EP_INLINE void ep_traces_tile(size_t count, const ep_real *lambda, const ep_real *decay,
                                     const ep_real *local, size_t local_stride, const ep_real *u,
                                     size_t u_stride, size_t rows, ep_real *eps,
                                     ep_real *gradient) {
    for (size_t part = 0; part < EP_TILE; part += EP_WIDTH) {
        const ep_vector l = ep_load(lambda + part), d = ep_load(decay + part);
#define EP_TRACES_OF(steps)                                                                      \
    ep_traces_row(steps, count, l, d, local + part, local_stride, u, u_stride, rows, eps + part, \
                  gradient + part)
        switch (count) {
        case 1: EP_TRACES_OF(1); break;
        case 2: EP_TRACES_OF(2); break;
        case 3: EP_TRACES_OF(3); break;
        case 4: EP_TRACES_OF(4); break;
        default: EP_TRACES_OF(0);
        }
#undef EP_TRACES_OF
    }
}

/*! \brief The trace of u of artificial units: trace <- leak^T trace + sum_t leak^{T-t} u^t. */
static EP_INLINE void ep_input_trace(size_t steps, ep_real leak, const ep_real *restrict u,
                                     size_t u_stride, size_t rows, ep_real *restrict trace) {
    for (size_t t = 0; t < steps; t++) {
        EP_INDEPENDENT
        for (size_t i = 0; i < rows; i++)
            trace[i] = ep_fma(leak, trace[i], u[t * u_stride + i]);
    }
}

#endif
