/*! \file
 *  \brief Registers of a core and of its chip, by the names of the datasheet (SpiNNaker 2.02).
 *
 *  The addresses are those whose writes are buffered. A handler acknowledges its interrupt first,
 *  so that the write has arrived before the handler returns.
 */
#ifndef EPROP_RUNTIME_HARDWARE_H
#define EPROP_RUNTIME_HARDWARE_H

#include "spinnaker.h"

#define BIT(n) (1u << (n))

typedef volatile uint reg;

/*! \brief Communications controller. */
struct communications {
    reg transmit_control;
    reg transmit_data;
    reg transmit_key; /*!< writing it sends */
    reg receive_status;
    reg receive_data;
    reg receive_key; /*!< reading it makes room for the next packet */
};
#define COMMUNICATIONS ((struct communications *)0x20000000u)
#define TRANSMIT_NOT_FULL BIT(28)
#define RECEIVED BIT(31)
#define PACKET_HAS_PAYLOAD BIT(17)

/*! \brief First timer. */
struct timer {
    reg load;
    reg count;
    reg control;
    reg clear_interrupt;
    reg raw_interrupt;
    reg masked_interrupt;
    reg next_load; /*!< from the next tick on */
};
#define TIMER ((struct timer *)0x21000000u)
#define TIMER_PERIODIC_32_BIT_INTERRUPT 0xe2u

/*! \brief Vectored interrupt controller. */
struct interrupts {
    reg irq_status;
    reg fiq_status;
    reg raw;
    reg select_fiq;
    reg enable;
    reg disable;
    reg software_set;
    reg software_clear;
    reg protection;
    reg gap_24[3];
    reg current_vector; /*!< writing it ends an interrupt */
    reg default_vector;
    reg gap_38[50];
    reg vector[16];
    reg gap_140[48];
    reg slot[16];
};
#define INTERRUPTS ((struct interrupts *)0x2f000000u)
#define SLOT_ENABLE 0x20u
enum line {
    LINE_SOFTWARE = 1,
    LINE_TIMER = 4,
    LINE_RECEIVED = 6, /*!< a packet of whatever kind */
    LINE_DMA_DONE = 12,
    LINE_CPU = 18, /*!< another core, by the system controller */
    LINE_TRANSMIT_NOT_FULL = 23,
    LINE_MULTICAST = 24
};

/*! \brief DMA controller. */
struct dma {
    reg gap_00;
    reg system_address;
    reg tcm_address;
    reg description; /*!< writing it starts a transfer */
    reg control;
    reg status;
    reg global_control;
};
#define DMA ((struct dma *)0x40000000u)
#define DMA_DOUBLE_WORDS BIT(24)
#define DMA_BURST_OF_16 (4u << 21)
#define DMA_DIRECTION(direction) ((direction) << 19)
#define DMA_CLEAR_DONE BIT(3)
#define DMA_ABANDON_ALL 0x3fu
#define DMA_CLEAR_AND_RESTART 0x0du
#define DMA_INTERRUPT_WHEN_DONE 0xc00u
#define DMA_STATUS_CORE(status) ((status) >> 24)

/*! \brief System controller: interrupts to other cores, barrier flags, locks. */
struct system_controller {
    reg gap_00[2];
    reg set_interrupt;
    reg clear_interrupt;
    reg gap_10[18];
    reg barrier_flags; /*!< a bit for each virtual core; writing sets */
    reg gap_5c[41];
    reg lock[32]; /*!< reading takes it: bit 31 set if it was taken already */
    reg unlock[32];
};
#define SYSTEM_CONTROLLER ((struct system_controller *)0xe2000000u)
#define SYSTEM_CONTROLLER_CODE 0x5ec00000u /* in every write that is to have effect */
#define LOCK_WAS_TAKEN BIT(31)

typedef char locks_are_at_100[offsetof(struct system_controller, lock) == 0x100 ? 1 : -1];
typedef char flags_are_at_58[offsetof(struct system_controller, barrier_flags) == 0x58 ? 1 : -1];
typedef char vectors_are_at_100[offsetof(struct interrupts, vector) == 0x100 ? 1 : -1];
typedef char slots_are_at_200[offsetof(struct interrupts, slot) == 0x200 ? 1 : -1];

#endif
