/*! \file
 *  \brief implementation of record.h
 */
#include "record.h"

#include <recording.h>

static sampling samplings[CHANNEL_COUNT];
static const uint32_t *cells; /* in SDRAM */
static uint32_t *record;

bool record_initialise(void *recording_region, const void *samples_region) {
    copy_words(samplings, samples_region, sizeof samplings / 4);
    cells = (const uint32_t *)samples_region + sizeof samplings / 4;
    record = take((core.setup.lanes + 4) * sizeof *record);
    return recording_initialize(&recording_region, NULL);
}

bool record_wanted(uint32_t channel, uint32_t step) {
    const sampling *const s = &samplings[channel];
    return s->enabled && (s->every == 1 || step % s->every == 0);
}

uint32_t record_count(uint32_t channel) { return samplings[channel].count; }

uint32_t record_cell(uint32_t channel, uint32_t at) { return cells[samplings[channel].first + at]; }

void record_values(uint32_t channel, uint32_t step, const int32_t *values, uint32_t stride) {
    const uint32_t count = samplings[channel].count;
    const uint32_t *const chosen = cells + samplings[channel].first;
    record[0] = step;
    if (count == core.setup.n)
        for (uint32_t q = 0; q < count; q++)
            record[1 + q] = (uint32_t)values[q * stride];
    else
        for (uint32_t q = 0; q < count; q++)
            record[1 + q] = (uint32_t)values[chosen[q] * stride];
    (void)recording_record((channel_index_t)channel, record, (1 + count) * 4);
}

void record_words(uint32_t channel, uint32_t step, const uint32_t *words, uint32_t count) {
    record[0] = step;
    for (uint32_t q = 0; q < count; q++)
        record[1 + q] = words[q];
    (void)recording_record((channel_index_t)channel, record, (1 + count) * 4);
}
