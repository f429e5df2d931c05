/*! \file
 *  \brief implementation of transfers.h
 *
 *  One transfer is in the controller at a time, and none starts before the bit "done" of the last
 *  was seen to go. So it does not matter how many of two ended transfers a clear takes away, nor
 *  how many cycles after a clear or a start DMA_STAT follows, which the data sheet leaves open (a
 *  clear has its effect "at the next safe opportunity"). Official code waits for the same two bits.
 *  With two in the controller an update was 4% shorter, and steps were not.
 *
 *  The controller is asked, without interrupts: a transfer takes about as long as handling its end
 *  would. Only the steps' callback uses it.
 */
#include "transfers.h"

enum {
    DOUBLE_WORDS = 1 << 24,
    BURSTS_OF_16 = 4 << 21,
    TO_SYSTEM = 1 << 19,
    IN_WORK = 1 << 0,   /* of DMA_STAT */
    DONE = 1 << 10,
    CLEAR_DONE = 1 << 3 /* of DMA_CTRL */
};

static struct {
    uint32_t started, ended, bytes;
} moved;

__attribute__((noinline)) void transfers_finish(void) {
    if (moved.ended == moved.started)
        return;
    while ((dma[DMA_STAT] & (IN_WORK | DONE)) != DONE)
        continue;
    dma[DMA_CTRL] = CLEAR_DONE;
    while (dma[DMA_STAT] & DONE)
        continue;
    moved.ended = moved.started;
}

static __attribute__((noinline)) uint32_t start(uint32_t system, uint32_t tcm,
                                                uint32_t description) {
    transfers_finish();
    moved.bytes += description & (TO_SYSTEM - 1);
    dma[DMA_ADRS] = system;
    dma[DMA_ADRT] = tcm;
    dma[DMA_DESC] = DOUBLE_WORDS | BURSTS_OF_16 | description;
    return ++moved.started;
}

uint32_t transfer_read(const void *from, void *to, uint32_t bytes) {
    return bytes == 0 ? moved.started : start((uintptr_t)from, (uintptr_t)to, bytes);
}

uint32_t transfer_write(void *to, const void *from, uint32_t bytes) {
    return bytes == 0 ? moved.started : start((uintptr_t)to, (uintptr_t)from, bytes | TO_SYSTEM);
}

void transfer_wait(uint32_t number) {
    if ((int32_t)(number - moved.ended) > 0)
        transfers_finish();
}

uint32_t transfers_bytes(void) { return moved.bytes; }
