/*! \file
 *  \brief An application core: an ARM engine, its interrupts and exceptions.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* a core's translated code is small; the engine's default buffer would be 32 MB and more */
enum { TRANSLATION_BUFFER = 4 << 20 };
#define NO_END 0xfffffff0u /* exits are switched off: no address ends a run */

static uint32_t get(const emu_core *core, int number) {
    uint32_t value = 0;
    unicorn.reg_read(core->engine, number, &value);
    return value;
}

static void set(emu_core *core, int number, uint32_t value) {
    unicorn.reg_write(core->engine, number, &value);
}

static bool is_thumb(const emu_core *core) { return get(core, UC_ARM_REG_CPSR) & CPSR_THUMB; }

static uint32_t block_instructions(emu_core *core, uint64_t address, uint32_t size) {
    if (address >= ITCM_SIZE)
        return is_thumb(core) ? size / 2 : size / 4;
    const uint32_t place = (uint32_t)address / 64, bit = 1u << (address / 2 % 32);
    if (!(core->known[place] & bit)) {
        core->known[place] |= bit;
        if (is_thumb(core))
            core->thumb[place] |= bit;
    }
    return core->thumb[place] & bit ? size / 2 : size / 4;
}

/* Called before each block of code: the place where time passes and interrupts are seen. */
static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *user) {
    emu_core *const core = user;
    if (core->now >= core->limit) {
        core->cause = CAUSE_TIME;
        unicorn.emu_stop(engine);
        return;
    }
    if (core->interrupted) {
        const uint32_t cpsr = get(core, UC_ARM_REG_CPSR);
        if ((core->vic.fiq && !(cpsr & CPSR_NO_FIQ)) || (core->vic.irq && !(cpsr & CPSR_NO_IRQ))) {
            core->cause = CAUSE_INTERRUPT;
            unicorn.emu_stop(engine);
            return;
        }
    }
    const uint32_t instructions = block_instructions(core, address, size);
    core->instructions += instructions;
    core->now += instructions;
    if (core->profile != NULL && address < ITCM_SIZE)
        core->profile[address / 2] += instructions;
}

static void raise_at(emu_core *core, uint32_t pc, uint32_t vector) {
    core->cause = CAUSE_EXCEPTION;
    core->exception = vector;
    core->exception_pc = pc;
}

static bool on_invalid_access(uc_engine *engine, int type, uint64_t address, int size,
                              int64_t value, void *user) {
    (void)engine, (void)size, (void)value;
    emu_core *const core = user;
    const uint32_t where = (uint32_t)address;
    switch (type) {
    case UC_MEM_WRITE_PROT:
        fault_record(core, EMU_CODE_WRITE, core_pc(core), where);
        break;
    case UC_MEM_WRITE_UNMAPPED:
        fault_record(core, EMU_UNMAPPED_WRITE, core_pc(core), where);
        break;
    case UC_MEM_FETCH_UNMAPPED:
    case UC_MEM_FETCH_PROT:
        fault_record(core, EMU_UNMAPPED_FETCH, core_pc(core), where);
        break;
    default:
        fault_record(core, EMU_UNMAPPED_READ, core_pc(core), where);
    }
    raise_at(core, core_pc(core), type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT
                                      ? VECTOR_PREFETCH_ABORT
                                      : VECTOR_DATA_ABORT);
    return false;
}

/* Only with the setting every_access. */
static void on_access(uc_engine *engine, int type, uint64_t address, int size, int64_t value,
                      void *user) {
    (void)value;
    emu_core *const core = user;
    const uint32_t where = (uint32_t)address;
    uint32_t code_top;
    memcpy(&code_top, core->itcm + SARK_CODE_TOP, sizeof code_top);
    if (where & ((uint32_t)size - 1u)) {
        fault_record(core, EMU_UNALIGNED, core_pc(core), where);
        raise_at(core, core_pc(core), VECTOR_DATA_ABORT);
        unicorn.emu_stop(engine);
    } else if (type == UC_MEM_WRITE && where < ITCM_SIZE && where >= SARK_TABLE_END &&
               where < code_top) {
        fault_record(core, EMU_CODE_WRITE, core_pc(core), where);
    }
}

static void on_exception(uc_engine *engine, uint32_t number, void *user) {
    enum {
        UNICORN_SVC = 2,
        UNICORN_PREFETCH_ABORT = 3,
        UNICORN_DATA_ABORT = 4,
        UNICORN_BREAKPOINT = 7
    };
    emu_core *const core = user;
    uint32_t vector = VECTOR_UNDEFINED;
    if (number == UNICORN_SVC)
        vector = VECTOR_SVC;
    else if (number == UNICORN_PREFETCH_ABORT || number == UNICORN_BREAKPOINT)
        vector = VECTOR_PREFETCH_ABORT;
    else if (number == UNICORN_DATA_ABORT)
        vector = VECTOR_DATA_ABORT;
    raise_at(core, core_pc(core), vector);
    unicorn.emu_stop(engine);
}

static int add_hooks(emu_core *core) {
    const struct {
        int type;
        void (*callback)(void);
        bool wanted;
    } hooks[] = {
        {UC_HOOK_BLOCK, (void (*)(void))on_block, true},
        {UC_HOOK_MEM_INVALID, (void (*)(void))on_invalid_access, true},
        {UC_HOOK_INTR, (void (*)(void))on_exception, true},
        {UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void (*)(void))on_access,
         emu_machine_settings(core->chip->machine)->every_access != 0},
    };
    int error = 0;
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0] && !error; i++) {
        void *callback;
        uc_hook handle;
        memcpy(&callback, &hooks[i].callback, sizeof callback);
        if (hooks[i].wanted)
            error = unicorn.hook_add(core->engine, &handle, hooks[i].type, callback, core, 1, 0);
    }
    return error;
}

static const char *create(emu_core *core) {
    enum { PROTECTION = PROT_READ | PROT_WRITE, KIND = MAP_PRIVATE | MAP_ANONYMOUS };
    core->itcm = mmap(NULL, ITCM_SIZE, PROTECTION, KIND, -1, 0);
    core->dtcm = mmap(NULL, DTCM_SIZE, PROTECTION, KIND, -1, 0);
    if (core->itcm == MAP_FAILED || core->dtcm == MAP_FAILED)
        return "no memory for a core";
    if (emu_machine_settings(core->chip->machine)->profile) {
        core->profile = calloc(BLOCKS, sizeof *core->profile);
        if (core->profile == NULL)
            return "no memory for a profile";
    }
    int error = unicorn.open(UC_ARCH_ARM, UC_MODE_ARM, &core->engine);
    if (!error)
        error = unicorn.ctl(core->engine, UC_CTL_SET_CPU_MODEL, UC_CPU_ARM_926);
    if (!error)
        error = unicorn.ctl(core->engine, UC_CTL_SET_TCG_BUFFER_SIZE, (uint32_t)TRANSLATION_BUFFER);
    if (error)
        return unicorn.strerror(error);
    const char *const problem = bus_attach(core);
    if (problem != NULL)
        return problem;
    /* no address ends a run: only time, interrupts, exceptions and sleep */
    error = unicorn.ctl(core->engine, UC_CTL_SET_EXITS_ENABLED, 1);
    if (!error)
        error = unicorn.ctl(core->engine, UC_CTL_SET_EXITS, (uint64_t *)NULL, (size_t)0);
    if (!error)
        error = add_hooks(core);
    return error ? unicorn.strerror(error) : NULL;
}

void core_free(emu_core *core) {
    if (core == NULL)
        return;
    if (core->engine != NULL)
        unicorn.close(core->engine);
    if (core->itcm != NULL && core->itcm != MAP_FAILED)
        munmap(core->itcm, ITCM_SIZE);
    if (core->dtcm != NULL && core->dtcm != MAP_FAILED)
        munmap(core->dtcm, DTCM_SIZE);
    free(core->profile);
    free(core);
}

static void protect_program(emu_core *core, bool on) {
    uint32_t code_top = 0;
    if (on)
        memcpy(&code_top, core->itcm + SARK_CODE_TOP, sizeof code_top);
    /* the first page has the vectors, which applications change */
    for (uint32_t page = PAGE; page < ITCM_SIZE; page += PAGE)
        unicorn.mem_protect(core->engine, page, PAGE,
                            UC_PROT_READ | UC_PROT_EXEC |
                                (page + PAGE <= code_top ? 0 : UC_PROT_WRITE));
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
    chip->past_instructions += core->instructions;
    protect_program(core, false);
    unicorn.ctl(core->engine, UC_CTL_FLUSH_TB);
    memset(core->itcm, 0, ITCM_SIZE);
    memset(core->dtcm, 0, DTCM_SIZE);
    if (core->profile != NULL)
        memset(core->profile, 0, BLOCKS * sizeof *core->profile);
    memset(core->known, 0, sizeof core->known);
    memset(core->thumb, 0, sizeof core->thumb);
    memset(core->timers, 0, sizeof core->timers);
    memset(&core->comms, 0, sizeof core->comms);
    memset(&core->dma, 0, sizeof core->dma);
    memset(core->faults, 0, sizeof core->faults);
    vic_reset(&core->vic);
    vic_update(core);
    chip->system.interrupts &= ~(1u << number);
    core->now = emu_now(chip->machine);
    core->instructions = core->idle = core->irqs = core->fiqs = core->register_accesses = 0;
    core->ticks = core->tick_start = core->tick_last = core->tick_most = core->tick_overruns = 0;
    core->slept = core->stack_reported = false;
    core->activity = EMU_STOPPED;
    return NULL;
}

void emu_core_start(emu_chip *chip, uint32_t number, uint32_t pc, uint32_t r0) {
    emu_core *const core = chip->cores[number];
    protect_program(core, true);
    set(core, UC_ARM_REG_CPSR, MODE_SVC | CPSR_NO_FIQ | CPSR_NO_IRQ);
    set(core, UC_ARM_REG_R0, r0);
    core->pc = pc;
    core->now = emu_now(chip->machine);
    core->activity = EMU_RUNNING;
    chip->next = core->now;
}

void emu_core_stop(emu_chip *chip, uint32_t number) {
    emu_core *const core = chip->cores[number];
    if (core == NULL)
        return;
    core->activity = EMU_STOPPED;
    core->comms.head = core->comms.tail;
    chip->system.interrupts &= ~(1u << number);
}

void core_advance(emu_core *core, uint64_t time) {
    if (core->activity == EMU_ASLEEP && core->now < time) {
        core->idle += time - core->now;
        core->now = time;
    }
}

static uint64_t next_event(const emu_core *core) {
    const uint64_t timer = timer_next(core), dma = dma_next(&core->dma);
    return timer < dma ? timer : dma;
}

uint64_t core_next(const emu_core *core) {
    if (core->activity == EMU_RUNNING || (core->activity == EMU_ASLEEP && core->interrupted))
        return core->now;
    if (core->activity != EMU_ASLEEP)
        return NEVER;
    return next_event(core);
}

static void enter(emu_core *core, uint32_t mode, uint32_t vector, uint32_t return_offset) {
    const uint32_t cpsr = get(core, UC_ARM_REG_CPSR);
    const uint32_t masked = CPSR_NO_IRQ | (mode == MODE_FIQ ? CPSR_NO_FIQ : 0);
    set(core, UC_ARM_REG_CPSR, (cpsr & ~CPSR_MODE_AND_THUMB) | mode | masked);
    set(core, UC_ARM_REG_SPSR, cpsr);
    set(core, UC_ARM_REG_LR, (core->pc & ~1u) + return_offset);
    core->pc = vector;
}

static void take_interrupt(emu_core *core) {
    const uint32_t cpsr = get(core, UC_ARM_REG_CPSR);
    if (core->vic.fiq && !(cpsr & CPSR_NO_FIQ)) {
        core->fiqs++;
        enter(core, MODE_FIQ, VECTOR_FIQ, 4);
    } else if (core->vic.irq && !(cpsr & CPSR_NO_IRQ)) {
        core->irqs++;
        enter(core, MODE_IRQ, VECTOR_IRQ, 4);
    }
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
    const uint32_t thumb = is_thumb(core) ? 1u : 0u;
    core->cause = CAUSE_SLEEP;
    const int error = unicorn.emu_start(core->engine, core->pc | thumb, NO_END, 0, 0);
    core->pc = core_pc(core);
    if (core->cause == CAUSE_EXCEPTION) {
        core->pc = core->exception_pc;
        take_exception(core, core->exception);
    } else if (error == UC_ERR_INSN_INVALID) {
        take_exception(core, VECTOR_UNDEFINED);
    } else if (error != UC_ERR_OK) {
        take_exception(core, VECTOR_DATA_ABORT);
    } else if (core->cause == CAUSE_SLEEP) {
        core->activity = EMU_ASLEEP;
        core->slept = true;
        check_stack(core);
    }
}

void core_run(emu_core *core, uint64_t end) {
    while (core->now < end && core->activity != EMU_STOPPED) {
        timer_expire(core);
        dma_complete(core);
        vic_update(core);
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
    const emu_core *const core = chip->cores[number];
    memset(status, 0, sizeof *status);
    if (core == NULL)
        return;
    *status = (emu_core_status){
        .now = core->now, .instructions = core->instructions, .idle = core->idle,
        .irqs = core->irqs, .fiqs = core->fiqs, .sent = core->comms.sent,
        .received = core->comms.taken, .dropped = core->comms.dropped,
        .dma_transfers = core->dma.transfers, .dma_bytes = core->dma.bytes,
        .register_accesses = core->register_accesses, .ticks = core->ticks,
        .tick_overruns = core->tick_overruns, .tick_last = core->tick_last,
        .tick_most = core->tick_most, .pc = core->pc, .cpsr = get(core, UC_ARM_REG_CPSR),
        .sp = get(core, UC_ARM_REG_SP), .lr = get(core, UC_ARM_REG_LR),
        .activity = core->activity};
    memcpy(status->faults, core->faults, sizeof status->faults);
}
