/*! \file
 *  \brief Cores that only wake to find nothing to do: their wakes are counted, not executed.
 *
 *  A core that sleeps with the same registers and memories as when it last slept, one tick of its
 *  timer earlier, and that touched nothing in between but its own memories, its timer, its interrupt
 *  controller and the router's status, does the same at each tick until something else reaches it.
 *  Such a core has no events of its own. When a packet, an interrupt or a question comes, it is
 *  brought up to date with the figures of one wake for each, and executes the last one if that is
 *  not over; so nothing differs from a core that executed all.
 */
#include "arm.h"
#include "engine.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 128, LONGEST_WAIT = 4096 }; /* instructions of a wake; wakes between two probes */
enum { REGISTERS = offsetof(arm_cpu, cells) };

struct idle_picture {
    uint8_t itcm[ITCM_SIZE], dtcm[DTCM_SIZE], registers[REGISTERS];
    timer_state timers[2];
    vic_state vic;
    uint32_t control, payload, pc;
};

void idle_reset(emu_core *core) {
    const emu_settings *const settings = emu_machine_settings(core->chip->machine);
    if (core->idling.probing)
        core->chip->probing = false;
    core->idling = (idle_state){.wait = 1, .next_wait = 1};
    core->idling.watched = !settings->unicorn && !settings->profile &&
                           !settings->every_instruction && !settings->conditions.congestion &&
                           !core->timed;
    core->indirect = false;
}

static void take(const emu_core *core, struct idle_picture *picture) {
    memcpy(picture->itcm, core->itcm, ITCM_SIZE);
    memcpy(picture->dtcm, core->dtcm, DTCM_SIZE);
    memcpy(picture->registers, core->engine, REGISTERS);
    memcpy(picture->timers, core->timers, sizeof core->timers);
    memcpy(&picture->vic, &core->vic, sizeof core->vic);
    picture->control = core->comms.control;
    picture->payload = core->comms.payload;
    picture->pc = core->pc;
}

static bool is_same(const emu_core *core, const struct idle_picture *picture) {
    timer_state timers[2];
    memcpy(timers, picture->timers, sizeof timers);
    timers[0].expiry = core->timers[0].expiry; /* the next tick */
    return memcmp(picture->registers, core->engine, REGISTERS) == 0 &&
           memcmp(picture->dtcm, core->dtcm, DTCM_SIZE) == 0 &&
           memcmp(picture->itcm, core->itcm, ITCM_SIZE) == 0 &&
           memcmp(timers, core->timers, sizeof timers) == 0 &&
           memcmp(&picture->vic, &core->vic, sizeof core->vic) == 0 &&
           picture->control == core->comms.control && picture->payload == core->comms.payload &&
           picture->pc == core->pc;
}

static bool alone(const emu_core *core) {
    const uint32_t tick = core->chip->crash_tick[core->number];
    return !core->interrupted && !comms_busy(core) && !comms_waiting(&core->comms) && core->dma.waiting == 0 &&
           core->dma.done == 0 && (core->timers[0].control & TIMER_ENABLE) &&
           !(core->timers[0].control & TIMER_ONE_SHOT) &&
           !(core->timers[1].control & TIMER_ENABLE) && (tick == 0 || tick <= core->ticks);
}

static void begin_probe(emu_core *core) {
    emu_chip *const chip = core->chip;
    idle_state *const state = &core->idling;
    if (chip->probing || !alone(core))
        return;
    if (chip->picture == NULL)
        chip->picture = malloc(sizeof *chip->picture);
    if (chip->picture == NULL)
        return;
    take(core, chip->picture);
    state->touched = false;
    state->probing = chip->probing = true;
    state->ticks = core->ticks;
    state->irqs = core->irqs;
    state->fiqs = core->fiqs;
    state->accesses = core->register_accesses;
    state->woken = core->timers[0].expiry;
    core->indirect = true;
}

static void end_probe(emu_core *core, uint64_t spent) {
    idle_state *const state = &core->idling;
    state->probing = core->chip->probing = false;
    core->indirect = false;
    if (!state->touched && alone(core) && core->ticks == state->ticks + 1 &&
        core->irqs == state->irqs + 1 && core->fiqs == state->fiqs &&
        is_same(core, core->chip->picture)) {
        state->steady = true;
        state->next_wait = 1;
        state->instructions = spent;
        state->awake = core->now - state->woken;
        state->accesses = core->register_accesses - state->accesses;
        return;
    }
    if (state->next_wait < LONGEST_WAIT)
        state->next_wait *= 2;
    state->wait = state->next_wait;
}

void idle_slept(emu_core *core) {
    idle_state *const state = &core->idling;
    const uint64_t spent = core->instructions - state->before;
    state->before = core->instructions;
    if (state->probing)
        end_probe(core, spent);
    else if (spent <= SHORT && --state->wait == 0) {
        state->wait = 1;
        begin_probe(core);
    }
}

void idle_access(emu_core *core, uint32_t base, uint32_t offset, bool writes) {
    const bool harmless = base == VIC_UNBUFFERED ||
                          (base == TIMER_UNBUFFERED && offset == TIMER_INT_CLR && writes) ||
                          (base == ROUTER_UNBUFFERED && offset == RTR_STATUS && !writes);
    if (!harmless)
        core->idling.touched = true;
}

/* One tick and the wake that follows it, in figures. */
static void repeat(emu_core *core) {
    const idle_state *const state = &core->idling;
    core_advance(core, core->timers[0].expiry);
    timer_expire(core);
    core->timers[0].raised = false;
    core->irqs++;
    core->instructions += state->instructions;
    core->register_accesses += state->accesses;
    core->now += state->awake;
    core->slept = true;
}

void idle_wake(emu_core *core, uint64_t time) {
    if (!core->idling.steady)
        return;
    while (core->timers[0].expiry + core->idling.awake <= time)
        repeat(core);
    core->idling.steady = false;
    core->idling.wait = 1;
    core->idling.before = core->instructions;
    core_run(core, time);
    if (core_next(core) < core->chip->next)
        core->chip->next = core_next(core);
}

void idle_wake_for(emu_chip *chip, uint32_t cores) {
    for (uint32_t i = 0; i < EMU_CORES; i++) {
        emu_core *const core = chip->cores[i];
        if (core == NULL || !core->idling.steady || !(cores & core_bit(core)))
            continue;
        /* cores take their turns in a slice in the order of their numbers */
        idle_wake(core, chip->running == NO_CORE ? emu_now(chip->machine)
                        : i < chip->running     ? machine_slice_end(chip->machine)
                                                : machine_slice_begin(chip->machine));
    }
}
