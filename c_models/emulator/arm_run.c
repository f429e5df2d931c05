/*! \file
 *  \brief Executes decoded code: the interpreter's loop.
 */
#include "arm.h"
#include "engine.h"

#include <stdlib.h>
#include <string.h>

/* -- conditions and shifts ------------------------------------------------------------------ */

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

/* Arithmetic shift by 1 or more, which C leaves open for negative numbers */
static inline uint32_t arithmetic_right(uint32_t value, uint32_t amount) {
    const uint32_t sign = value >> 31 ? UINT32_MAX : 0;
    return amount > 31 ? sign : value >> amount | sign << (32 - amount);
}

/* The second operand; *carry is what the shifter carries out */
static inline uint32_t constant_shift(const arm_cpu *cpu, const arm_op *op, uint32_t *carry) {
    const uint32_t value = cpu->r[op->rm], amount = op->amount;
    switch (op->shift) {
    case SHIFT_LSL:
        *carry = amount ? value >> (32 - amount) & 1u : cpu->c;
        return value << amount;
    case SHIFT_LSR:
        *carry = value >> (amount - 1) & 1u;
        return amount == 32 ? 0 : value >> amount;
    case SHIFT_ASR:
        *carry = value >> (amount - 1) & 1u;
        return arithmetic_right(value, amount);
    case SHIFT_ROR:
        *carry = value >> (amount - 1) & 1u;
        return value >> amount | value << (32 - amount);
    default:
        *carry = value & 1u;
        return value >> 1 | cpu->c << 31;
    }
}

static uint32_t variable_shift(const arm_cpu *cpu, const arm_op *op, uint32_t *carry) {
    const uint32_t value = cpu->r[op->rm], amount = cpu->r[op->rs] & 0xffu;
    *carry = cpu->c;
    if (amount == 0)
        return value;
    switch (op->shift) {
    case SHIFT_LSL:
        *carry = amount > 32 ? 0 : value >> (32 - amount) & 1u;
        return amount < 32 ? value << amount : 0;
    case SHIFT_LSR:
        *carry = amount > 32 ? 0 : value >> (amount - 1) & 1u;
        return amount < 32 ? value >> amount : 0;
    case SHIFT_ASR:
        *carry = amount < 32 ? value >> (amount - 1) & 1u : value >> 31;
        return arithmetic_right(value, amount);
    default:
        *carry = value >> ((amount - 1) & 31u) & 1u;
        return amount & 31u ? value >> (amount & 31u) | value << (32 - (amount & 31u)) : value;
    }
}

/* -- arithmetic ----------------------------------------------------------------------------- */

static inline uint32_t set_nz(arm_cpu *cpu, uint32_t value) { return cpu->n = cpu->z = value; }

/* All sums and differences: a - b is a + ~b + 1 */
static inline uint32_t sum(arm_cpu *cpu, uint32_t a, uint32_t b, uint32_t carry) {
    const uint64_t wide = (uint64_t)a + b + carry;
    const uint32_t value = (uint32_t)wide;
    cpu->c = (uint32_t)(wide >> 32);
    cpu->v = (a ^ value) & (b ^ value);
    return set_nz(cpu, value);
}

static inline uint32_t logical(arm_cpu *cpu, uint32_t value, uint32_t carry) {
    cpu->c = carry;
    return set_nz(cpu, value);
}

static int64_t half(uint32_t value, uint32_t shift) { return (int16_t)(value >> shift); }

static uint32_t saturate(arm_cpu *cpu, int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (uint32_t)value;
    cpu->q = 1;
    return value < 0 ? 1u << 31 : INT32_MAX;
}

/* A sum that wraps, and says so in Q */
static uint32_t accumulate(arm_cpu *cpu, int64_t product, uint32_t addend) {
    const int64_t value = product + (int32_t)addend;
    if (value < INT32_MIN || value > INT32_MAX)
        cpu->q = 1;
    return (uint32_t)value;
}

static void multiply_long(arm_cpu *cpu, const arm_op *op) {
    const bool is_signed = op->code == OP_SMULL || op->code == OP_SMLAL;
    const uint32_t a = cpu->r[op->rm], b = cpu->r[op->rs];
    uint64_t product = is_signed ? (uint64_t)((int64_t)(int32_t)a * (int32_t)b) : (uint64_t)a * b;
    if (op->code == OP_UMLAL || op->code == OP_SMLAL)
        product += (uint64_t)cpu->r[op->rd] << 32 | cpu->r[op->rn];
    cpu->r[op->rn] = (uint32_t)product;
    cpu->r[op->rd] = (uint32_t)(product >> 32);
    if (op->amount) {
        cpu->n = (uint32_t)(product >> 32);
        cpu->z = cpu->n | (uint32_t)product;
    }
}

static void multiply_halves(arm_cpu *cpu, const arm_op *op) {
    uint32_t *const r = cpu->r;
    const int64_t second = half(r[op->rs], op->amount), first = half(r[op->rm], op->shift);
    const int64_t whole = ((int64_t)(int32_t)r[op->rm] * second) >> 16;
    switch (op->code) {
    case OP_SMUL_XY:
        r[op->rd] = (uint32_t)(first * second);
        break;
    case OP_SMLA_XY:
        r[op->rd] = accumulate(cpu, first * second, r[op->rn]);
        break;
    case OP_SMULW_Y:
        r[op->rd] = (uint32_t)whole;
        break;
    case OP_SMLAW_Y:
        r[op->rd] = accumulate(cpu, whole, r[op->rn]);
        break;
    default: {
        const uint64_t value =
            ((uint64_t)r[op->rd] << 32 | r[op->rn]) + (uint64_t)(first * second);
        r[op->rn] = (uint32_t)value;
        r[op->rd] = (uint32_t)(value >> 32);
    }
    }
}

static void add_saturating(arm_cpu *cpu, const arm_op *op) {
    const bool doubles = op->code == OP_QDADD || op->code == OP_QDSUB;
    int64_t second = (int32_t)cpu->r[op->rn];
    if (doubles)
        second = (int32_t)saturate(cpu, 2 * second);
    const int64_t first = (int32_t)cpu->r[op->rm];
    cpu->r[op->rd] = saturate(cpu, op->code == OP_QADD || op->code == OP_QDADD ? first + second
                                                                               : first - second);
}

/* Data processing whose result is the next address; with the flags: return from an exception */
static uint32_t data_to_pc(arm_cpu *cpu, const arm_op *op) {
    const uint32_t operation = op->rd & 15u, kind = op->rd >> 5;
    uint32_t carry, a = cpu->r[op->rn], b;
    if (kind == BY_VALUE)
        b = op->value;
    else if (kind == BY_VARIABLE_SHIFT)
        b = variable_shift(cpu, op, &carry);
    else
        b = constant_shift(cpu, op, &carry);
    switch (operation) {
    case ARM_AND:
        a &= b;
        break;
    case ARM_EOR:
        a ^= b;
        break;
    case ARM_SUB:
        a -= b;
        break;
    case ARM_RSB:
        a = b - a;
        break;
    case ARM_ADD:
        a += b;
        break;
    case ARM_ADC:
        a += b + cpu->c;
        break;
    case ARM_SBC:
        a -= b + !cpu->c;
        break;
    case ARM_RSC:
        a = b - a - !cpu->c;
        break;
    case ARM_ORR:
        a |= b;
        break;
    case ARM_MOV:
        a = b;
        break;
    case ARM_BIC:
        a &= ~b;
        break;
    default:
        a = ~b;
    }
    if (op->rd >> 4 & 1u)
        arm_set_cpsr(cpu, *arm_spsr(cpu));
    return a & (cpu->thumb ? ~1u : ~3u);
}

/* Branch that may change the instruction set */
static uint32_t exchange(arm_cpu *cpu, uint32_t target) {
    cpu->thumb = target & 1u;
    return target & (cpu->thumb ? ~1u : ~3u);
}

static void write_status(arm_cpu *cpu, const arm_op *op) {
    const uint32_t value = op->shift ? op->value : cpu->r[op->rm];
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 4; i++)
        mask |= op->amount >> i & 1u ? 0xffu << 8 * i : 0;
    if (op->code == OP_MSR_SPSR) {
        uint32_t *const spsr = arm_spsr(cpu);
        *spsr = (*spsr & ~mask) | (value & mask);
        return;
    }
    mask &= ~CPSR_THUMB;
    arm_set_cpsr(cpu, (arm_cpsr(cpu) & ~mask) | (value & mask));
}

/* -- memory --------------------------------------------------------------------------------- */

/* Memory that may be used without a look at what is there: all but ITCM, which has the program */
static inline uint8_t *direct(const emu_core *core, uint32_t address) {
    if (address - DTCM_BASE < DTCM_SIZE)
        return core->dtcm + (address - DTCM_BASE);
    if ((address & ~(SDRAM_BUFFERED ^ SDRAM_UNBUFFERED)) - SDRAM_BUFFERED < SDRAM_SIZE)
        return core->chip->sdram + (address & (SDRAM_SIZE - 1));
    if ((address | (SYSRAM_BUFFERED ^ SYSRAM_UNBUFFERED)) - SYSRAM_UNBUFFERED < SYSRAM_SIZE)
        return core->chip->sysram + (address & (SYSRAM_SIZE - 1));
    return NULL;
}

static inline bool load(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                        uint32_t *value) {
    const uint8_t *const place = address < ITCM_SIZE ? core->itcm + address : direct(core, address);
    if (place == NULL || (address & (size - 1u)))
        return arm_load_slow(core, op, address, size, value);
    if (size == 1) {
        *value = *place;
    } else if (size == 2) {
        uint16_t found;
        memcpy(&found, place, sizeof found);
        *value = found;
    } else {
        memcpy(value, place, sizeof *value);
    }
    return true;
}

static inline bool store(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                         uint32_t value) {
    uint8_t *const place = direct(core, address);
    if (place == NULL || (address & (size - 1u)))
        return arm_store_slow(core, op, address, size, value);
    memcpy(place, &value, size);
    return true;
}

/* The address of a load or store of the _X kind, and what its base register becomes */
static inline uint32_t indexed(const arm_cpu *cpu, const arm_op *op, uint32_t *after) {
    uint32_t carry, offset = op->value;
    if (op->rs & X_REGISTER)
        offset = constant_shift(cpu, op, &carry);
    const uint32_t base = cpu->r[op->rn], moved = op->rs & X_DOWN ? base - offset : base + offset;
    *after = op->rs & X_WRITE_BACK ? moved : base;
    return op->rs & X_BEFORE ? moved : base;
}

static bool transfer_double(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t after, low, high;
    const uint32_t address = indexed(cpu, op, &after);
    if (op->code == OP_LOAD_DOUBLE) {
        if (!load(core, op, address, 4, &low) || !load(core, op, address + 4, 4, &high))
            return false;
        cpu->r[op->rn] = after;
        cpu->r[op->rd] = low;
        cpu->r[op->rd + 1] = high;
        return true;
    }
    if (!store(core, op, address, 4, cpu->r[op->rd]) ||
        !store(core, op, address + 4, 4, cpu->r[op->rd + 1]))
        return false;
    cpu->r[op->rn] = after;
    return true;
}

static bool swap(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    const uint32_t size = op->code == OP_SWAP ? 4 : 1, address = cpu->r[op->rn];
    uint32_t value;
    if (!load(core, op, address, size, &value) ||
        !store(core, op, address, size, cpu->r[op->rm]))
        return false;
    cpu->r[op->rd] = value;
    return true;
}

/* The lowest address of a block transfer, and what its base becomes */
static inline uint32_t lowest(const arm_cpu *cpu, const arm_op *op, uint32_t *after) {
    const uint32_t base = cpu->r[op->rn], bytes = 4u * op->amount;
    const bool down = op->rs & X_DOWN, before = op->rs & X_BEFORE;
    *after = !(op->rs & X_WRITE_BACK) ? base : down ? base - bytes : base + bytes;
    return (down ? base - bytes : base) + (down != before ? 4 : 0);
}

/* *pc: where to go, if the list has the PC */
static bool load_many(emu_core *core, const arm_op *op, uint32_t *pc) {
    arm_cpu *const cpu = arm_of(core);
    const bool returns = op->value >> ARM_PC & 1u;
    const bool user = (op->rs & X_USER) && !returns;
    uint32_t after, address = lowest(cpu, op, &after), values[16], count = 0;
    for (; count < op->amount; count++, address += 4)
        if (!load(core, op, address, 4, &values[count]))
            return false;
    cpu->r[op->rn] = after;
    count = 0;
    for (uint32_t left = op->value & ~(1u << ARM_PC); left; left &= left - 1) {
        const uint32_t number = (uint32_t)__builtin_ctz(left);
        *(user ? arm_user_register(cpu, number) : &cpu->r[number]) = values[count++];
    }
    if (returns && (op->rs & X_USER)) {
        arm_set_cpsr(cpu, *arm_spsr(cpu));
        *pc = values[count] & (cpu->thumb ? ~1u : ~3u);
    } else if (returns) {
        *pc = exchange(cpu, values[count]);
    }
    return true;
}

static bool store_many(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t after, address = lowest(cpu, op, &after);
    for (uint32_t left = op->value; left; left &= left - 1, address += 4) {
        const uint32_t number = (uint32_t)__builtin_ctz(left);
        const uint32_t value =
            op->rs & X_USER ? *arm_user_register(cpu, number) : cpu->r[number];
        if (!store(core, op, address, 4, value))
            return false;
    }
    cpu->r[op->rn] = after;
    return true;
}

/* -- the loop ------------------------------------------------------------------------------- */

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
    OPERATION(operation, flags, BY_SHIFT, constant_shift(cpu, op, &carry), BODY)                   \
    OPERATION(operation, flags, BY_VARIABLE_SHIFT, variable_shift(cpu, op, &carry), BODY)
#define LOGICAL(operation, EXPRESSION)                                                             \
    FOUR_OPERANDS(operation, 0, r[op->rd] = (EXPRESSION))                                          \
    FOUR_OPERANDS(operation, 1, r[op->rd] = logical(cpu, EXPRESSION, carry))
#define ARITHMETIC(operation, EXPRESSION, A, B, CARRY)                                             \
    FOUR_OPERANDS(operation, 0, r[op->rd] = (EXPRESSION))                                          \
    FOUR_OPERANDS(operation, 1, r[op->rd] = sum(cpu, A, B, CARRY))
#define LOAD(code, size, EXPRESSION)                                                               \
    case code: {                                                                                   \
        uint32_t value;                                                                            \
        if (!load(core, op, r[op->rn] + op->value, size, &value))                                  \
            return;                                                                                \
        r[op->rd] = (uint32_t)(EXPRESSION);                                                        \
        break;                                                                                     \
    }                                                                                              \
    case code##_X: {                                                                               \
        uint32_t value, after;                                                                     \
        if (!load(core, op, indexed(cpu, op, &after), size, &value))                               \
            return;                                                                                \
        r[op->rn] = after;                                                                         \
        r[op->rd] = (uint32_t)(EXPRESSION);                                                        \
        break;                                                                                     \
    }
#define STORE(code, size)                                                                          \
    case code:                                                                                     \
        if (!store(core, op, r[op->rn] + op->value, size, r[op->rd]))                              \
            return;                                                                                \
        break;                                                                                     \
    case code##_X: {                                                                               \
        uint32_t after;                                                                            \
        if (!store(core, op, indexed(cpu, op, &after), size, r[op->rd]))                           \
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
    engine_count(core, pc, block->block.instructions);
    for (const arm_op *op = &block[1].op;; op++) {
        if (op->condition != ARM_ALWAYS && !passes(cpu, op->condition))
            continue;
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
            FOUR_OPERANDS(ARM_TST, 1, (void)logical(cpu, a & b, carry))
            FOUR_OPERANDS(ARM_TEQ, 1, (void)logical(cpu, a ^ b, carry))
            FOUR_OPERANDS(ARM_CMP, 1, (void)sum(cpu, a, ~b, 1))
            FOUR_OPERANDS(ARM_CMN, 1, (void)sum(cpu, a, b, 0))
        case OP_DATA_TO_PC:
            pc = data_to_pc(cpu, op);
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
            pc = exchange(cpu, op->value | 1u);
            goto next_block;
        case OP_BX:
            pc = exchange(cpu, r[op->rm]);
            goto next_block;
        case OP_BLX: {
            const uint32_t target = r[op->rm];
            r[ARM_LR] = cpu->thumb ? (op->address + 2) | 1u : op->address + 4;
            pc = exchange(cpu, target);
            goto next_block;
        }
        case OP_THUMB_LINK:
        case OP_THUMB_LINK_ARM: {
            const uint32_t target = r[ARM_LR] + op->value;
            r[ARM_LR] = (op->address + 2) | 1u;
            pc = exchange(cpu, op->code == OP_THUMB_LINK ? target | 1u : target & ~3u);
            goto next_block;
        }
        case OP_LOAD_LITERAL: {
            uint32_t value;
            if (!load(core, op, op->value, 4, &value))
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
            if (!load(core, op, indexed(cpu, op, &after), 4, &value))
                return;
            r[op->rn] = after;
            pc = exchange(cpu, value);
            goto next_block;
        }
        case OP_LOAD_DOUBLE:
        case OP_STORE_DOUBLE:
            if (!transfer_double(core, op))
                return;
            break;
        case OP_LOAD_MANY:
            if (!load_many(core, op, &pc))
                return;
            if (op->value >> ARM_PC & 1u)
                goto next_block;
            break;
        case OP_STORE_MANY:
            if (!store_many(core, op))
                return;
            break;
        case OP_SWAP:
        case OP_SWAP_BYTE:
            if (!swap(core, op))
                return;
            break;
        case OP_MUL:
            r[op->rd] = r[op->rm] * r[op->rs];
            if (op->amount)
                (void)set_nz(cpu, r[op->rd]);
            break;
        case OP_MLA:
            r[op->rd] = r[op->rm] * r[op->rs] + r[op->rn];
            if (op->amount)
                (void)set_nz(cpu, r[op->rd]);
            break;
        case OP_UMULL:
        case OP_UMLAL:
        case OP_SMULL:
        case OP_SMLAL:
            multiply_long(cpu, op);
            break;
        case OP_SMLA_XY:
        case OP_SMLAW_Y:
        case OP_SMULW_Y:
        case OP_SMLAL_XY:
        case OP_SMUL_XY:
            multiply_halves(cpu, op);
            break;
        case OP_QADD:
        case OP_QSUB:
        case OP_QDADD:
        case OP_QDSUB:
            add_saturating(cpu, op);
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
            write_status(cpu, op);
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
