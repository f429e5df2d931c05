/*! \file
 *  \brief Buffers of messages: a few of the core's own, and the chip's, through which all
 *         messages between a core and its monitor go.
 */
#include "runtime.h"

#ifndef SPINNAKER_MESSAGES
#define SPINNAKER_MESSAGES 3
#endif
enum { WORDS_BEHIND_NEXT = (sizeof(sdp_msg_t) - offsetof(sdp_msg_t, length)) / sizeof(uint) - 1 };

/* commands in a core's mailbox */
enum { MAILBOX_IDLE = 0, MAILBOX_MESSAGE = 1 };

static sdp_msg_t store[SPINNAKER_MESSAGES];
static sdp_msg_t *own_free;

void rt_messages_start(void) {
    for (uint i = 0; i < SPINNAKER_MESSAGES; i++)
        sark_msg_free(&store[i]);
}

sdp_msg_t *sark_msg_get(void) {
    const uint mode = spin1_int_disable();
    sdp_msg_t *const msg = own_free;
    if (msg != NULL)
        own_free = msg->next;
    spin1_mode_restore(mode);
    return msg;
}

void sark_msg_free(sdp_msg_t *msg) {
    const uint mode = spin1_int_disable();
    msg->next = own_free;
    own_free = msg;
    spin1_mode_restore(mode);
}

/*! \brief Take a buffer of the chip; NULL if all are in use. */
static sdp_msg_t *take(void) {
    const uint mode = rt_lock(LOCK_MESSAGES);
    sdp_msg_t *const msg = sv->shm_free;
    if (msg != NULL) {
        sv->shm_free = msg->next;
        sv->shm_count++;
        if (sv->shm_count > sv->shm_max)
            sv->shm_max = sv->shm_count;
    }
    rt_unlock(LOCK_MESSAGES, mode);
    return msg;
}

void rt_message_give_back(sdp_msg_t *msg) {
    const uint mode = rt_lock(LOCK_MESSAGES);
    msg->next = sv->shm_free;
    sv->shm_free = msg;
    sv->shm_count--;
    rt_unlock(LOCK_MESSAGES, mode);
}

void rt_message_copy(sdp_msg_t *to, const sdp_msg_t *from) {
    uint *target = (uint *)&to->length;
    const uint *source = (const uint *)&from->length;
    uint words = (from->length + 4 + 3) / 4; /* the word of the length itself comes on top */
    if (words > WORDS_BEHIND_NEXT)
        words = WORDS_BEHIND_NEXT;
    while (words-- > 0)
        *target++ = *source++;
}

void rt_message_turn(sdp_msg_t *msg) {
    const uchar port = msg->dest_port;
    const ushort address = msg->dest_addr;
    msg->dest_port = msg->srce_port;
    msg->dest_addr = msg->srce_addr;
    msg->srce_port = port;
    msg->srce_addr = address;
}

/*! \brief Wait until the monitor has taken the message before.
 *  \return false after so many milliseconds
 */
static bool wait_for_mailbox(uint timeout) {
    const uint start = (uint)sv->clock_ms;
    while (rt_core.vcpu->mbox_mp_cmd != MAILBOX_IDLE)
        if ((uint)sv->clock_ms - start > timeout)
            return false;
    return true;
}

/*! \brief Call the monitor for a message, unless another core has called it already. */
static void call_monitor(void) {
    const uint mode = rt_lock(LOCK_MAILBOX);
    const uint cores = sv->mbox_flags;
    sv->mbox_flags = cores | BIT(rt_core.virtual_number);
    if (cores == 0)
        SYSTEM_CONTROLLER->set_interrupt = SYSTEM_CONTROLLER_CODE | BIT(sv->v2p_map[0]);
    rt_unlock(LOCK_MAILBOX, mode);
}

uint sark_msg_send(sdp_msg_t *msg, uint timeout) {
    if (!wait_for_mailbox(timeout))
        return 0;
    sdp_msg_t *const shared = take();
    if (shared == NULL)
        return 0;
    rt_message_copy(shared, msg);
    rt_core.vcpu->mbox_mp_msg = shared;
    rt_core.vcpu->mbox_mp_cmd = MAILBOX_MESSAGE;
    call_monitor();
    return 1;
}
