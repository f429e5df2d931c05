/*! \file
 *  \brief A core's first steps, before the application's c_main.
 */
#include "runtime.h"

/* version of the monitor that this interface is for; the major number must agree */
#define MONITOR_VERSION 0x040000u
#define MAJOR_VERSION 0xff0000u

struct rt_core rt_core;
struct rt_counts rt_counts;

/*! \brief Clear the core's block, except the user words: a host has put the data's address there.
 */
static void clear_block(vcpu_t *vcpu) {
    uint *const words = (uint *)vcpu;
    for (uint i = 0; i < offsetof(vcpu_t, user0) / sizeof(uint); i++)
        words[i] = 0;
}

/*! \brief Messages of the monitor are heard from now on, packets are discarded. */
static void start_interrupts(void) {
    INTERRUPTS->disable = ~0u;
    for (uint i = 0; i < 16; i++)
        INTERRUPTS->slot[i] = 0;
    INTERRUPTS->default_vector = (uint)rt_on_spurious;
    INTERRUPTS->current_vector = 0;
    INTERRUPTS->vector[0] = (uint)rt_on_mailbox;
    INTERRUPTS->slot[0] = SLOT_ENABLE | LINE_CPU;
    INTERRUPTS->select_fiq = BIT(LINE_RECEIVED);
    INTERRUPTS->enable = BIT(LINE_CPU) | BIT(LINE_RECEIVED);
}

/*! \brief Called at reset, with stacks in place and interrupts masked.
 *  \param[in] argument: number of the application; bit 8: wait for the start signal
 */
void rt_boot(uint argument);
void rt_boot(uint argument) {
    const uint physical = DMA_STATUS_CORE(DMA->status);
    vcpu_t *const vcpu = &sv_vcpu[sv->p2v_map[physical]];
    clear_block(vcpu);
    rt_core.vcpu = vcpu;
    rt_core.virtual_number = sv->p2v_map[physical];
    rt_core.physical_number = (uchar)physical;
    rt_core.application = (uchar)argument;
    rt_core.waits_for_start = argument >> 8 & 1;
    vcpu->phys_cpu = (uchar)physical;
    vcpu->app_id = rt_core.application;
    vcpu->time = sv->unix_time;
    vcpu->sw_ver = MONITOR_VERSION;
    static const char name[sizeof vcpu->app_name] = SPINNAKER_APPLICATION;
    sark_mem_cpy(vcpu->app_name, name, sizeof name);
    rt_heap_start();
    rt_messages_start();
    start_interrupts();
    sark_cpu_state(CPU_STATE_WAIT);
    if ((sv->sw_ver ^ MONITOR_VERSION) & MAJOR_VERSION)
        rt_error(RTE_VER);
}

void sark_cpu_state(uint state) {
    rt_core.vcpu->cpu_state = (uchar)state;
}

uint spin1_get_core_id(void) {
    return rt_core.virtual_number;
}

uint spin1_get_chip_id(void) {
    return sv->p2p_addr;
}

uint spin1_get_id(void) {
    return (uint)sv->p2p_addr << 5 | rt_core.virtual_number;
}

uint sark_app_id(void) {
    return rt_core.application;
}

void sark_delay_us(uint microseconds) {
    const uint rounds = microseconds * sv->cpu_clk / 4;
    if (rounds > 0)
        rt_spin(rounds);
}
