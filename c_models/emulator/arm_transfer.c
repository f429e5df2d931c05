/*! \file
 *  \brief Loads and stores of several words.
 */
#include "arm_inline.h"

bool arm_transfer_double(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t after, low, high;
    const uint32_t address = arm_indexed(cpu, op, &after);
    if (address & 7u) /* unpredictable on ARMv5TE */
        return arm_unaligned(core, op, address);
    if (op->code == OP_LOAD_DOUBLE) {
        if (!arm_load(core, op, address, 4, &low) || !arm_load(core, op, address + 4, 4, &high))
            return false;
        cpu->r[op->rn] = after;
        cpu->r[op->rd] = low;
        cpu->r[op->rd + 1] = high;
        return true;
    }
    if (!arm_store(core, op, address, 4, cpu->r[op->rd]) ||
        !arm_store(core, op, address + 4, 4, cpu->r[op->rd + 1]))
        return false;
    cpu->r[op->rn] = after;
    return true;
}

bool arm_swap(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    const uint32_t size = op->code == OP_SWAP ? 4 : 1, address = cpu->r[op->rn];
    uint32_t value;
    if (!arm_load(core, op, address, size, &value) ||
        !arm_store(core, op, address, size, cpu->r[op->rm]))
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
bool arm_load_many(emu_core *core, const arm_op *op, uint32_t *pc) {
    arm_cpu *const cpu = arm_of(core);
    const bool returns = op->value >> ARM_PC & 1u;
    const bool user = (op->rs & X_USER) && !returns;
    uint32_t after, address = lowest(cpu, op, &after), values[16], count = 0;
    for (; count < op->amount; count++, address += 4)
        if (!arm_load(core, op, address, 4, &values[count]))
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
        *pc = arm_exchange(cpu, values[count]);
    }
    return true;
}

bool arm_store_many(emu_core *core, const arm_op *op) {
    arm_cpu *const cpu = arm_of(core);
    uint32_t after, address = lowest(cpu, op, &after);
    for (uint32_t left = op->value; left; left &= left - 1, address += 4) {
        const uint32_t number = (uint32_t)__builtin_ctz(left);
        const uint32_t value =
            op->rs & X_USER ? *arm_user_register(cpu, number) : cpu->r[number];
        if (!arm_store(core, op, address, 4, value))
            return false;
    }
    cpu->r[op->rn] = after;
    return true;
}
