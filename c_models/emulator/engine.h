/*! \file
 *  \brief Engines that execute a core's instructions: this project's interpreter and libunicorn.
 *
 *  Both stop at the same places. Code is executed in blocks that end at branches, at writes of the
 *  status registers and at the end of a KB; time, interrupts and instruction counts are looked at
 *  before each block. So the same program gives the same figures on both. With the setting
 *  every_instruction each instruction is a block.
 */
#ifndef EPROP_EMULATOR_ENGINE_H
#define EPROP_EMULATOR_ENGINE_H

#include "core.h"

enum { ENGINE_PAGE = 1024 }; /* no block goes over a multiple of this */

enum engine_register { ENGINE_R0, ENGINE_SP, ENGINE_LR, ENGINE_PC, ENGINE_CPSR, ENGINE_SPSR };

typedef struct emu_engine {
    /*! \return NULL, or what went wrong */
    const char *(*create)(emu_core *core);
    void (*destroy)(emu_core *core);
    /*! \brief Forget all code, with the program's memory open to the loader. */
    void (*reset)(emu_core *core);
    /*! \brief The loaded program is about to start. */
    void (*start)(emu_core *core);
    /*! \brief Bytes of ITCM were changed by something else than the core's own stores. */
    void (*code_changed)(emu_core *core, uint32_t address, uint32_t size);
    uint32_t (*get)(const emu_core *core, enum engine_register number);
    void (*set)(emu_core *core, enum engine_register number, uint32_t value);
    /*! \brief Execute from core->pc until time, an interrupt, an exception or sleep: says which
     *         in core->cause, and leaves core->pc behind the last instruction.
     */
    void (*execute)(emu_core *core);
} emu_engine;

extern const emu_engine interpreter_engine, unicorn_engine;

/*! \brief Called before each block of code: lets time pass and interrupts be seen.
 *  \return the block must not run; core->cause says why
 */
static inline bool engine_stops(emu_core *core, bool irq_allowed, bool fiq_allowed) {
    if (core->now >= core->limit) {
        core->cause = CAUSE_TIME;
        return true;
    }
    if (core->interrupted && ((core->vic.fiq && fiq_allowed) || (core->vic.irq && irq_allowed))) {
        core->cause = CAUSE_INTERRUPT;
        return true;
    }
    return false;
}

static inline void engine_count(emu_core *core, uint32_t address, uint32_t instructions,
                                uint32_t cycles) {
    core->instructions += instructions;
    core_spend(core, address, cycles);
}

static inline void engine_raise(emu_core *core, uint32_t pc, uint32_t vector) {
    core->cause = CAUSE_EXCEPTION;
    core->exception = vector;
    core->exception_pc = pc;
}

/*! \brief Is a byte of ITCM in a page that the program fills, above the one with the vectors? */
static inline bool engine_guarded(uint32_t code_top, uint32_t address) {
    const uint32_t page = address & ~(PAGE - 1u);
    return address >= PAGE && address < ITCM_SIZE && page + PAGE <= code_top;
}

#endif
