/*! \file
 *  \brief Messages by port and ended transfers by tag.
 */
#include "control.h"
#include "debug.h"
#include "runtime.h"

static callback_t ports[NUM_SDP_PORTS];
static callback_t tags[MAX_DMA_CALLBACK_TAG];

static bool claim(callback_t *places, uint count, uint i, callback_t callback) {
    if (i < count && places[i] == NULL) {
        places[i] = callback;
        return true;
    }
    log_error("SDP port or DMA tag %u is taken, or not below %u", i, count);
    return false;
}

static void give_up(callback_t *places, uint count, uint i) {
    if (i < count)
        places[i] = NULL;
}

bool simulation_sdp_callback_on(uint sdp_port, callback_t sdp_callback) {
    return claim(ports, NUM_SDP_PORTS, sdp_port, sdp_callback);
}

void simulation_sdp_callback_off(uint sdp_port) {
    give_up(ports, NUM_SDP_PORTS, sdp_port);
}

bool simulation_dma_transfer_done_callback_on(uint tag, callback_t callback) {
    return claim(tags, MAX_DMA_CALLBACK_TAG, tag, callback);
}

void simulation_dma_transfer_done_callback_off(uint tag) {
    give_up(tags, MAX_DMA_CALLBACK_TAG, tag);
}

void rt_message_arrived(uint mailbox, uint port) {
    if (ports[port] != NULL)
        ports[port](mailbox, port);
    else
        sark_msg_free((sdp_msg_t *)mailbox);
}

void rt_transfer_ended(uint number, uint tag) {
    if (tag < MAX_DMA_CALLBACK_TAG && tags[tag] != NULL)
        tags[tag](number, tag);
}
