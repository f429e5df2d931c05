/*! \file
 *  \brief Products, saturating sums, and what is too rare for the interpreter's loop.
 */
#include "arm_inline.h"

uint32_t arm_variable_shift(const arm_cpu *cpu, const arm_op *op, uint32_t *carry) {
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

void arm_multiply_long(arm_cpu *cpu, const arm_op *op) {
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

void arm_multiply_halves(arm_cpu *cpu, const arm_op *op) {
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

void arm_add_saturating(arm_cpu *cpu, const arm_op *op) {
    const bool doubles = op->code == OP_QDADD || op->code == OP_QDSUB;
    int64_t second = (int32_t)cpu->r[op->rn];
    if (doubles)
        second = (int32_t)saturate(cpu, 2 * second);
    const int64_t first = (int32_t)cpu->r[op->rm];
    cpu->r[op->rd] = saturate(cpu, op->code == OP_QADD || op->code == OP_QDADD ? first + second
                                                                               : first - second);
}

/* Data processing whose result is the next address; with the flags: return from an exception */
uint32_t arm_data_to_pc(arm_cpu *cpu, const arm_op *op) {
    const uint32_t operation = op->rd & 15u, kind = op->rd >> 5;
    uint32_t carry, a = cpu->r[op->rn], b;
    if (kind == BY_VALUE)
        b = op->value;
    else if (kind == BY_VARIABLE_SHIFT)
        b = arm_variable_shift(cpu, op, &carry);
    else
        b = arm_constant_shift(cpu, op, &carry);
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

void arm_write_status(arm_cpu *cpu, const arm_op *op) {
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
