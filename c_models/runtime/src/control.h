/*! \file
 *  \brief Data that the host's commands share with the run that they control.
 */
#ifndef EPROP_RUNTIME_CONTROL_H
#define EPROP_RUNTIME_CONTROL_H

#include "simulation.h"

/*! \brief A run: the application's variables that the host sets, and where cores meet. */
struct rt_run {
    uint32_t *end;
    uint32_t *infinite;
    uint32_t *time;
    uint32_t meet_every;
    uint32_t meet_next;
    volatile bool pause_wanted;
};
extern struct rt_run rt_run;

/*! \brief Callbacks of the application; each may be NULL. */
struct rt_hooks {
    prov_callback_t provenance;
    resume_callback_t resume;
    exit_callback_t exit;
    start_callback_t start;
};
extern struct rt_hooks rt_hooks;

/*! \brief Write the provenance region, if there is one. */
void rt_store_provenance(void);

/*! \brief Handle a message to the control port. */
void rt_command(uint mailbox, uint port);

/*! \brief Hand a message to its port's callback. */
void rt_message_arrived(uint mailbox, uint port);

/*! \brief Hand an ended transfer to its tag's callback. */
void rt_transfer_ended(uint number, uint tag);

#endif
