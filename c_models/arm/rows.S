@ Rows and gradients for ARMv5TE: the same sums as eprop/fixed/rows.h and gradient.h, faster.
@ Integer additions are exact, so the results are those of the C kernels.

  .syntax unified
  .arch armv5te
  .arm
  .text

@ void assembly_row(n, row, factor, input): input[0 .. n) += factor * row[0 .. n), n a multiple of 8
count   .req r0
row     .req r1
factor  .req r2
input   .req r3
pair0   .req r12
pair1   .req lr

  .macro add_eight
  ldmia row!, {r12, lr}
  ldmia input, {r4-r11}
  smlabb r4, pair0, factor, r4
  smlatb r5, pair0, factor, r5
  smlabb r6, pair1, factor, r6
  smlatb r7, pair1, factor, r7
  ldmia row!, {r12, lr}
  smlabb r8, pair0, factor, r8
  smlatb r9, pair0, factor, r9
  smlabb r10, pair1, factor, r10
  smlatb r11, pair1, factor, r11
  stmia input!, {r4-r11}
  .endm

  .global assembly_row
  .type assembly_row, %function
assembly_row:
  push {r4-r11, lr}
1:
  rsbs r12, count, #64          @ cells short of eight groups
  movmi r12, #0
  add r12, r12, r12, lsl #1     @ a group is 48 bytes: 6 for each cell
  add pc, pc, r12, lsl #1
  nop                           @ never reached
  .rept 8
  add_eight
  .endr
  subs count, count, #64
  bgt 1b
  pop {r4-r11, pc}
  .size assembly_row, . - assembly_row

@ void assembly_sparse_row(n, synapse, factor, input), n a multiple of 4; a synapse is target << 16 | weight
  .global assembly_sparse_row
  .type assembly_sparse_row, %function
assembly_sparse_row:
  push {r4-r11, lr}
2:
  ldmia row!, {r4-r7}
  subs count, count, #4
  mov r8, r4, lsr #16
  mov r10, r5, lsr #16
  ldr r9, [input, r8, lsl #2]
  smlabb r9, r4, factor, r9
  str r9, [input, r8, lsl #2]
  ldr r11, [input, r10, lsl #2]
  mov r8, r6, lsr #16
  smlabb r11, r5, factor, r11
  str r11, [input, r10, lsl #2]
  ldr r9, [input, r8, lsl #2]
  mov r10, r7, lsr #16
  smlabb r9, r6, factor, r9
  str r9, [input, r8, lsl #2]
  ldr r11, [input, r10, lsl #2]
  smlabb r11, r7, factor, r11
  str r11, [input, r10, lsl #2]
  bgt 2b
  pop {r4-r11, pc}
  .size assembly_sparse_row, . - assembly_sparse_row

@ void assembly_gather_rows(n, count, place, F, wide): wide[0 .. n) += the sum over q < count of the
@ rows F[place[q] .. place[q] + n), in 32 bits; count > 0, n a multiple of 8
place   .req r2
base    .req r3

  .macro add_two first, second
  ldmia r12!, {r0, lr}
  add \first, \first, r0
  add \second, \second, lr
  .endm

  .macro widen_two first, second
  ldmia r12, {r0-r2, lr}
  adds r0, r0, \first
  adc r1, r1, \first, asr #31
  adds r2, r2, \second
  adc lr, lr, \second, asr #31
  stmia r12!, {r0-r2, lr}
  .endm

  .global assembly_gather_rows
  .type assembly_gather_rows, %function
assembly_gather_rows:
  push {r0-r2, r4-r11, lr}      @ wide is above: 12 words
4:                              @ eight sums stay in registers
  ldrh r12, [place], #2
  subs r1, r1, #1
  add r12, base, r12, lsl #2
  ldmia r12, {r4-r11}
  beq 6f
5:
  ldrh r12, [place], #2
  subs r1, r1, #1
  add r12, base, r12, lsl #2
  add_two r4, r5
  add_two r6, r7
  add_two r8, r9
  add_two r10, r11
  bne 5b
6:
  ldr r12, [sp, #48]
  widen_two r4, r5
  widen_two r6, r7
  widen_two r8, r9
  widen_two r10, r11
  str r12, [sp, #48]
  ldmia sp, {r0-r2}
  add base, base, #32
  subs r0, r0, #8
  str r0, [sp]
  bgt 4b
  add sp, sp, #12
  pop {r4-r11, pc}
  .size assembly_gather_rows, . - assembly_gather_rows
