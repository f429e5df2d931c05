/*! \file
 *  \brief Decodes ARM instructions (ARM Architecture Reference Manual, ARMv5TE, chapter A3).
 */
#include "arm.h"

static uint32_t bits(uint32_t word, uint32_t from, uint32_t count) {
    return word >> from & ((1u << count) - 1u);
}
static bool bit(uint32_t word, uint32_t number) { return word >> number & 1u; }

static bool undefined(arm_op *op) {
    op->code = OP_UNDEFINED;
    return true;
}

static void constant_shift(uint32_t word, arm_op *op) {
    op->shift = (uint8_t)bits(word, 5, 2);
    op->amount = (uint8_t)bits(word, 7, 5);
    if (op->amount == 0) {
        if (op->shift == SHIFT_ROR)
            op->shift = SHIFT_RRX;
        else if (op->shift != SHIFT_LSL)
            op->amount = 32;
    }
}

static enum arm_operand second_operand(uint32_t word, arm_op *op) {
    if (bit(word, 25)) {
        const uint32_t value = bits(word, 0, 8), rotation = 2 * bits(word, 8, 4);
        op->value = rotation ? value >> rotation | value << (32 - rotation) : value;
        op->amount = rotation != 0; /* the carry is then bit 31 of the value */
        return BY_VALUE;
    }
    if (bit(word, 4)) {
        op->shift = (uint8_t)bits(word, 5, 2);
        return BY_VARIABLE_SHIFT;
    }
    constant_shift(word, op);
    return op->shift == SHIFT_LSL && op->amount == 0 ? BY_REGISTER : BY_SHIFT;
}

static bool data_processing(uint32_t word, arm_op *op) {
    const uint32_t operation = bits(word, 21, 4), flags = bit(word, 20);
    const enum arm_operand kind = second_operand(word, op);
    const bool compares = operation >= ARM_TST && operation <= ARM_CMN;
    if (op->rd == ARM_PC && !compares) {
        op->code = OP_DATA_TO_PC;
        op->rd = (uint8_t)(operation | flags << 4 | (uint32_t)kind << 5);
        return true;
    }
    op->code = (uint8_t)ARM_DATA(operation, flags, kind);
    if (kind != BY_VARIABLE_SHIFT)
        op->rs = 0;
    if (kind == BY_VALUE)
        op->rm = 0;
    if (operation == ARM_MOV || operation == ARM_MVN)
        op->rn = 0;
    return false;
}

static bool move_to_status(uint32_t word, arm_op *op) {
    static const uint32_t fields[4] = {0xffu, 0xff00u, 0xff0000u, 0xff000000u};
    uint32_t mask = 0;
    for (uint32_t i = 0; i < 4; i++)
        mask |= bit(word, 16 + i) ? fields[i] : 0;
    op->code = bit(word, 22) ? OP_MSR_SPSR : OP_MSR_CPSR;
    op->rn = op->rd = op->rs = 0;
    op->shift = bit(word, 25);
    if (op->shift) {
        (void)second_operand(word, op);
        op->shift = 1;
        op->rm = 0;
    }
    op->amount = (uint8_t)bits(word, 16, 4);
    return true;
}

static bool multiply(uint32_t word, arm_op *op) {
    static const uint8_t codes[8] = {OP_MUL, OP_MLA, OP_UNDEFINED, OP_UNDEFINED,
                                     OP_UMULL, OP_UMLAL, OP_SMULL, OP_SMLAL};
    op->code = codes[bits(word, 21, 3)];
    if (op->code == OP_UNDEFINED)
        return true;
    op->rd = (uint8_t)bits(word, 16, 4);
    op->rn = (uint8_t)bits(word, 12, 4);
    op->amount = bit(word, 20); /* sets the flags */
    if (op->code == OP_MUL)
        op->rn = 0;
    return false;
}

/* The space of comparisons that set no flags */
static bool miscellaneous(uint32_t word, arm_op *op) {
    static const uint8_t saturating[4] = {OP_QADD, OP_QSUB, OP_QDADD, OP_QDSUB};
    const uint32_t which = bits(word, 21, 2);
    switch (bits(word, 4, 4)) {
    case 0x0:
        if (bit(word, 21))
            return move_to_status(word, op);
        op->code = bit(word, 22) ? OP_MRS_SPSR : OP_MRS_CPSR;
        op->rn = op->rm = op->rs = 0;
        return false;
    case 0x1:
    case 0x3:
        op->rd = op->rn = op->rs = 0;
        if (which == 1) {
            op->code = bits(word, 4, 4) == 1 ? OP_BX : OP_BLX;
            return true;
        }
        if (which != 3 || bits(word, 4, 4) != 1)
            return undefined(op);
        op->code = OP_CLZ;
        op->rd = (uint8_t)bits(word, 12, 4);
        return false;
    case 0x5:
        op->code = saturating[which];
        op->rs = 0;
        return false;
    case 0x7:
        if (which != 1)
            return undefined(op);
        op->code = OP_BREAKPOINT;
        return true;
    case 0x8:
    case 0xa:
    case 0xc:
    case 0xe:
        break;
    default:
        return undefined(op);
    }
    static const uint8_t products[4] = {OP_SMLA_XY, OP_SMLAW_Y, OP_SMLAL_XY, OP_SMUL_XY};
    op->code = which == 1 && bit(word, 5) ? OP_SMULW_Y : products[which];
    op->rd = (uint8_t)bits(word, 16, 4);
    op->rn = (uint8_t)bits(word, 12, 4);
    op->shift = bit(word, 5) ? 16 : 0; /* halves of rm and rs */
    op->amount = bit(word, 6) ? 16 : 0;
    if (op->code == OP_SMULW_Y || op->code == OP_SMUL_XY)
        op->rn = 0;
    return false;
}

/* Fills in the addressing of a load or store. \return it is rn + value */
static bool addressing(uint32_t word, bool by_register, uint32_t offset, arm_op *op) {
    const bool up = bit(word, 23), before = bit(word, 24), write_back = bit(word, 21) || !before;
    if (by_register) {
        op->rs = X_REGISTER;
    } else {
        op->rs = op->rm = 0;
        op->value = up ? offset : 0u - offset;
    }
    op->rs |= (uint8_t)((!up && by_register ? X_DOWN : 0) | (before ? X_BEFORE : 0) |
                        (write_back ? X_WRITE_BACK : 0));
    return !by_register && before && !write_back;
}

static bool single_transfer(uint32_t word, arm_op *op) {
    const bool by_register = bit(word, 25), load = bit(word, 20), byte = bit(word, 22);
    if (by_register)
        constant_shift(word, op);
    const bool simple = addressing(word, by_register, bits(word, 0, 12), op);
    if (load && op->rd == ARM_PC) {
        op->code = byte ? OP_UNDEFINED : OP_LOAD_TO_PC;
        return true;
    }
    if (load && !byte && simple && op->rn == ARM_PC) {
        op->code = OP_LOAD_LITERAL;
        op->value += op->address + 8;
        op->rn = 0;
    } else if (simple) {
        op->code = load ? (byte ? OP_LOAD_BYTE : OP_LOAD) : (byte ? OP_STORE_BYTE : OP_STORE);
    } else {
        op->code = load ? (byte ? OP_LOAD_BYTE_X : OP_LOAD_X) : (byte ? OP_STORE_BYTE_X : OP_STORE_X);
    }
    return false;
}

static bool other_transfer(uint32_t word, arm_op *op) {
    static const uint8_t loads[4] = {0, OP_LOAD_HALF, OP_LOAD_SIGNED_BYTE, OP_LOAD_SIGNED_HALF};
    static const uint8_t stores[4] = {0, OP_STORE_HALF, OP_LOAD_DOUBLE, OP_STORE_DOUBLE};
    const bool by_register = !bit(word, 22);
    op->shift = SHIFT_LSL;
    const bool simple =
        addressing(word, by_register, bits(word, 8, 4) << 4 | bits(word, 0, 4), op);
    op->code = (bit(word, 20) ? loads : stores)[bits(word, 5, 2)];
    const bool twice = op->code == OP_LOAD_DOUBLE || op->code == OP_STORE_DOUBLE;
    if ((twice && (op->rd & 1u)) || (op->rd == ARM_PC && bit(word, 20)))
        return undefined(op);
    if (!twice && !simple)
        op->code = (uint8_t)(op->code + (OP_LOAD_X - OP_LOAD));
    return false;
}

static bool multiply_or_transfer(uint32_t word, arm_op *op) {
    if (bits(word, 5, 2) != 0)
        return other_transfer(word, op);
    if (bits(word, 24, 4) == 0)
        return multiply(word, op);
    if (bits(word, 23, 5) == 2 && bits(word, 20, 2) == 0) {
        op->code = bit(word, 22) ? OP_SWAP_BYTE : OP_SWAP;
        op->rs = 0;
        return false;
    }
    return undefined(op);
}

static bool many(uint32_t word, arm_op *op) {
    const bool load = bit(word, 20);
    op->code = load ? OP_LOAD_MANY : OP_STORE_MANY;
    op->value = bits(word, 0, 16);
    op->amount = (uint8_t)__builtin_popcount(op->value);
    op->rs = (uint8_t)((bit(word, 23) ? 0 : X_DOWN) | (bit(word, 24) ? X_BEFORE : 0) |
                       (bit(word, 21) ? X_WRITE_BACK : 0) | (bit(word, 22) ? X_USER : 0));
    op->rd = op->rm = 0;
    return load && bit(op->value, ARM_PC);
}

static uint32_t branch_target(uint32_t word, const arm_op *op) {
    const uint32_t offset = bits(word, 0, 24);
    return op->address + 8 + (offset << 2) - (bit(offset, 23) ? 1u << 26 : 0);
}

static bool coprocessor(uint32_t word, arm_op *op) {
    enum { SYSTEM = 15, CACHES = 7 };
    if (!bit(word, 4) || bits(word, 8, 4) != SYSTEM || bits(word, 21, 3) != 0)
        return undefined(op);
    op->value = word;
    op->rm = op->rn = op->rs = 0;
    if (bit(word, 20)) {
        op->code = OP_READ_SYSTEM;
        return false;
    }
    if (bits(word, 16, 4) != CACHES) {
        op->code = OP_WRITE_SYSTEM;
        return true;
    }
    /* caches that the core does not have, the write buffer, and waiting for an interrupt */
    op->code = bits(word, 0, 4) == 0 && bits(word, 5, 3) == 4 ? OP_SLEEP : OP_NOTHING;
    op->rd = 0;
    return op->code == OP_SLEEP;
}

static bool unconditional(uint32_t word, arm_op *op) {
    op->condition = ARM_ALWAYS;
    if (bits(word, 25, 3) == 5) { /* BLX: to Thumb code */
        op->code = OP_BRANCH_LINK_THUMB;
        op->value = branch_target(word, op) + (bit(word, 24) ? 2 : 0);
        return true;
    }
    if ((word & 0x0d70f000u) == 0x0550f000u) {
        op->code = OP_NOTHING; /* PLD */
        op->rd = op->rn = op->rm = op->rs = 0;
        return false;
    }
    return undefined(op);
}

bool arm_decode(uint32_t word, arm_op *op) {
    op->condition = (uint8_t)bits(word, 28, 4);
    op->rn = (uint8_t)bits(word, 16, 4);
    op->rd = (uint8_t)bits(word, 12, 4);
    op->rs = (uint8_t)bits(word, 8, 4);
    op->rm = (uint8_t)bits(word, 0, 4);
    op->shift = op->amount = 0;
    op->value = 0;
    if (op->condition == 15)
        return unconditional(word, op);
    switch (bits(word, 25, 3)) {
    case 0:
        if (bit(word, 4) && bit(word, 7))
            return multiply_or_transfer(word, op);
        return bits(word, 23, 2) == 2 && !bit(word, 20) ? miscellaneous(word, op)
                                                        : data_processing(word, op);
    case 1:
        if (bits(word, 23, 2) == 2 && !bit(word, 20))
            return bit(word, 21) ? move_to_status(word, op) : undefined(op);
        return data_processing(word, op);
    case 2:
        return single_transfer(word, op);
    case 3:
        return bit(word, 4) ? undefined(op) : single_transfer(word, op);
    case 4:
        return many(word, op);
    case 5:
        op->code = bit(word, 24) ? OP_BRANCH_LINK : OP_BRANCH;
        op->value = branch_target(word, op);
        return true;
    case 6:
        return undefined(op);
    default:
        if (!bit(word, 24))
            return coprocessor(word, op);
        op->code = OP_SVC;
        return true;
    }
}

bool arm_reads_pc(const arm_op *op) {
    const bool stores = (op->code >= OP_STORE && op->code <= OP_STORE_HALF) ||
                        (op->code >= OP_STORE_X && op->code <= OP_STORE_HALF_X);
    if (op->code == OP_BRANCH || op->code == OP_BRANCH_LINK || op->code >= OP_SVC)
        return false;
    if (op->code == OP_STORE_MANY && (op->value & 1u << ARM_PC))
        return true;
    return op->rn == ARM_PC || op->rm == ARM_PC || (stores && op->rd == ARM_PC);
}
