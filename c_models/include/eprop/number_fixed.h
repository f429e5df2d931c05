/*! \file
 *  \brief The fixed-point number system: what host and ARM core compute with, bit for bit.
 *
 *  Only integers, only C99 (and two saturating instructions if the core has them). The formats,
 *  here and nowhere else; Qn means n bits after the binary point:
 *
 *  | quantity                  | type     | format | range          | why                            |
 *  |---------------------------|----------|--------|----------------|--------------------------------|
 *  | v, y, targets, errors     | int32_t  | Q15    | +-16384        | thresholds are near 1; 3e-5    |
 *  | arrivals of a step        | int32_t  | Q15    | +-8192         | as v, so that they are added   |
 *  | adaptation a              | int32_t  | Q19    | +-1024         | decays by 5e-4 a step          |
 *  | decays                    | int32_t  | Q32    | 0 .. 1         | d - 1 if d >= 0.5              |
 *  | weight on the wire        | int16_t  | Qs     | +-2^(15-s)     | s = 1 .. 15, of the projection |
 *  | master weight             | int32_t  | Qs+16  | the same       | updates of 1e-9 must count     |
 *  | pseudo-derivative h       | uint16_t | Qp     | 0 .. 2^(16-p)  | p from height and width        |
 *  | L, G, C                   | int32_t  | Qg     | +-2^(29-g)     | g of the population, e.g. 19   |
 *  | F, lambda / beta, g_k     | int32_t  | Qf     | +-2^(29-f)     | f = g - k, height < 2^(k-1)    |
 *  | gradient, moment m        | int32_t  | Qf     | +-2^(30-f)     | sum over the spikes            |
 *  | moment v                  | uint64_t | Q2f    | 2^(60-2f)      | the square of a gradient       |
 *  | feedback B                | int32_t  | Qb     | +-2^(28-b)     | room to sum over the readouts  |
 *
 *  Values that are stored for the next step stay within +-2^29 (EP_LIMIT); terms added to them are
 *  bounded so that no sum leaves 32 bits. A value that would is stored as the limit, and counted.
 *  Docs: docs/fixed_point.md.
 */
#ifndef EPROP_NUMBER_FIXED_H
#define EPROP_NUMBER_FIXED_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define EP_INLINE inline __attribute__((always_inline))
#else
#define EP_INLINE inline
#endif

/*! \brief Lets a loop of a few iterations be unrolled whole. */
#if defined(__GNUC__) && !defined(__clang__)
#define EP_UNROLL _Pragma("GCC unroll 4")
#else
#define EP_UNROLL
#endif

#define EP_STATE_BITS 15      /*!< v, y, targets, errors, arrivals */
#define EP_ADAPTATION_BITS 19 /*!< a */
#define EP_BETA_BITS 28       /*!< beta, so that beta a is a state */
#define EP_BIAS_BITS 24       /*!< of a master bias */
#define EP_MASTER_SHIFT 16    /*!< a master weight has this many bits more than the wire's */
#define EP_LIMIT (INT32_C(1) << 29)          /*!< states and signals: -EP_LIMIT .. EP_LIMIT - 1 */
#define EP_INPUT_LIMIT (INT32_C(1) << 28)    /*!< arrivals and currents of one step */
#define EP_TERM_LIMIT (INT32_C(1) << 28)     /*!< learning signal L, rate term C, scaled errors */
#define EP_GRADIENT_LIMIT ((INT32_C(1) << 30) - 1)
#define EP_ROW_BUDGET 8192 /*!< rows times factor that cannot take arrivals past EP_INPUT_LIMIT */

/*! \brief round(a b / 2^32), halves up. */
static EP_INLINE int32_t ep_mul(int32_t a, int32_t b) {
    const uint64_t product = (uint64_t)((int64_t)a * b);
    return (int32_t)((uint32_t)(product >> 32) + ((uint32_t)product >> 31));
}

/*! \brief base + round(a b / 2^32), halves up, modulo 2^32: one SMLAL on the core. */
static EP_INLINE int32_t ep_mac(int32_t base, int32_t a, int32_t b) {
    const uint64_t start = (uint64_t)(uint32_t)base << 32 | UINT32_C(0x80000000);
    return (int32_t)(uint32_t)((start + (uint64_t)((int64_t)a * b)) >> 32);
}

/*! \brief The term that a decay of 0.5 or more (stored as d - 1 < 0) adds besides its product. */
static EP_INLINE int32_t ep_whole(int32_t x, int32_t decay) { return x & (decay >> 31); }

/*! \brief x 2^bits for any sign; the caller knows that it fits. */
static EP_INLINE int32_t ep_shift_left(int32_t x, int bits) { return (int32_t)((uint32_t)x << bits); }

/*! \brief Leading zeros of x != 0. */
static EP_INLINE int ep_leading_zeros(uint32_t x) {
#if defined(__GNUC__)
    return __builtin_clz(x);
#else
    int zeros = 0;
    while (!(x & UINT32_C(0x80000000))) {
        x <<= 1;
        zeros++;
    }
    return zeros;
#endif
}

/*! \brief a + b within 32 bits. */
static EP_INLINE int32_t ep_add_saturated(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_QBIT) && !defined(__thumb__)
    int32_t sum;
    __asm__("qadd %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
    return sum;
#else
    const int64_t sum = (int64_t)a + b;
    return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
#endif
}

/*! \brief a - b within 32 bits. */
static EP_INLINE int32_t ep_subtract_saturated(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_QBIT) && !defined(__thumb__)
    int32_t difference;
    __asm__("qsub %0, %1, %2" : "=r"(difference) : "r"(a), "r"(b));
    return difference;
#else
    const int64_t difference = (int64_t)a - b;
    return difference > INT32_MAX   ? INT32_MAX
           : difference < INT32_MIN ? INT32_MIN
                                    : (int32_t)difference;
#endif
}

/*! \brief Brings stored values back to -limit .. limit - 1; how many had left it.
 *
 *  Kernels gather in one word whether this is needed: value + limit of every value, or-ed, has a
 *  bit above 2 limit - 1 if one of them is outside.
 */
static inline uint32_t ep_saturate(size_t n, int32_t limit, int32_t *values) {
    uint32_t saturated = 0;
    for (size_t j = 0; j < n; j++) {
        const int32_t x = values[j];
        if (x >= limit) {
            values[j] = limit - 1;
            saturated++;
        } else if (x < -limit) {
            values[j] = -limit;
            saturated++;
        }
    }
    return saturated;
}

/*! \brief x for x >= 0, -x - 1 otherwise: below 2^b for -2^b <= x < 2^b, and so is the or of many. */
static EP_INLINE uint32_t ep_magnitude(int32_t x) { return (uint32_t)(x ^ (x >> 31)); }

/*! \brief Whether the gathered word says that some value left -EP_LIMIT .. EP_LIMIT - 1. */
static EP_INLINE int ep_outside(uint32_t gathered) { return (gathered >> 30) != 0; }

#endif
