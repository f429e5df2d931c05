/*! \file
 *  \brief The address space of a core: memories and devices by address.
 */
#include "core.h"

#include <stdlib.h>

static bool inside(uint32_t address, uint32_t size, uint32_t base, uint32_t span) {
    return address >= base && address - base <= span && size <= span - (address - base);
}

uint8_t *bus_memory(emu_core *core, uint32_t address, uint32_t size) {
    const emu_chip *const chip = core->chip;
    const struct {
        uint32_t base, span;
        uint8_t *bytes;
    } memories[] = {
        {ITCM_BASE, ITCM_SIZE, core->itcm},
        {DTCM_BASE, DTCM_SIZE, core->dtcm},
        {SDRAM_BUFFERED, SDRAM_SIZE, chip->sdram},
        {SDRAM_UNBUFFERED, SDRAM_SIZE, chip->sdram},
        {SYSRAM_BUFFERED, SYSRAM_SIZE, chip->sysram},
        {SYSRAM_UNBUFFERED, SYSRAM_SIZE, chip->sysram},
    };
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++)
        if (inside(address, size, memories[i].base, memories[i].span))
            return memories[i].bytes + (address - memories[i].base);
    return NULL;
}

/* Devices of the core */

/* Devices of the chip, as one of its cores sees them */
static uint32_t chip_read(emu_core *core, uint32_t base, uint32_t offset,
                          bool (*device)(emu_chip *, uint32_t, uint32_t *)) {
    uint32_t value = 0;
    if (!device(core->chip, offset, &value))
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), base + offset);
    return value;
}

static void chip_write(emu_core *core, uint32_t base, uint32_t offset, uint32_t value,
                       bool (*device)(emu_chip *, uint32_t, uint32_t)) {
    if (!device(core->chip, offset, value))
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), base + offset);
}

static uint32_t sysctl_read(emu_core *core, uint32_t offset) {
    return chip_read(core, SYSCTL_UNBUFFERED, offset, system_read);
}
static void sysctl_write(emu_core *core, uint32_t offset, uint32_t value) {
    chip_write(core, SYSCTL_UNBUFFERED, offset, value, system_write);
}
static uint32_t rtr_read(emu_core *core, uint32_t offset) {
    const uint32_t value = chip_read(core, ROUTER_UNBUFFERED, offset, router_read);
    vic_update(core); /* reading the status of the dump ends its interrupt */
    return value;
}
static void rtr_write(emu_core *core, uint32_t offset, uint32_t value) {
    chip_write(core, ROUTER_UNBUFFERED, offset, value, router_write);
    vic_update(core);
}
/* memory controller and watchdog: there, and without effect */
static uint32_t inert_read(emu_core *core, uint32_t offset) {
    (void)core, (void)offset;
    return 0;
}
static void inert_write(emu_core *core, uint32_t offset, uint32_t value) {
    (void)core, (void)offset, (void)value;
}

const bus_device bus_devices[BUS_DEVICES] = {
    {{CC_UNBUFFERED, CC_BUFFERED}, PAGE, comms_read, comms_write},
    {{TIMER_UNBUFFERED, TIMER_BUFFERED}, PAGE, timer_read, timer_write},
    {{VIC_UNBUFFERED, VIC_BUFFERED, VIC_HIGH}, PAGE, vic_read, vic_write},
    {{DMA_UNBUFFERED, DMA_BUFFERED}, PAGE, dma_read, dma_write},
    {{SYSCTL_UNBUFFERED, SYSCTL_BUFFERED}, PAGE, sysctl_read, sysctl_write},
    {{ROUTER_UNBUFFERED, ROUTER_BUFFERED}, ROUTER_SPAN, rtr_read, rtr_write},
    {{MEMCTL_UNBUFFERED, MEMCTL_BUFFERED}, PAGE, inert_read, inert_write},
    {{WATCHDOG_UNBUFFERED, WATCHDOG_BUFFERED}, PAGE, inert_read, inert_write},
};

const bus_device *bus_find(uint32_t address, uint32_t *offset) {
    for (uint32_t i = 0; i < BUS_DEVICES; i++)
        for (uint32_t j = 0; j < 3; j++) {
            const uint32_t base = bus_devices[i].bases[j];
            if (base != 0 && address - base < bus_devices[i].span) {
                *offset = address - base;
                return &bus_devices[i];
            }
        }
    return NULL;
}

uint32_t bus_read(emu_core *core, const bus_device *device, uint32_t offset) {
    core->register_accesses++;
    if (core->idling.probing)
        idle_access(core, device->bases[0], offset & ~3u, false);
    return device->read(core, offset & ~3u);
}

void bus_write(emu_core *core, const bus_device *device, uint32_t offset, uint32_t value) {
    core->register_accesses++;
    if (core->idling.probing)
        idle_access(core, device->bases[0], offset & ~3u, true);
    device->write(core, offset & ~3u, value);
}

int emu_peek(emu_chip *chip, uint32_t address, uint32_t *value) {
    const uint32_t offset = address & 0x00ffffffu & ~3u;
    switch (address >> 24) {
    case ROUTER_UNBUFFERED >> 24:
    case ROUTER_BUFFERED >> 24:
        return router_read(chip, offset, value);
    case SYSCTL_UNBUFFERED >> 24:
    case SYSCTL_BUFFERED >> 24:
        return system_read(chip, offset, value);
    default:
        return 0;
    }
}

int emu_poke(emu_chip *chip, uint32_t address, uint32_t value) {
    const uint32_t offset = address & 0x00ffffffu & ~3u;
    switch (address >> 24) {
    case ROUTER_UNBUFFERED >> 24:
    case ROUTER_BUFFERED >> 24:
        return router_write(chip, offset, value);
    case SYSCTL_UNBUFFERED >> 24:
    case SYSCTL_BUFFERED >> 24:
        return system_write(chip, offset, value);
    default:
        return 0;
    }
}
