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
 *  arrivals to v, then ep_cell_fire(). All arrays have n elements, a multiple of EP_LANES.
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_NEURON_H
#define EPROP_NEURON_H

#include <stdbool.h>
#include <stddef.h>

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

/*! \brief Decay, and reset of the cells that spiked a step ago.
 *  \param[in] n number of cells
 *  \param[in] cells parameters
 *  \param[in] fired 1 for cells that spiked in the step before, else 0
 *  \param[in,out] v membrane potentials
 *  \param[in,out] a adaptation, or NULL for LIF cells
 */
static EP_INLINE void ep_cell_decay(size_t n, const ep_cells *cells, const ep_lane *restrict fired,
                                    ep_state *restrict v, ep_state *restrict a) {
    const ep_decay *restrict alpha = cells->alpha;
    const ep_state *restrict v_thresh = cells->v_thresh;
    for (size_t j = 0; j < n; j++)
        v[j] = alpha[j] * v[j] - (ep_state)fired[j] * v_thresh[j];
    if (a != NULL) {
        const ep_decay *restrict rho = cells->rho;
        for (size_t j = 0; j < n; j++)
            a[j] = rho[j] * a[j] + (ep_state)fired[j];
    }
}

/*! \brief Value of a pseudo-derivative at u = (v - A) / (width v_th). */
static EP_INLINE ep_state ep_pseudo_derivative(enum ep_shape shape, ep_state height, ep_state u) {
    const ep_state one = (ep_state)1;
    switch (shape) {
    case EP_EXPONENTIAL:
        return height * ep_exp(-ep_abs(u));
    case EP_FAST_SIGMOID: {
        const ep_state d = one + ep_abs(u);
        return height / (d * d);
    }
    case EP_ARCTAN: {
        const ep_state d = (ep_state)3.14159265358979323846 * u;
        return height / (one + d * d);
    }
    case EP_PIECEWISE_LINEAR:
    default: {
        const ep_state d = one - ep_abs(u);
        return height * (d > (ep_state)0 ? d : (ep_state)0);
    }
    }
}

/*! \brief ep_cell_fire() with what does not change inside the loop as constants. */
static EP_INLINE ep_lane ep_cell_fire_as(size_t first, size_t n, const ep_cells *cells,
                                      enum ep_shape shape, bool adaptive, bool slopes,
                                      const ep_state *restrict v, const ep_state *restrict a,
                                      ep_lane *restrict refractory, ep_lane *restrict fired,
                                      ep_history *restrict h) {
    const ep_state *restrict v_thresh = cells->v_thresh + first;
    const ep_state *restrict inverse_width = cells->inverse_width + first;
    const ep_lane *restrict period = cells->refractory + first;
    const ep_state *restrict beta = adaptive ? cells->beta + first : NULL;
    const ep_state height = cells->height;
    ep_lane any = 0;
    for (size_t j = 0; j < n; j++) {
        const ep_state threshold = adaptive ? v_thresh[j] + beta[j] * a[j] : v_thresh[j];
        const ep_lane left = refractory[j];
        const ep_lane ready = left <= 0;
        const ep_lane spike = (v[j] >= threshold) & ready;
        if (slopes) {
            const ep_state u = (v[j] - threshold) * inverse_width[j];
            const ep_state slope = ep_pseudo_derivative(shape, height, u);
            h[j] = ready ? slope : (ep_history)0;
        }
        const ep_lane less = left - (1 - ready);
        refractory[j] = spike ? period[j] : less;
        fired[j] = spike;
        any |= spike;
    }
    return any;
}

/*! \brief Threshold, refractoriness and pseudo-derivative of the cells first .. first + n - 1.
 *  \param[in] first first cell, for the parameters; the other arrays begin there
 *  \param[in] n number of cells
 *  \param[in] cells parameters
 *  \param[in] v membrane potentials
 *  \param[in] a adaptation, or NULL for LIF cells
 *  \param[in,out] refractory steps left in which the cell cannot spike
 *  \param[out] fired 1 for cells that spike, else 0
 *  \param[out] h pseudo-derivatives, or NULL if not wanted
 *  \return whether some cell spikes
 */
static inline bool ep_cell_fire(size_t first, size_t n, const ep_cells *cells, const ep_state *v,
                                const ep_state *a, ep_lane *refractory, ep_lane *fired,
                                ep_history *h) {
#define EP_FIRE(shape, slopes)                                                                \
    (a != NULL ? ep_cell_fire_as(first, n, cells, shape, true, slopes, v, a, refractory, fired, h)  \
               : ep_cell_fire_as(first, n, cells, shape, false, slopes, v, a, refractory, fired, h))
    if (h == NULL)
        return EP_FIRE(EP_PIECEWISE_LINEAR, false) != 0;
    switch (cells->shape) {
    case EP_EXPONENTIAL:
        return EP_FIRE(EP_EXPONENTIAL, true) != 0;
    case EP_FAST_SIGMOID:
        return EP_FIRE(EP_FAST_SIGMOID, true) != 0;
    case EP_ARCTAN:
        return EP_FIRE(EP_ARCTAN, true) != 0;
    case EP_PIECEWISE_LINEAR:
    default:
        return EP_FIRE(EP_PIECEWISE_LINEAR, true) != 0;
    }
#undef EP_FIRE
}

#endif
