/*! \file
 *  \brief Commands of the monitor to a core: a message, a signal, or a request for a sign of life.
 */
#include "runtime.h"

enum command { IDLE = 0, MESSAGE = 1, SIGN_OF_LIFE = 2, SIGNAL = 3 };
enum signal { START = 3, PAUSE = 6, CONTINUE = 7, EXIT = 8, TICK = 9 };
#define ENDED_BY_SIGNAL 255u

static void take_signal(enum signal signal) {
    switch (signal) {
    case START:
        rt_core.waits_for_start = 0;
        break;
    case PAUSE:
        sark_cpu_state(CPU_STATE_PAUSE);
        break;
    case CONTINUE:
        sark_cpu_state(CPU_STATE_RUN);
        break;
    case EXIT:
        spin1_exit(ENDED_BY_SIGNAL);
        break;
    case TICK:
        rt_tick();
        break;
    default:
        break;
    }
}

/*! \brief Copy the chip's buffer to one of the core's own and hand it on; lost if there is none. */
static void take_message(sdp_msg_t *shared) {
    sdp_msg_t *const msg = sark_msg_get();
    if (msg != NULL)
        rt_message_copy(msg, shared);
    rt_message_give_back(shared);
    if (msg == NULL)
        return;
    const uint port = msg->dest_port >> PORT_SHIFT;
    if (port == 0)
        rt_debugging(msg);
    else
        rt_event(SDP_PACKET_RX, (uint)msg, port);
}

/*! \brief Handle the monitor's interrupt. An empty mailbox means that a barrier has changed: the
 *         core wakes up, and that is all.
 *  \param[in] pc: where the core was
 */
void rt_mailbox(uint pc);
void rt_mailbox(uint pc) {
    vcpu_t *const vcpu = rt_core.vcpu;
    SYSTEM_CONTROLLER->clear_interrupt = SYSTEM_CONTROLLER_CODE | BIT(rt_core.physical_number);
    const enum command command = (enum command)vcpu->mbox_ap_cmd;
    if (command == IDLE)
        return;
    void *const content = vcpu->mbox_ap_msg;
    if (command == SIGN_OF_LIFE)
        vcpu->mbox_ap_msg = (void *)pc;
    vcpu->mbox_ap_cmd = IDLE;
    if (command == SIGNAL)
        take_signal((enum signal)(uint)content);
    else if (command == MESSAGE)
        take_message(content);
}
