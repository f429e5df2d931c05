/*! \file
 *  \brief Gradients of a small network: each trial's filter, then its spikes in the order of time.
 *
 *  A synapse's terms are added trial by trial, step by step, as in the general path, which takes
 *  one presynaptic cell after the other through all trials. Here the gradients of all synapses are
 *  at hand, and a trial's filter is read once, while it is in the cache. Threads share the vectors
 *  of postsynaptic cells, so that no sum depends on their number.
 */
#ifndef EPROP_FLOAT_SMALL_LEARN_H
#define EPROP_FLOAT_SMALL_LEARN_H

#include "filter.h"
#include "small.h"

#if defined(__GNUC__)
#define SMALL_FEW 8 /* spikes of a population in a step, of which there are seldom more */

/* Adds the feedback of step s through signal g to G, some vectors of its target. */
static EP_INLINE void small_feedback(const engine *e, size_t slot, const learning_signal *g,
                                     size_t first, const size_t vectors, size_t s,
                                     small_reals *G) {
    const size_t window = g->windows > 1 ? (s - 1) / g->window_steps : 0;
    const ep_signal *const signal =
        slot_activity(e, slot, g->source)->signal + s * e->populations[g->source].padded;
    const ep_weight *const feedback = g->weight + window * g->readouts * g->padded;
    for (size_t k = 0; k < g->readouts; k++) {
        if (signal[k] == (ep_signal)0)
            continue;
        const small_reals *const row = (const small_reals *)(feedback + k * g->padded) + first;
        for (size_t i = 0; i < vectors; i++)
            G[i] += row[i] * signal[k];
    }
}

/* The filter of a task's cells over a slot's interval: F^{t-1} into row t of `out`. */
static EP_INLINE void small_filter_as(const engine *e, size_t slot, const small_task *task,
                                      const size_t vectors, const bool adaptive,
                                      const bool one_signal, small_reals *out) {
    const population *const q = &e->populations[task->population];
    const activity *const x = slot_activity(e, slot, task->population);
    const size_t width = small_width(q), signals = one_signal ? 1 : q->signal_count;
    const small_reals *const h = (const small_reals *)x->history[task->rule] + task->first;
    const small_reals *const decay =
        (const small_reals *)trace_decay(q, task->rule, 0) + task->first;
    const small_reals *const rate = (const small_reals *)q->rate_term + task->first;
    const learning_signal *const signal = one_signal ? &e->signals[q->signals[0]] : NULL;
    const small_reals zero = {0};
    small_reals G[signals ? signals : 1][SMALL_TASK_VECTORS], F[SMALL_TASK_VECTORS];
    small_reals lambda[SMALL_TASK_VECTORS], alpha[SMALL_TASK_VECTORS], C[SMALL_TASK_VECTORS];
    small_reals rho[SMALL_TASK_VECTORS], beta[SMALL_TASK_VECTORS], only[SMALL_TASK_VECTORS];
    for (size_t i = 0; i < vectors; i++) {
        for (size_t r = 0; r < (signals ? signals : 1); r++)
            G[r][i] = zero;
        only[i] = F[i] = lambda[i] = zero;
        alpha[i] = decay[i];
        C[i] = rate[i];
        if (adaptive) {
            rho[i] = ((const small_reals *)q->cells.rho + task->first)[i];
            beta[i] = ((const small_reals *)q->cells.beta + task->first)[i];
        }
    }
    for (size_t s = e->length[slot]; s >= 1; s--) {
        if (one_signal) {
            for (size_t i = 0; i < vectors; i++)
                only[i] = signal->kappa * only[i];
            small_feedback(e, slot, signal, task->first, vectors, s, only);
        } else {
            for (size_t r = 0; r < signals; r++) {
                const learning_signal *const g = &e->signals[q->signals[r]];
                for (size_t i = 0; i < vectors; i++)
                    G[r][i] = g->kappa * G[r][i];
                small_feedback(e, slot, g, task->first, vectors, s, G[r]);
            }
            for (size_t i = 0; i < vectors; i++) {
                only[i] = G[0][i];
                for (size_t r = 1; r < signals; r++)
                    only[i] += G[r][i];
            }
        }
        for (size_t i = 0; i < vectors; i++) {
            small_reals sum = only[i] + C[i];
            if (adaptive)
                sum += lambda[i];
            const small_reals c = h[s * width + i] * sum;
            F[i] = c + alpha[i] * F[i];
            if (adaptive)
                lambda[i] = rho[i] * lambda[i] - beta[i] * c;
            out[s * vectors + i] = F[i];
        }
    }
}

/* g of a task's readouts over a slot's interval, into row t of `out`; adds up the gradients of
   biases that learn. */
static EP_INLINE void small_filter_readouts(const engine *e, size_t slot, const small_task *task,
                                            const size_t vectors, small_reals *out) {
    const population *const q = &e->populations[task->population];
    const activity *const x = slot_activity(e, slot, task->population);
    const size_t width = small_width(q), lanes = vectors * SMALL_LANES;
    const size_t left = q->n - task->first * SMALL_LANES, count = left < lanes ? left : lanes;
    const small_reals *const signal = (const small_reals *)x->signal + task->first;
    double *const bias = q->bias_sum + task->first * SMALL_LANES;
    const bool sums = learns_biases(q), errs = q->loss != EPROP_NO_LOSS;
    const small_reals zero = {0};
    small_reals g[SMALL_TASK_VECTORS];
    for (size_t i = 0; i < vectors; i++)
        g[i] = zero;
    for (size_t s = e->length[slot]; s >= 1; s--) {
        for (size_t i = 0; i < vectors; i++) {
            g[i] = q->kappa * g[i] + (errs ? signal[s * width + i] : zero);
            out[s * vectors + i] = g[i];
        }
        for (size_t k = 0; sums && k < count; k++)
            bias[k] += ep_to_double(((const EPROP_REAL *)(out + s * vectors))[k]);
    }
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
                                   const size_t vectors, const block *b, const small_reals *rows) {
    const size_t width = small_width(&e->populations[task->population]);
    const activity *const x = slot_activity(e, slot, b->pre);
    const int64_t end = (int64_t)e->length[slot], least = 1 - b->lag;
    const int64_t first = b->first_arrival > least ? b->first_arrival : least;
    if (first + b->lag > end)
        return;
    const size_t last = x->spikes.start[end - b->lag + 1];
    const int32_t *const cell = x->spikes.cell, *const step = x->cell_step;
    const small_reals *const row_0 = rows + b->lag * (int64_t)vectors;
    small_reals *const gradient = (small_reals *)b->gradient + task->first;
    for (size_t q = x->spikes.start[first]; q < last; q++) {
        const small_reals *const row = row_0 + (size_t)step[q] * vectors;
        small_reals *const to = gradient + (size_t)cell[q] * width;
        for (size_t i = 0; i < vectors; i++)
            to[i] += row[i];
    }
}

/* Gradients of the synapses onto a task's vectors, over all slots. */
static EP_INLINE void small_gradients_as(const engine *e, const small_task *task,
                                         const size_t vectors, size_t slots, small_reals *rows) {
    const population *const q = &e->populations[task->population];
    const bool adaptive = q->rules[task->rule].adaptation, one = q->signal_count == 1;
    for (size_t slot = 0; slot < slots; slot++) {
        if (q->kind == READOUTS)
            small_filter_readouts(e, slot, task, vectors, rows);
        else if (adaptive && one)
            small_filter_as(e, slot, task, vectors, true, true, rows);
        else if (adaptive)
            small_filter_as(e, slot, task, vectors, true, false, rows);
        else if (one)
            small_filter_as(e, slot, task, vectors, false, true, rows);
        else
            small_filter_as(e, slot, task, vectors, false, false, rows);
        for (size_t k = 0; k < q->incoming_count; k++) {
            const block *const b = &e->blocks[q->incoming[k]];
            if (b->optimizer.kind != EP_NONE && b->rule == task->rule)
                small_gather(e, slot, task, vectors, b, rows);
        }
    }
}

typedef struct {
    const engine *e;
    size_t slots;
} small_job;

/* Body: one task. */
static void small_body(void *context, size_t index, size_t thread) {
    const small_job *const job = context;
    const engine *const e = job->e;
    const small_task *const task = &small_of(e)->tasks[index];
    small_reals *const rows = small_of(e)->filters[thread];
    const population *const q = &e->populations[task->population];
    for (size_t k = 0; k < q->incoming_count; k++) {
        const block *const b = &e->blocks[q->incoming[k]];
        if (b->optimizer.kind == EP_NONE || b->rule != task->rule)
            continue;
        for (size_t row = 0; row < b->rows; row++)
            memset((small_reals *)b->gradient + row * small_width(q) + task->first, 0,
                   task->vectors * sizeof(small_reals));
    }
    switch (task->vectors) {
    case 1:
        small_gradients_as(e, task, 1, job->slots, rows);
        break;
    case 2:
        small_gradients_as(e, task, 2, job->slots, rows);
        break;
    default:
        small_gradients_as(e, task, SMALL_TASK_VECTORS, job->slots, rows);
        break;
    }
}

/* The gradients of all blocks and biases that learn, over the trials in the first slots. */
static void small_sum_gradients(engine *e, size_t slots) {
    small_job job = {e, slots};
    thread_pool_run(e->pool, small_of(e)->task_count, small_body, &job);
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
