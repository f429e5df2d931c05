/*! \file
 *  \brief implementation of tallies.h
 */
#include "tallies.h"

enum { WORDS = sizeof(tally) / 4 };

static tally *tallies;
static uint32_t *rows;

static uint32_t row_words(void) { return (TALLY_HEARD + core.setup.n_keys) * WORDS; }

void tallies_initialise(void *region) {
    rows = region;
    tallies = take(row_words() * 4);
}

void tallies_reset(void) { clear_words(tallies, row_words()); }

void tallies_step(void) { tallies[TALLY_SENT] = tallies[TALLY_SENT_NOW]; }

void tallies_report(void) {
    const tally *from = tallies;
    tally *const sums = (tally *)(void *)&counts[PROVENANCE_SENT];
    clear_words(sums, PROVENANCE_COUNT - PROVENANCE_SENT);
    sums[TALLY_SENT] = from[TALLY_SENT];
    sums[TALLY_WEIGHTS_SENT] = from[TALLY_WEIGHTS_SENT];
    from += TALLY_HEARD;
    for (uint32_t k = 0; k < core.setup.n_keys; k++, from++) {
        tally *const sum = &sums[TALLY_WEIGHTS_SENT + 1 + core.keys[k].kind];
        sum->count += from->count;
        sum->sum += from->sum;
    }
    const uint32_t row = (now.interval - core.run.first_interval) >> core.setup.tally_shift;
    if (row < core.setup.tally_rows) /* or no interval has begun in this run */
        copy_words(rows + row * row_words(), tallies, row_words());
}

__attribute__((target("arm"))) void tallies_add(uint32_t which, uint32_t times, uint32_t packet,
                                                uint32_t step) {
    if (now.ended)
        return; /* too late to count */
    tally *const to = &tallies[which];
    const uint32_t x = packet + step * TALLY_MARK;
    to->count += times;
    to->sum += times * (x * x);
}
