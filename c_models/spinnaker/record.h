/*! \file
 *  \brief Recordings, through recording.h's channels.
 */
#ifndef EPROP_SPINNAKER_RECORD_H
#define EPROP_SPINNAKER_RECORD_H

#include "core.h"

/*! \brief Find the channels; false if the recording region is not what recording.h expects. */
bool record_initialise(void *recording_region, const void *samples_region);

/*! \brief Whether a channel takes a sample at a global step. */
bool record_wanted(uint32_t channel, uint32_t step);

/*! \brief Record the chosen cells' values.
 *  \param[in] step: global
 *  \param[in] values: the first cell's
 *  \param[in] stride: words from one cell's value to the next
 */
void record_values(uint32_t channel, uint32_t step, const int32_t *values, uint32_t stride);

/*! \brief Record words as they are, behind the step. */
void record_words(uint32_t channel, uint32_t step, const uint32_t *words, uint32_t count);

/*! \brief How many cells a channel has, and which. */
uint32_t record_count(uint32_t channel);
uint32_t record_cell(uint32_t channel, uint32_t at);

#endif
