/*! \file
 *  \brief The backward pass: what the filters give is added to the gradients of the synapses.
 */
#ifndef EPROP_SPINNAKER_GRADIENT_H
#define EPROP_SPINNAKER_GRADIENT_H

#include "core.h"

/*! \brief Take memory. */
void gradient_initialise(void);

/*! \brief Add the gradients of one interval in the log. */
void gradient_add(uint32_t slot);

/*! \brief Whether a row of a plastic block has a gradient in this update. */
bool gradient_is_there(uint32_t block_index, uint32_t row);

/*! \brief The next update begins: no row has a gradient. */
void gradient_forget(void);

/*! \brief Buffers of two rows of state, forward_bytes of weights; the optimiser uses them, too. */
uint8_t *gradient_buffer(uint32_t which);
uint32_t *weight_buffer(uint32_t which);

#endif
