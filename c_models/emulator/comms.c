/*! \file
 *  \brief The communications controller of a core: packets to and from the router.
 *
 *  A packet leaves at once and arrives at the end of the slice. The receiver is a queue, while a
 *  chip has one place and a router that waits: what the queue holds stands for packets that wait
 *  in the network. A core that leaves a packet unread for too long loses the ones behind it.
 */
#include "core.h"

#include <stdlib.h>

static bool overdue(const emu_core *core, uint64_t time) {
    const comms_state *const comms = &core->comms;
    const emu_conditions *const conditions = &emu_machine_settings(core->chip->machine)->conditions;
    const uint32_t fill = comms->tail - comms->head;
    if (fill == RECEIVE_QUEUE)
        return true;
    return fill > 0 && time > comms->received[comms->head % RECEIVE_QUEUE].time +
                                  conditions->drain_cycles;
}

static void receive(emu_core *core, const mc_packet *sent, uint64_t time) {
    comms_state *const comms = &core->comms;
    if (overdue(core, time)) {
        comms->dropped++;
        fault_record(core, EMU_PACKET_DROPPED, core->pc, sent->key);
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
    for (uint32_t copies = mishap_copies(core->chip, core->number, sent, EMU_AT_RECEIVER); copies > 0;
         copies--)
        receive(core, sent, time);
}

void emu_packet(emu_chip *chip, uint32_t core, uint32_t key, uint32_t payload, int loaded) {
    const uint64_t now = emu_now(chip->machine);
    const mc_packet packet = {
        .control = loaded ? PACKET_PAYLOAD : 0, .key = key, .payload = loaded ? payload : 0};
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
        return CC_TCR_EMPTY | CC_TCR_NOT_FULL | (comms->control & PACKET_CONTROL);
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
        return 0;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), CC_UNBUFFERED + offset);
        return 0;
    }
}

static void send(emu_core *core, uint32_t key) {
    emu_chip *const chip = core->chip;
    if (chip->sent == chip->outbox_size) {
        const uint32_t size = chip->outbox_size ? 2 * chip->outbox_size : 256;
        mc_packet *const outbox = realloc(chip->outbox, size * sizeof *outbox);
        if (outbox == NULL)
            return;
        chip->outbox = outbox;
        chip->outbox_size = size;
    }
    chip->outbox[chip->sent++] = (mc_packet){.time = core->now,
                                          .control = core->comms.control & PACKET_CONTROL,
                                          .key = key,
                                          .payload = core->comms.payload,
                                          .core = core->number};
    core->comms.sent++;
}

void comms_write(emu_core *core, uint32_t offset, uint32_t value) {
    switch (offset) {
    case CC_TCR:
        core->comms.control = value;
        break;
    case CC_TXDATA:
        core->comms.payload = value;
        break;
    case CC_TXKEY:
        send(core, value);
        break;
    case CC_RSR: /* clears error bits, of which there are none */
    case CC_SAR:
        break;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), CC_UNBUFFERED + offset);
    }
    vic_update(core);
}
