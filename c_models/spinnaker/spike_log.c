/*! \file
 *  \brief implementation of spike_log.h
 */
#include "spike_log.h"

#include "population.h"
#include "values.h"

static uint8_t *region;
static uint32_t slot_bytes, starts_offset, population_offset, values_offset, start_count;
static uint32_t slot, used;

static uint32_t round8(uint32_t bytes) { return (bytes + 7) & ~UINT32_C(7); }

/* Without intervals the starts of as many steps are kept as delays need. */
static uint32_t start_places(void) {
    const uint32_t T = core.setup.interval_steps;
    return T != 0 ? T + 2 : core.setup.max_delay + 4;
}

uint32_t *log_entries(uint32_t k) { return (uint32_t *)(void *)(region + k * slot_bytes); }

static uint32_t *starts(uint32_t k) {
    return (uint32_t *)(void *)(region + k * slot_bytes + starts_offset);
}

static uint32_t start_place(uint32_t step) {
    return core.setup.interval_steps != 0 ? step : step % start_count;
}

void log_initialise(void *log_region) {
    region = log_region;
    start_count = start_places();
    starts_offset = round8(core.setup.log_capacity * 4);
    population_offset = starts_offset + round8(start_count * 4);
    values_offset = population_offset + round8(population_log_bytes());
    slot_bytes = values_offset + (VALUE_SOURCES != 0 ? values_log_bytes() : 0);
}

void log_begin(void) {
    slot = core.setup.log_slots > 1 ? now.pending : 0;
    used = 0;
    clear_words(starts(slot), core.setup.interval_steps != 0 ? 1 : start_count);
}

uint32_t log_slot(void) { return slot; }

void log_add(const uint32_t *sources, uint32_t count) {
    const uint32_t capacity = core.setup.log_capacity;
    uint32_t *const to = log_entries(slot);
    if (core.setup.interval_steps != 0) {
        if (used + count > capacity)
            fail(STATUS_LOG_FULL, used + count, capacity);
        copy_words(to + used, sources, count);
        used += count;
        return;
    }
    /* a ring: what the longest delay still needs must stay */
    const uint32_t needed = core.setup.max_delay;
    const uint32_t oldest =
        now.local > needed ? starts(slot)[start_place(now.local - needed)] : 0;
    if (used + count - oldest > capacity)
        fail(STATUS_LOG_FULL, used + count - oldest, capacity);
    for (uint32_t q = 0; q < count; q++)
        to[(used + q) % capacity] = sources[q];
    used += count;
}

void log_close(uint32_t step) {
    starts(slot)[start_place(step + 1)] = used;
    if (used > counts[PROVENANCE_MOST_LOGGED] && core.setup.interval_steps != 0)
        counts[PROVENANCE_MOST_LOGGED] = used;
}

uint32_t log_start(uint32_t k, uint32_t step) { return starts(k)[step]; }

uint32_t log_find(uint32_t k, uint32_t step, uint32_t last, uint32_t *first) {
    const uint32_t *const start = starts(k);
    *first = start[start_place(step)];
    return start[start_place(last + 1)] - *first;
}

void log_read(uint32_t k, uint32_t place, uint32_t count, uint32_t *sources) {
    const uint32_t *const from = log_entries(k);
    if (core.setup.interval_steps != 0) {
        copy_words(sources, from + place, count);
        return;
    }
    for (uint32_t q = 0; q < count; q++)
        sources[q] = from[(place + q) % core.setup.log_capacity];
}

uint8_t *log_population(uint32_t k) { return region + k * slot_bytes + population_offset; }

uint8_t *log_values(uint32_t k) { return region + k * slot_bytes + values_offset; }
