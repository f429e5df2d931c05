@ \file
@ \brief What the compiler calls by itself: filling, unsigned division, leading zeros.
@
@ Small, as a core's program memory is: a tenth of what the C library and libgcc have for an ARM
@ core of any version. Builds on the official libraries have this file, too. Division takes five
@ instructions for each bit by which its operands differ in length, and ten.

        .syntax unified
        .arm

        .macro  FUNCTION name
        .section .text.\name, "ax", %progbits
        .global \name
        .type   \name, %function
\name:
        .endm

        @ r0: where, r1: the byte, r2: how many; returns r0
        FUNCTION memset
        mov     r3, r0
1:      subs    r2, r2, #1
        strbpl  r1, [r3], #1
        bpl     1b
        bx      lr

        @ r0 / r1: the quotient in r0, the rest in r1
        FUNCTION __aeabi_uidivmod
        .global __aeabi_uidiv
        .type   __aeabi_uidiv, %function
__aeabi_uidiv:
        cmp     r1, #0
        ldreq   pc, =__aeabi_idiv0
        mov     r2, r0                  @ the rest
        mov     r0, #0
        clz     r3, r1
        clz     r12, r2
        subs    r3, r3, r12
        bmi     2f                      @ the divisor is larger
1:      cmp     r2, r1, lsl r3
        subhs   r2, r2, r1, lsl r3
        adc     r0, r0, r0              @ a bit of the quotient: whether it could be taken off
        subs    r3, r3, #1
        bpl     1b
2:      mov     r1, r2
        bx      lr
        .ltorg

        @ for Thumb code, which lacks the instruction
        FUNCTION __clzsi2
        clz     r0, r0
        bx      lr
