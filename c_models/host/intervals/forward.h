/*! \file
 *  \brief Simulation of an interval: the units of each part of the batch, step by step.
 */
#ifndef EPROP_INTERVALS_FORWARD_H
#define EPROP_INTERVALS_FORWARD_H

#include "module.h"

typedef struct {
    machine *m;
    activity *a;
    const iv_steps *given;
    size_t first, steps;         /* of the given ones */
    const ep_real *state, *h;    /* before the first, (batch, units) */
    boundary *predicted;         /* at the end; NULL: none */
} forward_job;

static void gather_inputs(const forward_job *job, size_t t, size_t b, const ep_real *h) {
    const machine *const m = job->m;
    const size_t moment = (job->first + t) * m->batch + b;
    ep_real *const u = job->a->u + (t * m->batch + b) * m->rows;
    const ep_real *const x = has_words(m)
        ? m->embedding.weight + (size_t)job->given->words[moment] * m->input_padded
        : (const ep_real *)job->given->inputs + moment * m->inputs;
    memcpy(u, h, m->units * sizeof *u);
    memcpy(u + m->units, x, m->inputs * sizeof *u);
    u[m->rows - 1] = EP_REAL(1);
}

static void step_units(const machine *m, ep_real *gates, const ep_real *before, ep_real *after,
                       ep_real *squashed, ep_real *h) {
    const size_t n = m->padded;
    const ep_real leak = EP_REAL(m->settings.leak);
    switch (m->settings.kind) {
    case IV_LSTM:
        if (m->settings.tanh_output)
            ep_lstm_step(n, true, gates, before, after, squashed, h);
        else
            ep_lstm_step(n, false, gates, before, after, NULL, h);
        break;
    case IV_TANH: ep_artificial_step(n, EP_UNIT_TANH, leak, gates, before, after, h); break;
    case IV_SIGMOID:
        ep_artificial_step(n, EP_UNIT_SIGMOID, leak, gates, before, after, h);
        memset(h + m->units, 0, (n - m->units) * sizeof *h); /* of what is padded it is 1 / 2 */
        break;
    default: ep_artificial_step(n, EP_UNIT_RELU, leak, gates, before, after, h);
    }
}

static void forward_part(void *context, size_t part, size_t thread) {
    const forward_job *const job = context;
    machine *const m = job->m;
    activity *const a = job->a;
    const size_t from = part_start(m, part), end = part_start(m, part + 1);
    const size_t cells = m->batch * m->padded;
    (void)thread;
    memcpy(a->state + from * m->padded, job->state + from * m->padded,
           (end - from) * m->padded * sizeof *a->state);
    memcpy(a->h + from * m->padded, job->h + from * m->padded,
           (end - from) * m->padded * sizeof *a->h);
    for (size_t t = 0; t < job->steps; t++) {
        for (size_t b = from; b < end; b++)
            gather_inputs(job, t, b, a->h + t * cells + b * m->padded);
        ep_real *const gates = a->gates + t * m->batch * m->width;
        product(end - from, m->width, m->rows, a->u + (t * m->batch + from) * m->rows, m->rows, 1,
                in_panels(m->weights.weight, m->rows), in_rows(gates + from * m->width, m->width),
                false);
        for (size_t b = from; b < end; b++) {
            const size_t k = t * cells + b * m->padded;
            step_units(m, gates + b * m->width, a->state + k, a->state + k + cells,
                       a->squashed != NULL ? a->squashed + k : NULL, a->h + k + cells);
        }
    }
    if (job->predicted != NULL)
        predict(m, from, end, a->state + job->steps * cells, a->h + job->steps * cells,
                job->predicted);
}

/* Simulate steps from given states on; with predictions of the module at their end, or NULL. */
static void simulate(machine *m, activity *a, const iv_steps *given, size_t first, size_t steps,
                     const ep_real *state, const ep_real *h, boundary *predicted) {
    forward_job job = {m, a, given, first, steps, state, h, predicted};
    thread_pool_run(m->pool, m->parts, forward_part, &job);
}

#endif
