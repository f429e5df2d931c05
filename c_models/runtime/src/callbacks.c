/*! \file
 *  \brief Callbacks of events: called inside the interrupt, or from queues by priority.
 */
#include "runtime.h"

enum { LEVELS = 4, LENGTH = 16 };

struct entry {
    callback_t function;
    uint arg0;
    uint arg1;
};

struct queue {
    struct entry entries[LENGTH];
    uint first;
    uint end;
};

static struct {
    callback_t function;
    int priority;
} callbacks[NUM_EVENTS];
static struct queue queues[LEVELS];
static volatile uint levels_waiting; /* bit 31 - level */
volatile bool rt_running;

static const uint line_of[NUM_EVENTS] = {
    [MC_PACKET_RECEIVED] = BIT(LINE_MULTICAST),
    [DMA_TRANSFER_DONE] = BIT(LINE_DMA_DONE),
    [TIMER_TICK] = BIT(LINE_TIMER),
    [USER_EVENT] = BIT(LINE_SOFTWARE),
    [MCPL_PACKET_RECEIVED] = BIT(LINE_MULTICAST),
};

static bool is_packet(uint event) {
    return event == MC_PACKET_RECEIVED || event == MCPL_PACKET_RECEIVED;
}

static uint other_packet(uint event) {
    return event == MC_PACKET_RECEIVED ? MCPL_PACKET_RECEIVED : MC_PACKET_RECEIVED;
}

uint rt_lines_wanted(void) {
    uint lines = 0;
    for (uint event = 0; event < NUM_EVENTS; event++)
        if (callbacks[event].function != NULL)
            lines |= line_of[event];
    return lines;
}

bool rt_packets_are_fast(void) {
    for (uint event = 0; event < NUM_EVENTS; event++)
        if (callbacks[event].function != NULL && callbacks[event].priority < 0)
            return true;
    return false;
}

/*! \brief Whether an event exists and can have a callback of this priority.
 *
 *  The two kinds of packet share an interrupt: either both are fast or neither.
 */
static bool possible(uint event, int priority) {
    if (event >= NUM_EVENTS || priority > LEVELS || priority < -1)
        return false;
    if (!is_packet(event))
        return priority >= 0 && (line_of[event] != 0 || event == SDP_PACKET_RX);
    const uint other = other_packet(event);
    return callbacks[other].function == NULL || (callbacks[other].priority < 0) == (priority < 0);
}

void spin1_callback_on(uint event_id, callback_t cback, int priority) {
    if (cback == NULL || !possible(event_id, priority))
        rt_error(RTE_API);
    callbacks[event_id].function = cback;
    callbacks[event_id].priority = priority;
    if (is_packet(event_id))
        rt_packet_callback_set(event_id, cback);
    if (rt_running)
        INTERRUPTS->enable = line_of[event_id];
}

void spin1_callback_off(uint event_id) {
    if (event_id >= NUM_EVENTS)
        rt_error(RTE_API);
    callbacks[event_id].function = NULL;
    if (is_packet(event_id)) /* they go on being read: an unread one blocks the router */
        rt_packet_callback_set(event_id, NULL);
    else if (rt_running)
        INTERRUPTS->disable = line_of[event_id];
}

/*! \brief Put an entry in a queue; interrupts are masked.
 *  \return false if the queue is full, which is counted
 */
static bool enqueue(uint level, callback_t function, uint arg0, uint arg1) {
    struct queue *const queue = &queues[level];
    const uint next = (queue->end + 1) % LENGTH;
    if (next == queue->first) {
        rt_counts.callbacks_lost++;
        return false;
    }
    queue->entries[queue->end] = (struct entry){function, arg0, arg1};
    queue->end = next;
    levels_waiting |= BIT(31) >> level;
    return true;
}

/*! \brief Take the first entry of the most urgent queue; interrupts are masked, one waits. */
static struct entry dequeue(void) {
    const uint level = (uint)__builtin_clz(levels_waiting);
    struct queue *const queue = &queues[level];
    const struct entry entry = queue->entries[queue->first];
    queue->first = (queue->first + 1) % LENGTH;
    if (queue->first == queue->end)
        levels_waiting &= ~(BIT(31) >> level);
    return entry;
}

/*! \brief Queue an event whose callback is not called at once. */
static void put_off(uint event, uint arg0, uint arg1) {
    const uint mode = spin1_int_disable(); /* a fast callback may schedule, too */
    const bool queued =
        enqueue((uint)callbacks[event].priority - 1, callbacks[event].function, arg0, arg1);
    spin1_mode_restore(mode);
    if (event == TIMER_TICK)
        rt_tick_state.waiting += queued;
    else if (event == SDP_PACKET_RX && !queued)
        sark_msg_free((sdp_msg_t *)arg0);
}

void rt_event(uint event, uint arg0, uint arg1) {
    const callback_t function = callbacks[event].function;
    if (function == NULL) {
        if (event == SDP_PACKET_RX)
            sark_msg_free((sdp_msg_t *)arg0);
    } else if (callbacks[event].priority <= 0) {
        function(arg0, arg1);
    } else {
        put_off(event, arg0, arg1);
    }
}

uint spin1_schedule_callback(callback_t cback, uint arg0, uint arg1, uint priority) {
    if (priority < 1 || priority > LEVELS)
        return FAILURE;
    const uint mode = spin1_int_disable();
    const bool queued = enqueue(priority - 1, cback, arg0, arg1);
    spin1_mode_restore(mode);
    return queued ? SUCCESS : FAILURE;
}

/*! \brief Call a tick's callback. One that was still queued at a pause is void. */
static void serve_tick(const struct entry *entry) {
    rt_tick_state.running = true;
    if (!rt_paused)
        entry->function(entry->arg0, entry->arg1);
    const uint mode = spin1_int_disable();
    if (rt_tick_state.waiting > 0) /* the one that runs counts */
        rt_tick_state.waiting--;
    rt_tick_state.running = false;
    spin1_mode_restore(mode);
}

void rt_serve(void) {
    while (rt_running) {
        const uint mode = spin1_int_disable();
        rt_resume_at_barrier();
        if (levels_waiting == 0) {
            rt_sleep(mode);
            continue;
        }
        const struct entry entry = dequeue();
        spin1_mode_restore(mode);
        if (entry.function == callbacks[TIMER_TICK].function)
            serve_tick(&entry);
        else
            entry.function(entry.arg0, entry.arg1);
    }
}
