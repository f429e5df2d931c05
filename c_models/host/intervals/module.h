/*! \file
 *  \brief The error module: predictions, and how far they are from their targets.
 */
#ifndef EPROP_INTERVALS_MODULE_H
#define EPROP_INTERVALS_MODULE_H

#include "memory.h"

/* hidden units and outputs of rows `from` to `end` of the batch, at values of a boundary */
static void module_forward(machine *m, size_t from, size_t end, const ep_real *state,
                           const ep_real *h) {
    const size_t rows = end - from;
    ep_real *const x = m->module_x + from * m->module_inputs;
    ep_real *const hidden = m->module_hidden + from * m->hidden_padded;
    ep_real *const out = m->module_out + from * m->module_width;
    for (size_t b = 0; b < rows; b++) {
        memcpy(x + b * m->module_inputs, h + (from + b) * m->padded, m->units * sizeof *x);
        if (m->settings.sees_state)
            memcpy(x + b * m->module_inputs + m->units, state + (from + b) * m->padded,
                   m->units * sizeof *x);
    }
    product(rows, m->hidden, m->module_inputs, x, m->module_inputs, 1,
            in_panels(m->hidden_weights.weight, m->module_inputs),
            in_rows(hidden, m->hidden_padded), false);
    for (size_t b = 0; b < rows; b++)
        ep_rectify(m->hidden_padded, m->hidden_bias.weight, hidden + b * m->hidden_padded);
    product(rows, m->module_width, m->hidden, hidden, m->hidden_padded, 1,
            in_panels(m->output_weights.weight, m->hidden), in_rows(out, m->module_width), false);
    for (size_t b = 0; b < rows; b++)
        ep_add_bias(m->module_width, m->output_bias.weight, out + b * m->module_width);
}

/* predictions at the end of an interval, of rows `from` to `end` */
static void predict(machine *m, size_t from, size_t end, const ep_real *state, const ep_real *h,
                    boundary *predicted) {
    module_forward(m, from, end, state, h);
    for (size_t b = from; b < end; b++) {
        const ep_real *const out = m->module_out + b * m->module_width;
        memcpy(predicted->state + b * m->padded, out, m->padded * sizeof *out);
        memcpy(predicted->h + b * m->padded, out + m->padded, m->padded * sizeof *out);
    }
}

/* What the backward pass left at the start of an interval, as targets. */
static void keep_targets(machine *m) {
    const size_t bytes = m->padded * sizeof *m->delta;
    for (size_t b = 0; b < m->batch; b++) {
        ep_real *const target = m->module_target + b * m->module_width;
        memcpy(target, m->delta + b * m->padded, bytes);
        memcpy(target + m->padded, m->back + b * m->padded, bytes);
    }
}

typedef struct {
    machine *m;
    const ep_real *state, *h;
} module_job;

static void turn_module_panel(void *context, size_t p, size_t thread) {
    machine *const m = ((module_job *)context)->m;
    const size_t outputs = ceiling(m->module_width, PANEL);
    (void)thread;
    if (p < outputs)
        transpose_panel(p, m->output_weights.weight, m->hidden, 0, m->hidden, m->turned_output,
                        m->module_width);
    else
        transpose_panel(p - outputs, m->hidden_weights.weight, m->module_inputs, 0,
                        m->module_inputs, m->turned_hidden, m->hidden_padded);
}

static void module_errors(void *context, size_t part, size_t thread) {
    const module_job *const job = context;
    machine *const m = job->m;
    const size_t from = part_start(m, part), end = part_start(m, part + 1), rows = end - from;
    ep_real *const errors = m->module_error + from * m->module_width;
    ep_real *const hidden_errors = m->module_hidden_error + from * m->hidden_padded;
    (void)thread;
    module_forward(m, from, end, job->state, job->h);
    for (size_t b = from; b < end; b++) {
        const size_t source = m->settings.shuffled ? (b + 1) % m->batch : b;
        const ep_real *const target = m->module_target + source * m->module_width;
        ep_real *const error = m->module_error + b * m->module_width;
        ep_prediction_error(m->module_width, m->module_out + b * m->module_width, target, error);
        double *const squares = m->row_squares + 2 * b;
        squares[0] = squares[1] = 0.0;
        for (size_t k = 0; k < m->module_width; k++) {
            squares[0] += (double)error[k] * (double)error[k];
            squares[1] += (double)target[k] * (double)target[k];
        }
    }
    product(rows, m->hidden, m->module_width, errors, m->module_width, 1,
            in_panels(m->turned_output, m->module_width), in_rows(hidden_errors, m->hidden_padded),
            false);
    for (size_t b = from; b < end; b++)
        ep_rectify_back(m->hidden_padded, m->module_hidden + b * m->hidden_padded,
                        m->module_hidden_error + b * m->hidden_padded);
    if (m->settings.through_network) {
        const size_t stride = round_up(m->module_inputs, EP_TILE);
        product(rows, m->module_inputs, m->hidden, hidden_errors, m->hidden_padded, 1,
                in_panels(m->turned_hidden, m->hidden_padded),
                in_rows(m->module_input_error + from * stride, stride), false);
    }
}

/* The errors of predictions at a boundary, from the targets that are kept; for the gradients. */
static void module_learns_from(machine *m, const ep_real *state, const ep_real *h) {
    module_job job = {m, state, h};
    size_t panels = ceiling(m->module_width, PANEL);
    if (m->settings.through_network)
        panels += ceiling(m->hidden_padded, PANEL);
    thread_pool_run(m->pool, panels, turn_module_panel, &job);
    thread_pool_run(m->pool, m->parts, module_errors, &job);
}

#endif
