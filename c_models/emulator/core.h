/*! \file
 *  \brief A core and a chip, as the parts of the emulator share them.
 */
#ifndef EPROP_EMULATOR_CORE_H
#define EPROP_EMULATOR_CORE_H

#include "emulator.h"
#include "registers.h"

#include <stdbool.h>

#define NEVER UINT64_MAX
enum { RECEIVE_QUEUE = 4096, DMA_QUEUE = 2, FAULTS_KEPT = 256, BLOCKS = ITCM_SIZE / 2 };

typedef struct {
    uint64_t time;
    uint32_t control, key, payload;
} mc_packet;

typedef struct {
    uint32_t load, background, control;
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
    uint32_t control, payload;
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

typedef struct emu_core {
    emu_chip *chip;
    const struct emu_engine *run;                /* what executes its instructions */
    void *engine;                            /* and what that keeps */
    uint32_t number;
    uint8_t *itcm, *dtcm;
    enum emu_core_activity activity;
    uint64_t now, limit;
    bool interrupted;                        /* one of the lines from the VIC is up */
    uint64_t instructions, idle, irqs, fiqs, register_accesses;
    uint32_t pc;
    enum { CAUSE_SLEEP, CAUSE_TIME, CAUSE_INTERRUPT, CAUSE_EXCEPTION } cause; /* why it returned */
    uint32_t exception, exception_pc;        /* its vector, and where it came from */
    uint64_t ticks, tick_start, tick_last, tick_most, tick_overruns;
    bool slept;                              /* since the last tick */
    bool stack_reported;
    uint64_t faults[EMU_FAULT_KINDS];
    uint64_t *profile;
    timer_state timers[2];
    vic_state vic;
    comms_state comms;
    dma_state dma;
} emu_core;

typedef struct {
    uint32_t control, dump_status, registers[RTR_REGISTERS / 4];
    uint32_t key[EMU_ROUTER_ENTRIES], mask[EMU_ROUTER_ENTRIES], route[EMU_ROUTER_ENTRIES];
    uint32_t used;                           /* entries from here on are empty */
    uint32_t p2p[RTR_P2P_WORDS];
} router_state;

typedef struct {
    uint32_t interrupts, flags, locks, cpu_disabled, cpu_ok, gpio;
} system_state;

struct emu_chip {
    emu_machine *machine;
    uint8_t *sdram, *sysram;
    emu_core *cores[EMU_CORES];
    emu_chip *neighbours[EMU_LINKS];
    system_state system;
    router_state router;
    bool monitor_interrupt;
    struct {
        uint32_t offset, core_offset;
        int32_t drift;
    } clock;                                 /* emu_chip_clock() */
    uint64_t next;                           /* when one of its cores has something to do */
    mc_packet *outbox;                          /* sent in this slice */
    uint32_t sent, outbox_size;
    emu_fault faults[FAULTS_KEPT];
    uint32_t fault_count, fault_taken;
    uint64_t past_instructions;              /* of cores that were reset since */
};

emu_settings const *emu_machine_settings(const emu_machine *machine);

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
static inline bool comms_waiting(const comms_state *comms) { return comms->head != comms->tail; }
/*! \brief A packet from the router. */
void comms_deliver(emu_core *core, const mc_packet *packet, uint64_t time);
uint32_t comms_read(emu_core *core, uint32_t offset);
void comms_write(emu_core *core, uint32_t offset, uint32_t value);

/* dma.c */
void dma_complete(emu_core *core);
static inline uint64_t dma_next(const dma_state *dma) { return dma->waiting ? dma->queue[0].done : NEVER; }
/*! \brief Does it ask for its interrupt "done"? */
static inline bool dma_interrupts(const dma_state *dma) {
    return (dma->global_control >> DMA_GCTL_DONE_SHIFT & dma->done) != 0;
}
uint32_t dma_read(emu_core *core, uint32_t offset);
void dma_write(emu_core *core, uint32_t offset, uint32_t value);

/* system_controller.c; core is NULL for the monitor */
bool system_read(emu_chip *chip, uint32_t offset, uint32_t *value);
bool system_write(emu_chip *chip, uint32_t offset, uint32_t value);

/* router.c */
void router_reset(router_state *router);
bool router_read(emu_chip *chip, uint32_t offset, uint32_t *value);
bool router_write(emu_chip *chip, uint32_t offset, uint32_t value);
/*! \brief Carry a packet from a core to all its receivers. */
void router_send(emu_chip *chip, const mc_packet *packet, uint64_t time);

#endif
