/*! \file
 *  \brief Going back through an interval: errors of pre-activations, and factors of the gradient.
 */
#ifndef EPROP_INTERVALS_BACKWARD_H
#define EPROP_INTERVALS_BACKWARD_H

#include "memory.h"

typedef struct {
    machine *m;
    activity *a;
    size_t steps;
    enum ep_unit_traces traces;  /* NONE for errors alone */
    bool to_start;               /* whether errors at the start of the interval are needed */
} backward_job;

static void turn_panel(void *context, size_t p, size_t thread) {
    machine *const m = context;
    (void)thread;
    if (m->turned_h != NULL)
        transpose_panel(p, m->weights.weight, m->rows, 0, m->units, m->turned_h, m->width);
    if (m->turned_x != NULL)
        transpose_panel(p, m->weights.weight, m->rows, m->units, m->inputs, m->turned_x, m->width);
}

static void lstm_back(const machine *m, const backward_job *job, size_t t, size_t b) {
    const activity *const a = job->a;
    const size_t n = m->padded, cells = m->batch * n, row = b * n, k = t * cells + row;
    const size_t moment = t * m->batch + b;
    const bool tanh_output = m->settings.tanh_output != 0;
    const ep_real *const q = tanh_output ? a->squashed + k : a->state + k + cells;
    ep_real *const gates = a->gates + moment * m->width;
#define LSTM_BACK(tanh_output, traces, lambda, decay, weighted, local)                          \
    ep_lstm_back(n, tanh_output, traces, gates, q, a->state + k, a->dh + k, m->delta + row,     \
                 lambda, decay, weighted, local)
#define LSTM_BACK_OF(tanh_output)                                                               \
    switch (job->traces) {                                                                      \
    case EP_TRACES_NONE: LSTM_BACK(tanh_output, EP_TRACES_NONE, NULL, NULL, NULL, NULL); break; \
    case EP_TRACES_TRUNCATED:                                                                   \
        LSTM_BACK(tanh_output, EP_TRACES_TRUNCATED, m->lambda + row, NULL,                      \
                  m->weighted + moment * m->width, NULL);                                       \
        break;                                                                                  \
    default:                                                                                    \
        LSTM_BACK(tanh_output, EP_TRACES_CARRIED, m->lambda + row, m->decay + row,              \
                  m->weighted + moment * m->width, m->local + moment * 3 * n);                  \
    }
    if (tanh_output) {
        LSTM_BACK_OF(true)
    } else {
        LSTM_BACK_OF(false)
    }
#undef LSTM_BACK_OF
#undef LSTM_BACK
}

static void artificial_back(const machine *m, const backward_job *job, size_t t, size_t b) {
    const activity *const a = job->a;
    const size_t n = m->padded, cells = m->batch * n, row = b * n, k = t * cells + row;
    const ep_real leak = EP_REAL(m->settings.leak);
    ep_real *const weighted =
        job->traces != EP_TRACES_NONE ? m->weighted + (t * m->batch + b) * m->width : NULL;
    ep_real *const lambda = m->lambda != NULL ? m->lambda + row : NULL;
#define ARTIFICIAL_BACK(kind)                                                                   \
    ep_artificial_back(n, kind, leak, job->traces, a->state + k + cells, a->h + k + cells,      \
                       a->dh + k, a->gates + k, m->delta + row, lambda, weighted)
    switch (m->settings.kind) {
    case IV_TANH: ARTIFICIAL_BACK(EP_UNIT_TANH); break;
    case IV_SIGMOID: ARTIFICIAL_BACK(EP_UNIT_SIGMOID); break;
    default: ARTIFICIAL_BACK(EP_UNIT_RELU);
    }
#undef ARTIFICIAL_BACK
}

static void backward_part(void *context, size_t part, size_t thread) {
    const backward_job *const job = context;
    machine *const m = job->m;
    activity *const a = job->a;
    const size_t from = part_start(m, part), end = part_start(m, part + 1);
    const size_t n = m->padded, cells = m->batch * n;
    (void)thread;
    for (size_t t = job->steps; t-- > 0;) {
        ep_real *const errors = a->gates + t * m->batch * m->width;
        for (size_t b = from; b < end; b++) {
            if (propagates(m)) {
                ep_real *restrict const dh = a->dh + t * cells + b * n;
                const ep_real *restrict const after = m->back + b * n;
                EP_INDEPENDENT
                for (size_t j = 0; j < n; j++)
                    dh[j] += after[j];
            }
            if (is_lstm(m))
                lstm_back(m, job, t, b);
            else
                artificial_back(m, job, t, b);
        }
        if (propagates(m) && (t > 0 || job->to_start))
            product(end - from, m->units, m->width, errors + from * m->width, m->width, 1,
                    in_panels(m->turned_h, m->width), in_rows(m->back + from * n, n), false);
        if (has_words(m) && a == &m->interval)
            product(end - from, m->inputs, m->width, errors + from * m->width, m->width, 1,
                    in_panels(m->turned_x, m->width),
                    in_rows(m->dx + (t * m->batch + from) * m->input_padded, m->input_padded),
                    false);
    }
}

/* Go back from the boundary values in delta (dE/dstate), back (dE/dh) and, of what has no later
   interval, lambda. Leaves those of the start of the interval there. */
static void go_back(machine *m, activity *a, size_t steps, enum ep_unit_traces traces,
                    bool to_start) {
    if (m->stale && (m->turned_h != NULL || m->turned_x != NULL))
        thread_pool_run(m->pool, ceiling(m->width, PANEL), turn_panel, m);
    m->stale = false;
    if (traces == EP_TRACES_CARRIED && m->decay != NULL)
        for (size_t k = 0; k < m->batch * m->padded; k++)
            m->decay[k] = EP_REAL(1);
    backward_job job = {m, a, steps, traces, to_start};
    thread_pool_run(m->pool, m->parts, backward_part, &job);
}

/* Boundary values: factor times predictions, or 0; and no direct ones. */
static void set_boundary(machine *m, const boundary *predicted) {
    const size_t cells = m->batch * m->padded;
    const ep_real factor = EP_REAL(m->settings.factor);
    if (predicted == NULL) {
        memset(m->delta, 0, cells * sizeof *m->delta);
        memset(m->back, 0, cells * sizeof *m->back);
    } else {
        for (size_t k = 0; k < cells; k++) {
            m->delta[k] = factor * predicted->state[k];
            m->back[k] = factor * predicted->h[k];
        }
    }
    if (m->lambda != NULL)
        memset(m->lambda, 0, cells * sizeof *m->lambda);
}

#endif
