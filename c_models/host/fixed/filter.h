/*! \file
 *  \brief The backward filters of one interval in fixed point, and the gradients they give.
 */
#ifndef EPROP_FIXED_FILTER_TILES_H
#define EPROP_FIXED_FILTER_TILES_H

#include "../core/update.h"
#include "step.h"

/* The sum of several filtered signals, within the limit of one. */
static uint32_t sum_signals(size_t signals, size_t width, const int32_t (*G)[TILE], int32_t *sum) {
    uint32_t saturated = 0;
    for (size_t j = 0; j < width; j++) {
        int64_t total = 0;
        for (size_t r = 0; r < signals; r++)
            total += G[r][j];
        const int64_t high = EP_LIMIT - 1, low = -EP_LIMIT;
        saturated += total > high || total < low;
        sum[j] = (int32_t)(total > high ? high : total < low ? low : total);
    }
    return saturated;
}

static uint32_t filter_groups(const population *q, size_t number, size_t tile, const uint16_t *h,
                              const int32_t *G, ep_filter_state *state) {
    const trace_rule rule = q->rules[number];
    uint32_t saturated = 0;
    for (size_t k = 0; k < q->group_count; k++) {
        const cell_group *const group = &q->groups[k];
        if (group->first / TILE != tile)
            continue;
        const size_t lane = group->first % TILE;
        ep_filter filter = group->filter;
        if (!is_sloped_rule(&rule)) {
            const ep_clopath clopath = clopath_of(q, group, number);
            saturated += ep_filter_clopath(group->count, &filter, &clopath, h + lane, G + lane,
                                           state + lane);
            continue;
        }
        if (!rule.membrane)
            filter.alpha = 0;
        saturated +=
            rule.adaptation
                ? ep_filter_alif(group->count, &filter, h + lane, G + lane, state + lane)
                : ep_filter_lif(group->count, &filter, h + lane, G + lane, state + lane);
    }
    return saturated;
}

static bool row_is_sloped(const population *q, const ep_history *row, size_t n) {
    (void)q;
    const uint16_t *const h = (const uint16_t *)row;
    bool any = false;
    for (size_t j = 0; j < n; j++)
        any |= h[j] != 0;
    return any;
}

/* A step, backward in the network's time, of the filters G of a tile's learning signals; returns
   their sum, which may be in `total`. */
static const int32_t *filter_signals(const engine *e, size_t slot, const population *q, size_t tile,
                                     size_t s, int32_t (*G)[TILE], int32_t *total) {
    const size_t first = tile * TILE, signals = q->signal_count;
    const size_t cells = q->n - first < TILE ? q->n - first : TILE;
    for (size_t r = 0; r < signals; r++) {
        const learning_signal *const g = &e->signals[q->signals[r]];
        int32_t error[g->readouts];
        const uint32_t limited = scale_errors(e, slot, g, s, error);
        if (tile == 0)
            count_saturated(q->saturated, EPROP_ERRORS, limited);
        count_saturated(q->saturated, EPROP_FILTERED,
                        ep_filter_signal(cells, g->readouts, g->kappa,
                                         feedback_of(g, s) + first * g->readouts, error, G[r]));
    }
    if (signals <= 1)
        return G[0];
    count_saturated(q->saturated, EPROP_FILTERED,
                    sum_signals(signals, cells, (const int32_t(*)[TILE])G, total));
    return total;
}

/* Runs the filter over the interval's history of one tile of cells, from its last step to step 1;
   F^{t-1} takes the place of h^t. Returns the or of all |F|. room: see ../core/update.h. */
static uint32_t filter_cells(const engine *e, size_t slot, tile_task task, ep_signal *room) {
    const population *const q = &e->populations[task.population];
    const size_t tile = task.tile;
    const size_t first = tile * TILE, width = tile_width(q, tile), signals = q->signal_count;
    const size_t cells = q->n - first < TILE ? q->n - first : TILE;
    ep_history *const history =
        tile_history(e, q, slot_activity(e, slot, task.population), task.rule, tile);
    int32_t G[signals ? signals : 1][TILE], total[TILE];
    ep_filter_state state[TILE];
    uint32_t magnitude = 0;
    memset(G, 0, sizeof G);
    memset(state, 0, sizeof state);
    for (size_t j = 0; j < cells; j++)
        state[j].C = q->rate_term[first + j];
    /* in the network's time: what comes last in it is what cells that run backwards need first */
    for (size_t t = e->length[slot]; q->backwards && t >= 1; t--)
        memcpy(room + t * width, filter_signals(e, slot, q, tile, t, G, total),
               width * sizeof *room);
    for (size_t s = e->length[slot]; s >= 1; s--) {
        const int32_t *const sum = q->backwards
                                       ? room + turned_step(e, slot, s) * width
                                       : filter_signals(e, slot, q, tile, s, G, total);
        ep_history *const row = history + s * width;
        count_saturated(q->saturated, EPROP_FILTER,
                        filter_groups(q, task.rule, tile, (const uint16_t *)row, sum, state));
        for (size_t j = 0; j < width; j++) {
            row[j] = state[j].F;
            magnitude |= (uint32_t)(state[j].F ^ (state[j].F >> 31));
        }
    }
    return magnitude;
}

/* g_k^t into row t of the history of one tile of readouts. Returns the or of all |g|. */
static uint32_t filter_readouts(const engine *e, size_t slot, size_t p, size_t tile) {
    const population *const q = &e->populations[p];
    const size_t first = tile * TILE, width = tile_width(q, tile);
    activity *const x = slot_activity(e, slot, p);
    ep_history *const history = tile_history(e, q, x, 0, tile);
    int32_t g[TILE] = {0}, error[TILE] = {0};
    uint32_t magnitude = 0;
    for (size_t s = e->length[slot]; s >= 1; s--) {
        uint32_t limited = 0;
        for (size_t k = 0; q->loss != EPROP_NO_LOSS && k < width; k++)
            error[k] = ep_rescale(x->signal[s * q->padded + first + k],
                                  error_shift(q->signal_bits), EP_TERM_LIMIT, &limited);
        count_saturated(q->saturated, EPROP_ERRORS, limited);
        count_saturated(q->saturated, EPROP_FILTER, ep_filter_error(width, q->kappa, error, g));
        for (size_t k = 0; k < width; k++) {
            history[s * width + k] = g[k];
            magnitude |= (uint32_t)(g[k] ^ (g[k] >> 31));
        }
    }
    return magnitude;
}

static void filter_one(const engine *e, tile_task task, size_t slot, ep_signal *room) {
    const population *const p = &e->populations[task.population];
    p->magnitudes[(task.rule * p->tiles + task.tile) * e->slot_count + slot] =
        p->kind == SPIKING ? filter_cells(e, slot, task, room)
                           : filter_readouts(e, slot, task.population, task.tile);
}

/* Exact sums of filter rows, `lanes` wide. */
typedef struct {
    size_t lanes, budget, used;
    bool spilled;
    int32_t sum[TILE];
    int64_t wide[TILE];
} row_sum;

static void add_filter_row(row_sum *total, const int32_t *row) {
    if (total->used == total->budget) {
        if (!total->spilled)
            memset(total->wide, 0, sizeof total->wide);
        ep_spill(total->lanes, total->sum, total->wide);
        total->spilled = true;
        total->used = 0;
    }
    ep_add_filter_row(total->lanes, row, total->sum);
    total->used++;
}

/* The sums within the limit of gradients. */
static void close_row_sum(row_sum *total) {
    if (!total->spilled)
        memset(total->wide, 0, sizeof total->wide);
    (void)ep_collect(total->lanes, INT32_MAX, total->wide, total->sum);
}

static void begin_products(const block *b, segment part) {
    memset(b->product + part.first, 0, part.count * sizeof *b->product);
}

/* Frames are cut at EP_FRAME_STEPS, so that no sum leaves 64 bits. */
static void add_products(const engine *e, const block *b, size_t tile, size_t slot,
                         const ep_history *rows) {
    const population *const pre = &e->populations[b->pre], *const post = &e->populations[b->post];
    const activity *const x = slot_activity(e, slot, b->pre);
    const size_t width = tile_width(post, tile);
    size_t unlimited = 0;
    const size_t end = e->length[slot];
    for (size_t s = 1; s <= end;) {
        const size_t row = arriving_values(e, slot, b, (int64_t)s);
        if (row == SIZE_MAX) {
            s++;
            continue;
        }
        int64_t sum[TILE] = {0};
        const int32_t frame = x->frame[row];
        size_t steps = 0;
        for (size_t k = row; s <= end && steps < EP_FRAME_STEPS && x->frame[k] == frame;
             k = next_row(b, k), steps++, s++)
            for (size_t j = 0; j < width; j++)
                sum[j] += rows[s * width + j];
        unlimited += steps;
        const bool limited = unlimited >= EP_FRAME_STEPS || s > end;
        for (size_t i = 0; i < pre->n; i++) {
            const segment part = row_segment(b, post, i, tile);
            const ep_analog value = x->value[row * pre->n + i];
            int64_t *const out = b->product + part.first;
            if (!b->sparse)
                ep_add_products(width, value, sum, out);
            for (size_t q = 0; b->sparse && q < part.count; q++)
                out[q] += value * sum[(size_t)b->target[part.first + q] - tile * TILE];
            if (limited)
                ep_limit_products(part.count, out);
        }
        if (limited)
            unlimited = 0;
    }
}

static void end_products(const engine *e, const block *b, segment part) {
    const int32_t bits = e->populations[b->pre].value_bits;
    for (size_t q = part.first; q < part.first + part.count; q++)
        b->gradient[q] = ep_round_product(b->product[q], bits, INT32_MAX);
    count_saturated(b->saturated, EPROP_GRADIENT,
                    ep_limit_gradients(part.count, EP_GRADIENT_LIMIT, b->gradient + part.first));
}

/* See ../core/update.h. */
static void gather(const engine *e, const block *b, size_t row, size_t tile, segment part,
                   size_t slots, const ep_history *const *tiles, ep_gradient *out) {
    const population *const post = &e->populations[b->post];
    const size_t width = tile_width(post, tile);
    const bool whole = takes_rows(b, part, width);
    uint32_t magnitude = 0;
    for (size_t slot = 0; slot < slots; slot++)
        magnitude |= post->magnitudes[(b->rule * post->tiles + tile) * e->slot_count + slot];
    row_sum total;
    total.lanes = whole ? width : part.count;
    total.budget = ep_row_budget(magnitude);
    total.used = 0;
    total.spilled = false;
    memset(total.sum, 0, sizeof total.sum);
    int64_t *const picked = total.wide; /* sparse: one sum per synapse of the segment */
    if (!whole)
        memset(picked, 0, sizeof total.wide);
    for (size_t slot = 0; slot < slots; slot++) {
        const activity *const x = slot_activity(e, slot, b->pre);
        for (size_t q = x->cell_start[row]; q < x->cell_start[row + 1]; q++) {
            const size_t at = filter_row(e, slot, b, x->cell_step[q]);
            if (at == 0)
                continue;
            const ep_history *const filter = tiles[slot] + at * width;
            if (whole)
                add_filter_row(&total, filter);
            else
                for (size_t k = 0; k < part.count; k++)
                    picked[k] += filter[(size_t)b->target[part.first + k] - tile * TILE];
        }
    }
    if (!whole)
        total.spilled = true;
    close_row_sum(&total);
    for (size_t q = 0; q < part.count; q++)
        out[q] = whole && b->sparse
                     ? total.sum[(size_t)b->target[part.first + q] - tile * TILE]
                     : total.sum[q];
    count_saturated(b->saturated, EPROP_GRADIENT,
                    ep_limit_gradients(part.count, EP_GRADIENT_LIMIT, out));
}

/* Exact sums of single lanes need 64 bits, and gradients have 32. */
static bool sums_by_spike(const engine *e, const block *b) {
    (void)e;
    (void)b;
    return false;
}

static void sum_by_spike(const engine *e, size_t slots) {
    (void)e;
    (void)slots;
}

#endif
