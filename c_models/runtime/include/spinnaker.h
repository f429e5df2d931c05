/*! \file
 *  \brief Names of the chip for applications: integer types, the timer, packet kinds.
 *
 *  Names and values are those of the official header of this name.
 */
#ifndef EPROP_RUNTIME_SPINNAKER_H
#define EPROP_RUNTIME_SPINNAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long long uint64;

/* memories of a chip */
#define SDRAM_BASE 0x60000000u
#define SYSRAM_BASE 0xe5000000u
#define DTCM_BASE 0x00400000u

/*! \brief The timers' registers, as words; tc[T1_COUNT] counts down cycles to the next tick. */
static volatile uint *const tc = (volatile uint *)0x21000000u;
enum {
    T1_LOAD = 0,
    T1_COUNT = 1,
    T1_CONTROL = 2,
    T1_INT_CLR = 3,
    T1_RAW_INT = 4,
    T1_MASK_INT = 5,
    T1_BG_LOAD = 6,
    T2_LOAD = 8,
    T2_COUNT = 9,
    T2_CONTROL = 10,
    T2_INT_CLR = 11
};

/*! \brief The DMA controller's registers, as words. Writing DMA_DESC starts a transfer. */
static volatile uint *const dma = (volatile uint *)0x40000000u;
enum { DMA_ADRS = 1, DMA_ADRT = 2, DMA_DESC = 3, DMA_CTRL = 4, DMA_STAT = 5, DMA_GCTL = 6 };

/* control byte of a multicast packet, without and with payload */
#define PKT_MC 0x00000000u
#define PKT_MC_PL 0x00020000u

#endif
