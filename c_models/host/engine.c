/*! \file
 *  \brief The engine's interface: picks a core by precision and processor, checks indices.
 */
#include "engine.h"

#include <stdlib.h>

#include "core_table.h"

struct eprop_engine {
    const eprop_core *core;
    struct eprop_core_engine *inside;
    int32_t populations, blocks;
};

/* Those of a row have equal results, bit for bit. AVX2 is the best for fixed point. */
static const eprop_core *pick_core(int32_t precision) {
#ifdef EPROP_HAS_X86
    static const eprop_core *const cores[][3] = {
        [EPROP_FLOAT32] = {&eprop_core_float32, &eprop_core_float32_avx2,
                           &eprop_core_float32_avx512},
        [EPROP_FLOAT64] = {&eprop_core_float64, &eprop_core_float64_avx2,
                           &eprop_core_float64_avx512},
        [EPROP_FIXED] = {&eprop_core_fixed, &eprop_core_fixed_avx2, &eprop_core_fixed_avx2}};
#else
    static const eprop_core *const cores[][1] = {[EPROP_FLOAT32] = {&eprop_core_float32},
                                                 [EPROP_FLOAT64] = {&eprop_core_float64},
                                                 [EPROP_FIXED] = {&eprop_core_fixed}};
#endif
    const size_t known = sizeof cores / sizeof *cores;
    return precision >= 0 && (size_t)precision < known ? cores[precision][instruction_set()] : NULL;
}

const char *eprop_instruction_set(void) {
    return instruction_set_name();
}

eprop_engine *eprop_new(int32_t precision, const eprop_settings *settings) {
    const eprop_core *const core = pick_core(precision);
    if (core == NULL || settings->interval_steps < 1 || settings->trials_per_update < 1 ||
        settings->threads < 1 || settings->tile_width < 0 || settings->max_delay < 0)
        return NULL;
    eprop_engine *const e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->core = core;
    e->inside = core->create(settings);
    if (e->inside == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

void eprop_delete(eprop_engine *e) {
    if (e == NULL)
        return;
    e->core->destroy(e->inside);
    free(e);
}

static int counted(int status, int32_t *count) {
    if (status == EPROP_OK)
        ++*count;
    return status;
}

int eprop_add_sources(eprop_engine *e, int32_t size) {
    return counted(e->core->add_sources(e->inside, size), &e->populations);
}

int eprop_add_analog_sources(eprop_engine *e, const eprop_analog_sources *sources) {
    return counted(e->core->add_analog_sources(e->inside, sources), &e->populations);
}

int eprop_add_spiking_cells(eprop_engine *e, const eprop_spiking_cells *cells) {
    return counted(e->core->add_spiking_cells(e->inside, cells), &e->populations);
}

int eprop_add_readouts(eprop_engine *e, const eprop_readouts *readouts) {
    return counted(e->core->add_readouts(e->inside, readouts), &e->populations);
}

int eprop_add_stock_cells(eprop_engine *e, const eprop_stock_cells *cells) {
    return counted(e->core->add_stock_cells(e->inside, cells), &e->populations);
}

static int is_population(const eprop_engine *e, int32_t index) {
    return index >= 0 && index < e->populations;
}

int eprop_add_block(eprop_engine *e, const eprop_block *block) {
    if (!is_population(e, block->pre) || !is_population(e, block->post) || block->delay < 1)
        return EPROP_BAD_ARGUMENT;
    return counted(e->core->add_block(e->inside, block), &e->blocks);
}

int eprop_add_signal(eprop_engine *e, const eprop_signal *signal) {
    if (!is_population(e, signal->source) || !is_population(e, signal->target) ||
        signal->windows < 1 || signal->window_steps < 1)
        return EPROP_BAD_ARGUMENT;
    for (int32_t k = 0; k < signal->symmetric_blocks; k++)
        if (signal->symmetric_block[k] < 0 || signal->symmetric_block[k] >= e->blocks)
            return EPROP_BAD_ARGUMENT;
    return e->core->add_signal(e->inside, signal);
}

int eprop_build(eprop_engine *e) { return e->core->build(e->inside); }

int eprop_set_spiking_cells(eprop_engine *e, int32_t index, const eprop_spiking_cells *cells) {
    return is_population(e, index) ? e->core->set_spiking_cells(e->inside, index, cells)
                                   : EPROP_BAD_ARGUMENT;
}

int eprop_set_readouts(eprop_engine *e, int32_t index, const eprop_readouts *readouts) {
    return is_population(e, index) ? e->core->set_readouts(e->inside, index, readouts)
                                   : EPROP_BAD_ARGUMENT;
}

int eprop_set_stock_cells(eprop_engine *e, int32_t index, const eprop_stock_cells *cells) {
    return is_population(e, index) ? e->core->set_stock_cells(e->inside, index, cells)
                                   : EPROP_BAD_ARGUMENT;
}

int eprop_run(eprop_engine *e, const eprop_stretch *stretch) {
    int valid = stretch->steps >= 0;
    for (int32_t k = 0; k < stretch->samplings; k++)
        valid = valid && is_population(e, stretch->sampling[k].population) &&
                stretch->sampling[k].every >= 1;
    for (int32_t k = 0; k < stretch->spike_recordings; k++)
        valid = valid && is_population(e, stretch->spike_recording[k]);
    return valid ? e->core->run(e->inside, stretch) : EPROP_BAD_ARGUMENT;
}

int eprop_learn(eprop_engine *e, const eprop_trial *trial) {
    int valid = 1;
    for (int32_t k = 0; k < trial->spike_lists; k++)
        valid = valid && is_population(e, trial->spike_list[k].population);
    for (int32_t k = 0; k < trial->value_lists; k++)
        valid = valid && is_population(e, trial->value_list[k].population);
    return valid ? e->core->learn(e->inside, trial) : EPROP_BAD_ARGUMENT;
}

int eprop_apply(eprop_engine *e) { return e->core->apply(e->inside); }

int64_t eprop_spikes(const eprop_engine *e, int32_t index, const int64_t **step,
                     const int32_t **cell) {
    return e->core->spikes(e->inside, index, step, cell);
}

int64_t eprop_losses(const eprop_engine *e, int32_t population, const double **loss) {
    return e->core->losses(e->inside, population, loss);
}

int64_t eprop_step(const eprop_engine *e) { return e->core->step(e->inside); }

int64_t eprop_updates(const eprop_engine *e) { return e->core->updates(e->inside); }

static int is_block(const eprop_engine *e, int32_t index) {
    return index >= 0 && index < e->blocks;
}

int eprop_get_weights(const eprop_engine *e, int32_t block, double *out) {
    return is_block(e, block) ? e->core->get_weights(e->inside, block, out) : EPROP_BAD_ARGUMENT;
}

int eprop_set_weights(eprop_engine *e, int32_t block, const double *weight) {
    return is_block(e, block) ? e->core->set_weights(e->inside, block, weight)
                              : EPROP_BAD_ARGUMENT;
}

int eprop_get_gradient(const eprop_engine *e, int32_t block, double *out) {
    return is_block(e, block) ? e->core->get_gradient(e->inside, block, out) : EPROP_BAD_ARGUMENT;
}

int eprop_set_gradient(eprop_engine *e, int32_t block, const double *gradient) {
    return is_block(e, block) ? e->core->set_gradient(e->inside, block, gradient)
                              : EPROP_BAD_ARGUMENT;
}

int eprop_get_bias(const eprop_engine *e, int32_t population, double *out) {
    return is_population(e, population) ? e->core->get_bias(e->inside, population, out)
                                        : EPROP_BAD_ARGUMENT;
}

int eprop_set_bias(eprop_engine *e, int32_t population, const double *bias) {
    return is_population(e, population) ? e->core->set_bias(e->inside, population, bias)
                                        : EPROP_BAD_ARGUMENT;
}

int eprop_get_bias_gradient(const eprop_engine *e, int32_t population, double *out) {
    return is_population(e, population) ? e->core->get_bias_gradient(e->inside, population, out)
                                        : EPROP_BAD_ARGUMENT;
}

int eprop_set_bias_gradient(eprop_engine *e, int32_t population, const double *gradient) {
    return is_population(e, population)
               ? e->core->set_bias_gradient(e->inside, population, gradient)
               : EPROP_BAD_ARGUMENT;
}

int eprop_sample(const eprop_engine *e, int32_t population, int32_t variable, double *out) {
    return is_population(e, population) ? e->core->sample(e->inside, population, variable, out)
                                        : EPROP_BAD_ARGUMENT;
}

int64_t eprop_saturated(const eprop_engine *e, int32_t what, int32_t index) {
    const int known = what < EPROP_GRADIENT ? is_population(e, index) : is_block(e, index);
    return known && what >= 0 && what < EPROP_SATURATIONS
               ? e->core->saturated(e->inside, what, index)
               : 0;
}

int eprop_get_inactivity(const eprop_engine *e, int32_t population, eprop_inactivity *silent,
                         eprop_inactivity *flat) {
    return is_population(e, population)
               ? e->core->get_inactivity(e->inside, population, silent, flat)
               : EPROP_BAD_ARGUMENT;
}

int eprop_share_counts(const eprop_engine *e, int64_t *out) {
    return e->core->share_counts(e->inside, out);
}

int eprop_share_begin(eprop_engine *e, int64_t steps, int64_t trials, const int64_t *counts) {
    return e->core->share_begin(e->inside, steps, trials, counts);
}

int eprop_share_rows(const eprop_engine *e, int32_t block, int64_t first, int64_t rows, void **data,
                     int64_t *bytes) {
    return is_block(e, block) ? e->core->share_rows(e->inside, block, first, rows, data, bytes)
                              : EPROP_BAD_ARGUMENT;
}

int eprop_share_add(eprop_engine *e, int32_t block, int64_t first, int64_t rows) {
    return is_block(e, block) ? e->core->share_add(e->inside, block, first, rows)
                              : EPROP_BAD_ARGUMENT;
}

int eprop_share_biases(eprop_engine *e, int32_t population, void **data, int64_t *bytes) {
    return is_population(e, population) ? e->core->share_biases(e->inside, population, data, bytes)
                                        : EPROP_BAD_ARGUMENT;
}

int eprop_share_add_biases(eprop_engine *e, int32_t population) {
    return is_population(e, population) ? e->core->share_add_biases(e->inside, population)
                                        : EPROP_BAD_ARGUMENT;
}

int eprop_share_end(eprop_engine *e) { return e->core->share_end(e->inside); }

const char *eprop_path(const eprop_engine *e) {
    return e->core->is_small(e->inside) ? "small" : "general";
}

int eprop_state_entry(eprop_engine *e, int32_t index, char *name, int64_t *bytes) {
    return e->core->state_entry(e->inside, index, name, bytes);
}

int eprop_state_read(eprop_engine *e, int32_t index, void *out) {
    return e->core->state_read(e->inside, index, out);
}

int eprop_state_write(eprop_engine *e, const char *name, int64_t bytes, const void *in) {
    return e->core->state_write(e->inside, name, bytes, in);
}
