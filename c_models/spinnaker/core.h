/*! \file
 *  \brief Data that the parts of a core share: its structures, its place in time, its counters.
 *
 *  Four binaries are made of these files: eprop_neuron, eprop_analog and eprop_clopath (cells.c),
 *  and eprop_readout (readouts.c); population.h is what they differ in. See docs/spinnaker-chip.md.
 */
#ifndef EPROP_SPINNAKER_CORE_H
#define EPROP_SPINNAKER_CORE_H

#include <common-typedefs.h>
#include <spin1_api.h>

#include "eprop/number_fixed.h"
#include "layout.h"

/*! \brief Data that stays for the life of the network. */
typedef struct {
    core_setup setup;
    const key_entry *keys;
    const block *blocks;
    uint8_t *rows;       /*!< region ROWS, in SDRAM */
    uint8_t *cells;      /*!< region CELLS */
    uint8_t *signals;    /*!< region SIGNALS */
    const int32_t *target;
    run_header run;      /*!< copy of the head of region RUN */
    uint32_t *updates;   /*!< update_activity and ep_optimizer_step of each, in region RUN */
} core_data;

/*! \brief The core's place in time. */
typedef struct {
    uint32_t time;       /*!< machine step in work */
    uint32_t base;       /*!< machine step at which the interval in progress began */
    uint32_t local;      /*!< time - base */
    uint32_t interval;   /*!< its number */
    uint32_t pause;      /*!< machine steps that follow it */
    uint32_t pending;    /*!< intervals of the update in progress that have ended */
    uint32_t updates;    /*!< updates done */
    update_activity activity; /*!< of the update in progress */
    bool learning;       /*!< the interval in progress counts */
    bool ended;          /*!< its end is being worked on, or done: what comes is too late */
    bool update_due;     /*!< an update is done at its end */
} core_clock;

/*! \brief Local steps after the last at which all packets of an interval have come. */
enum { END_OF_INTERVAL = 3 };

/*! \brief For functions that are called once a run or an interval: Thumb code, a third smaller. */
#define SELDOM __attribute__((target("thumb"), noinline))

/*! \brief For functions in ARM code that are called often from files in Thumb code. The compiler
 *  sees all files as one program and would put them into their callers, but Thumb code lacks the
 *  long multiplication. */
#define OFTEN __attribute__((noinline))

/*! \brief Analog sources that reach the core. Their code is 2.7 KB, so that binaries without
 *  EPROP_VALUES leave it out, and refuse data with such sources. */
#ifdef EPROP_VALUES
#define VALUE_SOURCES (core.setup.n_value_sources)
#else
#define VALUE_SOURCES UINT32_C(0)
#endif

extern core_data core;
extern core_clock now;
extern uint32_t counts[PROVENANCE_COUNT];

/*! \brief Count values that saturated. */
static inline void count_saturated(uint32_t what, uint32_t values) { counts[what] += values; }

/*! \brief The global step that local step s of the interval in progress is. */
static inline uint32_t global_step(uint32_t s) {
    return now.interval * core.setup.interval_steps + s;
}

/*! \brief Stop the core for good: the host finds the reason in region STATUS.
 *  \param[in] code: of Status
 *  \param[in] used, given: what was needed, what there was
 */
void fail(uint32_t code, uint32_t used, uint32_t given) __attribute__((noreturn));

/*! \brief Take DTCM at a multiple of 8, filled with zeros; stops the core if there is none left.
 *  \param[in] bytes: how much
 */
void *take(uint32_t bytes);

/*! \brief Machine steps that the timer is ahead of the step in work. */
uint32_t steps_behind(void);

/*! \brief Wait until it is this core's turn to send a spike; see placement/turns.py. */
SELDOM void await_turn(void);

/*! \brief Words of SDRAM or DTCM set to 0. */
void clear_words(void *memory, uint32_t words);

/*! \brief Copies words; the memories must not overlap. */
void copy_words(void *to, const void *from, uint32_t words);

#endif
