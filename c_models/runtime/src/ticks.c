/*! \file
 *  \brief The timer's ticks, in step with those of other chips.
 *
 *  The monitor measures how far the chip's clock is off and says by how many cycles a microsecond
 *  (15.17). The whole cycles that add up go into the next period, the rest is kept.
 */
#include "runtime.h"

enum { DRIFT_BITS = 17, DRIFT_CHECK_US = 2000000 };

struct rt_tick_state rt_tick_state;

static uint period_us;
static uint phase_us;
static uint period_cycles;
static uint ticks;
static struct {
    int per_tick;
    int rest;
    int next_check_us;
} drift;

void spin1_set_timer_tick_and_phase(uint time, uint phase) {
    period_us = time;
    phase_us = phase;
}

uint spin1_get_simulation_time(void) {
    return ticks;
}

/*! \brief Whole cycles by which the next period is longer. */
static int drift_cycles(void) {
    drift.rest += drift.per_tick;
    const int whole = drift.rest / (1 << DRIFT_BITS);
    drift.rest -= whole * (1 << DRIFT_BITS);
    return whole;
}

void rt_timer_prepare(void) {
    drift.per_tick = (int)period_us * sv->clock_drift;
    drift.rest = 0;
    drift.next_check_us = DRIFT_CHECK_US;
    period_cycles = period_us * sv->cpu_clk;
    const uint first = period_cycles + (uint)drift_cycles();
    TIMER->control = 0;
    TIMER->clear_interrupt = 1;
    TIMER->load = first + phase_us * sv->cpu_clk;
    TIMER->next_load = first;
}

void rt_timer_start(void) {
    INTERRUPTS->enable = BIT(LINE_TIMER);
    TIMER->control = TIMER_PERIODIC_32_BIT_INTERRUPT;
}

void rt_timer_stop(void) {
    INTERRUPTS->disable = BIT(LINE_TIMER);
    TIMER->control = 0;
    TIMER->clear_interrupt = 1;
}

void rt_timer_reset_count(void) {
    ticks = 0;
}

void rt_tick(void) {
    TIMER->clear_interrupt = 1;
    ticks++;
    drift.next_check_us -= (int)period_us;
    if (drift.next_check_us <= 0) {
        drift.per_tick = (int)period_us * sv->clock_drift;
        drift.next_check_us += DRIFT_CHECK_US;
    }
    const uint longer = drift.per_tick == 0 ? 0 : (uint)drift_cycles();
    TIMER->next_load = period_cycles + longer;
    if (rt_tick_state.running) {
        rt_counts.ticks_overrun++;
        if (rt_tick_state.waiting > rt_counts.most_ticks_waiting)
            rt_counts.most_ticks_waiting = rt_tick_state.waiting;
    }
    rt_event(TIMER_TICK, ticks, 0);
}
