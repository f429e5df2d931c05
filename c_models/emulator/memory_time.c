/*! \file
 *  \brief How long memories and devices outside DTCM keep a core or its DMA controller waiting.
 *
 *  By default loads and stores cost nothing more, and a transfer takes a fixed time and one for each
 *  word, as alone on the bus. If cycles are modelled (EMU_ARM968):
 *
 *  - A load waits until the core's buffered stores are out, and then for what it asks: a device of
 *    the core, or over the chip's network SDRAM, system RAM, router or system controller.
 *  - A store at a bufferable address (bit 28 is 0) goes into the write buffer and costs nothing more
 *    unless it is full; others wait as loads do.
 *  - A load or store that reads or writes ITCM takes its port from the instructions.
 *  - SDRAM moves so many bytes a second for all cores of a chip. Time is divided into slots; a
 *    transfer takes what is free in each from its start on, but no more than its DMA controller
 *    passes. So cores that move at the same time share, in whatever order they are emulated, and what
 *    one takes another waits for. A single word waits at most for one burst of every other core.
 *
 *  Sources. SpiNNaker datasheet 2.02: bit 28 of addresses, bursts of up to 16 double words, "over
 *  1 Gbyte/s" from SDRAM, of which less arrives. A word from shared memory takes more than 100 ns,
 *  20 cycles (slides "SpiNNaker Chip Resources" of the project's workshops, 2015). ARM966E-S
 *  manual (DDI 0164A, table 10.4): a load over the AHB takes a nonsequential and an idle cycle of the
 *  bus and one to come into step. The others are assumed: the figures of emu_conditions, and those
 *  below that say so.
 */
#include "core.h"

#include <stdlib.h>

enum {
    MHZ = 200,
    DMA_SETUP = 60, DMA_BYTES_A_CYCLE = 2,  /* of a core's own controller; assumed */
    DEVICE = 4,                             /* of the core: 3 cycles of the AHB, and into step */
    BUFFERED_WORD = 10,                     /* over the network, from the write buffer; assumed */
    BUFFER = 4,                             /* words of the write buffer; assumed */
    ITCM_DATA = 2,                          /* assumed */
    SLOT = 64, SLOTS = 4096,                /* cycles; a ring */
    WORD_BYTES = 8,                         /* of SDRAM for one word: a beat of its bus */
    BURST_BYTES = 128
};
#define UNBUFFERED (1u << 28)

static const emu_conditions *conditions(const emu_chip *chip) {
    return &emu_machine_settings(chip->machine)->conditions;
}

bool memory_time_init(emu_chip *chip) {
    if (conditions(chip)->timing != EMU_ARM968)
        return true;
    chip->sdram_slots = calloc(SLOTS, sizeof *chip->sdram_slots);
    return chip->sdram_slots != NULL;
}

static bool is_sdram(uint32_t address) {
    return (address & ~UNBUFFERED) - SDRAM_BUFFERED < SDRAM_SIZE;
}

/* Devices of the core are below SDRAM, those of the chip above, but for one place of the VIC */
static bool is_near(uint32_t address) {
    return address < SDRAM_BUFFERED || address - VIC_HIGH < PAGE;
}

static uint32_t free_bytes(sdram_slot *slot, uint32_t round, uint32_t capacity) {
    if (slot->round < round)
        *slot = (sdram_slot){.round = round};
    return slot->round > round ? 0 : capacity - slot->bytes; /* a round ahead: all is taken */
}

/* Take bytes of SDRAM's time from a moment on. \return when the last one is through */
static uint64_t take(emu_chip *chip, uint64_t from, uint32_t bytes, uint32_t most_of_slot) {
    const uint32_t rate = conditions(chip)->sdram_mb_s, capacity = SLOT * rate / MHZ;
    uint64_t done = from;
    for (uint64_t number = from / SLOT; bytes > 0 && number < from / SLOT + SLOTS; number++) {
        sdram_slot *const slot = &chip->sdram_slots[number % SLOTS];
        uint32_t part = free_bytes(slot, (uint32_t)(number / SLOTS), capacity);
        const uint64_t begin = number * SLOT > from ? number * SLOT : from;
        const uint32_t left = (uint32_t)((number + 1) * SLOT - begin) * rate / MHZ;
        part = part < left ? part : left;
        part = part < most_of_slot ? part : most_of_slot;
        part = part < bytes ? part : bytes;
        if (part == 0)
            continue;
        slot->bytes += part;
        bytes -= part;
        const uint64_t full = number * SLOT + (uint64_t)slot->bytes * MHZ / rate;
        const uint64_t alone = begin + (uint64_t)part * MHZ / rate;
        done = full > alone ? full : alone;
    }
    return done;
}

/* Cycles that a core waits for its turn at SDRAM, for a word: none if it is alone */
static uint64_t turn(emu_core *core, uint64_t from) {
    const uint32_t rate = conditions(core->chip)->sdram_mb_s;
    const uint64_t longest = (uint64_t)(EMU_CORES - 1) * BURST_BYTES * MHZ / rate;
    const uint64_t alone = from + (uint64_t)WORD_BYTES * MHZ / rate;
    const uint64_t done = take(core->chip, from, WORD_BYTES, WORD_BYTES);
    const uint64_t wait = done > alone ? done - alone : 0;
    return wait < longest ? wait : longest;
}

/* Cycles until a word is there, with the write buffer empty */
static uint64_t access(emu_core *core, uint32_t address, uint64_t from) {
    if (is_near(address))
        return DEVICE;
    return conditions(core->chip)->sdram_read_cycles +
           (is_sdram(address) ? turn(core, from) : 0);
}

void memory_time_read(emu_core *core, uint32_t pc, uint32_t address) {
    if (address < ITCM_SIZE) {
        core_spend(core, pc, ITCM_DATA);
        return;
    }
    const uint64_t from = core->written > core->now ? core->written : core->now;
    core_spend(core, pc, from + access(core, address, from) - core->now);
}

void memory_time_write(emu_core *core, uint32_t pc, uint32_t address) {
    if (address < ITCM_SIZE || (address & UNBUFFERED)) {
        memory_time_read(core, pc, address);
        return;
    }
    const uint64_t from = core->written > core->now ? core->written : core->now;
    const uint64_t word = is_near(address) ? DEVICE : BUFFERED_WORD;
    core->written = from + word + (is_sdram(address) ? turn(core, from) : 0);
    const uint64_t room = BUFFER * word; /* cycles that a full buffer needs */
    if (core->written > core->now + room)
        core_spend(core, pc, core->written - core->now - room);
}

uint64_t memory_time_transfer(emu_core *core, uint32_t system, uint32_t bytes) {
    const uint32_t alone = bytes / 4 * 4 / DMA_BYTES_A_CYCLE;
    if (!core->timed)
        return DMA_SETUP + alone;
    const uint64_t begin = core->now + conditions(core->chip)->dma_setup_cycles;
    const uint64_t done =
        is_sdram(system) ? take(core->chip, begin, bytes, SLOT * DMA_BYTES_A_CYCLE) : begin;
    return (done > begin + alone ? done : begin + alone) - core->now;
}
