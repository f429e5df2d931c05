/*! \file
 *  \brief Spikes sorted by step, by counting.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

#define SORTED_AT_ONCE 4096 /* steps whose counters, and spikes, stay in the cache */

/* Stretches of the list within which no step is before the one before it, such as the spikes of one
   cell. Their number; where each ends goes to `end`, if there is one. */
static int64_t list_stretches(int64_t spikes, const int64_t *step, int64_t *end) {
    int64_t count = 0;
    for (int64_t q = 1; q <= spikes; q++)
        if (q == spikes || step[q] < step[q - 1]) {
            if (end != NULL)
                end[count] = q;
            count++;
        }
    return count;
}

/* The spikes of the steps from `begin` to before `before`, which come next in each stretch, to the
   outputs; `place` has room for their steps. How many they are. */
static int64_t sort_some(int64_t stretches, int64_t *next, const int64_t *end, const int64_t *step,
                         const int32_t *cell, int64_t begin, int64_t before, uint32_t *place,
                         int64_t *step_out, int32_t *cell_out) {
    memset(place, 0, (size_t)(before - begin + 1) * sizeof *place);
    for (int64_t r = 0; r < stretches; r++)
        for (int64_t q = next[r]; q < end[r] && step[q] < before; q++)
            place[step[q] - begin + 1]++;
    for (int64_t s = 0; s < before - begin; s++)
        place[s + 1] += place[s];
    const int64_t found = place[before - begin];
    for (int64_t r = 0; r < stretches; r++) {
        int64_t q = next[r];
        for (; q < end[r] && step[q] < before; q++) {
            const uint32_t to = place[step[q] - begin]++;
            step_out[to] = step[q];
            cell_out[to] = cell[q];
        }
        next[r] = q;
    }
    return found;
}

int eprop_sort_spikes(int64_t spikes, const int64_t *step, const int32_t *cell, int64_t first,
                      int64_t steps, int64_t *step_out, int32_t *cell_out) {
    if (spikes > UINT32_MAX)
        return EPROP_BAD_ARGUMENT;
    int64_t stretches = list_stretches(spikes, step, NULL), at_once = SORTED_AT_ONCE;
    const bool few = stretches * (steps / at_once + 1) <= spikes;
    if (!few) { /* looking at each of them takes longer than the cache saves */
        stretches = 1;
        at_once = steps;
    }
    uint32_t *const place = malloc((size_t)(at_once + 1) * sizeof *place);
    int64_t *const next = calloc((size_t)(2 * stretches + 1), sizeof *next);
    int64_t *const end = next != NULL ? next + stretches : NULL;
    if (place != NULL && next != NULL) {
        if (few)
            list_stretches(spikes, step, end);
        else
            end[0] = spikes;
        for (int64_t r = 1; r < stretches; r++)
            next[r] = end[r - 1];
        for (int64_t done = 0, s = 0; s < steps; s += at_once)
            done += sort_some(stretches, next, end, step, cell, first + s,
                              first + (s + at_once < steps ? s + at_once : steps), place,
                              step_out + done, cell_out + done);
    }
    const int status = place != NULL && next != NULL ? EPROP_OK : EPROP_NO_MEMORY;
    free(place);
    free(next);
    return status;
}
