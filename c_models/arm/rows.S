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

@ void assembly_filter_row(n, F, sum): sum[0 .. n) += F[0 .. n), n a multiple of 4
filter  .req r1
sum     .req r2

  .macro add_four
  ldmia filter!, {r3-r6}
  ldmia sum, {r7-r10}
  add r7, r7, r3
  add r8, r8, r4
  add r9, r9, r5
  add r10, r10, r6
  stmia sum!, {r7-r10}
  .endm

  .global assembly_filter_row
  .type assembly_filter_row, %function
assembly_filter_row:
  push {r4-r10, lr}
  tst count, #4
  beq 4f
  add_four
  subs count, count, #4
  popeq {r4-r10, pc}
4:
  add_four
  add_four
  subs count, count, #8
  bgt 4b
  pop {r4-r10, pc}
  .size assembly_filter_row, . - assembly_filter_row

@ void assembly_filter_rows_8(count, row, F, sum): eight sums stay in registers
list    .req r1
base    .req r2
  .global assembly_filter_rows_8
  .type assembly_filter_rows_8, %function
assembly_filter_rows_8:
  push {r3-r11, lr}
  ldmia r3, {r4-r11}
5:
  ldrh r12, [list], #2
  subs count, count, #1
  add r12, base, r12, lsl #5
  ldmia r12!, {r3, lr}
  add r4, r4, r3
  add r5, r5, lr
  ldmia r12!, {r3, lr}
  add r6, r6, r3
  add r7, r7, lr
  ldmia r12!, {r3, lr}
  add r8, r8, r3
  add r9, r9, lr
  ldmia r12, {r3, lr}
  add r10, r10, r3
  add r11, r11, lr
  bne 5b
  ldr r3, [sp], #4
  stmia r3, {r4-r11}
  pop {r4-r11, pc}
  .size assembly_filter_rows_8, . - assembly_filter_rows_8
