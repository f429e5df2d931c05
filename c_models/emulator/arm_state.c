/*! \file
 *  \brief Status registers, banked registers and the system control coprocessor.
 */
#include "arm.h"

#include <string.h>

#define CPSR_N (1u << 31)
#define CPSR_Z (1u << 30)
#define CPSR_C (1u << 29)
#define CPSR_V (1u << 28)
#define CPSR_Q (1u << 27)

enum { USER_BANK, FIQ_BANK, IRQ_BANK, SVC_BANK, ABORT_BANK, UNDEFINED_BANK };
enum { FIRST_HIGH = 8, HIGH = 5 }; /* r8 to r12 are banked for FIQ */

static uint32_t bank(uint32_t mode) {
    switch (mode) {
    case MODE_FIQ:
        return FIQ_BANK;
    case MODE_IRQ:
        return IRQ_BANK;
    case MODE_SVC:
        return SVC_BANK;
    case MODE_ABORT:
        return ABORT_BANK;
    case MODE_UNDEFINED:
        return UNDEFINED_BANK;
    default:
        return USER_BANK;
    }
}

void arm_reset(arm_cpu *cpu) {
    memset(cpu->r, 0, sizeof cpu->r);
    memset(cpu->sp, 0, sizeof cpu->sp);
    memset(cpu->lr, 0, sizeof cpu->lr);
    memset(cpu->spsr, 0, sizeof cpu->spsr);
    memset(cpu->user_high, 0, sizeof cpu->user_high);
    memset(cpu->fiq_high, 0, sizeof cpu->fiq_high);
    cpu->n = cpu->c = cpu->v = cpu->q = cpu->system_control = 0;
    cpu->z = 1;
    cpu->mode = MODE_SVC;
    cpu->masks = CPSR_NO_IRQ | CPSR_NO_FIQ;
    cpu->thumb = false;
    arm_forget_code(cpu);
}

uint32_t arm_cpsr(const arm_cpu *cpu) {
    return (cpu->n & CPSR_N) | (cpu->z == 0 ? CPSR_Z : 0) | (cpu->c ? CPSR_C : 0) |
           (cpu->v >> 31 ? CPSR_V : 0) | (cpu->q ? CPSR_Q : 0) | cpu->masks |
           (cpu->thumb ? CPSR_THUMB : 0) | cpu->mode;
}

static void switch_bank(arm_cpu *cpu, uint32_t from, uint32_t to) {
    cpu->sp[from] = cpu->r[ARM_SP];
    cpu->lr[from] = cpu->r[ARM_LR];
    cpu->r[ARM_SP] = cpu->sp[to];
    cpu->r[ARM_LR] = cpu->lr[to];
    if (from != FIQ_BANK && to != FIQ_BANK)
        return;
    memcpy(from == FIQ_BANK ? cpu->fiq_high : cpu->user_high, &cpu->r[FIRST_HIGH],
           sizeof cpu->user_high);
    memcpy(&cpu->r[FIRST_HIGH], to == FIQ_BANK ? cpu->fiq_high : cpu->user_high,
           sizeof cpu->user_high);
}

void arm_set_cpsr(arm_cpu *cpu, uint32_t value) {
    const uint32_t from = bank(cpu->mode), to = bank(value & CPSR_MODE);
    if (from != to)
        switch_bank(cpu, from, to);
    cpu->n = value;
    cpu->z = ~value & CPSR_Z;
    cpu->c = value >> 29 & 1u;
    cpu->v = value << 3;
    cpu->q = value & CPSR_Q;
    cpu->masks = value & (CPSR_NO_IRQ | CPSR_NO_FIQ);
    cpu->thumb = value & CPSR_THUMB;
    cpu->mode = value & CPSR_MODE;
}

uint32_t *arm_spsr(arm_cpu *cpu) { return &cpu->spsr[bank(cpu->mode)]; }

uint32_t *arm_user_register(arm_cpu *cpu, uint32_t number) {
    const uint32_t current = bank(cpu->mode);
    if (current == FIQ_BANK && number >= FIRST_HIGH && number < FIRST_HIGH + HIGH)
        return &cpu->user_high[number - FIRST_HIGH];
    if (current != USER_BANK && number == ARM_SP)
        return &cpu->sp[USER_BANK];
    if (current != USER_BANK && number == ARM_LR)
        return &cpu->lr[USER_BANK];
    return &cpu->r[number];
}

enum { SYSTEM_ID = 0, SYSTEM_CONTROL = 1, SYSTEM_CACHES = 7, SYSTEM_TRACE = 13, SYSTEM_TEST = 15 };
#define ARM968_ID 0x41059680u

static uint32_t system_register(uint32_t instruction) { return instruction >> 16 & 15u; }

bool arm_read_system(const arm_cpu *cpu, uint32_t instruction, uint32_t *value) {
    switch (system_register(instruction)) {
    case SYSTEM_ID:
        *value = ARM968_ID;
        return true;
    case SYSTEM_CONTROL:
        *value = cpu->system_control;
        return true;
    case SYSTEM_TRACE:
    case SYSTEM_TEST:
        *value = 0;
        return true;
    default:
        return false;
    }
}

bool arm_write_system(arm_cpu *cpu, uint32_t instruction, uint32_t value) {
    switch (system_register(instruction)) {
    case SYSTEM_CONTROL: /* kept, and without effect: memories and alignment checks are always on */
        cpu->system_control = value;
        return true;
    case SYSTEM_TRACE:
    case SYSTEM_TEST:
        return true;
    default:
        return false;
    }
}
