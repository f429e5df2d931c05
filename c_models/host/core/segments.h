/*! \file
 *  \brief Parts of rows: the synapses of one presynaptic cell with one tile of targets.
 */
#ifndef EPROP_CORE_SEGMENTS_H
#define EPROP_CORE_SEGMENTS_H

#include "build.h"
#include "forward.h"
#include "tiles.h"

/* Synapses of one row whose targets lie in a tile. */
typedef struct {
    size_t first, count;
} segment;

static EP_INLINE segment row_segment(const block *b, const population *post, size_t row,
                                     size_t tile) {
    segment part;
    if (!b->sparse) {
        part.first = row * post->padded + tile * post->tile;
        part.count = tile_width(post, tile);
    } else if (b->tile_start != NULL) {
        const int64_t *const start = b->tile_start + row * (post->tiles + 1) + tile;
        part.first = (size_t)start[0];
        part.count = (size_t)(start[1] - start[0]);
    } else {
        const int64_t end = b->row_start[row + 1];
        const int64_t low = find_target(b, b->row_start[row], end, (int64_t)(tile * post->tile));
        part.first = (size_t)low;
        part.count =
            (size_t)(find_target(b, low, end, (int64_t)((tile + 1) * post->tile)) - low);
    }
    return part;
}

/* Sets what is stored at the holes and the padding of a dense segment to 0. */
static void clear_holes(const block *b, const population *post, size_t row, size_t tile,
                        ep_gradient *values) {
    const int32_t low = (int32_t)(tile * post->tile), high = low + (int32_t)tile_width(post, tile);
    for (int64_t k = b->hole_row[row]; k < b->hole_row[row + 1]; k++)
        if (b->hole[k] >= low && b->hole[k] < high)
            values[b->hole[k] - low] = (ep_gradient)0;
    for (size_t j = post->n; j < (size_t)high; j++)
        values[j - (size_t)low] = (ep_gradient)0;
}

#endif
