/*! \file
 *  \brief What a core finds at which address.
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

#define DEVICE(name)                                                                               \
    static uint64_t read_##name(uc_engine *engine, uint64_t offset, unsigned size, void *user) {   \
        (void)engine, (void)size;                                                                  \
        emu_core *const core = user;                                                               \
        core->register_accesses++;                                                                 \
        return name##_read(core, (uint32_t)offset & ~3u);                                          \
    }                                                                                              \
    static void write_##name(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value,    \
                             void *user) {                                                         \
        (void)engine, (void)size;                                                                  \
        emu_core *const core = user;                                                               \
        core->register_accesses++;                                                                 \
        name##_write(core, (uint32_t)offset & ~3u, (uint32_t)value);                               \
    }

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
    return chip_read(core, ROUTER_UNBUFFERED, offset, router_read);
}
static void rtr_write(emu_core *core, uint32_t offset, uint32_t value) {
    chip_write(core, ROUTER_UNBUFFERED, offset, value, router_write);
}
/* memory controller and watchdog: there, and without effect */
static uint32_t inert_read(emu_core *core, uint32_t offset) {
    (void)core, (void)offset;
    return 0;
}
static void inert_write(emu_core *core, uint32_t offset, uint32_t value) {
    (void)core, (void)offset, (void)value;
}

DEVICE(comms)
DEVICE(timer)
DEVICE(vic)
DEVICE(dma)
DEVICE(sysctl)
DEVICE(rtr)
DEVICE(inert)

static int map_memories(emu_core *core) {
    const emu_chip *const chip = core->chip;
    enum { DATA = UC_PROT_READ | UC_PROT_WRITE, ALL = DATA | UC_PROT_EXEC };
    int error = 0;
    /* a page at a time, so that the pages of the program can be protected one by one */
    for (uint32_t page = 0; page < ITCM_SIZE && !error; page += PAGE)
        error = unicorn.mem_map_ptr(core->engine, page, PAGE, ALL, core->itcm + page);
    const struct {
        uint32_t base, span, protection;
        uint8_t *bytes;
    } memories[] = {
        {DTCM_BASE, DTCM_SIZE, DATA, core->dtcm},
        {SDRAM_BUFFERED, SDRAM_SIZE, ALL, chip->sdram},
        {SDRAM_UNBUFFERED, SDRAM_SIZE, ALL, chip->sdram},
        {SYSRAM_BUFFERED, SYSRAM_SIZE, ALL, chip->sysram},
        {SYSRAM_UNBUFFERED, SYSRAM_SIZE, ALL, chip->sysram},
    };
    for (size_t i = 0; i < sizeof memories / sizeof memories[0] && !error; i++)
        error = unicorn.mem_map_ptr(core->engine, memories[i].base, memories[i].span,
                                    memories[i].protection, memories[i].bytes);
    return error;
}

static int map_devices(emu_core *core) {
    const struct {
        uint32_t bases[3], span;
        uc_mmio_read read;
        uc_mmio_write write;
    } devices[] = {
        {{CC_UNBUFFERED, CC_BUFFERED}, PAGE, read_comms, write_comms},
        {{TIMER_UNBUFFERED, TIMER_BUFFERED}, PAGE, read_timer, write_timer},
        {{VIC_UNBUFFERED, VIC_BUFFERED, VIC_HIGH}, PAGE, read_vic, write_vic},
        {{DMA_UNBUFFERED, DMA_BUFFERED}, PAGE, read_dma, write_dma},
        {{SYSCTL_UNBUFFERED, SYSCTL_BUFFERED}, PAGE, read_sysctl, write_sysctl},
        {{ROUTER_UNBUFFERED, ROUTER_BUFFERED}, ROUTER_SPAN, read_rtr, write_rtr},
        {{MEMCTL_UNBUFFERED, MEMCTL_BUFFERED}, PAGE, read_inert, write_inert},
        {{WATCHDOG_UNBUFFERED, WATCHDOG_BUFFERED}, PAGE, read_inert, write_inert},
    };
    int error = 0;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        for (size_t j = 0; j < 3 && devices[i].bases[j] != 0 && !error; j++)
            error = unicorn.mmio_map(core->engine, devices[i].bases[j], devices[i].span,
                                     devices[i].read, core, devices[i].write, core);
    return error;
}

const char *bus_attach(emu_core *core) {
    const int error = map_memories(core);
    const int failed = error ? error : map_devices(core);
    return failed ? unicorn.strerror(failed) : NULL;
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
