/*! \file
 *  \brief The system controller of a chip: interrupts between cores, flags and locks.
 *
 *  Interrupts go by physical core numbers, flags by virtual ones, which are only a convention of
 *  software; virtual core 0 is the monitor.
 */
#include "core.h"

static uint32_t monitor_bit(const emu_chip *chip) { return 1u << chip->physical[0]; }

static void interrupts_changed(emu_chip *chip) {
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if (chip->cores[i] != NULL)
            vic_update(chip->cores[i]);
}

bool system_read(emu_chip *chip, uint32_t offset, uint32_t *value) {
    system_state *const system = &chip->system;
    if (offset >= SC_TAS0 && offset < SC_TAC0 + 4 * SC_LOCKS) {
        /* reading takes or gives back a lock, and says whether it was taken before */
        const uint32_t bit = 1u << ((offset - SC_TAS0) / 4 % SC_LOCKS);
        *value = system->locks & bit ? SC_LOCK_WAS_SET : 0;
        if (offset < SC_TAC0)
            system->locks |= bit;
        else
            system->locks &= ~bit;
        return true;
    }
    switch (offset) {
    case SC_CHIP_ID:
        *value = SC_CHIP_ID_VALUE;
        return true;
    case SC_CPU_DIS:
        *value = system->cpu_disabled;
        return true;
    case SC_SET_IRQ:
    case SC_CLR_IRQ:
        *value = system->interrupts;
        return true;
    case SC_SET_OK:
    case SC_CLR_OK:
        *value = system->cpu_ok;
        return true;
    case SC_GPIO_PORT:
    case SC_GPIO_SET:
        *value = system->gpio;
        return true;
    case SC_FLAG_SET:
    case SC_FLAG_CLR:
        *value = system->flags;
        return true;
    case SC_MON_ID:
        *value = chip->physical[0];
        return true;
    case SC_MISC_CTRL:
    case SC_SLEEP:
        *value = 0;
        return true;
    default:
        return false;
    }
}

bool system_write(emu_chip *chip, uint32_t offset, uint32_t value) {
    system_state *const system = &chip->system;
    const bool coded = (value & SC_CODE_MASK) == SC_CODE;
    switch (offset) {
    case SC_SET_IRQ:
        if (coded) {
            idle_wake_for(chip, value & ALL_CORES);
            system->interrupts |= value & ALL_CORES;
            if (value & monitor_bit(chip))
                chip->monitor_interrupt = true;
            interrupts_changed(chip);
        }
        return true;
    case SC_CLR_IRQ:
        if (coded) {
            system->interrupts &= ~(value & ALL_CORES);
            interrupts_changed(chip);
        }
        return true;
    case SC_CPU_DIS:
        if (coded)
            system->cpu_disabled = value & ALL_CORES;
        return true;
    case SC_SET_OK:
        system->cpu_ok |= value & ALL_CORES;
        return true;
    case SC_CLR_OK:
        system->cpu_ok &= ~(value & ALL_CORES);
        return true;
    case SC_GPIO_SET:
        system->gpio |= value;
        return true;
    case SC_GPIO_CLR:
        system->gpio &= ~value;
        return true;
    case SC_FLAG_SET:
        system->flags |= value;
        return true;
    case SC_FLAG_CLR:
        system->flags &= ~value;
        return true;
    case SC_MISC_CTRL:
    case SC_GPIO_DIR:
    case SC_SLEEP:
        return true;
    default:
        return false;
    }
}

void emu_interrupt(emu_chip *chip, uint32_t cores) {
    const uint64_t now = emu_now(chip->machine);
    idle_wake_for(chip, cores_physical(chip, cores));
    chip->system.interrupts |= cores_physical(chip, cores) & ~monitor_bit(chip);
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if (chip->cores[i] != NULL && (cores >> i & 1u)) {
            core_advance(chip->cores[i], now);
            vic_update(chip->cores[i]);
        }
    chip->next = now;
}

void emu_flags(emu_chip *chip, uint32_t set, uint32_t clear) {
    chip->system.flags = (chip->system.flags | set) & ~clear;
}

int emu_locked(const emu_chip *chip, uint32_t lock) { return chip->system.locks >> lock & 1u; }

int emu_take_monitor_interrupt(emu_chip *chip) {
    const bool taken = chip->monitor_interrupt;
    chip->monitor_interrupt = false;
    chip->system.interrupts &= ~monitor_bit(chip);
    return taken;
}
