/*! \file
 *  \brief Values of analog sources in SDRAM: those that the host gave for a run, and those in the log.
 *
 *  A row is a word, the frame, and the values of all cells at a step. Rows of one frame are equal.
 */
#ifndef EPROP_SPINNAKER_VALUES_H
#define EPROP_SPINNAKER_VALUES_H

#include "core.h"

/*! \brief Read the table of sources, and take memory. */
void values_initialise(void *region);

/*! \brief Read the table again: the values of another run are there. */
void values_reload(void);

/*! \brief Bytes of a source's rows. */
uint32_t values_row_bytes(uint32_t source);

/*! \brief The row of a source at a local step of the interval in progress; stops the core if the
 *  host gave none. */
const uint32_t *values_row(uint32_t source, uint32_t step);

/*! \brief Bytes of the log for one interval. */
uint32_t values_log_bytes(void);

/*! \brief Copy the values of the local step, one of 0 .. T - 1, into the log. */
void values_keep(uint32_t step);

/*! \brief The row of a source at a step of an interval in the log. */
const uint32_t *values_logged(uint32_t slot, uint32_t source, uint32_t step);

#endif
