/*! \file
 *  \brief A core and a chip, as the parts of the emulator share them.
 */
#ifndef EPROP_EMULATOR_CORE_H
#define EPROP_EMULATOR_CORE_H

#include "emulator.h"
#include "registers.h"

#include <stdbool.h>

#define NEVER UINT64_MAX
#define NO_CORE 0xffu
enum { RECEIVE_QUEUE = 4096, DMA_QUEUE = 2, FAULTS_KEPT = 256, BLOCKS = ITCM_SIZE / 2 };
enum { ROUTER_PLACES = 16, ROUTER_RING = 32 }; /* packets that a router holds; places for them */

typedef struct {
    uint64_t time;
    uint32_t control, key, payload;          /* control: as the header of a dump */
    uint32_t core;                           /* that sent it */
} mc_packet;

typedef struct {
    uint32_t background, control; /* background: of the next period, which LOAD reads, too */
    uint32_t held;     /* the count while stopped */
    uint64_t expiry;   /* when it reaches zero, while enabled */
    int64_t drift_rest; /* of drift: cycles times 10^9 */
    bool raised;
} timer_state;

typedef struct {
    uint32_t soft, enable, select, default_address;
    uint32_t address[VIC_SLOTS], control[VIC_SLOTS];
    uint32_t priority;                       /* slots below are allowed; VIC_SLOTS + 1: all */
    uint32_t stack[VIC_SLOTS + 2], depth;    /* priorities interrupted */
    bool irq, fiq;                           /* lines to the core */
} vic_state;

typedef struct {
    uint32_t control, payload, source;       /* registers of the transmitter */
    bool loaded;                             /* its payload was written since the last packet */
    bool full, overrun;                      /* its sticky bits */
    uint64_t free_from;                      /* when it has sent its packet; NEVER: it waits */
    mc_packet received[RECEIVE_QUEUE];
    uint32_t head, tail;                     /* counters; their difference is the fill */
    uint64_t sent, taken, dropped;
} comms_state;

typedef struct {
    uint32_t system, tcm, description;
    uint64_t done;
} dma_transfer;

typedef struct {
    uint32_t system, tcm, global_control;
    dma_transfer queue[DMA_QUEUE];
    uint32_t waiting, done;                  /* done: 1 and 2, as bits 10 and 11 of DMA_STAT */
    uint32_t stale_status;
    uint64_t stale_until;                    /* what DMA_STAT shows until then */
    uint64_t transfers, bytes;
} dma_state;

/* Whether a core only wakes to find nothing to do: see idle.c. */
typedef struct {
    bool watched, probing, touched, steady;
    uint32_t wait, next_wait;                /* wakes until it is looked at again */
    uint64_t before;                         /* instructions when it last slept */
    uint64_t woken, ticks, irqs, fiqs;       /* when the probe began */
    uint64_t instructions, awake, accesses;  /* of one wake */
} idle_state;

typedef struct emu_core {
    emu_chip *chip;
    const struct emu_engine *run;                /* what executes its instructions */
    void *engine;                            /* and what that keeps */
    uint32_t number;                         /* virtual */
    uint8_t *itcm, *dtcm;
    enum emu_core_activity activity;
    uint64_t now, limit, started;
    bool timed;                              /* cycles are modelled */
    uint64_t written;                        /* when its write buffer is empty */
    bool interrupted;                        /* one of the lines from the VIC is up */
    bool indirect;                           /* the chip's memories are not used directly */
    uint64_t instructions, idle, irqs, fiqs, register_accesses;
    uint32_t pc;
    enum { CAUSE_SLEEP, CAUSE_TIME, CAUSE_INTERRUPT, CAUSE_EXCEPTION } cause; /* why it returned */
    uint32_t exception, exception_pc;        /* its vector, and where it came from */
    uint64_t ticks, tick_start, tick_last, tick_most, tick_overruns;
    uint64_t tick_cycles_start, tick_cycles_last, tick_cycles_most;
    bool slept;                              /* since the last tick */
    bool crashes;                            /* at its next instruction */
    bool stack_reported;
    uint64_t faults[EMU_FAULT_KINDS];
    uint64_t *profile;
    timer_state timers[2];
    vic_state vic;
    comms_state comms;
    dma_state dma;
    idle_state idling;
} emu_core;

/* A packet in a router. */
typedef struct {
    mc_packet packet;
    uint32_t source;                         /* the link it came over, or EMU_LINKS: a core */
    uint32_t hops;
} held_packet;

typedef struct {
    held_packet places[ROUTER_RING];
    uint32_t first, end;                     /* counters; their difference is the fill */
    uint64_t blocked_since;                  /* the first one; NEVER: it is not */
    uint64_t link_free[EMU_LINKS];
} held_state;

typedef struct {
    uint32_t registers[RTR_REGISTERS / 4];
    bool dumped;                             /* a packet is in the dump registers to be taken */
    uint32_t key[EMU_ROUTER_ENTRIES], mask[EMU_ROUTER_ENTRIES], route[EMU_ROUTER_ENTRIES];
    uint32_t used;                           /* entries from here on are empty */
    uint32_t p2p[RTR_P2P_WORDS];
} router_state;

typedef struct {
    uint32_t interrupts, flags, locks, cpu_disabled, cpu_ok, gpio;
} system_state;

typedef struct {
    uint32_t round, bytes;                   /* of which turn of the ring, and how much of it is used */
} sdram_slot;

struct emu_chip {
    emu_machine *machine;
    uint32_t index;
    uint8_t *sdram, *sysram;
    emu_core *cores[EMU_CORES];              /* by virtual number */
    uint8_t physical[EMU_CORES];             /* number of each virtual core */
    uint8_t virtual_number[EMU_CORES];       /* of each physical core; NO_CORE: it is dead */
    bool renumbered;                         /* some differ */
    sdram_slot *sdram_slots;                 /* who uses SDRAM when: memory_time.c */
    emu_chip *neighbours[EMU_LINKS];
    system_state system;
    router_state router;
    held_state held;
    uint32_t crash_tick[EMU_CORES];          /* at which a core crashes; 0: at none */
    bool monitor_interrupt;
    struct {
        uint32_t offset, core_offset;
        int32_t drift;
    } clock;                                 /* emu_chip_clock() */
    uint32_t running;                        /* the core that has its turn, or NO_CORE */
    bool probing;                            /* one of its cores */
    struct idle_picture *picture;            /* of that core, when it last slept */
    uint64_t next;                           /* when one of its cores has something to do */
    mc_packet *outbox;                          /* sent in this slice */
    uint32_t sent, outbox_size;
    emu_fault faults[FAULTS_KEPT];
    uint32_t fault_count, fault_taken;
    uint64_t past_instructions;              /* of cores that were reset since */
};

emu_settings const *emu_machine_settings(const emu_machine *machine);
emu_packet_counts *machine_packet_counts(emu_machine *machine);

uint64_t machine_slice_begin(const emu_machine *machine);
uint64_t machine_slice_end(const emu_machine *machine);

/* core.c */
void core_free(emu_core *core);
void core_run(emu_core *core, uint64_t end);
/*! \brief When a core has something to do: now if it is awake or has an interrupt. */
uint64_t core_next(const emu_core *core);
/*! \brief Move the time of a sleeping core forward. */
void core_advance(emu_core *core, uint64_t time);
/*! \brief Something else than the core's own stores has written to its ITCM. */
void core_code_changed(emu_core *core, uint32_t address, uint32_t size);
/*! \brief The present program counter. */
uint32_t core_pc(const emu_core *core);
/*! \brief The next block boundary must not be later than this. */
static inline void core_limit(emu_core *core, uint64_t time) {
    if (time < core->limit)
        core->limit = time;
}

/*! \brief Cycles that a core has been awake since it was started. */
static inline uint64_t core_cycles(const emu_core *core) {
    return core->now - core->started - core->idle;
}
/*! \brief Cycles that an instruction takes longer than its block says. */
static inline void core_spend(emu_core *core, uint32_t address, uint64_t cycles) {
    core->now += cycles;
    if (core->profile != NULL && address < ITCM_SIZE)
        core->profile[address / 2] += cycles;
}

/* memory_time.c */
/*! \brief Memory of a chip for the times of its SDRAM, if they are modelled. */
bool memory_time_init(emu_chip *chip);
/*! \brief Let a core whose cycles are modelled wait for a load or store that is not in DTCM.
 *  \param[in] pc address of the instruction
 */
void memory_time_read(emu_core *core, uint32_t pc, uint32_t address);
void memory_time_write(emu_core *core, uint32_t pc, uint32_t address);
/*! \brief Cycles of a DMA transfer that begins now. */
uint64_t memory_time_transfer(emu_core *core, uint32_t system, uint32_t bytes);

/* checks.c */
void fault_record(emu_core *core, enum emu_fault_kind kind, uint32_t pc, uint32_t address);
void check_stack(emu_core *core);
void check_tick(emu_core *core);

/* bus.c */
typedef struct {
    uint32_t bases[3], span;                 /* unbuffered, buffered, and one more place; 0: none */
    uint32_t (*read)(emu_core *core, uint32_t offset);
    void (*write)(emu_core *core, uint32_t offset, uint32_t value);
} bus_device;
enum { BUS_DEVICES = 8 };
extern const bus_device bus_devices[BUS_DEVICES];
/*! \brief The device at an address and the place in it; NULL: none. */
const bus_device *bus_find(uint32_t address, uint32_t *offset);
uint32_t bus_read(emu_core *core, const bus_device *device, uint32_t offset);
void bus_write(emu_core *core, const bus_device *device, uint32_t offset, uint32_t value);
/*! \brief Memory at an address; NULL: not `size` bytes of one. */
uint8_t *bus_memory(emu_core *core, uint32_t address, uint32_t size);

/* vic.c */
void vic_reset(vic_state *vic);
void vic_update(emu_core *core);
uint32_t vic_read(emu_core *core, uint32_t offset);
void vic_write(emu_core *core, uint32_t offset, uint32_t value);

/* timer.c */
void timer_expire(emu_core *core);
uint64_t timer_next(const emu_core *core);
uint32_t timer_read(emu_core *core, uint32_t offset);
void timer_write(emu_core *core, uint32_t offset, uint32_t value);

/* comms.c */
static inline bool comms_busy(const emu_core *core) { return core->now < core->comms.free_from; }
/*! \brief When a busy transmitter becomes free by itself. */
static inline uint64_t comms_next(const emu_core *core) {
    return comms_busy(core) ? core->comms.free_from : NEVER;
}
void comms_reset(comms_state *comms);
/*! \brief A packet that the router gave up because this core had no place for it. */
void comms_drop(emu_core *core, const mc_packet *packet);
static inline bool comms_waiting(const comms_state *comms) { return comms->head != comms->tail; }
/*! \brief A packet from the router. */
void comms_deliver(emu_core *core, const mc_packet *packet, uint64_t time);
uint32_t comms_read(emu_core *core, uint32_t offset);
void comms_write(emu_core *core, uint32_t offset, uint32_t value);

/* mishaps.c */
/*! \brief How often a packet goes on from a place: 1, or 0 or 2 if the conditions say so.
 *  \param[in] core that sends or receives it
 */
uint32_t mishap_copies(const emu_chip *chip, uint32_t core, const mc_packet *packet,
                       enum emu_packet_place place);

/* dma.c */
void dma_complete(emu_core *core);
static inline uint64_t dma_next(const dma_state *dma) { return dma->waiting ? dma->queue[0].done : NEVER; }
/*! \brief Does it ask for its interrupt "done"? */
static inline bool dma_interrupts(const dma_state *dma) {
    return (dma->global_control >> DMA_GCTL_DONE_SHIFT & dma->done) != 0;
}
uint32_t dma_read(emu_core *core, uint32_t offset);
void dma_write(emu_core *core, uint32_t offset, uint32_t value);

/* core_numbers.c */
/*! \brief The bit of a core in registers of the chip, which go by physical numbers. */
static inline uint32_t core_bit(const emu_core *core) {
    return 1u << core->chip->physical[core->number];
}
/*! \brief Bits by physical number from bits by virtual number. */
uint32_t cores_physical(const emu_chip *chip, uint32_t cores);
/*! \brief Outputs of a router with virtual core numbers, from those of its registers, and back. */
uint32_t outputs_virtual(const emu_chip *chip, uint32_t outputs);
uint32_t outputs_physical(const emu_chip *chip, uint32_t outputs);

/* idle.c */
void idle_reset(emu_core *core);
/*! \brief A watched core has gone to sleep. */
void idle_slept(emu_core *core);
/*! \brief A core that is looked at uses a device. */
void idle_access(emu_core *core, uint32_t base, uint32_t offset, bool writes);
/*! \brief Bring a core up to date to a time, before something reaches it or asks for it. */
void idle_wake(emu_core *core, uint64_t time);
/*! \brief The same for cores that are about to be interrupted. \param[in] cores physical, as bits */
void idle_wake_for(emu_chip *chip, uint32_t cores);

/* system_controller.c; core is NULL for the monitor */
bool system_read(emu_chip *chip, uint32_t offset, uint32_t *value);
bool system_write(emu_chip *chip, uint32_t offset, uint32_t value);

/* router.c */
void router_reset(router_state *router);
bool router_read(emu_chip *chip, uint32_t offset, uint32_t *value);
bool router_write(emu_chip *chip, uint32_t offset, uint32_t value);
/*! \brief Carry a packet from a core to all its receivers. */
void router_send(emu_chip *chip, const mc_packet *packet, uint64_t time);
/*! \brief The link that a packet from a core pretends to come over; EMU_LINKS: none. */
uint32_t router_source(const mc_packet *packet);
/*! \brief The outputs of a packet, with virtual core numbers. \return false: it has none, and is
 *         lost
 */
bool router_find(const emu_chip *chip, const held_packet *held, uint32_t *outputs,
                 bool *by_default);
void router_forward(emu_chip *chip, const held_packet *held, uint32_t outputs, bool by_default,
                    uint64_t time);
void router_lose(emu_chip *chip, const held_packet *held);
/*! \brief Drop a packet because of outputs that did not take it; a core may send it again. */
void router_dump(emu_chip *chip, const held_packet *held, uint32_t outputs, uint64_t time);

static inline bool router_interrupts(const router_state *router) {
    return router->dumped && (router->registers[RTR_CONTROL / 4] & RTR_CONTROL_DUMP_INT);
}

/* congestion.c */
/*! \brief Move what a chip's cores sent, and what its router holds, as far as there is room. */
void congestion_carry(emu_chip *chip, uint64_t time);
void congestion_pass(emu_chip *chip, uint32_t link, const mc_packet *packet, uint64_t time,
                     uint32_t hops);
/*! \brief Are there packets that wait for room? */
bool congestion_waits(const emu_chip *chip);

#endif
