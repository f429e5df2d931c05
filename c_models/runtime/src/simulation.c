/*! \file
 *  \brief implementation of simulation.h: runs, pauses and provenance. The host's commands are in
 *         commands.c.
 */
#include "simulation.h"

#include "control.h"
#include "debug.h"
#include "runtime.h"

struct rt_run rt_run;
struct rt_hooks rt_hooks;
static struct simulation_provenance *provenance;

void simulation_set_provenance_data_address(address_t provenance_data_address) {
    provenance = (struct simulation_provenance *)provenance_data_address;
}

void simulation_set_provenance_function(prov_callback_t provenance_function,
                                        address_t provenance_data_address) {
    rt_hooks.provenance = provenance_function;
    simulation_set_provenance_data_address(provenance_data_address);
}

void simulation_set_exit_function(exit_callback_t exit_function) {
    rt_hooks.exit = exit_function;
}

void simulation_set_start_function(start_callback_t start_function) {
    rt_hooks.start = start_function;
}

void simulation_run(void) {
    spin1_start_paused();
}

void simulation_ready_to_read(void) {
    sark_cpu_state(CPU_STATE_WAIT);
}

void rt_store_provenance(void) {
    if (provenance == NULL)
        return;
    provenance->transmission_event_overflow = rt_counts.packets_refused;
    provenance->callback_queue_overloads = rt_counts.callbacks_lost;
    provenance->dma_queue_overloads = rt_counts.transfers_refused;
    provenance->user_queue_overloads = rt_counts.user_events_refused;
    provenance->timer_tic_has_overrun = rt_counts.ticks_overrun;
    provenance->max_num_timer_tic_overrun = rt_counts.most_ticks_waiting;
    if (rt_hooks.provenance != NULL)
        rt_hooks.provenance(provenance->provenance_data_elements);
}

void simulation_handle_pause_resume(resume_callback_t callback) {
    spin1_pause();
    rt_hooks.resume = callback;
    rt_store_provenance();
}

void simulation_exit(void) {
    simulation_handle_pause_resume(NULL);
}

/*! \brief Stop all cores until the last one has come here. */
static void meet(void) {
    spin1_pause();
    const uint mode = spin1_int_disable();
    rt_at_barrier();
    while (!rt_barrier_open()) { /* masked from the test to the sleep */
        rt_sleep(mode);
        (void)spin1_int_disable();
    }
    rt_barrier_passed();
    spin1_mode_restore(mode);
    spin1_resume(SYNC_NOWAIT);
}

void simulation_set_sync_steps(uint32_t n_steps) {
    rt_run.meet_every = n_steps;
    rt_run.meet_next = *rt_run.time + n_steps + 1;
}

bool simulation_is_finished(void) {
    if (rt_run.pause_wanted) {
        rt_run.pause_wanted = false;
        return true;
    }
    if (*rt_run.infinite != TRUE && *rt_run.time >= *rt_run.end)
        return true;
    if (rt_run.meet_every > 0 && *rt_run.time >= rt_run.meet_next) {
        meet();
        rt_run.meet_next += rt_run.meet_every;
    }
    return false;
}

bool simulation_initialise(address_t address, uint32_t expected_application_magic_number,
                           uint32_t *timer_period, uint32_t *simulation_ticks_pointer,
                           uint32_t *infinite_run_pointer, uint32_t *time_pointer,
                           int sdp_packet_callback_priority, int dma_transfer_complete_priority) {
    const struct simulation_config *const config = (const void *)address;
    if (config->application_magic_number != expected_application_magic_number) {
        log_error("the data is for application 0x%08x; this is 0x%08x",
                  config->application_magic_number, expected_application_magic_number);
        return false;
    }
    *timer_period = config->timer_period;
    rt_run = (struct rt_run){.end = simulation_ticks_pointer,
                             .infinite = infinite_run_pointer,
                             .time = time_pointer};
    spin1_callback_on(SDP_PACKET_RX, rt_message_arrived, sdp_packet_callback_priority);
    if (dma_transfer_complete_priority >= 0)
        spin1_callback_on(DMA_TRANSFER_DONE, rt_transfer_ended, dma_transfer_complete_priority);
    return simulation_sdp_callback_on(config->control_sdp_port, rt_command);
}
