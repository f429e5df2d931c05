/*! \file
 *  \brief One time step of LIF and adaptive LIF cells in fixed point (paper, eq. 20-26).
 *
 *      a_j^t = rho a_j^{t-1} + z_j^{t-1}                              (adaptive cells)
 *      v_j^t = alpha v_j^{t-1} + arrivals - v_th z_j^{t-1}
 *      A_j^t = v_th + beta a_j^t
 *      z_j^t = [v_j^t >= A_j^t] and not refractory
 *      h_j^t = height max(0, 1 - |v_j^t - A_j^t| / (width v_th)), 0 while refractory
 *
 *  Each product is rounded once; the sums are exact. Decays of 0.5 and more (tau above 1.44
 *  steps) have a faster loop.
 */
#ifndef EPROP_FIXED_NEURON_H
#define EPROP_FIXED_NEURON_H

#include "../number_fixed.h"
#include "constants.h"

#define EP_FIRED INT32_MIN /*!< bit of a status: the cell spiked a step ago */

/*! \brief State of a LIF cell. */
typedef struct {
    int32_t v;      /*!< membrane potential, Q15 */
    int32_t status; /*!< EP_FIRED and the steps for which the cell stays refractory */
} ep_lif_state;

/*! \brief State of an adaptive cell. */
typedef struct {
    int32_t v, status;
    int32_t a; /*!< adaptation, Q19 */
} ep_alif_state;

/*! \brief The part of a step that follows the integration; 1 if the cell spikes. */
static EP_INLINE uint32_t ep_cell_fire(const ep_cells *cells, int32_t distance, int32_t left,
                                       int32_t *restrict status, uint16_t *restrict h) {
    uint32_t spike = 0;
    int32_t slope = 0;
    if (left != 0) {
        left--;
    } else {
        if (distance >= 0) {
            spike = 1;
            left = cells->refractory | EP_FIRED;
        } else {
            distance = -distance;
        }
        distance = cells->width - distance;
        if (distance > 0)
            slope = ep_mul(distance, cells->slope);
    }
    *status = left;
    *h = (uint16_t)slope;
    return spike << 31;
}

static EP_INLINE uint32_t ep_lif_step_as(size_t n, int slow, const ep_cells *cells,
                                         ep_lif_state *restrict state, int32_t *restrict input,
                                         uint16_t *restrict h, uint32_t *restrict spikes) {
    uint32_t outside = 0;
    while (n != 0) {
        const size_t block = n < 32 ? n : 32;
        uint32_t word = 0;
        for (size_t left = block; left != 0; left--) {
            const int32_t v_before = state->v, status = state->status;
            int32_t sum = *input + (slow ? ep_whole(v_before, cells->alpha) : v_before);
            *input++ = 0;
            if (status < 0)
                sum -= cells->v_thresh;
            const int32_t v = ep_mac(sum, v_before, cells->alpha);
            state->v = v;
            outside |= (uint32_t)v + EP_LIMIT;
            word >>= 1;
            word |= ep_cell_fire(cells, v - cells->v_thresh, status & INT32_MAX, &state->status,
                                 h++);
            state++;
        }
        *spikes++ = word >> (32 - block);
        n -= block;
    }
    return outside;
}

/*! \brief One step of n LIF cells.
 *  \param[in] n number of cells
 *  \param[in] cells their parameters
 *  \param[in,out] state their states
 *  \param[in,out] input arrivals within +-EP_INPUT_LIMIT; becomes 0
 *  \param[out] h pseudo-derivatives, Qp
 *  \param[out] spikes one bit per cell, 32 cells a word
 *  \return how many values saturated
 */
static inline uint32_t ep_lif_step(size_t n, const ep_cells *cells, ep_lif_state *restrict state,
                                   int32_t *restrict input, uint16_t *restrict h,
                                   uint32_t *restrict spikes) {
    const uint32_t outside = cells->alpha < 0
                                 ? ep_lif_step_as(n, 0, cells, state, input, h, spikes)
                                 : ep_lif_step_as(n, 1, cells, state, input, h, spikes);
    uint32_t saturated = 0;
    for (size_t j = 0; ep_outside(outside) && j < n; j++)
        saturated += ep_saturate(1, EP_LIMIT, &state[j].v);
    return saturated;
}

static EP_INLINE uint32_t ep_alif_step_as(size_t n, int slow, const ep_cells *cells,
                                          ep_alif_state *restrict state, int32_t *restrict input,
                                          uint16_t *restrict h, uint32_t *restrict spikes) {
    uint32_t outside = 0;
    while (n != 0) {
        const size_t block = n < 32 ? n : 32;
        uint32_t word = 0;
        for (size_t left = block; left != 0; left--) {
            const int32_t v_before = state->v, status = state->status, a_before = state->a;
            int32_t sum = *input + (slow ? ep_whole(v_before, cells->alpha) : v_before);
            int32_t a_sum = slow ? ep_whole(a_before, cells->rho) : a_before;
            *input++ = 0;
            if (status < 0) {
                sum -= cells->v_thresh;
                a_sum += INT32_C(1) << EP_ADAPTATION_BITS;
            }
            const int32_t v = ep_mac(sum, v_before, cells->alpha);
            state->v = v;
            outside |= (uint32_t)v + EP_LIMIT;
            const int32_t a = ep_mac(a_sum, a_before, cells->rho);
            state->a = a;
            outside |= (uint32_t)a + EP_LIMIT;
            word >>= 1;
            word |= ep_cell_fire(cells, v - ep_mac(cells->v_thresh, a, cells->beta),
                                 status & INT32_MAX, &state->status, h++);
            state++;
        }
        *spikes++ = word >> (32 - block);
        n -= block;
    }
    return outside;
}

/*! \brief One step of n adaptive LIF cells; as ep_lif_step(). */
static inline uint32_t ep_alif_step(size_t n, const ep_cells *cells, ep_alif_state *restrict state,
                                    int32_t *restrict input, uint16_t *restrict h,
                                    uint32_t *restrict spikes) {
    const uint32_t outside = cells->alpha < 0 && cells->rho < 0
                                 ? ep_alif_step_as(n, 0, cells, state, input, h, spikes)
                                 : ep_alif_step_as(n, 1, cells, state, input, h, spikes);
    uint32_t saturated = 0;
    for (size_t j = 0; ep_outside(outside) && j < n; j++)
        saturated += ep_saturate(1, EP_LIMIT, &state[j].v) + ep_saturate(1, EP_LIMIT, &state[j].a);
    return saturated;
}

#endif
