/*! \file
 *  \brief The width of tiles, and where each row's synapses with a tile begin.
 *
 *  The synapses of a row with one tile are what gradients are gathered for in one go. In a large
 *  sparse network a narrow tile has few of them, and finding them costs more than they do, or joining
 *  a row of the filter from so many tiles. In a large dense one they are a short piece of memory far
 *  from that of the next row, and waiting for it costs more than filters that are not close. Then
 *  tiles are wider. Every sum is over the same terms in the same order, so that results do not depend
 *  on it.
 */
#ifndef EPROP_CORE_TILES_H
#define EPROP_CORE_TILES_H

#include "memory.h"

#define SEGMENT 16 /* synapses of a row with a tile that are worth the search for them */
#define CACHED_BLOCK (8u << 20)  /* bytes of a block that are found in a cache */
#define CACHED_FILTER (4u << 20) /* bytes of filters of one tile that stay in a cache */

/* Whether a block's gradients are summed spike by spike, and not tile by tile (float/, fixed/). */
static bool sums_by_spike(const engine *e, const block *b);

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

/* Whether rows of a sparse block that learns have fewer synapses with a tile than SEGMENT. */
static bool has_short_segments(const block *b, const population *post) {
    return b->sparse && b->optimizer.kind != EP_NONE &&
           b->synapses * post->tile < SEGMENT * b->rows * post->padded;
}

/* Whether a block that learns does not stay in a cache from one update to the next. */
static bool is_large(const block *b) {
    return 3 * b->synapses * sizeof *b->weight > CACHED_BLOCK; /* w, m, v */
}

/* Whether the pieces of a dense block that learns lie in memory beyond the caches, and tiles of twice
   the width still have filters within them, and are enough for all threads. */
static bool has_short_pieces(const engine *e, const block *b, const population *post) {
    const size_t tile = 2 * post->tile, trials = (size_t)e->settings.trials_per_update;
    return !b->sparse && b->optimizer.kind != EP_NONE && !e->settings.continuous &&
           is_large(b) && tile * (e->T + 1) * trials * sizeof(ep_history) <= CACHED_FILTER &&
           (post->padded + tile - 1) / tile >= (size_t)e->settings.threads;
}

/* Makes the tiles of a population as wide as its incoming blocks need, or as the settings say. */
static void choose_tiles(const engine *e, population *p) {
    const size_t wanted = (size_t)e->settings.tile_width;
    bool wider = true;
    p->tile = NARROW_TILE;
    while (wider && 2 * p->tile <= WIDEST_TILE && p->tile < p->padded) {
        wider = p->tile < wanted;
        for (size_t k = 0; wanted == 0 && !wider && k < p->incoming_count; k++)
            wider = has_short_segments(&e->blocks[p->incoming[k]], p) ||
                    has_short_pieces(e, &e->blocks[p->incoming[k]], p);
        if (wider)
            p->tile *= 2;
    }
    p->tiles = (p->padded + p->tile - 1) / p->tile;
}

/* A table of the first synapse of each (row, tile), if it is small beside the synapses. */
static void index_tiles(engine *e, block *b) {
    const population *const post = &e->populations[b->post];
    const size_t tiles = post->tiles;
    if (!b->sparse || b->optimizer.kind == EP_NONE || sums_by_spike(e, b) ||
        b->rows * (tiles + 1) > 2 * b->synapses + 1024)
        return;
    b->tile_start = OWN(e, int64_t, b->rows * (tiles + 1));
    if (b->tile_start == NULL)
        return;
    for (size_t row = 0; row < b->rows; row++)
        for (size_t tile = 0; tile <= tiles; tile++)
            b->tile_start[row * (tiles + 1) + tile] = find_target(
                b, b->row_start[row], b->row_start[row + 1], (int64_t)(tile * post->tile));
}

/* Lanes of a row of a population's cells in checkpoints: whatever the padding in memory, these. */
static EP_INLINE size_t saved_lanes(const population *p) { return (p->n + 7) / 8 * 8; }

/* Between a history and its form in checkpoints, which has tiles of NARROW_TILE whatever the width:
   `file` is written if `save`, else read. */
static void copy_history(const engine *e, const population *p, ep_history *history, ep_history *file,
                         bool save) {
    for (size_t first = 0; first < saved_lanes(p); first += NARROW_TILE) {
        const size_t left = saved_lanes(p) - first, narrow = left < NARROW_TILE ? left : NARROW_TILE;
        const size_t tile = first / p->tile, width = tile_width(p, tile);
        ep_history *const inside = history + tile * p->tile * (e->T + 1) + first % p->tile;
        ep_history *const outside = file + first * (e->T + 1);
        for (size_t s = 0; s <= e->T; s++)
            memcpy(save ? outside + s * narrow : inside + s * width,
                   save ? inside + s * width : outside + s * narrow, narrow * sizeof *file);
    }
}

#endif
