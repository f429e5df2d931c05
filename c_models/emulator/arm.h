/*! \file
 *  \brief The interpreter's ARM core (ARMv5TE as in the ARM968E-S): state and decoded code.
 *
 *  Instructions are decoded once, into blocks of operations in one array per core. Thumb
 *  instructions become the ARM operations that the architecture defines them by.
 */
#ifndef EPROP_EMULATOR_ARM_H
#define EPROP_EMULATOR_ARM_H

#include "core.h"

enum { ARM_SP = 13, ARM_LR = 14, ARM_PC = 15, ARM_ALWAYS = 14 };

/*! Data-processing operations have four kinds of second operand; their codes are
 *  (operation * 2 + sets flags) * 4 + kind. The others follow.
 */
enum arm_operand { BY_VALUE, BY_REGISTER, BY_SHIFT, BY_VARIABLE_SHIFT };
enum arm_operation {
    ARM_AND, ARM_EOR, ARM_SUB, ARM_RSB, ARM_ADD, ARM_ADC, ARM_SBC, ARM_RSC,
    ARM_TST, ARM_TEQ, ARM_CMP, ARM_CMN, ARM_ORR, ARM_MOV, ARM_BIC, ARM_MVN
};
#define ARM_DATA(operation, flags, kind) (((operation) * 2 + (flags)) * 4 + (kind))
enum arm_code {
    OP_DATA_TO_PC = 128, /* rd: operation, sets flags << 4, kind << 5 */
    OP_READ_PC,          /* not an instruction: puts `value` where the next one reads the PC */
    OP_END,              /* not an instruction: the block goes on at `value` */
    OP_BRANCH, OP_BRANCH_LINK, OP_BRANCH_LINK_THUMB, OP_BX, OP_BLX,
    OP_THUMB_LINK, OP_THUMB_LINK_ARM, /* second halves of the Thumb calls; `value`: offset */
    OP_LOAD_LITERAL, /* a word at the address `value` */
    OP_LOAD, OP_LOAD_BYTE, OP_LOAD_HALF, OP_LOAD_SIGNED_BYTE, OP_LOAD_SIGNED_HALF,
    OP_STORE, OP_STORE_BYTE, OP_STORE_HALF, /* at rn + `value` */
    OP_LOAD_X, OP_LOAD_BYTE_X, OP_LOAD_HALF_X, OP_LOAD_SIGNED_BYTE_X, OP_LOAD_SIGNED_HALF_X,
    OP_STORE_X, OP_STORE_BYTE_X, OP_STORE_HALF_X, /* all other ways of addressing: see `rs` */
    OP_LOAD_TO_PC, OP_LOAD_DOUBLE, OP_STORE_DOUBLE,
    OP_LOAD_MANY, OP_STORE_MANY, OP_SWAP, OP_SWAP_BYTE,
    OP_MUL, OP_MLA, OP_UMULL, OP_UMLAL, OP_SMULL, OP_SMLAL, /* amount: sets the flags */
    OP_SMLA_XY, OP_SMLAW_Y, OP_SMULW_Y, OP_SMLAL_XY, OP_SMUL_XY,
    OP_QADD, OP_QSUB, OP_QDADD, OP_QDSUB, OP_CLZ,
    OP_MRS_CPSR, OP_MRS_SPSR, OP_MSR_CPSR, OP_MSR_SPSR, /* amount: fields; shift: from `value` */
    OP_READ_SYSTEM, OP_WRITE_SYSTEM, OP_SLEEP, OP_NOTHING,
    OP_SVC, OP_BREAKPOINT, OP_UNDEFINED
};

/*! How loads and stores of the _X kind find their address (field `rs`). */
enum arm_addressing { X_REGISTER = 1, X_DOWN = 2, X_BEFORE = 4, X_WRITE_BACK = 8, X_USER = 16 };
/*! Shifts by a constant; LSR and ASR of 32 and RRX are distinguished when they are decoded. */
enum arm_shift { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR, SHIFT_RRX };

typedef struct {
    uint8_t code, condition, rd, rn, rm, rs, shift, amount;
    uint32_t value;
    uint32_t address; /* of the instruction */
} arm_op;

/*! A block is a header and its operations, the last of which is OP_END. */
typedef union {
    arm_op op;
    struct {
        uint32_t instructions, thumb, cycles;
    } block;
} arm_cell;

enum { ARM_BLOCK_CELLS = 2 * 512 + 2 }; /* the largest block: a KB of Thumb code */
enum { ARM_BANKS = 6 }; /* user and system, FIQ, IRQ, supervisor, abort, undefined */

typedef struct {
    uint32_t r[16];
    uint32_t n, z;         /* N is bit 31 of n; Z is set when z is 0 */
    uint32_t c, v;         /* C is 0 or 1; V is bit 31 of v */
    uint32_t q, mode, masks; /* masks: CPSR_NO_IRQ, CPSR_NO_FIQ */
    bool thumb;
    bool stale;            /* decoded code was overwritten */
    uint32_t sp[ARM_BANKS], lr[ARM_BANKS], spsr[ARM_BANKS], user_high[5], fiq_high[5];
    uint32_t system_control;
    arm_cell *cells;       /* the first one is not used */
    uint32_t used, size;
    uint32_t entry[ITCM_SIZE / 2];          /* cell of the block at an address; 0: none */
    uint32_t decoded[ITCM_SIZE / 4 / 32];   /* words of ITCM that blocks were made from */
    arm_cell outside[ARM_BLOCK_CELLS];          /* the block being executed outside ITCM */
} arm_cpu;

static inline arm_cpu *arm_of(const emu_core *core) { return core->engine; }

/* arm_state.c */
void arm_reset(arm_cpu *cpu);
uint32_t arm_cpsr(const arm_cpu *cpu);
void arm_set_cpsr(arm_cpu *cpu, uint32_t value);
uint32_t *arm_spsr(arm_cpu *cpu);
/*! \brief A register of user mode, whatever the mode is. */
uint32_t *arm_user_register(arm_cpu *cpu, uint32_t number);
/*! \brief Read or write a register of the system control coprocessor; false: there is none. */
bool arm_read_system(const arm_cpu *cpu, uint32_t instruction, uint32_t *value);
bool arm_write_system(arm_cpu *cpu, uint32_t instruction, uint32_t value);

/* arm_decode.c: decodes the instruction of op->address. \return the block ends behind it */
bool arm_decode(uint32_t instruction, arm_op *op);
/*! \brief Whether the operation reads the PC from a register. */
bool arm_reads_pc(const arm_op *op);

/* arm_thumb.c */
bool arm_decode_thumb(uint32_t instruction, arm_op *op);

/* arm_block.c */
/*! \brief The block at an address; NULL: no code can be there. */
const arm_cell *arm_find_block(emu_core *core, uint32_t address);
void arm_forget_code(arm_cpu *cpu);

/* arm_memory.c: what is not in a memory that the core may just use, and all that is wrong.
   false: the core takes the exception that was raised */
bool arm_load_slow(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                   uint32_t *value);
bool arm_store_slow(emu_core *core, const arm_op *op, uint32_t address, uint32_t size,
                    uint32_t value);
/*! \brief An access that must not be at this address. \return false */
bool arm_unaligned(emu_core *core, const arm_op *op, uint32_t address);

/* arm_arithmetic.c */
uint32_t arm_variable_shift(const arm_cpu *cpu, const arm_op *op, uint32_t *carry);
void arm_multiply_long(arm_cpu *cpu, const arm_op *op);
void arm_multiply_halves(arm_cpu *cpu, const arm_op *op);
void arm_add_saturating(arm_cpu *cpu, const arm_op *op);
/*! \brief Data processing whose result is the next address; if it sets the flags, a return from an
 *         exception. \return the address
 */
uint32_t arm_data_to_pc(arm_cpu *cpu, const arm_op *op);
void arm_write_status(arm_cpu *cpu, const arm_op *op);

/* arm_transfer.c; false: the core takes the exception that was raised */
bool arm_transfer_double(emu_core *core, const arm_op *op);
bool arm_swap(emu_core *core, const arm_op *op);
/*! \param[out] pc where to go, if the list has the PC */
bool arm_load_many(emu_core *core, const arm_op *op, uint32_t *pc);
bool arm_store_many(emu_core *core, const arm_op *op);

#endif
