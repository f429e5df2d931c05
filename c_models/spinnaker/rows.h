/*! \file
 *  \brief Where the rows of a block are, and the assembly that adds them (c_models/arm/rows.S).
 */
#ifndef EPROP_SPINNAKER_ROWS_H
#define EPROP_SPINNAKER_ROWS_H

#include "eprop/optimizer_kind.h"

#include "core.h"

void assembly_row(uint32_t n, const int16_t *row, int16_t factor, int32_t *input);
void assembly_sparse_row(uint32_t n, const uint32_t *synapse, int16_t factor, int32_t *input);
void assembly_gather_rows(uint32_t n, uint32_t count, const uint16_t *place, const int32_t *F,
                          int64_t *wide);

/*! \brief The first block of a delay; `last` gets the one behind the last. Blocks are ordered by
 *  delay. */
uint32_t blocks_of(uint32_t delay, uint32_t *last);

/*! \brief Bytes of learning state of one synapse. */
static inline uint32_t state_bytes(uint32_t kind) {
    return kind == EP_SGD ? STATE_SGD_BYTES : STATE_ADAM_BYTES;
}

/*! \brief Synapses of a row of a sparse block; `first` gets the number of its first. */
static inline uint32_t row_synapses(const block *b, uint32_t row, uint32_t *first) {
    const uint32_t *const start = (const uint32_t *)(const void *)(core.rows + b->row_start);
    *first = start[row];
    return start[row + 1] - *first;
}

#endif
