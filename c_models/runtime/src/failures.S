@ \file
@ \brief Exceptions and rt_error: registers, status, stack pointer, return address and a code go to
@        the core's vcpu block, its state says that it has failed, and it stops.

        .syntax unified
        .arm

        .equ    MASK_BOTH, 0xc0
        .equ    THUMB, 0x20
        .equ    MODE_SVC, 0x13
        .equ    RTE_RESET, 1
        .equ    RTE_UNDEF, 2
        .equ    RTE_SVC, 3
        .equ    RTE_PABT, 4
        .equ    RTE_DABT, 5
        .equ    RTE_IRQ, 6
        .equ    CPU_STATE_RTE, 2
        .equ    VCPU_PSR, 32
        .equ    VCPU_SP, 36
        .equ    VCPU_LR, 40
        .equ    VCPU_RT_CODE, 44
        .equ    VCPU_STATE, 46
        .equ    DMA, 0x40000000         @ its status has the core's physical number
        .equ    DMA_STATUS, 0x14
        .equ    VCPU_BLOCKS, 0xe5007000
        .equ    PHYSICAL_TO_VIRTUAL, 0xe5007f94
        .equ    LED_PERIOD, 0xe5007f2b
        .equ    BLINK_FAST, 8
        .equ    INTERRUPTS, 0x2f000000
        .equ    INTERRUPTS_DISABLE, 0x14

        .text
        .global rt_jump_to_zero
rt_jump_to_zero:
        mov     r8, #RTE_RESET
        mrs     r9, cpsr
        b       store

        .macro  EXCEPTION name, code
        .global \name
\name:  mov     r8, #\code
        mrs     r9, spsr
        b       store
        .endm
        EXCEPTION rt_undefined, RTE_UNDEF
        EXCEPTION rt_svc, RTE_SVC
        EXCEPTION rt_prefetch_abort, RTE_PABT
        EXCEPTION rt_data_abort, RTE_DABT
        EXCEPTION rt_irq_without_vector, RTE_IRQ

        .type   rt_error, %function
        .global rt_error
rt_error:
        mov     r8, r0
        mrs     r9, cpsr

        @ r8 = code, r9 = status of what failed, lr = where it was.
        @ r8 to r12 and lr differ between modes: they move to r0 to r3 before the mode changes.
store:  mov     r12, #DMA
        ldr     r12, [r12, #DMA_STATUS]
        ldr     r10, =PHYSICAL_TO_VIRTUAL
        ldrb    r12, [r10, r12, lsr #24]
        ldr     r10, =VCPU_BLOCKS
        add     r12, r10, r12, lsl #7
        stmia   r12, {r0-r7}
        mov     r0, r12
        mov     r1, r8
        mov     r2, lr
        mov     r3, r9
        orr     r4, r3, #MASK_BOTH
        bic     r4, r4, #THUMB
        msr     cpsr_c, r4              @ the mode that failed, for its stack pointer
        mov     r5, sp
        msr     cpsr_c, #MASK_BOTH + MODE_SVC
        str     r3, [r0, #VCPU_PSR]
        str     r5, [r0, #VCPU_SP]
        str     r2, [r0, #VCPU_LR]
        strb    r1, [r0, #VCPU_RT_CODE]
        mov     r1, #CPU_STATE_RTE
        strb    r1, [r0, #VCPU_STATE]
        ldr     r0, =LED_PERIOD
        mov     r1, #BLINK_FAST
        strb    r1, [r0]
        ldr     r0, =INTERRUPTS
        mvn     r1, #0
        str     r1, [r0, #INTERRUPTS_DISABLE]
1:      mcr     p15, 0, r0, c7, c0, 4
        b       1b
