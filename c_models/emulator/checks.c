/*! \file
 *  \brief Records what a core did that a chip would punish, or that a developer wants to know.
 */
#include "core.h"

#include <string.h>

enum { REPEATS_KEPT = 16 }; /* of one kind on one core; the rest are counted */

void fault_record(emu_core *core, enum emu_fault_kind kind, uint32_t pc, uint32_t address) {
    emu_chip *const chip = core->chip;
    if (core->faults[kind]++ >= REPEATS_KEPT || chip->fault_count - chip->fault_taken >= FAULTS_KEPT)
        return;
    chip->faults[chip->fault_count++ % FAULTS_KEPT] = (emu_fault){
        .time = core->now, .kind = kind, .core = core->number, .pc = pc, .address = address};
}

uint32_t emu_take_faults(emu_chip *chip, emu_fault *faults, uint32_t most) {
    uint32_t taken = 0;
    while (taken < most && chip->fault_taken != chip->fault_count)
        faults[taken++] = chip->faults[chip->fault_taken++ % FAULTS_KEPT];
    return taken;
}

static uint32_t word_at(const emu_core *core, uint32_t address) {
    uint32_t value;
    memcpy(&value, core->itcm + address, sizeof value);
    return value;
}

/* The image says where its stacks end and what they were filled with: when the last word of the
   stacks has another value, they have run over. */
void check_stack(emu_core *core) {
    const uint32_t top = word_at(core, SARK_STACK_TOP);
    const uint32_t size = word_at(core, SARK_STACK_SIZE & ~3u) >> 16;
    const uint32_t bottom = top - size;
    if (core->stack_reported || size == 0 || (top & 3u) || (size & 3u) || bottom < DTCM_BASE ||
        top > DTCM_BASE + DTCM_SIZE)
        return;
    uint32_t guard;
    memcpy(&guard, core->dtcm + (bottom - DTCM_BASE), sizeof guard);
    if (guard == word_at(core, SARK_STACK_FILL))
        return;
    core->stack_reported = true;
    fault_record(core, EMU_STACK_OVERFLOW, core->pc, bottom);
}

void check_tick(emu_core *core) {
    const uint64_t spent = core->instructions - core->tick_start;
    const uint64_t cycles = core_cycles(core) - core->tick_cycles_start;
    if (core->ticks > 0) {
        core->tick_cycles_last = cycles;
        if (cycles > core->tick_cycles_most)
            core->tick_cycles_most = cycles;
        core->tick_last = spent;
        if (spent > core->tick_most)
            core->tick_most = spent;
        if (!core->slept) {
            core->tick_overruns++;
            fault_record(core, EMU_TICK_OVERRUN, core->pc, (uint32_t)spent);
        }
    }
    core->ticks++;
    if (core->ticks == core->chip->crash_tick[core->number])
        core->crashes = true;
    core->tick_start = core->instructions;
    core->tick_cycles_start = core_cycles(core);
    core->slept = core->activity == EMU_ASLEEP;
}
