/*! \file
 *  \brief Results that a host reads when a run ends.
 *
 *  Names are those of the official header of this name. The region in the data has the number of
 *  channels and for each the bytes wanted, the bytes written (bit 31: some were lost), the address.
 */
#ifndef EPROP_RUNTIME_RECORDING_H
#define EPROP_RUNTIME_RECORDING_H

#include "common-typedefs.h"
#include "spin1_api.h"

typedef uint8_t channel_index_t;

/*! \brief Take SDRAM for the channels.
 *  \param[in,out] recording_data_address: the region; then what follows it
 *  \param[out] recording_flags: a bit for every channel that has room; may be NULL
 *  \return false if there is no memory, with a message in the core's text
 */
bool recording_initialize(void **recording_data_address, uint32_t *recording_flags);

/*! \brief Add to a channel.
 *  \param[in] channel: which
 *  \param[in] data: the bytes
 *  \param[in] size_bytes: how many
 *  \return false if the channel has no room (for these bytes: said once), or is closed
 */
bool recording_record(channel_index_t channel, void *data, size_t size_bytes);

/*! \brief Close the channels and write for the host what is in them. */
void recording_finalise(void);

/*! \brief Open the channels again, empty. */
void recording_reset(void);

#endif
