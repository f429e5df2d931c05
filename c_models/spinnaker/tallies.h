/*! \file
 *  \brief Tallies of packets: what the core sent and what it heard, for the host to compare.
 *
 *  See TALLY and Tally in pynn_eprop/spinnaker/memory/layout.py.
 */
#ifndef EPROP_SPINNAKER_TALLIES_H
#define EPROP_SPINNAKER_TALLIES_H

#include "core.h"

/*! \brief Find region TALLIES, and take memory. */
void tallies_initialise(void *region);

/*! \brief Forget everything: time starts again. */
void tallies_reset(void);

/*! \brief A step begins: what was sent before it has been heard at its end. */
void tallies_step(void);

/*! \brief Write all tallies into their row, and sums of them into the provenance. */
void tallies_report(void);

/*! \brief Add packets, unless the interval has ended.
 *  \param[in] which: of Tally
 *  \param[in] times: how many
 *  \param[in] packet: base key and number
 *  \param[in] step: at which they were sent; of a mirrored weight, the weight
 */
void tallies_add(uint32_t which, uint32_t times, uint32_t packet, uint32_t step);

#endif
