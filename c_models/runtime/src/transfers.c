/*! \file
 *  \brief DMA: one transfer is in the hardware, the others wait in order.
 *
 *  Every change of the queue is made with fast interrupts masked: a transfer may be asked for at
 *  any priority, also between the end of one and the start of the next.
 */
#include "runtime.h"

enum { LENGTH = 16 };

struct transfer {
    uint number;
    uint tag;
    uint system_address;
    uint tcm_address;
    uint description;
};

static struct {
    struct transfer entries[LENGTH];
    uint first;
    uint end;
} queue;
static uint last_number;

static void start_first(void) {
    const struct transfer *const first = &queue.entries[queue.first];
    DMA->system_address = first->system_address;
    DMA->tcm_address = first->tcm_address;
    DMA->description = first->description;
}

/*! \brief Handle the interrupt of a transfer that has ended. */
void rt_transfer_done(void);
void rt_transfer_done(void) {
    DMA->control = DMA_CLEAR_DONE;
    const uint mode = spin1_int_disable();
    const struct transfer ended = queue.entries[queue.first];
    queue.first = (queue.first + 1) % LENGTH;
    if (queue.first != queue.end)
        start_first();
    spin1_mode_restore(mode);
    rt_event(DMA_TRANSFER_DONE, ended.number, ended.tag);
}

uint spin1_dma_transfer(uint tag, void *system_address, void *tcm_address, uint direction,
                        uint length) {
    const uint mode = spin1_int_disable();
    const uint next = (queue.end + 1) % LENGTH;
    if (next == queue.first) {
        rt_counts.transfers_refused++;
        spin1_mode_restore(mode);
        return 0;
    }
    const uint number = ++last_number;
    queue.entries[queue.end] = (struct transfer){
        .number = number,
        .tag = tag,
        .system_address = (uint)system_address,
        .tcm_address = (uint)tcm_address,
        .description = DMA_DOUBLE_WORDS | DMA_BURST_OF_16 | DMA_DIRECTION(direction) | length};
    const bool idle = queue.first == queue.end;
    queue.end = next;
    if (idle)
        start_first();
    spin1_mode_restore(mode);
    return number;
}

void rt_transfers_start(void) {
    DMA->control = DMA_ABANDON_ALL;
    DMA->control = DMA_CLEAR_AND_RESTART;
    DMA->global_control = DMA_INTERRUPT_WHEN_DONE;
}

void rt_transfers_stop(void) {
    DMA->global_control = 0;
    DMA->control = DMA_ABANDON_ALL;
    DMA->control = DMA_CLEAR_AND_RESTART;
}
