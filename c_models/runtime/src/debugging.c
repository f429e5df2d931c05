/*! \file
 *  \brief Messages to port 0 of a core: its version, and its memory read, written and filled.
 */
#include "runtime.h"

enum command { VERSION = 0, READ = 2, WRITE = 3, FILL = 5 };
enum { HEADER = 12, ARGUMENTS = 12 };

/*! \brief Copy in units of 1, 2 or 4 bytes: registers want the unit that was asked for. */
static void copy(uint to, uint from, uint bytes, uint unit) {
    for (uint i = 0; i < bytes; i += unit)
        if (unit == 4)
            *(volatile uint *)(to + i) = *(volatile uint *)(from + i);
        else if (unit == 2)
            *(volatile ushort *)(to + i) = *(volatile ushort *)(from + i);
        else
            *(volatile uchar *)(to + i) = *(volatile uchar *)(from + i);
}

static uint tell_version(sdp_msg_t *msg) {
    static const char version[] = "EPROP/SpiNNaker\0"
                                  "4.0.0";
    msg->arg1 =
        (uint)sv->p2p_addr << 16 | (uint)rt_core.physical_number << 8 | rt_core.virtual_number;
    msg->arg2 = 0xffffu << 16 | SDP_BUF_SIZE;
    msg->arg3 = 0;
    sark_mem_cpy(msg->data, version, sizeof version);
    return ARGUMENTS + sizeof version;
}

/*! \brief Read or write memory.
 *  \return bytes of the answer behind its header
 */
static uint access(sdp_msg_t *msg, bool write) {
    const uint address = msg->arg1;
    const uint bytes = msg->arg2;
    const uint unit = BIT(msg->arg3 & 3);
    if (bytes > SDP_BUF_SIZE || unit > 4 || ((address | bytes) & (unit - 1)) != 0) {
        msg->cmd_rc = RC_ARG;
        return 0;
    }
    if (write) {
        copy(address, (uint)msg->data, bytes, unit);
        return 0;
    }
    copy((uint)&msg->arg1, address, bytes, unit);
    return bytes;
}

static void fill(const sdp_msg_t *msg) {
    volatile uint *const words = (volatile uint *)msg->arg1;
    for (uint i = 0; i < msg->arg3 / 4; i++)
        words[i] = msg->arg2;
}

static uint answer(sdp_msg_t *msg) {
    const uint command = msg->cmd_rc;
    msg->cmd_rc = RC_OK;
    if (msg->length < HEADER + ARGUMENTS) {
        msg->cmd_rc = RC_LEN;
        return 0;
    }
    switch (command) {
    case VERSION:
        return tell_version(msg);
    case READ:
    case WRITE:
        return access(msg, command == WRITE);
    case FILL:
        fill(msg);
        return 0;
    default:
        msg->cmd_rc = RC_CMD;
        return 0;
    }
}

void rt_debugging(sdp_msg_t *msg) {
    msg->length = (ushort)(HEADER + answer(msg));
    rt_message_turn(msg);
    sark_msg_send(msg, 10);
    sark_msg_free(msg);
}
