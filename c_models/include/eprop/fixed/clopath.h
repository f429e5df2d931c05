/*! \file
 *  \brief The rule of Clopath et al. (2010) in fixed point: factor and backward filter (eq. 57).
 *
 *      vhat_j^t  = v_j^t + d (vhat_j^{t-1} - v_j^t)
 *      P_j^t     = [v_j^t - v+]^+ [vhat_j^t - v-]^+, 0 while refractory
 *      F_j^{t-1} = P_j^t (G_j^t + C_j) + alpha F_j^t
 *
 *  P takes the place of h, in 16 bits, with a point of its own. It is not bounded as h is, so that
 *  its products are limited one by one.
 */
#ifndef EPROP_FIXED_CLOPATH_H
#define EPROP_FIXED_CLOPATH_H

#include "../number_fixed.h"
#include "constants.h"
#include "filter.h"

#define EP_FACTOR_LIMIT (INT32_C(1) << 30) /*!< of P (G + C), so that F fits 32 bits with it */

/*! \brief Marks the cells whose factor may be more than 0 in a step; called before the step.
 *  \param[in] n number of cells
 *  \param[in] stride integers from one cell's status to the next one's
 *  \param[in] status of the cells, before the step
 *  \param[out] factor 1 for cells that can spike, else 0
 */
static inline void ep_clopath_open(size_t n, size_t stride, const int32_t *restrict status,
                                   uint16_t *restrict factor) {
    for (size_t j = 0; j < n; j++, status += stride)
        factor[j] = (*status & INT32_MAX) == 0;
}

/*! \brief One step, once v is that of the step.
 *  \param[in] n number of cells
 *  \param[in] stride integers from one cell's v to the next one's
 *  \param[in] rule constants
 *  \param[in] v membrane potentials, Q15
 *  \param[in,out] v_hat filtered membrane potentials, Q15
 *  \param[in,out] factor as ep_clopath_open() left it, becomes P, Qp
 *  \return how many values saturated
 */
static inline uint32_t ep_clopath_factor(size_t n, size_t stride, const ep_clopath *rule,
                                         const int32_t *restrict v, int32_t *restrict v_hat,
                                         uint16_t *restrict factor) {
    const int32_t decay = rule->decay, v_plus = rule->v_plus, v_minus = rule->v_minus;
    const int32_t shift = rule->shift, slow_shift = rule->slow_shift;
    const int32_t most = INT32_MAX >> shift, slow_most = INT32_MAX >> slow_shift;
    uint32_t saturated = 0;
    for (size_t j = 0; j < n; j++, v += stride) {
        const int32_t potential = *v, distance = v_hat[j] - potential;
        const int32_t filtered = ep_mac(potential + ep_whole(distance, decay), distance, decay);
        const int32_t above = potential - v_plus, slow = filtered - v_minus;
        uint32_t P = 0;
        v_hat[j] = filtered;
        if (above > 0 && slow > 0 && (factor[j] || rule->while_refractory)) {
            P = (uint32_t)ep_mul((above < most ? above : most) << shift,
                                 (slow < slow_most ? slow : slow_most) << slow_shift);
            if (P > UINT16_MAX) {
                P = UINT16_MAX;
                saturated++;
            }
        }
        factor[j] = (uint16_t)P;
    }
    return saturated;
}

/*! \brief One step of the backward filter.
 *  \param[in] n number of cells
 *  \param[in] filter constants of the cells, for alpha
 *  \param[in] rule constants
 *  \param[in] factor P of step t
 *  \param[in] G filtered learning signal of step t
 *  \param[in,out] state F^t, becomes F^{t-1}
 *  \return how many values saturated
 */
static inline uint32_t ep_filter_clopath(size_t n, const ep_filter *filter, const ep_clopath *rule,
                                         const uint16_t *restrict factor,
                                         const int32_t *restrict G,
                                         ep_filter_state *restrict state) {
    const int32_t alpha = filter->alpha;
    const int32_t shift = rule->product_shift;
    uint32_t saturated = 0;
    for (size_t j = 0; j < n; j++) {
        const uint64_t product = (uint64_t)((int64_t)factor[j] * (G[j] + state[j].C)) +
                                 (UINT32_C(1) << (shift - 1));
        const int32_t high = (int32_t)(uint32_t)(product >> 32);
        int32_t c = (int32_t)((uint32_t)high << (32 - shift) | (uint32_t)product >> shift);
        if ((uint32_t)(high >> (shift - 2)) + 1 > 1) {
            c = high < 0 ? -EP_FACTOR_LIMIT : EP_FACTOR_LIMIT - 1;
            saturated++;
        }
        state[j].F = ep_mac(c + ep_whole(state[j].F, alpha), state[j].F, alpha);
        saturated += ep_saturate(1, EP_LIMIT, &state[j].F);
    }
    return saturated;
}

#endif
