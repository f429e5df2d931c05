/*! \file
 *  \brief Sequences: interval after interval, with and without learning.
 */
#ifndef EPROP_INTERVALS_SEQUENCE_H
#define EPROP_INTERVALS_SEQUENCE_H

#include "forward.h"
#include "update.h"

static void core_start(machine *m) {
    const size_t bytes = m->batch * m->padded * sizeof(ep_real);
    memset(m->now.state, 0, bytes);
    memset(m->now.h, 0, bytes);
    m->has_before = false;
    if (m->traces != NULL)
        memset(m->traces, 0,
               (is_lstm(m) ? 3 * m->padded : 1) * m->batch * m->rows * sizeof(ep_real));
}

static const ep_real *end_state(const machine *m, const activity *a, size_t steps) {
    return a->state + steps * m->batch * m->padded;
}

static const ep_real *end_h(const machine *m, const activity *a, size_t steps) {
    return a->h + steps * m->batch * m->padded;
}

/* The units go on from the end of a simulated interval. */
static void move_on(machine *m, const activity *a, size_t steps) {
    const size_t bytes = m->batch * m->padded * sizeof(ep_real);
    memcpy(m->now.state, end_state(m, a, steps), bytes);
    memcpy(m->now.h, end_h(m, a, steps), bytes);
}

/* The mean over the batch of the errors summed over steps. */
static double mean_error(const machine *m) {
    double sum = 0.0;
    for (size_t b = 0; b < m->batch; b++)
        sum += m->sequence_error[b];
    return sum / (double)m->batch;
}

/* One step of an interval's length in the sequence: which steps, and what follows. */
typedef struct {
    size_t first, steps;
    size_t next;             /* steps of the interval after it among the given ones */
    bool last, next_last;    /* whether the sequences end with it, with the next one */
} place;

/* Algorithm 1: simulate the next interval and go back through it, for targets at this one's end,
   with the weights that both have now. false: its errors are not finite, and the boundary is not
   learned. */
static bool extra_pass(machine *m, const iv_steps *given, place at) {
    const ep_real *const state = end_state(m, &m->interval, at.steps);
    const ep_real *const h = end_h(m, &m->interval, at.steps);
    const size_t first = at.first + at.steps;
    boundary *const predicted = at.next_last ? NULL : &m->predicted_next;
    simulate(m, &m->next, given, first, at.next, state, h, predicted);
    if (!read_out(m, &m->next, given, first, at.next, GO_BACK, NULL))
        return false;
    set_boundary(m, predicted);
    go_back(m, &m->next, at.next, EP_TRACES_NONE, true);
    keep_targets(m);
    module_learns_from(m, state, h);
    return true;
}

/* dE_SG/dtheta by way of the boundary: its part by h, and that by the state, which is an error of
   this step that no later interval has. */
static void add_module_errors(machine *m) {
    const size_t stride = round_up(m->module_inputs, EP_TILE);
    for (size_t b = 0; b < m->batch; b++)
        for (size_t j = 0; j < m->units; j++) {
            const ep_real *const error = m->module_input_error + b * stride;
            m->back[b * m->padded + j] += error[j];
            if (m->settings.sees_state) {
                m->delta[b * m->padded + j] += error[m->units + j];
                if (m->lambda != NULL)
                    m->lambda[b * m->padded + j] += error[m->units + j];
            }
        }
}

static void count_squares(machine *m) {
    for (size_t b = 0; b < m->batch; b++) {
        m->squared_errors += m->row_squares[2 * b];
        m->squared_targets += m->row_squares[2 * b + 1];
    }
}

/* Learn from one interval; whether its error and gradients are finite. */
static bool learn_interval(machine *m, const iv_steps *given, place at) {
    activity *const a = &m->interval;
    boundary *const predicted = has_module(m) && !at.last ? &m->predicted : NULL;
    const bool extra = m->settings.extra_pass != 0;
    simulate(m, a, given, at.first, at.steps, m->now.state, m->now.h, predicted);
    bool module = predicted != NULL && extra && at.next > 0 && extra_pass(m, given, at);
    if (!read_out(m, a, given, at.first, at.steps, LEARN, NULL))
        return false;
    set_boundary(m, predicted);
    if (module && m->settings.through_network)
        add_module_errors(m);
    const bool due = has_module(m) && !extra && m->has_before;
    go_back(m, a, at.steps, (enum ep_unit_traces)m->settings.traces, due);
    if (due) {
        keep_targets(m);
        module_learns_from(m, m->before.state, m->before.h);
        module = true;
    }
    if (!update(m, given, at.first, at.steps, module))
        return false;
    if (module)
        count_squares(m);
    if (predicted != NULL && !extra) {
        const size_t bytes = m->batch * m->padded * sizeof(ep_real);
        memcpy(m->before.state, end_state(m, a, at.steps), bytes);
        memcpy(m->before.h, end_h(m, a, at.steps), bytes);
    }
    m->has_before = predicted != NULL && !extra;
    move_on(m, a, at.steps);
    return true;
}

static int core_train(machine *m, const iv_steps *given, double *error) {
    const size_t total = (size_t)given->steps;
    const size_t length = m->settings.whole ? total : (size_t)m->settings.interval;
    const int status = core_reserve(m, (int64_t)length);
    if (status != IV_OK)
        return status;
    memset(m->sequence_error, 0, m->batch * sizeof *m->sequence_error);
    bool finite = true;
    for (size_t first = 0; finite && first < total; first += length) {
        place at = {.first = first, .steps = smaller(length, total - first)};
        const size_t left = total - first - at.steps;
        at.next = smaller(length, left);
        at.last = left == 0 && given->last;
        at.next_last = left == at.next && given->last;
        finite = learn_interval(m, given, at);
    }
    *error = mean_error(m);
    if (!finite && isfinite(*error))
        *error = (double)NAN;
    return IV_OK;
}

static int core_run(machine *m, const iv_steps *given, void *y, void *h, double *error) {
    const size_t total = (size_t)given->steps;
    const int status = core_reserve(m, m->settings.interval);
    if (status != IV_OK)
        return status;
    memset(m->sequence_error, 0, m->batch * sizeof *m->sequence_error);
    for (size_t first = 0; first < total; first += m->steps) {
        const size_t steps = smaller(m->steps, total - first);
        simulate(m, &m->interval, given, first, steps, m->now.state, m->now.h, NULL);
        if (y != NULL || given->active != NULL)
            read_out(m, &m->interval, given, first, steps, JUDGE, y);
        for (size_t k = 0; h != NULL && k < steps * m->batch; k++)
            memcpy((ep_real *)h + (first * m->batch + k) * m->units,
                   m->interval.h + (m->batch + k) * m->padded, m->units * sizeof(ep_real));
        move_on(m, &m->interval, steps);
    }
    *error = mean_error(m);
    return IV_OK;
}

#endif
