/*! \file
 *  \brief DMA that is started and waited for, first in, first out.
 *
 *  Transfers end in the order in which they were started, so that a buffer which was written from
 *  may be read into again at once: the read comes behind the write.
 */
#ifndef EPROP_SPINNAKER_TRANSFERS_H
#define EPROP_SPINNAKER_TRANSFERS_H

#include "core.h"

/*! \brief Start to read into DTCM.
 *  \param[in] from, to, bytes multiples of 4, as spin1_dma_transfer() asks for: regions of SDRAM
 *             begin at any word
 *  \return a number for transfer_wait()
 */
uint32_t transfer_read(const void *from, void *to, uint32_t bytes);

/*! \brief Start to write to SDRAM. */
uint32_t transfer_write(void *to, const void *from, uint32_t bytes);

/*! \brief Wait for a transfer, and all before it. */
void transfer_wait(uint32_t number);

/*! \brief Bytes that have been moved; wraps around. */
uint32_t transfers_bytes(void);

/*! \brief Wait for all transfers. */
void transfers_finish(void);

#endif
