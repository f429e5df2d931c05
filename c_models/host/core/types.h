/*! \file
 *  \brief The engine's data, in the number system of the including file.
 *
 *  A *slot* holds the activity of one interval (the paper's trial) in all populations. With
 *  boundary "reset" the trials of an update live in a slot each, and may run at the same time.
 *
 *  Arrays of the backward filter are laid out in *tiles* of postsynaptic cells: tile by tile,
 *  within a tile step by step, so that one tile of one interval fits a core's cache. All tiles of a
 *  population have its `tile` cells, but for the last; see core/tiles.h for how many these are.
 */
#ifndef EPROP_CORE_TYPES_H
#define EPROP_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eprop/factor_kind.h"

#include "../engine.h"
#include "../../threads/pool.h"

/* Fields that one number system has and the others do not. */
#ifndef EP_POPULATION_FIELDS
#define EP_POPULATION_FIELDS
#define EP_BLOCK_FIELDS
#define EP_SIGNAL_FIELDS
#define EP_ACTIVITY_FIELDS
#endif

#define NARROW_TILE (512 / sizeof(ep_history)) /* long enough to stream, short enough for the cache */
#ifndef WIDEST_TILE                            /* the number system has tiles of one width */
#define WIDEST_TILE NARROW_TILE
#endif
#define ROW_BATCH 128 /* rows added in one go */

enum kind { SOURCES, SPIKING, READOUTS, STOCK, ANALOG };

/* Spikes of one interval by step; step s has the entries start[s + head] .. start[s + head + 1]. */
typedef struct {
    int32_t *cell;
    size_t used, capacity;
    size_t *start;
} spike_list;

/* What a synapse's eligibility trace is made of beside the present input; see eprop_block. */
typedef struct {
    bool membrane, adaptation;
    eprop_factor factor;
} trace_rule;

/* One population during one interval. */
typedef struct {
    ep_state *v;            /* membrane potential, or the readouts' y */
    ep_state *a;            /* adaptation */
    ep_state *exc, *inh;    /* synaptic currents of stock cells */
    ep_lane *refractory, *fired;
    int32_t *count;         /* spikes of each cell in the interval */
    spike_list spikes;
    ep_history **history;   /* for each rule, tiled: its factor, h^t or another, in row t; the filter
                               leaves F^{t-1} (cells), or g^t (readouts) */
    ep_state **v_hat;       /* for each rule that has it: the filtered membrane potential */
    ep_signal *signal;      /* readouts: row t is err^t, or y^t without a loss */
    double loss;
    ep_analog *value;       /* analog sources: a row of values for each step, see core/analog.h */
    int32_t *frame;         /* and the row at which the frame of each row began */
    size_t *cell_start;     /* the spikes again, by cell: steps cell_step[cell_start[i] ..]; on the
                               small path the step of each spike of the list */
    int32_t *cell_step;
    size_t cell_capacity;
    EP_ACTIVITY_FIELDS
} activity;

typedef struct {
    enum kind kind;
    size_t n, padded;
    size_t tile, tiles;     /* cells of a tile, and how many tiles there are */
    /* spiking cells */
    ep_cells cells;
    ep_state *v_initial, *a_initial;
    double *f_target, *c_reg;
    ep_signal *rate_term;   /* C_j of the update */
    bool adaptive, rate_regularised;
    bool backwards;         /* runs intervals from their last step to their first */
    /* readouts */
    ep_decay kappa;
    double kappa_exact;
    enum eprop_loss loss;
    ep_state *bias, *target;
    size_t target_steps, target_room; /* room: values that `target` can hold */
    int64_t target_start;
    bool target_repeats;
    eprop_optimizer bias_optimizer;
    ep_moment *bias_m;
    ep_variance *bias_v;
    ep_gradient *bias_gradient;
    double *bias_sum, *bias_trace;  /* gradient so far of the update; filtered 1, continuous mode */
    int64_t bias_updates;
    int64_t *update_spikes; /* spiking cells: of the update so far, continuous mode */
    int64_t update_sloped;  /* and whether they had a pseudo-derivative */
    eprop_inactivity silent, flat; /* the first updates of the kind, see core/inactivity.h */
    /* stock cells */
    bool exponential;
    ep_state *decay, *v_rest, *v_reset, *i_offset, *from_current, *from_exc, *from_inh;
    ep_state *exc_decay, *inh_decay, *exc_initial, *inh_initial, *threshold;
    ep_lane *period;
    /* wiring */
    size_t *incoming, incoming_count;   /* blocks */
    size_t *signals, signal_count;      /* learning signals that arrive */
    bool plastic;                       /* some incoming block learns, or the biases do */
    trace_rule *rules;                  /* of the blocks that learn, each once; readouts have one */
    size_t rule_count;
    size_t sloped_rule;                 /* the first whose factor is h; rule_count if there is none */
    bool has_factors;                   /* the factor of some rule is not h */
    bool by_cell;                       /* some outgoing block learns */
    double *losses;                     /* of the intervals that ended in the stretch */
    size_t losses_used, losses_capacity;
    EP_POPULATION_FIELDS
} population;

typedef struct {
    size_t pre, post, rows, synapses;
    int32_t delay;
    bool inhibitory, sparse, bounded;
    bool turned;            /* one of its populations runs backwards, and not the other */
    bool analog;            /* from a source of values */
    int64_t lag;            /* steps from emission to arrival, in the postsynaptic step's number */
    int64_t first_arrival;  /* the first emission, before it is turned, that arrives */
    const int64_t *row_start;   /* these four are the caller's */
    const int32_t *target;
    const int64_t *hole_row;
    const int32_t *hole;
    int64_t *tile_start;    /* sparse, gradients tile by tile: first synapse of each (row, tile), or
                               NULL to search */
    ep_weight *weight;
    ep_gradient *gradient;
    ep_moment *m;
    ep_variance *v;
    eprop_optimizer optimizer;
    trace_rule traces;
    size_t rule;            /* its place among the rules of the population `post` */
    int64_t updates;
    /* continuous mode, carried over the boundary, one per synapse */
    ep_gradient *zhat, *epsilon, **ebar; /* ebar: one per learning signal of the target */
    ep_gradient *gradient_sum, *eligibility_sum;
    EP_BLOCK_FIELDS
} block;

/* What arrives through a block from the frame of values that began at `row`; SIZE_MAX: none. */
typedef struct {
    size_t row;
    ep_state *sum;
} frame_arrivals;

typedef struct {
    size_t source, target;
    size_t readouts, padded;
    size_t windows, window_steps;
    ep_weight *weight;      /* (windows, readouts, padded cells) */
    size_t symmetric_count, *symmetric;
    ep_decay kappa;
    EP_SIGNAL_FIELDS
} learning_signal;

typedef struct {
    int64_t *step;
    int32_t *cell;
    size_t used, capacity;
} spike_record;

typedef struct eprop_core_engine engine;

/* Another way to do what a network with boundary "reset" does, with equal results, on the same data;
   see float/small.h. */
typedef struct {
    void (*refresh)(engine *); /* takes the present parameters and weights */
    /* a whole interval of a slot, as advance(), and list_spikes() if it is learned from; false, and
       nothing done, if it cannot */
    bool (*advance)(engine *, size_t slot, int64_t begin);
    /* what sum_gradients() needs to know of a slot's spikes, once the interval has ended */
    void (*list_spikes)(engine *, size_t slot);
    /* gradients of all blocks and biases that learn, over the trials in the first slots */
    void (*sum_gradients)(engine *, size_t slots);
} small_path;

struct eprop_core_engine {
    eprop_settings settings;
    size_t T, head;
    bool carries;           /* state or spikes in flight cross the boundary */
    size_t population_count, block_count, signal_count, slot_count;
    population *populations;
    block *blocks;
    learning_signal *signals;
    size_t *order;          /* populations that have steps, in the order of a step: readouts last */
    size_t ordered;         /* how many they are */
    activity *slots;        /* slot_count x population_count */
    size_t *length;         /* steps of the interval in each slot */
    bool any_backwards;
    frame_arrivals *frames; /* slot_count x block_count */
    spike_record *records;
    size_t record_count;
    void **owned;           /* memory to free at the end */
    size_t owned_count, owned_capacity;
    ep_history **scratch;   /* one tile of history per thread, continuous mode */
    ep_history **joined;    /* a row of the widest population's filter per thread */
    ep_signal **turned;     /* learning signals of one tile and interval per thread, if some
                               population runs backwards */
    const struct tile_task *tasks; /* tiles of the populations that learn, for each rule */
    size_t task_count;
    bool built, no_memory;
    bool outside_failed;    /* a step that is made outside */
    bool relist;            /* a state was restored: spikes must be listed by cell again */
    /* progress of the run */
    int64_t step;           /* global steps done */
    int64_t updates;
    size_t s;               /* steps done of the interval in progress */
    size_t pending;         /* trials done of the update in progress */
    size_t current, last;   /* slot of the interval in progress, and of the one before it */
    bool learning;          /* latched when the interval began */
    bool started;           /* an interval was begun */
    small_path *small;      /* NULL: the network has only the general path */
    struct state_entry *entries;
    size_t entry_count;
    thread_pool *pool;
    const eprop_stretch *stretch;
    int64_t stretch_begin;  /* global steps done before the stretch */
    bool last_update;       /* no further update follows in the stretch: keep the gradients */
    bool hold;              /* updates end with the gradients */
};

static EP_INLINE size_t pad_lanes(size_t n) { return (n + EP_LANES - 1) / EP_LANES * EP_LANES; }

static EP_INLINE activity *slot_activity(const engine *e, size_t slot, size_t p) {
    return &e->slots[slot * e->population_count + p];
}

/* Cells in tile `tile` of a population, padding included. */
static EP_INLINE size_t tile_width(const population *p, size_t tile) {
    const size_t left = p->padded - tile * p->tile;
    return left < p->tile ? left : p->tile;
}

/* Row 0 of a tile's history for a rule; its rows are tile_width() apart. */
static EP_INLINE ep_history *tile_history(const engine *e, const population *p, const activity *x,
                                          size_t rule, size_t tile) {
    return x->history[rule] + tile * p->tile * (e->T + 1);
}

static EP_INLINE bool is_sloped_rule(const trace_rule *rule) {
    return rule->factor.kind == EP_SLOPE;
}

/* First step of an interval whose spikes reach `post`; all of them if state crosses. */
static EP_INLINE int64_t first_step(const engine *e, const population *pre, const population *post) {
    if (e->settings.continuous || post->kind == STOCK)
        return -(int64_t)e->head;
    return pre->kind == SOURCES || pre->kind == ANALOG ? 0 : 1;
}

#endif
