/*! \file
 *  \brief implementation of packets.h
 */
#include "packets.h"

#include "population.h"
#include "tallies.h"

enum { LARGEST_COUNT = 1 << 12 };

/* A packet as it came. */
typedef struct {
    uint32_t key;
    uint32_t payload;
    uint32_t step; /* at which it came, STEP_BITS of it; higher bits: see below */
} packet;

#define HAS_PAYLOAD (UINT32_C(1) << 31)
#define CAME_STOPPED (UINT32_C(1) << 30) /* between runs */
#define STEP_BITS 30

/* A spike of a later step, or one that is to be repeated. Steps are stored modulo 256. */
typedef struct {
    uint32_t source : 24, step : 8;
    uint16_t entry; /* of the keys */
    uint16_t count;
} held_spike;

/* The interrupt writes and the rest reads; volatile, so that a place is filled before it counts as
 * written, and read before it counts as free. */
static volatile packet *ring;
static volatile uint32_t written, read;
static volatile uint32_t lost;
static uint32_t tick;

static held_spike *held;
static uint32_t held_count;


static void collect(uint32_t key, uint32_t payload, uint32_t step) {
    const uint32_t at = written;
    if (at - read >= core.setup.ring_words) {
        if (step & CAME_STOPPED)
            counts[PROVENANCE_IGNORED_INPUT]++;
        else
            lost++;
        return;
    }
    ring[at & (core.setup.ring_words - 1)] = (packet){key, payload, step};
    written = at + 1;
}

static void packet_arrived(uint key, uint unused) {
    use(unused);
    collect(key, 0, tick);
}

static void payload_arrived(uint key, uint payload) { collect(key, payload, tick | HAS_PAYLOAD); }

void packets_initialise(void) {
    ring = take(core.setup.ring_words * sizeof *ring);
    held = take(core.setup.held_bytes);
    packets_stop();
    spin1_callback_on(MC_PACKET_RECEIVED, packet_arrived, -1);
    spin1_callback_on(MCPL_PACKET_RECEIVED, payload_arrived, -1);
}

void packets_tick(uint32_t step) { tick = step & (CAME_STOPPED - 1); }

SELDOM void packets_stop(void) { tick |= CAME_STOPPED; }

void packets_reset(void) {
    read = written;
    held_count = 0;
}

SELDOM void *packets_memory(uint32_t *bytes) {
    for (; held_count > 0; held_count--)
        counts[PROVENANCE_IGNORED_INPUT] += held[held_count - 1].count;
    *bytes = core.setup.held_bytes;
    return held;
}

static const key_entry *entry_of(uint32_t key) {
    uint32_t low = 0, high = core.setup.n_keys;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (core.keys[middle].key <= key)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const key_entry *const entry = &core.keys[low - 1];
    return (key & entry->mask) == entry->key ? entry : NULL;
}

/* The step nearest to another whose low bits are given. */
static uint32_t __attribute__((noinline)) nearest(uint32_t other, uint32_t low, uint32_t bits) {
    const uint32_t shift = 32 - bits;
    return other + (uint32_t)((int32_t)((low - other) << shift) >> shift);
}

/* The machine step at which a packet was sent: the one of its colour that is nearest to now, as
 * senders may be as late as this core; while it catches up after an update, nearest to when it
 * came. One without colour was sent at the step at which it came. */
static uint32_t step_sent(const key_entry *entry, const packet *p) {
    const uint32_t bits = entry->colour_bits, T = core.setup.interval_steps;
    const bool by_arrival = bits == 0 || (T != 0 && now.local > T);
    const uint32_t other = by_arrival ? nearest(now.time, p->step, STEP_BITS) : now.time;
    return bits == 0 ? other : nearest(other, p->key, bits);
}

static uint32_t times_sent(const packet *p) { return p->step & HAS_PAYLOAD ? p->payload : 1; }

/* Whether spikes sent at a machine step count in the interval in progress. */
static bool counts_now(const key_entry *entry, uint32_t step) {
    if (core.setup.interval_steps == 0)
        return true;
    const uint32_t local = step - now.base; /* before the interval: larger than any last step */
    return local >= entry->first_step && local <= entry->last_step;
}

static uint32_t step_of(held_spike spike) {
    return now.time + (uint32_t)(int8_t)(spike.step - now.time);
}

/* Lists a spike that was sent one machine step ago, or that is late; what does not fit is kept. */
static uint32_t list(held_spike *spike, uint32_t *sources, uint32_t used, uint32_t room) {
    const uint32_t place = spike->entry, source = spike->source, times = spike->count;
    const key_entry *const entry = &core.keys[place];
    if (!counts_now(entry, now.time - 1)) {
        counts[PROVENANCE_IGNORED_INPUT] += times;
        return used;
    }
    const uint32_t some = times < room - used ? times : room - used;
    for (uint32_t q = 0; q < some; q++)
        sources[used++] = source;
    tallies_add(TALLY_HEARD + place, some, entry->key + source - entry->first, step_of(*spike));
    if (some < times) {
        spike->count = (uint16_t)(times - some);
        held[held_count++] = *spike;
    }
    return used;
}

/* Takes held spikes whose step has come; others stay. */
static uint32_t take_held(uint32_t *sources, uint32_t room) {
    uint32_t used = 0;
    const uint32_t count = held_count;
    held_count = 0; /* what is kept comes behind what was read */
    for (uint32_t q = 0; q < count; q++) {
        held_spike spike = held[q];
        if ((int32_t)(step_of(spike) - now.time) >= 0)
            held[held_count++] = spike;
        else
            used = list(&spike, sources, used, room);
    }
    return used;
}

/* Handles one packet; returns how many sources are used now. Without room spikes are ignored. */
static uint32_t handle(const packet *p, uint32_t *sources, uint32_t used, uint32_t room) {
    const key_entry *const entry = entry_of(p->key);
    if (entry == NULL) {
        counts[PROVENANCE_UNKNOWN_KEYS]++;
        return used;
    }
    const uint32_t number = (p->key & ~entry->mask) >> entry->colour_bits;
    if (number >= entry->count) {
        counts[PROVENANCE_UNKNOWN_KEYS]++;
        return used;
    }
    const uint32_t step = step_sent(entry, p), place = (uint32_t)(entry - core.keys);
    const int32_t payload = (int32_t)p->payload;
    if (entry->kind > KEYKIND_OTHER_SPIKE) {
        const bool weight = entry->kind == KEYKIND_FEEDBACK;
        tallies_add(TALLY_HEARD + place, 1, entry->key + number, weight ? p->payload : step);
        if (weight)
            population_feedback(entry->first, number, payload);
        else
            population_error(entry->first, entry->first_step + number, step, payload);
        return used;
    }
    uint32_t times = times_sent(p);
    if (room == 0 || (p->step & CAME_STOPPED && entry->colour_bits == 0)) {
        counts[PROVENANCE_IGNORED_INPUT] += times;
        return used;
    }
    if (times > LARGEST_COUNT) {
        counts[PROVENANCE_CUT_SPIKES] += times - LARGEST_COUNT;
        times = LARGEST_COUNT;
    }
    if ((int32_t)(step - now.time) < -1)
        counts[PROVENANCE_LATE_SPIKES] += times;
    held_spike spike = {entry->first + number, step, (uint16_t)place, (uint16_t)times};
    if ((int32_t)(step - now.time) >= 0) {
        held[held_count++] = spike;
        return used;
    }
    return list(&spike, sources, used, room);
}

static void check_lost(void) {
    const uint32_t waiting = written - read;
    if (waiting > counts[PROVENANCE_MOST_QUEUED])
        counts[PROVENANCE_MOST_QUEUED] = waiting;
    if (lost == 0)
        return;
    counts[PROVENANCE_LOST_PACKETS] = lost;
    fail(STATUS_PACKETS_LOST, lost, core.setup.ring_words);
}

OFTEN uint32_t packets_take(uint32_t *sources, uint32_t room) {
    check_lost();
    uint32_t used = take_held(sources, room);
    uint32_t at = read;
    while (at != written && used < room && held_count < core.setup.ring_words - 1) {
        const packet p = ring[at & (core.setup.ring_words - 1)];
        read = ++at;
        used = handle(&p, sources, used, room);
    }
    return used;
}

SELDOM void packets_discard_spikes(void) {
    check_lost();
    while (read != written) {
        const packet p = ring[read & (core.setup.ring_words - 1)];
        read++;
        (void)handle(&p, NULL, 0, 0);
    }
}
