/*! \file
 *  \brief The most frequent operations of the interpreter's loop: shifts, sums, loads and stores.
 */
#ifndef EPROP_EMULATOR_ARM_INLINE_H
#define EPROP_EMULATOR_ARM_INLINE_H

#include "arm.h"

#include <string.h>

/* Arithmetic shift by 1 or more, which C leaves open for negative numbers */
static inline uint32_t arithmetic_right(uint32_t value, uint32_t amount) {
    const uint32_t sign = value >> 31 ? UINT32_MAX : 0;
    return amount > 31 ? sign : value >> amount | sign << (32 - amount);
}

/* The second operand; *carry is what the shifter carries out */
static inline uint32_t arm_constant_shift(const arm_cpu *cpu, const arm_op *op, uint32_t *carry) {
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

static inline uint32_t arm_set_nz(arm_cpu *cpu, uint32_t value) { return cpu->n = cpu->z = value; }

/* All sums and differences: a - b is a + ~b + 1 */
static inline uint32_t arm_sum(arm_cpu *cpu, uint32_t a, uint32_t b, uint32_t carry) {
    const uint64_t wide = (uint64_t)a + b + carry;
    const uint32_t value = (uint32_t)wide;
    cpu->c = (uint32_t)(wide >> 32);
    cpu->v = (a ^ value) & (b ^ value);
    return arm_set_nz(cpu, value);
}

static inline uint32_t arm_logical(arm_cpu *cpu, uint32_t value, uint32_t carry) {
    cpu->c = carry;
    return arm_set_nz(cpu, value);
}

/* Branch that may change the instruction set */
static inline uint32_t arm_exchange(arm_cpu *cpu, uint32_t target) {
    cpu->thumb = target & 1u;
    return target & (cpu->thumb ? ~1u : ~3u);
}

/* Memory that may be used without a look at what is there: all but ITCM, which has the program */
static inline uint8_t *arm_direct(const emu_core *core, uint32_t address) {
    if (address - DTCM_BASE < DTCM_SIZE)
        return core->dtcm + (address - DTCM_BASE);
    if (core->indirect)
        return NULL;
    if ((address & ~(SDRAM_BUFFERED ^ SDRAM_UNBUFFERED)) - SDRAM_BUFFERED < SDRAM_SIZE)
        return core->chip->sdram + (address & (SDRAM_SIZE - 1));
    if ((address | (SYSRAM_BUFFERED ^ SYSRAM_UNBUFFERED)) - SYSRAM_UNBUFFERED < SYSRAM_SIZE)
        return core->chip->sysram + (address & (SYSRAM_SIZE - 1));
    return NULL;
}

static inline bool arm_load(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                        uint32_t *value) {
    if (core->timed && address - DTCM_BASE >= DTCM_SIZE)
        memory_time_read(core, op->address, address);
    const uint8_t *const place = address < ITCM_SIZE ? core->itcm + address : arm_direct(core, address);
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

static inline bool arm_store(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                         uint32_t value) {
    if (core->timed && address - DTCM_BASE >= DTCM_SIZE)
        memory_time_write(core, op->address, address);
    uint8_t *const place = arm_direct(core, address);
    if (place == NULL || (address & (size - 1u)))
        return arm_store_slow(core, op, address, size, value);
    memcpy(place, &value, size);
    return true;
}

/* The address of a load or store of the _X kind, and what its base register becomes */
static inline uint32_t arm_indexed(const arm_cpu *cpu, const arm_op *op, uint32_t *after) {
    uint32_t carry, offset = op->value;
    if (op->rs & X_REGISTER)
        offset = arm_constant_shift(cpu, op, &carry);
    const uint32_t base = cpu->r[op->rn], moved = op->rs & X_DOWN ? base - offset : base + offset;
    *after = op->rs & X_WRITE_BACK ? moved : base;
    return op->rs & X_BEFORE ? moved : base;
}

#endif
