/*! \file
 *  \brief Events that an application raises itself, by the software interrupt.
 */
#include "runtime.h"

enum { LENGTH = 4 };

static struct {
    struct {
        uint arg0;
        uint arg1;
    } entries[LENGTH];
    uint first;
    uint end;
} queue;

uint spin1_trigger_user_event(uint arg0, uint arg1) {
    const uint mode = spin1_int_disable();
    const uint next = (queue.end + 1) % LENGTH;
    const bool fits = next != queue.first;
    if (fits) {
        queue.entries[queue.end].arg0 = arg0;
        queue.entries[queue.end].arg1 = arg1;
        queue.end = next;
        INTERRUPTS->software_set = BIT(LINE_SOFTWARE);
    } else {
        rt_counts.user_events_refused++;
    }
    spin1_mode_restore(mode);
    return fits ? SUCCESS : FAILURE;
}

/*! \brief Handle the software interrupt: one event of those that wait. */
void rt_user_event(void);
void rt_user_event(void) {
    const uint mode = spin1_int_disable();
    const uint arg0 = queue.entries[queue.first].arg0;
    const uint arg1 = queue.entries[queue.first].arg1;
    queue.first = (queue.first + 1) % LENGTH;
    if (queue.first == queue.end)
        INTERRUPTS->software_clear = BIT(LINE_SOFTWARE);
    spin1_mode_restore(mode);
    rt_event(USER_EVENT, arg0, arg1);
}
