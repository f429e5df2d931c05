/*! \file
 *  \brief implementation of values.h
 */
#include "values.h"

#include "spike_log.h"
#include "transfers.h"

static const uint8_t *rows;
static value_source *sources;
static uint8_t *passing; /* a row on its way to the log */

SELDOM void values_initialise(void *region) {
    rows = region;
    sources = take(core.setup.n_value_sources * sizeof *sources);
    passing = take(core.setup.value_row_bytes);
    values_reload();
}

SELDOM void values_reload(void) {
    copy_words(sources, rows, core.setup.n_value_sources * sizeof *sources / 4);
}

uint32_t values_row_bytes(uint32_t source) { return sources[source].row_bytes; }

const uint32_t *values_row(uint32_t source, uint32_t step) {
    const uint32_t place = global_step(step) - core.run.first_value;
    if (place >= core.run.n_values)
        fail(STATUS_VALUES_ENDED, place + 1, core.run.n_values);
    return (const uint32_t *)(const void *)(rows + sources[source].values +
                                            place * sources[source].row_bytes);
}

SELDOM uint32_t values_log_bytes(void) {
    uint32_t bytes = 0;
    for (uint32_t k = 0; k < core.setup.n_value_sources; k++)
        bytes += core.setup.interval_steps * sources[k].row_bytes;
    return bytes;
}

const uint32_t *values_logged(uint32_t slot, uint32_t source, uint32_t step) {
    return (const uint32_t *)(const void *)(log_values(slot) + sources[source].log +
                                            step * sources[source].row_bytes);
}

/* Transfers are done in their order, so that one buffer serves all sources. */
void values_keep(uint32_t step) {
    for (uint32_t k = 0; k < core.setup.n_value_sources; k++) {
        const uint32_t bytes = sources[k].row_bytes;
        (void)transfer_read(values_row(k, step), passing, bytes);
        (void)transfer_write((void *)(uintptr_t)values_logged(log_slot(), k, step), passing, bytes);
    }
}
