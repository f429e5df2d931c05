/*! \file
 *  \brief The host engine's conversions to fixed point, for tests of their NumPy twin.
 */
#define EPROP_CORE conversions_core
#include "fixed/core.h"

int32_t conversion_fixed(double value, int bits) { return to_fixed(value, bits); }

int32_t conversion_state(double value, int bits) {
    int32_t state = to_fixed(value, bits);
    ep_saturate(1, EP_LIMIT, &state);
    return state;
}

int32_t conversion_decay(double decay) { return to_decay(decay); }

int16_t conversion_wire(int32_t master) { return ep_wire_weight(master); }

/* ep_cells and ep_filter of a cell, and the format of h. */
void conversion_cell(const eprop_spiking_cells *in, int32_t cell, int32_t *cells, int32_t *filter,
                     int32_t *slope_bits) {
    *slope_bits = bits_of_slope(in);
    const cell_group group =
        group_of(in, in->adaptive, height_shift(in->height), *slope_bits, (size_t)cell);
    memcpy(cells, &group.cells, sizeof group.cells);
    memcpy(filter, &group.filter, sizeof group.filter);
}

void conversion_optimizer(const eprop_optimizer *optimizer, int64_t updates, int master_bits,
                          int gradient_bits, int32_t *words) {
    const ep_optimizer_step step = optimizer_step(optimizer, updates, master_bits, gradient_bits);
    memcpy(words, &step, sizeof step);
}
