/*! \file
 *  \brief Cycles of instructions on the ARM968E-S, whose core is an ARM9E-S.
 *
 *  Sources: ARM9E-S Technical Reference Manual (ARM DDI 0165B, chapter 8, "Instruction Cycle
 *  Times"), and where that is silent the table of the ARM9EJ-S (DDI 0222B, table 8.2), which has the
 *  same pipeline. Numbers are for instructions and data in the tightly coupled memories; what the
 *  bus adds is in memory_time.c. Where the sources leave two values the larger one is taken.
 *
 *  | instruction | cycles | its result is late by |
 *  |---|---|---|
 *  | data processing, CLZ | 1; shifted by a register 2; to the PC 2 more | 0 |
 *  | QADD and the like | 1 | 1, for stores and accumulation 0 |
 *  | branch taken, BL, BX, BLX | 3 | |
 *  | LDR | 1; offset in a shifted register 1 more; to the PC 4 more | 1 |
 *  | LDRB, LDRH, LDRSB, LDRSH | as LDR | 2, for stores and accumulation 1 |
 *  | LDRD | 2 | 1, the second register |
 *  | LDM of n registers | n, at least 2; with the PC n + 4 | 1, the last register if n > 1 |
 *  | STR | 1; offset in a shifted register 1 more | |
 *  | STRD, STM of n registers | 2; n, at least 2 | |
 *  | SWP, SWPB | 2 | 1; 2 |
 *  | MUL, MLA; with flags | 2; 4 | 1, for accumulation 0; 0 |
 *  | UMULL, UMLAL, SMULL, SMLAL; with flags | 3; 5 | as MUL |
 *  | SMULxy, SMLAxy, SMULWy, SMLAWy; SMLALxy | 1; 2 | as MUL |
 *  | MRS | 2 | 0 |
 *  | MSR | flags only 1, else 3 | |
 *  | SVC, exceptions | 3 | |
 *  | any, if its condition fails | 1 | |
 *
 *  An instruction that reads a late result waits for it. Loaded data has no way to the port of
 *  store data and accumulators but the register bank: there a word is late, too, by one cycle.
 */
#ifndef EPROP_EMULATOR_ARM_CYCLES_H
#define EPROP_EMULATOR_ARM_CYCLES_H

#include "arm.h"

/*! Beginning of an interrupt, which is no instruction. */
enum { ARM_INTERRUPT_CYCLES = 3 };

/*! When an instruction may read each register, in cycles since the block began: as an operand of the
 *  ALU, multiplier or address; as store data; as accumulator. */
typedef struct {
    uint32_t now;
    uint32_t operand[16], stored[16], accumulator[16];
} arm_pipeline;

/*! \brief Cycles of an instruction whose condition passes, without waiting for results. */
uint32_t arm_cycles(const arm_op *op);

/*! \brief Append an instruction: pipeline->now is when the next one begins. */
void arm_pipeline_add(arm_pipeline *pipeline, const arm_op *op);

#endif
