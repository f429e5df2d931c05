/*! \file
 *  \brief Allocation of the state when a network is complete.
 */
#ifndef EPROP_CORE_STATE_H
#define EPROP_CORE_STATE_H

#include "analog.h"
#include "spikes.h"
#include "tiles.h"

/* Allocates what one population needs in one slot. */
static void allocate_activity(engine *e, const population *p, activity *x) {
    if (p->kind == ANALOG) {
        x->value = OWN(e, ep_analog, (e->head + e->T + 1) * p->n);
        x->frame = OWN(e, int32_t, e->head + e->T + 1);
        return;
    }
    x->spikes.start = OWN(e, size_t, e->head + e->T + 2);
    if (p->by_cell)
        x->cell_start = OWN(e, size_t, p->n + 2);
    if (p->kind == SOURCES)
        return;
    x->v = OWN(e, ep_state, p->padded);
    if (p->kind == READOUTS)
        x->signal = OWN(e, ep_signal, (e->T + 1) * p->padded);
    else {
        x->refractory = OWN(e, ep_lane, p->padded);
        x->fired = OWN(e, ep_lane, p->padded);
        x->count = OWN(e, int32_t, p->padded);
    }
    if (p->adaptive)
        x->a = OWN(e, ep_state, p->padded);
    if (p->kind == STOCK) {
        x->exc = OWN(e, ep_state, p->padded);
        x->inh = OWN(e, ep_state, p->padded);
    }
    if (!p->plastic)
        return;
    /* One row more than steps: row 0 stays unused, so that row t is step t. In continuous mode the
       filters write elsewhere, and all rules of h read the same. */
    x->history = OWN(e, ep_history *, p->rule_count);
    x->v_hat = OWN(e, ep_state *, p->rule_count);
    for (size_t r = 0; x->history != NULL && x->v_hat != NULL && r < p->rule_count; r++) {
        const bool sloped = is_sloped_rule(&p->rules[r]);
        x->history[r] = sloped && r > p->sloped_rule && e->settings.continuous
                            ? x->history[p->sloped_rule]
                            : OWN(e, ep_history, p->padded * (e->T + 1));
        if (!sloped)
            x->v_hat[r] = OWN(e, ep_state, p->padded);
    }
}

static bool same_rule(const trace_rule *a, const trace_rule *b) {
    return a->membrane == b->membrane && a->adaptation == b->adaptation &&
           a->factor.kind == b->factor.kind &&
           a->factor.while_refractory == b->factor.while_refractory &&
           a->factor.v_plus == b->factor.v_plus && a->factor.v_minus == b->factor.v_minus &&
           a->factor.v_decay == b->factor.v_decay;
}

/* Lists the rules of a population's blocks that learn, and each block's place among them. */
static void list_rules(engine *e, population *p) {
    p->rules = OWN(e, trace_rule, p->incoming_count + 1);
    if (p->rules == NULL)
        return;
    p->rule_count = p->kind == READOUTS && p->plastic ? 1 : 0;
    for (size_t k = 0; k < p->incoming_count && p->kind == SPIKING; k++) {
        block *const b = &e->blocks[p->incoming[k]];
        if (b->optimizer.kind == EP_NONE)
            continue;
        trace_rule rule = b->traces;
        rule.adaptation &= p->adaptive;
        for (b->rule = 0; b->rule < p->rule_count; b->rule++)
            if (same_rule(&p->rules[b->rule], &rule))
                break;
        if (b->rule == p->rule_count)
            p->rules[p->rule_count++] = rule;
        p->has_factors |= !is_sloped_rule(&rule);
    }
    while (p->sloped_rule < p->rule_count && !is_sloped_rule(&p->rules[p->sloped_rule]))
        p->sloped_rule++;
}

/* Lists which blocks and signals arrive at each population. */
static void wire(engine *e) {
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
        q->incoming = OWN(e, size_t, e->block_count);
        q->signals = OWN(e, size_t, e->signal_count);
        if (e->no_memory)
            return;
        for (size_t k = 0; k < e->block_count; k++)
            if (e->blocks[k].post == p)
                q->incoming[q->incoming_count++] = k;
        for (size_t k = 0; k < e->signal_count; k++)
            if (e->signals[k].target == p)
                q->signals[q->signal_count++] = k;
        q->plastic = q->kind == READOUTS && q->bias_optimizer.kind != EP_NONE;
        e->carries |= q->kind == STOCK;
    }
    for (size_t k = 0; k < e->block_count; k++)
        if (e->blocks[k].optimizer.kind != EP_NONE) {
            e->populations[e->blocks[k].post].plastic = true;
            population *const pre = &e->populations[e->blocks[k].pre];
            pre->by_cell = pre->kind != ANALOG;
        }
    for (size_t p = 0; p < e->population_count; p++) {
        list_rules(e, &e->populations[p]);
        choose_tiles(e, &e->populations[p]);
    }
}

/* What a block has of its populations and of the settings, once they are known. */
static void place_blocks(engine *e) {
    for (size_t k = 0; k < e->block_count; k++) {
        block *const b = &e->blocks[k];
        const population *const pre = &e->populations[b->pre], *const post = &e->populations[b->post];
        b->turned = pre->backwards != post->backwards;
        b->analog = pre->kind == ANALOG;
        b->lag = b->delay - (post->kind == READOUTS ? 1 : 0);
        b->first_arrival = first_step(e, pre, post);
        index_tiles(e, b);
    }
}

/* Cells of the widest tile of any population. */
static size_t widest_tile(const engine *e) {
    size_t widest = NARROW_TILE;
    for (size_t p = 0; p < e->population_count; p++)
        if (e->populations[p].tile > widest)
            widest = e->populations[p].tile;
    return widest;
}

/* Traces that continuous mode carries over the boundary, one value per synapse and trace. */
static void allocate_traces(engine *e) {
    for (size_t k = 0; k < e->block_count; k++) {
        block *const b = &e->blocks[k];
        const population *const post = &e->populations[b->post];
        if (b->optimizer.kind == EP_NONE)
            continue;
        b->zhat = OWN(e, ep_gradient, b->synapses);
        b->gradient_sum = OWN(e, ep_gradient, b->synapses);
        if (post->kind != SPIKING)
            continue;
        b->eligibility_sum = OWN(e, ep_gradient, b->synapses);
        if (post->rules[b->rule].adaptation)
            b->epsilon = OWN(e, ep_gradient, b->synapses);
        b->ebar = OWN(e, ep_gradient *, post->signal_count);
        for (size_t r = 0; b->ebar != NULL && r < post->signal_count; r++)
            b->ebar[r] = OWN(e, ep_gradient, b->synapses);
    }
    const size_t threads = (size_t)e->settings.threads;
    e->scratch = OWN(e, ep_history *, threads);
    for (size_t k = 0; e->scratch != NULL && k < threads; k++)
        e->scratch[k] = OWN(e, ep_history, widest_tile(e) * (e->T + 1));
}

/* Room for the learning signals of a tile, one for each thread. */
static void allocate_turned(engine *e) {
    const size_t threads = (size_t)e->settings.threads;
    e->turned = OWN(e, ep_signal *, threads);
    for (size_t k = 0; e->turned != NULL && k < threads; k++)
        e->turned[k] = OWN(e, ep_signal, widest_tile(e) * (e->T + 1));
}

/* Room for a row of the filter of any population, one for each thread. */
static void allocate_joined(engine *e) {
    const size_t threads = (size_t)e->settings.threads;
    size_t widest = 0;
    for (size_t k = 0; k < e->block_count; k++) {
        const population *const post = &e->populations[e->blocks[k].post];
        if (sums_by_spike(e, &e->blocks[k]) && post->plastic && post->padded > widest)
            widest = post->padded;
    }
    e->joined = OWN(e, ep_history *, threads);
    for (size_t k = 0; e->joined != NULL && k < threads; k++)
        e->joined[k] = OWN(e, ep_history, widest);
}

/* All intervals have T steps. */
static void all_whole(engine *e) {
    for (size_t slot = 0; slot < e->slot_count; slot++)
        e->length[slot] = e->T;
}

/* Whether an interval that a checkpoint holds is shorter. */
static bool any_short(const engine *e) {
    bool any = false;
    for (size_t slot = 0; slot < e->slot_count; slot++) {
        const bool in_progress = e->s > 0 && slot == e->current;
        any |= (slot < e->pending || in_progress) && e->length[slot] < e->T;
    }
    return any;
}

/* Room for what arrives from frames of values. */
static void allocate_frames(engine *e) {
    e->frames = OWN(e, frame_arrivals, e->slot_count * e->block_count);
    for (size_t slot = 0; e->frames != NULL && slot < e->slot_count; slot++)
        for (size_t k = 0; k < e->block_count; k++)
            if (e->blocks[k].analog)
                slot_frame(e, slot, k)->sum =
                    OWN(e, ep_state, e->populations[e->blocks[k].post].padded);
}

/* Allocates what every number system needs. */
static int allocate_state(engine *e) {
    e->carries = e->settings.continuous != 0;
    wire(e);
    e->head = e->carries ? (size_t)e->settings.max_delay : 0;
    place_blocks(e);
    e->slot_count = e->settings.continuous ? 1 : (size_t)e->settings.trials_per_update;
    if (!e->carries && e->slot_count < (size_t)e->settings.threads)
        e->slot_count = (size_t)e->settings.threads;
    e->slots = OWN(e, activity, e->slot_count * e->population_count);
    e->length = OWN(e, size_t, e->slot_count);
    e->order = OWN(e, size_t, e->population_count);
    if (e->no_memory)
        return EPROP_NO_MEMORY;
    all_whole(e);
    for (int readouts = 0; readouts < 2; readouts++)
        for (size_t p = 0; p < e->population_count; p++) {
            const enum kind kind = e->populations[p].kind;
            if (kind != SOURCES && kind != ANALOG && (kind == READOUTS) == (readouts != 0))
                e->order[e->ordered++] = p;
        }
    for (size_t slot = 0; slot < e->slot_count; slot++)
        for (size_t p = 0; p < e->population_count; p++)
            allocate_activity(e, &e->populations[p], slot_activity(e, slot, p));
    allocate_frames(e);
    if (e->any_backwards && e->settings.learns)
        allocate_turned(e);
    if (e->settings.learns)
        allocate_joined(e);
    if (e->settings.continuous && e->settings.learns)
        allocate_traces(e);
    e->built = !e->no_memory;
    return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
}

#endif
