/*! \file
 *  \brief The whole engine for one number system and instruction set, as a table of functions.
 *
 *  The including file (float/core.h, fixed/core.h) provides what depends on the number system.
 *  EPROP_CORE is the name of the table.
 */
#include "checkpoint.h"
#include "learn.h"

#include "../core_table.h"

static int64_t core_spikes(const engine *e, int32_t index, const int64_t **step,
                           const int32_t **cell) {
    *step = e->records[index].step;
    *cell = e->records[index].cell;
    return (int64_t)e->records[index].used;
}

static int64_t core_losses(const engine *e, int32_t index, const double **loss) {
    *loss = e->populations[index].losses;
    return (int64_t)e->populations[index].losses_used;
}

static int64_t core_step(const engine *e) { return e->step; }
static int64_t core_updates(const engine *e) { return e->updates; }
static bool core_is_small(const engine *e) { return e->small != NULL; }

const eprop_core EPROP_CORE = {
    core_new,
    core_delete,
    core_add_sources,
    core_add_analog_sources,
    core_add_spiking_cells,
    core_add_readouts,
    core_add_stock_cells,
    core_add_block,
    core_add_signal,
    core_build,
    core_set_spiking_cells,
    core_set_readouts,
    core_set_stock_cells,
    core_run,
    core_learn,
    core_apply,
    core_spikes,
    core_losses,
    core_step,
    core_updates,
    core_get_weights,
    core_set_weights,
    core_get_gradient,
    core_set_gradient,
    core_get_bias,
    core_set_bias,
    core_get_bias_gradient,
    core_set_bias_gradient,
    core_sample,
    core_saturated,
    core_get_inactivity,
    core_share_counts,
    core_share_begin,
    core_share_rows,
    core_share_add,
    core_share_biases,
    core_share_add_biases,
    core_share_end,
    core_is_small,
    core_state_entry,
    core_state_read,
    core_state_write,
};
