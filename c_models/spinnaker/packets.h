/*! \file
 *  \brief Packets: collected at fast interrupt, sorted by the machine step at which they were sent.
 */
#ifndef EPROP_SPINNAKER_PACKETS_H
#define EPROP_SPINNAKER_PACKETS_H

#include "core.h"

/*! \brief Begin to collect. */
void packets_initialise(void);

/*! \brief The machine step of packets that arrive from now on; called by the timer. */
void packets_tick(uint32_t step);

/*! \brief A run has ended: what has no step in its key and comes until the next is ignored. */
void packets_stop(void);

/*! \brief Forget what has arrived. */
void packets_reset(void);

/*! \brief Take spikes that were sent one machine step ago.
 *
 *  Errors and mirrored weights on the way go to population_error() and population_feedback();
 *  spikes of later steps are kept. Stops the core if a packet was lost.
 *
 *  \param[out] sources: their source numbers; one that stands for several spikes is repeated
 *  \param[in] room: of sources
 *  \return how many; less than room only when there are no more now
 */
uint32_t packets_take(uint32_t *sources, uint32_t room);

/*! \brief The memory of spikes that came early, to be used until packets_take() is called.
 *
 *  To be called in the pause after an interval: those spikes are ignored then.
 *  \param[out] bytes: how much it is
 */
void *packets_memory(uint32_t *bytes);

/*! \brief Take in what arrives during an update: spikes are ignored. */
void packets_discard_spikes(void);

#endif
