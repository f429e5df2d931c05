/*! \file
 *  \brief Networks whose cells fit a few registers: which they are, and what their loops read.
 *
 *  The path of its own that such networks take (small_forward.h, small_learn.h) does the general
 *  path's operations in its order, on its data, and gives its results, bit for bit. It is faster
 *  because the state of all cells stays in registers over an interval, which is most of the cost of
 *  a batch of trials of few cells: of a step of 20 cells, the arithmetic is the smallest part.
 *
 *  All spiking cells are one row of the processor's vectors, population after population, each
 *  padded as everywhere; a vector belongs to one population. Synapses from one population with one
 *  delay are one table of such rows, 0 onto populations that they do not lead to.
 */
#ifndef EPROP_FLOAT_SMALL_H
#define EPROP_FLOAT_SMALL_H

#include "../core/update.h"

#if defined(__GNUC__)
#define SMALL_TILES 4 /* most tiles of EP_LANES cells, and of a population of readouts */
#define SMALL_TILE (EP_LANES / EP_WIDTH) /* vectors of a tile */
#define SMALL_VECTORS (SMALL_TILES * SMALL_TILE)

/* Spikes that arrive from one population after one delay. */
typedef struct {
    size_t pre;
    int64_t lag, first_arrival;   /* as those of its blocks */
    ep_weight *rows;              /* (cells of pre, vectors) */
    size_t block[SMALL_VECTORS];  /* for each vector, the block that leads to it; SIZE_MAX: none */
} small_arrivals;

/* Some vectors of one population that learns, for one of its rules. */
typedef struct {
    size_t population, rule;
    size_t first, vectors;
} small_task;

typedef struct {
    small_path path;              /* first, so that a pointer to it is one to all */
    bool fits_now;                /* with the present parameters of the cells */
    size_t vectors;
    size_t population[SMALL_VECTORS], first[SMALL_VECTORS]; /* of each vector; its first cell there */
    ep_unaligned alpha[SMALL_VECTORS], v_thresh[SMALL_VECTORS], inverse_width[SMALL_VECTORS];
    ep_unaligned rho[SMALL_VECTORS], beta[SMALL_VECTORS], height[SMALL_VECTORS];
    ep_unaligned_lanes refractory[SMALL_VECTORS];
    small_arrivals *arrivals;
    size_t arrival_count;
    small_task *tasks;
    size_t task_count;
    size_t *groups_done;          /* for each task, groups of trials whose terms are added */
    ep_history **filters;         /* for each thread, F or g of SMALL_AT_ONCE vectors at each step */
} small_network;

/* Most vectors of a task, and trials of a group. Tasks of fewer vectors filter several trials in
   step, so that there are as many: each waits for its last operation most of the time. */
#define SMALL_AT_ONCE 4

static EP_INLINE small_network *small_of(const engine *e) { return (small_network *)e->small; }

static EP_INLINE size_t small_width(const population *p) { return p->padded / EP_WIDTH; }

/* Whether a network takes this path, whatever its parameters and weights. */
static bool small_fits(const engine *e) {
    size_t vectors = 0;
    if (e->carries || e->any_backwards || !e->settings.learns)
        return false;
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        if (q->kind == STOCK || q->kind == ANALOG || q->has_factors ||
            (q->kind != SOURCES && (small_width(q) > SMALL_VECTORS || q->tiles != 1)))
            return false;
        vectors += q->kind == SPIKING ? small_width(q) : 0;
    }
    for (size_t k = 0; k < e->block_count; k++)
        if (e->blocks[k].sparse)
            return false;
    return vectors > 0 && vectors <= SMALL_VECTORS;
}

/* Gives each vector its population. */
static void small_place(const engine *e, small_network *n) {
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        for (size_t i = 0; q->kind == SPIKING && i < small_width(q); i++, n->vectors++) {
            n->population[n->vectors] = p;
            n->first[n->vectors] = i * EP_WIDTH;
        }
    }
}

/* Whether a block may join the arrivals numbered `a`: the order in which its population adds what
   comes through its blocks stays the order of the blocks. */
static bool small_joins(const small_network *n, size_t a, const block *b) {
    const small_arrivals *const to = &n->arrivals[a];
    if (to->pre != b->pre || to->lag != b->lag)
        return false;
    for (size_t k = a; k < n->arrival_count; k++)
        for (size_t i = 0; i < n->vectors; i++)
            if (n->population[i] == b->post && n->arrivals[k].block[i] != SIZE_MAX)
                return false;
    return true;
}

/* Lists what arrives at the cells. */
static void small_wire(engine *e, small_network *n) {
    n->arrivals = OWN(e, small_arrivals, e->block_count);
    for (size_t k = 0; n->arrivals != NULL && k < e->block_count; k++) {
        const block *const b = &e->blocks[k];
        if (e->populations[b->post].kind != SPIKING)
            continue;
        size_t a = 0;
        while (a < n->arrival_count && !small_joins(n, a, b))
            a++;
        small_arrivals *const to = &n->arrivals[a];
        if (a == n->arrival_count) {
            n->arrival_count++;
            *to = (small_arrivals){.pre = b->pre, .lag = b->lag, .first_arrival = b->first_arrival};
            to->rows = OWN(e, ep_weight, b->rows * n->vectors * EP_WIDTH);
            for (size_t i = 0; i < n->vectors; i++)
                to->block[i] = SIZE_MAX;
        }
        for (size_t i = 0; i < n->vectors; i++)
            if (n->population[i] == b->post)
                to->block[i] = k;
    }
}

/* Lists tasks of at most `most` vectors, 4, 2 or 1 of them; counts them if there is no list. */
static size_t small_list_tasks(const engine *e, size_t most, small_task *tasks) {
    size_t count = 0;
    for (size_t p = 0; p < e->population_count; p++)
        for (size_t r = 0; r < e->populations[p].rule_count; r++)
            for (size_t done = 0, take = most; done < small_width(&e->populations[p]);
                 done += take, count++) {
                while (take > small_width(&e->populations[p]) - done)
                    take /= 2;
                if (tasks != NULL)
                    tasks[count] = (small_task){p, r, done, take};
            }
    return count;
}

/* Splits the work of an update: a task for each thread, if there are that many vectors. */
static void small_split(engine *e, small_network *n) {
    const size_t threads = (size_t)e->settings.threads;
    size_t most = SMALL_AT_ONCE;
    while (most > 1 && small_list_tasks(e, most, NULL) < threads)
        most /= 2;
    n->tasks = OWN(e, small_task, small_list_tasks(e, most, NULL));
    n->groups_done = OWN(e, size_t, small_list_tasks(e, most, NULL));
    n->filters = OWN(e, ep_history *, threads);
    if (n->tasks != NULL)
        n->task_count = small_list_tasks(e, most, n->tasks);
    for (size_t k = 0; n->filters != NULL && k < threads; k++)
        n->filters[k] = OWN(e, ep_history, (e->T + 1) * SMALL_AT_ONCE * EP_WIDTH);
}

/* Takes the present parameters and weights. */
static void small_refresh(engine *e) {
    small_network *const n = small_of(e);
    n->fits_now = true;
    for (size_t i = 0; i < n->vectors; i++) {
        const population *const q = &e->populations[n->population[i]];
        const size_t first = n->first[i];
        n->fits_now &= q->cells.shape == EP_PIECEWISE_LINEAR;
        n->alpha[i] = ep_load(q->cells.alpha + first);
        n->v_thresh[i] = ep_load(q->cells.v_thresh + first);
        n->inverse_width[i] = ep_load(q->cells.inverse_width + first);
        n->refractory[i] = ep_load_lanes(q->cells.refractory + first);
        n->height[i] = ep_spread(q->cells.height);
        if (q->adaptive) {
            n->rho[i] = ep_load(q->cells.rho + first);
            n->beta[i] = ep_load(q->cells.beta + first);
        }
    }
    for (size_t a = 0; a < n->arrival_count; a++) {
        const small_arrivals *const x = &n->arrivals[a];
        for (size_t i = 0; i < n->vectors; i++) {
            if (x->block[i] == SIZE_MAX)
                continue;
            const block *const b = &e->blocks[x->block[i]];
            const size_t padded = e->populations[b->post].padded;
            for (size_t row = 0; row < b->rows; row++)
                ep_store(x->rows + (row * n->vectors + i) * EP_WIDTH,
                         ep_load(b->weight + row * padded + n->first[i]));
        }
    }
}
#endif

#endif
