/*! \file
 *  \brief The log in SDRAM: which sources spiked at which step of an interval.
 *
 *  A slot has, for each interval that is kept: source numbers uint32[log_capacity], in the order of
 *  their steps; uint32[T + 2], the number of spikes before each step 0 .. T + 1; then what the
 *  population keeps; then values of analog sources. Without intervals there is one slot, and both are rings.
 */
#ifndef EPROP_SPINNAKER_SPIKE_LOG_H
#define EPROP_SPINNAKER_SPIKE_LOG_H

#include "core.h"

/*! \brief Find the log, and take memory for what is written. */
void log_initialise(void *region);

/*! \brief Begin an interval in the slot for it. */
void log_begin(void);

/*! \brief The slot of the interval in progress. */
uint32_t log_slot(void);

/*! \brief Add spikes of the local step that is being taken; stops the core if the log is full. */
void log_add(const uint32_t *sources, uint32_t count);

/*! \brief All spikes of a local step are in. */
void log_close(uint32_t step);

/*! \brief Source numbers of the spikes of an interval, in a slot. */
uint32_t *log_entries(uint32_t slot);

/*! \brief The place of an interval's first spike that was sent at a step, or later. */
uint32_t log_start(uint32_t slot, uint32_t step);

/*! \brief How many spikes a slot has at step .. last; `first` gets the place of the first. */
uint32_t log_find(uint32_t slot, uint32_t step, uint32_t last, uint32_t *first);

/*! \brief Read source numbers from a place on. */
void log_read(uint32_t slot, uint32_t place, uint32_t count, uint32_t *sources);

/*! \brief The population's part of a slot. */
uint8_t *log_population(uint32_t slot);

/*! \brief The part of values. */
uint8_t *log_values(uint32_t slot);

#endif
