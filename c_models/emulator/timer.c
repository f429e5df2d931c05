/*! \file
 *  \brief The two timers of a core (SP804), counting core cycles down.
 */
#include "core.h"

enum { DRIFT_PARTS = 1000000000 };

static uint32_t prescale_shift(const timer_state *timer) {
    static const uint32_t shifts[4] = {0, 4, 8, 8};
    return shifts[TIMER_PRESCALE(timer->control)];
}

static uint32_t count(const emu_core *core, const timer_state *timer) {
    if (!(timer->control & TIMER_ENABLE))
        return timer->held;
    return timer->expiry > core->now
               ? (uint32_t)((timer->expiry - core->now) >> prescale_shift(timer))
               : 0;
}

/* Cycles of a period of timer 1 in the time of the machine: the chip's own clock may drift. */
static uint64_t drifted(const emu_core *core, timer_state *timer, uint64_t cycles) {
    const int32_t drift = core->chip->clock.drift;
    if (drift == 0 || timer != &core->timers[0])
        return cycles;
    timer->drift_rest += (int64_t)cycles * drift;
    const int64_t whole = timer->drift_rest / DRIFT_PARTS;
    timer->drift_rest -= whole * DRIFT_PARTS;
    return cycles + (uint64_t)whole;
}

static void start(emu_core *core, timer_state *timer, uint32_t from) {
    timer->drift_rest = 0;
    timer->expiry = core->now + drifted(core, timer, (uint64_t)from << prescale_shift(timer));
    if (timer == &core->timers[0])
        timer->expiry += core->chip->clock.offset +
                         (core->number % 2 ? core->chip->clock.core_offset : 0);
    core_limit(core, timer->expiry);
}

void emu_chip_clock(emu_chip *chip, uint32_t offset, uint32_t core_offset, int32_t drift) {
    chip->clock.offset = offset;
    chip->clock.core_offset = core_offset;
    chip->clock.drift = drift;
}

uint64_t timer_next(const emu_core *core) {
    uint64_t next = NEVER;
    for (uint32_t i = 0; i < 2; i++)
        if ((core->timers[i].control & TIMER_ENABLE) && core->timers[i].expiry < next)
            next = core->timers[i].expiry;
    return next;
}

void timer_expire(emu_core *core) {
    for (uint32_t i = 0; i < 2; i++) {
        timer_state *const timer = &core->timers[i];
        while ((timer->control & TIMER_ENABLE) && timer->expiry <= core->now) {
            if (i == 0)
                check_tick(core);
            timer->raised = true;
            if (timer->control & TIMER_ONE_SHOT) {
                timer->control &= ~TIMER_ENABLE;
                timer->held = 0;
                break;
            }
            const uint32_t whole = timer->control & TIMER_32_BIT ? UINT32_MAX : 0xffffu;
            const uint64_t from = timer->control & TIMER_PERIODIC ? timer->background : whole;
            timer->expiry += drifted(core, timer, (from ? from : 1) << prescale_shift(timer));
        }
    }
}

/* A timer that ends raises its interrupt and counts from its next period at once, whether or not the
   core has been interrupted yet: within a block of code, too. So reads and writes see to that first. */
uint32_t timer_read(emu_core *core, uint32_t offset) {
    const timer_state *const timer = &core->timers[offset / TIMER_SECOND % 2];
    timer_expire(core);
    vic_update(core);
    switch (offset % TIMER_SECOND) {
    case TIMER_LOAD:
    case TIMER_BG_LOAD:
        return timer->background;
    case TIMER_COUNT:
        return count(core, timer);
    case TIMER_CONTROL:
        return timer->control;
    case TIMER_RAW_INT:
        return timer->raised;
    case TIMER_MASK_INT:
        return timer->raised && (timer->control & TIMER_INT_ENABLE);
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), TIMER_UNBUFFERED + offset);
        return 0;
    }
}

void timer_write(emu_core *core, uint32_t offset, uint32_t value) {
    timer_state *const timer = &core->timers[offset / TIMER_SECOND % 2];
    timer_expire(core);
    switch (offset % TIMER_SECOND) {
    case TIMER_LOAD:
        timer->background = timer->held = value;
        if (timer->control & TIMER_ENABLE)
            start(core, timer, value);
        break;
    case TIMER_CONTROL: {
        const uint32_t left = count(core, timer);
        const bool was_running = timer->control & TIMER_ENABLE;
        timer->control = value & 0xffu;
        if (!(value & TIMER_ENABLE))
            timer->held = left;
        else if (!was_running)
            start(core, timer, left);
        break;
    }
    case TIMER_INT_CLR:
        timer->raised = false;
        break;
    case TIMER_BG_LOAD:
        timer->background = value;
        break;
    default:
        fault_record(core, EMU_UNKNOWN_REGISTER, core_pc(core), TIMER_UNBUFFERED + offset);
    }
    vic_update(core);
}
