/*! \file
 *  \brief implementation of transfers.h
 *
 *  The controller holds two transfers, one in work and one that waits, and counts those that have
 *  ended. It is asked, without interrupts: a transfer takes about as long as handling its end
 *  would. Only the steps' callback uses it.
 */
#include "transfers.h"

enum {
    DOUBLE_WORDS = 1 << 24,
    BURSTS_OF_16 = 4 << 21,
    TO_SYSTEM = 1 << 19,
    ENDED = 1 << 10,     /* of DMA_STAT */
    TAKE_ENDED = 1 << 3, /* of DMA_CTRL */
    AT_ONCE = 2
};

static uint32_t started, ended, moved;

static uint32_t start(uint32_t system, uint32_t tcm, uint32_t description) {
    transfer_wait(started + 1 - AT_ONCE);
    moved += description & (TO_SYSTEM - 1);
    dma[DMA_ADRS] = system;
    dma[DMA_ADRT] = tcm;
    dma[DMA_DESC] = DOUBLE_WORDS | BURSTS_OF_16 | description;
    return ++started;
}

uint32_t transfer_read(const void *from, void *to, uint32_t bytes) {
    return bytes == 0 ? started : start((uintptr_t)from, (uintptr_t)to, bytes);
}

uint32_t transfer_write(void *to, const void *from, uint32_t bytes) {
    return bytes == 0 ? started : start((uintptr_t)to, (uintptr_t)from, bytes | TO_SYSTEM);
}

void transfer_wait(uint32_t number) {
    while ((int32_t)(number - ended) > 0)
        if (dma[DMA_STAT] & ENDED) {
            dma[DMA_CTRL] = TAKE_ENDED;
            ended++;
        }
}

uint32_t transfers_bytes(void) { return moved; }

void transfers_finish(void) { transfer_wait(started); }
