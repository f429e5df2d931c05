/*! \file
 *  \brief Multicast packets, out and in. Those taken at fast interrupt come in interrupts.S.
 */
#include "runtime.h"

enum { LENGTH = 16 };

static struct {
    struct {
        uint key;
        uint payload;
        uint control;
    } entries[LENGTH];
    uint first;
    uint end;
} waiting;

static void discard(uint key, uint payload) {
    (void)key;
    (void)payload;
    rt_counts.packets_discarded++;
}

callback_t rt_packet_callback[2] = {discard, discard};

void rt_packet_callback_set(uint event, callback_t callback) {
    rt_packet_callback[event == MCPL_PACKET_RECEIVED] = callback != NULL ? callback : discard;
}

/*! \brief Take packets from now on in the application's way, and not in the boot's. */
void rt_packets_start(bool fast) {
    INTERRUPTS->disable = BIT(LINE_RECEIVED);
    INTERRUPTS->select_fiq = fast ? BIT(LINE_MULTICAST) : 0;
    if (fast)
        rt_fiq_vector = (uint)rt_fiq_packet;
}

/*! \brief Discard all packets again. */
void rt_packets_stop(void) {
    rt_fiq_vector = (uint)rt_fiq_discard;
    INTERRUPTS->disable = BIT(LINE_MULTICAST);
    INTERRUPTS->select_fiq = BIT(LINE_RECEIVED);
    INTERRUPTS->enable = BIT(LINE_RECEIVED);
}

/*! \brief Handle the interrupt of packets that are not fast; all that have come are taken. */
void rt_packet(void);
void rt_packet(void) {
    do {
        const bool loaded = (COMMUNICATIONS->receive_status & PACKET_HAS_PAYLOAD) != 0;
        const uint payload = loaded ? COMMUNICATIONS->receive_data : 0;
        const uint key = COMMUNICATIONS->receive_key;
        if (rt_packet_callback[loaded] == discard)
            discard(key, payload);
        else
            rt_event(loaded ? MCPL_PACKET_RECEIVED : MC_PACKET_RECEIVED, key, payload);
    } while (COMMUNICATIONS->receive_status & RECEIVED);
}

static bool room(void) {
    return (COMMUNICATIONS->transmit_control & TRANSMIT_NOT_FULL) != 0;
}

static void transmit(uint key, uint payload, uint control) {
    COMMUNICATIONS->transmit_control = control;
    if (control & PACKET_HAS_PAYLOAD)
        COMMUNICATIONS->transmit_data = payload;
    COMMUNICATIONS->transmit_key = key;
    (void)COMMUNICATIONS->transmit_control; /* until the write is there, room() is not true */
}

/*! \brief Handle the interrupt of room in the transmitter. */
void rt_transmit_room(void);
void rt_transmit_room(void) {
    const uint mode = spin1_int_disable(); /* fast callbacks send, too */
    while (waiting.first != waiting.end && room()) {
        transmit(waiting.entries[waiting.first].key, waiting.entries[waiting.first].payload,
                 waiting.entries[waiting.first].control);
        waiting.first = (waiting.first + 1) % LENGTH;
    }
    if (waiting.first == waiting.end)
        INTERRUPTS->disable = BIT(LINE_TRANSMIT_NOT_FULL);
    spin1_mode_restore(mode);
}

uint spin1_send_packet(uint key, uint data, uint TCR) {
    const uint mode = spin1_int_disable();
    uint result = SUCCESS;
    const uint next = (waiting.end + 1) % LENGTH;
    if (waiting.first == waiting.end && room()) {
        transmit(key, data, TCR);
    } else if (next == waiting.first) {
        rt_counts.packets_refused++;
        result = FAILURE;
    } else {
        waiting.entries[waiting.end].key = key;
        waiting.entries[waiting.end].payload = data;
        waiting.entries[waiting.end].control = TCR;
        waiting.end = next;
        INTERRUPTS->enable = BIT(LINE_TRANSMIT_NOT_FULL);
    }
    spin1_mode_restore(mode);
    return result;
}
