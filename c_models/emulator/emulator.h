/*! \file
 *  \brief A SpiNNaker machine in software: the interface that Python sees.
 *
 *  Application cores run real ARM images instruction by instruction, by the interpreter of this
 *  folder or by libunicorn, opened at run time. Peripherals, memories, routers and links between
 *  chips are here; the caller plays the monitor core's part, between two calls of emu_run().
 *
 *  Time is counted in cycles of the 200 MHz core clock, by default one instruction a cycle:
 *  instructions are exact, cycles are modelled only if asked for (EMU_ARM968). All chips share one
 *  clock. Cores run in slices of `quantum` cycles; packets travel at the end of a slice. The chips of a slice may run on several host
 *  threads: nothing in a chip depends on another one within a slice, so results do not depend on
 *  the number of threads.
 *
 *  cffi reads this file: it has declarations, enumerations and plain structures only.
 */
#ifndef EPROP_EMULATOR_H
#define EPROP_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

typedef struct emu_machine emu_machine;
typedef struct emu_chip emu_chip;

enum { EMU_CORES = 18, EMU_LINKS = 6, EMU_ROUTER_ENTRIES = 1024 };

/*! Kinds of findings of the checks, in the order of FaultKind in pynn_eprop/emulator/faults.py. */
enum emu_fault_kind {
    EMU_UNMAPPED_READ,       /*!< load from where nothing is */
    EMU_UNMAPPED_WRITE,      /*!< store to where nothing is */
    EMU_UNMAPPED_FETCH,      /*!< jump to where nothing is */
    EMU_UNALIGNED,           /*!< address not a multiple of the access size */
    EMU_CODE_WRITE,          /*!< store into the program in ITCM */
    EMU_UNDEFINED,           /*!< undefined instruction */
    EMU_STACK_OVERFLOW,      /*!< the word below the stacks was overwritten */
    EMU_DMA_ADDRESS,         /*!< transfer from or to where nothing is */
    EMU_DMA_OVERFLOW,        /*!< transfer started with two already waiting */
    EMU_PACKET_DROPPED,      /*!< packet lost because the core did not drain its receiver */
    EMU_TICK_OVERRUN,        /*!< no sleep between two expiries of timer 1 */
    EMU_UNKNOWN_REGISTER,    /*!< a register that is not modelled */
    EMU_DMA_ALIGNMENT,       /*!< address or length of a transfer not a multiple of what it must be */
    EMU_TRANSMIT_BUSY,       /*!< packet lost because the transmitter had not sent the one before */
    EMU_FAULT_KINDS
};

typedef struct {
    uint64_t time;    /*!< cycles */
    uint32_t kind;    /*!< emu_fault_kind */
    uint32_t core;    /*!< virtual core number */
    uint32_t pc;      /*!< where; for checks made once per block, the block's address */
    uint32_t address; /*!< of the access, if there is one; else a figure of the check */
} emu_fault;

enum emu_core_activity { EMU_ABSENT, EMU_STOPPED, EMU_RUNNING, EMU_ASLEEP };

typedef struct {
    uint64_t now;              /*!< the core's own time, cycles */
    uint64_t instructions;     /*!< executed since it was loaded */
    uint64_t cycles;           /*!< spent awake since it was loaded; one an instruction unless modelled */
    uint64_t idle;             /*!< cycles spent asleep */
    uint64_t irqs, fiqs;       /*!< interrupts taken */
    uint64_t sent, received, dropped; /*!< packets */
    uint64_t dma_transfers, dma_bytes;
    uint64_t register_accesses;
    uint64_t ticks;            /*!< expiries of timer 1 */
    uint64_t tick_overruns;    /*!< ticks without sleep */
    uint64_t tick_last, tick_most; /*!< instructions in the last tick and in the busiest one */
    uint64_t tick_cycles_last, tick_cycles_most; /*!< and cycles */
    uint64_t faults[EMU_FAULT_KINDS];
    uint32_t pc, cpsr, sp, lr;
    uint32_t activity;         /*!< emu_core_activity */
} emu_core_status;

/*! What a write of "clear done" does to the bits "done" and "second done" of DMA_STAT, in the
    order of DMA_CLEARS in pynn_eprop/emulator/conditions.py. */
enum emu_dma_clear { EMU_DMA_CLEARS_ONE, EMU_DMA_CLEARS_BOTH, EMU_DMA_CLEARS_FIRST };
/*! Kinds of multicast packets, and where they are lost or doubled, in the order of
    pynn_eprop/emulator/conditions.py. */
enum emu_packet_kind { EMU_ANY_PACKET, EMU_PACKET_WITH_PAYLOAD, EMU_PACKET_WITHOUT_PAYLOAD };
enum emu_packet_place { EMU_AT_RECEIVER, EMU_AT_SENDER };
enum { EMU_EVERYWHERE = 0xffff };
/*! Cycles of an instruction: one, or as in arm_cycles.h and memory_time.c. */
enum emu_timing { EMU_ONE_A_CYCLE, EMU_ARM968 };

/*! In which ways the machine is as hard as a real one: Conditions of
    pynn_eprop/emulator/conditions.py. */
typedef struct {
    uint32_t mishaps;       /*!< packets are counted, and some lost or doubled: */
    uint32_t lose_packet, lose_every;     /*!< the n-th, every n-th; 0: none */
    uint32_t double_packet, double_every;
    uint32_t packet_kind;   /*!< emu_packet_kind that is counted */
    uint32_t packet_place;  /*!< emu_packet_place */
    uint32_t packet_chip, packet_core; /*!< index and core; EMU_EVERYWHERE: all */
    uint32_t drain_cycles; /*!< a packet unread for so long makes the router drop the next ones */
    uint32_t dma_clear;    /*!< emu_dma_clear */
    uint32_t dma_stale_cycles; /*!< so long after a start or a clear DMA_STAT is as before it */
    uint32_t dma_alignment; /*!< what addresses and lengths of double-word transfers must be
                                 multiples of */
    uint32_t transmit_cycles; /*!< for which a transmitter is busy after a packet */
    uint32_t congestion;      /*!< routers hold packets back, and drop those that wait too long: */
    uint32_t patience_permille; /*!< how long they wait, of what their registers say */
    uint32_t receiver_places; /*!< packets that a core's receiver holds */
    uint32_t link_cycles;     /*!< for which a link is busy with a packet without payload */
    uint32_t partial_drops;   /*!< outputs that can take it get a packet that is dropped */
    uint32_t timing;       /*!< emu_timing; the others are for EMU_ARM968: */
    uint32_t sdram_mb_s;   /*!< MB a second between SDRAM and all cores of a chip */
    uint32_t sdram_read_cycles; /*!< a core waits for a word from SDRAM that nobody else uses */
    uint32_t dma_setup_cycles;  /*!< until the first byte of a transfer */
} emu_conditions;

/*! Packets that the conditions concern, since they were set. */
typedef struct {
    uint64_t seen, lost, doubled;
    uint64_t dropped; /*!< by routers that hold packets back */
    uint64_t longest_wait; /*!< cycles, of a packet that was first in such a router */
} emu_packet_counts;

/*! Settings of a machine. */
typedef struct {
    uint32_t chips;
    uint32_t threads;      /*!< host threads, the caller included */
    uint32_t quantum;      /*!< cycles of a slice */
    uint32_t unicorn;      /*!< let libunicorn execute the instructions, not the interpreter */
    uint32_t every_access; /*!< with libunicorn: check alignment and code writes, too (slow) */
    uint32_t every_instruction; /*!< let interrupts come at any instruction (slow) */
    uint32_t profile;      /*!< count cycles by address: instructions unless they are modelled */
    emu_conditions conditions;
} emu_settings;

/*! \brief Open libunicorn. \param[in] path of the shared library
 *  \return NULL, or what went wrong
 */
const char *emu_open_unicorn(const char *path);

/*! \brief A machine without links and with no core loaded. \return NULL: no memory */
emu_machine *emu_machine_new(const emu_settings *settings);
void emu_machine_free(emu_machine *machine);

emu_chip *emu_machine_chip(emu_machine *machine, uint32_t index);

/*! \brief How a chip's timers are off.
 *  \param[in] offset cycles by which timer 1 of all cores starts late
 *  \param[in] core_offset likewise, of cores with odd numbers
 *  \param[in] drift parts in 10^9 by which their periods are longer
 */
void emu_chip_clock(emu_chip *chip, uint32_t offset, uint32_t core_offset, int32_t drift);
/*! \brief Change the conditions; packets are counted from here on. */
void emu_set_conditions(emu_machine *machine, const emu_conditions *conditions);
void emu_packet_counts_get(const emu_machine *machine, emu_packet_counts *counts);

/*! \brief Connect one end of a link; each direction is a call of its own. */
void emu_link(emu_chip *from, uint32_t link, emu_chip *to);

/*! \brief Give the cores of a chip their physical numbers, before any is loaded.
 *  \param[in] physical of each virtual core, the monitor's first
 *  \param[in] cores    how many there are; all other cores of the chip are dead
 */
void emu_number_cores(emu_chip *chip, const uint8_t *physical, uint32_t cores);

/*! \brief Let a core meet an undefined instruction at a tick of its timer 1, counted from 1 since it
 *         was loaded. \param[in] tick 0: at none
 */
void emu_crash(emu_chip *chip, uint32_t core, uint32_t tick);

/*! \brief Run until a time, or until a core calls for its monitor.
 *  \return 1: a monitor interrupt is waiting on some chip; 0: the time was reached
 */
int emu_run(emu_machine *machine, uint64_t until);

uint64_t emu_now(const emu_machine *machine);

/*! \brief When something happens next without outside help; UINT64_MAX: never. */
uint64_t emu_next_event(emu_machine *machine);

/*! \brief Instructions executed by all cores, also by those that were stopped since. */
uint64_t emu_instructions(const emu_machine *machine);

/*! \brief Whether a core of this chip has called its monitor since the last call of this. */
int emu_take_monitor_interrupt(emu_chip *chip);

uint8_t *emu_sdram(emu_chip *chip);
uint8_t *emu_sysram(emu_chip *chip);
uint8_t *emu_itcm(emu_chip *chip, uint32_t core);
uint8_t *emu_dtcm(emu_chip *chip, uint32_t core);

/*! \brief Registers of the chip (router, system controller), as a monitor reads and writes them.
 *  \return 0: nothing is there
 */
int emu_peek(emu_chip *chip, uint32_t address, uint32_t *value);
int emu_poke(emu_chip *chip, uint32_t address, uint32_t value);

/*! \brief Reset a core with empty memories. \return NULL, or what went wrong */
const char *emu_core_reset(emu_chip *chip, uint32_t core);

/*! \brief Let a reset core run from an address, in supervisor mode with interrupts masked.
 *  \param[in] r0 what the loader hands to the application: its number and flags
 */
void emu_core_start(emu_chip *chip, uint32_t core, uint32_t pc, uint32_t r0);
void emu_core_stop(emu_chip *chip, uint32_t core);
void emu_core_status_get(emu_chip *chip, uint32_t core, emu_core_status *status);

/*! \brief Cycles by address in ITCM, one figure per halfword; NULL: not profiled. */
const uint64_t *emu_profile(emu_chip *chip, uint32_t core);

/*! \brief The monitor's interrupt to cores (bits by virtual number). */
void emu_interrupt(emu_chip *chip, uint32_t cores);

/*! \brief A multicast packet that arrives at a core now, as from the router. */
void emu_packet(emu_chip *chip, uint32_t core, uint32_t key, uint32_t payload, int loaded);

/*! \brief The flags that applications wait for in SYNC0 and SYNC1. */
void emu_flags(emu_chip *chip, uint32_t set, uint32_t clear);

/*! \brief Does a core hold this lock of the system controller? */
int emu_locked(const emu_chip *chip, uint32_t lock);

/*! \brief Has any chip recorded faults that were not taken? */
int emu_faults_waiting(const emu_machine *machine);

/*! \brief Take the faults recorded since the last call, oldest first. \return how many */
uint32_t emu_take_faults(emu_chip *chip, emu_fault *faults, uint32_t most);

#endif
