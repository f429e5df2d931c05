/*! \file
 *  \brief Gradients of a small network: each trial's filter, then its spikes in the order of time.
 *
 *  A synapse's terms are added trial by trial, step by step, as in the general path, which takes
 *  one presynaptic cell after the other through all trials. Here the gradients of all synapses are
 *  at hand, and a trial's filter is read once, while it is in the cache. Threads share groups of
 *  trials and vectors of postsynaptic cells; the groups add their terms one after the other, so that
 *  no sum depends on the number of threads.
 */
#ifndef EPROP_FLOAT_SMALL_LEARN_H
#define EPROP_FLOAT_SMALL_LEARN_H

#include "filter.h"
#include "small.h"

#if defined(__GNUC__)
#define SMALL_FEW 8 /* spikes of a population in a step, of which there are seldom more */

/* A learning signal onto some vectors of its target, which begin at cell `first`. */
typedef struct {
    ep_vector kappa;
    const ep_weight *weight;
    size_t readouts, row, windows, window_steps;
    size_t source, stride; /* of rows of errors */
} small_signal;

static EP_INLINE small_signal small_signal_of(const engine *e, size_t index, size_t first) {
    const learning_signal *const g = &e->signals[index];
    return (small_signal){ep_spread(g->kappa), g->weight + first, g->readouts, g->padded, g->windows,
                          g->window_steps, g->source, e->populations[g->source].padded};
}

/* A step of the signal's filter: its decay, and the feedback of the errors of step s. */
static EP_INLINE void small_filter_signal(const small_signal *g, const ep_signal *errors,
                                          const size_t vectors, size_t s, ep_vector *G) {
    for (size_t i = 0; i < vectors; i++)
        G[i] = g->kappa * G[i];
    const size_t window = g->windows > 1 ? (s - 1) / g->window_steps : 0;
    const ep_weight *const feedback = g->weight + window * g->readouts * g->row;
    for (size_t k = 0; k < g->readouts; k++) {
        const ep_signal error = errors[s * g->stride + k];
        if (error == (ep_signal)0)
            continue;
        for (size_t i = 0; i < vectors; i++)
            G[i] += ep_load(feedback + k * g->row + i * EP_WIDTH) * ep_spread(error);
    }
}

/* The filter of a task's cells over the intervals of `trials` slots of one length: F^{t-1} into row
   t of `out`, one trial after the other. With several signals, of one trial. */
static EP_INLINE void small_filter_as(const engine *e, size_t slot, const size_t trials,
                                      const small_task *task, const size_t vectors,
                                      const bool adaptive, const bool one_signal, ep_history *out) {
    const population *const q = &e->populations[task->population];
    const size_t first = task->first * EP_WIDTH, width = q->padded, row = vectors * EP_WIDTH;
    const size_t signals = one_signal ? 1 : q->signal_count, room = (e->T + 1) * row;
    const ep_decay *const decay = trace_decay(q, task->rule, 0) + first;
    small_signal signal[signals + 1];
    const ep_signal *errors[signals + SMALL_AT_ONCE];
    const ep_history *h[SMALL_AT_ONCE];
    ep_vector G[signals + 1][SMALL_AT_ONCE], only[SMALL_AT_ONCE], F[SMALL_AT_ONCE];
    ep_vector lambda[SMALL_AT_ONCE], alpha[SMALL_AT_ONCE], C[SMALL_AT_ONCE];
    ep_vector rho[SMALL_AT_ONCE], beta[SMALL_AT_ONCE];
    for (size_t r = 0; r < signals; r++) {
        signal[r] = small_signal_of(e, q->signals[r], first);
        errors[r] = slot_activity(e, slot, signal[r].source)->signal;
        for (size_t i = 0; i < vectors; i++)
            G[r][i] = ep_zeros();
    }
    for (size_t k = 0; k < trials; k++) {
        h[k] = slot_activity(e, slot + k, task->population)->history[task->rule] + first;
        if (one_signal)
            errors[k] = slot_activity(e, slot + k, signal[0].source)->signal;
    }
    for (size_t m = 0; m < trials * vectors; m++)
        only[m] = F[m] = lambda[m] = ep_zeros();
    for (size_t i = 0; i < vectors; i++) {
        alpha[i] = ep_load(decay + i * EP_WIDTH);
        C[i] = ep_load(q->rate_term + first + i * EP_WIDTH);
        if (adaptive) {
            rho[i] = ep_load(q->cells.rho + first + i * EP_WIDTH);
            beta[i] = ep_load(q->cells.beta + first + i * EP_WIDTH);
        }
    }
    for (size_t s = e->length[slot]; s >= 1; s--) {
        for (size_t k = 0; one_signal && k < trials; k++)
            small_filter_signal(&signal[0], errors[k], vectors, s, &only[k * vectors]);
        for (size_t r = 0; !one_signal && r < signals; r++) {
            small_filter_signal(&signal[r], errors[r], vectors, s, G[r]);
            for (size_t i = 0; i < vectors; i++)
                only[i] = r == 0 ? G[0][i] : only[i] + G[r][i];
        }
        for (size_t k = 0; k < trials; k++)
            for (size_t i = 0; i < vectors; i++) {
                const size_t m = k * vectors + i;
                ep_vector sum = only[m] + C[i];
                if (adaptive)
                    sum += lambda[m];
                const ep_vector c = ep_load(h[k] + s * width + i * EP_WIDTH) * sum;
                F[m] = c + alpha[i] * F[m];
                if (adaptive)
                    lambda[m] = rho[i] * lambda[m] - beta[i] * c;
                ep_store(out + k * room + s * row + i * EP_WIDTH, F[m]);
            }
    }
}

/* g of a task's readouts over the intervals of `trials` slots of one length, into row t of `out`,
   one trial after the other. */
static EP_INLINE void small_filter_readouts(const engine *e, size_t slot, const size_t trials,
                                            const small_task *task, const size_t vectors,
                                            ep_history *out) {
    const population *const q = &e->populations[task->population];
    const size_t first = task->first * EP_WIDTH, width = q->padded, row = vectors * EP_WIDTH;
    const size_t room = (e->T + 1) * row;
    const bool errs = q->loss != EPROP_NO_LOSS;
    const ep_vector kappa = ep_spread(q->kappa);
    const ep_signal *signal[SMALL_AT_ONCE];
    ep_vector g[SMALL_AT_ONCE];
    for (size_t k = 0; k < trials; k++)
        signal[k] = slot_activity(e, slot + k, task->population)->signal + first;
    for (size_t m = 0; m < trials * vectors; m++)
        g[m] = ep_zeros();
    for (size_t s = e->length[slot]; s >= 1; s--)
        for (size_t k = 0; k < trials; k++)
            for (size_t i = 0; i < vectors; i++) {
                const size_t m = k * vectors + i;
                const ep_vector error =
                    errs ? ep_load(signal[k] + s * width + i * EP_WIDTH) : ep_zeros();
                g[m] = kappa * g[m] + error;
                ep_store(out + k * room + s * row + i * EP_WIDTH, g[m]);
            }
}

/* Adds up the gradients of biases that learn, from the rows g of a slot's interval. */
static void small_sum_biases(const engine *e, size_t slot, const small_task *task,
                             const ep_history *rows) {
    const population *const q = &e->populations[task->population];
    const size_t first = task->first * EP_WIDTH, lanes = task->vectors * EP_WIDTH;
    const size_t count = q->n - first < lanes ? q->n - first : lanes;
    for (size_t s = e->length[slot]; s >= 1; s--)
        for (size_t k = 0; k < count; k++)
            q->bias_sum[first + k] += ep_to_double(rows[s * lanes + k]);
}

/* The step of each spike of a slot, for the populations whose synapses learn. */
static void small_list_spikes(engine *e, size_t slot) {
    for (size_t p = 0; p < e->population_count; p++) {
        activity *const x = slot_activity(e, slot, p);
        const spike_list *const list = &x->spikes;
        if (!e->populations[p].by_cell)
            continue;
        if (!reserve((void **)&x->cell_step, &x->cell_capacity, list->used + SMALL_FEW,
                     sizeof *x->cell_step)) {
            e->no_memory = true;
            return;
        }
        /* a few are written at once, and those of later steps over what was too many: how many
           spikes a step has would be hard to predict */
        for (size_t s = 0; s <= e->length[slot]; s++) {
            int32_t *const step = x->cell_step + list->start[s];
            const size_t count = list->start[s + 1] - list->start[s];
            for (size_t q = 0; q < SMALL_FEW; q++)
                step[q] = (int32_t)s;
            for (size_t q = SMALL_FEW; q < count; q++)
                step[q] = (int32_t)s;
        }
    }
}

/* Adds the filter's rows to the gradients of the synapses whose spikes arrive at them. */
static EP_INLINE void small_gather(const engine *e, size_t slot, const small_task *task,
                                   const size_t vectors, const block *b, const ep_history *rows) {
    const size_t width = e->populations[task->population].padded;
    const activity *const x = slot_activity(e, slot, b->pre);
    const int64_t end = (int64_t)e->length[slot], least = 1 - b->lag;
    const int64_t first = b->first_arrival > least ? b->first_arrival : least;
    if (first + b->lag > end)
        return;
    const size_t last = x->spikes.start[end - b->lag + 1];
    const int32_t *const cell = x->spikes.cell, *const step = x->cell_step;
    const ep_history *const row_0 = rows + b->lag * (int64_t)(vectors * EP_WIDTH);
    ep_gradient *const gradient = b->gradient + task->first * EP_WIDTH;
    for (size_t q = x->spikes.start[first]; q < last; q++) {
        const ep_history *const row = row_0 + (size_t)step[q] * (vectors * EP_WIDTH);
        ep_gradient *const to = gradient + (size_t)cell[q] * width;
        for (size_t i = 0; i < vectors; i++)
            ep_store(to + i * EP_WIDTH, ep_load(to + i * EP_WIDTH) + ep_load(row + i * EP_WIDTH));
    }
}

/* The filter of a task over the intervals of `trials` slots of one length. */
static EP_INLINE void small_filter(const engine *e, size_t slot, const size_t trials,
                                   const small_task *task, const size_t vectors, ep_history *rows) {
    const population *const q = &e->populations[task->population];
    const bool adaptive = q->rules[task->rule].adaptation, one = q->signal_count == 1;
    if (q->kind == READOUTS)
        small_filter_readouts(e, slot, trials, task, vectors, rows);
    else if (adaptive && one)
        small_filter_as(e, slot, trials, task, vectors, true, true, rows);
    else if (one)
        small_filter_as(e, slot, trials, task, vectors, false, true, rows);
    else if (adaptive)
        small_filter_as(e, slot, 1, task, vectors, true, false, rows);
    else
        small_filter_as(e, slot, 1, task, vectors, false, false, rows);
}

/* Whether the filter can take this many slots in step. */
static bool small_go_together(const engine *e, size_t slot, size_t slots, size_t trials,
                              const population *q) {
    bool together = slots - slot >= trials && (q->kind == READOUTS || q->signal_count == 1);
    for (size_t k = 1; together && k < trials; k++)
        together = e->length[slot + k] == e->length[slot];
    return together;
}

typedef struct {
    const engine *e;
    size_t slots;
} small_job;

/* One group of trials, the slots first .. end - 1, of a task. `done`: how many groups are. */
static EP_INLINE void small_add_group(const engine *e, const small_task *task, const size_t vectors,
                                      size_t first, size_t end, ep_history *rows, size_t *done) {
    const population *const q = &e->populations[task->population];
    const size_t most = SMALL_AT_ONCE / vectors;
    for (size_t slot = first, trials; slot < end; slot += trials) {
        trials = small_go_together(e, slot, end, most, q) ? most : 1;
        if (trials == most)
            small_filter(e, slot, most, task, vectors, rows);
        else
            small_filter(e, slot, 1, task, vectors, rows);
        if (slot == first)
            thread_pool_await(e->pool, done, first / SMALL_AT_ONCE);
        for (size_t t = 0; t < trials; t++) {
            const ep_history *const of_trial = rows + t * (e->T + 1) * vectors * EP_WIDTH;
            if (learns_biases(q))
                small_sum_biases(e, slot + t, task, of_trial);
            for (size_t k = 0; k < q->incoming_count; k++) {
                const block *const b = &e->blocks[q->incoming[k]];
                if (b->optimizer.kind != EP_NONE && b->rule == task->rule)
                    small_gather(e, slot + t, task, vectors, b, of_trial);
            }
        }
    }
    thread_pool_count(e->pool, done);
}

/* Gradients of 0. */
static void small_clear_gradients(const engine *e, const small_task *task) {
    const population *const q = &e->populations[task->population];
    for (size_t k = 0; k < q->incoming_count; k++) {
        const block *const b = &e->blocks[q->incoming[k]];
        if (b->optimizer.kind == EP_NONE || b->rule != task->rule)
            continue;
        for (size_t row = 0; row < b->rows; row++)
            memset(b->gradient + row * q->padded + task->first * EP_WIDTH, 0,
                   task->vectors * EP_WIDTH * sizeof *b->gradient);
    }
}

/* Body: index = (group, task). Filters do not wait; what a group adds comes after what those before
   it add. */
static void small_body(void *context, size_t index, size_t thread) {
    const small_job *const job = context;
    const engine *const e = job->e;
    const small_network *const n = small_of(e);
    const size_t number = index % n->task_count;
    const size_t first = index / n->task_count * SMALL_AT_ONCE, left = job->slots - first;
    const size_t end = first + (left < SMALL_AT_ONCE ? left : SMALL_AT_ONCE);
    const small_task *const task = &n->tasks[number];
    if (first == 0)
        small_clear_gradients(e, task);
    switch (task->vectors) {
    case 1:
        small_add_group(e, task, 1, first, end, n->filters[thread], &n->groups_done[number]);
        break;
    case 2:
        small_add_group(e, task, 2, first, end, n->filters[thread], &n->groups_done[number]);
        break;
    default:
        small_add_group(e, task, SMALL_AT_ONCE, first, end, n->filters[thread],
                        &n->groups_done[number]);
        break;
    }
}

/* The gradients of all blocks and biases that learn, over the trials in the first slots. */
static void small_sum_gradients(engine *e, size_t slots) {
    small_job job = {e, slots};
    small_network *const n = small_of(e);
    memset(n->groups_done, 0, n->task_count * sizeof *n->groups_done);
    thread_pool_run(e->pool, (slots + SMALL_AT_ONCE - 1) / SMALL_AT_ONCE * n->task_count, small_body,
                    &job);
}
#endif

/* Gives a small network its path. */
static void prepare_small(engine *e) {
#if defined(__GNUC__)
    const char *const choice = getenv("EPROP_PATH");
    if (!small_fits(e) || (choice != NULL && strcmp(choice, "general") == 0))
        return;
    small_network *const n = OWN(e, small_network, 1);
    if (n == NULL)
        return;
    n->path = (small_path){small_refresh, small_advance, small_list_spikes,
                           small_sum_gradients};
    small_place(e, n);
    small_wire(e, n);
    small_split(e, n);
    e->small = &n->path;
#else
    (void)e;
#endif
}

#endif
