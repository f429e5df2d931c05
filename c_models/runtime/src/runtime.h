/*! \file
 *  \brief Functions and data that the parts of the runtime share.
 */
#ifndef EPROP_RUNTIME_RUNTIME_H
#define EPROP_RUNTIME_RUNTIME_H

#include "hardware.h"
#include "spin1_api.h"

#ifndef SPINNAKER_APPLICATION
#define SPINNAKER_APPLICATION "application"
#endif

/*! \brief This core: fixed at its start, except where it waits. */
struct rt_core {
    vcpu_t *vcpu;
    heap_t *heap;
    uchar virtual_number;  /*!< of messages, keys, barrier flags */
    uchar physical_number; /*!< of interrupts between cores */
    uchar application;
    volatile uchar waits_for_start; /*!< assembler code reads it, see rt_core_waits_offset */
    volatile uchar barrier;         /*!< level of the flag that ends the next barrier, 0 or 1 */
};
extern struct rt_core rt_core;
typedef char waits_for_start_is_at_11[offsetof(struct rt_core, waits_for_start) == 11 ? 1 : -1];

/*! \brief Counts of what could not be done in time, since the start, for provenance. */
struct rt_counts {
    uint packets_refused;
    uint callbacks_lost;
    uint transfers_refused;
    uint user_events_refused;
    uint ticks_overrun;
    uint most_ticks_waiting;
    uint packets_discarded;
};
extern struct rt_counts rt_counts;

/* locks of a chip, by what they guard */
enum rt_lock { LOCK_MESSAGES = 0, LOCK_MAILBOX = 1, LOCK_HEAP = 6 };

/*! \brief Take a lock, with all interrupts masked until it is given back.
 *  \return the mode, for rt_unlock
 */
uint rt_lock(enum rt_lock lock);
void rt_unlock(enum rt_lock lock, uint mode);

/* callbacks.c */
/*! \brief Call an event's callback, or put it in its queue. */
void rt_event(uint event, uint arg0, uint arg1);
/*! \brief Serve queues until rt_running is false. */
void rt_serve(void);
extern volatile bool rt_running;
/*! \brief Interrupt lines of the events that have callbacks. */
uint rt_lines_wanted(void);
/*! \brief The callback of an event at priority -1, or NULL. */
bool rt_packets_are_fast(void);

/* life.c */
extern volatile bool rt_paused;
/*! \brief Start the timer if the machine's barrier, for which it waits, has opened. */
void rt_resume_at_barrier(void);
/*! \brief Whether the machine's barrier has opened for this core. */
bool rt_barrier_open(void);
/*! \brief Show hosts that the core is at the barrier. */
void rt_at_barrier(void);
/*! \brief Note that the barrier has been passed. */
void rt_barrier_passed(void);

/* ticks.c */
void rt_timer_prepare(void);
void rt_timer_start(void);
void rt_timer_stop(void);
void rt_timer_reset_count(void);
/*! \brief Handle the timer's interrupt. */
void rt_tick(void);
/*! \brief Whether a tick's callback runs, and how many have been put in the queue. */
struct rt_tick_state {
    volatile bool running;
    volatile uint waiting;
};
extern struct rt_tick_state rt_tick_state;

/* packets.c, transfers.c, user_events.c */
extern callback_t rt_packet_callback[2]; /*!< without, with payload; assembler code reads it */
void rt_packets_start(bool fast);
void rt_packets_stop(void);
void rt_packet_callback_set(uint event, callback_t callback);
void rt_transfers_start(void);
void rt_transfers_stop(void);

/* messages.c, mailbox.c, debugging.c */
void rt_messages_start(void);
/*! \brief Copy a message from its length on. */
void rt_message_copy(sdp_msg_t *to, const sdp_msg_t *from);
/*! \brief Give a buffer of the chip back. */
void rt_message_give_back(sdp_msg_t *msg);
/*! \brief Make sender receiver and the other way round. */
void rt_message_turn(sdp_msg_t *msg);
/*! \brief Answer a message to port 0. */
void rt_debugging(sdp_msg_t *msg);

/* heap.c */
void rt_heap_start(void);

/* assembler code */
void rt_on_mailbox(void);
void rt_on_timer(void);
void rt_on_transfer(void);
void rt_on_packet(void);
void rt_on_transmit_room(void);
void rt_on_user_event(void);
void rt_on_spurious(void);
void rt_fiq_packet(void);
void rt_fiq_discard(void);
extern uint rt_fiq_vector;
/*! \brief Sleep with interrupts masked, then go on in a mode: no request can be missed. */
void rt_sleep(uint mode);
/*! \brief Go round a loop of four cycles. */
void rt_spin(uint rounds);

#endif
