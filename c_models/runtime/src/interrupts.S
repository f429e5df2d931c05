@ \file
@ \brief Entry of interrupts, and what needs ARM state.

        .syntax unified
        .arm

        .equ    MODE_SYS, 0x1f
        .equ    SYS_WITHOUT_IRQ, 0x0d   @ bits by which the two modes differ
        .equ    COMMUNICATIONS, 0x20000000
        .equ    RECEIVE_STATUS, 0x0c
        .equ    RECEIVE_DATA, 0x10
        .equ    RECEIVE_KEY, 0x14
        .equ    HAS_PAYLOAD, 0x20000
        .equ    RECEIVED, 0x80000000
        .equ    INTERRUPTS, 0x2f000000
        .equ    CURRENT_VECTOR, 0x30

        @ Handlers are C functions. They run in system mode, on the application's stack, with
        @ interrupts masked but fast ones let through.
        .macro  HANDLER name, function
        .global \name
        .type   \name, %function
\name:  sub     lr, lr, #4
        push    {r0-r3, r12, lr}
        ldr     r1, =\function
        b       handle
        .endm

        .text
        HANDLER rt_on_mailbox, rt_mailbox
        HANDLER rt_on_timer, rt_tick
        HANDLER rt_on_transfer, rt_transfer_done
        HANDLER rt_on_packet, rt_packet
        HANDLER rt_on_transmit_room, rt_transmit_room
        HANDLER rt_on_user_event, rt_user_event
handle: mrs     r2, spsr
        push    {r2}
        mov     r0, lr                  @ where the core was: the monitor asks for it
        mrs     r2, cpsr
        orr     r2, r2, #MODE_SYS
        msr     cpsr_c, r2
        and     r3, sp, #4              @ C wants 8 bytes; the code interrupted may be between
        sub     sp, sp, r3              @ two pushes
        push    {r3, lr}
        blx     r1
        pop     {r3, lr}
        add     sp, sp, r3
        mrs     r2, cpsr
        bic     r2, r2, #SYS_WITHOUT_IRQ
        msr     cpsr_c, r2
        pop     {r2}
        msr     spsr_cxsf, r2
        ldr     r0, =INTERRUPTS
        str     r0, [r0, #CURRENT_VECTOR]
        ldmfd   sp!, {r0-r3, r12, pc}^

        .type   rt_on_spurious, %function
        .global rt_on_spurious          @ the request was gone before it was asked for
rt_on_spurious:
        subs    pc, lr, #4

        @ Packets at fast interrupt: all that have come are taken before it ends.
        .type   rt_fiq_packet, %function
        .global rt_fiq_packet
rt_fiq_packet:
        sub     lr, lr, #4
        push    {r0-r3, r7, lr}         @ r7 keeps the stack at 8 bytes
        ldr     r8, =COMMUNICATIONS
        ldr     r10, =rt_packet_callback
        ldr     r9, [r8, #RECEIVE_STATUS]
1:      tst     r9, #HAS_PAYLOAD
        ldrne   r1, [r8, #RECEIVE_DATA]
        ldrne   r2, [r10, #4]
        moveq   r1, #0
        ldreq   r2, [r10]
        ldr     r0, [r8, #RECEIVE_KEY]
        blx     r2
        ldr     r9, [r8, #RECEIVE_STATUS]
        tst     r9, #RECEIVED
        bne     1b
        ldmfd   sp!, {r0-r3, r7, pc}^

        .type   rt_fiq_discard, %function
        .global rt_fiq_discard          @ a packet that nobody reads blocks the router
rt_fiq_discard:
        ldr     r8, =COMMUNICATIONS
        ldr     r9, [r8, #RECEIVE_KEY]
        subs    pc, lr, #4

        .type   rt_sleep, %function
        .global rt_sleep
rt_sleep:
        mcr     p15, 0, r0, c7, c0, 4
        msr     cpsr_c, r0
        bx      lr

        .type   rt_spin, %function
        .global rt_spin
rt_spin:
        subs    r0, r0, #1
        bhi     rt_spin
        bx      lr

        .type   spin1_wfi, %function
        .global spin1_wfi
spin1_wfi:
        mcr     p15, 0, r0, c7, c0, 4
        bx      lr

        @ for callers in Thumb state; callers in ARM state have them inline
        .type   spin1_mode_restore, %function
        .global spin1_mode_restore
spin1_mode_restore:
        msr     cpsr_c, r0
        bx      lr

        .macro  CHANGE_MODE name, instruction, bits
        .section .text.\name, "ax"
        .type   \name, %function
        .global \name
\name:  mrs     r0, cpsr
        \instruction r1, r0, #\bits
        msr     cpsr_c, r1
        bx      lr
        .endm
        CHANGE_MODE spin1_int_disable, orr, 0xc0
        CHANGE_MODE spin1_irq_disable, orr, 0x80
        CHANGE_MODE spin1_fiq_disable, orr, 0x40
        CHANGE_MODE spin1_int_enable, bic, 0xc0
