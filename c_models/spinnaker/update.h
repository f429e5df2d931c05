/*! \file
 *  \brief The optimiser's step, row by row.
 */
#ifndef EPROP_SPINNAKER_UPDATE_H
#define EPROP_SPINNAKER_UPDATE_H

#include "core.h"
#include "eprop/fixed/optimizer.h"

/*! \brief Change all weights that learn.
 *  \param[in] constants: ep_optimizer_step of each entry, in SDRAM
 */
void update_weights(const uint32_t *constants);

/*! \brief The optimiser's step for n values; parameters as of ep_adam() and ep_sgd(). */
uint32_t update_values(uint32_t n, const ep_optimizer_step *constants, const int32_t *gradient,
                       int32_t *m, uint64_t *v, int32_t *master, int16_t *weight);

#endif
