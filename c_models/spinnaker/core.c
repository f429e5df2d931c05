/*! \file
 *  \brief The life of a core: loading, steps, intervals, pause and resume.
 *
 *  The timer only counts ticks. The steps are done by a callback of lower priority, one after the
 *  other until it has caught up, so that an update may take many ticks and no step is left out.
 */
#include "core.h"

#include <data_specification.h>
#include <debug.h>
#include <recording.h>
#include <simulation.h>

#include "arrivals.h"
#include "gradient.h"
#include "packets.h"
#include "population.h"
#include "record.h"
#include "spike_log.h"
#include "tallies.h"
#include "transfers.h"
#include "update.h"
#include "values.h"

enum { PRIORITY_WORK = 1, AT_ONCE = 64, MOST_STEPS_LATE = 4 };
enum { ACTIVITY_WORDS = sizeof(update_activity) / 4, CONSTANT_WORDS = sizeof(ep_optimizer_step) / 4 };
enum { NO_DMA_CALLBACK = -2 };

core_data core;
core_clock now;
uint32_t counts[PROVENANCE_COUNT];

static data_specification_metadata_t *regions;
static uint32_t simulation_ticks, infinite_run;
static volatile uint32_t ticks; /* since the run began */
static uint32_t handled;        /* of them */
static uint32_t first_step;     /* machine step of the first tick */
static volatile bool working;
static bool begin_anew;
static uint32_t longest_tick, longest_update; /* cycles */

static void *region(uint32_t number) { return data_specification_get_region(number, regions); }

/* --- what all parts use --- */

static void store_provenance(address_t provenance) {
    counts[PROVENANCE_LONGEST_TICK] = longest_tick / sv->cpu_clk;
    counts[PROVENANCE_LONGEST_UPDATE] = longest_update / sv->cpu_clk;
    copy_words(provenance, counts, PROVENANCE_COUNT);
}

void fail(uint32_t code, uint32_t used, uint32_t given) {
    core_status *const status = region(REGION_STATUS);
    *status = (core_status){code, used, given, now.interval};
    struct simulation_provenance *const provenance = region(REGION_PROVENANCE);
    store_provenance(provenance->provenance_data_elements);
    log_error("interval %u: status %u, %u needed, %u given", now.interval, code, used, given);
    rt_error(RTE_SWERR);
}

void *take(uint32_t bytes) {
    const uint32_t rounded = (bytes + 7) & ~UINT32_C(7);
    uint8_t *memory = spin1_malloc(rounded + 4);
    if (memory == NULL)
        fail(STATUS_NO_DTCM, rounded, 0);
    memory += (uintptr_t)memory & 4; /* a heap only promises words, and C may use double words */
    clear_words(memory, rounded / 4);
    return memory;
}

void clear_words(void *memory, uint32_t words) {
    volatile uint32_t *const out = memory; /* or the compiler asks a library to do it */
    for (uint32_t q = 0; q < words; q++)
        out[q] = 0;
}

void copy_words(void *to, const void *from, uint32_t words) {
    volatile uint32_t *const out = to;
    const uint32_t *const in = from;
    for (uint32_t q = 0; q < words; q++)
        out[q] = in[q];
}

uint32_t steps_behind(void) { return ticks - handled; }

/* Not the load register, which differs from tick to tick by what corrects the clock's drift. */
static uint32_t step_cycles(void) { return core.setup.timestep_us * sv->cpu_clk; }

/* Cycles since the first tick. The timer counts its next period before the core has been interrupted,
 * so that a tick may be missing in what was read if it waits now, or came since. */
static __attribute__((noinline)) uint32_t cycles(void) {
    uint32_t tick, count;
    do {
        tick = ticks;
        count = tc[T1_COUNT];
    } while (tc[T1_RAW_INT] != 0 || tick != ticks);
    return tick * step_cycles() - count;
}

void await_turn(void) {
    const uint32_t round = core.setup.round_cycles;
    if (round == 0)
        return;
    const uint32_t from = cycles();
    uint32_t turn = (ticks - 1) * step_cycles() + core.setup.turn_cycles;
    while ((int32_t)(turn - from) < 0)
        turn += round;
    while ((int32_t)(cycles() - turn) < 0)
        continue;
}

/* --- updates --- */

static void do_update(void) {
    const uint32_t place = now.updates - core.run.first_update;
    if (place >= core.run.n_updates)
        fail(STATUS_NO_CONSTANTS, place + 1, core.run.n_updates);
    uint32_t *const report =
        core.updates + place * (ACTIVITY_WORDS + core.setup.n_plastic * CONSTANT_WORDS);
    *(update_activity *)(void *)report = now.activity;
    now.activity.spikes = now.activity.slope = 0;
    if (core.setup.n_plastic != 0) {
        const uint32_t *const constants = report + ACTIVITY_WORDS;
        update_weights(constants);
        population_update(constants + (core.setup.n_plastic - 1) * CONSTANT_WORDS);
        gradient_forget();
    }
    population_forget();
    now.updates++;
    counts[PROVENANCE_UPDATES]++;
}

/* An interval that ends behind time, as a burst of spikes makes it, may make the next one begin as
 * many steps late, up to some; other cores still know which step its spikes are from. Not after
 * learning, which ignores spikes: it must be over when the next interval begins. */
static void check_in_time(uint32_t used, uint32_t was_behind) {
    const uint32_t most = now.learning && core.setup.n_plastic != 0 ? 0 : MOST_STEPS_LATE;
    const uint32_t late = was_behind < most ? was_behind : most;
    const uint32_t given = now.pause * core.setup.timestep_us;
    counts[PROVENANCE_GIVEN_UPDATE] = core.setup.pause_update * core.setup.timestep_us;
    if (now.local + steps_behind() < core.setup.interval_steps + now.pause + late)
        return;
    fail(STATUS_PAUSE_TOO_SHORT, (END_OF_INTERVAL + was_behind) * core.setup.timestep_us + used,
         given);
}

static void end_interval(void) {
    now.ended = true;
    tallies_report();
    const uint32_t begun = cycles(), moved = transfers_bytes(), was_behind = steps_behind();
    population_end();
    if (now.learning) {
        if (core.setup.log_slots == 1)
            gradient_add(0);
        now.pending++;
    }
    if (now.update_due) {
        for (uint32_t slot = 0; core.setup.log_slots > 1 && slot < now.pending; slot++)
            gradient_add(slot);
        do_update();
        now.pending = 0;
    }
    transfers_finish();
    const uint32_t taken = cycles() - begun;
    if (taken > longest_update) {
        longest_update = taken;
        counts[PROVENANCE_UPDATE_BYTES] = transfers_bytes() - moved;
    }
    check_in_time(taken / sv->cpu_clk, was_behind);
}

/* --- steps --- */

static void begin_interval(void) {
    if (begin_anew)
        now.interval = 0;
    else
        now.interval++;
    begin_anew = false;
    now.base = now.time;
    now.local = 0;
    now.ended = false;
    now.learning = core.run.learning && core.setup.interval_steps != 0;
    now.update_due = now.learning && now.pending + 1 == core.setup.trials_per_update;
    now.pause = now.update_due ? core.setup.pause_update : core.setup.pause_trial;
    population_begin();
    arrivals_reset();
    log_begin();
}

static bool interval_is_over(void) {
    return core.setup.interval_steps != 0 &&
           now.time - now.base == core.setup.interval_steps + now.pause;
}

/* Rows of the spikes of a local step that arrive through a delay. */
static void add_from_log(uint32_t step, uint32_t delay) {
    uint32_t sources[AT_ONCE], place, count = log_find(log_slot(), step, step, &place);
    while (count > 0) {
        const uint32_t some = count < AT_ONCE ? count : AT_ONCE;
        log_read(log_slot(), place, some, sources);
        arrivals_add(sources, some, delay);
        place += some;
        count -= some;
    }
}

/* Spikes that were sent a machine step ago: into the log, and their rows if they arrive at once.
 * All of them are taken before the first row is added, so that there is room for those to come. */
static void take_spikes(bool arrive) {
    uint32_t sources[AT_ONCE], count, total = 0;
    do {
        count = packets_take(sources, AT_ONCE);
        log_add(sources, count);
        total += count;
    } while (count == AT_ONCE);
    const uint32_t step = now.local - 1;
    if (now.local != 0 && (core.setup.interval_steps == 0 || step <= core.setup.interval_steps))
        log_close(step);
    if (!arrive)
        return;
    if (total < AT_ONCE)
        arrivals_add(sources, total, 1);
    else
        add_from_log(step, 1);
}

/* Rows of earlier spikes that arrive through longer delays. */
static void take_delayed(void) {
    uint32_t done = 1;
    for (uint32_t k = 0; k < core.setup.n_blocks; k++) {
        const uint32_t delay = core.blocks[k].delay;
        if (delay == done || delay > now.local)
            continue; /* blocks are ordered by delay */
        done = delay;
        add_from_log(now.local - delay, delay);
    }
}

/* Values that arrive at this step, and those of this step into the log. */
static void take_values(bool arrive) {
    if (arrive)
        arrivals_add_values();
    if (now.learning && core.setup.n_plastic != 0 && now.local < core.setup.interval_steps)
        values_keep(now.local);
}

static void do_step(void) {
    if (begin_anew || interval_is_over())
        begin_interval();
    const uint32_t T = core.setup.interval_steps;
    now.local = now.time - now.base;
    tallies_step();
    const bool steps =
        now.local > population_lag && (T == 0 || now.local <= T + population_lag);
    if (VALUE_SOURCES != 0)
        take_values(steps);
    take_spikes(steps);
    if (steps) {
        take_delayed();
        arrivals_close();
        population_step(now.local - population_lag, arrivals_input());
    }
    population_tick();
    if (T != 0 && now.local == T + END_OF_INTERVAL)
        end_interval();
}

static void time_step(void) {
    const bool ends = now.local + 1 == core.setup.interval_steps + END_OF_INTERVAL &&
                      core.setup.interval_steps != 0;
    const uint32_t begun = cycles();
    do_step();
    const uint32_t taken = cycles() - begun;
    if (ends)
        return;
    if (taken > longest_tick)
        longest_tick = taken;
    if (taken > step_cycles()) /* a short step that begins late ends behind time, too */
        counts[PROVENANCE_OVERRUNS]++;
}

/* --- runs --- */

static void read_run(void) {
    uint32_t *const run = region(REGION_RUN);
    copy_words(&core.run, run, sizeof core.run / 4);
    core.updates = run + sizeof core.run / 4;
}

static void start_anew(void) {
    const uint32_t time = now.time;
    now = (core_clock){.time = time, .updates = core.run.first_update};
    begin_anew = true;
    tallies_reset();
    packets_reset();
    population_forget();
    gradient_forget();
}

static void resume(void) {
    recording_reset();
    read_run();
    if (core.run.restart)
        start_anew();
    if (core.run.reload)
        population_reload();
    if (VALUE_SOURCES != 0) {
        values_reload();
        arrivals_forget_frames();
    }
    ticks = handled = 0;
    working = false;
}

static void work(uint unused0, uint unused1) {
    use(unused0);
    use(unused1);
    for (;;) {
        const uint mode = spin1_int_disable();
        if (handled == ticks)
            working = false;
        spin1_mode_restore(mode);
        if (!working)
            return;
        handled++;
        now.time++;
        if (simulation_is_finished()) {
            transfers_finish();
            tallies_report();
            simulation_handle_pause_resume(resume);
            recording_finalise();
            packets_stop();
            now.time--;
            simulation_ready_to_read();
            return;
        }
        time_step();
    }
}

static void tick(uint unused0, uint unused1) {
    use(unused0);
    use(unused1);
    if (ticks == 0)
        first_step = now.time + 1;
    packets_tick(first_step + ticks);
    ticks++;
    if (!working) {
        working = true;
        (void)spin1_schedule_callback(work, 0, 0, PRIORITY_WORK);
    }
}

/* --- loading --- */

static void read_setup(void) {
    copy_words(&core.setup, region(REGION_SETUP), sizeof core.setup / 4);
    if (core.setup.version != LAYOUT_VERSION)
        fail(STATUS_WRONG_LAYOUT, core.setup.version, LAYOUT_VERSION);
    const uint32_t key_words = core.setup.n_keys * sizeof(key_entry) / 4;
    const uint32_t block_words = core.setup.n_blocks * sizeof(block) / 4;
    key_entry *const keys = take(key_words * 4);
    block *const blocks = take(block_words * 4);
    copy_words(keys, region(REGION_KEYS), key_words);
    copy_words(blocks, region(REGION_BLOCKS), block_words);
    core.keys = keys;
    core.blocks = blocks;
    core.rows = region(REGION_ROWS);
    core.cells = region(REGION_CELLS);
    core.signals = region(REGION_SIGNALS);
    core.target = region(REGION_TARGET);
}

static bool initialise(uint32_t *period) {
    regions = data_specification_get_data_address();
    if (!data_specification_read_header(regions) ||
        !simulation_initialise(region(REGION_SYSTEM), APPLICATION_NAME_HASH, period,
                               &simulation_ticks, &infinite_run, &now.time, 0, NO_DMA_CALLBACK))
        return false;
    simulation_set_provenance_function(store_provenance, region(REGION_PROVENANCE));
    read_setup();
    if (!record_initialise(region(REGION_RECORDING), region(REGION_SAMPLES)))
        return false;
    read_run();
    if (core.setup.n_value_sources != VALUE_SOURCES || !population_initialise())
        return false;
    if (VALUE_SOURCES != 0)
        values_initialise(region(REGION_VALUES));
    arrivals_initialise();
    gradient_initialise();
    log_initialise(region(REGION_LOG));
    tallies_initialise(region(REGION_TALLIES));
    packets_initialise();
    start_anew();
    return true;
}

void c_main(void) {
    uint32_t period;
    if (!initialise(&period)) {
        log_error("the core cannot begin");
        rt_error(RTE_SWERR);
    }
    spin1_set_timer_tick(period);
    spin1_callback_on(TIMER_TICK, tick, 0);
    simulation_run();
}
