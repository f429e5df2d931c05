/*! \file
 *  \brief The DMA controller of a core: two places for transfers, done one after the other.
 *
 *  How long a transfer takes is in memory_time.c. The bytes move when it ends.
 *
 *  DMA_STAT has a bit "done" and a bit "second done", which count up, and down when they are
 *  cleared (data sheet, 7.4). Conditions clear them in other ways, so that programs can be tested
 *  which do not depend on it. When DMA_STAT follows a write to another register is not said: a
 *  condition, too.
 */
#include "core.h"

#include <string.h>

enum { FIRST = 1, SECOND = 2 };

static const emu_conditions *conditions(const emu_core *core) {
    return &emu_machine_settings(core->chip->machine)->conditions;
}

static void begin(emu_core *core, dma_transfer *transfer) {
    transfer->done = core->now + memory_time_transfer(core, transfer->system,
                                                      transfer->description & DMA_DESC_LENGTH);
}

static void move(emu_core *core, const dma_transfer *transfer) {
    const uint32_t length = transfer->description & DMA_DESC_LENGTH;
    uint8_t *const system = bus_memory(core, transfer->system, length);
    uint8_t *const tcm = bus_memory(core, transfer->tcm, length);
    if (system == NULL || tcm == NULL) {
        fault_record(core, EMU_DMA_ADDRESS, core->pc,
                     system == NULL ? transfer->system : transfer->tcm);
        return;
    }
    if (transfer->description & DMA_DESC_WRITE)
        memmove(system, tcm, length);
    else
        memmove(tcm, system, length);
    if (transfer->tcm < ITCM_SIZE && !(transfer->description & DMA_DESC_WRITE))
        core_code_changed(core, transfer->tcm, length);
    core->dma.bytes += length;
}

void dma_complete(emu_core *core) {
    dma_state *const dma = &core->dma;
    while (dma->waiting && dma->queue[0].done <= core->now) {
        move(core, &dma->queue[0]);
        dma->transfers++;
        dma->done |= dma->done & FIRST ? SECOND : FIRST;
        dma->queue[0] = dma->queue[1];
        if (--dma->waiting)
            begin(core, &dma->queue[0]);
    }
}

/* Single words need a multiple of 4; what double words need is a condition. */
static void check_alignment(emu_core *core, uint32_t description) {
    const dma_state *const dma = &core->dma;
    const uint32_t parts[3] = {dma->system, dma->tcm, description & DMA_DESC_LENGTH};
    const uint32_t unit = description & DMA_DESC_WIDE ? conditions(core)->dma_alignment : 4;
    for (uint32_t i = 0; i < 3; i++)
        if (parts[i] % unit != 0) {
            fault_record(core, EMU_DMA_ALIGNMENT, core_pc(core), parts[i]);
            return;
        }
}

static void enqueue(emu_core *core, uint32_t description) {
    dma_state *const dma = &core->dma;
    check_alignment(core, description);
    if (dma->waiting == DMA_QUEUE) {
        fault_record(core, EMU_DMA_OVERFLOW, core_pc(core), dma->system);
        return;
    }
    dma->queue[dma->waiting] = (dma_transfer){.system = dma->system,
                                          .tcm = dma->tcm,
                                          .description = description};
    if (dma->waiting++ > 0)
        return;
    begin(core, &dma->queue[0]);
    core_limit(core, dma->queue[0].done);
}

static uint32_t status(const emu_core *core) {
    const dma_state *const dma = &core->dma;
    if (core->now < dma->stale_until)
        return dma->stale_status;
    return (uint32_t)core->chip->physical[core->number] << 24 |
           (dma->waiting > 0 ? DMA_STAT_TRANSFERRING : 0) |
           (dma->waiting == DMA_QUEUE ? DMA_STAT_QUEUE_FULL : 0) |
           dma->done << DMA_STAT_DONE_SHIFT;
}

/* Before a write that changes it */
static void keep_status(emu_core *core) {
    const uint32_t stale = conditions(core)->dma_stale_cycles;
    if (stale == 0)
        return;
    core->dma.stale_status = status(core);
    core->dma.stale_until = core->now + stale;
}

static void clear_done(emu_core *core) {
    dma_state *const dma = &core->dma;
    switch ((enum emu_dma_clear)conditions(core)->dma_clear) {
    case EMU_DMA_CLEARS_ONE:
        dma->done >>= 1;
        break;
    case EMU_DMA_CLEARS_FIRST:
        dma->done = dma->done & FIRST ? dma->done & SECOND : 0;
        break;
    case EMU_DMA_CLEARS_BOTH:
        dma->done = 0;
    }
}

uint32_t dma_read(emu_core *core, uint32_t offset) {
    const dma_state *const dma = &core->dma;
    switch (offset) {
    case DMA_ADRS:
        return dma->system;
    case DMA_ADRT:
        return dma->tcm;
    case DMA_STAT:
        return status(core);
    case DMA_GCTL:
        return dma->global_control;
    case DMA_STAT0:
        return (uint32_t)dma->transfers;
    case DMA_DESC: /* for writing only; read back to wait for the write buffer */
    case DMA_CTRL:
        return 0;
    default:
        if (offset > DMA_STAT0 && offset <= DMA_STAT7)
            return 0;
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), DMA_UNBUFFERED + offset);
        return 0;
    }
}

void dma_write(emu_core *core, uint32_t offset, uint32_t value) {
    dma_state *const dma = &core->dma;
    switch (offset) {
    case DMA_ADRS:
        dma->system = value;
        break;
    case DMA_ADRT:
        dma->tcm = value;
        break;
    case DMA_DESC:
        keep_status(core);
        enqueue(core, value);
        break;
    case DMA_CTRL:
        keep_status(core);
        if ((value & DMA_CTRL_UNCOMMIT) && dma->waiting == DMA_QUEUE)
            dma->waiting--;
        if (value & DMA_CTRL_CLEAR_DONE)
            clear_done(core);
        if (value & DMA_CTRL_ABORT) {
            dma->waiting = 0;
            if (value & DMA_CTRL_CLEAR_DONE)
                dma->done = 0;
        }
        break;
    case DMA_GCTL:
        dma->global_control = value;
        break;
    case DMA_CRCC: /* checksums, time-out and statistics are not modelled */
    case DMA_CRCR:
    case DMA_TMTV:
    case DMA_SCTL:
        break;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), DMA_UNBUFFERED + offset);
    }
    vic_update(core);
}
