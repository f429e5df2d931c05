/*! \file
 *  \brief Allocation: blocks that live as long as the engine, lists that grow, and a search in one.
 */
#ifndef EPROP_CORE_MEMORY_H
#define EPROP_CORE_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "types.h"

/* Zeroed memory, aligned for vectors, freed with the engine; NULL sets e->no_memory. */
static void *own(engine *e, size_t count, size_t size) {
    if (e->owned_count == e->owned_capacity) {
        const size_t capacity = e->owned_capacity ? 2 * e->owned_capacity : 64;
        void **const larger = realloc(e->owned, capacity * sizeof *larger);
        if (larger == NULL) {
            e->no_memory = true;
            return NULL;
        }
        e->owned = larger;
        e->owned_capacity = capacity;
    }
    const size_t bytes = count * size;
    void *memory = NULL;
    if ((size != 0 && count > SIZE_MAX / 2 / size) ||
        posix_memalign(&memory, 64, bytes ? (bytes + 63) / 64 * 64 : 64) != 0) {
        e->no_memory = true;
        return NULL;
    }
    memset(memory, 0, bytes ? (bytes + 63) / 64 * 64 : 64);
    e->owned[e->owned_count++] = memory;
    return memory;
}

/* Frees what was owned, or NULL. */
static void disown(engine *e, void *memory) {
    for (size_t k = e->owned_count; memory != NULL && k-- > 0;)
        if (e->owned[k] == memory) {
            e->owned[k] = e->owned[--e->owned_count];
            free(memory);
            return;
        }
}

#define OWN(e, type, count) ((type *)own((e), (count), sizeof(type)))

/* First index from `first` on, or `end`, whose value in an ascending list is not below `value`. */
static int64_t find_first(const int64_t *list, int64_t first, int64_t end, int64_t value) {
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (list[middle] < value)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Room for `needed` elements of `size` bytes in a growing list; false without memory. */
static bool reserve(void **list, size_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity)
        return true;
    size_t larger = *capacity ? 2 * *capacity : 256;
    if (larger < needed)
        larger = needed;
    void *const moved = realloc(*list, larger * size);
    if (moved == NULL)
        return false;
    *list = moved;
    *capacity = larger;
    return true;
}

#endif
