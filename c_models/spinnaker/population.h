/*! \file
 *  \brief The population on a core, in which binaries differ. Cells in cells.c, readouts in
 *  readouts.c.
 */
#ifndef EPROP_SPINNAKER_POPULATION_H
#define EPROP_SPINNAKER_POPULATION_H

#include "core.h"

/*! \brief Local steps by which a step of the population is done later than its number says: step s
 *  at local step s + lag. Arrivals of a delay d at step s were sent at s + lag - d. */
extern const uint32_t population_lag;

/*! \brief Take memory and read parameters.
 *  \return false if the data is for another binary
 */
bool population_initialise(void);

/*! \brief Read region CELLS again; states stay. */
void population_reload(void);

/*! \brief States to their initial values: an interval begins. */
void population_begin(void);

/*! \brief One step.
 *  \param[in] s: 1 .. T
 *  \param[in,out] input: arrivals within their limits; become 0
 */
void population_step(uint32_t s, int32_t *input);

/*! \brief Further work at a local step, also in the pause; after population_step(). */
void population_tick(void);

/*! \brief The interval has ended, all its packets have come: complete the log, record. */
void population_end(void);

/*! \brief Bytes of the log for one interval, behind the spikes. */
uint32_t population_log_bytes(void);

/*! \brief Begin the backward pass of an interval in the log, at its last step. */
void population_filter_begin(uint32_t slot);

/*! \brief Filter steps last .. first, backwards.
 *  \param[in] slot: of the log
 *  \param[in] last, first: steps
 *  \param[out] rows: row t - first has F^{t-1} of the cells, g^t of the readouts, `lanes` each
 *  \return the or of all magnitudes
 */
uint32_t population_filter(uint32_t slot, uint32_t last, uint32_t first, int32_t *rows);

/*! \brief Work of an update besides weights: biases, counts of spikes. */
void population_update(const uint32_t *constants);

/*! \brief Forget what was gathered for the update in progress. */
void population_forget(void);

/*! \brief An error of a readout, sent at a machine step. */
void population_error(uint32_t signal, uint32_t readout, uint32_t step, int32_t error);

/*! \brief A mirrored weight. */
void population_feedback(uint32_t signal, uint32_t number, int32_t weight);

#endif
