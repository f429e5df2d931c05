/*! \file
 *  \brief Commands of the host: run for so long, pause, report the time, end.
 */
#include "control.h"
#include "debug.h"
#include "runtime.h"

enum { ANSWER_LENGTH = 12, WITH_ONE_ARGUMENT = ANSWER_LENGTH + 4, ANSWER_TIMEOUT_MS = 10 };

static void answer(sdp_msg_t *msg, ushort length) {
    msg->cmd_rc = RC_OK;
    msg->length = length;
    rt_message_turn(msg);
    sark_msg_send(msg, ANSWER_TIMEOUT_MS);
}

/*! \brief Call the application's start function behind the barrier, without a timer tick before.
 *
 *  It is queued at priority 1, which ticks of that priority wait behind.
 */
static void start_behind_barrier(uint unused0, uint unused1) {
    (void)unused0;
    (void)unused1;
    uint mode = spin1_int_disable();
    while (!rt_barrier_open()) {
        rt_sleep(mode);
        mode = spin1_int_disable();
    }
    spin1_mode_restore(mode);
    sark_cpu_state(CPU_STATE_RUN);
    rt_hooks.start();
}

/*! \brief Whether the network has delivered the command of a run again: hosts number commands.
 *
 *  A copy that is late must neither begin the run again nor prepare the next one with old data.
 */
static bool is_copy(const sdp_msg_t *msg) {
    static ushort last;
    const bool copy = !rt_paused || (msg->seq == last && msg->arg1 == *rt_run.end);
    if (!copy)
        last = msg->seq;
    return copy;
}

/*! \brief Get ready for a run, and wait for the barrier. */
static void start_run(const sdp_msg_t *msg) {
    *rt_run.end = msg->arg1;
    *rt_run.infinite = msg->arg2;
    *rt_run.time = msg->arg3 - 1; /* applications count before they look */
    const uint32_t *const meet_every = (const uint32_t *)msg->data;
    simulation_set_sync_steps(*meet_every);
    const resume_callback_t resume = rt_hooks.resume;
    rt_hooks.resume = NULL;
    if (resume != NULL)
        resume();
    if (rt_hooks.start != NULL)
        spin1_schedule_callback(start_behind_barrier, 0, 0, 1);
    spin1_resume(SYNC_WAIT);
}

static void end(bool with_provenance) {
    if (with_provenance)
        rt_store_provenance();
    if (rt_hooks.exit != NULL)
        rt_hooks.exit();
    spin1_exit(with_provenance);
}

void rt_command(uint mailbox, uint port) {
    (void)port;
    sdp_msg_t *const msg = (sdp_msg_t *)mailbox;
    switch (msg->cmd_rc) {
    case CMD_RUNTIME:
        if (!is_copy(msg))
            start_run(msg);
        answer(msg, ANSWER_LENGTH); /* the host looks at the state next: it must be set before */
        break;
    case CMD_STOP:
        end(false);
        break;
    case PROVENANCE_DATA_GATHERING:
        end(true);
        break;
    case IOBUF_CLEAR:
        sark_io_buf_reset();
        if (msg->arg3 == 1)
            answer(msg, ANSWER_LENGTH);
        break;
    case CMD_PAUSE:
        rt_run.pause_wanted = true;
        answer(msg, ANSWER_LENGTH);
        break;
    case CMD_GET_TIME:
        msg->arg1 = *rt_run.time;
        answer(msg, WITH_ONE_ARGUMENT);
        break;
    default:
        log_error("the host's command %u is unknown", msg->cmd_rc);
        break;
    }
    sark_msg_free(msg);
}
