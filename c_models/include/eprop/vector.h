/*! \file
 *  \brief Vectors of the processor, masks of their lanes, and fused multiply-add, for kernels on
 *  dense arrays.
 *
 *  The build says how wide a vector is (EP_VECTOR_BYTES; 16 if it says nothing) and whether the
 *  processor multiplies and adds with one rounding (EP_FUSED). Results do not depend on the width:
 *  every sum has an order of its own, over single elements or over the EP_TILE lanes of 64 bytes.
 *  They do depend, in their last bits, on EP_FUSED.
 *
 *  A number system header (floating point) must be included first.
 */
#ifndef EPROP_VECTOR_H
#define EPROP_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef EP_VECTOR_BYTES
#define EP_VECTOR_BYTES 16
#endif

typedef EPROP_REAL ep_real;

/*! \brief Values in 64 bytes: rows are padded to a multiple of it, in every build. */
#if EP_MANTISSA_BITS == 23
#define EP_TILE 16
#else
#define EP_TILE 8
#endif

/*! \brief a b + c, with one rounding if the processor has that. */
static EP_INLINE ep_real ep_fma(ep_real a, ep_real b, ep_real c) {
#if !defined(EP_FUSED)
    return a * b + c;
#elif EP_MANTISSA_BITS == 23
    return __builtin_fmaf(a, b, c);
#else
    return __builtin_fma(a, b, c);
#endif
}

/*! \brief Place of the lowest bit that is set; there is one. */
static EP_INLINE size_t ep_lowest_bit(unsigned bits) {
#if defined(__GNUC__)
    return (size_t)__builtin_ctz(bits);
#else
    size_t place = 0;
    while (!(bits >> place & 1u))
        place++;
    return place;
#endif
}

#if defined(__GNUC__)
#if EP_VECTOR_BYTES > 16 /* only builds for an x86 processor say so */
#include <immintrin.h>
#endif

typedef EPROP_REAL ep_vector __attribute__((vector_size(EP_VECTOR_BYTES)));
typedef EPROP_REAL ep_unaligned
    __attribute__((vector_size(EP_VECTOR_BYTES), aligned(sizeof(EPROP_REAL)), may_alias));

/*! \brief Values in a vector. */
#define EP_WIDTH (EP_VECTOR_BYTES / sizeof(EPROP_REAL))

static EP_INLINE ep_vector ep_load(const ep_real *from) { return *(const ep_unaligned *)from; }
static EP_INLINE void ep_store(ep_real *to, ep_vector values) { *(ep_unaligned *)to = values; }
static EP_INLINE ep_vector ep_zeros(void) { return (ep_vector){0}; }
static EP_INLINE ep_vector ep_spread(ep_real value) { return value - ep_zeros(); }

/*! \brief Integers in the lanes of a vector. */
typedef ep_lane ep_lanes __attribute__((vector_size(EP_VECTOR_BYTES)));
typedef ep_lane ep_unaligned_lanes
    __attribute__((vector_size(EP_VECTOR_BYTES), aligned(sizeof(ep_lane)), may_alias));

static EP_INLINE ep_lanes ep_load_lanes(const ep_lane *from) {
    return *(const ep_unaligned_lanes *)from;
}
static EP_INLINE void ep_store_lanes(ep_lane *to, ep_lanes values) {
    *(ep_unaligned_lanes *)to = values;
}
static EP_INLINE ep_lanes ep_spread_lanes(ep_lane value) { return value - (ep_lanes){0}; }

/* Masks: a truth value for each lane. ep_at_least() is a >= b, ep_above() is a > b, ep_positive() is
   a > 0; ep_select() takes a where the mask is true, otherwise b. ep_mask_bits() has bit k for lane k. */
#if EP_VECTOR_BYTES == 64
#if EP_MANTISSA_BITS == 23
typedef __mmask16 ep_mask;
#define EP_AVX512(name) name##_ps
#define EP_AVX512_LANES(name) name##_epi32
#define EP_AVX512_MASK(name) name##_epi32_mask
#define EP_AVX512_COMPARE _mm512_cmp_ps_mask
typedef __m512 ep_register;
#else
typedef __mmask8 ep_mask;
#define EP_AVX512(name) name##_pd
#define EP_AVX512_LANES(name) name##_epi64
#define EP_AVX512_MASK(name) name##_epi64_mask
#define EP_AVX512_COMPARE _mm512_cmp_pd_mask
typedef __m512d ep_register;
#endif
static EP_INLINE ep_mask ep_at_least(ep_vector a, ep_vector b) {
    return EP_AVX512_COMPARE((ep_register)a, (ep_register)b, _CMP_GE_OS);
}
static EP_INLINE ep_mask ep_above(ep_vector a, ep_vector b) {
    return EP_AVX512_COMPARE((ep_register)a, (ep_register)b, _CMP_GT_OS);
}
static EP_INLINE ep_mask ep_positive(ep_lanes a) {
    return EP_AVX512_MASK(_mm512_cmpgt)((__m512i)a, _mm512_setzero_si512());
}
static EP_INLINE ep_mask ep_but_not(ep_mask a, ep_mask b) { return (ep_mask)(a & ~b); }
static EP_INLINE ep_vector ep_select(ep_mask mask, ep_vector a, ep_vector b) {
    return (ep_vector)EP_AVX512(_mm512_mask_blend)(mask, (ep_register)b, (ep_register)a);
}
static EP_INLINE ep_lanes ep_select_lanes(ep_mask mask, ep_lanes a, ep_lanes b) {
    return (ep_lanes)EP_AVX512_LANES(_mm512_mask_blend)(mask, (__m512i)b, (__m512i)a);
}
static EP_INLINE unsigned ep_mask_bits(ep_mask mask) { return mask; }
#else
typedef ep_lanes ep_mask; /* a lane of ones, or of zeros */
static EP_INLINE ep_mask ep_at_least(ep_vector a, ep_vector b) { return (ep_mask)(a >= b); }
static EP_INLINE ep_mask ep_above(ep_vector a, ep_vector b) { return (ep_mask)(a > b); }
static EP_INLINE ep_mask ep_positive(ep_lanes a) { return (ep_mask)(a > 0); }
static EP_INLINE ep_mask ep_but_not(ep_mask a, ep_mask b) { return a & ~b; }
static EP_INLINE ep_lanes ep_select_lanes(ep_mask mask, ep_lanes a, ep_lanes b) {
    return (a & mask) | (b & ~mask);
}
static EP_INLINE ep_vector ep_select(ep_mask mask, ep_vector a, ep_vector b) {
    return (ep_vector)ep_select_lanes(mask, (ep_lanes)a, (ep_lanes)b);
}
static EP_INLINE unsigned ep_mask_bits(ep_mask mask) {
#if EP_VECTOR_BYTES == 32 && EP_MANTISSA_BITS == 23
    return (unsigned)_mm256_movemask_ps((__m256)mask);
#elif EP_VECTOR_BYTES == 32
    return (unsigned)_mm256_movemask_pd((__m256d)mask);
#else
    typedef uint64_t halves __attribute__((vector_size(16)));
    unsigned bits = 0;
    if ((((halves)mask)[0] | ((halves)mask)[1]) == 0)
        return 0; /* as a rule */
    for (size_t k = 0; k < EP_WIDTH; k++)
        bits |= (unsigned)(mask[k] & 1) << k;
    return bits;
#endif
}
#endif

static EP_INLINE ep_vector ep_vector_abs(ep_vector a) {
    const ep_lane sign = (ep_lane)((ep_bits)1 << (8 * sizeof(ep_lane) - 1));
    return (ep_vector)((ep_lanes)a & ~ep_spread_lanes(sign));
}
static EP_INLINE ep_vector ep_vector_exp(ep_vector a) {
    for (size_t k = 0; k < EP_WIDTH; k++)
        a[k] = ep_exp(a[k]);
    return a;
}

/*! \brief a b + c, lane by lane, rounded as ep_fma() does. */
static EP_INLINE ep_vector ep_vector_fma(ep_vector a, ep_vector b, ep_vector c) {
#if !defined(EP_FUSED)
    return a * b + c;
#elif EP_VECTOR_BYTES == 64 && EP_MANTISSA_BITS == 23
    return (ep_vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif EP_VECTOR_BYTES == 64
    return (ep_vector)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif EP_MANTISSA_BITS == 23
    return (ep_vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return (ep_vector)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#endif
}

#else /* vectors of one value */
typedef EPROP_REAL ep_vector;
#define EP_WIDTH ((size_t)1)
static EP_INLINE ep_vector ep_load(const ep_real *from) { return *from; }
static EP_INLINE void ep_store(ep_real *to, ep_vector values) { *to = values; }
static EP_INLINE ep_vector ep_zeros(void) { return 0; }
static EP_INLINE ep_vector ep_spread(ep_real value) { return value; }
typedef ep_lane ep_lanes;
typedef bool ep_mask;
static EP_INLINE ep_lanes ep_load_lanes(const ep_lane *from) { return *from; }
static EP_INLINE void ep_store_lanes(ep_lane *to, ep_lanes values) { *to = values; }
static EP_INLINE ep_lanes ep_spread_lanes(ep_lane value) { return value; }
static EP_INLINE ep_mask ep_at_least(ep_vector a, ep_vector b) { return a >= b; }
static EP_INLINE ep_mask ep_above(ep_vector a, ep_vector b) { return a > b; }
static EP_INLINE ep_mask ep_positive(ep_lanes a) { return a > 0; }
static EP_INLINE ep_mask ep_but_not(ep_mask a, ep_mask b) { return a && !b; }
static EP_INLINE ep_vector ep_select(ep_mask mask, ep_vector a, ep_vector b) { return mask ? a : b; }
static EP_INLINE ep_lanes ep_select_lanes(ep_mask mask, ep_lanes a, ep_lanes b) {
    return mask ? a : b;
}
static EP_INLINE unsigned ep_mask_bits(ep_mask mask) { return mask; }
static EP_INLINE ep_vector ep_vector_abs(ep_vector a) { return ep_abs(a); }
static EP_INLINE ep_vector ep_vector_exp(ep_vector a) { return ep_exp(a); }
static EP_INLINE ep_vector ep_vector_fma(ep_vector a, ep_vector b, ep_vector c) {
    return ep_fma(a, b, c);
}
#endif

#endif
