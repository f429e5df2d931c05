@ \file
@ \brief Exception vectors, the table that monitors and tools expect behind them, and reset.

        .syntax unified
        .arm

        .section .vectors, "ax"
        ldr     pc, vector_reset
        ldr     pc, vector_undefined
        ldr     pc, vector_svc
        ldr     pc, vector_prefetch
        ldr     pc, vector_data
        nop
        ldr     pc, [pc, #-0xff0]       @ the interrupt controller knows where to
        ldr     pc, vector_fiq

vector_reset:
        .word   rt_reset                @ 0x20
vector_undefined:
        .word   rt_undefined
vector_svc:
        .word   rt_svc
vector_prefetch:
        .word   rt_prefetch_abort
vector_data:
        .word   rt_data_abort
        .word   0                       @ 0x34
        .word   rt_irq_without_vector
        .global rt_fiq_vector
rt_fiq_vector:
vector_fiq:
        .word   rt_fiq_discard          @ 0x3c, changed when an application wants packets

        .hword  0, 0, 0                 @ 0x40: stacks of SVC, IRQ, FIQ, which are not tables here
        .hword  STACK_SIZE              @ 0x46: bytes of all stacks
        .word   CODE_SIZE               @ 0x48
        .word   HEAP_LOW                @ 0x4c
        .word   STACK_TOP               @ 0x50
        .word   STACK_FILL              @ 0x54
        .byte   0, 0, 0, 1              @ 0x58
        .byte   0, 0, 0, 0              @ 0x5c: number of the application, set at reset
        .space  0x80 - 0x60

        .equ    MASK_BOTH, 0xc0
        .equ    MODE_FIQ, 0x11
        .equ    MODE_IRQ, 0x12
        .equ    MODE_SVC, 0x13
        .equ    MODE_SYS, 0x1f
        .equ    WAITS_FOR_START, 11     @ in struct rt_core

        @ in: r0 = number of the application, flags from bit 8 on
        .text
        .type   rt_reset, %function
        .global rt_reset
rt_reset:
        msr     cpsr_c, #MASK_BOTH + MODE_SVC
        ldr     r1, =0x1f7e             @ both memories, write buffer, alignment checked,
        mcr     p15, 0, r1, c1, c0, 0   @ vectors at 0
        mov     r4, r0
        mov     r2, #0x20
        ldr     r1, =rt_jump_to_zero    @ from now on, coming here is an error
        str     r1, [r2]
        strh    r0, [r2, #0x3c]

        ldr     r1, =STACK_LOW          @ to see how much of the stacks is used
        ldr     r2, =STACK_TOP
        ldr     r3, =STACK_FILL
1:      str     r3, [r1], #4
        cmp     r1, r2
        blo     1b

        msr     cpsr_c, #MASK_BOTH + MODE_IRQ
        ldr     sp, =STACK_TOP_IRQ
        msr     cpsr_c, #MASK_BOTH + MODE_FIQ
        ldr     sp, =STACK_TOP_FIQ
        msr     cpsr_c, #MASK_BOTH + MODE_SYS
        ldr     sp, =STACK_TOP_SYS
        mov     r0, r4
        bl      rt_boot

2:      msr     cpsr_c, #MASK_BOTH + MODE_SYS   @ masked from the test to the sleep: a start
        ldr     r0, =rt_core                    @ signal between the two is not lost
        ldrb    r0, [r0, #WAITS_FOR_START]
        cmp     r0, #0
        mcrne   p15, 0, r0, c7, c0, 4
        msr     cpsr_c, #MODE_SYS
        bne     2b

        mov     r0, #6                  @ CPU_STATE_SARK
        bl      sark_cpu_state
        bl      c_main
        mov     r0, #11                 @ CPU_STATE_EXIT
        bl      sark_cpu_state
3:      mcr     p15, 0, r0, c7, c0, 4   @ the monitor may still send messages
        b       3b
