/*! \file
 *  \brief Executes decoded code: the interpreter's loop.
 */
#include "arm_cycles.h"
#include "arm_inline.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

static bool passes(const arm_cpu *cpu, uint32_t condition) {
    const bool less = (int32_t)(cpu->n ^ cpu->v) < 0;
    switch (condition) {
    case 0:
        return cpu->z == 0;
    case 1:
        return cpu->z != 0;
    case 2:
        return cpu->c;
    case 3:
        return !cpu->c;
    case 4:
        return (int32_t)cpu->n < 0;
    case 5:
        return (int32_t)cpu->n >= 0;
    case 6:
        return (int32_t)cpu->v < 0;
    case 7:
        return (int32_t)cpu->v >= 0;
    case 8:
        return cpu->c && cpu->z != 0;
    case 9:
        return !cpu->c || cpu->z == 0;
    case 10:
        return !less;
    case 11:
        return less;
    case 12:
        return cpu->z != 0 && !less;
    case 13:
        return cpu->z == 0 || less;
    default:
        return true;
    }
}

static inline const arm_cell *block_at(emu_core *core, uint32_t pc) {
    arm_cpu *const cpu = arm_of(core);
    if (cpu->stale)
        arm_forget_code(cpu);
    if (pc < ITCM_SIZE) {
        const uint32_t place = cpu->entry[pc / 2];
        if (place != 0 && cpu->cells[place].block.thumb == cpu->thumb)
            return &cpu->cells[place];
    }
    return arm_find_block(core, pc);
}

#define OPERATION(operation, flags, kind, SECOND, BODY)                                            \
    case ARM_DATA(operation, flags, kind): {                                                       \
        uint32_t carry = cpu->c;                                                                   \
        const uint32_t b = (SECOND), a = r[op->rn];                                                \
        (void)a, (void)b, (void)carry;                                                             \
        BODY;                                                                                      \
        break;                                                                                     \
    }
#define FOUR_OPERANDS(operation, flags, BODY)                                                      \
    OPERATION(operation, flags, BY_VALUE,                                                          \
              (carry = op->amount ? op->value >> 31 : carry, op->value), BODY)                     \
    OPERATION(operation, flags, BY_REGISTER, r[op->rm], BODY)                                      \
    OPERATION(operation, flags, BY_SHIFT, arm_constant_shift(cpu, op, &carry), BODY)                   \
    OPERATION(operation, flags, BY_VARIABLE_SHIFT, arm_variable_shift(cpu, op, &carry), BODY)
#define LOGICAL(operation, EXPRESSION)                                                             \
    FOUR_OPERANDS(operation, 0, r[op->rd] = (EXPRESSION))                                          \
    FOUR_OPERANDS(operation, 1, r[op->rd] = arm_logical(cpu, EXPRESSION, carry))
#define ARITHMETIC(operation, EXPRESSION, A, B, CARRY)                                             \
    FOUR_OPERANDS(operation, 0, r[op->rd] = (EXPRESSION))                                          \
    FOUR_OPERANDS(operation, 1, r[op->rd] = arm_sum(cpu, A, B, CARRY))
#define LOAD(code, size, EXPRESSION)                                                               \
    case code: {                                                                                   \
        uint32_t value;                                                                            \
        if (!arm_load(core, op, r[op->rn] + op->value, size, &value))                                  \
            return;                                                                                \
        r[op->rd] = (uint32_t)(EXPRESSION);                                                        \
        break;                                                                                     \
    }                                                                                              \
    case code##_X: {                                                                               \
        uint32_t value, after;                                                                     \
        if (!arm_load(core, op, arm_indexed(cpu, op, &after), size, &value))                               \
            return;                                                                                \
        r[op->rn] = after;                                                                         \
        r[op->rd] = (uint32_t)(EXPRESSION);                                                        \
        break;                                                                                     \
    }
#define STORE(code, size)                                                                          \
    case code:                                                                                     \
        if (!arm_store(core, op, r[op->rn] + op->value, size, r[op->rd]))                              \
            return;                                                                                \
        break;                                                                                     \
    case code##_X: {                                                                               \
        uint32_t after;                                                                            \
        if (!arm_store(core, op, arm_indexed(cpu, op, &after), size, r[op->rd]))                           \
            return;                                                                                \
        r[op->rn] = after;                                                                         \
        break;                                                                                     \
    }

static void execute(emu_core *core) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t *const r = cpu->r;
    uint32_t pc = core->pc;
next_block:;
    const arm_cell *const block = block_at(core, pc);
    core->pc = pc;
    if (block == NULL) {
        fault_record(core, EMU_UNMAPPED_FETCH, pc, pc);
        engine_raise(core, pc, VECTOR_PREFETCH_ABORT);
        return;
    }
    if (engine_stops(core, !(cpu->masks & CPSR_NO_IRQ), !(cpu->masks & CPSR_NO_FIQ)))
        return;
    engine_count(core, pc, block->block.instructions, block->block.cycles);
    for (const arm_op *op = &block[1].op;; op++) {
        if (op->condition != ARM_ALWAYS && !passes(cpu, op->condition)) {
            if (core->timed) /* one cycle, while the block's are those of conditions that pass */
                core_spend(core, pc, 1 - (uint64_t)arm_cycles(op));
            continue;
        }
        switch (op->code) {
            LOGICAL(ARM_AND, a & b)
            LOGICAL(ARM_EOR, a ^ b)
            LOGICAL(ARM_ORR, a | b)
            LOGICAL(ARM_MOV, b)
            LOGICAL(ARM_BIC, a & ~b)
            LOGICAL(ARM_MVN, ~b)
            ARITHMETIC(ARM_SUB, a - b, a, ~b, 1)
            ARITHMETIC(ARM_RSB, b - a, b, ~a, 1)
            ARITHMETIC(ARM_ADD, a + b, a, b, 0)
            ARITHMETIC(ARM_ADC, a + b + cpu->c, a, b, cpu->c)
            ARITHMETIC(ARM_SBC, a - b - !cpu->c, a, ~b, cpu->c)
            ARITHMETIC(ARM_RSC, b - a - !cpu->c, b, ~a, cpu->c)
            FOUR_OPERANDS(ARM_TST, 1, (void)arm_logical(cpu, a & b, carry))
            FOUR_OPERANDS(ARM_TEQ, 1, (void)arm_logical(cpu, a ^ b, carry))
            FOUR_OPERANDS(ARM_CMP, 1, (void)arm_sum(cpu, a, ~b, 1))
            FOUR_OPERANDS(ARM_CMN, 1, (void)arm_sum(cpu, a, b, 0))
        case OP_DATA_TO_PC:
            pc = arm_data_to_pc(cpu, op);
            goto next_block;
        case OP_READ_PC:
            r[ARM_PC] = op->value;
            break;
        case OP_END:
            pc = op->value;
            goto next_block;
        case OP_BRANCH:
            pc = op->value;
            goto next_block;
        case OP_BRANCH_LINK:
            r[ARM_LR] = op->address + 4;
            pc = op->value;
            goto next_block;
        case OP_BRANCH_LINK_THUMB:
            r[ARM_LR] = op->address + 4;
            pc = arm_exchange(cpu, op->value | 1u);
            goto next_block;
        case OP_BX:
            pc = arm_exchange(cpu, r[op->rm]);
            goto next_block;
        case OP_BLX: {
            const uint32_t target = r[op->rm];
            r[ARM_LR] = cpu->thumb ? (op->address + 2) | 1u : op->address + 4;
            pc = arm_exchange(cpu, target);
            goto next_block;
        }
        case OP_THUMB_LINK:
        case OP_THUMB_LINK_ARM: {
            const uint32_t target = r[ARM_LR] + op->value;
            r[ARM_LR] = (op->address + 2) | 1u;
            pc = arm_exchange(cpu, op->code == OP_THUMB_LINK ? target | 1u : target & ~3u);
            goto next_block;
        }
        case OP_LOAD_LITERAL: {
            uint32_t value;
            if (!arm_load(core, op, op->value, 4, &value))
                return;
            r[op->rd] = value;
            break;
        }
            LOAD(OP_LOAD, 4, value)
            LOAD(OP_LOAD_BYTE, 1, value)
            LOAD(OP_LOAD_HALF, 2, value)
            LOAD(OP_LOAD_SIGNED_BYTE, 1, (int8_t)value)
            LOAD(OP_LOAD_SIGNED_HALF, 2, (int16_t)value)
            STORE(OP_STORE, 4)
            STORE(OP_STORE_BYTE, 1)
            STORE(OP_STORE_HALF, 2)
        case OP_LOAD_TO_PC: {
            uint32_t value, after;
            if (!arm_load(core, op, arm_indexed(cpu, op, &after), 4, &value))
                return;
            r[op->rn] = after;
            pc = arm_exchange(cpu, value);
            goto next_block;
        }
        case OP_LOAD_DOUBLE:
        case OP_STORE_DOUBLE:
            if (!arm_transfer_double(core, op))
                return;
            break;
        case OP_LOAD_MANY:
            if (!arm_load_many(core, op, &pc))
                return;
            if (op->value >> ARM_PC & 1u)
                goto next_block;
            break;
        case OP_STORE_MANY:
            if (!arm_store_many(core, op))
                return;
            break;
        case OP_SWAP:
        case OP_SWAP_BYTE:
            if (!arm_swap(core, op))
                return;
            break;
        case OP_MUL:
            r[op->rd] = r[op->rm] * r[op->rs];
            if (op->amount)
                (void)arm_set_nz(cpu, r[op->rd]);
            break;
        case OP_MLA:
            r[op->rd] = r[op->rm] * r[op->rs] + r[op->rn];
            if (op->amount)
                (void)arm_set_nz(cpu, r[op->rd]);
            break;
        case OP_UMULL:
        case OP_UMLAL:
        case OP_SMULL:
        case OP_SMLAL:
            arm_multiply_long(cpu, op);
            break;
        case OP_SMLA_XY:
        case OP_SMLAW_Y:
        case OP_SMULW_Y:
        case OP_SMLAL_XY:
        case OP_SMUL_XY:
            arm_multiply_halves(cpu, op);
            break;
        case OP_QADD:
        case OP_QSUB:
        case OP_QDADD:
        case OP_QDSUB:
            arm_add_saturating(cpu, op);
            break;
        case OP_CLZ:
            r[op->rd] = r[op->rm] ? (uint32_t)__builtin_clz(r[op->rm]) : 32;
            break;
        case OP_MRS_CPSR:
            r[op->rd] = arm_cpsr(cpu);
            break;
        case OP_MRS_SPSR:
            r[op->rd] = *arm_spsr(cpu);
            break;
        case OP_MSR_CPSR:
        case OP_MSR_SPSR:
            arm_write_status(cpu, op);
            break;
        case OP_NOTHING:
            break;
        case OP_READ_SYSTEM: {
            uint32_t value;
            if (!arm_read_system(cpu, op->value, &value))
                goto undefined;
            r[op->rd] = value;
            break;
        }
        case OP_WRITE_SYSTEM:
            if (!arm_write_system(cpu, op->value, r[op->rd]))
                goto undefined;
            break;
        case OP_SLEEP:
            core->pc = op->address + 4;
            core->cause = CAUSE_SLEEP;
            return;
        case OP_SVC:
            engine_raise(core, op->address + (cpu->thumb ? 2 : 4), VECTOR_SVC);
            return;
        case OP_BREAKPOINT:
            engine_raise(core, op->address, VECTOR_PREFETCH_ABORT);
            return;
        default:
        undefined:
            engine_raise(core, op->address, VECTOR_UNDEFINED);
            return;
        }
    }
}

/* -- the engine ----------------------------------------------------------------------------- */

static const char *create(emu_core *core) {
    core->engine = calloc(1, sizeof(arm_cpu));
    if (core->engine == NULL)
        return "no memory for a core";
    arm_reset(arm_of(core));
    return NULL;
}

static void destroy(emu_core *core) {
    if (core->engine != NULL)
        free(arm_of(core)->cells);
    free(core->engine);
}

static void reset(emu_core *core) { arm_reset(arm_of(core)); }
static void start(emu_core *core) { arm_forget_code(arm_of(core)); }

static void code_changed(emu_core *core, uint32_t address, uint32_t size) {
    (void)address, (void)size;
    arm_of(core)->stale = true;
}

static uint32_t get(const emu_core *core, enum engine_register number) {
    arm_cpu *const cpu = arm_of(core);
    switch (number) {
    case ENGINE_SP:
        return cpu->r[ARM_SP];
    case ENGINE_LR:
        return cpu->r[ARM_LR];
    case ENGINE_PC:
        return core->pc;
    case ENGINE_CPSR:
        return arm_cpsr(cpu);
    case ENGINE_SPSR:
        return *arm_spsr(cpu);
    default:
        return cpu->r[0];
    }
}

static void set(emu_core *core, enum engine_register number, uint32_t value) {
    arm_cpu *const cpu = arm_of(core);
    switch (number) {
    case ENGINE_SP:
        cpu->r[ARM_SP] = value;
        break;
    case ENGINE_LR:
        cpu->r[ARM_LR] = value;
        break;
    case ENGINE_PC:
        core->pc = value;
        break;
    case ENGINE_CPSR:
        arm_set_cpsr(cpu, value);
        break;
    case ENGINE_SPSR:
        *arm_spsr(cpu) = value;
        break;
    default:
        cpu->r[0] = value;
    }
}

const emu_engine interpreter_engine = {create, destroy, reset, start, code_changed, get, set, execute};
