/*! \file
 *  \brief The postsynaptic factor of Clopath et al. (2010), in the place of h (paper, eq. 57).
 *
 *      vhat_j^t = d vhat_j^{t-1} + (1 - d) v_j^t
 *      P_j^t    = [v_j^t - v_plus v_th]^+ [vhat_j^t - v_minus v_th]^+, 0 while refractory
 *
 *  A number system header must be included first.
 */
#ifndef EPROP_CLOPATH_H
#define EPROP_CLOPATH_H

#include <stdbool.h>
#include <stddef.h>

#include "neuron.h"

/*! \brief Constants of the rule, which all cells share. */
typedef struct {
    ep_decay decay;        /*!< d */
    ep_state rest;         /*!< 1 - d */
    ep_state v_plus;       /*!< threshold of v, in units of v_th */
    ep_state v_minus;      /*!< threshold of vhat, in units of v_th */
    bool while_refractory; /*!< the factor is not 0 then */
} ep_clopath;

/*! \brief One step of the cells first .. first + n - 1, before ep_cell_fire().
 *  \param[in] first first cell, for the parameters; the other arrays begin there
 *  \param[in] n number of cells
 *  \param[in] cells parameters
 *  \param[in] rule constants of the rule
 *  \param[in] v membrane potentials of the step
 *  \param[in] refractory steps left in which the cell cannot spike
 *  \param[in,out] v_hat filtered membrane potentials
 *  \param[out] factor P
 */
static inline void ep_clopath_factor(size_t first, size_t n, const ep_cells *cells,
                                     const ep_clopath *rule, const ep_state *restrict v,
                                     const ep_lane *restrict refractory,
                                     ep_state *restrict v_hat, ep_history *restrict factor) {
    const ep_state *restrict v_thresh = cells->v_thresh + first;
    const ep_clopath constants = *rule;
    for (size_t j = 0; j < n; j++) {
        const ep_state filtered = constants.decay * v_hat[j] + constants.rest * v[j];
        const ep_state above = v[j] - constants.v_plus * v_thresh[j];
        const ep_state slow = filtered - constants.v_minus * v_thresh[j];
        const ep_state product = (above > (ep_state)0 ? above : (ep_state)0) *
                                 (slow > (ep_state)0 ? slow : (ep_state)0);
        const bool open = constants.while_refractory || refractory[j] <= 0;
        v_hat[j] = filtered;
        factor[j] = open ? product : (ep_history)0;
    }
}

#endif
