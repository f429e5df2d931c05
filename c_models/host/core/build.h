/*! \file
 *  \brief Building the network: populations, blocks of synapses, learning signals, state.
 */
#ifndef EPROP_CORE_BUILD_H
#define EPROP_CORE_BUILD_H

#include "memory.h"

/* The number system's part of a new block, and its weights; defined where the core is put
   together (float/, fixed/). */
static void prepare_block(engine *e, block *b, const eprop_block *in);
static void put_weights(engine *e, block *b, const double *weight);

static engine *core_new(const eprop_settings *settings) {
    engine *const e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->settings = *settings;
    e->T = (size_t)settings->interval_steps;
    return e;
}

static void core_delete(engine *e) {
    if (e == NULL)
        return;
    for (size_t k = 0; e->slots != NULL && k < e->slot_count * e->population_count; k++) {
        free(e->slots[k].spikes.cell);
        free(e->slots[k].cell_step);
    }
    for (size_t k = 0; k < e->record_count; k++) {
        free(e->records[k].step);
        free(e->records[k].cell);
    }
    for (size_t p = 0; p < e->population_count; p++)
        free(e->populations[p].losses);
    for (size_t k = 0; k < e->owned_count; k++)
        free(e->owned[k]);
    free(e->owned);
    free(e->populations);
    free(e->blocks);
    free(e->signals);
    free(e->records);
    free(e->entries);
    free(e);
}

static void *append(engine *e, void **list, size_t *count, size_t size) {
    void *const larger = e->built ? NULL : realloc(*list, (*count + 1) * size);
    if (larger == NULL) {
        e->no_memory = true;
        return NULL;
    }
    *list = larger;
    char *const added = (char *)larger + *count * size;
    memset(added, 0, size);
    ++*count;
    return added;
}

static population *add_population(engine *e, enum kind kind, int32_t size) {
    population *const p =
        append(e, (void **)&e->populations, &e->population_count, sizeof(population));
    if (p == NULL)
        return NULL;
    p->kind = kind;
    p->n = (size_t)size;
    p->padded = pad_lanes(p->n);
    p->tiles = (p->padded + TILE - 1) / TILE;
    return p;
}

static int core_add_sources(engine *e, int32_t size) {
    return add_population(e, SOURCES, size) != NULL ? EPROP_OK : EPROP_NO_MEMORY;
}

/* --- synapses --- */

/* First synapse at or after `first` of a sparse row whose target is not below `cell`. */
static int64_t find_target(const block *b, int64_t first, int64_t end, int64_t cell) {
    while (first < end) {
        const int64_t middle = first + (end - first) / 2;
        if (b->target[middle] < cell)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* A table of the first synapse of each (row, tile), if it is small beside the synapses. */
static void index_tiles(engine *e, block *b, size_t tiles) {
    if (b->optimizer.kind == EP_NONE || b->rows * (tiles + 1) > 2 * b->synapses + 1024)
        return;
    b->tile_start = OWN(e, int64_t, b->rows * (tiles + 1));
    if (b->tile_start == NULL)
        return;
    for (size_t row = 0; row < b->rows; row++)
        for (size_t tile = 0; tile <= tiles; tile++)
            b->tile_start[row * (tiles + 1) + tile] =
                find_target(b, b->row_start[row], b->row_start[row + 1], (int64_t)(tile * TILE));
}

static int core_add_block(engine *e, const eprop_block *in) {
    block *const b = append(e, (void **)&e->blocks, &e->block_count, sizeof(block));
    if (b == NULL)
        return EPROP_NO_MEMORY;
    const population *const pre = &e->populations[in->pre], *const post = &e->populations[in->post];
    b->pre = (size_t)in->pre;
    b->post = (size_t)in->post;
    b->rows = pre->n;
    b->delay = in->delay;
    b->inhibitory = in->inhibitory != 0;
    b->sparse = in->target != NULL;
    b->optimizer = in->optimizer;
    b->traces = (trace_rule){in->membrane_trace != 0, in->adaptation_trace != 0};
    b->bounded = isfinite(in->optimizer.w_min) || isfinite(in->optimizer.w_max);
    const int64_t *const starts = b->sparse ? in->row_start : in->hole_row;
    const int32_t *const columns = b->sparse ? in->target : in->hole;
    int64_t *const row_copy = OWN(e, int64_t, b->rows + 1);
    int32_t *const column_copy = OWN(e, int32_t, (size_t)starts[b->rows]);
    b->synapses = b->sparse ? (size_t)starts[b->rows] : b->rows * post->padded;
    b->weight = OWN(e, ep_weight, b->synapses);
    if (b->optimizer.kind != EP_NONE) {
        b->gradient = OWN(e, ep_gradient, b->synapses);
        if (b->optimizer.kind == EP_ADAM) {
            b->m = OWN(e, ep_moment, b->synapses);
            b->v = OWN(e, ep_variance, b->synapses);
        }
    }
    prepare_block(e, b, in);
    if (e->no_memory)
        return EPROP_NO_MEMORY;
    memcpy(row_copy, starts, (b->rows + 1) * sizeof *row_copy);
    memcpy(column_copy, columns, (size_t)starts[b->rows] * sizeof *column_copy);
    if (b->sparse) {
        b->row_start = row_copy;
        b->target = column_copy;
        index_tiles(e, b, post->tiles);
    } else {
        b->hole_row = row_copy;
        b->hole = column_copy;
    }
    put_weights(e, b, in->weight);
    return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
}

#endif
