/*! \file
 *  \brief implementation of transfers.h
 */
#include "transfers.h"

#include <simulation.h>

enum { TAG = 0 };

static uint32_t started;
static volatile uint32_t ended;

static void transfer_ended(uint number, uint tag) {
    use(number);
    use(tag);
    ended++;
}

bool transfers_initialise(void) {
    return simulation_dma_transfer_done_callback_on(TAG, transfer_ended);
}

static uint32_t start(void *system, void *tcm, uint direction, uint32_t bytes) {
    if (bytes == 0)
        return started;
    while (spin1_dma_transfer(TAG, system, tcm, direction, bytes) == FAILURE)
        continue; /* the queue is full: its first transfer will end */
    return ++started;
}

uint32_t transfer_read(const void *from, void *to, uint32_t bytes) {
    return start((void *)(uintptr_t)from, to, DMA_READ, bytes);
}

uint32_t transfer_write(void *to, const void *from, uint32_t bytes) {
    return start(to, (void *)(uintptr_t)from, DMA_WRITE, bytes);
}

void transfer_wait(uint32_t number) {
    while ((int32_t)(number - ended) > 0)
        continue;
}

void transfers_finish(void) { transfer_wait(started); }
