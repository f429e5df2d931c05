/*! \file
 *  \brief The router of a chip: multicast and fixed-route packets, default routing, diagnostic
 *         counters.
 *
 *  A packet travels to all its receivers at the end of the slice in which it was sent: links have
 *  no capacity and no delay of their own, unless the conditions ask for congestion. What no entry
 *  matches goes straight on if it came over a link, and is lost if it came from a core. Point-to-point and nearest-neighbour packets, which
 *  only monitors use, are counted as lost.
 */
#include "core.h"

#include <string.h>

enum { MOST_HOPS = 1024, LOCAL = EMU_LINKS }; /* a packet that goes in circles dies, as of age */

/* fields of a diagnostic filter */
enum {
    FILTER_TYPE = 0,
    FILTER_DEFAULT_ROUTED = 10,
    FILTER_NOT_DEFAULT_ROUTED = 11,
    FILTER_PAYLOAD = 12,
    FILTER_NO_PAYLOAD = 13,
    FILTER_LOCAL_SOURCE = 14,
    FILTER_OTHER_SOURCE = 15,
    FILTER_DUMPED = 16,
    FILTER_TO_CORE = 17,
    FILTER_TO_MONITOR = 18,
    FILTER_TO_LINK0 = 19,
    FILTER_DESTINATIONS = 0x01ff0000
};

void router_reset(router_state *router) {
    /* what the monitor sets at boot: counters 0-7 count what was routed, 8-11 what was lost,
       each for the four types of packet, from cores and from links */
    static const uint32_t filters[RTR_DIAG_COUNTERS] = {
        0x01fe7cf1, 0x01febcf1, 0x01fe7cf2, 0x01febcf2, 0x01fe7cf4, 0x01febcf4,
        0x01fe7cf8, 0x01febcf8, 0x0001fcf1, 0x0001fcf2, 0x0001fcf4, 0x0001fcf8};
    memset(router, 0, sizeof *router);
    for (uint32_t i = 0; i < EMU_ROUTER_ENTRIES; i++) {
        router->route[i] = RTR_UNUSED_ROUTE;
        router->key[i] = UINT32_MAX;
    }
    memcpy(&router->registers[RTR_DIAG_FILTER0 / 4], filters, sizeof filters);
    for (uint32_t i = 0; i < RTR_P2P_WORDS; i++)
        router->p2p[i] = RTR_P2P_NOWHERE;
    router->registers[RTR_DIAG_ENABLE / 4] = 0xffffu;
    router->registers[RTR_CONTROL / 4] = 0x00400001u;
}

static void count(router_state *router, const mc_packet *packet, uint32_t source, bool default_routed,
                  uint32_t destinations) {
    const uint32_t seen =
        1u << (FILTER_TYPE + PACKET_TYPE(packet->control)) |
        1u << (default_routed ? FILTER_DEFAULT_ROUTED : FILTER_NOT_DEFAULT_ROUTED) |
        1u << (packet->control & PACKET_PAYLOAD ? FILTER_PAYLOAD : FILTER_NO_PAYLOAD) |
        1u << (source == LOCAL ? FILTER_LOCAL_SOURCE : FILTER_OTHER_SOURCE);
    const uint32_t enabled = router->registers[RTR_DIAG_ENABLE / 4];
    for (uint32_t i = 0; i < RTR_DIAG_COUNTERS; i++) {
        const uint32_t filter = router->registers[RTR_DIAG_FILTER0 / 4 + i];
        if ((enabled >> i & 1u) && (filter & seen) == seen && (filter & destinations))
            router->registers[RTR_DIAG_COUNT0 / 4 + i]++;
    }
}

/* What is in the dump registers to be taken stays there: the next one is lost for good. */
static void dump(router_state *router, const held_packet *held, uint32_t outputs) {
    const mc_packet *const packet = &held->packet;
    const uint32_t route = held->source == LOCAL ? CC_SAR_ROUTE : held->source << 24;
    count(router, packet, held->source, false, 1u << FILTER_DUMPED);
    router->registers[RTR_DUMP_STATUS / 4] |=
        outputs | RTR_DUMP_DUMPED | (router->dumped ? RTR_DUMP_OVERFLOW : 0);
    if (router->dumped)
        return;
    router->registers[RTR_DUMP_HEADER / 4] = route | (packet->control & PACKET_CONTROL);
    router->registers[RTR_DUMP_KEY / 4] = packet->key;
    router->registers[RTR_DUMP_DATA / 4] = packet->payload;
    router->registers[RTR_DUMP_OUTPUTS / 4] = outputs;
}

void router_lose(emu_chip *chip, const held_packet *held) { dump(&chip->router, held, 0); }

void router_dump(emu_chip *chip, const held_packet *held, uint32_t outputs, uint64_t time) {
    dump(&chip->router, held, outputs_physical(chip, outputs));
    chip->router.dumped = true;
    for (uint32_t i = 0; i < EMU_CORES; i++) {
        emu_core *const core = chip->cores[i];
        if (core == NULL || core->activity == EMU_STOPPED)
            continue;
        core_advance(core, time);
        vic_update(core);
        if (core_next(core) < chip->next)
            chip->next = core_next(core);
    }
}

uint32_t router_source(const mc_packet *packet) {
    const uint32_t route = (packet->control & CC_SAR_ROUTE) >> 24;
    return route < EMU_LINKS ? route : LOCAL;
}

bool router_find(const emu_chip *chip, const held_packet *held, uint32_t *outputs,
                 bool *by_default) {
    const router_state *const router = &chip->router;
    const mc_packet *const packet = &held->packet;
    *by_default = false;
    if (held->hops > MOST_HOPS)
        return false;
    if (PACKET_TYPE(packet->control) == PACKET_FR) {
        *outputs = outputs_virtual(chip, router->registers[RTR_FIXED_ROUTE / 4] & ~RTR_UNUSED_ROUTE);
        return true;
    }
    if (PACKET_TYPE(packet->control) != PACKET_MC)
        return false;
    for (uint32_t i = 0; i < router->used; i++)
        if ((packet->key & router->mask[i]) == router->key[i] &&
            (router->route[i] & RTR_UNUSED_ROUTE) != RTR_UNUSED_ROUTE) {
            *outputs = outputs_virtual(chip, router->route[i]);
            return true;
        }
    *by_default = true;
    *outputs = 1u << (held->source + EMU_LINKS / 2) % EMU_LINKS;
    return held->source != LOCAL;
}

static void arrive(emu_chip *chip, const held_packet *held, uint64_t time) {
    uint32_t outputs;
    bool by_default;
    if (router_find(chip, held, &outputs, &by_default))
        router_forward(chip, held, outputs, by_default, time);
    else
        router_lose(chip, held);
}

static void pass(emu_chip *chip, const held_packet *held, uint32_t link, uint64_t time) {
    emu_chip *const next = chip->neighbours[link];
    if (next == NULL) {
        dump(&chip->router, held, 1u << link);
        return;
    }
    if (emu_machine_settings(chip->machine)->conditions.congestion) {
        congestion_pass(chip, link, &held->packet, time, held->hops + 1);
        return;
    }
    const held_packet there = {.packet = held->packet,
                               .source = (link + EMU_LINKS / 2) % EMU_LINKS,
                               .hops = held->hops + 1};
    arrive(next, &there, time);
}

void router_forward(emu_chip *chip, const held_packet *held, uint32_t outputs, bool by_default,
                    uint64_t time) {
    uint32_t destinations = 0;
    for (uint32_t i = 0; i < EMU_CORES; i++) {
        if (!(outputs >> (EMU_LINKS + i) & 1u))
            continue;
        destinations |= 1u << (i == 0 ? FILTER_TO_MONITOR : FILTER_TO_CORE);
        if (chip->cores[i] != NULL) {
            comms_deliver(chip->cores[i], &held->packet, time);
            if (core_next(chip->cores[i]) < chip->next)
                chip->next = core_next(chip->cores[i]);
        }
    }
    for (uint32_t link = 0; link < EMU_LINKS; link++) {
        if (!(outputs >> link & 1u))
            continue;
        destinations |= 1u << (FILTER_TO_LINK0 + link);
        pass(chip, held, link, time);
    }
    count(&chip->router, &held->packet, held->source, by_default, destinations);
}

void router_send(emu_chip *chip, const mc_packet *packet, uint64_t time) {
    const held_packet held = {.packet = *packet, .source = router_source(packet)};
    for (uint32_t copies = mishap_copies(chip, packet->core, packet, EMU_AT_SENDER); copies > 0;
         copies--)
        arrive(chip, &held, time);
}

static uint32_t register_value(emu_chip *chip, uint32_t offset) {
    router_state *const router = &chip->router;
    const uint32_t value = router->registers[offset / 4];
    if (offset == RTR_STATUS)
        return (chip->held.blocked_since != NEVER ? RTR_STATUS_BLOCKED : 0) |
               (router_interrupts(router) ? RTR_STATUS_DUMP : 0);
    if (offset == RTR_DUMP_STATUS) { /* reading it makes room for the next one */
        router->registers[offset / 4] = 0;
        router->dumped = false;
    }
    return value;
}

bool router_read(emu_chip *chip, uint32_t offset, uint32_t *value) {
    const router_state *const router = &chip->router;
    const uint32_t entry = offset % RTR_MC_ROUTE / 4;
    if (offset < RTR_REGISTERS)
        *value = register_value(chip, offset);
    else if (offset >= RTR_P2P && offset < RTR_P2P + 4 * RTR_P2P_WORDS)
        *value = router->p2p[(offset - RTR_P2P) / 4];
    else if (offset >= RTR_MC_ROUTE && offset < RTR_P2P && entry < EMU_ROUTER_ENTRIES)
        *value = offset >= RTR_MC_MASK  ? router->mask[entry]
                 : offset >= RTR_MC_KEY ? router->key[entry]
                                        : router->route[entry];
    else
        return false;
    return true;
}

static void set_register(router_state *router, uint32_t offset, uint32_t value) {
    if (offset == RTR_DIAG_ENABLE) {
        for (uint32_t i = 0; i < RTR_DIAG_COUNTERS; i++)
            if (value >> (16 + i) & 1u) /* the upper half clears counters */
                router->registers[RTR_DIAG_COUNT0 / 4 + i] = 0;
        value &= 0xffffu;
    }
    router->registers[offset / 4] = value;
}

bool router_write(emu_chip *chip, uint32_t offset, uint32_t value) {
    router_state *const router = &chip->router;
    const uint32_t entry = offset % RTR_MC_ROUTE / 4;
    if (offset < RTR_REGISTERS) {
        set_register(router, offset, value);
    } else if (offset >= RTR_P2P && offset < RTR_P2P + 4 * RTR_P2P_WORDS) {
        router->p2p[(offset - RTR_P2P) / 4] = value;
    } else if (offset >= RTR_MC_ROUTE && offset < RTR_P2P && entry < EMU_ROUTER_ENTRIES) {
        (offset >= RTR_MC_MASK  ? router->mask
         : offset >= RTR_MC_KEY ? router->key
                                : router->route)[entry] = value;
        if (entry >= router->used)
            router->used = entry + 1;
    } else {
        return false;
    }
    return true;
}
