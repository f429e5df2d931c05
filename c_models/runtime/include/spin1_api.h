/*! \file
 *  \brief Events, timer, packets, DMA and messages of an application.
 *
 *  Names, argument lists and values are those of the official header of this name; this is the
 *  part of it that machine vertices of sPyNNaker use. What differs is in docs/spinnaker-runtime.md.
 */
#ifndef EPROP_RUNTIME_SPIN1_API_H
#define EPROP_RUNTIME_SPIN1_API_H

#include "sark.h"

#define TRUE 1
#define FALSE 0
#define SUCCESS 1u
#define FAILURE 0u

/*! \brief Events that can have a callback; fixed-route packets cannot. */
enum {
    MC_PACKET_RECEIVED = 0,   /*!< arguments: key, 0 */
    DMA_TRANSFER_DONE = 1,    /*!< arguments: number of the transfer, its tag */
    TIMER_TICK = 2,           /*!< arguments: ticks since the start, 0 */
    SDP_PACKET_RX = 3,        /*!< arguments: address of the message, port */
    USER_EVENT = 4,           /*!< arguments: those of spin1_trigger_user_event */
    MCPL_PACKET_RECEIVED = 5, /*!< arguments: key, payload */
    NUM_EVENTS = 8
};

enum { DMA_READ = 0, DMA_WRITE = 1 };
enum { NO_PAYLOAD = 0, WITH_PAYLOAD = 1 };
typedef enum sync_bool { SYNC_NOWAIT = 0, SYNC_WAIT = 1 } sync_bool;
typedef void (*callback_t)(uint, uint);

/*! \brief Have a function called at an event.
 *  \param[in] event_id: which event
 *  \param[in] cback: the function
 *  \param[in] priority: -1 for packets at fast interrupt (both kinds of packet, then), 0 inside the
 *             interrupt, 1 to 4 from a queue, smaller numbers first
 *
 *  Stops the core with RTE_API for an event or a priority that there is not. A callback at -1 may
 *  send packets, start transfers and schedule callbacks.
 */
void spin1_callback_on(uint event_id, callback_t cback, int priority);

/*! \brief Have nothing called at an event any more. */
void spin1_callback_off(uint event_id);

/*! \brief Have a function called once, from a queue.
 *  \param[in] cback: the function
 *  \param[in] arg0, arg1: its arguments
 *  \param[in] priority: 1 to 4
 *  \return SUCCESS, or FAILURE when the queue is full
 */
uint spin1_schedule_callback(callback_t cback, uint arg0, uint arg1, uint priority);

/*! \brief Raise USER_EVENT.
 *  \param[in] arg0, arg1: arguments of its callback
 *  \return SUCCESS, or FAILURE when three wait already
 */
uint spin1_trigger_user_event(uint arg0, uint arg1);

/*! \brief Set the time between timer ticks, for the next start or pause.
 *  \param[in] time: microseconds
 *  \param[in] phase: microseconds by which the first tick is later
 */
void spin1_set_timer_tick_and_phase(uint time, uint phase);

static inline void spin1_set_timer_tick(uint time) {
    spin1_set_timer_tick_and_phase(time, 0);
}

/*! \brief Number of timer ticks since the start. */
uint spin1_get_simulation_time(void);

/*! \brief Serve events until spin1_exit.
 *  \param[in] sync: whether the timer waits for the machine's barrier
 *  \return what spin1_exit was given
 */
uint spin1_start(sync_bool sync);

/*! \brief Serve events until spin1_exit, without a timer until spin1_resume.
 *  \return what spin1_exit was given
 */
uint spin1_start_paused(void);

/*! \brief Stop the timer; ticks that still wait in a queue are discarded. */
void spin1_pause(void);

/*! \brief Start the timer again.
 *  \param[in] sync: whether it waits for the machine's barrier
 */
void spin1_resume(sync_bool sync);

/*! \brief End spin1_start, when the callback in progress has ended.
 *  \param[in] error: what spin1_start returns
 */
void spin1_exit(uint error);

/*! \brief Start a transfer between SDRAM and DTCM, behind those before it.
 *  \param[in] tag: second argument of the callback
 *  \param[in] system_address: place in SDRAM or system RAM
 *  \param[in] tcm_address: place in DTCM or ITCM
 *  \param[in] direction: DMA_READ to DTCM, DMA_WRITE to SDRAM
 *  \param[in] length: bytes, a multiple of 4
 *  \return number of the transfer, from 1; 0 when fifteen wait
 */
uint spin1_dma_transfer(uint tag, void *system_address, void *tcm_address, uint direction,
                        uint length);

/*! \brief Copy bytes; the memories must not overlap. */
void spin1_memcpy(void *dst, void const *src, uint len);

/*! \brief Send a packet, or put it in line.
 *  \param[in] key: its key
 *  \param[in] data: its payload, if TCR asks for one
 *  \param[in] TCR: PKT_MC or PKT_MC_PL
 *  \return SUCCESS, or FAILURE when fifteen wait: try again
 */
uint spin1_send_packet(uint key, uint data, uint TCR);

/*! \brief Send a multicast packet, or put it in line.
 *  \param[in] key: its key
 *  \param[in] data: its payload
 *  \param[in] load: WITH_PAYLOAD or NO_PAYLOAD
 *  \return SUCCESS, or FAILURE when fifteen wait: try again
 */
static inline uint spin1_send_mc_packet(uint key, uint data, uint load) {
    return spin1_send_packet(key, data, load ? PKT_MC_PL : PKT_MC);
}

/*! \brief Number of this core on its chip. */
uint spin1_get_core_id(void);

/*! \brief This chip: x in bits 8 to 15, y in bits 0 to 7. */
uint spin1_get_chip_id(void);

/*! \brief Chip and core: the former from bit 5 on. */
uint spin1_get_id(void);

/*! \brief Take memory of the core's own, in DTCM.
 *  \param[in] bytes: how much
 *  \return the memory, or NULL if there is none
 */
static inline void *spin1_malloc(uint bytes) {
    return sark_alloc(bytes, 1);
}

/*! \brief Take a message buffer of the core's own; NULL if all are in use. */
static inline sdp_msg_t *spin1_msg_get(void) {
    return sark_msg_get();
}

/*! \brief Give a message buffer back. */
static inline void spin1_msg_free(sdp_msg_t *msg) {
    sark_msg_free(msg);
}

/*! \brief Send a message; see sark_msg_send. */
static inline uint spin1_send_sdp_msg(sdp_msg_t *msg, uint timeout) {
    return sark_msg_send(msg, timeout);
}

/*! \brief Wait, working. */
static inline void spin1_delay_us(uint n) {
    sark_delay_us(n);
}

/*! \brief Sleep until an interrupt is requested, even a masked one. */
void spin1_wfi(void);

/* Masks of interrupts. Each returns the mode as it was, for spin1_mode_restore. */
#ifdef __thumb__ /* the instructions exist in ARM state only */
uint spin1_int_disable(void);
uint spin1_irq_disable(void);
uint spin1_fiq_disable(void);
uint spin1_int_enable(void);
void spin1_mode_restore(uint value);
#else
#define EPROP_RUNTIME_CHANGE_MODE(name, instruction, bits)                                         \
    static inline __attribute__((always_inline)) uint name(void) {                                 \
        uint before;                                                                               \
        uint after;                                                                                \
        __asm__ volatile("mrs %0, cpsr\n\t" instruction " %1, %0, #" bits "\n\tmsr cpsr_c, %1"     \
                         : "=&r"(before), "=&r"(after)                                             \
                         :                                                                         \
                         : "memory");                                                              \
        return before;                                                                             \
    }
EPROP_RUNTIME_CHANGE_MODE(spin1_int_disable, "orr", "0xc0")
EPROP_RUNTIME_CHANGE_MODE(spin1_irq_disable, "orr", "0x80")
EPROP_RUNTIME_CHANGE_MODE(spin1_fiq_disable, "orr", "0x40")
EPROP_RUNTIME_CHANGE_MODE(spin1_int_enable, "bic", "0xc0")
#undef EPROP_RUNTIME_CHANGE_MODE

static inline __attribute__((always_inline)) void spin1_mode_restore(uint value) {
    __asm__ volatile("msr cpsr_c, %0" : : "r"(value) : "memory");
}
#endif

#endif
