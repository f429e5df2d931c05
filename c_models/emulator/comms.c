/*! \file
 *  \brief The communications controller of a core: packets to and from the router.
 *
 *  A packet leaves at once and arrives at the end of the slice. The receiver is a queue, while a
 *  chip has one place and a router that waits: what the queue holds stands for packets that wait
 *  in the network. A core that leaves a packet unread for too long loses the ones behind it. The
 *  conditions can make the transmitter busy for a while after each packet, and let routers hold
 *  packets back (congestion.c).
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

static const emu_conditions *conditions_of(const emu_core *core) {
    return &emu_machine_settings(core->chip->machine)->conditions;
}

void comms_reset(comms_state *comms) {
    memset(comms, 0, sizeof *comms);
    comms->source = CC_SAR_ROUTE;
}

void comms_drop(emu_core *core, const mc_packet *packet) {
    core->comms.dropped++;
    fault_record(core, EMU_PACKET_DROPPED, core->pc, packet->key);
}

static bool overdue(const emu_core *core, uint64_t time) {
    const comms_state *const comms = &core->comms;
    const emu_conditions *const conditions = conditions_of(core);
    const uint32_t fill = comms->tail - comms->head;
    if (fill == RECEIVE_QUEUE)
        return true;
    const uint64_t since = comms->received[comms->head % RECEIVE_QUEUE].time;
    return fill > 0 && !conditions->congestion && time > since + conditions->drain_cycles;
}

static void receive(emu_core *core, const mc_packet *sent, uint64_t time) {
    comms_state *const comms = &core->comms;
    if (overdue(core, time)) {
        comms_drop(core, sent);
        return;
    }
    mc_packet *const place = &comms->received[comms->tail++ % RECEIVE_QUEUE];
    *place = *sent;
    place->time = time;
    comms->taken++;
    core_advance(core, time);
    vic_update(core);
}

void comms_deliver(emu_core *core, const mc_packet *sent, uint64_t time) {
    if (core->activity == EMU_STOPPED)
        return; /* as a core without application, which discards what it gets */
    idle_wake(core, time);
    uint32_t copies = mishap_copies(core->chip, core->number, sent, EMU_AT_RECEIVER);
    for (; copies > 0; copies--)
        receive(core, sent, time);
}

void emu_packet(emu_chip *chip, uint32_t core, uint32_t key, uint32_t payload, int loaded) {
    const uint64_t now = emu_now(chip->machine);
    const mc_packet packet = {
        .control = CC_SAR_ROUTE | (loaded ? PACKET_PAYLOAD : 0),
        .key = key,
        .payload = loaded ? payload : 0};
    if (core >= EMU_CORES || chip->cores[core] == NULL)
        return;
    comms_deliver(chip->cores[core], &packet, now);
    chip->next = now;
}

uint32_t comms_read(emu_core *core, uint32_t offset) {
    comms_state *const comms = &core->comms;
    const mc_packet *const first = &comms->received[comms->head % RECEIVE_QUEUE];
    const bool waiting = comms_waiting(comms);
    switch (offset) {
    case CC_TCR:
        return (comms_busy(core) ? 0 : CC_TCR_EMPTY | CC_TCR_NOT_FULL) |
               (comms->full ? CC_TCR_FULL : 0) | (comms->overrun ? CC_TCR_OVERRUN : 0) |
               (comms->control & PACKET_CONTROL);
    case CC_RSR:
        return waiting ? CC_RSR_RECEIVED | (first->control & PACKET_CONTROL) : 0;
    case CC_RXDATA:
        return waiting ? first->payload : 0;
    case CC_RXKEY: {
        const uint32_t key = first->key;
        if (!waiting)
            return 0;
        comms->head++;
        if (comms_waiting(comms) && core->now > comms->received[comms->head % RECEIVE_QUEUE].time)
            comms->received[comms->head % RECEIVE_QUEUE].time = core->now; /* its wait starts */
        vic_update(core);
        return key;
    }
    case CC_SAR:
        return comms->source;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), CC_UNBUFFERED + offset);
        return 0;
    }
}

/* The transmitter has one place. \return false: it was not free, and the packet is lost */
static bool occupy(emu_core *core, uint32_t key) {
    comms_state *const comms = &core->comms;
    const emu_conditions *const conditions = conditions_of(core);
    if (!conditions->congestion && conditions->transmit_cycles == 0)
        return true;
    if (comms_busy(core)) {
        comms->overrun = true;
        fault_record(core, EMU_TRANSMIT_BUSY, core_pc(core), key);
        return false;
    }
    comms->full = true;
    comms->free_from =
        conditions->congestion ? NEVER /* until the router takes it */
                               : core->now + conditions->transmit_cycles;
    core_limit(core, comms->free_from);
    return true;
}

/* A packet has a payload if one was written since the packet before, whatever the control byte says
   (data sheet, 8.6): sPyNNaker's sources rely on it. */
static uint32_t control_byte(comms_state *comms) {
    const uint32_t payload = comms->loaded ? PACKET_PAYLOAD : 0;
    comms->loaded = false;
    return (comms->control & PACKET_CONTROL & ~PACKET_PAYLOAD) | payload;
}

static void send(emu_core *core, uint32_t key) {
    emu_chip *const chip = core->chip;
    const uint32_t control = control_byte(&core->comms);
    if (!occupy(core, key))
        return;
    if (chip->sent == chip->outbox_size) {
        const uint32_t size = chip->outbox_size ? 2 * chip->outbox_size : 256;
        mc_packet *const outbox = realloc(chip->outbox, size * sizeof *outbox);
        if (outbox == NULL)
            return;
        chip->outbox = outbox;
        chip->outbox_size = size;
    }
    chip->outbox[chip->sent++] = (mc_packet){.time = core->now,
                                          .control = control | (core->comms.source & CC_SAR_ROUTE),
                                          .key = key,
                                          .payload = core->comms.payload,
                                          .core = core->number};
    core->comms.sent++;
}

void comms_write(emu_core *core, uint32_t offset, uint32_t value) {
    switch (offset) {
    case CC_TCR:
        core->comms.control = value;
        core->comms.full = comms_busy(core);
        core->comms.overrun = false;
        break;
    case CC_TXDATA:
        core->comms.payload = value;
        core->comms.loaded = true;
        break;
    case CC_TXKEY:
        send(core, value);
        break;
    case CC_SAR:
        core->comms.source = value;
        break;
    case CC_RSR: /* clears error bits, of which there are none */
        break;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), CC_UNBUFFERED + offset);
    }
    vic_update(core);
}
