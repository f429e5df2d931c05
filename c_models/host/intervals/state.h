/*! \file
 *  \brief Arrays of a machine in the shapes that Python knows, and back.
 */
#ifndef EPROP_INTERVALS_STATE_H
#define EPROP_INTERVALS_STATE_H

#include "memory.h"

/* Whether values go in or out; the inside is what changes if they go in. */
typedef struct {
    const ep_real *given;
    ep_real *found;
} traffic;

static void exchange(const traffic *t, size_t outside, ep_real *inside) {
    if (t->found != NULL)
        t->found[outside] = *inside;
    else
        *inside = t->given[outside];
}

/* (rows, groups columns) outside; in panels inside, with each group padded. */
static void exchange_panels(const traffic *t, size_t rows, size_t groups, size_t columns,
                            size_t padded, ep_real *inside) {
    for (size_t k = 0; k < rows; k++)
        for (size_t c = 0; c < groups * columns; c++) {
            const size_t j = c / columns * padded + c % columns;
            exchange(t, k * groups * columns + c,
                     inside + j / PANEL * rows * PANEL + k * PANEL + j % PANEL);
        }
}

static void exchange_rows(const traffic *t, size_t rows, size_t columns, size_t padded,
                          ep_real *inside) {
    for (size_t k = 0; k < rows; k++)
        for (size_t j = 0; j < columns; j++)
            exchange(t, k * columns + j, inside + k * padded + j);
}

/* (units, outputs) outside, a row for each output inside. */
static void exchange_readout(const traffic *t, const machine *m, ep_real *inside) {
    for (size_t k = 0; k < m->outputs; k++)
        for (size_t j = 0; j < m->units; j++)
            exchange(t, j * m->outputs + k, inside + k * m->padded + j);
}

/* LSTM: (batch, 3, units, rows) outside, tiles inside. */
static void exchange_traces(const traffic *t, const machine *m) {
    if (!is_lstm(m)) {
        exchange_rows(t, m->batch, m->rows, m->rows, m->traces);
        return;
    }
    size_t outside = 0;
    for (size_t b = 0; b < m->batch; b++)
        for (size_t g = 0; g < 3; g++)
            for (size_t j = 0; j < m->units; j++) {
                const size_t tile = g * (m->padded / EP_TILE) + j / EP_TILE;
                for (size_t i = 0; i < m->rows; i++)
                    exchange(t, outside++, m->traces + ((tile * m->batch + b) * m->rows + i) *
                                                           EP_TILE + j % EP_TILE);
            }
}

/* One of the arrays that are shaped like weights. */
static int exchange_learned(const traffic *t, machine *m, int32_t which, ep_real *inside) {
    if (inside == NULL)
        return IV_NO_ARRAY;
    switch (which) {
    case IV_WEIGHTS:
        exchange_panels(t, m->rows, m->gates, m->units, m->padded, inside);
        m->stale = m->stale || t->found == NULL;
        break;
    case IV_READOUT: exchange_readout(t, m, inside); break;
    case IV_READOUT_BIAS: exchange_rows(t, 1, m->outputs, m->outputs, inside); break;
    case IV_EMBEDDING: exchange_rows(t, m->words, m->inputs, m->input_padded, inside); break;
    case IV_HIDDEN:
        exchange_panels(t, m->module_inputs, 1, m->hidden, m->hidden_padded, inside);
        break;
    case IV_HIDDEN_BIAS: exchange_rows(t, 1, m->hidden, m->hidden, inside); break;
    case IV_OUTPUT: exchange_panels(t, m->hidden, 2, m->units, m->padded, inside); break;
    case IV_OUTPUT_BIAS: exchange_rows(t, 2, m->units, m->padded, inside); break;
    default: return IV_NO_ARRAY;
    }
    return IV_OK;
}

static learned *find_learned(machine *m, int32_t which) {
    learned *const all[] = {&m->weights, &m->readout, &m->readout_bias, &m->embedding,
                            &m->hidden_weights, &m->hidden_bias, &m->output_weights,
                            &m->output_bias};
    return which >= 0 && which < IV_LEARNED_ARRAYS ? all[which] : NULL;
}

static int exchange_cells(const traffic *t, const machine *m, ep_real *inside) {
    if (inside == NULL)
        return IV_NO_ARRAY;
    exchange_rows(t, m->batch, m->units, m->padded, inside);
    return IV_OK;
}

static int exchange_array(const traffic *t, machine *m, int32_t array) {
    switch (array) {
    case IV_UNIT_STATE: return exchange_cells(t, m, m->now.state);
    case IV_UNIT_OUTPUT: return exchange_cells(t, m, m->now.h);
    case IV_BOUNDARY_STATE: return exchange_cells(t, m, m->before.state);
    case IV_BOUNDARY_OUTPUT: return exchange_cells(t, m, m->before.h);
    case IV_ELIGIBILITY:
        if (m->traces == NULL)
            return IV_NO_ARRAY;
        exchange_traces(t, m);
        return IV_OK;
    case IV_FEEDBACK:
        if (m->feedback == NULL)
            return IV_NO_ARRAY;
        exchange_rows(t, m->outputs, m->units, m->padded, m->feedback);
        return IV_OK;
    default: break;
    }
    const int32_t which = array % IV_FIRST_MOMENT;
    learned *const l = find_learned(m, which);
    if (l == NULL || array < 0 || array / IV_FIRST_MOMENT > 2)
        return IV_NO_ARRAY;
    return exchange_learned(t, m, which,
                            array >= IV_SECOND_MOMENT  ? l->v
                            : array >= IV_FIRST_MOMENT ? l->m
                                                       : l->weight);
}

static int core_read(const machine *m, int32_t array, void *values) {
    const traffic t = {NULL, values};
    return exchange_array(&t, (machine *)m, array);
}

static int core_write(machine *m, int32_t array, const void *values) {
    const traffic t = {values, NULL};
    return exchange_array(&t, m, array);
}

static void core_get_counts(const machine *m, iv_counts *counts) {
    *counts = (iv_counts){m->updates, m->module_updates, m->has_before, m->squared_errors,
                          m->squared_targets};
}

static void core_set_counts(machine *m, const iv_counts *counts) {
    m->updates = counts->updates;
    m->module_updates = counts->module_updates;
    m->has_before = counts->has_boundary != 0;
    m->squared_errors = counts->squared_errors;
    m->squared_targets = counts->squared_targets;
}

#endif
