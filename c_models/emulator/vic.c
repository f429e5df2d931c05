/*! \file
 *  \brief The vectored interrupt controller of a core (PL190).
 */
#include "core.h"

#include <string.h>

enum { LOWEST = VIC_SLOTS + 1 };

void vic_reset(vic_state *vic) {
    memset(vic, 0, sizeof *vic);
    vic->priority = LOWEST;
}

static uint32_t sources(const emu_core *core) {
    uint32_t raw = core->vic.soft;
    for (uint32_t i = 0; i < 2; i++)
        if (core->timers[i].raised && (core->timers[i].control & TIMER_INT_ENABLE))
            raw |= 1u << (INT_TIMER1 + i);
    if (comms_waiting(&core->comms)) {
        const mc_packet *const first = &core->comms.received[core->comms.head % RECEIVE_QUEUE];
        raw |= 1u << INT_CC_READY | 1u << (INT_CC_MC + PACKET_TYPE(first->control));
    }
    if (!comms_busy(core))
        raw |= 1u << INT_CC_TX_EMPTY | 1u << INT_CC_TX_NOT_FULL;
    if (router_interrupts(&core->chip->router))
        raw |= 1u << INT_ROUTER_DUMP;
    if (dma_interrupts(&core->dma))
        raw |= 1u << INT_DMA_DONE;
    if (core->chip->system.interrupts & core_bit(core))
        raw |= 1u << INT_CPU;
    return raw;
}

/*! \brief The slot to serve: VIC_SLOTS for the default vector, LOWEST for none. */
static uint32_t best(const vic_state *vic, uint32_t irqs) {
    uint32_t vectored = 0;
    for (uint32_t slot = 0; slot < VIC_SLOTS; slot++) {
        if (!(vic->control[slot] & VIC_CNTL_ENABLE))
            continue;
        const uint32_t source = 1u << (vic->control[slot] & 31u);
        vectored |= source;
        if (slot < vic->priority && (irqs & source))
            return slot;
    }
    return VIC_SLOTS < vic->priority && (irqs & ~vectored) ? VIC_SLOTS : LOWEST;
}

void vic_update(emu_core *core) {
    vic_state *const vic = &core->vic;
    const uint32_t active = sources(core) & vic->enable;
    const uint32_t irqs = active & ~vic->select;
    vic->irq = irqs != 0 && best(vic, irqs) != LOWEST;
    vic->fiq = (active & vic->select) != 0;
    core->interrupted = vic->irq || vic->fiq;
}

static uint32_t acknowledge(emu_core *core) {
    vic_state *const vic = &core->vic;
    const uint32_t slot = best(vic, sources(core) & vic->enable & ~vic->select);
    if (slot != LOWEST && vic->depth < sizeof vic->stack / sizeof vic->stack[0]) {
        vic->stack[vic->depth++] = vic->priority;
        vic->priority = slot;
        vic_update(core);
    }
    return slot < VIC_SLOTS ? vic->address[slot] : vic->default_address;
}

uint32_t vic_read(emu_core *core, uint32_t offset) {
    const vic_state *const vic = &core->vic;
    if (offset >= VIC_ADDR0 && offset < VIC_ADDR0 + 4 * VIC_SLOTS)
        return vic->address[(offset - VIC_ADDR0) / 4];
    if (offset >= VIC_CNTL0 && offset < VIC_CNTL0 + 4 * VIC_SLOTS)
        return vic->control[(offset - VIC_CNTL0) / 4];
    switch (offset) {
    case VIC_IRQ_STATUS:
        return sources(core) & vic->enable & ~vic->select;
    case VIC_FIQ_STATUS:
        return sources(core) & vic->enable & vic->select;
    case VIC_RAW:
        return sources(core);
    case VIC_SELECT:
        return vic->select;
    case VIC_ENABLE:
        return vic->enable;
    case VIC_SOFT_SET:
        return vic->soft;
    case VIC_DISABLE: /* for writing only */
    case VIC_SOFT_CLR:
    case VIC_PROTECT:
        return 0;
    case VIC_VADDR:
        return acknowledge(core);
    case VIC_DEFADDR:
        return vic->default_address;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), VIC_UNBUFFERED + offset);
        return 0;
    }
}

void vic_write(emu_core *core, uint32_t offset, uint32_t value) {
    vic_state *const vic = &core->vic;
    if (offset >= VIC_ADDR0 && offset < VIC_ADDR0 + 4 * VIC_SLOTS)
        vic->address[(offset - VIC_ADDR0) / 4] = value;
    else if (offset >= VIC_CNTL0 && offset < VIC_CNTL0 + 4 * VIC_SLOTS)
        vic->control[(offset - VIC_CNTL0) / 4] = value & (VIC_CNTL_ENABLE | 31u);
    else
        switch (offset) {
        case VIC_SELECT:
            vic->select = value;
            break;
        case VIC_ENABLE:
            vic->enable |= value;
            break;
        case VIC_DISABLE:
            vic->enable &= ~value;
            break;
        case VIC_SOFT_SET:
            vic->soft |= value;
            break;
        case VIC_SOFT_CLR:
            vic->soft &= ~value;
            break;
        case VIC_PROTECT:
            break;
        case VIC_VADDR: /* end of the interrupt */
            vic->priority = vic->depth ? vic->stack[--vic->depth] : LOWEST;
            break;
        case VIC_DEFADDR:
            vic->default_address = value;
            break;
        default:
            fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), VIC_UNBUFFERED + offset);
        }
    vic_update(core);
}
