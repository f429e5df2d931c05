/*! \file
 *  \brief Arrivals of a step: rows of weights, added up exactly.
 */
#ifndef EPROP_SPINNAKER_ARRIVALS_H
#define EPROP_SPINNAKER_ARRIVALS_H

#include "core.h"

/*! \brief Take memory. */
void arrivals_initialise(void);

/*! \brief The sums, `lanes` of them. */
int32_t *arrivals_input(void);

/*! \brief Add the rows of sources, of all blocks with a delay. */
void arrivals_add(const uint32_t *sources, uint32_t count, uint32_t delay);

/*! \brief Add the values of analog sources that arrive at the step in work; before all spikes. */
void arrivals_add_values(void);

/*! \brief Forget what arrives from frames of values: frames or weights have changed. */
void arrivals_forget_frames(void);

/*! \brief Bring the sums within their limit; nothing more arrives at this step. */
void arrivals_close(void);

/*! \brief Forget what has arrived. */
void arrivals_reset(void);

#endif
