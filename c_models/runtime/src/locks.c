/*! \file
 *  \brief Locks between the cores of a chip.
 *
 *  Fast interrupts are masked, too: one whose callback wanted the same lock would wait for ever.
 */
#include "runtime.h"

uint rt_lock(enum rt_lock lock) {
    const uint mode = spin1_int_disable();
    while (SYSTEM_CONTROLLER->lock[lock] & LOCK_WAS_TAKEN) {
    }
    return mode;
}

void rt_unlock(enum rt_lock lock, uint mode) {
    (void)SYSTEM_CONTROLLER->unlock[lock];
    spin1_mode_restore(mode);
}
