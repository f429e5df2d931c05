/*! \file
 *  \brief Building the network: populations, blocks of synapses, learning signals, state.
 */
#ifndef EPROP_CORE_BUILD_H
#define EPROP_CORE_BUILD_H

#include "memory.h"

/* What the number system adds to what is new, and the values that it takes; defined where the core
   is put together (float/, fixed/). */
static void prepare_spiking_cells(engine *e, population *p);
static void put_spiking_cells(population *p, const eprop_spiking_cells *in);
static void put_analog_sources(population *p, const eprop_analog_sources *in);
static void prepare_readouts(engine *e, population *p);
static void put_readouts(population *p, const eprop_readouts *in);
static void put_target(population *p, size_t values, const double *target);
static void prepare_block(engine *e, block *b, const eprop_block *in);
static void put_weights(engine *e, block *b, const double *weight);
static void prepare_signal(engine *e, learning_signal *s, const eprop_signal *in);
static void put_feedback(learning_signal *s, const population *target, const double *weight);

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
    return p;
}

static int core_add_sources(engine *e, int32_t size) {
    return add_population(e, SOURCES, size) != NULL ? EPROP_OK : EPROP_NO_MEMORY;
}

static int core_add_analog_sources(engine *e, const eprop_analog_sources *in) {
    population *const p = add_population(e, ANALOG, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    put_analog_sources(p, in);
    return EPROP_OK;
}

/* --- spiking cells --- */

static int core_set_spiking_cells(engine *e, int32_t index, const eprop_spiking_cells *in) {
    population *const p = &e->populations[index];
    if (p->kind != SPIKING || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
    memcpy(p->f_target, in->f_target, p->n * sizeof *p->f_target);
    memcpy(p->c_reg, in->c_reg, p->n * sizeof *p->c_reg);
    put_spiking_cells(p, in);
    return EPROP_OK;
}

static int core_add_spiking_cells(engine *e, const eprop_spiking_cells *in) {
    population *const p = add_population(e, SPIKING, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    p->adaptive = in->adaptive != 0;
    p->backwards = in->backwards != 0;
    e->any_backwards |= p->backwards;
    p->v_initial = OWN(e, ep_state, p->padded);
    p->f_target = OWN(e, double, p->n);
    p->c_reg = OWN(e, double, p->n);
    p->rate_term = OWN(e, ep_signal, p->padded);
    p->update_spikes = OWN(e, int64_t, p->n);
    if (p->adaptive)
        p->a_initial = OWN(e, ep_state, p->padded);
    prepare_spiking_cells(e, p);
    return e->no_memory ? EPROP_NO_MEMORY
                        : core_set_spiking_cells(e, (int32_t)e->population_count - 1, in);
}

/* --- readouts --- */

/* Errors are filtered with the readouts' kappa, what an error module sends is not. */
static ep_decay signal_kappa(const population *readouts) {
    return readouts->loss != EPROP_NO_LOSS ? readouts->kappa : (ep_decay)0;
}

static int core_set_readouts(engine *e, int32_t index, const eprop_readouts *in) {
    population *const p = &e->populations[index];
    if (p->kind != READOUTS || p->n != (size_t)in->size)
        return EPROP_BAD_ARGUMENT;
    p->kappa_exact = in->kappa;
    p->loss = (enum eprop_loss)in->loss;
    put_readouts(p, in);
    p->target_steps = in->target != NULL ? (size_t)in->target_steps : 0;
    if (in->target != NULL) {
        const size_t values = p->target_steps * p->n;
        if (values > p->target_room || p->target == NULL) {
            disown(e, p->target);
            p->target_room = values;
            p->target = OWN(e, ep_state, values);
            if (p->target == NULL)
                return EPROP_NO_MEMORY;
        }
        put_target(p, values, in->target);
    } else {
        p->loss = EPROP_NO_LOSS;
    }
    p->target_start = in->target_start;
    p->target_repeats = in->target_repeats != 0;
    p->bias_optimizer = in->bias_optimizer;
    for (size_t k = 0; k < e->signal_count; k++)
        if (e->signals[k].source == (size_t)index)
            e->signals[k].kappa = signal_kappa(p);
    return EPROP_OK;
}

static int core_add_readouts(engine *e, const eprop_readouts *in) {
    population *const p = add_population(e, READOUTS, in->size);
    if (p == NULL)
        return EPROP_NO_MEMORY;
    p->bias = OWN(e, ep_state, p->padded);
    p->v_initial = OWN(e, ep_state, p->padded);
    p->bias_m = OWN(e, ep_moment, p->padded);
    p->bias_v = OWN(e, ep_variance, p->padded);
    p->bias_gradient = OWN(e, ep_gradient, p->padded);
    p->bias_sum = OWN(e, double, p->padded);
    p->bias_trace = OWN(e, double, p->padded);
    prepare_readouts(e, p);
    return e->no_memory ? EPROP_NO_MEMORY
                        : core_set_readouts(e, (int32_t)e->population_count - 1, in);
}

/* --- synapses --- */

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
    b->traces = (trace_rule){in->membrane_trace != 0, in->adaptation_trace != 0, in->factor};
    b->bounded = isfinite(in->optimizer.w_min) || isfinite(in->optimizer.w_max);
    b->row_start = in->row_start;
    b->target = in->target;
    b->hole_row = in->hole_row;
    b->hole = in->hole;
    b->synapses = b->sparse ? (size_t)b->row_start[b->rows] : b->rows * post->padded;
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
    put_weights(e, b, in->weight);
    return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
}

/* --- learning signals --- */

static int core_add_signal(engine *e, const eprop_signal *in) {
    learning_signal *const s = append(e, (void **)&e->signals, &e->signal_count, sizeof *s);
    if (s == NULL)
        return EPROP_NO_MEMORY;
    const population *const target = &e->populations[in->target];
    s->source = (size_t)in->source;
    s->target = (size_t)in->target;
    s->readouts = e->populations[in->source].n;
    s->padded = target->padded;
    s->windows = (size_t)in->windows;
    s->window_steps = (size_t)in->window_steps;
    s->kappa = signal_kappa(&e->populations[in->source]);
    prepare_signal(e, s, in);
    s->symmetric_count = (size_t)in->symmetric_blocks;
    s->symmetric = OWN(e, size_t, s->symmetric_count);
    if (e->no_memory)
        return EPROP_NO_MEMORY;
    for (size_t k = 0; k < s->symmetric_count; k++)
        s->symmetric[k] = (size_t)in->symmetric_block[k];
    if (s->symmetric_count == 0)
        put_feedback(s, target, in->weight);
    return EPROP_OK;
}

#endif
