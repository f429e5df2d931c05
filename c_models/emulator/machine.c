/*! \file
 *  \brief Chips side by side, and the slices of time in which they run.
 */
#include "core.h"
#include "../threads/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct emu_machine {
    emu_settings settings;
    emu_chip *chips;
    emu_chip **due;      /* chips with something to do in this slice */
    uint64_t now, slice_end;
    thread_pool *pool;
    emu_packet_counts packets;
};

emu_settings const *emu_machine_settings(const emu_machine *machine) { return &machine->settings; }
emu_chip *emu_machine_chip(emu_machine *machine, uint32_t index) { return &machine->chips[index]; }
uint64_t emu_now(const emu_machine *machine) { return machine->now; }
uint64_t machine_slice_end(const emu_machine *machine) { return machine->slice_end; }
uint64_t machine_slice_begin(const emu_machine *machine) {
    const uint64_t quantum = machine->settings.quantum;
    return (machine->slice_end - 1) / quantum * quantum;
}
uint8_t *emu_sdram(emu_chip *chip) { return chip->sdram; }
uint8_t *emu_sysram(emu_chip *chip) { return chip->sysram; }
uint8_t *emu_itcm(emu_chip *chip, uint32_t core) { return chip->cores[core]->itcm; }
uint8_t *emu_dtcm(emu_chip *chip, uint32_t core) { return chip->cores[core]->dtcm; }
emu_packet_counts *machine_packet_counts(emu_machine *machine) { return &machine->packets; }
void emu_link(emu_chip *from, uint32_t link, emu_chip *to) { from->neighbours[link] = to; }

void emu_set_conditions(emu_machine *machine, const emu_conditions *conditions) {
    machine->settings.conditions = *conditions;
    machine->packets = (emu_packet_counts){0};
}

void emu_packet_counts_get(const emu_machine *machine, emu_packet_counts *counts) {
    *counts = machine->packets;
}

const uint64_t *emu_profile(emu_chip *chip, uint32_t core) {
    return chip->cores[core] == NULL ? NULL : chip->cores[core]->profile;
}

static bool chip_init(emu_chip *chip, emu_machine *machine, uint32_t index) {
    enum { PROTECTION = PROT_READ | PROT_WRITE };
    chip->machine = machine;
    chip->index = index;
    chip->next = NEVER;
    chip->running = NO_CORE;
    chip->held.blocked_since = NEVER;
    for (uint32_t i = 0; i < EMU_CORES; i++)
        chip->physical[i] = chip->virtual_number[i] = (uint8_t)i;
    router_reset(&chip->router);
    chip->sdram = mmap(NULL, SDRAM_SIZE, PROTECTION, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1, 0);
    chip->sysram = mmap(NULL, SYSRAM_SIZE, PROTECTION, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory_time_init(chip) && chip->sdram != MAP_FAILED && chip->sysram != MAP_FAILED;
}

static void chip_free(emu_chip *chip) {
    for (uint32_t i = 0; i < EMU_CORES; i++)
        core_free(chip->cores[i]);
    if (chip->sdram != NULL && chip->sdram != MAP_FAILED)
        munmap(chip->sdram, SDRAM_SIZE);
    if (chip->sysram != NULL && chip->sysram != MAP_FAILED)
        munmap(chip->sysram, SYSRAM_SIZE);
    free(chip->outbox);
    free(chip->sdram_slots);
    free(chip->picture);
}

emu_machine *emu_machine_new(const emu_settings *settings) {
    emu_machine *const machine = calloc(1, sizeof *machine);
    if (machine == NULL)
        return NULL;
    machine->settings = *settings;
    machine->chips = calloc(settings->chips, sizeof *machine->chips);
    machine->due = calloc(settings->chips, sizeof *machine->due);
    machine->pool = thread_pool_start(settings->threads);
    bool complete = machine->chips != NULL && machine->due != NULL && machine->pool != NULL;
    for (uint32_t i = 0; i < settings->chips && complete; i++)
        complete = chip_init(&machine->chips[i], machine, i);
    if (complete)
        return machine;
    emu_machine_free(machine);
    return NULL;
}

void emu_machine_free(emu_machine *machine) {
    if (machine == NULL)
        return;
    thread_pool_stop(machine->pool);
    for (uint32_t i = 0; machine->chips != NULL && i < machine->settings.chips; i++)
        chip_free(&machine->chips[i]);
    free(machine->chips);
    free(machine->due);
    free(machine);
}

static void chip_refresh(emu_chip *chip) {
    chip->next = NEVER;
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if (chip->cores[i] != NULL && core_next(chip->cores[i]) < chip->next)
            chip->next = core_next(chip->cores[i]);
}

/* One chip, one slice: its cores one after the other, on one host thread. */
static void run_chip(void *context, size_t index, size_t thread) {
    (void)thread;
    emu_machine *const machine = context;
    emu_chip *const chip = machine->due[index];
    for (uint32_t i = 0; i < EMU_CORES; i++)
        if (chip->cores[i] != NULL && core_next(chip->cores[i]) < machine->slice_end) {
            chip->running = i;
            core_run(chip->cores[i], machine->slice_end);
        }
    chip->running = NO_CORE;
    chip_refresh(chip);
}

/* Packets of the slice in the order of their times; of equal times, by chip and core. */
typedef struct {
    emu_chip *chip;
    const mc_packet *packet;
    uint32_t order;
} posted;

static int earlier(const void *first, const void *second) {
    const posted *const a = first, *const b = second;
    if (a->packet->time != b->packet->time)
        return a->packet->time < b->packet->time ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

static void carry_packets(emu_machine *machine, size_t due) {
    uint32_t total = 0;
    for (size_t i = 0; i < due; i++)
        total += machine->due[i]->sent;
    if (total == 0)
        return;
    posted *const all = malloc(total * sizeof *all);
    if (all == NULL)
        return;
    uint32_t filled = 0;
    for (size_t i = 0; i < due; i++)
        for (uint32_t j = 0; j < machine->due[i]->sent; j++, filled++)
            all[filled] = (posted){machine->due[i], &machine->due[i]->outbox[j], filled};
    qsort(all, total, sizeof *all, earlier);
    for (uint32_t i = 0; i < total; i++)
        router_send(all[i].chip, all[i].packet, machine->slice_end);
    for (size_t i = 0; i < due; i++)
        machine->due[i]->sent = 0;
    free(all);
}

/* Routers hold packets back: what waits in one makes its chip due in the next slice. */
static void carry_with_congestion(emu_machine *machine) {
    for (uint32_t i = 0; i < machine->settings.chips; i++)
        congestion_carry(&machine->chips[i], machine->slice_end);
    for (uint32_t i = 0; i < machine->settings.chips; i++)
        if (congestion_waits(&machine->chips[i]) && machine->slice_end < machine->chips[i].next)
            machine->chips[i].next = machine->slice_end;
}

uint64_t emu_next_event(emu_machine *machine) {
    uint64_t next = NEVER;
    for (uint32_t i = 0; i < machine->settings.chips; i++)
        if (machine->chips[i].next < next)
            next = machine->chips[i].next;
    return next;
}

int emu_run(emu_machine *machine, uint64_t until) {
    const uint64_t quantum = machine->settings.quantum;
    while (machine->now < until) {
        const uint64_t next = emu_next_event(machine);
        if (next >= until) { /* nothing happens before: skip the time */
            machine->now = until;
            return 0;
        }
        const uint64_t from = next > machine->now ? next : machine->now;
        const uint64_t slice = (from / quantum + 1) * quantum;
        machine->slice_end = slice < until ? slice : until;
        size_t due = 0;
        for (uint32_t i = 0; i < machine->settings.chips; i++)
            if (machine->chips[i].next < machine->slice_end)
                machine->due[due++] = &machine->chips[i];
        thread_pool_run(machine->pool, due, run_chip, machine);
        if (machine->settings.conditions.congestion)
            carry_with_congestion(machine);
        else
            carry_packets(machine, due);
        machine->now = machine->slice_end;
        for (size_t i = 0; i < due; i++)
            if (machine->due[i]->monitor_interrupt)
                return 1;
    }
    return 0;
}

int emu_faults_waiting(const emu_machine *machine) {
    for (uint32_t i = 0; i < machine->settings.chips; i++)
        if (machine->chips[i].fault_count != machine->chips[i].fault_taken)
            return 1;
    return 0;
}

uint64_t emu_instructions(const emu_machine *machine) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < machine->settings.chips; i++) {
        total += machine->chips[i].past_instructions;
        for (uint32_t j = 0; j < EMU_CORES; j++)
            if (machine->chips[i].cores[j] != NULL) {
                idle_wake(machine->chips[i].cores[j], machine->now);
                total += machine->chips[i].cores[j]->instructions;
            }
    }
    return total;
}
