/*! \file
 *  \brief An application core: its memories, interrupts and exceptions.
 */
#include "arm_cycles.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static uint32_t get(const emu_core *core, enum engine_register number) {
    return core->run->get(core, number);
}

static void set(emu_core *core, enum engine_register number, uint32_t value) {
    core->run->set(core, number, value);
}

static bool is_thumb(const emu_core *core) { return get(core, ENGINE_CPSR) & CPSR_THUMB; }

uint32_t core_pc(const emu_core *core) { return get(core, ENGINE_PC); }

void core_code_changed(emu_core *core, uint32_t address, uint32_t size) {
    core->run->code_changed(core, address, size);
}

static const char *create(emu_core *core) {
    enum { PROTECTION = PROT_READ | PROT_WRITE, KIND = MAP_PRIVATE | MAP_ANONYMOUS };
    const emu_settings *const settings = emu_machine_settings(core->chip->machine);
    core->timed = settings->conditions.timing == EMU_ARM968;
    core->run = settings->unicorn ? &unicorn_engine : &interpreter_engine;
    core->itcm = mmap(NULL, ITCM_SIZE, PROTECTION, KIND, -1, 0);
    core->dtcm = mmap(NULL, DTCM_SIZE, PROTECTION, KIND, -1, 0);
    if (core->itcm == MAP_FAILED || core->dtcm == MAP_FAILED)
        return "no memory for a core";
    if (settings->profile) {
        core->profile = calloc(BLOCKS, sizeof *core->profile);
        if (core->profile == NULL)
            return "no memory for a profile";
    }
    return core->run->create(core);
}

void core_free(emu_core *core) {
    if (core == NULL)
        return;
    if (core->engine != NULL)
        core->run->destroy(core);
    if (core->itcm != NULL && core->itcm != MAP_FAILED)
        munmap(core->itcm, ITCM_SIZE);
    if (core->dtcm != NULL && core->dtcm != MAP_FAILED)
        munmap(core->dtcm, DTCM_SIZE);
    free(core->profile);
    free(core);
}

const char *emu_core_reset(emu_chip *chip, uint32_t number) {
    emu_core *core = chip->cores[number];
    if (core == NULL) {
        core = calloc(1, sizeof *core);
        if (core == NULL)
            return "no memory for a core";
        core->chip = chip;
        core->number = number;
        const char *const problem = create(core);
        if (problem != NULL) {
            core_free(core);
            return problem;
        }
        chip->cores[number] = core;
    }
    idle_wake(core, emu_now(chip->machine));
    chip->past_instructions += core->instructions;
    core->run->reset(core);
    memset(core->itcm, 0, ITCM_SIZE);
    memset(core->dtcm, 0, DTCM_SIZE);
    if (core->profile != NULL)
        memset(core->profile, 0, BLOCKS * sizeof *core->profile);
    memset(core->timers, 0, sizeof core->timers);
    comms_reset(&core->comms);
    memset(&core->dma, 0, sizeof core->dma);
    memset(core->faults, 0, sizeof core->faults);
    vic_reset(&core->vic);
    idle_reset(core);
    vic_update(core);
    chip->system.interrupts &= ~core_bit(core);
    core->now = core->started = core->written = emu_now(chip->machine);
    core->instructions = core->idle = core->irqs = core->fiqs = core->register_accesses = 0;
    core->ticks = core->tick_start = core->tick_last = core->tick_most = core->tick_overruns = 0;
    core->tick_cycles_start = core->tick_cycles_last = core->tick_cycles_most = 0;
    core->slept = core->stack_reported = core->crashes = false;
    core->activity = EMU_STOPPED;
    return NULL;
}

void emu_core_start(emu_chip *chip, uint32_t number, uint32_t pc, uint32_t r0) {
    emu_core *const core = chip->cores[number];
    core->run->start(core);
    set(core, ENGINE_CPSR, MODE_SVC | CPSR_NO_FIQ | CPSR_NO_IRQ);
    set(core, ENGINE_R0, r0);
    core->pc = pc;
    core->now = core->started = emu_now(chip->machine);
    core->activity = EMU_RUNNING;
    chip->next = core->now;
}

void emu_core_stop(emu_chip *chip, uint32_t number) {
    emu_core *const core = chip->cores[number];
    if (core == NULL)
        return;
    idle_wake(core, emu_now(chip->machine));
    core->activity = EMU_STOPPED;
    core->comms.head = core->comms.tail;
    chip->system.interrupts &= ~core_bit(core);
}

void core_advance(emu_core *core, uint64_t time) {
    if (core->activity == EMU_ASLEEP && core->now < time) {
        core->idle += time - core->now;
        core->now = time;
    }
}

static uint64_t next_event(const emu_core *core) {
    const uint64_t timer = timer_next(core), dma = dma_next(&core->dma), comms = comms_next(core);
    const uint64_t first = timer < dma ? timer : dma;
    return first < comms ? first : comms;
}

uint64_t core_next(const emu_core *core) {
    if (core->activity == EMU_RUNNING || (core->activity == EMU_ASLEEP && core->interrupted))
        return core->now;
    if (core->activity != EMU_ASLEEP || core->idling.steady)
        return NEVER;
    return next_event(core);
}

static void enter(emu_core *core, uint32_t mode, uint32_t vector, uint32_t return_offset) {
    const uint32_t cpsr = get(core, ENGINE_CPSR);
    const uint32_t masked = CPSR_NO_IRQ | (mode == MODE_FIQ ? CPSR_NO_FIQ : 0);
    set(core, ENGINE_CPSR, (cpsr & ~CPSR_MODE_AND_THUMB) | mode | masked);
    set(core, ENGINE_SPSR, cpsr);
    set(core, ENGINE_LR, (core->pc & ~1u) + return_offset);
    core->pc = vector;
}

static void take_interrupt(emu_core *core) {
    const uint32_t cpsr = get(core, ENGINE_CPSR);
    if (core->vic.fiq && !(cpsr & CPSR_NO_FIQ)) {
        core->fiqs++;
        enter(core, MODE_FIQ, VECTOR_FIQ, 4);
    } else if (core->vic.irq && !(cpsr & CPSR_NO_IRQ)) {
        core->irqs++;
        enter(core, MODE_IRQ, VECTOR_IRQ, 4);
    } else {
        return;
    }
    if (core->timed)
        core_spend(core, core->pc, ARM_INTERRUPT_CYCLES);
}

/* The link register is what the architecture gives: a handler that returns goes to the next
   instruction (SVC, undefined) or to the same one (aborts). */
static void take_exception(emu_core *core, uint32_t vector) {
    const bool thumb = is_thumb(core);
    switch (vector) {
    case VECTOR_UNDEFINED:
        fault_record(core, EMU_UNDEFINED, core->pc, core->pc);
        enter(core, MODE_UNDEFINED, vector, thumb ? 2 : 4);
        break;
    case VECTOR_SVC: /* the engine has already passed it */
        enter(core, MODE_SVC, vector, 0);
        break;
    case VECTOR_PREFETCH_ABORT:
        enter(core, MODE_ABORT, vector, 4);
        break;
    default:
        enter(core, MODE_ABORT, VECTOR_DATA_ABORT, 8);
    }
}

static void execute(emu_core *core) {
    core->run->execute(core);
    if (core->cause == CAUSE_EXCEPTION) {
        core->pc = core->exception_pc;
        take_exception(core, core->exception);
    } else if (core->cause == CAUSE_SLEEP) {
        core->activity = EMU_ASLEEP;
        core->slept = true;
        check_stack(core);
        if (core->idling.watched)
            idle_slept(core);
    }
}

static void crash(emu_core *core) {
    core->crashes = false;
    core->activity = EMU_RUNNING;
    take_exception(core, VECTOR_UNDEFINED);
}

void emu_crash(emu_chip *chip, uint32_t core, uint32_t tick) {
    if (chip->cores[core] != NULL)
        idle_wake(chip->cores[core], emu_now(chip->machine));
    chip->crash_tick[core] = tick;
}

void core_run(emu_core *core, uint64_t end) {
    while (core->now < end && core->activity != EMU_STOPPED) {
        timer_expire(core);
        dma_complete(core);
        vic_update(core);
        if (core->crashes)
            crash(core);
        if (core->activity == EMU_ASLEEP) {
            if (!core->interrupted) {
                const uint64_t next = next_event(core);
                if (next >= end)
                    return;
                core_advance(core, next);
                continue;
            }
            core->activity = EMU_RUNNING;
        }
        if (core->interrupted)
            take_interrupt(core);
        const uint64_t next = next_event(core);
        core->limit = next < end ? next : end;
        execute(core);
    }
}

void emu_core_status_get(emu_chip *chip, uint32_t number, emu_core_status *status) {
    emu_core *const core = chip->cores[number];
    memset(status, 0, sizeof *status);
    if (core == NULL)
        return;
    idle_wake(core, emu_now(chip->machine));
    *status = (emu_core_status){
        .now = core->now, .instructions = core->instructions,
        .cycles = core_cycles(core), .idle = core->idle,
        .irqs = core->irqs, .fiqs = core->fiqs, .sent = core->comms.sent,
        .received = core->comms.taken, .dropped = core->comms.dropped,
        .dma_transfers = core->dma.transfers, .dma_bytes = core->dma.bytes,
        .register_accesses = core->register_accesses, .ticks = core->ticks,
        .tick_overruns = core->tick_overruns, .tick_last = core->tick_last,
        .tick_most = core->tick_most, .tick_cycles_last = core->tick_cycles_last,
        .tick_cycles_most = core->tick_cycles_most, .pc = core->pc, .cpsr = get(core, ENGINE_CPSR),
        .sp = get(core, ENGINE_SP), .lr = get(core, ENGINE_LR),
        .activity = core->activity};
    memcpy(status->faults, core->faults, sizeof status->faults);
}
