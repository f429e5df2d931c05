/*! \file
 *  \brief The machine's memory: one list of arrays, which is counted or allocated.
 */
#ifndef EPROP_INTERVALS_MEMORY_H
#define EPROP_INTERVALS_MEMORY_H

#include "types.h"

enum { MOST_ARRAYS = 96 };

/* A walk through the list: bytes so far and, if they are to be allocated, where they go. */
typedef struct {
    double bytes;
    void **owned;   /* NULL: count alone */
    size_t used;
    bool failed;
} walk;

/* count values of size bytes at 64-byte boundaries, 0; some more behind them may be read. */
static void *room(walk *w, size_t count, size_t size) {
    const double bytes = (double)count * (double)size + 128.0;
    w->bytes += bytes;
    if (w->owned == NULL || w->failed)
        return NULL;
    void *found = NULL;
    if (bytes > 0.5 * (double)SIZE_MAX || w->used == MOST_ARRAYS ||
        posix_memalign(&found, 64, round_up(count * size + 64, 64)) != 0) {
        w->failed = true;
        return NULL;
    }
    memset(found, 0, round_up(count * size + 64, 64));
    w->owned[w->used++] = found;
    return found;
}

static ep_real *reals(walk *w, size_t count) { return room(w, count, sizeof(ep_real)); }

static ep_real *reals_if(walk *w, bool needed, size_t count) {
    return needed ? reals(w, count) : NULL;
}

static void learned_room(walk *w, learned *l, size_t count, bool gradient, bool adam) {
    l->count = count;
    l->weight = reals(w, count);
    l->gradient = reals_if(w, gradient, count);
    l->m = reals_if(w, adam, count);
    l->v = reals_if(w, adam, count);
}

/* Whether the readouts' gradient is added to the weights at once and not stored, as no moments take
   it: what an interval gives is kept as a whole then, and its norm, if it is asked for, comes from
   smaller products. This follows from the settings alone, so that results do not depend on what a
   machine did before. */
static bool fuses(const machine *m) {
    const iv_settings *const s = &m->settings;
    const int64_t columns = s->interval * s->batch;
    return s->optimizer.kind != EP_ADAM && !s->whole && columns <= COLUMNS_AT_A_TIME &&
           (s->clip <= 0.0 || 2 * columns <= s->units);
}

/* Sizes that follow from the settings. */
static void set_sizes(machine *m, const iv_settings *s) {
    m->settings = *s;
    m->units = (size_t)s->units;
    m->padded = round_up(m->units, EP_TILE);
    m->inputs = (size_t)s->inputs;
    m->input_padded = round_up(m->inputs, EP_TILE);
    m->outputs = (size_t)s->outputs;
    m->words = (size_t)s->words;
    m->batch = (size_t)s->batch;
    m->rows = m->units + m->inputs + 1;
    m->gates = s->kind == IV_LSTM ? 4 : 1;
    m->width = m->gates * m->padded;
    m->hidden = (size_t)s->hidden;
    m->hidden_padded = round_up(m->hidden, EP_TILE);
    m->module_inputs = m->units * (s->sees_state ? 2 : 1);
    m->module_width = 2 * m->padded;
    m->parts = smaller((size_t)s->threads, m->batch);
}

static void set_steps(machine *m, size_t steps) {
    m->steps = steps;
    m->block_steps = smaller(steps, larger(COLUMNS_AT_A_TIME / m->batch, 1));
    m->columns = round_up(m->block_steps * m->batch, EP_TILE);
}

static void boundary_room(walk *w, boundary *b, size_t count) {
    b->state = reals(w, count);
    b->h = reals(w, count);
}

/* All that does not depend on the length of intervals. */
static void fixed_room(walk *w, machine *m) {
    const bool adam = m->settings.optimizer.kind == EP_ADAM;
    const bool module_adam = m->settings.module_optimizer.kind == EP_ADAM;
    const size_t cells = m->batch * m->padded;
    learned_room(w, &m->weights, panelled(m->rows, m->width), true, adam);
    /* the gradient is with what grows: it may not be needed */
    learned_room(w, &m->readout, m->outputs * m->padded, false, adam);
    learned_room(w, &m->readout_bias, round_up(m->outputs, EP_TILE), true, adam);
    if (has_words(m))
        learned_room(w, &m->embedding, m->words * m->input_padded, false, adam);
    m->feedback = reals_if(w, m->settings.signal == IV_RANDOM, m->outputs * m->padded);
    m->turned_h = reals_if(w, propagates(m), panelled(m->width, m->units));
    m->turned_x = reals_if(w, has_words(m), panelled(m->width, m->inputs));
    boundary_room(w, &m->now, cells);
    if (carries(m) && is_lstm(m)) {
        m->traces = reals(w, 3 * cells * m->rows);
        m->tile = reals(w, (size_t)m->settings.threads * m->rows * EP_TILE);
    } else if (carries(m)) {
        m->traces = reals(w, m->batch * m->rows);
    }
    m->delta = reals(w, cells);
    m->back = reals(w, cells);
    m->lambda = reals_if(w, m->settings.traces != IV_NONE, cells);
    m->decay = reals_if(w, carries(m) && is_lstm(m), cells);
    m->sequence_error = room(w, m->batch, sizeof(double));
    if (has_words(m))
        m->slot = room(w, m->words, sizeof *m->slot);
    if (has_module(m)) {
        learned_room(w, &m->hidden_weights, panelled(m->module_inputs, m->hidden), true,
                     module_adam);
        learned_room(w, &m->hidden_bias, m->hidden_padded, true, module_adam);
        learned_room(w, &m->output_weights, panelled(m->hidden, m->module_width), true,
                     module_adam);
        learned_room(w, &m->output_bias, m->module_width, true, module_adam);
        m->turned_output = reals(w, panelled(m->module_width, m->hidden));
        m->turned_hidden = reals_if(w, m->settings.through_network != 0,
                                    panelled(m->hidden_padded, m->module_inputs));
        boundary_room(w, &m->before, cells);
        boundary_room(w, &m->predicted, cells);
        if (m->settings.extra_pass)
            boundary_room(w, &m->predicted_next, cells);
        m->module_x = reals(w, m->batch * m->module_inputs);
        m->module_hidden = reals(w, m->batch * m->hidden_padded);
        m->module_out = reals(w, m->batch * m->module_width);
        m->module_target = reals(w, m->batch * m->module_width);
        m->module_error = reals(w, m->batch * m->module_width);
        m->module_hidden_error = reals(w, m->batch * m->hidden_padded);
        m->module_input_error = reals_if(w, m->settings.through_network != 0,
                                         m->batch * round_up(m->module_inputs, EP_TILE));
        m->row_squares = room(w, 2 * m->batch, sizeof(double));
    }
    size_t chunks = ceiling(m->weights.count, CHUNK) + ceiling(m->readout.count, CHUNK) +
                    ceiling(m->readout_bias.count, CHUNK);
    if (has_module(m))
        chunks += ceiling(m->hidden_weights.count, CHUNK) + ceiling(m->hidden_bias.count, CHUNK) +
                  ceiling(m->output_weights.count, CHUNK) + ceiling(m->output_bias.count, CHUNK);
    m->chunk_squares = room(w, chunks, sizeof(double));
}

static void activity_room(walk *w, const machine *m, activity *a) {
    const size_t cells = m->batch * m->padded;
    a->u = reals(w, m->steps * m->batch * m->rows);
    a->gates = reals(w, m->steps * m->batch * m->width);
    a->state = reals(w, (m->steps + 1) * cells);
    a->squashed = reals_if(w, m->settings.tanh_output != 0, m->steps * cells);
    a->h = reals(w, (m->steps + 1) * cells);
    a->dh = reals(w, m->steps * cells);
}

/* All that grows with the longest interval; set_steps() has been called. */
static void growing_room(walk *w, machine *m) {
    const size_t moments = m->steps * m->batch, chunks = ceiling(m->outputs, CLASS_CHUNK);
    activity_room(w, m, &m->interval);
    if (has_module(m) && m->settings.extra_pass)
        activity_room(w, m, &m->next);
    m->weighted = reals_if(w, m->settings.traces != IV_NONE, moments * m->width);
    m->local = reals_if(w, carries(m) && is_lstm(m), moments * 3 * m->padded);
    m->errors = reals(w, m->outputs * m->columns);
    m->targets = reals_if(w, m->settings.loss == IV_BINARY, m->outputs * m->columns);
    m->column_h = reals(w, m->units * m->columns);
    m->row_h = reals(w, m->columns * m->padded);
    m->column_dh = reals(w, chunks * m->units * m->columns);
    m->column_error = reals(w, m->columns);
    m->chunk_largest = reals(w, chunks * m->columns);
    m->chunk_sum = reals(w, chunks * m->columns);
    m->column_step = room(w, m->block_steps, sizeof *m->column_step);
    m->readout.gradient = reals_if(w, !fuses(m), m->readout.count);
    m->gram = reals_if(w, fuses(m) && m->settings.clip > 0.0, (chunks + 1) * m->columns * m->columns);
    if (has_words(m)) {
        m->dx = reals(w, moments * m->input_padded);
        m->slot_word = room(w, moments, sizeof *m->slot_word);
        m->slot_gradient = reals(w, moments * m->input_padded);
    }
}

static void give_back(void **owned) {
    for (size_t i = 0; i < MOST_ARRAYS; i++) {
        free(owned[i]);
        owned[i] = NULL;
    }
}

static int core_reserve(machine *m, int64_t steps) {
    if ((size_t)steps <= m->steps)
        return IV_OK;
    give_back(m->growing);
    set_steps(m, (size_t)steps);
    walk w = {0.0, m->growing, 0, false};
    growing_room(&w, m);
    if (!w.failed)
        return IV_OK;
    give_back(m->growing);
    m->steps = 0;
    return IV_NO_MEMORY;
}

static double core_bytes(const iv_settings *settings, int64_t steps) {
    machine m = {0};
    walk w = {0};
    set_sizes(&m, settings);
    set_steps(&m, (size_t)steps);
    fixed_room(&w, &m);
    growing_room(&w, &m);
    return w.bytes;
}

static void core_delete(machine *m) {
    thread_pool_stop(m->pool);
    if (m->fixed != NULL)
        give_back(m->fixed);
    if (m->growing != NULL)
        give_back(m->growing);
    free(m->fixed);
    free(m->growing);
    free(m);
}

static machine *core_new(const iv_settings *settings) {
    machine *const m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    set_sizes(m, settings);
    m->stale = true;
    m->fixed = calloc(MOST_ARRAYS, sizeof *m->fixed);
    m->growing = calloc(MOST_ARRAYS, sizeof *m->growing);
    m->pool = thread_pool_start((size_t)settings->threads);
    walk w = {0.0, m->fixed, 0, m->fixed == NULL || m->growing == NULL || m->pool == NULL};
    fixed_room(&w, m);
    if (w.failed || core_reserve(m, settings->interval) != IV_OK) {
        core_delete(m);
        return NULL;
    }
    for (size_t i = 0; i < m->words; i++)
        m->slot[i] = -1;
    return m;
}

#endif
