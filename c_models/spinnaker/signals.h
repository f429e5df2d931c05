/*! \file
 *  \brief Learning signals as cells take them: errors that come, their log, feedback, filter G.
 */
#ifndef EPROP_SPINNAKER_SIGNALS_H
#define EPROP_SPINNAKER_SIGNALS_H

#include "core.h"

/*! \brief Steps of the log that are read at once. */
enum { SIGNAL_STEPS = 8 };

/*! \brief Take memory.
 *  \param[in] offset: where errors begin in the population's part of the log
 */
void signals_initialise(uint32_t offset);

/*! \brief Read the signals' constants again; feedback weights are read when they are used. */
void signals_reload(void);

/*! \brief Bytes that the errors of an interval take in the log. */
uint32_t signals_log_bytes(void);

/*! \brief An interval begins. */
void signals_begin(void);

/*! \brief It has ended, all errors have come: complete the log, record. */
void signals_end(void);

/*! \brief Cells that are filtered in one go: their feedback weights fit DTCM. */
uint32_t signals_tile(void);

/*! \brief Begin to filter, at the last step. */
void signals_filter_begin(void);

/*! \brief Start to read the errors of steps first .. first + steps - 1 from the log. */
void signals_read(uint32_t slot, uint32_t first, uint32_t steps);

/*! \brief G of one step from that of the step after.
 *  \param[in] step: the step
 *  \param[in] at: its place in what signals_read() has read
 *  \param[in] first, cells: of a tile
 *  \return G of all cells, those of the tile up to date
 */
const int32_t *signals_filter(uint32_t step, uint32_t at, uint32_t first, uint32_t cells);

#endif
