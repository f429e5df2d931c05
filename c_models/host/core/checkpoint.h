/*! \file
 *  \brief Entries of the state for checkpoints: their names, and how they are read and written.
 */
#ifndef EPROP_CORE_CHECKPOINT_H
#define EPROP_CORE_CHECKPOINT_H

#include <stdio.h>

#include "state.h"

#define WHAT_CHARACTERS 20 /* of an array that rules have one of each: a word and a number */

struct state_entry {
    char name[64];
    void *data;
    size_t bytes;       /* in a checkpoint */
    size_t row, stride; /* of a row of values of cells: its bytes there, and in memory */
    spike_list *list;   /* its spikes, instead of data */
    const population *tiled; /* whose history `data` is; NULL if it is none */
};

typedef struct {
    int64_t step, updates, s, pending, current, last, learning, started;
} position;

static void add_entry(engine *e, size_t *capacity, const char *group, size_t slot, size_t index,
                      const char *what, void *data, size_t bytes, spike_list *list) {
    if (data == NULL && list == NULL)
        return;
    if (!reserve((void **)&e->entries, capacity, e->entry_count + 1, sizeof *e->entries)) {
        e->no_memory = true;
        return;
    }
    struct state_entry *const entry = &e->entries[e->entry_count++];
    *entry = (struct state_entry){.data = data, .bytes = bytes, .row = bytes, .stride = bytes,
                                  .list = list};
    snprintf(entry->name, sizeof entry->name, "%s.%u.%u.%s", group, (unsigned)slot,
             (unsigned)index, what); /* both counts are int32_t in the interface */
}

/* An entry that has `rows` rows of values of a population's cells, with their padding. */
static void add_rows(engine *e, size_t *capacity, const char *group, size_t slot, size_t index,
                     const char *what, void *data, size_t rows, const population *p, size_t size) {
    const size_t row = saved_lanes(p) * size;
    add_entry(e, capacity, group, slot, index, what, data, rows * row, NULL);
    if (data == NULL || e->no_memory)
        return;
    e->entries[e->entry_count - 1].row = row;
    e->entries[e->entry_count - 1].stride = p->padded * size;
}

/* Between an entry and its form in checkpoints: `saved` is written if `save`, else read. */
static void copy_entry(const engine *e, const struct state_entry *entry, char *saved, bool save) {
    if (entry->tiled != NULL) {
        copy_history(e, entry->tiled, entry->data, (ep_history *)(void *)saved, save);
        return;
    }
    for (size_t at = 0; at < entry->bytes; at += entry->row) {
        char *const kept = (char *)entry->data + at / entry->row * entry->stride;
        memcpy(save ? saved + at : kept, save ? kept : saved + at, entry->row);
    }
}

/* Entries that only the number system has (float/, fixed/). */
static void list_own_entries(engine *e, size_t *capacity);

static void list_slot(engine *e, size_t *capacity, size_t slot, bool histories) {
    for (size_t p = 0; p < e->population_count; p++) {
        const population *const q = &e->populations[p];
        activity *const x = slot_activity(e, slot, p);
#define SLOT_ENTRY(what, data, bytes) add_entry(e, capacity, "slot", slot, p, what, data, bytes, NULL)
#define SLOT_ROWS(what, data, rows) \
    add_rows(e, capacity, "slot", slot, p, what, data, rows, q, sizeof *(data))
        if (q->kind == ANALOG) {
            SLOT_ENTRY("value", x->value, (e->head + e->T + 1) * q->n * sizeof *x->value);
            SLOT_ENTRY("frame", x->frame, (e->head + e->T + 1) * sizeof *x->frame);
            continue;
        }
        SLOT_ROWS("v", x->v, 1);
        SLOT_ROWS("a", x->a, 1);
        SLOT_ROWS("exc", x->exc, 1);
        SLOT_ROWS("inh", x->inh, 1);
        SLOT_ROWS("refractory", x->refractory, 1);
        SLOT_ROWS("fired", x->fired, 1);
        for (size_t r = 0; x->v_hat != NULL && r < q->rule_count; r++) {
            char what[WHAT_CHARACTERS];
            snprintf(what, sizeof what, "v_hat%u", (unsigned)r);
            SLOT_ROWS(what, x->v_hat[r], 1);
        }
        SLOT_ROWS("count", x->count, 1);
        SLOT_ENTRY("loss", &x->loss, sizeof x->loss);
        SLOT_ENTRY("start", x->spikes.start, (e->head + e->T + 2) * sizeof *x->spikes.start);
        add_entry(e, capacity, "slot", slot, p, "spikes", NULL, 0, &x->spikes);
        if (histories) {
            for (size_t r = 0; x->history != NULL && r < q->rule_count; r++) {
                char what[WHAT_CHARACTERS] = "history";
                if (r > 0)
                    snprintf(what, sizeof what, "history%u", (unsigned)r);
                if (r > q->sloped_rule && x->history[r] == x->history[q->sloped_rule])
                    continue;
                SLOT_ROWS(what, x->history[r], e->T + 1);
                if (!e->no_memory)
                    e->entries[e->entry_count - 1].tiled = q;
            }
            SLOT_ROWS("signal", x->signal, e->T + 1);
        }
#undef SLOT_ENTRY
#undef SLOT_ROWS
    }
}

/* Lists the entries that the present position needs. */
static void list_entries(engine *e) {
    size_t capacity = 0;
    free(e->entries);
    e->entries = NULL;
    e->entry_count = 0;
    /* the number of slots depends on that of threads, the places of trials do not */
    if (any_short(e))
        add_entry(e, &capacity, "engine", 0, 0, "length", e->length,
                  (size_t)e->settings.trials_per_update * sizeof *e->length, NULL);
    for (size_t k = 0; k < e->block_count; k++) {
        block *const b = &e->blocks[k];
        const population *const post = &e->populations[b->post];
#define BLOCK_ENTRY(what, data)                                                                  \
    (b->sparse ? add_entry(e, &capacity, "block", 0, k, what, data, b->synapses * sizeof *(data), \
                           NULL)                                                                 \
               : add_rows(e, &capacity, "block", 0, k, what, data, b->rows, post, sizeof *(data)))
        BLOCK_ENTRY("weight", b->weight);
        BLOCK_ENTRY("gradient", b->gradient);
        BLOCK_ENTRY("m", b->m);
        BLOCK_ENTRY("v", b->v);
        BLOCK_ENTRY("zhat", b->zhat);
        BLOCK_ENTRY("epsilon", b->epsilon);
        BLOCK_ENTRY("gradient_sum", b->gradient_sum);
        BLOCK_ENTRY("eligibility_sum", b->eligibility_sum);
        for (size_t r = 0; b->ebar != NULL && r < post->signal_count; r++) {
            char what[WHAT_CHARACTERS];
            snprintf(what, sizeof what, "ebar%u", (unsigned)r);
            BLOCK_ENTRY(what, b->ebar[r]);
        }
#undef BLOCK_ENTRY
        add_entry(e, &capacity, "block", 0, k, "updates", &b->updates, sizeof b->updates, NULL);
    }
    for (size_t p = 0; p < e->population_count; p++) {
        population *const q = &e->populations[p];
#define POPULATION_ROW(what, data) \
    add_rows(e, &capacity, "population", 0, p, what, data, 1, q, sizeof *(data))
#define POPULATION_ENTRY(what, data, bytes) add_entry(e, &capacity, "population", 0, p, what, data, bytes, NULL)
        POPULATION_ROW("bias", q->bias);
        POPULATION_ROW("bias_m", q->bias_m);
        POPULATION_ROW("bias_v", q->bias_v);
        POPULATION_ROW("bias_gradient", q->bias_gradient);
        POPULATION_ROW("bias_sum", q->bias_sum);
        POPULATION_ROW("bias_trace", q->bias_trace);
        POPULATION_ENTRY("bias_updates", &q->bias_updates, sizeof q->bias_updates);
        POPULATION_ENTRY("update_spikes", q->update_spikes, q->n * sizeof *q->update_spikes);
        if (e->settings.continuous && q->kind == SPIKING)
            POPULATION_ENTRY("update_sloped", &q->update_sloped, sizeof q->update_sloped);
#undef POPULATION_ENTRY
#undef POPULATION_ROW
    }
    list_own_entries(e, &capacity);
    for (size_t slot = 0; slot < e->slot_count; slot++) {
        const bool in_progress = e->s > 0 && slot == e->current;
        const bool waiting = slot < e->pending && !e->settings.continuous;
        if (waiting || in_progress || (e->started && slot == e->last))
            list_slot(e, &capacity, slot, waiting || in_progress);
    }
}

static int core_state_entry(engine *e, int32_t index, char *name, int64_t *bytes) {
    if (index == 0) {
        list_entries(e);
        if (e->no_memory)
            return -1;
        snprintf(name, 64, "position");
        *bytes = sizeof(position);
        return 1;
    }
    if ((size_t)index > e->entry_count)
        return 0;
    const struct state_entry *const entry = &e->entries[index - 1];
    memcpy(name, entry->name, sizeof entry->name);
    *bytes = (int64_t)(entry->list ? entry->list->used * sizeof *entry->list->cell : entry->bytes);
    return 1;
}

static int core_state_read(engine *e, int32_t index, void *out) {
    if (index == 0) {
        const position p = {e->step, e->updates, (int64_t)e->s, (int64_t)e->pending,
                            (int64_t)e->current, (int64_t)e->last, e->learning, e->started};
        memcpy(out, &p, sizeof p);
        return EPROP_OK;
    }
    const struct state_entry *const entry = &e->entries[index - 1];
    if (entry->list != NULL && entry->list->used > 0)
        memcpy(out, entry->list->cell, entry->list->used * sizeof *entry->list->cell);
    else if (entry->list == NULL)
        copy_entry(e, entry, out, true);
    return EPROP_OK;
}

/* Takes the lengths of intervals, which only a state with shorter ones has. */
static int write_lengths(engine *e, int64_t bytes, const void *in) {
    const size_t count = (size_t)e->settings.trials_per_update;
    if ((size_t)bytes != count * sizeof *e->length || e->settings.continuous)
        return EPROP_BAD_ARGUMENT;
    memcpy(e->length, in, count * sizeof *e->length);
    for (size_t slot = 0; slot < count; slot++)
        if (e->length[slot] < 1 || e->length[slot] > e->T)
            return EPROP_BAD_ARGUMENT;
    return EPROP_OK;
}

/* The entry "position" comes first: it decides which others there are. */
static int core_state_write(engine *e, const char *name, int64_t bytes, const void *in) {
    if (strcmp(name, "position") == 0) {
        position p;
        if (bytes != sizeof p)
            return EPROP_BAD_ARGUMENT;
        memcpy(&p, in, sizeof p);
        if (p.s < 0 || (size_t)p.s >= e->T || p.pending < 0 || p.current < 0 || p.last < 0 ||
            p.pending >= e->settings.trials_per_update || (size_t)p.current >= e->slot_count ||
            (size_t)p.last >= e->slot_count)
            return EPROP_BAD_ARGUMENT;
        e->step = p.step;
        e->updates = p.updates;
        e->s = (size_t)p.s;
        e->pending = (size_t)p.pending;
        e->current = (size_t)p.current;
        e->last = (size_t)p.last;
        e->learning = p.learning != 0;
        e->started = p.started != 0;
        e->relist = true;
        all_whole(e);
        list_entries(e);
        return e->no_memory ? EPROP_NO_MEMORY : EPROP_OK;
    }
    if (strcmp(name, "engine.0.0.length") == 0)
        return write_lengths(e, bytes, in);
    for (size_t k = 0; k < e->entry_count; k++) {
        struct state_entry *const entry = &e->entries[k];
        if (strcmp(name, entry->name) != 0)
            continue;
        if (entry->list == NULL) {
            if ((size_t)bytes != entry->bytes)
                return EPROP_BAD_ARGUMENT;
            copy_entry(e, entry, (char *)in, false);
            return EPROP_OK;
        }
        const size_t used = (size_t)bytes / sizeof *entry->list->cell;
        if (!reserve((void **)&entry->list->cell, &entry->list->capacity, used,
                     sizeof *entry->list->cell))
            return EPROP_NO_MEMORY;
        if (used > 0)
            memcpy(entry->list->cell, in, used * sizeof *entry->list->cell);
        entry->list->used = used;
        return EPROP_OK;
    }
    return EPROP_BAD_ARGUMENT;
}

#endif
