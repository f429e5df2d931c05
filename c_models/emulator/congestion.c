/*! \file
 *  \brief Routers that hold packets back, as real ones do.
 *
 *  A router takes packets one after the other. The first goes on when all its receivers and links
 *  can take it; until then it keeps those behind it waiting, then the links that lead to the
 *  router, then the transmitters of its cores. When it has waited for as long as the control
 *  register says, the router drops it into the dump registers. Time passes in slices: whether
 *  something is free is looked at when one ends, and a packet takes a slice from chip to chip.
 */
#include "core.h"

#include <string.h>

enum { FOREVER = 0xff, PLAIN_BYTES = 5, PAYLOAD_BYTES = 9 };

static const emu_conditions *conditions_of(const emu_chip *chip) {
    return &emu_machine_settings(chip->machine)->conditions;
}

/*! \brief Router cycles that a field of the control register stands for: four bits each of mantissa
 *         and exponent.
 */
static uint64_t decoded(uint32_t field) {
    const uint32_t mantissa = field & 15u, exponent = field >> 4;
    if (exponent > 4)
        return (uint64_t)(mantissa + 16) << exponent;
    return (uint64_t)(mantissa + 16 - (1u << (4 - exponent))) << exponent;
}

/*! \brief Cycles of a core for which a router keeps a packet that finds no way. */
static uint64_t patience(const emu_chip *chip) {
    const uint32_t control = chip->router.registers[RTR_CONTROL / 4];
    const uint32_t first = control >> 16 & 0xffu, second = control >> 24;
    if (first == FOREVER || second == FOREVER)
        return NEVER;
    /* cycles of 200 MHz; a router has 133 MHz */
    const uint64_t wait = (decoded(first) + decoded(second)) * 3 / 2;
    return wait * conditions_of(chip)->patience_permille / 1000;
}

static bool has_room(const emu_chip *chip) {
    return chip->held.end - chip->held.first < ROUTER_PLACES;
}

static void push(emu_chip *chip, const mc_packet *packet, uint32_t source, uint32_t hops) {
    chip->held.places[chip->held.end++ % ROUTER_RING] =
        (held_packet){.packet = *packet, .source = source, .hops = hops};
}

/* --- from the cores into the router --- */

/* The transmitter's place is free again; the core may wait for that. */
static void release(emu_chip *chip, const mc_packet *packet, uint64_t time) {
    emu_core *const core = chip->cores[packet->core];
    const uint64_t done = packet->time + conditions_of(chip)->transmit_cycles;
    core->comms.free_from = done > time ? done : time;
    core_limit(core, core->comms.free_from);
    vic_update(core);
}

static uint32_t oldest(const emu_chip *chip) {
    uint32_t found = 0;
    for (uint32_t i = 1; i < chip->sent; i++)
        if (chip->outbox[i].time < chip->outbox[found].time)
            found = i;
    return found;
}

static void take_from_cores(emu_chip *chip, uint64_t time) {
    while (chip->sent > 0 && has_room(chip)) {
        const uint32_t which = oldest(chip);
        const mc_packet packet = chip->outbox[which];
        memmove(&chip->outbox[which], &chip->outbox[which + 1],
                (--chip->sent - which) * sizeof packet);
        for (uint32_t copies = mishap_copies(chip, packet.core, &packet, EMU_AT_SENDER); copies > 0;
             copies--)
            push(chip, &packet, router_source(&packet), 0);
        release(chip, &packet, time);
    }
}

/* --- from the router on --- */

static bool link_free(const emu_chip *chip, uint32_t link, uint64_t time) {
    const emu_chip *const next = chip->neighbours[link];
    return next == NULL || (chip->held.link_free[link] <= time && has_room(next));
}

static bool receiver_free(const emu_chip *chip, uint32_t number) {
    const emu_core *const core = chip->cores[number];
    return core == NULL || core->activity == EMU_STOPPED ||
           core->comms.tail - core->comms.head < conditions_of(chip)->receiver_places;
}

/*! \brief The outputs that cannot take a packet now, as bits of a route. */
static uint32_t blocked(const emu_chip *chip, uint32_t outputs, uint64_t time) {
    uint32_t found = 0;
    for (uint32_t link = 0; link < EMU_LINKS; link++)
        if ((outputs >> link & 1u) && !link_free(chip, link, time))
            found |= 1u << link;
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if ((outputs >> (EMU_LINKS + i) & 1u) && !receiver_free(chip, i))
            found |= 1u << (EMU_LINKS + i);
    return found;
}

static void occupy(emu_chip *chip, uint32_t link, const mc_packet *packet, uint64_t time) {
    const uint64_t begun = time - emu_machine_settings(chip->machine)->quantum;
    uint64_t *const free_from = &chip->held.link_free[link];
    const uint64_t cycles = conditions_of(chip)->link_cycles;
    if (*free_from < begun)
        *free_from = begun;
    *free_from += packet->control & PACKET_PAYLOAD ? cycles * PAYLOAD_BYTES / PLAIN_BYTES : cycles;
}

void congestion_pass(emu_chip *chip, uint32_t link, const mc_packet *packet, uint64_t time,
                     uint32_t hops) {
    mc_packet arriving = *packet;
    arriving.time = time;
    occupy(chip, link, packet, time);
    push(chip->neighbours[link], &arriving, (link + EMU_LINKS / 2) % EMU_LINKS, hops);
}

/* The first packet goes on, or is dropped. */
static void leave(emu_chip *chip, uint64_t time) {
    held_state *const state = &chip->held;
    emu_packet_counts *const counts = machine_packet_counts(chip->machine);
    if (state->blocked_since != NEVER && time - state->blocked_since > counts->longest_wait)
        counts->longest_wait = time - state->blocked_since;
    state->blocked_since = NEVER;
    state->first++;
}

static void drop(emu_chip *chip, const held_packet *held, uint32_t outputs, bool by_default,
                 uint32_t stuck, uint64_t time) {
    machine_packet_counts(chip->machine)->dropped++;
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if (stuck >> (EMU_LINKS + i) & 1u)
            comms_drop(chip->cores[i], &held->packet);
    if (conditions_of(chip)->partial_drops)
        router_forward(chip, held, outputs & ~stuck, by_default, time);
    router_dump(chip, held, stuck, time);
}

/*! \brief Lets the first packet go on or drops it. \return false: it waits */
static bool move_first(emu_chip *chip, uint64_t time) {
    held_state *const state = &chip->held;
    const held_packet held = state->places[state->first % ROUTER_RING];
    uint32_t outputs;
    bool by_default;
    if (held.packet.time >= time)
        return false;
    if (!router_find(chip, &held, &outputs, &by_default)) {
        router_lose(chip, &held);
    } else {
        const uint32_t stuck = blocked(chip, outputs, time);
        if (stuck != 0) {
            if (state->blocked_since == NEVER)
                state->blocked_since = time;
            if (time - state->blocked_since < patience(chip))
                return false;
            drop(chip, &held, outputs, by_default, stuck, time);
        } else {
            router_forward(chip, &held, outputs, by_default, time);
        }
    }
    leave(chip, time);
    return true;
}

void congestion_carry(emu_chip *chip, uint64_t time) {
    take_from_cores(chip, time);
    while (chip->held.first != chip->held.end && move_first(chip, time))
        take_from_cores(chip, time);
}

bool congestion_waits(const emu_chip *chip) {
    return chip->sent > 0 || chip->held.first != chip->held.end;
}
