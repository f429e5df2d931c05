/*! \file
 *  \brief The kernels' loops that take most of the time, for any decay and any rate.
 *
 *  Compiled for speed; all else is compiled for size, since ITCM is small. What they do is said at
 *  the functions of c_models/include/eprop/fixed that they are named after. Those limit what grew
 *  beyond its format and return how many values did; loops of cells and filters leave that to the
 *  caller, which seldom has to act, and return what it needs to decide.
 */
#ifndef EPROP_SPINNAKER_LOOPS_H
#define EPROP_SPINNAKER_LOOPS_H

#include "eprop/fixed/filter.h"
#include "eprop/fixed/neuron.h"
#include "eprop/fixed/optimizer.h"

/*! \brief Steps of cells.
 *  \return states, gathered for ep_outside()
 */
uint32_t loop_lif(uint32_t n, const ep_cells *cells, ep_lif_state *state, int32_t *input,
                  uint16_t *h, uint32_t *spikes);
uint32_t loop_alif(uint32_t n, const ep_cells *cells, ep_alif_state *state, int32_t *input,
                   uint16_t *h, uint32_t *spikes);
/*! \brief G <- L + kappa G.
 *  \return G, gathered for ep_outside()
 */
uint32_t loop_filter_signal(uint32_t n, uint32_t readouts, int32_t kappa, const int32_t *feedback,
                            const int32_t *error, int32_t *G);
/*! \brief Steps of the backward filter. \p row is not NULL; \p mu_outside gathers mu + its limit.
 *  \return the magnitudes of F, gathered: below EP_LIMIT if all are
 */
uint32_t loop_filter_lif(uint32_t n, const ep_filter *filter, const uint16_t *h, const int32_t *G,
                         ep_filter_state *state, int32_t *row);
uint32_t loop_filter_alif(uint32_t n, const ep_filter *filter, const uint16_t *h,
                          const int32_t *G, ep_filter_state *state, int32_t *row,
                          uint32_t *mu_outside);
/*! \brief wide[j] += value sum[j]. */
void loop_products(uint32_t n, int16_t value, const int32_t *sum, int64_t *wide);
/*! \brief Steps of the optimiser.
 *  \return how many weights stand at the edge of their format
 */
uint32_t loop_adam(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient, int32_t *m,
                   uint64_t *v, int32_t *master, int16_t *weight);
uint32_t loop_sgd(uint32_t n, const ep_optimizer_step *step, const int32_t *gradient,
                  int32_t *master, int16_t *weight);

#endif
