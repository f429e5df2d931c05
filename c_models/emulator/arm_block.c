/*! \file
 *  \brief Blocks of decoded code: made when they are first reached, forgotten when a word that
 *         they were made from changes.
 */
#include "arm_cycles.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CELLS = 2048, MOST_CELLS = 65536 };

void arm_forget_code(arm_cpu *cpu) {
    if (cpu->used > 1) {
        memset(cpu->entry, 0, sizeof cpu->entry);
        memset(cpu->decoded, 0, sizeof cpu->decoded);
    }
    cpu->used = 1;
    cpu->stale = false;
}

/* Place for one more block, whatever its size */
static arm_cell *reserve(arm_cpu *cpu) {
    if (cpu->used + ARM_BLOCK_CELLS <= cpu->size)
        return &cpu->cells[cpu->used];
    if (cpu->size == MOST_CELLS) {
        arm_forget_code(cpu);
        return &cpu->cells[cpu->used];
    }
    const uint32_t size = cpu->size ? 2 * cpu->size : FIRST_CELLS;
    arm_cell *const cells = realloc(cpu->cells, size * sizeof *cells);
    if (cells == NULL)
        return NULL;
    cpu->cells = cells;
    cpu->size = size;
    return &cells[cpu->used];
}

/* Memory that code may be in, to the end of the block's KB */
static const uint8_t *code_at(emu_core *core, uint32_t address) {
    if (address - DTCM_BASE < DTCM_SIZE)
        return NULL;
    const uint32_t start = address & ~(ENGINE_PAGE - 1u);
    const uint8_t *const page = bus_memory(core, start, ENGINE_PAGE);
    return page == NULL ? NULL : page + (address - start);
}

/* \return cells used */
static uint32_t build(const emu_core *core, const uint8_t *code, uint32_t address,
                      arm_cell *cells) {
    const arm_cpu *const cpu = arm_of(core);
    const bool one = emu_machine_settings(core->chip->machine)->every_instruction;
    const uint32_t width = cpu->thumb ? 2 : 4;
    uint32_t used = 1, instructions = 0;
    arm_pipeline pipeline = {0};
    bool ends = false;
    do {
        arm_op op = {.address = address};
        uint32_t word = 0;
        memcpy(&word, code, width);
        ends = cpu->thumb ? arm_decode_thumb(word, &op) : arm_decode(word, &op);
        if (arm_reads_pc(&op))
            cells[used++].op = (arm_op){.code = OP_READ_PC, .condition = ARM_ALWAYS,
                                        .value = address + 2 * width, .address = address};
        cells[used++].op = op;
        if (core->timed)
            arm_pipeline_add(&pipeline, &op);
        instructions++;
        address += width;
        code += width;
    } while (!ends && !one && address % ENGINE_PAGE != 0);
    cells[used++].op = (arm_op){.code = OP_END, .condition = ARM_ALWAYS, .value = address,
                                .address = address};
    cells[0].block.instructions = instructions;
    cells[0].block.thumb = cpu->thumb;
    cells[0].block.cycles = core->timed ? pipeline.now : instructions;
    return used;
}

const arm_cell *arm_find_block(emu_core *core, uint32_t address) {
    arm_cpu *const cpu = arm_of(core);
    const uint8_t *const code = code_at(core, address);
    if (code == NULL)
        return NULL;
    if (address >= ITCM_SIZE) { /* rare: decoded each time, so that nothing can be out of date */
        core->idling.touched = true;
        build(core, code, address, cpu->outside);
        return cpu->outside;
    }
    arm_cell *const cells = reserve(cpu);
    if (cells == NULL)
        return NULL;
    cpu->entry[address / 2] = cpu->used;
    cpu->used += build(core, code, address, cells);
    const uint32_t end = address + cells[0].block.instructions * (cpu->thumb ? 2 : 4);
    for (uint32_t word = address / 4; word < (end + 3) / 4; word++)
        cpu->decoded[word / 32] |= 1u << word % 32;
    return cells;
}
