/*! \file
 *  \brief Start, pause, resume and end of an application's run; the machine's barrier.
 *
 *  The barrier is a bit of the chip's flags for each core, set and cleared in turn by the monitor
 *  when a host says that all may go.
 */
#include "runtime.h"

volatile bool rt_paused;
static volatile bool resume_waits;
static uint exit_code;

/*! \brief Interrupts that the application's start adds to the monitor's, which has slot 0. */
static const struct {
    uint line;
    void (*entry)(void);
} slots[] = {
    {LINE_TIMER, rt_on_timer},
    {LINE_DMA_DONE, rt_on_transfer},
    {LINE_MULTICAST, rt_on_packet},
    {LINE_TRANSMIT_NOT_FULL, rt_on_transmit_room},
    {LINE_SOFTWARE, rt_on_user_event},
};

bool rt_barrier_open(void) {
    return (SYSTEM_CONTROLLER->barrier_flags >> rt_core.virtual_number & 1) == rt_core.barrier;
}

void rt_at_barrier(void) {
    sark_cpu_state(rt_core.barrier ? CPU_STATE_SYNC1 : CPU_STATE_SYNC0);
}

void rt_barrier_passed(void) {
    rt_core.barrier ^= 1;
}

static void run(void) {
    rt_paused = resume_waits = false;
    sark_cpu_state(CPU_STATE_RUN);
    if (rt_lines_wanted() & BIT(LINE_TIMER))
        rt_timer_start();
}

void rt_resume_at_barrier(void) {
    if (resume_waits && rt_barrier_open()) {
        rt_barrier_passed();
        run();
    }
}

void spin1_pause(void) {
    INTERRUPTS->disable = BIT(LINE_TIMER);
    rt_timer_prepare();
    sark_cpu_state(CPU_STATE_PAUSE);
    rt_paused = true;
}

void spin1_resume(sync_bool sync) {
    if (sync == SYNC_NOWAIT) {
        run();
        return;
    }
    rt_at_barrier();
    resume_waits = true;
}

void spin1_exit(uint error) {
    INTERRUPTS->disable = rt_lines_wanted() | BIT(LINE_TRANSMIT_NOT_FULL);
    exit_code = error;
    rt_running = false;
}

static void start_interrupts(void) {
    for (uint i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        INTERRUPTS->vector[i + 1] = (uint)slots[i].entry;
        INTERRUPTS->slot[i + 1] = SLOT_ENABLE | slots[i].line;
    }
    const uint lines = rt_lines_wanted();
    if (lines & BIT(LINE_MULTICAST))
        rt_packets_start(rt_packets_are_fast());
    INTERRUPTS->enable = lines & ~BIT(LINE_TIMER);
}

static void stop(void) {
    const uint mode = spin1_int_disable();
    rt_packets_stop();
    rt_timer_stop();
    rt_transfers_stop();
    spin1_mode_restore(mode);
}

/*! \brief Everything but the timer runs; what starts it comes later. */
static void start(void) {
    COMMUNICATIONS->transmit_control = 0;
    rt_transfers_start();
    rt_timer_prepare();
    const uint mode = spin1_int_disable();
    rt_counts = (struct rt_counts){0};
    rt_timer_reset_count();
    rt_running = rt_paused = true;
    start_interrupts();
    sark_cpu_state(CPU_STATE_PAUSE);
    spin1_mode_restore(mode);
}

uint spin1_start(sync_bool sync) {
    start();
    spin1_resume(sync);
    rt_serve();
    stop();
    return exit_code;
}

uint spin1_start_paused(void) {
    start();
    rt_serve();
    stop();
    return exit_code;
}
