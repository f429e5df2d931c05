/*! \file
 *  \brief The whole engine for one number system and instruction set, as a table of functions.
 *
 *  The including file defines EPROP_CORE, the name of the table, and includes a number system.
 */
#include "eprop/neuron.h"
#include "eprop/rows.h"
#include "eprop/readout.h"
#include "eprop/filter.h"
#include "eprop/optimizer.h"

#include "run.h"

#include "../core_table.h"

static void export_values(const block *b, const population *post, const EPROP_REAL *values,
                          double *out) {
    if (b->sparse) {
        for (size_t q = 0; q < b->synapses; q++)
            out[q] = (double)values[q];
        return;
    }
    for (size_t row = 0; row < b->rows; row++)
        for (size_t j = 0; j < post->n; j++)
            out[row * post->n + j] = (double)values[row * post->padded + j];
}

static int core_get_weights(const engine *e, int32_t index, double *out) {
    const block *const b = &e->blocks[index];
    export_values(b, &e->populations[b->post], b->weight, out);
    return EPROP_OK;
}

static int core_set_weights(engine *e, int32_t index, const double *weight) {
    put_weights(e, &e->blocks[index], weight);
    return EPROP_OK;
}

static int core_get_gradient(const engine *e, int32_t index, double *out) {
    if (e->blocks[index].gradient == NULL)
        return EPROP_BAD_ARGUMENT;
    const block *const b = &e->blocks[index];
    export_values(b, &e->populations[b->post], b->gradient, out);
    return EPROP_OK;
}

static int core_get_bias(const engine *e, int32_t index, double *out) {
    if (e->populations[index].kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    for (size_t k = 0; k < e->populations[index].n; k++)
        out[k] = ep_to_double(e->populations[index].bias[k]);
    return EPROP_OK;
}

static int core_get_bias_gradient(const engine *e, int32_t index, double *out) {
    if (e->populations[index].kind != READOUTS)
        return EPROP_BAD_ARGUMENT;
    for (size_t k = 0; k < e->populations[index].n; k++)
        out[k] = ep_to_double(e->populations[index].bias_gradient[k]);
    return EPROP_OK;
}

static int core_sample(const engine *e, int32_t index, int32_t variable, double *out) {
    const population *const q = &e->populations[index];
    const activity *const x = slot_activity(e, e->s > 0 ? e->current : e->last, (size_t)index);
    const ep_state *values = NULL;
    const ep_state *initial = NULL;
    if ((variable == EPROP_V && q->kind != READOUTS) || (variable == EPROP_Y && q->kind == READOUTS)) {
        values = x->v;
        initial = q->v_initial;
    } else if (variable == EPROP_A) {
        values = x->a;
        initial = q->a_initial;
    } else if (variable == EPROP_ISYN_EXC && q->kind == STOCK) {
        values = x->exc;
        initial = q->exc_initial;
    } else if (variable == EPROP_ISYN_INH && q->kind == STOCK) {
        values = x->inh;
        initial = q->inh_initial;
    }
    if (values == NULL)
        return EPROP_BAD_ARGUMENT;
    for (size_t j = 0; j < q->n; j++)
        out[j] = ep_to_double(e->started ? values[j] : initial[j]);
    return EPROP_OK;
}

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

const eprop_core EPROP_CORE = {
    core_new,
    core_delete,
    core_add_sources,
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
    core_spikes,
    core_losses,
    core_step,
    core_updates,
    core_get_weights,
    core_set_weights,
    core_get_gradient,
    core_get_bias,
    core_get_bias_gradient,
    core_sample,
    core_state_entry,
    core_state_read,
    core_state_write,
};
