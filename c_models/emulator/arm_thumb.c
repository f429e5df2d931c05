/*! \file
 *  \brief Decodes Thumb instructions: most as the ARM instruction that does the same
 *         (ARM Architecture Reference Manual, ARMv5TE, chapter A7).
 */
#include "arm.h"

static uint32_t bits(uint32_t word, uint32_t from, uint32_t count) {
    return word >> from & ((1u << count) - 1u);
}
static uint32_t field(uint32_t half, uint32_t from) { return bits(half, from, 3); }

/* Two register numbers at their places in an ARM instruction */
static uint32_t rn(uint32_t number) { return number << 16; }
static uint32_t rd(uint32_t number) { return number << 12; }

static uint32_t add_or_subtract(uint32_t half) {
    static const uint32_t bases[4] = {0xe0900000u, 0xe0500000u, 0xe2900000u, 0xe2500000u};
    return bases[bits(half, 9, 2)] | rn(field(half, 3)) | rd(field(half, 0)) | field(half, 6);
}

static uint32_t with_value(uint32_t half) {
    const uint32_t number = field(half, 8), value = bits(half, 0, 8);
    switch (bits(half, 11, 2)) {
    case 0:
        return 0xe3b00000u | rd(number) | value;
    case 1:
        return 0xe3500000u | rn(number) | value;
    case 2:
        return 0xe2900000u | rn(number) | rd(number) | value;
    default:
        return 0xe2500000u | rn(number) | rd(number) | value;
    }
}

static uint32_t two_registers(uint32_t half) {
    const uint32_t to = field(half, 0), from = field(half, 3), operation = bits(half, 6, 4);
    static const uint32_t bases[16] = {
        0xe0100000u, 0xe0300000u, 0xe1b00010u, 0xe1b00030u, 0xe1b00050u, 0xe0b00000u,
        0xe0d00000u, 0xe1b00070u, 0xe1100000u, 0xe2700000u, 0xe1500000u, 0xe1700000u,
        0xe1900000u, 0xe0100090u, 0xe1d00000u, 0xe1f00000u};
    switch (operation) {
    case 2:
    case 3:
    case 4:
    case 7: /* shifts of a register by one */
        return bases[operation] | rd(to) | from << 8 | to;
    case 8:
    case 10:
    case 11:
        return bases[operation] | rn(to) | from;
    case 9: /* NEG: 0 - from */
        return bases[operation] | rn(from) | rd(to);
    case 13:
        return bases[operation] | rn(to) | from << 8 | to;
    case 15:
        return bases[operation] | rd(to) | from;
    default:
        return bases[operation] | rn(to) | rd(to) | from;
    }
}

static uint32_t high_registers(uint32_t half) {
    const uint32_t to = field(half, 0) | bits(half, 7, 1) << 3, from = bits(half, 3, 4);
    switch (bits(half, 8, 2)) {
    case 0:
        return 0xe0800000u | rn(to) | rd(to) | from;
    case 1:
        return 0xe1500000u | rn(to) | from;
    case 2:
        return 0xe1a00000u | rd(to) | from;
    default:
        return (bits(half, 7, 1) ? 0xe12fff30u : 0xe12fff10u) | from;
    }
}

static uint32_t transfer_by_register(uint32_t half) {
    static const uint32_t bases[8] = {0xe7800000u, 0xe18000b0u, 0xe7c00000u, 0xe19000d0u,
                                      0xe7900000u, 0xe19000b0u, 0xe7d00000u, 0xe19000f0u};
    return bases[field(half, 9)] | rn(field(half, 3)) | rd(field(half, 0)) | field(half, 6);
}

static uint32_t transfer_by_value(uint32_t half) {
    static const uint32_t bases[4] = {0xe5800000u, 0xe5900000u, 0xe5c00000u, 0xe5d00000u};
    const uint32_t which = bits(half, 11, 2), offset = bits(half, 6, 5);
    return bases[which] | rn(field(half, 3)) | rd(field(half, 0)) |
           (which < 2 ? offset * 4 : offset);
}

static uint32_t transfer_half(uint32_t half) {
    const uint32_t offset = bits(half, 6, 5) * 2;
    return (bits(half, 11, 1) ? 0xe1d000b0u : 0xe1c000b0u) | rn(field(half, 3)) |
           rd(field(half, 0)) | (offset & 0xf0u) << 4 | (offset & 15u);
}

static uint32_t miscellaneous(uint32_t half) {
    const uint32_t list = bits(half, 0, 8), extra = bits(half, 8, 1);
    switch (bits(half, 9, 3)) {
    case 0: /* stack pointer */
        if (extra)
            break;
        return (bits(half, 7, 1) ? 0xe24ddf00u : 0xe28ddf00u) | bits(half, 0, 7);
    case 2: /* PUSH */
        return 0xe92d0000u | list | extra << ARM_LR;
    case 6: /* POP */
        return 0xe8bd0000u | list | extra << ARM_PC;
    case 7:
        if (!extra)
            return 0xe1200070u;
        break;
    default:
        break;
    }
    return 0xe7f000f0u; /* an undefined ARM instruction */
}

static bool move_value(arm_op *op, uint32_t number, uint32_t value) {
    *op = (arm_op){.code = ARM_DATA(ARM_MOV, 0, BY_VALUE), .condition = ARM_ALWAYS,
                   .rd = (uint8_t)number, .value = value, .address = op->address};
    return false;
}

static bool branch(arm_op *op, uint32_t code, uint32_t condition, uint32_t value) {
    *op = (arm_op){.code = (uint8_t)code, .condition = (uint8_t)condition, .value = value,
                   .address = op->address};
    return true;
}

static uint32_t signed_offset(uint32_t half, uint32_t width) {
    const uint32_t offset = bits(half, 0, width);
    return offset - (offset >> (width - 1) ? 1u << width : 0);
}

bool arm_decode_thumb(uint32_t half, arm_op *op) {
    const uint32_t pc = op->address + 4, literal = (pc & ~3u) + bits(half, 0, 8) * 4;
    switch (bits(half, 12, 4)) {
    case 0x0:
    case 0x1:
        if (bits(half, 11, 2) == 3)
            return arm_decode(add_or_subtract(half), op);
        return arm_decode(0xe1b00000u | rd(field(half, 0)) | bits(half, 6, 5) << 7 |
                              bits(half, 11, 2) << 5 | field(half, 3), op);
    case 0x2:
    case 0x3:
        return arm_decode(with_value(half), op);
    case 0x4:
        if (bits(half, 11, 1)) {
            *op = (arm_op){.code = OP_LOAD_LITERAL, .condition = ARM_ALWAYS,
                           .rd = (uint8_t)field(half, 8), .value = literal,
                           .address = op->address};
            return false;
        }
        return arm_decode(bits(half, 10, 1) ? high_registers(half) : two_registers(half), op);
    case 0x5:
        return arm_decode(transfer_by_register(half), op);
    case 0x6:
    case 0x7:
        return arm_decode(transfer_by_value(half), op);
    case 0x8:
        return arm_decode(transfer_half(half), op);
    case 0x9:
        return arm_decode((bits(half, 11, 1) ? 0xe59d0000u : 0xe58d0000u) | rd(field(half, 8)) |
                              bits(half, 0, 8) * 4, op);
    case 0xa:
        if (!bits(half, 11, 1))
            return move_value(op, field(half, 8), literal);
        return arm_decode(0xe28d0f00u | rd(field(half, 8)) | bits(half, 0, 8), op);
    case 0xb:
        return arm_decode(miscellaneous(half), op);
    case 0xc:
        return arm_decode((bits(half, 11, 1) ? 0xe8b00000u : 0xe8a00000u) | rn(field(half, 8)) |
                              bits(half, 0, 8), op);
    case 0xd:
        if (bits(half, 8, 4) == 15)
            return arm_decode(0xef000000u, op);
        if (bits(half, 8, 4) == 14)
            return arm_decode(0xe7f000f0u, op);
        return branch(op, OP_BRANCH, bits(half, 8, 4), pc + 2 * signed_offset(half, 8));
    case 0xe:
        if (bits(half, 11, 1))
            return branch(op, OP_THUMB_LINK_ARM, ARM_ALWAYS, bits(half, 0, 11) * 2);
        return branch(op, OP_BRANCH, ARM_ALWAYS, pc + 2 * signed_offset(half, 11));
    default:
        if (bits(half, 11, 1))
            return branch(op, OP_THUMB_LINK, ARM_ALWAYS, bits(half, 0, 11) * 2);
        return move_value(op, ARM_LR, pc + (signed_offset(half, 11) << 12));
    }
}
