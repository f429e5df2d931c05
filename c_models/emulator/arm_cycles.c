/*! \file
 *  \brief implementation of arm_cycles.h
 */
#include "arm_cycles.h"

enum { TAKEN = 3, FLAGS_FIELD = 8 };

static bool is_data(const arm_op *op) { return op->code < OP_DATA_TO_PC; }
static bool is_comparison(const arm_op *op) {
    const uint32_t operation = (uint32_t)op->code >> 3;
    return operation >= ARM_TST && operation <= ARM_CMN;
}
static bool is_long_multiply(uint32_t code) { return code >= OP_UMULL && code <= OP_SMLAL; }
static bool is_multiply(uint32_t code) { return code >= OP_MUL && code <= OP_SMUL_XY; }
static bool is_load(uint32_t code) {
    return (code >= OP_LOAD && code <= OP_LOAD_SIGNED_HALF) ||
           (code >= OP_LOAD_X && code <= OP_LOAD_SIGNED_HALF_X) || code == OP_LOAD_LITERAL;
}
static bool is_store(uint32_t code) {
    return (code >= OP_STORE && code <= OP_STORE_HALF) ||
           (code >= OP_STORE_X && code <= OP_STORE_HALF_X);
}
static bool is_word_load(uint32_t code) {
    return code == OP_LOAD || code == OP_LOAD_X || code == OP_LOAD_LITERAL;
}

/* How loads and stores of one word find their address says `rs` for these only */
static bool by_register(const arm_op *op) {
    return ((op->code >= OP_LOAD_X && op->code <= OP_STORE_HALF_X) || op->code == OP_LOAD_TO_PC ||
            op->code == OP_LOAD_DOUBLE || op->code == OP_STORE_DOUBLE) &&
           (op->rs & X_REGISTER);
}

static uint32_t scaled(const arm_op *op) {
    return by_register(op) && (op->shift != SHIFT_LSL || op->amount != 0);
}

static uint32_t at_least(uint32_t least, uint32_t value) { return value < least ? least : value; }

uint32_t arm_cycles(const arm_op *op) {
    if (is_data(op))
        return (op->code & 3u) == BY_VARIABLE_SHIFT ? 2 : 1;
    if (is_load(op->code) || is_store(op->code))
        return 1 + scaled(op);
    switch (op->code) {
    case OP_DATA_TO_PC:
        return op->rd >> 5 == BY_VARIABLE_SHIFT ? 4 : 3;
    case OP_READ_PC: /* not instructions */
    case OP_END:
        return 0;
    case OP_BRANCH:
    case OP_BRANCH_LINK:
    case OP_BRANCH_LINK_THUMB:
    case OP_BX:
    case OP_BLX:
    case OP_THUMB_LINK:
    case OP_THUMB_LINK_ARM:
    case OP_SVC:
    case OP_BREAKPOINT:
    case OP_UNDEFINED:
        return TAKEN;
    case OP_LOAD_TO_PC:
        return 5 + scaled(op);
    case OP_LOAD_MANY:
        return op->value >> ARM_PC & 1u ? op->amount + 4u : at_least(2, op->amount);
    case OP_STORE_MANY:
        return at_least(2, op->amount);
    case OP_LOAD_DOUBLE:
    case OP_STORE_DOUBLE:
    case OP_SWAP:
    case OP_SWAP_BYTE:
    case OP_SMLAL_XY:
    case OP_MRS_CPSR:
    case OP_MRS_SPSR:
        return 2;
    case OP_MUL:
    case OP_MLA:
        return op->amount ? 4 : 2;
    case OP_UMULL:
    case OP_UMLAL:
    case OP_SMULL:
    case OP_SMLAL:
        return op->amount ? 5 : 3;
    case OP_MSR_CPSR:
    case OP_MSR_SPSR:
        return op->amount == FLAGS_FIELD ? 1 : 3;
    default:
        return 1;
    }
}

/* Registers that an instruction needs when it begins, as bits */
static uint32_t operands(const arm_op *op) {
    const uint32_t rn = 1u << op->rn, rm = 1u << op->rm, rs = 1u << op->rs;
    if (is_data(op) || op->code == OP_DATA_TO_PC) {
        const uint32_t kind = is_data(op) ? op->code & 3u : op->rd >> 5;
        const uint32_t operation = is_data(op) ? (uint32_t)op->code >> 3 : op->rd & 15u;
        return (operation == ARM_MOV || operation == ARM_MVN ? 0 : rn) |
               (kind == BY_VALUE ? 0 : rm) | (kind == BY_VARIABLE_SHIFT ? rs : 0);
    }
    if (is_multiply(op->code))
        return rm | rs;
    if (op->code == OP_LOAD_LITERAL)
        return 0;
    if (is_load(op->code) || is_store(op->code) ||
        (op->code >= OP_LOAD_TO_PC && op->code <= OP_SWAP_BYTE))
        return rn | (by_register(op) ? rm : 0);
    switch (op->code) {
    case OP_BX:
    case OP_BLX:
    case OP_CLZ:
        return rm;
    case OP_THUMB_LINK:
    case OP_THUMB_LINK_ARM:
        return 1u << ARM_LR;
    case OP_QADD:
    case OP_QSUB:
    case OP_QDADD:
    case OP_QDSUB:
        return rm | rn;
    case OP_MSR_CPSR:
    case OP_MSR_SPSR:
        return op->shift ? 0 : rm;
    default:
        return 0;
    }
}

static uint32_t accumulators(const arm_op *op) {
    switch (op->code) {
    case OP_MLA:
    case OP_SMLA_XY:
    case OP_SMLAW_Y:
        return 1u << op->rn;
    case OP_UMLAL:
    case OP_SMLAL:
    case OP_SMLAL_XY:
        return 1u << op->rn | 1u << op->rd;
    default:
        return 0;
    }
}

static uint32_t later(uint32_t begin, const uint32_t *ready, uint32_t registers) {
    for (; registers; registers &= registers - 1) {
        const uint32_t when = ready[__builtin_ctz(registers)];
        begin = when > begin ? when : begin;
    }
    return begin;
}

/* Stores of several registers read them one after the other */
static uint32_t later_for_stores(uint32_t begin, const arm_pipeline *pipeline, const arm_op *op) {
    uint32_t registers = 0, place = 0;
    if (is_store(op->code))
        registers = 1u << op->rd;
    else if (op->code == OP_STORE_DOUBLE)
        registers = 3u << op->rd;
    else if (op->code == OP_STORE_MANY)
        registers = op->value;
    else if (op->code == OP_SWAP || op->code == OP_SWAP_BYTE)
        registers = 1u << op->rm;
    for (; registers; registers &= registers - 1, place++) {
        const uint32_t when = pipeline->stored[__builtin_ctz(registers)];
        begin = when > begin + place ? when - place : begin;
    }
    return begin;
}

/* A result that is late, in cycles behind the instruction's end */
static void late(arm_pipeline *pipeline, uint32_t number, uint32_t operand, uint32_t stored,
                 uint32_t accumulator) {
    pipeline->operand[number] = pipeline->now + operand;
    pipeline->stored[number] = pipeline->now + stored;
    pipeline->accumulator[number] = pipeline->now + accumulator;
}

static void results(arm_pipeline *pipeline, const arm_op *op) {
    if (is_word_load(op->code) || op->code == OP_SWAP) {
        late(pipeline, op->rd, 1, 1, 1);
    } else if (is_load(op->code) || op->code == OP_SWAP_BYTE) {
        late(pipeline, op->rd, 2, 1, 1);
    } else if (op->code == OP_LOAD_DOUBLE) {
        late(pipeline, op->rd + 1u, 1, 1, 1);
    } else if (op->code == OP_LOAD_MANY) {
        const uint32_t last = op->value & ~(1u << ARM_PC);
        if (op->amount > 1 && last)
            late(pipeline, 31u - (uint32_t)__builtin_clz(last), 1, 1, 1);
    } else if (op->code >= OP_QADD && op->code <= OP_QDSUB) {
        late(pipeline, op->rd, 1, 0, 0);
    } else if (is_multiply(op->code) &&
               !(op->amount && (op->code <= OP_MLA || is_long_multiply(op->code)))) {
        late(pipeline, op->rd, 1, 1, 0);
        if (is_long_multiply(op->code) || op->code == OP_SMLAL_XY)
            late(pipeline, op->rn, 1, 1, 0);
    } else if (is_data(op) && !is_comparison(op)) {
        late(pipeline, op->rd, 0, 0, 0); /* whatever was late is overwritten */
    }
}

void arm_pipeline_add(arm_pipeline *pipeline, const arm_op *op) {
    uint32_t begin = later(pipeline->now, pipeline->operand, operands(op));
    begin = later(begin, pipeline->accumulator, accumulators(op));
    pipeline->now = later_for_stores(begin, pipeline, op) + arm_cycles(op);
    results(pipeline, op);
}
