/*! \file
 *  \brief Addresses, registers and bits of the SpiNNaker chip, by the names of its datasheet
 *         (SpiNNaker Datasheet 2.02). Offsets are in bytes.
 */
#ifndef EPROP_EMULATOR_REGISTERS_H
#define EPROP_EMULATOR_REGISTERS_H

/* memories */
#define ITCM_BASE 0x00000000u
#define ITCM_SIZE 0x00008000u
#define DTCM_BASE 0x00400000u
#define DTCM_SIZE 0x00010000u
#define SDRAM_BUFFERED 0x60000000u
#define SDRAM_UNBUFFERED 0x70000000u
#define SDRAM_SIZE 0x08000000u
#define SYSRAM_BUFFERED 0xe5000000u
#define SYSRAM_UNBUFFERED 0xf5000000u
#define SYSRAM_SIZE 0x00008000u

/* peripherals: unbuffered base, buffered base */
#define CC_UNBUFFERED 0x10000000u
#define CC_BUFFERED 0x20000000u
#define TIMER_UNBUFFERED 0x11000000u
#define TIMER_BUFFERED 0x21000000u
#define VIC_UNBUFFERED 0x1f000000u
#define VIC_BUFFERED 0x2f000000u
#define VIC_HIGH 0xfffff000u /* where the IRQ vector's PC-relative load finds it */
#define DMA_UNBUFFERED 0x30000000u
#define DMA_BUFFERED 0x40000000u
#define ROUTER_UNBUFFERED 0xf1000000u
#define ROUTER_BUFFERED 0xe1000000u
#define SYSCTL_UNBUFFERED 0xf2000000u
#define SYSCTL_BUFFERED 0xe2000000u
#define MEMCTL_UNBUFFERED 0xf0000000u
#define MEMCTL_BUFFERED 0xe0000000u
#define WATCHDOG_UNBUFFERED 0xf3000000u
#define WATCHDOG_BUFFERED 0xe3000000u
#define PAGE 0x1000u
#define ROUTER_SPAN 0x18000u

/* communications controller */
#define CC_TCR 0x00u
#define CC_TXDATA 0x04u
#define CC_TXKEY 0x08u
#define CC_RSR 0x0cu
#define CC_RXDATA 0x10u
#define CC_RXKEY 0x14u
#define CC_SAR 0x18u
#define CC_TCR_EMPTY (1u << 31)
#define CC_TCR_FULL (1u << 30)    /* sticky */
#define CC_TCR_OVERRUN (1u << 29) /* sticky */
#define CC_TCR_NOT_FULL (1u << 28)
#define CC_SAR_ROUTE 0x07000000u  /* all ones: the packet comes from a core */
#define CC_RSR_RECEIVED (1u << 31)
#define PACKET_CONTROL 0x00ff0000u /* the packet's control byte in TCR and RSR */
#define PACKET_PAYLOAD (1u << 17)
#define PACKET_TYPE(control) (((control) >> 22) & 3u)
enum { PACKET_MC, PACKET_P2P, PACKET_NN, PACKET_FR };

/* timers: the second one is 0x20 above the first */
#define TIMER_SECOND 0x20u
#define TIMER_LOAD 0x00u
#define TIMER_COUNT 0x04u
#define TIMER_CONTROL 0x08u
#define TIMER_INT_CLR 0x0cu
#define TIMER_RAW_INT 0x10u
#define TIMER_MASK_INT 0x14u
#define TIMER_BG_LOAD 0x18u
#define TIMER_ONE_SHOT (1u << 0)
#define TIMER_32_BIT (1u << 1)
#define TIMER_PRESCALE(control) (((control) >> 2) & 3u)
#define TIMER_INT_ENABLE (1u << 5)
#define TIMER_PERIODIC (1u << 6)
#define TIMER_ENABLE (1u << 7)

/* vectored interrupt controller */
#define VIC_IRQ_STATUS 0x00u
#define VIC_FIQ_STATUS 0x04u
#define VIC_RAW 0x08u
#define VIC_SELECT 0x0cu
#define VIC_ENABLE 0x10u
#define VIC_DISABLE 0x14u
#define VIC_SOFT_SET 0x18u
#define VIC_SOFT_CLR 0x1cu
#define VIC_PROTECT 0x20u
#define VIC_VADDR 0x30u
#define VIC_DEFADDR 0x34u
#define VIC_ADDR0 0x100u
#define VIC_CNTL0 0x200u
#define VIC_SLOTS 16u
#define VIC_CNTL_ENABLE 0x20u
enum interrupt {
    INT_TIMER1 = 4,
    INT_TIMER2 = 5,
    INT_CC_READY = 6,
    INT_CC_TX_EMPTY = 11,
    INT_DMA_DONE = 12,
    INT_DMA_ERROR = 13,
    INT_ROUTER_DUMP = 16,
    INT_CPU = 18,
    INT_CC_TX_NOT_FULL = 23,
    INT_CC_MC = 24 /* P2P, NN and FR follow */
};

/* DMA controller */
#define DMA_ADRS 0x04u
#define DMA_ADRT 0x08u
#define DMA_DESC 0x0cu
#define DMA_CTRL 0x10u
#define DMA_STAT 0x14u
#define DMA_GCTL 0x18u
#define DMA_CRCC 0x1cu
#define DMA_CRCR 0x20u
#define DMA_TMTV 0x24u
#define DMA_SCTL 0x28u
#define DMA_STAT0 0x40u
#define DMA_STAT7 0x5cu
#define DMA_DESC_LENGTH 0x0003ffffu
#define DMA_DESC_WRITE (1u << 19) /* from TCM to system memory */
#define DMA_CTRL_UNCOMMIT (1u << 0)
#define DMA_CTRL_ABORT (1u << 1)
#define DMA_CTRL_RESTART (1u << 2)
#define DMA_CTRL_CLEAR_DONE (1u << 3)
#define DMA_STAT_TRANSFERRING (1u << 0)
#define DMA_STAT_QUEUE_FULL (1u << 2)
#define DMA_STAT_DONE (1u << 10)
#define DMA_GCTL_DONE_INT (1u << 10)

/* system controller */
#define SC_CODE 0x5ec00000u
#define SC_CODE_MASK 0xfff00000u
#define SC_CHIP_ID 0x00u
#define SC_CHIP_ID_VALUE 0x59111012u
#define SC_CPU_DIS 0x04u
#define SC_SET_IRQ 0x08u
#define SC_CLR_IRQ 0x0cu
#define SC_SET_OK 0x10u
#define SC_CLR_OK 0x14u
#define SC_MON_ID 0x34u
#define SC_MISC_CTRL 0x38u
#define SC_GPIO_PORT 0x40u
#define SC_GPIO_DIR 0x44u
#define SC_GPIO_SET 0x48u
#define SC_GPIO_CLR 0x4cu
#define SC_FLAG_SET 0x58u
#define SC_FLAG_CLR 0x5cu
#define SC_SLEEP 0x64u
#define SC_TAS0 0x100u
#define SC_TAC0 0x180u
#define SC_LOCKS 32u
#define SC_LOCK_WAS_SET (1u << 31)
#define ALL_CORES 0x3ffffu

/* router */
#define RTR_REGISTERS 0x1000u
#define RTR_CONTROL 0x00u
#define RTR_CONTROL_DUMP_INT (1u << 2)
#define RTR_STATUS 0x04u
#define RTR_STATUS_BLOCKED (2u << 24) /* in the first wait */
#define RTR_STATUS_DUMP (1u << 29 | 1u << 31)
#define RTR_ERROR_STATUS 0x14u
#define RTR_DUMP_HEADER 0x18u
#define RTR_DUMP_KEY 0x1cu
#define RTR_DUMP_DATA 0x20u
#define RTR_DUMP_OUTPUTS 0x24u
#define RTR_DUMP_STATUS 0x28u
#define RTR_DUMP_DUMPED (1u << 31)
#define RTR_DUMP_OVERFLOW (1u << 30)
#define RTR_DIAG_ENABLE 0x2cu
#define RTR_FIXED_ROUTE 0x84u
#define RTR_DIAG_FILTER0 0x200u
#define RTR_DIAG_COUNT0 0x300u
#define RTR_DIAG_COUNTERS 16u
#define RTR_MC_ROUTE 0x4000u
#define RTR_MC_KEY 0x8000u
#define RTR_MC_MASK 0xc000u
#define RTR_P2P 0x10000u
#define RTR_P2P_WORDS 8192u
#define RTR_P2P_NOWHERE 0x00db6db6u /* eight entries a word, each 6: no route */
#define RTR_UNUSED_ROUTE 0xff000000u

/* program status register and exception vectors */
#define CPSR_THUMB (1u << 5)
#define CPSR_NO_FIQ (1u << 6)
#define CPSR_NO_IRQ (1u << 7)
#define CPSR_MODE 0x1fu
#define CPSR_MODE_AND_THUMB 0x3fu
enum { MODE_FIQ = 0x11, MODE_IRQ = 0x12, MODE_SVC = 0x13, MODE_ABORT = 0x17, MODE_UNDEFINED = 0x1b };
enum {
    VECTOR_UNDEFINED = 0x04,
    VECTOR_SVC = 0x08,
    VECTOR_PREFETCH_ABORT = 0x0c,
    VECTOR_DATA_ABORT = 0x10,
    VECTOR_IRQ = 0x18,
    VECTOR_FIQ = 0x1c
};

/* what every image built on SARK has at a fixed place in ITCM (its vector table) */
#define SARK_STACK_SIZE 0x46u /* halfword: bytes of all stacks */
#define SARK_CODE_TOP 0x48u
#define SARK_STACK_TOP 0x50u
#define SARK_STACK_FILL 0x54u
#define SARK_TABLE_END 0x80u

#endif
