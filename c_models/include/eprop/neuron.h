/*! \file
 *  \brief One time step of LIF and adaptive LIF cells (paper, eq. 20-26).
 *
 *      a_j^t = rho a_j^{t-1} + z_j^{t-1}                              (adaptive cells)
 *      v_j^t = alpha v_j^{t-1} + arrivals - v_th z_j^{t-1}
 *      A_j^t = v_th + beta a_j^t
 *      z_j^t = [v_j^t >= A_j^t] and not refractory
 *      h_j^t = pseudo-derivative of (v_j^t - A_j^t) / (width v_th), 0 while refractory
 *
 *  The membrane goes on integrating while the cell is refractory. Call ep_cell_decay(), add the
 *  arrivals to v, then ep_cell_fire(); or ep_cell_integrate(), which is decay and arrivals in one
 *  pass. All arrays have n elements, a multiple of EP_LANES.
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_NEURON_H
#define EPROP_NEURON_H

#include <stdbool.h>
#include <stddef.h>

#include "rows.h"
#include "vector.h"

/*! \brief The shapes of the pseudo-derivative. */
enum ep_shape {
    EP_PIECEWISE_LINEAR = 0, /*!< height max(0, 1 - |u|) */
    EP_EXPONENTIAL = 1,      /*!< height exp(-|u|) */
    EP_FAST_SIGMOID = 2,     /*!< height / (1 + |u|)^2 */
    EP_ARCTAN = 3            /*!< height / (1 + (pi u)^2) */
};

/*! \brief Parameters of the cells, one array element per cell. */
typedef struct {
    const ep_decay *alpha;          /*!< decay of the membrane */
    const ep_state *v_thresh;       /*!< baseline threshold, also the reset amplitude */
    const ep_state *inverse_width;  /*!< 1 / (width v_th) */
    const ep_lane *refractory;      /*!< refractory period in steps */
    const ep_decay *rho;            /*!< decay of the adaptation; adaptive cells only */
    const ep_state *beta;           /*!< threshold increase; adaptive cells only */
    ep_state height;                /*!< largest pseudo-derivative */
    enum ep_shape shape;            /*!< its shape */
} ep_cells;

/*! \brief alpha v - v_th z of a vector of cells. */
static EP_INLINE ep_vector ep_cell_decayed(const ep_cells *cells, size_t j, ep_lanes fired,
                                           ep_vector v) {
    const ep_vector reset =
        ep_select(ep_positive(fired), ep_load(cells->v_thresh + j), ep_zeros());
    return ep_load(cells->alpha + j) * v - reset;
}

/*! \brief Decay of the membrane, and reset of the cells that spiked a step ago.
 *  \param[in] n number of cells
 *  \param[in] cells parameters
 *  \param[in] fired 1 for cells that spiked in the step before, else 0
 *  \param[in,out] v membrane potentials
 */
static EP_INLINE void ep_cell_decay(size_t n, const ep_cells *cells, const ep_lane *fired,
                                    ep_state *v) {
    for (size_t j = 0; j < n; j += EP_WIDTH)
        ep_store(v + j, ep_cell_decayed(cells, j, ep_load_lanes(fired + j), ep_load(v + j)));
}

static EP_INLINE void ep_cell_integrate_block(size_t vectors, size_t offset, size_t first,
                                              const ep_cells *cells, const ep_lane *fired,
                                              const ep_weight *const *rows, size_t count,
                                              ep_state *v) {
    const size_t begin = first + offset;
    ep_vector sum[8];
    for (size_t k = 0; k < vectors; k++) {
        const size_t j = begin + k * EP_WIDTH;
        sum[k] = ep_cell_decayed(cells, j, ep_load_lanes(fired + j), ep_load(v + j));
    }
    ep_sum_rows(vectors, begin, rows, count, sum);
    for (size_t k = 0; k < vectors; k++)
        ep_store(v + begin + k * EP_WIDTH, sum[k]);
}

/*! \brief ep_cell_decay() of the cells first .. first + n - 1, and the arrivals of whole rows.
 *  \param[in] rows rows of weights, one for each spike that arrives
 *  \param[in] count number of rows
 */
static inline void ep_cell_integrate(size_t first, size_t n, const ep_cells *cells,
                                     const ep_lane *fired, const ep_weight *const *rows,
                                     size_t count, ep_state *v) {
    EP_IN_BLOCKS(8, n, ep_cell_integrate_block, first, cells, fired, rows, count, v);
}

/*! \brief Pseudo-derivatives at u = (v - A) / (width v_th). */
static EP_INLINE ep_vector ep_pseudo_derivative(enum ep_shape shape, ep_vector height,
                                                ep_vector u) {
    const ep_vector one = ep_spread((ep_state)1);
    switch (shape) {
    case EP_EXPONENTIAL:
        return height * ep_vector_exp(-ep_vector_abs(u));
    case EP_FAST_SIGMOID: {
        const ep_vector d = one + ep_vector_abs(u);
        return height / (d * d);
    }
    case EP_ARCTAN: {
        const ep_vector d = ep_spread((ep_state)3.14159265358979323846) * u;
        return height / (one + d * d);
    }
    case EP_PIECEWISE_LINEAR:
    default: {
        const ep_vector d = one - ep_vector_abs(u);
        return height * ep_select(ep_above(d, ep_zeros()), d, ep_zeros());
    }
    }
}

/*! \brief ep_cell_fire() with what does not change inside the loop as constants. */
static EP_INLINE size_t ep_cell_fire_as(size_t first, size_t n, const ep_cells *cells,
                                        enum ep_shape shape, bool adaptive, bool slopes,
                                        const ep_state *v, ep_state *a, ep_lane *refractory,
                                        ep_lane *fired, ep_history *h, int32_t *spikes) {
    /* in locals: the compiler must assume that stores of vectors change the structure */
    const ep_state *const v_thresh = cells->v_thresh + first;
    const ep_state *const inverse_width = cells->inverse_width + first;
    const ep_lane *const period = cells->refractory + first;
    const ep_decay *const rho = adaptive ? cells->rho + first : NULL;
    const ep_state *const beta = adaptive ? cells->beta + first : NULL;
    const ep_vector height = ep_spread(cells->height);
    const ep_lanes one = ep_spread_lanes(1), none = ep_spread_lanes(0);
    size_t count = 0;
    for (size_t j = 0; j < n; j += EP_WIDTH) {
        const ep_vector potential = ep_load(v + j);
        ep_vector threshold = ep_load(v_thresh + j);
        if (adaptive) {
            const ep_mask before = ep_positive(ep_load_lanes(fired + j));
            const ep_vector adaptation =
                ep_load(rho + j) * ep_load(a + j) +
                ep_select(before, ep_spread((ep_state)1), ep_zeros());
            ep_store(a + j, adaptation);
            threshold += ep_load(beta + j) * adaptation;
        }
        const ep_lanes left = ep_load_lanes(refractory + j);
        const ep_mask waits = ep_positive(left);
        const ep_mask spike = ep_but_not(ep_at_least(potential, threshold), waits);
        if (slopes) {
            const ep_vector u = (potential - threshold) * ep_load(inverse_width + j);
            const ep_vector slope = ep_pseudo_derivative(shape, height, u);
            ep_store(h + j, ep_select(waits, ep_zeros(), slope));
        }
        const ep_lanes less = ep_select_lanes(waits, left - one, left);
        ep_store_lanes(refractory + j, ep_select_lanes(spike, ep_load_lanes(period + j), less));
        ep_store_lanes(fired + j, ep_select_lanes(spike, one, none));
        for (unsigned bits = ep_mask_bits(spike); bits != 0; bits &= bits - 1)
            spikes[count++] = (int32_t)(first + j + ep_lowest_bit(bits));
    }
    return count;
}

/*! \brief Adaptation, threshold, refractoriness and pseudo-derivative of the cells first ..
 *  first + n - 1.
 *  \param[in] first first cell, for the parameters and the spikes; the other arrays begin there
 *  \param[in] n number of cells
 *  \param[in] cells parameters
 *  \param[in] v membrane potentials
 *  \param[in,out] a adaptation, or NULL for LIF cells
 *  \param[in,out] refractory steps left in which the cell cannot spike
 *  \param[in,out] fired 1 for cells that spiked in the step before, then for those that spike
 *  \param[out] h pseudo-derivatives, or NULL if not wanted
 *  \param[out] spikes the cells that spike, in order
 *  \return how many spike
 */
static EP_APART size_t ep_cell_fire(size_t first, size_t n, const ep_cells *cells, const ep_state *v,
                                  ep_state *a, ep_lane *refractory, ep_lane *fired, ep_history *h,
                                  int32_t *spikes) {
#define EP_FIRE(shape, slopes)                                                                    \
    (a != NULL ? ep_cell_fire_as(first, n, cells, shape, true, slopes, v, a, refractory, fired,   \
                                 h, spikes)                                                       \
               : ep_cell_fire_as(first, n, cells, shape, false, slopes, v, a, refractory, fired,  \
                                 h, spikes))
    if (h == NULL)
        return EP_FIRE(EP_PIECEWISE_LINEAR, false);
    switch (cells->shape) {
    case EP_EXPONENTIAL:
        return EP_FIRE(EP_EXPONENTIAL, true);
    case EP_FAST_SIGMOID:
        return EP_FIRE(EP_FAST_SIGMOID, true);
    case EP_ARCTAN:
        return EP_FIRE(EP_ARCTAN, true);
    case EP_PIECEWISE_LINEAR:
    default:
        return EP_FIRE(EP_PIECEWISE_LINEAR, true);
    }
#undef EP_FIRE
}

#endif
